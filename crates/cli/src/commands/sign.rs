//! `checkpoint` and `key rotate`: signs the verified head, and replaces the signing key in a
//! crash-safe order. Signing itself is in `heldto_proof`. Start at [`sign`] and [`rotate`].

use super::plain;
use crate::args::{CheckpointArgs, Global, KeyArgs};
use crate::error::{CommandError, FAILED, io};
use crate::open::{Access, LocalLedger};
use crate::{Env, RunOutput, key, open};
use heldto_ledger::{KeyChange, SystemRecord};
use heldto_proof::{Checkpoint, NoteSigner, SignedNote};
use heldto_store::Checkpoints;
use std::path::Path;

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
    let checkpoint = Checkpoint { origin: open.genesis().origin.clone(), size: verified.entries, root: verified.root };
    let note = checkpoint.sign(&[&signer]).map_err(|e| CommandError::new(FAILED, e.to_string()))?;
    let size = verified.entries;
    let chain = verified.chain;
    // From here on, a ledger shorter than this size is refused.
    open.store_mut().put_checkpoint(size, chain, &note.to_string())?;
    Ok(note)
}

/// Reads the signing key and checks that it is the current one.
fn signer(env: &mut Env<'_>, global: &Global, open: &LocalLedger) -> Result<NoteSigner, CommandError> {
    let file = key::file(env, &open::folder(global));
    let next = suffixed(&file, "next");
    let current = heldto_exchange::current_key(open.genesis(), &open.key_changes(open.head().size())?);
    key::remove_blank(&next)?;
    // Finishes a key change that was interrupted before the files were renamed. An unreadable
    // `.next` file is ignored: while the old key signs, it holds no key in use.
    if next.exists() && key::read(&next).is_ok_and(|key| key.verifier() == current) {
        let size = open.head().size();
        if file.exists() {
            std::fs::rename(&file, suffixed(&file, &format!("until-{size}")))
                .map_err(|e| io("cannot keep the old key", &e))?;
        }
        std::fs::rename(&next, &file)
            .and_then(|()| key::sync_folder(&file))
            .map_err(|e| io("cannot move the new key into place", &e))?;
    }
    let signer = key::read_to_sign(env, &file)?;
    if signer.verifier() == current {
        return Ok(signer);
    }
    let message =
        format!("{} holds the key {}, but the key of this ledger is {current}", file.display(), signer.verifier());
    Err(CommandError::new(FAILED, message).hint("name the right file in HELDTO_KEY_FILE"))
}

/// Replaces the signing key; the old key and the new one both sign the change.
pub fn rotate(env: &mut Env<'_>, global: &Global, args: &KeyArgs) -> Result<RunOutput, CommandError> {
    let mut open = open::ledger(env, global, Access::Write)?;
    open.set_clock_policy(args.clock.policy());
    let old = signer(env, global, &open)?;
    let file = key::file(env, &open::folder(global));
    let mut seed = [0; 32];
    (env.random)(&mut seed);
    let origin = open.genesis().origin.clone();
    let new = NoteSigner::new(&origin, seed)
        .ok_or_else(|| CommandError::new(FAILED, "the origin cannot be used in a signed note"))?;
    let index = open.head().size();
    let message = KeyChange::message(&origin, index, &old.verifier().key, &new.verifier().key);
    let change = KeyChange { key: new.verifier().key, by_old: old.sign(&message), by_new: new.sign(&message) };
    let next = suffixed(&file, "next");
    let kept = suffixed(&file, &format!("until-{index}"));
    // Crash safety: the new key is durable in the `.next` file before the ledger records the
    // change. After a crash from here on it is still in that file, and `signer` finishes the
    // change.
    if next.exists() {
        // Left by a change that the ledger does not hold; otherwise `signer` would have finished
        // it.
        std::fs::remove_file(&next).map_err(|e| io(&format!("cannot remove {}", next.display()), &e))?;
    }
    key::create(&next, &new)?;
    open.append_record(&SystemRecord::Key(change), (env.now)(), env.random)?;
    std::fs::rename(&file, &kept)
        .and_then(|()| std::fs::rename(&next, &file))
        .and_then(|()| key::sync_folder(&file))
        .map_err(|e| io("cannot move the new key into place", &e))?;
    Ok(plain(if global.quiet {
        String::new()
    } else {
        format!(
            "Entry {index} records a new signing key, signed by both keys\n  public key   {}\n  the old key  {}\n",
            new.verifier(),
            kept.display()
        )
    }))
}

fn suffixed(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{suffix}"));
    path.with_file_name(name)
}
