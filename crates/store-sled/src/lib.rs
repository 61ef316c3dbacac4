//! The embedded store: small sled databases, and a lock.
//!
//! It knows bytes and keys, never facts. A ledger's folder holds `lock`, `hot/` (the tail of the log, the head, and the mark of what is sealed),
//! `archive/` (what is sealed, in databases of blocks, and the index), and `acknowledged` (the last size and chain value that were acknowledged, kept apart from the
//! database so that a database that lost its tail is found out). docs/FORMAT.md has the keys.

mod archive;
mod barrier;
mod block;
mod database;
mod entries;
mod files;
mod filter;
mod keys;
mod lock;
mod runs;
mod singles;
mod tail;

pub use lock::Waiting;

use archive::{Archive, Sealed};
use database::Database;
use files::{ACKNOWLEDGED, Mark, SIGNED, io};
use heldto_proof::{Chain, Entry, Genesis, Head};
use heldto_store::{Founding, NewEntry, Store, StoreError, StoredEntry};
use lock::Lock;
use runs::Record;
use std::collections::BTreeSet;
use std::fs::File;
use std::ops::{ControlFlow, Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// How long the tail grows before it is sealed.
const TAIL: u64 = 1024;
/// How many entries a database of the archive holds: so many open in some milliseconds.
const PART: u64 = 1 << 19;

/// A ledger's folder, opened and locked.
pub struct SledStore {
    dir: PathBuf,
    hot: Database,
    archive: OnceLock<Archive>,
    /// Held by whoever opens the archive.
    opening: Mutex<()>,
    /// How long the tail grows before it is sealed, and how many entries a database of the archive holds.
    lengths: (u64, u64),
    /// The records of the index that find the tail, once something was looked for.
    found_by: Mutex<Option<BTreeSet<Record>>>,
    /// The file of the last mark that this process wrote.
    acknowledged: Mutex<Option<File>>,
    // Declared last, so that it is let go only after the databases are closed.
    _lock: Lock,
}

impl SledStore {
    /// Makes a ledger's folder, or finishes making one that was cut short.
    ///
    /// Durable on return.
    ///
    /// # Errors
    /// When there is a ledger already, or what is left of one, or the folder cannot be written.
    pub fn create(dir: &Path, founding: &Founding, waiting: Waiting<'_>) -> Result<Self, StoreError> {
        Self::create_with(dir, founding, &[], &Head::empty(&founding.genesis), waiting)
    }

    /// Makes a ledger's folder that holds these entries from the first, all or nothing.
    ///
    /// Durable on return.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_with(
        dir: &Path,
        founding: &Founding,
        entries: &[NewEntry],
        head: &Head,
        waiting: Waiting<'_>,
    ) -> Result<Self, StoreError> {
        if !Genesis::origin_is_valid(&founding.genesis.origin) {
            return Err(damaged("founding record", "the origin cannot stand in a checkpoint"));
        }
        // A mark without its database is all that tells of a ledger that was lost: nothing goes over it.
        if [ACKNOWLEDGED, SIGNED, "checkpoint"].iter().any(|mark| dir.join(mark).exists()) {
            return Err(StoreError::AlreadyThere(dir.display().to_string()));
        }
        let new: Vec<&Path> = dir.ancestors().take_while(|d| !d.as_os_str().is_empty() && !d.exists()).collect();
        std::fs::create_dir_all(dir).map_err(io(format!("making the folder {}", dir.display())))?;
        for made in new {
            let parent = made.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            files::sync_dir(parent)?;
        }
        let lock = Lock::take(&dir.join("lock"), waiting)?;
        let (hot, archive, draft) = (dir.join("hot"), dir.join("archive"), dir.join("new"));
        if hot.is_dir() && Database::open(&hot)?.get(keys::FOUNDING)?.is_some() {
            return Err(StoreError::AlreadyThere(dir.display().to_string()));
        }
        // sled does not open again what was cut short while it was made. So it is made aside, and what is left of an earlier attempt is removed.
        for left in [&draft, &archive, &hot] {
            files::remove_dir(left)?;
        }
        std::fs::create_dir(&draft).map_err(io(format!("making the folder {}", draft.display())))?;
        let store = Self::locked(&draft, lock)?;
        let mut batch = sled::Batch::default();
        batch.insert(keys::FOUNDING, keys::encode_founding(founding));
        batch.insert(keys::HEAD, keys::encode_head(&Head::empty(&founding.genesis)));
        store.hot.apply(batch)?;
        store.add(&Sealed::default(), 0, entries, head)?;
        let Self { hot: made, archive: sealed, _lock: lock, .. } = store;
        made.close();
        sealed.into_inner().into_iter().for_each(Archive::close);
        for folder in [&archive, &hot] {
            let from = draft.join(folder.file_name().unwrap_or_default());
            if from.is_dir() {
                files::sync_dir(&from)?;
                // Before the line of the last of them there is no ledger; after it, all of it survives a power cut.
                std::fs::rename(&from, folder).map_err(io(format!("making the folder {}", folder.display())))?;
                files::sync_dir(dir)?;
            }
        }
        files::remove_dir(&draft)?;
        Mark { size: head.size(), chain: head.chain }.write(dir, ACKNOWLEDGED, false)?;
        Self::locked(dir, lock)
    }

    /// Opens a ledger's folder. Waits up to ten seconds for another process, and calls `waiting` once after the first.
    ///
    /// # Errors
    /// When there is no ledger, another process keeps it, the database is broken, or it ends before what it acknowledged.
    pub fn open(dir: &Path, waiting: Waiting<'_>) -> Result<Self, StoreError> {
        if !dir.join("hot").is_dir() {
            return Err(StoreError::NoLedger(dir.display().to_string()));
        }
        let lock = Lock::take(&dir.join("lock"), waiting)?;
        let store = Self::locked(dir, lock)?;
        if store.hot.get(keys::FOUNDING)?.is_none() {
            return Err(if dir.join("acknowledged").exists() {
                StoreError::Damaged { record: "founding record", why: "it is missing".to_owned() }
            } else {
                StoreError::NoLedger(dir.display().to_string())
            });
        }
        // What it is laid out like comes before anything that it says.
        store.founding()?;
        store.check_mark(ACKNOWLEDGED)?;
        store.check_mark(SIGNED)?;
        Ok(store)
    }

    fn locked(dir: &Path, lock: Lock) -> Result<Self, StoreError> {
        let hot = Database::open(&dir.join("hot"))?;
        Ok(Self {
            dir: dir.to_owned(),
            hot,
            archive: OnceLock::new(),
            opening: Mutex::new(()),
            lengths: (TAIL, PART),
            found_by: Mutex::new(None),
            acknowledged: Mutex::new(None),
            _lock: lock,
        })
    }

    /// The archive, looked into when it is first needed.
    fn archive(&self) -> Result<&Archive, StoreError> {
        let one_at_a_time = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if self.archive.get().is_none() {
            drop(self.archive.set(Archive::open(&self.dir.join("archive"), self.lengths.1)?));
        }
        drop(one_at_a_time);
        self.archive.get().ok_or_else(|| StoreError::Broken("the archive was not opened".to_owned()))
    }

    /// Seals the tail once it is so long, and begins a database of the archive after so many entries, instead of at the usual lengths: where it is sealed
    /// and cut changes nothing that can be read.
    #[must_use]
    pub const fn sealing_at(mut self, tail: u64, part: u64) -> Self {
        self.lengths = (tail, part);
        self
    }

    /// The databases themselves, for tests that damage them: the tail's, and the archive's.
    ///
    /// # Errors
    /// When the archive does not open.
    pub fn databases(&self) -> Result<Vec<sled::Db>, StoreError> {
        let hot = self.hot.raw().cloned().ok_or_else(|| StoreError::Broken("it is closed".to_owned()))?;
        Ok(std::iter::once(hot).chain(self.archive()?.databases()?).collect())
    }

    /// What of the log is sealed: as it stands in `hot`, and nowhere else.
    fn sealed(&self) -> Result<Sealed, StoreError> {
        match self.hot.get(keys::SEALED)? {
            None => Ok(Sealed::default()),
            Some(bytes) => {
                Sealed::decode(&bytes).ok_or_else(|| damaged("mark of what is sealed", "it does not decode"))
            }
        }
    }

    /// The records of the index that find the tail, read when something is first looked for.
    fn tail_index(&self) -> Result<MutexGuard<'_, Option<BTreeSet<Record>>>, StoreError> {
        let mut found_by = self.found_by.lock().unwrap_or_else(PoisonError::into_inner);
        if found_by.is_none() {
            *found_by = Some(tail::index(&self.hot)?.into_iter().collect());
        }
        Ok(found_by)
    }

    /// Adds entries after those there are and moves the head: to the tail, or, where that would grow too long, all of it to the archive.
    fn add(&self, sealed: &Sealed, size: u64, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        let mut found_by = self.found_by.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Before this nothing is kept; within `apply` or `insert`, sled's batch is all or nothing; after `sync`, all of it survives a power cut.
        if size - sealed.size + entries.len() as u64 >= self.lengths.0 {
            let mut tail = tail::all(&self.hot, sealed.size)?;
            if sealed.size + tail.len() as u64 != size {
                return Err(StoreError::Missing(sealed.size + tail.len() as u64));
            }
            let all = if tail.is_empty() {
                entries
            } else {
                tail.extend_from_slice(entries);
                &tail
            };
            // Durable in the archive, and not yet counted: a crash here leaves it to be removed by the next sealing.
            let sealed = self.archive()?.seal(sealed, all)?;
            let mut batch = sled::Batch::default();
            self.hot.scan(keys::tail(0, 0).to_vec()..keys::TAIL_END.to_vec(), |key, _| {
                batch.remove(key);
                ControlFlow::Continue(())
            })?;
            batch.insert(keys::HEAD, keys::encode_head(head));
            batch.insert(keys::SEALED, sealed.encode());
            self.hot.apply(batch)?;
            found_by = Some(BTreeSet::new());
        } else {
            tail::write(&self.hot, size, entries, head)?;
            for (index, new) in (size..).zip(entries) {
                found_by
                    .iter_mut()
                    .for_each(|found_by| found_by.extend(new.found_by.iter().map(|hash| (*hash, index))));
            }
        }
        self.hot.sync()?;
        *self.found_by.lock().unwrap_or_else(PoisonError::into_inner) = found_by;
        // Not synced: an older file still says something true, and one that is behind costs nothing.
        let mark = Mark { size: head.size(), chain: head.chain };
        let mut held = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(file) => mark.write_over(file, ACKNOWLEDGED),
            None => mark.write(&self.dir, ACKNOWLEDGED, false).map(|file| *held = Some(file)),
        }
    }

    /// Remembers, apart from the database and durably, that this size and chain value were signed: a ledger that has less, or else, is refused from now on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember_signed(&mut self, size: u64, chain: Chain) -> Result<(), StoreError> {
        Mark { size, chain }.write(&self.dir, SIGNED, true).map(drop)
    }

    /// Keeps the last checkpoint beside the database, durably.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_checkpoint(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        files::replace(&self.dir, "checkpoint", bytes, true).map(drop)
    }

    /// The last checkpoint, as its bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        files::read_if_there(&self.dir.join("checkpoint"))
    }

    /// Keeps what a judgement of the whole ledger came to beside the database; it is worth no more than the time it took.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_judged(dir: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        files::replace(dir, "judged", bytes, false).map(drop)
    }

    /// What a judgement of the whole ledger came to, as its bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn judged(&self) -> Result<Option<Vec<u8>>, StoreError> {
        files::read_if_there(&self.dir.join("judged"))
    }

    fn check_mark(&self, name: &'static str) -> Result<(), StoreError> {
        let Some(mark) = Mark::read(&self.dir, name)? else { return Ok(()) };
        let head = self.head()?;
        if head.size() < mark.size {
            return Err(StoreError::Behind(format!("it holds {} entries, and {} were {name}", head.size(), mark.size)));
        }
        let mut chain = head.chain;
        if head.size() > mark.size {
            let mut bytes = Vec::new();
            self.read(mark.size..mark.size + 1, &mut |stored| {
                bytes = stored.entry.clone();
                false
            })?;
            let entry = Entry::decode(&bytes).map_err(|e| StoreError::Damaged { record: "log", why: e.to_string() })?;
            chain = entry.previous;
        }
        if chain == mark.chain {
            Ok(())
        } else {
            Err(StoreError::Behind(format!("its first {} entries are not the ones {name}", mark.size)))
        }
    }
}

impl Store for SledStore {
    fn founding(&self) -> Result<Founding, StoreError> {
        let bytes = self.hot.get(keys::FOUNDING)?.unwrap_or_default();
        if bytes.first().is_some_and(|layout| *layout < keys::LAYOUT) {
            return Err(StoreError::Layout);
        }
        keys::decode_founding(&bytes).ok_or_else(|| damaged("founding record", "it does not decode"))
    }

    fn head(&self) -> Result<Head, StoreError> {
        let bytes = self.hot.get(keys::HEAD)?.ok_or_else(|| damaged("head record", "it is missing"))?;
        let sealed = keys::decode_head(&bytes).ok_or_else(|| damaged("head record", "it does not decode"))?;
        Ok(tail::head(&self.hot)?.unwrap_or(sealed))
    }

    fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        let found = self.head()?;
        if found != *expected {
            return Err(StoreError::Conflict { expected: expected.size(), found: found.size() });
        }
        self.add(&self.sealed()?, expected.size(), entries, head)
    }

    fn read(&self, range: Range<u64>, visit: &mut dyn FnMut(&StoredEntry) -> bool) -> Result<(), StoreError> {
        let sealed = self.sealed()?.size;
        let mut visit =
            |stored: &StoredEntry| if visit(stored) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        if range.start < sealed && range.start < range.end {
            let stopped = self.archive()?.read(range.start..range.end.min(sealed), &mut visit)?;
            if stopped.is_break() {
                return Ok(());
            }
        }
        tail::read(&self.hot, range.start.max(sealed)..range.end, &mut visit)
    }

    fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError> {
        let sealed = self.sealed()?;
        let mut found = if sealed.size > 0 { self.archive()?.find(&sealed, hashes, most)? } else { Vec::new() };
        if let Some(tail) = &*self.tail_index()? {
            found.extend(hashes.iter().flat_map(|hash| tail.range((*hash, 0)..=(*hash, u64::MAX))));
        }
        found.sort_unstable();
        let mut of_hash = (0, 0);
        found.retain(|(hash, _)| {
            of_hash = if *hash == of_hash.0 { (*hash, of_hash.1 + 1) } else { (*hash, 1) };
            of_hash.1 <= most
        });
        Ok(found)
    }

    fn index(&self, hashes: RangeInclusive<u64>, visit: &mut dyn FnMut(u64, u64) -> bool) -> Result<(), StoreError> {
        let (sealed, mut tail) = (self.sealed()?, tail::index(&self.hot)?);
        tail.retain(|(hash, _)| hashes.contains(hash));
        if sealed.size == 0 {
            tail.into_iter().all(|(hash, index)| visit(hash, index));
            return Ok(());
        }
        let mut records = self.archive()?.index(&sealed, *hashes.start(), tail)?;
        while let Some((hash, index)) = records.next()? {
            if hash > *hashes.end() || !visit(hash, index) {
                break;
            }
        }
        Ok(())
    }
}

fn damaged(record: &'static str, why: &str) -> StoreError {
    StoreError::Damaged { record, why: why.to_owned() }
}
