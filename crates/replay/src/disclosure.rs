//! The set of sensitive facts, which are withheld by default.
//!
//! Sensitivity follows from the whole ledger, whichever part of it is in view. Public facts are
//! shown unchanged, as published, so that a reader of the published ledger reaches the same
//! judgements. [`crate::View`] does the withholding.

use heldto_fact::FactId;
use std::collections::BTreeSet;

/// The facts about an identifiable child or family.
#[derive(Debug)]
pub(crate) struct Disclosure {
    sensitive: BTreeSet<FactId>,
    /// Number of entries that record these facts.
    entries: u64,
}

impl Disclosure {
    pub const fn new(sensitive: BTreeSet<FactId>, entries: u64) -> Self {
        Self { sensitive, entries }
    }

    /// Returns the number of entries withheld.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns the facts that are sensitive in any version, and the records that amend them.
    pub const fn sensitive(&self) -> &BTreeSet<FactId> {
        &self.sensitive
    }
}
