//! Reads the fields of one table, each once; fields that remain are unknown and become problems.
//!
//! This module knows types, limits and the vocabulary's words, but not the fields of a kind. Start
//! at [`Fields`].

use crate::Problem;
use crate::node::{Key, Node, Value};
use heldto_fact::{FactId, Invalid, Kind};
use std::ops::Range;
use std::str::FromStr;

/// Maximum length of a text field, in bytes.
pub const MAX_TEXT: usize = 16_384;
/// Maximum number of items in a list.
pub const MAX_ITEMS: usize = 1000;

/// A reference to another fact: its id, its required kind and its position.
pub struct Reference {
    pub to: FactId,
    pub must_be: Option<Kind>,
    pub span: Range<usize>,
}

/// The problems and references found while reading.
#[derive(Default)]
pub struct Findings {
    pub problems: Vec<Problem>,
    pub references: Vec<Reference>,
}

/// The fields of one table that are still to be read.
pub struct Fields<'a> {
    pairs: Vec<Option<&'a (Key, Node)>>,
    known: Vec<&'static str>,
    span: Range<usize>,
    /// A description of the table, for messages.
    what: String,
}

impl<'a> Fields<'a> {
    /// Returns the fields of a node, or adds a problem if the node is not a table.
    pub fn of(node: &'a Node, what: impl Into<String>, findings: &mut Findings) -> Option<Self> {
        let what = what.into();
        match &node.value {
            Value::Table(pairs) => {
                Some(Self { pairs: pairs.iter().map(Some).collect(), known: Vec::new(), span: node.span.clone(), what })
            }
            other => {
                let title = format!("{what} must be a table with keys, but it is {}", other.what());
                findings.problems.push(Problem::new(node.span.clone(), title, "").help("write { key = \"value\" }"));
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
        let slot = self.pairs.iter_mut().find(|p| p.is_some_and(|(key, _)| key.name == name))?;
        let (_, node) = slot.take()?;
        if matches!(node.value, Value::Null) { None } else { Some(node) }
    }

    /// Takes the first of these fields that is present.
    pub fn take_any(&mut self, names: impl Iterator<Item = &'static str>) -> Option<(&'static str, &'a Node)> {
        names.fold(None, |found, name| found.or_else(|| self.take(name).map(|node| (name, node))))
    }

    /// Adds a problem if a required field is neither valid nor `present`, and returns `value`
    /// unchanged.
    ///
    /// `present` prevents a second problem for a field that was found invalid.
    pub fn require<T>(
        &self,
        value: Option<T>,
        present: bool,
        name: &str,
        help: &str,
        findings: &mut Findings,
    ) -> Option<T> {
        if value.is_none() && !present {
            let title = format!("{} has no `{name}`", self.what);
            findings.problems.push(Problem::new(self.span(), title, "").help(help));
        }
        value
    }

    /// Reads a text that is not empty.
    pub fn text(&mut self, name: &'static str, findings: &mut Findings) -> Option<String> {
        let node = self.take(name)?;
        text(node, name, findings)
    }

    /// Reads a required text.
    pub fn required_text(&mut self, name: &'static str, help: &str, findings: &mut Findings) -> Option<String> {
        let before = findings.problems.len();
        let value = self.text(name, findings);
        let present = findings.problems.len() > before;
        self.require(value, present, name, help, findings)
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
        let before = findings.problems.len();
        let value = self.parsed(name, findings);
        let present = findings.problems.len() > before;
        self.require(value, present, name, help, findings)
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

    /// Reads a list of any values; empty if the field is missing.
    pub fn list(&mut self, name: &'static str, findings: &mut Findings) -> &'a [Node] {
        match self.take(name) {
            None => &[],
            Some(Node { value: Value::List(items), span }) => {
                limited(items, name, span, findings);
                items
            }
            Some(node) => {
                let title = format!("`{name}` must be a list, but it is {}", node.value.what());
                findings
                    .problems
                    .push(Problem::new(node.span.clone(), title, "").help("write it in square brackets: [ … ]"));
                &[]
            }
        }
    }

    /// Reads a Boolean; `false` if the field is missing.
    pub fn flag(&mut self, name: &'static str, findings: &mut Findings) -> bool {
        match self.take(name) {
            None => false,
            Some(Node { value: Value::Bool(b), .. }) => *b,
            Some(node) => {
                let title = format!("`{name}` must be true or false, but it is {}", node.value.what());
                findings
                    .problems
                    .push(Problem::new(node.span.clone(), title, "").help("write true or false, without quotes"));
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
            findings.problems.push(Problem::new(node.span.clone(), title, ""));
        }
        number
    }

    /// Adds a problem for each field that was not taken.
    pub fn finish(self, findings: &mut Findings) {
        for (key, _) in self.pairs.into_iter().flatten() {
            let title = format!("unknown key `{}`", key.name);
            let mut problem = Problem::new(key.span.clone(), title, format!("not a key of {}", self.what));
            problem.help = crate::near::did_you_mean(&key.name, self.known.iter().copied());
            findings.problems.push(problem);
        }
    }
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
                .push(fail(format!("`{name}` is empty")).help("write a text, or leave the key out if it is optional"));
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
            findings.problems.push(problem.help("write text in quotes"));
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
                    let words: Vec<&str> = allowed.split(", ").map(|w| w.trim_matches('`')).collect();
                    let near = crate::near::did_you_mean(value, words.iter().copied());
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
                other => (other.to_string(), "", String::new()),
            };
            let problem = Problem::new(node.span.clone(), title, label);
            findings.problems.push(if help.is_empty() { problem } else { problem.help(help) });
            None
        }
    }
}

/// Reads the id of another fact, and records the reference to be checked later.
pub fn reference(node: &Node, name: &str, must_be: Option<Kind>, findings: &mut Findings) -> Option<FactId> {
    let id: FactId = parsed(node, name, findings)?;
    findings.references.push(Reference { to: id.clone(), must_be, span: node.span.clone() });
    Some(id)
}
