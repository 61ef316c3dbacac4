//! Lists questions by asker and addressee, with their answers. Knows no judgements. Start at
//! [`questions`].

use crate::wording::{count, list};
use crate::{Cell, Document, Item, ReportBasis, Selection, Tone, day};
use heldto_fact::{Answer, Body, Fact, FactId, Kind, LinkKind, Strength, When};
use heldto_replay::View;

/// Returns the matching questions, grouped by their answer.
#[must_use]
pub fn questions(selection: &Selection<'_, '_>, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let filter = selection.filter();
    let columns = &["id", "text", "by", "to", "when", "answer", "answered-by", "sources"];
    let mut document = Document::new("Questions", basis, columns);
    document.summary.extend(filter.describe().map(|words| format!("Only questions {words}.")));
    let asked: Vec<&Fact> =
        selection.facts(&|summary| summary.kind == Kind::Question).filter(|f| f.kind() == Kind::Question).collect();
    let of = |answer: Answer| asked.iter().filter(move |f| answer_of(f) == Some(answer));
    let clauses: Vec<String> = ANSWERS
        .iter()
        .map(|(answer, word, ..)| (of(*answer).count(), word))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    let total = count(asked.len(), "question on record", "questions on record");
    let clauses = if clauses.is_empty() { String::new() } else { format!(": {}", list(&clauses)) };
    document.summary.push(format!("{total}{clauses}."));
    if asked.is_empty() {
        let matching = |relaxed: &Selection<'_, '_>| {
            let facts = relaxed.facts(&|summary| summary.kind == Kind::Question);
            facts.filter(|f| f.kind() == Kind::Question).count()
        };
        document.summary.extend(selection.nearly(matching));
    }
    for (answer, _, heading, tone) in ANSWERS {
        document.list(heading, *tone, of(*answer).map(|f| item(view, f)).collect());
    }
    document.data.rows.extend(asked.iter().map(|f| row(view, f)));
    document
}

const ANSWERS: &[(Answer, &str, &str, Tone)] = &[
    (Answer::Silence, "not answered", "No answer came", Tone::Bad),
    (Answer::Declined, "declined", "An answer was declined", Tone::Bad),
    (Answer::PartlyAnswered, "answered in part", "Answered in part", Tone::Warning),
    (Answer::NotKnown, "whose outcome is unknown", "Whether it was answered is unknown", Tone::Plain),
    (Answer::Answered, "answered", "Answered", Tone::Good),
];

pub(crate) fn answer_of(fact: &Fact) -> Option<Answer> {
    match fact.body {
        Body::Question { answer } => Some(answer),
        _ => None,
    }
}

/// Returns the answers to a question, with the strength of each link.
pub(crate) fn answers<'a>(view: &View<'a>, fact: &'a Fact) -> Vec<(&'a Fact, Strength)> {
    view.linked_as(&fact.id, LinkKind::Answers).map(|(from, link)| (from, link.strength)).collect()
}

pub(crate) fn item<'a>(view: &View<'a>, fact: &'a Fact) -> Item {
    let names = |ids: &[FactId]| -> Vec<String> {
        ids.iter().map(|id| view.fact(id).map_or_else(|| id.to_string(), |f| f.text.clone())).collect()
    };
    let asked = match (names(&fact.by).as_slice(), names(&fact.to).as_slice()) {
        ([], []) => "asker and addressee not stated".to_owned(),
        ([], to) => format!("put to {}", list(to)),
        (by, []) => format!("asked by {}; addressee not stated", list(by)),
        (by, to) => format!("{} asked {}", list(by), list(to)),
    };
    let mut details = vec![format!("{} · {asked}", fact.id)];
    for (answer, strength) in answers(view, fact) {
        let sure = if strength == Strength::Stated { String::new() } else { format!(" ({strength})") };
        let known = view.fact_known_from(&answer.id).map_or_else(String::new, |d| format!(", public by {}", day(d)));
        details.push(format!("answer{sure}: {} ({}{known})", answer.text.clone(), answer.id));
    }
    if let Some(note) = fact.note.as_ref() {
        details.push(format!("note: {note}"));
    }
    Item { mark: fact.occurred.as_ref().map_or_else(String::new, When::describe), line: fact.text.clone(), details }
}

fn row<'a>(view: &View<'a>, fact: &'a Fact) -> Vec<Cell> {
    let ids = |ids: &[FactId]| Cell::Words(ids.iter().map(ToString::to_string).collect());
    vec![
        fact.id.as_str().into(),
        fact.text.clone().into(),
        ids(&fact.by),
        ids(&fact.to),
        fact.occurred.as_ref().map_or_else(String::new, ToString::to_string).into(),
        answer_of(fact).map_or("", Answer::as_str).into(),
        Cell::Words(view.linked_as(&fact.id, LinkKind::Answers).map(|(f, _)| f.id.to_string()).collect()),
        Cell::Words(fact.cites.iter().map(|c| format!("{} {}", c.source, c.at)).collect()),
    ]
}
