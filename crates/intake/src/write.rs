//! Turns facts into the JSON or TOML that a person or a program would have written.
//!
//! Round-trip law: reading the output gives the same facts. Start at [`to_json`] and [`to_toml`].

use data_encoding::HEXLOWER;
use heldto_fact::{
    Alternative, Amount, Attribution, Basis, Better, Body, Commitment, Due, Fact, FactId, Milestone, Mode, Passed,
    Provenance, Qualifier, Quantity, Quotation, Recommendation, Salience, Strength, Target, Terms, Threshold, Way,
    When,
};
use serde_json::{Map, Value, json};

/// Returns the fact as JSON under its kind: `{"pledge": {"id": …}}`.
///
/// Absent and default values are left out.
#[must_use]
pub fn to_json(fact: &Fact) -> Value {
    json!({ fact.kind().as_str(): fields(fact) })
}

/// Returns the facts as the text of a TOML file.
#[must_use]
pub fn to_toml(facts: &[Fact]) -> String {
    let one = |fact: &Fact| {
        let mut out = format!("[[{}]]\n", fact.kind());
        for (key, value) in fields(fact) {
            out.push_str(&format!("{key} = {}\n", toml(value)));
        }
        out
    };
    facts.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn toml(value: Value) -> toml::Value {
    match value {
        Value::Null => toml::Value::String(String::new()),
        Value::Bool(b) => toml::Value::Boolean(b),
        Value::Number(n) => n.as_i64().map_or_else(|| toml::Value::String(n.to_string()), toml::Value::Integer),
        Value::String(s) => toml::Value::String(s),
        Value::Array(items) => toml::Value::Array(items.into_iter().map(toml).collect()),
        Value::Object(fields) => toml::Value::Table(fields.into_iter().map(|(k, v)| (k, toml(v))).collect()),
    }
}

/// The fields of an object in the order of docs/FACTS.md, without those that are empty.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        let empty = match &value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        if !empty {
            self.0.insert(key.to_owned(), value);
        }
    }

    fn date(&mut self, key: &str, when: Option<&When>) {
        self.put(key, when.map(date));
    }
}

fn ids(ids: &[FactId]) -> Value {
    match ids {
        [one] => one.as_str().into(),
        many => many.iter().map(FactId::as_str).collect(),
    }
}

fn date(when: &When) -> Value {
    match when.stated_window() {
        Some((earliest, latest)) => {
            json!({ "date": when.to_string(), "earliest": earliest.to_string(), "latest": latest.to_string() })
        }
        None => when.to_string().into(),
    }
}

fn fields(fact: &Fact) -> Map<String, Value> {
    let mut f = Fields(Map::new());
    f.put("id", fact.id.as_str());
    let name = match fact.body {
        Body::Party { .. } | Body::Metric { .. } => "name",
        Body::Source(_) => "title",
        _ => "text",
    };
    f.put(name, fact.text.as_str());
    f.put("by", ids(&fact.by));
    f.put("about", ids(&fact.about));
    f.put("to", ids(&fact.to));
    f.put("reporter", fact.reporter.as_ref().map(FactId::as_str));
    f.put("attribution", (fact.attribution != Attribution::Stated).then(|| fact.attribution.as_str()));
    f.put("voice", fact.voice.map(heldto_fact::Voice::as_str));
    f.date("occurred", fact.occurred.as_ref());
    f.date("period", fact.period.as_ref());
    f.put("place", fact.place.as_deref());
    f.put("sensitive", fact.sensitive);
    f.put("salience", (fact.salience != Salience::Supporting).then(|| fact.salience.as_str()));
    body(&mut f, &fact.body);
    f.put("amounts", fact.amounts.iter().map(|a| Value::Object(amount(a, "value", true))).collect::<Value>());
    f.put("cites", fact.cites.iter().map(cite).collect::<Value>());
    f.put("links", fact.links.iter().map(link).collect::<Value>());
    f.put("note", fact.note.as_deref());
    f.0
}

fn cite(cite: &heldto_fact::Citation) -> Value {
    let mut f = Fields(Map::new());
    f.put("source", cite.source.as_str());
    f.put("at", cite.at.as_str());
    f.put("quote", cite.quote.as_ref().map(quotation));
    Value::Object(f.0)
}

fn quotation(quotation: &Quotation) -> Value {
    let mut f = Fields(Map::new());
    f.put("start", quotation.start);
    f.put("end", quotation.end);
    f.put("blake3", HEXLOWER.encode(&quotation.blake3));
    f.put("words", quotation.words.as_deref());
    Value::Object(f.0)
}

fn link(link: &heldto_fact::Link) -> Value {
    let mut f = Fields(Map::new());
    f.put(link.kind.as_str(), link.to.as_str());
    f.put("strength", (link.strength != Strength::Stated).then(|| link.strength.as_str()));
    Value::Object(f.0)
}

fn amount(a: &Amount, key: &str, with_role: bool) -> Map<String, Value> {
    let mut f = Fields(Map::new());
    match a.value {
        Some(_) => f.put(key, short(a)),
        None => f.put("unit", a.unit.to_string()),
    }
    f.put("stated", (a.qualifier != Qualifier::Exact).then(|| a.qualifier.as_str()));
    f.put("direction", a.direction.as_deref());
    f.put("low", a.low.map(|q: Quantity| q.to_string()));
    f.put("high", a.high.map(|q: Quantity| q.to_string()));
    f.put("role", with_role.then(|| a.role.as_str()));
    f.date("period", a.period.as_ref());
    f.put("basis", (a.basis != Basis::Unknown).then(|| a.basis.as_str()));
    f.put("payer", a.payer.as_ref().map(FactId::as_str));
    f.put("count", a.count);
    f.0
}

fn short(a: &Amount) -> String {
    let value = a.value.unwrap_or(Quantity::ZERO);
    a.of.map_or_else(|| format!("{value} {}", a.unit), |of| format!("{value} of {of} {}", a.unit))
}

fn body(f: &mut Fields, body: &Body) {
    match body {
        Body::Party { kind, identifiers } => {
            f.put("kind", kind.as_str());
            f.put("identifiers", identifiers.iter().map(|i| format!("{}:{}", i.scheme, i.value)).collect::<Value>());
        }
        Body::Source(from) => {
            let Provenance { publisher, author, published, known_from, url, blake3, revises } = &**from;
            f.put("publisher", publisher.as_deref());
            f.put("author", author.as_deref());
            f.date("published", published.as_ref());
            f.put("known-from", known_from.as_ref().map(|k| k.day.to_string()));
            f.put("known-from-reason", known_from.as_ref().map(|k| k.reason.as_str()));
            f.put("url", url.as_deref());
            f.put("blake3", blake3.as_ref().map(|b| HEXLOWER.encode(b)));
            f.put("revises", revises.as_ref().map(FactId::as_str));
        }
        Body::Metric { definition, unit, better } => {
            f.put("definition", definition.as_str());
            f.put("unit", unit.as_str());
            f.put("better", (*better != Better::Neither).then(|| better.as_str()));
        }
        Body::Inspection { outcome, framework, findings } => {
            f.put("framework", framework.as_deref());
            f.put("outcome", outcome.as_str());
            f.put("findings", findings.clone());
        }
        Body::Notice { form } => f.put("form", form.as_str()),
        Body::Statement { act, outcome } => {
            f.put("act", act.as_str());
            f.put("outcome", outcome.as_deref());
        }
        Body::Question { answer } => f.put("answer", answer.as_str()),
        Body::Pledge(commitment) => pledge(f, commitment),
        Body::Delivery { outcome } => f.put("outcome", outcome.as_str()),
        Body::Complaint { decision, reference, fault, injustice, count } => {
            f.put("decision", decision.as_str());
            f.put("reference", reference.as_deref());
            f.put("fault", fault.as_deref());
            f.put("injustice", injustice.as_deref());
            f.put("count", *count);
        }
        Body::Payout { settles, count } => {
            f.put("settles", settles.as_str());
            f.put("count", *count);
        }
        Body::Measurement { metric, numerator, denominator } => {
            f.put("metric", metric.as_str());
            f.put("numerator", *numerator);
            f.put("denominator", *denominator);
        }
        Body::Change { what, value } => {
            f.put("what", what.as_str());
            f.put("value", value.as_deref());
        }
        Body::Publication { form, announced, parts } => {
            f.put("form", form.as_str());
            f.put("announced", *announced);
            f.put("parts", parts.clone());
        }
        Body::Assessment { of, verdict, scale, reasons } => {
            f.put("of", of.as_str());
            f.put("verdict", verdict.as_str());
            f.put("scale", scale.as_str());
            f.put("reasons", reasons.as_deref());
        }
        Body::Succession { of, passes } => {
            f.put("of", of.as_str());
            f.put("passes", passes.iter().map(passed).collect::<Value>());
        }
        Body::Recommendation(recommendation) => {
            let Recommendation { publication, number, terms, answer_due } = &**recommendation;
            f.put("publication", publication.as_ref().map(FactId::as_str));
            f.put("number", number.as_deref());
            put_terms(f, terms);
            f.put("answer-due", answer_due.as_ref().map(due));
        }
        Body::Decision { ruling, on, terms, conditions } => {
            f.put("decision", ruling.as_str());
            f.put("on", ids(on));
            if let Some(terms) = terms {
                put_terms(f, terms);
            }
            f.put("conditions", conditions.as_deref());
        }
        Body::Correction { of, reason, replacement } => {
            f.put("of", of.as_str());
            f.put("reason", reason.as_str());
            f.put("replacement", to_json(replacement));
        }
        Body::Retraction { of, reason } => {
            f.put("of", of.as_str());
            f.put("reason", reason.as_str());
        }
    }
}

fn pledge(f: &mut Fields, c: &Commitment) {
    f.put("force", c.force.as_str());
    f.put("target", c.target.as_ref().map(target));
    f.put("due", c.due.as_ref().map(due));
    f.put("test", c.test.as_deref());
    f.put("personal", c.personal);
}

fn put_terms(f: &mut Fields, terms: &Terms) {
    f.put("target", terms.target.as_ref().map(target));
    f.put("due", terms.due.as_ref().map(due));
    f.put("test", terms.test.as_deref());
}

fn passed(passed: &Passed) -> Value {
    let mut f = Fields(Map::new());
    f.put("what", passed.what.as_str());
    f.put("to", passed.to.as_ref().map(FactId::as_str));
    Value::Object(f.0)
}

fn put_threshold(f: &mut Fields, threshold: &Threshold) {
    match threshold {
        Threshold::AtLeast(a) => f.put("at-least", short(a)),
        Threshold::AtMost(a) => f.put("at-most", short(a)),
    }
}

fn target(target: &Target) -> Value {
    match target {
        Target::Amount(a) => Value::Object(amount(a, "amount", false)),
        Target::Metric { metric, threshold, baseline } => {
            let mut f = Fields(Map::new());
            f.put("metric", metric.as_str());
            put_threshold(&mut f, threshold);
            f.put("baseline", baseline.as_ref().map(short));
            Value::Object(f.0)
        }
        Target::Deliverable(text) => json!({ "deliverable": text }),
        Target::KeepDoing(text) => json!({ "keep-doing": text }),
        Target::Slot { of, number } => json!({ "slot-of": of.as_str(), "number": number }),
        Target::Change { metric, way, by, relative, baseline } => {
            let mut f = Fields(Map::new());
            f.put("metric", metric.as_str());
            f.put(if *way == Way::Up { "up-by" } else { "down-by" }, short(by));
            f.put("relative", *relative);
            f.put("baseline", baseline.as_ref().map(short));
            Value::Object(f.0)
        }
        Target::Average { metric, threshold, period } => {
            let mut f = Fields(Map::new());
            f.put("metric", metric.as_str());
            put_threshold(&mut f, threshold);
            f.date("average-over", Some(period));
            Value::Object(f.0)
        }
        Target::Never(text) => json!({ "never": text }),
    }
}

fn due(due: &Due) -> Value {
    let mut f = Fields(Map::new());
    let mode = |f: &mut Fields, word: &str| f.put("mode", word);
    match &due.mode {
        Mode::By => mode(&mut f, "by"),
        Mode::NotBefore => mode(&mut f, "not-before"),
        Mode::BeforeEvent(event) => {
            mode(&mut f, "before-event");
            f.put("event", event.as_str());
        }
        Mode::Every(every) => {
            mode(&mut f, "every");
            f.put("every", every.map(|s| s.to_string()));
        }
        Mode::EarliestOf(alternatives) => {
            mode(&mut f, "earliest-of");
            f.put("of", alternatives.iter().map(alternative).collect::<Value>());
        }
        Mode::Until(event) => {
            mode(&mut f, "until");
            f.put("event", event.as_str());
        }
        Mode::Between => mode(&mut f, "between"),
        Mode::InTerms => mode(&mut f, "in-terms"),
        Mode::WorkingDays { count, after, calendar } => {
            mode(&mut f, "working-days");
            f.put("count", *count);
            f.put("after", date(after));
            f.put("calendar", calendar.as_str());
        }
        Mode::Each(class) => {
            mode(&mut f, "each");
            f.put("class", class.as_str());
        }
        Mode::Milestones(milestones) => {
            mode(&mut f, "milestones");
            f.put("steps", milestones.iter().map(milestone).collect::<Value>());
        }
    }
    f.date("date", due.date.as_ref());
    if let Some(rule) = &due.rule {
        f.put("after", date(&rule.after));
        f.put("plus", rule.plus.to_string());
        f.put("about", rule.about);
    }
    f.put("terms", due.terms.as_deref());
    Value::Object(f.0)
}

fn alternative(alternative: &Alternative) -> Value {
    match alternative {
        Alternative::Day(when) => json!({ "date": date(when) }),
        Alternative::Event(event) => json!({ "event": event }),
    }
}

fn milestone(milestone: &Milestone) -> Value {
    json!({ "by": date(&milestone.by), "target": target(&milestone.target) })
}
