use crate::FactHistory;
use crate::work::Work;
use chrono::{DateTime, NaiveDate, Utc};
use heldto_fact::{Body, Fact, FactId, FactSummary, IndexTerm, Kind, LinkKind, PARTY_BUCKETS, Version};
use std::collections::BTreeSet;

/// The days by which a report judges. The third clock, the log's own, is how many entries went into the states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Clock {
    /// Judged as at the end of this day.
    pub as_of: NaiveDate,
    /// Counting only what the public could know by the end of this day.
    pub known_by: NaiveDate,
}

/// The states as they stood to whoever knew by a day, judged as of a day.
///
/// Invariant: without [`Self::with_sensitive`] a view gives no fact that is sensitive in any version. Everything that is judged, summed,
/// sorted, searched or linked comes from a view.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    history: &'a FactHistory,
    clock: Clock,
    is_sensitive: bool,
}

impl<'a> View<'a> {
    /// Returns a view of the states by these days, without what is sensitive.
    #[must_use]
    pub const fn new(history: &'a FactHistory, clock: Clock) -> Self {
        Self { history, clock, is_sensitive: false }
    }

    /// Returns the same view with what is sensitive, where that is asked for.
    #[must_use]
    pub const fn with_sensitive(self, is_sensitive: bool) -> Self {
        Self { is_sensitive, ..self }
    }

    /// Returns `true` if the view holds what is sensitive.
    #[must_use]
    pub const fn is_sensitive(&self) -> bool {
        self.is_sensitive
    }

    /// Returns how many entries of the whole ledger tell of what is sensitive, whatever the clock; 0 until
    /// [`FactHistory::set_sensitive`] says so.
    #[must_use]
    pub const fn sensitive_entries(&self) -> u64 {
        match self.history.disclosure() {
            Some(disclosure) => disclosure.entries(),
            None => 0,
        }
    }

    /// Returns `true` if the fact is sensitive in any version, or corrects or retracts one that is; until
    /// [`FactHistory::set_sensitive`] says which are, by the versions that the states hold.
    #[must_use]
    pub fn is_about_sensitive(&self, id: &FactId) -> bool {
        match self.history.disclosure() {
            Some(disclosure) => disclosure.sensitive().contains(id),
            None => self.history.versions(id).iter().filter_map(|v| v.fact.as_ref()).any(|fact| fact.sensitive),
        }
    }

    /// Returns the facts that are withheld unless they are asked for, where [`FactHistory::set_sensitive`] said which are: for those who check
    /// that nothing public names them.
    #[must_use]
    pub fn withheld(&self) -> Option<&'a BTreeSet<FactId>> {
        self.history.disclosure().map(crate::disclosure::Disclosure::sensitive)
    }

    /// Counts facts that a report holds against others.
    pub fn count_compared(&self, facts: usize) {
        self.work().compare(facts);
    }

    /// Returns how many commitments were judged, and how many facts were held against others, in all views of the states.
    #[must_use]
    pub const fn work_done(&self) -> (u64, u64) {
        self.history.work().done()
    }

    pub(crate) const fn work(&self) -> &'a Work {
        self.history.work()
    }

    /// Returns how many entries went into the states.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.history.size()
    }

    /// Returns when the last of them was recorded.
    #[must_use]
    pub const fn last_recorded(&self) -> Option<DateTime<Utc>> {
        self.history.last_recorded()
    }

    /// Returns how many of the entries had their fact erased.
    #[must_use]
    pub const fn erased(&self) -> u64 {
        self.history.erased
    }

    /// Returns how many of the entries are of a version or kind that this program cannot read.
    #[must_use]
    pub const fn unreadable(&self) -> u64 {
        self.history.unreadable
    }

    /// Returns `true` if some fact may link to this one.
    pub(crate) fn is_target(&self, id: &FactId) -> bool {
        self.history.is_target(id)
    }

    /// Returns every version of a fact, oldest first, whatever any clock says.
    #[must_use]
    pub fn versions(&self, id: &FactId) -> &'a [Version] {
        if self.tells_of(id) { self.history.versions(id) } else { &[] }
    }

    /// Returns `true` if the view holds all that the states hold.
    fn is_whole(&self) -> bool {
        self.is_sensitive || self.history.disclosure().is_some_and(|d| d.sensitive().is_empty())
    }

    /// The days.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// The fact as it was known: its newest version that the public could know by the day, unless it was retracted since.
    #[must_use]
    pub fn fact(&self, id: &FactId) -> Option<&'a Fact> {
        self.known(self.versions(id))
    }

    fn known(&self, versions: &'a [Version]) -> Option<&'a Fact> {
        self.holding(versions)?.fact.as_ref().filter(|fact| self.had_come(fact))
    }

    /// Whether it is looked back on the as-of day from a later day of knowing.
    #[must_use]
    pub fn is_hindsight(&self) -> bool {
        self.clock.known_by > self.clock.as_of
    }

    /// Looked back on, what certainly happened only after the as-of day is not there.
    fn had_come(&self, fact: &Fact) -> bool {
        let begins = fact.occurred.as_ref().and_then(|when| when.window().earliest);
        !self.is_hindsight() || begins.is_none_or(|day| day <= self.clock.as_of)
    }

    /// The version that holds, which may be a retraction.
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

    /// The day from which the public could know this version; `None` (which is before every day) for what only declares something.
    #[must_use]
    pub fn known_from(&self, version: &Version) -> Option<NaiveDate> {
        let fact = version.fact.as_ref()?;
        if matches!(fact.kind(), Kind::Party | Kind::Source | Kind::Metric) {
            return None;
        }
        let recorded = version.recorded_at.date_naive();
        let of_source = |id: &FactId| {
            // A source that was retracted was public all the same.
            let source = self.versions(id).iter().rev().find_map(|v| v.fact.as_ref());
            source.and_then(Fact::source_known_from).unwrap_or(recorded)
        };
        Some(fact.cites.iter().map(|c| of_source(&c.source)).min().unwrap_or(recorded))
    }

    /// The day from which the public could know a fact, in the version that holds.
    #[must_use]
    pub fn fact_known_from(&self, id: &FactId) -> Option<NaiveDate> {
        self.known_from(self.version(id)?)
    }

    /// Returns `true` if a fact cites sources, and every one of them was retracted.
    #[must_use]
    pub fn is_unsupported(&self, fact: &Fact) -> bool {
        let is_withdrawn = |id: &FactId| self.versions(id).last().is_some_and(|v| v.fact.is_none());
        !fact.cites.is_empty() && fact.cites.iter().all(|c| is_withdrawn(&c.source))
    }

    /// The facts that link to this one, as they are known, each with its link.
    pub fn linked_from(&self, id: &'a FactId) -> impl Iterator<Item = (&'a Fact, &'a heldto_fact::Link)> + use<'a> {
        self.lookup(IndexTerm::Target(id))
            .flat_map(move |fact| fact.links.iter().filter(move |l| l.to == *id).map(move |link| (fact, link)))
    }

    /// The facts that link to this one in one way.
    pub fn linked_as(
        &self,
        id: &'a FactId,
        kind: LinkKind,
    ) -> impl Iterator<Item = (&'a Fact, &'a heldto_fact::Link)> + use<'a> {
        self.linked_from(id).filter(move |(_, link)| link.kind == kind)
    }

    /// The facts of which some version has this handle, as they are known, in the order of ids.
    pub fn lookup(&self, term: IndexTerm<&FactId>) -> impl Iterator<Item = &'a Fact> + use<'a> {
        let view = *self;
        // Where nothing is left out, no id need be looked up again.
        let whole = self.is_whole().then(|| self.history.lookup_versions(term));
        let some = (!self.is_whole()).then(|| self.history.lookup(term));
        let some = some.into_iter().flatten().map(move |id| view.versions(id));
        whole.into_iter().flatten().chain(some).filter_map(move |versions| view.known(versions))
    }

    /// Returns the facts of which some version has this handle, in order, whatever any clock says.
    pub fn lookup_ids(&self, term: IndexTerm<&FactId>) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let view = *self;
        self.history.lookup(term).filter(move |id| view.tells_of(id))
    }

    /// Returns every id that something is recorded under, in order.
    pub fn ids(&self) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let view = *self;
        self.history.ids().filter(move |id| view.tells_of(id))
    }

    /// Returns every fact of which some version is of this kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let view = *self;
        self.history.of_kind(kind).filter(move |id| view.tells_of(id))
    }

    /// Returns every id of which something stands, whatever the clock says, in order, with its kind.
    pub fn standing(&self) -> impl Iterator<Item = (&'a FactId, Kind)> + use<'a> {
        let view = *self;
        self.history.standing().filter(move |(id, _)| view.tells_of(id))
    }

    /// Returns `true` unless a fact is left out of the view.
    fn tells_of(&self, id: &FactId) -> bool {
        self.is_whole() || !self.is_about_sensitive(id)
    }

    /// Returns every metric that has a measurement of some party.
    pub fn measured(&self) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let view = *self;
        self.history.measured().filter(move |metric| view.is_whole() || view.parties(metric).next().is_some())
    }

    /// Returns every party that some version of a measurement of this metric is of.
    pub fn parties(&self, metric: &FactId) -> impl Iterator<Item = &'a FactId> + use<'a> {
        let (view, measured) = (*self, metric.clone());
        let has_figures = move |party: &&'a FactId| {
            let figures = || view.lookup_ids(IndexTerm::Series(&measured, party));
            view.is_whole() || figures().any(|id| !view.versions(id).is_empty())
        };
        self.history.parties(metric).filter(has_figures)
    }

    /// Returns the parties that some version of a measurement of this metric is of, where there are no more than so many.
    #[must_use]
    pub fn few_measured(&self, metric: &FactId, most: usize) -> Option<BTreeSet<&'a FactId>> {
        let measures = |fact: &Fact| matches!(&fact.body, Body::Measurement { metric: m, .. } if m == metric);
        let of_it = |id: &FactId| self.history.versions(id).iter().filter_map(|v| v.fact.as_ref()).any(measures);
        // What is left out must not tell by whether there are many.
        let is_withheld = || self.history.disclosure().is_none_or(|d| d.sensitive().iter().any(of_it));
        if (self.is_whole() || !is_withheld()) && self.history.has_many_measured(metric, most) {
            return None;
        }
        let all = (0..PARTY_BUCKETS).flat_map(|n| self.lookup_ids(IndexTerm::PartyBucket(metric, n)));
        let versions = all.flat_map(|id| self.versions(id)).filter_map(|v| v.fact.as_ref());
        let parties: BTreeSet<&FactId> = versions.filter(|f| measures(f)).flat_map(Fact::subjects).collect();
        (parties.len() <= most).then_some(parties)
    }

    /// Whether a party is known to owe something: whether some commitment of its own stands.
    #[must_use]
    pub fn owes(&self, party: &FactId) -> bool {
        let owed = |fact: &Fact| matches!(fact.body, Body::Pledge(_)) && fact.by.contains(party);
        // A body that owes much is not read whole to see that it owes something.
        let few = self.history.lookup_first(IndexTerm::Owner(party), 20);
        few.iter().any(|id| self.fact(id).is_some_and(owed)) || self.lookup(IndexTerm::Owner(party)).any(owed)
    }

    /// Every fact of which some version is such, as it is known, in the order of ids.
    pub fn facts(&self, predicate: &dyn Fn(FactSummary) -> bool) -> impl Iterator<Item = &'a Fact> + use<'a> {
        let view = *self;
        let whole = self.is_whole().then(|| self.history.all(predicate));
        let some = (!self.is_whole()).then(|| self.history.ids_matching(predicate));
        let some = some.into_iter().flatten().map(move |id| view.versions(id));
        whole.into_iter().flatten().chain(some).filter_map(move |versions| view.known(versions))
    }

    /// The latest day from which the public could know any of these sources, as far as it was known by the day.
    pub fn newest_source<'f>(&self, sources: impl Iterator<Item = &'f Fact>) -> Option<NaiveDate> {
        sources.filter_map(Fact::source_known_from).filter(|day| *day <= self.clock.known_by).max()
    }

    /// The name of a party, a source or a metric; its id where it was not declared.
    #[must_use]
    pub fn name(&self, id: &'a FactId) -> &'a str {
        self.fact(id).map_or(id.as_str(), |fact| fact.text.as_str())
    }
}
