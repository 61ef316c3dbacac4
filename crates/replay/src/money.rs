//! Amounts added up as intervals, the same thing once.

use crate::{Cluster, View};
use heldto_fact::{Amount, Body, Fact, FactId, Interval, LinkKind, Role, Strength, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which facts tell of money.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Money {
    told_in: BTreeSet<FactId>,
}

impl Money {
    pub(crate) fn apply(&mut self, fact: &Fact) {
        if fact.amounts.iter().any(|a| matches!(a.unit, Unit::Money(_))) {
            self.told_in.insert(fact.id.clone());
        }
    }

    /// Every fact of which some version tells of money.
    pub fn told_in(&self) -> impl Iterator<Item = &FactId> {
        self.told_in.iter()
    }
}

/// A total of amounts in one unit.
#[derive(Debug, Clone)]
pub struct Total<'a> {
    /// What is known of the sum.
    pub sum: Interval,
    /// The unit.
    pub unit: Unit,
    /// The things counted.
    pub counted: Vec<Cluster<'a>>,
    /// Those left out because they are parts of one that is counted.
    pub parts: Vec<Cluster<'a>>,
    /// Those of the counted that may be the same, so that the sum is a range.
    pub may_overlap: Vec<Vec<&'a Fact>>,
}

impl Total<'_> {
    /// How many tellings were merged into the things counted.
    #[must_use]
    pub fn merged(&self) -> usize {
        self.counted.iter().map(|c| c.tellings.len() - 1).sum()
    }
}

/// What a party paid to settle complaints, decisions and the like; what is told of an identifiable child or family only where `sensitive`.
#[must_use]
pub fn payouts<'a>(view: &View<'a>, party: &FactId, sensitive: bool) -> Vec<Total<'a>> {
    let paid = |fact: &Fact| {
        matches!(fact.body, Body::Payout { .. }) && fact.by.contains(party) && (sensitive || !fact.sensitive)
    };
    let ids = view.states().money.told_in().filter(|id| view.fact(id).is_some_and(paid));
    totals(view, ids, |fact, amount| {
        (sensitive || !fact.sensitive) && amount.role == Role::Paid && matches!(amount.unit, Unit::Money(_))
    })
}

/// Totals by unit of the amounts that `pick` picks in these facts. The same thing told twice counts once; a part of what is counted is not added to it; what
/// may be the same gives a range. The order of the facts does not matter.
pub fn totals<'a>(
    view: &View<'a>,
    facts: impl Iterator<Item = &'a FactId>,
    pick: impl Fn(&Fact, &Amount) -> bool,
) -> Vec<Total<'a>> {
    let clusters: Vec<Cluster<'a>> = Cluster::each(view, facts);
    let tellings = || clusters.iter().flat_map(|c| &c.tellings);
    let picked = tellings().flat_map(|f| f.amounts.iter().filter(|a| pick(f, a)));
    let units: BTreeSet<Unit> = picked.map(|a| a.unit.clone()).collect();
    units.into_iter().filter_map(|unit| total_in(&clusters, &pick, unit)).collect()
}

fn total_in<'a>(clusters: &[Cluster<'a>], pick: &impl Fn(&Fact, &Amount) -> bool, unit: Unit) -> Option<Total<'a>> {
    let with_amount: Vec<(&Cluster<'a>, Interval)> =
        clusters.iter().filter_map(|c| Some((c, interval_of(c, pick, &unit)?))).collect();
    let is_part = |c: &Cluster<'a>| {
        c.tellings.iter().flat_map(|t| &t.links).any(|l| {
            l.kind == LinkKind::PartOf
                && l.strength != Strength::Possible
                && with_amount.iter().any(|(whole, _)| whole.holds(&l.to) && whole.first().id != c.first().id)
        })
    };
    let (parts, counted): (Vec<_>, Vec<_>) = with_amount.iter().partition(|(c, _)| is_part(c));
    let mut groups = overlapping(&counted);
    groups.sort_by_key(|g| g.first().map(|(c, _)| c.first().id.clone()));
    let mut sum = Interval::ZERO;
    for group in &groups {
        let joined = group.iter().map(|(_, i)| *i).reduce(|a, b| a.plus_overlapping(b).unwrap_or(Interval::ANY));
        sum = sum.plus(joined?).unwrap_or(Interval::ANY);
    }
    let firsts = |group: &Vec<(&Cluster<'a>, Interval)>| group.iter().map(|(c, _)| c.first()).collect();
    Some(Total {
        sum,
        unit,
        may_overlap: groups.iter().filter(|g| g.len() > 1).map(firsts).collect(),
        counted: counted.iter().map(|(c, _)| (*c).clone()).collect(),
        parts: parts.iter().map(|(c, _)| (*c).clone()).collect(),
    })
}

/// What all the tellings of one thing allow together; where they disagree, from the lowest to the highest. Several amounts in one telling add up.
fn interval_of(cluster: &Cluster<'_>, pick: &impl Fn(&Fact, &Amount) -> bool, unit: &Unit) -> Option<Interval> {
    let amounts = |t: &'_ Fact| -> Option<Interval> {
        let told = t.amounts.iter().filter(|a| a.unit == *unit && pick(t, a)).map(Amount::interval);
        told.reduce(|a, b| a.plus(b).unwrap_or(Interval::ANY))
    };
    cluster.tellings.iter().filter_map(|t| amounts(t)).reduce(|a, b| {
        a.meet(b).unwrap_or_else(|| {
            let low = if a.low.value <= b.low.value { a.low } else { b.low };
            let high = a.high.zip(b.high).map(|(x, y)| if x.value >= y.value { x } else { y });
            Interval { low, high }
        })
    })
}

/// Groups of things that may be the same money.
fn overlapping<'b, 'a>(counted: &[&'b (&'b Cluster<'a>, Interval)]) -> Vec<Vec<(&'b Cluster<'a>, Interval)>> {
    let tied = |a: &Cluster<'a>, b: &Cluster<'a>| {
        a.tellings.iter().flat_map(|t| &t.links).any(|l| {
            let overlaps = l.kind == LinkKind::MayOverlap
                || (l.strength == Strength::Possible
                    && matches!(l.kind, LinkKind::SameAs | LinkKind::Repeats | LinkKind::PartOf));
            overlaps && b.holds(&l.to)
        })
    };
    let mut groups: Vec<Vec<(&'b Cluster<'a>, Interval)>> = Vec::new();
    for (cluster, interval) in counted {
        let (touching, mut apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|g| g.iter().any(|(c, _)| tied(c, cluster) || tied(cluster, c)));
        let mut group: Vec<_> = touching.into_iter().flatten().collect();
        group.push((*cluster, *interval));
        apart.push(group);
        groups = apart;
    }
    groups
}
