//! Whether entries follow each other by their hashes, and parts are those that their entries commit to.

use heldto_proof::Head;
use heldto_proof::{Chain, Entry, Part, chain, leaf_hash};
use heldto_store::StoredEntry;

/// Returns the chain value after an entry if it is the entry of this place and holds this chain value before it, and if its
/// parts are those that it commits to. `previous`: `None` accepts any.
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

/// Returns the first entry that does not follow the one before it, if any. The entries come in order from `first`;
/// `before` is the chain value before them and `after` the one after them, each if it is known.
#[must_use]
pub fn first_unlinked(entries: &[StoredEntry], first: u64, before: Option<Chain>, after: Option<Chain>) -> Option<u64> {
    let mut previous = before;
    for (index, stored) in (first..).zip(entries) {
        match follows(stored, index, previous) {
            Some(chain) => previous = Some(chain),
            // What one entry holds of the one before it tells that one's damage from its own.
            None => return Some(index),
        }
    }
    let last = (first + entries.len() as u64).saturating_sub(1);
    match (previous, after) {
        (Some(found), Some(after)) if found != after => Some(last),
        _ => None,
    }
}

/// Moves a head behind an entry that follows it.
pub fn advance(head: &mut Head, entry: &[u8]) {
    head.chain = chain(entry);
    head.edge.push(leaf_hash(entry));
    // An entry that does not decode is refused before it gets here, or named by the verification.
    if let Ok(entry) = Entry::decode(entry) {
        head.recorded_at = entry.recorded_at;
    }
}
