//! Reads a published folder as a [`Store`], without an index and read-only.
//!
//! This module does not check chain values, parts or signatures. Start at [`FolderStore::open`].

use crate::{Folder, FolderError};
use heldto_proof::{Chain, Entry, Genesis, Head, TILE_WIDTH, Verifier, chain};
use heldto_store::{Founding, NewEntry, Store, StoreError, StoredEntry};
use std::ops::{Range, RangeInclusive};

/// A published folder, read one bundle at a time, so that memory does not grow with the log.
pub struct FolderStore {
    folder: Folder,
    founding: Founding,
    head: Head,
}

impl FolderStore {
    /// Reads the first `size` entries once and checks the tiles against them.
    ///
    /// Parts, chain values and the checkpoint's signature are left to verification.
    ///
    /// # Errors
    /// At the first file that is missing or malformed.
    pub fn open(folder: Folder, first_key: Verifier, size: u64) -> Result<Self, FolderError> {
        let (edge, last) = folder.check_tiles(size)?;
        let genesis = Genesis { origin: first_key.name, key: first_key.key };
        // An entry that cannot be read is reported by verification.
        let recorded_at = Entry::decode(&last).map_or(i64::MIN, |entry| entry.recorded_at);
        let chain: Chain = if size == 0 { genesis.chain() } else { chain(&last) };
        let head = Head { chain, edge, recorded_at, checkpoint: None };
        Ok(Self { folder, founding: Founding { genesis, index_key: [0; 32] }, head })
    }
}

impl Store for FolderStore {
    fn founding(&self) -> Result<Founding, StoreError> {
        Ok(self.founding.clone())
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.head.clone())
    }

    fn append(&mut self, _: &Head, _: &[NewEntry], _: &Head) -> Result<(), StoreError> {
        Err(StoreError::ReadOnly)
    }

    fn read(&self, range: Range<u64>, visit: &mut dyn FnMut(&StoredEntry) -> bool) -> Result<(), StoreError> {
        let mut next = range.start;
        let size = self.head.size();
        while next < range.end {
            if next >= size {
                return Err(StoreError::Missing(next));
            }
            let index = next / TILE_WIDTH;
            let width = (size - index * TILE_WIDTH).min(TILE_WIDTH);
            let from = next;
            for stored in self.folder.bundle_with_parts(index, width)?.into_iter().skip_while(|s| s.index < from) {
                if next >= range.end {
                    break;
                }
                next += 1;
                if !visit(&stored) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn find(&self, _: &[u64], _: usize) -> Result<Vec<(u64, u64)>, StoreError> {
        Ok(Vec::new())
    }

    fn keeps_index(&self) -> bool {
        false
    }

    fn index(&self, _: RangeInclusive<u64>, _: &mut dyn FnMut(u64, u64) -> bool) -> Result<(), StoreError> {
        Ok(())
    }
}

impl From<FolderError> for StoreError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { path, source } => Self::Io { what: format!("reading {path}"), source },
            FolderError::Broken { path, why } => Self::File { path, why },
            FolderError::Store(error) => error,
        }
    }
}
