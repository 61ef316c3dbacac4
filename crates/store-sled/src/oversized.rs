//! Single entries in the archive, too long for a block: the entry and each part under keys of their
//! own.
//!
//! Turns entries into keys and values, and back. Knows no blocks. Start at [`read`].

use crate::database::Database;
use crate::keys::{self, Slot};
use heldto_store::{NewEntry, StoreError, StoredEntry};
use std::ops::{ControlFlow, Range};

/// Appends the keys and values of an entry and its parts to `pairs`.
pub fn pairs(index: u64, new: &NewEntry, pairs: &mut Vec<(Vec<u8>, Vec<u8>)>) {
    let parts = new.present_parts().map(|(number, bytes)| (Slot(number + 1), bytes));
    for (slot, value) in std::iter::once((Slot::ENTRY, &new.entry[..])).chain(parts) {
        let chunks = keys::chunks(value);
        pairs.extend(chunks.map(|(chunk, bytes)| (keys::entry(index, slot, chunk).to_vec(), bytes.to_vec())));
    }
}

fn keys_of(range: Range<u64>) -> Range<Vec<u8>> {
    keys::entry(range.start, Slot::ENTRY, 0).to_vec()..keys::entry(range.end, Slot::ENTRY, 0).to_vec()
}

/// Reads entries in order until the range ends, and returns `Break` if `visit` broke.
pub fn read(
    db: &Database,
    range: Range<u64>,
    visit: &mut dyn FnMut(&StoredEntry) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, StoreError> {
    let mut next = range.start;
    let mut gap = None;
    let mut stopped = ControlFlow::Continue(());
    let mut pending: Option<StoredEntry> = None;
    let mut give = |stored: StoredEntry, next: &mut u64| {
        if stored.index != *next {
            return ControlFlow::Break(());
        }
        *next += 1;
        stopped = visit(&stored);
        stopped
    };
    db.scan(keys_of(range.clone()), |key, value| {
        let Some((index, slot, chunk)) = keys::decode_entry(key) else {
            gap = Some(next);
            return ControlFlow::Break(());
        };
        if let Some(done) = pending.take_if(|p| p.index != index) {
            give(done, &mut next)?;
        }
        match (&mut pending, slot, chunk) {
            (None, Slot::ENTRY, 0) => {
                pending = Some(StoredEntry { index, entry: value.to_vec(), parts: Vec::new() });
            }
            (Some(p), Slot::ENTRY, _) => p.entry.extend_from_slice(value),
            (Some(p), Slot(n), 0) => p.parts.push((n - 1, value.to_vec())),
            (Some(p), Slot(n), _) => match p.parts.last_mut().filter(|(number, _)| *number == n - 1) {
                Some((_, bytes)) => bytes.extend_from_slice(value),
                None => p.parts.push((n - 1, value.to_vec())),
            },
            (None, ..) => {
                gap = Some(index);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    if let Some(missing) = gap {
        return Err(StoreError::Missing(missing));
    }
    if let Some(done) = pending.take() {
        // A break and a misplaced entry are both handled below.
        let _ = give(done, &mut next);
    }
    if stopped.is_break() || next >= range.end { Ok(stopped) } else { Err(StoreError::Missing(next)) }
}
