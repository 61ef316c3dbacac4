use crate::{Grade, Status};

/// How many commitments were kept, as a range over what cannot be told.
///
/// Counted are those that are settled or past due: met (in time, late, or timing unknown), part-met, breached, reversed, overdue, inconclusive, unevidenced.
/// Left out are those not due, untestable, superseded, withdrawn or lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
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
}

impl Share {
    /// Adds one commitment.
    pub fn add(&mut self, status: Status, grade: Grade) {
        let claimed = grade <= Grade::Claimed;
        match status {
            s if s.is_met() => {
                self.kept += 1;
                self.kept_on_claims += usize::from(claimed);
            }
            Status::Breached | Status::PartMet | Status::Reversed => self.not_kept += 1,
            Status::Overdue | Status::Inconclusive | Status::Unevidenced => self.unknown += 1,
            _ => return,
        }
        self.counted += 1;
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
