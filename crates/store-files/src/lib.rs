//! A ledger as static files for any web host (C2SP tlog-tiles, and our own `parts/`).
//!
//! Each file is written whole or not at all, the checkpoint last. Reading trusts none of them. This
//! crate knows bytes and paths, never facts. docs/FORMAT.md, *Published* has the layout. Start at
//! [`Folder`].

mod files;
mod publish;
mod store;

pub use files::{Directory, InMemory, PublishedFiles, WritableFiles, limit_of, older};
pub use publish::Written;
pub use store::FolderStore;

use heldto_proof::{
    CompactRange, FromTiles, Hash, TILE_WIDTH, Tile, TileReader, Verifier, entries_path, leaf_hash, naive_root, place,
};
use heldto_store::bundle::{put_entry, put_parts, take_entry, take_parts_into};
use heldto_store::{StoreError, StoredEntry};
use std::path::Path;

/// Error of a published folder that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The operating system refused an operation.
    #[error("{path}: {source}")]
    Io {
        /// Path of the file.
        path: String,
        /// Cause.
        source: std::io::Error,
    },
    /// A file does not have the form or the content it must have.
    #[error("{path}: {why}")]
    Broken {
        /// Path of the file.
        path: String,
        /// Cause.
        why: String,
    },
    /// Another publisher changed a file after it was read.
    #[error("{path}: another publisher changed it meanwhile")]
    Overtaken {
        /// Path of the file.
        path: String,
    },
    /// The ledger to be published cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the paths of the files that a publication of this size needs besides its checkpoint, the
/// tiles first; none is made before it is asked for.
pub fn paths(size: u64) -> impl Iterator<Item = String> {
    let bundles = (0..size.div_ceil(TILE_WIDTH)).flat_map(move |index| {
        let width = (size - index * TILE_WIDTH).min(TILE_WIDTH);
        [entries_path(index, width), parts_path(index, width)]
    });
    let tiles = Tile::of_tree(size).map(|tile| tile.path());
    std::iter::once("first-key".to_owned()).chain(tiles).chain(bundles)
}

/// A published folder: on a disk, or wherever its files are read from.
#[derive(Debug, Clone)]
pub struct Folder<F = Directory> {
    files: F,
}

impl Folder {
    /// Returns the folder at this path, which need not exist.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { files: Directory::new(dir) }
    }
}

impl<F: PublishedFiles> Folder<F> {
    /// Returns the folder whose files are read from here.
    #[must_use]
    pub const fn of(files: F) -> Self {
        Self { files }
    }

    /// Returns where the files are read from.
    #[must_use]
    pub const fn files(&self) -> &F {
        &self.files
    }

    /// Returns the bytes of the checkpoint; `None` if nothing is published yet.
    ///
    /// # Errors
    /// If the checkpoint cannot be read.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, FolderError> {
        self.files.read("checkpoint")
    }

    /// Reads a file by its path in the publication; `None` if it is not there.
    ///
    /// # Errors
    /// If it cannot be read, or cannot be one of a publication.
    pub fn file(&self, path: &str) -> Result<Option<Vec<u8>>, FolderError> {
        self.files.read(path)
    }

    /// Returns the first key as the publisher states it, which is no reason to trust it.
    ///
    /// # Errors
    /// If the key is missing or malformed.
    pub fn first_key(&self) -> Result<Verifier, FolderError> {
        let bytes = self.required("first-key")?;
        let key: Option<Verifier> = std::str::from_utf8(&bytes).ok().and_then(|t| t.parse().ok());
        key.filter(|k| format!("{k}\n").as_bytes() == bytes)
            .ok_or_else(|| broken("first-key", "it must be one key and a newline"))
    }

    /// Reads the entries of one bundle, without their parts.
    fn bundle(&self, index: u64, width: u64) -> Result<Vec<StoredEntry>, FolderError> {
        let path = entries_path(index, width);
        let file = self.required(&path)?;
        let mut bytes = &file[..];
        let mut entries = Vec::new();
        for place in (index * TILE_WIDTH..).take(usize::try_from(width).unwrap_or(0)) {
            let entry = take_entry(&mut bytes).map_err(|why| broken(&path, why))?;
            entries.push(StoredEntry { index: place, entry: entry.to_vec(), parts: Vec::new() });
        }
        if bytes.is_empty() { Ok(entries) } else { Err(broken(&path, "bytes are left over at its end")) }
    }

    /// Reads the entries of one bundle with their published parts.
    fn bundle_with_parts(&self, index: u64, width: u64) -> Result<Vec<StoredEntry>, FolderError> {
        let mut entries = self.bundle(index, width)?;
        let path = parts_path(index, width);
        take_parts_of(&path, &self.required(&path)?, &mut entries)?;
        self.check_partials(&entries_path(index, TILE_WIDTH), width, |w| bundle(&entries[..w]))?;
        // Parts that only an older partial file holds are present as well, and are checked with the
        // rest.
        let full = parts_path(index, TILE_WIDTH);
        for older in self.files.older_partials(&full, width) {
            let path = format!("{full}.p/{older}");
            let Some(bytes) = self.files.read(&path)? else { continue };
            let mut held =
                entries[..older].iter().map(|e| StoredEntry { parts: Vec::new(), ..e.clone() }).collect::<Vec<_>>();
            take_parts_of(&path, &bytes, &mut held)?;
            for (entry, held) in entries.iter_mut().zip(held) {
                merge(&path, &mut entry.parts, held.parts)?;
            }
        }
        Ok(entries)
    }

    /// Checks every tile against the entries, and returns the tree's compact range and the last
    /// entry.
    ///
    /// Reads the entries once, one bundle at a time.
    fn check_tiles(&self, size: u64) -> Result<(CompactRange, Vec<u8>), FolderError> {
        let mut edge = CompactRange::default();
        let mut last = Vec::new();
        // For each level, the index of the unfinished tile and its hashes so far.
        let mut levels: Vec<(u64, Vec<Hash>)> = Vec::new();
        for index in 0..size.div_ceil(TILE_WIDTH) {
            for stored in self.bundle(index, (size - index * TILE_WIDTH).min(TILE_WIDTH))? {
                let leaf = leaf_hash(&stored.entry);
                edge.push(leaf);
                self.add_to_tiles(&mut levels, leaf)?;
                last = stored.entry;
            }
        }
        for (level, (index, hashes)) in (0..).zip(&levels) {
            self.check_tile(level, *index, hashes)?;
        }
        Ok((edge, last))
    }

    /// Adds a leaf; each tile completed by it is checked, and its root is added to the level above.
    fn add_to_tiles(&self, levels: &mut Vec<(u64, Vec<Hash>)>, leaf: Hash) -> Result<(), FolderError> {
        let mut next = Some(leaf);
        for level in 0_u8.. {
            let Some(hash) = next.take() else { break };
            let place = usize::from(level);
            if levels.len() == place {
                levels.push((0, Vec::new()));
            }
            let Some((index, hashes)) = levels.get_mut(place) else { break };
            hashes.push(hash);
            if hashes.len() as u64 == TILE_WIDTH {
                self.check_tile(level, *index, hashes)?;
                next = Some(naive_root(hashes));
                hashes.clear();
                *index += 1;
            }
        }
        Ok(())
    }

    /// Checks a tile, and the partial tiles that older checkpoints left of it.
    fn check_tile(&self, level: u8, index: u64, hashes: &[Hash]) -> Result<(), FolderError> {
        if hashes.is_empty() {
            return Ok(());
        }
        let tile = Tile { level, index, width: hashes.len() as u64 };
        if self.hashes(tile)? != hashes {
            return Err(broken(&tile.path(), "it does not match the entries"));
        }
        let full = Tile { width: TILE_WIDTH, ..tile };
        self.check_partials(&full.path(), tile.width, |w| hashes[..w].iter().flat_map(|h| h.0).collect())
    }

    /// Checks that each partial file left by an older checkpoint is a prefix of the present
    /// contents.
    ///
    /// `beginning` returns the contents for a given width. Drafts, and files wider than the
    /// checkpoint allows, are no part of the publication.
    fn check_partials(&self, path: &str, width: u64, beginning: impl Fn(usize) -> Vec<u8>) -> Result<(), FolderError> {
        for older in self.files.older_partials(path, width) {
            let partial = format!("{path}.p/{older}");
            if self.files.read(&partial)?.is_some_and(|bytes| bytes != beginning(older)) {
                return Err(broken(&partial, "it is not the beginning of the present file"));
            }
        }
        Ok(())
    }

    /// Returns a reader of hashes from the tiles of a tree of this size.
    #[must_use]
    pub fn tiles(&self, size: u64) -> FromTiles<Self>
    where
        F: Clone,
    {
        FromTiles { reader: self.clone(), size }
    }

    /// Reads the hashes of one tile.
    fn hashes(&self, tile: Tile) -> Result<Vec<Hash>, FolderError> {
        let bytes = self.required(&tile.path())?;
        if bytes.len() as u64 != tile.width * 32 {
            return Err(broken(&tile.path(), "it has the wrong length"));
        }
        Ok(bytes.chunks_exact(32).filter_map(|c| c.try_into().ok().map(Hash)).collect())
    }

    /// Reads a file that must exist.
    fn required(&self, path: &str) -> Result<Vec<u8>, FolderError> {
        self.files.read(path)?.ok_or_else(|| broken(path, "it is missing"))
    }
}

impl<F: PublishedFiles> TileReader for Folder<F> {
    type Error = FolderError;

    fn tile(&mut self, tile: Tile) -> Result<Vec<Hash>, FolderError> {
        self.hashes(tile)
    }
}

/// Returns the contents of a bundle: each entry after its length.
fn bundle(entries: &[StoredEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    entries.iter().for_each(|stored| put_entry(&mut out, &stored.entry));
    out
}

/// Returns the contents of the file of parts for these entries.
fn parts_of(entries: &[StoredEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    entries.iter().for_each(|stored| put_parts(&mut out, stored.present_parts()));
    out
}

/// Decodes a file of parts and adds the parts to their entries.
fn take_parts_of(path: &str, bytes: &[u8], entries: &mut [StoredEntry]) -> Result<(), FolderError> {
    let mut rest = bytes;
    for entry in entries {
        take_parts_into(&mut rest, &mut entry.parts).map_err(|why| broken(path, why))?;
    }
    if rest.is_empty() { Ok(()) } else { Err(broken(path, "bytes are left over at its end")) }
}

/// Adds the parts of an entry that only an older file holds.
fn merge(path: &str, parts: &mut Vec<(u16, Vec<u8>)>, older: Vec<(u16, Vec<u8>)>) -> Result<(), FolderError> {
    for (number, bytes) in older {
        match parts.iter().find(|(held, _)| *held == number) {
            Some((_, held)) if *held == bytes => {}
            Some(_) => return Err(broken(path, "it has a different part from the newer file")),
            None => parts.push((number, bytes)),
        }
    }
    parts.sort_unstable_by_key(|(number, _)| *number);
    Ok(())
}

/// Returns the path of the parts of a bundle.
fn parts_path(index: u64, width: u64) -> String {
    format!("parts/{}", place(index, width))
}

fn broken(path: &str, why: &str) -> FolderError {
    FolderError::Broken { path: path.to_owned(), why: why.to_owned() }
}
