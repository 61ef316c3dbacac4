//! Amounts added up as intervals, the same thing once.

use crate::fact_history::tells_of_money;
use crate::{Cluster, View};
use heldto_fact::{Amount, Body, Fact, FactId, IndexTerm, Interval, LinkKind, Role, Strength, Unit};
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    /// The amount of each thing, by the id of its first telling.
    amounts: BTreeMap<&'a FactId, Interval>,
}

impl Total<'_> {
    /// Returns the amount of one of the things, as it went into the sum or was left out of it.
    #[must_use]
    pub fn amount_of(&self, entity: &Cluster<'_>) -> Option<Interval> {
        self.amounts.get(&entity.first().id).copied()
    }

    /// How many tellings were merged into the things counted.
    #[must_use]
    pub fn merged(&self) -> usize {
        self.counted.iter().map(|c| c.mentions.len() - 1).sum()
    }
}

/// Returns what a party paid to settle complaints, decisions and the like.
#[must_use]
pub fn payouts<'a>(view: &View<'a>, party: &FactId) -> Vec<Total<'a>> {
    let paid =
        |fact: &Fact| matches!(fact.body, Body::Payout { .. }) && tells_of_money(fact) && fact.by.contains(party);
    let facts = view.lookup(IndexTerm::Party(party)).filter(|fact| paid(fact));
    totals(view, facts, |_, amount| amount.role == Role::Paid && matches!(amount.unit, Unit::Money(_)))
}

/// Totals by unit of the amounts that `pick` picks in these facts. The same thing told twice counts once; a part of what is counted is not added to it; what
/// may be the same gives a range. The order of the facts does not matter.
pub fn totals<'a>(
    view: &View<'a>,
    facts: impl Iterator<Item = &'a Fact>,
    pick: impl Fn(&Fact, &Amount) -> bool,
) -> Vec<Total<'a>> {
    let clusters: Vec<Cluster<'a>> = Cluster::each(view, facts);
    let mentions = || clusters.iter().flat_map(|c| c.mentions.iter());
    let picked = mentions().flat_map(|f| f.amounts.iter().filter(|a| pick(f, a)));
    let mut units: BTreeSet<Unit> = BTreeSet::new();
    for amount in picked {
        if !units.contains(&amount.unit) {
            units.insert(amount.unit.clone());
        }
    }
    match units.first() {
        // Things without any link are parts of none, and nothing says that some may be the same.
        Some(unit) if units.len() == 1 && mentions().all(|f| f.links.is_empty()) => {
            let (mut sum, mut amounts) = (Interval::ZERO, BTreeMap::new());
            let has_amount = |c: &Cluster<'a>| {
                let Some(interval) = interval_of(c, &pick, unit) else { return false };
                sum = sum.plus(interval).unwrap_or(Interval::ANY);
                amounts.insert(&c.first().id, interval);
                true
            };
            let counted = clusters.into_iter().filter(has_amount).collect();
            vec![Total { sum, unit: unit.clone(), counted, parts: Vec::new(), may_overlap: Vec::new(), amounts }]
        }
        _ => units.into_iter().filter_map(|unit| total_in(&clusters, &pick, unit)).collect(),
    }
}

fn total_in<'a>(clusters: &[Cluster<'a>], pick: &impl Fn(&Fact, &Amount) -> bool, unit: Unit) -> Option<Total<'a>> {
    let with_amount: Vec<(&Cluster<'a>, Interval)> =
        clusters.iter().filter_map(|c| Some((c, interval_of(c, pick, &unit)?))).collect();
    let place = tellings_of(with_amount.iter().map(|(c, _)| *c));
    let is_part = |c: &Cluster<'a>| {
        let own = place.get(&c.first().id);
        c.mentions.iter().flat_map(|t| &t.links).any(|l| {
            let whole = place.get(&l.to);
            l.kind == LinkKind::PartOf && l.strength != Strength::Possible && whole.is_some() && whole != own
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
        amounts: with_amount.iter().map(|(c, interval)| (&c.first().id, *interval)).collect(),
    })
}

/// What all the tellings of one thing allow together; where they disagree, from the lowest to the highest. Several amounts in one telling add up.
fn interval_of(cluster: &Cluster<'_>, pick: &impl Fn(&Fact, &Amount) -> bool, unit: &Unit) -> Option<Interval> {
    let amounts = |t: &'_ Fact| -> Option<Interval> {
        let told = t.amounts.iter().filter(|a| a.unit == *unit && pick(t, a)).map(Amount::interval);
        told.reduce(|a, b| a.plus(b).unwrap_or(Interval::ANY))
    };
    cluster.mentions.iter().filter_map(|t| amounts(t)).reduce(|a, b| {
        a.meet(b).unwrap_or_else(|| {
            let low = if a.low.value <= b.low.value { a.low } else { b.low };
            let high = a.high.zip(b.high).map(|(x, y)| if x.value >= y.value { x } else { y });
            Interval { low, high }
        })
    })
}

/// Groups of things that may be the same money.
fn overlapping<'b, 'a>(counted: &[&'b (&'b Cluster<'a>, Interval)]) -> Vec<Vec<(&'b Cluster<'a>, Interval)>> {
    let place = tellings_of(counted.iter().map(|(c, _)| *c));
    // Each thing names another of its group, in the end the one that names itself.
    let mut names: Vec<usize> = (0..counted.len()).collect();
    let last = |names: &[usize], mut n: usize| {
        while names.get(n).is_some_and(|next| *next != n) {
            n = names[n];
        }
        n
    };
    for (n, (cluster, _)) in counted.iter().enumerate() {
        for l in cluster.mentions.iter().flat_map(|t| &t.links) {
            let same = matches!(l.kind, LinkKind::SameAs | LinkKind::Repeats | LinkKind::PartOf);
            let overlaps = l.kind == LinkKind::MayOverlap || (l.strength == Strength::Possible && same);
            if let Some(other) = place.get(&l.to).filter(|_| overlaps) {
                let (a, b) = (last(&names, n), last(&names, *other));
                names[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<(&'b Cluster<'a>, Interval)>> = BTreeMap::new();
    for (n, (cluster, interval)) in counted.iter().enumerate() {
        groups.entry(last(&names, n)).or_default().push((*cluster, *interval));
    }
    groups.into_values().collect()
}

/// The place of each thing by the ids of its tellings.
fn tellings_of<'b, 'a: 'b>(clusters: impl Iterator<Item = &'b Cluster<'a>>) -> HashMap<&'b FactId, usize> {
    clusters.enumerate().flat_map(|(n, c)| c.mentions.iter().map(move |t| (&t.id, n))).collect()
}
