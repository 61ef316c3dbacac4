use crate::{Ledger, Own, Redaction, WireError, decode_fact, kind_of};
use chrono::DateTime;
use heldto_fact::{Fact, FactId, Kind};
use heldto_proof::{Chain, Edge, Entry, EntryError, Hash, MAX_PART, Part, PartRef, Role, Verifier, chain, leaf_hash};
use heldto_store::{Store, StoreError, StoredEntry};

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
    #[error("the index of ids has {found} records where the log has {expected}")]
    IndexSize { found: u64, expected: u64 },
    #[error("the head record was changed: its {0} is not what the entries come to")]
    Head(&'static str),
    #[error("there are entries beyond the head")]
    Beyond,
}

struct Walk<'a> {
    chain: Chain,
    edge: Edge,
    recorded_at: i64,
    indexed: u64,
    absent: Vec<(u64, usize, Role)>,
    redacted: Vec<(u64, u64)>,
    key: Verifier,
    found: Verified,
    on_fact: &'a mut dyn FnMut(u64, &Fact),
}

impl<S: Store> Ledger<S> {
    /// Checks everything there is to check: every entry, its place, its link to the one before, its parts against their commitments, the tree, the head,
    /// the index of ids. Bounded memory. `progress` is told how many entries are done.
    ///
    /// `published`: private parts may have been left out, and are then counted as withheld.
    ///
    /// # Errors
    /// The first thing found broken, at the first bad entry.
    pub fn verify(&self, published: bool, progress: &mut dyn FnMut(u64)) -> Result<Verified, Box<Problem>> {
        self.verify_facts(published, progress, &mut |_, _| {})
    }

    /// As [`Self::verify`], giving each fact that decodes to `on_fact`.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_facts(
        &self,
        published: bool,
        progress: &mut dyn FnMut(u64),
        on_fact: &mut dyn FnMut(u64, &Fact),
    ) -> Result<Verified, Box<Problem>> {
        let genesis = self.genesis().chain();
        let mut walk = Walk {
            chain: genesis,
            edge: Edge::default(),
            recorded_at: i64::MIN,
            indexed: 0,
            absent: Vec::new(),
            redacted: Vec::new(),
            key: Verifier { name: self.genesis().origin.clone(), key: self.genesis().key },
            found: Verified {
                entries: self.head.size(),
                chain: self.head.chain,
                root: self.head.edge.root(),
                parts_checked: 0,
                parts_erased: 0,
                parts_withheld: 0,
                unreadable: 0,
            },
            on_fact,
        };
        let mut broken = None;
        let read = self.store.read(0..self.head.size(), &mut |stored| {
            let index = stored.index;
            match self.step(&mut walk, &stored) {
                Ok(()) => {
                    progress(index + 1);
                    true
                }
                Err(fault) => {
                    broken = Some(self.blame(index, fault));
                    false
                }
            }
        });
        match (broken, read) {
            (Some(problem), _) => Err(Box::new(problem)),
            (None, Err(StoreError::Missing(index))) => Err(at(index, Fault::Missing)),
            (None, Err(error)) => Err(elsewhere(Fault::Store(error))),
            (None, Ok(())) => self.settle(walk, published),
        }
    }

    fn step(&self, walk: &mut Walk<'_>, stored: &StoredEntry) -> Result<(), Fault> {
        let entry = Entry::decode(&stored.entry).map_err(Fault::Entry)?;
        if entry.index != stored.index {
            return Err(Fault::Index(entry.index));
        }
        if entry.previous != walk.chain {
            return Err(Fault::Spliced);
        }
        if entry.recorded_at < walk.recorded_at || DateTime::from_timestamp_micros(entry.recorded_at).is_none() {
            return Err(Fault::Time);
        }
        let kind = kind_of(entry.kind).ok_or(Fault::Kind(entry.kind))?;
        let own = if matches!(kind, Kind::Redaction | Kind::Key) { Role::Ledger } else { Role::Fact };
        let main = |p: &PartRef| matches!(p.role, Role::Fact | Role::Ledger);
        if entry.parts.first().is_none_or(|p| p.role != own) || entry.parts.iter().skip(1).any(main) {
            return Err(Fault::Parts);
        }
        if let Some((extra, _)) = stored.parts.iter().find(|(n, _)| usize::from(*n) >= entry.parts.len()) {
            return Err(Fault::PartExtra(*extra));
        }
        for (number, part) in entry.parts.iter().enumerate() {
            let Some((_, bytes)) = stored.parts.iter().find(|(n, _)| usize::from(*n) == number) else {
                walk.absent.push((stored.index, number, part.role));
                continue;
            };
            let changed = || Fault::PartChanged { part: number, role: part.role };
            let (salt, bytes) = bytes.split_first_chunk::<32>().ok_or_else(changed)?;
            if bytes.len() > MAX_PART {
                return Err(Fault::PartTooLong { part: number, len: bytes.len() });
            }
            let held = Part { role: part.role, salt: *salt, bytes: bytes.to_vec() };
            if held.commitment() != part.commitment {
                return Err(changed());
            }
            walk.found.parts_checked += 1;
            self.look_inside(walk, stored.index, kind, number, &held)?;
        }
        walk.chain = chain(&stored.entry);
        walk.edge.push(leaf_hash(&stored.entry));
        walk.recorded_at = entry.recorded_at;
        Ok(())
    }

    fn look_inside(
        &self,
        walk: &mut Walk<'_>,
        index: u64,
        kind: Kind,
        number: usize,
        part: &Part,
    ) -> Result<(), Fault> {
        let undecodable = |error| Fault::PartUndecodable { part: number, error };
        let found = match part.role {
            Role::Fact => match decode_fact(&part.bytes) {
                Ok(fact) => {
                    let hashes = self.found_by(&fact);
                    for hash in &hashes {
                        if !self.store.finds(*hash, index).map_err(Fault::Store)? {
                            return Err(Fault::Unfound);
                        }
                    }
                    walk.indexed += hashes.len() as u64;
                    if self.is_second(&fact, index)? {
                        return Err(Fault::Twice(fact.id.clone()));
                    }
                    (walk.on_fact)(index, &fact);
                    fact.kind()
                }
                Err(WireError::Version(_)) => {
                    walk.found.unreadable += 1;
                    return Ok(());
                }
                Err(error) => return Err(undecodable(error)),
            },
            Role::Ledger => {
                let own = Own::decode(&part.bytes).map_err(undecodable)?;
                let kind_of_own = own.kind();
                if let Own::Key(change) = &own {
                    if !change.is_signed(&walk.key, index) {
                        return Err(Fault::KeyChange);
                    }
                    walk.key.key = change.key;
                }
                if let Own::Redaction(Redaction { entry, part, .. }) = own {
                    let erasable =
                        entry < index && self.part_role(entry, part).is_some_and(|role| role != Role::Ledger);
                    if !erasable {
                        return Err(Fault::Redaction { entry, part });
                    }
                    walk.redacted.push((entry, part));
                }
                kind_of_own
            }
            Role::Quotation | Role::PrivateNote => return Ok(()),
        };
        if found == kind { Ok(()) } else { Err(Fault::KindDiffers { entry: kind, fact: found }) }
    }

    fn settle(&self, walk: Walk<'_>, published: bool) -> Result<Verified, Box<Problem>> {
        let mut found = walk.found;
        for (index, part, role) in walk.absent.iter().copied() {
            if role != Role::Ledger && walk.redacted.contains(&(index, part as u64)) {
                found.parts_erased += 1;
            } else if published && role.is_private() {
                found.parts_withheld += 1;
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
        let indexed = self.store.index_len().map_err(|e| elsewhere(Fault::Store(e)))?;
        // What was erased or cannot be read is indexed too, under ids that can no longer be told.
        if indexed < walk.indexed || (indexed > walk.indexed && found.parts_erased + found.unreadable == 0) {
            return Err(elsewhere(Fault::IndexSize { found: indexed, expected: walk.indexed }));
        }
        Ok(found)
    }

    /// Whether another fact was recorded under this fact's own id before it.
    fn is_second(&self, fact: &Fact, index: u64) -> Result<bool, Fault> {
        let earliest = self.store.find(self.hash_of(&fact.id)).map_err(Fault::Store)?.first().copied();
        let Some(earliest) = earliest.filter(|first| *first < index) else { return Ok(false) };
        let mut same = false;
        let mut look =
            |r: heldto_fact::Recorded| same = matches!(&r.content, heldto_fact::Content::Known(f) if f.id == fact.id);
        // An entry that does not read was named when its own turn came.
        drop(self.recorded(earliest..earliest + 1, &mut look));
        Ok(same)
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
