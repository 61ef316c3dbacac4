//! Words the differences between two views of a ledger: headings, numbers and causes. Knows no
//! views. Start at [`summary`].

use super::{count, judgement};
use heldto_fact::FactId;
use heldto_replay::{Judgement, Status};

/// Title of the report, whatever it is compared with.
pub const TITLE: &str = "What is new";
pub const CHANGED: &str = "Commitments that changed status or grade";
pub const NEW: &str = "New commitments";
pub const CORE: &str = "Other new facts that matter most";
pub const OTHER: &str = "Other new facts";
pub const AGAIN: &str = "Recorded again, and known before";
pub const LOST: &str = "Commitments no longer on record";
pub const AMENDED: &str = "Corrected or retracted";

/// Numbers of what differs.
pub struct Differences {
    pub changed: usize,
    pub new: usize,
    pub facts: usize,
    pub again: usize,
    pub amended: usize,
}

/// Returns the title; `since` describes the earlier view.
pub fn title(since: &str) -> String {
    format!("{TITLE} since {since}")
}

/// Returns the numbers of what differs as a sentence.
pub fn summary(of: &Differences) -> String {
    format!(
        "{}, {}, {}, {}, {}.",
        count(of.changed, "commitment changed status or grade", "commitments changed status or grade"),
        count(of.new, "commitment is new", "commitments are new"),
        count(of.facts, "other fact is new", "other facts are new"),
        count(of.again, "fact records again what was known", "facts record again what was known"),
        count(of.amended, "fact was corrected or retracted", "facts were corrected or retracted"),
    )
}

/// Returns the number of new figures as a sentence.
pub fn figures(n: usize) -> String {
    let are = count(n, "figure is new", "figures are new");
    format!("{are}. Figures are counted here; the metrics report lists them.")
}

/// Returns a fact with the entry that holds it.
pub fn in_entry(id: &FactId, index: u64) -> String {
    format!("{id} (entry {index})")
}

/// Returns the cause of a change: evidence that was corrected or retracted.
pub fn amended(id: &FactId, is_corrected: bool, index: u64, j: &Judgement<'_>) -> String {
    let what = if is_corrected { "corrected" } else { "retracted" };
    format!("{id} was {what} (entry {index}). {}", judgement::finding(j))
}

/// Returns the cause of a change without a new fact.
pub fn time_passed(j: &Judgement<'_>) -> String {
    format!("no new fact; time has passed. {}", judgement::finding(j))
}

/// Returns what a commitment became: `mark` is its status, or what it turned into.
pub fn turned(id: &FactId, (was_known, mark): (bool, &str), j: &Judgement<'_>) -> String {
    let new = if was_known { "" } else { "new, " };
    format!("{id}: {new}{mark}. {}", judgement::finding(j))
}

/// Returns the number of new commitments, with those of each status.
pub fn new(all: usize, of_status: impl Iterator<Item = (Status, usize)>) -> String {
    let of_status: Vec<String> = of_status.filter(|(_, n)| *n > 0).map(|(status, n)| format!("{n} {status}")).collect();
    format!("{all} commitments are new: {}.", of_status.join(", "))
}

/// Returns the status of a commitment that is gone.
pub fn was(status: Status) -> String {
    format!("was {status}")
}

/// Returns the cause of a change, as a line.
pub fn because(cause: &str) -> String {
    format!("because: {cause}")
}
