//! Quotations: words of a document that anyone can find in it again.
//!
//! Turns a document into its canonical text, and words into a range of it with a digest. Knows no
//! facts. Start at [`Quotation`].

/// A byte range of the canonical text, with the digest of its bytes (docs/FORMAT.md, *Canonical
/// text*).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Quotation {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
    /// BLAKE3 digest of the bytes.
    pub blake3: [u8; 32],
    /// The quoted words, whose bytes have that digest; `None` if they are not at hand.
    ///
    /// Kept beside the fact, so that they can be withheld or erased without it.
    pub words: Option<String>,
}

impl Quotation {
    /// Returns the quotation of these words, made canonical, at this offset.
    #[must_use]
    pub fn new(start: u64, words: &str) -> Self {
        let words = canonical_text(words);
        let blake3 = *blake3::hash(words.as_bytes()).as_bytes();
        Self { start, end: start.saturating_add(words.len() as u64), blake3, words: Some(words) }
    }

    /// Returns `true` if these are the quoted words: they have its length and its digest.
    #[must_use]
    pub fn quotes(&self, words: &str) -> bool {
        self.end.checked_sub(self.start) == Some(words.len() as u64)
            && *blake3::hash(words.as_bytes()).as_bytes() == self.blake3
    }

    /// Returns the words that a document has at the place of the quotation; `None` if it is too
    /// short.
    ///
    /// `canonical` is the canonical text of the document. The words need not be those quoted.
    #[must_use]
    pub fn place_in<'t>(&self, canonical: &'t str) -> Option<&'t str> {
        canonical.get(usize::try_from(self.start).ok()?..usize::try_from(self.end).ok()?)
    }
}

/// Returns a text with every run of white space as one space, and none at the ends.
#[must_use]
pub fn canonical_text(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Quotation, canonical_text};

    #[test]
    fn words_are_found_again_and_no_others_pass_for_them() {
        let document = canonical_text("  The council\u{a0}said:\n\t\u{201c}we will open\u{201d} it. ");
        assert_eq!(document, "The council said: \u{201c}we will open\u{201d} it.");
        let start = document.find("we will").expect("there") as u64;
        let quoted = Quotation::new(start, "we \n will open");
        assert_eq!(quoted.place_in(&document), Some("we will open"));
        assert!(quoted.quotes("we will open"));
        for other in ["we will close", "we will open ", "we  will open", "", "we will open it"] {
            assert!(!quoted.quotes(other), "{other:?}");
        }
        // Past the end, and within a character.
        assert_eq!(Quotation::new(1000, "we will open").place_in(&document), None);
        assert_eq!(Quotation::new(start - 1, "we").place_in(&document), None);
    }
}
