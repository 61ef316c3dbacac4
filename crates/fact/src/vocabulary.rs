//! The closed lists of words, each with the one spelling used in files, reports and documents.

use crate::Invalid;
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* #[doc = concat!("`", $word, "`.")] $variant,)+ }

        impl $name {
            /// Every word, in the order of the documents.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it is written.
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
    /// What a fact is.
    Kind {
        /// Declares a party.
        Party = "party",
        /// Declares a document.
        Source = "source",
        /// Declares a measure and how it is computed.
        Metric = "metric",
        /// Who inspected whom, with which outcome.
        Inspection = "inspection",
        /// A notice or direction; its requirements are commitments.
        Notice = "notice",
        /// Something said.
        Statement = "statement",
        /// Something asked, and how it was answered.
        Question = "question",
        /// A commitment.
        Pledge = "pledge",
        /// Evidence towards a commitment, or of something never promised.
        Delivery = "delivery",
        /// An ombudsman or tribunal decision.
        Complaint = "complaint",
        /// Money paid to settle something.
        Payout = "payout",
        /// The value of a metric.
        Measurement = "measurement",
        /// Something about a body or a system changed.
        Change = "change",
        /// A document was published, with its numbered parts.
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
        /// A body was followed by one or several others.
        Succession = "succession",
        /// Something recommended to one body or several, and when an answer is due.
        Recommendation = "recommendation",
        /// What somebody who may decide decided about other facts.
        Decision = "decision",
        /// Parts of earlier entries are not published, on one ground.
        Withholding = "withholding",
        /// A key that is kept for the day on which the signing key is lost or stolen.
        ReserveKey = "reserve-key",
    }

    /// Who says so.
    Voice {
        /// An official record.
        Record = "record",
        /// An inspectorate, a watchdog, an auditor.
        Official = "official",
        /// The owner, or its partners, speaking of itself.
        Owner = "self",
        /// A government.
        Government = "government",
        /// A critic.
        Critic = "critic",
        /// A reporter's own finding.
        Reporter = "reporter",
        /// Told by someone who was not there.
        SecondHand = "second-hand",
        /// Worked out from other facts.
        Derived = "derived",
    }

    /// How sure it is who said it.
    Attribution {
        /// The source names the speaker.
        Stated = "stated",
        /// The source makes the speaker plain without a name.
        Implied = "implied",
        /// The source leaves room for doubt.
        Uncertain = "uncertain",
        /// The source does not tell.
        Unknown = "unknown",
    }

    /// How much the fact matters to the record.
    Salience {
        /// The heart of the matter.
        Core = "core",
        /// Worth having on record.
        Supporting = "supporting",
        /// Said for effect.
        Rhetorical = "rhetorical",
    }

    /// How a party stands in public life.
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
        /// A party or a group in politics.
        PoliticalGroup = "political-group",
        /// A charity.
        Charity = "charity",
        /// A school, or schools.
        School = "school",
        /// A newspaper, a station, a site.
        Media = "media",
        /// A company.
        Company = "company",
        /// The holder of a public office.
        OfficeHolder = "office-holder",
        /// People who are not named.
        People = "people",
        /// None of these.
        Other = "other",
        /// A country, a region or a place that figures are given for.
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
        /// A committee, of a council or of a parliament.
        Committee = "committee",
    }

    /// What was done in saying it.
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
        /// A forecast; nobody's commitment.
        Forecast = "forecast",
        /// Something asked for; nobody's commitment.
        Ask = "ask",
        /// A case told.
        Case = "case",
    }

    /// What became of a question.
    Answer {
        /// It was answered.
        Answered = "answered",
        /// It was answered in part.
        PartlyAnswered = "partly-answered",
        /// An answer was declined.
        Declined = "declined",
        /// No answer came.
        Silence = "silence",
        /// The source does not tell.
        NotKnown = "not-known",
    }

    /// What binds the owner.
    Force {
        /// Hoped for.
        Aspiration = "aspiration",
        /// Promised.
        Pledge = "pledge",
        /// Required by somebody with the power to.
        Requirement = "requirement",
        /// Ordered or agreed to put an injustice right.
        Remedy = "remedy",
        /// Owed by law.
        Duty = "duty",
    }

    /// Which way a delivery points.
    Outcome {
        /// All of it was done.
        Done = "done",
        /// A part of it was done.
        Part = "part",
        /// Work had begun.
        Started = "started",
        /// Work went on.
        Progress = "progress",
        /// Work went backwards or stopped.
        Setback = "setback",
        /// It was still not done on the day.
        NotDone = "not-done",
        /// What was done was taken back.
        Undone = "undone",
    }

    /// How a complaint was decided.
    Decision {
        /// Fault was found.
        Upheld = "upheld",
        /// No fault was found.
        NotUpheld = "not-upheld",
        /// The source does not tell.
        NotKnown = "not-known",
    }

    /// What was decided about another fact.
    Ruling {
        /// Accepted.
        Accepted = "accepted",
        /// Accepted in principle.
        AcceptedInPrinciple = "accepted-in-principle",
        /// Accepted in part.
        AcceptedInPart = "accepted-in-part",
        /// Rejected.
        Rejected = "rejected",
        /// Taken note of, and no more.
        Noted = "noted",
        /// Meant to be decided so, and not decided yet.
        MindedTo = "minded-to",
        /// In force.
        InForce = "in-force",
        /// Other terms hold from here.
        Varied = "varied",
        /// Put off.
        Deferred = "deferred",
        /// Taken back.
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

    /// Which way a figure is to change.
    Way {
        /// Upwards.
        Up = "up",
        /// Downwards.
        Down = "down",
    }

    /// What changed.
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
        /// None of these.
        Other = "other",
        /// How a metric is measured changed: the figures before and after it are not alike.
        SeriesBreak = "series-break",
    }

    /// What was published.
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
        /// None of these.
        Other = "other",
    }

    /// Which way a metric is good.
    Better {
        /// More is better.
        Higher = "higher",
        /// Less is better.
        Lower = "lower",
        /// Neither.
        Neither = "neither",
    }

    /// How an amount was stated.
    Qualifier {
        /// As it stands.
        Exact = "exact",
        /// About so much.
        About = "about",
        /// More than that.
        MoreThan = "more-than",
        /// That or more.
        AtLeast = "at-least",
        /// Less than that.
        LessThan = "less-than",
        /// Nearly that: less, by little.
        Nearly = "nearly",
        /// That or less.
        UpTo = "up-to",
        /// An unknown share of that.
        ShareOf = "share-of",
        /// In words only; never becomes a number.
        NotQuantified = "not-quantified",
    }

    /// What an amount is.
    Role {
        /// Promised.
        Pledged = "pledged",
        /// Set aside by whoever decides.
        Allocated = "allocated",
        /// Made known.
        Announced = "announced",
        /// Put in.
        Invested = "invested",
        /// On offer.
        Offered = "offered",
        /// Ordered by somebody with the power to.
        Ordered = "ordered",
        /// Paid.
        Paid = "paid",
        /// Asked for; nobody's promise.
        AskedFor = "asked-for",
        /// Not spent.
        Underspent = "underspent",
        /// Aimed at.
        Target = "target",
        /// A limit.
        Limit = "limit",
        /// Delivered.
        Delivered = "delivered",
        /// Measured.
        Measured = "measured",
        /// Told in passing.
        Stated = "stated",
        /// A fine or a penalty.
        Penalty = "penalty",
        /// Recommended.
        Recommended = "recommended",
        /// Estimated.
        Estimated = "estimated",
        /// Lacking.
        Shortfall = "shortfall",
        /// Owed.
        Debt = "debt",
    }

    /// Whether an amount is for each period or over all of it.
    Basis {
        /// For each period.
        PerPeriod = "per-period",
        /// Over the whole period.
        InTotal = "in-total",
        /// Not known which.
        Unknown = "unknown",
    }

    /// How one fact bears on another.
    LinkKind {
        /// Another telling of the same thing.
        SameAs = "same-as",
        /// Says again what was said before.
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
        /// Disagrees with.
        Contradicts = "contradicts",
        /// Replaces.
        Supersedes = "supersedes",
        /// Answers.
        Answers = "answers",
        /// Matters to, and settles nothing.
        BearsOn = "bears-on",
        /// Is an opinion or a refusal set against it; both may be true.
        Disputes = "disputes",
    }

    /// How sure a link is.
    Strength {
        /// The source says so.
        Stated = "stated",
        /// The recorder judges so.
        Probable = "probable",
        /// It may be so.
        Possible = "possible",
    }
}

impl Force {
    /// Returns `true` if somebody else imposed it: it is not its owner's to move, to replace or to take back.
    #[must_use]
    pub const fn is_imposed(self) -> bool {
        matches!(self, Self::Requirement | Self::Remedy | Self::Duty)
    }
}

impl Kind {
    /// Returns `true` if records of this kind are the ledger's own, and no facts.
    #[must_use]
    pub const fn is_system(self) -> bool {
        matches!(self, Self::Redaction | Self::Key | Self::Withholding | Self::ReserveKey)
    }
}
