//! Cosignatures of witnesses (C2SP tlog-cosignature, version 1): signatures with a time by others
//! than the ledger's keeper.
//!
//! Turns witness keys into text and back, and checks the cosignatures of a note. Start with
//! [`WitnessKey::cosigned_at`].

use crate::hash::key_hash;
use crate::{NoteError, SignedNote, Verifier};
use data_encoding::{BASE64, HEXLOWER};
use std::fmt;
use std::str::FromStr;

/// Signature type of a timestamped Ed25519 cosignature.
const COSIGNATURE: u8 = 4;

/// Maximum number of lines of an answer that are looked at.
const MOST_LINES: usize = 16;

/// A public key of a witness with its name, written `name+hash+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    /// The witness's name in signature lines.
    pub name: String,
    /// The Ed25519 public key.
    pub key: [u8; 32],
}

impl WitnessKey {
    fn hash(&self) -> [u8; 4] {
        key_hash(&self.name, COSIGNATURE, &self.key)
    }

    /// Returns the time of this witness's cosignature of a note, in seconds since the Unix epoch;
    /// `None` if there is none, or if one is wrong.
    ///
    /// Of several valid ones, the earliest.
    #[must_use]
    pub fn cosigned_at(&self, note: &SignedNote) -> Option<u64> {
        let own = note.signatures().filter(|(name, bytes)| *name == self.name && bytes.starts_with(&self.hash()));
        let time = |bytes: &[u8]| {
            let (time, signature) = bytes.get(4..)?.split_first_chunk::<8>()?;
            let time = u64::from_be_bytes(*time);
            let message = Self::message(time, note.text());
            let verifier = Verifier { name: self.name.clone(), key: self.key };
            verifier.verifies(message.as_bytes(), signature).then_some(time)
        };
        own.map(|(_, bytes)| time(bytes)).collect::<Option<Vec<u64>>>()?.into_iter().min()
    }

    /// Returns a note with this witness's own cosignature from the lines of its answer; `None` if
    /// no line is one.
    ///
    /// Nothing else of the answer is taken: a witness must not spoil the signatures of others.
    #[must_use]
    pub fn accept(&self, note: &SignedNote, answer: &str) -> Option<SignedNote> {
        let with = |line: &str| note.with_signatures(&format!("{line}\n")).ok();
        answer.lines().take(MOST_LINES).filter_map(with).find(|with| self.cosigned_at(with).is_some())
    }

    /// Returns the message that a witness signs: its time, and the text of the checkpoint.
    #[must_use]
    pub fn message(time: u64, checkpoint: &str) -> String {
        format!("cosignature/v1\ntime {time}\n{checkpoint}")
    }
}

impl FromStr for WitnessKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim_end().splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key("it must have the form name+hash+key"));
        };
        let bytes = BASE64.decode(key.as_bytes()).map_err(|_| NoteError::Key("its last part is not base64"))?;
        let key = match bytes.split_first() {
            Some((&COSIGNATURE, key)) => key.try_into().map_err(|_| NoteError::Key("it is not 32 bytes long"))?,
            Some((&1, _)) => return Err(NoteError::Key("it is the key of a ledger, not of a witness")),
            _ => return Err(NoteError::Key("it is not an Ed25519 key of a witness")),
        };
        let found = Self { name: name.to_owned(), key };
        if !crate::Genesis::origin_is_valid(name) {
            return Err(NoteError::Key("its name is not allowed in a note"));
        }
        if HEXLOWER.encode(&found.hash()) == hash { Ok(found) } else { Err(NoteError::Key("its hash is wrong")) }
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode(&[&[COSIGNATURE][..], &self.key].concat());
        write!(f, "{}+{}+{key}", self.name, HEXLOWER.encode(&self.hash()))
    }
}

#[cfg(test)]
mod tests {
    use super::WitnessKey;
    use crate::{NoteSigner, SignedNote};
    use data_encoding::BASE64;

    /// Returns a witness, and the line of its cosignature.
    fn cosign(text: &str, time: u64) -> (WitnessKey, String) {
        let signer = NoteSigner::new("witness.example/w1", [9; 32]).expect("a name");
        let witness = WitnessKey { name: "witness.example/w1".to_owned(), key: signer.verifier().key };
        let signature = signer.sign(WitnessKey::message(time, text).as_bytes());
        let bytes = [&witness.hash()[..], &time.to_be_bytes(), &signature].concat();
        let line = format!("— {} {}\n", witness.name, BASE64.encode(&bytes));
        (witness, line)
    }

    #[test]
    fn a_cosignature_counts_for_its_text_and_its_time() {
        let text = "example.org/log\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
        let signer = NoteSigner::new("example.org/log", [5; 32]).expect("a name");
        let note = SignedNote::sign(text, &[&signer]).expect("signs");
        let (witness, line) = cosign(text, 1_700_000_000);
        assert_eq!(witness.cosigned_at(&note), None);
        let both = note.with_signatures(&line).expect("a line");
        assert_eq!(witness.cosigned_at(&both), Some(1_700_000_000));
        assert!(both.verify(&signer.verifier()).is_ok());
        let other = SignedNote::sign(&text.replace('3', "4"), &[&signer]).expect("signs");
        assert_eq!(witness.cosigned_at(&other.with_signatures(&line).expect("a line")), None);
        assert_eq!(witness.to_string().parse(), Ok(witness.clone()));
        assert!(signer.verifier().to_string().parse::<WitnessKey>().is_err());
        // One false cosignature under the name spoils the others.
        let (_, later) = cosign("another text\n", 1_700_000_001);
        assert_eq!(witness.cosigned_at(&both.with_signatures(&later).expect("a line")), None);
        assert!(note.with_signatures("no line\n").is_err());
        // Of an answer only the cosignature is taken.
        let spoiling = format!("— example.org/log {}\n", BASE64.encode(&[0; 68]));
        let taken = witness.accept(&note, &format!("{spoiling}{later}{line}{spoiling}")).expect("cosigned");
        assert_eq!(taken, both);
        assert_eq!(witness.accept(&note, &spoiling), None);
    }
}
