//! Interval arithmetic for numbers that are known only within bounds, with three-valued answers.
//!
//! Knows no units and no dates. Start with [`Interval`].

use crate::Quantity;

/// The answer to a question about vague dates or numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// Unknown.
    CannotTell,
}

/// One end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The number at this end.
    pub value: Quantity,
    /// `true` if the number itself is excluded ("more than").
    pub strict: bool,
}

impl Limit {
    const fn at(value: Quantity) -> Self {
        Self { value, strict: false }
    }

    fn plus(self, other: Self) -> Option<Self> {
        Some(Self { value: self.value.plus(other.value)?, strict: self.strict || other.strict })
    }
}

/// Bounds of a number: at least `low`, at most `high` if that is known.
///
/// Quantities are never negative, so `low` is always known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The lower end.
    pub low: Limit,
    /// The upper end; `None` if unknown.
    pub high: Option<Limit>,
}

impl Interval {
    /// Exactly zero: the empty sum.
    pub const ZERO: Self = Self::exactly(Quantity::ZERO);
    /// The interval of every quantity: nothing is known.
    pub const ANY: Self = Self { low: Limit::at(Quantity::ZERO), high: None };

    /// Returns the interval of one number.
    #[must_use]
    pub const fn exactly(value: Quantity) -> Self {
        Self::between(value, value)
    }

    /// Returns the interval from one number to another, both included.
    #[must_use]
    pub const fn between(low: Quantity, high: Quantity) -> Self {
        Self { low: Limit::at(low), high: Some(Limit::at(high)) }
    }

    /// Returns the interval of `low` or more; more than `low` if `strict`.
    #[must_use]
    pub const fn above(low: Quantity, strict: bool) -> Self {
        Self { low: Limit { value: low, strict }, high: None }
    }

    /// Returns the interval of `high` or less; less than `high` if `strict`.
    #[must_use]
    pub const fn below(high: Quantity, strict: bool) -> Self {
        Self { low: Limit::at(Quantity::ZERO), high: Some(Limit { value: high, strict }) }
    }

    /// Returns the interval sum: "more than 10,000" plus "500" is "more than 10,500".
    ///
    /// `None` on overflow.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let high = match (self.high, other.high) {
            (Some(a), Some(b)) => Some(a.plus(b)?),
            _ => None,
        };
        Some(Self { low: self.low.plus(other.low)?, high })
    }

    /// Returns the total of two amounts that may be one and the same: from the larger lower end to
    /// the sum.
    ///
    /// `None` on overflow.
    #[must_use]
    pub fn plus_overlapping(self, other: Self) -> Option<Self> {
        let low =
            if (self.low.value, self.low.strict) >= (other.low.value, other.low.strict) { self.low } else { other.low };
        Some(Self { low, high: self.plus(other)?.high })
    }

    /// Returns the numbers that two mentions of one amount both allow; `None` if they exclude each
    /// other.
    #[must_use]
    pub fn meet(self, other: Self) -> Option<Self> {
        let low =
            if (self.low.value, self.low.strict) >= (other.low.value, other.low.strict) { self.low } else { other.low };
        let tighter = |a: Limit, b: Limit| if (a.value, !a.strict) <= (b.value, !b.strict) { a } else { b };
        let high = match (self.high, other.high) {
            (Some(a), Some(b)) => Some(tighter(a, b)),
            (a, b) => a.or(b),
        };
        let possible = high.is_none_or(|h| low.value < h.value || (low.value == h.value && !low.strict && !h.strict));
        possible.then_some(Self { low, high })
    }

    /// Returns `Yes` if every possible number reaches the lower end of `target`, `No` if none does.
    ///
    /// "More than 1,000" is reached by an equal strict bound.
    #[must_use]
    pub fn reaches(self, target: Self) -> Truth {
        let goal = target.low;
        let certain =
            self.low.value > goal.value || (self.low.value == goal.value && (self.low.strict || !goal.strict));
        let hopeless =
            self.high.is_some_and(|h| h.value < goal.value || (h.value == goal.value && (h.strict || goal.strict)));
        match (certain, hopeless) {
            (true, _) => Truth::Yes,
            (false, true) => Truth::No,
            (false, false) => Truth::CannotTell,
        }
    }

    /// Returns `Yes` if every possible number is within the upper end of `limit` ("at most"), `No`
    /// if none is.
    ///
    /// `CannotTell` if `limit` has no upper end.
    #[must_use]
    pub fn within(self, limit: Self) -> Truth {
        let Some(top) = limit.high else { return Truth::CannotTell };
        let certain =
            self.high.is_some_and(|h| h.value < top.value || (h.value == top.value && (h.strict || !top.strict)));
        let hopeless = self.low.value > top.value || (self.low.value == top.value && (self.low.strict || top.strict));
        match (certain, hopeless) {
            (true, _) => Truth::Yes,
            (false, true) => Truth::No,
            (false, false) => Truth::CannotTell,
        }
    }

    /// Returns `true` if both ends have the same value.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.high.is_some_and(|h| h.value == self.low.value)
    }
}

#[cfg(test)]
mod tests {
    use super::{Interval, Truth};
    use crate::Quantity;
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

    fn q(n: u64) -> Quantity {
        Quantity::whole(n).expect("small")
    }

    #[test]
    fn more_than_ten_thousand_and_five_hundred() {
        let sum = Interval::above(q(10_000), true).plus(Interval::exactly(q(500)));
        assert_eq!(sum, Some(Interval::above(q(10_500), true)));
    }

    #[test]
    fn a_more_than_target_wants_more_or_an_equal_strict_bound() {
        let target = Interval::above(q(1000), true);
        assert_eq!(Interval::above(q(1000), true).reaches(target), Truth::Yes);
        assert_eq!(Interval::exactly(q(1000)).reaches(target), Truth::No);
        assert_eq!(Interval::above(q(1000), false).reaches(target), Truth::CannotTell);
        assert_eq!(Interval::exactly(q(500)).reaches(Interval::exactly(q(500))), Truth::Yes);
        assert_eq!(Interval::below(q(500), true).reaches(Interval::exactly(q(500))), Truth::No);
        assert_eq!(Interval::below(q(500), false).reaches(Interval::exactly(q(500))), Truth::CannotTell);
    }

    #[test]
    fn two_tellings_meet_or_disagree() {
        assert_eq!(Interval::above(q(5), true).meet(Interval::exactly(q(6))), Some(Interval::exactly(q(6))));
        assert_eq!(Interval::above(q(6), true).meet(Interval::exactly(q(6))), None);
    }

    fn interval() -> impl Strategy<Value = Interval> {
        (0..1000_u64, 0..1000_u64, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(low, width, open, a, b)| {
            let mut i = Interval::between(q(low), q(low + width + 1));
            i.low.strict = a;
            i.high = if open {
                None
            } else {
                i.high.map(|mut h| {
                    h.strict = b;
                    h
                })
            };
            i
        })
    }

    proptest! {
        #[test]
        fn a_sum_never_understates_and_does_not_depend_on_order(a in interval(), b in interval(), c in interval()) {
            let abc = a.plus(b).and_then(|x| x.plus(c));
            prop_assert_eq!(abc, c.plus(b).and_then(|x| x.plus(a)));
            let sum = abc.expect("small");
            prop_assert!(sum.low.value >= a.low.value);
            let overlapping = a.plus_overlapping(b).expect("small");
            prop_assert!(overlapping.low.value <= a.plus(b).expect("small").low.value);
            prop_assert_eq!(overlapping, b.plus_overlapping(a).expect("small"));
        }
    }
}
