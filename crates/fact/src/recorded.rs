//! Log entries as replay sees them: with a decoded [`Fact`], or with a [`FactHeader`] header.
//!
//! Turns facts into headers; knows no storage and no encoding. Start with [`Recorded`].

use crate::{Body, Fact, IndexTerm, Kind};
use chrono::{DateTime, Utc};

/// One entry of the log as replay sees it, with its fact or the fact's header ([`FactHeader`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<F = Fact> {
    /// Position in the log, from 0.
    pub index: u64,
    /// Time at which the ledger recorded the entry.
    pub recorded_at: DateTime<Utc>,
    /// The content.
    pub content: Content<F>,
}

/// The content of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every entry is a known fact; a box for each would cost more than it saves"
)]
pub enum Content<F = Fact> {
    /// A fact.
    Known(F),
    /// A system record: a redaction, a withholding or a key.
    System(Kind),
    /// A fact that was erased; its kind stays public.
    Erased(Kind),
    /// A fact of a version that this program cannot read.
    Unreadable,
}

/// A fact's header: enough to index it.
///
/// The body is decoded on first use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactHeader<'b> {
    /// Id of the entity: the fact corrected or retracted, else the fact's own id. Not checked
    /// against the rule for ids.
    pub entity: &'b str,
    /// Summary of the version that holds from here; `None` if retracted.
    pub current: Option<FactSummary>,
    /// Index terms of that version, without its id. May contain duplicates.
    pub terms: Vec<IndexTerm<&'b str>>,
    /// The encoded fact.
    pub bytes: &'b [u8],
    /// The encoded words of its quotations; empty if none are at hand.
    pub words: &'b [u8],
}

/// A fact's summary: enough to decide if the fact must be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactSummary {
    /// The kind.
    pub kind: Kind,
    /// `true` if the fact states amounts.
    pub amounts: bool,
    /// `true` if the fact links to other facts.
    pub links: bool,
}

impl Fact {
    /// Returns the header of this fact.
    ///
    /// `bytes` must be its encoding.
    #[must_use]
    pub fn header<'b>(&'b self, bytes: &'b [u8]) -> FactHeader<'b> {
        let current = match &self.body {
            Body::Correction { replacement, .. } => Some(&**replacement),
            Body::Retraction { .. } => None,
            _ => Some(self),
        };
        FactHeader {
            entity: self.entity_id().as_str(),
            current: current.map(|fact| FactSummary {
                kind: fact.kind(),
                amounts: !fact.amounts.is_empty(),
                links: !fact.links.is_empty(),
            }),
            terms: current.map(|fact| fact.terms_without_id(crate::FactId::as_str)).unwrap_or_default(),
            bytes,
            words: &[],
        }
    }
}
