//! Published folders opened as ledgers, and published files read from wherever they are. Knows no
//! command and no trust. Start at [`read_folder`] and [`FileSource`].

use crate::error::{CommandError, FAILED, INTEGRITY, io};
pub use crate::http::shown;
use crate::screen::meter;
use crate::{Env, bucket, http};
use heldto_exchange::{OpenFolderError, read_checkpoint};
use heldto_ledger::Ledger;
use heldto_proof::TILE_WIDTH;
use heldto_store_files::{Folder, FolderStore, limit_of, paths};
use std::path::Path;

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

/// A place from which published files are read: a folder, a web host or a bucket.
pub struct FileSource {
    text: String,
    from: Place,
}

enum Place {
    Folder(Folder),
    Web,
    Bucket(Box<Folder<bucket::Files>>),
}

impl FileSource {
    /// Returns `true` if a text is an address, not a folder.
    pub fn is_address(text: &str) -> bool {
        http::is_address(text) || bucket::is_address(Path::new(text))
    }

    /// Opens a place, and reads nothing yet.
    ///
    /// # Errors
    /// If the address of a bucket cannot be used.
    pub fn open(env: &Env<'_>, text: &str) -> Result<Self, CommandError> {
        let from = if http::is_address(text) {
            Place::Web
        } else if bucket::is_address(Path::new(text)) {
            Place::Bucket(Box::new(bucket::open(env, Path::new(text))?))
        } else {
            Place::Folder(Folder::new(Path::new(text)))
        };
        Ok(Self { text: text.to_owned(), from })
    }

    /// Reads a file; `None` if it is not there.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn file(&self, path: &str) -> Result<Option<Vec<u8>>, CommandError> {
        match &self.from {
            Place::Folder(folder) => Ok(folder.file(path)?),
            Place::Bucket(folder) => Ok(folder.file(path)?),
            Place::Web => http::get(&format!("{}/{path}", self.text.trim_end_matches('/')), limit_of(path)),
        }
    }

    /// Reads a file that the checkpoint needs.
    ///
    /// # Errors
    /// If it cannot be read or is not there.
    pub fn needed(&self, path: &str) -> Result<Vec<u8>, CommandError> {
        self.file(path)?
            .ok_or_else(|| CommandError::new(INTEGRITY, format!("broken: {path}: the source does not have it")))
    }

    /// Reads the checkpoint.
    ///
    /// # Errors
    /// If it cannot be read or is not there.
    pub fn checkpoint(&self) -> Result<Vec<u8>, CommandError> {
        self.file("checkpoint")?.ok_or_else(|| {
            let message = format!("there is no published ledger at {}: it has no checkpoint", shown(&self.text));
            CommandError::new(FAILED, message).hint("name the folder or the address that holds the file `checkpoint`")
        })
    }

    /// Reads from a copy of all files, and again from a new one if the checkpoint changed.
    ///
    /// # Errors
    /// Those of `read`, if the checkpoint did not change or the retries are used up; or if a file
    /// cannot be read.
    pub fn read_copied<T>(
        &self,
        env: &mut Env<'_>,
        mut read: impl FnMut(&mut Env<'_>, &Path) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let mut checkpoint = self.checkpoint()?;
        let mut tries = RETRIES;
        loop {
            let verdict = self.copied(env, &checkpoint).and_then(|copy| read(env, copy.path()));
            let newest = self.checkpoint()?;
            if verdict.is_ok() || newest == checkpoint || tries == 0 {
                return verdict;
            }
            checkpoint = newest;
            tries -= 1;
        }
    }

    /// Copies the files that a checkpoint needs to a folder of their own.
    fn copied(&self, env: &mut Env<'_>, checkpoint: &[u8]) -> Result<tempfile::TempDir, CommandError> {
        let (_, stated) = read_checkpoint(checkpoint, "the checkpoint of the source")?;
        let copy = tempfile::tempdir().map_err(|e| io("cannot make a folder for the copy", &e))?;
        let mut progress = meter(env.terminal, env.progress, "reading", 2 * stated.size.div_ceil(TILE_WIDTH));
        for (number, path) in (0..).zip(paths(stated.size)) {
            put(copy.path(), &path, &self.needed(&path)?)?;
            progress(number);
        }
        put(copy.path(), "checkpoint", checkpoint)?;
        Ok(copy)
    }
}

/// Writes a file of a copy, whose folder is its own.
///
/// # Errors
/// If it cannot be written.
pub fn put(folder: &Path, path: &str, bytes: &[u8]) -> Result<(), CommandError> {
    let target = folder.join(path);
    std::fs::create_dir_all(target.parent().unwrap_or(folder))
        .and_then(|()| std::fs::write(&target, bytes))
        .map_err(|e| io(&format!("cannot write {}", target.display()), &e))
}
