//! The whole grammar as help shows it: commands in groups, with examples. Start at [`command`].

use super::Arguments;
use super::report::{End, Since, day};
use chrono::NaiveDate;
use clap::CommandFactory;
use std::convert::Infallible;

/// Commands in the order in which they are needed, in groups.
const GROUPS: &[(&str, &[&str])] = &[
    ("Begin", &["demo", "init", "help"]),
    ("Record", &["add", "append", "check", "mapping", "quote"]),
    ("Correct", &["edit", "correct", "retract", "undo", "redact"]),
    ("Read", &["status", "report", "timeline", "show", "list", "calc"]),
    (
        "Prove and publish",
        &["verify", "checkpoint", "prove", "publish", "site", "follow", "key", "witness", "stamp", "store"],
    ),
    ("Keep", &["export", "restore", "repair"]),
    ("Set up", &["completions", "man", "schema"]),
];

/// Examples of commands, which their help ends with.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("init", &["heldto init --origin example.org/anyshire"]),
    (
        "add",
        &[
            "heldto add",
            "heldto add delivery --for dcc-500-places --amount \"74 places\" --on \"March 2025\" --voice self --source \"Derbyshire Times, 4 Apr 2025, para 6\"",
            "heldto add party --text \"Anyshire County Council\" --set kind=council",
        ],
    ),
    (
        "append",
        &[
            "heldto append facts.toml --dry-run",
            "heldto append facts.toml --correct --reason \"the report was reissued\"",
            "heldto append release/ --mapping dfe-ehc-plans",
        ],
    ),
    ("correct", &["heldto correct dcc-500-places corrected.toml --reason \"the number was misread\""]),
    ("follow", &["heldto follow https://example.org/derbyshire mirror --key derbyshire.pub"]),
    (
        "redact",
        &[
            "heldto redact some-complaint --ground \"data protection: erasure request\" --by \"the data protection officer\"",
        ],
    ),
    ("retract", &["heldto retract dcc-500-places --reason \"another council was meant\""]),
    ("quote", &["heldto quote archive/src-report.txt \"we will open it in September\" --fact dcc-500-places"]),
    ("list", &["heldto list parties", "heldto list sources --format csv -o sources.csv"]),
    (
        "mapping",
        &["heldto mapping --draft places.csv -o places.toml", "heldto append places.csv --mapping places.toml"],
    ),
    ("timeline", &["heldto timeline --since 2024-11-01 --until 2024-11-30", "heldto timeline --text wheelchair"]),
    (
        "report",
        &[
            "heldto report pledges --by derbyshire-cc --status overdue",
            "heldto report pledges --explain duty-20-weeks",
            "heldto report changes --bookmark read.txt",
            "heldto report money --about derbyshire-cc --format csv -o money.csv",
        ],
    ),
    ("verify", &["heldto verify", "heldto verify public/ --key KEY", "heldto verify --sources archive/"]),
    ("prove", &["heldto prove dcc-500-places > proof.txt", "heldto prove dcc-500-places --page > fact.html"]),
    ("publish", &["heldto publish public/"]),
    ("store", &["heldto store check s3://anyshire-ledger"]),
    ("site", &["heldto site build site --contact you@example.org", "heldto site serve site"]),
];

/// Returns the grammar of the command line, whose days may be said relative to `today`.
pub fn command(today: NaiveDate) -> clap::Command {
    let mut command = with_days(Arguments::command(), today);
    for (name, examples) in EXAMPLES {
        let text = format!("Examples:\n  {}", examples.join("\n  "));
        command = command.mut_subcommand(name, |of| of.after_help(text));
    }
    let width = GROUPS.iter().flat_map(|(_, names)| *names).map(|name| name.len()).max().unwrap_or_default();
    let line = |name: &&str| {
        let of = command.find_subcommand(name).and_then(clap::Command::get_about);
        format!("  {name:width$}  {}\n", of.map(ToString::to_string).unwrap_or_default())
    };
    let group =
        |(heading, names): &(&str, &[&str])| format!("{heading}:\n{}\n", names.iter().map(line).collect::<String>());
    let groups: String = GROUPS.iter().map(group).collect();
    let template = format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}Options:\n{{options}}");
    command.help_template(template)
}

/// Returns a command whose options for days know the day on which it is typed.
fn with_days(command: clap::Command, today: NaiveDate) -> clap::Command {
    let of_day = move |option: clap::Arg| match option.get_id().as_str() {
        "as_of" | "known_by" | "until" => option.value_parser(move |text: &str| day(text, End::Last, today)),
        "since" => option.value_parser(move |text: &str| day(text, End::First, today)),
        "start" => option.value_parser(move |text: &str| Ok::<_, Infallible>(Since::of(text, today))),
        _ => option,
    };
    command.mut_args(of_day).mut_subcommands(move |of| with_days(of, today))
}

#[cfg(test)]
mod tests {
    use super::{EXAMPLES, GROUPS, command};
    use std::collections::BTreeSet;

    #[test]
    fn every_command_is_in_one_group_and_every_example_is_understood() {
        let command = command(chrono::NaiveDate::MIN);
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        let all: BTreeSet<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(grouped.iter().copied().collect::<BTreeSet<_>>(), all);
        assert_eq!(grouped.len(), all.len(), "a command in two groups");
        for example in EXAMPLES.iter().flat_map(|(_, examples)| *examples) {
            let typed = example.split(" > ").next().expect("a command");
            // Words in quotation marks are one.
            let quoted = typed
                .split('"')
                .enumerate()
                .flat_map(|(n, part)| if n % 2 == 1 { vec![part] } else { part.split_whitespace().collect() });
            let parsed = command.clone().try_get_matches_from(quoted);
            assert!(parsed.is_ok(), "{example}: {}", parsed.expect_err("an error"));
        }
    }
}
