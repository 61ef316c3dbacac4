//! The traits of a store, kept by both copies: the journal holds and answers, the databases find.
//!
//! An error of the databases makes them suspect, and the journal answers instead; only `records`
//! returns the error. Start at `append`.

use crate::SledStore;
use heldto_proof::Head;
use heldto_store::{Entries, Founding, Index, IndexRecords, Log, NewEntry, PartPlace, StoreError, WritableLog};
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, OnceLock, PoisonError};

impl Log for SledStore {
    fn founding(&self) -> Result<Founding, StoreError> {
        Ok(self.journal.founding().clone())
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.journal.head().clone())
    }

    fn entries(&self, range: Range<u64>) -> Entries<'_> {
        self.mended_entries(range, None)
    }

    fn index(&self) -> Option<&dyn Index> {
        Some(self)
    }
}

impl WritableLog for SledStore {
    fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        if self.lock.is_none() {
            return Err(StoreError::ReadOnly);
        }
        if self.is_partial() {
            return Err(StoreError::Partial);
        }
        let found = self.journal.head();
        if found != expected {
            return Err(StoreError::Conflict { expected: expected.size(), found: found.size() });
        }
        match self.journal.append(entries, head) {
            // A bundle before these entries is damaged.
            Err(StoreError::Block { first, .. }) => {
                self.mend_bundle(first, None)?;
                self.journal.append(entries, head)?;
            }
            appended => appended?,
        }
        // Acknowledged from here on: an error of the databases is no error of the append.
        let taken = self.replica.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut replica) = taken.and_then(Arc::into_inner) {
            match self.add(&mut replica, entries) {
                Ok(()) => self.put_replica(replica),
                Err(error) => self.suspect(&error),
            }
        }
        self.alone_index = OnceLock::new();
        // If the write fails, the older mark is still true.
        drop(self.write_acknowledged());
        Ok(())
    }

    fn append_and_erase(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        parts: &[PartPlace],
    ) -> Result<(), StoreError> {
        if self.lock.is_none() {
            return Err(StoreError::ReadOnly);
        }
        self.begin_erasing(head, parts)?;
        // The append commits. After a crash before it nothing was begun; after it, the next opening
        // finishes. If it fails, the outcome shows in the head.
        let appended = self.append(expected, entries, head);
        self.finish_erasing()?;
        appended
    }
}

impl Index for SledStore {
    fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError> {
        if let Some(replica) = self.replica() {
            match replica.find(hashes, most) {
                Ok(found) => return Ok(found),
                Err(error) => self.suspect(&error),
            }
        }
        let index = self.alone_index()?;
        let mut found = Vec::new();
        for hash in hashes {
            let from = index.partition_point(|(other, _)| other < hash);
            found.extend(index[from..].iter().take_while(|(other, _)| other == hash).take(most));
        }
        Ok(found)
    }

    fn records(&self, hashes: RangeInclusive<u64>) -> Result<IndexRecords<'_>, StoreError> {
        if let Some(replica) = self.replica() {
            return replica.records(hashes);
        }
        let index = self.alone_index()?;
        let from = index.partition_point(|(hash, _)| hash < hashes.start());
        Ok(Box::new(index[from..].iter().take_while(move |(hash, _)| hash <= hashes.end()).map(|record| Ok(*record))))
    }
}
