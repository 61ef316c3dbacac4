//! Words the page of a whole ledger, the changes of statuses, and the page for a meeting. Knows no
//! views. Start at [`owes`] and [`change`].

use super::count;
use super::explain::stood;
use heldto_replay::{FulfilmentRate, Standing};

pub const TITLE: &str = "Where things stand";
pub const OWNERS: &str = "Who owes what";
pub const CHANGED: &str = "What changed";
pub const TO_ASK: &str = "Questions for the meeting";
pub const DUE_NEXT: &str = "Due next";

/// Returns the title of the page on a body for a meeting.
pub fn for_a_meeting(name: &str) -> String {
    format!("{name}: for the next meeting")
}

/// Returns the commitments of a body and how those that are due stand.
pub fn owes(all: usize, rate: FulfilmentRate) -> String {
    let all = count(all, "commitment", "commitments");
    if rate.counted == 0 {
        return format!("{all}. None is due or settled.");
    }
    let claimed = match rate.kept_on_claims {
        0 => String::new(),
        n if n == rate.kept => ", by its own word only".to_owned(),
        n => format!(", {n} of them by its own word only"),
    };
    let weaker = if rate.weaker > 0 { format!(" Made weaker: {}.", rate.weaker) } else { String::new() };
    format!(
        "{all}. Due or settled: {}. Kept: {}{claimed}. Not kept: {}. Unknown: {}.{weaker}",
        rate.counted, rate.kept, rate.not_kept, rate.unknown
    )
}

/// Returns the number of commitments that are past due and left out.
pub fn more_past_due(n: usize) -> String {
    format!("{} past due: see the list of commitments.", count(n, "more is", "more are"))
}

/// Returns the number of changes.
pub fn changes(changes: usize, commitments: usize) -> String {
    let of = count(commitments, "commitment", "commitments");
    match changes {
        0 => format!("The status of none of {of} changed."),
        n => format!("{} of {of}. Each day is judged by what was public on it.", count(n, "change", "changes")),
    }
}

/// Returns a change of status.
pub fn change(before: Standing, now: Standing) -> String {
    format!("{}; before: {}", stood(now.status, now.grade), stood(before.status, before.grade))
}

/// Returns the number of questions that are left out.
pub fn more_questions(n: usize) -> String {
    format!("{} left out here.", count(n, "more question is", "more questions are"))
}
