//! A journal made from the databases: for a ledger of before there was a journal, and for one that lost its journal.

use crate::files::{self, ACKNOWLEDGED, HighWaterMark, MarkFile, SIGNED};
use crate::replica::{PART, Replica, TAIL};
use crate::{SledStore, flow};
use heldto_journal::{Journal, advance, follows};
use heldto_proof::Head;
use heldto_store::{NewEntry, StoreError};
use std::path::Path;

/// How many entries are taken at a time.
const CHUNK: usize = 1 << 14;

/// Makes the journal of a ledger from a copy of its databases, so that those stay as they are whatever sled does while it opens.
/// Returns how many entries there are. Durable on return.
///
/// # Errors
/// When the databases are damaged, their entries do not follow each other, they end before what was acknowledged or signed, or
/// the system refuses. Nothing was changed then.
pub fn take_up(dir: &Path) -> Result<u64, StoreError> {
    let (copy, draft) = (dir.join("upgrade"), dir.join("journal.new"));
    files::remove_dir(&copy)?;
    files::remove_dir(&draft)?;
    for folder in ["hot", "archive"] {
        files::copy_dir(&dir.join(folder), &copy.join(folder))?;
    }
    let (replica, founding, _) = Replica::open(&copy, (TAIL, PART))?;
    let mut journal = Journal::create(&draft, &founding)?;
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
    let mut failed = None;
    replica.read(0..replica.size(), &mut |stored| {
        if follows(stored, head.size(), Some(head.chain)).is_none() {
            let why = "its bytes do not fit its hashes".to_owned();
            failed = Some(StoreError::Lost { index: stored.index, why });
            return flow(false);
        }
        advance(&mut head, &stored.entry);
        unmet.retain(|(_, mark)| (mark.size, mark.chain) != (head.size(), head.chain));
        pending.push(stored.to_new(Vec::new()));
        if pending.len() == CHUNK {
            failed = journal.append(&pending, &head).err();
            pending.clear();
        }
        flow(failed.is_none())
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some((name, mark)) = unmet.first() {
        let why = format!("it holds {} entries, and {} were {name}, or others", head.size(), mark.size);
        return Err(StoreError::Behind(why));
    }
    if !pending.is_empty() {
        journal.append(&pending, &head)?;
    }
    drop(journal);
    replica.close();
    SledStore::put_journal(dir)?;
    files::remove_dir(&copy)?;
    Ok(head.size())
}
