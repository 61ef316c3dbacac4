//! The judge: turns a commitment and its evidence into a [`Judgement`].
//!
//! Follows docs/RULES.md; the first rule that matches decides. Knows no log and no store, and reads
//! facts through a [`View`]. Start at [`judge_each`]; the rules are in `rules`.

use crate::{Cluster, Grade, Status, View};

use chrono::NaiveDate;
use heldto_fact::{
    Amount, Body, Commitment, Due, Fact, FactId, Interval, LinkKind, Qualifier, Strength, Target, Unit, Window,
};
use undertaking::Decided;
mod answer;
mod evidence;
mod finding;
mod notes;
mod recurring;
mod replaced;
mod rules;
mod sums;
mod undertaking;

pub use evidence::{Direction, Evidence};
use evidence::{counted, gather};
pub use finding::{Finding, Gap, Progress, Remedy, Timing, Weakening};
pub use notes::{Note, Reason, Shown};
pub(crate) use undertaking::Undertaking;

/// The status of a commitment, with the reasons for it.
#[derive(Debug, Clone)]
pub struct Judgement<'a> {
    /// The cluster: all mentions of the commitment, judged as one.
    pub mentions: Vec<&'a Fact>,
    /// The status by the rules.
    pub status: Status,
    /// The grade of the evidence that the status rests on.
    pub grade: Grade,
    /// The as-of day.
    pub as_of: NaiveDate,
    /// The rule that fired, with its numbers and days.
    pub finding: Finding<'a>,
    /// All decisions and evidence considered, used or not.
    pub reasons: Vec<Reason<'a>>,
    /// Evidence that is not on record.
    pub missing: Vec<Gap<'a>>,
    /// The evidence that would settle the commitment.
    pub settles: Option<Remedy>,
    /// Remarks that do not change the status.
    pub notes: Vec<Note<'a>>,
    /// The due date used.
    pub due: Option<&'a Due>,
    /// The first due date, if it differs from `due`.
    pub first_due: Option<&'a Due>,
    /// The window of `due`; for a recurring commitment, the period judged.
    pub window: Window,
    /// The target used.
    pub target: Option<&'a Target>,
    /// The amount delivered, the target and their unit; `None` unless the target is an amount.
    ///
    /// The first member is `None` if no delivery is on record, and unbounded if one is without a
    /// number.
    pub delivered: Option<(Option<Interval>, Interval, Unit)>,
    /// `true` if work is known to have begun.
    pub started: bool,
    /// `true` if the commitment recurs and its newest due period has no evidence.
    pub is_stale: bool,
    /// The respects in which the owner weakened the commitment: by a replacement, its own or its
    /// successor's, or by a lower number in a later mention.
    pub weaker: Vec<Weakening<'a>>,
    /// The owners; for a recommendation, the addressee and the parties that answered for it.
    pub owners: Vec<&'a FactId>,
    /// The decisions that changed or ended the commitment.
    pub decisions: Vec<&'a Fact>,
    /// The answer to a recommendation.
    pub answer: Option<&'a Fact>,
    /// The body that a recommendation is judged for.
    pub addressee: Option<&'a FactId>,
    /// The decisions that set a due date, each with that date.
    pub moves: Vec<(&'a Fact, &'a Due)>,
}

/// The result of a rule that fired.
pub(crate) struct Verdict<'a> {
    pub status: Status,
    pub finding: Finding<'a>,
    /// Indexes into [`Case::evidence`] of the evidence that the status rests on.
    pub used: Vec<usize>,
    pub missing: Vec<Gap<'a>>,
    pub settles: Option<Remedy>,
    /// The period judged, for a recurring commitment.
    pub period: Option<Window>,
    /// The grade, if it is not the best of `used`.
    pub grade: Option<Grade>,
    /// `true` if the newest due period has no evidence.
    pub is_stale: bool,
    /// The respects in which the replacement is weaker.
    pub weaker: Vec<Weakening<'a>>,
}

impl<'a> Verdict<'a> {
    pub(crate) const fn new(status: Status, finding: Finding<'a>, used: Vec<usize>) -> Self {
        Self {
            status,
            finding,
            used,
            missing: Vec::new(),
            settles: None,
            period: None,
            grade: None,
            is_stale: false,
            weaker: Vec::new(),
        }
    }

    pub(crate) const fn settled_by(mut self, remedy: Remedy) -> Self {
        self.settles = Some(remedy);
        self
    }
}

/// The input of the rules.
pub(crate) struct Case<'a> {
    pub view: View<'a>,
    pub cluster: Cluster<'a>,
    pub undertaking: Undertaking<'a>,
    pub evidence: Vec<Evidence<'a>>,
    pub window: Window,
    pub delivered: Option<Interval>,
    /// Each part with its status, its grade, and `true` if work on it had begun.
    pub parts: Vec<(&'a Fact, Status, Grade, bool)>,
    pub as_of: NaiveDate,
}

/// Judges a fact once for each party that owes it: a pledge once, a recommendation once for each
/// addressee.
#[must_use]
pub fn judge_each<'a>(view: &View<'a>, id: &FactId) -> Vec<Judgement<'a>> {
    match view.versions(id).last().and_then(|v| v.fact.as_ref()) {
        Some(newest) if matches!(newest.body, Body::Recommendation(_)) => {
            let mut all = answer::judge_answers(view, newest);
            if view.is_sensitive() {
                let public = answer::judge_answers(&view.with_sensitive(false), newest);
                for judgement in &mut all {
                    let counterpart = public.iter().find(|p| p.addressee == judgement.addressee);
                    let status = counterpart.map_or(Status::NotYetKnown, |p| p.status);
                    if status != judgement.status {
                        judgement.notes.push(Note::Public(status));
                    }
                }
            }
            all
        }
        _ => judge(view, id).into_iter().collect(),
    }
}

/// Judges the commitment of this fact; returns `None` if the fact is not a pledge.
///
/// If the view includes sensitive facts, a status that public evidence also establishes is reported
/// with the rule and days of the public judgement. A different status gets a note with the status
/// by public evidence alone.
#[must_use]
pub fn judge<'a>(view: &View<'a>, id: &FactId) -> Option<Judgement<'a>> {
    let whole = judge_within(view, id, 0)?;
    let rests = || whole.mentions.iter().copied().chain(whole.reasons.iter().map(|r| r.fact));
    if !view.is_sensitive() || !rests().any(|fact| view.is_about_sensitive(&fact.id)) {
        return Some(whole);
    }
    let Some(public) = judge_within(&view.with_sensitive(false), id, 0) else { return Some(whole) };
    if public.status != whole.status {
        let mut whole = whole;
        whole.notes.push(Note::Public(public.status));
        return Some(whole);
    }
    let is_used = |fact: &Fact| public.reasons.iter().any(|r| r.used && r.fact.id == fact.id);
    let reasons = whole.reasons.into_iter().map(|reason| Reason { used: is_used(reason.fact), ..reason }).collect();
    Some(Judgement { reasons, ..public })
}

/// Maximum depth to which parts of parts are judged, so that a cycle of parts ends.
const DEPTH: usize = 3;

fn judge_within<'a>(view: &View<'a>, id: &FactId, depth: usize) -> Option<Judgement<'a>> {
    // A retracted fact is no longer a commitment.
    let newest = view.versions(id).last()?.fact.as_ref()?;
    if !matches!(newest.body, Body::Pledge(_)) {
        return None;
    }
    let cluster = view.fact(id).map(|fact| Cluster::of(view, fact)).filter(|c| known_by(view, c));
    let Some(cluster) = cluster else { return Some(not_yet_known(view, newest)) };
    view.work().judge();
    let undertaking = Undertaking::of_pledge(view, &cluster);
    let case = Case::new(view, cluster, undertaking, depth);
    let verdict = case.verdict();
    Some(case.judgement(verdict))
}

fn known_by(view: &View<'_>, cluster: &Cluster<'_>) -> bool {
    let begun = |f: &Fact| f.window().earliest.is_none_or(|day| day <= view.clock().as_of);
    cluster.mentions.iter().any(|f| begun(f))
}

fn not_yet_known<'a>(view: &View<'a>, fact: &'a Fact) -> Judgement<'a> {
    Judgement {
        mentions: vec![fact],
        status: Status::NotYetKnown,
        grade: Grade::None,
        as_of: view.clock().as_of,
        finding: Finding::NotYetKnown,
        reasons: Vec::new(),
        missing: Vec::new(),
        settles: None,
        notes: Vec::new(),
        due: None,
        first_due: None,
        window: Window::ANY,
        target: None,
        delivered: None,
        started: false,
        is_stale: false,
        weaker: Vec::new(),
        owners: fact.by.iter().collect(),
        decisions: Vec::new(),
        answer: None,
        addressee: None,
        moves: Vec::new(),
    }
}

fn terms(fact: &Fact) -> Option<&Commitment> {
    match &fact.body {
        Body::Pledge(commitment) => Some(commitment),
        _ => None,
    }
}

impl<'a> Case<'a> {
    fn new(view: &View<'a>, cluster: Cluster<'a>, undertaking: Undertaking<'a>, depth: usize) -> Self {
        let evidence = gather(view, &cluster, &undertaking);
        let mut case = Self {
            view: *view,
            as_of: view.clock().as_of,
            window: undertaking.due.map_or(Window::ANY, Due::window),
            delivered: None,
            parts: Vec::new(),
            evidence,
            cluster,
            undertaking,
        };
        case.delivered = case.sum_delivered();
        if depth < DEPTH {
            case.parts = case.judge_parts(depth);
        }
        case
    }

    /// Returns the total delivered, each delivery counted once.
    ///
    /// Deliveries whose periods may overlap, or that may be the same, give a range from the larger
    /// to the sum.
    fn sum_delivered(&self) -> Option<Interval> {
        self.running_sums().pop().map(|(_, sum)| sum)
    }

    /// Returns the owners; for a pledge, those that its first mention names.
    fn owners(&self) -> Vec<&'a FactId> {
        match &self.cluster.first().body {
            Body::Pledge(_) => self.cluster.first().by.iter().collect(),
            _ => self.undertaking.owners.iter().copied().collect(),
        }
    }

    /// Returns the first due date if its window differs from that of the current one.
    fn first_due(&self) -> Option<&'a Due> {
        let now = self.undertaking.due;
        self.undertaking.first_due.filter(|first| Some(*first) != now && Some(first.window()) != now.map(Due::window))
    }

    /// Returns the amount that a fact counts towards the target, in whichever direction it points.
    pub fn count_in(&self, fact: &Fact) -> Option<Interval> {
        counted(fact, self.undertaking.target)
    }

    fn judge_parts(&self, depth: usize) -> Vec<(&'a Fact, Status, Grade, bool)> {
        let linked = self.cluster.mentions.iter().flat_map(|t| self.view.linked_as(&t.id, LinkKind::PartOf));
        let parts = linked.filter(|(fact, link)| {
            matches!(fact.body, Body::Pledge(_)) && link.strength != Strength::Possible && !self.cluster.holds(&fact.id)
        });
        let view = &self.view;
        let judged = |fact: &'a Fact| {
            let key = (fact.id.clone(), depth + 1, view.clock(), view.is_sensitive());
            let judge = || judge_within(view, &fact.id, depth + 1).map(|j| (j.status, j.grade, j.started));
            view.work().part(key, judge).map(|(status, grade, started)| (fact, status, grade, started))
        };
        parts.filter_map(|(fact, _)| judged(fact)).collect()
    }

    /// Returns the target as a number with its unit, if it has one.
    pub fn goal(&self) -> Option<(Interval, &'a Unit)> {
        match self.undertaking.target {
            Some(Target::Amount(a)) => Some((goal_of(a)?, &a.unit)),
            _ => None,
        }
    }

    /// Returns the evidence of one direction that can settle the commitment, with its index.
    pub fn settling(&self, direction: Direction) -> impl Iterator<Item = (usize, &Evidence<'a>)> {
        self.evidence.iter().enumerate().filter(move |(_, e)| e.direction == direction && e.settles())
    }

    pub fn has_started(&self) -> bool {
        let in_parts = self.parts.iter().any(|(.., started)| *started);
        let work = [Direction::Work, Direction::Part, Direction::Met, Direction::Setback];
        in_parts || self.evidence.iter().any(|e| work.contains(&e.direction) && e.settles())
    }

    fn verdict(&self) -> Verdict<'a> {
        // A later withdrawal or departure does not undo a fulfilment.
        let done = !recurring::applies(self) && rules::met(self).is_some();
        if let Some(verdict) = rules::ended_by_decision(self) {
            return verdict;
        }
        let ended = || rules::withdrawn(self).or_else(|| rules::lapsed(self)).or_else(|| replaced::superseded(self));
        if let Some(verdict) = (!done).then(ended).flatten() {
            return verdict;
        }
        self.by_itself()
    }

    /// Returns the verdict by the commitment's own terms and evidence, ignoring withdrawal and
    /// replacement.
    pub fn by_itself(&self) -> Verdict<'a> {
        if recurring::applies(self) { recurring::verdict(self) } else { rules::one_off(self) }
    }

    fn judgement(self, verdict: Verdict<'a>) -> Judgement<'a> {
        let used: Vec<&Evidence<'a>> = verdict.used.iter().filter_map(|n| self.evidence.get(*n)).collect();
        let ended = |e: &Evidence<'_>| matches!(e.direction, Direction::Withdrawn | Direction::OfficeEnded);
        // A dispute over evidence counts against the status only if the status rests on that
        // evidence.
        let rests_on = |id: &FactId| used.iter().any(|e| e.fact.id == *id && e.grade <= Grade::Claimed);
        let against = |e: &&Evidence<'_>| match e.disputed {
            _ if e.is_unsupported => false,
            // An owner's denial is noted beside the charge and does not weaken it.
            Some(_) if e.is_denial => false,
            Some(id) => rests_on(id),
            None if e.strength == Strength::Possible => false,
            None => e.direction == Direction::Disputes || (e.grade == Grade::Disputed && !ended(e)),
        };
        let against: Vec<&Evidence<'a>> = self.evidence.iter().filter(against).collect();
        let disputed = !against.is_empty();
        let grade = verdict
            .grade
            .or_else(|| used.iter().map(|e| e.grade).max())
            .unwrap_or_else(|| self.grade_of_parts(&verdict));
        let both_ways = verdict.status == Status::Inconclusive
            && used.iter().any(|e| e.direction == Direction::NotMet)
            && used.iter().any(|e| e.direction == Direction::Met);
        let grade = if both_ways || (disputed && matches!(grade, Grade::Claimed | Grade::None)) {
            Grade::Disputed
        } else {
            grade
        };
        let notes = self.notes(verdict.status, &against, &used);
        let reason = |(n, e): (usize, &Evidence<'a>)| Reason {
            fact: e.fact,
            shows: e.into(),
            grade: e.grade,
            used: verdict.used.contains(&n),
            judged: e.strength != Strength::Stated,
        };
        let lowered = replaced::lowered(&self).into_iter().collect();
        let first_due = self.first_due();
        let goal = self.goal();
        // A shortfall is computed from the evidence that is graded at least as well as the status.
        let delivered = match verdict.status {
            Status::Breached | Status::PartMet => {
                self.running_sums_by(grade.max(Grade::Claimed)).pop().map(|(_, sum)| sum)
            }
            _ => self.delivered,
        };
        // A delivery without a number.
        let deed = |e: &Evidence<'_>| e.settles() && matches!(e.direction, Direction::Met | Direction::Part);
        let unnumbered = self.evidence.iter().any(deed).then_some(Interval::ANY);
        Judgement {
            reasons: self.decided().chain(self.evidence.iter().enumerate().map(reason)).collect(),
            started: self.has_started(),
            delivered: goal.map(|(target, unit)| (delivered.or(unnumbered), target, unit.clone())),
            mentions: self.cluster.mentions.to_vec(),
            status: verdict.status,
            grade,
            as_of: self.as_of,
            finding: verdict.finding,
            missing: verdict.missing,
            settles: verdict.settles,
            notes,
            due: self.undertaking.due,
            first_due,
            window: verdict.period.unwrap_or(self.window),
            target: self.undertaking.target,
            owners: self.owners(),
            decisions: self.undertaking.decisions.iter().map(|d| d.fact).collect(),
            answer: self.undertaking.answer,
            addressee: self.undertaking.addressee,
            moves: self.undertaking.decisions.iter().filter_map(|d| Some((d.fact, d.due?))).collect(),
            is_stale: verdict.is_stale,
            weaker: if verdict.weaker.is_empty() { lowered } else { verdict.weaker },
        }
    }

    /// Returns the best grade of the parts on which work has begun, if the status can rest on them.
    fn grade_of_parts(&self, verdict: &Verdict<'_>) -> Grade {
        let rests_on_parts =
            matches!(verdict.status, Status::InProgress | Status::Overdue | Status::FallingDue | Status::Untestable);
        let begun = self.parts.iter().filter(|(.., started)| *started).map(|(_, _, grade, _)| *grade).max();
        begun.filter(|_| rests_on_parts).unwrap_or(Grade::None)
    }
}

/// Returns the number that an amount must reach, or `None` if it sets none ("up to 500", an unknown
/// share).
///
/// "Nearly 500" is reached where "about 500" begins.
fn goal_of(target: &Amount) -> Option<Interval> {
    let value = target.value?;
    match target.qualifier {
        Qualifier::NotQuantified | Qualifier::UpTo | Qualifier::LessThan | Qualifier::ShareOf => None,
        Qualifier::Nearly => Some(
            Amount { qualifier: Qualifier::About, ..Amount::exact(value, target.unit.clone(), target.role) }.interval(),
        ),
        _ => Some(target.interval()),
    }
}

/// Returns `true` if two facts have an owner in common, or if one of them names none.
fn shares_owner(a: &Fact, b: &Fact) -> bool {
    a.by.is_empty() || b.by.is_empty() || a.by.iter().any(|owner| b.by.contains(owner))
}
