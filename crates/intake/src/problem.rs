//! Problems found in a file, and their display with file, line, column, caret and advice.
//!
//! This module knows text and positions, but no facts. Start at [`Problems::render`].

use crate::File;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::collections::BTreeMap;
use std::ops::Range;

/// One problem in a file: title, position and advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The index of the file in [`Problems::files`].
    pub file: usize,
    /// The bytes concerned.
    pub span: Range<usize>,
    /// The message.
    pub title: String,
    /// The text at the caret.
    pub label: String,
    /// Advice on fixing the problem.
    pub help: Option<String>,
}

impl Problem {
    pub(crate) fn new(span: Range<usize>, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self { file: 0, span, title: title.into(), label: label.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) const fn in_file(mut self, file: usize) -> Self {
        self.file = file;
        self
    }
}

/// Maximum number of problems shown: nobody reads more, and a wrong column fails in every row.
pub const MOST_SHOWN: usize = 100;

/// The start of each line of a text, computed once.
pub struct Lines(Vec<usize>);

impl Lines {
    /// Finds the lines of a text.
    pub fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(breaks).collect())
    }

    /// Returns the number, from 0, of the line that contains a byte.
    pub fn number(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Returns the start of the line that contains a byte.
    pub fn start(&self, at: usize) -> usize {
        self.0.get(self.number(at)).copied().unwrap_or(0)
    }
}

/// All problems found, with the files they are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The files.
    pub files: Vec<File>,
    /// The problems, in the order of the files.
    pub problems: Vec<Problem>,
}

impl Problems {
    /// Renders the problems for people: file, line, column, caret and advice.
    ///
    /// Shows the first 100, followed by the total.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        self.rendered(colour, &Level::ERROR, MOST_SHOWN, ("problem", "problems"))
    }

    /// Renders the problems as warnings: the first `most`, followed by the total.
    #[must_use]
    pub fn render_as_warnings(&self, colour: bool, most: usize) -> String {
        self.rendered(colour, &Level::WARNING, most, ("warning", "warnings"))
    }

    fn rendered(&self, colour: bool, level: &Level<'_>, most: usize, (noun, nouns): (&str, &str)) -> String {
        let mut lines: BTreeMap<usize, Lines> = BTreeMap::new();
        for problem in self.problems.iter().take(most) {
            lines.entry(problem.file).or_insert_with(|| Lines::of(&self.files[problem.file].text));
        }
        let names: Vec<String> = self.files.iter().map(|file| visible(&file.name)).collect();
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let texts = |problem: &Problem| {
            (visible(&problem.title), visible(&problem.label), problem.help.as_deref().map(visible))
        };
        let one = |problem: &Problem| {
            let (title, label, help) = texts(problem);
            let file = &self.files[problem.file];
            let span = within(&problem.span, &file.text);
            // Render this line alone: passing the whole file for each of many problems would be
            // slow.
            let start = lines[&problem.file].start(span.start);
            let end = file.text[span.start..].find('\n').map_or(file.text.len(), |n| span.start + n);
            let line = 1 + lines[&problem.file].number(span.start);
            let mut annotation = AnnotationKind::Primary.span(span.start - start..span.end - start);
            if !label.is_empty() {
                annotation = annotation.label(label.as_str());
            }
            let source = Snippet::source(&file.text[start..end]).line_start(line);
            let snippet = source.path(names[problem.file].as_str()).annotation(annotation);
            let mut group: Group<'_> = level.clone().primary_title(title.as_str()).element(snippet);
            if let Some(help) = &help {
                group = group.element(Level::HELP.message(help.as_str()));
            }
            renderer.render(&[group])
        };
        let mut out: Vec<String> = self.problems.iter().take(most).map(one).collect();
        let all = self.problems.len();
        let shown = if all > most { format!(" (the first {most} are shown)") } else { String::new() };
        out.push(format!("{all} {}{shown}", if all == 1 { noun } else { nouns }));
        out.join("\n\n")
    }
}

/// Maximum length, in characters, of a title, label, help text or name on display.
const LONGEST: usize = 1000;

/// Replaces control characters in text from a file, and cuts the text at [`LONGEST`].
fn visible(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Returns the span cut to the text and to one line, so that the caret is visible.
fn within(span: &Range<usize>, text: &str) -> Range<usize> {
    let start = floor(text, span.start.min(text.len()));
    let end = floor(text, span.end.clamp(start, text.len()));
    let line_end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    start..end.min(line_end).max(start)
}

/// Returns the last character boundary at or before `at`.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
