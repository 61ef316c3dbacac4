//! Describes facts files as a JSON Schema, for editors: found by asking the reader itself which
//! keys it looks for and which values it takes.
//!
//! This module knows samples of values that the reader takes, and no rule. Start at [`schema`].

use crate::Problem;
use crate::node::{Key, Node, Value};
use crate::read::probed;
use crate::table::Findings;
use heldto_fact::Kind;
use serde_json::{Map, Value as Json, json};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the schema of a facts file (JSON Schema 2020-12).
///
/// The schema knows one fact at a time: that ids are on record, and that values fit each other, is
/// checked when the file is read.
#[must_use]
pub fn schema() -> Json {
    let written = |kind: &&Kind| !kind.is_system() && !matches!(kind, Kind::Correction | Kind::Retraction);
    let kinds = Kind::ALL.iter().filter(written).map(|kind| {
        let probe = Probe { kind: *kind, places: Cell::new(0) };
        (kind.as_str().to_owned(), json!({ "type": "array", "items": probe.table(&[]) }))
    });
    let mut properties: Map<String, Json> = kinds.collect();
    properties.insert("mapping".to_owned(), json!({ "type": "object" }));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Facts of a Heldto ledger",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    let mut uses = BTreeMap::new();
    count(&schema, &mut uses);
    let mut shared = Shared { uses, names: BTreeMap::new(), definitions: Map::new() };
    shared.replace(&mut schema, "fact");
    schema["$defs"] = Json::Object(shared.definitions);
    schema
}

/// Length of a description from which it is given once, and referred to.
const SHARED: usize = 150;

/// Counts how often each long description is given, by its text.
fn count(of: &Json, uses: &mut BTreeMap<String, usize>) {
    if let Json::Object(fields) = of {
        let text = of.to_string();
        if text.len() > SHARED && (fields.contains_key("anyOf") || fields.contains_key("properties")) {
            *uses.entry(text).or_default() += 1;
        }
        fields.values().for_each(|inner| count(inner, uses));
    } else if let Json::Array(items) = of {
        items.iter().for_each(|inner| count(inner, uses));
    }
}

/// Descriptions that are given once.
struct Shared {
    uses: BTreeMap<String, usize>,
    /// Name of each, by its text.
    names: BTreeMap<String, String>,
    definitions: Map<String, Json>,
}

impl Shared {
    /// Replaces what is used more than once by a reference; `key` names the place.
    fn replace(&mut self, of: &mut Json, key: &str) {
        let text = of.to_string();
        let is_shared = self.uses.get(&text).is_some_and(|uses| *uses > 1);
        if let Some(name) = self.names.get(&text) {
            *of = json!({ "$ref": format!("#/$defs/{name}") });
            return;
        }
        match of {
            Json::Object(fields) => {
                for (inner_key, inner) in fields {
                    let is_word = matches!(inner_key.as_str(), "anyOf" | "items" | "properties" | "enum" | "required");
                    self.replace(inner, if is_word { key } else { inner_key.as_str() });
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|inner| self.replace(inner, key)),
            _ => {}
        }
        if is_shared {
            let numbered = (1..).map(|n| if n == 1 { key.to_owned() } else { format!("{key}-{n}") });
            let name = numbered.into_iter().find(|name| !self.definitions.contains_key(name)).unwrap_or_default();
            self.definitions.insert(name.clone(), std::mem::take(of));
            *of = json!({ "$ref": format!("#/$defs/{name}") });
            self.names.insert(text, name);
        }
    }
}

/// Step from a table to a value inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A key, with another and its text if the key is looked for only beside that one.
    Key(&'static str, Option<(&'static str, &'static str)>),
    Item,
}

/// Texts of which the reader takes one wherever it takes a text of a certain form.
const SAMPLES: [&str; 6] = [
    "some-id",
    "2025-01-01",
    "5 places",
    "2 weeks",
    "gss:E1",
    "0000000000000000000000000000000000000000000000000000000000000000",
];

/// Word that is like no other, so that a refusal lists all.
const NO_WORD: &str = "~";

/// Questions to the reader about one kind.
struct Probe {
    kind: Kind,
    /// Number of places given away, so that each value has its own.
    places: Cell<usize>,
}

impl Probe {
    /// Returns a value at a place of its own.
    fn node(&self, value: Value) -> Node {
        let start = 10 * (self.places.get() + 1);
        self.places.set(self.places.get() + 1);
        Node { value, span: start..start + 1 }
    }

    fn text(&self, text: &str) -> Node {
        self.node(Value::Text(text.to_owned()))
    }

    fn table_of(&self, pairs: impl IntoIterator<Item = (&'static str, Node)>) -> Node {
        // A key that the reader does not know is a problem of its value.
        let pair = |(name, node): (&str, Node)| (Key { name: name.to_owned(), span: node.span.clone() }, node);
        self.node(Value::Table(pairs.into_iter().map(pair).collect()))
    }

    /// Lets the reader read a fact with a value at the end of a path, and nothing else.
    fn ask(&self, path: &[Step], value: Node) -> Findings {
        let fact = path.iter().rev().fold(value, |inner, step| match step {
            Step::Key(name, beside) => {
                let beside = beside.map(|(other, text)| (other, self.text(text)));
                self.table_of(std::iter::once((*name, inner)).chain(beside))
            }
            Step::Item => self.node(Value::List(vec![inner])),
        });
        probed(self.kind, &fact)
    }

    /// Returns the problem of a value at the end of a path.
    fn refusal(&self, path: &[Step], value: Node) -> Option<Problem> {
        let place = value.span.clone();
        self.ask(path, value).problems.into_iter().find(|problem| problem.span == place)
    }

    /// Returns a value that is taken at the end of a path.
    fn sample(&self, path: &[Step], shape: &Json) -> Option<Node> {
        if let Some(word) = shape["enum"][0].as_str() {
            return Some(self.text(word));
        }
        let texts = SAMPLES.iter().map(|text| self.text(text));
        let others = [Value::Number("5".to_owned()), Value::Bool(true)].map(|value| self.node(value));
        let tables = [
            vec![("source", "some-id"), ("at", "page 1")],
            vec![("value", "5 places"), ("role", "stated")],
            vec![("supports", "some-id")],
            vec![("amount", "5 places")],
            vec![("mode", "in-terms"), ("terms", "soon")],
            vec![("what", "it")],
        ];
        let tables = tables.map(|pairs| self.table_of(pairs.into_iter().map(|(key, text)| (key, self.text(text)))));
        let mut all = texts.chain(others).chain(tables);
        all.find(|node| !self.ask(path, node.clone()).problems.iter().any(|problem| is_inside(node, problem)))
    }

    /// Describes the table at the end of a path.
    fn table(&self, path: &[Step]) -> Json {
        let mut shapes: BTreeMap<&'static str, Json> = BTreeMap::new();
        let mut samples: BTreeMap<&'static str, Node> = BTreeMap::new();
        let asked = self.keys(path, &BTreeMap::new());
        let mut left: BTreeMap<&'static str, Option<(&'static str, &'static str)>> =
            asked.into_iter().map(|name| (name, None)).collect();
        while let Some((name, beside)) = left.pop_first() {
            let inner: Vec<Step> = path.iter().copied().chain([Step::Key(name, beside)]).collect();
            let shape = self.value(&inner);
            if let Some(sample) = self.sample(&inner, &shape) {
                let alone = self.keys(path, &BTreeMap::from([(name, sample.clone())]));
                let text = SAMPLES.iter().find(|text| matches!(&sample.value, Value::Text(taken) if taken == *text));
                samples.insert(name, sample);
                let found = alone.into_iter().map(|found| (found, text.map(|text| (name, *text))));
                let found = found.chain(self.keys(path, &samples).into_iter().map(|found| (found, None)));
                for (found, beside) in found.filter(|(found, _)| !shapes.contains_key(found) && *found != name) {
                    left.entry(found).or_insert(beside);
                }
            }
            shapes.insert(name, shape);
        }
        let lacks = |name: &'static str| {
            let mut others = samples.clone();
            others.remove(name);
            let lacks = format!("has no `{name}`");
            self.ask(path, self.table_of(others)).problems.iter().any(|problem| problem.title.ends_with(&lacks))
        };
        let required: Vec<&'static str> = shapes.keys().copied().filter(|name| lacks(name)).collect();
        json!({
            "type": "object",
            "required": required,
            "properties": shapes,
            "additionalProperties": false,
        })
    }

    /// Returns the keys that the reader looks for in the table at the end of a path, beside these.
    fn keys(&self, path: &[Step], samples: &BTreeMap<&'static str, Node>) -> BTreeSet<&'static str> {
        let table = self.table_of(samples.iter().map(|(name, node)| (*name, node.clone())));
        let place = table.span.start;
        let asked = self.ask(path, table).asked.unwrap_or_default();
        asked.borrow().get(&place).cloned().unwrap_or_default()
    }

    /// Describes the values that are taken at the end of a path.
    fn value(&self, path: &[Step]) -> Json {
        let mut taken: Vec<Json> = self.texts(path).into_iter().collect();
        let number = self.node(Value::Number("5".to_owned()));
        if self.refusal(path, number).is_none() {
            taken.push(json!({ "type": "number" }));
        }
        if self.refusal(path, self.node(Value::Bool(true))).is_none() {
            taken.push(json!({ "type": "boolean" }));
        }
        let table = self.table_of([]);
        let place = table.span.start;
        if self.ask(path, table).asked.is_some_and(|asked| asked.borrow().contains_key(&place)) {
            taken.push(self.table(path));
        }
        if path.last() != Some(&Step::Item) && self.refusal(path, self.node(Value::List(Vec::new()))).is_none() {
            let items: Vec<Step> = path.iter().copied().chain([Step::Item]).collect();
            taken.push(json!({ "type": "array", "items": self.value(&items) }));
        }
        match taken.len() {
            1 => taken.remove(0),
            _ => json!({ "anyOf": taken }),
        }
    }

    /// Describes the texts that are taken at the end of a path; `None` if none is.
    fn texts(&self, path: &[Step]) -> Option<Json> {
        let probe = self.text(NO_WORD);
        let place = probe.span.clone();
        let found = self.ask(path, probe);
        let is_here = |span: &std::ops::Range<usize>| *span == place;
        if found.references.iter().any(|reference| is_here(&reference.span)) {
            return Some(json!({ "type": "string", "description": "the id of a fact", "minLength": 2 }));
        }
        let Some(problem) = found.problems.into_iter().find(|problem| is_here(&problem.span)) else {
            return Some(json!({ "type": "string", "minLength": 1 }));
        };
        let words = problem.help.as_deref().and_then(|help| help.split_once("write one of: "));
        if let Some((_, words)) = words {
            let words: Vec<&str> = words.split(", ").collect();
            return Some(json!({ "enum": words }));
        }
        let is_taken = |text: &&&str| self.refusal(path, self.text(text)).is_none();
        SAMPLES
            .iter()
            .find(is_taken)
            .map(|sample| json!({ "type": "string", "minLength": 1, "description": format!("for example {sample}") }))
    }
}

/// Returns `true` if a problem is that of a value, or of one inside it.
fn is_inside(node: &Node, problem: &Problem) -> bool {
    let inside = match &node.value {
        Value::Table(pairs) => pairs.iter().any(|(_, inner)| is_inside(inner, problem)),
        Value::List(items) => items.iter().any(|inner| is_inside(inner, problem)),
        _ => false,
    };
    inside || problem.span == node.span
}
