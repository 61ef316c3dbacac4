//! Mending of each copy from the other: the journal's end and bundles from the databases, the
//! databases from the journal.
//!
//! Trusts an entry only if its hashes prove it. Start at `SledStore::reconcile`, which runs
//! whenever a ledger is opened.

use crate::SledStore;
use crate::candidates::{Candidates, leave_out};
use crate::files;
use crate::keys::DATABASE_LAYOUT;
use crate::marks::Marks;
use crate::replica::{Replica, damaged};
use heldto_journal::{Journal, LAYOUT, advance, follows};
use heldto_proof::{Chain, Entry, TILE_WIDTH, chain};
use heldto_store::{NewEntry, Notice, StoreError, StoredEntry};
use std::ops::Range;
use std::sync::PoisonError;

/// Function that returns the entries of a range that another copy of the ledger has.
pub type Source<'a> = &'a dyn Fn(Range<u64>) -> Vec<StoredEntry>;

/// Result of a repair.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repaired {
    /// Number of entries in the ledger.
    pub entries: u64,
    /// Indexes of the entries that no copy has whole.
    pub lost: Vec<u64>,
}

impl SledStore {
    /// Opens the databases and reconciles them with the journal.
    ///
    /// Nothing is overwritten or rebuilt before the log is known to hold all that the marks
    /// require. `is_old_layout`: the databases are of an earlier layout and are rebuilt without a
    /// notice. Without the lock, only the marks are checked.
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
        let mut is_old_layout = is_old_layout;
        let opened = Replica::open(&self.dir, self.lengths).and_then(|(replica, founding, layout)| {
            if founding != *self.journal.founding() {
                return Err(damaged("founding record", "it differs from the journal's"));
            }
            if layout != DATABASE_LAYOUT {
                is_old_layout |= layout == LAYOUT;
                return Err(damaged("founding record", "it has an earlier layout"));
            }
            Ok(replica)
        });
        let size = opened.as_ref().map_or(0, Replica::size);
        let required = marks.size().max(self.journal.damaged_size());
        if self.journal.is_short_of(required.max(size)) {
            self.mend_end(required, opened.as_ref(), source)?;
            self.erased.has_mended = true;
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

    /// Takes databases into use if their chain matches the journal's, and rebuilds them otherwise.
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
            return self.rebuild(Some("its last entry differs from the journal's".to_owned()));
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
                // An entry that no copy has whole is left to its readers and to `repair`.
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

    /// Restores the journal's lost end from the databases, from its own records behind a gap, or
    /// from `source`.
    ///
    /// Appends every entry that follows by its hashes; nothing, if these do not reach `required`.
    fn mend_end(
        &mut self,
        required: u64,
        replica: Result<&Replica, &StoreError>,
        source: Option<Source<'_>>,
    ) -> Result<(), StoreError> {
        let first = self.journal.head().size();
        let mut candidates = Candidates::new(&self.erased.parts);
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
            let own = self.journal.salvage(index).cloned().map(|mut stored| {
                leave_out(&mut stored, &self.erased.parts);
                stored
            });
            let mut following = candidates.of(index).chain(own.as_ref());
            let Some(stored) = following.find(|stored| follows(stored, index, Some(head.chain)).is_some()) else {
                break;
            };
            advance(&mut head, &stored.entry);
            mended.push(stored.to_new(Vec::new()));
        }
        if head.size() < required {
            // An I/O error says nothing about the database's content.
            if let Err(StoreError::Io { what, source }) = replica {
                let source = std::io::Error::new(source.kind(), source.to_string());
                return Err(StoreError::Io { what: what.clone(), source });
            }
            if let Some(error) = candidates.failed {
                return Err(error);
            }
            if self.journal.damaged_size() == 0 {
                let were = files::entries_were(required);
                let why = format!("{were} acknowledged or signed, but only {} can be read", head.size());
                return Err(StoreError::Behind(why));
            }
            let why = "the end of the journal is damaged there, and the database does not have the entry".to_owned();
            return Err(StoreError::Lost { index: head.size(), why });
        }
        if mended.is_empty() {
            return Ok(());
        }
        match self.journal.append(&mended, &head) {
            // A bundle before these entries is damaged.
            Err(StoreError::Block { first, .. }) => {
                self.mend_bundle(first, replica.ok())?;
                self.journal.append(&mended, &head)?;
            }
            appended => appended?,
        }
        self.notices.add(Notice::JournalMended { first, last: head.size() - 1 });
        Ok(())
    }

    /// Mends the bundle that holds entry `first`, and its damaged neighbours.
    ///
    /// The entries come from `replica`, or from the databases in use.
    pub(crate) fn mend_bundle(&self, first: u64, replica: Option<&Replica>) -> Result<(), StoreError> {
        let _one_at_a_time = self.mending.lock().unwrap_or_else(PoisonError::into_inner);
        let number = first / TILE_WIDTH;
        if self.journal.closed_bundle(number).is_ok() {
            return Ok(());
        }
        match self.mend_bundles(number, replica, None)?.first() {
            None => Ok(()),
            Some(index) => {
                let why = "its bytes do not match their check values, nor do those in the database".to_owned();
                Err(StoreError::Lost { index: *index, why })
            }
        }
    }

    /// Mends the damaged bundles around `number`, and returns the entries that no copy has whole.
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
        let neighbours = Journal::bundles_beside(number);
        let mut from = number;
        let mut until = number + 1;
        while from > neighbours.start && is_damaged(from - 1)? {
            from -= 1;
        }
        while until < bundles.min(neighbours.end) && is_damaged(until)? {
            until += 1;
        }
        let mut lost = Vec::new();
        // Later entries prove earlier ones, so the bundles after these come first.
        if until < bundles && is_damaged(until)? {
            lost = self.mend_bundles(until, replica, source)?;
        }
        let range = from * TILE_WIDTH..until * TILE_WIDTH;
        let mut candidates = Candidates::new(&self.erased.parts);
        (from..until).for_each(|number| candidates.add(self.journal.damaged_bundle(number)));
        let in_use = self.replica();
        let copied = self.copied_replica();
        if let Some(replica) = replica.or(in_use.as_deref()).or(copied.as_ref().map(|(replica, _)| replica)) {
            candidates.add_from(replica, range.clone());
        }
        if let Some(source) = source {
            candidates.add(source(range.clone()));
        }
        let before = self.chain_before(range.start)?;
        let after = self.chain_after(range.end)?;
        let (proved, of_these) = candidates.prove(range.clone(), after, before);
        match candidates.failed {
            // An I/O error says nothing about the database's content.
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

    /// Returns a temporary copy of the databases, opened, if they cannot be opened in their place.
    fn copied_replica(&self) -> Option<(Replica, tempfile::TempDir)> {
        if self.lock.is_some() {
            return None;
        }
        let copy = tempfile::tempdir().ok()?;
        for folder in ["hot", "archive"] {
            files::copy_dir(&self.dir.join(folder), &copy.path().join(folder)).ok()?;
        }
        // The copy may be inconsistent: hashes prove each entry taken from it.
        Replica::open(copy.path(), self.lengths).ok().map(|(replica, ..)| (replica, copy))
    }

    /// Returns the chain value before entry `index` as that entry records it, if readable.
    pub(crate) fn chain_after(&self, index: u64) -> Result<Option<Chain>, StoreError> {
        if index == self.journal.head().size() {
            return Ok(Some(self.journal.head().chain));
        }
        match self.journal.entries(index..index + 1).try_next() {
            Err(error) if !error.is_integrity() => Err(error),
            Err(_) | Ok(None) => Ok(None),
            Ok(Some(stored)) => Ok(Entry::decode(&stored.entry).ok().map(|entry| entry.previous)),
        }
    }

    /// Returns the chain value before entry `index`, computed from the entry before, if readable.
    pub(crate) fn chain_before(&self, index: u64) -> Result<Option<Chain>, StoreError> {
        let Some(before) = index.checked_sub(1) else {
            return Ok(Some(self.journal.founding().genesis.chain()));
        };
        match self.journal.entries(before..index).try_next() {
            Err(error) if !error.is_integrity() => Err(error),
            read => Ok(read.ok().flatten().map(|stored| chain(&stored.entry))),
        }
    }

    /// Checks all bundles and databases, and mends them from any copy, including `source`.
    ///
    /// # Errors
    /// If reading or writing fails.
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
