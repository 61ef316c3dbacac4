//! Questions to the person at the terminal, with the answers that are known beforehand. Knows no
//! terminal. Start at [`Prompt`].

use crate::screen::clean;
use heldto_intake::joined;
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A question to the person at the terminal.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// The question.
    pub text: &'a str,
    /// Answers that are known beforehand; any other may be given.
    pub choices: &'a [Choice],
}

impl<'a> Prompt<'a> {
    /// Returns a question whose answer is free.
    pub const fn free(text: &'a str) -> Self {
        Self { text, choices: &[] }
    }
}

/// An answer that is known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The answer, as it is written: an id or a word.
    pub answer: String,
    /// Name of the thing that is meant; empty if the answer says it.
    pub name: String,
}

impl Choice {
    /// Returns an answer and what is meant by it, without characters that control a terminal.
    pub fn new(answer: &str, name: &str) -> Self {
        Self { answer: clean(answer, false).replace('\n', " "), name: clean(name, false).replace('\n', " ") }
    }

    /// Returns `true` if every word that was typed is a word of the answer or of its name, in any
    /// case and without accents.
    ///
    /// A part of a word is none: Nottingham is not Nottinghamshire.
    pub fn is_named(&self, typed: &str) -> bool {
        let own = slug_words(&format!("{} {}", self.name, self.answer));
        let typed = slug_words(typed);
        !typed.is_empty() && typed.iter().all(|word| own.contains(word))
    }

    /// Returns `true` if the name is this one, apart from case, accents and signs.
    pub fn has_name(&self, typed: &str) -> bool {
        slug_words(&self.name) == slug_words(typed)
    }

    /// Returns `true` if what was typed may become the answer: if every word of it is in the answer
    /// or in its name; an answer without a name is meant by its beginning.
    pub fn is_meant(&self, typed: &str) -> bool {
        let typed = typed.trim().to_lowercase();
        if self.name.is_empty() {
            return self.answer.to_lowercase().replace(' ', "-").starts_with(&typed.replace(' ', "-"));
        }
        let of = format!("{} {}", self.name, self.answer).to_lowercase();
        typed.split_whitespace().all(|word| of.contains(word))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => f.write_str(&self.answer),
            name => write!(f, "{} · {name}", self.answer),
        }
    }
}

/// Reason why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nobody can answer: there is no terminal, or no answer is left.
    Nobody,
    /// Whoever was asked stopped the command.
    Stopped,
}

/// Returns `true` for a yes.
pub fn is_yes(answer: &str) -> bool {
    matches!(answer, "y" | "Y" | "yes" | "Yes")
}

fn slug_words(text: &str) -> Vec<String> {
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).collect();
    joined(&plain).split('-').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::Choice;

    #[test]
    fn a_choice_is_meant_by_words_of_its_name() {
        let choice = Choice::new("120-places", "Create 120 more special\u{1b} school places");
        assert!(choice.is_meant("SCHOOL 120") && choice.is_meant("120-p") && !choice.is_meant("school 500"));
        assert!(choice.is_named("SCHOOL 120") && !choice.is_named("school 12") && !choice.is_named(""));
        let word = Choice::new("not-upheld", "");
        assert!(word.is_meant("Not up") && !word.is_meant("upheld"));
        assert!(Choice::new("Kent County Council", "").is_meant("kent c"));
        assert_eq!(choice.to_string(), "120-places · Create 120 more special  school places");
    }
}
