//! Rebuilding of the databases from the journal, in a separate folder that is then moved to their
//! place.
//!
//! Start at `SledStore::rebuild`; `compare.rs` and `mend.rs` decide when.

use crate::files::{self, io};
use crate::replica::Replica;
use crate::{CHUNK, SledStore};
use heldto_journal::{follows, sync_dir};
use heldto_proof::{Chain, TILE_WIDTH};
use heldto_store::{NewEntry, Notice, StoreError};
use std::ops::Range;

impl SledStore {
    /// Rebuilds the databases for a fault found outside [`Self::check_database`].
    ///
    /// # Errors
    /// If the file `suspect` cannot be removed.
    pub fn rebuild_database(&mut self, why: &str) -> Result<(), StoreError> {
        if self.lock.is_none() { Ok(()) } else { self.rebuild(Some(why.to_owned())) }
    }

    /// Rebuilds the databases from the journal in a separate folder and puts them in place.
    ///
    /// `why` is the reason given in the notice; `None` gives no notice. If rebuilding fails, the
    /// journal answers, and the next command tries again.
    pub(crate) fn rebuild(&mut self, why: Option<String>) -> Result<(), StoreError> {
        // The old databases may have entries that the journal lost, so they stay in use until the
        // new ones are whole.
        match self.rebuilt() {
            Ok(replica) => {
                self.erased.has_mended = true;
                self.put_replica(replica);
                self.clear_suspect()?;
                if let Some(why) = why {
                    self.notices.add(Notice::DatabaseRebuilt { why, entries: self.journal.head().size() });
                }
                Ok(())
            }
            Err(error) => {
                self.suspect_for(match error {
                    StoreError::Lost { .. } => Notice::DatabaseNotRebuilt(error.to_string()),
                    error => Notice::DatabaseSuspect(error.to_string()),
                });
                Ok(())
            }
        }
    }

    /// Makes new databases from the journal, puts them in place and removes the old ones.
    ///
    /// # Errors
    /// If an entry cannot be read or proved, or on an I/O error.
    pub(crate) fn rebuilt(&self) -> Result<Replica, StoreError> {
        // From here to the end, nothing in `hot` and `archive` is trusted.
        self.write_suspect()?;
        let aside = self.dir.join("rebuilt");
        let replaced = self.dir.join("replaced");
        files::remove_dir(&aside)?;
        files::remove_dir(&replaced)?;
        std::fs::create_dir(&aside).map_err(io(format!("creating the folder {}", aside.display())))?;
        let mut replica = Replica::create(&aside, self.journal.founding(), self.lengths)?;
        let size = self.journal.head().size();
        while replica.size() < size {
            let until = (replica.size() + CHUNK).min(size);
            let entries = self.proved(replica.size()..until, replica.chain())?;
            if replica.would_seal(entries.len() as u64) {
                replica.seal(&entries)?;
            } else {
                replica.add_to_tail(&entries)?;
            }
        }
        replica.sync()?;
        replica.close();
        std::fs::create_dir(&replaced).map_err(io(format!("creating the folder {}", replaced.display())))?;
        for folder in ["archive", "hot"] {
            let place = self.dir.join(folder);
            let new = aside.join(folder);
            let moving = || io(format!("moving the folder {}", place.display()));
            if place.is_dir() {
                std::fs::rename(&place, replaced.join(folder)).map_err(moving())?;
            }
            if new.is_dir() {
                std::fs::rename(&new, &place).map_err(moving())?;
            }
        }
        sync_dir(&self.dir)?;
        let (replica, ..) = Replica::open(&self.dir, self.lengths)?;
        self.compare_ends(&replica)?;
        files::remove_dir(&aside)?;
        files::remove_dir(&replaced)?;
        Ok(replica)
    }

    /// Returns journal entries whose hashes fit, with their index hashes.
    ///
    /// An entry that does not fit is first mended from the old databases, which may have its last
    /// right copy.
    fn proved(&self, range: Range<u64>, before: Option<Chain>) -> Result<Vec<NewEntry>, StoreError> {
        let mut retried = None;
        loop {
            let mut all = Vec::new();
            let mut unproved = None;
            let mut previous = before.unwrap_or_else(|| self.journal.founding().genesis.chain());
            let mut entries = self.mended_entries(range.clone(), None);
            while let Some(stored) = entries.try_next()? {
                let Some(chain) = follows(stored, stored.index, Some(previous)) else {
                    unproved = Some(stored.index);
                    break;
                };
                previous = chain;
                all.push(stored.to_new((self.hashes)(stored)));
            }
            let Some(index) = unproved else { return Ok(all) };
            // If an entry does not fit the one before it, either may have been changed.
            let numbers = [index / TILE_WIDTH, index.saturating_sub(1) / TILE_WIDTH];
            let mut mended = false;
            if let Some(old) = self.replica().filter(|_| retried != Some(index)) {
                for number in numbers {
                    mended |= self.mend_unproved(number, &old)?;
                }
            }
            if !mended {
                return Err(StoreError::Lost { index, why: "its bytes do not match its hashes".to_owned() });
            }
            retried = Some(index);
        }
    }

    fn compare_ends(&self, replica: &Replica) -> Result<(), StoreError> {
        let head = self.journal.head();
        let same = replica.size() == head.size() && replica.chain().is_none_or(|chain| chain == head.chain);
        if same { Ok(()) } else { Err(StoreError::Missing(replica.size())) }
    }
}
