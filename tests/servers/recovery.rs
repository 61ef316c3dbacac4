//! Checks that a server that was set back, lost or changed is neither signed nor believed, and is
//! given back what it lost.

use crate::postgres::{SETTINGS, address_of_server, fails, heldto, ledger, ok, party, schema, server, sql};
use std::path::Path;
use std::process::Command;
use std::sync::PoisonError;
use std::time::Duration;

/// Moves a schema away, and a dump of it from before in its place.
fn roll_back(server: &str, text: &str, dump: &Path) {
    sql(server, &format!("DROP SCHEMA {} CASCADE", schema(text)));
    let root = server.replace("keeper@", "postgres@");
    let done = Command::new("psql").args([&root, "-Xqf", dump.to_str().expect("UTF-8")]).output().expect("psql starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn dump(server: &str, text: &str, to: &Path) {
    let root = server.replace("keeper@", "postgres@");
    let done =
        Command::new("pg_dump").args([&root, "-n", schema(text), "-f"]).arg(to).output().expect("pg_dump starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_rolled_back_server_is_neither_signed_nor_believed() {
    let Some((server, _settings)) = server() else { return };
    let (dir, text) = ledger(&server);
    let dir = dir.path();
    let before = dir.join("before.sql");
    dump(&server, &text, &before);
    ok(dir, &["--ledger", &text, "append", "third.toml", "-q"]);
    ok(dir, &["--ledger", &text, "checkpoint", "-q"]);
    roll_back(&server, &text, &before);
    for arguments in [&["checkpoint"][..], &["key", "rotate"], &["verify"], &["status"], &["append", "third.toml"]] {
        let said = fails(dir, 4, &[&["--ledger", &text], arguments].concat());
        assert!(said.contains("the server has 2 entries, and the copy 3"), "{arguments:?}: {said}");
        assert!(!said.contains("heldto repair"), "{said}");
    }
    assert!(!dir.join("node/signing.key.next").exists(), "no key was changed");

    // Nor under another address.
    std::fs::create_dir_all(dir.join("data/heldto")).expect("made");
    std::os::unix::fs::symlink(dir.join("node"), dir.join("data/heldto/node")).expect("made");
    let elsewhere = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_heldto-test"));
        command.args(["--ledger", &text.replace("127.0.0.1", "localhost")]).args(arguments);
        command.env_remove("HELDTO_NODE").env("XDG_DATA_HOME", dir.join("data"));
        let output = command.output().expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = elsewhere(&["status"]);
    assert!(code == Some(4) && said.contains("the server has 2 entries, and the copy 3"), "{said}");

    // The copy puts back what was lost, or all of it, but not what is another's.
    let copy = dir.join("node/copy");
    let copy = copy.to_str().expect("UTF-8");
    assert!(ok(dir, &["restore", copy, &text]).starts_with("1 entry restored"), "the end");
    ok(dir, &["--ledger", &text, "checkpoint", "-q"]);
    sql(&server, &format!("DROP SCHEMA {} CASCADE", schema(&text)));
    let said = fails(dir, 4, &["--ledger", &text, "status"]);
    assert!(said.contains("any more, and the copy") && said.contains("heldto restore"), "{said}");
    assert!(ok(dir, &["restore", copy, &text]).starts_with("3 entries restored"), "all");
    ok(dir, &["--ledger", &text, "verify"]);
    assert_eq!(elsewhere(&["status"]).0, Some(0));
    let (other_dir, other) = ledger(&server);
    let said = fails(dir, 3, &["restore", copy, &other]);
    assert!(said.contains("does not begin with") && said.contains("nothing was changed"), "{said}");

    // A fact that was recorded and erased since does not come back, and stops nothing.
    party(dir, "fourth");
    ok(dir, &["--ledger", &text, "append", "fourth.toml", "-q"]);
    ok(dir, &["--ledger", &text, "redact", "fourth", "--ground", "an order", "--by", "the editor", "--yes"]);
    roll_back(&server, &text, &before);
    assert!(ok(dir, &["restore", copy, &text]).starts_with("4 entries restored"), "with the erasure");
    ok(dir, &["--ledger", &text, "verify"]);

    // More than the end is missing: that is not called restored. Trust is asked for first.
    sql(&server, &format!("DELETE FROM {}.parts WHERE entry_index = 0 AND number = 0", schema(&text)));
    let said = fails(dir, 4, &["restore", copy, &text]);
    assert!(said.contains("this is still broken"), "{said}");
    let key = ok(other_dir.path(), &["--ledger", &other, "key"]);
    let key = key.lines().find_map(|line| line.trim().strip_prefix("key")).expect("a key").trim();
    assert_ne!(heldto(dir, &["restore", copy, &text, "--key", key]).status.code(), Some(0));

    roll_back(&server, &text, &before);
    // Without the copy, what this machine signed last is remembered.
    std::fs::remove_dir_all(dir.join("node/copy")).expect("there");
    let said = fails(dir, 4, &["--ledger", &text, "checkpoint"]);
    assert!(said.contains("checkpoint"), "{said}");
}

#[test]
fn a_changed_founding_record_is_found_by_every_command() {
    let Some((server, _settings)) = server() else { return };
    for (change, said_of) in [
        ("origin = 'example.org/another'", "founding record"),
        ("key = set_byte(key, 3, 7)", "founding record"),
        ("index_key = set_byte(index_key, 3, get_byte(index_key, 3) # 1)", "index"),
        ("is_partial = true", "leaves parts out"),
    ] {
        let (dir, text) = ledger(&server);
        sql(&server, &format!("UPDATE {}.ledger SET {change}", schema(&text)));
        for command in [&["status"][..], &["append", "third.toml"]] {
            let said = fails(dir.path(), 4, &[&["--ledger", &text], command].concat());
            assert!(said.contains(said_of), "{change}: {said}");
        }
    }
}

#[test]
fn a_key_whose_change_has_no_answer_is_kept() {
    let Some(server) = address_of_server() else { return };
    let _changing = SETTINGS.write().unwrap_or_else(PoisonError::into_inner);
    let (dir, text) = ledger(&server);
    let dir = dir.path();
    let standbys = |names: &str| {
        sql(&server, &format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'"));
        sql(&server, "SELECT pg_reload_conf()");
        while sql(&server, "SHOW synchronous_standby_names").trim() != names {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    standbys("ANY 1 (nobody)");
    let impatient = format!("{text}&patience=1");
    for _ in 0..2 {
        let said = fails(dir, 1, &["--ledger", &impatient, "key", "rotate"]);
        assert!(said.contains("may or may not be recorded"), "{said}");
    }
    standbys("");
    let size = format!("SELECT size FROM {}.head", schema(&text));
    while sql(&server, &size).trim() == "2" {
        std::thread::sleep(Duration::from_millis(20));
    }
    ok(dir, &["--ledger", &text, "checkpoint", "-q"]);
    assert!(ok(dir, &["--ledger", &text, "key"]).contains("signs\n"), "the new key is on this machine");
    ok(dir, &["--ledger", &text, "key", "rotate"]);
}
