//! `quote`: finds words in an archived document, and adds them to a citation. Start at [`run`].

use super::{amend, plain};
use crate::args::{Global, QuoteArgs};
use crate::error::{CommandError, INPUT, io};
use crate::open::Access;
use crate::{Env, RunOutput, open, settings};
use heldto_fact::{Body, Citation, Fact, Quotation, canonical_text};

/// Fewest characters of a quotation: fewer words stand in too many places.
const FEWEST: usize = 12;

/// Finds words in a document, once and exactly, and prints them as a quotation; with `--fact`, adds
/// them to that fact's citation of the document.
pub fn run(env: &mut Env<'_>, global: &Global, args: &QuoteArgs) -> Result<RunOutput, CommandError> {
    let shown = args.file.display();
    let bytes = std::fs::read(&args.file).map_err(|e| io(&format!("cannot read {shown}"), &e))?;
    let digest = *blake3::hash(&bytes).as_bytes();
    let Ok(text) = String::from_utf8(bytes) else {
        let message = format!("{shown} is not text in UTF-8");
        return Err(CommandError::new(INPUT, message).hint("save the document as plain text, and quote from that"));
    };
    let quotation = found(&text, &args.words).map_err(|why| CommandError::new(INPUT, format!("{shown}: {why}")))?;
    let Some(id) = &args.fact else {
        let words = toml::Value::from(quotation.words.as_deref().unwrap_or_default());
        return Ok(plain(format!("quote = {{ start = {}, words = {words} }}\n", quotation.start)));
    };
    let mut open = open::ledger(env, global, Access::Write)?;
    open.set_clock_policy(args.clock.policy());
    open.set_recorder(settings::recorder(env, global, &args.recorder)?);
    let current = amend::standing(&open, id)?;
    let is_of_document = |cite: &Citation| {
        let source = open.standing(&cite.source).ok().flatten();
        let recorded = source.and_then(|source| if let Body::Source(from) = source.body { from.blake3 } else { None });
        let stem = args.file.file_stem().and_then(|stem| stem.to_str());
        recorded == Some(digest) || (recorded.is_none() && stem == Some(cite.source.as_str()))
    };
    let mut places = (0..current.cites.len()).filter(|n| is_of_document(&current.cites[*n]));
    let (Some(place), None) = (places.next(), places.next()) else {
        let message = format!("`{id}` does not cite {shown}, or cites it more than once");
        return Err(CommandError::new(INPUT, message).hint(
            "a document is that of a source by its recorded digest, or by its name: ID.txt; for one of several \
             citations, paste the quotation into the fact, and use heldto correct",
        ));
    };
    let mut fact: Fact = current.clone();
    fact.cites[place].quote = Some(quotation);
    amend::replace(env, global, &mut open, (&current, &fact), "adds the words that the source says")
}

/// Returns the quotation of words that stand in a text exactly once, white space aside.
fn found(text: &str, words: &str) -> Result<Quotation, String> {
    let (text, words) = (canonical_text(text), canonical_text(words));
    if words.chars().count() < FEWEST {
        return Err(format!("`{words}` is too short to quote: give {FEWEST} characters or more"));
    }
    let mut places = text.match_indices(&words).map(|(place, _)| place);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(Quotation::new(place as u64, &words)),
        (None, _) => Err(format!("`{words}` does not stand there: copy the words from the document itself")),
        (Some(_), Some(_)) => Err(format!("`{words}` stands there more than once: quote more of the sentence")),
    }
}

#[cfg(test)]
mod tests {
    use super::found;

    #[test]
    fn words_are_quoted_only_where_they_stand_once() {
        let text = "The council said:\n  we will open it.  We will open it, it said, we will open it.";
        let quotation = found(text, "council  said: we").expect("once");
        assert_eq!((quotation.start, quotation.words.as_deref()), (4, Some("council said: we")));
        for (words, why) in
            [("we will open it", "more than once"), ("we will not open", "does not stand"), ("it said", "too short")]
        {
            assert!(found(text, words).expect_err(words).contains(why), "{words}");
        }
    }
}
