//! Words what surrounds every report: its basis, its footing, and the captions of its tables. Knows
//! no sections and no format. Start at [`basis`] and [`footing`].

use super::{count, day, days, entries, grouped};
use crate::{Cited, Stack};
use chrono::NaiveDate;
use heldto_replay::{Clock, Erasure};

pub const EVERY_ROW: &str = "Every row";
pub const EVERY_ROW_WITH_EVERY_COLUMN: &str = "Every row with every column";
pub const FIGURES_AS_A_TABLE: &str = "The figures as a table";
pub const ITEM: &str = "Item";
pub const FIGURE: &str = "Figure";
/// Tag of the language of this folder.
pub const LANGUAGE: &str = "en-GB";

/// Returns the days that a report is judged by.
pub fn basis(clock: Clock) -> String {
    let by = if clock.as_of == clock.known_by { "then".to_owned() } else { day(clock.known_by) };
    format!("As at {}, counting only what was public by {by}.", day(clock.as_of))
}

/// Returns the age of the newest source, which may be that of all sources or only of those cited.
pub fn newest_source(newest: NaiveDate, as_of: NaiveDate, of_all_sources: bool) -> String {
    let source = if of_all_sources { "The newest source" } else { "The newest source of these facts" };
    let known = day(newest);
    match (as_of - newest).num_days() {
        0 => format!("{source} was public by {known}."),
        1 => format!("{source} was public by {known}, the day before."),
        age @ 2.. => format!("{source} was public by {known}, {} earlier.", days(age)),
        _ => format!("{source} was public by {known}, after that day."),
    }
}

/// Returns the day since which nothing was recorded.
pub fn silent_since(recorded: NaiveDate) -> String {
    format!("Nothing was recorded after {}; what happened since is not known here.", day(recorded))
}

/// Returns the treatment of entries about children and families; `None` if there are none.
pub fn sensitive(number: u64, are_counted: bool) -> Option<String> {
    Some(match (number, are_counted) {
        (0, _) => return None,
        (1, true) => "1 entry about an identifiable child or family is counted.".to_owned(),
        (n, true) => format!("{} about identifiable children or families are counted.", entries(n)),
        (1, false) => "1 entry about an identifiable child or family is left out.".to_owned(),
        (n, false) => format!("{} about identifiable children or families are left out.", entries(n)),
    })
}

/// Returns what was erased, when and on what ground: a sentence for each of the last erasures.
pub fn erased(erasures: &[Erasure]) -> Option<String> {
    let (last, earlier) = (erasures.rchunks(MOST_ERASURES).next()?, erasures.len().saturating_sub(MOST_ERASURES));
    let one = |erasure: &Erasure| {
        let what = match (erasure.facts, erasure.others) {
            (0, others) => format!("Quoted words of {} were", count(others, "entry", "entries")),
            (facts, 0) => format!("{} {}", count(facts, "record", "records"), if facts == 1 { "was" } else { "were" }),
            (facts, others) => format!("{} and quoted words of {others} more were", count(facts, "record", "records")),
        };
        let Erasure { ground, by, entry, .. } = erasure;
        format!("{what} erased on {} (entry {entry}): {ground}; by {by}.", day(erasure.recorded_at.date_naive()))
    };
    let sentences = last.iter().map(one).collect::<Vec<_>>().join(" ");
    Some(match earlier {
        0 => sentences,
        1 => format!("{sentences} There was 1 erasure before."),
        more => format!("{sentences} There were {more} erasures before."),
    })
}

/// Number of erasures that a report tells.
const MOST_ERASURES: usize = 3;

/// Returns the lines at the end: the position in the log, and the document's digest.
pub fn footing(size: u64, origin: &str, root: &str, chain: &str, digest: &str) -> Vec<String> {
    vec![
        format!("Based on the first {} of {origin}", entries(size)),
        format!("tree head {root}"),
        format!("chain     {chain}"),
        format!("digest    {digest}"),
    ]
}

/// Returns the invitation to open the table of all rows.
pub fn show_all_rows(rows: usize) -> String {
    format!("Show all rows with all columns ({rows})")
}

/// Returns a truth value.
pub const fn flag(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

/// Returns the refusal of a word that names no format.
pub fn not_a_format(text: &str, formats: &[&str]) -> String {
    format!("`{text}` is not a format; use one of: {}", formats.join(", "))
}

/// Returns the refusal to write a calendar or a feed without days.
pub fn no_days(title: &str) -> String {
    format!("the rows of `{title}` have no days, so it is no calendar and no feed")
}

/// Returns the refusal of a word that names no scale.
pub fn not_a_scale(text: &str, scales: &[&str]) -> String {
    format!("`{text}` is not a scale; use one of: {}", scales.join(", "))
}

/// Heading of the sources at the end.
pub const SOURCES: &str = "Sources";

/// Names of the sheets of a workbook.
#[cfg(feature = "workbooks")]
pub const SHEET_OF_ROWS: &str = "Rows";
#[cfg(feature = "workbooks")]
pub const SHEET_OF_BASIS: &str = "About this report";

/// Returns the error of a document that does not fit a workbook.
pub fn no_workbook(why: &str) -> String {
    format!("this report does not fit a workbook: {why}")
}

/// Label of the list of sections.
pub const CONTENTS: &str = "Contents";

/// Returns a bar of counts in words: `94: 3 kept, 2 not kept`.
pub fn stack(stack: &Stack) -> String {
    let parts: Vec<String> = stack.parts.iter().map(|part| format!("{} {}", grouped(part.count), part.label)).collect();
    format!("{}: {}.", stack.title, parts.join("; "))
}

/// Returns the day and the log of a picture, which is shared without its page.
pub fn picture(as_of: NaiveDate, newest: Option<NaiveDate>, origin: &str, size: u64, root: &str) -> String {
    let head: String = root.chars().take(12).collect();
    let newest = newest.map(|newest| format!(", newest source {}", day(newest))).unwrap_or_default();
    format!("As at {}{newest}. {origin}, {}, tree head {head}…", day(as_of), entries(size))
}

/// Returns the sources of a picture, at most three of them.
pub fn picture_sources(cites: &[Cited]) -> Option<String> {
    let named = |cited: &Cited| match &cited.publisher {
        Some(publisher) => format!("{}, {publisher}", cited.title),
        None => cited.title.clone(),
    };
    let first: Vec<String> = cites.iter().take(3).map(named).collect();
    let more = match cites.len().saturating_sub(3) {
        0 => String::new(),
        n => format!("; and {} more", grouped(n)),
    };
    (!first.is_empty()).then(|| format!("Source: {}{more}", first.join("; ")))
}

/// Stands above a bar that is not to be compared with the one before.
pub const CUT: &str = "measured in another way from here";

/// Returns the error of a format that is not part of this program.
pub fn not_built(format: &str) -> String {
    format!("this program was built without the format {format}")
}

/// Returns the number of items that a page leaves out, because its data has them.
pub fn left_out(n: usize) -> String {
    format!("{} before these; the data of this page has them all.", count(n, "more is", "more are"))
}

/// Returns the name of a line across the bars of a picture.
pub fn line(label: &str) -> String {
    format!("Line: {label}.")
}

/// Explains the pale part of a bar.
pub const PALE: &str = "Pale: the number may end anywhere there";

/// Returns the error of a column that a report does not have.
pub fn no_column(name: &str, columns: &str) -> String {
    format!("there is no column `{name}`; the columns are {columns}")
}
