//! Turns facts into version 1 of their bytes and back: the common fields, then those of the kind.
//!
//! docs/FORMAT.md, *Facts* has the tables. This module does not know other versions. Start at
//! [`encode`], [`decode`] and [`decode_header`]; `body` and `terms` have the fields of each kind.

use super::WireError;
use super::codes::Code;
use bincode::enc::EncoderImpl;
use bincode::enc::write::{SizeWriter, Writer};
use bincode::error::EncodeError;
use bincode::{BorrowDecode, Encode};
use chrono::{Days, NaiveDate};
use heldto_fact::{
    Amount, Citation, Fact, FactHeader, FactId, FactSummary, IndexTerm, Kind, KindTerms, Link, Quantity, Quotation,
    Span, When,
};
use heldto_proof::MAX_PART;
use std::borrow::Cow;

mod body;
mod edtf;
mod terms;
mod unit;

use body::IndexedBody;

const VERSION: u8 = 1;

/// The fields of every fact, borrowed from the fact for encoding or from the bytes for decoding.
#[derive(Encode, BorrowDecode)]
struct Common<'a> {
    version: u8,
    kind: u8,
    id: &'a str,
    text: &'a str,
    by: Vec<&'a str>,
    about: Vec<&'a str>,
    to: Vec<&'a str>,
    reporter: Option<&'a str>,
    attribution: u8,
    voice: Option<u8>,
    occurred: Option<Date<'a>>,
    period: Option<Date<'a>>,
    place: Option<&'a str>,
    sensitive: bool,
    salience: u8,
    amounts: Vec<WireAmount<'a>>,
    cites: Vec<Cite<'a>>,
    links: Vec<WireLink<'a>>,
    note: Option<&'a str>,
}

#[derive(Encode, BorrowDecode)]
pub(super) struct Date<'a> {
    edtf: Cow<'a, str>,
    window: Option<(i32, i32)>,
}

#[derive(Encode, BorrowDecode)]
pub(super) struct WireAmount<'a> {
    value: Option<u64>,
    of: Option<u64>,
    unit: Cow<'a, str>,
    qualifier: u8,
    direction: Option<&'a str>,
    low: Option<u64>,
    high: Option<u64>,
    role: u8,
    period: Option<Date<'a>>,
    basis: u8,
    payer: Option<&'a str>,
    count: Option<u64>,
}

#[derive(Encode, BorrowDecode)]
struct Cite<'a> {
    source: &'a str,
    at: &'a str,
    quote: Option<(u64, u64, [u8; 32])>,
}

#[derive(Encode, BorrowDecode)]
struct WireLink<'a> {
    kind: u8,
    to: &'a str,
    strength: u8,
}

/// A length of time: count and unit.
pub(super) type WireSpan = (u32, u8);

/// Returns the canonical encoding of a fact.
pub(super) fn encode(fact: &Fact) -> Result<Vec<u8>, WireError> {
    let mut bytes = ByteWriter(Vec::with_capacity(USUAL_FACT_BYTES));
    encode_into(&common(fact), &mut bytes)?;
    body::encode(&fact.body, &mut bytes)?;
    let ByteWriter(bytes) = bytes;
    if bytes.len() > MAX_PART { Err(WireError::TooLong(bytes.len())) } else { Ok(bytes) }
}

/// Decodes a fact, and refuses any encoding but the canonical one.
pub(super) fn decode(bytes: &[u8]) -> Result<Fact, WireError> {
    let (common, used): (Common<'_>, usize) = decode_prefix(bytes)?;
    let canonical = size(&common)? == used;
    let kind = Kind::read(common.kind)?;
    let (body, rest) = body::decode(kind, &bytes[used..])?;
    let fact = Fact {
        id: id(common.id)?,
        text: common.text.to_owned(),
        by: ids(&common.by)?,
        about: ids(&common.about)?,
        to: ids(&common.to)?,
        reporter: common.reporter.map(id).transpose()?,
        attribution: Code::read(common.attribution)?,
        voice: common.voice.map(Code::read).transpose()?,
        occurred: common.occurred.as_ref().map(when).transpose()?,
        period: common.period.as_ref().map(when).transpose()?,
        place: common.place.map(str::to_owned),
        sensitive: common.sensitive,
        salience: Code::read(common.salience)?,
        amounts: common.amounts.iter().map(amount).collect::<Result<_, _>>()?,
        cites: common.cites.iter().map(citation).collect::<Result<_, _>>()?,
        links: common.links.iter().map(link).collect::<Result<_, _>>()?,
        note: common.note.map(str::to_owned),
        body,
    };
    // Dates and units were compared with their canonical text as they were parsed. Any other second
    // encoding of the common fields is longer, so their size is enough; the body is encoded and
    // compared.
    let mut writer = EqWriter(&bytes[used..]);
    if canonical && used + rest == bytes.len() && body::encode(&fact.body, &mut writer).is_ok() && writer.0.is_empty() {
        Ok(fact)
    } else {
        Err(WireError::NotCanonical)
    }
}

/// Decodes a fact header: the common fields, and as much of the body as is indexed.
pub(super) fn decode_header(bytes: &[u8]) -> Result<FactHeader<'_>, WireError> {
    let (common, used): (Common<'_>, usize) = decode_prefix(bytes)?;
    let kind = Kind::read(common.kind)?;
    let body = body::decode_indexed(kind, &bytes[used..])?;
    let (entity, current, terms) = match body {
        IndexedBody::Amends(of, Some(replacement)) => (of, replacement.current, replacement.terms),
        IndexedBody::Amends(of, None) => (of, None, Vec::new()),
        IndexedBody::Control
        | IndexedBody::Commitment
        | IndexedBody::Metric(_)
        | IndexedBody::Facts(_)
        | IndexedBody::Succession(..)
        | IndexedBody::Nothing => {
            let subjects = if common.about.is_empty() { &common.by } else { &common.about }.iter().copied();
            let mut judged = Vec::new();
            let mut named = Vec::new();
            let of_kind = match body {
                IndexedBody::Metric(metric) => KindTerms::Measurement(metric, subjects),
                IndexedBody::Control => KindTerms::Control(subjects),
                IndexedBody::Commitment => KindTerms::Commitment(common.by.iter().copied()),
                IndexedBody::Facts(facts) => {
                    judged = facts;
                    KindTerms::Other
                }
                IndexedBody::Succession(of, passes) => {
                    named = std::iter::once(of).chain(passes).collect();
                    KindTerms::Succession(of, common.to.iter().copied())
                }
                IndexedBody::Nothing | IndexedBody::Amends(..) => KindTerms::Other,
            };
            let payers = common.amounts.iter().filter_map(|a| a.payer);
            let others = common.reporter.into_iter().chain(payers).chain(named);
            let parties = common.by.iter().chain(&common.about).chain(&common.to).copied().chain(others);
            let targets = common.links.iter().map(|l| l.to).chain(judged);
            let summary = FactSummary { kind, amounts: !common.amounts.is_empty(), links: !common.links.is_empty() };
            let mut terms = IndexTerm::collect(parties, targets, of_kind);
            terms.extend(common.sensitive.then_some(IndexTerm::Sensitive));
            (common.id, Some(summary), terms)
        }
    };
    Ok(FactHeader { entity, current, terms, bytes, words: &[] })
}

/// Usual maximum size of an encoded fact, in bytes; the initial capacity of its buffer.
const USUAL_FACT_BYTES: usize = 512;

/// A writer that collects bytes.
#[derive(Default)]
pub(super) struct ByteWriter(pub Vec<u8>);

impl Writer for ByteWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// A writer that compares the output with existing bytes.
struct EqWriter<'b>(&'b [u8]);

impl Writer for EqWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0 = self.0.strip_prefix(bytes).ok_or(EncodeError::UnexpectedEnd)?;
        Ok(())
    }
}

/// Returns the length of the canonical encoding.
fn size(wire: &impl Encode) -> Result<usize, WireError> {
    let mut writer = SizeWriter::default();
    encode_into(wire, &mut writer)?;
    Ok(writer.bytes_written)
}

/// Writes the canonical encoding of a value.
pub(super) fn encode_into(wire: &impl Encode, writer: &mut impl Writer) -> Result<(), WireError> {
    let mut encoder = EncoderImpl::new(writer, bincode::config::standard());
    wire.encode(&mut encoder).map_err(|e| WireError::Undecodable(e.to_string()))
}

/// Decodes one value from the front and returns it with the number of bytes used.
///
/// Limits all allocation to 16 times [`MAX_PART`].
pub(super) fn decode_prefix<'b, T: BorrowDecode<'b, ()>>(bytes: &'b [u8]) -> Result<(T, usize), WireError> {
    let config = bincode::config::standard().with_limit::<{ 16 * MAX_PART }>();
    bincode::borrow_decode_from_slice(bytes, config).map_err(|e| WireError::Undecodable(e.to_string()))
}

fn common(fact: &Fact) -> Common<'_> {
    fn texts(ids: &[FactId]) -> Vec<&str> {
        ids.iter().map(FactId::as_str).collect()
    }
    Common {
        version: VERSION,
        kind: fact.kind().code(),
        id: fact.id.as_str(),
        text: &fact.text,
        by: texts(&fact.by),
        about: texts(&fact.about),
        to: texts(&fact.to),
        reporter: fact.reporter.as_ref().map(FactId::as_str),
        attribution: fact.attribution.code(),
        voice: fact.voice.map(Code::code),
        occurred: fact.occurred.as_ref().map(date),
        period: fact.period.as_ref().map(date),
        place: fact.place.as_deref(),
        sensitive: fact.sensitive,
        salience: fact.salience.code(),
        amounts: fact.amounts.iter().map(wire_amount).collect(),
        cites: fact
            .cites
            .iter()
            .map(|c| Cite {
                source: c.source.as_str(),
                at: &c.at,
                quote: c.quote.as_ref().map(|q| (q.start, q.end, q.blake3)),
            })
            .collect(),
        links: fact
            .links
            .iter()
            .map(|l| WireLink { kind: l.kind.code(), to: l.to.as_str(), strength: l.strength.code() })
            .collect(),
        note: fact.note.as_deref(),
    }
}

pub(super) fn id(text: &str) -> Result<FactId, WireError> {
    unit::id(text).ok_or_else(|| WireError::Value(format!("`{text}` is not an id")))
}

fn ids(texts: &[&str]) -> Result<Vec<FactId>, WireError> {
    texts.iter().map(|t| id(t)).collect()
}

fn epoch() -> NaiveDate {
    NaiveDate::default()
}

pub(super) fn day_number(day: NaiveDate) -> i32 {
    i32::try_from(day.signed_duration_since(epoch()).num_days()).expect("chrono has fewer than 2^28 days")
}

pub(super) fn day(number: i32) -> Result<NaiveDate, WireError> {
    let distance = Days::new(number.unsigned_abs().into());
    let day = if number < 0 { epoch().checked_sub_days(distance) } else { epoch().checked_add_days(distance) };
    day.ok_or_else(|| WireError::Value(format!("{number} is no day")))
}

pub(super) fn date(when: &When) -> Date<'static> {
    Date {
        edtf: Cow::Owned(edtf::write(when)),
        window: when.stated_window().map(|(earliest, latest)| (day_number(earliest), day_number(latest))),
    }
}

pub(super) fn when(date: &Date<'_>) -> Result<When, WireError> {
    let value = |e: heldto_fact::Invalid| WireError::Value(e.to_string());
    let when = edtf::parse(&date.edtf).ok_or_else(|| WireError::Value(format!("`{}` is not a date", date.edtf)))?;
    match date.window {
        Some((earliest, latest)) => when.with_window(day(earliest)?, day(latest)?).map_err(value),
        None => Ok(when),
    }
}

pub(super) fn span(span: Span) -> WireSpan {
    (span.count(), span.unit().code())
}

pub(super) fn read_span((count, unit): WireSpan) -> Result<Span, WireError> {
    Span::new(count, Code::read(unit)?).ok_or_else(|| WireError::Value(format!("{count} is out of bounds")))
}

pub(super) fn wire_amount(amount: &Amount) -> WireAmount<'_> {
    // Quantities are never negative.
    let number = |q: Quantity| q.ten_thousandths().unsigned_abs();
    WireAmount {
        value: amount.value.map(number),
        of: amount.of.map(number),
        unit: Cow::Borrowed(unit::write(&amount.unit)),
        qualifier: amount.qualifier.code(),
        direction: amount.direction.as_deref(),
        low: amount.low.map(number),
        high: amount.high.map(number),
        role: amount.role.code(),
        period: amount.period.as_ref().map(date),
        basis: amount.basis.code(),
        payer: amount.payer.as_ref().map(FactId::as_str),
        count: amount.count,
    }
}

pub(super) fn amount(wire: &WireAmount<'_>) -> Result<Amount, WireError> {
    let number = |n: u64| {
        let quantity = i64::try_from(n).ok().and_then(Quantity::from_ten_thousandths);
        quantity.ok_or_else(|| WireError::Value(format!("{n} is too large")))
    };
    let unit = unit::parse(&wire.unit).ok_or_else(|| WireError::Value(format!("`{}` is not a unit", wire.unit)))?;
    Ok(Amount {
        value: wire.value.map(number).transpose()?,
        of: wire.of.map(number).transpose()?,
        unit,
        qualifier: Code::read(wire.qualifier)?,
        direction: wire.direction.map(str::to_owned),
        low: wire.low.map(number).transpose()?,
        high: wire.high.map(number).transpose()?,
        role: Code::read(wire.role)?,
        period: wire.period.as_ref().map(when).transpose()?,
        basis: Code::read(wire.basis)?,
        payer: wire.payer.map(id).transpose()?,
        count: wire.count,
    })
}

fn citation(cite: &Cite<'_>) -> Result<Citation, WireError> {
    let quote = cite.quote.map(|(start, end, blake3)| Quotation { start, end, blake3, words: None });
    Ok(Citation { source: id(cite.source)?, at: cite.at.to_owned(), quote })
}

fn link(wire: &WireLink<'_>) -> Result<Link, WireError> {
    Ok(Link { kind: Code::read(wire.kind)?, to: id(wire.to)?, strength: Code::read(wire.strength)? })
}
