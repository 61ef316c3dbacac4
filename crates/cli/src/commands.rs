//! The commands, one file each, and their small helpers for output and progress.

pub mod add;
pub mod amend;
pub mod append;
pub mod bookmark;
pub mod check;
pub mod demo;
pub mod edit;
pub mod export;
pub mod follow;
pub mod help;
pub mod init;
pub mod keys;
pub mod mapping;
pub mod prove;
pub mod publish;
pub mod quote;
pub mod redact;
pub mod repair;
pub mod report;
pub mod serve;
pub mod sign;
pub mod site;
pub mod sources;
#[cfg(feature = "network")]
pub mod stamp;
pub mod store;
pub mod undo;
pub mod verify;
pub mod watch;
pub mod witness;

use crate::RunOutput;

pub use crate::screen::{counted, meter};

/// Returns output for scripts, which is never paged.
fn plain(out: impl Into<Vec<u8>>) -> RunOutput {
    RunOutput { out: out.into(), ..RunOutput::default() }
}
