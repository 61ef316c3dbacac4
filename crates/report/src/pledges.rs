//! Turns judgements of commitments into the pledge-fulfilment report. Knows no rules of judging and
//! no output format. Start at [`pledges`]; [`judged`] serves the other reports.

mod standing;
mod summary;

pub(crate) use standing::{counts, shade_of};
pub(crate) use summary::summary;

use crate::fact_line::{cited, ids, ids_of, named, parties, sources, when};
use crate::finding;
use crate::wording::{self, interval, judgement, target};
use crate::{Block, Document, Event, FactFilter, Item, ReportBasis, Scale, Section, Selection, Tone, columns};
use chrono::NaiveDate;
use heldto_fact::{
    Attribution, Body, Commitment, Due, Fact, FactId, Force, IndexTerm, Kind, LinkKind, Mode, Strength, Target, Truth,
    Unit, Voice, Window,
};
use heldto_replay::{
    Clock, Cluster, Counted, Grade, Judgement, Status, View, administrations, ancestors, bodies_of, judge_each,
    successors,
};
use std::collections::BTreeSet;

/// Selection of the commitments to show.
#[derive(Debug, Clone, Default)]
pub struct PledgeFilter {
    /// Filter on the facts that record a commitment.
    pub facts: FactFilter,
    /// Statuses; all if empty.
    pub status: Vec<Status>,
    /// Position of the due date.
    pub due: Option<DueFilter>,
    /// `true` to keep only commitments that still ask something of their owner.
    pub open: bool,
    /// Party in control of an owner, certainly or possibly, at the time of the commitment.
    pub made_under: Option<FactId>,
    /// Unit of the target.
    pub unit: Option<Unit>,
    /// Another tracker's scale on which each status is given too.
    pub scale: Option<Scale>,
}

/// Position of a due date relative to the as-of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueFilter {
    /// The last due day has passed.
    Past,
    /// The window contains the as-of day, or a `not-before` day has been reached.
    Falling,
    /// The window lies ahead.
    Future,
    /// There is no due date.
    None,
}

impl DueFilter {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Past => wording::filter::DUE_PAST,
            Self::Falling => wording::filter::DUE_NOW,
            Self::Future => wording::filter::DUE_LATER,
            Self::None => wording::filter::WITHOUT_DUE_DAY,
        }
    }
}

impl PledgeFilter {
    /// Returns `true` if the status and due date of a judgement match.
    fn matches_status(&self, j: &Judgement<'_>, as_of: NaiveDate) -> bool {
        let status = self.status.is_empty() || self.status.contains(&j.status);
        status && self.due.is_none_or(|d| due_of(j, as_of) == d) && (!self.open || j.status.is_open())
    }

    fn matches_facts(&self, view: &View<'_>, cluster: &Cluster<'_>) -> bool {
        let any = |pick: &dyn Fn(&Fact) -> bool| cluster.mentions.iter().any(|t| pick(t));
        let under = |t: &Fact| made_under(view, t, self.made_under.as_ref()) != Truth::No;
        // The owners are checked on the judgement, which knows answers and successions.
        let owned = FactFilter { by: None, ..self.facts.clone() };
        any(&|t| owned.matches(view, t) && self.facts.in_range(t.window()) != Truth::No)
            && (self.made_under.is_none() || any(&under))
            && self.unit.as_ref().is_none_or(|unit| any(&|t| unit_of(t) == Some(unit)))
    }

    /// Describes the status filters in words; `None` if everything passes.
    fn status_in_words(&self) -> Option<String> {
        let status = (!self.status.is_empty()).then(|| wording::filter::with_status(&self.status));
        let due = self.due.map(|due| due.as_str().to_owned());
        let open = self.open.then(|| wording::filter::STILL_OPEN.to_owned());
        let words: Vec<String> = status.into_iter().chain(due).chain(open).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// Describes the whole filter in words; `None` if everything passes.
    pub(crate) fn describe(&self) -> Option<String> {
        let words: Vec<String> = self.facts_in_words().into_iter().chain(self.status_in_words()).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn facts_in_words(&self) -> Option<String> {
        let under = self.made_under.as_ref().map(wording::filter::made_under);
        let unit = self.unit.as_ref().map(wording::filter::counted_in);
        let words: Vec<String> = self.facts.describe().into_iter().chain(under).chain(unit).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// Returns the certainty that `party` controlled an owner at the time of the commitment.
fn made_under(view: &View<'_>, fact: &Fact, party: Option<&FactId>) -> Truth {
    let controls = fact.by.iter().flat_map(|owner| administrations(view, owner, fact.window()));
    let mut truth = Truth::No;
    for (_, sure) in controls.filter(|(by, _)| party.is_some_and(|p| p.as_str() == *by)) {
        truth = if sure == Truth::Yes {
            Truth::Yes
        } else if truth == Truth::No {
            Truth::CannotTell
        } else {
            truth
        };
    }
    truth
}

fn unit_of(fact: &Fact) -> Option<&Unit> {
    match &terms(fact)?.target {
        Some(Target::Amount(a)) => Some(&a.unit),
        _ => None,
    }
}

pub(crate) fn terms(fact: &Fact) -> Option<&Commitment> {
    match &fact.body {
        Body::Pledge(commitment) => Some(commitment),
        _ => None,
    }
}

/// Returns the judgements of the matching commitments, sorted by status and due date.
///
/// One a commitment, or one for each addressee of a recommendation; none for a commitment that was
/// not yet known.
#[must_use]
pub fn judged<'a>(selection: &Selection<'a, '_>, filter: &PledgeFilter) -> Vec<Judgement<'a>> {
    let mut all = judged_by_facts(selection, filter);
    all.retain(|j| filter.matches_status(j, selection.view().clock().as_of));
    all
}

fn judged_by_facts<'a>(selection: &Selection<'a, '_>, filter: &PledgeFilter) -> Vec<Judgement<'a>> {
    let view = &selection.view();
    let pledges: Box<dyn Iterator<Item = &'a FactId>> = match &filter.facts.by {
        // A recommendation is owed by the body it is made to.
        Some(owner) => Box::new(owed_by(view, filter, owner).into_iter()),
        None => match selection.all() {
            Some(all) => Box::new(all.of_kind(Kind::Pledge).chain(all.of_kind(Kind::Recommendation))),
            None => selection.candidates(),
        },
    };
    let is_owed = |f: &&Fact| matches!(f.body, Body::Pledge(_) | Body::Recommendation(_));
    let clusters = Cluster::each(view, pledges.filter_map(|id| view.fact(id)).filter(is_owed));
    let asked = filter.facts.by.as_ref().and_then(|by| view.fact(by));
    let own = asked.map(|by| filter.facts.parties(view, &by.id)).unwrap_or_default();
    let inherited = asked.map(|by| ancestors(view, &by.id)).unwrap_or_default();
    let owes = |j: &Judgement<'_>| {
        let owns = |bodies: &BTreeSet<&FactId>| {
            let is_by = |t: &Fact| t.kind() == Kind::Pledge && t.by.iter().any(|by| bodies.contains(by));
            j.owners.iter().any(|owner| bodies.contains(owner)) || j.mentions.iter().any(|t| is_by(t))
        };
        asked.is_none() || owns(&own) || (owns(&inherited) && was_open(view, j, &inherited))
    };
    let mut all: Vec<Judgement<'a>> = clusters
        .iter()
        .filter(|c| filter.matches_facts(view, c))
        .flat_map(|c| judge_each(view, &c.first().id))
        .filter(|j| j.status != Status::NotYetKnown && owes(j))
        .collect();
    all.sort_by_key(|j| (j.status, j.window.latest.unwrap_or(NaiveDate::MAX), j.mentions[0].id.clone()));
    all
}

/// Returns `true` if a commitment still asked something of one of these bodies on the day before
/// another followed that body.
fn was_open(view: &View<'_>, j: &Judgement<'_>, bodies: &BTreeSet<&FactId>) -> bool {
    let last = |body: &FactId| successors(view, body).first()?.window().latest?.pred_opt();
    let is_open_on = |day: NaiveDate, body: &FactId| {
        let then = view.at(Clock { as_of: day, ..view.clock() });
        judge_each(&then, &j.mentions[0].id).iter().any(|j| j.status.is_open() && j.owners.contains(&body))
    };
    let owners = j.owners.iter().filter(|owner| bodies.contains(*owner));
    owners.into_iter().any(|owner| last(owner).is_some_and(|day| is_open_on(day, owner)))
}

/// Returns a body with those that it follows, because it inherits what they owed; with `members`,
/// also its members.
fn owners<'a>(view: &View<'a>, filter: &PledgeFilter, owner: &'a FactId) -> BTreeSet<&'a FactId> {
    let mut all = filter.facts.parties(view, owner);
    all.extend(ancestors(view, owner));
    all
}

/// Returns the commitments of `owner`, those that it inherited, and the recommendations that name
/// these bodies; with `members`, also those of its members.
fn owed_by<'a>(view: &View<'a>, filter: &PledgeFilter, owner: &FactId) -> BTreeSet<&'a FactId> {
    let owners = view.fact(owner).map(|party| owners(view, filter, &party.id)).unwrap_or_default();
    let is_recommended = |id: &&FactId| {
        view.versions(id).iter().filter_map(|v| v.fact.as_ref()).any(|f| f.kind() == Kind::Recommendation)
    };
    let of = |owner| {
        let recommended = view.lookup_ids(IndexTerm::Party(owner)).filter(is_recommended);
        view.lookup_ids(IndexTerm::Owner(owner)).chain(recommended).collect::<Vec<_>>()
    };
    owners.into_iter().flat_map(of).collect()
}

fn due_of(j: &Judgement<'_>, as_of: NaiveDate) -> DueFilter {
    let not_before = j.due.is_some_and(|d| matches!(d.mode, Mode::NotBefore));
    match (j.due, j.window.earliest, j.window.latest) {
        (None, ..) | (_, None, None) => DueFilter::None,
        // After its day, a `not-before` commitment may be met on any day.
        (_, Some(opens), _) if not_before && opens <= as_of => DueFilter::Falling,
        _ if not_before => DueFilter::Future,
        (_, _, Some(latest)) if latest < as_of => DueFilter::Past,
        (_, Some(earliest), _) if earliest > as_of => DueFilter::Future,
        _ => DueFilter::Falling,
    }
}

/// Returns the report: a summary that can be quoted, then the commitments by status.
#[must_use]
pub fn pledges(selection: &Selection<'_, '_>, filter: &PledgeFilter, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let known = judged_by_facts(selection, filter);
    let whole = known.len();
    let all = known.into_iter().filter(|j| filter.matches_status(j, view.clock().as_of));
    let (all, possible): (Vec<_>, Vec<_>) = all.partition(|j| certainly(view, j, filter));
    let title = match (&filter.facts.by, &filter.facts.about) {
        (Some(by), _) => wording::pledges::title_by(view.name(by)),
        (None, Some(about)) => wording::pledges::title_about(view.name(about)),
        (None, None) => wording::pledges::TITLE.to_owned(),
    };
    let mut document = Document::new(title, basis, COLUMNS);
    document.data.rows.extend(all.iter().map(|j| cells(view, j, filter.scale, "certain")));
    document.data.rows.extend(possible.iter().map(|j| cells(view, j, filter.scale, "possible")));
    document.asked = filter.describe();
    document.summary.extend(filter.facts_in_words().map(|words| wording::pledges::only(&words)));
    if whole == 0 {
        let matching = |relaxed: &Selection<'_, '_>| {
            judged_by_facts(relaxed, &PledgeFilter { facts: relaxed.filter().clone(), ..filter.clone() }).len()
        };
        document.summary.extend(selection.nearly(matching));
    }
    if let Some(words) = filter.status_in_words() {
        document.summary.push(wording::pledges::only_those(&words, all.len(), whole));
    } else {
        document.summary.extend(summary(&all));
    }
    if !possible.is_empty() {
        document.summary.push(wording::pledges::possible(possible.len()));
    }
    if !all.is_empty() {
        document.sections.push(counts(&all));
    }
    for status in Status::ALL {
        let of_status: Vec<&Judgement<'_>> = all.iter().filter(|j| j.status == *status).collect();
        if of_status.is_empty() {
            continue;
        }
        let claimed = is_claimed(&of_status);
        document.sections.push(Section {
            heading: format!("{} ({})", wording::pledges::heading(*status, claimed), of_status.len()),
            tone: if claimed { Tone::Warning } else { (*status).into() },
            blocks: vec![
                Block::Text(wording::pledges::meaning(*status)),
                Block::Items(of_status.iter().map(|j| item(view, j)).collect()),
            ],
        });
    }
    let apart = possible.iter().map(|j| Item { mark: j.status.to_string(), ..item(view, j) }).collect();
    document.list(wording::pledges::POSSIBLE, Tone::Plain, apart);
    document.feed = Some(document.title.clone());
    document.events = all.iter().filter_map(|j| event(j)).collect();
    document
}

/// Returns `true` if all of these are met and none is confirmed independently.
pub(crate) fn is_claimed(all: &[&Judgement<'_>]) -> bool {
    all.iter().all(|j| j.status.is_met() && j.grade <= Grade::Claimed)
}

/// Returns `true` if a mention certainly matches the requested days and administration.
fn certainly(view: &View<'_>, j: &Judgement<'_>, filter: &PledgeFilter) -> bool {
    let sure = |t: &Fact| {
        filter.facts.in_range(t.window()) == Truth::Yes
            && (filter.made_under.is_none() || made_under(view, t, filter.made_under.as_ref()) == Truth::Yes)
    };
    j.mentions.iter().any(|t| sure(t))
}

/// Returns the calendar event of an open commitment that falls due once: its last due day, or the
/// day of a `not-before`.
fn event(j: &Judgement<'_>) -> Option<Event> {
    // A recurring commitment has periods and no single day.
    let once = |d: &&Due| j.status.is_open() && !matches!(d.mode, Mode::Every(_));
    let first = j.mentions[0];
    let due = j.due.filter(once)?;
    let not_before = matches!(due.mode, Mode::NotBefore);
    let day = if not_before { j.window.earliest } else { j.window.latest }?;
    let title = wording::pledges::event_title(&first.text, not_before);
    let text = wording::pledges::event(j, &ids(j.owners.iter().copied()).join(", "), due);
    Some(Event { id: first.id.to_string(), day, title, text })
}

/// Returns a commitment as a list item.
pub(crate) fn item(view: &View<'_>, j: &Judgement<'_>) -> Item {
    let first = j.mentions[0];
    let owners: Vec<&str> = j.owners.iter().map(|owner| view.name(owner)).collect();
    let owners = owners.join(", ");
    let owed = wording::pledges::owed(force(first), first.kind() == Kind::Recommendation, &owners);
    let mut details = vec![format!("{owed} · {}", first.id)];
    // Under these two statuses the heading says everything, unless a due date or a start is known.
    if !matches!(j.status, Status::Untestable | Status::Awaiting) || j.due.is_some() || j.started {
        details.push(judgement::finding(j));
    }
    if j.status == Status::FallingDue
        && let Some(terms) = j.due.and_then(|d| d.terms.as_ref())
    {
        details.push(wording::pledges::as_worded(terms));
    }
    // The last evidence used, because no other line shows it.
    let seen = j.reasons.iter().rev().find(|r| r.used);
    if let (Status::InProgress, Some(seen)) = (j.status, seen) {
        details.push(format!("{} ({})", seen.fact.text, seen.fact.id));
    }
    if j.status.is_met() && !j.missing.is_empty() {
        details.push(wording::pledges::not_shown(&j.missing));
    }
    let mut last = vec![evidence(j)];
    // The finding has the amount that counts; a second one beside it would differ by its evidence.
    if !j.finding.has_count() {
        last.extend(delivered(j));
    }
    last.extend(judgement::notes(view, j));
    details.push(last.join(" · "));
    details.extend(replies(view, j));
    let evidence = j.reasons.iter().filter(|r| r.used).map(|r| r.fact);
    let cites = cited(view, j.mentions.iter().copied().chain(evidence));
    Item { id: first.id.to_string(), mark: mark(j), line: first.text.clone(), details, cites }
}

/// Returns `true` if a link of this kind may answer a charge.
const fn is_answer(kind: LinkKind) -> bool {
    matches!(
        kind,
        LinkKind::Answers | LinkKind::Addresses | LinkKind::BearsOn | LinkKind::Disputes | LinkKind::Contradicts
    )
}

/// Returns the answers of the owners of a commitment that failed: to the commitment or to the
/// evidence used, unless they are older than that evidence.
///
/// An answer is a statement in an owner's own voice, or in that of its office-holders and members;
/// what somebody else says that an owner said is none.
pub(crate) fn answers<'a>(view: &View<'a>, j: &Judgement<'a>) -> Vec<&'a Fact> {
    if !j.status.is_failed() {
        return Vec::new();
    }
    let used = || j.reasons.iter().filter(|reason| reason.used).map(|reason| reason.fact);
    let charged = used().filter_map(|fact| fact.window().earliest).min();
    let is_before =
        |fact: &Fact| matches!((fact.window().latest, charged), (Some(day), Some(charged)) if day < charged);
    let linked = j.mentions.iter().copied().chain(used()).flat_map(|fact| view.linked_from(&fact.id));
    let linked = linked.filter(|(answer, link)| is_answer(answer.link_kind(link)) && !is_before(answer));
    let is_own = |answer: &Fact, link: &heldto_fact::Link| {
        let speaks = |by: &FactId| {
            let above = bodies_of(view, by, answer.window());
            j.owners.iter().any(|owner| *owner == by || above.contains(*owner))
        };
        answer.kind() == Kind::Statement
            && matches!(answer.voice, Some(Voice::Owner | Voice::Official | Voice::Record | Voice::Government))
            && matches!(answer.attribution, Attribution::Stated | Attribution::Implied)
            && link.strength != Strength::Possible
            && answer.by.iter().any(speaks)
    };
    let mut seen = BTreeSet::new();
    let found = linked.filter(|(answer, link)| is_own(answer, link));
    found.map(|(answer, _)| answer).filter(|answer| seen.insert(&answer.id)).collect()
}

/// Returns the answers of the owners of a commitment that failed, a line each.
fn replies(view: &View<'_>, j: &Judgement<'_>) -> Vec<String> {
    let reply =
        |answer: &&Fact| wording::pledges::reply(&parties(view, &answer.by), &when(answer), &answer.text, &answer.id);
    answers(view, j).iter().map(reply).collect()
}

/// Returns the force of a commitment, or `recommendation`.
fn force(fact: &Fact) -> &'static str {
    terms(fact).map_or(if fact.kind() == Kind::Recommendation { "recommendation" } else { "" }, |c| c.force.as_str())
}

fn evidence(j: &Judgement<'_>) -> String {
    if j.grade == Grade::None && j.started {
        return wording::pledges::NO_RESULT.to_owned();
    }
    wording::pledges::evidence(j.grade, j.reasons.iter().any(|r| r.used && r.judged))
}

fn mark(j: &Judgement<'_>) -> String {
    let duty = terms(j.mentions[0]).is_some_and(|c| c.force == Force::Duty);
    match (j.due, j.window.latest) {
        (None, _) if duty => wording::pledges::IN_EVERY_CASE.to_owned(),
        (Some(due), _) if duty && matches!(due.mode, Mode::Every(None)) => wording::pledges::IN_EVERY_CASE.to_owned(),
        (None, _) => wording::pledges::NO_DUE_DAY.to_owned(),
        (Some(due), _) if !matches!(due.mode, Mode::By) => wording::date::due(due),
        (Some(due), Some(latest)) if due.window().earliest == Some(latest) => wording::pledges::by_day(latest),
        (Some(_), Some(latest)) => wording::pledges::latest(latest),
        (Some(due), None) => wording::date::due(due),
    }
}

fn delivered(j: &Judgement<'_>) -> Option<String> {
    let (done, goal, unit) = j.delivered.as_ref()?;
    Some(wording::pledges::delivered(*done, *goal, unit))
}

columns!(COLUMNS, fn cells(view: &View<'_>, j: &Judgement<'_>, scale: Option<Scale>, sure: &str) {
    "id" => &j.mentions[0].id,
    "text" => j.mentions[0].text.as_str(),
    "by" => named(view, j.owners.iter().copied()),
    "to" => named(view, &j.mentions[0].to),
    "force" => force(j.mentions[0]),
    "status" => j.status.as_str(),
    "grade" => j.grade.as_str(),
    "share" => Counted::of(j).map(Counted::as_str),
    "due" => j.due.map(wording::date::due),
    "due-earliest" => due_window(j).earliest,
    "due-latest" => due_window(j).latest,
    "first-due" => j.first_due.map(wording::date::due),
    "delivered" => j.delivered.as_ref().and_then(|(done, _, unit)| Some(interval((*done)?, unit))),
    "target" => j.target.map(target),
    "rule" => judgement::finding(j),
    "finding" => finding::data(&j.finding),
    "missing" => j.missing.iter().map(judgement::gap).collect::<Vec<_>>(),
    "settles" => j.settles.map(judgement::remedy),
    "notes" => judgement::notes(view, j),
    "evidence" => ids_of(j.reasons.iter().filter(|r| r.used).map(|r| r.fact)),
    "tellings" => ids_of(j.mentions.iter().copied()),
    "sources" => sources(view, j.mentions.iter().copied()),
    "cites" => cited(view, j.mentions.iter().copied()),
    "replies" => replies(view, j),
    "scale" => scale.and_then(|scale| on_scale(j, scale)),
    "match" => sure,
});

/// Returns the window of the due date; unbounded for a standing duty, whose window is the period
/// judged.
fn due_window(j: &Judgement<'_>) -> Window {
    if j.due.is_some_and(|d| d.window() != Window::ANY) { j.window } else { Window::ANY }
}

/// Returns the status on another scale.
///
/// `None` for what was withdrawn by a decision of the body that imposed it, which is no broken
/// promise.
fn on_scale(j: &Judgement<'_>, scale: Scale) -> Option<&'static str> {
    scale.of(j.status).filter(|_| j.status != Status::Withdrawn || j.decisions.is_empty())
}
