//! Clusters: several mentions of the same event or commitment, counted as one.
//!
//! Turns a fact of a [`View`] into all of its mentions. It does not weigh one against another.
//! Start with [`Cluster::of`].

use crate::View;
use heldto_fact::{Fact, FactId, LinkKind, Strength};
use std::collections::BTreeSet;
use std::rc::Rc;

/// The mentions of one event or commitment, counted and judged once.
///
/// Mentions are facts tied by `same-as` or `repeats` links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster<'a> {
    /// Mentions, the one known first at the front; shared by all evidence from this cluster.
    pub mentions: Rc<[&'a Fact]>,
}

impl<'a> Cluster<'a> {
    /// Returns the cluster of a fact, which must be known in the view.
    ///
    /// Follows ties in both directions, through other mentions, among facts of the same kind.
    #[must_use]
    pub fn of(view: &View<'a>, fact: &'a Fact) -> Self {
        let mut mentions = vec![fact];
        // Most facts have no other mention.
        let alone = !fact.links.iter().any(ties) && !view.is_target(&fact.id);
        if alone {
            return Self { mentions: mentions.into() };
        }
        let mut seen = BTreeSet::from([&fact.id]);
        let mut open = vec![fact];
        while let Some(fact) = open.pop() {
            view.count_compared(1);
            let forward = fact.links.iter().filter(|l| ties(l)).filter_map(|l| view.fact(&l.to));
            let backward = view.linked_from(&fact.id).filter(|(_, l)| ties(l)).map(|(from, _)| from);
            for other in forward.chain(backward) {
                if other.kind() == fact.kind() && seen.insert(&other.id) {
                    mentions.push(other);
                    open.push(other);
                }
            }
        }
        mentions.sort_by_key(|f| (view.fact_known_from(&f.id), view.version(&f.id).map(|v| v.index)));
        Self { mentions: mentions.into() }
    }

    /// Returns the mention known first, whose id identifies the cluster.
    #[must_use]
    pub fn first(&self) -> &'a Fact {
        self.mentions[0]
    }

    /// Returns `true` if this fact is one of the mentions.
    #[must_use]
    pub fn holds(&self, id: &FactId) -> bool {
        self.mentions.iter().any(|f| f.id == *id)
    }

    /// Groups facts into clusters, in the order of the facts, each of which must be given once.
    pub fn each(view: &View<'a>, facts: impl Iterator<Item = &'a Fact>) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        let mut clusters = Vec::new();
        for fact in facts {
            if seen.contains(&fact.id) {
                continue;
            }
            let cluster = Self::of(view, fact);
            if cluster.mentions.len() > 1 {
                seen.extend(cluster.mentions.iter().map(|f| &f.id));
            }
            clusters.push(cluster);
        }
        clusters
    }
}

/// Returns `true` if a link ties two mentions; a link that is only possible does not.
fn ties(link: &heldto_fact::Link) -> bool {
    matches!(link.kind, LinkKind::SameAs | LinkKind::Repeats) && link.strength != Strength::Possible
}
