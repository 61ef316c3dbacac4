//! Words the warnings: of each the suspected error, as a fragment, and advice. Knows no rules of
//! suspecting. Start at [`summary`].

use super::{amount, count, day};
use chrono::NaiveDate;
use heldto_fact::{Amount, FactId, Quantity, Unit};

pub const TITLE: &str = "Warnings";
pub const LIKELY_WRONG: &str = "Likely wrong";

/// A suspected error, as a sentence fragment, and advice.
pub type Advice = (String, String);

/// Returns the number of warnings as a sentence.
pub fn summary(found: usize) -> String {
    match found {
        0 => "Nothing on record looks wrong.".to_owned(),
        n => {
            format!("{}. A warning changes no status; the fact may be right as it is.", count(n, "warning", "warnings"))
        }
    }
}

/// Warns about a source to be published in the future.
pub fn future_source(first: NaiveDate) -> Advice {
    (
        format!("the source is to be published in the future, on or after {}", day(first)),
        "check the year; what it says counts only from that day".to_owned(),
    )
}

/// Warns about an event after its newest source.
pub fn after_its_source(happened: NaiveDate, newest: NaiveDate) -> Advice {
    (
        format!("it happened on or after {}, but its newest source was public by {}", day(happened), day(newest)),
        "check both days; record a plan as a pledge or a forecast".to_owned(),
    )
}

/// Warns about a due day before the day of the promise.
pub fn due_before_promise(due: NaiveDate, made: NaiveDate) -> Advice {
    (
        format!("it is due by {}, but was made later, on or after {}", day(due), day(made)),
        "check both days, above all the year".to_owned(),
    )
}

/// Warns about a party, metric or source with the name of another.
pub fn same_name(other: &FactId) -> Advice {
    (format!("`{other}` has the same name"), format!("use `{other}`, or give the two different names"))
}

/// Warns about a fact with the text of another.
pub fn same_text(other: &FactId) -> Advice {
    (
        format!("`{other}` has the same text"),
        format!("if both record the same thing, link this one: {{ same-as = \"{other}\" }}"),
    )
}

/// Warns about a party with the code of another.
pub fn same_code(other: &FactId, scheme: &str, value: &str) -> Advice {
    (
        format!("`{other}` already has the code {scheme}:{value}"),
        format!("use `{other}`: official data is recorded under it"),
    )
}

/// Warns about a name of something retracted.
pub fn names_retracted(gone: &FactId) -> Advice {
    (format!("it names `{gone}`, which was retracted"), "name its replacement, or retract this too".to_owned())
}

/// Warns about a public fact that names a sensitive one.
pub fn names_sensitive() -> Advice {
    (
        "it is public and names a fact about a child or a family: the id of that fact is published too".to_owned(),
        "put the link in the sensitive fact instead".to_owned(),
    )
}

/// Warns about two facts that replace the same one.
pub fn replaced_twice(replaced: &FactId, other: &FactId) -> Advice {
    (
        format!("`{replaced}` is also replaced by `{other}`"),
        "if both record one promise, link them with same-as; if not, say which of them replaces it".to_owned(),
    )
}

/// Warns about a failure told in the voice of an owner that the speaker is not part of.
pub fn speaks_for_others(speaker: &FactId, owner: &FactId) -> Advice {
    (
        format!("`{speaker}` speaks as `self` about what `{owner}` owes, but is not declared part of it"),
        format!(
            "so it is a claim, not an admission; declare {{ part-of = \"{owner}\" }} on the party, or correct the voice"
        ),
    )
}

/// Warns about a decision on a promise.
pub fn decides_on_promise(promise: &FactId) -> Advice {
    (
        format!("`{promise}` is a promise, and a decision cannot change a promise"),
        "record that its owner withdrew it (a change, `withdrawal`) or replaced it (a pledge that `supersedes` it)"
            .to_owned(),
    )
}

/// Warns about a delivery before the promise that it is linked to.
pub fn before_promise(done: NaiveDate, promise: &FactId) -> Advice {
    (
        format!("it was done by {}, before `{promise}` was promised", day(done)),
        "record what was done before it was promised as a delivery without a link".to_owned(),
    )
}

/// Warns about a unit that only one fact uses, beside one like it.
pub fn lone_unit(unit: &str, alike: &str) -> Advice {
    (
        format!("nothing else is counted in `{unit}`"),
        format!("did you mean `{alike}`? use one unit for one kind of thing, in the plural"),
    )
}

/// Warns about a figure in another unit than its metric.
pub fn other_unit(own: &str, metric: &FactId, unit: &str) -> Advice {
    (
        format!("it is counted in `{own}`, but the figure `{metric}` is counted in `{unit}`"),
        "correct the unit, or measure another figure".to_owned(),
    )
}

/// Warns about a figure that is of no time.
pub fn no_time() -> Advice {
    (
        "it does not say for which time the figure is".to_owned(),
        "give `period`, or `occurred` for a count as at a day".to_owned(),
    )
}

/// Warns about evidence without a number in the unit of its target.
pub fn uncounted(commitment: &FactId, goal: &Amount) -> Advice {
    let unit = &goal.unit;
    (
        format!("it gives no number in {unit}, but the target of `{commitment}` is {}", amount(goal)),
        format!("give amounts = [{{ value = \"… {unit}\", role = \"delivered\" }}]; without one it is only progress"),
    )
}

/// Warns about a count that may include an earlier one.
pub fn running_total(later: &Amount, earlier: &Amount, of: &FactId) -> Advice {
    (
        format!("{} after {} in `{of}`: is the earlier count included?", amount(later), amount(earlier)),
        "if the later count includes the earlier, give both basis = \"in-total\"; if they add up, give each its period"
            .to_owned(),
    )
}

/// Warns about a unit that abbreviates a number; `number` and `meant` are those meant.
pub fn short_million(value: Quantity, unit: &Unit, number: Quantity, meant: &str) -> Advice {
    (format!("`{value} {unit}` reads as {value} of the unit `{unit}`"), format!("did you mean \"{number} {meant}\"?"))
}

/// Warns about an id that reads like a person's name.
pub fn name_in_id(id: &FactId) -> Advice {
    (
        format!("the id `{id}` reads like a person's name"),
        "an id is permanent: use the office (`mp-amber-valley`), and put the person's name in `name`".to_owned(),
    )
}
