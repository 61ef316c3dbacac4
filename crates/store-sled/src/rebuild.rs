//! The databases made again from the journal, in a folder aside, and put in their place.

use crate::files::{self, io};
use crate::replica::Replica;
use crate::{CHUNK, SledStore};
use heldto_journal::{follows, sync_dir};
use heldto_proof::{Chain, TILE_WIDTH};
use heldto_store::{NewEntry, Notice, StoreError};
use std::ops::Range;

impl SledStore {
    /// Makes the databases again because something else than [`Self::check_database`] found them wrong.
    ///
    /// # Errors
    /// As there.
    pub fn rebuild_database(&mut self, why: &str) -> Result<(), StoreError> {
        if self.lock.is_none() { Ok(()) } else { self.rebuild(Some(why.to_owned())) }
    }

    /// Makes the databases again from the journal, in a folder aside, and puts them in their place. `why`: what is said of it; nothing
    /// without. Where that fails the journal answers, and the next command tries again.
    pub(crate) fn rebuild(&mut self, why: Option<String>) -> Result<(), StoreError> {
        // The old ones may have what the journal lost, so they are in use until the new ones are whole.
        match self.rebuilt() {
            Ok(replica) => {
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

    fn rebuilt(&self) -> Result<Replica, StoreError> {
        // From here to the end: whatever stands in `hot` and `archive` is not believed.
        self.write_suspect()?;
        let (aside, replaced) = (self.dir.join("rebuilt"), self.dir.join("replaced"));
        files::remove_dir(&aside)?;
        files::remove_dir(&replaced)?;
        std::fs::create_dir(&aside).map_err(io(format!("making the folder {}", aside.display())))?;
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
        std::fs::create_dir(&replaced).map_err(io(format!("making the folder {}", replaced.display())))?;
        for folder in ["archive", "hot"] {
            let (place, new) = (self.dir.join(folder), aside.join(folder));
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

    /// Returns entries of the journal whose hashes fit, to be stored where the old databases may be the last to have the right ones.
    fn proved(&self, range: Range<u64>, before: Option<Chain>) -> Result<Vec<NewEntry>, StoreError> {
        let mut retried = None;
        loop {
            let (mut all, mut unproved) = (Vec::new(), None);
            let mut previous = before.unwrap_or_else(|| self.journal.founding().genesis.chain());
            self.read_mending(range.clone(), None, &mut |stored| {
                match follows(stored, stored.index, Some(previous)) {
                    Some(chain) => previous = chain,
                    None => unproved = Some(stored.index),
                }
                all.push(stored.to_new((self.hashes)(stored)));
                unproved.is_none()
            })?;
            let Some(index) = unproved else { return Ok(all) };
            // Where an entry does not fit the one before it, either may be the one that was changed.
            let numbers = [index / TILE_WIDTH, index.saturating_sub(1) / TILE_WIDTH];
            let mut mended = false;
            if let Some(old) = self.replica().filter(|_| retried != Some(index)) {
                for number in numbers {
                    mended |= self.mend_unproved(number, &old)?;
                }
            }
            if !mended {
                return Err(StoreError::Lost { index, why: "its bytes do not fit its hashes".to_owned() });
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
