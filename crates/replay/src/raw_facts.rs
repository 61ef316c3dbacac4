//! Facts kept by a fold as raw bytes, decoded on first use.
//!
//! Turns a fact's number into its versions. It knows ids only as numbers, which
//! [`crate::AllFacts`] assigns, and no index terms. Start with [`RawFacts::versions`].

use crate::chunk::{VersionRef, narrow};
use heldto_fact::{Body, Content, Fact, FactId, Recorded, Version};
use rayon::prelude::*;

/// Raw facts in the order of the log, chained by the number of the fact they record.
#[derive(Default)]
pub(crate) struct RawFacts {
    version: Vec<StoredVersion>,
    /// Encodings of the facts, one buffer a chunk.
    bytes: Vec<Vec<u8>>,
    /// Position in `version` of each fact's newest record, plus one; 0 if the number has none.
    last: Vec<u32>,
    read: Option<ReadFact>,
}

/// Function that returns the number of an id; `None` if no fact has or names this id.
pub(crate) type NumberOf<'n> = dyn Fn(&FactId) -> Option<u32> + Sync + 'n;

/// Function that decodes a fact from its bytes and those of its quotations' words, or returns the
/// error.
pub(crate) type ReadFact = Box<dyn Fn(&[u8], &[u8]) -> Result<Fact, String> + Send + Sync>;

/// Versions of one fact, oldest first.
///
/// The error is the entry index of a damaged record of the fact, with its cause.
pub(crate) type Versions = Result<Box<[Version]>, (u64, String)>;

/// A record of a fact, the chunk that holds its bytes, and the fact's record before.
///
/// `before` counts like [`RawFacts::last`].
struct StoredVersion {
    entry: VersionRef,
    chunk: u32,
    before: u32,
}

impl std::fmt::Debug for RawFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("told", &self.version.len()).finish_non_exhaustive()
    }
}

impl RawFacts {
    pub fn new(read: ReadFact) -> Self {
        Self { read: Some(read), ..Self::default() }
    }

    /// Adds the records of a chunk.
    ///
    /// `number` turns a number within the chunk into that of the fold.
    pub fn join(&mut self, version: Vec<VersionRef>, bytes: Vec<u8>, number: impl Fn(u32) -> u32) {
        let chunk = narrow(self.bytes.len());
        self.bytes.push(bytes);
        for entry in version {
            let of = number(entry.of) as usize;
            if self.last.len() <= of {
                self.last.resize(of + 1, 0);
            }
            self.version.push(StoredVersion { entry, chunk, before: self.last[of] });
            self.last[of] = narrow(self.version.len());
        }
    }

    /// Returns the records of a fact, newest first.
    pub fn versions_of_entity(&self, number: usize) -> impl Iterator<Item = &VersionRef> {
        self.all_told(number).map(|version| &version.entry)
    }

    fn all_told(&self, number: usize) -> impl Iterator<Item = &StoredVersion> {
        let place = |last: u32| self.version.get((last as usize).checked_sub(1)?);
        let newest = self.last.get(number).and_then(|last| place(*last));
        std::iter::successors(newest, move |version| place(version.before))
    }

    /// Decodes every version of a fact.
    ///
    /// `number_of` returns the number of an id.
    ///
    /// # Errors
    /// If a record of the fact, or of a retraction of one of these records, is damaged.
    pub fn versions(&self, number: usize, number_of: &NumberOf<'_>) -> Versions {
        let records = self.records(number)?;
        let mut damaged = None;
        let mut withdrawn = |record: &FactId| {
            let is_retraction =
                |r: &Recorded| matches!(&r.content, Content::Known(Fact { body: Body::Retraction { .. }, .. }));
            match self.records(number_of(record)? as usize) {
                Ok(records) => records.into_iter().find(is_retraction),
                Err(error) => {
                    damaged = Some(error);
                    None
                }
            }
        };
        let versions = Version::history(records, &mut withdrawn);
        damaged.map_or_else(|| Ok(versions.into()), Err)
    }

    /// Decodes all records of a fact, in the order of the log.
    fn records(&self, number: usize) -> Result<Vec<Recorded>, (u64, String)> {
        let mut all: Vec<Recorded> = Vec::with_capacity(1);
        for StoredVersion { entry, chunk, .. } in self.all_told(number) {
            let VersionRef { index, recorded_at, from, words, until, .. } = *entry;
            let Some(read) = &self.read else { continue };
            let bytes =
                |range: std::ops::Range<u32>| &self.bytes[*chunk as usize][range.start as usize..range.end as usize];
            let fact = read(bytes(from..words), bytes(words..until)).map_err(|why| (index, why))?;
            all.push(Recorded { index, recorded_at, content: Content::Known(fact) });
        }
        all.reverse();
        Ok(all)
    }

    /// Decodes the versions of many facts in parallel.
    pub fn versions_of_each(&self, numbers: &[u32], number_of: &NumberOf<'_>) -> Vec<Versions> {
        numbers.par_iter().map(|number| self.versions(*number as usize, number_of)).collect()
    }
}
