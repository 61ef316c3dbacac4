//! Both copies of the ledger checked, and each mended from the other or from a third.

use super::plain;
use crate::args::{Global, RepairArgs};
use crate::error::{CommandError, INTEGRITY};
use crate::{Outcome, World, carry, ledger};
use heldto_proof::{SignedNote, TILE_WIDTH};
use heldto_store::{Notices, Store, StoredEntry};
use heldto_store_files::Folder;
use heldto_store_sled::{Access, Opening, SledStore, is_ledger};
use std::ops::Range;
use std::path::Path;

/// Checks and mends; says what was mended in notes, and what could not be in an error.
pub fn run(world: &mut World<'_>, global: &Global, args: &RepairArgs) -> Result<Outcome, CommandError> {
    let copy = args.from.as_deref().map(|path| copy_at(world, global, path)).transpose()?;
    let from = |range: Range<u64>| copy.as_ref().map_or_else(Vec::new, |copy| entries_of(copy.as_ref(), range));
    let mut open = ledger::open_with(world, global, Access::Write, Some(&from))?;
    let repaired = open.store_mut().repair(Some(&from))?;
    ledger::say_notices(world, global);
    if let [first, ..] = repaired.lost[..] {
        let message = match repaired.lost.len() {
            1 => format!("entry {first} could not be mended: no copy at hand has it whole"),
            count => {
                format!("{count} entries could not be mended, from entry {first} on: no copy at hand has them whole")
            }
        };
        return Err(
            CommandError::new(INTEGRITY, message).hint("give a copy that has it: heldto repair --from FOLDER|EXPORT")
        );
    }
    let verified = ledger::verify(&mut open, &mut |_| {})?;
    Ok(plain(if global.quiet {
        String::new()
    } else {
        format!("sound: {} entries, in the journal and in the database\n", verified.entries)
    }))
}

/// Another copy of a ledger, of which nothing is believed.
fn copy_at(world: &mut World<'_>, global: &Global, path: &Path) -> Result<Box<dyn Store>, CommandError> {
    if is_ledger(path) {
        let waiting = &mut |_: &str| {};
        let opening = Opening { notices: Notices::default(), ..ledger::opening(global, Access::Read, waiting) };
        return Ok(Box::new(SledStore::open(path, opening)?));
    }
    if path.is_dir() {
        let folder = Folder::new(path);
        let checkpoint = folder.checkpoint()?.unwrap_or_default();
        // Only its form counts here: each entry is proved by the hashes of the ledger that is mended.
        SignedNote::parse(&checkpoint).map_err(|e| {
            CommandError::new(INTEGRITY, format!("{} has no checkpoint that can be read: {e}", path.display()))
        })?;
        return Ok(Box::new(carry::from_folder(folder, &checkpoint)?.into_store()));
    }
    Ok(Box::new(carry::read(&ledger::text_of(world, path)?, [0; 32])?.into_store()))
}

/// Returns what a copy has of a range, whatever else of it is damaged.
fn entries_of(copy: &dyn Store, range: Range<u64>) -> Vec<StoredEntry> {
    let (mut all, mut next) = (Vec::new(), range.start);
    while next < range.end {
        let read = copy.read(next..range.end, &mut |stored| {
            next = stored.index + 1;
            all.push(stored.clone());
            true
        });
        match read {
            Ok(()) => break,
            Err(_) => next = (next / TILE_WIDTH + 1) * TILE_WIDTH,
        }
    }
    all
}
