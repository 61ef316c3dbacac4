//! One file a command.

pub mod amend;
pub mod append;
pub mod demo;
pub mod export;
pub mod init;
pub mod prove;
pub mod report;
pub mod sign;
pub mod verify;

use crate::Outcome;

/// What a script reads: nothing to page.
fn plain(out: impl Into<String>) -> Outcome {
    Outcome { out: out.into(), page: false, code: 0 }
}
