//! Words the parts of lines that every report repeats of a fact: when it was public, whose it is,
//! and where it is recorded. Knows no facts, only their parts. Start at [`public_by`].

use super::day;
use chrono::NaiveDate;
use heldto_fact::{Citation, Strength};

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

/// Returns the source of a fact by its title, with the place in it and the words quoted there.
pub fn source(title: &str, cite: &Citation, is_retracted: bool) -> String {
    let gone = if is_retracted { "; this source was retracted" } else { "" };
    let words = cite.quote.as_ref().and_then(|quotation| quotation.words.as_ref());
    let quoted = words.map(|words| format!(": \u{201c}{words}\u{201d}")).unwrap_or_default();
    format!("source: {title} ({}), {}{quoted}{gone}", cite.source, cite.at)
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
