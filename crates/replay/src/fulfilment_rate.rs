//! Fulfilment rate: counts of commitments kept and not kept.
//!
//! Turns judgements into counts and ranges; it does not judge. Start with [`Counted::of`].

use crate::{Class, Grade, Judgement, Status};

/// Fulfilment rate: the number of commitments kept, as a range if some outcomes are unknown.
///
/// Counted are commitments that are settled or past due: met (in time, late, or timing unknown),
/// part-met, breached, reversed, overdue, inconclusive, unevidenced.
///
/// A recurring commitment counts by its newest period that was due; without evidence for that
/// period it is unknown. A commitment that its owner replaced by a weaker one counts, but
/// neither as kept nor as not kept.
///
/// Left out are those not due, untestable, otherwise superseded, withdrawn or lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FulfilmentRate {
    /// Number settled or past due.
    pub counted: usize,
    /// Number certainly kept, if claims are true.
    pub kept: usize,
    /// Number among `kept` that rest on a claim of the owner, its partners or a
    /// government alone, or are disputed.
    pub kept_on_claims: usize,
    /// Number certainly not kept.
    pub not_kept: usize,
    /// Number of unknown outcome.
    pub unknown: usize,
    /// Number replaced by a weaker promise.
    pub weaker: usize,
}

/// Category of a commitment in the fulfilment rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Kept, and confirmed by somebody other than the owner.
    Kept,
    /// Kept according to the owner, its partners or a government alone, or disputed.
    KeptOnClaim,
    /// Not kept.
    NotKept,
    /// Replaced by a weaker promise of its owner.
    Weaker,
    /// Outcome unknown.
    Unknown,
}

impl Counted {
    /// Returns the category of a commitment; `None` if the commitment is left out.
    #[must_use]
    pub fn of(judgement: &Judgement<'_>) -> Option<Self> {
        let status = judgement.status;
        let is_weaker = !judgement.weaker.is_empty();
        Some(match status {
            // Replaced by something weaker; or kept as lowered, not as first promised.
            _ if is_weaker && (status.is_met() || status == Status::Superseded) => Self::Weaker,
            _ if judgement.is_stale && (status.is_met() || status == Status::Breached) => Self::Unknown,
            _ => match status.class() {
                Class::Met if judgement.grade <= Grade::Claimed => Self::KeptOnClaim,
                Class::Met => Self::Kept,
                // A failure that rests on a claim alone is not established.
                Class::Failed if judgement.grade <= Grade::Claimed => Self::Unknown,
                Class::Failed => Self::NotKept,
                Class::Unsettled => Self::Unknown,
                Class::Unanswered | Class::Open | Class::Untestable | Class::Ended | Class::Unknown => return None,
            },
        })
    }

    /// Returns the category as a word, e.g. `kept-on-claim`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::KeptOnClaim => "kept-on-claim",
            Self::NotKept => "not-kept",
            Self::Weaker => "weaker",
            Self::Unknown => "unknown",
        }
    }
}

impl FulfilmentRate {
    /// Adds one commitment.
    pub fn add(&mut self, judgement: &Judgement<'_>) {
        let Some(counted) = Counted::of(judgement) else { return };
        self.counted += 1;
        match counted {
            Counted::Kept => self.kept += 1,
            Counted::KeptOnClaim => {
                self.kept += 1;
                self.kept_on_claims += 1;
            }
            Counted::NotKept => self.not_kept += 1,
            Counted::Weaker => self.weaker += 1,
            Counted::Unknown => self.unknown += 1,
        }
    }

    /// Returns the least and the most that were kept, if claims are taken as true.
    #[must_use]
    pub const fn with_claims(self) -> (usize, usize) {
        (self.kept, self.kept + self.unknown)
    }

    /// Returns the least and the most that were kept, if claims are taken as unknown.
    #[must_use]
    pub const fn without_claims(self) -> (usize, usize) {
        (self.kept - self.kept_on_claims, self.kept + self.unknown)
    }
}
