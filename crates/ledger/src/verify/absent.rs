//! Parts that are not there, held against what the log says of them: erased, withheld, private, or missing.

use super::{Fault, Problem, Walk, at};
use crate::Ledger;
use heldto_proof::{Entry, Role};
use heldto_store::{Store, StoreError};
use std::collections::BTreeMap;

impl<S: Store + Sync> Ledger<S> {
    /// Counts the parts that are absent by what accounts for them, and checks that no part is there that was erased.
    ///
    /// # Errors
    /// At the first part that nothing accounts for, and the first withholding or redaction that the entries contradict.
    pub(super) fn check_absent(&self, walk: &mut Walk, partial: bool) -> Result<(), Box<Problem>> {
        walk.redacted.sort_unstable();
        let withheld = self.check_withholdings(walk)?;
        for (index, part, role) in walk.absent.iter().copied() {
            let named = (index, part as u64);
            let by = withheld.get(&named).filter(|_| partial);
            if role != Role::Ledger && walk.redacted.binary_search(&named).is_ok() {
                walk.found.parts_erased += 1;
                walk.untold.push(index);
            } else if let Some(by) = by {
                walk.found.parts_withheld += 1;
                walk.found.facts_withheld += u64::from(role == Role::Fact);
                walk.found.withheld_by.push(*by);
                walk.untold.push(index);
            } else if partial && role.is_private() {
                walk.found.parts_private += 1;
            } else {
                return Err(at(index, Fault::PartMissing { part, role }));
            }
        }
        walk.found.withheld_by.sort_unstable();
        walk.found.withheld_by.dedup();
        for (entry, part) in &walk.redacted {
            if self.holds_part(*entry, *part) {
                return Err(at(*entry, Fault::NotErased(*part)));
            }
        }
        Ok(())
    }

    /// Returns every part that a withholding names, with the entry of the first that does; reads each entry named once.
    ///
    /// # Errors
    /// At the first withholding that names no parts in rising order, or one that cannot be withheld.
    fn check_withholdings(&self, walk: &Walk) -> Result<BTreeMap<(u64, u64), u64>, Box<Problem>> {
        let mut named: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        for (index, withholding) in &walk.withholdings {
            let is_rising = withholding.parts.is_sorted_by(|a, b| a < b);
            let wrong = withholding.parts.iter().find(|(entry, _)| entry >= index || !is_rising);
            if let Some((entry, part)) = wrong.or(Some(&(*index, 0)).filter(|_| withholding.parts.is_empty())) {
                return Err(at(*index, Fault::Withholding { entry: *entry, part: *part }));
            }
            for part in &withholding.parts {
                named.entry(*part).or_insert(*index);
            }
        }
        let (Some(first), Some(last)) = (named.keys().next(), named.keys().next_back()) else { return Ok(named) };
        let (mut parts, mut wrong) = (named.iter().peekable(), None);
        let read = self.store.read(first.0..last.0 + 1, &mut |stored| {
            let roles: Vec<Role> =
                Entry::decode(&stored.entry).map(|e| e.parts.iter().map(|p| p.role).collect()).unwrap_or_default();
            while let Some(((entry, part), by)) = parts.next_if(|((entry, _), _)| *entry == stored.index) {
                let role = usize::try_from(*part).ok().and_then(|part| roles.get(part));
                if role.is_none_or(|role| *role == Role::Ledger) {
                    wrong = Some(at(*by, Fault::Withholding { entry: *entry, part: *part }));
                }
            }
            wrong.is_none()
        });
        match (wrong, read) {
            (Some(problem), _) => Err(problem),
            // Every entry was read before.
            (None, Err(error)) => Err(super::elsewhere(Fault::Store(error))),
            (None, Ok(())) => Ok(named),
        }
    }

    fn holds_part(&self, index: u64, part: u64) -> bool {
        let mut held = false;
        let read: Result<(), StoreError> = self.store.read(index..index.saturating_add(1), &mut |stored| {
            held = stored.parts.iter().any(|(n, _)| u64::from(*n) == part);
            false
        });
        read.is_ok() && held
    }
}
