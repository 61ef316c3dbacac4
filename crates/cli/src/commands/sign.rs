//! `checkpoint`: signs the verified head, with the key in force and the earlier ones that still
//! sign. Signing itself is in `heldto_proof`. Start at [`sign`].

use super::{plain, witness};
use crate::args::{CheckpointArgs, Global};
use crate::error::{CommandError, FAILED, io};
use crate::open::{Access, LocalLedger};
use crate::{Env, RunOutput, copy, key, open};
use heldto_ledger::{KeyTerm, Keys};
use heldto_proof::{Checkpoint, NoteSigner, SignedNote};
use heldto_store::Checkpoints;
use std::path::{Path, PathBuf};

/// Signs the current head and prints the checkpoint.
pub fn checkpoint(env: &mut Env<'_>, global: &Global, _: &CheckpointArgs) -> Result<RunOutput, CommandError> {
    let mut open = open::ledger(env, global, Access::Write)?;
    Ok(plain(sign(env, global, &mut open)?.to_string()))
}

/// Verifies the whole ledger and signs its head.
///
/// Crash safety: the signed mark is stored, apart from the database, before the checkpoint is
/// returned.
pub fn sign(env: &mut Env<'_>, global: &Global, open: &mut LocalLedger) -> Result<SignedNote, CommandError> {
    let verified = open::verify(open, &mut |_| {})?;
    let signer = signer(env, global, open)?;
    copy::prepare_to_sign(env, global, open, &verified)?;
    let checkpoint = Checkpoint { origin: open.genesis().origin.clone(), size: verified.entries, root: verified.root };
    let mut signers = vec![signer];
    signers.extend(earlier_signers(env, global, &open.keys()?));
    let note =
        checkpoint.sign(&signers.iter().collect::<Vec<_>>()).map_err(|e| CommandError::new(FAILED, e.to_string()))?;
    let size = verified.entries;
    let chain = verified.chain;
    // From here on, a ledger shorter than this size is refused.
    copy::keep_signed(global, &note.to_string())?;
    open.store_mut().put_checkpoint(size, chain, &note.to_string())?;
    witness::cosigned(env, global, open, note)
}

/// Reads the signing key and checks that it is the current one.
pub fn signer(env: &mut Env<'_>, global: &Global, open: &LocalLedger) -> Result<NoteSigner, CommandError> {
    finish_change(env, global, open)?;
    let file = key::file(env, &open::folder(global));
    let current = open.keys()?.in_force();
    let signer = key::read_to_sign(env, &file)?;
    if signer.verifier() == current {
        return Ok(signer);
    }
    if let Some((entry, ground)) = open.keys()?.revocation(&signer.verifier().key) {
        let message = format!("the key in {} was revoked by entry {entry}: {ground}", file.display());
        return Err(CommandError::new(FAILED, message).hint(format!("the keeper signs with {current}")));
    }
    let message =
        format!("{} holds the key {}, but the key of this ledger is {current}", file.display(), signer.verifier());
    Err(CommandError::new(FAILED, message).hint("name the right file in HELDTO_KEY_FILE"))
}

/// Finishes a key change that was interrupted before the files were renamed.
///
/// # Errors
/// If a file cannot be read or renamed.
pub fn finish_change(env: &Env<'_>, global: &Global, open: &LocalLedger) -> Result<(), CommandError> {
    let file = key::file(env, &open::folder(global));
    let next = suffixed(&file, "next");
    let current = open.keys()?.in_force();
    key::remove_blank(&next)?;
    // An unreadable `.next` file is ignored: while the old key signs, it holds no key in use. Those
    // of earlier attempts have a number.
    let begin = next.as_os_str().as_encoded_bytes();
    let waiting = kept(&file).into_iter().filter(|(path, _)| path.as_os_str().as_encoded_bytes().starts_with(begin));
    if let Some((next, _)) = waiting.into_iter().find(|(_, key)| key.verifier() == current) {
        let size = open.head().size();
        // A revoked key never signs again, and is kept under another name.
        let revoked = key::read(&file).ok().and_then(|key| open.keys().ok()?.revocation(&key.verifier().key).cloned());
        let suffix = if revoked.is_some() { format!("revoked-{size}") } else { format!("until-{size}") };
        if file.exists() {
            std::fs::rename(&file, suffixed(&file, &suffix)).map_err(|e| io("cannot keep the old key", &e))?;
        }
        std::fs::rename(&next, &file)
            .and_then(|()| key::sync_folder(&file))
            .map_err(|e| io("cannot move the new key into place", &e))?;
    }
    Ok(())
}

/// Returns the earlier keys on this machine that still sign: those that a planned change replaced
/// and that were not revoked.
///
/// Whoever knows a ledger by one of them, as a witness does, goes on verifying its checkpoints.
fn earlier_signers(env: &Env<'_>, global: &Global, keys: &Keys) -> Vec<NoteSigner> {
    let file = key::file(env, &open::folder(global));
    let in_force = keys.in_force().key;
    let still_signs = |term: &&KeyTerm| term.revoked.is_none() && term.key != in_force;
    let held = kept(&file);
    let signer = |term: &KeyTerm| held.iter().find(|(_, signer)| signer.verifier().key == term.key);
    keys.terms().iter().filter(still_signs).filter_map(signer).map(|(_, signer)| signer.clone()).collect()
}

/// Returns the replaced keys beside a key file, each with its own file, in the order of names.
pub fn kept(file: &Path) -> Vec<(PathBuf, NoteSigner)> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let begin = suffixed(file, "");
    let is_kept =
        |path: &PathBuf| path.as_os_str().as_encoded_bytes().starts_with(begin.as_os_str().as_encoded_bytes());
    let inside = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| folder.join(entry.file_name()));
    let mut found: Vec<(PathBuf, NoteSigner)> =
        inside.filter(is_kept).filter_map(|path| Some((path.clone(), key::read(&path).ok()?))).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Returns a path with a suffix after a full stop.
pub fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{suffix}"));
    path.with_file_name(name)
}
