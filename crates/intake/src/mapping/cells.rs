//! Reads the cells of figures: numbers with their units, and counts.
//!
//! This module knows one cell at a time, and no table. Start at [`amount`].

use crate::said::scaled;
use heldto_fact::{Amount, Qualifier, Quantity, Role, Unit};
use std::collections::BTreeMap;

/// Words that make more of a number, and are no unit.
const SCALED: [&str; 8] = ["million", "thousand", "billion", "m", "k", "bn", "dozen", "hundred"];

/// Returns an amount from a number with its unit, and a note with the original number if it was
/// rounded.
///
/// A number in `not_given` becomes an amount that is not quantified.
///
/// # Errors
/// The problem, and advice.
pub fn amount(
    text: &str,
    not_given: &BTreeMap<String, String>,
    decimals: Option<u8>,
) -> Result<(Amount, Option<String>), (String, String)> {
    let help = || "write the number in digits, or give the cell's meaning in `not-given`".to_owned();
    // An empty cell leaves the unit alone.
    let empty = not_given.contains_key("") && !text.contains(|c: char| c.is_ascii_digit());
    let (number, unit) = match text.split_once(' ') {
        Some((number, _)) if empty && !not_given.contains_key(number) => ("", text),
        Some(parts) => parts,
        None if empty => ("", text),
        None => return Err((format!("`{text}` is not a number and a unit"), help())),
    };
    let scale = unit.split(' ').next().is_some_and(|word| SCALED.contains(&word.to_lowercase().as_str()));
    if scale {
        return Err((
            format!("`{text}` has its number in words"),
            "write the number in digits in the table".to_owned(),
        ));
    }
    let unit: Unit = unit.parse().map_err(|e: heldto_fact::Invalid| (e.to_string(), help()))?;
    if let Some(means) = not_given.get(number) {
        let nothing = Amount::exact(Quantity::ZERO, unit, Role::Measured);
        let nothing =
            Amount { value: None, qualifier: Qualifier::NotQuantified, direction: Some(means.clone()), ..nothing };
        return Ok((nothing, None));
    }
    // A cell may have the sign of its unit, and commas between thousands.
    let number = if unit == Unit::Percent { number.trim_end_matches('%') } else { number };
    let thousands = if number.contains(',') { scaled(number, 0) } else { None };
    let number = thousands.as_deref().unwrap_or(number);
    // Trailing zeros do not count as decimals.
    let exact = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    match (exact.parse::<Quantity>(), decimals) {
        (Ok(value), _) => Ok((Amount::exact(value, unit, Role::Measured), None)),
        (Err(error), Some(decimals)) => {
            let (value, low, high) = rounded(exact, decimals.min(4)).ok_or_else(|| (error.to_string(), help()))?;
            let amount = Amount { low: Some(low), high: Some(high), ..Amount::exact(value, unit, Role::Measured) };
            Ok((amount, Some(format!("The table has {number}, rounded here to {decimals} decimals."))))
        }
        (Err(error), None) if rounded(exact, 4).is_some() => Err((
            error.to_string(),
            "say in the mapping how it is rounded: `decimals = 1` in [[mapping.file.measure]]".to_owned(),
        )),
        (Err(error), None) => Err((error.to_string(), help())),
    }
}

/// Rounds a number half up to `decimals` decimals.
///
/// Returns the rounded value, and the two numbers of four decimals that the original lies between.
/// `None` if the text is not a number, or is out of range.
fn rounded(number: &str, decimals: u8) -> Option<(Quantity, Quantity, Quantity)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scaled = |places: usize| format!("{whole}{:0<places$.places$}", fraction).parse::<i64>().ok();
    let low = scaled(4)?;
    let is_more = fraction.bytes().skip(4).any(|digit| digit != b'0');
    let high = low.checked_add(i64::from(is_more))?;
    let places = usize::from(decimals);
    let is_up = fraction.as_bytes().get(places).is_some_and(|digit| *digit >= b'5');
    let unit = 10_i64.pow(4 - u32::from(decimals));
    let value = scaled(places)?.checked_add(i64::from(is_up))?.checked_mul(unit)?;
    let quantity = Quantity::from_ten_thousandths;
    Some((quantity(value)?, quantity(low)?, quantity(high)?))
}

/// Returns the sum of whole numbers separated by `+`, or `None` if any of them is not given.
pub fn sum(text: &str, not_given: &BTreeMap<String, String>) -> Result<Option<u64>, String> {
    let mut total = Some(0_u64);
    for part in text.split('+').map(str::trim) {
        if not_given.contains_key(part) {
            return Ok(None);
        }
        let number: u64 = part.parse().map_err(|_| format!("`{part}` is not a whole number"))?;
        total = total.and_then(|t| t.checked_add(number));
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::{amount, rounded};
    use std::collections::BTreeMap;

    #[test]
    fn noughts_at_the_end_say_nothing_and_the_rest_is_rounded_where_that_is_said() {
        let read = |text: &str, decimals| amount(text, &BTreeMap::new(), decimals);
        let (exact, note) = read("70.200000000000 %", None).expect("a figure");
        assert_eq!((exact.value.map(|v| v.to_string()), note), (Some("70.2".to_owned()), None));
        for (cell, number) in [("23.1% %", "23.1"), ("1,310 plans", "1310")] {
            let (amount, _) = read(cell, None).expect("a figure");
            assert_eq!(amount.value.map(|v| v.to_string()).as_deref(), Some(number));
        }
        assert!(read("1,31 plans", None).is_err() && read("5% plans", None).is_err());
        let (_, help) = read("70.2345678 %", None).expect_err("has too many decimals");
        assert!(help.contains("decimals = 1"), "{help}");
        let (figure, note) = read("70.2545678 %", Some(1)).expect("a figure");
        assert_eq!(figure.value.map(|v| v.to_string()), Some("70.3".to_owned()));
        assert!(note.is_some_and(|note| note.contains("70.2545678")), "the note keeps the cell");
        assert!(figure.low.expect("a bound").to_string() == "70.2545" && figure.high.is_some());
        assert!(read("many %", Some(1)).is_err());
        assert_eq!(rounded("64.99996", 1).map(|(v, ..)| v.to_string()), Some("65".to_owned()));
    }
}
