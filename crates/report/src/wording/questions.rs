//! Words questions and their answers. Knows no links. Start at [`summary`] and [`asked`].

use super::fact_line::doubt;
use super::{count, grouped, list};
use heldto_fact::{Answer, Strength};

pub const TITLE: &str = "Questions";

/// Returns the filter as a sentence.
pub fn only(conditions: &str) -> String {
    format!("Only questions {conditions}.")
}

/// Returns the number of questions, and of each answer, as a sentence.
pub fn summary(asked: usize, answers: &[(Answer, usize)]) -> String {
    let total = count(asked, "question on record", "questions on record");
    let clauses =
        answers.iter().filter(|(_, n)| *n > 0).map(|(answer, n)| format!("{} {}", grouped(*n), answered(*answer)));
    let clauses: Vec<String> = clauses.collect();
    if clauses.is_empty() { format!("{total}.") } else { format!("{total}: {}.", list(&clauses)) }
}

const fn answered(answer: Answer) -> &'static str {
    match answer {
        Answer::Silence => "not answered",
        Answer::Declined => "declined",
        Answer::PartlyAnswered => "answered in part",
        Answer::NotKnown => "whose outcome is unknown",
        Answer::Answered => "answered",
    }
}

/// Returns the heading of the questions that had an answer.
pub const fn heading(answer: Answer) -> &'static str {
    match answer {
        Answer::Silence => "No answer came",
        Answer::Declined => "An answer was declined",
        Answer::PartlyAnswered => "Answered in part",
        Answer::NotKnown => "Whether it was answered is unknown",
        Answer::Answered => "Answered",
    }
}

/// Returns the askers and addressees of a question by their names; empty if not stated.
pub fn asked(by: &str, to: &str) -> String {
    match (by, to) {
        ("", "") => "asker and addressee not stated".to_owned(),
        ("", to) => format!("put to {to}"),
        (by, "") => format!("asked by {by}; addressee not stated"),
        (by, to) => format!("{by} asked {to}"),
    }
}

/// Returns an answer; `known` has its id and the day on which it was public.
pub fn answer(strength: Strength, text: &str, known: &str) -> String {
    format!("answer{}: {text} ({known})", doubt(strength))
}
