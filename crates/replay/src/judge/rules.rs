//! The rules of docs/RULES.md: each turns a [`Case`] into a [`Verdict`] if it matches.
//!
//! Start at [`one_off`]; recurring commitments are judged in `recurring`.

use super::{Case, Verdict, by_day, window_words};
use crate::{Direction, Evidence, Grade, Status};
use chrono::NaiveDate;
use heldto_fact::{Due, Interval, Mode, Quantity, Ruling, Target, Truth, When, Window};

/// Matches a withdrawal by the owner or its successor before the last due day.
pub fn withdrawn(case: &Case<'_>) -> Option<Verdict> {
    ended(case, Direction::Withdrawn, Status::Withdrawn, "withdrawn")
}

/// Matches a personal pledge whose office ended before the last due day, adopted by nobody else.
pub fn lapsed(case: &Case<'_>) -> Option<Verdict> {
    let adopted = case.cluster.mentions.iter().any(|t| t.by != case.cluster.first().by);
    if !case.undertaking.personal || adopted {
        return None;
    }
    ended(case, Direction::OfficeEnded, Status::Lapsed, "the office ended")
}

/// Matches a commitment that its imposer revoked, or that was quashed.
///
/// A revocation leaves a status that earlier evidence had settled; quashing does not.
pub fn ended_by_decision(case: &Case<'_>) -> Option<Verdict> {
    let all = || case.undertaking.decisions.iter();
    let decided = all().find(|d| d.ruling == Ruling::Quashed).or_else(|| all().find(|d| d.ends()))?;
    let is_quashed = decided.ruling == Ruling::Quashed;
    let own = case.by_itself();
    let before = |n: &usize| case.evidence.get(*n).is_some_and(|e| e.window.latest <= decided.window.latest);
    let is_settled = own.status.is_met() || matches!(own.status, Status::Breached | Status::PartMet | Status::Reversed);
    if !is_quashed && is_settled && own.used.iter().all(before) {
        return Some(own);
    }
    let word = if is_quashed { "quashed" } else { "revoked" };
    let rule = match decided.passed {
        Some(due) => format!("{word} {}; its last due day, {due}, had passed", window_words(decided.window)),
        None => format!("{word} {}", window_words(decided.window)),
    };
    Some(Verdict { grade: Some(decided.grade), ..Verdict::new(Status::Withdrawn, rule, Vec::new()) })
}

fn ended(case: &Case<'_>, direction: Direction, status: Status, what: &str) -> Option<Verdict> {
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
        return Some(Verdict::new(status, format!("{what} {}; no due day", window_words(e.window)), vec![n]));
    };
    // Nor does one dated on the last due day or later: the rules below decide.
    let (truth, inequality) = by_day(e.window, latest.pred_opt()?);
    (truth == Truth::Yes)
        .then(|| Verdict::new(status, format!("{what} before the last due day: {inequality}"), vec![n]))
}

/// Judges a commitment that is done once, by the first rule that matches.
pub fn one_off(case: &Case<'_>) -> Verdict {
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
fn reversed(case: &Case<'_>) -> Option<Verdict> {
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
        let rule = format!("delivered, and undone {}", window_words(e.window));
        Verdict { grade, ..Verdict::new(Status::Reversed, rule, used) }
    })
}

/// Returns the evidence of fulfilment: deeds that fulfil it, or counts that reach the target.
fn deeds(case: &Case<'_>) -> (Vec<usize>, Option<String>) {
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
            (used, Some(format!("{} >= {} {unit}", sum.low.value, goal.low.value)))
        }
        // If the target is a number, "done" without a number is progress.
        None => (Vec::new(), None),
    }
}

pub fn met(case: &Case<'_>) -> Option<Verdict> {
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
    let sum = sum.map_or_else(String::new, |s| format!("{s}; "));
    let missing = case.undertaking.test.map(|t| format!("that all of the test is met: {t}"));
    let verdict = |status, rule| {
        let mut verdict = Verdict { grade: weakest, ..Verdict::new(status, rule, used.clone()) };
        verdict.missing.extend(missing.clone().filter(|_| case.evidence.iter().all(|e| e.grade < Grade::Reported)));
        verdict
    };
    let judged_by = case.window.latest.filter(|_| case.undertaking.due.is_some_and(Due::falls_once));
    let Some(latest) = judged_by else {
        return Some(verdict(Status::Met, format!("{sum}done {}; no due day, timing not judged", window_words(done))));
    };
    let in_time = case.undertaking.due.and_then(Due::surely_in_time).unwrap_or(latest);
    let (truth, inequality) = match by_day(done, in_time) {
        (Truth::No, inequality) if by_day(done, latest).0 != Truth::No => {
            (Truth::CannotTell, format!("{inequality}, and not {}", by_day(done, latest).1))
        }
        found => found,
    };
    Some(match truth {
        Truth::Yes => verdict(Status::Met, format!("{sum}done by the last due day: {inequality}")),
        Truth::No => verdict(Status::MetLate, format!("{sum}done after the last due day: {inequality}")),
        Truth::CannotTell => verdict(
            Status::MetTimingUnknown,
            format!("{sum}done, but not told whether by the last due day: {inequality}"),
        )
        .settled_by("the day on which it was done"),
    })
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
fn figure_at_due(case: &Case<'_>) -> Option<Verdict> {
    let latest =
        case.window.latest.filter(|day| *day <= case.as_of && case.undertaking.due.is_some_and(Due::falls_once))?;
    let is_figure = |e: &Evidence<'_>| e.settles() && e.inequality.is_some();
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
    let told: Vec<(usize, &Evidence<'_>)> = at_due().filter(|(_, e)| e.grade == best).collect();
    let direction = told.first()?.1.direction;
    let against = |e: &Evidence<'_>| e.direction != direction && e.grade >= best;
    if told.iter().any(|(_, e)| against(e)) || all().any(|(_, e)| !is_figure(e) && against(e)) {
        return None;
    }
    let said = told.last().and_then(|(_, e)| e.inequality.clone()).unwrap_or_default();
    let used = told.iter().map(|(n, _)| *n).collect();
    let rule = format!("{said}, by the figure for the period that holds the last due day, {latest}");
    if direction == Direction::Met {
        return Some(Verdict::new(Status::Met, rule, used));
    }
    let later = all().find(|(_, e)| {
        is_figure(e) && e.direction == Direction::Met && e.window.earliest.is_some_and(|day| day > latest)
    });
    Some(match later {
        Some((n, e)) => {
            let reached = e.inequality.clone().unwrap_or_default();
            Verdict::new(Status::MetLate, format!("{rule}; then {reached}, {}", window_words(e.window)), vec![n])
        }
        None => Verdict::new(Status::Breached, rule, used),
    })
}

/// Returns `true` if a first day is open, or no later than `day`.
fn is_by(earliest: Option<NaiveDate>, day: NaiveDate) -> bool {
    earliest.is_none_or(|first| first <= day)
}

fn breached(case: &Case<'_>) -> Option<Verdict> {
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
    let told = case.count_in(e.fact).filter(|_| e.direction == Direction::NotMet);
    // A claim of full delivery is not part of a better-graded finding of shortfall.
    let sum = case.running_sums_by(e.grade).pop().map(|(_, sum)| sum);
    let is_all = case.goal().is_some_and(|(goal, _)| case.delivered.is_some_and(|d| d.reaches(goal) == Truth::Yes));
    let delivered = if is_all { sum } else { case.delivered };
    let narrow = match (told.or(delivered), case.goal()) {
        (Some(d), Some((goal, unit))) => format!("; {} of {} {unit}", shown(d), goal.low.value),
        _ => String::new(),
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
    let is_partly = !used.is_empty() || told.is_some_and(some);
    if !used.contains(&n) {
        used.push(n);
    }
    let day = e.window.earliest.unwrap_or(latest).max(latest);
    let since = if day > latest { format!("{day} > {latest}") } else { format!("as at {latest}") };
    let rule = format!("still not done by the last due day: {since}{narrow}");
    let verdict = if is_partly {
        Verdict::new(Status::PartMet, rule, used)
    } else {
        Verdict::new(Status::Breached, rule, vec![n])
    };
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

fn shown(interval: Interval) -> String {
    match interval.high {
        Some(high) if high.value == interval.low.value => high.value.to_string(),
        Some(high) if interval.low.value == Quantity::ZERO && high.strict => format!("fewer than {}", high.value),
        Some(high) => format!("{} to {}", interval.low.value, high.value),
        None => format!("at least {}", interval.low.value),
    }
}

fn inconclusive(case: &Case<'_>) -> Option<Verdict> {
    let (done, _) = deeds(case);
    let undone: Vec<usize> = case.settling(Direction::NotMet).map(|(n, _)| n).collect();
    if !done.is_empty() && !undone.is_empty() {
        let rule = "some evidence says that it was done, some that it was not";
        return Some(
            Verdict::new(Status::Inconclusive, rule, done.into_iter().chain(undone).collect())
                .settled_by("an independent finding"),
        );
    }
    // One count at the due day reaches the number, another does not.
    let best = done.iter().filter_map(|n| case.evidence.get(*n)).map(|e| e.grade).min();
    let last = done.last().and_then(|n| case.evidence.get(*n)).map_or(Window::ANY, |e| e.window);
    if best.is_some_and(|grade| case.goal().is_some() && is_counted_short(case, grade, last)) {
        let counts = case.evidence.iter().enumerate().filter(|(_, e)| e.settles() && e.delivered.is_some());
        let verdict =
            Verdict::new(Status::Inconclusive, "counts at the last due day disagree", counts.map(|(n, _)| n).collect());
        return Some(Verdict { grade: Some(Grade::Disputed), ..verdict }.settled_by("an independent finding"));
    }
    let ((goal, unit), delivered) = (case.goal()?, case.delivered?);
    let quantified = delivered != Interval::ANY;
    (quantified && delivered.reaches(goal) == Truth::CannotTell).then(|| {
        let used =
            case.evidence.iter().enumerate().filter(|(_, e)| e.settles() && e.delivered.is_some()).map(|(n, _)| n);
        let rule = format!("{} {unit} straddles the target of {}", shown(delivered), goal.low.value);
        Verdict::new(Status::Inconclusive, rule, used.collect()).settled_by("a figure for what was delivered")
    })
}

fn overdue(case: &Case<'_>) -> Option<Verdict> {
    let due = case.undertaking.due.filter(|d| d.falls_once() && !is_never(case))?;
    let latest = case.window.latest.filter(|latest| case.as_of > *latest)?;
    let started = if case.has_started() { "work had begun" } else { "no sign that work had begun" };
    let rule = format!("due {}: {} > {latest}, and nothing settles it; {started}", due.describe(), case.as_of);
    let ended = |e: &Evidence<'_>| matches!(e.direction, Direction::Withdrawn | Direction::OfficeEnded);
    let used = case.evidence.iter().enumerate().filter(|(_, e)| e.settles() && !ended(e)).map(|(n, _)| n).collect();
    Some(
        Verdict::new(Status::Overdue, rule, used)
            .settled_by("evidence that it was done, or that it still was not, after the last due day"),
    )
}

/// Matches a failure of a commitment never to do something: one is enough at any time.
fn broken(case: &Case<'_>) -> Option<Verdict> {
    let failures = || case.settling(Direction::NotMet);
    let (n, e) = failures().filter(|_| is_never(case)).max_by_key(|(_, e)| e.grade)?;
    let more = match failures().count() - 1 {
        0 => String::new(),
        more => format!("; {more} more on record"),
    };
    Some(Verdict::new(Status::Breached, format!("it was done {}{more}", window_words(e.window)), vec![n]))
}

/// Matches an activity to be kept up, with neither test nor due day: no single deed settles it.
fn untestable_in_kind(case: &Case<'_>) -> Option<Verdict> {
    let is_bare = matches!(case.undertaking.target, Some(Target::KeepDoing(_)))
        && case.undertaking.due.is_none()
        && case.undertaking.test.is_none();
    is_bare.then(|| {
        let activity = if case.has_started() { "; activity was seen" } else { "" };
        let rule = format!("to be kept up, without a test and without a due day{activity}");
        Verdict::new(Status::Untestable, rule, work(case)).settled_by("a test, or a day, from its owner")
    })
}

fn untestable(case: &Case<'_>) -> Option<Verdict> {
    let bare = case.undertaking.target.is_none() && case.undertaking.due.is_none() && case.undertaking.test.is_none();
    let unnumbered = matches!(case.undertaking.target, Some(Target::Amount(a)) if a.value.is_none())
        && case.undertaking.due.is_none()
        && case.undertaking.test.is_none();
    (bare || unnumbered).then(|| {
        let activity = if case.has_started() { "; activity was seen" } else { "" };
        let rule = format!("no deliverable, threshold or baseline, and no due day{activity}");
        Verdict::new(Status::Untestable, rule, work(case)).settled_by("a target, or a day, from its owner")
    })
}

fn falling_due(case: &Case<'_>) -> Option<Verdict> {
    case.undertaking.due.filter(|d| d.falls_once() && !is_never(case))?;
    let (earliest, latest) = (case.window.earliest?, case.window.latest?);
    (earliest <= case.as_of && case.as_of <= latest).then(|| {
        let due = case.undertaking.due.map_or_else(String::new, Due::describe);
        let left = left(case.as_of, latest);
        let rule = format!("due {due}, and the day lies in that: {earliest} <= {} <= {latest}; {left}", case.as_of);
        let known = work(case).into_iter().chain(case.settling(Direction::NotMet).map(|(n, _)| n));
        Verdict::new(Status::FallingDue, rule, known.collect()).settled_by("evidence that it was done")
    })
}

/// Returns the time left: in days up to 60, in months up to two years, then in years.
fn left(as_of: NaiveDate, latest: NaiveDate) -> String {
    match (latest - as_of).num_days() {
        0 => "the last day".to_owned(),
        1 => "1 day left".to_owned(),
        days @ ..=60 => format!("{days} days left"),
        days @ ..=730 => format!("about {} months left", (days + 15) * 12 / 365),
        days => format!("about {} years left", (days + 182) / 365),
    }
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

pub fn at_work(case: &Case<'_>) -> Option<Verdict> {
    if !case.has_started() {
        return None;
    }
    let last = case.evidence.iter().enumerate().rfind(|(_, e)| e.settles());
    if let Some((n, e)) = last.filter(|(_, e)| e.direction == Direction::Setback) {
        let rule = format!("a setback {} is the last thing known", window_words(e.window));
        return Some(
            Verdict::new(Status::Stalled, rule, vec![n]).settled_by("word that work goes on, or that it was done"),
        );
    }
    let rule = if work(case).is_empty() { "work on a part of it has begun" } else { "work has begun" };
    Some(Verdict::new(Status::InProgress, rule, work(case)).settled_by("evidence that it was done"))
}

/// Returns `true` if the target is something never to be done, judged by failures alone.
const fn is_never(case: &Case<'_>) -> bool {
    matches!(case.undertaking.target, Some(Target::Never(_)))
}

fn waiting(case: &Case<'_>) -> Verdict {
    if is_never(case) && case.settling(Direction::NotMet).next().is_none() {
        return Verdict::new(Status::Awaiting, "no breach is on record", Vec::new())
            .settled_by("evidence that it was broken, or an independent finding that it was not");
    }
    let undone = case.settling(Direction::NotMet).map(|(n, _)| n).collect();
    match case.undertaking.due.map(|d| &d.mode) {
        Some(Mode::NotBefore) if case.window.earliest.is_some_and(|day| case.as_of >= day) => {
            let due = case.undertaking.due.map_or_else(String::new, Due::describe);
            let rule = format!("{due}, which has come; never overdue on that ground alone");
            Verdict::new(Status::WindowOpen, rule, undone).settled_by("evidence that it was done")
        }
        Some(Mode::BeforeEvent(event)) if case.window.latest.is_none() => {
            Verdict::new(Status::Awaiting, format!("before {event}; no day is known for that"), undone)
                .settled_by("the day of the event, and evidence that it was done")
        }
        _ if case.settling(Direction::NotMet).next().is_some() => not_yet_there(case),
        Some(_) => {
            Verdict::new(Status::Awaiting, format!("nothing known yet, and not due as at {}", case.as_of), Vec::new())
                .settled_by("evidence that it was done")
        }
        None => Verdict::new(Status::Awaiting, "nothing known yet, and no due day", Vec::new())
            .settled_by("evidence that it was done"),
    }
}

/// Returns the verdict on a commitment that was last found unfulfilled, and is not due.
fn not_yet_there(case: &Case<'_>) -> Verdict {
    let newest = case.settling(Direction::NotMet).last();
    let due =
        if case.undertaking.due.is_some() { format!("not due as at {}", case.as_of) } else { "no due day".to_owned() };
    let (used, said) = newest.map_or((Vec::new(), String::new()), |(n, e)| {
        let figure = e.inequality.as_ref().map_or_else(|| "not done".to_owned(), Clone::clone);
        (vec![n], format!("{figure} {}", window_words(e.window)))
    });
    Verdict::new(Status::Awaiting, format!("not there yet: {said}; {due}"), used)
        .settled_by("evidence that it was done")
}
