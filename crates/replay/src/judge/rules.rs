//! The rules of docs/RULES.md: each turns a [`Case`] into a [`Verdict`] if it matches.
//!
//! Start at [`one_off`]; recurring commitments are judged in `recurring`.

use super::{Case, Finding, Gap, Progress, Remedy, Timing, Verdict};
use crate::{Direction, Evidence, Grade, Status};
use chrono::NaiveDate;
use heldto_fact::{Due, Interval, Mode, Quantity, Ruling, Target, Truth, When, Window};

/// Matches a withdrawal by the owner or its successor before the last due day.
pub fn withdrawn<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    ended(case, Direction::Withdrawn, Status::Withdrawn, |when, due| Finding::Withdrawn { when, due })
}

/// Matches a personal pledge whose office ended before the last due day, adopted by nobody else.
pub fn lapsed<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let adopted = case.cluster.mentions.iter().any(|t| t.by != case.cluster.first().by);
    if !case.undertaking.personal || adopted {
        return None;
    }
    ended(case, Direction::OfficeEnded, Status::Lapsed, |when, due| Finding::OfficeEnded { when, due })
}

/// Matches a commitment that its imposer revoked, or that was quashed.
///
/// A revocation leaves a status that earlier evidence had settled; quashing does not.
pub fn ended_by_decision<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let all = || case.undertaking.decisions.iter();
    let decided = all().find(|d| d.ruling == Ruling::Quashed).or_else(|| all().find(|d| d.ends()))?;
    let is_quashed = decided.ruling == Ruling::Quashed;
    let own = case.by_itself();
    let before = |n: &usize| case.evidence.get(*n).is_some_and(|e| e.window.latest <= decided.window.latest);
    let is_settled = own.status.is_met() || own.status.is_failed();
    if !is_quashed && is_settled && own.used.iter().all(before) {
        return Some(own);
    }
    let finding = Finding::EndedByDecision { ruling: decided.ruling, when: decided.window, passed: decided.passed };
    Some(Verdict { grade: Some(decided.grade), ..Verdict::new(Status::Withdrawn, finding, Vec::new()) })
}

fn ended<'a>(
    case: &Case<'a>,
    direction: Direction,
    status: Status,
    finding: fn(Window, Option<NaiveDate>) -> Finding<'a>,
) -> Option<Verdict<'a>> {
    // An owner cannot withdraw a commitment imposed on it.
    if case.undertaking.is_imposed() && direction == Direction::Withdrawn {
        return None;
    }
    let (n, e) = case.settling(direction).next()?;
    // An end published only after the last due day does not count.
    let known = case.view.fact_known_from(&e.fact.id);
    if case.window.latest.is_some_and(|latest| known.is_some_and(|known| known > latest)) {
        return None;
    }
    let Some(latest) = case.window.latest else {
        return Some(Verdict::new(status, finding(e.window, None), vec![n]));
    };
    // Nor does one dated on the last due day or later: the rules below decide.
    let is_before = e.window.by(latest.pred_opt()?) == Truth::Yes;
    is_before.then(|| Verdict::new(status, finding(e.window, Some(latest)), vec![n]))
}

/// Judges a commitment that is done once, by the first rule that matches.
pub fn one_off<'a>(case: &Case<'a>) -> Verdict<'a> {
    reversed(case)
        .or_else(|| broken(case))
        .or_else(|| untestable_in_kind(case))
        .or_else(|| figure_at_due(case))
        .or_else(|| met(case))
        .or_else(|| breached(case))
        .or_else(|| inconclusive(case))
        .or_else(|| overdue(case))
        .or_else(|| untestable(case))
        .or_else(|| falling_due(case))
        .or_else(|| at_work(case))
        .unwrap_or_else(|| waiting(case))
}

/// Matches a delivery that was undone, and not done again since.
fn reversed<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let (undone, e) = case.settling(Direction::Undone).last()?;
    let done = case
        .evidence
        .iter()
        .enumerate()
        .filter(|(n, d)| *n < undone && d.settles() && (d.direction == Direction::Met || d.delivered.is_some()));
    let done: Vec<usize> = done.map(|(n, _)| n).collect();
    let again = case.evidence.iter().skip(undone + 1).any(|d| d.settles() && d.direction == Direction::Met);
    (!done.is_empty() && !again).then(|| {
        let used: Vec<usize> = done.into_iter().chain([undone]).collect();
        // The status rests on both the deed and its reversal: the weaker grade counts.
        let best = |all: &[usize]| all.iter().filter_map(|n| case.evidence.get(*n)).map(|e| e.grade).max();
        let grade = best(&used[..used.len() - 1]).map(|done| done.min(e.grade));
        Verdict { grade, ..Verdict::new(Status::Reversed, Finding::Reversed { undone: e.window }, used) }
    })
}

/// Returns the evidence of fulfilment: deeds that fulfil it, or counts that reach the target.
fn deeds<'a>(case: &Case<'a>) -> (Vec<usize>, Option<Progress<'a>>) {
    let undone = case.settling(Direction::Undone).last().map(|(n, _)| n);
    let Some((goal, unit)) = case.goal() else {
        return (
            case.settling(Direction::Met).map(|(n, _)| n).filter(|n| undone.is_none_or(|u| *n > u)).collect(),
            None,
        );
    };
    // Uses the best-graded evidence if that alone reaches the number.
    let by = |least| {
        let sums = case.running_sums_by(least);
        sums.iter().any(|(_, sum)| sum.reaches(goal) == Truth::Yes).then_some(sums)
    };
    let sums = by(Grade::Proven).or_else(|| by(Grade::Reported)).unwrap_or_else(|| case.running_sums());
    let enough = sums.iter().position(|(_, sum)| sum.reaches(goal) == Truth::Yes);
    match enough.and_then(|n| Some((n, sums.get(n)?.1))) {
        Some((n, sum)) => {
            let used = sums.iter().take(n + 1).map(|(place, _)| *place).collect();
            (used, Some(Progress { done: sum, goal: goal.low.value, unit }))
        }
        // If the target is a number, "done" without a number is progress.
        None => (Vec::new(), None),
    }
}

pub fn met<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let (used, sum) = deeds(case);
    // The deed that reached the number; without a number, the first of the best graded.
    let deeds = || used.iter().filter_map(|n| case.evidence.get(*n));
    let deed = if sum.is_some() { deeds().next_back() } else { deeds().rev().max_by_key(|e| e.grade) }?;
    let done = if sum.is_some() { when_counted(case, deed) } else { deed.window };
    // A failure before the deed does not contradict the deed; only a later one does.
    let before = |no: &Evidence<'_>| matches!((no.window.latest, done.latest), (Some(l), Some(d)) if l < d);
    if case.settling(Direction::NotMet).any(|(_, no)| !before(no)) {
        return None;
    }
    // A sum is graded as its weakest addend.
    let weakest = sum.as_ref().and_then(|_| deeds().map(|e| e.grade).min());
    if weakest.is_some_and(|weakest| is_counted_short(case, weakest, done)) {
        return None;
    }
    let judged_by = case.window.latest.filter(|_| case.undertaking.due.is_some_and(Due::falls_once));
    let surely = judged_by.map(|latest| (case.undertaking.due.and_then(Due::surely_in_time).unwrap_or(latest), latest));
    let (status, timing) = match surely {
        None => (Status::Met, Timing::NoDueDay),
        Some((surely, _)) if done.by(surely) == Truth::Yes => (Status::Met, Timing::InTime(surely)),
        Some((surely, latest)) if done.by(surely) == Truth::No && done.by(latest) == Truth::No => {
            (Status::MetLate, Timing::Late(latest))
        }
        Some((surely, latest)) => (Status::MetTimingUnknown, Timing::Unknown { surely, latest }),
    };
    let finding = Finding::Done { when: done, count: sum, timing };
    let mut verdict = Verdict { grade: weakest, ..Verdict::new(status, finding, used) };
    if case.evidence.iter().all(|e| e.grade < Grade::Reported) {
        verdict.missing.extend(case.undertaking.test.map(Gap::Test));
    }
    verdict.settles = (status == Status::MetTimingUnknown).then_some(Remedy::DayDone);
    Some(verdict)
}

/// Returns the window in which a count was reached: its period, if it has one.
///
/// The start of a running total is unknown, unless an earlier count at the due day fell short.
fn when_counted(case: &Case<'_>, deed: &Evidence<'_>) -> Window {
    if let Some(period) = deed.fact.period.as_ref().map(When::doubtful_window) {
        return Window { latest: period.latest.or(deed.window.latest), ..period };
    }
    let was_short = |e: &Evidence<'_>| match (case.goal(), case.window.latest) {
        (Some((goal, _)), Some(latest)) => {
            e.settles() && e.delivered.is_some_and(|n| n.reaches(goal) == Truth::No) && stands_at(case, e, latest)
        }
        _ => false,
    };
    if case.is_running(deed.fact) && !case.evidence.iter().any(was_short) {
        return Window { earliest: None, ..deed.window };
    }
    deed.window
}

/// Returns `true` if a later running total at the last due day, graded as well, falls short.
fn is_counted_short(case: &Case<'_>, grade: Grade, done: Window) -> bool {
    let (Some((goal, _)), Some(latest)) = (case.goal(), case.window.latest) else { return false };
    case.evidence.iter().any(|e| {
        let is_short = e.delivered.is_some_and(|count| count.reaches(goal) == Truth::No);
        let is_later = e.window.latest >= done.latest;
        let stands = stands_at(case, e, latest) && case.is_running(e.fact);
        e.settles() && e.grade >= grade && is_short && is_later && stands
    })
}

/// Matches a figure for the period that contains or ends on the last due day.
///
/// The best-graded figures decide; if these or an equally graded deed disagree, none does.
fn figure_at_due<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let latest =
        case.window.latest.filter(|day| *day <= case.as_of && case.undertaking.due.is_some_and(Due::falls_once))?;
    let is_figure = |e: &Evidence<'_>| e.settles() && e.figure.is_some();
    let decides = |e: &Evidence<'_>| matches!(e.direction, Direction::Met | Direction::NotMet);
    // "About May" may mean April or June.
    let is_about =
        |e: &Evidence<'_>| e.fact.period.as_ref().or(e.fact.occurred.as_ref()).is_some_and(When::is_qualified);
    let holds = |e: &Evidence<'_>| {
        e.window.latest.is_some_and(|end| end >= latest) && is_by(e.window.earliest, latest) && !is_about(e)
    };
    let all = || case.evidence.iter().enumerate().filter(|(_, e)| e.settles() && decides(e));
    let at_due = || all().filter(|(_, e)| is_figure(e) && holds(e));
    let best = at_due().map(|(_, e)| e.grade).max()?;
    let deciding: Vec<(usize, &Evidence<'a>)> = at_due().filter(|(_, e)| e.grade == best).collect();
    let direction = deciding.first()?.1.direction;
    let against = |e: &Evidence<'_>| e.direction != direction && e.grade >= best;
    if deciding.iter().any(|(_, e)| against(e)) || all().any(|(_, e)| !is_figure(e) && against(e)) {
        return None;
    }
    let figure = deciding.last()?.1.figure.clone()?;
    let used = deciding.iter().map(|(n, _)| *n).collect();
    if direction == Direction::Met {
        return Some(Verdict::new(Status::Met, Finding::FigureAtDue { figure, due: latest, later: None }, used));
    }
    let later = all().find(|(_, e)| {
        is_figure(e) && e.direction == Direction::Met && e.window.earliest.is_some_and(|day| day > latest)
    });
    let (status, used) = later.map_or((Status::Breached, used), |(n, _)| (Status::MetLate, vec![n]));
    let later = later.and_then(|(_, e)| Some((e.figure.clone()?, e.window)));
    Some(Verdict::new(status, Finding::FigureAtDue { figure, due: latest, later }, used))
}

/// Returns `true` if a first day is open, or no later than `day`.
fn is_by(earliest: Option<NaiveDate>, day: NaiveDate) -> bool {
    earliest.is_none_or(|first| first <= day)
}

fn breached<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let latest = case.window.latest?;
    if !case.undertaking.due?.falls_once() || (case.goal().is_none() && case.settling(Direction::Met).next().is_some())
    {
        return None;
    }
    let later = case.settling(Direction::NotMet).find(|(_, e)| {
        let counted = case.count_in(e.fact).is_some();
        e.window.earliest.is_some_and(|day| day > latest || (counted && day == latest))
    });
    let (n, e) = later.or_else(|| fell_short(case, latest))?;
    let own_count = case.count_in(e.fact).filter(|_| e.direction == Direction::NotMet);
    // A claim of full delivery is not part of a better-graded finding of shortfall.
    let sum = case.running_sums_by(e.grade).pop().map(|(_, sum)| sum);
    let is_all = case.goal().is_some_and(|(goal, _)| case.delivered.is_some_and(|d| d.reaches(goal) == Truth::Yes));
    let delivered = if is_all { sum } else { case.delivered };
    let count = match (own_count.or(delivered), case.goal()) {
        (Some(done), Some((goal, unit))) => Some(Progress { done, goal: goal.low.value, unit }),
        _ => None,
    };
    // "Nearly 120" is more than zero.
    let some = |count: Interval| count.high.is_none_or(|high| high.value > Quantity::ZERO);
    let part = |e: &Evidence<'_>| match e.direction {
        Direction::Part | Direction::Met => e.delivered.map_or(e.direction == Direction::Part, some),
        _ => false,
    };
    let mut used: Vec<usize> =
        case.evidence.iter().enumerate().filter(|(_, p)| p.settles() && part(p)).map(|(n, _)| n).collect();
    used.retain(|n| !is_all || case.evidence.get(*n).is_some_and(|p| p.grade >= e.grade));
    let is_partly = !used.is_empty() || own_count.is_some_and(some);
    if !used.contains(&n) {
        used.push(n);
    }
    let day = e.window.earliest.unwrap_or(latest).max(latest);
    let (status, used) = if is_partly { (Status::PartMet, used) } else { (Status::Breached, vec![n]) };
    let verdict = Verdict::new(status, Finding::NotDone { day, due: latest, count }, used);
    // A shortfall has the grade of the evidence that shows it.
    Some(Verdict { grade: Some(e.grade), ..verdict })
}

/// Returns the last count that stands at the due day, if the sum surely falls short of the target.
fn fell_short<'c, 'a>(case: &'c Case<'a>, latest: NaiveDate) -> Option<(usize, &'c Evidence<'a>)> {
    let (goal, _) = case.goal()?;
    if case.delivered?.reaches(goal) != Truth::No {
        return None;
    }
    let counts = |e: &Evidence<'_>| e.settles() && e.delivered.is_some() && stands_at(case, e, latest);
    case.evidence.iter().enumerate().rfind(|(_, e)| counts(e))
}

/// Returns `true` if a count stands at the last due day: dated then or later, for a period that
/// contains that day and not published earlier, or undated in a later source.
fn stands_at(case: &Case<'_>, e: &Evidence<'_>, latest: NaiveDate) -> bool {
    let happened = e.fact.occurred.as_ref().filter(|when| when.window() != Window::ANY);
    match (e.fact.period.as_ref().map(When::window), happened) {
        (Some(period), _) => {
            is_by(period.earliest, latest)
                && period.latest.is_some_and(|end| end >= latest)
                && e.window.latest.is_some_and(|day| day >= latest)
        }
        (None, Some(_)) => e.window.earliest.is_some_and(|day| day >= latest),
        (None, None) => case.view.fact_known_from(&e.fact.id).is_some_and(|day| day > latest),
    }
}

fn inconclusive<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let (done, _) = deeds(case);
    let undone: Vec<usize> = case.settling(Direction::NotMet).map(|(n, _)| n).collect();
    if !done.is_empty() && !undone.is_empty() {
        let used = done.into_iter().chain(undone).collect();
        return Some(
            Verdict::new(Status::Inconclusive, Finding::BothWays, used).settled_by(Remedy::IndependentFinding),
        );
    }
    // One count at the due day reaches the number, another does not.
    let best = done.iter().filter_map(|n| case.evidence.get(*n)).map(|e| e.grade).min();
    let last = done.last().and_then(|n| case.evidence.get(*n)).map_or(Window::ANY, |e| e.window);
    if best.is_some_and(|grade| case.goal().is_some() && is_counted_short(case, grade, last)) {
        let counts = case.evidence.iter().enumerate().filter(|(_, e)| e.settles() && e.delivered.is_some());
        let verdict = Verdict::new(Status::Inconclusive, Finding::CountsDisagree, counts.map(|(n, _)| n).collect());
        return Some(Verdict { grade: Some(Grade::Disputed), ..verdict }.settled_by(Remedy::IndependentFinding));
    }
    let (goal, unit) = case.goal()?;
    let delivered = case.delivered?;
    let quantified = delivered != Interval::ANY;
    (quantified && delivered.reaches(goal) == Truth::CannotTell).then(|| {
        let used =
            case.evidence.iter().enumerate().filter(|(_, e)| e.settles() && e.delivered.is_some()).map(|(n, _)| n);
        let finding = Finding::Straddles(Progress { done: delivered, goal: goal.low.value, unit });
        Verdict::new(Status::Inconclusive, finding, used.collect()).settled_by(Remedy::Figure)
    })
}

fn overdue<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let due = case.undertaking.due.filter(|d| d.falls_once() && !is_never(case))?;
    let latest = case.window.latest.filter(|latest| case.as_of > *latest)?;
    let ended = |e: &Evidence<'_>| matches!(e.direction, Direction::Withdrawn | Direction::OfficeEnded);
    let used = case.evidence.iter().enumerate().filter(|(_, e)| e.settles() && !ended(e)).map(|(n, _)| n).collect();
    let finding = Finding::Overdue { due, latest, started: case.has_started() };
    Some(Verdict::new(Status::Overdue, finding, used).settled_by(Remedy::AfterDue))
}

/// Matches a failure of a commitment never to do something: one is enough at any time.
fn broken<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let failures = || case.settling(Direction::NotMet);
    let (n, e) = failures().filter(|_| is_never(case)).max_by_key(|(_, e)| e.grade)?;
    let finding = Finding::Broken { when: e.window, others: failures().count() - 1 };
    Some(Verdict::new(Status::Breached, finding, vec![n]))
}

/// Matches an activity to be kept up, with neither test nor due day: no single deed settles it.
fn untestable_in_kind<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let is_bare = matches!(case.undertaking.target, Some(Target::KeepDoing(_)))
        && case.undertaking.due.is_none()
        && case.undertaking.test.is_none();
    is_bare.then(|| {
        let finding = Finding::KeptUpUntested { started: case.has_started() };
        Verdict::new(Status::Untestable, finding, work(case)).settled_by(Remedy::TestOrDay)
    })
}

fn untestable<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let bare = case.undertaking.target.is_none() && case.undertaking.due.is_none() && case.undertaking.test.is_none();
    let unnumbered = matches!(case.undertaking.target, Some(Target::Amount(a)) if a.value.is_none())
        && case.undertaking.due.is_none()
        && case.undertaking.test.is_none();
    (bare || unnumbered).then(|| {
        let finding = Finding::Untestable { started: case.has_started() };
        Verdict::new(Status::Untestable, finding, work(case)).settled_by(Remedy::TargetOrDay)
    })
}

fn falling_due<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let due = case.undertaking.due.filter(|d| d.falls_once() && !is_never(case))?;
    let earliest = case.window.earliest?;
    let latest = case.window.latest?;
    (earliest <= case.as_of && case.as_of <= latest).then(|| {
        let known = work(case).into_iter().chain(case.settling(Direction::NotMet).map(|(n, _)| n));
        Verdict::new(Status::FallingDue, Finding::FallingDue { due, latest }, known.collect()).settled_by(Remedy::Done)
    })
}

fn work(case: &Case<'_>) -> Vec<usize> {
    let signs = [Direction::Work, Direction::Part, Direction::Met];
    case.evidence
        .iter()
        .enumerate()
        .filter(|(_, e)| signs.contains(&e.direction) && e.settles())
        .map(|(n, _)| n)
        .collect()
}

pub fn at_work<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    if !case.has_started() {
        return None;
    }
    let last = case.evidence.iter().enumerate().rfind(|(_, e)| e.settles());
    if let Some((n, e)) = last.filter(|(_, e)| e.direction == Direction::Setback) {
        let finding = Finding::Setback { when: e.window };
        return Some(Verdict::new(Status::Stalled, finding, vec![n]).settled_by(Remedy::News));
    }
    let used = work(case);
    let finding = Finding::Begun { in_part: used.is_empty() };
    Some(Verdict::new(Status::InProgress, finding, used).settled_by(Remedy::Done))
}

/// Returns `true` if the target is something never to be done, judged by failures alone.
const fn is_never(case: &Case<'_>) -> bool {
    matches!(case.undertaking.target, Some(Target::Never(_)))
}

fn waiting<'a>(case: &Case<'a>) -> Verdict<'a> {
    if is_never(case) && case.settling(Direction::NotMet).next().is_none() {
        return Verdict::new(Status::Awaiting, Finding::NoBreach, Vec::new()).settled_by(Remedy::BreachOrNone);
    }
    let undone = case.settling(Direction::NotMet).map(|(n, _)| n).collect();
    let has_due = case.undertaking.due.is_some();
    let (status, finding, used, remedy) = match case.undertaking.due.map(|d| (d, &d.mode)) {
        Some((due, Mode::NotBefore)) if case.window.earliest.is_some_and(|day| case.as_of >= day) => {
            (Status::WindowOpen, Finding::WindowOpen { due }, undone, Remedy::Done)
        }
        Some((_, Mode::BeforeEvent(event))) if case.window.latest.is_none() => {
            (Status::Awaiting, Finding::EventUndated { event }, undone, Remedy::EventDay)
        }
        _ => match case.settling(Direction::NotMet).last() {
            Some((n, e)) => {
                let finding = Finding::NotThereYet { figure: e.figure.clone(), when: e.window, has_due };
                (Status::Awaiting, finding, vec![n], Remedy::Done)
            }
            None => (Status::Awaiting, Finding::Nothing { has_due }, Vec::new(), Remedy::Done),
        },
    };
    Verdict::new(status, finding, used).settled_by(remedy)
}
