use crate::hash::PART;
use crate::{Hash, PartCommitment};
use std::fmt;

/// The longest part, in bytes.
pub const MAX_PART: usize = 1 << 20;

/// What a part is for, which says who may see it and whether it may be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The ledger's own records: redactions and keys. Can be neither erased nor withheld.
    Ledger,
    /// The fact.
    Fact,
    /// A quotation's text.
    Quotation,
    /// A note that is not published.
    PrivateNote,
    /// Who recorded the fact, and who checked it, as an office or a pseudonym. Not published.
    Recorder,
}

impl Role {
    /// The byte in the format.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ledger => 0,
            Self::Fact => 1,
            Self::Quotation => 2,
            Self::PrivateNote => 3,
            Self::Recorder => 4,
        }
    }

    /// The role of that byte.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Ledger),
            1 => Some(Self::Fact),
            2 => Some(Self::Quotation),
            3 => Some(Self::PrivateNote),
            4 => Some(Self::Recorder),
            _ => None,
        }
    }

    /// The word in exports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Fact => "fact",
            Self::Quotation => "quotation",
            Self::PrivateNote => "private-note",
            Self::Recorder => "recorder",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Ledger, Self::Fact, Self::Quotation, Self::PrivateNote, Self::Recorder]
            .into_iter()
            .find(|r| r.as_str() == word)
    }

    /// Whether it is left out of what is published unless asked for.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(self, Self::PrivateNote | Self::Recorder)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The random bytes that hide a part behind its commitment.
pub type Salt = [u8; 32];

/// A part of an entry, which travels beside it and can be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is for.
    pub role: Role,
    /// Its own random salt.
    pub salt: Salt,
    /// Its bytes: at most [`MAX_PART`].
    pub bytes: Vec<u8>,
}

impl Part {
    /// The commitment that the entry keeps: salt, role, length and bytes, hashed under a context of their own.
    #[must_use]
    pub fn commitment(&self) -> PartCommitment {
        Self::commitment_of(self.role, &self.salt, &self.bytes)
    }

    /// The commitment of a part that is borrowed.
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
