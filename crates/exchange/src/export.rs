//! Exports as JSON lines (docs/FORMAT.md, *Export*): turns a ledger into text, and such text into a
//! ledger in memory. Knows no disk and no signer. Start at [`write()`] and [`read`].

use data_encoding::BASE64;
use heldto_intake::{strict_json, to_json};
use heldto_ledger::{ExportedEntry, ExportedPart, Ledger, RestoreError, restore};
use heldto_proof::{Chain, Entry, Genesis, Hash, Part, Role};
use heldto_store::{Founding, Log, MemoryStore, StoreError};
use serde_json::{Map, Value, json};

/// The reason why an export cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The text is not an export, or not a whole one.
    #[error("{}{why}", entry.map_or_else(String::new, |n| format!("entry {n}: ")))]
    Broken {
        /// The entry, if one is at fault.
        entry: Option<u64>,
        /// The reason.
        why: String,
    },
    /// The entries do not make a ledger.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The store does not read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the export of a ledger: a header, a line for each entry, and a last line with the head.
///
/// Private notes and recorders are included if `private` is set; parts for which `is_left_out` is
/// true are omitted.
///
/// # Errors
/// If an entry does not read.
pub fn write<S: Log>(
    ledger: &Ledger<S>,
    private: bool,
    is_left_out: &dyn Fn(u64, u16) -> bool,
) -> Result<String, ExportError> {
    let genesis = ledger.genesis();
    let mut out = format!(
        "{}\n",
        json!({ "heldto": "export", "version": 1, "origin": genesis.origin, "key": Hash(genesis.key).to_string() })
    );
    let mut entries = ledger.store().entries(0..ledger.head().size());
    while let Some(stored) = entries.try_next()? {
        let entry = Entry::decode(&stored.entry).map_err(|error| broken(&error.to_string(), Some(stored.index)))?;
        let mut exported = ExportedEntry { entry: stored.entry.clone(), parts: Vec::new() };
        for (number, bytes) in &stored.parts {
            let role = entry.parts.get(usize::from(*number)).map(|p| p.role);
            if let (Some(role), Some((salt, bytes))) = (role, bytes.split_first_chunk::<32>())
                && (private || role == Role::Tombstone || !role.is_private())
                && !is_left_out(stored.index, *number)
            {
                let part = Part { role, salt: *salt, bytes: bytes.to_vec() };
                exported.parts.push(ExportedPart { number: *number, part });
            }
        }
        out.push_str(&format!("{}\n", line(stored.index, &exported)));
    }
    let head = ledger.head();
    let end = json!({ "end": head.size(), "chain": head.chain.0.to_string(), "root": head.edge.root().to_string() });
    out.push_str(&format!("{end}\n"));
    Ok(out)
}

fn line(index: u64, exported: &ExportedEntry) -> Value {
    let part = |p: &ExportedPart| json!({ "part": p.number, "role": p.part.role.as_str(), "salt": Hash(p.part.salt).to_string(), "bytes": BASE64.encode(&p.part.bytes) });
    let mut fields = Map::new();
    fields.insert("index".to_owned(), index.into());
    fields.insert("entry".to_owned(), BASE64.encode(&exported.entry).into());
    fields.insert("parts".to_owned(), exported.parts.iter().map(part).collect());
    if let Some(fact) = exported.fact() {
        fields.insert("fact".to_owned(), to_json(&fact));
    }
    Value::Object(fields)
}

/// Reads an export into a ledger in memory.
///
/// Checks that the export is complete and that the readable facts equal the hashed ones. The caller
/// must still verify the hashes.
///
/// # Errors
/// If the text is not a whole export, or its entries do not make a ledger.
pub fn read(text: &str, index_key: [u8; 32]) -> Result<Ledger<MemoryStore>, ExportError> {
    let mut lines = (1_usize..).zip(text.lines());
    let Some((_, first)) = lines.next() else {
        return Err(broken("the file is empty: it is not an export, a proof or a checkpoint", None));
    };
    let genesis = genesis(first).ok_or_else(|| broken("line 1 is not the first line of an export", None))?;
    let mut exported = Vec::new();
    let mut end = None;
    for (number, text) in lines {
        let at = |why: &str| broken(&format!("line {number} {why}"), None);
        let value: Value = strict_json(text).map_err(|e| at(&format!("is not JSON: {e}")))?;
        if end.is_some() {
            return Err(at("comes after the last line of the export"));
        }
        if value.get("end").is_some() {
            end = Some(self::end(&value).ok_or_else(|| at("is not the last line of an export"))?);
            continue;
        }
        let index = exported.len() as u64;
        if value.get("index").and_then(Value::as_u64) != Some(index) {
            return Err(broken(
                &format!("line {number} is not the line of entry {index}; lines were removed, reordered or inserted"),
                Some(index),
            ));
        }
        let item = entry(&value)
            .ok_or_else(|| broken(&format!("line {number} does not hold an entry and its parts"), Some(index)))?;
        // The readable fact must equal the hashed one.
        let own = item.fact().map(|f| to_json(&f));
        if value.get("fact").is_some_and(|shown| own.as_ref() != Some(shown)) {
            return Err(broken("the readable fact differs from the hashed one", Some(index)));
        }
        exported.push(item);
    }
    let (size, chain, root) = end.ok_or_else(|| broken("the last line is missing: the export was cut short", None))?;
    if size != exported.len() as u64 {
        return Err(broken(
            &format!("the number of entries is {}, but the last line says {size}", exported.len()),
            None,
        ));
    }
    Ok(restore(&Founding { genesis, index_key }, &exported, Some(Chain(chain)), root)?)
}

fn broken(why: &str, entry: Option<u64>) -> ExportError {
    ExportError::Broken { entry, why: why.to_owned() }
}

fn genesis(line: &str) -> Option<Genesis> {
    let value = strict_json(line).ok().filter(|v| has_only(v, &["heldto", "version", "origin", "key"]))?;
    let whole = value.get("heldto")?.as_str()? == "export" && value.get("version")?.as_u64()? == 1;
    let origin = value.get("origin")?.as_str().filter(|o| Genesis::origin_is_valid(o))?.to_owned();
    whole.then_some(Genesis { origin, key: hash(&value, "key")?.0 })
}

/// Returns `true` if the value is an object without keys other than these.
fn has_only(value: &Value, keys: &[&str]) -> bool {
    value.as_object().is_some_and(|fields| fields.keys().all(|key| keys.contains(&key.as_str())))
}

fn end(value: &Value) -> Option<(u64, Hash, Hash)> {
    if !has_only(value, &["end", "chain", "root"]) {
        return None;
    }
    Some((value.get("end")?.as_u64()?, hash(value, "chain")?, hash(value, "root")?))
}

fn hash(value: &Value, key: &str) -> Option<Hash> {
    let text = value.get(key)?.as_str()?;
    Hash::from_hex(text).filter(|h| h.to_string() == text)
}

fn bytes(value: &Value, key: &str) -> Option<Vec<u8>> {
    BASE64.decode(value.get(key)?.as_str()?.as_bytes()).ok()
}

fn entry(value: &Value) -> Option<ExportedEntry> {
    if !has_only(value, &["index", "entry", "parts", "fact"]) {
        return None;
    }
    let mut parts = Vec::new();
    for part in value.get("parts")?.as_array()? {
        if !has_only(part, &["part", "role", "salt", "bytes"]) {
            return None;
        }
        let number = u16::try_from(part.get("part")?.as_u64()?).ok()?;
        let role = Role::from_word(part.get("role")?.as_str()?)?;
        if parts.iter().any(|p: &ExportedPart| p.number == number) {
            return None;
        }
        parts.push(ExportedPart {
            number,
            part: Part { role, salt: hash(part, "salt")?.0, bytes: bytes(part, "bytes")? },
        });
    }
    Some(ExportedEntry { entry: bytes(value, "entry")?, parts })
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::testing::ledger;

    #[test]
    fn an_export_reads_back_to_the_same_bytes() {
        let text = write(&ledger(), true, &|_, _| false).expect("writes");
        let again = read(&text, [9; 32]).expect("reads");
        assert_eq!(write(&again, true, &|_, _| false).expect("writes"), text);
        assert!(again.verify(false, &mut |_| {}).is_ok());
    }

    #[test]
    fn a_part_that_is_left_out_is_missed_by_its_entry() {
        let text = write(&ledger(), false, &|entry, _| entry == 1).expect("writes");
        let missed = read(&text, [9; 32]).expect("reads").verify(true, &mut |_| {}).expect_err("no entry says why");
        assert_eq!(missed.entry, Some(1));
    }

    #[test]
    fn every_line_counts_and_every_error_names_its_place() {
        let text = write(&ledger(), true, &|_, _| false).expect("writes");
        let lines: Vec<&str> = text.lines().collect();
        let whole = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let error = |text: &str| read(text, [9; 32]).err().expect("broken").to_string();
        assert!(error("").contains("the file is empty"));
        assert!(error(&whole(&lines[1..])).contains("line 1"));
        assert!(error(&whole(&lines[..lines.len() - 1])).contains("cut short"));
        let mut swapped = lines.clone();
        swapped.swap(1, 2);
        assert!(error(&whole(&swapped)).starts_with("entry 0: line 2"));
        for number in 0..lines.len() {
            let mut without = lines.clone();
            without.remove(number);
            assert!(read(&whole(&without), [9; 32]).is_err(), "without line {}", number + 1);
        }
    }

    #[test]
    fn the_readable_fact_must_be_the_hashed_one() {
        let text = write(&ledger(), true, &|_, _| false).expect("writes").replacen("Testshire", "Elsewhere", 1);
        let error = read(&text, [9; 32]).err().expect("differs").to_string();
        assert!(error.contains("differs from the hashed one"), "{error}");
    }
}
