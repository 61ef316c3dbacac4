//! Ledgers on a server: their address, their folder on this machine, and the keeper's copy there,
//! which holds every entry in sled too. Built with the feature `postgres`. Start at [`of_address`].

use crate::Env;
use crate::args::Global;
use crate::error::CommandError;
use crate::open::LocalLedger;
use heldto_report::ServerFacts;
use std::path::{Path, PathBuf};

/// Name of the file in a copy that names the address it follows.
pub const FOLLOWS: &str = "follows";

/// Returns `true` if the place of a ledger is the address of a server, not a folder.
pub fn is_address(place: &Path) -> bool {
    place.to_str().is_some_and(|place| place.starts_with("postgres://") || place.starts_with("postgresql://"))
}

/// Returns the global flags for a ledger at another place: a folder, or the address of a server,
/// whose folder on this machine keeps the key, the settings and the copy.
///
/// # Errors
/// If the address is malformed or holds a password, or this build has no client.
pub fn of_address(env: &Env<'_>, global: &Global, place: &Path) -> Result<Global, CommandError> {
    if !is_address(place) {
        return Ok(Global { ledger: Some(place.to_owned()), server: None, ..global.clone() });
    }
    let text = place.to_string_lossy().into_owned();
    let folder = client::folder(env, &text)?;
    Ok(Global { ledger: Some(folder), server: Some(text), ..global.clone() })
}

/// Returns the address that a folder's ledger is a copy of; `None` if it is none.
pub fn followed(folder: &Path) -> Option<String> {
    std::fs::read_to_string(folder.join(FOLLOWS)).ok().map(|text| text.trim().to_owned())
}

/// Returns the folder of the copy on this machine.
pub fn copy_folder(global: &Global) -> PathBuf {
    crate::open::folder(global).join("copy")
}

pub use client::{create, facts, follow, open, prepare_to_sign, shown};

#[cfg(feature = "postgres")]
mod client {
    //! The client of the server.

    use super::{FOLLOWS, LocalLedger, ServerFacts, copy_folder};
    use crate::args::Global;
    use crate::commands::{counted, meter};
    use crate::error::{CommandError, FAILED, INTEGRITY, USAGE, io};
    use crate::store::LocalStore;
    use crate::{Env, open};
    use heldto_ledger::{Ledger, Verified, index_hashes};
    use heldto_proof::Head;
    use heldto_store::{Founding, Log, NewEntry, StoreError};
    use heldto_store_postgres::{Access, Address, PostgresStore};
    use heldto_store_sled::SledStore;
    use std::path::{Path, PathBuf};

    fn address(env: &Env<'_>, text: &str) -> Result<Address, CommandError> {
        Address::read(text, env.variable).map_err(|error| CommandError::new(USAGE, error.why).hint(error.remedy))
    }

    /// Returns the address without secrets.
    pub fn shown(env: &Env<'_>, text: &str) -> Result<String, CommandError> {
        address(env, text).map(|address| address.to_string())
    }

    /// Returns the folder of a server's ledger on this machine: `HELDTO_NODE`, or else one of the
    /// user's data folder with the name of the address.
    pub fn folder(env: &Env<'_>, text: &str) -> Result<PathBuf, CommandError> {
        let address = address(env, text)?;
        if let Some(folder) = (env.variable)("HELDTO_NODE") {
            return Ok(PathBuf::from(folder));
        }
        let home = |name: &str| (env.variable)(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let data = home("XDG_DATA_HOME")
            .or_else(|| home("LOCALAPPDATA"))
            .or_else(|| Some(home("HOME")?.join(".local").join("share")));
        let none = || {
            CommandError::new(USAGE, "this machine has no folder for the user's data")
                .hint("name a folder for the key and the copy of this ledger in HELDTO_NODE")
        };
        Ok(data.ok_or_else(none)?.join("heldto").join(address.folder_name()))
    }

    /// Opens the ledger at an address.
    pub fn open(env: &Env<'_>, global: &Global, text: &str, access: open::Access) -> Result<LocalStore, CommandError> {
        let access = if access == open::Access::Write { Access::Write } else { Access::Read };
        let store = PostgresStore::open(address(env, text)?, access, index_hashes, global.notices.clone())?;
        Ok(LocalStore::Server(Box::new(store)))
    }

    /// Makes a ledger at an address.
    pub fn create(
        env: &Env<'_>,
        global: &Global,
        text: &str,
        founding: &Founding,
        (entries, head): (&[NewEntry], &Head),
        is_partial: bool,
    ) -> Result<(), CommandError> {
        let opening = (index_hashes as heldto_store::IndexHashes, global.notices.clone());
        PostgresStore::create(address(env, text)?, founding, (entries, head), is_partial, opening)?;
        Ok(())
    }

    /// Brings a folder's copy of a server's ledger up to date; makes it if it is not there.
    ///
    /// Returns the number of entries that were new.
    pub fn follow(
        env: &mut Env<'_>,
        global: &Global,
        text: &str,
        ledger: &LocalLedger,
        folder: &Path,
    ) -> Result<u64, CommandError> {
        let shown = address(env, text)?.without_user();
        let other = |why: String| CommandError::new(USAGE, why).hint("name another folder for the copy");
        let waiting = &mut |holder: &str| (env.eprintln)(&format!("waiting for {holder} to finish with the copy"));
        let opening = open::opening(global, open::Access::Write, waiting);
        if ledger.store().is_partial() {
            return Err(StoreError::Partial.into());
        }
        let mut copy = if open::is_ledger(folder) {
            match super::followed(folder) {
                Some(followed) if followed == shown => {}
                Some(followed) => return Err(other(format!("{} is a copy of {followed}", folder.display()))),
                None => return Err(other(format!("{} is a ledger of its own", folder.display()))),
            }
            SledStore::open(folder, opening)?
        } else {
            crate::permissions::create_private(folder)
                .map_err(|e| io(&format!("cannot create the folder {}", folder.display()), &e))?;
            crate::gitignore::complete(folder)?;
            crate::permissions::put_whole(&folder.join(FOLLOWS), format!("{shown}\n").as_bytes())
                .map_err(|e| io(&format!("cannot write in {}", folder.display()), &e))?;
            SledStore::create(folder, &ledger.store().founding()?, opening)?
        };
        if copy.founding()?.genesis != *ledger.genesis() {
            return Err(other(format!("{} is a copy of another ledger", folder.display())));
        }
        let mut progress = meter(env.terminal, env.progress, "copying", ledger.head().size());
        let copied = ledger.copy_to(&mut copy, &mut progress);
        drop(progress);
        copied.map_err(|error| {
            let error = CommandError::from(error);
            if error.exit_code != INTEGRITY {
                return error;
            }
            let message = format!(
                "{}; the server's ledger is not the one that {} holds, or a fail-over lost its end",
                error.message,
                folder.display()
            );
            CommandError::new(INTEGRITY, message).hint("the copy was not changed by this: keep it, and do not sign")
        })
    }

    /// Brings the keeper's copy up to what was verified, and has the server confirm it, so that
    /// nothing is signed that a fail-over can lose or that only the server has.
    ///
    /// # Errors
    /// If the copy cannot be brought there, or the server does not commit.
    pub fn prepare_to_sign(
        env: &mut Env<'_>,
        global: &Global,
        ledger: &mut LocalLedger,
        verified: &Verified,
    ) -> Result<(), CommandError> {
        let Some(text) = global.server.clone() else { return Ok(()) };
        follow(env, global, &text, ledger, &copy_folder(global))?;
        let LocalStore::Server(store) = ledger.store_mut() else { return Ok(()) };
        store.confirm()?;
        let copied = copied(global)?;
        if copied.as_ref().is_none_or(|head| head.size() < verified.entries) {
            let entries = counted(copied.map_or(0, |head| head.size()), "entry", "entries");
            let message = format!("the copy on this machine has {entries} of {}", verified.entries);
            return Err(CommandError::new(FAILED, message).hint("run the command again"));
        }
        Ok(())
    }

    /// Returns the head of the keeper's copy; `None` if there is none.
    fn copied(global: &Global) -> Result<Option<Head>, CommandError> {
        let folder = copy_folder(global);
        if !open::is_ledger(&folder) {
            return Ok(None);
        }
        let waiting = &mut |_: &str| {};
        let opening = open::opening(global, open::Access::Read, waiting);
        Ok(Some(Ledger::open(SledStore::open(&folder, opening)?)?.head().clone()))
    }

    /// Returns what the status says of the server and the copy.
    pub fn facts(env: &mut Env<'_>, global: &Global) -> Result<Option<ServerFacts>, CommandError> {
        let Some(text) = &global.server else { return Ok(None) };
        let ledger = open::ledger(env, global, open::Access::Read)?;
        let LocalStore::Server(store) = ledger.store() else { return Ok(None) };
        let said = store.durability();
        let behind = copied(global)?.map(|head| ledger.head().size().saturating_sub(head.size()));
        Ok(Some(ServerFacts {
            address: shown(env, text)?,
            version: said.version.clone(),
            standbys: said.standbys.clone(),
            is_standby: said.is_standby,
            faults: said.faults(),
            behind,
        }))
    }
}

#[cfg(not(feature = "postgres"))]
mod client {
    //! A build without a client.

    use super::{LocalLedger, ServerFacts};
    use crate::args::Global;
    use crate::error::{CommandError, FAILED};
    use crate::store::LocalStore;
    use crate::{Env, open};
    use heldto_ledger::Verified;
    use heldto_proof::Head;
    use heldto_store::{Founding, NewEntry};
    use std::path::{Path, PathBuf};

    fn none<T>() -> Result<T, CommandError> {
        let message = "this build has no client for servers";
        Err(CommandError::new(FAILED, message)
            .hint("build the program with it: cargo install --path crates/cli --features postgres"))
    }

    pub fn shown(_: &Env<'_>, _: &str) -> Result<String, CommandError> {
        none()
    }

    pub fn folder(_: &Env<'_>, _: &str) -> Result<PathBuf, CommandError> {
        none()
    }

    pub fn open(_: &Env<'_>, _: &Global, _: &str, _: open::Access) -> Result<LocalStore, CommandError> {
        none()
    }

    pub fn create(
        _: &Env<'_>,
        _: &Global,
        _: &str,
        _: &Founding,
        _: (&[NewEntry], &Head),
        _: bool,
    ) -> Result<(), CommandError> {
        none()
    }

    pub fn follow(_: &mut Env<'_>, _: &Global, _: &str, _: &LocalLedger, _: &Path) -> Result<u64, CommandError> {
        none()
    }

    pub fn prepare_to_sign(_: &mut Env<'_>, _: &Global, _: &mut LocalLedger, _: &Verified) -> Result<(), CommandError> {
        Ok(())
    }

    pub fn facts(_: &mut Env<'_>, _: &Global) -> Result<Option<ServerFacts>, CommandError> {
        Ok(None)
    }
}
