//! Reads targets and due dates, which a commitment, a recommendation or a decision may set.
//!
//! This module knows one table at a time, never the fact around it. Start at [`target`] and
//! [`due`].

use super::{amount, date};
use crate::Problem;
use crate::node::Node;
use crate::table::{Fields, Findings, text};
use heldto_fact::{
    Alternative, Amount, Due, DueRule, Form, Kind, Milestone, Mode, Role, Span, SpanUnit, Target, Threshold, Way, When,
};

/// Reads a target.
pub fn target(node: &Node, f: &mut Findings) -> Option<Target> {
    let mut t = Fields::of(node, "this target", f)?;
    let found = t.take_any(["metric", "deliverable", "keep-doing", "never", "slot-of"].into_iter());
    let target = match found {
        Some(("metric", n)) => figure(node, n, &mut t, f),
        Some(("deliverable", n)) => text(n, "deliverable", f).map(Target::Deliverable),
        Some(("keep-doing", n)) => text(n, "keep-doing", f).map(Target::KeepDoing),
        Some(("never", n)) => text(n, "never", f).map(Target::Never),
        Some((_, n)) => {
            let of = crate::table::reference(n, "slot-of", Some(Kind::Publication), f);
            let number = t.count("number", f);
            let number =
                t.require(number, number.is_some(), "number", "say which part of the plan, counting from 1", f);
            of.zip(number).map(|(of, number)| Target::Slot { of, number })
        }
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
    if !fits && f.problems.is_empty() {
        let problem = Problem::new(whole.span.clone(), "a target for a metric needs one threshold or one change", "");
        f.problems.push(problem.help(
            "write at-least = \"50.3 %\" or at-most = \"…\", with average-over = \"2025-04/2026-03\" for an average; or \
             up-by = \"5 points\" or down-by = \"…\", with relative = true for a change in per cent of the baseline",
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
    let word = t.required_text("mode", &format!("say how the date binds, with one of: {MODES}"), f);
    let qualifier = date(&mut t, "date", f);
    let after = date(&mut t, "after", f);
    let plus: Option<Span> = t.parsed("plus", f);
    let about = t.flag("about", f);
    let terms = t.text("terms", f);
    let mode = mode(word.as_deref(), node, (qualifier.as_ref(), after.as_ref(), terms.is_some()), &mut t, f);
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
    if after.is_some() != plus.is_some() || (qualifier.is_some() && after.is_some()) || (about && after.is_none()) {
        f.problems.push(wrong(
            "a due date needs either `date`, or `after` with `plus`",
            "write date = \"2025-06\", or after = \"2025-01-14\", plus = \"2 weeks\"",
        ));
        return None;
    }
    if matches!(mode, Mode::By | Mode::NotBefore) && qualifier.is_none() && after.is_none() {
        let help = "give `date`, or `after` with `plus`; if no date is stated, leave `due` out";
        f.problems.push(wrong("this due date does not say when", help));
    }
    let rule = after.zip(plus).map(|(after, plus): (When, Span)| DueRule { after, plus, about });
    Some(Due { mode, date: qualifier, rule, terms })
}

/// Reads the mode and the fields that belong to that mode alone.
fn mode(
    word: Option<&str>,
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
    let word = word?;
    let (own, help): (&[&str], &str) = match word {
        "by" | "not-before" | "every" | "between" | "in-terms" => (&["every"], ""),
        "before-event" | "until" => (&["event"], "write event = \"the next inspection\""),
        "earliest-of" => {
            (&["of"], "write two or more: of = [{ date = \"2025-06\" }, { event = \"the next inspection\" }]")
        }
        "working-days" => (
            &["count", "calendar"],
            "write count = 20, after = \"2025-01-14\", calendar = \"england-and-wales\" or \"monday-to-friday\"",
        ),
        "each" => (&["class"], "write class = \"every council in England\""),
        "milestones" => (
            &["steps"],
            "write two or more, in order: steps = [{ by = \"2025-06\", target = { amount = \"40 places\" } }, …]",
        ),
        other => {
            let problem = Problem::new(node.span.clone(), format!("`{other}` is not a mode"), "");
            f.problems.push(problem.help(format!("write one of: {MODES}")));
            return None;
        }
    };
    let foreign = given.iter().find(|(key, is)| *is && (!own.contains(key) || (*key == "every" && word != "every")));
    let mut wrong = |title: String, help: &str| {
        f.problems.push(Problem::new(node.span.clone(), title, "").help(help));
        None
    };
    if let Some((key, _)) = foreign {
        return wrong(format!("`{key}` does not go with mode \"{word}\""), "leave it out, or choose another mode");
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
        "between" => "write date = \"2025-06-01/2025-09-30\"",
        "in-terms" => "write terms = \"…\", in your own words",
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
    t.require(by.as_ref(), by.is_some(), "by", "say by when", f);
    let reached = t.take("target");
    t.require(reached, reached.is_some(), "target", "say what must be reached by then", f);
    let target = reached.and_then(|n| target(n, f));
    t.finish(f);
    Some(Milestone { by: by?, target: target? })
}
