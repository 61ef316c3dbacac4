//! Fact histories filtered by the two days of a [`Clock`] and by sensitivity.
//!
//! Turns a source into the facts that a report may use. It does not judge them. Start with
//! [`View::fact`] and [`View::known_from`].

use crate::source::FactSource;
use crate::work::Work;
use crate::{AllFacts, Clock, IndexedFacts};
use chrono::{DateTime, NaiveDate, Utc};
use heldto_fact::{Body, Fact, FactId, FactSummary, IndexTerm, Kind, LinkKind, PARTY_BUCKETS, Version};
use std::collections::BTreeSet;
use std::ops::Deref;

/// Fact histories as known by one day and judged as of another.
///
/// Invariant: without [`Self::with_sensitive`] a view never gives a fact that is sensitive in any
/// version. Everything that is judged, summed, sorted, searched or linked comes from a view.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    source: &'a dyn FactSource,
    /// All facts, if the source has them.
    all: Option<&'a AllFacts>,
    clock: Clock,
    is_sensitive: bool,
}

impl<'a> View<'a> {
    /// Returns a view of all facts by these days, without the sensitive ones.
    #[must_use]
    pub fn new(all: &'a AllFacts, clock: Clock) -> Self {
        Self { source: all, all: Some(all), clock, is_sensitive: false }
    }

    /// Returns a view of the facts that an index finds, without the sensitive ones.
    #[must_use]
    pub fn indexed(facts: &'a IndexedFacts, clock: Clock) -> Self {
        Self { source: facts, all: None, clock, is_sensitive: false }
    }

    /// Returns the same view by other days.
    #[must_use]
    pub const fn at(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Returns the view of all facts, if the source has them.
    #[must_use]
    pub fn all(self) -> Option<AllView<'a>> {
        Some(AllView { view: self, facts: self.all? })
    }

    /// Returns the same view, with sensitive facts if `is_sensitive`.
    #[must_use]
    pub const fn with_sensitive(self, is_sensitive: bool) -> Self {
        Self { is_sensitive, ..self }
    }

    /// Returns `true` if the view includes sensitive facts.
    #[must_use]
    pub const fn is_sensitive(&self) -> bool {
        self.is_sensitive
    }

    /// Returns the number of entries in the whole ledger that record sensitive facts.
    ///
    /// Equal for every clock, and 0 until [`crate::Extent::set_sensitive`] is called.
    #[must_use]
    pub fn sensitive_entries(&self) -> u64 {
        match self.source.extent().disclosure() {
            Some(disclosure) => disclosure.entries(),
            None => 0,
        }
    }

    /// Returns `true` if the fact is sensitive in any version, or corrects or
    /// retracts a sensitive fact.
    ///
    /// Until [`crate::Extent::set_sensitive`] is called, the versions in the states decide.
    #[must_use]
    pub fn is_about_sensitive(&self, id: &FactId) -> bool {
        match self.source.extent().disclosure() {
            Some(disclosure) => disclosure.sensitive().contains(id),
            None => self.source.versions(id).iter().filter_map(|v| v.fact.as_ref()).any(|fact| fact.sensitive),
        }
    }

    /// Returns the ids that are withheld by default; `None` until
    /// [`crate::Extent::set_sensitive`] is called.
    ///
    /// For callers that check that nothing public names a withheld fact.
    #[must_use]
    pub fn withheld(&self) -> Option<&'a BTreeSet<FactId>> {
        self.source.extent().disclosure().map(crate::disclosure::Disclosure::sensitive)
    }

    /// Adds to the number of facts that a report compared with others.
    pub fn count_compared(&self, facts: usize) {
        self.work().compare(facts);
    }

    /// Returns the numbers of commitments judged and of facts compared,
    /// over all views of the states.
    #[must_use]
    pub fn work_done(&self) -> (u64, u64) {
        self.source.extent().work().done()
    }

    pub(crate) fn work(&self) -> &'a Work {
        self.source.extent().work()
    }

    /// Returns the number of log entries up to the last one in the states.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.source.extent().size
    }

    /// Returns the time at which the last of these entries was recorded.
    #[must_use]
    pub fn last_recorded(&self) -> Option<DateTime<Utc>> {
        self.source.extent().last_recorded
    }

    /// Returns the number of entries whose fact was erased.
    #[must_use]
    pub fn erased(&self) -> u64 {
        self.source.extent().erased
    }

    /// Returns the erasures, in the order of the log.
    #[must_use]
    pub fn erasures(&self) -> &'a [crate::Erasure] {
        &self.source.extent().erasures
    }

    /// Returns the number of entries of a version or kind that this program cannot read.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.source.extent().unreadable
    }

    /// Returns `true` if some version of some fact links to this one.
    pub(crate) fn is_target(&self, id: &FactId) -> bool {
        self.source.is_target(id)
    }

    /// Returns every version of a fact, oldest first, regardless of the clock.
    #[must_use]
    pub fn versions(&self, id: &FactId) -> &'a [Version] {
        if self.tells_of(id) { self.source.versions(id) } else { &[] }
    }

    /// Returns `true` if the view includes all that the states hold.
    fn is_whole(&self) -> bool {
        self.is_sensitive || self.source.extent().disclosure().is_some_and(|d| d.sensitive().is_empty())
    }

    /// Returns the two days of the view.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// Returns the newest version of a fact that the public could know by the known-by day.
    ///
    /// `None` if the fact was retracted since, is withheld, or, in hindsight, certainly
    /// happened only after the as-of day.
    #[must_use]
    pub fn fact(&self, id: &FactId) -> Option<&'a Fact> {
        self.known(self.versions(id))
    }

    fn known(&self, versions: &'a [Version]) -> Option<&'a Fact> {
        self.holding(versions)?.fact.as_ref().filter(|fact| self.had_come(fact))
    }

    /// Returns `true` if the known-by day is later than the as-of day.
    #[must_use]
    pub fn is_hindsight(&self) -> bool {
        self.clock.known_by > self.clock.as_of
    }

    /// Returns `false` if, in hindsight, the fact certainly happened only after the as-of day.
    fn had_come(&self, fact: &Fact) -> bool {
        let begins = fact.occurred.as_ref().and_then(|when| when.window().earliest);
        !self.is_hindsight() || begins.is_none_or(|day| day <= self.clock.as_of)
    }

    /// Returns the version that holds by the known-by day.
    ///
    /// A retraction that is the newest version holds on every known-by day.
    #[must_use]
    pub fn version(&self, id: &FactId) -> Option<&'a Version> {
        self.holding(self.versions(id))
    }

    fn holding(&self, versions: &'a [Version]) -> Option<&'a Version> {
        let newest = versions.last()?;
        if newest.fact.is_none() {
            return Some(newest);
        }
        versions.iter().rev().find(|v| self.known_from(v) <= Some(self.clock.known_by))
    }

    /// Returns the day from which the public could know this version.
    ///
    /// That is the earliest day of the cited sources, or the day of recording if there is none.
    /// `None`, which sorts before every day, for a retraction and for the declaration of a
    /// party, a source or a metric.
    #[must_use]
    pub fn known_from(&self, version: &Version) -> Option<NaiveDate> {
        let fact = version.fact.as_ref()?;
        if matches!(fact.kind(), Kind::Party | Kind::Source | Kind::Metric) {
            return None;
        }
        let recorded = version.recorded_at.date_naive();
        let of_source = |id: &FactId| {
            // A source that was retracted later was public all the same.
            let source = self.versions(id).iter().rev().find_map(|v| v.fact.as_ref());
            source.and_then(Fact::source_known_from).unwrap_or(recorded)
        };
        Some(fact.cites.iter().map(|c| of_source(&c.source)).min().unwrap_or(recorded))
    }

    /// Returns the day from which the public could know a fact, in the version that holds.
    #[must_use]
    pub fn fact_known_from(&self, id: &FactId) -> Option<NaiveDate> {
        self.known_from(self.version(id)?)
    }

    /// Returns `true` if a fact cites sources and all of them were retracted.
    #[must_use]
    pub fn is_unsupported(&self, fact: &Fact) -> bool {
        let is_withdrawn = |id: &FactId| self.versions(id).last().is_some_and(|v| v.fact.is_none());
        !fact.cites.is_empty() && fact.cites.iter().all(|c| is_withdrawn(&c.source))
    }

    /// Returns the known facts that link to this one, each with its link.
    pub fn linked_from(&self, id: &'a FactId) -> impl Iterator<Item = (&'a Fact, &'a heldto_fact::Link)> + use<'a> {
        self.lookup(IndexTerm::Target(id))
            .flat_map(move |fact| fact.links.iter().filter(move |l| l.to == *id).map(move |link| (fact, link)))
    }

    /// Returns the known facts that link to this one by a link of this kind, each with its link.
    pub fn linked_as(
        &self,
        id: &'a FactId,
        kind: LinkKind,
    ) -> impl Iterator<Item = (&'a Fact, &'a heldto_fact::Link)> + use<'a> {
        self.linked_from(id).filter(move |(_, link)| link.kind == kind)
    }

    /// Returns the facts with a version that has this index term, as known,
    /// in the order of their ids.
    pub fn lookup(&self, term: IndexTerm<&FactId>) -> impl Iterator<Item = &'a Fact> + use<'a> {
        let view = *self;
        // If nothing is withheld, no id need be looked up again.
        let all = self.all.filter(|_| self.is_whole());
        let whole = all.map(|all| all.lookup_versions(term));
        let some = all.is_none().then(|| self.source.lookup(term));
        let some = some.into_iter().flatten().map(move |id| view.versions(id));
        whole.into_iter().flatten().chain(some).filter_map(move |versions| view.known(versions))
    }

    /// Returns the ids with a version that has this index term, in order, regardless of the clock.
    pub fn lookup_ids(&self, term: IndexTerm<&FactId>) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let view = *self;
        self.source.lookup(term).filter(move |id| view.tells_of(id))
    }

    /// Returns `true` unless the view withholds this fact.
    fn tells_of(&self, id: &FactId) -> bool {
        self.is_whole() || !self.is_about_sensitive(id)
    }

    /// Returns the parties that some version of a measurement of this metric is about.
    ///
    /// `None` if there are more than `most`.
    #[must_use]
    pub fn few_measured(&self, metric: &FactId, most: usize) -> Option<BTreeSet<&'a FactId>> {
        let measures = |fact: &Fact| matches!(&fact.body, Body::Measurement { metric: m, .. } if m == metric);
        let is_of_metric = |id: &FactId| self.source.versions(id).iter().filter_map(|v| v.fact.as_ref()).any(measures);
        // The shortcut must not reveal, by the number of parties, that a withheld fact exists.
        let is_withheld = || self.source.extent().disclosure().is_none_or(|d| d.sensitive().iter().any(is_of_metric));
        if (self.is_whole() || !is_withheld()) && self.source.has_many_measured(metric, most) {
            return None;
        }
        let all = (0..PARTY_BUCKETS).flat_map(|n| self.lookup_ids(IndexTerm::PartyBucket(metric, n)));
        let versions = all.flat_map(|id| self.versions(id)).filter_map(|v| v.fact.as_ref());
        let parties: BTreeSet<&FactId> = versions.filter(|f| measures(f)).flat_map(Fact::subjects).collect();
        (parties.len() <= most).then_some(parties)
    }

    /// Returns `true` if some known commitment is owed by this party.
    #[must_use]
    pub fn owes(&self, party: &FactId) -> bool {
        let owed = |fact: &Fact| matches!(fact.body, Body::Pledge(_)) && fact.by.contains(party);
        // A few candidates usually decide, so that a party with many
        // commitments is not read in full.
        let few = self.source.lookup_first(IndexTerm::Owner(party), 20);
        few.iter().any(|id| self.fact(id).is_some_and(owed)) || self.lookup(IndexTerm::Owner(party)).any(owed)
    }

    /// Returns the latest day from which the public could know any of these sources.
    ///
    /// Days after the known-by day are left out.
    pub fn newest_source<'f>(&self, sources: impl Iterator<Item = &'f Fact>) -> Option<NaiveDate> {
        sources.filter_map(Fact::source_known_from).filter(|day| *day <= self.clock.known_by).max()
    }

    /// Returns the declared name of a party, a source or a metric, or the
    /// id if it was not declared.
    #[must_use]
    pub fn name(&self, id: &'a FactId) -> &'a str {
        self.fact(id).map_or(id.as_str(), |fact| fact.text.as_str())
    }
}

/// A view of all facts: what a report on everything needs.
#[derive(Debug, Clone, Copy)]
pub struct AllView<'a> {
    view: View<'a>,
    facts: &'a AllFacts,
}

impl<'a> Deref for AllView<'a> {
    type Target = View<'a>;

    fn deref(&self) -> &View<'a> {
        &self.view
    }
}

impl<'a> AllView<'a> {
    /// Returns the same view by other days.
    #[must_use]
    pub const fn at(self, clock: Clock) -> Self {
        Self { view: self.view.at(clock), ..self }
    }

    /// Returns a view of all facts by these days, without the sensitive ones.
    #[must_use]
    pub fn new(facts: &'a AllFacts, clock: Clock) -> Self {
        Self { view: View::new(facts, clock), facts }
    }

    /// Returns the same view, with sensitive facts if `is_sensitive`.
    #[must_use]
    pub const fn with_sensitive(self, is_sensitive: bool) -> Self {
        Self { view: self.view.with_sensitive(is_sensitive), ..self }
    }

    /// Returns every id that a fact is recorded under, in order.
    pub fn ids(&self) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let view = self.view;
        self.facts.ids().filter(move |id| view.tells_of(id))
    }

    /// Returns every id with a version of this kind, in order.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let view = self.view;
        self.facts.of_kind(kind).filter(move |id| view.tells_of(id))
    }

    /// Returns every id that is not retracted, in order, with the kind of its newest version.
    ///
    /// The clock is disregarded.
    pub fn standing(&self) -> impl Iterator<Item = (&'a FactId, Kind)> + use<'a> {
        let view = self.view;
        self.facts.standing().filter(move |(id, _)| view.tells_of(id))
    }

    /// Returns every metric that has a measurement of some party.
    pub fn measured(&self) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let all = *self;
        self.facts.measured().filter(move |metric| all.view.is_whole() || all.parties(metric).next().is_some())
    }

    /// Returns every party that some version of a measurement of this metric is about.
    pub fn parties(&self, metric: &FactId) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let view = self.view;
        let measured = metric.clone();
        let has_figures = move |party: &&'a FactId| {
            let figures = || view.lookup_ids(IndexTerm::Series(&measured, party));
            view.is_whole() || figures().any(|id| !view.versions(id).is_empty())
        };
        self.facts.parties(metric).filter(has_figures)
    }

    /// Returns every fact with a version that matches, as known, in the order of their ids.
    pub fn facts(&self, predicate: &dyn Fn(FactSummary) -> bool) -> impl Iterator<Item = &'a Fact> + use<'a> {
        let view = self.view;
        let whole = self.view.is_whole().then(|| self.facts.all(predicate));
        let some = (!self.view.is_whole()).then(|| self.facts.ids_matching(predicate));
        let some = some.into_iter().flatten().map(move |id| view.versions(id));
        whole.into_iter().flatten().chain(some).filter_map(move |versions| view.known(versions))
    }
}
