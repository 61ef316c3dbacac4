//! A journal made from the databases: for a ledger of before there was a journal, and for one that lost its journal.

use crate::files::{self, ACKNOWLEDGED, HighWaterMark, MarkFile, SIGNED};
use crate::replica::{ENTRIES_PER_DATABASE, Replica, TAIL_ENTRIES};
use crate::{SledStore, flow};
use heldto_journal::{FOUNDING_RECORD, Journal, advance, follows, write_founding};
use heldto_proof::Head;
use heldto_store::{NewEntry, Notice, Notices, StoreError};
use std::path::Path;

/// How many entries are taken at a time.
const CHUNK: usize = 1 << 14;

/// Makes the journal of a ledger from a copy of its databases, so that those stay as they are whatever sled does while it opens.
/// Returns how many entries there are, and the layout of the databases. Durable on return.
///
/// # Errors
/// When the databases are damaged, their entries do not follow each other, they end before what was acknowledged or signed, or
/// the system refuses. Nothing was changed then.
pub fn take_up(dir: &Path) -> Result<(u64, u8), StoreError> {
    let (copy, builder) = (dir.join("upgrade"), dir.join("journal.new"));
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
        let why = format!("{} entries were {name}, and {} can be read, or others", mark.size, head.size());
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

/// Makes a journal again whose founding or open bundle cannot be read: the founding from the database's, or all of it from the
/// database's entries. Its files stay beside it, in `journal.damaged`.
///
/// # Errors
/// `error`, which says what is wrong with it, where the database does not help; otherwise when the system refuses.
pub fn rebuild_journal(dir: &Path, error: StoreError, notices: &Notices) -> Result<(), StoreError> {
    let (journal, aside) = (dir.join("journal"), dir.join("journal.damaged"));
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
    std::fs::rename(&journal, &aside).map_err(files::io("putting the journal aside".to_owned()))?;
    match take_up(dir) {
        Ok((entries, _)) => {
            notices.add(Notice::JournalRebuilt { why: "its files were damaged".to_owned(), entries });
            Ok(())
        }
        Err(failed) => {
            std::fs::rename(&aside, &journal).map_err(files::io("putting the journal back".to_owned()))?;
            // That the system refused says nothing of the ledger.
            Err(if failed.is_integrity() { error } else { failed })
        }
    }
}
