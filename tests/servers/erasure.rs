//! Checks that an erasure takes the words out of the server's files and out of the copy, whatever
//! was in its way, and that what may still have them is named.

use crate::postgres::{heldto, ledger, ok, party, schema, server, sql};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Returns `true` if a file in a folder has the name of the fact that is erased.
fn has_name(folder: &Path) -> bool {
    let mut folders = vec![folder.to_owned()];
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(std::fs::read_dir(path).expect("reads").map(|entry| entry.expect("reads").path()));
        } else if std::fs::read(&path)
            .is_ok_and(|bytes| memchr::memmem::find(&bytes, b"Name of to-be-erased").is_some())
        {
            return true;
        }
    }
    false
}

#[test]
fn an_erasure_leaves_nothing_on_the_server_or_in_the_copy() {
    let Some((server, _settings)) = server() else { return };
    let (dir, text) = ledger(&server);
    let dir = dir.path();
    party(dir, "to-be-erased");
    ok(dir, &["--ledger", &text, "append", "to-be-erased.toml", "-q"]);
    let redact = ["redact", "to-be-erased", "--ground", "an order", "--by", "the editor", "--yes"];
    sql(&server, "CHECKPOINT");
    let data = std::env::var("HELDTO_POSTGRES_DATA").expect("a data folder");
    let tables = Path::new(&data).join("base");
    ok(dir, &["follow", &text]);
    assert!(has_name(&tables) && has_name(&dir.join("node")), "both have it before");
    let done = heldto(dir, &[&["--ledger", &text], &redact[..]].concat());
    assert_eq!(String::from_utf8_lossy(&done.stderr), "", "nothing is left to do");
    assert!(!has_name(&dir.join("node")), "the copy does not have it");
    sql(&server, "CHECKPOINT");
    // The log of the server keeps it until it is recycled, as docs/DATA-PROTECTION.md says.
    assert!(!has_name(&tables), "the tables do not have it");
    let said = ok(dir, &["--ledger", &text, "verify"]);
    // The fact, and the name of its recorder.
    assert!(said.contains("2 parts were erased for good: see entries 3, 4"), "{said}");
    assert!(ok(dir, &["verify", "node/copy"]).contains("2 parts were erased for good"));
}

/// A session of the server that sees what was there when it began, for some seconds.
fn watching(server: &str, text: &str, seconds: u32) -> Child {
    let table = format!("{}.head", schema(text));
    let statements =
        format!("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT size FROM {table}; SELECT pg_sleep({seconds})");
    let mut command = Command::new("psql");
    command.args([&server.replace("keeper@", "postgres@"), "-XAtqc", &statements]).stdout(Stdio::null());
    let session = command.spawn().expect("psql starts");
    let waits = format!("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%{table}%pg_sleep({seconds})%'");
    while sql(server, &waits).trim() < "2" {
        std::thread::sleep(Duration::from_millis(20));
    }
    session
}

#[test]
fn an_erasure_that_something_held_up_is_named_until_it_is_finished() {
    let Some((server, _settings)) = server() else { return };
    let (dir, text) = ledger(&server);
    let dir = dir.path();
    party(dir, "to-be-erased");
    ok(dir, &["--ledger", &text, "append", "to-be-erased.toml", "-q"]);
    let quick = format!("{text}&patience=1");
    let redact = ["redact", "to-be-erased", "--ground", "an order", "--by", "the editor", "--yes"];
    let own_tables = || {
        let path = sql(&server, &format!("SELECT pg_relation_filepath('{}.parts')", schema(&text)));
        sql(&server, "CHECKPOINT");
        PathBuf::from(std::env::var("HELDTO_POSTGRES_DATA").expect("a data folder")).join(path.trim())
    };

    // A session that still sees the rows keeps them in the new table too.
    let mut session = watching(&server, &text, 6);
    let done = heldto(dir, &[&["--ledger", &quick], &redact[..]].concat());
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(said.contains("still sees what was deleted"), "{said}");
    assert!(has_name(&own_tables()), "it is there still");
    let status = || String::from_utf8_lossy(&heldto(dir, &["--ledger", &text, "status"]).stderr).into_owned();
    assert!(status().contains("may still have what was erased"), "every command names it");
    session.wait().expect("ends");
    ok(dir, &["--ledger", &text, "redact", "--clean"]);
    assert!(!has_name(&own_tables()), "it is gone");
    assert_eq!(status(), "");
}

#[test]
fn what_was_erased_does_not_come_back_unseen() {
    let Some((server, _settings)) = server() else { return };
    let (dir, text) = ledger(&server);
    let dir = dir.path();
    party(dir, "to-be-erased");
    ok(dir, &["--ledger", &text, "append", "to-be-erased.toml", "-q"]);
    let tables = schema(&text);
    sql(&server, &format!("CREATE TABLE {tables}.kept AS SELECT * FROM {tables}.parts WHERE entry_index = 2"));
    ok(dir, &["--ledger", &text, "redact", "to-be-erased", "--ground", "an order", "--by", "the editor", "--yes"]);
    sql(&server, &format!("INSERT INTO {tables}.parts SELECT * FROM {tables}.kept; DROP TABLE {tables}.kept"));
    for command in ["timeline", "status", "verify"] {
        let output = heldto(dir, &["--ledger", &text, command]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{command}: {said}");
        assert!(!said.contains("Name of to-be-erased") && said.contains("entry 2"), "{command}: {said}");
    }
    ok(dir, &["--ledger", &text, "redact", "--clean"]);
    ok(dir, &["--ledger", &text, "verify"]);
}
