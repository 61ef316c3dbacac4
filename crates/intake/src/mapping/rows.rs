//! Turns rows of tables into places and measurements, through a mapping.
//!
//! This module knows CSV, the mapping and the existing facts, but no files and no ledger. Start at
//! [`Rows::read`].

use super::cells::{amount, sum};
use super::{ExistingFacts, Mapping, Measure, Place, Table, Tenure};
use crate::table::joined;
use crate::{File, Places, Problem};
use csv::StringRecord;
use heldto_fact::{Body, Citation, Fact, FactId, Identifier, Kind, Link, LinkKind, PartyKind, Strength, Voice, When};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Number of problems after which reading stops: a wrong mapping fails in every row.
const MOST_PROBLEMS: usize = 100;

/// The attribution and the names that all measurements share.
pub struct SpokenFor {
    pub voice: Voice,
    /// The source that every measurement cites.
    pub source: FactId,
    pub by: Option<FactId>,
    /// The party kind of each place of the mapping.
    pub kinds: Vec<PartyKind>,
    /// The names of the metrics that the mapping declares.
    pub names: BTreeMap<FactId, String>,
}

/// The state of reading tables through a mapping: facts, their positions and problems so far.
pub struct Rows<'a> {
    mapping: &'a Mapping,
    says: SpokenFor,
    known: BTreeSet<FactId>,
    metrics: BTreeSet<FactId>,
    codes: BTreeMap<(String, String), Vec<FactId>>,
    /// Names of the bodies that are known by a code.
    names: BTreeMap<FactId, String>,
    tenures: BTreeMap<FactId, Tenure>,
    facts: Vec<Fact>,
    places: Places,
    /// For each measurement with a parent area: its index in `facts`, and the id that the parent's
    /// measurement would have.
    wholes: Vec<(usize, String)>,
    problems: Vec<Problem>,
}

/// One row and the header of its table.
struct Row<'a> {
    columns: &'a BTreeMap<&'a str, usize>,
    record: &'a StringRecord,
    file: usize,
    /// Line number, from 1.
    line: u64,
    span: Range<usize>,
}

impl<'a> Row<'a> {
    fn cell(&self, name: &str) -> Option<&'a str> {
        self.record.get(*self.columns.get(name)?)
    }

    fn fits(&self, only: &BTreeMap<String, String>) -> bool {
        only.iter().all(|(column, value)| self.cell(column) == Some(value.as_str()))
    }
}

impl<'a> Rows<'a> {
    pub fn new(mapping: &'a Mapping, existing: &ExistingFacts, declared: &[Fact], says: SpokenFor) -> Self {
        let all = existing.known.iter().map(|(id, kind)| (id, *kind)).chain(declared.iter().map(|f| (&f.id, f.kind())));
        let mut known = BTreeSet::new();
        let mut metrics = BTreeSet::new();
        for (id, kind) in all {
            known.insert(id.clone());
            if kind == Kind::Metric {
                metrics.insert(id.clone());
            }
        }
        let codes = existing.codes.clone();
        let tenures = existing.tenures.clone();
        let names = existing.names.clone();
        let facts = Vec::new();
        let places = Places::new();
        let wholes = Vec::new();
        let problems = Vec::new();
        Self { mapping, says, known, metrics, codes, names, tenures, facts, places, wholes, problems }
    }

    /// Returns the facts and the positions of the measurements' rows.
    ///
    /// Links each measurement to the one of the area it is counted in, if there is one.
    ///
    /// # Errors
    /// Every problem found, up to a maximum of 100.
    pub fn finish(mut self) -> Result<(Vec<Fact>, Places), Vec<Problem>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let ids: BTreeSet<FactId> = self.facts.iter().map(|f| f.id.clone()).collect();
        for (place, whole) in &self.wholes {
            if let (Some(fact), Ok(to)) = (self.facts.get_mut(*place), whole.parse::<FactId>())
                && (ids.contains(&to) || self.known.contains(&to))
            {
                fact.links.push(Link { kind: LinkKind::PartOf, to, strength: Strength::Stated });
            }
        }
        Ok((self.facts, self.places))
    }

    fn wrong(&mut self, file: usize, span: Range<usize>, title: String, help: &str) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem::new(span, title, "").help(help).in_file(file));
        }
    }

    /// Reads one table; facts and problems accumulate in `self`.
    pub fn read(&mut self, number: usize, file: &File) {
        let mapping = self.mapping;
        let name = file.name.rsplit(['/', '\\']).next().unwrap_or(&file.name);
        let table = mapping.file.iter().find(|t| t.name == name).or(match mapping.file.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        let Some(table) = table else {
            let names: Vec<&str> = mapping.file.iter().map(|t| t.name.as_str()).collect();
            let help = format!("the mapping reads {}", names.join(", "));
            return self.wrong(number, 0..0, format!("the mapping has no table `{name}`"), &help);
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file.text.as_bytes());
        let header = match reader.headers() {
            Ok(header) => header.clone(),
            Err(e) => return self.wrong(number, 0..0, why(&e), "save it as comma-separated values (CSV), in UTF-8"),
        };
        if let Some(twice) = header.iter().find(|name| header.iter().filter(|other| other == name).count() > 1) {
            return self.wrong(number, 0..0, format!("two columns are called `{twice}`"), "rename one in the table");
        }
        let columns: BTreeMap<&str, usize> = header.iter().enumerate().map(|(n, name)| (name, n)).collect();
        if !self.has_columns(number, table, &columns) {
            return;
        }
        let mut record = StringRecord::new();
        // The reader's position is before the line feed left over from the previous row and before
        // empty lines, so both are skipped.
        let first = |at: &csv::Position| {
            let begun = usize::try_from(at.byte()).unwrap_or(0);
            let text = file.text.get(begun..).unwrap_or_default();
            let empty = &text[..text.len() - text.trim_start_matches(['\r', '\n']).len()];
            (begun + empty.len(), at.line() + empty.matches('\n').count() as u64)
        };
        loop {
            let (from, line) = first(reader.position());
            match reader.read_record(&mut record) {
                Ok(false) => return,
                Ok(true) => {}
                Err(e) => {
                    return self.wrong(number, from..from + 1, why(&e), "correct the row, or save the table again");
                }
            }
            let until = usize::try_from(reader.position().byte()).unwrap_or(from);
            let row = Row { columns: &columns, record: &record, file: number, line, span: from..until };
            if row.fits(&table.only) {
                self.row(number, name, table, &row);
            }
            if self.problems.len() >= MOST_PROBLEMS {
                return;
            }
        }
    }

    /// Returns `true` if the table has every column that the mapping names; otherwise adds a
    /// problem that lists those it lacks.
    fn has_columns(&mut self, number: usize, table: &Table, columns: &BTreeMap<&str, usize>) -> bool {
        let alone = |name: &String| vec![name.clone()];
        let mut wanted: Vec<Vec<String>> = table.only.keys().map(alone).collect();
        let times = table.period.iter().chain(&table.day);
        let measures = table.measure.iter();
        let parts = measures.flat_map(|m| [Some(&m.value), m.numerator.as_ref(), m.denominator.as_ref()]).flatten();
        let places = &self.mapping.place;
        let of_places = places.iter().flat_map(|p| p.codes.values().chain([&p.name]).chain(&p.part_of));
        wanted.extend(places.iter().flat_map(|p| p.only.keys()).map(alone));
        wanted.extend(times.chain(parts).chain(of_places).flat_map(super::Template::columns).map(<[String]>::to_vec));
        wanted.sort();
        wanted.dedup();
        let gone: Vec<String> = wanted
            .into_iter()
            .filter(|names| !names.iter().any(|n| columns.contains_key(n.as_str())))
            .map(|names| format!("`{}`", names.join("` or `")))
            .collect();
        if gone.is_empty() {
            return true;
        }
        let near = gone.first().and_then(|g| crate::did_you_mean(g.trim_matches('`'), columns.keys().copied()));
        let help = near.unwrap_or_else(|| {
            "print the mapping with heldto mapping NAME, change it, and give the changed file with --mapping".to_owned()
        });
        let of = if gone.len() == 1 { "no column" } else { "no columns" };
        self.wrong(number, 0..0, format!("the table has {of} {}", gone.join(", ")), &help);
        false
    }

    fn row(&mut self, number: usize, name: &str, table: &Table, row: &Row<'_>) {
        let mapping = self.mapping;
        let Some((n, place)) = mapping.place.iter().enumerate().find(|(_, p)| row.fits(&p.only)) else { return };
        let fill = |t: &super::Template| t.fill(|column| row.cell(column));
        let codes: Vec<(String, String)> = place
            .codes
            .iter()
            .map(|(scheme, t)| (scheme.clone(), fill(t)))
            .filter(|(_, code)| !code.is_empty())
            .collect();
        // The GSS code identifies the place, and is part of the ids of its measurements.
        let Some(code) = place.codes.get(&self.mapping.scheme).map(fill).filter(|c| !c.is_empty()) else {
            return self.wrong(
                number,
                row.span.clone(),
                format!("this row has no {} code", self.mapping.scheme),
                "every place needs one",
            );
        };
        if fill(&place.name).is_empty() {
            return self.wrong(
                number,
                row.span.clone(),
                "this row has no name for its place".to_owned(),
                "every place needs a name",
            );
        }
        // A time that cannot be read is reported with the measure.
        let time = table.period.as_ref().or(table.day.as_ref()).and_then(|t| fill(t).parse::<When>().ok());
        if self.mapping.scheme == GSS && is_nearly_gss(&code) {
            let title = format!("`{code}` is not a code of the Government Statistical Service");
            return self.wrong(number, row.span.clone(), title, "such a code is a letter and eight digits: E10000007");
        }
        let party = match self.holder(&code, time.as_ref()) {
            Ok(Some(id)) => {
                let is_other = |known: &&String| !mapping.trust_codes && are_apart(known, &fill(&place.name));
                if let Some(other) = self.names.get(&id).filter(is_other) {
                    let title =
                        format!("`{code}` is the code of `{id}` ({other}), and this row is of {}", fill(&place.name));
                    return self.wrong(
                        number,
                        row.span.clone(),
                        title,
                        "correct the table, or add trust-codes = true to [mapping]",
                    );
                }
                id
            }
            Ok(None) if self.almost(&code).is_some() => {
                let known = self.almost(&code).unwrap_or_default();
                let title = format!("`{code}` is not on record, and `{known}` is");
                return self.wrong(number, row.span.clone(), title, "write the code in the table as it is on record");
            }
            Ok(None) => self.declare(n, &codes, &code, fill(&place.name)),
            Err((title, help)) => return self.wrong(number, row.span.clone(), title, &help),
        };
        for measure in &table.measure {
            if let Err((title, help)) = self.measure(name, table, measure, row, (&party, &code, place)) {
                self.wrong(number, row.span.clone(), title, &help);
            }
        }
    }

    /// Returns the party that a code names at a time; `None` if it names no known party.
    ///
    /// Of several, the last by id.
    ///
    /// # Errors
    /// A title and a remedy, if none of the parties existed then.
    fn holder(&self, code: &str, time: Option<&When>) -> Result<Option<FactId>, (String, String)> {
        let Some(holders) = self.codes.get(&(self.mapping.scheme.clone(), code.to_owned())) else { return Ok(None) };
        let Some(time) = time else { return Ok(holders.last().cloned()) };
        let is_outside = |id: &&FactId| self.tenures.get(*id).is_some_and(|t| t.excludes(time.window()));
        let Some(outside) = holders.last().filter(|_| holders.iter().all(|id| is_outside(&id))) else {
            return Ok(holders.iter().rfind(|id| !is_outside(id)).cloned());
        };
        let heirs: Vec<String> = self.tenures[outside].heirs.iter().map(|id| format!("`{id}`")).collect();
        let help = match heirs.as_slice() {
            [] => format!("`{outside}` did not exist yet: use the code of the body that it follows"),
            _ => format!("use the code of the body that followed: {}", heirs.join(" or ")),
        };
        Err((format!("`{code}` is the code of `{outside}`, which did not exist in {time}"), help))
    }

    /// Returns the code on record that a spreadsheet made this one of: with noughts before it, or a
    /// decimal point.
    fn almost(&self, code: &str) -> Option<String> {
        let plain = |code: &str| code.trim_end_matches(".0").trim_start_matches('0').to_owned();
        let same = |of: &&(String, String)| of.0 == self.mapping.scheme && plain(&of.1) == plain(code);
        self.codes.keys().find(same).map(|(_, known)| known.clone())
    }

    /// Adds a party for an unknown place, and returns its id.
    fn declare(&mut self, n: usize, codes: &[(String, String)], code: &str, name: String) -> FactId {
        let slug = joined(&name);
        let free = |id: &FactId| !self.known.contains(id);
        let named = [slug.clone(), format!("{slug}-{}", code.to_lowercase()), slug_of_code(code)];
        let numbered = (2_u64..).map(|n| format!("place-{n}"));
        let mut candidates = named.into_iter().chain(numbered).filter_map(|id| id.parse().ok());
        let id = candidates.find(free).expect("there are more numbers than places");
        let identifiers =
            codes.iter().map(|(scheme, value)| Identifier { scheme: scheme.clone(), value: value.clone() }).collect();
        let kind = self.says.kinds.get(n).copied().unwrap_or(PartyKind::Other);
        self.names.insert(id.clone(), name.clone());
        self.facts.push(Fact::amending(id.clone(), name, Body::Party { kind, identifiers }));
        self.known.insert(id.clone());
        self.codes.insert((self.mapping.scheme.clone(), code.to_owned()), vec![id.clone()]);
        id
    }

    fn measure(
        &mut self,
        name: &str,
        table: &Table,
        measure: &Measure,
        row: &Row<'_>,
        (party, code, place): (&FactId, &str, &Place),
    ) -> Result<(), (String, String)> {
        let fill = |t: &super::Template| t.fill(|column| row.cell(column));
        let plain = |e: &dyn std::fmt::Display| (e.to_string(), "correct the mapping, or the cell".to_owned());
        let metric: FactId = measure.metric.parse().map_err(|e| plain(&e))?;
        if !self.metrics.contains(&metric) {
            return Err((
                format!("no metric `{metric}` is declared"),
                "declare it with [[metric]] in the mapping".to_owned(),
            ));
        }
        let when = |t: &Option<super::Template>| -> Result<Option<(String, When)>, (String, String)> {
            let Some(text) = t.as_ref().map(fill) else { return Ok(None) };
            let when = text.parse().map_err(|e| plain(&e))?;
            Ok(Some((text, when)))
        };
        let period = when(&table.period)?;
        let day = when(&table.day)?;
        let Some(time) = period.as_ref().or(day.as_ref()).map(|(text, _)| text.clone()) else {
            return Err((
                "a table with measures must give the time of each row".to_owned(),
                "give the table `period` or `day` in the mapping".to_owned(),
            ));
        };
        let long = period.as_ref().map(|(_, when)| when.window()).filter(|window| {
            matches!((window.earliest, window.latest), (Some(first), Some(last)) if (last - first).num_days() > LONGEST)
        });
        if long.is_some() {
            let title = format!("the period {time} is longer than ten years");
            return Err((title, "correct the cell, or the mapping's `period`".to_owned()));
        }
        let id = self.id(&metric, code, &time);
        let (amount, note) = amount(&fill(&measure.value), &self.mapping.not_given, measure.decimals)?;
        let count = |t: &Option<super::Template>| -> Result<Option<u64>, (String, String)> {
            t.as_ref()
                .map_or(Ok(None), |t| sum(&fill(t), &self.mapping.not_given))
                .map_err(|e| (e, "a count must be a whole number, or several with + between them".to_owned()))
        };
        let numerator = count(&measure.numerator)?;
        let denominator = count(&measure.denominator)?;
        let whole = place.part_of.as_ref().map(fill).filter(|w| !w.is_empty()).map(|w| self.id(&metric, &w, &time));
        let called = self.says.names.get(&metric).map_or(measure.metric.as_str(), String::as_str);
        let cite = Citation { source: self.says.source.clone(), at: format!("{name}, line {}", row.line), quote: None };
        let id: FactId = id.parse().map_err(|e| plain(&e))?;
        if self.places.insert(id.clone(), (row.file, row.span.clone())).is_some() {
            let help = "limit the table by `where` to one row for each place and time".to_owned();
            return Err((format!("this row gives `{id}` a second time"), help));
        }
        let fact = Fact {
            by: self.says.by.iter().cloned().collect(),
            about: vec![party.clone()],
            voice: Some(self.says.voice),
            occurred: day.map(|(_, when)| when),
            period: period.map(|(_, when)| when),
            amounts: vec![amount],
            cites: vec![cite],
            note,
            ..Fact::amending(
                id,
                format!("{called}: {}, {time}", fill(&place.name)),
                Body::Measurement { metric, numerator, denominator },
            )
        };
        self.facts.push(fact);
        self.wholes.extend(whole.map(|w| (self.facts.len() - 1, w)));
        Ok(())
    }

    fn id(&self, metric: &FactId, code: &str, time: &str) -> String {
        format!("{}-{metric}-{}-{}", self.says.source, code.to_lowercase(), joined(time))
    }
}

/// Returns the message for a row that cannot be read.
///
/// The position is reported with it.
fn why(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let cells = if *len == 1 { "cell" } else { "cells" };
            format!("this row has {len} {cells}, but the rows before it have {expected_len}")
        }
        _ => format!("this row cannot be read: {error}"),
    }
}

/// The scheme whose codes have a form of their own.
const GSS: &str = "gss";
/// Maximum length of a period, in days: figures are of months and years.
const LONGEST: i64 = 3660;

/// Returns `true` for a code that is a digit or two away from a letter and eight digits.
fn is_nearly_gss(code: &str) -> bool {
    let (letter, digits) = code.split_at_checked(1).unwrap_or_default();
    let is_code = letter.chars().all(|c| c.is_ascii_alphabetic()) && digits.chars().all(|c| c.is_ascii_digit());
    is_code && (6..=10).contains(&digits.len()) && digits.len() != 8
}

/// Words that the names of many bodies have.
const COMMON: [&str; 14] = [
    "council",
    "county",
    "city",
    "borough",
    "district",
    "metropolitan",
    "royal",
    "london",
    "unitary",
    "authority",
    "of",
    "and",
    "the",
    "upon",
];

/// Returns `true` if two names have no word in common but what the names of many bodies have.
fn are_apart(one: &str, other: &str) -> bool {
    let words = |name: &str| -> BTreeSet<String> {
        joined(name).split('-').filter(|word| !COMMON.contains(word) && !word.is_empty()).map(str::to_owned).collect()
    };
    let (one, other) = (words(one), words(other));
    !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
}

fn slug_of_code(code: &str) -> String {
    format!("place-{}", joined(code))
}
