//! Reads entries and index records in the snapshot of the store. Start at `entries`.

use crate::PostgresStore;
use crate::rows::{number, of_hash, to_hash};
use crate::schema::cell;
use heldto_proof::Head;
use heldto_store::{Entries, EntryChunk, Founding, Index, IndexRecords, Log, StoreError, StoredEntry};
use std::cell::Cell;
use std::ops::{Range, RangeInclusive};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Number of entries in the first chunk of a cursor.
const FIRST: u64 = 64;
/// Number of entries in the first chunk of a cursor over places: few reports need a second.
const FIRST_PLACES: u64 = 1024;
/// Most entries in a chunk.
const MOST: u64 = 4096;
/// Bytes that a chunk should not exceed, by the entries of the one before.
const CHUNK_BYTES: u64 = 8 << 20;
/// The entries of a range.
const RANGE: &str = "SELECT e.entry_index, e.entry, p.number, p.part FROM entries e LEFT JOIN parts p \
     ON p.entry_index = e.entry_index WHERE e.entry_index >= $1 AND e.entry_index < $2 \
     ORDER BY e.entry_index, p.number";
/// The entries at places, each by the primary keys: a plan for the whole list may read the tables.
const PLACES: &str = "SELECT e.entry_index, e.entry, p.number, p.part FROM unnest($1::bigint[]) AS wanted (i) \
     CROSS JOIN LATERAL (SELECT entry_index, entry FROM entries WHERE entry_index = i OFFSET 0) AS e \
     LEFT JOIN LATERAL (SELECT number, part FROM parts WHERE entry_index = i OFFSET 0) AS p ON true \
     ORDER BY e.entry_index, p.number";
/// Number of index records read at a time.
const RECORDS: usize = 10_000;

impl Log for PostgresStore {
    fn founding(&self) -> Result<Founding, StoreError> {
        Ok(self.founding.clone())
    }

    fn head(&self) -> Result<Head, StoreError> {
        Ok(self.lock().head.clone())
    }

    fn entries(&self, range: Range<u64>) -> Entries<'_> {
        let share = Cell::new(FIRST);
        Entries::new(range, move |range, chunk| {
            let until = range.end.min(range.start.saturating_add(share.get()));
            let (Ok(from), Ok(to)) = (i64::try_from(range.start), i64::try_from(until)) else { return Ok(()) };
            let rows = self.rows(RANGE, &[&from, &to])?;
            share.set(next_share(share.get(), read(rows, range.start..until, chunk)?, chunk));
            Ok(())
        })
    }

    fn entries_at<'l>(&'l self, places: &'l [u64]) -> Entries<'l> {
        let share = Cell::new(FIRST_PLACES);
        Entries::at(places, move |places, chunk| {
            let some = usize::try_from(share.get()).ok().and_then(|share| places.get(..share)).unwrap_or(places);
            let wanted: Vec<i64> = some.iter().map(|place| number(*place)).collect();
            let rows = self.rows(PLACES, &[&wanted])?;
            share.set(next_share(share.get(), read(rows, some.iter().copied(), chunk)?, chunk));
            Ok(())
        })
    }

    fn entry(&self, index: u64) -> Result<StoredEntry, StoreError> {
        self.entries_at(&[index]).try_next()?.cloned().ok_or(StoreError::Missing(index))
    }

    fn index(&self) -> Option<&dyn Index> {
        Some(self)
    }
}

impl PostgresStore {
    /// Returns the rows of some entries: one a part, in order.
    fn rows(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let open = self.reading()?;
        Ok(open.session.wait(open.session.client.query(statement, values))?)
    }

    /// Reads the first index records of a range that come after `after`.
    fn some_records(
        &self,
        hashes: &RangeInclusive<u64>,
        after: Option<(u64, u64)>,
    ) -> Result<Vec<(u64, u64)>, StoreError> {
        let (after_hash, after_index) = match after {
            Some((hash, index)) => (of_hash(hash), number(index)),
            None => (of_hash(*hashes.start()), -1),
        };
        let open = self.reading()?;
        let rows = open.session.wait(open.session.client.query(
            "SELECT hash, entry_index FROM terms WHERE (hash, entry_index) > ($1, $2) AND hash <= $3 \
             ORDER BY hash, entry_index LIMIT $4",
            &[&after_hash, &after_index, &of_hash(*hashes.end()), &(RECORDS as i64)],
        ))?;
        rows.iter().map(record).collect()
    }
}

/// Adds the entries of `places`, up to the first that has no row, and returns their bytes.
fn read(rows: Vec<Row>, places: impl Iterator<Item = u64>, chunk: &mut EntryChunk) -> Result<u64, StoreError> {
    let mut bytes = 0;
    let mut rows = rows.into_iter().peekable();
    let is_of = |row: &Row, index: u64| row.try_get(0).is_ok_and(|held: i64| held == number(index));
    for index in places {
        let Some(first) = rows.next_if(|row| is_of(row, index)) else { break };
        let entry: &[u8] = cell(&first, 1)?;
        let mut stored = StoredEntry { index, entry: entry.to_vec(), parts: Vec::new() };
        let mut next = Some(first);
        while let Some(row) = next.take() {
            if let (Some(part), Some(content)) = (cell::<Option<i32>>(&row, 2)?, cell::<Option<&[u8]>>(&row, 3)?) {
                let part = u16::try_from(part).map_err(|_| StoreError::Block {
                    first: index,
                    why: format!("it has a part {part}, which no entry can have"),
                })?;
                bytes += content.len() as u64;
                stored.parts.push((part, content.to_vec()));
            }
            next = rows.next_if(|row| is_of(row, index));
        }
        bytes += stored.entry.len() as u64;
        chunk.push(&stored);
    }
    Ok(bytes)
}

/// Returns the number of entries to read next, after `last` that had `bytes`.
fn next_share(last: u64, bytes: u64, chunk: &EntryChunk) -> u64 {
    let count = chunk.entries().len() as u64;
    let fitting = CHUNK_BYTES / (bytes / count.max(1)).max(1);
    fitting.clamp(1, MOST).min(last * 2)
}

fn record(row: &Row) -> Result<(u64, u64), StoreError> {
    let index = u64::try_from(cell::<i64>(row, 1)?).map_err(|_| StoreError::Damaged {
        record: "index",
        why: "a row of terms names an entry below 0".to_owned(),
    })?;
    Ok((to_hash(cell(row, 0)?), index))
}

impl Index for PostgresStore {
    fn find(&self, hashes: &[u64], most: usize) -> Result<Vec<(u64, u64)>, StoreError> {
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<i64> = hashes.iter().copied().map(of_hash).collect();
        // A number that does not fit is no limit.
        let most = i64::try_from(most).ok();
        let open = self.reading()?;
        let rows = open.session.wait(open.session.client.query(
            "SELECT found.hash, found.entry_index FROM unnest($1::bigint[]) AS wanted (h), LATERAL \
             (SELECT hash, entry_index FROM terms WHERE hash = h ORDER BY entry_index LIMIT $2) AS found \
             ORDER BY 1, 2",
            &[&wanted, &most],
        ))?;
        rows.iter().map(record).collect()
    }

    fn records(&self, hashes: RangeInclusive<u64>) -> Result<IndexRecords<'_>, StoreError> {
        let mut some = self.some_records(&hashes, None)?.into_iter();
        let mut last = None;
        Ok(Box::new(std::iter::from_fn(move || {
            if let Some(record) = some.next() {
                last = Some(record);
                return Some(Ok(record));
            }
            let after = last.take()?;
            match self.some_records(&hashes, Some(after)) {
                Ok(more) => {
                    some = more.into_iter();
                    last = some.next();
                    last.map(Ok)
                }
                Err(error) => Some(Err(error)),
            }
        })))
    }
}
