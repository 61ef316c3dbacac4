//! Maps statuses to the scales of other trackers, for export. Each scale is coarser than ours;
//! docs/REPORTS.md lists the loss. Knows no facts. Start at [`Scale::of`].

use crate::wording;
use heldto_replay::{Class, Status};
use std::str::FromStr;

/// A scale of another tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// PolitiFact's meter of campaign promises.
    PolitiFact,
    /// The Polimètre of Université Laval.
    Polimetre,
    /// Full Fact's Government Tracker.
    FullFact,
    /// The Comparative Party Pledges Project.
    Cppp,
    /// The activity status code of the International Aid Transparency Initiative.
    Iati,
}

impl Scale {
    /// Every scale with its word.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::PolitiFact, "politifact"),
        (Self::Polimetre, "polimetre"),
        (Self::FullFact, "full-fact"),
        (Self::Cppp, "cppp"),
        (Self::Iati, "iati"),
    ];

    /// Returns a status on this scale; `None` if the scale has no equivalent.
    #[must_use]
    pub const fn of(self, status: Status) -> Option<&'static str> {
        match status.class() {
            // These trackers rate promises, not recommendations.
            Class::Unknown | Class::Unanswered => return None,
            Class::Failed | Class::Unsettled | Class::Open | Class::Untestable | Class::Met | Class::Ended => {}
        }
        if matches!(status, Status::Rejected) {
            return None;
        }
        match self {
            Self::PolitiFact => Some(politifact(status)),
            Self::Polimetre => polimetre(status),
            Self::FullFact => Some(full_fact(status)),
            Self::Cppp => cppp(status),
            Self::Iati => iati(status),
        }
    }
}

const fn politifact(status: Status) -> &'static str {
    match (status.class(), status) {
        (Class::Met, _) => "Promise Kept",
        (_, Status::PartMet | Status::Superseded) => "Compromise",
        (Class::Failed | Class::Ended, _) => "Promise Broken",
        (_, Status::Stalled) => "Stalled",
        (_, Status::InProgress) => "In the Works",
        (Class::Unsettled | Class::Unanswered | Class::Open | Class::Untestable | Class::Unknown, _) => "Not Yet Rated",
    }
}

const fn polimetre(status: Status) -> Option<&'static str> {
    Some(match (status.class(), status) {
        (_, Status::MetLate | Status::PartMet | Status::InProgress | Status::Superseded) => {
            "kept in part or in progress"
        }
        (Class::Met, _) => "kept",
        (Class::Failed | Class::Ended, _) => "broken",
        (Class::Untestable, _) => return None,
        (Class::Unsettled | Class::Unanswered | Class::Open | Class::Unknown, _) => "not yet rated",
    })
}

const fn full_fact(status: Status) -> &'static str {
    match (status.class(), status) {
        (Class::Met, _) => "Achieved",
        (_, Status::Stalled) => "Appears off track",
        (_, Status::InProgress) => "In progress",
        (_, Status::Superseded) => "Wait and see",
        (Class::Failed | Class::Ended, _) => "Not kept",
        (Class::Untestable | Class::Unsettled, _) => "Unclear or disputed",
        (Class::Unanswered | Class::Open | Class::Unknown, _) => "Wait and see",
    }
}

const fn cppp(status: Status) -> Option<&'static str> {
    match (status.class(), status) {
        (_, Status::MetLate | Status::PartMet) => Some("partially fulfilled"),
        (Class::Met, _) => Some("fully fulfilled"),
        (_, Status::Superseded) => None,
        (Class::Failed | Class::Ended, _) => Some("not fulfilled"),
        (Class::Unsettled | Class::Unanswered | Class::Open | Class::Untestable | Class::Unknown, _) => None,
    }
}

const fn iati(status: Status) -> Option<&'static str> {
    Some(match (status.class(), status) {
        (_, Status::Reversed) | (Class::Ended, _) => "5",
        (Class::Met | Class::Failed, _) => "4",
        (_, Status::Stalled) => "6",
        (_, Status::InProgress) => "2",
        (Class::Untestable, _) => return None,
        (Class::Unsettled | Class::Unanswered | Class::Open | Class::Unknown, _) => "1",
    })
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text).map(|(scale, _)| *scale);
        found.ok_or_else(|| wording::document::not_a_scale(text, &Self::ALL.map(|(_, word)| word)))
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;
    use heldto_replay::Status;

    const REPORTS: &str = include_str!("../../../docs/REPORTS.md");

    /// Checks that the table in docs/REPORTS.md matches the code for every status and scale.
    #[test]
    fn the_table_is_what_the_program_does() {
        let rows: Vec<Vec<&str>> = REPORTS
            .lines()
            .map(|l| l.split('|').map(str::trim).collect())
            .filter(|r: &Vec<&str>| r.len() == 8)
            .collect();
        for status in Status::ALL.iter().filter(|s| **s != Status::NotYetKnown) {
            let word = format!("`{status}`");
            let row = rows.iter().find(|r| r[1].split(", ").any(|w| w == word)).expect("a row of the table");
            for ((scale, name), cell) in Scale::ALL.iter().zip(&row[2..]) {
                assert_eq!(scale.of(*status).unwrap_or_default(), *cell, "{status} on {name}");
            }
        }
    }
}
