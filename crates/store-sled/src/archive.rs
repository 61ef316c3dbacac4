//! The sealed part of the log: blocks of entries, and runs of the index, in sled databases.
//!
//! Entries are cut into databases, and only the last of these is written to. Long runs have a
//! database each, written once. A database is opened only when needed, because sled reads the head
//! of every half megabyte to open one. Knows neither the journal nor the tail. Start at
//! [`Archive`].

use crate::database::Database;
use crate::entries::{self, SCAN_THRESHOLD};
use crate::files::{self, io};
use crate::filter::{self, BloomFilter, FilterBuilder};
use crate::keys;
use crate::keys::Record;
use crate::runs::{self, Merge, Run};
use heldto_journal::sync_dir;
use heldto_proof::{Chain, Hash, chain, leaf_hash};
use heldto_store::{EntryChunk, NewEntry, StoreError};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// A record of the sealed entries and runs, stored in `hot`: the only commit.
///
/// Archive content that the manifest does not name does not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// Number of sealed entries.
    pub size: u64,
    /// Chain value after the last sealed entry.
    ///
    /// `None` if nothing is sealed, and in manifests older than the journal.
    pub chain: Option<Chain>,
    /// Number of the next run.
    next_run: u32,
    /// Runs that count, oldest first.
    pub runs: Vec<Run>,
    /// Merged runs in the shared database, to be removed by the next sealing.
    retired: Vec<u32>,
}

/// Number of hashes from which a look-up uses two threads.
const PARALLEL_LOOKUP_MIN: usize = 500;

impl Manifest {
    /// Encodes version, chain value, size, next run, runs, retired runs, and 8 bytes of their hash.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![2];
        bytes.extend(self.chain.map_or([0; 32], |chain| chain.0.0));
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.next_run.to_be_bytes());
        bytes.extend(
            u16::try_from(self.runs.len())
                .expect("each run is at least twice as long as the next, so there are at most 64")
                .to_be_bytes(),
        );
        for run in &self.runs {
            bytes.extend(run.number.to_be_bytes());
            bytes.push(u8::from(run.dedicated));
            bytes.extend(run.records.to_be_bytes());
        }
        self.retired.iter().for_each(|number| bytes.extend(number.to_be_bytes()));
        let check = leaf_hash(&bytes).0;
        bytes.extend(&check[..8]);
        bytes
    }

    /// Returns the decoded manifest, or `None` if its check fails or its version is unknown.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (bytes, check) = bytes.split_last_chunk::<8>()?;
        if leaf_hash(bytes).0[..8] != check[..] {
            return None;
        }
        let (version, rest) = bytes.split_first()?;
        let (chain, rest) = match version {
            1 => (None, rest),
            2 => rest.split_first_chunk::<32>().map(|(chain, rest)| (Some(Chain(Hash(*chain))), rest))?,
            _ => return None,
        };
        let (numbers, rest) = rest.split_first_chunk::<14>()?;
        let count = usize::from(u16::from_be_bytes([numbers[12], numbers[13]]));
        let (runs, retired) = rest.split_at_checked(count * 13)?;
        let (runs, _) = runs.as_chunks::<13>();
        let (retired, left) = retired.as_chunks::<4>();
        let long = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_be_bytes);
        let short = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_be_bytes);
        left.is_empty().then(|| Self {
            size: long(&numbers[..8]),
            chain,
            next_run: short(&numbers[8..12]),
            runs: runs
                .iter()
                .map(|r| Run { number: short(&r[..4]), dedicated: r[4] != 0, records: long(&r[5..]) })
                .collect(),
            retired: retired.iter().map(|n| short(n)).collect(),
        })
    }
}

/// The databases of the sealed entries and runs, with the runs' filters.
pub struct Archive {
    folder: PathBuf,
    /// Number of entries to a database; a run with more records gets a database of its own.
    entries_per_database: u64,
    databases: Mutex<BTreeMap<DatabaseName, Arc<Mutex<Slot>>>>,
    /// Filters by run; `None` for a file that cannot be used.
    filters: Mutex<BTreeMap<u32, Option<Arc<BloomFilter>>>>,
}

/// The content of a database, which names its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DatabaseName {
    /// Entries from this index on.
    Entries(u64),
    /// A long run of the index.
    ///
    /// sled fills every unused half megabyte with zeros at every opening. A run merged from others
    /// would leave many of these in a shared database.
    Run(u32),
    /// All shorter runs.
    Index,
}

impl DatabaseName {
    fn folder(self) -> String {
        match self {
            Self::Entries(first) => first.to_string(),
            Self::Run(number) => format!("run-{number}"),
            Self::Index => "index".to_owned(),
        }
    }

    fn from_folder(folder: &str) -> Option<Self> {
        let run = folder.strip_prefix("run-").and_then(|n| n.parse().ok()).map(Self::Run);
        let index = (folder == "index").then_some(Self::Index);
        run.or(index).or_else(|| folder.parse().ok().map(Self::Entries))
    }
}

/// A database, kept open until it is released and nobody reads from it.
#[derive(Default)]
struct Slot {
    kept: Option<Arc<Database>>,
    open: Weak<Database>,
}

impl Archive {
    /// Opens the archive in this folder, which need not exist yet.
    pub fn open(folder: &Path, entries_per_database: u64) -> Result<Self, StoreError> {
        let mut databases = BTreeMap::new();
        let mut filters = BTreeMap::new();
        if folder.is_dir() {
            let reading = || io(format!("reading the folder {}", folder.display()));
            for entry in std::fs::read_dir(folder).map_err(reading())? {
                let name = entry.map_err(reading())?.file_name();
                let name = name.to_str();
                databases.extend(name.and_then(DatabaseName::from_folder).map(|name| (name, Arc::default())));
                filters
                    .extend(name.and_then(filter::of).map(|run| (run, BloomFilter::open(folder, run).map(Arc::new))));
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            entries_per_database,
            databases: Mutex::new(databases),
            filters: Mutex::new(filters),
        })
    }

    /// Returns sled's own handles: entries in order, long runs, then the shared index.
    #[cfg(feature = "testing")]
    pub fn databases(&self) -> Result<Vec<sled::Db>, StoreError> {
        let names: Vec<DatabaseName> = self.names().keys().copied().collect();
        let all = names.into_iter().map(|name| self.database(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(all.iter().filter_map(|database| database.raw().cloned()).collect())
    }

    /// Closes all databases and waits until that is done.
    pub fn close(self) {
        let slots = self.databases.into_inner().unwrap_or_else(PoisonError::into_inner).into_values();
        let open = slots.filter_map(|slot| lock_slot(&slot).kept.take().and_then(Arc::into_inner));
        open.for_each(Database::close);
    }

    fn names(&self) -> MutexGuard<'_, BTreeMap<DatabaseName, Arc<Mutex<Slot>>>> {
        lock_slot(&self.databases)
    }

    /// Returns the database of this name, which must exist.
    fn database(&self, name: DatabaseName) -> Result<Arc<Database>, StoreError> {
        let missing = || StoreError::Damaged { record: "archive", why: format!("`{}` is missing", name.folder()) };
        let slot = self.names().get(&name).cloned().ok_or_else(missing)?;
        let mut slot = lock_slot(&slot);
        if let Some(database) = &slot.kept {
            return Ok(Arc::clone(database));
        }
        let folder = self.folder.join(name.folder());
        let database = match slot.open.upgrade() {
            Some(database) => database,
            // sled would create an empty one.
            None if !folder.is_dir() => return Err(missing()),
            None => Arc::new(Database::open(&folder)?),
        };
        (slot.kept, slot.open) = (Some(Arc::clone(&database)), Arc::downgrade(&database));
        Ok(database)
    }

    /// Returns the database of this name, created if missing.
    ///
    /// A new name survives a power cut.
    fn open_or_create(&self, name: DatabaseName) -> Result<Arc<Database>, StoreError> {
        if !self.names().contains_key(&name) {
            let folder = self.folder.join(name.folder());
            std::fs::create_dir_all(&folder).map_err(io(format!("creating the folder {}", folder.display())))?;
            self.names().insert(name, Arc::default());
            let database = self.database(name)?;
            folder.ancestors().take(3).try_for_each(sync_dir)?;
            return Ok(database);
        }
        self.database(name)
    }

    /// Returns several databases, opening the closed ones in parallel.
    fn open_all(&self, names: &[DatabaseName]) -> Result<Vec<Arc<Database>>, StoreError> {
        let is_open = |name: &DatabaseName| self.names().get(name).is_none_or(|slot| lock_slot(slot).kept.is_some());
        let closed: BTreeSet<DatabaseName> = names.iter().filter(|name| !is_open(name)).copied().collect();
        if closed.len() > 1 {
            closed.par_iter().try_for_each(|name| self.database(*name).map(drop))?;
        }
        names.iter().map(|name| self.database(*name)).collect()
    }

    /// Releases a database, which closes once nobody reads from it.
    fn evict(&self, name: DatabaseName) {
        let slot = self.names().get(&name).cloned();
        drop(slot.and_then(|slot| lock_slot(&slot).kept.take()));
    }

    /// Returns the filter of a run, if usable.
    fn filter(&self, run: u32) -> Option<Arc<BloomFilter>> {
        lock_slot(&self.filters).get(&run).cloned().flatten()
    }

    /// Returns the first index of the last database of entries.
    fn last(&self) -> Option<u64> {
        self.names()
            .keys()
            .filter_map(|name| if let DatabaseName::Entries(first) = name { Some(*first) } else { None })
            .max()
    }

    /// Writes entries after the sealed ones, with a run for them, and returns the new manifest.
    ///
    /// Durable on return, but nothing counts until that manifest is stored in `hot`.
    pub fn seal(&self, manifest: &Manifest, entries: &[NewEntry]) -> Result<Manifest, StoreError> {
        self.clear(manifest)?;
        let mut records: Vec<Record> = Vec::with_capacity(entries.iter().map(|new| new.index_hashes.len()).sum());
        for (index, new) in (manifest.size..).zip(entries) {
            records.extend(new.index_hashes.iter().map(|hash| (*hash, index)));
        }
        let mut runs = manifest.runs.clone();
        let mut absorbed = Vec::new();
        let mut total = records.len() as u64;
        while let Some(last) = runs.pop_if(|last| last.records <= 2 * total) {
            total += last.records;
            absorbed.push(last);
        }
        let dedicated = total > self.entries_per_database;
        // Entries and index are written in parallel.
        let (filled, written) = rayon::join(
            || self.fill(manifest.size, entries),
            || {
                records.sort_unstable();
                let hashes = records.chunk_by(|a, b| a.0 == b.0).count() as u64;
                let of = |run: &Run| self.filter(run.number).map_or(run.records, |filter| filter.hashes());
                let mut builder = FilterBuilder::new(hashes + absorbed.iter().map(of).sum::<u64>());
                let mut merge = self.merge(&absorbed, 0, |_| None, records)?;
                let database = self.open_or_create(database_of(manifest.next_run, dedicated))?;
                let written = runs::write(&database, manifest.next_run, || {
                    Ok(merge.next().transpose()?.inspect(|(hash, _)| builder.put(*hash)))
                })?;
                let filter = builder.write(&self.folder, manifest.next_run)?;
                lock_slot(&self.filters).insert(manifest.next_run, Some(Arc::new(filter)));
                database.sync().map(|()| written)
            },
        );
        filled?;
        runs.push(Run { number: manifest.next_run, dedicated, records: written? });
        let retired = absorbed.iter().filter(|run| !run.dedicated).map(|run| run.number).collect();
        let size = manifest.size + entries.len() as u64;
        let chain = entries.last().map_or(manifest.chain, |new| Some(chain(&new.entry)));
        Ok(Manifest { size, chain, next_run: manifest.next_run.saturating_add(1), runs, retired })
    }

    /// Removes the remains of an interrupted sealing, and runs merged into others.
    fn clear(&self, manifest: &Manifest) -> Result<(), StoreError> {
        self.clear_folders(manifest)?;
        let counts = |number: u32| manifest.runs.iter().any(|run| run.number == number);
        let gone: Vec<u32> = lock_slot(&self.filters).keys().copied().filter(|number| !counts(*number)).collect();
        for number in gone {
            files::remove_file(&filter::path(&self.folder, number))?;
            lock_slot(&self.filters).remove(&number);
        }
        if let Some(last) = self.last() {
            let part = self.database(DatabaseName::Entries(last))?;
            part.remove(keys::block(manifest.size).to_vec()..keys::block(u64::MAX).to_vec())?;
            part.remove(keys::entry(manifest.size, keys::Slot::ENTRY, 0).to_vec()..b"f".to_vec())?;
        }
        if !self.names().contains_key(&DatabaseName::Index) {
            return Ok(());
        }
        let index = self.database(DatabaseName::Index)?;
        index.remove(keys::run_begin(manifest.next_run).to_vec()..b"j".to_vec())?;
        manifest.retired.iter().try_for_each(|number| {
            let next = number.saturating_add(1);
            index.remove(keys::run_begin(*number).to_vec()..keys::run_begin(next).to_vec())
        })
    }

    /// Removes the databases that the manifest does not need.
    fn clear_folders(&self, manifest: &Manifest) -> Result<(), StoreError> {
        let names: Vec<DatabaseName> = self.names().keys().copied().collect();
        for name in names {
            let counts = match name {
                DatabaseName::Entries(first) => first < manifest.size,
                DatabaseName::Run(number) => manifest.runs.iter().any(|run| run.dedicated && run.number == number),
                // A database interrupted while sled created it does not open again.
                DatabaseName::Index => manifest.runs.iter().any(|run| !run.dedicated),
            };
            if !counts {
                self.names().remove(&name);
                files::remove_dir(&self.folder.join(name.folder()))?;
            }
        }
        Ok(())
    }

    /// Writes entries from index `size` on, to the last database and, once that is full, to new
    /// ones.
    ///
    /// Durable on return.
    fn fill(&self, size: u64, all: &[NewEntry]) -> Result<(), StoreError> {
        let mut at = size;
        let mut rest = all;
        let mut last = self.last();
        while !rest.is_empty() {
            let first = last.filter(|first| at - first < self.entries_per_database).unwrap_or(at);
            let room = usize::try_from(self.entries_per_database.saturating_sub(at - first)).unwrap_or(usize::MAX);
            let (few, more) = rest.split_at(rest.len().min(room.max(1)));
            let part = self.open_or_create(DatabaseName::Entries(first))?;
            let (left, right) = few.split_at(few.len() / 2);
            let written = rayon::join(
                || entries::write(&part, at, left),
                || entries::write(&part, at + left.len() as u64, right),
            );
            written.0.and(written.1)?;
            part.sync()?;
            if !more.is_empty() {
                self.evict(DatabaseName::Entries(first));
            }
            (at, rest, last) = (at + few.len() as u64, more, Some(first));
        }
        Ok(())
    }

    /// Adds the first sealed entries of a range to `chunk`, all from one database.
    pub fn read(&self, range: Range<u64>, chunk: &mut EntryChunk) -> Result<(), StoreError> {
        let next = range.start;
        let firsts = self.names();
        let first =
            firsts.range(DatabaseName::Entries(0)..=DatabaseName::Entries(next)).next_back().map(|(name, _)| *name);
        let after = firsts.range(DatabaseName::Entries(next.saturating_add(1))..).next().map(|(name, _)| *name);
        drop(firsts);
        let end = if let Some(DatabaseName::Entries(after)) = after { after } else { u64::MAX };
        let name = first.ok_or(StoreError::Missing(next))?;
        let is_scan = range.end - next > SCAN_THRESHOLD;
        entries::read(&*self.database(name)?, next..range.end.min(end), is_scan, chunk)?;
        // A scan does not return to a database that it has passed.
        if is_scan && next + chunk.entries().len() as u64 == end {
            self.evict(name);
        }
        Ok(())
    }

    /// Returns the first `entries_per_database` records in each run of each of the sorted `hashes`.
    ///
    /// Many look-ups share two threads. Runs without any of the hashes stay closed, except for
    /// about one false positive in a hundred.
    pub fn find(&self, manifest: &Manifest, hashes: &[u64], most: usize) -> Result<Vec<Record>, StoreError> {
        let among = |run: &Run| match self.filter(run.number) {
            None => hashes.to_vec(),
            Some(filter) => {
                filter.prepare(hashes.len());
                hashes.iter().copied().filter(|hash| filter.may_hold(*hash)).collect()
            }
        };
        let wanted: Vec<(Run, Vec<u64>)> = manifest.runs.iter().map(|run| (*run, among(run))).collect();
        let wanted: Vec<_> = wanted.into_iter().filter(|(_, hashes)| !hashes.is_empty()).collect();
        let names: Vec<DatabaseName> = wanted.iter().map(|(run, _)| database_of(run.number, run.dedicated)).collect();
        let databases = self.open_all(&names)?;
        let look = |part: fn(&[u64]) -> &[u64]| {
            let mut found = Vec::new();
            let mut runs = wanted.iter().zip(&databases);
            runs.try_for_each(|((run, hashes), database)| runs::find(database, *run, part(hashes), most, &mut found))?;
            Ok(found)
        };
        if wanted.iter().map(|(_, hashes)| hashes.len()).sum::<usize>() < PARALLEL_LOOKUP_MIN {
            return look(|hashes| hashes);
        }
        let (left, right) =
            rayon::join(|| look(|hashes| &hashes[..hashes.len() / 2]), || look(|hashes| &hashes[hashes.len() / 2..]));
        Ok([left?, right?].concat())
    }

    /// Returns the records from hash `from` on, merged with the sorted `more`.
    ///
    /// The merge fails at a record that the filter of its run rules out.
    pub fn index(&self, manifest: &Manifest, from: u64, more: Vec<Record>) -> Result<Merge, StoreError> {
        let filter = |run: &Run| self.filter(run.number).inspect(|filter| filter.prepare(usize::MAX));
        self.merge(&manifest.runs, from, filter, more)
    }

    fn merge(
        &self,
        runs: &[Run],
        from: u64,
        filter: impl Fn(&Run) -> Option<Arc<BloomFilter>>,
        more: Vec<Record>,
    ) -> Result<Merge, StoreError> {
        let names: Vec<DatabaseName> = runs.iter().map(|run| database_of(run.number, run.dedicated)).collect();
        let databases = self.open_all(&names)?;
        Merge::new(runs.iter().zip(databases).map(|(run, database)| (run, database, filter(run))), from, more)
    }
}

/// Returns the name of the database that holds a run.
const fn database_of(number: u32, dedicated: bool) -> DatabaseName {
    if dedicated { DatabaseName::Run(number) } else { DatabaseName::Index }
}

/// Locks a mutex, ignoring poisoning.
fn lock_slot<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Chain, Hash, Manifest, Run};

    #[test]
    fn the_record_of_what_is_sealed_has_one_spelling_and_every_byte_counts() {
        let run = |number, records| Run { number, dedicated: number == 3, records };
        let sealed = Manifest {
            size: 5000,
            chain: Some(Chain(Hash([7; 32]))),
            next_run: 9,
            runs: vec![run(3, 4000), run(8, 1000)],
            retired: vec![4, 7],
        };
        let bytes = sealed.encode();
        assert_eq!(Manifest::decode(&bytes), Some(sealed));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(Manifest::decode(&changed), None, "byte {at}");
            assert_eq!(Manifest::decode(&bytes[..at]), None);
        }
    }
}
