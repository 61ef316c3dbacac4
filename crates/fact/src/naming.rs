//! Collects the ids that a fact names, in any role. Knows only the one fact. Start with
//! [`Fact::names_any`].

use crate::{Body, Due, Fact, FactId, Mode, Target, Terms};
use std::collections::BTreeSet;

impl Fact {
    /// Returns `true` if the fact names one of `ids`: as a party, by a link, as a source, in its
    /// body or, for a correction, in its replacement.
    #[must_use]
    pub fn names_any(&self, ids: &BTreeSet<FactId>) -> bool {
        let is_named = |id: &FactId| ids.contains(id);
        let replacement = match &self.body {
            Body::Correction { replacement, .. } => Some(replacement),
            _ => None,
        };
        self.parties().any(is_named)
            || self.targets().any(is_named)
            || self.cites.iter().any(|cite| is_named(&cite.source))
            || self.body.names().into_iter().any(is_named)
            || replacement.is_some_and(|replacement| replacement.names_any(ids))
    }
}

impl Body {
    /// Returns the ids in fields of the kind that [`Fact::parties`] and [`Fact::targets`] do not
    /// return.
    fn names(&self) -> Vec<&FactId> {
        match self {
            Self::Measurement { metric, .. } => vec![metric],
            Self::Source(from) => from.revises.iter().collect(),
            Self::Pledge(commitment) => names_of_terms(commitment.target.as_ref(), commitment.due.as_ref()),
            Self::Recommendation(r) => {
                let Terms { target, due, .. } = &r.terms;
                names_of_terms(target.as_ref(), due.as_ref()).into_iter().chain(&r.publication).collect()
            }
            Self::Decision { terms: Some(terms), .. } => names_of_terms(terms.target.as_ref(), terms.due.as_ref()),
            Self::Party { .. }
            | Self::Metric { .. }
            | Self::Inspection { .. }
            | Self::Notice { .. }
            | Self::Statement { .. }
            | Self::Question { .. }
            | Self::Delivery { .. }
            | Self::Complaint { .. }
            | Self::Payout { .. }
            | Self::Change { .. }
            | Self::Publication { .. }
            | Self::Assessment { .. }
            | Self::Succession { .. }
            | Self::Decision { .. }
            | Self::Correction { .. }
            | Self::Retraction { .. } => Vec::new(),
        }
    }
}

fn names_of_terms<'t>(target: Option<&'t Target>, due: Option<&'t Due>) -> Vec<&'t FactId> {
    let milestones = match due.map(|due| &due.mode) {
        Some(Mode::Milestones(milestones)) => milestones.as_slice(),
        _ => &[],
    };
    target.into_iter().chain(milestones.iter().map(|m| &m.target)).filter_map(name_of_target).collect()
}

const fn name_of_target(target: &Target) -> Option<&FactId> {
    match target {
        Target::Metric { metric, .. } | Target::Change { metric, .. } | Target::Average { metric, .. } => Some(metric),
        Target::Slot { of, .. } => Some(of),
        Target::Amount(_) | Target::Deliverable(_) | Target::KeepDoing(_) | Target::Never(_) => None,
    }
}
