//! Words the numbers of commitments as sentences that a reporter can quote. Knows no commitments,
//! only their numbers. Start at [`kinds`] and [`due`].

use super::{count, grouped, list};
use heldto_fact::Force;
use heldto_replay::FulfilmentRate;

pub const NONE: &str = "No commitment on record matches.";

/// Reasons why an outcome is unknown.
pub const NOT_KEPT_BEFORE: &str = "not kept before, with no evidence for the newest period";
pub const FAILED_BY_CLAIM: &str = "failed, by a claim only";
pub const KEPT_BEFORE: &str = "kept before, with no evidence for the newest period";
pub const WITHOUT_EVIDENCE: &str = "without evidence";

/// Names of the commitments that are not counted.
pub const NOT_DUE: &str = "Not due, or without a due day";
pub const TOO_VAGUE: &str = "Too vague to test";
pub const UNANSWERED: &str = "Recommendations without an answer";
pub const ENDED: &str = "Replaced, withdrawn, rejected or lapsed";

/// Returns a number of commitments of a force.
pub fn of_force(force: Force, n: usize) -> String {
    match force {
        Force::Duty => count(n, "duty", "duties"),
        Force::Requirement => count(n, "requirement", "requirements"),
        Force::Remedy => count(n, "remedy", "remedies"),
        Force::Pledge => count(n, "pledge", "pledges"),
        Force::Aspiration => count(n, "aspiration", "aspirations"),
    }
}

/// Returns a number of recommendations.
pub fn recommendations(n: usize) -> String {
    count(n, "recommendation", "recommendations")
}

/// Returns the number of commitments, of each kind, of parts and of those inherited.
///
/// `inherited` has the number of those inherited, and of these the number that were due before.
pub fn kinds(all: usize, of_kinds: &[String], parts: usize, inherited: (usize, usize)) -> String {
    let parts = match parts {
        0 => String::new(),
        1 => " 1 is part of another, and is counted as well.".to_owned(),
        n => format!(" {} are parts of others, and are counted as well.", grouped(n)),
    };
    let were_due = match inherited {
        (1, 1) => " It was due before that.".to_owned(),
        (_, 0) => String::new(),
        (_, 1) => " 1 of these was due before that.".to_owned(),
        (_, n) => format!(" {} of these were due before that.", grouped(n)),
    };
    let inherited = match inherited.0 {
        0 => String::new(),
        1 => format!(" 1 is inherited: its owner was succeeded by another body.{were_due}"),
        n => format!(" {} are inherited: their owners were succeeded by other bodies.{were_due}", grouped(n)),
    };
    let all = count(all, "commitment on record", "commitments on record");
    format!("{all}: {}.{parts}{inherited}", list(of_kinds))
}

/// Returns the numbers of what is due or settled; `unknown` has the reasons of unknown outcomes,
/// each with its number.
pub fn due(rate: FulfilmentRate, has_many_owners: bool, unknown: &[(&str, usize)]) -> String {
    match rate.counted {
        0 => "None is due or settled.".to_owned(),
        1 => one_due(rate, has_many_owners),
        _ => many_due(rate, has_many_owners, unknown),
    }
}

const fn word_of_owners(has_many_owners: bool) -> &'static str {
    if has_many_owners { "their owners' word" } else { "the owner's word" }
}

fn one_due(rate: FulfilmentRate, has_many_owners: bool) -> String {
    let outcome = match rate {
        FulfilmentRate { kept_on_claims: 1, .. } => {
            return format!("1 is due or settled. It was kept, by {} only.", word_of_owners(has_many_owners));
        }
        FulfilmentRate { kept: 1, .. } => "It was kept.",
        FulfilmentRate { not_kept: 1, .. } => "It was not kept.",
        FulfilmentRate { weaker: 1, .. } => "A weaker promise replaced it.",
        _ => "Whether it was kept is unknown.",
    };
    format!("1 is due or settled. {outcome}")
}

fn many_due(rate: FulfilmentRate, has_many_owners: bool, unknown: &[(&str, usize)]) -> String {
    let kept = kept(rate, word_of_owners(has_many_owners));
    let mut words =
        format!("{} are due or settled. {kept}. Not kept: {}.", grouped(rate.counted), grouped(rate.not_kept));
    if rate.weaker > 0 {
        words.push_str(&format!(" Replaced by a weaker promise: {}.", grouped(rate.weaker)));
    }
    if rate.unknown > 0 {
        let reasons: Vec<String> = unknown.iter().map(|(word, n)| format!("{} {word}", grouped(*n))).collect();
        words.push_str(&format!(" Unknown: {} ({}).", grouped(rate.unknown), list(&reasons)));
    }
    format!("{words} {}", so_kept(rate, has_many_owners))
}

fn kept(rate: FulfilmentRate, word: &str) -> String {
    match (rate.kept, rate.kept_on_claims) {
        (0, _) => "Kept: 0".to_owned(),
        (n, 0) => format!("Kept: {}", grouped(n)),
        (n, claimed) if n == claimed => format!("Kept: {}, by {word} only", grouped(n)),
        (n, claimed) => format!("Kept: {}, of which {} by {word} only", grouped(n), grouped(claimed)),
    }
}

/// Returns the range of what was kept, if claims are right and on independent evidence.
fn so_kept(rate: FulfilmentRate, has_many_owners: bool) -> String {
    let if_right = were(rate.with_claims());
    if if_right == were(rate.without_claims()) {
        return format!("So {if_right} kept.");
    }
    let are_right = if has_many_owners { "the owners are right" } else { "the owner is right" };
    format!("So {if_right} kept if {are_right}; {} on independent evidence.", range(rate.without_claims()))
}

fn were(kept: (usize, usize)) -> String {
    if kept == (1, 1) { "1 was".to_owned() } else { format!("{} were", range(kept)) }
}

fn range((low, high): (usize, usize)) -> String {
    if low == high { grouped(low) } else { format!("{} to {}", grouped(low), grouped(high)) }
}

/// Returns a number of commitments that are not counted.
pub fn not_counted(name: &str, n: usize) -> String {
    format!("{name}: {}.", grouped(n))
}
