//! Reads amounts: a number, a unit, a qualifier and the optional fields around them.
//!
//! This module knows one table or text at a time, never the fact around it. Start at [`fields`].

use super::date;
use crate::Problem;
use crate::node::{Node, Value};
use crate::table::{Fields, Findings, text};
use heldto_fact::{Amount, Invalid, Kind, Qualifier, Quantity, Role, Unit};

/// Reads an amount from the fields of a table; `key` names the field with number and unit.
pub fn fields(t: &mut Fields<'_>, key: &'static str, role: Role, f: &mut Findings) -> Option<Amount> {
    let node = t.take(key);
    let qualifier: Qualifier = t.parsed("stated", f).unwrap_or(Qualifier::Exact);
    let unit = t.take("unit").and_then(|n| unit_of(n, &text(n, "unit", f)?, f));
    let number = node.and_then(|n| number_and_unit(n, f));
    let mut amount = match (number, unit) {
        (Some((value, of, unit)), None) => Amount { of, ..Amount::exact(value, unit, role) },
        (None, Some(unit)) if node.is_none() => Amount { value: None, ..Amount::exact(Quantity::ZERO, unit, role) },
        (None, _) if node.is_some() => return None,
        (Some(_), Some(_)) => {
            f.problems
                .push(Problem::new(t.span(), format!("the unit is already in `{key}`"), "").help("leave `unit` out"));
            return None;
        }
        _ => {
            let help = "a number and its unit; or unit = \"places\" with stated = \"not-quantified\"";
            return t.require(None, key, "\"500 places\"", help, f);
        }
    };
    if (amount.value.is_none()) != (qualifier == Qualifier::NotQuantified) {
        let help = match qualifier {
            Qualifier::NotQuantified => "leave out `stated`: there is a number",
            _ => "add stated = \"not-quantified\": there is no number",
        };
        f.problems.push(Problem::new(t.span(), "the number and `stated` contradict each other", "").help(help));
    }
    amount.qualifier = qualifier;
    amount.direction = t.text("direction", f);
    amount.low = plain(t, "low", f);
    amount.high = plain(t, "high", f);
    amount.period = date(t, "period", f);
    amount.basis = t.parsed("basis", f).unwrap_or(super::BASIS);
    amount.payer = t.reference("payer", Some(Kind::Party), f);
    amount.count = t.count("count", f);
    if matches!((amount.low, amount.high), (Some(low), Some(high)) if low > high) {
        let problem = Problem::new(t.span(), "`low` is greater than `high`", "");
        f.problems.push(problem.help("leave out `low` and `high`, or exchange them"));
    } else if !amount.bounds_fit() {
        let help = "leave out `low` and `high`, or give both, with the value between them";
        f.problems.push(Problem::new(t.span(), "`low` and `high` do not fit the value and `stated`", "").help(help));
    }
    Some(amount)
}

/// Reads an amount without further fields from a text: `"50.3 %"`.
pub fn short(node: &Node, role: Role, f: &mut Findings) -> Option<Amount> {
    let (value, of, unit) = number_and_unit(node, f)?;
    Some(Amount { of, ..Amount::exact(value, unit, role) })
}

fn number_and_unit(node: &Node, f: &mut Findings) -> Option<(Quantity, Option<Quantity>, Unit)> {
    let written = match &node.value {
        Value::Number(n) => {
            let problem = Problem::new(node.span.clone(), format!("`{n}` has no unit"), "a number without a unit");
            f.problems.push(problem.help(format!("write \"{n} GBP\" or \"{n} places\"")));
            return None;
        }
        _ => text(node, "value", f)?,
    };
    // A comma before one or two digits is a decimal point elsewhere, and nothing here.
    let decimal = written.split_once(',').filter(|(_, rest)| {
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        (1..=2).contains(&digits)
    });
    if decimal.is_some() {
        let remedy =
            crate::amount_as_said(&written.replacen(',', ".", 1)).map(|(amount, _)| format!("write \"{amount}\""));
        let problem = Problem::new(node.span.clone(), format!("`{written}` has a comma in its number"), "");
        f.problems.push(problem.help(remedy.unwrap_or_else(|_| "write it with a point: \"48.5 %\"".to_owned())));
        return None;
    }
    let or = [(" or fewer", "up-to"), (" or less", "up-to"), (" or more", "at-least")];
    let or = or.iter().find_map(|(end, stated)| Some((written.strip_suffix(end)?, *stated)));
    if let Some((amount, stated)) = or {
        let problem =
            Problem::new(node.span.clone(), format!("`{written}` is more than one number and what it counts"), "");
        f.problems.push(problem.help(format!("write \"{amount}\", and stated = \"{stated}\" beside it")));
        return None;
    }
    // What people write has one form in a facts file, which the help gives.
    let remedy = crate::amount_as_said(&written).ok().map(|(amount, stated)| match stated {
        Qualifier::Exact => format!("write \"{amount}\""),
        stated => format!("write \"{amount}\", and stated = \"{stated}\" beside it"),
    });
    let fail = |title: String, help: &str| {
        Problem::new(node.span.clone(), title, "").help(remedy.clone().unwrap_or_else(|| help.to_owned()))
    };
    if written.contains('£') {
        let problem = Problem::new(node.span.clone(), "money must be a number and a currency", "a pound sign");
        f.problems
            .push(problem.help(remedy.unwrap_or_else(|| "write \"11000000 GBP\", a number and a currency".to_owned())));
        return None;
    }
    let split = written.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(written.len());
    let number = &written[..split];
    let rest = written[split..].trim();
    let value: Quantity = match number.parse() {
        Ok(value) => value,
        Err(error) => {
            let title =
                if number.is_empty() { format!("`{written}` has no number in digits") } else { error.to_string() };
            f.problems.push(fail(title, "write \"11000000 GBP\" or \"500 places\", a number and a unit"));
            return None;
        }
    };
    let (of, unit) = match rest.strip_prefix("of ").and_then(|r| r.split_once(' ')) {
        Some((total, unit)) => match total.parse::<Quantity>() {
            Ok(total) => (Some(total), unit.trim()),
            Err(error) => {
                f.problems.push(fail(error.to_string(), "write \"260 of 519 plans\""));
                return None;
            }
        },
        None => (None, rest),
    };
    if unit.is_empty() {
        // A fraction is hardly a share in per cent.
        let share = if number.starts_with("0.") { String::new() } else { format!("\"{number} %\", ") };
        let help = format!("write {share}\"{number} GBP\" or \"{number} places\", with what it counts");
        f.problems.push(Problem::new(node.span.clone(), format!("`{written}` has no unit"), "").help(help));
        return None;
    }
    let before = f.problems.len();
    let unit = unit_of(node, unit, f);
    if let (Some(problem), Some(remedy)) = (f.problems.get_mut(before), remedy) {
        problem.help = Some(remedy);
    }
    Some((value, of, unit?))
}

/// Reads a unit.
///
/// Accepts `percent` and `per cent` for `%`, and explains how to write pounds.
fn unit_of(node: &Node, written: &str, f: &mut Findings) -> Option<Unit> {
    let problem = match written {
        "percent" | "per cent" => return Some(Unit::Percent),
        "pounds" | "pound" | "pounds sterling" | "quid" => Problem::new(
            node.span.clone(),
            format!("`{written}` is not a currency"),
            "a currency has three capital letters",
        )
        .help("write \"250000 GBP\", a number and a currency"),
        _ => match written.parse() {
            Ok(unit) => return Some(unit),
            Err(error) => {
                let help = "write \"11000000 GBP\", \"50.3 %\", \"2 weeks\" or \"500 places\"";
                Problem::new(node.span.clone(), Invalid::to_string(&error), "").help(help)
            }
        },
    };
    f.problems.push(problem);
    None
}

/// Reads a number without a unit, with or without quotes.
fn plain(t: &mut Fields<'_>, name: &'static str, f: &mut Findings) -> Option<Quantity> {
    let node = t.take(name)?;
    let written = match &node.value {
        Value::Number(n) => n.clone(),
        _ => text(node, name, f)?,
    };
    written.parse().map_err(|e: Invalid| f.problems.push(Problem::new(node.span.clone(), e.to_string(), ""))).ok()
}
