//! Facts without what they say of other facts that are not to be named.

use crate::{Body, Due, Fact, FactId, Mode, Target, Terms};
use std::borrow::Cow;
use std::collections::BTreeSet;

impl Fact {
    /// Returns the fact without the links, parties and citations that name any of these ids; `None` where what its kind says
    /// cannot be told without naming one.
    #[must_use]
    pub fn without(&self, ids: &BTreeSet<FactId>) -> Option<Cow<'_, Self>> {
        let is_named = |id: &FactId| ids.contains(id);
        if self.body.names().into_iter().any(is_named) {
            return None;
        }
        let names_none = !self.parties().any(is_named)
            && !self.targets().any(is_named)
            && !self.cites.iter().any(|c| is_named(&c.source))
            && !matches!(&self.body, Body::Source(from) if from.revises.as_ref().is_some_and(is_named));
        if names_none {
            return Some(Cow::Borrowed(self));
        }
        let mut fact = self.clone();
        for parties in [&mut fact.by, &mut fact.about, &mut fact.to] {
            parties.retain(|id| !ids.contains(id));
        }
        fact.reporter = fact.reporter.filter(|id| !ids.contains(id));
        for amount in &mut fact.amounts {
            amount.payer = amount.payer.take().filter(|id| !ids.contains(id));
        }
        fact.cites.retain(|cite| !ids.contains(&cite.source));
        fact.links.retain(|link| !ids.contains(&link.to));
        match &mut fact.body {
            Body::Source(from) => from.revises = from.revises.take().filter(|id| !ids.contains(id)),
            Body::Decision { on, .. } => on.retain(|id| !ids.contains(id)),
            Body::Succession { passes, .. } => {
                for passed in passes {
                    passed.to = passed.to.take().filter(|id| !ids.contains(id));
                }
            }
            _ => {}
        }
        Some(Cow::Owned(fact))
    }
}

impl Body {
    /// Returns the ids without which it cannot be told.
    fn names(&self) -> Vec<&FactId> {
        match self {
            Self::Measurement { metric, .. } => vec![metric],
            Self::Assessment { of, .. } | Self::Succession { of, .. } => vec![of],
            Self::Pledge(commitment) => names_of_terms(commitment.target.as_ref(), commitment.due.as_ref()),
            Self::Recommendation(r) => {
                let Terms { target, due, .. } = &r.terms;
                names_of_terms(target.as_ref(), due.as_ref()).into_iter().chain(&r.publication).collect()
            }
            Self::Decision { terms: Some(terms), .. } => names_of_terms(terms.target.as_ref(), terms.due.as_ref()),
            _ => Vec::new(),
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
