//! Turns the fields that only one kind of fact has into bytes, and back.
//!
//! This module does not know the common fields. Start at [`encode`], [`decode`] and
//! [`decode_indexed`].

use super::terms::{WireDue, WireTarget, WireTerms, due, read_terms, target, wire_due, wire_target, wire_terms};
use super::{Date, date, day, day_number, decode_prefix, encode_into, id, when};
use crate::wire::WireError;
use crate::wire::codes::Code;
use bincode::enc::write::Writer;
use bincode::{BorrowDecode, Encode};
use heldto_fact::{
    Body, Change, Commitment, FactHeader, FactId, Identifier, Kind, KnownFrom, Passed, Provenance, Recommendation,
};

#[derive(Encode, BorrowDecode)]
struct Source<'a> {
    publisher: Option<&'a str>,
    author: Option<&'a str>,
    published: Option<Date<'a>>,
    known_from: Option<(i32, &'a str)>,
    url: Option<&'a str>,
    blake3: Option<[u8; 32]>,
    revises: Option<&'a str>,
}

#[derive(Encode, BorrowDecode)]
struct Complaint<'a> {
    decision: u8,
    reference: Option<&'a str>,
    fault: Option<&'a str>,
    injustice: Option<&'a str>,
    count: Option<u64>,
}

#[derive(Encode, BorrowDecode)]
struct Pledge<'a> {
    force: u8,
    target: Option<WireTarget<'a>>,
    due: Option<WireDue<'a>>,
    test: Option<&'a str>,
    personal: bool,
}

/// The body that is succeeded, and all that passes on, each with the new body if known.
type Succession<'a> = (&'a str, Vec<(&'a str, Option<&'a str>)>);

#[derive(Encode, BorrowDecode)]
struct WireRecommendation<'a> {
    publication: Option<&'a str>,
    number: Option<&'a str>,
    terms: WireTerms<'a>,
    answer_due: Option<WireDue<'a>>,
}

#[derive(Encode, BorrowDecode)]
struct WireDecision<'a> {
    ruling: u8,
    on: Vec<&'a str>,
    terms: Option<WireTerms<'a>>,
    conditions: Option<&'a str>,
}

/// Writes the canonical encoding of a body.
pub(super) fn encode(body: &Body, to: &mut impl Writer) -> Result<(), WireError> {
    match body {
        Body::Party { kind, identifiers } => {
            let pairs: Vec<(&str, &str)> = identifiers.iter().map(|i| (i.scheme.as_str(), i.value.as_str())).collect();
            encode_into(&(kind.code(), pairs), to)
        }
        Body::Source(from) => {
            let source = Source {
                publisher: from.publisher.as_deref(),
                author: from.author.as_deref(),
                published: from.published.as_ref().map(date),
                known_from: from.known_from.as_ref().map(|k| (day_number(k.day), k.reason.as_str())),
                url: from.url.as_deref(),
                blake3: from.blake3,
                revises: from.revises.as_ref().map(FactId::as_str),
            };
            encode_into(&source, to)
        }
        Body::Metric { definition, unit, better } => encode_into(&(definition, unit, better.code()), to),
        Body::Inspection { outcome, framework, findings } => encode_into(&(outcome, framework, findings), to),
        Body::Notice { form } => encode_into(form, to),
        Body::Statement { act, outcome } => encode_into(&(act.code(), outcome), to),
        Body::Question { answer } => encode_into(&answer.code(), to),
        Body::Pledge(commitment) => encode_into(&pledge(commitment), to),
        Body::Delivery { outcome } => encode_into(&outcome.code(), to),
        Body::Complaint { decision, reference, fault, injustice, count } => {
            let decision = decision.code();
            let reference = reference.as_deref();
            let fault = fault.as_deref();
            let injustice = injustice.as_deref();
            encode_into(&Complaint { decision, reference, fault, injustice, count: *count }, to)
        }
        Body::Payout { settles, count } => encode_into(&(settles, count), to),
        Body::Measurement { metric, numerator, denominator } => {
            encode_into(&(metric.as_str(), numerator, denominator), to)
        }
        Body::Change { what, value } => encode_into(&(what.code(), value), to),
        Body::Publication { form, announced, parts } => encode_into(&(form.code(), announced, parts), to),
        Body::Assessment { of, verdict, scale, reasons } => encode_into(&(of.as_str(), verdict, scale, reasons), to),
        Body::Succession { of, passes } => {
            let passes: Vec<(&str, Option<&str>)> =
                passes.iter().map(|p| (p.what.as_str(), p.to.as_ref().map(FactId::as_str))).collect();
            encode_into(&(of.as_str(), passes), to)
        }
        Body::Recommendation(recommendation) => encode_into(&wire_recommendation(recommendation), to),
        Body::Decision { ruling, on, terms, conditions } => {
            let decision = WireDecision {
                ruling: ruling.code(),
                on: on.iter().map(FactId::as_str).collect(),
                terms: terms.as_deref().map(wire_terms),
                conditions: conditions.as_deref(),
            };
            encode_into(&decision, to)
        }
        Body::Correction { of, reason, replacement } => {
            // A replacement is stored as a byte string, so that facts cannot nest without end.
            encode_into(&(of.as_str(), reason, super::encode(replacement)?), to)
        }
        Body::Retraction { of, reason } => encode_into(&(of.as_str(), reason), to),
    }
}

/// Decodes the body of a kind and returns it with the number of bytes used.
pub(super) fn decode(kind: Kind, bytes: &[u8]) -> Result<(Body, usize), WireError> {
    Ok(match kind {
        Kind::Party => {
            let ((kind, pairs), used): ((u8, Vec<(String, String)>), _) = decode_prefix(bytes)?;
            let identifiers = pairs.into_iter().map(|(scheme, value)| Identifier { scheme, value }).collect();
            (Body::Party { kind: Code::read(kind)?, identifiers }, used)
        }
        Kind::Source => {
            let (s, used): (Source<'_>, _) = decode_prefix(bytes)?;
            (source(&s)?, used)
        }
        Kind::Metric => {
            let ((definition, unit, better), used): ((_, _, u8), _) = decode_prefix(bytes)?;
            (Body::Metric { definition, unit, better: Code::read(better)? }, used)
        }
        Kind::Inspection => {
            let ((outcome, framework, findings), used) = decode_prefix(bytes)?;
            (Body::Inspection { outcome, framework, findings }, used)
        }
        Kind::Notice => {
            let (form, used) = decode_prefix(bytes)?;
            (Body::Notice { form }, used)
        }
        Kind::Statement => {
            let ((act, outcome), used): ((u8, _), _) = decode_prefix(bytes)?;
            (Body::Statement { act: Code::read(act)?, outcome }, used)
        }
        Kind::Question => {
            let (answer, used): (u8, _) = decode_prefix(bytes)?;
            (Body::Question { answer: Code::read(answer)? }, used)
        }
        Kind::Pledge => {
            let (p, used): (Pledge<'_>, _) = decode_prefix(bytes)?;
            (Body::Pledge(Box::new(commitment(p)?)), used)
        }
        Kind::Delivery => {
            let (outcome, used): (u8, _) = decode_prefix(bytes)?;
            (Body::Delivery { outcome: Code::read(outcome)? }, used)
        }
        Kind::Complaint => {
            let (c, used): (Complaint<'_>, _) = decode_prefix(bytes)?;
            let [reference, fault, injustice] = [c.reference, c.fault, c.injustice].map(owned);
            (Body::Complaint { decision: Code::read(c.decision)?, reference, fault, injustice, count: c.count }, used)
        }
        Kind::Payout => {
            let ((settles, count), used) = decode_prefix(bytes)?;
            (Body::Payout { settles, count }, used)
        }
        Kind::Measurement => {
            let ((metric, numerator, denominator), used): ((&str, _, _), _) = decode_prefix(bytes)?;
            (Body::Measurement { metric: id(metric)?, numerator, denominator }, used)
        }
        Kind::Change => {
            let ((what, value), used): ((u8, _), _) = decode_prefix(bytes)?;
            (Body::Change { what: Code::read(what)?, value }, used)
        }
        Kind::Publication => {
            let ((form, announced, parts), used): ((u8, _, _), _) = decode_prefix(bytes)?;
            (Body::Publication { form: Code::read(form)?, announced, parts }, used)
        }
        Kind::Assessment => {
            let ((of, verdict, scale, reasons), used): ((&str, _, _, _), _) = decode_prefix(bytes)?;
            (Body::Assessment { of: id(of)?, verdict, scale, reasons }, used)
        }
        Kind::Succession => {
            let ((of, pairs), used): (Succession<'_>, _) = decode_prefix(bytes)?;
            let passed = |(what, to): (&str, Option<&str>)| {
                Ok::<_, WireError>(Passed { what: what.to_owned(), to: to.map(id).transpose()? })
            };
            let passes = pairs.into_iter().map(passed).collect::<Result<_, _>>()?;
            (Body::Succession { of: id(of)?, passes }, used)
        }
        Kind::Recommendation => {
            let (wire, used): (WireRecommendation<'_>, _) = decode_prefix(bytes)?;
            (Body::Recommendation(Box::new(recommendation(wire)?)), used)
        }
        Kind::Decision => {
            let (wire, used): (WireDecision<'_>, _) = decode_prefix(bytes)?;
            let on = wire.on.iter().map(|fact| id(fact)).collect::<Result<_, _>>()?;
            let terms = wire.terms.map(read_terms).transpose()?.map(Box::new);
            (Body::Decision { ruling: Code::read(wire.ruling)?, on, terms, conditions: owned(wire.conditions) }, used)
        }
        Kind::Correction => {
            let ((of, reason, inner), used): ((&str, String, &[u8]), _) = decode_prefix(bytes)?;
            let replacement = Box::new(super::super::decode_fact(replacement(inner)?)?);
            (Body::Correction { of: id(of)?, reason, replacement }, used)
        }
        Kind::Retraction => {
            let ((of, reason), used): ((&str, _), _) = decode_prefix(bytes)?;
            (Body::Retraction { of: id(of)?, reason }, used)
        }
        Kind::Redaction | Kind::Key | Kind::Withholding | Kind::ReserveKey | Kind::Revocation => {
            return Err(not_a_fact(kind));
        }
    })
}

/// The part of a body that is indexed.
pub(super) enum IndexedBody<'b> {
    /// The metric of a measurement.
    Metric(&'b str),
    /// A change of control.
    Control,
    /// A commitment of the speakers.
    Commitment,
    /// Facts that an assessment or a decision is about.
    Facts(Vec<&'b str>),
    /// The body that is followed, and the parties to which something passes.
    Succession(&'b str, Vec<&'b str>),
    /// The corrected or retracted fact, and the header of its replacement, if any.
    Amends(&'b str, Option<FactHeader<'b>>),
    /// No further index terms.
    Nothing,
}

/// Decodes the indexed part of a body.
pub(super) fn decode_indexed(kind: Kind, bytes: &[u8]) -> Result<IndexedBody<'_>, WireError> {
    Ok(match kind {
        Kind::Pledge => IndexedBody::Commitment,
        Kind::Measurement => IndexedBody::Metric(decode_prefix(bytes)?.0),
        Kind::Assessment => IndexedBody::Facts(vec![decode_prefix(bytes)?.0]),
        Kind::Decision => {
            let ((_, on), _): ((u8, Vec<&str>), _) = decode_prefix(bytes)?;
            IndexedBody::Facts(on)
        }
        Kind::Succession => {
            let ((of, passes), _): (Succession<'_>, _) = decode_prefix(bytes)?;
            IndexedBody::Succession(of, passes.into_iter().filter_map(|(_, to)| to).collect())
        }
        Kind::Change => {
            let (what, _): (u8, _) = decode_prefix(bytes)?;
            if Change::read(what)? == Change::Control { IndexedBody::Control } else { IndexedBody::Nothing }
        }
        Kind::Correction => {
            let ((of, _, inner), _): ((&str, &str, &[u8]), _) = decode_prefix(bytes)?;
            IndexedBody::Amends(of, Some(super::super::decode_header(replacement(inner)?)?))
        }
        Kind::Retraction => IndexedBody::Amends(decode_prefix(bytes)?.0, None),
        Kind::Redaction | Kind::Key | Kind::Withholding | Kind::ReserveKey | Kind::Revocation => {
            return Err(not_a_fact(kind));
        }
        Kind::Party
        | Kind::Source
        | Kind::Metric
        | Kind::Inspection
        | Kind::Notice
        | Kind::Statement
        | Kind::Question
        | Kind::Delivery
        | Kind::Complaint
        | Kind::Payout
        | Kind::Publication
        | Kind::Recommendation => IndexedBody::Nothing,
    })
}

/// Returns the replacement's bytes, unless they are those of a correction or retraction.
fn replacement(bytes: &[u8]) -> Result<&[u8], WireError> {
    if matches!(bytes.get(1).copied().and_then(Kind::from_code), Some(Kind::Correction | Kind::Retraction)) {
        return Err(WireError::Value("a correction cannot hold a correction or a retraction".to_owned()));
    }
    Ok(bytes)
}

fn not_a_fact(kind: Kind) -> WireError {
    WireError::Value(format!("a {kind} is the ledger's own record, not a fact"))
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn source(s: &Source<'_>) -> Result<Body, WireError> {
    let known_from = s
        .known_from
        .map(|(number, reason)| Ok::<_, WireError>(KnownFrom { day: day(number)?, reason: reason.to_owned() }));
    Ok(Body::Source(Box::new(Provenance {
        publisher: owned(s.publisher),
        author: owned(s.author),
        published: s.published.as_ref().map(when).transpose()?,
        known_from: known_from.transpose()?,
        url: owned(s.url),
        blake3: s.blake3,
        revises: s.revises.map(id).transpose()?,
    })))
}

fn wire_recommendation(r: &Recommendation) -> WireRecommendation<'_> {
    WireRecommendation {
        publication: r.publication.as_ref().map(FactId::as_str),
        number: r.number.as_deref(),
        terms: wire_terms(&r.terms),
        answer_due: r.answer_due.as_ref().map(wire_due),
    }
}

fn recommendation(wire: WireRecommendation<'_>) -> Result<Recommendation, WireError> {
    Ok(Recommendation {
        publication: wire.publication.map(id).transpose()?,
        number: owned(wire.number),
        terms: read_terms(wire.terms)?,
        answer_due: wire.answer_due.map(due).transpose()?,
    })
}

fn pledge(c: &Commitment) -> Pledge<'_> {
    let target = c.target.as_ref().map(wire_target);
    let due = c.due.as_ref().map(wire_due);
    Pledge { force: c.force.code(), target, due, test: c.test.as_deref(), personal: c.personal }
}

fn commitment(p: Pledge<'_>) -> Result<Commitment, WireError> {
    Ok(Commitment {
        force: Code::read(p.force)?,
        target: p.target.as_ref().map(target).transpose()?,
        due: p.due.map(due).transpose()?,
        test: owned(p.test),
        personal: p.personal,
    })
}
