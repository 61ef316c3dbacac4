use crate::{Basis, FactId, Interval, Invalid, Limit, Qualifier, Quantity, Role, SpanUnit, When};
use std::fmt;
use std::str::FromStr;

/// What a number counts.
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

/// How much, of what, how it was stated, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Amount {
    /// The number as stated; `None` only where it was not quantified.
    pub value: Option<Quantity>,
    /// The M of "N of M".
    pub of: Option<Quantity>,
    /// What is counted.
    pub unit: Unit,
    /// How it was stated.
    pub qualifier: Qualifier,
    /// For what was not quantified: in a word, "fewer".
    pub direction: Option<String>,
    /// A lower bound the recorder can give.
    pub low: Option<Quantity>,
    /// An upper bound the recorder can give.
    pub high: Option<Quantity>,
    /// What the amount is.
    pub role: Role,
    /// The period it is for.
    pub period: Option<When>,
    /// Whether it is for each period or over all of it.
    pub basis: Basis,
    /// Who pays, where that is not the one who says so.
    pub payer: Option<FactId>,
    /// How many payments, cases or orders it covers.
    pub count: Option<u64>,
}

impl Amount {
    /// An exact amount.
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

    /// What is known of the number. Bounds that the recorder gives win; "about" reaches a twelfth to each side; what was not quantified stays
    /// anything.
    #[must_use]
    pub fn interval(&self) -> Interval {
        match self.ends() {
            // Refused of those who write; of anybody else's, everything between is possible.
            (low, Some(high)) if high.value < low.value => Interval::between(high.value, low.value),
            (low, high) => Interval { low, high },
        }
    }

    /// Whether the bounds that the recorder gives and what is stated leave a number between them.
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
