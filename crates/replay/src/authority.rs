//! Political control of authorities, by date.
//!
//! Turns the changes of control known in a [`View`] into administrations, each with a [`Truth`] for
//! a window. It knows no commitments. Start with [`administrations`].

use crate::View;
use heldto_fact::{Body, Change, Fact, FactId, IndexTerm, Truth, When, Window};

/// A change of control of an authority.
#[derive(Debug, Clone)]
pub struct Control<'a> {
    /// The fact that records the change.
    pub fact: &'a Fact,
    /// Name of the party or person in control from then on.
    pub by: &'a str,
    /// [`Truth::Yes`] if the change had happened by the as-of day.
    pub begun: Truth,
}

/// Returns the known changes of control of an authority, in order of time.
#[must_use]
pub fn controls<'a>(view: &View<'a>, party: &FactId) -> Vec<Control<'a>> {
    let facts = view.lookup(IndexTerm::Control(party));
    let mut found: Vec<Control<'a>> = facts
        .filter_map(|fact| match &fact.body {
            Body::Change { what: Change::Control, value: Some(by) } if fact.subjects().contains(party) => {
                Some(Control { fact, by, begun: begun(fact, view) })
            }
            _ => None,
        })
        .collect();
    found.sort_by_key(|c| (c.fact.window().earliest, c.fact.window().latest));
    found
}

fn begun(fact: &Fact, view: &View<'_>) -> Truth {
    let start = Window { latest: fact.window().earliest.or(fact.window().latest), ..fact.window() };
    start.by(view.clock().as_of)
}

/// Returns the names that controlled an authority in a window, each certain or only possible.
///
/// An administration lasts until another is known to have begun.
#[must_use]
pub fn administrations<'a>(view: &View<'a>, party: &FactId, window: Window) -> Vec<(&'a str, Truth)> {
    let mut terms: Vec<(&'a str, Vec<&'a Fact>)> = Vec::new();
    for control in controls(view, party) {
        match terms.last_mut().filter(|(by, _)| *by == control.by) {
            Some((_, facts)) => facts.push(control.fact),
            None => terms.push((control.by, vec![control.fact])),
        }
    }
    let starts = |facts: &[&Fact]| {
        // "Throughout" with an open start began before any known day. Any other control had begun
        // by the last day on which it may have started.
        let lasted = |f: &&Fact| f.occurred.as_ref().is_some_and(When::is_throughout) && f.window().earliest.is_none();
        let surely = facts.iter().filter_map(|f| f.window().latest).min();
        let possibly = facts.iter().filter_map(|f| f.window().earliest).min();
        if facts.iter().any(lasted) { (None, None) } else { (possibly, surely) }
    };
    let mut found = Vec::new();
    for (n, (by, facts)) in terms.iter().enumerate() {
        let (possibly, surely) = starts(facts);
        let (ends, ended) = terms.get(n + 1).map_or((None, None), |(_, next)| starts(next));
        let after_start = surely.is_none_or(|day| window.earliest.is_some_and(|e| e >= day));
        let before_end = ends.is_none_or(|day| window.latest.is_some_and(|l| l < day));
        // No fact gives the start of the first known administration.
        let too_early = n > 0 && possibly.is_some_and(|day| window.latest.is_some_and(|l| l < day));
        let too_late = ended.is_some_and(|day| window.earliest.is_some_and(|e| e >= day));
        if after_start && before_end {
            found.push((*by, Truth::Yes));
        } else if !too_early && !too_late {
            found.push((*by, Truth::CannotTell));
        }
    }
    found
}
