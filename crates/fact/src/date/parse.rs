//! Reads EDTF text into a [`When`]. Knows no windows stated by the recorder. Start with `form`.

use super::{Bound, Form, Point, Precision, When};
use crate::Invalid;
use chrono::NaiveDate;
use std::str::FromStr;

type Why = &'static str;

impl FromStr for When {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        form(text).map(Self::new).map_err(|why| Invalid::Date { value: text.to_owned(), why })
    }
}

fn form(text: &str) -> Result<Form, Why> {
    if text == "unknown" {
        return Ok(Form::Unknown);
    }
    if let Some(inner) = text.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or("the `[` has no `]`")?;
        return if inner.contains("..") { within(inner) } else { one_of(inner) };
    }
    if slashed(text) {
        return Err("it can be read in two ways; write the year first, as in 2025-01-10");
    }
    if let Some((start, end)) = text.split_once('/') {
        return throughout(start, end);
    }
    point(text).map(Form::Point)
}

fn slashed(text: &str) -> bool {
    let digits = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    text.split('/').count() == 3 && text.split('/').all(digits)
}

fn throughout(start: &str, end: &str) -> Result<Form, Why> {
    let bound = |text: &str| match text {
        ".." => Ok(Bound::Open),
        "" => Ok(Bound::Unknown),
        _ => point(text).map(Bound::At),
    };
    let start = bound(start)?;
    let end = bound(end)?;
    match (start, end) {
        (Bound::At(a), Bound::At(b)) if a.earliest() > b.latest() => Err("it ends before it begins"),
        (Bound::At(_), _) | (_, Bound::At(_)) => Ok(Form::Throughout(start, end)),
        _ => Err("at least one end must be a date; if neither is known, write \"unknown\""),
    }
}

fn within(inner: &str) -> Result<Form, Why> {
    let (start, end) = inner.split_once("..").ok_or("write two dots between the ends")?;
    let end_of = |text: &str| if text.is_empty() { Ok(None) } else { point(text).map(Some) };
    match (end_of(start)?, end_of(end)?) {
        (None, None) => Err("at least one end must be a date; if neither is known, write \"unknown\""),
        (Some(a), Some(b)) if a.earliest() > b.latest() => Err("it ends before it begins"),
        (a, b) => Ok(Form::Within(a, b)),
    }
}

fn one_of(inner: &str) -> Result<Form, Why> {
    let points = inner.split(',').map(|p| point(p.trim())).collect::<Result<Vec<_>, _>>()?;
    if points.len() < 2 || points.len() > 100 {
        return Err("a choice must have 2 to 100 dates");
    }
    if points.windows(2).any(|w| w[0].earliest() >= w[1].earliest()) {
        return Err("the dates of a choice must be in order, each given once");
    }
    Ok(Form::OneOf(points))
}

fn point(text: &str) -> Result<Point, Why> {
    let (plain, approximate, uncertain) = match text.as_bytes().last() {
        Some(b'~') => (&text[..text.len() - 1], true, false),
        Some(b'?') => (&text[..text.len() - 1], false, true),
        Some(b'%') => (&text[..text.len() - 1], true, true),
        _ => (text, false, false),
    };
    const SHAPE: Why = "a day is written 2025-01-14, a month 2025-01, a year 2025";
    let mut fields = plain.split('-');
    let number = |text: &str, width: usize| {
        if text.len() == width && text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse::<u32>().map_err(|_| SHAPE)
        } else {
            Err(SHAPE)
        }
    };
    let (precision, year, month, day) = match [fields.next(), fields.next(), fields.next(), fields.next()] {
        [Some(y), None, ..] => (Precision::Year, number(y, 4)?, 1, 1),
        [Some(y), Some(m), None, _] => (Precision::Month, number(y, 4)?, number(m, 2)?, 1),
        [Some(y), Some(m), Some(d), None] => (Precision::Day, number(y, 4)?, number(m, 2)?, number(d, 2)?),
        _ => return Err(SHAPE),
    };
    if !(1..=12).contains(&month) {
        return Err("there is no such month: write 01 to 12");
    }
    let year = i32::try_from(year).map_err(|_| SHAPE)?;
    let first = NaiveDate::from_ymd_opt(year, month, day).ok_or("there is no such day in that month")?;
    Ok(Point { first, precision, approximate, uncertain })
}

#[cfg(test)]
mod tests {
    use super::super::{Precedence, When, Window};
    use crate::Truth;
    use chrono::NaiveDate;
    use proptest::prelude::{prop_assert_eq, proptest};

    fn when(text: &str) -> When {
        text.parse().expect(text)
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    #[test]
    fn each_form_has_its_window() {
        for (text, earliest, latest) in [
            ("2025-01-14", Some("2025-01-14"), Some("2025-01-14")),
            ("2024-09", Some("2024-09-01"), Some("2024-09-30")),
            ("2024", Some("2024-01-01"), Some("2024-12-31")),
            ("2022-04/2023-10", Some("2022-04-01"), Some("2023-10-31")),
            ("../2025-02-12", None, Some("2025-02-12")),
            ("/2025-02-12", None, Some("2025-02-12")),
            ("2026-06/..", Some("2026-06-01"), None),
            ("[2024-03-15..2024-08-31]", Some("2024-03-15"), Some("2024-08-31")),
            ("[..2025-02-12]", None, Some("2025-02-12")),
            ("[2025-02-12..]", Some("2025-02-12"), None),
            ("[2025-03-01,2025-03-14]", Some("2025-03-01"), Some("2025-03-14")),
            ("2026-05~", Some("2026-05-01"), Some("2026-05-31")),
            ("unknown", None, None),
        ] {
            let window = Window { earliest: earliest.map(day), latest: latest.map(day) };
            assert_eq!(when(text).window(), window, "{text}");
            assert_eq!(when(text).to_string(), text);
        }
    }

    #[test]
    fn an_open_start_is_not_an_unknown_start() {
        assert_ne!(when("../2025-02-12"), when("/2025-02-12"));
    }

    #[test]
    fn bad_dates_say_why() {
        for (text, why) in [
            ("10/01/2025", "year first"),
            ("2025-13", "no such month"),
            ("2025-02-30", "no such day"),
            ("25-01-14", "a day is written"),
            ("2025-1-4", "a day is written"),
            ("[2025-01", "has no `]`"),
            ("[2025-01..2024-01]", "ends before"),
            ("../..", "at least one end"),
            ("[..]", "at least one end"),
            ("[2025,2024]", "in order"),
            ("", "a day is written"),
            ("£5", "a day is written"),
        ] {
            let message = text.parse::<When>().expect_err(text).to_string();
            assert!(message.contains(why), "{text}: {message}");
        }
    }

    #[test]
    fn compares_in_three_values() {
        for (a, b, order) in [
            ("2025-01-14", "2025-01-15", Precedence::Before),
            ("2025-01-15", "2025-01-14", Precedence::After),
            ("2025-01", "2025-01-14", Precedence::CannotTell),
            ("2025-01-14", "2025-01-14", Precedence::CannotTell),
            ("2026-05~", "2026-06-20", Precedence::CannotTell),
            ("2026-05~", "2026-07-01", Precedence::Before),
            ("2026-05?", "2026-03-31", Precedence::After),
            ("[..2025-02-12]", "2025-03", Precedence::Before),
            ("unknown", "2025-03", Precedence::CannotTell),
        ] {
            assert_eq!(when(a).compare(&when(b)), order, "{a} against {b}");
        }
    }

    #[test]
    fn a_stated_window_wins() {
        let when = when("2026-05~").with_window(day("2026-05-10"), day("2026-05-20")).expect("in order");
        assert_eq!(when.doubtful_window().by(day("2026-05-20")), Truth::Yes);
        assert!(when.clone().with_window(day("2026-05-21"), day("2026-05-20")).is_err());
    }

    proptest! {
        #[test]
        fn never_panics_and_has_one_spelling(text in "\\PC{0,30}") {
            if let Ok(when) = text.parse::<When>() {
                prop_assert_eq!(when.to_string().parse::<When>(), Ok(when));
            }
        }

        #[test]
        fn dates_round_trip(text in "\\[?(20[0-9]{2}(-0[1-9](-[12][0-9])?)?[~?%]?)?(\\.\\.|/|,)?(20[0-9]{2}(-0[1-9])?[~?%]?)?\\]?") {
            if let Ok(when) = text.parse::<When>() {
                prop_assert_eq!(when.to_string().parse::<When>(), Ok(when));
            }
        }
    }
}
