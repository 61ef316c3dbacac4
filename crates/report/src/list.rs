//! Lists what facts refer to by name: bodies, sources, figures, commitments. Knows no rules. Start
//! at [`list`].

use crate::wording;
use crate::{Document, Item, ReportBasis, Tone, columns};
use heldto_fact::{Body, Fact, Kind};
use heldto_replay::AllView;

/// Returns the facts of these kinds, by their names, each with what tells it from others.
#[must_use]
pub fn list(view: &AllView<'_>, kinds: &[Kind], basis: ReportBasis) -> Document {
    let mut facts: Vec<&Fact> =
        kinds.iter().flat_map(|kind| view.of_kind(*kind)).filter_map(|id| view.fact(id)).collect();
    facts.sort_by_key(|fact| (fact.text.to_lowercase(), fact.id.clone()));
    let mut document = Document::new(wording::list::title(kinds), basis, COLUMNS);
    let items = facts.iter().map(|fact| {
        let detail = detail(view, fact);
        document.data.rows.push(cells(fact, &detail));
        Item {
            id: fact.id.to_string(),
            mark: sort(fact),
            line: fact.text.clone(),
            // On a line of its own the id can be copied whole.
            details: [fact.id.to_string(), detail]
                .into_iter()
                .filter(|detail| !detail.is_empty() && *detail != sort(fact))
                .collect(),
            ..Item::default()
        }
    });
    let items: Vec<Item> = items.collect();
    if items.is_empty() {
        document.summary.push(wording::list::NONE.to_owned());
    }
    document.list(wording::list::title(kinds), Tone::Plain, items);
    document
}

columns!(COLUMNS, fn cells(fact: &Fact, detail: &str) {
    "id" => &fact.id,
    "name" => fact.text.as_str(),
    "kind" => fact.kind().as_str(),
    "detail" => detail,
});

/// Returns the sort of a fact, in a word.
fn sort(fact: &Fact) -> String {
    match &fact.body {
        Body::Party { kind, .. } => kind.as_str().replace('-', " "),
        Body::Pledge(commitment) => commitment.force.to_string(),
        _ => fact.kind().to_string(),
    }
}

/// Returns what tells a fact from others of a like name.
fn detail(view: &AllView<'_>, fact: &Fact) -> String {
    match &fact.body {
        Body::Party { kind, identifiers } => {
            let codes = identifiers.iter().map(|code| format!("{} {}", code.scheme, code.value));
            std::iter::once(kind.as_str().replace('-', " ")).chain(codes).collect::<Vec<_>>().join(" · ")
        }
        Body::Source(from) => {
            let published = from.published.as_ref().map(wording::date::when);
            from.publisher.clone().into_iter().chain(published).collect::<Vec<_>>().join(" · ")
        }
        Body::Metric { unit, definition, .. } => format!("{unit} · {definition}"),
        _ => fact.by.iter().map(|id| view.name(id)).collect::<Vec<_>>().join(", "),
    }
}
