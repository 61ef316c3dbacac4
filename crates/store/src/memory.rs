//! A store in memory: implements the traits with maps, and persists nothing.
//!
//! This module knows no disk and verifies no hashes. Start at [`MemoryStore`].

use crate::{
    Checkpoints, Entries, Founding, Index, IndexRecords, Log, NewEntry, PartPlace, StoreError, StoredEntry, WritableLog,
};
use heldto_proof::{Chain, Head};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};

/// A store in memory, for tests and for checking data that is not to be kept.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    founding: Founding,
    head: Head,
    entries: BTreeMap<u64, StoredEntry>,
    index: BTreeSet<(u64, u64)>,
    checkpoint: Option<Vec<u8>>,
}

impl MemoryStore {
    /// Returns a store without entries.
    #[must_use]
    pub fn new(founding: Founding) -> Self {
        let head = Head::empty(&founding.genesis);
        Self { founding, head, entries: BTreeMap::new(), index: BTreeSet::new(), checkpoint: None }
    }

    /// Destroys parts, and the index records of entries whose first part is among them.
    pub(crate) fn erase(&mut self, parts: &[PartPlace]) {
        for (index, number) in parts {
            if let Some(stored) = self.entries.get_mut(index) {
                stored.parts.retain(|(held, _)| held != number);
            }
            if *number == 0 {
                self.index.retain(|(_, place)| place != index);
            }
        }
    }
}

#[cfg(feature = "testing")]
impl MemoryStore {
    /// Returns a stored entry, to inspect or tamper with.
    pub fn entry_mut(&mut self, index: u64) -> Option<&mut StoredEntry> {
        self.entries.get_mut(&index)
    }

    /// Returns the index records, to tamper with.
    pub const fn index_mut(&mut self) -> &mut BTreeSet<(u64, u64)> {
        &mut self.index
    }

    /// Returns the stored head, to tamper with.
    pub const fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

impl Log for MemoryStore {
    fn founding(&self) -> Result<Founding, StoreError> {
        Ok(self.founding.clone())
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.head.clone())
    }

    fn entries(&self, range: Range<u64>) -> Entries<'_> {
        Entries::new(range, |range, chunk| {
            for index in range {
                match self.entries.get(&index) {
                    Some(stored) if !chunk.is_full() => chunk.push(stored),
                    _ => break,
                }
            }
            Ok(())
        })
    }

    fn index(&self) -> Option<&dyn Index> {
        Some(self)
    }
}

impl Index for MemoryStore {
    fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError> {
        let of = |hash: &u64| self.index.range((*hash, 0)..=(*hash, u64::MAX)).take(most);
        Ok(hashes.iter().flat_map(of).copied().collect())
    }

    fn records(&self, hashes: RangeInclusive<u64>) -> Result<IndexRecords<'_>, StoreError> {
        Ok(Box::new(self.index.range((*hashes.start(), 0)..=(*hashes.end(), u64::MAX)).map(|record| Ok(*record))))
    }
}

impl WritableLog for MemoryStore {
    fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        if self.head != *expected {
            return Err(StoreError::Conflict { expected: expected.size(), found: self.head.size() });
        }
        for (index, new) in (expected.size()..).zip(entries) {
            let parts = (0_u16..).zip(&new.parts).filter_map(|(n, part)| Some((n, part.clone()?))).collect();
            self.entries.insert(index, StoredEntry { index, entry: new.entry.clone(), parts });
            self.index.extend(new.index_hashes.iter().map(|hash| (*hash, index)));
        }
        self.head = head.clone();
        Ok(())
    }

    fn append_and_erase(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        parts: &[PartPlace],
    ) -> Result<(), StoreError> {
        self.append(expected, entries, head)?;
        self.erase(parts);
        Ok(())
    }
}

impl Checkpoints for MemoryStore {
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.checkpoint.clone())
    }

    fn put_checkpoint(&mut self, _: u64, _: Chain, checkpoint: &str) -> Result<(), StoreError> {
        self.checkpoint = Some(checkpoint.as_bytes().to_vec());
        Ok(())
    }
}
