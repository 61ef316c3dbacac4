//! Turns judgements into sentences that a reporter can quote. Knows no views and no filters. Start
//! at [`summary`].

use super::terms;
use crate::wording::{count, list};
use heldto_fact::{FactId, Force, Kind, LinkKind};
use heldto_replay::{FulfilmentRate, Grade, Judgement, Status};
use std::collections::BTreeSet;

/// Returns sentences that can be quoted as they stand.
pub fn summary(all: &[Judgement<'_>]) -> Vec<String> {
    if all.is_empty() {
        return vec!["No commitment on record matches.".to_owned()];
    }
    let of = |pick: &dyn Fn(Status) -> bool| all.iter().filter(|j| pick(j.status)).count();
    let met: Vec<_> = all.iter().filter(|j| j.status.is_met()).collect();
    let claimed = met.iter().filter(|j| j.grade <= Grade::Claimed).count();
    let mut clauses = Vec::new();
    let mut clause = |n: usize, text: String| {
        if n > 0 {
            clauses.push(text);
        }
    };
    let word = match (claimed, met.len()) {
        (0, _) => String::new(),
        (c, m) if c == m => " (on a claim alone)".to_owned(),
        (c, _) => format!(" ({c} of them on a claim alone)"),
    };
    clause(met.len(), format!("{} met{word}", met.len()));
    for (status, words) in [
        (Status::Breached, "breached"),
        (Status::PartMet, "met in part only"),
        (Status::Reversed, "reversed"),
        (Status::Overdue, "overdue without evidence that settles it"),
        (Status::Inconclusive, "inconclusive"),
        (Status::Unevidenced, "without evidence for any period"),
    ] {
        let n = of(&|s| s == status);
        clause(n, format!("{n} {words}"));
    }
    let untestable = of(&|s| s == Status::Untestable);
    let ended = of(&|s| matches!(s, Status::Superseded | Status::Withdrawn | Status::Rejected | Status::Lapsed));
    let judged = of(&|s| {
        s.is_met() || s.is_past_due() || matches!(s, Status::Reversed | Status::Inconclusive | Status::Unevidenced)
    });
    let rest =
        all.len() - judged - untestable - ended - of(&|s| matches!(s, Status::Unanswered | Status::AnswerOverdue));
    let unanswered = of(&|s| matches!(s, Status::Unanswered | Status::AnswerOverdue));
    clause(unanswered, format!("{unanswered} recommended, without an answer"));
    clause(ended, format!("{ended} replaced, withdrawn, rejected or lapsed"));
    clause(untestable, format!("{untestable} too vague to test"));
    clause(rest, format!("{rest} not yet due, or without a due day"));
    let mut lines =
        vec![format!("Of {}: {}.", count(all.len(), "commitment on record", "commitments on record"), list(&clauses))];
    lines.extend((all.len() > 1).then(|| kinds(all)));
    lines.extend(share(all));
    lines
}

/// Counts the commitments by force, and those that are parts of others.
fn kinds(all: &[Judgement<'_>]) -> String {
    let force = |force: Force| all.iter().filter(|j| terms(j.mentions[0]).is_some_and(|c| c.force == force)).count();
    let words = [
        (Force::Duty, "owed by law"),
        (Force::Requirement, "required"),
        (Force::Remedy, "owed as a remedy"),
        (Force::Pledge, "pledged"),
        (Force::Aspiration, "only hoped for"),
    ];
    let recommended = all.iter().filter(|j| j.mentions[0].kind() == Kind::Recommendation).count();
    let clauses: Vec<String> = words
        .iter()
        .map(|(f, word)| (force(*f), *word))
        .chain([(recommended, "recommended")])
        .filter(|(n, _)| *n > 0)
        .map(|(n, w)| format!("{n} {w}"))
        .collect();
    let ids: BTreeSet<&FactId> = all.iter().flat_map(|j| j.mentions.iter()).map(|t| &t.id).collect();
    let is_part = |j: &&Judgement<'_>| {
        let mut wholes = j.mentions.iter().flat_map(|t| &t.links).filter(|l| l.kind == LinkKind::PartOf);
        wholes.any(|l| ids.contains(&l.to))
    };
    let parts = match all.iter().filter(is_part).count() {
        0 => String::new(),
        1 => " 1 of them is part of another, and is counted beside it.".to_owned(),
        n => format!(" {n} of them are parts of others, and are counted beside them."),
    };
    format!("They are {}.{parts}", list(&clauses))
}

fn share(all: &[Judgement<'_>]) -> Option<String> {
    let mut share = FulfilmentRate::default();
    all.iter().for_each(|j| share.add(j));
    if share.counted == 0 {
        return None;
    }
    let range =
        |(low, high): (usize, usize)| if low == high { low.to_string() } else { format!("between {low} and {high}") };
    let clauses = [
        (share.kept - share.kept_on_claims, "shown to be kept"),
        (share.kept_on_claims, "said to be kept, on a claim alone"),
        (share.not_kept, "not kept"),
        (share.weaker, "replaced by a weaker promise"),
        (share.unknown, "of which it cannot be told"),
    ];
    let clauses: Vec<String> = clauses.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    Some(format!(
        "{} settled or past due: {}. So {} were kept if claims are true, and {} by what somebody other than the owner bears out.",
        count(share.counted, "is", "are"),
        list(&clauses),
        range(share.with_claims()),
        range(share.without_claims()),
    ))
}
