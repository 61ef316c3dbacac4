//! Words the briefing on one party: its headings, its history and its payouts. Knows no facts
//! beyond those of a line. Start at [`complaints`] and [`paid`].

use super::amounts::counted_once;
use super::{count, date, interval};
use heldto_fact::{FactId, Passed, When};
use heldto_replay::Total;

pub const WHO: &str = "Who it is";
pub const OVER_TIME: &str = "What is on record over time";
pub const COMMITMENTS: &str = "Commitments made";
pub const DELIVERIES: &str = "What was done, or was to be";
pub const COMPLAINTS: &str = "Complaints and payouts";
pub const STATEMENTS: &str = "Statements and questions";
pub const INSPECTIONS: &str = "Inspections";
pub const NOTICES: &str = "Notices";
pub const PAST_DUE: &str = "Past due";
pub const OTHERS: &str = "Other commitments";
pub const DONE: &str = "What it did, according to the record";
pub const SAYS: &str = "What it says";
pub const MONEY: &str = "Money by role, as stated and not proved";
pub const FIGURES: &str = "Figures";
pub const QUESTIONS: &str = "Questions put to it";
pub const DISAGREEMENTS: &str = "Facts that disagree";
pub const SEE_ALSO: &str = "See also: bodies named with it";

/// Note on a payout that a total counts.
pub const COUNTED: &str = "counted";

/// Returns the heading of what was met; `on_claims` if only the owner says so.
pub fn met(on_claims: bool) -> String {
    format!("Met{}", if on_claims { super::pledges::ON_A_CLAIM } else { "" })
}

/// Returns the payouts for complaints as a sentence.
pub fn paid(total: &Total<'_>) -> String {
    let overlap = if total.may_overlap.is_empty() { "" } else { "; some may be the same money, so this is a range" };
    format!("Paid to settle complaints: {}{}{overlap}.", interval(total.sum, &total.unit), counted_once(total))
}

/// Returns the amount of a payout of which only the last possible day is known.
pub fn paid_by(amounts: &str, last: chrono::NaiveDate) -> String {
    format!("{amounts} (by {})", super::day(last))
}

/// Returns the last day of the codes of a body that was succeeded, after a space.
pub fn until(when: &When) -> String {
    format!(" (until {})", date::when(when))
}

/// Returns a succession by the names of the other bodies and its day.
pub fn succession(names: &str, when: Option<&When>, id: &FactId) -> String {
    let when = when.map_or_else(|| "day unknown".to_owned(), date::when);
    format!("{names}, {when} ({id})")
}

/// Returns something that passed to a successor; `heir` is the successor's name.
pub fn passed(passed: &Passed, heir: Option<&str>) -> String {
    match heir {
        Some(name) => format!("{} to {name}", passed.what),
        None => format!("{}, to which body is not recorded", passed.what),
    }
}

/// Returns the beginning of a control, as a day in words.
pub fn control(since: &str, is_to_come: bool, id: &FactId) -> String {
    let to_come = if is_to_come { ", still to come" } else { "" };
    format!("{since}{to_come} ({id})")
}

/// Returns an inspection by its inspectors.
pub fn inspection(by: &str, outcome: &str) -> String {
    format!("by {by}: {outcome}")
}

/// Returns a notice by its form and the bodies that gave it.
pub fn notice(form: &str, by: &str) -> String {
    format!("{form}, by {by}")
}

/// Returns a number of decisions on complaints.
pub fn decisions(n: usize) -> String {
    count(n, "decision", "decisions")
}

/// Returns the heading of complaints with the number upheld.
pub fn complaints(upheld: usize) -> String {
    format!("Complaints and payouts ({} upheld)", decisions(upheld))
}

/// Returns the whole that a complaint is part of.
pub fn part_of(whole: &FactId) -> String {
    format!("part of {whole}")
}

/// Returns the number of facts that name another body too.
pub fn named_together(body: &FactId, facts: usize) -> String {
    format!("{body} · named together in {}", count(facts, "fact", "facts"))
}

/// Returns the picture of facts over time in words.
pub fn over_time(drawn: usize, left_out: usize) -> String {
    let facts = count(drawn, "fact", "facts");
    let rest = match left_out {
        0 => String::new(),
        n => format!(" {} without a first and a last day.", count(n, "more is", "more are")),
    };
    format!("{facts}. Dark: on that day. Pale: on a day somewhere in that time.{rest}")
}
