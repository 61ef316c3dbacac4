//! A ledger as static files for any web host (C2SP tlog-tiles, and our own `parts/`): written whole or not at all, checkpoint last; read back without
//! trusting any of it.
//!
//! It knows bytes and paths, never facts. docs/FORMAT.md, *Published* has the layout.

mod store;

pub use store::FolderStore;

use heldto_proof::{
    Edge, Entry, FromTiles, Hash, MAX_ENTRY, TILE_WIDTH, Tile, TileReader, Verifier, entries_path, leaf_hash,
    naive_root, place, tile_of,
};
use heldto_store::bundle::{put_entry, put_parts, take_entry, take_parts_into};
use heldto_store::{Store, StoreError, StoredEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Why a published folder cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The system said no.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}: {why}")]
    Broken {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The ledger to be published cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A published folder.
#[derive(Debug, Clone)]
pub struct Folder {
    dir: PathBuf,
}

/// The longest file of parts that is read: a quarter of a gibibyte.
const MAX_PARTS: u64 = 1 << 28;

/// What a run of publishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Files written.
    pub new: usize,
    /// Files that stood there already, byte for byte.
    pub kept: usize,
    /// Files removed, since a fuller one took their place.
    pub pruned: usize,
}

impl Folder {
    /// The folder at this path, whether it is there or not.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The checkpoint, as its bytes. `None` where nothing is published yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, FolderError> {
        self.read("checkpoint")
    }

    /// The first key, as the publisher says. Nobody should trust it for that.
    ///
    /// # Errors
    /// When it is missing or is no key.
    pub fn first_key(&self) -> Result<Verifier, FolderError> {
        let bytes = self.required("first-key")?;
        let key: Option<Verifier> = std::str::from_utf8(&bytes).ok().and_then(|t| t.parse().ok());
        key.filter(|k| format!("{k}\n").as_bytes() == bytes)
            .ok_or_else(|| broken("first-key", "it is not one key and a newline"))
    }

    /// Publishes the first `size` entries of a store. What is already there is kept; a run that was cut short is taken up by the next. The
    /// checkpoint is written last, so that a reader sees the old ledger or the new one.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn publish(
        &self,
        store: &impl Store,
        size: u64,
        key: &Verifier,
        checkpoint: &[u8],
    ) -> Result<Written, FolderError> {
        let (mut written, mut leaves) = (Written::default(), Vec::new());
        self.put("first-key", format!("{key}\n").as_bytes(), &mut written)?;
        for index in 0..size.div_ceil(TILE_WIDTH) {
            let start = index * TILE_WIDTH;
            let width = (size - start).min(TILE_WIDTH);
            let mut bundled = Vec::new();
            store.read(start..start + width, &mut |stored| {
                leaves.push(leaf_hash(&stored.entry));
                bundled.push(StoredEntry { index: stored.index, entry: stored.entry.clone(), parts: public(stored) });
                true
            })?;
            self.put(&entries_path(index, width), &bundle(&bundled), &mut written)?;
            self.put(&parts_path(index, width), &parts_of(&bundled), &mut written)?;
        }
        for tile in Tile::of_tree(size) {
            let hashes: Vec<u8> = tile_of(&leaves, tile).iter().flat_map(|h| h.0).collect();
            self.put(&tile.path(), &hashes, &mut written)?;
        }
        // Before this line a reader sees the old checkpoint and everything it needs; after it, the new one.
        self.put("checkpoint", checkpoint, &mut written)?;
        self.prune(size, &mut written)?;
        Ok(written)
    }

    /// The entries of one bundle, without their parts, and the bytes that hold them.
    fn bundle(&self, index: u64, width: u64) -> Result<Vec<StoredEntry>, FolderError> {
        let path = entries_path(index, width);
        let file = self.required(&path)?;
        let (mut bytes, mut entries) = (&file[..], Vec::new());
        for place in (index * TILE_WIDTH..).take(usize::try_from(width).unwrap_or(0)) {
            let entry = take_entry(&mut bytes).map_err(|why| broken(&path, why))?;
            entries.push(StoredEntry { index: place, entry: entry.to_vec(), parts: Vec::new() });
        }
        if bytes.is_empty() { Ok(entries) } else { Err(broken(&path, "bytes are left over")) }
    }

    /// The same with the parts that are published.
    fn bundle_with_parts(&self, index: u64, width: u64) -> Result<Vec<StoredEntry>, FolderError> {
        let mut entries = self.bundle(index, width)?;
        let path = parts_path(index, width);
        let file = self.required(&path)?;
        let mut rest = &file[..];
        for entry in &mut entries {
            take_parts_into(&mut rest, &mut entry.parts).map_err(|why| broken(&path, why))?;
        }
        if !rest.is_empty() {
            return Err(broken(&path, "bytes are left over"));
        }
        self.check_partials(&entries_path(index, TILE_WIDTH), width, |w| bundle(&entries[..w]))?;
        self.check_partials(&parts_path(index, TILE_WIDTH), width, |w| parts_of(&entries[..w]))?;
        Ok(entries)
    }

    /// Reads the entries once, a bundle at a time, and checks that every tile is that of the entries. Gives the edge of the tree and the last entry.
    fn check_tiles(&self, size: u64) -> Result<(Edge, Vec<u8>), FolderError> {
        let (mut edge, mut last) = (Edge::default(), Vec::new());
        // Of each level, the hashes of the tile that is not full yet, and which tile that is.
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

    /// Adds a leaf; a tile that is full is checked, and its root goes to the level above.
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

    fn check_tile(&self, level: u8, index: u64, hashes: &[Hash]) -> Result<(), FolderError> {
        if hashes.is_empty() {
            return Ok(());
        }
        let tile = Tile { level, index, width: hashes.len() as u64 };
        if self.hashes(tile)? != hashes {
            return Err(broken(&tile.path(), "it is not the tile of the entries"));
        }
        let full = Tile { width: TILE_WIDTH, ..tile };
        self.check_partials(&full.path(), tile.width, |w| hashes[..w].iter().flat_map(|h| h.0).collect())
    }

    /// Checks what older checkpoints left of a tile or bundle: each must be the beginning of what stands there now. `beginning` gives its first so many.
    fn check_partials(&self, path: &str, width: u64, beginning: impl Fn(usize) -> Vec<u8>) -> Result<(), FolderError> {
        let Ok(entries) = std::fs::read_dir(self.dir.join(format!("{path}.p"))) else { return Ok(()) };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let partial = format!("{path}.p/{name}");
            let older = name.parse::<u64>().ok().filter(|w| *w < width && w.to_string() == name);
            match older.and_then(|w| usize::try_from(w).ok()) {
                Some(w) if self.required(&partial)? != beginning(w) => {
                    return Err(broken(&partial, "it is not the beginning of what stands there now"));
                }
                // The one of this very width is read as it stands.
                None if name != width.to_string() => {
                    return Err(broken(&partial, "it belongs to no ledger of this size"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads hashes out of the tiles of a tree of this size.
    #[must_use]
    pub fn tiles(&self, size: u64) -> FromTiles<Self> {
        FromTiles { reader: self.clone(), size }
    }

    fn hashes(&self, tile: Tile) -> Result<Vec<Hash>, FolderError> {
        let bytes = self.required(&tile.path())?;
        if bytes.len() as u64 != tile.width * 32 {
            return Err(broken(&tile.path(), "it has the wrong length"));
        }
        Ok(bytes.chunks_exact(32).filter_map(|c| c.try_into().ok().map(Hash)).collect())
    }

    /// The whole of a file, which is a file and not longer than any published one can be.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let limit = match path {
            "checkpoint" | "first-key" => 1 << 20,
            _ if path.starts_with("tile/entries/") => TILE_WIDTH * (2 + MAX_ENTRY as u64),
            _ if path.starts_with("tile/") => TILE_WIDTH * 32,
            _ => MAX_PARTS,
        };
        let file = self.dir.join(path);
        let failed = |source| FolderError::Io { path: path.to_owned(), source };
        match std::fs::metadata(&file) {
            Ok(about) if !about.is_file() => Err(broken(path, "it is not a file")),
            Ok(about) if about.len() > limit => Err(broken(path, "it is longer than such a file can be")),
            Ok(_) => std::fs::read(&file).map(Some).map_err(failed),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }

    fn required(&self, path: &str) -> Result<Vec<u8>, FolderError> {
        self.read(path)?.ok_or_else(|| broken(path, "it is missing"))
    }

    /// Writes a file whole and durably, unless it stands there already.
    fn put(&self, path: &str, bytes: &[u8], written: &mut Written) -> Result<(), FolderError> {
        if self.read(path)?.as_deref() == Some(bytes) {
            written.kept += 1;
            return Ok(());
        }
        let target = self.dir.join(path);
        let folder = target.parent().unwrap_or(&self.dir);
        let draft = target.with_extension("new");
        let write = || {
            std::fs::create_dir_all(folder)?;
            std::fs::write(&draft, bytes)?;
            std::fs::File::open(&draft)?.sync_all()?;
            std::fs::rename(&draft, &target)?;
            if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
        };
        write().map_err(|source| FolderError::Io { path: path.to_owned(), source })?;
        written.new += 1;
        Ok(())
    }

    /// Removes the partial forms of tiles and bundles that are full now. Others stay: an older checkpoint may still be read by them.
    fn prune(&self, size: u64, written: &mut Written) -> Result<(), FolderError> {
        let full = Tile::of_tree(size).into_iter().filter(|t| t.width == TILE_WIDTH).map(|t| t.path());
        let bundles = (0..size / TILE_WIDTH).flat_map(|n| [entries_path(n, TILE_WIDTH), parts_path(n, TILE_WIDTH)]);
        for path in full.chain(bundles) {
            let folder = self.dir.join(format!("{path}.p"));
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                std::fs::remove_file(entry.path())
                    .map_err(|source| FolderError::Io { path: entry.path().display().to_string(), source })?;
                written.pruned += 1;
            }
            // Left behind it would be an empty folder, which harms nobody.
            drop(std::fs::remove_dir(&folder));
        }
        Ok(())
    }
}

impl TileReader for Folder {
    type Error = FolderError;

    fn tile(&mut self, tile: Tile) -> Result<Vec<Hash>, FolderError> {
        self.hashes(tile)
    }
}

/// Entries as a bundle has them, each after its length.
fn bundle(entries: &[StoredEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    entries.iter().for_each(|stored| put_entry(&mut out, &stored.entry));
    out
}

/// Their parts, as a file of parts has them.
fn parts_of(entries: &[StoredEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    entries.iter().for_each(|stored| put_parts(&mut out, stored.present_parts()));
    out
}

/// Where the parts of a bundle's entries are.
fn parts_path(index: u64, width: u64) -> String {
    format!("parts/{}", place(index, width))
}

/// The parts that may be published: those of roles that are not private.
fn public(stored: &StoredEntry) -> Vec<(u16, Vec<u8>)> {
    let roles: Vec<_> =
        Entry::decode(&stored.entry).map(|e| e.parts.iter().map(|p| p.role).collect()).unwrap_or_default();
    let shown = |n: u16| roles.get(usize::from(n)).is_some_and(|role: &heldto_proof::Role| !role.is_private());
    stored.parts.iter().filter(|(n, _)| shown(*n)).cloned().collect()
}

fn broken(path: &str, why: &str) -> FolderError {
    FolderError::Broken { path: path.to_owned(), why: why.to_owned() }
}
