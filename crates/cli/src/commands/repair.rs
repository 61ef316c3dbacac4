//! `repair`: checks the journal and the database, and repairs each from the other or from a third
//! copy. Repairing itself is in the store. Start at [`run`].

use super::{counted, plain};
use crate::args::{Global, RepairArgs};
use crate::error::{CommandError, FAILED, INPUT, INTEGRITY, USAGE};
use crate::open::{Access, LocalStore, Opening, is_ledger};
use crate::store::FolderLog;
use crate::{Env, RunOutput, input, open, published};
use heldto_exchange::export;
use heldto_proof::TILE_WIDTH;
use heldto_store::{Log, Notice, Notices, StoredEntry};
use heldto_store_files::Folder;
use std::ops::Range;
use std::path::Path;

/// Checks and repairs the ledger; repairs are reported as notices, lost entries as an error.
pub fn run(env: &mut Env<'_>, global: &Global, args: &RepairArgs) -> Result<RunOutput, CommandError> {
    let copy = args.from.as_deref().map(|path| copy_at(env, global, path)).transpose()?;
    let from = |range: Range<u64>| copy.as_ref().map_or_else(Vec::new, |copy| entries_of(copy.as_ref(), range));
    // Collects notices apart: those about an unusable database are dropped after the repair.
    let quiet = Global { notices: Notices::default(), ..global.clone() };
    let waiting = &mut |holder: &str| (env.eprintln)(&format!("waiting for {holder} to finish with the ledger"));
    let opening = Opening { source: Some(&from), ..open::opening(&quiet, Access::Write, waiting) };
    let store = match global.server {
        Some(_) => open::ledger(env, global, Access::Read)?.into_store(),
        None => LocalStore::Folder(Box::new(FolderLog::open(&open::folder(global), opening)?)),
    };
    let mut open = heldto_ledger::Ledger::open(store)?;
    let own = open.genesis().clone();
    if let (Some(copy), Some(path)) = (&copy, &args.from)
        && copy.founding()?.genesis != own
    {
        let message = format!("{} is a copy of another ledger: {}", path.display(), copy.founding()?.genesis.origin);
        return Err(CommandError::new(INPUT, message).hint(format!("this ledger is {}", own.origin)));
    }
    let repaired = open.store_mut().folder_mut()?.repair(Some(&from))?;
    if let [first, ..] = repaired.lost[..] {
        let message = match repaired.lost.len() {
            1 => format!("entry {first} could not be repaired: no available copy holds it undamaged"),
            count => {
                format!(
                    "{count} entries could not be repaired, from entry {first} on: \
                     no available copy holds them undamaged"
                )
            }
        };
        return Err(
            CommandError::new(INTEGRITY, message).hint("give an undamaged copy: heldto repair --from FOLDER|EXPORT")
        );
    }
    // A copy from before an erasure brings nothing back, even if the list of erased parts was lost.
    let erased = open.erased_parts()?;
    open.store_mut().folder_mut()?.keep_erased(erased)?;
    let verified = open::verify(&mut open, &mut |_| {})?;
    let is_reported = |notice: &Notice| !matches!(notice, Notice::DatabaseNotRebuilt(_) | Notice::DatabaseSuspect(_));
    let notices: Vec<Notice> = quiet.notices.take().into_iter().filter(is_reported).collect();
    let what = if notices.is_empty() { "Nothing to repair" } else { "Repaired" };
    notices.into_iter().for_each(|notice| global.notices.add(notice));
    open::say_notices(env, global);
    if !open.store_mut().folder_mut()?.uses_database() {
        return Err(CommandError::new(FAILED, "the journal is complete, but the database could not be rebuilt")
            .hint("run the command again; if it fails again, copy the folder to another disk"));
    }
    let said = format!(
        "{what}: {} complete in the journal and in the database.\n",
        counted(verified.entries, "entry is", "entries are")
    );
    Ok(plain(if global.quiet { String::new() } else { said }))
}

/// Opens another copy of the ledger; its content is untrusted.
fn copy_at(env: &mut Env<'_>, global: &Global, path: &Path) -> Result<Box<dyn Log>, CommandError> {
    let same = |one: &Path, other: &Path| {
        one.canonicalize().ok().is_some_and(|one| other.canonicalize().is_ok_and(|o| o == one))
    };
    if same(path, &open::folder(global)) {
        let message = format!("{} is the ledger itself", path.display());
        return Err(
            CommandError::new(USAGE, message).hint("name another copy: a published folder, an export, or a backup")
        );
    }
    // Damage in the copy is an input error, not an integrity error of the ledger.
    let no_copy = |error: CommandError| {
        let exit_code = if error.exit_code == INTEGRITY { INPUT } else { error.exit_code };
        let message =
            format!("{} cannot be used as a copy: {}", path.display(), error.message.trim_start_matches("broken: "));
        CommandError::new(exit_code, message)
            .hint("give a published folder, an export, or another folder of this ledger")
    };
    if is_ledger(path) {
        let waiting = &mut |_: &str| {};
        let opening = Opening { notices: Notices::default(), ..open::opening(global, Access::Read, waiting) };
        return Ok(Box::new(FolderLog::open(path, opening).map_err(|error| no_copy(error.into()))?));
    }
    if path.is_dir() {
        let folder = Folder::new(path);
        let checkpoint = folder.checkpoint()?;
        let missing = || CommandError::new(INPUT, "it has no file `checkpoint`");
        let checkpoint = checkpoint.ok_or_else(missing).map_err(no_copy)?;
        return Ok(Box::new(published::from_folder(folder, &checkpoint).map_err(no_copy)?.into_store()));
    }
    let text = input::text_of(env, path).map_err(no_copy)?;
    Ok(Box::new(export::read(&text, [0; 32]).map_err(CommandError::from).map_err(no_copy)?.into_store()))
}

/// Returns the readable entries of a range; after an unreadable one, skips to the next tile.
fn entries_of(copy: &dyn Log, range: Range<u64>) -> Vec<StoredEntry> {
    let mut all = Vec::new();
    let mut next = range.start;
    let end = range.end.min(copy.head().map_or(0, |head| head.size()));
    while next < end {
        let mut entries = copy.entries(next..end);
        while let Ok(Some(stored)) = entries.try_next() {
            next = stored.index + 1;
            all.push(stored.clone());
        }
        next = (next / TILE_WIDTH + 1) * TILE_WIDTH;
    }
    all
}
