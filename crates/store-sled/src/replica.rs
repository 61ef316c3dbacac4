//! Every entry in sled: the unsealed tail in `hot/`, sealed entries in `archive/`, and an index of
//! both.
//!
//! Knows the databases, never the journal. Their content is believed only as far as its checks
//! reach: while opening, sled may lose unreadable values without an error. Start at
//! [`Replica::open`].

use crate::archive::{Archive, Manifest};
use crate::database::Database;
use crate::keys;
use crate::keys::Record;
use crate::tail;
use heldto_proof::{Chain, chain};
use heldto_store::{Entries, Founding, IndexRecords, NewEntry, StoreError};
use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Number of entries at which the tail is sealed.
pub const TAIL_ENTRIES: u64 = 1024;
/// Number of entries to an archive database; this many open in some milliseconds.
pub const ENTRIES_PER_DATABASE: u64 = 1 << 19;

/// The databases of a ledger.
pub struct Replica {
    dir: PathBuf,
    hot: Database,
    archive: OnceLock<Archive>,
    /// Serialises the opening of the archive.
    opening: Mutex<()>,
    manifest: Manifest,
    /// Index records of the tail.
    tail_index: BTreeSet<Record>,
    size: u64,
    chain: Option<Chain>,
    /// Tail length that triggers sealing, and number of entries to an archive database.
    lengths: (u64, u64),
    /// `true` if something was written and not flushed.
    is_dirty: bool,
}

impl Replica {
    /// Creates empty databases in a folder that has none.
    ///
    /// Durable only once something is sealed or [`Self::sync`] is called.
    pub fn create(dir: &Path, founding: &Founding, lengths: (u64, u64)) -> Result<Self, StoreError> {
        let hot = Database::open(&dir.join("hot"))?;
        hot.insert(keys::FOUNDING, &keys::encode_founding(founding))?;
        Ok(Self::of(dir, hot, Manifest::default(), lengths))
    }

    fn of(dir: &Path, hot: Database, manifest: Manifest, lengths: (u64, u64)) -> Self {
        Self {
            dir: dir.to_owned(),
            hot,
            archive: OnceLock::new(),
            opening: Mutex::new(()),
            size: manifest.size,
            chain: manifest.chain,
            manifest,
            tail_index: BTreeSet::new(),
            lengths,
            is_dirty: false,
        }
    }

    /// Opens the databases, and returns them with their founding record and layout.
    ///
    /// Reads all of `hot` and checks that nothing is missing.
    ///
    /// # Errors
    /// If sled fails, or something in `hot` is missing or damaged.
    pub fn open(dir: &Path, lengths: (u64, u64)) -> Result<(Self, Founding, u8), StoreError> {
        if !dir.join("hot").is_dir() {
            // sled would create an empty one.
            return Err(damaged("founding record", "the folder `hot` is missing"));
        }
        let hot = Database::open(&dir.join("hot"))?;
        let bytes = hot.get(keys::FOUNDING)?.ok_or_else(|| damaged("founding record", "it is missing"))?;
        let founding = keys::decode_founding(&bytes)?;
        let manifest = match hot.get(keys::MANIFEST_KEY)? {
            None => Manifest::default(),
            Some(bytes) => Manifest::decode(&bytes).ok_or_else(|| damaged("manifest", "it cannot be decoded"))?,
        };
        let mut replica = Self::of(dir, hot, manifest, lengths);
        let mut next = replica.manifest.size;
        let mut last = replica.manifest.chain;
        let mut gap = false;
        let index = &mut replica.tail_index;
        tail::scan(&replica.hot, 0, &mut |stored, hashes| {
            if stored.index != next {
                gap = true;
                return ControlFlow::Break(());
            }
            next += 1;
            last = Some(chain(&stored.entry));
            index.extend(hashes.into_iter().map(|hash| (hash, stored.index)));
            ControlFlow::Continue(())
        })?;
        if gap {
            return Err(StoreError::Missing(next));
        }
        (replica.size, replica.chain) = (next, last);
        Ok((replica, founding, bytes[0]))
    }

    /// Returns the number of entries.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the chain value after the last entry.
    ///
    /// `None` if there is no entry, or the manifest is older than the journal and the tail is
    /// empty.
    pub const fn chain(&self) -> Option<Chain> {
        self.chain
    }

    /// Returns the number of sealed entries.
    pub const fn sealed_size(&self) -> u64 {
        self.manifest.size
    }

    /// Returns `true` if adding `count` entries seals the tail.
    pub const fn would_seal(&self, count: u64) -> bool {
        self.size - self.manifest.size + count >= self.lengths.0
    }

    /// Sets the tail length that triggers sealing, and the number of entries to an archive
    /// database.
    #[cfg(feature = "testing")]
    pub const fn set_lengths(&mut self, lengths: (u64, u64)) {
        self.lengths = lengths;
    }

    fn archive(&self) -> Result<&Archive, StoreError> {
        let one_at_a_time = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if self.archive.get().is_none() {
            drop(self.archive.set(Archive::open(&self.dir.join("archive"), self.lengths.1)?));
        }
        drop(one_at_a_time);
        self.archive.get().ok_or_else(|| StoreError::Broken("the archive was not opened".to_owned()))
    }

    /// Returns sled's own handles for tests that damage them: the tail's, then the archive's.
    #[cfg(feature = "testing")]
    pub fn databases(&self) -> Result<Vec<sled::Db>, StoreError> {
        let hot = self.hot.raw().cloned().ok_or_else(|| StoreError::Broken("it is closed".to_owned()))?;
        Ok(std::iter::once(hot).chain(self.archive()?.databases()?).collect())
    }

    /// Appends entries to the tail, without a flush, because the journal has them.
    pub fn add_to_tail(&mut self, entries: &[NewEntry]) -> Result<(), StoreError> {
        self.is_dirty = true;
        tail::write(&self.hot, self.size, entries)?;
        for (index, new) in (self.size..).zip(entries) {
            self.tail_index.extend(new.index_hashes.iter().map(|hash| (*hash, index)));
        }
        self.size += entries.len() as u64;
        self.chain = entries.last().map_or(self.chain, |new| Some(chain(&new.entry)));
        Ok(())
    }

    /// Seals entries that follow the sealed ones and replace the tail. Durable on return.
    pub fn seal(&mut self, entries: &[NewEntry]) -> Result<(), StoreError> {
        // Durable in the archive, but not counted yet: after a crash here the next sealing removes
        // all of it.
        let manifest = self.archive()?.seal(&self.manifest, entries)?;
        let mut batch = sled::Batch::default();
        self.hot.scan(keys::tail(0, 0).to_vec()..keys::TAIL_END.to_vec(), |key, _| {
            batch.remove(key);
            ControlFlow::Continue(())
        })?;
        batch.insert(keys::MANIFEST_KEY, manifest.encode());
        // `apply` is all or nothing; after `sync` the manifest survives a power cut.
        self.hot.apply(batch)?;
        self.hot.sync()?;
        self.tail_index.clear();
        (self.size, self.chain, self.manifest) = (manifest.size, manifest.chain, manifest);
        self.is_dirty = false;
        Ok(())
    }

    /// Hands all writes to the system.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.is_dirty) { self.hot.flush() } else { Ok(()) }
    }

    /// Makes all writes to `hot` durable.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.hot.sync()
    }

    /// Closes the databases, and waits until that is done.
    pub fn close(self) {
        self.hot.close();
        self.archive.into_inner().into_iter().for_each(Archive::close);
    }

    /// Returns a cursor over the entries of a range.
    pub fn entries(&self, range: Range<u64>) -> Entries<'_> {
        let sealed = self.manifest.size;
        Entries::new(range, move |range, chunk| {
            if range.start < sealed {
                self.archive()?.read(range.start..range.end.min(sealed), chunk)
            } else {
                tail::read(&self.hot, &range, chunk)
            }
        })
    }

    /// Returns the first `most` records of each hash; `hashes` must be sorted and distinct.
    pub fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<Record>, StoreError> {
        let mut found =
            if self.manifest.size > 0 { self.archive()?.find(&self.manifest, hashes, most)? } else { Vec::new() };
        found.extend(hashes.iter().flat_map(|hash| self.tail_index.range((*hash, 0)..=(*hash, u64::MAX))));
        found.sort_unstable();
        let mut of_hash = (0, 0);
        found.retain(|(hash, _)| {
            of_hash = if *hash == of_hash.0 { (*hash, of_hash.1 + 1) } else { (*hash, 1) };
            of_hash.1 <= most
        });
        Ok(found)
    }

    /// Returns the index records with these hashes, in order.
    pub fn records(&self, hashes: RangeInclusive<u64>) -> Result<IndexRecords<'static>, StoreError> {
        let tail: Vec<Record> =
            self.tail_index.range((*hashes.start(), 0)..=(*hashes.end(), u64::MAX)).copied().collect();
        if self.manifest.size == 0 {
            return Ok(Box::new(tail.into_iter().map(Ok)));
        }
        let records = self.archive()?.index(&self.manifest, *hashes.start(), tail)?;
        let is_within =
            move |record: &Result<Record, StoreError>| record.as_ref().map_or(true, |(hash, _)| hash <= hashes.end());
        Ok(Box::new(records.take_while(is_within)))
    }
}

pub fn damaged(record: &'static str, why: &str) -> StoreError {
    StoreError::Damaged { record, why: why.to_owned() }
}
