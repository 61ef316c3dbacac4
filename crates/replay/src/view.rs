use crate::{States, Version};
use chrono::NaiveDate;
use heldto_fact::{Body, Fact, FactId, Gist, Handle, Kind, LinkKind};

/// The days by which a report judges. The third clock, the log's own, is how many entries went into the states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Judged as at the end of this day.
    pub as_of: NaiveDate,
    /// Counting only what the public could know by the end of this day.
    pub known_by: NaiveDate,
}

/// The states as they stood to whoever knew by a day, judged as of a day.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    states: &'a States,
    clock: Clock,
}

impl<'a> View<'a> {
    /// A view of the states by these days.
    #[must_use]
    pub const fn new(states: &'a States, clock: Clock) -> Self {
        Self { states, clock }
    }

    /// The states.
    #[must_use]
    pub const fn states(&self) -> &'a States {
        self.states
    }

    /// The days.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// The fact as it was known: its newest version that the public could know by the day, unless it was retracted since.
    #[must_use]
    pub fn fact(&self, id: &FactId) -> Option<&'a Fact> {
        self.known(self.states.versions(id))
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
        self.holding(self.states.versions(id))
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
            let source = self.states.versions(id).last().and_then(|v| v.fact.as_ref());
            source.and_then(Fact::source_known_from).unwrap_or(recorded)
        };
        Some(fact.cites.iter().map(|c| of_source(&c.source)).min().unwrap_or(recorded))
    }

    /// The day from which the public could know a fact, in the version that holds.
    #[must_use]
    pub fn fact_known_from(&self, id: &FactId) -> Option<NaiveDate> {
        self.known_from(self.version(id)?)
    }

    /// The facts that link to this one, as they are known, each with its link.
    pub fn linked_from(&self, id: &'a FactId) -> impl Iterator<Item = (&'a Fact, &'a heldto_fact::Link)> + use<'a> {
        self.found_by(Handle::Target(id))
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
    pub fn found_by(&self, handle: Handle<&FactId>) -> impl Iterator<Item = &'a Fact> + use<'a> {
        let view = *self;
        self.states.versions_found_by(handle).filter_map(move |versions| view.known(versions))
    }

    /// Whether a party is known to owe something: whether some commitment of its own stands.
    #[must_use]
    pub fn owes(&self, party: &FactId) -> bool {
        let owed = |fact: &Fact| matches!(fact.body, Body::Pledge(_)) && fact.by.contains(party);
        // A body that owes much is not read whole to see that it owes something.
        let few = self.states.first_found_by(Handle::Owner(party), 20);
        few.iter().any(|id| self.fact(id).is_some_and(owed)) || self.found_by(Handle::Owner(party)).any(owed)
    }

    /// Every fact of which some version is such, as it is known, in the order of ids.
    pub fn facts(&self, such: &dyn Fn(Gist) -> bool) -> impl Iterator<Item = &'a Fact> + use<'a> {
        let view = *self;
        self.states.all(such).filter_map(move |versions| view.known(versions))
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
