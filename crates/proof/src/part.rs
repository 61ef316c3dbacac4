//! Parts: the erasable content of entries, and the salted hashes that commit to it.
//!
//! Turns the bytes of a part into a commitment; knows no content. Start with [`Part`].

use crate::hash::PART;
use crate::{Hash, PartCommitment};
use std::fmt;

/// The longest part, in bytes.
pub const MAX_PART: usize = 1 << 20;

/// The purpose of a part: decides who may see the part and if it may be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A system record, e.g. a redaction or a key. Can be neither erased nor withheld.
    Ledger,
    /// The fact.
    Fact,
    /// The text of a quotation.
    Quotation,
    /// A note that is not published.
    PrivateNote,
    /// The person who recorded the fact and the one who checked it, as an office or a pseudonym.
    /// Not published.
    Recorder,
    /// A keyed hash of the id of an erased fact, in the entry of its redaction. Not published.
    Tombstone,
}

impl Role {
    /// Returns the byte in the format.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ledger => 0,
            Self::Fact => 1,
            Self::Quotation => 2,
            Self::PrivateNote => 3,
            Self::Recorder => 4,
            Self::Tombstone => 5,
        }
    }

    /// Returns the role of a byte of the format.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Ledger),
            1 => Some(Self::Fact),
            2 => Some(Self::Quotation),
            3 => Some(Self::PrivateNote),
            4 => Some(Self::Recorder),
            5 => Some(Self::Tombstone),
            _ => None,
        }
    }

    /// Returns the word used in exports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Fact => "fact",
            Self::Quotation => "quotation",
            Self::PrivateNote => "private-note",
            Self::Recorder => "recorder",
            Self::Tombstone => "tombstone",
        }
    }

    /// Returns the role of a word used in exports.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Ledger, Self::Fact, Self::Quotation, Self::PrivateNote, Self::Recorder, Self::Tombstone]
            .into_iter()
            .find(|r| r.as_str() == word)
    }

    /// Returns `true` if the part is published only on request.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(self, Self::PrivateNote | Self::Recorder | Self::Tombstone)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The random bytes that hide a part behind its commitment.
pub type Salt = [u8; 32];

/// A part of an entry: stored separately from the entry, so that the part can be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Purpose of the part.
    pub role: Role,
    /// Random salt of this part alone.
    pub salt: Salt,
    /// Content: at most [`MAX_PART`] bytes.
    pub bytes: Vec<u8>,
}

impl Part {
    /// Returns the commitment that the entry keeps: salt, role, length and bytes, hashed in a
    /// context of their own.
    #[must_use]
    pub fn commitment(&self) -> PartCommitment {
        Self::commitment_of(self.role, &self.salt, &self.bytes)
    }

    /// Returns the commitment of a part given by reference.
    #[must_use]
    pub fn commitment_of(role: Role, salt: &Salt, bytes: &[u8]) -> PartCommitment {
        let mut hasher = PART.hasher();
        hasher.update(salt);
        hasher.update(&[role.code()]);
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
        PartCommitment(Hash(*hasher.finalize().as_bytes()))
    }
}
