//! Words of the page of a proof. Knows no proof. Start at [`place`].

pub const ID: &str = "id";
pub const KIND: &str = "kind";
pub const BY: &str = "by";
pub const ABOUT: &str = "about";
pub const PLACE: &str = "place";
pub const RECORDED: &str = "recorded";
pub const NOTE: &str = "note";
pub const LATER: &str = "What was recorded of it later";
pub const NOT_SHOWN: &str = "What a proof does not show";

/// Returns the place of a fact in the log.
pub fn place(index: u64, size: u64, origin: &str) -> String {
    format!("entry {index} of the first {size} of {origin}")
}

/// Returns a correction.
pub fn corrected(index: u64, reason: &str, text: &str) -> String {
    format!("entry {index} corrected it ({reason}): {text}")
}

/// Returns a retraction.
pub fn retracted(index: u64, reason: &str) -> String {
    format!("entry {index} retracted it: {reason}")
}

/// Returns the retraction of a retraction.
pub fn reinstated(index: u64, reason: &str) -> String {
    format!("entry {index} reinstated it: {reason}")
}

/// Returns the limits of a proof.
pub fn not_shown(size: u64) -> String {
    format!(
        "That the fact is true; when it was recorded, which the keeper's clock says; that no later entry corrects it: \
         up to entry {size}, only the maker of the proof says so."
    )
}
