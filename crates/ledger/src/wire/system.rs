//! The ledger's own records, in parts of role `ledger`.

use super::WireError;
use super::codes::Code;
use super::v1::{ByteWriter, decode_prefix, encode_into};
use bincode::{BorrowDecode, Encode};
use heldto_fact::Kind;
use heldto_proof::Verifier;

/// A record of the ledger's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemRecord {
    /// A part was erased.
    Redaction(Redaction),
    /// A signing key was added or replaced.
    Key(KeyChange),
    /// Parts of earlier entries are not published.
    Withholding(Withholding),
    /// A key is kept for the day on which the signing key is lost or stolen.
    ReserveKey(ReserveKey),
}

/// That a part of an earlier entry was erased, on what ground, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Redaction {
    /// The entry.
    pub entry: u64,
    /// Its part's number, from 0.
    pub part: u64,
    /// The ground.
    pub ground: String,
    /// Who decided.
    pub by: String,
}

/// That parts of earlier entries may be missing from what is published, on one ground.
///
/// A part that is there all the same is checked as any other.
#[derive(Debug, Clone, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Withholding {
    /// Entry and part number (from 0) of each, in rising order.
    pub parts: Vec<(u64, u64)>,
    /// The ground.
    pub ground: String,
    /// Who decided.
    pub by: String,
}

/// Which key is kept in reserve, signed by the key that signs at this place and by itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, BorrowDecode)]
pub struct ReserveKey {
    /// The Ed25519 public key.
    pub key: [u8; 32],
    /// The signature of the key that signs at this place.
    pub by_current: [u8; 64],
    /// The reserve key's signature.
    pub by_reserve: [u8; 64],
}

impl ReserveKey {
    /// Returns what both keys sign: docs/FORMAT.md, *The ledger's own records*.
    #[must_use]
    pub fn message(origin: &str, index: u64, current: &[u8; 32], reserve: &[u8; 32]) -> Vec<u8> {
        [format!("heldto reserve-key v1\n{origin}\n").as_bytes(), &index.to_le_bytes(), current, reserve].concat()
    }

    /// Returns `true` if both the key that signs at this place and the reserve key signed this record.
    #[must_use]
    pub fn is_signed(&self, current: &Verifier, index: u64) -> bool {
        let message = Self::message(&current.name, index, &current.key, &self.key);
        let reserve = Verifier { name: current.name.clone(), key: self.key };
        self.key != current.key
            && current.verifies(&message, &self.by_current)
            && reserve.verifies(&message, &self.by_reserve)
    }
}

/// That another key signs from here on, signed by the key before and by itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, BorrowDecode)]
pub struct KeyChange {
    /// The Ed25519 public key.
    pub key: [u8; 32],
    /// The old key's signature.
    pub by_old: [u8; 64],
    /// The new key's signature.
    pub by_new: [u8; 64],
}

/// Who recorded a fact and who checked it, as an office or a pseudonym: a part of role `recorder`, which is not published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    /// Who recorded it.
    pub by: String,
    /// Who checked it, where somebody did.
    pub checked_by: Option<String>,
}

impl Recorder {
    /// Returns the bytes of the part.
    ///
    /// # Errors
    /// When they cannot be written, which no value of this type brings about.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let mut bytes = ByteWriter::default();
        encode_into(&(1_u8, self.by.as_str(), self.checked_by.as_deref()), &mut bytes)?;
        Ok(bytes.0)
    }

    /// Reads such a part; `None` where it holds anything else, as it may.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let ((version, by, checked_by), used): ((u8, String, Option<String>), _) = decode_prefix(bytes).ok()?;
        (version == 1 && used == bytes.len()).then_some(Self { by, checked_by })
    }
}

impl KeyChange {
    /// What both keys sign: docs/FORMAT.md, *The ledger's own records*.
    #[must_use]
    pub fn message(origin: &str, index: u64, old: &[u8; 32], new: &[u8; 32]) -> Vec<u8> {
        [format!("heldto key v1\n{origin}\n").as_bytes(), &index.to_le_bytes(), old, new].concat()
    }

    /// Whether both the key before it and the new one signed this change, as the entry at this place.
    #[must_use]
    pub fn is_signed(&self, old: &Verifier, index: u64) -> bool {
        let message = Self::message(&old.name, index, &old.key, &self.key);
        let new = Verifier { name: old.name.clone(), key: self.key };
        old.verifies(&message, &self.by_old) && new.verifies(&message, &self.by_new)
    }
}

impl SystemRecord {
    /// The kind in the entry.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Redaction(_) => Kind::Redaction,
            Self::Key(_) => Kind::Key,
            Self::Withholding(_) => Kind::Withholding,
            Self::ReserveKey(_) => Kind::ReserveKey,
        }
    }

    /// The bytes of the part.
    ///
    /// # Errors
    /// When they cannot be written, which no value of these types brings about.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let mut bytes = ByteWriter::default();
        match self {
            Self::Redaction(record) => encode_into(&(1_u8, Kind::Redaction.code(), record), &mut bytes)?,
            Self::Key(record) => encode_into(&(1_u8, Kind::Key.code(), record), &mut bytes)?,
            Self::Withholding(record) => encode_into(&(1_u8, Kind::Withholding.code(), record), &mut bytes)?,
            Self::ReserveKey(record) => encode_into(&(1_u8, Kind::ReserveKey.code(), record), &mut bytes)?,
        }
        Ok(bytes.0)
    }

    /// Reads such a part.
    ///
    /// # Errors
    /// When the bytes are not the one encoding of such a record.
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
            kind => Err(WireError::Value(format!("a {kind} is a fact, not the ledger's own record"))),
        }?;
        if used == bytes.len() && own.encode()? == bytes { Ok(own) } else { Err(WireError::NotCanonical) }
    }
}
