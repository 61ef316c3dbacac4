//! Turns targets, due dates and terms of pledges, recommendations and decisions into wire types,
//! and back.
//!
//! The order of the variants is their number in the format. Start at [`WireTarget`] and
//! [`WireDue`].

use super::{Date, WireAmount, WireSpan, amount, date, id, read_span, span, when, wire_amount};
use crate::wire::WireError;
use crate::wire::codes::Code;
use bincode::{BorrowDecode, Encode};
use heldto_fact::{Alternative, Due, DueRule, Milestone, Mode, Span, SpanUnit, Target, Terms, Threshold};

#[derive(Encode, BorrowDecode)]
pub(super) enum WireTarget<'a> {
    Amount(WireAmount<'a>),
    AtLeast(&'a str, WireAmount<'a>, Option<WireAmount<'a>>),
    AtMost(&'a str, WireAmount<'a>, Option<WireAmount<'a>>),
    Deliverable(&'a str),
    KeepDoing(&'a str),
    Slot(&'a str, u64),
    /// Metric, direction, `true` if in per cent of the baseline, amount of change, baseline.
    Change(&'a str, u8, bool, WireAmount<'a>, Option<WireAmount<'a>>),
    /// Metric, `true` if at most rather than at least, threshold, period.
    Average(&'a str, bool, WireAmount<'a>, Date<'a>),
    Never(&'a str),
}

#[derive(Encode, BorrowDecode)]
pub(super) struct WireTerms<'a> {
    target: Option<WireTarget<'a>>,
    due: Option<WireDue<'a>>,
    test: Option<&'a str>,
}

#[derive(Encode, BorrowDecode)]
pub(super) struct WireDue<'a> {
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
    EarliestOf(Vec<WireAlternative<'a>>),
    Until(&'a str),
    Between,
    InTerms,
    /// Count, date after which the days are counted, calendar.
    WorkingDays(u32, Date<'a>, &'a str),
    Each(&'a str),
    Milestones(Vec<(Date<'a>, WireTarget<'a>)>),
}

#[derive(Encode, BorrowDecode)]
enum WireAlternative<'a> {
    Day(Date<'a>),
    Event(&'a str),
}

pub(super) fn wire_terms(terms: &Terms) -> WireTerms<'_> {
    WireTerms {
        target: terms.target.as_ref().map(wire_target),
        due: terms.due.as_ref().map(wire_due),
        test: terms.test.as_deref(),
    }
}

pub(super) fn read_terms(wire: WireTerms<'_>) -> Result<Terms, WireError> {
    Ok(Terms {
        target: wire.target.as_ref().map(target).transpose()?,
        due: wire.due.map(due).transpose()?,
        test: wire.test.map(str::to_owned),
    })
}

pub(super) fn wire_target(target: &Target) -> WireTarget<'_> {
    match target {
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
        Target::Change { metric, way, by, relative, baseline } => WireTarget::Change(
            metric.as_str(),
            way.code(),
            *relative,
            wire_amount(by),
            baseline.as_ref().map(wire_amount),
        ),
        Target::Average { metric, threshold, period } => {
            let (at_most, amount) = match threshold {
                Threshold::AtLeast(amount) => (false, amount),
                Threshold::AtMost(amount) => (true, amount),
            };
            WireTarget::Average(metric.as_str(), at_most, wire_amount(amount), date(period))
        }
        Target::Never(text) => WireTarget::Never(text),
    }
}

pub(super) fn wire_due(due: &Due) -> WireDue<'_> {
    WireDue {
        mode: match &due.mode {
            Mode::By => WireMode::By,
            Mode::NotBefore => WireMode::NotBefore,
            Mode::BeforeEvent(event) => WireMode::BeforeEvent(event),
            Mode::Every(every) => WireMode::Every(every.map(span)),
            Mode::EarliestOf(alternatives) => WireMode::EarliestOf(alternatives.iter().map(wire_alternative).collect()),
            Mode::Until(event) => WireMode::Until(event),
            Mode::Between => WireMode::Between,
            Mode::InTerms => WireMode::InTerms,
            Mode::WorkingDays { count, after, calendar } => WireMode::WorkingDays(*count, date(after), calendar),
            Mode::Each(class) => WireMode::Each(class),
            Mode::Milestones(milestones) => {
                WireMode::Milestones(milestones.iter().map(|m| (date(&m.by), wire_target(&m.target))).collect())
            }
        },
        date: due.date.as_ref().map(date),
        rule: due.rule.as_ref().map(|r| (date(&r.after), span(r.plus), r.about)),
        terms: due.terms.as_deref(),
    }
}

fn wire_alternative(alternative: &Alternative) -> WireAlternative<'_> {
    match alternative {
        Alternative::Day(when) => WireAlternative::Day(date(when)),
        Alternative::Event(event) => WireAlternative::Event(event),
    }
}

pub(super) fn target(wire: &WireTarget<'_>) -> Result<Target, WireError> {
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
        WireTarget::Change(metric, way, relative, by, baseline) => Target::Change {
            metric: id(metric)?,
            way: Code::read(*way)?,
            by: amount(by)?,
            relative: *relative,
            baseline: baseline.as_ref().map(amount).transpose()?,
        },
        WireTarget::Average(metric, at_most, a, period) => {
            let a = amount(a)?;
            let threshold = if *at_most { Threshold::AtMost(a) } else { Threshold::AtLeast(a) };
            Target::Average { metric: id(metric)?, threshold, period: when(period)? }
        }
        WireTarget::Never(text) => Target::Never((*text).to_owned()),
    })
}

pub(super) fn due(wire: WireDue<'_>) -> Result<Due, WireError> {
    let rule = wire.rule.map(|(after, plus, about)| {
        Ok::<_, WireError>(DueRule { after: when(&after)?, plus: read_span(plus)?, about })
    });
    Ok(Due {
        mode: match wire.mode {
            WireMode::By => Mode::By,
            WireMode::NotBefore => Mode::NotBefore,
            WireMode::BeforeEvent(event) => Mode::BeforeEvent(event.to_owned()),
            WireMode::Every(every) => Mode::Every(every.map(read_span).transpose()?),
            WireMode::EarliestOf(all) => Mode::EarliestOf(all.iter().map(alternative).collect::<Result<_, _>>()?),
            WireMode::Until(event) => Mode::Until(event.to_owned()),
            WireMode::Between => Mode::Between,
            WireMode::InTerms => Mode::InTerms,
            WireMode::WorkingDays(count, after, calendar) => {
                Span::new(count, SpanUnit::Days)
                    .ok_or_else(|| WireError::Value(format!("{count} working days are out of bounds")))?;
                Mode::WorkingDays { count, after: when(&after)?, calendar: calendar.to_owned() }
            }
            WireMode::Each(class) => Mode::Each(class.to_owned()),
            WireMode::Milestones(all) => {
                let milestone = |(by, reached): &(Date<'_>, WireTarget<'_>)| {
                    Ok::<_, WireError>(Milestone { by: when(by)?, target: target(reached)? })
                };
                Mode::Milestones(all.iter().map(milestone).collect::<Result<_, _>>()?)
            }
        },
        date: wire.date.as_ref().map(when).transpose()?,
        rule: rule.transpose()?,
        terms: wire.terms.map(str::to_owned),
    })
}

fn alternative(wire: &WireAlternative<'_>) -> Result<Alternative, WireError> {
    Ok(match wire {
        WireAlternative::Day(day) => Alternative::Day(when(day)?),
        WireAlternative::Event(event) => Alternative::Event((*event).to_owned()),
    })
}
