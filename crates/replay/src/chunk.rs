//! Chunks: partial folds of runs of consecutive entries.
//!
//! Turn recorded entries into ids, index terms and raw facts, numbered within the chunk. Chunks are
//! built in parallel and merged in order by [`crate::AllFacts::join`]; building is the expensive
//! part, the merge is cheap. Start with [`Chunk::push`].

use crate::source::Hashes;
use chrono::{DateTime, Utc};
use heldto_fact::{Content, FactHeader, FactId, FactSummary, IndexTerm, Invalid, Recorded};
use indexmap::{IndexMap, IndexSet};

/// A partial fold of consecutive entries: their ids, index terms and raw facts.
///
/// Numbers stand for ids and are valid only within the chunk.
#[derive(Debug, Default)]
pub struct Chunk {
    pub(crate) names: IndexSet<FactId, Hashes>,
    pub(crate) refs: Vec<VersionRef>,
    /// Facts that each index term finds, in the order of the log.
    pub(crate) postings: IndexMap<IndexTerm<u32>, Vec<u32>, Hashes>,
    pub(crate) bytes: Vec<u8>,
    /// Number of entries up to the last, and the time at which the last was recorded.
    pub(crate) end: Option<(u64, DateTime<Utc>)>,
    pub(crate) erased: u64,
    pub(crate) unreadable: u64,
}

/// An entry that records a fact: the number of the fact, and the range of its bytes, which end with
/// the words of its quotations.
#[derive(Debug)]
pub(crate) struct VersionRef {
    pub of: u32,
    pub index: u64,
    pub recorded_at: DateTime<Utc>,
    pub current: Option<FactSummary>,
    pub from: u32,
    pub words: u32,
    pub until: u32,
}

impl Chunk {
    /// Adds the next entry.
    ///
    /// # Errors
    /// If an id in the fact is invalid. The chunk is unusable afterwards.
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
        let words = length(&self.bytes);
        self.bytes.extend_from_slice(header.words);
        self.refs.push(VersionRef {
            of,
            index,
            recorded_at,
            current: header.current,
            from,
            words,
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

/// Converts a count or length of a chunk to 32 bits.
///
/// More names, facts or bytes than that would not fit in memory.
pub(crate) fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than four thousand million")
}
