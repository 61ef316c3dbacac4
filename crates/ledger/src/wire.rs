//! The bytes of parts: frozen, versioned, apart from the domain's types, so that a rename there cannot move a hash here.
//!
//! docs/FORMAT.md, *Facts* has the tables. Any change of a field is a new version beside this one; old decoders stay.

mod codes;
mod system;
mod v1;

pub use codes::{kind_code, kind_of};
pub use system::{KeyChange, Recorder, Redaction, ReserveKey, SystemRecord, Withholding};

use heldto_fact::{Fact, FactHeader};
use heldto_proof::MAX_PART;

/// Why bytes are not a part that the ledger can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Longer than a part may be.
    #[error("{0} bytes; a part has at most {MAX_PART}")]
    TooLong(usize),
    /// A version this program cannot read.
    #[error("version {0}, which this program cannot read")]
    Version(u8),
    /// A kind of fact this program cannot read.
    #[error("a fact of kind {0}, which this program cannot read")]
    Kind(u8),
    /// Not the encoding of that version.
    #[error("the bytes do not decode: {0}")]
    Undecodable(String),
    /// Decodes, but is not how these values are spelled.
    #[error("the bytes are a second spelling of the same values")]
    NotCanonical,
    /// A value that the vocabulary does not have.
    #[error("{0}")]
    Value(String),
}

impl WireError {
    /// Returns `true` if the bytes are of a later version or kind: nothing is wrong with them, and this program cannot read them.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Version(_) | Self::Kind(_))
    }
}

/// The bytes of a fact, version 1.
///
/// # Errors
/// When the fact is longer than a part may be.
pub fn encode_fact(fact: &Fact) -> Result<Vec<u8>, WireError> {
    v1::encode(fact)
}

/// Reads a fact of any version this program knows. Never allocates by a length it has not checked.
///
/// # Errors
/// When the bytes are not the one encoding of a fact.
pub fn decode_fact(bytes: &[u8]) -> Result<Fact, WireError> {
    version(bytes)?;
    v1::decode(bytes)
}

/// Reads only what finds a fact of any version this program knows: the rest of the bytes need not be a fact's.
///
/// # Errors
/// When the bytes are too long, or are not of a fact as far as they are read.
pub fn decode_header(bytes: &[u8]) -> Result<FactHeader<'_>, WireError> {
    version(bytes)?;
    v1::decode_header(bytes)
}

/// An error unless there is a version and a kind, and both are known to this program.
fn version(bytes: &[u8]) -> Result<(), WireError> {
    match bytes {
        _ if bytes.len() > MAX_PART => Err(WireError::TooLong(bytes.len())),
        [1, kind, ..] if kind_of(*kind).is_none() => Err(WireError::Kind(*kind)),
        [1, ..] => Ok(()),
        [version, ..] => Err(WireError::Version(*version)),
        [] => Err(WireError::Undecodable("there are none".to_owned())),
    }
}
