//! The reader's trust anchors: a public key and an earlier checkpoint, brought from elsewhere, and
//! the checks of a ledger's checkpoints against them.
//!
//! A key found inside the checked ledger counts only if signed key changes link it to the reader's
//! key. Knows no disk. Start at [`Trust`].

use heldto_ledger::{KeyChange, Ledger};
use heldto_proof::{Checkpoint, Genesis, NoteError, Policy, SignedNote, Verifier, Witnessed};
use heldto_store::{Log, StoreError};

/// The reader's trust anchors.
#[derive(Debug, Default)]
pub struct Trust {
    /// The reader's public key.
    pub key: Option<Verifier>,
    /// The bytes of a checkpoint seen earlier.
    pub expected: Option<Vec<u8>>,
    /// The witnesses that must have cosigned.
    pub policy: Option<Policy>,
}

/// The reason why a checkpoint is not trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The bytes of the reader's checkpoint are no checkpoint: nothing is known of the ledger.
    #[error("the checkpoint you gave: {0}")]
    NotExpected(String),
    /// The bytes are no checkpoint.
    #[error("{what}: {why}")]
    NotACheckpoint {
        /// The checkpoint, in words.
        what: String,
        /// The reason.
        why: String,
    },
    /// The checkpoint is of another ledger.
    #[error("{what} belongs to {of}, but this ledger is {origin}")]
    OtherLedger {
        /// The checkpoint, in words.
        what: String,
        /// Origin of the checkpoint.
        of: String,
        /// Origin of the ledger.
        origin: String,
    },
    /// The ledger is shorter than the checkpoint.
    #[error("{what} has size {seen}, but the ledger has size {size}: the end of the ledger was cut off")]
    CutOff {
        /// The checkpoint, in words.
        what: String,
        /// Size of the checkpoint.
        seen: u64,
        /// Size of the ledger.
        size: u64,
    },
    /// The ledger does not begin with the entries of the checkpoint.
    #[error(
        "{what} does not match this ledger at size {size}: the log was rewritten, or two versions of it were published"
    )]
    Rewritten {
        /// The checkpoint, in words.
        what: String,
        /// Size of the checkpoint.
        size: u64,
    },
    /// The reader's key is none of the ledger's.
    #[error("this is the ledger {origin}, and the key you gave is not one of its keys")]
    ForeignKey {
        /// Origin of the ledger.
        origin: String,
        /// The reader's key.
        key: Box<Verifier>,
    },
    /// The key in force did not sign the checkpoint, or not these bytes.
    #[error("the checkpoint of size {size}: {error}")]
    Signature {
        /// Size of the checkpoint.
        size: u64,
        /// The reason.
        error: NoteError,
        /// The reader's key.
        key: Box<Verifier>,
    },
    /// Fewer witnesses cosigned the checkpoint than the policy asks for.
    #[error("{}", few(by, *needed))]
    Quorum {
        /// Names of the witnesses that cosigned.
        by: Vec<String>,
        /// Number that must have, and the number of all, if the quorum is one group.
        needed: Option<(usize, usize)>,
    },
    /// The store does not read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn few(by: &[String], needed: Option<(usize, usize)>) -> String {
    let cosigned = match by {
        [] => "no witness of the policy cosigned it".to_owned(),
        [one] => format!("only one witness of the policy cosigned it: {one}"),
        several => format!("only {} witnesses of the policy cosigned it: {}", several.len(), several.join(", ")),
    };
    match needed {
        Some((1, 1)) | None => cosigned,
        Some((least, all)) => format!("{cosigned}; {least} of {all} must have"),
    }
}

impl Trust {
    /// Checks that the reader's key is one of the ledger's, and that the key in force at the
    /// checkpoint's size signed the checkpoint.
    ///
    /// Without a key nothing is checked, and the key that should have signed is returned. The
    /// caller must first compare the checkpoint's size and root with the ledger.
    ///
    /// # Errors
    /// If the key is none of this ledger's, or if the signature is missing or wrong.
    pub fn signature(
        &self,
        note: &SignedNote,
        checkpoint: &Checkpoint,
        genesis: &Genesis,
        changes: &[(u64, KeyChange)],
    ) -> Result<Signature, TrustError> {
        let before: Vec<_> = changes.iter().filter(|(index, _)| *index < checkpoint.size).cloned().collect();
        let signer = current_key(genesis, &before);
        let witnessed = self.policy.as_ref().map(|policy| policy.check(note));
        let Some(key) = &self.key else {
            return Ok(Signature { by: signer, is_checked: false, since: None, witnessed });
        };
        handed_over(key, genesis, changes)?;
        note.verify(&signer).map_err(|error| TrustError::Signature {
            size: checkpoint.size,
            error,
            key: Box::new(key.clone()),
        })?;
        // Earlier keys sign beside the one in force; none of their signatures may be wrong.
        for earlier in std::iter::once(genesis.key).chain(before.iter().map(|(_, change)| change.key)) {
            let earlier = Verifier { name: genesis.origin.clone(), key: earlier };
            if let Err(error @ NoteError::Wrong(_)) = note.verify(&earlier) {
                let key = Box::new(key.clone());
                return Err(TrustError::Signature { size: checkpoint.size, error, key });
            }
        }
        // The reader's key may be earlier or later in the sequence of keys than the signer's.
        let is_earlier = genesis.key == key.key || before.iter().any(|(_, change)| change.key == key.key);
        let since = before.last().map(|(index, _)| *index).filter(|_| signer.key != key.key && is_earlier);
        Ok(Signature { by: signer, is_checked: true, since, witnessed })
    }

    /// Checks that the witnesses of the reader's policy cosigned, if there is one.
    ///
    /// # Errors
    /// If too few did.
    pub fn quorum(&self, signature: &Signature) -> Result<(), TrustError> {
        match &signature.witnessed {
            Some(witnessed) if !witnessed.is_quorum => Err(TrustError::Quorum {
                by: witnessed.by.iter().map(|(name, _)| name.clone()).collect(),
                needed: self.policy.as_ref().and_then(Policy::quorum),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the checkpoint seen earlier, after checking that it is a prefix of this ledger.
    ///
    /// Its signature is for [`Self::signature`] to check.
    ///
    /// # Errors
    /// If the ledger contradicts the checkpoint.
    pub fn expect<S: Log>(&self, ledger: &Ledger<S>) -> Result<Option<(SignedNote, Checkpoint)>, TrustError> {
        let Some((note, seen)) = self.expected()? else { return Ok(None) };
        is_beginning(&seen, ledger, "the checkpoint you gave")?;
        Ok(Some((note, seen)))
    }

    /// Parses the checkpoint seen earlier.
    ///
    /// # Errors
    /// If it is no checkpoint: an input error, because the reader's file says nothing about the
    /// ledger.
    pub fn expected(&self) -> Result<Option<(SignedNote, Checkpoint)>, TrustError> {
        let parse = |bytes: &Vec<u8>| parse(bytes).map_err(TrustError::NotExpected);
        self.expected.as_ref().map(parse).transpose()
    }
}

/// The signer of a checkpoint, and the result of the check.
#[derive(Debug)]
pub struct Signature {
    /// The key in force at the checkpoint's size, according to the ledger.
    pub by: Verifier,
    /// `true` if the signature was checked with a key that the reader brought.
    pub is_checked: bool,
    /// Entry of the last key change before the checkpoint, if the reader's key is older than `by`.
    pub since: Option<u64>,
    /// The cosignatures under the reader's policy; `None` without one.
    pub witnessed: Option<Witnessed>,
}

/// Parses a checkpoint; `what` names it in messages.
///
/// # Errors
/// If it is no checkpoint.
pub fn read_checkpoint(bytes: &[u8], what: &str) -> Result<(SignedNote, Checkpoint), TrustError> {
    parse(bytes).map_err(|why| TrustError::NotACheckpoint { what: what.to_owned(), why })
}

fn parse(bytes: &[u8]) -> Result<(SignedNote, Checkpoint), String> {
    let note = SignedNote::parse(bytes).map_err(|e| e.to_string())?;
    let checkpoint = Checkpoint::of(&note).map_err(|e| e.to_string())?;
    Ok((note, checkpoint))
}

/// Checks that a ledger begins with exactly the entries of a checkpoint.
///
/// # Errors
/// If origin, size or root contradict it.
pub fn is_beginning<S: Log>(seen: &Checkpoint, ledger: &Ledger<S>, what: &str) -> Result<(), TrustError> {
    let size = ledger.head().size();
    let origin = &ledger.genesis().origin;
    let what = what.to_owned();
    if seen.origin != *origin {
        return Err(TrustError::OtherLedger { what, of: seen.origin.clone(), origin: origin.clone() });
    }
    if seen.size > size {
        return Err(TrustError::CutOff { what, seen: seen.size, size });
    }
    if ledger.root_at(seen.size)? != seen.root {
        return Err(TrustError::Rewritten { what, size: seen.size });
    }
    Ok(())
}

/// Checks that the reader's key is the ledger's first key or one introduced by a key change.
///
/// Verification of the ledger checks that the old and the new key both signed each change.
fn handed_over(key: &Verifier, genesis: &Genesis, all: &[(u64, KeyChange)]) -> Result<(), TrustError> {
    let known = genesis.key == key.key || all.iter().any(|(_, change)| change.key == key.key);
    if known && genesis.origin == key.name {
        return Ok(());
    }
    Err(TrustError::ForeignKey { origin: genesis.origin.clone(), key: Box::new(key.clone()) })
}

/// Returns the key in force after these changes, according to the ledger.
#[must_use]
pub fn current_key(genesis: &Genesis, changes: &[(u64, KeyChange)]) -> Verifier {
    let key = changes.last().map_or(genesis.key, |(_, change)| change.key);
    Verifier { name: genesis.origin.clone(), key }
}

#[cfg(test)]
mod tests {
    use super::{Trust, TrustError, current_key};
    use crate::testing::{ledger, signer};
    use heldto_proof::{Checkpoint, Hash};

    fn checkpoint(size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: "example.org/test".to_owned(), size, root }
    }

    fn expecting(checkpoint: &Checkpoint) -> Trust {
        let note = checkpoint.sign(&[&signer(1)]).expect("signs");
        Trust { key: None, expected: Some(note.to_string().into_bytes()), policy: None }
    }

    #[test]
    fn a_checkpoint_is_of_the_beginning_of_this_ledger() {
        let ledger = ledger();
        for size in 0..=ledger.head().size() {
            let seen = checkpoint(size, ledger.root_at(size).expect("reads"));
            assert!(expecting(&seen).expect(&ledger).is_ok(), "size {size}");
        }
    }

    #[test]
    fn each_contradiction_is_told_apart() {
        let ledger = ledger();
        let size = ledger.head().size();
        let root = ledger.root_at(size).expect("reads");
        let error = |seen: &Checkpoint| expecting(seen).expect(&ledger).expect_err("contradicts");
        assert!(matches!(error(&checkpoint(size + 1, root)), TrustError::CutOff { .. }));
        assert!(matches!(error(&checkpoint(size - 1, root)), TrustError::Rewritten { .. }));
        let other = Checkpoint { origin: "example.org/other".to_owned(), ..checkpoint(size, root) };
        let note = other.sign(&[&heldto_proof::NoteSigner::new("example.org/other", [1; 32]).expect("a name")]);
        let trust = Trust { key: None, expected: Some(note.expect("signs").to_string().into_bytes()), policy: None };
        assert!(matches!(trust.expect(&ledger), Err(TrustError::OtherLedger { .. })));
        let trust = Trust { key: None, expected: Some(b"no note".to_vec()), policy: None };
        assert!(matches!(trust.expect(&ledger), Err(TrustError::NotExpected(_))));
    }

    #[test]
    fn only_the_key_in_force_signs_and_only_a_key_of_the_ledger_is_taken() {
        let ledger = ledger();
        let size = ledger.head().size();
        let genesis = ledger.genesis();
        let seen = checkpoint(size, ledger.root_at(size).expect("reads"));
        let note = seen.sign(&[&signer(1)]).expect("signs");
        let trusting = |seed| Trust { key: Some(signer(seed).verifier()), expected: None, policy: None };
        let changes = ledger.key_changes(size).expect("reads");
        assert_eq!(current_key(genesis, &changes), signer(1).verifier());
        assert!(trusting(1).signature(&note, &seen, genesis, &changes).expect("signed").is_checked);
        let foreign = trusting(2).signature(&note, &seen, genesis, &changes);
        assert!(matches!(foreign, Err(TrustError::ForeignKey { .. })));
        let unsigned = seen.sign(&[&signer(3)]).expect("signs");
        let missing = trusting(1).signature(&unsigned, &seen, genesis, &changes);
        assert!(matches!(missing, Err(TrustError::Signature { .. })));
        let unchecked = Trust::default().signature(&unsigned, &seen, genesis, &changes).expect("not checked");
        assert!(!unchecked.is_checked && unchecked.by == signer(1).verifier());
    }
}
