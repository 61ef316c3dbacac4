//! What only one kind says.

use super::{
    Date, WireAmount, WireSpan, amount, date, day, day_number, id, read_span, span, spell, take, when, wire_amount,
};
use crate::wire::WireError;
use crate::wire::codes::Code;
use bincode::enc::write::Writer;
use bincode::{BorrowDecode, Encode};
use heldto_fact::{
    Body, Change, Commitment, Due, DueRule, FactId, Identifier, Kind, KnownFrom, Mode, Provenance, Target, Threshold,
    Told,
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

#[derive(Encode, BorrowDecode)]
enum WireTarget<'a> {
    Amount(WireAmount<'a>),
    AtLeast(&'a str, WireAmount<'a>, Option<WireAmount<'a>>),
    AtMost(&'a str, WireAmount<'a>, Option<WireAmount<'a>>),
    Deliverable(&'a str),
    KeepDoing(&'a str),
    Slot(&'a str, u64),
}

#[derive(Encode, BorrowDecode)]
struct WireDue<'a> {
    mode: WireMode<'a>,
    date: Option<Date<'a>>,
    rule: Option<(Date<'a>, WireSpan, bool)>,
    terms: Option<&'a str>,
}

#[derive(Encode, BorrowDecode)]
enum WireMode<'a> {
    By,
    NotBefore,
    BeforeEvent(&'a str),
    Every(Option<WireSpan>),
}

pub(super) fn encode(body: &Body, to: &mut impl Writer) -> Result<(), WireError> {
    match body {
        Body::Party { kind, identifiers } => {
            let pairs: Vec<(&str, &str)> = identifiers.iter().map(|i| (i.scheme.as_str(), i.value.as_str())).collect();
            spell(&(kind.code(), pairs), to)
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
            spell(&source, to)
        }
        Body::Metric { definition, unit, better } => spell(&(definition, unit, better.code()), to),
        Body::Inspection { outcome, framework, findings } => spell(&(outcome, framework, findings), to),
        Body::Notice { form } => spell(form, to),
        Body::Statement { act, outcome } => spell(&(act.code(), outcome), to),
        Body::Question { answer } => spell(&answer.code(), to),
        Body::Pledge(commitment) => spell(&pledge(commitment), to),
        Body::Delivery { outcome } => spell(&outcome.code(), to),
        Body::Complaint { decision, reference, fault, injustice, count } => {
            let decision = decision.code();
            let (reference, fault, injustice) = (reference.as_deref(), fault.as_deref(), injustice.as_deref());
            spell(&Complaint { decision, reference, fault, injustice, count: *count }, to)
        }
        Body::Payout { settles, count } => spell(&(settles, count), to),
        Body::Measurement { metric, numerator, denominator } => spell(&(metric.as_str(), numerator, denominator), to),
        Body::Change { what, value } => spell(&(what.code(), value), to),
        Body::Publication { form, announced, parts } => spell(&(form.code(), announced, parts), to),
        Body::Assessment { of, verdict, scale, reasons } => spell(&(of.as_str(), verdict, scale, reasons), to),
        Body::Correction { of, reason, replacement } => {
            // As bytes of their own, so that facts within facts cannot nest without end.
            spell(&(of.as_str(), reason, super::encode(replacement)?), to)
        }
        Body::Retraction { of, reason } => spell(&(of.as_str(), reason), to),
    }
}

pub(super) fn decode(kind: Kind, bytes: &[u8]) -> Result<(Body, usize), WireError> {
    Ok(match kind {
        Kind::Party => {
            let ((kind, pairs), used): ((u8, Vec<(String, String)>), _) = take(bytes)?;
            let identifiers = pairs.into_iter().map(|(scheme, value)| Identifier { scheme, value }).collect();
            (Body::Party { kind: Code::read(kind)?, identifiers }, used)
        }
        Kind::Source => {
            let (s, used): (Source<'_>, _) = take(bytes)?;
            (source(&s)?, used)
        }
        Kind::Metric => {
            let ((definition, unit, better), used): ((_, _, u8), _) = take(bytes)?;
            (Body::Metric { definition, unit, better: Code::read(better)? }, used)
        }
        Kind::Inspection => {
            let ((outcome, framework, findings), used) = take(bytes)?;
            (Body::Inspection { outcome, framework, findings }, used)
        }
        Kind::Notice => {
            let (form, used) = take(bytes)?;
            (Body::Notice { form }, used)
        }
        Kind::Statement => {
            let ((act, outcome), used): ((u8, _), _) = take(bytes)?;
            (Body::Statement { act: Code::read(act)?, outcome }, used)
        }
        Kind::Question => {
            let (answer, used): (u8, _) = take(bytes)?;
            (Body::Question { answer: Code::read(answer)? }, used)
        }
        Kind::Pledge => {
            let (p, used): (Pledge<'_>, _) = take(bytes)?;
            (Body::Pledge(Box::new(commitment(p)?)), used)
        }
        Kind::Delivery => {
            let (outcome, used): (u8, _) = take(bytes)?;
            (Body::Delivery { outcome: Code::read(outcome)? }, used)
        }
        Kind::Complaint => {
            let (c, used): (Complaint<'_>, _) = take(bytes)?;
            let [reference, fault, injustice] = [c.reference, c.fault, c.injustice].map(owned);
            (Body::Complaint { decision: Code::read(c.decision)?, reference, fault, injustice, count: c.count }, used)
        }
        Kind::Payout => {
            let ((settles, count), used) = take(bytes)?;
            (Body::Payout { settles, count }, used)
        }
        Kind::Measurement => {
            let ((metric, numerator, denominator), used): ((&str, _, _), _) = take(bytes)?;
            (Body::Measurement { metric: id(metric)?, numerator, denominator }, used)
        }
        Kind::Change => {
            let ((what, value), used): ((u8, _), _) = take(bytes)?;
            (Body::Change { what: Code::read(what)?, value }, used)
        }
        Kind::Publication => {
            let ((form, announced, parts), used): ((u8, _, _), _) = take(bytes)?;
            (Body::Publication { form: Code::read(form)?, announced, parts }, used)
        }
        Kind::Assessment => {
            let ((of, verdict, scale, reasons), used): ((&str, _, _, _), _) = take(bytes)?;
            (Body::Assessment { of: id(of)?, verdict, scale, reasons }, used)
        }
        Kind::Correction => {
            let ((of, reason, inner), used): ((&str, String, &[u8]), _) = take(bytes)?;
            let replacement = Box::new(super::super::decode_fact(replacement(inner)?)?);
            (Body::Correction { of: id(of)?, reason, replacement }, used)
        }
        Kind::Retraction => {
            let ((of, reason), used): ((&str, _), _) = take(bytes)?;
            (Body::Retraction { of: id(of)?, reason }, used)
        }
        Kind::Redaction | Kind::Key => return Err(not_a_fact(kind)),
    })
}

/// What finds a fact of what its kind says.
pub(super) enum Named<'b> {
    Metric(&'b str),
    Control,
    /// A verdict on this fact.
    Fact(&'b str),
    /// Another fact, with what replaces it.
    Amends(&'b str, Option<Told<'b>>),
    Nothing,
}

pub(super) fn named(kind: Kind, bytes: &[u8]) -> Result<Named<'_>, WireError> {
    Ok(match kind {
        Kind::Measurement => Named::Metric(take(bytes)?.0),
        Kind::Assessment => Named::Fact(take(bytes)?.0),
        Kind::Change => {
            let (what, _): (u8, _) = take(bytes)?;
            if Change::read(what)? == Change::Control { Named::Control } else { Named::Nothing }
        }
        Kind::Correction => {
            let ((of, _, inner), _): ((&str, &str, &[u8]), _) = take(bytes)?;
            Named::Amends(of, Some(super::super::tell_fact(replacement(inner)?)?))
        }
        Kind::Retraction => Named::Amends(take(bytes)?.0, None),
        Kind::Redaction | Kind::Key => return Err(not_a_fact(kind)),
        _ => Named::Nothing,
    })
}

/// The bytes of what a correction puts in place of a fact.
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

fn pledge(c: &Commitment) -> Pledge<'_> {
    let target = c.target.as_ref().map(|target| match target {
        Target::Amount(a) => WireTarget::Amount(wire_amount(a)),
        Target::Metric { metric, threshold: Threshold::AtLeast(a), baseline } => {
            WireTarget::AtLeast(metric.as_str(), wire_amount(a), baseline.as_ref().map(wire_amount))
        }
        Target::Metric { metric, threshold: Threshold::AtMost(a), baseline } => {
            WireTarget::AtMost(metric.as_str(), wire_amount(a), baseline.as_ref().map(wire_amount))
        }
        Target::Deliverable(text) => WireTarget::Deliverable(text),
        Target::KeepDoing(text) => WireTarget::KeepDoing(text),
        Target::Slot { of, number } => WireTarget::Slot(of.as_str(), *number),
    });
    let due = c.due.as_ref().map(|due| WireDue {
        mode: match &due.mode {
            Mode::By => WireMode::By,
            Mode::NotBefore => WireMode::NotBefore,
            Mode::BeforeEvent(event) => WireMode::BeforeEvent(event),
            Mode::Every(every) => WireMode::Every(every.map(span)),
        },
        date: due.date.as_ref().map(date),
        rule: due.rule.as_ref().map(|r| (date(&r.after), span(r.plus), r.about)),
        terms: due.terms.as_deref(),
    });
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

fn target(wire: &WireTarget<'_>) -> Result<Target, WireError> {
    Ok(match wire {
        WireTarget::Amount(a) => Target::Amount(amount(a)?),
        WireTarget::AtLeast(metric, a, baseline) => Target::Metric {
            metric: id(metric)?,
            threshold: Threshold::AtLeast(amount(a)?),
            baseline: baseline.as_ref().map(amount).transpose()?,
        },
        WireTarget::AtMost(metric, a, baseline) => Target::Metric {
            metric: id(metric)?,
            threshold: Threshold::AtMost(amount(a)?),
            baseline: baseline.as_ref().map(amount).transpose()?,
        },
        WireTarget::Deliverable(text) => Target::Deliverable((*text).to_owned()),
        WireTarget::KeepDoing(text) => Target::KeepDoing((*text).to_owned()),
        WireTarget::Slot(of, number) => Target::Slot { of: id(of)?, number: *number },
    })
}

fn due(wire: WireDue<'_>) -> Result<Due, WireError> {
    let rule = wire.rule.map(|(after, plus, about)| {
        Ok::<_, WireError>(DueRule { after: when(&after)?, plus: read_span(plus)?, about })
    });
    Ok(Due {
        mode: match wire.mode {
            WireMode::By => Mode::By,
            WireMode::NotBefore => Mode::NotBefore,
            WireMode::BeforeEvent(event) => Mode::BeforeEvent(event.to_owned()),
            WireMode::Every(every) => Mode::Every(every.map(read_span).transpose()?),
        },
        date: wire.date.as_ref().map(when).transpose()?,
        rule: rule.transpose()?,
        terms: owned(wire.terms),
    })
}
