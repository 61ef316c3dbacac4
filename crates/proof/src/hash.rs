//! Hashes of the ledger format: the chain and its genesis value, hashing contexts, key hashes.
//!
//! Turns bytes into hashes; knows no entries, no tree. Start with [`Genesis::chain`] and [`chain`].

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::LazyLock;

/// A hash of 32 bytes, shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text).ok().map(|h| Self(*h.as_bytes()))
    }

    /// Returns the hash in base64, as in the last line of a checkpoint.
    #[must_use]
    pub fn base64(&self) -> String {
        BASE64.encode(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The chain value after an entry, or before the first (the genesis value).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chain(pub Hash);

/// The salted hash by which an entry commits to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartCommitment(pub Hash);

static GENESIS: Context = Context(LazyLock::new(|| hash_derive_key_context("heldto ledger v1 genesis")));
static ENTRY: Context = Context(LazyLock::new(|| hash_derive_key_context("heldto ledger v1 entry")));
pub(crate) static PART: Context = Context(LazyLock::new(|| hash_derive_key_context("heldto ledger v1 part")));

/// A context of BLAKE3's `derive_key` mode, hashed once: hashing the context each time would double
/// the cost of inputs as short as these.
pub(crate) struct Context(LazyLock<ContextKey>);

impl Context {
    /// Returns a hasher for this context.
    pub(crate) fn hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_from_context_key(&self.0)
    }
}

/// The beginning of a ledger: its name and first signing key.
///
/// Key changes do not alter the genesis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis {
    /// The origin: preferably the URL of publication, without the scheme. 1 to 255 bytes without
    /// white space, control characters and `+`.
    pub origin: String,
    /// The first Ed25519 public key.
    pub key: [u8; 32],
}

impl Genesis {
    /// The longest origin, in bytes.
    pub const MAX_ORIGIN: usize = 255;

    /// Returns `true` if a checkpoint and a verifier key can carry the origin (C2SP signed-note).
    #[must_use]
    pub fn origin_is_valid(origin: &str) -> bool {
        (1..=Self::MAX_ORIGIN).contains(&origin.len())
            && !origin.chars().any(|c| c.is_control() || c == '+' || c.is_whitespace())
    }

    /// Returns `true` if a new ledger may take this origin: a host name and perhaps a path, as in
    /// `example.org/derbyshire`.
    ///
    /// The origin begins with a letter or a digit; allowed are ASCII letters, digits and `.`, `-`,
    /// `_`, `~`, `:`, `/`. Existing ledgers keep any valid origin.
    #[must_use]
    pub fn origin_is_plain(origin: &str) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~' | ':' | '/');
        Self::origin_is_valid(origin)
            && origin.starts_with(|c: char| c.is_ascii_alphanumeric())
            && origin.chars().all(is_plain)
    }

    /// Returns the chain value before the first entry: the hash, in a context of its own, of
    /// version, length of the origin, origin and key.
    #[must_use]
    pub fn chain(&self) -> Chain {
        let mut hasher = GENESIS.hasher();
        hasher.update(&[1]);
        hasher.update(&(self.origin.len() as u64).to_le_bytes());
        hasher.update(self.origin.as_bytes());
        hasher.update(&self.key);
        Chain(Hash(*hasher.finalize().as_bytes()))
    }
}

/// Returns the chain value after an entry, from its bytes, which contain the chain value before it.
#[must_use]
pub fn chain(entry: &[u8]) -> Chain {
    Chain(Hash(*ENTRY.hasher().update(entry).finalize().as_bytes()))
}

/// Returns the key hash of C2SP signed-note: the first four bytes of SHA-256 over name, newline,
/// algorithm and key.
#[must_use]
pub fn key_hash(name: &str, algorithm: u8, key: &[u8; 32]) -> [u8; 4] {
    let digest = Sha256::new().chain_update(name).chain_update([b'\n', algorithm]).chain_update(key).finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}
