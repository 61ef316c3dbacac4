//! Runs of the index: sorted records of keyed hashes, packed some hundreds to a value, and merged.
//!
//! sled may lose a value without an error. So every value ends in the first record of the next
//! value and in a check over key and value, and a run begins with a header value that holds only
//! these two. A hash is believed to be absent only between two values that join. Knows no entries;
//! `archive.rs` decides which runs to merge. Start at [`Run`] and [`Merge`].

use crate::database::Database;
use crate::filter::BloomFilter;
use crate::keys;
use crate::keys::Record;
use heldto_store::StoreError;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Length at which a value is closed, in bytes.
///
/// Short, because sled reads a leaf of up to 16 values to return one.
const LENGTH: usize = 2 * 1024;
/// Number of values written at a time.
const PER_BATCH: usize = 512;

/// A run of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub number: u32,
    /// `true` if the run has a database of its own.
    pub dedicated: bool,
    pub records: u64,
}

/// Writes sorted records as one run and returns their number.
///
/// Durable only once the database is synced.
pub fn write(
    db: &Database,
    number: u32,
    mut records: impl FnMut() -> Result<Option<Record>, StoreError>,
) -> Result<u64, StoreError> {
    let first = records()?;
    let begin = keys::run_begin(number).to_vec();
    let mut pairs = vec![(begin.clone(), close(&begin, Vec::new(), first))];
    let mut written = 0;
    let mut next = first;
    while let Some(record) = next {
        let key = keys::run(number, record).to_vec();
        let mut value = Vec::with_capacity(LENGTH + 40);
        let mut last = record;
        written += 1;
        next = records()?;
        while let Some(record) = next.filter(|_| value.len() < LENGTH) {
            push(&mut value, last, record);
            written += 1;
            last = record;
            next = records()?;
        }
        pairs.push((key.clone(), close(&key, value, next)));
        if pairs.len() >= PER_BATCH {
            db.fill(&std::mem::take(&mut pairs))?;
        }
    }
    db.fill(&pairs)?;
    Ok(written)
}

/// Appends a record, encoded against the one before.
///
/// The hash is stored as a difference; the index too, if the hash is the same.
fn push(value: &mut Vec<u8>, last: Record, record: Record) {
    let mut number = unsigned_varint::encode::u64_buffer();
    value.extend_from_slice(unsigned_varint::encode::u64(record.0 - last.0, &mut number));
    let place = if record.0 == last.0 { record.1 - last.1 } else { record.1 };
    value.extend_from_slice(unsigned_varint::encode::u64(place, &mut number));
}

/// Length of a value's trailer: the first record of the next value, and the check.
const TRAILER_BYTES: usize = 20;
/// Stands in for the next record in the last value of a run. No entry has this index.
const END: Record = (u64::MAX, u64::MAX);

/// Appends the trailer to a value.
fn close(key: &[u8], mut value: Vec<u8>, next: Option<Record>) -> Vec<u8> {
    let (hash, index) = next.unwrap_or(END);
    value.extend(hash.to_be_bytes());
    value.extend(index.to_be_bytes());
    value.extend(check(key, &value).to_be_bytes());
    value
}

fn check(key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}

/// Returns a value's packed records and the first record of the next value.
///
/// # Errors
/// If the check fails, as for an empty value.
fn open<'v>(key: &[u8], value: &'v [u8]) -> Result<(&'v [u8], Record), StoreError> {
    let (records, trailer) = value.split_last_chunk::<TRAILER_BYTES>().ok_or_else(broken)?;
    let (next, stored) = trailer.split_at(16);
    if stored != check(key, &value[..value.len() - 4]).to_be_bytes() {
        return Err(broken());
    }
    let number = |at: usize| next[at..at + 8].try_into().map_or(0, u64::from_be_bytes);
    Ok((records, (number(0), number(8))))
}

/// Iterator over a value's records, the first from its key; a header value has none.
struct Unpack<'v> {
    next: Option<Record>,
    rest: &'v [u8],
    damaged: bool,
}

impl<'v> Unpack<'v> {
    /// Creates the iterator over `records`, as [`open`] returns them.
    fn new(key: &[u8], records: &'v [u8]) -> Self {
        Self { next: keys::decode_run(key).map(|(_, record)| record), rest: records, damaged: false }
    }
}

impl Iterator for Unpack<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let (hash, at) = self.next?;
        self.next = None;
        if !self.rest.is_empty() {
            let read = || {
                let (apart, rest) = unsigned_varint::decode::u64(self.rest).ok()?;
                let (place, rest) = unsigned_varint::decode::u64(rest).ok()?;
                let place = if apart == 0 { at.checked_add(place)? } else { place };
                Some(((hash.checked_add(apart)?, place), rest))
            };
            match read() {
                Some((record, rest)) => (self.next, self.rest) = (Some(record), rest),
                None => self.damaged = true,
            }
        }
        Some((hash, at))
    }
}

/// Appends to `found` the first `most` records of each of the sorted `hashes` in one run.
pub fn find(db: &Database, run: Run, hashes: &[u64], most: usize, found: &mut Vec<Record>) -> Result<(), StoreError> {
    let many = run.records < READ_THROUGH * hashes.len() as u64;
    for few in hashes.chunks(if many { hashes.len().max(1) } else { 1 }) {
        let Some(first) = few.first() else { break };
        let mut seek = Seek { number: run.number, wanted: few, most, taken: 0, failed: Ok(()), held: None, found };
        let from = keys::run(run.number, (*first, 0)).to_vec();
        // The last value that begins before the hash may hold its first records. The header value
        // stands before all others.
        db.scan_back(keys::run_begin(run.number).to_vec()..from.clone(), |key, value| {
            seek.held = Some((key.clone(), value.clone()));
            ControlFlow::Break(())
        })?;
        if seek.held.is_none() {
            return Err(gap(run.number));
        }
        let end = keys::run_begin(run.number.saturating_add(1)).to_vec();
        db.scan(from..end, |key, value| seek.pass(Some((key, value))))?;
        // The last value of the run was held back and is not searched yet.
        if seek.failed.is_ok() {
            let _ = seek.pass(None);
        }
        seek.failed?;
    }
    Ok(())
}

/// Number of records for each requested hash below which reading a run through costs less than
/// look-ups.
const READ_THROUGH: u64 = 2500;

/// A search for hashes in consecutive values.
struct Seek<'h, 'f> {
    /// Number of the run.
    number: u32,
    /// Hashes not yet passed, in order.
    wanted: &'h [u64],
    most: usize,
    /// Number of records found of the first wanted hash.
    taken: usize,
    failed: Result<(), StoreError>,
    /// Last value passed, searched once the beginning of the next one is known.
    held: Option<(sled::IVec, sled::IVec)>,
    found: &'f mut Vec<Record>,
}

impl Seek<'_, '_> {
    /// Takes the next value, and searches the one before if that may hold a wanted hash.
    ///
    /// Breaks when no wanted hash is left.
    fn pass(&mut self, next: Option<(&sled::IVec, &sled::IVec)>) -> ControlFlow<()> {
        let found = next.map(|(key, _)| keys::decode_run(key).map(|(_, record)| record));
        let begins = found.flatten().map(|(hash, _)| hash);
        let held = self.held.take();
        if let (Some((key, value)), Some(wanted)) = (held, self.wanted.first())
            && begins.is_none_or(|hash| hash >= *wanted)
        {
            let records = match open(&key, &value) {
                Ok((records, joins)) if found.unwrap_or(Some(END)) == Some(joins) => records,
                Ok(_) => return self.fail(gap(self.number)),
                Err(error) => return self.fail(error),
            };
            self.look(&key, records)?;
        }
        self.held = next.map(|(key, value)| (key.clone(), value.clone()));
        let past = self.wanted.last().zip(begins).is_some_and(|(last, begins)| *last < begins);
        if past || self.wanted.is_empty() {
            // The next value begins after every wanted hash, so it is not searched.
            self.held = None;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn fail(&mut self, error: StoreError) -> ControlFlow<()> {
        self.failed = Err(error);
        ControlFlow::Break(())
    }

    fn look(&mut self, key: &[u8], records: &[u8]) -> ControlFlow<()> {
        let mut unpack = Unpack::new(key, records);
        for (hash, at) in unpack.by_ref() {
            while let [first, rest @ ..] = self.wanted
                && (*first < hash || (rest.is_empty() && self.taken == self.most))
            {
                (self.wanted, self.taken) = (rest, 0);
            }
            match self.wanted.first() {
                None => return ControlFlow::Break(()),
                Some(first) if *first == hash && self.taken < self.most => {
                    self.found.push((hash, at));
                    self.taken += 1;
                }
                Some(_) => {}
            }
        }
        if unpack.damaged {
            return self.fail(broken());
        }
        ControlFlow::Continue(())
    }
}

/// A merge of several runs and a list of further sorted records.
pub struct Merge {
    streams: Vec<Stream>,
}

struct Stream {
    /// Run, database and key to look for the next value from; `None` for a list in memory.
    more: Option<(u32, Arc<Database>, Vec<u8>)>,
    /// First record of the next value.
    joins: Record,
    /// Filter that must not rule out any of the records, if that is to be checked.
    filter: Option<Arc<BloomFilter>>,
    next: Option<Record>,
    records: std::vec::IntoIter<Record>,
}

impl Merge {
    /// Creates a merge that begins at hash `from`.
    ///
    /// Each run comes with its database, and with its filter if its records are to be checked
    /// against that. `more` must be sorted.
    pub fn new<'r>(
        runs: impl Iterator<Item = (&'r Run, Arc<Database>, Option<Arc<BloomFilter>>)>,
        from: u64,
        more: Vec<Record>,
    ) -> Result<Self, StoreError> {
        let run = |(run, database, filter): (&Run, _, _)| Stream {
            more: Some((run.number, database, Vec::new())),
            joins: END,
            filter,
            next: None,
            records: Vec::new().into_iter(),
        };
        let more = Stream { more: None, joins: END, filter: None, next: None, records: more.into_iter() };
        let mut streams: Vec<Stream> = runs.map(run).chain([more]).collect();
        streams.iter_mut().try_for_each(|stream| stream.seek(from))?;
        Ok(Self { streams })
    }

    /// Returns the next record, without duplicates; `None` after the last.
    fn try_next(&mut self) -> Result<Option<Record>, StoreError> {
        let Some(record) = self.streams.iter().filter_map(|stream| stream.next).min() else { return Ok(None) };
        for stream in &mut self.streams {
            while stream.next == Some(record) {
                stream.advance()?;
            }
        }
        Ok(Some(record))
    }
}

impl Iterator for Merge {
    type Item = Result<Record, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.try_next();
        if next.is_err() {
            self.streams.clear();
        }
        next.transpose()
    }
}

impl Stream {
    /// Moves an unread stream to the first record at or after `hash`.
    fn seek(&mut self, hash: u64) -> Result<(), StoreError> {
        if let Some((run, database, from)) = &mut self.more {
            // The last value that begins before the hash may hold its first records. The header
            // value stands before all others.
            let begins = keys::run(*run, (hash, 0)).to_vec();
            let mut before = None;
            database.scan_back(keys::run_begin(*run).to_vec()..begins, |key, value| {
                before = Some((key.to_vec(), value.to_vec()));
                ControlFlow::Break(())
            })?;
            let (key, value) = before.ok_or_else(|| gap(*run))?;
            self.joins = match keys::decode_run(&key) {
                Some((_, record)) => record,
                None => open(&key, &value)?.1,
            };
            *from = if keys::decode_run(&key).is_some() { key } else { keys::run(*run, (0, 0)).to_vec() };
        }
        self.advance()?;
        while self.next.is_some_and(|(next, _)| next < hash) {
            self.advance()?;
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        if self.records.as_slice().is_empty()
            && let Some((run, database, from)) = &mut self.more
        {
            let mut records = Vec::new();
            let mut read = Ok(None);
            let end = keys::run_begin(run.saturating_add(1)).to_vec();
            database.scan(from.clone()..end, |key, value| {
                let begins = keys::decode_run(key).map(|(_, record)| record).ok_or_else(broken);
                read = open(key, value).and_then(|(packed, next)| {
                    let mut unpack = Unpack::new(key, packed);
                    records.extend(unpack.by_ref());
                    if unpack.damaged { Err(broken()) } else { Ok(Some((begins?, next))) }
                });
                *from = [&key[..], &[0]].concat();
                ControlFlow::Break(())
            })?;
            match read? {
                Some((begins, next)) if begins == self.joins => self.joins = next,
                None if self.joins == END => {}
                _ => return Err(gap(*run)),
            }
            if let Some(filter) = &self.filter
                && !records.chunk_by(|a: &Record, b| a.0 == b.0).all(|same| filter.may_hold(same[0].0))
            {
                let why = format!("the filter of its run {run} excludes hashes that the run has");
                return Err(StoreError::Damaged { record: "index", why });
            }
            self.records = records.into_iter();
        }
        self.next = self.records.next();
        Ok(())
    }
}

fn gap(run: u32) -> StoreError {
    StoreError::Damaged { record: "index", why: format!("values of its run {run} do not follow each other") }
}

fn broken() -> StoreError {
    StoreError::Damaged { record: "index", why: "one of its values cannot be decoded".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Record, Run, find, write};
    use crate::database::Database;
    use crate::keys;
    use std::ops::ControlFlow;

    #[test]
    fn whatever_a_run_holds_is_found_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Database::open(folder.path()).expect("opens");
        // Hashes with one record, with a few, and with enough to fill values; far apart and close
        // together.
        let mut all: Vec<Record> = (0..9000_u64).map(|n| (n * n * 7919, n)).collect();
        for (hash, many) in [(0, 3), (7919, 2000), (7920, 1), (u64::MAX - 1, 1500), (u64::MAX, 1)] {
            all.extend((0..many).map(|n| (hash, 20_000 + n * n)));
        }
        all.sort_unstable();
        let mut records = all.iter().copied();
        let written = write(&db, 5, || Ok(records.next())).expect("room");
        assert_eq!(written, all.len() as u64);
        // A run before this one and a run after, with the same hashes.
        for number in [4, 6] {
            let mut records = all.iter().map(|(hash, at)| (*hash, at + 1_000_000));
            write(&db, number, || Ok(records.next())).expect("room");
        }
        let mut hashes: Vec<u64> = all.iter().map(|(hash, _)| *hash).chain([1, 7918, u64::MAX / 2]).collect();
        hashes.dedup();
        hashes.sort_unstable();
        // The last hash of each value, and the hash just below the first of the next.
        let mut ends_of_values = Vec::new();
        let mut before: Option<Record> = None;
        db.scan(keys::run(5, (0, 0)).to_vec()..keys::run_begin(6).to_vec(), |key, _| {
            let begins = keys::decode_run(key).map(|(_, record)| record).expect("a key");
            let at = all.partition_point(|record| *record < begins);
            ends_of_values.extend(at.checked_sub(1).map(|at| all[at].0));
            ends_of_values.push(begins.0.saturating_sub(1));
            assert!(before.replace(begins) < Some(begins));
            ControlFlow::Continue(())
        })
        .expect("reads");
        assert!(ends_of_values.len() > 20);
        let dedicated = hashes.iter().step_by(97).chain(&ends_of_values).map(std::slice::from_ref);
        let ends = [&hashes[..3], &hashes[hashes.len() - 2..]];
        for wanted in dedicated.chain(ends).chain([&hashes[..], &[]]) {
            for (most, records) in [(1, 1), (700, written), (usize::MAX, written)] {
                let mut found = Vec::new();
                // Any claimed number of records must give the same result, read through or looked
                // up singly.
                find(&db, Run { number: 5, dedicated: false, records }, wanted, most, &mut found).expect("reads");
                let of = |hash: &u64| {
                    let from = all.partition_point(|(h, _)| h < hash);
                    all[from..].iter().take_while(|(h, _)| h == hash).take(most).copied().collect::<Vec<_>>()
                };
                assert!(found == wanted.iter().flat_map(of).collect::<Vec<_>>(), "{most} of {} hashes", wanted.len());
            }
        }
    }
}
