//! Facts read on demand, through an index of the log.
//!
//! Turns requests for ids and index terms into batched reads of entries, so that a report about one
//! body reads only the facts that name that body. It knows no storage: start with [`Lookup`], which
//! the caller implements, then `IndexedFacts::search`.

use elsa::FrozenMap;
use heldto_fact::{Body, Content, Fact, FactId, IndexTerm, PARTY_BUCKETS, Recorded, Version};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

/// Access to the entries of a log through an index.
///
/// `None` means that a read failed. The caller then folds the whole log, which reports the cause.
pub trait Lookup: Send {
    /// Returns, for each index term, the first `most` positions of the
    /// entries that have it, in order.
    ///
    /// A position too many (a hash collision) does no harm: candidates are checked.
    fn find(&self, terms: &[IndexTerm<&FactId>], most: usize) -> Option<Vec<Vec<u64>>>;

    /// Returns the entries at these positions, which must be in ascending order, each once.
    fn read(&self, places: &[u64]) -> Option<Vec<Recorded>>;
}

/// Cache of everything read so far.
pub(crate) struct IndexedFacts {
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
    failed: Cell<bool>,
}

impl std::fmt::Debug for IndexedFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Demand").field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl IndexedFacts {
    pub fn new(lookup: Box<dyn Lookup>) -> Self {
        Self {
            lookup,
            facts: FrozenMap::new(),
            postings: FrozenMap::new(),
            entities: RefCell::default(),
            own: RefCell::default(),
            read: RefCell::default(),
            failed: Cell::new(false),
        }
    }

    pub const fn is_complete(&self) -> bool {
        !self.failed.get()
    }

    pub fn mark_incomplete(&self) {
        self.failed.set(true);
    }

    pub fn versions(&self, id: &FactId) -> &[Version] {
        if let Some(known) = self.facts.get(id) {
            return known;
        }
        self.load(&BTreeSet::from([id]));
        self.facts.get(id).unwrap_or(&[])
    }

    pub fn lookup(&self, term: IndexTerm<&FactId>) -> &[FactId] {
        let key = term.map(FactId::clone);
        if let Some(known) = self.postings.get(&key) {
            return known;
        }
        let found = self.search(&[term]);
        if matches!(term, IndexTerm::Party(_) | IndexTerm::Owner(_)) {
            // A caller that asks for everything about a party asks next
            // for the facts that link to it.
            let all: BTreeSet<FactId> = found.into_iter().flatten().collect();
            self.search(&all.iter().map(IndexTerm::Target).collect::<Vec<_>>());
        }
        self.postings.get(&key).unwrap_or(&[])
    }

    /// Returns the facts at the first `most` positions of an index term, including hash collisions.
    pub fn lookup_first(&self, term: IndexTerm<&FactId>, most: usize) -> Vec<FactId> {
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
    pub fn shares(&self, metric: &FactId) -> usize {
        let terms: Vec<IndexTerm<&FactId>> = (0..PARTY_BUCKETS).map(|n| IndexTerm::PartyBucket(metric, n)).collect();
        let found = self.find(&terms, 1);
        let all = self.lookup.read(&in_order(&found)).unwrap_or_else(|| {
            self.mark_incomplete();
            Vec::new()
        });
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
        let told = |places: &Vec<u64>| places.iter().filter_map(|place| entities.get(place)?.clone()).collect();
        let mut all: Vec<Vec<FactId>> = places.iter().map(told).collect();
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
        let read = self.lookup.read(&in_order(&places)).unwrap_or_else(|| {
            self.mark_incomplete();
            Vec::new()
        });
        read.into_iter().find(
            |r| matches!(&r.content, Content::Known(Fact { body: Body::Retraction { of, .. }, .. }) if of == record),
        )
    }

    fn find(&self, terms: &[IndexTerm<&FactId>], most: usize) -> Vec<Vec<u64>> {
        self.lookup.find(terms, most).unwrap_or_else(|| {
            self.mark_incomplete();
            vec![Vec::new(); terms.len()]
        })
    }

    /// Reads the entries that were not read before.
    fn fetch(&self, mut places: Vec<u64>) {
        let mut entities = self.entities.borrow_mut();
        places.retain(|place| !entities.contains_key(place));
        for recorded in self.lookup.read(&places).unwrap_or_else(|| {
            self.mark_incomplete();
            Vec::new()
        }) {
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

/// Returns all positions in ascending order, each once.
fn in_order(places: &[Vec<u64>]) -> Vec<u64> {
    let mut all = places.concat();
    all.sort_unstable();
    all.dedup();
    all
}
