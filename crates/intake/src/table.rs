//! Reads the fields of one table, each once; fields that remain are unknown and become problems.
//!
//! This module knows types, limits and the vocabulary's words, but not the fields of a kind. Start
//! at [`Fields`].

use crate::Problem;
use crate::near::{meant_key, meant_word};
use crate::node::{Key, Node, Value};
use heldto_fact::{FactId, Invalid, Kind};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Maximum length of a text field, in bytes.
pub const MAX_TEXT: usize = 16_384;
/// Maximum number of items in a list.
pub const MAX_ITEMS: usize = 1000;

/// A reference to another fact: its id, its required kind and its position.
pub struct Reference {
    pub to: FactId,
    /// The name that was written in place of the id.
    pub name: Option<String>,
    pub must_be: Option<Kind>,
    pub span: Range<usize>,
}

/// The problems and references found while reading.
#[derive(Default)]
pub struct Findings {
    pub problems: Vec<Problem>,
    pub references: Vec<Reference>,
    /// The keys that were looked for, by the start of their table, where somebody asks.
    pub asked: Option<AskedKeys>,
}

/// The keys that the reader looks for in each table, by the start of the table.
pub type AskedKeys = Rc<RefCell<BTreeMap<usize, BTreeSet<&'static str>>>>;

/// Keys that look like another and are not meant for it.
const LOOK_ALIKES: [&str; 3] = ["test", "of", "by"];

/// The fields of one table that are still to be read.
pub struct Fields<'a> {
    pairs: Vec<Option<&'a (Key, Node)>>,
    /// The names of all fields that say something, read or not.
    given: Vec<&'a str>,
    known: Vec<&'static str>,
    span: Range<usize>,
    /// A description of the table, for messages.
    what: String,
    asked: Option<AskedKeys>,
}

impl<'a> Fields<'a> {
    /// Returns the fields of a node, or adds a problem if the node is not a table.
    pub fn of(node: &'a Node, what: impl Into<String>, findings: &mut Findings) -> Option<Self> {
        let what = what.into();
        match &node.value {
            Value::Table(pairs) => Some(Self {
                pairs: pairs.iter().map(Some).collect(),
                given: pairs.iter().filter(|(_, node)| !is_nothing(node)).map(|(key, _)| key.name.as_str()).collect(),
                known: Vec::new(),
                span: node.span.clone(),
                what,
                asked: findings.asked.clone(),
            }),
            other => {
                let title = format!("{what} must be a table with keys, but it is {}", other.what());
                let help = format!("write {}", in_table(&what, other));
                findings.problems.push(Problem::new(node.span.clone(), title, "").help(help));
                None
            }
        }
    }

    /// Returns the position of the table, for problems of the table as a whole.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Takes a field by name.
    ///
    /// `None` if the field is missing or null.
    pub fn take(&mut self, name: &'static str) -> Option<&'a Node> {
        self.known.push(name);
        if let Some(asked) = &self.asked {
            asked.borrow_mut().entry(self.span.start).or_default().insert(name);
        }
        let slot = self.pairs.iter_mut().find(|p| p.is_some_and(|(key, _)| key.name == name))?;
        let (_, node) = slot.take()?;
        if matches!(node.value, Value::Null) { None } else { Some(node) }
    }

    /// Takes the first of these fields that is present.
    pub fn take_any(&mut self, names: impl Iterator<Item = &'static str>) -> Option<(&'static str, &'a Node)> {
        names.fold(None, |found, name| found.or_else(|| self.take(name).map(|node| (name, node))))
    }

    /// Returns `true` if the table has a field of this name that says something, valid or not.
    pub fn has(&self, name: &str) -> bool {
        self.given.contains(&name)
    }

    /// Adds a problem if the table has no field of a required name, and returns `value` unchanged.
    ///
    /// `example` is a value that may be written, and `help` says what is wanted. A field under
    /// another name that means this one is the problem, if there is one.
    pub fn require<T>(
        &mut self,
        value: Option<T>,
        name: &'static str,
        example: &str,
        help: &str,
        findings: &mut Findings,
    ) -> Option<T> {
        if value.is_some() || self.has(name) {
            return value;
        }
        let stands_for = |pair: &&mut Option<&(Key, Node)>| {
            pair.is_some_and(|(key, _)| !LOOK_ALIKES.contains(&&*key.name) && meant_key(&key.name, &[name]).is_some())
        };
        if let Some((key, _)) = self.pairs.iter_mut().find(stands_for).and_then(Option::take) {
            findings.problems.push(self.unknown(key, Some(name)));
            return None;
        }
        let title = format!("{} has no `{name}`", self.what);
        findings.problems.push(Problem::new(self.span(), title, "").help(format!("add {name} = {example} ({help})")));
        None
    }

    fn unknown(&self, key: &Key, meant: Option<&str>) -> Problem {
        let title = format!("unknown key `{}`", key.name);
        let problem = Problem::new(key.span.clone(), title, format!("not a key of {}", self.what));
        problem.help(match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                let mut keys = self.known.clone();
                keys.sort_unstable();
                keys.dedup();
                format!("use one of its keys: {}; or leave it out", keys.join(", "))
            }
        })
    }

    /// Reads a text that is not empty.
    pub fn text(&mut self, name: &'static str, findings: &mut Findings) -> Option<String> {
        let node = self.take(name)?;
        text(node, name, findings)
    }

    /// Reads a required text.
    pub fn required_text(&mut self, name: &'static str, help: &str, findings: &mut Findings) -> Option<String> {
        let value = self.text(name, findings);
        self.require(value, name, "\"…\"", help, findings)
    }

    /// Reads a value of the vocabulary, written as text.
    pub fn parsed<T: FromStr<Err = Invalid>>(&mut self, name: &'static str, findings: &mut Findings) -> Option<T> {
        let node = self.take(name)?;
        parsed(node, name, findings)
    }

    /// Reads a required value of the vocabulary.
    pub fn required<T: FromStr<Err = Invalid>>(
        &mut self,
        name: &'static str,
        help: &str,
        findings: &mut Findings,
    ) -> Option<T> {
        let value = self.parsed(name, findings);
        // Which word is true nobody can suggest.
        let (example, words) = match T::from_str("") {
            Err(Invalid::Word { allowed, .. }) => ("…", words(&allowed).collect::<Vec<_>>().join(", ")),
            Err(Invalid::Date { .. }) => ("2025-01-14", String::new()),
            _ => ("the-id", String::new()),
        };
        let help = if words.is_empty() { help.to_owned() } else { format!("{help}; one of: {words}") };
        self.require(value, name, &format!("\"{example}\""), &help, findings)
    }

    /// Reads the required id of another fact of kind `must_be`.
    pub fn required_reference(
        &mut self,
        name: &'static str,
        must_be: Kind,
        help: &str,
        findings: &mut Findings,
    ) -> Option<FactId> {
        let value = self.reference(name, Some(must_be), findings);
        self.require(value, name, "\"the-id\"", help, findings)
    }

    /// Reads the id of another fact, which must be of kind `must_be` if one is given.
    pub fn reference(&mut self, name: &'static str, must_be: Option<Kind>, findings: &mut Findings) -> Option<FactId> {
        let node = self.take(name)?;
        reference(node, name, must_be, findings)
    }

    /// Reads the ids of other facts of one kind: a single id or a list.
    pub fn references(&mut self, name: &'static str, must_be: Kind, findings: &mut Findings) -> Vec<FactId> {
        let Some(node) = self.take(name) else { return Vec::new() };
        match &node.value {
            Value::List(items) => {
                limited(items, name, &node.span, findings);
                items.iter().filter_map(|n| reference(n, name, Some(must_be), findings)).collect()
            }
            _ => reference(node, name, Some(must_be), findings).into_iter().collect(),
        }
    }

    /// Reads the ids of other facts of any kind: a single id or a list.
    pub fn any_references(&mut self, name: &'static str, findings: &mut Findings) -> Vec<FactId> {
        let Some(node) = self.take(name) else { return Vec::new() };
        match &node.value {
            Value::List(items) => {
                limited(items, name, &node.span, findings);
                items.iter().filter_map(|n| reference(n, name, None, findings)).collect()
            }
            _ => reference(node, name, None, findings).into_iter().collect(),
        }
    }

    /// Reads a list of texts.
    pub fn texts(&mut self, name: &'static str, findings: &mut Findings) -> Vec<String> {
        self.list(name, findings).iter().filter_map(|n| text(n, name, findings)).collect()
    }

    /// Reads a list of any values, or one value in place of a list of one; empty if the field is
    /// missing.
    pub fn list(&mut self, name: &'static str, findings: &mut Findings) -> &'a [Node] {
        match self.take(name) {
            None => &[],
            Some(Node { value: Value::List(items), span }) => {
                limited(items, name, span, findings);
                items
            }
            Some(node) => std::slice::from_ref(node),
        }
    }

    /// Reads a Boolean; `false` if the field is missing.
    pub fn flag(&mut self, name: &'static str, findings: &mut Findings) -> bool {
        match self.take(name) {
            None => false,
            Some(Node { value: Value::Bool(b), .. }) => *b,
            Some(node) => {
                let title = format!("`{name}` must be true or false, but it is {}", node.value.what());
                findings.problems.push(Problem::new(node.span.clone(), title, "").help("write true or false"));
                false
            }
        }
    }

    /// Reads a whole number.
    pub fn count(&mut self, name: &'static str, findings: &mut Findings) -> Option<u64> {
        let node = self.take(name)?;
        let number = match &node.value {
            Value::Number(n) => n.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            let title = format!("`{name}` must be a whole number without quotes");
            let digits = match &node.value {
                Value::Text(text) => text.trim().replace(',', ""),
                _ => String::new(),
            };
            let example = digits.parse::<u64>().unwrap_or(20);
            findings.problems.push(Problem::new(node.span.clone(), title, "").help(format!("write {example}")));
        }
        number
    }

    /// Returns the first text among the fields that were not taken, with its key.
    pub fn first_text(&self) -> Option<(&'a str, &'a str)> {
        self.pairs.iter().flatten().find_map(|(key, node)| match &node.value {
            Value::Text(text) => Some((key.name.as_str(), text.as_str())),
            _ => None,
        })
    }

    /// Returns `true` if a field that was not taken means this key.
    pub fn is_meant(&self, name: &str) -> bool {
        self.pairs.iter().flatten().any(|(key, _)| meant_key(&key.name, &[name]).is_some())
    }

    /// Adds a problem for each field that was not taken.
    pub fn finish(self, findings: &mut Findings) {
        for (key, _) in self.pairs.iter().flatten() {
            let free: Vec<&str> = self.known.iter().copied().filter(|known| !self.has(known)).collect();
            findings.problems.push(self.unknown(key, meant_key(&key.name, &free)));
        }
    }
}

/// Returns `true` for null and for a list without an item.
fn is_nothing(node: &Node) -> bool {
    matches!(&node.value, Value::Null) || matches!(&node.value, Value::List(items) if items.is_empty())
}

/// Adds a problem if a list is longer than [`MAX_ITEMS`].
fn limited(items: &[Node], name: &str, span: &Range<usize>, findings: &mut Findings) {
    if items.len() > MAX_ITEMS {
        let title = format!("`{name}` has {} items; the limit is {MAX_ITEMS}", items.len());
        findings.problems.push(Problem::new(span.clone(), title, "").help("divide it between several facts"));
    }
}

/// Reads a text that is not empty and at most [`MAX_TEXT`] long.
pub fn text(node: &Node, name: &str, findings: &mut Findings) -> Option<String> {
    let fail = |title: String| Problem::new(node.span.clone(), title, "");
    match &node.value {
        Value::Text(text) if text.trim().is_empty() => {
            findings
                .problems
                .push(fail(format!("`{name}` is empty")).help("write \"…\", with words in it, or leave the key out"));
            None
        }
        Value::Text(text) if text.len() > MAX_TEXT => {
            let title = format!("`{name}` has {} bytes; the limit is {MAX_TEXT}", text.len());
            findings.problems.push(fail(title).help("shorten it: the source has the full text"));
            None
        }
        Value::Text(text) => Some(text.clone()),
        Value::Date(date) => {
            findings.problems.push(fail("a date must be in quotes".to_owned()).help(format!("write \"{date}\"")));
            None
        }
        other => {
            let problem = fail(format!("`{name}` must be text, but it is {}", other.what()));
            findings.problems.push(problem.help(match other {
                Value::Number(number) => format!("write \"{number}\""),
                Value::List(items) => match items.as_slice() {
                    [Node { value: Value::Text(text), .. }] => format!("write \"{text}\""),
                    _ => "write \"…\", one text in quotes".to_owned(),
                },
                _ => "write \"…\", text in quotes".to_owned(),
            }));
            None
        }
    }
}

/// Reads a value of the vocabulary, written as text.
pub fn parsed<T: FromStr<Err = Invalid>>(node: &Node, name: &str, findings: &mut Findings) -> Option<T> {
    let text = text(node, name, findings)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            let (title, label, help) = match &error {
                Invalid::Word { value, allowed } => {
                    let words: Vec<&str> = words(allowed).collect();
                    let plain = value.to_lowercase().replace([' ', '_'], "-");
                    let same = words.iter().find(|word| **word == plain).copied();
                    let near = same.or_else(|| meant_word(&plain, words.iter().copied()));
                    let near = near.map(|word| format!("did you mean `{word}`?"));
                    (
                        format!("`{value}` is not a value of `{name}`"),
                        "unknown word",
                        near.unwrap_or(format!("write one of: {}", words.join(", "))),
                    )
                }
                Invalid::Date { value, why } => (
                    format!("`{value}` is not a date"),
                    *why,
                    "see *Dates* in docs/FACTS.md for every form of a date".to_owned(),
                ),
                Invalid::Id(value) => (other_id(value), "", format!("write \"{}\"", slug(value))),
                Invalid::Span(value) => (
                    format!("`{value}` is not a length of time"),
                    "",
                    "write \"18 months\", \"2 weeks\" or \"1 year\"".to_owned(),
                ),
                other => (other.to_string(), "", String::new()),
            };
            let problem = Problem::new(node.span.clone(), title, label);
            findings.problems.push(if help.is_empty() { problem } else { problem.help(help) });
            None
        }
    }
}

/// Reads the id of another fact, and records the reference to be checked later.
///
/// A name is recorded as the id that it would have, and is a problem then.
pub fn reference(node: &Node, name: &str, must_be: Option<Kind>, findings: &mut Findings) -> Option<FactId> {
    let written = text(node, name, findings)?;
    let id = written.parse::<FactId>().or_else(|_| slug(&written).parse());
    let to = id.map_err(|error| findings.problems.push(Problem::new(node.span.clone(), error.to_string(), ""))).ok()?;
    let name = (to.as_str() != written).then_some(written);
    findings.references.push(Reference { to: to.clone(), name, must_be, span: node.span.clone() });
    Some(to)
}

/// Returns the words of a list in an error.
fn words(allowed: &str) -> impl Iterator<Item = &str> {
    allowed.split(", ").map(|word| word.trim_matches('`'))
}

/// Returns an id of the words of a text: `a-council` for "A council".
pub fn slug(text: &str) -> String {
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).collect();
    let slug: String = joined(&plain).chars().take(60).collect();
    match slug.trim_end_matches('-') {
        short if short.len() < 2 => format!("fact-{short}1"),
        slug => slug.to_owned(),
    }
}

/// Returns the words of a name in lower case, with `-` between them and without apostrophes.
pub fn joined(name: &str) -> String {
    let kept = name.replace(['\'', '’'], "");
    let plain: String =
        kept.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join("-")
}

fn other_id(value: &str) -> String {
    format!("`{value}` is not an id: an id has 2 to 80 of a-z, 0-9 and `-`, and begins with a letter or a digit")
}

/// Returns the table that a value without keys probably means.
fn in_table(what: &str, value: &Value) -> String {
    let text = match value {
        Value::Text(text) => text.replace('"', "'"),
        Value::Number(text) | Value::Date(text) => text.clone(),
        _ => "…".to_owned(),
    };
    let amount = || crate::amount_as_said(&text).ok().map(|(amount, _)| amount);
    match what {
        "this due date" => match crate::date_as_said(&text, None) {
            Ok(date) => format!("{{ mode = \"by\", date = \"{date}\" }}"),
            Err(_) => format!("{{ mode = \"in-terms\", terms = \"{text}\" }}"),
        },
        "this target" => match amount() {
            Some(amount) => format!("{{ amount = \"{amount}\" }}"),
            None => format!("{{ deliverable = \"{text}\" }}"),
        },
        "this citation" => format!("{{ source = \"{text}\", at = \"page 1\" }}"),
        "this amount" => format!("{{ value = \"{}\", role = \"stated\" }}", amount().unwrap_or(text)),
        "this link" => format!("{{ bears-on = \"{text}\" }}"),
        "this quotation" => format!("{{ start = 120, words = \"{text}\" }}"),
        _ => "{ key = \"value\" }".to_owned(),
    }
}
