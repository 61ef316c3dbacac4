//! Checks that the journal and the database repair each other, by messages and by content.

use crate::{has_tool, heldto, ok, root, run, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn party(n: u32) -> String {
    format!("[[party]]\nid = \"party-{n}\"\nname = \"Party {n}\"\nkind = \"council\"\n")
}

/// Returns a folder with a ledger of 600 parties, signed and published.
fn published() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "--origin", "example.org/copies", "-q"]);
    fs::write(dir.path().join("many.toml"), (0..600).map(party).collect::<String>()).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "many.toml", "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    dir
}

fn damage(path: &Path, at: &[u8]) {
    let mut bytes = fs::read(path).expect("reads");
    let place = bytes.windows(at.len()).position(|window| window == at).expect("it is there");
    bytes[place..place + at.len()].fill(0xee);
    fs::write(path, bytes).expect("writes");
}

#[test]
fn what_both_copies_lost_is_taken_from_a_published_folder() {
    let dir = published();
    let ledger = ["--ledger", "ledger"];
    let verify = || run(dir.path(), &["--ledger", "ledger", "verify"]);
    let before = text(&verify().stdout);
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    // A different ledger with the same facts.
    ok(dir.path(), &["init", "other", "--origin", "example.org/copies-too", "-q"]);
    ok(dir.path(), &["--ledger", "other", "append", "many.toml", "-q"]);
    ok(dir.path(), &["--ledger", "other", "export", "other.jsonl"]);
    for from in ["public", "all.jsonl"] {
        damage(&dir.path().join("ledger/journal/segment-0"), b"Party 300");
        fs::remove_dir_all(dir.path().join("ledger/hot")).expect("removes");
        let output = verify();
        assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("entry 300"), "{}", text(&output.stderr));
        let output = run(dir.path(), &[&ledger[..], &["report", "pledges"]].concat());
        assert_eq!(output.status.code(), Some(4), "a report leaves nothing out in silence: {}", text(&output.stderr));
        let output = run(dir.path(), &[&ledger[..], &["repair"]].concat());
        assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
        let output = run(dir.path(), &[&ledger[..], &["repair", "--from", "other.jsonl"]].concat());
        assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
        let said = ok(dir.path(), &[&ledger[..], &["repair", "--from", from]].concat());
        assert!(said.starts_with("Repaired: 600 entries"), "{said}");
        let output = verify();
        assert_eq!((text(&output.stdout), text(&output.stderr)), (before.clone(), String::new()), "from {from}");
    }
    let output = run(dir.path(), &[&ledger[..], &["repair"]].concat());
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "nothing to repair");
}

/// Checks that entries lost at the end of both copies, as the mark shows, are restored from an
/// export.
#[test]
fn the_end_that_both_copies_lost_is_taken_from_an_export() {
    let dir = published();
    let aside = dir.path().join("aside");
    assert!(
        Command::new("cp").args(["-r", "ledger", "aside"]).current_dir(dir.path()).status().expect("runs").success()
    );
    fs::write(dir.path().join("more.toml"), party(600)).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "more.toml", "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    for folder in ["journal", "hot"] {
        fs::remove_dir_all(dir.path().join("ledger").join(folder)).expect("removes");
        fs::rename(aside.join(folder), dir.path().join("ledger").join(folder)).expect("moves");
    }
    let output = run(dir.path(), &["--ledger", "ledger", "status"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("601 entries were acknowledged"), "{}", text(&output.stderr));
    let said = ok(dir.path(), &["--ledger", "ledger", "repair", "--from", "all.jsonl"]);
    assert!(said.starts_with("Repaired: 601 entries"), "{said}");
    ok(dir.path(), &["--ledger", "ledger", "verify"]);
}

#[test]
fn a_damaged_small_file_is_made_again_or_named() {
    for (file, notice) in [
        ("acknowledged", "note: the file `acknowledged` was damaged or missing and was rebuilt"),
        ("checkpoint", "note: the file `checkpoint` was damaged or missing and was rebuilt"),
        ("signed", "note: the file `signed` was damaged or missing and was rebuilt"),
        ("signing.key", ""),
    ] {
        let dir = published();
        let before = ok(dir.path(), &["--ledger", "ledger", "verify"]);
        let path = dir.path().join("ledger").join(file);
        let whole = fs::read(&path).expect("reads");
        let mut bytes = whole.clone();
        bytes[20..26].fill(b'#');
        fs::write(&path, bytes).expect("writes");
        let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), before), "{file}: {}", text(&output.stderr));
        assert_eq!(text(&output.stderr).trim(), notice, "{file}");
        if file == "signing.key" {
            fs::write(dir.path().join("more.toml"), party(600)).expect("writes");
            ok(dir.path(), &["--ledger", "ledger", "append", "more.toml"]);
            let output = run(dir.path(), &["--ledger", "ledger", "checkpoint"]);
            assert!(
                text(&output.stderr).contains("restore it from the copy that you keep"),
                "{}",
                text(&output.stderr)
            );
        } else {
            assert_eq!(fs::read(&path).expect("reads"), whole, "{file}");
        }
    }
    // With both records of the last signature gone, that alone is reported.
    let dir = published();
    fs::remove_file(dir.path().join("ledger/checkpoint")).expect("removes");
    fs::write(dir.path().join("ledger/signed"), "#".repeat(200)).expect("writes");
    let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("the file `signed` was damaged and was moved aside"),
        "{}",
        text(&output.stderr)
    );
    let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_blank_or_torn_next_key_heals() {
    for left in [&b""[..], b"PRIVATE+KEY+exam"] {
        let dir = published();
        fs::write(dir.path().join("ledger/signing.key.next"), left).expect("writes");
        ok(dir.path(), &["--ledger", "ledger", "checkpoint"]);
        ok(dir.path(), &["--ledger", "ledger", "key", "rotate"]);
        ok(dir.path(), &["--ledger", "ledger", "checkpoint"]);
    }
}

/// Runs the program with a read-only ledger folder; `None` if this machine cannot make one.
fn run_read_only(dir: &Path, arguments: &[&str]) -> Option<Output> {
    let program = heldto(dir);
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let mut command;
    if is_root {
        if !has_tool("unshare", "unshare", &["--mount", "true"]) {
            return None;
        }
        let script = "mount --bind ledger ledger && mount -o remount,ro,bind ledger && exec \"$@\"";
        command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh"]).arg(program.get_program());
    } else {
        assert!(Command::new("chmod").args(["-R", "a-w", "ledger"]).current_dir(dir).status().expect("runs").success());
        command = Command::new(program.get_program());
    }
    command.args(["--ledger", "ledger"]).args(arguments).current_dir(dir);
    for (name, _) in program.get_envs() {
        command.env_remove(name);
    }
    let output = command.output().expect("runs");
    if !is_root {
        Command::new("chmod").args(["-R", "u+w", "ledger"]).current_dir(dir).status().expect("runs");
    }
    Some(output)
}

const READING: [&[&str]; 9] = [
    &["status"],
    &["verify"],
    &["report", "pledges"],
    &["report", "authority", "party-7"],
    &["show", "party-599"],
    &["timeline"],
    &["export"],
    &["prove", "party-3"],
    &["append", "more.toml", "--dry-run"],
];

#[test]
fn what_only_reads_works_where_nothing_can_be_written() {
    let dir = published();
    fs::write(dir.path().join("more.toml"), party(600)).expect("writes");
    for arguments in READING {
        let before = ok(dir.path(), &[&["--ledger", "ledger"], arguments].concat());
        let Some(output) = run_read_only(dir.path(), arguments) else { return };
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), before), "{arguments:?}: {said}");
        assert!(said == "note: the folder cannot be written to, so the ledger is read from its journal\n", "{said}");
    }
    let Some(output) = run_read_only(dir.path(), &["publish", "elsewhere"]) else { return };
    assert!(output.status.success(), "{}", text(&output.stderr));
    ok(dir.path(), &["verify", "elsewhere"]);
    for arguments in
        [&["append", "more.toml"][..], &["checkpoint"], &["retract", "party-1", "--reason", "x"], &["repair"]]
    {
        let Some(output) = run_read_only(dir.path(), arguments) else { return };
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("ledger/lock cannot be written to"), "{said}");
    }
}

/// Returns a ledger written by a version without a journal: 1,033 entries, of which 1,030 are
/// sealed and signed.
fn of_before() -> Option<tempfile::TempDir> {
    let dir = tempfile::tempdir().expect("a folder");
    if !has_tool("tar", "tar", &["--version"]) {
        return None;
    }
    let archive: PathBuf = root().join("tests/fixtures/layout-4.tar.gz");
    let unpacked = Command::new("tar").arg("xzf").arg(archive).current_dir(dir.path()).status().expect("runs");
    assert!(unpacked.success());
    Some(dir)
}

const ROOT_OF_BEFORE: &str = "root    GcP9hG0JsqlOMfSBmKlK2tlCvz2cVRKF/PL071EDt2Q=";

#[test]
fn a_ledger_of_before_the_journal_is_taken_up() {
    let Some(dir) = of_before() else { return };
    if let Some(output) = run_read_only(dir.path(), &["verify"]) {
        assert!(text(&output.stdout).contains(ROOT_OF_BEFORE), "{}", text(&output.stderr));
        let said = text(&output.stderr);
        assert!(said.contains("it is read from a temporary copy") && said.lines().count() == 1, "{said}");
        assert!(!dir.path().join("ledger/journal").exists());
    }
    let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
    let said = text(&output.stdout);
    assert!(said.contains(ROOT_OF_BEFORE) && said.contains("signed  1030 of 1033 entries"), "{said}");
    let notes = text(&output.stderr);
    assert_eq!(
        notes,
        "note: this ledger was made by an earlier version of heldto and now has a journal too: all 1033 entries are \
         there\n"
    );
    let ignored = fs::read_to_string(dir.path().join("ledger/.gitignore")).expect("text");
    assert!(ignored.lines().any(|line| line == "journal*/"), "its secret key is not to be committed: {ignored}");
    let output = run(dir.path(), &["--ledger", "ledger", "show", "late-2"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "once");
    ok(dir.path(), &["--ledger", "ledger", "checkpoint"]);
    // A damaged or truncated ledger is not migrated, and stays unchanged.
    for (database, mark) in [("hot/db", ""), ("hot/db", "heldto acknowledged v1\n00000000000000001034\n")] {
        let Some(dir) = of_before() else { return };
        let path = dir.path().join("ledger").join(database);
        let whole = fs::read(&path).expect("reads");
        if mark.is_empty() {
            let live = whole.iter().rposition(|byte| *byte != 0).expect("records");
            let mut bytes = whole.clone();
            bytes[live / 2] ^= 1;
            fs::write(&path, &bytes).expect("writes");
        } else {
            let chain = "0".repeat(64);
            fs::write(dir.path().join("ledger/acknowledged"), format!("{mark}{chain}\n")).expect("writes");
        }
        let before = fs::read(&path).expect("reads");
        let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
        // Flipping an unused bit is harmless.
        if output.status.code() != Some(0) {
            assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
            assert_eq!(fs::read(&path).expect("reads"), before, "it stays as it is");
        }
        assert!(mark.is_empty() || output.status.code() == Some(4));
    }
}

#[test]
fn a_ledger_of_a_later_version_is_named_with_the_way_out() {
    let dir = published();
    let path = dir.path().join("ledger/journal/founding");
    let founding = fs::read_to_string(&path).expect("text").replace("layout 5", "layout 6");
    let (lines, _) = founding.rsplit_once("check ").expect("a check");
    fs::write(&path, format!("{lines}check {:08x}\n", crc32fast::hash(lines.as_bytes()))).expect("writes");
    let output = run(dir.path(), &["--ledger", "ledger", "status"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("made by a later version of heldto, in layout 6") && said.contains("install"), "{said}");
}

/// Checks that a log shorter than its mark is never the source of a repair.
///
/// The open bundle is damaged and the database is missing: nothing is rebuilt from the remaining
/// entries, and the damaged entry is named.
#[test]
fn what_is_short_of_the_mark_is_never_the_ground_of_a_mending() {
    let dir = published();
    // Publishing signs and then writes the open bundle to the other file, so both hold the entry.
    for file in ["ledger/journal/open-0", "ledger/journal/open-1"] {
        damage(&dir.path().join(file), b"Party 530");
    }
    fs::rename(dir.path().join("ledger/hot"), dir.path().join("hot")).expect("moves");
    for command in [&["report", "pledges"][..], &["verify"], &["append", "many.toml"], &["repair"]] {
        let output = run(dir.path(), &[&["--ledger", "ledger"], command].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{command:?}: {said}");
        assert!(said.contains("entry 530 is damaged") && !said.contains("was rebuilt"), "{said}");
    }
    fs::rename(dir.path().join("hot"), dir.path().join("ledger/hot")).expect("moves");
    let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(said.contains("were damaged in the journal and restored") && said.lines().count() == 1, "{said}");
}

/// Checks that with a damaged bundle in a read-only folder, a copy of the database is read.
#[test]
fn a_damaged_bundle_is_read_where_nothing_can_be_written() {
    let dir = published();
    let before = ok(dir.path(), &["--ledger", "ledger", "timeline"]);
    damage(&dir.path().join("ledger/journal/segment-0"), b"Party 300");
    let Some(output) = run_read_only(dir.path(), &["timeline"]) else { return };
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), before), "{}", text(&output.stderr));
    fs::remove_dir_all(dir.path().join("ledger/hot")).expect("removes");
    let Some(output) = run_read_only(dir.path(), &["verify"]) else { return };
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("entry 300"), "{}", text(&output.stderr));
}

#[test]
fn a_repair_says_what_is_wrong_with_its_source() {
    let dir = published();
    ok(dir.path(), &["init", "other", "-q"]);
    fs::create_dir(dir.path().join("empty")).expect("makes");
    fs::write(dir.path().join("text"), "not an export\n").expect("writes");
    for (from, code, said) in [
        ("ledger", 2, "ledger is the ledger itself"),
        ("other", 3, "other is a copy of another ledger"),
        ("empty", 3, "empty cannot be used as a copy: it has no file `checkpoint`"),
        ("text", 3, "text cannot be used as a copy: line 1 is not the first line of an export"),
        ("nowhere", 1, "nowhere"),
        ("public", 0, ""),
    ] {
        let output = run(dir.path(), &["--ledger", "ledger", "repair", "--from", from]);
        assert_eq!(output.status.code(), Some(code), "{from}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
    let said = ok(dir.path(), &["--ledger", "ledger", "repair"]);
    assert_eq!(said, "Nothing to repair: 600 entries are complete in the journal and in the database.\n");
}

#[test]
fn a_ledger_without_both_copies_or_without_its_marks_is_told() {
    let dir = published();
    for mark in ["acknowledged", "signed"] {
        fs::remove_file(dir.path().join("ledger").join(mark)).expect("removes");
    }
    let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
    assert_eq!(text(&output.stderr).lines().count(), 2, "{}", text(&output.stderr));
    assert!(["acknowledged", "signed"].iter().all(|mark| dir.path().join("ledger").join(mark).exists()));
    for folder in ["journal", "hot"] {
        fs::remove_dir_all(dir.path().join("ledger").join(folder)).expect("removes");
    }
    let output = run(dir.path(), &["--ledger", "ledger", "status"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("both copies of its entries are missing"), "{}", text(&output.stderr));
}

/// Checks that a ledger opens for repair if both copies lost the entry after the signed ones.
#[test]
fn an_entry_that_a_mark_rests_on_can_be_repaired() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "--origin", "example.org/copies", "-q"]);
    for (first, until) in [(0, 100), (100, 600)] {
        fs::write(dir.path().join("some.toml"), (first..until).map(party).collect::<String>()).expect("writes");
        ok(dir.path(), &["--ledger", "ledger", "append", "some.toml", "-q"]);
        if first == 0 {
            ok(dir.path(), &["--ledger", "ledger", "checkpoint"]);
        }
    }
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    damage(&dir.path().join("ledger/journal/segment-0"), b"Party 100");
    fs::remove_dir_all(dir.path().join("ledger/hot")).expect("removes");
    let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("entry 100"), "{}", text(&output.stderr));
    ok(dir.path(), &["--ledger", "ledger", "repair", "--from", "all.jsonl"]);
    ok(dir.path(), &["--ledger", "ledger", "verify"]);
}
