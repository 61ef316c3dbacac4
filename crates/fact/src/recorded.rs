use crate::{Fact, Kind};
use chrono::{DateTime, Utc};

/// One entry of the log as replay sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the log, from 0.
    pub index: u64,
    /// When the ledger took it in.
    pub recorded_at: DateTime<Utc>,
    /// What it holds.
    pub content: Content,
}

/// What an entry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every entry is a known fact; a box for each would cost more than it saves"
)]
pub enum Content {
    /// A fact.
    Known(Fact),
    /// The ledger's own record: a redaction or a key.
    Own(Kind),
    /// A fact that was erased; its kind stays public.
    Erased(Kind),
    /// A fact of a version that this program cannot read.
    Unreadable,
}
