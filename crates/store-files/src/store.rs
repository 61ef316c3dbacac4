//! Reads a published folder as a [`Log`] without an index.
//!
//! This module does not check chain values, parts or signatures. Start at [`FolderStore::open`].

use crate::{Directory, Folder, FolderError, PublishedFiles};
use heldto_proof::{Chain, Entry, Genesis, Head, TILE_WIDTH, Verifier, chain};
use heldto_store::{Entries, Founding, Index, Log, StoreError};
use std::ops::Range;

/// A published folder, read one bundle at a time, so that memory does not grow with the log.
pub struct FolderStore<F = Directory> {
    folder: Folder<F>,
    founding: Founding,
    head: Head,
}

impl<F: PublishedFiles> FolderStore<F> {
    /// Reads the first `size` entries once and checks the tiles against them.
    ///
    /// Parts, chain values and the checkpoint's signature are left to verification.
    ///
    /// # Errors
    /// At the first file that is missing or malformed.
    pub fn open(folder: Folder<F>, first_key: Verifier, size: u64) -> Result<Self, FolderError> {
        let (edge, last) = folder.check_tiles(size)?;
        let genesis = Genesis { origin: first_key.name, key: first_key.key };
        // An entry that cannot be read is reported by verification.
        let recorded_at = Entry::decode(&last).map_or(i64::MIN, |entry| entry.recorded_at);
        let chain: Chain = if size == 0 { genesis.chain() } else { chain(&last) };
        let head = Head { chain, edge, recorded_at, checkpoint: None };
        Ok(Self { folder, founding: Founding { genesis, index_key: [0; 32] }, head })
    }
}

impl<F: PublishedFiles> Log for FolderStore<F> {
    fn founding(&self) -> Result<Founding, StoreError> {
        Ok(self.founding.clone())
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.head.clone())
    }

    fn entries(&self, range: Range<u64>) -> Entries<'_> {
        Entries::new(range, |range, chunk| {
            let size = self.head.size();
            if range.start < size {
                let index = range.start / TILE_WIDTH;
                let width = (size - index * TILE_WIDTH).min(TILE_WIDTH);
                let bundle = self.folder.bundle_with_parts(index, width)?;
                bundle.iter().filter(|stored| range.contains(&stored.index)).for_each(|stored| chunk.push(stored));
            }
            Ok(())
        })
    }

    fn index(&self) -> Option<&dyn Index> {
        None
    }
}

impl From<FolderError> for StoreError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { path, source } => Self::Io { what: format!("reading {path}"), source },
            FolderError::Broken { path, why } => Self::File { path, why },
            FolderError::Overtaken { path } => Self::File { path, why: "it changes while it is read".to_owned() },
            FolderError::Store(error) => error,
        }
    }
}
