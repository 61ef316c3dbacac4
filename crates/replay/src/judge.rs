//! Where one commitment stands, by the rules of docs/RULES.md, first match wins.

use crate::evidence::{counted, gather};
use crate::{Cluster, Direction, Evidence, Grade, Status, View, recurring};
use chrono::NaiveDate;
use heldto_fact::{
    Amount, Body, Commitment, Due, Fact, FactId, Interval, LinkKind, Qualifier, Strength, Target, Truth, Unit, Window,
};
use undertaking::Decided;
mod answer;
mod notes;
mod replaced;
mod rules;
mod sums;
mod undertaking;

pub(crate) use undertaking::Undertaking;

/// Where a commitment stands, and why.
#[derive(Debug, Clone)]
pub struct Judgement<'a> {
    /// The tellings that are judged as one.
    pub mentions: Vec<&'a Fact>,
    /// Where it stands.
    pub status: Status,
    /// By whose knowledge.
    pub grade: Grade,
    /// The rule that fired, with its numbers and days.
    pub rule: String,
    /// Everything that was looked at.
    pub reasons: Vec<Reason<'a>>,
    /// What is not known.
    pub missing: Vec<String>,
    /// What would settle it.
    pub settles: Option<String>,
    /// What a reader should know beside it.
    pub notes: Vec<String>,
    /// The due date that was judged by.
    pub due: Option<&'a Due>,
    /// The first due date, where that is another.
    pub first_due: Option<&'a Due>,
    /// The window in which it falls due; for a recurring one, the period judged.
    pub window: Window,
    /// The target that was judged by.
    pub target: Option<&'a Target>,
    /// How much was delivered (`None` where no delivery is on record), of the target, both with the unit; only for a target that is an amount.
    pub delivered: Option<(Option<Interval>, Interval, Unit)>,
    /// Whether work is known to have begun.
    pub started: bool,
    /// Whether it is owed again and again, and the newest period that was due has no evidence.
    pub is_stale: bool,
    /// In what the commitment that took its place is weaker, where its owner or the owner's successor put it there.
    pub weaker: Option<String>,
    /// Who owes it; of a recommendation, whom it is made to and who answered for them.
    pub owners: Vec<&'a FactId>,
    /// The verdicts of others on it, in words.
    pub assessed: Vec<String>,
    /// The decisions that changed or ended it.
    pub decisions: Vec<&'a Fact>,
    /// The answer to a recommendation.
    pub answer: Option<&'a Fact>,
    /// Whom a recommendation is judged for.
    pub addressee: Option<&'a FactId>,
    /// The due dates that decisions set.
    pub moves: Vec<(&'a Fact, &'a Due)>,
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub struct Reason<'a> {
    /// The fact.
    pub fact: &'a Fact,
    /// What it shows here.
    pub shows: String,
    /// By whose knowledge.
    pub grade: Grade,
    /// Whether the status rests on it.
    pub used: bool,
    /// Whether that it bears on the commitment is the recorder's judgement, and not stated.
    pub judged: bool,
}

/// What a rule says when it fires.
pub(crate) struct Verdict {
    pub status: Status,
    pub rule: String,
    /// The evidence the status rests on, by its place in the list.
    pub used: Vec<usize>,
    pub missing: Vec<String>,
    pub settles: Option<&'static str>,
    /// The period judged, for a recurring commitment.
    pub period: Option<Window>,
    /// By whose knowledge, where the status rests on something other than the evidence.
    pub grade: Option<Grade>,
    /// Whether the newest period that was due has no evidence.
    pub is_stale: bool,
    /// In what the commitment that took its place is weaker.
    pub weaker: Option<String>,
}

impl Verdict {
    pub(crate) fn new(status: Status, rule: impl Into<String>, used: Vec<usize>) -> Self {
        Self {
            status,
            rule: rule.into(),
            used,
            missing: Vec::new(),
            settles: None,
            period: None,
            grade: None,
            is_stale: false,
            weaker: None,
        }
    }

    pub(crate) const fn settled_by(mut self, what: &'static str) -> Self {
        self.settles = Some(what);
        self
    }
}

/// Everything the rules look at.
pub(crate) struct Case<'a> {
    pub view: View<'a>,
    pub cluster: Cluster<'a>,
    pub undertaking: Undertaking<'a>,
    pub evidence: Vec<Evidence<'a>>,
    pub window: Window,
    pub delivered: Option<Interval>,
    /// Each part with where it stands, by whose knowledge, and whether work on it had begun.
    pub parts: Vec<(&'a Fact, Status, Grade, bool)>,
    pub as_of: NaiveDate,
}

/// Judges what this fact tells of for everyone who owes it: a commitment once, a recommendation once for each body that it is made to.
#[must_use]
pub fn judge_each<'a>(view: &View<'a>, id: &FactId) -> Vec<Judgement<'a>> {
    match view.versions(id).last().and_then(|v| v.fact.as_ref()) {
        Some(newest) if matches!(newest.body, Body::Recommendation(_)) => {
            let mut all = answer::judge_answers(view, newest);
            if view.is_sensitive() {
                let public = answer::judge_answers(&view.with_sensitive(false), newest);
                for judgement in &mut all {
                    let of_it = public.iter().find(|p| p.addressee == judgement.addressee);
                    let status = of_it.map_or(Status::NotYetKnown, |p| p.status);
                    if status != judgement.status {
                        judgement.notes.push(format!("by public evidence alone: {status}"));
                    }
                }
            }
            all
        }
        _ => judge(view, id).into_iter().collect(),
    }
}

/// Judges the commitment that this fact tells of. `None` where it is no commitment.
///
/// In a view that holds what is sensitive, a status that public evidence establishes too is the one that it establishes, with its
/// days; another says what public evidence alone comes to.
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
        whole.notes.push(format!("by public evidence alone: {}", public.status));
        return Some(whole);
    }
    let is_used = |fact: &Fact| public.reasons.iter().any(|r| r.used && r.fact.id == fact.id);
    let reasons = whole.reasons.into_iter().map(|reason| Reason { used: is_used(reason.fact), ..reason }).collect();
    Some(Judgement { reasons, ..public })
}

/// Parts of parts are followed this far, so that a circle of parts ends.
const DEPTH: usize = 3;

fn judge_within<'a>(view: &View<'a>, id: &FactId, depth: usize) -> Option<Judgement<'a>> {
    // What was retracted is no commitment any more.
    let newest = view.versions(id).last()?.fact.as_ref()?;
    if !matches!(newest.body, Body::Pledge(_)) {
        return None;
    }
    let cluster = view.fact(id).map(|fact| Cluster::of(view, fact)).filter(|c| known_by(view, c));
    let Some(cluster) = cluster else { return Some(not_yet_known(newest)) };
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

fn not_yet_known(fact: &Fact) -> Judgement<'_> {
    Judgement {
        mentions: vec![fact],
        status: Status::NotYetKnown,
        grade: Grade::None,
        rule: "nothing that tells of it was published by the day".to_owned(),
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
        weaker: None,
        owners: fact.by.iter().collect(),
        assessed: Vec::new(),
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

    /// What was delivered in all, counted once. Deliveries whose periods may overlap, or that may be the same, give a range from the larger to the sum.
    fn sum_delivered(&self) -> Option<Interval> {
        self.running_sums().pop().map(|(_, sum)| sum)
    }

    /// Returns who owes it, in the order in which they are told first.
    fn owners(&self) -> Vec<&'a FactId> {
        match &self.cluster.first().body {
            Body::Pledge(_) => self.cluster.first().by.iter().collect(),
            _ => self.undertaking.owners.iter().copied().collect(),
        }
    }

    /// Returns the first due date, where that is another than the one judged by.
    fn first_due(&self) -> Option<&'a Due> {
        let now = self.undertaking.due;
        self.undertaking.first_due.filter(|first| Some(*first) != now && Some(first.window()) != now.map(Due::window))
    }

    /// Returns how much a fact counts of the target, whichever way it points.
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

    /// The target as a number, where it is one.
    pub fn goal(&self) -> Option<(Interval, &'a Unit)> {
        match self.undertaking.target {
            Some(Target::Amount(a)) => Some((goal_of(a)?, &a.unit)),
            _ => None,
        }
    }

    /// Evidence of one direction that can settle something, with its place in the list.
    pub fn settling(&self, direction: Direction) -> impl Iterator<Item = (usize, &Evidence<'a>)> {
        self.evidence.iter().enumerate().filter(move |(_, e)| e.direction == direction && e.settles())
    }

    pub fn has_started(&self) -> bool {
        let in_parts = self.parts.iter().any(|(.., started)| *started);
        let work = [Direction::Work, Direction::Part, Direction::Met, Direction::Setback];
        in_parts || self.evidence.iter().any(|e| work.contains(&e.direction) && e.settles())
    }

    fn verdict(&self) -> Verdict {
        // What was done stays done, whoever leaves or withdraws later.
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

    /// Returns where it stands by its own terms and evidence, whoever withdrew or replaced it.
    pub fn by_itself(&self) -> Verdict {
        if recurring::applies(self) { recurring::verdict(self) } else { rules::one_off(self) }
    }

    fn judgement(self, verdict: Verdict) -> Judgement<'a> {
        let used: Vec<&Evidence<'a>> = verdict.used.iter().filter_map(|n| self.evidence.get(*n)).collect();
        let ended = |e: &Evidence<'_>| matches!(e.direction, Direction::Withdrawn | Direction::OfficeEnded);
        // What disputes evidence that the status does not rest on stands beside that evidence alone.
        let rests_on = |id: &FactId| used.iter().any(|e| e.fact.id == *id && e.grade <= Grade::Claimed);
        let against = |e: &&Evidence<'_>| match e.disputed {
            _ if e.is_unsupported => false,
            // Who owes it denies what is said against it: that stands beside the charge, and takes nothing from it.
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
        let notes = self.notes(&against, &used);
        let reason = |(n, e): (usize, &Evidence<'a>)| Reason {
            fact: e.fact,
            shows: self.shows(e),
            grade: e.grade,
            used: verdict.used.contains(&n),
            judged: e.strength != Strength::Stated,
        };
        let first_due = self.first_due();
        let goal = self.goal();
        // What was found short is told by what is known as well as that.
        let delivered = match verdict.status {
            Status::Breached | Status::PartMet => {
                self.running_sums_by(grade.max(Grade::Claimed)).pop().map(|(_, sum)| sum)
            }
            _ => self.delivered,
        };
        // Delivered, and nobody says how much.
        let deed = |e: &Evidence<'_>| e.settles() && matches!(e.direction, Direction::Met | Direction::Part);
        let told = self.evidence.iter().any(deed).then_some(Interval::ANY);
        Judgement {
            reasons: self.decided().chain(self.evidence.iter().enumerate().map(reason)).collect(),
            started: self.has_started(),
            delivered: goal.map(|(target, unit)| (delivered.or(told), target, unit.clone())),
            mentions: self.cluster.mentions.to_vec(),
            status: verdict.status,
            grade,
            rule: verdict.rule,
            missing: verdict.missing,
            settles: verdict.settles.map(str::to_owned),
            notes,
            due: self.undertaking.due,
            first_due,
            window: verdict.period.unwrap_or(self.window),
            target: self.undertaking.target,
            owners: self.owners(),
            assessed: self.assessed(),
            decisions: self.undertaking.decisions.iter().map(|d| d.fact).collect(),
            answer: self.undertaking.answer,
            addressee: self.undertaking.addressee,
            moves: self.undertaking.decisions.iter().filter_map(|d| Some((d.fact, d.due?))).collect(),
            is_stale: verdict.is_stale,
            weaker: verdict.weaker.or_else(|| replaced::lowered(&self)),
        }
    }

    /// Where a status rests on work seen in the parts alone, by whose knowledge that is.
    fn grade_of_parts(&self, verdict: &Verdict) -> Grade {
        let rests_on_parts =
            matches!(verdict.status, Status::InProgress | Status::Overdue | Status::FallingDue | Status::Untestable);
        let begun = self.parts.iter().filter(|(.., started)| *started).map(|(_, _, grade, _)| *grade).max();
        begun.filter(|_| rests_on_parts).unwrap_or(Grade::None)
    }
}

/// Returns the number that an amount is to reach; `None` of what sets none: "up to 500", or an unknown share of it. "Nearly 500" is as
/// far as "about 500" begins.
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

/// Work that goes on or stalled, for a commitment that is not due yet.
pub(crate) fn rules_at_work(case: &Case<'_>) -> Option<Verdict> {
    rules::at_work(case)
}

/// Whether two facts have an owner in common, or one of them names nobody.
fn shares_owner(a: &Fact, b: &Fact) -> bool {
    a.by.is_empty() || b.by.is_empty() || a.by.iter().any(|owner| b.by.contains(owner))
}

/// A window in words.
pub(crate) fn window_words(window: Window) -> String {
    match (window.earliest, window.latest) {
        (Some(e), Some(l)) if e == l => format!("on {e}"),
        (Some(e), Some(l)) => format!("between {e} and {l}"),
        (Some(e), None) => format!("on or after {e}"),
        (None, Some(l)) => format!("on or before {l}"),
        (None, None) => "day not known".to_owned(),
    }
}

/// Whether a window lies on or before a day, as an inequality with its answer.
pub(crate) fn by_day(window: Window, day: NaiveDate) -> (Truth, String) {
    let truth = window.by(day);
    let text = match (truth, window.earliest, window.latest) {
        (Truth::Yes, _, Some(latest)) => format!("{latest} <= {day}"),
        (Truth::No, Some(earliest), _) => format!("{earliest} > {day}"),
        _ => format!("{} against {day} cannot be told", window_words(window)),
    };
    (truth, text)
}
