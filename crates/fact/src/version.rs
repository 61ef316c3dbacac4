//! Versions of a fact: folds the fact, its corrections and its retractions into a history.
//!
//! Knows no log; records come in as arguments. Start with [`Version::history`].

use crate::{Body, Content, Fact, FactId, Recorded};
use chrono::{DateTime, Utc};

/// The version of a fact that one entry sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Position of the entry in the log.
    pub index: u64,
    /// Time of recording.
    pub recorded_at: DateTime<Utc>,
    /// The fact from here on; `None` if retracted.
    pub fact: Option<Fact>,
    /// The reason for the correction, the retraction, or the withdrawal of a retraction.
    pub reason: Option<String>,
}

impl Version {
    /// Returns the versions of a fact, oldest first.
    ///
    /// `records` are the fact, its corrections and its retractions, in the order of the log.
    /// `withdrawn` returns the first retraction of the record with the given id, if there is one.
    ///
    /// A correction has no effect if its replacement differs from the fact in id or kind. If a
    /// retraction is itself retracted, the fact is restored from there, unless the fact was
    /// recorded again in between. Retracting the retraction of a retraction has no effect.
    pub fn history(records: Vec<Recorded>, withdrawn: &mut dyn FnMut(&FactId) -> Option<Recorded>) -> Vec<Self> {
        let mut versions: Vec<Self> = Vec::with_capacity(1);
        let mut kind = None;
        let mut undoing = None::<Recorded>;
        for recorded in records {
            let Recorded { index, recorded_at, content: Content::Known(fact) } = recorded else { continue };
            if let Some(earlier) = undoing.take_if(|undoing| undoing.index < index) {
                restore(&mut versions, earlier);
            }
            let id = fact.id.clone();
            let own_kind = fact.kind();
            let (fact, reason) = match fact.body {
                Body::Correction { of, reason, replacement } => {
                    if replacement.id != of || kind.is_some_and(|kind| kind != replacement.kind()) {
                        continue;
                    }
                    (Some(*replacement), Some(reason))
                }
                Body::Retraction { reason, .. } => {
                    undoing = withdrawn(&id).filter(|later| later.index > index);
                    (None, Some(reason))
                }
                _ => {
                    kind = kind.or(Some(own_kind));
                    (Some(fact), None)
                }
            };
            // A newer version cancels the pending restoration of an older one.
            if fact.is_some() {
                undoing = None;
            }
            versions.push(Self { index, recorded_at, fact, reason });
        }
        if let Some(later) = undoing {
            restore(&mut versions, later);
        }
        versions
    }
}

/// Restores the last version before the retraction.
fn restore(versions: &mut Vec<Version>, by: Recorded) {
    let Content::Known(Fact { body: Body::Retraction { reason, .. }, .. }) = by.content else { return };
    if let Some(fact) = versions.iter().rev().find_map(|version| version.fact.clone()) {
        versions.push(Version { index: by.index, recorded_at: by.recorded_at, fact: Some(fact), reason: Some(reason) });
    }
}
