//! Reports of repairs and fallbacks that a store made unasked and its user should know about.
//!
//! This module knows sentences, not repairs. Start at [`Notice`].

use std::sync::{Arc, Mutex, PoisonError};

/// A repair or fallback that a store made unasked.
///
/// Displays as one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// One wrong bit was corrected by means of its check value.
    #[error("{0}: one bit was wrong and was corrected")]
    BitCorrected(String),
    /// Damaged entries of the journal were restored from another copy.
    #[error("{} damaged in the journal and restored from another copy", entries(*.first, *.last))]
    JournalMended {
        /// Index of the first entry.
        first: u64,
        /// Index of the last entry.
        last: u64,
    },
    /// The journal was missing or unreadable, and was rebuilt from the database.
    #[error(
        "the journal could not be read ({why}) and was rebuilt from the database: {}",
        complete(*.entries)
    )]
    JournalRebuilt {
        /// The damage found.
        why: String,
        /// Number of entries now in the journal.
        entries: u64,
    },
    /// The database failed in the middle of a command.
    #[error(
        "the database could not be used ({0}); the answer comes from the journal and is complete; the next command \
         will check the database"
    )]
    DatabaseSuspect(String),
    /// The database cannot be rebuilt.
    #[error("the database cannot be rebuilt: {0}")]
    DatabaseNotRebuilt(String),
    /// The database was damaged, and was rebuilt from the journal.
    #[error("the database was damaged and was rebuilt from the journal: {}", complete(*.entries))]
    DatabaseRebuilt {
        /// The damage found.
        why: String,
        /// Number of entries now in the database.
        entries: u64,
    },
    /// The database was suspect, and a check found it sound.
    #[error("an earlier command was interrupted; the database was checked and is sound")]
    DatabaseChecked,
    /// An erasure that was interrupted was finished.
    #[error("an earlier command was interrupted while erasing; what it recorded as erased is gone now")]
    ErasureFinished,
    /// An erasure that was interrupted could not be finished.
    #[error(
        "an earlier command was interrupted while erasing, and this one could not finish it: {0}; \
         what is recorded as erased is left out here, and is still on the disk"
    )]
    ErasureUnfinished(String),
    /// A server's files may still have what was erased, for that reason.
    #[error(
        "what was erased cannot be read any more, but the server's files may still have it: {0}; the owner of the \
         ledger's schema removes it with: heldto redact --clean"
    )]
    ServerKeepsErased(String),
    /// The folder is not writable, so the database is not opened.
    #[error("the folder cannot be written to, so the ledger is read from its journal")]
    FolderUnwritable,
    /// Another process is writing.
    #[error("another command is writing ({0}); this shows what was recorded before it")]
    BesideWriter(String),
    /// The index had to be made in memory.
    #[error("without the database, all {0} entries must be read, which takes a while")]
    LogFolded(u64),
    /// The ledger was made before there was a journal, and one was added.
    #[error(
        "this ledger was made by an earlier version of heldto and now has a journal too: {}",
        complete(*.0)
    )]
    TakenUp(u64),
    /// The ledger was made before there was a journal, and its folder is not writable.
    #[error(
        "this ledger was made by an earlier version, and its folder cannot be written to: it is read from a temporary \
         copy"
    )]
    OldLayoutCopied,
    /// The journal is missing, and the folder is not writable.
    #[error("the journal is missing, and the folder cannot be written to: the ledger is read from a temporary copy")]
    JournalCopied,
    /// A small file was damaged or missing, and was rebuilt from other data.
    #[error("the file `{0}` was damaged or missing and was rebuilt")]
    FileRebuilt(String),
    /// A small file was damaged, and no other copy of its content exists.
    #[error(
        "the file `{0}` was damaged and was moved aside; compare the ledger with a checkpoint that you kept: heldto \
         verify --expect CHECKPOINT"
    )]
    FileLost(String),
}

/// A list of notices, shared between a store and its opener.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    new: Vec<Notice>,
    taken: Vec<Notice>,
}

impl Notices {
    /// Adds a notice, unless an equal one was added before.
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

/// Returns the subject and verb of a sentence about one or more entries.
fn entries(first: u64, last: u64) -> String {
    if first == last { format!("entry {first} was") } else { format!("entries {first} to {last} were") }
}

/// Returns the clause that no entry is missing.
fn complete(entries: u64) -> String {
    if entries == 1 { "its 1 entry is there".to_owned() } else { format!("all {entries} entries are there") }
}
