//! Reads entries of the store into [`Recorded`] facts, by range, by position or by index term.
//!
//! This module checks no hashes: `verify` does. Start at [`Ledger::recorded`] (all of a range),
//! [`Ledger::versions`] (one id) and [`Ledger::replay`] (fact headers, on every core).

use crate::parallel::{chunks, map_ordered};
use crate::{Ledger, Recorder, SystemRecord, WireError, decode_header, decode_quoted, kind_of};
use chrono::{DateTime, Utc};
use heldto_fact::{Body, Content, Fact, FactHeader, FactId, IndexTerm, Invalid, Kind, Recorded, Version};
use heldto_proof::{Chain, CompactRange, Entry, EntryError, Hash, Role, leaf_hash};
use heldto_store::{Log, StoreError, StoredEntry};
use std::collections::BTreeSet;
use std::ops::Range;

/// Error of a log that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bytes of an entry are not an entry.
    #[error("entry {index} is damaged: {error}")]
    Entry {
        /// Index of the entry.
        index: u64,
        /// Cause.
        error: EntryError,
    },
    /// The bytes of a fact are not a fact.
    #[error("the fact of entry {index} is damaged: {error}")]
    Fact {
        /// Index of the entry.
        index: u64,
        /// Cause.
        error: WireError,
    },
}

/// Fewest entries in one unit of work of [`Ledger::recorded_at`].
const SHARE: usize = 256;

impl<S: Log> Ledger<S> {
    /// Returns an iterator over a range of entries, in order, which ends at the first error.
    ///
    /// An item is an error if its entry is missing or damaged.
    pub fn recorded(&self, range: Range<u64>) -> impl Iterator<Item = Result<Recorded, ReadError>> {
        let mut entries = Some(self.store.entries(range));
        std::iter::from_fn(move || {
            let read = match entries.as_mut()?.try_next() {
                Ok(stored) => recorded(stored?),
                Err(error) => Err(error.into()),
            };
            if read.is_err() {
                entries = None;
            }
            Some(read)
        })
    }

    /// Returns the number of entries recorded at or before `time`.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn size_at(&self, time: DateTime<Utc>) -> Result<u64, ReadError> {
        // Binary search: `recorded_at` never decreases along the log.
        let mut by_then = 0;
        let mut after = self.head.size();
        while by_then < after {
            let middle = by_then + (after - by_then) / 2;
            if self.recorded_last(middle + 1)?.is_some_and(|at| at <= time) {
                by_then = middle + 1;
            } else {
                after = middle;
            }
        }
        Ok(by_then)
    }

    /// Returns the recording time of the last of the first `size` entries; `None` if `size` is 0.
    ///
    /// # Errors
    /// If that entry is missing or damaged.
    pub fn recorded_last(&self, size: u64) -> Result<Option<DateTime<Utc>>, ReadError> {
        let Some(index) = size.checked_sub(1) else { return Ok(None) };
        if size == self.head.size() {
            return Ok(DateTime::from_timestamp_micros(self.head.recorded_at));
        }
        time_of(index, &self.entry(index)?).map(Some)
    }

    /// Returns the recording times of the entries at `places`, which must rise.
    ///
    /// # Errors
    /// If one of them is missing or damaged.
    pub fn recorded_times(&self, places: &[u64]) -> Result<Vec<DateTime<Utc>>, ReadError> {
        let mut times = Vec::with_capacity(places.len());
        let mut entries = self.store.entries_at(places);
        while let Some(stored) = entries.try_next()? {
            let index = stored.index;
            let entry = Entry::decode(&stored.entry).map_err(|error| ReadError::Entry { index, error })?;
            times.push(time_of(index, &entry)?);
        }
        Ok(times)
    }

    /// Returns one entry, decoded.
    fn entry(&self, index: u64) -> Result<Entry, ReadError> {
        Entry::decode(&self.store.entry(index)?.entry).map_err(|error| ReadError::Entry { index, error })
    }

    /// Returns, for each index term, the indexes of the entries found by it, rising, at most
    /// `most`.
    ///
    /// A few may be found only because they share the term's hash. Without an index none is found.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn find(&self, terms: &[IndexTerm<&FactId>], most: usize) -> Result<Vec<Vec<u64>>, StoreError> {
        let hashes: Vec<u64> = terms.iter().map(|term| self.index_key.hash(term)).collect();
        self.places(&hashes, most)
    }

    fn places(&self, hashes: &[u64], most: usize) -> Result<Vec<Vec<u64>>, StoreError> {
        let mut sorted = hashes.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let found = self.store.index().map(|index| index.find(&sorted, most)).transpose()?.unwrap_or_default();
        let of = |hash: &u64| {
            let from = found.partition_point(|(h, _)| h < hash);
            found.iter().skip(from).take_while(|(h, _)| h == hash).map(|(_, place)| *place).collect()
        };
        Ok(hashes.iter().map(of).collect())
    }

    /// Returns the chain value before the entry at `index`; at the log's size, that of the head.
    ///
    /// # Errors
    /// If the entry is missing or damaged.
    pub fn chain_before(&self, index: u64) -> Result<Chain, ReadError> {
        if index == self.head.size() {
            return Ok(self.head.chain);
        }
        self.entry(index).map(|entry| entry.previous)
    }

    /// Returns the tree head over the first `size` entries.
    ///
    /// Reads all of them, unless `size` is that of the head.
    ///
    /// # Errors
    /// If an entry is missing.
    pub fn root_at(&self, size: u64) -> Result<Hash, StoreError> {
        if size == self.head.size() {
            return Ok(self.head.edge.root());
        }
        let mut edge = CompactRange::default();
        let mut entries = self.store.entries(0..size);
        while let Some(stored) = entries.try_next()? {
            edge.push(leaf_hash(&stored.entry));
        }
        Ok(edge.root())
    }

    /// Returns the leaf hashes of the first `size` entries.
    ///
    /// # Errors
    /// If an entry is missing.
    pub fn leaves(&self, size: u64) -> Result<Vec<Hash>, StoreError> {
        let mut leaves = Vec::new();
        let mut entries = self.store.entries(0..size);
        while let Some(stored) = entries.try_next()? {
            leaves.push(leaf_hash(&stored.entry));
        }
        Ok(leaves)
    }

    /// Returns the system records among the first `size` entries, each with its index.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn own_records(&self, size: u64) -> Result<Vec<(u64, SystemRecord)>, ReadError> {
        let mut found = Vec::new();
        if self.store.index().is_some() {
            let own = self.places(&[self.index_key.system_hash()], usize::MAX)?.concat();
            let within = own.partition_point(|index| *index < size);
            let mut entries = self.store.entries_at(&own[..within]);
            while let Some(stored) = entries.try_next()? {
                found.extend(system_record(stored)?);
            }
        } else {
            let mut entries = self.store.entries(0..size);
            while let Some(stored) = entries.try_next()? {
                found.extend(system_record(stored)?);
            }
        }
        Ok(found)
    }

    /// Returns the recorder of an entry, if its `recorder` part exists and is present.
    ///
    /// # Errors
    /// If the entry is missing.
    pub fn recorder(&self, index: u64) -> Result<Option<Recorder>, ReadError> {
        let stored = self.store.entry(index)?;
        let parts = Entry::decode(&stored.entry).map(|entry| entry.parts).unwrap_or_default();
        let place = parts.iter().position(|part| part.role == Role::Recorder);
        let held = stored.parts.iter().find(|(number, _)| Some(usize::from(*number)) == place);
        Ok(held.and_then(|(_, bytes)| Recorder::decode(bytes.get(32..)?)))
    }

    /// Returns all that was recorded under an id, oldest first: the fact, its corrections and
    /// retractions.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn versions(&self, id: &FactId) -> Result<Vec<Recorded>, ReadError> {
        let mut all = Vec::new();
        let places = self.places_under([id])?;
        let mut entries = self.store.entries_at(&places);
        while let Some(stored) = entries.try_next()? {
            let recorded = recorded(stored)?;
            // Another id may have the same hash.
            if matches!(&recorded.content, Content::Known(fact) if fact.id == *id || fact.entity_id() == id) {
                all.push(recorded);
            }
        }
        drop(entries);
        Ok(all)
    }

    /// Returns the indexes of the entries listed under any of these ids, rising.
    fn places_under<'i>(&self, ids: impl IntoIterator<Item = &'i FactId>) -> Result<Vec<u64>, StoreError> {
        let terms: Vec<_> = ids.into_iter().flat_map(|id| [IndexTerm::Id(id), IndexTerm::Amended(id)]).collect();
        let mut places = self.find(&terms, usize::MAX)?.concat();
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }
}

impl<S: Log + Sync> Ledger<S> {
    /// Reads the entries at `places`, which must rise; many of them are read on every core.
    ///
    /// # Errors
    /// At the first entry that is missing or damaged.
    pub fn recorded_at(&self, places: &[u64], visit: &mut dyn FnMut(Recorded)) -> Result<(), ReadError> {
        let share = places.len().div_ceil(chunks()).max(SHARE);
        let shares: Vec<&[u64]> = places.chunks(share).collect();
        let read = |n: u64| -> Result<Vec<Recorded>, ReadError> {
            let share = usize::try_from(n).ok().and_then(|n| shares.get(n)).copied().unwrap_or_default();
            let mut all = Vec::with_capacity(share.len());
            let mut entries = self.store.entries_at(share);
            while let Some(stored) = entries.try_next()? {
                all.push(recorded(stored)?);
            }
            Ok(all)
        };
        map_ordered(shares.len() as u64, &read, |all| {
            all?.into_iter().for_each(&mut *visit);
            Ok(())
        })
    }

    /// Reads all that was recorded under any of these ids, as [`Self::versions`] of each.
    ///
    /// # Errors
    /// As [`Self::recorded_at`].
    pub(crate) fn recorded_under(
        &self,
        ids: &BTreeSet<FactId>,
        visit: &mut dyn FnMut(u64, Fact),
    ) -> Result<(), ReadError> {
        self.recorded_at(&self.places_under(ids)?, &mut |recorded| match recorded.content {
            Content::Known(fact) if ids.contains(&fact.id) || ids.contains(fact.entity_id()) => {
                visit(recorded.index, fact);
            }
            _ => {}
        })
    }

    /// Reads the fact headers of a range: chunks are gathered on every core and given to `join` in
    /// order.
    ///
    /// # Errors
    /// At the first entry that is missing, or damaged in the bytes that are read, or that `gather`
    /// refuses.
    pub fn replay<T: Default + Send>(
        &self,
        range: Range<u64>,
        gather: &(impl Fn(&mut T, &Recorded<FactHeader<'_>>) -> Result<(), Invalid> + Sync),
        join: &mut dyn FnMut(T),
    ) -> Result<(), ReadError> {
        let chunk = |n: u64| {
            let from = range.start + n * STRETCH;
            let mut gathered = T::default();
            let mut entries = self.store.entries(from..(from + STRETCH).min(range.end));
            while let Some(stored) = entries.try_next()? {
                let header = |bytes, words| decode_header(bytes).map(|header| FactHeader { words, ..header });
                let recorded = entry(stored, header)?;
                gather(&mut gathered, &recorded).map_err(|error| ReadError::Fact {
                    index: recorded.index,
                    error: WireError::Value(error.to_string()),
                })?;
            }
            Ok(gathered)
        };
        map_ordered(range.end.saturating_sub(range.start).div_ceil(STRETCH), &chunk, |gathered| {
            gathered.map(&mut *join)
        })
    }
}

/// Number of entries in a chunk of [`Ledger::replay`].
const STRETCH: u64 = 1 << 12;

impl<S: Log> Ledger<S> {
    /// Returns the newest version of a fact; `None` if the fact is unknown, retracted or erased.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn standing(&self, id: &FactId) -> Result<Option<Fact>, ReadError> {
        Ok(self.history(id)?.pop().and_then(|newest| newest.fact))
    }

    /// Returns every version of a fact, oldest first, without corrections that have no effect.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn history(&self, id: &FactId) -> Result<Vec<Version>, ReadError> {
        let records = self.versions(id)?.into_iter().filter(|recorded| match &recorded.content {
            Content::Known(fact) => fact.entity_id() == id,
            _ => false,
        });
        let mut failed = None;
        let versions = Version::history(records.collect(), &mut |record| {
            match self.versions(record) {
            Ok(of_record) => of_record.into_iter().find(
                |r| matches!(&r.content, Content::Known(Fact { body: Body::Retraction { of, .. }, .. }) if of == record),
            ),
            Err(error) => {
                failed = Some(error);
                None
            }
        }
        });
        failed.map_or(Ok(versions), Err)
    }
}

/// Returns the system record of a stored entry with its index; `None` of a fact's entry.
pub(crate) fn system_record(stored: &StoredEntry) -> Result<Option<(u64, SystemRecord)>, ReadError> {
    let index = stored.index;
    let kind = Entry::decode(&stored.entry).ok().and_then(|entry| kind_of(entry.kind));
    let bytes = stored.parts.first().and_then(|(_, bytes)| bytes.get(32..));
    let Some(bytes) = bytes.filter(|_| kind.is_some_and(Kind::is_system)) else { return Ok(None) };
    SystemRecord::decode(bytes).map(|own| Some((index, own))).map_err(|error| ReadError::Fact { index, error })
}

/// Decodes a stored entry with its whole fact.
pub(crate) fn recorded(stored: &StoredEntry) -> Result<Recorded, ReadError> {
    entry(stored, decode_quoted)
}

/// Decodes a stored entry; `read` decodes as much of its fact as the caller needs, from the bytes
/// of the fact and of its quotations' words.
fn entry<'s, F>(
    stored: &'s StoredEntry,
    read: impl Fn(&'s [u8], &'s [u8]) -> Result<F, WireError>,
) -> Result<Recorded<F>, ReadError> {
    let index = stored.index;
    let entry = Entry::decode(&stored.entry).map_err(|error| ReadError::Entry { index, error })?;
    let kind = kind_of(entry.kind);
    let bytes_of = |role: Role| {
        let place = entry.parts.iter().position(|part| part.role == role)?;
        let (_, bytes) = stored.parts.iter().find(|(number, _)| usize::from(*number) == place)?;
        Some(bytes.get(32..).unwrap_or_default())
    };
    let content = match (kind, bytes_of(Role::Fact)) {
        (None, _) => Content::Unreadable,
        (Some(kind), _) if kind.is_system() => Content::System(kind),
        (Some(kind), None) => Content::Erased(kind),
        (Some(_), Some(bytes)) => match read(bytes, bytes_of(Role::Quotation).unwrap_or_default()) {
            Ok(fact) => Content::Known(fact),
            Err(error) if error.is_unknown() => Content::Unreadable,
            Err(error) => return Err(ReadError::Fact { index, error }),
        },
    };
    Ok(Recorded { index, recorded_at: time_of(index, &entry)?, content })
}

fn time_of(index: u64, entry: &Entry) -> Result<DateTime<Utc>, ReadError> {
    DateTime::<Utc>::from_timestamp_micros(entry.recorded_at).ok_or_else(|| ReadError::Entry {
        index,
        error: EntryError::Undecodable("its time is out of range".to_owned()),
    })
}
