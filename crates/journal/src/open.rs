//! The open bundle: the entries after the last closed bundle, as records in one of two files that
//! alternate (docs/FORMAT.md, *The journal*).
//!
//! An append writes its records after the existing ones, in one write, and syncs. When bundles are
//! closed, the remaining entries are written into the other file under a greater generation, and
//! synced: that sync is the commit. Both files are created full of zeros, because syncing a file
//! that grows takes about half as long again.
//!
//! This module knows one file at a time; `lib.rs` chooses between the two. Start at [`judge`],
//! which distinguishes a whole, a torn and a damaged file.

use crate::check::{Check, correct};
use crate::files::{failed, read_at};
use crate::links::{advance, follows};
use heldto_proof::Head;
use heldto_store::bundle::{put_entry, put_parts, take_entry, take_parts_into};
use heldto_store::{StoreError, StoredEntry};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Initial length of a file: holds 256 entries of usual length.
pub const INITIAL_BYTES: usize = 128 << 10;
/// Step by which a file grows when an entry does not fit.
pub const GROWTH_BYTES: usize = 64 << 10;
/// Length of the header.
pub const HEADER_BYTES: usize = 4096;
/// Length of a record before its entry and parts.
const RECORD_BYTES: usize = 32;
const MAGIC: &[u8; 16] = b"heldto-journal-1";

/// Returns the path of one of the two files.
pub fn path(journal: &Path, file: usize) -> PathBuf {
    journal.join(format!("open-{file}"))
}

/// The header of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Generation of the file; the greater of the two counts.
    pub generation: u64,
    /// The head of the log before the first record.
    pub base: Head,
    /// Number of records written together with the header.
    pub count: u32,
}

impl Header {
    /// Returns the encoded header.
    ///
    /// # Panics
    /// If the head does not fit, which cannot happen: a head has at most 64 hashes.
    pub fn encode(&self) -> Vec<u8> {
        let base = self.base.encode();
        let length = u16::try_from(base.len()).expect("a head has at most 64 hashes");
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(self.count.to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.extend(base);
        bytes.resize(HEADER_BYTES - 4, 0);
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<(Self, Check)> {
        let (bytes, check) = bytes.get(..HEADER_BYTES)?.split_last_chunk::<4>()?;
        // The file was created and not written to yet.
        if bytes.iter().all(|byte| *byte == 0) {
            return None;
        }
        let mut bytes = bytes.to_vec();
        let found = correct(&mut bytes, u32::from_be_bytes(*check));
        let rest = bytes.strip_prefix(MAGIC).filter(|_| found != Check::Damaged)?;
        let (generation, rest) = rest.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let base = Head::decode(rest.get(..usize::from(u16::from_be_bytes(*length)))?).ok()?;
        let header = Self { generation: u64::from_be_bytes(*generation), base, count: u32::from_be_bytes(*count) };
        Some((header, found))
    }
}

/// The position of a record in the log and in its append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Index of the entry.
    pub index: u64,
    /// Index of the first entry of the same append.
    pub first: u64,
    /// Number of entries in the append.
    pub count: u32,
}

/// Appends a record to `out`.
///
/// The check value covers the generation, so that a record of an earlier generation is never valid.
///
/// # Panics
/// If entry and parts together are longer than 4 GiB.
pub fn put_record<'p>(
    out: &mut Vec<u8>,
    generation: u64,
    position: Position,
    entry: &[u8],
    parts: impl Iterator<Item = (u16, &'p [u8])>,
) {
    let start = out.len();
    out.extend([0; 8]);
    out.extend(position.index.to_be_bytes());
    out.extend(position.first.to_be_bytes());
    out.extend(position.count.to_be_bytes());
    out.extend([0; 4]);
    put_entry(out, entry);
    put_parts(out, parts);
    let length = u32::try_from(out.len() - start - RECORD_BYTES).expect("an entry is shorter than 4 GiB");
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    let check = record_check(generation, &out[start..]);
    out[start + 4..start + 8].copy_from_slice(&check.to_be_bytes());
}

/// Returns the CRC-32 of the generation and of the record without its check value.
fn record_check(generation: u64, record: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&generation.to_be_bytes());
    hasher.update(&record[..4]);
    hasher.update(&record[8..]);
    hasher.finalize()
}

/// A decoded record.
#[derive(Debug)]
struct Record {
    position: Position,
    stored: StoredEntry,
    /// Length in the file.
    length: usize,
    check: Check,
}

/// Returns the total length stated by the record at the front of `bytes`, if `bytes` is that long.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let length = usize::try_from(u32::from_be_bytes(*bytes.first_chunk::<4>()?)).ok()?.checked_add(RECORD_BYTES)?;
    (length <= bytes.len()).then_some(length)
}

/// Reads the record at the front of `bytes`, if its check value fits.
fn read_record(generation: u64, bytes: &[u8]) -> Option<Record> {
    let record = &bytes[..length_of(bytes)?];
    let check = u32::from_be_bytes(record[4..8].try_into().ok()?);
    (record_check(generation, record) == check).then(|| decode_record(record, Check::Sound)).flatten()
}

/// Reads the record at the front of `bytes`, if its check value fits after correcting one bit.
fn correct_record(generation: u64, bytes: &[u8]) -> Option<Record> {
    let stated = bytes.first_chunk::<4>()?;
    // The wrong bit may be in the length.
    for bit in 0..32 {
        let length = u32::from_be_bytes(*stated) ^ (1 << bit);
        let end = usize::try_from(length).ok().and_then(|length| length.checked_add(RECORD_BYTES));
        let Some(record) = end.and_then(|end| bytes.get(..end)) else { continue };
        let mut record = record.to_vec();
        record[..4].copy_from_slice(&length.to_be_bytes());
        if let Some(found) = read_record(generation, &record) {
            return Some(Record { check: Check::Corrected, ..found });
        }
    }
    let record = &bytes[..length_of(bytes)?];
    let check = u32::from_be_bytes(record[4..8].try_into().ok()?);
    let mut covered = [&generation.to_be_bytes(), &record[..4], &record[8..]].concat();
    if correct(&mut covered, check) == Check::Damaged || covered[..8] != generation.to_be_bytes() {
        return None;
    }
    let record = [&covered[8..12], &check.to_be_bytes(), &covered[12..]].concat();
    decode_record(&record, Check::Corrected)
}

fn decode_record(record: &[u8], check: Check) -> Option<Record> {
    let long = |at: usize| record.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes);
    let count = u32::from_be_bytes(record.get(24..28)?.try_into().ok()?);
    let position = Position { index: long(8)?, first: long(16)?, count };
    let mut rest = record.get(RECORD_BYTES..)?;
    let mut stored = StoredEntry { index: position.index, entry: Vec::new(), parts: Vec::new() };
    stored.entry.extend_from_slice(take_entry(&mut rest).ok()?);
    take_parts_into(&mut rest, &mut stored.parts).ok()?;
    rest.is_empty().then_some(Record { position, stored, length: record.len(), check })
}

/// The content of one of the two files, as judged.
#[derive(Debug)]
pub struct Judged {
    /// The header.
    pub header: Header,
    /// The entries, from the first on, each following the one before.
    pub tail: Vec<StoredEntry>,
    /// The head of the log after the entries.
    pub head: Head,
    /// Offset of the next record.
    pub end: usize,
    /// Offset from which the file holds only zeros; the bytes between `end` and here must be
    /// overwritten.
    pub used: usize,
    /// `true` if a bit was corrected.
    pub corrected: bool,
    /// `true` if a record of a later append follows a gap.
    pub is_damaged: bool,
    /// The entries of valid records after a gap, and of an incomplete append.
    pub salvage: BTreeMap<u64, StoredEntry>,
    /// `true` if all records that were written together with the header are present.
    pub is_committed: bool,
}

/// Reads the header of a file.
///
/// `None` if the file is empty, torn, or damaged in more than one bit.
///
/// # Errors
/// Any I/O error.
pub fn read_header(file: &File, path: &Path) -> Result<Option<(Header, Check)>, StoreError> {
    let mut bytes = vec![0; HEADER_BYTES];
    let length = read_at(file, &mut bytes, 0).map_err(failed(format!("reading {}", path.display())))?;
    Ok(Header::decode(&bytes[..length]))
}

/// Opens one of the two files; `None` if the file does not exist.
///
/// # Errors
/// Any other I/O error.
pub fn open_file(path: &Path, writable: bool) -> Result<Option<File>, StoreError> {
    match File::options().read(true).write(writable).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(format!("opening {}", path.display()))(error)),
    }
}

/// Reads the whole file.
///
/// # Errors
/// Any I/O error.
pub fn read_file(file: &File, path: &Path) -> Result<Vec<u8>, StoreError> {
    let reading = || failed(format!("reading {}", path.display()));
    let length = file.metadata().map_err(reading())?.len();
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    let read = read_at(file, &mut bytes, 0).map_err(reading())?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Judges the content of a file after its header.
///
/// Records are read until one does not fit its check value or its place. If a valid record of a
/// *later* append follows, that place is damaged, because a later append begins only when the one
/// before is durable. A valid record of the same append proves nothing: sectors reach the disk in
/// any order. If no later append follows, this append is torn and was never acknowledged, unless
/// the log is known to be longer. In either case the whole append is left out.
pub fn judge(header: Header, corrected: bool, bytes: &[u8]) -> Judged {
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1).max(HEADER_BYTES);
    let mut judged = Judged {
        head: header.base.clone(),
        header,
        tail: Vec::new(),
        end: HEADER_BYTES.min(bytes.len()),
        used,
        corrected,
        is_damaged: false,
        salvage: BTreeMap::new(),
        is_committed: true,
    };
    let generation = judged.header.generation;
    let base = judged.header.base.size();
    // The current append: its first index, and the head and the offset before it.
    let mut append = (base, judged.head.clone(), judged.end);
    let mut gap = None;
    while judged.end < used {
        let rest = &bytes[judged.end..];
        let index = judged.head.size();
        let fits = |record: &Record| {
            let Position { index: at, first, count } = record.position;
            let in_append = first <= at && at - first < u64::from(count);
            let continues = at == first || first == append.0;
            at == index && in_append && continues && follows(&record.stored, index, Some(judged.head.chain)).is_some()
        };
        let record = read_record(generation, rest).filter(fits);
        let Some(record) = record.or_else(|| correct_record(generation, rest).filter(fits)) else {
            gap = Some(index);
            break;
        };
        if record.position.first == index {
            append = (index, judged.head.clone(), judged.end);
        }
        judged.corrected |= record.check == Check::Corrected;
        judged.end += record.length;
        advance(&mut judged.head, &record.stored.entry);
        let whole = record.position.first + u64::from(record.position.count);
        judged.tail.push(record.stored);
        if judged.head.size() == whole {
            append = (whole, judged.head.clone(), judged.end);
        }
    }
    if let Some(index) = gap {
        let behind = records_behind(generation, &bytes[judged.end..used], append.0, index);
        (judged.salvage, judged.is_damaged) = behind;
    }
    // An incomplete append was never acknowledged, or is damaged; either way the log ends before
    // this append.
    if judged.head.size() > append.0 {
        let kept = usize::try_from(append.0 - base).unwrap_or(0);
        let cut = judged.tail.split_off(kept);
        judged.salvage.extend(cut.into_iter().map(|stored| (stored.index, stored)));
        (judged.head, judged.end) = (append.1, append.2);
    }
    judged.is_committed = judged.head.size() >= base + u64::from(judged.header.count);
    judged
}

/// Returns the entries of valid records after a gap, by index, and `true` if any of them belongs to
/// a later append than the one at the gap.
///
/// `append` is the first index of the append at the gap, `gap` the index of the missing record.
fn records_behind(generation: u64, bytes: &[u8], append: u64, gap: u64) -> (BTreeMap<u64, StoredEntry>, bool) {
    let mut found = BTreeMap::new();
    let mut last = None;
    let mut at = 1;
    while at + RECORD_BYTES < bytes.len() {
        let rest = &bytes[at..];
        // A cheap filter before the check value: the record's index and the first index of its
        // append must lie at most 4,096 above `append`.
        let near = |place: usize| {
            let number =
                rest.get(place..place + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
            number >= append && number - append <= 4096
        };
        match if near(8) && near(16) { read_record(generation, rest) } else { None } {
            Some(record) if record.position.index > gap || record.position.first > append => {
                last = last.max(Some((record.position.first, record.position.count)));
                at += record.length;
                found.insert(record.position.index, record.stored);
            }
            _ => at += 1,
        }
    }
    let Some((first, count)) = last.filter(|(first, _)| *first > append) else { return (found, false) };
    // The last append may itself be torn. If so, it was never acknowledged, and is left out whole.
    if found.range(first..).count() as u64 != u64::from(count) {
        found.split_off(&first);
    }
    (found, true)
}
