//! The facts that pages are judged from, read from a ledger of any store. Knows no page. Start at
//! [`PublishedFacts::read`].

use heldto_ledger::{Ledger, ReadError, decode_quoted};
use heldto_replay::{AllFacts, Chunk};
use heldto_report::LogPosition;
use heldto_store::Log;

/// The first entries of a ledger, as facts.
#[derive(Debug)]
pub struct PublishedFacts {
    /// The facts.
    pub facts: AllFacts,
    /// The place in the log up to which entries count.
    pub log: LogPosition,
}

impl PublishedFacts {
    /// Reads the first `size` entries of a ledger.
    ///
    /// Facts are sensitive, and parts absent, by the whole ledger: what was marked later is left
    /// out as well.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn read<S: Log + Sync>(ledger: &Ledger<S>, size: u64) -> Result<Self, ReadError> {
        let mut facts = AllFacts::folded(|bytes, words| decode_quoted(bytes, words).map_err(|e| e.to_string()));
        ledger.replay(0..size, &Chunk::push, &mut |chunk| facts.join(chunk))?;
        let sensitive = ledger.sensitive()?;
        let extent = facts.extent_mut();
        // Parts that the publisher withholds are absent, not erased.
        extent.erased -= extent.erased.min(sensitive.absent.range(..size).count() as u64);
        extent.set_sensitive(sensitive.entities, sensitive.entries.len() as u64);
        let origin = ledger.genesis().origin.clone();
        let root = ledger.root_at(size)?.base64();
        let chain = ledger.chain_before(size)?.0.to_string();
        Ok(Self { facts, log: LogPosition { origin, entries: size, root, chain } })
    }
}
