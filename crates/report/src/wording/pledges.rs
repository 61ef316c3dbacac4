//! Words commitments as the pledge-fulfilment report lists them. Knows no rules of judging;
//! `summary` has the sentences that count them. Start at [`heading`].

use super::{capital, date, day, grouped, interval, judgement, status};
use crate::Shade;
use chrono::NaiveDate;
use heldto_fact::{Due, Interval, Unit};
use heldto_replay::{Gap, Grade, Judgement, Status};

pub const TITLE: &str = "Pledges";
pub const BY_STATUS: &str = "By status";
pub const POSSIBLE: &str = "Possible matches, not counted above";
/// Suffix of a heading if nobody but the owner confirms its commitments.
pub const ON_A_CLAIM: &str = ", by the owner's word only";
pub const IN_EVERY_CASE: &str = "in every case";
pub const NO_DUE_DAY: &str = "no due day";
pub const NO_RESULT: &str = "no evidence of a result";

/// Returns the title for one owner.
pub fn title_by(name: &str) -> String {
    format!("Pledges by {name}")
}

/// Returns the title for a party that is named.
pub fn title_about(name: &str) -> String {
    format!("Pledges that concern {name}")
}

/// Returns the filter on facts as a sentence.
pub fn only(conditions: &str) -> String {
    format!("Only commitments {conditions}.")
}

/// Returns the filter on statuses as a sentence, with the number of commitments that match.
pub fn only_those(conditions: &str, shown: usize, all: usize) -> String {
    format!("Only those {conditions}: {} of {} on record.", grouped(shown), grouped(all))
}

/// Returns the number of commitments that only possibly match.
pub fn possible(n: usize) -> String {
    let (are, were) = if n == 1 { ("is", "it was") } else { ("are", "they were") };
    format!(
        "{} more may match, and {are} listed separately: the day {were} made is not known precisely enough.",
        grouped(n)
    )
}

/// Returns the heading of the commitments of a status; `on_a_claim` if only the owner confirms
/// them.
pub fn heading(status: Status, on_a_claim: bool) -> String {
    format!("{}{}", capital(&status.as_str().replace('-', " ")), if on_a_claim { ON_A_CLAIM } else { "" })
}

/// Returns the meaning of a status as a sentence.
#[must_use]
pub fn meaning(status: Status) -> String {
    format!("{}.", capital(status::meaning(status)))
}

/// Returns the meaning of a grade of evidence as a sentence.
#[must_use]
pub const fn meaning_of_grade(grade: Grade) -> &'static str {
    match grade {
        Grade::None => "There is no evidence.",
        Grade::Disputed => "Somebody disputes it, and nobody independent confirms it.",
        Grade::Claimed => "Its owner says so, or a partner of the owner.",
        Grade::Reported => "A reporter found it, or the owner admits a failure.",
        Grade::Proven => "An official record, an inspectorate, a watchdog or an auditor establishes it.",
    }
}

/// Returns the number of commitments of a status, with the numbers of each grade.
pub fn graded(all: usize, grades: &[(Grade, usize)]) -> String {
    let grades = grades.iter().filter(|(_, n)| *n > 0).map(|(grade, n)| format!("{} {grade}", grouped(*n)));
    let grades: Vec<String> = grades.collect();
    let evidence = if grades.is_empty() { String::new() } else { format!("; evidence: {}", grades.join(", ")) };
    format!("{:>3}{evidence}", grouped(all))
}

/// Returns the title of the calendar event of a commitment.
pub fn event_title(text: &str, is_not_before: bool) -> String {
    format!("{}: {text}", if is_not_before { "Not before" } else { "Last due day" })
}

/// Returns the text of the calendar event of a commitment; `owners` lists ids.
pub fn event(j: &Judgement<'_>, owners: &str, due: &Due) -> String {
    format!("{owners}: {}. Due {}. {}", status::meaning(j.status), date::due(due), judgement::finding(j))
}

/// Returns a force with the owners of a commitment or the addressees of a recommendation.
pub fn owed(force: &str, is_recommended: bool, owners: &str) -> String {
    format!("{force} {} {owners}", if is_recommended { "to" } else { "by" })
}

/// Returns the wording of a due day.
pub fn as_worded(terms: &str) -> String {
    format!("as worded: {terms}")
}

/// Returns what is not shown of something met.
pub fn not_shown(missing: &[Gap<'_>]) -> String {
    format!("not shown: {}", gaps(missing))
}

/// Returns what is not shown, without a name.
pub fn gaps(missing: &[Gap<'_>]) -> String {
    missing.iter().map(judgement::gap).collect::<Vec<_>>().join("; ")
}

/// Returns the grade of the evidence, some of which the recorder may have linked by judgement.
pub fn evidence(grade: Grade, is_linked_by_judgement: bool) -> String {
    let link = if is_linked_by_judgement { ", linked to this by the recorder's judgement" } else { "" };
    format!("evidence: {grade}{link}")
}

/// Returns an exact due day.
pub fn by_day(due: NaiveDate) -> String {
    format!("by {}", day(due))
}

/// Returns the last due day of several.
pub fn latest(due: NaiveDate) -> String {
    format!("latest {}", day(due))
}

/// Returns the amount delivered of a target; `None` if nothing is on record.
pub fn delivered(done: Option<Interval>, goal: Interval, unit: &Unit) -> String {
    let goal = interval(goal, unit);
    match done {
        None => format!("delivered: nothing on record; target: {goal}"),
        Some(Interval::ANY) => format!("delivered: amount unknown; target: {goal}"),
        Some(done) => format!("delivered: {}; target: {goal}", interval(done, unit)),
    }
}

/// Returns the answer of an owner to a charge, with its day if that is known.
pub fn reply(by: &str, when: &str, text: &str, id: &heldto_fact::FactId) -> String {
    let when = if when.is_empty() { String::new() } else { format!(", {when}") };
    format!("reply of {by}{when}: {text} ({id})")
}

/// Title of the bar of commitments by how they stand.
pub const STANDING: &str = "Where the commitments stand";

/// Returns the name of the commitments of a shade.
pub const fn shade(shade: Shade) -> &'static str {
    match shade {
        Shade::Kept => "kept",
        Shade::Claimed => "kept, by the owner's word only",
        Shade::Broken => "not kept",
        Shade::Overdue => "overdue, not settled by evidence",
        Shade::Unknown => "no clear evidence",
        Shade::Due => "falling due now",
        Shade::Open => "not due, or without a due day",
        Shade::Vague => "too vague to test, or ended",
    }
}
