//! Corrections held against what they correct: a replacement keeps id and kind.

use super::Walk;
use crate::{Ledger, kind_code};
use heldto_fact::{Content, FactId, IndexTerm, Kind};
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
    /// Returns the first correction of which no reader takes any notice, with the fact that it corrects.
    ///
    /// Of facts whose kind the first reading kept, only one of another kind is read again.
    pub(super) fn without_effect(&self, walk: &Walk) -> Option<(u64, FactId)> {
        let is_none = |replaced: &&Replaced| {
            !replaced.is_same_id || self.kind_first_told(walk, replaced).is_some_and(|kind| kind != replaced.kind)
        };
        walk.replaced.iter().find(is_none).map(|replaced| (replaced.index, replaced.of.clone()))
    }

    /// Returns the kind of the fact that was recorded first under the id of what is corrected; `None` where it cannot be read.
    fn kind_first_told(&self, walk: &Walk, replaced: &Replaced) -> Option<Kind> {
        let hash = self.index_key.hash(&IndexTerm::Id(&replaced.of));
        let places: Vec<u64> = if self.store.keeps_index() {
            self.store.find(&[hash], usize::MAX).ok()?.into_iter().map(|(_, place)| place).collect()
        } else {
            // The hashes of ids were sorted when they were held against each other.
            let from = walk.own.partition_point(|(own, ..)| *own < hash);
            let same = walk.own.iter().skip(from).take_while(|(own, ..)| *own == hash);
            same.filter(|(.., kind)| *kind != kind_code(replaced.kind)).map(|(_, place, _)| *place).collect()
        };
        let mut kind = None;
        for place in places {
            // What cannot be read was named before.
            drop(self.recorded(place..place + 1, &mut |recorded| {
                if let Content::Known(fact) = recorded.content
                    && fact.id == replaced.of
                {
                    kind = Some(fact.kind());
                }
            }));
        }
        kind
    }
}
