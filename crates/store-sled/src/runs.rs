//! The index of ids, packed: sorted runs of keyed hashes and places, some hundreds to a value, merged so that there are never many runs.

use crate::database::Database;
use crate::keys;
use heldto_store::StoreError;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

/// A keyed hash and the place of an entry found by it.
pub type Record = (u64, u64);

/// How many records a value holds: few, since sled reads a leaf of up to 16 values to give one.
const PER_VALUE: usize = 128;
/// How many values are written at a time.
const PER_BATCH: usize = 2048;

/// A run of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub number: u32,
    pub records: u64,
}

/// Writes records that come in order as one run; durable only once the database is synced. Gives how many there were.
pub fn write(
    db: &Database,
    number: u32,
    mut records: impl FnMut() -> Result<Option<Record>, StoreError>,
) -> Result<u64, StoreError> {
    let (mut batch, mut values, mut written) = (sled::Batch::default(), 0, 0);
    let mut pending: Vec<Record> = Vec::with_capacity(PER_VALUE);
    loop {
        let next = records()?;
        pending.extend(next);
        if pending.len() == PER_VALUE || (next.is_none() && !pending.is_empty()) {
            let value: Vec<u8> =
                pending.iter().flat_map(|(hash, at)| [hash.to_be_bytes(), at.to_be_bytes()]).flatten().collect();
            batch.insert(keys::run(number, pending[0]).as_slice(), value);
            written += pending.len() as u64;
            pending.clear();
            values += 1;
        }
        if values == PER_BATCH || (next.is_none() && values > 0) {
            db.apply(std::mem::take(&mut batch))?;
            values = 0;
        }
        if next.is_none() {
            return Ok(written);
        }
    }
}

/// The records of some hashes, which come in order, in one run.
pub fn find(db: &Database, run: Run, hashes: &[u64], found: &mut Vec<Record>) -> Result<(), StoreError> {
    if run.records / (PER_VALUE as u64) < hashes.len() as u64 {
        return find_in_all(db, run, hashes, found);
    }
    let mut damaged = false;
    for hash in hashes {
        // The last value that may hold it, and those before it that begin with it.
        db.scan_back(keys::run(run.number, (0, 0)).to_vec()..keys::run_end(run.number, *hash), |key, value| {
            let Some(records) = decode(value) else {
                damaged = true;
                return ControlFlow::Break(());
            };
            found.extend(records.filter(|(h, _)| h == hash));
            let first = keys::decode_run(key).map(|(_, (h, _))| h);
            if first == Some(*hash) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
    }
    if damaged { Err(broken()) } else { Ok(()) }
}

/// The same for more hashes than the run has values: read whole, it costs less than so many look-ups.
fn find_in_all(db: &Database, run: Run, hashes: &[u64], found: &mut Vec<Record>) -> Result<(), StoreError> {
    let (mut wanted, mut damaged) = (hashes, false);
    let end = keys::run(run.number.saturating_add(1), (0, 0)).to_vec();
    db.scan(keys::run(run.number, (0, 0)).to_vec()..end, |_, value| {
        let Some(records) = decode(value) else {
            damaged = true;
            return ControlFlow::Break(());
        };
        for (hash, at) in records {
            while let [first, rest @ ..] = wanted
                && *first < hash
            {
                wanted = rest;
            }
            found.extend((wanted.first() == Some(&hash)).then_some((hash, at)));
        }
        if wanted.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if damaged { Err(broken()) } else { Ok(()) }
}

/// Gives the records of several runs, and some more that are sorted, in order.
pub struct Merge<'a> {
    db: &'a Database,
    streams: Vec<Stream>,
    heads: BinaryHeap<Reverse<(Record, usize)>>,
}

struct Stream {
    /// The run, and the key after the last value read; `None` for records that are all there.
    more: Option<(u32, Vec<u8>)>,
    records: std::vec::IntoIter<Record>,
}

impl<'a> Merge<'a> {
    pub fn new(db: &'a Database, runs: &[Run], more: Vec<Record>) -> Result<Self, StoreError> {
        let run = |r: &Run| Stream {
            more: Some((r.number, keys::run(r.number, (0, 0)).to_vec())),
            records: Vec::new().into_iter(),
        };
        let mut streams: Vec<Stream> = runs.iter().map(run).collect();
        streams.push(Stream { more: None, records: more.into_iter() });
        let mut merge = Self { db, streams, heads: BinaryHeap::new() };
        for stream in 0..merge.streams.len() {
            merge.advance(stream)?;
        }
        Ok(merge)
    }

    /// The next record, each once; `None` after the last.
    pub fn next(&mut self) -> Result<Option<Record>, StoreError> {
        while let Some(Reverse((record, stream))) = self.heads.pop() {
            self.advance(stream)?;
            if self.heads.peek().is_none_or(|Reverse((next, _))| *next != record) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    fn advance(&mut self, number: usize) -> Result<(), StoreError> {
        let Some(stream) = self.streams.get_mut(number) else { return Ok(()) };
        if stream.records.as_slice().is_empty()
            && let Some((run, from)) = &mut stream.more
        {
            let (mut records, mut damaged) = (Vec::new(), false);
            let end = keys::run(run.saturating_add(1), (0, 0)).to_vec();
            self.db.scan(from.clone()..end, |key, value| {
                match decode(value) {
                    Some(read) => records.extend(read),
                    None => damaged = true,
                }
                *from = [key, &[0]].concat();
                ControlFlow::Break(())
            })?;
            if damaged {
                return Err(broken());
            }
            stream.records = records.into_iter();
        }
        self.heads.extend(stream.records.next().map(|record| Reverse((record, number))));
        Ok(())
    }
}

fn decode(value: &[u8]) -> Option<impl Iterator<Item = Record>> {
    let (pairs, rest) = value.as_chunks::<16>();
    let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_be_bytes);
    rest.is_empty().then(|| pairs.iter().map(move |pair| (number(&pair[..8]), number(&pair[8..]))))
}

fn broken() -> StoreError {
    StoreError::Damaged { record: "index of ids", why: "a value of it has a length that none has".to_owned() }
}
