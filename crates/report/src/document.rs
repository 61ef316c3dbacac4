use chrono::NaiveDate;
use heldto_replay::Clock;

/// What a report rests on, so that anyone can make it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The days it judges by.
    pub clock: Clock,
    /// How many entries of the log it counts.
    pub entries: u64,
    /// The chain value after the last of them, in hexadecimal.
    pub chain: String,
}

/// A report before it is written in any format.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it is called.
    pub title: String,
    /// What it rests on.
    pub basis: Basis,
    /// Lines that can be quoted as they stand.
    pub summary: Vec<String>,
    /// What people read.
    pub sections: Vec<Section>,
    /// What programs read: every row, with every column.
    pub data: Table,
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

/// How something strikes a reader; never the only sign of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Kept.
    Good,
    /// To be looked at.
    Care,
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
pub struct Table {
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

impl Table {
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
