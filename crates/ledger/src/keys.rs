//! The keys of a ledger, as its own records replace, reserve and revoke them.
//!
//! This module checks who may change a key, not who signed a checkpoint. Start at [`Keys::apply`].

use crate::{KeyChange, Ledger, ReadError, SystemRecord};
use heldto_proof::{Genesis, Verifier};
use heldto_store::Log;

/// A key that signs or signed a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTerm {
    /// Ed25519 public key.
    pub key: [u8; 32],
    /// Entry from which the key is in force; `None` for the first key.
    pub since: Option<u64>,
    /// Entry and ground of its revocation.
    pub revoked: Option<(u64, String)>,
}

/// The keys of a ledger after some of its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    origin: String,
    /// Keys in the order in which they came into force; the last is in force.
    terms: Vec<KeyTerm>,
    /// The last reserve key, with its entry; `None` if none was recorded, or it was used.
    reserve: Option<(u64, [u8; 32])>,
}

/// A key record that nobody with the right to it signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A key change without the signatures it needs.
    #[error("its change of key is not signed by both keys")]
    Change,
    /// A reserve key without the signatures it needs.
    #[error("its reserve key is not signed by itself and by the key that signs")]
    Reserve,
    /// A revocation of the key in force, of a key of another ledger, or a second one.
    #[error("it revokes a key that is in force, was revoked before, or is not one of this ledger")]
    Revocation,
}

impl Keys {
    /// Returns the keys of a ledger without entries.
    #[must_use]
    pub fn new(genesis: &Genesis) -> Self {
        let first = KeyTerm { key: genesis.key, since: None, revoked: None };
        Self { origin: genesis.origin.clone(), terms: vec![first], reserve: None }
    }

    /// Applies a record at an index; records that are not about keys change nothing.
    ///
    /// A change of key is signed by the new key, and by the key in force or the reserve key, which
    /// is used up by that.
    ///
    /// # Errors
    /// If the record is not signed as it must be, or revokes what cannot be revoked.
    pub fn apply(&mut self, index: u64, record: &SystemRecord) -> Result<(), KeyFault> {
        match record {
            SystemRecord::Key(change) => {
                let reserve = self.reserve.filter(|(_, key)| change.is_signed_by(&self.in_force(), key, index));
                if reserve.is_some() {
                    self.reserve = None;
                } else if !change.is_signed(&self.in_force(), index) {
                    return Err(KeyFault::Change);
                }
                self.terms.push(KeyTerm { key: change.key, since: Some(index), revoked: None });
            }
            SystemRecord::ReserveKey(reserve) => {
                if !reserve.is_signed(&self.in_force(), index) {
                    return Err(KeyFault::Reserve);
                }
                self.reserve = Some((index, reserve.key));
            }
            SystemRecord::Revocation(revocation) => {
                let in_force = self.in_force().key;
                let is_open =
                    |term: &&mut KeyTerm| term.key == revocation.key && term.key != in_force && term.revoked.is_none();
                let term = self.terms.iter_mut().find(is_open).ok_or(KeyFault::Revocation)?;
                term.revoked = Some((index, revocation.ground.clone()));
            }
            SystemRecord::Redaction(_) | SystemRecord::Withholding(_) => {}
        }
        Ok(())
    }

    /// Returns the key in force.
    ///
    /// # Panics
    /// Never: a ledger has a first key.
    #[must_use]
    pub fn in_force(&self) -> Verifier {
        let key = self.terms.last().expect("a ledger has a first key").key;
        Verifier { name: self.origin.clone(), key }
    }

    /// Returns all keys that ever signed, the one in force last.
    #[must_use]
    pub fn terms(&self) -> &[KeyTerm] {
        &self.terms
    }

    /// Returns the reserve key that may still be used, with its entry.
    #[must_use]
    pub const fn reserve(&self) -> Option<(u64, [u8; 32])> {
        self.reserve
    }

    /// Returns the revocation of a key, as entry and ground; `None` if the key was not revoked.
    #[must_use]
    pub fn revocation(&self, key: &[u8; 32]) -> Option<&(u64, String)> {
        self.terms.iter().filter(|term| term.key == *key).find_map(|term| term.revoked.as_ref())
    }
}

impl<S: Log> Ledger<S> {
    /// Returns the records about keys among the first `size` entries, each with its index.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn key_records(&self, size: u64) -> Result<Vec<(u64, SystemRecord)>, ReadError> {
        let mut all = self.own_records(size)?;
        all.retain(|(_, own)| own.is_about_keys());
        Ok(all)
    }

    /// Returns the changes of key among the first `size` entries, each with its index.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn key_changes(&self, size: u64) -> Result<Vec<(u64, KeyChange)>, ReadError> {
        let change = |(index, own)| match own {
            SystemRecord::Key(change) => Some((index, change)),
            _ => None,
        };
        Ok(self.own_records(size)?.into_iter().filter_map(change).collect())
    }

    /// Returns the keys after all entries.
    ///
    /// A record that is not signed as it must be is passed over: verification names it.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn keys(&self) -> Result<Keys, ReadError> {
        let mut keys = Keys::new(self.genesis());
        for (index, record) in self.key_records(self.head().size())? {
            let _is_named_by_verification = keys.apply(index, &record);
        }
        Ok(keys)
    }
}
