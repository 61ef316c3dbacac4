//! Lengths of time in calendar units: reads, writes and adds them to a day. Knows no working days.
//! Start with [`Span`].

use crate::Invalid;
use chrono::{Days, Months, NaiveDate};
use std::fmt;
use std::str::FromStr;

/// The unit of a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanUnit {
    /// Calendar days.
    Days,
    /// Periods of seven days.
    Weeks,
    /// Calendar months.
    Months,
    /// Calendar years.
    Years,
}

impl SpanUnit {
    /// Every unit with its word.
    pub const ALL: &'static [(Self, &'static str)] =
        &[(Self::Days, "days"), (Self::Weeks, "weeks"), (Self::Months, "months"), (Self::Years, "years")];

    /// Returns the canonical word, in the plural.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(u, _)| *u == self).map_or("", |(_, w)| w)
    }
}

/// A length of time in calendar units: `2 weeks`.
///
/// Bounds: 1 to 10,000 units; only [`Self::times`] may leave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    count: u32,
    unit: SpanUnit,
}

impl Span {
    /// Returns a span, or `None` if out of bounds.
    #[must_use]
    pub const fn new(count: u32, unit: SpanUnit) -> Option<Self> {
        if count == 0 || count > 10_000 { None } else { Some(Self { count, unit }) }
    }

    /// Returns the number of units.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Returns the unit.
    #[must_use]
    pub const fn unit(self) -> SpanUnit {
        self.unit
    }

    /// Returns `n` times the span, of length zero if `n` is 0; `None` on overflow.
    #[must_use]
    pub fn times(self, n: u32) -> Option<Self> {
        Some(Self { count: self.count.checked_mul(n)?, unit: self.unit })
    }

    /// Returns the day that is this much later by the calendar; `None` past the calendar's end.
    ///
    /// A month after 31 January is 28 or 29 February.
    #[must_use]
    pub fn after(self, day: NaiveDate) -> Option<NaiveDate> {
        match self.unit {
            SpanUnit::Days => day.checked_add_days(Days::new(self.count.into())),
            SpanUnit::Weeks => day.checked_add_days(Days::new(u64::from(self.count) * 7)),
            SpanUnit::Months => day.checked_add_months(Months::new(self.count)),
            SpanUnit::Years => day.checked_add_months(Months::new(self.count.checked_mul(12)?)),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.unit.as_str();
        write!(f, "{} {}", self.count, if self.count == 1 { word.trim_end_matches('s') } else { word })
    }
}

impl FromStr for Span {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parse = || {
            let (count, unit) = text.split_once(' ')?;
            let unit = SpanUnit::ALL.iter().find(|(_, w)| *w == unit || w.trim_end_matches('s') == unit)?.0;
            Self::new(count.parse().ok()?, unit)
        };
        parse().ok_or_else(|| Invalid::Span(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Span;
    use chrono::NaiveDate;

    #[test]
    fn adds_by_the_calendar() {
        let day = |s: &str| s.parse::<NaiveDate>().expect("a day");
        for (from, span, to) in [
            ("2025-01-14", "2 weeks", "2025-01-28"),
            ("2025-01-31", "1 month", "2025-02-28"),
            ("2024-02-29", "1 year", "2025-02-28"),
            ("2024-11-14", "18 months", "2026-05-14"),
        ] {
            assert_eq!(span.parse::<Span>().ok().and_then(|s| s.after(day(from))), Some(day(to)), "{from} + {span}");
        }
        for bad in ["", "weeks", "0 weeks", "2 fortnights", "-1 days", "2  weeks", "10001 days"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
