//! Successions: which body follows which, and from when.
//!
//! Turns `succession` facts into the bodies before and after one. Obligations stay owed and series
//! stay apart: this module moves nothing. Start at [`successors`].

use crate::View;
use heldto_fact::{Body, Fact, FactId, IndexTerm, Truth, Voice};
use std::collections::BTreeSet;

/// Returns the facts by which a body was followed by others, as they had happened by the as-of day,
/// the latest last.
///
/// A critic's word does not count.
#[must_use]
pub fn successors<'a>(view: &View<'a>, party: &FactId) -> Vec<&'a Fact> {
    let is_of = |fact: &&Fact| matches!(&fact.body, Body::Succession { of, .. } if of == party);
    happened(view, party, is_of)
}

/// Returns the facts by which a body followed others, as they had happened by the as-of day, the
/// latest last.
#[must_use]
pub fn predecessors<'a>(view: &View<'a>, party: &FactId) -> Vec<&'a Fact> {
    let is_to = |fact: &&Fact| matches!(fact.body, Body::Succession { .. }) && fact.to.contains(party);
    happened(view, party, is_to)
}

fn happened<'a>(view: &View<'a>, party: &FactId, is_it: impl Fn(&&Fact) -> bool) -> Vec<&'a Fact> {
    let has_come = |fact: &&Fact| fact.window().by(view.clock().as_of) == Truth::Yes;
    let found = view.lookup(IndexTerm::Succession(party)).filter(|f| f.voice != Some(Voice::Critic));
    let mut found: Vec<&'a Fact> = found.filter(|f| is_it(f) && has_come(f)).collect();
    found.sort_by_key(|fact| (fact.window().latest, &fact.id));
    found
}

/// Returns every body that a party follows, directly or through others, as at the as-of day.
#[must_use]
pub fn ancestors<'a>(view: &View<'a>, party: &FactId) -> BTreeSet<&'a FactId> {
    let before = |party: &FactId| {
        let of = predecessors(view, party).into_iter();
        of.filter_map(|fact| if let Body::Succession { of, .. } = &fact.body { Some(of) } else { None })
    };
    let mut found: BTreeSet<&FactId> = BTreeSet::new();
    let mut open: Vec<&FactId> = before(party).collect();
    while let Some(body) = open.pop() {
        if body != party && found.insert(body) {
            open.extend(before(body));
        }
    }
    found
}
