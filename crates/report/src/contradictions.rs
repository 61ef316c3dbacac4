//! Finds facts that disagree and sets them side by side: linked as contradicting, with incompatible
//! amounts or days, or with another count than listed. Never decides which is right. Start at
//! [`contradictions`].

use crate::fact_line::{cited, ids, ids_of, occurred, sources};
use crate::wording::{self, amount as amount_in_words, voice_of};
use crate::{Document, Item, ReportBasis, Selection, Tone, columns};
use heldto_fact::{Amount, Basis, Body, Fact, FactId, Form, Interval, LinkKind, Quantity, Role, Strength, Unit};
use heldto_replay::{Cluster, View};
use std::collections::{BTreeMap, BTreeSet};

/// One disagreement.
pub(crate) struct Contradiction<'a> {
    /// Kind: `linked`, `amounts`, `days`, `figures`, `sums`, `listed` or `readings`.
    pub kind: &'static str,
    /// The disagreement in a sentence.
    pub text: String,
    /// Facts that disagree.
    pub facts: Vec<&'a Fact>,
    /// `true` if the facts only possibly disagree.
    pub possible: bool,
}

impl Contradiction<'_> {
    const fn sure(&self) -> &'static str {
        if self.possible { "possible" } else { "certain" }
    }
}

/// Returns the disagreements among the matching facts.
///
/// Both sides are kept; nothing here says which is right.
#[must_use]
pub fn contradictions(selection: &Selection<'_, '_>, basis: ReportBasis) -> Document {
    let filter = selection.filter();
    let mut document = Document::new(wording::contradictions::TITLE, basis, COLUMNS);
    document.summary.extend(filter.describe().map(|words| wording::contradictions::only(&words)));
    let view = selection.view();
    let found = found(selection);
    let possible = found.iter().filter(|c| c.possible).count();
    document.summary.push(wording::contradictions::summary(found.len(), possible));
    for (kind, certain, possible) in wording::contradictions::HEADINGS {
        for (heading, is_possible) in [(certain, false), (possible, true)] {
            let of_kind = found.iter().filter(|c| c.kind == kind && c.possible == is_possible);
            document.list(heading, Tone::Warning, of_kind.map(|c| item(&view, c)).collect());
        }
    }
    document.data.rows.extend(found.iter().map(|c| cells(&view, c)));
    document
}

columns!(COLUMNS, fn cells(view: &View<'_>, found: &Contradiction<'_>) {
    "kind" => found.kind,
    "sure" => found.sure(),
    "text" => found.text.as_str(),
    "ids" => ids_of(found.facts.iter().copied()),
    "sources" => sources(view, found.facts.iter().copied()),
    "cites" => cited(view, found.facts.iter().copied()),
});

pub(crate) fn found<'a>(selection: &Selection<'a, '_>) -> Vec<Contradiction<'a>> {
    let view = &selection.view();
    let filter = selection.filter();
    let all: Vec<&'a Fact> = if let Some(all) = selection.all() {
        all.facts(&|_| true).collect()
    } else {
        // The matching facts, the facts that contradict them, and their other mentions.
        let mut all: BTreeMap<&FactId, &'a Fact> = BTreeMap::new();
        let matching: Vec<&'a Fact> = selection.facts(&|_| true).collect();
        for fact in &matching {
            let against = view.linked_as(&fact.id, LinkKind::Contradicts).map(|(from, _)| from);
            all.extend(against.chain([*fact]).map(|f| (&f.id, f)));
        }
        for cluster in Cluster::each(view, matching.into_iter()) {
            all.extend(cluster.mentions.iter().map(|f| (&f.id, *f)));
        }
        all.into_values().collect()
    };
    let concerns = |c: &Contradiction<'_>| {
        c.facts.iter().any(|f| filter.matches(view, f) && filter.in_range(f.window()) != heldto_fact::Truth::No)
    };
    // A pair linked in both directions is one disagreement.
    let mut pairs = BTreeSet::new();
    let once = |c: &Contradiction<'a>| {
        let a = &c.facts[0].id;
        let b = &c.facts[1].id;
        pairs.insert(if a < b { (a, b) } else { (b, a) })
    };
    let mut linked: Vec<Contradiction<'a>> = all.iter().flat_map(|f| linked(view, f)).collect();
    // Of two such links, the more certain one is kept.
    linked.sort_by_key(|c| c.possible);
    let linked = linked.into_iter().filter(once);
    let alone = |f: &&'a Fact| [listed(f), readings(f), figures(f)];
    let alone = all.iter().flat_map(alone).flatten();
    let mut found: Vec<Contradiction<'a>> = linked.chain(alone).collect();
    found.extend(Cluster::each(view, all.iter().copied()).iter().filter_map(|whole| sums(view, whole)));
    let tied = |l: &heldto_fact::Link| matches!(l.kind, LinkKind::SameAs | LinkKind::Repeats);
    let told_again = all.iter().filter(|f| f.links.iter().any(tied)).copied();
    for cluster in Cluster::each(view, told_again) {
        view.count_compared(cluster.mentions.len());
        found.extend(amounts(&cluster));
        found.extend(days(&cluster));
    }
    found.retain(concerns);
    found
}

fn linked<'a>(view: &View<'a>, fact: &'a Fact) -> Vec<Contradiction<'a>> {
    let against = fact.links.iter().filter(|l| l.kind == LinkKind::Contradicts);
    let pair = |l: &heldto_fact::Link| {
        let other = view.fact(&l.to)?;
        let text = format!("{} / {}", fact.text, other.text);
        let possible = l.strength != Strength::Stated;
        Some(Contradiction { kind: "linked", text, facts: vec![fact, other], possible })
    };
    against.filter_map(pair).collect()
}

/// Returns a possible disagreement if a day is recorded with two or more readings.
fn readings(fact: &Fact) -> Option<Contradiction<'_>> {
    let due = match &fact.body {
        Body::Pledge(commitment) => commitment.due.as_ref(),
        Body::Recommendation(asked) => asked.terms.due.as_ref(),
        _ => None,
    };
    let of_due = due.and_then(|due| due.date.as_ref().or(due.rule.as_ref().map(|rule| &rule.after)));
    let days = [fact.occurred.as_ref(), fact.period.as_ref(), of_due];
    let both = days.into_iter().flatten().find(|when| matches!(when.form(), Form::OneOf(all) if all.len() > 1))?;
    let text = format!("{}: {}", fact.text, wording::date::when(both));
    Some(Contradiction { kind: "readings", text, facts: vec![fact], possible: true })
}

/// Returns a disagreement if a percentage differs from its numerator and denominator by more than
/// its own rounding explains.
fn figures(fact: &Fact) -> Option<Contradiction<'_>> {
    let Body::Measurement { numerator: Some(numerator), denominator: Some(denominator), .. } = fact.body else {
        return None;
    };
    let share =
        fact.amounts.iter().find(|a| a.unit == Unit::Percent && a.qualifier == heldto_fact::Qualifier::Exact)?.value?;
    if denominator == 0 {
        return None;
    }
    let stated = i128::from(share.ten_thousandths());
    let step = [10_000, 1_000, 100, 10].into_iter().find(|step| stated % step == 0).unwrap_or(1);
    let worked_out = i128::from(numerator) * 1_000_000 / i128::from(denominator);
    if (stated - worked_out).abs() <= step {
        return None;
    }
    let comes_to = i64::try_from(worked_out).ok().and_then(Quantity::from_ten_thousandths)?.rounded_to_tenths();
    let text = wording::contradictions::figures(&fact.text, share, numerator, denominator, comes_to);
    Some(Contradiction { kind: "figures", text, facts: vec![fact], possible: false })
}

/// Returns a disagreement if the sum of a whole's recorded parts certainly exceeds the whole; a
/// possible one if parts may overlap.
fn sums<'a>(view: &View<'a>, whole: &Cluster<'a>) -> Option<Contradiction<'a>> {
    let amount = |fact: &'a Fact| match &fact.body {
        Body::Pledge(c) => match &c.target {
            Some(heldto_fact::Target::Amount(a)) => Some(a),
            _ => fact.amounts.first(),
        },
        _ => fact.amounts.first(),
    };
    let (mention, of) = whole.mentions.iter().find_map(|t| Some((*t, amount(t)?)))?;
    let linked = whole.mentions.iter().flat_map(|t| view.linked_as(&t.id, LinkKind::PartOf));
    let alike =
        |fact: &'a Fact| amount(fact).is_some_and(|a| a.unit == of.unit && a.role == of.role && a.basis == of.basis);
    let parts: Vec<&'a Fact> = linked
        .filter(|(part, link)| link.strength != Strength::Possible && part.kind() == mention.kind() && alike(part))
        .filter(|(part, _)| !whole.holds(&part.id))
        .map(|(part, _)| part)
        .collect();
    let clusters = Cluster::each(view, parts.iter().copied());
    if clusters.len() < 2 {
        return None;
    }
    let told_alike = |c: &Cluster<'a>| c.mentions.iter().copied().find(|t| alike(t)).and_then(amount);
    let sum = clusters.iter().filter_map(told_alike).map(Amount::interval);
    let sum = sum.reduce(|a, b| a.plus(b).unwrap_or(Interval::ANY))?;
    let most = of.interval().high?;
    let least = sum.low.value;
    if least <= most.value {
        return None;
    }
    let text = wording::contradictions::sums(&mention.text, of, sum);
    let facts = std::iter::once(mention).chain(clusters.iter().map(Cluster::first)).collect();
    // Parts that overlap may add up to less.
    let overlaps = |f: &&Fact| f.links.iter().any(|l| l.kind == LinkKind::MayOverlap);
    let possible = clusters.iter().flat_map(|c| c.mentions.iter()).any(overlaps);
    Some(Contradiction { kind: "sums", text, facts, possible })
}

/// Returns a disagreement if a publication announces one number of parts and lists another.
fn listed(fact: &Fact) -> Option<Contradiction<'_>> {
    let Body::Publication { announced: Some(announced), parts, .. } = &fact.body else { return None };
    if parts.is_empty() || *announced == parts.len() as u64 {
        return None;
    }
    let text = wording::contradictions::listed(*announced, parts);
    // A list may be incomplete, but cannot hold more than there are.
    let possible = (parts.len() as u64) < *announced;
    Some(Contradiction { kind: "listed", text, facts: vec![fact], possible })
}

/// Returns a disagreement if two mentions in a cluster state amounts that cannot both be right.
///
/// Uses mentions with exactly one amount. Of the amounts of one role, basis and unit, compares the
/// one with the highest lower bound and the one with the lowest upper bound: if these two overlap,
/// all do.
fn amounts<'a>(cluster: &Cluster<'a>) -> Option<Contradiction<'a>> {
    let only = |t: &'a Fact| t.amounts.first().filter(|_| t.amounts.len() == 1).map(|a| (t, a));
    type Told<'a> = Vec<(&'a Fact, &'a Amount)>;
    let mut of_kind: BTreeMap<(Role, Basis, &Unit), Told<'a>> = BTreeMap::new();
    for (fact, a) in cluster.mentions.iter().filter_map(|t| only(t)) {
        of_kind.entry((a.role, a.basis, &a.unit)).or_default().push((fact, a));
    }
    let ends = |a: &Amount| a.interval().high.map(|high| (high.value, !high.strict));
    let apart = of_kind.values().find_map(|mentions| {
        let begins = |(_, a): &&(&Fact, &Amount)| (a.interval().low.value, a.interval().low.strict);
        let highest = mentions.iter().rev().max_by_key(begins)?;
        let lowest = mentions.iter().filter(|(_, a)| ends(a).is_some()).min_by_key(|(_, a)| ends(a))?;
        highest.1.interval().meet(lowest.1.interval()).is_none().then_some((*lowest, *highest))
    });
    let ((f, a), (g, b)) = in_order(cluster, apart?, |pair| pair.0);
    let text = format!("{}: {} / {}", cluster.first().text, amount_in_words(a), amount_in_words(b));
    Some(Contradiction { kind: "amounts", text, facts: vec![f, g], possible: false })
}

/// Returns a disagreement if two mentions in a cluster state days that cannot both be right.
///
/// Compares the mention that begins last with the one that ends first. Limited to kinds that happen
/// on a day: a statement is repeated on other days, and a state holds on many.
fn days<'a>(cluster: &Cluster<'a>) -> Option<Contradiction<'a>> {
    use heldto_fact::Kind::{Complaint, Delivery, Inspection, Notice, Payout, Publication};
    let happened = |f: &Fact| match f.body {
        Body::Change { what, .. } => what != heldto_fact::Change::Control,
        _ => matches!(f.kind(), Complaint | Delivery | Inspection | Notice | Payout | Publication),
    };
    let mentions = || cluster.mentions.iter().copied().filter(|f| happened(f) && f.occurred.is_some());
    let last = mentions().rev().max_by_key(|f| f.doubtful_window().earliest)?;
    let first =
        mentions().filter(|f| f.doubtful_window().latest.is_some()).min_by_key(|f| f.doubtful_window().latest)?;
    if first.doubtful_window().overlaps(last.doubtful_window()) {
        return None;
    }
    let (f, g) = in_order(cluster, (first, last), |fact| fact);
    let text = format!("{}: {} / {}", cluster.first().text, occurred(f), occurred(g));
    Some(Contradiction { kind: "days", text, facts: vec![f, g], possible: false })
}

/// Returns a pair in the order of the cluster's mentions.
fn in_order<'a, T>(cluster: &Cluster<'a>, (a, b): (T, T), fact: impl Fn(&T) -> &'a Fact) -> (T, T) {
    let place = |t: &T| cluster.mentions.iter().position(|f| f.id == fact(t).id);
    if place(&a) <= place(&b) { (a, b) } else { (b, a) }
}

pub(crate) fn item(view: &View<'_>, c: &Contradiction<'_>) -> Item {
    let said = |f: &&Fact| {
        let by = if f.by.is_empty() {
            String::new()
        } else {
            format!(" · {}", wording::fact_line::by(&ids(&f.by).join(", ")))
        };
        format!("{}: {}{by}{}", f.id, f.text, voice_of(f))
    };
    Item {
        mark: c.sure().to_owned(),
        line: c.text.clone(),
        details: c.facts.iter().map(said).collect(),
        cites: cited(view, c.facts.iter().copied()),
        ..Item::default()
    }
}
