//! Reads tables of comma-separated values through a mapping, which assigns columns to the fields of
//! facts (docs/MAPPING.md).
//!
//! This module knows the mapping file; `rows` reads the tables. Start at [`map`].

mod cells;
mod rows;
mod template;

use crate::{File, Known, Places, Problem, Problems};
use chrono::NaiveDate;
use heldto_fact::{Fact, FactId, Kind, PartyKind, Voice, Window};
use serde::Deserialize;
use std::collections::BTreeMap;
use template::Template;

/// The mappings that ship with the program: name and content.
pub const SHIPPED: [(&str, &str); 2] = [
    ("dfe-ehc-plans", include_str!("../mappings/dfe-ehc-plans.toml")),
    ("uk-authorities", include_str!("../mappings/uk-authorities.toml")),
];

/// The existing facts, as far as a mapping needs them.
#[derive(Debug, Clone, Default)]
pub struct ExistingFacts {
    /// The ids, each with its kind.
    pub known: Known,
    /// The parties by code scheme and code, each in the order of their ids.
    pub codes: BTreeMap<(String, String), Vec<FactId>>,
    /// The names of those parties.
    pub names: BTreeMap<FactId, String>,
    /// The bodies that follow another, or that others follow.
    pub tenures: BTreeMap<FactId, Tenure>,
}

/// The days between which a body exists, as far as its successions say.
#[derive(Debug, Clone, Default)]
pub struct Tenure {
    /// The first day, if the body follows another.
    pub from: Option<NaiveDate>,
    /// The day from which others follow the body.
    pub until: Option<NaiveDate>,
    /// The bodies that follow.
    pub heirs: Vec<FactId>,
}

impl Tenure {
    /// Returns `true` if the body certainly did not exist in a window.
    fn excludes(&self, window: Window) -> bool {
        matches!((self.until, window.earliest), (Some(end), Some(day)) if end <= day)
            || matches!((self.from, window.latest), (Some(begin), Some(day)) if day < begin)
    }
}

/// The table `[mapping]` of a mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Mapping {
    /// The source that every measurement cites.
    source: String,
    /// The party that states the figures.
    by: Option<String>,
    voice: String,
    /// The scheme of the codes that identify places and are part of ids.
    #[serde(default = "gss")]
    scheme: String,
    /// `true` if the code alone says whose a row is, whatever its name.
    #[serde(default)]
    trust_codes: bool,
    /// The texts that stand for a missing number, each with its meaning.
    #[serde(default)]
    not_given: BTreeMap<String, String>,
    /// The places that the figures are about; for each row the first that matches counts.
    place: Vec<Place>,
    file: Vec<Table>,
}

/// The scheme of the Government Statistical Service, which every list of UK authorities has.
fn gss() -> String {
    "gss".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Place {
    #[serde(rename = "where", default)]
    only: BTreeMap<String, String>,
    /// The codes by scheme.
    ///
    /// The code of the mapping's scheme is required: it identifies the place, and is part of ids.
    codes: BTreeMap<String, Template>,
    name: Template,
    kind: String,
    /// The GSS code of the area that the place is counted in.
    part_of: Option<Template>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    name: String,
    #[serde(rename = "where", default)]
    only: BTreeMap<String, String>,
    /// The period of a row, as EDTF.
    period: Option<Template>,
    /// The day of a row, as an alternative to `period`.
    day: Option<Template>,
    #[serde(default)]
    measure: Vec<Measure>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Measure {
    metric: String,
    /// A number and its unit.
    value: Template,
    numerator: Option<Template>,
    denominator: Option<Template>,
    /// The number of decimals to which a number with more than four is rounded, half up.
    decimals: Option<u8>,
}

/// Returns the names of the tables that a mapping reads.
///
/// # Errors
/// The problem of the mapping, if it cannot be parsed.
pub fn tables(mapping: &File) -> Result<Vec<String>, Problems> {
    Ok(parse(mapping)?.file.into_iter().map(|t| t.name).collect())
}

/// Reads tables through a mapping, and returns the facts and the positions of the measurements'
/// rows.
///
/// Declared facts that exist already are left unchanged and not returned. Places are found by their
/// codes, and declared if unknown.
///
/// # Errors
/// The problems of the mapping, or the first 100 of the tables.
pub fn map(mapping: &File, data: &[File], existing: &ExistingFacts) -> Result<(Vec<Fact>, Places), Problems> {
    let parsed = parse(mapping)?;
    let mut facts = crate::read(std::slice::from_ref(mapping), &existing.known)?;
    // Names are collected before existing facts are removed, so that reading the same table again
    // gives the same facts.
    let names: BTreeMap<FactId, String> = facts.iter().map(|f| (f.id.clone(), f.text.clone())).collect();
    facts.retain(|f| !existing.known.contains_key(&f.id));
    let voice: Voice = word(mapping, &parsed.voice)?;
    let source: FactId = word(mapping, &parsed.source)?;
    let by: Option<FactId> = parsed.by.as_ref().map(|by| word(mapping, by)).transpose()?;
    for (id, kind) in std::iter::once((&source, Kind::Source)).chain(by.iter().map(|by| (by, Kind::Party))) {
        let declared = names.contains_key(id) && facts.iter().all(|f| f.id != *id || f.kind() == kind);
        if existing.known.get(id) != Some(&kind) && !declared {
            let quoted = format!("\"{id}\"");
            let at = mapping.text.find(&quoted).unwrap_or(0);
            let problem = Problem::new(at..at + quoted.len(), format!("no {kind} `{id}` is declared or recorded"), "");
            return Err(wrong(mapping, problem.help(format!("declare it in the mapping with [[{kind}]]"))));
        }
    }
    let kinds: Vec<PartyKind> = parsed.place.iter().map(|p| word(mapping, &p.kind)).collect::<Result<_, _>>()?;
    let mut rows = rows::Rows::new(&parsed, existing, &facts, rows::SpokenFor { voice, source, by, kinds, names });
    for (number, file) in data.iter().enumerate() {
        rows.read(number, file);
    }
    let (found, places) = rows.finish().map_err(|problems| Problems { files: data.to_vec(), problems })?;
    facts.extend(found);
    Ok((facts, places))
}

fn parse(mapping: &File) -> Result<Mapping, Problems> {
    #[derive(Deserialize)]
    struct Whole {
        mapping: Mapping,
    }
    toml::from_str::<Whole>(&mapping.text).map(|whole| whole.mapping).map_err(|e| {
        let span = e.span().unwrap_or(0..0);
        let problem = Problem::new(span, format!("this mapping cannot be read: {}", e.message()), "");
        wrong(
            mapping,
            problem.help("docs/MAPPING.md explains every key; heldto mapping dfe-ehc-plans prints an example"),
        )
    })
}

fn word<T: std::str::FromStr>(mapping: &File, text: &str) -> Result<T, Problems>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| {
        let quoted = format!("\"{text}\"");
        let at = mapping.text.find(&quoted).unwrap_or(0);
        wrong(mapping, Problem::new(at..at + quoted.len(), e.to_string(), ""))
    })
}

fn wrong(mapping: &File, problem: Problem) -> Problems {
    Problems { files: vec![mapping.clone()], problems: vec![problem] }
}
