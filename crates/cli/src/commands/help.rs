//! `help`, `completions` and `man`: what the program says of itself, from its own grammar and its
//! docs. Start at [`help`].

mod reference;

use super::plain;
use crate::args::{self, CompletionsArgs, Global, HelpArgs, ManArgs};
use crate::error::{CommandError, USAGE, io};
use crate::{Env, RunOutput, open};
use clap_complete::Shell;

const FACTS: &str = include_str!("../../../../docs/FACTS.md");
const REPORTS: &str = include_str!("../../../../docs/REPORTS.md");
const RULES: &str = include_str!("../../../../docs/RULES.md");
const THREATS: &str = include_str!("../../../../docs/THREATS.md");
const TUTORIAL: &str = include_str!("../../../../docs/TUTORIAL.md");
const HOWTO: &str = include_str!("../../../../docs/HOWTO.md");
const EXAMPLES: &str = include_str!("../../../../docs/EXAMPLES.md");
const README: &str = include_str!("../../../../README.md");

/// Topics, each with the section of the docs that explains it.
pub const TOPICS: &[(&str, &str, &str)] = &[
    ("start", TUTORIAL, "# From an empty folder to a page about your council"),
    ("tasks", HOWTO, "# How to"),
    ("examples", EXAMPLES, "# One fact of each kind"),
    ("adding", FACTS, "## One fact by questions"),
    ("files", FACTS, "## What every fact may say"),
    ("kinds", FACTS, "## The kinds"),
    ("dates", FACTS, "### Dates"),
    ("amounts", FACTS, "### Amounts"),
    ("voices", FACTS, "### Voice"),
    ("links", FACTS, "### Links"),
    ("statuses", RULES, "## Statuses, first match wins"),
    ("evidence", RULES, "## Evidence"),
    ("clocks", REPORTS, "## The three clocks"),
    ("formats", REPORTS, "## Formats"),
    ("proofs", THREATS, "# What an enemy could do, and what finds it"),
    ("scripts", README, "## Exit codes"),
];

/// Topic of which the text is made from the grammar of the command line.
const REFERENCE: &str = "reference";

/// Prints a section of the docs, or the help of a command; without a topic, that of the program.
pub fn help(env: &Env<'_>, args: &HelpArgs) -> Result<RunOutput, CommandError> {
    let topic = args.topic.join(" ");
    if let Some((_, doc, heading)) = TOPICS.iter().find(|(name, ..)| *name == topic) {
        return Ok(RunOutput { page: true, ..plain(section(doc, heading)) });
    }
    let mut command = args::command(env.today());
    command.build();
    if topic == REFERENCE {
        return Ok(RunOutput { page: true, ..plain(reference::of(&command)) });
    }
    for word in &args.topic {
        let Some(of) = command.find_subcommand(word) else {
            let topics: Vec<&str> = TOPICS.iter().map(|(name, ..)| *name).collect();
            let message = format!("`{topic}` is no command and no topic");
            return Err(
                CommandError::new(USAGE, message).hint(format!("the topics are {}, {REFERENCE}", topics.join(", ")))
            );
        };
        command = of.clone();
    }
    let mut out = command.render_long_help().to_string();
    if args.topic.is_empty() {
        let topics: Vec<&str> = TOPICS.iter().map(|(name, ..)| *name).collect();
        out.push_str(&format!("\nTopics, by heldto help TOPIC: {}, {REFERENCE}\n", topics.join(", ")));
    }
    Ok(RunOutput { page: true, ..plain(out) })
}

/// Returns a section of a document: from its heading to the next of its level or above.
fn section(doc: &str, heading: &str) -> String {
    let level = |line: &str| line.chars().take_while(|c| *c == '#').count();
    let own = level(heading);
    let mut lines = doc.lines().skip_while(|line| *line != heading);
    let first = lines.next().unwrap_or_default();
    let mut is_code = false;
    let rest = lines.take_while(|line| {
        is_code ^= line.starts_with("```");
        is_code || !(1..=own).contains(&level(line))
    });
    let text: Vec<&str> = std::iter::once(first.trim_start_matches(['#', ' '])).chain(rest).collect();
    format!("{}\n", text.join("\n").trim_end())
}

/// Completion of ids, which the generated completions do not know: what follows them in bash, and
/// functions that stand before them in zsh.
const BASH_IDS: &str = include_str!("ids.bash");
const ZSH_IDS: &str = include_str!("ids.zsh");

/// Places that take an id in the completions of zsh, each with the function that completes it.
const ZSH_TAKEN: [(&str, &str); 6] = [
    (":PARTY:_default", ":PARTY:_heldto_parties"),
    (":SOURCE:_default", ":SOURCE:_heldto_sources"),
    ("[Only this metric]:ID:_default", "[Only this metric]:ID:_heldto_metrics"),
    ("to entries and sources]:ID:_default", "to entries and sources]:ID:_heldto_commitments"),
    (":id -- Id or name of the party:_default", ":id -- Id or name of the party:_heldto_parties"),
    (":id -- Id of the fact", ":id -- Id of a fact"),
];

/// Prints the completions of a shell.
pub fn completions(env: &Env<'_>, args: &CompletionsArgs) -> RunOutput {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(env.today()), "heldto", &mut out);
    let text = String::from_utf8_lossy(&out);
    let with_ids = match args.shell {
        Shell::Bash => format!("{text}{BASH_IDS}"),
        Shell::Zsh => {
            let taken = ZSH_TAKEN.iter().fold(text.into_owned(), |text, (plain, ids)| text.replace(plain, ids));
            let lines = taken.lines().map(|line| match line.contains("Id of a fact") {
                true => format!("{}\n", line.replace(":_default", ":_heldto_facts")),
                false => format!("{line}\n"),
            });
            let completions: String = lines.collect();
            // The first line says what the file completes.
            let (first, rest) = completions.split_once('\n').unwrap_or_default();
            format!("{first}\n{ZSH_IDS}{rest}")
        }
        _ => text.into_owned(),
    };
    plain(with_ids)
}

/// Prints the schema of facts files.
pub fn schema() -> RunOutput {
    plain(format!("{:#}\n", heldto_intake::schema()))
}

/// Writes the manual pages into a folder: one of the program, and one of each command.
pub fn man(env: &Env<'_>, global: &Global, args: &ManArgs) -> Result<RunOutput, CommandError> {
    let failed =
        |error: &std::io::Error| io(&format!("cannot write the manual pages to {}", args.dir.display()), error);
    open::not_of_ledger(env, global, &args.dir.join("heldto.1"))?;
    std::fs::create_dir_all(&args.dir).map_err(|e| failed(&e))?;
    // A link would lead elsewhere.
    let inside = std::fs::read_dir(&args.dir).map_err(|e| failed(&e))?.flatten();
    if let Some(link) = inside.map(|entry| entry.path()).find(|path| path.is_symlink()) {
        let message = format!("{} is a link, and a page would be written to where it leads", link.display());
        return Err(CommandError::new(USAGE, message).hint("name another folder"));
    }
    clap_mangen::generate_to(args::command(env.today()), &args.dir).map_err(|e| failed(&e))?;
    Ok(plain(format!("Manual pages written to {0}; to read one: man {0}/heldto.1\n", args.dir.display())))
}

#[cfg(test)]
mod tests {
    use super::{TOPICS, section};

    #[test]
    fn every_topic_has_its_section() {
        for (name, doc, heading) in TOPICS {
            let text = section(doc, heading);
            assert!(text.lines().count() > 1, "{name}: {text}");
            assert!(doc.contains(heading), "{name}");
        }
        assert!(!section(super::FACTS, "### Dates").contains("Amounts"));
    }
}
