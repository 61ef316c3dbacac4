//! Every command as a user runs it, with all that it prints kept as goldens, on the seeds.

use crate::{golden, heldto, ledger_of, ok, root, run, seeds, text};
use std::path::Path;

/// Standard output, then standard error, then the exit code where it is not 0.
fn transcript(dir: &Path, arguments: &[&str]) -> String {
    let output = run(dir, arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let err = if err.is_empty() { err } else { format!("--- standard error\n{err}") };
    let code = output.status.code().filter(|c| *c != 0).map_or_else(String::new, |c| format!("--- exit code {c}\n"));
    format!("$ heldto {}\n{out}{err}{code}", arguments.join(" "))
}

fn on_seeds(name: &str, arguments: &[&str]) {
    golden(&format!("goldens/{name}.txt"), &transcript(seeds(), &[&["--ledger", "ledger"], arguments].concat()));
}

#[test]
fn reports_on_three_days_differ_as_the_evidence_does() {
    for day in ["2024-10-15", "2025-03-01", "2026-11-22"] {
        on_seeds(&format!("pledges-{day}"), &["report", "pledges", "--as-of", day]);
    }
    let known = ["report", "pledges", "--as-of", "2026-11-22", "--known-by", "2025-03-01", "--by", "derbyshire-cc"];
    on_seeds("pledges-known-by", &known);
}

#[test]
fn reports_by_filter() {
    on_seeds("pledges-open-past", &["report", "pledges", "--open", "--due", "past"]);
    on_seeds("pledges-status", &["report", "pledges", "--status", "breached", "--fail-on", "breached"]);
    on_seeds("pledges-about", &["report", "pledges", "--about", "siab"]);
    on_seeds("authority-partnership", &["report", "authority", "derbyshire-lap", "--as-of", "2025-08-01"]);
}

#[test]
fn explanations_go_down_to_entries_and_sources() {
    for id in
        ["duty-20-weeks", "notice-priority-impact-plan", "dcc-500-places", "reinspection-monitoring", "pip-area-1"]
    {
        on_seeds(&format!("explain-{id}"), &["report", "pledges", "--explain", id]);
    }
    on_seeds(
        "explain-not-yet-known",
        &["report", "pledges", "--explain", "siab-monthly-minutes", "--as-of", "2025-03-01"],
    );
}

#[test]
fn every_line_of_the_report_can_be_explained() {
    let report = ok(seeds(), &["--ledger", "ledger", "report", "pledges", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    for row in report["rows"].as_array().expect("rows") {
        let id = row["id"].as_str().expect("an id");
        let why = ok(seeds(), &["--ledger", "ledger", "report", "pledges", "--explain", id]);
        let said = why.contains(row["status"].as_str().expect("a status"))
            && why.contains("entry ")
            && why.contains("source: ");
        assert!(said, "{id}: {why}");
    }
}

#[test]
fn timeline_show_status_and_verify() {
    on_seeds(
        "timeline-council",
        &["timeline", "--about", "derbyshire-cc", "--since", "2024-11-01", "--until", "2024-11-30"],
    );
    on_seeds("timeline-count", &["timeline", "--count"]);
    on_seeds("timeline-text", &["timeline", "--text", "neurohub", "--clock", "published"]);
    on_seeds("timeline-csv", &["timeline", "--kind", "payout", "--format", "csv", "--sensitive"]);
    on_seeds("show", &["show", "dcc-500-places"]);
    on_seeds("show-toml", &["show", "dcc-500-places", "--toml"]);
    on_seeds("show-sensitive", &["show", "lgsco-payout-largest"]);
    on_seeds("status", &["status"]);
    on_seeds("verify", &["verify"]);
    on_seeds("verify-json", &["verify", "--json"]);
}

#[test]
fn what_is_typed_wrong_is_told() {
    on_seeds("wrong-party", &["report", "authority", "derbishire-cc"]);
    on_seeds("wrong-id", &["show", "dcc-500-place"]);
    on_seeds("wrong-kind", &["report", "pledges", "--explain", "derbyshire-cc"]);
    on_seeds("wrong-day", &["report", "pledges", "--as-of", "22/11/2026"]);
    on_seeds("wrong-status", &["report", "pledges", "--status", "broken"]);
    on_seeds("wrong-at", &["report", "pledges", "--at", "9999"]);
    let nowhere = tempfile::tempdir().expect("a folder");
    golden("goldens/wrong-folder.txt", &transcript(nowhere.path(), &["status"]));
    golden("goldens/wrong-file.txt", &transcript(nowhere.path(), &["verify", "nothing.jsonl"]));
}

/// A ledger's life from its beginning, in one folder.
#[test]
fn a_life_of_a_ledger() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut life = String::new();
    let mut go = |arguments: &[&str]| life.push_str(&format!("{}\n", transcript(dir.path(), arguments)));
    go(&["init", "ledger", "--origin", "example.org/life"]);
    go(&["init", "ledger"]);
    std::fs::copy(dir.path().join("ledger/example.toml"), dir.path().join("facts.toml")).expect("copies");
    for arguments in [
        &["append", "facts.toml", "--dry-run"][..],
        &["append", "facts.toml", "-v"],
        &["append", "facts.toml"],
        &["report", "pledges", "--as-of", "2025-10-01"],
        &["status"],
    ] {
        go(&[&["--ledger", "ledger"], arguments].concat());
    }
    let toml = std::fs::read_to_string(dir.path().join("facts.toml")).expect("text");
    let place = toml.find("[[delivery]]").expect("a delivery");
    std::fs::write(dir.path().join("fixed.toml"), toml[place..].replace("20 places", "30 places")).expect("writes");
    for arguments in [
        &["append", "fixed.toml"][..],
        &["correct", "example-20-places", "fixed.toml", "--reason", "The minutes were misread"],
        &["correct", "example-20-places", "fixed.toml", "--reason", "Again"],
        &["correct", "example-50-places", "fixed.toml", "--reason", "The wrong fact"],
        &["show", "example-20-places"],
        &["retract", "example-20-places", "--reason", "Another school was meant"],
        &["show", "example-20-places"],
        &["report", "pledges", "--as-of", "2025-10-01"],
        &["report", "pledges", "--as-of", "2025-10-01", "--at", "4"],
        &["append", "facts.toml"],
        &["export", "ledger.jsonl"],
        &["verify", "ledger.jsonl"],
        &["append", "ledger.jsonl", "--dry-run"],
        &["restore", "ledger.jsonl", "again"],
        &["restore", "ledger.jsonl", "again"],
    ] {
        go(&[&["--ledger", "ledger"], arguments].concat());
    }
    go(&["--ledger", "again", "verify"]);
    golden("goldens/life.txt", &life);
}

#[test]
fn the_demonstration_is_one_command() {
    let dir = tempfile::tempdir().expect("a folder");
    let seeds = root().join("seeds");
    let report = ok(dir.path(), &["demo", seeds.to_str().expect("a path")]);
    assert!(report.starts_with("Pledges\n") && report.contains("commitments on record"), "{report}");
    let again = run(dir.path(), &["demo", seeds.to_str().expect("a path")]);
    assert!(text(&again.stderr).contains("0 facts recorded"), "run again, it records nothing twice");
    assert_eq!(text(&again.stdout), report);
}

#[test]
fn a_report_on_one_body_or_fact_reads_what_bears_on_it_and_no_more() {
    let dir = seeds();
    let read = |arguments: &[&str]| {
        let output = run(dir, &[&["--ledger", "ledger", "-v"], arguments].concat());
        let said = text(&output.stderr);
        let words: Vec<&str> = said.split_whitespace().collect();
        let ["read", read, "of", all, "entries"] = words.as_slice() else { panic!("{said}") };
        (read.parse::<u64>().expect("a number"), all.parse::<u64>().expect("a number"))
    };
    for few in [
        &["show", "dcc-500-places"][..],
        &["show", "dcc-500-places", "--toml"],
        &["report", "pledges", "--explain", "dcc-500-places"],
        &["report", "pledges", "--by", "derbyshire-icb"],
        &["report", "authority", "derbyshire-icb"],
        &["timeline", "--linked", "dcc-500-places"],
    ] {
        let (read, all) = read(few);
        assert!(0 < read && read < all / 3, "{few:?}: {read} of {all}");
    }
    for whole in [&["status"][..], &["report", "pledges"], &["timeline"]] {
        let (read, all) = read(whole);
        assert_eq!(read, all, "{whole:?}");
    }
    // By the log's own clock as well.
    let (read, all) = read(&["report", "pledges", "--by", "derbyshire-icb", "--at", "380"]);
    assert!(read < 120 && all == 380, "{read} of {all}");
}

#[test]
fn facts_come_from_standard_input_too() {
    use std::io::Write;
    let dir = ledger_of(&root().join("tests/errors/base.toml"));
    let mut child = heldto(dir.path())
        .args(["--ledger", "ledger", "append", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    let fact = r#"{"party": {"id": "from-a-pipe", "name": "From a pipe", "kind": "other"}}"#;
    child.stdin.take().expect("open").write_all(fact.as_bytes()).expect("writes");
    let output = child.wait_with_output().expect("ends");
    assert_eq!(text(&output.stdout), "1 fact recorded; the ledger holds 5 entries\n");
}

#[test]
fn help_of_every_command() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut all = String::new();
    for command in [
        "",
        "init",
        "append",
        "mapping",
        "correct",
        "retract",
        "show",
        "timeline",
        "status",
        "report",
        "report pledges",
        "report changes",
        "calc",
        "verify",
        "checkpoint",
        "key rotate",
        "prove",
        "publish",
        "export",
        "restore",
        "demo",
    ] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        all.push_str(&format!("{}\n", transcript(dir.path(), &arguments)));
    }
    golden("goldens/help.txt", &all.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}
