//! What a store did by itself and whoever runs it should know.

use std::sync::{Arc, Mutex, PoisonError};

/// Something a store found or mended without being asked. Each reads as one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// One bit was wrong, and its check value said which.
    #[error("{0}: one bit was wrong and has been put right")]
    BitCorrected(String),
    /// Entries of the journal were damaged, and the database had them.
    #[error("entries {first} to {last} of the journal were damaged and have been mended from the database")]
    JournalMended {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// The journal was gone or could not be read at all, and the database had everything.
    #[error("the journal could not be read ({why}) and has been made again from the database: {entries} entries")]
    JournalRebuilt {
        /// What was wrong with it.
        why: String,
        /// How many entries it holds now.
        entries: u64,
    },
    /// The database failed in the middle of a command.
    #[error("the database failed ({0}); the answer comes from the journal, and the next command checks the database")]
    DatabaseSuspect(String),
    /// The database cannot be made again.
    #[error("the database cannot be made again: {0}")]
    DatabaseNotRebuilt(String),
    /// The database was damaged, and was made again.
    #[error("the database was damaged ({why}) and has been made again from the journal: {entries} entries")]
    DatabaseRebuilt {
        /// What was wrong with it.
        why: String,
        /// How many entries it holds now.
        entries: u64,
    },
    /// The database was suspect and turned out to be whole.
    #[error("the database was checked whole, after a command that was cut short, and is sound")]
    DatabaseChecked,
    /// The database could not be opened or made here, so the index is made in memory.
    #[error("reading from the journal alone: {0}")]
    JournalAlone(String),
    /// The index had to be made in memory.
    #[error("without the database the whole log has to be read: {0} entries")]
    LogFolded(u64),
    /// A ledger that was made before there was a journal.
    #[error("this ledger was made by an earlier version: its {0} entries now stand in a journal too")]
    TakenUp(u64),
    /// The same, where nothing can be written.
    #[error(
        "this ledger was made by an earlier version and its folder cannot be written to: it is read from a temporary copy"
    )]
    TemporaryCopy,
    /// A small file was damaged, and was made again from what else is known.
    #[error("the file `{0}` was damaged and has been made again")]
    FileRebuilt(String),
    /// A small file was damaged, and nothing else says what it held.
    #[error(
        "the file `{0}` was damaged and has been put aside; compare the ledger with a checkpoint that you kept: heldto verify --expect"
    )]
    FileLost(String),
}

/// A list of notices that whoever opened a store shares with it.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Vec<Notice>>>);

impl Notices {
    /// Adds a notice, unless it is there already.
    pub fn add(&self, notice: Notice) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains(&notice) {
            all.push(notice);
        }
    }

    /// Returns all notices, oldest first, and leaves the list empty.
    #[must_use]
    pub fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
