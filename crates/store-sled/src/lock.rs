//! The lock that gives a ledger to one process at a time. Knows one file. Start at [`Lock::take`].

use crate::files::io;
use heldto_store::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Callback for the name of the lock's holder, called once after a second of waiting.
pub type Waiting<'a> = &'a mut dyn FnMut(&str);

/// Longest wait of a writer for another holder.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait of a reader before reading from the journal alone.
pub const READER_PATIENCE: Duration = Duration::from_secs(1);
const FIRST_WORD: Duration = Duration::from_secs(1);

/// An exclusive lock on a file, released when dropped or when the process ends in any way.
pub struct Lock(File);

impl Lock {
    /// Takes the lock, waiting at most `patience`, and writes this process's id into the file.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process keeps the lock; [`StoreError::Unwritable`] if this
    /// one may not write here; otherwise an I/O error.
    pub fn take(path: &Path, patience: Duration, waiting: Waiting<'_>) -> Result<Self, StoreError> {
        // A link here could lead to any file, and locking empties the file.
        if std::fs::symlink_metadata(path).is_ok_and(|about| !about.is_file()) {
            let source = std::io::Error::other("it is not a regular file");
            return Err(StoreError::Io { what: format!("opening the lock {}", path.display()), source });
        }
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = opened.map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                StoreError::Unwritable { path: path.display().to_string(), why: error.to_string() }
            }
            _ => io(format!("opening the lock {}", path.display()))(error),
        })?;
        let start = Instant::now();
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => {
                    return Err(StoreError::Io { what: format!("locking {}", path.display()), source });
                }
                Err(TryLockError::WouldBlock) if start.elapsed() >= patience => {
                    return Err(StoreError::Locked { holder: holder(&mut file), seconds: patience.as_secs() });
                }
                Err(TryLockError::WouldBlock) => {
                    if !said && start.elapsed() >= FIRST_WORD {
                        said = true;
                        waiting(&holder(&mut file));
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
        let mut write = || {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            write!(file, "process {}", std::process::id())
        };
        // The name serves only processes that wait: a full disk must not block the ledger.
        drop(write());
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file releases the lock; an empty file says that nobody holds it.
        if self.0.set_len(0).is_err() {
            // A stale name does no harm: it is shown only while somebody holds the lock.
        }
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(200).read_to_string(&mut text));
    if read.is_err() || text.trim().is_empty() { "another process".to_owned() } else { text.trim().to_owned() }
}
