//! Opens the ledger, in a folder or on a server, and verifies it. Knows no facts and no report.
//! Start at [`ledger`].

use crate::Env;
use crate::args::Global;
use crate::error::{CommandError, USAGE};
use crate::store::FolderLog;
use crate::{copy, publications, server};
use heldto_ledger::{Defect, Ledger, Verified};
use heldto_store::{Notice, StoreError};

use std::path::Path;

pub use crate::store::{Access, LocalLedger, LocalStore, Opening, folder, is_ledger, opening};

/// Names with which the ledger's own files and folders begin.
const OWN: &[&str] = &[
    "acknowledged",
    "archive",
    "checkpoint",
    "copy",
    "erased",
    "follows",
    "hot",
    "journal",
    "judged",
    "lock",
    "publications.json",
    "rebuilt",
    "replaced",
    "reserve.key",
    "settings.toml",
    "signed",
    "signing.key",
    "suspect",
    "upgrade",
    "witnesses",
];

/// Returns `true` if a folder is a published one, not a ledger's own.
pub fn is_publication(folder: &Path) -> bool {
    // An empty ledger has no tiles.
    folder.join("checkpoint").is_file() && (folder.join("tile").is_dir() || folder.join("first-key").is_file())
}

/// Returns `true` for the checkpoint and the first key of a published folder.
fn is_published(path: &Path) -> bool {
    let is_named = path.file_name().is_some_and(|name| name == "checkpoint" || name == "first-key");
    is_named && path.parent().is_some_and(|folder| folder.join("tile").is_dir() || folder.join("first-key").is_file())
}

/// Refuses to write where the ledger keeps its own files, or over its key.
///
/// # Errors
/// If `path` is one of them, or inside one.
pub fn not_of_ledger(env: &Env<'_>, global: &Global, path: &Path) -> Result<(), CommandError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let named = parent.canonicalize().unwrap_or_else(|_| parent.to_owned()).join(path.file_name().unwrap_or_default());
    // What a link leads to is what would be written.
    let whole = named.canonicalize().unwrap_or(named);
    let of_ledger = |ledger: &Path| {
        let is_one = || is_ledger(ledger) || is_ledger(&ledger.join("copy"));
        let rest = whole.strip_prefix(ledger).ok().filter(|_| is_one());
        let first = rest.and_then(|rest| rest.components().next()?.as_os_str().to_str());
        first.is_some_and(|first| OWN.iter().any(|own| first.starts_with(own)))
    };
    // Of any ledger: the one that the command is about may be another.
    let open = folder(global).canonicalize().ok();
    let is_own =
        whole.ancestors().skip(1).any(of_ledger) || is_published(&whole) || open.as_deref().is_some_and(of_ledger);
    let key = (env.variable)("HELDTO_KEY_FILE").and_then(|key| Path::new(&key).canonicalize().ok());
    if is_own || (key.is_some() && whole.canonicalize().ok() == key) {
        let message = format!("{} is one of the ledger's own files", path.display());
        return Err(CommandError::new(USAGE, message).hint("name another file"));
    }
    Ok(())
}

/// Opens the ledger, reports waiting for another process, and prints the store's notices.
pub fn ledger(env: &mut Env<'_>, global: &Global, access: Access) -> Result<LocalLedger, CommandError> {
    if let Some(address) =
        copy::followed(&folder(global)).filter(|_| access == Access::Write && global.server.is_none())
    {
        let message = format!("{} is a copy of the ledger {address}, and only follows it", folder(global).display());
        return Err(CommandError::new(USAGE, message).hint("to write to that ledger: heldto --ledger ADDRESS …"));
    }
    let place = folder(global);
    if global.server.is_none() && is_publication(&place) && !is_ledger(&place) {
        let place = place.display();
        let message = format!("{place} is a published folder, not a ledger");
        return Err(CommandError::new(USAGE, message).hint(format!(
            "to check it: heldto verify {place} --key KEY; for reports: heldto restore {place} FOLDER, then heldto \
             --ledger FOLDER report"
        )));
    }
    let waiting = &mut |holder: &str| (env.eprintln)(&format!("waiting for {holder} to finish with the ledger"));
    let store = match &global.server {
        Some(address) => server::open(env, global, address, access),
        None => FolderLog::open(&folder(global), opening(global, access, waiting))
            .map(|store| LocalStore::Folder(Box::new(store)))
            .map_err(CommandError::from),
    };
    say_notices(env, global);
    let store = store.map_err(|error| copy::lost(env, global, error))?;
    let ledger = Ledger::open(store)?;
    copy::check(env, global, &ledger)?;
    if access == Access::Write && ledger.store().is_partial() {
        return Err(StoreError::Partial.into());
    }
    copy::check_erased(env, global, &ledger)?;
    say_unclean(env, global, &ledger);
    Ok(ledger)
}

/// Says which places may still have what an erasure took, because a command was killed or failed.
fn say_unclean(env: &mut Env<'_>, global: &Global, ledger: &LocalLedger) {
    if global.quiet || (global.server.is_none() && !folder(global).join("erased").exists()) {
        return;
    }
    let Ok(places) = publications::unclean(&folder(global), ledger) else { return };
    for place in places {
        let path = place.path.display();
        (env.eprintln)(&format!("note: {path} may still have what was erased; to clean it: heldto redact --clean"));
    }
}

/// Prints the store's notices about its own repairs, one a line.
pub fn say_notices(env: &mut Env<'_>, global: &Global) {
    for notice in global.notices.take() {
        if matches!(notice, Notice::TakenUp(_)) && crate::gitignore::complete(&folder(global)).is_err() {
            (env.eprintln)(
                "note: add the line `journal*/` to .gitignore in the ledger's folder: \
                 the journal must stay on this machine",
            );
        }
        (env.eprintln)(&format!("note: {notice}"));
    }
}

/// The reason why a ledger did not verify.
pub enum Unverified {
    /// Something in the ledger is broken.
    Defect(Box<Defect>),
    /// Verification could not be carried out.
    Other(CommandError),
}

impl From<Unverified> for CommandError {
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::Defect(problem) => problem.into(),
            Unverified::Other(error) => error,
        }
    }
}

impl From<StoreError> for Unverified {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

/// Verifies the ledger, after checking its databases against the journal.
///
/// If only a database is wrong, rebuilds it, adds a notice and verifies again.
///
/// # Errors
/// If the ledger is broken or cannot be read.
pub fn verify(ledger: &mut LocalLedger, progress: &mut dyn FnMut(u64)) -> Result<Verified, Unverified> {
    ledger.store_mut().check_database()?;
    let is_partial = ledger.store().is_partial();
    match ledger.verify(is_partial, progress) {
        // A server has no other copy to rebuild its index from.
        Err(problem) if problem.is_of_index() && ledger.store().has_two_copies() => {
            ledger.store_mut().rebuild_database(&problem.to_string())?;
            ledger.verify(is_partial, progress).map_err(Unverified::Defect)
        }
        verified => verified.map_err(Unverified::Defect),
    }
}
