//! Words disagreements between facts and their headings. Knows no rules of comparing. Start at
//! [`summary`] and [`HEADINGS`].

use super::{amount, count, interval};
use heldto_fact::{Amount, Interval, Quantity};

pub const TITLE: &str = "Contradictions";

/// Word of each kind of disagreement, with the heading of the certain ones and that of the possible
/// ones.
pub const HEADINGS: [(&str, &str, &str); 7] = [
    ("linked", "Recorded as contradicting each other", "Recorded as possibly contradicting each other"),
    ("amounts", "One thing, recorded with amounts that cannot both be true", ""),
    ("days", "One thing, recorded with days that cannot both be true", ""),
    ("figures", "A share that does not match its own numbers", ""),
    ("sums", "Parts that add up to more than their whole", "Parts that may add up to more than their whole"),
    ("listed", "More listed than announced", "Fewer listed than announced"),
    ("readings", "", "A day that can be read in more than one way"),
];

/// Returns the filter as a sentence.
pub fn only(conditions: &str) -> String {
    format!("Only disagreements that involve a fact {conditions}.")
}

/// Returns the number of disagreements as a sentence.
pub fn summary(found: usize, possible: usize) -> String {
    if found == 0 {
        return "No facts on record are known to disagree.".to_owned();
    }
    let only = match possible {
        0 => String::new(),
        1 if found == 1 => ", and it is only possible".to_owned(),
        all if all == found => ", all of them only possible".to_owned(),
        some => format!(", {some} of them only possible"),
    };
    let found = count(found, "disagreement", "disagreements");
    format!("{found} on record{only}. Both sides are kept; nothing here says which is right.")
}

/// Returns a percentage that differs from its own numbers.
pub fn figures(text: &str, share: Quantity, numerator: u64, denominator: u64, comes_to: Quantity) -> String {
    format!("{text}: stated as {share}%, but {numerator} of {denominator} is {comes_to}%")
}

/// Returns a whole that is less than its parts.
pub fn sums(text: &str, whole: &Amount, parts: Interval) -> String {
    format!("{text}: {}, but its parts add up to {}", amount(whole), interval(parts, &whole.unit))
}

/// Returns a list that is not as long as announced.
pub fn listed(announced: u64, parts: &[String]) -> String {
    format!("{announced} announced, {} listed: {}", parts.len(), parts.join("; "))
}
