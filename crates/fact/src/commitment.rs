use crate::date::{days_earlier, days_later};
use crate::{Amount, FactId, Force, Span, Way, When, Window};
use chrono::{Datelike, NaiveDate, Weekday};

/// What somebody owes: the part of a pledge that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Commitment {
    /// What binds the owner.
    pub force: Force,
    /// What is to be reached; `None` where none is stated.
    pub target: Option<Target>,
    /// When; `None` where none is stated.
    pub due: Option<Due>,
    /// When it would be met, where that can be stated.
    pub test: Option<String>,
    /// An undertaking in an office-holder's own name, which lapses with the office.
    pub personal: bool,
}

/// What is to be reached, when, and when it would be met: the terms that a recommendation or a decision sets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Terms {
    /// What is to be reached; `None` where none is stated.
    pub target: Option<Target>,
    /// When; `None` where none is stated.
    pub due: Option<Due>,
    /// When it would be met, where that can be stated.
    pub test: Option<String>,
}

/// What is to be reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[allow(clippy::large_enum_variant, reason = "one target a commitment: the space does not add up")]
pub enum Target {
    /// So much of something.
    Amount(Amount),
    /// A metric at a threshold.
    Metric {
        /// The metric's id.
        metric: FactId,
        /// Which side of what.
        threshold: Threshold,
        /// Where it stood.
        baseline: Option<Amount>,
    },
    /// Something made or done.
    Deliverable(String),
    /// Something done again and again, or not stopped.
    KeepDoing(String),
    /// A numbered part of a plan that nobody describes.
    Slot {
        /// The publication's id.
        of: FactId,
        /// The number, from 1.
        number: u64,
    },
    /// A metric that changes by so much against a baseline.
    Change {
        /// The metric's id.
        metric: FactId,
        /// Which way.
        way: Way,
        /// By how much: in the metric's own unit (points, of a share), or in per cent of the baseline.
        by: Amount,
        /// Whether `by` is in per cent of the baseline.
        relative: bool,
        /// Where it stood.
        baseline: Option<Amount>,
    },
    /// The average of a metric over a period, at a threshold.
    Average {
        /// The metric's id.
        metric: FactId,
        /// Which side of what.
        threshold: Threshold,
        /// The period.
        period: When,
    },
    /// Something never to be done: judged only by failures.
    Never(String),
}

/// Which side of what a metric is to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Threshold {
    /// That or more.
    AtLeast(Amount),
    /// That or less.
    AtMost(Amount),
}

/// How a due date binds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Done by then.
    By,
    /// Not before then.
    NotBefore,
    /// Before this event.
    BeforeEvent(String),
    /// Again and again, each so long where that is known.
    Every(Option<Span>),
    /// By the earliest of several days and events.
    EarliestOf(Vec<Alternative>),
    /// Until this event.
    Until(String),
    /// On or after the first and by the last of two days, which the date gives as an interval.
    Between,
    /// In the source's terms alone.
    InTerms,
    /// So many working days after a day.
    WorkingDays {
        /// How many: 1 to 10,000.
        count: u32,
        /// After which day.
        after: When,
        /// The calendar that names the days that are no working days.
        calendar: String,
    },
    /// By each of a class of bodies.
    Each(String),
    /// Several dated targets of one commitment, in order of time.
    Milestones(Vec<Milestone>),
}

/// One of several of which the earliest counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Alternative {
    /// A day.
    Day(When),
    /// An event.
    Event(String),
}

/// A target by a day, on the way to the whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Milestone {
    /// By when.
    pub by: When,
    /// What is to be reached by then.
    pub target: Target,
}

impl Mode {
    /// The calendar of which every day but Saturday and Sunday is a working day.
    pub const MONDAY_TO_FRIDAY: &'static str = "monday-to-friday";

    /// Returns the window that the mode itself gives; `None` where date or rule gives it.
    fn window(&self) -> Option<Window> {
        match self {
            Self::EarliestOf(alternatives) => Some(earliest_of(alternatives)),
            Self::WorkingDays { count, after, calendar } => {
                let base = after.window();
                let known = calendar == Self::MONDAY_TO_FRIDAY;
                Some(Window {
                    earliest: base.earliest.and_then(|day| weekdays_after(day, *count)),
                    // Which holidays a calendar has is not known here: nothing is late by it.
                    latest: base.latest.filter(|_| known).and_then(|day| weekdays_after(day, *count)),
                })
            }
            Self::Milestones(milestones) => milestones.last().map(|last| last.by.doubtful_window()),
            _ => None,
        }
    }
}

/// Returns the window of the earliest of several: an event may come on any day.
fn earliest_of(alternatives: &[Alternative]) -> Window {
    let mut window: Option<Window> = None;
    let mut is_open = false;
    for alternative in alternatives {
        match alternative {
            Alternative::Day(when) => {
                let day = when.doubtful_window();
                window = Some(window.map_or(day, |w| Window {
                    earliest: w.earliest.zip(day.earliest).map(|(a, b)| a.min(b)),
                    latest: w.latest.into_iter().chain(day.latest).min(),
                }));
            }
            Alternative::Event(_) => is_open = true,
        }
    }
    let window = window.unwrap_or(Window::ANY);
    if is_open { Window { earliest: None, ..window } } else { window }
}

/// Returns the day so many days from Monday to Friday after another.
fn weekdays_after(day: NaiveDate, count: u32) -> Option<NaiveDate> {
    let mut day = day;
    for _ in 0..count {
        day = day.succ_opt()?;
        while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            day = day.succ_opt()?;
        }
    }
    Some(day)
}

/// When a commitment is due, in what terms, and by which rule the window was worked out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Due {
    /// How it binds.
    pub mode: Mode,
    /// The date stated.
    pub date: Option<When>,
    /// Or the rule it is worked out by.
    pub rule: Option<DueRule>,
    /// The source's terms, in the recorder's words.
    pub terms: Option<String>,
}

/// So long after a base; "about" widens the window by a twelfth of the length to each side.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DueRule {
    /// The base. Where it can be read two ways, it spans both.
    pub after: When,
    /// How long after.
    pub plus: Span,
    /// Whether the source said "about".
    pub about: bool,
}

impl DueRule {
    /// The window the rule gives.
    #[must_use]
    pub fn window(&self) -> Window {
        let base = self.after.window();
        let reach = |from, to| {
            let days: i64 = NaiveDate::signed_duration_since(to, from).num_days();
            if self.about { u64::try_from(days).unwrap_or(0).div_ceil(12) } else { 0 }
        };
        let shift = |from| self.plus.after(from).map(|to| (to, reach(from, to)));
        Window {
            earliest: base.earliest.and_then(shift).map(|(to, reach)| days_earlier(to, reach)),
            latest: base.latest.and_then(shift).map(|(to, reach)| days_later(to, reach)),
        }
    }

    /// The rule in words, to be printed beside the window.
    #[must_use]
    pub fn describe(&self) -> String {
        let about = if self.about { "about " } else { "" };
        let widened = if self.about { "; \"about\" widens it by a twelfth of the length to each side" } else { "" };
        format!("{about}{} from {}{widened}", self.plus, self.after.describe())
    }
}

impl Due {
    /// Returns `true` if it falls due once, so that it can be overdue.
    #[must_use]
    pub const fn falls_once(&self) -> bool {
        match self.mode {
            Mode::By
            | Mode::BeforeEvent(_)
            | Mode::EarliestOf(_)
            | Mode::Between
            | Mode::WorkingDays { .. }
            | Mode::Each(_)
            | Mode::Milestones(_) => true,
            Mode::NotBefore | Mode::Every(_) | Mode::Until(_) | Mode::InTerms => false,
        }
    }

    /// The last day it may fall on by what is stated alone, without the doubt in an "about": whatever is done by then is done in time.
    #[must_use]
    pub fn surely_in_time(&self) -> Option<NaiveDate> {
        match &self.date {
            Some(date) => date.window().latest,
            None => self.window().latest,
        }
    }

    /// The window it falls in, from the date or the rule; for a recurring one, from its start to its end. What is only about a day, a month or a year may
    /// fall in the one before or after too.
    #[must_use]
    pub fn window(&self) -> Window {
        if let Some(window) = self.mode.window() {
            return window;
        }
        match (&self.date, &self.rule) {
            (Some(date), _) => date.doubtful_window(),
            (None, Some(rule)) => rule.window(),
            (None, None) => Window::ANY,
        }
    }

    /// The window in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let d = |day: NaiveDate| day.format("%-d %b %Y").to_string();
        let window = self.window();
        let date = match (&self.date, window.earliest, window.latest) {
            (Some(date), ..) => date.describe().replacen("between ", "a day between ", 1),
            (None, Some(e), Some(l)) if e == l => d(e),
            (None, Some(e), Some(l)) => format!("a day from {} to {}", d(e), d(l)),
            (None, Some(e), None) => format!("on or after {}", d(e)),
            (None, None, Some(l)) => format!("on or before {}", d(l)),
            (None, None, None) => String::new(),
        };
        let words = match &self.mode {
            Mode::By => format!("by {date}"),
            Mode::NotBefore => format!("not before {date}"),
            Mode::BeforeEvent(event) if date.is_empty() => format!("before {event}"),
            Mode::BeforeEvent(event) => format!("before {event}, {date}"),
            Mode::Every(Some(span)) if span.count() == 1 => {
                format!("every {} {date}", span.unit().as_str().trim_end_matches('s'))
            }
            Mode::Every(Some(span)) => format!("every {span} {date}"),
            Mode::Every(None) => format!("ongoing {date}"),
            Mode::EarliestOf(alternatives) => {
                let one = |alternative: &Alternative| match alternative {
                    Alternative::Day(when) => when.describe(),
                    Alternative::Event(event) => event.clone(),
                };
                format!("by the earliest of: {}", alternatives.iter().map(one).collect::<Vec<_>>().join("; "))
            }
            Mode::Until(event) if date.is_empty() => format!("until {event}"),
            Mode::Until(event) => format!("until {event}, {date}"),
            Mode::Between => date,
            Mode::InTerms => self.terms.clone().unwrap_or_default(),
            Mode::WorkingDays { count, after, calendar } => {
                let s = if *count == 1 { "" } else { "s" };
                format!("{count} working day{s} from {}, by the calendar {calendar}", after.describe())
            }
            Mode::Each(class) => format!("by each of {class} {date}"),
            Mode::Milestones(milestones) => {
                let days: Vec<String> = milestones.iter().map(|m| m.by.describe()).collect();
                format!("in {} steps: {}", days.len(), days.join("; "))
            }
        };
        words.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Due, DueRule, Mode};

    fn rule(after: &str, plus: &str, about: bool) -> Due {
        let rule = DueRule { after: after.parse().expect("a date"), plus: plus.parse().expect("a span"), about };
        Due { mode: Mode::By, date: None, rule: Some(rule), terms: None }
    }

    #[test]
    fn two_weeks_from_the_notice() {
        assert_eq!(rule("2025-01-14", "2 weeks", false).describe(), "by 28 Jan 2025");
    }

    #[test]
    fn about_eighteen_months_from_a_base_read_two_ways() {
        let due = rule("[2024-09-23..2024-11-14]", "18 months", true);
        assert_eq!(due.describe(), "by a day from 5 Feb 2026 to 29 Jun 2026");
        assert!(due.rule.expect("has one").describe().contains("a twelfth"));
    }
}
