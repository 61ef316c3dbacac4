//! Turns commitments that are past due, unproved, moved without explanation, contradicted or
//! unanswered into questions for the next meeting. Knows no rules of judging. Start at [`agenda`].

use crate::contradictions;
use crate::fact_line::{ids, ids_of};
use crate::pledges::{PledgeFilter, judged, terms};
use crate::questions::{self, answer_of};
use crate::slippage::moves;
use crate::wording::{self, interval, judgement};
use crate::{Document, FactFilter, Item, ReportBasis, Selection, Tone, columns};
use heldto_fact::{Answer, Fact, Force, Interval, Kind};
use heldto_replay::{Grade, Judgement, Note, Status, View};

struct Point {
    heading: &'static str,
    question: String,
    ids: Vec<String>,
    why: Vec<String>,
}

/// Headings, the gravest first.
const HEADINGS: &[(&str, Tone)] = &[
    (wording::agenda::NOT_MET, Tone::Bad),
    (wording::agenda::OVERDUE, Tone::Bad),
    (wording::agenda::UNEXPLAINED, Tone::Bad),
    (wording::agenda::ASKED_BEFORE, Tone::Warning),
    (wording::agenda::CONTRADICTED, Tone::Warning),
    (wording::agenda::NOT_SHOWN, Tone::Warning),
    (wording::agenda::UNEVIDENCED, Tone::Warning),
    (wording::agenda::SET_BACK, Tone::Warning),
    (wording::agenda::NO_NUMBER, Tone::Warning),
    (wording::agenda::FALLING_DUE, Tone::Plain),
    (wording::agenda::TOO_VAGUE, Tone::Plain),
];

/// Returns the questions, with the facts each rests on.
///
/// A question accuses nobody: each asks for evidence that would settle the matter.
#[must_use]
pub fn agenda(selection: &Selection<'_, '_>, filter: &PledgeFilter, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let party = filter.facts.by.as_ref().or(filter.facts.about.as_ref());
    let mut document = Document::new(wording::agenda::title(party.map(|p| view.name(p))), basis, COLUMNS);
    let mut points: Vec<Point> = Vec::new();
    let mut all = judged(selection, filter);
    all.sort_by_key(|j| std::cmp::Reverse(terms(j.mentions[0]).map(|c| c.force)));
    for j in &all {
        points.extend(of_commitment(view, j));
        points.extend(moves(view, j).into_iter().filter(|m| m.explained.is_empty()).map(|m| Point {
            heading: wording::agenda::UNEXPLAINED,
            question: wording::agenda::ask_why_moved(&m.commitment.text, m.from.1, m.to.1),
            ids: vec![m.commitment.id.to_string(), m.to.0.id.to_string()],
            why: vec![wording::agenda::NOTHING_EXPLAINS_THE_MOVE.to_owned()],
        }));
    }
    // Commitments are found by their owner; questions and disagreements by the party they name.
    let names = filter.facts.about.clone().or_else(|| filter.facts.by.clone());
    document.summary.extend(filter.describe().map(|words| wording::agenda::only(&words)));
    let only_commitments = !filter.status.is_empty()
        || filter.due.is_some()
        || filter.open
        || filter.unit.is_some()
        || filter.made_under.is_some();
    let concerned = FactFilter { about: names, by: None, ..filter.facts.clone() };
    let concerned = selection.with(&concerned).expect("it asks for the same body or fact");
    let asked: Vec<&Fact> = concerned.facts(&|summary| summary.kind == Kind::Question).collect();
    points.extend(asked.iter().filter(|_| !only_commitments).filter_map(|f| asked_before(view, f)));
    let disagree = if only_commitments { Vec::new() } else { contradictions::found(&concerned) };
    points.extend(disagree.iter().map(|c| Point {
        heading: wording::agenda::CONTRADICTED,
        question: wording::agenda::ask_about_disagreement(c.kind, c.possible, &c.text),
        ids: ids_of(c.facts.iter().copied()),
        why: vec![wording::agenda::why_disagree(c.possible).to_owned()],
    }));
    document.summary.push(wording::agenda::summary(points.len()));
    for (heading, tone) in HEADINGS {
        let of_heading = points.iter().filter(|p| p.heading == *heading);
        let item = |p: &Point| {
            let details = std::iter::once(p.ids.join(", ")).chain(p.why.iter().cloned()).collect();
            Item {
                id: p.ids.first().cloned().unwrap_or_default(),
                line: p.question.clone(),
                details,
                ..Item::default()
            }
        };
        document.list(heading, *tone, of_heading.map(item).collect());
    }
    document.data.rows.extend(points.iter().map(cells));
    document
}

columns!(COLUMNS, fn cells(point: &Point) {
    "heading" => point.heading,
    "question" => point.question.as_str(),
    "ids" => point.ids.clone(),
    "why" => point.why.clone(),
});

fn of_commitment(view: &View<'_>, j: &Judgement<'_>) -> Option<Point> {
    let fact = j.mentions[0];
    let text = &fact.text;
    let force = terms(fact).map(|c| c.force);
    let binds = matches!(force, Some(Force::Duty | Force::Requirement | Force::Remedy));
    let unproved = j.grade <= Grade::Claimed;
    let untold = j.delivered.as_ref().filter(|(done, ..)| done.is_none_or(|d| d == Interval::ANY));
    let owners = ids(j.owners.iter().copied()).join(", ");
    let (heading, question) = match j.status {
        Status::Breached | Status::Reversed => (wording::agenda::NOT_MET, wording::agenda::ask_what_was_done(text)),
        Status::PartMet => (wording::agenda::NOT_MET, wording::agenda::ask_for_the_rest(text)),
        Status::Overdue => (wording::agenda::OVERDUE, wording::agenda::ask_if_done(text)),
        Status::Inconclusive => (wording::agenda::CONTRADICTED, wording::agenda::ask_which_account(text)),
        Status::MetTimingUnknown => (wording::agenda::NOT_SHOWN, wording::agenda::ask_which_day(text)),
        s if s.is_met() && unproved => {
            (wording::agenda::NOT_SHOWN, wording::agenda::ask_what_shows_it(text, j.missing.first()))
        }
        Status::Unevidenced => (wording::agenda::UNEVIDENCED, wording::agenda::ask_which_periods(text)),
        Status::Stalled => (wording::agenda::SET_BACK, wording::agenda::ask_where_it_stands(text)),
        Status::InProgress if untold.is_some() => {
            let goal = untold.map_or_else(String::new, |(_, goal, unit)| interval(*goal, unit));
            (wording::agenda::NO_NUMBER, wording::agenda::ask_how_much(text, &goal))
        }
        Status::FallingDue => (wording::agenda::FALLING_DUE, wording::agenda::ask_if_it_will_be_done(text)),
        Status::Untestable if binds => (wording::agenda::TOO_VAGUE, wording::agenda::ask_for_terms(text)),
        _ => return None,
    };
    let mut why = vec![wording::agenda::state(j, &owners)];
    let assessed = j.notes.iter().filter(|n| matches!(n, Note::Assessed { .. }));
    why.extend(assessed.map(|n| judgement::note(view, n)));
    why.extend(j.settles.iter().map(|s| wording::agenda::would_settle(*s)));
    Some(Point { heading, question, ids: vec![fact.id.to_string()], why })
}

fn asked_before<'a>(view: &View<'a>, fact: &'a Fact) -> Option<Point> {
    let answer = answer_of(fact).filter(|a| *a != Answer::Answered)?;
    let item = questions::item(view, fact);
    let why = item.details.into_iter().skip(1).chain([wording::agenda::so_far(answer)]).collect();
    Some(Point {
        heading: wording::agenda::ASKED_BEFORE,
        question: fact.text.clone(),
        ids: vec![fact.id.to_string()],
        why,
    })
}
