//! The [`Store`] trait, kept by both copies: the journal holds and answers, the databases find.
//!
//! An error of the databases makes them suspect, and the journal answers instead; only `index`
//! returns the error. Start at `append`.

use crate::SledStore;
use heldto_proof::Head;
use heldto_store::{Founding, NewEntry, Store, StoreError, StoredEntry};
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, OnceLock, PoisonError};

impl Store for SledStore {
    fn founding(&self) -> Result<Founding, StoreError> {
        Ok(self.journal.founding().clone())
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.journal.head().clone())
    }

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

    fn read(&self, range: Range<u64>, visit: &mut dyn FnMut(&StoredEntry) -> bool) -> Result<(), StoreError> {
        self.read_mending(range, None, visit)
    }

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

    fn index(&self, hashes: RangeInclusive<u64>, visit: &mut dyn FnMut(u64, u64) -> bool) -> Result<(), StoreError> {
        if let Some(replica) = self.replica() {
            return replica.index(hashes, visit);
        }
        let index = self.alone_index()?;
        let from = index.partition_point(|(hash, _)| hash < hashes.start());
        index[from..].iter().take_while(|(hash, _)| hash <= hashes.end()).all(|(hash, index)| visit(*hash, *index));
        Ok(())
    }
}
