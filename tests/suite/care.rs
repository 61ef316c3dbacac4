//! Checks that keys, marks and foreign files are never overwritten, and that interrupted commands
//! are resumed.

use crate::proofs::{init, ok_with, path, published};
use crate::{ok, root, run, text};
use std::fs;
use std::path::Path;

/// Runs the program, expects this exit code, and returns its standard error.
fn refused(dir: &Path, code: i32, arguments: &[&str]) -> String {
    let output = run(dir, arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{said}", text(&output.stdout));
    said
}

#[test]
fn an_init_cut_short_takes_up_the_key_it_left_and_removes_none() {
    let dir = tempfile::tempdir().expect("a folder");
    let key = init(dir.path(), "ledger");
    for gone in ["ledger/journal", "ledger/hot", "ledger/acknowledged"] {
        let gone = dir.path().join(gone);
        if gone.is_dir() { fs::remove_dir_all(gone) } else { fs::remove_file(gone) }.expect("removes");
    }
    let said = ok_with(dir.path(), "2", &["init", "ledger", "--origin", "example.org/proofs"]);
    assert!(said.contains(&key), "{said}");
    for gone in ["ledger/journal", "ledger/hot"] {
        fs::remove_dir_all(dir.path().join(gone)).expect("removes");
    }
    fs::remove_file(dir.path().join("ledger/acknowledged")).expect("removes");
    let before = fs::read(dir.path().join("ledger/signing.key")).expect("a key");
    let said = refused(dir.path(), 1, &["init", "ledger", "--origin", "example.org/other"]);
    assert!(said.contains("is the key of example.org/proofs, not of example.org/other"), "{said}");
    assert_eq!(fs::read(dir.path().join("ledger/signing.key")).expect("a key"), before);
}

#[test]
fn an_init_cut_short_before_its_key_was_written_is_done_again() {
    for left in [&b""[..], &[0; 120]] {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("ledger")).expect("makes");
        fs::write(dir.path().join("ledger/signing.key"), left).expect("writes");
        let key = init(dir.path(), "ledger");
        assert!(!key.is_empty());
        assert!(fs::read(dir.path().join("ledger/signing.key")).expect("a key").len() > 40);
    }
}

#[test]
fn init_keeps_the_rules_that_a_folder_has_for_version_control() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("ledger")).expect("makes");
    fs::write(dir.path().join("ledger/.gitignore"), "notes.txt").expect("writes");
    init(dir.path(), "ledger");
    let rules = fs::read_to_string(dir.path().join("ledger/.gitignore")).expect("text");
    let lines: Vec<&str> = rules.lines().collect();
    assert!(lines.contains(&"notes.txt") && lines.contains(&"signing.key*") && lines.contains(&"hot/"), "{rules}");
}

#[test]
fn nothing_goes_over_the_marks_of_a_ledger_that_lost_both_copies() {
    let (dir, _) = published();
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    for gone in ["ledger/journal", "ledger/hot"] {
        fs::remove_dir_all(dir.path().join(gone)).expect("removes");
    }
    for mark in ["acknowledged", "signed", "checkpoint"] {
        assert!(dir.path().join("ledger").join(mark).exists(), "{mark}");
        let said = refused(dir.path(), 1, &["restore", "all.jsonl", "ledger"]);
        assert!(said.contains("there is already a ledger at ledger"), "{said}");
        fs::remove_file(dir.path().join("ledger").join(mark)).expect("removes");
    }
    ok(dir.path(), &["restore", "all.jsonl", "ledger"]);
}

#[test]
fn the_demonstration_keeps_off_a_ledger_of_ones_own() {
    let (dir, _) = published();
    let facts = root().join("tests/errors/base.toml");
    let said = refused(dir.path(), 2, &["demo", path(&facts), "--ledger", "ledger"]);
    assert!(said.contains("ledger is a ledger of your own"), "{said}");
}

#[test]
fn a_ledger_is_not_published_into_its_own_folder() {
    let (dir, _) = published();
    let said = refused(dir.path(), 2, &["--ledger", "ledger", "publish", "ledger"]);
    assert!(said.contains("its key and its database would be published too"), "{said}");
    assert!(!dir.path().join("ledger/tile").exists());
}

#[test]
fn a_checkpoint_file_of_other_entries_is_not_published_or_proved_by() {
    let (dir, key) = published();
    let other = tempfile::tempdir().expect("a folder");
    init(other.path(), "ledger");
    fs::copy(dir.path().join("ledger/signing.key"), other.path().join("ledger/signing.key")).expect("copies");
    let facts = fs::read_to_string(root().join("tests/errors/base.toml")).expect("text");
    fs::write(other.path().join("facts.toml"), facts.replace("Open 50 places", "Open 5 places")).expect("writes");
    ok(other.path(), &["--ledger", "ledger", "append", "facts.toml", "-q"]);
    // As many entries, but a checkpoint of the other history, signed by the same key.
    fs::copy(dir.path().join("ledger/checkpoint"), other.path().join("ledger/checkpoint")).expect("copies");
    let said = refused(other.path(), 4, &["--ledger", "ledger", "prove", "old-pledge"]);
    assert!(said.contains("does not match this ledger's entries"), "{said}");
    ok(other.path(), &["--ledger", "ledger", "publish", "public"]);
    ok(other.path(), &["verify", "public", "--key", &key]);
}

#[test]
fn a_change_of_key_cut_short_is_finished_or_forgotten() {
    let (dir, _) = published();
    let file = |name: &str| dir.path().join("ledger").join(name);
    // Interrupted before the new key was recorded in the ledger: the new key is discarded.
    fs::copy(file("signing.key"), file("signing.key.next")).expect("copies");
    ok_with(dir.path(), "3", &["--ledger", "ledger", "key", "rotate"]);
    // Interrupted before the files were renamed: the next signature completes the change.
    fs::rename(file("signing.key"), file("signing.key.next")).expect("renames");
    fs::rename(file("signing.key.until-4"), file("signing.key")).expect("renames");
    ok(dir.path(), &["--ledger", "ledger", "checkpoint"]);
    assert!(!file("signing.key.next").exists() && file("signing.key.until-5").exists());
}

#[test]
fn a_checkpoint_from_before_a_change_of_key_is_still_expected() {
    let (dir, first) = published();
    fs::copy(dir.path().join("public/checkpoint"), dir.path().join("seen")).expect("copies");
    let said = ok_with(dir.path(), "3", &["--ledger", "ledger", "key", "rotate"]);
    let second = said.lines().find_map(|l| l.trim().strip_prefix("public key   ")).expect("a key").to_owned();
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    // A reader with the newer key learns the older one from the log, and so accepts the older
    // checkpoint.
    for (key, signed) in [(&first, "signed by the key you gave"), (&second, "signed by example.org/proofs+")] {
        let said = ok(dir.path(), &["verify", "public", "--key", key, "--expect", "seen"]);
        assert!(said.contains(&format!("holds all 4 entries of the checkpoint you gave; {signed}")), "{said}");
    }
}

#[test]
fn a_proof_is_compared_with_a_checkpoint_seen_earlier() {
    let (dir, key) = published();
    fs::copy(dir.path().join("public/checkpoint"), dir.path().join("seen")).expect("copies");
    let proof = ok(dir.path(), &["--ledger", "ledger", "prove", "old-pledge"]);
    fs::write(dir.path().join("fact.tlog-proof"), proof).expect("writes");
    ok(dir.path(), &["verify", "fact.tlog-proof", "--key", &key, "--expect", "seen"]);
    ok(dir.path(), &["--ledger", "ledger", "key", "rotate"]);
    ok(dir.path(), &["--ledger", "ledger", "checkpoint"]);
    fs::copy(dir.path().join("ledger/checkpoint"), dir.path().join("later")).expect("copies");
    let said = refused(dir.path(), 2, &["verify", "fact.tlog-proof", "--expect", "later"]);
    assert!(said.contains("they cannot be compared"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_lock_leads_nowhere() {
    let (dir, _) = published();
    let precious = dir.path().join("precious");
    fs::write(&precious, "keep").expect("writes");
    fs::remove_file(dir.path().join("ledger/lock")).expect("removes");
    std::os::unix::fs::symlink(&precious, dir.path().join("ledger/lock")).expect("links");
    refused(dir.path(), 1, &["--ledger", "ledger", "status"]);
    assert_eq!(fs::read_to_string(&precious).expect("text"), "keep");
}

#[test]
fn an_export_is_not_stopped_by_what_a_killed_one_left_and_leaves_it_alone() {
    let (dir, _) = published();
    fs::write(dir.path().join("all.jsonl.new"), "mine").expect("writes");
    fs::write(dir.path().join(".heldto-export-killed"), "half").expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    ok(dir.path(), &["verify", "all.jsonl"]);
    assert_eq!(fs::read_to_string(dir.path().join("all.jsonl.new")).expect("text"), "mine");
}

#[test]
fn who_recorded_and_who_checked_is_asked_for_kept_and_found_again() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "-q"]);
    fs::write(dir.path().join("ledger/settings.toml"), "recorder = \"scrutiny-office\"\nfour-eyes = true\n")
        .expect("writes");
    let party = |id: &str| format!("[[party]]\nid = \"{id}\"\nname = \"The {id}\"\nkind = \"council\"\n");
    fs::write(dir.path().join("one.toml"), party("first-council")).expect("writes");
    fs::write(dir.path().join("two.toml"), party("second-council")).expect("writes");
    let append =
        |file: &str, more: &[&str]| run(dir.path(), &[&["--ledger", "ledger", "append", file, "-q"], more].concat());
    for alone in [&[][..], &["--checked-by", "scrutiny-office"], &["--recorder", "a", "--checked-by", " A "]] {
        let refused = append("one.toml", alone);
        assert_eq!(refused.status.code(), Some(3), "{alone:?}");
        assert!(text(&refused.stderr).contains("two people"), "{}", text(&refused.stderr));
    }
    assert!(append("one.toml", &["--checked-by", "second-reader"]).status.success());
    assert!(append("two.toml", &["--recorder", "another", "--checked-by", "second-reader"]).status.success());
    let shown = ok(dir.path(), &["--ledger", "ledger", "show", "first-council", "--private"]);
    assert!(shown.contains("by scrutiny-office, checked by second-reader"), "{shown}");
    let found = ok(dir.path(), &["--ledger", "ledger", "timeline", "--kind", "party", "--recorded-by", "Another"]);
    assert!(found.contains("second-council") && !found.contains("first-council"), "{found}");
    fs::write(dir.path().join("ledger/settings.toml"), "four_eyes = true\n").expect("writes");
    let unread = append("one.toml", &[]);
    assert!(text(&unread.stderr).contains("settings.toml"), "{}", text(&unread.stderr));
    fs::write(dir.path().join("ledger/settings.toml"), "recorder = \" \"\n").expect("writes");
    let blank = append("one.toml", &[]);
    let said = text(&blank.stderr);
    assert!(blank.status.code() == Some(3) && said.contains("settings.toml: `recorder` names nobody"), "{said}");
    fs::remove_file(dir.path().join("ledger/settings.toml")).expect("removes");
    for blank in [["--recorder", ""], ["--recorder", " "], ["--checked-by", " "]] {
        let refused = append("one.toml", &blank);
        let said = text(&refused.stderr);
        assert!(refused.status.code() == Some(2) && said.contains(blank[0]) && said.contains("nobody"), "{said}");
    }
    assert_eq!(append("one.toml", &["--checked-by", "somebody"]).status.code(), Some(2), "a reviewer of nobody");
}
