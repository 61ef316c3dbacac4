//! An open ledger on a server: the session that reads in one snapshot, and what was read when it
//! was opened. Start at [`PostgresStore`].

use crate::address::host;
use crate::rows::{CONFIRM, copy, number};
use crate::schema::{self, LAYOUT, cell};
use crate::session::{Failure, Session, server};
use crate::{Durability, ServerAddress};
use heldto_proof::{Chain, Genesis, Hash, Head};
use heldto_store::{Checkpoints, EntryHashes, Founding, Index, IndexHashes, Log, NewEntry, Notices, StoreError};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A command's use of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading only, from a standby too.
    Read,
    /// Writing.
    Write,
}

/// An open ledger on a server.
pub struct PostgresStore {
    pub(crate) address: ServerAddress,
    pub(crate) purpose: Purpose,
    pub(crate) founding: Founding,
    pub(crate) hashes: EntryHashes,
    pub(crate) notices: Notices,
    is_partial: bool,
    pub(crate) rewritten: u64,
    pub(crate) may_erase: bool,
    durability: Durability,
    pub(crate) open: Mutex<Open>,
}

/// The session, and the head of its snapshot.
pub(crate) struct Open {
    pub(crate) session: Session,
    pub(crate) head: Head,
    /// `false` after an append, until something is read.
    pub(crate) has_snapshot: bool,
}

impl Open {
    /// Ends the snapshot, if there is one, so that a statement commits.
    pub(crate) fn end_snapshot(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.has_snapshot) { self.session.run("COMMIT") } else { Ok(()) }
    }

    /// Begins a new snapshot and reads its head.
    pub(crate) fn renew(&mut self) -> Result<(), Failure> {
        self.head = snapshot(&self.session)?;
        self.has_snapshot = true;
        Ok(())
    }
}

impl PostgresStore {
    /// Opens a ledger.
    ///
    /// # Errors
    /// If no server answers, the ledger is not there or is damaged, or a command that writes is
    /// given a server that may lose what it acknowledges, and the address does not allow that.
    pub fn open(
        address: ServerAddress,
        purpose: Purpose,
        hashes: IndexHashes,
        notices: Notices,
    ) -> Result<Self, StoreError> {
        let (session, durability) = connect(&address, purpose)?;
        if !schema::exists(&session, &address.schema, address.user())? {
            if durability.is_standby {
                let why = format!("the server is a standby, and has no ledger at {address}, or not yet");
                return Err(server(why, "run the command again when it has caught up, or name the server that writes"));
            }
            return Err(StoreError::NoLedger(address.to_string()));
        }
        if purpose == Purpose::Write
            && let Some(table) = schema::changed(&session, &address.schema)?
        {
            return Err(server(
                format!("the table {table} was changed, and may lose what is written to it"),
                "have the owner undo it (unlogged, a trigger, a rule, a policy or a view), or restore the ledger to \
                 another schema",
            ));
        }
        let Made { founding, is_partial, rewritten, may_erase } = made(&session)?;
        let head = snapshot(&session)?;
        let store = Self {
            hashes: hashes(&founding),
            address,
            purpose,
            founding,
            notices,
            is_partial,
            rewritten,
            may_erase,
            durability,
            open: Mutex::new(Open { session, head, has_snapshot: true }),
        };
        store.check_founding()?;
        store.check_signed()?;
        Ok(store)
    }

    /// Makes a ledger with these first entries: schema, roles and rights, all or nothing.
    ///
    /// # Errors
    /// If a schema of that name is there, the rights do not suffice, or the server fails. After a
    /// lost connection the outcome is unknown, and [`StoreError::AlreadyThere`] of a second call
    /// tells.
    pub fn create(
        address: ServerAddress,
        founding: &Founding,
        (entries, head): (&[NewEntry], &Head),
        is_partial: bool,
        (hashes, notices): (IndexHashes, Notices),
    ) -> Result<Self, StoreError> {
        let (session, _) = connect(&address, Purpose::Write)?;
        if schema::exists(&session, &address.schema, address.user())? {
            return Err(StoreError::AlreadyThere(address.to_string()));
        }
        let make = || -> Result<(), Failure> {
            session.run("BEGIN")?;
            session.run(&schema::create(&address.schema)).map_err(|e| schema::too_few_rights(address.user(), e))?;
            session.wait(session.client.execute(
                "INSERT INTO ledger (layout, origin, key, index_key, is_partial) VALUES ($1, $2, $3, $4, $5)",
                &[&LAYOUT, &founding.genesis.origin, &&founding.genesis.key[..], &&founding.index_key[..], &is_partial],
            ))?;
            session.wait(
                session.client.execute(
                    "INSERT INTO head (size, record) VALUES ($1, $2)",
                    &[&number(head.size()), &head.encode()],
                ),
            )?;
            copy(&session, 0, entries)?;
            // What earlier erasures took was never in this server's files.
            session.wait(session.client.execute("UPDATE erasure SET rewritten = $1", &[&number(head.size())]))?;
            session.commit(session.client.batch_execute("COMMIT"))
        };
        if let Err(failure) = make() {
            drop(session.run("ROLLBACK"));
            // Another command may have made it at the same time.
            let is_there =
                matches!(failure, Failure::Refused(_)) && schema::exists(&session, &address.schema, address.user())?;
            return Err(if is_there { StoreError::AlreadyThere(address.to_string()) } else { failure.into() });
        }
        drop(session);
        Self::open(address, Purpose::Write, hashes, notices)
    }

    /// Returns `true` if a ledger is at an address.
    ///
    /// # Errors
    /// If no server answers, or the rights do not suffice.
    pub fn exists(address: &ServerAddress) -> Result<bool, StoreError> {
        let (session, _) = connect(address, Purpose::Read)?;
        Ok(schema::exists(&session, &address.schema, address.user())?)
    }

    /// Looks for rows that no append wrote: they would stop a later one.
    ///
    /// # Errors
    /// If there are any.
    pub fn check_rows(&mut self) -> Result<(), StoreError> {
        let open = self.reading()?;
        let size = number(open.head.size());
        let row = open.session.wait(open.session.client.query_opt(
            "SELECT * FROM ((SELECT 'entries', entry_index FROM entries WHERE entry_index < 0 OR entry_index >= $1 LIMIT 1) \
             UNION ALL (SELECT 'parts', entry_index FROM parts WHERE entry_index < 0 OR entry_index >= $1 LIMIT 1)) \
             AS stray LIMIT 1",
            &[&size],
        ))?;
        let Some(row) = row else { return Ok(()) };
        let (table, index): (&str, i64) = (cell(&row, 0)?, cell(&row, 1)?);
        let why = format!("{table} has a row for entry {index}, which no append wrote: it lies beyond the head");
        Err(StoreError::Damaged { record: "schema", why })
    }

    /// Returns `true` if the ledger was restored from a copy that leaves parts out.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Returns what the server says of its acknowledgements.
    #[must_use]
    pub const fn durability(&self) -> &Durability {
        &self.durability
    }

    /// Returns the address.
    #[must_use]
    pub const fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// Returns `true` if the server writes, and the role may have it confirm what it shows.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn may_confirm(&self) -> Result<bool, StoreError> {
        let open = self.reading()?;
        let asked = "SELECT has_table_privilege('head', 'UPDATE') AND NOT pg_is_in_recovery() \
                     AND current_setting('default_transaction_read_only') = 'off'";
        Ok(cell(&open.session.wait(open.session.client.query_one(asked, &[]))?, 0)?)
    }

    /// Returns when the server, and a standby where it has synchronous ones, have all that this
    /// store has read; then reads a new snapshot.
    ///
    /// A server that was restarted or paused may show commits that no standby has, and that a
    /// fail-over loses. One commit that returns on the same connection shows that they are safe.
    ///
    /// # Errors
    /// If the server does not answer in time, as one does that has no standby left, or if the role
    /// may not write.
    pub fn confirm(&mut self) -> Result<(), StoreError> {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        open.end_snapshot()?;
        open.session.commit(open.session.client.batch_execute(CONFIRM))?;
        Ok(open.renew()?)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the session in its snapshot, which has all that this store appended.
    pub(crate) fn reading(&self) -> Result<MutexGuard<'_, Open>, StoreError> {
        let mut open = self.lock();
        if !open.has_snapshot {
            open.session.run(SNAPSHOT)?;
            open.has_snapshot = true;
        }
        Ok(open)
    }

    /// Compares the founding record with the first entry, which contains its hash, and the key of
    /// the index with the place of that entry in it.
    fn check_founding(&self) -> Result<(), StoreError> {
        if self.lock().head.size() == 0 {
            return Ok(());
        }
        let damaged = |record, why: &str| Err(StoreError::Damaged { record, why: why.to_owned() });
        let stored = self.entry(0)?;
        let first = heldto_proof::Entry::decode(&stored.entry);
        if first.is_ok_and(|first| first.previous != Head::empty(&self.founding.genesis).chain) {
            return damaged("founding record", "the first entry is of another ledger");
        }
        let mut hashes = (self.hashes)(&stored);
        hashes.sort_unstable();
        hashes.dedup();
        if self.find(&hashes, 1)?.iter().filter(|(_, index)| *index == 0).count() != hashes.len() {
            return damaged("index", "it does not lead to the first entry: a row was deleted, or its key was changed");
        }
        Ok(())
    }

    /// Compares the log with the last checkpoint.
    fn check_signed(&self) -> Result<(), StoreError> {
        let open = self.reading()?;
        let row = open.session.wait(open.session.client.query_opt("SELECT size, chain FROM checkpoint", &[]))?;
        let head = open.head.clone();
        drop(open);
        let Some(row) = row else { return Ok(()) };
        let (size, signed): (i64, Vec<u8>) = (cell(&row, 0)?, cell(&row, 1)?);
        let size = size.cast_unsigned();
        if size > head.size() {
            let why = format!("{size} were signed, and the ledger's size is {}", head.size());
            return Err(StoreError::Behind(why));
        }
        let chain = if size == head.size() {
            head.chain
        } else {
            let entry = self.entry(size)?;
            let entry = heldto_proof::Entry::decode(&entry.entry);
            entry.map_err(|error| StoreError::Lost { index: size, why: error.to_string() })?.previous
        };
        if chain.0.0[..] == signed[..] {
            return Ok(());
        }
        Err(StoreError::Behind(format!("entry {} is not the one that was signed", size.saturating_sub(1))))
    }
}

/// Returns a session with the server that answers: the one that writes, or for reading a standby if
/// no other answers.
pub(crate) fn connect(address: &ServerAddress, purpose: Purpose) -> Result<(Session, Durability), StoreError> {
    let mut failed = None;
    let mut standby = None;
    for server_config in address.servers() {
        let found = Session::open(address, &server_config).and_then(|session| {
            let durability = Durability::of(&session)?;
            Ok((session, durability))
        });
        match found {
            Ok((_, durability)) if durability.is_standby && purpose == Purpose::Write => {
                failed.get_or_insert_with(|| {
                    server(
                        format!("{} can only be read: it is a standby", host(&server_config)),
                        "name the server that writes, or all of them: postgres://USER@ONE,OTHER/DATABASE",
                    )
                });
            }
            Ok((_, durability)) if !durability.is_durable() && purpose == Purpose::Write && !address.allow_loss => {
                return Err(server(
                    format!(
                        "{} may lose what it acknowledges: it runs with {}",
                        host(&server_config),
                        durability.faults()
                    ),
                    "have the setting changed; to write all the same, add allow-loss=yes to the address",
                ));
            }
            Ok(found) if found.1.is_standby => drop(standby.get_or_insert(found)),
            Ok(found) => return Ok(found),
            Err(Failure::Refused(error)) => failed = Some(error),
            Err(Failure::Lost(why)) => {
                failed.get_or_insert_with(|| {
                    server(
                        format!("cannot reach {}: {why}", host(&server_config)),
                        "check the address, and that the server runs; nothing was changed",
                    )
                });
            }
        }
    }
    standby.ok_or_else(|| failed.unwrap_or_else(|| StoreError::NoLedger(address.to_string())))
}

/// Begins a snapshot.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Begins a snapshot, in which everything is read until the next one, and returns its head.
pub(crate) fn snapshot(session: &Session) -> Result<Head, Failure> {
    session.run(SNAPSHOT)?;
    let row = session.wait(session.client.query_opt("SELECT size, record FROM head", &[]))?;
    let damaged = |why: &str| Failure::Refused(StoreError::Damaged { record: "head", why: why.to_owned() });
    let row = row.ok_or_else(|| damaged("it is missing"))?;
    let record: Vec<u8> = cell(&row, 1)?;
    let head = Head::decode(&record).map_err(|error| damaged(&error.to_string()))?;
    if head.size() == cell::<i64>(&row, 0)?.cast_unsigned() { Ok(head) } else { Err(damaged("its size is another")) }
}

/// The rows that tell how a ledger was made, and what this role may do.
struct Made {
    founding: Founding,
    is_partial: bool,
    rewritten: u64,
    may_erase: bool,
}

/// Reads how a ledger was made.
fn made(session: &Session) -> Result<Made, StoreError> {
    let row = session.wait(session.client.query_opt(
        "SELECT layout, origin, key, index_key, is_partial, (SELECT rewritten FROM erasure), \
         has_table_privilege('erasure', 'UPDATE') FROM ledger",
        &[],
    ))?;
    let damaged = |why: &str| StoreError::Damaged { record: "founding record", why: why.to_owned() };
    let row = row.ok_or_else(|| damaged("it is missing"))?;
    let layout: i16 = cell(&row, 0)?;
    if layout != LAYOUT {
        let [_, known] = LAYOUT.to_be_bytes();
        return match u8::try_from(layout) {
            Ok(found) if found > known => Err(StoreError::NewLayout { found, known }),
            _ => Err(damaged("its layout is none")),
        };
    }
    let key = |column: usize| {
        let bytes: Vec<u8> = cell(&row, column)?;
        bytes.try_into().map_err(|_| damaged("a key is no key"))
    };
    let origin: String = cell(&row, 1)?;
    if !Genesis::origin_is_valid(&origin) {
        return Err(damaged("its origin is not allowed in a checkpoint"));
    }
    let rewritten = cell::<i64>(&row, 5)?.cast_unsigned();
    let founding = Founding { genesis: Genesis { origin, key: key(2)? }, index_key: key(3)? };
    Ok(Made { founding, is_partial: cell(&row, 4)?, rewritten, may_erase: cell(&row, 6)? })
}

impl Checkpoints for PostgresStore {
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let open = self.reading()?;
        let row = open.session.wait(open.session.client.query_opt("SELECT note FROM checkpoint", &[]))?;
        Ok(row.map(|row| cell::<String>(&row, 0)).transpose()?.map(String::into_bytes))
    }

    fn put_checkpoint(&mut self, size: u64, chain: Chain, checkpoint: &str) -> Result<(), StoreError> {
        if self.purpose == Purpose::Read {
            return Err(StoreError::ReadOnly);
        }
        let Chain(Hash(chain)) = chain;
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        open.end_snapshot()?;
        open.session.commit(open.session.client.execute(
            "INSERT INTO checkpoint (size, chain, note) VALUES ($1, $2, $3) ON CONFLICT (only_row) DO UPDATE \
             SET size = excluded.size, chain = excluded.chain, note = excluded.note",
            &[&number(size), &&chain[..], &checkpoint],
        ))?;
        Ok(open.renew()?)
    }
}
