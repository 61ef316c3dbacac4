//! Writes the table of a document as CSV. Knows no sections. Start at [`render`].

use crate::{Cell, Document};

/// Writes the rows for programs, with a header.
pub fn render(document: &Document) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Rows of several reports may share a sheet, so each row states its basis.
    let clock = document.basis.clock;
    let log = &document.basis.log;
    let basis = [clock.as_of.to_string(), clock.known_by.to_string(), log.entries.to_string(), log.root.clone()];
    let columns = document.data.columns.iter().chain(&["as-of", "known-by", "entries", "tree-head"]);
    let written = writer.write_record(columns).and_then(|()| {
        document.data.rows.iter().try_for_each(|row| {
            writer.write_record(
                row.iter()
                    .map(|c| if matches!(c, Cell::Number(_)) { text(c) } else { safe(text(c)) })
                    .chain(basis.iter().cloned()),
            )
        })
    });
    written.expect("every row has as many cells as there are columns");
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("every cell is text")
}

/// Prefixes a cell that a spreadsheet would read as a formula, so that it stays text.
fn safe(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

/// Returns a cell as text.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(s) | Cell::Number(s) => s.clone(),
        Cell::Day(day) => day.to_string(),
        Cell::Words(words) => words.join("; "),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Record(fields) => fields.first().map_or_else(String::new, |(_, first)| text(first)),
    }
}
