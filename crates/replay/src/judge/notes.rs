//! Turns evidence and decisions into the reasons and notes that accompany a status.
//!
//! Both are values; `report` turns them into words. Start at [`Note`] and [`Reason`].

use super::{Case, Decided, Direction, Evidence, Weakening};
use crate::{Comparison, Grade, Status};
use heldto_fact::{Body, Due, Fact, FactId, IndexTerm, LinkKind, Ruling, Strength, Window};
use std::collections::BTreeSet;

/// A remark that accompanies a status and does not change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note<'a> {
    /// The due date was moved.
    DueMoved {
        /// First due date.
        first: &'a Due,
        /// Current due date.
        now: &'a Due,
    },
    /// The owner restated its target as less.
    Lowered(Weakening<'a>),
    /// A decision about the commitment.
    Decided {
        /// The decision.
        fact: &'a Fact,
        /// The ruling.
        ruling: Ruling,
        /// Day of the decision.
        when: Window,
        /// Days from the last due day to the decision, if that day had passed.
        late_days: Option<i64>,
    },
    /// An acceptance was taken back.
    TakenBack {
        /// The decision.
        fact: &'a Fact,
        /// The ruling.
        ruling: Ruling,
        /// Day of the decision.
        when: Window,
    },
    /// Number of mentions judged as one commitment.
    Mentions(usize),
    /// Statuses of the recorded parts, each with its number of parts.
    Parts(Vec<(Status, usize)>),
    /// Later commitments that may be the same, or may have replaced this one.
    PerhapsSame(Vec<&'a FactId>),
    /// Facts that dispute the evidence or the commitment.
    Disputed(Vec<&'a Fact>),
    /// Facts that contradict evidence graded above a claim.
    Contradicted(Vec<&'a Fact>),
    /// Denials of a failure by the owner or its own.
    Denied(Vec<&'a Fact>),
    /// The parties that admit the failure.
    Admitted(&'a [FactId]),
    /// Days without news.
    Quiet {
        /// Number of days.
        days: i64,
        /// `true` if the day of the last news is exactly known.
        is_exact: bool,
    },
    /// Another party's verdict.
    Assessed {
        /// The assessment.
        fact: &'a Fact,
        /// The verdict, in that party's words.
        verdict: &'a str,
        /// The scale of the verdict.
        scale: &'a str,
    },
    /// A figure of a party that does not owe the commitment.
    FigureOfOthers(&'a Fact),
    /// All sources of the commitment were retracted.
    Unsupported,
    /// Status by public evidence alone, if that differs.
    Public(Status),
    /// An owner was followed by other bodies, and the commitment is still owed.
    Inherited {
        /// The owner.
        owner: &'a FactId,
        /// The successions of the owner, and of those that followed it, from the owner on.
        facts: Vec<&'a Fact>,
        /// `true` if several bodies follow, so that it is not recorded which of them owes it.
        is_shared: bool,
    },
}

/// Content of a decision or a piece of evidence, as far as it concerns a commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'a> {
    /// A decision about the commitment.
    Decision {
        /// The ruling.
        ruling: Ruling,
        /// Day of the decision.
        when: Window,
        /// `true` if the decision changes nothing.
        is_idle: bool,
    },
    /// A piece of evidence.
    Evidence {
        /// Direction in which the evidence points.
        direction: Direction,
        /// For a dispute over other evidence: the id of that evidence.
        disputed: Option<&'a FactId>,
        /// The figure.
        figure: Option<Comparison<'a>>,
        /// Older figures that this one revises.
        revises: Vec<&'a FactId>,
        /// Day or period.
        when: Window,
        /// `true` if a failure is admitted.
        is_admitted: bool,
        /// Certainty of the link.
        strength: Strength,
        /// `true` if all its sources were retracted.
        is_unsupported: bool,
    },
}

/// A decision or a piece of evidence that was considered.
#[derive(Debug, Clone)]
pub struct Reason<'a> {
    /// The fact.
    pub fact: &'a Fact,
    /// Content of the fact, as far as it concerns the commitment.
    pub shows: Shown<'a>,
    /// The grade of the fact towards this commitment.
    pub grade: Grade,
    /// `true` if the status rests on this fact.
    pub used: bool,
    /// `true` if the link to the commitment is the recorder's judgement rather than stated.
    pub judged: bool,
}

impl<'a> From<&Evidence<'a>> for Shown<'a> {
    fn from(e: &Evidence<'a>) -> Self {
        Self::Evidence {
            direction: e.direction,
            disputed: e.disputed,
            figure: e.figure.clone(),
            revises: e.revises.clone(),
            when: e.window,
            is_admitted: e.admitted,
            strength: e.strength,
            is_unsupported: e.is_unsupported,
        }
    }
}

impl<'a> Case<'a> {
    /// Returns the decisions on the commitment, as reasons.
    pub fn decided(&self) -> impl Iterator<Item = Reason<'a>> {
        let of = |fact: &'a Fact, ruling: Ruling, when: Window, grade: Grade| Reason {
            fact,
            shows: Shown::Decision { ruling, when, is_idle: false },
            grade,
            used: true,
            judged: false,
        };
        let answer = self.undertaking.answer.and_then(|fact| match &fact.body {
            Body::Decision { ruling, .. } => {
                let (grade, _) =
                    crate::judge::evidence::grade(&self.view, fact, Direction::Withdrawn, &self.undertaking.owners);
                Some(of(fact, *ruling, fact.window(), grade))
            }
            _ => None,
        });
        let decisions =
            self.undertaking.decisions.iter().filter(|d| Some(&d.fact.id) != self.undertaking.answer.map(|a| &a.id));
        let decisions: Vec<Reason<'a>> = decisions.map(|d| of(d.fact, d.ruling, d.window, d.grade)).collect();
        // A decision that changed nothing is listed too.
        let mut known: BTreeSet<&FactId> = decisions.iter().chain(&answer).map(|r| &r.fact.id).collect();
        let on_it = self.cluster.mentions.iter().flat_map(|t| self.view.lookup(IndexTerm::Target(&t.id)));
        let mut others: Vec<Reason<'a>> = Vec::new();
        for fact in on_it {
            let Body::Decision { ruling, on, .. } = &fact.body else { continue };
            let is_on = self.cluster.mentions.iter().any(|t| on.contains(&t.id));
            if is_on && known.insert(&fact.id) {
                let (grade, _) =
                    crate::judge::evidence::grade(&self.view, fact, Direction::Withdrawn, &self.undertaking.owners);
                let shows = Shown::Decision { ruling: *ruling, when: fact.window(), is_idle: true };
                others.push(Reason { used: false, shows, ..of(fact, *ruling, fact.window(), grade) });
            }
        }
        others.into_iter().chain(decisions).chain(answer)
    }

    /// Returns the notes that accompany the status.
    pub fn notes(&self, status: Status, against: &[&Evidence<'a>], used: &[&Evidence<'a>]) -> Vec<Note<'a>> {
        let facts = |all: Vec<&Evidence<'a>>| all.into_iter().map(|e| e.fact).collect::<Vec<_>>();
        let mut notes = Vec::new();
        if let (Some(first), Some(now)) = (self.first_due(), self.undertaking.due) {
            notes.push(Note::DueMoved { first, now });
        }
        notes.extend(super::replaced::lowered(self).map(Note::Lowered));
        notes.extend(self.undertaking.decisions.iter().map(decision));
        if self.cluster.mentions.len() > 1 {
            notes.push(Note::Mentions(self.cluster.mentions.len()));
        }
        if !self.parts.is_empty() {
            notes.push(Note::Parts(self.statuses_of_parts()));
        }
        let perhaps = self.perhaps_elsewhere();
        if !perhaps.is_empty() {
            notes.push(Note::PerhapsSame(perhaps));
        }
        if !against.is_empty() {
            notes.push(Note::Disputed(facts(against.to_vec())));
        }
        // A contradiction of evidence graded above a claim is noted, and does not weaken it.
        let contradicts = |e: &&Evidence<'a>| {
            let rests_on = |id: &FactId| used.iter().any(|used| used.fact.id == *id && used.grade > Grade::Claimed);
            !e.is_denial && !e.is_unsupported && e.disputed.is_some_and(rests_on)
        };
        let contradictions: Vec<&Evidence<'a>> = self.evidence.iter().filter(contradicts).collect();
        if !contradictions.is_empty() {
            notes.push(Note::Contradicted(facts(contradictions)));
        }
        let denies = |e: &&Evidence<'a>| {
            e.is_denial && !e.is_unsupported && e.disputed.is_some_and(|id| used.iter().any(|used| used.fact.id == *id))
        };
        let denials: Vec<&Evidence<'a>> = self.evidence.iter().filter(denies).collect();
        if !denials.is_empty() {
            notes.push(Note::Denied(facts(denials)));
        }
        if let Some(e) = used.iter().find(|e| e.admitted) {
            notes.push(Note::Admitted(if e.fact.by.is_empty() { &e.fact.about } else { &e.fact.by }));
        }
        notes.extend(self.quiet());
        // Only what is still owed is inherited.
        if status.is_open() {
            notes.extend(self.inherited());
        }
        notes.extend(self.assessments());
        notes.extend(self.figures_of_others());
        if self.cluster.mentions.iter().all(|t| self.view.is_unsupported(t)) {
            notes.push(Note::Unsupported);
        }
        notes
    }

    /// Returns the statuses of the recorded parts, each with its number of parts.
    fn statuses_of_parts(&self) -> Vec<(Status, usize)> {
        let mut counts: Vec<(Status, usize)> = Vec::new();
        for (_, status, ..) in &self.parts {
            match counts.iter_mut().find(|(s, _)| s == status) {
                Some((_, n)) => *n += 1,
                None => counts.push((*status, 1)),
            }
        }
        counts
    }

    /// Returns the successions of the owners.
    fn inherited(&self) -> impl Iterator<Item = Note<'a>> {
        let of = |owner: &'a FactId| {
            let (facts, is_shared) = crate::succession::line(&self.view, owner);
            (!facts.is_empty()).then_some(Note::Inherited { owner, facts, is_shared })
        };
        self.owners().into_iter().filter_map(of)
    }

    /// Returns the verdicts of others, which never change the status.
    fn assessments(&self) -> impl Iterator<Item = Note<'a>> {
        let mentions = || self.cluster.mentions.iter();
        let facts = mentions().flat_map(|t| self.view.lookup(IndexTerm::Target(&t.id)));
        facts.filter_map(move |fact| match &fact.body {
            Body::Assessment { of, verdict, scale, .. } if mentions().any(|t| t.id == *of) => {
                Some(Note::Assessed { fact, verdict, scale })
            }
            _ => None,
        })
    }

    /// Returns the linked figures of parties that do not owe the commitment.
    fn figures_of_others(&self) -> impl Iterator<Item = Note<'a>> {
        let linked = self.cluster.mentions.iter().flat_map(|t| self.view.linked_from(&t.id)).map(|(fact, _)| fact);
        let is_elsewhere = |fact: &&Fact| {
            matches!(fact.body, Body::Measurement { .. })
                && !fact.subjects().iter().any(|party| self.undertaking.owners.contains(party))
        };
        linked.filter(is_elsewhere).map(Note::FigureOfOthers)
    }

    /// Returns the later commitments that may be the same or a replacement, and are judged apart.
    fn perhaps_elsewhere(&self) -> Vec<&'a FactId> {
        let perhaps = |l: &heldto_fact::Link| {
            let same = matches!(l.kind, LinkKind::SameAs | LinkKind::Repeats | LinkKind::Supersedes);
            l.kind == LinkKind::MayOverlap || (same && l.strength == Strength::Possible)
        };
        let linked = self.cluster.mentions.iter().flat_map(|t| self.view.linked_from(&t.id));
        linked
            .filter(|(f, l)| matches!(f.body, Body::Pledge(_)) && perhaps(l) && !self.cluster.holds(&f.id))
            .map(|(f, _)| &f.id)
            .collect()
    }

    /// Returns the days since the last news, if there are any.
    fn quiet(&self) -> Option<Note<'a>> {
        let decided = || self.undertaking.decisions.iter().map(|d| d.fact).chain(self.undertaking.answer);
        let facts =
            || self.cluster.mentions.iter().copied().chain(self.evidence.iter().map(|e| e.fact)).chain(decided());
        let last = facts().filter_map(|f| self.view.fact_known_from(&f.id)).max()?;
        let days = self.as_of.signed_duration_since(last).num_days();
        let of_last = facts().filter(|f| self.view.fact_known_from(&f.id) == Some(last));
        let exact = of_last.flat_map(|f| &f.cites).any(|c| match self.view.fact(&c.source).map(|s| &s.body) {
            Some(Body::Source(from)) => from.published.as_ref().is_some_and(|day| day.window() == Window::day(last)),
            _ => false,
        });
        (days > 0).then_some(Note::Quiet { days, is_exact: exact })
    }
}

/// Returns a note on a decision, with the delay after the last due day.
fn decision<'a>(decided: &Decided<'a>) -> Note<'a> {
    let late_days = decided.passed.zip(decided.window.earliest).map(|(due, day)| (day - due).num_days());
    Note::Decided { fact: decided.fact, ruling: decided.ruling, when: decided.window, late_days }
}
