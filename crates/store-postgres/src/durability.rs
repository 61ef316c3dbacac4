//! Asks a server whether it keeps what it acknowledges. Start at [`Durability`].

use crate::schema::cell;
use crate::session::{Failure, Session, server};

/// The oldest version of PostgreSQL that is accepted.
const OLDEST: i32 = 150_000;

/// The server's own account of what an acknowledgement of it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// Version of the server, as it states it.
    pub version: String,
    /// `true` if a commit waits for the disk.
    pub fsync: bool,
    /// `true` if a page that was half written is mended after a crash.
    pub full_page_writes: bool,
    /// The setting that names the standbys a commit waits for; empty if there are none.
    pub standbys: String,
    /// `true` if the server is a standby itself, which can only be read.
    pub is_standby: bool,
}

impl Durability {
    /// Asks a server.
    pub(crate) fn of(session: &Session) -> Result<Self, Failure> {
        let row = session.wait(session.client.query_one(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int, \
             current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on', \
             current_setting('synchronous_standby_names'), pg_is_in_recovery()",
            &[],
        ))?;
        let version: String = cell(&row, 0)?;
        let number: i32 = cell(&row, 1)?;
        if number < OLDEST {
            return Err(Failure::Refused(server(
                format!("the server is PostgreSQL {version}, which is too old"),
                "use PostgreSQL 15 or later",
            )));
        }
        Ok(Self {
            version,
            fsync: cell(&row, 2)?,
            full_page_writes: cell(&row, 3)?,
            standbys: cell(&row, 4)?,
            is_standby: cell(&row, 5)?,
        })
    }

    /// Returns `true` if a crash of the server's machine loses nothing that was acknowledged.
    #[must_use]
    pub const fn is_durable(&self) -> bool {
        self.fsync && self.full_page_writes
    }

    /// Returns the settings that make the server forget, as they are written in its configuration.
    #[must_use]
    pub fn faults(&self) -> String {
        let off = [("fsync", self.fsync), ("full_page_writes", self.full_page_writes)];
        off.iter().filter(|(_, is_on)| !is_on).map(|(name, _)| format!("{name} = off")).collect::<Vec<_>>().join(", ")
    }
}
