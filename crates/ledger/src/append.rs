use crate::parallel::map_ordered;
use crate::{Ledger, ReadError, Recorder, SystemRecord, WireError, encode_fact, kind_code};
use heldto_fact::{Body, Content, Fact, FactId, IndexTerm, Kind, LinkKind};
use heldto_proof::{Entry, EntryError, Head, Part, PartRef, Role, Salt, chain, leaf_hash};
use heldto_store::{NewEntry, Store, StoreError};
use std::collections::HashMap;

/// How far the clock may trail the last entry before an append is refused: five minutes, in microseconds.
const CLOCK_SLACK: i64 = 5 * 60 * 1_000_000;
/// How far the clock may be after the last entry before it is asked whether it is right: in days.
const CLOCK_LEAP: i64 = 400;
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// How far the clock is believed: times in a log never go backwards, so one entry from a wrong year stops it until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockPolicy {
    /// It is refused when it trails the last entry by more than five minutes, or leaps more than 400 days after it.
    #[default]
    Checked,
    /// The keeper says that it is right, however long ago the last entry was.
    Right,
    /// The keeper says that the last entry's time is later than now: that time is recorded again.
    Behind,
}

/// Why facts were not appended. Nothing was, but where the store failed: that is then unknown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The store failed; whether the entries are kept is unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Ids that are recorded already, with other content, each with the entry that holds it.
    #[error("{}", .0.iter().map(|(id, n)| format!("`{id}` is recorded already, with other content, at entry {n}")).collect::<Vec<_>>().join("; "))]
    Differ(Vec<(FactId, u64)>),
    /// An id given twice in one go, with different content.
    #[error("`{0}` is given twice, with different content")]
    Twice(FactId),
    /// A fact that cannot be written.
    #[error("`{id}` cannot be written: {error}")]
    Fact {
        /// The id.
        id: FactId,
        /// Why.
        error: WireError,
    },
    /// A record of the ledger's own that cannot be written.
    #[error("the record cannot be written: {0}")]
    SystemRecord(WireError),
    /// An entry that cannot be written.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The clock trails the last entry.
    #[error("the clock is {seconds} seconds behind the last entry")]
    Clock {
        /// By how much.
        seconds: i64,
    },
    /// The clock is far after the last entry.
    #[error("the clock is {days} days after the last entry: if it is wrong, nothing could be recorded until then")]
    ClockLeaps {
        /// By how much.
        days: i64,
    },
    /// A correction or a retraction of what it cannot correct or retract.
    #[error("`{id}` cannot be recorded: {why}")]
    Amends {
        /// The id of the correction or retraction.
        id: FactId,
        /// Why not.
        why: String,
    },
    /// Links that would lead from a fact back to itself.
    #[error("`{id}` would lead back to itself by links `{kind}`")]
    Circle {
        /// A fact on the circle.
        id: FactId,
        /// Of which kind the links are.
        kind: LinkKind,
    },
}

/// What an append would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Planned<'f> {
    /// The facts that are new.
    pub new: Vec<&'f Fact>,
    /// The facts that stand in the ledger already, word for word.
    pub unchanged: Vec<FactId>,
}

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The facts recorded, each at its entry.
    pub recorded: Vec<(FactId, u64)>,
    /// The facts that stood in the ledger already, word for word.
    pub unchanged: Vec<FactId>,
}

/// A part that its entry can be made of.
struct Committed {
    kind: Kind,
    committed: Vec<PartRef>,
    /// Salt and bytes of each part.
    stored: Vec<Vec<u8>>,
    index_hashes: Vec<u64>,
}

impl Committed {
    fn new(kind: Kind, role: Role, salt: Salt, bytes: &[u8], index_hashes: Vec<u64>) -> Self {
        let none = Self { kind, committed: Vec::new(), stored: Vec::new(), index_hashes };
        none.with(role, salt, bytes)
    }

    /// Returns the same with another part.
    fn with(mut self, role: Role, salt: Salt, bytes: &[u8]) -> Self {
        self.committed.push(PartRef { role, commitment: Part::commitment_of(role, &salt, bytes) });
        self.stored.push([&salt[..], bytes].concat());
        self
    }
}

impl<S: Store + Sync> Ledger<S> {
    /// Sorts facts into new ones and those recorded already. "The same fact" compares with the current and every earlier version of its id.
    ///
    /// # Errors
    /// When an id is recorded already with other content, or given twice with different content.
    pub fn plan<'f>(&self, facts: &'f [Fact]) -> Result<Planned<'f>, AppendError> {
        let (mut planned, mut differ) = (Planned::default(), Vec::new());
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
            return Err(AppendError::Differ(differ));
        }
        self.check_new(&planned.new)?;
        Ok(planned)
    }

    /// Appends all the facts that are new, or none. Durable on return. `now` is in microseconds since the Unix epoch; `random` fills salts.
    ///
    /// # Errors
    /// As [`Self::plan`], when the clock trails, or when the store fails; see [`AppendError`].
    pub fn append(
        &mut self,
        facts: &[Fact],
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Appended, AppendError> {
        self.append_with(facts, now, random, &mut |_| {})
    }

    /// The same, and says how many facts are sealed; all of them once they are durable.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_with(
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
        let mut salted: Vec<(&Fact, Salt, Option<Salt>)> =
            planned.new.iter().map(|fact| (*fact, [0; 32], recorder.as_ref().map(|_| [0; 32]))).collect();
        for (_, salt, second) in &mut salted {
            random(salt);
            if let Some(second) = second {
                random(second);
            }
        }
        let mut sealing = Sealing::new(&self.head, self.time(now)?, salted.len());
        // Facts are encoded and committed to on every core, for each stands alone; beside that, what is ready is chained.
        let chunks: Vec<_> = salted.chunks(CHUNK).collect();
        let commit = |n: u64| {
            let few = usize::try_from(n).ok().and_then(|n| chunks.get(n)).copied().unwrap_or_default();
            let commit = |(fact, salt, second): &(&Fact, Salt, Option<Salt>)| {
                let committed = self.commit(fact, *salt)?;
                Ok::<_, AppendError>(match (second, &recorder) {
                    (Some(salt), Some(bytes)) => committed.with(Role::Recorder, *salt, bytes),
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

    /// Appends a record of the ledger's own: a redaction or a change of key. Gives its entry.
    ///
    /// # Errors
    /// When the clock trails, or when the store fails; see [`AppendError`].
    pub fn append_record(
        &mut self,
        record: &SystemRecord,
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<u64, AppendError> {
        let mut salt: Salt = [0; 32];
        random(&mut salt);
        let bytes = record.encode().map_err(AppendError::SystemRecord)?;
        let part = Committed::new(record.kind(), Role::Ledger, salt, &bytes, vec![self.index_key.system_hash()]);
        let mut sealing = Sealing::new(&self.head, self.time(now)?, 1);
        sealing.push(part)?;
        self.store_all(sealing)
    }

    /// Returns the time to record, by the clock and how far it is believed.
    fn time(&self, now: i64) -> Result<i64, AppendError> {
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

    /// Encodes a fact and commits to it.
    fn commit(&self, fact: &Fact, salt: Salt) -> Result<Committed, AppendError> {
        let bytes = encode_fact(fact).map_err(|error| AppendError::Fact { id: fact.id.clone(), error })?;
        Ok(Committed::new(fact.kind(), Role::Fact, salt, &bytes, self.index_key.hashes(fact)))
    }

    /// Stores what was sealed, all or nothing. Gives the first entry's place.
    fn store_all(&mut self, sealing: Sealing) -> Result<u64, AppendError> {
        let first = self.head.size();
        self.store.append(&self.head, &sealing.entries, &sealing.head)?;
        self.head = sealing.head;
        Ok(first)
    }
}

/// How many facts are committed to at a time.
const CHUNK: usize = 256;

/// Entries that follow each other, and where the log stands after them.
struct Sealing {
    head: Head,
    entries: Vec<NewEntry>,
}

impl Sealing {
    /// Of so many entries behind those there are.
    fn new(head: &Head, now: i64, room: usize) -> Self {
        let head = Head { recorded_at: now.max(head.recorded_at), ..head.clone() };
        Self { head, entries: Vec::with_capacity(room) }
    }

    /// Seals one entry for a part.
    fn push(&mut self, part: Committed) -> Result<(), EntryError> {
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
