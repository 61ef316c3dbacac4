//! Commitments: target, due date and test of a pledge, and the days on which the pledge may fall
//! due.
//!
//! Computes windows from stated dates and rules; knows no as-of day, so judges nothing. Start with
//! [`Commitment`] and [`Due`].

use crate::date::{days_earlier, days_later};
use crate::{Amount, FactId, Force, Span, Way, When, Window};
use chrono::{Datelike, NaiveDate, Weekday};

/// An obligation: the part of a pledge that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Commitment {
    /// The force that binds the owner.
    pub force: Force,
    /// The result to be reached; `None` if none is stated.
    pub target: Option<Target>,
    /// The due date; `None` if none is stated.
    pub due: Option<Due>,
    /// A test for the commitment being met, if one can be stated.
    pub test: Option<String>,
    /// `true` for an undertaking in an office-holder's own name, which lapses with the office.
    pub personal: bool,
}

/// Target, due date and test, as set by a recommendation or a decision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Terms {
    /// The result to be reached; `None` if none is stated.
    pub target: Option<Target>,
    /// The due date; `None` if none is stated.
    pub due: Option<Due>,
    /// A test for the terms being met, if one can be stated.
    pub test: Option<String>,
}

/// The result to be reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[allow(clippy::large_enum_variant, reason = "one target a commitment: the space does not add up")]
pub enum Target {
    /// An amount.
    Amount(Amount),
    /// A metric at a threshold.
    Metric {
        /// The metric's id.
        metric: FactId,
        /// The threshold.
        threshold: Threshold,
        /// The value at the start.
        baseline: Option<Amount>,
    },
    /// A deliverable: a product or a deed.
    Deliverable(String),
    /// An activity to be repeated or not to be stopped.
    KeepDoing(String),
    /// A numbered part of a plan that has no description.
    Slot {
        /// The publication's id.
        of: FactId,
        /// The number, from 1.
        number: u64,
    },
    /// A change of a metric against a baseline.
    Change {
        /// The metric's id.
        metric: FactId,
        /// The direction.
        way: Way,
        /// The size of the change, in the metric's own unit (points, if that is a percentage) or in
        /// per cent of the baseline.
        by: Amount,
        /// `true` if `by` is in per cent of the baseline.
        relative: bool,
        /// The value at the start.
        baseline: Option<Amount>,
    },
    /// The average of a metric over a period, at a threshold.
    Average {
        /// The metric's id.
        metric: FactId,
        /// The threshold.
        threshold: Threshold,
        /// The period.
        period: When,
    },
    /// An act that must never happen: judged by failures only.
    Never(String),
}

/// A bound on a metric.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Threshold {
    /// The amount or more.
    AtLeast(Amount),
    /// The amount or less.
    AtMost(Amount),
}

/// The manner in which a due date binds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Done by the date.
    By,
    /// Not done before the date.
    NotBefore,
    /// Done before this event.
    BeforeEvent(String),
    /// Recurring, with the length of one period if known.
    Every(Option<Span>),
    /// Done by the earliest of several days and events.
    EarliestOf(Vec<Alternative>),
    /// Kept up until this event.
    Until(String),
    /// Done on or after the first and by the last of two days, which the date gives as an interval.
    Between,
    /// Stated in the source's terms only.
    InTerms,
    /// A number of working days after a day.
    WorkingDays {
        /// Number of working days: 1 to 10,000.
        count: u32,
        /// The day from which they count.
        after: When,
        /// The calendar that defines the working days.
        calendar: String,
    },
    /// Done by each member of a class of bodies.
    Each(String),
    /// Several dated targets of one commitment, in order of time.
    Milestones(Vec<Milestone>),
}

/// One alternative of [`Mode::EarliestOf`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Alternative {
    /// A day.
    Day(When),
    /// An event.
    Event(String),
}

/// A dated target on the way to the whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Milestone {
    /// The due date.
    pub by: When,
    /// The result to be reached by then.
    pub target: Target,
}

impl Mode {
    /// The calendar in which all days but Saturday and Sunday are working days.
    pub const MONDAY_TO_FRIDAY: &'static str = "monday-to-friday";

    /// Returns the window that the mode itself gives; `None` if the date or the rule gives it.
    fn window(&self) -> Option<Window> {
        match self {
            Self::EarliestOf(alternatives) => Some(earliest_of(alternatives)),
            Self::WorkingDays { count, after, calendar } => {
                let base = after.window();
                let known = calendar == Self::MONDAY_TO_FRIDAY;
                Some(Window {
                    earliest: base.earliest.and_then(|day| weekdays_after(day, *count)),
                    // The holidays of other calendars are unknown here, so nothing is late by them.
                    latest: base.latest.filter(|_| known).and_then(|day| weekdays_after(day, *count)),
                })
            }
            Self::Milestones(milestones) => milestones.last().map(|last| last.by.doubtful_window()),
            _ => None,
        }
    }
}

/// Returns the window of the earliest alternative.
///
/// An event may come on any day.
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

/// Returns the day `count` weekdays (Monday to Friday) after `day`; `None` past the calendar's end.
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

/// A due date: how it binds, its date or rule, and the source's terms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Due {
    /// The manner in which the date binds.
    pub mode: Mode,
    /// The date, if one is stated.
    pub date: Option<When>,
    /// The rule from which the date is computed otherwise.
    pub rule: Option<DueRule>,
    /// The source's terms, in the recorder's words.
    pub terms: Option<String>,
}

/// A due date at a given distance after a base.
///
/// If the source says "about", the window is widened on each side by a twelfth of the distance in
/// days, rounded up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DueRule {
    /// The base date; if there are two readings of it, a window that spans both.
    pub after: When,
    /// The distance.
    pub plus: Span,
    /// `true` if the source said "about".
    pub about: bool,
}

impl DueRule {
    /// Returns the window that the rule gives.
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
}

impl Due {
    /// Returns `true` if the due date falls once, so that the commitment can be overdue.
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

    /// Returns the last day of the stated date, without the margin of an "about"; if no date is
    /// stated, that of [`Self::window`].
    ///
    /// Anything done by then is in time.
    #[must_use]
    pub fn surely_in_time(&self) -> Option<NaiveDate> {
        match &self.date {
            Some(date) => date.window().latest,
            None => self.window().latest,
        }
    }

    /// Returns the window of the due date; for a recurring one, from its start to its end.
    ///
    /// Taken from the mode, the date or the rule, in this order. An approximate or uncertain day,
    /// month or year may also fall in the one before or after.
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
}

impl Force {
    /// Returns `true` if another party imposed it, so that the owner cannot change or withdraw it.
    #[must_use]
    pub const fn is_imposed(self) -> bool {
        matches!(self, Self::Requirement | Self::Remedy | Self::Duty)
    }
}
