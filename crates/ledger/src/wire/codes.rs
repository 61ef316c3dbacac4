//! Maps the words of the vocabulary to the bytes that stand for them, and back.
//!
//! The bytes never change; a new word takes a new byte. docs/FORMAT.md, *Facts* has the same lists.
//! Start at [`Code`].

use super::WireError;
use heldto_fact::{
    Act, Answer, Attribution, Basis, Better, Change, Decision, Force, Kind, LinkKind, Outcome, PartyKind,
    PublicationForm, Qualifier, Role, Ruling, Salience, SpanUnit, Strength, Voice, Way,
};

/// A word of the vocabulary that is written as one byte.
pub trait Code: Copy + 'static {
    /// Name of the list in error messages.
    const NAME: &'static str;
    /// Returns the byte.
    fn code(self) -> u8;
    /// Returns the word for a byte.
    fn from_code(code: u8) -> Option<Self>;
    /// Returns the word for a byte, or an error that names the byte.
    fn read(code: u8) -> Result<Self, WireError> {
        Self::from_code(code).ok_or_else(|| WireError::Value(format!("{code} is no {}", Self::NAME)))
    }
}

macro_rules! codes {
    ($($type:ident $name:literal { $($variant:ident = $code:literal,)+ })+) => {$(
        impl Code for $type {
            const NAME: &'static str = $name;
            fn code(self) -> u8 {
                match self { $(Self::$variant => $code),+ }
            }
            fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

codes! {
    Kind "kind" {
        Party = 0,
        Source = 1,
        Metric = 2,
        Inspection = 3,
        Notice = 4,
        Statement = 5,
        Question = 6,
        Pledge = 7,
        Delivery = 8,
        Complaint = 9,
        Payout = 10,
        Measurement = 11,
        Change = 12,
        Publication = 13,
        Assessment = 14,
        Correction = 15,
        Retraction = 16,
        Redaction = 17,
        Key = 18,
        Succession = 19,
        Recommendation = 20,
        Decision = 21,
        Withholding = 22,
        ReserveKey = 23,
        Revocation = 24,
    }
    Voice "voice" {
        Record = 0,
        Official = 1,
        Owner = 2,
        Government = 3,
        Critic = 4,
        Reporter = 5,
        SecondHand = 6,
        Derived = 7,
    }
    Attribution "attribution" {
        Stated = 0,
        Implied = 1,
        Uncertain = 2,
        Unknown = 3,
    }
    Salience "salience" {
        Core = 0,
        Supporting = 1,
        Rhetorical = 2,
    }
    PartyKind "kind of party" {
        Council = 0,
        Partnership = 1,
        NhsBoard = 2,
        Department = 3,
        Government = 4,
        Inspectorate = 5,
        Ombudsman = 6,
        Auditor = 7,
        ImprovementBoard = 8,
        Parliament = 9,
        PoliticalGroup = 10,
        Charity = 11,
        School = 12,
        Media = 13,
        Company = 14,
        OfficeHolder = 15,
        People = 16,
        Other = 17,
        Area = 18,
        Inquiry = 19,
        Court = 20,
        Regulator = 21,
        Commissioners = 22,
        EmergencyService = 23,
        Committee = 24,
    }
    Act "act" {
        Speech = 0,
        Reply = 1,
        Apology = 2,
        Criticism = 3,
        Demand = 4,
        Admission = 5,
        Claim = 6,
        Forecast = 7,
        Ask = 8,
        Case = 9,
    }
    Answer "answer" {
        Answered = 0,
        PartlyAnswered = 1,
        Declined = 2,
        Silence = 3,
        NotKnown = 4,
    }
    Force "force" {
        Aspiration = 0,
        Pledge = 1,
        Requirement = 2,
        Remedy = 3,
        Duty = 4,
    }
    Outcome "outcome" {
        Done = 0,
        Part = 1,
        Started = 2,
        Progress = 3,
        Setback = 4,
        NotDone = 5,
        Undone = 6,
    }
    Decision "decision" {
        Upheld = 0,
        NotUpheld = 1,
        NotKnown = 2,
    }
    Ruling "ruling" {
        Accepted = 0,
        AcceptedInPrinciple = 1,
        AcceptedInPart = 2,
        Rejected = 3,
        Noted = 4,
        MindedTo = 5,
        InForce = 6,
        Varied = 7,
        Deferred = 8,
        Revoked = 9,
        Upheld = 10,
        PartlyUpheld = 11,
        Quashed = 12,
        Dismissed = 13,
        Refused = 14,
    }
    Way "way" {
        Up = 0,
        Down = 1,
    }
    Change "change" {
        BodySetUp = 0,
        Appointment = 1,
        Departure = 2,
        Control = 3,
        SystemLaunched = 4,
        ServiceLaunched = 5,
        Sitting = 6,
        ReviewOpened = 7,
        Withdrawal = 8,
        OfficeEnded = 9,
        Other = 10,
        SeriesBreak = 11,
    }
    PublicationForm "form of publication" {
        Plan = 0,
        Report = 1,
        Minutes = 2,
        Letter = 3,
        Data = 4,
        Other = 5,
    }
    Better "direction" {
        Higher = 0,
        Lower = 1,
        Neither = 2,
    }
    Qualifier "way of stating" {
        Exact = 0,
        About = 1,
        MoreThan = 2,
        AtLeast = 3,
        LessThan = 4,
        Nearly = 5,
        UpTo = 6,
        ShareOf = 7,
        NotQuantified = 8,
    }
    Role "role of an amount" {
        Pledged = 0,
        Allocated = 1,
        Announced = 2,
        Invested = 3,
        Offered = 4,
        Ordered = 5,
        Paid = 6,
        AskedFor = 7,
        Underspent = 8,
        Target = 9,
        Limit = 10,
        Delivered = 11,
        Measured = 12,
        Stated = 13,
        Penalty = 14,
        Recommended = 15,
        Estimated = 16,
        Shortfall = 17,
        Debt = 18,
    }
    Basis "basis" {
        PerPeriod = 0,
        InTotal = 1,
        Unknown = 2,
    }
    LinkKind "link" {
        SameAs = 0,
        Repeats = 1,
        PartOf = 2,
        MayOverlap = 3,
        Fulfils = 4,
        PartFulfils = 5,
        Supports = 6,
        Addresses = 7,
        MeasuredBy = 8,
        Contradicts = 9,
        Supersedes = 10,
        Answers = 11,
        BearsOn = 12,
        Disputes = 13,
    }
    Strength "strength" {
        Stated = 0,
        Probable = 1,
        Possible = 2,
    }
    SpanUnit "unit of time" {
        Days = 0,
        Weeks = 1,
        Months = 2,
        Years = 3,
    }
}

/// Returns the byte of a kind, as an entry holds it.
#[must_use]
pub fn kind_code(kind: Kind) -> u8 {
    kind.code()
}

/// Returns the kind for a byte of an entry, if known.
#[must_use]
pub fn kind_of(code: u8) -> Option<Kind> {
    Kind::from_code(code)
}

#[cfg(test)]
mod tests {
    use super::Code;
    use heldto_fact::{
        Act, Answer, Attribution, Basis, Better, Change, Decision, Force, Kind, LinkKind, Outcome, PartyKind,
        PublicationForm, Qualifier, Role, Ruling, Salience, SpanUnit, Strength, Voice, Way,
    };

    const FORMAT: &str = include_str!("../../../../docs/FORMAT.md");

    /// Checks that a row of docs/FORMAT.md is exactly the list in the code, byte by byte.
    fn row<T: Code>(words: &[(T, &str)]) {
        let cells: Vec<String> = words.iter().map(|(word, text)| format!("{} `{text}`", word.code())).collect();
        let row = format!("| {} | {} |", T::NAME, cells.join(" · "));
        assert!(FORMAT.lines().any(|line| line == row), "docs/FORMAT.md has no row {row}");
        for (word, _) in words {
            assert_eq!(T::from_code(word.code()).map(Code::code), Some(word.code()));
        }
        assert!(T::from_code(u8::try_from(words.len()).expect("short")).is_none(), "and no byte beyond");
    }

    macro_rules! rows {
        ($($type:ident)+) => { $(row(&$type::ALL.iter().map(|w| (*w, w.as_str())).collect::<Vec<_>>());)+ };
    }

    #[test]
    fn the_bytes_are_those_of_the_format() {
        rows!(Kind Voice Attribution Salience PartyKind Act Answer Force Outcome Decision Ruling Way Change PublicationForm Better Qualifier Role Basis LinkKind Strength);
        row(SpanUnit::ALL);
    }
}
