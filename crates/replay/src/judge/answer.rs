//! Judges recommendations, once for each addressee, by that body's answer.
//!
//! Turns the newest answer into an `Undertaking`, which the rules for commitments then judge. Start
//! at [`judge_answers`].

use super::undertaking::{Decided, Undertaking, decisions_on};
use super::{Case, Finding, Gap, Judgement, Note, Remedy, Verdict, known_by, not_yet_known};
use crate::judge::evidence::standing_of;
use crate::membership::Standing;
use crate::{Cluster, Grade, Status, View};
use heldto_fact::{Body, Due, Fact, FactId, Recommendation, Ruling};
use std::collections::BTreeSet;

/// Judges a recommendation, once for each body it is addressed to.
pub(crate) fn judge_answers<'a>(view: &View<'a>, newest: &'a Fact) -> Vec<Judgement<'a>> {
    let cluster = view.fact(&newest.id).map(|fact| Cluster::of(view, fact)).filter(|c| known_by(view, c));
    let Some(cluster) = cluster else { return vec![not_yet_known(view, newest)] };
    let to: BTreeSet<&'a FactId> = cluster.mentions.iter().flat_map(|t| &t.to).collect();
    to.iter().filter_map(|body| judge_answer(view, &cluster, body, &to)).collect()
}

fn asked(fact: &Fact) -> Option<&Recommendation> {
    match &fact.body {
        Body::Recommendation(asked) => Some(asked),
        _ => None,
    }
}

fn judge_answer<'a>(
    view: &View<'a>,
    cluster: &Cluster<'a>,
    body: &'a FactId,
    to: &BTreeSet<&'a FactId>,
) -> Option<Judgement<'a>> {
    view.work().judge();
    let asked = cluster.mentions.iter().find_map(|t| asked(t))?;
    let owners = BTreeSet::from([body]);
    // The newest answer by the addressee or by its own counts.
    let answers = cluster.mentions.iter().flat_map(|t| decisions_on(view, &t.id, &owners));
    // An answer by another addressee counts for that one only.
    let others: BTreeSet<&FactId> = to.iter().copied().filter(|other| *other != body).collect();
    let is_its_own = |d: &Decided<'a>| {
        d.fact.by.contains(body)
            || (standing_of(view, d.fact, &owners) >= Standing::Own && !d.fact.by.iter().any(|by| others.contains(by)))
    };
    let mut answers: Vec<Decided<'a>> = answers.filter(|d| is_its_own(d) && is_answer(d.ruling)).collect();
    answers.sort_by_key(Decided::order);
    // `noted` does not count if there is another answer.
    let is_real = |d: &&Decided<'a>| d.ruling != Ruling::Noted;
    let newest = answers.iter().rfind(is_real).or(answers.last());
    // An acceptance taken back only after it was due or settled is judged as if it still stood.
    let accepted =
        answers.iter().rfind(|d| is_acceptance(d.ruling)).filter(|_| newest.is_some_and(|d| !is_acceptance(d.ruling)));
    if let (Some(accepted), Some(taken_back)) = (accepted, newest) {
        let undertaking = Undertaking::of_answer(asked, body, accepted, others.clone());
        let case = Case::new(view, cluster.clone(), undertaking, 0);
        let verdict = case.verdict();
        let by_then = |n: &usize| case.evidence.get(*n).is_some_and(|e| e.window.latest <= taken_back.window.earliest);
        let is_settled = (verdict.status.is_met() || verdict.status.is_failed()) && verdict.used.iter().all(by_then);
        let was_due = case.window.latest.is_some_and(|due| taken_back.window.earliest.is_some_and(|day| day > due));
        if is_settled || was_due {
            let mut judgement = case.judgement(verdict);
            judgement.notes.push(Note::TakenBack {
                fact: taken_back.fact,
                ruling: taken_back.ruling,
                when: taken_back.window,
            });
            return Some(judgement);
        }
    }
    if let Some(answer) = newest.filter(|d| is_acceptance(d.ruling)) {
        let undertaking = Undertaking::of_answer(asked, body, answer, others);
        let case = Case::new(view, cluster.clone(), undertaking, 0);
        let verdict = case.verdict();
        return Some(case.judgement(verdict));
    }
    let late = asked.answer_due.as_ref().and_then(|due| overdue(due, view));
    let (status, finding, grade) = match (newest, late) {
        (Some(d), _) if matches!(d.ruling, Ruling::Rejected | Ruling::Refused) => {
            (Status::Rejected, Finding::Rejected { ruling: d.ruling, when: d.window }, d.grade)
        }
        (Some(d), _) => {
            (Status::Unanswered, Finding::AnsweredNeither { ruling: d.ruling, when: d.window }, Grade::None)
        }
        (None, Some(late)) => (Status::AnswerOverdue, late, Grade::None),
        (None, None) => (Status::Unanswered, Finding::Unanswered { due: asked.answer_due.as_ref() }, Grade::None),
    };
    let undertaking = Undertaking {
        owners,
        force: heldto_fact::Force::Aspiration,
        personal: false,
        made: None,
        target: asked.terms.target.as_ref(),
        test: asked.terms.test.as_deref(),
        due: asked.answer_due.as_ref(),
        first_due: asked.answer_due.as_ref(),
        first_target: None,
        decisions: newest.cloned().into_iter().collect(),
        answer: newest.map(|d| d.fact),
        others,
        addressee: Some(body),
    };
    let case = Case::new(view, cluster.clone(), undertaking, 0);
    let mut verdict = Verdict::new(status, finding, Vec::new());
    verdict.grade = Some(grade);
    if status != Status::Rejected {
        verdict = verdict.settled_by(Remedy::Answer);
    }
    if case.has_started() {
        verdict.missing.push(Gap::Answer);
    }
    Some(case.judgement(verdict))
}

/// Returns the finding that an answer is overdue, if it is.
fn overdue<'a>(due: &'a Due, view: &View<'_>) -> Option<Finding<'a>> {
    let is_past = |latest: &chrono::NaiveDate| *latest < view.clock().as_of && due.falls_once();
    due.window().latest.filter(is_past).map(|latest| Finding::AnswerOverdue { due, latest })
}

const fn is_answer(ruling: Ruling) -> bool {
    matches!(ruling, Ruling::Rejected | Ruling::Refused | Ruling::Noted) || is_acceptance(ruling)
}

const fn is_acceptance(ruling: Ruling) -> bool {
    matches!(ruling, Ruling::Accepted | Ruling::AcceptedInPrinciple | Ruling::AcceptedInPart)
}
