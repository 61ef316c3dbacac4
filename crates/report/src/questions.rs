//! Lists questions by asker and addressee, with their answers. Knows no judgements. Start at
//! [`questions`].

use crate::fact_line::{ids, ids_of, occurred, parties, public_by, sources};
use crate::wording::{count, list};
use crate::{Document, Item, ReportBasis, Selection, Tone, columns};
use heldto_fact::{Answer, Body, Fact, Kind, LinkKind, Strength};
use heldto_replay::View;

/// Returns the matching questions, grouped by their answer.
#[must_use]
pub fn questions(selection: &Selection<'_, '_>, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let filter = selection.filter();
    let mut document = Document::new("Questions", basis, COLUMNS);
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
    document.data.rows.extend(asked.iter().map(|f| cells(view, f)));
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
    let asked = match (fact.by.as_slice(), fact.to.as_slice()) {
        ([], []) => "asker and addressee not stated".to_owned(),
        ([], to) => format!("put to {}", parties(view, to)),
        (by, []) => format!("asked by {}; addressee not stated", parties(view, by)),
        (by, to) => format!("{} asked {}", parties(view, by), parties(view, to)),
    };
    let mut details = vec![format!("{} · {asked}", fact.id)];
    for (answer, strength) in answers(view, fact) {
        let sure = if strength == Strength::Stated { String::new() } else { format!(" ({strength})") };
        let known = public_by(view, answer).map(|known| format!(", {known}")).unwrap_or_default();
        details.push(format!("answer{sure}: {} ({}{known})", answer.text.clone(), answer.id));
    }
    if let Some(note) = fact.note.as_ref() {
        details.push(format!("note: {note}"));
    }
    Item { mark: occurred(fact), line: fact.text.clone(), details }
}

columns!(COLUMNS, fn cells(view: &View<'_>, fact: &Fact) {
    "id" => &fact.id,
    "text" => fact.text.as_str(),
    "by" => ids(&fact.by),
    "to" => ids(&fact.to),
    "when" => fact.occurred.as_ref().map(ToString::to_string),
    "answer" => answer_of(fact).map(Answer::as_str),
    "answered-by" => ids_of(answers(view, fact).into_iter().map(|(answer, _)| answer)),
    "sources" => sources([fact]),
});
