//! Adds up deliveries, each counted once.
//!
//! Start at `Case::running_sums`.

use super::Case;
use crate::{Evidence, Grade};
use heldto_fact::{Amount, Basis, Fact, FactId, Interval, LinkKind, Role, Strength};
use std::collections::BTreeSet;

/// Deliveries that may overlap, with their joint total.
type Group<'e, 'a> = (Vec<&'e Evidence<'a>>, Interval);

impl<'a> Case<'a> {
    /// Returns the total after each delivery, in order of time, with the index of that delivery in
    /// the evidence.
    pub fn running_sums(&self) -> Vec<(usize, Interval)> {
        self.running_sums_by(Grade::Claimed)
    }

    /// Like [`Self::running_sums`], limited to evidence graded at least `least`.
    pub fn running_sums_by(&self, least: Grade) -> Vec<(usize, Interval)> {
        let counts = |e: &&Evidence<'_>| e.settles() && e.grade >= least && e.delivered.is_some();
        let counted: BTreeSet<&FactId> =
            self.evidence.iter().filter(counts).flat_map(|e| e.mentions.iter()).map(|t| &t.id).collect();
        // A part is not added to a whole that is counted, whichever mention of the whole it links
        // to.
        let whole_is_there = |e: &Evidence<'_>| {
            let own = |id: &FactId| e.mentions.iter().any(|t| t.id == *id);
            let links = e.mentions.iter().flat_map(|t| &t.links);
            let wholes = links.filter(|l| l.kind == LinkKind::PartOf && l.strength != Strength::Possible);
            wholes.into_iter().any(|l| counted.contains(&l.to) && !own(&l.to))
        };
        // Most deliveries cannot overlap any other: these are added without comparing them.
        let named: BTreeSet<&FactId> = self.evidence.iter().flat_map(tied_to).collect();
        let is_apart = |e: &Evidence<'a>| {
            e.fact.period.is_none()
                && e.fact.place.is_none()
                && !self.is_running(e.fact)
                && tied_to(e).is_empty()
                && !e.mentions.iter().any(|t| named.contains(&t.id))
        };
        let mut sums: Vec<(usize, Interval)> = Vec::new();
        let mut groups: Vec<Group<'_, 'a>> = Vec::new();
        let mut total = Interval::ZERO;
        for (n, e) in self.evidence.iter().enumerate().filter(|(_, e)| counts(e) && !whole_is_there(e)) {
            let Some(more) = e.delivered else { continue };
            if is_apart(e) {
                groups.push((vec![e], more));
                total = total.plus(more).unwrap_or(Interval::ANY);
                sums.push((n, total));
                continue;
            }
            let touches = |(held, _): &Group<'_, 'a>| held.iter().any(|x| self.is_running(e.fact) || may_overlap(x, e));
            let (touching, mut apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(touches);
            let mut held = Vec::new();
            let mut joined = None::<Interval>;
            for (members, sum) in touching {
                held.extend(members);
                joined = Some(joined.map_or(sum, |j| j.plus(sum).unwrap_or(Interval::ANY)));
            }
            // A running total replaces the one before it; any other possible overlap gives a range.
            let replaces = self.is_out_of_target(e.fact)
                || (self.is_running(e.fact) && held.iter().all(|x| self.is_running(x.fact)));
            let sum = match joined {
                Some(before) if !replaces => before.plus_overlapping(more).unwrap_or(Interval::ANY),
                _ => more,
            };
            held.push(e);
            apart.push((held, sum));
            groups = apart;
            let all = groups.iter().map(|(_, sum)| *sum).reduce(|a, b| a.plus(b).unwrap_or(Interval::ANY));
            total = all.unwrap_or(Interval::ZERO);
            sums.push((n, total));
        }
        sums
    }

    /// Returns `true` if a delivery is a running total, which includes earlier counts.
    pub fn is_running(&self, fact: &Fact) -> bool {
        self.is_out_of_target(fact) || delivered(fact).any(|m| m.basis == Basis::InTotal)
    }

    /// Returns `true` if a delivery is counted out of the target ("74 of 120"), and so is the
    /// total.
    fn is_out_of_target(&self, fact: &Fact) -> bool {
        let goal = self.goal().map(|(goal, _)| goal.low.value);
        delivered(fact).any(|m| m.of.is_some() && m.of == goal)
    }
}

/// Returns the amounts of a fact that were delivered.
fn delivered(fact: &Fact) -> impl Iterator<Item = &Amount> {
    fact.amounts.iter().filter(|m| m.role == Role::Delivered)
}

/// Returns `true` if two deliveries may overlap: by their periods, by a link, or as growing counts
/// at one place.
fn may_overlap(a: &Evidence<'_>, b: &Evidence<'_>) -> bool {
    let tied = |x: &Evidence<'_>, y: &Evidence<'_>| {
        x.mentions.iter().flat_map(|t| &t.links).any(|l| ties(l.kind) && y.mentions.iter().any(|t| t.id == l.to))
    };
    let periods = a.fact.period.as_ref().zip(b.fact.period.as_ref());
    // A count that grew at the same place may include the one before it.
    let is_open = |e: &Evidence<'_>| e.fact.period.is_none() && delivered(e.fact).all(|m| m.basis == Basis::Unknown);
    let grew = a.delivered.zip(b.delivered).is_some_and(|(x, y)| y.low.value >= x.low.value);
    let one_place = a.fact.place.is_some() && a.fact.place == b.fact.place && is_open(a) && is_open(b) && grew;
    one_place || periods.is_some_and(|(p, q)| p.window().overlaps(q.window())) || tied(a, b) || tied(b, a)
}

/// Returns the ids that the mentions of a delivery are tied to by links.
fn tied_to<'a>(e: &Evidence<'a>) -> Vec<&'a FactId> {
    e.mentions.iter().flat_map(|t| &t.links).filter(|l| ties(l.kind)).map(|l| &l.to).collect()
}

/// Returns `true` if a link of this kind means that two deliveries may overlap.
const fn ties(kind: LinkKind) -> bool {
    matches!(kind, LinkKind::SameAs | LinkKind::Repeats | LinkKind::PartOf | LinkKind::MayOverlap)
}
