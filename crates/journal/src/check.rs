//! Verifies CRC-32 check values, and corrects a single wrong bit by means of them.
//!
//! A CRC-32 is linear: the effect of a wrong bit depends only on its distance from the end. One
//! pass therefore finds the bit, without trying each. This module knows bytes alone. Start at
//! [`correct`].

/// The CRC-32 polynomial of `crc32fast`, reflected.
const POLYNOMIAL: u32 = 0xEDB8_8320;
/// Maximum length in which a wrong bit is searched; the search takes about a nanosecond a bit.
const MAX_CORRECTED_BYTES: usize = 64 << 20;

/// The result of verifying bytes against their check value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The bytes fit.
    Sound,
    /// The bytes fit after one bit, in them or in the check value, was corrected.
    Corrected,
    /// The bytes do not fit, and no single bit explains the difference.
    Damaged,
}

/// Verifies bytes against their check value, and corrects one wrong bit if that makes them fit.
pub fn correct(bytes: &mut [u8], check: u32) -> Check {
    let syndrome = check ^ crc32fast::hash(bytes);
    if syndrome == 0 {
        return Check::Sound;
    }
    if syndrome.is_power_of_two() {
        // The wrong bit is in the check value.
        return Check::Corrected;
    }
    if bytes.len() > MAX_CORRECTED_BYTES {
        return Check::Damaged;
    }
    let mut effect = POLYNOMIAL;
    for byte in bytes.iter_mut().rev() {
        for bit in (0..8).rev() {
            if effect == syndrome {
                *byte ^= 1 << bit;
                return Check::Corrected;
            }
            effect = (effect >> 1) ^ if effect & 1 == 1 { POLYNOMIAL } else { 0 };
        }
    }
    Check::Damaged
}

/// Length of the trailer of a small file: `check `, eight hexadecimal digits, a newline.
const TRAILER_BYTES: usize = 15;

/// Returns the text with its check line appended.
#[must_use]
pub fn with_check(text: &str) -> Vec<u8> {
    format!("{text}check {:08x}\n", crc32fast::hash(text.as_bytes())).into_bytes()
}

/// Returns the text before the check line, and the result of the check.
///
/// `None` if the text does not fit its check line, even after correcting one bit.
#[must_use]
pub fn checked(bytes: &[u8]) -> Option<(String, Check)> {
    let (text, trailer) = bytes.split_at_checked(bytes.len().checked_sub(TRAILER_BYTES)?)?;
    let value = |trailer: &[u8]| {
        let digits = std::str::from_utf8(trailer).ok()?.strip_prefix("check ")?.strip_suffix('\n')?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        (format!("{value:08x}") == digits).then_some(value)
    };
    if let Some(value) = value(trailer) {
        let mut text = text.to_vec();
        let found = correct(&mut text, value);
        if found != Check::Damaged {
            return Some((String::from_utf8(text).ok()?, found));
        }
    }
    // The wrong bit may be in the trailer.
    let mut trailer = trailer.to_vec();
    for bit in 0..8 * TRAILER_BYTES {
        trailer[bit / 8] ^= 1 << (bit % 8);
        if value(&trailer) == Some(crc32fast::hash(text)) {
            return Some((String::from_utf8(text.to_vec()).ok()?, Check::Corrected));
        }
        trailer[bit / 8] ^= 1 << (bit % 8);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Check, checked, correct, with_check};

    #[test]
    fn every_single_bit_is_put_right_and_two_are_not_taken_for_one() {
        let bytes: Vec<u8> = (0..400_u32).map(|n| (n * n % 251) as u8).collect();
        let check = crc32fast::hash(&bytes);
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(correct(&mut changed, check), Check::Corrected, "bit {bit}");
            assert_eq!(changed, bytes);
            let mut twice = bytes.clone();
            twice[bit / 8] ^= 1 << (bit % 8);
            twice[(bit / 8 + 7) % 400] ^= 4;
            assert_eq!(correct(&mut twice, check), Check::Damaged, "bit {bit} and another");
        }
        for bit in 0..32 {
            assert_eq!(correct(&mut bytes.clone(), check ^ (1 << bit)), Check::Corrected);
        }
    }

    #[test]
    fn a_small_file_with_any_one_bit_wrong_reads_as_before() {
        let text = "heldto signed v2\n00000000000000000384\n";
        let bytes = with_check(text);
        assert_eq!(checked(&bytes), Some((text.to_owned(), Check::Sound)));
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(checked(&changed), Some((text.to_owned(), Check::Corrected)), "bit {bit}");
        }
        assert_eq!(checked(b"heldto signed v1\n00000000000000000384\n"), None);
        assert_eq!(checked(b""), None);
    }
}
