//! Evaluates arithmetic over fields of facts, in bounds: differences, sums, ratios, days between
//! two dates, a date plus a duration. Knows no reports. Start at [`calc`].

use crate::fact_line::{cited, entry, ids_of};
use crate::pledges::terms;
use crate::wording::calc::{EACH, EACH_PERIOD};
use crate::wording::{self, day_range, days_between};
use crate::{Block, Document, Item, ReportBasis, Section, columns};
use chrono::NaiveDate;
use heldto_fact::{Amount, Body, Fact, FactId, Interval, Quantity, Span, Target, Unit, When, Window};
use heldto_replay::{View, totals};
use std::collections::BTreeSet;

/// The reason why an expression cannot be evaluated; an undetermined result is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalcError {
    /// The expression is not a list of operands with signs between them.
    #[error("{}", wording::calc::not_a_calculation(.0))]
    Form(String),
    /// No fact, date or number with a unit has this name.
    #[error("{}", wording::calc::not_known(.0))]
    Unknown(String),
    /// The fact has no such field, or the field is empty.
    #[error("{}", wording::calc::no_field(.fact, .field, FIELDS))]
    Field {
        /// Id of the fact.
        fact: String,
        /// Requested field.
        field: String,
    },
    /// The sign cannot combine its two operands.
    #[error("{}", wording::calc::cannot_combine(*.sign, .left, .right))]
    Units {
        /// Sign.
        sign: char,
        /// Operand before the sign.
        left: String,
        /// Operand after the sign.
        right: String,
    },
    /// A number overflowed.
    #[error("{}", wording::calc::TOO_LARGE)]
    TooLarge,
}

const FIELDS: &str =
    "amount, amount.2, target, numerator, denominator, count, occurred, period, due, known-from, recorded";

/// Bounds of a number that may be negative: ten-thousandths, and `true` if the end is excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    low: Option<(i128, bool)>,
    high: Option<(i128, bool)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum CalcValue {
    Number(Bounds, String),
    Days(Window),
    Length(Span),
    /// Fewest and most days from one date to the other.
    Between(Option<i64>, Option<i64>),
}

/// Evaluates an expression, and lists the facts and sources it rests on.
///
/// # Errors
/// If the expression does not parse, names an unknown fact or field, combines units that do not
/// match, or overflows.
pub fn calc(view: &View<'_>, expression: &str, basis: ReportBasis) -> Result<Document, CalcError> {
    // A bare four-digit number is a year only if the expression has a longer date as well.
    let days = expression
        .split_whitespace()
        .any(|t| t.len() > 4 && t.parse::<When>().is_ok_and(|w| w.window() != Window::ANY));
    let operands = operands(view, expression, days)?;
    let (counted, said) = counted_once(view, &operands);
    let mut rest = operands.iter().skip(counted.as_ref().map_or(1, |(taken, _)| *taken));
    let first = counted.map(|(_, sum)| sum).or_else(|| operands.first().map(|o| o.value.clone()));
    let form = || CalcError::Form(expression.to_owned());
    let value = rest.try_fold(first.ok_or_else(form)?, |left, o| join(left, o.sign, o.value.clone()))?;
    let (shown, is_rounded) = describe(&value);
    let mut document = Document::new(expression, basis, COLUMNS);
    document.summary.push(shown.clone());
    document.summary.extend(is_rounded.then(|| wording::calc::ROUNDED.to_owned()));
    document.summary.extend(said);
    document.data.rows.push(cells(expression, &shown));
    let items: Vec<Item> = operands.iter().filter_map(|o| item(view, o)).collect();
    if !items.is_empty() {
        document.sections.push(Section::plain(wording::calc::WORKED_OUT_FROM, vec![Block::Items(items)]));
    }
    Ok(document)
}

columns!(COLUMNS, fn cells(expression: &str, result: &str) {
    "expression" => expression,
    "result" => result,
});

/// Fact and field that a value was taken from; `None` for a literal.
type Origin<'a> = Option<(&'a Fact, String)>;

/// An operand: its value, the sign before it, and its origin.
struct Operand<'a> {
    sign: char,
    value: CalcValue,
    from: Origin<'a>,
}

/// Parses the operands; the first has the sign `+`.
fn operands<'a>(view: &View<'a>, expression: &str, days: bool) -> Result<Vec<Operand<'a>>, CalcError> {
    let form = || CalcError::Form(expression.to_owned());
    let mut tokens = expression.split_whitespace().peekable();
    let mut found: Vec<Operand<'a>> = Vec::new();
    let mut sign = Some('+');
    while let Some(token) = tokens.next() {
        if let ("+" | "-" | "*" | "×" | "/", None) = (token, sign) {
            sign = Some(if token == "×" { '*' } else { token.chars().next().unwrap_or('+') });
            continue;
        }
        let (value, from) = match tokens.peek().and_then(|unit| measured(token, unit)) {
            Some(value) => {
                tokens.next();
                (value, None)
            }
            None if !days && token.parse::<Quantity>().is_ok() => {
                (CalcValue::Number(bounds(Interval::exactly(token.parse().unwrap_or_default())), String::new()), None)
            }
            None => field(view, token)?,
        };
        found.push(Operand { sign: sign.take().ok_or_else(form)?, value, from });
    }
    if sign.is_some() || found.is_empty() { Err(form()) } else { Ok(found) }
}

/// Returns the sum of the leading added amounts, each counted once, with the number of operands
/// used; then notes for the reader.
///
/// `None` unless the expression begins with two or more added amounts of facts in one unit.
fn counted_once<'a>(view: &View<'a>, operands: &[Operand<'a>]) -> (Option<(usize, CalcValue)>, Vec<String>) {
    let amount = |o: &Operand<'a>| match (&o.from, &o.value) {
        (Some((fact, name)), CalcValue::Number(_, unit)) => Some((*fact, place_of(name)?, unit.clone())),
        _ => None,
    };
    let unit = operands.first().and_then(amount).map(|(.., unit)| unit);
    let added = operands.iter().take_while(|o| o.sign == '+').map_while(amount);
    let added: Vec<_> = added.take_while(|(.., u)| Some(u) == unit.as_ref()).collect();
    if added.len() < 2 {
        return (None, Vec::new());
    }
    let picked = |fact: &Fact, amount: &Amount| {
        added
            .iter()
            .any(|(f, place, _)| f.id == fact.id && fact.amounts.get(*place).is_some_and(|a| std::ptr::eq(a, amount)))
    };
    let mut seen = BTreeSet::new();
    let facts = added.iter().map(|(fact, ..)| *fact).filter(|fact| seen.insert(&fact.id));
    let totals = totals(view, facts, picked);
    let [total] = totals.as_slice() else { return (None, Vec::new()) };
    let mut said = Vec::new();
    let distinct: BTreeSet<(&FactId, usize)> = added.iter().map(|(fact, place, _)| (&fact.id, *place)).collect();
    let things = total.counted.len() + total.parts.len();
    let mentions = distinct.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>().len();
    if distinct.len() < added.len() || things < mentions {
        said.push(wording::calc::COUNTED_ONCE.to_owned());
    }
    for part in &total.parts {
        said.push(wording::calc::is_part(&part.first().id));
    }
    for group in &total.may_overlap {
        said.push(wording::calc::may_be_same(&ids_of(group.iter().copied())));
    }
    let sum = CalcValue::Number(bounds(total.sum), unit.unwrap_or_default());
    (Some((added.len(), sum)), said)
}

/// Returns the index of the amount that a field names.
fn place_of(name: &str) -> Option<usize> {
    match name {
        "amount" => Some(0),
        _ => name.strip_prefix("amount.")?.parse::<usize>().ok()?.checked_sub(1),
    }
}

/// Parses a number with its unit: `20 weeks`, `500 places`.
fn measured(number: &str, unit: &str) -> Option<CalcValue> {
    if let Ok(span) = format!("{number} {unit}").parse::<Span>() {
        return Some(CalcValue::Length(span));
    }
    let value: Quantity = number.parse().ok()?;
    let unit: Unit = unit.parse().ok()?;
    Some(CalcValue::Number(bounds(Interval::exactly(value)), unit.to_string()))
}

/// Reads a date, a number or a fact's field; for a field, also returns the fact.
fn field<'a>(view: &View<'a>, token: &str) -> Result<(CalcValue, Origin<'a>), CalcError> {
    if let Ok(when) = token.parse::<When>()
        && when.window() != Window::ANY
    {
        return Ok((CalcValue::Days(when.doubtful_window()), None));
    }
    if let Ok(number) = token.parse::<Quantity>() {
        return Ok((CalcValue::Number(bounds(Interval::exactly(number)), String::new()), None));
    }
    let known = |text: &str| text.parse::<FactId>().ok().and_then(|id| view.fact(&id));
    let (fact, name) = match (known(token), token.split_once('.')) {
        (Some(fact), _) => (fact, ""),
        (None, Some((id, name))) => (known(id).ok_or_else(|| CalcError::Unknown(token.to_owned()))?, name),
        (None, None) => return Err(CalcError::Unknown(token.to_owned())),
    };
    let name = if name.is_empty() { if fact.amounts.is_empty() { "occurred" } else { "amount" } } else { name };
    let value =
        of(view, fact, name).ok_or_else(|| CalcError::Field { fact: fact.id.to_string(), field: name.to_owned() })?;
    Ok((value, Some((fact, name.to_owned()))))
}

/// Returns the fact of an operand as a list item with its sources; `None` for a literal.
fn item(view: &View<'_>, operand: &Operand<'_>) -> Option<Item> {
    let (fact, name) = operand.from.as_ref()?;
    let details = vec![format!("{}.{name} · {}", fact.id, entry(view, fact))];
    let id = fact.id.to_string();
    let mark = describe(&operand.value).0;
    Some(Item { id, mark, line: fact.text.clone(), details, cites: cited(view, [*fact]) })
}

/// Returns a field of a fact; `None` if the fact lacks it.
fn of(view: &View<'_>, fact: &Fact, name: &str) -> Option<CalcValue> {
    let number = |a: &Amount| {
        let each = if a.basis == heldto_fact::Basis::PerPeriod { EACH_PERIOD } else { "" };
        CalcValue::Number(bounds(a.interval()), format!("{}{each}", a.unit))
    };
    let counted =
        |n: Option<u64>| Some(CalcValue::Number(bounds(Interval::exactly(Quantity::whole(n?)?)), String::new()));
    let day = |day: NaiveDate| CalcValue::Days(Window::day(day));
    match name {
        "amount" => fact.amounts.first().map(number),
        "occurred" => fact.occurred.as_ref().map(|w| CalcValue::Days(w.doubtful_window())),
        "period" => fact.period.as_ref().map(|w| CalcValue::Days(w.doubtful_window())),
        "due" => terms(fact)?.due.as_ref().map(|d| CalcValue::Days(d.window())),
        "known-from" => view.fact_known_from(&fact.id).map(day),
        "recorded" => view.version(&fact.id).map(|v| day(v.recorded_at.date_naive())),
        "target" => match terms(fact)?.target.as_ref()? {
            Target::Amount(a) => Some(number(a)),
            Target::Metric {
                threshold: heldto_fact::Threshold::AtLeast(a) | heldto_fact::Threshold::AtMost(a),
                ..
            } => Some(number(a)),
            _ => None,
        },
        "numerator" | "denominator" => match fact.body {
            Body::Measurement { numerator, denominator, .. } => {
                counted(if name == "numerator" { numerator } else { denominator })
            }
            _ => None,
        },
        "count" => match fact.body {
            Body::Complaint { count, .. } | Body::Payout { count, .. } => counted(count),
            _ => None,
        },
        _ => {
            let n: usize = name.strip_prefix("amount.")?.parse().ok()?;
            fact.amounts.get(n.checked_sub(1)?).map(number)
        }
    }
}

fn bounds(interval: Interval) -> Bounds {
    let end = |limit: heldto_fact::Limit| (i128::from(limit.value.ten_thousandths()), limit.strict);
    Bounds { low: Some(end(interval.low)), high: interval.high.map(end) }
}

fn join(left: CalcValue, sign: char, right: CalcValue) -> Result<CalcValue, CalcError> {
    let units = |left: &CalcValue, right: &CalcValue| CalcError::Units { sign, left: kind(left), right: kind(right) };
    Ok(match (left, sign, right) {
        (CalcValue::Number(a, u), '+', CalcValue::Number(b, v)) if u == v => CalcValue::Number(plus(a, b), u),
        (CalcValue::Number(a, u), '-', CalcValue::Number(b, v)) if u == v => {
            // The difference of two percentages is in percentage points.
            CalcValue::Number(
                plus(a, negated(b)),
                if u == "%" { wording::calc::PERCENTAGE_POINTS.to_owned() } else { u },
            )
        }
        (CalcValue::Number(a, u), '*', CalcValue::Number(b, v)) => {
            let Some((unit, is_share)) = product_unit(&u, &v) else {
                return Err(units(&CalcValue::Number(a, u), &CalcValue::Number(b, v)));
            };
            let product = product(a, b, if is_share { 100 } else { 1 }).ok_or(CalcError::TooLarge)?;
            CalcValue::Number(product, unit)
        }
        (CalcValue::Number(a, u), '/', CalcValue::Number(b, v))
            if u.ends_with(EACH_PERIOD) != v.ends_with(EACH_PERIOD) && !v.is_empty() =>
        {
            return Err(units(&CalcValue::Number(a, u), &CalcValue::Number(b, v)));
        }
        (CalcValue::Number(a, u), '/', CalcValue::Number(b, v)) => {
            let unit = match (u.as_str(), v.as_str()) {
                (u, v) if u == v => "times".to_owned(),
                (u, "") => u.to_owned(),
                (u, v) => format!("{u}{EACH}{v}"),
            };
            CalcValue::Number(ratio(a, b).ok_or(CalcError::TooLarge)?, unit)
        }
        (CalcValue::Days(a), '-', CalcValue::Days(b)) => {
            let (least, most) = days_between(b, a);
            CalcValue::Between(least, most)
        }
        (CalcValue::Days(a), '+', CalcValue::Length(span)) => {
            let shift = |d: Option<NaiveDate>| d.and_then(|d| span.after(d));
            CalcValue::Days(Window { earliest: shift(a.earliest), latest: shift(a.latest) })
        }
        (left, _, right) => return Err(units(&left, &right)),
    })
}

fn kind(value: &CalcValue) -> String {
    match value {
        CalcValue::Number(_, unit) => wording::calc::a_number(unit),
        CalcValue::Days(_) => wording::calc::A_DATE.to_owned(),
        CalcValue::Length(_) => wording::calc::A_LENGTH.to_owned(),
        CalcValue::Between(..) => wording::calc::A_NUMBER_OF_DAYS.to_owned(),
    }
}

fn plus(a: Bounds, b: Bounds) -> Bounds {
    let add = |x: Option<(i128, bool)>, y: Option<(i128, bool)>| x.zip(y).map(|((x, s), (y, t))| (x + y, s || t));
    Bounds { low: add(a.low, b.low), high: add(a.high, b.high) }
}

const fn negated(b: Bounds) -> Bounds {
    const fn turned(end: Option<(i128, bool)>) -> Option<(i128, bool)> {
        match end {
            Some((n, strict)) => Some((-n, strict)),
            None => None,
        }
    }
    Bounds { low: turned(b.high), high: turned(b.low) }
}

/// Returns the unit of a product, and `true` if a factor in per cent requires division by 100.
///
/// `None` if the units do not multiply.
fn product_unit(u: &str, v: &str) -> Option<(String, bool)> {
    let is_factor = |unit: &str| matches!(unit, "" | "times" | "%");
    // A rate per counted unit, times a number of these units.
    let each = |rate: &str, n: &str| rate.split_once(EACH).filter(|(_, of)| *of == n).map(|(unit, _)| unit.to_owned());
    match (u, v) {
        (u, "" | "times") => Some((u.to_owned(), false)),
        ("" | "times", v) => Some((v.to_owned(), false)),
        ("%", v) => Some((v.to_owned(), true)),
        (u, "%") => Some((u.to_owned(), true)),
        (u, v) if is_factor(u) || is_factor(v) => None,
        (u, v) => each(u, v).or_else(|| each(v, u)).map(|unit| (unit, false)),
    }
}

/// Returns the product of two non-negative numbers, divided by `by`, rounded outwards to four
/// decimals; `None` on overflow.
fn product(a: Bounds, b: Bounds, by: i128) -> Option<Bounds> {
    let (low, high) = match (a.low, b.low, a.high, b.high) {
        (Some((x, s)), Some((y, t)), ..) if x >= 0 && y >= 0 => {
            let low = Some((x.checked_mul(y)?.div_euclid(10_000 * by), s || t));
            let high = match (a.high, b.high) {
                (Some((x, s)), Some((y, t))) => Some((-(-x.checked_mul(y)?).div_euclid(10_000 * by), s || t)),
                _ => None,
            };
            (low, high)
        }
        _ => (None, None),
    };
    Some(Bounds { low, high })
}

/// Returns the ratio of two non-negative numbers, rounded outwards to four decimals.
///
/// A divisor without a positive lower bound leaves no upper bound. `None` on overflow.
fn ratio(a: Bounds, b: Bounds) -> Option<Bounds> {
    let scaled = |n: i128| n.checked_mul(10_000);
    let low = match (a.low, b.high) {
        (Some((n, s)), Some((d, t))) if n >= 0 && d > 0 => Some((scaled(n)?.div_euclid(d), s || t)),
        (Some((n, strict)), None) if n >= 0 => Some((0, n > 0 || strict)),
        _ => None,
    };
    let high = match (a.high, b.low) {
        (Some((n, s)), Some((d, t))) if n >= 0 && d > 0 => Some((-(-scaled(n)?).div_euclid(d), s || t)),
        _ => None,
    };
    Some(Bounds { low, high })
}

/// Returns a value in words, and `true` if a number in it was rounded.
fn describe(value: &CalcValue) -> (String, bool) {
    let words = match value {
        CalcValue::Number(b, unit) => return number_in_words(*b, unit),
        CalcValue::Between(least, most) => day_range(*least, *most),
        CalcValue::Length(span) => span.to_string(),
        CalcValue::Days(window) => wording::calc::days(*window),
    };
    (words, false)
}

fn number_in_words(b: Bounds, unit: &str) -> (String, bool) {
    let (of, each) = wording::calc::split(unit);
    // A single number whose last decimals were rounded outwards on both sides.
    if let (Some((low, false)), Some((high, false))) = (b.low, b.high)
        && (1..=2).contains(&(high - low))
        && low >= 0
    {
        let is_money = of.parse::<Unit>().is_ok_and(|u| matches!(u, Unit::Money(_)));
        // Money from 100 up in whole units, other numbers from 0.1 up in hundredths, the rest in
        // full.
        let step = match low {
            1_000_000.. if is_money => 10_000,
            1_000.. => 100,
            _ => 1,
        };
        let near = (low + step / 2) / step * step;
        let exact = Bounds { low: Some((near, false)), high: Some((near, false)) };
        return (wording::calc::about(&number_in_words(exact, unit).0), true);
    }
    if let Ok(unit) = of.parse::<Unit>()
        && let Some(known) = unsigned(b)
    {
        return (wording::calc::unsigned(known, &unit, each), false);
    }
    (wording::calc::signed(b.low, b.high, unit), false)
}

/// Returns the bounds as an interval; `None` if negative or without a lower bound.
fn unsigned(b: Bounds) -> Option<Interval> {
    let end = |(n, strict): (i128, bool)| {
        Some(heldto_fact::Limit { value: Quantity::from_ten_thousandths(i64::try_from(n).ok()?)?, strict })
    };
    let high = match b.high {
        Some(high) => Some(end(high)?),
        None => None,
    };
    Some(Interval { low: end(b.low?)?, high })
}

#[cfg(test)]
mod tests {
    use super::{Bounds, negated, plus, ratio};

    const fn bounds(low: Option<i128>, high: Option<i128>) -> Bounds {
        Bounds {
            low: match low {
                Some(n) => Some((n * 10_000, false)),
                None => None,
            },
            high: match high {
                Some(n) => Some((n * 10_000, false)),
                None => None,
            },
        }
    }

    #[test]
    fn a_lower_bound_never_subtracts() {
        // 10 minus at least 5 is at most 5, without a lower bound.
        assert_eq!(plus(bounds(Some(10), Some(10)), negated(bounds(Some(5), None))), bounds(None, Some(5)));
        assert_eq!(plus(bounds(Some(3), Some(4)), negated(bounds(Some(5), Some(6)))), bounds(Some(-3), Some(-1)));
    }

    #[test]
    fn a_ratio_is_rounded_outwards_and_bounded_by_nothing_unknown() {
        let third = ratio(bounds(Some(1), Some(1)), bounds(Some(3), Some(3)));
        assert_eq!(third, Some(Bounds { low: Some((3_333, false)), high: Some((3_334, false)) }));
        assert_eq!(
            ratio(bounds(Some(1), Some(2)), bounds(Some(0), Some(4))),
            Some(Bounds { low: Some((2_500, false)), high: None })
        );
        assert_eq!(ratio(bounds(Some(-1), Some(2)), bounds(Some(1), Some(1))).map(|b| b.low), Some(None));
    }
}
