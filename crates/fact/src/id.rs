use crate::Invalid;
use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The id of a fact: a slug its author gives, unique in the ledger, never a person's name.
///
/// Parties, sources and metrics are facts too, so theirs are ids of this type.
///
/// Invariant: 2 to 80 characters of `a-z`, `0-9` and `-`, beginning with a letter or a digit; the ids that the program itself gives to
/// corrections and retractions carry one `.` and a suffix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(Arc<str>);

impl FactId {
    /// The longest id, in bytes.
    pub const MAX: usize = 80;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id the program gives to the `number`th `what` (`correction` or `retraction`) of this fact.
    #[must_use]
    pub fn numbered(&self, what: &str, number: usize) -> Self {
        Self(format!("{}.{what}-{number}", self.0).into())
    }

    /// Returns the id of the fact itself: that of a record which amends it goes on after a `.`.
    #[must_use]
    pub fn fact(&self) -> &str {
        self.as_str().split('.').next().unwrap_or_default()
    }

    /// Whether an author gave it, not the program.
    #[must_use]
    pub fn is_authored(&self) -> bool {
        !self.0.contains('.')
    }
}

impl FromStr for FactId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (slug, suffix) = text.split_once('.').map_or((text, None), |(slug, suffix)| (slug, Some(suffix)));
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let starts = slug.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let suffix_ok = suffix.is_none_or(|s| (1..=40).contains(&s.len()) && plain(s));
        if (2..=Self::MAX).contains(&slug.len()) && plain(slug) && starts && suffix_ok {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::Id(text.to_owned()))
        }
    }
}

impl AsRef<str> for FactId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for FactId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::FactId;

    #[test]
    fn takes_slugs_and_nothing_else() {
        for good in ["ab", "derbyshire-cc", "3-places", "dcc-500.correction-1"] {
            assert!(good.parse::<FactId>().is_ok(), "{good}");
        }
        let long = "a".repeat(81);
        for bad in ["", "a", "-ab", "Derby", "a b", "é-ab", "ab.", "ab.c.d", "ab_c", long.as_str()] {
            assert!(bad.parse::<FactId>().is_err(), "{bad}");
        }
    }
}
