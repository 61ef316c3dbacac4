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

use crate::{RunOutput, Terminal};
use std::time::{Duration, Instant};

/// Returns output for scripts, which is never paged.
fn plain(out: impl Into<Vec<u8>>) -> RunOutput {
    RunOutput { out: out.into(), ..RunOutput::default() }
}

/// Returns a number with its noun, singular for 1.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Returns a callback that draws a progress bar on a terminal, once the job has taken a second.
pub fn meter<'a>(
    terminal: Terminal,
    progress: &'a mut dyn FnMut(&str),
    what: &'a str,
    total: u64,
) -> impl FnMut(u64) + 'a {
    let start = Instant::now();
    let mut shown = Duration::ZERO;
    move |done| {
        let now = start.elapsed();
        if !terminal.err || now < Duration::from_secs(1) {
            return;
        }
        if done == total {
            progress("");
        } else if now - shown > Duration::from_millis(100) {
            shown = now;
            let filled = usize::try_from(done * 30 / total.max(1)).unwrap_or(0).min(30);
            progress(&format!("{what} {}{} {done} of {total}", "█".repeat(filled), "░".repeat(30 - filled)));
        }
    }
}
