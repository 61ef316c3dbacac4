//! Proof files (C2SP tlog-proof): turns a fact and its inclusion proofs into one file, and checks
//! such a file without a ledger.
//!
//! Knows no disk and no words for a reader. Start at [`make`] and [`check`].

use crate::trust::{Signature, Trust, TrustError};
use data_encoding::BASE64;
use heldto_fact::{Body, Content, Fact, FactId};
use heldto_ledger::{KeyChange, Keys, Ledger, ReadError, SystemRecord, decode_fact, kind_of};
use heldto_proof::{
    Checkpoint, Entry, Genesis, Hash, Leaves, Part, Role, SignedNote, TlogProof, Verifier, inclusion, leaf_hash,
    root_at, verify_inclusion,
};
use heldto_store::{Log, StoreError};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The reason why a proof cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// The first version of the fact was erased, and a later one is on record.
    #[error("the first version of `{id}` was erased, and a proof of `{id}` would begin with it")]
    FirstErased {
        /// Id of the fact.
        id: FactId,
        /// Id of the oldest record that is left.
        oldest: FactId,
    },
    /// No entry of the fact is within the checkpoint.
    #[error("`{id}` was recorded as entry {index}, after the last checkpoint (size {size})")]
    NotCovered {
        /// The fact.
        id: FactId,
        /// Its first entry.
        index: u64,
        /// Size of the checkpoint.
        size: u64,
    },
    /// The fact is unknown.
    #[error("no fact with the id `{0}` is recorded")]
    Unknown(FactId),
    /// The checkpoint is not of these entries.
    #[error("the last checkpoint does not match this ledger's entries")]
    Mismatch,
    /// The checkpoint or the tree is broken.
    #[error("{0}")]
    Broken(String),
    /// The ledger does not read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store does not read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The reason why a proof file shows nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The file is no proof, or a false one.
    #[error("{0}")]
    Broken(String),
    /// The reader's checkpoint is of another size, so the two cannot be compared.
    #[error(
        "the proof is for size {size} of the ledger, and the checkpoint you gave for size {seen}: they cannot be compared"
    )]
    OtherSize {
        /// Size of the proof's checkpoint.
        size: u64,
        /// Size of the reader's checkpoint.
        seen: u64,
    },
    /// The reader's checkpoint has the same size and another root.
    #[error("the proof and the checkpoint you gave are of two different histories")]
    OtherHistory,
    /// The checkpoint is not trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// A proof file that was checked.
#[derive(Debug)]
pub struct CheckedProof {
    /// The checkpoint that the proof leads to.
    pub checkpoint: Checkpoint,
    /// The signature of the checkpoint.
    pub signature: Signature,
    /// The fact that is proved.
    pub fact: Fact,
    /// The entries of the proof, that of the fact first, the others in the order of the log.
    pub entries: Vec<ProvedEntry>,
    /// Entry and ground of the revocation of the reader's key.
    pub revoked: Option<(u64, String)>,
}

/// An entry of a proof, checked against the checkpoint.
#[derive(Debug)]
pub struct ProvedEntry {
    /// Index in the log.
    pub index: u64,
    /// The entry.
    pub entry: Entry,
    /// The fact in its first part; `None` for a system record.
    pub fact: Option<Fact>,
    record: Option<SystemRecord>,
    bytes: Vec<u8>,
    part: Vec<u8>,
    path: Vec<Hash>,
}

/// A later entry of a proof, as it bears on the fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amended<'p> {
    /// The fact was corrected.
    Corrected {
        /// The reason given.
        reason: &'p str,
        /// The text of the replacement.
        text: &'p str,
    },
    /// The fact was retracted.
    Retracted {
        /// The reason given.
        reason: &'p str,
    },
    /// A retraction of the fact was retracted.
    Reinstated {
        /// The reason given.
        reason: &'p str,
    },
}

impl CheckedProof {
    /// Returns the later entries that correct, retract or reinstate the fact, in the order of the
    /// log.
    ///
    /// A correction that changes id or kind has no effect, and is left out.
    #[must_use]
    pub fn amended(&self) -> Vec<(u64, Amended<'_>)> {
        let fact = &self.fact;
        let main = self.entries.first().map_or(0, |first| first.index);
        let later = || self.entries.iter().skip(1).filter(|entry| entry.index > main);
        let retractions: BTreeSet<&FactId> = later()
            .filter_map(|entry| entry.fact.as_ref())
            .filter(|f| matches!(&f.body, Body::Retraction { of, .. } if *of == fact.id))
            .map(|f| &f.id)
            .collect();
        later().filter_map(|entry| Some((entry.index, amended_by(entry, fact, &retractions)?))).collect()
    }

    /// Returns the title of a cited source with its id; the id alone if the proof does not hold it.
    #[must_use]
    pub fn title_of(&self, source: &FactId) -> String {
        let held = self.entries.iter().filter_map(|entry| entry.fact.as_ref()).find(|fact| fact.id == *source);
        held.map_or_else(|| source.to_string(), |fact| format!("{} ({})", fact.text, fact.id))
    }
}

/// Returns how an entry bears on a fact with these retractions.
fn amended_by<'p>(entry: &'p ProvedEntry, fact: &Fact, retractions: &BTreeSet<&FactId>) -> Option<Amended<'p>> {
    match &entry.fact.as_ref()?.body {
        Body::Correction { of, reason, replacement }
            if *of == fact.id && replacement.id == fact.id && replacement.kind() == fact.kind() =>
        {
            Some(Amended::Corrected { reason, text: &replacement.text })
        }
        Body::Retraction { of, reason } if *of == fact.id => Some(Amended::Retracted { reason }),
        Body::Retraction { of, reason } if retractions.contains(of) => Some(Amended::Reinstated { reason }),
        _ => None,
    }
}

/// Returns the proof of a fact as a file: the fact, its corrections and retractions, its sources
/// and the key changes, without the entries in `left_out`.
///
/// Reads each entry once, and one hash for each entry of the log.
///
/// # Errors
/// If the fact is not within the checkpoint, or something does not read.
pub fn make<S: Log>(
    ledger: &Ledger<S>,
    id: &FactId,
    checkpoint: &[u8],
    left_out: &BTreeSet<u64>,
) -> Result<String, MakeError> {
    let broken = |e: String| MakeError::Broken(e);
    let note = SignedNote::parse(checkpoint).map_err(|e| broken(e.to_string()))?;
    let signed = Checkpoint::of(&note).map_err(|e| broken(e.to_string()))?;
    let mut wanted = wanted(ledger, id, signed.size)?;
    wanted.retain(|index| !left_out.contains(index));
    let leaves = ledger.leaves(signed.size)?;
    if root_at(signed.size, &mut Leaves(&leaves)).ok() != Some(signed.root) {
        return Err(MakeError::Mismatch);
    }
    let path = |index| inclusion(index, signed.size, &mut Leaves(&leaves)).map_err(|e| broken(e.to_string()));
    let mut items = Vec::new();
    for index in &wanted {
        let hashes = path(*index)?;
        let stored = ledger.store().entry(*index)?;
        // The fact's own part only: nothing private goes into a file that is passed on.
        let part = stored.parts.iter().find(|(n, _)| *n == 0).map(|(_, bytes)| bytes.as_slice());
        items.push(item(stored.index, &stored.entry, part.unwrap_or(&[]), &hashes));
    }
    let first = *wanted.first().ok_or_else(|| MakeError::Unknown(id.clone()))?;
    let genesis = Verifier { name: ledger.genesis().origin.clone(), key: ledger.genesis().key };
    let extra = extra(&genesis, id.as_str(), &items);
    let proof = TlogProof { extra, index: first, path: path(first)?, checkpoint: checkpoint.to_vec() };
    String::from_utf8(proof.to_bytes()).map_err(|_| broken("the checkpoint is not text".to_owned()))
}

/// Returns the entries of a proof, the fact first; none is beyond the checkpoint.
fn wanted<S: Log>(ledger: &Ledger<S>, id: &FactId, size: u64) -> Result<Vec<u64>, MakeError> {
    let versions = ledger.versions(id)?;
    let covered = versions.iter().filter(|v| v.index < size);
    let mut wanted = Vec::new();
    let mut sources = Vec::new();
    for version in covered {
        let Content::Known(fact) = &version.content else { continue };
        wanted.push(version.index);
        // A retraction may be retracted itself.
        if fact.id != *id {
            wanted.extend(ledger.versions(&fact.id)?.iter().filter(|v| v.index < size).map(|v| v.index));
        }
        sources.extend(fact.cites.iter().map(|c| c.source.clone()));
    }
    if wanted.is_empty() {
        return Err(match versions.first() {
            Some(v) => MakeError::NotCovered { id: id.clone(), index: v.index, size },
            None => MakeError::Unknown(id.clone()),
        });
    }
    for source in sources {
        wanted.extend(ledger.versions(&source)?.iter().filter(|v| v.index < size).map(|v| v.index));
    }
    // The first version was erased: the oldest that is left has an id of its own.
    if let Some(Content::Known(oldest)) = versions.iter().map(|v| &v.content).find(|c| matches!(c, Content::Known(_)))
        && oldest.id != *id
    {
        return Err(MakeError::FirstErased { id: id.clone(), oldest: oldest.id.clone() });
    }
    wanted.extend(ledger.key_records(size)?.into_iter().map(|(index, _)| index));
    // The fact first, the rest in log order, without duplicates.
    let first = wanted[0];
    let rest: BTreeSet<u64> = wanted.into_iter().filter(|n| *n != first).collect();
    Ok(std::iter::once(first).chain(rest).collect())
}

/// Returns the canonical encoding of the proof's extra data: the entries and the first key.
fn extra(first: &Verifier, id: &str, items: &[Value]) -> Vec<u8> {
    let value = json!({ "heldto": "proof", "version": 1, "id": id, "first-key": first.to_string(), "entries": items });
    value.to_string().into_bytes()
}

fn item(index: u64, entry: &[u8], part: &[u8], path: &[Hash]) -> Value {
    let path: Vec<String> = path.iter().map(|h| BASE64.encode(&h.0)).collect();
    json!({ "index": index, "entry": BASE64.encode(entry), "part": BASE64.encode(part), "path": path })
}

/// Checks a proof file against the reader's trust anchors.
///
/// # Errors
/// If the file is no proof, proves nothing, or contradicts what the reader brought.
pub fn check(bytes: &[u8], trust: &Trust) -> Result<CheckedProof, CheckError> {
    let broken = |why: &str| CheckError::Broken(why.to_owned());
    let proof = TlogProof::parse(bytes).map_err(|e| broken(&e.to_string()))?;
    let note = SignedNote::parse(&proof.checkpoint).map_err(|e| broken(&e.to_string()))?;
    let checkpoint = Checkpoint::of(&note).map_err(|e| broken(&e.to_string()))?;
    let carried: Value = std::str::from_utf8(&proof.extra)
        .map_err(|_| ())
        .and_then(|text| heldto_intake::strict_json(text).map_err(|_| ()))
        .map_err(|_| broken("the proof holds no fact: its extra data was not written by this program"))?;
    let first: Verifier = carried["first-key"]
        .as_str()
        .and_then(|t| t.parse().ok())
        .ok_or_else(|| broken("the proof does not give the first key"))?;
    let mut proved = Vec::new();
    for item in carried["entries"].as_array().into_iter().flatten() {
        proved.push(check_entry(item, &checkpoint).map_err(|why| broken(&why))?);
    }
    let rising = proved.get(1..).unwrap_or(&[]).windows(2).all(|pair| pair[0].index < pair[1].index);
    if !rising || first.name != checkpoint.origin || !Genesis::origin_is_valid(&first.name) {
        return Err(broken("the proof's entries are not in order, or its first key belongs to another ledger"));
    }
    let Some(main) = proved.first().filter(|p| p.index == proof.index) else {
        return Err(broken("the entry that is proved is not the first entry in the proof"));
    };
    if main.path != proof.path {
        return Err(broken("the proof gives two different audit paths for its entry"));
    }
    let Some(fact) = main.fact.as_ref().filter(|f| carried["id"].as_str() == Some(f.id.as_str())) else {
        return Err(broken("the proof does not hold the fact whose id it gives"));
    };
    let items: Vec<Value> = proved.iter().map(|p| item(p.index, &p.bytes, &p.part, &p.path)).collect();
    if extra(&first, fact.id.as_str(), &items) != proof.extra {
        return Err(broken("the contents of the proof are not in canonical form"));
    }
    if let Some((_, seen)) = trust.expected()? {
        if seen.size != checkpoint.size {
            return Err(CheckError::OtherSize { size: checkpoint.size, seen: seen.size });
        }
        if seen != checkpoint {
            return Err(CheckError::OtherHistory);
        }
    }
    let changes: Vec<(u64, KeyChange)> = proved
        .iter()
        .filter_map(|p| match &p.record {
            Some(SystemRecord::Key(change)) => Some((p.index, change.clone())),
            _ => None,
        })
        .collect();
    let genesis = Genesis { origin: first.name, key: first.key };
    let mut keys = Keys::new(&genesis);
    for (index, record) in proved.iter().filter_map(|p| Some((p.index, p.record.as_ref()?))) {
        keys.apply(index, record).map_err(|fault| broken(&format!("entry {index}: {fault}")))?;
    }
    let signature = trust.signature(&note, &checkpoint, &genesis, &changes)?;
    trust.quorum(&signature)?;
    let fact = fact.clone();
    let revoked = trust.key.as_ref().and_then(|key| keys.revocation(&key.key)).cloned();
    Ok(CheckedProof { checkpoint, signature, fact, entries: proved, revoked })
}

fn hash(value: &Value) -> Option<Hash> {
    BASE64.decode(value.as_str()?.as_bytes()).ok()?.try_into().ok().map(Hash)
}

fn check_entry(item: &Value, checkpoint: &Checkpoint) -> Result<ProvedEntry, String> {
    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let index = item["index"].as_u64().ok_or("an entry of the proof has no index")?;
    let fail = |why: &str| format!("entry {index}: {why}");
    let bytes = BASE64.decode(text("entry").as_bytes()).map_err(|_| fail("it is not valid base64"))?;
    let path: Option<Vec<Hash>> =
        item["path"].as_array().map(|hashes| hashes.iter().map(hash).collect()).unwrap_or_default();
    let path = path.filter(|p| p.len() < 64).ok_or_else(|| fail("its audit path is not valid"))?;
    verify_inclusion(&leaf_hash(&bytes), index, checkpoint.size, &path, &checkpoint.root)
        .map_err(|e| fail(&e.to_string()))?;
    let entry = Entry::decode(&bytes).map_err(|e| fail(&e.to_string()))?;
    if entry.index != index {
        return Err(fail("it gives the number of another entry"));
    }
    let reference = entry.parts.first().ok_or_else(|| fail("it has no part"))?;
    let held = BASE64.decode(text("part").as_bytes()).map_err(|_| fail("its part is not valid base64"))?;
    let (salt, content) = held.split_first_chunk::<32>().ok_or_else(|| fail("its part is missing"))?;
    let part = Part { role: reference.role, salt: *salt, bytes: content.to_vec() };
    if part.commitment() != reference.commitment {
        return Err(fail("its part does not match the commitment"));
    }
    let mut record = None;
    let mut fact = None;
    let kind = match part.role {
        Role::Ledger => {
            let read = SystemRecord::decode(&part.bytes).map_err(|e| fail(&e.to_string()))?;
            let kind = read.kind();
            record = Some(read);
            kind
        }
        Role::Quotation | Role::PrivateNote | Role::Recorder | Role::Tombstone => {
            return Err(fail("its first part is not a fact"));
        }
        Role::Fact => {
            let read = decode_fact(&part.bytes).map_err(|e| fail(&e.to_string()))?;
            let kind = read.kind();
            fact = Some(read);
            kind
        }
    };
    if kind_of(entry.kind) == Some(kind) {
        Ok(ProvedEntry { index, entry, fact, record, bytes, part: held, path })
    } else {
        Err(fail("its fact is not of the kind that the entry gives"))
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckError, check, make};
    use crate::testing::{ledger, signer};
    use crate::trust::Trust;
    use heldto_proof::Checkpoint;
    use std::collections::BTreeSet;

    fn proof(id: &str, left_out: &BTreeSet<u64>) -> (String, Checkpoint) {
        let ledger = ledger();
        let size = ledger.head().size();
        let root = ledger.root_at(size).expect("reads");
        let checkpoint = Checkpoint { origin: "example.org/test".to_owned(), size, root };
        let note = checkpoint.sign(&[&signer(1)]).expect("signs").to_string();
        let made = make(&ledger, &id.parse().expect("an id"), note.as_bytes(), left_out).expect("makes");
        (made, checkpoint)
    }

    #[test]
    fn a_proof_shows_its_fact_and_the_signer() {
        let (text, checkpoint) = proof("testshire", &BTreeSet::new());
        let trust = Trust { key: Some(signer(1).verifier()), expected: None, policy: None };
        let checked = check(text.as_bytes(), &trust).expect("proves");
        assert_eq!((checked.fact.id.as_str(), checked.checkpoint), ("testshire", checkpoint));
        assert!(checked.signature.is_checked);
        assert!(
            check(text.as_bytes(), &Trust { key: Some(signer(2).verifier()), expected: None, policy: None }).is_err()
        );
    }

    #[test]
    fn every_changed_byte_of_the_proof_is_noticed() {
        let (text, _) = proof("testshire", &BTreeSet::new());
        let trust = Trust { key: Some(signer(1).verifier()), expected: None, policy: None };
        for at in (0..text.len()).step_by(3) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(check(&bytes, &trust).is_err(), "byte {at}");
        }
    }

    #[test]
    fn what_is_left_out_is_not_in_the_file() {
        let (text, _) = proof("testshire", &BTreeSet::from([1]));
        assert_eq!(check(text.as_bytes(), &Trust::default()).expect("proves").entries.len(), 1);
    }

    #[test]
    fn another_history_and_another_size_are_told_apart() {
        let (text, checkpoint) = proof("testshire", &BTreeSet::new());
        let expecting = |seen: Checkpoint| {
            let note = seen.sign(&[&signer(1)]).expect("signs").to_string();
            check(text.as_bytes(), &Trust { key: None, expected: Some(note.into_bytes()), policy: None })
        };
        assert!(expecting(checkpoint.clone()).is_ok());
        let other = Checkpoint { root: heldto_proof::Hash([7; 32]), ..checkpoint.clone() };
        assert!(matches!(expecting(other), Err(CheckError::OtherHistory)));
        let longer = Checkpoint { size: checkpoint.size + 1, ..checkpoint };
        assert!(matches!(expecting(longer), Err(CheckError::OtherSize { .. })));
    }
}
