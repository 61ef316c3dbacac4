//! The grammar and the spelling of dates in version 1: docs/FORMAT.md section 4. Frozen.
//!
//! The domain's own grammar (`heldto_fact::When`) may grow; this one may not, so two programs never
//! disagree on a sound ledger. Every date has exactly one spelling. Start at [`parse`].

use chrono::{Datelike, NaiveDate};
use heldto_fact::{Bound, Form, Point, Precision, When};

/// Returns the date that a text spells, or `None` if the text spells none.
pub fn parse(text: &str) -> Option<When> {
    form(text).map(When::new)
}

/// Returns the spelling of a date, without the window stated by the recorder.
pub fn write(when: &When) -> String {
    match when.form() {
        Form::Unknown => "unknown".to_owned(),
        Form::Point(point) => spelling(*point),
        Form::Throughout(from, to) => format!("{}/{}", end(from), end(to)),
        Form::Within(from, to) => {
            let [from, to] = [from, to].map(|point| point.map_or_else(String::new, spelling));
            format!("[{from}..{to}]")
        }
        Form::OneOf(points) => {
            format!("[{}]", points.iter().map(|point| spelling(*point)).collect::<Vec<_>>().join(","))
        }
    }
}

fn end(bound: &Bound) -> String {
    match bound {
        Bound::At(point) => spelling(*point),
        Bound::Open => "..".to_owned(),
        Bound::Unknown => String::new(),
    }
}

fn spelling(point: Point) -> String {
    let first = point.earliest();
    let (year, month, day) = (first.year(), first.month(), first.day());
    let mut text = match point.precision() {
        Precision::Year => format!("{year:04}"),
        Precision::Month => format!("{year:04}-{month:02}"),
        Precision::Day => format!("{year:04}-{month:02}-{day:02}"),
    };
    text.push_str(match (point.approximate, point.uncertain) {
        (false, false) => "",
        (true, false) => "~",
        (false, true) => "?",
        (true, true) => "%",
    });
    text
}

fn form(text: &str) -> Option<Form> {
    if text == "unknown" {
        return Some(Form::Unknown);
    }
    if let Some(inner) = text.strip_prefix('[') {
        let inner = inner.strip_suffix(']')?;
        return if inner.contains("..") { within(inner) } else { one_of(inner) };
    }
    match text.split_once('/') {
        Some((from, to)) => throughout(from, to),
        None => point(text).map(Form::Point),
    }
}

fn throughout(from: &str, to: &str) -> Option<Form> {
    let bound = |text: &str| match text {
        ".." => Some(Bound::Open),
        "" => Some(Bound::Unknown),
        _ => point(text).map(Bound::At),
    };
    let from = bound(from)?;
    let to = bound(to)?;
    match (from, to) {
        (Bound::At(a), Bound::At(b)) if a.earliest() > b.latest() => None,
        (Bound::At(_), _) | (_, Bound::At(_)) => Some(Form::Throughout(from, to)),
        _ => None,
    }
}

fn within(inner: &str) -> Option<Form> {
    let (from, to) = inner.split_once("..")?;
    let end = |text: &str| if text.is_empty() { Some(None) } else { point(text).map(Some) };
    match (end(from)?, end(to)?) {
        (None, None) => None,
        (Some(a), Some(b)) if a.earliest() > b.latest() => None,
        (from, to) => Some(Form::Within(from, to)),
    }
}

/// Between 2 and 100 points, by their first days, each day once.
fn one_of(inner: &str) -> Option<Form> {
    let points = inner.split(',').map(point).collect::<Option<Vec<_>>>()?;
    let in_order = points.is_sorted_by(|a, b| a.earliest() < b.earliest());
    (in_order && (2..=100).contains(&points.len())).then_some(Form::OneOf(points))
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, then at most one of `~`, `?` and `%`.
fn point(text: &str) -> Option<Point> {
    let (plain, approximate, uncertain) = match text.as_bytes().last()? {
        b'~' => (text.get(..text.len() - 1)?, true, false),
        b'?' => (text.get(..text.len() - 1)?, false, true),
        b'%' => (text.get(..text.len() - 1)?, true, true),
        _ => (text, false, false),
    };
    let mut fields = plain.split('-');
    let year = fields.next()?;
    let month = fields.next();
    let day = fields.next();
    if fields.next().is_some() {
        return None;
    }
    let precision = match (month, day) {
        (None, _) => Precision::Year,
        (Some(_), None) => Precision::Month,
        (Some(_), Some(_)) => Precision::Day,
    };
    let year = i32::try_from(number(year, 4)?).ok()?;
    let month = month.map_or(Some(1), |text| number(text, 2))?;
    let day = day.map_or(Some(1), |text| number(text, 2))?;
    let first = NaiveDate::from_ymd_opt(year, month, day)?;
    Some(Point::new(first, precision, approximate, uncertain))
}

fn number(text: &str, width: usize) -> Option<u32> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{parse, write};
    use heldto_fact::When;
    use proptest::prelude::{Strategy, prop_assert_eq, proptest};

    /// Returns texts that are dates, or nearly.
    fn texts() -> impl Strategy<Value = String> {
        let point = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?[~?%]?";
        proptest::string::string_regex(&format!(
            "({point})|({point}|\\.\\.|)/({point}|\\.\\.|)|\\[({point})?\\.\\.({point})?\\]|\\[{point}(, ?{point}){{0,3}}\\]|unknown|[0-9\\-/.~\\[\\], ]{{0,12}}"
        ))
        .expect("a pattern")
    }

    proptest! {
        /// The domain reads every date of version 1 with the same meaning, and spells it the same.
        #[test]
        fn the_domain_agrees_on_every_date(text in texts()) {
            let domain = text.parse::<When>().ok().filter(|when| when.to_string() == text);
            prop_assert_eq!(parse(&text), domain);
        }

        #[test]
        fn a_date_has_one_spelling(text in texts()) {
            if let Some(when) = parse(&text) {
                prop_assert_eq!(write(&when), text);
            }
        }
    }

    #[test]
    fn each_form_reads_and_nothing_near_it() {
        for good in
            ["2025", "2025-01", "2025-01-14~", "2024/..", "/2025-02-12", "[2025-01..]", "[2025,2026]", "unknown"]
        {
            assert_eq!(parse(good).map(|when| write(&when)).as_deref(), Some(good));
        }
        for bad in [
            "",
            "25",
            "2025-1",
            "2025-02-30",
            "../..",
            "[..]",
            "[2026,2025]",
            "[2025]",
            "[2025, 2026]",
            "2025-01-01-01",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
