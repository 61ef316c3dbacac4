//! Finds the word that was probably meant by a misspelt one.
//!
//! Start at [`did_you_mean`].

/// Maximum length, in bytes, of a word to compare: ids and keys are shorter.
const LONGEST: usize = 128;

/// Returns "did you mean …?" with the most similar word, if its Jaro–Winkler similarity is above
/// 0.85.
pub fn did_you_mean<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if wrong.len() > LONGEST {
        return None;
    }
    let best = words.into_iter().map(|w| (strsim::jaro_winkler(wrong, w), w)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.85).then(|| format!("did you mean `{}`?", best.1))
}
