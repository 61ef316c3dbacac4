//! Words moves of due dates. Knows no rules of moving. Start at [`summary`].

use super::{count, date, day_range};
use heldto_fact::{Due, FactId};

pub const TITLE: &str = "Moved due dates";
pub const UNEXPLAINED: &str = "Moved, with no explanation on record";
pub const EXPLAINED: &str = "Moved, with something on record about the move";
/// Stands for the owners of a fact that names none.
pub const UNNAMED: &str = "an unnamed body";

/// Returns the number of moves, and of those without an explanation, as a sentence.
pub fn summary(commitments: usize, moves: usize, unexplained: usize) -> String {
    match moves {
        0 => {
            let commitments = count(commitments, "commitment", "commitments");
            format!("{commitments} on record; none has a due date that was moved.")
        }
        n => {
            let moves = count(n, "due date was moved", "due dates were moved");
            format!("{moves}. Without an explanation on record: {unexplained}.")
        }
    }
}

/// Returns the bodies that moved a date, and the fact that tells it; `known` is when it was public.
pub fn moved_by(owners: &str, told_in: &FactId, known: &str) -> String {
    format!("moved by {owners} ({told_in}, {known})")
}

/// Returns a move: both due dates, and the fewest and the most days between them.
pub fn moved(from: &Due, to: &Due, least: Option<i64>, most: Option<i64>) -> String {
    format!("due {}, then {}: {}", date::due(from), date::due(to), day_range(least, most))
}

/// Returns a fact that speaks to a move.
pub fn about_the_move(text: &str, id: &FactId) -> String {
    format!("about the move: {text} ({id})")
}
