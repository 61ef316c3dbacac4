//! The parts of a bundle's entries: for each entry how many (u16), for each part its number (u16), length (u32), salt and bytes; all big-endian.

use heldto_store::StoredEntry;

/// Adds the parts of one entry.
pub fn write(parts: &[(u16, Vec<u8>)], out: &mut Vec<u8>) {
    out.extend(u16::try_from(parts.len()).unwrap_or(u16::MAX).to_be_bytes());
    for (number, bytes) in parts {
        out.extend(number.to_be_bytes());
        out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend(bytes);
    }
}

/// Reads the parts of the entries of a bundle into them.
pub fn read(bytes: &[u8], entries: &mut [StoredEntry]) -> Result<(), &'static str> {
    const SHORT: &str = "it ends too early";
    let mut rest = bytes;
    for entry in entries {
        let (count, after) = rest.split_first_chunk::<2>().ok_or(SHORT)?;
        rest = after;
        for _ in 0..u16::from_be_bytes(*count) {
            let (number, after) = rest.split_first_chunk::<2>().ok_or(SHORT)?;
            let (len, after) = after.split_first_chunk::<4>().ok_or(SHORT)?;
            let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| SHORT)?;
            let (part, after) = after.split_at_checked(len).ok_or(SHORT)?;
            let number = u16::from_be_bytes(*number);
            if entry.parts.last().is_some_and(|(before, _)| *before >= number) {
                return Err("parts stand in the order of their numbers, each once");
            }
            entry.parts.push((number, part.to_vec()));
            rest = after;
        }
    }
    if rest.is_empty() { Ok(()) } else { Err("bytes are left over") }
}
