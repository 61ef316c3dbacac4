//! Comparison of the databases with the journal, entry by entry and record by record.
//!
//! Turns a difference into an error, a repair of the journal or a rebuild. Start at
//! [`SledStore::check_database`].

use crate::SledStore;
use crate::candidates::Candidates;
use crate::replica::{Replica, damaged};
use heldto_journal::first_unlinked;
use heldto_proof::TILE_WIDTH;
use heldto_store::{Notice, StoreError};
use rayon::prelude::*;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// Number of entries that a thread compares at a time.
const COMPARED: u64 = 1 << 12;

impl SledStore {
    /// Compares every entry of the databases with the journal and, if `index`, the whole index too.
    ///
    /// Returns the first fault of the databases: missing, damaged or different content. The index
    /// is compared by a sum under a random key. Uses all cores, up to 16.
    ///
    /// # Errors
    /// If the journal cannot be read, which says nothing about the databases.
    pub(crate) fn compare(&self, replica: &Replica, index: bool) -> Result<Option<StoreError>, StoreError> {
        let size = self.journal.head().size();
        if replica.size() != size {
            return Ok(Some(StoreError::Missing(replica.size().min(size))));
        }
        let secret = RandomState::new();
        let sum = |hash: u64, index: u64| secret.hash_one((hash, index));
        let compare = |n: u64| {
            let first = n * COMPARED;
            // The error of the journal outside, that of the databases inside.
            match self.compare_entries(replica, first..(first + COMPARED).min(size), index.then_some(&sum)) {
                Ok(sum) => sum.map_err(Ok),
                Err(error) => Err(Err(error)),
            }
        };
        let chunks = size.div_ceil(COMPARED);
        let sums = if chunks > 1 {
            (0..chunks).into_par_iter().map(compare).try_reduce(|| 0, |a, b| Ok(a.wrapping_add(b)))
        } else {
            (0..chunks).map(compare).sum()
        };
        let expected = match sums {
            Ok(expected) => expected,
            Err(Ok(error)) => return Ok(Some(error)),
            Err(Err(error)) => return Err(error),
        };
        if !index {
            return Ok(None);
        }
        let records = replica.records(0..=u64::MAX);
        let found = records.and_then(|mut records| {
            records.try_fold(0_u64, |all, record| record.map(|(hash, index)| all.wrapping_add(sum(hash, index))))
        });
        Ok(match found {
            Ok(found) if found == expected => None,
            Ok(_) => Some(damaged("index", "it does not match the entries")),
            Err(error) => Some(error),
        })
    }

    /// Compares a range of entries with the journal; returns the sum that their index records must
    /// have, or the databases' fault.
    ///
    /// # Errors
    /// If the journal cannot be read.
    fn compare_entries(
        &self,
        replica: &Replica,
        range: Range<u64>,
        sum: Option<&dyn Fn(u64, u64) -> u64>,
    ) -> Result<Result<u64, StoreError>, StoreError> {
        let mut retried = None;
        loop {
            let mut expected = 0_u64;
            let mut differs = None;
            let mut own = self.mended_entries(range.clone(), Some(replica));
            let mut copies = replica.entries(range.clone());
            while let Some(stored) = own.try_next()? {
                match copies.try_next() {
                    Ok(Some(copy)) if copy == stored => {}
                    Ok(_) => {
                        differs = Some(stored.index);
                        break;
                    }
                    Err(error) => return Ok(Err(error)),
                }
                if let Some(sum) = sum {
                    let hashes = (self.hashes)(stored);
                    expected = hashes.into_iter().fold(expected, |all, hash| all.wrapping_add(sum(hash, stored.index)));
                }
            }
            let Some(index) = differs else { return Ok(Ok(expected)) };
            if retried == Some(index) || !self.mend_unproved(index / TILE_WIDTH, replica)? {
                let why = "its bytes differ from the journal's".to_owned();
                return Ok(Err(StoreError::Block { first: index, why }));
            }
            retried = Some(index);
        }
    }

    /// Mends a closed bundle that fits its check values but not its hashes; returns `true` if it
    /// was one.
    ///
    /// Somebody changed both the entries and the check values of that bundle.
    pub(crate) fn mend_unproved(&self, number: u64, replica: &Replica) -> Result<bool, StoreError> {
        let range = number * TILE_WIDTH..(number + 1) * TILE_WIDTH;
        if range.end > self.journal.closed_size() {
            return Ok(false);
        }
        let own = self.journal.closed_bundle(number)?;
        let before = self.chain_before(range.start)?;
        let after = self.chain_after(range.end)?;
        let Some(index) = first_unlinked(&own, range.start, before, after) else { return Ok(false) };
        let mut candidates = Candidates::new(&self.erased.parts);
        candidates.add(own);
        candidates.add_from(replica, range.clone());
        let (proved, lost) = candidates.prove(range.clone(), after, before);
        if let Some(error) = candidates.failed.filter(|_| !lost.is_empty()) {
            return Err(error);
        }
        if !lost.is_empty() {
            let why = "its bytes do not match its hashes, nor do those in the database".to_owned();
            return Err(StoreError::Lost { index: lost[0].max(index), why });
        }
        self.journal.mend(number, &proved.into_values().collect::<Vec<_>>())?;
        self.notices.add(Notice::JournalMended { first: range.start, last: range.end - 1 });
        Ok(true)
    }

    /// Compares every entry of the databases, and the whole index, with the journal.
    ///
    /// # Errors
    /// If anything is missing, damaged or different, or the databases are not in use.
    pub fn compare_database(&self) -> Result<(), StoreError> {
        let failed = || StoreError::Broken("it is not in use".to_owned());
        self.compare(&*self.replica().ok_or_else(failed)?, true)?.map_or(Ok(()), Err)
    }

    /// Compares the databases with the journal, entry by entry, and rebuilds them if they differ.
    ///
    /// The index is left to verification. Does nothing if nothing can be written. If rebuilding
    /// fails, the journal answers.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn check_database(&mut self) -> Result<(), StoreError> {
        if self.lock.is_none() {
            return Ok(());
        }
        let wrong = match self.replica() {
            Some(replica) => self.compare(&replica, false)?,
            None => Some(StoreError::Broken("it failed earlier".to_owned())),
        };
        wrong.map_or(Ok(()), |error| self.rebuild(Some(error.to_string())))
    }
}
