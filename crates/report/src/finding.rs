//! Turns a finding into data for programs: the name of the rule, its days and its numbers.
//!
//! Knows no language; `wording` has the sentences. Start at [`data`].

use crate::Cell;
use crate::wording::interval;
use heldto_fact::{Due, Window};
use heldto_replay::{Comparison, Finding, Progress, Timing};

/// Returns a finding as a record: its kind, then its fields, days as ISO 8601.
pub fn data(finding: &Finding<'_>) -> Cell {
    let mut fields: Vec<(&'static str, Cell)> = vec![("kind", finding.as_str().into())];
    match finding {
        Finding::Withdrawn { when, due } | Finding::OfficeEnded { when, due } => {
            window(&mut fields, *when);
            fields.push(("due", (*due).into()));
        }
        Finding::EndedByDecision { ruling, when, passed } => {
            fields.push(("ruling", ruling.as_str().into()));
            window(&mut fields, *when);
            fields.push(("due", (*passed).into()));
        }
        Finding::Superseded { by, status, own, weaker } => {
            fields.push(("by", by.as_str().into()));
            fields.push(("status", status.as_str().into()));
            fields.push(("weaker", Cell::Flag(!weaker.is_empty())));
            fields.push(("own", data(own)));
        }
        Finding::Broken { when, others } | Finding::DutyFailed { when, others } => {
            window(&mut fields, *when);
            fields.push(("others", (*others).into()));
        }
        Finding::FigureAtDue { figure, due, later } => {
            comparison(&mut fields, figure);
            fields.push(("due", Cell::Day(*due)));
            if let Some((figure, when)) = later {
                let mut later = Vec::new();
                comparison(&mut later, figure);
                window(&mut later, *when);
                fields.push(("later", Cell::Record(later)));
            }
        }
        Finding::Done { when, count, timing } => {
            window(&mut fields, *when);
            count.iter().for_each(|count| progress(&mut fields, count));
            let (word, due) = match timing {
                Timing::NoDueDay => ("no-due-day", None),
                Timing::InTime(due) => ("in-time", Some(*due)),
                Timing::Late(due) => ("late", Some(*due)),
                Timing::Unknown { latest, .. } => ("unknown", Some(*latest)),
            };
            fields.push(("timing", word.into()));
            fields.push(("due", due.into()));
        }
        Finding::NotDone { day, due, count } => {
            fields.push(("day", Cell::Day(*day)));
            fields.push(("due", Cell::Day(*due)));
            count.iter().for_each(|count| progress(&mut fields, count));
        }
        Finding::Straddles(count) => progress(&mut fields, count),
        Finding::Overdue { latest, started, .. } => {
            fields.push(("due", Cell::Day(*latest)));
            fields.push(("started", Cell::Flag(*started)));
        }
        Finding::KeptUpUntested { started } | Finding::Untestable { started } | Finding::PeriodsUnknown { started } => {
            fields.push(("started", Cell::Flag(*started)));
        }
        Finding::FallingDue { latest, .. } | Finding::AnswerOverdue { latest, .. } => {
            fields.push(("due", Cell::Day(*latest)));
        }
        Finding::Begun { in_part } => fields.push(("in-part", Cell::Flag(*in_part))),
        Finding::WindowOpen { due } => fields.push(("not-before", due.window().earliest.into())),
        Finding::EventUndated { event } => fields.push(("event", (*event).into())),
        Finding::NotThereYet { figure, when, has_due } => {
            figure.iter().for_each(|figure| comparison(&mut fields, figure));
            window(&mut fields, *when);
            fields.push(("has-due", Cell::Flag(*has_due)));
        }
        Finding::Nothing { has_due } => fields.push(("has-due", Cell::Flag(*has_due))),
        Finding::PeriodFigure { fact, when, figure } => {
            fields.push(("fact", fact.as_str().into()));
            comparison(&mut fields, figure);
            window(&mut fields, *when);
        }
        Finding::Reversed { undone: when }
        | Finding::Setback { when }
        | Finding::PeriodDone { when }
        | Finding::PeriodNotDone { when } => window(&mut fields, *when),
        Finding::PeriodsWithoutEvidence { periods } => fields.push(("periods", u64::from(*periods).into())),
        Finding::Rejected { ruling, when } | Finding::AnsweredNeither { ruling, when } => {
            fields.push(("ruling", ruling.as_str().into()));
            window(&mut fields, *when);
        }
        Finding::Unanswered { due } => {
            fields.push(("due", due.and_then(|due: &Due| due.window().latest).into()));
        }
        Finding::NotYetKnown
        | Finding::BothWays
        | Finding::CountsDisagree
        | Finding::NoBreach
        | Finding::NoPeriodEnded
        | Finding::EndedWithoutEvidence => {}
    }
    Cell::Record(fields)
}

fn window(fields: &mut Vec<(&'static str, Cell)>, window: Window) {
    fields.push(("earliest", window.earliest.into()));
    fields.push(("latest", window.latest.into()));
}

fn progress(fields: &mut Vec<(&'static str, Cell)>, count: &Progress<'_>) {
    fields.push(("delivered", interval(count.done, count.unit).into()));
    fields.push(("delivered-low", count.done.low.value.into()));
    fields.push(("delivered-high", count.done.high.map(|high| high.value).into()));
    fields.push(("target", count.goal.into()));
    fields.push(("unit", count.unit.to_string().into()));
}

fn comparison(fields: &mut Vec<(&'static str, Cell)>, figure: &Comparison<'_>) {
    let Some((value, goal)) = figure.values else { return };
    fields.push(("value-low", value.low.value.into()));
    fields.push(("value-high", value.high.map(|high| high.value).into()));
    fields.push((if figure.is_floor { "at-least" } else { "at-most" }, goal.into()));
    fields.push(("unit", figure.unit.to_string().into()));
}
