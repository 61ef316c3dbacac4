//! The filter shared by all reports and the timeline: turns requested conditions into tests of
//! facts. Knows no documents; `selection` finds the candidates. Start at [`FactFilter`].

use crate::wording;
use heldto_fact::{Act, Body, Change, Fact, FactId, Kind, Salience, Target, Truth, Voice, Window};
use heldto_replay::{View, bodies_of, members};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Conditions on a fact; the default matches every fact.
#[derive(Debug, Clone, Default)]
pub struct FactFilter {
    /// Party named in any role.
    pub about: Option<FactId>,
    /// Party that says or owes the fact.
    pub by: Option<FactId>,
    /// Kinds; all if empty.
    pub kind: Vec<Kind>,
    /// Voice.
    pub voice: Option<Voice>,
    /// Salience.
    pub salience: Option<Salience>,
    /// Fact linked in either direction.
    pub linked: Option<FactId>,
    /// Cited source.
    pub source: Option<FactId>,
    /// First day.
    pub since: Option<chrono::NaiveDate>,
    /// Last day.
    pub until: Option<chrono::NaiveDate>,
    /// Words in the fact or in the name of a party that the fact names, ignoring case and accents.
    pub text: Option<String>,
    /// Act of a statement.
    pub act: Option<Act>,
    /// Kind of change.
    pub what: Option<Change>,
    /// Form: the word for a publication's form, or words within a notice's.
    pub form: Option<String>,
    /// Outcome of a decision or complaint, by its word.
    pub decision: Option<String>,
    /// Recorder.
    pub recorded_by: Option<RecordedBy>,
    /// Watch list.
    pub list: Option<WatchList>,
    /// `true` to count a member of a requested body as that body.
    pub members: bool,
}

/// A saved list of facts and bodies, as a condition on facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchList {
    /// Name of the file.
    pub name: String,
    /// Ids of facts, and of bodies whose facts are meant.
    pub ids: BTreeSet<FactId>,
    /// Ids of the facts that those link to.
    pub linked: BTreeSet<FactId>,
}

impl WatchList {
    /// Returns `true` if a fact is on the list, names a body that is, or is linked to a fact that
    /// is.
    fn has(&self, fact: &Fact) -> bool {
        self.ids.contains(&fact.id)
            || self.linked.contains(&fact.id)
            || fact.parties().any(|party| self.ids.contains(party))
            || fact.links.iter().any(|link| self.ids.contains(&link.to))
    }
}

/// A recorder, as a condition on facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedBy {
    /// Office or pseudonym.
    pub who: String,
    /// Indexes of the entries that this recorder made.
    pub entries: BTreeSet<u64>,
    /// `false` if this copy of the ledger was made without its recorders.
    pub is_held: bool,
}

impl FactFilter {
    /// Returns `true` if a fact matches everything but `since` and `until`.
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
            && self.recorded_by.as_ref().is_none_or(|recorder| is_among(view, fact, &recorder.entries))
            && self.list.as_ref().is_none_or(|list| list.has(fact))
            && self.text.as_deref().is_none_or(|words| contains_words(view, fact, words))
            && self.matches_words(fact)
    }

    /// Returns `true` if `named` is the party asked for, or with `members` was part of that party
    /// at the time of the fact.
    fn means(&self, view: &View<'_>, fact: &Fact, named: &FactId, asked: &FactId) -> bool {
        named == asked || (self.members && bodies_of(view, named, fact.window()).contains(asked))
    }

    /// Returns `true` if a fact has the requested act, change, form and decision.
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

    /// Returns the parties whose facts may match: `asked`, and with `members` every party that ever
    /// was part of `asked`.
    pub(crate) fn parties<'a>(&self, view: &View<'a>, asked: &'a FactId) -> BTreeSet<&'a FactId> {
        if self.members { members(view, asked) } else { BTreeSet::from([asked]) }
    }

    /// Returns a copy of the filter for each condition, without that condition, with the
    /// condition in words.
    pub(crate) fn relaxed(&self) -> Vec<(&'static str, Self)> {
        let mut all = Vec::new();
        let mut put = |is_asked: bool, name: &'static str, drop: &dyn Fn(&mut Self)| {
            if is_asked {
                let mut without = self.clone();
                drop(&mut without);
                all.push((name, without));
            }
        };
        put(self.about.is_some(), wording::filter::THE_BODY, &|f| f.about = None);
        put(self.by.is_some(), wording::filter::THE_OWNER, &|f| f.by = None);
        put(!self.kind.is_empty(), wording::filter::THE_KIND, &|f| f.kind = Vec::new());
        put(self.voice.is_some(), wording::filter::THE_VOICE, &|f| f.voice = None);
        put(self.salience.is_some(), wording::filter::THE_SALIENCE, &|f| f.salience = None);
        put(self.linked.is_some(), wording::filter::THE_LINK, &|f| f.linked = None);
        put(self.source.is_some(), wording::filter::THE_SOURCE, &|f| f.source = None);
        put(self.since.is_some(), wording::filter::THE_FIRST_DAY, &|f| f.since = None);
        put(self.until.is_some(), wording::filter::THE_LAST_DAY, &|f| f.until = None);
        put(self.text.is_some(), wording::filter::THE_WORDS, &|f| f.text = None);
        put(self.act.is_some(), wording::filter::THE_ACT, &|f| f.act = None);
        put(self.what.is_some(), wording::filter::THE_CHANGE, &|f| f.what = None);
        put(self.form.is_some(), wording::filter::THE_FORM, &|f| f.form = None);
        put(self.decision.is_some(), wording::filter::THE_DECISION, &|f| f.decision = None);
        put(self.recorded_by.is_some(), wording::filter::THE_RECORDER, &|f| f.recorded_by = None);
        put(self.list.is_some(), wording::filter::THE_LIST, &|f| f.list = None);
        all
    }

    /// Returns the certainty that a window lies within `since` and `until`.
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

    /// Returns `true` if a party or a link is requested, so that not every fact is a candidate.
    #[must_use]
    pub const fn is_narrow(&self) -> bool {
        self.about.is_some() || self.by.is_some() || self.linked.is_some()
    }

    /// Describes the filter in words; `None` if it matches every fact.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        let words = [
            self.about.as_ref().map(wording::filter::about),
            self.by.as_ref().map(wording::filter::by),
            (!self.kind.is_empty()).then(|| wording::filter::of_kind(&self.kind)),
            self.voice.map(wording::filter::in_voice),
            self.salience.map(wording::filter::of_salience),
            self.linked.as_ref().map(wording::filter::linked_to),
            self.source.as_ref().map(wording::filter::citing),
            self.since.map(wording::filter::since),
            self.until.map(wording::filter::until),
            self.act.map(wording::filter::with_act),
            self.what.map(wording::filter::with_change),
            self.form.as_deref().map(wording::filter::of_form),
            self.decision.as_deref().map(wording::filter::decided_as),
            self.recorded_by.as_ref().map(|recorder| wording::filter::recorded_by(&recorder.who, recorder.is_held)),
            self.list.as_ref().map(|list| wording::filter::on_list(&list.name)),
            self.members.then(|| wording::filter::WITH_MEMBERS.to_owned()),
            self.text.as_deref().map(wording::filter::containing),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// Returns `true` if one of these entries recorded the fact or corrected it.
fn is_among(view: &View<'_>, fact: &Fact, entries: &BTreeSet<u64>) -> bool {
    view.versions(&fact.id).iter().any(|version| entries.contains(&version.index))
}

/// Returns `true` if a fact's texts, or the name of a party it names, contain these words, ignoring
/// case and accents.
pub(crate) fn contains_words(view: &View<'_>, fact: &Fact, words: &str) -> bool {
    let wanted = folded(words);
    let names = |id: &FactId| view.fact(id).is_some_and(|party| folded(&party.text).contains(&wanted));
    texts(fact).into_iter().any(|text| folded(text).contains(&wanted)) || fact.parties().any(names)
}

fn folded(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// Returns every text in a fact that people read.
fn texts(fact: &Fact) -> Vec<&str> {
    let mut all = vec![fact.text.as_str(), fact.id.as_str()];
    all.extend([&fact.note, &fact.place].into_iter().flatten().map(String::as_str));
    match &fact.body {
        Body::Inspection { outcome, framework, findings } => {
            all.push(outcome);
            all.extend(framework.iter().chain(findings).map(String::as_str));
        }
        Body::Notice { form } => all.push(form),
        Body::Statement { outcome, .. } => all.extend(outcome.iter().map(String::as_str)),
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
        Body::Party { .. }
        | Body::Question { .. }
        | Body::Delivery { .. }
        | Body::Measurement { .. }
        | Body::Change { .. }
        | Body::Correction { .. }
        | Body::Retraction { .. } => {}
    }
    all
}

fn text_of_target(target: Option<&Target>) -> Option<&str> {
    match target {
        Some(Target::Deliverable(text) | Target::KeepDoing(text) | Target::Never(text)) => Some(text),
        Some(
            Target::Amount(_)
            | Target::Metric { .. }
            | Target::Slot { .. }
            | Target::Change { .. }
            | Target::Average { .. },
        )
        | None => None,
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
