//! Keys of the databases, and values cut so that sled keeps a full leaf in its log (docs/FORMAT.md,
//! *The database*).
//!
//! Turns indexes, hashes and founding records into bytes and back. Knows no database.

use heldto_journal::LAYOUT;
use heldto_proof::Genesis;
use heldto_store::{Founding, StoreError};
use std::ops::Range;

/// A keyed hash and the index of an entry found by that hash.
pub type Record = (u64, u64);

/// Key of the founding record.
pub const FOUNDING: &[u8] = b"g";
/// Key of the manifest.
pub const MANIFEST_KEY: &[u8] = b"s";

/// Longest value, in bytes: a leaf of 16 stays below a quarter of sled's segment.
///
/// Longer leaves would go to files that sled never syncs.
pub const CHUNK: usize = 7 * 1024;

/// The piece of an entry that a value holds: 0 is the entry itself, n its part n - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(pub u16);

impl Slot {
    /// The entry itself.
    pub const ENTRY: Self = Self(0);
}

/// Returns the key `e`, index, slot, chunk of an archive value.
///
/// Big-endian numbers keep the order of the log.
pub fn entry(index: u64, slot: Slot, chunk: u16) -> [u8; 13] {
    let mut key = [b'e'; 13];
    key[1..9].copy_from_slice(&index.to_be_bytes());
    key[9..11].copy_from_slice(&slot.0.to_be_bytes());
    key[11..].copy_from_slice(&chunk.to_be_bytes());
    key
}

/// Decodes a key of [`entry`] to index, slot and chunk.
pub fn decode_entry(key: &[u8]) -> Option<(u64, Slot, u16)> {
    let key: &[u8; 13] = key.try_into().ok().filter(|k: &&[u8; 13]| k[0] == b'e')?;
    let index = u64::from_be_bytes(key[1..9].try_into().ok()?);
    Some((index, Slot(u16::from_be_bytes([key[9], key[10]])), u16::from_be_bytes([key[11], key[12]])))
}

/// Returns the key `t`, index of the first entry, chunk of a tail record in `hot`.
pub fn tail(first: u64, chunk: u16) -> [u8; 11] {
    let mut key = [b't'; 11];
    key[1..9].copy_from_slice(&first.to_be_bytes());
    key[9..].copy_from_slice(&chunk.to_be_bytes());
    key
}

/// Decodes a key of [`tail`] to the index of the first entry and the chunk.
pub fn decode_tail(key: &[u8]) -> Option<(u64, u16)> {
    let key: &[u8; 11] = key.try_into().ok().filter(|k: &&[u8; 11]| k[0] == b't')?;
    Some((u64::from_be_bytes(key[1..9].try_into().ok()?), u16::from_be_bytes([key[9], key[10]])))
}

/// First key after those of the tail.
pub const TAIL_END: &[u8] = b"u";

/// Returns the key `b`, index of the first entry of a block in the archive.
pub fn block(first: u64) -> [u8; 9] {
    let mut key = [b'b'; 9];
    key[1..].copy_from_slice(&first.to_be_bytes());
    key
}

/// Decodes a key of [`block`] to the index of the first entry.
pub fn decode_block(key: &[u8]) -> Option<u64> {
    let key: &[u8; 9] = key.try_into().ok().filter(|k: &&[u8; 9]| k[0] == b'b')?;
    key[1..].try_into().ok().map(u64::from_be_bytes)
}

/// Returns the key `i`, number of the run, first hash, first index of a run's value in the archive.
pub fn run(number: u32, (hash, index): Record) -> [u8; 21] {
    let mut key = [b'i'; 21];
    key[1..5].copy_from_slice(&number.to_be_bytes());
    key[5..13].copy_from_slice(&hash.to_be_bytes());
    key[13..].copy_from_slice(&index.to_be_bytes());
    key
}

/// Returns the key `i`, number of the run: the header value's, which precedes all other values.
pub fn run_begin(number: u32) -> [u8; 5] {
    let mut key = [b'i'; 5];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}

/// Decodes a key of [`run`] to the run's number and the value's first record.
pub fn decode_run(key: &[u8]) -> Option<(u32, Record)> {
    let key: &[u8; 21] = key.try_into().ok().filter(|k: &&[u8; 21]| k[0] == b'i')?;
    let number = |range: Range<usize>| key[range].try_into().map_or(0, u64::from_be_bytes);
    Some((u32::from_be_bytes(key[1..5].try_into().ok()?), (number(5..13), number(13..21))))
}

/// Cuts a value into numbered pieces of at most [`CHUNK`] bytes; an empty value is one piece.
pub fn chunks(value: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let empty = value.is_empty().then_some(value);
    (0_u16..).zip(empty.into_iter().chain(value.chunks(CHUNK)))
}

/// Layout of the databases: 6 since sensitive facts are in the index.
pub const DATABASE_LAYOUT: u8 = 6;
/// Layout before the journal, still read for upgrades.
pub const LAYOUT_BEFORE_JOURNAL: u8 = 4;

/// Encodes layout, first public key, index key and origin.
pub fn encode_founding(founding: &Founding) -> Vec<u8> {
    let mut bytes = vec![DATABASE_LAYOUT];
    bytes.extend(founding.genesis.key);
    bytes.extend(founding.index_key);
    bytes.extend(founding.genesis.origin.as_bytes());
    bytes
}

/// Decodes a founding record of this layout, of 5 (no `sensitive` in the index) or of 4 (no
/// journal).
///
/// # Errors
/// If the layout is another, or the record does not decode.
pub fn decode_founding(bytes: &[u8]) -> Result<Founding, StoreError> {
    let damaged = || StoreError::Damaged { record: "founding record", why: "it cannot be decoded".to_owned() };
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
