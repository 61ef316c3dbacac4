//! Turns the mentions of a commitment, or a recommendation and the answer that accepted it, into
//! owners and terms, as changed by the decisions of those who imposed them.
//!
//! Start at [`Undertaking::of_pledge`] and [`Undertaking::of_answer`].

use super::{shares_owner, terms};
use crate::judge::evidence::grade;
use crate::membership::{Standing, is_court, standing};
use crate::{Cluster, Direction, Grade, View};
use chrono::NaiveDate;
use heldto_fact::{
    Body, Commitment, Due, Fact, FactId, Force, IndexTerm, LinkKind, Recommendation, Ruling, Strength, Target, Voice,
    Window,
};
use std::collections::{BTreeMap, BTreeSet};

/// Owners and terms on the as-of day.
pub(crate) struct Undertaking<'a> {
    pub owners: BTreeSet<&'a FactId>,
    pub force: Force,
    pub personal: bool,
    /// The first day on which it may have been made.
    pub made: Option<NaiveDate>,
    pub target: Option<&'a Target>,
    pub test: Option<&'a str>,
    pub due: Option<&'a Due>,
    pub first_due: Option<&'a Due>,
    pub first_target: Option<&'a Target>,
    /// The decisions that changed or ended it, oldest first.
    pub decisions: Vec<Decided<'a>>,
    /// The newest answer to a recommendation.
    pub answer: Option<&'a Fact>,
    /// The other addressees of a recommendation; their actions are not evidence here.
    pub others: BTreeSet<&'a FactId>,
    /// The body that a recommendation is judged for.
    pub addressee: Option<&'a FactId>,
}

/// A decision about a commitment, in force on the as-of day.
#[derive(Clone)]
pub(crate) struct Decided<'a> {
    pub fact: &'a Fact,
    pub ruling: Ruling,
    /// The window in which the decision was made.
    pub window: Window,
    pub grade: Grade,
    /// The last due day before the decision, if it had passed.
    pub passed: Option<NaiveDate>,
    /// The due date that the decision set.
    pub due: Option<&'a Due>,
}

impl<'a> Decided<'a> {
    /// Returns the sort key: the date of the decision, then its id.
    pub fn order(&self) -> (Option<NaiveDate>, Option<NaiveDate>, &'a FactId) {
        (self.window.latest, self.window.earliest, &self.fact.id)
    }

    /// Returns `true` if the decision ends its subject.
    pub const fn ends(&self) -> bool {
        matches!(self.ruling, Ruling::Revoked | Ruling::Quashed)
    }
}

impl<'a> Undertaking<'a> {
    /// Returns `true` if another body imposed the commitment, so that its owner cannot change or
    /// withdraw it.
    pub const fn is_imposed(&self) -> bool {
        self.force.is_imposed()
    }

    /// Returns the owners and terms of a pledge.
    pub fn of_pledge(view: &View<'a>, cluster: &Cluster<'a>) -> Self {
        let all: Vec<(&'a Fact, &'a Commitment)> =
            cluster.mentions.iter().filter_map(|t| Some((*t, terms(t)?))).collect();
        // Only mentions by its owners set the terms, each from the day its source was published.
        let own: Vec<_> =
            all.iter().filter(|(f, _)| f.voice != Some(Voice::Critic) && shares_owner(f, cluster.first())).collect();
        let strongest = all.iter().map(|(_, c)| c.force).max_by_key(|f| Force::ALL.iter().position(|x| x == f));
        let force = strongest.unwrap_or(Force::Pledge);
        let mut due = None;
        let mut target = None;
        let mut test = None;
        for (n, (fact, c)) in own.iter().enumerate() {
            // An owner that restates an imposed commitment does not change its terms.
            if force.is_imposed() && n > 0 && fact.voice == Some(Voice::Owner) {
                continue;
            }
            // A change published only after the last due day does not count.
            let passed = match (view.fact_known_from(&fact.id), due.map(Due::window).and_then(|w| w.latest)) {
                (Some(day), Some(latest)) => day > latest,
                _ => false,
            };
            if !passed {
                due = c.due.as_ref().or(due);
                target = c.target.as_ref().or(target);
                test = c.test.as_deref().or(test);
            }
        }
        let mut found = Self {
            owners: cluster.mentions.iter().flat_map(|t| &t.by).collect(),
            force,
            personal: all.iter().all(|(_, c)| c.personal),
            made: cluster.mentions.iter().filter_map(|t| t.window().earliest).min(),
            target,
            test,
            due,
            first_due: own.iter().find_map(|(_, c)| c.due.as_ref()),
            first_target: own.iter().find_map(|(_, c)| c.target.as_ref()),
            decisions: Vec::new(),
            answer: None,
            others: BTreeSet::new(),
            addressee: None,
        };
        found.change(view, cluster);
        found
    }

    /// Returns the commitment that a body made by accepting a recommendation.
    ///
    /// The terms are the answer's, and otherwise the recommendation's. If the recommendation was
    /// accepted only in principle or in part, the terms of the answer alone bind.
    pub fn of_answer(
        asked: &'a Recommendation,
        by: &'a FactId,
        answer: &Decided<'a>,
        others: BTreeSet<&'a FactId>,
    ) -> Self {
        let Body::Decision { terms: own, .. } = &answer.fact.body else { unreachable!("an answer is a decision") };
        let is_whole = answer.ruling == Ruling::Accepted;
        let recommended = Some(&asked.terms).filter(|_| is_whole);
        let own = own.as_deref();
        let due = own.and_then(|t| t.due.as_ref()).or_else(|| recommended.and_then(|t| t.due.as_ref()));
        Self {
            owners: BTreeSet::from([by]).into_iter().chain(&answer.fact.by).collect(),
            force: if answer.ruling == Ruling::AcceptedInPrinciple { Force::Aspiration } else { Force::Pledge },
            personal: false,
            made: answer.window.earliest,
            target: own.and_then(|t| t.target.as_ref()).or_else(|| recommended.and_then(|t| t.target.as_ref())),
            test: own.and_then(|t| t.test.as_deref()).or_else(|| recommended.and_then(|t| t.test.as_deref())),
            due,
            first_due: due,
            first_target: None,
            decisions: Vec::new(),
            answer: Some(answer.fact),
            others,
            addressee: Some(by),
        }
    }

    /// Applies the decisions by the imposer of a requirement, remedy or duty, each from its day.
    fn change(&mut self, view: &View<'a>, cluster: &Cluster<'a>) {
        if !self.is_imposed() {
            return;
        }
        let wholes: Vec<&'a Fact> = wholes(view, cluster.mentions.iter().copied());
        let imposers = imposers(view, cluster.mentions.iter().copied());
        let on_it = cluster.mentions.iter().flat_map(|t| decisions_on(view, &t.id, &self.owners));
        // A decision that ends a notice, or another whole, also ends its parts.
        let on_whole = wholes.iter().flat_map(|whole| decisions_on(view, &whole.id, &self.owners));
        let mut seen = BTreeSet::new();
        let mut all: Vec<Decided<'a>> = on_it
            .chain(on_whole.filter(Decided::ends))
            .filter(|d| may_change(view, d, &self.owners, &imposers) && seen.insert(&d.fact.id))
            .collect();
        all.sort_by_key(Decided::order);
        for mut decided in all {
            let Body::Decision { terms, .. } = &decided.fact.body else { continue };
            let before = self.due.map(Due::window).and_then(|w| w.latest);
            decided.passed = before.filter(|due| decided.window.earliest.is_some_and(|day| day > *due));
            match decided.ruling {
                Ruling::Revoked | Ruling::Quashed => {}
                Ruling::Varied | Ruling::Deferred => match terms {
                    Some(terms) => {
                        self.due = terms.due.as_ref().or(self.due);
                        self.target = terms.target.as_ref().or(self.target);
                        self.test = terms.test.as_deref().or(self.test);
                        decided.due = terms.due.as_ref();
                    }
                    None => match last_of_parts(view, cluster) {
                        Some(due) => (self.due, decided.due) = (Some(due), Some(due)),
                        None => continue,
                    },
                },
                _ => continue,
            }
            self.decisions.push(decided);
        }
    }
}

/// Returns `true` if a fact imposes its parts: a notice, a complaint or a decision, unless in a
/// critic's voice.
fn imposes(fact: &Fact) -> bool {
    matches!(fact.body, Body::Notice { .. } | Body::Complaint { .. } | Body::Decision { .. })
        && fact.voice != Some(Voice::Critic)
}

/// Returns the imposers of commitments: the parties that issued the notices or decisions, or
/// decided the complaints, that the commitments are part of.
pub(crate) fn imposers<'a>(view: &View<'a>, facts: impl Iterator<Item = &'a Fact>) -> BTreeSet<&'a FactId> {
    wholes(view, facts).into_iter().filter(|whole| imposes(whole)).flat_map(|whole| &whole.by).collect()
}

/// Returns all wholes that the facts are part of, directly or through other wholes.
fn wholes<'a>(view: &View<'a>, facts: impl Iterator<Item = &'a Fact>) -> Vec<&'a Fact> {
    let facts: Vec<&'a Fact> = facts.collect();
    let above = |fact: &'a Fact| {
        let parts = fact.links.iter().filter(|l| l.kind == LinkKind::PartOf && l.strength != Strength::Possible);
        parts.filter_map(|l| view.fact(&l.to)).collect::<Vec<_>>()
    };
    let mut seen: BTreeSet<&FactId> = facts.iter().map(|t| &t.id).collect();
    let mut found = Vec::new();
    let mut open = facts.iter().flat_map(|t| above(t)).collect::<Vec<_>>();
    while let Some(whole) = open.pop() {
        if seen.insert(&whole.id) {
            open.extend(above(whole));
            found.push(whole);
        }
    }
    found
}

/// Returns the decisions on a fact that stand on the as-of day: made by then, by a party that can
/// settle something, and not overturned by a later decision that itself stands.
pub(crate) fn decisions_on<'a>(view: &View<'a>, id: &'a FactId, owners: &BTreeSet<&FactId>) -> Vec<Decided<'a>> {
    // First collects all decisions reachable through decisions on decisions, then goes through them
    // from the newest: only later ones can overturn a decision.
    let mut open = decisions_made(view, id, owners);
    let mut reached: BTreeMap<&'a FactId, Decided<'a>> = BTreeMap::new();
    while let Some(decided) = open.pop() {
        if !reached.contains_key(&decided.fact.id) {
            open.extend(decisions_made(view, &decided.fact.id, owners));
            reached.insert(&decided.fact.id, decided);
        }
    }
    let mut all: Vec<Decided<'a>> = reached.into_values().collect();
    all.sort_by_key(|d| std::cmp::Reverse(d.order()));
    let mut standing: Vec<Decided<'a>> = Vec::new();
    // For each fact, the standing decisions on it.
    let mut on: BTreeMap<&'a FactId, Vec<usize>> = BTreeMap::new();
    for decided in all {
        let mut later = on.get(&decided.fact.id).into_iter().flatten().filter_map(|n| standing.get(*n));
        if !later.any(|later| overturns(view, later, &decided)) {
            if let Body::Decision { on: about, .. } = &decided.fact.body {
                about.iter().for_each(|of| on.entry(of).or_default().push(standing.len()));
            }
            standing.push(decided);
        }
    }
    standing.retain(|decided| is_on(decided.fact, id));
    standing.reverse();
    standing
}

/// Returns `true` if a decision is on a fact.
fn is_on(decision: &Fact, id: &FactId) -> bool {
    matches!(&decision.body, Body::Decision { on, .. } if on.contains(id))
}

/// Returns the decisions on a fact that were made by the as-of day, by a party that can settle
/// something.
fn decisions_made<'a>(view: &View<'a>, id: &'a FactId, owners: &BTreeSet<&FactId>) -> Vec<Decided<'a>> {
    let made = view.lookup(IndexTerm::Target(id)).filter(|fact| is_on(fact, id)).filter_map(|fact| {
        view.count_compared(1);
        let Body::Decision { ruling, .. } = &fact.body else { return None };
        let window =
            crate::judge::evidence::no_later_than_known(fact.doubtful_window(), view.fact_known_from(&fact.id));
        let is_made = window.latest.is_some_and(|day| day <= view.clock().as_of);
        let (grade, _) = grade(view, fact, Direction::Withdrawn, owners);
        let counts = is_made && grade >= Grade::Claimed && !view.is_unsupported(fact);
        counts.then_some(Decided { fact, ruling: *ruling, window, grade, passed: None, due: None })
    });
    made.collect()
}

/// Returns `true` if a decision overturns an earlier one: a court quashes it, or its maker revokes
/// it.
fn overturns(view: &View<'_>, later: &Decided<'_>, earlier: &Decided<'_>) -> bool {
    let makers: BTreeSet<&FactId> = earlier.fact.by.iter().collect();
    let by = || later.fact.by.iter();
    match later.ruling {
        Ruling::Quashed => by().any(|party| is_court(view, party)),
        Ruling::Revoked => by().any(|party| standing(view, party, &makers, later.window) >= Standing::Office),
        _ => false,
    }
}

/// Returns `true` if a decision may change the commitment: it is by a court or by an imposer.
///
/// If no imposer is on record, any party may decide except the owners and their own. Only a court
/// quashes.
fn may_change(
    view: &View<'_>,
    decided: &Decided<'_>,
    owners: &BTreeSet<&FactId>,
    imposers: &BTreeSet<&FactId>,
) -> bool {
    let by = || decided.fact.by.iter();
    if by().any(|party| is_court(view, party)) {
        return true;
    }
    let stands = |party: &FactId, to: &BTreeSet<&FactId>| standing(view, party, to, decided.window);
    let is_owners = by().any(|party| stands(party, owners) >= Standing::Office);
    let imposed = by().any(|party| stands(party, imposers) >= Standing::Office);
    let is_strangers = imposers.is_empty() && by().all(|party| stands(party, owners) == Standing::Independent);
    decided.ruling != Ruling::Quashed && !is_owners && (imposed || is_strangers)
}

/// Returns the latest due date among the parts of a commitment.
fn last_of_parts<'a>(view: &View<'a>, cluster: &Cluster<'a>) -> Option<&'a Due> {
    let parts = cluster.mentions.iter().flat_map(|t| view.linked_as(&t.id, LinkKind::PartOf));
    let dues = parts.filter(|(_, l)| l.strength != Strength::Possible).filter_map(|(f, _)| terms(f)?.due.as_ref());
    dues.max_by_key(|due| (due.window().latest.unwrap_or(NaiveDate::MAX), due.window().earliest))
}
