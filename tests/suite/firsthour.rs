//! The first hour: what a newcomer is told after each step.

use crate::{ok, run, text};
use std::collections::BTreeSet;
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

/// A delivery of 74 of the places, after the day.
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

/// A ledger with a promise, a later paper, and what else the kinds refer to.
pub fn promised() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    written(dir.path(), "promise.toml", PROMISE);
    ok(dir.path(), &["init", "ledger", "--origin", "example.org/first", "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "append", "promise.toml", "-q"]);
    dir
}

#[test]
fn the_last_append_is_taken_back_and_no_more() {
    let dir = promised();
    let dir = dir.path();
    written(dir, "delivery.toml", DELIVERY);
    let undo = |arguments: &[&str]| {
        let mut command = crate::heldto(dir);
        command.args(["--ledger", "ledger", "undo"]).args(arguments).env("HELDTO_TEST_NOW", "1795349000");
        command.output().expect("runs")
    };
    ok(dir, &["--ledger", "ledger", "checkpoint", "-q"]);
    // An append has one time, and the next another.
    let mut later = crate::heldto(dir);
    later.args(["--ledger", "ledger", "append", "delivery.toml", "-q"]).env("HELDTO_TEST_NOW", "1795348900");
    assert!(later.status().expect("runs").success());
    assert!(text(&undo(&["--dry-run"]).stdout).starts_with("1 fact would be retracted: 74-places."));
    assert_eq!(undo(&[]).status.code(), Some(3), "nobody was asked");
    let said = text(&undo(&["--yes"]).stdout);
    for line in ["1 fact retracted", "stays in the log", "120-places: part-met → overdue", "74-places.retraction-1"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let again = undo(&["--yes"]);
    assert!(again.status.code() == Some(3) && text(&again.stderr).contains("stand again"), "{}", text(&again.stderr));
    ok(dir, &["--ledger", "ledger", "retract", "74-places.retraction-1", "--reason", "it was right"]);
    assert!(ok(dir, &["--ledger", "ledger", "report", "pledges"]).contains("part-met"));
}

#[test]
fn nobody_takes_back_what_another_recorded() {
    let dir = promised();
    let dir = dir.path();
    written(dir, "delivery.toml", DELIVERY);
    let at = |now: &str, arguments: &[&str]| {
        let mut command = crate::heldto(dir);
        command.args(["--ledger", "ledger"]).args(arguments).env("HELDTO_TEST_NOW", now).output().expect("runs")
    };
    // Two recorders, whose machines have one time.
    written(dir, "other.toml", &DELIVERY.replace("74-places", "60-places"));
    for (file, who) in [("delivery.toml", "clerk"), ("other.toml", "reporter")] {
        let done = at("1795348900", &["append", file, "--recorder", who, "-q"]);
        assert!(done.status.success(), "{}", text(&done.stderr));
    }
    let refused = at("1795349000", &["undo", "--yes", "--recorder", "clerk"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("was recorded by reporter, not by clerk"), "{}", text(&refused.stderr));
    let done = at("1795349000", &["undo", "--yes", "--recorder", "reporter"]);
    assert!(text(&done.stdout).contains("1 fact retracted"), "{}", text(&done.stdout));
}

#[test]
fn words_are_quoted_from_the_document_alone() {
    let dir = promised();
    let dir = dir.path();
    written(
        dir,
        "a-paper.txt",
        "The leader said:\n  we will create 120 more\nplaces by the end of the year. It will be hard.",
    );
    let quote = |words: &str| run(dir, &["--ledger", "ledger", "quote", "a-paper.txt", words]);
    assert_eq!(text(&quote("we will create 120").stdout), "quote = { start = 17, words = \"we will create 120\" }\n");
    for (words, why) in [("we will create 121 more", "does not stand there"), ("it will", "too short")] {
        let refused = quote(words);
        assert!(refused.status.code() == Some(3) && text(&refused.stderr).contains(why), "{}", text(&refused.stderr));
    }
    ok(dir, &["--ledger", "ledger", "quote", "a-paper.txt", "we will create 120 more places", "--fact", "120-places"]);
    assert!(ok(dir, &["--ledger", "ledger", "show", "120-places"]).contains("we will create 120 more places"));
    let verified = ok(dir, &["--ledger", "ledger", "verify", "--sources", "."]);
    assert!(verified.contains("1 quotation"), "{verified}");
    let refused =
        run(dir, &["--ledger", "ledger", "quote", "a-paper.txt", "by the end of the year", "--fact", "a-paper"]);
    assert!(text(&refused.stderr).contains("does not cite"), "{}", text(&refused.stderr));
}

#[test]
fn what_is_on_record_is_listed_by_name_and_the_program_explains_itself() {
    let dir = promised();
    let dir = dir.path();
    let list = |what: &str, format: &str| ok(dir, &["--ledger", "ledger", "list", what, "--format", format]);
    assert!(list("parties", "table").contains("A Council"));
    assert!(
        list("sources", "csv").contains("a-paper,Places promised,source,A Paper · 1 Feb 2024"),
        "{}",
        list("sources", "csv")
    );
    assert!(list("metrics", "table").contains("None is on record"));
    assert!(list("commitments", "json").contains("\"120-places\""));
    assert!(list("kinds", "table").contains("delivery\n"));
    assert!(ok(dir, &["help", "dates"]).contains("EDTF"));
    assert!(ok(dir, &["help", "report", "pledges"]).contains("--explain"));
    assert!(ok(dir, &["help"]).contains("Topics"));
    let refused = run(dir, &["help", "nothing"]);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("dates"), "{}", text(&refused.stderr));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(ok(dir, &["completions", shell]).contains("heldto"), "{shell}");
    }
    ok(dir, &["man"]);
    assert!(fs::read_to_string(dir.join("man/heldto-report-pledges.1")).expect("a page").contains("explain"));
}

#[test]
fn a_facts_file_can_be_lived_in_and_a_fact_be_edited() {
    let dir = promised();
    let dir = dir.path();
    written(dir, "promise.toml", &PROMISE.replace("Create 120 more", "Create 120 new"));
    let append =
        |arguments: &[&str]| run(dir, &[&["--ledger", "ledger", "append", "promise.toml"], arguments].concat());
    let refused = append(&[]);
    assert!(refused.status.code() == Some(3), "{}", text(&refused.stdout));
    assert!(text(&refused.stderr).contains("--correct --reason TEXT"), "{}", text(&refused.stderr));
    assert_eq!(append(&["--correct"]).status.code(), Some(2), "a correction has a reason");
    let said = text(&append(&["--correct", "--reason", "the word was new"]).stdout);
    assert!(said.starts_with("0 facts, 1 correction recorded; 3 were already recorded"), "{said}");
    let said = text(&append(&["--correct", "--reason", "again"]).stdout);
    assert!(said.starts_with("0 facts recorded; 4 were"), "{said}");
    let edit = |editor: &str, answers: &str, arguments: &[&str]| {
        let mut command = crate::heldto(dir);
        command.args(["--ledger", "ledger", "edit", "120-places"]).args(arguments);
        command.env("EDITOR", editor).env("HELDTO_TEST_ANSWER", answers).output().expect("runs")
    };
    assert_eq!(text(&edit("true", "", &[]).stdout), "Nothing was changed.\n");
    let failed = edit("false", "", &[]);
    assert!(failed.status.code() == Some(1) && text(&failed.stderr).contains("failed"), "{}", text(&failed.stderr));
    let edited = edit("sed -i s/new/extra/", "the word was extra", &[]);
    assert!(text(&edited.stdout).contains("correction of `120-places`"), "{}", text(&edited.stderr));
    // What cannot be recorded is shown, and edited again; without a reason nothing is recorded.
    let wrong = edit("sed -i s/self/me/", "n", &["--reason", "x"]);
    assert!(
        wrong.status.code() == Some(3) && text(&wrong.stderr).contains("not a value of `voice`"),
        "{}",
        text(&wrong.stderr)
    );
    assert_eq!(edit("sed -i s/extra/other/", "", &[]).status.code(), Some(3));
    let shown = ok(dir, &["--ledger", "ledger", "show", "120-places"]);
    assert!(shown.contains("Create 120 extra") && !shown.contains("Create 120 other"), "{shown}");
}

#[test]
fn a_bookmark_tells_only_what_is_new() {
    let dir = promised();
    let dir = dir.path();
    let changes = |now: &str| {
        let mut command = crate::heldto(dir);
        command.args(["--ledger", "ledger", "report", "changes", "--bookmark", "read.txt", "--format", "csv"]);
        let output = command.env("HELDTO_TEST_NOW", now).output().expect("runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    // Two days of December 2024, before and after the promise fell overdue.
    assert_eq!(changes("1735600000"), Vec::<String>::new(), "nothing to compare with");
    assert_eq!(fs::read_to_string(dir.join("read.txt")).expect("a bookmark"), "2024-12-30 4\n");
    let turned = changes("1735800000");
    assert!(turned.len() == 1 && turned[0].contains("awaiting,overdue"), "{turned:?}");
    assert_eq!(changes("1735800000"), Vec::<String>::new(), "it was read");
    written(dir, "delivery.toml", DELIVERY);
    ok(dir, &["--ledger", "ledger", "append", "delivery.toml", "-q"]);
    let news = changes("1795348800");
    assert!(news.iter().any(|row| row.contains("overdue,part-met")), "{news:?}");
    fs::write(dir.join("read.txt"), "yesterday").expect("writes");
    let refused = run(dir, &["--ledger", "ledger", "report", "changes", "--bookmark", "read.txt"]);
    assert!(refused.status.code() == Some(3) && text(&refused.stderr).contains("not a bookmark"));
}

#[test]
fn rows_are_chosen_for_a_spreadsheet_and_flags_without_effect_are_refused() {
    let dir = crate::seeds();
    let csv =
        |more: &[&str]| ok(dir, &[&["--ledger", "ledger", "report", "pledges", "--format", "csv"], more].concat());
    let all = csv(&["--columns", "id,status"]);
    assert!(all.starts_with("id,status,as-of,") && all.lines().count() == 95, "{all}");
    let sorted = csv(&["--columns", "status,id", "--sort=-status", "--limit", "3"]);
    assert!(
        sorted.lines().count() == 4 && sorted.lines().nth(1).is_some_and(|row| row.starts_with("window-open,")),
        "{sorted}"
    );
    let json = ok(
        dir,
        &["--ledger", "ledger", "list", "sources", "--json", "--sort", "id", "--limit", "1", "--columns", "id"],
    );
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["rows"], serde_json::json!([{ "id": "src-debate-news" }]));
    for (arguments, why) in [
        (&["report", "pledges", "--limit", "3"][..], "--format csv"),
        (&["verify", "--columns", "id", "--format", "csv"], "there are none here"),
        (&["report", "pledges", "--format", "csv", "--sort", "colour"], "the columns are id, "),
    ] {
        let refused = run(dir, &[&["--ledger", "ledger"], arguments].concat());
        assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains(why), "{}", text(&refused.stderr));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pledges.csv");
    assert_eq!(csv(&["--columns", "id,status", "-o", file.to_str().expect("UTF-8")]), "");
    assert_eq!(fs::read_to_string(&file).expect("a file"), all);
    assert_eq!(fs::read_dir(folder.path()).expect("reads").count(), 1, "no draft is left");
    // A pipe or a device is written to, and not replaced.
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("runs").success());
    let path = pipe.clone();
    let reader = std::thread::spawn(move || fs::read_to_string(path).expect("a pipe"));
    assert_eq!(csv(&["--columns", "id,status", "-o", pipe.to_str().expect("UTF-8")]), "");
    assert!(std::os::unix::fs::FileTypeExt::is_fifo(&fs::metadata(&pipe).expect("a pipe").file_type()));
    assert_eq!(reader.join().expect("reads"), all);
    // Nothing is written over what is the ledger's own.
    let key = fs::read(dir.join("ledger/signing.key")).expect("a key");
    for own in [
        &["status", "-o", "ledger/signing.key"][..],
        &["status", "-o", "ledger/journal/note.txt"],
        &["report", "changes", "--bookmark", "ledger/acknowledged"],
        &["add", "party", "--text", "A", "--set", "kind=other", "--into", "ledger/signing.key"],
    ] {
        let refused = run(dir, &[&["--ledger", "ledger"], own].concat());
        assert!(refused.status.code() == Some(2), "{own:?}: {}", text(&refused.stderr));
        assert!(text(&refused.stderr).contains("ledger's own files"), "{}", text(&refused.stderr));
    }
    assert!(fs::read(dir.join("ledger/signing.key")).expect("a key") == key);
    let refused = run(dir, &["--ledger", "ledger", "status", "-o", "no/such/folder.txt"]);
    assert!(
        refused.status.code() == Some(1) && text(&refused.stderr).contains("cannot write"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn a_name_is_taken_for_the_id_that_it_means() {
    let dir = crate::seeds();
    let with = |arguments: &[&str]| {
        let output = run(dir, &[&["--ledger", "ledger"], arguments].concat());
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    for (named, by_id) in [
        (
            &["report", "pledges", "--by", "Derbyshire County Council"][..],
            &["report", "pledges", "--by", "derbyshire-cc"][..],
        ),
        (&["report", "authority", "derbyshire county council"], &["report", "authority", "derbyshire-cc"]),
        (&["timeline", "--about=Ofsted"], &["timeline", "--about=ofsted"]),
        (
            &["report", "pledges", "--explain", "every EHC plan within 20 weeks"],
            &["report", "pledges", "--explain", "duty-20-weeks"],
        ),
    ] {
        let (code, said, note) = with(named);
        assert_eq!((code, &said), (Some(0), &with(by_id).1), "{named:?}: {note}");
    }
    let (code, said, several) = with(&["report", "pledges", "--by", "derbyshire"]);
    assert!(code == Some(3) && said.is_empty(), "{said}");
    assert!(several.contains("it may be derbyshire-cc · Derbyshire County Council"), "{several}");
    // Nothing about a child is told by what a name may mean.
    let (_, _, hidden) = with(&["show", "family"]);
    let (_, _, open) = with(&["show", "family", "--sensitive"]);
    assert!(open.contains("it may be") || open.contains("is taken for"), "{open}");
    let ids = |arguments: &[&str]| -> BTreeSet<String> {
        let csv = with(&[&["timeline", "--format", "csv", "--columns", "id"], arguments].concat()).1;
        csv.lines().skip(1).filter_map(|line| line.split(',').next().map(str::to_owned)).collect()
    };
    let (public, all) = (ids(&[]), ids(&["--sensitive"]));
    let secret: Vec<&String> = all.difference(&public).collect();
    assert!(!secret.is_empty());
    for id in secret {
        assert!(!hidden.contains(id), "{id}: {hidden}");
    }
}

#[test]
fn a_watch_list_is_saved_and_used_by_every_report() {
    let dir = crate::seeds();
    let own = tempfile::tempdir().expect("a folder");
    let list = own.path().join("watched.txt");
    fs::write(&list, "# what the parents follow\ndcc-500-places\nOfsted  # those who inspect\n").expect("writes");
    let list = list.to_str().expect("a path");
    let csv = ok(dir, &["--ledger", "ledger", "report", "pledges", "--list", list, "--format", "csv"]);
    assert!(csv.contains("dcc-500-places") && !csv.contains("duty-20-weeks"), "{csv}");
    for report in
        ["pledges", "money", "amounts", "metrics", "questions", "slippage", "contradictions", "deliveries", "agenda"]
    {
        let said = ok(dir, &["--ledger", "ledger", "report", report, "--list", list]);
        assert!(said.contains("on the list watched.txt"), "{report}: {said}");
    }
    ok(dir, &["--ledger", "ledger", "report", "changes", "2025-01-01", "--list", list]);
    ok(dir, &["--ledger", "ledger", "timeline", "--list", list]);
    fs::write(list, "dcc-500-places\n\ndcc-500-placs\n").expect("writes");
    let wrong = run(dir, &["--ledger", "ledger", "timeline", "--list", list]);
    let said = text(&wrong.stderr);
    assert!(
        wrong.status.code() == Some(3) && said.contains("line 3") && said.contains("did you mean `dcc-500-places"),
        "{said}"
    );
}

#[test]
fn a_day_is_said_relative_to_today() {
    let dir = crate::seeds();
    let csv = |arguments: &[&str]| ok(dir, &[&["--ledger", "ledger", "--format", "csv"], arguments].concat());
    // The tests' today is 22 November 2026.
    for (said, written) in [
        (&["timeline", "--since", "last year"][..], &["timeline", "--since", "2025-01-01"][..]),
        (&["timeline", "--until", "March 2025"], &["timeline", "--until", "2025-03-31"]),
        (&["report", "pledges", "--as-of", "yesterday"], &["report", "pledges", "--as-of", "2026-11-21"]),
        (&["report", "pledges", "--known-by", "2024"], &["report", "pledges", "--known-by", "2024-12-31"]),
        (&["report", "changes", "last month"], &["report", "changes", "2026-10-01"]),
    ] {
        assert_eq!(csv(said), csv(written), "{said:?}");
    }
}

#[test]
fn an_output_replaces_no_ledgers_file_and_nothing_that_is_read() {
    let dir = promised();
    let dir = dir.path();
    ok(dir, &["init", "other", "--origin", "example.org/other", "-q"]);
    let key = fs::read(dir.join("ledger/signing.key")).expect("a key");
    std::os::unix::fs::symlink(dir.join("ledger/signing.key"), dir.join("link")).expect("links");
    fs::write(dir.join("table.csv"), "a,b\n1,2\n").expect("writes");
    for arguments in [
        &["--ledger", "ledger", "report", "pledges", "-o", "ledger/signing.key"][..],
        &["--ledger", "ledger", "report", "pledges", "-o", "link"],
        &["--ledger", "other", "report", "pledges", "--output=ledger/journal/open-0"],
        &["mapping", "dfe-ehc-plans", "-o", "ledger/signing.key"],
        &["--ledger", "ledger", "mapping", "--draft", "table.csv", "-o", "./table.csv"],
        &["--ledger", "ledger", "timeline", "--list", "table.csv", "--output=table.csv"],
    ] {
        let refused = run(dir, arguments);
        let said = text(&refused.stderr);
        assert!(refused.status.code() == Some(2) && said.contains("name another file"), "{arguments:?}: {said}");
    }
    fs::create_dir(dir.join("pages")).expect("a folder");
    std::os::unix::fs::symlink(dir.join("ledger/signing.key"), dir.join("pages/heldto.1")).expect("links");
    ok(dir, &["--ledger", "other", "publish", "public", "-q"]);
    for arguments in [
        &["--ledger", "other", "export", "ledger/signing.key"][..],
        &["man", "pages"],
        &["man", "ledger/journal"],
        &["--ledger", "other", "publish", "ledger/journal"],
        &["--ledger", "other", "site", "build", "ledger/hot"],
        &["--ledger", "other", "report", "pledges", "-o", "public/checkpoint"],
        &["verify", "public", "-o", "public/first-key"],
        &["check", ".", "-o", "promise.toml"],
        &["--ledger", "ledger", "report", "changes", "--bookmark", "new.txt", "-o", "new.txt"],
    ] {
        let refused = run(dir, arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", text(&refused.stderr));
    }
    assert_eq!(fs::read(dir.join("ledger/signing.key")).expect("a key"), key);
    let refused = run(dir, &["--ledger", "ledger", "timeline", "--list", "ledger/signing.key"]);
    assert!(!text(&refused.stderr).to_lowercase().contains("private"), "{}", text(&refused.stderr));
    ok(dir, &["--ledger", "ledger", "verify"]);
}

#[test]
fn a_bookmark_moves_when_the_news_has_arrived() {
    let dir = promised();
    let dir = dir.path();
    let changes = |more: &[&str]| {
        run(dir, &[&["--ledger", "ledger", "report", "changes", "--bookmark", "read.txt"], more].concat())
    };
    fs::write(dir.join("read.txt"), "2020-01-01 0\n").expect("writes");
    assert!(!changes(&["-o", "nowhere/at/all"]).status.success());
    assert_eq!(fs::read_to_string(dir.join("read.txt")).expect("a bookmark"), "2020-01-01 0\n");
    assert!(changes(&["-o", "news.txt"]).status.success());
    assert_eq!(fs::read_to_string(dir.join("read.txt")).expect("a bookmark"), "2026-11-22 4\n");
}

#[test]
fn the_demonstration_keeps_off_a_new_ledger_of_ones_own() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    ok(dir, &["init", "council", "-q"]);
    written(dir, "promise.toml", PROMISE);
    ok(dir, &["--ledger", "council", "append", "promise.toml", "-q"]);
    let refused = run(dir, &["--ledger", "council", "demo"]);
    assert!(
        refused.status.code() == Some(2) && text(&refused.stderr).contains("of your own"),
        "{}",
        text(&refused.stderr)
    );
    assert!(ok(dir, &["--ledger", "council", "verify"]).contains("sound: 4 entries"));
}

#[test]
fn a_name_is_replaced_where_an_id_stands_and_nowhere_else() {
    let name = "Derbyshire County Council";
    let with =
        |arguments: &[&str]| ok(crate::seeds(), &[&["--ledger", "ledger", "--format", "csv"], arguments].concat());
    assert_eq!(
        with(&["timeline", "--by", name, "--text", name]),
        with(&["timeline", "--by", "derbyshire-cc", "--text", name])
    );
    assert_eq!(
        with(&["report", "pledges", "--by", name, "--about=Local Area Partnership"]),
        with(&["report", "pledges", "--by", "derbyshire-cc", "--about=derbyshire-lap"])
    );
}
