//! The statuses of commitments, and the grades of the evidence for them.
//!
//! Both are plain values with words; the rules that choose a status are in
//! `judge`. Start with [`Status`].

use std::fmt;

/// Status of a commitment: computed, never entered by hand.
///
/// docs/RULES.md has the rule of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is explained once, by its rule")]
pub enum Status {
    Breached,
    PartMet,
    Overdue,
    AnswerOverdue,
    Inconclusive,
    Reversed,
    Stalled,
    FallingDue,
    Unevidenced,
    InProgress,
    Awaiting,
    Unanswered,
    WindowOpen,
    Untestable,
    MetLate,
    MetTimingUnknown,
    Met,
    Superseded,
    Withdrawn,
    Rejected,
    Lapsed,
    NotYetKnown,
}

impl Status {
    /// Every status, the most urgent first.
    pub const ALL: &'static [Self] = &[
        Self::Breached,
        Self::PartMet,
        Self::Overdue,
        Self::AnswerOverdue,
        Self::Inconclusive,
        Self::Reversed,
        Self::Stalled,
        Self::FallingDue,
        Self::Unevidenced,
        Self::InProgress,
        Self::Awaiting,
        Self::Unanswered,
        Self::WindowOpen,
        Self::Untestable,
        Self::MetLate,
        Self::MetTimingUnknown,
        Self::Met,
        Self::Superseded,
        Self::Withdrawn,
        Self::Rejected,
        Self::Lapsed,
        Self::NotYetKnown,
    ];

    /// Returns the status as a word, e.g. `part-met`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breached => "breached",
            Self::PartMet => "part-met",
            Self::Overdue => "overdue",
            Self::AnswerOverdue => "answer-overdue",
            Self::Inconclusive => "inconclusive",
            Self::Reversed => "reversed",
            Self::Stalled => "stalled",
            Self::FallingDue => "falling-due",
            Self::Unevidenced => "unevidenced",
            Self::InProgress => "in-progress",
            Self::Awaiting => "awaiting",
            Self::Unanswered => "unanswered",
            Self::WindowOpen => "window-open",
            Self::Untestable => "untestable",
            Self::MetLate => "met-late",
            Self::MetTimingUnknown => "met-timing-unknown",
            Self::Met => "met",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
            Self::Rejected => "rejected",
            Self::Lapsed => "lapsed",
            Self::NotYetKnown => "not-yet-known",
        }
    }

    /// Returns an explanation of the status, in one line for a reader.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Breached => "evidence that it was not met when it was due",
            Self::PartMet => "a part was delivered, the rest not by the due day",
            Self::Overdue => "the due day has passed and the evidence does not settle it; silence is not a breach",
            Self::AnswerOverdue => "a recommendation whose answer was due, and none is on record",
            Self::Unanswered => "a recommendation that nobody has accepted or rejected",
            Self::Rejected => "a recommendation that the body it was made to rejected, which is no breach",
            Self::Inconclusive => "the evidence points both ways, or its bounds straddle the target",
            Self::Reversed => "delivered, then undone",
            Self::Stalled => "work had begun, and a setback is the last thing known",
            Self::FallingDue => "the day lies within the window in which it falls due",
            Self::Unevidenced => "a period has passed, or cannot be fixed, with no evidence either way",
            Self::InProgress => "work has begun",
            Self::Awaiting => "not due, or without a due day, and nothing shows that work has begun",
            Self::WindowOpen => "the day before which it was not to be has passed",
            Self::Untestable => "nothing to test it by, and no due day",
            Self::MetLate => "met after the due day",
            Self::MetTimingUnknown => "met; whether by the due day cannot be told",
            Self::Met => "met",
            Self::Superseded => "replaced by another commitment before it was due",
            Self::Withdrawn => "withdrawn before it was due, or revoked by whoever imposed it",
            Self::Lapsed => "a personal undertaking whose office ended",
            Self::NotYetKnown => "nothing published by the day",
        }
    }

    /// Returns `true` if the commitment was met, in time, late, or at an unknown time.
    #[must_use]
    pub const fn is_met(self) -> bool {
        matches!(self, Self::Met | Self::MetLate | Self::MetTimingUnknown)
    }

    /// Returns `true` if the commitment is overdue, breached or part-met.
    #[must_use]
    pub const fn is_past_due(self) -> bool {
        matches!(self, Self::Overdue | Self::Breached | Self::PartMet)
    }

    /// Returns `true` if the commitment still requires action from its owner.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !self.is_met()
            && !matches!(self, Self::Superseded | Self::Withdrawn | Self::Rejected | Self::Lapsed | Self::NotYetKnown)
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
