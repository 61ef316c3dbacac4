//! Turns a fact into the words and the ids that every report repeats of it: when, who, how much,
//! and from where. Knows no judgements and no documents. Start at [`when`] and [`sources`].

use crate::wording::{self, amount, list};
use crate::{Cell, Cited, CitedPlace};
use heldto_fact::{Body, Fact, FactId, When};
use heldto_replay::View;
use indexmap::IndexMap;

/// Returns the date of the event, or else the period spoken of.
pub(crate) fn date(fact: &Fact) -> Option<&When> {
    fact.occurred.as_ref().or(fact.period.as_ref())
}

/// Describes the date of the event, or else the period; empty if neither is stated.
pub(crate) fn when(fact: &Fact) -> String {
    date(fact).map(wording::date::when).unwrap_or_default()
}

/// Returns the date of the event, or else the period, as recorded; empty if neither is stated.
pub(crate) fn recorded_when(fact: &Fact) -> String {
    date(fact).map(ToString::to_string).unwrap_or_default()
}

/// Describes the date of the event, without regard to the period; empty if it is not stated.
pub(crate) fn occurred(fact: &Fact) -> String {
    fact.occurred.as_ref().map(wording::date::when).unwrap_or_default()
}

/// Describes the day from which the public could know a fact: `public by 2 Jul 2025`.
pub(crate) fn public_by(view: &View<'_>, fact: &Fact) -> Option<String> {
    view.fact_known_from(&fact.id).map(wording::fact_line::public_by)
}

/// Returns ids as text.
pub(crate) fn ids<'a>(ids: impl IntoIterator<Item = &'a FactId>) -> Vec<String> {
    ids.into_iter().map(ToString::to_string).collect()
}

/// Returns the ids of facts as text.
pub(crate) fn ids_of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Vec<String> {
    ids(facts.into_iter().map(|fact| &fact.id))
}

/// Returns the names of parties as a sentence lists them: `a, b and c`.
pub(crate) fn parties(view: &View<'_>, ids: &[FactId]) -> String {
    list(&ids.iter().map(|id| view.name(id).to_owned()).collect::<Vec<_>>())
}

/// Returns the bodies of a succession, after a dot; empty for any other fact.
pub(crate) fn bodies(view: &View<'_>, fact: &Fact) -> String {
    let Body::Succession { of, .. } = &fact.body else { return String::new() };
    format!(" · {}", wording::fact_line::followed(view.name(of), &parties(view, &fact.to)))
}

/// Returns the amounts as stated, each in words.
pub(crate) fn amounts(fact: &Fact) -> Vec<String> {
    fact.amounts.iter().map(amount).collect()
}

/// Returns the citations of facts for a table: the id of each source, then the place in it.
pub(crate) fn sources<'a>(view: &View<'_>, facts: impl IntoIterator<Item = &'a Fact>) -> Vec<String> {
    let cites = facts.into_iter().flat_map(|fact| &fact.cites).filter(|cite| is_public(view, &cite.source));
    cites.map(|cite| format!("{} {}", cite.source, cite.at)).collect()
}

/// Returns `true` unless a source became public after the known-by day.
fn is_public(view: &View<'_>, source: &FactId) -> bool {
    let known = view.fact(source).and_then(Fact::source_known_from);
    known.is_none_or(|known| known <= view.clock().known_by)
}

/// Returns the sources of facts with what a reader needs to find them, each once with its places.
pub(crate) fn cited<'a>(view: &View<'_>, facts: impl IntoIterator<Item = &'a Fact>) -> Vec<Cited> {
    let mut all: IndexMap<&FactId, Cited> = IndexMap::new();
    let cites = facts.into_iter().flat_map(|fact| &fact.cites).filter(|cite| is_public(view, &cite.source));
    for cite in cites {
        let words = cite.quote.as_ref().and_then(|quotation| quotation.words.clone());
        let place = CitedPlace { at: cite.at.clone(), words };
        let cited = all.entry(&cite.source).or_insert_with(|| source(view, &cite.source));
        if !cited.places.contains(&place) {
            cited.places.push(place);
        }
    }
    all.into_values().collect()
}

/// Returns a source without places.
fn source(view: &View<'_>, id: &FactId) -> Cited {
    let source = view.fact(id);
    let from = source.and_then(|source| if let Body::Source(from) = &source.body { Some(from) } else { None });
    Cited {
        source: id.to_string(),
        title: source.map_or_else(|| id.to_string(), |source| source.text.clone()),
        publisher: from.and_then(|from| from.publisher.clone()),
        url: from.and_then(|from| from.url.clone()),
        is_retracted: view.versions(id).last().is_some_and(|version| version.fact.is_none()),
        places: Vec::new(),
    }
}

/// Returns parties with their names, for a table.
pub(crate) fn named<'a>(view: &View<'_>, ids: impl IntoIterator<Item = &'a FactId>) -> Cell {
    let name = |id: &FactId| view.fact(id).map_or_else(|| id.to_string(), |party| party.text.clone());
    Cell::Parties(ids.into_iter().map(|id| (id.to_string(), name(id))).collect())
}

/// Returns the number of the ledger entry that holds a fact as known: `entry 12`.
pub(crate) fn entry(view: &View<'_>, fact: &Fact) -> String {
    view.version(&fact.id).map_or_else(String::new, |version| wording::fact_line::entry(version.index))
}
