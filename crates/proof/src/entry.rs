//! Entries: the public headers of events, and their one encoding (version 1).
//!
//! Turns entries into bytes and back; knows only commitments to parts, not their content. Start
//! with [`Entry`].

use crate::{Chain, Hash, PartCommitment, Role};
use bincode::enc::EncoderImpl;
use bincode::enc::write::SizeWriter;
use bincode::{Decode, Encode};

/// The longest entry, in bytes: the limit of the two-byte length in an entry bundle (C2SP
/// tlog-tiles).
pub const MAX_ENTRY: usize = 65_535;
const VERSION: u8 = 1;

/// The public header of an event: hashed, chained, put in the tree and published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Position in the log, from 0; equals the leaf index in the tree.
    pub index: u64,
    /// The chain value before the entry.
    pub previous: Chain,
    /// Time of recording, in microseconds since the Unix epoch, UTC. Never less than that of the
    /// entry before.
    pub recorded_at: i64,
    /// Kind of the fact, by the byte in `docs/FORMAT.md`.
    pub kind: u8,
    /// References to the parts.
    pub parts: Vec<PartRef>,
}

/// An entry's reference to one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRef {
    /// Purpose of the part.
    pub role: Role,
    /// Hash that binds the bytes of the part.
    pub commitment: PartCommitment,
}

/// Bytes that are not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The bytes are longer than an entry may be.
    #[error("an entry of {0} bytes is too long; the limit is {MAX_ENTRY}")]
    TooLong(usize),
    /// The bytes are not in the encoding of version 1.
    #[error("the bytes cannot be decoded: {0}")]
    Undecodable(String),
    /// The bytes decode, but are not the canonical encoding of these values.
    #[error("the bytes are not the standard encoding of their values")]
    NotCanonical,
    /// The version is one that this program cannot read.
    #[error("it has version {0}; this program reads version {VERSION}")]
    Version(u8),
    /// The role is not one of version 1.
    #[error("part {part} has the unknown role {code}")]
    Role {
        /// The part's number, from 0.
        part: usize,
        /// The byte found.
        code: u8,
    },
}

#[derive(Encode, Decode)]
struct Wire {
    version: u8,
    index: u64,
    previous: [u8; 32],
    recorded_at: i64,
    kind: u8,
    parts: Vec<(u8, [u8; 32])>,
}

impl Entry {
    /// Returns the bytes that are hashed and stored.
    ///
    /// # Errors
    /// When there are too many parts, so that the bytes would be longer than [`MAX_ENTRY`].
    pub fn encode(&self) -> Result<Vec<u8>, EntryError> {
        let wire = Wire {
            version: VERSION,
            index: self.index,
            previous: self.previous.0.0,
            recorded_at: self.recorded_at,
            kind: self.kind,
            parts: self.parts.iter().map(|p| (p.role.code(), p.commitment.0.0)).collect(),
        };
        let bytes = encode_into(&wire)?;
        if bytes.len() > MAX_ENTRY { Err(EntryError::TooLong(bytes.len())) } else { Ok(bytes) }
    }

    /// Reads an entry.
    ///
    /// Checks every length before allocating for it.
    ///
    /// # Errors
    /// When the bytes are not the canonical encoding of an entry of version 1.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY {
            return Err(EntryError::TooLong(bytes.len()));
        }
        if let Some(&version) = bytes.first().filter(|v| **v != VERSION) {
            return Err(EntryError::Version(version));
        }
        let config = bincode::config::standard().with_limit::<{ 2 * MAX_ENTRY }>();
        let (wire, used): (Wire, usize) =
            bincode::decode_from_slice(bytes, config).map_err(|e| EntryError::Undecodable(e.to_string()))?;
        // Only integers have other encodings, and those are longer: comparing lengths finds them
        // all.
        if used != bytes.len() || size(&wire)? != used {
            return Err(EntryError::NotCanonical);
        }
        let part = |(number, (code, hash)): (usize, &(u8, [u8; 32]))| {
            let role = Role::from_code(*code).ok_or(EntryError::Role { part: number, code: *code })?;
            Ok(PartRef { role, commitment: PartCommitment(Hash(*hash)) })
        };
        Ok(Self {
            index: wire.index,
            previous: Chain(Hash(wire.previous)),
            recorded_at: wire.recorded_at,
            kind: wire.kind,
            parts: wire.parts.iter().enumerate().map(part).collect::<Result<_, _>>()?,
        })
    }
}

/// Returns the length of the canonical encoding, in bytes.
fn size(wire: &Wire) -> Result<usize, EntryError> {
    let mut encoder = EncoderImpl::new(SizeWriter::default(), bincode::config::standard());
    wire.encode(&mut encoder).map_err(|e| EntryError::Undecodable(e.to_string()))?;
    Ok(encoder.into_writer().bytes_written)
}

fn encode_into(wire: &Wire) -> Result<Vec<u8>, EntryError> {
    bincode::encode_to_vec(wire, bincode::config::standard()).map_err(|e| EntryError::Undecodable(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Entry, EntryError, PartRef};
    use crate::{Chain, Hash, PartCommitment, Role};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    fn entry(index: u64, recorded_at: i64, parts: usize) -> Entry {
        let part = |n: usize| PartRef { role: Role::Fact, commitment: PartCommitment(Hash([n as u8; 32])) };
        Entry { index, previous: Chain(Hash([7; 32])), recorded_at, kind: 7, parts: (0..parts).map(part).collect() }
    }

    #[test]
    fn too_many_parts_are_refused() {
        assert!(matches!(entry(0, 0, 2000).encode(), Err(EntryError::TooLong(_))));
    }

    #[test]
    fn a_length_that_lies_is_refused_without_allocating() {
        let mut bytes = entry(0, 0, 0).encode().expect("short");
        bytes.pop();
        bytes.extend([253; 1].iter().chain(&[255; 8]));
        assert!(matches!(Entry::decode(&bytes), Err(EntryError::Undecodable(_))));
    }

    #[test]
    fn a_longer_varint_is_a_second_spelling() {
        let bytes = entry(5, 0, 1).encode().expect("short");
        let mut longer = vec![1, 251, 5, 0];
        longer.extend(&bytes[2..]);
        assert_eq!(Entry::decode(&longer), Err(EntryError::NotCanonical));
        let mut trailing = bytes;
        trailing.push(0);
        assert_eq!(Entry::decode(&trailing), Err(EntryError::NotCanonical));
    }

    proptest! {
        #[test]
        fn round_trips(index in any::<u64>(), at in any::<i64>(), parts in 0..20_usize) {
            let entry = entry(index, at, parts);
            prop_assert_eq!(Entry::decode(&entry.encode().expect("short")), Ok(entry));
        }

        #[test]
        fn arbitrary_bytes_never_panic_and_have_one_spelling(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() { *first = 1; }
            if let Ok(entry) = Entry::decode(&bytes) {
                prop_assert!(entry.encode().expect("was read") == bytes);
            }
        }
    }
}
