//! A sled database with additions: a barrier after a flush, panics as errors, time limits, and
//! retries while sled's own lock lingers.
//!
//! Knows keys and values as bytes only. docs/STORAGE.md has the measurements. Start at
//! [`Database`].

use crate::files::{self, io};
use crate::lock;
use heldto_store::StoreError;
use std::fs::File;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Text of sled's error for a locked file; that error has no kind of its own.
const SLEDS_LOCK: &str = "could not acquire lock";

/// Number of keys in a leaf of sled's if they came in order: a leaf splits at 17, after the ninth.
const LEAF: usize = 9;

/// A database in a folder of its own, to be opened only under the ledger's lock.
pub struct Database {
    /// `None` only while the database is closed or dropped.
    db: Option<sled::Db>,
    broken: AtomicBool,
    /// Second descriptor on sled's file: sled's flush is no barrier, `sync_all` on this one is.
    file: File,
}

impl Database {
    /// Opens the database in this folder, or creates it.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        // sled calls a store corrupt if a killed process left a half-written snapshot. The ledger's
        // lock is held here.
        files::remove_half_written_snapshots(folder)?;
        let config = sled::Config::new().path(folder).flush_every_ms(None).cache_capacity(16 << 20);
        let start = Instant::now();
        let db = loop {
            let config = config.clone();
            match within(move || guard(|| config.open())) {
                // The ledger's lock is held, so the database is already closed: sled's threads
                // release the file a moment later.
                Err(StoreError::Broken(why)) if why.contains(SLEDS_LOCK) && start.elapsed() < lock::PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                opened => break opened?,
            }
        };
        let file = File::open(folder.join("db")).map_err(io("opening the database file".to_owned()))?;
        Ok(Self { db: Some(db), broken: AtomicBool::new(false), file })
    }

    /// Closes the database and waits until that is done.
    pub fn close(mut self) {
        let db = self.db.take();
        let closing = within(move || {
            drop(catch_unwind(AssertUnwindSafe(|| drop(db))));
            Ok(())
        });
        // Errors are ignored: everything that counts was synced before.
        drop(closing);
    }

    /// Returns sled's own handle, for tests that damage its content.
    #[cfg(feature = "testing")]
    pub const fn raw(&self) -> Option<&sled::Db> {
        self.db.as_ref()
    }

    /// Runs a call into sled; after a failure all later calls fail at once.
    fn sled<T>(&self, call: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, StoreError> {
        match &self.db {
            Some(db) if !self.broken.load(Ordering::Relaxed) => {
                guard(|| call(db)).inspect_err(|_| self.broken.store(true, Ordering::Relaxed))
            }
            _ => Err(StoreError::Broken("it failed earlier in this command".to_owned())),
        }
    }

    /// Runs a call like [`Self::sled`], but fails if sled does not answer in time.
    fn sled_within<T: Send + 'static>(
        &self,
        call: impl FnOnce(&sled::Db) -> sled::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let db = self.sled(|db| Ok(db.clone()))?;
        within(move || guard(|| call(&db))).inspect_err(|_| self.broken.store(true, Ordering::Relaxed))
    }

    pub fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.sled(|db| db.get(key))
    }

    /// Passes the pairs of a range to `visit` in order, until `visit` breaks.
    pub fn scan(
        &self,
        range: Range<Vec<u8>>,
        mut visit: impl FnMut(&sled::IVec, &sled::IVec) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.sled(|db| {
            for pair in db.range(range) {
                let (key, value) = pair?;
                if visit(&key, &value).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Passes the pairs of a range to `visit` in reverse order, until `visit` breaks.
    pub fn scan_back(
        &self,
        range: Range<Vec<u8>>,
        mut visit: impl FnMut(&sled::IVec, &sled::IVec) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.sled(|db| {
            for pair in db.range(range).rev() {
                let (key, value) = pair?;
                if visit(&key, &value).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Writes a batch, all or nothing. Survives a power cut only after [`Self::sync`].
    pub fn apply(&self, batch: sled::Batch) -> Result<(), StoreError> {
        self.sled_within(move |db| db.apply_batch(batch))
    }

    /// Writes one pair. Survives a power cut only after [`Self::sync`].
    pub fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.sled(|db| db.insert(key, value).map(drop))
    }

    /// Writes new pairs whose keys come in order. Until [`Self::sync`], a crash may lose any of
    /// them.
    ///
    /// The keys come first, then the values. sled writes a leaf whole at every split and after
    /// every ten new values: with values in the leaf, that is five times the data, and 40 % of the
    /// file is then of no use. Last comes one value for each leaf: at this tenth change sled writes
    /// the leaf in one piece, to be read at once, and the space of its earlier pieces is reused.
    pub fn fill(&self, pairs: &[(Vec<u8>, Vec<u8>)]) -> Result<(), StoreError> {
        let put = |db: &sled::Db, key: &[u8], value: &[u8]| db.insert(key, value).map(drop);
        self.sled(|db| {
            pairs.iter().try_for_each(|(key, _)| put(db, key, &[]))?;
            for (n, (key, value)) in pairs.iter().enumerate() {
                // The last of a leaf's ten changes must be a value, so its first value waits.
                put(db, key, if n % LEAF == 0 { &[0] } else { value })?;
            }
            pairs.iter().step_by(LEAF).try_for_each(|(key, value)| put(db, key, value))
        })
    }

    /// Hands everything written so far to the system, to survive a kill but not a power cut.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.sled_within(|db| db.flush().map(drop))
    }

    /// Makes everything written so far durable: sled's flush, and the barrier that it lacks.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.flush()?;
        self.file.sync_all().map_err(io("syncing the database".to_owned()))
    }

    /// Removes the keys of a range, 1,000 at a time.
    pub fn remove(&self, range: Range<Vec<u8>>) -> Result<(), StoreError> {
        loop {
            let mut batch = sled::Batch::default();
            let mut few = 0;
            self.scan(range.clone(), |key, _| {
                batch.remove(key);
                few += 1;
                if few < 1000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            if few == 0 {
                return Ok(());
            }
            self.apply(batch)?;
        }
    }
}

/// Closes sled on a background thread, because its final sync and page-table teardown are slow.
///
/// Nothing is lost if the process ends first: everything acknowledged was synced before.
impl Drop for Database {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            if self.broken.load(Ordering::Relaxed) {
                // Dropping a database that has panicked panics again.
                std::mem::forget(db);
            } else {
                let close = move || drop(catch_unwind(AssertUnwindSafe(|| drop(db))));
                drop(std::thread::Builder::new().name("closing".to_owned()).spawn(close));
            }
        }
    }
}

/// Time limit for sled to open, write a batch, flush or close. The longest seen is 15 seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a call into sled on a thread of its own and waits at most [`PATIENCE`].
///
/// If a write fails on one of sled's threads, another may wait for it and never be woken. The
/// thread then stays until the process ends.
fn within<T: Send + 'static>(call: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
    let (give, take) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("sled".to_owned())
        .spawn(move || drop(give.send(call())))
        .map_err(io("starting a thread".to_owned()))?;
    take.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let why = format!("it did not answer for {} seconds", PATIENCE.as_secs());
        Err(StoreError::Broken(why))
    })
}

/// Runs a call into sled, turning panics into errors.
///
/// An I/O error becomes [`StoreError::Io`], anything else [`StoreError::Broken`].
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
            Err(StoreError::Broken(text.unwrap_or("sled stopped without a message").to_owned()))
        }
    }
}
