//! What is about an identifiable child or family: which facts, and which entries tell of them.

use crate::{Ledger, ReadError, SystemRecord, Withholding};
use heldto_fact::{Body, Content, Fact, FactId, IndexTerm};
use heldto_proof::{Entry, Role};
use heldto_store::Store;
use std::collections::BTreeSet;

/// What a ledger tells of identifiable children and families, whatever any clock says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sensitive {
    /// The facts that are sensitive in any version, and the records that correct or retract them.
    pub entities: BTreeSet<FactId>,
    /// The entries that tell of them; and those whose fact the publisher withheld.
    pub entries: BTreeSet<u64>,
    /// Those of the entries whose fact the publisher withheld, and that is not there.
    pub absent: BTreeSet<u64>,
}

impl<S: Store + Sync> Ledger<S> {
    /// Returns all that is sensitive. Reads the entries of those facts, through the index where there is one.
    ///
    /// # Errors
    /// When an entry is missing or damaged.
    pub fn sensitive(&self) -> Result<Sensitive, ReadError> {
        let mut marked = BTreeSet::new();
        let mut mark = |fact: &Fact| {
            if fact.marks_sensitive() {
                marked.insert(fact.entity_id().clone());
                // A replacement under another id has no effect, and is as sensitive.
                if let Body::Correction { replacement, .. } = &fact.body {
                    marked.insert(replacement.id.clone());
                }
            }
        };
        let places = self.find(&[IndexTerm::Sensitive], usize::MAX)?.concat();
        self.recorded_at(&places, &mut |recorded| {
            if let Content::Known(fact) = &recorded.content {
                mark(fact);
            }
        })?;
        let mut found = Sensitive::default();
        let mut open: Vec<FactId> = marked.into_iter().collect();
        while let Some(id) = open.pop() {
            for version in self.versions(&id)? {
                if let Content::Known(fact) = &version.content
                    && found.entries.insert(version.index)
                    && fact.id != id
                {
                    // A record that amends it may be amended itself.
                    open.push(fact.id.clone());
                }
            }
            found.entities.insert(id);
        }
        for (_, withholding) in self.withholdings(self.head.size())? {
            self.add_absent(&withholding, &mut found)?;
        }
        Ok(found)
    }

    /// Returns the withholdings among the first `size` entries, each with its place.
    ///
    /// # Errors
    /// When an entry is missing or damaged.
    pub fn withholdings(&self, size: u64) -> Result<Vec<(u64, Withholding)>, ReadError> {
        let withholding = |(index, own)| match own {
            SystemRecord::Withholding(withholding) => Some((index, withholding)),
            _ => None,
        };
        Ok(self.own_records(size)?.into_iter().filter_map(withholding).collect())
    }

    /// Returns the parts that are withheld where sensitive facts are: of each of these entries, the fact and its quotations.
    ///
    /// # Errors
    /// When an entry is missing or damaged.
    pub fn parts_to_withhold(&self, entries: &BTreeSet<u64>) -> Result<Vec<(u64, u64)>, ReadError> {
        let mut parts = Vec::new();
        for index in entries {
            self.store.read(*index..*index + 1, &mut |stored| {
                let roles = Entry::decode(&stored.entry).map(|entry| entry.parts).unwrap_or_default();
                let told = (0..).zip(&roles).filter(|(_, part)| matches!(part.role, Role::Fact | Role::Quotation));
                parts.extend(told.map(|(number, _)| (*index, number)));
                false
            })?;
        }
        Ok(parts)
    }

    /// Adds the entries whose fact a withholding names and that is not there.
    fn add_absent(&self, withholding: &Withholding, found: &mut Sensitive) -> Result<(), ReadError> {
        let facts = withholding.parts.iter().filter(|(_, part)| *part == 0).map(|(entry, _)| *entry);
        for index in facts.filter(|index| *index < self.head.size()) {
            if found.entries.contains(&index) {
                continue;
            }
            self.store.read(index..index + 1, &mut |stored| {
                if !stored.parts.iter().any(|(number, _)| *number == 0) {
                    found.entries.insert(index);
                    found.absent.insert(index);
                }
                false
            })?;
        }
        Ok(())
    }
}
