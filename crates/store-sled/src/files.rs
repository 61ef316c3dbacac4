//! Files beside the database.

use heldto_proof::{Chain, Hash};
use heldto_store::StoreError;
use std::fs::File;
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

/// Turns an error of the system into one that says what was being done.
pub fn io(what: String) -> impl FnOnce(std::io::Error) -> StoreError {
    move |source| StoreError::Io { what, source }
}

/// Makes the names in a folder durable.
pub fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    // Only Unix lets a folder be synced; elsewhere the system does it with the file.
    if cfg!(unix) {
        File::open(dir)
            .and_then(|f| f.sync_all())
            .map_err(io(format!("making the folder {} durable", dir.display())))?;
    }
    Ok(())
}

/// The whole file, or `None` where there is none.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::Io { what: format!("reading {}", path.display()), source }),
    }
}

/// Replaces a file whole: a reader sees the old one or the new one. With `durable`, so does a reader after a power cut. Gives the new one.
pub fn replace(dir: &Path, name: &str, bytes: &[u8], durable: bool) -> Result<File, StoreError> {
    let (path, draft) = (dir.join(name), dir.join(format!("{name}.new")));
    let write = || {
        // A draft left by a process that was killed; or a link, which is not to be followed.
        if std::fs::symlink_metadata(&draft).is_ok() {
            std::fs::remove_file(&draft)?;
        }
        let mut file = File::create_new(&draft)?;
        file.write_all(bytes)?;
        if durable {
            file.sync_all()?;
        }
        // Before this line the old file stands; after it, the new one.
        std::fs::rename(&draft, &path)?;
        Ok(file)
    };
    let file = write().map_err(io(format!("writing {}", path.display())))?;
    if durable {
        sync_dir(dir)?;
    }
    Ok(file)
}

/// Removes sled's own settings where they are torn or blank, so that it writes them again: it neither makes them durable nor opens without them. Gives
/// whether there are any now. Call only under the lock.
pub fn has_settings(folder: &Path) -> Result<bool, StoreError> {
    let path = folder.join("conf");
    let Some(bytes) = read_if_there(&path)? else { return Ok(false) };
    // Lines of text, and four bytes of a check behind them.
    let whole = bytes.split_last_chunk::<4>().is_some_and(|(text, _)| {
        text.starts_with(b"segment_size: ") && text.ends_with(b"\n") && text.windows(9).any(|w| w == b"version: ")
    });
    if !whole {
        std::fs::remove_file(&path).map_err(io(format!("removing {}", path.display())))?;
    }
    Ok(whole)
}

/// Makes sled's own settings durable.
pub fn sync_settings(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join("conf");
    File::open(&path).and_then(|f| f.sync_all()).map_err(io(format!("making {} durable", path.display())))?;
    sync_dir(folder)
}

/// Removes a folder and all in it, where it is there.
pub fn remove_dir(folder: &Path) -> Result<(), StoreError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(StoreError::Io { what: format!("removing the folder {}", folder.display()), source: error })
        }
        _ => Ok(()),
    }
}

/// Removes a file, where it is there.
pub fn remove_file(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(StoreError::Io { what: format!("removing {}", path.display()), source: error })
        }
        _ => Ok(()),
    }
}

/// Removes what a process left that was killed while sled wrote its own snapshot. Call only under the lock.
pub fn remove_half_written_snapshots(hot: &Path) -> Result<(), StoreError> {
    let entries = match std::fs::read_dir(hot) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(StoreError::Io { what: format!("reading the folder {}", hot.display()), source }),
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().ends_with(".generating") {
            std::fs::remove_file(entry.path()).map_err(io(format!("removing {}", entry.path().display())))?;
        }
    }
    Ok(())
}

/// A size and a chain value that the ledger once had, kept apart from the database.
pub struct Mark {
    pub size: u64,
    pub chain: Chain,
}

/// The last that was acknowledged.
pub const ACKNOWLEDGED: &str = "acknowledged";
/// The last that was signed.
pub const SIGNED: &str = "signed";

impl Mark {
    /// Reads the file; `None` where there is none, or an empty one as a power cut may leave it.
    pub fn read(dir: &Path, name: &'static str) -> Result<Option<Self>, StoreError> {
        let bytes = read_if_there(&dir.join(name))?.unwrap_or_default();
        if bytes.is_empty() {
            return Ok(None);
        }
        let parse = || {
            let text = std::str::from_utf8(&bytes).ok()?;
            let mut lines = text.strip_suffix('\n')?.split('\n');
            let (version, size, chain) = (lines.next()?, lines.next()?, lines.next()?);
            let size: u64 = size.parse().ok()?;
            let read = Self { size, chain: Chain(Hash::from_hex(chain)?) };
            (version == format!("heldto {name} v1") && read.text(name) == text).then_some(read)
        };
        parse()
            .map(Some)
            .ok_or_else(|| StoreError::Damaged { record: name, why: "it is not what the program writes".to_owned() })
    }

    /// Replaces the file; so that it survives a power cut where `durable`.
    pub fn write(&self, dir: &Path, name: &str, durable: bool) -> Result<File, StoreError> {
        replace(dir, name, self.text(name).as_bytes(), durable)
    }

    /// Writes over the mark of this name in a file that holds one: every mark is of one length, far below a sector, and so never half of one and half of
    /// another.
    pub fn write_over(&self, mut file: &File, name: &str) -> Result<(), StoreError> {
        let write = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(self.text(name).as_bytes()));
        write.map_err(io(format!("writing the size {name}")))
    }

    fn text(&self, name: &str) -> String {
        format!("heldto {name} v1\n{:020}\n{}\n", self.size, self.chain.0)
    }
}
