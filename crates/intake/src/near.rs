//! Words that are nearly the one that was meant.

/// The longest word that another is looked for, in bytes: ids and keys are shorter.
const LONGEST: usize = 128;

/// "did you mean …?" where a word is near enough.
pub fn did_you_mean<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if wrong.len() > LONGEST {
        return None;
    }
    let best = words.into_iter().map(|w| (strsim::jaro_winkler(wrong, w), w)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.85).then(|| format!("did you mean `{}`?", best.1))
}
