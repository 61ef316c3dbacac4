//! The copy on this machine of a ledger on a server: a ledger in a folder, which holds every entry
//! in sled too, and only follows. Start at [`follow`]; [`prepare_to_sign`] guards signatures.

use crate::Env;
use crate::args::Global;
use crate::error::{CommandError, FAILED, INTEGRITY, USAGE, io};
use crate::screen::{counted, meter};
use crate::store::{Access, FolderLog, LocalLedger, folder, is_ledger, opening};
use heldto_exchange::Trust;
use heldto_ledger::{Ledger, Verified};
use heldto_proof::Head;
use heldto_report::ServerFacts;
use heldto_store::{Log, StoreError};
use std::path::{Path, PathBuf};

/// Name of the file in a copy that names the address it follows.
const FOLLOWS: &str = "follows";
/// Name of the file beside the key of a server's ledger with the checkpoint that was signed last.
const SIGNED: &str = "signed.note";

/// Returns the address that a folder's ledger is a copy of; `None` if it is none.
pub fn followed(folder: &Path) -> Option<String> {
    std::fs::read_to_string(folder.join(FOLLOWS)).ok().map(|text| text.trim().to_owned())
}

/// Returns the folder of the copy on this machine.
pub fn place(global: &Global) -> PathBuf {
    folder(global).join("copy")
}

/// Returns the head of the copy on this machine; `None` if there is none.
fn head(global: &Global) -> Result<Option<Head>, CommandError> {
    if global.server.is_none() || !is_ledger(&place(global)) {
        return Ok(None);
    }
    let waiting = &mut |_: &str| {};
    let copy = FolderLog::open(&place(global), opening(global, Access::Read, waiting))?;
    Ok(Some(Ledger::open(copy)?.head().clone()))
}

/// Checks that a ledger on a server continues the copy on this machine, if there is one.
///
/// # Errors
/// If the server has fewer entries, or others.
pub fn check(global: &Global, ledger: &LocalLedger) -> Result<(), CommandError> {
    let Some(copied) = head(global)? else { return Ok(()) };
    let size = ledger.head().size();
    if copied.size() <= size && ledger.chain_before(copied.size())? == copied.chain {
        return Ok(());
    }
    let copy = place(global);
    let why = if copied.size() > size {
        format!("the server has {}, and the copy {}", counted(size, "entry", "entries"), copied.size())
    } else {
        format!("the first {} are not those of the copy", counted(copied.size(), "entry", "entries"))
    };
    let message = format!("broken: the server's ledger does not continue the copy in {}: {why}", copy.display());
    Err(CommandError::new(INTEGRITY, message).hint(
        "a fail-over or a restored backup may have lost its end, or this is another ledger: sign nothing, and restore \
         the ledger from the copy",
    ))
}

/// Brings a folder's copy of a server's ledger up to date; makes it if it is not there.
///
/// Returns the number of entries that were new.
///
/// # Errors
/// If the folder holds another ledger, or the server's does not continue it.
pub fn follow(env: &mut Env<'_>, global: &Global, ledger: &LocalLedger, folder: &Path) -> Result<u64, CommandError> {
    let Some(facts) = ledger.store().server_facts() else {
        return Err(CommandError::new(USAGE, "this ledger is in a folder").hint("a copy is of a ledger on a server"));
    };
    let other = |why: String| CommandError::new(USAGE, why).hint("name another folder for the copy");
    if ledger.store().is_partial() {
        return Err(StoreError::Partial.into());
    }
    let is_there = is_ledger(folder);
    if is_there && followed(folder).is_none() {
        return Err(other(format!("{} is a ledger of its own", folder.display())));
    }
    let waiting = &mut |holder: &str| (env.eprintln)(&format!("waiting for {holder} to finish with the copy"));
    let opening = opening(global, Access::Write, waiting);
    let mut copy = if is_there {
        FolderLog::open(folder, opening)?
    } else {
        crate::permissions::create_private(folder)
            .map_err(|e| io(&format!("cannot create the folder {}", folder.display()), &e))?;
        crate::gitignore::complete(folder)?;
        crate::permissions::put_whole(&folder.join(FOLLOWS), format!("{}\n", facts.address).as_bytes())
            .map_err(|e| io(&format!("cannot write in {}", folder.display()), &e))?;
        FolderLog::create(folder, &ledger.store().founding()?, opening)?
    };
    if copy.founding()?.genesis != *ledger.genesis() {
        return Err(other(format!("{} is a copy of another ledger", folder.display())));
    }
    let mut progress = meter(env.terminal, env.progress, "copying", ledger.head().size());
    let copied = ledger.copy_to(&mut copy, &mut progress);
    drop(progress);
    Ok(copied?)
}

/// Brings the copy of this machine up to date, if there is one: after an erasure, so that nothing
/// is left in it.
///
/// # Errors
/// As [`follow`].
pub fn catch_up(env: &mut Env<'_>, global: &Global, ledger: &LocalLedger) -> Result<(), CommandError> {
    if head(global)?.is_some() { follow(env, global, ledger, &place(global)).map(drop) } else { Ok(()) }
}

/// Brings the copy up to what was verified, and has the server confirm it, so that nothing is
/// signed that a fail-over can lose, that only the server has, or that contradicts what was signed
/// before.
///
/// # Errors
/// If the copy cannot be brought there, the server does not commit, or the ledger does not hold
/// what the last checkpoint of this machine signed.
pub fn prepare_to_sign(
    env: &mut Env<'_>,
    global: &Global,
    ledger: &mut LocalLedger,
    verified: &Verified,
) -> Result<(), CommandError> {
    if global.server.is_none() {
        return Ok(());
    }
    let signed = std::fs::read(folder(global).join(SIGNED)).ok();
    Trust { key: None, expected: signed, policy: None }.expect(ledger)?;
    follow(env, global, ledger, &place(global))?;
    ledger.store_mut().confirm()?;
    let size = head(global)?.map_or(0, |head| head.size());
    if size < verified.entries {
        let message = format!("the copy on this machine has {size} of {} entries", verified.entries);
        return Err(CommandError::new(FAILED, message).hint("run the command again"));
    }
    Ok(())
}

/// Keeps a signed checkpoint of a server's ledger beside its key, before anybody else has it.
///
/// # Errors
/// If it cannot be written.
pub fn keep_signed(global: &Global, note: &str) -> Result<(), CommandError> {
    if global.server.is_none() {
        return Ok(());
    }
    let path = folder(global).join(SIGNED);
    crate::permissions::put_whole(&path, note.as_bytes())
        .map_err(|e| io(&format!("cannot write {}", path.display()), &e))
}

/// Returns what the status says of the server and the copy.
///
/// # Errors
/// If the copy cannot be read.
pub fn facts(global: &Global, ledger: &LocalLedger) -> Result<Option<ServerFacts>, CommandError> {
    let behind = head(global)?.map(|head| ledger.head().size().saturating_sub(head.size()));
    Ok(ledger.store().server_facts().map(|facts| ServerFacts { behind, ..facts }))
}
