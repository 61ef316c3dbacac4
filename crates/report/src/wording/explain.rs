//! Words the argument for a status: its headings and what evidence shows. Knows no reasons, which
//! `judgement` words. Start at [`title`].

use super::{capital, day};
use chrono::NaiveDate;
use heldto_fact::FactId;
use heldto_replay::{Grade, Status};

pub const TERMS: &str = "The terms";
pub const RECOMMENDATION: &str = "The recommendation and its answer";
pub const ANSWERS: &str = "What its owner says";
pub const WHERE_RECORDED: &str = "Where it is recorded";
pub const RESTS_ON: &str = "What the status rests on";
pub const NOT_DECISIVE: &str = "Considered, but not decisive";
pub const STOOD: &str = "How it stood over time";
pub const STOOD_BY: &str = "Each day is judged by what was public on it.";
/// Consequence of a personal commitment.
pub const LAPSES: &str = "in the office-holder's own name; it lapses when the office ends";

/// Returns the title of one judgement.
pub fn title(id: &FactId, status: Status) -> String {
    format!("Why {id} is {status}")
}

/// Returns the title of the judgements of each body that a recommendation was made to.
pub fn title_for_each(id: &FactId) -> String {
    format!("The status of {id} for each body it was made to")
}

/// Returns the day from which a status stood.
pub fn since(from: NaiveDate) -> String {
    format!("from {}", day(from))
}

/// Returns the picture of how a commitment stood, for readers who cannot see it.
pub fn picture(stood: &[(String, String)]) -> String {
    let spans: Vec<String> = stood.iter().map(|(from, status)| format!("{from} {status}")).collect();
    format!("{}.", capital(&spans.join("; ")))
}

/// Returns a status as it stood on earlier days, with its evidence.
pub fn stood(status: Status, grade: Grade) -> String {
    match grade {
        Grade::None => status.to_string(),
        grade => format!("{status}, evidence: {grade}"),
    }
}

/// Returns what evidence shows.
pub fn shows(what: &str) -> String {
    format!("shows {what}")
}
