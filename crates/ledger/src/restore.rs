//! Turns the entries and parts of an export into a ledger in memory, and a ledger into the contents
//! of another store.
//!
//! This module does not know JSON or files. Start at [`restore`] and [`Ledger::contents`].

use crate::read::recorded;
use crate::{Defect, Fault, IndexKey, Ledger, ReadError, Verified, decode_quoted};
use heldto_fact::{Content, Fact};
use heldto_proof::{Chain, CompactRange, Entry, EntryError, Hash, Head, Part, Role, chain, leaf_hash};
use heldto_store::{EntryHashes, Founding, Log, MemoryStore, NewEntry, StoreError, StoredEntry, WritableLog};

/// An exported entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedEntry {
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// The parts exported with it.
    pub parts: Vec<ExportedPart>,
}

/// An exported part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedPart {
    /// Number of the part in its entry, from 0.
    pub number: u16,
    /// Salt, role and bytes of the part.
    pub part: Part,
}

/// Error of an export that is not a sound ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An entry does not decode.
    #[error("entry {index}: {error}")]
    Entry {
        /// Position in the export, from 0.
        index: u64,
        /// Cause.
        error: EntryError,
    },
    /// The ledger does not verify.
    #[error(transparent)]
    Defect(#[from] Box<Defect>),
    /// The ledger verifies, but its end is not the one stated.
    #[error("the export ends at {found}, but says that it ends at {said}")]
    End {
        /// End computed from the entries.
        found: String,
        /// End stated by the export.
        said: String,
    },
}

impl ExportedEntry {
    /// Returns the exported fact with the exported words of its quotations, if it is present and
    /// can be read.
    #[must_use]
    pub fn fact(&self) -> Option<Fact> {
        let bytes = |role| self.parts.iter().find(|p| p.part.role == role).map(|p| p.part.bytes.as_slice());
        decode_quoted(bytes(Role::Fact)?, bytes(Role::Quotation).unwrap_or_default()).ok()
    }
}

/// Builds a ledger in memory from exported entries, without trusting them.
///
/// The caller must still call [`Ledger::verify`]. The chain value (if given) and the tree head
/// after the last entry must be those stated, so that a missing tail is found.
///
/// # Errors
/// If an entry does not decode, a part belongs to no commitment, or the stated end differs.
pub fn restore(
    founding: &Founding,
    exported: &[ExportedEntry],
    chain_said: Option<Chain>,
    root_said: Hash,
) -> Result<Ledger<MemoryStore>, RestoreError> {
    let index_key = IndexKey::of(founding);
    let mut store = MemoryStore::new(founding.clone());
    let empty = Head::empty(&founding.genesis);
    let mut edge = CompactRange::default();
    let mut end = empty.chain;
    let mut recorded_at = i64::MIN;
    let mut entries = Vec::new();
    for (index, item) in (0..).zip(exported) {
        let entry = Entry::decode(&item.entry).map_err(|error| RestoreError::Entry { index, error })?;
        recorded_at = entry.recorded_at;
        end = chain(&item.entry);
        edge.push(leaf_hash(&item.entry));
        // Refuse a part number beyond the entry's commitments before memory is reserved for it.
        if let Some(ExportedPart { number, .. }) =
            item.parts.iter().find(|p| usize::from(p.number) >= entry.parts.len())
        {
            return Err(Box::new(Defect { entry: Some(index), fault: Fault::PartExtra(*number) }).into());
        }
        let parts = item.parts.iter().map(|p| (p.number, [&p.part.salt[..], &p.part.bytes].concat())).collect();
        let stored = StoredEntry { index, entry: item.entry.clone(), parts };
        entries.push(stored.to_new(hashes_of(&stored, &index_key)));
    }
    let head = Head { chain: end, edge, recorded_at, checkpoint: None };
    store.append(&empty, &entries, &head)?;
    let ledger = Ledger::open(store)?;
    let root = ledger.head.edge.root();
    let size = ledger.head.size();
    let chain_differs = chain_said.is_some_and(|said| said != end);
    if chain_differs || root != root_said {
        // Verification names the entry that was changed, so it comes first: only an export that is
        // otherwise sound is reported by its end.
        ledger.verify(true, &mut |_| {})?;
        if let Some(last) = size.checked_sub(1).filter(|_| (chain_differs || chain_said.is_none()) && root != root_said)
        {
            return Err(Box::new(Defect { entry: Some(last), fault: Fault::Changed }).into());
        }
        return Err(RestoreError::End {
            found: format!("size {size}, chain value {} and root {root}", end.0),
            said: format!("chain value {} and root {root_said}", chain_said.unwrap_or(end).0),
        });
    }
    Ok(ledger)
}

impl<S: Log + Sync> Ledger<S> {
    /// Returns the entries and the head for a store with another index key, and the verification.
    ///
    /// The verification says if parts were left out.
    ///
    /// # Errors
    /// If the ledger does not verify.
    pub fn contents(&self, founding: &Founding) -> Result<(Vec<NewEntry>, Head, Verified), RestoreError> {
        let verified = self.verify(true, &mut |_| {})?;
        let index_key = IndexKey::of(founding);
        let mut entries = Vec::new();
        let mut all = self.store.entries(0..self.head.size());
        while let Some(stored) = all.try_next()? {
            entries.push(stored.to_new(hashes_of(stored, &index_key)));
        }
        Ok((entries, self.head.clone(), verified))
    }
}

/// Returns the function that computes an entry's index hashes, for a store that rebuilds its index.
#[must_use]
pub fn index_hashes(founding: &Founding) -> EntryHashes {
    let index_key = IndexKey::of(founding);
    Box::new(move |stored| hashes_of(stored, &index_key))
}

fn hashes_of(stored: &StoredEntry, index_key: &IndexKey) -> Vec<u64> {
    match recorded(stored).map(|recorded| recorded.content) {
        Ok(Content::Known(fact)) => index_key.hashes(&fact),
        Ok(Content::System(_)) => vec![index_key.system_hash()],
        // An unreadable entry is reported by the verification.
        Ok(Content::Erased(_) | Content::Unreadable) | Err(_) => Vec::new(),
    }
}
