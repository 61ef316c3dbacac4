//! Destruction of parts in every copy that the ledger's folder keeps, and its completion after a
//! crash.
//!
//! The file `erased` lists the parts before their redactions are appended, so that the next opening
//! can finish, and keeps them afterwards, so that mending brings none back. Start at
//! `SledStore::finish_erasing`.

use crate::SledStore;
use crate::files::{self, HighWaterMark};
use heldto_journal::{checked, with_check};
use heldto_proof::{Chain, Hash, Head};
use heldto_store::{Notice, PartPlace, StoreError};
use std::collections::BTreeSet;
use std::path::Path;

/// Name of the file.
const ERASED: &str = "erased";
/// Files and folders that hold parts aside, or results made of them.
const ASIDE: [&str; 5] = ["journal.damaged", "journal.new", "upgrade", "rebuilt", "replaced"];

/// The parts that redactions name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Parts that mending leaves out.
    pub parts: BTreeSet<PartPlace>,
    /// Parts still to be destroyed, once the log has the redactions.
    pending: Option<Pending>,
    /// `true` if parts are read as erased that are still on the disk.
    pub is_hiding: bool,
    /// `true` if this opening mended a copy from the other, which may be an older one put back.
    pub has_mended: bool,
}

/// An erasure that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pending {
    /// End of the log after the redactions.
    end: HighWaterMark,
    parts: BTreeSet<PartPlace>,
}

impl Erased {
    /// Reads the list; empty if there is none, or if it is damaged.
    ///
    /// # Errors
    /// On an I/O error.
    pub fn read(dir: &Path) -> Result<Self, StoreError> {
        let bytes = files::read_if_there(&dir.join(ERASED))?;
        let text = bytes.and_then(|bytes| checked(&bytes)).map(|(text, _)| text);
        Ok(text.and_then(|text| Self::parse(&text)).unwrap_or_default())
    }

    fn write(&self, dir: &Path) -> Result<(), StoreError> {
        files::replace(dir, ERASED, &with_check(&self.text()), true).map(drop)
    }

    fn text(&self) -> String {
        let mut text = "heldto erased v1\n".to_owned();
        for (entry, part) in &self.parts {
            text.push_str(&format!("{entry} {part}\n"));
        }
        if let Some(pending) = &self.pending {
            text.push_str(&format!("pending {} {}\n", pending.end.size, pending.end.chain.0));
            for (entry, part) in &pending.parts {
                text.push_str(&format!("{entry} {part}\n"));
            }
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for line in text.strip_prefix("heldto erased v1\n")?.lines() {
            let (first, rest) = line.split_once(' ')?;
            if first == "pending" {
                let (size, chain) = rest.split_once(' ')?;
                let end = HighWaterMark { size: size.parse().ok()?, chain: Chain(Hash::from_hex(chain)?) };
                found.pending = Some(Pending { end, parts: BTreeSet::new() });
                continue;
            }
            let place = (first.parse().ok()?, rest.parse().ok()?);
            found.pending.as_mut().map_or(&mut found.parts, |pending| &mut pending.parts).insert(place);
        }
        Some(found)
    }
}

impl SledStore {
    /// Records, durably, that these parts are to be destroyed once the log ends at `head`.
    pub(crate) fn begin_erasing(&mut self, head: &Head, parts: &[PartPlace]) -> Result<(), StoreError> {
        let end = HighWaterMark { size: head.size(), chain: head.chain };
        self.erased.pending = Some(Pending { end, parts: parts.iter().copied().collect() });
        self.erased.write(&self.dir)
    }

    /// Finishes an erasure whose redactions are in the log, and forgets one that never began.
    ///
    /// Durable on return. Destroys the parts in the journal, rebuilds the databases without them,
    /// and removes everything kept aside. Does nothing if nothing is pending.
    ///
    /// # Errors
    /// On an I/O error, or if an entry is damaged in every copy; the next opening tries again.
    pub(crate) fn finish_erasing(&mut self) -> Result<(), StoreError> {
        let Some(parts) = self.pending_parts()? else { return self.forget_erasing() };
        if self.lock.is_none() {
            self.hide_pending(parts);
            return Ok(());
        }
        let all: Vec<PartPlace> = parts.iter().copied().collect();
        let mut mended = None;
        loop {
            match self.journal.erase(&all) {
                // A damaged bundle is mended first, because the databases are replaced below.
                Err(StoreError::Block { first, .. }) if mended != Some(first) => {
                    self.mend_bundle(first, None)?;
                    mended = Some(first);
                }
                erased => break erased?,
            }
        }
        self.erased.parts.extend(parts);
        let replica = self.rebuilt()?;
        self.put_replica(replica);
        self.alone_index = std::sync::OnceLock::new();
        self.clear_suspect()?;
        for aside in ASIDE {
            files::remove_dir(&self.dir.join(aside))?;
        }
        files::remove_file(&self.dir.join("judged"))?;
        self.erased.pending = None;
        self.erased.write(&self.dir)
    }

    /// Finishes an erasure when the ledger is opened, as [`Self::finish_erasing`] does; a reader to
    /// whom the system refuses it reads on without these parts.
    pub(crate) fn finish_erasing_on_opening(&mut self, reads: bool) -> Result<(), StoreError> {
        let was_pending = self.lock.is_some() && self.pending_parts()?.is_some();
        let finished = self.finish_erasing().and_then(|()| {
            // A copy that was mended from the other may be an older one that somebody put back.
            if self.erased.has_mended { self.keep_erased(self.erased.parts.clone()) } else { Ok(()) }
        });
        match finished {
            Ok(()) if was_pending => self.notices.add(Notice::ErasureFinished),
            Err(error @ StoreError::Io { .. }) if reads => {
                if let Some(parts) = self.pending_parts()? {
                    self.hide_pending(parts);
                }
                self.notices.add(Notice::ErasureUnfinished(error.to_string()));
            }
            done => return done,
        }
        Ok(())
    }

    /// Returns the parts to be destroyed; `None` if nothing is pending, or its redactions are not
    /// in the log.
    fn pending_parts(&self) -> Result<Option<BTreeSet<PartPlace>>, StoreError> {
        let Some(pending) = &self.erased.pending else { return Ok(None) };
        if pending.end.size > self.journal.head().size() {
            return Ok(None);
        }
        let is_landed = self.chain_at(pending.end.size, None)? == pending.end.chain;
        Ok(is_landed.then(|| pending.parts.clone()))
    }

    fn forget_erasing(&mut self) -> Result<(), StoreError> {
        if self.erased.pending.is_none() || self.lock.is_none() {
            return Ok(());
        }
        self.erased.pending = None;
        self.erased.write(&self.dir)
    }

    fn hide_pending(&mut self, parts: BTreeSet<PartPlace>) {
        self.erased.parts.extend(parts);
        self.erased.is_hiding = true;
    }

    /// Puts parts on the list, should it have been lost, and destroys those of them that are there.
    ///
    /// Durable on return.
    ///
    /// # Errors
    /// On an I/O error, or if an entry is damaged in every copy; the next opening tries again.
    pub fn keep_erased(&mut self, parts: BTreeSet<PartPlace>) -> Result<(), StoreError> {
        if self.lock.is_none() {
            return Ok(());
        }
        for (entry, number) in &parts {
            let mut entries = self.mended_entries(*entry..*entry + 1, None);
            if entries.try_next()?.is_some_and(|stored| stored.parts.iter().any(|(held, _)| held == number)) {
                drop(entries);
                let all: Vec<PartPlace> = parts.into_iter().collect();
                let head = self.journal.head().clone();
                self.begin_erasing(&head, &all)?;
                return self.finish_erasing();
            }
        }
        if self.erased.parts.is_superset(&parts) {
            return Ok(());
        }
        self.erased.parts.extend(parts);
        self.erased.write(&self.dir)
    }
}

#[cfg(test)]
mod tests {
    use super::{Erased, Pending};
    use crate::files::HighWaterMark;
    use heldto_proof::{Chain, Hash};

    #[test]
    fn a_list_is_read_as_written() {
        let end = HighWaterMark { size: 9, chain: Chain(Hash([7; 32])) };
        let pending = Some(Pending { end, parts: [(5, 1), (8, 0)].into() });
        for erased in [
            Erased::default(),
            Erased { parts: [(3, 0), (4, 1)].into(), ..Erased::default() },
            Erased { parts: [(3, 0)].into(), pending, ..Erased::default() },
        ] {
            assert_eq!(Erased::parse(&erased.text()), Some(erased));
        }
        assert_eq!(Erased::parse("heldto erased v2\n"), None);
        assert_eq!(Erased::parse("heldto erased v1\n3\n"), None);
    }
}
