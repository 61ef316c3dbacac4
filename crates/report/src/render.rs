//! Documents as bytes, one format a file.

mod csv;
mod json;
mod markdown;
mod terminal;

use crate::Document;
use std::fmt;
use std::str::FromStr;

/// A format that every report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For reading in a terminal.
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
    /// For documents.
    Md,
}

impl Format {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Table, "table"), (Self::Csv, "csv"), (Self::Json, "json"), (Self::Md, "md")];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text).map(|(format, _)| *format);
        found.ok_or_else(|| format!("`{text}` is no format: table, csv, json or md"))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(format, _)| format == self).map_or("", |(_, word)| word))
    }
}

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// How many columns.
    pub width: usize,
    /// Whether it shows colour.
    pub colour: bool,
}

/// Writes a document. Only the terminal format looks at the screen.
#[must_use]
pub fn render(document: &Document, format: Format, screen: Screen) -> String {
    match format {
        Format::Table => terminal::render(document, screen),
        Format::Csv => csv::render(document),
        Format::Json => json::render(document),
        Format::Md => markdown::render(document),
    }
}

/// What a document rests on, in one sentence.
fn basis(document: &Document) -> String {
    let (as_of, known_by) = (document.basis.clock.as_of, document.basis.clock.known_by);
    let known = if as_of == known_by {
        "counting what was public by then".to_owned()
    } else {
        format!("counting what was public by {}", crate::day(known_by))
    };
    format!("As at {}, {known}.", crate::day(as_of))
}

/// The place in the log a document rests on, in one sentence.
fn footing(document: &Document) -> String {
    format!("Rests on {} entries, chain {}", document.basis.entries, document.basis.chain)
}
