//! The index, packed: sorted runs of keyed hashes and places, some hundreds to a value, merged so that there are never many runs.

use crate::database::Database;
use crate::filter::Filter;
use crate::keys;
use heldto_store::StoreError;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A keyed hash and the place of an entry found by it.
pub type Record = (u64, u64);

/// How long a value grows: not long, since sled reads a leaf of up to 16 values to give one.
const LENGTH: usize = 2 * 1024;
/// How many values are written at a time.
const PER_BATCH: usize = 512;

/// A run of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub number: u32,
    /// Whether it has a database of its own.
    pub alone: bool,
    pub records: u64,
}

/// Writes records that come in order as one run; durable only once the database is synced. Gives how many there were.
pub fn write(
    db: &Database,
    number: u32,
    mut records: impl FnMut() -> Result<Option<Record>, StoreError>,
) -> Result<u64, StoreError> {
    let (mut pairs, mut written) = (Vec::new(), 0);
    // The key of the value at hand, and the value, which begins after the record that the key names.
    let mut open: Option<([u8; 21], Vec<u8>, Record)> = None;
    loop {
        let next = records()?;
        written += u64::from(next.is_some());
        open = match (open.take(), next) {
            (Some((key, mut value, last)), Some(record)) if value.len() < LENGTH => {
                push(&mut value, last, record);
                Some((key, value, record))
            }
            (full, next) => {
                if let Some((key, value, _)) = full {
                    pairs.push((key.to_vec(), value));
                }
                next.map(|record| (keys::run(number, record), Vec::with_capacity(LENGTH + 20), record))
            }
        };
        if pairs.len() == PER_BATCH || next.is_none() {
            db.fill(&std::mem::take(&mut pairs))?;
        }
        if next.is_none() {
            return Ok(written);
        }
    }
}

/// Adds a record behind another: how far its hash lies from that one's, and its place, counted from that one's where the hash is the same.
fn push(value: &mut Vec<u8>, last: Record, record: Record) {
    let mut number = unsigned_varint::encode::u64_buffer();
    value.extend_from_slice(unsigned_varint::encode::u64(record.0 - last.0, &mut number));
    let place = if record.0 == last.0 { record.1 - last.1 } else { record.1 };
    value.extend_from_slice(unsigned_varint::encode::u64(place, &mut number));
}

/// The records of a value with its key, in order.
struct Unpack<'v> {
    next: Option<Record>,
    rest: &'v [u8],
    damaged: bool,
}

impl<'v> Unpack<'v> {
    fn new(key: &[u8], value: &'v [u8]) -> Self {
        let first = keys::decode_run(key).map(|(_, record)| record);
        Self { next: first, rest: value, damaged: first.is_none() }
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

/// The records of some hashes, which come in order, in one run: of each the first `most`.
pub fn find(db: &Database, run: Run, hashes: &[u64], most: usize, found: &mut Vec<Record>) -> Result<(), StoreError> {
    let many = run.records < READ_THROUGH * hashes.len() as u64;
    for few in hashes.chunks(if many { hashes.len().max(1) } else { 1 }) {
        let Some(first) = few.first() else { break };
        let mut seek = Seek { wanted: few, most, taken: 0, failed: Ok(()), held: None, found };
        let from = keys::run(run.number, (*first, 0)).to_vec();
        // The last value that begins before the hash may hold its first records.
        db.scan_back(keys::run(run.number, (0, 0)).to_vec()..from.clone(), |key, value| {
            seek.held = Some((key.clone(), value.clone()));
            ControlFlow::Break(())
        })?;
        let end = keys::run(run.number.saturating_add(1), (0, 0)).to_vec();
        db.scan(from..end, |key, value| seek.pass(Some((key, value))))?;
        // The last value of the run was only held.
        if seek.failed.is_ok() {
            let _ = seek.pass(None);
        }
        seek.failed?;
    }
    Ok(())
}

/// A run with fewer records than this for each hash asked for is read through: it costs less than so many look-ups.
const READ_THROUGH: u64 = 2500;

/// Looks for hashes in values that come in order.
struct Seek<'h, 'f> {
    /// Those not yet passed, in order.
    wanted: &'h [u64],
    most: usize,
    /// How many records of the first of them were found.
    taken: usize,
    failed: Result<(), StoreError>,
    /// The last value passed: not looked into before it is known where the next one begins.
    held: Option<(sled::IVec, sled::IVec)>,
    found: &'f mut Vec<Record>,
}

impl Seek<'_, '_> {
    /// Takes the next value, and looks into the one before it where that may hold what is wanted. Breaks off where nothing is left to look for.
    fn pass(&mut self, next: Option<(&sled::IVec, &sled::IVec)>) -> ControlFlow<()> {
        let begins = next.and_then(|(key, _)| keys::decode_run(key)).map(|(_, (hash, _))| hash);
        let held = self.held.take();
        if let (Some((key, value)), Some(wanted)) = (held, self.wanted.first())
            && begins.is_none_or(|hash| hash >= *wanted)
        {
            self.look(&key, &value)?;
        }
        self.held = next.map(|(key, value)| (key.clone(), value.clone()));
        let past = self.wanted.last().zip(begins).is_some_and(|(last, begins)| *last < begins);
        if past || self.wanted.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn look(&mut self, key: &[u8], value: &[u8]) -> ControlFlow<()> {
        let mut unpack = Unpack::new(key, value);
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
            self.failed = Err(broken());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// Gives the records of several runs, and some more that are sorted, in order.
pub struct Merge {
    streams: Vec<Stream>,
}

struct Stream {
    /// The run, where it is, and the key after the last value read; `None` for records that are all there.
    more: Option<(u32, Arc<Database>, Vec<u8>)>,
    /// What must not rule out any of them, where that is asked.
    filter: Option<Arc<Filter>>,
    next: Option<Record>,
    records: std::vec::IntoIter<Record>,
}

impl Merge {
    /// Of runs from a hash on, each with where it is and, where its records are to be held against that, its filter; and of some more records that are sorted.
    pub fn new<'r>(
        runs: impl Iterator<Item = (&'r Run, Arc<Database>, Option<Arc<Filter>>)>,
        from: u64,
        more: Vec<Record>,
    ) -> Result<Self, StoreError> {
        let run = |(run, database, filter): (&Run, _, _)| Stream {
            more: Some((run.number, database, keys::run(run.number, (0, 0)).to_vec())),
            filter,
            next: None,
            records: Vec::new().into_iter(),
        };
        let more = Stream { more: None, filter: None, next: None, records: more.into_iter() };
        let mut streams: Vec<Stream> = runs.map(run).chain([more]).collect();
        streams.iter_mut().try_for_each(|stream| stream.seek(from))?;
        Ok(Self { streams })
    }

    /// The next record, each once; `None` after the last.
    pub fn next(&mut self) -> Result<Option<Record>, StoreError> {
        let Some(record) = self.streams.iter().filter_map(|stream| stream.next).min() else { return Ok(None) };
        for stream in &mut self.streams {
            while stream.next == Some(record) {
                stream.advance()?;
            }
        }
        Ok(Some(record))
    }
}

impl Stream {
    /// Goes to the first record of this hash or a later one, before anything was read.
    fn seek(&mut self, hash: u64) -> Result<(), StoreError> {
        if let Some((run, database, from)) = &mut self.more {
            // The last value that begins before the hash may hold its first records.
            let begins = keys::run(*run, (hash, 0)).to_vec();
            let mut before = None;
            database.scan_back(from.clone()..begins.clone(), |key, _| {
                before = Some(key.to_vec());
                ControlFlow::Break(())
            })?;
            *from = before.unwrap_or(begins);
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
            let (mut records, mut damaged) = (Vec::new(), false);
            let end = keys::run(run.saturating_add(1), (0, 0)).to_vec();
            database.scan(from.clone()..end, |key, value| {
                let mut unpack = Unpack::new(key, value);
                records.extend(unpack.by_ref());
                damaged = unpack.damaged;
                *from = [&key[..], &[0]].concat();
                ControlFlow::Break(())
            })?;
            if damaged {
                return Err(broken());
            }
            if let Some(filter) = &self.filter
                && !records.chunk_by(|a: &Record, b| a.0 == b.0).all(|same| filter.may_hold(same[0].0))
            {
                let why = format!("the filter of its run {run} rules out what that holds");
                return Err(StoreError::Damaged { record: "index", why });
            }
            self.records = records.into_iter();
        }
        self.next = self.records.next();
        Ok(())
    }
}

fn broken() -> StoreError {
    StoreError::Damaged { record: "index", why: "a value of it does not decode".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Record, Run, find, write};
    use crate::database::Database;

    #[test]
    fn whatever_a_run_holds_is_found_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Database::open(folder.path()).expect("opens");
        // Hashes of one record, of a few, and of so many that they fill values, far apart and close together.
        let mut all: Vec<Record> = (0..9000_u64).map(|n| (n * n * 7919, n)).collect();
        for (hash, many) in [(0, 3), (7919, 2000), (7920, 1), (u64::MAX - 1, 1500), (u64::MAX, 1)] {
            all.extend((0..many).map(|n| (hash, 20_000 + n * n)));
        }
        all.sort_unstable();
        let mut records = all.iter().copied();
        let written = write(&db, 5, || Ok(records.next())).expect("room");
        assert_eq!(written, all.len() as u64);
        // A run before it and one after, of the same hashes.
        for number in [4, 6] {
            let mut records = all.iter().map(|(hash, at)| (*hash, at + 1_000_000));
            write(&db, number, || Ok(records.next())).expect("room");
        }
        let mut hashes: Vec<u64> = all.iter().map(|(hash, _)| *hash).chain([1, 7918, u64::MAX / 2]).collect();
        hashes.dedup();
        hashes.sort_unstable();
        let alone = hashes.iter().step_by(97).map(std::slice::from_ref);
        let ends = [&hashes[..3], &hashes[hashes.len() - 2..]];
        for wanted in alone.chain(ends).chain([&hashes[..], &[]]) {
            for (most, records) in [(1, 1), (700, written), (usize::MAX, written)] {
                let mut found = Vec::new();
                // However many records it says it has, it is looked through one way or the other.
                find(&db, Run { number: 5, alone: false, records }, wanted, most, &mut found).expect("reads");
                let of = |hash: &u64| {
                    let from = all.partition_point(|(h, _)| h < hash);
                    all[from..].iter().take_while(|(h, _)| h == hash).take(most).copied().collect::<Vec<_>>()
                };
                assert!(found == wanted.iter().flat_map(of).collect::<Vec<_>>(), "{most} of {} hashes", wanted.len());
            }
        }
    }
}
