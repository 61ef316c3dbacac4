//! The grammar and the spelling of units and ids in version 1: docs/FORMAT.md section 4. Frozen.
//!
//! The domain's own grammars may grow; these may not. Start at [`parse`] and [`id`].

use heldto_fact::{FactId, SpanUnit, Unit};

/// Returns the unit that a text spells, or `None` if the text spells none.
pub fn parse(text: &str) -> Option<Unit> {
    Some(match text {
        "%" => Unit::Percent,
        "times" => Unit::Times,
        "days" => Unit::Duration(SpanUnit::Days),
        "weeks" => Unit::Duration(SpanUnit::Weeks),
        "months" => Unit::Duration(SpanUnit::Months),
        "years" => Unit::Duration(SpanUnit::Years),
        _ if is_currency(text) => Unit::Money(text.to_owned()),
        _ if is_noun(text) => Unit::Counted(text.to_owned()),
        _ => return None,
    })
}

/// Returns the spelling of a unit.
pub fn write(unit: &Unit) -> &str {
    match unit {
        Unit::Percent => "%",
        Unit::Times => "times",
        Unit::Duration(SpanUnit::Days) => "days",
        Unit::Duration(SpanUnit::Weeks) => "weeks",
        Unit::Duration(SpanUnit::Months) => "months",
        Unit::Duration(SpanUnit::Years) => "years",
        Unit::Money(word) | Unit::Counted(word) => word,
    }
}

/// Returns the id that a text spells, or `None` if the text spells none.
///
/// A slug of 2 to 80 characters of `a-z`, `0-9` and `-` that begins with a letter or a digit; then,
/// for a correction or a retraction, `.` and 1 to 40 characters of the same.
pub fn id(text: &str) -> Option<FactId> {
    let (slug, suffix) = text.split_once('.').map_or((text, None), |(slug, suffix)| (slug, Some(suffix)));
    let is_plain = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let is_slug = (2..=80).contains(&slug.len()) && is_plain(slug) && !slug.starts_with('-');
    let is_suffix = |suffix: &str| (1..=40).contains(&suffix.len()) && is_plain(suffix);
    (is_slug && suffix.is_none_or(is_suffix)).then(|| text.parse().ok()).flatten()
}

/// Three upper-case letters: ISO 4217.
fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// A lower-case letter, then up to 59 of `a-z`, `0-9`, `-` and spaces, the last one no space.
fn is_noun(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b' ')
        && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::{id, parse, write};
    use heldto_fact::{FactId, Unit};
    use proptest::prelude::{prop_assert_eq, proptest};

    proptest! {
        /// The domain reads every unit of version 1 with the same meaning, and spells it the same.
        #[test]
        fn the_domain_agrees_on_every_unit(text in "[a-z]{1,6}|[A-Z]{2,4}|%|[a-z][a-z0-9 -]{0,62}|days|weeks|months|years|times|[ -~]{0,8}") {
            let unit = parse(&text);
            prop_assert_eq!(unit.clone(), text.parse::<Unit>().ok().filter(|unit| unit.to_string() == text));
            prop_assert_eq!(unit.as_ref().map_or(text.as_str(), write), text.as_str());
        }

        /// The domain takes every id of version 1.
        #[test]
        fn the_domain_agrees_on_every_id(text in "[a-z0-9-]{0,82}|[a-z0-9-]{1,4}\\.[a-z0-9-]{0,42}|[ -~]{0,8}") {
            prop_assert_eq!(id(&text), text.parse::<FactId>().ok());
        }
    }
}
