//! Which keys may sign: the one that the reader brings, and those that it handed over to. Never one that is found inside what is checked.

use crate::World;
use crate::error::{CommandError, INPUT, INTEGRITY, UNSIGNED, io};
use heldto_ledger::{KeyChange, Ledger};
use heldto_proof::{Checkpoint, Genesis, SignedNote, Verifier};
use heldto_store::Store;
use std::path::Path;

/// What a reader brings along to check by.
#[derive(Default)]
pub struct Trust {
    /// The key.
    pub key: Option<Verifier>,
    /// A checkpoint seen earlier, as its bytes.
    pub expected: Option<Vec<u8>>,
}

impl Trust {
    /// Reads the key (as text, or from a file) and the earlier checkpoint.
    pub fn new(world: &mut World<'_>, key: Option<&str>, expect: Option<&Path>) -> Result<Self, CommandError> {
        let key = key.map(|text| {
            let text = if text.contains('+') {
                text.to_owned()
            } else {
                std::fs::read_to_string(text).map_err(|e| io(&format!("reading the key {text}"), &e))?
            };
            text.parse::<Verifier>()
                .map_err(|e| CommandError::new(INPUT, e.to_string()).hint("a public key reads: origin+hash+base64"))
        });
        let expected = expect.map(|path| crate::ledger::bytes_of(world, path));
        Ok(Self { key: key.transpose()?, expected: expected.transpose()? })
    }

    /// Opens a checkpoint with the key as handed over by the changes of key before its size, all of which were verified. Without a key, reads it and says so by the second value.
    pub fn open(
        &self,
        bytes: &[u8],
        genesis: &Genesis,
        changes: &[(u64, KeyChange)],
    ) -> Result<(Checkpoint, bool), CommandError> {
        let broken = |e: &dyn std::fmt::Display| CommandError::new(INTEGRITY, format!("broken: the checkpoint: {e}"));
        let note = SignedNote::parse(bytes).map_err(|e| broken(&e))?;
        let checkpoint = Checkpoint::of(&note).map_err(|e| broken(&e))?;
        let Some(key) = &self.key else { return Ok((checkpoint, false)) };
        let before: Vec<_> = changes.iter().filter(|(index, _)| *index < checkpoint.size).cloned().collect();
        let signer = handed_over(key, genesis, changes, &before)?;
        note.verify(&signer).map_err(|e| {
            let code = if matches!(e, heldto_proof::NoteError::Unsigned(_)) { UNSIGNED } else { INTEGRITY };
            CommandError::new(code, format!("the checkpoint: {e}")).hint(format!("the key asked for is {key}"))
        })?;
        if checkpoint.origin != key.name {
            return Err(broken(&format!("it is of {}, and the key is of {}", checkpoint.origin, key.name)));
        }
        Ok((checkpoint, true))
    }

    /// Checks that a ledger holds all of the checkpoint seen earlier, unchanged. Says what was found.
    pub fn expect<S: Store>(&self, ledger: &Ledger<S>) -> Result<Option<String>, CommandError> {
        let Some(bytes) = &self.expected else { return Ok(None) };
        let changes = ledger.key_changes(ledger.head().size())?;
        let (seen, signed) = self.open(bytes, ledger.genesis(), &changes)?;
        let size = ledger.head().size();
        if seen.origin != ledger.genesis().origin {
            let message = format!(
                "broken: the checkpoint expected is of {}, and this ledger is {}",
                seen.origin,
                ledger.genesis().origin
            );
            return Err(CommandError::new(INTEGRITY, message));
        }
        if seen.size > size {
            let message = format!(
                "broken: the checkpoint expected has {} entries, and the ledger {size}: its end was cut off",
                seen.size
            );
            return Err(CommandError::new(INTEGRITY, message));
        }
        if ledger.root_at(seen.size)? != seen.root {
            let message = format!(
                "broken: its first {} entries are not those of the checkpoint expected: history was rewritten, or two were told",
                seen.size
            );
            return Err(CommandError::new(INTEGRITY, message).hint("keep both: together they prove it"));
        }
        let signature = if signed { "" } else { " (its signature was not checked: give --key)" };
        Ok(Some(format!("holds all {} entries of the checkpoint expected{signature}", seen.size)))
    }
}

/// The key that signs after the changes of key `before` a checkpoint, if the reader's key is the first or one that it was handed over to by any of `all`.
/// Each change is signed by the key before and by the new one: the ledger's verification checks that.
fn handed_over(
    key: &Verifier,
    genesis: &Genesis,
    all: &[(u64, KeyChange)],
    before: &[(u64, KeyChange)],
) -> Result<Verifier, CommandError> {
    let known = genesis.key == key.key || all.iter().any(|(_, change)| change.key == key.key);
    if !known || genesis.origin != key.name {
        let message = format!("this is the ledger {}, whose keys do not include the one asked for", genesis.origin);
        return Err(CommandError::new(UNSIGNED, message).hint(format!("the key asked for is {key}")));
    }
    Ok(current(genesis, before))
}

/// The key that the ledger itself says signs now.
pub fn current(genesis: &Genesis, changes: &[(u64, KeyChange)]) -> Verifier {
    let key = changes.last().map_or(genesis.key, |(_, change)| change.key);
    Verifier { name: genesis.origin.clone(), key }
}
