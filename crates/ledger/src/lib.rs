//! Turns facts into the entries of a log in any store, reads them back and verifies the log.
//!
//! This crate knows facts, hashes and the promises of a store. It does not know disks, clocks or
//! terminals: time and randomness are arguments. Start at [`Ledger`].

mod amend;
mod append;
mod keys;
mod parallel;
mod read;
mod redact;
mod restore;
mod sensitive;
mod verify;
mod wire;

pub use append::{AppendError, Appended, ClockPolicy, Planned};
pub use keys::{KeyFault, KeyTerm, Keys};
pub use read::ReadError;
pub use restore::{ExportedEntry, ExportedPart, RestoreError, index_hashes, restore};
pub use sensitive::Sensitive;
pub use verify::{Defect, Fault, Verified};
pub use wire::{
    KeyChange, Recorder, Redaction, ReserveKey, Revocation, SystemRecord, WireError, Withholding, decode_fact,
    decode_header, decode_quoted, encode_fact, kind_code, kind_of,
};

use heldto_fact::{Fact, FactId, IndexTerm};
use heldto_proof::{Genesis, Head};
use heldto_store::{Founding, Log, StoreError};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// A ledger in a store.
///
/// # Examples
/// ```
/// use heldto_fact::{Body, Fact, PartyKind};
/// use heldto_ledger::Ledger;
/// use heldto_proof::Genesis;
/// use heldto_store::{Founding, MemoryStore};
///
/// let genesis = Genesis { origin: "example.org/ledger".to_owned(), key: [7; 32] };
/// let mut ledger = Ledger::open(MemoryStore::new(Founding { genesis, index_key: [0; 32] }))?;
/// let body = Body::Party { kind: PartyKind::Council, identifiers: Vec::new() };
/// let fact = Fact::amending("testshire-cc".parse()?, "Testshire County Council".to_owned(), body);
/// // A program takes the time and the randomness from its machine.
/// ledger.append(&[fact], 1_700_000_000_000_000, &mut |salt| salt.fill(1))?;
/// let verified = ledger.verify(false, &mut |_| {})?;
/// assert_eq!(verified.entries, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Ledger<S> {
    store: S,
    founding: Founding,
    index_key: IndexKey,
    head: Head,
    clock: ClockPolicy,
    recorder: Option<Recorder>,
}

impl<S: Log> Ledger<S> {
    /// Opens the ledger that the store holds.
    ///
    /// # Errors
    /// If the founding record or the head cannot be read.
    pub fn open(store: S) -> Result<Self, StoreError> {
        let founding = store.founding()?;
        let head = store.head()?;
        let index_key = IndexKey::of(&founding);
        Ok(Self { store, founding, index_key, head, clock: ClockPolicy::Checked, recorder: None })
    }

    /// Returns the head: size, chain value and tree after the last entry.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Returns the origin and the first public key.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.founding.genesis
    }

    /// Sets the checks that an append makes on the clock.
    pub const fn set_clock_policy(&mut self, policy: ClockPolicy) {
        self.clock = policy;
    }

    /// Sets the recorder of all later facts, written to a private part of each entry.
    pub fn set_recorder(&mut self, recorder: Option<Recorder>) {
        self.recorder = recorder;
    }

    /// Returns the underlying store.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Returns the underlying store, for marks kept with the log.
    pub const fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Consumes the ledger and returns its store.
    #[must_use]
    pub fn into_store(self) -> S {
        self.store
    }
}

/// Number of bits in an index hash.
///
/// Short hashes pack better. Facts that collide by chance are told apart by their content.
const HASH_BITS: u32 = 48;
/// Highest bit of an index hash: set for ids, clear for every other index term.
const OF_ID: u64 = 1 << (HASH_BITS - 1);

/// Secret key of the index hashes, so that they reveal nothing without the ledger's folder.
struct IndexKey([u8; 16]);

impl IndexKey {
    /// Derives the key from the ledger's own secret: the first half of BLAKE3's derived key.
    fn of(founding: &Founding) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::derive_key("heldto ledger v1 index", &founding.index_key)[..16]);
        Self(key)
    }

    /// Returns the hash under which facts with this index term are found.
    fn hash(&self, term: &IndexTerm<&FactId>) -> u64 {
        let short = self.short(&term.words());
        if matches!(term, IndexTerm::Id(_)) { short | OF_ID } else { short & !OF_ID }
    }

    /// Returns the hash under which the ledger's system records are found.
    fn system_hash(&self) -> u64 {
        self.short(&["own"]) & !OF_ID
    }

    /// Returns the hashes under which a fact is found, without duplicates.
    fn hashes(&self, fact: &Fact) -> Vec<u64> {
        let mut hashes: Vec<u64> = fact.index_terms().iter().map(|term| self.hash(term)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    /// Returns the first [`HASH_BITS`] bits of SipHash-2-4 over the words, each followed by a
    /// space.
    fn short(&self, words: &[&str]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for word in words {
            hasher.write(word.as_bytes());
            hasher.write(b" ");
        }
        hasher.finish() >> (u64::BITS - HASH_BITS)
    }
}
