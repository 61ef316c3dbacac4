//! Published folders opened as ledgers. Knows no command and no trust. Start at [`read_folder`].

use crate::error::{CommandError, INTEGRITY};
use heldto_exchange::OpenFolderError;
use heldto_ledger::Ledger;
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

/// Opens a published folder as a ledger of its checkpoint's size.
///
/// The caller must still verify the hashes.
pub fn from_folder(folder: Folder, checkpoint: &[u8]) -> Result<Ledger<FolderStore>, CommandError> {
    let broken = |why: &dyn std::fmt::Display| CommandError::new(INTEGRITY, format!("broken: {why}"));
    heldto_exchange::open_folder(folder, checkpoint).map_err(|error| match error {
        OpenFolderError::Folder(error) => error.into(),
        OpenFolderError::Store(error) => error.into(),
        OpenFolderError::Defect(defect) => defect.into(),
        OpenFolderError::Root { last: Some(last) } => broken(&format!("entry {last}: {error}")),
        error => broken(&error),
    })
}
