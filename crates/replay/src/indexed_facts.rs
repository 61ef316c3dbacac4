//! Facts read on demand, through an index of the log.
//!
//! Turns requests for ids and index terms into batched reads of entries, so that a report about one
//! body reads only the facts that name that body. It knows no storage: start with [`Lookup`], which
//! the caller implements, then `IndexedFacts::search`.

use crate::source::{Extent, FactSource, Postings};
use elsa::FrozenMap;
use heldto_fact::{Body, Content, Fact, FactId, IndexTerm, PARTY_BUCKETS, Recorded, Version};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};

/// Access to the entries of a log through an index.
///
pub trait Lookup: Send {
    /// Returns, for each index term, the first `most` positions of the
    /// entries that have it, in order.
    ///
    /// A position too many (a hash collision) does no harm: candidates are checked.
    ///
    /// # Errors
    /// If the index does not read.
    fn find(&self, terms: &[IndexTerm<&FactId>], most: usize) -> Result<Vec<Vec<u64>>, String>;

    /// Returns the entries at these positions, which must be in ascending order, each once.
    ///
    /// # Errors
    /// If an entry does not read.
    fn read(&self, places: &[u64]) -> Result<Vec<Recorded>, String>;
}

/// The facts that an index finds, each read on first use.
pub struct IndexedFacts {
    extent: Extent,
    lookup: Box<dyn Lookup>,
    facts: FrozenMap<FactId, Vec<Version>>,
    postings: FrozenMap<IndexTerm<FactId>, Vec<FactId>>,
    /// Entries read so far, each with the id of the fact it records; `None` if the
    /// entry holds no readable fact.
    entities: RefCell<HashMap<u64, Option<FactId>>>,
    /// Position of each fact's own entry, not of a correction or
    /// retraction, among the entries read.
    own: RefCell<HashMap<FactId, u64>>,
    /// Entries read but not yet used in the history of a fact.
    read: RefCell<HashMap<u64, Recorded>>,
    /// The first error of the lookup.
    failed: OnceCell<String>,
}

impl std::fmt::Debug for IndexedFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IndexedFacts").field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl IndexedFacts {
    /// Returns the facts of the part of a log that `extent` covers, to be found through `lookup`.
    #[must_use]
    pub fn new(extent: Extent, lookup: Box<dyn Lookup>) -> Self {
        Self {
            extent,
            lookup,
            facts: FrozenMap::new(),
            postings: FrozenMap::new(),
            entities: RefCell::default(),
            own: RefCell::default(),
            read: RefCell::default(),
            failed: OnceCell::new(),
        }
    }

    /// Returns the first error of the lookup, after which every answer may lack facts.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.failed.get().map(String::as_str)
    }

    /// Returns the answer of the lookup, or nothing after an error, which is kept.
    fn or_failed<T: Default>(&self, answer: Result<T, String>) -> T {
        answer.unwrap_or_else(|error| {
            self.failed.get_or_init(|| error);
            T::default()
        })
    }

    /// Returns the facts at the first `most` positions of an index term, including hash collisions.
    fn first(&self, term: IndexTerm<&FactId>, most: usize) -> Vec<FactId> {
        let places = self.find(&[term], most);
        self.fetch(in_order(&places));
        let entities: BTreeSet<FactId> = {
            let entities = self.entities.borrow();
            places.iter().flatten().filter_map(|place| entities.get(place)?.clone()).collect()
        };
        self.load(&entities.iter().collect());
        entities.into_iter().collect()
    }

    /// Counts the party buckets that contain a measurement of `metric`.
    ///
    /// One entry a bucket is read, so a hash collision may hide a bucket:
    /// the result may be too low.
    fn shares(&self, metric: &FactId) -> usize {
        let terms: Vec<IndexTerm<&FactId>> = (0..PARTY_BUCKETS).map(|n| IndexTerm::PartyBucket(metric, n)).collect();
        let found = self.find(&terms, 1);
        let all = self.or_failed(self.lookup.read(&in_order(&found)));
        let has = |recorded: &Recorded, term: &IndexTerm<&FactId>| match &recorded.content {
            Content::Known(fact) => fact.index_terms().contains(term),
            _ => false,
        };
        terms.iter().filter(|term| all.iter().any(|recorded| has(recorded, term))).count()
    }

    /// Finds and reads the facts with these index terms, and the facts they refer to.
    ///
    /// Returns the facts found by each term that was not cached.
    fn search(&self, terms: &[IndexTerm<&FactId>]) -> Vec<Vec<FactId>> {
        let wanted: Vec<IndexTerm<&FactId>> =
            terms.iter().filter(|h| self.postings.get(&h.map(FactId::clone)).is_none()).copied().collect();
        let places = self.find(&wanted, usize::MAX);
        self.fetch(in_order(&places));
        let entities = self.entities.borrow();
        let ids = |places: &Vec<u64>| places.iter().filter_map(|place| entities.get(place)?.clone()).collect();
        let mut all: Vec<Vec<FactId>> = places.iter().map(ids).collect();
        drop(entities);
        self.load(&all.iter().flatten().collect());
        for (term, ids) in wanted.iter().zip(&mut all) {
            // Drop facts that share only the hash of the term.
            ids.retain(|id| {
                let versions = self.facts.get(id).unwrap_or(&[]).iter().filter_map(|v| v.fact.as_ref());
                versions.into_iter().any(|fact| fact.index_terms().contains(term))
            });
            ids.sort_unstable();
            ids.dedup();
            self.postings.insert(term.map(FactId::clone), ids.clone());
        }
        let refers = all.iter().flatten().flat_map(|id| self.facts.get(id).unwrap_or(&[]));
        let facts = refers.filter_map(|v| v.fact.as_ref());
        let others: BTreeSet<&FactId> =
            facts.flat_map(|f| f.targets().chain(f.cites.iter().map(|c| &c.source))).collect();
        self.load(&others);
        all
    }

    /// Reads every version of these facts.
    fn load(&self, ids: &BTreeSet<&FactId>) {
        let wanted: Vec<&FactId> = ids.iter().copied().filter(|id| self.facts.get(*id).is_none()).collect();
        if wanted.is_empty() {
            return;
        }
        // An entry already read needs no search for its position. Corrections, which are rare, are
        // searched for all the facts at once.
        let own: Vec<Option<u64>> = wanted.iter().map(|id| self.own.borrow().get(*id).copied()).collect();
        let unknown = wanted.iter().zip(&own).filter(|(_, own)| own.is_none()).map(|(id, _)| IndexTerm::Id(*id));
        let terms: Vec<IndexTerm<&FactId>> = wanted.iter().copied().map(IndexTerm::Amended).chain(unknown).collect();
        let mut amended = self.find(&terms, usize::MAX);
        let mut found = amended.split_off(wanted.len()).into_iter();
        let own = own.into_iter().map(|own| own.map_or_else(|| found.next().unwrap_or_default(), |place| vec![place]));
        let places: Vec<Vec<u64>> = own.zip(amended).map(|(own, amended)| in_order(&[own, amended])).collect();
        self.fetch(in_order(&places));
        for (id, places) in wanted.into_iter().zip(places) {
            let mut records = Vec::with_capacity(1);
            for place in places {
                if self.entities.borrow().get(&place).and_then(Option::as_ref) == Some(id) {
                    records.extend(self.read.borrow_mut().remove(&place));
                }
            }
            let versions = Version::history(records, &mut |record| self.withdrawal(record));
            self.facts.insert(id.clone(), versions);
        }
    }

    /// Reads the first retraction of a record; `None` if there is none.
    fn withdrawal(&self, record: &FactId) -> Option<Recorded> {
        let places = self.find(&[IndexTerm::Amended(record)], usize::MAX);
        let read = self.or_failed(self.lookup.read(&in_order(&places)));
        read.into_iter().find(
            |r| matches!(&r.content, Content::Known(Fact { body: Body::Retraction { of, .. }, .. }) if of == record),
        )
    }

    fn find(&self, terms: &[IndexTerm<&FactId>], most: usize) -> Vec<Vec<u64>> {
        let mut found = self.or_failed(self.lookup.find(terms, most));
        found.resize(terms.len(), Vec::new());
        found
    }

    /// Reads the entries that were not read before.
    fn fetch(&self, mut places: Vec<u64>) {
        let mut entities = self.entities.borrow_mut();
        places.retain(|place| !entities.contains_key(place));
        for recorded in self.or_failed(self.lookup.read(&places)) {
            let entity = match &recorded.content {
                Content::Known(fact) => Some(fact.entity_id().clone()),
                _ => None,
            };
            if let Content::Known(Fact { id, .. }) = &recorded.content
                && entity.as_ref() == Some(id)
            {
                self.own.borrow_mut().insert(id.clone(), recorded.index);
            }
            entities.insert(recorded.index, entity);
            self.read.borrow_mut().insert(recorded.index, recorded);
        }
    }
}

impl FactSource for IndexedFacts {
    fn extent(&self) -> &Extent {
        &self.extent
    }

    fn versions(&self, id: &FactId) -> &[Version] {
        if let Some(known) = self.facts.get(id) {
            return known;
        }
        self.load(&BTreeSet::from([id]));
        self.facts.get(id).unwrap_or(&[])
    }

    fn lookup(&self, term: IndexTerm<&FactId>) -> Postings<'_> {
        let key = term.map(FactId::clone);
        if let Some(known) = self.postings.get(&key) {
            return Postings::ids(known);
        }
        let found = self.search(&[term]);
        if matches!(term, IndexTerm::Party(_) | IndexTerm::Owner(_)) {
            // A caller that asks for everything about a party asks next for the facts that link to
            // it.
            let all: BTreeSet<FactId> = found.into_iter().flatten().collect();
            self.search(&all.iter().map(IndexTerm::Target).collect::<Vec<_>>());
        }
        Postings::ids(self.postings.get(&key).unwrap_or(&[]))
    }

    fn lookup_first(&self, term: IndexTerm<&FactId>, most: usize) -> Vec<FactId> {
        self.first(term, most)
    }

    fn is_target(&self, id: &FactId) -> bool {
        self.lookup(IndexTerm::Target(id)).next().is_some()
    }

    fn has_many_measured(&self, metric: &FactId, most: usize) -> bool {
        self.shares(metric) > most
    }
}

/// Returns all positions in ascending order, each once.
fn in_order(places: &[Vec<u64>]) -> Vec<u64> {
    let mut all = places.concat();
    all.sort_unstable();
    all.dedup();
    all
}
