//! The whole ledger as a file, and back.

use super::{plain, verify};
use crate::args::{ExportArgs, Global, RestoreArgs};
use crate::error::{CommandError, io};
use crate::{Outcome, World, carry, ledger};
use heldto_store::Founding;
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

/// Makes a ledger again from an export or a published folder. It verifies first; nothing is made from what is broken.
pub fn restore(world: &mut World<'_>, global: &Global, args: &RestoreArgs) -> Result<Outcome, CommandError> {
    let mut index_key = [0; 32];
    (world.random)(&mut index_key);
    let carried = if args.file.is_dir() {
        let folder = Folder::new(&args.file);
        let checkpoint = folder.checkpoint()?.unwrap_or_default();
        carry::from_folder(&folder, &checkpoint)?
    } else {
        carry::read(&ledger::text_of(world, &args.file)?, index_key)?
    };
    verify::check(&carried)?;
    let founding = Founding { genesis: carried.genesis().clone(), index_key };
    let (entries, head) = carried.contents(&founding)?;
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
