//! Turns system records and recorders into the bytes of their parts, and back.
//!
//! This module checks signatures, but does not know which key signs at which index: `verify` does.
//! Start at [`SystemRecord`].

use super::WireError;
use super::codes::Code;
use super::v1::{ByteWriter, decode_prefix, encode_into};
use bincode::{BorrowDecode, Encode};
use heldto_fact::Kind;
use heldto_proof::Verifier;

/// A system record: the content of a part of role `ledger`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemRecord {
    /// A part was erased.
    Redaction(Redaction),
    /// Another signing key replaces the present one.
    Key(KeyChange),
    /// Parts of earlier entries are not published.
    Withholding(Withholding),
    /// A key is kept in case the signing key is lost or stolen.
    ReserveKey(ReserveKey),
    /// An earlier key no longer counts: it was stolen or lost.
    Revocation(Revocation),
}

/// Record that an earlier signing key was stolen or lost, and must not be relied on from here on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Revocation {
    /// Ed25519 public key.
    pub key: [u8; 32],
    /// Ground for the decision.
    pub ground: String,
}

/// Record that a part of an earlier entry was erased.
#[derive(Debug, Clone, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Redaction {
    /// Index of the entry.
    pub entry: u64,
    /// Number of the part, from 0.
    pub part: u64,
    /// Ground for the decision.
    pub ground: String,
    /// Author of the decision.
    pub by: String,
}

/// Record that parts of earlier entries may be missing from publications, on one ground.
///
/// A part that is present all the same is checked like any other.
#[derive(Debug, Clone, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Withholding {
    /// Entry index and part number (from 0) of each part, in rising order.
    pub parts: Vec<(u64, u64)>,
    /// Ground for the decision.
    pub ground: String,
    /// Author of the decision.
    pub by: String,
}

/// Record of a reserve key, signed by itself and by the key that signs at this index.
#[derive(Debug, Clone, PartialEq, Eq, Encode, BorrowDecode)]
pub struct ReserveKey {
    /// Ed25519 public key.
    pub key: [u8; 32],
    /// Signature by the key that signs at this index.
    pub by_current: [u8; 64],
    /// Signature by the reserve key.
    pub by_reserve: [u8; 64],
}

impl ReserveKey {
    /// Returns the message that both keys sign: docs/FORMAT.md, *The ledger's own records*.
    #[must_use]
    pub fn message(origin: &str, index: u64, current: &[u8; 32], reserve: &[u8; 32]) -> Vec<u8> {
        [format!("heldto reserve-key v1\n{origin}\n").as_bytes(), &index.to_le_bytes(), current, reserve].concat()
    }

    /// Returns `true` if the reserve key differs from the current key and both signed this record.
    #[must_use]
    pub fn is_signed(&self, current: &Verifier, index: u64) -> bool {
        let message = Self::message(&current.name, index, &current.key, &self.key);
        let reserve = Verifier { name: current.name.clone(), key: self.key };
        self.key != current.key
            && current.verifies(&message, &self.by_current)
            && reserve.verifies(&message, &self.by_reserve)
    }
}

/// Record that another key signs from here on, signed by itself and by the key before.
#[derive(Debug, Clone, PartialEq, Eq, Encode, BorrowDecode)]
pub struct KeyChange {
    /// Ed25519 public key.
    pub key: [u8; 32],
    /// Signature by the old key.
    pub by_old: [u8; 64],
    /// Signature by the new key.
    pub by_new: [u8; 64],
}

/// The recorder and the checker of a fact, as offices or pseudonyms.
///
/// The content of a part of role `recorder`, which is not published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    /// Office or pseudonym of the recorder.
    pub by: String,
    /// Office or pseudonym of the checker, if the fact was checked.
    pub checked_by: Option<String>,
}

impl Recorder {
    /// Returns the bytes of the part.
    ///
    /// # Errors
    /// If encoding fails, which no value of this type causes.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let mut bytes = ByteWriter::default();
        encode_into(&(1_u8, self.by.as_str(), self.checked_by.as_deref()), &mut bytes)?;
        Ok(bytes.0)
    }

    /// Decodes a recorder; `None` for other content, which a part of this role may have.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let ((version, by, checked_by), used): ((u8, String, Option<String>), _) = decode_prefix(bytes).ok()?;
        (version == 1 && used == bytes.len()).then_some(Self { by, checked_by })
    }
}

/// A keyed hash of the id of an erased fact, with its key.
///
/// The content of a part of role `tombstone`, which is not published: whoever has the key can try
/// ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// Random key, the same for all tombstones of a ledger.
    pub key: [u8; 32],
    /// BLAKE3 of the id, keyed with `key`.
    pub hash: [u8; 32],
}

impl Tombstone {
    /// Returns the tombstone of an id.
    #[must_use]
    pub fn of(key: [u8; 32], id: &str) -> Self {
        Self { key, hash: *blake3::keyed_hash(&key, id.as_bytes()).as_bytes() }
    }

    /// Returns the bytes of the part.
    ///
    /// # Errors
    /// If encoding fails, which no value of this type causes.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let mut bytes = ByteWriter::default();
        encode_into(&(1_u8, self.key, self.hash), &mut bytes)?;
        Ok(bytes.0)
    }

    /// Decodes a tombstone; `None` for other content, which a part of this role may have.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let ((version, key, hash), used): ((u8, [u8; 32], [u8; 32]), _) = decode_prefix(bytes).ok()?;
        (version == 1 && used == bytes.len()).then_some(Self { key, hash })
    }
}

impl KeyChange {
    /// Returns the message that both keys sign: docs/FORMAT.md, *The ledger's own records*.
    #[must_use]
    pub fn message(origin: &str, index: u64, old: &[u8; 32], new: &[u8; 32]) -> Vec<u8> {
        [format!("heldto key v1\n{origin}\n").as_bytes(), &index.to_le_bytes(), old, new].concat()
    }

    /// Returns `true` if both keys signed this change as the entry at `index`.
    #[must_use]
    pub fn is_signed(&self, old: &Verifier, index: u64) -> bool {
        self.is_signed_by(old, &old.key, index)
    }

    /// Returns `true` if `signer`, in place of the old key, and the new key signed this change as
    /// the entry at `index`.
    #[must_use]
    pub fn is_signed_by(&self, old: &Verifier, signer: &[u8; 32], index: u64) -> bool {
        let message = Self::message(&old.name, index, &old.key, &self.key);
        let of = |key| Verifier { name: old.name.clone(), key };
        of(*signer).verifies(&message, &self.by_old) && of(self.key).verifies(&message, &self.by_new)
    }
}

impl SystemRecord {
    /// Returns the kind that the entry states.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Redaction(_) => Kind::Redaction,
            Self::Key(_) => Kind::Key,
            Self::Withholding(_) => Kind::Withholding,
            Self::ReserveKey(_) => Kind::ReserveKey,
            Self::Revocation(_) => Kind::Revocation,
        }
    }

    /// Returns `true` if the record changes, reserves or revokes a key.
    #[must_use]
    pub const fn is_about_keys(&self) -> bool {
        matches!(self, Self::Key(_) | Self::ReserveKey(_) | Self::Revocation(_))
    }

    /// Returns the bytes of the part.
    ///
    /// # Errors
    /// If encoding fails, which no value of these types causes.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let mut bytes = ByteWriter::default();
        match self {
            Self::Redaction(record) => encode_into(&(1_u8, Kind::Redaction.code(), record), &mut bytes)?,
            Self::Key(record) => encode_into(&(1_u8, Kind::Key.code(), record), &mut bytes)?,
            Self::Withholding(record) => encode_into(&(1_u8, Kind::Withholding.code(), record), &mut bytes)?,
            Self::ReserveKey(record) => encode_into(&(1_u8, Kind::ReserveKey.code(), record), &mut bytes)?,
            Self::Revocation(record) => encode_into(&(1_u8, Kind::Revocation.code(), record), &mut bytes)?,
        }
        Ok(bytes.0)
    }

    /// Decodes a system record.
    ///
    /// # Errors
    /// If the bytes are not the canonical encoding of a system record.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let kind = match bytes {
            [1, kind, ..] => Kind::read(*kind)?,
            [version, ..] => return Err(WireError::Version(*version)),
            [] => return Err(WireError::Undecodable("there are none".to_owned())),
        };
        let (own, used) = match kind {
            Kind::Redaction => {
                decode_prefix(bytes).map(|((_, _, r), used): ((u8, u8, Redaction), _)| (Self::Redaction(r), used))
            }
            Kind::Key => decode_prefix(bytes).map(|((_, _, k), used): ((u8, u8, KeyChange), _)| (Self::Key(k), used)),
            Kind::Withholding => {
                decode_prefix(bytes).map(|((_, _, w), used): ((u8, u8, Withholding), _)| (Self::Withholding(w), used))
            }
            Kind::ReserveKey => {
                decode_prefix(bytes).map(|((_, _, k), used): ((u8, u8, ReserveKey), _)| (Self::ReserveKey(k), used))
            }
            Kind::Revocation => {
                decode_prefix(bytes).map(|((_, _, r), used): ((u8, u8, Revocation), _)| (Self::Revocation(r), used))
            }
            kind => Err(WireError::Value(format!("a {kind} is a fact, not the ledger's own record"))),
        }?;
        if used == bytes.len() && own.encode()? == bytes { Ok(own) } else { Err(WireError::NotCanonical) }
    }
}
