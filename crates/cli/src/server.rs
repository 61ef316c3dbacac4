//! Ledgers on a server: their address and their folder on this machine. Built with the feature
//! `postgres`; otherwise every address of a server is refused. Start at [`of_address`].

use crate::Env;
use crate::args::Global;
use crate::error::{CommandError, USAGE};
use std::path::Path;

/// Returns `true` if the place of a ledger is the address of a server, not a folder.
pub fn is_address(place: &Path) -> bool {
    let begin = |place: &str| {
        place.trim_start().split_once(':').is_some_and(|(scheme, _)| {
            scheme.eq_ignore_ascii_case("postgres") || scheme.eq_ignore_ascii_case("postgresql")
        })
    };
    place.to_str().is_some_and(begin)
}

/// Refuses text that is an address of some kind, where a folder is wanted: it would be made as a
/// folder of that name.
///
/// # Errors
/// If the place begins as an address does.
pub fn refuse_address(place: &Path) -> Result<(), CommandError> {
    let text = place.to_string_lossy();
    let scheme = text.split_once(":/").map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
    if !is_scheme {
        return Ok(());
    }
    let message = format!("an address that begins with {scheme}: cannot be used here");
    Err(CommandError::new(USAGE, message)
        .hint("a ledger is in a folder, or at postgres://…; it is published in a folder, or at s3://, gs:// or az://"))
}

/// Returns the global flags for a ledger at another place: a folder, or the address of a server,
/// whose folder on this machine keeps the key, the settings and the copy.
///
/// # Errors
/// If the address is malformed or holds a password, or this build has no client.
pub fn of_address(env: &Env<'_>, global: &Global, place: &Path) -> Result<Global, CommandError> {
    if !is_address(place) {
        refuse_address(place)?;
        return Ok(Global { ledger: Some(place.to_owned()), server: None, ..global.clone() });
    }
    let text = place.to_string_lossy().into_owned();
    let folder = client::folder(env, &text)?;
    Ok(Global { ledger: Some(folder), server: Some(text), ..global.clone() })
}

pub use client::{create, exists, open, shown, user};

#[cfg(feature = "postgres")]
mod client {
    //! The client of the server.

    use crate::Env;
    use crate::args::Global;
    use crate::error::{CommandError, USAGE};
    use crate::store::{Access, LocalStore};
    use heldto_ledger::index_hashes;
    use heldto_proof::Head;
    use heldto_store::{Founding, NewEntry};
    use heldto_store_postgres::{PostgresStore, Purpose, ServerAddress};
    use std::path::PathBuf;

    fn address(env: &Env<'_>, text: &str) -> Result<ServerAddress, CommandError> {
        ServerAddress::read(text, env.variable).map_err(|error| CommandError::new(USAGE, error.why).hint(error.remedy))
    }

    /// Returns the address without secrets.
    pub fn shown(env: &Env<'_>, text: &str) -> Result<String, CommandError> {
        address(env, text).map(|address| address.to_string())
    }

    /// Returns the role that an address connects as.
    pub fn user(env: &Env<'_>, text: &str) -> Result<String, CommandError> {
        address(env, text).map(|address| address.user().to_owned())
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
    pub fn open(env: &Env<'_>, global: &Global, text: &str, access: Access) -> Result<LocalStore, CommandError> {
        let purpose = if access == Access::Write { Purpose::Write } else { Purpose::Read };
        let store = PostgresStore::open(address(env, text)?, purpose, index_hashes, global.notices.clone())?;
        Ok(LocalStore::Server(Box::new(store)))
    }

    /// Returns `true` if a ledger is at an address.
    pub fn exists(env: &Env<'_>, text: &str) -> Result<bool, CommandError> {
        Ok(PostgresStore::exists(&address(env, text)?)?)
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
}

#[cfg(not(feature = "postgres"))]
mod client {
    //! A build without a client.

    use crate::Env;
    use crate::args::Global;
    use crate::error::{CommandError, FAILED};
    use crate::store::{Access, LocalStore};
    use heldto_proof::Head;
    use heldto_store::{Founding, NewEntry};
    use std::path::PathBuf;

    fn none<T>() -> Result<T, CommandError> {
        let message = "this build has no client for servers";
        Err(CommandError::new(FAILED, message)
            .hint("build the program with it: cargo install --path crates/cli --features postgres"))
    }

    pub fn shown(_: &Env<'_>, _: &str) -> Result<String, CommandError> {
        none()
    }

    pub fn user(_: &Env<'_>, _: &str) -> Result<String, CommandError> {
        none()
    }

    pub fn folder(_: &Env<'_>, _: &str) -> Result<PathBuf, CommandError> {
        none()
    }

    pub fn open(_: &Env<'_>, _: &Global, _: &str, _: Access) -> Result<LocalStore, CommandError> {
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

    pub fn exists(_: &Env<'_>, _: &str) -> Result<bool, CommandError> {
        none()
    }
}
