//! Each copy mended from the other: the journal's end and its bundles from the databases, the databases from the journal.
//!
//! What mends is trusted by its hashes alone. Start at `SledStore::reconcile`, which runs whenever a ledger is opened.

use crate::files::{self, io};
use crate::replica::{Replica, damaged};
use crate::{CHUNK, SledStore, flow};
use heldto_journal::{Journal, LAYOUT, advance, first_unlinked, follows, sync_dir};
use heldto_proof::{Chain, Entry, TILE_WIDTH, chain};
use heldto_store::{NewEntry, Notice, StoreError, StoredEntry};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How many entries a thread compares at a time.
const COMPARED: u64 = 1 << 12;

/// Returns those entries of a range that another copy of the ledger has.
pub type Source<'a> = &'a dyn Fn(Range<u64>) -> Vec<StoredEntry>;

/// What a repair came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repaired {
    /// How many entries the ledger holds.
    pub entries: u64,
    /// The entries that no copy had whole.
    pub lost: Vec<u64>,
}

impl SledStore {
    /// Brings journal and databases to one state, after they were opened.
    ///
    /// `is_new_layout`: the databases are of an earlier layout and are made again without a word.
    pub(crate) fn reconcile(&mut self, is_new_layout: bool, source: Option<Source<'_>>) -> Result<(), StoreError> {
        let known = crate::marks::known_size(&self.dir)?;
        if self.lock.is_none() {
            return self.check_marks();
        }
        let was_suspect = self.is_suspect();
        let opened = Replica::open(&self.dir, self.lengths).and_then(|(replica, founding, layout)| {
            if founding == *self.journal.founding() && layout == LAYOUT {
                Ok(replica)
            } else {
                Err(damaged("founding record", "it is another than the journal's"))
            }
        });
        let has_replica = opened.is_ok();
        let size = opened.as_ref().map_or(0, Replica::size);
        let wanted = known.max(size).max(self.journal.salvage_end());
        if self.journal.is_short_of(wanted) {
            self.mend_end(wanted, opened.as_ref().ok(), source)?;
        }
        self.journal.settle()?;
        match opened {
            Ok(replica) => self.use_database(replica, was_suspect)?,
            Err(error @ StoreError::Io { .. }) => self.suspect(&error),
            Err(_) if is_new_layout => self.rebuild(None)?,
            // sled's own words say nothing to whoever reads the notice.
            Err(StoreError::Broken(_)) => self.rebuild(Some("sled cannot read it".to_owned()))?,
            Err(error) => self.rebuild(Some(error.to_string()))?,
        }
        self.check_marks().map_err(|error| match error {
            // A database that could not be opened may hold what is missing.
            StoreError::Behind(why) if !has_replica => {
                StoreError::Behind(format!("{why}; its database is damaged too"))
            }
            error => error,
        })
    }

    /// Takes databases into use whose chain fits the journal's, and makes others again.
    fn use_database(&mut self, mut replica: Replica, was_suspect: bool) -> Result<(), StoreError> {
        let fits = replica.size() <= self.journal.head().size()
            && replica.chain().is_none_or(|chain| self.chain_at(replica.size()).is_ok_and(|own| own == chain));
        if !fits {
            self.put_replica(replica);
            return self.rebuild(Some("its last entry is not the journal's".to_owned()));
        }
        if let Err(error) = self.catch_up(&mut replica) {
            self.suspect(&error);
            return Ok(());
        }
        if was_suspect {
            match self.compare(&replica, true) {
                Ok(None) => {}
                Ok(Some(error)) => {
                    self.put_replica(replica);
                    return self.rebuild(Some(error.to_string()));
                }
                // What no copy has whole is for whoever reads it, and for a repair.
                Err(error) if error.is_integrity() => {
                    self.suspect_for(Notice::DatabaseNotRebuilt(error.to_string()));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            self.clear_suspect()?;
            self.notices.add(Notice::DatabaseChecked);
        }
        self.put_replica(replica);
        Ok(())
    }

    /// Appends to the journal what it lost of its end, from the database, from its own records behind a gap, or from another copy:
    /// whatever follows by its hashes.
    fn mend_end(
        &mut self,
        wanted: u64,
        replica: Option<&Replica>,
        source: Option<Source<'_>>,
    ) -> Result<(), StoreError> {
        let first = self.journal.head().size();
        let mut candidates = Candidates::default();
        if let Some(replica) = replica {
            candidates.add(entries_of(replica, first..wanted));
        }
        if let Some(source) = source {
            candidates.add(source(first..wanted));
        }
        let mut head = self.journal.head().clone();
        let mut mended: Vec<NewEntry> = Vec::new();
        for index in first..wanted {
            let own = self.journal.salvage(index).cloned();
            let following = candidates.of(index).chain(own.as_ref());
            let Some(stored) = following.into_iter().find(|stored| follows(stored, index, Some(head.chain)).is_some())
            else {
                break;
            };
            advance(&mut head, &stored.entry);
            mended.push(stored.to_new(Vec::new()));
        }
        if mended.is_empty() {
            if first < wanted && self.journal.is_short_of(0) {
                let why = "the end of the journal is damaged, and the database does not have it".to_owned();
                return Err(StoreError::Lost { index: first, why });
            }
            return Ok(());
        }
        self.journal.append(&mended, &head)?;
        self.notices.add(Notice::JournalMended { first, last: head.size() - 1 });
        Ok(())
    }

    /// Mends the bundle that begins with this entry, and those beside it that are damaged too, from a replica, or from the one in use.
    pub(crate) fn mend_bundle(&self, first: u64, replica: Option<&Replica>) -> Result<(), StoreError> {
        let _one_at_a_time = self.mending.lock().unwrap_or_else(PoisonError::into_inner);
        let number = first / TILE_WIDTH;
        if self.journal.closed_bundle(number).is_ok() {
            return Ok(());
        }
        match self.mend_bundles(number, replica, None)?.first() {
            None => Ok(()),
            Some(index) => {
                let why = "its bytes do not fit their check values, nor do those in the database".to_owned();
                Err(StoreError::Lost { index: *index, why })
            }
        }
    }

    /// Mends the damaged bundles around one. Returns the entries that no copy has whole.
    fn mend_bundles(
        &self,
        number: u64,
        replica: Option<&Replica>,
        source: Option<Source<'_>>,
    ) -> Result<Vec<u64>, StoreError> {
        let bundles = self.journal.closed_size() / TILE_WIDTH;
        let is_damaged = |number: u64| match self.journal.closed_bundle(number) {
            Ok(_) => Ok(false),
            Err(StoreError::Block { .. }) => Ok(true),
            Err(error) => Err(error),
        };
        let (mut from, mut until) = (number, number + 1);
        while from > Journal::bundles_to_mend(number).start && is_damaged(from - 1)? {
            from -= 1;
        }
        while until < bundles && is_damaged(until)? {
            until += 1;
        }
        let range = from * TILE_WIDTH..until * TILE_WIDTH;
        let mut candidates = Candidates::default();
        (from..until).for_each(|number| candidates.add(self.journal.damaged_bundle(number)));
        let in_use = self.replica();
        if let Some(replica) = replica.or(in_use.as_deref()) {
            candidates.add(entries_of(replica, range.clone()));
        }
        if let Some(source) = source {
            candidates.add(source(range.clone()));
        }
        let before = self.chain_before(range.start);
        let (proved, lost) = candidates.prove(range.clone(), self.chain_after(range.end)?, before);
        if self.lock.is_none() {
            return Err(StoreError::Lost {
                index: lost.first().copied().unwrap_or(range.start),
                why: "the journal is damaged there, and cannot be mended where nothing can be written".to_owned(),
            });
        }
        for number in from..until {
            let bundle: Vec<StoredEntry> = proved
                .range(number * TILE_WIDTH..(number + 1) * TILE_WIDTH)
                .map(|(_, stored)| stored.clone())
                .collect();
            if bundle.len() as u64 == TILE_WIDTH {
                self.journal.mend(number, &bundle)?;
                let first = number * TILE_WIDTH;
                self.notices.add(Notice::JournalMended { first, last: first + TILE_WIDTH - 1 });
            }
        }
        Ok(lost)
    }

    /// Returns the chain value after the entries before this one, which begins a bundle that is whole, or the open one.
    fn chain_after(&self, index: u64) -> Result<Chain, StoreError> {
        if index == self.journal.head().size() {
            return Ok(self.journal.head().chain);
        }
        let mut previous = None;
        self.journal.read(index..index + 1, &mut |stored| {
            previous = Entry::decode(&stored.entry).ok().map(|entry| entry.previous);
            false
        })?;
        previous.ok_or_else(|| StoreError::Lost { index, why: "it does not decode".to_owned() })
    }

    /// Returns the chain value before an entry, by the one before it, if that can be read.
    fn chain_before(&self, index: u64) -> Option<Chain> {
        let Some(before) = index.checked_sub(1) else { return Some(self.journal.founding().genesis.chain()) };
        let mut found = None;
        let read = self.journal.read(before..index, &mut |stored| {
            found = Some(chain(&stored.entry));
            false
        });
        read.ok().and(found)
    }

    /// Holds every entry of the databases against the journal, and with `index` the whole index too. On all cores. Returns what
    /// is missing from the databases, damaged or other, if anything.
    ///
    /// # Errors
    /// When the journal cannot be read: that says nothing of the databases.
    fn compare(&self, replica: &Replica, index: bool) -> Result<Option<StoreError>, StoreError> {
        let size = self.journal.head().size();
        if replica.size() != size {
            return Ok(Some(StoreError::Missing(replica.size().min(size))));
        }
        let secret = RandomState::new();
        let sum = |hash: u64, index: u64| secret.hash_one((hash, index));
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let work = || {
            let mut expected = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                let first = next.fetch_add(1, Ordering::Relaxed) * COMPARED;
                if first >= size {
                    break;
                }
                match self.compare_entries(replica, first..(first + COMPARED).min(size), index.then_some(&sum)) {
                    Ok(Ok(sum)) => expected = expected.wrapping_add(sum),
                    other => {
                        stop.store(true, Ordering::Relaxed);
                        return other;
                    }
                }
            }
            Ok(Ok(expected))
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(16);
        let workers = if size > COMPARED { cores } else { 1 };
        let sums = std::thread::scope(|scope| {
            let beside: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
            let own = work();
            let joined = beside.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            std::iter::once(own).chain(joined).collect::<Vec<_>>()
        });
        let mut expected = 0_u64;
        for sum in sums {
            match sum? {
                Ok(sum) => expected = expected.wrapping_add(sum),
                Err(error) => return Ok(Some(error)),
            }
        }
        if !index {
            return Ok(None);
        }
        let mut found = 0_u64;
        let read = replica.index(0..=u64::MAX, &mut |hash, index| {
            found = found.wrapping_add(sum(hash, index));
            true
        });
        let other = (found != expected).then(|| damaged("index", "it does not hold what the entries say"));
        Ok(read.err().or(other))
    }

    /// Holds some entries of the databases against the journal. Returns the sum over the records by which the index must find them,
    /// or what is wrong with the databases.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn compare_entries(
        &self,
        replica: &Replica,
        range: Range<u64>,
        sum: Option<&dyn Fn(u64, u64) -> u64>,
    ) -> Result<Result<u64, StoreError>, StoreError> {
        let mut retried = None;
        loop {
            let (mut expected, mut own) = (0_u64, Vec::new());
            self.read_mending(range.clone(), Some(replica), &mut |stored| {
                if let Some(sum) = sum {
                    let hashes = (self.hashes)(stored);
                    expected = hashes.into_iter().fold(expected, |all, hash| all.wrapping_add(sum(hash, stored.index)));
                }
                own.push(stored.clone());
                true
            })?;
            let (mut own, mut differs) = (own.iter(), None);
            let read = replica.read(range.clone(), &mut |stored| {
                let same = own.next().is_some_and(|own| own == stored);
                if !same {
                    differs = Some(stored.index);
                }
                flow(same)
            });
            let Some(index) = differs else { return Ok(read.map(|()| expected)) };
            if retried == Some(index) || !self.mend_unproved(index / TILE_WIDTH, replica)? {
                let why = "its bytes are not the journal's".to_owned();
                return Ok(Err(StoreError::Block { first: index, why }));
            }
            retried = Some(index);
        }
    }

    /// Mends a closed bundle that fits its check values, and yet not its hashes: somebody changed both. Returns whether it was so.
    fn mend_unproved(&self, number: u64, replica: &Replica) -> Result<bool, StoreError> {
        let range = number * TILE_WIDTH..(number + 1) * TILE_WIDTH;
        if range.end > self.journal.closed_size() {
            return Ok(false);
        }
        let own = self.journal.closed_bundle(number)?;
        let (before, after) = (self.chain_before(range.start), self.chain_after(range.end)?);
        let Some(index) = first_unlinked(&own, range.start, before, Some(after)) else { return Ok(false) };
        let mut candidates = Candidates::default();
        candidates.add(own);
        candidates.add(entries_of(replica, range.clone()));
        let (proved, lost) = candidates.prove(range.clone(), after, before);
        if !lost.is_empty() {
            let why = "its bytes do not fit its hashes, nor do those in the database".to_owned();
            return Err(StoreError::Lost { index: lost[0].max(index), why });
        }
        self.journal.mend(number, &proved.into_values().collect::<Vec<_>>())?;
        self.notices.add(Notice::JournalMended { first: range.start, last: range.end - 1 });
        Ok(true)
    }

    /// Holds every entry of the databases, and the whole index, against the journal.
    ///
    /// # Errors
    /// At something that is missing, damaged or other, or if they are not in use.
    pub fn compare_database(&self) -> Result<(), StoreError> {
        let failed = || StoreError::Broken("it is not in use".to_owned());
        self.compare(&*self.replica().ok_or_else(failed)?, true)?.map_or(Ok(()), Err)
    }

    /// Holds the databases against the journal, entry by entry, and makes them again where they differ: the index is for
    /// whoever verifies. Does nothing where nothing can be written. Where they cannot be made again the journal answers.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn check_database(&mut self) -> Result<(), StoreError> {
        if self.lock.is_none() {
            return Ok(());
        }
        let wrong = match self.replica() {
            Some(replica) => self.compare(&replica, false)?,
            None => Some(StoreError::Broken("it failed before".to_owned())),
        };
        wrong.map_or(Ok(()), |error| self.rebuild(Some(error.to_string())))
    }

    /// Makes the databases again because something else than [`Self::check_database`] found them wrong.
    ///
    /// # Errors
    /// As there.
    pub fn rebuild_database(&mut self, why: &str) -> Result<(), StoreError> {
        if self.lock.is_none() { Ok(()) } else { self.rebuild(Some(why.to_owned())) }
    }

    /// Makes the databases again from the journal, in a folder aside, and puts them in their place. `why`: what is said of it; nothing
    /// without. Where that fails the journal answers, and the next command tries again.
    fn rebuild(&mut self, why: Option<String>) -> Result<(), StoreError> {
        // The old ones may have what the journal lost, so they are in use until the new ones are whole.
        match self.rebuilt() {
            Ok(replica) => {
                self.put_replica(replica);
                self.clear_suspect()?;
                if let Some(why) = why {
                    self.notices.add(Notice::DatabaseRebuilt { why, entries: self.journal.head().size() });
                }
                Ok(())
            }
            Err(error) => {
                self.suspect_for(match error {
                    StoreError::Lost { .. } => Notice::DatabaseNotRebuilt(error.to_string()),
                    error => Notice::DatabaseSuspect(error.to_string()),
                });
                Ok(())
            }
        }
    }

    fn rebuilt(&self) -> Result<Replica, StoreError> {
        // From here to the end: whatever stands in `hot` and `archive` is not believed.
        self.write_suspect()?;
        let (aside, replaced) = (self.dir.join("rebuilt"), self.dir.join("replaced"));
        files::remove_dir(&aside)?;
        files::remove_dir(&replaced)?;
        std::fs::create_dir(&aside).map_err(io(format!("making the folder {}", aside.display())))?;
        let mut replica = Replica::create(&aside, self.journal.founding(), self.lengths)?;
        let size = self.journal.head().size();
        while replica.size() < size {
            let until = (replica.size() + CHUNK).min(size);
            let entries = self.to_store(replica.size()..until, None)?;
            if replica.would_seal(entries.len() as u64) {
                replica.seal(&entries)?;
            } else {
                replica.add_to_tail(&entries)?;
            }
        }
        replica.sync()?;
        replica.close();
        std::fs::create_dir(&replaced).map_err(io(format!("making the folder {}", replaced.display())))?;
        for folder in ["archive", "hot"] {
            let (place, new) = (self.dir.join(folder), aside.join(folder));
            let moving = || io(format!("moving the folder {}", place.display()));
            if place.is_dir() {
                std::fs::rename(&place, replaced.join(folder)).map_err(moving())?;
            }
            if new.is_dir() {
                std::fs::rename(&new, &place).map_err(moving())?;
            }
        }
        sync_dir(&self.dir)?;
        let (replica, ..) = Replica::open(&self.dir, self.lengths)?;
        self.compare_ends(&replica)?;
        files::remove_dir(&aside)?;
        files::remove_dir(&replaced)?;
        Ok(replica)
    }

    fn compare_ends(&self, replica: &Replica) -> Result<(), StoreError> {
        let head = self.journal.head();
        let same = replica.size() == head.size() && replica.chain().is_none_or(|chain| chain == head.chain);
        if same { Ok(()) } else { Err(StoreError::Missing(replica.size())) }
    }

    /// Checks every bundle of the journal and all of the databases, and mends what any copy has, `source` among them.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn repair(&mut self, source: Option<Source<'_>>) -> Result<Repaired, StoreError> {
        let mut repaired = Repaired { entries: self.journal.head().size(), lost: Vec::new() };
        let mut number = 0;
        while number < self.journal.closed_size() / TILE_WIDTH {
            match self.journal.closed_bundle(number) {
                Ok(_) => {}
                Err(StoreError::Block { .. }) => repaired.lost.extend(self.mend_bundles(number, None, source)?),
                Err(error) => return Err(error),
            }
            number += 1;
        }
        repaired.lost.sort_unstable();
        repaired.lost.dedup();
        if repaired.lost.is_empty() {
            self.check_database()?;
        }
        Ok(repaired)
    }
}

/// Entries that may be the right ones, by index.
#[derive(Default)]
struct Candidates(BTreeMap<u64, Vec<StoredEntry>>);

impl Candidates {
    fn add(&mut self, entries: Vec<StoredEntry>) {
        for stored in entries {
            self.0.entry(stored.index).or_default().push(stored);
        }
    }

    fn of(&self, index: u64) -> impl Iterator<Item = &StoredEntry> {
        self.0.get(&index).into_iter().flatten()
    }

    /// Returns the entries of a range that the hashes prove, and the indexes of those that none of the candidates fits.
    ///
    /// From the end: an entry is the right one if its chain value is the one that the next entry holds, and its parts are if they
    /// match its commitments. Where one is missing, those before it are proved only as far as they follow from the front, each
    /// by the next.
    fn prove(&self, range: Range<u64>, after: Chain, before: Option<Chain>) -> (BTreeMap<u64, StoredEntry>, Vec<u64>) {
        let (mut proved, mut lost) = (BTreeMap::new(), Vec::new());
        let (mut wanted, mut gap) = (after, range.start);
        for index in range.clone().rev() {
            // The entry by the one that follows it, and its parts by the entry.
            let Some((entry, bytes)) = self.of(index).find_map(|stored| {
                let fits = chain(&stored.entry) == wanted;
                let entry = Entry::decode(&stored.entry).ok().filter(|entry| fits && entry.index == index)?;
                Some((entry, &stored.entry))
            }) else {
                gap = index + 1;
                break;
            };
            wanted = entry.previous;
            let whole =
                self.of(index).filter(|stored| stored.entry == *bytes && follows(stored, index, None).is_some());
            match whole.max_by_key(|stored| stored.parts.len()) {
                Some(stored) => drop(proved.insert(index, stored.clone())),
                None => lost.push(index),
            }
        }
        // Before a gap an entry is proved by the one that follows it, if that one follows from the front.
        let (mut previous, mut last): (_, Option<StoredEntry>) = (before, None);
        for index in range.start..gap {
            let found = previous.and_then(|previous| {
                self.of(index).find_map(|stored| Some((follows(stored, index, Some(previous))?, stored)))
            });
            let Some((chain, stored)) = found else {
                lost.extend(index.saturating_sub(u64::from(last.is_some()))..gap);
                break;
            };
            if let Some(before) = last.replace(stored.clone()) {
                proved.insert(before.index, before);
            }
            previous = Some(chain);
        }
        lost.sort_unstable();
        (proved, lost)
    }
}

/// Returns what databases have of a range, whatever else of it is damaged.
fn entries_of(replica: &Replica, range: Range<u64>) -> Vec<StoredEntry> {
    let (mut all, mut next) = (Vec::new(), range.start);
    while next < range.end {
        let read = replica.read(next..range.end, &mut |stored| {
            next = stored.index + 1;
            all.push(stored.clone());
            flow(true)
        });
        match read {
            Ok(()) => break,
            Err(error) if error.is_integrity() && !matches!(error, StoreError::Broken(_)) => next += 1,
            Err(_) => break,
        }
    }
    all
}
