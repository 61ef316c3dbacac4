//! Turns one fact into a page with every mention, every version and every link in both directions.
//! Knows no judgements. Start at [`show`].

use crate::fact_line::{ids, occurred, source_lines};
use crate::wording::{amount, target};
use crate::{Block, Document, Item, ReportBasis, Section, columns, day};
use heldto_fact::{Attribution, Body, Fact, FactId, Link, LinkKind, Strength, When};
use heldto_replay::{Cluster, View};
use std::collections::BTreeMap;

/// Returns the page of a fact; `None` if the id was never recorded, or not known by the day.
///
/// `recorders` holds the recorder of an entry, where known, by entry number.
#[must_use]
pub fn show(view: &View<'_>, id: &FactId, recorders: &BTreeMap<u64, String>, basis: ReportBasis) -> Option<Document> {
    let fact = view.fact(id)?;
    let cluster = Cluster::of(view, fact);
    let title = format!("{} {}", fact.kind(), fact.id);
    let mut document = Document::new(title, basis, COLUMNS);
    let sections = &mut document.sections;
    let data = &mut document.data;
    sections.push(plain("What it says", Block::Pairs(fields(view, fact))));
    let mentions = cluster.mentions.iter().map(|t| mention(view, t)).collect();
    sections.push(plain(&format!("Where it is recorded ({})", cluster.mentions.len()), Block::Items(mentions)));
    let mut links = Vec::new();
    for link in &fact.links {
        let other = view.fact(&link.to);
        links.push(link_item(&format!("{} {}", fact.link_kind(link), strength(link)), &link.to, other));
        data.rows.push(cells("to", fact.link_kind(link), link, &link.to, other));
    }
    for mention in cluster.mentions.iter() {
        for (from, link) in view.linked_from(&mention.id) {
            links.push(link_item(&format!("{} this {}", from.link_kind(link), strength(link)), &from.id, Some(from)));
            data.rows.push(cells("from", from.link_kind(link), link, &from.id, Some(from)));
        }
    }
    if !links.is_empty() {
        sections.push(plain(&format!("Links ({})", links.len()), Block::Items(links)));
    }
    let versions = view.versions(id);
    let was_retracted = |n: usize| n.checked_sub(1).and_then(|n| versions.get(n)).is_some_and(|v| v.fact.is_none());
    let items = versions.iter().enumerate().map(|(n, v)| Item {
        mark: format!("entry {}", v.index),
        line: match (&v.fact, v.reason.as_deref()) {
            (None, reason) => format!("retracted: {}", reason.unwrap_or_default()),
            (Some(_), Some(reason)) if was_retracted(n) => format!("reinstated: {reason}"),
            (Some(_), Some(reason)) => format!("corrected: {reason}"),
            (Some(_), None) => "recorded".to_owned(),
        },
        details: std::iter::once(v.recorded_at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
            .chain(recorders.get(&v.index).cloned())
            .collect(),
    });
    sections.push(plain("In the ledger", Block::Items(items.collect())));
    document.summary.push(fact.text.clone());
    Some(document)
}

fn plain(heading: &str, block: Block) -> Section {
    Section::plain(heading, vec![block])
}

fn strength(link: &Link) -> &'static str {
    match link.strength {
        Strength::Stated => "",
        Strength::Probable => "(probable)",
        Strength::Possible => "(possible)",
    }
}

fn link_item(mark: &str, id: &FactId, other: Option<&Fact>) -> Item {
    let line = other.map_or_else(|| "not known by the day".to_owned(), |f| f.text.clone());
    Item { mark: mark.replace("  ", " ").trim().to_owned(), line, details: vec![id.to_string()] }
}

columns!(COLUMNS, fn cells(direction: &str, kind: LinkKind, link: &Link, id: &FactId, other: Option<&Fact>) {
    "direction" => direction,
    "link" => kind.as_str(),
    "strength" => link.strength.as_str(),
    "id" => id,
    "text" => other.map(|fact| fact.text.as_str()),
});

fn mention(view: &View<'_>, fact: &Fact) -> Item {
    let known = view
        .fact_known_from(&fact.id)
        .or_else(|| fact.source_known_from())
        .map_or_else(|| "from the day it was recorded".to_owned(), |d| format!("by {}", day(d)));
    let mut details = vec![format!("{} · public {known}", fact.id)];
    details.extend(source_lines(view, fact));
    Item { mark: occurred(fact), line: fact.text.clone(), details }
}

/// Returns the fields that are stated, and the names of expected fields that are not.
fn fields(view: &View<'_>, fact: &Fact) -> Vec<(String, String)> {
    let names = |ids: &[FactId]| {
        ids.iter()
            .map(|id| view.fact(id).map_or_else(|| id.to_string(), |f| format!("{} ({id})", f.text)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut pairs = Vec::new();
    let mut silent = Vec::new();
    let mut put = |name: &str, value: String, expected: bool| {
        if !value.is_empty() {
            pairs.push((name.to_owned(), value));
        } else if expected {
            silent.push(name.to_owned());
        }
    };
    let declares = fact.voice.is_none();
    put("by", names(&fact.by), !declares);
    put("about", names(&fact.about), false);
    put("to", names(&fact.to), false);
    put("reporter", fact.reporter.iter().map(|id| names(std::slice::from_ref(id))).collect(), false);
    let attribution = match fact.attribution {
        Attribution::Stated => String::new(),
        other => format!("the speaker is {other}"),
    };
    put("attribution", attribution, false);
    put("voice", fact.voice.map_or_else(String::new, |v| v.to_string()), false);
    put("when", fact.occurred.as_ref().map(dated).unwrap_or_default(), !declares);
    put("period", fact.period.as_ref().map(dated).unwrap_or_default(), false);
    put("place", fact.place.clone().unwrap_or_default(), false);
    let amounts: Vec<String> = fact.amounts.iter().map(|a| format!("{} ({})", amount(a), a.role)).collect();
    put("amounts", amounts.join(", "), false);
    for (name, value, expected) in of_kind(fact) {
        put(name, value, expected);
    }
    put("note", fact.note.clone().unwrap_or_default(), false);
    if !silent.is_empty() {
        pairs.push(("not stated".to_owned(), silent.join(", ")));
    }
    pairs
}

fn dated(when: &When) -> String {
    format!("{} ({when})", when.describe())
}

fn of_terms(terms: &heldto_fact::Terms) -> [(&'static str, String, bool); 3] {
    [
        ("target", terms.target.as_ref().map(target).unwrap_or_default(), false),
        ("due", terms.due.as_ref().map(heldto_fact::Due::describe).unwrap_or_default(), false),
        ("met if", terms.test.clone().unwrap_or_default(), false),
    ]
}

fn of_kind(fact: &Fact) -> Vec<(&'static str, String, bool)> {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    match &fact.body {
        Body::Pledge(c) => vec![
            ("force", c.force.to_string(), true),
            ("target", c.target.as_ref().map(target).unwrap_or_default(), true),
            ("due", c.due.as_ref().map(heldto_fact::Due::describe).unwrap_or_default(), true),
            ("met if", text(&c.test), true),
        ],
        Body::Inspection { outcome, framework, findings } => {
            vec![
                ("outcome", outcome.clone(), true),
                ("framework", text(framework), true),
                ("findings", findings.join("; "), true),
            ]
        }
        Body::Notice { form } => vec![("form", form.clone(), true)],
        Body::Statement { act, outcome } => vec![("act", act.to_string(), true), ("outcome", text(outcome), false)],
        Body::Question { answer } => vec![("answer", answer.to_string(), true)],
        Body::Delivery { outcome } => vec![("outcome", outcome.to_string(), true)],
        Body::Complaint { decision, reference, fault, injustice, .. } => vec![
            ("decision", decision.to_string(), true),
            ("reference", text(reference), true),
            ("fault", text(fault), true),
            ("injustice", text(injustice), true),
        ],
        Body::Payout { settles, .. } => vec![("settles", settles.clone(), true)],
        Body::Measurement { metric, .. } => vec![("metric", metric.to_string(), true)],
        Body::Change { what, value } => vec![("what", what.to_string(), true), ("now", text(value), false)],
        Body::Publication { form, announced, parts } => {
            let listed = match announced {
                Some(n) if *n != parts.len() as u64 => {
                    format!("{} listed, {n} announced: {}", parts.len(), parts.join("; "))
                }
                _ => parts.join("; "),
            };
            vec![("form", form.to_string(), true), ("parts", listed, false)]
        }
        Body::Assessment { of, verdict, scale, reasons } => {
            vec![
                ("of", of.to_string(), true),
                ("verdict", format!("{verdict} ({scale})"), true),
                ("reasons", text(reasons), true),
            ]
        }
        Body::Source(from) => vec![
            ("publisher", text(&from.publisher), true),
            ("author", text(&from.author), true),
            ("published", from.published.as_ref().map(dated).unwrap_or_default(), true),
            ("url", text(&from.url), true),
        ],
        Body::Metric { definition, unit, .. } => {
            vec![("definition", definition.clone(), true), ("unit", unit.clone(), true)]
        }
        Body::Party { kind, .. } => vec![("kind", kind.to_string(), true)],
        Body::Succession { of, passes } => {
            let one = |p: &heldto_fact::Passed| match &p.to {
                Some(to) => format!("{} to {to}", p.what),
                None => format!("{}: the recipient is not stated", p.what),
            };
            vec![("of", of.to_string(), true), ("passes", passes.iter().map(one).collect::<Vec<_>>().join("; "), true)]
        }
        Body::Recommendation(r) => {
            let mut all = vec![
                ("publication", r.publication.as_ref().map(ToString::to_string).unwrap_or_default(), false),
                ("number", text(&r.number), true),
            ];
            all.extend(of_terms(&r.terms));
            all.push(("answer due", r.answer_due.as_ref().map(heldto_fact::Due::describe).unwrap_or_default(), true));
            all
        }
        Body::Decision { ruling, on, terms, conditions } => {
            let mut all = vec![("decision", ruling.to_string(), true), ("on", ids(on).join(", "), true)];
            all.extend(terms.iter().flat_map(|terms| of_terms(terms)));
            all.push(("conditions", text(conditions), false));
            all
        }
        Body::Correction { .. } | Body::Retraction { .. } => Vec::new(),
    }
}
