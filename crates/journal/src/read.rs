//! Reads entries from closed bundles and the open one, and rewrites damaged bundles from proven
//! entries.
//!
//! This module verifies replacements by hash, but does not know where they come from. Start at
//! [`Journal::entries`].

use crate::Journal;
use crate::links::first_unlinked;
use crate::segment::{self, BUNDLES_PER_SEGMENT, Bundle, Segment};
use heldto_proof::TILE_WIDTH;
use heldto_store::{Entries, EntryChunk, Notice, StoreError, StoredEntry};
use std::ops::Range;
use std::sync::{Arc, PoisonError};

/// Number of bundles kept in memory for scattered reads.
const CACHED_BUNDLES: usize = 16;

impl Journal {
    pub(crate) fn segment(&self, bundle: u64) -> Result<Arc<Segment>, StoreError> {
        let number = bundle / BUNDLES_PER_SEGMENT;
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = segments.get(&number) {
            return Ok(Arc::clone(segment));
        }
        let why = || format!("{} is missing", segment::path(&self.dir, number).display());
        let opened = Segment::open(&self.dir, number, self.writable)?;
        let opened = opened.ok_or_else(|| StoreError::Block { first: bundle * TILE_WIDTH, why: why() })?;
        let opened = Arc::new(opened);
        segments.insert(number, Arc::clone(&opened));
        Ok(opened)
    }

    /// Returns a cursor over the entries of a range.
    ///
    /// The cursor returns [`StoreError::Missing`] at the first entry that does not exist, and
    /// [`StoreError::Block`] at a damaged bundle, before any of its entries; otherwise any I/O
    /// error.
    pub fn entries(&self, range: Range<u64>) -> Entries<'_> {
        Entries::new(range, |range, chunk| self.read(&range, chunk))
    }

    /// Adds the first entries of a range to `chunk`: those of one bundle.
    ///
    /// # Errors
    /// Those of the cursor that [`Self::entries`] returns.
    pub fn read(&self, range: &Range<u64>, chunk: &mut EntryChunk) -> Result<(), StoreError> {
        let next = range.start;
        if next < self.closed_size() {
            let is_long = range.end.saturating_sub(next) >= TILE_WIDTH;
            let bundle = self.bundle(next / TILE_WIDTH, !is_long)?;
            let malformed = |why: &str| StoreError::Block { first: next - next % TILE_WIDTH, why: why.to_owned() };
            return bundle.read(range, chunk).map_err(malformed);
        }
        let beyond = usize::try_from(next - self.closed_size()).ok();
        let tail = beyond.and_then(|n| self.tail.get(n..)).unwrap_or_default();
        for (_, stored) in range.clone().zip(tail) {
            chunk.push(stored);
        }
        Ok(())
    }

    /// Returns a closed bundle, from memory or from its segment, and corrects one wrong bit.
    ///
    /// `keep` adds the bundle to the cache.
    fn bundle(&self, number: u64, keep: bool) -> Result<Arc<Bundle>, StoreError> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bundle)) = cache.iter().find(|(cached, _)| *cached == number) {
            return Ok(Arc::clone(bundle));
        }
        drop(cache);
        if let Some(bundle) = self.mended.lock().unwrap_or_else(PoisonError::into_inner).get(&number) {
            return Ok(Arc::clone(bundle));
        }
        let segment = self.segment(number)?;
        let read = segment.read(number)?;
        if read.corrected {
            let first = number * TILE_WIDTH;
            let malformed = |why: &str| StoreError::Block { first, why: why.to_owned() };
            let entries = read.bundle.entries().map_err(malformed)?;
            if let Some(index) = first_unlinked(&entries, first, None, None) {
                return Err(malformed(&format!("entry {index} does not match its hashes")));
            }
            self.notices.add(Notice::BitCorrected(format!("journal, entries {first} to {}", first + TILE_WIDTH - 1)));
            if self.writable {
                let _one_at_a_time = self.mending.lock().unwrap_or_else(PoisonError::into_inner);
                // The bundle in memory is correct. If this write fails, the next command tries
                // again.
                drop(segment.rewrite(number, &entries, self.closed_size() / TILE_WIDTH));
            }
        }
        let bundle = Arc::new(read.bundle);
        if keep {
            cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.push_front((number, Arc::clone(&bundle)));
            cache.truncate(CACHED_BUNDLES);
        }
        Ok(bundle)
    }

    /// Returns the entries of a closed bundle.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn closed_bundle(&self, number: u64) -> Result<Vec<StoredEntry>, StoreError> {
        let first = number * TILE_WIDTH;
        self.bundle(number, false)?.entries().map_err(|why| StoreError::Block { first, why: why.to_owned() })
    }

    /// Returns the entries that can be decoded from a damaged bundle.
    ///
    /// Hashes may prove some of them.
    #[must_use]
    pub fn damaged_bundle(&self, number: u64) -> Vec<StoredEntry> {
        self.segment(number).map_or_else(|_| Vec::new(), |segment| segment.read_unchecked(number))
    }

    /// Rewrites a closed bundle from its own entries, as proven by their hashes.
    ///
    /// Durable on return. The bundle stays at its offset if its length is unchanged; otherwise it
    /// goes after all others. If the journal is not writable, the bundle is kept in memory.
    ///
    /// # Errors
    /// If these are not 256 consecutive entries that fit their hashes, or on any I/O error.
    pub fn mend(&self, number: u64, entries: &[StoredEntry]) -> Result<(), StoreError> {
        let first = number * TILE_WIDTH;
        if entries.len() as u64 != TILE_WIDTH || first_unlinked(entries, first, None, None).is_some() {
            return Err(StoreError::Block { first, why: "the replacement does not match its hashes".to_owned() });
        }
        if !self.writable {
            let mut mended = self.mended.lock().unwrap_or_else(PoisonError::into_inner);
            mended.insert(number, Arc::new(Bundle::of(first, entries)));
            return Ok(());
        }
        let _one_at_a_time = self.mending.lock().unwrap_or_else(PoisonError::into_inner);
        let segment = match self.segment(number) {
            Err(StoreError::Block { .. }) => {
                let made = Arc::new(Segment::create(&self.dir, number / BUNDLES_PER_SEGMENT)?);
                let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
                segments.insert(number / BUNDLES_PER_SEGMENT, Arc::clone(&made));
                made
            }
            segment => segment?,
        };
        segment.rewrite(number, entries, self.closed_size() / TILE_WIDTH)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|(cached, _)| *cached != number);
        Ok(())
    }

    /// Returns the numbers of all bundles in the segment of this bundle.
    #[must_use]
    pub const fn bundles_beside(number: u64) -> Range<u64> {
        let first = number - number % BUNDLES_PER_SEGMENT;
        first..first + BUNDLES_PER_SEGMENT
    }
}
