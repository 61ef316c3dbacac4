//! Replacement: finds the commitment that replaced another, and the respects in which it is weaker.
//!
//! Start at [`superseded`].

use super::undertaking::imposers;
use super::{Case, Verdict};
use crate::membership::{Standing, standing};
use crate::{Direction, Grade, Status};
use heldto_fact::{
    Amount, Body, Fact, FactId, Force, LinkKind, Qualifier, Role, Strength, Target, Threshold, Truth, Voice,
};

/// Matches a linked replacement that was dated and public no later than the last due day.
pub fn superseded<'a>(case: &Case<'a>) -> Option<Verdict> {
    let by = case.cluster.mentions.iter().flat_map(|t| case.view.linked_as(&t.id, LinkKind::Supersedes));
    let owners = &case.undertaking.owners;
    let is_system = |later: &Fact| {
        later.by.iter().any(|by| owners.contains(by)) || crate::evidence::follows(&case.view, later, owners)
    };
    // An imposed commitment is replaced only by one of the same imposer; a promise only by one of
    // its owner or the owner's successor.
    let is_imposed = |later: &'a Fact| {
        let binds = matches!(&later.body, Body::Pledge(c) if c.force.is_imposed());
        binds && !matches!(later.voice, Some(Voice::Owner | Voice::Critic)) && is_by_imposer(case, later)
    };
    let replaces = |later: &'a Fact| if case.undertaking.is_imposed() { is_imposed(later) } else { is_system(later) };
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
        let rule = format!("replaced by {}; judged by itself it is {}: {}", later.id, own.status, own.rule);
        let (grade, _) = crate::evidence::grade(&case.view, later, Direction::Withdrawn, owners);
        // A replacement by the imposer is not a weaker promise of the owner.
        let weaker = weaker(case, later).filter(|_| is_system(later) && !case.undertaking.is_imposed());
        let grade = match later.voice {
            Some(Voice::Record | Voice::Official) if case.undertaking.is_imposed() => Grade::Proven,
            _ => grade,
        };
        let rule = weaker.as_ref().map_or(rule.clone(), |weaker| format!("{rule}; the new one is weaker: {weaker}"));
        Verdict { grade: Some(grade), weaker, ..Verdict::new(Status::Superseded, rule, own.used) }
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
        now.iter().any(|by| before.contains(by))
    }
}

/// Returns the change if the owner lowered its first target.
pub fn lowered(case: &Case<'_>) -> Option<String> {
    let (was, now) = (case.undertaking.first_target?, case.undertaking.target?);
    if case.undertaking.is_imposed() || was == now {
        return None;
    }
    less_target(was, now)
}

/// Returns the respects in which a replacement is weaker: a lower number, a later due day or none,
/// or an aspiration instead of a binding promise.
fn weaker(case: &Case<'_>, later: &Fact) -> Option<String> {
    let Body::Pledge(new) = &later.body else { return None };
    let target = match (case.undertaking.target, &new.target) {
        (Some(was), Some(now)) => less_target(was, now),
        (Some(Target::Amount(_) | Target::Metric { .. }), None) => Some("no number is set any more".to_owned()),
        _ => None,
    };
    let due = match (case.window.latest, &new.due) {
        (Some(was), None) => Some(format!("no due day in place of {was}")),
        (Some(was), Some(due)) => match due.window().latest.filter(|_| due.falls_once()) {
            None => Some(format!("no last day in place of {was}")),
            Some(now) => (now > was).then(|| format!("due by {now} in place of {was}")),
        },
        (None, _) => None,
    };
    let binds = case.undertaking.force != Force::Aspiration && new.force == Force::Aspiration;
    let force = binds.then(|| format!("an aspiration in place of a {}", case.undertaking.force));
    let all: Vec<String> = target.into_iter().chain(due).chain(force).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Returns the respect in which `now` is a weaker target than `was`.
fn less_target(was: &Target, now: &Target) -> Option<String> {
    let less = |was: &Amount, now: &Amount, is_floor: bool| {
        let (was_at, now_at) = (was.interval().low.value, now.interval().low.value);
        let is_weaker = if is_floor { now_at < was_at } else { now_at > was_at };
        // A floor bounded only from above ("up to 500") sets no number to compare with.
        let is_set = |a: &Amount| {
            !matches!(a.qualifier, Qualifier::UpTo | Qualifier::LessThan | Qualifier::Nearly | Qualifier::ShareOf)
                || !is_floor
        };
        (is_set(was) && is_set(now) && was.unit == now.unit && was.value.is_some() && now.value.is_some() && is_weaker)
            .then(|| format!("{now_at} {} in place of {was_at}", now.unit))
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
            Some("no number is set any more".to_owned())
        }
        _ => None,
    }
}
