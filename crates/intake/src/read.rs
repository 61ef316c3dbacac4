//! Turns one table of fields into a fact, collecting problems and references on the way.
//!
//! This module knows the fields that all kinds share; `body` reads those of a single kind, `amount`
//! and `terms` the nested tables. References are checked later, in `check.rs`. Start at [`draft`].

use crate::Problem;
use crate::node::{Node, Value};
use crate::table::{AskedKeys, Fields, Findings, Reference, parsed, reference, slug, text};
use chrono::NaiveDate;
use heldto_fact::{
    Attribution, Basis, Body, Citation, Fact, FactId, Invalid, Kind, Link, LinkKind, Quotation, Role, Salience,
    Strength, When,
};
use std::ops::Range;

mod amount;
mod body;
mod terms;

/// A fact as read, with its problems and its references to other facts.
///
/// `fact` is `None` if there is any problem.
pub struct Draft {
    pub file: usize,
    pub kind: Kind,
    pub id: Option<(FactId, Range<usize>)>,
    pub fact: Option<Fact>,
    pub problems: Vec<Problem>,
    pub references: Vec<Reference>,
}

/// Reads one table as a draft.
///
/// `is_export` accepts corrections and retractions in the form in which the program exports them.
pub fn draft(file: usize, kind: Kind, node: &Node, is_export: bool) -> Draft {
    let mut findings = Findings::default();
    let mut draft = Draft { file, kind, id: None, fact: None, problems: Vec::new(), references: Vec::new() };
    if let Some(table) = Fields::of(node, format!("this {kind}"), &mut findings) {
        draft.fact = match kind {
            Kind::Correction | Kind::Retraction if is_export => amending(kind, table, &mut draft.id, &mut findings),
            _ => fact(kind, table, &mut draft.id, &mut findings),
        };
    }
    let first_line = |p: Problem| p.in_file(file);
    draft.problems = findings.problems.into_iter().map(first_line).collect();
    draft.references = findings.references;
    if !draft.problems.is_empty() {
        draft.fact = None;
    } else if draft.fact.is_none() {
        // Nothing may be left out without a word.
        let title = format!("this {kind} lacks what its kind needs");
        let problem = Problem::new(node.span.clone(), title, "").help("compare it with heldto help examples");
        draft.problems.push(problem.in_file(file));
    }
    draft
}

/// Reads one table as a fact of a kind, and returns all that was found, with the keys that were
/// looked for.
pub fn probed(kind: Kind, node: &Node) -> Findings {
    let mut findings = Findings { asked: Some(AskedKeys::default()), ..Findings::default() };
    if let Some(table) = Fields::of(node, "", &mut findings) {
        fact(kind, table, &mut None, &mut findings);
    }
    findings
}

/// Returns `true` if a fact of this kind only declares something, and so needs no voice and no
/// source.
const fn declares(kind: Kind) -> bool {
    matches!(kind, Kind::Party | Kind::Source | Kind::Metric)
}

fn fact(kind: Kind, mut t: Fields<'_>, id: &mut Option<(FactId, Range<usize>)>, f: &mut Findings) -> Option<Fact> {
    if kind.is_system() || matches!(kind, Kind::Correction | Kind::Retraction) {
        let help = match kind {
            Kind::Correction => "use: heldto correct ID FILE --reason TEXT",
            Kind::Retraction => "use: heldto retract ID --reason TEXT",
            _ => "only the program writes it",
        };
        f.problems.push(Problem::new(t.span(), format!("a {kind} cannot be written in a facts file"), "").help(help));
        return None;
    }
    *id = own_id(&mut t, f);
    let (name, help) = match kind {
        Kind::Party | Kind::Metric => ("name", "what it is called"),
        Kind::Source => ("title", "what the document is called"),
        _ => ("text", "what the fact is, in one short sentence of your own"),
    };
    let says = t.required_text(name, help, f);
    let voice = if declares(kind) { t.parsed("voice", f) } else { t.required("voice", "who says so", f) };
    let common = Fact {
        id: id.as_ref().map_or_else(placeholder, |(id, _)| Some(id.clone()))?,
        text: says.unwrap_or_default(),
        by: t.references("by", Kind::Party, f),
        about: t.references("about", Kind::Party, f),
        to: t.references("to", Kind::Party, f),
        reporter: t.reference("reporter", Some(Kind::Party), f),
        attribution: t.parsed("attribution", f).unwrap_or(Attribution::Stated),
        voice,
        occurred: date(&mut t, "occurred", f),
        period: date(&mut t, "period", f),
        place: t.text("place", f),
        sensitive: t.flag("sensitive", f),
        salience: t.parsed("salience", f).unwrap_or(Salience::Supporting),
        amounts: amounts(&mut t, f),
        cites: cites(kind, &mut t, f),
        links: t.list("links", f).iter().filter_map(|n| link(n, f)).collect(),
        note: t.text("note", f),
        body: body::read(kind, &mut t, f)?,
    };
    body::judge(&common, &mut t, f);
    t.finish(f);
    Some(common)
}

/// Reads a correction or a retraction in the form in which the program exports it.
fn amending(kind: Kind, mut t: Fields<'_>, id: &mut Option<(FactId, Range<usize>)>, f: &mut Findings) -> Option<Fact> {
    let own: Option<FactId> = t.required("id", "give the id of the record itself", f);
    let of = t.reference("of", None, f);
    let says = t.required_text("text", "say what it does", f);
    let reason = t.required_text("reason", "say why", f);
    let replacement = t.take("replacement").and_then(crate::node::nested);
    let span = t.span();
    t.finish(f);
    *id = own.clone().map(|id| (id, span));
    let body = match (kind, replacement) {
        (Kind::Retraction, None) => Body::Retraction { of: of?, reason: reason? },
        (Kind::Correction, Some((kind, node))) => {
            let mut ignored = None;
            let inner = Fields::of(node, format!("this {kind}"), f)?;
            Body::Correction { of: of?, reason: reason?, replacement: Box::new(fact(kind, inner, &mut ignored, f)?) }
        }
        _ => return None,
    };
    Some(Fact::amending(own?, says?, body))
}

/// Returns a substitute id, so that the other problems of a fact without a valid id are found too.
fn placeholder() -> Option<FactId> {
    "unnamed".parse().ok()
}

fn own_id(t: &mut Fields<'_>, f: &mut Findings) -> Option<(FactId, Range<usize>)> {
    let Some(node) = t.take("id") else {
        let help = "a short id of a-z, 0-9 and `-`, unique in the ledger and never a person's name";
        t.require::<()>(None, "id", "\"a-short-id\"", help, f);
        return None;
    };
    let id: FactId = parsed(node, "id", f)?;
    if id.is_authored() {
        return Some((id, node.span.clone()));
    }
    let title = format!("`{id}` has a `.`, which only ids made by the program may have");
    f.problems.push(Problem::new(node.span.clone(), title, "").help(format!("write \"{}\"", slug(id.as_str()))));
    None
}

/// Reads a date: text, or a table with the window (`earliest` and `latest`) that the recorder
/// gives.
pub fn date(t: &mut Fields<'_>, name: &'static str, f: &mut Findings) -> Option<When> {
    let node = t.take(name)?;
    let Value::Table(_) = node.value else { return in_words(node, name, f) };
    let mut inner = Fields::of(node, format!("`{name}`"), f)?;
    let when: Option<When> = inner.required("date", "the date as it is stated", f);
    let earliest = day(&mut inner, "earliest", f);
    let latest = day(&mut inner, "latest", f);
    let has = [inner.has("earliest"), inner.has("latest")];
    inner.finish(f);
    let when = when?;
    match (earliest.zip(latest), has) {
        (Some((earliest, latest)), _) => when
            .with_window(earliest, latest)
            .map_err(|e| {
                let problem = Problem::new(node.span.clone(), e.to_string(), "");
                f.problems.push(problem.help("leave out `earliest` and `latest`, or exchange them"));
            })
            .ok(),
        (None, [false, false]) => Some(when),
        // A day that is wrong by itself is reported already.
        (None, [true, true]) => None,
        (None, [has_first, _]) => {
            let (given, missing) = if has_first { ("earliest", "latest") } else { ("latest", "earliest") };
            let problem = Problem::new(node.span.clone(), "a stated window needs both ends", "");
            f.problems.push(problem.help(format!("leave out `{given}`, or give `{missing}` too")));
            None
        }
    }
}

/// Reads a date in the form of a facts file, or as people say it if only one reading is possible.
fn in_words(node: &Node, name: &str, f: &mut Findings) -> Option<When> {
    let text = text(node, name, f)?;
    let why = match text.parse::<When>() {
        Ok(when) => return Some(when),
        Err(Invalid::Date { why, .. }) => why,
        Err(_) => "",
    };
    match crate::date_as_said(&text, None) {
        Ok(written) => written.parse().ok(),
        Err(said) => {
            let help = said.split_once(": ").map_or(said.as_str(), |(_, help)| help);
            // A period is all of its time, and not one day of it.
            let help = match name {
                "period" | "average-over" => help.replace('[', "").replace("..", "/").replace(']', ""),
                _ => help.to_owned(),
            };
            let problem = Problem::new(node.span.clone(), format!("`{text}` is not a date"), why);
            f.problems.push(problem.help(format!("{help}; for every form: heldto help dates")));
            None
        }
    }
}

/// Reads a calendar day in the form `2025-01-14`.
pub fn day(t: &mut Fields<'_>, name: &'static str, f: &mut Findings) -> Option<NaiveDate> {
    let node = t.take(name)?;
    let text = text(node, name, f)?;
    let written = crate::date_as_said(&text, None).unwrap_or_default();
    let parsed = written.parse().ok().filter(|_| written.len() == 10);
    if parsed.is_none() {
        let title = format!("`{text}` is not a day");
        f.problems.push(Problem::new(node.span.clone(), title, "").help("write \"2025-01-14\", a day in this form"));
    }
    parsed
}

fn amounts(t: &mut Fields<'_>, f: &mut Findings) -> Vec<heldto_fact::Amount> {
    t.list("amounts", f)
        .iter()
        .filter_map(|node| {
            let mut inner = Fields::of(node, "this amount", f)?;
            let role: Option<Role> = inner.required("role", "what the amount is", f);
            let amount = amount::fields(&mut inner, "value", role.unwrap_or(Role::Stated), f);
            inner.finish(f);
            amount
        })
        .collect()
}

fn cites(kind: Kind, t: &mut Fields<'_>, f: &mut Findings) -> Vec<Citation> {
    let before = f.problems.len();
    let nodes = t.list("cites", f);
    if nodes.is_empty() && !declares(kind) && f.problems.len() == before {
        let example = "[{ source = \"the-id\", at = \"line 12\" }]";
        t.require::<()>(None, "cites", example, "which source says so, and where in it", f);
    }
    nodes.iter().filter_map(|node| cite(node, f)).collect()
}

fn cite(node: &Node, f: &mut Findings) -> Option<Citation> {
    let mut t = Fields::of(node, "this citation", f)?;
    let source = t.required_reference("source", Kind::Source, "the id of the source", f);
    let at = t.required_text("at", "where in the source: line, paragraph, page or column", f);
    let quote = t.take("quote").and_then(|node| quote(node, f));
    t.finish(f);
    Some(Citation { source: source?, at: at?, quote })
}

fn quote(node: &Node, f: &mut Findings) -> Option<Quotation> {
    let mut t = Fields::of(node, "this quotation", f)?;
    let before = f.problems.len();
    let start = t.count("start", f);
    let end = t.count("end", f);
    let blake3 = body::digest(&mut t, f);
    let words = t.text("words", f);
    t.finish(f);
    let (quotation, title, help) = match (start, words, end, blake3) {
        (Some(start), Some(words), end, blake3) => {
            let quotation = Quotation::new(start, &words);
            let is_same = end.is_none_or(|end| end == quotation.end) && blake3.is_none_or(|b| b == quotation.blake3);
            let title = "the `words` of this quotation do not have its `end` or its `blake3`";
            (is_same.then_some(quotation), title, "leave out both: they follow from `start` and `words`")
        }
        (Some(start), None, Some(end), Some(blake3)) if start < end => {
            (Some(Quotation { start, end, blake3, words: None }), "", "")
        }
        _ => (
            None,
            "a quotation needs `start`, and its `words` or an `end` greater than `start` with `blake3`",
            "write { start = 120, words = \"we will open it\" }",
        ),
    };
    // A value that is wrong by itself is reported already.
    if quotation.is_none() && f.problems.len() == before {
        f.problems.push(Problem::new(node.span.clone(), title, "").help(help));
    }
    quotation
}

fn link(node: &Node, f: &mut Findings) -> Option<Link> {
    let mut t = Fields::of(node, "this link", f)?;
    let found = t.take_any(LinkKind::ALL.iter().map(|k| k.as_str()));
    let strength = t.parsed("strength", f).unwrap_or(Strength::Stated);
    let before = f.problems.len();
    let Some((word, node)) = found else {
        let words: Vec<&str> = LinkKind::ALL.iter().map(|k| k.as_str()).collect();
        let help = format!("how it bears on the other fact, with one of: {}", words.join(", "));
        match t.first_text() {
            // `to = "…"` names the other fact, and not the bearing; other words may say something.
            Some((key, to)) if ["to", "id", "fact", "link", "of", "ref"].contains(&key) => {
                let problem =
                    Problem::new(node.span.clone(), "this link does not say how it bears on the other fact", "");
                f.problems.push(problem.help(format!("write {{ bears-on = \"{to}\" }}: {help}")));
            }
            _ => {
                t.finish(f);
                if let Some(problem) = f
                    .problems
                    .get_mut(before)
                    .filter(|problem| problem.help.as_ref().is_some_and(|help| !help.starts_with("did you mean")))
                {
                    problem.help = Some(format!(
                        "use one of: {}; what was not done is a delivery with outcome = \"not-done\" that addresses it",
                        words.join(", ")
                    ));
                }
            }
        }
        if f.problems.len() == before {
            let problem = Problem::new(node.span.clone(), "this link does not say how it bears on the other fact", "");
            f.problems.push(problem.help(format!("write {{ bears-on = \"the-id\" }}: {help}")));
        }
        return None;
    };
    t.finish(f);
    let kind: LinkKind = word.parse().ok()?;
    let must_be = match kind {
        LinkKind::Fulfils | LinkKind::PartFulfils => Some(Kind::Pledge),
        LinkKind::MeasuredBy => Some(Kind::Metric),
        LinkKind::Answers => Some(Kind::Question),
        _ => None,
    };
    Some(Link { kind, to: reference(node, word, must_be, f)?, strength })
}

/// Default basis of an amount.
pub const BASIS: Basis = Basis::Unknown;
