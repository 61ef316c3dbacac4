//! Writes a document as a workbook for spreadsheets. Knows no sections. Start at [`render`].

use super::basis;
use super::csv::{is_named, names_of, text};
use crate::{Cell, Document, wording};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

/// Writes the rows with a header on one sheet, and the summary with the basis on another.
///
/// A column of parties is followed by one of their names. Text is never a formula.
pub fn render(document: &Document, digest: &str) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // A workbook has the day that it was judged by, so that the same report has the same bytes.
    let as_of = document.basis.clock.as_of.to_string();
    let created = ExcelDateTime::parse_from_str(&as_of)?;
    book.set_properties(&DocProperties::new().set_title(&document.title).set_creation_datetime(&created));
    rows(book.add_worksheet(), document)?;
    about(book.add_worksheet(), document, digest)?;
    book.save_to_buffer()
}

fn rows(sheet: &mut Worksheet, document: &Document) -> Result<(), XlsxError> {
    sheet.set_name(wording::document::SHEET_OF_ROWS)?;
    let header = Format::new().set_bold();
    let is_named = is_named(&document.data);
    let mut column = 0;
    for (name, is_named) in document.data.columns.iter().zip(&is_named) {
        sheet.write_with_format(0, column, *name, &header)?;
        column += 1;
        if *is_named {
            sheet.write_with_format(0, column, format!("{name}-names"), &header)?;
            column += 1;
        }
    }
    let mut end = 0;
    for (row, cells) in (1..).zip(&document.data.rows) {
        end = row;
        let mut column = 0;
        for (cell, is_named) in cells.iter().zip(&is_named) {
            write(sheet, row, column, cell)?;
            column += 1;
            if *is_named {
                sheet.write_string(row, column, cut(names_of(cell)))?;
                column += 1;
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    if let Some(last) = column.checked_sub(1).filter(|_| end > 0) {
        sheet.autofilter(0, 0, end, last)?;
    }
    Ok(())
}

fn write(sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => Ok(sheet),
        Cell::Flag(flag) => sheet.write_boolean(row, column, *flag),
        // A number of up to 15 digits is exact in a spreadsheet.
        Cell::Number(number) => match number.parse::<f64>() {
            Ok(value) if number.len() <= 15 => sheet.write_number(row, column, value),
            _ => sheet.write_string(row, column, number),
        },
        Cell::Day(day) => match ExcelDateTime::parse_from_str(&day.to_string()) {
            Ok(date) => {
                sheet.write_datetime_with_format(row, column, &date, &Format::new().set_num_format("yyyy-mm-dd"))
            }
            // A spreadsheet has no day before 1900.
            Err(_) => sheet.write_string(row, column, day.to_string()),
        },
        other => sheet.write_string(row, column, cut(text(other))),
    }
    .map(|_| ())
}

/// Largest number of characters in a cell of a spreadsheet.
const MAX_CELL: usize = 32_767;

/// Cuts text that is too long for a cell, with a mark.
fn cut(text: String) -> String {
    if text.chars().count() <= MAX_CELL {
        return text;
    }
    text.chars().take(MAX_CELL - 1).chain(['…']).collect()
}

fn about(sheet: &mut Worksheet, document: &Document, digest: &str) -> Result<(), XlsxError> {
    sheet.set_name(wording::document::SHEET_OF_BASIS)?;
    let wrapped = Format::new().set_text_wrap();
    sheet.set_column_width(0, 100)?;
    let lines = std::iter::once(document.title.clone())
        .chain([basis(document)])
        .chain(document.summary.iter().cloned())
        .chain(super::footing(document, digest));
    for (row, line) in (0..).zip(lines) {
        sheet.write_string_with_format(row, 0, cut(line), &wrapped)?;
    }
    Ok(())
}
