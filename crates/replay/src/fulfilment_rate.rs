use crate::{Grade, Judgement, Status};

/// How many commitments were kept, as a range over what cannot be told.
///
/// Counted are those that are settled or past due: met (in time, late, or timing unknown), part-met, breached, reversed, overdue, inconclusive, unevidenced.
/// What is owed again and again counts by the newest period that was due: without evidence for that, it cannot be told.
/// One that its owner replaced by something weaker counts, and was neither kept nor not kept.
/// Left out are those not due, untestable, otherwise superseded, withdrawn or lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FulfilmentRate {
    /// Settled or past due.
    pub counted: usize,
    /// Kept for certain, claims included.
    pub kept: usize,
    /// Kept on the word of the owner, its partners or a government alone, or disputed.
    pub kept_on_claims: usize,
    /// Not kept for certain.
    pub not_kept: usize,
    /// Those of which it cannot be told.
    pub unknown: usize,
    /// Replaced by a weaker promise.
    pub weaker: usize,
}

/// As what a commitment counts in the share kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Kept, and somebody other than the owner bears it out.
    RawFacts,
    /// Kept on the word of the owner, its partners or a government alone, or disputed.
    KeptOnClaim,
    /// Not kept.
    NotKept,
    /// Replaced by a weaker promise of its owner.
    Weaker,
    /// It cannot be told.
    Unknown,
}

impl Counted {
    /// Returns as what a commitment counts; `None` where it is left out.
    #[must_use]
    pub fn of(judgement: &Judgement<'_>) -> Option<Self> {
        let status = judgement.status;
        Some(match status {
            Status::Superseded if judgement.weaker.is_some() => Self::Weaker,
            // Kept as it was lowered, and not as it was first promised.
            _ if status.is_met() && judgement.weaker.is_some() => Self::Weaker,
            _ if judgement.is_stale && (status.is_met() || status == Status::Breached) => Self::Unknown,
            _ if status.is_met() && judgement.grade <= Grade::Claimed => Self::KeptOnClaim,
            _ if status.is_met() => Self::RawFacts,
            // That it failed is known on a claim alone, as little as that another was kept.
            Status::Breached | Status::PartMet | Status::Reversed if judgement.grade <= Grade::Claimed => Self::Unknown,
            Status::Breached | Status::PartMet | Status::Reversed => Self::NotKept,
            Status::Overdue | Status::Inconclusive | Status::Unevidenced => Self::Unknown,
            _ => return None,
        })
    }

    /// Returns the word as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RawFacts => "kept",
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
            Counted::RawFacts => self.kept += 1,
            Counted::KeptOnClaim => {
                self.kept += 1;
                self.kept_on_claims += 1;
            }
            Counted::NotKept => self.not_kept += 1,
            Counted::Weaker => self.weaker += 1,
            Counted::Unknown => self.unknown += 1,
        }
    }

    /// The least and the most that were kept, taking claims for true.
    #[must_use]
    pub const fn with_claims(self) -> (usize, usize) {
        (self.kept, self.kept + self.unknown)
    }

    /// The least and the most that were kept, taking claims for unknown.
    #[must_use]
    pub const fn without_claims(self) -> (usize, usize) {
        (self.kept - self.kept_on_claims, self.kept + self.unknown)
    }
}
