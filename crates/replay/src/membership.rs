//! Whose word is whose: turns a speaker and the owners of a commitment into how close they stood on the day of the act.
//!
//! It follows what is declared: `part-of` on a party (in its `period`, where it has one), and appointments and departures that link
//! `part-of` to a body. It knows nothing of commitments; `evidence` grades by what it says.

use crate::View;
use crate::work::Belonging;
use heldto_fact::{Body, Change, Fact, FactId, IndexTerm, LinkKind, PartyKind, Strength, Voice, Window};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How a speaker stands to the owners of a commitment, the closest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// A body of its own.
    Independent,
    /// A part, a partner, or the body that an owner is part of.
    Own,
    /// An office-holder of an owner, or a department or minister of a government that is one.
    Office,
    /// An owner.
    Owner,
}

/// Returns how a speaker stood to the closest of the owners in a window. An act whose day may lie in a membership counts as in it.
pub(crate) fn standing(view: &View<'_>, speaker: &FactId, owners: &BTreeSet<&FactId>, window: Window) -> Standing {
    if owners.contains(speaker) {
        return Standing::Owner;
    }
    let above = bodies_of(view, speaker, window);
    let to_one = |owner: &&FactId| {
        if above.contains(*owner) {
            let is_state = matches!(kind_of(view, owner), Some(PartyKind::Government | PartyKind::Department));
            let holds_office = kind_of(view, speaker) == Some(PartyKind::OfficeHolder)
                || (is_state && kind_of(view, speaker) == Some(PartyKind::Department));
            return if holds_office { Standing::Office } else { Standing::Own };
        }
        let of_owner = bodies_of(view, owner, window);
        // One government's departments and ministers are each other's own; its boards and schools are not.
        let serves = |party: &FactId| {
            matches!(
                kind_of(view, party),
                Some(PartyKind::Government | PartyKind::Department | PartyKind::OfficeHolder)
            )
        };
        let is_shared = |body: &&FactId| {
            above.contains(*body)
                && match kind_of(view, body) {
                    Some(PartyKind::Partnership) => true,
                    Some(PartyKind::Government) => is_state(view, owner) && serves(speaker),
                    _ => false,
                }
        };
        if of_owner.contains(speaker) || of_owner.iter().any(is_shared) { Standing::Own } else { Standing::Independent }
    };
    owners.iter().map(to_one).max().unwrap_or(Standing::Independent)
}

/// Returns `true` if the official word of a party stands by itself, whatever it is part of: it is of such a kind, or it holds an office of
/// one that is, and that owes nothing here.
pub(crate) fn is_watchdog(view: &View<'_>, party: &FactId, owners: &BTreeSet<&FactId>, window: Window) -> bool {
    let of_one =
        || bodies_of(view, party, window).into_iter().any(|body| !owners.contains(body) && watches(view, body));
    watches(view, party) || (kind_of(view, party) == Some(PartyKind::OfficeHolder) && of_one())
}

fn watches(view: &View<'_>, party: &FactId) -> bool {
    matches!(
        kind_of(view, party),
        Some(
            PartyKind::Inspectorate
                | PartyKind::Ombudsman
                | PartyKind::Auditor
                | PartyKind::Court
                | PartyKind::Inquiry
                | PartyKind::Regulator
                | PartyKind::Other
        )
    )
}

/// Returns `true` if a party is a government or a department.
pub(crate) fn is_state(view: &View<'_>, party: &FactId) -> bool {
    matches!(kind_of(view, party), Some(PartyKind::Government | PartyKind::Department))
}

/// Returns `true` if a party is a government.
pub(crate) fn is_government(view: &View<'_>, party: &FactId) -> bool {
    kind_of(view, party) == Some(PartyKind::Government)
}

/// Returns `true` if a party is a court.
pub(crate) fn is_court(view: &View<'_>, party: &FactId) -> bool {
    kind_of(view, party) == Some(PartyKind::Court)
}

/// Returns the kind of a declared party.
fn kind_of(view: &View<'_>, party: &FactId) -> Option<PartyKind> {
    match view.fact(party)?.body {
        Body::Party { kind, .. } => Some(kind),
        _ => None,
    }
}

/// Returns a body and whatever was ever part of it, through others or not.
#[must_use]
pub fn members<'a>(view: &View<'a>, body: &'a FactId) -> BTreeSet<&'a FactId> {
    let (mut found, mut open) = (BTreeSet::new(), vec![body]);
    while let Some(body) = open.pop() {
        if !found.insert(body) {
            continue;
        }
        for (fact, link) in view.linked_as(body, LinkKind::PartOf).filter(|(_, l)| l.strength != Strength::Possible) {
            match &fact.body {
                Body::Party { .. } => open.push(&fact.id),
                Body::Change { what: Change::Appointment, .. } => {
                    open.extend(fact.subjects().iter().filter(|subject| **subject != link.to));
                }
                _ => {}
            }
        }
    }
    found
}

/// Returns every body that a party was part of in a window, through others or not.
#[must_use]
pub fn bodies_of<'a>(view: &View<'a>, party: &FactId, window: Window) -> BTreeSet<&'a FactId> {
    let (mut found, mut open) = (BTreeSet::new(), memberships(view, party, window));
    while let Some(body) = open.pop() {
        if found.insert(body) {
            open.extend(memberships(view, body, window));
        }
    }
    found
}

/// Returns the bodies that a party itself was part of in a window.
fn memberships<'a>(view: &View<'a>, party: &FactId, window: Window) -> Vec<&'a FactId> {
    let Some(declared) = view.fact(party) else { return Vec::new() };
    let begun = declared.window();
    let lasts = if begun.overlaps(window) { wholes(declared).map(|body| (body, begun)).collect() } else { Vec::new() };
    // A council is not appointed: only who holds an office is looked up among all that names it.
    if !matches!(declared.body, Body::Party { kind: PartyKind::OfficeHolder | PartyKind::People, .. }) {
        return lasts.into_iter().map(|(body, _)| body).collect();
    }
    let told = belonging(view, declared);
    let not_yet = |from: &Window| matches!((from.earliest, window.latest), (Some(begun), Some(act)) if begun > act);
    let appointed = told.appointed.iter().filter(|(_, from)| !not_yet(from));
    let appointed = appointed.filter_map(|(body, from)| Some((&view.fact(body)?.id, *from)));
    // Left for certain before the act, and not before the membership began.
    let has_left = |body: &FactId, from: Window| {
        told.left.iter().any(|(left, on)| {
            let before = matches!((on.latest, window.earliest), (Some(day), Some(act)) if day < act);
            left == body && before && from.earliest.is_none_or(|begun| on.latest.is_some_and(|day| begun <= day))
        })
    };
    let all: Vec<(&'a FactId, Window)> = lasts.into_iter().chain(appointed).collect();
    all.into_iter().filter(|(body, from)| !has_left(body, *from)).map(|(body, _)| body).collect()
}

/// Returns the bodies that a party is declared to follow.
pub(crate) fn predecessors(view: &View<'_>, party: &FactId) -> Vec<FactId> {
    view.fact(party).map_or_else(Vec::new, |declared| belonging(view, declared).follows.clone())
}

/// Reads once what the facts that name a party tell of where it belongs.
fn belonging<'a>(view: &View<'a>, party: &'a Fact) -> Arc<Belonging> {
    let key = (party.id.clone(), view.clock(), view.is_sensitive());
    view.work().belonging(key, || {
        let mut found = Belonging::default();
        for fact in view.lookup(IndexTerm::Party(&party.id)) {
            view.count_compared(1);
            let is_about = fact.subjects().contains(&party.id);
            let bodies = || wholes(fact).map(|body| (body.clone(), fact.window()));
            match &fact.body {
                Body::Change { what: Change::Appointment, .. } if is_about => found.appointed.extend(bodies()),
                Body::Change { what: Change::Departure | Change::OfficeEnded, .. } if is_about => {
                    found.left.extend(bodies());
                }
                Body::Succession { of, .. } if fact.to.contains(&party.id) && fact.voice != Some(Voice::Critic) => {
                    found.follows.push(of.clone());
                }
                _ => {}
            }
        }
        found
    })
}

/// Returns what a fact says it is part of, for certain or probably.
fn wholes(fact: &Fact) -> impl Iterator<Item = &FactId> {
    fact.links.iter().filter(|l| l.kind == LinkKind::PartOf && l.strength != Strength::Possible).map(|l| &l.to)
}
