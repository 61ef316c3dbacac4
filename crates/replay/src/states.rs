use crate::demand::{Demand, Lookup};
use chrono::{DateTime, Utc};
use heldto_fact::{Body, Content, Fact, FactId, Handle, Recorded, Unit};
use indexmap::IndexMap;
use indexmap::map::Entry;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

type Hashes = foldhash::fast::RandomState;

/// All that the log says: folded entry by entry, or read when it is first asked for.
///
/// Law: whatever is read on demand is what a fold of the whole log gives; what only a fold can give, [`Self::answered`] tells.
#[derive(Debug, Default)]
pub struct States {
    size: u64,
    last_recorded: Option<DateTime<Utc>>,
    facts: IndexMap<FactId, Vec<Version>, Hashes>,
    /// The places of the facts in the order of their ids, once they were asked for.
    in_order: OnceCell<Vec<usize>>,
    found_by: HashMap<Key, Ids, Hashes>,
    /// What some version of something links to.
    targets: HashSet<FactId, Hashes>,
    pledges: BTreeSet<FactId>,
    sources: BTreeSet<FactId>,
    measured: BTreeMap<FactId, BTreeSet<FactId>>,
    /// Entries whose fact was erased.
    pub erased: u64,
    /// Entries of a version that this program cannot read.
    pub unreadable: u64,
    demand: Option<Demand>,
}

/// What one entry says a fact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The entry.
    pub index: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The fact from here on; `None` where it was retracted.
    pub fact: Option<Fact>,
    /// Why it was corrected or retracted.
    pub reason: Option<String>,
}

/// A handle that keeps what it names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    what: &'static str,
    names: FactId,
    of: Option<FactId>,
    share: u8,
}

/// Ids as they come, put in order when they are first asked for.
#[derive(Debug, Default)]
struct Ids {
    all: Vec<FactId>,
    /// What they are in order, where they did not come so.
    in_order: OnceCell<Option<Vec<FactId>>>,
}

impl Ids {
    fn push(&mut self, id: &FactId) {
        if self.all.last() != Some(id) {
            self.in_order.take();
            self.all.push(id.clone());
        }
    }

    fn in_order(&self) -> &[FactId] {
        let sorted = self.in_order.get_or_init(|| {
            let sort = || {
                let mut all: Vec<FactId> = sorted(&self.all).into_iter().map(|n| self.all[n].clone()).collect();
                all.dedup();
                all
            };
            (!self.all.is_sorted_by(|a, b| a < b)).then(sort)
        });
        sorted.as_ref().unwrap_or(&self.all)
    }
}

/// The places of ids in their order.
fn sorted<'i>(ids: impl IntoIterator<Item = &'i FactId>) -> Vec<usize> {
    // Most are told apart by what they begin with, which needs no look at where each is kept.
    let begins = |id: &FactId| {
        let mut first = [0; 16];
        id.as_str().bytes().zip(&mut first).for_each(|(byte, place)| *place = byte);
        u128::from_be_bytes(first)
    };
    let mut all: Vec<(u128, usize, &FactId)> = ids.into_iter().enumerate().map(|(n, id)| (begins(id), n, id)).collect();
    all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| a.2.cmp(b.2)));
    all.into_iter().map(|(_, n, _)| n).collect()
}

impl From<&Handle<'_>> for Key {
    fn from(handle: &Handle<'_>) -> Self {
        let (what, names, of, share) = match *handle {
            Handle::Id(id) => ("id", id, None, 0),
            Handle::Party(id) => ("party", id, None, 0),
            Handle::Owner(id) => ("owner", id, None, 0),
            Handle::Control(id) => ("control", id, None, 0),
            Handle::Target(id) => ("target", id, None, 0),
            Handle::Series(metric, party) => ("series", metric, Some(party.clone()), 0),
            Handle::Share(metric, share) => ("share", metric, None, share),
        };
        Self { what, names: names.clone(), of, share }
    }
}

impl Version {
    /// What the entry says, and of which thing. `None` where it says nothing of a fact.
    pub(crate) fn of(recorded: Recorded) -> Option<(FactId, Self)> {
        let Content::Known(fact) = recorded.content else { return None };
        let (id, fact, reason) = match fact.body {
            Body::Correction { of, reason, replacement } => (of, Some(*replacement), Some(reason)),
            Body::Retraction { of, reason } => (of, None, Some(reason)),
            _ => (fact.id.clone(), Some(fact), None),
        };
        Some((id, Self { index: recorded.index, recorded_at: recorded.recorded_at, fact, reason }))
    }
}

impl States {
    /// States of which each fact is read when it is first asked for: of the first `size` entries of a log, the last of them recorded then.
    #[must_use]
    pub fn on_demand(size: u64, last_recorded: Option<DateTime<Utc>>, lookup: Box<dyn Lookup>) -> Self {
        Self { size, last_recorded, demand: Some(Demand::new(lookup)), ..Self::default() }
    }

    /// Whether everything that was asked for was there to be given. States on demand cannot give every fact there is, nor what cannot be read: then what was
    /// made of them is to be thrown away, and made of a fold.
    #[must_use]
    pub fn answered(&self) -> bool {
        self.demand.as_ref().is_none_or(Demand::answered)
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

    /// Takes in the next entry.
    pub fn apply(&mut self, recorded: Recorded) {
        self.size = recorded.index + 1;
        self.last_recorded = Some(recorded.recorded_at);
        match recorded.content {
            Content::Known(_) => {}
            Content::Own(_) => return,
            Content::Erased(_) => {
                self.erased += 1;
                return;
            }
            Content::Unreadable => {
                self.unreadable += 1;
                return;
            }
        }
        let Some((id, version)) = Version::of(recorded) else { return };
        if let Some(fact) = &version.fact {
            // Only ids are kept, of every version that ever said so; a view looks at the version that holds.
            for handle in fact.handles().iter().filter(|h| !matches!(h, Handle::Id(_))) {
                self.found_by.entry(Key::from(handle)).or_default().push(&id);
                if let Handle::Target(target) = handle {
                    self.targets.insert((*target).clone());
                }
            }
            match &fact.body {
                Body::Pledge(_) => drop(self.pledges.insert(id.clone())),
                Body::Source { .. } => drop(self.sources.insert(id.clone())),
                Body::Measurement { metric, .. } => {
                    self.measured.entry(metric.clone()).or_default().extend(fact.subjects().iter().cloned());
                }
                _ => {}
            }
        }
        self.in_order.take();
        match self.facts.entry(id) {
            // Most facts have one version and never another: no room is kept for more.
            Entry::Vacant(place) => drop(place.insert(vec![version])),
            Entry::Occupied(mut versions) => versions.get_mut().push(version),
        }
    }

    /// Every version of a fact, oldest first.
    #[must_use]
    pub fn versions(&self, id: &FactId) -> &[Version] {
        match &self.demand {
            Some(demand) => demand.versions(id),
            None => self.facts.get(id).map_or(&[], Vec::as_slice),
        }
    }

    /// The facts of which some version has this handle, in order.
    pub fn found_by<'s>(&'s self, handle: Handle<'_>) -> impl Iterator<Item = &'s FactId> + use<'s> {
        let found = match &self.demand {
            Some(demand) => demand.found_by(handle),
            None => self.found_by.get(&Key::from(&handle)).map_or(&[][..], Ids::in_order),
        };
        found.iter()
    }

    /// Whether some version of something links to this.
    #[must_use]
    pub fn is_target(&self, id: &FactId) -> bool {
        match &self.demand {
            Some(demand) => !demand.found_by(Handle::Target(id)).is_empty(),
            None => self.targets.contains(id),
        }
    }

    /// Some of the facts of which some version has this handle, as many as it does not cost much to give.
    #[must_use]
    pub fn first_found_by(&self, handle: Handle<'_>, most: usize) -> Vec<FactId> {
        match &self.demand {
            Some(demand) => demand.first_found_by(handle, most),
            None => self.found_by(handle).take(most).cloned().collect(),
        }
    }

    /// The parties that some version of a measurement of this metric is of, where there are no more than so many.
    #[must_use]
    pub fn few_measured(&self, metric: &FactId, most: usize) -> Option<BTreeSet<&FactId>> {
        if let Some(demand) = &self.demand
            && demand.shares(metric) > most
        {
            return None;
        }
        let all = (0..Handle::SHARES).flat_map(|n| self.found_by(Handle::Share(metric, n)));
        let versions = all.flat_map(|id| self.versions(id)).filter_map(|v| v.fact.as_ref());
        let of = versions.filter(|f| matches!(&f.body, Body::Measurement { metric: m, .. } if m == metric));
        let parties: BTreeSet<&FactId> = of.flat_map(Fact::subjects).collect();
        (parties.len() <= most).then_some(parties)
    }

    /// Every id, in order.
    pub fn ids(&self) -> impl Iterator<Item = &FactId> {
        self.all().map(|(id, _)| id)
    }

    /// Every id with its versions, in order.
    pub fn all(&self) -> impl Iterator<Item = (&FactId, &[Version])> {
        self.whole();
        let in_order = self.in_order.get_or_init(|| sorted(self.facts.keys()));
        in_order.iter().filter_map(|place| self.facts.get_index(*place)).map(|(id, versions)| (id, versions.as_slice()))
    }

    /// Every fact that stands, at its newest version, whatever any clock says.
    pub fn standing(&self) -> impl Iterator<Item = &Fact> {
        self.all().filter_map(|(_, versions)| versions.last()?.fact.as_ref())
    }

    /// Every fact of which some version is a pledge.
    pub fn pledges(&self) -> impl Iterator<Item = &FactId> {
        self.whole();
        self.pledges.iter()
    }

    /// Every fact of which some version is a source.
    pub fn sources(&self) -> impl Iterator<Item = &FactId> {
        self.whole();
        self.sources.iter()
    }

    /// Every metric that has a measurement.
    pub fn measured(&self) -> impl Iterator<Item = &FactId> {
        self.whole();
        self.measured.keys()
    }

    /// Every party that some version of a measurement of this metric is of.
    pub fn parties(&self, metric: &FactId) -> impl Iterator<Item = &FactId> {
        self.whole();
        self.measured.get(metric).into_iter().flatten()
    }

    /// Notes that something was asked for which only a fold can give.
    fn whole(&self) {
        if let Some(demand) = &self.demand {
            demand.fail();
        }
    }
}

/// Whether a fact tells of money.
pub(crate) fn tells_of_money(fact: &Fact) -> bool {
    fact.amounts.iter().any(|a| matches!(a.unit, Unit::Money(_)))
}
