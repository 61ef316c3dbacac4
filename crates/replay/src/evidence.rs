//! What bears on a commitment, which way it points, and by whose knowledge.

use crate::judge::Undertaking;
use crate::membership::{Standing, bodies_of, is_government, is_state, is_watchdog, predecessors, standing};
use crate::metrics::compare;
use crate::{Cluster, Grade, View, administrations, series};
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
    /// Somebody disagrees with the commitment, or with evidence for it; that settles nothing.
    Disputes,
}

/// One thing that bears on a commitment, however often it is told.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The telling with the best grade.
    pub fact: &'a Fact,
    /// Every telling of the same.
    pub mentions: Rc<[&'a Fact]>,
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
    /// Whether every source of it was retracted.
    pub is_unsupported: bool,
    /// For what disputes a piece of evidence, and not the commitment: which.
    pub disputed: Option<&'a FactId>,
    /// For a figure: the older figures that it revises.
    pub revises: Vec<&'a FactId>,
    /// Whether it is the owner's own word, or of its own, against what is said.
    pub is_denial: bool,
}

impl<'a> Evidence<'a> {
    /// Returns what a fact shows of a commitment; `None` where it may lie after the as-of day: that is not counted as at that day.
    fn of(
        view: &View<'a>,
        fact: &'a Fact,
        direction: Direction,
        strength: Strength,
        undertaking: &Undertaking<'a>,
    ) -> Option<Self> {
        let window = no_later_than_known(fact.doubtful_window(), view.fact_known_from(&fact.id));
        let is_ahead = |day: Option<NaiveDate>| day.is_some_and(|d| d > view.clock().as_of);
        if is_ahead(window.earliest) || is_ahead(window.latest) {
            return None;
        }
        let (grade, admitted) = grade(view, fact, direction, &undertaking.owners);
        let admitted = admitted && !is_of_another_government(view, fact, undertaking);
        Some(Self {
            fact,
            mentions: Rc::default(),
            direction,
            grade,
            admitted,
            strength,
            window,
            delivered: delivered(fact, undertaking.target, direction),
            inequality: None,
            is_unsupported: view.is_unsupported(fact),
            disputed: None,
            revises: Vec::new(),
            is_denial: false,
        })
    }

    /// Whether it can settle a commitment: a critic's word, a possible link and a withdrawn source cannot.
    #[must_use]
    pub fn settles(&self) -> bool {
        self.strength != Strength::Possible
            && self.grade >= Grade::Claimed
            && self.direction != Direction::Disputes
            && !self.is_unsupported
    }
}

/// Everything known that bears on the tellings of a commitment, each thing once, what came first first. Numbers count in the unit of
/// the target that is judged by, figures are those of its metric; what was delivered towards a part in that unit counts towards the whole.
pub fn gather<'a>(view: &View<'a>, commitment: &Cluster<'a>, undertaking: &Undertaking<'a>) -> Vec<Evidence<'a>> {
    let (owners, target) = (&undertaking.owners, undertaking.target);
    // What another body does that a recommendation is made to is evidence for that body alone.
    let is_of_others = |fact: &Fact| {
        let of = fact.subjects().iter().chain(&fact.by);
        let names_own = of.clone().any(|party| owners.contains(party));
        !names_own && of.into_iter().any(|party| undertaking.others.contains(party))
    };
    let linked = |id: &'a FactId| {
        view.linked_from(id).filter(|(fact, _)| !is_of_others(fact)).filter_map(|(fact, link)| {
            view.count_compared(1);
            let direction = direction(view, fact, fact.link_kind(link), owners, target)?;
            // Before a recommendation was accepted, nobody owed it.
            let is_before = undertaking.answer.is_some()
                && matches!((fact.window().latest, undertaking.made), (Some(day), Some(made)) if day < made);
            if tells_of_failure(direction) && is_before {
                return None;
            }
            Evidence::of(view, fact, direction, link.strength, undertaking)
        })
    };
    let mut found: Vec<Evidence<'a>> = commitment.mentions.iter().flat_map(|t| linked(&t.id)).collect();
    if matches!(target, Some(Target::Amount(_))) {
        let parts = commitment.mentions.iter().flat_map(|t| view.linked_as(&t.id, LinkKind::PartOf));
        let parts = parts.filter(|(part, link)| {
            let is_alike = matches!((&part.body, target), (Body::Pledge(c), Some(Target::Amount(whole)))
                if matches!(&c.target, Some(Target::Amount(part)) if part.unit == whole.unit));
            is_alike && link.strength != Strength::Possible && !commitment.holds(&part.id)
        });
        let delivered = parts.flat_map(|(part, _)| linked(&part.id)).filter(|e| e.delivered.is_some());
        found.extend(delivered.map(|e| Evidence { direction: Direction::Part, ..e }));
    }
    found.extend(figures(view, undertaking));
    let mut all = each_once(view, found);
    let disputes: Vec<Evidence<'a>> = all.iter().flat_map(|e| disputes(view, e, owners)).collect();
    if !disputes.is_empty() {
        all.extend(disputes);
        all.sort_by_key(in_time);
    }
    all
}

/// Returns who disputes a piece of evidence or contradicts it, in any of its tellings, each with the day it was said. A contradiction
/// between two pieces of evidence for one commitment is settled by their grades.
fn disputes<'a>(view: &View<'a>, evidence: &Evidence<'a>, owners: &BTreeSet<&FactId>) -> Vec<Evidence<'a>> {
    let says = |link: &heldto_fact::Link| {
        matches!(link.kind, LinkKind::Contradicts | LinkKind::Disputes) && link.strength != Strength::Possible
    };
    if evidence.direction == Direction::Disputes {
        return Vec::new();
    }
    let mentions = || evidence.mentions.iter().copied();
    let against = mentions().flat_map(|t| view.linked_from(&t.id)).filter(|(_, link)| says(link));
    // That two facts contradict each other is told by a link of either.
    let mutual = mentions().flat_map(|t| &t.links).filter(|l| says(l) && l.kind == LinkKind::Contradicts);
    let mutual = mutual.filter_map(|link| Some((view.fact(&link.to)?, link)));
    let mut seen = BTreeSet::new();
    let others = against.chain(mutual).filter(|(fact, _)| seen.insert(&fact.id));
    let dispute = |(fact, link): (&'a Fact, &heldto_fact::Link)| {
        let window = no_later_than_known(fact.doubtful_window(), view.fact_known_from(&fact.id));
        let is_ahead = window.earliest.is_some_and(|day| day > view.clock().as_of);
        let (grade, _) = grade(view, fact, Direction::Disputes, owners);
        (!is_ahead).then(|| Evidence {
            fact,
            mentions: Rc::from([fact]),
            direction: Direction::Disputes,
            grade,
            admitted: false,
            strength: link.strength,
            window,
            delivered: None,
            inequality: None,
            is_unsupported: view.is_unsupported(fact),
            disputed: Some(&evidence.fact.id),
            revises: Vec::new(),
            is_denial: tells_of_failure(evidence.direction) && standing_of(view, fact, owners) >= Standing::Own,
        })
    };
    others.filter_map(dispute).collect()
}

/// Returns what evidence is sorted by: what came first first.
fn in_time(e: &Evidence<'_>) -> (Option<NaiveDate>, Option<NaiveDate>, FactId) {
    (e.window.latest, e.window.earliest, e.fact.id.clone())
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
    let mut entities: BTreeMap<&FactId, Cluster<'a>> = BTreeMap::new();
    for mut evidence in found {
        if !entities.contains_key(&evidence.fact.id) {
            let cluster = Cluster::of(view, evidence.fact);
            entities.extend(cluster.mentions.iter().map(|t| (&t.id, cluster.clone())));
        }
        let Some(cluster) = entities.get(&evidence.fact.id) else { continue };
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
        evidence.mentions = Rc::clone(&cluster.mentions);
        before.push(kept.len());
        kept.push(evidence);
    }
    kept.sort_by_key(in_time);
    kept
}

/// Whether it shows that something failed.
const fn tells_of_failure(direction: Direction) -> bool {
    matches!(direction, Direction::NotMet | Direction::Setback | Direction::Undone)
}

/// Whether it shows that something was done, in whole or in part, or that work went on.
const fn does(direction: Direction) -> bool {
    matches!(direction, Direction::Met | Direction::Part | Direction::Work)
}

/// What was public by a day had happened by then.
pub(crate) fn no_later_than_known(window: Window, known: Option<NaiveDate>) -> Window {
    let possible = known.filter(|day| window.earliest.is_none_or(|e| e <= *day));
    Window { latest: window.latest.zip(possible).map(|(l, day)| l.min(day)).or(window.latest).or(possible), ..window }
}

/// The figures for the metric that a commitment aims at, each compared with the threshold. Only those for a time after the commitment was made count
/// towards a pledge; a duty was owed before.
fn figures<'a>(view: &View<'a>, undertaking: &Undertaking<'a>) -> Vec<Evidence<'a>> {
    let Some(Target::Metric { metric, threshold, .. }) = undertaking.target else { return Vec::new() };
    let (is_duty, made) = (undertaking.force == Force::Duty, undertaking.made);
    let values = undertaking.owners.iter().flat_map(|owner| series(view, metric, owner));
    let counted = values.filter(|v| is_duty || v.window.earliest.zip(made).is_some_and(|(e, m)| e >= m));
    let evidence = |v: crate::MetricValue<'a>| {
        let (truth, inequality) = compare(v.amount, threshold);
        let direction = match truth {
            Truth::Yes => Direction::Met,
            Truth::No => Direction::NotMet,
            Truth::CannotTell => Direction::Work,
        };
        let (grade, admitted) = grade(view, v.fact, direction, &undertaking.owners);
        let admitted = admitted && !is_of_another_government(view, v.fact, undertaking);
        let strength = Strength::Stated;
        Evidence {
            fact: v.fact,
            mentions: Rc::default(),
            direction,
            grade,
            admitted,
            strength,
            window: v.window,
            delivered: None,
            inequality: Some(inequality),
            is_unsupported: view.is_unsupported(v.fact),
            revises: v.revised.iter().map(|older| &older.id).collect(),
            disputed: None,
            is_denial: false,
        }
    };
    counted.map(evidence).collect()
}

fn direction(
    view: &View<'_>,
    fact: &Fact,
    link: LinkKind,
    owners: &BTreeSet<&FactId>,
    target: Option<&Target>,
) -> Option<Direction> {
    let supports = matches!(link, LinkKind::Fulfils | LinkKind::PartFulfils | LinkKind::Supports | LinkKind::Addresses);
    Some(match (&fact.body, link) {
        (Body::Change { what: Change::Withdrawal, .. }, LinkKind::BearsOn) if speaks_for(view, fact, owners) => {
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

/// Returns by whose knowledge a fact stands towards a commitment of these owners, and whether it is the owner's admission.
///
/// An admission is by an owner, its office-holders, or for a government its departments and ministers. The official word of a watchdog
/// proves whatever it is part of, but for its own commitments.
pub fn grade(view: &View<'_>, fact: &Fact, direction: Direction, owners: &BTreeSet<&FactId>) -> (Grade, bool) {
    let is_failure = tells_of_failure(direction);
    let speaker = || standing_of(view, fact, owners);
    let own = |standing: Standing| match standing {
        Standing::Office | Standing::Owner if is_failure => (Grade::Reported, true),
        _ => (Grade::Claimed, false),
    };
    match fact.voice {
        Some(Voice::Record) => (Grade::Proven, false),
        Some(Voice::Official) => match speaker() {
            Standing::Own | Standing::Office
                if fact.by.iter().any(|by| is_watchdog(view, by, owners, fact.window())) =>
            {
                (Grade::Proven, false)
            }
            Standing::Independent => (Grade::Proven, false),
            standing => own(standing),
        },
        // A finding is the reporter's, whoever's deed it tells; where no reporter is named, of whoever says so.
        Some(Voice::Reporter) => {
            let reporter = fact.reporter.as_ref().map(|by| standing(view, by, owners, fact.window()));
            match reporter.unwrap_or_else(speaker) {
                Standing::Independent => (Grade::Reported, false),
                standing => own(standing),
            }
        }
        Some(Voice::Derived) => (Grade::Reported, false),
        Some(Voice::Government) => match speaker() {
            Standing::Independent => (Grade::Reported, false),
            standing => own(standing),
        },
        // Whoever is no owner and none of its own knows of its failure no better than a critic.
        Some(Voice::Owner) => match speaker() {
            Standing::Independent if is_failure => (Grade::Disputed, false),
            standing => own(standing),
        },
        Some(Voice::SecondHand) if is_failure => (Grade::None, false),
        Some(Voice::SecondHand) => (Grade::Claimed, false),
        Some(Voice::Critic) => (Grade::Disputed, false),
        None => (Grade::None, false),
    }
}

/// Returns `true` if a government speaks of what it owes since another was in control of it: what an opponent left undone is no admission.
fn is_of_another_government(view: &View<'_>, fact: &Fact, undertaking: &Undertaking<'_>) -> bool {
    let Some(made) = undertaking.made.map(Window::day) else { return false };
    let in_control = |owner: &FactId, window: Window| {
        let certain = administrations(view, owner, window).into_iter().find(|(_, sure)| *sure == Truth::Yes);
        certain.map(|(by, _)| by.to_owned())
    };
    undertaking.owners.iter().filter(|owner| is_state(view, owner)).any(|owner| {
        matches!((in_control(owner, made), in_control(owner, fact.window())), (Some(then), Some(now)) if then != now)
    })
}

/// Returns how whoever speaks stood to the owners, on the day. Where nobody is named, an owner who is spoken of speaks in the voice
/// `self`; and the voice of a government is that of every government until its speaker is declared part of another.
pub(crate) fn standing_of(view: &View<'_>, fact: &Fact, owners: &BTreeSet<&FactId>) -> Standing {
    let is_unnamed = fact.by.is_empty();
    let who = if is_unnamed && fact.voice == Some(Voice::Owner) { &fact.about } else { &fact.by };
    let declared = who.iter().map(|speaker| standing(view, speaker, owners, fact.window())).max();
    let is_governments = || {
        let is_another = |by: &FactId| is_government(view, by) && !owners.contains(by);
        let elsewhere = who
            .iter()
            .any(|by| is_another(by) || bodies_of(view, by, fact.window()).iter().any(|body| is_state(view, body)));
        fact.voice == Some(Voice::Government) && !elsewhere && owners.iter().any(|owner| is_state(view, owner))
    };
    match declared.unwrap_or(Standing::Independent) {
        Standing::Independent if is_governments() => Standing::Own,
        standing => standing,
    }
}

/// Returns `true` if an owner, its office or its successor says so.
fn speaks_for(view: &View<'_>, fact: &Fact, owners: &BTreeSet<&FactId>) -> bool {
    let who = if fact.by.is_empty() { &fact.about } else { &fact.by };
    standing_of(view, fact, owners) >= Standing::Office
        || who.iter().any(|party| owners.contains(party))
        || follows(view, fact, owners)
}

/// Returns `true` if whoever speaks is declared to follow one of the owners.
pub(crate) fn follows(view: &View<'_>, fact: &Fact, owners: &BTreeSet<&FactId>) -> bool {
    let who = if fact.by.is_empty() { &fact.about } else { &fact.by };
    who.iter().any(|party| predecessors(view, party).iter().any(|of| owners.contains(of)))
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
    // The count in a finding that it was not done is no further delivery.
    if matches!(direction, Direction::Met | Direction::Part) { counted(fact, target) } else { None }
}

/// Returns how much a fact counts of what is aimed at, whichever way it points.
pub(crate) fn counted(fact: &Fact, target: Option<&Target>) -> Option<Interval> {
    let Some(Target::Amount(goal)) = target else { return None };
    let counts = |role| {
        role == Role::Delivered || (matches!(goal.unit, Unit::Money(_)) && matches!(role, Role::Paid | Role::Invested))
    };
    let fitting = fact.amounts.iter().filter(|a| a.unit == goal.unit && counts(a.role));
    fitting.map(heldto_fact::Amount::interval).reduce(|a, b| a.plus(b).unwrap_or(Interval::ANY))
}
