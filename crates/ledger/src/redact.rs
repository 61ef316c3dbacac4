//! Erases parts of entries: appends the redactions, and has the store destroy the parts.
//!
//! Each redaction of a fact or its quoted words carries a tombstone, a keyed hash of the fact's id,
//! so that an old facts file does not bring the fact back. Start at [`Ledger::redact`].

use crate::append::{Committed, Sealing};
use crate::wire::Tombstone;
use crate::{AppendError, Ledger, ReadError, Redaction, SystemRecord};
use heldto_fact::{Content, FactId};
use heldto_proof::{Entry, Role, Salt};
use heldto_store::{Log, PartPlace, StoreError, WritableLog};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

impl<S: Log> Ledger<S> {
    /// Returns the redactions among the first `size` entries, each with its index.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn redactions(&self, size: u64) -> Result<Vec<(u64, Redaction)>, ReadError> {
        let redaction = |(index, own)| match own {
            SystemRecord::Redaction(redaction) => Some((index, redaction)),
            _ => None,
        };
        Ok(self.own_records(size)?.into_iter().filter_map(redaction).collect())
    }

    /// Returns the parts that redactions name.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn erased_parts(&self) -> Result<BTreeSet<PartPlace>, ReadError> {
        let place = |(_, redaction): (u64, Redaction)| Some((redaction.entry, u16::try_from(redaction.part).ok()?));
        Ok(self.redactions(self.head.size())?.into_iter().filter_map(place).collect())
    }

    /// Returns the entries, rising, that have a part which one of these redactions names.
    ///
    /// # Errors
    /// If an entry is missing.
    pub fn returned_parts(&self, redactions: &[(u64, Redaction)]) -> Result<Vec<u64>, ReadError> {
        let named: BTreeSet<(u64, u64)> = redactions.iter().map(|(_, named)| (named.entry, named.part)).collect();
        let places: BTreeSet<u64> = named.iter().map(|(entry, _)| *entry).filter(|e| *e < self.head.size()).collect();
        let places: Vec<u64> = places.into_iter().collect();
        let mut found = Vec::new();
        let mut entries = self.store.entries_at(&places);
        while let Some(stored) = entries.try_next()? {
            if stored.parts.iter().any(|(part, _)| named.contains(&(stored.index, u64::from(*part)))) {
                found.push(stored.index);
            }
        }
        Ok(found)
    }

    /// Returns the tombstones at hand, each with the entry of its redaction.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    fn tombstones(&self) -> Result<Vec<(u64, Tombstone)>, ReadError> {
        let mut found = Vec::new();
        let places: Vec<u64> = self.redactions(self.head.size())?.into_iter().map(|(index, _)| index).collect();
        let mut entries = self.store.entries_at(&places);
        while let Some(stored) = entries.try_next()? {
            let index = stored.index;
            let entry = Entry::decode(&stored.entry).map_err(|error| ReadError::Entry { index, error })?;
            let place = entry.parts.iter().position(|part| part.role == Role::Tombstone);
            let held = stored.parts.iter().find(|(number, _)| Some(usize::from(*number)) == place);
            found.extend(held.and_then(|(_, bytes)| Some((index, Tombstone::decode(bytes.get(32..)?)?))));
        }
        drop(entries);
        Ok(found)
    }

    /// Returns, for each id under which a fact was erased, the entry of the redaction.
    ///
    /// Costs one hash an id for each key that the tombstones have, which is one in a ledger that
    /// was kept on one machine.
    ///
    /// # Errors
    /// If an entry is missing or damaged.
    pub fn erased_ids<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i FactId>,
    ) -> Result<BTreeMap<&'i FactId, u64>, ReadError> {
        let mut of_key: BTreeMap<[u8; 32], BTreeMap<[u8; 32], u64>> = BTreeMap::new();
        for (index, tombstone) in self.tombstones()? {
            of_key.entry(tombstone.key).or_default().insert(tombstone.hash, index);
        }
        if of_key.is_empty() {
            return Ok(BTreeMap::new());
        }
        let by = |id: &FactId| {
            of_key.iter().find_map(|(key, hashes)| hashes.get(&Tombstone::of(*key, id.as_str()).hash).copied())
        };
        Ok(ids.into_iter().filter_map(|id| Some((id, by(id)?))).collect())
    }
}

impl<S: WritableLog + Sync> Ledger<S> {
    /// Erases parts, each on the ground and by the author of its redaction; all or none.
    ///
    /// Durable on return, as are the redactions, whose entries are returned. `now` and `random` are
    /// those of [`Self::append`]. If another writer was first, tried again after what that writer
    /// recorded.
    ///
    /// # Errors
    /// [`AppendError::NothingToErase`] for a part that its entry does not have or no longer has, or
    /// that belongs to a system record; otherwise as [`Self::append_record`].
    pub fn redact(
        &mut self,
        redactions: &[Redaction],
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Range<u64>, AppendError> {
        loop {
            let before = self.head.size();
            match self.redact_once(redactions, now, random) {
                Err(AppendError::Store(StoreError::Conflict { .. })) if self.store.head()?.size() > before => {
                    self.head = self.store.head()?;
                }
                done => return done,
            }
        }
    }

    fn redact_once(
        &mut self,
        redactions: &[Redaction],
        now: i64,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Range<u64>, AppendError> {
        let mut key = self.tombstones()?.first().map(|(_, tombstone)| tombstone.key);
        let mut sealing = Sealing::new(&self.head, self.time(now)?, redactions.len());
        let mut places = BTreeSet::new();
        for redaction in redactions {
            let nothing = || AppendError::NothingToErase { entry: redaction.entry, part: redaction.part };
            let number = u16::try_from(redaction.part).map_err(|_| nothing())?;
            let stored = self.store.entry(redaction.entry).map_err(|_| nothing())?;
            let entry =
                Entry::decode(&stored.entry).map_err(|error| ReadError::Entry { index: redaction.entry, error })?;
            let role = entry.parts.get(usize::from(number)).map(|part| part.role);
            let is_held = stored.parts.iter().any(|(held, _)| *held == number);
            let is_of_system = role == Some(Role::Ledger);
            if !is_held || role.is_none() || is_of_system || !places.insert((redaction.entry, number)) {
                return Err(nothing());
            }
            let mut salt = || {
                let mut salt: Salt = [0; 32];
                random(&mut salt);
                salt
            };
            let record = SystemRecord::Redaction(redaction.clone());
            let bytes = record.encode().map_err(AppendError::SystemRecord)?;
            let hashes = vec![self.index_key.system_hash()];
            let mut part = Committed::new(record.kind(), Role::Ledger, salt(), &bytes, hashes);
            if let Content::Known(fact) = crate::read::recorded(&stored)?.content
                && matches!(role, Some(Role::Fact | Role::Quotation))
            {
                let key = *key.get_or_insert_with(&mut salt);
                let tombstone = Tombstone::of(key, fact.id.as_str()).encode().map_err(AppendError::SystemRecord)?;
                part = part.with(Role::Tombstone, salt(), &tombstone);
            }
            sealing.push(part)?;
        }
        let first = self.head.size();
        let places: Vec<PartPlace> = places.into_iter().collect();
        self.store.append_and_erase(&self.head, &sealing.entries, &sealing.head, &places)?;
        self.head = sealing.head;
        Ok(first..self.head.size())
    }
}
