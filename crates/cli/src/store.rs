//! The stores that the program keeps ledgers in: a folder of this machine, or a schema of a server.
//! The one place that names them, besides `server`.
//! Start at [`LocalStore`].

use crate::args::Global;
use crate::error::CommandError;
use heldto_ledger::{Ledger, index_hashes};
use heldto_proof::{Chain, Head};
use heldto_report::ServerFacts;
use heldto_store::{
    Checkpoints, Entries, Founding, Index, IndexRecords, Log, NewEntry, PartPlace, StoreError, WritableLog,
};
#[cfg(feature = "postgres")]
use heldto_store_postgres::PostgresStore;
pub use heldto_store_sled::{Access, Opening, Waiting, is_ledger};
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

/// The store of a folder.
pub type FolderLog = heldto_store_sled::SledStore;

/// A ledger in either store.
pub type LocalLedger = Ledger<LocalStore>;

/// Returns the ledger's folder: the one named, else the nearest ledger from the current folder
/// upwards, else the current folder.
pub fn folder(global: &Global) -> PathBuf {
    global.ledger.clone().unwrap_or_else(|| {
        let here = std::env::current_dir().unwrap_or_default();
        let found = here.ancestors().find(|dir| is_ledger(dir)).map(Path::to_path_buf);
        found.unwrap_or_else(|| PathBuf::from("."))
    })
}

/// Returns the arguments for opening or creating a ledger in a folder.
pub fn opening<'w>(global: &Global, access: Access, waiting: Waiting<'w>) -> Opening<'w> {
    Opening { access, hashes: index_hashes, notices: global.notices.clone(), waiting, source: None }
}

/// An open store of either sort.
pub enum LocalStore {
    /// A folder.
    Folder(Box<FolderLog>),
    /// A server.
    #[cfg(feature = "postgres")]
    Server(Box<PostgresStore>),
}

/// Calls the same method of whichever store is open.
macro_rules! either {
    ($of:expr, $store:ident => $call:expr) => {
        match $of {
            LocalStore::Folder($store) => $call,
            #[cfg(feature = "postgres")]
            LocalStore::Server($store) => $call,
        }
    };
}

impl LocalStore {
    /// Returns `true` if the ledger was restored from a copy that leaves parts out.
    pub fn is_partial(&self) -> bool {
        either!(self, store => store.is_partial())
    }

    /// Returns the cached result of judging the whole ledger; a server keeps none.
    ///
    /// # Errors
    /// On an I/O error.
    pub fn status_cache(&self) -> Result<Option<String>, StoreError> {
        match self {
            Self::Folder(store) => store.status_cache(),
            #[cfg(feature = "postgres")]
            Self::Server(_) => Ok(None),
        }
    }

    /// Returns `true` of a folder, whose journal and databases are copies of each other.
    pub const fn has_two_copies(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// Compares the databases of a folder with its journal, or looks for rows of a server that no
    /// append wrote.
    ///
    /// # Errors
    /// If they cannot be read or rebuilt, or there are such rows.
    pub fn check_database(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Folder(store) => store.check_database(),
            #[cfg(feature = "postgres")]
            Self::Server(store) => store.check_rows(),
        }
    }

    /// Returns `true` if this role can have a server confirm what it shows.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn may_confirm(&self) -> Result<bool, StoreError> {
        match self {
            Self::Folder(_) => Ok(true),
            #[cfg(feature = "postgres")]
            Self::Server(store) => store.may_confirm(),
        }
    }

    /// Has a server confirm that all that was read is as durable as a commit that returns.
    ///
    /// # Errors
    /// If the server does not commit.
    pub fn confirm(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Folder(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Server(store) => store.confirm(),
        }
    }

    /// Returns the number of entries whose erasures are gone from a server's files too; `None` of a
    /// folder, which finishes its own.
    pub const fn rewritten(&self) -> Option<u64> {
        match self {
            Self::Folder(_) => None,
            #[cfg(feature = "postgres")]
            Self::Server(store) => Some(store.rewritten()),
        }
    }

    /// Returns `true` if this role may erase.
    pub const fn may_erase(&self) -> bool {
        match self {
            Self::Folder(_) => true,
            #[cfg(feature = "postgres")]
            Self::Server(store) => store.may_erase(),
        }
    }

    /// Erases parts of a server's ledger that redactions name once more, and from its files.
    ///
    /// # Errors
    /// If the server does not allow it.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables))]
    pub fn erase_again(&mut self, parts: &[PartPlace]) -> Result<(), StoreError> {
        match self {
            Self::Folder(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Server(store) => store.erase_again(parts),
        }
    }

    /// Returns what the server says of itself; `None` of a folder.
    pub fn server_facts(&self) -> Option<ServerFacts> {
        match self {
            Self::Folder(_) => None,
            #[cfg(feature = "postgres")]
            Self::Server(store) => {
                let said = store.durability();
                Some(ServerFacts {
                    address: store.address().to_string(),
                    version: said.version.clone(),
                    standbys: said.standbys.clone(),
                    is_standby: said.is_standby,
                    faults: said.faults(),
                    behind: None,
                })
            }
        }
    }

    /// Rebuilds the databases of a folder.
    ///
    /// # Errors
    /// If they cannot be rebuilt.
    pub fn rebuild_database(&mut self, why: &str) -> Result<(), StoreError> {
        match self {
            Self::Folder(store) => store.rebuild_database(why),
            #[cfg(feature = "postgres")]
            Self::Server(_) => Ok(()),
        }
    }

    /// Returns the store of a folder, for what only a folder has.
    ///
    /// # Errors
    /// If the ledger is on a server.
    pub fn folder_mut(&mut self) -> Result<&mut FolderLog, CommandError> {
        match self {
            Self::Folder(store) => Ok(store),
            #[cfg(feature = "postgres")]
            Self::Server(_) => {
                Err(CommandError::new(crate::error::USAGE, "this ledger is on a server, which keeps its own copies")
                    .hint("verify it, and restore it from a copy if it is broken: heldto restore COPY ADDRESS"))
            }
        }
    }
}

impl Log for LocalStore {
    fn founding(&self) -> Result<Founding, StoreError> {
        either!(self, store => store.founding())
    }

    fn head(&self) -> Result<Head, StoreError> {
        either!(self, store => store.head())
    }

    fn entries(&self, range: Range<u64>) -> Entries<'_> {
        either!(self, store => store.entries(range))
    }

    fn entries_at<'l>(&'l self, places: &'l [u64]) -> Entries<'l> {
        either!(self, store => store.entries_at(places))
    }

    fn index(&self) -> Option<&dyn Index> {
        either!(self, store => store.index())
    }
}

impl Index for LocalStore {
    fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError> {
        either!(self, store => store.find(hashes, most))
    }

    fn records(&self, hashes: RangeInclusive<u64>) -> Result<IndexRecords<'_>, StoreError> {
        either!(self, store => store.records(hashes))
    }
}

impl WritableLog for LocalStore {
    fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        either!(self, store => store.append(expected, entries, head))
    }

    fn append_and_erase(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        parts: &[PartPlace],
    ) -> Result<(), StoreError> {
        either!(self, store => store.append_and_erase(expected, entries, head, parts))
    }
}

impl Checkpoints for LocalStore {
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        either!(self, store => store.checkpoint())
    }

    fn put_checkpoint(&mut self, size: u64, chain: Chain, checkpoint: &str) -> Result<(), StoreError> {
        either!(self, store => store.put_checkpoint(size, chain, checkpoint))
    }
}
