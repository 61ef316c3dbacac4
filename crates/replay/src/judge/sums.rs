//! What was delivered in all, each thing once.

use super::Case;
use crate::{Evidence, Grade};
use heldto_fact::{Amount, Basis, Fact, FactId, Interval, LinkKind, Role, Strength};
use std::collections::BTreeSet;

/// Deliveries that may hold some of the same, and what they come to.
type Group<'e, 'a> = (Vec<&'e Evidence<'a>>, Interval);

impl<'a> Case<'a> {
    /// What was delivered after each delivery, in order of time, with the place of the delivery in the list of evidence.
    pub fn running_sums(&self) -> Vec<(usize, Interval)> {
        self.running_sums_by(Grade::Claimed)
    }

    /// The same, counting only what is vouched for so well.
    pub fn running_sums_by(&self, least: Grade) -> Vec<(usize, Interval)> {
        let counts = |e: &&Evidence<'_>| e.settles() && e.grade >= least && e.delivered.is_some();
        let counted: BTreeSet<&FactId> =
            self.evidence.iter().filter(counts).flat_map(|e| e.mentions.iter()).map(|t| &t.id).collect();
        // A part of what is counted as a whole is not added to it, whichever telling of the whole it names.
        let whole_is_there = |e: &Evidence<'_>| {
            let own = |id: &FactId| e.mentions.iter().any(|t| t.id == *id);
            let links = e.mentions.iter().flat_map(|t| &t.links);
            let wholes = links.filter(|l| l.kind == LinkKind::PartOf && l.strength != Strength::Possible);
            wholes.into_iter().any(|l| counted.contains(&l.to) && !own(&l.to))
        };
        // Most deliveries have nothing that could tie them to another: they are added without a look at the others.
        let named: BTreeSet<&FactId> = self.evidence.iter().flat_map(tied_to).collect();
        let is_apart = |e: &Evidence<'a>| {
            e.fact.period.is_none()
                && e.fact.place.is_none()
                && !self.is_running(e.fact)
                && tied_to(e).is_empty()
                && !e.mentions.iter().any(|t| named.contains(&t.id))
        };
        let (mut sums, mut groups): (Vec<(usize, Interval)>, Vec<Group<'_, 'a>>) = (Vec::new(), Vec::new());
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
            let (mut held, mut joined) = (Vec::new(), None::<Interval>);
            for (members, sum) in touching {
                held.extend(members);
                joined = Some(joined.map_or(sum, |j| j.plus(sum).unwrap_or(Interval::ANY)));
            }
            // A running total takes the place of the one before it; anything else that may overlap gives a range.
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

    /// Returns `true` if a delivery is a running total, which holds what was counted before it.
    pub fn is_running(&self, fact: &Fact) -> bool {
        self.is_out_of_target(fact) || delivered(fact).any(|m| m.basis == Basis::InTotal)
    }

    /// Returns `true` if a delivery counts out of the target, "74 of 120": all that was delivered.
    fn is_out_of_target(&self, fact: &Fact) -> bool {
        let goal = self.goal().map(|(goal, _)| goal.low.value);
        delivered(fact).any(|m| m.of.is_some() && m.of == goal)
    }
}

/// Returns the amounts that a fact says were delivered.
fn delivered(fact: &Fact) -> impl Iterator<Item = &Amount> {
    fact.amounts.iter().filter(|m| m.role == Role::Delivered)
}

/// Returns `true` if two deliveries may hold some of the same: their periods may overlap, or a link says so.
fn may_overlap(a: &Evidence<'_>, b: &Evidence<'_>) -> bool {
    let tied = |x: &Evidence<'_>, y: &Evidence<'_>| {
        x.mentions.iter().flat_map(|t| &t.links).any(|l| ties(l.kind) && y.mentions.iter().any(|t| t.id == l.to))
    };
    let periods = a.fact.period.as_ref().zip(b.fact.period.as_ref());
    // A count that grew at one place may hold the one before it.
    let is_open = |e: &Evidence<'_>| e.fact.period.is_none() && delivered(e.fact).all(|m| m.basis == Basis::Unknown);
    let grew = a.delivered.zip(b.delivered).is_some_and(|(x, y)| y.low.value >= x.low.value);
    let one_place = a.fact.place.is_some() && a.fact.place == b.fact.place && is_open(a) && is_open(b) && grew;
    one_place || periods.is_some_and(|(p, q)| p.window().overlaps(q.window())) || tied(a, b) || tied(b, a)
}

/// Returns what a delivery is tied to by its tellings' links.
fn tied_to<'a>(e: &Evidence<'a>) -> Vec<&'a FactId> {
    e.mentions.iter().flat_map(|t| &t.links).filter(|l| ties(l.kind)).map(|l| &l.to).collect()
}

/// Returns `true` if a link of this kind says that two deliveries may hold some of the same.
const fn ties(kind: LinkKind) -> bool {
    matches!(kind, LinkKind::SameAs | LinkKind::Repeats | LinkKind::PartOf | LinkKind::MayOverlap)
}
