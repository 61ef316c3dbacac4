//! Maps statuses to the scales of other trackers, for export. Each scale is coarser than ours;
//! docs/REPORTS.md lists the loss. Knows no facts. Start at [`Scale::of`].

use heldto_replay::Status;
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
        use Status as S;
        Some(match (self, status) {
            // These trackers rate promises, not recommendations.
            (_, S::NotYetKnown | S::Unanswered | S::AnswerOverdue | S::Rejected) => return None,

            (Self::PolitiFact, S::Met | S::MetLate | S::MetTimingUnknown) => "Promise Kept",
            (Self::PolitiFact, S::PartMet | S::Superseded) => "Compromise",
            (Self::PolitiFact, S::Breached | S::Reversed | S::Withdrawn | S::Lapsed) => "Promise Broken",
            (Self::PolitiFact, S::Stalled) => "Stalled",
            (Self::PolitiFact, S::InProgress) => "In the Works",
            (Self::PolitiFact, _) => "Not Yet Rated",

            (Self::Polimetre, S::Met | S::MetTimingUnknown) => "kept",
            (Self::Polimetre, S::MetLate | S::PartMet | S::InProgress | S::Superseded) => "kept in part or in progress",
            (Self::Polimetre, S::Breached | S::Reversed | S::Withdrawn | S::Lapsed) => "broken",
            (Self::Polimetre, S::Untestable) => return None,
            (Self::Polimetre, _) => "not yet rated",

            (Self::FullFact, S::Met | S::MetLate | S::MetTimingUnknown) => "Achieved",
            (Self::FullFact, S::Breached | S::PartMet | S::Reversed | S::Withdrawn | S::Lapsed) => "Not kept",
            (Self::FullFact, S::Stalled) => "Appears off track",
            (Self::FullFact, S::InProgress) => "In progress",
            (Self::FullFact, S::Untestable | S::Inconclusive | S::Unevidenced | S::Overdue) => "Unclear or disputed",
            (Self::FullFact, _) => "Wait and see",

            (Self::Cppp, S::Met | S::MetTimingUnknown) => "fully fulfilled",
            (Self::Cppp, S::MetLate | S::PartMet) => "partially fulfilled",
            (Self::Cppp, S::Breached | S::Reversed | S::Withdrawn | S::Lapsed) => "not fulfilled",
            (Self::Cppp, _) => return None,

            (Self::Iati, S::Met | S::MetLate | S::MetTimingUnknown | S::PartMet | S::Breached) => "4",
            (Self::Iati, S::Withdrawn | S::Lapsed | S::Superseded | S::Reversed) => "5",
            (Self::Iati, S::Stalled) => "6",
            (Self::Iati, S::InProgress) => "2",
            (Self::Iati, S::Untestable) => return None,
            (Self::Iati, _) => "1",
        })
    }
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text).map(|(scale, _)| *scale);
        let words: Vec<&str> = Self::ALL.iter().map(|(_, word)| *word).collect();
        found.ok_or_else(|| format!("`{text}` is no scale: {}", words.join(", ")))
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
