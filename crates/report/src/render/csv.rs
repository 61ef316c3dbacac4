//! Writes the table of a document as CSV. Knows no sections. Start at [`render`].

use crate::wording;
use crate::{Cell, Column, Document, TableBlock};

/// Writes the rows for programs, with a header; a column of parties is followed by one of their
/// names.
pub fn render(document: &Document) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Rows of several reports may share a sheet, so each row states its basis.
    let clock = document.basis.clock;
    let log = &document.basis.log;
    let basis = [clock.as_of.to_string(), clock.known_by.to_string(), log.entries.to_string(), log.root.clone()];
    let data = &document.data;
    let is_named = is_named(data);
    let names = |column: &Column, is_named: bool| is_named.then(|| format!("{column}-names"));
    let columns = data.columns.iter().zip(&is_named);
    let columns =
        columns.flat_map(|(column, named)| std::iter::once((*column).to_owned()).chain(names(column, *named)));
    let columns = columns.chain(["as-of", "known-by", "entries", "tree-head"].map(str::to_owned));
    let written = writer.write_record(columns).and_then(|()| {
        data.rows.iter().try_for_each(|row| {
            let cells = row.iter().zip(&is_named).flat_map(|(cell, is_named)| {
                let own = if matches!(cell, Cell::Number(_)) { text(cell) } else { safe(text(cell)) };
                std::iter::once(own).chain(is_named.then(|| safe(names_of(cell))))
            });
            writer.write_record(cells.chain(basis.iter().cloned()))
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

/// Returns, for each column, `true` if it has parties.
pub fn is_named(data: &TableBlock) -> Vec<bool> {
    let has = |n: usize| data.rows.iter().any(|row| matches!(row.get(n), Some(Cell::Parties(_))));
    (0..data.columns.len()).map(has).collect()
}

/// Returns the names of the parties in a cell.
pub fn names_of(cell: &Cell) -> String {
    match cell {
        Cell::Parties(all) => all.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("; "),
        _ => String::new(),
    }
}

/// Returns a cell as text.
pub fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(s) | Cell::Number(s) => s.clone(),
        Cell::Day(day) => day.to_string(),
        Cell::Words(words) => words.join("; "),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Record(fields) => fields.first().map_or_else(String::new, |(_, first)| text(first)),
        Cell::Parties(all) => all.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join("; "),
        Cell::Cites(cites) => cites.iter().map(wording::fact_line::cited_in_full).collect::<Vec<_>>().join("; "),
    }
}
