//! Turns the words of a fact's quotations into the bytes of their part, and back (docs/FORMAT.md,
//! *Quotations*).
//!
//! Knows no entries. Start at [`encode_words`] and [`decode_quoted`].

use super::v1::{ByteWriter, decode_prefix, encode_into};
use super::{WireError, decode_fact};
use heldto_fact::Fact;
use heldto_proof::MAX_PART;

/// Returns the bytes of the quotation part: the words of each quotation, or none of it; `None` if
/// the fact has no words.
///
/// # Errors
/// If the encoding is longer than a part may be.
pub fn encode_words(fact: &Fact) -> Result<Option<Vec<u8>>, WireError> {
    let words: Vec<Option<&str>> = fact.quotations().map(|quotation| quotation.words.as_deref()).collect();
    if words.iter().all(Option::is_none) {
        return Ok(None);
    }
    let mut bytes = ByteWriter::default();
    encode_into(&(1_u8, words), &mut bytes)?;
    if bytes.0.len() > MAX_PART { Err(WireError::TooLong(bytes.0.len())) } else { Ok(Some(bytes.0)) }
}

/// Decodes a fact of any known version, and completes its quotations with the words of their part.
///
/// Words that are not those of the quotation's digest are left out, as is a part of another form:
/// the fact is what was recorded, and it vouches for its quotations.
///
/// # Errors
/// If the bytes of the fact are not the canonical encoding of a fact.
pub fn decode_quoted(bytes: &[u8], words: &[u8]) -> Result<Fact, WireError> {
    let mut fact = decode_fact(bytes)?;
    let decoded = decode_prefix::<(u8, Vec<Option<String>>)>(words);
    if let Ok(((1, all), used)) = decoded
        && used == words.len()
    {
        for (quotation, words) in fact.quotations_mut().zip(all) {
            quotation.words = words.filter(|words| quotation.quotes(words));
        }
    }
    Ok(fact)
}
