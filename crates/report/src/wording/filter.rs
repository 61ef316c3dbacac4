//! Words the conditions of a filter, as they follow "only facts", and names them, as they follow
//! "without". Knows no filter. Start at [`about`] and [`near_matches`].

use super::{day, grouped, list};
use chrono::NaiveDate;
use heldto_fact::{Act, Change, FactId, Kind, Salience, Unit, Voice};
use heldto_replay::Status;

pub const THE_BODY: &str = "the body named";
pub const THE_OWNER: &str = "the speaker or owner";
pub const THE_KIND: &str = "the kind";
pub const THE_VOICE: &str = "the voice";
pub const THE_SALIENCE: &str = "the salience";
pub const THE_LINK: &str = "the link";
pub const THE_SOURCE: &str = "the source";
pub const THE_FIRST_DAY: &str = "the first day";
pub const THE_LAST_DAY: &str = "the last day";
pub const THE_WORDS: &str = "the words";
pub const THE_ACT: &str = "the act";
pub const THE_CHANGE: &str = "the kind of change";
pub const THE_FORM: &str = "the form";
pub const THE_DECISION: &str = "the decision";
pub const THE_RECORDER: &str = "the recorder";
pub const THE_LIST: &str = "the list";

/// Condition that members of a body count as the body.
pub const WITH_MEMBERS: &str = "with members counted as the body";
/// Condition that a commitment still asks something of its owner.
pub const STILL_OPEN: &str = "still open";
/// Conditions on the due day.
pub const DUE_PAST: &str = "whose last due day has passed";
pub const DUE_NOW: &str = "falling due now";
pub const DUE_LATER: &str = "due later";
pub const WITHOUT_DUE_DAY: &str = "without a due day";

/// Returns a filter on facts as a sentence.
pub fn only_facts(conditions: &str) -> String {
    format!("Only facts {conditions}.")
}

/// Returns the number of results without each of several conditions.
pub fn near_matches(found: &[(&str, usize)]) -> String {
    let found: Vec<String> = found.iter().map(|(name, n)| format!("{} without {name}", grouped(*n))).collect();
    format!("With one condition left out: {}.", list(&found))
}

/// Returns the condition that a fact, or a body that it names, is on a watch list.
pub fn on_list(name: &str) -> String {
    format!("on the list {name}")
}

/// Returns the condition that a party is named.
pub fn about(party: &FactId) -> String {
    format!("about {party}")
}

/// Returns the condition that a party says or owes the fact.
pub fn by(party: &FactId) -> String {
    format!("by {party}")
}

/// Returns the condition of one of these kinds.
pub fn of_kind(kinds: &[Kind]) -> String {
    format!("of kind {}", any(kinds.iter().map(|kind| kind.as_str())))
}

/// Returns the condition of a voice.
pub fn in_voice(voice: Voice) -> String {
    format!("in the voice {voice}")
}

/// Returns the condition of a salience.
pub fn of_salience(salience: Salience) -> String {
    format!("of salience {salience}")
}

/// Returns the condition of a link with a fact.
pub fn linked_to(fact: &FactId) -> String {
    format!("linked to {fact}")
}

/// Returns the condition of a source.
pub fn citing(source: &FactId) -> String {
    format!("citing {source}")
}

/// Returns the condition of a first day.
pub fn since(first: NaiveDate) -> String {
    format!("since {}", day(first))
}

/// Returns the condition of a last day.
pub fn until(last: NaiveDate) -> String {
    format!("until {}", day(last))
}

/// Returns the condition of the act of a statement.
pub fn with_act(act: Act) -> String {
    format!("with the act {act}")
}

/// Returns the condition of a kind of change.
pub fn with_change(change: Change) -> String {
    format!("with the change {change}")
}

/// Returns the condition of a form.
pub fn of_form(form: &str) -> String {
    format!("of the form {form}")
}

/// Returns the condition of an outcome.
pub fn decided_as(decision: &str) -> String {
    format!("decided as {decision}")
}

/// Returns the condition of a recorder; `is_held` if the copy at hand knows any.
pub fn recorded_by(recorder: &str, is_held: bool) -> String {
    let unknown = if is_held { "" } else { " (this copy of the ledger does not hold who recorded its facts)" };
    format!("recorded by {recorder}{unknown}")
}

/// Returns the condition that a text holds words.
pub fn containing(text: &str) -> String {
    format!("containing \"{text}\"")
}

/// Returns the condition of one of these statuses.
pub fn with_status(statuses: &[Status]) -> String {
    format!("with the status {}", any(statuses.iter().map(|status| status.as_str())))
}

/// Returns the condition of a party in control of the owner.
pub fn made_under(party: &FactId) -> String {
    format!("made under {party}")
}

/// Returns the condition of a target's unit.
pub fn counted_in(unit: &Unit) -> String {
    format!("counted in {unit}")
}

/// Returns words of which one is enough.
fn any<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" or ")
}
