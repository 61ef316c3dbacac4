//! Turns evidence and decisions into the reasons and notes that accompany a status.
//!
//! Start at `Case::notes` and `Case::decided`.

use super::{Case, Decided, Reason, window_words};
use crate::{Direction, Evidence, Grade, Status};
use heldto_fact::{Body, Fact, FactId, IndexTerm, LinkKind, Strength, Window};
use std::collections::BTreeSet;

impl<'a> Case<'a> {
    /// Returns a sentence on a decision: the ruling, its maker, its day, and the delay after the
    /// last due day.
    fn note_of(&self, decided: &Decided<'a>) -> String {
        let late = match (decided.passed, decided.window.earliest) {
            (Some(due), Some(day)) => match (day - due).num_days() {
                1 => ", 1 day after its last due day".to_owned(),
                days => format!(", {days} days after its last due day"),
            },
            _ => String::new(),
        };
        let word = decided.ruling.as_str().replace('-', " ");
        format!(
            "{word} by {} {}{late} ({})",
            self.names(&decided.fact.by),
            window_words(decided.window),
            decided.fact.id
        )
    }

    /// Returns the decisions on the commitment, as reasons.
    pub fn decided(&self) -> impl Iterator<Item = Reason<'a>> {
        let of = |fact: &'a Fact, ruling: &str, window: Window, grade: Grade| Reason {
            fact,
            shows: format!("that it was {}, {} ({grade})", ruling.replace('-', " "), window_words(window)),
            grade,
            used: true,
            judged: false,
        };
        let answer = self.undertaking.answer.and_then(|fact| match &fact.body {
            Body::Decision { ruling, .. } => {
                let (grade, _) =
                    crate::evidence::grade(&self.view, fact, Direction::Withdrawn, &self.undertaking.owners);
                Some(of(fact, ruling.as_str(), fact.window(), grade))
            }
            _ => None,
        });
        let decisions =
            self.undertaking.decisions.iter().filter(|d| Some(&d.fact.id) != self.undertaking.answer.map(|a| &a.id));
        let decisions: Vec<Reason<'a>> = decisions.map(|d| of(d.fact, d.ruling.as_str(), d.window, d.grade)).collect();
        // A decision that changed nothing is listed too.
        let mut known: BTreeSet<&FactId> = decisions.iter().chain(&answer).map(|r| &r.fact.id).collect();
        let on_it = self.cluster.mentions.iter().flat_map(|t| self.view.lookup(IndexTerm::Target(&t.id)));
        let mut others: Vec<Reason<'a>> = Vec::new();
        for fact in on_it {
            let Body::Decision { ruling, on, .. } = &fact.body else { continue };
            let is_on = self.cluster.mentions.iter().any(|t| on.contains(&t.id));
            if is_on && known.insert(&fact.id) {
                let (grade, _) =
                    crate::evidence::grade(&self.view, fact, Direction::Withdrawn, &self.undertaking.owners);
                let reason = of(fact, ruling.as_str(), fact.window(), grade);
                others.push(Reason { used: false, shows: format!("{}; it changes nothing", reason.shows), ..reason });
            }
        }
        others.into_iter().chain(decisions).chain(answer)
    }

    /// Returns the content of a piece of evidence in words, with its day and its grade.
    pub fn shows(&self, e: &Evidence<'_>) -> String {
        let direction = match e.direction {
            Direction::Met => "that it was done",
            Direction::Part => "that a part was done",
            Direction::Work => "work on it",
            Direction::Setback => "a setback",
            Direction::NotMet => "that it was not done",
            Direction::Undone => "that it was undone",
            Direction::Withdrawn => "that it was withdrawn",
            Direction::OfficeEnded => "that the office ended",
            Direction::Disputes => match e.disputed {
                Some(id) => &format!("that {id} is disputed"),
                None => "that it is disputed",
            },
        };
        let admitted = if e.admitted { ", admitted" } else { "" };
        let sure = match e.strength {
            Strength::Stated => "",
            Strength::Probable => "; the link is the recorder's judgement",
            Strength::Possible => "; the link is only possible, and settles nothing",
        };
        let figure = e.inequality.as_ref().map_or_else(String::new, |i| format!(": {i}"));
        let older: Vec<&str> = e.revises.iter().map(|id| id.as_str()).collect();
        let figure = if older.is_empty() { figure } else { format!("{figure}, in place of {}", older.join(", ")) };
        let withdrawn = if e.is_unsupported { "; its source was retracted, and it settles nothing" } else { "" };
        format!("{direction}{figure}, {} ({}{admitted}{sure}{withdrawn})", window_words(e.window), e.grade)
    }

    /// Returns the notes that accompany the status.
    pub fn notes(&self, against: &[&Evidence<'a>], used: &[&Evidence<'a>]) -> Vec<String> {
        let mut notes = Vec::new();
        if let (Some(first), Some(due)) = (self.first_due(), self.undertaking.due) {
            notes.push(format!("first due {}; now {}", first.describe(), due.describe()));
        }
        notes.extend(super::replaced::lowered(self).map(|less| format!("told again as less: {less}")));
        notes.extend(self.undertaking.decisions.iter().map(|d| self.note_of(d)));
        if self.cluster.mentions.len() > 1 {
            notes.push(format!("told {} times, judged once", self.cluster.mentions.len()));
        }
        if !self.parts.is_empty() {
            let mut counts: Vec<(Status, usize)> = Vec::new();
            for (_, status, ..) in &self.parts {
                match counts.iter_mut().find(|(s, _)| s == status) {
                    Some((_, n)) => *n += 1,
                    None => counts.push((*status, 1)),
                }
            }
            let words: Vec<String> = counts.iter().map(|(s, n)| format!("{n} {s}")).collect();
            let parts = if self.parts.len() == 1 {
                "its one recorded part".to_owned()
            } else {
                format!("of {} recorded parts", self.parts.len())
            };
            notes.push(format!("{parts}: {}", words.join(", ")));
        }
        notes.extend(self.perhaps_elsewhere());
        if !against.is_empty() {
            notes.push(format!("disputed by {}", self.speakers(against)));
        }
        // A contradiction of evidence graded above a claim is noted, and does not weaken it.
        let contradicts = |e: &&Evidence<'a>| {
            let rests_on = |id: &FactId| used.iter().any(|used| used.fact.id == *id && used.grade > Grade::Claimed);
            !e.is_denial && !e.is_unsupported && e.disputed.is_some_and(rests_on)
        };
        let contradictions: Vec<&Evidence<'a>> = self.evidence.iter().filter(contradicts).collect();
        if !contradictions.is_empty() {
            notes.push(format!("contradicted by {}", self.speakers(&contradictions)));
        }
        let denies = |e: &&Evidence<'a>| {
            e.is_denial && !e.is_unsupported && e.disputed.is_some_and(|id| used.iter().any(|used| used.fact.id == *id))
        };
        let denials: Vec<&Evidence<'a>> = self.evidence.iter().filter(denies).collect();
        if !denials.is_empty() {
            notes.push(format!("denied by {}", self.speakers(&denials)));
        }
        if let Some(e) = used.iter().find(|e| e.admitted) {
            notes.push(format!(
                "admitted by {}",
                self.names(if e.fact.by.is_empty() { &e.fact.about } else { &e.fact.by })
            ));
        }
        if let Some((days, exact)) = self.quiet() {
            let noun = if days == 1 { "day" } else { "days" };
            notes.push(format!("quiet {}{days} {noun}", if exact { "" } else { "at least " }));
        }
        let mentions = || self.cluster.mentions.iter();
        notes.extend(self.assessed());
        let elsewhere = |fact: &&Fact| {
            let of = fact.subjects();
            matches!(fact.body, Body::Measurement { .. })
                && !of.iter().any(|party| self.undertaking.owners.contains(party))
        };
        let linked = mentions().flat_map(|t| self.view.linked_from(&t.id)).map(|(fact, _)| fact);
        for figure in linked.filter(elsewhere) {
            let of = self.names(figure.subjects());
            notes.push(format!("the figure {} is of {of}, who does not owe it, and does not count", figure.id));
        }
        if mentions().all(|t| self.view.is_unsupported(t)) {
            notes.push("every source that tells of it was retracted".to_owned());
        }
        notes
    }

    /// Returns the verdicts of others, which never change the status.
    pub fn assessed(&self) -> Vec<String> {
        let mentions = || self.cluster.mentions.iter();
        let facts = mentions().flat_map(|t| self.view.lookup(IndexTerm::Target(&t.id)));
        let verdict = |fact: &'a Fact| match &fact.body {
            Body::Assessment { of, verdict, scale, .. } if mentions().any(|t| t.id == *of) => {
                Some(format!("judged \"{verdict}\" by {} on the scale of {scale}", self.names(&fact.by)))
            }
            _ => None,
        };
        facts.filter_map(verdict).collect()
    }

    /// Returns the speakers of these facts, with the ids of the facts.
    fn speakers(&self, all: &[&Evidence<'a>]) -> String {
        let one = |e: &&Evidence<'a>| match self.names(&e.fact.by) {
            names if names.is_empty() => e.fact.id.to_string(),
            names => format!("{names} ({})", e.fact.id),
        };
        all.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn names(&self, ids: &'a [FactId]) -> String {
        ids.iter().map(|id| self.view.name(id)).collect::<Vec<_>>().join(", ")
    }

    /// Returns a note on later commitments that may be the same or a replacement, and are judged
    /// apart.
    fn perhaps_elsewhere(&self) -> Option<String> {
        let perhaps = |l: &heldto_fact::Link| {
            let same = matches!(l.kind, LinkKind::SameAs | LinkKind::Repeats | LinkKind::Supersedes);
            l.kind == LinkKind::MayOverlap || (same && l.strength == Strength::Possible)
        };
        let linked = self.cluster.mentions.iter().flat_map(|t| self.view.linked_from(&t.id));
        let ids: Vec<String> = linked
            .filter(|(f, l)| matches!(f.body, Body::Pledge(_)) && perhaps(l) && !self.cluster.holds(&f.id))
            .map(|(f, _)| f.id.to_string())
            .collect();
        (!ids.is_empty()).then(|| format!("{} may be the same, or may have taken its place", ids.join(", ")))
    }

    /// Returns the days since the last news, and `true` if the day of that news is exactly known.
    fn quiet(&self) -> Option<(i64, bool)> {
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
        (days > 0).then_some((days, exact))
    }
}
