//! The facts that pages are judged from, read from a ledger of any store. Knows no page. Start at
//! [`PublishedFacts::read`].

use heldto_ledger::{Ledger, ReadError, Redaction, decode_quoted};
use heldto_replay::{AllFacts, Chunk, Erasure, Extent};
use heldto_report::LogPosition;
use heldto_store::Log;
use std::collections::BTreeSet;

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
        mark(ledger, facts.extent_mut())?;
        let origin = ledger.genesis().origin.clone();
        let root = ledger.root_at(size)?.base64();
        let chain = ledger.chain_before(size)?.0.to_string();
        Ok(Self { facts, log: LogPosition { origin, entries: size, root, chain } })
    }
}

/// Marks in an extent, which may cover only a part of a ledger, what the whole ledger says of it:
/// its sensitive facts, and what was erased.
///
/// # Errors
/// If an entry is missing or damaged.
pub fn mark<S: Log + Sync>(ledger: &Ledger<S>, extent: &mut Extent) -> Result<(), ReadError> {
    let sensitive = ledger.sensitive()?;
    // Parts that the publisher withholds are absent, not erased.
    extent.erased -= extent.erased.min(sensitive.absent.range(..extent.size).count() as u64);
    extent.set_sensitive(sensitive.entities, sensitive.entries.len() as u64);
    extent.erasures = erasures(ledger, extent.size)?;
    Ok(())
}

/// Returns the erasures from the first `size` entries: the redactions of one time, ground and
/// author together.
fn erasures<S: Log>(ledger: &Ledger<S>, size: u64) -> Result<Vec<Erasure>, ReadError> {
    let mut found: Vec<(Erasure, BTreeSet<u64>, BTreeSet<u64>)> = Vec::new();
    let mut redactions = ledger.redactions(ledger.head().size())?;
    redactions.retain(|(_, redaction)| redaction.entry < size);
    let places: Vec<u64> = redactions.iter().map(|(entry, _)| *entry).collect();
    let times = ledger.recorded_times(&places)?;
    for ((entry, redaction), recorded_at) in redactions.into_iter().zip(times) {
        let Redaction { ground, by, .. } = redaction;
        let is_same =
            |erasure: &Erasure| erasure.recorded_at == recorded_at && erasure.ground == ground && erasure.by == by;
        if !found.last().is_some_and(|(erasure, ..)| is_same(erasure)) {
            let erasure = Erasure { entry, recorded_at, ground, by, facts: 0, others: 0 };
            found.push((erasure, BTreeSet::new(), BTreeSet::new()));
        }
        if let Some((_, facts, others)) = found.last_mut() {
            if redaction.part == 0 { facts } else { others }.insert(redaction.entry);
        }
    }
    let counted = |(erasure, facts, others): (Erasure, BTreeSet<u64>, BTreeSet<u64>)| Erasure {
        facts: facts.len(),
        others: others.difference(&facts).count(),
        ..erasure
    };
    Ok(found.into_iter().map(counted).collect())
}
