//! Reads the fields that belong to a single kind of fact, and checks that they fit together.
//!
//! This module knows one fact, never others. Start at [`read`].

use super::terms::{due, target};
use super::{date, day};
use crate::Problem;
use crate::node::Node;
use crate::table::{Fields, Findings, text};
use data_encoding::HEXLOWER;
use heldto_fact::{
    Better, Body, Commitment, Fact, Identifier, Kind, KnownFrom, LinkKind, Outcome, Passed, Provenance, Recommendation,
    Role, Terms,
};

/// Reads the fields of this kind.
///
/// `None` if a required field is missing or invalid; the problem is then in `f`.
pub fn read(kind: Kind, t: &mut Fields<'_>, f: &mut Findings) -> Option<Body> {
    Some(match kind {
        Kind::Party => Body::Party {
            identifiers: t.list("identifiers", f).iter().filter_map(|n| identifier(n, f)).collect(),
            kind: t.required("kind", "what it is", f)?,
        },
        Kind::Source => source(t, f),
        Kind::Metric => Body::Metric {
            definition: t.required_text("definition", "how it is computed", f)?,
            unit: t.required_text("unit", "what it counts, such as \"%\" or \"plans\"", f)?,
            better: t.parsed("better", f).unwrap_or(Better::Neither),
        },
        Kind::Inspection => Body::Inspection {
            framework: t.text("framework", f),
            findings: t.texts("findings", f),
            outcome: t.required_text("outcome", "what the inspection concluded", f)?,
        },
        Kind::Notice => {
            Body::Notice { form: t.required_text("form", "what it is, such as \"improvement notice\"", f)? }
        }
        Kind::Statement => Body::Statement {
            outcome: t.text("outcome", f),
            act: t.required("act", "what kind of statement it is", f)?,
        },
        Kind::Question => Body::Question { answer: t.required("answer", "whether it was answered", f)? },
        Kind::Pledge => Body::Pledge(Box::new(commitment(t, f)?)),
        Kind::Delivery => Body::Delivery { outcome: t.required("outcome", "what was done", f)? },
        Kind::Complaint => Body::Complaint {
            reference: t.text("reference", f),
            fault: t.text("fault", f),
            injustice: t.text("injustice", f),
            count: t.count("count", f),
            decision: t.required("decision", "how it was decided", f)?,
        },
        Kind::Payout => Body::Payout {
            count: t.count("count", f),
            settles: t.required_text("settles", "what the payment settles", f)?,
        },
        Kind::Measurement => {
            let numerator = t.count("numerator", f);
            let denominator = t.count("denominator", f);
            let metric = t.required_reference("metric", Kind::Metric, "the id of the figure that was measured", f)?;
            Body::Measurement { metric, numerator, denominator }
        }
        Kind::Change => Body::Change { value: t.text("value", f), what: t.required("what", "what changed", f)? },
        Kind::Publication => Body::Publication {
            announced: t.count("announced", f),
            parts: t.texts("parts", f),
            form: t.required("form", "what it is", f)?,
        },
        Kind::Assessment => {
            let of = t.required_reference("of", Kind::Pledge, "the commitment that was judged", f);
            let verdict = t.required_text("verdict", "the verdict, in a word of its scale", f);
            let scale = t.required_text("scale", "the name of the scale", f);
            let reasons = t.text("reasons", f);
            Body::Assessment { of: of?, verdict: verdict?, scale: scale?, reasons }
        }
        Kind::Succession => {
            let passes = t.list("passes", f).iter().filter_map(|n| passed(n, f)).collect();
            let of = t.required_reference("of", Kind::Party, "the body that others succeed", f)?;
            Body::Succession { of, passes }
        }
        Kind::Recommendation => Body::Recommendation(Box::new(Recommendation {
            publication: t.reference("publication", Some(Kind::Publication), f),
            number: t.text("number", f),
            terms: terms(t, f),
            answer_due: t.take("answer-due").and_then(|n| due(n, f)),
        })),
        Kind::Decision => {
            let on = t.any_references("on", f);
            let set = terms(t, f);
            let conditions = t.text("conditions", f);
            let ruling = t.required("decision", "what was decided", f);
            t.require(on.first(), "on", "\"the-id\"", "the facts that were decided on", f)?;
            let terms = (set != Terms::default()).then(|| Box::new(set));
            Body::Decision { ruling: ruling?, on, terms, conditions }
        }
        Kind::Correction
        | Kind::Retraction
        | Kind::Redaction
        | Kind::Key
        | Kind::Withholding
        | Kind::ReserveKey
        | Kind::Revocation => {
            return None;
        }
    })
}

/// Checks that the fields of a fact are consistent with its kind.
///
/// Adds at most one problem, and none if there is one already.
pub fn judge(fact: &Fact, t: &mut Fields<'_>, f: &mut Findings) {
    let roles = |role: Role| fact.amounts.iter().filter(|a| a.role == role).count();
    let needs: &[(&'static str, bool, &str)] = match fact.kind() {
        Kind::Pledge => &[("by", fact.by.is_empty(), "who owes it")],
        Kind::Recommendation => {
            &[("by", fact.by.is_empty(), "who recommends it"), ("to", fact.to.is_empty(), "who it is made to")]
        }
        Kind::Decision => &[("by", fact.by.is_empty(), "who decided")],
        Kind::Succession => &[
            ("to", fact.to.is_empty(), "the body or bodies that succeed it"),
            ("occurred", fact.occurred.is_none(), "the day from which the new body follows the old one"),
        ],
        _ => &[],
    };
    for (name, is_missing, help) in needs {
        if *is_missing && f.problems.is_empty() {
            let example = if *name == "occurred" { "\"2025-04-01\"" } else { "\"the-id\"" };
            t.require::<()>(None, name, example, help, f);
        }
    }
    let mut say = |wrong: bool, title: &str, help: &str| {
        if wrong && f.problems.is_empty() {
            f.problems.push(Problem::new(t.span(), title, "").help(help));
        }
    };
    match &fact.body {
        Body::Succession { of, passes } => {
            say(
                fact.to.contains(of),
                "a body cannot succeed itself",
                "add of = \"the-id\": a body that is not in `to`",
            );
            let is_twice = (1..fact.to.len()).any(|n| fact.to[..n].contains(&fact.to[n]));
            say(is_twice, "`to` names a body twice", "name each body once");
            let is_elsewhere = |p: &Passed| p.to.as_ref().is_some_and(|to| !fact.to.contains(to));
            say(
                passes.iter().any(is_elsewhere),
                "`passes` names a body that does not succeed this one",
                "add that body to `to`, or leave it out of `passes`",
            );
        }
        Body::Delivery { outcome: Outcome::NotDone } => say(
            fact.links.iter().any(|l| matches!(l.kind, LinkKind::Fulfils | LinkKind::PartFulfils)),
            "a delivery that was not done cannot fulfil anything",
            "add links = [{ addresses = \"the-id\" }] in place of those links",
        ),
        Body::Measurement { numerator, denominator, .. } => {
            say(
                roles(Role::Measured) != 1 || fact.amounts.len() != 1,
                "a measurement needs exactly one amount, with the role `measured`",
                "add amounts = [{ value = \"48 %\", role = \"measured\" }]: the one amount of a measurement",
            );
            say(
                matches!((numerator, denominator), (Some(n), Some(d)) if n > d),
                "`numerator` is greater than `denominator`",
                "leave out `numerator` and `denominator`, or correct them: the numerator counts a part of the denominator",
            );
        }
        Body::Payout { .. } => say(
            roles(Role::Paid) == 0 && roles(Role::Ordered) == 0,
            "a payout needs an amount with the role `paid` or `ordered`",
            "add amounts = [{ value = \"500 GBP\", role = \"paid\" }]: how much was paid",
        ),
        Body::Party { .. }
        | Body::Pledge(_)
        | Body::Recommendation(_)
        | Body::Decision { .. }
        | Body::Source(_)
        | Body::Metric { .. }
        | Body::Inspection { .. }
        | Body::Notice { .. }
        | Body::Statement { .. }
        | Body::Question { .. }
        | Body::Delivery { .. }
        | Body::Complaint { .. }
        | Body::Change { .. }
        | Body::Publication { .. }
        | Body::Assessment { .. }
        | Body::Correction { .. }
        | Body::Retraction { .. } => {}
    }
}

fn identifier(node: &Node, f: &mut Findings) -> Option<Identifier> {
    let written = text(node, "identifiers", f)?;
    match written.split_once(':') {
        Some((scheme, value)) if !scheme.is_empty() && !value.is_empty() => {
            Some(Identifier { scheme: scheme.to_owned(), value: value.to_owned() })
        }
        _ => {
            let title = format!("`{written}` does not name the scheme of the code");
            f.problems.push(
                Problem::new(node.span.clone(), title, "")
                    .help(format!("write \"gss:{written}\", or the scheme that the code has")),
            );
            None
        }
    }
}

fn source(t: &mut Fields<'_>, f: &mut Findings) -> Body {
    let reason = t.text("known-from-reason", f);
    let known = day(t, "known-from", f);
    if t.has("known-from") != t.has("known-from-reason") {
        let problem = Problem::new(t.span(), "`known-from` and `known-from-reason` must be given together", "");
        f.problems.push(problem.help(match t.has("known-from") {
            true => "add known-from-reason = \"…\": how the public could know it by that day",
            false => "add known-from = \"2025-01-14\": the first day on which the public could know it",
        }));
    }
    Body::Source(Box::new(Provenance {
        publisher: t.text("publisher", f),
        author: t.text("author", f),
        published: date(t, "published", f),
        known_from: known.zip(reason).map(|(day, reason)| KnownFrom { day, reason }),
        url: t.text("url", f),
        blake3: digest(t, f),
        revises: t.reference("revises", Some(Kind::Source), f),
    }))
}

/// Reads the field `blake3`: 64 hexadecimal digits in lower case.
pub fn digest(t: &mut Fields<'_>, f: &mut Findings) -> Option<[u8; 32]> {
    let node = t.take("blake3")?;
    let written = text(node, "blake3", f)?;
    let digest = HEXLOWER.decode(written.as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if digest.is_some() {
        return digest;
    }
    let problem = Problem::new(node.span.clone(), "a BLAKE3 digest has 64 characters of 0-9 and a-f", "");
    f.problems.push(problem.help("leave out `blake3`, or copy it whole: heldto verify --sources FOLDER compares it"));
    None
}

fn commitment(t: &mut Fields<'_>, f: &mut Findings) -> Option<Commitment> {
    let Terms { target, due, test } = terms(t, f);
    let personal = t.flag("personal", f);
    let force = t.required("force", "how binding it is", f)?;
    Some(Commitment { force, target, due, test, personal })
}

fn terms(t: &mut Fields<'_>, f: &mut Findings) -> Terms {
    Terms {
        target: t.take("target").and_then(|n| target(n, f)),
        due: t.take("due").and_then(|n| due(n, f)),
        test: t.text("test", f),
    }
}

fn passed(node: &Node, f: &mut Findings) -> Option<Passed> {
    let mut t = Fields::of(node, "an item of `passes`", f)?;
    let what = t.required_text("what", "what passes, such as \"duties under the notice\"", f);
    let to = t.reference("to", Some(Kind::Party), f);
    t.finish(f);
    Some(Passed { what: what?, to })
}
