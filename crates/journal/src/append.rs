//! Appends entries: writes records to the open bundle, closes bundles into segments, and reverts an
//! append that failed.
//!
//! The sync that commits is in `write_open`. This module does not verify entries. Start at
//! [`Journal::append`].

use crate::Journal;
use crate::files::{failed, sync_dir, write_at as write};
use crate::links::advance;
use crate::open::{self, GROWTH_BYTES, Header, Position, put_record};
use crate::segment::{self, BUNDLES_PER_SEGMENT, BundleBytes, Segment, SegmentWriter};
use heldto_proof::{Head, TILE_WIDTH};
use heldto_store::{NewEntry, PartPlace, StoreError, StoredEntry};
use std::collections::BTreeSet;
use std::fs::File;
use std::sync::{Arc, PoisonError};

/// Number of entries from which hashing runs in parallel with writing.
const HASHED_BESIDE: u64 = 2048;

impl Journal {
    /// Appends entries, all or nothing.
    ///
    /// `head` is the head of the log after them. Durable on return. The usual cost is one
    /// `fdatasync`; when bundles are closed, two and a new header. After an error nothing was
    /// appended, unless reverting fails too: the outcome is then known only when the journal is
    /// opened again.
    ///
    /// # Errors
    /// Any I/O error; also if an earlier one left the end of the log unknown.
    pub fn append(&mut self, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        if !self.writable {
            return Err(StoreError::ReadOnly);
        }
        if self.has_failed {
            let source = std::io::Error::other("an earlier write failed; run the command again");
            return Err(StoreError::Io { what: "writing the journal".to_owned(), source });
        }
        let total = (self.tail.len() + entries.len()) as u64;
        let written = if total < TILE_WIDTH && !self.must_roll {
            self.write_records(entries).map(|()| self.base.clone())
        } else {
            self.close_bundles(entries, head)
        };
        match written {
            Ok(base) => self.base = base,
            Err(error) => {
                self.take_back();
                return Err(error);
            }
        }
        if total < TILE_WIDTH {
            let indexes = self.head.size()..;
            self.tail.extend(indexes.zip(entries).map(|(index, new)| stored(index, new)));
        } else {
            let left = usize::try_from(total % TILE_WIDTH).unwrap_or(0);
            let from = entries.len().saturating_sub(left);
            // If there are fewer new entries than remain open, the last entries of the tail stay
            // before them.
            let kept = left - (entries.len() - from);
            self.tail.drain(..self.tail.len() - kept);
            let indexes = self.head.size() + from as u64..;
            self.tail.extend(indexes.zip(&entries[from..]).map(|(index, new)| stored(index, new)));
        }
        self.head = head.clone();
        Ok(())
    }

    /// Writes records after the existing ones.
    fn write_records(&mut self, entries: &[NewEntry]) -> Result<(), StoreError> {
        let mut bytes = Vec::new();
        self.put_records(&mut bytes, self.generation, self.head.size(), entries);
        let at = self.end;
        self.write_open(self.current, bytes, at)?;
        Ok(())
    }

    fn put_records(&self, out: &mut Vec<u8>, generation: u64, first: u64, entries: &[NewEntry]) {
        let count = u32::try_from(entries.len()).expect("fewer than a bundle's entries are written as records");
        for (index, new) in (first..).zip(entries) {
            put_record(out, generation, Position { index, first, count }, &new.entry, new.present_parts());
        }
    }

    /// Writes bytes into one of the two files and syncs it; the next record goes after them.
    fn write_open(&mut self, number: usize, mut bytes: Vec<u8>, at: usize) -> Result<(), StoreError> {
        let path = open::path(&self.dir, number);
        let writing = || failed(format!("writing {}", path.display()));
        let end = at + bytes.len();
        // Bytes after the new end, left by a torn or earlier write, are zeroed in the same write.
        if self.used[number] > end {
            bytes.resize(self.used[number] - at, 0);
        }
        let needed = at + bytes.len();
        if needed > self.lengths[number] {
            let length = needed.next_multiple_of(GROWTH_BYTES);
            bytes.resize(length - at, 0);
        }
        if self.files[number].is_none() {
            let making = || failed(format!("creating {}", path.display()));
            let options = &mut File::options();
            let file = options.read(true).write(true).create(true).truncate(true).open(&path).map_err(making())?;
            self.files[number] = Some(file);
            sync_dir(&self.dir)?;
        }
        let Some(file) = &self.files[number] else { return Ok(()) };
        self.used[number] = self.used[number].max(end);
        write(file, &bytes, at as u64).and_then(|()| file.sync_data()).map_err(writing())?;
        self.lengths[number] = self.lengths[number].max(at + bytes.len());
        // The sync above commits. A crash before it loses the append whole or not at all; from here
        // on all of it survives a power cut.
        self.used[number] = end;
        self.end = end;
        Ok(())
    }

    /// Writes all complete bundles into segments, and the rest into the other file of the open
    /// bundle.
    ///
    /// Returns the head of the log after the closed bundles.
    fn close_bundles(&mut self, entries: &[NewEntry], head: &Head) -> Result<Head, StoreError> {
        let total = (self.tail.len() + entries.len()) as u64;
        let left = total % TILE_WIDTH;
        let closed = total - left;
        let advanced = || {
            let mut base = self.base.clone();
            let tail = self.tail.iter().map(|stored| &stored.entry);
            let all = tail.chain(entries.iter().map(|new| &new.entry));
            all.take(usize::try_from(closed).unwrap_or(usize::MAX)).for_each(|entry| advance(&mut base, entry));
            base
        };
        let base = if left == 0 {
            self.write_segments(entries, closed)?;
            head.clone()
        } else if closed < HASHED_BESIDE {
            self.write_segments(entries, closed)?;
            advanced()
        } else {
            // Hash while the disk is busy: most of the time is spent waiting for it.
            std::thread::scope(|scope| {
                let base = scope.spawn(advanced);
                let written = self.write_segments(entries, closed);
                let base = base.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                written.map(|()| base)
            })?
        };
        self.roll(&base, entries, closed)?;
        Ok(base)
    }

    /// Writes the entries after the first `closed` into the other file, under a greater generation.
    fn roll(&mut self, base: &Head, entries: &[NewEntry], closed: u64) -> Result<(), StoreError> {
        let generation = self.generation + 1;
        let closed = usize::try_from(closed).unwrap_or(usize::MAX);
        let from = closed.saturating_sub(self.tail.len()).min(entries.len());
        let kept = &self.tail[closed.min(self.tail.len())..];
        let first = base.size();
        let count = u32::try_from(kept.len() + entries.len() - from).expect("fewer than 256 entries are left");
        let mut bytes = Header { generation, base: base.clone(), count }.encode();
        let all = kept.iter().map(|stored| &stored.entry).zip(kept.iter().map(StoredEntry::present_parts));
        let mut index = first;
        for (entry, parts) in all {
            put_record(&mut bytes, generation, Position { index, first, count }, entry, parts);
            index += 1;
        }
        for new in &entries[from..] {
            put_record(&mut bytes, generation, Position { index, first, count }, &new.entry, new.present_parts());
            index += 1;
        }
        self.generation = generation;
        let other = 1 - self.current;
        self.write_open(other, bytes, 0)?;
        self.current = other;
        self.must_roll = false;
        self.is_damaged = false;
        self.salvage.clear();
        Ok(())
    }

    /// Writes the first `closed` entries of tail and new entries as bundles after the existing
    /// ones.
    fn write_segments(&self, entries: &[NewEntry], closed: u64) -> Result<(), StoreError> {
        if closed == 0 {
            return Ok(());
        }
        let mut bundle = BundleBytes::default();
        let mut number = self.base.size() / TILE_WIDTH;
        let mut segment = self.segment_to_write(number)?;
        let mut writer = SegmentWriter::new(&segment, number)?;
        let mut rest = usize::try_from(closed).unwrap_or(usize::MAX);
        let tail = self.tail.iter().map(|stored| (&stored.entry, None, Some(stored)));
        let all = tail.chain(entries.iter().map(|new| (&new.entry, Some(new), None)));
        for (entry, new, stored) in all {
            if rest == 0 {
                break;
            }
            rest -= 1;
            match (new, stored) {
                (Some(new), _) => bundle.push(entry, new.present_parts()),
                (_, Some(stored)) => bundle.push(entry, stored.present_parts()),
                (None, None) => {}
            }
            if bundle.count < TILE_WIDTH {
                continue;
            }
            if number / BUNDLES_PER_SEGMENT != writer.number() {
                writer.finish()?;
                segment = self.segment_to_write(number)?;
                writer = SegmentWriter::new(&segment, number)?;
            }
            writer.push(&mut bundle)?;
            number += 1;
        }
        writer.finish()
    }

    /// Returns the segment for a bundle; creates the segment if this is its first bundle.
    fn segment_to_write(&self, bundle: u64) -> Result<Arc<Segment>, StoreError> {
        let number = bundle / BUNDLES_PER_SEGMENT;
        if bundle.is_multiple_of(BUNDLES_PER_SEGMENT) {
            let made = Arc::new(Segment::create(&self.dir, number)?);
            self.segments.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::clone(&made));
            return Ok(made);
        }
        // If the segment is missing, the error names the bundle before this one, which was in the
        // segment.
        self.segment(bundle - 1)
    }

    /// Reverts a failed append by writing the open bundle anew without it, into the other file.
    ///
    /// The next opening must not find its records. A failed sync is never retried, because the
    /// system considers the pages clean from then on.
    fn take_back(&mut self) {
        let base = self.base.clone();
        let refused = self.current;
        let from = self.end;
        let until = self.used[self.current];
        if self.roll(&base, &[], 0).is_err() {
            self.has_failed = true;
            return;
        }
        // Zero the records in this file too: an opening falls back on it if the other file is
        // damaged.
        if let Some(file) = self.files[refused].as_ref().filter(|_| refused != self.current && from < until) {
            drop(write(file, &vec![0; until - from], from as u64).and_then(|()| file.sync_data()));
        }
    }

    /// Writes the open bundle anew, regardless of its state.
    ///
    /// Durable on return. Call this before relying on the entries for good, as a signature does:
    /// after a failed sync in an earlier process, the bytes read here may exist in the system's
    /// memory only.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn renew(&mut self) -> Result<(), StoreError> {
        self.must_roll = true;
        self.settle()
    }

    /// Writes the open bundle anew if a bit was corrected, its end is damaged, or a newer file is
    /// invalid.
    ///
    /// Durable on return.
    ///
    /// Does nothing if the journal is not writable, or an earlier write failed.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn settle(&mut self) -> Result<(), StoreError> {
        if !self.writable || !self.must_roll || self.has_failed {
            return Ok(());
        }
        let base = self.base.clone();
        self.roll(&base, &[], 0)
    }
}

impl Journal {
    /// Destroys parts in every file of the journal; parts that are not there are passed over.
    ///
    /// Durable on return. A segment is written anew without them and put in the old one's place;
    /// the open bundle is written into both of its files. After an error some parts may be gone and
    /// others not: the call can be repeated.
    ///
    /// # Errors
    /// [`StoreError::Block`] if a bundle of one of the segments is damaged; otherwise an I/O error.
    pub fn erase(&mut self, parts: &[PartPlace]) -> Result<(), StoreError> {
        if !self.writable {
            return Err(StoreError::ReadOnly);
        }
        let is_erased = |index: u64, number: u16| parts.contains(&(index, number));
        let closed = self.closed_size();
        let bundles: BTreeSet<u64> =
            parts.iter().filter(|(index, _)| *index < closed).map(|(index, _)| index / TILE_WIDTH).collect();
        let numbers: BTreeSet<u64> = bundles.iter().map(|bundle| bundle / BUNDLES_PER_SEGMENT).collect();
        for number in numbers {
            let segment = self.segment(number * BUNDLES_PER_SEGMENT)?;
            let without = segment.without(&self.dir, closed / TILE_WIDTH, &is_erased)?;
            let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
            segments.insert(number, Arc::new(without));
        }
        segment::remove_drafts(&self.dir)?;
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.salvage.clear();
        for stored in &mut self.tail {
            let index = stored.index;
            stored.parts.retain(|(number, _)| !is_erased(index, *number));
        }
        // Both files: the other one may still have the bytes of bundles that were closed since.
        self.renew()?;
        self.renew()
    }
}

fn stored(index: u64, new: &NewEntry) -> StoredEntry {
    let parts = new.present_parts().map(|(number, bytes)| (number, bytes.to_vec())).collect();
    StoredEntry { index, entry: new.entry.clone(), parts }
}
