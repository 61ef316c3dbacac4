//! Turns a store's chunks of entries into a cursor that lends one entry at a time.
//!
//! This module does not know where a chunk comes from. Start at [`Entries`].

use crate::{StoreError, StoredEntry};
use std::ops::Range;

/// Number of entries at which a store should end a chunk.
const CHUNK_ENTRIES: usize = 256;

/// Consecutive entries, read together into buffers that are reused.
#[derive(Debug, Default)]
pub struct EntryChunk {
    buffers: Vec<StoredEntry>,
    len: usize,
}

impl EntryChunk {
    /// Adds a copy of an entry.
    pub fn push(&mut self, stored: &StoredEntry) {
        let copied: Result<(), ()> = self.push_with(|room| {
            room.index = stored.index;
            room.entry.clone_from(&stored.entry);
            room.parts.truncate(stored.parts.len());
            for ((number, bytes), (to, into)) in stored.parts.iter().zip(&mut room.parts) {
                *to = *number;
                into.clone_from(bytes);
            }
            let missing = stored.parts.get(room.parts.len()..).unwrap_or_default();
            room.parts.extend_from_slice(missing);
            Ok(())
        });
        debug_assert!(copied.is_ok());
    }

    /// Adds an entry that `fill` writes over the content of an earlier one.
    ///
    /// # Errors
    /// Those of `fill`; the chunk is unchanged then.
    pub fn push_with<E>(&mut self, fill: impl FnOnce(&mut StoredEntry) -> Result<(), E>) -> Result<(), E> {
        if self.len == self.buffers.len() {
            self.buffers.push(StoredEntry { index: 0, entry: Vec::new(), parts: Vec::new() });
        }
        fill(&mut self.buffers[self.len])?;
        self.len += 1;
        Ok(())
    }

    /// Returns the entries.
    #[must_use]
    pub fn entries(&self) -> &[StoredEntry] {
        &self.buffers[..self.len]
    }

    /// Returns the entries, to change them.
    pub fn entries_mut(&mut self) -> &mut [StoredEntry] {
        &mut self.buffers[..self.len]
    }

    /// Consumes the chunk and returns its entries.
    #[must_use]
    pub fn into_entries(mut self) -> Vec<StoredEntry> {
        self.buffers.truncate(self.len);
        self.buffers
    }

    /// Returns `true` once the chunk is long enough.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len >= CHUNK_ENTRIES
    }
}

/// A function that adds the first entries of a range to an empty chunk.
type ReadChunk<'l> = dyn Fn(Range<u64>, &mut EntryChunk) -> Result<(), StoreError> + 'l;

/// A cursor over entries in order.
///
/// Memory is that of one chunk.
pub struct Entries<'l> {
    rest: Range<u64>,
    chunk: EntryChunk,
    lent: usize,
    read: Box<ReadChunk<'l>>,
}

impl<'l> Entries<'l> {
    /// Returns a cursor over a range.
    ///
    /// `read` adds entries of the range it is given to an empty chunk, in order and from the first:
    /// at least one, and all if they are few. It is called again for the rest.
    pub fn new(range: Range<u64>, read: impl Fn(Range<u64>, &mut EntryChunk) -> Result<(), StoreError> + 'l) -> Self {
        Self { rest: range, chunk: EntryChunk::default(), lent: 0, read: Box::new(read) }
    }

    /// Returns a cursor over the entries at `places`, which must rise.
    ///
    /// `read` adds entries of the places it is given to an empty chunk, in order and from the
    /// first: at least one. It is called again for the rest.
    pub fn at(places: &'l [u64], read: impl Fn(&[u64], &mut EntryChunk) -> Result<(), StoreError> + 'l) -> Self {
        Self::new(0..places.len() as u64, move |positions, chunk| {
            let rest = usize::try_from(positions.start).ok().and_then(|start| places.get(start..)).unwrap_or_default();
            read(rest, chunk)?;
            match rest {
                [first, ..] if chunk.len == 0 => Err(StoreError::Missing(*first)),
                _ => Ok(()),
            }
        })
    }

    /// Returns the next entry; `None` at the end of the range.
    ///
    /// # Errors
    /// [`StoreError::Missing`] at the first of the entries that does not exist; otherwise any
    /// error of the store. A further call tries to read the same entry again.
    pub fn try_next(&mut self) -> Result<Option<&StoredEntry>, StoreError> {
        if self.lent == self.chunk.len {
            self.chunk.len = 0;
            self.lent = 0;
            if self.rest.is_empty() {
                return Ok(None);
            }
            let read = (self.read)(self.rest.clone(), &mut self.chunk);
            if let Err(error) = read {
                self.chunk.len = 0;
                return Err(error);
            }
            if self.chunk.len == 0 {
                return Err(StoreError::Missing(self.rest.start));
            }
            self.rest.start += self.chunk.len as u64;
        }
        self.lent += 1;
        Ok(self.chunk.entries().get(self.lent - 1))
    }
}
