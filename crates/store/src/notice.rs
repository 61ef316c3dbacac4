//! What a store did by itself and whoever runs it should know.

use std::sync::{Arc, Mutex, PoisonError};

/// Something a store found or mended without being asked. Each reads as one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// One bit was wrong, and its check value said which.
    #[error("{0}: one bit was wrong and has been put right")]
    BitCorrected(String),
    /// Entries of the journal were damaged, and another copy had them.
    #[error("{} damaged in the journal and {} been mended from another copy", entries(*.first, *.last), if .first == .last { "has" } else { "have" })]
    JournalMended {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// The journal was gone or could not be read at all, and the database had everything.
    #[error(
        "the journal could not be read ({why}) and has been made again from the database: all {entries} entries are there"
    )]
    JournalRebuilt {
        /// What was wrong with it.
        why: String,
        /// How many entries it holds now.
        entries: u64,
    },
    /// The database failed in the middle of a command.
    #[error(
        "the database could not be used ({0}); the answer comes from the journal and is complete, and the next command checks the database"
    )]
    DatabaseSuspect(String),
    /// The database cannot be made again.
    #[error("the database cannot be made again: {0}")]
    DatabaseNotRebuilt(String),
    /// The database was damaged, and was made again.
    #[error("the database was damaged and has been made again from the journal: all {entries} entries are there")]
    DatabaseRebuilt {
        /// What was wrong with it.
        why: String,
        /// How many entries it holds now.
        entries: u64,
    },
    /// The database was suspect and turned out to be whole.
    #[error("an earlier command was cut short; the database was checked, and is sound")]
    DatabaseChecked,
    /// The folder cannot be written to, so the database is not opened.
    #[error("the folder cannot be written to; the ledger is read from its journal, as it stands")]
    FolderUnwritable,
    /// Another process writes.
    #[error("another command is writing ({0}); this shows what was recorded before it")]
    BesideWriter(String),
    /// The index had to be made in memory.
    #[error("without the database all {0} entries have to be read, which takes a while")]
    LogFolded(u64),
    /// A ledger that was made before there was a journal.
    #[error("this ledger was made by an earlier version: its {0} entries now stand in a journal too")]
    TakenUp(u64),
    /// The same, where nothing can be written.
    #[error(
        "this ledger was made by an earlier version and its folder cannot be written to: it is read from a temporary copy"
    )]
    OldLayoutCopied,
    /// The journal is missing, where nothing can be written.
    #[error("the journal is missing and the folder cannot be written to: the ledger is read from a temporary copy")]
    JournalCopied,
    /// A small file was damaged, and was made again from what else is known.
    #[error("the file `{0}` was damaged or missing and has been made again")]
    FileRebuilt(String),
    /// A small file was damaged, and nothing else says what it held.
    #[error(
        "the file `{0}` was damaged and has been put aside; compare the ledger with a checkpoint that you kept: heldto verify --expect"
    )]
    FileLost(String),
}

/// A list of notices that whoever opened a store shares with it.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    new: Vec<Notice>,
    taken: Vec<Notice>,
}

impl Notices {
    /// Adds a notice, unless it was added before.
    pub fn add(&self, notice: Notice) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !lists.new.contains(&notice) && !lists.taken.contains(&notice) {
            lists.new.push(notice);
        }
    }

    /// Returns the notices that were not returned yet, oldest first.
    #[must_use]
    pub fn take(&self) -> Vec<Notice> {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = std::mem::take(&mut lists.new);
        lists.taken.extend_from_slice(&new);
        new
    }
}

/// The subject and verb of a sentence about some entries.
fn entries(first: u64, last: u64) -> String {
    if first == last { format!("entry {first} was") } else { format!("entries {first} to {last} were") }
}
