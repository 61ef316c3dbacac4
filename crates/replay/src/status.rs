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
    ($($(#[$doc:meta])* $name:ident $word:literal $class:ident $urgency:ident $meaning:literal,)+) => {
        /// Status of a commitment: computed, never entered by hand.
        ///
        /// docs/RULES.md has the rule of each. The order is that of the table: most urgent first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Status { $($(#[$doc])* #[doc = concat!("`", $word, "`: ", $meaning, ".")] $name,)+ }

        impl Status {
            /// Every status, the most urgent first.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the status as a word, e.g. `part-met`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Returns an explanation of the status, in one line for a reader.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),+ }
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
    Breached "breached" Failed PastDue "evidence shows that it was not met when it was due",
    PartMet "part-met" Failed PastDue "a part was delivered, and the rest was not delivered by the due day",
    Overdue "overdue" Unsettled PastDue "the due day has passed and the evidence does not settle it; silence is not a breach",
    AnswerOverdue "answer-overdue" Unanswered Calm "a recommendation whose answer was due, and none is on record",
    Inconclusive "inconclusive" Unsettled Watch "the evidence points both ways, or is not exact enough",
    Reversed "reversed" Failed Watch "delivered, then undone",
    Stalled "stalled" Open Watch "work had begun, and the last news is a setback",
    FallingDue "falling-due" Open Watch "it is falling due now",
    Unevidenced "unevidenced" Unsettled Watch "a period has passed, or cannot be fixed, and there is no evidence either way",
    InProgress "in-progress" Open Calm "work has begun",
    Awaiting "awaiting" Open Calm "not due, or without a due day, and no work is on record",
    Unanswered "unanswered" Unanswered Calm "a recommendation that its addressee has neither accepted nor rejected",
    WindowOpen "window-open" Open Calm "it was not to be done before a day, and that day has come",
    Untestable "untestable" Untestable Calm "there is nothing to test it by, and no due day",
    MetLate "met-late" Met Good "met after the due day",
    MetTimingUnknown "met-timing-unknown" Met Good "met; whether it was in time is unknown",
    Met "met" Met Good "met",
    Superseded "superseded" Ended Calm "replaced by another commitment before it was due",
    Withdrawn "withdrawn" Ended Calm "withdrawn before it was due, or revoked by the body that imposed it",
    Rejected "rejected" Ended Calm "a recommendation that its addressee rejected, which is no breach",
    Lapsed "lapsed" Ended Calm "a personal undertaking whose office ended",
    NotYetKnown "not-yet-known" Unknown Calm "nothing on it was published by the day",
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
