//! The bytes of parts: frozen, versioned, apart from the domain's types, so that a rename there cannot move a hash here.
//!
//! docs/FORMAT.md, *Facts* has the tables. Any change of a field is a new version beside this one; old decoders stay.

mod codes;
mod own;
mod v1;

pub use codes::{kind_code, kind_of};
pub use own::{KeyChange, Own, Redaction};

use heldto_fact::{Fact, Told};
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
pub fn tell_fact(bytes: &[u8]) -> Result<Told<'_>, WireError> {
    version(bytes)?;
    v1::tell(bytes)
}

/// An error unless there is a version, and one that this program knows.
fn version(bytes: &[u8]) -> Result<(), WireError> {
    match bytes.first() {
        _ if bytes.len() > MAX_PART => Err(WireError::TooLong(bytes.len())),
        Some(1) => Ok(()),
        Some(version) => Err(WireError::Version(*version)),
        None => Err(WireError::Undecodable("there are none".to_owned())),
    }
}
