//! The copy on this machine of a ledger on a server: a ledger in a folder, which holds every entry
//! in sled too, and only follows. Start at [`follow`]; [`prepare_to_sign`] guards signatures, and
//! [`put_back`] gives a server what it lost.

use crate::args::Global;
use crate::error::{CommandError, FAILED, INPUT, INTEGRITY, USAGE, io};
use crate::screen::{counted, meter};
use crate::store::{Access, FolderLog, LocalLedger, folder, is_ledger, opening};
use crate::{Env, server};
use heldto_exchange::Trust;
use heldto_ledger::{Ledger, Verified};
use heldto_proof::{Genesis, Head, Verifier};
use heldto_report::ServerFacts;
use heldto_store::{Log, StoreError};
use std::path::{Path, PathBuf};

/// Name of the file in a copy that names the address it follows and, in a second line, the first
/// key of its ledger.
const FOLLOWS: &str = "follows";
/// Name of the file, in the folder of the key, with the checkpoint that was last signed.
const SIGNED: &str = "signed.note";

/// Returns the address that a folder's ledger is a copy of; `None` if it is none.
pub fn followed(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(FOLLOWS)).ok()?;
    Some(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Returns the folders of the copies of a ledger that this machine keeps: its own, and those under
/// other addresses, of which a server has many.
///
/// A folder that `HELDTO_NODE` names is alone: the folders next to it may be anybody's.
fn places(env: &Env<'_>, global: &Global, genesis: &Genesis) -> Vec<PathBuf> {
    let own = folder(global);
    let first = Verifier { name: genesis.origin.clone(), key: genesis.key }.to_string();
    let is_of_it = |copy: &PathBuf| {
        let follows = std::fs::read_to_string(copy.join(FOLLOWS)).unwrap_or_default();
        follows.lines().nth(1) == Some(&first) && is_ledger(copy)
    };
    let is_alone = (env.variable)("HELDTO_NODE").is_some();
    let neighbours = own.parent().filter(|_| !is_alone).map(std::fs::read_dir);
    let others = neighbours.into_iter().flatten().flatten().flatten().map(|entry| entry.path());
    let others = others.filter(|other| *other != own).map(|other| other.join("copy")).filter(is_of_it);
    Some(place(global)).filter(|own| is_ledger(own)).into_iter().chain(others).collect()
}

/// Returns the folder of the copy on this machine.
pub fn place(global: &Global) -> PathBuf {
    folder(global).join("copy")
}

/// Opens a copy to read it.
fn opened(global: &Global, copy: &Path) -> Result<Ledger<FolderLog>, CommandError> {
    let waiting = &mut |_: &str| {};
    Ok(Ledger::open(FolderLog::open(copy, opening(global, Access::Read, waiting))?)?)
}

/// Returns the head of the copy on this machine; `None` if there is none.
fn head(global: &Global) -> Result<Option<Head>, CommandError> {
    if global.server.is_none() || !is_ledger(&place(global)) {
        return Ok(None);
    }
    Ok(Some(opened(global, &place(global))?.head().clone()))
}

/// Checks that a ledger on a server continues the copy on this machine, if there is one.
///
/// # Errors
/// If the server has fewer entries, or others.
pub fn check(env: &Env<'_>, global: &Global, ledger: &LocalLedger) -> Result<(), CommandError> {
    let Some(address) = &global.server else { return Ok(()) };
    places(env, global, ledger.genesis()).iter().try_for_each(|copy| check_copy(env, global, (ledger, address), copy))
}

/// Checks that a ledger on a server continues one copy.
fn check_copy(
    env: &Env<'_>,
    global: &Global,
    (ledger, address): (&LocalLedger, &str),
    place: &Path,
) -> Result<(), CommandError> {
    let copy = opened(global, place).map_err(|error| {
        let message = format!("the copy in {} cannot be used: {}", place.display(), error.message);
        CommandError::new(error.exit_code, message).hint("move it away, and make a new one: heldto follow")
    })?;
    if copy.genesis() != ledger.genesis() || ledger.store().is_partial() {
        return Err(other_founding(env, (&copy, place), (ledger, address))?);
    }
    let size = ledger.head().size();
    let copied = copy.head();
    if copied.size() <= size && ledger.chain_before(copied.size())? == copied.chain {
        return Ok(());
    }
    let begin = format!("broken: the server's ledger does not continue the copy in {}", place.display());
    let is_behind = copied.size() > size && copy.chain_before(size)? == ledger.head().chain;
    if is_behind && ledger.store().server_facts().is_some_and(|facts| facts.is_standby) {
        let message = format!("the server is a standby, and behind the copy in {}", place.display());
        return Err(CommandError::new(FAILED, message)
            .hint("run the command again when it has caught up, or name the server that writes"));
    }
    if is_behind {
        let has = counted(size, "entry", "entries");
        let address = server::shown(env, address)?;
        let message = format!("{begin}: the server has {has}, and the copy {}", copied.size());
        return Err(CommandError::new(INTEGRITY, message).hint(format!(
            "a fail-over or a restored backup lost its end. Sign nothing; to put it back: heldto restore {} '{address}'",
            place.display()
        )));
    }
    let shared = counted(copied.size().min(size), "entry", "entries");
    let message = format!("{begin}: the first {shared} are not those of the copy");
    let signed = Trust { key: None, expected: signed(global), policy: None };
    let told = match signed.expected.is_some().then(|| signed.expect(ledger).is_ok()) {
        Some(true) => "all that was signed here is there, so a fail-over may have lost the end of the copy",
        Some(false) => "what was signed here is not there: the ledger was rewritten",
        None => "nothing was signed here: a fail-over may have lost the end of the copy, or the ledger was rewritten",
    };
    Err(CommandError::new(INTEGRITY, message).hint(format!(
        "{told}. Sign nothing, and find out what happened on the server; to give up the copy, move {} out of {}, and \
         follow the server again",
        place.display(),
        folder(global).parent().unwrap_or(Path::new(".")).display()
    )))
}

/// Returns the checkpoint that this machine signed last.
fn signed(global: &Global) -> Option<Vec<u8>> {
    std::fs::read(folder(global).join(SIGNED)).ok()
}

/// Returns the error of a server whose founding record is not that of the copy.
fn other_founding(
    env: &Env<'_>,
    (copy, place): (&Ledger<FolderLog>, &Path),
    (ledger, address): (&LocalLedger, &str),
) -> Result<CommandError, CommandError> {
    let address = server::shown(env, address)?;
    let own = &copy.genesis().origin;
    let other = &ledger.genesis().origin;
    if !follows(place, &address) {
        let message = format!("{} is of the ledger {own}, and {address} is {other}", place.display());
        return Ok(CommandError::new(USAGE, message).hint("name another folder for this ledger in HELDTO_NODE"));
    }
    if copy.genesis() == ledger.genesis() {
        let message = format!("broken: {address} leaves parts out, and the copy in {} has them", place.display());
        return Ok(CommandError::new(INTEGRITY, message).hint(format!(
            "it was restored from a publication, or somebody marked it so: have its owner drop the schema, then: heldto \
             restore {} '{address}'",
            place.display()
        )));
    }
    let message = format!("broken: the founding record of {address} is not that of the copy in {}", place.display());
    Ok(CommandError::new(INTEGRITY, message)
        .hint("somebody changed it: sign nothing, and restore the ledger from the copy to another schema"))
}

/// Returns `true` if a copy follows an address, whatever its user.
fn follows(copy: &Path, address: &str) -> bool {
    followed(copy).is_some_and(|followed| without_user(&followed) == without_user(address))
}

fn without_user(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, place)| place)
}

/// Checks that a server has nothing of what redactions name, and says what may still have it: the
/// files of the server, or the copy.
///
/// # Errors
/// If an erased part is there again, as after a restored backup.
pub fn check_erased(env: &mut Env<'_>, global: &Global, ledger: &LocalLedger) -> Result<(), CommandError> {
    let Some(rewritten) = ledger.store().rewritten() else { return Ok(()) };
    let redactions = ledger.redactions(ledger.head().size())?;
    let Some((last, _)) = redactions.last() else { return Ok(()) };
    if let Some(index) = ledger.returned_parts(&redactions)?.first() {
        let message = format!("broken: entry {index} has a part again that was erased");
        return Err(CommandError::new(INTEGRITY, message)
            .hint("somebody put it back, or a backup did; to erase it again: heldto redact --clean"));
    }
    if global.quiet {
        return Ok(());
    }
    if rewritten <= *last && ledger.store().may_erase() {
        (env.eprintln)(
            "note: the server's files may still have what was erased; to take it out, as the owner of the schema: \
             heldto redact --clean",
        );
    }
    for copy in places(env, global, ledger.genesis()) {
        if opened(global, &copy)?.head().size() <= *last {
            let clean = "to clean it: heldto redact --clean";
            (env.eprintln)(&format!("note: {} may still have what was erased; {clean}", copy.display()));
        }
    }
    Ok(())
}

/// Erases on a server, and in the copy, what redactions name and what is there still or again.
///
/// # Errors
/// If the server or the copy cannot be changed.
pub fn finish_erasure(env: &mut Env<'_>, global: &Global) -> Result<(), CommandError> {
    let Some(address) = &global.server else { return Ok(()) };
    let mut ledger = Ledger::open(server::open(env, global, address, Access::Write)?)?;
    check(env, global, &ledger)?;
    let parts: Vec<_> = ledger.erased_parts()?.into_iter().collect();
    if parts.is_empty() {
        return Ok(());
    }
    ledger.store_mut().erase_again(&parts)?;
    catch_up(env, global, &ledger)
}

/// Returns the error of a server that has no ledger any more, if this machine has a copy of it.
pub fn lost(env: &Env<'_>, global: &Global, error: CommandError) -> CommandError {
    if !error.is_no_ledger {
        return error;
    }
    let Some(address) = &global.server else { return error };
    let Ok(Some(copied)) = head(global) else { return error };
    let Ok(address) = server::shown(env, address) else { return error };
    let copy = place(global);
    // A mistyped address is no loss of the ledger that the copy follows.
    if !follows(&copy, &address) {
        return error;
    }
    let has = counted(copied.size(), "entry", "entries");
    let message =
        format!("broken: there is no ledger at {address} any more, and the copy in {} has {has}", copy.display());
    CommandError::new(INTEGRITY, message)
        .hint(format!("make no new one there; to put it back: heldto restore {} '{address}'", copy.display()))
}

/// Puts back what a server's ledger lacks of a ledger in a folder; returns the number of entries.
///
/// # Errors
/// If it is another ledger, or has other entries.
pub fn put_back<S: Log>(
    env: &mut Env<'_>,
    (copy, folder): (&Ledger<S>, &Path),
    (global, address): (&Global, &str),
) -> Result<u64, CommandError> {
    let mut store = server::open(env, global, address, Access::Write)?;
    if store.is_partial() {
        let address = server::shown(env, address)?;
        let message = format!("the ledger at {address} was restored from a copy that leaves parts out");
        return Err(CommandError::new(INPUT, message)
            .hint("nothing was changed; have its owner drop the schema, then restore it again"));
    }
    let head = store.head()?;
    let size = copy.head().size();
    if head.size() > size || copy.chain_before(head.size())? != head.chain {
        let has = counted(head.size(), "entry", "entries");
        let message = format!(
            "the ledger at {} has {has} that {} does not begin with",
            server::shown(env, address)?,
            folder.display()
        );
        return Err(CommandError::new(INPUT, message)
            .hint("nothing was changed; restore to another schema, and find out which of the two is right"));
    }
    let mut progress = meter(env.terminal, env.progress, "restoring", size);
    let restored = copy.copy_to(&mut store, &mut progress);
    drop(progress);
    let restored = restored?;
    // The end may not be all that it lost.
    Ledger::open(store)?.verify(false, &mut |_| {}).map_err(|defect| {
        let broken = CommandError::from(defect);
        CommandError { hints: Vec::new(), ..broken }.hint(format!(
            "the end was put back, and this is still broken: have the owner drop the schema, then restore {} again",
            folder.display()
        ))
    })?;
    Ok(restored)
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
        let first = Verifier { name: ledger.genesis().origin.clone(), key: ledger.genesis().key };
        crate::permissions::put_whole(&folder.join(FOLLOWS), format!("{}\n{first}\n", facts.address).as_bytes())
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

/// Brings the copies of this machine up to date, if there are any: after an erasure, so that
/// nothing is left in them.
///
/// # Errors
/// As [`follow`].
pub fn catch_up(env: &mut Env<'_>, global: &Global, ledger: &LocalLedger) -> Result<(), CommandError> {
    places(env, global, ledger.genesis()).iter().try_for_each(|copy| follow(env, global, ledger, copy).map(drop))
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
    Trust { key: None, expected: signed(global), policy: None }.expect(ledger)?;
    // First, so that the copy gets nothing that a fail-over can lose.
    ledger.store_mut().confirm()?;
    follow(env, global, ledger, &place(global))?;
    let size = head(global)?.map_or(0, |head| head.size());
    if size < verified.entries {
        let message = format!("the copy on this machine has {size} of {} entries", verified.entries);
        return Err(CommandError::new(FAILED, message).hint("run the command again"));
    }
    Ok(())
}

/// Keeps a signed checkpoint of a server's ledger in the folder of its key, before anybody else has
/// it.
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
