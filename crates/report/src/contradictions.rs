//! Facts that disagree, side by side: linked so, told with other amounts or days, or announced with another count than listed.

use crate::words::{amount, count, voice_of};
use crate::{Basis, Cell, Document, Filter, Item, Tone};
use heldto_fact::{Amount, Body, Fact, FactId, Kind, LinkKind, Strength, When};
use heldto_replay::{Cluster, View};
use std::collections::{BTreeMap, BTreeSet};

/// One disagreement.
pub(crate) struct Contradiction<'a> {
    /// What kind it is, in a word: `linked`, `amounts`, `days`, `listed`.
    pub kind: &'static str,
    /// In a sentence.
    pub text: String,
    /// The facts that disagree.
    pub facts: Vec<&'a Fact>,
    /// Whether it only may be one.
    pub possible: bool,
}

/// Everything among the facts that the filter lets through that does not fit together. Both sides are kept; nothing here says which is right.
#[must_use]
pub fn contradictions(view: &View<'_>, filter: &Filter, basis: Basis) -> Document {
    let mut document = Document::new("Contradictions", basis, &["kind", "sure", "text", "ids", "sources"]);
    document.summary.extend(filter.in_words().map(|words| format!("Only where a fact {words} is concerned.")));
    let found = found(view, filter);
    let possible = found.iter().filter(|c| c.possible).count();
    document.summary.push(match found.len() {
        0 => "Nothing on record is known to disagree.".to_owned(),
        n => {
            let only = match possible {
                0 => String::new(),
                all if all == n => ", all of them only possible".to_owned(),
                some => format!(", {some} of them only possible"),
            };
            let found = count(n, "disagreement", "disagreements");
            format!("{found} on record{only}. Both sides are kept; nothing here says which is right.")
        }
    });
    for (kind, heading) in [
        ("linked", "Recorded as contradicting each other"),
        ("amounts", "One thing, told with amounts that cannot both be true"),
        ("days", "One thing, told with days that cannot both be true"),
        ("listed", "Another number announced than listed"),
    ] {
        let of_kind = found.iter().filter(|c| c.kind == kind);
        document.list(heading, Tone::Care, of_kind.map(|c| item(c)).collect());
    }
    document.data.rows.extend(found.iter().map(|c| {
        vec![
            c.kind.into(),
            if c.possible { "possible" } else { "certain" }.into(),
            c.text.clone().into(),
            Cell::Words(c.facts.iter().map(|f| f.id.to_string()).collect()),
            Cell::Words(c.facts.iter().flat_map(|f| &f.cites).map(|c| format!("{} {}", c.source, c.at)).collect()),
        ]
    }));
    document
}

pub(crate) fn found<'a>(view: &View<'a>, filter: &Filter) -> Vec<Contradiction<'a>> {
    let all: Vec<&'a Fact> = if filter.is_narrow() {
        // What matches, what says that it contradicts that, and what tells the same again.
        let mut all: BTreeMap<&FactId, &'a Fact> = BTreeMap::new();
        for fact in filter.facts(view, &|_| true) {
            let against = view.linked_as(&fact.id, LinkKind::Contradicts).map(|(from, _)| from);
            let again = Cluster::of(view, fact).tellings;
            all.extend(against.chain(again).chain([fact]).map(|f| (&f.id, f)));
        }
        all.into_values().collect()
    } else {
        view.facts(&|gist| gist.links || gist.kind == Kind::Publication).collect()
    };
    let concerns = |c: &Contradiction<'_>| {
        c.facts.iter().any(|f| filter.lets(view, f) && filter.within(f.window()) != heldto_fact::Truth::No)
    };
    // Said by both of each other, it is one disagreement.
    let mut pairs = BTreeSet::new();
    let once = |c: &Contradiction<'a>| {
        let (a, b) = (&c.facts[0].id, &c.facts[1].id);
        pairs.insert(if a < b { (a, b) } else { (b, a) })
    };
    let linked = all.iter().flat_map(|f| linked(view, f)).filter(once);
    let listed = all.iter().filter_map(|f| listed(f));
    let mut found: Vec<Contradiction<'a>> = linked.chain(listed).collect();
    let tied = |l: &heldto_fact::Link| matches!(l.kind, LinkKind::SameAs | LinkKind::Repeats);
    let told_again = all.iter().filter(|f| f.links.iter().any(tied)).copied();
    for cluster in Cluster::each(view, told_again) {
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

/// Announced so many, listed so many.
fn listed(fact: &Fact) -> Option<Contradiction<'_>> {
    let Body::Publication { announced: Some(announced), parts, .. } = &fact.body else { return None };
    if parts.is_empty() || *announced == parts.len() as u64 {
        return None;
    }
    let text = format!("{announced} announced, {} listed: {}", parts.len(), parts.join("; "));
    // A list may leave some out; it cannot hold more than there are.
    let possible = (parts.len() as u64) < *announced;
    Some(Contradiction { kind: "listed", text, facts: vec![fact], possible })
}

fn amounts<'a>(cluster: &Cluster<'a>) -> Option<Contradiction<'a>> {
    let told: Vec<(&'a Fact, &'a Amount)> =
        cluster.tellings.iter().flat_map(|t| t.amounts.iter().map(move |a| (*t, a))).collect();
    let apart = |(f, a): (&Fact, &Amount), (g, b): (&Fact, &Amount)| {
        f.id != g.id
            && (a.role, &a.unit, a.basis) == (b.role, &b.unit, b.basis)
            && f.amounts.len() == 1
            && g.amounts.len() == 1
            && a.interval().meet(b.interval()).is_none()
    };
    let at = told.iter().enumerate();
    let mut pairs = at.flat_map(|(n, x)| told.iter().skip(n + 1).map(move |y| (*x, *y)));
    let ((f, a), (g, b)) = pairs.find(|(x, y)| apart(*x, *y))?;
    let text = format!("{}: {} / {}", cluster.first().text, amount(a), amount(b));
    Some(Contradiction { kind: "amounts", text, facts: vec![f, g], possible: false })
}

/// Only days when something happened: what is said again is said on another day by nature, and a state is true on many.
fn days<'a>(cluster: &Cluster<'a>) -> Option<Contradiction<'a>> {
    use heldto_fact::Kind::{Complaint, Inspection, Notice, Payout, Publication};
    let happened = |f: &Fact| match f.body {
        Body::Change { what, .. } => what != heldto_fact::Change::Control,
        _ => matches!(f.kind(), Complaint | Inspection | Notice | Payout | Publication),
    };
    let told: Vec<&'a Fact> =
        cluster.tellings.iter().copied().filter(|f| happened(f) && f.occurred.is_some()).collect();
    let at = told.iter().enumerate();
    let mut pairs = at.flat_map(|(n, x)| told.iter().skip(n + 1).map(move |y| (*x, *y)));
    let (f, g) = pairs.find(|(f, g)| !f.doubtful_window().overlaps(g.doubtful_window()))?;
    let when = |f: &Fact| f.occurred.as_ref().map_or_else(String::new, When::in_words);
    let text = format!("{}: {} / {}", cluster.first().text, when(f), when(g));
    Some(Contradiction { kind: "days", text, facts: vec![f, g], possible: false })
}

pub(crate) fn item(c: &Contradiction<'_>) -> Item {
    let said = |f: &&Fact| {
        let by: Vec<&str> = f.by.iter().map(FactId::as_str).collect();
        let by = if by.is_empty() { String::new() } else { format!(" · by {}", by.join(", ")) };
        let voice = voice_of(f);
        let sources: Vec<String> = f.cites.iter().map(|c| format!("{}, {}", c.source, c.at)).collect();
        format!("{}: {}{by}{voice} · {}", f.id, f.text.clone(), sources.join("; "))
    };
    let line = c.text.clone();
    let mark = if c.possible { "possible" } else { "certain" }.to_owned();
    Item { mark, line, details: c.facts.iter().map(said).collect() }
}
