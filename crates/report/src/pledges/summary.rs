//! Turns judgements into sentences that a reporter can quote. Knows no views and no filters. Start
//! at [`summary`].

use super::terms;
use crate::wording;
use heldto_fact::{FactId, Force, Kind, LinkKind};
use heldto_replay::{Class, Counted, FulfilmentRate, Judgement, Note, Status};
use std::collections::BTreeSet;

/// Returns sentences that can be quoted as they stand.
pub fn summary(all: &[Judgement<'_>]) -> Vec<String> {
    if all.is_empty() {
        return vec![wording::summary::NONE.to_owned()];
    }
    let mut lines = vec![kinds(all), due(all)];
    lines.extend(others(all));
    lines
}

/// Counts the commitments by force, and those that are parts of others.
fn kinds(all: &[Judgement<'_>]) -> String {
    let of_force = |force: Force| all.iter().filter(|j| terms(j.mentions[0]).is_some_and(|c| c.force == force)).count();
    let recommended = all.iter().filter(|j| j.mentions[0].kind() == Kind::Recommendation).count();
    let forces = [Force::Duty, Force::Requirement, Force::Remedy, Force::Pledge, Force::Aspiration];
    let of_kinds = forces.map(|force| (of_force(force), force));
    let mut of_kinds: Vec<String> =
        of_kinds.into_iter().filter(|(n, _)| *n > 0).map(|(n, force)| wording::summary::of_force(force, n)).collect();
    of_kinds.extend((recommended > 0).then(|| wording::summary::recommendations(recommended)));
    let ids: BTreeSet<&FactId> = all.iter().flat_map(|j| j.mentions.iter()).map(|t| &t.id).collect();
    let is_part = |j: &&Judgement<'_>| {
        let mut wholes = j.mentions.iter().flat_map(|t| &t.links).filter(|l| l.kind == LinkKind::PartOf);
        wholes.any(|l| ids.contains(&l.to))
    };
    let inherited: Vec<bool> = all.iter().filter_map(was_due).collect();
    let were_due = inherited.iter().filter(|was_due| **was_due).count();
    wording::summary::kinds(all.len(), &of_kinds, all.iter().filter(is_part).count(), (inherited.len(), were_due))
}

/// Returns `true` if an inherited commitment was past its last due day when another body followed
/// its owner; `None` for one that is not inherited.
fn was_due(j: &Judgement<'_>) -> Option<bool> {
    j.notes.iter().find_map(|note| match note {
        Note::Inherited { facts, .. } => {
            let followed = facts.first().and_then(|fact| fact.window().earliest);
            Some(matches!((j.window.latest, followed), (Some(due), Some(day)) if due < day))
        }
        _ => None,
    })
}

/// Counts the commitments that are due: settled, or past their last due day.
fn due(all: &[Judgement<'_>]) -> String {
    let mut rate = FulfilmentRate::default();
    all.iter().for_each(|j| rate.add(j));
    let owners: BTreeSet<&FactId> = all.iter().flat_map(|j| j.owners.iter().copied()).collect();
    wording::summary::due(rate, owners.len() > 1, &unknown(all))
}

/// Counts the commitments of unknown outcome by the reason why it is unknown.
fn unknown(all: &[Judgement<'_>]) -> Vec<(&'static str, usize)> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let mut unknown: Vec<&Judgement<'_>> = all.iter().filter(|j| Counted::of(j) == Some(Counted::Unknown)).collect();
    unknown.sort_by_key(|j| j.status);
    for word in unknown.into_iter().map(reason) {
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, n)) => *n += 1,
            None => counts.push((word, 1)),
        }
    }
    counts
}

/// Returns the reason why an outcome is unknown.
const fn reason(j: &Judgement<'_>) -> &'static str {
    match j.status.class() {
        Class::Failed if j.is_stale => wording::summary::NOT_KEPT_BEFORE,
        Class::Failed => wording::summary::FAILED_BY_CLAIM,
        Class::Met => wording::summary::KEPT_BEFORE,
        Class::Unsettled if matches!(j.status, Status::Unevidenced) => wording::summary::WITHOUT_EVIDENCE,
        Class::Unsettled | Class::Unanswered | Class::Open | Class::Untestable | Class::Ended | Class::Unknown => {
            j.status.as_str()
        }
    }
}

/// Counts the commitments that are not due.
fn others(all: &[Judgement<'_>]) -> Option<String> {
    let of = |class: Class| all.iter().filter(|j| Counted::of(j).is_none() && j.status.class() == class).count();
    let clauses: Vec<String> = [
        (Class::Open, wording::summary::NOT_DUE),
        (Class::Untestable, wording::summary::TOO_VAGUE),
        (Class::Unanswered, wording::summary::UNANSWERED),
        (Class::Ended, wording::summary::ENDED),
    ]
    .iter()
    .filter(|(class, _)| of(*class) > 0)
    .map(|(class, name)| wording::summary::not_counted(name, of(*class)))
    .collect();
    (!clauses.is_empty()).then(|| clauses.join(" "))
}
