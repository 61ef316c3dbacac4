//! Says in one page how a ledger stands, which statuses changed and when, and what a meeting needs
//! to know of a body. Knows no rules of judging. Start at [`overview`].

use crate::agenda::agenda;
use crate::fact_line::named;
use crate::pledges::{PledgeFilter, counts, item, judged, summary};
use crate::wording::{self, day};
use crate::{Block, Document, FactFilter, Item, ReportBasis, Section, Selection, Tone, columns};
use heldto_fact::{FactId, Kind};
use heldto_replay::{AllView, FulfilmentRate, Judgement, Standing, View, history};
use std::collections::BTreeMap;

/// Number of commitments that are past due on the page of a whole ledger.
const PAST_DUE: usize = 6;

/// Number of changes on the page of a whole ledger.
const CHANGES: usize = 8;

/// Number of questions, and of due days to come, on the page for a meeting.
const POINTS: usize = 5;

/// Returns how a whole ledger stands: its commitments, what is past due, who owes them, and what
/// changed last.
#[must_use]
pub fn overview(all: &AllView<'_>, basis: ReportBasis) -> Document {
    let view: &View<'_> = all;
    let judged = all_judged(view);
    let mut document = Document::new(wording::overview::TITLE, basis, OWNERS);
    document.summary = summary(&judged);
    if !judged.is_empty() {
        document.sections.push(counts(&judged));
    }
    let past_due: Vec<&Judgement<'_>> = judged.iter().filter(|j| j.status.is_past_due()).collect();
    if !past_due.is_empty() {
        let items = past_due.iter().take(PAST_DUE).map(|j| Item { mark: j.status.to_string(), ..item(view, j) });
        let rest = past_due.len().saturating_sub(PAST_DUE);
        let rest = (rest > 0).then(|| Block::Text(wording::overview::more_past_due(rest)));
        document.sections.push(Section {
            heading: format!("{} ({})", wording::authority::PAST_DUE, past_due.len()),
            tone: Tone::Bad,
            blocks: std::iter::once(Block::Items(items.collect())).chain(rest).collect(),
        });
    }
    let mut owners = rates(&judged);
    owners.sort_by_key(|(id, rate, _)| (std::cmp::Reverse((rate.not_kept, rate.counted)), *id));
    let owner = |(id, rate, all): &(&FactId, FulfilmentRate, usize)| Item {
        id: id.to_string(),
        line: view.name(id).to_owned(),
        details: vec![wording::overview::owes(*all, *rate)],
        ..Item::default()
    };
    document.list(wording::overview::OWNERS, Tone::Plain, owners.iter().map(owner).collect());
    document.data.rows = owners.iter().map(|(id, rate, all)| owner_cells(view, id, *rate, *all)).collect();
    let mut changes = changed(view, &judged);
    changes.truncate(CHANGES);
    if !changes.is_empty() {
        let items = changes.iter().map(change).collect();
        document.sections.push(Section::plain(wording::overview::CHANGED, vec![Block::Items(items)]));
    }
    document
}

/// Returns every day on which a commitment came to stand otherwise, the newest first.
#[must_use]
pub fn standings(all: &AllView<'_>, basis: ReportBasis) -> Document {
    let view: &View<'_> = all;
    let judged = all_judged(view);
    let changes = changed(view, &judged);
    let mut document = Document::new(wording::overview::CHANGED, basis, CHANGED);
    document.summary.push(wording::overview::changes(changes.len(), judged.len()));
    document.data.rows = changes.iter().map(|c| change_cells(view, c)).collect();
    let mut years: BTreeMap<i32, Vec<Item>> = BTreeMap::new();
    for c in &changes {
        years.entry(chrono::Datelike::year(&c.now.from)).or_default().push(change(c));
    }
    for (year, items) in years.into_iter().rev() {
        document.list(&year.to_string(), Tone::Plain, items);
    }
    document
}

/// Returns two pages on a body for a meeting: how its commitments stand, the gravest questions, and
/// what falls due next; `None` if the id is not that of a party.
#[must_use]
pub fn digest(view: &View<'_>, party: &FactId, basis: ReportBasis) -> Option<Document> {
    let fact = view.fact(party).filter(|fact| fact.kind() == Kind::Party)?;
    let filter = PledgeFilter {
        facts: FactFilter { by: Some(party.clone()), ..FactFilter::default() },
        ..PledgeFilter::default()
    };
    let selection = Selection::of(*view, &filter.facts)?;
    let judged = judged(&selection, &filter);
    let mut document = agenda(&selection, &filter, basis);
    let asked = std::mem::take(&mut document.sections);
    document.title = wording::overview::for_a_meeting(&fact.text);
    document.summary = summary(&judged);
    if !judged.is_empty() {
        // Two pages have no room for the counts by status that the bar has.
        let counted = counts(&judged);
        let drawn = counted.blocks.into_iter().filter(Block::is_picture).collect();
        document.sections.push(Section { blocks: drawn, ..counted });
    }
    // The sections come with the gravest first.
    let questions = asked.into_iter().flat_map(|section| section.blocks).filter_map(|block| match block {
        Block::Items(items) => Some(items),
        _ => None,
    });
    let questions: Vec<Item> = questions.flatten().collect();
    let left_out = questions.len().saturating_sub(POINTS);
    document.list(wording::overview::TO_ASK, Tone::Plain, questions.into_iter().take(POINTS).collect());
    if left_out > 0 {
        document.summary.push(wording::overview::more_questions(left_out));
    }
    let as_of = view.clock().as_of;
    let mut ahead: Vec<_> = judged
        .iter()
        .filter_map(|j| Some((j.window.latest.filter(|d| j.status.is_open() && *d >= as_of)?, j)))
        .collect();
    ahead.sort_by_key(|(day, j)| (*day, &j.mentions[0].id));
    // One line each: the page of a commitment has the rest.
    let due = ahead.iter().take(POINTS).map(|(last, j)| {
        let fact = j.mentions[0];
        Item { id: fact.id.to_string(), mark: day(*last), line: fact.text.clone(), ..Item::default() }
    });
    let due = due.collect();
    document.list(wording::overview::DUE_NEXT, Tone::Plain, due);
    Some(document)
}

fn all_judged<'a>(view: &View<'a>) -> Vec<Judgement<'a>> {
    let filter = PledgeFilter::default();
    Selection::of(*view, &filter.facts).map(|selection| judged(&selection, &filter)).unwrap_or_default()
}

/// Returns the owners, each with the rate of its commitments and their number.
fn rates<'a>(judged: &[Judgement<'a>]) -> Vec<(&'a FactId, FulfilmentRate, usize)> {
    let mut rates: BTreeMap<&FactId, (FulfilmentRate, usize)> = BTreeMap::new();
    for j in judged {
        for owner in &j.owners {
            let (rate, all) = rates.entry(owner).or_default();
            rate.add(j);
            *all += 1;
        }
    }
    rates.into_iter().map(|(id, (rate, all))| (id, rate, all)).collect()
}

/// A commitment that came to stand otherwise.
struct Changed<'j, 'a> {
    judgement: &'j Judgement<'a>,
    before: Standing,
    now: Standing,
}

fn changed<'j, 'a>(view: &View<'a>, judged: &'j [Judgement<'a>]) -> Vec<Changed<'j, 'a>> {
    let mut changes = Vec::new();
    for judgement in judged {
        let history = history(view, judgement);
        let pairs = history.windows(2).map(|pair| Changed { judgement, before: pair[0], now: pair[1] });
        changes.extend(pairs);
    }
    changes.sort_by_key(|c| (std::cmp::Reverse(c.now.from), c.now.status, &c.judgement.mentions[0].id));
    changes
}

fn change(c: &Changed<'_, '_>) -> Item {
    let fact = c.judgement.mentions[0];
    let details = vec![wording::overview::change(c.before, c.now)];
    Item { id: fact.id.to_string(), mark: day(c.now.from), line: fact.text.clone(), details, cites: Vec::new() }
}

columns!(OWNERS, fn owner_cells(view: &View<'_>, id: &FactId, rate: FulfilmentRate, all: usize) {
    "id" => id,
    "name" => view.name(id),
    "commitments" => all,
    "counted" => rate.counted,
    "kept" => rate.kept,
    "kept-on-claim" => rate.kept_on_claims,
    "not-kept" => rate.not_kept,
    "unknown" => rate.unknown,
    "weaker" => rate.weaker,
});

columns!(CHANGED, fn change_cells(view: &View<'_>, c: &Changed<'_, '_>) {
    "day" => c.now.from,
    "id" => &c.judgement.mentions[0].id,
    "text" => c.judgement.mentions[0].text.as_str(),
    "by" => named(view, c.judgement.owners.iter().copied()),
    "before" => c.before.status.as_str(),
    "before-grade" => c.before.grade.as_str(),
    "after" => c.now.status.as_str(),
    "after-grade" => c.now.grade.as_str(),
});
