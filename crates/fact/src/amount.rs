//! Amounts: a number with its unit, qualifier and role, and the interval of numbers that it allows.
//!
//! Knows no totals and no exchange rates. Start with [`Amount`].

use crate::{Basis, FactId, Interval, Invalid, Limit, Qualifier, Quantity, Role, SpanUnit, When};
use std::fmt;
use std::str::FromStr;

/// The unit of a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Money, by its ISO 4217 code.
    Money(String),
    /// Per cent.
    Percent,
    /// A length of time.
    Duration(SpanUnit),
    /// A factor.
    Times,
    /// Any counted noun, in the plural.
    Counted(String),
}

impl FromStr for Unit {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some((unit, _)) = SpanUnit::ALL.iter().find(|(_, w)| *w == text) {
            return Ok(Self::Duration(*unit));
        }
        let noun = |s: &str| {
            (1..=60).contains(&s.len())
                && s.starts_with(|c: char| c.is_ascii_lowercase())
                && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b' ')
                && !s.ends_with(' ')
        };
        match text {
            "%" => Ok(Self::Percent),
            "times" => Ok(Self::Times),
            _ if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) => Ok(Self::Money(text.to_owned())),
            _ if noun(text) => Ok(Self::Counted(text.to_owned())),
            _ => Err(Invalid::Unit(text.to_owned())),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money(word) | Self::Counted(word) => f.write_str(word),
            Self::Percent => f.write_str("%"),
            Self::Duration(unit) => f.write_str(unit.as_str()),
            Self::Times => f.write_str("times"),
        }
    }
}

/// A number with its unit, its qualifier and its role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Amount {
    /// The number as stated; `None` only if not quantified.
    pub value: Option<Quantity>,
    /// The M of "N of M".
    pub of: Option<Quantity>,
    /// The unit.
    pub unit: Unit,
    /// The qualifier: exactly, at least, about and others.
    pub qualifier: Qualifier,
    /// One word for an amount that was not quantified: "fewer".
    pub direction: Option<String>,
    /// A lower bound given by the recorder.
    pub low: Option<Quantity>,
    /// An upper bound given by the recorder.
    pub high: Option<Quantity>,
    /// The role of the amount.
    pub role: Role,
    /// The period that the amount is for.
    pub period: Option<When>,
    /// The basis: each period, or the whole of it.
    pub basis: Basis,
    /// The payer, if not the party that states the amount.
    pub payer: Option<FactId>,
    /// Number of payments, cases or orders that the amount covers.
    pub count: Option<u64>,
}

impl Amount {
    /// Returns an exact amount.
    #[must_use]
    pub const fn exact(value: Quantity, unit: Unit, role: Role) -> Self {
        Self {
            value: Some(value),
            of: None,
            unit,
            qualifier: Qualifier::Exact,
            direction: None,
            low: None,
            high: None,
            role,
            period: None,
            basis: Basis::Unknown,
            payer: None,
            count: None,
        }
    }

    /// Returns the numbers that the amount allows.
    ///
    /// Bounds given by the recorder override the rest; "about" allows a twelfth on each side; an
    /// amount that was not quantified allows every number.
    #[must_use]
    pub fn interval(&self) -> Interval {
        match self.ends() {
            // Intake refuses crossed bounds; in a foreign record, everything between them is
            // possible.
            (low, Some(high)) if high.value < low.value => Interval::between(high.value, low.value),
            (low, high) => Interval { low, high },
        }
    }

    /// Returns `true` if the stated amount and the recorder's bounds do not cross.
    #[must_use]
    pub fn bounds_fit(&self) -> bool {
        let (low, high) = self.ends();
        high.is_none_or(|high| low.value <= high.value)
    }

    fn ends(&self) -> (Limit, Option<Limit>) {
        let qualifier = match (self.value, self.qualifier) {
            (None, _) | (_, Qualifier::NotQuantified) => Interval::ANY,
            (Some(v), Qualifier::Exact) => Interval::exactly(v),
            (Some(v), Qualifier::About) => {
                let reach = v.twelfth();
                let low = v.minus(reach).unwrap_or(Quantity::ZERO);
                v.plus(reach).map_or(Interval::above(low, false), |high| Interval::between(low, high))
            }
            (Some(v), Qualifier::MoreThan) => Interval::above(v, true),
            (Some(v), Qualifier::AtLeast) => Interval::above(v, false),
            (Some(v), Qualifier::LessThan | Qualifier::Nearly) => Interval::below(v, true),
            (Some(v), Qualifier::UpTo | Qualifier::ShareOf) => Interval::below(v, false),
        };
        let low = self.low.map_or(qualifier.low, |value| Limit { value, strict: false });
        let high = self.high.map_or(qualifier.high, |value| Some(Limit { value, strict: false }));
        (low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Unit};
    use crate::{Interval, Qualifier, Quantity, Role};

    #[test]
    fn units_are_told_by_their_shape() {
        for text in ["GBP", "%", "weeks", "times", "places", "children on rolls"] {
            assert_eq!(text.parse::<Unit>().map(|u| u.to_string()), Ok(text.to_owned()));
        }
        for bad in ["", "£", "Gbp", "GBPX", "Places", " places", "places "] {
            assert!(bad.parse::<Unit>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_way_of_stating_has_its_bounds() {
        let q = |n| Quantity::whole(n).expect("small");
        let amount =
            |qualifier| Amount { qualifier, ..Amount::exact(q(1200), Unit::Counted("plans".into()), Role::Stated) };
        assert_eq!(amount(Qualifier::About).interval(), Interval::between(q(1100), q(1300)));
        assert_eq!(amount(Qualifier::MoreThan).interval(), Interval::above(q(1200), true));
        assert_eq!(amount(Qualifier::Nearly).interval(), Interval::below(q(1200), true));
        assert_eq!(amount(Qualifier::ShareOf).interval(), Interval::below(q(1200), false));
        assert_eq!(amount(Qualifier::NotQuantified).interval(), Interval::ANY);
        let bounded = Amount { low: Some(q(1000)), high: Some(q(1250)), ..amount(Qualifier::About) };
        assert_eq!(bounded.interval(), Interval::between(q(1000), q(1250)));
    }
}
