//! Checks that every remedy that the program prints for a slip can be typed as it stands, and that
//! the file is then taken.

use crate::root;
use heldto_intake::{File, Known, Problem, read};
use std::ops::Range;

/// Number of remedies that a file may need, one after the other.
const ROUNDS: usize = 4;

/// Returns the text with the fact `id` changed as a slip says; `None` if it has no such words.
fn slipped(text: &str, id: &str, right: &str, wrong: &str) -> Option<String> {
    let own = text.find(&format!("\nid = \"{id}\""))?;
    let start = text[..own].rfind("\n\n").map_or(0, |at| at + 2);
    let end = text[own..].find("\n\n").map_or(text.len(), |at| own + at);
    let at = start + text[start..end].find(right)?;
    Some(format!("{}{wrong}{}", &text[..at], &text[at + right.len()..]))
}

/// Returns the code after a verb in a help text: a value, a table, or keys with values.
fn code<'h>(help: &'h str, verb: &str) -> Option<&'h str> {
    let rest = help.split_once(verb)?.1;
    let mut depth = 0;
    let mut is_text = false;
    for (at, c) in rest.char_indices() {
        let is_outside = !is_text && depth == 0;
        match c {
            '"' => is_text = !is_text,
            '{' | '[' if !is_text => depth += 1,
            '}' | ']' if !is_text => depth -= 1,
            ';' | ':' if is_outside => return Some(&rest[..at]),
            // A comma before another key goes on; one before words ends the code.
            ',' if is_outside && at > 0 && !is_key(&rest[at + 1..]) => return Some(&rest[..at]),
            ' ' if is_outside && STOPS.iter().any(|word| rest[at..].starts_with(word)) => return Some(&rest[..at]),
            _ => {}
        }
    }
    Some(rest)
}

/// Words that end the code in a help text.
const STOPS: [&str; 6] = [" or ", " to ", " and ", " (", " for ", " in "];

/// Returns `true` if a text begins with a key and its value.
fn is_key(text: &str) -> bool {
    let key = text.trim_start().split(' ').next().unwrap_or_default();
    text.trim_start()[key.len()..].starts_with(" = ")
}

fn replaced(text: &str, span: &Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..span.start], &text[span.end..])
}

/// Returns the span of a key with its value, the comma after it included, in a part of a text.
fn field(text: &str, within: Range<usize>, key: &str) -> Option<Range<usize>> {
    let part = &text[within.clone()];
    let written = format!("{key} = ");
    let found = part.match_indices(&written).map(|(at, _)| at);
    let mut starts = found.filter(|at| part[..*at].chars().next_back().is_none_or(|c| " {\n".contains(c)));
    let start = within.start + starts.next()?;
    let value = start + key.len() + 3;
    let mut depth = 0;
    let mut is_text = false;
    for (at, c) in text[value..].char_indices() {
        match c {
            '"' => is_text = !is_text,
            '{' | '[' if !is_text => depth += 1,
            '}' | ']' if !is_text && depth > 0 => depth -= 1,
            // A line of its own goes whole.
            '\n' if !is_text && depth == 0 => return Some(start..value + at + 1),
            '}' | ']' if !is_text && depth == 0 => return Some(start..value + at),
            ',' if !is_text && depth == 0 => {
                let space = usize::from(text[value + at + 1..].starts_with(' '));
                return Some(start..value + at + 1 + space);
            }
            _ => {}
        }
    }
    Some(start..text.len())
}

/// Returns the fact or the table that a problem marks, or that is around what it marks.
fn around(text: &str, span: &Range<usize>) -> Range<usize> {
    if text[span.clone()].starts_with("[[") {
        return span.start..text[span.start..].find("\n\n").map_or(text.len(), |at| span.start + at);
    }
    match text[span.clone()].starts_with('{') {
        true => span.clone(),
        false => text[..span.start].rfind(['{', '\n']).map_or(0, |at| at)..span.end,
    }
}

/// Returns the text with the remedy of a problem applied to the letter; `None` if it says nothing
/// that can be typed.
///
/// *Write* replaces what is marked; *add* puts keys into the fact or the table that is marked, in
/// place of those of the same names; *leave out* removes keys.
fn applied(text: &str, problem: &Problem) -> Option<String> {
    let help = problem.help.as_deref()?;
    let marked = &text[problem.span.clone()];
    if let Some(meant) = help.split_once("did you mean `").and_then(|(_, rest)| rest.split('`').next()) {
        let new = if marked.starts_with('"') { format!("\"{meant}\"") } else { meant.to_owned() };
        return Some(replaced(text, &problem.span, &new));
    }
    if help.starts_with("leave it out") || help.ends_with("or leave it out") {
        let key = field(text, problem.span.start..text.len(), marked)?;
        return Some(replaced(text, &key, ""));
    }
    if let Some(keys) = help.strip_prefix("leave out ") {
        let keys = keys.split([':', ',']).next()?.split(" or ").next()?;
        return keys.split('`').skip(1).step_by(2).try_fold(text.to_owned(), |text, key| {
            let key = field(&text, around(&text, &problem.span), key)?;
            Some(replaced(&text, &key, ""))
        });
    }
    if let Some(words) = help.split_once("write one of: ").map(|(_, words)| words) {
        let first = words.split([',', ';']).next()?.trim();
        return Some(replaced(text, &problem.span, &format!("\"{first}\"")));
    }
    if let Some(added) = code(help, "add ") {
        // Whoever reads it chooses; here, the first.
        let word = help.split_once("one of: ").and_then(|(_, words)| words.split([',', ')']).next());
        let added = word.map_or(added.to_owned(), |word| added.replace('…', word));
        let key = added.split(' ').next()?;
        let cleared = match field(text, around(text, &problem.span), key) {
            Some(before) => replaced(text, &before, ""),
            None => text.to_owned(),
        };
        let end = |of: char| cleared[problem.span.start..].find(of).map_or(cleared.len(), |at| problem.span.start + at);
        return Some(if marked.starts_with("[[") {
            let line = end('\n');
            format!("{}\n{added}{}", &cleared[..line], &cleared[line..])
        } else {
            let open = end('{') + 1;
            let comma = if cleared[open..].trim_start().starts_with('}') { "" } else { "," };
            format!("{} {added}{comma}{}", &cleared[..open], &cleared[open..])
        });
    }
    let written = code(help, "write ")?;
    let mut new = replaced(text, &problem.span, written);
    // `write "20000 GBP", and stated = "about" beside it`
    if let Some(beside) = help.split_once(", and ").and_then(|(_, rest)| rest.strip_suffix(" beside it")) {
        let at = problem.span.start + written.len();
        new = format!("{}, {beside}{}", &new[..at], &new[at..]);
    }
    Some(new)
}

#[test]
fn every_remedy_can_be_typed_as_it_stands() {
    let of = |name: &str| std::fs::read_to_string(root().join("tests/suite").join(name)).expect("a file");
    let base = format!("{}\n{}", of("every-kind.toml"), of("later-kinds.toml"));
    let slips: toml::Table = of("remedies.toml").parse().expect("TOML");
    let slips = slips["slips"].as_array().expect("slips");
    assert!(slips.len() >= 100, "{}", slips.len());
    let (mut taken, mut wrong) = (Vec::new(), Vec::new());
    for slip in slips {
        let [id, right, slip] = slip.as_array().map(Vec::as_slice).expect("a slip") else { panic!("{slip}") };
        let [id, right, slip] = [id, right, slip].map(|word| word.as_str().expect("text"));
        let Some(mut text) = slipped(&base, id, right, slip) else { panic!("{id} has no {right}") };
        let mut said = Vec::new();
        for round in 0..=ROUNDS {
            let file = File { name: "facts.toml".to_owned(), text: text.clone() };
            let Err(problems) = read(&[file], &Known::new()) else {
                if round == 0 {
                    taken.push(format!("{id}: {slip}"));
                }
                said.clear();
                break;
            };
            let problem = &problems.problems[0];
            said.push(format!("  {} | {}", problem.title, problem.help.as_deref().unwrap_or("no help")));
            match applied(&text, problem).filter(|after| *after != text) {
                Some(after) if round < ROUNDS => text = after,
                _ => {
                    said.push("  nothing to type, or still refused".to_owned());
                    break;
                }
            }
        }
        if !said.is_empty() {
            wrong.push(format!("{id}: {slip}\n{}", said.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} slips:\n{}\nTaken: {taken:#?}", wrong.len(), slips.len(), wrong.join("\n"));
    // One reading is possible.
    assert!(taken.len() < 12, "{taken:#?}");
}

#[test]
fn no_remedy_says_the_opposite_or_more() {
    let of = |name: &str| std::fs::read_to_string(root().join("tests/suite").join(name)).expect("a file");
    let base = format!("{}\n{}", of("every-kind.toml"), of("later-kinds.toml"));
    for (id, right, wrong) in [
        ("a-delivery", "{ part-fulfils = ", "{ not-fulfils = "),
        ("a-delivery", "{ part-fulfils = ", "{ unfulfils = "),
        ("a-delivery", "{ part-fulfils = ", "{ un-supports = "),
        ("a-delivery", "{ part-fulfils = ", "{ replaces = "),
        ("a-delivery", "{ part-fulfils = ", "{ breaches = "),
        ("a-delivery", "{ part-fulfils = ", "{ missed = "),
        ("answer-3", "\"accepted-in-part\"", "\"unaccepted\""),
        ("quashed", "decision = \"quashed\"", "decision = \"unquashed\""),
        ("quashed", "decision = \"quashed\"", "decision = \"not-upheld\""),
        ("a-complaint", "\"upheld\"", "\"upheld-in-part\""),
        ("a-complaint", "\"upheld\"", "\"unupheld\""),
        ("a-notice", "\"official\"", "\"unofficial\""),
        ("a-notice", "\"official\"", "\"un-official\""),
        ("a-question", "\"partly-answered\"", "\"unanswered\""),
        ("a-delivery", "\"part\"", "\"unstarted\""),
        ("a-delivery", "\"part\"", "\"none\""),
        ("a-payout", "role = \"paid\"", "role = \"unpaid\""),
        ("a-payout", "role = \"paid\"", "role = \"repaid\""),
        ("a-payout", "role = \"paid\"", "role = \"underpaid\""),
        ("a-board", "mode = \"not-before\"", "mode = \"not-until\""),
        ("a-delivery", "{ part-fulfils = ", "{ superseded-by = "),
        ("a-delivery", "{ part-fulfils = ", "{ disputed-by = "),
        ("a-delivery", "{ part-fulfils = ", "{ contains = "),
    ] {
        let text = slipped(&base, id, right, wrong).expect("the words are there");
        let file = File { name: "facts.toml".to_owned(), text };
        let Err(problems) = read(&[file], &Known::new()) else { panic!("{wrong} is taken") };
        let help = problems.problems[0].help.clone().unwrap_or_default();
        assert!(help.contains("one of") && !help.contains("did you mean") && !help.contains("{ "), "{wrong}: {help}");
    }
}
