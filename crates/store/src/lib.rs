//! What a ledger asks of a store: to keep entries and their parts, all or nothing, and to give them back.
//!
//! It knows bytes and heads, never facts. A store adapter touches the disk; this room holds the trait, a store in memory, a store that fails on
//! purpose, and the suite that every store must pass.

pub mod bundle;
pub mod conformance;
mod faulty;
mod memory;
mod notice;

pub use faulty::{Faults, FaultyStore};
pub use memory::MemoryStore;
pub use notice::{Notice, Notices};

use heldto_proof::{Genesis, Head};
use std::ops::{Range, RangeInclusive};

/// What a ledger is founded on: written once, with an empty head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// The origin and the first key.
    pub genesis: Genesis,
    /// The secret under which ids are hashed in the index, so that the index tells nobody which ids exist.
    pub index_key: [u8; 32],
}

/// An entry to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The entry's bytes: those that are hashed.
    pub entry: Vec<u8>,
    /// Its parts in order, each as 32 bytes of salt and the part's bytes; `None` for one that was erased.
    pub parts: Vec<Option<Vec<u8>>>,
    /// The keyed hashes under which it is found, each once.
    pub index_hashes: Vec<u64>,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its place in the log.
    pub index: u64,
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// The parts that are there, each by its number, as 32 bytes of salt and the part's bytes.
    pub parts: Vec<(u16, Vec<u8>)>,
}

/// Returns the keyed hashes under which the index must find an entry.
pub type EntryHashes = Box<dyn Fn(&StoredEntry) -> Vec<u64> + Send + Sync>;

/// Returns the hashes' function for what a ledger is founded on.
///
/// A store that lost its index makes it again with this; only `ledger` knows facts, so only `ledger` provides it.
pub type IndexHashes = fn(&Founding) -> EntryHashes;

/// Keeps a ledger's bytes. One writer at a time; what is written is durable when the call returns.
pub trait Store {
    /// What the ledger is founded on.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    fn founding(&self) -> Result<Founding, StoreError>;

    /// Where the ledger stands.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    fn head(&self) -> Result<Head, StoreError>;

    /// Adds entries and moves the head, all or nothing, if the head is still `expected` (compare and swap).
    ///
    /// Durable on return. After an error other than [`StoreError::Conflict`] the outcome is *unknown*: read the head again. A retry after
    /// success is a conflict, never a second copy.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another writer moved the head; anything else as said above.
    fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError>;

    /// Reads entries in order until `visit` returns `false` or the range ends. An entry is lent: its room may be that of the next.
    ///
    /// # Errors
    /// [`StoreError::Missing`] at the first entry of the range that is not there.
    fn read(&self, range: Range<u64>, visit: &mut dyn FnMut(&StoredEntry) -> bool) -> Result<(), StoreError>;

    /// The records of the index of these keyed hashes, which come in order, each once: hash and place, in order; of each hash the first `most`.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError>;

    /// Whether it has an index at all: what is published has none.
    fn keeps_index(&self) -> bool {
        true
    }

    /// Gives every record of the index whose keyed hash is in a range, hash and place, in the order of hashes and then of places, until `visit` returns
    /// `false`.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn index(&self, hashes: RangeInclusive<u64>, visit: &mut dyn FnMut(u64, u64) -> bool) -> Result<(), StoreError>;
}

/// Why a store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no ledger here.
    #[error("there is no ledger at {0}")]
    NoLedger(String),
    /// There is a ledger here already.
    #[error("there is a ledger at {0} already")]
    AlreadyThere(String),
    /// Another process holds the ledger.
    #[error("the ledger is in use by {holder}; waited {seconds} seconds")]
    Locked {
        /// Who has it, as it wrote itself down.
        holder: String,
        /// How long was waited.
        seconds: u64,
    },
    /// Another writer moved the head.
    #[error("the ledger has moved on from entry {expected} to entry {found}")]
    Conflict {
        /// The size expected.
        expected: u64,
        /// The size found.
        found: u64,
    },
    /// An entry that should be there is not.
    #[error("entry {0} is missing")]
    Missing(u64),
    /// Entries that are kept together do not read.
    #[error("the block of entries from {first} on is damaged: {why}")]
    Block {
        /// The first of them.
        first: u64,
        /// What is wrong.
        why: String,
    },
    /// A record other than an entry is damaged.
    #[error("the {record} is damaged: {why}")]
    Damaged {
        /// Which record.
        record: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A file is not what it should be.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// It can only be read.
    #[error("what is published is not written to in this way")]
    ReadOnly,
    /// It was restored from a copy that leaves parts out.
    #[error("this ledger was restored from a copy that leaves parts out: it can be read, and not added to")]
    Partial,
    /// An entry that no copy holds whole.
    #[error("entry {index} is damaged in every copy the ledger keeps: {why}")]
    Lost {
        /// Which entry.
        index: u64,
        /// What is wrong with it.
        why: String,
    },
    /// It was made by an earlier version, in a layout that this version does not read.
    #[error("it was made by an earlier version of the program, in layout {0}, which this version does not read")]
    OldLayout(u8),
    /// It was made by a later version of the program.
    #[error("it was made by a later version of the program, in layout {found}; this version reads layout {known}")]
    NewLayout {
        /// The layout found.
        found: u8,
        /// The newest layout that this version reads.
        known: u8,
    },
    /// The folder cannot be written to, and the command has to write.
    #[error("{path} cannot be written to: {why}")]
    Unwritable {
        /// Which file or folder.
        path: String,
        /// What the system said.
        why: String,
    },
    /// The ledger ends before what was acknowledged, or beside it.
    #[error("the end of the ledger is lost, or other entries stand in its place: {0}")]
    Behind(String),
    /// The database under the store is broken.
    #[error("the database is broken: {0}")]
    Broken(String),
    /// The disk or the system said no.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl StoreError {
    /// Whether it says that stored bytes are not what was written.
    #[must_use]
    pub const fn is_integrity(&self) -> bool {
        matches!(
            self,
            Self::Missing(_)
                | Self::Block { .. }
                | Self::Lost { .. }
                | Self::File { .. }
                | Self::Damaged { .. }
                | Self::Behind(_)
                | Self::Broken(_)
        )
    }
}
