//! Documents as bytes, one format a file.

mod atom;
mod csv;
mod html;
mod ics;
mod json;
mod markdown;
mod terminal;

pub(crate) use json::value;

use crate::{Document, SensitiveEntries, day};
use chrono::Datelike;
use std::fmt;
use std::str::FromStr;

/// A format that every report has; the last two, every report whose rows have days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For reading in a terminal.
    TableBlock,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
    /// For documents.
    Md,
    /// One file for a browser, for print, for mail.
    Html,
    /// For calendars: RFC 5545.
    Ics,
    /// For feed readers: RFC 4287.
    Atom,
}

/// Why a document cannot be written in a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// Nothing in it has a day.
    #[error("nothing in `{0}` has a day, so there is nothing for a calendar or a feed")]
    NoDays(String),
}

impl Format {
    /// Every format with its word.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::TableBlock, "table"),
        (Self::Csv, "csv"),
        (Self::Json, "json"),
        (Self::Md, "md"),
        (Self::Html, "html"),
        (Self::Ics, "ics"),
        (Self::Atom, "atom"),
    ];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text).map(|(format, _)| *format);
        found.ok_or_else(|| format!("`{text}` is no format: table, csv, json, md, html, ics or atom"))
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
///
/// # Errors
/// When a calendar or a feed is asked of a document in which nothing has a day.
pub fn render(document: &Document, format: Format, screen: Screen) -> Result<String, RenderError> {
    // Programs get every character as it was recorded; whoever reads gets none that steers.
    let readable = |with_rows| document.map_text(with_rows, &plain);
    Ok(match format {
        Format::TableBlock => terminal::render(&readable(false), &document.digest(), screen),
        Format::Csv => csv::render(document),
        Format::Json => json::render(document),
        Format::Md => markdown::render(&readable(false), &document.digest()),
        Format::Html => html::render(&readable(true), &document.digest()),
        Format::Ics => ics::render(&dated(document)?),
        Format::Atom => atom::render(&dated(document)?),
    })
}

/// Returns the document with those of its events that a calendar and a feed can hold: their years have four digits.
fn dated(document: &Document) -> Result<Document, RenderError> {
    let mut dated = document.map_text(false, &plain);
    dated.events.retain(|event| (0..=9999).contains(&event.day.year()));
    if dated.events.is_empty() { Err(RenderError::NoDays(document.title.clone())) } else { Ok(dated) }
}

/// Returns text that cannot steer whatever shows it: control characters, line separators, marks that turn the direction of writing, and
/// what XML forbids become blanks.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if steers(c) { ' ' } else { c }).collect()
}

/// Returns `true` for a character that steers a terminal or the direction of writing, or that XML forbids.
#[must_use]
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{fffe}'
                | '\u{ffff}'
        )
}

/// What a document rests on, in sentences: the days it judges by, and how fresh what it knows is.
fn basis(document: &Document) -> String {
    let basis = &document.basis;
    let (as_of, known_by) = (basis.clock.as_of, basis.clock.known_by);
    let known = if as_of == known_by {
        "counting what was public by then".to_owned()
    } else {
        format!("counting what was public by {}", day(known_by))
    };
    let newest = if basis.of_all_sources { "The newest source" } else { "The newest source of these facts" };
    let newest = match basis.newest_source.map(|newest| (day(newest), (as_of - newest).num_days())) {
        None => String::new(),
        Some((known, 0)) => format!(" {newest} was public by {known}."),
        Some((known, 1)) => format!(" {newest} was public by {known}, the day before."),
        Some((known, days @ 2..)) => format!(" {newest} was public by {known}, {days} days before."),
        Some((known, _)) => format!(" {newest} was public by {known}, later than that."),
    };
    let recorded = basis.last_recorded.map(|at| at.date_naive()).filter(|recorded| *recorded < as_of);
    let silent = recorded.map_or_else(String::new, |recorded| {
        format!(" Nothing was recorded after {}; what happened since is not known here.", day(recorded))
    });
    format!("As at {}, {known}.{newest}{silent}{}", day(as_of), sensitive(basis.sensitive))
}

/// Returns what the document does with entries about children and families, in a sentence with a blank before it; nothing where there are none.
fn sensitive(SensitiveEntries { entries, are_counted }: SensitiveEntries) -> String {
    match (entries, are_counted) {
        (0, _) => String::new(),
        (1, true) => " It counts with 1 entry about an identifiable child or family.".to_owned(),
        (n, true) => format!(" It counts with {n} entries about identifiable children or families."),
        (1, false) => " 1 entry about an identifiable child or family is left out.".to_owned(),
        (n, false) => format!(" {n} entries about identifiable children or families are left out."),
    }
}

/// The place in the log a document rests on, and the document's digest.
fn footing(document: &Document, digest: &str) -> Vec<String> {
    let log = &document.basis.log;
    vec![
        format!("Rests on the first {} entries of {}", log.entries, log.origin),
        format!("tree head {}", log.root),
        format!("chain     {}", log.chain),
        format!("digest    {digest}"),
    ]
}
