//! Checkpoints (C2SP tlog-checkpoint) and proof files (C2SP tlog-proof).
//!
//! Turns both into bytes and back; knows no store and no entries. Start with [`Checkpoint::open`].

use crate::{Hash, NoteError, NoteSigner, SignedNote, Verifier};
use data_encoding::BASE64;

/// A ledger's statement of its content: origin, number of entries and tree head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The origin.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// The tree head.
    pub root: Hash,
}

/// A checkpoint or proof that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The note that carries the checkpoint is invalid.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The lines of the checkpoint are invalid.
    #[error("this is not a checkpoint: {0}")]
    Form(&'static str),
    /// The lines of the proof are invalid.
    #[error("this is not a proof: {0}")]
    Proof(&'static str),
}

impl Checkpoint {
    /// Signs the checkpoint.
    ///
    /// # Errors
    /// When the origin cannot stand in a note.
    pub fn sign(&self, signers: &[&NoteSigner]) -> Result<SignedNote, NoteError> {
        SignedNote::sign(&self.text(), signers)
    }

    /// Returns the text that is signed, and stamped.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root.0))
    }

    /// Reads the text of a note, without checking its signatures.
    ///
    /// # Errors
    /// When the text is not in the form of a checkpoint.
    pub fn of(note: &SignedNote) -> Result<Self, CheckpointError> {
        let mut lines = note.text().split('\n');
        let origin = lines.next().unwrap_or_default();
        let size = lines.next();
        let root = lines.next();
        let (Some(size), Some(root)) = (size, root) else {
            return Err(CheckpointError::Form("it has fewer than three lines"));
        };
        if origin.is_empty() {
            return Err(CheckpointError::Form("its origin is empty"));
        }
        let size = decimal(size).ok_or(CheckpointError::Form("its second line is not a size"))?;
        let root = hash(root).ok_or(CheckpointError::Form("its third line is not a hash"))?;
        // Extension lines are not empty, and the text ends in a newline.
        let rest: Vec<&str> = lines.collect();
        match rest.split_last() {
            Some((&"", extensions)) if extensions.iter().all(|l| !l.is_empty()) => {
                Ok(Self { origin: origin.to_owned(), size, root })
            }
            _ => Err(CheckpointError::Form("it contains an empty line")),
        }
    }

    /// Reads a note and checks that `key` signed it and that the origin is the key's name.
    ///
    /// # Errors
    /// When the note is not a checkpoint signed by the key.
    pub fn open(bytes: &[u8], key: &Verifier) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(bytes)?;
        note.verify(key)?;
        let checkpoint = Self::of(&note)?;
        if checkpoint.origin == key.name {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Form("its origin is not the name of the key"))
        }
    }
}

/// Reads a number without a sign and without leading zeros.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn hash(text: &str) -> Option<Hash> {
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok().map(Hash)
}

/// A proof file (C2SP tlog-proof): proves that an entry stands at a position in the tree of a
/// checkpoint.
///
/// The proof does not cover `extra`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Additional data carried by the file.
    pub extra: Vec<u8>,
    /// Position of the entry.
    pub index: u64,
    /// The audit path.
    pub path: Vec<Hash>,
    /// The encoded checkpoint.
    pub checkpoint: Vec<u8>,
}

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// The longest audit path: that of a tree with 2^63 leaves.
const MAX_PATH: usize = 63;

impl TlogProof {
    /// Returns the content of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{HEADER}\n");
        if !self.extra.is_empty() {
            text.push_str(&format!("extra {}\n", BASE64.encode(&self.extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        self.path.iter().for_each(|h| text.push_str(&format!("{}\n", BASE64.encode(&h.0))));
        text.push('\n');
        [text.as_bytes(), &self.checkpoint].concat()
    }

    /// Reads a proof file, without checking the proof.
    ///
    /// # Errors
    /// When the bytes are not in the form of a proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let fail = CheckpointError::Proof;
        let end =
            bytes.windows(2).position(|w| w == b"\n\n").ok_or(fail("it has no blank line before its checkpoint"))?;
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| fail("it is not UTF-8"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(fail("its first line is not c2sp.org/tlog-proof@v1"));
        }
        let mut extra = Vec::new();
        if let Some(line) = lines.next_if(|l| l.starts_with("extra ")) {
            extra =
                BASE64.decode(&line.as_bytes()["extra ".len()..]).map_err(|_| fail("its extra data is not base64"))?;
        }
        let index =
            lines.next().and_then(|l| l.strip_prefix("index ")).and_then(decimal).ok_or(fail("it has no index"))?;
        let path: Option<Vec<Hash>> = lines.map(hash).collect();
        let path = path
            .filter(|p| p.len() <= MAX_PATH)
            .ok_or(fail("a line is not a hash, or there are more than 63 hashes"))?;
        Ok(Self { extra, index, path, checkpoint: bytes[end + 2..].to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::{Checkpoint, TlogProof};
    use crate::{Hash, NoteSigner, SignedNote};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn signer() -> NoteSigner {
        NoteSigner::new("example.org/log", [5; 32]).expect("a name")
    }

    #[test]
    fn a_checkpoint_is_what_was_signed_and_every_flipped_bit_is_not() {
        let checkpoint = Checkpoint { origin: "example.org/log".to_owned(), size: 385, root: Hash([9; 32]) };
        let bytes = checkpoint.sign(&[&signer()]).expect("signs").to_string().into_bytes();
        assert_eq!(Checkpoint::open(&bytes, &signer().verifier()), Ok(checkpoint));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(Checkpoint::open(&flipped, &signer().verifier()).is_err(), "bit {bit} of byte {at}");
            }
        }
        let other = NoteSigner::new("example.org/log", [6; 32]).expect("a name");
        assert!(Checkpoint::open(&bytes, &other.verifier()).is_err());
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let read = |root: &str| {
            let note = SignedNote::sign(&format!("example.org/log\n1\n{root}\n"), &[&signer()]).expect("signs");
            Checkpoint::of(&note).map(|c| c.root)
        };
        let zeros = "A".repeat(43);
        assert_eq!(read(&format!("{zeros}=")), Ok(Hash([0; 32])));
        // The last digit of 32 bytes carries two bits of padding.
        for other in [zeros.clone(), format!("{}B=", &zeros[1..]), format!("{zeros}==")] {
            assert!(read(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn keys_read_back_and_wrong_ones_do_not() {
        let key = signer();
        assert_eq!(key.to_file().parse::<NoteSigner>().map(|k| k.verifier()), Ok(key.verifier()));
        assert_eq!(key.verifier().to_string().parse(), Ok(key.verifier()));
        for wrong in ["", "a+b", "example.org/log+00000000+AQ==", "PRIVATE+KEY+x+y+z"] {
            assert!(wrong.parse::<NoteSigner>().is_err() && wrong.parse::<crate::Verifier>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_proof_reads_back() {
        for (extra, path) in [(vec![], vec![]), (b"an extra".to_vec(), vec![Hash([1; 32]), Hash([2; 32])])] {
            let proof = TlogProof { extra, index: 7, path, checkpoint: b"origin\n1\nx\n\n- s\n".to_vec() };
            assert_eq!(TlogProof::parse(&proof.to_bytes()), Ok(proof));
        }
        for wrong in [
            "",
            "c2sp.org/tlog-proof@v1\n\n",
            "c2sp.org/tlog-proof@v1\nindex 01\n\nx",
            "c2sp.org/tlog-proof@v2\nindex 1\n\nx",
        ] {
            assert!(TlogProof::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), head in 0..3_usize) {
            let head = ["", "c2sp.org/tlog-proof@v1\nindex 3\n\n", "origin\n5\n"][head];
            let bytes = [head.as_bytes(), &bytes].concat();
            drop(TlogProof::parse(&bytes));
            if let Ok(note) = SignedNote::parse(&bytes) {
                prop_assert_eq!(SignedNote::parse(note.to_string().as_bytes()), Ok(note.clone()));
                drop(Checkpoint::of(&note));
            }
        }
    }
}
