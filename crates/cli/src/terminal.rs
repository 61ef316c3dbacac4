//! The terminal: a line editor that completes what is known, and the pager. Knows no command.
//! Start at [`ask`].

use heldto_cli::{Choice, NoAnswer, Prompt};
use rustyline::completion::{Completer, Pair};
use rustyline::config::BellStyle;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Behavior, ColorMode, CompletionType, Config, Context, Editor, Helper};
use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

/// Asks a question on the terminal and returns the line typed, without spaces around it; Tab
/// completes an answer that is known, by its id or its name.
///
/// # Errors
/// [`NoAnswer::Nobody`] unless both standard input and standard error are terminals;
/// [`NoAnswer::Stopped`] after Ctrl-C and Ctrl-D.
pub fn ask(prompt: &Prompt<'_>) -> Result<String, NoAnswer> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(NoAnswer::Nobody);
    }
    // Such a terminal cannot be drawn on, and standard output may be a file.
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return plainly(prompt);
    }
    let has_colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let config = Config::builder()
        // Standard output may be a file.
        .behavior(Behavior::PreferTerm)
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .bell_style(BellStyle::None)
        .color_mode(if has_colours { ColorMode::Enabled } else { ColorMode::Disabled })
        .build();
    let mut editor = Editor::with_history(config, MemHistory::new()).map_err(|_| NoAnswer::Nobody)?;
    editor.set_helper(Some(Known { choices: prompt.choices, has_colours }));
    match editor.readline(&format!("{} ", prompt.text)) {
        Ok(line) => Ok(line.trim().to_owned()),
        Err(ReadlineError::Interrupted | ReadlineError::Eof) => Err(NoAnswer::Stopped),
        Err(_) => Err(NoAnswer::Nobody),
    }
}

/// Asks a question without an editor.
fn plainly(prompt: &Prompt<'_>) -> Result<String, NoAnswer> {
    let mut err = std::io::stderr();
    write!(err, "{} ", prompt.text).and_then(|()| err.flush()).map_err(|_| NoAnswer::Nobody)?;
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(read) if read > 0 => Ok(line.trim().to_owned()),
        _ => Err(NoAnswer::Stopped),
    }
}

/// The answers that are known, for the line editor.
struct Known<'a> {
    choices: &'a [Choice],
    has_colours: bool,
}

impl Known<'_> {
    fn meant(&self, typed: &str) -> impl Iterator<Item = &Choice> {
        self.choices.iter().filter(move |choice| choice.is_meant(typed))
    }
}

impl Completer for Known<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, end: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let pair = |choice: &Choice| Pair { display: choice.to_string(), replacement: choice.answer.clone() };
        let typed = line.get(..end).unwrap_or(line);
        let pairs: Vec<Pair> = self.meant(typed).map(pair).collect();
        // What several ids begin with would take away words that were typed of their names.
        if pairs.len() > 1 && !pairs.iter().all(|pair| pair.replacement.starts_with(typed)) {
            return Ok((0, pairs.into_iter().map(|pair| Pair { replacement: typed.to_owned(), ..pair }).collect()));
        }
        Ok((0, pairs))
    }
}

impl Hinter for Known<'_> {
    type Hint = String;

    /// Returns the only answer that is meant, as soon as there is only one.
    fn hint(&self, line: &str, end: usize, _: &Context<'_>) -> Option<String> {
        if line.trim().len() < 2 || end < line.len() {
            return None;
        }
        let mut meant = self.meant(line);
        let only = meant.next().filter(|choice| choice.answer != line.trim())?;
        meant.next().is_none().then(|| format!("  [{only}]"))
    }
}

impl Highlighter for Known<'_> {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.has_colours { format!("\x1b[2m{hint}\x1b[0m").into() } else { hint.into() }
    }
}

impl Validator for Known<'_> {}
impl Helper for Known<'_> {}

/// Shows long output through the user's pager (`PAGER`, else `less -FRX`).
///
/// Returns `false` if the text fits the screen, or no pager could show it.
pub fn page(text: &str) -> bool {
    let rows = terminal_size::terminal_size().map_or(24, |(_, h)| usize::from(h.0));
    if text.lines().count() < rows {
        return false;
    }
    let pager = std::env::var("PAGER").unwrap_or_else(|_| "less -FRX".to_owned());
    let mut words = pager.split_whitespace();
    let Some(program) = words.next() else { return false };
    let Ok(mut child) = Command::new(program).args(words).stdin(Stdio::piped()).spawn() else { return false };
    if let Some(mut input) = child.stdin.take() {
        drop(input.write_all(text.as_bytes()));
    }
    child.wait().is_ok_and(|status| status.success())
}
