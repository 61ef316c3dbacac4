//! Words the questions for the next meeting, with their headings and reasons. Knows no order and no
//! rules of asking. Start at [`title`] and [`ask_what_was_done`].

use super::{count, date, judgement};
use heldto_fact::{Answer, Due};
use heldto_replay::{Gap, Judgement, Remedy};

pub const NOT_MET: &str = "Not met when it was due";
pub const OVERDUE: &str = "Overdue, with no evidence that settles it";
pub const UNEXPLAINED: &str = "Moved without an explanation on record";
pub const ASKED_BEFORE: &str = "Asked before, and not answered in full";
pub const CONTRADICTED: &str = "Contradicted";
pub const NOT_SHOWN: &str = "Said to be met, with evidence still missing";
pub const UNEVIDENCED: &str = "Owed in every period, with no evidence for any";
pub const SET_BACK: &str = "Begun, then set back";
pub const NO_NUMBER: &str = "Begun, with no number on record";
pub const FALLING_DUE: &str = "Falling due";
pub const TOO_VAGUE: &str = "Binding, but too vague to test";

/// Reason of a question about a move.
pub const NOTHING_EXPLAINS_THE_MOVE: &str = "nothing on record explains the move";

/// Returns the title, with the name of the party whose commitments are meant.
pub fn title(party: Option<&str>) -> String {
    match party {
        Some(name) => format!("Questions for the next meeting: {name}"),
        None => "Questions for the next meeting".to_owned(),
    }
}

/// Returns the filter as a sentence.
pub fn only(conditions: &str) -> String {
    format!("Only questions about commitments {conditions}.")
}

/// Returns the number of questions as a sentence.
pub fn summary(questions: usize) -> String {
    match questions {
        0 => "Nothing on record calls for a question.".to_owned(),
        n => format!("{}. Each asks for evidence that would settle the matter.", count(n, "question", "questions")),
    }
}

/// Asks for the reason of a move.
pub fn ask_why_moved(text: &str, from: &Due, to: &Due) -> String {
    format!("Why was the due day of \"{text}\" moved? It was due {}, then {}.", date::due(from), date::due(to))
}

/// Asks about facts that disagree; `kind` is the word of the kind of disagreement.
pub fn ask_about_disagreement(kind: &str, is_possible: bool, text: &str) -> String {
    match (kind, is_possible) {
        ("listed", true) => format!("What are the rest? {text}"),
        ("readings", _) => format!("Which is meant? {text}"),
        (_, true) => format!("Do these agree? {text}"),
        (_, false) => format!("Which is right? {text}"),
    }
}

/// Returns the reason of a question about facts that disagree.
pub const fn why_disagree(is_possible: bool) -> &'static str {
    if is_possible { "they may disagree" } else { "they cannot both be right" }
}

/// Asks about a commitment that was not met.
pub fn ask_what_was_done(text: &str) -> String {
    format!("\"{text}\": what has been done since, and by when will it be met?")
}

/// Asks about a commitment that was met in part.
pub fn ask_for_the_rest(text: &str) -> String {
    format!("\"{text}\": part of it was delivered; when will the rest be?")
}

/// Asks about an overdue commitment.
pub fn ask_if_done(text: &str) -> String {
    format!("\"{text}\": has it been done, on which day, and what shows that?")
}

/// Asks about a commitment with evidence both ways.
pub fn ask_which_account(text: &str) -> String {
    format!("\"{text}\": which account of it is right, and what shows that?")
}

/// Asks about a commitment that was met on an unknown day.
pub fn ask_which_day(text: &str) -> String {
    format!("\"{text}\": on which day was it done, and what shows that?")
}

/// Asks about a commitment that only its owner says is met, and that lacks evidence of `missing`.
pub fn ask_what_shows_it(text: &str, missing: Option<&Gap<'_>>) -> String {
    let missing = missing.map_or_else(String::new, |gap| format!(" Not shown: {}.", judgement::gap(gap)));
    format!("\"{text}\": what shows it, beyond the owner's word?{missing}")
}

/// Asks about a recurring commitment without evidence.
pub fn ask_which_periods(text: &str) -> String {
    format!("\"{text}\": for which periods was it done, and where can that be seen?")
}

/// Asks about a commitment that was set back.
pub fn ask_where_it_stands(text: &str) -> String {
    format!("\"{text}\": work had begun and was then set back; where does it stand now?")
}

/// Asks about a commitment begun without a number.
pub fn ask_how_much(text: &str, goal: &str) -> String {
    format!("\"{text}\": how much of {goal} has been delivered so far?")
}

/// Asks about a commitment that falls due.
pub fn ask_if_it_will_be_done(text: &str) -> String {
    format!("\"{text}\": will it be done by the last due day, and what will show that?")
}

/// Asks about a binding commitment that cannot be tested.
pub fn ask_for_terms(text: &str) -> String {
    format!("\"{text}\": what exactly is to be done, by when, and how can that be checked?")
}

/// Returns the state of a commitment, as a reason to ask; `owners` lists ids.
pub fn state(j: &Judgement<'_>, owners: &str) -> String {
    format!("{}, owed by {owners}: {}", j.status, judgement::finding(j))
}

/// Returns the evidence that would settle a commitment.
pub fn would_settle(remedy: Remedy) -> String {
    format!("would settle it: {}", judgement::remedy(remedy))
}

/// Returns the answer that a question has had.
pub fn so_far(answer: Answer) -> String {
    format!("so far: {}", answer.as_str().replace('-', " "))
}
