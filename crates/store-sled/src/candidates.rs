//! Candidates for damaged entries of the journal, and the hashes that prove the right ones.
//!
//! Knows chain values and commitments, never files. Start at [`Candidates::prove`].

use crate::replica::Replica;
use heldto_journal::follows;
use heldto_proof::{Chain, Entry, chain};
use heldto_store::{PartPlace, StoreError, StoredEntry};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Candidate entries, by index.
pub struct Candidates<'e> {
    entries: BTreeMap<u64, Vec<StoredEntry>>,
    /// Parts that no candidate brings back.
    erased: &'e BTreeSet<PartPlace>,
    /// I/O error that kept some candidates from being read.
    pub failed: Option<StoreError>,
}

impl<'e> Candidates<'e> {
    /// Returns no candidates; erased parts are left out of those added.
    pub const fn new(erased: &'e BTreeSet<PartPlace>) -> Self {
        Self { entries: BTreeMap::new(), erased, failed: None }
    }

    /// Adds the entries of another copy.
    pub fn add(&mut self, entries: Vec<StoredEntry>) {
        for mut stored in entries {
            leave_out(&mut stored, self.erased);
            self.entries.entry(stored.index).or_default().push(stored);
        }
    }

    /// Adds the entries of a range that the databases have, skipping damaged ones.
    pub fn add_from(&mut self, replica: &Replica, range: Range<u64>) {
        let end = range.end.min(replica.size());
        let mut next = range.start;
        while next < end {
            match replica.entries(next..next + 1).try_next() {
                Ok(stored) => {
                    self.add(stored.cloned().into_iter().collect());
                    next += 1;
                }
                Err(error) if error.is_integrity() && !matches!(error, StoreError::Broken(_)) => next += 1,
                Err(error) => {
                    if !error.is_integrity() {
                        self.failed = Some(error);
                    }
                    break;
                }
            }
        }
    }

    /// Returns the candidates for one index.
    pub fn of(&self, index: u64) -> impl Iterator<Item = &StoredEntry> {
        self.entries.get(&index).into_iter().flatten()
    }

    /// Returns an entry with every part that it commits to and any candidate has.
    ///
    /// `None` if a part exists only damaged.
    fn with_parts(&self, index: u64, bytes: &[u8], entry: &Entry) -> Option<StoredEntry> {
        let mut whole = StoredEntry { index, entry: bytes.to_vec(), parts: Vec::new() };
        for number in (0..=u16::MAX).take(entry.parts.len()) {
            let held = self.of(index).flat_map(StoredEntry::present_parts).filter(|(held, _)| *held == number);
            let mut is_held = false;
            let right = held.map(|(_, part)| part).find(|part| {
                is_held = true;
                let one = StoredEntry { index, entry: bytes.to_vec(), parts: vec![(number, part.to_vec())] };
                follows(&one, index, None).is_some()
            });
            match right {
                Some(part) => whole.parts.push((number, part.to_vec())),
                None if is_held => return None,
                None => {}
            }
        }
        Some(whole)
    }

    /// Returns the entries of a range that the hashes prove, and the indexes of the others.
    ///
    /// The proof runs from the end: an entry is right if its chain value is the one that the next
    /// entry records, and its parts if they match its commitments. Entries before a missing one are
    /// proved only as far as they follow from the front, each by the next. `after` and `before` are
    /// the chain values after and before the range, if known.
    pub fn prove(
        &self,
        range: Range<u64>,
        after: Option<Chain>,
        before: Option<Chain>,
    ) -> (BTreeMap<u64, StoredEntry>, Vec<u64>) {
        let mut proved = BTreeMap::new();
        let mut lost = Vec::new();
        let mut wanted = after;
        let mut gap = range.start;
        for index in range.clone().rev() {
            let right = self.of(index).find(|stored| Some(chain(&stored.entry)) == wanted).and_then(|stored| {
                let entry = Entry::decode(&stored.entry).ok().filter(|entry| entry.index == index)?;
                Some((entry, &stored.entry))
            });
            let Some((entry, bytes)) = right else {
                gap = index + 1;
                break;
            };
            wanted = Some(entry.previous);
            match self.with_parts(index, bytes, &entry) {
                Some(stored) => drop(proved.insert(index, stored)),
                None => lost.push(index),
            }
        }
        // Before a gap an entry is proved by the next one, if that follows from the front.
        let mut previous = before;
        let mut last: Option<StoredEntry> = None;
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

/// Takes the erased parts out of an entry.
pub fn leave_out(stored: &mut StoredEntry, erased: &BTreeSet<PartPlace>) {
    let index = stored.index;
    stored.parts.retain(|(number, _)| !erased.contains(&(index, *number)));
}
