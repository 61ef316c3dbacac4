//! The one place where facts become entries: seal, append, read, verify.
//!
//! It knows facts, hashes and the store's promises; it knows no disk, no clock, no terminal. Time and randomness are arguments.

mod append;
mod read;
mod restore;
mod verify;
mod wire;

pub use append::{AppendError, Appended, Planned};
pub use read::ReadError;
pub use restore::{Carried, CarriedPart, RestoreError, restore};
pub use verify::{Fault, Problem, Verified};
pub use wire::{KeyChange, Own, Redaction, WireError, decode_fact, encode_fact, kind_code, kind_of};

use heldto_fact::FactId;
use heldto_proof::{Genesis, Head};
use heldto_store::{Founding, Store, StoreError};

/// A ledger in a store.
pub struct Ledger<S> {
    store: S,
    founding: Founding,
    head: Head,
}

impl<S: Store> Ledger<S> {
    /// Opens the ledger that the store holds.
    ///
    /// # Errors
    /// When the founding or the head cannot be read.
    pub fn open(store: S) -> Result<Self, StoreError> {
        let (founding, head) = (store.founding()?, store.head()?);
        Ok(Self { store, founding, head })
    }

    /// Where it stands.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// What it began with.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.founding.genesis
    }

    /// The store beneath.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The store beneath, to keep snapshots in.
    pub const fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Gives the store back.
    #[must_use]
    pub fn into_store(self) -> S {
        self.store
    }

    /// The hash under which an id is found, keyed by the ledger's own secret.
    fn hash_of(&self, id: &FactId) -> u64 {
        hash_under(&self.founding.index_key, id)
    }
}

fn hash_under(index_key: &[u8; 32], id: &FactId) -> u64 {
    let hash = blake3::keyed_hash(index_key, id.as_str().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_be_bytes(first)
}
