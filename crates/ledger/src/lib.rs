//! The one place where facts become entries: seal, append, read, verify.
//!
//! It knows facts, hashes and the store's promises; it knows no disk, no clock, no terminal. Time and randomness are arguments.

mod amend;
mod append;
mod parallel;
mod read;
mod restore;
mod sensitive;
mod verify;
mod wire;

pub use append::{AppendError, Appended, ClockPolicy, Planned};
pub use read::ReadError;
pub use restore::{ExportedEntry, ExportedPart, RestoreError, index_hashes, restore};
pub use sensitive::Sensitive;
pub use verify::{Defect, Fault, Verified};
pub use wire::{
    KeyChange, Recorder, Redaction, ReserveKey, SystemRecord, WireError, Withholding, decode_fact, decode_header,
    encode_fact, kind_code, kind_of,
};

use heldto_fact::{Fact, FactId, IndexTerm};
use heldto_proof::{Genesis, Head};
use heldto_store::{Founding, Store, StoreError};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// A ledger in a store.
pub struct Ledger<S> {
    store: S,
    founding: Founding,
    index_key: IndexKey,
    head: Head,
    clock: ClockPolicy,
    recorder: Option<Recorder>,
}

impl<S: Store> Ledger<S> {
    /// Opens the ledger that the store holds.
    ///
    /// # Errors
    /// When the founding or the head cannot be read.
    pub fn open(store: S) -> Result<Self, StoreError> {
        let (founding, head) = (store.founding()?, store.head()?);
        let index_key = IndexKey::of(&founding);
        Ok(Self { store, founding, index_key, head, clock: ClockPolicy::Checked, recorder: None })
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

    /// Says how far the clock is believed when something is appended.
    pub const fn set_clock_policy(&mut self, policy: ClockPolicy) {
        self.clock = policy;
    }

    /// Says who records what is appended from here on, in a private part of each entry.
    pub fn set_recorder(&mut self, recorder: Option<Recorder>) {
        self.recorder = recorder;
    }

    /// The store beneath.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The store beneath, to keep marks beside it.
    pub const fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Gives the store back.
    #[must_use]
    pub fn into_store(self) -> S {
        self.store
    }
}

/// The hashes of the index have so many bits: shorter ones pack better, and what shares one by chance is told apart by its fact.
const HASH_BITS: u32 = 48;
/// Set in the hashes of ids, so that they stand apart from all others.
const OF_ID: u64 = 1 << (HASH_BITS - 1);

/// What the hashes of the index are keyed with, so that nobody who has not the ledger's folder can tell what they are of.
struct IndexKey([u8; 16]);

impl IndexKey {
    /// Half of BLAKE3's derived key, from the ledger's own secret.
    fn of(founding: &Founding) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::derive_key("heldto ledger v1 index", &founding.index_key)[..16]);
        Self(key)
    }

    /// The hash under which what has this handle is found.
    fn hash(&self, term: &IndexTerm<&FactId>) -> u64 {
        let short = self.short(&term.words());
        if matches!(term, IndexTerm::Id(_)) { short | OF_ID } else { short & !OF_ID }
    }

    /// The hash under which the ledger's own records are found.
    fn system_hash(&self) -> u64 {
        self.short(&["own"]) & !OF_ID
    }

    /// The hashes under which a fact is found, each once.
    fn hashes(&self, fact: &Fact) -> Vec<u64> {
        let mut hashes: Vec<u64> = fact.index_terms().iter().map(|term| self.hash(term)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    /// The first bits of SipHash-2-4 over words, each with a blank after it.
    fn short(&self, words: &[&str]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for word in words {
            hasher.write(word.as_bytes());
            hasher.write(b" ");
        }
        hasher.finish() >> (u64::BITS - HASH_BITS)
    }
}
