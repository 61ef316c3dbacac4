//! Turns documents into bytes, one submodule for each format. Knows no views and no facts. Start at
//! [`render`].

#[cfg(feature = "calendars")]
mod atom;
mod csv;
mod html;
#[cfg(feature = "calendars")]
mod ics;
mod json;
mod markdown;
mod picture;
mod terminal;
#[cfg(feature = "workbooks")]
mod xlsx;

pub use html::{AddressOf, STYLE};

use crate::{Block, Cited, Document, wording};
use chrono::{Datelike, NaiveDate};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

impl Document {
    /// Returns the BLAKE3 digest of the document's one-line JSON, before the digest is inserted.
    ///
    /// Independent of the output format.
    #[must_use]
    pub fn digest(&self) -> String {
        blake3::hash(json::value(self).to_string().as_bytes()).to_string()
    }

    /// Returns `true` if a calendar or a feed of the document has an event: of a year of at most
    /// four digits.
    #[must_use]
    pub fn has_days(&self) -> bool {
        self.events.iter().any(|event| has_four_digits(event.day))
    }

    /// Returns the sources of the items, each once, by id.
    #[must_use]
    pub fn sources(&self) -> Vec<&Cited> {
        let items = self.sections.iter().flat_map(|section| &section.blocks).flat_map(|block| match block {
            Block::Items(items) => items.as_slice(),
            _ => &[],
        });
        let found = items.flat_map(|item| &item.cites).map(|cited| (&cited.source, cited));
        found.collect::<BTreeMap<_, _>>().into_values().collect()
    }
}

/// An output format; a calendar and a feed need a document with dated events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text for a terminal.
    Table,
    /// CSV for spreadsheets.
    Csv,
    /// JSON for programs.
    Json,
    /// Markdown for documents.
    Md,
    /// One HTML file for a browser, print or mail.
    Html,
    /// Calendar: RFC 5545.
    Ics,
    /// Feed: RFC 4287.
    Atom,
    /// Workbook for spreadsheets: Office Open XML.
    Xlsx,
}

/// The reason why a document cannot be written in a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The document's rows have no days.
    #[error("{}", wording::document::no_days(.0))]
    NoDays(String),
    /// The program was built without the format.
    #[error("{}", wording::document::not_built(&.0.to_string()))]
    NotBuilt(Format),
    /// The document is too large for a workbook.
    #[error("{}", wording::document::no_workbook(.0))]
    Workbook(String),
}

impl Format {
    /// Every format with its word.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Table, "table"),
        (Self::Csv, "csv"),
        (Self::Json, "json"),
        (Self::Md, "md"),
        (Self::Html, "html"),
        (Self::Ics, "ics"),
        (Self::Atom, "atom"),
        (Self::Xlsx, "xlsx"),
    ];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text).map(|(format, _)| *format);
        found.ok_or_else(|| wording::document::not_a_format(text, &Self::ALL.map(|(_, word)| word)))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(format, _)| format == self).map_or("", |(_, word)| word))
    }
}

/// Capabilities of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Width in columns.
    pub width: usize,
    /// `true` if colour is shown.
    pub colour: bool,
}

/// Writes the content of a page of HTML, without its head: summary, contents, sections and rows.
///
/// An item and a source is a link to the page that `address_of` knows for its id.
#[must_use]
pub fn html_content(document: &Document, address_of: &AddressOf<'_>) -> String {
    html::content(&document.map_text(true, &plain), address_of).into_string()
}

/// Returns the basis of a document in sentences, for the head of a page.
#[must_use]
pub fn basis_of(document: &Document) -> String {
    basis(document)
}

/// Writes a document in a format; only the terminal format uses `screen`.
///
/// # Errors
/// If a calendar or a feed is requested and no event has a day in a year of at most four digits.
pub fn render(document: &Document, format: Format, screen: Screen) -> Result<Vec<u8>, RenderError> {
    // CSV and JSON keep every character as recorded; formats for readers get none that steers.
    let readable = |with_rows| document.map_text(with_rows, &plain);
    Ok(match format {
        Format::Table => terminal::render(&readable(false), &document.digest(), screen),
        Format::Csv => csv::render(document),
        Format::Json => json::render(document),
        Format::Md => markdown::render(&readable(false), &document.digest()),
        Format::Html => html::render(&readable(true), &document.digest()),
        #[cfg(feature = "calendars")]
        Format::Ics => ics::render(&dated(document)?),
        #[cfg(feature = "calendars")]
        Format::Atom => atom::render(&dated(document)?),
        #[cfg(not(feature = "calendars"))]
        Format::Ics | Format::Atom => return Err(RenderError::NotBuilt(format)),
        #[cfg(not(feature = "workbooks"))]
        Format::Xlsx => return Err(RenderError::NotBuilt(format)),
        #[cfg(feature = "workbooks")]
        Format::Xlsx => {
            return xlsx::render(&readable(true), &document.digest()).map_err(|e| RenderError::Workbook(e.to_string()));
        }
    }
    .into_bytes())
}

#[cfg(feature = "calendars")]
/// Returns the document with the events that a calendar or feed can hold: years 0 to 9999.
fn dated(document: &Document) -> Result<Document, RenderError> {
    let mut dated = document.map_text(false, &plain);
    dated.events.retain(|event| has_four_digits(event.day));
    if dated.feed.is_none() { Err(RenderError::NoDays(document.title.clone())) } else { Ok(dated) }
}

/// Returns `true` if a calendar and a feed can hold a day.
fn has_four_digits(day: NaiveDate) -> bool {
    (0..=9999).contains(&day.year())
}

/// Returns an address that a reader may follow: one of the web, without spaces or brackets.
fn link(url: &str) -> Option<&str> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    (is_web && !url.contains(|c: char| c.is_whitespace() || "<>\"\\".contains(c))).then_some(url)
}

/// Returns text that cannot steer a display.
///
/// Control characters, line separators, marks of the writing direction, and characters forbidden in
/// XML become spaces.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if steers(c) { ' ' } else { c }).collect()
}

/// Returns `true` if a character steers a terminal or the writing direction, or is forbidden in
/// XML.
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

/// Returns the document's basis in sentences: the days judged by, and the age of its knowledge.
fn basis(document: &Document) -> String {
    let basis = &document.basis;
    let as_of = basis.clock.as_of;
    let newest =
        basis.newest_source.map(|newest| wording::document::newest_source(newest, as_of, basis.of_all_sources));
    let recorded = basis.last_recorded.map(|at| at.date_naive()).filter(|recorded| *recorded < as_of);
    let silent = recorded.map(wording::document::silent_since);
    let sensitive = wording::document::sensitive(basis.sensitive.entries, basis.sensitive.are_counted);
    let erased = wording::document::erased(&basis.erasures);
    let first = std::iter::once(wording::document::basis(basis.clock));
    let sentences = first.chain(newest).chain(silent).chain(sensitive).chain(erased);
    sentences.collect::<Vec<_>>().join(" ")
}

/// Returns the lines at the end: the position in the log, and the document's digest.
fn footing(document: &Document, digest: &str) -> Vec<String> {
    let log = &document.basis.log;
    wording::document::footing(log.entries, &log.origin, &log.root, &log.chain, digest)
}
