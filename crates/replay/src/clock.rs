//! The two days that a report is made for. Knows no facts. Start at [`Clock`].

use chrono::NaiveDate;

/// The two days that a report judges by.
///
/// The third clock, the log's own, is the number of entries that the states hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Clock {
    /// The as-of day: commitments are judged as at its end.
    pub as_of: NaiveDate,
    /// The known-by day: facts count only if the public could know them by its end.
    pub known_by: NaiveDate,
}
