//! Signed notes (C2SP signed-note), with Ed25519 keys.
//!
//! Turns notes and keys into text and back; knows no checkpoints. Start with [`SignedNote`].

use crate::hash::key_hash;
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use std::fmt;
use std::str::FromStr;

const ED25519: u8 = 1;
/// The longest note, in bytes.
pub const MAX_NOTE: usize = 1 << 20;
const MAX_SIGNATURES: usize = 100;

/// A public key with its name, written `name+hash+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    /// The key's name.
    pub name: String,
    /// The Ed25519 public key.
    pub key: [u8; 32],
}

/// A private key with its name.
#[derive(Clone)]
pub struct NoteSigner {
    name: String,
    key: SigningKey,
}

/// Bytes that are not a note or not a key, or lack a valid signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// The bytes are not in the form of a signed note.
    #[error("this is not a signed note: {0}")]
    Form(&'static str),
    /// The text is not in the form of a key.
    #[error("this is not a key: {0}")]
    Key(&'static str),
    /// The note has no signature by that key.
    #[error("it is not signed by {0}")]
    Unsigned(String),
    /// The signature does not verify.
    #[error("the signature by {0} is wrong")]
    Wrong(String),
}

/// A note: its text and signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<(String, Vec<u8>)>,
}

/// Returns `true` if the name may stand in a note; the same rule holds for origins.
fn is_name(name: &str) -> bool {
    crate::Genesis::origin_is_valid(name)
}

impl NoteSigner {
    /// Returns a signer with this name and seed; `None` if the name cannot stand in a note.
    #[must_use]
    pub fn new(name: &str, seed: [u8; 32]) -> Option<Self> {
        is_name(name).then(|| Self { name: name.to_owned(), key: SigningKey::from_bytes(&seed) })
    }

    /// Returns the public key.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier { name: self.name.clone(), key: self.key.verifying_key().to_bytes() }
    }

    /// Signs any bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// Returns the content of the key's file: `PRIVATE+KEY+name+hash+base64`.
    #[must_use]
    pub fn to_file(&self) -> String {
        let secret = [&[ED25519][..], self.key.as_bytes()].concat();
        format!(
            "PRIVATE+KEY+{}+{}+{}\n",
            self.name,
            HEXLOWER.encode(&key_hash(&self.name, ED25519, &self.verifier().key)),
            BASE64.encode(&secret)
        )
    }
}

impl FromStr for NoteSigner {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let rest = text
            .trim_end()
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(NoteError::Key("it does not begin with PRIVATE+KEY+"))?;
        let (name, hash, seed) = fields(rest)?;
        let signer = Self::new(name, seed).ok_or(NoteError::Key("its name is not allowed in a note"))?;
        if HEXLOWER.encode(&key_hash(name, ED25519, &signer.verifier().key)) == hash {
            Ok(signer)
        } else {
            Err(NoteError::Key("its hash is wrong"))
        }
    }
}

impl FromStr for Verifier {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (name, hash, key) = fields(text.trim_end())?;
        if !is_name(name) {
            return Err(NoteError::Key("its name is not allowed in a note"));
        }
        if HEXLOWER.encode(&key_hash(name, ED25519, &key)) == hash {
            Ok(Self { name: name.to_owned(), key })
        } else {
            Err(NoteError::Key("its hash is wrong"))
        }
    }
}

/// Reads `name+hash+base64`.
///
/// Returns the name, the hash, and the 32 bytes after the algorithm byte.
fn fields(text: &str) -> Result<(&str, &str, [u8; 32]), NoteError> {
    let mut parts = text.splitn(3, '+');
    let name = parts.next().unwrap_or_default();
    let hash = parts.next();
    let key = parts.next();
    let (Some(hash), Some(key)) = (hash, key) else {
        return Err(NoteError::Key("it must have the form name+hash+key"));
    };
    let bytes = BASE64.decode(key.as_bytes()).map_err(|_| NoteError::Key("its last part is not base64"))?;
    match bytes.split_first() {
        Some((&ED25519, rest)) => {
            Ok((name, hash, rest.try_into().map_err(|_| NoteError::Key("it is not 32 bytes long"))?))
        }
        _ => Err(NoteError::Key("it is not an Ed25519 key")),
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode(&[&[ED25519][..], &self.key].concat());
        write!(f, "{}+{}+{key}", self.name, HEXLOWER.encode(&key_hash(&self.name, ED25519, &self.key)))
    }
}

impl Verifier {
    /// Returns `true` if `signature` has 64 bytes and is this key's signature of `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(&self.key), signature.try_into()) else {
            return false;
        };
        key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl SignedNote {
    /// Signs a text, which must end in a newline.
    ///
    /// # Errors
    /// When the text cannot stand in a note.
    pub fn sign(text: &str, signers: &[&NoteSigner]) -> Result<Self, NoteError> {
        check_text(text)?;
        let line = |s: &&NoteSigner| {
            let hash = key_hash(&s.name, ED25519, &s.verifier().key);
            (s.name.clone(), [&hash[..], &s.sign(text.as_bytes())].concat())
        };
        Ok(Self { text: text.to_owned(), signatures: signers.iter().map(line).collect() })
    }

    /// Reads a note, without checking its signatures.
    ///
    /// # Errors
    /// When the bytes are not in the form of a signed note.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::Form("it is longer than 1 MiB"));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::Form("it is not UTF-8"))?;
        let at = whole.rfind("\n\n").ok_or(NoteError::Form("it has no blank line before its signatures"))?;
        let text = &whole[..=at];
        let lines = &whole[at + 2..];
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form("its last line does not end in a newline"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            let pair = line.strip_prefix("— ").and_then(|rest| rest.split_once(' '));
            let (name, signature) = pair.ok_or(NoteError::Form("a line after the blank line is not a signature"))?;
            let bytes =
                BASE64.decode(signature.as_bytes()).map_err(|_| NoteError::Form("a signature is not base64"))?;
            if !is_name(name) || bytes.len() < 5 || signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::Form(
                    "a signature is too short or has no valid name, or there are more than 100",
                ));
            }
            signatures.push((name.to_owned(), bytes));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Returns the text, which ends in a newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the signatures: the name of each, and its bytes after the name, with the key's hash.
    pub fn signatures(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.signatures.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// Returns the same note with signature lines after its own, without those that it has.
    ///
    /// # Errors
    /// When a line is not a signature, or there are too many.
    pub fn with_signatures(&self, lines: &str) -> Result<Self, NoteError> {
        let added = Self::parse(format!("{}\n{lines}", self.text).as_bytes())?;
        let mut all = self.clone();
        for signature in added.signatures {
            if !all.signatures.contains(&signature) {
                all.signatures.push(signature);
            }
        }
        if all.signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Form("there are more than 100 signatures"));
        }
        Ok(all)
    }

    /// Checks that this key signed the text.
    ///
    /// # Errors
    /// When there is no signature by the key, or one that does not verify.
    pub fn verify(&self, by: &Verifier) -> Result<(), NoteError> {
        let hash = key_hash(&by.name, ED25519, &by.key);
        let of_key = |(name, bytes): &&(String, Vec<u8>)| *name == by.name && bytes[..4] == hash;
        let mut own = self.signatures.iter().filter(of_key).peekable();
        if own.peek().is_none() {
            return Err(NoteError::Unsigned(by.name.clone()));
        }
        if own.all(|(_, bytes)| by.verifies(self.text.as_bytes(), &bytes[4..])) {
            Ok(())
        } else {
            Err(NoteError::Wrong(by.name.clone()))
        }
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Form("its text does not end in a newline"));
    }
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(NoteError::Form("its text contains a control character"));
    }
    Ok(())
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|(name, bytes)| writeln!(f, "— {name} {}", BASE64.encode(bytes)))
    }
}
