//! Successions: which body follows which, and from when.
//!
//! Turns `succession` facts into the bodies before and after one. Obligations stay owed and series
//! stay apart: this module moves nothing. Start at [`successors`].

use crate::View;
use crate::work::Heir;
use heldto_fact::{Body, Fact, FactId, IndexTerm, Truth, Voice, Window};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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

/// Returns the successions from a party on, to the bodies that follow those that followed it, and
/// `true` if at any step several bodies follow one.
pub(crate) fn line<'a>(view: &View<'a>, party: &'a FactId) -> (Vec<&'a Fact>, bool) {
    let mut facts: Vec<&'a Fact> = Vec::new();
    let mut is_shared = false;
    let mut seen = BTreeSet::from([party]);
    let mut open = vec![party];
    while let Some(body) = open.pop() {
        let next = successors(view, body);
        let heirs: BTreeSet<&'a FactId> = next.iter().flat_map(|fact| &fact.to).collect();
        is_shared |= heirs.len() > 1;
        facts.extend(next);
        open.extend(heirs.into_iter().filter(|heir| seen.insert(heir)));
    }
    (facts, is_shared)
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

/// Returns the bodies that follow `owners`, directly or through others, as at an act; with each,
/// `true` if it speaks as the owner does.
///
/// A body speaks as the owner from the day of the succession, if no other body follows that owner:
/// where several do, the record does not say which of them owes what. A body that may follow, or
/// that is one of several, is found with `false`.
pub(crate) fn heirs(view: &View<'_>, owners: &BTreeSet<&FactId>, act: Window) -> BTreeMap<FactId, bool> {
    let mut found: BTreeMap<FactId, bool> = BTreeMap::new();
    if owners.iter().all(|owner| direct_heirs(view, owner).is_empty()) {
        return found;
    }
    let mut open: Vec<(FactId, bool)> = owners.iter().map(|owner| ((*owner).clone(), true)).collect();
    while let Some((body, speaks)) = open.pop() {
        let direct = direct_heirs(view, &body);
        let is_only = direct.iter().all(|heir| heir.body == direct[0].body);
        for heir in direct.iter().filter(|heir| !owners.contains(&heir.body)) {
            if matches!((heir.from.earliest, act.latest), (Some(from), Some(day)) if day < from) {
                continue;
            }
            let has_come = matches!((heir.from.latest, act.earliest), (Some(from), Some(day)) if from <= day);
            let speaks = speaks && is_only && has_come;
            if found.get(&heir.body).is_none_or(|before| !before && speaks) {
                found.insert(heir.body.clone(), speaks);
                open.push((heir.body.clone(), speaks));
            }
        }
    }
    found
}

/// Returns the bodies that directly follow a party; a critic's word does not count.
fn direct_heirs(view: &View<'_>, party: &FactId) -> Arc<[Heir]> {
    view.work().heirs((view.clock(), view.is_sensitive()), party, || {
        let said = view.lookup(IndexTerm::Succession(party)).filter(|fact| fact.voice != Some(Voice::Critic));
        let of_party = said.filter(|fact| matches!(&fact.body, Body::Succession { of, .. } if of == party));
        let heirs = of_party.flat_map(|fact| fact.to.iter().map(|body| (body, fact.window())));
        heirs.filter(|(body, _)| *body != party).map(|(body, from)| Heir { body: body.clone(), from }).collect()
    })
}
