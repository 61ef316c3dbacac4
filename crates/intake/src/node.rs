//! Parses TOML and JSON lines into one tree, with the position of each value.
//!
//! This module knows syntax and the names of kinds, but no other field. Start at [`from_toml`] and
//! [`from_json_lines`].

use crate::Problem;
use crate::near::did_you_mean;
use crate::problem::{Lines, MOST_SHOWN};
use heldto_fact::Kind;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A value and its byte range in the text.
#[derive(Debug, Clone)]
pub struct Node {
    pub value: Value,
    pub span: Range<usize>,
}

/// A value, independent of the syntax.
#[derive(Debug, Clone)]
pub enum Value {
    Text(String),
    /// The digits as written, so that none is lost.
    Number(String),
    Bool(bool),
    /// A date written without quotes.
    Date(String),
    List(Vec<Node>),
    Table(Vec<(Key, Node)>),
    Null,
}

/// A key and its byte range in the text.
#[derive(Debug, Clone)]
pub struct Key {
    pub name: String,
    pub span: Range<usize>,
}

impl Value {
    /// Returns the name of the value's type, for messages.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Number(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::Date(_) => "a date without quotes",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Null => "null",
        }
    }
}

/// Words that people use for a kind.
const KINDS_SAID: [(&str, Kind); 11] = [
    ("promise", Kind::Pledge),
    ("commitment", Kind::Pledge),
    ("duty", Kind::Pledge),
    ("requirement", Kind::Pledge),
    ("body", Kind::Party),
    ("council", Kind::Party),
    ("document", Kind::Source),
    ("figure", Kind::Measurement),
    ("payment", Kind::Payout),
    ("progress", Kind::Delivery),
    ("report", Kind::Publication),
];

/// The name of the mapping's table in a file that otherwise holds facts.
const MAPPING_KEY: &str = "mapping";

type Tables = Result<Vec<(Kind, Node)>, Vec<Problem>>;

/// Returns the facts of a TOML file: tables in arrays named after kinds, in the order of the file.
///
/// # Errors
/// Every problem found.
pub fn from_toml(text: &str) -> Tables {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(first_of_regions(text, &errors));
    }
    let mut tables = Vec::new();
    let mut problems = Vec::new();
    for (key, value) in table.into_inner() {
        // A mapping file also contains facts; the mapping itself is read by `mapping.rs`.
        if key.get_ref() == MAPPING_KEY {
            continue;
        }
        let kind = match key.get_ref().parse::<Kind>() {
            Ok(kind) => kind,
            Err(_) => {
                let words: Vec<&str> = Kind::ALL.iter().map(|k| k.as_str()).collect();
                let problem =
                    Problem::new(key.span(), format!("unknown kind `{}`", key.get_ref()), "no kind has this name");
                let used = KINDS_SAID.iter().find(|(said, _)| said.eq_ignore_ascii_case(key.get_ref()));
                let meant = used.map(|(_, kind)| format!("did you mean `{kind}`?"));
                let meant = meant.or_else(|| did_you_mean(&key.get_ref().to_lowercase(), words.iter().copied()));
                problems.push(problem.help(meant.unwrap_or_else(|| format!("use one of: {}", words.join(", ")))));
                continue;
            }
        };
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => tables.extend(items.into_iter().map(|item| (kind, node(item)))),
            _ => problems.push(
                Problem::new(span, format!("`{kind}` is not a list of facts"), "")
                    .help(format!("write it in double brackets: [[{kind}]]")),
            ),
        }
    }
    tables.sort_by_key(|(_, node)| node.span.start);
    if problems.is_empty() { Ok(tables) } else { Err(problems) }
}

/// Returns the problems of a text that is not valid TOML: the first of each run of adjacent lines
/// with errors.
fn first_of_regions(text: &str, errors: &[toml::de::Error]) -> Vec<Problem> {
    let lines = Lines::of(text);
    let mut spans: Vec<(usize, &toml::de::Error)> =
        errors.iter().map(|error| (lines.number(error.span().map_or(0, |span| span.start)), error)).collect();
    spans.sort_by_key(|(line, error)| (*line, error.span().map_or(0, |span| span.start)));
    let mut problems = Vec::new();
    let mut torn = None;
    for (line, error) in spans {
        let is_first = torn.is_none_or(|before| line > before + 1);
        torn = Some(line);
        if is_first {
            problems.push(syntax(text, error.span().unwrap_or(0..0), error.message()));
        }
        if problems.len() > MOST_SHOWN {
            break;
        }
    }
    problems
}

fn node(spanned: toml::Spanned<DeValue<'_>>) -> Node {
    let span = spanned.span();
    let value = match spanned.into_inner() {
        DeValue::String(s) => Value::Text(s.into_owned()),
        DeValue::Integer(n) => Value::Number(n.as_str().replace('_', "")),
        DeValue::Float(n) => Value::Number(n.as_str().replace('_', "")),
        DeValue::Boolean(b) => Value::Bool(b),
        DeValue::Datetime(d) => Value::Date(d.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(node).collect()),
        DeValue::Table(table) => {
            let mut pairs: Vec<(Key, Node)> = table
                .into_iter()
                .map(|(key, value)| (Key { name: key.get_ref().to_string(), span: key.span() }, node(value)))
                .collect();
            pairs.sort_by_key(|(key, _)| key.span.start);
            Value::Table(pairs)
        }
    };
    Node { value, span }
}

/// Returns the parser's error, or a clearer message for the most common mistakes.
fn syntax(text: &str, span: Range<usize>, message: &str) -> Problem {
    let at = span.start.min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
    let line = &text[start..end];
    let whole = start..start + line.trim_end().len();
    let title = format!("this is not valid TOML: {}", message.lines().next().unwrap_or_default());
    if let Some(kind) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
        && kind.parse::<Kind>().is_ok()
    {
        let problem = Problem::new(whole, "a fact begins with its kind in double brackets", "");
        return problem.help(format!("write [[{kind}]]"));
    }
    // A table of the same name before a list of tables is the slip, and not the list.
    if message.contains("duplicate key")
        && let Some(kind) = line.trim().strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]"))
        && let Some(single) = text.find(&format!("\n[{kind}]\n"))
    {
        let here = single + 1..single + 3 + kind.len();
        let problem = Problem::new(here, "a fact begins with its kind in double brackets", "");
        return problem.help(format!("write [[{kind}]]"));
    }
    // The value around the mark: after the nearest `=` before it.
    let before = &text[start..at];
    let equals = before.rfind('=').or_else(|| line.find('=')).filter(|equals| *equals > 0);
    if let Some(equals) = equals {
        let value = &line[equals + 1..];
        let offset = start + equals + 1 + (value.len() - value.trim_start().len());
        let value = value.trim();
        let word: &str = value.split([',', ' ', '}', ']', '#']).next().unwrap_or(value);
        let here = offset..offset + word.len();
        let digits = |c: char| word.contains(c) && word.chars().all(|d| d.is_ascii_digit() || d == c);
        if value.starts_with('£') {
            let amount = value.split(['}', ']', '#', '\n']).next().unwrap_or(value).trim();
            // The comma may be of the number, or end the value.
            let amount = amount.split_once(", ").map_or(amount, |(amount, _)| amount);
            let written =
                crate::amount_as_said(amount).map_or_else(|_| "11000000 GBP".to_owned(), |(amount, _)| amount);
            let here = offset..offset + amount.len();
            return Problem::new(here, "money must be a number and a currency, in quotes", "a bare pound sign")
                .help(format!("write \"{written}\""));
        }
        if digits('/') {
            let said = crate::date_as_said(word, None).map_or_else(
                |why| why.split_once(": ").map_or(why.clone(), |(_, help)| help.to_owned()),
                |date| format!("write \"{date}\""),
            );
            return Problem::new(here, "a date must be in quotes", "a date without quotes").help(said);
        }
        if digits('-') {
            return Problem::new(here, "a date must be in quotes", "a date without quotes")
                .help(format!("write \"{word}\""));
        }
        let is_outside = !line[equals + 1..].contains(['{', '[', '}', ']']);
        if let Some(rest) = value.strip_prefix('"').filter(|rest| is_outside && !rest.contains('"')) {
            let here = offset..offset + value.len();
            return Problem::new(here, "a text that is not closed", "no quotation mark at its end")
                .help(format!("write \"{}\"", rest.trim_end()));
        }
        let value = value.split('#').next().unwrap_or(value).trim_end();
        let truth = match value.to_ascii_lowercase().as_str() {
            "yes" | "true" => Some("true"),
            "no" | "false" => Some("false"),
            _ => None,
        };
        if let Some(truth) = truth.filter(|_| is_outside) {
            let here = offset..offset + value.len();
            return Problem::new(here, "this must be true or false", "").help(format!("write {truth}"));
        }
        if is_outside && value.starts_with(char::is_alphabetic) && !value.contains(['"', '\\']) {
            let here = offset..offset + value.len();
            return Problem::new(here, "text must be in quotes", "text without quotes")
                .help(format!("write \"{value}\""));
        }
    }
    if let Some((key, value)) = line.split_once(": ").filter(|(key, _)| is_key(key)) {
        let problem = Problem::new(whole, "a key and its value have `=` between them", "a colon");
        return problem.help(format!("write {key} = {}", value.trim()));
    }
    if message.contains("missing comma") {
        let here = at..at + text[at..].chars().next().map_or(0, char::len_utf8);
        let next = &text[here.clone()];
        return Problem::new(here.clone(), "a comma is missing before this", "").help(format!("write , {next}"));
    }
    Problem::new(span, title, "")
        .help("text is in quotes, a list in [ ], a table in { } on one line; docs/FACTS.md has examples")
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Returns the facts of JSON lines: one object a line, under its kind as in `{"pledge": {…}}`.
///
/// In a line of an export, the fact stands under the key `fact`.
///
/// # Errors
/// Every problem found.
pub fn from_json_lines(text: &str) -> Tables {
    let mut tables = Vec::new();
    let mut problems = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let span = start..start + line.trim_end().len();
        start += line.len();
        if line.trim().is_empty() {
            continue;
        }
        match crate::strict_json(line) {
            Ok(value) => match fact_of(value) {
                Ok(Some((kind, fields))) => tables.push((kind, from_json(fields, &span))),
                Ok(None) => {}
                Err(why) => problems.push(
                    Problem::new(span, why, "")
                        .help("each line must be an object, as in {\"pledge\": {\"id\": \"…\", …}}"),
                ),
            },
            Err(error) => {
                let at = (span.start + error.column().saturating_sub(1)).min(span.end);
                problems.push(Problem::new(at..span.end, format!("this is not valid JSON: {error}"), ""));
            }
        }
    }
    if problems.is_empty() { Ok(tables) } else { Err(problems) }
}

/// Returns the kind and the fields of a fact nested in another, as in an exported correction.
pub fn nested(node: &Node) -> Option<(Kind, &Node)> {
    match &node.value {
        Value::Table(pairs) => match pairs.as_slice() {
            [(key, fact)] => Some((key.name.parse().ok()?, fact)),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the kind and the fields of a line, or `None` if a line of an export contains no fact, as
/// the first and the last do.
fn fact_of(value: serde_json::Value) -> Result<Option<(Kind, serde_json::Value)>, String> {
    let serde_json::Value::Object(mut fields) = value else { return Err("this line is not a JSON object".to_owned()) };
    if fields.contains_key("entry") || fields.contains_key("heldto") || fields.contains_key("end") {
        match fields.remove("fact") {
            Some(serde_json::Value::Object(inner)) => fields = inner,
            _ => return Ok(None),
        }
    }
    let mut fields = fields.into_iter();
    match (fields.next(), fields.next()) {
        (Some((word, fact)), None) if word.parse::<Kind>().is_ok() => {
            Ok(word.parse::<Kind>().ok().map(|kind| (kind, fact)))
        }
        _ => Err("this line must have one fact, under its kind".to_owned()),
    }
}

fn from_json(value: serde_json::Value, span: &Range<usize>) -> Node {
    let value = match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(b),
        serde_json::Value::Number(n) => Value::Number(n.to_string()),
        serde_json::Value::String(s) => Value::Text(s),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(|i| from_json(i, span)).collect()),
        serde_json::Value::Object(fields) => Value::Table(
            fields.into_iter().map(|(name, v)| (Key { name, span: span.clone() }, from_json(v, span))).collect(),
        ),
    };
    Node { value, span: span.clone() }
}
