//! Checks that every change of stored bytes is detected.

use crate::{heldto, ok, opening, run, text};
use heldto_ledger::Ledger;
use heldto_store_sled::SledStore;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const FACTS: &str = r#"
[[party]]
id = "a-council"
name = "A council"
kind = "council"

[[source]]
id = "a-source"
title = "A source"
published = "2025-01-14"

[[pledge]]
id = "a-pledge"
text = "Open 50 places"
by = "a-council"
voice = "self"
force = "pledge"
target = { amount = "50 places" }
due = { mode = "by", date = "2025-09" }
cites = [{ source = "a-source", at = "line 1" }]
"#;

fn small() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "--origin", "example.org/small", "-q"]);
    std::fs::write(dir.path().join("facts.toml"), FACTS).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "facts.toml", "-q"]);
    dir
}

/// Checks that each changed byte of a live value is found by comparing the database with the
/// journal.
#[test]
fn every_byte_of_every_live_value_matters() {
    for sealed in [false, true] {
        let dir = small();
        let path = dir.path().join("ledger");
        let mut store = SledStore::open(&path, opening(&mut |_| {})).expect("opens");
        if sealed {
            let mut ledger = Ledger::open(store.with_lengths(1, 100)).expect("opens");
            let facts =
                FACTS.split_once("[[pledge]]").map(|(_, pledge)| format!("[[pledge]]{pledge}")).expect("a pledge");
            let file = heldto_intake::File {
                name: "more.toml".to_owned(),
                text: facts.replace("a-pledge", "a-sealed-pledge"),
            };
            let known = [("a-council", heldto_fact::Kind::Party), ("a-source", heldto_fact::Kind::Source)];
            let known = known.map(|(id, kind)| (id.parse().expect("an id"), kind)).into_iter().collect();
            let facts = heldto_intake::read(&[file], &known).expect("facts");
            ledger.append(&facts, 1_795_348_900_000_000, &mut |bytes| bytes.fill(5)).expect("room");
            store = ledger.into_store();
        }
        let mut flipped = 0;
        // Keys of one byte are skipped: the founding record and the manifest are checked when the
        // database is opened, and filters only save time.
        let live: Vec<(usize, Vec<u8>, Vec<u8>)> = (store.databases().expect("open").iter().enumerate())
            .flat_map(|(n, db)| {
                db.iter().map(move |pair| pair.map(|(k, v)| (n, k.to_vec(), v.to_vec())).expect("reads"))
            })
            .filter(|(_, key, _)| key.len() > 1)
            .collect();
        assert_eq!(live.iter().any(|(n, ..)| *n == 2), sealed, "the archive is in use where it is sealed");
        for (database, key, value) in &live {
            for at in 0..value.len() {
                let mut changed = value.clone();
                changed[at] ^= 1 << (at % 8);
                store.databases().expect("open")[*database].insert(key, changed).expect("writes");
                assert!(store.compare_database().is_err(), "byte {at} of {key:02x?} was changed unseen");
                store.databases().expect("open")[*database].insert(key, value.as_slice()).expect("writes");
                flipped += 1;
            }
            store.databases().expect("open")[*database].remove(key).expect("writes");
            assert!(store.compare_database().is_err(), "{key:02x?} was removed unseen");
            store.databases().expect("open")[*database].insert(key, value.as_slice()).expect("writes");
        }
        store.compare_database().expect("put back, it is sound again");
        assert!(flipped > 500, "{flipped}");
        // A missing value is rebuilt from the journal.
        let (database, key, _) = live.last().expect("a value");
        store.databases().expect("open")[*database].remove(key).expect("writes");
        drop(store);
        let sound = ok(dir.path(), &["--ledger", "ledger", "verify"]);
        assert!(sound.starts_with("sound: "), "{sound}");
        let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
        assert_eq!((text(&output.stdout), text(&output.stderr)), (sound, String::new()), "once");
    }
}

/// Checks that an entry changed together with its checksums is found by its hash.
///
/// `verify` then takes the entry from the database; if that copy is gone too, it names the entry.
#[test]
fn what_is_changed_with_its_check_values_is_found_by_its_hashes() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "-q"]);
    let party = |n: u32| format!("[[party]]\nid = \"party-{n}\"\nname = \"Party {n}\"\nkind = \"council\"\n");
    std::fs::write(dir.path().join("many.toml"), (0..600).map(party).collect::<String>()).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "many.toml", "-q"]);
    let sound = ok(dir.path(), &["--ledger", "ledger", "verify"]);
    let path = dir.path().join("ledger/journal/segment-0");
    let whole = std::fs::read(&path).expect("reads");
    let number = |bytes: &[u8]| usize::try_from(u64::from_be_bytes(bytes.try_into().expect("8 bytes"))).expect("small");
    let tampered = {
        let mut bytes = whole.clone();
        // Second row of the table: the offset of the bundle, and the lengths of its entries and
        // parts.
        let (row, offset) = (48, number(&whole[56..64]));
        let (entries, parts) = (number(&whole[64..72]), number(&whole[72..80]));
        let place =
            offset + entries + bytes[offset + entries..].windows(9).position(|w| w == b"Party 300").expect("a name");
        bytes[place..place + 9].copy_from_slice(b"Party 999");
        let check = crc32fast::hash(&bytes[offset + entries..offset + entries + parts]);
        bytes[row + 36..row + 40].copy_from_slice(&check.to_be_bytes());
        let check = crc32fast::hash(&bytes[row..row + 44]);
        bytes[row + 44..row + 48].copy_from_slice(&check.to_be_bytes());
        bytes
    };
    std::fs::write(&path, &tampered).expect("writes");
    let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), sound), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("entries 256 to 511 were damaged in the journal"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(std::fs::read(&path).expect("reads"), whole);
    std::fs::write(&path, &tampered).expect("writes");
    std::fs::remove_dir_all(dir.path().join("ledger/hot")).expect("removes");
    let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("entry 300"), "{}", text(&output.stderr));
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { open.push(path) } else { all.push(path) }
        }
    }
    all.sort();
    all
}

/// Checks that a flipped bit in any file of a ledger changes neither `verify` nor a report.
///
/// The ledger has sealed entries and closed bundles too.
#[test]
fn a_flipped_bit_of_any_file_changes_nothing_that_is_read() {
    let dir = small();
    // More entries than the tail holds, so that there is an archive.
    let party = |n: u32| format!("[[party]]\nid = \"party-{n}\"\nname = \"Party {n}\"\nkind = \"council\"\n");
    std::fs::write(dir.path().join("many.toml"), (0..1100).map(party).collect::<String>()).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "many.toml", "-q"]);
    std::fs::write(dir.path().join("few.toml"), (2000..2003).map(party).collect::<String>()).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "few.toml", "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "checkpoint"]);
    let ledger = dir.path().join("ledger");
    assert!(ledger.join("archive/0/db").is_file() && ledger.join("journal/segment-0").is_file());
    let commands: [&[&str]; 2] =
        [&["--ledger", "ledger", "verify"], &["--ledger", "ledger", "report", "pledges", "--about", "a-council"]];
    let before = commands.map(|command| ok(dir.path(), command));
    let kept: Vec<(PathBuf, Vec<u8>)> = files(&ledger)
        .into_iter()
        .filter(|path| ["signing.key", "example.toml", ".gitignore", "lock"].iter().all(|name| !path.ends_with(name)))
        .map(|path| (path.clone(), std::fs::read(&path).expect("reads")))
        .collect();
    let mut noted = 0;
    for (path, bytes) in &kept {
        let live: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        for at in live.iter().step_by((live.len() / 12).max(1)) {
            restore(&ledger, &kept);
            let mut changed = bytes.clone();
            changed[*at] ^= 1 << (at % 8);
            std::fs::write(path, changed).expect("writes");
            let place = format!("byte {at} of {}", path.display());
            for (command, before) in commands.iter().zip(&before) {
                let (code, out, err) = bounded(dir.path(), command);
                assert_eq!((code, &out), (Some(0), before), "{place}: {err}");
                assert!(!err.contains("panick") && !err.contains("fault in the program"), "{place}: {err}");
                noted += usize::from(!err.is_empty());
            }
        }
    }
    assert!(noted > 20, "{noted}");
}

/// Restores every file, and removes added ones.
fn restore(ledger: &Path, kept: &[(PathBuf, Vec<u8>)]) {
    for path in files(ledger) {
        let is_system = ["signing.key", "example.toml", ".gitignore", "lock"].iter().any(|name| path.ends_with(name));
        if !is_system && !kept.iter().any(|(k, _)| *k == path) {
            std::fs::remove_file(path).expect("removes");
        }
    }
    for (path, bytes) in kept {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
        std::fs::write(path, bytes).expect("writes");
    }
}

/// Runs the program for at most twenty seconds.
fn bounded(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let (out, err) = (dir.join("out"), dir.join("err"));
    let file = |p: &Path| std::fs::File::create(p).expect("a file");
    let mut child = heldto(dir).args(arguments).stdout(file(&out)).stderr(file(&err)).spawn().expect("starts");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("waits") {
            break status;
        }
        if start.elapsed() > Duration::from_secs(20) {
            drop(child.kill());
            drop(child.wait());
            panic!("{arguments:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let read = |p: &Path| std::fs::read_to_string(p).unwrap_or_default();
    (status.code(), read(&out), read(&err))
}

/// Checks that an export is broken if it is empty, cut short, or has a line lost, doubled or moved.
#[test]
fn an_export_that_was_touched_is_broken() {
    let dir = small();
    let export = ok(dir.path(), &["--ledger", "ledger", "export"]);
    let lines: Vec<&str> = export.lines().collect();
    let moved = [lines[0], lines[2], lines[1], lines[3], lines[4]];
    let doubled = [lines[0], lines[1], lines[1], lines[2], lines[3], lines[4]];
    let cases: [(&str, Vec<&str>, &str); 5] = [
        ("cut short", lines[..4].to_vec(), "cut short"),
        ("a line lost", [&lines[..2], &lines[3..]].concat(), "entry 1"),
        ("two swapped", moved.to_vec(), "entry 0"),
        ("one doubled", doubled.to_vec(), "entry 1"),
        ("nothing", Vec::new(), "the file is empty"),
    ];
    for (what, lines, names) in cases {
        std::fs::write(dir.path().join("touched.jsonl"), lines.join("\n")).expect("writes");
        let output = run(dir.path(), &["verify", "touched.jsonl"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{what}: {said}");
        assert!(said.contains(names), "{what}: {said}");
        let restored = run(dir.path(), &["restore", "touched.jsonl", "again"]);
        assert_eq!(restored.status.code(), Some(4), "{what}");
        assert!(!dir.path().join("again").exists(), "{what}: nothing is made from what is broken");
    }
}
