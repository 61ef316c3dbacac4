//! Words the argument for a status: its headings and what evidence shows. Knows no reasons, which
//! `judgement` words. Start at [`title`].

use heldto_fact::FactId;
use heldto_replay::Status;

pub const TERMS: &str = "The terms";
pub const RECOMMENDATION: &str = "The recommendation and its answer";
pub const WHERE_RECORDED: &str = "Where it is recorded";
pub const RESTS_ON: &str = "What the status rests on";
pub const NOT_DECISIVE: &str = "Considered, but not decisive";
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

/// Returns what evidence shows.
pub fn shows(what: &str) -> String {
    format!("shows {what}")
}
