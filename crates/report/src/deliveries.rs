//! Lists deliveries by the commitment they serve, and those that nobody had promised. Knows no
//! judgements. Start at [`deliveries`].

use crate::fact_line::{amounts, cited, ids, ids_of, named, recorded_when, sources, when};
use crate::wording::{self, voice_of};
use crate::{Document, Item, ReportBasis, Selection, Tone, columns};
use heldto_fact::{Body, Fact, FactId, Kind, LinkKind, Outcome, Strength, Voice};
use heldto_replay::{Cluster, View};
use std::collections::{BTreeMap, BTreeSet};

/// Returns the matching deliveries; with `unpledged`, only those towards no commitment on record.
#[must_use]
pub fn deliveries(selection: &Selection<'_, '_>, unpledged: bool, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let filter = selection.filter();
    let mut document = Document::new(wording::deliveries::title(unpledged), basis, COLUMNS);
    document.summary.extend(filter.describe().map(|words| wording::deliveries::only(&words)));
    let facts = selection.facts(&|summary| summary.kind == Kind::Delivery).filter(|f| f.kind() == Kind::Delivery);
    let mut firsts = Firsts::new();
    let all: Vec<(Cluster<'_>, Vec<(&Fact, Strength)>)> =
        Cluster::each(view, facts).into_iter().map(|c| (c.clone(), towards(view, &c, &mut firsts))).collect();
    let (undone, done): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(c, _)| matches!(outcome(c.first()), Some(Outcome::NotDone | Outcome::Undone)));
    let (towards_some, towards_none): (Vec<_>, Vec<_>) = done.into_iter().partition(|(_, t)| !t.is_empty());
    document.summary.push(wording::deliveries::summary(towards_some.len(), towards_none.len(), undone.len()));
    let shown: Vec<_> = if unpledged {
        towards_none.iter().collect()
    } else {
        towards_some.iter().chain(&towards_none).chain(&undone).collect()
    };
    document.data.rows.extend(shown.iter().map(|(c, t)| cells(view, c, t)));
    let items = |list: &[(Cluster<'_>, Vec<(&Fact, Strength)>)]| list.iter().map(|(c, t)| item(view, c, t)).collect();
    if !unpledged {
        document.list(wording::deliveries::TOWARDS_SOME, Tone::Plain, items(&towards_some));
    }
    document.list(wording::deliveries::TOWARDS_NONE, Tone::Plain, items(&towards_none));
    if !unpledged {
        document.list(wording::deliveries::UNDONE, Tone::Warning, items(&undone));
    }
    document
}

/// Returns the deliveries for an authority's briefing.
pub(crate) fn brief(selection: &Selection<'_, '_>) -> Vec<Item> {
    let view = &selection.view();
    let facts = selection.facts(&|summary| summary.kind == Kind::Delivery).filter(|f| f.kind() == Kind::Delivery);
    let mut firsts = Firsts::new();
    Cluster::each(view, facts).iter().map(|c| item(view, c, &towards(view, c, &mut firsts))).collect()
}

/// First mention of each commitment looked up, by the id of any mention; `None` if not a pledge.
type Firsts<'a> = BTreeMap<FactId, Option<&'a Fact>>;

/// Returns the commitments that a delivery is linked to, with the strength of the link.
fn towards<'a>(view: &View<'a>, cluster: &Cluster<'a>, firsts: &mut Firsts<'a>) -> Vec<(&'a Fact, Strength)> {
    let kinds = |k| matches!(k, LinkKind::Fulfils | LinkKind::PartFulfils | LinkKind::Supports | LinkKind::Addresses);
    let links = cluster.mentions.iter().flat_map(|t| &t.links).filter(|l| kinds(l.kind));
    let mut seen = BTreeSet::new();
    // A commitment with several mentions is counted once.
    let mut pledge = |l: &heldto_fact::Link| {
        if !firsts.contains_key(&l.to) {
            let commitment = view.fact(&l.to).filter(|f| f.kind() == Kind::Pledge).map(|f| Cluster::of(view, f));
            let first = commitment.as_ref().map(Cluster::first);
            for mention in commitment.iter().flat_map(|cluster| cluster.mentions.iter()) {
                firsts.insert(mention.id.clone(), first);
            }
            firsts.entry(l.to.clone()).or_insert(first);
        }
        let first = firsts.get(&l.to).copied().flatten()?;
        seen.insert(&first.id).then_some((first, l.strength))
    };
    links.filter_map(&mut pledge).collect()
}

fn outcome(fact: &Fact) -> Option<Outcome> {
    match fact.body {
        Body::Delivery { outcome } => Some(outcome),
        _ => None,
    }
}

fn item(view: &View<'_>, cluster: &Cluster<'_>, towards: &[(&Fact, Strength)]) -> Item {
    let fact = cluster.first();
    let mut first = vec![fact.id.to_string()];
    first.extend(outcome(fact).map(|o| o.as_str().replace('-', " ")));
    first.extend((!fact.by.is_empty()).then(|| wording::fact_line::by(&ids(&fact.by).join(", "))));
    first.extend(amounts(fact));
    if cluster.mentions.len() > 1 {
        first.push(wording::fact_line::counted_once(cluster.mentions.len()));
    }
    let mut details = vec![format!("{}{}", first.join(" · "), voice_of(fact))];
    for (pledge, strength) in towards {
        details.push(wording::deliveries::towards(*strength, &pledge.id, &pledge.text));
    }
    let cites = cited(view, cluster.mentions.iter().copied());
    Item { id: fact.id.to_string(), mark: when(fact), line: fact.text.clone(), details, cites }
}

columns!(COLUMNS, fn cells(view: &View<'_>, cluster: &Cluster<'_>, towards: &[(&Fact, Strength)]) {
    "id" => &cluster.first().id,
    "text" => cluster.first().text.as_str(),
    "outcome" => outcome(cluster.first()).map(Outcome::as_str),
    "by" => named(view, &cluster.first().by),
    "when" => recorded_when(cluster.first()),
    "amounts" => amounts(cluster.first()),
    "voice" => cluster.first().voice.map(Voice::as_str),
    "towards" => ids_of(towards.iter().map(|(pledge, _)| *pledge)),
    "tellings" => ids_of(cluster.mentions.iter().copied()),
    "sources" => sources(view, cluster.mentions.iter().copied()),
    "cites" => cited(view, cluster.mentions.iter().copied()),
});
