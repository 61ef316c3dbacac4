//! Reads the files of a publication by their paths: from a disk, or from memory. Knows no entries.
//! Start at [`PublishedFiles`].

use crate::{FolderError, broken};
use heldto_proof::{MAX_ENTRY, TILE_WIDTH};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of a publication.
pub trait PublishedFiles {
    /// Reads a file; `None` if there is none.
    ///
    /// # Errors
    /// If the file cannot be read, or cannot be one of a publication.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FolderError>;

    /// Returns the widths of the partial files of a tile or bundle that are less than `width`,
    /// rising.
    fn older_partials(&self, path: &str, width: u64) -> Vec<usize>;
}

/// The files of a publication that is written; each is written whole and durably, or not at all.
pub trait WritableFiles: PublishedFiles {
    /// Writes a file that never changes; `false` if it is there with the same bytes.
    ///
    /// # Errors
    /// If it cannot be written, or other bytes are there where that shows a fork.
    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, FolderError>;

    /// Writes a file of parts, which an erasure may change, in place of the one that was read last;
    /// `false` if it was found there with the same bytes.
    ///
    /// # Errors
    /// If it cannot be written, or another publisher changed it after it was read.
    fn replace(&self, path: &str, bytes: &[u8]) -> Result<bool, FolderError>;

    /// Writes the checkpoint in place of the one that was read last; `false` if it was there with
    /// the same bytes.
    ///
    /// # Errors
    /// As [`Self::replace`].
    fn put_checkpoint(&self, bytes: &[u8]) -> Result<bool, FolderError>;

    /// Removes the partial files of a tile or bundle that is full, and returns their number.
    ///
    /// # Errors
    /// If a file cannot be removed.
    fn remove_partials(&self, path: &str) -> Result<usize, FolderError>;

    /// Removes what an interrupted write may have left.
    ///
    /// # Errors
    /// If it cannot be removed.
    fn finish(&self) -> Result<(), FolderError>;
}

/// A publication on a disk.
#[derive(Debug, Clone)]
pub struct Directory {
    pub(crate) dir: PathBuf,
}

/// Maximum size of a file of parts: 256 MiB.
const MAX_PARTS: u64 = 1 << 28;

/// Returns the size that a file of a publication has at most, in bytes.
#[must_use]
pub fn limit_of(path: &str) -> u64 {
    match path {
        "checkpoint" | "first-key" => 1 << 20,
        _ if path.starts_with("tile/entries/") => TILE_WIDTH * (2 + MAX_ENTRY as u64),
        _ if path.starts_with("tile/") => TILE_WIDTH * 32,
        _ => MAX_PARTS,
    }
}

impl Directory {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Checks that no folder on the way to a file is a symbolic link: links may form a loop.
    pub(crate) fn check_folders(&self, path: &str) -> Result<(), FolderError> {
        let parents = Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        for folder in parents {
            if std::fs::symlink_metadata(self.dir.join(folder)).is_ok_and(|about| about.is_symlink()) {
                return Err(broken(
                    &folder.display().to_string(),
                    "it is a link, and a published folder must have none",
                ));
            }
        }
        Ok(())
    }
}

impl PublishedFiles for Directory {
    /// A file is refused if it is not a regular file or longer than any published file of its kind.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let limit = limit_of(path);
        self.check_folders(path)?;
        let file = self.dir.join(path);
        let failed = |source| FolderError::Io { path: path.to_owned(), source };
        match std::fs::metadata(&file) {
            Ok(about) if !about.is_file() => Err(broken(path, "it is not a file")),
            Ok(about) if about.len() > limit => Err(broken(path, "it is longer than a file of its kind can be")),
            // A file may report a small size and still have no end.
            Ok(_) => {
                let mut bytes = Vec::new();
                let read = std::fs::File::open(&file).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
                match read {
                    Ok(_) if bytes.len() as u64 > limit => {
                        Err(broken(path, "it is longer than a file of its kind can be"))
                    }
                    Ok(_) => Ok(Some(bytes)),
                    // Removed in the meantime by a publish run.
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                    // A file of the system's own, which can be read in certain lengths only.
                    Err(error) if error.kind() == ErrorKind::InvalidInput => {
                        Err(broken(path, "it is not a plain file"))
                    }
                    Err(source) => Err(failed(source)),
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }

    fn older_partials(&self, path: &str, width: u64) -> Vec<usize> {
        let Ok(entries) = std::fs::read_dir(self.dir.join(format!("{path}.p"))) else { return Vec::new() };
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        older(names.iter().filter_map(|name| name.to_str()), width)
    }
}

/// A publication in memory, by path.
#[derive(Debug, Clone, Default)]
pub struct InMemory(pub Arc<BTreeMap<String, Vec<u8>>>);

impl PublishedFiles for InMemory {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FolderError> {
        Ok(self.0.get(path).cloned())
    }

    fn older_partials(&self, path: &str, width: u64) -> Vec<usize> {
        let folder = format!("{path}.p/");
        let inside = self.0.range(folder.clone()..).map_while(|(name, _)| name.strip_prefix(&folder));
        older(inside, width)
    }
}

/// Returns the widths that names of partial files state, if less than `width`, rising.
pub fn older<'n>(names: impl Iterator<Item = &'n str>, width: u64) -> Vec<usize> {
    let mut older: Vec<usize> = names.filter_map(width_of).collect();
    older.retain(|older| (*older as u64) < width);
    older.sort_unstable();
    older
}

/// Returns the width that the name of a partial file states.
pub(crate) fn width_of(name: &str) -> Option<usize> {
    name.parse::<usize>().ok().filter(|width| *width > 0 && (*width as u64) < TILE_WIDTH && width.to_string() == name)
}
