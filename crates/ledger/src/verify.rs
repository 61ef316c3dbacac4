mod stretch;

use crate::{Ledger, WireError};
use heldto_fact::{Content, FactId, Kind};
use heldto_proof::{Chain, Edge, Entry, EntryError, Hash, MAX_PART, Role, Verifier, chain};
use heldto_store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use stretch::{Found, Stretch};

/// What a verification found sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many entries there are.
    pub entries: u64,
    /// The chain value after the last.
    pub chain: Chain,
    /// The tree head of RFC 6962.
    pub root: Hash,
    /// How many parts were there and matched their commitments.
    pub parts_checked: u64,
    /// How many parts were erased, each by a redaction in the log.
    pub parts_erased: u64,
    /// How many private parts were left out of what was given to verify.
    pub parts_withheld: u64,
    /// How many facts are of a version that this program cannot read; their hashes were checked.
    pub unreadable: u64,
}

/// The first thing found broken.
#[derive(Debug, thiserror::Error)]
#[error("{}{fault}", self.place())]
pub struct Problem {
    /// The entry it is in; `None` where it is in another record.
    pub entry: Option<u64>,
    /// What is wrong.
    pub fault: Fault,
}

impl Problem {
    fn place(&self) -> String {
        self.entry.map_or_else(String::new, |n| format!("entry {n}: "))
    }
}

/// What can be wrong with a ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each message says it")]
pub enum Fault {
    #[error("{0}")]
    Store(StoreError),
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
    #[error("its part {part} ({role}) is missing, and no redaction in the log accounts for it")]
    PartMissing { part: usize, role: Role },
    #[error("it has not exactly one fact or record of the ledger's own, in the first place")]
    Parts,
    #[error("its part {0} was erased by a redaction, and is there all the same")]
    NotErased(u64),
    #[error("it erases part {part} of entry {entry}, which is none that can be erased")]
    Redaction { entry: u64, part: u64 },
    #[error("its change of key is not signed by both keys")]
    KeyChange,
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
    #[error("it calls itself a {entry}, and its fact is a {fact}")]
    KindDiffers { entry: Kind, fact: Kind },
    #[error("the index of ids does not lead to it, or leads elsewhere: the index or its key was changed")]
    Unfound,
    #[error("the index of ids has a record for entry {0} that the log does not account for")]
    IndexExtra(u64),
    #[error("the head record was changed: its {0} is not what the entries come to")]
    Head(&'static str),
    #[error("there are entries beyond the head")]
    Beyond,
}

/// How many entries one thread takes at a time; a perfect subtree of the Merkle tree.
const STRETCH: u64 = 1 << 12;

/// What the stretches come to, joined in order.
struct Walk {
    chain: Chain,
    edge: Edge,
    recorded_at: i64,
    key: Verifier,
    absent: Vec<(u64, usize, Role)>,
    redacted: Vec<(u64, u64)>,
    /// The records that the index of ids must have.
    indexed: Vec<Found>,
    /// The entries of which the index may hold what cannot be told any more: erased, or of a later version.
    untold: Vec<u64>,
    found: Verified,
}

impl<S: Store + Sync> Ledger<S> {
    /// Checks everything there is to check: every entry, its place, its link to the one before, its parts against their commitments, the tree, the head,
    /// the index of ids. On all cores; memory grows by 16 bytes an entry, for the index. `progress` is told how many entries are done.
    ///
    /// `published`: private parts may have been left out, and are then counted as withheld.
    ///
    /// # Errors
    /// The first thing found broken, at the first bad entry.
    pub fn verify(&self, published: bool, progress: &mut dyn FnMut(u64)) -> Result<Verified, Box<Problem>> {
        let size = self.head.size();
        let mut walk = Walk {
            chain: self.genesis().chain(),
            edge: Edge::default(),
            recorded_at: i64::MIN,
            key: Verifier { name: self.genesis().origin.clone(), key: self.genesis().key },
            absent: Vec::new(),
            redacted: Vec::new(),
            indexed: Vec::new(),
            untold: Vec::new(),
            found: Verified {
                entries: size,
                chain: self.head.chain,
                root: self.head.edge.root(),
                parts_checked: 0,
                parts_erased: 0,
                parts_withheld: 0,
                unreadable: 0,
            },
        };
        self.in_order(|stretch| {
            let end = stretch.range.end;
            self.join(&mut walk, stretch)?;
            progress(end);
            Ok(())
        })?;
        self.settle(walk, published)
    }

    /// Checks stretches on every core, and gives them to `join` in order, until it fails.
    fn in_order(&self, mut join: impl FnMut(Stretch) -> Result<(), Box<Problem>>) -> Result<(), Box<Problem>> {
        let size = self.head.size();
        let count = size.div_ceil(STRETCH);
        let range = |n: u64| n * STRETCH..((n + 1) * STRETCH).min(size);
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(16);
        if workers == 1 || count <= 1 {
            return (0..count).try_for_each(|n| join(self.stretch(range(n))));
        }
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let (give, take) = sync_channel::<(u64, Stretch)>(workers);
            for _ in 0..workers {
                let (give, next, stop, range) = (give.clone(), &next, &stop, &range);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= count || give.send((n, self.stretch(range(n)))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(give);
            // What comes before its turn waits: no more than one stretch a worker and one a place in the channel.
            let (mut early, mut turn) = (BTreeMap::new(), 0);
            for (n, stretch) in take {
                early.insert(n, stretch);
                while let Some(stretch) = early.remove(&turn) {
                    turn += 1;
                    join(stretch).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
                }
            }
            Ok(())
        })
    }

    /// Joins a stretch to what came before it.
    fn join(&self, walk: &mut Walk, stretch: Stretch) -> Result<(), Box<Problem>> {
        let start = stretch.range.start;
        if let Some((previous, recorded_at)) = stretch.first {
            if previous != walk.chain {
                return Err(Box::new(self.blame(start, Fault::Spliced)));
            }
            if recorded_at < walk.recorded_at {
                return Err(at(start, Fault::Time));
            }
        }
        for (index, change) in &stretch.key_changes {
            if !change.is_signed(&walk.key, *index) {
                return Err(at(*index, Fault::KeyChange));
            }
            walk.key.key = change.key;
        }
        if let Some((index, fault)) = stretch.fault {
            return Err(match fault {
                Fault::Store(StoreError::Missing(missing)) => at(missing, Fault::Missing),
                Fault::Store(StoreError::Block { first, why }) => {
                    at(first, Fault::Store(StoreError::Block { first, why }))
                }
                Fault::Store(error) => elsewhere(Fault::Store(error)),
                fault => Box::new(self.blame(index, fault)),
            });
        }
        walk.chain = stretch.chain;
        walk.recorded_at = stretch.recorded_at;
        stretch.tree.into_iter().for_each(|(leaves, hash)| walk.edge.push_perfect(leaves, hash));
        walk.absent.extend(stretch.absent);
        walk.redacted.extend(stretch.redacted);
        walk.indexed.extend(stretch.indexed);
        walk.found.unreadable += stretch.unreadable.len() as u64;
        walk.untold.extend(stretch.unreadable);
        walk.found.parts_checked += stretch.parts_checked;
        Ok(())
    }

    fn settle(&self, mut walk: Walk, published: bool) -> Result<Verified, Box<Problem>> {
        walk.redacted.sort_unstable();
        for (index, part, role) in walk.absent.iter().copied() {
            if role != Role::Ledger && walk.redacted.binary_search(&(index, part as u64)).is_ok() {
                walk.found.parts_erased += 1;
                walk.untold.push(index);
            } else if published && role.is_private() {
                walk.found.parts_withheld += 1;
            } else {
                return Err(at(index, Fault::PartMissing { part, role }));
            }
        }
        for (entry, part) in &walk.redacted {
            if self.holds_part(*entry, *part) {
                return Err(at(*entry, Fault::NotErased(*part)));
            }
        }
        let size = self.head.size();
        let (chain_fits, tree_fits) = (walk.chain == self.head.chain, walk.edge == self.head.edge);
        match (chain_fits, tree_fits) {
            (true, true) => {}
            (false, false) if size > 0 => return Err(at(size - 1, Fault::Changed)),
            (false, _) => return Err(elsewhere(Fault::Head("chain value"))),
            (true, false) => return Err(elsewhere(Fault::Head("tree"))),
        }
        if walk.recorded_at != self.head.recorded_at {
            return Err(elsewhere(Fault::Head("time")));
        }
        if self.store.read(size..size.saturating_add(1), &mut |_| false).is_ok() {
            return Err(elsewhere(Fault::Beyond));
        }
        self.check_index(walk.indexed, walk.untold)?;
        Ok(walk.found)
    }

    /// The index of ids holds what the log says and nothing else, and no id is recorded twice.
    fn check_index(&self, mut expected: Vec<Found>, mut untold: Vec<u64>) -> Result<(), Box<Problem>> {
        expected.sort_unstable();
        untold.sort_unstable();
        for same_hash in expected.chunk_by(|a, b| a.hash == b.hash) {
            let own: Vec<u64> = same_hash.iter().filter(|f| f.is_own()).map(|f| f.index()).collect();
            if own.len() > 1 {
                self.check_once(&own)?;
            }
        }
        if !self.store.keeps_index() {
            return Ok(());
        }
        expected.dedup_by_key(|f| (f.hash, f.index()));
        let mut wanted = expected.iter().map(|f| (f.hash, f.index())).peekable();
        let mut wrong = None;
        let read = self.store.index(&mut |hash, index| {
            let behind = wanted.next_if(|w| *w <= (hash, index));
            match behind {
                Some(w) if w == (hash, index) => true,
                Some((_, unfound)) => {
                    wrong = Some(at(unfound, Fault::Unfound));
                    false
                }
                None if untold.binary_search(&index).is_ok() => true,
                None => {
                    wrong = Some(elsewhere(Fault::IndexExtra(index)));
                    false
                }
            }
        });
        read.map_err(|e| elsewhere(Fault::Store(e)))?;
        let missing = wanted.next().map(|(_, unfound)| at(unfound, Fault::Unfound));
        wrong.or(missing).map_or(Ok(()), Err)
    }

    /// Whether the facts of these entries, whose ids have one hash, have an id each: only they can tell.
    fn check_once(&self, entries: &[u64]) -> Result<(), Box<Problem>> {
        let mut seen = BTreeSet::new();
        for index in entries {
            let mut id = None;
            let read = self.recorded(*index..*index + 1, &mut |recorded| {
                if let Content::Known(fact) = recorded.content {
                    id = Some(fact.id);
                }
            });
            // An entry that does not read was named when its own turn came.
            if let (Ok(()), Some(id)) = (read, id)
                && !seen.insert(id.clone())
            {
                return Err(at(*index, Fault::Twice(id)));
            }
        }
        Ok(())
    }

    fn part_role(&self, index: u64, part: u64) -> Option<Role> {
        let mut role = None;
        let read = self.store.read(index..index.saturating_add(1), &mut |stored| {
            let entry = Entry::decode(&stored.entry).ok();
            role = entry.and_then(|e| Some(e.parts.get(usize::try_from(part).ok()?)?.role));
            false
        });
        read.ok().and(role)
    }

    fn holds_part(&self, index: u64, part: u64) -> bool {
        let mut held = false;
        let read = self.store.read(index..index.saturating_add(1), &mut |stored| {
            held = stored.parts.iter().any(|(n, _)| u64::from(*n) == part);
            false
        });
        read.is_ok() && held
    }

    /// Where two neighbours do not fit, tells which of them was changed: the one that its own neighbour on the other side no longer fits.
    fn blame(&self, index: u64, fault: Fault) -> Problem {
        if !matches!(fault, Fault::Spliced) {
            return Problem { entry: Some(index), fault };
        }
        let mut bytes = Vec::new();
        let read = self.store.read(index..index + 1, &mut |stored| {
            bytes = stored.entry;
            false
        });
        let after = self.chain_before(index + 1).ok();
        let intact = read.is_ok() && after == Some(chain(&bytes));
        match (intact, index.checked_sub(1)) {
            (true, Some(before)) => Problem { entry: Some(before), fault: Fault::Changed },
            (true, None) => Problem { entry: None, fault: Fault::Founding },
            (false, _) => Problem { entry: Some(index), fault },
        }
    }
}

fn at(index: u64, fault: Fault) -> Box<Problem> {
    Box::new(Problem { entry: Some(index), fault })
}

fn elsewhere(fault: Fault) -> Box<Problem> {
    Box::new(Problem { entry: None, fault })
}
