//! Every event in sled: the unsealed tail in `hot/`, what is older in `archive/`, and the index that finds both.
//!
//! It knows the databases, never the journal. What it holds is believed only as far as it checks itself: sled may lose what it
//! cannot read, while it opens, without an error. Start at [`Replica::open`].

use crate::archive::{Archive, Manifest};
use crate::database::Database;
use crate::keys;
use crate::runs::Record;
use crate::tail;
use heldto_proof::{Chain, chain};
use heldto_store::{Founding, NewEntry, StoreError, StoredEntry};
use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// How long the tail grows before it is sealed.
pub const TAIL_ENTRIES: u64 = 1024;
/// How many entries a database of the archive holds: so many open in some milliseconds.
pub const ENTRIES_PER_DATABASE: u64 = 1 << 19;

/// The databases of a ledger.
pub struct Replica {
    dir: PathBuf,
    hot: Database,
    archive: OnceLock<Archive>,
    /// Held by whoever opens the archive.
    opening: Mutex<()>,
    manifest: Manifest,
    /// The records of the index that find the tail.
    tail_index: BTreeSet<Record>,
    size: u64,
    chain: Option<Chain>,
    /// How long the tail grows before it is sealed, and how many entries a database of the archive holds.
    lengths: (u64, u64),
    /// Whether something was written that was not flushed.
    is_dirty: bool,
}

impl Replica {
    /// Makes empty databases in a folder that has none. Not durable before something is sealed or [`Self::sync`] is called.
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

    /// Opens the databases, reads all of `hot` and checks that it is whole in itself. Returns what they say the ledger is founded
    /// on, too, and the layout.
    ///
    /// # Errors
    /// When sled fails, or something is missing from `hot` or damaged.
    pub fn open(dir: &Path, lengths: (u64, u64)) -> Result<(Self, Founding, u8), StoreError> {
        if !dir.join("hot").is_dir() {
            // sled would make an empty one.
            return Err(damaged("founding record", "the folder `hot` is missing"));
        }
        let hot = Database::open(&dir.join("hot"))?;
        let bytes = hot.get(keys::FOUNDING)?.ok_or_else(|| damaged("founding record", "it is missing"))?;
        let founding = keys::decode_founding(&bytes)?;
        let manifest = match hot.get(keys::MANIFEST_KEY)? {
            None => Manifest::default(),
            Some(bytes) => Manifest::decode(&bytes).ok_or_else(|| damaged("manifest", "it does not decode"))?,
        };
        let mut replica = Self::of(dir, hot, manifest, lengths);
        let (mut next, mut last) = (replica.manifest.size, replica.manifest.chain);
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

    /// Returns how many entries it holds.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the chain value after its last entry; `None` where it holds none.
    pub const fn chain(&self) -> Option<Chain> {
        self.chain
    }

    /// Returns how many entries are sealed.
    pub const fn sealed_size(&self) -> u64 {
        self.manifest.size
    }

    /// Tells whether adding so many entries seals the tail.
    pub const fn would_seal(&self, count: u64) -> bool {
        self.size - self.manifest.size + count >= self.lengths.0
    }

    /// Seals the tail once it is so long, and begins a database of the archive after so many entries.
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

    /// Returns the databases beneath, for tests that damage them: that of the tail, and those of the archive.
    pub fn databases(&self) -> Result<Vec<sled::Db>, StoreError> {
        let hot = self.hot.raw().cloned().ok_or_else(|| StoreError::Broken("it is closed".to_owned()))?;
        Ok(std::iter::once(hot).chain(self.archive()?.databases()?).collect())
    }

    /// Adds entries to the tail, without a flush: the journal has them.
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

    /// Seals entries that follow those sealed and take the place of the tail. Durable on return.
    pub fn seal(&mut self, entries: &[NewEntry]) -> Result<(), StoreError> {
        // Durable in the archive, and not yet counted: a crash here leaves it to be removed by the next sealing.
        let manifest = self.archive()?.seal(&self.manifest, entries)?;
        let mut batch = sled::Batch::default();
        self.hot.scan(keys::tail(0, 0).to_vec()..keys::TAIL_END.to_vec(), |key, _| {
            batch.remove(key);
            ControlFlow::Continue(())
        })?;
        batch.insert(keys::MANIFEST_KEY, manifest.encode());
        // Within `apply` sled's batch is all or nothing; after `sync`, the manifest survives a power cut.
        self.hot.apply(batch)?;
        self.hot.sync()?;
        self.tail_index.clear();
        (self.size, self.chain, self.manifest) = (manifest.size, manifest.chain, manifest);
        self.is_dirty = false;
        Ok(())
    }

    /// Hands what was written to the system.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.is_dirty) { self.hot.flush() } else { Ok(()) }
    }

    /// Makes what was written durable.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.hot.sync()
    }

    /// Closes the databases, and waits until that is done.
    pub fn close(self) {
        self.hot.close();
        self.archive.into_inner().into_iter().for_each(Archive::close);
    }

    /// Reads entries in order until `visit` breaks off or the range ends.
    pub fn read(
        &self,
        range: Range<u64>,
        visit: &mut dyn FnMut(&StoredEntry) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let sealed = self.manifest.size;
        if range.start < sealed && range.start < range.end {
            let stopped = self.archive()?.read(range.start..range.end.min(sealed), visit)?;
            if stopped.is_break() {
                return Ok(());
            }
        }
        tail::read(&self.hot, range.start.max(sealed)..range.end, visit)
    }

    /// Returns the records of some hashes, which come in order, each once: of each the first `most`.
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

    /// Passes the records of the index with these hashes to `visit`, in order, until it returns `false`.
    pub fn index(
        &self,
        hashes: RangeInclusive<u64>,
        visit: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<(), StoreError> {
        let tail: Vec<Record> =
            self.tail_index.range((*hashes.start(), 0)..=(*hashes.end(), u64::MAX)).copied().collect();
        if self.manifest.size == 0 {
            tail.into_iter().all(|(hash, index)| visit(hash, index));
            return Ok(());
        }
        let mut records = self.archive()?.index(&self.manifest, *hashes.start(), tail)?;
        while let Some((hash, index)) = records.next()? {
            if hash > *hashes.end() || !visit(hash, index) {
                break;
            }
        }
        Ok(())
    }
}

pub fn damaged(record: &'static str, why: &str) -> StoreError {
    StoreError::Damaged { record, why: why.to_owned() }
}
