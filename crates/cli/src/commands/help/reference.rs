//! The reference of commands and options, as Markdown, from the grammar of the command line. Knows
//! no command by name. Start at [`of`].

use clap::{Arg, Command};
use std::collections::BTreeMap;

/// Returns the reference of a program: options of all commands, filters and clocks once, then each
/// command.
pub fn of(program: &Command) -> String {
    let mut out = format!(
        "# Reference\n\nMade by `heldto help reference` from the program itself.\n\n## Options of every command\n\n{}",
        table(program.get_arguments().filter(|option| option.is_global_set()))
    );
    let mut commands = Vec::new();
    leaves(program, "", &mut commands);
    for (heading, options) in grouped(&commands) {
        out.push_str(&format!("\n## {heading}\n\n{}", table(options.into_values())));
    }
    for (name, command) in &commands {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let usage = (*command).clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").lines().map(str::trim).collect::<Vec<_>>().join("\n");
        out.push_str(&format!("\n## `heldto {name}`\n\n{}.\n\n```text\n{}\n```\n", about.trim_end_matches('.'), usage));
        let own: Vec<&Arg> = command.get_arguments().filter(|option| is_own(option)).collect();
        if !own.is_empty() {
            out.push_str(&format!("\n{}", table(own.into_iter())));
        }
        for (heading, options) in grouped(&[(name.clone(), *command)]) {
            let names: Vec<String> =
                options.values().filter_map(|option| option.get_long()).map(|long| format!("`--{long}`")).collect();
            out.push_str(&format!("\n{heading}: {}.\n", names.join(", ")));
        }
    }
    out
}

/// Returns `true` if an option belongs to its command alone.
fn is_own(option: &Arg) -> bool {
    !option.is_global_set()
        && option.get_help_heading().is_none()
        && !matches!(option.get_id().as_str(), "help" | "version")
}

/// Adds the commands that do something, each under its whole name.
fn leaves<'c>(command: &'c Command, name: &str, found: &mut Vec<(String, &'c Command)>) {
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help" || name.is_empty()) {
        let whole = format!("{name} {}", inner.get_name()).trim_start().to_owned();
        let has_more = inner.get_subcommands().any(|more| more.get_name() != "help");
        if has_more { leaves(inner, &whole, found) } else { found.push((whole, inner)) }
    }
}

/// Returns the options under a heading of their own, each once, by heading and name.
fn grouped<'c>(commands: &[(String, &'c Command)]) -> BTreeMap<String, BTreeMap<String, &'c Arg>> {
    let mut groups: BTreeMap<String, BTreeMap<String, &Arg>> = BTreeMap::new();
    for option in commands.iter().flat_map(|(_, command)| command.get_arguments()) {
        if let Some(heading) = option.get_help_heading().filter(|_| !option.is_global_set()) {
            groups.entry(heading.to_owned()).or_default().insert(option.get_id().to_string(), option);
        }
    }
    groups
}

fn table<'c>(options: impl Iterator<Item = &'c Arg>) -> String {
    let rows = options.map(|option| {
        let values: Vec<String> =
            option.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
        let takes = option.get_action().takes_values();
        let value = if takes && option.get_long().is_some() { format!(" {}", values.join(" ")) } else { String::new() };
        let name = match (option.get_short(), option.get_long()) {
            (Some(short), Some(long)) => format!("-{short}, --{long}{value}"),
            (None, Some(long)) => format!("--{long}{value}"),
            _ => values.join(" "),
        };
        let help = option.get_long_help().or(option.get_help()).map(ToString::to_string).unwrap_or_default();
        let help = help.replace('\n', " ").replace('|', "\\|");
        format!("| `{}` | {help} |\n", name.replace('|', "\\|"))
    });
    format!("| | |\n|---|---|\n{}", rows.collect::<String>())
}
