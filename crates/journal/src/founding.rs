//! Reads and writes the founding record: lines of text, the last of them a check value.
//!
//! This module does not know the rest of the journal. Start at [`read_founding`].

use crate::check::{Check, checked, with_check};
use crate::files::{failed, sync_dir, write_at};
use heldto_proof::{Genesis, Hash};
use heldto_store::{Founding, StoreError};
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

/// Version of the layout of the ledger's folder.
///
/// Versions before the first release used others.
pub const LAYOUT: u8 = 5;

/// The name of this record in errors.
pub const FOUNDING_RECORD: &str = "founding record of the journal";

const NAME: &str = "founding";

fn text(founding: &Founding) -> String {
    format!(
        "heldto journal\nlayout {LAYOUT}\nkey {}\nindex-key {}\norigin {}\n",
        Hash(founding.genesis.key),
        Hash(founding.index_key),
        founding.genesis.origin
    )
}

/// Writes the record over any existing one.
///
/// Durable on return.
///
/// # Errors
/// Any I/O error.
pub fn write_founding(journal: &Path, founding: &Founding) -> Result<(), StoreError> {
    let path = journal.join(NAME);
    let bytes = with_check(&text(founding));
    // The length is always the same and below a sector, so the write cannot be torn.
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .and_then(|file| write_at(&file, &bytes, 0).and_then(|()| file.sync_all()))
        .map_err(failed(format!("writing {}", path.display())))?;
    sync_dir(journal)
}

/// Reads the record, and returns it with the result of its check.
///
/// # Errors
/// [`StoreError::NoLedger`] if there is no journal, [`StoreError::NewLayout`] or
/// [`StoreError::OldLayout`] if another version made it, [`StoreError::Damaged`] if the record is
/// missing or damaged; otherwise any I/O error.
pub fn read_founding(journal: &Path) -> Result<(Founding, Check), StoreError> {
    let path = journal.join(NAME);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && !journal.is_dir() => {
            return Err(StoreError::NoLedger(journal.display().to_string()));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(damaged("it is missing")),
        Err(error) => return Err(failed(format!("reading {}", path.display()))(error)),
    };
    let (text, check) = checked(&bytes).ok_or_else(|| damaged("it does not match its check value"))?;
    let mut lines = text.lines();
    let mut value = |name: &str| lines.next().and_then(|line| line.strip_prefix(name));
    value("heldto journal").ok_or_else(|| damaged("its first line is wrong"))?;
    match value("layout ").and_then(|layout| layout.parse::<u8>().ok()) {
        Some(LAYOUT) => {}
        Some(found) if found > LAYOUT => return Err(StoreError::NewLayout { found, known: LAYOUT }),
        Some(found) => return Err(StoreError::OldLayout(found)),
        None => return Err(damaged("it does not name a layout")),
    }
    let key = value("key ").and_then(Hash::from_hex).ok_or_else(|| damaged("its key is not valid"))?;
    let index_key =
        value("index-key ").and_then(Hash::from_hex).ok_or_else(|| damaged("its index key is not valid"))?;
    let origin = value("origin ").filter(|origin| Genesis::origin_is_valid(origin));
    let origin = origin.ok_or_else(|| damaged("its origin is not allowed in a checkpoint"))?.to_owned();
    Ok((Founding { genesis: Genesis { origin, key: key.0 }, index_key: index_key.0 }, check))
}

fn damaged(why: &str) -> StoreError {
    StoreError::Damaged { record: FOUNDING_RECORD, why: why.to_owned() }
}
