//! The first hour: what a newcomer is told after each step.

use crate::{ok, text};
use std::fs;
use std::path::Path;

/// A council that promised 120 places by the end of 2024.
const PROMISE: &str = r#"
[[party]]
id = "a-council"
name = "A Council"
kind = "council"

[[source]]
id = "a-paper"
title = "Places promised"
publisher = "A Paper"
published = "2024-02-01"

[[source]]
id = "a-later-paper"
title = "Places opened"
publisher = "A Paper"
published = "2025-04-04"

[[pledge]]
id = "120-places"
text = "Create 120 more special school places"
by = "a-council"
voice = "self"
force = "pledge"
target = { amount = "120 places" }
due = { mode = "by", date = "2024-12-31" }
occurred = "2024-01"
cites = [{ source = "a-paper", at = "para 1" }]
"#;

/// What became of it: 74 places, and later than that.
const DELIVERY: &str = r#"
[[delivery]]
id = "74-places"
text = "74 places opened"
by = "a-council"
voice = "self"
outcome = "part"
amounts = [{ value = "74 places", role = "delivered", basis = "in-total" }]
occurred = "2025-03"
links = [{ part-fulfils = "120-places" }]
cites = [{ source = "a-later-paper", at = "para 6" }]
"#;

fn written(dir: &Path, name: &str, facts: &str) {
    fs::write(dir.join(name), facts).expect("writes");
}

#[test]
fn an_append_says_what_it_changed() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    written(dir, "promise.toml", PROMISE);
    written(dir, "delivery.toml", DELIVERY);
    ok(dir, &["init", "ledger", "--origin", "example.org/first", "-q"]);
    let said = ok(dir, &["--ledger", "ledger", "append", "promise.toml"]);
    assert!(said.contains("120-places: new, overdue."), "{said}");
    let dry = ok(dir, &["--ledger", "ledger", "append", "delivery.toml", "--dry-run"]);
    let said = ok(dir, &["--ledger", "ledger", "append", "delivery.toml"]);
    let change = said.lines().find(|line| line.starts_with("120-places:")).expect("a change").to_owned();
    assert!(change.starts_with("120-places: overdue → part-met.") && change.contains("74 of 120"), "{change}");
    assert!(dry.contains(&change), "{dry}");
    let said = ok(dir, &["--ledger", "ledger", "retract", "74-places", "--reason", "wrong paper"]);
    assert!(said.contains("120-places: part-met → overdue."), "{said}");
    // What is about a child is told to nobody, and neither is what it changes.
    written(
        dir,
        "child.toml",
        &PROMISE
            .replace("voice = \"self\"", "voice = \"self\"\nsensitive = true")
            .replace("120-places", "a-childs-place"),
    );
    let said = ok(dir, &["--ledger", "ledger", "append", "child.toml"]);
    assert!(!said.contains("a-childs-place"), "{said}");
    let quiet = ok(dir, &["--ledger", "ledger", "append", "delivery.toml", "-q", "--dry-run"]);
    assert_eq!(quiet, "");
    // A longer ledger is not judged at an append.
    let mut long = crate::heldto(dir);
    let long = long.args(["--ledger", "ledger", "append", "delivery.toml", "--dry-run"]).env("HELDTO_TEST_WHOLE", "3");
    let said = text(&long.output().expect("runs").stdout);
    assert!(!said.contains("→"), "{said}");
}
