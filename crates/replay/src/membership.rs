//! Membership: turns a speaker and the owners of a commitment into how closely they
//! stood on the day of an act.
//!
//! Follows declarations only: `part-of` on a party (in its `period`, if there is one), and
//! appointments and departures that link `part-of` to a body. It knows no commitments; `evidence`
//! grades by the standing found here. Start with [`standing`].

use crate::View;
use crate::succession::heirs;
use crate::work::Belonging;
use heldto_fact::{Body, Change, Fact, FactId, IndexTerm, LinkKind, PartyKind, Strength, Window};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Standing of a speaker towards the owners of a commitment, the closest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// A separate body.
    Independent,
    /// A part or partner of an owner, a body that an owner is part of, or another department or
    /// minister of the same government.
    Own,
    /// An office-holder of an owner, or a department of a government that is an owner.
    ///
    /// Ministers are office-holders. A department of a department that is an owner counts too.
    Office,
    /// An owner.
    Owner,
}

/// Returns the closest standing of a speaker to any owner in a window.
///
/// An act whose day may lie within a membership counts as within it. A body that follows an owner
/// stands as the owner does from the day of the succession; one that only may follow it, or that
/// is one of several, stands as the owner's own.
pub(crate) fn standing(view: &View<'_>, speaker: &FactId, owners: &BTreeSet<&FactId>, window: Window) -> Standing {
    if owners.contains(speaker) {
        return Standing::Owner;
    }
    let heirs = heirs(view, owners, window);
    if heirs.is_empty() {
        return standing_to(view, speaker, owners, window);
    }
    let of = |speaks: bool| heirs.iter().filter(move |(_, s)| **s == speaks).map(|(body, _)| body).collect();
    let sure: BTreeSet<&FactId> = of(true);
    let doubtful: BTreeSet<&FactId> = of(false);
    if sure.contains(speaker) {
        return Standing::Owner;
    }
    let closest = standing_to(view, speaker, &(owners | &sure), window);
    if doubtful.is_empty() || closest >= Standing::Own {
        return closest;
    }
    let is_of_doubtful =
        doubtful.contains(speaker) || standing_to(view, speaker, &doubtful, window) != Standing::Independent;
    if is_of_doubtful { Standing::Own } else { Standing::Independent }
}

/// Returns `true` if a body is an owner, or follows one and speaks as it does.
pub(crate) fn is_owner(view: &View<'_>, body: &FactId, owners: &BTreeSet<&FactId>, window: Window) -> bool {
    owners.contains(body) || heirs(view, owners, window).get(body) == Some(&true)
}

/// Returns the closest standing of a speaker, who is none of them, to any of these bodies.
fn standing_to(view: &View<'_>, speaker: &FactId, owners: &BTreeSet<&FactId>, window: Window) -> Standing {
    let above = bodies_of(view, speaker, window);
    let to_one = |owner: &&FactId| {
        if above.contains(*owner) {
            let is_state = matches!(kind_of(view, owner), Some(PartyKind::Government | PartyKind::Department));
            let holds_office = kind_of(view, speaker) == Some(PartyKind::OfficeHolder)
                || (is_state && kind_of(view, speaker) == Some(PartyKind::Department));
            return if holds_office { Standing::Office } else { Standing::Own };
        }
        let of_owner = bodies_of(view, owner, window);
        // Departments and ministers of one government speak for each other;
        // its boards and schools do not.
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

/// Returns `true` if the official word of a party stands on its own, whatever body it is part of.
///
/// The party is of a watchdog kind, or an office-holder of a body that is and that is not an owner.
pub(crate) fn is_watchdog(view: &View<'_>, party: &FactId, owners: &BTreeSet<&FactId>, window: Window) -> bool {
    let of_one = || {
        bodies_of(view, party, window)
            .into_iter()
            .any(|body| !is_owner(view, body, owners, window) && watches(view, body))
    };
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

/// Returns a body and every party that was ever part of it, directly or through others.
#[must_use]
pub fn members<'a>(view: &View<'a>, body: &'a FactId) -> BTreeSet<&'a FactId> {
    let mut found = BTreeSet::new();
    let mut open = vec![body];
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

/// Returns every body that a party was part of in a window, directly or through others.
#[must_use]
pub fn bodies_of<'a>(view: &View<'a>, party: &FactId, window: Window) -> BTreeSet<&'a FactId> {
    let mut found = BTreeSet::new();
    let mut open = memberships(view, party, window);
    while let Some(body) = open.pop() {
        if found.insert(body) {
            open.extend(memberships(view, body, window));
        }
    }
    found
}

/// Returns the bodies that a party was directly part of in a window.
fn memberships<'a>(view: &View<'a>, party: &FactId, window: Window) -> Vec<&'a FactId> {
    let Some(declared) = view.fact(party) else { return Vec::new() };
    let begun = declared.window();
    let lasts = if begun.overlaps(window) { wholes(declared).map(|body| (body, begun)).collect() } else { Vec::new() };
    // Only office-holders and people are appointed. For any other kind the facts that name
    // the party need not be read.
    if !matches!(declared.body, Body::Party { kind: PartyKind::OfficeHolder | PartyKind::People, .. }) {
        return lasts.into_iter().map(|(body, _)| body).collect();
    }
    let record = belonging(view, declared);
    let not_yet = |from: &Window| matches!((from.earliest, window.latest), (Some(begun), Some(act)) if begun > act);
    let appointed = record.appointed.iter().filter(|(_, from)| !not_yet(from));
    let appointed = appointed.filter_map(|(body, from)| Some((&view.fact(body)?.id, *from)));
    // Left for certain before the act, and not before this membership began.
    let has_left = |body: &FactId, from: Window| {
        record.left.iter().any(|(left, on)| {
            let before = matches!((on.latest, window.earliest), (Some(day), Some(act)) if day < act);
            left == body && before && from.earliest.is_none_or(|begun| on.latest.is_some_and(|day| begun <= day))
        })
    };
    let all: Vec<(&'a FactId, Window)> = lasts.into_iter().chain(appointed).collect();
    all.into_iter().filter(|(body, from)| !has_left(body, *from)).map(|(body, _)| body).collect()
}

/// Reads, once for each clock, the memberships recorded in the facts that name a party.
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
                _ => {}
            }
        }
        found
    })
}

/// Returns the targets of a fact's `part-of` links, unless a link is only possible.
fn wholes(fact: &Fact) -> impl Iterator<Item = &FactId> {
    fact.links.iter().filter(|l| l.kind == LinkKind::PartOf && l.strength != Strength::Possible).map(|l| &l.to)
}
