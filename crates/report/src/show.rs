//! Turns one fact into a page with every mention, every version and every link in both directions.
//! Knows no judgements. Start at [`show`].

use crate::fact_line::{cited, ids, occurred};
use crate::wording::{self, amount, label, target};
use crate::{Block, Document, Item, ReportBasis, Section, columns};
use heldto_fact::{Body, Fact, FactId, Link, LinkKind, Passed, When};
use heldto_replay::{Cluster, View};
use std::collections::BTreeMap;

/// Returns the page of a fact, or of its retraction; `None` if the id was never recorded, or not
/// known by the day.
///
/// `recorders` holds the recorder of an entry, where known, by entry number.
#[must_use]
pub fn show(view: &View<'_>, id: &FactId, recorders: &BTreeMap<u64, String>, basis: ReportBasis) -> Option<Document> {
    let Some(fact) = view.fact(id) else { return retracted(view, id, recorders, basis) };
    let cluster = Cluster::of(view, fact);
    let title = format!("{} {}", fact.kind(), fact.id);
    let mut document = Document::new(title, basis, COLUMNS);
    let sections = &mut document.sections;
    let data = &mut document.data;
    sections.push(plain(wording::show::SAYS, Block::Pairs(fields(view, fact))));
    let mentions = cluster.mentions.iter().map(|t| mention(view, t)).collect();
    sections.push(plain(&wording::show::where_recorded(cluster.mentions.len()), Block::Items(mentions)));
    let mut links = Vec::new();
    for link in &fact.links {
        let other = view.fact(&link.to);
        links.push(link_item(wording::show::link_to(fact.link_kind(link), link.strength), &link.to, other));
        data.rows.push(cells("to", fact.link_kind(link), link, &link.to, other));
    }
    for mention in cluster.mentions.iter() {
        for (from, link) in view.linked_from(&mention.id) {
            links.push(link_item(wording::show::link_from(from.link_kind(link), link.strength), &from.id, Some(from)));
            data.rows.push(cells("from", from.link_kind(link), link, &from.id, Some(from)));
        }
    }
    if !links.is_empty() {
        sections.push(plain(&wording::show::links(links.len()), Block::Items(links)));
    }
    sections.push(in_the_ledger(view, id, recorders));
    document.summary.push(fact.text.clone());
    Some(document)
}

/// Returns the page of a fact that was retracted: when, and why; not what it said.
fn retracted(view: &View<'_>, id: &FactId, recorders: &BTreeMap<u64, String>, basis: ReportBasis) -> Option<Document> {
    let last = view.version(id).filter(|version| version.fact.is_none())?;
    let mut document = Document::new(wording::show::retracted(id), basis, COLUMNS);
    let reason = last.reason.as_deref().unwrap_or_default();
    document.summary.push(wording::amended::retracted(reason));
    document.sections.push(in_the_ledger(view, id, recorders));
    Some(document)
}

/// Lists the entries of a fact with what each did.
fn in_the_ledger(view: &View<'_>, id: &FactId, recorders: &BTreeMap<u64, String>) -> Section {
    let versions = view.versions(id);
    let was_retracted = |n: usize| n.checked_sub(1).and_then(|n| versions.get(n)).is_some_and(|v| v.fact.is_none());
    let items = versions.iter().enumerate().map(|(n, v)| Item {
        mark: wording::fact_line::entry(v.index),
        line: match (&v.fact, v.reason.as_deref()) {
            (None, reason) => wording::amended::retracted(reason.unwrap_or_default()),
            (Some(_), Some(reason)) if was_retracted(n) => wording::amended::reinstated(reason),
            (Some(_), Some(reason)) => wording::amended::corrected(reason),
            (Some(_), None) => wording::amended::RECORDED.to_owned(),
        },
        details: std::iter::once(v.recorded_at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
            .chain(recorders.get(&v.index).cloned())
            .collect(),
        ..Item::default()
    });
    plain(wording::show::IN_THE_LEDGER, Block::Items(items.collect()))
}

fn plain(heading: &str, block: Block) -> Section {
    Section::plain(heading, vec![block])
}

fn link_item(mark: String, id: &FactId, other: Option<&Fact>) -> Item {
    let line = other.map_or_else(|| wording::show::NOT_KNOWN.to_owned(), |f| f.text.clone());
    Item { id: id.to_string(), mark, line, details: vec![id.to_string()], cites: Vec::new() }
}

columns!(COLUMNS, fn cells(direction: &str, kind: LinkKind, link: &Link, id: &FactId, other: Option<&Fact>) {
    "direction" => direction,
    "link" => kind.as_str(),
    "strength" => link.strength.as_str(),
    "id" => id,
    "text" => other.map(|fact| fact.text.as_str()),
});

fn mention(view: &View<'_>, fact: &Fact) -> Item {
    let known = view.fact_known_from(&fact.id).or_else(|| fact.source_known_from());
    let details = vec![format!("{} · {}", fact.id, wording::show::public(known))];
    Item { id: fact.id.to_string(), mark: occurred(fact), line: fact.text.clone(), details, cites: cited(view, [fact]) }
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
    put(label::BY, names(&fact.by), !declares);
    put(label::ABOUT, names(&fact.about), false);
    put(label::TO, names(&fact.to), false);
    put(label::REPORTER, fact.reporter.iter().map(|id| names(std::slice::from_ref(id))).collect(), false);
    put(label::ATTRIBUTION, wording::show::attribution(fact.attribution), false);
    put(label::VOICE, fact.voice.map_or_else(String::new, |v| v.to_string()), false);
    put(label::WHEN, fact.occurred.as_ref().map(dated).unwrap_or_default(), !declares);
    put(label::PERIOD, fact.period.as_ref().map(dated).unwrap_or_default(), false);
    put(label::PLACE, fact.place.clone().unwrap_or_default(), false);
    let amounts: Vec<String> = fact.amounts.iter().map(|a| format!("{} ({})", amount(a), a.role)).collect();
    put(label::AMOUNTS, amounts.join(", "), false);
    for (name, value, expected) in of_kind(fact, &names) {
        put(name, value, expected);
    }
    put(label::NOTE, fact.note.clone().unwrap_or_default(), false);
    if !silent.is_empty() {
        pairs.push((label::NOT_STATED.to_owned(), silent.join(", ")));
    }
    pairs
}

fn dated(when: &When) -> String {
    format!("{} ({when})", wording::date::when(when))
}

fn of_terms(terms: &heldto_fact::Terms) -> [(&'static str, String, bool); 3] {
    [
        (label::TARGET, terms.target.as_ref().map(target).unwrap_or_default(), false),
        (label::DUE, terms.due.as_ref().map(wording::date::due).unwrap_or_default(), false),
        (label::MET_IF, terms.test.clone().unwrap_or_default(), false),
    ]
}

fn of_kind(fact: &Fact, names: &dyn Fn(&[FactId]) -> String) -> Vec<(&'static str, String, bool)> {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    match &fact.body {
        Body::Pledge(c) => vec![
            (label::FORCE, c.force.to_string(), true),
            (label::TARGET, c.target.as_ref().map(target).unwrap_or_default(), true),
            (label::DUE, c.due.as_ref().map(wording::date::due).unwrap_or_default(), true),
            (label::MET_IF, text(&c.test), true),
        ],
        Body::Inspection { outcome, framework, findings } => {
            vec![
                (label::OUTCOME, outcome.clone(), true),
                (label::FRAMEWORK, text(framework), true),
                (label::FINDINGS, findings.join("; "), true),
            ]
        }
        Body::Notice { form } => vec![(label::FORM, form.clone(), true)],
        Body::Statement { act, outcome } => {
            vec![(label::ACT, act.to_string(), true), (label::OUTCOME, text(outcome), false)]
        }
        Body::Question { answer } => vec![(label::ANSWER, answer.to_string(), true)],
        Body::Delivery { outcome } => vec![(label::OUTCOME, outcome.to_string(), true)],
        Body::Complaint { decision, reference, fault, injustice, .. } => vec![
            (label::DECISION, decision.to_string(), true),
            (label::REFERENCE, text(reference), true),
            (label::FAULT, text(fault), true),
            (label::INJUSTICE, text(injustice), true),
        ],
        Body::Payout { settles, .. } => vec![(label::SETTLES, settles.clone(), true)],
        Body::Measurement { metric, .. } => vec![(label::METRIC, metric.to_string(), true)],
        Body::Change { what, value } => vec![(label::WHAT, what.to_string(), true), (label::NOW, text(value), false)],
        Body::Publication { form, announced, parts } => {
            vec![(label::FORM, form.to_string(), true), (label::PARTS, wording::show::listed(*announced, parts), false)]
        }
        Body::Assessment { of, verdict, scale, reasons } => {
            vec![
                (label::OF, of.to_string(), true),
                (label::VERDICT, format!("{verdict} ({scale})"), true),
                (label::REASONS, text(reasons), true),
            ]
        }
        Body::Source(from) => vec![
            (label::PUBLISHER, text(&from.publisher), true),
            (label::AUTHOR, text(&from.author), true),
            (label::PUBLISHED, from.published.as_ref().map(dated).unwrap_or_default(), true),
            (label::URL, text(&from.url), true),
        ],
        Body::Metric { definition, unit, .. } => {
            vec![(label::DEFINITION, definition.clone(), true), (label::UNIT, unit.clone(), true)]
        }
        Body::Party { kind, .. } => vec![(label::KIND, kind.to_string(), true)],
        Body::Succession { of, passes } => {
            let one = std::slice::from_ref;
            let heir = |p: &Passed| p.to.as_ref().map(|to| names(one(to)));
            let passes: Vec<String> =
                passes.iter().map(|p| wording::show::passed(&p.what, heir(p).as_deref())).collect();
            vec![(label::OF, names(one(of)), true), (label::PASSES, passes.join("; "), true)]
        }
        Body::Recommendation(r) => {
            let mut all = vec![
                (label::PUBLICATION, r.publication.as_ref().map(ToString::to_string).unwrap_or_default(), false),
                (label::NUMBER, text(&r.number), true),
            ];
            all.extend(of_terms(&r.terms));
            all.push((label::ANSWER_DUE, r.answer_due.as_ref().map(wording::date::due).unwrap_or_default(), true));
            all
        }
        Body::Decision { ruling, on, terms, conditions } => {
            let mut all = vec![(label::DECISION, ruling.to_string(), true), (label::ON, ids(on).join(", "), true)];
            all.extend(terms.iter().flat_map(|terms| of_terms(terms)));
            all.push((label::CONDITIONS, text(conditions), false));
            all
        }
        Body::Correction { .. } | Body::Retraction { .. } => Vec::new(),
    }
}
