use crate::File;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::collections::BTreeMap;
use std::ops::Range;

/// One thing wrong with a file: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's number in the list.
    pub file: usize,
    /// The bytes it is about.
    pub span: Range<usize>,
    /// What is wrong.
    pub title: String,
    /// What to say at the caret.
    pub label: String,
    /// What to do about it.
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

/// How many problems are shown: nobody reads more, and a wrong column goes wrong in every row.
pub const MOST_SHOWN: usize = 100;

/// Where the lines of a text begin, found once.
pub struct Lines(Vec<usize>);

impl Lines {
    /// Reads a text once.
    pub fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(breaks).collect())
    }

    /// Returns the number, from 0, of the line that holds a byte.
    pub fn number(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Returns where the line that holds a byte begins.
    pub fn start(&self, at: usize) -> usize {
        self.0.get(self.number(at)).copied().unwrap_or(0)
    }
}

/// Every problem found, with the files they are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The files.
    pub files: Vec<File>,
    /// The problems, in the order of the files.
    pub problems: Vec<Problem>,
}

impl Problems {
    /// The problems as people read them: file, line, column, caret, remedy. The first hundred, and at the end how many there are.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        self.rendered(colour, &Level::ERROR, MOST_SHOWN, ("problem", "problems"))
    }

    /// The same as warnings: the first so many, and at the end how many there are.
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
            // Only the line itself: a whole file for each of many problems would take long.
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

/// The longest title, label, help or name that is shown, in characters.
const LONGEST: usize = 1000;

/// Returns text from a file without control characters, and not longer than anybody reads.
fn visible(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The span cut to the text and to one line, so that the caret points at something a reader can see.
fn within(span: &Range<usize>, text: &str) -> Range<usize> {
    let start = floor(text, span.start.min(text.len()));
    let end = floor(text, span.end.clamp(start, text.len()));
    let line_end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    start..end.min(line_end).max(start)
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
