//! One fact: the fields that every kind shares, and a [`Body`] with those of its own kind.
//!
//! Knows no bytes and no ledger. Start with [`Fact`]; `docs/FACTS.md` describes the fields.

use crate::quotation::Quotation;
use crate::{
    Act, Amount, Answer, Attribution, Better, Change, Commitment, Decision, Due, FactId, Kind, LinkKind, Outcome,
    PartyKind, PublicationForm, Ruling, Salience, Strength, Terms, Voice, When, Window,
};
use chrono::NaiveDate;

/// One fact: the fields common to all kinds, and the body of its own kind.
///
/// # Examples
/// ```
/// use heldto_fact::{Body, Fact, PartyKind};
///
/// let body = Body::Party { kind: PartyKind::Council, identifiers: Vec::new() };
/// let council = Fact::amending("testshire-cc".parse()?, "Testshire Council".to_owned(), body);
/// assert_eq!(council.kind().as_str(), "party");
/// # Ok::<(), heldto_fact::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fact {
    /// The fact's id.
    pub id: FactId,
    /// The fact in the recorder's own words; the name of a party or metric, the title of a source.
    pub text: String,
    /// The parties that say, owe, decide, inspect, ask or pay.
    pub by: Vec<FactId>,
    /// The parties spoken of, if they differ from `by`.
    pub about: Vec<FactId>,
    /// The parties addressed: those who benefit, are asked or are paid.
    pub to: Vec<FactId>,
    /// The party that relays the fact.
    pub reporter: Option<FactId>,
    /// Certainty of who said it.
    pub attribution: Attribution,
    /// The kind of speaker. `None` only for parties, sources, metrics, corrections and retractions.
    pub voice: Option<Voice>,
    /// The date of the event, or the day on which a state was true.
    pub occurred: Option<When>,
    /// The period spoken of.
    pub period: Option<When>,
    /// The place, in words.
    pub place: Option<String>,
    /// `true` if the fact is about an identifiable child or family: displayed only on request.
    pub sensitive: bool,
    /// Importance to the record.
    pub salience: Salience,
    /// The amounts stated.
    pub amounts: Vec<Amount>,
    /// The sources that support the fact, with the place in each.
    pub cites: Vec<Citation>,
    /// Relations to other facts.
    pub links: Vec<Link>,
    /// Anything else that a reader must know.
    pub note: Option<String>,
    /// The fields of the fact's own kind.
    pub body: Body,
}

/// The fields that belong to one kind only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the keys are described once, in docs/FACTS.md")]
#[allow(
    clippy::large_enum_variant,
    reason = "most facts are of the large kinds; a box for each would cost more than it saves"
)]
pub enum Body {
    Party {
        kind: PartyKind,
        identifiers: Vec<Identifier>,
    },
    // Long and rare, so boxed, as commitments are.
    Source(Box<Provenance>),
    Metric {
        definition: String,
        unit: String,
        better: Better,
    },
    Inspection {
        outcome: String,
        framework: Option<String>,
        findings: Vec<String>,
    },
    Notice {
        form: String,
    },
    Statement {
        act: Act,
        outcome: Option<String>,
    },
    Question {
        answer: Answer,
    },
    Pledge(Box<Commitment>),
    Delivery {
        outcome: Outcome,
    },
    Complaint {
        decision: Decision,
        reference: Option<String>,
        fault: Option<String>,
        injustice: Option<String>,
        count: Option<u64>,
    },
    Payout {
        settles: String,
        count: Option<u64>,
    },
    Measurement {
        metric: FactId,
        numerator: Option<u64>,
        denominator: Option<u64>,
    },
    Change {
        what: Change,
        value: Option<String>,
    },
    Publication {
        form: PublicationForm,
        announced: Option<u64>,
        parts: Vec<String>,
    },
    Assessment {
        of: FactId,
        verdict: String,
        scale: String,
        reasons: Option<String>,
    },
    Succession {
        of: FactId,
        passes: Vec<Passed>,
    },
    Recommendation(Box<Recommendation>),
    Decision {
        ruling: Ruling,
        on: Vec<FactId>,
        terms: Option<Box<Terms>>,
        conditions: Option<String>,
    },
    Correction {
        of: FactId,
        reason: String,
        replacement: Box<Fact>,
    },
    Retraction {
        of: FactId,
        reason: String,
    },
}

impl Body {
    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Party { .. } => Kind::Party,
            Self::Source(_) => Kind::Source,
            Self::Metric { .. } => Kind::Metric,
            Self::Inspection { .. } => Kind::Inspection,
            Self::Notice { .. } => Kind::Notice,
            Self::Statement { .. } => Kind::Statement,
            Self::Question { .. } => Kind::Question,
            Self::Pledge(_) => Kind::Pledge,
            Self::Delivery { .. } => Kind::Delivery,
            Self::Complaint { .. } => Kind::Complaint,
            Self::Payout { .. } => Kind::Payout,
            Self::Measurement { .. } => Kind::Measurement,
            Self::Change { .. } => Kind::Change,
            Self::Publication { .. } => Kind::Publication,
            Self::Assessment { .. } => Kind::Assessment,
            Self::Succession { .. } => Kind::Succession,
            Self::Recommendation(_) => Kind::Recommendation,
            Self::Decision { .. } => Kind::Decision,
            Self::Correction { .. } => Kind::Correction,
            Self::Retraction { .. } => Kind::Retraction,
        }
    }
}

/// The origin of a document, and the date from which the public could know it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the keys are described once, in docs/FACTS.md")]
pub struct Provenance {
    pub publisher: Option<String>,
    pub author: Option<String>,
    pub published: Option<When>,
    pub known_from: Option<KnownFrom>,
    pub url: Option<String>,
    pub blake3: Option<[u8; 32]>,
    pub revises: Option<FactId>,
}

/// One item that passes from a body to its successor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Passed {
    /// A description, in words.
    pub what: String,
    /// The successor; `None` if the source does not name one.
    pub to: Option<FactId>,
}

/// A recommendation: its terms, and the due date of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recommendation {
    /// The publication that contains the recommendation.
    pub publication: Option<FactId>,
    /// Number in the publication, as written there.
    pub number: Option<String>,
    /// The recommended target, due date and test.
    pub terms: Terms,
    /// The due date of the answer.
    pub answer_due: Option<Due>,
}

/// A code by which others identify a party: `gss:E10000007`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// The scheme that issues the code: `gss`, `org-id`, `dfe`.
    pub scheme: String,
    /// The code.
    pub value: String,
}

/// A day before the end of the publication window from which the public could know, with the
/// reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KnownFrom {
    /// The day.
    pub day: NaiveDate,
    /// The reason.
    pub reason: String,
}

/// The place in a source that supports a fact.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Citation {
    /// The source's id.
    pub source: FactId,
    /// Line, paragraph, page or column.
    pub at: String,
    /// A quotation that can be checked against the document.
    pub quote: Option<Quotation>,
}

/// A relation from one fact to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// The kind of relation.
    pub kind: LinkKind,
    /// The other fact.
    pub to: FactId,
    /// Certainty of the relation.
    pub strength: Strength,
}

impl Fact {
    /// Returns the quotations of the citations, those of a correction's replacement last.
    pub fn quotations(&self) -> impl Iterator<Item = &Quotation> {
        let replacement = match &self.body {
            Body::Correction { replacement, .. } => replacement.cites.as_slice(),
            _ => &[],
        };
        self.cites.iter().chain(replacement).filter_map(|cite| cite.quote.as_ref())
    }

    /// Returns the quotations in the same order, to be completed with their words.
    pub fn quotations_mut(&mut self) -> impl Iterator<Item = &mut Quotation> {
        let replacement = match &mut self.body {
            Body::Correction { replacement, .. } => replacement.cites.as_mut_slice(),
            _ => &mut [],
        };
        self.cites.iter_mut().chain(replacement).filter_map(|cite| cite.quote.as_mut())
    }

    /// Returns the fact that records a correction or a retraction; everything but `id`, `text` and
    /// `body` is empty or a default.
    #[must_use]
    pub const fn amending(id: FactId, text: String, body: Body) -> Self {
        Self {
            id,
            text,
            by: Vec::new(),
            about: Vec::new(),
            to: Vec::new(),
            reporter: None,
            attribution: Attribution::Stated,
            voice: None,
            occurred: None,
            period: None,
            place: None,
            sensitive: false,
            salience: Salience::Supporting,
            amounts: Vec::new(),
            cites: Vec::new(),
            links: Vec::new(),
            note: None,
            body,
        }
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// Returns `true` if the fact, or the replacement in a correction, is about an identifiable
    /// child or family.
    #[must_use]
    pub const fn marks_sensitive(&self) -> bool {
        match &self.body {
            Body::Correction { replacement, .. } => self.sensitive || replacement.sensitive,
            _ => self.sensitive,
        }
    }

    /// Returns the kind of a link of this fact, as it is to be read.
    ///
    /// A delivery that was not done fulfils no commitment: older facts that link it as fulfilling
    /// are read as addressing the commitment.
    #[must_use]
    pub const fn link_kind(&self, link: &Link) -> LinkKind {
        match (&self.body, link.kind) {
            (Body::Delivery { outcome: Outcome::NotDone }, LinkKind::Fulfils | LinkKind::PartFulfils) => {
                LinkKind::Addresses
            }
            (_, kind) => kind,
        }
    }

    /// Returns the parties that the fact is about: `about` if stated, else `by`.
    #[must_use]
    pub fn subjects(&self) -> &[FactId] {
        if self.about.is_empty() { &self.by } else { &self.about }
    }

    /// Returns the days on which the fact may have happened, or that it covers; the period spoken
    /// of if `occurred` is not stated.
    #[must_use]
    pub fn window(&self) -> Window {
        self.occurred.as_ref().or(self.period.as_ref()).map_or(Window::ANY, When::window)
    }

    /// Returns [`Self::window`] with one unit added on each side of an approximate or uncertain
    /// date; comparisons use this window.
    #[must_use]
    pub fn doubtful_window(&self) -> Window {
        self.occurred.as_ref().or(self.period.as_ref()).map_or(Window::ANY, When::doubtful_window)
    }

    /// Returns the day from which the public could know a source; `None` if unknown or not a
    /// source.
    #[must_use]
    pub fn source_known_from(&self) -> Option<NaiveDate> {
        let Body::Source(from) = &self.body else { return None };
        match (&from.known_from, &from.published) {
            (Some(known), _) => Some(known.day),
            (None, Some(when)) => when.window().latest,
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Fact, Link};
    use crate::{LinkKind, Outcome, Strength};

    #[test]
    fn what_was_not_done_addresses_however_it_was_linked() {
        let link = |kind| Link { kind, to: "a-pledge".parse().expect("an id"), strength: Strength::Stated };
        for (outcome, kind, read) in [
            (Outcome::NotDone, LinkKind::Fulfils, LinkKind::Addresses),
            (Outcome::NotDone, LinkKind::PartFulfils, LinkKind::Addresses),
            (Outcome::NotDone, LinkKind::Supports, LinkKind::Supports),
            (Outcome::Done, LinkKind::Fulfils, LinkKind::Fulfils),
        ] {
            let fact = Fact::amending("a-delivery".parse().expect("an id"), String::new(), Body::Delivery { outcome });
            assert_eq!(fact.link_kind(&link(kind)), read, "{outcome} {kind}");
        }
    }
}
