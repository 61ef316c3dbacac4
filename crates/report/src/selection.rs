//! The facts that a report considers: those that the index finds for a party or a link, or all.
//!
//! A filter that names neither a party nor a link can be selected only from a view of all facts, so
//! no report asks a source for what that source does not have. Start at [`Selection::of`].

use crate::{FactFilter, wording};
use heldto_fact::{Fact, FactId, FactSummary, IndexTerm, Truth};
use heldto_replay::{AllView, View, members};
use std::collections::BTreeSet;

/// A filter, with a source that can serve it.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a, 'f> {
    reach: Reach<'a, 'f>,
    filter: &'f FactFilter,
}

#[derive(Debug, Clone, Copy)]
enum Reach<'a, 'f> {
    /// Every fact is a candidate.
    All(AllView<'a>),
    /// The facts that name a party are candidates.
    Party(View<'a>, &'f FactId),
    /// The facts linked to one fact are candidates.
    Linked(View<'a>, &'f FactId),
}

impl<'a, 'f> Selection<'a, 'f> {
    /// Returns the selection of a filter; `None` if the filter needs all facts and the view has
    /// only an index.
    #[must_use]
    pub fn of(view: View<'a>, filter: &'f FactFilter) -> Option<Self> {
        let reach = match (filter.about.as_ref().or(filter.by.as_ref()), &filter.linked) {
            (Some(party), _) => Reach::Party(view, party),
            (None, Some(fact)) => Reach::Linked(view, fact),
            (None, None) => Reach::All(view.all()?),
        };
        Some(Self { reach, filter })
    }

    /// Returns the selection of another filter on the same view, if the view can serve it.
    pub(crate) fn with<'g>(&self, filter: &'g FactFilter) -> Option<Selection<'a, 'g>> {
        Selection::of(self.view(), filter)
    }

    /// Returns the view.
    #[must_use]
    pub fn view(&self) -> View<'a> {
        match self.reach {
            Reach::All(view) => *view,
            Reach::Party(view, _) | Reach::Linked(view, _) => view,
        }
    }

    /// Returns the filter.
    #[must_use]
    pub const fn filter(&self) -> &'f FactFilter {
        self.filter
    }

    /// Returns the view of all facts, if every fact is a candidate.
    pub(crate) const fn all(&self) -> Option<AllView<'a>> {
        match self.reach {
            Reach::All(view) => Some(view),
            Reach::Party(..) | Reach::Linked(..) => None,
        }
    }

    /// Returns a superset of the matching facts, by id.
    pub(crate) fn candidates(&self) -> Box<dyn Iterator<Item = &'a FactId> + 'a> {
        match self.reach {
            Reach::All(view) => Box::new(view.ids()),
            Reach::Party(view, party) if self.filter.members => {
                let Some(party) = view.fact(party) else { return Box::new(std::iter::empty()) };
                let of = |party| view.lookup_ids(IndexTerm::Party(party));
                let ids: BTreeSet<&'a FactId> = members(&view, &party.id).into_iter().flat_map(of).collect();
                Box::new(ids.into_iter())
            }
            Reach::Party(view, party) => Box::new(view.lookup_ids(IndexTerm::Party(party))),
            Reach::Linked(view, fact) => {
                let to = view.fact(fact).into_iter().flat_map(Fact::targets);
                let linked: BTreeSet<&'a FactId> = view.lookup_ids(IndexTerm::Target(fact)).chain(to).collect();
                Box::new(linked.into_iter())
            }
        }
    }

    /// Returns the candidates as known; of all facts, only those with a version of a requested kind
    /// that satisfies `predicate`.
    pub(crate) fn candidate_facts(
        &self,
        predicate: &dyn Fn(FactSummary) -> bool,
    ) -> Box<dyn Iterator<Item = &'a Fact> + 'a> {
        let view = self.view();
        match self.reach {
            Reach::All(all) => {
                let kinds = &self.filter.kind;
                let asked = |summary: FactSummary| kinds.is_empty() || kinds.contains(&summary.kind);
                Box::new(all.facts(&|summary| predicate(summary) && asked(summary)))
            }
            Reach::Party(..) | Reach::Linked(..) => Box::new(self.candidates().filter_map(move |id| view.fact(id))),
        }
    }

    /// Returns the matching facts, including those whose day matches only possibly.
    ///
    /// Of all facts, only those with a version that satisfies `predicate`.
    pub(crate) fn facts(
        &self,
        predicate: &dyn Fn(FactSummary) -> bool,
    ) -> impl Iterator<Item = &'a Fact> + use<'a, 'f> {
        let view = self.view();
        let filter = self.filter;
        self.candidate_facts(predicate)
            .filter(move |f| filter.matches(&view, f) && filter.in_range(f.window()) != Truth::No)
    }

    /// Describes near matches: the number of results without one of several conditions, as far as
    /// the view can serve the rest.
    pub(crate) fn nearly(&self, count: impl Fn(&Selection<'a, '_>) -> usize) -> Option<String> {
        let relaxed = self.filter.relaxed();
        if relaxed.len() < 2 {
            return None;
        }
        let found = relaxed.iter().filter_map(|(name, without)| Some((*name, count(&self.with(without)?))));
        let found: Vec<(&str, usize)> = found.filter(|(_, n)| *n > 0).collect();
        (!found.is_empty()).then(|| wording::filter::near_matches(&found))
    }
}
