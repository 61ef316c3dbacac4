//! `export` and `restore`: the whole ledger as one file, and a ledger made from such a file or from
//! a published folder. The format is in `export_file.rs`. Start at [`run`] and [`restore`].

use super::{counted, plain, publish, verify};
use crate::args::{ExportArgs, Global, RestoreArgs};
use crate::error::{CommandError, INPUT, for_strangers, io};
use crate::open::Access;
use crate::store::FolderLog;
use crate::{Env, RunOutput, copy, input, key, open, permissions, published, server};
use heldto_exchange::{Trust, export};
use heldto_ledger::{Ledger, Verified};
use heldto_proof::Head;
use heldto_store::{Checkpoints, Founding, Log, NewEntry};
use heldto_store_files::Folder;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

/// Writes an export to a file or to standard output.
pub fn run(env: &mut Env<'_>, global: &Global, args: &ExportArgs) -> Result<RunOutput, CommandError> {
    if args.file.as_os_str() != "-" {
        open::not_of_ledger(env, global, &args.file)?;
    }
    let access = if args.public { Access::Write } else { Access::Read };
    let mut open = open::ledger(env, global, access)?;
    open.set_clock_policy(args.clock.policy());
    if args.public {
        publish::withhold(env, &mut open)?;
        publish::withhold_quotations(env, &mut open, false)?;
    }
    let mut withheld = if args.public { publish::named(&open)? } else { BTreeSet::new() };
    if args.public {
        // A tombstone has one place in the entry of a redaction: after the record.
        withheld.extend(open.redactions(open.head().size())?.into_iter().map(|(index, _)| (index, 1)));
    }
    let text = export::write(&open, args.private, &|entry, part| withheld.contains(&(entry, u64::from(part))))?;
    let sensitive = open.sensitive()?.entries.len();
    drop(open);
    if sensitive > 0 && !args.public {
        let are = if sensitive == 1 { "1 entry is" } else { &format!("{sensitive} entries are") };
        (env.eprintln)(&format!(
            "note: {are} about identifiable children or families; add --public to leave out such entries"
        ));
    }
    if args.file.as_os_str() == "-" {
        return Ok(plain(text));
    }
    let failed = |e: std::io::Error| io(&format!("cannot write {}", args.file.display()), &e);
    let folder = args.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Crash safety: a reader finds either the old file or the whole new one. The temporary file has
    // a unique name, so that the remains of a killed export block nothing.
    let mut draft = tempfile::Builder::new().prefix(".heldto-export-").tempfile_in(folder).map_err(failed)?;
    draft.write_all(text.as_bytes()).and_then(|()| draft.as_file().sync_all()).map_err(failed)?;
    draft.persist(&args.file).map_err(|e| failed(e.error))?;
    key::sync_folder(&args.file).map_err(failed)?;
    let entries = counted(text.lines().count().saturating_sub(2) as u64, "entry", "entries");
    let said = format!("{entries} written to {}\n", args.file.display());
    Ok(plain(if global.quiet { String::new() } else { said }))
}

/// The contents of a verified ledger, for a store with another index key, and its signatures as
/// text.
struct Contents {
    founding: Founding,
    entries: Vec<NewEntry>,
    head: Head,
    verified: Verified,
    signed: String,
}

impl Contents {
    /// Verifies and reads all of a ledger, and compares it with the reader's trust anchors.
    fn of<S: Log + Sync>(
        exported: &Ledger<S>,
        index_key: [u8; 32],
        checkpoint: Option<&[u8]>,
        trust: &Trust,
    ) -> Result<Self, CommandError> {
        let founding = Founding { genesis: exported.genesis().clone(), index_key };
        let (entries, head, verified) = exported.contents(&founding)?;
        let signed = verify::signed(exported, checkpoint, trust)?;
        let signed = verify::describe(&signed, head.size(), trust);
        Ok(Self { founding, entries, head, verified, signed })
    }
}

/// Makes a ledger from an export or a published folder, after verifying it.
pub fn restore(env: &mut Env<'_>, global: &Global, args: &RestoreArgs) -> Result<RunOutput, CommandError> {
    let mut index_key = [0; 32];
    (env.random)(&mut index_key);
    let trust = input::trust(env, args.key.as_deref(), args.expect.as_deref(), None)?;
    let global = &server::of_address(env, global, &args.dir)?;
    let contents = if open::is_ledger(&args.file) && !open::is_publication(&args.file) {
        let waiting = &mut |holder: &str| (env.eprintln)(&format!("waiting for {holder}"));
        let source = FolderLog::open(&args.file, open::opening(global, Access::Read, waiting))?;
        let source = Ledger::open(source)?;
        if let Some(address) = &global.server
            && server::exists(env, address)?
        {
            return put_back(env, global, &source, (&args.file, address), &trust);
        }
        let checkpoint = source.store().checkpoint()?;
        Contents::of(&source, index_key, checkpoint.as_deref(), &trust)
    } else if args.file.is_dir() {
        published::read_folder(&Folder::new(&args.file), |exported, checkpoint| {
            Contents::of(exported, index_key, Some(checkpoint), &trust)
        })
    } else {
        let exported = export::read(&input::text_of(env, &args.file)?, index_key);
        exported.map_err(CommandError::from).and_then(|exported| Contents::of(&exported, index_key, None, &trust))
    };
    let Contents { founding, entries, head, verified, signed } = contents.map_err(for_strangers)?;
    let is_partial = verified.is_partial();
    if is_partial && global.server.is_some() {
        let message = format!("{} leaves parts out: nobody could record in a ledger made from it", args.file.display());
        return Err(CommandError::new(INPUT, message).hint(
            "restore a server's ledger from its copy, or from an export with --private; for reports, restore this to a \
             folder",
        ));
    }
    let place = match &global.server {
        Some(address) => {
            server::create(env, global, address, &founding, (&entries, &head), is_partial)?;
            server::shown(env, address)?
        }
        None => {
            permissions::create_private(&args.dir)
                .map_err(|e| io(&format!("cannot create the folder {}", args.dir.display()), &e))?;
            crate::gitignore::complete(&args.dir)?;
            let waiting = &mut |holder: &str| (env.eprintln)(&format!("waiting for {holder}"));
            let opening = open::opening(global, Access::Write, waiting);
            FolderLog::create_from(&args.dir, &founding, (&entries, &head), is_partial, opening)?;
            args.dir.display().to_string()
        }
    };
    let mut said = format!(
        "{} restored to {place}, with the same head\n  chain   {}\n  root    {}\n{signed}",
        counted(head.size(), "entry", "entries"),
        head.chain.0,
        head.edge.root().base64(),
    );
    if is_partial {
        said.push_str("This copy lacks parts: it can be read and verified, but nothing can be recorded in it.\n");
    }
    Ok(plain(if global.quiet { String::new() } else { said }))
}

/// Gives a server's ledger what it lacks of a ledger in a folder, after verifying that.
fn put_back(
    env: &mut Env<'_>,
    global: &Global,
    source: &Ledger<FolderLog>,
    (folder, address): (&Path, &str),
    trust: &Trust,
) -> Result<RunOutput, CommandError> {
    if source.store().is_partial() {
        return Err(heldto_store::StoreError::Partial.into());
    }
    source.verify(false, &mut |_| {})?;
    let checkpoint = source.store().checkpoint()?;
    verify::signed(source, checkpoint.as_deref(), trust)?;
    let restored = copy::put_back(env, (source, folder), (global, address))?;
    let said = format!(
        "{} restored to {}, now {}, with the same head\n",
        counted(restored, "entry", "entries"),
        server::shown(env, address)?,
        source.head().size()
    );
    Ok(plain(if global.quiet { String::new() } else { said }))
}
