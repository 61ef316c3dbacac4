//! Turns facts, new or recorded, into warnings about content that is valid but probably wrong. A
//! warning changes no status and stops no append. Start at [`warnings`].

mod alone;

use crate::fact_line::date;
use crate::wording;
use crate::wording::warnings::Advice;
use crate::{Document, Item, ReportBasis, Tone, columns};
use alone::{amounts, counted, due_before_promise, folded, is_alike, name_in_id, short_million};
use chrono::NaiveDate;
use heldto_fact::{
    Amount, Basis, Body, Fact, FactId, Force, Kind, LinkKind, Outcome, Qualifier, Role, Ruling, Strength, Target, Unit,
    Voice,
};
use heldto_replay::{AllView, bodies_of};
use std::collections::{BTreeMap, BTreeSet};

/// A warning about one fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// Id of the fact.
    pub id: FactId,
    /// Suspected error, as a sentence fragment.
    pub title: String,
    /// Advice.
    pub help: String,
}

/// The existing facts and the day that facts are checked against.
#[derive(Default)]
pub struct KnownFacts<'a> {
    /// Recorded facts; `None` if the ledger is too long to be read for this, or there is none.
    pub recorded: Option<AllView<'a>>,
    /// Recorded facts that the new facts name.
    pub named: BTreeMap<FactId, Fact>,
    /// Facts about an identifiable child or family.
    pub sensitive: BTreeSet<FactId>,
    /// Today; a later publication date lies in the future.
    pub today: NaiveDate,
}

/// Returns the warnings of these facts, in the order of the facts.
#[must_use]
pub fn warnings(facts: &[&Fact], ground: &KnownFacts<'_>) -> Vec<Warning> {
    let together = Together::of(facts, ground);
    facts.iter().flat_map(|fact| together.warn(fact)).collect()
}

/// Returns the warnings of a whole ledger, as a document.
#[must_use]
pub fn check(view: &AllView<'_>, today: NaiveDate, basis: ReportBasis) -> Document {
    let facts: Vec<&Fact> = view.facts(&|_| true).collect();
    let sensitive = view.withheld().cloned().unwrap_or_default();
    let ground = KnownFacts { recorded: Some(*view), named: BTreeMap::new(), sensitive, today };
    let found = warnings(&facts, &ground);
    let mut document = Document::new(wording::warnings::TITLE, basis, COLUMNS);
    document.summary.push(wording::warnings::summary(found.len()));
    let item = |w: &Warning| Item {
        id: w.id.to_string(),
        line: w.title.clone(),
        details: vec![w.id.to_string(), w.help.clone()],
        ..Item::default()
    };
    document.list(wording::warnings::LIKELY_WRONG, Tone::Warning, found.iter().map(item).collect());
    document.data.rows.extend(found.iter().map(cells));
    document
}

columns!(COLUMNS, fn cells(warning: &Warning) {
    "id" => &warning.id,
    "warning" => warning.title.as_str(),
    "help" => warning.help.as_str(),
});

/// New and recorded facts, indexed by the properties that the checks compare.
struct Together<'f, 'a> {
    ground: &'f KnownFacts<'a>,
    batch: BTreeMap<&'f FactId, &'f Fact>,
    /// Facts by kind, text, speaker, time and place.
    by_text: BTreeMap<Said<'f>, BTreeSet<&'f FactId>>,
    /// Fact with the smallest count of unstated basis, by commitment, unit and place.
    smallest: BTreeMap<(&'f FactId, &'f Unit, Option<&'f str>), &'f Fact>,
    /// Number of facts that count in each unit.
    units: BTreeMap<&'f str, usize>,
    /// Parties by external code: scheme and value.
    codes: BTreeMap<(&'f str, &'f str), BTreeSet<&'f FactId>>,
    /// Facts that link to a fact, new and recorded, with the kind of link.
    linked: BTreeMap<&'f FactId, Vec<(&'f Fact, LinkKind)>>,
    /// Bodies that directly follow another, with the bodies that they follow.
    follows: BTreeMap<&'f FactId, BTreeSet<&'f FactId>>,
}

impl<'f, 'a: 'f> Together<'f, 'a> {
    fn of(facts: &[&'f Fact], ground: &'f KnownFacts<'a>) -> Self {
        let batch: BTreeMap<&FactId, &Fact> = facts.iter().map(|fact| (&fact.id, *fact)).collect();
        let mut found = Self {
            ground,
            batch,
            by_text: BTreeMap::new(),
            smallest: BTreeMap::new(),
            units: BTreeMap::new(),
            codes: BTreeMap::new(),
            linked: BTreeMap::new(),
            follows: BTreeMap::new(),
        };
        let recorded = ground.recorded.iter().flat_map(|view| view.facts(&|_| true));
        let mut seen = BTreeSet::new();
        for fact in facts.iter().copied().chain(recorded).filter(|fact| seen.insert(&fact.id)) {
            found.take(fact);
        }
        found
    }

    fn take(&mut self, fact: &'f Fact) {
        self.by_text.entry(said(fact)).or_default().insert(&fact.id);
        if let Some(own) = open_count(fact) {
            let towards = fact.links.iter().filter(|l| matches!(l.kind, LinkKind::Fulfils | LinkKind::PartFulfils));
            for link in towards {
                let smallest = self.smallest.entry((&link.to, &own.unit, fact.place.as_deref())).or_insert(fact);
                let before = open_count(smallest).map(|a| (a.value, smallest.window().latest));
                if Some((own.value, fact.window().latest)) < before {
                    *smallest = fact;
                }
            }
        }
        let units: BTreeSet<&str> = amounts(fact).filter_map(|a| counted(&a.unit)).collect();
        for unit in units {
            *self.units.entry(unit).or_default() += 1;
        }
        if let Body::Party { identifiers, .. } = &fact.body {
            for code in identifiers {
                self.codes.entry((&code.scheme, &code.value)).or_default().insert(&fact.id);
            }
        }
        if let Body::Succession { of, .. } = &fact.body
            && fact.voice != Some(Voice::Critic)
        {
            fact.to.iter().for_each(|heir| {
                self.follows.entry(heir).or_default().insert(of);
            });
        }
        for link in fact.links.iter().filter(|link| link.strength != Strength::Possible) {
            self.linked.entry(&link.to).or_default().push((fact, fact.link_kind(link)));
        }
    }

    fn fact(&self, id: &FactId) -> Option<&Fact> {
        let recorded = || self.ground.recorded.and_then(|view| view.fact(id));
        self.batch.get(id).copied().or_else(|| self.ground.named.get(id)).or_else(recorded)
    }

    /// Returns `true` if a body follows another, directly or through others.
    fn is_heir(&self, body: &FactId, of: &FactId) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![body];
        while let Some(body) = open.pop() {
            let before = self.follows.get(body).into_iter().flatten();
            open.extend(before.copied().filter(|body| seen.insert(*body)));
        }
        seen.contains(of)
    }

    fn warn(&self, fact: &Fact) -> Vec<Warning> {
        let all = [
            self.future_source(fact),
            self.after_its_source(fact),
            due_before_promise(fact),
            self.same_text(fact),
            name_in_id(fact),
            self.same_code(fact),
            self.names_retracted(fact),
            self.names_sensitive(fact),
            self.replaced_twice(fact),
            self.speaks_for_others(fact),
            self.before_promise(fact),
            self.decides_on_promise(fact),
            self.misfit_figure(fact),
        ];
        let mut found: Vec<Advice> = all.into_iter().flatten().collect();
        found.extend(amounts(fact).filter_map(short_million));
        found.extend(amounts(fact).filter_map(|a| self.lone_unit(a)));
        found.extend(self.uncounted(fact));
        found.extend(self.running_total(fact));
        found.into_iter().map(|(title, help)| Warning { id: fact.id.clone(), title, help }).collect()
    }

    fn future_source(&self, fact: &Fact) -> Option<Advice> {
        let Body::Source(from) = &fact.body else { return None };
        let first = from.published.as_ref()?.window().earliest.filter(|day| *day > self.ground.today)?;
        Some(wording::warnings::future_source(first))
    }

    fn after_its_source(&self, fact: &Fact) -> Option<Advice> {
        let happened = fact.occurred.as_ref()?.window().earliest?;
        let known = |id: &FactId| self.fact(id).and_then(Fact::source_known_from);
        let days: Option<Vec<NaiveDate>> = fact.cites.iter().map(|c| known(&c.source)).collect();
        let newest = days?.into_iter().max().filter(|newest| happened > *newest)?;
        Some(wording::warnings::after_its_source(happened, newest))
    }

    fn same_text(&self, fact: &Fact) -> Option<Advice> {
        // Measurements of one series share a text and differ in time.
        if fact.kind() == Kind::Measurement {
            return None;
        }
        let same = self.by_text.get(&said(fact))?;
        let other = same.iter().find(|id| ***id != fact.id)?;
        let is_tied = |from: &Fact, to: &FactId| {
            from.links.iter().any(|l| l.to == *to && !matches!(l.kind, LinkKind::BearsOn | LinkKind::Addresses))
        };
        let other_fact = self.fact(other)?;
        // Two documents may share a title and differ in publisher or day.
        let is_other_source = matches!((&fact.body, &other_fact.body), (Body::Source(a), Body::Source(b)) if a != b);
        if is_other_source || same.iter().any(|id| is_tied(fact, id)) || is_tied(other_fact, &fact.id) {
            return None;
        }
        let named = matches!(fact.kind(), Kind::Party | Kind::Metric | Kind::Source);
        Some(if named { wording::warnings::same_name(other) } else { wording::warnings::same_text(other) })
    }

    fn same_code(&self, fact: &Fact) -> Option<Advice> {
        let Body::Party { identifiers, .. } = &fact.body else { return None };
        let (other, code) = identifiers.iter().find_map(|code| {
            let all = self.codes.get(&(code.scheme.as_str(), code.value.as_str()))?;
            // A body may keep the code of one that it follows.
            let is_another = |id: &FactId| *id != fact.id && !self.is_heir(id, &fact.id) && !self.is_heir(&fact.id, id);
            Some((all.iter().find(|id| is_another(id))?, code))
        })?;
        Some(wording::warnings::same_code(other, &code.scheme, &code.value))
    }

    fn names_retracted(&self, fact: &Fact) -> Option<Advice> {
        let view = self.ground.recorded?;
        let is_retracted = |id: &&FactId| view.versions(id).last().is_some_and(|v| v.fact.is_none());
        let cites = fact.cites.iter().map(|c| &c.source);
        let gone = fact.parties().chain(fact.targets()).chain(cites).find(is_retracted)?;
        Some(wording::warnings::names_retracted(gone))
    }

    fn names_sensitive(&self, fact: &Fact) -> Option<Advice> {
        let is_public = !fact.sensitive && !self.ground.sensitive.contains(&fact.id);
        (is_public && fact.names_any(&self.ground.sensitive)).then(wording::warnings::names_sensitive)
    }

    fn replaced_twice(&self, fact: &Fact) -> Option<Advice> {
        let replaced =
            fact.links.iter().find(|l| l.kind == LinkKind::Supersedes && l.strength != Strength::Possible)?;
        let all = self.linked.get(&replaced.to)?;
        let (other, _) = all.iter().find(|(other, kind)| *kind == LinkKind::Supersedes && other.id != fact.id)?;
        let is_told_again =
            fact.links.iter().chain(&other.links).any(|l| {
                matches!(l.kind, LinkKind::SameAs | LinkKind::Repeats) && (l.to == other.id || l.to == fact.id)
            });
        (!is_told_again).then(|| wording::warnings::replaced_twice(&replaced.to, &other.id))
    }

    /// Warns if a failure in the owner's voice comes from a party not declared part of the owner.
    ///
    /// Such a statement is no admission, and counts as a claim.
    fn speaks_for_others(&self, fact: &Fact) -> Option<Advice> {
        let failed =
            matches!(fact.body, Body::Delivery { outcome: Outcome::NotDone | Outcome::Setback | Outcome::Undone });
        let view = self.ground.recorded?;
        if fact.voice != Some(Voice::Owner) || !failed || fact.by.is_empty() {
            return None;
        }
        let commitments = fact.links.iter().filter_map(|l| self.fact(&l.to)).filter(|f| f.kind() == Kind::Pledge);
        let is_one_of = |owed: &Fact| {
            let of = |by: &FactId| {
                let stands_for = |body: &FactId| owed.by.iter().any(|owner| owner == body || self.is_heir(body, owner));
                stands_for(by) || bodies_of(&view, by, fact.window()).iter().any(|body| stands_for(body))
            };
            // The view does not hold new parties: any membership a party declares is accepted.
            let is_member =
                |by: &FactId| self.fact(by).is_some_and(|p| p.links.iter().any(|l| l.kind == LinkKind::PartOf));
            fact.by.iter().any(|by| of(by) || is_member(by))
        };
        let owed = commitments.into_iter().find(|owed| !owed.by.is_empty() && !is_one_of(owed))?;
        Some(wording::warnings::speaks_for_others(&fact.by[0], &owed.by[0]))
    }

    /// Warns if a decision changes a promise, which nobody imposed.
    fn decides_on_promise(&self, fact: &Fact) -> Option<Advice> {
        let Body::Decision { ruling, on, .. } = &fact.body else { return None };
        let changes = matches!(ruling, Ruling::Varied | Ruling::Deferred | Ruling::Revoked | Ruling::Quashed);
        let is_promise = |owed: &&Fact| match &owed.body {
            Body::Pledge(c) => matches!(c.force, Force::Pledge | Force::Aspiration),
            _ => false,
        };
        let owed = on.iter().filter_map(|id| self.fact(id)).find(is_promise).filter(|_| changes)?;
        Some(wording::warnings::decides_on_promise(&owed.id))
    }

    /// Warns if a delivery predates the promise, because it then keeps no promise.
    fn before_promise(&self, fact: &Fact) -> Option<Advice> {
        let done = date(fact)?.window().latest?;
        let towards = fact.links.iter().filter(|l| matches!(l.kind, LinkKind::Fulfils | LinkKind::PartFulfils));
        let owed = towards
            .filter_map(|l| self.fact(&l.to))
            .find(|owed| owed.kind() == Kind::Pledge && owed.window().earliest.is_some_and(|made| done < made))?;
        Some(wording::warnings::before_promise(done, &owed.id))
    }

    /// Warns about a figure in another unit than its metric, or without a time.
    fn misfit_figure(&self, fact: &Fact) -> Option<Advice> {
        let Body::Measurement { metric, .. } = &fact.body else { return None };
        let Body::Metric { unit, .. } = &self.fact(metric)?.body else { return None };
        let other = amounts(fact).map(|a| a.unit.to_string()).find(|own| own != unit);
        match other {
            Some(own) => Some(wording::warnings::other_unit(&own, metric, unit)),
            None if fact.period.is_none() && fact.occurred.is_none() => Some(wording::warnings::no_time()),
            None => None,
        }
    }

    /// Warns about a unit that no other fact uses if a similar unit is in use.
    fn lone_unit(&self, a: &Amount) -> Option<Advice> {
        let unit = counted(&a.unit).filter(|unit| self.units.get(unit) == Some(&1))?;
        if a.qualifier == Qualifier::NotQuantified || short_million(a).is_some() {
            return None;
        }
        let alike = self.units.keys().find(|other| **other != unit && is_alike(other, unit))?;
        Some(wording::warnings::lone_unit(unit, alike))
    }

    /// Warns if evidence for a numeric target counts nothing in the target's unit.
    fn uncounted(&self, fact: &Fact) -> Vec<Advice> {
        if !matches!(fact.body, Body::Delivery { outcome: Outcome::Done | Outcome::Part }) {
            return Vec::new();
        }
        let towards = fact.links.iter().filter(|l| matches!(l.kind, LinkKind::Fulfils | LinkKind::PartFulfils));
        let numbered = towards.filter_map(|l| match &self.fact(&l.to)?.body {
            Body::Pledge(commitment) => match &commitment.target {
                Some(Target::Amount(goal)) if goal.value.is_some() => Some((&l.to, goal)),
                _ => None,
            },
            _ => None,
        });
        let lacks = |goal: &Amount| {
            let role = |a: &Amount| match goal.unit {
                Unit::Money(_) => matches!(a.role, Role::Delivered | Role::Paid | Role::Invested),
                _ => a.role == Role::Delivered,
            };
            !fact.amounts.iter().any(|a| a.unit == goal.unit && role(a))
        };
        numbered.filter(|(_, goal)| lacks(goal)).map(|(id, goal)| wording::warnings::uncounted(id, goal)).collect()
    }

    /// Warns if a count grew at the same place and does not say if the earlier count is included.
    fn running_total(&self, fact: &Fact) -> Vec<Advice> {
        let Some(own) = open_count(fact) else { return Vec::new() };
        let towards = fact.links.iter().filter(|l| matches!(l.kind, LinkKind::Fulfils | LinkKind::PartFulfils));
        let before = towards.filter_map(|l| self.smallest.get(&(&l.to, &own.unit, fact.place.as_deref())));
        let grew = before.filter(|other| {
            let is_less = open_count(other).is_some_and(|a| a.value <= own.value);
            let is_before = matches!((other.window().latest, fact.window().latest), (Some(a), Some(b)) if a < b);
            let is_tied = fact.links.iter().chain(&other.links).any(|l| l.to == other.id || l.to == fact.id);
            other.id != fact.id && is_less && is_before && !is_tied
        });
        grew.filter_map(|other| Some(wording::warnings::running_total(own, open_count(other)?, &other.id))).collect()
    }
}

/// Kind, text, speakers, and time with place of a fact; expected to be unique.
type Said<'f> = (Kind, String, &'f [FactId], String);

fn said(fact: &Fact) -> Said<'_> {
    // Sources of one title are compared in full by `same_text`.
    let (by, when) = match fact.body {
        Body::Source(_) => (&[][..], String::new()),
        _ => (fact.by.as_slice(), format!("{:?} {:?} {:?}", fact.occurred, fact.period, fact.place)),
    };
    (fact.kind(), folded(&fact.text), by, when)
}

/// Returns the delivered count that states neither its basis nor its period.
fn open_count(fact: &Fact) -> Option<&Amount> {
    let is_open = |a: &&Amount| {
        a.role == Role::Delivered
            && a.value.is_some()
            && a.basis == Basis::Unknown
            && a.of.is_none()
            && a.period.is_none()
    };
    fact.amounts.iter().find(is_open).filter(|_| fact.period.is_none())
}
