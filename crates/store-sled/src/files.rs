//! Small files and folders next to the databases: crash-safe replacement, removal, copies, and
//! high-water marks.
//!
//! Knows paths and bytes, never entries. Start at [`replace`] and [`HighWaterMark`].

pub use heldto_journal::failed as io;
use heldto_journal::{Check, checked, sync_dir, with_check};
use heldto_proof::{Chain, Hash};
use heldto_store::StoreError;
use std::fs::File;
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

/// Returns the bytes of a file, or `None` if there is no file.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(format!("reading {}", path.display()))(error)),
    }
}

/// Replaces a file atomically and returns the new one.
///
/// A reader sees the old file or the new one; if `durable`, also after a power cut.
pub fn replace(dir: &Path, name: &str, bytes: &[u8], durable: bool) -> Result<File, StoreError> {
    let path = dir.join(name);
    let builder = dir.join(format!("{name}.new"));
    let write = || {
        // A draft that a killed process left, or a link, which must not be followed.
        if std::fs::symlink_metadata(&builder).is_ok() {
            std::fs::remove_file(&builder)?;
        }
        let mut file = File::create_new(&builder)?;
        file.write_all(bytes)?;
        if durable {
            file.sync_all()?;
        }
        // Before this line the old file stands; after it, the new one.
        std::fs::rename(&builder, &path)?;
        Ok(file)
    };
    let file = write().map_err(io(format!("writing {}", path.display())))?;
    if durable {
        sync_dir(dir)?;
    }
    Ok(file)
}

/// Removes a folder and its content, if it exists.
pub fn remove_dir(folder: &Path) -> Result<(), StoreError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(io(format!("removing the folder {}", folder.display()))(error))
        }
        _ => Ok(()),
    }
}

/// Removes a file, if it exists.
pub fn remove_file(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io(format!("removing {}", path.display()))(error)),
        _ => Ok(()),
    }
}

/// Copies a folder with its content, if it exists, to a path that does not.
pub fn copy_dir(from: &Path, to: &Path) -> Result<(), StoreError> {
    let copying = || io(format!("copying {}", from.display()));
    let entries = match std::fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(copying()(error)),
    };
    std::fs::create_dir_all(to).map_err(io(format!("creating the folder {}", to.display())))?;
    for entry in entries {
        let entry = entry.map_err(copying())?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(copying())?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            // Permissions are not copied: the copy must be writable.
            let copied =
                File::open(entry.path()).and_then(|mut from| std::io::copy(&mut from, &mut File::create(&target)?));
            copied.map_err(copying())?;
        }
    }
    Ok(())
}

/// Removes the snapshots that sled had not finished when its process was killed.
///
/// Call only under the ledger's lock.
pub fn remove_half_written_snapshots(folder: &Path) -> Result<(), StoreError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(format!("reading the folder {}", folder.display()))(error)),
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().ends_with(".generating") {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}

/// A size and a chain value that the ledger once had, kept apart from journal and databases.
///
/// A ledger with fewer entries, or others, is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HighWaterMark {
    /// Number of entries.
    pub size: u64,
    /// Chain value after the last of them.
    pub chain: Chain,
}

/// Name of the file of the last acknowledged mark.
pub const ACKNOWLEDGED: &str = "acknowledged";
/// Name of the file of the last signed mark, with its checkpoint.
pub const SIGNED: &str = "signed";

/// Returns the subject and verb of a sentence about a number of entries.
pub fn entries_were(count: u64) -> String {
    if count == 1 { "1 entry was".to_owned() } else { format!("{count} entries were") }
}

/// Content of a mark's file.
#[derive(Debug, PartialEq, Eq)]
pub enum MarkFile {
    /// No file, or an empty one, as a power cut may leave.
    Absent,
    /// A mark, the text after it, and `true` if the file must be rewritten.
    Sound(HighWaterMark, String, bool),
    /// A file that fails its check or does not parse.
    Damaged,
}

impl HighWaterMark {
    /// Reads the file of a mark.
    ///
    /// # Errors
    /// On an I/O error.
    pub fn read(dir: &Path, name: &'static str) -> Result<MarkFile, StoreError> {
        let bytes = read_if_there(&dir.join(name))?.unwrap_or_default();
        if bytes.is_empty() {
            return Ok(MarkFile::Absent);
        }
        let current = checked(&bytes);
        let before_the_journal = || Some((String::from_utf8(bytes.clone()).ok()?, Check::Sound));
        let found = current.map(|found| (found, 2)).or_else(|| before_the_journal().map(|found| (found, 1)));
        let Some(((text, check), version)) = found else { return Ok(MarkFile::Damaged) };
        let parse = || {
            let rest = text.strip_prefix(&format!("heldto {name} v{version}\n"))?;
            let (size, rest) = rest.split_once('\n')?;
            let (chain, rest) = rest.split_once('\n')?;
            let mark = Self { size: size.parse().ok()?, chain: Chain(Hash::from_hex(chain)?) };
            let canonical = text == format!("{}{rest}", mark.text(name, version));
            (canonical && (version == 2 || rest.is_empty())).then(|| (mark, rest.to_owned()))
        };
        Ok(match parse() {
            Some((mark, rest)) => MarkFile::Sound(mark, rest, check == Check::Corrected || version == 1),
            None => MarkFile::Damaged,
        })
    }

    /// Replaces the file by this mark and the text `rest`; if `durable`, to survive a power cut.
    ///
    /// # Errors
    /// On an I/O error.
    pub fn write(&self, dir: &Path, name: &str, rest: &str, durable: bool) -> Result<File, StoreError> {
        replace(dir, name, &with_check(&format!("{}{rest}", self.text(name, 2))), durable)
    }

    /// Overwrites the mark in a file that holds one of this name and no text after it.
    ///
    /// All marks have one length, far below a sector, so a crash cannot leave half of each.
    ///
    /// # Errors
    /// On an I/O error.
    pub fn write_over(&self, mut file: &File, name: &str) -> Result<(), StoreError> {
        let bytes = with_check(&self.text(name, 2));
        let write = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&bytes));
        write.map_err(io(format!("writing the file `{name}`")))
    }

    fn text(&self, name: &str, version: u8) -> String {
        format!("heldto {name} v{version}\n{:020}\n{}\n", self.size, self.chain.0)
    }
}
