use crate::{KeyChange, Ledger, Own, WireError, decode_fact, kind_of};
use chrono::{DateTime, Utc};
use heldto_fact::{Body, Content, Fact, FactId, Kind, Recorded};
use heldto_proof::{Chain, Edge, Entry, EntryError, Hash, Role, leaf_hash};
use heldto_store::{Store, StoreError, StoredEntry};
use std::ops::Range;

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry's bytes are not an entry.
    #[error("entry {index} is damaged: {error}")]
    Entry {
        /// Which entry.
        index: u64,
        /// What is wrong.
        error: EntryError,
    },
    /// A fact's bytes are not a fact.
    #[error("the fact of entry {index} is damaged: {error}")]
    Fact {
        /// Which entry.
        index: u64,
        /// What is wrong.
        error: WireError,
    },
}

impl<S: Store> Ledger<S> {
    /// Reads entries as replay sees them, in order.
    ///
    /// # Errors
    /// At the first entry that is missing or damaged.
    pub fn recorded(&self, range: Range<u64>, visit: &mut dyn FnMut(Recorded)) -> Result<(), ReadError> {
        let mut failed = None;
        self.store.read(range, &mut |stored| match recorded(&stored) {
            Ok(recorded) => {
                visit(recorded);
                true
            }
            Err(error) => {
                failed = Some(error);
                false
            }
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// The chain value before the entry at this place, or after the last one.
    ///
    /// # Errors
    /// When the entry is missing or damaged.
    pub fn chain_before(&self, index: u64) -> Result<Chain, ReadError> {
        if index == self.head.size() {
            return Ok(self.head.chain);
        }
        let mut found = Err(ReadError::Store(StoreError::Missing(index)));
        self.store.read(index..index.saturating_add(1), &mut |stored| {
            found = Entry::decode(&stored.entry).map_err(|error| ReadError::Entry { index, error });
            false
        })?;
        found.map(|entry| entry.previous)
    }

    /// The tree head over the first `size` entries.
    ///
    /// # Errors
    /// When an entry is missing.
    pub fn root_at(&self, size: u64) -> Result<Hash, StoreError> {
        if size == self.head.size() {
            return Ok(self.head.edge.root());
        }
        let mut edge = Edge::default();
        self.store.read(0..size, &mut |stored| {
            edge.push(leaf_hash(&stored.entry));
            true
        })?;
        Ok(edge.root())
    }

    /// The leaf hashes of the first `size` entries.
    ///
    /// # Errors
    /// When an entry is missing.
    pub fn leaves(&self, size: u64) -> Result<Vec<Hash>, StoreError> {
        let mut leaves = Vec::new();
        self.store.read(0..size, &mut |stored| {
            leaves.push(leaf_hash(&stored.entry));
            true
        })?;
        Ok(leaves)
    }

    /// The changes of key among the first `size` entries, each with its place.
    ///
    /// # Errors
    /// When an entry is missing or damaged.
    pub fn key_changes(&self, size: u64) -> Result<Vec<(u64, KeyChange)>, ReadError> {
        let (mut found, mut failed) = (Vec::new(), None);
        self.store.read(0..size, &mut |stored| {
            let index = stored.index;
            let kind = Entry::decode(&stored.entry).ok().and_then(|e| kind_of(e.kind));
            let bytes = stored.parts.first().and_then(|(_, b)| b.get(32..));
            if let (Some(Kind::Key), Some(bytes)) = (kind, bytes) {
                match Own::decode(bytes) {
                    Ok(Own::Key(change)) => found.push((index, change)),
                    Ok(Own::Redaction(_)) => {}
                    Err(error) => failed = Some(ReadError::Fact { index, error }),
                }
            }
            failed.is_none()
        })?;
        failed.map_or(Ok(found), Err)
    }

    /// Everything recorded under an id, oldest first: the fact, its corrections, its retractions.
    ///
    /// # Errors
    /// When an entry is missing or damaged.
    pub fn versions(&self, id: &FactId) -> Result<Vec<Recorded>, ReadError> {
        let mut all = Vec::new();
        for (_, index) in self.store.find(&[self.hash_of(id)])? {
            self.recorded(index..index + 1, &mut |recorded| {
                // The index hashes ids to 64 bits, so another id may share the place.
                if matches!(&recorded.content, Content::Known(fact) if fact.id == *id || corrected(fact) == Some(id)) {
                    all.push(recorded);
                }
            })?;
        }
        Ok(all)
    }
}

impl<S: Store> Ledger<S> {
    /// The fact of this id as it stands, in its newest version. `None` where there is none, or it was retracted or erased.
    ///
    /// # Errors
    /// When an entry is missing or damaged.
    pub fn standing(&self, id: &FactId) -> Result<Option<Fact>, ReadError> {
        let newest = self.versions(id)?.pop();
        Ok(newest.and_then(|recorded| match recorded.content {
            Content::Known(Fact { body: Body::Correction { replacement, .. }, .. }) => Some(*replacement),
            Content::Known(Fact { body: Body::Retraction { .. }, .. }) => None,
            Content::Known(fact) => Some(fact),
            _ => None,
        }))
    }
}

/// The id that a correction or a retraction speaks of.
pub(crate) const fn corrected(fact: &Fact) -> Option<&FactId> {
    match &fact.body {
        Body::Correction { of, .. } | Body::Retraction { of, .. } => Some(of),
        _ => None,
    }
}

pub(crate) fn recorded(stored: &StoredEntry) -> Result<Recorded, ReadError> {
    let index = stored.index;
    let entry = Entry::decode(&stored.entry).map_err(|error| ReadError::Entry { index, error })?;
    let kind = kind_of(entry.kind);
    let fact_part = entry.parts.iter().position(|p| p.role == Role::Fact);
    let bytes = fact_part.and_then(|n| stored.parts.iter().find(|(number, _)| usize::from(*number) == n));
    let content = match (kind, bytes) {
        (None, _) => Content::Unreadable,
        (Some(kind @ (Kind::Redaction | Kind::Key)), _) => Content::Own(kind),
        (Some(kind), None) => Content::Erased(kind),
        (Some(_), Some((_, bytes))) => match decode_fact(bytes.get(32..).unwrap_or_default()) {
            Ok(fact) => Content::Known(fact),
            Err(WireError::Version(_)) => Content::Unreadable,
            Err(error) => return Err(ReadError::Fact { index, error }),
        },
    };
    let recorded_at = DateTime::<Utc>::from_timestamp_micros(entry.recorded_at)
        .ok_or_else(|| ReadError::Entry { index, error: EntryError::Undecodable("a time out of bounds".to_owned()) })?;
    Ok(Recorded { index, recorded_at, content })
}
