//! The unsealed tail: records of consecutive entries with their index hashes, in `hot`. An append
//! of one fact is one record.
//!
//! Turns entries into keys and values of a database, and back. Knows neither archive nor journal.
//! Start at [`scan`].

use crate::database::Database;
use crate::keys;
use heldto_proof::Head;
use heldto_store::bundle::{put_entry, put_parts, take_entry, take_parts_into};
use heldto_store::{EntryChunk, NewEntry, StoreError, StoredEntry};
use std::ops::ControlFlow;

/// First byte of a record.
const VERSION: u8 = 2;
/// First byte of a record that also holds the head, as before the journal.
const VERSION_WITH_HEAD: u8 = 1;

/// Writes consecutive entries, all or nothing. Durable only once the database is synced.
pub fn write(db: &Database, first: u64, entries: &[NewEntry]) -> Result<(), StoreError> {
    let mut values = Vec::new();
    let mut at = first;
    let mut rest = entries;
    while !rest.is_empty() {
        let mut length = 0;
        let mut count = 0;
        for new in rest.iter().take(usize::from(u16::MAX)) {
            length += size(new);
            if count > 0 && length > keys::CHUNK {
                break;
            }
            count += 1;
        }
        let (few, more) = rest.split_at(count);
        let value = encode(few);
        values.extend(keys::chunks(&value).map(|(chunk, bytes)| (keys::tail(at, chunk), bytes.to_vec())));
        at += few.len() as u64;
        rest = more;
    }
    match &values[..] {
        // sled writes and syncs a batch in two pieces, but a single key in one.
        [(key, value)] => db.insert(key, value),
        _ => {
            let mut batch = sled::Batch::default();
            values.into_iter().for_each(|(key, value)| batch.insert(key.as_slice(), value));
            db.apply(batch)
        }
    }
}

/// Returns the approximate length of an entry in a record.
fn size(new: &NewEntry) -> usize {
    new.entry.len()
        + new.parts.iter().flatten().map(|part| part.len() + 6).sum::<usize>()
        + 8 * new.index_hashes.len()
        + 8
}

fn encode(entries: &[NewEntry]) -> Vec<u8> {
    let mut value = vec![VERSION];
    value.extend(u16::try_from(entries.len()).expect("a record has at most 65,535 entries").to_be_bytes());
    for new in entries {
        put_entry(&mut value, &new.entry);
        put_parts(&mut value, new.present_parts());
        value.extend(u32::try_from(new.index_hashes.len()).expect("a fact names fewer than 2^32 ids").to_be_bytes());
        new.index_hashes.iter().for_each(|hash| value.extend(hash.to_be_bytes()));
    }
    let check = crc32fast::hash(&value);
    value.extend(check.to_be_bytes());
    value
}

/// The entries of a record, each with its index hashes.
type Group = Vec<(StoredEntry, Vec<u64>)>;

/// Decodes the record that begins with entry `first`; `None` if any byte is wrong.
fn decode(first: u64, value: &[u8]) -> Option<Group> {
    let (value, check) = value.split_last_chunk::<4>()?;
    let (version, mut rest) = value.split_first()?;
    if crc32fast::hash(value) != u32::from_be_bytes(*check) || ![VERSION, VERSION_WITH_HEAD].contains(version) {
        return None;
    }
    if *version == VERSION_WITH_HEAD {
        let head = take_entry(&mut rest).ok()?;
        if !head.is_empty() {
            Head::decode(head).ok()?;
        }
    }
    let (count, after) = rest.split_first_chunk::<2>()?;
    rest = after;
    let mut entries = Vec::new();
    for index in (first..).take(usize::from(u16::from_be_bytes(*count))) {
        let mut stored = StoredEntry { index, entry: take_entry(&mut rest).ok()?.to_vec(), parts: Vec::new() };
        take_parts_into(&mut rest, &mut stored.parts).ok()?;
        let (count, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*count)).ok()?.checked_mul(8)?;
        let (hashes, after) = after.split_at_checked(length)?;
        rest = after;
        let hashes = hashes.as_chunks::<8>().0.iter().map(|hash| u64::from_be_bytes(*hash)).collect();
        entries.push((stored, hashes));
    }
    rest.is_empty().then_some(entries)
}

/// Passes the entries of records that begin at or after `from` to `visit`, until `visit` breaks.
///
/// Each entry comes with its index hashes.
pub fn scan(
    db: &Database,
    from: u64,
    visit: &mut dyn FnMut(StoredEntry, Vec<u64>) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let visit = &mut |group: Group| group.into_iter().try_for_each(|(stored, hashes)| visit(stored, hashes));
    groups(db, from, visit)
}

fn groups(db: &Database, from: u64, visit: &mut dyn FnMut(Group) -> ControlFlow<()>) -> Result<(), StoreError> {
    let mut held: Option<(u64, Vec<u8>)> = None;
    let mut failed = None;
    let mut stopped = false;
    let mut give = |held: Option<(u64, Vec<u8>)>| {
        let Some((first, value)) = held else { return ControlFlow::Continue(()) };
        let Some(group) = decode(first, &value) else {
            failed = Some(first);
            return ControlFlow::Break(());
        };
        visit(group)
    };
    db.scan(keys::tail(from, 0).to_vec()..keys::TAIL_END.to_vec(), |key, value| {
        match (keys::decode_tail(key), &mut held) {
            (Some((first, _)), Some((at, bytes))) if first == *at => bytes.extend_from_slice(value),
            (Some((first, _)), _) => {
                let done = held.replace((first, value.to_vec()));
                let given = give(done);
                stopped = given.is_break();
                given?;
            }
            (None, _) => {}
        }
        ControlFlow::Continue(())
    })?;
    if !stopped {
        // A break after the last record leaves nothing out.
        let _ = give(held);
    }
    failed.map_or(Ok(()), |first| Err(damaged(first)))
}

/// Adds the first entries of a range to `chunk`, up to the first that is missing.
pub fn read(db: &Database, range: &std::ops::Range<u64>, chunk: &mut EntryChunk) -> Result<(), StoreError> {
    let mut next = range.start;
    let mut from = range.start;
    // Start at the record that begins with this entry, or else at the last one before it.
    let until = keys::tail(range.start.saturating_add(1), 0).to_vec();
    db.scan_back(keys::tail(0, 0).to_vec()..until, |key, _| {
        from = keys::decode_tail(key).map_or(from, |(first, _)| first);
        ControlFlow::Break(())
    })?;
    scan(db, from, &mut |stored, _| {
        if stored.index < range.start {
            return ControlFlow::Continue(());
        }
        if stored.index != next || next >= range.end || chunk.is_full() {
            return ControlFlow::Break(());
        }
        next += 1;
        chunk.push(&stored);
        ControlFlow::Continue(())
    })
}

fn damaged(first: u64) -> StoreError {
    StoreError::Block { first, why: "its bytes were changed".to_owned() }
}
