//! Finds everything about identifiable children and families: the facts, and the entries that hold
//! them.
//!
//! This module decides nothing about disclosure. Start at [`Ledger::sensitive`].

use crate::{Ledger, ReadError, SystemRecord, Withholding};
use heldto_fact::{Body, Content, Fact, FactId, IndexTerm, Recorded};
use heldto_proof::{Entry, Role};
use heldto_store::Log;
use std::collections::{BTreeMap, BTreeSet};

/// The sensitive facts of a ledger, regardless of any as-of or known-by day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sensitive {
    /// Ids of the facts that are sensitive in any version or were withheld, and of their
    /// corrections and retractions.
    pub entities: BTreeSet<FactId>,
    /// Entries that hold those facts, and entries whose fact the publisher withheld.
    pub entries: BTreeSet<u64>,
    /// The entries among them whose fact is withheld and not present.
    pub absent: BTreeSet<u64>,
}

/// Index of an entry, and the id of its fact.
type Place = (u64, FactId);

impl<S: Log + Sync> Ledger<S> {
    /// Finds all sensitive facts and the entries that hold them.
    ///
    /// Reads only the entries that the index finds, or the whole log if the store keeps no index.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn sensitive(&self) -> Result<Sensitive, ReadError> {
        let mut marked = BTreeSet::new();
        let mut mark = |fact: &Fact| {
            if fact.marks_sensitive() {
                marked.insert(fact.entity_id().clone());
                // A replacement under another id has no effect, but its text is sensitive all the
                // same.
                if let Body::Correction { replacement, .. } = &fact.body {
                    marked.insert(replacement.id.clone());
                }
            }
        };
        // What was recorded under each id, if no index finds it.
        let mut recorded_under: BTreeMap<FactId, Vec<Place>> = BTreeMap::new();
        let has_index = self.store.index().is_some();
        if has_index {
            let places = self.find(&[IndexTerm::Sensitive], usize::MAX)?.concat();
            self.recorded_at(&places, &mut |recorded| {
                if let Content::Known(fact) = &recorded.content {
                    mark(fact);
                }
            })?;
        } else {
            for recorded in self.recorded(0..self.head.size()) {
                let recorded = recorded?;
                let Content::Known(fact) = recorded.content else { continue };
                mark(&fact);
                let place = (recorded.index, fact.id.clone());
                let amended = Some(fact.entity_id()).filter(|id| **id != fact.id);
                for id in amended.into_iter().chain([&fact.id]) {
                    recorded_under.entry(id.clone()).or_default().push(place.clone());
                }
            }
        }
        let places_of = |id: &FactId| -> Result<Vec<Place>, ReadError> {
            if !has_index {
                return Ok(recorded_under.get(id).cloned().unwrap_or_default());
            }
            let place = |recorded: Recorded| match recorded.content {
                Content::Known(fact) => Some((recorded.index, fact.id)),
                _ => None,
            };
            Ok(self.versions(id)?.into_iter().filter_map(place).collect())
        };
        // A publisher who withheld a fact may put it back without the entry that marks it.
        let withholdings = self.withholdings(self.head.size())?;
        for (_, withholding) in &withholdings {
            for (index, _) in withholding.parts.iter().filter(|(index, part)| *part == 0 && *index < self.head.size()) {
                if let Content::Known(fact) = crate::read::recorded(&self.store.entry(*index)?)?.content {
                    marked.insert(fact.entity_id().clone());
                }
            }
        }
        let mut found = Sensitive::default();
        let mut open: Vec<FactId> = marked.into_iter().collect();
        while let Some(id) = open.pop() {
            for (index, of) in places_of(&id)? {
                if found.entries.insert(index) && of != id {
                    // A correction or retraction may itself be amended.
                    open.push(of);
                }
            }
            found.entities.insert(id);
        }
        for (_, withholding) in &withholdings {
            self.add_absent(withholding, &mut found)?;
        }
        Ok(found)
    }

    /// Returns the withholdings among the first `size` entries, each with its index.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn withholdings(&self, size: u64) -> Result<Vec<(u64, Withholding)>, ReadError> {
        let withholding = |(index, own)| match own {
            SystemRecord::Withholding(withholding) => Some((index, withholding)),
            _ => None,
        };
        Ok(self.own_records(size)?.into_iter().filter_map(withholding).collect())
    }

    /// Returns the parts to withhold for these entries: each fact and its quotations.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn parts_to_withhold(&self, entries: &BTreeSet<u64>) -> Result<Vec<(u64, u64)>, ReadError> {
        let mut parts = Vec::new();
        for index in entries {
            let stored = self.store.entry(*index)?;
            let roles = Entry::decode(&stored.entry).map(|entry| entry.parts).unwrap_or_default();
            let matches = (0..).zip(&roles).filter(|(_, part)| matches!(part.role, Role::Fact | Role::Quotation));
            parts.extend(matches.map(|(number, _)| (*index, number)));
        }
        Ok(parts)
    }

    /// Returns the parts with the words of quotations, present or not, as entry and part number.
    ///
    /// Reads the whole log.
    ///
    /// # Errors
    /// If an entry is missing.
    pub fn quotation_parts(&self) -> Result<BTreeSet<(u64, u64)>, ReadError> {
        let mut parts = BTreeSet::new();
        let mut entries = self.store.entries(0..self.head.size());
        while let Some(stored) = entries.try_next()? {
            let roles = Entry::decode(&stored.entry).map(|entry| entry.parts).unwrap_or_default();
            let quoted = (0..).zip(&roles).filter(|(_, part)| part.role == Role::Quotation);
            parts.extend(quoted.map(|(number, _)| (stored.index, number)));
        }
        Ok(parts)
    }

    /// Adds the entries whose fact this withholding names and is not present.
    fn add_absent(&self, withholding: &Withholding, found: &mut Sensitive) -> Result<(), ReadError> {
        let facts = withholding.parts.iter().filter(|(_, part)| *part == 0).map(|(entry, _)| *entry);
        for index in facts.filter(|index| *index < self.head.size()) {
            if found.entries.contains(&index) {
                continue;
            }
            if !self.store.entry(index)?.parts.iter().any(|(number, _)| *number == 0) {
                found.entries.insert(index);
                found.absent.insert(index);
            }
        }
        Ok(())
    }
}
