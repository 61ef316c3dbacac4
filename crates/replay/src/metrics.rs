//! Metrics: measurements as series of figures, compared with thresholds.
//!
//! Turns the measurements of a [`View`] into one [`MetricValue`] for each figure and time. It knows
//! no commitments. Start with [`series`].

use crate::View;
use heldto_fact::{Amount, Body, Fact, FactId, IndexTerm, Interval, Quantity, Threshold, Truth, Unit, Voice, Window};

/// A figure of a metric for one party.
#[derive(Debug, Clone)]
pub struct MetricValue<'a> {
    /// The measurement.
    pub fact: &'a Fact,
    /// The amount measured.
    pub amount: &'a Amount,
    /// The day or period measured.
    pub window: Window,
    /// Other releases by the same speaker with the same figure.
    pub again: Vec<&'a Fact>,
    /// Older releases by the same speaker with another figure, the newest last.
    pub revised: Vec<&'a Fact>,
}

impl<'a> MetricValue<'a> {
    /// Returns the figure of a measurement; `None` if the measurement has no amount.
    #[must_use]
    pub fn of(fact: &'a Fact) -> Option<Self> {
        let amount = fact.amounts.first()?;
        Some(Self { fact, amount, window: measured_window(fact), again: Vec::new(), revised: Vec::new() })
    }

    /// Returns the figure in the unit of its metric; a share given as N of M becomes per cent.
    ///
    /// `None` if the figure is in another unit or has no number.
    #[must_use]
    pub fn in_unit(&self, unit: &str) -> Option<Interval> {
        self.amount.value?;
        if unit == "%" {
            return per_cent(self.amount);
        }
        (self.amount.unit.to_string() == unit).then(|| self.amount.interval())
    }

    /// Returns the denominator of the figure, if known.
    #[must_use]
    pub const fn out_of(&self) -> Option<u64> {
        match self.fact.body {
            Body::Measurement { denominator, .. } => denominator,
            _ => None,
        }
    }
}

/// Returns the known figures of a metric for one party, oldest first.
///
/// A figure that one speaker released several times appears once. If the speaker revised the
/// figure, the newest release replaces the older ones.
#[must_use]
pub fn series<'a>(view: &View<'a>, metric: &FactId, party: &FactId) -> Vec<MetricValue<'a>> {
    let measures = |fact: &&Fact| matches!(&fact.body, Body::Measurement { metric: m, .. } if m == metric);
    let mut values: Vec<MetricValue<'a>> = view
        .lookup(IndexTerm::Series(metric, party))
        .filter(measures)
        .filter(|fact| fact.subjects().contains(party))
        .filter(|fact| fact.window().earliest.is_none_or(|day| day <= view.clock().as_of))
        .filter_map(MetricValue::of)
        // In hindsight, a figure for a time that was not over on the as-of day is left out.
        .filter(|v| !view.is_hindsight() || v.window.latest.is_none_or(|day| day <= view.clock().as_of))
        .collect();
    let known =
        |v: &MetricValue<'_>| (view.fact_known_from(&v.fact.id), view.version(&v.fact.id).map(|version| version.index));
    values.sort_by_key(|v| (v.window.latest, v.window.earliest, known(v)));
    let mut found: Vec<MetricValue<'a>> = Vec::with_capacity(values.len());
    for value in values {
        // The same window, place, speaker and voice, from different
        // sources: releases of one figure.
        let is_same = |v: &&mut MetricValue<'a>| {
            v.window == value.window
                && v.window != Window::ANY
                && (v.fact.voice, &v.fact.place) == (value.fact.voice, &value.fact.place)
                && matches!(v.fact.voice, Some(Voice::Record | Voice::Official | Voice::Derived))
                && speaker(view, v.fact).is_some_and(|who| Some(who) == speaker(view, value.fact))
                && v.fact.cites.iter().all(|c| value.fact.cites.iter().all(|d| c.source != d.source))
        };
        match found.iter_mut().rev().take_while(|v| v.window == value.window).find(is_same) {
            Some(older) if says_same(older, &value) => older.again.push(value.fact),
            Some(older) => {
                let mut revised = std::mem::take(&mut older.revised);
                revised.push(older.fact);
                revised.append(&mut older.again);
                *older = MetricValue { revised, ..value };
            }
            None => found.push(value),
        }
    }
    found.sort_by_key(|v| (v.window.latest, v.window.earliest, v.fact.id.clone()));
    found
}

/// Returns the speaker of a figure: the parties who state and report it, or else the
/// publisher of its only source.
///
/// `None` if nobody is named.
fn speaker<'a>(view: &View<'a>, fact: &'a Fact) -> Option<Vec<&'a str>> {
    let named: Vec<&str> = fact.by.iter().chain(&fact.reporter).map(FactId::as_str).collect();
    if !named.is_empty() {
        return Some(named);
    }
    let [cite] = fact.cites.as_slice() else { return None };
    match &view.fact(&cite.source)?.body {
        Body::Source(from) => from.publisher.as_deref().map(|publisher| vec![publisher]),
        _ => None,
    }
}

/// Returns `true` if two figures have the same value, unit, qualifier, numerator and denominator.
fn says_same(a: &MetricValue<'_>, b: &MetricValue<'_>) -> bool {
    let of = |v: &MetricValue<'_>| match v.fact.body {
        Body::Measurement { numerator, denominator, .. } => (numerator, denominator),
        _ => (None, None),
    };
    (a.amount.value, &a.amount.unit, a.amount.qualifier, of(a))
        == (b.amount.value, &b.amount.unit, b.amount.qualifier, of(b))
}

/// Returns the period that a measurement covers, or else its day.
fn measured_window(fact: &Fact) -> Window {
    fact.period.as_ref().or(fact.occurred.as_ref()).map_or(Window::ANY, heldto_fact::When::window)
}

/// Returns a percentage or a share as per cent; `None` for any other amount.
fn per_cent(amount: &Amount) -> Option<Interval> {
    match (&amount.unit, amount.value, amount.of) {
        (Unit::Percent, ..) => Some(amount.interval()),
        (_, Some(_), Some(of)) if of > Quantity::ZERO => {
            // A strict limit stays strict: "more than 260 of 519" stays "more than" as per cent.
            let share = |n: Quantity| {
                let share = i128::from(n.ten_thousandths()) * 1_000_000 / i128::from(of.ten_thousandths());
                Quantity::from_ten_thousandths(i64::try_from(share).ok()?)
            };
            let interval = amount.interval();
            let end = |l: heldto_fact::Limit| Some(heldto_fact::Limit { value: share(l.value)?, ..l });
            let high = match interval.high {
                Some(high) => Some(end(high)?),
                None => None,
            };
            Some(Interval { low: end(interval.low)?, high })
        }
        _ => None,
    }
}

/// A figure compared with the threshold of a commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// Value and threshold, both in the threshold's unit; `None` if the units differ.
    pub values: Option<(Interval, Quantity)>,
    /// Unit of the threshold.
    pub unit: &'a Unit,
    /// `true` if the threshold is a floor, `false` if it is a ceiling.
    pub is_floor: bool,
    /// `Yes` if the figure reaches the threshold.
    pub truth: Truth,
}

/// Compares a figure with a threshold, in the unit of the threshold.
pub fn compare<'a>(value: &Amount, threshold: &'a Threshold) -> Comparison<'a> {
    let (Threshold::AtLeast(goal) | Threshold::AtMost(goal)) = threshold;
    let is_floor = matches!(threshold, Threshold::AtLeast(_));
    let in_unit =
        |a: &Amount| if goal.unit == Unit::Percent { per_cent(a) } else { (a.unit == goal.unit).then(|| a.interval()) };
    let (Some(value), Some(wanted)) = (in_unit(value), in_unit(goal)) else {
        return Comparison { values: None, unit: &goal.unit, is_floor, truth: Truth::CannotTell };
    };
    let truth = if is_floor { value.reaches(wanted) } else { value.within(wanted) };
    Comparison { values: Some((value, wanted.low.value)), unit: &goal.unit, is_floor, truth }
}
