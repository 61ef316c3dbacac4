//! Opens a published folder as a ledger of the size that its checkpoint states. Knows no disk and
//! no trust. Start at [`open_folder`].

use crate::{TrustError, read_checkpoint};
use heldto_ledger::{Defect, Ledger};
use heldto_store::StoreError;
use heldto_store_files::{Folder, FolderError, FolderStore, PublishedFiles};

/// The reason why a published folder cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenFolderError {
    /// The checkpoint is none.
    #[error(transparent)]
    Checkpoint(#[from] TrustError),
    /// The first key is of another ledger than the checkpoint.
    #[error("the first key has a different origin from the checkpoint")]
    OtherKey,
    /// A file is missing or malformed.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The store does not read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry is broken.
    #[error(transparent)]
    Defect(#[from] Box<Defect>),
    /// The entries are sound, and have another root than the checkpoint.
    #[error("the entries have a different root from the checkpoint")]
    Root {
        /// Index of the last entry; `None` if there is none.
        last: Option<u64>,
    },
}

/// Opens a published folder as a ledger of its checkpoint's size, and compares the roots.
///
/// The caller must still verify the hashes.
///
/// # Errors
/// If a file is missing or malformed, or the entries do not come to the root of the checkpoint.
pub fn open_folder<F: PublishedFiles + Sync>(
    folder: Folder<F>,
    checkpoint: &[u8],
) -> Result<Ledger<FolderStore<F>>, OpenFolderError> {
    let (_, checkpoint) = read_checkpoint(checkpoint, "the checkpoint cannot be read")?;
    let key = folder.first_key()?;
    if key.name != checkpoint.origin {
        return Err(OpenFolderError::OtherKey);
    }
    let ledger = Ledger::open(FolderStore::open(folder, key, checkpoint.size)?)?;
    if ledger.head().edge.root() != checkpoint.root {
        // Verification names a changed entry. If all entries are sound, the checkpoint is of
        // another log.
        ledger.verify(true, &mut |_| {})?;
        return Err(OpenFolderError::Root { last: checkpoint.size.checked_sub(1) });
    }
    Ok(ledger)
}
