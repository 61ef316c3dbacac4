//! Judges a commitment again on earlier days, by what was public on each. Knows no rules of
//! judging. Start at [`history`].

use crate::{Clock, Grade, Judgement, Status, View, judge_each};
use chrono::{Datelike, Months, NaiveDate};
use heldto_fact::Window;
use std::collections::BTreeSet;

/// A status of a commitment, with the day from which it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// First day of the status.
    pub from: NaiveDate,
    /// The status by the rules.
    pub status: Status,
    /// The grade of the evidence that the status rests on.
    pub grade: Grade,
}

/// Returns how a commitment stood on each day up to that of its judgement, oldest first.
///
/// Each day is judged by what was public on it. A change is found to the day. One that was undone
/// is found if it lasted over the first day of a month, or over a day on which something bore on
/// the commitment: one of its evidence was published or happened, or it fell due. Empty if the
/// commitment was not known.
///
/// Costs a judgement a month, of at most the last 50 years, and about ten for each change.
#[must_use]
pub fn history(view: &View<'_>, judgement: &Judgement<'_>) -> Vec<Standing> {
    let clock = view.clock();
    let last = clock.as_of.min(clock.known_by);
    let known = judgement.mentions.iter().filter_map(|mention| view.fact_known_from(&mention.id));
    let Some(first) = known.min().filter(|first| *first <= last) else { return Vec::new() };
    let on = |day: NaiveDate| standing(view, judgement, day);
    let mut found = vec![on(first)];
    let mut before = first;
    for day in days(view, judgement, first, last) {
        let end = on(day);
        let mut held = found[found.len() - 1];
        while (held.status, held.grade) != (end.status, end.grade) {
            held = on(first_change(&on, held, before, day));
            before = held.from;
            found.push(held);
        }
        before = day;
    }
    found.retain(|standing| standing.status != Status::NotYetKnown);
    found
}

/// Returns a day in `(before, last]` that differs from the day before, found by halving.
fn first_change(
    on: &dyn Fn(NaiveDate) -> Standing,
    held: Standing,
    mut before: NaiveDate,
    mut last: NaiveDate,
) -> NaiveDate {
    while (last - before).num_days() > 1 {
        let middle = before + (last - before) / 2;
        let then = on(middle);
        if (then.status, then.grade) == (held.status, held.grade) {
            before = middle;
        } else {
            last = middle;
        }
    }
    last
}

fn standing(view: &View<'_>, of: &Judgement<'_>, day: NaiveDate) -> Standing {
    let then = view.at(Clock { as_of: day, known_by: day });
    let is_same = |j: &Judgement<'_>| j.status != Status::NotYetKnown && j.addressee == of.addressee;
    let judged = of.mentions.iter().find_map(|mention| judge_each(&then, &mention.id).into_iter().find(is_same));
    let (status, grade) = judged.map_or((Status::NotYetKnown, Grade::None), |j| (j.status, j.grade));
    Standing { from: day, status, grade }
}

/// Returns the days after `first` and up to `last` on which the status may change.
fn days(view: &View<'_>, judgement: &Judgement<'_>, first: NaiveDate, last: NaiveDate) -> BTreeSet<NaiveDate> {
    let mut days = BTreeSet::from([last]);
    let mut add =
        |day: Option<NaiveDate>| days.extend(day.into_iter().flat_map(|day| [Some(day), day.succ_opt()]).flatten());
    let facts = judgement.mentions.iter().copied().chain(judgement.reasons.iter().map(|reason| reason.fact));
    for fact in facts.chain(judgement.decisions.iter().copied()) {
        for version in view.versions(&fact.id) {
            add(view.known_from(version));
        }
        ends(fact.window(), &mut add);
    }
    ends(judgement.window, &mut add);
    let moved = judgement.moves.iter().map(|(_, due)| *due);
    moved.chain(judgement.first_due).for_each(|due| ends(due.window(), &mut add));
    let mut month = last.checked_sub_months(Months::new(SAMPLED)).unwrap_or(first).max(first).with_day(1);
    while let Some(day) = month.filter(|day| *day <= last) {
        days.insert(day);
        month = day.checked_add_months(Months::new(1));
    }
    days.retain(|day| first < *day && *day <= last);
    days
}

/// Number of months whose first day is judged: 50 years, however long ago a source is.
const SAMPLED: u32 = 600;

fn ends(window: Window, add: &mut dyn FnMut(Option<NaiveDate>)) {
    add(window.earliest);
    add(window.latest);
}
