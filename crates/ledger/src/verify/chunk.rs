//! Checks a chunk of entries on any thread, as far as that needs no other part of the log.
//!
//! The checks between chunks are left to [`Ledger::verify`]. Start at [`Ledger::chunk`].

use super::Fault;
use super::amendments::Replaced;
use crate::{Ledger, Redaction, SystemRecord, Withholding, decode_fact, kind_code, kind_of};
use chrono::DateTime;
use heldto_fact::{Body, IndexTerm};
use heldto_proof::{Chain, CompactRange, Entry, Hash, MAX_PART, Part, PartRef, Role, chain, leaf_hash};
use heldto_store::{Log, StoreError, StoredEntry};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// Result of checking a chunk: the links within it are checked, the link to the entry before is
/// not.
pub struct ChunkCheck {
    pub range: Range<u64>,
    /// Chain value and recording time that the first entry states; `None` if it cannot be read.
    pub first: Option<(Chain, i64)>,
    /// First problem in the chunk, with the index of its entry.
    pub fault: Option<(u64, Fault)>,
    /// Chain value after the last entry.
    pub chain: Chain,
    /// Recording time of the last entry.
    pub recorded_at: i64,
    /// The leaves as roots of perfect subtrees, each with its number of leaves.
    pub tree: Vec<(u64, Hash)>,
    /// Number of parts that are present and match their commitments.
    pub parts_checked: u64,
    /// Entry, number and role of each absent part.
    pub absent: Vec<(u64, usize, Role)>,
    /// Parts named by redactions: entry, part number and the redaction's own index.
    pub redacted: Vec<(u64, u64, u64)>,
    /// Withholdings, each with its index: they name parts that may be absent.
    pub withholdings: Vec<(u64, Withholding)>,
    /// Records about keys, each with its index.
    pub keys: Vec<(u64, SystemRecord)>,
    /// Replacements made by corrections.
    pub replaced: Vec<Replaced>,
    /// Sum of the keyed hashes of the index records that these entries must have; the key is chosen
    /// per run.
    pub indexed: u64,
    /// Id hash, entry index and kind of each fact, if the store keeps no index.
    pub own: Vec<(u64, u64, u8)>,
    /// Entries whose fact is of an unknown version or kind.
    pub unreadable: Vec<u64>,
}

impl<S: Log + Sync> Ledger<S> {
    /// Checks a chunk, which must begin at a multiple of the chunk size.
    pub fn chunk(&self, range: Range<u64>, secret: &RandomState) -> ChunkCheck {
        let mut chunk = ChunkCheck {
            range: range.clone(),
            first: None,
            fault: None,
            chain: self.genesis().chain(),
            recorded_at: i64::MIN,
            tree: Vec::new(),
            parts_checked: 0,
            absent: Vec::new(),
            redacted: Vec::new(),
            withholdings: Vec::new(),
            keys: Vec::new(),
            replaced: Vec::new(),
            indexed: 0,
            own: Vec::new(),
            unreadable: Vec::new(),
        };
        let mut edge = CompactRange::default();
        let mut entries = self.store.entries(range.clone());
        while chunk.fault.is_none() {
            chunk.fault = match entries.try_next() {
                Ok(None) => break,
                Ok(Some(stored)) => {
                    let step = self.step(&mut chunk, &mut edge, stored, secret);
                    step.err().map(|fault| (stored.index, fault))
                }
                Err(StoreError::Lost { index, why }) => Some((index, Fault::Lost(why))),
                Err(error) => Some((range.start + edge.size(), Fault::Store(error))),
            };
        }
        chunk.tree = edge.subtree_roots().collect();
        chunk
    }

    /// Checks one entry and adds it to the chunk.
    fn step(
        &self,
        chunk: &mut ChunkCheck,
        edge: &mut CompactRange,
        stored: &StoredEntry,
        secret: &RandomState,
    ) -> Result<(), Fault> {
        let entry = Entry::decode(&stored.entry).map_err(Fault::Entry)?;
        if entry.index != stored.index {
            return Err(Fault::Index(entry.index));
        }
        if chunk.first.is_none() {
            chunk.first = Some((entry.previous, entry.recorded_at));
        } else if entry.previous != chunk.chain {
            return Err(Fault::Spliced);
        }
        if entry.recorded_at < chunk.recorded_at || DateTime::from_timestamp_micros(entry.recorded_at).is_none() {
            return Err(Fault::Time);
        }
        let kind = entry.kind;
        let main = |p: &PartRef| matches!(p.role, Role::Fact | Role::Ledger);
        let first = entry.parts.first().map(|p| p.role).filter(|role| matches!(role, Role::Fact | Role::Ledger));
        let fits = match (kind_of(kind), first) {
            // A later version may add kinds of facts, but none of system records.
            (None, Some(Role::Ledger)) => return Err(Fault::Kind(kind)),
            (None, first) => first.is_some(),
            (Some(known), first) => first == Some(if known.is_system() { Role::Ledger } else { Role::Fact }),
        };
        if !fits || entry.parts.iter().skip(1).any(main) {
            return Err(Fault::Parts);
        }
        if let Some((extra, _)) = stored.parts.iter().find(|(n, _)| usize::from(*n) >= entry.parts.len()) {
            return Err(Fault::PartExtra(*extra));
        }
        for (number, part) in entry.parts.iter().enumerate() {
            let Some((_, bytes)) = stored.parts.iter().find(|(n, _)| usize::from(*n) == number) else {
                chunk.absent.push((stored.index, number, part.role));
                continue;
            };
            let changed = || Fault::PartChanged { part: number, role: part.role };
            let (salt, bytes) = bytes.split_first_chunk::<32>().ok_or_else(changed)?;
            if bytes.len() > MAX_PART {
                return Err(Fault::PartTooLong { part: number, len: bytes.len() });
            }
            if Part::commitment_of(part.role, salt, bytes) != part.commitment {
                return Err(changed());
            }
            chunk.parts_checked += 1;
            let found = self.check_part(chunk, stored.index, kind, (number, part.role), bytes)?;
            for hash in found {
                chunk.indexed = chunk.indexed.wrapping_add(secret.hash_one((hash, stored.index)));
            }
        }
        chunk.chain = chain(&stored.entry);
        chunk.recorded_at = entry.recorded_at;
        edge.push(leaf_hash(&stored.entry));
        Ok(())
    }

    /// Decodes a part and returns the hashes under which the index must hold its entry.
    fn check_part(
        &self,
        chunk: &mut ChunkCheck,
        index: u64,
        kind: u8,
        (number, role): (usize, Role),
        bytes: &[u8],
    ) -> Result<Vec<u64>, Fault> {
        let undecodable = |error| Fault::PartUndecodable { part: number, error };
        let (found, hashes) = match role {
            Role::Fact => match decode_fact(bytes) {
                Ok(fact) => {
                    if self.store.index().is_none() {
                        chunk.own.push((self.index_key.hash(&IndexTerm::Id(&fact.id)), index, kind));
                    }
                    if let Body::Correction { of, replacement, .. } = &fact.body {
                        chunk.replaced.push(Replaced {
                            index,
                            of: of.clone(),
                            is_same_id: replacement.id == *of,
                            kind: replacement.kind(),
                        });
                    }
                    (kind_code(fact.kind()), self.index_key.hashes(&fact))
                }
                Err(error) if error.is_unknown() => {
                    chunk.unreadable.push(index);
                    // The kind byte has its known place only if the version is 1.
                    let fact_kind = bytes.get(1).copied().filter(|_| bytes.first() == Some(&1)).unwrap_or(kind);
                    return if fact_kind == kind {
                        Ok(Vec::new())
                    } else {
                        Err(Fault::KindDiffers { entry: kind, fact: fact_kind })
                    };
                }
                Err(error) => return Err(undecodable(error)),
            },
            Role::Ledger => {
                let own = SystemRecord::decode(bytes).map_err(undecodable)?;
                let system_kind = kind_code(own.kind());
                match own {
                    own @ (SystemRecord::Key(_) | SystemRecord::ReserveKey(_) | SystemRecord::Revocation(_)) => {
                        chunk.keys.push((index, own));
                    }
                    SystemRecord::Withholding(withholding) => chunk.withholdings.push((index, withholding)),
                    SystemRecord::Redaction(Redaction { entry, part, .. }) => chunk.redacted.push((entry, part, index)),
                }
                (system_kind, vec![self.index_key.system_hash()])
            }
            Role::Quotation | Role::PrivateNote | Role::Recorder | Role::Tombstone => return Ok(Vec::new()),
        };
        if found == kind { Ok(hashes) } else { Err(Fault::KindDiffers { entry: kind, fact: found }) }
    }
}
