//! The journal: every entry of a ledger with its parts in plain files, on which acknowledgements
//! rest and from which the database is rebuilt.
//!
//! This crate knows bytes, hashes and files, never facts and never the database. Closed bundles are
//! in segments (`segment.rs`), later entries in the open bundle (`open.rs`). Start at [`Journal`];
//! docs/FORMAT.md, *The journal*, specifies the bytes.

mod append;
mod check;
mod files;
mod founding;
mod links;
mod open;
mod read;
mod segment;

pub use check::{Check, checked, with_check};
pub use files::{failed, read_at, sync_dir, write_at};
pub use founding::{FOUNDING_RECORD, LAYOUT, read_founding, write_founding};
pub use links::{advance, first_unlinked, follows};

use files::write_at as write;
use heldto_proof::Head;
use heldto_store::{Founding, Notice, Notices, StoreError, StoredEntry};
use open::{Header, INITIAL_BYTES, Judged};
use segment::{Bundle, Segment};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Number of attempts by a reader without the lock, because a writer may be changing the files.
const READER_TRIES: usize = 5;

/// The journal of a ledger.
///
/// ```
/// # use heldto_journal::Journal;
/// # use heldto_store::{Notices, conformance};
/// let folder = tempfile::tempdir()?;
/// let mut journal = Journal::create(&folder.path().join("journal"), &conformance::founding())?;
/// let (entries, head) = conformance::entries(journal.head(), &[100, 20]);
/// journal.append(&entries, &head)?;
/// let again = Journal::open(&folder.path().join("journal"), false, 0, &Notices::default())?;
/// assert_eq!(again.head(), &head);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Journal {
    dir: PathBuf,
    writable: bool,
    founding: Founding,
    /// Number, 0 or 1, of the file that holds the open bundle.
    current: usize,
    /// The two files; `None` if one does not exist.
    files: [Option<File>; 2],
    /// The highest generation ever used, even if it was never committed.
    generation: u64,
    /// The head of the log before the open bundle.
    base: Head,
    /// The entries of the open bundle.
    tail: Vec<StoredEntry>,
    head: Head,
    /// Offset of the next record in the current file.
    end: usize,
    /// For each file, the offset from which it holds only zeros, as far as known.
    used: [usize; 2],
    /// The lengths of the files.
    lengths: [usize; 2],
    /// `true` if the end of the open bundle is damaged.
    is_damaged: bool,
    /// Valid entries of the open bundle that do not follow the entries before them, by index.
    salvage: BTreeMap<u64, StoredEntry>,
    /// `true` if the open bundle must be written anew before the next append.
    must_roll: bool,
    /// `true` if a failed write left the content of the disk unknown.
    has_failed: bool,
    segments: Mutex<BTreeMap<u64, Arc<Segment>>>,
    cache: Mutex<VecDeque<(u64, Arc<Bundle>)>>,
    /// Bundles mended in memory because the journal is not writable.
    mended: Mutex<BTreeMap<u64, Arc<Bundle>>>,
    /// Held while a bundle is mended.
    mending: Mutex<()>,
    notices: Notices,
}

impl Journal {
    /// Creates a journal without entries in a new folder.
    ///
    /// Durable on return, except for the folder's name.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn create(dir: &Path, founding: &Founding) -> Result<Self, StoreError> {
        std::fs::create_dir(dir).map_err(failed(format!("creating the folder {}", dir.display())))?;
        write_founding(dir, founding)?;
        let base = Head::empty(&founding.genesis);
        let header = Header { generation: 1, base, count: 0 }.encode();
        for (number, beginning) in [&header[..], &[]].into_iter().enumerate() {
            let path = open::path(dir, number);
            let mut bytes = beginning.to_vec();
            bytes.resize(INITIAL_BYTES, 0);
            File::create_new(&path)
                .and_then(|file| write(&file, &bytes, 0).and_then(|()| file.sync_all()))
                .map_err(failed(format!("creating {}", path.display())))?;
        }
        sync_dir(dir)?;
        Self::open(dir, true, 0, &Notices::default())
    }

    /// Opens a journal.
    ///
    /// `known_size` is the number of entries that the journal must hold according to other sources.
    /// With fewer, its end counts as damaged, not as torn ([`Self::is_short_of`]).
    ///
    /// Reads only the open bundle, which takes about 100 microseconds. Without `writable` nothing
    /// is written, and a writer may be active at the same time.
    ///
    /// # Errors
    /// As [`read_founding`]; [`StoreError::Damaged`] if neither file of the open bundle can be
    /// read; otherwise any I/O error.
    pub fn open(dir: &Path, writable: bool, known_size: u64, notices: &Notices) -> Result<Self, StoreError> {
        let (founding, check) = read_founding(dir)?;
        if check == Check::Corrected {
            notices.add(Notice::BitCorrected("journal/founding".to_owned()));
            if writable {
                write_founding(dir, &founding)?;
            }
        }
        let mut tries = if writable { 1 } else { READER_TRIES };
        loop {
            tries -= 1;
            match Self::judge(dir, writable, known_size, &founding, notices) {
                // A writer may have changed one file after the other was read.
                Ok(journal) if tries > 0 && journal.is_short_of(known_size) => {}
                Err(error) if tries > 0 && error.is_integrity() => {}
                judged => return judged,
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Reads both files and chooses the one that counts.
    fn judge(
        dir: &Path,
        writable: bool,
        known_size: u64,
        founding: &Founding,
        notices: &Notices,
    ) -> Result<Self, StoreError> {
        let mut files = [None, None];
        let mut lengths = [0; 2];
        let mut headers = Vec::new();
        for (number, place) in files.iter_mut().enumerate() {
            let path = open::path(dir, number);
            *place = open::open_file(&path, writable)?;
            let Some(file) = place else { continue };
            let length = file.metadata().map_err(failed(format!("reading {}", path.display())))?.len();
            lengths[number] = usize::try_from(length).unwrap_or(usize::MAX);
            headers.extend(open::read_header(file, &path)?.map(|(header, check)| (number, header, check)));
        }
        headers.sort_by_key(|(_, header, _)| std::cmp::Reverse(header.generation));
        let generation = headers.first().map_or(0, |(_, header, _)| header.generation);
        // A file that is not judged may contain anything after its header.
        let mut used = lengths;
        let mut chosen: Option<(usize, Judged)> = None;
        let mut newest: Option<(usize, Judged)> = None;
        let mut salvage = BTreeMap::new();
        let mut is_damaged = false;
        for (number, header, check) in headers {
            let Some(file) = &files[number] else { continue };
            let bytes = open::read_file(file, &open::path(dir, number))?;
            let mut judged = open::judge(header, check == Check::Corrected, &bytes);
            used[number] = judged.used;
            salvage.append(&mut judged.salvage);
            // A record of a later append proves that the header and its records were durable once.
            is_damaged |= judged.is_damaged;
            if judged.is_committed {
                chosen = Some((number, judged));
                break;
            }
            // An uncommitted file does not count, but its entries may help to mend others.
            salvage.extend(judged.tail.iter().map(|stored| (stored.index, stored.clone())));
            newest = newest.or(Some((number, judged)));
        }
        // If no file is committed, or the committed one holds fewer entries than are known, the
        // newer file was committed once and is damaged now. Its bundles are closed.
        if chosen.as_ref().is_none_or(|(_, judged)| judged.head.size() < known_size)
            && let Some((number, mut judged)) = newest
        {
            is_damaged |= known_size > judged.head.size();
            judged.is_committed = true;
            chosen = Some((number, judged));
        }
        let (current, judged) = chosen.ok_or_else(|| StoreError::Damaged {
            record: "open bundle of the journal",
            why: "neither of its files can be read".to_owned(),
        })?;
        if judged.corrected {
            notices.add(Notice::BitCorrected(format!("journal/open-{current}")));
        }
        Ok(Self {
            dir: dir.to_owned(),
            writable,
            founding: founding.clone(),
            current,
            files,
            generation,
            must_roll: judged.corrected || is_damaged || judged.header.generation != generation,
            base: judged.header.base,
            tail: judged.tail,
            head: judged.head,
            end: judged.end,
            used,
            lengths,
            is_damaged,
            salvage,
            has_failed: false,
            segments: Mutex::default(),
            cache: Mutex::default(),
            mended: Mutex::default(),
            mending: Mutex::default(),
            notices: notices.clone(),
        })
    }

    /// Returns the founding record.
    #[must_use]
    pub const fn founding(&self) -> &Founding {
        &self.founding
    }

    /// Returns the head of the log.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Returns the number of entries in closed bundles.
    #[must_use]
    pub const fn closed_size(&self) -> u64 {
        self.base.size()
    }

    /// Returns `true` if the end is damaged: fewer entries than known, or later entries after a
    /// gap.
    #[must_use]
    pub const fn is_short_of(&self, known_size: u64) -> bool {
        self.head.size() < known_size || self.is_damaged
    }

    /// Returns the number of entries that the journal held before its end was damaged; 0 if
    /// undamaged.
    ///
    /// The number is the highest that the journal's files show, and at least one more than the
    /// intact entries.
    #[must_use]
    pub fn damaged_size(&self) -> u64 {
        let behind = self.salvage.last_key_value().map_or(0, |(index, _)| index + 1);
        if self.is_damaged { behind.max(self.head.size() + 1) } else { 0 }
    }

    /// Returns an entry that follows a gap in the open bundle, if present.
    #[must_use]
    pub fn salvage(&self, index: u64) -> Option<&StoredEntry> {
        self.salvage.get(&index)
    }
}
