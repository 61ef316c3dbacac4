//! Words of the lists of what is on record by name. Knows no facts. Start at [`title`].

use heldto_fact::Kind;

pub const NONE: &str = "None is on record.";

/// Returns the title of a list of these kinds.
pub fn title(kinds: &[Kind]) -> &'static str {
    match kinds {
        [Kind::Party] => "Bodies",
        [Kind::Source] => "Sources",
        [Kind::Metric] => "Figures",
        _ => "Commitments",
    }
}
