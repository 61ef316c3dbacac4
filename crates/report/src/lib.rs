//! Turns views over judged facts into documents, and documents into bytes of a chosen format.
//!
//! Knows the reports that readers need and how each format is written; no ledger, clock or
//! terminal: width and colour are arguments. Start at [`Document`], [`pledges()`] and [`render()`].
//!
//! # Examples
//! ```
//! use heldto_fact::{Body, Commitment, Content, Fact, Force, Recorded};
//! use heldto_replay::{AllFacts, Clock, View};
//! use heldto_report::{Format, LogPosition, PledgeFilter, ReportBasis, Scope, Screen, Selection};
//!
//! let force = Force::Duty;
//! let terms = Commitment { force, target: None, due: None, test: None, personal: false };
//! let pledge = Body::Pledge(Box::new(terms));
//! let duty = Fact::amending("duty".parse()?, "Answer every letter".to_owned(), pledge);
//! let recorded_at = "2024-01-01T12:00:00Z".parse()?;
//! let content = Content::Known(duty);
//! let facts = AllFacts::of(vec![Recorded { index: 0, recorded_at, content }])?;
//!
//! let day = "2025-07-01".parse()?;
//! let all = PledgeFilter::default();
//! let view = View::new(&facts, Clock { as_of: day, known_by: day });
//! let selection = Selection::of(view, &all.facts).ok_or("all facts are at hand")?;
//! let (root, chain) = (String::new(), String::new());
//! let log = LogPosition { origin: "example.org/x".to_owned(), entries: 1, root, chain };
//! let basis = ReportBasis::of(log, &Scope::Selection(selection));
//! let document = heldto_report::pledges(&selection, &all, basis);
//! let page = heldto_report::render(&document, Format::Md, Screen { width: 80, colour: false })?;
//! let page = String::from_utf8(page)?;
//! assert!(page.contains("1 commitment on record: 1 duty."));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod agenda;
mod amended;
mod amounts;
mod authority;
mod calc;
mod changes;
mod chart;
mod cited;
mod contradictions;
mod deliveries;
mod document;
mod explain;
mod fact_line;
mod filter;
mod finding;
mod list;
mod metrics;
mod overview;
mod pledges;
mod questions;
mod render;
mod rows;
mod scale;
mod selection;
mod show;
mod slippage;
mod status;
mod timeline;
mod warnings;
mod wording;

pub use agenda::agenda;
pub use amounts::{AmountFilter, amounts};
pub use authority::authority;
pub use calc::{CalcError, calc};
pub use changes::{changes, turned};
pub use chart::{Bar, Chart, ChartLine, Lane, LaneSpan, Shade, Stack, StackPart, TimeChart};
pub use cited::{Cited, CitedPlace};
pub use contradictions::contradictions;
pub use deliveries::deliveries;
pub(crate) use document::columns;
pub use document::{
    Block, Cell, Column, Document, Event, Item, LogPosition, ReportBasis, Scope, Section, SensitiveEntries, TableBlock,
    Tone,
};
pub use explain::explain;
pub use filter::{FactFilter, RecordedBy, WatchList};
pub use list::list;
pub use metrics::{bodies, metrics, newest};
pub use overview::{digest, overview, standings};
pub use pledges::{DueFilter, PledgeFilter, judged, pledges};
pub use questions::questions;
pub use render::{AddressOf, Format, RenderError, STYLE, Screen, basis_of, html_content, plain, render, steers};
pub use rows::{RowChoice, UnknownColumn};
pub use scale::Scale;
pub use selection::Selection;
pub use show::show;
pub use slippage::slippage;
pub use status::{LedgerFacts, ServerFacts, StatusSummary, status};
pub use timeline::{SortOrder, timeline};
pub use warnings::{KnownFacts, Warning, check, warnings};
pub use wording::date::when;
pub use wording::pledges::{meaning, meaning_of_grade};
pub use wording::{amount, day, interval};
