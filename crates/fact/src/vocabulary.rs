//! The closed lists of words used in files, reports and documents, as enums.
//! Turns words into enums and back; knows no byte codes. Start with [`Kind`].

use crate::Invalid;
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* #[doc = concat!("`", $word, "`.")] $variant,)+ }

        impl $name {
            /// All values, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the word as written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::ALL.iter().copied().find(|w| w.as_str() == text).ok_or_else(|| Invalid::Word {
                    value: text.to_owned(),
                    allowed: Self::ALL.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "),
                })
            }
        }
    )+};
}

words! {
    /// The kind of a fact.
    Kind {
        /// Declares a party.
        Party = "party",
        /// Declares a document.
        Source = "source",
        /// Declares a measure and how it is computed.
        Metric = "metric",
        /// An inspection: who inspected whom, with which outcome.
        Inspection = "inspection",
        /// A notice or direction; its requirements are commitments.
        Notice = "notice",
        /// A statement.
        Statement = "statement",
        /// A question, and how it was answered.
        Question = "question",
        /// A commitment.
        Pledge = "pledge",
        /// Evidence about a commitment, or about work never promised.
        Delivery = "delivery",
        /// An ombudsman or tribunal decision.
        Complaint = "complaint",
        /// Money paid to settle a matter.
        Payout = "payout",
        /// The value of a metric.
        Measurement = "measurement",
        /// A change of a body or a system.
        Change = "change",
        /// The publication of a document, with its numbered parts.
        Publication = "publication",
        /// A person's verdict on a commitment.
        Assessment = "assessment",
        /// Replaces an earlier fact.
        Correction = "correction",
        /// Withdraws an earlier fact.
        Retraction = "retraction",
        /// A part of an earlier entry was erased.
        Redaction = "redaction",
        /// A signing key was added or replaced.
        Key = "key",
        /// One body was followed by one or several others.
        Succession = "succession",
        /// A recommendation to one or several bodies, and when an answer is due.
        Recommendation = "recommendation",
        /// A decision about other facts, by a party entitled to decide.
        Decision = "decision",
        /// Parts of earlier entries are not published, on one ground.
        Withholding = "withholding",
        /// A key kept in reserve in case the signing key is lost or stolen.
        ReserveKey = "reserve-key",
        /// A key that signed earlier no longer counts.
        Revocation = "revocation",
    }

    /// The kind of speaker.
    Voice {
        /// An official record.
        Record = "record",
        /// An inspectorate, a watchdog or an auditor.
        Official = "official",
        /// The owner, or its partners, speaking of itself.
        Owner = "self",
        /// A government.
        Government = "government",
        /// A critic.
        Critic = "critic",
        /// A reporter's own finding.
        Reporter = "reporter",
        /// Someone who was not present.
        SecondHand = "second-hand",
        /// Worked out from other facts.
        Derived = "derived",
    }

    /// Certainty of who said it.
    Attribution {
        /// The source names the speaker.
        Stated = "stated",
        /// The source makes the speaker plain without a name.
        Implied = "implied",
        /// The source leaves room for doubt.
        Uncertain = "uncertain",
        /// The source does not say.
        Unknown = "unknown",
    }

    /// Importance to the record.
    Salience {
        /// Central.
        Core = "core",
        /// Worth recording.
        Supporting = "supporting",
        /// Said for effect.
        Rhetorical = "rhetorical",
    }

    /// The kind of a party.
    PartyKind {
        /// A council.
        Council = "council",
        /// A partnership of several bodies.
        Partnership = "partnership",
        /// A board of the National Health Service.
        NhsBoard = "nhs-board",
        /// A department of state.
        Department = "department",
        /// A government.
        Government = "government",
        /// An inspectorate.
        Inspectorate = "inspectorate",
        /// An ombudsman.
        Ombudsman = "ombudsman",
        /// An auditor.
        Auditor = "auditor",
        /// A board set up to oversee improvement.
        ImprovementBoard = "improvement-board",
        /// A parliament or one of its houses.
        Parliament = "parliament",
        /// A political party or group.
        PoliticalGroup = "political-group",
        /// A charity.
        Charity = "charity",
        /// One or several schools.
        School = "school",
        /// A newspaper, a station or a site.
        Media = "media",
        /// A company.
        Company = "company",
        /// The holder of a public office.
        OfficeHolder = "office-holder",
        /// People who are not named.
        People = "people",
        /// None of the others.
        Other = "other",
        /// A country, region or place for which figures are given.
        Area = "area",
        /// A public inquiry.
        Inquiry = "inquiry",
        /// A court or a tribunal.
        Court = "court",
        /// A regulator.
        Regulator = "regulator",
        /// Commissioners appointed over a body.
        Commissioners = "commissioners",
        /// A police, fire or ambulance service.
        EmergencyService = "emergency-service",
        /// A committee of a council or a parliament.
        Committee = "committee",
    }

    /// The act performed by a statement.
    Act {
        /// A speech.
        Speech = "speech",
        /// A reply.
        Reply = "reply",
        /// An apology.
        Apology = "apology",
        /// A criticism.
        Criticism = "criticism",
        /// A demand.
        Demand = "demand",
        /// An admission.
        Admission = "admission",
        /// A claim.
        Claim = "claim",
        /// A forecast; not a commitment.
        Forecast = "forecast",
        /// A request; not a commitment.
        Ask = "ask",
        /// An account of a case.
        Case = "case",
    }

    /// The answer to a question.
    Answer {
        /// Answered.
        Answered = "answered",
        /// Answered in part.
        PartlyAnswered = "partly-answered",
        /// Declined.
        Declined = "declined",
        /// No answer came.
        Silence = "silence",
        /// The source does not say.
        NotKnown = "not-known",
    }

    /// The force that binds the owner.
    Force {
        /// Hoped for.
        Aspiration = "aspiration",
        /// Promised.
        Pledge = "pledge",
        /// Required by a party with the power to do so.
        Requirement = "requirement",
        /// Ordered or agreed, to put an injustice right.
        Remedy = "remedy",
        /// Owed by law.
        Duty = "duty",
    }

    /// The outcome of a delivery.
    Outcome {
        /// All was done.
        Done = "done",
        /// A part was done.
        Part = "part",
        /// Work had begun.
        Started = "started",
        /// Work went on.
        Progress = "progress",
        /// Work went backwards or stopped.
        Setback = "setback",
        /// Still not done on the day.
        NotDone = "not-done",
        /// Done before, and now reversed.
        Undone = "undone",
    }

    /// The decision on a complaint.
    Decision {
        /// Fault was found.
        Upheld = "upheld",
        /// No fault was found.
        NotUpheld = "not-upheld",
        /// The source does not say.
        NotKnown = "not-known",
    }

    /// The decision about another fact.
    Ruling {
        /// Accepted.
        Accepted = "accepted",
        /// Accepted in principle.
        AcceptedInPrinciple = "accepted-in-principle",
        /// Accepted in part.
        AcceptedInPart = "accepted-in-part",
        /// Rejected.
        Rejected = "rejected",
        /// Noted only.
        Noted = "noted",
        /// Intended, but not decided yet.
        MindedTo = "minded-to",
        /// Now in force.
        InForce = "in-force",
        /// New terms hold from here.
        Varied = "varied",
        /// Postponed.
        Deferred = "deferred",
        /// Revoked.
        Revoked = "revoked",
        /// Upheld.
        Upheld = "upheld",
        /// Upheld in part.
        PartlyUpheld = "partly-upheld",
        /// Quashed by a court.
        Quashed = "quashed",
        /// Dismissed.
        Dismissed = "dismissed",
        /// Refused.
        Refused = "refused",
    }

    /// The direction in which a figure is to change.
    Way {
        /// Upwards.
        Up = "up",
        /// Downwards.
        Down = "down",
    }

    /// The subject of a change.
    Change {
        /// A body was set up.
        BodySetUp = "body-set-up",
        /// Somebody was appointed.
        Appointment = "appointment",
        /// Somebody left.
        Departure = "departure",
        /// Political control changed, or was as stated.
        Control = "control",
        /// A system was launched.
        SystemLaunched = "system-launched",
        /// A service was launched.
        ServiceLaunched = "service-launched",
        /// A sitting was held.
        Sitting = "sitting",
        /// A review was opened.
        ReviewOpened = "review-opened",
        /// A commitment was withdrawn.
        Withdrawal = "withdrawal",
        /// An office ended.
        OfficeEnded = "office-ended",
        /// None of the others.
        Other = "other",
        /// The method of measuring a metric changed: figures before and after are not comparable.
        SeriesBreak = "series-break",
    }

    /// The form of a publication.
    PublicationForm {
        /// A plan.
        Plan = "plan",
        /// A report.
        Report = "report",
        /// Minutes.
        Minutes = "minutes",
        /// A letter.
        Letter = "letter",
        /// Figures.
        Data = "data",
        /// None of the others.
        Other = "other",
    }

    /// The direction in which a metric improves.
    Better {
        /// More is better.
        Higher = "higher",
        /// Less is better.
        Lower = "lower",
        /// Neither is better.
        Neither = "neither",
    }

    /// The qualifier of an amount.
    Qualifier {
        /// Exactly the value.
        Exact = "exact",
        /// About the value.
        About = "about",
        /// More than the value.
        MoreThan = "more-than",
        /// The value or more.
        AtLeast = "at-least",
        /// Less than the value.
        LessThan = "less-than",
        /// Slightly less than the value.
        Nearly = "nearly",
        /// The value or less.
        UpTo = "up-to",
        /// An unknown share of the value.
        ShareOf = "share-of",
        /// Stated in words only; never becomes a number.
        NotQuantified = "not-quantified",
    }

    /// The role of an amount.
    Role {
        /// Promised.
        Pledged = "pledged",
        /// Set aside by the party that decides.
        Allocated = "allocated",
        /// Announced.
        Announced = "announced",
        /// Invested.
        Invested = "invested",
        /// Offered.
        Offered = "offered",
        /// Ordered by a party with the power to do so.
        Ordered = "ordered",
        /// Paid.
        Paid = "paid",
        /// Asked for; not a promise.
        AskedFor = "asked-for",
        /// Left unspent.
        Underspent = "underspent",
        /// A target.
        Target = "target",
        /// A limit.
        Limit = "limit",
        /// Delivered.
        Delivered = "delivered",
        /// Measured.
        Measured = "measured",
        /// Mentioned in passing.
        Stated = "stated",
        /// A fine or a penalty.
        Penalty = "penalty",
        /// Recommended.
        Recommended = "recommended",
        /// Estimated.
        Estimated = "estimated",
        /// A shortfall.
        Shortfall = "shortfall",
        /// A debt.
        Debt = "debt",
    }

    /// The basis of an amount: each period, or all of it.
    Basis {
        /// For each period.
        PerPeriod = "per-period",
        /// Over the whole period.
        InTotal = "in-total",
        /// Unknown.
        Unknown = "unknown",
    }

    /// The kind of relation from one fact to another.
    LinkKind {
        /// Is another mention of the same event or commitment.
        SameAs = "same-as",
        /// Repeats an earlier statement of the same party.
        Repeats = "repeats",
        /// Is a part of.
        PartOf = "part-of",
        /// May be about the same money or cases.
        MayOverlap = "may-overlap",
        /// Shows that a commitment was met.
        Fulfils = "fulfils",
        /// Shows that a commitment was met in part.
        PartFulfils = "part-fulfils",
        /// Shows that a commitment was worked on.
        Supports = "supports",
        /// Takes up a finding or a requirement.
        Addresses = "addresses",
        /// Is measured by.
        MeasuredBy = "measured-by",
        /// Contradicts.
        Contradicts = "contradicts",
        /// Replaces.
        Supersedes = "supersedes",
        /// Answers.
        Answers = "answers",
        /// Matters to the other fact, but settles nothing.
        BearsOn = "bears-on",
        /// Sets an opinion or a refusal against the other fact; both may be true.
        Disputes = "disputes",
    }

    /// Certainty of a link.
    Strength {
        /// The source says so.
        Stated = "stated",
        /// The recorder judges so.
        Probable = "probable",
        /// Possible.
        Possible = "possible",
    }
}

impl Kind {
    /// Returns `true` if records of this kind are system records, not facts.
    #[must_use]
    pub const fn is_system(self) -> bool {
        matches!(self, Self::Redaction | Self::Key | Self::Withholding | Self::ReserveKey | Self::Revocation)
    }
}
