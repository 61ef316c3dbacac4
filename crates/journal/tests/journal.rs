//! Checks the journal after appends in batches of any size, torn writes, wrong bits and larger
//! damage.

use heldto_journal::Journal;
use heldto_proof::Head;
use heldto_store::conformance::{collect, entries, founding};
use heldto_store::{NewEntry, Notices, StoreError, StoredEntry};
use std::path::{Path, PathBuf};

fn open(dir: &Path, known: u64) -> Result<Journal, StoreError> {
    Journal::open(dir, true, known, &Notices::default())
}

/// Returns a journal with appends of these sizes, the head before and after each, and all entries.
fn journal_of(dir: &Path, appends: &[usize]) -> (Journal, Vec<Head>, Vec<NewEntry>) {
    let mut journal = Journal::create(dir, &founding()).expect("a new journal");
    let (mut heads, mut all) = (vec![journal.head().clone()], Vec::new());
    for count in appends {
        let lens: Vec<usize> = (0..*count).map(|n| 20 + n % 50).collect();
        let (new, head) = entries(journal.head(), &lens);
        journal.append(&new, &head).expect("room");
        heads.push(head);
        all.extend(new);
    }
    (journal, heads, all)
}

fn all(journal: &Journal) -> Result<Vec<StoredEntry>, StoreError> {
    collect(journal.entries(0..journal.head().size()))
}

fn same(found: &[StoredEntry], expected: &[NewEntry]) -> bool {
    found.len() == expected.len()
        && (0..).zip(found.iter().zip(expected)).all(|(index, (found, new))| {
            found.index == index && found.entry == new.entry && found.present_parts().eq(new.present_parts())
        })
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(dir).expect("a folder").map(|e| e.expect("reads").path()).collect();
    all.sort();
    all
}

#[test]
fn what_is_appended_in_any_batches_is_read_back_and_found_again() {
    let root = tempfile::tempdir().expect("a folder");
    let ways: [&[usize]; 7] =
        [&[1; 10], &[255, 1, 1], &[256], &[257, 255, 3], &[100, 100, 100, 100], &[1000, 1, 2000], &[66_000, 300, 7]];
    for (n, appends) in ways.into_iter().enumerate() {
        let dir = root.path().join(n.to_string());
        let (journal, heads, expected) = journal_of(&dir, appends);
        assert!(same(&all(&journal).expect("reads"), &expected), "{appends:?}");
        drop(journal);
        let journal = open(&dir, expected.len() as u64).expect("opens");
        assert_eq!(Some(journal.head()), heads.last(), "{appends:?}");
        assert!(!journal.is_short_of(expected.len() as u64));
        assert!(same(&all(&journal).expect("reads"), &expected), "{appends:?}");
        let mut few = Vec::new();
        let (from, until) = (expected.len() as u64 / 3, expected.len() as u64 / 2);
        few.extend(collect(journal.entries(from..until)).expect("reads").iter().map(|stored| stored.index));
        assert!(few.into_iter().eq(from..until));
        assert!(matches!(
            journal.entries(expected.len() as u64..expected.len() as u64 + 1).try_next(),
            Err(StoreError::Missing(_))
        ));
    }
}

/// Flips single bits across all files of a short journal: before and after each repair, reading
/// gives the same entries and the journal is not short.
#[test]
fn one_wrong_bit_is_put_right_wherever_it_is() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("journal");
    let (journal, heads, expected) = journal_of(&dir, &[250, 7, 1, 3]);
    let (size, head) = (journal.head().size(), heads.last().expect("a head").clone());
    drop(journal);
    let kept: Vec<(PathBuf, Vec<u8>)> =
        files(&dir).into_iter().map(|path| (path.clone(), std::fs::read(&path).expect("reads"))).collect();
    let mut hit = 0;
    for (path, bytes) in &kept {
        let live: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        for at in live.iter().step_by((live.len() / 400).max(1)) {
            let mut changed = bytes.clone();
            changed[*at] ^= 1 << (at % 8);
            for (path, bytes) in &kept {
                std::fs::write(path, bytes).expect("writes");
            }
            std::fs::write(path, changed).expect("writes");
            let place = format!("bit of byte {at} of {}", path.display());
            for round in 0..2 {
                let mut journal = open(&dir, size).unwrap_or_else(|error| panic!("{place}: {error}"));
                assert!(!journal.is_short_of(size), "{place}, round {round}");
                assert_eq!(journal.head(), &head, "{place}");
                assert!(same(&all(&journal).unwrap_or_else(|e| panic!("{place}: {e}")), &expected), "{place}");
                journal.settle().expect("writes");
                hit += 1;
            }
        }
    }
    assert!(hit > 2000, "{hit}");
}

/// Tears the last append in many ways: it is present whole or not at all, and all before it
/// remains.
#[test]
fn a_torn_append_is_left_out_whole() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("journal");
    for last in [1, 5, 251] {
        if dir.exists() {
            std::fs::remove_dir_all(&dir).expect("removes");
        }
        let (mut journal, heads, expected) = journal_of(&dir, &[3, 2]);
        let before: Vec<(PathBuf, Vec<u8>)> =
            files(&dir).into_iter().map(|path| (path.clone(), std::fs::read(&path).expect("reads"))).collect();
        let (new, head) = entries(journal.head(), &vec![40; last]);
        journal.append(&new, &head).expect("room");
        drop(journal);
        let after: Vec<(PathBuf, Vec<u8>)> =
            files(&dir).into_iter().map(|path| (path.clone(), std::fs::read(&path).expect("reads"))).collect();
        let (mut there, mut absent) = (0, 0);
        for cut in 0..300_u32 {
            // Some of the written sectors reached the disk, others did not.
            for (path, bytes) in &after {
                let old = before.iter().find(|(p, _)| p == path).map(|(_, b)| b.clone()).unwrap_or_default();
                let mut torn = bytes.clone();
                for (sector, place) in torn.chunks_mut(512).enumerate() {
                    let number = sector as u32;
                    if (number.wrapping_mul(2_654_435_761) ^ cut.wrapping_mul(40_503)).is_multiple_of(3) {
                        let from = (sector * 512).min(old.len());
                        let until = (from + place.len()).min(old.len());
                        place.fill(0);
                        place[..until - from].copy_from_slice(&old[from..until]);
                    }
                }
                std::fs::write(path, torn).expect("writes");
            }
            let mut journal = open(&dir, 5).expect("opens");
            assert!(!journal.is_short_of(5), "cut {cut} of {last}");
            let size = journal.head().size();
            assert!(size == 5 || size == 5 + last as u64, "all or nothing: {size}");
            if size == 5 {
                absent += 1;
                assert_eq!(journal.head(), &heads[2]);
                // Another append takes the place of the torn one, and no record of that one
                // returns.
                let (other, next) = entries(journal.head(), &[41]);
                journal.append(&other, &next).expect("room");
                drop(journal);
                let journal = open(&dir, 6).expect("opens");
                assert_eq!(journal.head(), &next, "cut {cut} of {last}");
                assert!(same(&all(&journal).expect("reads"), &[&expected[..], &other].concat()));
            } else {
                there += 1;
            }
        }
        eprintln!("{last}: {there} whole, {absent} left out");
        assert!(absent > 50, "{last}: {absent}");
    }
}

/// Damage beyond a single bit is reported, and not taken for a torn end, if a later append follows
/// or more entries are known.
#[test]
fn damage_is_told_from_a_torn_end() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("journal");
    let (journal, ..) = journal_of(&dir, &[2, 2, 2]);
    drop(journal);
    let path = dir.join("open-0");
    let whole = std::fs::read(&path).expect("reads");
    let live = whole.iter().rposition(|byte| *byte != 0).expect("records");
    let record = (live - 4095) / 6;
    for (hit, known, short) in [(0, 0, true), (1, 0, true), (2, 0, true), (3, 0, true), (4, 0, false), (4, 6, true)] {
        let mut bytes = whole.clone();
        bytes[4096 + hit * record + 40..4096 + hit * record + 60].fill(0xa5);
        std::fs::write(&path, bytes).expect("writes");
        let journal = open(&dir, known).expect("opens");
        assert_eq!(journal.is_short_of(known), short, "record {hit}, {known} known");
        assert_eq!(journal.head().size(), (hit as u64) / 2 * 2);
    }
}

/// Damage to a closed bundle is reported, and only the bundle's own entries can mend it.
#[test]
fn a_damaged_bundle_is_told_and_mended_by_its_own_entries_alone() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("journal");
    let (journal, _, expected) = journal_of(&dir, &[600, 300]);
    let whole = journal.closed_bundle(1).expect("reads");
    drop(journal);
    let path = dir.join("segment-0");
    let mut bytes = std::fs::read(&path).expect("reads");
    let middle = (12_288 + bytes.len()) / 2;
    bytes[middle..middle + 5000].fill(7);
    std::fs::write(&path, &bytes).expect("writes");
    let journal = open(&dir, 900).expect("opens");
    assert!(matches!(collect(journal.entries(0..900)), Err(StoreError::Block { first: 256, .. })));
    let mut other = whole.clone();
    other[3].parts[0].1.push(1);
    assert!(journal.mend(1, &other).is_err(), "they do not fit into their place");
    journal.mend(1, &whole).expect("writes");
    assert!(same(&all(&journal).expect("reads"), &expected));
    drop(journal);
    std::fs::remove_file(&path).expect("removes");
    let journal = open(&dir, 900).expect("opens");
    assert!(matches!(journal.entries(0..1).try_next(), Err(StoreError::Block { first: 0, .. })));
    let bundles = [&expected[..256], &expected[256..512], &expected[512..768]];
    for (number, bundle) in (0..).zip(bundles) {
        let entries: Vec<StoredEntry> = (number * 256..)
            .zip(bundle)
            .map(|(index, new)| StoredEntry {
                index,
                entry: new.entry.clone(),
                parts: new.present_parts().map(|(n, b)| (n, b.to_vec())).collect(),
            })
            .collect();
        journal.mend(number, &entries).expect("writes");
    }
    assert!(same(&all(&journal).expect("reads"), &expected));
}
