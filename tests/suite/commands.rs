//! Runs each command on the seeds as a user would, and compares its whole output with a golden
//! file.

use crate::{golden, heldto, ledger_of, ok, root, run, seeds, text};
use std::path::Path;

/// Returns standard output, then standard error, then the exit code unless it is 0.
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
    on_seeds("wrong-day", &["report", "pledges", "--as-of", "11/10/2026"]);
    on_seeds("wrong-status", &["report", "pledges", "--status", "broken"]);
    on_seeds("wrong-at", &["report", "pledges", "--at", "9999"]);
    let nowhere = tempfile::tempdir().expect("a folder");
    golden("goldens/wrong-folder.txt", &transcript(nowhere.path(), &["status"]));
    golden("goldens/wrong-file.txt", &transcript(nowhere.path(), &["verify", "nothing.jsonl"]));
}

/// Follows one ledger from its beginning, in one folder.
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
    let report = ok(dir.path(), &["demo"]);
    assert!(report.contains("94 commitments on record") && report.contains("\nNext\n"), "{report}");
    // The facts in the program are those of the project's folder.
    let seeds = root().join("seeds");
    let again = run(dir.path(), &["demo", seeds.to_str().expect("a path")]);
    assert!(text(&again.stderr).contains("0 facts recorded"), "run again, it records nothing twice");
    assert_eq!(text(&again.stdout), report);
    // One screen, and every command that it names is one.
    assert!(report.lines().count() < 40, "{report}");
    let named: Vec<&str> = report.lines().filter_map(|line| line.split_once("  heldto ")).map(|(_, c)| c).collect();
    assert_eq!(named.len(), 4, "{report}");
    for command in named {
        let words: Vec<&str> = command.split(' ').map(|w| if w == "ID" { "duty-20-weeks" } else { w }).collect();
        ok(dir.path(), &words);
    }
}

#[test]
fn a_report_on_one_body_or_fact_reads_what_bears_on_it_and_no_more() {
    let dir = seeds();
    let read = |arguments: &[&str]| {
        // Without `--sensitive`, the counts are hidden: they would reveal the number of sensitive
        // facts.
        let all = [&["--ledger", "ledger", "-v"], arguments, &["--sensitive"]].concat();
        // A ledger as small as this is otherwise read whole.
        let output = heldto(dir).env("HELDTO_TEST_WHOLE", "0").args(all).output().expect("runs");
        let said = text(&output.stderr);
        let words: Vec<&str> = said.split_whitespace().collect();
        let ["read", read, "of", all, "entries,", ..] = words.as_slice() else { panic!("{said}") };
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
    // The same for an earlier size of the log.
    let (read, all) = read(&["report", "pledges", "--by", "derbyshire-icb", "--at", "380"]);
    assert!(read < 120 && all == 380, "{read} of {all}");
}

/// Checks that the status of a long ledger is cached once it is judged for today, and shown with
/// its age, but never for another day or another log.
#[test]
fn the_status_of_a_long_ledger_is_what_was_judged_last() {
    let dir = ledger_of(&root().join("seeds"));
    let status = |now: &str, glance: &str, arguments: &[&str]| {
        let output = heldto(dir.path())
            .args([&["--ledger", "ledger", "status", "-v"], arguments].concat())
            .env("HELDTO_TEST_GLANCE", glance)
            .env("HELDTO_TEST_NOW", now)
            .output()
            .expect("runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        (text(&output.stdout), text(&output.stderr))
    };
    // Noon on 22 and on 23 November 2026.
    let (today, tomorrow) = ("1795348800", "1795435200");
    let (fresh, read) = status(today, "394", &[]);
    assert!(read.contains("394 of 394"), "{read}");
    let (none, read) = status(today, "393", &[]);
    assert!(
        none.contains("A ledger of 394 entries is too long to judge for this page.") && !none.contains("Past due"),
        "{none}"
    );
    assert!(read.contains("read 0 of 394"), "{read}");
    let (judged, _) = status(today, "393", &["--as-of", "2026-11-22"]);
    assert_eq!(judged, fresh);
    // A judgement for a day other than today is not cached.
    status(today, "393", &["--as-of", "2025-01-01"]);
    status(today, "393", &["--at", "380"]);
    let (kept, read) = status(today, "393", &[]);
    assert_eq!(kept, fresh);
    assert!(read.contains("read 0 of 394"), "{read}");
    let one = "[[party]]\nid = \"one-more\"\nname = \"One more\"\nkind = \"council\"\n";
    std::fs::write(dir.path().join("one.toml"), one).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "one.toml", "-q"]);
    let (older, _) = status(tomorrow, "393", &[]);
    let flat = older.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "judgements here are as at 22 Nov 2026, of the first 394 entries; 1 entry recorded since. To judge again: heldto status --as-of 2026-11-23.";
    assert!(flat.contains(said), "{older}");
    assert!(flat.contains("entries 395") && flat.contains("Past due (21)"), "{older}");
    // A cached status of another log, or a corrupt one, is not shown.
    let path = dir.path().join("ledger/judged");
    let mine = std::fs::read_to_string(&path).expect("kept");
    let chain = mine.split("\"chain\":\"").nth(1).and_then(|rest| rest.get(..64)).expect("a chain value");
    for other in [mine.replace(chain, &"0".repeat(64)), mine.replace(":394", ":999"), mine[..50].to_owned()] {
        assert_ne!(other, mine);
        std::fs::write(&path, other).expect("writes");
        assert!(status(today, "393", &[]).0.contains("is too long to judge for this page"));
    }
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
    assert_eq!(text(&output.stdout), "1 fact recorded. The ledger holds 5 entries.\n");
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

#[test]
fn the_reference_is_what_the_program_says_of_itself() {
    let dir = tempfile::tempdir().expect("a folder");
    let said = ok(dir.path(), &["help", "reference"]);
    assert!(said.contains("## `heldto report pledges`") && said.contains("## Filters"), "{said}");
    golden("../docs/REFERENCE.md", &said);
}

#[test]
fn one_is_told_in_the_singular() {
    let folder = tempfile::tempdir().expect("a folder");
    let facts = folder.path().join("facts.toml");
    std::fs::write(&facts, "[[party]]\nid = \"council\"\nname = \"Testshire Council\"\nkind = \"council\"\n")
        .expect("writes");
    let published = folder.path().join("public");
    let ledger = folder.path().join("ledger");
    std::fs::create_dir(&ledger).expect("a folder");
    ok(&ledger, &["init"]);
    let said = [
        ok(&ledger, &["append", &facts.to_string_lossy()]),
        ok(&ledger, &["publish", &published.to_string_lossy()]),
        ok(&ledger, &["verify"]),
        ok(&ledger, &["verify", &published.to_string_lossy()]),
    ]
    .concat();
    assert!(!said.contains("1 entries") && !said.contains("1 facts"), "{said}");
    assert!(said.contains("holds 1 entry.\n") && said.contains("sound: 1 entry,"), "{said}");
}
