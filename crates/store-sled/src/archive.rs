//! What is sealed: blocks of entries and packed runs of the index, in a database of their own that is opened only when it is needed.

use crate::block;
use crate::database::Database;
use crate::keys;
use crate::runs::{self, Merge, Record, Run};
use crate::singles;
use heldto_proof::leaf_hash;
use heldto_store::{StoreError, StoredEntry};
use std::ops::{ControlFlow, Range};
use std::path::Path;

/// What of the log is sealed. The record of this in `hot` is the only commit: whatever else the archive holds does not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sealed {
    /// How many entries, from the first.
    pub size: u64,
    /// The number that the next run of the index gets.
    next_run: u32,
    /// The runs that count, from the oldest.
    pub runs: Vec<Run>,
    /// Runs that were merged into others, to be removed when there is next something to seal.
    retired: Vec<u32>,
}

/// From so many hashes on they are looked for on two cores.
const MANY: usize = 500;
/// How many values are written at a time.
const PER_BATCH: usize = 512;

impl Sealed {
    /// Version, size, next run, runs, retired runs, and the first 8 bytes of a hash over it all.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![1];
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.next_run.to_be_bytes());
        bytes.extend(u16::try_from(self.runs.len()).unwrap_or(u16::MAX).to_be_bytes());
        for run in &self.runs {
            bytes.extend(run.number.to_be_bytes());
            bytes.extend(run.records.to_be_bytes());
        }
        self.retired.iter().for_each(|number| bytes.extend(number.to_be_bytes()));
        let check = leaf_hash(&bytes).0;
        bytes.extend(&check[..8]);
        bytes
    }

    /// Reads such a record.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (bytes, check) = bytes.split_last_chunk::<8>()?;
        if leaf_hash(bytes).0[..8] != check[..] {
            return None;
        }
        let (header, rest) = bytes.split_first_chunk::<15>()?;
        let [1, numbers @ ..] = header else { return None };
        let count = usize::from(u16::from_be_bytes([numbers[12], numbers[13]]));
        let (runs, retired) = rest.split_at_checked(count * 12)?;
        let (runs, _) = runs.as_chunks::<12>();
        let (retired, left) = retired.as_chunks::<4>();
        let long = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_be_bytes);
        let short = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_be_bytes);
        left.is_empty().then(|| Self {
            size: long(&numbers[..8]),
            next_run: short(&numbers[8..12]),
            runs: runs.iter().map(|r| Run { number: short(&r[..4]), records: long(&r[4..]) }).collect(),
            retired: retired.iter().map(|n| short(n)).collect(),
        })
    }
}

/// The database of what is sealed.
pub struct Archive {
    db: Database,
}

impl Archive {
    /// Opens the archive in this folder, or makes one.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { db: Database::open(folder)? })
    }

    /// The database beneath.
    pub const fn database(&self) -> &Database {
        &self.db
    }

    /// Writes entries that come in order after those sealed, and the records of the index that find them. Durable on return, and yet nothing of it counts
    /// until what is returned stands in `hot`.
    pub fn seal(
        &self,
        sealed: &Sealed,
        entries: &[StoredEntry],
        mut records: Vec<Record>,
    ) -> Result<Sealed, StoreError> {
        // What a sealing that was cut short left, and what was merged before.
        self.db.remove(keys::block(sealed.size).to_vec()..keys::block(u64::MAX).to_vec())?;
        self.db.remove(keys::entry(sealed.size, keys::Slot::ENTRY, 0).to_vec()..b"f".to_vec())?;
        self.db.remove(keys::run(sealed.next_run, (0, 0)).to_vec()..b"j".to_vec())?;
        for number in &sealed.retired {
            self.db
                .remove(keys::run(*number, (0, 0)).to_vec()..keys::run(number.saturating_add(1), (0, 0)).to_vec())?;
        }
        let (mut runs, mut absorbed, mut total) = (sealed.runs.clone(), Vec::new(), records.len() as u64);
        while let Some(last) = runs.pop_if(|last| last.records <= 2 * total) {
            total += last.records;
            absorbed.push(last);
        }
        // The blocks on some cores, the index beside them.
        let (first, second) = entries.split_at(entries.len() / 2);
        let written = std::thread::scope(|scope| {
            let index = scope.spawn(|| {
                records.sort_unstable();
                let mut merge = Merge::new(&self.db, &absorbed, records)?;
                runs::write(&self.db, sealed.next_run, || merge.next())
            });
            let half = scope.spawn(|| self.write(second));
            self.write(first)?;
            joined(half)?;
            joined(index)
        })?;
        runs.push(Run { number: sealed.next_run, records: written });
        self.db.sync()?;
        let retired = absorbed.iter().map(|r| r.number).collect();
        let size = sealed.size + entries.len() as u64;
        Ok(Sealed { size, next_run: sealed.next_run.saturating_add(1), runs, retired })
    }

    /// Writes entries that follow each other, in blocks or by themselves.
    fn write(&self, entries: &[StoredEntry]) -> Result<(), StoreError> {
        let (mut rest, mut batch, mut values) = (entries, sled::Batch::default(), 0);
        while let Some(next) = rest.first() {
            let company = rest.iter().take(usize::from(u8::MAX)).take_while(|stored| block::fits(stored)).count();
            if company == 0 {
                // An empty value says that the entry stands by itself.
                batch.insert(keys::block(next.index).as_slice(), &[]);
                let parts = next.parts.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
                singles::insert(&mut batch, next.index, &next.entry, parts);
                rest = &rest[1..];
                values += 10;
            } else {
                let (value, count) = block::pack(&rest[..company]);
                batch.insert(keys::block(next.index).as_slice(), value);
                rest = &rest[count..];
                values += 1;
            }
            if values >= PER_BATCH || rest.is_empty() {
                self.db.apply(std::mem::take(&mut batch))?;
                values = 0;
            }
        }
        Ok(())
    }

    /// Reads sealed entries in order until `visit` breaks off or the range ends. Gives whether it was broken off.
    pub fn read(
        &self,
        range: Range<u64>,
        visit: &mut dyn FnMut(StoredEntry) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let (mut next, mut failed, mut stopped) = (range.start, None, ControlFlow::Continue(()));
        let mut from = None;
        self.db.scan_back(keys::block(0).to_vec()..[&keys::block(range.start)[..], &[0]].concat(), |key, _| {
            from = Some(key.to_vec());
            ControlFlow::Break(())
        })?;
        let from = from.ok_or(StoreError::Missing(range.start))?;
        self.db.scan(from..keys::block(range.end).to_vec(), |key, value| {
            let mut take = |entries: Vec<StoredEntry>| {
                for stored in entries {
                    if stored.index < next || stored.index >= range.end {
                        continue;
                    }
                    // Something between this and what came before is missing.
                    if stored.index > next {
                        return ControlFlow::Break(());
                    }
                    next += 1;
                    stopped = visit(stored);
                    stopped?;
                }
                ControlFlow::Continue(())
            };
            // sled lets go of a page only after many accesses, counted for each 256th of all pages: this is one more.
            if let Err(error) = self.db.get(key) {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            let entries = match keys::decode_block(key) {
                None => Err(StoreError::Damaged { record: "archive", why: "a key of it is no key".to_owned() }),
                Some(first) if value.is_empty() => {
                    let mut alone = Vec::new();
                    singles::read(&self.db, first..first + 1, &mut |stored| {
                        alone.push(stored);
                        ControlFlow::Continue(())
                    })
                    .map(|_| alone)
                }
                Some(first) => {
                    block::unpack(first, value, &range).map_err(|why| StoreError::Block { first, why: why.to_owned() })
                }
            };
            match entries {
                Ok(entries) => take(entries),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None if stopped.is_break() || next >= range.end => Ok(stopped),
            None => Err(StoreError::Missing(next)),
        }
    }

    /// The records of some hashes that come in order, of each run the first `most` of each hash; many of them on two cores.
    pub fn find(&self, sealed: &Sealed, hashes: &[u64], most: usize) -> Result<Vec<Record>, StoreError> {
        let look = |hashes: &[u64]| {
            let mut found = Vec::new();
            sealed.runs.iter().try_for_each(|run| runs::find(&self.db, *run, hashes, most, &mut found))?;
            Ok(found)
        };
        if hashes.len() < MANY {
            return look(hashes);
        }
        let (first, second) = hashes.split_at(hashes.len() / 2);
        std::thread::scope(|scope| {
            let half = scope.spawn(|| look(second));
            Ok([look(first)?, joined(half)?].concat())
        })
    }

    /// The records of the index, with these more that are sorted, in order.
    pub fn index(&self, sealed: &Sealed, more: Vec<Record>) -> Result<Merge<'_>, StoreError> {
        Merge::new(&self.db, &sealed.runs, more)
    }
}

/// What a thread came to; its panic goes on here.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::{Run, Sealed};

    #[test]
    fn the_record_of_what_is_sealed_has_one_spelling_and_every_byte_counts() {
        let run = |number, records| Run { number, records };
        let sealed = Sealed { size: 5000, next_run: 9, runs: vec![run(3, 4000), run(8, 1000)], retired: vec![4, 7] };
        let bytes = sealed.encode();
        assert_eq!(Sealed::decode(&bytes), Some(sealed));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(Sealed::decode(&changed), None, "byte {at}");
            assert_eq!(Sealed::decode(&bytes[..at]), None);
        }
    }
}
