//! The pledge-fulfilment report.

use crate::words::{count, interval, list};
use crate::{Basis, Block, Cell, Document, Item, Section, Table, Tone, day};
use chrono::NaiveDate;
use heldto_fact::{Body, Fact, FactId};
use heldto_replay::{Cluster, Grade, Judgement, Share, Status, View, judge};

/// Which commitments to show.
#[derive(Debug, Clone, Default)]
pub struct PledgeFilter {
    /// Owed by or to, or speaking of, this party.
    pub about: Option<FactId>,
    /// Owed by this party.
    pub by: Option<FactId>,
    /// Of these statuses; of all where there are none.
    pub status: Vec<Status>,
    /// Due so.
    pub due: Option<DueFilter>,
    /// Only those that still ask something of their owner.
    pub open: bool,
    /// Show facts about an identifiable child or family too.
    pub sensitive: bool,
}

/// How a commitment stands to the as-of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueFilter {
    /// Its last due day has passed.
    Past,
    /// The day lies in its window.
    Falling,
    /// Its window lies ahead.
    Future,
    /// It has no due day.
    None,
}

/// Every commitment that the filter lets through, judged once each, by status and due day. Not those of which nothing was known yet.
#[must_use]
pub fn judged<'a>(view: &View<'a>, filter: &PledgeFilter) -> Vec<Judgement<'a>> {
    let ids = view.states().commitments.pledges();
    let clusters = Cluster::each(view, ids);
    let mut all: Vec<Judgement<'a>> = clusters
        .iter()
        .filter_map(|c| judge(view, &c.first().id))
        .filter(|j| j.status != Status::NotYetKnown && passes(j, filter, view.clock().as_of))
        .collect();
    all.sort_by_key(|j| (rank(j.status), j.window.latest.unwrap_or(NaiveDate::MAX), j.tellings[0].id.clone()));
    all
}

fn rank(status: Status) -> Option<usize> {
    Status::ALL.iter().position(|s| *s == status)
}

fn passes(j: &Judgement<'_>, filter: &PledgeFilter, as_of: NaiveDate) -> bool {
    let any = |pick: &dyn Fn(&Fact) -> bool| j.tellings.iter().any(|t| pick(t));
    let about =
        filter.about.as_ref().is_none_or(|p| any(&|t| t.by.contains(p) || t.about.contains(p) || t.to.contains(p)));
    let by = filter.by.as_ref().is_none_or(|p| any(&|t| t.by.contains(p)));
    let status = filter.status.is_empty() || filter.status.contains(&j.status);
    let due = filter.due.is_none_or(|d| due_of(j, as_of) == d);
    about && by && status && due && (!filter.open || j.status.is_open())
}

fn due_of(j: &Judgement<'_>, as_of: NaiveDate) -> DueFilter {
    match (j.due, j.window.earliest, j.window.latest) {
        (None, ..) | (_, None, None) => DueFilter::None,
        (_, _, Some(latest)) if latest < as_of => DueFilter::Past,
        (_, Some(earliest), _) if earliest > as_of => DueFilter::Future,
        _ => DueFilter::Falling,
    }
}

const COLUMNS: &[&str] = &[
    "id",
    "text",
    "by",
    "to",
    "force",
    "status",
    "grade",
    "due",
    "due-earliest",
    "due-latest",
    "first-due",
    "delivered",
    "target",
    "rule",
    "missing",
    "settles",
    "notes",
    "evidence",
    "tellings",
    "sources",
];

/// The report: a summary that can be quoted, then the commitments by status.
#[must_use]
pub fn pledges(view: &View<'_>, filter: &PledgeFilter, basis: Basis) -> Document {
    let all = judged(view, filter);
    let mut data = Table::new(COLUMNS);
    data.rows.extend(all.iter().map(|j| row(j, filter.sensitive)));
    let mut sections = vec![counts(&all)];
    for status in Status::ALL {
        let of_status: Vec<&Judgement<'_>> = all.iter().filter(|j| j.status == *status).collect();
        if of_status.is_empty() {
            continue;
        }
        sections.push(Section {
            heading: format!("{} ({})", title(*status), of_status.len()),
            tone: tone(*status),
            blocks: vec![
                Block::Text(sentence(status.meaning())),
                Block::Items(of_status.iter().map(|j| item(j, filter.sensitive)).collect()),
            ],
        });
    }
    let whose = filter.by.as_ref().or(filter.about.as_ref()).map(|p| format!(": {}", view.name(p))).unwrap_or_default();
    Document { title: format!("Pledges{whose}"), basis, summary: summary(&all), sections, data }
}

fn title(status: Status) -> String {
    sentence(&status.word().replace('-', " ")).trim_end_matches('.').to_owned()
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

pub(crate) fn tone(status: Status) -> Tone {
    match status {
        s if s.is_past_due() => Tone::Bad,
        s if s.is_met() => Tone::Good,
        Status::Inconclusive | Status::Reversed | Status::Stalled | Status::FallingDue | Status::Unevidenced => {
            Tone::Care
        }
        _ => Tone::Plain,
    }
}

/// Sentences that can be quoted as they stand.
pub(crate) fn summary(all: &[Judgement<'_>]) -> Vec<String> {
    if all.is_empty() {
        return vec!["No commitment on record matches.".to_owned()];
    }
    let of = |pick: &dyn Fn(Status) -> bool| all.iter().filter(|j| pick(j.status)).count();
    let met: Vec<_> = all.iter().filter(|j| j.status.is_met()).collect();
    let claimed = met.iter().filter(|j| j.grade <= Grade::Claimed).count();
    let mut clauses = Vec::new();
    let mut clause = |n: usize, text: String| {
        if n > 0 {
            clauses.push(text);
        }
    };
    let word = match (claimed, met.len()) {
        (0, _) => String::new(),
        (c, m) if c == m => " (on a claim alone)".to_owned(),
        (c, _) => format!(" ({c} of them on a claim alone)"),
    };
    clause(met.len(), format!("{} met{word}", met.len()));
    for (status, words) in [
        (Status::Breached, "breached"),
        (Status::PartMet, "met in part only"),
        (Status::Reversed, "reversed"),
        (Status::Overdue, "overdue without evidence that settles it"),
        (Status::Inconclusive, "inconclusive"),
        (Status::Unevidenced, "without evidence for any period"),
    ] {
        let n = of(&|s| s == status);
        clause(n, format!("{n} {words}"));
    }
    let untestable = of(&|s| s == Status::Untestable);
    let ended = of(&|s| matches!(s, Status::Superseded | Status::Withdrawn | Status::Lapsed));
    let judged = of(&|s| {
        s.is_met() || s.is_past_due() || matches!(s, Status::Reversed | Status::Inconclusive | Status::Unevidenced)
    });
    let rest = all.len() - judged - untestable - ended;
    clause(ended, format!("{ended} replaced, withdrawn or lapsed"));
    clause(untestable, format!("{untestable} too vague to test"));
    clause(rest, format!("{rest} not yet due, or without a due day"));
    let mut lines =
        vec![format!("Of {}: {}.", count(all.len(), "commitment on record", "commitments on record"), list(&clauses))];
    lines.extend(share(all));
    lines
}

fn share(all: &[Judgement<'_>]) -> Option<String> {
    let mut share = Share::default();
    all.iter().for_each(|j| share.add(j.status, j.grade));
    if share.counted == 0 {
        return None;
    }
    let range =
        |(low, high): (usize, usize)| if low == high { low.to_string() } else { format!("between {low} and {high}") };
    Some(format!(
        "Kept, of the {} that are settled or past due: {} if claims are true; {} by what somebody other than the owner bears out.",
        share.counted,
        range(share.with_claims()),
        range(share.without_claims()),
    ))
}

fn counts(all: &[Judgement<'_>]) -> Section {
    let pairs = Status::ALL.iter().filter_map(|status| {
        let grades: Vec<Grade> = all.iter().filter(|j| j.status == *status).map(|j| j.grade).collect();
        let by_grade: Vec<String> = [Grade::Proven, Grade::Reported, Grade::Claimed, Grade::Disputed]
            .iter()
            .filter_map(|g| {
                let n = grades.iter().filter(|x| *x == g).count();
                (n > 0).then(|| format!("{n} {g}"))
            })
            .collect();
        let evidence =
            if by_grade.is_empty() { String::new() } else { format!("   evidence: {}", by_grade.join(", ")) };
        (!grades.is_empty()).then(|| (status.word().to_owned(), format!("{:>3}{evidence}", grades.len())))
    });
    Section { heading: "By status".to_owned(), tone: Tone::Plain, blocks: vec![Block::Pairs(pairs.collect())] }
}

/// What a fact says, or that it is not shown.
pub(crate) fn text_of(fact: &Fact, sensitive: bool) -> String {
    if fact.sensitive && !sensitive {
        "(about a child or a family; --sensitive shows it)".to_owned()
    } else {
        fact.text.clone()
    }
}

/// A commitment for reading.
pub(crate) fn item(j: &Judgement<'_>, sensitive: bool) -> Item {
    let first = j.tellings[0];
    let force = match &first.body {
        Body::Pledge(c) => c.force.word(),
        _ => "",
    };
    let owners: Vec<&str> = first.by.iter().map(FactId::as_str).collect();
    let mut details = vec![format!("{} · {force} by {}", first.id, owners.join(", "))];
    // Where the heading says it all, once is enough.
    if !matches!(j.status, Status::Untestable | Status::Awaiting) || j.due.is_some() || j.started {
        details.push(j.rule.clone());
    }
    let mut last = vec![format!("evidence: {}", j.grade)];
    last.extend(delivered(j));
    last.extend(j.notes.clone());
    details.push(last.join(" · "));
    Item { mark: mark(j), line: text_of(first, sensitive), details }
}

fn mark(j: &Judgement<'_>) -> String {
    match (j.due, j.window.latest) {
        (None, _) => "no date".to_owned(),
        (Some(due), _) if !matches!(due.mode, heldto_fact::Mode::By) => due.in_words(),
        (Some(due), Some(latest)) if due.window().earliest == Some(latest) => format!("by {}", day(latest)),
        (Some(_), Some(latest)) => format!("latest {}", day(latest)),
        (Some(due), None) => due.in_words(),
    }
}

fn delivered(j: &Judgement<'_>) -> Option<String> {
    let (done, goal, unit) = j.delivered.as_ref()?;
    let done = if *done == heldto_fact::Interval::ANY { "amount not told".to_owned() } else { interval(*done, unit) };
    Some(format!("delivered: {done}, of {}", interval(*goal, unit)))
}

fn row(j: &Judgement<'_>, sensitive: bool) -> Vec<Cell> {
    let first = j.tellings[0];
    let ids = |ids: &[FactId]| Cell::Words(ids.iter().map(ToString::to_string).collect());
    let force = match &first.body {
        Body::Pledge(c) => c.force.word(),
        _ => "",
    };
    let sources = j.tellings.iter().flat_map(|t| &t.cites).map(|c| format!("{} {}", c.source, c.at)).collect();
    let shown = |interval_: heldto_fact::Interval, unit: &heldto_fact::Unit| Cell::from(interval(interval_, unit));
    vec![
        first.id.as_str().into(),
        text_of(first, sensitive).into(),
        ids(&first.by),
        ids(&first.to),
        force.into(),
        j.status.word().into(),
        j.grade.word().into(),
        j.due.map(heldto_fact::Due::in_words).unwrap_or_default().into(),
        j.window.earliest.into(),
        j.window.latest.into(),
        j.first_due.map(heldto_fact::Due::in_words).unwrap_or_default().into(),
        j.delivered.as_ref().map_or(Cell::Empty, |(d, _, unit)| shown(*d, unit)),
        j.delivered.as_ref().map_or(Cell::Empty, |(_, goal, unit)| shown(*goal, unit)),
        j.rule.as_str().into(),
        Cell::Words(j.missing.clone()),
        j.settles.clone().unwrap_or_default().into(),
        Cell::Words(j.notes.clone()),
        Cell::Words(j.reasons.iter().filter(|r| r.used).map(|r| r.fact.id.to_string()).collect()),
        Cell::Words(j.tellings.iter().map(|t| t.id.to_string()).collect()),
        Cell::Words(sources),
    ]
}
