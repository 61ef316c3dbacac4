//! Checks that forty questions on the seeds are each answered by one command, within the first
//! screen.

use crate::{ok, root, seeds};
use std::collections::BTreeMap;

/// Number of lines of a terminal.
const SCREEN: usize = 24;

/// Splits a command like a shell, except that the expression of `calc` is one argument.
fn arguments(command: &str) -> Vec<String> {
    if let Some(expression) = command.strip_prefix("calc ") {
        let bare = expression.replace(" --sensitive", "");
        let sensitive = (bare != expression).then(|| "--sensitive".to_owned());
        return ["calc".to_owned(), bare].into_iter().chain(sensitive).collect();
    }
    let mut quoted = false;
    let mut words = vec![String::new()];
    for c in command.chars() {
        match (c, words.last_mut()) {
            ('"', _) => quoted = !quoted,
            (' ', _) if !quoted => words.push(String::new()),
            (c, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    words
}

#[test]
fn forty_questions_are_answered_in_the_first_screen() {
    let text = std::fs::read_to_string(root().join("tests/questions.toml")).expect("the questions");
    let file: toml::Table = text.parse().expect("TOML");
    let questions = file["question"].as_array().expect("questions");
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for question in questions {
        let word = |key: &str| question[key].as_str().expect("text");
        *groups.entry(word("group")).or_default() += 1;
        let command = arguments(word("command"));
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let printed = ok(seeds(), &[&["--ledger", "ledger"], command.as_slice()].concat());
        let screen = printed.lines().take(SCREEN).collect::<Vec<_>>().join(" ");
        let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        let prints = question["prints"].as_array().expect("a list");
        assert!(!prints.is_empty(), "question {} asserts nothing", question["n"]);
        for wanted in prints.iter().map(|p| p.as_str().expect("text")).filter(|p| !screen.contains(p)) {
            wrong.push(format!("{}: {}: no \"{wanted}\" in: {screen}", question["n"], word("command")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(questions.len(), 40);
    assert!(groups["cannot-tell"] + groups["how-much"] >= 10, "{groups:?}");
}
