//! Figures in bulk: a table of comma-separated values, read through a mapping that says which column is what (docs/MAPPING.md).

mod rows;
mod template;

use crate::{File, Known, Places, Problem, Problems};
use heldto_fact::{Fact, FactId, Kind, PartyKind, Voice};
use serde::Deserialize;
use std::collections::BTreeMap;
use template::Template;

/// The mappings that ship with the program, by name.
pub const SHIPPED: [(&str, &str); 2] = [
    ("dfe-ehc-plans", include_str!("../mappings/dfe-ehc-plans.toml")),
    ("uk-authorities", include_str!("../mappings/uk-authorities.toml")),
];

/// What is recorded already, as far as a mapping has to know it.
#[derive(Debug, Clone, Default)]
pub struct ExistingFacts {
    /// The ids, each with its kind.
    pub known: Known,
    /// The parties by the codes they go by, each a scheme and a code.
    pub codes: BTreeMap<(String, String), FactId>,
}

/// Which column is what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Mapping {
    /// The source that every measurement cites.
    source: String,
    /// Who says so.
    by: Option<String>,
    voice: String,
    /// What stands in a cell that holds no number, and what it means.
    #[serde(default)]
    not_given: BTreeMap<String, String>,
    /// Whose the figures are; the first that fits.
    place: Vec<Place>,
    file: Vec<Table>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Place {
    #[serde(rename = "where", default)]
    only: BTreeMap<String, String>,
    /// By scheme; the first is the one that is looked up and that ids are made of.
    codes: BTreeMap<String, Template>,
    name: Template,
    kind: String,
    /// The code, in the first scheme, of the area that it is counted in.
    part_of: Option<Template>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    name: String,
    #[serde(rename = "where", default)]
    only: BTreeMap<String, String>,
    /// The period that a row is for, as EDTF.
    period: Option<Template>,
    /// Or the day.
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
    /// To how many decimals a number with more than four is rounded, half up.
    decimals: Option<u8>,
}

/// The names of the tables that a mapping reads.
///
/// # Errors
/// Every problem of the mapping.
pub fn tables(mapping: &File) -> Result<Vec<String>, Problems> {
    Ok(parse(mapping)?.file.into_iter().map(|t| t.name).collect())
}

/// Reads tables through a mapping: the facts, and the rows that they are from. The facts that the mapping declares and that are recorded already are
/// left as they are; places are found by their codes, and declared where they are not known.
///
/// # Errors
/// Every problem of the mapping, or the first hundred of the tables.
pub fn map(mapping: &File, data: &[File], existing: &ExistingFacts) -> Result<(Vec<Fact>, Places), Problems> {
    let parsed = parse(mapping)?;
    let mut facts = crate::read(std::slice::from_ref(mapping), &existing.known)?;
    // What a table's facts are called does not depend on what is recorded already: read again, they are the same.
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
        let problem = Problem::new(span, format!("this mapping does not read: {}", e.message()), "");
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

/// The key of a mapping in a file that otherwise holds facts.
pub(crate) const KEY: &str = "mapping";
