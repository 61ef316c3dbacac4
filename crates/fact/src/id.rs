//! Ids of facts: checks and holds them. Knows no ledger, so cannot see if an id is taken. Start
//! with [`FactId`].

use crate::Invalid;
use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The id of a fact: a slug given by its author, unique in the ledger, never a person's name.
///
/// Parties, sources and metrics are facts, so their ids are of this type too.
///
/// Invariant: 2 to 80 characters of `a-z`, `0-9` and `-`, beginning with a letter or a digit; the
/// ids that the program gives to corrections and retractions add one `.` and a suffix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(Arc<str>);

impl FactId {
    /// The longest id given by an author, in bytes.
    pub const MAX: usize = 80;

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id of the `number`th correction or retraction of this fact; `what` is
    /// `correction` or `retraction`.
    #[must_use]
    pub fn numbered(&self, what: &str, number: usize) -> Self {
        Self(format!("{}.{what}-{number}", self.0).into())
    }

    /// Returns the fact's own id: the part before the `.`, which a correction or retraction adds.
    #[must_use]
    pub fn fact(&self) -> &str {
        self.as_str().split('.').next().unwrap_or_default()
    }

    /// Returns `true` if an author gave the id, not the program.
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
