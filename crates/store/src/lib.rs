//! The traits of a store, which keeps the entries of a ledger and their parts, all or nothing:
//! [`Log`] and [`WritableLog`], [`Index`] and [`Checkpoints`].
//!
//! This crate knows bytes and heads, never facts, and does not touch the disk; adapters do. It also
//! contains a store in memory, a store that fails on purpose, and the conformance suite for all
//! stores.

pub mod bundle;
#[cfg(feature = "testing")]
pub mod conformance;
mod entries;
#[cfg(feature = "testing")]
mod faulty;
mod memory;
mod notice;

pub use entries::{Entries, EntryChunk};
#[cfg(feature = "testing")]
pub use faulty::{Faults, FaultyStore};
pub use memory::MemoryStore;
pub use notice::{Notice, Notices};

use heldto_proof::{Chain, Genesis, Head};
use std::ops::{Range, RangeInclusive};

/// The founding record of a ledger: written once, together with an empty head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// The origin and the first key.
    pub genesis: Genesis,
    /// Secret key of the index hashes, so that the index alone does not reveal which ids exist.
    pub index_key: [u8; 32],
}

/// An entry to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The entry's bytes, which are hashed.
    pub entry: Vec<u8>,
    /// The parts in order, each as 32 bytes of salt followed by the content; `None` if erased.
    pub parts: Vec<Option<Vec<u8>>>,
    /// The keyed hashes under which the index lists the entry, without duplicates.
    pub index_hashes: Vec<u64>,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Index in the log.
    pub index: u64,
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// The parts that are present, by number, each as 32 bytes of salt followed by the content.
    pub parts: Vec<(u16, Vec<u8>)>,
}

/// A function that returns the keyed hashes under which the index must list an entry.
pub type EntryHashes = Box<dyn Fn(&StoredEntry) -> Vec<u64> + Send + Sync>;

/// A function that returns the hash function of the index for a founding record.
///
/// A store that lost its index rebuilds the index with this function. The function comes from
/// `ledger`, because no other crate knows facts.
pub type IndexHashes = fn(&Founding) -> EntryHashes;

/// Most entries between two that are read in one pass.
const NEIGHBOUR: u64 = 16;

/// A log of entries, read in order.
///
/// A published folder is no more than this.
pub trait Log {
    /// Returns the founding record.
    ///
    /// # Errors
    /// If the record cannot be read or is damaged.
    fn founding(&self) -> Result<Founding, StoreError>;

    /// Returns the head of the log.
    ///
    /// # Errors
    /// If the head cannot be read or is damaged.
    fn head(&self) -> Result<Head, StoreError>;

    /// Returns a cursor over the entries of a range, which reads nothing before its first call.
    fn entries(&self, range: Range<u64>) -> Entries<'_>;

    /// Returns a cursor over the entries at `places`, which must rise.
    ///
    /// Reads neighbours in one pass, since they usually share a block. A store that pays for each
    /// question, as a server does, reads many at once.
    fn entries_at<'l>(&'l self, places: &'l [u64]) -> Entries<'l> {
        Entries::at(places, |places, chunk| {
            let [first, ..] = places else { return Ok(()) };
            let near = places.chunk_by(|a, b| *b - *a <= NEIGHBOUR).next().unwrap_or_default();
            let mut wanted = near.iter().peekable();
            let mut entries = self.entries(*first..near.last().map_or(*first, |last| last + 1));
            while !chunk.is_full() && wanted.peek().is_some() {
                match entries.try_next() {
                    Ok(Some(stored)) if wanted.next_if(|place| **place == stored.index).is_some() => chunk.push(stored),
                    Ok(Some(_)) => {}
                    // The next call reads the same place first, and fails again.
                    Err(error) if chunk.entries().is_empty() => return Err(error),
                    Ok(None) | Err(_) => break,
                }
            }
            Ok(())
        })
    }

    /// Returns one entry.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if the entry does not exist; otherwise any error of the store.
    fn entry(&self, index: u64) -> Result<StoredEntry, StoreError> {
        let mut entries = self.entries(index..index.saturating_add(1));
        entries.try_next()?.cloned().ok_or(StoreError::Missing(index))
    }

    /// Returns the index of the log; `None` if none is kept.
    fn index(&self) -> Option<&dyn Index>;
}

/// The index of a log: keyed hashes, and the entries listed under each.
///
/// Everything in it follows from the entries. Several threads may ask at once.
pub trait Index: Sync {
    /// Returns the index records of `hashes`, each as hash and entry index, in ascending order.
    ///
    /// At most `most` records a hash, the first ones. `hashes` must be sorted and without
    /// duplicates.
    ///
    /// # Errors
    /// If the index cannot be read.
    fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError>;

    /// Returns the index records with hashes in a range, by hash, then by entry index.
    ///
    /// # Errors
    /// If the index cannot be read; an error after the first record ends the iterator.
    fn records(&self, hashes: RangeInclusive<u64>) -> Result<IndexRecords<'_>, StoreError>;
}

/// An iterator over index records, each as hash and entry index.
pub type IndexRecords<'i> = Box<dyn Iterator<Item = Result<(u64, u64), StoreError>> + 'i>;

/// A log that can grow. One writer at a time; writes are durable when the call returns.
pub trait WritableLog: Log + Index {
    /// Appends entries and moves the head, all or nothing, if the head is still `expected` (compare
    /// and swap).
    ///
    /// Durable on return. After an error other than [`StoreError::Conflict`] the outcome is
    /// *unknown*: read the head again. A retry after success is a conflict, never a second copy.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another writer moved the head; any other error as described
    /// above.
    fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError>;

    /// Appends entries, as [`Self::append`], and destroys parts of earlier entries in every copy
    /// that the store keeps.
    ///
    /// The index no longer lists an entry whose first part is destroyed. After a crash either
    /// nothing was begun, or the next opening finishes.
    ///
    /// # Errors
    /// As [`Self::append`]. An error of destroying is given after the append: the next opening
    /// finishes.
    fn append_and_erase(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        parts: &[PartPlace],
    ) -> Result<(), StoreError>;
}

/// The place of a part: index of its entry, and number in it, from 0.
pub type PartPlace = (u64, u16);

/// The last signed checkpoint of a log, kept beside its entries.
pub trait Checkpoints {
    /// Returns the text of the last checkpoint; `None` if none was ever signed.
    ///
    /// # Errors
    /// If it cannot be read.
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Records a checkpoint of the first `size` entries, after which the chain value is `chain`.
    ///
    /// Durable on return, with those entries. From then on the store refuses a log with fewer
    /// entries, or others. A retry after success changes nothing.
    ///
    /// # Errors
    /// If the store is read-only, or on an I/O error: the outcome is *unknown* then, but never a
    /// checkpoint of entries that are not durable.
    fn put_checkpoint(&mut self, size: u64, chain: Chain, checkpoint: &str) -> Result<(), StoreError>;
}

impl<L: Log + ?Sized> Log for &L {
    fn founding(&self) -> Result<Founding, StoreError> {
        (**self).founding()
    }

    fn head(&self) -> Result<Head, StoreError> {
        (**self).head()
    }

    fn entries(&self, range: Range<u64>) -> Entries<'_> {
        (**self).entries(range)
    }

    fn entries_at<'l>(&'l self, places: &'l [u64]) -> Entries<'l> {
        (**self).entries_at(places)
    }

    fn index(&self) -> Option<&dyn Index> {
        (**self).index()
    }
}

/// An error of a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No ledger exists at this place.
    #[error("there is no ledger at {0}")]
    NoLedger(String),
    /// A ledger exists at this place already.
    #[error("there is already a ledger at {0}")]
    AlreadyThere(String),
    /// Another process holds the lock of the ledger.
    #[error("the ledger is in use by {holder}; waited {seconds} second{}", if *.seconds == 1 { "" } else { "s" })]
    Locked {
        /// The holder, as recorded in its lock.
        holder: String,
        /// Seconds spent waiting.
        seconds: u64,
    },
    /// Another writer moved the head.
    #[error("another command added to the ledger: its size was {expected} and is now {found}")]
    Conflict {
        /// The size expected.
        expected: u64,
        /// The size found.
        found: u64,
    },
    /// An entry is missing.
    #[error("entry {0} is missing")]
    Missing(u64),
    /// A block of entries is damaged.
    #[error("the block that begins with entry {first} is damaged: {why}")]
    Block {
        /// Index of the first entry of the block.
        first: u64,
        /// The damage found.
        why: String,
    },
    /// A record other than an entry is damaged.
    #[error("the {record} is damaged: {why}")]
    Damaged {
        /// The name of the record.
        record: &'static str,
        /// The damage found.
        why: String,
    },
    /// A file has unexpected content.
    #[error("{path}: {why}")]
    File {
        /// Path of the file.
        path: String,
        /// The damage found.
        why: String,
    },
    /// The store is read-only.
    #[error("this copy of the ledger is read-only")]
    ReadOnly,
    /// The ledger was restored from a copy without some parts, and is read-only.
    #[error("this ledger was restored from a copy without some parts: it can be read, but not added to")]
    Partial,
    /// An entry is damaged in every copy.
    #[error("entry {index} is damaged in every copy that the ledger keeps: {why}")]
    Lost {
        /// Index of the entry.
        index: u64,
        /// The damage found.
        why: String,
    },
    /// The ledger has an old layout that this version does not read.
    #[error("this ledger was made by an earlier version of heldto, in layout {0}, which this version cannot read")]
    OldLayout(u8),
    /// The ledger has the layout of a later version of the program.
    #[error("this ledger was made by a later version of heldto, in layout {found}; this version reads layout {known}")]
    NewLayout {
        /// The layout found.
        found: u8,
        /// The newest layout that this version reads.
        known: u8,
    },
    /// A file or folder is not writable, but the command has to write.
    #[error("{path} cannot be written to: {why}")]
    Unwritable {
        /// Path of the file or folder.
        path: String,
        /// The system's error message.
        why: String,
    },
    /// The log ends before the last acknowledged entry, or continues with other entries.
    #[error("the end of the ledger is lost, or other entries have taken its place: {0}")]
    Behind(String),
    /// The database below the store is broken.
    #[error("the database is broken: {0}")]
    Broken(String),
    /// A server failed or refused; the remedy is of that failure.
    #[error("{why}")]
    Server {
        /// The failure.
        why: String,
        /// The remedy.
        remedy: String,
    },
    /// An I/O operation failed.
    #[error("{what} failed: {source}")]
    Io {
        /// The operation.
        what: String,
        /// The system's error.
        source: std::io::Error,
    },
}

impl StoreError {
    /// Returns `true` if the error means that stored bytes differ from those written.
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
