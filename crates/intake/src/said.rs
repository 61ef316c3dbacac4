//! Reads dates and amounts as people say them, into the form of a facts file.
//!
//! Knows no facts. Start at [`date_as_said`] and [`amount_as_said`].

use chrono::{Datelike, Days, Months, NaiveDate};
use heldto_fact::{Qualifier, Quantity, Unit, When};

/// Names of the months; each may be shortened to three letters or more.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Returns a date as it is written in a facts file: `2025-03` for "March 2025".
///
/// Reads what a facts file takes, days and months in words, days in figures of which only one
/// reading is possible, and, if there is a `today`, days relative to it, such as "last month".
///
/// # Errors
/// If the text is no date, or can be read in two ways; with what to write.
///
/// # Examples
/// ```
/// let today = "2025-05-06".parse().ok();
/// assert_eq!(heldto_intake::date_as_said("1 March 2025", today).as_deref(), Ok("2025-03-01"));
/// assert_eq!(heldto_intake::date_as_said("last month", today).as_deref(), Ok("2025-04"));
/// assert!(heldto_intake::date_as_said("01/03/2025", today).is_err());
/// ```
pub fn date_as_said(text: &str, today: Option<NaiveDate>) -> Result<String, String> {
    let text = text.trim();
    if text.parse::<When>().is_ok() {
        return Ok(text.to_owned());
    }
    let lower = text.to_ascii_lowercase();
    let about = after_any(&lower, &["about ", "around ", "circa ", "c. "]);
    let said = about.unwrap_or(&lower).trim();
    let found = if said.parse::<When>().is_ok() { Some(said.to_owned()) } else { None };
    let found =
        found.or_else(|| relative(said, today?)).or_else(|| in_words(said)).map_or_else(|| in_figures(said), Ok)?;
    let found = if about.is_some() { format!("{found}~") } else { found };
    if found.parse::<When>().is_ok() {
        return Ok(found);
    }
    Err(format!("`{text}` is not a day of the calendar: write \"2025-01-14\", \"January 2025\" or \"2025\""))
}

/// Returns the rest of a text that begins with one of these.
fn after_any<'t>(text: &'t str, starts: &[&str]) -> Option<&'t str> {
    starts.iter().find_map(|start| text.strip_prefix(start))
}

/// Returns the day or the month that was so long ago: "2 weeks ago", "3 months ago".
fn ago(text: &str, today: NaiveDate) -> Option<String> {
    let (number, unit) = text.strip_suffix(" ago")?.split_once(' ')?;
    let number: u32 = if matches!(number, "a" | "one") { 1 } else { number.parse().ok()? };
    let day = |days: u64| today.checked_sub_days(Days::new(days)).map(|day| day.to_string());
    match unit.trim_end_matches('s') {
        "day" => day(u64::from(number)),
        "week" => day(7 * u64::from(number)),
        "month" => today.checked_sub_months(Months::new(number)).map(|day| day.format("%Y-%m").to_string()),
        "year" => Some(today.checked_sub_months(Months::new(number.checked_mul(12)?))?.year().to_string()),
        _ => None,
    }
}

/// Returns the last day of a week that had this name, before today.
fn last_weekday(text: &str, today: NaiveDate) -> Option<String> {
    let wanted: chrono::Weekday = text.strip_prefix("last ")?.parse().ok()?;
    let mut days = std::iter::successors(today.pred_opt(), NaiveDate::pred_opt).take(7);
    days.find(|day| day.weekday() == wanted).map(|day| day.to_string())
}

fn relative(text: &str, today: NaiveDate) -> Option<String> {
    if let Some(said) = ago(text, today).or_else(|| last_weekday(text, today)) {
        return Some(said);
    }
    let month = |day: Option<NaiveDate>| day.map(|day| day.format("%Y-%m").to_string());
    match text {
        "today" => Some(today.to_string()),
        "yesterday" => Some(today.pred_opt()?.to_string()),
        "last week" => {
            let monday = today.week(chrono::Weekday::Mon).first_day().checked_sub_days(Days::new(7))?;
            Some(format!("[{monday}..{}]", monday.checked_add_days(Days::new(6))?))
        }
        "this month" => month(Some(today)),
        "last month" => month(today.checked_sub_months(Months::new(1))),
        "this year" => Some(today.year().to_string()),
        "last year" => Some((today.year() - 1).to_string()),
        _ => None,
    }
}

/// Reads "1 March 2025", "1st Mar 2025", "March 1, 2025", "March 2025".
fn in_words(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split([' ', ',', '-']).filter(|word| !word.is_empty() && *word != "of").collect();
    let month = |word: &str| {
        let word = word.trim_end_matches('.');
        let place = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(word));
        place.or((word == "sept").then_some(8)).map(|n| n + 1)
    };
    let day = |word: &str| {
        let figures = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
        figures.parse::<u8>().ok().filter(|day| (1..=31).contains(day))
    };
    let year = |word: &str| word.parse::<u16>().ok().filter(|_| word.len() == 4);
    match words[..] {
        [m, y] => Some(format!("{:04}-{:02}", year(y)?, month(m)?)),
        [d, m, y] if month(m).is_some() => Some(format!("{:04}-{:02}-{:02}", year(y)?, month(m)?, day(d)?)),
        [m, d, y] => Some(format!("{:04}-{:02}-{:02}", year(y)?, month(m)?, day(d)?)),
        _ => None,
    }
}

/// Reads "25/12/2025" and "25.12.2025", of which only one reading is possible.
fn in_figures(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(['/', '.']).map(str::trim).collect();
    let number = |part: &str| part.parse::<u16>().ok();
    let [first, second, year] = parts[..] else { return Err(unreadable(text)) };
    if first.len() == 4
        && let (Some(year), Some(month), Some(day)) = (number(first), number(second), number(year))
        && let Some(day) = NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day))
    {
        return Ok(day.to_string());
    }
    let (Some(first), Some(second), Some(year)) =
        (number(first), number(second), number(year).filter(|_| year.len() == 4))
    else {
        return Err(unreadable(text));
    };
    let day = |day: u16, month: u16| NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day));
    match (day(first, second), day(second, first)) {
        (Some(one), Some(other)) if one != other => {
            Err(format!("`{text}` can be read in two ways: write \"{one}\" or \"{other}\""))
        }
        (Some(one), _) | (None, Some(one)) => Ok(one.to_string()),
        (None, None) => Err(unreadable(text)),
    }
}

fn unreadable(text: &str) -> String {
    let quarter = || {
        let (quarter, year) = text.strip_prefix('q')?.split_once(' ')?;
        let first = 3 * quarter.parse::<u16>().ok().filter(|n| (1..=4).contains(n))? - 2;
        let year = year.parse::<u16>().ok().filter(|_| year.len() == 4)?;
        Some(format!("write \"[{year}-{first:02}..{year}-{:02}]\" for a quarter of the calendar year", first + 2))
    };
    // Years of two digits and years that end in another have more than one reading.
    let short = || {
        let (day_month, year) = text.rsplit_once(['/', '.'])?;
        let year = year.parse::<u16>().ok().filter(|_| year.len() == 2)?;
        let said = in_figures(&format!("{day_month}/{}", 2000 + year)).ok()?;
        Some(format!("write \"{said}\", with the whole year"))
    };
    let financial = || {
        let (first, second) = text.split_once(['-', '/'])?;
        let year = first.parse::<u16>().ok().filter(|_| first.len() == 4 && second.len() == 2)?;
        (second.parse::<u16>().ok()? == (year + 1) % 100).then(|| {
            format!(
                "write \"[{year}-04..{}-03]\" for a financial year, or \"[{year}-09..{}-08]\" for a school year",
                year + 1,
                year + 1
            )
        })
    };
    let example = "write \"2025-01-14\", \"14 January 2025\", \"January 2025\" or \"2025\"".to_owned();
    format!("`{text}` is not a date: {}", quarter().or_else(short).or_else(financial).unwrap_or(example))
}

/// Words before a number, with what they say of it.
const QUALIFIERS: &[(&str, Qualifier)] = &[
    ("about ", Qualifier::About),
    ("around ", Qualifier::About),
    ("roughly ", Qualifier::About),
    ("more than ", Qualifier::MoreThan),
    ("just over ", Qualifier::MoreThan),
    ("over ", Qualifier::MoreThan),
    ("at least ", Qualifier::AtLeast),
    ("no fewer than ", Qualifier::AtLeast),
    ("no less than ", Qualifier::AtLeast),
    ("less than ", Qualifier::LessThan),
    ("fewer than ", Qualifier::LessThan),
    ("under ", Qualifier::LessThan),
    ("just under ", Qualifier::Nearly),
    ("nearly ", Qualifier::Nearly),
    ("almost ", Qualifier::Nearly),
    ("up to ", Qualifier::UpTo),
    ("at most ", Qualifier::UpTo),
    ("not less than ", Qualifier::AtLeast),
    ("minimum ", Qualifier::AtLeast),
    ("above ", Qualifier::MoreThan),
    ("below ", Qualifier::LessThan),
    ("max ", Qualifier::UpTo),
    ("maximum ", Qualifier::UpTo),
    (">=", Qualifier::AtLeast),
    ("<=", Qualifier::UpTo),
    ("no more than ", Qualifier::UpTo),
    ("not more than ", Qualifier::UpTo),
];

/// Words that make more of an amount than a number and what it counts.
const NOT_COUNTED: &[&str] = &[
    "to", "or", "and", "in", "out", "x", "of", "per", "a", "an", "each", "more", "fewer", "less", "half", "percent",
    "dozen", "hundred",
];

/// Words after a number, with the power of ten that they stand for.
const SCALES: &[(&str, u32)] = &[("thousand", 3), ("million", 6), ("billion", 9), ("k", 3), ("m", 6), ("bn", 9)];

/// Returns an amount as it is written in a facts file, with what is said of its number.
///
/// "About £2.6 million" is `2600000 GBP` and *about*.
///
/// # Errors
/// If the text has no number or no unit; with what to write.
///
/// # Examples
/// ```
/// use heldto_fact::Qualifier;
/// use heldto_intake::amount_as_said;
///
/// let (amount, stated) = amount_as_said("about £2.6 million").expect("an amount");
/// assert_eq!((amount.as_str(), stated), ("2600000 GBP", Qualifier::About));
/// assert_eq!(amount_as_said("1,253 plans"), Ok(("1253 plans".to_owned(), Qualifier::Exact)));
/// assert!(amount_as_said("74").is_err());
/// ```
pub fn amount_as_said(text: &str) -> Result<(String, Qualifier), String> {
    let text = text.trim();
    let wrong = |why: &str| {
        format!("`{text}` {why}: write a number and what it counts, such as 74 places, £2.6 million or 48%")
    };
    let lower = text.to_ascii_lowercase();
    let said = QUALIFIERS.iter().find_map(|(words, qualifier)| Some((lower.strip_prefix(words)?, *qualifier)));
    let (rest, qualifier) = said.map_or((text, Qualifier::Exact), |(rest, q)| (&text[text.len() - rest.len()..], q));
    let (rest, currency) = match rest.trim().strip_prefix('£') {
        Some(rest) => (rest.trim(), Some("GBP")),
        None => (rest.trim(), None),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(rest.len());
    let (number, mut unit) = (&rest[..end], rest[end..].trim());
    if number.is_empty() {
        return Err(wrong("has no number"));
    }
    let mut power = 0;
    let first = unit.split(' ').next().unwrap_or_default();
    if let Some((_, scale)) = SCALES.iter().find(|(word, _)| first.eq_ignore_ascii_case(word)) {
        let rest = unit[first.len()..].trim();
        // A letter may be a unit of length: it is a scale of money alone.
        if first.len() > 2 || currency.is_some() || matches!(rest, "GBP" | "pounds") {
            power = *scale;
            unit = rest;
        } else {
            return Err(wrong("does not say what it counts"));
        }
    }
    // A thousand with a point, as on the Continent, or three decimals: nobody can tell.
    let is_unclear = |(whole, decimals): (&str, &str)| decimals.len() == 3 && whole != "0" && !whole.contains(',');
    if power == 0 && number.split_once('.').is_some_and(is_unclear) {
        return Err(wrong("can be read in two ways"));
    }
    let number = scaled(number, power).ok_or_else(|| wrong("has a number that cannot be read"))?;
    if number.parse::<Quantity>().is_err() {
        return Err(wrong("has a number that is too long"));
    }
    let unit = match (currency, unit) {
        (Some(currency), "") => currency,
        (None, "pounds") => "GBP",
        (None, "per cent" | "percent") => "%",
        (None, unit) if !unit.is_empty() => unit,
        (Some(_), _) => return Err(wrong("has a unit beside the pounds")),
        (None, _) => return Err(wrong("does not say what it counts")),
    };
    // A part of a whole, as it is often written: 260/519 plans.
    let part = unit.strip_prefix('/').map(|rest| format!("of {rest}"));
    let unit = part.as_deref().unwrap_or(unit);
    let (total, counted) = unit.strip_prefix("of ").and_then(|of| of.split_once(' ')).unwrap_or(("", unit));
    let total = total.replace(',', "");
    let is_noun = |word: &str| !NOT_COUNTED.contains(&word) && !word.contains(|c: char| c.is_ascii_digit());
    let is_counted = counted.split(' ').all(is_noun) && (counted.len() > 1 || counted == "%");
    if counted.parse::<Unit>().is_err() || !is_counted || !total.chars().all(|c| c.is_ascii_digit()) {
        return Err(wrong("is not one number and what it counts"));
    }
    let of_total = |total: &str| Some(total.parse::<Quantity>().ok()? < number.parse::<Quantity>().ok()?);
    if of_total(&total).unwrap_or_default() {
        return Err(wrong("counts more than there are"));
    }
    let of = if total.is_empty() { String::new() } else { format!("of {total} ") };
    Ok((format!("{number} {of}{counted}"), qualifier))
}

/// Returns a number without separators, multiplied by a power of ten; `None` if its separators are
/// not between thousands, or it has two points.
pub fn scaled(number: &str, power: u32) -> Option<String> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let groups: Vec<&str> = whole.split(',').collect();
    let are_thousands = groups.len() == 1
        || (groups[0].len() <= 3 && !groups[0].is_empty() && groups[1..].iter().all(|group| group.len() == 3));
    let is_number = are_thousands && !whole.is_empty() && decimals.chars().all(|c| c.is_ascii_digit());
    let power = usize::try_from(power).ok().filter(|_| is_number)?;
    let mut digits = groups.concat();
    digits.extend(decimals.chars().chain(std::iter::repeat('0')).take(power));
    let rest: String = decimals.chars().skip(power).collect();
    let digits = digits.trim_start_matches('0');
    let whole = if digits.is_empty() { "0" } else { digits };
    Some(if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") })
}

#[cfg(test)]
mod tests {
    use super::{amount_as_said, date_as_said};
    use heldto_fact::Qualifier;

    #[test]
    fn dates_are_read_as_people_say_them_and_never_guessed() {
        let today = "2026-01-14".parse().ok();
        for (said, written) in [
            ("2025-03", "2025-03"),
            ("[..2025-02-12]", "[..2025-02-12]"),
            ("1 March 2025", "2025-03-01"),
            ("1st of Mar 2025", "2025-03-01"),
            ("Sept 2024", "2024-09"),
            ("March 3, 2025", "2025-03-03"),
            ("march 2025", "2025-03"),
            ("about May 2026", "2026-05~"),
            ("25/12/2025", "2025-12-25"),
            ("12/25/2025", "2025-12-25"),
            ("7.7.2025", "2025-07-07"),
            ("today", "2026-01-14"),
            ("10 days ago", "2026-01-04"),
            ("a week ago", "2026-01-07"),
            ("2 months ago", "2025-11"),
            ("3 years ago", "2023"),
            ("last Wednesday", "2026-01-07"),
            ("last tuesday", "2026-01-13"),
            ("yesterday", "2026-01-13"),
            ("last month", "2025-12"),
            ("last week", "[2026-01-05..2026-01-11]"),
            ("last year", "2025"),
        ] {
            assert_eq!(date_as_said(said, today).as_deref(), Ok(written), "{said}");
        }
        assert!(date_as_said("last month", None).is_err());
        let both = date_as_said("01/03/2025", today).expect_err("two readings");
        assert!(both.contains("2025-03-01") && both.contains("2025-01-03"), "{both}");
        for wrong in
            ["", "soon", "31 February 2025", "1/2/25", "ma 2025", "40 March 2025", "1 March", "1/13/13/2025", "é"]
        {
            assert!(date_as_said(wrong, today).is_err(), "{wrong}");
        }
    }

    #[test]
    fn amounts_are_read_as_people_say_them() {
        for (said, written, qualifier) in [
            ("74 places", "74 places", Qualifier::Exact),
            ("£2.6m", "2600000 GBP", Qualifier::Exact),
            ("£2.6 million", "2600000 GBP", Qualifier::Exact),
            ("more than £20,000", "20000 GBP", Qualifier::MoreThan),
            ("About £1.25bn", "1250000000 GBP", Qualifier::About),
            ("£2.625 million", "2625000 GBP", Qualifier::Exact),
            ("0.125 %", "0.125 %", Qualifier::Exact),
            ("48%", "48 %", Qualifier::Exact),
            ("50.3 per cent", "50.3 %", Qualifier::Exact),
            ("260 of 519 plans", "260 of 519 plans", Qualifier::Exact),
            ("0.5 million GBP", "500000 GBP", Qualifier::Exact),
            ("up to 2 weeks", "2 weeks", Qualifier::UpTo),
            ("500 pounds", "500 GBP", Qualifier::Exact),
        ] {
            assert_eq!(amount_as_said(said), Ok((written.to_owned(), qualifier)), "{said}");
        }
        for wrong in [
            "74 to 80 places",
            "74 or 75 places",
            "3 x 20 places",
            "1e3 places",
            "1 million and a half",
            "1 in 5 children",
            "260 out of 519 plans",
            "74 places or more",
            "20 pounds a week",
            "20p",
            "48 percent of plans",
            "300m road",
            "5m of road",
            "1.000 places",
            "£1.500",
            "519 of 260 plans",
        ] {
            assert!(amount_as_said(wrong).is_err(), "{wrong}");
        }
        for wrong in
            ["", "£", "places", "74", "1,2,3 places", "1.2.3 places", "£5 places", "£1,00", "é 3", "4 of x plans"]
        {
            assert!(amount_as_said(wrong).is_err(), "{wrong}");
        }
    }
}
