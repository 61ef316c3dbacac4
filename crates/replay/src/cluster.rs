use crate::View;
use heldto_fact::{Fact, FactId, LinkKind, Strength};
use std::collections::BTreeSet;
use std::rc::Rc;

/// The tellings of one thing: facts tied by `same-as` or `repeats`, and so counted and judged once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster<'a> {
    /// The tellings, from the one known first; shared by all that speak of the thing.
    pub mentions: Rc<[&'a Fact]>,
}

impl<'a> Cluster<'a> {
    /// All the tellings of the thing that this fact, which is known, tells.
    #[must_use]
    pub fn of(view: &View<'a>, fact: &'a Fact) -> Self {
        let mut mentions = vec![fact];
        // Most things are told once.
        let alone = !fact.links.iter().any(ties) && !view.is_target(&fact.id);
        if alone {
            return Self { mentions: mentions.into() };
        }
        let (mut seen, mut open) = (BTreeSet::from([&fact.id]), vec![fact]);
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

    /// The telling known first, by whose id the thing goes.
    #[must_use]
    pub fn first(&self) -> &'a Fact {
        self.mentions[0]
    }

    /// Whether this fact is one of the tellings.
    #[must_use]
    pub fn holds(&self, id: &FactId) -> bool {
        self.mentions.iter().any(|f| f.id == *id)
    }

    /// Facts, each given once, sorted into clusters in their order.
    pub fn each(view: &View<'a>, facts: impl Iterator<Item = &'a Fact>) -> Vec<Self> {
        let (mut seen, mut clusters) = (BTreeSet::new(), Vec::new());
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

/// Whether a link says that both are one: a possible one does not.
fn ties(link: &heldto_fact::Link) -> bool {
    matches!(link.kind, LinkKind::SameAs | LinkKind::Repeats) && link.strength != Strength::Possible
}
