//! Replacement: finds the commitment that replaced another, and the respects in which it is weaker.
//!
//! Start at [`superseded`].

use super::undertaking::imposers;
use super::{Case, Finding, Verdict, Weakening};
use crate::membership::{Standing, is_owner, standing};
use crate::{Direction, Grade, Status};
use heldto_fact::{
    Amount, Body, Fact, FactId, Force, LinkKind, Qualifier, Role, Strength, Target, Threshold, Truth, Voice,
};

/// Matches a linked replacement that was dated and public no later than the last due day.
pub fn superseded<'a>(case: &Case<'a>) -> Option<Verdict<'a>> {
    let by = case.cluster.mentions.iter().flat_map(|t| case.view.linked_as(&t.id, LinkKind::Supersedes));
    let owners = &case.undertaking.owners;
    let is_owners = |later: &Fact| later.by.iter().any(|by| is_owner(&case.view, by, owners, later.window()));
    // An imposed commitment is replaced only by one of the same imposer; a promise only by one of
    // its owner or the owner's successor.
    let is_imposed = |later: &'a Fact| {
        let binds = matches!(&later.body, Body::Pledge(c) if c.force.is_imposed());
        binds && !matches!(later.voice, Some(Voice::Owner | Voice::Critic)) && is_by_imposer(case, later)
    };
    let replaces = |later: &'a Fact| if case.undertaking.is_imposed() { is_imposed(later) } else { is_owners(later) };
    let (later, _) = by.into_iter().find(|(f, l)| {
        matches!(f.body, Body::Pledge(_))
            && l.strength != Strength::Possible
            && !case.cluster.holds(&f.id)
            && replaces(f)
    })?;
    let known = case.view.fact_known_from(&later.id);
    let in_time = case
        .window
        .latest
        .is_none_or(|latest| later.window().by(latest) == Truth::Yes && known.is_none_or(|known| known <= latest));
    in_time.then(|| {
        let own = case.by_itself();
        let (grade, _) = crate::judge::evidence::grade(&case.view, later, Direction::Withdrawn, owners);
        // A replacement by the imposer is not a weaker promise of the owner.
        let is_promise = is_owners(later) && !case.undertaking.is_imposed();
        let weaker = if is_promise { weaker(case, later) } else { Vec::new() };
        let grade = match later.voice {
            Some(Voice::Record | Voice::Official) if case.undertaking.is_imposed() => Grade::Proven,
            _ => grade,
        };
        let finding = Finding::Superseded {
            by: &later.id,
            status: own.status,
            own: Box::new(own.finding),
            weaker: weaker.clone(),
        };
        Verdict { grade: Some(grade), weaker, ..Verdict::new(Status::Superseded, finding, own.used) }
    })
}

/// Returns `true` if an imposer of this commitment also imposed the later one.
///
/// If no imposer is on record, returns `true` if the later one was imposed by parties independent
/// of the owners.
fn is_by_imposer<'a>(case: &Case<'a>, later: &'a Fact) -> bool {
    let before = imposers(&case.view, case.cluster.mentions.iter().copied());
    let now = imposers(&case.view, std::iter::once(later));
    let stands = |by: &FactId| standing(&case.view, by, &case.undertaking.owners, later.window());
    if before.is_empty() {
        !now.is_empty() && now.iter().all(|by| stands(by) == Standing::Independent)
    } else {
        now.iter().any(|by| is_owner(&case.view, by, &before, later.window()))
    }
}

/// Returns the change if the owner lowered its first target.
pub fn lowered<'a>(case: &Case<'a>) -> Option<Weakening<'a>> {
    let was = case.undertaking.first_target?;
    let now = case.undertaking.target?;
    if case.undertaking.is_imposed() || was == now {
        return None;
    }
    less_target(was, now)
}

/// Returns the respects in which a replacement is weaker: a lower number, a later due day or none,
/// or an aspiration instead of a binding promise.
fn weaker<'a>(case: &Case<'a>, later: &'a Fact) -> Vec<Weakening<'a>> {
    let Body::Pledge(new) = &later.body else { return Vec::new() };
    let target = match (case.undertaking.target, &new.target) {
        (Some(was), Some(now)) => less_target(was, now),
        (Some(Target::Amount(_) | Target::Metric { .. }), None) => Some(Weakening::NoNumber),
        _ => None,
    };
    let due = match (case.window.latest, &new.due) {
        (Some(was), None) => Some(Weakening::NoDueDay { was }),
        (Some(was), Some(due)) => match due.window().latest.filter(|_| due.falls_once()) {
            None => Some(Weakening::NoLastDay { was }),
            Some(now) => (now > was).then_some(Weakening::Later { now, was }),
        },
        (None, _) => None,
    };
    let binds = case.undertaking.force != Force::Aspiration && new.force == Force::Aspiration;
    let force = binds.then_some(Weakening::Aspiration { was: case.undertaking.force });
    target.into_iter().chain(due).chain(force).collect()
}

/// Returns the respect in which `now` is a weaker target than `was`.
fn less_target<'a>(was: &'a Target, now: &'a Target) -> Option<Weakening<'a>> {
    let less = |was: &Amount, now: &'a Amount, is_floor: bool| {
        let was_at = was.interval().low.value;
        let now_at = now.interval().low.value;
        let is_weaker = if is_floor { now_at < was_at } else { now_at > was_at };
        // A floor bounded only from above ("up to 500") sets no number to compare with.
        let is_set = |a: &Amount| {
            !matches!(a.qualifier, Qualifier::UpTo | Qualifier::LessThan | Qualifier::Nearly | Qualifier::ShareOf)
                || !is_floor
        };
        (is_set(was) && is_set(now) && was.unit == now.unit && was.value.is_some() && now.value.is_some() && is_weaker)
            .then_some(Weakening::Number { now: now_at, was: was_at, unit: &now.unit })
    };
    match (was, now) {
        (Target::Amount(was), Target::Amount(now)) => less(was, now, was.role != Role::Limit),
        (
            Target::Metric { metric: was_of, threshold: was, .. },
            Target::Metric { metric: now_of, threshold: now, .. },
        ) if was_of == now_of => match (was, now) {
            (Threshold::AtLeast(was), Threshold::AtLeast(now)) => less(was, now, true),
            (Threshold::AtMost(was), Threshold::AtMost(now)) => less(was, now, false),
            _ => None,
        },
        (Target::Amount(_) | Target::Metric { .. }, Target::Deliverable(_) | Target::KeepDoing(_)) => {
            Some(Weakening::NoNumber)
        }
        _ => None,
    }
}
