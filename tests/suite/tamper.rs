//! Whoever changes stored bytes is found out.

use crate::{heldto, ok, run, text};
use heldto_ledger::Ledger;
use heldto_store::Store;
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

/// Flips every byte of every live value in the opened databases. Each time, verification fails, and names the entry that the value belongs to, or one of those
/// that stand in a block with it.
#[test]
fn every_byte_of_every_live_value_matters() {
    for sealed in [false, true] {
        let dir = small();
        let path = dir.path().join("ledger");
        let mut store = SledStore::open(&path, &mut |_| {}).expect("opens");
        if sealed {
            let mut ledger = Ledger::open(store.sealing_at(1, 100)).expect("opens");
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
        let live: Vec<(usize, Vec<u8>, Vec<u8>)> = (store.databases().expect("open").iter().enumerate())
            .flat_map(|(n, db)| {
                db.iter().map(move |pair| pair.map(|(k, v)| (n, k.to_vec(), v.to_vec())).expect("reads"))
            })
            .collect();
        assert_eq!(live.iter().any(|(n, ..)| *n == 2), sealed, "the archive is in use where it is sealed");
        for (database, key, value) in &live {
            for at in 0..value.len() {
                let mut changed = value.clone();
                changed[at] ^= 1 << (at % 8);
                store.databases().expect("open")[*database].insert(key, changed).expect("writes");
                let said =
                    verdict(&mut store).err().unwrap_or_else(|| panic!("byte {at} of {key:02x?} was changed unseen"));
                let names =
                    |n: u64| said.contains(&format!("entry {n}")) || said.contains(&format!("entries from {n} "));
                match (key[0], database) {
                    (b'e', _) => {
                        assert!(
                            names(u64::from_be_bytes(key[1..9].try_into().expect("8 bytes"))),
                            "{key:02x?}: {said}"
                        );
                    }
                    (b't', 0) | (b'b', 2) => assert!((0..4).any(names), "byte {at} of entries: {said}"),
                    _ => {}
                }
                store.databases().expect("open")[*database].insert(key, value.as_slice()).expect("writes");
                flipped += 1;
            }
        }
        assert_eq!(verdict(&mut store), Ok(()), "put back, it is sound again");
        assert!(flipped > 500, "{flipped}");
    }
}

fn verdict(store: &mut SledStore) -> Result<(), String> {
    let borrowed: &SledStore = store;
    let ledger = Ledger::open(Borrowed(borrowed)).map_err(|e| e.to_string())?;
    ledger.verify(false, &mut |_| {}).map(|_| ()).map_err(|p| p.to_string())
}

/// A store to read from only.
struct Borrowed<'a>(&'a SledStore);

impl Store for Borrowed<'_> {
    fn founding(&self) -> Result<heldto_store::Founding, heldto_store::StoreError> {
        self.0.founding()
    }
    fn head(&self) -> Result<heldto_proof::Head, heldto_store::StoreError> {
        self.0.head()
    }
    fn append(
        &mut self,
        expected: &heldto_proof::Head,
        _: &[heldto_store::NewEntry],
        _: &heldto_proof::Head,
    ) -> Result<(), heldto_store::StoreError> {
        Err(heldto_store::StoreError::Conflict { expected: expected.size(), found: expected.size() })
    }
    fn read(
        &self,
        range: std::ops::Range<u64>,
        visit: &mut dyn FnMut(&heldto_store::StoredEntry) -> bool,
    ) -> Result<(), heldto_store::StoreError> {
        self.0.read(range, visit)
    }
    fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, heldto_store::StoreError> {
        self.0.find(hashes, most)
    }
    fn index(
        &self,
        hashes: std::ops::RangeInclusive<u64>,
        visit: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<(), heldto_store::StoreError> {
        self.0.index(hashes, visit)
    }
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

/// Flips raw bytes of the files under the database. Never is anything else accepted than what was written, and never does the program panic or hang.
#[test]
fn raw_bytes_flipped_are_never_accepted_for_something_else() {
    let dir = small();
    // More than the tail holds, so that there is an archive too.
    let party = |n: u32| format!("[[party]]\nid = \"party-{n}\"\nname = \"Party {n}\"\nkind = \"council\"\n");
    std::fs::write(dir.path().join("many.toml"), (0..1100).map(party).collect::<String>()).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "many.toml", "-q"]);
    assert!(dir.path().join("ledger/archive/0/db").is_file());
    let sound = ok(dir.path(), &["--ledger", "ledger", "verify"]);
    let ledger = dir.path().join("ledger");
    let kept: Vec<(PathBuf, Vec<u8>)> = ["hot", "archive"]
        .iter()
        .flat_map(|database| files(&ledger.join(database)))
        .chain([ledger.join("acknowledged")])
        .map(|p| (p.clone(), std::fs::read(&p).expect("reads")))
        .collect();
    let (mut refused, mut harmless) = (0, 0);
    for (path, bytes) in &kept {
        // Every byte of what is short; of what is long, those that are not nought, and some that are.
        let full: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0 || at % 40_000 == 0).collect();
        for at in full.iter().step_by((full.len() / 60).max(1)) {
            let mut changed = bytes.clone();
            changed[*at] ^= 0x10;
            restore(&ledger, &kept);
            std::fs::write(path, changed).expect("writes");
            let (code, out, err) = bounded(dir.path(), &["--ledger", "ledger", "verify"]);
            let place = format!("byte {at} of {}", path.display());
            assert!(!err.contains("panick") && !err.contains("fault of the program"), "{place}: {err}");
            match code {
                Some(0) => {
                    assert_eq!(out, sound, "{place}: something else was accepted");
                    harmless += 1;
                }
                Some(1 | 4) => refused += 1,
                other => panic!("{place}: exit {other:?}: {err}"),
            }
        }
    }
    eprintln!("{refused} refused, {harmless} in bytes that nothing rests on");
    assert!(refused > 20, "{refused}");
}

/// Puts every file back as it was, and removes what was added.
fn restore(ledger: &Path, kept: &[(PathBuf, Vec<u8>)]) {
    for path in ["hot", "archive"].iter().flat_map(|database| files(&ledger.join(database))) {
        if !kept.iter().any(|(k, _)| *k == path) {
            std::fs::remove_file(path).expect("removes");
        }
    }
    for (path, bytes) in kept {
        std::fs::write(path, bytes).expect("writes");
    }
}

/// Runs for at most twenty seconds.
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

/// An export with a line changed, lost, doubled or moved is broken, and the exit code says so.
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
        ("nothing", Vec::new(), "there is nothing in it"),
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
