use crate::View;
use heldto_fact::{Body, Change, Fact, FactId, Truth};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Which facts name which party, as whoever says or owes, is spoken of, or is addressed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Authorities {
    named_in: BTreeMap<FactId, BTreeSet<FactId>>,
}

impl Authorities {
    pub(crate) fn apply(&mut self, fact: &Fact) {
        for party in fact.by.iter().chain(&fact.about).chain(&fact.to) {
            self.named_in.entry(party.clone()).or_default().insert(fact.id.clone());
        }
    }

    /// The facts of which some version names this party.
    pub fn named_in(&self, party: &FactId) -> impl Iterator<Item = &FactId> {
        self.named_in.get(party).into_iter().flatten()
    }
}

/// Who controlled an authority, from when.
#[derive(Debug, Clone)]
pub struct Control<'a> {
    /// The fact that says so.
    pub fact: &'a Fact,
    /// Who.
    pub by: &'a str,
    /// Whether it had happened by the as-of day.
    pub begun: Truth,
}

/// The changes of control of an authority that are known, in order of time.
#[must_use]
pub fn controls<'a>(view: &View<'a>, party: &FactId) -> Vec<Control<'a>> {
    let facts = view.states().authorities.named_in(party).filter_map(|id| view.fact(id));
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
    let start = heldto_fact::Window { latest: fact.window().earliest.or(fact.window().latest), ..fact.window() };
    start.by(view.clock().as_of)
}
