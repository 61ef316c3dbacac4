//! Records that have something of others: versions of the same fact, names, and the same words.
//! Knows no arguments and writes nothing. Start at [`descendants`].

use crate::error::CommandError;
use crate::open::LocalLedger;
use heldto_fact::{Body, Content, Fact, FactId};
use heldto_intake::to_json;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization;

/// A record to erase.
pub struct Erasing {
    /// Index of its entry.
    pub index: u64,
    /// The record.
    pub fact: Fact,
}

impl Erasing {
    /// Returns the fact whose words are erased: of a correction, its replacement.
    fn content(&self) -> &Fact {
        match &self.fact.body {
            Body::Correction { replacement, .. } => replacement,
            _ => &self.fact,
        }
    }

    /// Returns the texts of its own: its words, those it quotes, and every other of 12 characters
    /// or more.
    pub fn texts(&self) -> Vec<Words> {
        let quoted = self.content().quotations().filter_map(|quotation| quotation.words.as_deref());
        let own = quoted.chain([self.content().text.as_str()]).map(Words::of);
        let mut found: Vec<Words> = own.filter(|text| text.characters() >= 6).collect();
        let mut all = Vec::new();
        texts_in(&to_json(self.content()), &mut all);
        if let Body::Correction { reason, .. } | Body::Retraction { reason, .. } = &self.fact.body {
            all.push(reason.clone());
        }
        let others = all.iter().filter(|text| text.contains(' ')).map(|text| Words::of(text));
        found.extend(others.filter(|text| text.characters() >= 12));
        // The name of a body or a metric stands in many facts that are not about it.
        let is_named = matches!(self.content().body, Body::Party { .. } | Body::Metric { .. });
        if is_named { Vec::new() } else { found }
    }

    /// Returns `true` if a text that is published would tell something of the record.
    pub fn is_told_by(&self, stated: &Words) -> bool {
        let own = self.texts();
        let (id, text) = (Words::of(self.fact.id.as_str()), Words::of(&self.content().text));
        stated.has(&id) || stated.has(&text) || own.iter().any(|own| stated.has(own) || stated.shares_four(own))
    }
}

/// Adds every text inside a JSON value.
fn texts_in(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|value| texts_in(value, found)),
        Value::Object(all) => all.values().for_each(|value| texts_in(value, found)),
        _ => {}
    }
}

/// A record that has something of one that is to be erased.
pub struct Descendant {
    /// The thing that it has of the other, in words.
    pub why: &'static str,
    /// `true` if it is about an identifiable child or family.
    pub is_sensitive: bool,
    /// `true` if it is another version of the same fact.
    pub is_version: bool,
    /// `true` if it is such a version that is not itself marked sensitive.
    pub would_be_public: bool,
}

/// Finds the records that correct, withdraw or name one of the targets, or have the same words.
///
/// Reads the whole log.
///
/// # Errors
/// If the log cannot be read.
pub fn descendants(
    open: &LocalLedger,
    targets: &[Erasing],
    words_only: bool,
) -> Result<BTreeMap<FactId, Descendant>, CommandError> {
    let sensitive = open.sensitive()?.entities;
    let own: BTreeSet<&FactId> = targets.iter().map(|target| &target.fact.id).collect();
    let ids: BTreeSet<FactId> =
        if words_only { BTreeSet::new() } else { targets.iter().map(|target| target.fact.id.clone()).collect() };
    let of_ids: Vec<Words> = ids.iter().map(|id| Words::of(id.as_str())).collect();
    let entities: BTreeSet<&FactId> = targets.iter().map(|target| target.fact.entity_id()).collect();
    let texts: Vec<Words> = targets.iter().flat_map(Erasing::texts).collect();
    let mut found = BTreeMap::new();
    for recorded in open.recorded(0..open.head().size()) {
        let Content::Known(fact) = recorded?.content else { continue };
        if own.contains(&fact.id) {
            continue;
        }
        let is_version = entities.contains(fact.entity_id());
        let why = match &fact.body {
            Body::Correction { .. } if is_version && !words_only => Some("is a correction of it"),
            Body::Retraction { .. } if is_version && !words_only => Some("withdraws it"),
            _ if is_version && !words_only => Some("is the fact that it amends, and stands again as it was"),
            _ if fact.names_any(&ids) => Some("names it"),
            _ => repeats(&fact, &texts, &of_ids),
        };
        let Some(why) = why else { continue };
        let is_sensitive = sensitive.contains(fact.entity_id());
        let would_be_public = is_version
            && is_sensitive
            && !fact.marks_sensitive()
            && !matches!(fact.body, Body::Retraction { .. })
            && targets.iter().any(|target| target.fact.entity_id() == fact.entity_id());
        found.insert(fact.id.clone(), Descendant { why, is_sensitive, is_version, would_be_public });
    }
    Ok(found)
}

/// Returns in what way a fact repeats the texts or the ids of others; `None` if it does not.
fn repeats(fact: &Fact, texts: &[Words], ids: &[Words]) -> Option<&'static str> {
    let mut all = Vec::new();
    texts_in(&to_json(fact), &mut all);
    let all: Vec<Words> = all.iter().map(|text| Words::of(text)).collect();
    let is_same = |own: &Words| {
        let is_part = |text: &Words| text.characters() >= 12 && own.has(text);
        all.iter().any(|text| text.has(own) || is_part(text))
    };
    if texts.iter().any(is_same) {
        return Some("has the same words");
    }
    ids.iter().any(|id| all.iter().any(|text| text.has(id))).then_some("has its id in its words")
}

/// The words of a text, for comparison: letters and digits, in one form, with a space before and
/// after each word.
pub struct Words(String);

impl Words {
    /// Returns the words of a text.
    pub fn of(text: &str) -> Self {
        // Unseen characters inside a word do not make it another one.
        let seen = text.nfkc().filter(|c| !is_unseen(*c));
        let spaced: String =
            seen.map(|c| if c.is_alphanumeric() { c } else { ' ' }).flat_map(char::to_lowercase).collect();
        Self(spaced.split_whitespace().fold(" ".to_owned(), |words, word| words + word + " "))
    }

    /// Returns `true` if another text, of one word or more, is a part of this one.
    pub fn has(&self, other: &Self) -> bool {
        other.0.len() > 1 && self.0.contains(&other.0)
    }

    /// Returns `true` if the texts share four words in a row.
    fn shares_four(&self, other: &Self) -> bool {
        let words: Vec<&str> = self.0.split_whitespace().collect();
        words.windows(4).any(|four| other.0.contains(&format!(" {} ", four.join(" "))))
    }

    fn characters(&self) -> usize {
        self.0.trim().chars().count()
    }
}

/// Returns `true` for characters that show nothing.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
