//! What may be told unasked: everything but what is sensitive.
//!
//! It knows which facts are sensitive by what the whole ledger says, whatever part of it is looked at. Public facts are told as they
//! stand, as they are published, so that a reader of what is published judges the same.

use heldto_fact::FactId;
use std::collections::BTreeSet;

/// What is about an identifiable child or family.
#[derive(Debug)]
pub(crate) struct Disclosure {
    sensitive: BTreeSet<FactId>,
    /// How many entries tell of it.
    entries: u64,
}

impl Disclosure {
    pub const fn new(sensitive: BTreeSet<FactId>, entries: u64) -> Self {
        Self { sensitive, entries }
    }

    /// Returns how many entries are withheld.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns the facts that are sensitive in any version, and the records that amend them.
    pub const fn sensitive(&self) -> &BTreeSet<FactId> {
        &self.sensitive
    }
}
