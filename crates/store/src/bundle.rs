//! Encodes entries and their parts as in published and stored files, and decodes them
//! (docs/FORMAT.md, *Published*).
//!
//! This module knows lengths and order, never hashes. Start at [`put_entry`] and [`put_parts`].

use crate::{NewEntry, StoredEntry};

/// The error for bytes that end before their stated length.
const SHORT: &str = "it ends too early";

impl NewEntry {
    /// Returns the parts that are present, each with its number.
    pub fn present_parts(&self) -> impl Iterator<Item = (u16, &[u8])> + Clone {
        (0..).zip(&self.parts).filter_map(|(number, part)| Some((number, part.as_deref()?)))
    }
}

impl StoredEntry {
    /// Returns the parts that are present, each with its number.
    pub fn present_parts(&self) -> impl Iterator<Item = (u16, &[u8])> + Clone {
        self.parts.iter().map(|(number, bytes)| (*number, bytes.as_slice()))
    }

    /// Converts the entry back for storing again, with these index hashes.
    #[must_use]
    pub fn to_new(&self, index_hashes: Vec<u64>) -> NewEntry {
        let count = self.parts.iter().map(|(number, _)| usize::from(*number) + 1).max().unwrap_or(0);
        let mut parts = vec![None; count];
        for (number, bytes) in &self.parts {
            parts[usize::from(*number)] = Some(bytes.clone());
        }
        NewEntry { entry: self.entry.clone(), parts, index_hashes }
    }
}

/// Appends an entry, preceded by its length in two bytes, big-endian.
///
/// # Panics
/// If the entry is longer than 65,535 bytes, which no entry is.
pub fn put_entry(out: &mut Vec<u8>, entry: &[u8]) {
    out.extend(u16::try_from(entry.len()).expect("an entry has at most 65,535 bytes").to_be_bytes());
    out.extend_from_slice(entry);
}

/// Takes an entry, encoded as by [`put_entry`], off the front of `bytes`.
///
/// # Errors
/// If the bytes end before the entry does.
pub fn take_entry<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], &'static str> {
    let (length, rest) = bytes.split_first_chunk::<2>().ok_or(SHORT)?;
    let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(SHORT)?;
    *bytes = rest;
    Ok(entry)
}

/// Appends the parts of one entry.
///
/// The encoding is the count (two bytes), then for each part its number (two), its length (four)
/// and its bytes, which are salt and content.
///
/// # Panics
/// If there are more than 65,535 parts or a part is longer than 4 GiB, which the format of entries
/// does not allow.
pub fn put_parts<'p>(out: &mut Vec<u8>, parts: impl Iterator<Item = (u16, &'p [u8])>) {
    let start = out.len();
    let mut count = 0_u16;
    out.extend([0; 2]);
    for (number, bytes) in parts {
        out.extend(number.to_be_bytes());
        out.extend(u32::try_from(bytes.len()).expect("a part is shorter than 4 GiB").to_be_bytes());
        out.extend_from_slice(bytes);
        count += 1;
    }
    out[start..start + 2].copy_from_slice(&count.to_be_bytes());
}

/// Takes the parts of one entry off the front of `bytes`, and passes each with its number to
/// `visit`.
///
/// # Errors
/// If the bytes end too early, or the part numbers are not strictly ascending.
pub fn take_parts<'b>(bytes: &mut &'b [u8], mut visit: impl FnMut(u16, &'b [u8])) -> Result<(), &'static str> {
    let (count, mut rest) = bytes.split_first_chunk::<2>().ok_or(SHORT)?;
    let mut before = None;
    for _ in 0..u16::from_be_bytes(*count) {
        let (number, after) = rest.split_first_chunk::<2>().ok_or(SHORT)?;
        let (length, after) = after.split_first_chunk::<4>().ok_or(SHORT)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| SHORT)?;
        let (part, after) = after.split_at_checked(length).ok_or(SHORT)?;
        let number = u16::from_be_bytes(*number);
        if before.is_some_and(|before| before >= number) {
            return Err("the parts are not in the order of their numbers, each once");
        }
        before = Some(number);
        visit(number, part);
        rest = after;
    }
    *bytes = rest;
    Ok(())
}

/// Takes the parts of one entry off the front of `bytes` into a list whose buffers are reused.
///
/// # Errors
/// As [`take_parts`].
pub fn take_parts_into(bytes: &mut &[u8], parts: &mut Vec<(u16, Vec<u8>)>) -> Result<(), &'static str> {
    let mut count = 0;
    take_parts(bytes, |number, part| {
        match parts.get_mut(count) {
            Some(room) => {
                room.0 = number;
                room.1.clear();
                room.1.extend_from_slice(part);
            }
            None => parts.push((number, part.to_vec())),
        }
        count += 1;
    })?;
    parts.truncate(count);
    Ok(())
}
