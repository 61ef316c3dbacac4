//! Checks the warnings: each slip in `slips.toml` gets exactly one, at its place, and correct facts
//! get none.

use crate::{ledger_of, ok, root, run, text};
use serde_json::Value;
use std::collections::BTreeMap;

/// Returns the expected text of the warning, by the id of the fact.
fn slips() -> BTreeMap<String, String> {
    let file = std::fs::read_to_string(root().join("tests/suite/slips.toml")).expect("the slips");
    let slip = |block: &str| {
        let says = block.lines().find_map(|l| l.strip_prefix("# slip: "))?.to_owned();
        let id = block.lines().skip_while(|l| !l.starts_with("# slip: ")).find_map(|l| l.strip_prefix("id = \""))?;
        Some((id.trim_end_matches('"').to_owned(), says))
    };
    file.split("\n\n").filter_map(slip).collect()
}

/// Runs a command on `slips.toml` in a new ledger; returns the folder and the output.
fn in_new_ledger(arguments: &[&str]) -> (tempfile::TempDir, std::process::Output) {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "--origin", "example.org/test", "-q"]);
    let file = root().join("tests/suite/slips.toml");
    let output = run(dir.path(), &[&["--ledger", "ledger"], arguments, &[file.to_str().expect("UTF-8")]].concat());
    (dir, output)
}

#[test]
fn each_slip_gets_its_warning() {
    let (_dir, output) = in_new_ledger(&["check"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    // A warning is placed at the id of its fact.
    let at: BTreeMap<usize, &str> = {
        let file = std::fs::read_to_string(root().join("tests/suite/slips.toml")).expect("the slips");
        let text = Box::leak(file.into_boxed_str());
        text.lines()
            .enumerate()
            .filter_map(|(n, l)| Some((n + 1, l.strip_prefix("id = \"")?.trim_end_matches('"'))))
            .collect()
    };
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for warning in printed.split("\n\n").filter(|w| w.starts_with("warning: ")) {
        let line = warning.split("slips.toml:").nth(1).and_then(|rest| rest.split(':').next()).expect("a place");
        let id = at.get(&line.parse().expect("a line")).expect("the line of an id");
        found.entry(id).or_default().push(warning);
    }
    let slips = slips();
    assert!(slips.len() >= 15, "{slips:?}");
    for (id, says) in &slips {
        let warned = found.remove(id.as_str()).unwrap_or_default();
        assert!(warned.iter().any(|w| w.contains(says.as_str())), "{id}: {says}: {warned:?}");
        assert_eq!(warned.len(), 1, "{id}: {warned:?}");
    }
    // The first of two parties with the same name or code also gets a warning.
    found.remove("council");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_warning_stops_an_append_only_where_that_is_asked_for() {
    let (dir, output) = in_new_ledger(&["append", "--strict"]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("Nothing was recorded, because of --strict."));
    assert!(ok(dir.path(), &["--ledger", "ledger", "export", "-"]).contains("\"end\":0"), "nothing was appended");
    let (dir, output) = in_new_ledger(&["append"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("warning: "), "{}", text(&output.stderr));
    // The recorded ledger gets the same warnings, except about a child.
    let printed = ok(dir.path(), &["--ledger", "ledger", "check", "--json"]);
    let report: Value = serde_json::from_str(&printed).expect("JSON");
    let rows = report["rows"].as_array().expect("rows");
    for (id, says) in slips().iter().filter(|(id, _)| *id != "public-one") {
        let holds =
            |row: &&Value| row["id"] == id.as_str() && row["warning"].as_str().is_some_and(|w| w.contains(says));
        let help = |row: &&Value| row["id"] == id.as_str() && row["help"].as_str().is_some_and(|h| h.contains(says));
        assert!(rows.iter().any(|row| holds(&row) || help(&row)), "{id}: {says}");
    }
    let strict = run(dir.path(), &["--ledger", "ledger", "check", "--strict"]);
    assert_eq!(strict.status.code(), Some(3));
    // Facts already recorded give no new warnings.
    let file = root().join("tests/suite/slips.toml");
    let again = run(dir.path(), &["--ledger", "ledger", "append", file.to_str().expect("UTF-8")]);
    assert!(!text(&again.stderr).contains("reads like a person"), "{}", text(&again.stderr));
}

#[test]
fn a_file_without_facts_and_a_fact_that_names_a_retracted_one_are_warned_of() {
    let dir = ledger_of(&root().join("tests/rules/met.toml"));
    std::fs::write(dir.path().join("empty.toml"), "# to be written\n").expect("writes");
    let output = run(dir.path(), &["--ledger", "ledger", "append", "empty.toml"]);
    assert!(output.status.success() && text(&output.stderr).contains("hold no facts"), "{}", text(&output.stderr));
    let strict = run(dir.path(), &["--ledger", "ledger", "append", "--strict", "empty.toml"]);
    assert_eq!(strict.status.code(), Some(3));
    ok(dir.path(), &["--ledger", "ledger", "retract", "places-early", "--reason", "Not theirs", "--yes", "-q"]);
    let printed = ok(dir.path(), &["--ledger", "ledger", "check"]);
    let flat = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("it names `places-early`, which was retracted"), "{flat}");
}
