//! The typed [`Document`] that every report builds and every renderer reads, and its
//! [`ReportBasis`].
//! Knows views, but no output format except the JSON under its digest. Start at [`Document`].

use crate::{Chart, Cited, Selection, Stack, TimeChart};
use chrono::{DateTime, NaiveDate, Utc};
use heldto_fact::{Fact, FactId, IndexTerm, Kind, Quantity};
use heldto_replay::{AllView, Clock, Erasure, Status, Urgency, View};
use std::collections::BTreeSet;

/// The basis of a report, so that anyone can reproduce it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportBasis {
    /// The as-of day and the known-by day.
    pub clock: Clock,
    /// Position in the log.
    pub log: LogPosition,
    /// Time at which the last counted entry was recorded.
    pub last_recorded: Option<DateTime<Utc>>,
    /// Newest day on which a counted source became public.
    pub newest_source: Option<NaiveDate>,
    /// `true` if `newest_source` covers every source, not only those cited by the requested facts.
    pub of_all_sources: bool,
    /// Entries about an identifiable child or family.
    pub sensitive: SensitiveEntries,
    /// Erasures from the counted entries.
    pub erasures: Vec<Erasure>,
}

/// Number of entries about an identifiable child or family, and their treatment in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensitiveEntries {
    /// Number in the whole ledger, whatever the clock and the filter.
    pub entries: u64,
    /// `true` if the report counts these entries.
    pub are_counted: bool,
}

impl SensitiveEntries {
    /// Returns the numbers of a view.
    #[must_use]
    pub fn of(view: &View<'_>) -> Self {
        Self { entries: view.sensitive_entries(), are_counted: view.is_sensitive() }
    }
}

/// The subject of a report, with the source that serves it.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a, 'f> {
    /// Everything on record.
    All(AllView<'a>),
    /// Facts that may match a filter.
    Selection(Selection<'a, 'f>),
    /// One fact, and the facts that link to it.
    Fact(View<'a>, &'f FactId),
}

impl<'a> Scope<'a, '_> {
    fn view(&self) -> View<'a> {
        match self {
            Self::All(view) => **view,
            Self::Selection(selection) => selection.view(),
            Self::Fact(view, _) => *view,
        }
    }
}

/// A position in a log: the statement of a checkpoint of that size, and the chain value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPosition {
    /// Name of the ledger.
    pub origin: String,
    /// Number of entries, from the first.
    pub entries: u64,
    /// Tree head over the entries, in base64 as in a checkpoint.
    pub root: String,
    /// Chain value after the last entry, in hexadecimal.
    pub chain: String,
}

impl ReportBasis {
    /// Returns the basis of a report on this view.
    #[must_use]
    pub fn of(log: LogPosition, scope: &Scope<'_, '_>) -> Self {
        let view = &scope.view();
        let cited = |facts: &mut dyn Iterator<Item = &Fact>| {
            let sources: BTreeSet<&FactId> = facts.flat_map(|f| f.cites.iter().map(|c| &c.source)).collect();
            view.newest_source(sources.into_iter().filter_map(|id| view.fact(id)))
        };
        let of_all = |all: &AllView<'_>| {
            let sources = all.of_kind(Kind::Source).filter_map(|id| view.fact(id));
            (view.newest_source(sources.filter(|f| f.kind() == Kind::Source)), true)
        };
        let (newest_source, of_all_sources) = match scope {
            Scope::All(all) => of_all(all),
            Scope::Selection(selection) => match selection.all() {
                Some(all) => of_all(&all),
                None => (cited(&mut selection.candidate_facts(&|_| true)), false),
            },
            Scope::Fact(_, id) => {
                (cited(&mut view.fact(id).into_iter().chain(view.lookup(IndexTerm::Target(id)))), false)
            }
        };
        Self {
            clock: view.clock(),
            log,
            last_recorded: view.last_recorded(),
            newest_source,
            of_all_sources,
            sensitive: SensitiveEntries::of(view),
            erasures: view.erasures().to_vec(),
        }
    }
}

/// A report before it is written in any format.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Title.
    pub title: String,
    /// Basis of the report.
    pub basis: ReportBasis,
    /// The request in words; `None` if everything was requested.
    pub asked: Option<String>,
    /// Sentences that can be quoted as they stand.
    pub summary: Vec<String>,
    /// Sections for people to read.
    pub sections: Vec<Section>,
    /// Table for programs: every row, with every column.
    pub data: TableBlock,
    /// Name of the feed that the report is, the same on every day; `None` if its rows have no days.
    pub feed: Option<String>,
    /// Dated events, for calendars and feeds.
    pub events: Vec<Event>,
}

impl Document {
    /// Returns an empty document.
    #[must_use]
    pub fn new(title: impl Into<String>, basis: ReportBasis, columns: &[Column]) -> Self {
        let data = TableBlock::new(columns);
        Self {
            title: title.into(),
            basis,
            asked: None,
            summary: Vec::new(),
            sections: Vec::new(),
            data,
            feed: None,
            events: Vec::new(),
        }
    }

    /// Returns the document with at most `most` items in each section, and without its rows unless
    /// `with_rows`.
    ///
    /// Of a longer list the last items are kept, the newest of those in order of time; the section
    /// says how many are left out.
    #[must_use]
    pub fn shortened(&self, most: usize, with_rows: bool) -> Self {
        let mut short = self.clone();
        if !with_rows {
            short.data.rows.clear();
        }
        for section in &mut short.sections {
            let mut left_out = 0;
            for block in &mut section.blocks {
                if let Block::Items(items) = block {
                    let rest = items.len().saturating_sub(most);
                    items.drain(..rest);
                    left_out += rest;
                }
            }
            if left_out > 0 {
                section.blocks.insert(0, Block::Text(crate::wording::document::left_out(left_out)));
            }
        }
        short
    }

    /// Adds a section of items with their number in the heading; does nothing if there are none.
    pub(crate) fn list(&mut self, heading: &str, tone: Tone, items: Vec<Item>) {
        if !items.is_empty() {
            let heading = format!("{heading} ({})", items.len());
            self.sections.push(Section { heading, tone, blocks: vec![Block::Items(items)] });
        }
    }

    /// Returns the document with `map` applied to every text; keeps the rows only if `with_rows`.
    pub(crate) fn map_text(&self, with_rows: bool, map: &dyn Fn(&str) -> String) -> Self {
        let cell = |cell: &Cell| match cell {
            Cell::Text(text) => Cell::Text(map(text)),
            Cell::Words(words) => Cell::Words(words.iter().map(|word| map(word)).collect()),
            Cell::Cites(cites) => Cell::Cites(cites.iter().map(|cite| cite.map_text(map)).collect()),
            Cell::Parties(all) => Cell::Parties(all.iter().map(|(id, name)| (map(id), map(name))).collect()),
            other => other.clone(),
        };
        let log = LogPosition { origin: map(&self.basis.log.origin), ..self.basis.log.clone() };
        Self {
            title: map(&self.title),
            basis: ReportBasis { log, ..self.basis.clone() },
            asked: self.asked.as_deref().map(map),
            summary: self.summary.iter().map(|text| map(text)).collect(),
            sections: self
                .sections
                .iter()
                .map(|section| Section {
                    heading: map(&section.heading),
                    tone: section.tone,
                    blocks: section.blocks.iter().map(|block| block.map_text(map)).collect(),
                })
                .collect(),
            data: TableBlock {
                columns: self.data.columns.clone(),
                rows: self.data.rows.iter().filter(|_| with_rows).map(|row| row.iter().map(cell).collect()).collect(),
            },
            feed: self.feed.as_deref().map(&map),
            events: self
                .events
                .iter()
                .map(|event| Event {
                    id: map(&event.id),
                    day: event.day,
                    title: map(&event.title),
                    text: map(&event.text),
                })
                .collect(),
        }
    }
}

/// An event with a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Id of the fact; for a correction or retraction, followed by a dot and the entry number.
    pub id: String,
    /// Day shown in a calendar.
    pub day: NaiveDate,
    /// Title in one line.
    pub title: String,
    /// Further text.
    pub text: String,
}

/// A part of a document under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Heading.
    pub heading: String,
    /// Emphasis.
    pub tone: Tone,
    /// Content, from the top.
    pub blocks: Vec<Block>,
}

impl Section {
    /// Returns `true` if the section only draws what other sections say in words.
    pub(crate) fn is_picture(&self) -> bool {
        !self.blocks.is_empty() && self.blocks.iter().all(Block::is_picture)
    }

    /// Returns a section without emphasis.
    #[must_use]
    pub fn plain(heading: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { heading: heading.into(), tone: Tone::Plain, blocks }
    }
}

/// Emphasis for the reader; never the only sign of a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// No emphasis.
    Plain,
    /// Positive, for example kept.
    Good,
    /// Needs attention.
    Warning,
    /// Negative, for example past due.
    Bad,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Paragraph.
    Text(String),
    /// Bulleted lines.
    List(Vec<String>),
    /// Names with values.
    Pairs(Vec<(String, String)>),
    /// Items: a short mark in front, a main line, smaller lines beneath.
    Items(Vec<Item>),
    /// Numbers as bars.
    Chart(Chart),
    /// One bar of counts that make a whole; formats without pictures leave it out, because the next
    /// block has the same counts.
    Stack(Stack),
    /// Days on one axis; formats without pictures leave it out, as they do a stack.
    TimeChart(TimeChart),
}

impl Block {
    /// Returns `true` if the block only draws what the blocks beside it say in words.
    pub(crate) const fn is_picture(&self) -> bool {
        matches!(self, Self::Stack(_) | Self::TimeChart(_))
    }

    /// Returns the block with `map` applied to every text.
    fn map_text(&self, map: &dyn Fn(&str) -> String) -> Self {
        match self {
            Self::Text(text) => Self::Text(map(text)),
            Self::List(lines) => Self::List(lines.iter().map(|line| map(line)).collect()),
            Self::Pairs(pairs) => Self::Pairs(pairs.iter().map(|(name, value)| (map(name), map(value))).collect()),
            Self::Items(items) => Self::Items(
                items
                    .iter()
                    .map(|item| Item {
                        id: map(&item.id),
                        mark: map(&item.mark),
                        line: map(&item.line),
                        details: item.details.iter().map(|detail| map(detail)).collect(),
                        cites: item.cites.iter().map(|cite| cite.map_text(map)).collect(),
                    })
                    .collect(),
            ),
            Self::Stack(stack) => Self::Stack(stack.map_text(map)),
            Self::Chart(chart) => Self::Chart(chart.map_text(map)),
            Self::TimeChart(chart) => Self::TimeChart(chart.map_text(map)),
        }
    }
}

/// One item of a list for readers; programs use the table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    /// Id of the fact that the item is about; empty if it is about none, or about several.
    pub id: String,
    /// Short text in front, usually a date.
    pub mark: String,
    /// Main line.
    pub line: String,
    /// Smaller lines beneath.
    pub details: Vec<String>,
    /// Sources of what the item says.
    pub cites: Vec<Cited>,
}

/// Rows with named columns.
#[derive(Debug, Clone, PartialEq)]
pub struct TableBlock {
    /// Column names.
    pub columns: Vec<Column>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

/// Name of a column, as programs read it.
pub type Column = &'static str;

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Empty,
    /// Text.
    Text(String),
    /// Number, as written.
    Number(String),
    /// Day.
    Day(NaiveDate),
    /// Several texts.
    Words(Vec<String>),
    /// Boolean.
    Flag(bool),
    /// Named fields, for JSON; the first one stands for all in other formats.
    Record(Vec<(&'static str, Self)>),
    /// Places in sources.
    Cites(Vec<Cited>),
    /// Parties, each as id and name.
    Parties(Vec<(String, String)>),
}

impl TableBlock {
    /// Returns a table without rows.
    #[must_use]
    pub fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }
}

/// Declares the columns of a table, each with what fills it: a constant with their names, and a
/// function that returns the row of its arguments.
macro_rules! columns {
    ($names:ident, fn $cells:ident($($subject:ident: $type:ty),+) { $($name:literal => $fill:expr,)+ }) => {
        const $names: &[$crate::Column] = &[$($name),+];

        fn $cells($($subject: $type),+) -> Vec<$crate::Cell> {
            vec![$($fill.into()),+]
        }
    };
}

pub(crate) use columns;

impl From<Status> for Tone {
    fn from(status: Status) -> Self {
        match status.urgency() {
            Urgency::PastDue => Self::Bad,
            Urgency::Watch => Self::Warning,
            Urgency::Calm => Self::Plain,
            Urgency::Good => Self::Good,
        }
    }
}

macro_rules! into_cell {
    ($($type:ty: $value:ident => $cell:expr,)+) => {$(
        impl From<$type> for Cell {
            fn from($value: $type) -> Self {
                $cell
            }
        }
    )+};
}

into_cell! {
    String: text => if text.is_empty() { Self::Empty } else { Self::Text(text) },
    &str: text => text.to_owned().into(),
    &FactId: id => Self::Text(id.to_string()),
    Vec<String>: words => Self::Words(words),
    Vec<Cited>: cites => Self::Cites(cites),
    NaiveDate: day => Self::Day(day),
    bool: flag => Self::Flag(flag),
    usize: number => Self::Number(number.to_string()),
    u64: number => Self::Number(number.to_string()),
    i64: number => Self::Number(number.to_string()),
    Quantity: number => Self::Number(number.to_string()),
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}
