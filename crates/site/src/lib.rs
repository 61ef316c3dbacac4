//! Turns a ledger into the pages of a site, each with its data beside it.
//!
//! A page is a report in a frame: no page judges or words a fact anew. The same entries and the
//! same settings give the same bytes, here and in a reader's browser. Knows entries, views and
//! documents; no disk, clock or network. Start at [`Site`].

mod address;
mod contact;
mod content;
mod frame;
mod published;
mod standalone;
mod wording;

pub use address::{Address, List, NotAPage, Text, fixed_files, is_of_a_site};
pub use frame::plain_index;
pub use published::{PublishedFacts, mark};
pub use standalone::{is_standalone, proof_main, proof_page};

use chrono::NaiveDate;
use content::PageContent;
use frame::Frame;
use heldto_fact::{Fact, Kind};
use heldto_replay::{AllView, Clock};
use heldto_report::{Format, Screen, render};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that a page depends on beside the entries: each page states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the site, for titles.
    pub name: String,
    /// Address or e-mail for challenges, if there is one.
    pub contact: Option<String>,
    /// Version of the program that made the page.
    pub version: String,
    /// Day by whose end commitments are judged, by what was public by then.
    pub as_of: NaiveDate,
    /// The checkpoint of the entries: a signed note.
    pub checkpoint: String,
}

/// Version of the program, which is that of its pages.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Words inside the module of this version, by which the program knows that the two fit.
pub const MODULE_MARK: &str = concat!("the checker of heldto ", env!("CARGO_PKG_VERSION"), ";");

/// The files of a site, by their path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Name of the manifest: a line for each file, with its BLAKE3 digest and its path.
pub const MANIFEST: &str = "manifest.txt";

/// Name of the page that checks any ledger.
pub const CHECKER: &str = "checker.html";

/// Name of the checker's module.
pub const MODULE: &str = "heldto.wasm";

/// The pages of a ledger.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    view: AllView<'a>,
    published: &'a PublishedFacts,
    settings: &'a Settings,
    /// `true` if the checker is on the pages.
    has_checker: bool,
}

impl<'a> Site<'a> {
    /// Returns the pages of these facts, judged as at the day of the settings, with the checker.
    #[must_use]
    pub fn new(published: &'a PublishedFacts, settings: &'a Settings) -> Self {
        let clock = Clock { as_of: settings.as_of, known_by: settings.as_of };
        Self { view: AllView::new(&published.facts, clock), published, settings, has_checker: true }
    }

    /// Returns the same pages as the record stood on another day.
    #[must_use]
    pub fn at(self, day: NaiveDate) -> Self {
        Self { view: self.view.at(Clock { as_of: day, known_by: day }), ..self }
    }

    /// Returns the bytes of a page; `None` if there is none at this address on this day.
    #[must_use]
    pub fn page(&self, address: &Address) -> Option<String> {
        let content = self.content(address)?;
        let frame = self.frame(address);
        Some(frame.around(&content, &|id| self.link(address, id)))
    }

    /// Returns all files: pages, their data, style, hints for hosts, the checker if its `module` is
    /// given, and the manifest of these files and of `beside`.
    ///
    /// Formats that a document cannot be written in are left out, as its page leaves out the link.
    #[must_use]
    pub fn files(&self, module: Option<&[u8]>, beside: &Files) -> Files {
        let (published, settings, clock) = (self.published, self.settings, self.view.clock());
        // A view is of one thread; the facts are read by all.
        let of_thread =
            || Site { view: AllView::new(&published.facts, clock), published, settings, has_checker: module.is_some() };
        let pages = Address::all(&self.view).into_par_iter();
        let mut files: Files =
            pages.map_init(of_thread, |site, address| site.of_page(&address)).flatten_iter().collect();
        files.insert("404.html".to_owned(), frame::missing(self.settings, &self.view).into_bytes());
        files.insert("style.css".to_owned(), frame::style().into_bytes());
        files.insert("icon.svg".to_owned(), frame::ICON.as_bytes().to_vec());
        files.insert("robots.txt".to_owned(), b"User-agent: *\nAllow: /\n".to_vec());
        if let Some(module) = module {
            files.insert(MODULE.to_owned(), module.to_vec());
            files.insert(CHECKER.to_owned(), standalone::checker_page(module).into_bytes());
            files.insert("check.js".to_owned(), standalone::SCRIPT.as_bytes().to_vec());
        }
        files.insert("_headers".to_owned(), headers().into_bytes());
        let digest = |(path, bytes): (&String, &Vec<u8>)| format!("{}  {path}\n", blake3::hash(bytes));
        let all: BTreeMap<&String, &Vec<u8>> = files.iter().chain(beside).collect();
        let manifest: String = all.into_iter().map(digest).collect();
        files.insert(MANIFEST.to_owned(), manifest.into_bytes());
        files
    }

    /// Returns a page with the data beside it.
    fn of_page(&self, address: &Address) -> Vec<(String, Vec<u8>)> {
        let Some(content) = self.content(address) else { return Vec::new() };
        let page = self.frame(address).around(&content, &|id| self.link(address, id));
        let path = address.to_string();
        let stem = path.trim_end_matches(".html");
        let data = content.data().filter_map(|(format, document)| {
            Some((format!("{stem}.{format}"), render(document, format, SCREEN).ok()?))
        });
        data.chain([(path.clone(), page.into_bytes())]).collect()
    }

    /// Returns the page of all commitments in one file, with the files of its ledger and its
    /// checker inside.
    #[must_use]
    pub fn single(&self, files: &Files) -> Option<String> {
        let main = self.single_main()?;
        let settings = serde_json::json!(self.settings);
        Some(standalone::standalone(&self.settings.name, &main, self.first_day(), &settings, files))
    }

    /// Returns what the page in one file shows: all commitments, without links.
    #[must_use]
    pub fn single_main(&self) -> Option<String> {
        let address = Address::List(List::Commitments);
        let content = self.content(&address)?;
        Some(self.frame(&address).main(&content, &|_| None, &[]).into_string())
    }

    /// Returns the first day on which a source was public, at most that of the pages.
    #[must_use]
    pub fn first_day(&self) -> NaiveDate {
        let sources = self.view.of_kind(Kind::Source).filter_map(|id| self.view.fact(id));
        let as_of = self.view.clock().as_of;
        sources.filter_map(Fact::source_known_from).min().unwrap_or(as_of).min(as_of)
    }

    fn frame<'p>(&'p self, address: &'p Address) -> Frame<'p> {
        let as_of = self.view.clock().as_of;
        Frame {
            as_of,
            settings: self.settings,
            log: &self.published.log,
            address,
            checked_from: self.has_checker.then(|| self.first_day()),
        }
    }

    /// Returns the way from a page to that of a fact.
    fn link(&self, from: &Address, id: &str) -> Option<String> {
        let id = id.parse().ok()?;
        let to = Address::of(&self.view, &id)?;
        let up = "../".repeat(from.depth());
        let row = if matches!(to, Address::Series(..)) { format!("#{id}") } else { String::new() };
        (to != *from || !row.is_empty()).then(|| format!("{up}{to}{row}"))
    }

    fn content(&self, address: &Address) -> Option<PageContent> {
        content::of(self, address)
    }
}

/// Returns the headers in the form that several static hosts read.
fn headers() -> String {
    let all: String = HEADERS.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
    format!("/*\n{all}{HEADERS_OF_DATA}")
}

/// The screen of formats that ignore it.
const SCREEN: Screen = Screen { width: 80, colour: false };

/// Formats of lists whose facts have days.
const DATED: &[Format] = &[Format::Csv, Format::Json, Format::Xlsx, Format::Ics, Format::Atom];

/// Formats of other lists.
const TABLES: &[Format] = &[Format::Csv, Format::Json, Format::Xlsx];

/// Headers that a host should send with every file; each page states its own policy.
pub const HEADERS: &[(&str, &str)] = &[
    ("Content-Security-Policy", "frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
];

/// Headers of the ledger's files, in the form that several static hosts read: any site may read
/// them, and only what never changes is kept.
const HEADERS_OF_DATA: &str = "/checkpoint
  Access-Control-Allow-Origin: *
  Cache-Control: no-cache
/first-key
  Access-Control-Allow-Origin: *
/manifest.txt
  Access-Control-Allow-Origin: *
  Cache-Control: no-cache
/parts/*
  Access-Control-Allow-Origin: *
  Cache-Control: no-cache
/tile/*
  Access-Control-Allow-Origin: *
  Cache-Control: max-age=31536000, immutable
";
