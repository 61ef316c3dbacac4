//! A store in memory whose appends fail on purpose, for tests of error handling.
//!
//! This module knows no entries, it only counts appends. Start at [`FaultyStore`].

use crate::{Entries, Founding, Index, IndexRecords, Log, MemoryStore, NewEntry, PartPlace, StoreError, WritableLog};
use heldto_proof::Head;
use std::ops::{Range, RangeInclusive};

/// The appends that fail, numbered from 0, and their kind of failure.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Appends that fail and store nothing.
    pub lost: Vec<u64>,
    /// Appends that store everything and then report failure: callers cannot distinguish the two
    /// kinds.
    pub failed_but_kept: Vec<u64>,
}

/// A store in memory that fails at chosen appends.
#[derive(Debug, Clone)]
pub struct FaultyStore {
    inner: MemoryStore,
    faults: Faults,
    appends: u64,
}

impl FaultyStore {
    /// Returns a store that fails as `faults` says.
    #[must_use]
    pub const fn new(inner: MemoryStore, faults: Faults) -> Self {
        Self { inner, faults, appends: 0 }
    }
}

impl WritableLog for FaultyStore {
    fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        let number = self.appends;
        self.appends += 1;
        let fault = || StoreError::Io {
            what: "writing entries".to_owned(),
            source: std::io::Error::other("a fault on purpose"),
        };
        if self.faults.lost.contains(&number) {
            return Err(fault());
        }
        self.inner.append(expected, entries, head)?;
        if self.faults.failed_but_kept.contains(&number) { Err(fault()) } else { Ok(()) }
    }

    fn append_and_erase(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        parts: &[PartPlace],
    ) -> Result<(), StoreError> {
        self.append(expected, entries, head)?;
        self.inner.erase(parts);
        Ok(())
    }
}

impl Log for FaultyStore {
    fn founding(&self) -> Result<Founding, StoreError> {
        self.inner.founding()
    }

    fn head(&self) -> Result<Head, StoreError> {
        self.inner.head()
    }

    fn entries(&self, range: Range<u64>) -> Entries<'_> {
        self.inner.entries(range)
    }

    fn index(&self) -> Option<&dyn Index> {
        self.inner.index()
    }
}

impl Index for FaultyStore {
    fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError> {
        self.inner.find(hashes, most)
    }

    fn records(&self, hashes: RangeInclusive<u64>) -> Result<IndexRecords<'_>, StoreError> {
        self.inner.records(hashes)
    }
}
