//! Turns new facts and system records into entries and appends them, all or nothing.
//!
//! This module does not know the clock or a source of randomness: `now` and `random` are arguments.
//! Start at [`Ledger::append`]; the rules for corrections and links are in `amend`.

use crate::parallel::map_ordered;
use crate::wire::encode_words;
use crate::{Ledger, ReadError, Recorder, SystemRecord, WireError, encode_fact, kind_code};
use heldto_fact::{Body, Content, Fact, FactId, IndexTerm, Kind, LinkKind};
use heldto_proof::{Entry, EntryError, Head, Part, PartRef, Role, Salt, chain, leaf_hash};
use heldto_store::{NewEntry, StoreError, WritableLog};
use std::collections::HashMap;

/// Maximum time by which the clock may trail the last entry: five minutes, in microseconds.
const CLOCK_SLACK: i64 = 5 * 60 * 1_000_000;
/// Maximum time by which the clock may lead the last entry unconfirmed, in days.
const CLOCK_LEAP: i64 = 400;
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Trust in the clock when something is appended.
///
/// Times in a log never go backwards, so an entry dated in a wrong future year would block all
/// appends until that year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockPolicy {
    /// Refuse a clock more than five minutes behind the last entry or more than 400 days after it.
    #[default]
    Checked,
    /// Accept any later time: the keeper confirms the clock. Five minutes behind remains the limit.
    Right,
    /// Record the last entry's time again: the keeper confirms that this time is later than now.
    Behind,
}

/// Error of an append.
///
/// Nothing was appended, unless the store failed: then the outcome is unknown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The store failed; the entries may or may not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Ids already recorded with other content, each with the last entry recorded under it.
    #[error("{}", .0.iter().map(|(id, n)| format!("`{id}` is already recorded, with different content, at entry {n}")).collect::<Vec<_>>().join("; "))]
    Differ(Vec<(FactId, u64)>),
    /// An id given twice in one call, with different content.
    #[error("`{0}` is given twice, with different content")]
    Twice(FactId),
    /// A fact cannot be encoded.
    #[error("`{id}` cannot be written: {error}")]
    Fact {
        /// Id of the fact.
        id: FactId,
        /// Cause.
        error: WireError,
    },
    /// A system record cannot be encoded.
    #[error("the record cannot be written: {0}")]
    SystemRecord(WireError),
    /// An entry cannot be encoded.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The clock trails the last entry by more than five minutes.
    #[error("the clock is {seconds} seconds behind the last entry")]
    Clock {
        /// Difference in seconds.
        seconds: i64,
    },
    /// The clock is more than 400 days after the last entry.
    #[error("the clock is {days} days after the last entry: if it is wrong, nothing more can be recorded until then")]
    ClockLeaps {
        /// Difference in days.
        days: i64,
    },
    /// A correction or retraction that is not allowed.
    #[error("`{id}` cannot be recorded: {why}")]
    Amends {
        /// Id of the correction or retraction.
        id: FactId,
        /// Cause.
        why: String,
    },
    /// Ids whose facts were erased, each with the entry of the redaction.
    #[error("{}", .0.iter().map(|(id, n)| format!("`{id}` was erased, whole or in part, as entry {n} records, and a file from before cannot be recorded again")).collect::<Vec<_>>().join("; "))]
    Erased(Vec<(FactId, u64)>),
    /// A part that cannot be erased: it is not there, or is a system record.
    #[error("part {part} of entry {entry} is none that can be erased")]
    NothingToErase {
        /// Index of the entry.
        entry: u64,
        /// Number of the part, from 0.
        part: u64,
    },
    /// Links of one kind that form a circle.
    #[error("`{id}` would lead back to itself through `{kind}` links")]
    Circle {
        /// Fact of this append from which the links lead into the circle.
        id: FactId,
        /// Kind of the links.
        kind: LinkKind,
    },
}

/// Result of [`Ledger::plan`]: the effect that an append would have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Planned<'f> {
    /// Facts to be appended.
    pub new: Vec<&'f Fact>,
    /// Ids of the facts already recorded with the same content.
    pub unchanged: Vec<FactId>,
}

/// Result of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Id and entry index of each fact appended.
    pub recorded: Vec<(FactId, u64)>,
    /// Ids of the facts already recorded with the same content.
    pub unchanged: Vec<FactId>,
}

/// A new fact, with the salts of its parts.
struct Salted<'f> {
    fact: &'f Fact,
    salt: Salt,
    of_words: Option<Salt>,
    of_recorder: Option<Salt>,
}

/// The parts of an entry, with their commitments, before the entry has its index.
pub(crate) struct Committed {
    kind: Kind,
    committed: Vec<PartRef>,
    /// Salt and bytes of each part.
    stored: Vec<Vec<u8>>,
    /// Index hashes of the entry.
    index_hashes: Vec<u64>,
}

impl Committed {
    /// Returns an entry's first part.
    pub(crate) fn new(kind: Kind, role: Role, salt: Salt, bytes: &[u8], index_hashes: Vec<u64>) -> Self {
        let none = Self { kind, committed: Vec::new(), stored: Vec::new(), index_hashes };
        none.with(role, salt, bytes)
    }

    /// Adds another part.
    pub(crate) fn with(mut self, role: Role, salt: Salt, bytes: &[u8]) -> Self {
        self.committed.push(PartRef { role, commitment: Part::commitment_of(role, &salt, bytes) });
        self.stored.push([&salt[..], bytes].concat());
        self
    }
}

impl<S: WritableLog + Sync> Ledger<S> {
    /// Sorts facts into new ones and those already recorded.
    ///
    /// A fact counts as already recorded if it equals the current or any earlier version of its id.
    ///
    /// # Errors
    /// If an id is already recorded with other content or is given twice with different content, or
    /// if a correction, a retraction or a link is not allowed.
    pub fn plan<'f>(&self, facts: &'f [Fact]) -> Result<Planned<'f>, AppendError> {
        let mut planned = Planned::default();
        let mut differ = Vec::new();
        let mut seen: HashMap<&FactId, &Fact> = HashMap::with_capacity(facts.len());
        let of_each: Vec<u64> = facts.iter().map(|fact| self.index_key.hash(&IndexTerm::Id(&fact.id))).collect();
        let mut hashes = of_each.clone();
        hashes.sort_unstable();
        hashes.dedup();
        let known = self.store.find(&hashes, usize::MAX)?;
        for (fact, hash) in facts.iter().zip(of_each) {
            if let Some(earlier) = seen.insert(&fact.id, fact) {
                if earlier == fact {
                    continue;
                }
                return Err(AppendError::Twice(fact.id.clone()));
            }
            if known.binary_search_by_key(&hash, |(h, _)| *h).is_err() {
                planned.new.push(fact);
                continue;
            }
            let versions = self.versions(&fact.id)?;
            let same = versions.iter().any(|v| match &v.content {
                Content::Known(old) => {
                    old == fact || matches!(&old.body, Body::Correction { replacement, .. } if **replacement == *fact)
                }
                _ => false,
            });
            match versions.last() {
                Some(_) if same => planned.unchanged.push(fact.id.clone()),
                Some(last) => differ.push((fact.id.clone(), last.index)),
                None => planned.new.push(fact),
            }
        }
        if !differ.is_empty() {
            let erased = self.erased_ids(differ.iter().map(|(id, _)| id))?;
            if !erased.is_empty() {
                return Err(AppendError::Erased(erased.into_iter().map(|(id, by)| (id.clone(), by)).collect()));
            }
            return Err(AppendError::Differ(differ));
        }
        self.leave_erased(&mut planned)?;
        self.check_new(&planned.new)?;
        Ok(planned)
    }

    /// Takes from the new facts those that equal a version on record of an erased fact.
    ///
    /// # Errors
    /// If another fact was erased under its id.
    fn leave_erased(&self, planned: &mut Planned<'_>) -> Result<(), AppendError> {
        let mut erased = self.erased_ids(planned.new.iter().map(|fact| &fact.id))?;
        for id in erased.keys().copied().cloned().collect::<Vec<_>>() {
            let is_on_record = |new: &Fact| -> Result<bool, ReadError> {
                Ok(self.standing(&id)?.is_some_and(|standing| standing == *new))
            };
            if let Some(place) = planned.new.iter().position(|new| new.id == id)
                && is_on_record(planned.new[place])?
            {
                planned.new.remove(place);
                erased.remove(&id);
                planned.unchanged.push(id);
            }
        }
        if erased.is_empty() {
            return Ok(());
        }
        Err(AppendError::Erased(erased.into_iter().map(|(id, by)| (id.clone(), by)).collect()))
    }

    /// Appends all new facts, or none.
    ///
    /// The entries are durable on return. `now` is in microseconds since the Unix epoch; `random`
    /// fills the salts.
    ///
    /// # Errors
    /// Those of [`Self::plan`]; also if the clock is refused or the store fails: see
    /// [`AppendError`].
    pub fn append(
        &mut self,
        facts: &[Fact],
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Appended, AppendError> {
        self.append_with(facts, now, random, &mut |_| {})
    }

    /// Appends all new facts, or none, and reports progress.
    ///
    /// If another writer was first, the facts are planned again, on what that writer recorded.
    /// `progress` receives the number of facts sealed, and the number of all facts once they are
    /// durable.
    ///
    /// # Errors
    /// Those of [`Self::append`].
    pub fn append_with(
        &mut self,
        facts: &[Fact],
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
        progress: &mut dyn FnMut(u64),
    ) -> Result<Appended, AppendError> {
        loop {
            let before = self.head.size();
            match self.append_once(facts, now, random, progress) {
                Err(AppendError::Store(StoreError::Conflict { .. })) if self.store.head()?.size() > before => {
                    self.head = self.store.head()?;
                }
                done => return done,
            }
        }
    }

    fn append_once(
        &mut self,
        facts: &[Fact],
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
        progress: &mut dyn FnMut(u64),
    ) -> Result<Appended, AppendError> {
        let planned = self.plan(facts)?;
        if planned.new.is_empty() {
            return Ok(Appended { recorded: Vec::new(), unchanged: planned.unchanged });
        }
        let recorder = self.recorder.as_ref().map(Recorder::encode).transpose().map_err(AppendError::SystemRecord)?;
        let mut salt = || {
            let mut salt: Salt = [0; 32];
            random(&mut salt);
            salt
        };
        let salted = planned.new.iter().map(|fact| Salted {
            fact,
            salt: salt(),
            of_words: fact.quotations().any(|quotation| quotation.words.is_some()).then(&mut salt),
            of_recorder: recorder.as_ref().map(|_| salt()),
        });
        let salted: Vec<Salted<'_>> = salted.collect();
        let mut sealing = Sealing::new(&self.head, self.time(now)?, salted.len());
        // Encoding and committing need no other fact, so they run on every core; meanwhile the
        // chunks that are ready are chained, in order.
        let chunks: Vec<_> = salted.chunks(CHUNK).collect();
        let commit = |n: u64| {
            let few = usize::try_from(n).ok().and_then(|n| chunks.get(n)).copied().unwrap_or_default();
            let commit = |salted: &Salted<'_>| {
                let committed = self.commit(salted)?;
                Ok::<_, AppendError>(match (salted.of_recorder, &recorder) {
                    (Some(salt), Some(bytes)) => committed.with(Role::Recorder, salt, bytes),
                    _ => committed,
                })
            };
            few.iter().map(commit).collect::<Result<Vec<_>, _>>()
        };
        map_ordered(chunks.len() as u64, &commit, |parts| {
            parts?.into_iter().try_for_each(|part| sealing.push(part))?;
            progress(sealing.entries.len() as u64);
            Ok::<(), AppendError>(())
        })?;
        let first = self.store_all(sealing)?;
        progress(facts.len() as u64);
        let recorded = planned.new.iter().map(|f| f.id.clone()).zip(first..).collect();
        Ok(Appended { recorded, unchanged: planned.unchanged })
    }

    /// Appends a system record, such as a redaction or a change of key, and returns its entry
    /// index.
    ///
    /// # Errors
    /// If the clock is refused or the store fails: see [`AppendError`].
    pub fn append_record(
        &mut self,
        record: &SystemRecord,
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<u64, AppendError> {
        self.append_records(std::slice::from_ref(record), now, random)
    }

    /// Appends system records, all or none, and returns the index of the first.
    ///
    /// # Errors
    /// As [`Self::append_record`].
    pub fn append_records(
        &mut self,
        records: &[SystemRecord],
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<u64, AppendError> {
        let mut sealing = Sealing::new(&self.head, self.time(now)?, records.len());
        for record in records {
            let mut salt: Salt = [0; 32];
            random(&mut salt);
            let bytes = record.encode().map_err(AppendError::SystemRecord)?;
            let hashes = vec![self.index_key.system_hash()];
            sealing.push(Committed::new(record.kind(), Role::Ledger, salt, &bytes, hashes))?;
        }
        self.store_all(sealing)
    }

    /// Returns the time to record, or refuses the clock by the [`ClockPolicy`].
    pub(crate) fn time(&self, now: i64) -> Result<i64, AppendError> {
        let last = self.head.recorded_at;
        if self.head.size() == 0 {
            return Ok(now);
        }
        let days = now.saturating_sub(last) / DAY;
        match self.clock {
            ClockPolicy::Behind => Ok(last),
            _ if now < last.saturating_sub(CLOCK_SLACK) => {
                Err(AppendError::Clock { seconds: last.saturating_sub(now) / 1_000_000 })
            }
            ClockPolicy::Checked if days > CLOCK_LEAP => Err(AppendError::ClockLeaps { days }),
            ClockPolicy::Checked | ClockPolicy::Right => Ok(now),
        }
    }

    /// Encodes a fact and the words of its quotations, and commits to both.
    fn commit(&self, salted: &Salted<'_>) -> Result<Committed, AppendError> {
        let fact = salted.fact;
        let wrong = |error| AppendError::Fact { id: fact.id.clone(), error };
        let bytes = encode_fact(fact).map_err(wrong)?;
        let committed = Committed::new(fact.kind(), Role::Fact, salted.salt, &bytes, self.index_key.hashes(fact));
        Ok(match (salted.of_words, encode_words(fact).map_err(wrong)?) {
            (Some(salt), Some(words)) => committed.with(Role::Quotation, salt, &words),
            _ => committed,
        })
    }

    /// Stores the sealed entries, all or nothing, and returns the index of the first.
    fn store_all(&mut self, sealing: Sealing) -> Result<u64, AppendError> {
        let first = self.head.size();
        self.store.append(&self.head, &sealing.entries, &sealing.head)?;
        self.head = sealing.head;
        Ok(first)
    }
}

/// Number of facts in a chunk of [`Ledger::append_with`].
const CHUNK: usize = 256;

/// Consecutive new entries, and the head after them.
pub(crate) struct Sealing {
    /// Head after the entries.
    pub(crate) head: Head,
    /// Entries sealed so far.
    pub(crate) entries: Vec<NewEntry>,
}

impl Sealing {
    /// Starts after `head`, with room for `room` entries; their time is never before that of
    /// `head`.
    pub(crate) fn new(head: &Head, now: i64, room: usize) -> Self {
        let head = Head { recorded_at: now.max(head.recorded_at), ..head.clone() };
        Self { head, entries: Vec::with_capacity(room) }
    }

    /// Seals the parts as the next entry.
    pub(crate) fn push(&mut self, part: Committed) -> Result<(), EntryError> {
        let entry = Entry {
            index: self.head.size(),
            previous: self.head.chain,
            recorded_at: self.head.recorded_at,
            kind: kind_code(part.kind),
            parts: part.committed,
        };
        let bytes = entry.encode()?;
        self.head.chain = chain(&bytes);
        self.head.edge.push(leaf_hash(&bytes));
        self.entries.push(NewEntry {
            entry: bytes,
            parts: part.stored.into_iter().map(Some).collect(),
            index_hashes: part.index_hashes,
        });
        Ok(())
    }
}
