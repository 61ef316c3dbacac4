//! Turns answers into the text of a facts file: finds what is on record by name, reads dates and
//! amounts as people say them. Knows no terminal. Start at [`Answers`].

use super::questions::{Question, Sort};
use crate::prompt::Choice;
use chrono::NaiveDate;
use heldto_fact::{Body, FactId, Kind, Outcome, PartyKind, Qualifier, Quantity, Target, When};
use heldto_intake::{Authority, amount_as_said, authorities, date_as_said, did_you_mean, slug};
use heldto_replay::AllView;
use heldto_report::when;
use std::collections::BTreeMap;
use toml::Value;

/// Reason why an answer is not taken.
#[derive(Debug)]
pub struct Refusal {
    /// The reason, with what to say.
    pub message: String,
    /// `true` if the answer may be the name of a body that is not on record.
    pub is_unknown_body: bool,
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self { message, is_unknown_body: false }
    }
}

/// The answers so far.
pub struct Answers<'a> {
    kind: Kind,
    view: AllView<'a>,
    today: NaiveDate,
    /// Answers as written in a facts file, by the key of their question.
    given: BTreeMap<&'static str, String>,
    /// The amount's qualifier.
    stated: Qualifier,
    /// Bodies and sources that are not on record yet, as text of a facts file.
    new: Vec<(FactId, String)>,
}

impl<'a> Answers<'a> {
    /// Starts without an answer.
    pub const fn new(kind: Kind, view: AllView<'a>, today: NaiveDate) -> Self {
        Self { kind, view, today, given: BTreeMap::new(), stated: Qualifier::Exact, new: Vec::new() }
    }

    /// Returns `true` if the answer follows from the others: what was delivered of a target says
    /// whether all of it was.
    pub fn follows(&mut self, question: &Question) -> bool {
        if question.key == "at" {
            return self.given.contains_key("at");
        }
        // An authority of the list is a council.
        if self.kind == Kind::Party && question.key == "kind" && self.authority().is_some() {
            self.given.insert("kind", PartyKind::Council.as_str().to_owned());
            return true;
        }
        // A first count includes no other.
        if question.key == "basis" {
            return !self.is_needed(question);
        }
        if question.key != "outcome" || self.kind != Kind::Delivery {
            return false;
        }
        let Some((delivered, target)) = self.given.get("amount").zip(self.target()) else { return false };
        let Some(delivered) = delivered.split(' ').next().and_then(|number| number.parse::<Quantity>().ok()) else {
            return false;
        };
        let outcome = if delivered < target { Outcome::Part } else { Outcome::Done };
        let follows = self.stated == Qualifier::Exact && delivered != Quantity::ZERO;
        if follows {
            self.given.insert("outcome", outcome.as_str().to_owned());
        }
        follows
    }

    /// Returns `true` if a question must be answered: one that always must, and whether a count
    /// includes the earlier ones, if there are any.
    pub fn is_needed(&self, question: &Question) -> bool {
        let is_counted = || {
            let of = self.given.get("for").and_then(|id| id.parse::<FactId>().ok());
            let counts = |id: &FactId| {
                let fact = self.view.fact(id);
                fact.is_some_and(|fact| {
                    !fact.amounts.is_empty() && fact.links.iter().any(|link| Some(&link.to) == of.as_ref())
                })
            };
            self.given.contains_key("amount") && self.view.of_kind(Kind::Delivery).any(counts)
        };
        question.is_needed || (question.key == "basis" && is_counted())
    }

    /// Returns the number that the commitment is to reach, if the amount is in its unit.
    fn target(&self) -> Option<Quantity> {
        let fact = self.view.fact(&self.given.get("for")?.parse().ok()?)?;
        let target = match &fact.body {
            Body::Pledge(terms) => terms.target.as_ref()?,
            Body::Recommendation(recommended) => recommended.terms.target.as_ref()?,
            _ => return None,
        };
        let Target::Amount(amount) = target else { return None };
        let unit = self.given.get("amount")?.split_once(' ')?.1;
        (amount.unit.to_string() == unit && amount.qualifier == Qualifier::Exact).then_some(amount.value)?
    }

    /// Takes an answer; returns how it was understood, if that is not as it was typed.
    ///
    /// # Errors
    /// If it is not an answer to the question.
    pub fn answer(&mut self, question: &Question, text: &str) -> Result<Option<String>, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Refusal::from("it is empty".to_owned()));
        }
        // Marks that turn the direction of writing hide what is said, too.
        if text.contains(|c: char| {
            c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        }) {
            return Err(Refusal::from("it has characters that cannot be seen: type it anew".to_owned()));
        }
        let mut understood = None;
        let written = match question.sort {
            Sort::Words if self.kind == Kind::Party && question.key == "text" => {
                let known = authority(text);
                understood = known.as_ref().map(said_of);
                known.map_or_else(|| text.to_owned(), |known| known.name)
            }
            Sort::Words => text.to_owned(),
            Sort::Choice(words) => {
                let words = words();
                let typed = text.to_lowercase().replace(' ', "-");
                let begun: Vec<&str> = words.iter().copied().filter(|word| word.starts_with(&typed)).collect();
                match (words.iter().find(|word| **word == typed), &begun[..]) {
                    (Some(word), _) => (*word).to_owned(),
                    (None, [only]) => {
                        understood = Some(format!("understood as: {only}"));
                        (*only).to_owned()
                    }
                    _ => return Err(Refusal::from(format!("`{text}` is none of: {}", words.join(", ")))),
                }
            }
            Sort::Fact(kind) => {
                let id = self.found(&[kind], text)?;
                understood = self.name(&id);
                id.to_string()
            }
            Sort::Commitment => {
                let id = self.found(&COMMITMENTS, text)?;
                understood = self.name(&id);
                id.to_string()
            }
            Sort::Date => {
                let date = date_as_said(text, Some(self.today))?;
                understood = date.parse::<When>().ok().map(|date| format!("understood as: {}", when(&date)));
                date
            }
            Sort::Amount => self.amount(text, &mut understood)?,
            Sort::Target => {
                let is_amount =
                    text.starts_with(|c: char| c.is_ascii_digit() || c == '£') || amount_as_said(text).is_ok();
                if is_amount { self.amount(text, &mut understood)? } else { text.to_owned() }
            }
            Sort::Source => self.source(text, &mut understood)?,
        };
        self.given.insert(question.key, written);
        Ok(understood)
    }

    fn amount(&mut self, text: &str, understood: &mut Option<String>) -> Result<String, Refusal> {
        let (amount, stated) = amount_as_said(text)?;
        self.stated = stated;
        if amount != text {
            let stated = if stated == Qualifier::Exact { String::new() } else { format!("{stated} ") };
            *understood = Some(format!("understood as: {stated}{amount}"));
        }
        Ok(amount)
    }

    /// Finds a source by its id or title; or makes a new one of a publisher, a day and a place.
    fn source(&mut self, text: &str, understood: &mut Option<String>) -> Result<String, Refusal> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if let [publisher, day, rest @ ..] = &parts[..]
            && let Ok(published) = date_as_said(day, Some(self.today))
            && !publisher.is_empty()
        {
            let is_same = |id: &&FactId| {
                self.view.fact(id).is_some_and(|fact| match &fact.body {
                    Body::Source(from) => {
                        from.publisher.as_deref().is_some_and(|by| by.eq_ignore_ascii_case(publisher))
                            && from.published.as_ref() == published.parse().ok().as_ref()
                    }
                    _ => false,
                })
            };
            let known = self.view.of_kind(Kind::Source).find(is_same).cloned();
            if !rest.is_empty() {
                self.given.insert("at", rest.join(", "));
            }
            if let Some(known) = known {
                *understood = self.name(&known);
                return Ok(known.to_string());
            }
            let id = self.unused(&format!("{publisher} {published}"));
            let title =
                format!("{publisher}, {}", published.parse::<When>().map_or_else(|_| day.to_string(), |w| when(&w)));
            *understood = Some(format!("new source: {id}"));
            let fields = [("id", id.as_str()), ("title", &title), ("publisher", publisher), ("published", &published)];
            self.new.push((id.clone(), table("source", &fields)));
            return Ok(id.to_string());
        }
        let id = self.found(&[Kind::Source], text).map_err(|refusal| {
            Refusal::from(format!(
                "{} (a new one is its publisher and its day, such as: Derbyshire Times, 4 Apr 2025)",
                refusal.message
            ))
        })?;
        *understood = self.name(&id);
        Ok(id.to_string())
    }

    /// Takes a body that is not on record; returns what will be recorded.
    ///
    /// # Errors
    /// If `kind` is no kind of a body.
    pub fn declare(&mut self, question: &Question, name: &str, kind: &str) -> Result<String, Refusal> {
        let kind: PartyKind = kind.to_lowercase().replace(' ', "-").parse().map_err(|_| {
            let kinds: Vec<&str> = PartyKind::ALL.iter().map(|kind| kind.as_str()).collect();
            format!("`{kind}` is none of: {}", kinds.join(", "))
        })?;
        let known = authority(name).filter(|_| kind == PartyKind::Council);
        let name = known.as_ref().map_or(name, |known| known.name.as_str());
        let id = self.unused(name);
        let mut party = table("party", &[("id", id.as_str()), ("name", name), ("kind", kind.as_str())]);
        if let Some(known) = &known {
            party = format!("{}\nidentifiers = {}\n\n", party.trim_end(), codes(known));
        }
        self.new.push((id.clone(), party));
        self.given.insert(question.key, id.to_string());
        let codes = known.as_ref().map(|known| format!("; {}", said_of(known))).unwrap_or_default();
        Ok(format!("new body: {id}{codes}"))
    }

    fn name(&self, id: &FactId) -> Option<String> {
        self.view.fact(id).map(|fact| format!("{id} · {}", fact.text))
    }

    /// Returns the fact with this id, or the only one whose words contain all of the text's.
    fn found(&self, kinds: &[Kind], text: &str) -> Result<FactId, Refusal> {
        let what = match kinds {
            [Kind::Party] => "body",
            [Kind::Source] => "source",
            [Kind::Metric] => "figure",
            _ => "commitment",
        };
        if let Some((id, _)) = self.new.iter().find(|(id, _)| id.as_str() == text) {
            return Ok(id.clone());
        }
        let known = self.known(kinds);
        if known.iter().any(|choice| choice.answer == text) {
            return text.parse().map_err(|_| Refusal::from(format!("`{text}` is no id")));
        }
        let mut named: Vec<&Choice> = known.iter().filter(|choice| choice.is_named(text)).collect();
        // The whole name is meant before a part of another.
        let whole: Vec<&Choice> = named.iter().copied().filter(|choice| choice.has_name(text)).collect();
        match (&whole[..], &named[..]) {
            ([only], _) | ([], [only]) => only.answer.parse().map_err(|_| Refusal::from(format!("`{text}` is no id"))),
            (_, []) => {
                let meant = did_you_mean(text, known.iter().map(|choice| choice.answer.as_str()));
                let meant = meant.map(|hint| format!("; {hint}")).unwrap_or_default();
                let message = format!("no {what} called `{text}` is on record{meant}");
                Err(Refusal { message, is_unknown_body: kinds == [Kind::Party] })
            }
            _ => {
                let number = named.len();
                named.truncate(MOST_NAMED);
                let named: Vec<String> = named.into_iter().map(ToString::to_string).collect();
                let more =
                    if number > MOST_NAMED { format!("; and {} more", number - MOST_NAMED) } else { String::new() };
                Err(Refusal::from(format!("`{text}` may be one of {number}: {}{more}", named.join("; "))))
            }
        }
    }

    /// Returns the facts of these kinds on record.
    fn known(&self, kinds: &[Kind]) -> Vec<Choice> {
        let of_kind = kinds.iter().flat_map(|kind| self.view.of_kind(*kind));
        of_kind.filter_map(|id| Some(Choice::new(id.as_str(), &self.view.fact(id)?.text))).collect()
    }

    /// Returns the answers to a question that are known beforehand.
    pub fn choices(&self, question: &Question) -> Vec<Choice> {
        match question.sort {
            Sort::Choice(words) => words().into_iter().map(|word| Choice::new(word, "")).collect(),
            Sort::Fact(kind) => self.known(&[kind]),
            Sort::Commitment => self.known(&COMMITMENTS),
            Sort::Source => self.known(&[Kind::Source]),
            Sort::Words if self.kind == Kind::Party && question.key == "text" => {
                authorities().map(|known| Choice::new(&known.name, "")).collect()
            }
            Sort::Words | Sort::Date | Sort::Amount | Sort::Target => Vec::new(),
        }
    }

    /// Returns the answers that a question takes, for reading.
    pub fn help(&self, question: &Question) -> String {
        let choices: Vec<String> = self.choices(question).iter().map(ToString::to_string).collect();
        let listed = if choices.is_empty() { "none is on record yet".to_owned() } else { choices.join("\n  ") };
        match question.sort {
            Sort::Words if choices.is_empty() => "words of your own".to_owned(),
            Sort::Words => "words of your own; the name of a UK authority brings its codes".to_owned(),
            Sort::Choice(_) => choices.join(", "),
            Sort::Fact(_) | Sort::Commitment => listed,
            Sort::Date => {
                "1 March 2025, March 2025, 2025, last month, about May 2026, [2024-03-15..2024-08-31]".to_owned()
            }
            Sort::Amount => "74 places, more than £20,000, £2.6 million, 48%, 260 of 519 plans".to_owned(),
            Sort::Target => "500 places, or what is to be there in words".to_owned(),
            Sort::Source => format!("{listed}\n  or a new one: Derbyshire Times, 4 Apr 2025"),
        }
    }

    /// Returns the answer to a question, as it is written in a facts file.
    pub fn given(&self, key: &str) -> Option<&str> {
        self.given.get(key).map(String::as_str)
    }

    /// Returns the bodies and sources that are not on record yet, as text of a facts file.
    pub fn new_facts(&self) -> String {
        self.new.iter().map(|(_, table)| table.as_str()).collect()
    }

    /// Returns an id of these words that is on no record, and gives it to nothing else.
    pub fn reserved(&mut self, words: &str) -> FactId {
        let id = self.unused(words);
        self.new.push((id.clone(), String::new()));
        id
    }

    /// Returns an id of these words that is on no record.
    fn unused(&self, words: &str) -> FactId {
        let slug = slug(words);
        let is_used = |id: &FactId| !self.view.versions(id).is_empty() || self.new.iter().any(|(new, _)| new == id);
        let numbered = (1..).map(|n| if n == 1 { slug.clone() } else { format!("{slug}-{n}") });
        let mut ids = numbered.filter_map(|id| id.parse().ok());
        ids.find(|id| !is_used(id)).expect("a number that is free")
    }

    /// Returns the facts as the text of a facts file.
    ///
    /// An id that is not given is made of the kind, the subject and the day, never of words about
    /// people.
    pub fn into_toml(mut self, id: Option<&FactId>) -> String {
        let own = |key: &str| self.given.get(key).map(String::as_str);
        let declares = matches!(self.kind, Kind::Party | Kind::Source | Kind::Metric);
        let words = if declares {
            own("text").unwrap_or_default().to_owned()
        } else {
            let subject = ["for", "of", "metric", "by", "about"].iter().find_map(|key| own(key)).unwrap_or_default();
            let day = ["on", "period", "due"].iter().find_map(|key| own(key)).unwrap_or_default();
            format!("{} {subject} {day}", self.kind)
        };
        let id = id.cloned().unwrap_or_else(|| self.unused(&words));
        self.complete();
        let mut fields = vec![("id".to_owned(), Value::from(id.as_str()))];
        let amount = self.given.remove("amount");
        let basis = self.given.remove("basis");
        let source = self.given.remove("source").zip(self.given.remove("at"));
        let is_council = self.given.get("kind").is_some_and(|kind| kind == PartyKind::Council.as_str());
        let known = self.authority().filter(|_| is_council);
        fields.extend(known.map(|known| ("identifiers".to_owned(), codes(&known))));
        for (key, text) in &self.given {
            fields.extend(self.field(key, text));
        }
        fields.extend(amount.map(|amount| {
            let role = match self.kind {
                Kind::Delivery => "delivered",
                Kind::Payout => "paid",
                _ => "measured",
            };
            let mut pairs = vec![("value", amount.as_str()), ("role", role)];
            pairs.extend(basis.as_deref().map(|basis| ("basis", basis)));
            ("amounts".to_owned(), Value::from(vec![self.stated(&pairs)]))
        }));
        fields.extend(source.map(|(source, at)| {
            ("cites".to_owned(), Value::from(vec![of_pairs(&[("source", &source), ("at", &at)])]))
        }));
        let mut text = self.new_facts();
        text.push_str(&format!("[[{}]]\n", self.kind));
        fields.iter().for_each(|(key, value)| text.push_str(&format!("{key} = {value}\n")));
        text
    }

    /// Returns the authority of the list whose name is that of the body.
    fn authority(&self) -> Option<Authority> {
        authority(self.given.get("text")?).filter(|_| self.kind == Kind::Party)
    }

    /// Adds what a delivery and a figure say by their other answers.
    fn complete(&mut self) {
        let of = self.given.get("for").and_then(|id| self.view.fact(&id.parse().ok()?));
        if self.kind == Kind::Delivery {
            let owner = of.and_then(|of| if of.kind() == Kind::Recommendation { of.to.first() } else { of.by.first() });
            if let Some(owner) = owner {
                self.given.entry("by").or_insert_with(|| owner.to_string());
            }
            let what = of.map(|of| of.text.clone()).unwrap_or_default();
            let outcome = self.given.get("outcome").map(|outcome| outcome.replace('-', " ")).unwrap_or_default();
            let how_much = self.given.get("amount").map(|amount| format!(", {amount}")).unwrap_or_default();
            self.given.entry("text").or_insert_with(|| format!("{what}: {outcome}{how_much}"));
        }
        if self.kind == Kind::Measurement {
            let metric = self.given.get("metric").and_then(|id| self.view.fact(&id.parse().ok()?));
            let name = metric.map(|metric| metric.text.clone()).unwrap_or_default();
            let amount = self.given.get("amount").cloned().unwrap_or_default();
            self.given.entry("text").or_insert_with(|| format!("{name}: {amount}"));
        }
    }

    /// Returns the field of an answer.
    fn field(&self, key: &str, text: &str) -> Option<(String, Value)> {
        let value = || Value::from(text);
        let named = |key: &str, value: Value| Some((key.to_owned(), value));
        match key {
            "text" if matches!(self.kind, Kind::Party | Kind::Metric) => named("name", value()),
            "text" if self.kind == Kind::Source => named("title", value()),
            "on" => named("occurred", value()),
            "due" => named("due", of_pairs(&[("mode", "by"), ("date", text)])),
            "target" if amount_as_said(text).is_ok() => named("target", self.stated(&[("amount", text)])),
            "target" => named("target", of_pairs(&[("deliverable", text)])),
            "for" => match self.kind {
                Kind::Decision => named("on", value()),
                Kind::Assessment => named("of", value()),
                _ => {
                    let link = match self.given.get("outcome").and_then(|word| word.parse().ok()) {
                        Some(Outcome::Done) => "fulfils",
                        Some(Outcome::Part) => "part-fulfils",
                        Some(Outcome::NotDone) => "addresses",
                        _ => "supports",
                    };
                    named("links", Value::from(vec![of_pairs(&[(link, text)])]))
                }
            },
            key => named(key, value()),
        }
    }

    /// Returns an amount's table, with its qualifier.
    fn stated(&self, pairs: &[(&str, &str)]) -> Value {
        let mut pairs = pairs.to_vec();
        if self.stated != Qualifier::Exact {
            pairs.push(("stated", self.stated.as_str()));
        }
        of_pairs(&pairs)
    }
}

/// Kinds of facts that somebody is held to.
const COMMITMENTS: [Kind; 2] = [Kind::Pledge, Kind::Recommendation];

/// Maximum number of facts listed where an answer may mean several.
const MOST_NAMED: usize = 8;

/// Returns the authority of a name.
fn authority(name: &str) -> Option<Authority> {
    authorities().find(|known| known.name.eq_ignore_ascii_case(name.trim()))
}

fn codes(of: &Authority) -> Value {
    Value::from(of.identifiers.iter().map(|code| format!("{}:{}", code.scheme, code.value)).collect::<Vec<_>>())
}

/// Returns the codes of an authority, with the list that they are from.
fn said_of(known: &Authority) -> String {
    let codes: Vec<String> = known.identifiers.iter().map(|code| format!("{} {}", code.scheme, code.value)).collect();
    format!("its codes are {}, by mySociety's list of UK authorities (CC BY 4.0)", codes.join(" and "))
}

fn of_pairs(pairs: &[(&str, &str)]) -> Value {
    Value::Table(pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect())
}

/// Returns a fact as the text of a facts file.
fn table(kind: &str, fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().map(|(key, value)| format!("{key} = {}\n", Value::from(*value)));
    format!("[[{kind}]]\n{}\n", fields.collect::<String>())
}
