//! Turns what the judge found into sentences. Knows no rules of judging and no documents. Start at
//! [`finding`].

use super::{capital, count, date, day, interval, list, names, with_unit};
use heldto_fact::{Body, Fact, FactId, Interval, Limit, Quantity, Ruling, Strength, Truth, Unit, Window};
use heldto_replay::{
    Comparison, Direction, Finding, Gap, Grade, Judgement, Note, Progress, Reason, Remedy, Shown, Timing, View,
    Weakening,
};

/// Returns the rule that fired, in one or more sentences.
pub fn finding(j: &Judgement<'_>) -> String {
    sentences(&j.finding, j, j.grade)
}

/// `grade` is that of the evidence for `finding`, which may be the own finding of a commitment that
/// was replaced.
fn sentences(finding: &Finding<'_>, j: &Judgement<'_>, grade: Grade) -> String {
    let as_of = j.as_of;
    match finding {
        Finding::NotYetKnown => "Nothing on it was published by the day.".to_owned(),
        Finding::Withdrawn { when, due } => ended("Withdrawn", *when, *due, j),
        Finding::OfficeEnded { when, due } => ended("The office ended", *when, *due, j),
        Finding::EndedByDecision { ruling, when, passed } => {
            let late = passed.map_or_else(String::new, |due| format!(", after its last due day, {}", day(due)));
            format!("{}{}{late}.", capital(&word(*ruling)), space_when(*when))
        }
        Finding::Superseded { by, status, own, weaker } => {
            let own = sentences(own, j, Grade::None);
            let less = if weaker.is_empty() {
                String::new()
            } else {
                format!(" The replacement is weaker: {}.", weaknesses(weaker))
            };
            format!("Replaced by {by}.{less} Judged by itself it would be {status}: {own}")
        }
        Finding::Reversed { undone } => format!("Delivered, then undone{}.", space_when(*undone)),
        Finding::Broken { when, others } => format!("A breach{} is on record.{}", space_when(*when), more(*others)),
        Finding::FigureAtDue { figure, due, later } => {
            let later = later
                .as_ref()
                .map_or_else(String::new, |(figure, when)| format!(" Later {}{}.", against(figure), comma_when(*when)));
            format!(
                "{}, in the period that includes the last due day, {}.{later}",
                capital(&against(figure)),
                day(*due)
            )
        }
        Finding::Done { when, count, timing } => done(*when, count.as_ref(), *timing, j),
        Finding::NotDone { day: on, due, count } => {
            let progress = count.as_ref().map_or_else(String::new, |p| format!(" {}.", delivered(p)));
            if on == due {
                format!("Not done on the last due day, {}.{progress}", day(*due))
            } else {
                format!("Due by {}; still not done on {}.{progress}", day(*due), day(*on))
            }
        }
        Finding::BothWays => "Some evidence says that it was done, some that it was not.".to_owned(),
        Finding::CountsDisagree => "Counts for the last due day disagree.".to_owned(),
        Finding::Straddles(progress) => format!(
            "Delivered: {}. Whether that reaches the target of {} is unknown.",
            interval(progress.done, progress.unit),
            with_unit(progress.goal, progress.unit)
        ),
        Finding::Overdue { due, latest, started } => {
            let words = date::due(due);
            let last = if words == format!("by {}", day(*latest)) {
                "That day".to_owned()
            } else if words.ends_with(&format!(" {}", day(*latest))) {
                "The last day".to_owned()
            } else {
                format!("The last day, {},", day(*latest))
            };
            let work = if *started { "Work had begun." } else { "No work that counts is on record." };
            format!("Due {words}. {last} has passed, and no evidence settles it. {work}")
        }
        Finding::KeptUpUntested { started } => {
            format!("An activity to keep up, with no test and no due day.{}", activity(*started))
        }
        Finding::Untestable { started } => format!("No measurable target and no due day.{}", activity(*started)),
        Finding::FallingDue { due, latest } => {
            let is_exact = due.window().earliest == Some(*latest);
            format!("Due {}. {}.", date::due(due), left((*latest - as_of).num_days(), is_exact))
        }
        Finding::Setback { when } => format!("The last news is a setback{}.", space_when(*when)),
        Finding::Begun { in_part: false } => "Work has begun.".to_owned(),
        Finding::Begun { in_part: true } => "Work has begun on a part of it.".to_owned(),
        Finding::NoBreach => "No breach is on record.".to_owned(),
        Finding::WindowOpen { due } => {
            let has_come = due.window().latest.is_none_or(|day| day <= as_of);
            let come = if has_come { "has come" } else { "may have come" };
            format!("{}. That day {come}; there is no last day.", capital(&date::due(due)))
        }
        Finding::EventUndated { event } => format!("Due before {event}, whose day is unknown."),
        Finding::NotThereYet { figure, when, has_due } => {
            let found = match figure {
                Some(figure) => format!("{}{}", capital(&against(figure)), comma_when(*when)),
                None => format!("Not done{}", space_when(*when)),
            };
            format!("{found}. {}", not_due(*has_due, j))
        }
        Finding::Nothing { has_due } => format!("No evidence yet. {}", not_due(*has_due, j)),
        Finding::PeriodFigure { fact, when, figure } => {
            format!("{}{}, {} ({fact}).", capital(&against(figure)), comma_when(*when), age(*when, as_of))
        }
        Finding::PeriodDone { when } => latest_period("Done", *when, as_of),
        Finding::PeriodNotDone { when } => latest_period("Not done", *when, as_of),
        Finding::DutyFailed { when, others } => format!(
            "Owed in every case. A failure{}, {}, is {}.{}",
            space_when(*when),
            age(*when, as_of),
            match grade {
                Grade::Proven => "established",
                Grade::Reported => "reported",
                Grade::Claimed | Grade::Disputed => "claimed",
                Grade::None => "on record",
            },
            more(*others)
        ),
        Finding::NoPeriodEnded => "No period has ended yet.".to_owned(),
        Finding::PeriodsWithoutEvidence { periods: 1 } => "1 period has ended, without evidence.".to_owned(),
        Finding::PeriodsWithoutEvidence { periods } => format!("{periods} periods have ended, none with evidence."),
        Finding::EndedWithoutEvidence => "The time it was to last has ended, without evidence either way.".to_owned(),
        Finding::PeriodsUnknown { started } => {
            format!("Its periods are not known, and there is no evidence either way.{}", activity(*started))
        }
        Finding::Rejected { ruling, when } => format!("{}{}.", capital(&word(*ruling)), space_when(*when)),
        Finding::AnsweredNeither { ruling, when } => {
            format!("{}{}, but neither accepted nor rejected.", capital(&word(*ruling)), space_when(*when))
        }
        Finding::Unanswered { due: None } => "No answer is on record, and no day is set for one.".to_owned(),
        Finding::Unanswered { due: Some(due) } => format!("No answer is on record. One is due {}.", date::due(due)),
        Finding::AnswerOverdue { due, .. } => format!("No answer is on record. One was due {}.", date::due(due)),
    }
}

fn ended(what: &str, when: Window, due: Option<chrono::NaiveDate>, j: &Judgement<'_>) -> String {
    match due {
        Some(due) => format!("{what}{}, before the last due day, {}.", space_when(when), day(due)),
        None => format!("{what}{}. {}", space_when(when), no_due_day(j)),
    }
}

/// Says that no last due day was there to judge by.
const fn no_due_day(j: &Judgement<'_>) -> &'static str {
    if j.due.is_some() { "It had no last due day to judge by." } else { "There was no due day." }
}

fn done(when: Window, count: Option<&Progress<'_>>, timing: Timing, j: &Judgement<'_>) -> String {
    let what = count.map_or_else(|| "Done".to_owned(), delivered);
    let when = space_when(when);
    match timing {
        Timing::NoDueDay => format!("{what}{when}. {}", no_due_day(j)),
        Timing::InTime(due) => format!("{what}{when}, in time: the last due day was {}.", day(due)),
        Timing::Late(due) => format!("{what}{when}, after the last due day, {}.", day(due)),
        Timing::Unknown { surely, latest } if surely == latest => {
            format!("{what}{when}. Whether that was by the last due day, {}, is unknown.", day(latest))
        }
        Timing::Unknown { surely, latest } => format!(
            "{what}{when}. Whether that was in time is unknown: it was due about {}, and no later than {}.",
            day(surely),
            day(latest)
        ),
    }
}

/// Returns the progress: `74 of 120 places delivered`.
fn delivered(p: &Progress<'_>) -> String {
    let goal = with_unit(p.goal, p.unit);
    let done = match p.done.high {
        Some(high) if high.value == p.done.low.value => number(high, p.unit),
        _ => capital(&numbers(p.done, p.unit)),
    };
    if p.done.low.value > p.goal {
        format!("{done} delivered of the {goal} required")
    } else {
        format!("{done} of {goal} delivered")
    }
}

fn number(limit: Limit, unit: &Unit) -> String {
    match unit {
        Unit::Money(_) | Unit::Percent => with_unit(limit.value, unit),
        Unit::Counted(_) | Unit::Duration(_) | Unit::Times => limit.value.grouped(),
    }
}

/// Returns a range of numbers, with a unit only if that is money.
fn numbers(done: Interval, unit: &Unit) -> String {
    match done.high {
        Some(high) if done.low.value == Quantity::ZERO && high.strict => {
            let less = if matches!(unit, Unit::Counted(_)) { "fewer" } else { "less" };
            format!("{less} than {}", number(high, unit))
        }
        Some(high) => format!("{} to {}", number(done.low, unit), number(high, unit)),
        None if done.low.value == Quantity::ZERO && !done.low.strict => {
            if matches!(unit, Unit::Money(_)) {
                "an unknown amount".to_owned()
            } else {
                "an unknown number".to_owned()
            }
        }
        None if done.low.strict => format!("more than {}", number(done.low, unit)),
        None => format!("at least {}", number(done.low, unit)),
    }
}

/// Returns a figure beside its threshold: `48% against a target of at least 60%`.
fn against(figure: &Comparison<'_>) -> String {
    let Some((value, goal)) = figure.values else { return "a figure in another unit".to_owned() };
    let side = if figure.is_floor { "at least" } else { "at most" };
    let goal = with_unit(goal, figure.unit);
    let value = interval(value, figure.unit);
    match figure.truth {
        Truth::CannotTell => format!("{value}, which may or may not meet a target of {side} {goal}"),
        Truth::Yes | Truth::No => format!("{value} against a target of {side} {goal}"),
    }
}

fn latest_period(what: &str, when: Window, as_of: chrono::NaiveDate) -> String {
    format!("{what}{}, {}: the latest period with evidence.", space_when(when), age(when, as_of))
}

/// Returns the age of a period in words, exact or as a bound.
fn age(window: Window, as_of: chrono::NaiveDate) -> String {
    let days = |day: chrono::NaiveDate| {
        let days = usize::try_from((as_of - day).num_days()).unwrap_or(0);
        count(days, "day", "days")
    };
    match (window.earliest, window.latest) {
        (Some(e), Some(l)) if e == l && l == as_of => "today".to_owned(),
        (Some(e), Some(l)) if e == l => format!("{} ago", days(l)),
        (_, Some(l)) if l >= as_of => "not over yet".to_owned(),
        (_, Some(l)) => format!("at least {} ago", days(l)),
        (Some(e), None) => format!("at most {} ago", days(e)),
        (None, None) => "an unknown time ago".to_owned(),
    }
}

/// Returns the time left: in days up to 60, in months up to two years, then in years; at most that
/// time if the due day is not exactly known.
fn left(days: i64, is_exact: bool) -> String {
    match days {
        0 => "This is the last day".to_owned(),
        days @ ..=60 => {
            let words = count(usize::try_from(days).unwrap_or(0), "day", "days");
            if is_exact { format!("{words} left") } else { format!("At most {words} left") }
        }
        days @ ..=730 => format!("About {} months left", (days + 15) * 12 / 365),
        days => format!("About {} years left", (days + 182) / 365),
    }
}

const fn activity(started: bool) -> &'static str {
    if started { " Some activity is on record." } else { "" }
}

fn not_due(has_due: bool, j: &Judgement<'_>) -> &'static str {
    match (has_due, j.window == Window::ANY) {
        (false, _) => "No due day.",
        (true, false) => "Not yet due.",
        (true, true) => "Whether it is due yet is unknown.",
    }
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " 1 more is on record.".to_owned(),
        n => format!(" {n} more are on record."),
    }
}

fn word(ruling: Ruling) -> String {
    ruling.as_str().replace('-', " ")
}

/// Returns a window: `on 2 Jul 2025`, `between 1 Mar 2024 and 31 Mar 2024`; `None` if unbounded.
fn when(window: Window) -> Option<String> {
    Some(match (window.earliest, window.latest) {
        (Some(e), Some(l)) if e == l => format!("on {}", day(e)),
        (Some(e), Some(l)) => format!("between {} and {}", day(e), day(l)),
        (Some(e), None) => format!("on or after {}", day(e)),
        (None, Some(l)) => format!("by {}", day(l)),
        (None, None) => return None,
    })
}

fn space_when(window: Window) -> String {
    when(window).map_or_else(|| " on an unknown day".to_owned(), |words| format!(" {words}"))
}

fn comma_when(window: Window) -> String {
    when(window).map_or_else(|| ", day unknown".to_owned(), |words| format!(", {words}"))
}

/// Returns the respects in which something is weaker, as a list.
pub fn weaknesses(all: &[Weakening<'_>]) -> String {
    let one = |weaker: &Weakening<'_>| match weaker {
        Weakening::Number { now, was, unit } => {
            format!("{} instead of {}", with_unit(*now, unit), with_unit(*was, unit))
        }
        Weakening::NoNumber => "no number any more".to_owned(),
        Weakening::NoDueDay { was } => format!("no due day instead of {}", day(*was)),
        Weakening::NoLastDay { was } => format!("no last day instead of {}", day(*was)),
        Weakening::Later { now, was } => format!("due by {} instead of {}", day(*now), day(*was)),
        Weakening::Aspiration { was } => format!("an aspiration instead of a {was}"),
    };
    list(&all.iter().map(one).collect::<Vec<_>>())
}

/// Returns something that is unknown, as it follows "not shown".
pub fn gap(gap: &Gap<'_>) -> String {
    match gap {
        Gap::Test(test) => format!("that all of the test is met: {test}"),
        Gap::NewestPeriod { from, to } => {
            format!("evidence for the newest period that was due, {} to {}", day(*from), day(*to))
        }
        Gap::Answer => "an answer, although work on it is on record".to_owned(),
    }
}

/// Returns the evidence that would settle a commitment.
pub const fn remedy(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::DayDone => "the day on which it was done",
        Remedy::Done => "evidence that it was done",
        Remedy::AfterDue => "evidence, from after the last due day, that it was or was not done",
        Remedy::IndependentFinding => "an independent finding",
        Remedy::Figure => "a figure for the amount delivered",
        Remedy::TestOrDay => "a test or a due day, set by its owner",
        Remedy::TargetOrDay => "a target or a due day, set by its owner",
        Remedy::News => "news that work continues, or that it is done",
        Remedy::BreachOrNone => "evidence of a breach, or an independent finding that there was none",
        Remedy::EventDay => "the day of the event, and evidence that it was done",
        Remedy::OnePeriod => "evidence for one of the periods",
        Remedy::WholeTime => "evidence for the time it was to last",
        Remedy::SomePeriod => "evidence for any period, either way",
        Remedy::Answer => "an answer by the body that it was made to",
    }
}

/// Returns the notes of a judgement, each as a fragment.
pub fn notes(view: &View<'_>, j: &Judgement<'_>) -> Vec<String> {
    j.notes.iter().map(|n| note(view, n)).collect()
}

/// Returns one note as a fragment.
pub fn note(view: &View<'_>, note: &Note<'_>) -> String {
    match note {
        Note::DueMoved { first, now } => format!("first due {}; now {}", date::due(first), date::due(now)),
        Note::Lowered(less) => format!("restated as less: {}", weaknesses(std::slice::from_ref(less))),
        Note::Decided { fact, ruling, when, late_days } => {
            let late = late_days.map_or_else(String::new, |days| {
                let at_least = if when.earliest == when.latest { "" } else { "at least " };
                let days = count(usize::try_from(days).unwrap_or(0), "day", "days");
                format!(", {at_least}{days} after its last due day")
            });
            format!("{} by {}{}{late} ({})", word(*ruling), names(view, &fact.by), space_when(*when), fact.id)
        }
        Note::TakenBack { fact, ruling, when } => {
            format!("later {}{} ({})", word(*ruling), space_when(*when), fact.id)
        }
        Note::Mentions(n) => format!("recorded {n} times, judged once"),
        Note::Parts(counts) => {
            let words: Vec<String> = counts.iter().map(|(status, n)| format!("{n} {status}")).collect();
            let parts: usize = counts.iter().map(|(_, n)| n).sum();
            format!("{}: {}", count(parts, "recorded part", "recorded parts"), words.join(", "))
        }
        Note::PerhapsSame(ids) => {
            format!("{} may be the same, may overlap with it, or may have replaced it", list(&strings(ids)))
        }
        Note::Disputed(facts) => format!("disputed by {}", speakers(view, facts)),
        Note::Contradicted(facts) => format!("contradicted by {}", speakers(view, facts)),
        Note::Denied(facts) => format!("denied by {}", speakers(view, facts)),
        Note::Admitted(parties) => format!("admitted by {}", names(view, parties)),
        Note::Quiet { days, is_exact } => {
            let days = count(usize::try_from(*days).unwrap_or(0), "day", "days");
            format!("nothing newer in this record for {}{days}", if *is_exact { "" } else { "at least " })
        }
        Note::Assessed { fact, verdict, scale } => {
            format!("{} rated it \"{verdict}\" on the scale of {scale}", names(view, &fact.by))
        }
        Note::FigureOfOthers(fact) => format!(
            "the figure {} is for {}, which does not owe this, so it does not count",
            fact.id,
            names(view, fact.subjects())
        ),
        Note::Unsupported => "every source for it was retracted".to_owned(),
        Note::Public(status) => format!("by public evidence alone: {status}"),
        Note::Inherited { owner, facts, is_shared } => inherited(view, owner, facts, *is_shared),
    }
}

/// Returns the successions from an owner on, as they concern what is still owed.
fn inherited(view: &View<'_>, owner: &FactId, facts: &[&Fact], is_shared: bool) -> String {
    let step = |fact: &&Fact| {
        let heirs = list(&fact.to.iter().map(|heir| view.name(heir).to_owned()).collect::<Vec<_>>());
        let on = format!("{heirs}{} ({})", space_when(fact.window()), fact.id);
        match &fact.body {
            Body::Succession { of, .. } if of != owner => format!("{} by {on}", view.name(of)),
            _ => on,
        }
    };
    let heirs = list(&facts.iter().map(step).collect::<Vec<_>>());
    let unknown = if is_shared { ", and the record does not say by whom" } else { "" };
    format!("inherited: {} was succeeded by {heirs}; this stays owed{unknown}", view.name(owner))
}

fn strings(ids: &[&FactId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// Returns the speakers of facts, with the ids of the facts.
fn speakers(view: &View<'_>, facts: &[&Fact]) -> String {
    let one = |fact: &&Fact| match names(view, &fact.by) {
        names if names.is_empty() => fact.id.to_string(),
        names => format!("{names} ({})", fact.id),
    };
    facts.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Returns what a reason shows, as it follows "shows".
pub fn shown(reason: &Reason<'_>) -> String {
    match &reason.shows {
        Shown::Decision { ruling, when, is_idle } => {
            let idle = if *is_idle { "; this changes nothing" } else { "" };
            format!("that it was {}{} ({}){idle}", word(*ruling), comma_when(*when), reason.grade)
        }
        Shown::Evidence { direction, disputed, figure, revises, when, is_admitted, strength, is_unsupported } => {
            let what = match (direction, disputed) {
                (Direction::Met, _) => "that it was done".to_owned(),
                (Direction::Part, _) => "that a part was done".to_owned(),
                (Direction::Work, _) => "work on it".to_owned(),
                (Direction::Setback, _) => "a setback".to_owned(),
                (Direction::NotMet, _) => "that it was not done".to_owned(),
                (Direction::Undone, _) => "that it was undone".to_owned(),
                (Direction::Withdrawn, _) => "that it was withdrawn".to_owned(),
                (Direction::OfficeEnded, _) => "that the office ended".to_owned(),
                (Direction::Disputes, Some(id)) => format!("that {id} is disputed"),
                (Direction::Disputes, None) => "that it is disputed".to_owned(),
            };
            let figure = figure.as_ref().map_or_else(String::new, |figure| format!(": {}", against(figure)));
            let older =
                if revises.is_empty() { String::new() } else { format!(", replacing {}", list(&strings(revises))) };
            let admitted = if *is_admitted { ", admitted" } else { "" };
            let sure = match strength {
                Strength::Stated => "",
                Strength::Probable => "; the link is the recorder's judgement",
                Strength::Possible => "; the link is only possible, and settles nothing",
            };
            let retracted = if *is_unsupported { "; its source was retracted, so it settles nothing" } else { "" };
            format!("{what}{figure}{older}{} ({}{admitted}{sure}{retracted})", comma_when(*when), reason.grade)
        }
    }
}
