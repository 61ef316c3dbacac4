//! Lists questions by asker and addressee, with their answers. Knows no judgements. Start at
//! [`questions`].

use crate::fact_line::{cited, ids_of, named, occurred, parties, public_by, sources};
use crate::wording;
use crate::{Document, Item, ReportBasis, Selection, Tone, columns};
use heldto_fact::{Answer, Body, Fact, Kind, LinkKind, Strength};
use heldto_replay::View;

/// Returns the matching questions, grouped by their answer.
#[must_use]
pub fn questions(selection: &Selection<'_, '_>, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let filter = selection.filter();
    let mut document = Document::new(wording::questions::TITLE, basis, COLUMNS);
    document.summary.extend(filter.describe().map(|words| wording::questions::only(&words)));
    let asked: Vec<&Fact> =
        selection.facts(&|summary| summary.kind == Kind::Question).filter(|f| f.kind() == Kind::Question).collect();
    let of = |answer: Answer| asked.iter().filter(move |f| answer_of(f) == Some(answer));
    let answers = ANSWERS.map(|(answer, _)| (answer, of(answer).count()));
    document.summary.push(wording::questions::summary(asked.len(), &answers));
    if asked.is_empty() {
        let matching = |relaxed: &Selection<'_, '_>| {
            let facts = relaxed.facts(&|summary| summary.kind == Kind::Question);
            facts.filter(|f| f.kind() == Kind::Question).count()
        };
        document.summary.extend(selection.nearly(matching));
    }
    for (answer, tone) in ANSWERS {
        document.list(wording::questions::heading(answer), tone, of(answer).map(|f| item(view, f)).collect());
    }
    document.data.rows.extend(asked.iter().map(|f| cells(view, f)));
    document
}

const ANSWERS: [(Answer, Tone); 5] = [
    (Answer::Silence, Tone::Bad),
    (Answer::Declined, Tone::Bad),
    (Answer::PartlyAnswered, Tone::Warning),
    (Answer::NotKnown, Tone::Plain),
    (Answer::Answered, Tone::Good),
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
    let asked = wording::questions::asked(&parties(view, &fact.by), &parties(view, &fact.to));
    let mut details = vec![format!("{} · {asked}", fact.id)];
    for (answer, strength) in answers(view, fact) {
        let known = public_by(view, answer).map(|known| format!(", {known}")).unwrap_or_default();
        details.push(wording::questions::answer(strength, &answer.text, &format!("{}{known}", answer.id)));
    }
    details.extend(fact.note.as_deref().map(wording::fact_line::note));
    let answers = answers(view, fact).into_iter().map(|(answer, _)| answer);
    let cites = cited(view, std::iter::once(fact).chain(answers));
    Item { id: fact.id.to_string(), mark: occurred(fact), line: fact.text.clone(), details, cites }
}

columns!(COLUMNS, fn cells(view: &View<'_>, fact: &Fact) {
    "id" => &fact.id,
    "text" => fact.text.as_str(),
    "by" => named(view, &fact.by),
    "to" => named(view, &fact.to),
    "when" => fact.occurred.as_ref().map(ToString::to_string),
    "answer" => answer_of(fact).map(Answer::as_str),
    "answered-by" => ids_of(answers(view, fact).into_iter().map(|(answer, _)| answer)),
    "sources" => sources(view, [fact]),
    "cites" => cited(view, [fact]),
});
