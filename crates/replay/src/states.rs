use crate::{Authorities, Metrics, Money};
use chrono::{DateTime, Utc};
use heldto_fact::{Body, Content, Fact, FactId, Kind, Recorded};
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// All that the log says, folded entry by entry.
///
/// Law: `fold(a ++ b) == resume(snapshot(fold(a)), b)`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct States {
    size: u64,
    last_recorded: Option<DateTime<Utc>>,
    /// Every fact with its versions.
    pub timeline: Timeline,
    /// Which facts bear on which.
    pub commitments: Commitments,
    /// Which facts name which party.
    pub authorities: Authorities,
    /// Which measurements belong to which metric.
    pub metrics: Metrics,
    /// Which facts tell of money.
    pub money: Money,
}

/// Every fact with its versions, and what cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timeline {
    facts: BTreeMap<FactId, Vec<Version>>,
    /// Entries whose fact was erased.
    pub erased: u64,
    /// Entries of the ledger's own.
    pub own: u64,
    /// Entries of a version that this program cannot read.
    pub unreadable: u64,
}

/// What one entry says a fact is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The entry.
    pub index: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The fact from here on; `None` where it was retracted.
    pub fact: Option<Fact>,
    /// Why it was corrected or retracted.
    pub reason: Option<String>,
}

/// Pledges, and the links between facts in both directions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Commitments {
    pledges: BTreeSet<FactId>,
    linked_from: BTreeMap<FactId, BTreeSet<FactId>>,
}

/// Why a snapshot is not used. The log is then replayed from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It is not what the program wrote, or was written by another version of it.
    #[error("the snapshot is damaged, or of another version")]
    Damaged,
    /// It cannot be written.
    #[error("the snapshot cannot be written: {0}")]
    Unwritable(String),
}

/// Changes whenever a state does: an old snapshot is then not used.
const SNAPSHOT: &[u8; 20] = b"heldto snapshot v002";
const LIMIT: usize = 1 << 31;

impl States {
    /// How many entries went in.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// When the last of them was recorded.
    #[must_use]
    pub const fn last_recorded(&self) -> Option<DateTime<Utc>> {
        self.last_recorded
    }

    /// Takes in the next entry.
    pub fn apply(&mut self, recorded: Recorded) {
        self.size = recorded.index + 1;
        self.last_recorded = Some(recorded.recorded_at);
        let fact = match recorded.content {
            Content::Known(fact) => fact,
            Content::Own(_) => {
                self.timeline.own += 1;
                return;
            }
            Content::Erased(_) => {
                self.timeline.erased += 1;
                return;
            }
            Content::Unreadable => {
                self.timeline.unreadable += 1;
                return;
            }
        };
        let (id, version, reason) = match fact.body {
            Body::Correction { of, reason, replacement } => (of, Some(*replacement), Some(reason)),
            Body::Retraction { of, reason } => (of, None, Some(reason)),
            _ => (fact.id.clone(), Some(fact), None),
        };
        if let Some(fact) = &version {
            // Each state keeps ids only, of every version that ever said so; a view looks at the version that holds.
            self.commitments.apply(fact);
            self.authorities.apply(fact);
            self.metrics.apply(fact);
            self.money.apply(fact);
        }
        let version = Version { index: recorded.index, recorded_at: recorded.recorded_at, fact: version, reason };
        match self.timeline.facts.entry(id) {
            // Most facts have one version and never another: no room is kept for more.
            Entry::Vacant(place) => drop(place.insert(vec![version])),
            Entry::Occupied(mut versions) => versions.get_mut().push(version),
        }
    }

    /// The states as bytes, with the chain value of the log at their size, so that they can be checked against it.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn snapshot(&self, chain: [u8; 32]) -> Result<Vec<u8>, SnapshotError> {
        let body = bincode::serde::encode_to_vec((chain, self), bincode::config::standard())
            .map_err(|e| SnapshotError::Unwritable(e.to_string()))?;
        Ok([&SNAPSHOT[..], blake3::hash(&body).as_bytes(), &body].concat())
    }

    /// States from a snapshot, with the chain value that the log must have at their size.
    ///
    /// # Errors
    /// When the bytes are not what [`Self::snapshot`] wrote.
    pub fn resume(bytes: &[u8]) -> Result<(Self, [u8; 32]), SnapshotError> {
        let body = bytes.strip_prefix(&SNAPSHOT[..]).and_then(|rest| rest.split_first_chunk::<32>());
        let (digest, body) = body.ok_or(SnapshotError::Damaged)?;
        if blake3::hash(body).as_bytes() != digest {
            return Err(SnapshotError::Damaged);
        }
        let config = bincode::config::standard().with_limit::<LIMIT>();
        let ((chain, states), _): (([u8; 32], Self), usize) =
            bincode::serde::decode_from_slice(body, config).map_err(|_| SnapshotError::Damaged)?;
        Ok((states, chain))
    }
}

impl Timeline {
    /// Every version of a fact, oldest first.
    #[must_use]
    pub fn versions(&self, id: &FactId) -> &[Version] {
        self.facts.get(id).map_or(&[], Vec::as_slice)
    }

    /// Every id, in order.
    pub fn ids(&self) -> impl Iterator<Item = &FactId> {
        self.facts.keys()
    }

    /// Every fact that stands, at its newest version, whatever any clock says.
    pub fn standing(&self) -> impl Iterator<Item = &Fact> {
        self.facts.values().filter_map(|versions| versions.last()?.fact.as_ref())
    }
}

impl Commitments {
    fn apply(&mut self, fact: &Fact) {
        if fact.kind() == Kind::Pledge {
            self.pledges.insert(fact.id.clone());
        }
        let named = match &fact.body {
            Body::Assessment { of, .. } => Some(of),
            _ => None,
        };
        for to in fact.links.iter().map(|l| &l.to).chain(named) {
            self.linked_from.entry(to.clone()).or_default().insert(fact.id.clone());
        }
    }

    /// Every pledge.
    pub fn pledges(&self) -> impl Iterator<Item = &FactId> {
        self.pledges.iter()
    }

    /// The facts of which some version links to this one.
    pub fn linked_from(&self, id: &FactId) -> impl Iterator<Item = &FactId> {
        self.linked_from.get(id).into_iter().flatten()
    }
}
