//! One file a command.

pub mod amend;
pub mod append;
pub mod check;
pub mod demo;
pub mod export;
pub mod init;
pub mod prove;
pub mod publish;
pub mod repair;
pub mod report;
pub mod sign;
pub mod verify;

use crate::{RunOutput, Terminal};
use std::time::{Duration, Instant};

/// What a script reads: nothing to page.
fn plain(out: impl Into<String>) -> RunOutput {
    RunOutput { out: out.into(), page: false, exit_code: 0 }
}

/// Returns a number and its noun, in the singular for one.
fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Shows on a terminal how far a long job is, once it has taken more than a second.
fn meter<'a>(terminal: Terminal, progress: &'a mut dyn FnMut(&str), what: &'a str, total: u64) -> impl FnMut(u64) + 'a {
    let (start, mut shown) = (Instant::now(), Duration::ZERO);
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
