//! The keys of the database, and values cut so that sled keeps a full leaf in its log (docs/FORMAT.md, *The database*).

use crate::runs::Record;
use heldto_journal::LAYOUT;
use heldto_proof::Genesis;
use heldto_store::{Founding, StoreError};
use std::ops::Range;

/// The founding record.
pub const FOUNDING: &[u8] = b"g";
/// What of the log is sealed.
pub const MANIFEST_KEY: &[u8] = b"s";

/// The longest value: a leaf of 16 of them stays under a quarter of sled's segment, above which it would go to files that are never synced.
pub const CHUNK: usize = 7 * 1024;

/// What of an entry a value holds: 0 the entry itself, n its part n - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(pub u16);

impl Slot {
    /// The entry itself.
    pub const ENTRY: Self = Self(0);
}

/// `e`, index, slot, chunk: all big-endian, so that order is the log's; in the archive.
pub fn entry(index: u64, slot: Slot, chunk: u16) -> [u8; 13] {
    let mut key = [b'e'; 13];
    key[1..9].copy_from_slice(&index.to_be_bytes());
    key[9..11].copy_from_slice(&slot.0.to_be_bytes());
    key[11..].copy_from_slice(&chunk.to_be_bytes());
    key
}

/// Reads such a key.
pub fn decode_entry(key: &[u8]) -> Option<(u64, Slot, u16)> {
    let key: &[u8; 13] = key.try_into().ok().filter(|k: &&[u8; 13]| k[0] == b'e')?;
    let index = u64::from_be_bytes(key[1..9].try_into().ok()?);
    Some((index, Slot(u16::from_be_bytes([key[9], key[10]])), u16::from_be_bytes([key[11], key[12]])))
}

/// `t`, index of the first entry, chunk: in `hot`.
pub fn tail(first: u64, chunk: u16) -> [u8; 11] {
    let mut key = [b't'; 11];
    key[1..9].copy_from_slice(&first.to_be_bytes());
    key[9..].copy_from_slice(&chunk.to_be_bytes());
    key
}

/// Reads such a key.
pub fn decode_tail(key: &[u8]) -> Option<(u64, u16)> {
    let key: &[u8; 11] = key.try_into().ok().filter(|k: &&[u8; 11]| k[0] == b't')?;
    Some((u64::from_be_bytes(key[1..9].try_into().ok()?), u16::from_be_bytes([key[9], key[10]])))
}

/// The first key after all of those.
pub const TAIL_END: &[u8] = b"u";

/// `b`, first index: in the archive.
pub fn block(first: u64) -> [u8; 9] {
    let mut key = [b'b'; 9];
    key[1..].copy_from_slice(&first.to_be_bytes());
    key
}

/// Reads such a key.
pub fn decode_block(key: &[u8]) -> Option<u64> {
    let key: &[u8; 9] = key.try_into().ok().filter(|k: &&[u8; 9]| k[0] == b'b')?;
    key[1..].try_into().ok().map(u64::from_be_bytes)
}

/// `i`, number of the run, its first hash and place: in the archive.
pub fn run(number: u32, (hash, index): Record) -> [u8; 21] {
    let mut key = [b'i'; 21];
    key[1..5].copy_from_slice(&number.to_be_bytes());
    key[5..13].copy_from_slice(&hash.to_be_bytes());
    key[13..].copy_from_slice(&index.to_be_bytes());
    key
}

/// `i`, number of the run: before all of its values.
pub fn run_begin(number: u32) -> [u8; 5] {
    let mut key = [b'i'; 5];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}

/// Reads a key of a value of a run.
pub fn decode_run(key: &[u8]) -> Option<(u32, Record)> {
    let key: &[u8; 21] = key.try_into().ok().filter(|k: &&[u8; 21]| k[0] == b'i')?;
    let number = |range: Range<usize>| key[range].try_into().map_or(0, u64::from_be_bytes);
    Some((u32::from_be_bytes(key[1..5].try_into().ok()?), (number(5..13), number(13..21))))
}

/// The value in pieces of at most [`CHUNK`], numbered; an empty value is one empty piece.
pub fn chunks(value: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let empty = value.is_empty().then_some(value);
    (0_u16..).zip(empty.into_iter().chain(value.chunks(CHUNK)))
}

/// The layout of the databases: 6 since the index finds what is sensitive.
pub const DATABASE_LAYOUT: u8 = 6;
/// The layout of before the journal, which is still read to be taken up.
pub const LAYOUT_BEFORE_JOURNAL: u8 = 4;

/// Layout, first key, index key, origin.
pub fn encode_founding(founding: &Founding) -> Vec<u8> {
    let mut bytes = vec![DATABASE_LAYOUT];
    bytes.extend(founding.genesis.key);
    bytes.extend(founding.index_key);
    bytes.extend(founding.genesis.origin.as_bytes());
    bytes
}

/// Reads a founding record of this layout, or of those before the journal and before the index found what is sensitive.
///
/// # Errors
/// When it is of another layout, or does not decode.
pub fn decode_founding(bytes: &[u8]) -> Result<Founding, StoreError> {
    let damaged = || StoreError::Damaged { record: "founding record", why: "it does not decode".to_owned() };
    match bytes.first().copied().ok_or_else(damaged)? {
        DATABASE_LAYOUT | LAYOUT | LAYOUT_BEFORE_JOURNAL => {}
        found if found > DATABASE_LAYOUT => return Err(StoreError::NewLayout { found, known: DATABASE_LAYOUT }),
        found => return Err(StoreError::OldLayout(found)),
    }
    let decode = || {
        let (key, rest) = bytes[1..].split_first_chunk::<32>()?;
        let (index_key, origin) = rest.split_first_chunk::<32>()?;
        let origin = std::str::from_utf8(origin).ok().filter(|origin| Genesis::origin_is_valid(origin))?;
        let genesis = Genesis { origin: origin.to_owned(), key: *key };
        Some(Founding { genesis, index_key: *index_key })
    };
    decode().ok_or_else(damaged)
}
