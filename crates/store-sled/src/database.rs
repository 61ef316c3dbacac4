//! One sled database with what sled itself does not do: a barrier after a flush, panics as errors, a lock that lingers.

use crate::files::{self, io};
use crate::lock;
use heldto_store::StoreError;
use std::fs::File;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What sled says when its file is locked: its error has no kind of its own.
const SLEDS_LOCK: &str = "could not acquire lock";

/// How many keys a leaf of sled's has where they came in order: it splits at 17, behind the ninth.
const LEAF: usize = 9;

/// A database in a folder of its own. Open it only under the ledger's lock.
pub struct Database {
    /// `None` only while it is dropped.
    db: Option<sled::Db>,
    broken: AtomicBool,
    /// A second descriptor on sled's file: its own flush is no barrier, `sync_all` on this one is.
    file: File,
}

impl Database {
    /// Opens the database in this folder, or makes one.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        // A process killed while sled wrote its snapshot leaves this file, and sled then calls the store corrupt. We hold the lock.
        files::remove_half_written_snapshots(folder)?;
        let config = sled::Config::new().path(folder).flush_every_ms(None).cache_capacity(16 << 20);
        let start = Instant::now();
        let db = loop {
            let config = config.clone();
            match within(move || guard(|| config.open())) {
                // We hold our own lock, so it is this process that still has the file: sled's threads let go of it a moment after it is closed.
                Err(StoreError::Broken(why)) if why.contains(SLEDS_LOCK) && start.elapsed() < lock::PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                opened => break opened?,
            }
        };
        let file = File::open(folder.join("db")).map_err(io("opening the database file".to_owned()))?;
        Ok(Self { db: Some(db), broken: AtomicBool::new(false), file })
    }

    /// Closes it, and waits until that is done.
    pub fn close(mut self) {
        let db = self.db.take();
        let closing = within(move || {
            drop(catch_unwind(AssertUnwindSafe(|| drop(db))));
            Ok(())
        });
        // Whatever it comes to: what counts was synced before.
        drop(closing);
    }

    /// sled's own handle, for tests that damage what it holds.
    pub const fn raw(&self) -> Option<&sled::Db> {
        self.db.as_ref()
    }

    /// Runs one call into sled, and remembers when it failed.
    fn sled<T>(&self, call: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, StoreError> {
        match &self.db {
            Some(db) if !self.broken.load(Ordering::Relaxed) => {
                guard(|| call(db)).inspect_err(|_| self.broken.store(true, Ordering::Relaxed))
            }
            _ => Err(StoreError::Broken("it failed before in this run".to_owned())),
        }
    }

    /// The same, and fails if sled does not answer.
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

    /// Gives the pairs of a range in order.
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

    /// Gives the pairs of a range from its end.
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

    /// Writes a batch, all or nothing. It survives a power cut only after [`Self::sync`].
    pub fn apply(&self, batch: sled::Batch) -> Result<(), StoreError> {
        self.sled_within(move |db| db.apply_batch(batch))
    }

    /// Writes one pair. It survives a power cut only after [`Self::sync`].
    pub fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.sled(|db| db.insert(key, value).map(drop))
    }

    /// Writes pairs whose keys come in order, and are not there yet: some of them may be there and others not until [`Self::sync`].
    ///
    /// The keys come first, then the values. sled writes a leaf whole whenever it splits, and after every ten values: with the values in it, that is five
    /// times what there is to write, and 40 % of what stays in its file is of no use. Then each leaf is made one piece again, which is read at once: what
    /// the values took before lies together, and is used again.
    pub fn fill(&self, pairs: &[(Vec<u8>, Vec<u8>)]) -> Result<(), StoreError> {
        let put = |db: &sled::Db, key: &[u8], value: &[u8]| db.insert(key, value).map(drop);
        self.sled(|db| {
            pairs.iter().try_for_each(|(key, _)| put(db, key, &[]))?;
            for (n, (key, value)) in pairs.iter().enumerate() {
                // The last of a leaf's ten changes is its last value.
                put(db, key, if n % LEAF == 0 { &[0] } else { value })?;
            }
            pairs.iter().step_by(LEAF).try_for_each(|(key, value)| put(db, key, value))
        })
    }

    /// Hands everything written so far to the system: it survives a kill from then on, but no power cut.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.sled_within(|db| db.flush().map(drop))
    }

    /// Makes everything written so far durable: sled's flush, and the barrier that it lacks.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.flush()?;
        self.file.sync_all().map_err(io("making the entries durable".to_owned()))
    }

    /// Removes the keys of a range, a few at a time.
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

/// Closes it beside whatever comes next: sled syncs once more and frees its table of pages, page by page, which whoever has read what it wanted need not wait
/// for. Nothing is lost where the process ends before that: whatever was acknowledged was synced then.
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

/// How long sled may take to open, flush or close. The longest that was seen is 15 seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a call into sled on a thread of its own and waits for it, but not for ever: where a write fails on one of sled's threads, another
/// may wait for it and never be woken. Then the thread stays behind until the process ends.
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
