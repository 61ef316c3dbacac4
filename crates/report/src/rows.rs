//! Chooses rows and columns of a report's data, for spreadsheets and scripts. Knows no report.
//! Start at [`RowChoice`].

use crate::{Cell, Document, wording};
use std::cmp::Ordering;

/// Columns, order and number of rows; by default all, as the report gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowChoice {
    /// Names of the columns to keep, in this order; all if there are none.
    pub columns: Vec<String>,
    /// Name of the column to sort by; with `-` before it, from the last to the first.
    pub sort: Option<String>,
    /// Maximum number of rows.
    pub limit: Option<usize>,
}

/// The error of a column that a report does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", wording::document::no_column(.name, .columns))]
pub struct UnknownColumn {
    /// The name.
    pub name: String,
    /// The names of all columns.
    pub columns: String,
}

impl Document {
    /// Returns the report with the chosen rows and columns of its data; its text is as before.
    ///
    /// Rows without a value in the column that they are sorted by come last.
    ///
    /// # Errors
    /// If the report has no such column.
    pub fn chosen(&self, choice: &RowChoice) -> Result<Self, UnknownColumn> {
        let place = |name: &str| {
            self.data
                .columns
                .iter()
                .position(|column| *column == name)
                .ok_or_else(|| UnknownColumn { name: name.to_owned(), columns: self.data.columns.join(", ") })
        };
        let mut chosen = self.clone();
        if let Some(sort) = &choice.sort {
            let (name, is_reversed) = sort.strip_prefix('-').map_or((sort.as_str(), false), |name| (name, true));
            let place = place(name)?;
            chosen.data.rows.sort_by(|a, b| match (is_empty(&a[place]), is_empty(&b[place])) {
                (false, false) if is_reversed => compare(&b[place], &a[place]),
                (false, false) => compare(&a[place], &b[place]),
                (a, b) => a.cmp(&b),
            });
        }
        if let Some(limit) = choice.limit {
            chosen.data.rows.truncate(limit);
        }
        if !choice.columns.is_empty() {
            let places: Vec<usize> = choice.columns.iter().map(|name| place(name)).collect::<Result<_, _>>()?;
            chosen.data.columns = places.iter().map(|place| self.data.columns[*place]).collect();
            let kept = |row: &Vec<Cell>| places.iter().map(|place| row[*place].clone()).collect();
            chosen.data.rows = chosen.data.rows.iter().map(kept).collect();
        }
        Ok(chosen)
    }
}

const fn is_empty(cell: &Cell) -> bool {
    matches!(cell, Cell::Empty)
}

/// Compares two values of a column: numbers and days by their size, texts by their letters.
fn compare(a: &Cell, b: &Cell) -> Ordering {
    let number = |text: &str| text.parse::<f64>().ok();
    match (a, b) {
        (Cell::Number(a), Cell::Number(b)) => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.cmp(b),
        },
        (Cell::Day(a), Cell::Day(b)) => a.cmp(b),
        (Cell::Flag(a), Cell::Flag(b)) => a.cmp(b),
        (a, b) => text(a).cmp(&text(b)),
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Number(text) => text.to_lowercase(),
        Cell::Day(day) => day.to_string(),
        Cell::Words(words) => words.join(", ").to_lowercase(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Record(fields) => fields.first().map_or_else(String::new, |(_, first)| text(first)),
        Cell::Cites(cites) => cites.first().map_or_else(String::new, |cite| cite.title.to_lowercase()),
        Cell::Parties(parties) => parties.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(", "),
    }
}
