//! High-water marks: files apart from the log, which record its acknowledged and its signed size,
//! and the checkpoint.
//!
//! Turns a mark that the log does not meet into a refusal, and mends damaged marks. Start at
//! [`Marks`].

use crate::SledStore;
use crate::files::{self, ACKNOWLEDGED, HighWaterMark, MarkFile, SIGNED};
use crate::replica::Replica;
use heldto_journal::{checked, with_check};
use heldto_proof::{Chain, Checkpoint, CompactRange, SignedNote, Verifier, leaf_hash};
use heldto_store::{Checkpoints, Log, Notice, StoreError};
use std::path::Path;

/// Both marks, read before the journal, because a writer alongside a reader moves them last.
pub struct Marks {
    acknowledged: MarkFile,
    signed: MarkFile,
}

impl Marks {
    /// Reads both marks.
    ///
    /// # Errors
    /// On an I/O error.
    pub fn read(dir: &Path) -> Result<Self, StoreError> {
        let signed = HighWaterMark::read(dir, SIGNED)?;
        let acknowledged = HighWaterMark::read(dir, ACKNOWLEDGED)?;
        Ok(Self { acknowledged, signed })
    }

    /// Returns the number of entries that the marks require.
    pub fn size(&self) -> u64 {
        let size = |file: &MarkFile| if let MarkFile::Sound(mark, ..) = file { mark.size } else { 0 };
        size(&self.acknowledged).max(size(&self.signed))
    }
}

impl SledStore {
    /// Checks the log against both marks, mending damaged bundles from `replica`.
    ///
    /// # Errors
    /// [`StoreError::Behind`] if the log has fewer entries than a mark says, or others.
    pub(crate) fn check_rollbacks(&self, marks: &Marks, replica: Option<&Replica>) -> Result<(), StoreError> {
        for (name, file) in [(ACKNOWLEDGED, &marks.acknowledged), (SIGNED, &marks.signed)] {
            if let MarkFile::Sound(mark, ..) = file {
                self.check_rollback(mark, name, replica)?;
            }
        }
        Ok(())
    }

    /// Rewrites marks that are missing, damaged or in an earlier format.
    pub(crate) fn renew_marks(&self, marks: Marks) -> Result<(), StoreError> {
        match marks.acknowledged {
            MarkFile::Sound(_, _, is_stale) => {
                if is_stale && self.lock.is_some() {
                    self.write_acknowledged()?;
                }
            }
            MarkFile::Absent | MarkFile::Damaged if self.lock.is_some() => {
                self.write_acknowledged()?;
                self.notices.add(Notice::FileRebuilt(ACKNOWLEDGED.to_owned()));
            }
            MarkFile::Absent | MarkFile::Damaged => {}
        }
        match marks.signed {
            MarkFile::Absent if self.dir.join("checkpoint").exists() => self.rebuild_signed(),
            MarkFile::Absent => Ok(()),
            MarkFile::Sound(mark, note, is_stale) => {
                if is_stale && self.lock.is_some() {
                    // Before the journal existed, the checkpoint was in its own file only.
                    let note = if note.is_empty() { self.checkpoint_file()?.unwrap_or_default() } else { note };
                    mark.write(&self.dir, SIGNED, &note, true)?;
                }
                Ok(())
            }
            MarkFile::Damaged => self.rebuild_signed(),
        }
    }

    /// Checks that the log holds all the entries of a mark, unchanged.
    fn check_rollback(&self, mark: &HighWaterMark, name: &str, replica: Option<&Replica>) -> Result<(), StoreError> {
        let size = self.journal.head().size();
        if size < mark.size {
            let why = format!("{} {name}, but only {size} can be read", files::entries_were(mark.size));
            return Err(StoreError::Behind(why));
        }
        let chain = match self.chain_at(mark.size, replica) {
            // An entry that no copy has whole is left to its readers and to a repair, which opens
            // the ledger first.
            Err(StoreError::Lost { .. }) => return Ok(()),
            chain => chain?,
        };
        if chain == mark.chain {
            Ok(())
        } else {
            let were = files::entries_were(mark.size);
            Err(StoreError::Behind(format!("{were} {name}, but the ledger begins with others")))
        }
    }

    /// Rebuilds the signed mark from the checkpoint, if that is one of this log, or moves the mark
    /// aside.
    fn rebuild_signed(&self) -> Result<(), StoreError> {
        let checkpoint = self.checkpoint_file()?;
        let note = checkpoint.as_deref().and_then(|text| SignedNote::parse(text.as_bytes()).ok());
        let parsed = note.as_ref().and_then(|note| Checkpoint::of(note).ok());
        let genesis = &self.journal.founding().genesis;
        let key = Verifier { name: genesis.origin.clone(), key: genesis.key };
        if let (Some(note), Some(checkpoint)) = (&note, &parsed)
            && checkpoint.size > self.journal.head().size()
            && note.verify(&key).is_ok()
        {
            let size = self.journal.head().size();
            let were = files::entries_were(checkpoint.size);
            return Err(StoreError::Behind(format!("{were} signed, but only {size} can be read")));
        }
        let fitting = match parsed.filter(|checkpoint| checkpoint.size <= self.journal.head().size()) {
            Some(checkpoint) => self.chain_of(&checkpoint)?.map(|chain| (checkpoint.size, chain)),
            None => None,
        };
        match (fitting, checkpoint) {
            (Some((size, chain)), Some(note)) => {
                if self.lock.is_some() {
                    HighWaterMark { size, chain }.write(&self.dir, SIGNED, &note, true)?;
                }
                self.notices.add(Notice::FileRebuilt(SIGNED.to_owned()));
            }
            _ => {
                if self.lock.is_some() && self.dir.join(SIGNED).exists() {
                    let from = self.dir.join(SIGNED);
                    let to = self.dir.join("signed.damaged");
                    std::fs::rename(&from, to).map_err(files::io(format!("moving {} aside", from.display())))?;
                }
                self.notices.add(Notice::FileLost(SIGNED.to_owned()));
            }
        }
        Ok(())
    }

    /// Returns the chain value after the entries of a checkpoint, if they have its root.
    fn chain_of(&self, checkpoint: &Checkpoint) -> Result<Option<Chain>, StoreError> {
        let mut edge = CompactRange::default();
        let mut entries = self.entries(0..checkpoint.size);
        while let Some(stored) = entries.try_next()? {
            edge.push(leaf_hash(&stored.entry));
        }
        if edge.root() == checkpoint.root { self.chain_at(checkpoint.size, None).map(Some) } else { Ok(None) }
    }

    fn checkpoint_file(&self) -> Result<Option<String>, StoreError> {
        let bytes = files::read_if_there(&self.dir.join("checkpoint"))?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Caches the result of judging the whole ledger; not durable, since losing it costs only time.
    ///
    /// # Errors
    /// On an I/O error.
    pub fn put_status_cache(dir: &Path, text: &str) -> Result<(), StoreError> {
        files::replace(dir, "judged", &with_check(text), false).map(drop)
    }

    /// Returns the cached result of judging the whole ledger, if sound.
    ///
    /// # Errors
    /// On an I/O error.
    pub fn status_cache(&self) -> Result<Option<String>, StoreError> {
        let bytes = files::read_if_there(&self.dir.join("judged"))?;
        Ok(bytes.and_then(|bytes| checked(&bytes)).map(|(text, _)| text))
    }
}

impl Checkpoints for SledStore {
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let file = files::read_if_there(&self.dir.join("checkpoint"))?;
        let MarkFile::Sound(_, note, _) = HighWaterMark::read(&self.dir, SIGNED)? else { return Ok(file) };
        if note.is_empty() {
            return Ok(file);
        }
        if file.as_deref() != Some(note.as_bytes()) && self.lock.is_some() {
            files::replace(&self.dir, "checkpoint", note.as_bytes(), true)?;
            self.notices.add(Notice::FileRebuilt("checkpoint".to_owned()));
        }
        Ok(Some(note.into_bytes()))
    }

    /// Writes the signed mark, and the checkpoint to a file of its own.
    ///
    /// After an I/O error either nothing is recorded, or everything but the file `checkpoint`,
    /// which the next `checkpoint` restores.
    fn put_checkpoint(&mut self, size: u64, chain: Chain, checkpoint: &str) -> Result<(), StoreError> {
        if self.lock.is_none() {
            return Err(StoreError::ReadOnly);
        }
        if self.is_partial() {
            return Err(StoreError::Partial);
        }
        // Signed entries must be on the disk, not only in the system's memory.
        self.journal.renew()?;
        HighWaterMark { size, chain }.write(&self.dir, SIGNED, checkpoint, true)?;
        files::replace(&self.dir, "checkpoint", checkpoint.as_bytes(), true).map(drop)
    }
}
