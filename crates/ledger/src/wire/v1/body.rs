//! What only one kind says.

use super::{
    Date, WireAmount, WireSpan, amount, date, day, day_number, id, read_span, span, spell, take, when, wire_amount,
};
use crate::wire::WireError;
use crate::wire::codes::Code;
use bincode::{Decode, Encode};
use heldto_fact::{Body, Commitment, Due, DueRule, Identifier, Kind, KnownFrom, Mode, Target, Threshold};

#[derive(Encode, Decode)]
struct Source {
    publisher: Option<String>,
    author: Option<String>,
    published: Option<Date>,
    known_from: Option<(i32, String)>,
    url: Option<String>,
    blake3: Option<[u8; 32]>,
    revises: Option<String>,
}

#[derive(Encode, Decode)]
struct Complaint {
    decision: u8,
    reference: Option<String>,
    fault: Option<String>,
    injustice: Option<String>,
    count: Option<u64>,
}

#[derive(Encode, Decode)]
struct Pledge {
    force: u8,
    target: Option<WireTarget>,
    due: Option<WireDue>,
    test: Option<String>,
    personal: bool,
}

#[derive(Encode, Decode)]
enum WireTarget {
    Amount(WireAmount),
    AtLeast(String, WireAmount, Option<WireAmount>),
    AtMost(String, WireAmount, Option<WireAmount>),
    Deliverable(String),
    KeepDoing(String),
    Slot(String, u64),
}

#[derive(Encode, Decode)]
struct WireDue {
    mode: WireMode,
    date: Option<Date>,
    rule: Option<(Date, WireSpan, bool)>,
    terms: Option<String>,
}

#[derive(Encode, Decode)]
enum WireMode {
    By,
    NotBefore,
    BeforeEvent(String),
    Every(Option<WireSpan>),
}

pub(super) fn encode(body: &Body) -> Result<Vec<u8>, WireError> {
    match body {
        Body::Party { kind, identifiers } => {
            let pairs: Vec<(&str, &str)> = identifiers.iter().map(|i| (i.scheme.as_str(), i.value.as_str())).collect();
            spell(&(kind.code(), pairs))
        }
        Body::Source { publisher, author, published, known_from, url, blake3, revises } => spell(&Source {
            publisher: publisher.clone(),
            author: author.clone(),
            published: published.as_ref().map(date),
            known_from: known_from.as_ref().map(|k| (day_number(k.day), k.reason.clone())),
            url: url.clone(),
            blake3: *blake3,
            revises: revises.as_ref().map(ToString::to_string),
        }),
        Body::Metric { definition, unit, better } => spell(&(definition, unit, better.code())),
        Body::Inspection { outcome, framework, findings } => spell(&(outcome, framework, findings)),
        Body::Notice { form } => spell(form),
        Body::Statement { act, outcome } => spell(&(act.code(), outcome)),
        Body::Question { answer } => spell(&answer.code()),
        Body::Pledge(commitment) => spell(&pledge(commitment)),
        Body::Delivery { outcome } => spell(&outcome.code()),
        Body::Complaint { decision, reference, fault, injustice, count } => spell(&Complaint {
            decision: decision.code(),
            reference: reference.clone(),
            fault: fault.clone(),
            injustice: injustice.clone(),
            count: *count,
        }),
        Body::Payout { settles, count } => spell(&(settles, count)),
        Body::Measurement { metric, numerator, denominator } => spell(&(metric.as_str(), numerator, denominator)),
        Body::Change { what, value } => spell(&(what.code(), value)),
        Body::Publication { form, announced, parts } => spell(&(form.code(), announced, parts)),
        Body::Assessment { of, verdict, scale, reasons } => spell(&(of.as_str(), verdict, scale, reasons)),
        Body::Correction { of, reason, replacement } => {
            // As bytes of their own, so that facts within facts cannot nest without end.
            spell(&(of.as_str(), reason, super::encode(replacement)?))
        }
        Body::Retraction { of, reason } => spell(&(of.as_str(), reason)),
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
            let (s, used): (Source, _) = take(bytes)?;
            (source(s)?, used)
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
            let (p, used): (Pledge, _) = take(bytes)?;
            (Body::Pledge(Box::new(commitment(p)?)), used)
        }
        Kind::Delivery => {
            let (outcome, used): (u8, _) = take(bytes)?;
            (Body::Delivery { outcome: Code::read(outcome)? }, used)
        }
        Kind::Complaint => {
            let (c, used): (Complaint, _) = take(bytes)?;
            let Complaint { decision, reference, fault, injustice, count } = c;
            (Body::Complaint { decision: Code::read(decision)?, reference, fault, injustice, count }, used)
        }
        Kind::Payout => {
            let ((settles, count), used) = take(bytes)?;
            (Body::Payout { settles, count }, used)
        }
        Kind::Measurement => {
            let ((metric, numerator, denominator), used): ((String, _, _), _) = take(bytes)?;
            (Body::Measurement { metric: id(&metric)?, numerator, denominator }, used)
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
            let ((of, verdict, scale, reasons), used): ((String, _, _, _), _) = take(bytes)?;
            (Body::Assessment { of: id(&of)?, verdict, scale, reasons }, used)
        }
        Kind::Correction => {
            let ((of, reason, inner), used): ((String, String, Vec<u8>), _) = take(bytes)?;
            if matches!(inner.get(1).copied().and_then(Kind::from_code), Some(Kind::Correction | Kind::Retraction)) {
                return Err(WireError::Value("a correction cannot hold a correction or a retraction".to_owned()));
            }
            let replacement = Box::new(super::super::decode_fact(&inner)?);
            (Body::Correction { of: id(&of)?, reason, replacement }, used)
        }
        Kind::Retraction => {
            let ((of, reason), used): ((String, _), _) = take(bytes)?;
            (Body::Retraction { of: id(&of)?, reason }, used)
        }
        Kind::Redaction | Kind::Key => {
            return Err(WireError::Value(format!("a {kind} is the ledger's own record, not a fact")));
        }
    })
}

fn source(s: Source) -> Result<Body, WireError> {
    let known_from = s.known_from.map(|(number, reason)| Ok::<_, WireError>(KnownFrom { day: day(number)?, reason }));
    Ok(Body::Source {
        publisher: s.publisher,
        author: s.author,
        published: s.published.as_ref().map(when).transpose()?,
        known_from: known_from.transpose()?,
        url: s.url,
        blake3: s.blake3,
        revises: s.revises.as_deref().map(id).transpose()?,
    })
}

fn pledge(c: &Commitment) -> Pledge {
    let target = c.target.as_ref().map(|target| match target {
        Target::Amount(a) => WireTarget::Amount(wire_amount(a)),
        Target::Metric { metric, threshold: Threshold::AtLeast(a), baseline } => {
            WireTarget::AtLeast(metric.to_string(), wire_amount(a), baseline.as_ref().map(wire_amount))
        }
        Target::Metric { metric, threshold: Threshold::AtMost(a), baseline } => {
            WireTarget::AtMost(metric.to_string(), wire_amount(a), baseline.as_ref().map(wire_amount))
        }
        Target::Deliverable(text) => WireTarget::Deliverable(text.clone()),
        Target::KeepDoing(text) => WireTarget::KeepDoing(text.clone()),
        Target::Slot { of, number } => WireTarget::Slot(of.to_string(), *number),
    });
    let due = c.due.as_ref().map(|due| WireDue {
        mode: match &due.mode {
            Mode::By => WireMode::By,
            Mode::NotBefore => WireMode::NotBefore,
            Mode::BeforeEvent(event) => WireMode::BeforeEvent(event.clone()),
            Mode::Every(every) => WireMode::Every(every.map(span)),
        },
        date: due.date.as_ref().map(date),
        rule: due.rule.as_ref().map(|r| (date(&r.after), span(r.plus), r.about)),
        terms: due.terms.clone(),
    });
    Pledge { force: c.force.code(), target, due, test: c.test.clone(), personal: c.personal }
}

fn commitment(p: Pledge) -> Result<Commitment, WireError> {
    Ok(Commitment {
        force: Code::read(p.force)?,
        target: p.target.map(target).transpose()?,
        due: p.due.map(due).transpose()?,
        test: p.test,
        personal: p.personal,
    })
}

fn target(wire: WireTarget) -> Result<Target, WireError> {
    Ok(match wire {
        WireTarget::Amount(a) => Target::Amount(amount(a)?),
        WireTarget::AtLeast(metric, a, baseline) => Target::Metric {
            metric: id(&metric)?,
            threshold: Threshold::AtLeast(amount(a)?),
            baseline: baseline.map(amount).transpose()?,
        },
        WireTarget::AtMost(metric, a, baseline) => Target::Metric {
            metric: id(&metric)?,
            threshold: Threshold::AtMost(amount(a)?),
            baseline: baseline.map(amount).transpose()?,
        },
        WireTarget::Deliverable(text) => Target::Deliverable(text),
        WireTarget::KeepDoing(text) => Target::KeepDoing(text),
        WireTarget::Slot(of, number) => Target::Slot { of: id(&of)?, number },
    })
}

fn due(wire: WireDue) -> Result<Due, WireError> {
    let rule = wire.rule.map(|(after, plus, about)| {
        Ok::<_, WireError>(DueRule { after: when(&after)?, plus: read_span(plus)?, about })
    });
    Ok(Due {
        mode: match wire.mode {
            WireMode::By => Mode::By,
            WireMode::NotBefore => Mode::NotBefore,
            WireMode::BeforeEvent(event) => Mode::BeforeEvent(event),
            WireMode::Every(every) => Mode::Every(every.map(read_span).transpose()?),
        },
        date: wire.date.as_ref().map(when).transpose()?,
        rule: rule.transpose()?,
        terms: wire.terms,
    })
}
