//! Turns the entries and parts of an export into a ledger in memory, and a ledger into the contents
//! of another store.
//!
//! This module does not know JSON or files. Start at [`restore`] and [`Ledger::contents`].

use crate::read::{recorded, system_record};
use crate::{Defect, Fault, IndexKey, Ledger, ReadError, SystemRecord, Verified, decode_quoted};
use heldto_fact::{Content, Fact};
use heldto_proof::{Chain, CompactRange, Entry, EntryError, Hash, Head, Part, Role, chain, leaf_hash};
use heldto_store::{
    EntryHashes, Founding, Log, MemoryStore, NewEntry, PartPlace, StoreError, StoredEntry, WritableLog,
};

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

/// Number of entries copied at a time.
const SHARE: usize = 1 << 12;

impl<S: Log> Ledger<S> {
    /// Appends to a copy the entries that it lacks, each checked, and erases there what redactions
    /// among them name; returns their number.
    ///
    /// # Errors
    /// If the copy holds other entries than this ledger, or an entry does not follow the one before
    /// it; the copy has the entries before it then.
    pub fn copy_to(&self, copy: &mut impl WritableLog, progress: &mut dyn FnMut(u64)) -> Result<u64, RestoreError> {
        let mut head = copy.head()?;
        let first = head.size();
        if first > self.head.size() || self.chain_before(first)? != head.chain {
            let last = first.min(self.head.size()).checked_sub(1);
            return Err(Box::new(Defect { entry: last, fault: Fault::Changed }).into());
        }
        let index_key = IndexKey::of(&copy.founding()?);
        let mut entries = self.store.entries(first..self.head.size());
        while head.size() < self.head.size() {
            let before = head.clone();
            let mut new = Vec::new();
            let mut erased: Vec<PartPlace> = Vec::new();
            while new.len() < SHARE
                && let Some(stored) = entries.try_next()?
            {
                follow(&mut head, stored)?;
                if let Some((_, SystemRecord::Redaction(redaction))) = system_record(stored)? {
                    erased.extend(u16::try_from(redaction.part).ok().map(|part| (redaction.entry, part)));
                }
                new.push(stored.to_new(hashes_of(stored, &index_key)));
            }
            if erased.is_empty() {
                copy.append(&before, &new, &head)?;
            } else {
                copy.append_and_erase(&before, &new, &head, &erased)?;
            }
            progress(head.size());
        }
        if head.edge.root() != self.head.edge.root() || head.chain != self.head.chain {
            return Err(Box::new(Defect { entry: None, fault: Fault::Head("end") }).into());
        }
        Ok(head.size() - first)
    }
}

/// Advances a head by an entry, after checking that the entry follows it and that its parts are
/// those that it commits to.
fn follow(head: &mut Head, stored: &StoredEntry) -> Result<(), Box<Defect>> {
    let wrong = |fault| Err(Box::new(Defect { entry: Some(stored.index), fault }));
    let entry = match Entry::decode(&stored.entry) {
        Ok(entry) => entry,
        Err(error) => return wrong(Fault::Entry(error)),
    };
    if entry.index != head.size() {
        return wrong(Fault::Index(entry.index));
    }
    if entry.previous != head.chain {
        return wrong(Fault::Spliced);
    }
    if entry.recorded_at < head.recorded_at {
        return wrong(Fault::Time);
    }
    for (number, bytes) in stored.present_parts() {
        let Some(part) = entry.parts.get(usize::from(number)) else { return wrong(Fault::PartExtra(number)) };
        let fits = bytes
            .split_first_chunk::<32>()
            .is_some_and(|(salt, content)| Part::commitment_of(part.role, salt, content) == part.commitment);
        if !fits {
            return wrong(Fault::PartChanged { part: usize::from(number), role: part.role });
        }
    }
    head.chain = chain(&stored.entry);
    head.edge.push(leaf_hash(&stored.entry));
    head.recorded_at = entry.recorded_at;
    Ok(())
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
