//! The whole ledger as a file, and back.

use super::{plain, verify};
use crate::args::{ExportArgs, Global, RestoreArgs};
use crate::error::{CommandError, io};
use crate::{Outcome, World, carry, ledger};
use heldto_store::{Founding, Store};
use heldto_store_files::Folder;
use heldto_store_sled::SledStore;

/// Writes an export.
pub fn run(world: &mut World<'_>, global: &Global, args: &ExportArgs) -> Result<Outcome, CommandError> {
    let text = carry::write(&ledger::open(world, global)?, args.private)?;
    if args.file.as_os_str() == "-" {
        return Ok(plain(text));
    }
    let draft = args.file.with_extension("new");
    let failed = |e: std::io::Error| io(&format!("writing {}", args.file.display()), &e);
    // A reader finds the old file or the whole new one.
    std::fs::write(&draft, &text).and_then(|()| std::fs::File::open(&draft)?.sync_all()).map_err(failed)?;
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
    let mut store =
        SledStore::create(&args.dir, &founding, &mut |holder| (world.say)(&format!("waiting for {holder}")))?;
    carried.copy_into(&mut store)?;
    let head = store.head()?;
    let said = format!(
        "{} entries restored to {}, with the same head\n  chain   {}\n  root    {}\n",
        head.size(),
        args.dir.display(),
        head.chain.0,
        head.edge.root(),
    );
    Ok(plain(if global.quiet { String::new() } else { said }))
}
