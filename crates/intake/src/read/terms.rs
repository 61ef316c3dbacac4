//! Reads targets and due dates, which a commitment, a recommendation or a decision may set.
//!
//! This module knows one table at a time, never the fact around it. Start at [`target`] and
//! [`due`].

use super::{amount, date};
use crate::Problem;
use crate::near::meant_word;
use crate::node::Node;
use crate::table::{Fields, Findings, text};
use heldto_fact::{
    Alternative, Amount, Due, DueRule, Form, Kind, Milestone, Mode, Role, Span, SpanUnit, Target, Threshold, Way, When,
};

/// Keys of which a target has one, unless it is an amount.
const TARGETS: [&str; 5] = ["metric", "deliverable", "keep-doing", "never", "slot-of"];

/// Reads a target.
pub fn target(node: &Node, f: &mut Findings) -> Option<Target> {
    let mut t = Fields::of(node, "this target", f)?;
    let found = t.take_any(TARGETS.into_iter());
    let target = match found {
        Some(("metric", n)) => figure(node, n, &mut t, f),
        Some(("deliverable", n)) => text(n, "deliverable", f).map(Target::Deliverable),
        Some(("keep-doing", n)) => text(n, "keep-doing", f).map(Target::KeepDoing),
        Some(("never", n)) => text(n, "never", f).map(Target::Never),
        Some((_, n)) => {
            let of = crate::table::reference(n, "slot-of", Some(Kind::Publication), f);
            let number = t.count("number", f);
            let number = t.require(number, "number", "1", "which part of the plan, counting from 1", f);
            of.zip(number).map(|(of, number)| Target::Slot { of, number })
        }
        // An unknown key that means one of these is reported by itself.
        None if TARGETS.iter().any(|key| t.is_meant(key)) => None,
        None => amount::fields(&mut t, "amount", Role::Target, f).map(Target::Amount),
    };
    t.finish(f);
    target
}

/// Reads the target for a metric: a threshold, an average over a period, or a change from a
/// baseline.
fn figure(whole: &Node, name: &Node, t: &mut Fields<'_>, f: &mut Findings) -> Option<Target> {
    let metric = crate::table::reference(name, "metric", Some(Kind::Metric), f);
    let mut side = |key, f: &mut Findings| t.take(key).and_then(|n| amount::short(n, Role::Target, f));
    let at_least = side("at-least", f).map(Threshold::AtLeast);
    let at_most = side("at-most", f).map(Threshold::AtMost);
    let up = side("up-by", f).map(|by| (Way::Up, by));
    let down = side("down-by", f).map(|by| (Way::Down, by));
    let baseline: Option<Amount> = t.take("baseline").and_then(|n| amount::short(n, Role::Measured, f));
    let relative = t.flag("relative", f);
    let period = date(t, "average-over", f);
    let given = [at_least.is_some(), at_most.is_some(), up.is_some(), down.is_some()];
    let threshold = at_least.or(at_most);
    let change = up.or(down);
    let is_one = given.iter().filter(|is| **is).count() == 1;
    let fits = is_one && !(change.is_some() && period.is_some()) && !(change.is_none() && relative);
    let means = ["at-least", "at-most", "up-by", "down-by"].iter().any(|key| t.is_meant(key));
    if !fits && !means && f.problems.is_empty() {
        let problem = Problem::new(whole.span.clone(), "a target for a metric needs one threshold or one change", "");
        f.problems.push(problem.help(
            "add at-least = \"50.3 %\", or at-most, with average-over = \"2025-04/2026-03\" for an average; or up-by = \"5 \
             points\" or down-by, with relative = true for a change in per cent of the baseline",
        ));
    }
    match (metric?, threshold, change, period) {
        (metric, Some(threshold), None, Some(period)) => Some(Target::Average { metric, threshold, period }),
        (metric, Some(threshold), None, None) => Some(Target::Metric { metric, threshold, baseline }),
        (metric, None, Some((way, by)), None) => Some(Target::Change { metric, way, by, relative, baseline }),
        _ => None,
    }
}

/// The modes of a due date, as written in a file.
const MODES: &str =
    "by, not-before, before-event, every, earliest-of, until, between, in-terms, working-days, each, milestones";

/// Reads a due date.
pub fn due(node: &Node, f: &mut Findings) -> Option<Due> {
    let mut t = Fields::of(node, "this due date", f)?;
    let word = t.take("mode");
    let by_key = t
        .first_text()
        .filter(|(key, _)| word.is_none() && *key != "every" && MODES.split(", ").any(|mode| mode == *key));
    if let Some((mode, date)) = by_key {
        let problem = Problem::new(node.span.clone(), "this due date has its mode for a key", "");
        f.problems.push(problem.help(format!("write {{ mode = \"{mode}\", date = \"{date}\" }}")));
        return None;
    }
    let word = t.require(word, "mode", "\"by\"", &format!("how the date binds, with one of: {MODES}"), f);
    let word = word.and_then(|node| Some((text(node, "mode", f)?, node)));
    let qualifier = date(&mut t, "date", f);
    let after = date(&mut t, "after", f);
    let plus: Option<Span> = t.parsed("plus", f);
    let (has_after, has_plus) = (t.has("after"), t.has("plus"));
    let about = t.flag("about", f);
    let terms = t.text("terms", f);
    let mode = mode(word, node, (qualifier.as_ref(), after.as_ref(), terms.is_some()), &mut t, f);
    t.finish(f);
    let mode = mode?;
    let wrong = |title: &str, help: &str| Problem::new(node.span.clone(), title, "").help(help);
    // These modes contain their own dates, so they exclude `date`, `plus` and `about`.
    let says_when =
        matches!(mode, Mode::WorkingDays { .. } | Mode::EarliestOf(_) | Mode::Milestones(_) | Mode::InTerms);
    let after = after.filter(|_| !matches!(mode, Mode::WorkingDays { .. }));
    if says_when && (qualifier.is_some() || after.is_some() || plus.is_some() || about) {
        f.problems.push(wrong(
            "this mode has no `date`, `plus` or `about`",
            "leave them out; leave out `after` too, unless the mode is \"working-days\"",
        ));
        return None;
    }
    let is_mixed = qualifier.is_some() && (after.is_some() || plus.is_some());
    if is_mixed || after.is_some() != plus.is_some() || (about && after.is_none()) {
        // A value that is wrong by itself is reported already.
        if after.is_some() == has_after && plus.is_some() == has_plus {
            let help = match (qualifier.is_some(), after.is_some(), plus.is_some()) {
                (true, ..) => "leave out `after`, `plus` and `about`, or else `date`",
                (false, true, false) => "add plus = \"2 weeks\": how long after",
                (false, false, true) => "add after = \"2025-01-14\": the day from which it is counted",
                _ => "leave out `about`, or add after = \"2025-01-14\", plus = \"2 weeks\"",
            };
            f.problems.push(wrong("a due date needs either `date`, or `after` with `plus`", help));
        }
        return None;
    }
    if matches!(mode, Mode::By | Mode::NotBefore) && qualifier.is_none() && after.is_none() {
        let help = "add date = \"2025-06\", or `after` with `plus`; if no date is stated, leave `due` out";
        f.problems.push(wrong("this due date does not say when", help));
    }
    let rule = after.zip(plus).map(|(after, plus): (When, Span)| DueRule { after, plus, about });
    Some(Due { mode, date: qualifier, rule, terms })
}

/// Reads the mode and the fields that belong to that mode alone.
fn mode(
    word: Option<(String, &Node)>,
    node: &Node,
    (qualifier, after, has_terms): (Option<&When>, Option<&When>, bool),
    t: &mut Fields<'_>,
    f: &mut Findings,
) -> Option<Mode> {
    let event = t.text("event", f);
    let every: Option<Span> = t.parsed("every", f);
    let class = t.text("class", f);
    let calendar = t.text("calendar", f);
    let count = t.count("count", f);
    let alternatives: Vec<Alternative> = t.list("of", f).iter().filter_map(|n| alternative(n, f)).collect();
    let milestones: Vec<Milestone> = t.list("steps", f).iter().filter_map(|n| milestone(n, f)).collect();
    let given = [
        ("event", event.is_some()),
        ("every", every.is_some()),
        ("class", class.is_some()),
        ("calendar", calendar.is_some()),
        ("count", count.is_some()),
        ("of", !alternatives.is_empty()),
        ("steps", !milestones.is_empty()),
    ];
    let (word, place) = word?;
    let word = word.as_str();
    let (own, help): (&[&str], &str) = match word {
        "by" | "not-before" | "every" | "between" | "in-terms" => (&["every"], ""),
        "before-event" | "until" => (&["event"], "add event = \"the next inspection\""),
        "earliest-of" => {
            (&["of"], "add of = [{ date = \"2025-06\" }, { event = \"the next inspection\" }]: two or more")
        }
        "working-days" => (
            &["count", "calendar"],
            "add count = 20, after = \"2025-01-14\", calendar = \"england-and-wales\" or \"monday-to-friday\"",
        ),
        "each" => (&["class"], "add class = \"every council in England\""),
        "milestones" => (
            &["steps"],
            "add steps = [{ by = \"2025-06\", target = { amount = \"40 places\" } }, { by = \"2026-06\", target = { amount = \"90 places\" } }]: two or more, in order",
        ),
        other => {
            let problem = Problem::new(place.span.clone(), format!("`{other}` is not a mode"), "");
            let by = ["before", "on", "no later than", "not-after", "not-later"].contains(&other);
            let meant = if by { Some("by") } else { meant_word(other, MODES.split(", ")) };
            let meant = meant.map(|word| format!("did you mean `{word}`?"));
            f.problems.push(problem.help(meant.unwrap_or(format!("write one of: {MODES}"))));
            return None;
        }
    };
    let foreign = given.iter().find(|(key, is)| *is && (!own.contains(key) || (*key == "every" && word != "every")));
    let mut wrong = |title: String, help: &str| {
        f.problems.push(Problem::new(node.span.clone(), title, "").help(help));
        None
    };
    if let Some((key, _)) = foreign {
        return wrong(
            format!("`{key}` does not go with mode \"{word}\""),
            &format!("leave out `{key}`, or choose another mode"),
        );
    }
    let mode = match word {
        "by" => Some(Mode::By),
        "not-before" => Some(Mode::NotBefore),
        "every" => Some(Mode::Every(every)),
        "before-event" => event.map(Mode::BeforeEvent),
        "until" => event.map(Mode::Until),
        "between" => qualifier.filter(|w| is_interval(w)).map(|_| Mode::Between),
        "in-terms" => has_terms.then_some(Mode::InTerms),
        "earliest-of" => (alternatives.len() > 1).then_some(Mode::EarliestOf(alternatives)),
        "working-days" => count.zip(after.cloned()).zip(calendar).and_then(|((count, after), calendar)| {
            let count = u32::try_from(count).ok().filter(|n| Span::new(*n, SpanUnit::Days).is_some())?;
            Some(Mode::WorkingDays { count, after, calendar })
        }),
        "each" => class.map(Mode::Each),
        _ => (milestones.len() > 1 && milestones.is_sorted_by_key(|m| m.by.window().latest))
            .then_some(Mode::Milestones(milestones)),
    };
    let help = match word {
        "between" => "add date = \"2025-06-01/2025-09-30\"",
        "in-terms" => "add terms = \"…\": in your own words",
        _ => help,
    };
    match mode {
        None if f.problems.is_empty() => {
            f.problems.push(
                Problem::new(node.span.clone(), format!("mode \"{word}\" does not have what it needs"), "").help(help),
            );
            None
        }
        mode => mode,
    }
}

fn is_interval(when: &When) -> bool {
    let window = when.window();
    matches!(when.form(), Form::Throughout(..)) && window.earliest.is_some() && window.latest.is_some()
}

fn alternative(node: &Node, f: &mut Findings) -> Option<Alternative> {
    let mut t = Fields::of(node, "an item of `of`", f)?;
    let day = date(&mut t, "date", f);
    let event = t.text("event", f);
    t.finish(f);
    match (day, event) {
        (Some(day), None) => Some(Alternative::Day(day)),
        (None, Some(event)) => Some(Alternative::Event(event)),
        _ => {
            let problem = Problem::new(node.span.clone(), "an item of `of` must be a `date` or an `event`", "");
            f.problems.push(problem.help("write { date = \"2025-06\" } or { event = \"the next inspection\" }"));
            None
        }
    }
}

fn milestone(node: &Node, f: &mut Findings) -> Option<Milestone> {
    let mut t = Fields::of(node, "this step", f)?;
    let by = date(&mut t, "by", f);
    t.require(by.as_ref(), "by", "\"2025-06\"", "by when", f);
    let reached = t.take("target");
    t.require(reached, "target", "{ amount = \"40 places\" }", "what must be reached by then", f);
    let target = reached.and_then(|n| target(n, f));
    t.finish(f);
    Some(Milestone { by: by?, target: target? })
}
