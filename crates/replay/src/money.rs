//! Totals of amounts, added up as intervals, each cluster once.
//!
//! Turns facts of a [`View`] into one [`Total`] a unit. It does not convert between
//! units. Start with [`totals`].

use crate::all_facts::tells_of_money;
use crate::{Cluster, View};
use heldto_fact::{Amount, Body, Fact, FactId, IndexTerm, Interval, LinkKind, Role, Strength, Unit};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A total of amounts in one unit.
#[derive(Debug, Clone)]
pub struct Total<'a> {
    /// Bounds of the sum.
    pub sum: Interval,
    /// Unit of the sum.
    pub unit: Unit,
    /// Clusters that are counted.
    pub counted: Vec<Cluster<'a>>,
    /// Clusters left out because they are parts of one that is counted.
    pub parts: Vec<Cluster<'a>>,
    /// Groups of counted clusters that may be the same, so that the sum is a range.
    pub may_overlap: Vec<Vec<&'a Fact>>,
    /// Amount of each cluster, by the id of its first mention.
    amounts: BTreeMap<&'a FactId, Interval>,
}

impl Total<'_> {
    /// Returns the amount of a cluster, counted in the sum or left out of it as a part.
    #[must_use]
    pub fn amount_of(&self, entity: &Cluster<'_>) -> Option<Interval> {
        self.amounts.get(&entity.first().id).copied()
    }

    /// Returns the number of mentions merged into the clusters counted.
    #[must_use]
    pub fn merged(&self) -> usize {
        self.counted.iter().map(|c| c.mentions.len() - 1).sum()
    }
}

/// Returns the money that a party paid to settle complaints, decisions and the like.
#[must_use]
pub fn payouts<'a>(view: &View<'a>, party: &FactId) -> Vec<Total<'a>> {
    let paid =
        |fact: &Fact| matches!(fact.body, Body::Payout { .. }) && tells_of_money(fact) && fact.by.contains(party);
    let facts = view.lookup(IndexTerm::Party(party)).filter(|fact| paid(fact));
    totals(view, facts, |_, amount| amount.role == Role::Paid && matches!(amount.unit, Unit::Money(_)))
}

/// Returns the totals, by unit, of the amounts in these facts that `pick` accepts.
///
/// A cluster counts once however often it is mentioned, and a part of a counted cluster is not
/// added. Clusters that may be the same give a range. The order of the facts does not matter.
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
        // Facts without links are part of no other and overlap with none, so the
        // search for both is skipped.
        Some(unit) if units.len() == 1 && mentions().all(|f| f.links.is_empty()) => {
            let mut sum = Interval::ZERO;
            let mut amounts = BTreeMap::new();
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

/// Returns the interval that all mentions of a cluster allow, or, if they disagree, the range from
/// the lowest to the highest.
///
/// Several amounts in one mention add up.
fn interval_of(cluster: &Cluster<'_>, pick: &impl Fn(&Fact, &Amount) -> bool, unit: &Unit) -> Option<Interval> {
    let amounts = |t: &'_ Fact| -> Option<Interval> {
        let intervals = t.amounts.iter().filter(|a| a.unit == *unit && pick(t, a)).map(Amount::interval);
        intervals.reduce(|a, b| a.plus(b).unwrap_or(Interval::ANY))
    };
    cluster.mentions.iter().filter_map(|t| amounts(t)).reduce(|a, b| {
        a.meet(b).unwrap_or_else(|| {
            let low = if a.low.value <= b.low.value { a.low } else { b.low };
            let high = a.high.zip(b.high).map(|(x, y)| if x.value >= y.value { x } else { y });
            Interval { low, high }
        })
    })
}

/// Groups the clusters that may be the same money.
fn overlapping<'b, 'a>(counted: &[&'b (&'b Cluster<'a>, Interval)]) -> Vec<Vec<(&'b Cluster<'a>, Interval)>> {
    let place = tellings_of(counted.iter().map(|(c, _)| *c));
    // Union-find: each cluster points to one of its group, and the root to itself.
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
                let a = last(&names, n);
                let b = last(&names, *other);
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

/// Returns the position of each cluster, by the ids of its mentions.
fn tellings_of<'b, 'a: 'b>(clusters: impl Iterator<Item = &'b Cluster<'a>>) -> HashMap<&'b FactId, usize> {
    clusters.enumerate().flat_map(|(n, c)| c.mentions.iter().map(move |t| (&t.id, n))).collect()
}
