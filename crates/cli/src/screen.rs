//! Removes control sequences from text before it reaches a terminal, counts things in words, and
//! draws progress. Knows nothing of what is counted.

use crate::Terminal;
use heldto_report::steers;
use std::time::{Duration, Instant};

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

/// Returns the text with spaces for characters that control the terminal.
///
/// Kept are line ends, tabs and, if `with_colours`, the colour sequences that the program itself
/// writes.
pub fn clean(text: &str, with_colours: bool) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = if with_colours { colour_of(rest) } else { None };
        let taken = if let Some(colour) = colour {
            clean.push_str(colour);
            colour.len()
        } else {
            clean.push(if steers(c) && !matches!(c, '\n' | '\t') { ' ' } else { c });
            c.len_utf8()
        };
        rest = &rest[taken..];
    }
    clean
}

/// Returns the colour or weight sequence at the start of a text, if there is one.
///
/// Its numbers have at most three digits; 8 (hidden text) is rejected.
fn colour_of(text: &str) -> Option<&str> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let end = numbers.find('m')?;
    let is_colour = numbers[..end]
        .split(';')
        .all(|n| n.len() <= 3 && n.bytes().all(|b| b.is_ascii_digit()) && n.trim_start_matches('0') != "8");
    is_colour.then(|| &text[..2 + end + 1])
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn nothing_steers_but_colours_that_are_wanted() {
        let steering = "a\u{1b}]0;title\u{7}b\u{9b}2Jc\u{202e}d\u{1b}[8mhidden\r\n\te";
        for with_colours in [false, true] {
            let said = clean(steering, with_colours);
            assert!(!said.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\r']), "{said:?}");
            assert!(said.contains("\n\te"), "{said:?}");
        }
        assert_eq!(clean("\u{1b}[1;31mred\u{1b}[0m", true), "\u{1b}[1;31mred\u{1b}[0m");
        assert_eq!(clean("\u{1b}[31mred", false), " [31mred");
    }
}
