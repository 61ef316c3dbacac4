//! Words the page of one fact: its headings, and fields that are more than a value. Knows no kinds
//! of facts; `label` names the fields. Start at [`where_recorded`].

use super::fact_line::{doubt, public_by};
use chrono::NaiveDate;
use heldto_fact::{Attribution, FactId, LinkKind, Strength};

pub const SAYS: &str = "What it says";
pub const IN_THE_LEDGER: &str = "In the ledger";
pub const NOT_KNOWN: &str = "not known by the day";

/// Returns the title of the page of a fact that was retracted.
pub fn retracted(id: &FactId) -> String {
    format!("{id} was retracted")
}

/// Returns the heading of the mentions.
pub fn where_recorded(mentions: usize) -> String {
    format!("Where it is recorded ({mentions})")
}

/// Returns the heading of the links.
pub fn links(n: usize) -> String {
    format!("Links ({n})")
}

/// Returns a link of the fact.
pub fn link_to(kind: LinkKind, strength: Strength) -> String {
    format!("{kind}{}", doubt(strength))
}

/// Returns a link of another fact to this one.
pub fn link_from(kind: LinkKind, strength: Strength) -> String {
    format!("{kind} this{}", doubt(strength))
}

/// Returns the day from which the public could know a mention.
pub fn public(known: Option<NaiveDate>) -> String {
    known.map_or_else(|| "public from the day it was recorded".to_owned(), public_by)
}

/// Returns a doubtful attribution; empty if it is stated.
pub fn attribution(attribution: Attribution) -> String {
    match attribution {
        Attribution::Stated => String::new(),
        doubtful => format!("the speaker is {doubtful}"),
    }
}

/// Returns the parts that a publication lists, with the number announced if it differs.
pub fn listed(announced: Option<u64>, parts: &[String]) -> String {
    match announced {
        Some(n) if n != parts.len() as u64 => {
            format!("{} listed, {n} announced: {}", parts.len(), parts.join("; "))
        }
        _ => parts.join("; "),
    }
}

/// Returns something that passed to a successor; `heir` is the successor's name.
pub fn passed(what: &str, heir: Option<&str>) -> String {
    match heir {
        Some(name) => format!("{what} to {name}"),
        None => format!("{what}: the recipient is not stated"),
    }
}
