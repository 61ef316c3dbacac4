//! The whole ledger as a file, and back.

use super::plain;
use crate::args::{ExportArgs, Global, RestoreArgs};
use crate::error::{CommandError, io};
use crate::{Outcome, World, carry, ledger};
use heldto_ledger::Ledger;
use heldto_proof::Head;
use heldto_store::{Founding, NewEntry, Store};
use heldto_store_files::Folder;
use heldto_store_sled::SledStore;
use std::io::Write;

/// Writes an export.
pub fn run(world: &mut World<'_>, global: &Global, args: &ExportArgs) -> Result<Outcome, CommandError> {
    let text = carry::write(&ledger::open(world, global)?, args.private)?;
    if args.file.as_os_str() == "-" {
        return Ok(plain(text));
    }
    let mut name = args.file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let draft = args.file.with_file_name(name);
    let failed = |e: std::io::Error| io(&format!("writing {}", draft.display()), &e);
    // A reader finds the old file or the whole new one; a file of the draft's name that is somebody else's is left alone.
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&draft).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&draft, &args.file).map_err(failed)?;
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
    let mut waiting = |holder: &str| (world.say)(&format!("waiting for {holder}"));
    SledStore::create_with(&args.dir, &founding, &entries, &head, &mut waiting)?;
    let said = format!(
        "{} entries restored to {}, with the same head\n  chain   {}\n  root    {}\n",
        head.size(),
        args.dir.display(),
        head.chain.0,
        head.edge.root().base64(),
    );
    Ok(plain(if global.quiet { String::new() } else { said }))
}
