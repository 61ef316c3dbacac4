//! The embedded store: one small sled database, a lock, and snapshots as files.
//!
//! It knows bytes and keys, never facts. A ledger's folder holds `lock`, `hot/` (the database), `snapshots/` and `acknowledged` (the last size
//! and chain value that were acknowledged, kept apart from the database so that a database that lost its tail is found out).
//! docs/FORMAT.md has the keys.

mod files;
mod keys;
mod lock;

pub use lock::Waiting;

use files::{ACKNOWLEDGED, Mark, SIGNED, io};
use heldto_proof::{Chain, Entry, Genesis, Head};
use heldto_store::{Founding, NewEntry, Store, StoreError, StoredEntry};
use keys::Slot;
use lock::Lock;
use std::fs::File;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What sled says when its file is locked: its error has no kind of its own.
const SLEDS_LOCK: &str = "could not acquire lock";

/// A ledger's folder, opened and locked.
pub struct SledStore {
    dir: PathBuf,
    /// `None` only while it is dropped.
    db: Option<sled::Db>,
    broken: AtomicBool,
    /// A second descriptor on sled's file: its own flush is no barrier, `sync_all` on this one is.
    file: File,
    // Declared last, so that it is let go only after the database is closed.
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
        std::fs::create_dir_all(dir.join("snapshots")).map_err(io(format!("making the folder {}", dir.display())))?;
        for made in new {
            let parent = made.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            files::sync_dir(parent)?;
        }
        let lock = Lock::take(&dir.join("lock"), waiting)?;
        let store = Self::open_database(dir, lock)?;
        if store.get(keys::FOUNDING)?.is_some() {
            return Err(StoreError::AlreadyThere(dir.display().to_string()));
        }
        files::sync_dir(&dir.join("hot"))?;
        files::sync_dir(dir)?;
        let mut batch = sled::Batch::default();
        batch.insert(keys::FOUNDING, keys::encode_founding(founding));
        batch.insert(keys::HEAD, head.encode());
        insert(&mut batch, 0, entries);
        // Before this line there is no ledger; within it, sled's batch is all or nothing; after it, all of it survives a power cut.
        store.apply(batch)?;
        Mark { size: head.size(), chain: head.chain }.write(dir, ACKNOWLEDGED, false)?;
        Ok(store)
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
        let store = Self::open_database(dir, lock)?;
        if store.get(keys::FOUNDING)?.is_none() {
            return Err(if dir.join("acknowledged").exists() {
                StoreError::Damaged { record: "founding record", why: "it is missing".to_owned() }
            } else {
                StoreError::NoLedger(dir.display().to_string())
            });
        }
        store.check_mark(ACKNOWLEDGED)?;
        store.check_mark(SIGNED)?;
        Ok(store)
    }

    fn open_database(dir: &Path, lock: Lock) -> Result<Self, StoreError> {
        let hot = dir.join("hot");
        // A process killed while sled wrote its snapshot leaves this file, and sled then calls the store corrupt. We hold the lock.
        files::remove_half_written_snapshots(&hot)?;
        let config = sled::Config::new().path(&hot).flush_every_ms(None).cache_capacity(16 << 20);
        let start = Instant::now();
        let db = loop {
            match guard(|| config.open()) {
                // We hold our own lock, so it is this process that still has the file: sled's threads let go of it a moment after it is closed.
                Err(StoreError::Broken(why)) if why.contains(SLEDS_LOCK) && start.elapsed() < lock::PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                opened => break opened?,
            }
        };
        let file = File::open(hot.join("db")).map_err(io("opening the database file".to_owned()))?;
        Ok(Self { dir: dir.to_owned(), db: Some(db), broken: AtomicBool::new(false), file, _lock: lock })
    }

    /// The database itself, for tests that damage it.
    #[must_use]
    pub const fn database(&self) -> Option<&sled::Db> {
        self.db.as_ref()
    }

    /// Runs one call into sled, and remembers when it panicked.
    fn sled<T>(&self, call: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, StoreError> {
        match &self.db {
            Some(db) if !self.broken.load(Ordering::Relaxed) => {
                guard(|| call(db)).inspect_err(|_| self.broken.store(true, Ordering::Relaxed))
            }
            _ => Err(StoreError::Broken("it failed before in this run".to_owned())),
        }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.sled(|db| db.get(key))?.map(|value| value.to_vec()))
    }

    /// Writes a batch and makes it durable: only after `sync_all` does it survive a power cut.
    fn apply(&self, batch: sled::Batch) -> Result<(), StoreError> {
        self.sled(|db| db.apply_batch(batch))?;
        self.sled(|db| db.flush())?;
        self.file.sync_all().map_err(io("making the entries durable".to_owned()))
    }

    /// Remembers, apart from the database and durably, that this size and chain value were signed: a ledger that has less, or else, is refused from now on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember_signed(&mut self, size: u64, chain: Chain) -> Result<(), StoreError> {
        Mark { size, chain }.write(&self.dir, SIGNED, true)
    }

    /// Keeps the last checkpoint beside the database, durably.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_checkpoint(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        files::replace(&self.dir, "checkpoint", bytes, true)
    }

    /// The last checkpoint, as its bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        files::read_if_there(&self.dir.join("checkpoint"))
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
                bytes = stored.entry;
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

    fn scan(&self, range: Range<Vec<u8>>, mut visit: impl FnMut(&[u8], &[u8]) -> bool) -> Result<(), StoreError> {
        self.sled(|db| {
            for pair in db.range(range) {
                let (key, value) = pair?;
                if !visit(&key, &value) {
                    break;
                }
            }
            Ok(())
        })
    }
}

impl Store for SledStore {
    fn founding(&self) -> Result<Founding, StoreError> {
        let bytes = self.get(keys::FOUNDING)?.unwrap_or_default();
        keys::decode_founding(&bytes).ok_or_else(|| damaged("founding record", "it does not decode"))
    }

    fn head(&self) -> Result<Head, StoreError> {
        let bytes = self.get(keys::HEAD)?.ok_or_else(|| damaged("head record", "it is missing"))?;
        Head::decode(&bytes).map_err(|e| damaged("head record", &e.to_string()))
    }

    fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        let found = self.head()?;
        if found != *expected {
            return Err(StoreError::Conflict { expected: expected.size(), found: found.size() });
        }
        let mut batch = sled::Batch::default();
        insert(&mut batch, expected.size(), entries);
        batch.insert(keys::HEAD, head.encode());
        // Before this line nothing is kept; within it, sled's batch is all or nothing; after it, all of it survives a power cut.
        self.apply(batch)?;
        // Not synced: an older file still says something true, and one that is behind costs nothing.
        Mark { size: head.size(), chain: head.chain }.write(&self.dir, ACKNOWLEDGED, false)
    }

    fn read(&self, range: Range<u64>, visit: &mut dyn FnMut(StoredEntry) -> bool) -> Result<(), StoreError> {
        let mut next = range.start;
        let mut stopped = false;
        let mut pending: Option<StoredEntry> = None;
        let mut gap = None;
        let mut give = |stored: StoredEntry, next: &mut u64| {
            if stored.index != *next {
                return false;
            }
            *next += 1;
            stopped = !visit(stored);
            !stopped
        };
        self.scan(
            keys::entry(range.start, Slot::ENTRY, 0).to_vec()..keys::entry(range.end, Slot::ENTRY, 0).to_vec(),
            |key, value| {
                let Some((index, slot, chunk)) = keys::decode_entry(key) else {
                    gap = Some(next);
                    return false;
                };
                if pending.as_ref().is_some_and(|p| p.index != index) {
                    let Some(done) = pending.take() else { return false };
                    if !give(done, &mut next) {
                        return false;
                    }
                }
                match (&mut pending, slot, chunk) {
                    (None, Slot::ENTRY, 0) => {
                        pending = Some(StoredEntry { index, entry: value.to_vec(), parts: Vec::new() });
                    }
                    (Some(p), Slot::ENTRY, _) => p.entry.extend_from_slice(value),
                    (Some(p), Slot(n), 0) => p.parts.push((n - 1, value.to_vec())),
                    (Some(p), Slot(n), _) => match p.parts.last_mut().filter(|(number, _)| *number == n - 1) {
                        Some((_, bytes)) => bytes.extend_from_slice(value),
                        None => p.parts.push((n - 1, value.to_vec())),
                    },
                    (None, ..) => {
                        gap = Some(index);
                        return false;
                    }
                }
                true
            },
        )?;
        if let Some(missing) = gap {
            return Err(StoreError::Missing(missing));
        }
        if let Some(done) = pending.take() {
            give(done, &mut next);
        }
        if stopped || next >= range.end { Ok(()) } else { Err(StoreError::Missing(next)) }
    }

    fn find(&self, hash: u64) -> Result<Vec<u64>, StoreError> {
        let mut found = Vec::new();
        self.scan(keys::index(hash, 0).to_vec()..keys::index_end(hash), |key, _| {
            found.extend(keys::decode_index(key).map(|(_, index)| index));
            true
        })?;
        Ok(found)
    }

    fn index(&self, visit: &mut dyn FnMut(u64, u64) -> bool) -> Result<(), StoreError> {
        self.scan(keys::index(0, 0).to_vec()..keys::index_end(u64::MAX), |key, _| {
            keys::decode_index(key).is_none_or(|(hash, index)| visit(hash, index))
        })
    }

    fn blob(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        files::read_if_there(&self.dir.join("snapshots").join(name))
    }

    fn put_blob(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = self.dir.join("snapshots");
        std::fs::create_dir_all(&folder).map_err(io(format!("making the folder {}", folder.display())))?;
        files::replace(&folder, name, bytes, true)
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            if self.broken.load(Ordering::Relaxed) {
                // Dropping a database that has panicked panics again.
                std::mem::forget(db);
            } else if catch_unwind(AssertUnwindSafe(|| drop(db))).is_err() {
                // Nothing is lost: whatever was acknowledged was synced then.
                self.broken.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// Adds entries, their parts and their places in the index to a batch.
fn insert(batch: &mut sled::Batch, first: u64, entries: &[NewEntry]) {
    for (index, new) in (first..).zip(entries) {
        let values = std::iter::once(Some(&new.entry)).chain(new.parts.iter().map(Option::as_ref));
        for (slot, value) in (0..).map(Slot).zip(values) {
            for (chunk, bytes) in value.into_iter().flat_map(|v| keys::chunks(v)) {
                batch.insert(keys::entry(index, slot, chunk).as_slice(), bytes);
            }
        }
        for hash in &new.found_by {
            batch.insert(keys::index(*hash, index).as_slice(), &[]);
        }
    }
}

fn damaged(record: &'static str, why: &str) -> StoreError {
    StoreError::Damaged { record, why: why.to_owned() }
}

/// Runs a call into sled; its errors and its panics both become [`StoreError::Broken`].
fn guard<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    let result = catch_unwind(AssertUnwindSafe(call));
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(source))) if source.kind() != std::io::ErrorKind::Other => {
            Err(StoreError::Io { what: "using the database".to_owned(), source })
        }
        Ok(Err(error)) => Err(StoreError::Broken(error.to_string())),
        Err(panic) => {
            let text =
                panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            Err(StoreError::Broken(text.unwrap_or("sled gave up without a word").to_owned()))
        }
    }
}
