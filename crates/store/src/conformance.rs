//! The conformance suite that every store must pass.
//!
//! Each check panics with the promise that was broken. The suite knows stores through
//! their traits alone. Start at [`run`]; [`race`] covers racing writers.

use crate::{Checkpoints, Entries, EntryHashes, Founding, NewEntry, StoreError, StoredEntry, WritableLog};
use heldto_proof::{Entry, Genesis, Head, Part, PartRef, Role, chain, leaf_hash};

/// Returns a founding record for tests.
#[must_use]
pub fn founding() -> Founding {
    Founding { genesis: Genesis { origin: "example.org/test".to_owned(), key: [9; 32] }, index_key: [5; 32] }
}

/// Returns one entry for each of `lens`, to follow `head`, and the head after them.
///
/// The entries are valid: chained, with parts that fit their commitments. Each has three parts: one
/// of the given length, an erased one and an empty one. From 3,000 bytes on, an entry has further
/// commitments. The index finds each entry by its own index and by 77.
///
/// # Panics
/// If an entry cannot be encoded.
#[must_use]
pub fn entries(head: &Head, lens: &[usize]) -> (Vec<NewEntry>, Head) {
    let contents = (head.size()..).zip(lens).map(|(index, len)| vec![index.to_be_bytes()[7]; *len]);
    entries_of(head, contents)
}

/// Returns entries as [`entries`] does, of these contents.
fn entries_of(head: &Head, contents: impl IntoIterator<Item = Vec<u8>>) -> (Vec<NewEntry>, Head) {
    let mut next = head.clone();
    let mut all = Vec::new();
    for content in contents {
        let index = next.size();
        let len = content.len();
        let salt = [index.to_be_bytes()[7]; 32];
        let part = |role, content: &[u8]| PartRef { role, commitment: Part::commitment_of(role, &salt, content) };
        let mut parts = vec![part(Role::Fact, &content), part(Role::Quotation, b"x"), part(Role::PrivateNote, &[])];
        // These commitments make the entry itself about as long as its part.
        parts.resize(3 + len.saturating_sub(3000).min(60_000) / 33, parts[1]);
        next.recorded_at = i64::try_from(index).expect("few entries");
        let entry = Entry { index, previous: next.chain, recorded_at: next.recorded_at, kind: 0, parts };
        let entry = entry.encode().expect("an entry");
        next.chain = chain(&entry);
        next.edge.push(leaf_hash(&entry));
        let parts = vec![Some([&salt[..], &content].concat()), None, Some(salt.to_vec())];
        all.push(NewEntry { entry, parts, index_hashes: hashes_of(index) });
    }
    (all, next)
}

/// Returns the function that gives the index hashes of the entries made by [`entries`].
#[must_use]
pub fn index_hashes(_: &Founding) -> EntryHashes {
    Box::new(|stored| match stored.parts.first() {
        Some((0, _)) => hashes_of(stored.index),
        // Nothing leads to an erased fact.
        _ => Vec::new(),
    })
}

/// Returns the index hashes of an entry, without duplicates.
fn hashes_of(index: u64) -> Vec<u64> {
    if index == 77 { vec![77] } else { vec![index, 77] }
}

/// Runs every check, each on a new store with [`founding`] that `fresh` makes.
///
/// # Panics
/// At the first promise that the store breaks.
pub fn run<S: WritableLog + Checkpoints>(mut fresh: impl FnMut() -> S) {
    starts_empty(&fresh());
    keeps_what_it_was_given(&mut fresh());
    refuses_a_stale_head(&mut fresh());
    keeps_the_last_checkpoint(&mut fresh());
    destroys_parts(&mut fresh());
}

fn starts_empty(store: &impl WritableLog) {
    assert_eq!(ok(store.founding()), founding(), "the founding is given back");
    let head = ok(store.head());
    assert_eq!(head, Head::empty(&founding().genesis), "a new store has an empty head");
    assert_eq!(ok(store.entries(0..0).try_next()), None, "there is nothing to read");
    assert!(matches!(store.entry(0), Err(StoreError::Missing(0))), "what is not there is missing");
    assert_eq!(ok(store.find(&[1], 9)), Vec::new());
    assert_eq!(records(store), Vec::new());
}

fn keeps_what_it_was_given(store: &mut impl WritableLog) {
    let lens = [8, 7_000, 7_168, 7_169, 30_000, 65_535, 9];
    let mut all = Vec::new();
    for batch in [1, 2, 4] {
        let head = ok(store.head());
        let (entries, next) = entries(&head, &lens[all.len()..all.len() + batch]);
        ok(store.append(&head, &entries, &next));
        assert_eq!(ok(store.head()), next, "the head moves with the entries");
        all.extend(entries);
    }
    let mut entries = store.entries(0..8);
    for (index, expected) in (0..).zip(&all) {
        let stored = ok(entries.try_next()).expect("an entry");
        assert_eq!((stored.index, &stored.entry), (index, &expected.entry), "entry {index} is given back");
        assert!(stored.present_parts().eq(expected.present_parts()), "the parts of entry {index} are given back");
    }
    assert!(matches!(entries.try_next(), Err(StoreError::Missing(7))), "those before it come first");
    assert!(matches!(entries.try_next(), Err(StoreError::Missing(7))), "it stays missing");
    drop(entries);
    let few: Vec<u64> = ok(collect(store.entries(2..5))).iter().map(|stored| stored.index).collect();
    assert_eq!(few, vec![2, 3, 4], "reading ends with the range");
    let some: Vec<_> = ok(collect(store.entries_at(&[0, 3, 6])));
    let of = |index: usize| (index as u64, &all[index].entry, all[index].present_parts().collect::<Vec<_>>().len());
    assert_eq!(
        some.iter().map(|s| (s.index, &s.entry, s.parts.len())).collect::<Vec<_>>(),
        vec![of(0), of(3), of(6)],
        "a few are read by their places"
    );
    assert!(ok(collect(store.entries_at(&[]))).is_empty());
    let mut missing = store.entries_at(&[5, 7, 40]);
    assert_eq!(ok(missing.try_next()).map(|stored| stored.index), Some(5));
    assert!(matches!(missing.try_next(), Err(StoreError::Missing(7))), "the first that is missing is named");
    drop(missing);
    assert_eq!(
        ok(store.find(&[77], usize::MAX)),
        (0..7).map(|n| (77, n)).collect::<Vec<_>>(),
        "each is found, in order"
    );
    assert_eq!(ok(store.find(&[5, 77], 3)), vec![(5, 5), (77, 0), (77, 1), (77, 2)], "of each the first few");
    assert_eq!(ok(store.find(&[3], 1)), vec![(3, 3)]);
    assert_eq!(ok(store.find(&[0, 2, 5, 50], 1)), vec![(0, 0), (2, 2), (5, 5)], "many at once");
    assert_eq!(ok(store.find(&[], 1)), Vec::new());
    let own = (0..7).map(|n| (n, n));
    assert_eq!(
        records(store),
        own.chain((0..7).map(|n| (77, n))).collect::<Vec<_>>(),
        "the index is given whole, in order"
    );
    let first: Vec<u64> = ok(store.records(0..=u64::MAX)).take(3).map(|record| ok(record).0).collect();
    assert_eq!(first, vec![0, 1, 2], "the index can be read in part");
    let some: Vec<_> = ok(store.records(3..=77)).map(ok).collect();
    let expected: Vec<_> = records(store).into_iter().filter(|(hash, _)| (3..=77).contains(hash)).collect();
    assert_eq!(some, expected, "a part of the index is what the whole has of it");
}

fn refuses_a_stale_head(store: &mut impl WritableLog) {
    let empty = ok(store.head());
    let (first, moved) = entries(&empty, &[20]);
    ok(store.append(&empty, &first, &moved));
    let (second, next) = entries(&empty, &[21]);
    let result = store.append(&empty, &second, &next);
    assert!(matches!(result, Err(StoreError::Conflict { expected: 0, found: 1 })), "a stale head is a conflict");
    assert_eq!(ok(store.head()), moved, "a conflict changes nothing");
    assert!(matches!(store.entry(1), Err(StoreError::Missing(1))), "a conflict leaves nothing behind");
    assert_eq!(records(store), vec![(0, 0), (77, 0)], "nor in the index");
}

fn destroys_parts(store: &mut impl WritableLog) {
    let empty = ok(store.head());
    let (first, head) = entries(&empty, &[20, 21, 22]);
    ok(store.append(&empty, &first, &head));
    let before = ok(collect(store.entries(0..3)));
    let (second, next) = entries(&head, &[23]);
    let stale = store.append_and_erase(&empty, &second, &next, &[(1, 0)]);
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "a stale head is a conflict");
    assert_eq!(ok(collect(store.entries(0..3))), before, "a conflict destroys nothing");
    ok(store.append_and_erase(&head, &second, &next, &[(0, 2), (1, 0)]));
    assert_eq!(ok(store.head()), next, "the head moves with the entries");
    let after = ok(collect(store.entries(0..4)));
    let held = |index: usize| after[index].present_parts().map(|(number, _)| number).collect::<Vec<_>>();
    assert_eq!([held(0), held(1), held(2), held(3)], [vec![0], vec![2], vec![0, 2], vec![0, 2]], "these and no others");
    assert!(before.iter().zip(&after).all(|(before, after)| before.entry == after.entry), "the entries stay");
    assert_eq!(ok(store.find(&[1, 77], 9)), vec![(77, 0), (77, 2), (77, 3)], "nothing leads to an erased first part");
}

fn records(store: &impl WritableLog) -> Vec<(u64, u64)> {
    ok(store.records(0..=u64::MAX)).map(ok).collect()
}

fn keeps_the_last_checkpoint<S: WritableLog + Checkpoints>(store: &mut S) {
    assert_eq!(ok(store.checkpoint()), None, "a new store was never signed");
    let empty = ok(store.head());
    let (first, head) = entries(&empty, &[20]);
    ok(store.append(&empty, &first, &head));
    for text in ["one checkpoint\n", "another\n", "another\n"] {
        ok(store.put_checkpoint(1, head.chain, text));
        assert_eq!(ok(store.checkpoint()).as_deref(), Some(text.as_bytes()), "the last checkpoint is given back");
    }
    assert_eq!(ok(store.head()), head, "a checkpoint is no entry");
}

/// Lets `writers` threads append to one store, each `each` times, and checks that every index is
/// won by exactly one writer.
///
/// `open` opens the store anew for each attempt.
///
/// # Panics
/// If an entry is lost or duplicated.
pub fn race<S: WritableLog>(open: impl Fn() -> S + Sync, writers: u64, each: u64) {
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let open = &open;
            scope.spawn(move || race_alone(open, writer, each));
        }
    });
    raced(&open(), writers * each);
}

/// Appends `each` times as one of several racing writers, which have different numbers below 2^32.
///
/// # Panics
/// If an append fails other than by a conflict.
pub fn race_alone<S: WritableLog>(open: impl Fn() -> S, writer: u64, each: u64) {
    for n in 0..each {
        loop {
            let mut store = open();
            let head = ok(store.head());
            let (entries, next) = entries_of(&head, [(writer << 32 | n).to_be_bytes().to_vec()]);
            match store.append(&head, &entries, &next) {
                Ok(()) => break,
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Checks that each entry of racing writers is in the log once, and follows the one before it.
///
/// # Panics
/// If an entry is lost, duplicated or forked.
pub fn raced(store: &impl WritableLog, count: u64) {
    assert_eq!(ok(store.head()).size(), count);
    let stored = ok(collect(store.entries(0..count)));
    let mut previous = founding().genesis.chain();
    for one in &stored {
        let entry = Entry::decode(&one.entry).expect("an entry");
        assert_eq!(entry.previous, previous, "entry {} follows the one before it", one.index);
        previous = chain(&one.entry);
    }
    let mut all: Vec<&[u8]> =
        stored.iter().filter_map(|stored| stored.present_parts().next()).map(|p| &p.1[32..]).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len() as u64, count, "each entry once");
}

/// Returns all entries that a cursor lends.
///
/// # Errors
/// At the first entry that cannot be read.
pub fn collect(mut entries: Entries<'_>) -> Result<Vec<StoredEntry>, StoreError> {
    let mut all = Vec::new();
    while let Some(stored) = entries.try_next()? {
        all.push(stored.clone());
    }
    Ok(all)
}

fn ok<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{entries, founding, race, run};
    use crate::{
        Entries, Faults, FaultyStore, Founding, Index, IndexRecords, Log, MemoryStore, NewEntry, PartPlace, StoreError,
        WritableLog,
    };
    use heldto_proof::Head;
    use std::ops::{Range, RangeInclusive};
    use std::sync::{Arc, Mutex, PoisonError};

    #[test]
    fn memory_conforms() {
        run(|| MemoryStore::new(founding()));
    }

    #[test]
    fn a_fault_leaves_all_or_nothing() {
        let faults = Faults { lost: vec![0], failed_but_kept: vec![1] };
        let mut store = FaultyStore::new(MemoryStore::new(founding()), faults);
        let head = store.head().expect("memory");
        let (batch, next) = entries(&head, &[10, 10]);
        assert!(store.append(&head, &batch, &next).is_err());
        assert_eq!(store.head().expect("memory"), head);
        assert!(store.append(&head, &batch, &next).is_err());
        assert_eq!(store.head().expect("memory"), next);
        assert!(matches!(store.append(&head, &batch, &next), Err(StoreError::Conflict { .. })));
    }

    struct Shared(Arc<Mutex<MemoryStore>>);

    impl Shared {
        fn with<T>(&self, f: impl FnOnce(&mut MemoryStore) -> T) -> T {
            f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }

    impl Log for Shared {
        fn founding(&self) -> Result<Founding, StoreError> {
            self.with(|s| s.founding())
        }
        fn head(&self) -> Result<Head, StoreError> {
            self.with(|s| s.head())
        }
        fn entries(&self, range: Range<u64>) -> Entries<'_> {
            Entries::new(range, |range, chunk| {
                chunk.push(&self.with(|s| s.entry(range.start))?);
                Ok(())
            })
        }
        fn index(&self) -> Option<&dyn Index> {
            Some(self)
        }
    }

    impl Index for Shared {
        fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError> {
            self.with(|s| s.find(hashes, most))
        }
        fn records(&self, hashes: RangeInclusive<u64>) -> Result<IndexRecords<'_>, StoreError> {
            let all: Vec<_> = self.with(|s| s.records(hashes).map(Iterator::collect))?;
            Ok(Box::new(all.into_iter()))
        }
    }

    impl WritableLog for Shared {
        fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
            self.with(|s| s.append(expected, entries, head))
        }
        fn append_and_erase(
            &mut self,
            expected: &Head,
            entries: &[NewEntry],
            head: &Head,
            parts: &[PartPlace],
        ) -> Result<(), StoreError> {
            self.with(|s| s.append_and_erase(expected, entries, head, parts))
        }
    }

    #[test]
    fn racing_writers_lose_nothing_in_memory() {
        let store = Arc::new(Mutex::new(MemoryStore::new(founding())));
        race(|| Shared(store.clone()), 4, 25);
    }
}
