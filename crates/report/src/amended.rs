//! Finds corrections and retractions, which are dated by recording only. Knows no documents. Start
//! at [`amendments`].

use crate::{FactFilter, Item, Selection, day, wording};
use heldto_fact::{FactId, Kind, Version};

/// One correction or retraction.
pub(crate) struct Amendment<'a> {
    pub of: &'a FactId,
    pub kind: Kind,
    pub version: &'a Version,
    pub reason: String,
}

/// Returns the amendments recorded by the known-by day, in the order of the log.
///
/// Covers facts that match the filter in any version, whatever kinds the filter requests.
pub(crate) fn amendments<'a>(selection: &Selection<'a, '_>, pick: impl Fn(&Version) -> bool) -> Vec<Amendment<'a>> {
    let view = &selection.view();
    let any_kind = FactFilter { kind: Vec::new(), ..selection.filter().clone() };
    let mut found = Vec::new();
    for id in selection.candidates() {
        let versions = view.versions(id);
        let concerned = versions.iter().filter_map(|v| v.fact.as_ref()).any(|f| any_kind.matches(view, f));
        for (n, version) in versions.iter().enumerate().filter(|(_, v)| concerned && pick(v)) {
            let in_time = version.recorded_at.date_naive() <= view.clock().known_by;
            let Some(reason) = version.reason.as_deref().filter(|_| in_time) else { continue };
            let was_retracted = n.checked_sub(1).and_then(|n| versions.get(n)).is_some_and(|v| v.fact.is_none());
            let (kind, reason) = match &version.fact {
                Some(_) if was_retracted => (Kind::Retraction, wording::amended::reinstated(reason)),
                Some(_) => (Kind::Correction, reason.to_owned()),
                None => (Kind::Retraction, reason.to_owned()),
            };
            found.push(Amendment { of: id, kind, version, reason });
        }
    }
    found.sort_by_key(|a| a.version.index);
    found
}

/// Returns an amendment as a list item.
pub(crate) fn item(a: &Amendment<'_>) -> Item {
    Item {
        mark: day(a.version.recorded_at.date_naive()),
        line: a.reason.clone(),
        details: vec![wording::amended::amendment_in(a.kind, a.of, a.version.index)],
        ..Item::default()
    }
}
