//! All facts of a log: its entries, grouped by fact and indexed.
//!
//! Turns chunks of a log into the versions of each fact. Knows no days and withholds no fact: both
//! are the view's. Start at [`AllFacts`].

use crate::Chunk;
use crate::chunk::narrow;
use crate::raw_facts::{RawFacts, Versions};
use crate::source::{Extent, FactSource, Hashes, Postings};
use heldto_fact::{Content, Fact, FactId, FactSummary, IndexTerm, Invalid, Kind, Recorded, Unit, Version};
use indexmap::IndexSet;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

/// Up to this number of facts, one thread reads them as fast as several do.
const PARALLEL_READ_MIN: usize = 1000;

/// All facts of a log: folded chunk by chunk.
///
/// Keeps the index terms of each fact, as numbers, and the fact's bytes, which are decoded on first
/// use.
#[derive(Debug, Default)]
pub struct AllFacts {
    extent: Extent,
    /// Every id that a fact is recorded under or names; an id's position is its number.
    names: IndexSet<FactId, Hashes>,
    raw_facts: RawFacts,
    /// Versions of each fact, by the number of its id; read on first use.
    versions: Vec<OnceLock<Box<[Version]>>>,
    postings: HashMap<IndexTerm<u32>, Ids, Hashes>,
    /// Ids that some version of some fact links to.
    ///
    /// They are few compared with all ids, and looked up for every fact that is counted.
    targets: HashSet<FactId, Hashes>,
    /// Numbers of the ids that facts are recorded under, in the order of the ids; built on first
    /// use.
    in_order: OnceLock<Vec<u32>>,
    /// Parties that have measurements, by metric; built on first use.
    measured: OnceLock<BTreeMap<FactId, BTreeSet<FactId>>>,
    /// Entry index of the first requested fact found damaged, with the error.
    damaged: OnceLock<(u64, String)>,
}

/// Numbers of ids in the order of the log, sorted by id on first use.
#[derive(Debug, Default)]
struct Ids {
    all: Vec<u32>,
    /// Sorted numbers, each once; the inner `None` if `all` is in order already.
    in_order: OnceLock<Option<Vec<u32>>>,
}

impl Ids {
    fn in_order(&self, names: &IndexSet<FactId, Hashes>) -> &[u32] {
        let sorted = self.in_order.get_or_init(|| {
            let sort = || {
                let mut all = sorted(&self.all, names);
                all.dedup();
                all
            };
            (!self.all.is_sorted_by(|a, b| names[*a as usize] < names[*b as usize])).then(sort)
        });
        sorted.as_ref().unwrap_or(&self.all)
    }
}

/// Returns the numbers in the order of their ids.
fn sorted(numbers: &[u32], names: &IndexSet<FactId, Hashes>) -> Vec<u32> {
    // The first 16 bytes, kept next to the number, decide most
    // comparisons without a look at the id.
    let begins = |id: &FactId| {
        let mut first = [0; 16];
        id.as_str().bytes().zip(&mut first).for_each(|(byte, place)| *place = byte);
        u128::from_be_bytes(first)
    };
    let name = |n: u32| &names[n as usize];
    let mut all: Vec<(u128, u32)> = numbers.iter().map(|n| (begins(name(*n)), *n)).collect();
    all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| name(a.1).cmp(name(b.1))));
    all.into_iter().map(|(_, n)| n).collect()
}

impl AllFacts {
    /// Returns empty states to fold a log into.
    ///
    /// `read` decodes a fact from its bytes and those of its quotations' words.
    #[must_use]
    pub fn folded(read: impl Fn(&[u8], &[u8]) -> Result<Fact, String> + Send + Sync + 'static) -> Self {
        Self { raw_facts: RawFacts::new(Box::new(read)), ..Self::default() }
    }

    /// Returns all facts of a log at hand, for tests, examples and pages.
    ///
    /// # Errors
    /// If an id in a fact is invalid.
    pub fn of(log: Vec<Recorded>) -> Result<Self, Invalid> {
        let mut chunk = Chunk::default();
        for (place, recorded) in log.iter().enumerate() {
            let place = narrow(place).to_be_bytes();
            let content = match &recorded.content {
                Content::Known(fact) => Content::Known(fact.header(&place)),
                Content::System(kind) => Content::System(*kind),
                Content::Erased(kind) => Content::Erased(*kind),
                Content::Unreadable => Content::Unreadable,
            };
            chunk.push(&Recorded { index: recorded.index, recorded_at: recorded.recorded_at, content })?;
        }
        let facts: Vec<Content> = log.into_iter().map(|recorded| recorded.content).collect();
        let mut all = Self::folded(move |place, _| {
            let place = place.try_into().map(u32::from_be_bytes).map_err(|_| "not a place".to_owned())?;
            match facts.get(place as usize) {
                Some(Content::Known(fact)) => Ok(fact.clone()),
                other => Err(format!("not a fact: {other:?}")),
            }
        });
        all.join(chunk);
        Ok(all)
    }

    /// Returns the part of the log that was folded, to add what the whole ledger says of it.
    pub const fn extent_mut(&mut self) -> &mut Extent {
        &mut self.extent
    }

    /// Returns the first requested fact that a fold found damaged: its entry index and the error.
    #[must_use]
    pub fn damaged(&self) -> Option<(u64, &str)> {
        self.damaged.get().map(|(index, why)| (*index, why.as_str()))
    }

    /// Adds the next chunk of the log.
    pub fn join(&mut self, chunk: Chunk) {
        let Chunk { names, refs, postings, bytes, end, erased, unreadable } = chunk;
        let Some((size, last_recorded)) = end else { return };
        self.extent.size = size;
        self.extent.last_recorded = Some(last_recorded);
        self.extent.erased += erased;
        self.extent.unreadable += unreadable;
        self.extent.reset_work();
        self.in_order = OnceLock::new();
        self.measured = OnceLock::new();
        let numbers: Vec<u32> = names.into_iter().map(|id| narrow(self.names.insert_full(id).0)).collect();
        let number = |within: u32| numbers[within as usize];
        self.versions.resize_with(self.names.len(), OnceLock::new);
        for mention in &refs {
            self.versions[number(mention.of) as usize].take();
        }
        self.raw_facts.join(refs, bytes, number);
        for (term, mut all) in postings {
            all.iter_mut().for_each(|n| *n = number(*n));
            match self.postings.entry(term.map(number)) {
                Entry::Vacant(place) => {
                    if let IndexTerm::Target(target) = *place.key() {
                        self.targets.insert(self.names[target as usize].clone());
                    }
                    place.insert(Ids { all, in_order: OnceLock::new() });
                }
                Entry::Occupied(mut ids) => {
                    let ids = ids.get_mut();
                    ids.in_order.take();
                    ids.all.append(&mut all);
                }
            }
        }
    }

    fn versions_of(&self, number: usize) -> &[Version] {
        let names = &self.names;
        self.versions[number]
            .get_or_init(|| self.or_damaged(self.raw_facts.versions(number, &|id| names.get_index_of(id).map(narrow))))
    }

    fn or_damaged(&self, versions: Versions) -> Box<[Version]> {
        versions.unwrap_or_else(|damaged| {
            self.damaged.get_or_init(|| damaged);
            Box::default()
        })
    }

    /// Returns the numbers of the facts that have this index term, in the order of their ids.
    fn numbers(&self, term: IndexTerm<&FactId>) -> &[u32] {
        let number = |id: &FactId| self.names.get_index_of(id).map(narrow).ok_or(());
        let found = term.try_map(number).ok().and_then(|term| self.postings.get(&term));
        found.map_or(&[], |ids| ids.in_order(&self.names))
    }

    /// Returns all versions of each fact with a version that has this index term, by id.
    pub(crate) fn lookup_versions<'s>(
        &'s self,
        term: IndexTerm<&FactId>,
    ) -> impl Iterator<Item = &'s [Version]> + use<'s> {
        self.numbers(term).iter().map(|n| self.versions_of(*n as usize))
    }

    /// Returns every id that a fact is recorded under, in order.
    pub fn ids(&self) -> impl Iterator<Item = &FactId> {
        self.all_numbers().map(|number| &self.names[number])
    }

    /// Returns all versions of each fact with a version that matches, by id.
    ///
    /// More than 1,000 unread facts are decoded in parallel.
    pub fn all<'s>(&'s self, predicate: &dyn Fn(FactSummary) -> bool) -> impl Iterator<Item = &'s [Version]> + use<'s> {
        let numbers = self.numbers_matching(predicate);
        let mut unread: Vec<u32> = numbers.clone();
        unread.retain(|number| self.versions[*number as usize].get().is_none());
        if unread.len() > PARALLEL_READ_MIN {
            // In the order of first appearance in the log, so that the bytes
            // are read roughly in sequence.
            unread.sort_unstable();
            let names = &self.names;
            let read = self.raw_facts.versions_of_each(&unread, &|id| names.get_index_of(id).map(narrow));
            for (number, versions) in unread.iter().zip(read) {
                self.versions[*number as usize].get_or_init(|| self.or_damaged(versions));
            }
        }
        numbers.into_iter().map(|number| self.versions_of(number as usize))
    }

    /// Returns the ids with a version that matches, in order.
    pub(crate) fn ids_matching(&self, predicate: &dyn Fn(FactSummary) -> bool) -> Vec<&FactId> {
        self.numbers_matching(predicate).into_iter().map(|number| &self.names[number as usize]).collect()
    }

    fn numbers_matching(&self, predicate: &dyn Fn(FactSummary) -> bool) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.all_numbers().map(narrow).collect();
        numbers.retain(|number| {
            self.raw_facts.versions_of_entity(*number as usize).any(|refs| refs.current.is_some_and(predicate))
        });
        numbers
    }

    /// Returns every id that is not retracted, in order, with the kind of its newest version.
    ///
    /// The clock is disregarded.
    pub fn standing(&self) -> impl Iterator<Item = (&FactId, Kind)> {
        let kind = |number: usize| {
            let mut refs = self.raw_facts.versions_of_entity(number);
            match (refs.next(), refs.next()) {
                // A fact with one record need not be decoded.
                (Some(only), None) => Some(only.current?.kind),
                _ => Some(self.versions_of(number).last()?.fact.as_ref()?.kind()),
            }
        };
        self.all_numbers().filter_map(move |number| Some((&self.names[number], kind(number)?)))
    }

    /// Returns every id with a version of this kind, in order.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &FactId> {
        let is = move |number: &usize| {
            self.raw_facts
                .versions_of_entity(*number)
                .any(|refs| refs.current.is_some_and(|summary| summary.kind == kind))
        };
        self.all_numbers().filter(is).map(|number| &self.names[number])
    }

    /// Returns every metric that has a measurement of some party.
    pub fn measured(&self) -> impl Iterator<Item = &FactId> {
        self.parties_by_metric().keys()
    }

    /// Returns every party that some version of a measurement of this metric is about.
    pub fn parties<'s>(&'s self, metric: &FactId) -> impl Iterator<Item = &'s FactId> + use<'s> {
        self.parties_by_metric().get(metric).into_iter().flatten()
    }

    fn parties_by_metric(&self) -> &BTreeMap<FactId, BTreeSet<FactId>> {
        self.measured.get_or_init(|| {
            let mut all: BTreeMap<FactId, BTreeSet<FactId>> = BTreeMap::new();
            for term in self.postings.keys() {
                if let IndexTerm::Series(metric, party) = *term {
                    let [metric, party] = [metric, party].map(|n| self.names[n as usize].clone());
                    all.entry(metric).or_default().insert(party);
                }
            }
            all
        })
    }

    /// Returns the number of every id that a fact is recorded under, in the order of the ids.
    fn all_numbers(&self) -> impl Iterator<Item = usize> + '_ {
        let in_order = self.in_order.get_or_init(|| {
            let is_told = |number: &u32| self.raw_facts.versions_of_entity(*number as usize).next().is_some();
            let refs: Vec<u32> = (0..narrow(self.names.len())).filter(is_told).collect();
            sorted(&refs, &self.names)
        });
        in_order.iter().map(|number| *number as usize)
    }
}

impl FactSource for AllFacts {
    fn extent(&self) -> &Extent {
        &self.extent
    }

    fn versions(&self, id: &FactId) -> &[Version] {
        self.names.get_index_of(id).map_or(&[], |number| self.versions_of(number))
    }

    fn lookup(&self, term: IndexTerm<&FactId>) -> Postings<'_> {
        Postings::numbers(self.numbers(term), &self.names)
    }

    fn lookup_first(&self, term: IndexTerm<&FactId>, most: usize) -> Vec<FactId> {
        self.lookup(term).take(most).cloned().collect()
    }

    fn is_target(&self, id: &FactId) -> bool {
        self.targets.contains(id)
    }

    fn has_many_measured(&self, _: &FactId, _: usize) -> bool {
        false
    }
}

/// Returns `true` if a fact has an amount of money.
pub(crate) fn tells_of_money(fact: &Fact) -> bool {
    fact.amounts.iter().any(|a| matches!(a.unit, Unit::Money(_)))
}
