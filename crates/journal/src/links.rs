//! Checks that entries follow each other by their hashes, and that parts fit their commitments.
//!
//! This module knows hashes, not files. Start at [`follows`].

use heldto_proof::Head;
use heldto_proof::{Chain, Entry, Part, chain, leaf_hash};
use heldto_store::StoredEntry;

/// Returns the chain value after an entry, if the entry fits its place.
///
/// An entry fits if it has this index, names `previous` as the chain value before it (`None`
/// accepts any), and its parts match its commitments.
#[must_use]
pub fn follows(stored: &StoredEntry, index: u64, previous: Option<Chain>) -> Option<Chain> {
    let entry = Entry::decode(&stored.entry).ok()?;
    let in_place = stored.index == index && entry.index == index;
    if !in_place || previous.is_some_and(|previous| previous != entry.previous) {
        return None;
    }
    let committed = |(number, bytes): (u16, &[u8])| {
        let part = entry.parts.get(usize::from(number))?;
        let (salt, content) = bytes.split_first_chunk::<32>()?;
        (Part::commitment_of(part.role, salt, content) == part.commitment).then_some(())
    };
    stored.present_parts().try_for_each(|part| committed(part).ok_or(())).ok()?;
    Some(chain(&stored.entry))
}

/// Returns the index of the first entry that does not follow the one before it, if any.
///
/// The entries come in order from `first`. `before` and `after` are the chain values around them,
/// if known.
#[must_use]
pub fn first_unlinked(entries: &[StoredEntry], first: u64, before: Option<Chain>, after: Option<Chain>) -> Option<u64> {
    let mut previous = before;
    for (index, stored) in (first..).zip(entries) {
        match follows(stored, index, previous) {
            Some(chain) => previous = Some(chain),
            // A changed entry may show only here, at its successor, which holds its chain value.
            None => return Some(index),
        }
    }
    let last = (first + entries.len() as u64).saturating_sub(1);
    match (previous, after) {
        (Some(found), Some(after)) if found != after => Some(last),
        _ => None,
    }
}

/// Advances a head by an entry that follows it.
pub fn advance(head: &mut Head, entry: &[u8]) {
    head.chain = chain(entry);
    head.edge.push(leaf_hash(entry));
    // An entry that does not decode is rejected earlier, or reported by the verification.
    if let Ok(entry) = Entry::decode(entry) {
        head.recorded_at = entry.recorded_at;
    }
}
