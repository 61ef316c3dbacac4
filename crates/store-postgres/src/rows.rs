//! Writes the rows of entries: a few in one statement, many by `COPY`. Knows no ledger's state.
//! Start at [`append_few`] and [`copy`].

use crate::schema::cell;
use crate::session::{Failure, Session};
use heldto_proof::Head;
use heldto_store::{NewEntry, PartPlace};
use std::pin::pin;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

/// A commit that changes nothing else: after it, all that was visible before is as durable as it.
pub const CONFIRM: &str = "UPDATE head SET confirmed = confirmed + 1";

/// Appends in one statement, if the head is still the expected one.
const APPEND: &str = "WITH moved AS (UPDATE head SET size = $1, record = $2 WHERE record = $3 RETURNING 1), \
     new_entries AS (INSERT INTO entries SELECT * FROM unnest($4::bigint[], $5::bytea[]) WHERE EXISTS (SELECT FROM moved)), \
     new_parts AS (INSERT INTO parts SELECT * FROM unnest($6::bigint[], $7::int[], $8::bytea[]) WHERE EXISTS (SELECT FROM moved)), \
     new_terms AS (INSERT INTO terms SELECT * FROM unnest($9::bigint[], $10::bigint[]) WHERE EXISTS (SELECT FROM moved)) \
     SELECT count(*) FROM moved";

/// Returns a hash in the order of signed numbers, as the server keeps it.
pub fn of_hash(hash: u64) -> i64 {
    (hash ^ (1 << 63)).cast_signed()
}

/// Returns the hash of a signed number.
pub fn to_hash(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

/// Returns a number of entries as the server keeps it.
///
/// # Panics
/// If it is 2^63 or more, which no log reaches.
pub fn number(of: u64) -> i64 {
    i64::try_from(of).expect("a log is shorter than 2^63 entries")
}

/// Appends in one statement, which is a transaction of its own; `false` if the head had moved.
pub fn append_few(session: &Session, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<bool, Failure> {
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
    Ok(cell::<i64>(&row, 0)? == 1)
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
pub fn delete(session: &Session, parts: &[PartPlace], hidden: &[(u64, u64)]) -> Result<(), Failure> {
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
