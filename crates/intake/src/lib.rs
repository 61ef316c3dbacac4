//! Reads what people have, TOML, JSON lines and mapped tables, into facts; says every problem of a file at once, with its place; writes the same back.
//!
//! It knows the vocabulary and how people write it (docs/FACTS.md). It knows no ledger: what is recorded already comes in as a list of ids.

mod check;
mod json;
mod mapping;
mod near;
mod node;
mod problem;
mod read;
mod table;
mod write;

pub use json::strict_json;
pub use mapping::{ExistingFacts, SHIPPED, map, tables};
pub use near::did_you_mean;
pub use problem::{Problem, Problems};
pub use table::MAX_TEXT;
pub use write::{to_json, to_toml};

use heldto_fact::{Fact, FactId, Kind};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The name to say in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The ids that may be referred to, each with its kind.
pub type Known = BTreeMap<FactId, Kind>;

/// Where each fact stands: the number of its file, and the bytes of its id or of its row.
pub type Places = BTreeMap<FactId, (usize, Range<usize>)>;

/// Points at facts by their ids, each with what is wrong with it and what to do, and a label at each: for what only the ledger can
/// tell.
#[must_use]
pub fn point_at(files: &[File], places: &Places, wrong: &[(FactId, String, String)], label: &str) -> Problems {
    let problem = |(id, title, help): &(FactId, String, String)| {
        let (file, span) = places.get(id).cloned().unwrap_or_default();
        Problem::new(span, title.as_str(), label).help(help.as_str()).in_file(file)
    };
    let mut problems: Vec<Problem> = wrong.iter().map(problem).collect();
    problems.sort_by_key(|p| (p.file, p.span.start));
    Problems { files: files.to_vec(), problems }
}

/// Facts as files tell them, before it is known whether everything that they refer to is there.
pub struct Drafts<'f> {
    files: &'f [File],
    drafts: Vec<read::Draft>,
    problems: Vec<Problem>,
}

/// Reads TOML files, or JSON lines where the name ends in `.jsonl` or the text begins with `{`.
#[must_use]
pub fn draft(files: &[File]) -> Drafts<'_> {
    let (mut drafts, mut problems) = (Vec::new(), Vec::new());
    for (number, file) in files.iter().enumerate() {
        let is_export = file.name.ends_with(".jsonl") || file.text.trim_start().starts_with('{');
        let tables = if is_export { node::from_json_lines(&file.text) } else { node::from_toml(&file.text) };
        match tables {
            Ok(tables) => {
                drafts.extend(tables.into_iter().map(|(kind, node)| read::draft(number, kind, &node, is_export)));
            }
            Err(found) => problems.extend(found.into_iter().map(|p| p.in_file(number))),
        }
    }
    problems.extend(drafts.iter_mut().flat_map(|d| std::mem::take(&mut d.problems)));
    Drafts { files, drafts, problems }
}

impl Drafts<'_> {
    /// The ids that the facts refer to, each once.
    #[must_use]
    pub fn references(&self) -> BTreeSet<&FactId> {
        self.drafts.iter().flat_map(|d| &d.references).map(|r| &r.to).collect()
    }

    /// Where the facts stand.
    #[must_use]
    pub fn places(&self) -> Places {
        let place = |d: &read::Draft| d.id.clone().map(|(id, span)| (id, (d.file, span)));
        self.drafts.iter().filter_map(place).collect()
    }

    /// The facts, where all is well with them. They may refer to each other and to what is known.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn facts(&self, known: &Known) -> Result<Vec<Fact>, Problems> {
        let mut problems = self.problems.clone();
        problems.extend(check::check(&self.drafts, known, problems.is_empty()));
        if problems.is_empty() {
            return Ok(self.drafts.iter().filter_map(|d| d.fact.clone()).collect());
        }
        problems.sort_by_key(|p| (p.file, p.span.start));
        Err(Problems { files: self.files.to_vec(), problems })
    }
}

/// Reads facts and checks them in one go.
///
/// # Errors
/// As [`Drafts::facts`].
pub fn read(files: &[File], known: &Known) -> Result<Vec<Fact>, Problems> {
    draft(files).facts(known)
}
