//! The embedded store: every entry in a journal and in sled databases, each mended from the other.
//!
//! Knows bytes, keys and files, never facts. Acknowledgements rest on `journal/` (crate `journal`).
//! The databases, an LSM tree in `hot/` and `archive/` (`replica.rs`), hold a copy of the log and
//! its index. The folder also holds `lock`; the marks `acknowledged` and `signed`, which reveal a
//! log that lost its end; `checkpoint`; `erased`, the list of erased parts; and `suspect` while the
//! databases are not trusted.
//! docs/STORAGE.md says which copy answers when, docs/FORMAT.md has the bytes. Start at
//! [`SledStore`].

mod archive;
mod block;
mod candidates;
mod compare;
mod database;
mod entries;
mod erase;
mod files;
mod filter;
mod keys;
mod lock;
mod marks;
mod mend;
mod oversized;
mod rebuild;
mod replica;
mod runs;
mod store;
mod tail;
mod take_up;

pub use lock::Waiting;
pub use mend::{Repaired, Source};

use candidates::leave_out;
use erase::Erased;
use files::{ACKNOWLEDGED, HighWaterMark, SIGNED, io};
use heldto_journal::{Journal, LAYOUT, sync_dir};
use heldto_proof::{Entry, Genesis, Head};
use heldto_store::{Entries, EntryChunk, EntryHashes, Founding, IndexHashes, NewEntry, Notice, Notices, StoreError};
use lock::{Lock, PATIENCE, READER_PATIENCE};
use marks::Marks;
use replica::{ENTRIES_PER_DATABASE, Replica, TAIL_ENTRIES};
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// Log size from which a notice is given before the index is built in memory.
const LONG_LOG: u64 = 10_000;
/// Number of entries copied from the journal to the databases at a time.
const CHUNK: u64 = 1 << 16;

/// A command's use of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading only; possible without the databases, and alongside a writer.
    Read,
    /// Writing.
    Write,
}

/// Name of the file that marks a ledger restored from a copy that leaves parts out.
const PARTIAL: &str = "partial";
const WHY_PARTIAL: &str =
    "This ledger was restored from a copy without some parts. It can be read and verified, but not added to.\n";

/// Options for opening a ledger.
pub struct Opening<'a> {
    /// The command's use of the ledger.
    pub access: Access,
    /// Function that computes an entry's index hashes, to rebuild the index.
    pub hashes: IndexHashes,
    /// Receiver of a notice for each repair or fallback.
    pub notices: Notices,
    /// Called once with the lock's holder, after a second of waiting.
    pub waiting: Waiting<'a>,
    /// Another copy of the ledger, to mend entries that both copies here lost.
    pub source: Option<Source<'a>>,
}

/// An open ledger folder.
pub struct SledStore {
    dir: PathBuf,
    journal: Journal,
    /// Databases while they are trusted; otherwise the journal answers alone.
    replica: RwLock<Option<Arc<Replica>>>,
    hashes: EntryHashes,
    /// Index built in memory when the databases are not in use.
    alone_index: OnceLock<Vec<(u64, u64)>>,
    lengths: (u64, u64),
    /// File of the last mark that this process wrote.
    acknowledged: Mutex<Option<File>>,
    /// Serialises the mending of bundles.
    mending: Mutex<()>,
    notices: Notices,
    erased: Erased,
    /// `None` for a reader that cannot write here or reads alongside a writer. Dropped after
    /// `replica`.
    lock: Option<Lock>,
    /// Temporary copy, read in place of a ledger without a journal that cannot be locked.
    _copy: Option<tempfile::TempDir>,
}

/// Returns `true` if the folder holds a ledger.
#[must_use]
pub fn is_ledger(dir: &Path) -> bool {
    dir.join("journal").is_dir() || dir.join("hot").is_dir()
}

impl SledStore {
    /// Creates a ledger's folder, durable on return.
    ///
    /// # Errors
    /// If a ledger or the remains of one are there, the origin is invalid, or writing fails.
    pub fn create(dir: &Path, founding: &Founding, opening: Opening<'_>) -> Result<Self, StoreError> {
        Self::create_with(dir, founding, &[], &Head::empty(&founding.genesis), opening)
    }

    /// Creates a ledger's folder with these first entries, all or nothing. Durable on return.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_with(
        dir: &Path,
        founding: &Founding,
        entries: &[NewEntry],
        head: &Head,
        opening: Opening<'_>,
    ) -> Result<Self, StoreError> {
        Self::create_from(dir, founding, (entries, head), false, opening)
    }

    /// Creates a ledger's folder from a copy; one that leaves parts out cannot be added to.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_from(
        dir: &Path,
        founding: &Founding,
        (entries, head): (&[NewEntry], &Head),
        is_partial: bool,
        opening: Opening<'_>,
    ) -> Result<Self, StoreError> {
        if !Genesis::origin_is_valid(&founding.genesis.origin) {
            return Err(replica::damaged("founding record", "its origin is not allowed in a checkpoint"));
        }
        // A mark without a log is the only trace of a lost ledger, so nothing overwrites it.
        if is_ledger(dir) || [ACKNOWLEDGED, SIGNED, "checkpoint"].iter().any(|mark| dir.join(mark).exists()) {
            return Err(StoreError::AlreadyThere(dir.display().to_string()));
        }
        let new: Vec<&Path> = dir.ancestors().take_while(|d| !d.as_os_str().is_empty() && !d.exists()).collect();
        std::fs::create_dir_all(dir).map_err(io(format!("creating the folder {}", dir.display())))?;
        for made in new {
            sync_dir(made.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        }
        let lock = Lock::take(&dir.join("lock"), PATIENCE, opening.waiting)?;
        if is_ledger(dir) {
            return Err(StoreError::AlreadyThere(dir.display().to_string()));
        }
        let builder = dir.join("journal.new");
        for left in [&builder, &dir.join("archive"), &dir.join("rebuilt")] {
            files::remove_dir(left)?;
        }
        if is_partial {
            files::replace(dir, PARTIAL, WHY_PARTIAL.as_bytes(), true)?;
        }
        let mut journal = Journal::create(&builder, founding)?;
        if !entries.is_empty() {
            journal.append(entries, head)?;
        }
        drop(journal);
        Self::put_journal(dir)?;
        let journal = Journal::open(&dir.join("journal"), true, head.size(), &opening.notices)?;
        let mut store = Self::of(dir, journal, Some(lock), opening.hashes, opening.notices);
        // From here on the ledger exists. If the databases cannot be filled, the next opening
        // repairs them.
        let made = Replica::create(dir, founding, store.lengths);
        let filled = made.and_then(|mut replica| {
            store.catch_up(&mut replica)?;
            replica.sync()?;
            Ok(replica)
        });
        match filled {
            Ok(replica) => store.put_replica(replica),
            Err(error) => store.suspect(&error),
        }
        store.write_acknowledged()?;
        Ok(store)
    }

    /// Returns `true` if the ledger was restored from a copy that leaves parts out.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.dir.join(PARTIAL).exists()
    }

    /// Moves a finished journal to its place.
    fn put_journal(dir: &Path) -> Result<(), StoreError> {
        let (builder, place) = (dir.join("journal.new"), dir.join("journal"));
        // Before the rename there is no journal; after the sync, all of it survives a power cut.
        std::fs::rename(&builder, &place).map_err(io(format!("creating the folder {}", place.display())))?;
        sync_dir(dir)
    }

    /// Opens a ledger's folder and mends either copy from the other, with a notice of each repair.
    ///
    /// A writer waits up to ten seconds for another process. A reader waits one second, then reads
    /// from the journal alone, as a reader without write permission does.
    ///
    /// # Errors
    /// If there is no ledger, another process holds the lock, the layout is a later one, the log
    /// ends before its acknowledged or signed size, or the journal cannot be read.
    pub fn open(dir: &Path, opening: Opening<'_>) -> Result<Self, StoreError> {
        if !is_ledger(dir) {
            if [ACKNOWLEDGED, SIGNED, "checkpoint"].iter().any(|mark| dir.join(mark).exists()) {
                return Err(StoreError::Behind("both copies of its entries are missing".to_owned()));
            }
            return Err(StoreError::NoLedger(dir.display().to_string()));
        }
        let Opening { access, hashes, notices, waiting, source } = opening;
        let reads = access == Access::Read;
        let patience = if reads { READER_PATIENCE } else { PATIENCE };
        let mut lock = match Lock::take(&dir.join("lock"), patience, waiting) {
            Ok(lock) => Some(lock),
            Err(StoreError::Unwritable { .. }) if reads => {
                notices.add(Notice::FolderUnwritable);
                None
            }
            Err(StoreError::Locked { holder, .. }) if reads => {
                notices.add(Notice::BesideWriter(holder));
                None
            }
            Err(error) => return Err(error),
        };
        let is_without_journal = !dir.join("journal").is_dir();
        if is_without_journal && lock.is_none() {
            return Self::open_copy(dir, hashes, notices);
        }
        let mut is_old_layout = false;
        let mut was_rebuilt = is_without_journal;
        if is_without_journal {
            let (entries, layout) = take_up::take_up(dir)?;
            is_old_layout = layout != LAYOUT;
            notices.add(if is_old_layout {
                Notice::TakenUp(entries)
            } else {
                Notice::JournalRebuilt { why: "it was missing".to_owned(), entries }
            });
        }
        let marks = Marks::read(dir)?;
        let open = |writable| Journal::open(&dir.join("journal"), writable, marks.size(), &notices);
        let journal = match open(lock.is_some()) {
            // The lock file is writable, but the journal is not.
            Err(StoreError::Io { source, .. }) if reads && source.kind() == ErrorKind::PermissionDenied => {
                notices.add(Notice::FolderUnwritable);
                lock = None;
                open(false)
            }
            // The database may have everything that the journal lost.
            Err(error) if error.is_integrity() && lock.is_some() && dir.join("hot").is_dir() => {
                take_up::rebuild_journal(dir, error, &notices)?;
                was_rebuilt = true;
                open(true)
            }
            journal => journal,
        };
        let mut store = Self::of(dir, journal?, lock, hashes, notices.clone());
        store.erased = Erased::read(dir)?;
        store.erased.has_mended = was_rebuilt;
        store.reconcile(marks, is_old_layout, source)?;
        store.finish_erasing_on_opening(reads)?;
        Ok(store)
    }

    /// Opens a temporary copy of a ledger that has no journal and cannot be locked.
    fn open_copy(dir: &Path, hashes: IndexHashes, notices: Notices) -> Result<Self, StoreError> {
        let copy = tempfile::tempdir().map_err(io("creating a temporary folder".to_owned()))?;
        for folder in ["hot", "archive"] {
            files::copy_dir(&dir.join(folder), &copy.path().join(folder))?;
        }
        for name in [ACKNOWLEDGED, SIGNED, "checkpoint"] {
            if let Some(bytes) = files::read_if_there(&dir.join(name))? {
                let path = copy.path().join(name);
                std::fs::write(&path, bytes).map_err(io(format!("writing {}", path.display())))?;
            }
        }
        let quiet = Notices::default();
        let opening =
            Opening { access: Access::Write, hashes, notices: quiet.clone(), waiting: &mut |_| {}, source: None };
        let mut store = Self::open(copy.path(), opening)?;
        let is_old = quiet.take().iter().any(|notice| matches!(notice, Notice::TakenUp(_)));
        drop(notices.take());
        notices.add(if is_old { Notice::OldLayoutCopied } else { Notice::JournalCopied });
        store.notices = notices;
        store._copy = Some(copy);
        Ok(store)
    }

    fn of(dir: &Path, journal: Journal, lock: Option<Lock>, hashes: IndexHashes, notices: Notices) -> Self {
        let hashes = hashes(journal.founding());
        Self {
            dir: dir.to_owned(),
            journal,
            replica: RwLock::default(),
            hashes,
            alone_index: OnceLock::new(),
            lengths: (TAIL_ENTRIES, ENTRIES_PER_DATABASE),
            acknowledged: Mutex::new(None),
            mending: Mutex::new(()),
            notices,
            erased: Erased::default(),
            lock,
            _copy: None,
        }
    }

    /// Sets the tail length that triggers sealing, and the number of entries to an archive
    /// database.
    ///
    /// Neither changes the content that can be read.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn with_lengths(mut self, tail: u64, part: u64) -> Self {
        self.lengths = (tail, part);
        let lengths = self.lengths;
        if let Some(replica) = self.replica_mut() {
            replica.set_lengths(lengths);
        }
        self
    }

    /// Returns sled's own handles for tests that damage them: the tail's, then the archive's.
    ///
    /// # Errors
    /// If the databases are not in use, or the archive does not open.
    #[cfg(feature = "testing")]
    pub fn databases(&self) -> Result<Vec<sled::Db>, StoreError> {
        let not_in_use = || StoreError::Broken("it is not in use".to_owned());
        self.replica().ok_or_else(not_in_use)?.databases()
    }

    /// Returns `true` if the databases are in use, not the journal alone.
    #[must_use]
    pub fn uses_database(&self) -> bool {
        self.replica().is_some()
    }

    fn replica(&self) -> Option<Arc<Replica>> {
        self.replica.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the databases for writing; the exclusive borrow rules out concurrent readers.
    fn replica_mut(&mut self) -> Option<&mut Replica> {
        self.replica.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(Arc::get_mut)
    }

    fn put_replica(&mut self, replica: Replica) {
        self.replica = RwLock::new(Some(Arc::new(replica)));
    }

    /// Marks the databases as suspect: from now on the journal answers, and the next command
    /// compares them with the journal in full.
    fn suspect(&self, why: &StoreError) {
        self.suspect_for(Notice::DatabaseSuspect(why.to_string()));
    }

    fn suspect_for(&self, notice: Notice) {
        // If even this write fails, the next opening still notices missing entries.
        drop(self.write_suspect());
        drop(self.replica.write().unwrap_or_else(PoisonError::into_inner).take());
        self.notices.add(notice);
    }

    fn write_suspect(&self) -> Result<(), StoreError> {
        // Replaced, not opened, so that a link in its place is not followed.
        files::replace(&self.dir, "suspect", b"", true).map(drop)
    }

    fn is_suspect(&self) -> bool {
        self.dir.join("suspect").exists()
    }

    fn clear_suspect(&self) -> Result<(), StoreError> {
        files::remove_file(&self.dir.join("suspect"))
    }

    /// Returns a cursor over journal entries, which mends damaged bundles from `replica` or from
    /// the databases in use.
    fn mended_entries<'s>(&'s self, range: Range<u64>, replica: Option<&'s Replica>) -> Entries<'s> {
        Entries::new(range, move |range, chunk| {
            match self.journal.read(&range, chunk) {
                Err(StoreError::Block { first, .. }) => {
                    self.mend_bundle(first, replica)?;
                    *chunk = EntryChunk::default();
                    self.journal.read(&range, chunk)?;
                }
                read => read?,
            }
            if self.erased.is_hiding {
                chunk.entries_mut().iter_mut().for_each(|stored| leave_out(stored, &self.erased.parts));
            }
            Ok(())
        })
    }

    /// Returns journal entries with their index hashes, for the databases.
    fn to_store(&self, range: Range<u64>, replica: Option<&Replica>) -> Result<Vec<NewEntry>, StoreError> {
        let mut all = Vec::new();
        let mut entries = self.mended_entries(range, replica);
        while let Some(stored) = entries.try_next()? {
            all.push(stored.to_new((self.hashes)(stored)));
        }
        Ok(all)
    }

    /// Copies to the databases the entries that only the journal has.
    fn catch_up(&self, replica: &mut Replica) -> Result<(), StoreError> {
        let size = self.journal.head().size();
        while replica.size() < size {
            let until = (replica.size() + CHUNK).min(size);
            let entries = self.to_store(replica.size()..until, Some(replica))?;
            self.add(replica, &entries)?;
        }
        Ok(())
    }

    /// Appends entries to the tail or, if the tail would grow too long, seals all of it with them.
    fn add(&self, replica: &mut Replica, entries: &[NewEntry]) -> Result<(), StoreError> {
        if !replica.would_seal(entries.len() as u64) {
            return replica.add_to_tail(entries);
        }
        let (sealed, size) = (replica.sealed_size(), replica.size());
        // If the sealing is interrupted, this file remains, and the databases are compared before
        // use.
        self.write_suspect()?;
        if sealed == size {
            replica.seal(entries)?;
        } else {
            // Read from the journal: entries that the database lost would otherwise be lost for
            // good.
            let mut all = self.to_store(sealed..size, Some(replica))?;
            all.extend_from_slice(entries);
            replica.seal(&all)?;
        }
        self.clear_suspect()
    }

    /// Returns the index of the journal's entries, built in memory on first use.
    fn alone_index(&self) -> Result<&[(u64, u64)], StoreError> {
        if let Some(index) = self.alone_index.get() {
            return Ok(index);
        }
        let size = self.journal.head().size();
        if size >= LONG_LOG {
            self.notices.add(Notice::LogFolded(size));
        }
        let mut index = Vec::new();
        let mut entries = self.mended_entries(0..size, None);
        while let Some(stored) = entries.try_next()? {
            index.extend((self.hashes)(stored).into_iter().map(|hash| (hash, stored.index)));
        }
        index.sort_unstable();
        index.dedup();
        Ok(self.alone_index.get_or_init(|| index))
    }

    /// Returns the chain value after the first `size` entries.
    fn chain_at(&self, size: u64, replica: Option<&Replica>) -> Result<heldto_proof::Chain, StoreError> {
        if size == self.journal.head().size() {
            return Ok(self.journal.head().chain);
        }
        let mut entries = self.mended_entries(size..size + 1, replica);
        let entry = Entry::decode(entries.try_next()?.map_or(&[], |stored| &stored.entry));
        entry.map(|entry| entry.previous).map_err(|error| StoreError::Lost { index: size, why: error.to_string() })
    }

    /// Overwrites the mark of the acknowledged size. Not synced: an older mark is still true.
    fn write_acknowledged(&self) -> Result<(), StoreError> {
        let head = self.journal.head();
        let mark = HighWaterMark { size: head.size(), chain: head.chain };
        let mut held = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(file) => mark.write_over(file, ACKNOWLEDGED),
            None => mark.write(&self.dir, ACKNOWLEDGED, "", false).map(|file| *held = Some(file)),
        }
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.replica_mut().map(Replica::flush) {
            self.suspect(&error);
        }
    }
}
