//! Checks that the replacement in a correction keeps the id and kind of the corrected fact.
//!
//! This module does not check retractions. Start at [`Ledger::without_effect`].

use super::Walk;
use crate::{Ledger, kind_code};
use heldto_fact::{Content, FactId, IndexTerm, Kind, Recorded};
use heldto_store::Log;

/// Replacement of a fact by a correction.
pub struct Replaced {
    /// Entry index of the correction.
    pub index: u64,
    /// Id of the corrected fact.
    pub of: FactId,
    /// `true` if the replacement has the same id.
    pub is_same_id: bool,
    /// Kind of the replacement.
    pub kind: Kind,
}

impl<S: Log + Sync> Ledger<S> {
    /// Returns entry and target of the first correction that has no effect for any reader.
    ///
    /// Without an index, a fact is read again only if its kind, kept from the first pass, differs
    /// from the replacement's.
    pub(super) fn without_effect(&self, walk: &Walk) -> Option<(u64, FactId)> {
        let is_none = |replaced: &&Replaced| {
            !replaced.is_same_id || self.kind_first_told(walk, replaced).is_some_and(|kind| kind != replaced.kind)
        };
        walk.replaced.iter().find(is_none).map(|replaced| (replaced.index, replaced.of.clone()))
    }

    /// Returns the kind of the fact recorded under the id that a correction names.
    ///
    /// `None` if that fact cannot be read; without an index also if its kind is that of the
    /// replacement.
    fn kind_first_told(&self, walk: &Walk, replaced: &Replaced) -> Option<Kind> {
        let hash = self.index_key.hash(&IndexTerm::Id(&replaced.of));
        let places: Vec<u64> = if let Some(index) = self.store.index() {
            index.find(&[hash], usize::MAX).ok()?.into_iter().map(|(_, place)| place).collect()
        } else {
            // The id hashes were sorted by `check_index`.
            let from = walk.own.partition_point(|(own, ..)| *own < hash);
            let same = walk.own.iter().skip(from).take_while(|(own, ..)| *own == hash);
            same.filter(|(.., kind)| *kind != kind_code(replaced.kind)).map(|(_, place, _)| *place).collect()
        };
        // An unreadable entry was reported before.
        let told = places.into_iter().filter_map(|place| self.recorded(place..place + 1).next()?.ok());
        let kind = |recorded: Recorded| match recorded.content {
            Content::Known(fact) if fact.id == replaced.of => Some(fact.kind()),
            _ => None,
        };
        told.filter_map(kind).last()
    }
}
