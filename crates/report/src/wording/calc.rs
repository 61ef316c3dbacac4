//! Words the results of calculations and the kinds of their operands. Knows no arithmetic. Start at
//! [`days`] and [`signed`].

use super::{day, interval, list, with_unit};
use heldto_fact::{FactId, Interval, Quantity, Unit, Window};

/// Refusal of a number that overflowed.
pub const TOO_LARGE: &str = "a number in the calculation is too large";

pub const WORKED_OUT_FROM: &str = "Worked out from";
pub const ROUNDED: &str = "Rounded: the exact number has more decimals.";
pub const COUNTED_ONCE: &str = "What is recorded more than once is counted once.";

/// Separator of the units of a ratio.
pub const EACH: &str = " for each of the ";
/// Unit suffix of an amount per period, which is not comparable with an amount in total.
pub const EACH_PERIOD: &str = " each period";
/// Unit of a difference of percentages.
pub const PERCENTAGE_POINTS: &str = "percentage points";

pub const A_DATE: &str = "a date";
pub const A_LENGTH: &str = "a length of time";
pub const A_NUMBER_OF_DAYS: &str = "a number of days";

/// Returns the kind of a number with this unit, which may be empty.
pub fn a_number(unit: &str) -> String {
    if unit.is_empty() { "a number without a unit".to_owned() } else { format!("a number of {unit}") }
}

/// Returns the refusal of an expression that is not operands with signs between them.
pub fn not_a_calculation(expression: &str) -> String {
    format!(
        "`{expression}` is not a calculation: write FIELD, or FIELD SIGN FIELD, with spaces between; the signs are \
         + - * /"
    )
}

/// Returns the refusal of a name of nothing.
pub fn not_known(name: &str) -> String {
    format!("`{name}` is not a fact known by the day, a date or a number")
}

/// Returns the refusal of a field that a fact lacks; `fields` lists those there are.
pub fn no_field(fact: &str, field: &str, fields: &str) -> String {
    format!("`{fact}` has no `{field}`; the fields are {fields}")
}

/// Returns the refusal of a sign between two kinds of operands.
pub fn cannot_combine(sign: char, left: &str, right: &str) -> String {
    format!("`{sign}` cannot combine {left} and {right}")
}

/// Returns the reason why an amount is not added.
pub fn is_part(part: &FactId) -> String {
    format!("{part} is part of another amount counted here, so it is not added.")
}

/// Returns the reason why a sum is a range.
pub fn may_be_same(ids: &[String]) -> String {
    format!("{} may be the same, so the sum is a range.", list(ids))
}

/// Returns a window in words.
pub fn days(window: Window) -> String {
    match (window.earliest, window.latest) {
        (Some(e), Some(l)) if e == l => day(e),
        (Some(e), Some(l)) => format!("between {} and {}", day(e), day(l)),
        (Some(e), None) => format!("on or after {}", day(e)),
        (None, Some(l)) => format!("on or before {}", day(l)),
        (None, None) => "unknown: the date has no first and no last day".to_owned(),
    }
}

/// Returns a number that was rounded.
pub fn about(number: &str) -> String {
    format!("about {number}")
}

/// Returns the bounds of a number in a unit, each of another unit that `each` ends with.
pub fn unsigned(known: Interval, unit: &Unit, each: &str) -> String {
    format!("{}{each}", interval(known, unit))
}

/// Returns the bounds of a number that may be negative: ten-thousandths, and `true` if the end is
/// excluded.
pub fn signed(low: Option<(i128, bool)>, high: Option<(i128, bool)>, unit: &str) -> String {
    match (low, high) {
        (Some((l, false)), Some((h, false))) if l == h => number(l, unit),
        (Some((l, _)), Some((h, _))) => format!("between {} and {}", number(l, unit), number(h, unit)),
        (Some((l, true)), None) => format!("more than {}", number(l, unit)),
        (Some((l, false)), None) => format!("at least {}", number(l, unit)),
        (None, Some((h, true))) => format!("less than {}", number(h, unit)),
        (None, Some((h, false))) => format!("at most {}", number(h, unit)),
        (None, None) => "unknown: there is no lower and no upper bound".to_owned(),
    }
}

/// Returns a number of ten-thousandths with its sign and unit.
fn number(n: i128, unit: &str) -> String {
    let (of, each) = split(unit);
    let size = i64::try_from(n.unsigned_abs()).ok().and_then(Quantity::from_ten_thousandths);
    let size = match (size, of.parse::<Unit>()) {
        (None, _) => "a number too large to write".to_owned(),
        (Some(size), Ok(of)) => format!("{}{each}", with_unit(size, &of)),
        (Some(size), Err(_)) => format!("{} {unit}", size.grouped()),
    };
    format!("{}{size}", if n < 0 { "-" } else { "" }).trim_end().to_owned()
}

/// Returns the unit before [`EACH`], and the rest from there on.
pub fn split(unit: &str) -> (&str, &str) {
    unit.find(EACH).map_or((unit, ""), |at| unit.split_at(at))
}
