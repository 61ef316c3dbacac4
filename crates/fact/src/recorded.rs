use crate::{Body, Fact, IndexTerm, Kind};
use chrono::{DateTime, Utc};

/// One entry of the log as replay sees it: with its fact, or what is [`FactHeader`] of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<F = Fact> {
    /// Its place in the log, from 0.
    pub index: u64,
    /// When the ledger took it in.
    pub recorded_at: DateTime<Utc>,
    /// What it holds.
    pub content: Content<F>,
}

/// What an entry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every entry is a known fact; a box for each would cost more than it saves"
)]
pub enum Content<F = Fact> {
    /// A fact.
    Known(F),
    /// The ledger's own record: a redaction or a key.
    System(Kind),
    /// A fact that was erased; its kind stays public.
    Erased(Kind),
    /// A fact of a version that this program cannot read.
    Unreadable,
}

/// As much of a fact as finds it, with its bytes, to be read when it is first asked for: a log is folded without any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactHeader<'b> {
    /// The id of the thing that it tells of: the fact that it corrects or retracts, else its own. Not held against the rule for ids.
    pub entity: &'b str,
    /// What holds of that thing from here; `None` where it is retracted.
    pub current: Option<FactSummary>,
    /// What finds what holds, but its id; some perhaps twice.
    pub terms: Vec<IndexTerm<&'b str>>,
    /// The fact.
    pub bytes: &'b [u8],
}

/// What can be told of a fact that is not read yet, to see whether it need be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactSummary {
    /// Its kind.
    pub kind: Kind,
    /// Whether it tells of amounts.
    pub amounts: bool,
    /// Whether it links to other facts.
    pub links: bool,
}

impl Fact {
    /// As much of it as finds it, if these are its bytes.
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
        }
    }
}
