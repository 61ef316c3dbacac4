//! Which facts to look at: the same filters in every report and in the timeline.

use heldto_fact::{
    Act, Body, Change, Fact, FactId, FactSummary, IndexTerm, Kind, Salience, Target, Truth, Voice, Window,
};
use heldto_replay::{View, bodies_of, members};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a fact must be to be looked at. The default lets everything through.
#[derive(Debug, Clone, Default)]
pub struct FactFilter {
    /// Naming this party in any way.
    pub about: Option<FactId>,
    /// Said or owed by this party.
    pub by: Option<FactId>,
    /// Of these kinds; of all where there are none.
    pub kind: Vec<Kind>,
    /// In this voice.
    pub voice: Option<Voice>,
    /// Of this salience.
    pub salience: Option<Salience>,
    /// Linked to this fact, either way.
    pub linked: Option<FactId>,
    /// Citing this source.
    pub source: Option<FactId>,
    /// On or after this day.
    pub since: Option<chrono::NaiveDate>,
    /// On or before this day.
    pub until: Option<chrono::NaiveDate>,
    /// Holding these words, or naming a party that does, whatever their case and accents.
    pub text: Option<String>,
    /// Statements of this act.
    pub act: Option<Act>,
    /// Changes of this kind.
    pub what: Option<Change>,
    /// Publications and notices of this form: the word of a publication's form, or words that a notice's holds.
    pub form: Option<String>,
    /// Decisions and complaints decided so, by the word.
    pub decision: Option<String>,
    /// Whether what is part of a body asked for counts as that body.
    pub members: bool,
}

/// Up to how many entries a ledger is read whole to tell what nearly matched.
const READ_WHOLE: u64 = 20_000;

impl FactFilter {
    /// Whether a fact matches in all that does not depend on days.
    #[must_use]
    pub fn matches(&self, view: &View<'_>, fact: &Fact) -> bool {
        let linked = |id: &FactId| {
            fact.links.iter().any(|l| l.to == *id)
                || view.fact(id).is_some_and(|f| f.links.iter().any(|l| l.to == fact.id))
        };
        let bounded_by = |kind: &Kind| *kind == fact.kind();
        self.about.as_ref().is_none_or(|p| fact.parties().any(|named| self.means(view, fact, named, p)))
            && self.by.as_ref().is_none_or(|p| fact.by.iter().any(|named| self.means(view, fact, named, p)))
            && (self.kind.is_empty() || self.kind.iter().any(bounded_by))
            && self.voice.is_none_or(|v| fact.voice == Some(v))
            && self.salience.is_none_or(|s| fact.salience == s)
            && self.linked.as_ref().is_none_or(linked)
            && self.source.as_ref().is_none_or(|s| fact.cites.iter().any(|c| c.source == *s))
            && self.text.as_deref().is_none_or(|words| contains_words(view, fact, words))
            && self.matches_words(fact)
    }

    /// Returns `true` if a party that a fact names is the one asked for, or, where that is asked for, was part of it when it happened.
    fn means(&self, view: &View<'_>, fact: &Fact, named: &FactId, asked: &FactId) -> bool {
        named == asked || (self.members && bodies_of(view, named, fact.window()).contains(asked))
    }

    /// Returns `true` if a fact is of the act, change, form and decision asked for.
    fn matches_words(&self, fact: &Fact) -> bool {
        let form = |wanted: &str| match &fact.body {
            Body::Publication { form, .. } => form.as_str() == wanted,
            Body::Notice { form } => folded(form).contains(&folded(wanted)),
            _ => false,
        };
        let decided = |wanted: &str| match &fact.body {
            Body::Complaint { decision, .. } => decision.as_str() == wanted,
            Body::Decision { ruling, .. } => ruling.as_str() == wanted,
            _ => false,
        };
        self.act.is_none_or(|wanted| matches!(fact.body, Body::Statement { act, .. } if act == wanted))
            && self.what.is_none_or(|wanted| matches!(fact.body, Body::Change { what, .. } if what == wanted))
            && self.form.as_deref().is_none_or(form)
            && self.decision.as_deref().is_none_or(decided)
    }

    /// Returns the parties whose facts may match: the one asked for, and where that is asked for whatever was ever part of it.
    pub(crate) fn parties<'a>(&self, view: &View<'a>, asked: &'a FactId) -> BTreeSet<&'a FactId> {
        if self.members { members(view, asked) } else { BTreeSet::from([asked]) }
    }

    /// Returns the same filter without one thing that it asks for, for each, with the words for that thing.
    fn relaxed(&self) -> Vec<(&'static str, Self)> {
        let mut all = Vec::new();
        let mut put = |is_asked: bool, name: &'static str, drop: &dyn Fn(&mut Self)| {
            if is_asked {
                let mut without = self.clone();
                drop(&mut without);
                all.push((name, without));
            }
        };
        put(self.about.is_some(), "--about", &|f| f.about = None);
        put(self.by.is_some(), "--by", &|f| f.by = None);
        put(!self.kind.is_empty(), "--kind", &|f| f.kind = Vec::new());
        put(self.voice.is_some(), "--voice", &|f| f.voice = None);
        put(self.salience.is_some(), "--salience", &|f| f.salience = None);
        put(self.linked.is_some(), "--linked", &|f| f.linked = None);
        put(self.source.is_some(), "--source", &|f| f.source = None);
        put(self.since.is_some(), "--since", &|f| f.since = None);
        put(self.until.is_some(), "--until", &|f| f.until = None);
        put(self.text.is_some(), "--text", &|f| f.text = None);
        put(self.act.is_some(), "--act", &|f| f.act = None);
        put(self.what.is_some(), "--what", &|f| f.what = None);
        put(self.form.is_some(), "--form", &|f| f.form = None);
        put(self.decision.is_some(), "--decision", &|f| f.decision = None);
        all
    }

    /// Returns what nearly matched where nothing did: how many would, without one of several things asked for.
    ///
    /// Of a long ledger all there is is not read for it.
    pub(crate) fn nearly(&self, view: &View<'_>, count: impl Fn(&Self) -> usize) -> Option<String> {
        let mut relaxed = self.relaxed();
        if relaxed.len() < 2 {
            return None;
        }
        relaxed.retain(|(_, without)| without.is_narrow() || view.size() <= READ_WHOLE);
        let found = relaxed.iter().map(|(name, without)| (name, count(without))).filter(|(_, n)| *n > 0);
        let words: Vec<String> = found.map(|(name, n)| format!("{n} without {name}")).collect();
        (!words.is_empty()).then(|| format!("Nearly matching: {}.", crate::wording::list(&words)))
    }

    /// Whether what lies in this window is within the days asked for.
    #[must_use]
    pub fn in_range(&self, window: Window) -> Truth {
        let until = self.until.map_or(Truth::Yes, |day| window.by(day));
        let since = match self.since.and_then(|day| day.pred_opt()) {
            None => Truth::Yes,
            Some(day_before) => match window.by(day_before) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                Truth::CannotTell => Truth::CannotTell,
            },
        };
        match (since, until) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Yes, Truth::Yes) => Truth::Yes,
            _ => Truth::CannotTell,
        }
    }

    /// The facts among which all are that match in any version, in the order of ids: those that name the body asked for, or are linked to the fact asked for;
    /// else every fact there is.
    pub(crate) fn candidates<'a>(&self, view: &View<'a>) -> Box<dyn Iterator<Item = &'a FactId> + 'a> {
        match (self.about.as_ref().or(self.by.as_ref()), &self.linked) {
            (Some(party), _) if self.members => {
                let Some(party) = view.fact(party) else { return Box::new(std::iter::empty()) };
                let of = |party| view.lookup_ids(IndexTerm::Party(party));
                let ids: BTreeSet<&'a FactId> = members(view, &party.id).into_iter().flat_map(of).collect();
                Box::new(ids.into_iter())
            }
            (Some(party), _) => Box::new(view.lookup_ids(IndexTerm::Party(party))),
            (None, Some(id)) => {
                let to = view.fact(id).into_iter().flat_map(Fact::targets);
                let linked: BTreeSet<&'a FactId> = view.lookup_ids(IndexTerm::Target(id)).chain(to).collect();
                Box::new(linked.into_iter())
            }
            (None, None) => Box::new(view.ids()),
        }
    }

    /// The same, as they are known; of every fact there is those only of which some version is such, and of the kinds asked for.
    pub(crate) fn candidate_facts<'a>(
        &self,
        view: &View<'a>,
        predicate: &dyn Fn(FactSummary) -> bool,
    ) -> Box<dyn Iterator<Item = &'a Fact> + 'a> {
        let view = *view;
        if self.is_narrow() {
            Box::new(self.candidates(&view).filter_map(move |id| view.fact(id)))
        } else {
            let asked = |summary: FactSummary| self.kind.is_empty() || self.kind.contains(&summary.kind);
            Box::new(view.facts(&|summary| predicate(summary) && asked(summary)))
        }
    }

    /// Whether it asks for a body or a fact, so that not every fact is a candidate.
    pub(crate) const fn is_narrow(&self) -> bool {
        self.about.is_some() || self.by.is_some() || self.linked.is_some()
    }

    /// Every fact that matches, those whose day only possibly matches with it; where all there are may match, only if some version of it is such.
    pub(crate) fn facts<'f, 'a>(
        &'f self,
        view: &View<'a>,
        predicate: &dyn Fn(FactSummary) -> bool,
    ) -> impl Iterator<Item = &'a Fact> + use<'f, 'a> {
        let view = *view;
        self.candidate_facts(&view, predicate)
            .filter(move |f| self.matches(&view, f) && self.in_range(f.window()) != Truth::No)
    }

    /// What was asked for, in words; `None` where everything was.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        let mut words = Vec::new();
        let mut put = |name: &str, value: Option<String>| words.extend(value.map(|v| format!("{name} {v}")));
        put("about", self.about.as_ref().map(ToString::to_string));
        put("by", self.by.as_ref().map(ToString::to_string));
        let kinds: Vec<&str> = self.kind.iter().map(|k| k.as_str()).collect();
        put("of kind", (!kinds.is_empty()).then(|| kinds.join(" or ")));
        put("in the voice", self.voice.map(|v| v.to_string()));
        put("of salience", self.salience.map(|s| s.to_string()));
        put("linked to", self.linked.as_ref().map(ToString::to_string));
        put("citing", self.source.as_ref().map(ToString::to_string));
        put("since", self.since.map(crate::day));
        put("until", self.until.map(crate::day));
        put("with the act", self.act.map(|a| a.to_string()));
        put("with the change", self.what.map(|w| w.to_string()));
        put("of the form", self.form.clone());
        put("decided as", self.decision.clone());
        put("counting", self.members.then(|| "members as the body".to_owned()));
        put("holding", self.text.as_ref().map(|t| format!("\"{t}\"")));
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// Whether a fact holds these words anywhere, or names a party whose name does, whatever their case and accents.
pub(crate) fn contains_words(view: &View<'_>, fact: &Fact, words: &str) -> bool {
    let wanted = folded(words);
    let names = |id: &FactId| view.fact(id).is_some_and(|party| folded(&party.text).contains(&wanted));
    texts(fact).into_iter().any(|text| folded(text).contains(&wanted)) || fact.parties().any(names)
}

fn folded(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// Everything in a fact that people read.
fn texts(fact: &Fact) -> Vec<&str> {
    let mut all = vec![fact.text.as_str(), fact.id.as_str()];
    all.extend([&fact.note, &fact.place].into_iter().flatten().map(String::as_str));
    match &fact.body {
        Body::Inspection { outcome, framework, findings } => {
            all.push(outcome);
            all.extend(framework.iter().chain(findings).map(String::as_str));
        }
        Body::Notice { form } => all.push(form),
        Body::Statement { outcome: Some(outcome), .. } => all.push(outcome),
        Body::Pledge(c) => {
            all.extend(c.test.iter().map(String::as_str));
            all.extend(text_of_target(c.target.as_ref()));
        }
        Body::Succession { passes, .. } => all.extend(passes.iter().map(|p| p.what.as_str())),
        Body::Recommendation(r) => {
            all.extend(r.number.iter().chain(&r.terms.test).map(String::as_str));
            all.extend(text_of_target(r.terms.target.as_ref()));
        }
        Body::Decision { terms, conditions, .. } => {
            all.extend(conditions.iter().map(String::as_str));
            if let Some(terms) = terms {
                all.extend(terms.test.iter().map(String::as_str));
                all.extend(text_of_target(terms.target.as_ref()));
            }
        }
        Body::Complaint { reference, fault, injustice, .. } => {
            all.extend([reference, fault, injustice].into_iter().flatten().map(String::as_str));
        }
        Body::Payout { settles, .. } => all.push(settles),
        Body::Publication { parts, .. } => all.extend(parts.iter().map(String::as_str)),
        Body::Metric { definition, .. } => all.push(definition),
        Body::Source(from) => {
            all.extend([&from.publisher, &from.author, &from.url].into_iter().flatten().map(String::as_str));
        }
        Body::Assessment { verdict, reasons, .. } => {
            all.push(verdict);
            all.extend(reasons.iter().map(String::as_str));
        }
        _ => {}
    }
    all
}

fn text_of_target(target: Option<&Target>) -> Option<&str> {
    match target {
        Some(Target::Deliverable(text) | Target::KeepDoing(text) | Target::Never(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn case_and_accents_do_not_matter() {
        assert_eq!(folded("Polimètre"), folded("POLIMETRE"));
        assert_ne!(folded("plan"), folded("plant"));
    }
}
