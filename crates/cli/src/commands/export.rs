//! The whole ledger as a file, and back.

use super::plain;
use crate::args::{ExportArgs, Global, RestoreArgs};
use crate::error::{CommandError, io};
use crate::{Outcome, World, carry, key, ledger};
use heldto_ledger::Ledger;
use heldto_proof::Head;
use heldto_store::{Founding, NewEntry, Store};
use heldto_store_files::Folder;
use heldto_store_sled::{Access, SledStore};
use std::io::Write;
use std::path::Path;

/// Writes an export.
pub fn run(world: &mut World<'_>, global: &Global, args: &ExportArgs) -> Result<Outcome, CommandError> {
    let text = carry::write(&ledger::open(world, global, Access::Read)?, args.private)?;
    if args.file.as_os_str() == "-" {
        return Ok(plain(text));
    }
    let failed = |e: std::io::Error| io(&format!("writing {}", args.file.display()), &e);
    let folder = args.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A reader finds the old file or the whole new one. The draft has a name of its own, so that what a killed export left is in
    // nobody's way.
    let mut draft = tempfile::Builder::new().prefix(".heldto-export-").tempfile_in(folder).map_err(failed)?;
    draft.write_all(text.as_bytes()).and_then(|()| draft.as_file().sync_all()).map_err(failed)?;
    draft.persist(&args.file).map_err(|e| failed(e.error))?;
    key::sync_folder(&args.file).map_err(failed)?;
    let said = format!("{} entries written to {}\n", text.lines().count().saturating_sub(2), args.file.display());
    Ok(plain(if global.quiet { String::new() } else { said }))
}

type Contents = (Founding, (Vec<NewEntry>, Head));

/// All of a ledger, verified, to be held under another index key.
fn contents<S: Store + Sync>(carried: &Ledger<S>, index_key: [u8; 32]) -> Result<Contents, CommandError> {
    let founding = Founding { genesis: carried.genesis().clone(), index_key };
    let contents = carried.contents(&founding)?;
    Ok((founding, contents))
}

/// Makes a ledger again from an export or a published folder. It verifies first; nothing is made from what is broken.
pub fn restore(world: &mut World<'_>, global: &Global, args: &RestoreArgs) -> Result<Outcome, CommandError> {
    let mut index_key = [0; 32];
    (world.random)(&mut index_key);
    let (founding, (entries, head)) = if args.file.is_dir() {
        let folder = Folder::new(&args.file);
        let checkpoint = folder.checkpoint()?.unwrap_or_default();
        contents(&carry::from_folder(folder, &checkpoint)?, index_key)?
    } else {
        contents(&carry::read(&ledger::text_of(world, &args.file)?, index_key)?, index_key)?
    };
    let waiting = &mut |holder: &str| (world.say)(&format!("waiting for {holder}"));
    let opening = ledger::opening(global, Access::Write, waiting);
    SledStore::create_with(&args.dir, &founding, &entries, &head, opening)?;
    let said = format!(
        "{} entries restored to {}, with the same head\n  chain   {}\n  root    {}\n",
        head.size(),
        args.dir.display(),
        head.chain.0,
        head.edge.root().base64(),
    );
    Ok(plain(if global.quiet { String::new() } else { said }))
}
