//! Finds everything about identifiable children and families: the facts, and the entries that hold
//! them.
//!
//! This module decides nothing about disclosure. Start at [`Ledger::sensitive`].

use crate::{Ledger, ReadError, SystemRecord, Withholding};
use heldto_fact::{Body, Content, Fact, FactId, IndexTerm};
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
        let places_of = |ids: &BTreeSet<FactId>| -> Result<Vec<Place>, ReadError> {
            if !has_index {
                return Ok(ids.iter().filter_map(|id| recorded_under.get(id)).flatten().cloned().collect());
            }
            let mut all = Vec::new();
            self.recorded_under(ids, &mut |index, fact| all.push((index, fact.id)))?;
            Ok(all)
        };
        // A publisher who withheld a fact may put it back without the entry that marks it.
        let withholdings = self.withholdings(self.head.size())?;
        let parts = withholdings.iter().flat_map(|(_, withholding)| &withholding.parts);
        let withheld = parts.filter(|(index, part)| *part == 0 && *index < self.head.size()).map(|(index, _)| *index);
        let withheld: Vec<u64> = withheld.collect::<BTreeSet<_>>().into_iter().collect();
        self.recorded_at(&withheld, &mut |recorded| {
            if let Content::Known(fact) = recorded.content {
                marked.insert(fact.entity_id().clone());
            }
        })?;
        let mut found = Sensitive::default();
        let mut open = marked;
        while !open.is_empty() {
            let places = places_of(&open)?;
            found.entities.append(&mut open);
            for (index, of) in places {
                // A correction or retraction may itself be amended.
                if found.entries.insert(index) && !found.entities.contains(&of) {
                    open.insert(of);
                }
            }
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
        let places: Vec<u64> = entries.iter().copied().collect();
        let mut entries = self.store.entries_at(&places);
        while let Some(stored) = entries.try_next()? {
            let roles = Entry::decode(&stored.entry).map(|entry| entry.parts).unwrap_or_default();
            let matches = (0..).zip(&roles).filter(|(_, part)| matches!(part.role, Role::Fact | Role::Quotation));
            parts.extend(matches.map(|(number, _)| (stored.index, number)));
        }
        drop(entries);
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
        let unknown = facts.filter(|index| *index < self.head.size() && !found.entries.contains(index));
        let places: Vec<u64> = unknown.collect::<BTreeSet<_>>().into_iter().collect();
        let mut entries = self.store.entries_at(&places);
        while let Some(stored) = entries.try_next()? {
            if !stored.parts.iter().any(|(number, _)| *number == 0) {
                found.entries.insert(stored.index);
                found.absent.insert(stored.index);
            }
        }
        Ok(())
    }
}
