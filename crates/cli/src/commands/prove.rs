//! `prove`: writes a fact and its inclusion proofs to one file (C2SP tlog-proof), and verifies such
//! files without a ledger. Start at [`run`] and [`verify`].

use super::plain;
use crate::args::{Global, ProveArgs};
use crate::error::{CommandError, FAILED, INPUT, INTEGRITY, USAGE};
use crate::trust::Trust;
use crate::{Env, RunOutput, ledger};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use heldto_fact::{Body, Content, Fact, FactId};
use heldto_ledger::{KeyChange, Ledger, SystemRecord, decode_fact, kind_of};
use heldto_proof::{
    Checkpoint, Entry, Genesis, Hash, Leaves, Part, Role, SignedNote, TlogProof, Verifier, inclusion, leaf_hash,
    root_at, verify_inclusion,
};
use heldto_report::Format;
use heldto_store::Store;
use heldto_store_sled::{Access, SledStore};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Writes the proof of a fact: the fact, its corrections and retractions, its sources, and the key
/// changes.
pub fn run(env: &mut Env<'_>, global: &Global, args: &ProveArgs) -> Result<RunOutput, CommandError> {
    let open = ledger::open(env, global, Access::Read)?;
    let sensitive = open.sensitive()?;
    if sensitive.entities.contains(&args.id) && !args.sensitive {
        return Err(ledger::unknown(&args.id, "fact", sensitive.entries.len() as u64));
    }
    if open.versions(&args.id)?.is_empty() {
        let withheld = if args.sensitive { 0 } else { sensitive.entries.len() as u64 };
        return Err(ledger::unknown(&args.id, "fact", withheld));
    }
    if open.store().is_partial() {
        return Err(CommandError::new(FAILED, "this is a copy that leaves out parts, and nothing can be signed here")
            .hint("ask the keeper of the ledger for the proof"));
    }
    let Some(bytes) = open.store().checkpoint()? else {
        return Err(
            CommandError::new(FAILED, "the ledger has no checkpoint yet").hint("sign one with: heldto checkpoint")
        );
    };
    let broken = |e: String| CommandError::new(INTEGRITY, e);
    let note = SignedNote::parse(&bytes).map_err(|e| broken(e.to_string()))?;
    let checkpoint = Checkpoint::of(&note).map_err(|e| broken(e.to_string()))?;
    let left_out = if args.sensitive { BTreeSet::new() } else { sensitive.entries.clone() };
    let mut wanted = wanted(&open, &args.id, checkpoint.size)?;
    wanted.retain(|index| !left_out.contains(index));
    let leaves = open.leaves(checkpoint.size)?;
    if root_at(checkpoint.size, &mut Leaves(&leaves)).ok() != Some(checkpoint.root) {
        let message = "the last checkpoint does not match this ledger's entries";
        return Err(CommandError::new(INTEGRITY, message).hint("sign a new one with: heldto checkpoint"));
    }
    let path = |index| inclusion(index, checkpoint.size, &mut Leaves(&leaves)).map_err(|e| broken(e.to_string()));
    let mut items = Vec::new();
    for index in &wanted {
        let hashes = path(*index)?;
        open.store().read(*index..index + 1, &mut |stored| {
            // The fact's own part only: nothing private goes into a file that is passed on.
            let part = stored.parts.iter().find(|(n, _)| *n == 0).map(|(_, bytes)| bytes.as_slice());
            items.push(item(stored.index, &stored.entry, part.unwrap_or_default(), &hashes));
            false
        })?;
    }
    let first = wanted.first().copied().unwrap_or_default();
    let genesis = Verifier { name: open.genesis().origin.clone(), key: open.genesis().key };
    let extra = extra(&genesis, args.id.as_str(), &items);
    let proof = TlogProof { extra, index: first, path: path(first)?, checkpoint: bytes };
    Ok(plain(String::from_utf8(proof.to_bytes()).unwrap_or_default()))
}

/// Returns the entries of a proof, the fact first; none is beyond the checkpoint.
fn wanted(open: &Ledger<SledStore>, id: &FactId, size: u64) -> Result<Vec<u64>, CommandError> {
    let versions = open.versions(id)?;
    let covered = versions.iter().filter(|v| v.index < size);
    let mut wanted = Vec::new();
    let mut sources = Vec::new();
    for version in covered {
        let Content::Known(fact) = &version.content else { continue };
        wanted.push(version.index);
        // A retraction may be retracted itself.
        if fact.id != *id {
            wanted.extend(open.versions(&fact.id)?.iter().filter(|v| v.index < size).map(|v| v.index));
        }
        sources.extend(fact.cites.iter().map(|c| c.source.clone()));
    }
    if wanted.is_empty() {
        let message = match versions.first() {
            Some(v) => format!("`{id}` was recorded as entry {}, after the last checkpoint (size {size})", v.index),
            None => format!("no fact with the id `{id}` is recorded"),
        };
        return Err(CommandError::new(INPUT, message).hint("sign a newer one with: heldto checkpoint"));
    }
    for source in sources {
        wanted.extend(open.versions(&source)?.iter().filter(|v| v.index < size).map(|v| v.index));
    }
    wanted.extend(open.key_changes(size)?.into_iter().map(|(index, _)| index));
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
    let path: Vec<String> = path.iter().map(|h| STANDARD.encode(h.0)).collect();
    json!({ "index": index, "entry": STANDARD.encode(entry), "part": STANDARD.encode(part), "path": path })
}

/// An entry of a proof, checked against the checkpoint.
struct Proved {
    index: u64,
    bytes: Vec<u8>,
    part: Vec<u8>,
    path: Vec<Hash>,
    entry: Entry,
    own: Option<SystemRecord>,
    fact: Option<Fact>,
}

/// Verifies a proof and returns, as text or JSON, the facts it shows; the text also says what a
/// proof does not show.
pub fn verify(global: &Global, trust: &Trust, bytes: &[u8]) -> Result<String, CommandError> {
    let broken = |why: &str| CommandError::new(INTEGRITY, format!("broken: {why}"));
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
        proved.push(check(item, &checkpoint).map_err(|why| broken(&why))?);
    }
    let rising = proved.get(1..).unwrap_or_default().windows(2).all(|pair| pair[0].index < pair[1].index);
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
            let message = format!(
                "the proof is for size {} of the ledger, and the checkpoint you gave for size {}: \
                 they cannot be compared",
                checkpoint.size, seen.size
            );
            return Err(CommandError::new(USAGE, message).hint("verify the published folder with --expect"));
        }
        if seen != checkpoint {
            return Err(broken("the proof and the checkpoint you gave are of two different histories")
                .hint("keep both: together they are the proof"));
        }
    }
    let changes: Vec<(u64, KeyChange)> = proved
        .iter()
        .filter_map(|p| match &p.own {
            Some(SystemRecord::Key(change)) => Some((p.index, change.clone())),
            _ => None,
        })
        .collect();
    let mut current = first.clone();
    for (index, change) in &changes {
        if !change.is_signed(&current, *index) {
            return Err(broken(&format!("entry {index}: the key change is not signed by both keys")));
        }
        current.key = change.key;
    }
    let genesis = Genesis { origin: first.name, key: first.key };
    let signature = trust.signature(&note, &checkpoint, &genesis, &changes)?;
    if global.format == Format::Json {
        let value = json!({
            "sound": true,
            "origin": checkpoint.origin,
            "id": fact.id.as_str(),
            "entry": main.index,
            "entries": checkpoint.size,
            "root": checkpoint.root.base64(),
            "signed": checkpoint.size,
            "signature-checked": signature.is_checked,
            "signed-by": signature.by.to_string(),
            "expected": trust.expected.as_ref().map(|_| checkpoint.size),
        });
        return Ok(format!("{value}\n"));
    }
    Ok(words(&checkpoint, signature.is_checked, main, fact, &proved))
}

fn hash(value: &Value) -> Option<Hash> {
    STANDARD.decode(value.as_str()?).ok()?.try_into().ok().map(Hash)
}

fn check(item: &Value, checkpoint: &Checkpoint) -> Result<Proved, String> {
    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let index = item["index"].as_u64().unwrap_or(u64::MAX);
    let fail = |why: &str| format!("entry {index}: {why}");
    let bytes = STANDARD.decode(text("entry")).map_err(|_| fail("it is not valid base64"))?;
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
    let held = STANDARD.decode(text("part")).map_err(|_| fail("its part is not valid base64"))?;
    let (salt, content) = held.split_first_chunk::<32>().ok_or_else(|| fail("its part is missing"))?;
    let part = Part { role: reference.role, salt: *salt, bytes: content.to_vec() };
    if part.commitment() != reference.commitment {
        return Err(fail("its part does not match the commitment"));
    }
    let (mut own, mut fact) = (None, None);
    let kind = match part.role {
        Role::Ledger => {
            let record = SystemRecord::decode(&part.bytes).map_err(|e| fail(&e.to_string()))?;
            let kind = record.kind();
            own = Some(record);
            kind
        }
        Role::Quotation | Role::PrivateNote | Role::Recorder => return Err(fail("its first part is not a fact")),
        Role::Fact => {
            let read = decode_fact(&part.bytes).map_err(|e| fail(&e.to_string()))?;
            let kind = read.kind();
            fact = Some(read);
            kind
        }
    };
    if kind_of(entry.kind) == Some(kind) {
        Ok(Proved { index, bytes, part: held, path, entry, own, fact })
    } else {
        Err(fail("its fact is not of the kind that the entry gives"))
    }
}

fn words(checkpoint: &Checkpoint, signed: bool, main: &Proved, fact: &Fact, proved: &[Proved]) -> String {
    let time = |micros| {
        chrono::DateTime::from_timestamp_micros(micros)
            .map_or_else(String::new, |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    };
    let mut out = format!(
        "sound: entry {} (out of {}) of {} holds this {}\n  id        {}\n  it says   {}\n  \
         recorded  {}, by the clock of the ledger's keeper\n",
        main.index,
        checkpoint.size,
        checkpoint.origin,
        fact.kind(),
        fact.id,
        one_line(&fact.text),
        time(main.entry.recorded_at),
    );
    for cite in &fact.cites {
        let source = proved.iter().filter_map(|p| p.fact.as_ref()).find(|f| f.id == cite.source);
        let title = source.map_or_else(|| cite.source.to_string(), |s| format!("{} ({})", one_line(&s.text), s.id));
        out.push_str(&format!("  source    {title}, {}\n", one_line(&cite.at)));
    }
    let after = || proved.iter().skip(1).filter(|later| later.index > main.index);
    let retractions: BTreeSet<&FactId> = after()
        .filter_map(|later| later.fact.as_ref())
        .filter(|f| matches!(&f.body, Body::Retraction { of, .. } if *of == fact.id))
        .map(|f| &f.id)
        .collect();
    for later in after() {
        let then = match later.fact.as_ref().map(|f| &f.body) {
            // A correction that changes id or kind has no effect.
            Some(Body::Correction { of, reason, replacement })
                if *of == fact.id && replacement.id == fact.id && replacement.kind() == fact.kind() =>
            {
                format!("corrected ({}): {}", one_line(reason), one_line(&replacement.text))
            }
            Some(Body::Retraction { of, reason }) if *of == fact.id => format!("withdrawn: {}", one_line(reason)),
            Some(Body::Retraction { of, reason }) if retractions.contains(of) => {
                format!("reinstated: {}", one_line(reason))
            }
            _ => continue,
        };
        out.push_str(&format!("  then      entry {}: {then}\n", later.index));
    }
    out.push_str(if signed {
        "shows: the holder of the key signed a ledger that holds exactly this fact at this place\n"
    } else {
        "the signature was not checked: to check it, add --key with a public key that you have from elsewhere\n"
    });
    out.push_str(&format!(
        "does not show: that the fact is true; when it was recorded; that no later entry corrects it \
         (up to size {}, only the maker of the proof says so)\n",
        checkpoint.size
    ));
    out
}

/// Returns the text with spaces for control characters, so that quoted text can neither begin a
/// line nor control the terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
