use crate::read::recorded;
use crate::{Defect, Fault, IndexKey, Ledger, ReadError, Verified, decode_fact};
use heldto_fact::{Content, Fact};
use heldto_proof::{Chain, CompactRange, Entry, EntryError, Hash, Head, Part, Role, chain, leaf_hash};
use heldto_store::{EntryHashes, Founding, MemoryStore, NewEntry, Store, StoreError, StoredEntry};

/// An entry as an export carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedEntry {
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// The parts carried.
    pub parts: Vec<ExportedPart>,
}

/// A part as an export carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedPart {
    /// Its number in the entry, from 0.
    pub number: u16,
    /// The part.
    pub part: Part,
}

/// Why an export is not a sound ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What verified does not read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An entry does not decode.
    #[error("entry {index}: {error}")]
    Entry {
        /// Its place in the export.
        index: u64,
        /// What is wrong.
        error: EntryError,
    },
    /// It does not verify.
    #[error(transparent)]
    Defect(#[from] Box<Defect>),
    /// It verifies, and ends elsewhere than it says.
    #[error("the export ends at {found} and says that it ends at {said}")]
    End {
        /// What the entries come to.
        found: String,
        /// What the last line says.
        said: String,
    },
}

impl ExportedEntry {
    /// The fact it carries, where it can be read.
    #[must_use]
    pub fn fact(&self) -> Option<Fact> {
        let part = self.parts.iter().find(|p| p.part.role == Role::Fact)?;
        decode_fact(&part.part.bytes).ok()
    }
}

/// Builds a ledger in memory from what an export carries, without trusting any of it: [`Ledger::verify`] is still to be called.
///
/// It must end where it is said to (chain value, where one is said, and tree head), so that a missing tail is found.
///
/// # Errors
/// When an entry does not decode or the export ends elsewhere than it says.
pub fn restore(
    founding: &Founding,
    exported: &[ExportedEntry],
    chain_said: Option<Chain>,
    root_said: Hash,
) -> Result<Ledger<MemoryStore>, RestoreError> {
    let index_key = IndexKey::of(founding);
    let mut store = MemoryStore::new(founding.clone());
    let empty = Head::empty(&founding.genesis);
    let (mut edge, mut end, mut recorded_at, mut entries) =
        (CompactRange::default(), empty.chain, i64::MIN, Vec::new());
    for (index, item) in (0..).zip(exported) {
        let entry = Entry::decode(&item.entry).map_err(|error| RestoreError::Entry { index, error })?;
        recorded_at = entry.recorded_at;
        end = chain(&item.entry);
        edge.push(leaf_hash(&item.entry));
        // A number beyond what the entry commits to is refused before anything is reserved for it.
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
    let (root, size) = (ledger.head.edge.root(), ledger.head.size());
    let chain_differs = chain_said.is_some_and(|said| said != end);
    if chain_differs || root != root_said {
        // An entry that was changed is named by the verification; only a sound export can end in the wrong place.
        ledger.verify(true, &mut |_| {})?;
        if let Some(last) = size.checked_sub(1).filter(|_| (chain_differs || chain_said.is_none()) && root != root_said)
        {
            return Err(Box::new(Defect { entry: Some(last), fault: Fault::Changed }).into());
        }
        return Err(RestoreError::End {
            found: format!("chain value {} and root {root} after {size} entries", end.0),
            said: format!("chain value {} and root {root_said}", chain_said.unwrap_or(end).0),
        });
    }
    Ok(ledger)
}

impl<S: Store + Sync> Ledger<S> {
    /// Returns everything a store needs to hold this ledger too, found under another index key: the entries and the head; and what
    /// the verification came to, which tells whether parts were left out.
    ///
    /// # Errors
    /// When it does not verify.
    pub fn contents(&self, founding: &Founding) -> Result<(Vec<NewEntry>, Head, Verified), RestoreError> {
        let verified = self.verify(true, &mut |_| {})?;
        let (index_key, mut entries) = (IndexKey::of(founding), Vec::new());
        self.store.read(0..self.head.size(), &mut |stored| {
            entries.push(stored.to_new(hashes_of(stored, &index_key)));
            true
        })?;
        Ok((entries, self.head.clone(), verified))
    }
}

/// Returns the function that returns the hashes under which the index finds an entry, for a store that makes its index again.
#[must_use]
pub fn index_hashes(founding: &Founding) -> EntryHashes {
    let index_key = IndexKey::of(founding);
    Box::new(move |stored| hashes_of(stored, &index_key))
}

fn hashes_of(stored: &StoredEntry, index_key: &IndexKey) -> Vec<u64> {
    match recorded(stored).map(|recorded| recorded.content) {
        Ok(Content::Known(fact)) => index_key.hashes(&fact),
        Ok(Content::System(_)) => vec![index_key.system_hash()],
        // What does not read is named by the verification.
        Ok(Content::Erased(_) | Content::Unreadable) | Err(_) => Vec::new(),
    }
}
