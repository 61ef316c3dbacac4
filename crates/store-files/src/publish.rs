//! Writes the entries of a store as static files, each whole or not at all, the checkpoint after
//! all that it needs.
//!
//! This module follows no link inside the folder, and removes only files that it could have
//! written. Start at [`Folder::publish`].

use crate::files::width_of;
use crate::{Directory, Folder, FolderError, PublishedFiles, WritableFiles, bundle, parts_of, parts_path};
use heldto_proof::{Entry, Role, TILE_WIDTH, Tile, Verifier, entries_path, leaf_hash, tile_of};
use heldto_store::{Log, StoredEntry};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Result of a publish run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Number of files written.
    pub new: usize,
    /// Number of files already present with the same bytes.
    pub kept: usize,
    /// Number of files removed because a fuller one replaced them.
    pub pruned: usize,
    /// Number of files of parts replaced because parts were erased or withheld.
    pub replaced: usize,
    /// Number of parts left out because they are withheld.
    pub withheld: usize,
}

impl Written {
    const fn count(&mut self, is_new: bool) {
        if is_new {
            self.new += 1;
        } else {
            self.kept += 1;
        }
    }
}

/// A predicate on an entry index and a part number: `true` if the part is left out.
pub type IsWithheld<'w> = &'w dyn Fn(u64, u16) -> bool;

/// Temporary name of a file until it is moved, outside the folders that hold published files.
const DRAFT: &str = ".heldto-draft";

impl<F: WritableFiles> Folder<F> {
    /// Publishes the first `size` entries of a store, without private and withheld parts.
    ///
    /// Files already present with the same bytes are kept, so the next run completes one that was
    /// cut short. The checkpoint is written after all that it needs and before anything is taken
    /// away, so that a reader sees the old ledger or the new one: a part may go only under a
    /// checkpoint whose entries say so.
    ///
    /// # Errors
    /// If a file cannot be written, or a folder inside is a link.
    pub fn publish(
        &self,
        store: &impl Log,
        size: u64,
        key: &Verifier,
        checkpoint: &[u8],
        is_withheld: IsWithheld<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Written, FolderError> {
        let mut written = Written::default();
        let mut leaves = Vec::new();
        let mut later = Vec::new();
        written.count(self.files.create("first-key", format!("{key}\n").as_bytes())?);
        for index in 0..size.div_ceil(TILE_WIDTH) {
            let start = index * TILE_WIDTH;
            let width = (size - start).min(TILE_WIDTH);
            let mut bundled = Vec::new();
            let mut entries = store.entries(start..start + width);
            while let Some(stored) = entries.try_next()? {
                leaves.push(leaf_hash(&stored.entry));
                let parts = public(stored, is_withheld, &mut written.withheld);
                bundled.push(StoredEntry { index: stored.index, entry: stored.entry.clone(), parts });
            }
            written.count(self.files.create(&entries_path(index, width), &bundle(&bundled))?);
            let path = parts_path(index, width);
            let parts = parts_of(&bundled);
            match self.files.read(&path)? {
                None => written.count(self.files.replace(&path, &parts)?),
                Some(there) if there == parts => written.count(false),
                Some(_) => later.push((path, parts)),
            }
            self.stale_parts(index, width, &bundled, &mut later)?;
            progress(start + width);
        }
        for tile in Tile::of_tree(size) {
            let hashes: Vec<u8> = tile_of(&leaves, tile).iter().flat_map(|h| h.0).collect();
            written.count(self.files.create(&tile.path(), &hashes)?);
        }
        // A crash before this line leaves the old checkpoint and all that it needs; after it, the
        // new one.
        written.count(self.files.put_checkpoint(checkpoint)?);
        for (path, parts) in later {
            written.count(self.files.replace(&path, &parts)?);
            written.replaced += 1;
        }
        self.prune(size, &mut written)?;
        Ok(written)
    }

    /// Adds the files of parts from older checkpoints whose parts differ from those published now.
    fn stale_parts(
        &self,
        index: u64,
        width: u64,
        bundled: &[StoredEntry],
        later: &mut Vec<(String, Vec<u8>)>,
    ) -> Result<(), FolderError> {
        let full = parts_path(index, TILE_WIDTH);
        for older in self.files.older_partials(&full, width) {
            let path = format!("{full}.p/{older}");
            let parts = parts_of(&bundled[..older]);
            if self.files.read(&path)?.is_some_and(|there| there != parts) {
                later.push((path, parts));
            }
        }
        Ok(())
    }

    /// Removes drafts, and the partial files of tiles and bundles that are now full.
    ///
    /// Other partial files stay: an older checkpoint may still be read with them.
    fn prune(&self, size: u64, written: &mut Written) -> Result<(), FolderError> {
        self.files.finish()?;
        let full = Tile::of_tree(size).filter(|t| t.width == TILE_WIDTH).map(|t| t.path());
        let bundles = (0..size / TILE_WIDTH).flat_map(|n| [entries_path(n, TILE_WIDTH), parts_path(n, TILE_WIDTH)]);
        for path in full.chain(bundles) {
            written.pruned += self.files.remove_partials(&path)?;
        }
        Ok(())
    }
}

impl Directory {
    /// Writes a file whole and durably, unless it already has these bytes.
    fn put(&self, path: &str, bytes: &[u8]) -> Result<bool, FolderError> {
        let target = self.dir.join(path);
        let is_link = std::fs::symlink_metadata(&target).is_ok_and(|about| about.is_symlink());
        if !is_link && self.read(path)?.as_deref() == Some(bytes) {
            return Ok(false);
        }
        self.check_folders(path)?;
        let folder = target.parent().unwrap_or(&self.dir);
        let draft = self.dir.join(DRAFT);
        let write = || {
            std::fs::create_dir_all(folder)?;
            remove(&draft)?;
            let mut file = std::fs::File::create_new(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            // A crash before this line leaves the old file; after it, the new one. A link is
            // replaced, not followed.
            std::fs::rename(&draft, &target)?;
            if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
        };
        write().map_err(|source| FolderError::Io { path: path.to_owned(), source })?;
        Ok(true)
    }
}

impl WritableFiles for Directory {
    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, FolderError> {
        self.put(path, bytes)
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<bool, FolderError> {
        self.put(path, bytes)
    }

    fn put_checkpoint(&self, bytes: &[u8]) -> Result<bool, FolderError> {
        self.put("checkpoint", bytes)
    }

    fn remove_partials(&self, path: &str) -> Result<usize, FolderError> {
        let partials = format!("{path}.p");
        self.check_folders(&format!("{partials}/1"))?;
        let folder = self.dir.join(&partials);
        let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(0) };
        let mut removed = 0;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let is_own = name.to_str().is_some_and(|name| width_of(name.trim_end_matches(".new")).is_some());
            if is_own && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                std::fs::remove_file(entry.path())
                    .map_err(|source| FolderError::Io { path: entry.path().display().to_string(), source })?;
                removed += 1;
            }
        }
        // If this fails, an empty folder remains, which does no harm.
        drop(std::fs::remove_dir(&folder));
        Ok(removed)
    }

    fn finish(&self) -> Result<(), FolderError> {
        remove(&self.dir.join(DRAFT)).map_err(|source| FolderError::Io { path: DRAFT.to_owned(), source })
    }
}

/// Removes a file or a link, if it exists.
fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Returns the parts that may be published: neither private nor withheld.
///
/// Adds the number of withheld parts to `withheld`.
fn public(stored: &StoredEntry, is_withheld: IsWithheld<'_>, withheld: &mut usize) -> Vec<(u16, Vec<u8>)> {
    let roles: Vec<Role> =
        Entry::decode(&stored.entry).map(|e| e.parts.iter().map(|p| p.role).collect()).unwrap_or_default();
    let is_public = |n: u16| roles.get(usize::from(n)).is_some_and(|role| !role.is_private());
    let mut public = Vec::new();
    for (number, bytes) in stored.parts.iter().filter(|(number, _)| is_public(*number)) {
        if is_withheld(stored.index, *number) {
            *withheld += 1;
        } else {
            public.push((*number, bytes.clone()));
        }
    }
    public
}
