//! Each copy mended from the other: the journal's end and its bundles from the databases, the databases from the journal.
//!
//! What mends is trusted by its hashes alone. Start at `SledStore::reconcile`, which runs whenever a ledger is opened.

use crate::candidates::Candidates;
use crate::files::{self, io};
use crate::marks::Marks;
use crate::replica::{Replica, damaged};
use crate::{CHUNK, SledStore, flow};
use heldto_journal::{Journal, LAYOUT, advance, first_unlinked, follows, sync_dir};
use heldto_proof::{Chain, Entry, TILE_WIDTH, chain};
use heldto_store::{NewEntry, Notice, StoreError, StoredEntry};
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
    /// Brings journal and databases to one state, after they were opened. Nothing is written over or made again before the log is known
    /// to be all that the marks say.
    ///
    /// `is_old_layout`: the databases are of an earlier layout and are made again without a word.
    pub(crate) fn reconcile(
        &mut self,
        marks: Marks,
        is_old_layout: bool,
        source: Option<Source<'_>>,
    ) -> Result<(), StoreError> {
        if self.lock.is_none() {
            self.check_rollbacks(&marks, None)?;
            return self.renew_marks(marks);
        }
        let was_suspect = self.is_suspect();
        let opened = Replica::open(&self.dir, self.lengths).and_then(|(replica, founding, layout)| {
            if founding == *self.journal.founding() && layout == LAYOUT {
                Ok(replica)
            } else {
                Err(damaged("founding record", "it is another than the journal's"))
            }
        });
        let size = opened.as_ref().map_or(0, Replica::size);
        let required = marks.size().max(self.journal.damaged_size());
        if self.journal.is_short_of(required.max(size)) {
            self.mend_end(required, opened.as_ref(), source)?;
        }
        self.check_rollbacks(&marks, opened.as_ref().ok())?;
        self.journal.settle()?;
        match opened {
            Ok(replica) => self.use_database(replica, was_suspect)?,
            Err(error @ StoreError::Io { .. }) => self.suspect(&error),
            Err(_) if is_old_layout => self.rebuild(None)?,
            Err(error) => self.rebuild(Some(error.to_string()))?,
        }
        self.renew_marks(marks)
    }

    /// Takes databases into use whose chain fits the journal's, and makes others again.
    fn use_database(&mut self, mut replica: Replica, was_suspect: bool) -> Result<(), StoreError> {
        let mut fits = replica.size() <= self.journal.head().size();
        if let Some(chain) = replica.chain().filter(|_| fits) {
            fits = match self.chain_at(replica.size(), Some(&replica)) {
                Ok(own) => own == chain,
                Err(error) if error.is_integrity() => false,
                Err(error) => return Err(error),
            };
        }
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
    /// whatever follows by its hashes. All of the first `required` entries, or nothing.
    fn mend_end(
        &mut self,
        required: u64,
        replica: Result<&Replica, &StoreError>,
        source: Option<Source<'_>>,
    ) -> Result<(), StoreError> {
        let first = self.journal.head().size();
        let mut candidates = Candidates::default();
        if let Ok(replica) = replica {
            candidates.add_from(replica, first..replica.size());
        }
        if let Some(source) = source {
            candidates.add(source(first..required));
        }
        let mut head = self.journal.head().clone();
        let mut mended: Vec<NewEntry> = Vec::new();
        loop {
            let index = head.size();
            let own = self.journal.salvage(index).cloned();
            let mut following = candidates.of(index).chain(own.as_ref());
            let Some(stored) = following.find(|stored| follows(stored, index, Some(head.chain)).is_some()) else {
                break;
            };
            advance(&mut head, &stored.entry);
            mended.push(stored.to_new(Vec::new()));
        }
        if head.size() < required {
            // That the system refused says nothing of what the database holds.
            if let Err(StoreError::Io { what, source }) = replica {
                let source = std::io::Error::new(source.kind(), source.to_string());
                return Err(StoreError::Io { what: what.clone(), source });
            }
            if let Some(error) = candidates.failed {
                return Err(error);
            }
            if self.journal.damaged_size() == 0 {
                let why = format!("{required} entries were acknowledged or signed, and {} can be read", head.size());
                return Err(StoreError::Behind(why));
            }
            let why = "the end of the journal is damaged there, and the database does not have it".to_owned();
            return Err(StoreError::Lost { index: head.size(), why });
        }
        if mended.is_empty() {
            return Ok(());
        }
        match self.journal.append(&mended, &head) {
            // The bundle behind which these go.
            Err(StoreError::Block { first, .. }) => {
                self.mend_bundle(first, replica.ok())?;
                self.journal.append(&mended, &head)?;
            }
            appended => appended?,
        }
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
        let beside = Journal::bundles_beside(number);
        let (mut from, mut until) = (number, number + 1);
        while from > beside.start && is_damaged(from - 1)? {
            from -= 1;
        }
        while until < bundles.min(beside.end) && is_damaged(until)? {
            until += 1;
        }
        let mut lost = Vec::new();
        // What comes after them proves them.
        if until < bundles && is_damaged(until)? {
            lost = self.mend_bundles(until, replica, source)?;
        }
        let range = from * TILE_WIDTH..until * TILE_WIDTH;
        let mut candidates = Candidates::default();
        (from..until).for_each(|number| candidates.add(self.journal.damaged_bundle(number)));
        let (in_use, copied) = (self.replica(), self.copied_replica());
        if let Some(replica) = replica.or(in_use.as_deref()).or(copied.as_ref().map(|(replica, _)| replica)) {
            candidates.add_from(replica, range.clone());
        }
        if let Some(source) = source {
            candidates.add(source(range.clone()));
        }
        let (before, after) = (self.chain_before(range.start)?, self.chain_after(range.end)?);
        let (proved, of_these) = candidates.prove(range.clone(), after, before);
        match candidates.failed {
            // That the system refused says nothing of what the database holds.
            Some(error) if !of_these.is_empty() => return Err(error),
            _ => {}
        }
        let mut mended: Option<Range<u64>> = None;
        for number in from..until {
            let first = number * TILE_WIDTH;
            let bundle: Vec<StoredEntry> =
                proved.range(first..first + TILE_WIDTH).map(|(_, stored)| stored.clone()).collect();
            if bundle.len() as u64 == TILE_WIDTH {
                self.journal.mend(number, &bundle)?;
                mended = Some(mended.map_or(first, |range| range.start)..first + TILE_WIDTH);
            }
        }
        if let Some(range) = mended {
            self.notices.add(Notice::JournalMended { first: range.start, last: range.end - 1 });
        }
        lost.extend(of_these);
        Ok(lost)
    }

    /// Returns a temporary copy of the databases, opened, where they cannot be opened in their place.
    fn copied_replica(&self) -> Option<(Replica, tempfile::TempDir)> {
        if self.lock.is_some() {
            return None;
        }
        let copy = tempfile::tempdir().ok()?;
        for folder in ["hot", "archive"] {
            files::copy_dir(&self.dir.join(folder), &copy.path().join(folder)).ok()?;
        }
        // Whatever it is, what it holds is proved by hashes.
        Replica::open(copy.path(), self.lengths).ok().map(|(replica, ..)| (replica, copy))
    }

    /// Returns the chain value before an entry, by what it holds itself, if it can be read.
    fn chain_after(&self, index: u64) -> Result<Option<Chain>, StoreError> {
        if index == self.journal.head().size() {
            return Ok(Some(self.journal.head().chain));
        }
        let mut previous = None;
        let read = self.journal.read(index..index + 1, &mut |stored| {
            previous = Entry::decode(&stored.entry).ok().map(|entry| entry.previous);
            false
        });
        match read {
            Err(error) if !error.is_integrity() => Err(error),
            _ => Ok(previous),
        }
    }

    /// Returns the chain value before an entry, by the one before it, if that can be read.
    fn chain_before(&self, index: u64) -> Result<Option<Chain>, StoreError> {
        let Some(before) = index.checked_sub(1) else {
            return Ok(Some(self.journal.founding().genesis.chain()));
        };
        let mut found = None;
        let read = self.journal.read(before..index, &mut |stored| {
            found = Some(chain(&stored.entry));
            false
        });
        match read {
            Err(error) if !error.is_integrity() => Err(error),
            _ => Ok(found),
        }
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
        let (before, after) = (self.chain_before(range.start)?, self.chain_after(range.end)?);
        let Some(index) = first_unlinked(&own, range.start, before, after) else { return Ok(false) };
        let mut candidates = Candidates::default();
        candidates.add(own);
        candidates.add_from(replica, range.clone());
        let (proved, lost) = candidates.prove(range.clone(), after, before);
        if let Some(error) = candidates.failed.filter(|_| !lost.is_empty()) {
            return Err(error);
        }
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
            let entries = self.proved(replica.size()..until, replica.chain())?;
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

    /// Returns entries of the journal whose hashes fit, to be stored where the old databases may be the last to have the right ones.
    fn proved(&self, range: Range<u64>, before: Option<Chain>) -> Result<Vec<NewEntry>, StoreError> {
        let mut retried = None;
        loop {
            let (mut all, mut unproved) = (Vec::new(), None);
            let mut previous = before.unwrap_or_else(|| self.journal.founding().genesis.chain());
            self.read_mending(range.clone(), None, &mut |stored| {
                match follows(stored, stored.index, Some(previous)) {
                    Some(chain) => previous = chain,
                    None => unproved = Some(stored.index),
                }
                all.push(stored.to_new((self.hashes)(stored)));
                unproved.is_none()
            })?;
            let Some(index) = unproved else { return Ok(all) };
            // Where an entry does not fit the one before it, either may be the one that was changed.
            let numbers = [index / TILE_WIDTH, index.saturating_sub(1) / TILE_WIDTH];
            let mut mended = false;
            if let Some(old) = self.replica().filter(|_| retried != Some(index)) {
                for number in numbers {
                    mended |= self.mend_unproved(number, &old)?;
                }
            }
            if !mended {
                return Err(StoreError::Lost { index, why: "its bytes do not fit its hashes".to_owned() });
            }
            retried = Some(index);
        }
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
