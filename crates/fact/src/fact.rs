use crate::{
    Act, Amount, Answer, Attribution, Better, Change, Commitment, Decision, Due, FactId, Kind, LinkKind, Outcome,
    PartyKind, PublicationForm, Ruling, Salience, Strength, Terms, Voice, When, Window,
};
use chrono::NaiveDate;

/// One fact: what any kind may say, and what only its own kind says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fact {
    /// Its id.
    pub id: FactId,
    /// What it says, in the recorder's own words; the name of a party or metric, the title of a source.
    pub text: String,
    /// Who says, owes, decides, inspects, asks or pays.
    pub by: Vec<FactId>,
    /// Who is spoken of, where that is not `by`.
    pub about: Vec<FactId>,
    /// Who is addressed: who benefits, is asked, is paid.
    pub to: Vec<FactId>,
    /// Who relays it.
    pub reporter: Option<FactId>,
    /// How sure it is who said it.
    pub attribution: Attribution,
    /// Who says so. `None` only for parties, sources, metrics, corrections and retractions.
    pub voice: Option<Voice>,
    /// When it happened, or the day a state was true at.
    pub occurred: Option<When>,
    /// The period spoken of.
    pub period: Option<When>,
    /// Where, in words.
    pub place: Option<String>,
    /// About an identifiable child or family: not displayed unless asked for.
    pub sensitive: bool,
    /// How much it matters.
    pub salience: Salience,
    /// How much of what.
    pub amounts: Vec<Amount>,
    /// Which sources say so, and where.
    pub cites: Vec<Citation>,
    /// How it bears on other facts.
    pub links: Vec<Link>,
    /// Anything a reader must know.
    pub note: Option<String>,
    /// What its kind says.
    pub body: Body,
}

/// What only one kind says.
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
    // Long, and rare beside the others: boxed, as commitments are.
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
    /// The kind.
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

/// Where a document comes from, and since when the public could know it.
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

/// What passes from a body to one that follows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Passed {
    /// What, in words.
    pub what: String,
    /// To whom; `None` where the source does not tell.
    pub to: Option<FactId>,
}

/// What is recommended, in which terms, and by when it is to be answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recommendation {
    /// The publication that holds it.
    pub publication: Option<FactId>,
    /// Its number there, as it is written.
    pub number: Option<String>,
    /// Its terms, as those of a commitment.
    pub terms: Terms,
    /// When an answer is due.
    pub answer_due: Option<Due>,
}

/// A code by which others know a party: `gss:E10000007`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// Whose code it is: `gss`, `org-id`, `dfe`.
    pub scheme: String,
    /// The code.
    pub value: String,
}

/// A day earlier than the end of the publication window from which the public could know, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KnownFrom {
    /// The day.
    pub day: NaiveDate,
    /// Why.
    pub reason: String,
}

/// Where a source says so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Citation {
    /// The source's id.
    pub source: FactId,
    /// Line, paragraph, page or column.
    pub at: String,
    /// A quotation that can be checked against the document.
    pub quote: Option<Quotation>,
}

/// A quotation as a range of bytes of the canonical text and the digest of those bytes (docs/FORMAT.md, *Canonical text*).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Quotation {
    /// The first byte.
    pub start: u64,
    /// The byte after the last.
    pub end: u64,
    /// BLAKE3 of the bytes.
    pub blake3: [u8; 32],
}

/// How a fact bears on another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// In what way.
    pub kind: LinkKind,
    /// The other fact.
    pub to: FactId,
    /// How sure that is.
    pub strength: Strength,
}

impl Fact {
    /// The record of a correction or a retraction, which says nothing but what its body says.
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

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// Returns `true` if the fact, or what it puts in the place of another, is about an identifiable child or family.
    #[must_use]
    pub const fn marks_sensitive(&self) -> bool {
        match &self.body {
            Body::Correction { replacement, .. } => self.sensitive || replacement.sensitive,
            _ => self.sensitive,
        }
    }

    /// Returns how a link of this fact bears on the other. What was not done fulfils nothing: old facts that link so are read as
    /// addressing it.
    #[must_use]
    pub const fn link_kind(&self, link: &Link) -> LinkKind {
        match (&self.body, link.kind) {
            (Body::Delivery { outcome: Outcome::NotDone }, LinkKind::Fulfils | LinkKind::PartFulfils) => {
                LinkKind::Addresses
            }
            (_, kind) => kind,
        }
    }

    /// The parties it is about: `about` where stated, else `by`.
    #[must_use]
    pub fn subjects(&self) -> &[FactId] {
        if self.about.is_empty() { &self.by } else { &self.about }
    }

    /// From the first to the last day it may have happened or covers; the period spoken of where no day is stated.
    #[must_use]
    pub fn window(&self) -> Window {
        self.occurred.as_ref().or(self.period.as_ref()).map_or(Window::ANY, When::window)
    }

    /// The same, a unit wider on each side of what is only about or uncertain: the window that a comparison must respect.
    #[must_use]
    pub fn doubtful_window(&self) -> Window {
        self.occurred.as_ref().or(self.period.as_ref()).map_or(Window::ANY, When::doubtful_window)
    }

    /// For a source: the day from which the public could know it; `None` where that cannot be told.
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
