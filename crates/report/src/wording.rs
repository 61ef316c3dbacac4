//! Makes all English of reports: amounts, bounds, days and lists here, and the sentences of each
//! report in a file of its own. Knows no documents and no formats. Start at [`amount`] and
//! [`interval`].

pub(crate) mod agenda;
pub(crate) mod amended;
pub(crate) mod amounts;
pub(crate) mod authority;
pub(crate) mod calc;
pub(crate) mod changes;
pub(crate) mod contradictions;
pub(crate) mod date;
pub(crate) mod deliveries;
pub(crate) mod document;
pub(crate) mod explain;
pub(crate) mod fact_line;
pub(crate) mod filter;
pub(crate) mod judgement;
pub(crate) mod label;
pub(crate) mod list;
pub(crate) mod metrics;
pub(crate) mod overview;
pub(crate) mod pledges;
pub(crate) mod questions;
pub(crate) mod show;
pub(crate) mod slippage;
pub(crate) mod status;
pub(crate) mod summary;
pub(crate) mod timeline;
pub(crate) mod warnings;

use chrono::NaiveDate;
use heldto_fact::{
    Amount, Attribution, Fact, FactId, Interval, Limit, Qualifier, Quantity, Target, Threshold, Unit, Window,
};
use heldto_replay::View;

/// Formats a day: `2 Jul 2025`.
#[must_use]
pub fn day(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// Formats an amount as stated: `more than £20,000`.
#[must_use]
pub fn amount(amount: &Amount) -> String {
    let Some(value) = amount.value else {
        let direction = amount.direction.as_deref().unwrap_or("not quantified");
        return match &amount.unit {
            Unit::Percent | Unit::Times => direction.to_owned(),
            unit => format!("{direction} ({unit})"),
        };
    };
    let number = match amount.of {
        Some(of) => format!("{} of {}", value.grouped(), with_unit(of, &amount.unit)),
        None => with_unit(value, &amount.unit),
    };
    // Bounds that only reflect rounding are not shown as a range.
    let is_rounding = |low: Quantity, high: Quantity| high.ten_thousandths() - low.ten_thousandths() <= 1;
    let number = match (amount.low, amount.high) {
        (None, None) => number,
        (Some(low), Some(high)) if is_rounding(low, high) => number,
        _ => format!("{number} ({})", interval(amount.interval(), &amount.unit)),
    };
    match amount.qualifier {
        Qualifier::Exact | Qualifier::NotQuantified => number,
        Qualifier::About => format!("about {number}"),
        Qualifier::MoreThan => format!("more than {number}"),
        Qualifier::AtLeast => format!("at least {number}"),
        Qualifier::LessThan => format!("less than {number}"),
        Qualifier::Nearly => format!("nearly {number}"),
        Qualifier::UpTo => format!("up to {number}"),
        Qualifier::ShareOf => format!("a share of {number}"),
    }
}

/// Formats the bounds of a number: `more than £10,500`, `between 2 and 5 places`.
#[must_use]
pub fn interval(interval: Interval, unit: &Unit) -> String {
    let word = |limit: Limit, open: &str, closed: &str| {
        format!("{} {}", if limit.strict { open } else { closed }, with_unit(limit.value, unit))
    };
    if let Some(about) = about(interval) {
        return format!("about {}", with_unit(about, unit));
    }
    let interval = rounded_outwards(interval, unit);
    match interval.high {
        Some(high) if high.value == interval.low.value => with_unit(high.value, unit),
        Some(high) if interval.low.value == Quantity::ZERO => word(high, "less than", "up to"),
        Some(high) => match unit {
            Unit::Counted(_) | Unit::Duration(_) | Unit::Times => {
                format!("between {} and {}", interval.low.value.grouped(), with_unit(high.value, unit))
            }
            _ => format!("between {} and {}", with_unit(interval.low.value, unit), with_unit(high.value, unit)),
        },
        None if interval.low.value == Quantity::ZERO && !interval.low.strict => "not known".to_owned(),
        None => word(interval.low, "more than", "at least"),
    }
}

/// Returns the number that a range is "about": its middle, if the range reaches a twelfth of that
/// to each side, apart from rounding.
fn about(interval: Interval) -> Option<Quantity> {
    let low = interval.low;
    let high = interval.high?;
    let (low, high, strict) = (low.value.ten_thousandths(), high.value.ten_thousandths(), low.strict || high.strict);
    let middle = Quantity::from_ten_thousandths(low.checked_add(high)? / 2)?;
    // A stated number has few digits; a computed bound is off by at most a thousandth.
    let stated = Quantity::from_ten_thousandths((middle.ten_thousandths() + 50) / 100 * 100)?;
    let reach = stated.twelfth().ten_thousandths();
    let is_near = |end: i64, wanted: i64| (end - wanted).abs() <= 10;
    let fits = is_near(low, stated.ten_thousandths() - reach) && is_near(high, stated.ten_thousandths() + reach);
    (fits && !strict && reach > 0).then_some(stated)
}

/// Returns a range rounded outwards to whole pounds or whole items, and to hundredths of other
/// units.
///
/// An end with at most two decimals stays as it is. The result is never narrower.
fn rounded_outwards(interval: Interval, unit: &Unit) -> Interval {
    let step = match unit {
        Unit::Money(_) | Unit::Counted(_) => 10_000,
        Unit::Percent | Unit::Duration(_) | Unit::Times => 100,
    };
    let round = |limit: Limit, is_up: bool| {
        let n = limit.value.ten_thousandths();
        if n % 100 == 0 {
            return limit;
        }
        let down = n / step * step;
        let value = Quantity::from_ten_thousandths(if is_up { down.saturating_add(step) } else { down });
        value.map_or(limit, |value| Limit { value, strict: false })
    };
    let high = interval.high.map(|high| round(high, true));
    // A single number is not a range.
    if interval.high.is_some_and(|high| high.value == interval.low.value) {
        return interval;
    }
    Interval { low: round(interval.low, false), high }
}

/// Formats a number with its unit: `£20,000`, `5 places`.
pub(crate) fn with_unit(value: Quantity, unit: &Unit) -> String {
    match unit {
        Unit::Money(currency) => money(value, currency),
        Unit::Percent => format!("{value}%"),
        Unit::Times => format!("{value} times"),
        Unit::Duration(span) => {
            let one = Quantity::whole(1) == Some(value);
            let word = span.as_str();
            format!("{} {}", value.grouped(), if one { word.trim_end_matches('s') } else { word })
        }
        Unit::Counted(noun) if Quantity::whole(1) == Some(value) => format!("1 {}", singular(noun)),
        Unit::Counted(noun) => format!("{} {noun}", value.grouped()),
    }
}

/// Returns the singular of a plural noun as English forms it, of its head: `places in schools`
/// becomes `place in schools`.
fn singular(noun: &str) -> String {
    let prepositions = [" of ", " in ", " for ", " with ", " without ", " at ", " per ", " on ", " to "];
    let end = prepositions.iter().filter_map(|p| noun.find(p)).min().unwrap_or(noun.len());
    let (head, rest) = noun.split_at(end);
    let (before, word) = head.rsplit_once(' ').map_or(("", head), |(before, word)| (before, word));
    let irregular = [("people", "person"), ("children", "child"), ("men", "man"), ("women", "woman")];
    let one = if let Some((_, one)) = irregular.iter().find(|(many, _)| *many == word) {
        (*one).to_owned()
    } else if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        format!("{stem}y")
    } else if ["sses", "shes", "ches", "xes"].iter().any(|end| word.ends_with(end)) {
        word.trim_end_matches("es").to_owned()
    } else {
        let is_plural = word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us");
        if is_plural { word.trim_end_matches('s').to_owned() } else { word.to_owned() }
    };
    let space = if before.is_empty() { "" } else { " " };
    format!("{before}{space}{one}{rest}")
}

/// Formats money: round millions and billions in short, any other amount in full.
fn money(value: Quantity, currency: &str) -> String {
    let sign = match currency {
        "GBP" => "£".to_owned(),
        other => format!("{other} "),
    };
    let million = 1_000_000_i64 * 10_000;
    let ten_thousandths = value.ten_thousandths();
    let short = |unit: i64, letter: &str| {
        (ten_thousandths >= unit && ten_thousandths % (unit / 100) == 0).then(|| {
            let number = Quantity::from_ten_thousandths(ten_thousandths / (unit / 10_000)).unwrap_or_default();
            format!("{sign}{number}{letter}")
        })
    };
    short(million * 1000, "bn").or_else(|| short(million, "m")).unwrap_or_else(|| {
        let grouped = value.grouped();
        let pence = if grouped.rsplit_once('.').is_some_and(|(_, p)| p.len() == 1) { "0" } else { "" };
        format!("{sign}{grouped}{pence}")
    })
}

/// Formats the voice, and the attribution if doubtful, as a suffix: ` · voice: self, implied`.
pub(crate) fn voice_of(fact: &Fact) -> String {
    let Some(voice) = fact.voice else { return String::new() };
    match fact.attribution {
        Attribution::Stated => format!(" · voice: {voice}"),
        doubtful => format!(" · voice: {voice}, {doubtful}"),
    }
}

/// Formats a count with its noun: `12,000 entries`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// Formats a number of days, earlier or later: `1,051 days`.
pub(crate) fn days(n: i64) -> String {
    count(usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX), "day", "days")
}

/// Formats a number of ledger entries: `12,000 entries`.
pub(crate) fn entries(n: u64) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), "entry", "entries")
}

/// Returns text with its first letter as a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Formats a number with commas between thousands.
pub(crate) fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the names of parties, joined by commas.
pub(crate) fn names(view: &View<'_>, ids: &[FactId]) -> String {
    ids.iter().map(|id| view.name(id)).collect::<Vec<_>>().join(", ")
}

/// Describes a target in words.
pub(crate) fn target(target: &Target) -> String {
    match target {
        Target::Amount(a) => amount(a),
        Target::Metric { metric, threshold, baseline } => {
            let (word, goal) = side(threshold);
            let from = baseline.as_ref().map(|b| format!(", from {}", amount(b))).unwrap_or_default();
            format!("{metric} {word} {}{from}", amount(goal))
        }
        Target::Deliverable(text) => text.clone(),
        Target::KeepDoing(text) => format!("keep doing: {text}"),
        Target::Slot { of, number } => format!("part {number} of {of}, which is not described"),
        Target::Change { metric, way, by, relative, baseline } => {
            let suffix = if *relative { " of the baseline" } else { "" };
            let from = baseline.as_ref().map(|b| format!(", from {}", amount(b))).unwrap_or_default();
            format!("{metric} {way} by {}{suffix}{from}", amount(by))
        }
        Target::Average { metric, threshold, period } => {
            let (word, goal) = side(threshold);
            format!("{metric} {word} {} on average, {}", amount(goal), date::when(period))
        }
        Target::Never(text) => format!("never: {text}"),
    }
}

fn side(threshold: &Threshold) -> (&'static str, &Amount) {
    match threshold {
        Threshold::AtLeast(a) => ("at least", a),
        Threshold::AtMost(a) => ("at most", a),
    }
}

/// Joins words: `a, b and c`.
pub(crate) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// Returns the lower bounds of numbers as a row of small bars, the largest one full.
pub(crate) fn sparkline(values: &[Interval]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.iter().map(|v| v.low.value.ten_thousandths()).max().unwrap_or(0).max(1);
    let bar = |v: &Interval| i128::from(v.low.value.ten_thousandths()) * 7 / i128::from(most);
    values.iter().map(|v| usize::try_from(bar(v)).ok().and_then(|n| BARS.get(n)).copied().unwrap_or(' ')).collect()
}

/// Returns the fewest and the most days from one window to another; negative if earlier, `None` if
/// there is no such bound.
pub(crate) fn days_between(from: Window, to: Window) -> (Option<i64>, Option<i64>) {
    let days = |a: Option<NaiveDate>, b: Option<NaiveDate>| a.zip(b).map(|(a, b)| (b - a).num_days());
    (days(from.latest, to.earliest), days(from.earliest, to.latest))
}

/// Formats a range of days: `14 days later`, `between 3 days earlier and 10 days later`.
pub(crate) fn day_range(least: Option<i64>, most: Option<i64>) -> String {
    let words = |n: i64| match n {
        0 => "the same day".to_owned(),
        1.. => format!("{} later", days(n)),
        _ => format!("{} earlier", days(n)),
    };
    match (least, most) {
        (Some(a), Some(b)) if a == b => words(a),
        (Some(a), Some(b)) => format!("between {} and {}", words(a), words(b)),
        (Some(a @ 1..), None) => format!("at least {}", words(a)),
        (Some(0), None) => "the same day or later".to_owned(),
        (Some(a), None) => format!("at most {}, or later", words(a)),
        (None, Some(b @ 1..)) => format!("at most {}, or earlier", words(b)),
        (None, Some(0)) => "the same day or earlier".to_owned(),
        (None, Some(b)) => format!("at least {}", words(b)),
        (None, None) => "an unknown number of days".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{amount, interval, singular};
    use heldto_fact::{Amount, Interval, Qualifier, Quantity, Role, Unit};

    #[test]
    fn money_as_a_reporter_writes_it() {
        for (number, words) in [
            ("11000000", "£11m"),
            ("3600000", "£3.6m"),
            ("4600000000", "£4.6bn"),
            ("1250000", "£1.25m"),
            ("1234567", "£1,234,567"),
            ("20000", "£20,000"),
            ("500.5", "£500.50"),
        ] {
            let a = Amount::exact(number.parse().expect("a number"), Unit::Money("GBP".into()), Role::Paid);
            assert_eq!(amount(&a), words);
            assert_eq!(amount(&Amount { qualifier: Qualifier::MoreThan, ..a }), format!("more than {words}"));
        }
    }

    #[test]
    fn one_is_singular() {
        for (many, one) in [
            ("places", "place"),
            ("special school places in Derbyshire", "special school place in Derbyshire"),
            ("enquiries", "enquiry"),
            ("children with plans", "child with plans"),
            ("classes", "class"),
            ("staff", "staff"),
            ("cases", "case"),
        ] {
            assert_eq!(singular(many), one);
        }
    }

    #[test]
    fn intervals_say_what_is_known_and_no_more() {
        let q = |n| Quantity::whole(n).expect("small");
        let places = Unit::Counted("places".into());
        assert_eq!(interval(Interval::above(q(10), true), &places), "more than 10 places");
        assert_eq!(interval(Interval::between(q(2), q(5)), &places), "between 2 and 5 places");
        assert_eq!(interval(Interval::below(q(5), true), &places), "less than 5 places");
        assert_eq!(interval(Interval::ANY, &places), "not known");
    }

    #[test]
    fn bounds_print_as_people_say_them() {
        let pounds = Unit::Money("GBP".into());
        let about = |n: &str| {
            let a = Amount::exact(n.parse().expect("a number"), pounds.clone(), Role::Paid);
            Amount { qualifier: Qualifier::About, ..a }.interval()
        };
        assert_eq!(interval(about("250000"), &pounds), "about £250,000");
        let sum = about("250000").plus(about("100000")).expect("small");
        assert_eq!(interval(sum, &pounds), "about £350,000");
        let exact = Interval::exactly("1000".parse().expect("a number"));
        let mixed = about("250000").plus(exact).expect("small");
        assert_eq!(interval(mixed, &pounds), "between £230,166 and £271,834");
    }
}
