//! The statuses of commitments, and the grades of the evidence for them.
//!
//! Both are plain values with words; the rules that choose a status are in
//! `judge`. Start with [`Status`].

use std::fmt;

/// Class of a status: what happened to the commitment, for counts and colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Not met, wholly or in part, or undone.
    Failed,
    /// Due, and the evidence does not settle it.
    Unsettled,
    /// A recommendation without an answer.
    Unanswered,
    /// Not due, or without a due day.
    Open,
    /// Too vague to test.
    Untestable,
    /// Met.
    Met,
    /// Replaced, withdrawn, rejected or lapsed.
    Ended,
    /// Not known by the day.
    Unknown,
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident $word:literal $class:ident $urgency:ident,)+) => {
        /// Status of a commitment: computed, never entered by hand.
        ///
        /// docs/RULES.md has the rule of each. The order is that of the table: most urgent first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Status { $($(#[$doc])* $name,)+ }

        impl Status {
            /// Every status, the most urgent first.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the status as a word, e.g. `part-met`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Returns the class of the status.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class),+ }
            }

            /// Returns the urgency of the status.
            #[must_use]
            pub const fn urgency(self) -> Urgency {
                match self { $(Self::$name => Urgency::$urgency),+ }
            }
        }
    };
}

/// Urgency of a status, for the colour of its heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Past due.
    PastDue,
    /// Needs a closer look.
    Watch,
    /// Nothing to do.
    Calm,
    /// Met.
    Good,
}

statuses! {
    /// Evidence shows that it was not met when it was due.
    Breached "breached" Failed PastDue,
    /// A part was delivered, and the rest was not delivered by the due day.
    PartMet "part-met" Failed PastDue,
    /// The due day has passed and the evidence does not settle it; silence is not a breach.
    Overdue "overdue" Unsettled PastDue,
    /// A recommendation whose answer was due, and none is on record.
    AnswerOverdue "answer-overdue" Unanswered Calm,
    /// The evidence points both ways, or is not exact enough.
    Inconclusive "inconclusive" Unsettled Watch,
    /// Delivered, then undone.
    Reversed "reversed" Failed Watch,
    /// Work had begun, and the last news is a setback.
    Stalled "stalled" Open Watch,
    /// It is falling due now.
    FallingDue "falling-due" Open Watch,
    /// A period has passed, or cannot be fixed, and there is no evidence either way.
    Unevidenced "unevidenced" Unsettled Watch,
    /// Work has begun.
    InProgress "in-progress" Open Calm,
    /// Not due, or without a due day, and no work is on record.
    Awaiting "awaiting" Open Calm,
    /// A recommendation that its addressee has neither accepted nor rejected.
    Unanswered "unanswered" Unanswered Calm,
    /// It was not to be done before a day, and that day has come.
    WindowOpen "window-open" Open Calm,
    /// There is nothing to test it by, and no due day.
    Untestable "untestable" Untestable Calm,
    /// Met after the due day.
    MetLate "met-late" Met Good,
    /// Met; whether it was in time is unknown.
    MetTimingUnknown "met-timing-unknown" Met Good,
    /// Met.
    Met "met" Met Good,
    /// Replaced by another commitment before it was due.
    Superseded "superseded" Ended Calm,
    /// Withdrawn before it was due, or revoked by the body that imposed it.
    Withdrawn "withdrawn" Ended Calm,
    /// A recommendation that its addressee rejected, which is no breach.
    Rejected "rejected" Ended Calm,
    /// A personal undertaking whose office ended.
    Lapsed "lapsed" Ended Calm,
    /// Nothing on it was published by the day.
    NotYetKnown "not-yet-known" Unknown Calm,
}

impl Status {
    /// Returns `true` if the commitment was met, in time, late, or at an unknown time.
    #[must_use]
    pub const fn is_met(self) -> bool {
        matches!(self.class(), Class::Met)
    }

    /// Returns `true` if the commitment is overdue, breached or part-met.
    #[must_use]
    pub const fn is_past_due(self) -> bool {
        matches!(self.urgency(), Urgency::PastDue)
    }

    /// Returns `true` if the evidence shows that the commitment failed, wholly or in part.
    #[must_use]
    pub const fn is_failed(self) -> bool {
        matches!(self.class(), Class::Failed)
    }

    /// Returns `true` if the commitment still requires action from its owner.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self.class() {
            Class::Failed | Class::Unsettled | Class::Unanswered | Class::Open | Class::Untestable => true,
            Class::Met | Class::Ended | Class::Unknown => false,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Grade of the evidence for a status, by who vouches for it, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// No evidence.
    None,
    /// Disputed by somebody, and confirmed by nobody independent.
    Disputed,
    /// Claimed by the owner, its partners, or a government speaking of its own acts.
    Claimed,
    /// Found by a reporter, or a failure that the owner admits.
    Reported,
    /// Established by an official record, an inspectorate, a watchdog or an auditor.
    Proven,
}

impl Grade {
    /// Every grade, the strongest first.
    pub const ALL: &'static [Self] = &[Self::Proven, Self::Reported, Self::Claimed, Self::Disputed, Self::None];

    /// Returns the grade as a word, e.g. `claimed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Disputed => "disputed",
            Self::Claimed => "claimed",
            Self::Reported => "reported",
            Self::Proven => "proven",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
