//! Turns commitments that are past due, unproved, moved without explanation, contradicted or
//! unanswered into questions for the next meeting. Knows no rules of judging. Start at [`agenda`].

use crate::contradictions;
use crate::fact_line::{ids, ids_of};
use crate::pledges::{PledgeFilter, judged, terms};
use crate::questions::{self, answer_of};
use crate::slippage::moves;
use crate::wording::{count, interval, judgement};
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
    ("Not met when it was due", Tone::Bad),
    ("Overdue, with no evidence that settles it", Tone::Bad),
    ("Moved without an explanation on record", Tone::Bad),
    ("Asked before, and not answered in full", Tone::Warning),
    ("Contradicted", Tone::Warning),
    ("Said to be met, with evidence still missing", Tone::Warning),
    ("Owed in every period, with no evidence for any", Tone::Warning),
    ("Begun, then set back", Tone::Warning),
    ("Begun, with no number on record", Tone::Warning),
    ("Falling due", Tone::Plain),
    ("Binding, but too vague to test", Tone::Plain),
];

/// Returns the questions, with the facts each rests on.
///
/// A question accuses nobody: each asks for evidence that would settle the matter.
#[must_use]
pub fn agenda(selection: &Selection<'_, '_>, filter: &PledgeFilter, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let title = filter.facts.by.as_ref().or(filter.facts.about.as_ref());
    let title = title.map_or_else(String::new, |p| format!(": {}", view.name(p)));
    let mut document = Document::new(format!("Questions for the next meeting{title}"), basis, COLUMNS);
    let mut points: Vec<Point> = Vec::new();
    let mut all = judged(selection, filter);
    all.sort_by_key(|j| std::cmp::Reverse(terms(j.mentions[0]).map(|c| c.force)));
    for j in &all {
        points.extend(of_commitment(view, j));
        points.extend(moves(view, j).into_iter().filter(|m| m.explained.is_empty()).map(|m| Point {
            heading: "Moved without an explanation on record",
            question: format!(
                "Why was the due day of \"{}\" moved? It was due {}, then {}.",
                m.commitment.text,
                m.from.1.describe(),
                m.to.1.describe()
            ),
            ids: vec![m.commitment.id.to_string(), m.to.0.id.to_string()],
            why: vec!["nothing on record explains the move".to_owned()],
        }));
    }
    // Commitments are found by their owner; questions and disagreements by the party they name.
    let names = filter.facts.about.clone().or_else(|| filter.facts.by.clone());
    document.summary.extend(filter.describe().map(|words| format!("Only questions about commitments {words}.")));
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
        heading: "Contradicted",
        question: match (c.kind, c.possible) {
            ("listed", true) => format!("What are the rest? {}", c.text),
            ("readings", _) => format!("Which is meant? {}", c.text),
            (_, true) => format!("Do these agree? {}", c.text),
            (_, false) => format!("Which is right? {}", c.text),
        },
        ids: ids_of(c.facts.iter().copied()),
        why: vec![if c.possible { "they may disagree" } else { "they cannot both be right" }.to_owned()],
    }));
    document.summary.push(match points.len() {
        0 => "Nothing on record calls for a question.".to_owned(),
        n => format!("{}. Each asks for evidence that would settle the matter.", count(n, "question", "questions")),
    });
    for (heading, tone) in HEADINGS {
        let of_heading = points.iter().filter(|p| p.heading == *heading);
        let item = |p: &Point| {
            let details = std::iter::once(p.ids.join(", ")).chain(p.why.iter().cloned()).collect();
            Item { mark: String::new(), line: p.question.clone(), details }
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
        Status::Breached | Status::Reversed => {
            ("Not met when it was due", format!("\"{text}\": what has been done since, and by when will it be met?"))
        }
        Status::PartMet => {
            ("Not met when it was due", format!("\"{text}\": part of it was delivered; when will the rest be?"))
        }
        Status::Overdue => (
            "Overdue, with no evidence that settles it",
            format!("\"{text}\": has it been done, on which day, and what shows that?"),
        ),
        Status::Inconclusive => {
            ("Contradicted", format!("\"{text}\": which account of it is right, and what shows that?"))
        }
        Status::MetTimingUnknown => (
            "Said to be met, with evidence still missing",
            format!("\"{text}\": on which day was it done, and what shows that?"),
        ),
        s if s.is_met() && unproved => {
            let test = j.missing.first().map_or_else(String::new, |m| format!(" Not shown: {}.", judgement::gap(m)));
            (
                "Said to be met, with evidence still missing",
                format!("\"{text}\": what shows it, beyond the owner's word?{test}"),
            )
        }
        Status::Unevidenced => (
            "Owed in every period, with no evidence for any",
            format!("\"{text}\": for which periods was it done, and where can that be seen?"),
        ),
        Status::Stalled => (
            "Begun, then set back",
            format!("\"{text}\": work had begun and was then set back; where does it stand now?"),
        ),
        Status::InProgress if untold.is_some() => {
            let goal = untold.map_or_else(String::new, |(_, goal, unit)| interval(*goal, unit));
            ("Begun, with no number on record", format!("\"{text}\": how much of {goal} has been delivered so far?"))
        }
        Status::FallingDue => {
            ("Falling due", format!("\"{text}\": will it be done by the last due day, and what will show that?"))
        }
        Status::Untestable if binds => (
            "Binding, but too vague to test",
            format!("\"{text}\": what exactly is to be done, by when, and how can that be checked?"),
        ),
        _ => return None,
    };
    let mut why = vec![format!("{}, owed by {owners}: {}", j.status, judgement::finding(j))];
    let assessed = j.notes.iter().filter(|n| matches!(n, Note::Assessed { .. }));
    why.extend(assessed.map(|n| judgement::note(view, n)));
    why.extend(j.settles.iter().map(|s| format!("would settle it: {}", judgement::remedy(*s))));
    Some(Point { heading, question, ids: vec![fact.id.to_string()], why })
}

fn asked_before<'a>(view: &View<'a>, fact: &'a Fact) -> Option<Point> {
    let answer = answer_of(fact).filter(|a| *a != Answer::Answered)?;
    let item = questions::item(view, fact);
    let why =
        item.details.into_iter().skip(1).chain([format!("so far: {}", answer.as_str().replace('-', " "))]).collect();
    Some(Point {
        heading: "Asked before, and not answered in full",
        question: fact.text.clone(),
        ids: vec![fact.id.to_string()],
        why,
    })
}
