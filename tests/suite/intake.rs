//! Checks the facts that a log accepts: amendments, cycles, limits, clocks, private roles, terminal
//! escapes and permissions.

use crate::{heldto, ledger_of, ok, run, text};
use std::fs;
use std::path::Path;

const FACTS: &str = r#"
[[party]]
id = "council"
name = "Testshire Council"
kind = "council"

[[source]]
id = "paper"
title = "A paper"
published = "2024-01-10"

[[pledge]]
id = "first"
text = "Open a school"
by = "council"
voice = "self"
force = "pledge"
cites = [{ source = "paper", at = "p. 1" }]

[[pledge]]
id = "second"
text = "Open another school"
by = "council"
voice = "self"
force = "pledge"
cites = [{ source = "paper", at = "p. 2" }]
"#;

fn ledger() -> tempfile::TempDir {
    let facts = tempfile::tempdir().expect("a folder");
    fs::write(facts.path().join("facts.toml"), FACTS).expect("writes");
    ledger_of(&facts.path().join("facts.toml"))
}

fn pledge(id: &str, links: &str) -> String {
    format!(
        "[[pledge]]\nid = \"{id}\"\ntext = \"{id}\"\nby = \"council\"\nvoice = \"self\"\nforce = \"pledge\"\ncites = [{{ source = \"paper\", at = \"p. 1\" }}]\nlinks = [{links}]\n"
    )
}

/// Appends a file, first with `--dry-run`; checks that both agree, and returns their exit code and
/// output.
fn append(dir: &Path, name: &str, facts: &str) -> (Option<i32>, String) {
    fs::write(dir.join(name), facts).expect("writes");
    let dry = run(dir, &["--ledger", "ledger", "append", name, "--dry-run"]);
    let output = run(dir, &["--ledger", "ledger", "append", name]);
    assert_eq!(dry.status.code(), output.status.code(), "{}", text(&dry.stderr));
    if !output.status.success() {
        assert_eq!(text(&dry.stderr), text(&output.stderr), "a dry run tells the same");
    }
    (output.status.code(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
}

fn correction(n: usize, of: &str, kind: &str, id: &str) -> String {
    let act = if kind == "pledge" { "\"force\":\"pledge\"" } else { "\"act\":\"claim\"" };
    format!(
        "{{\"correction\":{{\"id\":\"{of}.correction-{n}\",\"of\":\"{of}\",\"text\":\"Corrects\",\"reason\":\"a test\",\"replacement\":{{\"{kind}\":{{\"id\":\"{id}\",\"text\":\"New\",\"by\":\"council\",\"voice\":\"self\",{act},\"cites\":[{{\"source\":\"paper\",\"at\":\"p. 3\"}}]}}}}}}}}\n"
    )
}

fn retraction(n: usize, thing: &str, of: &str) -> String {
    format!(
        "{{\"retraction\":{{\"id\":\"{thing}.retraction-{n}\",\"of\":\"{of}\",\"text\":\"Withdraws\",\"reason\":\"a test\"}}}}\n"
    )
}

#[test]
fn a_replacement_keeps_id_and_kind() {
    let dir = ledger();
    for (what, lines) in [
        ("another id", correction(1, "first", "pledge", "second")),
        ("another kind", correction(1, "first", "statement", "first")),
        ("of nothing", correction(1, "nobody", "pledge", "nobody")),
        ("of a correction", correction(1, "first", "pledge", "first") + &retraction(2, "first", "first.correction-1")),
    ] {
        let (code, said) = append(dir.path(), "given.jsonl", &lines);
        assert_eq!(code, Some(3), "{what}: {said}");
        assert!(said.contains("given.jsonl:"), "at its place: {said}");
    }
    let shown = ok(dir.path(), &["--ledger", "ledger", "report", "pledges", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let ids: Vec<&str> = shown["rows"].as_array().into_iter().flatten().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids, ["first", "second"]);
    let (code, said) = append(dir.path(), "right.jsonl", &correction(1, "first", "pledge", "first"));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 facts, 1 correction recorded"), "corrections are counted apart: {said}");
}

#[test]
fn a_retraction_is_retracted_once_and_what_it_withdrew_stands_again() {
    let dir = ledger();
    let stands = |id: &str| run(dir.path(), &["--ledger", "ledger", "show", id]).status.success();
    let retract =
        |id: &str| run(dir.path(), &["--ledger", "ledger", "retract", id, "--reason", "a test"]).status.code();
    assert_eq!(retract("first"), Some(0));
    assert!(!stands("first"));
    assert_eq!(retract("first"), Some(3), "it was retracted");
    assert_eq!(retract("first.retraction-1"), Some(0));
    assert!(stands("first"), "it stands again");
    assert_eq!(retract("first.retraction-1"), Some(3), "once");
    assert_eq!(retract("first.retraction-2"), Some(3), "nor is what restored it");
    assert_eq!(retract("first"), Some(0), "the fact can be retracted again");
    assert!(!stands("first"));
    assert!(stands("second"));
    ok(dir.path(), &["--ledger", "ledger", "verify"]);
    for reason in ["", "  ", &"x".repeat(16_385)] {
        let output = run(dir.path(), &["--ledger", "ledger", "retract", "second", "--reason", reason]);
        assert_eq!(output.status.code(), Some(3), "a reason is said, and not without end");
    }
    // The whole history can be appended to another ledger, once.
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    ok(dir.path(), &["init", "again", "-q"]);
    let said = ok(dir.path(), &["--ledger", "again", "append", "all.jsonl"]);
    assert!(said.contains("4 facts, 3 retractions recorded"), "{said}");
    assert!(
        ok(dir.path(), &["--ledger", "again", "append", "all.jsonl"])
            .contains("0 facts recorded; 7 were already recorded")
    );
    assert!(!run(dir.path(), &["--ledger", "again", "show", "first"]).status.success());
    let pledges = |ledger: &str| ok(dir.path(), &["--ledger", ledger, "report", "pledges", "--format", "csv"]);
    let rows =
        |text: String| text.lines().map(|l| l.split(',').take(7).collect::<Vec<_>>().join(",")).collect::<Vec<_>>();
    assert_eq!(rows(pledges("ledger")), rows(pledges("again")));
}

#[test]
fn circles_of_parts_and_of_replacements_are_refused() {
    let dir = ledger();
    for kind in ["part-of", "supersedes"] {
        let link = |to: &str| format!("{{ {kind} = \"{to}\" }}");
        let all = [("a1", "b1"), ("b1", "c1"), ("c1", "a1")].map(|(id, to)| pledge(id, &link(to))).concat();
        let (code, said) = append(dir.path(), "circle.toml", &all);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("lead back to itself"), "{said}");
        assert_eq!(append(dir.path(), "itself.toml", &pledge("it", &link("it"))).0, Some(3));
    }
    // A cycle through recorded facts, closed by a correction.
    let (code, said) = append(dir.path(), "chain.toml", &pledge("third", "{ part-of = \"first\" }"));
    assert_eq!(code, Some(0), "{said}");
    fs::write(dir.path().join("first.toml"), pledge("first", "{ part-of = \"third\" }")).expect("writes");
    let correct = ["--ledger", "ledger", "correct", "first", "first.toml", "--reason", "a test"];
    assert_eq!(run(dir.path(), &correct).status.code(), Some(3));
}

#[test]
fn what_was_not_done_addresses_and_fulfils_nothing() {
    let dir = ledger();
    let delivery = |link: &str| {
        format!(
            "[[delivery]]\nid = \"late\"\ntext = \"No school was opened\"\nby = \"council\"\nvoice = \"official\"\noutcome = \"not-done\"\noccurred = \"2025-01-01\"\nlinks = [{{ {link} = \"first\" }}]\ncites = [{{ source = \"paper\", at = \"p. 1\" }}]\n"
        )
    };
    assert_eq!(append(dir.path(), "late.toml", &delivery("fulfils")).0, Some(3));
    assert_eq!(append(dir.path(), "late.toml", &delivery("addresses")).0, Some(0));
}

#[test]
fn every_text_and_list_has_a_limit_that_is_told_with_its_place() {
    let dir = ledger();
    let long = pledge("long", "").replace("text = \"long\"", &format!("text = \"{}\"", "x".repeat(16_385)));
    let many = pledge("many", &"{ bears-on = \"first\" }, ".repeat(1001));
    let heavy = pledge("heavy", "") + &"[[publication]]\nid = \"heavy-2\"\ntext = \"Plan\"\nby = \"council\"\nvoice = \"self\"\nform = \"plan\"\ncites = [{ source = \"paper\", at = \"p. 1\" }]\nparts = [PARTS]\n"
        .replace("PARTS", &format!("\"{}\", ", "y".repeat(16_000)).repeat(80));
    for (facts, wanted) in [(long, "16385 bytes"), (many, "1001 items"), (heavy, "a part has at most")] {
        let (code, said) = append(dir.path(), "given.toml", &facts);
        assert_eq!(code, Some(3));
        assert!(said.contains(wanted) && said.contains("given.toml:"), "{}", &said[..said.len().min(2000)]);
    }
}

#[test]
fn what_is_no_facts_file_is_told_once_and_at_once() {
    let dir = ledger();
    let table: String = (0..3000).map(|n| format!("a,b,{n},2024-01-01\n")).collect();
    let (code, said) = append(dir.path(), "table.toml", &table);
    assert_eq!(code, Some(3));
    assert!(said.contains("1 problem."), "{said}");
    assert!(append(dir.path(), "table.csv", &table).1.contains("--mapping"));
    let torn: String =
        "x = { a = 1\n".to_owned() + &(0..2000).map(|n| pledge(&format!("p-{n}"), "")).collect::<String>();
    let (code, said) = append(dir.path(), "torn.toml", &torn);
    assert_eq!(code, Some(3));
    assert!(said.contains("1 problem."), "{}", &said[..said.len().min(2000)]);
    let unknown: String =
        (0..300).map(|n| pledge(&format!("p-{n}"), &format!("{{ bears-on = \"nobody-{n}\" }}"))).collect();
    let (_, said) = append(dir.path(), "unknown.toml", &unknown);
    assert_eq!(said.matches("error:").count(), 100, "no more are shown than anybody reads");
    // The lock is free again, and nothing was recorded.
    assert!(ok(dir.path(), &["--ledger", "ledger", "verify"]).contains("sound: 4 entries"));
}

#[test]
#[cfg(unix)]
fn a_pipe_in_a_folder_of_facts_is_skipped_by_name() {
    let dir = ledger();
    let facts = dir.path().join("facts");
    fs::create_dir(&facts).expect("a folder");
    let made = std::process::Command::new("mkfifo").arg(facts.join("pipe.toml")).status().expect("mkfifo runs");
    assert!(made.success());
    fs::write(facts.join("more.toml"), pledge("third", "")).expect("writes");
    let output = run(dir.path(), &["--ledger", "ledger", "append", "facts"]);
    assert!(
        output.status.success() && text(&output.stderr).contains("pipe.toml is not a file"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_clock_that_leaps_is_asked_about_and_there_is_a_way_out() {
    let dir = ledger();
    // 401 days and one day after the last entry.
    let (leap, day) = (1_795_348_800 + 401 * 86_400, 1_795_348_800 + 86_400);
    let at = |now: i64, id: &str, flags: &[&str]| {
        fs::write(dir.path().join("more.toml"), pledge(id, "")).expect("writes");
        let arguments = [&["--ledger", "ledger", "append", "more.toml"], flags].concat();
        let output = heldto(dir.path()).env("HELDTO_TEST_NOW", now.to_string()).args(arguments).output().expect("runs");
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = at(leap, "third", &[]);
    assert!(code == Some(1) && said.contains("--clock-is-right"), "{said}");
    assert_eq!(at(leap, "third", &["--clock-is-right"]).0, Some(0));
    // The last entry now has a wrong year, and the right time is before it.
    let (code, said) = at(day, "fourth", &[]);
    assert!(code == Some(1) && said.contains("--clock-behind"), "{said}");
    assert_eq!(at(day, "fourth", &["--clock-behind"]).0, Some(0));
    ok(dir.path(), &["--ledger", "ledger", "verify"]);
    // A clock before 1970 is an error.
    let before = heldto(dir.path()).env("HELDTO_TEST_NOW", "-86400").args(["--ledger", "ledger", "status"]).output();
    let before = before.expect("runs");
    assert!(
        before.status.code() == Some(1) && text(&before.stderr).contains("before 1970"),
        "{}",
        text(&before.stderr)
    );
}

/// Checks that the recorder and the checker are stored, shown on request, and neither exported nor
/// published unasked.
#[test]
fn who_recorded_a_fact_is_kept_and_not_published() {
    let dir = ledger();
    fs::write(dir.path().join("more.toml"), pledge("third", "")).expect("writes");
    let who = ["--recorder", "the data officer", "--checked-by", "the editor"];
    ok(dir.path(), &[&["--ledger", "ledger", "append", "more.toml"], &who[..]].concat());
    let shown = ok(dir.path(), &["--ledger", "ledger", "show", "third", "--private"]);
    assert!(shown.contains("by the data officer, checked by the editor"), "{shown}");
    assert!(!ok(dir.path(), &["--ledger", "ledger", "show", "third"]).contains("officer"));
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    ok(dir.path(), &["verify", "public"]);
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    ok(dir.path(), &["verify", "all.jsonl"]);
    let hidden = fs::read_to_string(dir.path().join("all.jsonl")).expect("text");
    assert!(!hidden.contains("\"recorder\""));
    assert!(ok(dir.path(), &["--ledger", "ledger", "export", "--private"]).contains("\"role\":\"recorder\""));
    // A copy without recorders says so, instead of finding nothing.
    ok(dir.path(), &["restore", "public", "copy", "-q"]);
    for (ledger, is_held) in [("ledger", true), ("copy", false)] {
        let list = ok(dir.path(), &["--ledger", ledger, "timeline", "--recorded-by", "the data officer"]);
        let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(list.contains("does not hold who recorded its facts"), !is_held, "{list}");
        assert_eq!(list.contains("No fact matches"), !is_held, "{list}");
    }
}

/// Checks that no control character from any input reaches a terminal.
#[test]
fn nothing_that_steers_reaches_a_terminal() {
    let dir = ledger();
    let evil = "\u{1b}]0;x\u{7}\u{9b}2J\u{202e}gone\u{1b}[8m";
    let on_a_terminal = |arguments: &[&str]| {
        let output = heldto(dir.path()).env("HELDTO_TEST_TERMINAL", "1").args(arguments).output().expect("runs");
        format!("{}{}", text(&output.stdout), text(&output.stderr))
    };
    let steers = ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'];
    ok(dir.path(), &["--ledger", "ledger", "retract", "second", "--reason", evil]);
    fs::write(
        dir.path().join(format!("{evil}.toml")),
        pledge("bad", "").replace("by = ", &format!("\"{}\" = ", "by\u{9b}")),
    )
    .expect("writes");
    let file = format!("{evil}.toml");
    for arguments in [
        &["--ledger", "ledger", "show", "second"][..],
        &["--ledger", "ledger", "timeline", "--kind", "retraction"],
        &["--ledger", "ledger", "append", &file],
        &["--ledger", "ledger", "append", &format!("no-such-{evil}")],
        &["--ledger", "ledger", "report", "authority", evil],
        &["--ledger", evil, "status"],
        &["init", "other", "--origin", evil],
        &["verify", &file],
    ] {
        let said = on_a_terminal(&[arguments, &["--color", "never"]].concat());
        assert!(!said.contains(steers), "{arguments:?}: {said:?}");
        assert!(!said.is_empty());
    }
    // The program's own colours are kept.
    let said = on_a_terminal(&["--ledger", "ledger", "--color", "always", "append", &file]);
    assert!(said.contains("\u{1b}[1m") || said.contains("\u{1b}[31m") || said.contains("\u{1b}["), "{said:?}");
    assert!(
        !said.contains(['\u{7}', '\u{9b}', '\u{202e}']) && !said.contains("\u{1b}]") && !said.contains("\u{1b}[8m"),
        "{said:?}"
    );
}

/// Checks that a new origin must be a host name with an optional path.
#[test]
fn an_origin_has_a_grammar() {
    let dir = tempfile::tempdir().expect("a folder");
    for origin in ["<script>alert(1)</script>", "example.org/a|b", "*", "-x", "exämple.org"] {
        assert_eq!(run(dir.path(), &["init", "ledger", "--origin", origin]).status.code(), Some(2), "{origin}");
    }
    for origin in ["example.org", "example.org/derbyshire-send", "localhost:8080/a_b~c"] {
        ok(dir.path(), &["init", &origin.replace('/', "-"), "--origin", origin, "-q"]);
    }
}

#[test]
#[cfg(unix)]
fn the_key_and_the_folder_are_their_keepers_own() {
    use std::os::unix::fs::PermissionsExt;
    let dir = ledger();
    let (folder, key) = (dir.path().join("ledger"), dir.path().join("ledger/signing.key"));
    let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("is mine");
    assert_eq!((mode(&folder), mode(&key)), (0o700, 0o600));
    let status = || ok(dir.path(), &["--ledger", "ledger", "status"]);
    assert!(!status().contains("who can read it"));
    set(&folder, 0o755);
    assert!(status().contains("everybody on this machine"), "{}", status());
    let publish = || run(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    set(&key, 0o666);
    assert_eq!(publish().status.code(), Some(1), "anybody could have put another key there");
    for (mode, warned) in
        [(0o660, "the file's group can change"), (0o644, "everybody on this machine can read"), (0o600, "")]
    {
        set(&key, mode);
        fs::remove_file(folder.join("signed")).ok();
        fs::remove_file(folder.join("checkpoint")).ok();
        let output = publish();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let said = text(&output.stderr);
        assert!(if warned.is_empty() { !said.contains("warning") } else { said.contains(warned) }, "{mode:o}: {said}");
    }
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    assert_eq!(mode(&dir.path().join("all.jsonl")), 0o600, "an export is the keeper's backup");
}
