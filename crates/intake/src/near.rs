//! Finds the word that was probably meant by a misspelt one.
//!
//! Start at [`did_you_mean`].

/// Keys that people write, each with those that they may mean.
const MEANT: &[(&str, &[&str])] = &[
    ("title", &["text", "name"]),
    ("name", &["title", "text"]),
    ("text", &["name", "title"]),
    ("summary", &["text"]),
    ("description", &["text", "definition"]),
    ("who", &["by"]),
    ("from", &["by"]),
    ("body", &["by"]),
    ("date", &["occurred", "published", "day"]),
    ("when", &["occurred", "date"]),
    ("day", &["occurred", "date"]),
    ("year", &["period", "date"]),
    ("deadline", &["due"]),
    ("page", &["at"]),
    ("line", &["at"]),
    ("para", &["at"]),
    ("src", &["source"]),
    ("doc", &["source"]),
    ("sources", &["cites"]),
    ("source", &["cites"]),
    ("type", &["kind", "mode", "form"]),
    ("for", &["settles"]),
    ("reason", &["settles", "reasons"]),
    ("ref", &["reference"]),
    ("max", &["at-most"]),
    ("min", &["at-least"]),
    ("under", &["part-of"]),
    ("of", &["part-of"]),
    ("amount", &["amounts", "value"]),
    ("number", &["value", "amount"]),
];

/// Returns the key that was meant by another: a word that people use for it, or the most similar.
pub fn meant_key<'a>(wrong: &str, keys: &[&'a str]) -> Option<&'a str> {
    let lower = wrong.to_ascii_lowercase().replace('_', "-");
    let words = MEANT.iter().find(|(word, _)| *word == lower).map_or(&[][..], |(_, meant)| meant);
    let used = words.iter().find_map(|word| keys.iter().find(|key| *key == word));
    used.or_else(|| keys.iter().find(|key| **key == lower))
        .copied()
        .or_else(|| meant_word(&lower, keys.iter().copied()))
}

/// Maximum length, in bytes, of a word to compare: ids and keys are shorter.
const LONGEST: usize = 128;

/// Returns "did you mean …?" with the most similar word, if its Jaro–Winkler similarity is above
/// 0.85.
pub fn did_you_mean<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(wrong, words).map(|word| format!("did you mean `{word}`?"))
}

/// Returns the word of the vocabulary that was probably meant by a misspelt one, never one that
/// says more, less or the opposite: "unofficial" is not a slip of "official".
pub fn meant_word<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let is_slip = |word: &&'a str| {
        let (long, short) = if wrong.len() > word.len() { (wrong, *word) } else { (*word, wrong) };
        let begins_alike = wrong.chars().next() == word.chars().next();
        let is_longer = long.strip_prefix(short).is_some_and(|rest| rest.len() > 2);
        begins_alike
            && !long.ends_with(short)
            && !is_longer
            && strsim::damerau_levenshtein(wrong, word) <= 2.min(1.max(word.len() / 3))
    };
    nearest(wrong, words.into_iter().filter(is_slip))
}

fn nearest<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > LONGEST {
        return None;
    }
    let best = words.into_iter().map(|w| (strsim::jaro_winkler(wrong, w), w)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.85).then_some(best.1)
}
