use crate::Chunk;
use crate::chunk::{Hashes, narrow};
use crate::disclosure::Disclosure;
use crate::indexed_facts::{IndexedFacts, Lookup};
use crate::raw_facts::{RawFacts, Versions};
use crate::work::Work;
use chrono::{DateTime, Utc};
use heldto_fact::{Fact, FactId, FactSummary, IndexTerm, Kind, Unit, Version};
use indexmap::IndexSet;
use std::cell::OnceCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// So many facts are read as soon by one thread as by all.
const PARALLEL_READ_MIN: usize = 1000;

/// All that the log says: folded stretch by stretch, or read when it is first asked for.
///
/// A fold keeps what finds each fact, in numbers, and its bytes: the fact is read when it is first asked for.
///
/// Law: whatever is read on demand is what a fold of the whole log gives; what only a fold can give, [`Self::is_complete`] tells.
#[derive(Debug, Default)]
pub struct FactHistory {
    size: u64,
    last_recorded: Option<DateTime<Utc>>,
    /// Every id that something names. Its place is its number.
    names: IndexSet<FactId, Hashes>,
    raw_facts: RawFacts,
    /// Of each id, by its number, what was told of it, once it was asked for.
    versions: Vec<OnceCell<Box<[Version]>>>,
    postings: HashMap<IndexTerm<u32>, Ids, Hashes>,
    /// What some version of something links to: few beside all names, and asked of every fact that is counted.
    targets: HashSet<FactId, Hashes>,
    /// The numbers of the things that something was told of, in the order of their ids, once they were asked for.
    in_order: OnceCell<Vec<u32>>,
    /// Of each metric the parties that have figures, once they were asked for.
    measured: OnceCell<BTreeMap<FactId, BTreeSet<FactId>>>,
    /// Entries whose fact was erased.
    pub erased: u64,
    /// Entries of a version that this program cannot read.
    pub unreadable: u64,
    /// Of the first fact that was asked for and whose bytes are damaged: its entry, and what is wrong.
    damaged: OnceCell<(u64, String)>,
    indexed: Option<IndexedFacts>,
    /// `None` until it is said: then what the states themselves call sensitive is.
    disclosure: Option<Disclosure>,
    work: Work,
}

/// Numbers of ids as they come, put in the order of the ids when they are first asked for.
#[derive(Debug, Default)]
struct Ids {
    all: Vec<u32>,
    /// What they are in order, where they did not come so.
    in_order: OnceCell<Option<Vec<u32>>>,
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

/// The numbers in the order of their ids.
fn sorted(numbers: &[u32], names: &IndexSet<FactId, Hashes>) -> Vec<u32> {
    // Most are told apart by what they begin with, which needs no look at where each is kept.
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

impl FactHistory {
    /// States to fold a log into, whose facts are read from their bytes so.
    #[must_use]
    pub fn folded(read: impl Fn(&[u8]) -> Result<Fact, String> + Send + Sync + 'static) -> Self {
        Self { raw_facts: RawFacts::new(Box::new(read)), ..Self::default() }
    }

    /// States of which each fact is read when it is first asked for: of the first `size` entries of a log, the last of them recorded then.
    #[must_use]
    pub fn on_demand(size: u64, last_recorded: Option<DateTime<Utc>>, lookup: Box<dyn Lookup>) -> Self {
        Self { size, last_recorded, indexed: Some(IndexedFacts::new(lookup)), ..Self::default() }
    }

    /// Whether everything that was asked for was there to be given: else what was made of these states is to be thrown away. States on demand cannot give
    /// every fact there is, nor what cannot be read; a fold can give all but a fact whose bytes are damaged.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.damaged.get().is_none() && self.indexed.as_ref().is_none_or(IndexedFacts::is_complete)
    }

    /// Of a fold, the first fact that was asked for and whose bytes are damaged: its entry, and what is wrong.
    #[must_use]
    pub fn damaged(&self) -> Option<(u64, &str)> {
        self.damaged.get().map(|(index, why)| (*index, why.as_str()))
    }

    /// Says what is sensitive, by whatever the whole ledger says, and how many entries tell of it.
    pub fn set_sensitive(&mut self, entities: BTreeSet<FactId>, entries: u64) {
        self.disclosure = Some(Disclosure::new(entities, entries));
    }

    pub(crate) const fn work(&self) -> &Work {
        &self.work
    }

    pub(crate) const fn disclosure(&self) -> Option<&Disclosure> {
        self.disclosure.as_ref()
    }

    /// How many entries went in.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// When the last of them was recorded.
    #[must_use]
    pub const fn last_recorded(&self) -> Option<DateTime<Utc>> {
        self.last_recorded
    }

    /// Takes in the next stretch of the log.
    pub fn join(&mut self, chunk: Chunk) {
        let Chunk { names, refs, postings, bytes, end, erased, unreadable } = chunk;
        let Some((size, last_recorded)) = end else { return };
        (self.size, self.last_recorded) = (size, Some(last_recorded));
        self.erased += erased;
        self.unreadable += unreadable;
        (self.in_order, self.measured, self.work) = (OnceCell::new(), OnceCell::new(), Work::default());
        let numbers: Vec<u32> = names.into_iter().map(|id| narrow(self.names.insert_full(id).0)).collect();
        let number = |within: u32| numbers[within as usize];
        self.versions.resize_with(self.names.len(), OnceCell::new);
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
                    place.insert(Ids { all, in_order: OnceCell::new() });
                }
                Entry::Occupied(mut ids) => {
                    let ids = ids.get_mut();
                    ids.in_order.take();
                    ids.all.append(&mut all);
                }
            }
        }
    }

    /// Every version of a fact, oldest first.
    #[must_use]
    pub fn versions(&self, id: &FactId) -> &[Version] {
        match &self.indexed {
            Some(indexed) => indexed.versions(id),
            None => self.names.get_index_of(id).map_or(&[], |number| self.versions_of(number)),
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

    /// The numbers of what has this handle, in the order of the ids.
    fn numbers(&self, term: IndexTerm<&FactId>) -> &[u32] {
        let number = |id: &FactId| self.names.get_index_of(id).map(narrow).ok_or(());
        let found = term.try_map(number).ok().and_then(|term| self.postings.get(&term));
        found.map_or(&[], |ids| ids.in_order(&self.names))
    }

    /// The facts of which some version has this handle, in order.
    pub fn lookup<'s>(&'s self, term: IndexTerm<&FactId>) -> impl Iterator<Item = &'s FactId> + use<'s> {
        let (read, numbers) = match &self.indexed {
            Some(indexed) => (indexed.lookup(term), &[][..]),
            None => (&[][..], self.numbers(term)),
        };
        read.iter().chain(numbers.iter().map(|n| &self.names[*n as usize]))
    }

    /// Every version of each of the facts of which some version has this handle, in the order of their ids.
    pub(crate) fn lookup_versions<'s>(
        &'s self,
        term: IndexTerm<&FactId>,
    ) -> impl Iterator<Item = &'s [Version]> + use<'s> {
        let (read, numbers) = match &self.indexed {
            Some(indexed) => (indexed.lookup(term), &[][..]),
            None => (&[][..], self.numbers(term)),
        };
        read.iter().map(|id| self.versions(id)).chain(numbers.iter().map(|n| self.versions_of(*n as usize)))
    }

    /// Whether some version of something links to this.
    #[must_use]
    pub fn is_target(&self, id: &FactId) -> bool {
        match &self.indexed {
            Some(indexed) => !indexed.lookup(IndexTerm::Target(id)).is_empty(),
            None => self.targets.contains(id),
        }
    }

    /// Some of the facts of which some version has this handle, as many as it does not cost much to give.
    #[must_use]
    pub fn lookup_first(&self, term: IndexTerm<&FactId>, most: usize) -> Vec<FactId> {
        match &self.indexed {
            Some(indexed) => indexed.lookup_first(term, most),
            None => self.lookup(term).take(most).cloned().collect(),
        }
    }

    /// Returns `true` if more than so many parts of all parties have figures for a metric, where that can be told without reading
    /// them all.
    #[must_use]
    pub(crate) fn has_many_measured(&self, metric: &FactId, most: usize) -> bool {
        self.indexed.as_ref().is_some_and(|indexed| indexed.shares(metric) > most)
    }

    /// Every id, in order.
    pub fn ids(&self) -> impl Iterator<Item = &FactId> {
        self.all_numbers().map(|number| &self.names[number])
    }

    /// Every version of each fact of which some version is such, in the order of their ids.
    pub fn all<'s>(&'s self, predicate: &dyn Fn(FactSummary) -> bool) -> impl Iterator<Item = &'s [Version]> + use<'s> {
        let numbers = self.numbers_matching(predicate);
        let mut unread: Vec<u32> = numbers.clone();
        unread.retain(|number| self.versions[*number as usize].get().is_none());
        if unread.len() > PARALLEL_READ_MIN {
            // As they lie in the log.
            unread.sort_unstable();
            let names = &self.names;
            let read = self.raw_facts.versions_of_each(&unread, &|id| names.get_index_of(id).map(narrow));
            for (number, versions) in unread.iter().zip(read) {
                self.versions[*number as usize].get_or_init(|| self.or_damaged(versions));
            }
        }
        numbers.into_iter().map(|number| self.versions_of(number as usize))
    }

    /// Returns the facts of which some version is such, in order.
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

    /// Every id of which something stands, whatever any clock says, in order, with the kind of its newest version.
    pub fn standing(&self) -> impl Iterator<Item = (&FactId, Kind)> {
        let kind = |number: usize| {
            let mut refs = self.raw_facts.versions_of_entity(number);
            match (refs.next(), refs.next()) {
                // Told once, it need not be read.
                (Some(only), None) => Some(only.current?.kind),
                _ => Some(self.versions_of(number).last()?.fact.as_ref()?.kind()),
            }
        };
        self.all_numbers().filter_map(move |number| Some((&self.names[number], kind(number)?)))
    }

    /// Every fact of which some version is of this kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &FactId> {
        let is = move |number: &usize| {
            self.raw_facts
                .versions_of_entity(*number)
                .any(|refs| refs.current.is_some_and(|summary| summary.kind == kind))
        };
        self.all_numbers().filter(is).map(|number| &self.names[number])
    }

    /// Every metric that has a measurement of some party.
    pub fn measured(&self) -> impl Iterator<Item = &FactId> {
        self.parties_by_metric().keys()
    }

    /// Every party that some version of a measurement of this metric is of.
    pub fn parties<'s>(&'s self, metric: &FactId) -> impl Iterator<Item = &'s FactId> + use<'s> {
        self.parties_by_metric().get(metric).into_iter().flatten()
    }

    fn parties_by_metric(&self) -> &BTreeMap<FactId, BTreeSet<FactId>> {
        self.require_full_scan();
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

    /// The number of everything that something was told of, in the order of the ids.
    fn all_numbers(&self) -> impl Iterator<Item = usize> + '_ {
        self.require_full_scan();
        let in_order = self.in_order.get_or_init(|| {
            let is_told = |number: &u32| self.raw_facts.versions_of_entity(*number as usize).next().is_some();
            let refs: Vec<u32> = (0..narrow(self.names.len())).filter(is_told).collect();
            sorted(&refs, &self.names)
        });
        in_order.iter().map(|number| *number as usize)
    }

    /// Notes that something was asked for which only a fold can give.
    fn require_full_scan(&self) {
        if let Some(indexed) = &self.indexed {
            indexed.mark_incomplete();
        }
    }
}

/// Whether a fact tells of money.
pub(crate) fn tells_of_money(fact: &Fact) -> bool {
    fact.amounts.iter().any(|a| matches!(a.unit, Unit::Money(_)))
}
