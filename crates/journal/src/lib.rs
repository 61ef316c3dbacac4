//! Every entry of a ledger with its parts in plain files: what an acknowledgement rests on, and what the database is made
//! again from.
//!
//! It knows bytes, hashes and files, never facts and never the database. Closed bundles stand in segments
//! (`segment.rs`), the entries behind them in the open bundle (`open.rs`). Start at [`Journal`]; docs/FORMAT.md,
//! *The journal*, has the bytes.

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

/// How often a reader without the lock looks again when a writer may have been in the middle of something.
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
    /// Which of the two files holds the open bundle, and both of them; `None` for one that is not there.
    current: usize,
    files: [Option<File>; 2],
    /// The highest generation that was ever tried.
    generation: u64,
    /// Where the log stands before the open bundle.
    base: Head,
    tail: Vec<StoredEntry>,
    head: Head,
    /// Where the next record goes, and behind which place each file holds only zeros.
    end: usize,
    used: [usize; 2],
    lengths: [usize; 2],
    /// Whether the open bundle is damaged, and valid entries that do not follow what comes before them.
    is_damaged: bool,
    salvage: BTreeMap<u64, StoredEntry>,
    /// Whether the open bundle has to be written anew before anything is added to it.
    must_roll: bool,
    /// Whether a write failed in a way that leaves open what the disk holds.
    has_failed: bool,
    segments: Mutex<BTreeMap<u64, Arc<Segment>>>,
    cache: Mutex<VecDeque<(u64, Arc<Bundle>)>>,
    /// Bundles that were mended where nothing can be written.
    mended: Mutex<BTreeMap<u64, Arc<Bundle>>>,
    /// Held by whoever mends a bundle.
    mending: Mutex<()>,
    notices: Notices,
}

impl Journal {
    /// Makes a journal without entries in a folder that is not there yet. Durable on return, but for the folder's own name.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(dir: &Path, founding: &Founding) -> Result<Self, StoreError> {
        std::fs::create_dir(dir).map_err(failed(format!("making the folder {}", dir.display())))?;
        write_founding(dir, founding)?;
        let base = Head::empty(&founding.genesis);
        let header = Header { generation: 1, base, count: 0 }.encode();
        for (number, beginning) in [&header[..], &[]].into_iter().enumerate() {
            let path = open::path(dir, number);
            let mut bytes = beginning.to_vec();
            bytes.resize(INITIAL_BYTES, 0);
            File::create_new(&path)
                .and_then(|file| write(&file, &bytes, 0).and_then(|()| file.sync_all()))
                .map_err(failed(format!("making {}", path.display())))?;
        }
        sync_dir(dir)?;
        Self::open(dir, true, 0, &Notices::default())
    }

    /// Opens a journal. `known_size`: how many entries it must hold, as far as anything else says so; with fewer, its end is
    /// taken for damaged and not for torn ([`Self::is_short_of`]).
    ///
    /// Reads the open bundle and nothing else: some 100 microseconds. Without `writable` nothing is written, and a writer
    /// may be at work beside it.
    ///
    /// # Errors
    /// [`StoreError::NoLedger`] where there is none; [`StoreError::Damaged`] if neither file of the open bundle can be read;
    /// otherwise when the system refuses.
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
                // A writer may have changed files between two looks.
                Ok(journal) if tries > 0 && journal.is_short_of(known_size) => {}
                Err(error) if tries > 0 && error.is_integrity() => {}
                judged => return judged,
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Opens both files and chooses the one that counts.
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
        // Of the other file it is not known what it holds beyond its header.
        let mut used = lengths;
        let mut chosen: Option<(usize, Judged)> = None;
        let mut newest: Option<(usize, Judged)> = None;
        let (mut salvage, mut is_damaged) = (BTreeMap::new(), false);
        for (number, header, check) in headers {
            let Some(file) = &files[number] else { continue };
            let bytes = open::read_file(file, &open::path(dir, number))?;
            let mut judged = open::judge(header, check == Check::Corrected, &bytes);
            used[number] = judged.used;
            salvage.append(&mut judged.salvage);
            // A record of a later append proves that what was written with the header was durable once.
            is_damaged |= judged.is_damaged;
            if judged.is_committed {
                chosen = Some((number, judged));
                break;
            }
            // What was never committed does not count, but its entries may be of use.
            salvage.extend(judged.tail.iter().map(|stored| (stored.index, stored.clone())));
            newest = newest.or(Some((number, judged)));
        }
        // Unless more is known of than the earlier one holds: then this one was committed, and is damaged. Its bundles are closed.
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

    /// Returns what the ledger is founded on.
    #[must_use]
    pub const fn founding(&self) -> &Founding {
        &self.founding
    }

    /// Returns where the log stands.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Returns how many entries stand in closed bundles.
    #[must_use]
    pub const fn closed_size(&self) -> u64 {
        self.base.size()
    }

    /// Tells whether its end is damaged: it holds fewer entries than are known, or entries of later appends behind a gap.
    #[must_use]
    pub const fn is_short_of(&self, known_size: u64) -> bool {
        self.head.size() < known_size || self.is_damaged
    }

    /// Returns how many entries it held before its end was damaged, as far as its own files tell: at least one more than it holds.
    #[must_use]
    pub fn damaged_size(&self) -> u64 {
        let behind = self.salvage.last_key_value().map_or(0, |(index, _)| index + 1);
        if self.is_damaged { behind.max(self.head.size() + 1) } else { 0 }
    }

    /// Returns an entry behind a gap in the open bundle, if it is there.
    #[must_use]
    pub fn salvage(&self, index: u64) -> Option<&StoredEntry> {
        self.salvage.get(&index)
    }
}
