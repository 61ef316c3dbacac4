//! Exports, published folders, proof files and trust anchors: the forms in which a ledger leaves
//! and enters whole.
//!
//! Turns a ledger into text that a stranger can check, and such text back. Knows entries, parts,
//! checkpoints and JSON; no disk, no clock and no terminal, so it also builds for the browser.
//! Start at [`export::write()`], [`proof_file::make`] and [`Trust`].
//!
//! # Examples
//! ```
//! use heldto_exchange::export;
//! use heldto_fact::{Body, Fact, PartyKind};
//! use heldto_ledger::Ledger;
//! use heldto_proof::Genesis;
//! use heldto_store::{Founding, MemoryStore};
//!
//! let genesis = Genesis { origin: "example.org/ledger".to_owned(), key: [7; 32] };
//! let mut ledger = Ledger::open(MemoryStore::new(Founding { genesis, index_key: [0; 32] }))?;
//! let council = Body::Party { kind: PartyKind::Council, identifiers: Vec::new() };
//! let fact = Fact::amending("testshire".parse()?, "Testshire Council".to_owned(), council);
//! ledger.append(&[fact], 1_700_000_000_000_000, &mut |salt| salt.fill(1))?;
//!
//! let text = export::write(&ledger, false, &|_, _| false)?;
//! let copy = export::read(&text, [9; 32])?;
//! assert_eq!(copy.head(), ledger.head());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod evidence;
pub mod export;
mod folder;
pub mod proof_file;
mod trust;

pub use evidence::{MirrorEvidence, NoEvidence};
pub use folder::{OpenFolderError, open_folder};
pub use trust::{Signature, Trust, TrustError, current_key, is_beginning, read_checkpoint};

#[cfg(test)]
mod testing {
    //! A small ledger in memory for the tests of this crate.

    use heldto_fact::{Body, Fact, PartyKind};
    use heldto_ledger::Ledger;
    use heldto_proof::{Genesis, NoteSigner};
    use heldto_store::{Founding, MemoryStore};

    pub fn signer(seed: u8) -> NoteSigner {
        NoteSigner::new("example.org/test", [seed; 32]).expect("a name")
    }

    /// Returns a ledger of three parties, whose first is corrected.
    pub fn ledger() -> Ledger<MemoryStore> {
        let genesis = Genesis { origin: "example.org/test".to_owned(), key: signer(1).verifier().key };
        let store = MemoryStore::new(Founding { genesis, index_key: [9; 32] });
        let mut ledger = Ledger::open(store).expect("opens");
        let party = |id: &str, name: &str| {
            Fact::amending(
                id.parse().expect("an id"),
                name.to_owned(),
                Body::Party { kind: PartyKind::Council, identifiers: Vec::new() },
            )
        };
        let first = party("testshire", "Testshire Council");
        let replacement = Box::new(Fact { text: "Testshire County Council".to_owned(), ..first.clone() });
        let correction = Body::Correction { of: first.id.clone(), reason: "The name".to_owned(), replacement };
        let facts =
            [first.clone(), Fact::amending(first.id.numbered("correction", 1), "A correction".to_owned(), correction)];
        let mut salt = 0_u8;
        let random = &mut |bytes: &mut [u8]| {
            salt += 1;
            bytes.fill(salt);
        };
        for fact in facts.into_iter().chain([party("other", "Other Council"), party("third", "Third Council")]) {
            ledger.append(&[fact], 1_700_000_000_000_000, random).expect("appends");
        }
        ledger
    }
}
