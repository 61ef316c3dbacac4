//! Turns measurements into series over time with their age, comparable figures of others, and the
//! owner's own figures. Knows no commitments. Start at [`metrics`].

mod bodies;

pub use bodies::{bodies, newest};

use crate::fact_line::{cited, ids, named, occurred, parties, public_by, sources};
use crate::wording::{self, amount, label, sparkline, voice_of};
use crate::{Bar, Block, Cell, Chart, Document, FactFilter, Item, ReportBasis, Section, Tone, columns};
use chrono::NaiveDate;
use heldto_fact::{Body, Change, Fact, FactId, IndexTerm, Interval, Kind, LinkKind, PartyKind, Quantity, Voice, When};
use heldto_replay::{AllView, MetricValue, View, predecessors, series, successors};
use std::collections::BTreeSet;

/// Returns the series of one metric or of all.
///
/// With a party in the filter: its series, compared with the areas that contain it and its
/// neighbours by size. Without one: every area that has figures and lies in no other.
#[must_use]
pub fn metrics(all: &AllView<'_>, filter: &FactFilter, only: Option<&FactId>, basis: ReportBasis) -> Document {
    let view: &View<'_> = all;
    let title = wording::metrics::title(filter.about.as_ref().map(|p| view.name(p)));
    let mut document = Document::new(title, basis, COLUMNS);
    let metrics: Vec<&FactId> = all.measured().filter(|m| only.is_none_or(|o| *m == o)).collect();
    for metric in metrics {
        let parties: Vec<&FactId> = match &filter.about {
            Some(party) => all.parties(metric).filter(|p| *p == party).collect(),
            None => roots(all, metric),
        };
        for party in parties {
            let mut values = series(view, metric, party);
            values.retain(|v| filter.matches(view, v.fact) && filter.in_range(v.window) != heldto_fact::Truth::No);
            if !values.is_empty() {
                document.data.rows.extend(values.iter().flat_map(|v| rows(view, metric, party, v)));
                let section = section(all, metric, party, &values, filter.about.is_some());
                document.sections.push(section);
            }
        }
    }
    document.summary.extend(filter.describe().map(|words| wording::metrics::only(&words)));
    document.summary.push(match document.sections.len() {
        0 => wording::metrics::NONE.to_owned(),
        n => wording::metrics::summary(n),
    });
    document
}

/// Returns the areas that have figures for a metric and lie in no other area that has.
fn roots<'a>(view: &AllView<'a>, metric: &FactId) -> Vec<&'a FactId> {
    let all: Vec<&'a FactId> = view.parties(metric).collect();
    let inside = |p: &FactId| series(view, metric, p).iter().any(|v| !wholes(view, v).is_empty());
    all.iter().copied().filter(|p| !inside(p)).collect()
}

/// Returns the figures of the areas that contain this one, nearest first; at most 5.
///
/// Follows the measurements' own `part-of` links: the publisher of figures defines its areas.
fn wholes<'a>(view: &View<'a>, value: &MetricValue<'a>) -> Vec<MetricValue<'a>> {
    let mut found: Vec<MetricValue<'a>> = Vec::new();
    let mut at = Some(value.fact);
    while let Some(whole) = at.and_then(|f| f.links.iter().find(|l| l.kind == LinkKind::PartOf)) {
        at = view.fact(&whole.to).filter(|f| f.kind() == Kind::Measurement && found.len() < 5);
        found.extend(at.and_then(MetricValue::of));
    }
    found
}

fn section(view: &AllView<'_>, metric: &FactId, party: &FactId, values: &[MetricValue<'_>], compared: bool) -> Section {
    let name = view.name(metric);
    let whose = if compared { String::new() } else { format!(": {}", view.name(party)) };
    let mut blocks = Vec::new();
    let unit = unit_of(view, metric);
    let broken: Vec<NaiveDate> = breaks(view, metric).iter().filter_map(|f| f.window().earliest).collect();
    let begun = |v: &MetricValue<'_>| v.window.earliest;
    let is_cut = |n: usize| {
        let before = n.checked_sub(1).and_then(|n| begun(&values[n]));
        broken
            .iter()
            .any(|day| before.is_some_and(|before| before < *day) && begun(&values[n]).is_some_and(|b| *day <= b))
    };
    let bar = |(n, v): (usize, &MetricValue<'_>)| Bar {
        label: label_of(v),
        value: v.in_unit(&unit),
        shown: shown(v, &unit),
        own: false,
        is_cut: is_cut(n),
    };
    let bars: Vec<Bar> = values.iter().enumerate().map(bar).collect();
    blocks.push(Block::Pairs(about(view, metric, values, &unit)));
    let cut = cuts(view, metric, party);
    if !cut.is_empty() {
        blocks.push(Block::List(cut));
    }
    let (title, text) =
        (wording::metrics::over_time(name, view.name(party)), wording::metrics::OLDEST_FIRST.to_owned());
    let cites = cited(view, values.iter().map(|v| v.fact));
    blocks.push(Block::Chart(Chart {
        title,
        text,
        bars,
        end: end_of(&unit),
        lines: bodies::targets(view, metric, Some(party)),
        cites,
    }));
    if compared {
        blocks.extend(comparison(view, metric, party, values, &unit));
        let others = told_of_others(view, metric, party, &unit);
        if !others.is_empty() {
            blocks.push(Block::List(others));
        }
        blocks.extend(beside(view, metric, party));
    }
    Section { heading: format!("{name}{whose}"), tone: Tone::Plain, blocks }
}

/// Describes the series of the bodies before and after this one, which are never joined with its
/// own.
fn cuts(view: &View<'_>, metric: &FactId, party: &FactId) -> Vec<String> {
    let has_series = |other: &&FactId| !series(view, metric, other).is_empty();
    let of = |fact: &Fact| if let Body::Succession { of, .. } = &fact.body { vec![of.clone()] } else { Vec::new() };
    let before = predecessors(view, party).into_iter().flat_map(of).filter(|id| has_series(&id));
    let after = successors(view, party).into_iter().flat_map(|f| f.to.clone()).filter(|id| has_series(&id));
    let before = before.map(|id| wording::metrics::follows(view.name(&id)));
    before.chain(after.map(|id| wording::metrics::is_followed_by(view.name(&id)))).collect()
}

fn unit_of(view: &View<'_>, metric: &FactId) -> String {
    match view.fact(metric).map(|f| &f.body) {
        Some(Body::Metric { unit, .. }) => unit.clone(),
        _ => String::new(),
    }
}

fn is_owners(value: &MetricValue<'_>) -> bool {
    matches!(value.fact.voice, Some(Voice::Owner | Voice::SecondHand | Voice::Critic))
}

/// Returns the period of a figure, or else its date.
fn period<'a>(value: &MetricValue<'a>) -> Option<&'a When> {
    value.fact.period.as_ref().or(value.fact.occurred.as_ref())
}

fn label_of(value: &MetricValue<'_>) -> String {
    let when = period(value).map_or_else(String::new, wording::date::when);
    if is_owners(value) { format!("{when} ({})", value.fact.voice.map_or("", Voice::as_str)) } else { when }
}

/// Returns the value as stated; a percentage with its numerator and denominator.
fn shown(value: &MetricValue<'_>, unit: &str) -> String {
    let words = amount(value.amount);
    match (&value.fact.body, value.in_unit(unit)) {
        (Body::Measurement { numerator: Some(n), denominator: Some(d), .. }, Some(_)) if unit == "%" => {
            wording::metrics::share(&words, *n, *d)
        }
        _ => words,
    }
}

fn about(view: &View<'_>, metric: &FactId, values: &[MetricValue<'_>], unit: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if let Some(Body::Metric { definition, .. }) = view.fact(metric).map(|f| &f.body) {
        pairs.push((label::WHAT_IT_IS.to_owned(), format!("{definition} ({metric})")));
    }
    if let Some(last) = values.last() {
        pairs.push((
            label::NEWEST.to_owned(),
            format!("{}: {}; {}", label_of(last), shown(last, unit), age(view, last)),
        ));
    }
    pairs.extend(trend(view, metric, values, unit).map(|words| (label::TREND.to_owned(), words)));
    for fact in breaks(view, metric) {
        pairs.push((label::BREAK.to_owned(), wording::metrics::series_break(&fact.text, &fact.id)));
    }
    for value in values.iter().filter(|v| !v.revised.is_empty()) {
        pairs.push((label::REVISED.to_owned(), revision(view, value, unit)));
    }
    let gone = values.iter().filter(|v| v.amount.value.is_none()).count();
    if gone > 0 {
        pairs.push((label::NOT_GIVEN.to_owned(), wording::metrics::not_given(gone)));
    }
    pairs
}

/// Describes a figure that a newer release of the same body changed: old values and new, each with
/// its release.
fn revision(view: &View<'_>, value: &MetricValue<'_>, unit: &str) -> String {
    let release = |fact: &Fact| {
        let known = public_by(view, fact).map(|known| format!(", {known}")).unwrap_or_default();
        format!("{}{known}", ids(fact.cites.iter().map(|c| &c.source)).join(", "))
    };
    let was = value.revised.iter().filter_map(|fact| {
        let older = MetricValue::of(fact)?;
        Some(format!("{} ({})", shown(&older, unit), release(fact)))
    });
    let was: Vec<String> = was.collect();
    wording::metrics::revision(&label_of(value), &was, &format!("{} ({})", shown(value, unit), release(value.fact)))
}

/// Returns the age of a value on the as-of day, in words.
fn age(view: &View<'_>, value: &MetricValue<'_>) -> String {
    let days = value.window.latest.map(|latest| (view.clock().as_of - latest).num_days());
    wording::metrics::age(days, value.window.earliest == value.window.latest)
}

/// Smallest denominator that gives a share a trend: with fewer cases, it moves by chance.
const BASE: u64 = 20;

/// Returns the exact official values as small bars, and their change since the last series break.
///
/// Official values are not in the voice of the owner, a critic or second hand. `None` for fewer
/// than two values. Shares of fewer than [`BASE`] cases neither begin nor end a trend.
fn trend(view: &View<'_>, metric: &FactId, values: &[MetricValue<'_>], unit: &str) -> Option<String> {
    let exact = |v: &&MetricValue<'_>| !is_owners(v) && exactly(v, unit).is_some();
    let official: Vec<&MetricValue<'_>> = values.iter().filter(exact).collect();
    // Values measured in another way are not compared.
    let since = breaks(view, metric).iter().filter_map(|f| f.window().earliest).max();
    let is_alike = |v: &&&MetricValue<'_>| since.is_none_or(|day| v.window.earliest.is_some_and(|e| e >= day));
    let alike: Vec<&MetricValue<'_>> = official.iter().filter(is_alike).copied().collect();
    let mut bars = sparkline(&official.iter().filter_map(|v| v.in_unit(unit)).collect::<Vec<_>>());
    let before = official.len() - alike.len();
    if before > 0 && !alike.is_empty() {
        bars = bars.chars().take(before).chain(['|']).chain(bars.chars().skip(before)).collect();
    }
    let is_small = |v: &&&MetricValue<'_>| unit == "%" && v.out_of().is_some_and(|of| of < BASE);
    let (small, enough): (Vec<&MetricValue<'_>>, Vec<&MetricValue<'_>>) =
        alike.iter().copied().partition(|v| is_small(&v));
    let words = match (enough.as_slice(), small.first()) {
        ([first, .., last], _) => moved(first, last, unit),
        (_, Some(small)) => wording::metrics::too_small(&label_of(small), small.out_of().unwrap_or_default()),
        _ => wording::metrics::MEASURED_OTHERWISE.to_owned(),
    };
    (official.len() > 1).then(|| format!("{bars}  {words}"))
}

/// Returns the number of a value that is exact except for rounding.
fn exactly(value: &MetricValue<'_>, unit: &str) -> Option<Quantity> {
    let known = value.in_unit(unit)?;
    let high = known.high?;
    let is_rounding = high.value.ten_thousandths() - known.low.value.ten_thousandths() <= 1;
    if known.is_exact() { Some(known.low.value) } else { value.amount.value.filter(|_| is_rounding) }
}

/// Describes the change between two exact values.
fn moved(first: &MetricValue<'_>, last: &MetricValue<'_>, unit: &str) -> String {
    let (Some(from), Some(to)) = (exactly(first, unit), exactly(last, unit)) else {
        return wording::metrics::CHANGE_UNKNOWN.to_owned();
    };
    let since = match (first.out_of().and_then(Quantity::whole), last.out_of().and_then(Quantity::whole)) {
        (Some(then), Some(now)) if unit == "%" => wording::metrics::with_base(&label_of(first), then, now),
        _ => label_of(first),
    };
    wording::metrics::moved(from, to, unit, &since)
}

/// Returns the series breaks that bear on a metric.
fn breaks<'a>(view: &View<'a>, metric: &FactId) -> Vec<&'a Fact> {
    let Some(fact) = view.fact(metric) else { return Vec::new() };
    let broken = |f: &Fact| matches!(f.body, Body::Change { what: Change::SeriesBreak, .. });
    view.linked_as(&fact.id, LinkKind::BearsOn).map(|(f, _)| f).filter(|f| broken(f)).collect()
}

const NEIGHBOURS: usize = 5;

/// Compares the newest official percentage with those of the areas that contain the party, and of
/// parties of its kind with the nearest denominators.
///
/// Counts are not compared: a large area has more of everything.
fn comparison(
    view: &AllView<'_>,
    metric: &FactId,
    party: &FactId,
    values: &[MetricValue<'_>],
    unit: &str,
) -> Vec<Block> {
    let Some(own) = values.iter().rev().find(|v| !is_owners(v) && v.in_unit(unit).is_some()) else { return Vec::new() };
    let others = view.parties(metric).count();
    if unit != "%" {
        let alone = || Block::Text(wording::metrics::COUNTS_NOT_COMPARED.to_owned());
        return (others > 1).then(alone).into_iter().collect();
    }
    let at = |p: &FactId| -> Option<MetricValue<'_>> {
        series(view, metric, p)
            .into_iter()
            .rev()
            .find(|v| v.window == own.window && !is_owners(v) && v.in_unit(unit).is_some())
    };
    let bar = |p: &FactId, v: &MetricValue<'_>| Bar {
        label: view.name(p).to_owned(),
        value: v.in_unit(unit),
        shown: shown(v, unit),
        own: p == party,
        is_cut: false,
    };
    let mut bars = vec![bar(party, own)];
    let areas = wholes(view, own);
    let whose = |v: &MetricValue<'_>| v.fact.subjects().first().cloned();
    bars.extend(areas.iter().filter_map(|v| Some(bar(&whose(v)?, v))));
    let around: Vec<FactId> = areas.iter().filter_map(whose).collect();
    let size = own.out_of();
    let kind = party_kind(view, party);
    let mut near: Vec<(u64, &FactId, MetricValue<'_>)> = view
        .parties(metric)
        .filter(|p| *p != party && !around.contains(p) && party_kind(view, p) == kind)
        .filter_map(|p| {
            let value = at(p)?;
            Some((value.out_of()?.abs_diff(size?), p, value))
        })
        .collect();
    near.sort_by_key(|(apart, p, _)| (*apart, (*p).clone()));
    bars.extend(near.iter().take(NEIGHBOURS).map(|(_, p, v)| bar(p, v)));
    if bars.len() < 2 {
        return Vec::new();
    }
    let text = wording::metrics::order(near.len().min(NEIGHBOURS));
    let compared = [own.fact].into_iter().chain(areas.iter().map(|v| v.fact));
    let cites = cited(view, compared.chain(near.iter().take(NEIGHBOURS).map(|(_, _, v)| v.fact)));
    vec![Block::Chart(Chart {
        title: wording::metrics::compared(view.name(metric), view.name(party), &label_of(own)),
        text,
        bars,
        end: end_of(unit),
        lines: bodies::targets(view, metric, Some(party)),
        cites,
    })]
}

/// Returns the end of the scale of a unit: a share is drawn against the whole.
fn end_of(unit: &str) -> Option<Quantity> {
    if unit == "%" { Quantity::whole(100) } else { None }
}

fn party_kind(view: &View<'_>, party: &FactId) -> Option<PartyKind> {
    match view.fact(party)?.body {
        Body::Party { kind, .. } => Some(kind),
        _ => None,
    }
}

/// Returns the party's figures for metrics linked with this one in either direction: as a rule, the
/// owner's own way of counting.
fn beside(view: &View<'_>, metric: &FactId, party: &FactId) -> Vec<Block> {
    let Some(fact) = view.fact(metric) else { return Vec::new() };
    let from = view.linked_from(&fact.id).map(|(f, _)| f);
    let to = fact.links.iter().filter_map(|l| view.fact(&l.to));
    let related: BTreeSet<&FactId> = from.chain(to).filter(|f| f.kind() == Kind::Metric).map(|f| &f.id).collect();
    let mut items = Vec::new();
    for other in related {
        let unit = unit_of(view, other);
        let values = series(view, other, party);
        let details: Vec<String> = values.iter().map(|v| told(v, &unit)).collect();
        if !details.is_empty() {
            items.push(Item {
                id: other.to_string(),
                line: format!("{} ({other})", view.name(other)),
                details,
                ..Item::default()
            });
        }
    }
    if items.is_empty() {
        return Vec::new();
    }
    vec![Block::Text(wording::metrics::RELATED.to_owned()), Block::Items(items)]
}

/// Returns one value on a line, with its voice.
fn told(value: &MetricValue<'_>, unit: &str) -> String {
    let when = period(value).map_or_else(String::new, wording::date::when);
    let fact = value.fact;
    let place = fact.place.as_ref().map_or_else(String::new, |p| format!(", {p}"));
    // The numbers of an official figure are complete; for any other figure the wording matters.
    let words = if fact.voice == Some(Voice::Record) { String::new() } else { format!(": {}", fact.text) };
    format!("{when}{place}: {} ({}{}){words}", shown(value, unit), fact.id, voice_of(fact))
}

/// Returns other parties' figures for the metric if at most [`NEIGHBOURS`] parties have any:
/// figures that a body has set next to its own.
fn told_of_others(view: &View<'_>, metric: &FactId, party: &FactId, unit: &str) -> Vec<String> {
    let Some(others) = view.few_measured(metric, NEIGHBOURS + 1) else { return Vec::new() };
    let others: Vec<&FactId> = others.into_iter().filter(|p| *p != party).collect();
    if others.len() > NEIGHBOURS {
        return Vec::new();
    }
    let of = |p: &FactId| {
        series(view, metric, p).iter().map(|v| format!("{}: {}", view.name(p), told(v, unit))).collect::<Vec<_>>()
    };
    others.into_iter().flat_map(of).collect()
}

/// Returns the figures for an authority's briefing, with the facts behind them.
///
/// For each metric: the newest figure with its age and trend, the areas around it, and the owner's
/// own figures.
pub(crate) fn brief<'a>(view: &View<'a>, party: &FactId) -> Vec<(FactId, Item, Vec<&'a Fact>)> {
    let mut items = Vec::new();
    let measured = view.lookup(IndexTerm::Party(party)).filter_map(|fact| match &fact.body {
        Body::Measurement { metric, .. } => Some(metric),
        _ => None,
    });
    for metric in measured.collect::<BTreeSet<&FactId>>() {
        let values = series(view, metric, party);
        let Some(newest) = values.iter().rev().find(|v| !is_owners(v)).or(values.last()) else { continue };
        let unit = unit_of(view, metric);
        let mut details = vec![format!("{}; {}", told(newest, &unit), age(view, newest))];
        details.extend(trend(view, metric, &values, &unit).map(|words| wording::metrics::trend(&words)));
        let around: Vec<String> = wholes(view, newest)
            .iter()
            .filter(|v| unit == "%" && v.in_unit(&unit).is_some())
            .map(|v| format!("{} {}", parties(view, v.fact.subjects()), amount(v.amount)))
            .collect();
        if !around.is_empty() {
            details.push(wording::metrics::for_comparison(&around));
        }
        details.extend(values.iter().filter(|v| is_owners(v) && v.fact.id != newest.fact.id).map(|v| told(v, &unit)));
        details.extend(told_of_others(view, metric, party, &unit));
        details.extend(breaks(view, metric).iter().map(|f| wording::metrics::series_break_on(&occurred(f), &f.text)));
        if values.len() > 1 {
            details.push(wording::metrics::on_record(values.len(), metric));
        }
        let name = view.name(metric).to_owned();
        let facts = values.iter().map(|v| v.fact).collect();
        items.push((
            metric.clone(),
            Item { id: metric.to_string(), line: name, details, cites: cited(view, [newest.fact]), ..Item::default() },
            facts,
        ));
    }
    items
}

/// Returns the rows of a figure: values of older releases, then the current one with all its
/// releases.
fn rows(view: &View<'_>, metric: &FactId, party: &FactId, value: &MetricValue<'_>) -> Vec<Vec<Cell>> {
    let older = value.revised.iter().filter_map(|fact| MetricValue::of(fact));
    let older = older.map(|old| cells(view, metric, party, &old, Some(value.fact)));
    older.chain([cells(view, metric, party, value, None)]).collect()
}

columns!(COLUMNS, fn cells(view: &View<'_>, metric: &FactId, party: &FactId, value: &MetricValue<'_>, newer: Option<&Fact>) {
    "metric" => metric,
    "party" => named(view, [party]),
    "when" => period(value).map(ToString::to_string),
    "earliest" => value.window.earliest,
    "latest" => value.window.latest,
    "value" => amount(value.amount),
    "low" => bounds(value).map(|bounds| bounds.low.value),
    "high" => bounds(value).and_then(|bounds| bounds.high).map(|high| high.value),
    "numerator" => numerator(value),
    "denominator" => value.out_of(),
    "voice" => value.fact.voice.map(Voice::as_str),
    "id" => &value.fact.id,
    "sources" => sources(view, releases(value)),
    "cites" => cited(view, releases(value)),
    "revised-by" => newer.map(|newer| &newer.id),
});

/// Returns the bounds of a figure; `None` if it has no number.
fn bounds(value: &MetricValue<'_>) -> Option<Interval> {
    value.amount.value.map(|_| value.amount.interval())
}

const fn numerator(value: &MetricValue<'_>) -> Option<u64> {
    match value.fact.body {
        Body::Measurement { numerator, .. } => numerator,
        _ => None,
    }
}

/// Returns every release that gives this figure.
fn releases<'a>(value: &MetricValue<'a>) -> impl Iterator<Item = &'a Fact> {
    std::iter::once(value.fact).chain(value.again.iter().copied())
}
