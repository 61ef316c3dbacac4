//! Published folders opened as ledgers. Knows no command and no trust. Start at [`read_folder`].

use crate::error::{CommandError, INTEGRITY};
use heldto_ledger::Ledger;
use heldto_proof::{Checkpoint, SignedNote};
use heldto_store_files::{Folder, FolderStore};

/// Maximum number of times a published folder is read again because its checkpoint changed.
const RETRIES: usize = 10;

/// Reads a published folder, and again if a newer checkpoint appeared meanwhile, because publishing
/// removes files that only the older one needed.
///
/// # Errors
/// Those of `read`, if the checkpoint did not change meanwhile or the retries are used up.
pub fn read_folder<T>(
    folder: &Folder,
    mut read: impl FnMut(&Ledger<FolderStore>, &[u8]) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let mut checkpoint = folder.checkpoint()?.unwrap_or_default();
    for _ in 0..RETRIES {
        let verdict = from_folder(folder.clone(), &checkpoint).and_then(|ledger| read(&ledger, &checkpoint));
        let newest = folder.checkpoint()?.unwrap_or_default();
        if verdict.is_ok() || newest == checkpoint {
            return verdict;
        }
        checkpoint = newest;
    }
    from_folder(folder.clone(), &checkpoint).and_then(|ledger| read(&ledger, &checkpoint))
}

/// Opens a published folder as a ledger of its checkpoint's size, and compares the roots.
///
/// The caller must still verify the hashes.
pub fn from_folder(folder: Folder, checkpoint: &[u8]) -> Result<Ledger<FolderStore>, CommandError> {
    let wrong = |e: &dyn std::fmt::Display| broken(&format!("the checkpoint cannot be read: {e}"), None);
    let note = SignedNote::parse(checkpoint).map_err(|e| wrong(&e))?;
    let checkpoint = Checkpoint::of(&note).map_err(|e| wrong(&e))?;
    let key = folder.first_key()?;
    if key.name != checkpoint.origin {
        return Err(broken("the first key has a different origin from the checkpoint", None));
    }
    let ledger = Ledger::open(FolderStore::open(folder, key, checkpoint.size)?)?;
    let root = ledger.head().edge.root();
    if root != checkpoint.root {
        // Verification names a changed entry. If all entries are sound, the checkpoint is of
        // another log.
        ledger.verify(true, &mut |_| {})?;
        let last = checkpoint.size.checked_sub(1);
        return Err(broken("the entries have a different root from the checkpoint", last));
    }
    Ok(ledger)
}

fn broken(why: &str, entry: Option<u64>) -> CommandError {
    let place = entry.map_or_else(String::new, |n| format!("entry {n}: "));
    CommandError::new(INTEGRITY, format!("broken: {place}{why}"))
}
