//! Corrections held against what they correct: a replacement keeps id and kind.

use super::{Problem, Walk};
use crate::Ledger;
use heldto_fact::{Content, FactId, Handle, Kind};
use heldto_store::Store;

/// What a correction puts in the place of a fact.
pub struct Replaced {
    /// The correction's entry.
    pub index: u64,
    /// The fact that it corrects.
    pub of: FactId,
    /// Whether the replacement has that fact's id.
    pub is_same_id: bool,
    /// The replacement's kind.
    pub kind: Kind,
}

impl<S: Store + Sync> Ledger<S> {
    /// Returns the corrections of which no reader takes any notice, each with the fact that it corrects.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) fn without_effect(&self, walk: &Walk) -> Result<Vec<(u64, FactId)>, Box<Problem>> {
        let mut found = Vec::new();
        for replaced in &walk.replaced {
            let keeps_kind = || self.kind_first_told(walk, &replaced.of).is_none_or(|kind| kind == replaced.kind);
            if !replaced.is_same_id || !keeps_kind() {
                found.push((replaced.index, replaced.of.clone()));
            }
        }
        Ok(found)
    }

    /// Returns the kind of the fact that was recorded under this id; `None` where it cannot be read.
    fn kind_first_told(&self, walk: &Walk, id: &FactId) -> Option<Kind> {
        let hash = self.index_key.hash(&Handle::Id(id));
        let places: Vec<u64> = if self.store.keeps_index() {
            self.store.find(&[hash], usize::MAX).ok()?.into_iter().map(|(_, place)| place).collect()
        } else {
            // The hashes of ids were sorted when they were held against each other.
            let from = walk.own.partition_point(|(own, _)| *own < hash);
            walk.own.iter().skip(from).take_while(|(own, _)| *own == hash).map(|(_, place)| *place).collect()
        };
        let mut kind = None;
        for place in places {
            // What cannot be read was named before.
            drop(self.recorded(place..place + 1, &mut |recorded| {
                if let Content::Known(fact) = recorded.content
                    && fact.id == *id
                {
                    kind = Some(fact.kind());
                }
            }));
        }
        kind
    }
}
