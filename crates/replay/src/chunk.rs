//! Entries in a row, gathered beside others on another thread: what takes longest is done here, and joining them in order takes little.

use chrono::{DateTime, Utc};
use heldto_fact::{Content, FactHeader, FactId, FactSummary, IndexTerm, Invalid, Recorded};
use indexmap::{IndexMap, IndexSet};

pub(crate) type Hashes = foldhash::fast::RandomState;

/// What a fold keeps of entries in a row: what each tells of and is found by, in numbers of their own, and the bytes of the facts.
#[derive(Debug, Default)]
pub struct Chunk {
    pub(crate) names: IndexSet<FactId, Hashes>,
    pub(crate) refs: Vec<VersionRef>,
    /// What is found by each, in the order of the log.
    pub(crate) postings: IndexMap<IndexTerm<u32>, Vec<u32>, Hashes>,
    pub(crate) bytes: Vec<u8>,
    /// How many entries there are up to its last, and when that was recorded.
    pub(crate) end: Option<(u64, DateTime<Utc>)>,
    pub(crate) erased: u64,
    pub(crate) unreadable: u64,
}

/// What one entry tells of, and where its bytes begin and end.
#[derive(Debug)]
pub(crate) struct VersionRef {
    pub of: u32,
    pub index: u64,
    pub recorded_at: DateTime<Utc>,
    pub current: Option<FactSummary>,
    pub from: u32,
    pub until: u32,
}

impl Chunk {
    /// Takes in the next entry.
    ///
    /// # Errors
    /// When an id that it names breaks the rule for ids; the stretch is of no use then.
    pub fn push(&mut self, recorded: &Recorded<FactHeader<'_>>) -> Result<(), Invalid> {
        let Recorded { index, recorded_at, content } = recorded;
        self.end = Some((index + 1, *recorded_at));
        match content {
            Content::Known(header) => self.take(*index, *recorded_at, header)?,
            Content::System(_) => {}
            Content::Erased(_) => self.erased += 1,
            Content::Unreadable => self.unreadable += 1,
        }
        Ok(())
    }

    fn take(&mut self, index: u64, recorded_at: DateTime<Utc>, header: &FactHeader<'_>) -> Result<(), Invalid> {
        let of = self.number(header.entity)?;
        for term in &header.terms {
            let term = term.try_map(|id| self.number(id))?;
            let found = self.postings.entry(term).or_default();
            if found.last() != Some(&of) {
                found.push(of);
            }
        }
        let from = length(&self.bytes);
        self.bytes.extend_from_slice(header.bytes);
        self.refs.push(VersionRef {
            of,
            index,
            recorded_at,
            current: header.current,
            from,
            until: length(&self.bytes),
        });
        Ok(())
    }

    fn number(&mut self, id: &str) -> Result<u32, Invalid> {
        let number = match self.names.get_index_of(id) {
            Some(number) => number,
            None => self.names.insert_full(id.parse()?).0,
        };
        Ok(narrow(number))
    }
}

fn length(bytes: &[u8]) -> u32 {
    narrow(bytes.len())
}

/// So many names, facts, or bytes of a stretch there are never: they would not fit in memory.
pub(crate) fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than four thousand million")
}
