//! Every entry of a ledger with its parts in plain files: what an acknowledgement rests on, and what the database is made
//! again from.
//!
//! It knows bytes, hashes and files, never facts and never the database. Closed bundles stand in segments
//! (`segment.rs`), the entries behind them in the open bundle (`open.rs`). Start at [`Journal`]; docs/FORMAT.md,
//! *The journal*, has the bytes.

mod check;
mod files;
mod founding;
mod links;
mod open;
mod segment;

pub use check::{Check, checked, with_check};
pub use files::{failed, read_at, sync_dir, write_at};
pub use founding::{FOUNDING_RECORD, LAYOUT, read_founding, write_founding};
pub use links::{advance, first_unlinked, follows};

use files::write_at as write;
use heldto_proof::{Head, TILE_WIDTH};
use heldto_store::{Founding, NewEntry, Notice, Notices, StoreError, StoredEntry};
use open::{GROWTH_BYTES, Header, INITIAL_BYTES, Judged, Position, put_record};
use segment::{BUNDLES_PER_SEGMENT, Bundle, BundleBytes, Segment, SegmentWriter};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// From so many entries on they are hashed beside the writing.
const HASHED_BESIDE: u64 = 2048;
/// How many bundles are kept in memory for whoever reads entries here and there.
const CACHED_BUNDLES: usize = 16;
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

    /// Adds entries that follow those there are, all or nothing. `head` is where the log stands after them.
    ///
    /// Durable on return, by one `fdatasync` as a rule; two and a new header when bundles are closed. After an error nothing
    /// was added, unless the disk refuses even to take that back: then the next opening tells.
    ///
    /// # Errors
    /// When the system refuses, or refused before in a way that left the end of the log unknown.
    pub fn append(&mut self, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        if !self.writable {
            return Err(StoreError::ReadOnly);
        }
        if self.has_failed {
            let source = std::io::Error::other("an earlier write failed; run the command again");
            return Err(StoreError::Io { what: "writing the journal".to_owned(), source });
        }
        let total = (self.tail.len() + entries.len()) as u64;
        let written = if total < TILE_WIDTH && !self.must_roll {
            self.write_records(entries).map(|()| self.base.clone())
        } else {
            self.close_bundles(entries, head)
        };
        match written {
            Ok(base) => self.base = base,
            Err(error) => {
                self.take_back();
                return Err(error);
            }
        }
        if total < TILE_WIDTH {
            let indexes = self.head.size()..;
            self.tail.extend(indexes.zip(entries).map(|(index, new)| stored(index, new)));
        } else {
            let left = usize::try_from(total % TILE_WIDTH).unwrap_or(0);
            let from = entries.len().saturating_sub(left);
            // What is left of the tail stands before the new entries, where those are fewer.
            let kept = left - (entries.len() - from);
            self.tail.drain(..self.tail.len() - kept);
            let indexes = self.head.size() + from as u64..;
            self.tail.extend(indexes.zip(&entries[from..]).map(|(index, new)| stored(index, new)));
        }
        self.head = head.clone();
        Ok(())
    }

    /// Writes records behind those that are there.
    fn write_records(&mut self, entries: &[NewEntry]) -> Result<(), StoreError> {
        let mut bytes = Vec::new();
        self.put_records(&mut bytes, self.generation, self.head.size(), entries);
        let at = self.end;
        self.write_open(self.current, bytes, at)?;
        Ok(())
    }

    fn put_records(&self, out: &mut Vec<u8>, generation: u64, first: u64, entries: &[NewEntry]) {
        let count = u32::try_from(entries.len()).expect("fewer than a bundle's entries are written as records");
        for (index, new) in (first..).zip(entries) {
            put_record(out, generation, Position { index, first, count }, &new.entry, new.present_parts());
        }
    }

    /// Writes bytes into one of the two files and syncs it; the next record goes behind them.
    fn write_open(&mut self, number: usize, mut bytes: Vec<u8>, at: usize) -> Result<(), StoreError> {
        let path = open::path(&self.dir, number);
        let writing = || failed(format!("writing {}", path.display()));
        let end = at + bytes.len();
        // What a torn or an earlier write left behind the end becomes zeros again, in the same write.
        if self.used[number] > end {
            bytes.resize(self.used[number] - at, 0);
        }
        let needed = at + bytes.len();
        if needed > self.lengths[number] {
            let length = needed.next_multiple_of(GROWTH_BYTES);
            bytes.resize(length - at, 0);
        }
        if self.files[number].is_none() {
            let making = || failed(format!("making {}", path.display()));
            let options = &mut File::options();
            let file = options.read(true).write(true).create(true).truncate(true).open(&path).map_err(making())?;
            self.files[number] = Some(file);
            sync_dir(&self.dir)?;
        }
        let Some(file) = &self.files[number] else { return Ok(()) };
        self.used[number] = self.used[number].max(end);
        write(file, &bytes, at as u64).and_then(|()| file.sync_data()).map_err(writing())?;
        self.lengths[number] = self.lengths[number].max(at + bytes.len());
        // Before this line nothing of it counts; after it, all of it survives a power cut.
        self.used[number] = end;
        self.end = end;
        Ok(())
    }

    /// Writes as many whole bundles as there are into segments, and the rest into the other file of the open bundle. Returns
    /// where the log stands behind the closed bundles.
    fn close_bundles(&mut self, entries: &[NewEntry], head: &Head) -> Result<Head, StoreError> {
        let total = (self.tail.len() + entries.len()) as u64;
        let left = total % TILE_WIDTH;
        let closed = total - left;
        let advanced = || {
            let mut base = self.base.clone();
            let tail = self.tail.iter().map(|stored| &stored.entry);
            let all = tail.chain(entries.iter().map(|new| &new.entry));
            all.take(usize::try_from(closed).unwrap_or(usize::MAX)).for_each(|entry| advance(&mut base, entry));
            base
        };
        let base = if left == 0 {
            self.write_segments(entries, closed)?;
            head.clone()
        } else if closed < HASHED_BESIDE {
            self.write_segments(entries, closed)?;
            advanced()
        } else {
            // The disk is waited for most of the time.
            std::thread::scope(|scope| {
                let base = scope.spawn(advanced);
                let written = self.write_segments(entries, closed);
                let base = base.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                written.map(|()| base)
            })?
        };
        self.roll(&base, entries, closed)?;
        Ok(base)
    }

    /// Writes the entries behind the first `closed` ones into the other file, under a greater generation.
    fn roll(&mut self, base: &Head, entries: &[NewEntry], closed: u64) -> Result<(), StoreError> {
        let generation = self.generation + 1;
        let closed = usize::try_from(closed).unwrap_or(usize::MAX);
        let from = closed.saturating_sub(self.tail.len()).min(entries.len());
        let kept = &self.tail[closed.min(self.tail.len())..];
        let first = base.size();
        let count = u32::try_from(kept.len() + entries.len() - from).expect("fewer than 256 entries are left");
        let mut bytes = Header { generation, base: base.clone(), count }.encode();
        let all = kept.iter().map(|stored| &stored.entry).zip(kept.iter().map(StoredEntry::present_parts));
        let mut index = first;
        for (entry, parts) in all {
            put_record(&mut bytes, generation, Position { index, first, count }, entry, parts);
            index += 1;
        }
        for new in &entries[from..] {
            put_record(&mut bytes, generation, Position { index, first, count }, &new.entry, new.present_parts());
            index += 1;
        }
        self.generation = generation;
        let other = 1 - self.current;
        self.write_open(other, bytes, 0)?;
        self.current = other;
        self.must_roll = false;
        self.is_damaged = false;
        self.salvage.clear();
        Ok(())
    }

    /// Writes bundles of the tail and of new entries behind those that are closed.
    fn write_segments(&self, entries: &[NewEntry], closed: u64) -> Result<(), StoreError> {
        if closed == 0 {
            return Ok(());
        }
        let mut bundle = BundleBytes::default();
        let mut number = self.base.size() / TILE_WIDTH;
        let mut segment = self.segment_to_write(number)?;
        let mut writer = SegmentWriter::new(&segment, number)?;
        let mut rest = usize::try_from(closed).unwrap_or(usize::MAX);
        let tail = self.tail.iter().map(|stored| (&stored.entry, None, Some(stored)));
        let all = tail.chain(entries.iter().map(|new| (&new.entry, Some(new), None)));
        for (entry, new, stored) in all {
            if rest == 0 {
                break;
            }
            rest -= 1;
            match (new, stored) {
                (Some(new), _) => bundle.push(entry, new.present_parts()),
                (_, Some(stored)) => bundle.push(entry, stored.present_parts()),
                (None, None) => {}
            }
            if bundle.count < TILE_WIDTH {
                continue;
            }
            if number / BUNDLES_PER_SEGMENT != writer.number() {
                writer.finish()?;
                segment = self.segment_to_write(number)?;
                writer = SegmentWriter::new(&segment, number)?;
            }
            writer.push(&mut bundle)?;
            number += 1;
        }
        writer.finish()
    }

    /// The segment into which a bundle goes, made if it is the segment's first.
    fn segment_to_write(&self, bundle: u64) -> Result<Arc<Segment>, StoreError> {
        let number = bundle / BUNDLES_PER_SEGMENT;
        if bundle.is_multiple_of(BUNDLES_PER_SEGMENT) {
            let made = Arc::new(Segment::create(&self.dir, number)?);
            self.segments.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::clone(&made));
            return Ok(made);
        }
        // What is missing then is the bundle before this one.
        self.segment(bundle - 1)
    }

    fn segment(&self, bundle: u64) -> Result<Arc<Segment>, StoreError> {
        let number = bundle / BUNDLES_PER_SEGMENT;
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = segments.get(&number) {
            return Ok(Arc::clone(segment));
        }
        let why = || format!("{} is missing", segment::path(&self.dir, number).display());
        let opened = Segment::open(&self.dir, number, self.writable)?;
        let opened = opened.ok_or_else(|| StoreError::Block { first: bundle * TILE_WIDTH, why: why() })?;
        let opened = Arc::new(opened);
        segments.insert(number, Arc::clone(&opened));
        Ok(opened)
    }

    /// Takes back an append that failed: its records must not be found by the next opening, and a sync that failed is never
    /// tried again on pages that the system now takes for clean. So the open bundle is written anew, without them.
    fn take_back(&mut self) {
        let (base, refused, from, until) = (self.base.clone(), self.current, self.end, self.used[self.current]);
        if self.roll(&base, &[], 0).is_err() {
            self.has_failed = true;
            return;
        }
        // Nor must an opening find them that falls back on this file because the other one is damaged.
        if let Some(file) = self.files[refused].as_ref().filter(|_| refused != self.current && from < until) {
            drop(write(file, &vec![0; until - from], from as u64).and_then(|()| file.sync_data()));
        }
    }

    /// Writes the open bundle anew, whatever its state, before somebody relies on it for good: after a sync that failed in an earlier
    /// process, what is read here may be in the system's memory alone. Durable on return.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn renew(&mut self) -> Result<(), StoreError> {
        self.must_roll = true;
        self.settle()
    }

    /// Writes the open bundle anew, if a bit of it was wrong or something lies behind its end. Durable on return.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn settle(&mut self) -> Result<(), StoreError> {
        if !self.writable || !self.must_roll || self.has_failed {
            return Ok(());
        }
        let base = self.base.clone();
        self.roll(&base, &[], 0)
    }

    /// Reads entries in order until `visit` returns `false` or the range ends. An entry is borrowed during the call only.
    ///
    /// # Errors
    /// [`StoreError::Missing`] at the first entry that is not there; [`StoreError::Block`] at a bundle that is damaged,
    /// before any of its entries is passed on; otherwise when the system refuses.
    pub fn read(&self, range: Range<u64>, visit: &mut dyn FnMut(&StoredEntry) -> bool) -> Result<(), StoreError> {
        let is_long = range.end.saturating_sub(range.start) >= TILE_WIDTH;
        let mut next = range.start;
        while next < range.end.min(self.closed_size()) {
            let bundle = self.bundle(next / TILE_WIDTH, !is_long)?;
            let malformed = |why: &str| StoreError::Block { first: next - next % TILE_WIDTH, why: why.to_owned() };
            if bundle.visit(&(next..range.end), visit).map_err(malformed)? == ControlFlow::Break(()) {
                return Ok(());
            }
            next = (next / TILE_WIDTH + 1) * TILE_WIDTH;
        }
        while next < range.end {
            let at = usize::try_from(next.saturating_sub(self.closed_size())).unwrap_or(usize::MAX);
            let stored = self.tail.get(at).ok_or(StoreError::Missing(next))?;
            if !visit(stored) {
                return Ok(());
            }
            next += 1;
        }
        Ok(())
    }

    /// Reads a closed bundle, and puts a wrong bit of it right.
    fn bundle(&self, number: u64, keep: bool) -> Result<Arc<Bundle>, StoreError> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bundle)) = cache.iter().find(|(cached, _)| *cached == number) {
            return Ok(Arc::clone(bundle));
        }
        drop(cache);
        if let Some(bundle) = self.mended.lock().unwrap_or_else(PoisonError::into_inner).get(&number) {
            return Ok(Arc::clone(bundle));
        }
        let segment = self.segment(number)?;
        let read = segment.read(number)?;
        if read.corrected {
            let first = number * TILE_WIDTH;
            let malformed = |why: &str| StoreError::Block { first, why: why.to_owned() };
            let entries = read.bundle.entries().map_err(malformed)?;
            if let Some(index) = first_unlinked(&entries, first, None, None) {
                return Err(malformed(&format!("entry {index} does not fit its hashes")));
            }
            self.notices.add(Notice::BitCorrected(format!("journal, entries {first} to {}", first + TILE_WIDTH - 1)));
            if self.writable {
                let _one_at_a_time = self.mending.lock().unwrap_or_else(PoisonError::into_inner);
                // The answer is right in memory; if it cannot be written, the next command tries again.
                drop(segment.rewrite(number, &entries, self.closed_size() / TILE_WIDTH));
            }
        }
        let bundle = Arc::new(read.bundle);
        if keep {
            cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.push_front((number, Arc::clone(&bundle)));
            cache.truncate(CACHED_BUNDLES);
        }
        Ok(bundle)
    }

    /// Returns the entries of a closed bundle, or what is wrong with it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn closed_bundle(&self, number: u64) -> Result<Vec<StoredEntry>, StoreError> {
        let first = number * TILE_WIDTH;
        self.bundle(number, false)?.entries().map_err(|why| StoreError::Block { first, why: why.to_owned() })
    }

    /// Returns what can still be read of a closed bundle that does not fit its check values, in the hope of hashes that prove
    /// some of it.
    #[must_use]
    pub fn damaged_bundle(&self, number: u64) -> Vec<StoredEntry> {
        self.segment(number).map_or_else(|_| Vec::new(), |segment| segment.read_unchecked(number))
    }

    /// Writes a closed bundle again from entries that hashes proved to be its own: where it lay, or, where that is not known or too
    /// short, behind all others. Durable on return. Where nothing can be written, it is kept in memory.
    ///
    /// # Errors
    /// When these are not 256 entries that follow each other, or when the system refuses.
    pub fn mend(&self, number: u64, entries: &[StoredEntry]) -> Result<(), StoreError> {
        let first = number * TILE_WIDTH;
        if entries.len() as u64 != TILE_WIDTH || first_unlinked(entries, first, None, None).is_some() {
            return Err(StoreError::Block { first, why: "what would mend it does not fit its hashes".to_owned() });
        }
        if !self.writable {
            let mut mended = self.mended.lock().unwrap_or_else(PoisonError::into_inner);
            mended.insert(number, Arc::new(Bundle::of(first, entries)));
            return Ok(());
        }
        let _one_at_a_time = self.mending.lock().unwrap_or_else(PoisonError::into_inner);
        let segment = match self.segment(number) {
            Err(StoreError::Block { .. }) => {
                let made = Arc::new(Segment::create(&self.dir, number / BUNDLES_PER_SEGMENT)?);
                let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
                segments.insert(number / BUNDLES_PER_SEGMENT, Arc::clone(&made));
                made
            }
            segment => segment?,
        };
        segment.rewrite(number, entries, self.closed_size() / TILE_WIDTH)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|(cached, _)| *cached != number);
        Ok(())
    }

    /// Returns the numbers of the bundles of the same file as this one.
    #[must_use]
    pub const fn bundles_beside(number: u64) -> Range<u64> {
        let first = number - number % BUNDLES_PER_SEGMENT;
        first..first + BUNDLES_PER_SEGMENT
    }
}

fn stored(index: u64, new: &NewEntry) -> StoredEntry {
    let parts = new.present_parts().map(|(number, bytes)| (number, bytes.to_vec())).collect();
    StoredEntry { index, entry: new.entry.clone(), parts }
}
