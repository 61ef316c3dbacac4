//! Amounts of money added up as intervals, the same money once.

use crate::{Cluster, View};
use heldto_fact::{Body, Fact, FactId, Interval, LinkKind, Role, Strength, Unit};
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

/// A total of money in one role and one currency.
#[derive(Debug, Clone)]
pub struct Total<'a> {
    /// What is known of the sum.
    pub sum: Interval,
    /// The currency.
    pub unit: Unit,
    /// The things counted, each by the telling known first.
    pub counted: Vec<&'a Fact>,
    /// How many tellings were merged into them.
    pub merged: usize,
    /// Those left out because they are parts of one that is counted.
    pub parts: Vec<&'a Fact>,
    /// Whether some of it may be the same money, so that the sum is a range.
    pub may_overlap: bool,
}

/// What a party paid to settle complaints, decisions and the like.
#[must_use]
pub fn payouts<'a>(view: &View<'a>, party: &FactId) -> Vec<Total<'a>> {
    total(view, Role::Paid, |fact| matches!(fact.body, Body::Payout { .. }) && fact.by.contains(party))
}

/// Totals by currency of the amounts of one role in the facts that `pick` picks. The same money told twice counts once; a part of what is counted is not
/// added to it; what may be the same money gives a range. The order of the facts does not matter.
pub fn total<'a>(view: &View<'a>, role: Role, pick: impl Fn(&Fact) -> bool) -> Vec<Total<'a>> {
    let money = &view.states().money;
    let ids = money.told_in().filter(|id| view.fact(id).is_some_and(&pick));
    let clusters: Vec<Cluster<'a>> = Cluster::each(view, ids);
    let units: BTreeSet<Unit> = clusters.iter().flat_map(|c| &c.tellings).flat_map(|f| units_of(f, role)).collect();
    units.into_iter().filter_map(|unit| total_in(&clusters, role, unit)).collect()
}

fn units_of(fact: &Fact, role: Role) -> impl Iterator<Item = Unit> {
    fact.amounts.iter().filter(move |a| a.role == role && matches!(a.unit, Unit::Money(_))).map(|a| a.unit.clone())
}

fn total_in<'a>(clusters: &[Cluster<'a>], role: Role, unit: Unit) -> Option<Total<'a>> {
    let with_amount: Vec<(&Cluster<'a>, Interval)> =
        clusters.iter().filter_map(|c| Some((c, interval_of(c, role, &unit)?))).collect();
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
    Some(Total {
        sum,
        unit,
        merged: counted.iter().map(|(c, _)| c.tellings.len() - 1).sum(),
        may_overlap: groups.iter().any(|g| g.len() > 1),
        counted: counted.iter().map(|(c, _)| c.first()).collect(),
        parts: parts.iter().map(|(c, _)| c.first()).collect(),
    })
}

/// What all the tellings of one thing allow together; where they disagree, from the lowest to the highest.
fn interval_of(cluster: &Cluster<'_>, role: Role, unit: &Unit) -> Option<Interval> {
    let told = cluster.tellings.iter().flat_map(|t| &t.amounts).filter(|a| a.role == role && a.unit == *unit);
    told.map(heldto_fact::Amount::interval).reduce(|a, b| {
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
