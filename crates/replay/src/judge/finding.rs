//! Findings of the judge as values: the rule that fired, what is unknown, and what would settle it.
//!
//! Knows no language: `report` turns these values into sentences. Start at [`Finding`].

use crate::{Comparison, Status};
use chrono::NaiveDate;
use heldto_fact::{Due, FactId, Force, Interval, Quantity, Ruling, Unit, Window};

/// The rule of docs/RULES.md that fired, with its days and numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding<'a> {
    /// Nothing on the commitment was published by the day.
    NotYetKnown,
    /// The owner or its successor withdrew the commitment before the last due day, if there is one.
    Withdrawn {
        /// Day of the withdrawal.
        when: Window,
        /// Last due day.
        due: Option<NaiveDate>,
    },
    /// The office of a personal pledge ended before the last due day, if there is one.
    OfficeEnded {
        /// Day on which the office ended.
        when: Window,
        /// Last due day.
        due: Option<NaiveDate>,
    },
    /// The imposer revoked the commitment, or a court quashed it.
    EndedByDecision {
        /// `Revoked` or `Quashed`.
        ruling: Ruling,
        /// Day of the decision.
        when: Window,
        /// Last due day, if it had passed by then.
        passed: Option<NaiveDate>,
    },
    /// Another commitment replaced this one by its last due day.
    Superseded {
        /// The replacement.
        by: &'a FactId,
        /// Status of this commitment if the replacement is ignored.
        status: Status,
        /// Finding if the replacement is ignored.
        own: Box<Self>,
        /// Respects in which the replacement is weaker.
        weaker: Vec<Weakening<'a>>,
    },
    /// Delivered, then undone.
    Reversed {
        /// Day on which the delivery was undone.
        undone: Window,
    },
    /// Something never to be done was done.
    Broken {
        /// Day of the failure that counts.
        when: Window,
        /// Number of other failures on record.
        others: usize,
    },
    /// The figure for the period that contains the last due day decides.
    FigureAtDue {
        /// The figure.
        figure: Comparison<'a>,
        /// Last due day.
        due: NaiveDate,
        /// A later figure that reaches the target, with its period.
        later: Option<(Comparison<'a>, Window)>,
    },
    /// Done.
    Done {
        /// Day on which it was done.
        when: Window,
        /// Amount delivered, for a target that is a number.
        count: Option<Progress<'a>>,
        /// Position of that day relative to the due date.
        timing: Timing,
    },
    /// Found not done on or after the last due day.
    NotDone {
        /// First day on which it is known not to have been done.
        day: NaiveDate,
        /// Last due day.
        due: NaiveDate,
        /// Amount delivered, for a target that is a number.
        count: Option<Progress<'a>>,
    },
    /// Some evidence shows that it was done, some that it was not.
    BothWays,
    /// Counts at the last due day disagree.
    CountsDisagree,
    /// The bounds of the amount delivered contain the target.
    Straddles(Progress<'a>),
    /// The last due day has passed, and no evidence settles the commitment.
    Overdue {
        /// The due date.
        due: &'a Due,
        /// Last due day.
        latest: NaiveDate,
        /// `true` if work had begun.
        started: bool,
    },
    /// An activity to be kept up, with neither a test nor a due day.
    KeptUpUntested {
        /// `true` if activity was seen.
        started: bool,
    },
    /// Nothing to test the commitment by, and no due day.
    Untestable {
        /// `true` if activity was seen.
        started: bool,
    },
    /// The as-of day lies within the window in which the commitment falls due.
    FallingDue {
        /// The due date.
        due: &'a Due,
        /// Last day of the window.
        latest: NaiveDate,
    },
    /// A setback is the last news.
    Setback {
        /// Day of the setback.
        when: Window,
    },
    /// Work has begun.
    Begun {
        /// `true` if work has begun only on a part.
        in_part: bool,
    },
    /// No breach of something never to be done is on record.
    NoBreach,
    /// The day before which it was not to be done has come.
    WindowOpen {
        /// The due date.
        due: &'a Due,
    },
    /// Due before an event whose day is unknown.
    EventUndated {
        /// The event.
        event: &'a str,
    },
    /// Last found not done, and not due.
    NotThereYet {
        /// The figure, if it was one.
        figure: Option<Comparison<'a>>,
        /// Day of that evidence.
        when: Window,
        /// `true` if the commitment has a due date.
        has_due: bool,
    },
    /// No evidence, and not due.
    Nothing {
        /// `true` if the commitment has a due date.
        has_due: bool,
    },
    /// Recurring: the figure for the latest period with evidence.
    PeriodFigure {
        /// The measurement.
        fact: &'a FactId,
        /// The period.
        when: Window,
        /// The figure.
        figure: Comparison<'a>,
    },
    /// Recurring: done in the latest period with evidence.
    PeriodDone {
        /// The period.
        when: Window,
    },
    /// Recurring: not done in the latest period with evidence.
    PeriodNotDone {
        /// The period.
        when: Window,
    },
    /// A duty owed in every case: a failure is established.
    DutyFailed {
        /// Day or period of the failure.
        when: Window,
        /// Number of other failures on record.
        others: usize,
    },
    /// Recurring: no period has ended.
    NoPeriodEnded,
    /// Recurring: periods have ended, none with evidence.
    PeriodsWithoutEvidence {
        /// Number of periods that ended.
        periods: u32,
    },
    /// Recurring: the time it was to last is over, without evidence.
    EndedWithoutEvidence,
    /// Recurring: its periods cannot be determined, and there is no evidence.
    PeriodsUnknown {
        /// `true` if work was seen.
        started: bool,
    },
    /// The addressee rejected a recommendation.
    Rejected {
        /// `Rejected` or `Refused`.
        ruling: Ruling,
        /// Day of the answer.
        when: Window,
    },
    /// The addressee answered, but neither accepted nor rejected a recommendation.
    AnsweredNeither {
        /// The answer.
        ruling: Ruling,
        /// Day of the answer.
        when: Window,
    },
    /// No answer to a recommendation is on record.
    Unanswered {
        /// Due date of the answer.
        due: Option<&'a Due>,
    },
    /// No answer to a recommendation is on record, and its due day has passed.
    AnswerOverdue {
        /// Due date of the answer.
        due: &'a Due,
        /// Last due day of the answer.
        latest: NaiveDate,
    },
}

/// Position of a fulfilment relative to the last due day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// There is no due day.
    NoDueDay,
    /// Done by this day, the last on which it surely was in time.
    InTime(NaiveDate),
    /// Done after this last due day.
    Late(NaiveDate),
    /// Unknown: done neither surely by the first day nor surely after the second.
    Unknown {
        /// Last day that surely was in time.
        surely: NaiveDate,
        /// Last due day.
        latest: NaiveDate,
    },
}

/// Amount delivered out of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Amount delivered.
    pub done: Interval,
    /// Target.
    pub goal: Quantity,
    /// Unit of both.
    pub unit: &'a Unit,
}

/// A respect in which a later commitment or a later mention asks less than the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weakening<'a> {
    /// The number is weaker.
    Number {
        /// The number now.
        now: Quantity,
        /// The number before.
        was: Quantity,
        /// Unit of the number now.
        unit: &'a Unit,
    },
    /// A number was set, and no longer is.
    NoNumber,
    /// There is no due day any more.
    NoDueDay {
        /// Last due day before.
        was: NaiveDate,
    },
    /// There is a due date, but it has no last day.
    NoLastDay {
        /// Last due day before.
        was: NaiveDate,
    },
    /// The last due day is later.
    Later {
        /// Last due day now.
        now: NaiveDate,
        /// Last due day before.
        was: NaiveDate,
    },
    /// An aspiration replaces something binding.
    Aspiration {
        /// Force before.
        was: Force,
    },
}

/// Something that is unknown although the status is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap<'a> {
    /// Evidence that all of the test is met.
    Test(&'a str),
    /// Evidence for the newest period that was due.
    NewestPeriod {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// An answer to a recommendation, although work on it was seen.
    Answer,
}

/// Evidence that would settle an open commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The day on which it was done.
    DayDone,
    /// Evidence that it was done.
    Done,
    /// Evidence after the last due day, in either direction.
    AfterDue,
    /// An independent finding.
    IndependentFinding,
    /// A figure for the amount delivered.
    Figure,
    /// A test or a day, from the owner.
    TestOrDay,
    /// A target or a day, from the owner.
    TargetOrDay,
    /// News that work continues or is done.
    News,
    /// Evidence of a breach, or an independent finding that there was none.
    BreachOrNone,
    /// The day of the event, and evidence that it was done.
    EventDay,
    /// Evidence for one of the periods.
    OnePeriod,
    /// Evidence for the time it was to last.
    WholeTime,
    /// Evidence in either direction for some period.
    SomePeriod,
    /// An answer by the addressee.
    Answer,
}

impl Finding<'_> {
    /// Returns `true` if the finding gives the amount delivered.
    #[must_use]
    pub const fn has_count(&self) -> bool {
        match self {
            Self::Done { count, .. } | Self::NotDone { count, .. } => count.is_some(),
            Self::Straddles(_) => true,
            _ => false,
        }
    }

    /// Returns the name of the rule, e.g. `falling-due`: stable, for programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotYetKnown => "not-yet-known",
            Self::Withdrawn { .. } => "withdrawn",
            Self::OfficeEnded { .. } => "office-ended",
            Self::EndedByDecision { .. } => "ended-by-decision",
            Self::Superseded { .. } => "superseded",
            Self::Reversed { .. } => "reversed",
            Self::Broken { .. } => "broken",
            Self::FigureAtDue { .. } => "figure-at-due",
            Self::Done { .. } => "done",
            Self::NotDone { .. } => "not-done",
            Self::BothWays => "both-ways",
            Self::CountsDisagree => "counts-disagree",
            Self::Straddles(_) => "straddles",
            Self::Overdue { .. } => "overdue",
            Self::KeptUpUntested { .. } => "kept-up-untested",
            Self::Untestable { .. } => "untestable",
            Self::FallingDue { .. } => "falling-due",
            Self::Setback { .. } => "setback",
            Self::Begun { .. } => "begun",
            Self::NoBreach => "no-breach",
            Self::WindowOpen { .. } => "window-open",
            Self::EventUndated { .. } => "event-undated",
            Self::NotThereYet { .. } => "not-there-yet",
            Self::Nothing { .. } => "nothing",
            Self::PeriodFigure { .. } => "period-figure",
            Self::PeriodDone { .. } => "period-done",
            Self::PeriodNotDone { .. } => "period-not-done",
            Self::DutyFailed { .. } => "duty-failed",
            Self::NoPeriodEnded => "no-period-ended",
            Self::PeriodsWithoutEvidence { .. } => "periods-without-evidence",
            Self::EndedWithoutEvidence => "ended-without-evidence",
            Self::PeriodsUnknown { .. } => "periods-unknown",
            Self::Rejected { .. } => "rejected",
            Self::AnsweredNeither { .. } => "answered-neither",
            Self::Unanswered { .. } => "unanswered",
            Self::AnswerOverdue { .. } => "answer-overdue",
        }
    }
}
