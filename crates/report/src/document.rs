use crate::FactFilter;
use chrono::{DateTime, NaiveDate, Utc};
use heldto_fact::{Fact, FactId, IndexTerm, Interval, Kind};
use heldto_replay::{Clock, View};
use std::collections::BTreeSet;

/// What a report rests on, so that anyone can make it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportBasis {
    /// The days it judges by.
    pub clock: Clock,
    /// The place in the log.
    pub log: LogPosition,
    /// When the last entry counted was recorded.
    pub last_recorded: Option<DateTime<Utc>>,
    /// The newest day from which the public could know a source that is counted.
    pub newest_source: Option<NaiveDate>,
    /// Whether that is of every source, and not only of those that the facts asked for cite.
    pub of_all_sources: bool,
    /// What is about an identifiable child or family.
    pub sensitive: SensitiveEntries,
}

/// How many entries of the whole ledger are about an identifiable child or family, and whether the report counts with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensitiveEntries {
    /// How many there are, whatever the clock and the filter.
    pub entries: u64,
    /// Whether the report counts with them.
    pub are_counted: bool,
}

impl SensitiveEntries {
    /// Returns what a view says of them.
    #[must_use]
    pub const fn of(view: &View<'_>) -> Self {
        Self { entries: view.sensitive_entries(), are_counted: view.is_sensitive() }
    }
}

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'f> {
    /// All there is.
    All,
    /// What may match a filter.
    Filter(&'f FactFilter),
    /// One fact, and what is linked to it.
    Fact(&'f FactId),
}

/// A place in a log: what a checkpoint of that size states, and the chain value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPosition {
    /// The name the ledger goes by.
    pub origin: String,
    /// How many entries, from the first.
    pub entries: u64,
    /// The tree head over them, in base64 as in a checkpoint.
    pub root: String,
    /// The chain value after the last of them, in hexadecimal.
    pub chain: String,
}

impl ReportBasis {
    /// What a report of this view rests on.
    #[must_use]
    pub fn of(view: &View<'_>, log: LogPosition, scope: Scope<'_>) -> Self {
        let cited = |facts: &mut dyn Iterator<Item = &Fact>| {
            let sources: BTreeSet<&FactId> = facts.flat_map(|f| f.cites.iter().map(|c| &c.source)).collect();
            view.newest_source(sources.into_iter().filter_map(|id| view.fact(id)))
        };
        let (newest_source, of_all_sources) = match scope {
            Scope::Filter(filter) if filter.is_narrow() => (cited(&mut filter.candidate_facts(view, &|_| true)), false),
            Scope::Fact(id) => (cited(&mut view.fact(id).into_iter().chain(view.lookup(IndexTerm::Target(id)))), false),
            Scope::Filter(_) | Scope::All => {
                let sources = view.of_kind(Kind::Source).filter_map(|id| view.fact(id));
                (view.newest_source(sources.filter(|f| f.kind() == Kind::Source)), true)
            }
        };
        Self {
            clock: view.clock(),
            log,
            last_recorded: view.last_recorded(),
            newest_source,
            of_all_sources,
            sensitive: SensitiveEntries::of(view),
        }
    }
}

/// A report before it is written in any format.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it is called.
    pub title: String,
    /// What it rests on.
    pub basis: ReportBasis,
    /// What was asked for, in words; `None` where everything was.
    pub asked: Option<String>,
    /// Lines that can be quoted as they stand.
    pub summary: Vec<String>,
    /// What people read.
    pub sections: Vec<Section>,
    /// What programs read: every row, with every column.
    pub data: TableBlock,
    /// What has a day, for calendars and feeds.
    pub events: Vec<Event>,
}

impl Document {
    /// A document with nothing in it yet.
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
            events: Vec::new(),
        }
    }

    /// Adds a section of items, with their number in its heading; nothing where there are none.
    pub(crate) fn list(&mut self, heading: &str, tone: Tone, items: Vec<Item>) {
        if !items.is_empty() {
            let heading = format!("{heading} ({})", items.len());
            self.sections.push(Section { heading, tone, blocks: vec![Block::Items(items)] });
        }
    }

    /// Returns the document with every text in it mapped; its rows only where they are wanted.
    pub(crate) fn map_text(&self, with_rows: bool, map: &dyn Fn(&str) -> String) -> Self {
        let cell = |cell: &Cell| match cell {
            Cell::Text(text) => Cell::Text(map(text)),
            Cell::Words(words) => Cell::Words(words.iter().map(|word| map(word)).collect()),
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

    /// BLAKE3 of the document as JSON on one line, before the digest is put in; the same in every format.
    #[must_use]
    pub fn digest(&self) -> String {
        blake3::hash(crate::render::value(self).to_string().as_bytes()).to_string()
    }
}

/// Something that has a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The fact.
    pub id: String,
    /// The day, as a calendar shows it.
    pub day: NaiveDate,
    /// What it is, in a line.
    pub title: String,
    /// What else to know of it.
    pub text: String,
}

/// A part of a document under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// How it strikes a reader.
    pub tone: Tone,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

impl Section {
    /// A section that strikes nobody in particular.
    #[must_use]
    pub fn plain(heading: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { heading: heading.into(), tone: Tone::Plain, blocks }
    }
}

/// How something strikes a reader; never the only sign of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Kept.
    Good,
    /// To be looked at.
    Warning,
    /// Past due.
    Bad,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// Lines with a mark before each.
    List(Vec<String>),
    /// Names and values.
    Pairs(Vec<(String, String)>),
    /// Items: a short word in front, a line that says it, smaller lines beneath.
    Items(Vec<Item>),
    /// Numbers side by side, as bars.
    Chart(Chart),
}

impl Block {
    /// Returns the block with every text in it mapped.
    fn map_text(&self, map: &dyn Fn(&str) -> String) -> Self {
        match self {
            Self::Text(text) => Self::Text(map(text)),
            Self::List(lines) => Self::List(lines.iter().map(|line| map(line)).collect()),
            Self::Pairs(pairs) => Self::Pairs(pairs.iter().map(|(name, value)| (map(name), map(value))).collect()),
            Self::Items(items) => Self::Items(
                items
                    .iter()
                    .map(|item| Item {
                        mark: map(&item.mark),
                        line: map(&item.line),
                        details: item.details.iter().map(|detail| map(detail)).collect(),
                    })
                    .collect(),
            ),
            Self::Chart(chart) => Self::Chart(Chart {
                title: map(&chart.title),
                text: map(&chart.text),
                bars: chart
                    .bars
                    .iter()
                    .map(|bar| Bar { label: map(&bar.label), shown: map(&bar.shown), ..bar.clone() })
                    .collect(),
            }),
        }
    }
}

/// Numbers of one unit side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What a reader who does not see it must know.
    pub text: String,
    /// The bars, from the top.
    pub bars: Vec<Bar>,
}

impl Chart {
    /// The number at the end of the scale, in ten-thousandths; at least 1.
    #[must_use]
    pub fn most(&self) -> i64 {
        let ends = self.bars.iter().filter_map(|b| b.value).map(|v| v.high.map_or(v.low.value, |h| h.value));
        ends.map(heldto_fact::Quantity::ten_thousandths).max().unwrap_or(0).max(1)
    }
}

/// One number of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Whose or when.
    pub label: String,
    /// What is known of it; `None` where there is no figure.
    pub value: Option<Interval>,
    /// As it is written.
    pub shown: String,
    /// Whether it is the one that the chart is about.
    pub own: bool,
}

/// One item of a list that is read, not computed with.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What stands in front: a date, as a rule.
    pub mark: String,
    /// What it says.
    pub line: String,
    /// What else to know of it.
    pub details: Vec<String>,
}

/// Rows with named columns.
#[derive(Debug, Clone, PartialEq)]
pub struct TableBlock {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each as long as the columns.
    pub rows: Vec<Vec<Cell>>,
}

/// The name of a column, as programs read it.
pub type Column = &'static str;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing known.
    Empty,
    /// Words.
    Text(String),
    /// A number, as it is written.
    Number(String),
    /// A day.
    Day(NaiveDate),
    /// Several words.
    Words(Vec<String>),
    /// Yes or no.
    Flag(bool),
}

impl TableBlock {
    /// A table without rows.
    #[must_use]
    pub fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Option<NaiveDate>> for Cell {
    fn from(day: Option<NaiveDate>) -> Self {
        day.map_or(Self::Empty, Self::Day)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}
