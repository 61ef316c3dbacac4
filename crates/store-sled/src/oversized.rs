//! Single entries in the archive, too long for a block: the entry and each part under keys of their
//! own.
//!
//! Turns entries into keys and values, and back. Knows no blocks. Start at [`read`].

use crate::database::Database;
use crate::keys::{self, Slot};
use heldto_store::{NewEntry, StoreError, StoredEntry};
use std::ops::ControlFlow;

/// Appends the keys and values of an entry and its parts to `pairs`.
pub fn pairs(index: u64, new: &NewEntry, pairs: &mut Vec<(Vec<u8>, Vec<u8>)>) {
    let parts = new.present_parts().map(|(number, bytes)| (Slot(number + 1), bytes));
    for (slot, value) in std::iter::once((Slot::ENTRY, &new.entry[..])).chain(parts) {
        let chunks = keys::chunks(value);
        pairs.extend(chunks.map(|(chunk, bytes)| (keys::entry(index, slot, chunk).to_vec(), bytes.to_vec())));
    }
}

/// Reads one entry.
pub fn read(db: &Database, index: u64) -> Result<StoredEntry, StoreError> {
    let mut stored: Option<StoredEntry> = None;
    let mut is_sound = true;
    let keys = |index: u64| keys::entry(index, Slot::ENTRY, 0).to_vec();
    db.scan(keys(index)..keys(index.saturating_add(1)), |key, value| {
        match (&mut stored, keys::decode_entry(key)) {
            (None, Some((_, Slot::ENTRY, 0))) => {
                stored = Some(StoredEntry { index, entry: value.to_vec(), parts: Vec::new() });
            }
            (Some(stored), Some((_, Slot::ENTRY, _))) => stored.entry.extend_from_slice(value),
            (Some(stored), Some((_, Slot(n), chunk))) => match stored.parts.last_mut() {
                Some((number, bytes)) if chunk > 0 && *number == n - 1 => bytes.extend_from_slice(value),
                _ => stored.parts.push((n - 1, value.to_vec())),
            },
            (_, None) | (None, _) => is_sound = false,
        }
        if is_sound { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    stored.filter(|_| is_sound).ok_or(StoreError::Missing(index))
}
