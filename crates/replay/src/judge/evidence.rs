//! Collects the evidence on a commitment: turns linked facts and figures into [`Evidence`] with a
//! direction and a grade.
//!
//! Does not decide a status; `judge` does. Start at [`gather`].

use super::Undertaking;
use crate::membership::{Standing, bodies_of, is_government, is_owner, is_state, is_watchdog, standing};
use crate::metrics::{Comparison, compare};
use crate::{Cluster, Grade, View, administrations, series};
use chrono::NaiveDate;
use heldto_fact::{
    Act, Body, Change, Fact, FactId, Force, Interval, LinkKind, Outcome, Role, Strength, Target, Truth, Unit, Voice,
    Window,
};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The direction in which evidence points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Done.
    Met,
    /// Partly done.
    Part,
    /// Work began or continued.
    Work,
    /// Work went backwards.
    Setback,
    /// Still not done.
    NotMet,
    /// Done, then undone.
    Undone,
    /// Withdrawn by the owner or its successor.
    Withdrawn,
    /// The office that made the commitment ended.
    OfficeEnded,
    /// A dispute over the commitment or over evidence for it; settles nothing.
    Disputes,
}

/// A piece of evidence on a commitment, counted once however many facts mention it.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The mention with the best grade.
    pub fact: &'a Fact,
    /// All mentions of the same event.
    pub mentions: Rc<[&'a Fact]>,
    /// The direction.
    pub direction: Direction,
    /// The grade towards this commitment.
    pub grade: Grade,
    /// `true` if this is the owner's admission of a failure.
    pub admitted: bool,
    /// The certainty of the link to this commitment.
    pub strength: Strength,
    /// The day it happened, or the period it covers.
    pub window: Window,
    /// The amount delivered, in the unit of the target; `None` if none is given.
    pub delivered: Option<Interval>,
    /// For a figure: the comparison with the threshold.
    pub figure: Option<Comparison<'a>>,
    /// `true` if all its sources were retracted.
    pub is_unsupported: bool,
    /// For a dispute over evidence rather than the commitment: the id of that evidence.
    pub disputed: Option<&'a FactId>,
    /// For a figure: the older figures that it revises.
    pub revises: Vec<&'a FactId>,
    /// `true` if this is a denial by the owner or by its own.
    pub is_denial: bool,
}

impl<'a> Evidence<'a> {
    /// Returns the evidence that a fact gives; `None` if the fact may lie after the as-of day.
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
            figure: None,
            is_unsupported: view.is_unsupported(fact),
            disputed: None,
            revises: Vec::new(),
            is_denial: false,
        })
    }

    /// Returns `true` if this evidence can settle a commitment.
    ///
    /// A critic's word, a dispute, a possible link and a retracted source cannot.
    #[must_use]
    pub fn settles(&self) -> bool {
        self.strength != Strength::Possible
            && self.grade >= Grade::Claimed
            && self.direction != Direction::Disputes
            && !self.is_unsupported
    }
}

/// Returns all known evidence on the mentions of a commitment, each event once, oldest first.
///
/// Amounts are counted in the unit of the target, figures are those of its metric. Deliveries
/// towards a part in that unit also count towards the whole.
pub fn gather<'a>(view: &View<'a>, commitment: &Cluster<'a>, undertaking: &Undertaking<'a>) -> Vec<Evidence<'a>> {
    let owners = &undertaking.owners;
    let target = undertaking.target;
    // Actions of another addressee of a recommendation are evidence for that body alone.
    let is_of_others = |fact: &Fact| {
        let of = fact.subjects().iter().chain(&fact.by);
        let names_own = of.clone().any(|party| owners.contains(party));
        !names_own && of.into_iter().any(|party| undertaking.others.contains(party))
    };
    let linked = |id: &'a FactId| {
        view.linked_from(id).filter(|(fact, _)| !is_of_others(fact)).filter_map(|(fact, link)| {
            view.count_compared(1);
            let direction = direction(view, fact, fact.link_kind(link), owners, target)?;
            // Nobody owed a recommendation before accepting it: earlier failures do not count.
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

/// Returns the facts that dispute or contradict any mention of a piece of evidence, each with its
/// day.
///
/// If both are evidence for the same commitment, their grades decide.
fn disputes<'a>(view: &View<'a>, evidence: &Evidence<'a>, owners: &BTreeSet<&FactId>) -> Vec<Evidence<'a>> {
    let says = |link: &heldto_fact::Link| {
        matches!(link.kind, LinkKind::Contradicts | LinkKind::Disputes) && link.strength != Strength::Possible
    };
    if evidence.direction == Direction::Disputes {
        return Vec::new();
    }
    let mentions = || evidence.mentions.iter().copied();
    let against = mentions().flat_map(|t| view.linked_from(&t.id)).filter(|(_, link)| says(link));
    // `contradicts` holds in both directions, whichever fact has the link.
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
            figure: None,
            is_unsupported: view.is_unsupported(fact),
            disputed: Some(&evidence.fact.id),
            revises: Vec::new(),
            is_denial: tells_of_failure(evidence.direction) && standing_of(view, fact, owners) >= Standing::Own,
        })
    };
    others.filter_map(dispute).collect()
}

/// Returns the sort key: oldest first.
fn in_time(e: &Evidence<'_>) -> (Option<NaiveDate>, Option<NaiveDate>, FactId) {
    (e.window.latest, e.window.earliest, e.fact.id.clone())
}

/// Reduces mentions of one event to the best-graded mention in each direction.
///
/// A second mention is kept if it is the best one with a number and the first has none. A number
/// counts once, whichever way its mentions point.
fn each_once<'a>(view: &View<'a>, mut found: Vec<Evidence<'a>>) -> Vec<Evidence<'a>> {
    // A fact said to fulfil both the whole and a part fulfils a part.
    let least = |d: Direction| (d != Direction::Part, d);
    found.sort_by(|a, b| {
        let best = |e: &Evidence<'_>| (std::cmp::Reverse(e.settles()), std::cmp::Reverse(e.grade), e.strength);
        best(a).cmp(&best(b)).then(a.fact.id.cmp(&b.fact.id)).then(least(a.direction).cmp(&least(b.direction)))
    });
    let mut kept: Vec<Evidence<'a>> = Vec::new();
    let mut of_thing: BTreeMap<&FactId, Vec<usize>> = BTreeMap::new();
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
        // One fact points in one direction only; another mention may point elsewhere or add a
        // number.
        let is_repeated = earlier()
            .any(|k| k.fact.id == evidence.fact.id && does(k.direction) == does(evidence.direction))
            || earlier().any(|k| k.direction == evidence.direction);
        if is_repeated && (numbered || evidence.delivered.is_none() || earlier().any(|k| k.fact.id == evidence.fact.id))
        {
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

/// Returns `true` if the direction is a failure.
const fn tells_of_failure(direction: Direction) -> bool {
    matches!(direction, Direction::NotMet | Direction::Setback | Direction::Undone)
}

/// Returns `true` if the direction is a fulfilment, a part of one, or work.
const fn does(direction: Direction) -> bool {
    matches!(direction, Direction::Met | Direction::Part | Direction::Work)
}

/// Returns the window, ended by the day the fact was known: a published event has happened.
pub(crate) fn no_later_than_known(window: Window, known: Option<NaiveDate>) -> Window {
    let possible = known.filter(|day| window.earliest.is_none_or(|e| e <= *day));
    Window { latest: window.latest.zip(possible).map(|(l, day)| l.min(day)).or(window.latest).or(possible), ..window }
}

/// Returns the figures for the commitment's metric, each compared with the threshold.
///
/// For a pledge, only figures for a time after it was made count; a duty was owed before.
fn figures<'a>(view: &View<'a>, undertaking: &Undertaking<'a>) -> Vec<Evidence<'a>> {
    let Some(Target::Metric { metric, threshold, .. }) = undertaking.target else { return Vec::new() };
    let is_duty = undertaking.force == Force::Duty;
    let made = undertaking.made;
    let values = undertaking.owners.iter().flat_map(|owner| series(view, metric, owner));
    let counted = values.filter(|v| is_duty || v.window.earliest.zip(made).is_some_and(|(e, m)| e >= m));
    let evidence = |v: crate::MetricValue<'a>| {
        let figure = compare(v.amount, threshold);
        let direction = match figure.truth {
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
            figure: Some(figure),
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
        // Spending is an input: towards a counted target other than money, it shows work only.
        _ if only_money(fact) && !aims_at_money(target) && !failed(fact) => Direction::Work,
        // Pledges, complaints and the like are not deeds.
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
        // Figures for the target's metric are handled in `figures`; others settle nothing.
        (Body::Measurement { .. }, _) => return None,
        // A forecast, a request, a demand or criticism is not a deed.
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
        // Each kind is named, so that a new kind does not become a deed unasked.
        (
            Body::Party { .. }
            | Body::Source(_)
            | Body::Metric { .. }
            | Body::Inspection { .. }
            | Body::Notice { .. }
            | Body::Statement { .. }
            | Body::Payout { .. }
            | Body::Change { .. }
            | Body::Publication { .. }
            | Body::Correction { .. }
            | Body::Retraction { .. },
            link,
        ) => match link {
            LinkKind::Fulfils => Direction::Met,
            LinkKind::PartFulfils => Direction::Part,
            _ => Direction::Work,
        },
    })
}

/// Returns the grade of a fact towards a commitment of these owners, and `true` if it is an
/// admission.
///
/// An admission is by an owner, its office-holders or, for a government, its departments and
/// ministers. The official word of a watchdog is proof whatever body it is part of, except on its
/// own commitments.
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
        // A finding is the named reporter's, and otherwise the speaker's.
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
        // A stranger in the voice `self` knows of a failure no better than a critic.
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

/// Returns `true` if another government was in control when the commitment was made than when the
/// fact happened: a government admits nothing for its predecessor.
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

/// Returns the standing of the speaker towards the owners on the day.
///
/// If no speaker is named, the subjects of a fact in the voice `self` are its speakers. The voice
/// `government` counts as the own voice of a government that is an owner, unless its speaker is
/// declared part of another.
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

/// Returns `true` if the speaker is an owner, its office-holder or its successor.
fn speaks_for(view: &View<'_>, fact: &Fact, owners: &BTreeSet<&FactId>) -> bool {
    let who = if fact.by.is_empty() { &fact.about } else { &fact.by };
    standing_of(view, fact, owners) >= Standing::Office
        || who.iter().any(|party| is_owner(view, party, owners, fact.window()))
}

fn only_money(fact: &Fact) -> bool {
    let spent =
        |a: &heldto_fact::Amount| matches!(a.unit, Unit::Money(_)) && matches!(a.role, Role::Paid | Role::Invested);
    !fact.amounts.is_empty() && fact.amounts.iter().all(spent)
}

fn failed(fact: &Fact) -> bool {
    matches!(fact.body, Body::Delivery { outcome: Outcome::NotDone | Outcome::Undone | Outcome::Setback })
}

/// Returns `false` if the target is an amount in a unit other than money.
fn aims_at_money(target: Option<&Target>) -> bool {
    !matches!(target, Some(Target::Amount(a)) if !matches!(a.unit, Unit::Money(_)))
}

/// Returns the total delivered, if the fact points to fulfilment in whole or in part.
fn delivered(fact: &Fact, target: Option<&Target>, direction: Direction) -> Option<Interval> {
    // A count in a finding of failure is not a further delivery.
    if matches!(direction, Direction::Met | Direction::Part) { counted(fact, target) } else { None }
}

/// Returns the total that a fact counts in the unit of the target, whatever its direction.
///
/// Money paid or invested counts only towards a money target.
pub(crate) fn counted(fact: &Fact, target: Option<&Target>) -> Option<Interval> {
    let Some(Target::Amount(goal)) = target else { return None };
    let counts = |role| {
        role == Role::Delivered || (matches!(goal.unit, Unit::Money(_)) && matches!(role, Role::Paid | Role::Invested))
    };
    let fitting = fact.amounts.iter().filter(|a| a.unit == goal.unit && counts(a.role));
    fitting.map(heldto_fact::Amount::interval).reduce(|a, b| a.plus(b).unwrap_or(Interval::ANY))
}
