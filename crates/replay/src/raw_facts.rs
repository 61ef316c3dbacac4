//! What a fold keeps of the facts: their bytes, read when a fact is first asked for.

use crate::chunk::{VersionRef, narrow};
use heldto_fact::{Body, Content, Fact, FactId, Recorded, Version};

/// What every entry tells, in the order of the log, by the numbers of what it tells of.
#[derive(Default)]
pub(crate) struct RawFacts {
    version: Vec<StoredVersion>,
    /// The bytes of the facts, stretch by stretch.
    bytes: Vec<Vec<u8>>,
    /// One more than the place of what was told last of each thing; nought where nothing was.
    last: Vec<u32>,
    read: Option<ReadFact>,
}

/// Gives the number of an id, where something names it.
pub(crate) type NumberOf<'n> = dyn Fn(&FactId) -> Option<u32> + Sync + 'n;

/// Reads a fact from its bytes, or says what is wrong with them.
pub(crate) type ReadFact = Box<dyn Fn(&[u8]) -> Result<Fact, String> + Send + Sync>;

/// The versions of one thing, oldest first; or the entry of the first of them whose fact is damaged, and what is wrong with it.
pub(crate) type Versions = Result<Box<[Version]>, (u64, String)>;

/// What an entry tells, in which stretch its bytes are, and what was told before of the same thing, as in [`RawFacts::last`].
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

    /// Takes in what a stretch tells, whose things have these numbers.
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

    /// What was told of a thing, newest first.
    pub fn versions_of_entity(&self, number: usize) -> impl Iterator<Item = &VersionRef> {
        self.all_told(number).map(|version| &version.entry)
    }

    fn all_told(&self, number: usize) -> impl Iterator<Item = &StoredVersion> {
        let place = |last: u32| self.version.get((last as usize).checked_sub(1)?);
        let newest = self.last.get(number).and_then(|last| place(*last));
        std::iter::successors(newest, move |version| place(version.before))
    }

    /// Reads every version of a thing; `number_of` gives the numbers of ids.
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

    /// Reads everything that was told of a thing, in the order of the log.
    fn records(&self, number: usize) -> Result<Vec<Recorded>, (u64, String)> {
        let mut all: Vec<Recorded> = Vec::with_capacity(1);
        for StoredVersion { entry, chunk, .. } in self.all_told(number) {
            let VersionRef { index, recorded_at, from, until, .. } = *entry;
            let Some(read) = &self.read else { continue };
            let fact = read(&self.bytes[*chunk as usize][from as usize..until as usize]).map_err(|why| (index, why))?;
            all.push(Recorded { index, recorded_at, content: Content::Known(fact) });
        }
        all.reverse();
        Ok(all)
    }

    /// The same of many things, on every core.
    pub fn versions_of_each(&self, numbers: &[u32], number_of: &NumberOf<'_>) -> Vec<Versions> {
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(16);
        let read =
            |share: &[u32]| share.iter().map(|number| self.versions(*number as usize, number_of)).collect::<Vec<_>>();
        let mut shares = numbers.chunks(numbers.len().div_ceil(workers).max(1));
        let own = shares.next().unwrap_or_default();
        let mut others: Vec<(&[u32], Vec<Versions>)> = shares.map(|share| (share, Vec::new())).collect();
        // The thread that asks reads too: memory is given to it more readily than to others.
        let mut all = std::thread::scope(|scope| {
            for (share, versions) in &mut others {
                scope.spawn(|| *versions = read(share));
            }
            read(own)
        });
        all.extend(others.into_iter().flat_map(|(_, versions)| versions));
        all
    }
}
