//! Words of dates and due dates: a date as it was stated, and how a due date binds. Knows no as-of
//! day. Start at [`when`] and [`due`].

use super::day;
use heldto_fact::{Alternative, Bound, Due, DueRule, Form, Mode, Point, Precision, When, Window};

/// Stands for a date of which nothing is known.
pub(crate) const UNKNOWN: &str = "date unknown";

/// Describes a date: `2 Jul 2025`, `between 15 Mar 2024 and 31 Aug 2024`.
#[must_use]
pub fn when(when: &When) -> String {
    match (when.form(), when.stated_window()) {
        (Form::Point(p), None) => point(*p),
        (Form::Throughout(from, to), None) => match (bound(*from), bound(*to)) {
            (Some(a), Some(b)) => format!("{a} to {b}"),
            (Some(a), None) => format!("since {a}"),
            (None, Some(b)) => format!("until {b}"),
            (None, None) => UNKNOWN.to_owned(),
        },
        (Form::Unknown | Form::Point(_) | Form::Throughout(..) | Form::Within(..) | Form::OneOf(_), _) => window(when),
    }
}

/// Describes the window of a date.
fn window(when: &When) -> String {
    let about = if when.is_qualified() { "about " } else { "" };
    let throughout = when.is_throughout();
    let Window { earliest, latest } = when.window();
    match (earliest, latest) {
        (None, None) => UNKNOWN.to_owned(),
        (Some(e), Some(l)) if e == l => format!("{about}{}", day(e)),
        (Some(e), Some(l)) if throughout => format!("{about}{} to {}", day(e), day(l)),
        (Some(e), Some(l)) => format!("{about}between {} and {}", day(e), day(l)),
        (Some(e), None) if throughout => format!("{about}since {}", day(e)),
        (Some(e), None) => format!("{about}on or after {}", day(e)),
        (None, Some(l)) if throughout => format!("{about}until {}", day(l)),
        (None, Some(l)) => format!("{about}on or before {}", day(l)),
    }
}

/// Describes the end of an interval; `None` if it has no day.
fn bound(bound: Bound) -> Option<String> {
    match bound {
        Bound::At(p) => Some(point(p)),
        Bound::Open | Bound::Unknown => None,
    }
}

/// Describes a point at its own precision.
fn point(point: Point) -> String {
    let first = point.earliest();
    let words = match point.precision() {
        Precision::Year => first.format("%Y").to_string(),
        Precision::Month => first.format("%b %Y").to_string(),
        Precision::Day => day(first),
    };
    if point.approximate || point.uncertain { format!("about {words}") } else { words }
}

/// Describes the rule of a due date, to stand next to its window.
pub(crate) fn due_rule(rule: &DueRule) -> String {
    let about = if rule.about { "about " } else { "" };
    let widened = if rule.about { "; \"about\" allows a twelfth of that length either way" } else { "" };
    format!("{about}{} from {}{widened}", rule.plus, when(&rule.after))
}

/// Describes a due date: `by 28 Jan 2025`.
pub(crate) fn due(due: &Due) -> String {
    let date = due_day(due);
    let words = match &due.mode {
        Mode::By => format!("by {date}"),
        Mode::NotBefore => format!("not before {}", date.trim_start_matches("since ")),
        Mode::BeforeEvent(event) if date.is_empty() => format!("before {event}"),
        Mode::BeforeEvent(event) => format!("before {event}, {date}"),
        Mode::Every(Some(span)) if span.count() == 1 => {
            format!("every {} {date}", span.unit().as_str().trim_end_matches('s'))
        }
        Mode::Every(Some(span)) => format!("every {span} {date}"),
        Mode::Every(None) => format!("ongoing {date}"),
        Mode::EarliestOf(alternatives) => {
            let one = |alternative: &Alternative| match alternative {
                Alternative::Day(day) => when(day),
                Alternative::Event(event) => event.clone(),
            };
            format!("by the earliest of: {}", alternatives.iter().map(one).collect::<Vec<_>>().join("; "))
        }
        Mode::Until(event) if date.is_empty() => format!("until {event}"),
        Mode::Until(event) => format!("until {event}, {date}"),
        Mode::Between => date,
        Mode::InTerms => due.terms.clone().unwrap_or_default(),
        Mode::WorkingDays { count, after, calendar } => {
            let s = if *count == 1 { "" } else { "s" };
            format!("{count} working day{s} after {} (calendar: {calendar})", when(after))
        }
        Mode::Each(class) => format!("for {class}: {date}"),
        Mode::Milestones(milestones) => {
            let days: Vec<String> = milestones.iter().map(|m| when(&m.by)).collect();
            format!("in {} steps: {}", days.len(), days.join("; "))
        }
    };
    words.trim_end().to_owned()
}

/// Describes the day of a due date; empty if nothing is known of it.
fn due_day(due: &Due) -> String {
    let window = due.window();
    match (&due.date, window.earliest, window.latest) {
        (Some(date), ..) => when(date).replacen("between ", "a day between ", 1),
        (None, Some(e), Some(l)) if e == l => day(e),
        (None, Some(e), Some(l)) => format!("a day between {} and {}", day(e), day(l)),
        (None, Some(e), None) => format!("on or after {}", day(e)),
        (None, None, Some(l)) => format!("on or before {}", day(l)),
        (None, None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{due, due_rule, when};
    use heldto_fact::{Due, DueRule, Mode};

    #[test]
    fn words_a_reader_follows() {
        for (text, words) in [
            ("2025-07-02", "2 Jul 2025"),
            ("2025-07", "Jul 2025"),
            ("2026-05~", "about May 2026"),
            ("[2024-03-15..2024-08-31]", "between 15 Mar 2024 and 31 Aug 2024"),
            ("2022-04/2023-10", "Apr 2022 to Oct 2023"),
            ("unknown", "date unknown"),
        ] {
            assert_eq!(when(&text.parse().expect("a date")), words);
        }
    }

    fn rule(after: &str, plus: &str, about: bool) -> Due {
        let rule = DueRule { after: after.parse().expect("a date"), plus: plus.parse().expect("a span"), about };
        Due { mode: Mode::By, date: None, rule: Some(rule), terms: None }
    }

    #[test]
    fn two_weeks_from_the_notice() {
        assert_eq!(due(&rule("2025-01-14", "2 weeks", false)), "by 28 Jan 2025");
    }

    #[test]
    fn about_eighteen_months_from_a_base_read_two_ways() {
        let about = rule("[2024-09-23..2024-11-14]", "18 months", true);
        assert_eq!(due(&about), "by a day between 5 Feb 2026 and 29 Jun 2026");
        assert!(due_rule(about.rule.as_ref().expect("has one")).contains("a twelfth"));
    }
}
