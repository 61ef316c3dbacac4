//! Judges recurring commitments, and duties owed in every case, by the latest period with evidence.
//!
//! Turns a [`Case`] into a [`Verdict`]. Start at [`verdict`].

use super::{Case, Finding, Gap, Remedy, Verdict, rules};
use crate::{Direction, Evidence, Status};
use chrono::NaiveDate;
use heldto_fact::{Force, Mode, Span, Window};

/// Returns `true` if a commitment recurs, or is a duty without a due date and so owed in every
/// case.
pub fn applies(case: &Case<'_>) -> bool {
    match case.undertaking.due.map(|d| &d.mode) {
        Some(Mode::Every(_)) => true,
        None => case.undertaking.force == Force::Duty,
        Some(_) => false,
    }
}

/// Returns the verdict by the latest period with evidence.
pub fn verdict<'a>(case: &Case<'a>) -> Verdict<'a> {
    evidenced(case).unwrap_or_else(|| without_evidence(case))
}

/// Returns the period of a piece of evidence, or the day it happened if it names none.
fn time(e: &Evidence<'_>) -> Window {
    let Some(period) = e.fact.period.as_ref().map(heldto_fact::When::window) else { return e.window };
    // An open-ended period is known to have lasted until the evidence was published.
    Window { latest: period.latest.or(e.window.latest), ..period }
}

/// Judges by deeds, failures and figures: the latest period with evidence in either direction.
fn evidenced<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let decided = |e: &Evidence<'_>| match e.direction {
        Direction::Met => true,
        // A duty is owed in every case; any other commitment can be fulfilled until its period
        // ends.
        Direction::NotMet => {
            case.undertaking.force == Force::Duty
                || period_of(case, time(e)).is_none_or(|p| {
                    p.latest.is_some_and(|end| end <= case.as_of && time(e).latest.is_some_and(|day| day >= end))
                })
        }
        _ => false,
    };
    let either = || case.evidence.iter().enumerate().filter(|(_, e)| e.settles() && decided(e));
    let (mut n, mut e) = either().max_by_key(|(_, e)| (time(e).latest, time(e).earliest))?;
    if case.undertaking.force == Force::Duty && e.direction == Direction::Met {
        // One failure outweighs any number of fulfilments in the same period.
        let period = period_of(case, time(e)).unwrap_or(time(e));
        if let Some(failure) =
            either().find(|(_, other)| other.direction == Direction::NotMet && time(other).overlaps(period))
        {
            (n, e) = failure;
        }
    }
    (n, e) = best_told(case, &either().collect::<Vec<_>>(), n, e);
    let others = either().filter(|(m, other)| *m != n && other.direction == e.direction).count();
    let when = time(e);
    let finding = match (&e.figure, e.direction) {
        (Some(figure), _) => Finding::PeriodFigure { fact: &e.fact.id, when, figure: figure.clone() },
        (None, Direction::Met) => Finding::PeriodDone { when },
        _ if case.undertaking.force == Force::Duty => Finding::DutyFailed { when, others },
        _ => Finding::PeriodNotDone { when },
    };
    let status = if e.direction == Direction::Met { Status::Met } else { Status::Breached };
    let mut verdict = Verdict::new(status, finding, vec![n]);
    verdict.period = Some(when);
    // The newest due period may be later than this evidence.
    let newest = newest_due(case).filter(|newest| time(e).latest < newest.earliest);
    if let Some(Window { earliest: Some(from), latest: Some(to) }) = newest {
        verdict.is_stale = true;
        verdict.missing.push(Gap::NewestPeriod { from, to });
    }
    Some(verdict)
}

/// Returns the best failure of a duty to report in place of the latest evidence: stated rather than
/// judged links first, then dated evidence, then the later day.
///
/// Skips failures that evidence to the contrary may have followed. Any other `latest` is returned
/// unchanged.
fn best_told<'c, 'a>(
    case: &Case<'a>,
    either: &[(usize, &'c Evidence<'a>)],
    n: usize,
    latest: &'c Evidence<'a>,
) -> (usize, &'c Evidence<'a>) {
    if case.undertaking.force != Force::Duty || latest.figure.is_some() || latest.direction != Direction::NotMet {
        return (n, latest);
    }
    let before =
        |a: &Evidence<'_>, b: &Evidence<'_>| matches!((time(a).latest, time(b).earliest), (Some(a), Some(b)) if a < b);
    let turned = |e: &Evidence<'_>| either.iter().all(|(_, other)| other.direction == e.direction || before(other, e));
    let stands = |e: &Evidence<'_>| e.direction == latest.direction && turned(e);
    let candidates = either.iter().filter(|(_, e)| stands(e));
    let best = candidates.max_by_key(|(_, e)| (std::cmp::Reverse(e.strength), time(e).earliest, time(e).latest));
    best.map_or((n, latest), |(m, e)| (*m, *e))
}

fn without_evidence<'a>(case: &Case<'a>) -> Verdict<'a> {
    let every = match case.undertaking.due.map(|d| &d.mode) {
        Some(Mode::Every(every)) => *every,
        _ => None,
    };
    let start = case.window.earliest.or_else(|| case.cluster.first().window().earliest);
    let ended = case.window.latest.is_some_and(|l| l < case.as_of);
    let passed = match (every, start) {
        (Some(span), Some(start)) => periods(start, span, case.as_of, case.window.latest),
        _ => None,
    };
    match passed {
        Some(0) => at_rest(case),
        Some(periods) => unevidenced(Finding::PeriodsWithoutEvidence { periods }, Remedy::OnePeriod),
        None if ended => unevidenced(Finding::EndedWithoutEvidence, Remedy::WholeTime),
        None => unevidenced(Finding::PeriodsUnknown { started: case.has_started() }, Remedy::SomePeriod),
    }
}

const fn unevidenced<'a>(finding: Finding<'a>, remedy: Remedy) -> Verdict<'a> {
    Verdict::new(Status::Unevidenced, finding, Vec::new()).settled_by(remedy)
}

fn at_rest<'a>(case: &Case<'a>) -> Verdict<'a> {
    let known = case.settling(Direction::NotMet).map(|(n, _)| n).collect();
    rules::at_work(case).unwrap_or_else(|| Verdict::new(Status::Awaiting, Finding::NoPeriodEnded, known))
}

/// Returns the newest period that ended by the as-of day, if the periods can be determined.
fn newest_due(case: &Case<'_>) -> Option<Window> {
    let Some(Mode::Every(Some(span))) = case.undertaking.due.map(|d| &d.mode) else { return None };
    let start = case.window.earliest.or_else(|| case.cluster.first().window().earliest)?;
    let over = periods(start, *span, case.as_of, case.window.latest)?;
    let from = span.times(over.checked_sub(1)?)?.after(start)?;
    Some(Window { earliest: Some(from), latest: span.times(over)?.after(start)?.pred_opt() })
}

/// Returns the period in which a window ends, if the periods can be determined.
fn period_of(case: &Case<'_>, window: Window) -> Option<Window> {
    let Some(Mode::Every(Some(span))) = case.undertaking.due.map(|d| &d.mode) else { return None };
    let start = case.window.earliest?;
    let day = window.latest?;
    let ended = periods(start, *span, day.pred_opt()?, None)?;
    let from = span.times(ended)?.after(start)?;
    Some(Window { earliest: Some(from.min(day)), latest: span.times(ended + 1)?.after(start)?.pred_opt() })
}

/// Returns the number of whole periods between `start` and the earlier of `day` and `end`, both
/// included.
///
/// Each period is counted from `start`, so that short months shift nothing.
fn periods(start: NaiveDate, span: Span, day: NaiveDate, end: Option<NaiveDate>) -> Option<u32> {
    let last = end.map_or(day, |e| e.min(day));
    let is_over =
        |n: u32| span.times(n).and_then(|s| s.after(start)).and_then(|next| next.pred_opt()).is_some_and(|l| l <= last);
    let mut none = 0_u32;
    let mut some = 1_u32;
    while is_over(some) {
        none = some;
        some = some.checked_mul(2)?;
    }
    while some - none > 1 {
        let middle = none + (some - none) / 2;
        if is_over(middle) { none = middle } else { some = middle }
    }
    Some(none)
}
