//! Turns facts and system records into the frozen bytes of parts, and back.
//!
//! The wire types are separate from the domain types, so that a rename there cannot change a hash.
//! The tables are in docs/FORMAT.md, *Facts*. A changed field means a new version next to `v1`; old
//! decoders stay. Start at [`encode_fact`] and [`decode_fact`].

mod codes;
mod system;
mod v1;
mod words;

pub use codes::{kind_code, kind_of};
pub use words::{decode_quoted, encode_words};

pub use system::{KeyChange, Recorder, Redaction, ReserveKey, Revocation, SystemRecord, Tombstone, Withholding};

use heldto_fact::{Fact, FactHeader};
use heldto_proof::MAX_PART;

/// Error of bytes that are not a part which the ledger can read or write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Longer than a part may be.
    #[error("{0} bytes; a part has at most {MAX_PART}")]
    TooLong(usize),
    /// An unknown version.
    #[error("version {0}, which this program cannot read")]
    Version(u8),
    /// An unknown kind of fact.
    #[error("a fact of kind {0}, which this program cannot read")]
    Kind(u8),
    /// Not an encoding of that version.
    #[error("the bytes do not decode: {0}")]
    Undecodable(String),
    /// Decodes, but is not the canonical encoding of its values.
    #[error("the bytes are a second spelling of the same values")]
    NotCanonical,
    /// A value outside the vocabulary.
    #[error("{0}")]
    Value(String),
}

impl WireError {
    /// Returns `true` if the version or kind is unknown: the bytes may be valid for a newer
    /// program.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Version(_) | Self::Kind(_))
    }
}

/// Returns the encoding of a fact, version 1.
///
/// # Errors
/// If the encoding is longer than a part may be.
pub fn encode_fact(fact: &Fact) -> Result<Vec<u8>, WireError> {
    v1::encode(fact)
}

/// Decodes a fact of any known version.
///
/// Never allocates by a length that was not checked.
///
/// # Errors
/// If the bytes are not the canonical encoding of a fact.
pub fn decode_fact(bytes: &[u8]) -> Result<Fact, WireError> {
    version(bytes)?;
    v1::decode(bytes)
}

/// Decodes a fact header of any known version.
///
/// Bytes that the index does not need are not read, and may be anything.
///
/// # Errors
/// If the bytes are too long, or invalid as far as they are read.
pub fn decode_header(bytes: &[u8]) -> Result<FactHeader<'_>, WireError> {
    version(bytes)?;
    v1::decode_header(bytes)
}

/// Checks that the bytes begin with a known version and a known kind.
fn version(bytes: &[u8]) -> Result<(), WireError> {
    match bytes {
        _ if bytes.len() > MAX_PART => Err(WireError::TooLong(bytes.len())),
        [1, kind, ..] if kind_of(*kind).is_none() => Err(WireError::Kind(*kind)),
        [1, ..] => Ok(()),
        [version, ..] => Err(WireError::Version(*version)),
        [] => Err(WireError::Undecodable("there are none".to_owned())),
    }
}
