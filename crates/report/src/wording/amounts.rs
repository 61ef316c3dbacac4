//! Words totals of amounts by party and role. Knows no filters and no order. Start at [`title`] and
//! [`sum`].

use super::{capital, count, grouped, interval, list};
use heldto_fact::Role;
use heldto_replay::Total;

pub const NONE: &str = "No matching amount is on record.";
pub const AGAIN: &str = "Published again on another day; counted once";
pub const CHART_TEXT: &str = "Each bar is one role. Roles may share amounts, so the bars are not added up.";
/// Note on an amount that is part of one counted.
pub const LEFT_OUT: &str = "left out: part of another amount";

/// Returns the title.
pub const fn title(is_money: bool) -> &'static str {
    if is_money { "Money" } else { "Amounts" }
}

/// Returns the filter as a sentence.
pub fn only(conditions: &str) -> String {
    format!("Only amounts in facts {conditions}.")
}

/// Returns the number of totals as a sentence.
pub fn summary(totals: usize, bodies: usize) -> String {
    format!(
        "{} for {}. Nothing is added across bodies or roles, because what is announced, allocated, invested and paid \
         may be the same.",
        count(totals, "total", "totals"),
        count(bodies, "body", "bodies")
    )
}

/// Returns the title of a chart of one body's totals.
pub fn chart(name: &str) -> String {
    format!("{name}, by role")
}

/// Returns a role in words; `by_critics` if nobody but critics states its amounts.
pub fn role(role: Role, each_period: bool, by_critics: bool) -> String {
    let per = if each_period { ", each period" } else { "" };
    let critics = if by_critics { ", a critic says" } else { "" };
    format!("{}{per}{critics}", role.as_str().replace('-', " "))
}

/// Returns a total as a sentence: `Invested: £12m; 3 recorded again, counted once.`
pub fn sum(role: &str, total: &Total<'_>) -> String {
    let overlaps = total.may_overlap.iter().map(|group| {
        let ids: Vec<String> = group.iter().map(|fact| fact.id.to_string()).collect();
        format!("; {} may be the same, so this is a range", list(&ids))
    });
    let overlaps: String = overlaps.collect();
    format!("{}: {}{}{overlaps}.", capital(role), interval(total.sum, &total.unit), counted_once(total))
}

/// Returns amounts that have no meaningful sum as a sentence.
pub fn not_added(role: &str, total: &Total<'_>) -> String {
    let items = count(total.counted.len(), "item", "items");
    format!("{}, in {}: {items}, not added up.", capital(role), total.unit)
}

/// Returns the mentions that a total does not count, each number after a semicolon.
pub fn counted_once(total: &Total<'_>) -> String {
    let merged = match total.merged() {
        0 => String::new(),
        n => format!("; {} recorded again, counted once", grouped(n)),
    };
    let parts = match total.parts.len() {
        0 => String::new(),
        n => format!("; {} left out as part of another amount", grouped(n)),
    };
    format!("{merged}{parts}")
}

/// Returns the speakers of a fact about somebody else.
pub fn said_by(names: &str) -> String {
    format!("said by {names}")
}

/// Returns the number of times that an amount was published.
pub fn times(n: usize) -> String {
    count(n, "time", "times")
}
