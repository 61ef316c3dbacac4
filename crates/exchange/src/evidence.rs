//! Evidence of what a host or a keeper did, for a third person to check: two signed checkpoints
//! that no one log can have, an older ledger served again, or a part that was not given.
//!
//! Contains no parts, so nothing that was erased or withheld. Start at [`MirrorEvidence::check`].

use data_encoding::BASE64;
use heldto_proof::{
    Checkpoint, Entry, Hash, NodeReader, SignedNote, Verifier, leaf_hash, verify_consistency, verify_inclusion,
};
use serde_json::{Value, json};

/// Proof or testimony of a mirror about the ledger that it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MirrorEvidence {
    /// Two checkpoints of which the longer log does not begin with the shorter one.
    Fork {
        /// The shorter checkpoint, as a signed note; of equal ones, the one seen first.
        shorter: String,
        /// The longer checkpoint, as a signed note.
        longer: String,
        /// Tree head over the beginning of the longer log, as long as the shorter one.
        root: Hash,
        /// Proof that the longer log has that beginning (RFC 6962).
        path: Vec<Hash>,
    },
    /// A checkpoint that was served after a longer one of the same log.
    Older {
        /// The longer checkpoint, seen first.
        seen: String,
        /// The shorter checkpoint, served later.
        served: String,
    },
    /// A part that was not given, and for which no record in the log accounts.
    PartMissing {
        /// The checkpoint under which the part was missing.
        checkpoint: String,
        /// Index of the entry.
        index: u64,
        /// Bytes of the entry.
        entry: Vec<u8>,
        /// Audit path of the entry.
        path: Vec<Hash>,
        /// Number of the part, from 0.
        part: u16,
    },
}

/// Evidence that does not show what it says.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoEvidence(pub String);

/// First bytes of a file of evidence.
pub const BEGIN: &[u8] = b"{\"heldto\":\"evidence\"";

impl MirrorEvidence {
    /// Returns the evidence that the log of the checkpoint `longer`, whose hashes `reader` gives,
    /// does not begin as `shorter` says.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn fork<R: NodeReader>(
        reader: &mut R,
        (longer, of_longer): (&SignedNote, &Checkpoint),
        (shorter, of_shorter): (&SignedNote, &Checkpoint),
    ) -> Result<Self, R::Error> {
        let path = heldto_proof::consistency(of_shorter.size, of_longer.size, reader)?;
        let root = heldto_proof::root_at(of_shorter.size, reader)?;
        Ok(Self::Fork { shorter: shorter.to_string(), longer: longer.to_string(), root, path })
    }

    /// Returns the evidence that a part of an entry was missing under a checkpoint, whose hashes
    /// `reader` gives.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn part_missing<R: NodeReader>(
        reader: &mut R,
        (note, checkpoint): (&SignedNote, &Checkpoint),
        (index, entry): (u64, Vec<u8>),
        part: u16,
    ) -> Result<Self, R::Error> {
        let path = heldto_proof::inclusion(index, checkpoint.size, reader)?;
        Ok(Self::PartMissing { checkpoint: note.to_string(), index, entry, path, part })
    }

    /// Returns the word for the kind of evidence.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Fork { .. } => "fork",
            Self::Older { .. } => "older",
            Self::PartMissing { .. } => "part-missing",
        }
    }

    /// Returns the text of a file; `found` is the day, and `source` the place, of the finding.
    #[must_use]
    pub fn to_text(&self, found: &str, source: &str) -> String {
        let source: String = source.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
        let hashes = |path: &[Hash]| path.iter().map(Hash::base64).collect::<Vec<_>>();
        let mut value =
            json!({ "heldto": "evidence", "version": 1, "what": self.what(), "found": found, "source": source });
        let own = match self {
            Self::Fork { shorter, longer, root, path } => {
                json!({ "shorter": shorter, "longer": longer, "root": root.base64(), "path": hashes(path) })
            }
            Self::Older { seen, served } => json!({ "seen": seen, "served": served }),
            Self::PartMissing { checkpoint, index, entry, path, part } => json!({
                "checkpoint": checkpoint,
                "index": index,
                "entry": BASE64.encode(entry),
                "path": hashes(path),
                "part": part,
            }),
        };
        if let (Some(value), Value::Object(own)) = (value.as_object_mut(), own) {
            value.extend(own);
        }
        format!("{value}\n")
    }

    /// Reads a file, with the day and the place of the finding, without checking it.
    ///
    /// # Errors
    /// If the bytes are no file of evidence.
    pub fn parse(bytes: &[u8]) -> Result<(Self, String, String), NoEvidence> {
        let no = |why: &str| NoEvidence(format!("this is no evidence: {why}"));
        let text = std::str::from_utf8(bytes).map_err(|_| no("it is not text"))?;
        let value = heldto_intake::strict_json(text).map_err(|error| no(&format!("it is not JSON: {error}")))?;
        if value["heldto"] != "evidence" || value["version"] != 1 {
            return Err(no("it is of another kind or version"));
        }
        let field =
            |key: &str| value[key].as_str().map(str::to_owned).ok_or_else(|| no(&format!("`{key}` is missing")));
        let path = || -> Option<Vec<Hash>> { value["path"].as_array()?.iter().map(hash).collect() };
        let path = || path().ok_or_else(|| no("`path` is missing"));
        let evidence = match value["what"].as_str() {
            Some("fork") => Self::Fork {
                shorter: field("shorter")?,
                longer: field("longer")?,
                root: hash(&value["root"]).ok_or_else(|| no("`root` is missing"))?,
                path: path()?,
            },
            Some("older") => Self::Older { seen: field("seen")?, served: field("served")? },
            Some("part-missing") => Self::PartMissing {
                checkpoint: field("checkpoint")?,
                index: value["index"].as_u64().ok_or_else(|| no("`index` is missing"))?,
                entry: BASE64.decode(field("entry")?.as_bytes()).map_err(|_| no("`entry` is not base64"))?,
                path: path()?,
                part: value["part"]
                    .as_u64()
                    .and_then(|n| u16::try_from(n).ok())
                    .ok_or_else(|| no("`part` is missing"))?,
            },
            _ => return Err(no("it says nothing that this program knows")),
        };
        let (found, source) = (field("found")?, field("source")?);
        let is_day = found.len() == 10 && found.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !is_day || !source.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err(no("its day or its place is not in the right form"));
        }
        Ok((evidence, found, source))
    }

    /// Checks what the evidence shows, and returns it in a sentence.
    ///
    /// One of the keys must have signed each checkpoint in the evidence; without any, the
    /// signatures are not checked, and the evidence accuses nobody.
    ///
    /// # Errors
    /// If the evidence does not show what it says.
    pub fn check(&self, keys: &[Verifier]) -> Result<String, NoEvidence> {
        let open = |text: &str| -> Result<Checkpoint, NoEvidence> {
            let note = SignedNote::parse(text.as_bytes()).map_err(|error| NoEvidence(error.to_string()))?;
            let checkpoint = Checkpoint::of(&note).map_err(|error| NoEvidence(error.to_string()))?;
            let is_signed = keys.iter().any(|key| note.verify(key).is_ok());
            if is_signed || keys.is_empty() {
                return Ok(checkpoint);
            }
            Err(NoEvidence(format!("the checkpoint of size {} is not signed by a key you gave", checkpoint.size)))
        };
        let no = |why: &str| Err(NoEvidence(why.to_owned()));
        match self {
            Self::Fork { shorter, longer, root, path } => {
                let (shorter, longer) = (open(shorter)?, open(longer)?);
                if shorter.origin != longer.origin || shorter.size > longer.size {
                    return no("the two checkpoints are of different ledgers, or in the wrong order");
                }
                if *root == shorter.root {
                    return no("the longer log begins with the shorter one: this shows no fork");
                }
                let is_same = shorter.size == longer.size;
                let is_beginning = if is_same {
                    *root == longer.root
                } else {
                    verify_consistency((shorter.size, root), (longer.size, &longer.root), path).is_ok()
                };
                if !is_beginning {
                    return no("the proof of the longer log's beginning is wrong: this shows no fork");
                }
                Ok(format!(
                    "two histories of {}: the first {} entries of the checkpoint of size {} are not those of the \
                     checkpoint of size {}. No honest ledger has both",
                    longer.origin, shorter.size, longer.size, shorter.size
                ))
            }
            Self::Older { seen, served } => {
                let (seen, served) = (open(seen)?, open(served)?);
                if seen.origin != served.origin || served.size >= seen.size {
                    return no("the checkpoint that was served is not older: this shows nothing");
                }
                Ok(format!(
                    "{} had {} entries, and was shown with {} later, as the mirror says. A host's old copy does that \
                     too: it shows that the end was not given, not that it is gone",
                    seen.origin, seen.size, served.size
                ))
            }
            Self::PartMissing { checkpoint, index, entry, path, part } => {
                let checkpoint = open(checkpoint)?;
                verify_inclusion(&leaf_hash(entry), *index, checkpoint.size, path, &checkpoint.root)
                    .map_err(|_| NoEvidence("the entry is not in the log of the checkpoint".to_owned()))?;
                let decoded = Entry::decode(entry).map_err(|error| NoEvidence(error.to_string()))?;
                let Some(reference) = decoded.parts.get(usize::from(*part)) else {
                    return no("the entry has no part of that number");
                };
                Ok(format!(
                    "entry {index} of {} has a part {part} ({}), and the copy of size {} did not give it, as the mirror \
                     says. Without a redaction or a withholding that names it, that copy is broken",
                    checkpoint.origin, reference.role, checkpoint.size
                ))
            }
        }
    }
}

fn hash(value: &Value) -> Option<Hash> {
    BASE64.decode(value.as_str()?.as_bytes()).ok()?.try_into().ok().map(Hash)
}

#[cfg(test)]
mod tests {
    use super::MirrorEvidence;
    use crate::testing::{ledger, signer};
    use heldto_proof::{Checkpoint, Hash, Leaves, SignedNote};
    use heldto_store::Log;

    fn checkpoint(size: u64, root: Hash) -> (SignedNote, Checkpoint) {
        let checkpoint = Checkpoint { origin: "example.org/test".to_owned(), size, root };
        (checkpoint.sign(&[&signer(1)]).expect("signs"), checkpoint)
    }

    #[test]
    fn a_fork_is_shown_and_an_honest_ledger_is_not_accused() {
        let ledger = ledger();
        let size = ledger.head().size();
        let (longer, of_longer) = checkpoint(size, ledger.root_at(size).expect("reads"));
        let leaves = ledger.leaves(size).expect("reads");
        for shorter_size in 1..=size {
            let (shorter, of_shorter) = checkpoint(shorter_size, Hash([7; 32]));
            let fork = MirrorEvidence::fork(&mut Leaves(&leaves), (&longer, &of_longer), (&shorter, &of_shorter))
                .expect("reads");
            let text = fork.to_text("2026-11-22", "pub");
            let (read, found, source) = MirrorEvidence::parse(text.as_bytes()).expect("reads");
            assert_eq!((&read, found.as_str(), source.as_str()), (&fork, "2026-11-22", "pub"));
            assert!(read.check(&[signer(1).verifier()]).is_ok(), "{shorter_size} of {size}");
            assert!(read.check(&[signer(2).verifier()]).is_err());
            let (honest, of_honest) = checkpoint(shorter_size, ledger.root_at(shorter_size).expect("reads"));
            let none = MirrorEvidence::fork(&mut Leaves(&leaves), (&longer, &of_longer), (&honest, &of_honest))
                .expect("reads");
            assert!(none.check(&[]).is_err());
            // Nobody is accused by a root made up.
            if let MirrorEvidence::Fork { shorter, longer, path, .. } = none {
                assert!(MirrorEvidence::Fork { shorter, longer, path, root: Hash([9; 32]) }.check(&[]).is_err());
            }
        }
    }

    #[test]
    fn a_missing_part_is_shown_by_its_entry() {
        let ledger = ledger();
        let size = ledger.head().size();
        let (note, checkpoint) = checkpoint(size, ledger.root_at(size).expect("reads"));
        let leaves = ledger.leaves(size).expect("reads");
        let entry = ledger.store().entry(1).expect("reads").entry;
        let missing = |part| {
            let of = (1, entry.clone());
            MirrorEvidence::part_missing(&mut Leaves(&leaves), (&note, &checkpoint), of, part).expect("reads")
        };
        assert!(missing(0).check(&[]).is_ok());
        assert!(missing(1).check(&[]).is_err(), "there is no such part");
        let MirrorEvidence::PartMissing { entry, path, part, checkpoint, .. } = missing(0) else {
            panic!("of that kind")
        };
        assert!(MirrorEvidence::PartMissing { index: 2, entry, path, part, checkpoint }.check(&[]).is_err());
    }

    #[test]
    fn an_older_ledger_is_shown_and_a_newer_one_is_not() {
        let (seen, served) = (checkpoint(4, Hash([1; 32])).0.to_string(), checkpoint(2, Hash([2; 32])).0.to_string());
        assert!(MirrorEvidence::Older { seen: seen.clone(), served: served.clone() }.check(&[]).is_ok());
        assert!(MirrorEvidence::Older { seen: served, served: seen }.check(&[]).is_err());
    }
}
