//! The vocabulary of the ledger: parties, dates, amounts, sources, facts, commitments.
//!
//! Pure: knows no bytes on disk, no ledger and no clock. Intake, replay and reports share these
//! types, so each word is defined once. Start with [`Fact`] and its [`Body`].

mod amount;
mod commitment;
mod date;
mod fact;
mod id;
mod index_term;
mod interval;
mod naming;
mod quantity;
mod quotation;
mod recorded;
mod span;
mod version;
mod vocabulary;

pub use amount::{Amount, Unit};
pub use commitment::{Alternative, Commitment, Due, DueRule, Milestone, Mode, Target, Terms, Threshold};
pub use date::{Bound, Form, Point, Precedence, Precision, When, Window};
pub use fact::{Body, Citation, Fact, Identifier, KnownFrom, Link, Passed, Provenance, Recommendation};
pub use id::FactId;
pub use index_term::{IndexTerm, KindTerms, PARTY_BUCKETS};
pub use interval::{Interval, Limit, Truth};
pub use quantity::Quantity;
pub use quotation::{Quotation, canonical_text};
pub use recorded::{Content, FactHeader, FactSummary, Recorded};
pub use span::{Span, SpanUnit};
pub use version::Version;
pub use vocabulary::{
    Act, Answer, Attribution, Basis, Better, Change, Decision, Force, Kind, LinkKind, Outcome, PartyKind,
    PublicationForm, Qualifier, Role, Ruling, Salience, Strength, Voice, Way,
};

/// A text that is not a word, date, amount or id of the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The text is not in the list of allowed words.
    #[error("`{value}` is not one of {allowed}")]
    Word {
        /// The text as given.
        value: String,
        /// The allowed words, separated by commas.
        allowed: String,
    },
    /// The text is not a valid id.
    #[error("`{0}` is not an id: an id has 2 to 80 of a-z, 0-9 and `-`, and begins with a letter or a digit")]
    Id(String),
    /// The text is not a date in the supported part of EDTF.
    #[error("`{value}` is not a date: {why}")]
    Date {
        /// The text as given.
        value: String,
        /// The reason.
        why: &'static str,
    },
    /// The text is not a number, or is out of bounds.
    #[error("`{value}` is not a number that the ledger can hold: {why}")]
    Number {
        /// The text as given.
        value: String,
        /// The reason.
        why: &'static str,
    },
    /// The text is not a unit.
    #[error(
        "`{0}` is not a unit: write a currency in three capitals, `%`, `days`, `weeks`, `months`, `years`, `times` or \
         a noun in lower case"
    )]
    Unit(String),
    /// The text is not a length of time.
    #[error(
        "`{0}` is not a length of time: write a whole number from 1 to 10000 and `days`, `weeks`, `months` or `years`"
    )]
    Span(String),
    /// The window ends before it begins.
    #[error("the window ends on {latest}, before it begins on {earliest}")]
    Window {
        /// The first day of the window.
        earliest: String,
        /// The last day of the window.
        latest: String,
    },
}
