//! Checks a whole ledger: entries, chain, tree, parts, head and index.
//!
//! Chunks are checked on every core (`chunk`) and joined in order here; absent parts and
//! corrections come last (`absent`, `amendments`). Nothing here repairs. Start at
//! [`Ledger::verify`].

mod absent;
mod amendments;
mod chunk;

use crate::parallel::map_ordered;
use crate::{HASH_BITS, KeyFault, Keys, Ledger, OF_ID, WireError, Withholding, kind_of};
use amendments::Replaced;
use chunk::ChunkCheck;
use heldto_fact::{Content, FactId, Recorded};
use heldto_proof::{Chain, CompactRange, EntryError, Hash, MAX_PART, Role, chain};
use heldto_store::{Index, IndexRecords, Log, StoreError};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::ops::RangeInclusive;

/// Result of a successful verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Number of entries.
    pub entries: u64,
    /// Chain value after the last entry.
    pub chain: Chain,
    /// Tree head over all entries (RFC 6962).
    pub root: Hash,
    /// Number of parts that are present and match their commitments.
    pub parts_checked: u64,
    /// Number of parts erased, each by a redaction in the log.
    pub parts_erased: u64,
    /// Indexes of those redactions.
    pub erased_by: Vec<u64>,
    /// Number of parts left out as a withholding in the log allows.
    pub parts_withheld: u64,
    /// Number of facts among the parts withheld.
    pub facts_withheld: u64,
    /// Indexes of the withholdings that name those parts.
    pub withheld_by: Vec<u64>,
    /// Number of private parts left out.
    pub parts_private: u64,
    /// Number of facts of an unknown version or kind. Their hashes were checked.
    pub unreadable: u64,
    /// Entry and target of the first correction without effect: its replacement has another id or
    /// kind than the fact that it corrects.
    pub of_no_effect: Option<(u64, FactId)>,
}

impl Verified {
    /// Returns `true` if parts were left out that were not erased.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.parts_withheld + self.parts_private > 0
    }
}

/// The first problem found in a ledger.
#[derive(Debug, thiserror::Error)]
#[error("{}{fault}", self.place())]
pub struct Defect {
    /// Index of the affected entry; `None` if the problem is in another record.
    pub entry: Option<u64>,
    /// Cause.
    pub fault: Fault,
}

impl Defect {
    /// Returns `true` if the index is at fault and no entry is named: the index can be rebuilt.
    ///
    /// An error of the store without an entry counts as one of the index.
    #[must_use]
    pub const fn is_of_index(&self) -> bool {
        match &self.fault {
            Fault::Unfound | Fault::IndexExtra(_) => true,
            Fault::Store(_) => self.entry.is_none(),
            _ => false,
        }
    }

    fn place(&self) -> String {
        self.entry.map_or_else(String::new, |n| format!("entry {n}: "))
    }
}

/// Kinds of problem that a verification can find.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each message says it")]
pub enum Fault {
    #[error("{0}")]
    Store(StoreError),
    #[error("it is damaged in every copy that the ledger keeps: {0}")]
    Lost(String),
    #[error("the entry is missing")]
    Missing,
    #[error("{0}")]
    Entry(EntryError),
    #[error("it says that it is entry {0}; entries were reordered, removed or put in")]
    Index(u64),
    #[error(
        "its bytes were changed after it was recorded: the entry after it (or the head) was chained to other bytes"
    )]
    Changed,
    #[error("its own record of the entry before it was changed, or it was put in from elsewhere")]
    Spliced,
    #[error("the founding record was changed: origin or first key is not the one the first entry was chained to")]
    Founding,
    #[error("it was recorded before the entry before it, or at a time out of bounds")]
    Time,
    #[error("there is no kind with the byte {0}")]
    Kind(u8),
    #[error("its part {part} ({role}) is missing, and no record in the log accounts for it")]
    PartMissing { part: usize, role: Role },
    #[error("it has not exactly one fact or record of the ledger's own, in the first place")]
    Parts,
    #[error("its part {0} was erased by a redaction, and is there all the same")]
    NotErased(u64),
    #[error("it erases part {part} of entry {entry}, which is none that can be erased")]
    Redaction { entry: u64, part: u64 },
    #[error("it withholds part {part} of entry {entry}, which is none that can be withheld")]
    Withholding { entry: u64, part: u64 },
    #[error(transparent)]
    Key(KeyFault),
    #[error("`{0}` was recorded before: only a correction replaces it")]
    Twice(FactId),
    #[error("its part {part} has {len} bytes; a part has at most {MAX_PART}")]
    PartTooLong { part: usize, len: usize },
    #[error("it holds a part {0} that it does not commit to")]
    PartExtra(u16),
    #[error("its part {part} ({role}) was changed: it does not match the commitment")]
    PartChanged { part: usize, role: Role },
    #[error("its part {part} does not decode: {error}")]
    PartUndecodable { part: usize, error: WireError },
    #[error("it calls itself a {}, and its fact is a {}", word_of(*.entry), word_of(*.fact))]
    KindDiffers { entry: u8, fact: u8 },
    #[error("the index does not lead to it, or leads elsewhere: the index or its key was changed")]
    Unfound,
    #[error("the index has a record for entry {0} that the log does not account for")]
    IndexExtra(u64),
    #[error("the head record was changed: its {0} is not what the entries come to")]
    Head(&'static str),
    #[error("there are entries beyond the head")]
    Beyond,
}

fn records(index: &dyn Index, hashes: RangeInclusive<u64>) -> Result<IndexRecords<'_>, Box<Defect>> {
    index.records(hashes).map_err(|error| elsewhere(Fault::Store(error)))
}

/// Returns the word of a kind, or its byte if the kind is unknown.
fn word_of(kind: u8) -> String {
    kind_of(kind).map_or_else(|| format!("fact of kind {kind}"), |kind| kind.as_str().to_owned())
}

/// Number of entries in a chunk: a perfect subtree of the Merkle tree.
const STRETCH: u64 = 1 << 12;

/// Approximate number of entries whose index records a thread checks at a time.
const INDEX_STRETCH: u64 = 1 << 12;

/// Results of the chunks joined so far.
struct Walk {
    chain: Chain,
    edge: CompactRange,
    recorded_at: i64,
    keys: Keys,
    absent: Vec<(u64, usize, Role)>,
    redacted: Vec<(u64, u64, u64)>,
    withholdings: Vec<(u64, Withholding)>,
    replaced: Vec<Replaced>,
    /// Chosen per run, so a forged index cannot be built to give the same sum.
    secret: RandomState,
    /// Sum over the records that the index must have.
    indexed: u64,
    /// Id hash, entry index and kind of each fact, if the store keeps no index.
    own: Vec<(u64, u64, u8)>,
    /// Entries whose index records cannot be recomputed: erased, withheld, or of a newer version.
    untold: Vec<u64>,
    found: Verified,
}

impl<S: Log + Sync> Ledger<S> {
    /// Checks all entries with their chain values and parts, the tree, the head and the index.
    ///
    /// Runs on every core. Memory grows with the corrections, redactions, withholdings, absent
    /// parts and unreadable facts, and with all facts if the store keeps no index. `progress`
    /// receives the number of entries done.
    ///
    /// If `partial` is `true`, private parts and those that a withholding names may be absent; they
    /// are counted. Otherwise every part that was not erased must be present.
    ///
    /// # Errors
    /// The first problem found, at the first bad entry.
    pub fn verify(&self, partial: bool, progress: &mut dyn FnMut(u64)) -> Result<Verified, Box<Defect>> {
        let size = self.head.size();
        let mut walk = Walk {
            chain: self.genesis().chain(),
            edge: CompactRange::default(),
            recorded_at: i64::MIN,
            keys: Keys::new(self.genesis()),
            absent: Vec::new(),
            redacted: Vec::new(),
            withholdings: Vec::new(),
            replaced: Vec::new(),
            secret: RandomState::new(),
            indexed: 0,
            own: Vec::new(),
            untold: Vec::new(),
            found: Verified {
                entries: size,
                chain: self.head.chain,
                root: self.head.edge.root(),
                parts_checked: 0,
                parts_erased: 0,
                erased_by: Vec::new(),
                parts_withheld: 0,
                facts_withheld: 0,
                withheld_by: Vec::new(),
                parts_private: 0,
                unreadable: 0,
                of_no_effect: None,
            },
        };
        let secret = walk.secret.clone();
        let chunk = |n: u64| self.chunk(n * STRETCH..((n + 1) * STRETCH).min(size), &secret);
        map_ordered(size.div_ceil(STRETCH), &chunk, |chunk| {
            let end = chunk.range.end;
            self.join(&mut walk, chunk)?;
            progress(end);
            Ok::<(), Box<Defect>>(())
        })?;
        self.settle(walk, partial)
    }

    /// Joins a chunk to the chunks before it.
    fn join(&self, walk: &mut Walk, chunk: ChunkCheck) -> Result<(), Box<Defect>> {
        let start = chunk.range.start;
        if let Some((previous, recorded_at)) = chunk.first {
            if previous != walk.chain {
                return Err(Box::new(self.blame(start, Fault::Spliced)));
            }
            if recorded_at < walk.recorded_at {
                return Err(at(start, Fault::Time));
            }
        }
        for (index, own) in &chunk.keys {
            walk.keys.apply(*index, own).map_err(|fault| at(*index, Fault::Key(fault)))?;
        }
        if let Some((index, fault)) = chunk.fault {
            return Err(match fault {
                Fault::Store(StoreError::Missing(missing)) => at(missing, Fault::Missing),
                Fault::Store(StoreError::Block { first, why }) => {
                    at(first, Fault::Store(StoreError::Block { first, why }))
                }
                Fault::Store(error) => elsewhere(Fault::Store(error)),
                fault => Box::new(self.blame(index, fault)),
            });
        }
        walk.chain = chunk.chain;
        walk.recorded_at = chunk.recorded_at;
        chunk.tree.into_iter().for_each(|(leaves, hash)| walk.edge.push_perfect(leaves, hash));
        walk.absent.extend(chunk.absent);
        walk.redacted.extend(chunk.redacted);
        walk.withholdings.extend(chunk.withholdings);
        walk.replaced.extend(chunk.replaced);
        walk.indexed = walk.indexed.wrapping_add(chunk.indexed);
        walk.own.extend(chunk.own);
        walk.found.unreadable += chunk.unreadable.len() as u64;
        walk.untold.extend(chunk.unreadable);
        walk.found.parts_checked += chunk.parts_checked;
        Ok(())
    }

    /// Runs the checks that need the whole log, after the last chunk.
    fn settle(&self, mut walk: Walk, partial: bool) -> Result<Verified, Box<Defect>> {
        self.check_absent(&mut walk, partial)?;
        let size = self.head.size();
        let chain_fits = walk.chain == self.head.chain;
        let tree_fits = walk.edge == self.head.edge;
        match (chain_fits, tree_fits) {
            (true, true) => {}
            (false, false) if size > 0 => return Err(at(size - 1, Fault::Changed)),
            (false, _) => return Err(elsewhere(Fault::Head("chain value"))),
            (true, false) => return Err(elsewhere(Fault::Head("tree"))),
        }
        if walk.recorded_at != self.head.recorded_at {
            return Err(elsewhere(Fault::Head("time")));
        }
        if self.store.entry(size).is_ok() {
            return Err(elsewhere(Fault::Beyond));
        }
        self.check_index(&mut walk)?;
        walk.found.of_no_effect = self.without_effect(&walk);
        Ok(walk.found)
    }

    /// Checks that the index holds exactly the records of the log, and that no id is recorded
    /// twice.
    fn check_index(&self, walk: &mut Walk) -> Result<(), Box<Defect>> {
        walk.untold.sort_unstable();
        walk.own.sort_unstable();
        for same_hash in walk.own.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            self.check_once(&same_hash.iter().map(|(_, index, _)| *index).collect::<Vec<_>>())?;
        }
        let Some(index) = self.store.index() else { return Ok(()) };
        let ranges = (self.head.size() / INDEX_STRETCH).clamp(1, 64);
        let first = |n: u64| (n << HASH_BITS) / ranges;
        let last = |n: u64| if n + 1 == ranges { u64::MAX } else { first(n + 1) - 1 };
        let records = |n: u64| records(index, first(n)..=last(n));
        let look = |n: u64| self.scan_index(walk, records(n)?);
        let mut sum = 0_u64;
        map_ordered(ranges, &look, |found| {
            sum = sum.wrapping_add(found?);
            Ok::<(), Box<Defect>>(())
        })?;
        if sum == walk.indexed { Ok(()) } else { self.name_unfound(index, &walk.untold) }
    }

    /// Returns the sum over some index records, and checks that no id is
    /// recorded twice.
    fn scan_index(&self, walk: &Walk, records: IndexRecords<'_>) -> Result<u64, Box<Defect>> {
        let mut sum = 0_u64;
        let mut at_hand = 0;
        // Entries whose own id has the current hash.
        let mut own = Vec::new();
        for record in records {
            let (hash, index) = record.map_err(|error| elsewhere(Fault::Store(error)))?;
            if walk.untold.binary_search(&index).is_err() {
                sum = sum.wrapping_add(walk.secret.hash_one((hash, index)));
            }
            if hash & OF_ID == 0 {
                continue;
            }
            if hash != at_hand {
                at_hand = hash;
                own.clear();
            }
            own.push(index);
            if own.len() > 1 {
                self.check_once(&own)?;
            }
        }
        Ok(sum)
    }

    /// Names the first wrong record of an index whose sum is wrong.
    ///
    /// Reads the whole log, and needs memory for all index records.
    fn name_unfound(&self, index: &dyn Index, untold: &[u64]) -> Result<(), Box<Defect>> {
        let mut expected = Vec::new();
        for recorded in self.recorded(0..self.head.size()) {
            // Every entry was read before.
            let recorded = recorded.map_err(|_| elsewhere(Fault::Missing))?;
            let hashes = match &recorded.content {
                Content::Known(fact) => self.index_key.hashes(fact),
                Content::System(_) => vec![self.index_key.system_hash()],
                Content::Erased(_) | Content::Unreadable => Vec::new(),
            };
            expected.extend(hashes.into_iter().map(|hash| (hash, recorded.index)));
        }
        expected.sort_unstable();
        let mut wanted = expected.into_iter().peekable();
        for record in records(index, 0..=u64::MAX)? {
            let record = record.map_err(|error| elsewhere(Fault::Store(error)))?;
            match wanted.next_if(|w| *w <= record) {
                Some(w) if w == record => {}
                Some((_, unfound)) => return Err(at(unfound, Fault::Unfound)),
                None if untold.binary_search(&record.1).is_ok() => {}
                None => return Err(elsewhere(Fault::IndexExtra(record.1))),
            }
        }
        wanted.next().map_or(Ok(()), |(_, unfound)| Err(at(unfound, Fault::Unfound)))
    }

    /// Checks that the facts of these entries, whose ids share a hash, have different ids.
    fn check_once(&self, entries: &[u64]) -> Result<(), Box<Defect>> {
        let mut seen = BTreeSet::new();
        for index in entries {
            // An unreadable entry was reported in its own turn.
            if let Some(Ok(Recorded { content: Content::Known(fact), .. })) = self.recorded(*index..*index + 1).next()
                && !seen.insert(fact.id.clone())
            {
                return Err(at(*index, Fault::Twice(fact.id)));
            }
        }
        Ok(())
    }

    /// Returns the problem at the entry that was changed.
    ///
    /// If two neighbours do not fit, the changed one is the one that no longer fits its other
    /// neighbour.
    fn blame(&self, index: u64, fault: Fault) -> Defect {
        if !matches!(fault, Fault::Spliced) {
            return Defect { entry: Some(index), fault };
        }
        let own = self.store.entry(index).ok().map(|stored| chain(&stored.entry));
        let intact = own.is_some() && own == self.chain_before(index + 1).ok();
        match (intact, index.checked_sub(1)) {
            (true, Some(before)) => Defect { entry: Some(before), fault: Fault::Changed },
            (true, None) => Defect { entry: None, fault: Fault::Founding },
            (false, _) => Defect { entry: Some(index), fault },
        }
    }
}

fn at(index: u64, fault: Fault) -> Box<Defect> {
    Box::new(Defect { entry: Some(index), fault })
}

fn elsewhere(fault: Fault) -> Box<Defect> {
    Box::new(Defect { entry: None, fault })
}
