use crate::{Body, Content, Fact, FactId, Recorded};
use chrono::{DateTime, Utc};

/// What one entry says a fact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The entry.
    pub index: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The fact from here on; `None` where it was retracted.
    pub fact: Option<Fact>,
    /// Why it was corrected, retracted, or its retraction withdrawn.
    pub reason: Option<String>,
}

impl Version {
    /// Returns the versions of a fact, oldest first, from all that was recorded of it: the fact, its corrections and its
    /// retractions, in the order of the log. `withdrawn` gives the first retraction of a record of this id, where there is one.
    ///
    /// A correction whose replacement has another id or kind than the fact has no effect. A retraction that is retracted itself
    /// is undone from there, unless something else was recorded of the fact meanwhile. A retraction of a retraction of a
    /// retraction has no effect.
    pub fn history(records: Vec<Recorded>, withdrawn: &mut dyn FnMut(&FactId) -> Option<Recorded>) -> Vec<Self> {
        let mut versions: Vec<Self> = Vec::with_capacity(1);
        let (mut kind, mut undoing) = (None, None::<Recorded>);
        for recorded in records {
            let Recorded { index, recorded_at, content: Content::Known(fact) } = recorded else { continue };
            if let Some(earlier) = undoing.take_if(|undoing| undoing.index < index) {
                restore(&mut versions, earlier);
            }
            let (id, own_kind) = (fact.id.clone(), fact.kind());
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
            // Whatever else is said of the fact comes after what would be undone.
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

/// Lets what was retracted last stand again.
fn restore(versions: &mut Vec<Version>, by: Recorded) {
    let Content::Known(Fact { body: Body::Retraction { reason, .. }, .. }) = by.content else { return };
    if let Some(fact) = versions.iter().rev().find_map(|version| version.fact.clone()) {
        versions.push(Version { index: by.index, recorded_at: by.recorded_at, fact: Some(fact), reason: Some(reason) });
    }
}
