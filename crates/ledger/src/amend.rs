//! Checks new facts against the ledger before they are appended: corrections, retractions, and
//! links that would form a circle.
//!
//! This module writes nothing. Start at [`Ledger::check_new`].

use crate::{AppendError, Ledger, ReadError};
use heldto_fact::{Body, Content, Fact, FactId, LinkKind, Recorded, Version};
use heldto_store::Log;
use std::collections::{HashMap, HashSet};

/// Facts to be appended in one call, in order, with the ledger that precedes them.
struct Batch<'l, 'f, S> {
    ledger: &'l Ledger<S>,
    facts: &'l [&'f Fact],
    /// Positions in the batch of the facts about each entity.
    of_thing: HashMap<&'f FactId, Vec<usize>>,
    /// Position in the batch of the fact with each id.
    of_id: HashMap<&'f FactId, usize>,
}

impl<S: Log + Sync> Ledger<S> {
    /// Checks that new facts may be appended in this order.
    ///
    /// A correction or retraction must name a recorded fact, and a correction must keep its kind.
    /// Links `part-of` and `supersedes` must form no circle.
    ///
    /// # Errors
    /// [`AppendError::Amends`] or [`AppendError::Circle`] at the first fact that is refused;
    /// [`AppendError::Read`] if the ledger cannot be read.
    pub(crate) fn check_new(&self, facts: &[&Fact]) -> Result<(), AppendError> {
        // Most facts are no amendment and have neither link: they need no look at the ledger.
        let links = |fact: &Fact| fact.links.iter().any(|l| matches!(l.kind, LinkKind::PartOf | LinkKind::Supersedes));
        if !facts.iter().any(|fact| is_amendment(fact) || links(fact)) {
            return Ok(());
        }
        let mut batch = Batch { ledger: self, facts, of_thing: HashMap::new(), of_id: HashMap::new() };
        for (n, fact) in facts.iter().copied().enumerate() {
            batch.of_thing.entry(fact.entity_id()).or_default().push(n);
            batch.of_id.insert(&fact.id, n);
        }
        for (n, fact) in facts.iter().enumerate() {
            batch.check_amendment(n, fact)?;
        }
        for kind in [LinkKind::PartOf, LinkKind::Supersedes] {
            batch.check_circles(kind)?;
        }
        Ok(())
    }
}

impl<S: Log + Sync> Batch<'_, '_, S> {
    fn check_amendment(&self, n: usize, fact: &Fact) -> Result<(), AppendError> {
        let refuse = |why: String| Err(AppendError::Amends { id: fact.id.clone(), why });
        let of = fact.entity_id();
        match &fact.body {
            Body::Correction { replacement, .. } => {
                if replacement.id != *of {
                    return refuse(format!("it corrects `{of}`, but its replacement has the id `{}`", replacement.id));
                }
                if self.record(of, n)?.is_some_and(|record| is_amendment(&record)) {
                    return refuse(format!("`{of}` is itself a correction or a retraction: correct the fact instead"));
                }
                let versions = self.history(of, n)?;
                let first = versions.iter().find_map(|version| version.fact.as_ref());
                match (first, versions.last().and_then(|version| version.fact.as_ref())) {
                    (None, _) => refuse(format!("it corrects `{of}`, which is not recorded")),
                    (_, None) => refuse(format!("it corrects `{of}`, which was retracted")),
                    (Some(first), _) if first.kind() != replacement.kind() => refuse(format!(
                        "it corrects `{of}`, which has the kind {}, but its replacement has the kind {}: retract \
                         `{of}`, and record the replacement under another id that supersedes it",
                        first.kind(),
                        replacement.kind()
                    )),
                    _ => Ok(()),
                }
            }
            Body::Retraction { .. } => match self.record(of, n)? {
                Some(record) if is_amendment(&record) => self.check_second_retraction(n, fact, &record),
                _ => match self.history(of, n)?.last() {
                    None => refuse(format!("it retracts `{of}`, which is not recorded")),
                    Some(Version { fact: None, .. }) => {
                        refuse(format!("it retracts `{of}`, which is already retracted"))
                    }
                    Some(_) => Ok(()),
                },
            },
            _ => Ok(()),
        }
    }

    /// Checks a retraction of `record`, which is itself a correction or retraction.
    ///
    /// Only a retraction can be retracted: once, while nothing else was recorded of the fact since,
    /// and not if it retracts another retraction.
    fn check_second_retraction(&self, n: usize, fact: &Fact, record: &Fact) -> Result<(), AppendError> {
        let refuse = |why: String| Err(AppendError::Amends { id: fact.id.clone(), why });
        let of = fact.entity_id();
        let entity = record.entity_id();
        if matches!(record.body, Body::Correction { .. }) {
            return refuse(format!("`{of}` is a correction: correct `{entity}` again, or retract `{entity}`"));
        }
        if self.record(entity, n)?.is_some_and(|earlier| is_amendment(&earlier)) {
            return refuse(format!(
                "`{of}` retracts a retraction, and cannot be retracted itself: retract the fact again"
            ));
        }
        if !self.records(of, n)?.is_empty() {
            return refuse(format!("`{of}` is already retracted, and can be retracted only once"));
        }
        let last = self.records(entity, n)?.pop();
        match last.map(|recorded| recorded.content) {
            Some(Content::Known(last)) if last.id == *of => Ok(()),
            _ => refuse(format!("something else was recorded for `{entity}` since it was retracted")),
        }
    }

    /// Returns the fact recorded under this id, in the ledger or in the batch before `before`.
    fn record(&self, id: &FactId, before: usize) -> Result<Option<Fact>, ReadError> {
        if let Some(n) = self.of_id.get(id).filter(|n| **n < before) {
            return Ok(self.facts.get(*n).map(|fact| (*fact).clone()));
        }
        let own = |recorded: Recorded| match recorded.content {
            Content::Known(fact) if fact.id == *id => Some(fact),
            _ => None,
        };
        Ok(self.ledger.versions(id)?.into_iter().find_map(own))
    }

    /// Returns all records of an entity, in the ledger and in the batch before `before`.
    fn records(&self, entity: &FactId, before: usize) -> Result<Vec<Recorded>, ReadError> {
        let mut all = self.ledger.versions(entity)?;
        all.retain(|recorded| matches!(&recorded.content, Content::Known(fact) if fact.entity_id() == entity));
        let size = self.ledger.head().size();
        let places = self.of_thing.get(entity).map_or(&[][..], Vec::as_slice);
        all.extend(places.iter().take_while(|n| **n < before).filter_map(|n| {
            let content = Content::Known((**self.facts.get(*n)?).clone());
            Some(Recorded { index: size + *n as u64, recorded_at: chrono::DateTime::UNIX_EPOCH, content })
        }));
        Ok(all)
    }

    fn history(&self, entity: &FactId, before: usize) -> Result<Vec<Version>, ReadError> {
        let records = self.records(entity, before)?;
        let mut failed = None;
        let versions = Version::history(records, &mut |record| match self.records(record, before) {
            Ok(of_record) => of_record.into_iter().next(),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        failed.map_or(Ok(versions), Err)
    }

    /// Checks that links of one kind do not lead from a new fact into a circle.
    ///
    /// Each fact is visited once.
    fn check_circles(&self, kind: LinkKind) -> Result<(), AppendError> {
        let (mut done, mut targets): (HashSet<FactId>, HashMap<FactId, Vec<FactId>>) = Default::default();
        for fact in self.facts {
            let start = fact.entity_id();
            let source = match &fact.body {
                Body::Correction { replacement, .. } => replacement,
                _ => *fact,
            };
            if !source.links.iter().any(|link| link.kind == kind) {
                continue;
            }
            if self.targets(start, kind, &mut targets)?.is_empty() || done.contains(start) {
                continue;
            }
            // Path of the depth-first search: each fact with the number of its links followed so
            // far.
            let mut way: Vec<(FactId, usize)> = vec![(start.clone(), 0)];
            let mut on_way = HashSet::from([start.clone()]);
            while let Some((at, followed)) = way.last_mut() {
                let Some(next) = self.targets(at, kind, &mut targets)?.get(*followed).cloned() else {
                    on_way.remove(at);
                    done.insert(at.clone());
                    way.pop();
                    continue;
                };
                *followed += 1;
                if on_way.contains(&next) {
                    return Err(AppendError::Circle { id: start.clone(), kind });
                }
                if !done.contains(&next) {
                    on_way.insert(next.clone());
                    way.push((next, 0));
                }
            }
        }
        Ok(())
    }

    /// Returns the facts that an entity links to by this kind once the batch is appended.
    ///
    /// Results are cached in `known`.
    fn targets<'t>(
        &self,
        entity: &FactId,
        kind: LinkKind,
        known: &'t mut HashMap<FactId, Vec<FactId>>,
    ) -> Result<&'t [FactId], ReadError> {
        if !known.contains_key(entity) {
            let newest = self.of_thing.get(entity).and_then(|places| self.facts.get(*places.last()?));
            let of_kind = |fact: &Fact| {
                fact.links.iter().filter(|link| link.kind == kind).map(|link| link.to.clone()).collect::<Vec<_>>()
            };
            let targets = match newest.map(|fact| &fact.body) {
                None => self.ledger.standing(entity)?.as_ref().map(of_kind),
                Some(Body::Correction { replacement, .. }) => Some(of_kind(replacement)),
                Some(Body::Retraction { .. }) => None,
                Some(_) => newest.map(|fact| of_kind(fact)),
            };
            known.insert(entity.clone(), targets.unwrap_or_default());
        }
        Ok(known.get(entity).map_or(&[], Vec::as_slice))
    }
}

/// Returns `true` if the fact is a correction or a retraction.
const fn is_amendment(fact: &Fact) -> bool {
    matches!(fact.body, Body::Correction { .. } | Body::Retraction { .. })
}
