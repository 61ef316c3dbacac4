//! Arbitrary changes to a journal's files: it opens or returns an error, and never returns an entry
//! that was not written.

#![no_main]

use heldto_journal::Journal;
use heldto_store::conformance::{entries, founding};
use heldto_store::{Notices, StoredEntry};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::OnceLock;

const FILES: [&str; 4] = ["open-0", "open-1", "segment-0", "founding"];

struct Base {
    dir: PathBuf,
    files: Vec<Vec<u8>>,
    entries: Vec<StoredEntry>,
}

fn all(journal: &Journal) -> Vec<StoredEntry> {
    let mut all = Vec::new();
    // Reading ends with an error at the first damaged entry; the entries before it count.
    let mut entries = journal.entries(0..journal.head().size());
    while let Ok(Some(stored)) = entries.try_next() {
        all.push(stored.clone());
    }
    all
}

fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| {
        let dir = std::env::temp_dir().join(format!("heldto-fuzz-journal-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&dir));
        let mut journal = Journal::create(&dir, &founding()).expect("a journal");
        for count in [250, 7, 1, 3, 1] {
            let (new, head) = entries(journal.head(), &vec![20; count]);
            journal.append(&new, &head).expect("room");
        }
        let files = FILES.iter().map(|name| std::fs::read(dir.join(name)).expect("reads")).collect();
        Base { dir, files, entries: all(&journal) }
    })
}

fuzz_target!(|data: &[u8]| {
    let base = base();
    let mut files = base.files.clone();
    // A patch: file number, length, a three-byte offset, and the bytes to XOR at the offset. A
    // length of 0 truncates the file at the offset.
    let mut rest = data;
    while let Some(([which, length, a, b, c], after)) = rest.split_first_chunk::<5>() {
        let file = &mut files[usize::from(which % 4)];
        let at = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let (bytes, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        if *length == 0 {
            file.truncate(at);
        } else if let Some(place) = file.get_mut(at..at + bytes.len()) {
            place.iter_mut().zip(bytes).for_each(|(old, new)| *old ^= new);
        }
    }
    for (name, bytes) in FILES.iter().zip(&files) {
        std::fs::write(base.dir.join(name), bytes).expect("room");
    }
    if let Ok(mut journal) = Journal::open(&base.dir, true, 0, &Notices::default()) {
        let found = all(&journal);
        assert!(found == base.entries[..found.len()], "something else was read");
        drop(journal.settle());
        assert!(all(&journal).len() >= found.len(), "settling loses nothing");
    }
});
