//! Sources of the facts of a view: all of a log, or those that an index finds.
//!
//! Knows no clock and no judgement. Start at [`FactSource`].

use crate::disclosure::Disclosure;
use crate::work::Work;
use chrono::{DateTime, Utc};
use heldto_fact::{FactId, IndexTerm, Version};
use indexmap::IndexSet;
use std::collections::BTreeSet;

pub(crate) type Hashes = foldhash::fast::RandomState;

/// A source of facts: all of a log ([`crate::AllFacts`]), or those that an index finds
/// ([`crate::IndexedFacts`]).
///
/// Invariant: whatever both can give, they give alike.
pub trait FactSource: std::fmt::Debug {
    /// Returns the part of the log that is covered, with what the whole ledger says of it.
    fn extent(&self) -> &Extent;

    /// Returns every version of a fact, oldest first.
    fn versions(&self, id: &FactId) -> &[Version];

    /// Returns the ids with a version that has this index term, in order.
    fn lookup(&self, term: IndexTerm<&FactId>) -> Postings<'_>;

    /// Returns up to `most` candidates for an index term, at little cost.
    ///
    /// A candidate may share only the hash of the term; callers check each one.
    fn lookup_first(&self, term: IndexTerm<&FactId>, most: usize) -> Vec<FactId>;

    /// Returns `true` if some version of some fact links to this one.
    fn is_target(&self, id: &FactId) -> bool;

    /// Returns `true` if more than `most` party buckets contain a measurement of a metric; `false`
    /// also if that costs more than to list the parties.
    fn has_many_measured(&self, metric: &FactId, most: usize) -> bool;
}

/// The part of a log that a source covers, with what the whole ledger says of it.
#[derive(Debug, Default)]
pub struct Extent {
    /// Number of entries.
    pub size: u64,
    /// Time at which the last of them was recorded.
    pub last_recorded: Option<DateTime<Utc>>,
    /// Number of entries whose fact was erased.
    pub erased: u64,
    /// Erasures from these entries, whenever they were recorded, in the order of the log.
    pub erasures: Vec<Erasure>,
    /// Number of entries of a version or kind that this program cannot read.
    pub unreadable: u64,
    /// Sensitive facts; `None` until they are set: until then, the versions at hand decide.
    disclosure: Option<Disclosure>,
    work: Work,
}

/// An erasure, as its redactions record it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Index of the first redaction.
    pub entry: u64,
    /// Time at which the redactions were recorded.
    pub recorded_at: DateTime<Utc>,
    /// Ground of the decision.
    pub ground: String,
    /// Author of the decision.
    pub by: String,
    /// Number of entries whose fact was erased.
    pub facts: usize,
    /// Number of other entries of which a part was erased, such as quoted words.
    pub others: usize,
}

impl Extent {
    /// Returns the extent of the first `size` entries of a log.
    #[must_use]
    pub fn new(size: u64, last_recorded: Option<DateTime<Utc>>) -> Self {
        Self { size, last_recorded, ..Self::default() }
    }

    /// Sets the sensitive facts, and the number of entries about them, by the whole ledger.
    pub fn set_sensitive(&mut self, entities: BTreeSet<FactId>, entries: u64) {
        self.disclosure = Some(Disclosure::new(entities, entries));
    }

    pub(crate) const fn work(&self) -> &Work {
        &self.work
    }

    pub(crate) fn reset_work(&mut self) {
        self.work = Work::default();
    }

    pub(crate) const fn disclosure(&self) -> Option<&Disclosure> {
        self.disclosure.as_ref()
    }
}

/// The ids that an index term finds, in order.
#[derive(Debug, Clone)]
pub struct Postings<'s>(Form<'s>);

#[derive(Debug, Clone)]
enum Form<'s> {
    Ids(std::slice::Iter<'s, FactId>),
    Numbers(std::slice::Iter<'s, u32>, &'s IndexSet<FactId, Hashes>),
}

impl<'s> Postings<'s> {
    pub(crate) fn ids(ids: &'s [FactId]) -> Self {
        Self(Form::Ids(ids.iter()))
    }

    pub(crate) fn numbers(numbers: &'s [u32], names: &'s IndexSet<FactId, Hashes>) -> Self {
        Self(Form::Numbers(numbers.iter(), names))
    }
}

impl<'s> Iterator for Postings<'s> {
    type Item = &'s FactId;

    fn next(&mut self) -> Option<&'s FactId> {
        match &mut self.0 {
            Form::Ids(ids) => ids.next(),
            Form::Numbers(numbers, names) => numbers.next().map(|number| &names[*number as usize]),
        }
    }
}
