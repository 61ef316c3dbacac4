//! The conformance suite that every store must pass.
//!
//! Each check panics with the promise that was broken. The suite knows stores through [`Store`]
//! alone. Start at [`run`]; [`race`] covers racing writers.

use crate::{EntryHashes, Founding, NewEntry, Store, StoreError};
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
    let mut next = head.clone();
    let mut all = Vec::new();
    for len in lens {
        let index = next.size();
        let salt = [index.to_be_bytes()[7]; 32];
        let content = vec![salt[0]; *len];
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
    Box::new(|stored| hashes_of(stored.index))
}

/// Returns the index hashes of an entry, without duplicates.
fn hashes_of(index: u64) -> Vec<u64> {
    if index == 77 { vec![77] } else { vec![index, 77] }
}

/// Runs every check, each on a new store with [`founding`] that `fresh` makes.
///
/// # Panics
/// At the first promise that the store breaks.
pub fn run<S: Store>(mut fresh: impl FnMut() -> S) {
    starts_empty(&fresh());
    keeps_what_it_was_given(&mut fresh());
    refuses_a_stale_head(&mut fresh());
}

fn starts_empty(store: &impl Store) {
    assert_eq!(ok(store.founding()), founding(), "the founding is given back");
    let head = ok(store.head());
    assert_eq!(head, Head::empty(&founding().genesis), "a new store has an empty head");
    ok(store.read(0..0, &mut |_| panic!("there is nothing to read")));
    assert!(matches!(store.read(0..1, &mut |_| true), Err(StoreError::Missing(0))), "what is not there is missing");
    assert_eq!(ok(store.find(&[1], 9)), Vec::new());
    assert_eq!(records(store), Vec::new());
}

fn keeps_what_it_was_given(store: &mut impl Store) {
    let lens = [8, 7_000, 7_168, 7_169, 30_000, 65_535, 9];
    let mut all = Vec::new();
    for batch in [1, 2, 4] {
        let head = ok(store.head());
        let (entries, next) = entries(&head, &lens[all.len()..all.len() + batch]);
        ok(store.append(&head, &entries, &next));
        assert_eq!(ok(store.head()), next, "the head moves with the entries");
        all.extend(entries);
    }
    let mut seen = 0;
    ok(store.read(0..7, &mut |stored| {
        let expected = &all[usize::try_from(seen).expect("small")];
        assert_eq!((stored.index, &stored.entry), (seen, &expected.entry), "entry {seen} is given back");
        assert!(stored.present_parts().eq(expected.present_parts()), "the parts of entry {seen} are given back");
        seen += 1;
        true
    }));
    assert_eq!(seen, 7);
    let mut few = 0;
    ok(store.read(2..7, &mut |stored| {
        few += 1;
        stored.index < 4
    }));
    assert_eq!(few, 3, "reading stops when asked to");
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
    let mut first = Vec::new();
    ok(store.index(0..=u64::MAX, &mut |hash, _| {
        first.push(hash);
        first.len() < 3
    }));
    assert_eq!(first, vec![0, 1, 2], "reading the index stops when asked to");
    let mut some = Vec::new();
    ok(store.index(3..=77, &mut |hash, index| {
        some.push((hash, index));
        true
    }));
    let expected: Vec<_> = records(store).into_iter().filter(|(hash, _)| (3..=77).contains(hash)).collect();
    assert_eq!(some, expected, "a part of the index is what the whole has of it");
}

fn refuses_a_stale_head(store: &mut impl Store) {
    let empty = ok(store.head());
    let (first, moved) = entries(&empty, &[20]);
    ok(store.append(&empty, &first, &moved));
    let (second, next) = entries(&empty, &[21]);
    let result = store.append(&empty, &second, &next);
    assert!(matches!(result, Err(StoreError::Conflict { expected: 0, found: 1 })), "a stale head is a conflict");
    assert_eq!(ok(store.head()), moved, "a conflict changes nothing");
    assert!(matches!(store.read(1..2, &mut |_| true), Err(StoreError::Missing(1))), "a conflict leaves nothing behind");
    assert_eq!(records(store), vec![(0, 0), (77, 0)], "nor in the index");
}

fn records(store: &impl Store) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    ok(store.index(0..=u64::MAX, &mut |hash, index| {
        all.push((hash, index));
        true
    }));
    all
}

/// Lets `writers` threads append to one store, each `each` times, and checks that every index is
/// won by exactly one writer.
///
/// `open` opens the store anew for each attempt.
///
/// # Panics
/// If an entry is lost or duplicated.
pub fn race<S: Store>(open: impl Fn() -> S + Sync, writers: u64, each: u64) {
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let open = &open;
            scope.spawn(move || {
                for n in 0..each {
                    loop {
                        let mut store = open();
                        let head = ok(store.head());
                        let own = usize::try_from(writer * each + n).expect("small");
                        let (entries, next) = entries(&head, &[50 + own]);
                        match store.append(&head, &entries, &next) {
                            Ok(()) => break,
                            Err(StoreError::Conflict { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
    });
    let store = open();
    assert_eq!(ok(store.head()).size(), writers * each);
    let mut all = Vec::new();
    ok(store.read(0..writers * each, &mut |s| {
        all.push(s.parts[0].1.len());
        true
    }));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len() as u64, writers * each, "each entry once");
}

fn ok<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{entries, founding, race, run};
    use crate::{Faults, FaultyStore, Founding, MemoryStore, NewEntry, Store, StoreError, StoredEntry};
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

    impl Store for Shared {
        fn founding(&self) -> Result<Founding, StoreError> {
            self.with(|s| s.founding())
        }
        fn head(&self) -> Result<Head, StoreError> {
            self.with(|s| s.head())
        }
        fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
            self.with(|s| s.append(expected, entries, head))
        }
        fn read(&self, range: Range<u64>, visit: &mut dyn FnMut(&StoredEntry) -> bool) -> Result<(), StoreError> {
            self.with(|s| s.read(range, visit))
        }
        fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError> {
            self.with(|s| s.find(hashes, most))
        }
        fn index(
            &self,
            hashes: RangeInclusive<u64>,
            visit: &mut dyn FnMut(u64, u64) -> bool,
        ) -> Result<(), StoreError> {
            self.with(|s| s.index(hashes, visit))
        }
    }

    #[test]
    fn racing_writers_lose_nothing_in_memory() {
        let store = Arc::new(Mutex::new(MemoryStore::new(founding())));
        race(|| Shared(store.clone()), 4, 25);
    }
}
