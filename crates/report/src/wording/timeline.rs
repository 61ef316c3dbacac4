//! Words facts in order of time. Knows no clocks. Start at [`summary`].

use super::{count, date};
use heldto_fact::When;

pub const TITLE: &str = "Timeline";
pub const NONE: &str = "No fact matches.";
pub const BY_EVENT: &str = "By the last day on which it may have happened";
pub const BY_PUBLICATION: &str = "By the day the public could first know it";
pub const BY_RECORDING: &str = "By the day it was recorded";
pub const POSSIBLE: &str = "Possibly within these days; the time is not known precisely enough";
pub const AMENDMENTS: &str = "Corrections and retractions";
pub const BY_KIND: &str = "By kind";

/// Returns the numbers of facts, of the things they record and of their sources as a sentence.
pub fn summary(facts: usize, things: usize, sources: usize) -> String {
    format!(
        "{} {}, from {}.",
        count(facts, "fact records", "facts record"),
        count(things, "distinct thing", "distinct things"),
        count(sources, "source", "sources")
    )
}

/// Returns the number of corrections and retractions as a sentence.
pub fn amendments(n: usize) -> String {
    format!("{}.", count(n, "correction or retraction", "corrections and retractions"))
}

/// Returns the numbers of facts of a kind and of the things they record.
pub fn of_kind(facts: usize, things: usize) -> String {
    format!("{} of {}", count(facts, "record", "records"), count(things, "thing", "things"))
}

/// Returns the period that a fact is about.
pub fn for_period(period: &When) -> String {
    format!("for {}", date::when(period))
}

/// Returns the time of an event, in words.
pub fn happened(when: &str) -> String {
    format!("happened {when}")
}
