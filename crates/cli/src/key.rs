//! The signing key's file: creates it for its owner only, and reads it for signing. Does not know
//! which key the ledger expects.

use crate::Env;
use crate::error::{CommandError, FAILED, INPUT, io};
use heldto_proof::NoteSigner;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Returns the path of the signing key: `HELDTO_KEY_FILE` if set, else `signing.key` in the folder.
pub fn file(env: &Env<'_>, dir: &Path) -> PathBuf {
    (env.variable)("HELDTO_KEY_FILE").map_or_else(|| dir.join("signing.key"), PathBuf::from)
}

/// Creates a key file that only its owner may read.
///
/// Durable on return; never overwrites a file.
pub fn create(path: &Path, signer: &NoteSigner) -> Result<(), CommandError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text = signer.to_file();
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| sync_folder(path));
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let message = format!("a key already exists at {}", path.display());
            let hint = "a key is never overwritten: move it away, or name another file";
            Err(CommandError::new(FAILED, message).hint(hint))
        }
        Err(error) => Err(io(&format!("cannot write the key {}", path.display()), &error)),
    }
}

/// Removes a key file that holds nothing but white space and zero bytes.
///
/// A kill or a power cut leaves such a file before the key is written; no ledger depends on it.
pub fn remove_blank(path: &Path) -> Result<(), CommandError> {
    let blank = std::fs::read(path).is_ok_and(|bytes| bytes.iter().all(|b| *b == 0 || b.is_ascii_whitespace()));
    if blank {
        std::fs::remove_file(path)
            .map_err(|e| io(&format!("cannot remove the empty key file {}", path.display()), &e))?;
    }
    Ok(())
}

/// Syncs the folder of a file, so that its name is durable.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Reads the signing key, and warns if others may read the file or its group may write it.
///
/// # Errors
/// If the file is no key, if it cannot be read, or if everybody may write it.
pub fn read_to_sign(env: &mut Env<'_>, path: &Path) -> Result<NoteSigner, CommandError> {
    if let Some(warning) = crate::permissions::check_key(path)? {
        (env.eprintln)(&format!("warning: {warning}"));
    }
    read(path)
}

/// Reads a key file.
pub fn read(path: &Path) -> Result<NoteSigner, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        let error = io(&format!("cannot read the signing key {}", path.display()), &e);
        if e.kind() != std::io::ErrorKind::NotFound {
            return error;
        }
        error.hint(
            "the keeper signs, where the key is. If this is that machine, copy the key back, or name its file in \
             HELDTO_KEY_FILE; if it is lost: heldto key revoke --reserve FILE --ground TEXT",
        )
    })?;
    text.parse().map_err(|e| {
        CommandError::new(INPUT, format!("the signing key {} is damaged: {e}", path.display()))
            .hint("restore it from the copy that you keep; everything except signing works without it")
    })
}
