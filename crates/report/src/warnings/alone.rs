//! Checks that need one fact only, and values read off a fact for the other checks. Knows no
//! ledger. Start at [`short_million`] and [`name_in_id`].

use crate::wording;
use crate::wording::warnings::Advice;
use heldto_fact::{Amount, Body, Due, Fact, PartyKind, Target, Unit, When};
use std::collections::BTreeSet;

/// Returns every amount of a fact, including a target that is an amount.
pub fn amounts(fact: &Fact) -> impl Iterator<Item = &Amount> {
    let target = match &fact.body {
        Body::Pledge(commitment) => commitment.target.as_ref(),
        Body::Recommendation(asked) => asked.terms.target.as_ref(),
        _ => None,
    };
    let aimed_at = match target {
        Some(Target::Amount(a)) => Some(a),
        _ => None,
    };
    fact.amounts.iter().chain(aimed_at)
}

pub fn counted(unit: &Unit) -> Option<&str> {
    match unit {
        Unit::Counted(noun) => Some(noun),
        _ => None,
    }
}

/// Returns `true` if two nouns differ only in number, spaces or hyphens.
pub fn is_alike(a: &str, b: &str) -> bool {
    let plain = |noun: &str| noun.replace(['-', ' '], "");
    let a = plain(a);
    let b = plain(b);
    let is_plural = |one: &str, many: &str| many.strip_prefix(one).is_some_and(|end| matches!(end, "" | "s" | "es"));
    is_plural(&a, &b) || is_plural(&b, &a)
}

pub fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Warns about a unit that abbreviates a number, as in `4.5m`.
pub fn short_million(a: &Amount) -> Option<Advice> {
    let value = a.value?;
    let unit = counted(&a.unit)?;
    let (word, rest) = unit.split_once(' ').unwrap_or((unit, ""));
    let zeros = match word {
        "k" | "thousand" => 1_000,
        "m" | "mn" | "mio" | "million" | "millions" => 1_000_000,
        "b" | "bn" | "billion" | "billions" => 1_000_000_000,
        _ => return None,
    };
    let number =
        i64::checked_mul(value.ten_thousandths(), zeros).and_then(heldto_fact::Quantity::from_ten_thousandths)?;
    let unit = if matches!(rest, "" | "pounds" | "gbp") { "GBP" } else { rest };
    Some(wording::warnings::short_million(value, &a.unit, number, unit))
}

pub fn due_before_promise(fact: &Fact) -> Option<Advice> {
    let due = match &fact.body {
        Body::Pledge(commitment) => commitment.due.as_ref(),
        Body::Recommendation(asked) => asked.terms.due.as_ref(),
        Body::Decision { terms: Some(terms), .. } => terms.due.as_ref(),
        _ => None,
    }?;
    let latest = Due::window(due).latest?;
    let made = fact.occurred.as_ref().map(When::window)?.earliest?;
    (latest < made).then(|| wording::warnings::due_before_promise(latest, made))
}

/// Common first names in Britain: an id of one of these and one more word reads like a person's
/// name.
const FIRST_NAMES: &[&str] = &[
    "adam",
    "alan",
    "alex",
    "alice",
    "andrew",
    "angela",
    "ann",
    "anna",
    "anne",
    "anthony",
    "barbara",
    "ben",
    "brian",
    "carol",
    "caroline",
    "catherine",
    "charles",
    "charlotte",
    "chris",
    "christine",
    "claire",
    "colin",
    "daniel",
    "david",
    "dean",
    "deborah",
    "diane",
    "edward",
    "elizabeth",
    "emily",
    "emma",
    "fiona",
    "frank",
    "gary",
    "george",
    "graham",
    "hannah",
    "harry",
    "helen",
    "ian",
    "jack",
    "jacob",
    "james",
    "jane",
    "janet",
    "jennifer",
    "jessica",
    "joan",
    "john",
    "jonathan",
    "joseph",
    "joshua",
    "julie",
    "karen",
    "kate",
    "katherine",
    "keith",
    "kevin",
    "laura",
    "lewis",
    "linda",
    "lisa",
    "liam",
    "louise",
    "lucy",
    "luke",
    "margaret",
    "mark",
    "martin",
    "mary",
    "matthew",
    "michael",
    "michelle",
    "mohammed",
    "muhammad",
    "natalie",
    "nicola",
    "oliver",
    "olivia",
    "pamela",
    "patricia",
    "paul",
    "peter",
    "philip",
    "rachel",
    "rebecca",
    "richard",
    "robert",
    "ruth",
    "ryan",
    "samantha",
    "sandra",
    "sarah",
    "simon",
    "sophie",
    "stephen",
    "steven",
    "stuart",
    "susan",
    "thomas",
    "tracey",
    "victoria",
    "william",
    "zoe",
];

pub fn name_in_id(fact: &Fact) -> Option<Advice> {
    let words: Vec<&str> = fact.id.as_str().split('-').collect();
    let letters = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase()) && word.len() > 1;
    let first_and_last = words.len() == 2 && words.iter().all(letters) && FIRST_NAMES.contains(&words[0]);
    // The person's name, which the id may repeat.
    let name = fact.text.split(',').next().unwrap_or_default().to_lowercase();
    let of_name: BTreeSet<&str> = name.split_whitespace().collect();
    let is_person = matches!(fact.body, Body::Party { kind: PartyKind::OfficeHolder | PartyKind::People, .. });
    let is_named =
        is_person && words.len() > 1 && of_name.len() <= 4 && words.iter().all(|word| of_name.contains(word));
    (first_and_last || is_named).then(|| wording::warnings::name_in_id(&fact.id))
}
