//! Exact non-negative decimal numbers: reads, writes and adds them. Knows no units. Start with
//! [`Quantity`].

use crate::Invalid;
use std::fmt;
use std::str::FromStr;

/// A number without a unit, exact to four decimals, so that pence and hundredths of a per cent are
/// exact.
///
/// Bounds: 0 to 922 million million. Arithmetic is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(i64);

impl Quantity {
    /// Zero.
    pub const ZERO: Self = Self(0);
    const SCALE: i64 = 10_000;

    /// Returns `n` ten-thousandths; `None` if negative.
    #[must_use]
    pub const fn from_ten_thousandths(n: i64) -> Option<Self> {
        if n < 0 { None } else { Some(Self(n)) }
    }

    /// Returns the number of ten-thousandths.
    #[must_use]
    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }

    /// Returns a whole number; `None` on overflow.
    #[must_use]
    pub fn whole(n: u64) -> Option<Self> {
        i64::try_from(n).ok()?.checked_mul(Self::SCALE).map(Self)
    }

    /// Returns the sum; `None` on overflow.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Returns the difference; `None` if negative.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        Self::from_ten_thousandths(self.0.checked_sub(other.0)?)
    }

    /// Returns a twelfth, rounded up: the width of "about" on each side.
    #[must_use]
    pub const fn twelfth(self) -> Self {
        Self(self.0 / 12 + if self.0 % 12 == 0 { 0 } else { 1 })
    }

    /// Returns the number rounded to tenths, half upwards.
    #[must_use]
    pub const fn rounded_to_tenths(self) -> Self {
        Self((self.0 + 500) / 1000 * 1000)
    }

    /// Returns the number with a comma between thousands.
    #[must_use]
    pub fn grouped(self) -> String {
        let plain = self.to_string();
        let (whole, rest) = plain.split_once('.').map_or((plain.as_str(), None), |(w, r)| (w, Some(r)));
        let mut out = String::new();
        for (i, c) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                out.push(',');
            }
            out.push(c);
        }
        if let Some(rest) = rest {
            out.push('.');
            out.push_str(rest);
        }
        out
    }
}

impl fmt::Display for Quantity {
    /// Writes the number without separators and trailing zeros: `11000000`, `2.6`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / Self::SCALE;
        let rest = self.0 % Self::SCALE;
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{rest:04}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl FromStr for Quantity {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fail = |why| Invalid::Number { value: text.to_owned(), why };
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.contains(',') {
            return Err(fail("write it without commas: 20000, not 20,000"));
        }
        if whole.is_empty() || !digits(whole) || !digits(rest) || text.ends_with('.') {
            return Err(fail("write digits, with a point before any decimals"));
        }
        if rest.len() > 4 {
            return Err(fail("it has more than four decimals"));
        }
        let whole: i64 = whole.parse().map_err(|_| fail("it is greater than 922337203685477.5807"))?;
        let rest: i64 = format!("{rest:0<4}").parse().map_err(|_| fail("write digits only"))?;
        whole
            .checked_mul(Self::SCALE)
            .and_then(|w| w.checked_add(rest))
            .map(Self)
            .ok_or_else(|| fail("it is greater than 922337203685477.5807"))
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;
    use proptest::prelude::{prop_assert_eq, proptest};

    #[test]
    fn reads_and_writes_one_spelling() {
        for (text, out) in [("0", "0"), ("2.6", "2.6"), ("2.60", "2.6"), ("11000000", "11000000"), ("0.0001", "0.0001")]
        {
            assert_eq!(text.parse::<Quantity>().map(|q| q.to_string()), Ok(out.to_owned()));
        }
        for bad in ["", "-1", "1e3", "20,000", "1.", ".5", "1.00001", "99999999999999999999"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
        assert_eq!("1234567.5".parse::<Quantity>().map(Quantity::grouped), Ok("1,234,567.5".into()));
    }

    proptest! {
        #[test]
        fn round_trips(n in 0..i64::MAX) {
            let q = Quantity(n);
            prop_assert_eq!(q.to_string().parse(), Ok(q));
        }
    }
}
