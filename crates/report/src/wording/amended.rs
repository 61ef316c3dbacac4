//! Words the versions of a fact: recorded, corrected, retracted, reinstated. Knows no ledger. Start
//! at [`amendment`].

use super::fact_line::entry;
use heldto_fact::{FactId, Kind};

pub const RECORDED: &str = "recorded";

/// Returns a correction or retraction with the fact that it concerns.
pub fn amendment(kind: Kind, of: &FactId) -> String {
    format!("{kind} of {of}")
}

/// Returns a correction or retraction with the fact and the entry that records it.
pub fn amendment_in(kind: Kind, of: &FactId, index: u64) -> String {
    format!("{} · {}", amendment(kind, of), entry(index))
}

/// Returns the reason of a version after a retraction.
pub fn reinstated(reason: &str) -> String {
    format!("reinstated: {reason}")
}

/// Returns the reason of a retraction.
pub fn retracted(reason: &str) -> String {
    format!("retracted: {reason}")
}

/// Returns the reason of a correction.
pub fn corrected(reason: &str) -> String {
    format!("corrected: {reason}")
}
