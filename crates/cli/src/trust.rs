//! The reader's trust anchors: a public key and an earlier checkpoint, brought from elsewhere, and
//! the checks of a ledger's checkpoints against them. A key found inside the checked ledger counts
//! only if signed key changes link it to the reader's key. Start at [`Trust`].

use crate::Env;
use crate::error::{CommandError, INPUT, INTEGRITY, UNSIGNED, io};
use heldto_ledger::{KeyChange, Ledger};
use heldto_proof::{Checkpoint, Genesis, SignedNote, Verifier};
use heldto_store::Store;
use std::path::Path;

/// The reader's trust anchors.
#[derive(Default)]
pub struct Trust {
    /// The reader's public key.
    pub key: Option<Verifier>,
    /// The bytes of a checkpoint seen earlier.
    pub expected: Option<Vec<u8>>,
}

impl Trust {
    /// Reads the key (as text, or from a file) and the earlier checkpoint.
    pub fn new(env: &mut Env<'_>, key: Option<&str>, expect: Option<&Path>) -> Result<Self, CommandError> {
        let key = key.map(|text| {
            let text = if text.contains('+') {
                text.to_owned()
            } else {
                std::fs::read_to_string(text).map_err(|e| io(&format!("cannot read the key {text}"), &e))?
            };
            text.parse::<Verifier>().map_err(|e| {
                CommandError::new(INPUT, e.to_string()).hint("a public key has the form origin+hash+base64")
            })
        });
        let expected = expect.map(|path| crate::ledger::bytes_of(env, path));
        Ok(Self { key: key.transpose()?, expected: expected.transpose()? })
    }

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
    ) -> Result<Signature, CommandError> {
        let before: Vec<_> = changes.iter().filter(|(index, _)| *index < checkpoint.size).cloned().collect();
        let signer = current(genesis, &before);
        let Some(key) = &self.key else { return Ok(Signature { by: signer, is_checked: false, since: None }) };
        handed_over(key, genesis, changes)?;
        note.verify(&signer).map_err(|e| {
            let exit_code = if matches!(e, heldto_proof::NoteError::Unsigned(_)) { UNSIGNED } else { INTEGRITY };
            CommandError::new(exit_code, format!("the checkpoint of size {}: {e}", checkpoint.size))
                .hint(format!("the key you gave is {key}"))
        })?;
        // The reader's key may be earlier or later in the sequence of keys than the signer's.
        let is_earlier = genesis.key == key.key || before.iter().any(|(_, change)| change.key == key.key);
        let since = before.last().map(|(index, _)| *index).filter(|_| signer.key != key.key && is_earlier);
        Ok(Signature { by: signer, is_checked: true, since })
    }

    /// Returns the checkpoint seen earlier, after checking that it is a prefix of this ledger.
    ///
    /// Its signature is for [`Self::signature`] to check.
    ///
    /// # Errors
    /// If the ledger contradicts the checkpoint.
    pub fn expect<S: Store>(&self, ledger: &Ledger<S>) -> Result<Option<(SignedNote, Checkpoint)>, CommandError> {
        let Some((note, seen)) = self.expected()? else { return Ok(None) };
        is_beginning(&seen, ledger, "the checkpoint you gave")?;
        Ok(Some((note, seen)))
    }
}

impl Trust {
    /// Parses the checkpoint seen earlier.
    ///
    /// # Errors
    /// If it is no checkpoint: an input error, because the reader's file says nothing about the
    /// ledger.
    pub fn expected(&self) -> Result<Option<(SignedNote, Checkpoint)>, CommandError> {
        let read = |bytes: &Vec<u8>| {
            read(bytes, "the checkpoint you gave").map_err(|error| {
                CommandError::new(INPUT, error.message.trim_start_matches("broken: "))
                    .hint("give the file `checkpoint` of a published folder, or the output of heldto checkpoint")
            })
        };
        self.expected.as_ref().map(read).transpose()
    }
}

/// The signer of a checkpoint, and the result of the check.
pub struct Signature {
    /// The key in force at the checkpoint's size, according to the ledger.
    pub by: Verifier,
    /// `true` if the signature was checked with a key that the reader brought.
    pub is_checked: bool,
    /// Entry of the last key change before the checkpoint, if the reader's key is older than `by`.
    pub since: Option<u64>,
}

/// Parses a checkpoint; `what` names it in messages.
///
/// # Errors
/// If it is no checkpoint.
pub fn read(bytes: &[u8], what: &str) -> Result<(SignedNote, Checkpoint), CommandError> {
    let broken = |e: &dyn std::fmt::Display| CommandError::new(INTEGRITY, format!("broken: {what}: {e}"));
    let note = SignedNote::parse(bytes).map_err(|e| broken(&e))?;
    let checkpoint = Checkpoint::of(&note).map_err(|e| broken(&e))?;
    Ok((note, checkpoint))
}

/// Checks that a ledger begins with exactly the entries of a checkpoint.
///
/// # Errors
/// If origin, size or root contradict it.
pub fn is_beginning<S: Store>(seen: &Checkpoint, ledger: &Ledger<S>, what: &str) -> Result<(), CommandError> {
    let (size, origin) = (ledger.head().size(), &ledger.genesis().origin);
    let broken = |why: String| CommandError::new(INTEGRITY, format!("broken: {what} {why}"));
    if seen.origin != *origin {
        return Err(broken(format!("belongs to {}, but this ledger is {origin}", seen.origin)));
    }
    if seen.size > size {
        return Err(broken(format!(
            "has size {}, but the ledger has size {size}: the end of the ledger was cut off",
            seen.size
        )));
    }
    if ledger.root_at(seen.size)? != seen.root {
        let why = format!(
            "does not match this ledger at size {}: the log was rewritten, or two versions of it were published",
            seen.size
        );
        return Err(broken(why).hint("keep both: together they are the proof"));
    }
    Ok(())
}

/// Checks that the reader's key is the ledger's first key or one introduced by a key change.
///
/// Verification of the ledger checks that the old and the new key both signed each change.
fn handed_over(key: &Verifier, genesis: &Genesis, all: &[(u64, KeyChange)]) -> Result<(), CommandError> {
    let known = genesis.key == key.key || all.iter().any(|(_, change)| change.key == key.key);
    if known && genesis.origin == key.name {
        return Ok(());
    }
    let message = format!("this is the ledger {}, and the key you gave is not one of its keys", genesis.origin);
    Err(CommandError::new(UNSIGNED, message).hint(format!("the key you gave is {key}")))
}

/// Returns the key in force after these changes, according to the ledger.
pub fn current(genesis: &Genesis, changes: &[(u64, KeyChange)]) -> Verifier {
    let key = changes.last().map_or(genesis.key, |(_, change)| change.key);
    Verifier { name: genesis.origin.clone(), key }
}
