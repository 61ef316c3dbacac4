//! Words deliveries and the commitments that they serve. Knows no links. Start at [`summary`].

use super::count;
use super::fact_line::doubt;
use heldto_fact::{FactId, Strength};

pub const TOWARDS_SOME: &str = "Towards a commitment";
pub const TOWARDS_NONE: &str = "Towards no commitment on record";
pub const UNDONE: &str = "Not done, or undone";

/// Returns the title.
pub const fn title(unpledged: bool) -> &'static str {
    if unpledged { "Deliveries with no promise on record" } else { "Deliveries" }
}

/// Returns the filter as a sentence.
pub fn only(conditions: &str) -> String {
    format!("Only deliveries {conditions}.")
}

/// Returns the numbers of deliveries, those done by the commitments they serve, as sentences.
pub fn summary(towards_some: usize, towards_none: usize, undone: usize) -> String {
    let all = count(towards_some + towards_none + undone, "delivery", "deliveries");
    format!(
        "{all} on record: {towards_some} towards a commitment, {towards_none} towards none, {undone} not done or \
         undone. Deliveries towards none do not count in any share of pledges kept."
    )
}

/// Returns the commitment that a delivery serves.
pub fn towards(strength: Strength, id: &FactId, text: &str) -> String {
    format!("towards{} {id}: {text}", doubt(strength))
}
