//! Construction of a journal from the databases, for a ledger older than the journal and for one
//! that lost it.
//!
//! Trusts an entry only if its hashes prove it. Start at [`take_up()`].

use crate::SledStore;
use crate::files::{self, ACKNOWLEDGED, HighWaterMark, MarkFile, SIGNED};
use crate::replica::{ENTRIES_PER_DATABASE, Replica, TAIL_ENTRIES};
use heldto_journal::{FOUNDING_RECORD, Journal, advance, follows, write_founding};
use heldto_proof::Head;
use heldto_store::{NewEntry, Notice, Notices, StoreError};
use std::path::Path;

/// Number of entries appended at a time.
const CHUNK: usize = 1 << 14;

/// Makes a ledger's journal from its databases; returns the number of entries and the databases'
/// layout.
///
/// Reads a copy, so that sled changes nothing in the original while opening. Durable on return.
///
/// # Errors
/// If the databases are damaged, their entries do not form a chain, they end before the
/// acknowledged or signed size, or on an I/O error. The ledger is unchanged then.
pub fn take_up(dir: &Path) -> Result<(u64, u8), StoreError> {
    let copy = dir.join("upgrade");
    let builder = dir.join("journal.new");
    files::remove_dir(&copy)?;
    files::remove_dir(&builder)?;
    for folder in ["hot", "archive"] {
        files::copy_dir(&dir.join(folder), &copy.join(folder))?;
    }
    let (replica, founding, layout) = Replica::open(&copy, (TAIL_ENTRIES, ENTRIES_PER_DATABASE))?;
    let mut journal = Journal::create(&builder, &founding)?;
    let marks = [ACKNOWLEDGED, SIGNED].map(|name| (name, HighWaterMark::read(dir, name)));
    let mut unmet = Vec::new();
    for (name, mark) in marks {
        if let MarkFile::Sound(mark, ..) = mark? {
            unmet.push((name, mark));
        }
    }
    let mut head = Head::empty(&founding.genesis);
    unmet.retain(|(_, mark)| (mark.size, mark.chain) != (0, head.chain));
    let mut pending: Vec<NewEntry> = Vec::with_capacity(CHUNK);
    let mut entries = replica.entries(0..replica.size());
    while let Some(stored) = entries.try_next()? {
        if follows(stored, head.size(), Some(head.chain)).is_none() {
            let why = "its bytes do not match its hashes".to_owned();
            return Err(StoreError::Lost { index: stored.index, why });
        }
        advance(&mut head, &stored.entry);
        unmet.retain(|(_, mark)| (mark.size, mark.chain) != (head.size(), head.chain));
        pending.push(stored.to_new(Vec::new()));
        if pending.len() == CHUNK {
            journal.append(&pending, &head)?;
            pending.clear();
        }
    }
    drop(entries);
    if let Some((name, mark)) = unmet.first() {
        let were = files::entries_were(mark.size);
        let why = format!("{were} {name}, but {} can be read, or others are in their place", head.size());
        return Err(StoreError::Behind(why));
    }
    if !pending.is_empty() {
        journal.append(&pending, &head)?;
    }
    drop(journal);
    replica.close();
    SledStore::put_journal(dir)?;
    files::remove_dir(&copy)?;
    Ok((head.size(), layout))
}

/// Rebuilds a journal whose founding record or open bundle cannot be read.
///
/// A damaged founding record is replaced by the database's. Otherwise the whole journal is made
/// from the database's entries, and the old files stay in `journal.damaged`.
///
/// # Errors
/// `error`, which describes the damage, if the database does not help; otherwise an I/O error.
pub fn rebuild_journal(dir: &Path, error: StoreError, notices: &Notices) -> Result<(), StoreError> {
    let journal = dir.join("journal");
    let aside = dir.join("journal.damaged");
    if matches!(error, StoreError::Damaged { record: FOUNDING_RECORD, .. }) {
        let copy = dir.join("upgrade");
        files::remove_dir(&copy)?;
        files::copy_dir(&dir.join("hot"), &copy.join("hot"))?;
        let Ok((replica, founding, _)) = Replica::open(&copy, (TAIL_ENTRIES, ENTRIES_PER_DATABASE)) else {
            return Err(error);
        };
        replica.close();
        files::remove_dir(&copy)?;
        write_founding(&journal, &founding)?;
        notices.add(Notice::FileRebuilt("journal/founding".to_owned()));
        return Ok(());
    }
    files::remove_dir(&aside)?;
    std::fs::rename(&journal, &aside).map_err(files::io("moving the journal aside".to_owned()))?;
    match take_up(dir) {
        Ok((entries, _)) => {
            notices.add(Notice::JournalRebuilt { why: "its files were damaged".to_owned(), entries });
            Ok(())
        }
        Err(failed) => {
            std::fs::rename(&aside, &journal).map_err(files::io("moving the journal back".to_owned()))?;
            // An I/O error says nothing about the ledger.
            Err(if failed.is_integrity() { error } else { failed })
        }
    }
}
