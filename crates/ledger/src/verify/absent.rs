//! Checks absent parts against the log: each must be erased, withheld or private, or it is missing.
//!
//! This module reads entries, never the bytes of parts. Start at [`Ledger::check_absent`].

use super::{Defect, Fault, Walk, at, elsewhere};
use crate::Ledger;
use heldto_proof::{Entry, Role};
use heldto_store::Log;
use std::collections::{BTreeMap, BTreeSet};

/// Parts named by redactions or withholdings, each with the index of the first that names it.
type Named = BTreeMap<NamedPart, u64>;

/// Entry index and part number.
type NamedPart = (u64, u64);

impl<S: Log + Sync> Ledger<S> {
    /// Counts the absent parts by cause, and checks that no erased part is present.
    ///
    /// Reads each entry that a record names once, in order.
    ///
    /// # Errors
    /// At the first redaction or withholding of a part that cannot be erased or withheld, then the
    /// first absent part without a cause, then the first part that is present although a redaction
    /// names it.
    pub(super) fn check_absent(&self, walk: &mut Walk, partial: bool) -> Result<(), Box<Defect>> {
        let redacted = self.check_redactions(walk)?;
        let withheld = self.check_withholdings(walk)?;
        let mut erased = 0;
        for (index, part, role) in walk.absent.iter().copied() {
            let named = (index, part as u64);
            let by = withheld.get(&named).filter(|_| partial);
            if let Some(by) = redacted.get(&named).filter(|_| role != Role::Ledger) {
                erased += 1;
                walk.found.erased_by.push(*by);
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
        walk.found.parts_erased = erased;
        walk.found.erased_by.sort_unstable();
        walk.found.withheld_by.sort_unstable();
        walk.found.withheld_by.dedup();
        // Every redacted part belongs to its entry. If fewer are absent than were redacted, one is
        // present.
        if erased < redacted.len() as u64 {
            let absent: BTreeSet<NamedPart> =
                walk.absent.iter().map(|(index, part, _)| (*index, *part as u64)).collect();
            if let Some((entry, part)) = redacted.keys().find(|named| !absent.contains(*named)) {
                return Err(at(*entry, Fault::NotErased(*part)));
            }
        }
        Ok(())
    }

    /// Returns every part that a redaction names.
    ///
    /// # Errors
    /// At the first redaction of a part that cannot be erased.
    fn check_redactions(&self, walk: &Walk) -> Result<Named, Box<Defect>> {
        let mut named = Named::new();
        for (entry, part, index) in &walk.redacted {
            if entry >= index {
                return Err(at(*index, Fault::Redaction { entry: *entry, part: *part }));
            }
            named.entry((*entry, *part)).or_insert(*index);
        }
        match self.first_that_is_none(&named)? {
            Some(((entry, part), by)) => Err(at(by, Fault::Redaction { entry, part })),
            None => Ok(named),
        }
    }

    /// Returns every part that a withholding names.
    ///
    /// # Errors
    /// At the first withholding that names no part, parts not in rising order, or one that cannot
    /// be withheld.
    fn check_withholdings(&self, walk: &Walk) -> Result<Named, Box<Defect>> {
        let mut named = Named::new();
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
        match self.first_that_is_none(&named)? {
            Some(((entry, part), by)) => Err(at(by, Fault::Withholding { entry, part })),
            None => Ok(named),
        }
    }

    /// Returns the first named part that its entry does not have or that is a system record, and
    /// the index of the record that names it.
    fn first_that_is_none(&self, named: &Named) -> Result<Option<(NamedPart, u64)>, Box<Defect>> {
        let (Some(first), Some(last)) = (named.keys().next(), named.keys().next_back()) else { return Ok(None) };
        let mut parts = named.iter().peekable();
        let mut entries = self.store.entries(first.0..last.0 + 1);
        // Every entry was read before.
        while let Some(stored) = entries.try_next().map_err(|error| elsewhere(Fault::Store(error)))? {
            let roles: Vec<Role> =
                Entry::decode(&stored.entry).map(|e| e.parts.iter().map(|p| p.role).collect()).unwrap_or_default();
            while let Some((part, by)) = parts.next_if(|((entry, _), _)| *entry == stored.index) {
                let role = usize::try_from(part.1).ok().and_then(|number| roles.get(number));
                if role.is_none_or(|role| *role == Role::Ledger) {
                    return Ok(Some((*part, *by)));
                }
            }
        }
        Ok(None)
    }
}
