//! Reads TOML, JSON lines and mapped tables into facts, and writes facts back in the same form.
//!
//! All problems of a file are reported at once, each with its position. This crate knows the
//! vocabulary and its written form (docs/FACTS.md), but no ledger: the caller passes in the
//! existing ids. Start at [`draft`] and [`map`].
//!
//! # Examples
//! ```
//! use heldto_intake::{File, Known, draft};
//!
//! let text = r#"
//! [[party]]
//! id = "testshire"
//! name = "Testshire Council"
//! kind = "council"
//! "#;
//! let files = [File { name: "facts.toml".to_owned(), text: text.to_owned() }];
//! let facts = draft(&files).facts(&Known::new()).expect("no problem");
//! assert_eq!(facts[0].text, "Testshire Council");
//! ```

mod authorities;
mod check;
mod json;
mod mapping;
mod near;
mod node;
mod problem;
mod read;
mod said;
mod schema;
mod table;
mod write;

pub use authorities::{Authority, authorities};
pub use json::strict_json;
pub use mapping::{ExistingFacts, SHIPPED, Tenure, map, tables};
pub use near::did_you_mean;
pub use problem::{Problem, Problems};
pub use said::{amount_as_said, date_as_said};
pub use schema::schema;
pub use table::{MAX_TEXT, joined, slug};
pub use write::{to_json, to_toml};

use heldto_fact::{Fact, FactId, Kind};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A file's name and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The name used in messages.
    pub name: String,
    /// The content.
    pub text: String,
}

/// The ids that facts may refer to, each with its kind.
pub type Known = BTreeMap<FactId, Kind>;

/// The position of each fact: the index of its file, and the byte range of its id or row.
pub type Places = BTreeMap<FactId, (usize, Range<usize>)>;

/// Returns problems that only the ledger can detect, placed at the facts that they concern.
///
/// Each item of `wrong` is an id, a title and a help text. `label` is shown at each position.
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

/// Facts as read from files, before their references are checked.
pub struct Drafts<'f> {
    files: &'f [File],
    drafts: Vec<read::Draft>,
    problems: Vec<Problem>,
}

/// Reads files of facts.
///
/// A file is read as JSON lines if its name ends in `.jsonl` or its text begins with `{`, otherwise
/// as TOML.
#[must_use]
pub fn draft(files: &[File]) -> Drafts<'_> {
    let mut drafts = Vec::new();
    let mut problems = Vec::new();
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
    /// Returns the ids that the facts refer to, without duplicates.
    #[must_use]
    pub fn references(&self) -> BTreeSet<&FactId> {
        self.drafts.iter().flat_map(|d| &d.references).map(|r| &r.to).collect()
    }

    /// Returns the position of each fact that has an id.
    #[must_use]
    pub fn places(&self) -> Places {
        let place = |d: &read::Draft| d.id.clone().map(|(id, span)| (id, (d.file, span)));
        self.drafts.iter().filter_map(place).collect()
    }

    /// Returns the facts if there is no problem.
    ///
    /// They may refer to each other and to `known`.
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

/// Reads files of facts and checks their references.
///
/// # Errors
/// As [`Drafts::facts`].
pub fn read(files: &[File], known: &Known) -> Result<Vec<Fact>, Problems> {
    draft(files).facts(known)
}
