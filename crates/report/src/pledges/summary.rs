//! Turns judgements into sentences that a reporter can quote. Knows no views and no filters. Start
//! at [`summary`].

use super::terms;
use crate::wording::{count, grouped, list};
use heldto_fact::{FactId, Force, Kind, LinkKind};
use heldto_replay::{Class, Counted, FulfilmentRate, Judgement, Note, Status};
use std::collections::BTreeSet;

/// Returns sentences that can be quoted as they stand.
pub fn summary(all: &[Judgement<'_>]) -> Vec<String> {
    if all.is_empty() {
        return vec!["No commitment on record matches.".to_owned()];
    }
    let mut lines = vec![kinds(all), due(all)];
    lines.extend(others(all));
    lines
}

/// Counts the commitments by force, and those that are parts of others.
fn kinds(all: &[Judgement<'_>]) -> String {
    let of_force = |force: Force| all.iter().filter(|j| terms(j.mentions[0]).is_some_and(|c| c.force == force)).count();
    let recommended = all.iter().filter(|j| j.mentions[0].kind() == Kind::Recommendation).count();
    let clauses: Vec<String> = [
        (of_force(Force::Duty), "duty", "duties"),
        (of_force(Force::Requirement), "requirement", "requirements"),
        (of_force(Force::Remedy), "remedy", "remedies"),
        (of_force(Force::Pledge), "pledge", "pledges"),
        (of_force(Force::Aspiration), "aspiration", "aspirations"),
        (recommended, "recommendation", "recommendations"),
    ]
    .iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, one, many)| count(*n, one, many))
    .collect();
    let ids: BTreeSet<&FactId> = all.iter().flat_map(|j| j.mentions.iter()).map(|t| &t.id).collect();
    let is_part = |j: &&Judgement<'_>| {
        let mut wholes = j.mentions.iter().flat_map(|t| &t.links).filter(|l| l.kind == LinkKind::PartOf);
        wholes.any(|l| ids.contains(&l.to))
    };
    let parts = match all.iter().filter(is_part).count() {
        0 => String::new(),
        1 => " 1 is part of another, and is counted as well.".to_owned(),
        n => format!(" {n} are parts of others, and are counted as well."),
    };
    let inherited = all.iter().filter(|j| j.notes.iter().any(|n| matches!(n, Note::Inherited { .. }))).count();
    let inherited = match inherited {
        0 => String::new(),
        1 => " 1 is inherited: its owner was succeeded by another body.".to_owned(),
        n => format!(" {n} are inherited: their owners were succeeded by other bodies."),
    };
    format!(
        "{}: {}.{parts}{inherited}",
        count(all.len(), "commitment on record", "commitments on record"),
        list(&clauses)
    )
}

/// Counts the commitments that are due: settled, or past their last due day.
fn due(all: &[Judgement<'_>]) -> String {
    let mut rate = FulfilmentRate::default();
    all.iter().for_each(|j| rate.add(j));
    let owners: BTreeSet<&FactId> = all.iter().flat_map(|j| j.owners.iter().copied()).collect();
    let owner = if owners.len() > 1 { "their owners' word" } else { "the owner's word" };
    if rate.counted == 0 {
        return "None is due or settled.".to_owned();
    }
    if rate.counted == 1 {
        let words = match rate {
            FulfilmentRate { kept_on_claims: 1, .. } => format!("1 is due or settled. It was kept, by {owner} only."),
            FulfilmentRate { kept: 1, .. } => "1 is due or settled. It was kept.".to_owned(),
            FulfilmentRate { not_kept: 1, .. } => "1 is due or settled. It was not kept.".to_owned(),
            FulfilmentRate { weaker: 1, .. } => "1 is due or settled. A weaker promise replaced it.".to_owned(),
            _ => "1 is due or settled. Whether it was kept is unknown.".to_owned(),
        };
        return words;
    }
    let kept = match (rate.kept, rate.kept_on_claims) {
        (0, _) => "Kept: 0".to_owned(),
        (n, 0) => format!("Kept: {}", grouped(n)),
        (n, claimed) if n == claimed => format!("Kept: {}, by {owner} only", grouped(n)),
        (n, claimed) => format!("Kept: {}, of which {} by {owner} only", grouped(n), grouped(claimed)),
    };
    let mut words =
        format!("{} are due or settled. {kept}. Not kept: {}.", grouped(rate.counted), grouped(rate.not_kept));
    if rate.weaker > 0 {
        words.push_str(&format!(" Replaced by a weaker promise: {}.", grouped(rate.weaker)));
    }
    if rate.unknown > 0 {
        words.push_str(&format!(" Unknown: {} ({}).", grouped(rate.unknown), unknown(all)));
    }
    let are_right = if owners.len() > 1 { "the owners are right" } else { "the owner is right" };
    let if_right = range(rate.with_claims());
    let shown = range(rate.without_claims());
    let so = if if_right == shown {
        format!(" So {if_right} kept.")
    } else {
        let (low, high) = rate.without_claims();
        let shown = if low == high { grouped(low) } else { format!("{} to {}", grouped(low), grouped(high)) };
        format!(" So {if_right} kept if {are_right}; {shown} on independent evidence.")
    };
    words + &so
}

fn range((low, high): (usize, usize)) -> String {
    match (low, high) {
        (1, 1) => "1 was".to_owned(),
        (low, high) if low == high => format!("{} were", grouped(low)),
        (low, high) => format!("{} to {} were", grouped(low), grouped(high)),
    }
}

/// Lists the commitments of unknown outcome, by the reason why it is unknown.
fn unknown(all: &[Judgement<'_>]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let mut unknown: Vec<&Judgement<'_>> = all.iter().filter(|j| Counted::of(j) == Some(Counted::Unknown)).collect();
    unknown.sort_by_key(|j| j.status);
    for word in unknown.into_iter().map(reason) {
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, n)) => *n += 1,
            None => counts.push((word, 1)),
        }
    }
    list(&counts.iter().map(|(word, n)| format!("{} {word}", grouped(*n))).collect::<Vec<_>>())
}

/// Returns the reason why an outcome is unknown.
const fn reason(j: &Judgement<'_>) -> &'static str {
    match j.status.class() {
        Class::Failed if j.is_stale => "not kept before, with no evidence for the newest period",
        Class::Failed => "failed, by a claim only",
        Class::Met => "kept before, with no evidence for the newest period",
        Class::Unsettled if matches!(j.status, Status::Unevidenced) => "without evidence",
        Class::Unsettled | Class::Unanswered | Class::Open | Class::Untestable | Class::Ended | Class::Unknown => {
            j.status.as_str()
        }
    }
}

/// Counts the commitments that are not due.
fn others(all: &[Judgement<'_>]) -> Option<String> {
    let of = |class: Class| all.iter().filter(|j| Counted::of(j).is_none() && j.status.class() == class).count();
    let clauses: Vec<String> = [
        (Class::Open, "Not due, or without a due day"),
        (Class::Untestable, "Too vague to test"),
        (Class::Unanswered, "Recommendations without an answer"),
        (Class::Ended, "Replaced, withdrawn, rejected or lapsed"),
    ]
    .iter()
    .filter(|(class, _)| of(*class) > 0)
    .map(|(class, words)| format!("{words}: {}.", grouped(of(*class))))
    .collect();
    (!clauses.is_empty()).then(|| clauses.join(" "))
}
