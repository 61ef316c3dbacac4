//! Turns views over judged facts into documents, and documents into bytes of a chosen format.
//!
//! Knows the reports that readers need and how each format is written; no ledger, clock or
//! terminal: width and colour are arguments. Start at [`Document`], [`pledges()`] and [`render()`].

mod agenda;
mod amended;
mod amounts;
mod authority;
mod calc;
mod changes;
mod contradictions;
mod deliveries;
mod document;
mod explain;
mod fact_line;
mod filter;
mod finding;
mod metrics;
mod pledges;
mod questions;
mod render;
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
pub use changes::changes;
pub use contradictions::contradictions;
pub use deliveries::deliveries;
pub(crate) use document::columns;
pub use document::{
    Bar, Block, Cell, Chart, Column, Document, Event, Item, LogPosition, ReportBasis, Scope, Section, SensitiveEntries,
    TableBlock, Tone,
};
pub use explain::explain;
pub use filter::FactFilter;
pub use metrics::metrics;
pub use pledges::{DueFilter, PledgeFilter, judged, pledges};
pub use questions::questions;
pub use render::{Format, RenderError, Screen, plain, render, steers};
pub use scale::Scale;
pub use selection::Selection;
pub use show::show;
pub use slippage::slippage;
pub use status::{LedgerFacts, StatusSummary, status};
pub use timeline::{SortOrder, timeline};
pub use warnings::{KnownFacts, Warning, check, warnings};
pub use wording::{amount, day, interval};
