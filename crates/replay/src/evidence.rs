//! What bears on a commitment, which way it points, and by whose knowledge.

use crate::metrics::compare;
use crate::{Cluster, Grade, View, series};
use chrono::NaiveDate;
use heldto_fact::{
    Act, Body, Change, Fact, FactId, Force, Interval, LinkKind, Outcome, Role, Strength, Target, Truth, Unit, Voice,
    Window,
};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Which way evidence points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// It was done.
    Met,
    /// A part of it was done.
    Part,
    /// Work had begun or went on.
    Work,
    /// Work went backwards.
    Setback,
    /// It was still not done.
    NotMet,
    /// What was done was taken back.
    Undone,
    /// The owner or its successor withdrew it.
    Withdrawn,
    /// The office of whoever undertook it ended.
    OfficeEnded,
    /// Somebody disagrees; that settles nothing.
    Disputes,
}

/// One thing that bears on a commitment, however often it is told.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The telling with the best grade.
    pub fact: &'a Fact,
    /// Every telling of the same.
    pub tellings: Rc<[&'a Fact]>,
    /// Which way it points.
    pub direction: Direction,
    /// By whose knowledge.
    pub grade: Grade,
    /// Whether the owner admits a failure.
    pub admitted: bool,
    /// How sure it is that it is about this commitment.
    pub strength: Strength,
    /// When: the day it happened, or the period it speaks of.
    pub window: Window,
    /// How much was delivered, in the unit of the target; `None` where it was not told.
    pub delivered: Option<Interval>,
    /// For a figure: the inequality with the threshold.
    pub inequality: Option<String>,
}

impl Evidence<'_> {
    /// Whether it can settle a commitment: a critic's word and a possible link cannot.
    #[must_use]
    pub fn settles(&self) -> bool {
        self.strength != Strength::Possible && self.grade >= Grade::Claimed && self.direction != Direction::Disputes
    }
}

/// Everything known that bears on the tellings of a commitment, each thing once, what came first first.
///
/// `target`: the one that is judged by; numbers count in its unit, figures of its metric.
pub fn gather<'a>(view: &View<'a>, commitment: &Cluster<'a>, target: Option<&Target>) -> Vec<Evidence<'a>> {
    let mut found: Vec<Evidence<'a>> = Vec::new();
    for telling in commitment.tellings.iter() {
        for (fact, link) in view.linked_from(&telling.id) {
            view.count_compared(1);
            let Some(direction) = direction(fact, fact.link_kind(link), commitment, target) else { continue };
            let window = no_later_than_known(fact.doubtful_window(), view.fact_known_from(&fact.id));
            // What may lie after the day is not counted as at that day.
            let ahead = |day: Option<NaiveDate>| day.is_some_and(|d| d > view.clock().as_of);
            if ahead(window.earliest) || ahead(window.latest) {
                continue;
            }
            let (grade, admitted) = grade(fact, direction, commitment);
            let delivered = delivered(fact, target, direction);
            found.push(Evidence {
                fact,
                tellings: Rc::default(),
                direction,
                grade,
                admitted,
                strength: link.strength,
                window,
                delivered,
                inequality: None,
            });
        }
    }
    found.extend(figures(view, commitment, target));
    each_once(view, found)
}

/// Each thing once: of its tellings that point one way, the one that is best vouched for; beside it the best that tells a number, where that one tells none.
/// A number counts once, whichever way its tellings point.
fn each_once<'a>(view: &View<'a>, mut found: Vec<Evidence<'a>>) -> Vec<Evidence<'a>> {
    // One fact that is said to fulfil it and to fulfil a part of it, fulfils a part.
    let least = |d: Direction| (d != Direction::Part, d);
    found.sort_by(|a, b| {
        let best = |e: &Evidence<'_>| (std::cmp::Reverse(e.settles()), std::cmp::Reverse(e.grade), e.strength);
        best(a).cmp(&best(b)).then(a.fact.id.cmp(&b.fact.id)).then(least(a.direction).cmp(&least(b.direction)))
    });
    let (mut kept, mut of_thing): (Vec<Evidence<'a>>, BTreeMap<&FactId, Vec<usize>>) = (Vec::new(), BTreeMap::new());
    let mut things: BTreeMap<&FactId, Cluster<'a>> = BTreeMap::new();
    for mut evidence in found {
        if !things.contains_key(&evidence.fact.id) {
            let cluster = Cluster::of(view, evidence.fact);
            things.extend(cluster.tellings.iter().map(|t| (&t.id, cluster.clone())));
        }
        let Some(cluster) = things.get(&evidence.fact.id) else { continue };
        let before = of_thing.entry(&cluster.first().id).or_default();
        let earlier = || before.iter().filter_map(|n| kept.get(*n));
        let numbered = earlier().any(|k| k.delivered.is_some());
        // The same fact points one way only; another telling may point another way, or add a number.
        let told = earlier().any(|k| k.fact.id == evidence.fact.id && does(k.direction) == does(evidence.direction))
            || earlier().any(|k| k.direction == evidence.direction);
        if told && (numbered || evidence.delivered.is_none() || earlier().any(|k| k.fact.id == evidence.fact.id)) {
            continue;
        }
        evidence.delivered = evidence.delivered.filter(|_| !numbered);
        evidence.tellings = Rc::clone(&cluster.tellings);
        before.push(kept.len());
        kept.push(evidence);
    }
    kept.sort_by_key(|e| (e.window.latest, e.window.earliest, e.fact.id.clone()));
    kept
}

/// Whether it shows that something was done, in whole or in part, or that work went on.
const fn does(direction: Direction) -> bool {
    matches!(direction, Direction::Met | Direction::Part | Direction::Work)
}

/// What was public by a day had happened by then.
fn no_later_than_known(window: Window, known: Option<NaiveDate>) -> Window {
    let possible = known.filter(|day| window.earliest.is_none_or(|e| e <= *day));
    Window { latest: window.latest.zip(possible).map(|(l, day)| l.min(day)).or(window.latest).or(possible), ..window }
}

/// The figures for the metric that a commitment aims at, each compared with the threshold. Only those for a time after the commitment was made count
/// towards a pledge; a duty was owed before.
fn figures<'a>(view: &View<'a>, commitment: &Cluster<'a>, target: Option<&Target>) -> Vec<Evidence<'a>> {
    let terms = || {
        commitment.tellings.iter().filter_map(|t| match &t.body {
            Body::Pledge(c) => Some(c),
            _ => None,
        })
    };
    let Some(Target::Metric { metric, threshold, .. }) = target else { return Vec::new() };
    let is_duty = terms().any(|c| c.force == Force::Duty);
    let made = commitment.tellings.iter().filter_map(|t| t.window().earliest).min();
    let owners = commitment.tellings.iter().flat_map(|t| &t.by).collect::<BTreeSet<_>>();
    let values = owners.into_iter().flat_map(|owner| series(view, metric, owner));
    let counted = values.filter(|v| is_duty || v.window.earliest.zip(made).is_some_and(|(e, m)| e >= m));
    let evidence = |v: crate::Value<'a>| {
        let (truth, inequality) = compare(v.amount, threshold);
        let direction = match truth {
            Truth::Yes => Direction::Met,
            Truth::No => Direction::NotMet,
            Truth::CannotTell => Direction::Work,
        };
        let (grade, admitted) = grade(v.fact, direction, commitment);
        let strength = Strength::Stated;
        Evidence {
            fact: v.fact,
            tellings: Rc::default(),
            direction,
            grade,
            admitted,
            strength,
            window: v.window,
            delivered: None,
            inequality: Some(inequality),
        }
    };
    counted.map(evidence).collect()
}

fn direction(fact: &Fact, link: LinkKind, commitment: &Cluster<'_>, target: Option<&Target>) -> Option<Direction> {
    let supports = matches!(link, LinkKind::Fulfils | LinkKind::PartFulfils | LinkKind::Supports | LinkKind::Addresses);
    Some(match (&fact.body, link) {
        (Body::Change { what: Change::Withdrawal, .. }, LinkKind::BearsOn) if is_owners(fact, commitment) => {
            Direction::Withdrawn
        }
        (Body::Change { what: Change::OfficeEnded, .. }, LinkKind::BearsOn) => Direction::OfficeEnded,
        (_, LinkKind::Contradicts | LinkKind::Disputes) => Direction::Disputes,
        _ if !supports => return None,
        // Money spent is an input: it shows work, whatever it was meant to buy.
        _ if only_money(fact) && !aims_at_money(target) && !failed(fact) => Direction::Work,
        // Pledges and complaints are no deeds.
        (
            Body::Pledge(_)
            | Body::Complaint { .. }
            | Body::Question { .. }
            | Body::Assessment { .. }
            | Body::Recommendation(_)
            | Body::Decision { .. }
            | Body::Succession { .. },
            _,
        ) => return None,
        // A figure for the metric itself is compared with the threshold; any other settles nothing.
        (Body::Measurement { .. }, _) => return None,
        // What is hoped for, asked for or blamed is no deed.
        (Body::Statement { act: Act::Forecast | Act::Ask | Act::Demand | Act::Criticism, .. }, _) => return None,
        (Body::Delivery { outcome }, link) => match (outcome, link) {
            (Outcome::NotDone, _) => Direction::NotMet,
            (Outcome::Undone, _) => Direction::Undone,
            (Outcome::Setback, _) => Direction::Setback,
            (Outcome::Done, LinkKind::Fulfils) => Direction::Met,
            (Outcome::Done | Outcome::Part, LinkKind::PartFulfils) | (Outcome::Part, LinkKind::Fulfils) => {
                Direction::Part
            }
            _ => Direction::Work,
        },
        (_, LinkKind::Fulfils) => Direction::Met,
        (_, LinkKind::PartFulfils) => Direction::Part,
        _ => Direction::Work,
    })
}

/// By whose knowledge a fact stands towards a commitment, and whether it is the owner's admission.
pub fn grade(fact: &Fact, direction: Direction, commitment: &Cluster<'_>) -> (Grade, bool) {
    let failure = matches!(direction, Direction::NotMet | Direction::Setback | Direction::Undone);
    let own = is_owners(fact, commitment);
    match fact.voice {
        Some(Voice::Record | Voice::Official) => (Grade::Proven, false),
        Some(Voice::Reporter | Voice::Derived) => (Grade::Reported, false),
        Some(Voice::Owner) if failure => (Grade::Reported, true),
        Some(Voice::Government) if !own => (Grade::Reported, false),
        Some(Voice::Government) if failure => (Grade::Reported, true),
        Some(Voice::SecondHand) if failure => (Grade::None, false),
        Some(Voice::Owner | Voice::Government | Voice::SecondHand) => (Grade::Claimed, false),
        Some(Voice::Critic) => (Grade::Disputed, false),
        None => (Grade::None, false),
    }
}

/// Whether an owner of the commitment says so, or, where nobody is named, is spoken of.
pub fn is_owners(fact: &Fact, commitment: &Cluster<'_>) -> bool {
    let who = if fact.by.is_empty() { &fact.about } else { &fact.by };
    commitment.tellings.iter().flat_map(|t| &t.by).any(|owner| who.contains(owner))
}

fn only_money(fact: &Fact) -> bool {
    let spent =
        |a: &heldto_fact::Amount| matches!(a.unit, Unit::Money(_)) && matches!(a.role, Role::Paid | Role::Invested);
    !fact.amounts.is_empty() && fact.amounts.iter().all(spent)
}

fn failed(fact: &Fact) -> bool {
    matches!(fact.body, Body::Delivery { outcome: Outcome::NotDone | Outcome::Undone | Outcome::Setback })
}

/// Whether the target is money, or nothing that can be counted apart from it.
fn aims_at_money(target: Option<&Target>) -> bool {
    !matches!(target, Some(Target::Amount(a)) if !matches!(a.unit, Unit::Money(_)))
}

/// How much a fact says was delivered towards the target, all its amounts together: money spent counts only towards a money target.
fn delivered(fact: &Fact, target: Option<&Target>, direction: Direction) -> Option<Interval> {
    let Some(Target::Amount(goal)) = target else { return None };
    // The count in a finding that it was not done is no further delivery.
    if !matches!(direction, Direction::Met | Direction::Part) {
        return None;
    }
    let counts = |role| {
        role == Role::Delivered || (matches!(goal.unit, Unit::Money(_)) && matches!(role, Role::Paid | Role::Invested))
    };
    let fitting = fact.amounts.iter().filter(|a| a.unit == goal.unit && counts(a.role));
    fitting.map(heldto_fact::Amount::interval).reduce(|a, b| a.plus(b).unwrap_or(Interval::ANY))
}
