//! Sealed entries in one database of the archive: blocks, and between them single entries too long
//! for one.
//!
//! Turns entries into keys and values, and back. Knows no index. Start at [`read`].

use crate::block;
use crate::database::Database;
use crate::keys;
use crate::oversized;
use heldto_store::{EntryChunk, NewEntry, StoreError};
use std::ops::{ControlFlow, Range};

/// Number of entries above which a read is taken for a scan, which does not read them again.
pub const SCAN_THRESHOLD: u64 = 500;
/// Number of values written at a time.
const PER_BATCH: usize = 256;

/// Writes consecutive entries, in blocks or singly.
pub fn write(db: &Database, first: u64, entries: &[NewEntry]) -> Result<(), StoreError> {
    let mut at = first;
    let mut rest = entries;
    let mut pairs = Vec::new();
    while let Some(next) = rest.first() {
        let company = rest.iter().take(usize::from(u8::MAX)).take_while(|new| block::is_packable(new)).count();
        // An empty value means that the entry is stored singly.
        let (value, count) = if company == 0 { (Vec::new(), 1) } else { block::pack(&rest[..company]) };
        pairs.push((keys::block(at).to_vec(), value));
        if company == 0 {
            oversized::pairs(at, next, &mut pairs);
        }
        (at, rest) = (at + count as u64, &rest[count..]);
        if pairs.len() >= PER_BATCH || rest.is_empty() {
            db.fill(&std::mem::take(&mut pairs))?;
        }
    }
    Ok(())
}

/// Adds the first entries of a range to `chunk`, block by block until it is full.
pub fn read(db: &Database, range: Range<u64>, is_scan: bool, chunk: &mut EntryChunk) -> Result<(), StoreError> {
    let mut failed = None;
    let touches = if is_scan { 4 } else { 0 };
    let mut from = None;
    db.scan_back(keys::block(0).to_vec()..[&keys::block(range.start)[..], &[0]].concat(), |key, _| {
        from = Some(key.to_vec());
        ControlFlow::Break(())
    })?;
    let from = from.ok_or(StoreError::Missing(range.start))?;
    db.scan(from..keys::block(range.end).to_vec(), |key, value| {
        let next = range.start + chunk.entries().len() as u64;
        // sled evicts pages only after 64 accesses to a 256th of all: add some accesses in a scan.
        if let Err(error) = (0..touches).try_for_each(|_| db.get(key).map(drop)) {
            failed = Some(error);
            return ControlFlow::Break(());
        }
        let read = match keys::decode_block(key) {
            None => Err(StoreError::Damaged { record: "archive", why: "one of its keys is not valid".to_owned() }),
            // The entry before this block is missing.
            Some(first) if first > next => return ControlFlow::Break(()),
            Some(first) if value.is_empty() && first < next => Ok(()),
            Some(first) if value.is_empty() => oversized::read(db, first).map(|stored| chunk.push(&stored)),
            Some(first) => block::unpack(first, value, &(next..range.end), chunk)
                .map_err(|why| StoreError::Block { first, why: why.to_owned() }),
        };
        failed = read.err();
        if failed.is_some() || chunk.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    match failed {
        // The entries before the damage come first.
        Some(error) if chunk.entries().is_empty() => Err(error),
        _ => Ok(()),
    }
}
