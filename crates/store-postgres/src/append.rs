//! Appends in one transaction that moves the head row, and finds out what became of an append whose
//! answer was lost. Start at `append_all`.

use crate::session::{Failure, Session, server};
use crate::store::{Open, connect, number, snapshot};
use crate::{Access, PostgresStore};
use heldto_proof::Head;
use heldto_store::{NewEntry, Notice, PartPlace, StoreError, StoredEntry};
use std::pin::pin;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

/// A commit that changes nothing else: after it, all that was visible before is as durable as it.
pub const CONFIRM: &str = "UPDATE head SET confirmed = confirmed + 1";

/// Number of entries up to which one statement appends them; more are copied.
const FEW: usize = 64;
/// Bytes up to which one statement appends.
const SMALL: usize = 1 << 20;

/// Moves the head, if it is still the expected one; waits for whoever is moving it.
const MOVE: &str = "UPDATE head SET size = $1, record = $2 WHERE record = $3";

/// Appends in one statement, if the head is still the expected one.
const APPEND: &str = "WITH moved AS (UPDATE head SET size = $1, record = $2 WHERE record = $3 RETURNING 1), \
     new_entries AS (INSERT INTO entries SELECT * FROM unnest($4::bigint[], $5::bytea[]) WHERE EXISTS (SELECT FROM moved)), \
     new_parts AS (INSERT INTO parts SELECT * FROM unnest($6::bigint[], $7::int[], $8::bytea[]) WHERE EXISTS (SELECT FROM moved)), \
     new_terms AS (INSERT INTO terms SELECT * FROM unnest($9::bigint[], $10::bigint[]) WHERE EXISTS (SELECT FROM moved)) \
     SELECT count(*) FROM moved";

/// Pause before a server is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// Returns a hash in the order of signed numbers, as the server keeps it.
pub fn of_hash(hash: u64) -> i64 {
    (hash ^ (1 << 63)).cast_signed()
}

/// Returns the hash of a signed number.
pub fn to_hash(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

impl PostgresStore {
    /// Appends entries and deletes parts in one transaction.
    ///
    /// If the answer is lost, asks every server of the address what became of it, and appends again
    /// what is not there, as long as the patience lasts.
    pub(crate) fn append_all(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        parts: &[PartPlace],
    ) -> Result<(), StoreError> {
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly);
        }
        if self.is_partial() {
            return Err(StoreError::Partial);
        }
        let hidden = self.terms_of(parts)?;
        let mut why = match self.try_append(expected, entries, head, (parts, &hidden)) {
            Ok(done) => return done,
            Err(why) => why,
        };
        let deadline = Instant::now() + self.address.patience;
        while Instant::now() < deadline {
            match self.outcome(expected, entries, head) {
                Ok(Outcome::Stored) => return Ok(()),
                Ok(Outcome::Overtaken(found)) => {
                    return Err(StoreError::Conflict { expected: expected.size(), found });
                }
                Ok(Outcome::Free) => match self.try_append(expected, entries, head, (parts, &hidden)) {
                    Ok(done) => return done,
                    Err(lost) => why = lost,
                },
                Err(lost) => why = lost,
            }
            std::thread::sleep(PAUSE);
        }
        Err(server(
            format!("the server gave no answer, so this may or may not be recorded: {why}"),
            "run the command again when the server answers: what is recorded is not recorded twice",
        ))
    }

    /// Appends once; the outer error is an unknown outcome.
    fn try_append(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        (parts, hidden): (&[PartPlace], &[(u64, u64)]),
    ) -> Result<Result<(), StoreError>, String> {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        let bytes = |new: &NewEntry| new.entry.len() + new.parts.iter().flatten().map(Vec::len).sum::<usize>();
        let is_small = entries.len() <= FEW && entries.iter().map(bytes).sum::<usize>() <= SMALL;
        let moved = (|| {
            open.end_snapshot()?;
            let session = &open.session;
            if is_small && parts.is_empty() {
                return append_few(session, expected, entries, head);
            }
            session.run("BEGIN")?;
            let values: [&(dyn ToSql + Sync); 3] = [&number(head.size()), &head.encode(), &expected.encode()];
            if session.wait(session.client.execute(MOVE, &values))? == 0 {
                session.run("ROLLBACK")?;
                return Ok(false);
            }
            copy(session, expected.size(), entries)?;
            delete(session, parts, hidden)?;
            session.commit(session.client.batch_execute("COMMIT"))?;
            Ok(true)
        })();
        let moved = match moved {
            Ok(moved) => moved,
            Err(Failure::Lost(why)) => return Err(why),
            Err(Failure::Refused(error)) => {
                // The transaction is undone; the session goes on if it can.
                drop(open.session.run("ROLLBACK"));
                return Ok(Err(error));
            }
        };
        if moved {
            open.head = head.clone();
            return Ok(Ok(()));
        }
        if let Err(failure) = open.renew() {
            return Ok(Err(failure.into()));
        }
        Ok(Err(StoreError::Conflict { expected: expected.size(), found: open.head.size() }))
    }

    /// Finds out what became of an append, on whichever server of the address commits now.
    ///
    /// The commit waits for the lock of an append that is still under way, and returns only if what
    /// it saw is durable.
    fn outcome(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<Outcome, String> {
        let mut why = "no server answers".to_owned();
        let servers = self.address.servers();
        // A server that commits nothing any more must not take the time that the others need.
        let share = self.address.patience / (2 * u32::try_from(servers.len()).unwrap_or(1));
        for config in servers {
            let asked = Session::open(&self.address, &config).and_then(|mut session| {
                session.set_patience(share);
                session.commit(session.client.batch_execute(CONFIRM))?;
                session.set_patience(self.address.patience);
                let found = snapshot(&session)?;
                Ok(Open { session, head: found, has_snapshot: true })
            });
            match asked {
                Ok(open) => {
                    let found = open.head.clone();
                    self.open = std::sync::Mutex::new(open);
                    return self.compare(expected, entries, head, &found);
                }
                Err(Failure::Lost(lost)) => why = lost,
                Err(Failure::Refused(error)) => why = error.to_string(),
            }
        }
        Err(why)
    }

    fn compare(&self, expected: &Head, entries: &[NewEntry], head: &Head, found: &Head) -> Result<Outcome, String> {
        use heldto_store::Log;
        if found == head {
            return Ok(Outcome::Stored);
        }
        if found == expected {
            return Ok(Outcome::Free);
        }
        // Others may have followed ours. Salts make every entry the only one of its bytes.
        let is_ours = match entries.last() {
            Some(last) if found.size() > head.size() => {
                let there = self.entry(head.size() - 1).map_err(|error| error.to_string())?;
                there.entry == last.entry
            }
            _ => false,
        };
        Ok(if is_ours { Outcome::Stored } else { Outcome::Overtaken(found.size()) })
    }

    /// Returns the index records of the entries whose first part is among these.
    fn terms_of(&self, parts: &[PartPlace]) -> Result<Vec<(u64, u64)>, StoreError> {
        use heldto_store::Log;
        let mut terms = Vec::new();
        for (index, _) in parts.iter().filter(|(_, number)| *number == 0) {
            let stored: StoredEntry = self.entry(*index)?;
            terms.extend((self.hashes)(&stored).into_iter().map(|hash| (hash, *index)));
        }
        Ok(terms)
    }

    /// Rewrites the table of parts, so that the server's files no longer have the deleted ones;
    /// says so where that is not possible.
    pub(crate) fn destroy(&mut self) {
        let table = format!("{}.parts", self.address.schema);
        let rewritten = connect(&self.address, Access::Write).and_then(|(session, _)| {
            // The snapshot of this store would be in the way.
            self.lock().end_snapshot()?;
            session.run("SET lock_timeout = '10s'")?;
            // A table that the role does not own is passed over with a warning.
            let done = session.commit(session.client.batch_execute(&format!("VACUUM FULL {table}")));
            done.map_err(StoreError::from)
        });
        if rewritten.is_err() {
            self.notices.add(Notice::ServerKeepsErased(table));
        }
    }
}

/// The outcome of an append whose answer was lost.
enum Outcome {
    /// The entries are in the log.
    Stored,
    /// The head has not moved.
    Free,
    /// The log has other entries there; its size.
    Overtaken(u64),
}

/// Appends in one statement, which is a transaction of its own; `false` if the head had moved.
fn append_few(session: &Session, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<bool, Failure> {
    let mut columns = Columns::default();
    for (index, new) in (expected.size()..).zip(entries) {
        let index = number(index);
        columns.entries.0.push(index);
        columns.entries.1.push(&new.entry);
        for (part, bytes) in new.present_parts() {
            columns.parts.0.push(index);
            columns.parts.1.push(i32::from(part));
            columns.parts.2.push(bytes);
        }
        for hash in &new.index_hashes {
            columns.terms.0.push(of_hash(*hash));
            columns.terms.1.push(index);
        }
    }
    let (entries, parts, terms) = (&columns.entries, &columns.parts, &columns.terms);
    let (size, record, before) = (number(head.size()), head.encode(), expected.encode());
    let values: [&(dyn ToSql + Sync); 10] =
        [&size, &record, &before, &entries.0, &entries.1, &parts.0, &parts.1, &parts.2, &terms.0, &terms.1];
    let statement = session.prepared(APPEND)?;
    let row = session.commit(session.client.query_one(&statement, &values))?;
    Ok(row.get::<_, i64>(0) == 1)
}

/// The values of a few entries, by columns.
#[derive(Default)]
struct Columns<'e> {
    entries: (Vec<i64>, Vec<&'e [u8]>),
    parts: (Vec<i64>, Vec<i32>, Vec<&'e [u8]>),
    terms: (Vec<i64>, Vec<i64>),
}

/// Copies entries, their parts and their index records into the tables.
pub fn copy(session: &Session, first: u64, entries: &[NewEntry]) -> Result<(), Failure> {
    if entries.is_empty() {
        return Ok(());
    }
    let indexed = || (number(first)..).zip(entries);
    let all = indexed().map(|(index, new)| (index, new.entry.as_slice()));
    copy_rows(session, "entries", &[Type::INT8, Type::BYTEA], all, |(index, entry), row| {
        row.push(Box::new(index));
        row.push(Box::new(entry));
    })?;
    let parts = indexed().flat_map(|(index, new)| new.present_parts().map(move |(n, bytes)| (index, n, bytes)));
    copy_rows(session, "parts", &[Type::INT8, Type::INT4, Type::BYTEA], parts, |(index, n, bytes), row| {
        row.push(Box::new(index));
        row.push(Box::new(i32::from(n)));
        row.push(Box::new(bytes));
    })?;
    let terms = indexed().flat_map(|(index, new)| new.index_hashes.iter().map(move |hash| (of_hash(*hash), index)));
    copy_rows(session, "terms", &[Type::INT8, Type::INT8], terms, |(hash, index), row| {
        row.push(Box::new(hash));
        row.push(Box::new(index));
    })
}

/// Copies rows into one table.
fn copy_rows<'r, R>(
    session: &Session,
    table: &str,
    types: &[Type],
    rows: impl Iterator<Item = R>,
    put: impl Fn(R, &mut Vec<Box<dyn ToSql + Sync + 'r>>),
) -> Result<(), Failure> {
    let sink = session.wait(session.client.copy_in(&format!("COPY {table} FROM STDIN BINARY")))?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, types));
    // Waited for in shares, so that the time limit is of a share, not of a long append.
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        session.wait(async {
            for row in rows.by_ref().take(1000) {
                let mut values = Vec::with_capacity(types.len());
                put(row, &mut values);
                let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value).collect();
                writer.as_mut().write(&values).await?;
            }
            Ok(())
        })?;
    }
    session.wait(writer.finish()).map(drop)
}

/// Deletes parts, and the index records that lead to erased facts.
fn delete(session: &Session, parts: &[PartPlace], hidden: &[(u64, u64)]) -> Result<(), Failure> {
    if parts.is_empty() {
        return Ok(());
    }
    let (indexes, numbers): (Vec<i64>, Vec<i32>) =
        parts.iter().map(|(index, part)| (number(*index), i32::from(*part))).unzip();
    session.wait(session.client.execute(
        "DELETE FROM parts USING unnest($1::bigint[], $2::int[]) AS gone (i, n) WHERE entry_index = i AND number = n",
        &[&indexes, &numbers],
    ))?;
    let (hashes, indexes): (Vec<i64>, Vec<i64>) =
        hidden.iter().map(|(hash, index)| (of_hash(*hash), number(*index))).unzip();
    session.wait(session.client.execute(
        "DELETE FROM terms USING unnest($1::bigint[], $2::bigint[]) AS gone (h, i) WHERE hash = h AND entry_index = i",
        &[&hashes, &indexes],
    ))?;
    Ok(())
}
