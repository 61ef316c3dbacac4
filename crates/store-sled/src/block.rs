//! Blocks of sealed entries: some two dozen entries and their parts, packed to one value and back
//! (docs/FORMAT.md, *The database*).
//!
//! Knows bytes, no database. Start at [`pack`].

use crate::keys::CHUNK;
use heldto_store::bundle::{put_entry, put_parts, take_entry, take_parts, take_parts_into};
use heldto_store::{EntryChunk, NewEntry};
use std::ops::Range;

/// First byte of a block.
const VERSION: u8 = 1;
/// Maximum bytes of parts in a block, before compression.
const MAX_PACKED_PARTS_BYTES: usize = 12 * 1024;
/// Longest entry in a block, and longest total of its parts; others are stored singly, in chunks.
const MAX_PACKED_ENTRY_BYTES: usize = 3 * 1024;

/// Returns `true` if an entry fits into a block with others.
pub fn is_packable(new: &NewEntry) -> bool {
    new.entry.len() <= MAX_PACKED_ENTRY_BYTES
        && new.parts.iter().flatten().map(Vec::len).sum::<usize>() <= MAX_PACKED_ENTRY_BYTES
}

/// Packs as many of the first entries as fit one value; returns the block and their number.
///
/// Every entry must satisfy [`is_packable`].
pub fn pack(entries: &[NewEntry]) -> (Vec<u8>, usize) {
    let mut count = 0;
    let mut plain = HEADER;
    let mut raw = 0;
    for new in entries.iter().take(usize::from(u8::MAX)) {
        let parts: usize = new.parts.iter().flatten().map(|bytes| bytes.len() + 6).sum::<usize>() + 2;
        if count > 0 && (plain + new.entry.len() + 2 > CHUNK || raw + parts > MAX_PACKED_PARTS_BYTES) {
            break;
        }
        plain += new.entry.len() + 2;
        raw += parts;
        count += 1;
    }
    loop {
        let block = encode(&entries[..count]);
        if block.len() <= CHUNK || count == 1 {
            return (block, count);
        }
        // The parts compress badly: shorten the block in proportion.
        count = (count * CHUNK / block.len()).clamp(1, count - 1);
    }
}

/// Length of the header: version, number of entries, length of the entries.
const HEADER: usize = 6;

fn encode(entries: &[NewEntry]) -> Vec<u8> {
    let plain: usize = entries.iter().map(|new| new.entry.len() + 2).sum();
    let mut block = Vec::with_capacity(HEADER + plain);
    let mut parts = Vec::with_capacity(MAX_PACKED_PARTS_BYTES);
    block.extend([VERSION, u8::try_from(entries.len()).expect("a block has at most 255 entries")]);
    block.extend(u32::try_from(plain).expect("a block has less than 4 GiB").to_be_bytes());
    for new in entries {
        put_entry(&mut block, &new.entry);
        put_parts(&mut parts, new.present_parts());
    }
    block.extend(lz4_flex::block::compress_prepend_size(&parts));
    // The same parts can be compressed to other bytes, so the check covers the compressed ones: no
    // byte can change unnoticed.
    let check = crc32fast::hash(&block);
    block.extend(check.to_be_bytes());
    block
}

/// Adds the entries of a block that lie in `range` to `chunk`, or none if any byte is wrong.
///
/// `first` is the index of the block's first entry.
pub fn unpack(first: u64, block: &[u8], range: &Range<u64>, chunk: &mut EntryChunk) -> Result<(), &'static str> {
    const SHORT: &str = "it ends too early";
    let (block, check) = block.split_last_chunk::<4>().ok_or(SHORT)?;
    if crc32fast::hash(block) != u32::from_be_bytes(*check) {
        return Err("its bytes were changed");
    }
    let (header, rest) = block.split_first_chunk::<HEADER>().ok_or(SHORT)?;
    let [VERSION, count, length @ ..] = header else { return Err("it has an unknown version") };
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| SHORT)?;
    let (plain, packed) = rest.split_at_checked(length).ok_or(SHORT)?;
    // An unchecked length must not reserve memory.
    let size = packed.first_chunk::<4>().map(|n| u32::from_le_bytes(*n)).ok_or(SHORT)?;
    if usize::try_from(size).is_ok_and(|n| n > MOST) {
        return Err("its parts are longer than a block can hold");
    }
    let parts = lz4_flex::block::decompress_size_prepended(packed).map_err(|_| "its parts cannot be decompressed")?;
    let mut left = plain;
    let mut left_of_parts = &parts[..];
    for _ in 0..*count {
        take_entry(&mut left)?;
        take_parts(&mut left_of_parts, |_, _| {})?;
    }
    if !left.is_empty() || !left_of_parts.is_empty() || *count == 0 {
        return Err("bytes are left over at its end");
    }
    let mut plain = plain;
    let mut parts = &parts[..];
    for index in (first..range.end).take(usize::from(*count)) {
        let entry = take_entry(&mut plain)?;
        if !range.contains(&index) {
            take_parts(&mut parts, |_, _| {})?;
            continue;
        }
        chunk.push_with(|stored| {
            stored.index = index;
            stored.entry.clear();
            stored.entry.extend_from_slice(entry);
            take_parts_into(&mut parts, &mut stored.parts)
        })?;
    }
    Ok(())
}

/// Upper bound of the bytes of a block's parts, before compression.
const MOST: usize = MAX_PACKED_PARTS_BYTES + 2 * MAX_PACKED_ENTRY_BYTES;

#[cfg(test)]
mod tests {
    use super::{CHUNK, is_packable, pack, unpack};
    use heldto_store::{EntryChunk, NewEntry, StoredEntry};
    use std::ops::Range;

    fn entries(lens: &[usize]) -> Vec<NewEntry> {
        let noise = |n: usize| (0..n).map(|k| (k * k * 31 + n) as u8).collect::<Vec<_>>();
        let one = |len: &usize| NewEntry {
            entry: noise(*len),
            parts: vec![Some(vec![b'a'; *len]), None, None, Some(noise(*len / 2)), Some(Vec::new())],
            index_hashes: vec![7],
        };
        lens.iter().map(one).collect()
    }

    fn stored(first: u64, new: &[NewEntry]) -> Vec<StoredEntry> {
        let parts = |new: &NewEntry| new.present_parts().map(|(number, bytes)| (number, bytes.to_vec())).collect();
        let one = |(index, new): (u64, &NewEntry)| StoredEntry { index, entry: new.entry.clone(), parts: parts(new) };
        (first..).zip(new).map(one).collect()
    }

    fn read(first: u64, block: &[u8], range: Range<u64>) -> Result<Vec<StoredEntry>, &'static str> {
        let mut chunk = EntryChunk::default();
        unpack(first, block, &range, &mut chunk).map(|()| chunk.into_entries())
    }

    #[test]
    fn what_is_packed_is_unpacked_and_no_value_is_too_long() {
        let all = entries(&[&[80; 300][..], &[1500, 0, 900], &[2000; 9]].concat());
        let mut done = 0;
        let mut blocks = 0;
        while done < all.len() {
            assert!(is_packable(&all[done]));
            let (block, count) = pack(&all[done..]);
            assert!(block.len() <= CHUNK && count > 0);
            let first = 7 + done as u64;
            assert_eq!(read(first, &block, 0..u64::MAX), Ok(stored(first, &all[done..done + count])));
            assert_eq!(
                read(first, &block, first + 1..first + 3),
                Ok(stored(first + 1, &all[done + 1..done + count.min(3)]))
            );
            done += count;
            blocks += 1;
        }
        assert!(blocks < all.len() / 5, "{blocks} blocks");
        assert!(!is_packable(&entries(&[3073])[0]) && !is_packable(&entries(&[2100])[0]));
    }

    #[test]
    fn foreign_bytes_are_refused_without_a_panic() {
        let (block, count) = pack(&entries(&[80; 5]));
        for at in 0..block.len() {
            let mut changed = block.clone();
            changed[at] ^= 0x21;
            assert!(read(7, &changed, 0..9).is_err(), "byte {at} of {count} entries");
            // Changed bytes with a matching check must not cause a panic or an allocation by
            // length.
            if let Some((body, check)) = changed.split_last_chunk_mut::<4>() {
                *check = crc32fast::hash(body).to_be_bytes();
            }
            drop(read(7, &changed, 0..9));
            assert!(read(7, &block[..at], 0..9).is_err());
        }
    }
}
