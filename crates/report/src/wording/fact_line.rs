//! Words the parts of lines that every report repeats of a fact: when it was public, whose it is,
//! and where it is recorded. Knows no facts, only their parts. Start at [`public_by`].

use super::day;
use crate::{Cited, CitedPlace};
use chrono::NaiveDate;
use heldto_fact::Strength;

/// Stands for [`public_by`] if no source has a day.
pub const PUBLIC_ON_AN_UNKNOWN_DAY: &str = "first public on an unknown day";

/// Returns the day from which the public could know a fact.
pub fn public_by(known: NaiveDate) -> String {
    format!("public by {}", day(known))
}

/// Returns the speaker or owner of a fact; `who` lists names or ids.
pub fn by(who: &str) -> String {
    format!("by {who}")
}

/// Returns the number of a ledger entry.
pub fn entry(index: u64) -> String {
    format!("entry {index}")
}

/// Returns the note of a fact.
pub fn note(text: &str) -> String {
    format!("note: {text}")
}

/// Returns a citation by the title and publisher of its source, with the places and the words
/// quoted.
pub fn source(cited: &Cited) -> String {
    let (before, after) = around_title(cited);
    format!("{before}{}{after}", cited.title)
}

/// Returns a citation by the id of its source, for a list that ends with the sources in full.
pub fn source_in_short(cited: &Cited) -> String {
    format!("source: {}, {}{}", cited.source, places(cited), gone(cited))
}

/// Returns a source in full: title, publisher and address.
pub fn source_in_full(cited: &Cited) -> String {
    let parts = [Some(&cited.title), cited.publisher.as_ref(), cited.url.as_ref()];
    let parts = parts.into_iter().flatten().map(String::as_str);
    format!("{}{}", parts.collect::<Vec<_>>().join(", "), gone(cited))
}

const fn gone(cited: &Cited) -> &'static str {
    if cited.is_retracted { "; this source was retracted" } else { "" }
}

/// Returns the parts of a citation before and after the title of the source.
pub fn around_title(cited: &Cited) -> (String, String) {
    let publisher = cited.publisher.as_ref().map(|publisher| format!(", {publisher}")).unwrap_or_default();
    ("source: ".to_owned(), format!("{publisher} ({}), {}{}", cited.source, places(cited), gone(cited)))
}

/// Returns a citation for a cell of a table: title, publisher, places with the words, address.
pub fn cited_in_full(cited: &Cited) -> String {
    let gone = cited.is_retracted.then(|| "retracted".to_owned());
    let parts = [Some(cited.title.clone()), cited.publisher.clone(), Some(places(cited)), cited.url.clone(), gone];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn places(cited: &Cited) -> String {
    let place = |place: &CitedPlace| match &place.words {
        Some(words) => format!("{}: \u{201c}{words}\u{201d}", place.at),
        None => place.at.clone(),
    };
    cited.places.iter().map(place).collect::<Vec<_>>().join("; ")
}

/// Returns a body with those that follow it.
pub fn followed(old: &str, new: &str) -> String {
    format!("{old}, followed by {new}")
}

/// Returns the strength of a link in brackets, after a space; empty if the link is stated.
pub fn doubt(strength: Strength) -> String {
    if strength == Strength::Stated { String::new() } else { format!(" ({strength})") }
}

/// Returns the number of times that one thing was recorded.
pub fn counted_once(mentions: usize) -> String {
    format!("recorded {mentions} times, counted once")
}

/// Returns the number of times that one thing was recorded, with the ids of the other mentions.
pub fn recorded_again(mentions: usize, others: &[String]) -> String {
    format!("recorded {mentions} times, also as {}", others.join(", "))
}
