//! File permissions of the ledger's folder and its key: creates private folders and reports access
//! by others. Based on Unix modes; reports nothing on other systems.

use crate::error::{CommandError, FAILED};
use std::io::Write;
use std::path::Path;

/// Returns who besides the owner may enter a folder, as text; `None` if nobody, or if unknown.
pub fn readers(folder: &Path) -> Option<String> {
    let mode = mode(folder)?;
    let who = if mode & 0o005 != 0 {
        "everybody on this machine"
    } else if mode & 0o050 != 0 {
        "its owner and its group"
    } else {
        return None;
    };
    Some(format!("{who}; to make it private: chmod 700 {}", folder.display()))
}

/// Creates a draft of a file that a web server may read.
pub fn public_draft(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut draft = tempfile::Builder::new();
    draft.prefix(DRAFT);
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    draft.tempfile_in(folder)
}

/// Writes a file whole or not at all, with the permissions of a new file of the user.
///
/// A device or a pipe is written to and stays what it is.
pub fn put_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // What a link leads to is written, and the link stays.
    let target = path.canonicalize();
    let path = target.as_deref().unwrap_or(path);
    // A draft in its place would end `/dev/null` for every program on the machine.
    if std::fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut draft = tempfile::Builder::new();
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut draft = draft.tempfile_in(folder)?;
    draft.write_all(bytes)?;
    draft.persist(path)?;
    Ok(())
}

/// Beginning of the names of public drafts.
const DRAFT: &str = ".heldto-site-";

/// Removes the public drafts that a killed program left in a folder, if there is the folder.
pub fn remove_drafts(folder: &Path) -> std::io::Result<()> {
    let Ok(inside) = std::fs::read_dir(folder) else { return Ok(()) };
    let is_draft = |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(|name| name.starts_with(DRAFT));
    inside.flatten().filter(is_draft).try_for_each(|entry| std::fs::remove_file(entry.path()))
}

/// Creates a folder that only its owner may enter; parent folders get the default permissions.
pub fn create_private(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)?;
    }
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Checks who else may write or read a key, and returns a warning if somebody may.
///
/// # Errors
/// If everybody may write it, because then the key may be anybody's.
pub fn check_key(path: &Path) -> Result<Option<String>, CommandError> {
    let Some(mode) = mode(path) else { return Ok(None) };
    let shown = path.display();
    if mode & 0o002 != 0 {
        let message = format!("everybody on this machine can change the signing key {shown}");
        return Err(CommandError::new(FAILED, message).hint(format!(
            "to make it private: chmod 600 {shown}; if you are not sure that the key is still yours, \
             then replace it: heldto key rotate"
        )));
    }
    let who = match mode {
        m if m & 0o020 != 0 => "the file's group can change",
        m if m & 0o004 != 0 => "everybody on this machine can read",
        m if m & 0o040 != 0 => "the file's group can read",
        _ => return Ok(None),
    };
    Ok(Some(format!("{who} the signing key; to make it private: chmod 600 {shown}")))
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).ok().map(|about| about.permissions().mode())
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}
