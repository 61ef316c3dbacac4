//! Words figures over time: their age, their trend, and those beside them. Knows no series, only
//! two values at a time. Start at [`moved`] and [`age`].

use super::{count, days, list, singular};
use heldto_fact::{FactId, Quantity, Threshold};

pub const NONE: &str = "No figure is on record.";
pub const OLDEST_FIRST: &str = "Oldest first.";
pub const COUNTS_NOT_COMPARED: &str = "Counts are not compared between areas: a large area has more of everything.";
pub const RELATED: &str = "Related figures, counted in another way:";
pub const MEASURED_OTHERWISE: &str = "no trend, because the way it is measured changed";
pub const CHANGE_UNKNOWN: &str = "change unknown";

/// Returns the title, with the name of the party whose figures are meant.
pub fn title(party: Option<&str>) -> String {
    party.map_or_else(|| "Figures".to_owned(), |name| format!("Figures: {name}"))
}

/// Returns the filter as a sentence.
pub fn only(conditions: &str) -> String {
    format!("Only figures {conditions}.")
}

/// Returns the number of series as a sentence.
pub fn summary(n: usize) -> String {
    format!(
        "{}. The owner's own figures and those of others are shown side by side; neither changes the other.",
        count(n, "series", "series")
    )
}

/// Returns the cut between a series and that of the body before it.
pub fn follows(name: &str) -> String {
    format!("The series is cut: this body follows {name}, whose figures before that are a series of their own.")
}

/// Returns the cut between a series and that of the body after it.
pub fn is_followed_by(name: &str) -> String {
    format!("The series is cut: this body is followed by {name}, whose figures after that are a series of their own.")
}

/// Returns a percentage with the numbers behind it.
pub fn share(percentage: &str, numerator: u64, denominator: u64) -> String {
    format!("{percentage} ({} of {})", grouped(numerator), grouped(denominator))
}

fn grouped(n: u64) -> String {
    Quantity::whole(n).map_or_else(|| n.to_string(), Quantity::grouped)
}

/// Returns a break in a series, by the fact that records it.
pub fn series_break(text: &str, id: &FactId) -> String {
    format!("{text}; figures before and after it are not comparable, and no trend crosses it ({id})")
}

/// Returns a break in a series on a line, with its day in words.
pub fn series_break_on(when: &str, text: &str) -> String {
    format!("break in the series {when}: {text}")
}

/// Returns a revised figure: older values and the newest, each with its release.
pub fn revision(label: &str, older: &[String], newest: &str) -> String {
    format!("{label}: {}; newer: {newest}", older.join("; "))
}

/// Returns the number of values without a number.
pub fn not_given(n: usize) -> String {
    format!("{} without a number", count(n, "value", "values"))
}

/// Returns the age of a value by the number of days since the last day it is about, which may be
/// that of a window.
pub fn age(since: Option<i64>, is_exact: bool) -> String {
    let least = if is_exact { "" } else { "at least " };
    match since {
        Some(age @ 1..) => format!("{least}{} old", days(age)),
        Some(_) => "current".to_owned(),
        None => "age unknown".to_owned(),
    }
}

/// Returns the reason why a share has no trend.
pub fn too_small(label: &str, denominator: u64) -> String {
    format!("no trend: {label} is a share of only {denominator}")
}

/// Returns the change between two exact values; `since` is the time of the first.
pub fn moved(from: Quantity, to: Quantity, unit: &str, since: &str) -> String {
    match (to.minus(from), from.minus(to)) {
        (Some(up), _) if up > Quantity::ZERO => format!("up {} since {since}", difference(up, unit)),
        (_, Some(down)) if down > Quantity::ZERO => format!("down {} since {since}", difference(down, unit)),
        _ => format!("unchanged since {since}"),
    }
}

/// Returns the time of a share with the denominators then and now.
pub fn with_base(since: &str, then: Quantity, now: Quantity) -> String {
    format!("{since} (a share of {} then and {} now)", then.grouped(), now.grouped())
}

fn difference(n: Quantity, unit: &str) -> String {
    match unit {
        "%" if Some(n.rounded_to_tenths()) == Quantity::whole(1) => "1 percentage point".to_owned(),
        "%" => format!("{} percentage points", n.rounded_to_tenths()),
        _ if Some(n) == Quantity::whole(1) => format!("1 {}", singular(unit)),
        _ => format!("{} {unit}", n.grouped()),
    }
}

/// Returns the title of the figures of a party over time.
pub fn over_time(metric: &str, party: &str) -> String {
    format!("{metric}: {party}, over time")
}

/// Returns the title of a comparison of parties at a time.
pub fn compared(metric: &str, party: &str, when: &str) -> String {
    format!("{metric}: {party} compared with others, {when}")
}

pub const NO_RANKING: &str = "In the order of their names. This is not a ranking.";
pub const JUDGED_BY_IT: &str = "Commitments judged by it";
pub const BODIES: &str = "All bodies";

pub const NEWEST: &str = "The newest figures";

/// Returns the newest figure of a body.
pub fn newest(name: &str, when: &str, figure: &str) -> String {
    format!("{name}, {when}: {figure}")
}

/// Returns the number of bodies that are left out.
pub fn more_bodies(n: usize) -> String {
    format!("and {}", count(n, "more body", "more bodies"))
}

/// Returns the title of a comparison of all bodies at a time.
pub fn of_bodies(metric: &str, when: &str) -> String {
    format!("{metric}: all bodies, {when}")
}

/// Returns the number of bodies compared, and of those without a figure for the time.
pub fn number_of_bodies(compared: usize, without: usize) -> String {
    let of = count(compared, "body", "bodies");
    match without {
        0 => format!("{of} with a figure for this time."),
        n => format!("{of} with a figure for this time; {} only earlier ones.", count(n, "more has", "more have")),
    }
}

/// Returns a target as the name of a line.
pub fn target(threshold: &Threshold, goal: &str) -> String {
    match threshold {
        Threshold::AtLeast(_) => format!("target: at least {goal}"),
        Threshold::AtMost(_) => format!("target: at most {goal}"),
    }
}

/// Returns the order of a comparison, with the number of bodies of the same kind in it.
pub fn order(alike: usize) -> String {
    if alike == 0 {
        return "The areas that contain it.".to_owned();
    }
    format!(
        "The areas that contain it, then {} of the same kind, the closest in number of cases first. This is not a \
         ranking.",
        count(alike, "body", "bodies")
    )
}

/// Returns a trend, as a line.
pub fn trend(words: &str) -> String {
    format!("trend: {words}")
}

/// Returns the figures of the areas around, each with its name.
pub fn for_comparison(figures: &[String]) -> String {
    format!("for comparison: {}", list(figures))
}

/// Returns the number of values of a metric.
pub fn on_record(n: usize, metric: &FactId) -> String {
    format!("{} of {metric} on record; the metrics report lists them", count(n, "value", "values"))
}

#[cfg(test)]
mod tests {
    use super::{age, moved};
    use heldto_fact::Quantity;

    #[test]
    fn one_is_singular_and_thousands_have_commas() {
        let [two, three, many] = [2, 3, 1502].map(|n| Quantity::whole(n).expect("small"));
        assert_eq!(moved(two, three, "places", "2023"), "up 1 place since 2023");
        assert_eq!(moved(many, two, "places", "2023"), "down 1,500 places since 2023");
        assert_eq!(age(Some(1), true), "1 day old");
        assert_eq!(age(Some(1051), false), "at least 1,051 days old");
    }
}
