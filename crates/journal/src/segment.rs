//! Segments: files of up to 256 closed bundles after a table of their offsets, lengths and check
//! values.
//!
//! A bundle holds 256 entries, encoded as published. A bundle counts only when the base of the open
//! bundle lies after it; anything further in a segment is overwritten. This module knows bytes and
//! check values, never hashes. Start at [`Segment`].

use crate::check::{Check, correct};
use crate::files::{failed, read_at, sync_dir, write_at};
use heldto_proof::TILE_WIDTH;
use heldto_store::bundle::{put_entry, put_parts, take_entry, take_parts, take_parts_into};
use heldto_store::{EntryChunk, StoreError, StoredEntry};
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Number of bundles in a segment.
pub const BUNDLES_PER_SEGMENT: u64 = 256;
/// Length of a row of the table.
const ROW_BYTES: usize = 48;
/// Length of the table.
const TABLE_BYTES: u64 = BUNDLES_PER_SEGMENT * ROW_BYTES as u64;
/// Number of pending bytes that trigger a write.
const WRITE_BYTES: usize = 4 << 20;

/// A row of the table: the position of a bundle in its segment, and its check values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    /// Index of the bundle's first entry.
    first: u64,
    offset: u64,
    entries_len: u64,
    parts_len: u64,
    entries_check: u32,
    parts_check: u32,
}

impl Row {
    fn of(first: u64, offset: u64, entries: &[u8], parts: &[u8]) -> Self {
        Self {
            first,
            offset,
            entries_len: entries.len() as u64,
            parts_len: parts.len() as u64,
            entries_check: crc32fast::hash(entries),
            parts_check: crc32fast::hash(parts),
        }
    }

    const fn end(&self) -> u64 {
        self.offset.saturating_add(self.entries_len).saturating_add(self.parts_len)
    }

    fn encode(&self) -> [u8; ROW_BYTES] {
        let mut bytes = [0; ROW_BYTES];
        for (at, number) in [self.first, self.offset, self.entries_len, self.parts_len].into_iter().enumerate() {
            bytes[8 * at..8 * at + 8].copy_from_slice(&number.to_be_bytes());
        }
        bytes[32..36].copy_from_slice(&self.entries_check.to_be_bytes());
        bytes[36..40].copy_from_slice(&self.parts_check.to_be_bytes());
        let check = crc32fast::hash(&bytes[..44]);
        bytes[44..].copy_from_slice(&check.to_be_bytes());
        bytes
    }

    /// Decodes a row; `None` if the row is empty or does not fit its check value.
    fn decode(bytes: &[u8; ROW_BYTES]) -> Option<(Self, Check)> {
        let mut bytes = *bytes;
        if bytes.iter().all(|byte| *byte == 0) {
            return None;
        }
        let check = u32::from_be_bytes(*bytes.last_chunk()?);
        let found = correct(&mut bytes[..44], check);
        if found == Check::Damaged {
            return None;
        }
        let long = |at: usize| bytes[at..at + 8].try_into().map_or(0, u64::from_be_bytes);
        let short = |at: usize| bytes[at..at + 4].try_into().map_or(0, u32::from_be_bytes);
        let row = Self {
            first: long(0),
            offset: long(8),
            entries_len: long(16),
            parts_len: long(24),
            entries_check: short(32),
            parts_check: short(36),
        };
        Some((row, found))
    }
}

/// A closed bundle in memory, still encoded.
#[derive(Debug)]
pub struct Bundle {
    first: u64,
    bytes: Vec<u8>,
    entries_len: usize,
}

impl Bundle {
    /// Returns the bundle of these entries.
    pub fn of(first: u64, entries: &[StoredEntry]) -> Self {
        let mut bundle = BundleBytes::default();
        entries.iter().for_each(|stored| bundle.push(&stored.entry, stored.present_parts()));
        let entries_len = bundle.entries.len();
        Self { first, bytes: [bundle.entries, bundle.parts].concat(), entries_len }
    }

    /// Adds the bundle's entries within a range to `chunk`.
    ///
    /// # Errors
    /// If the bytes cannot be decoded; `chunk` then has the entries before that.
    pub fn read(&self, range: &Range<u64>, chunk: &mut EntryChunk) -> Result<(), &'static str> {
        let (mut entries, mut parts) = self.bytes.split_at(self.entries_len);
        for index in self.first..(self.first + TILE_WIDTH).min(range.end) {
            let entry = take_entry(&mut entries)?;
            if index < range.start {
                take_parts(&mut parts, |_, _| {})?;
                continue;
            }
            chunk.push_with(|stored| {
                stored.index = index;
                stored.entry.clear();
                stored.entry.extend_from_slice(entry);
                take_parts_into(&mut parts, &mut stored.parts)
            })?;
        }
        Ok(())
    }

    /// Returns all entries of the bundle.
    ///
    /// # Errors
    /// If the bytes cannot be decoded.
    pub fn entries(&self) -> Result<Vec<StoredEntry>, &'static str> {
        let mut chunk = EntryChunk::default();
        self.read(&(self.first..self.first + TILE_WIDTH), &mut chunk)?;
        Ok(chunk.into_entries())
    }
}

/// The encoded entries and parts of a bundle being built.
#[derive(Debug, Default)]
pub struct BundleBytes {
    entries: Vec<u8>,
    parts: Vec<u8>,
    /// Number of entries added.
    pub count: u64,
}

impl BundleBytes {
    /// Adds an entry with its parts.
    pub fn push<'p>(&mut self, entry: &[u8], parts: impl Iterator<Item = (u16, &'p [u8])>) {
        put_entry(&mut self.entries, entry);
        put_parts(&mut self.parts, parts);
        self.count += 1;
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.parts.clear();
        self.count = 0;
    }
}

/// A bundle as read from its segment.
pub struct Read {
    /// The bundle.
    pub bundle: Bundle,
    /// `true` if a bit of the bundle or of its row was corrected.
    pub corrected: bool,
}

/// An open file of closed bundles, with its table in memory.
pub struct Segment {
    path: PathBuf,
    number: u64,
    file: File,
    rows: Mutex<Vec<Option<(Row, Check)>>>,
}

/// Returns the path of a segment.
pub fn path(journal: &Path, number: u64) -> PathBuf {
    journal.join(format!("segment-{}", number * BUNDLES_PER_SEGMENT * TILE_WIDTH))
}

/// Removes the drafts of segments that killed processes left.
///
/// # Errors
/// Any I/O error.
pub fn remove_drafts(journal: &Path) -> Result<(), StoreError> {
    let reading = || failed(format!("reading the folder {}", journal.display()));
    for entry in std::fs::read_dir(journal).map_err(reading())? {
        let path = entry.map_err(reading())?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            std::fs::remove_file(&path).map_err(failed(format!("removing {}", path.display())))?;
        }
    }
    Ok(())
}

impl Segment {
    /// Opens a segment; `None` if the file does not exist.
    ///
    /// # Errors
    /// Any other I/O error.
    pub fn open(journal: &Path, number: u64, writable: bool) -> Result<Option<Self>, StoreError> {
        let path = path(journal, number);
        let file = match File::options().read(true).write(writable).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(format!("opening {}", path.display()))(error)),
        };
        let mut table = vec![0; TABLE_BYTES as usize];
        read_at(&file, &mut table, 0).map_err(failed(format!("reading {}", path.display())))?;
        let rows = table.as_chunks::<ROW_BYTES>().0.iter().map(Row::decode).collect();
        Ok(Some(Self { path, number, file, rows: Mutex::new(rows) }))
    }

    /// Creates a segment with an empty table.
    ///
    /// The file is durable once the segment is synced.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn create(journal: &Path, number: u64) -> Result<Self, StoreError> {
        let segment = Self::create_at(&path(journal, number), number)?;
        sync_dir(journal)?;
        Ok(segment)
    }

    fn create_at(path: &Path, number: u64) -> Result<Self, StoreError> {
        let making = || failed(format!("creating {}", path.display()));
        // Any existing file contains no closed bundle, so it is removed. `create_new` does not
        // follow links.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(making()(error)),
            _ => {}
        }
        let file = File::options().read(true).write(true).create_new(true).open(path).map_err(making())?;
        write_at(&file, &vec![0; TABLE_BYTES as usize], 0).map_err(making())?;
        Ok(Self { path: path.to_owned(), number, file, rows: Mutex::new(vec![None; BUNDLES_PER_SEGMENT as usize]) })
    }

    fn row(&self, number: u64) -> Option<(Row, Check)> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        usize::try_from(number % BUNDLES_PER_SEGMENT).ok().and_then(|at| *rows.get(at)?)
    }

    /// Reads a bundle and verifies its check values.
    ///
    /// # Errors
    /// [`StoreError::Block`] if the bundle is damaged in more than one bit; otherwise any I/O
    /// error.
    pub fn read(&self, number: u64) -> Result<Read, StoreError> {
        let first = number * TILE_WIDTH;
        let damaged = |why: &str| StoreError::Block { first, why: format!("{}: {why}", self.path.display()) };
        let (row, check) = self
            .row(number)
            .filter(|(row, _)| row.first == first)
            .ok_or_else(|| damaged("its row in the table is damaged"))?;
        let reading = || failed(format!("reading {}", self.path.display()));
        if row.end() > self.file.metadata().map_err(reading())?.len() {
            return Err(damaged("the file ends too early"));
        }
        let lengths = usize::try_from(row.entries_len).ok().zip(usize::try_from(row.parts_len).ok());
        let (entries_len, parts_len) = lengths.ok_or_else(|| damaged("it is too long"))?;
        let mut bytes = vec![0; entries_len + parts_len];
        if read_at(&self.file, &mut bytes, row.offset).map_err(reading())? < bytes.len() {
            return Err(damaged("the file ends too early"));
        }
        let (entries, parts) = bytes.split_at_mut(entries_len);
        let found = [correct(entries, row.entries_check), correct(parts, row.parts_check)];
        if found.contains(&Check::Damaged) {
            return Err(damaged("its bytes do not match their check values"));
        }
        let corrected = check == Check::Corrected || found.contains(&Check::Corrected);
        Ok(Read { bundle: Bundle { first, bytes, entries_len }, corrected })
    }

    /// Returns the entries of a bundle that can be decoded, regardless of its check values.
    pub fn read_unchecked(&self, number: u64) -> Vec<StoredEntry> {
        let mut chunk = EntryChunk::default();
        let Some((row, _)) = self.row(number) else { return Vec::new() };
        let length = self.file.metadata().map_or(0, |about| about.len());
        if row.end() > length {
            return Vec::new();
        }
        let lengths = usize::try_from(row.entries_len).ok().zip(usize::try_from(row.parts_len).ok());
        let Some((entries_len, parts_len)) = lengths else { return Vec::new() };
        let mut bytes = vec![0; entries_len + parts_len];
        if read_at(&self.file, &mut bytes, row.offset).is_ok() {
            let first = number * TILE_WIDTH;
            let bundle = Bundle { first, bytes, entries_len };
            // Before an error there may still be entries of use.
            let _ = bundle.read(&(first..first + TILE_WIDTH), &mut chunk);
        }
        chunk.into_entries()
    }

    /// Rewrites a bundle and its row.
    ///
    /// Durable on return. The bundle stays at its offset if its length is unchanged; otherwise it
    /// goes after all of the first `closed` bundles of the log.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn rewrite(&self, number: u64, entries: &[StoredEntry], closed: u64) -> Result<(), StoreError> {
        let first = number * TILE_WIDTH;
        let mut bundle = BundleBytes::default();
        entries.iter().for_each(|stored| bundle.push(&stored.entry, stored.present_parts()));
        let own = self.row(number).map(|(row, _)| row).filter(|row| row.first == first);
        let length = (bundle.entries.len() + bundle.parts.len()) as u64;
        let offset = match own.filter(|row| row.entries_len + row.parts_len == length) {
            Some(row) => row.offset,
            None => self.end(closed),
        };
        let row = Row::of(first, offset, &bundle.entries, &bundle.parts);
        let at = (number % BUNDLES_PER_SEGMENT) * ROW_BYTES as u64;
        // A crash between these steps leaves the bundle as damaged as it was.
        write_at(&self.file, &bundle.entries, offset)
            .and_then(|()| write_at(&self.file, &bundle.parts, offset + row.entries_len))
            .and_then(|()| write_at(&self.file, &row.encode(), at))
            .and_then(|()| self.file.sync_data())
            .map_err(failed(format!("repairing {}", self.path.display())))?;
        self.put_rows(number, &[row]);
        Ok(())
    }

    /// Writes the segment anew without the parts for which `is_erased` is true, in the place of the
    /// old file, which is deleted.
    ///
    /// `closed` is the number of closed bundles of the log. Durable on return.
    ///
    /// # Errors
    /// [`StoreError::Block`] if a bundle is damaged; otherwise any I/O error. The old file stays.
    pub fn without(
        &self,
        journal: &Path,
        closed: u64,
        is_erased: &dyn Fn(u64, u16) -> bool,
    ) -> Result<Self, StoreError> {
        let draft = Self::create_at(&self.path.with_extension("new"), self.number)?;
        let first = self.number * BUNDLES_PER_SEGMENT;
        let mut writer = SegmentWriter::new(&draft, first)?;
        let mut bundle = BundleBytes::default();
        for number in first..closed.min(first + BUNDLES_PER_SEGMENT) {
            let malformed = |why: &str| StoreError::Block { first: number * TILE_WIDTH, why: why.to_owned() };
            for stored in self.read(number)?.bundle.entries().map_err(malformed)? {
                let kept = stored.present_parts().filter(|(part, _)| !is_erased(stored.index, *part));
                bundle.push(&stored.entry, kept);
            }
            writer.push(&mut bundle)?;
        }
        writer.finish()?;
        // Before this line the old file stands; after it, the new one.
        std::fs::rename(&draft.path, &self.path).map_err(failed(format!("replacing {}", self.path.display())))?;
        sync_dir(journal)?;
        Ok(Self { path: self.path.clone(), ..draft })
    }

    /// Returns the offset after the closed bundles of this segment, those among the first `closed`
    /// of the log.
    ///
    /// If a row is damaged, the place of its bundle is unknown, so the result is the end of the
    /// file.
    fn end(&self, closed: u64) -> u64 {
        let first = self.number * BUNDLES_PER_SEGMENT;
        let counted = usize::try_from(closed.saturating_sub(first).min(BUNDLES_PER_SEGMENT)).unwrap_or(0);
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = rows.iter().take(counted).map(|row| row.map(|(row, _)| row.end()));
        match ends.clone().collect::<Option<Vec<u64>>>() {
            Some(ends) => ends.into_iter().max().unwrap_or(TABLE_BYTES),
            None => self.file.metadata().map_or(0, |about| about.len()).max(TABLE_BYTES),
        }
    }

    fn put_rows(&self, first: u64, rows: &[Row]) {
        let mut all = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, row) in (first..).zip(rows) {
            let place = usize::try_from(number % BUNDLES_PER_SEGMENT).ok().and_then(|at| all.get_mut(at));
            if let Some(place) = place {
                *place = Some((*row, Check::Sound));
            }
        }
    }
}

/// A writer of consecutive bundles into a segment.
///
/// They count only when the base of the open bundle is after them.
pub struct SegmentWriter<'s> {
    segment: &'s Segment,
    /// The number of the first bundle written.
    first: u64,
    rows: Vec<Row>,
    pending: Vec<u8>,
    /// Offset of `pending` in the file.
    offset: u64,
}

impl<'s> SegmentWriter<'s> {
    /// Returns a writer that begins after the bundles before `first`.
    ///
    /// # Errors
    /// [`StoreError::Block`] if the row of one of them is damaged, because its end is then unknown.
    pub fn new(segment: &'s Segment, first: u64) -> Result<Self, StoreError> {
        let begin = first - first % BUNDLES_PER_SEGMENT;
        if let Some(damaged) = (begin..first).find(|number| segment.row(*number).is_none()) {
            let why = "its row in the table is damaged".to_owned();
            return Err(StoreError::Block { first: damaged * TILE_WIDTH, why });
        }
        Ok(Self { segment, first, rows: Vec::new(), pending: Vec::new(), offset: segment.end(first) })
    }

    /// Returns the number of the segment.
    pub const fn number(&self) -> u64 {
        self.segment.number
    }

    /// Adds a bundle of 256 entries, and clears `bundle`.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn push(&mut self, bundle: &mut BundleBytes) -> Result<(), StoreError> {
        let number = self.first + self.rows.len() as u64;
        let offset = self.offset + self.pending.len() as u64;
        self.rows.push(Row::of(number * TILE_WIDTH, offset, &bundle.entries, &bundle.parts));
        self.pending.extend_from_slice(&bundle.entries);
        self.pending.extend_from_slice(&bundle.parts);
        bundle.clear();
        if self.pending.len() >= WRITE_BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), StoreError> {
        write_at(&self.segment.file, &self.pending, self.offset)
            .map_err(failed(format!("writing {}", self.segment.path.display())))?;
        self.offset += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Writes the pending bytes and the rows of the table.
    ///
    /// Durable on return.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.write()?;
        let rows: Vec<u8> = self.rows.iter().flat_map(Row::encode).collect();
        let at = (self.first % BUNDLES_PER_SEGMENT) * ROW_BYTES as u64;
        write_at(&self.segment.file, &rows, at)
            .and_then(|()| self.segment.file.sync_data())
            .map_err(failed(format!("writing {}", self.segment.path.display())))?;
        self.segment.put_rows(self.first, &self.rows);
        Ok(())
    }
}
