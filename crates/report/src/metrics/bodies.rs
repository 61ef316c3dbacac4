//! Compares all bodies by their figures for one metric and one period, with the commitments that
//! are judged by it. Knows no series over time. Start at [`bodies`].

use super::{end_of, is_owners, label_of, shown, unit_of};
use crate::fact_line::{cited, named, sources};
use crate::pledges::{PledgeFilter, item, judged, terms};
use crate::wording::{self, amount};
use crate::{Bar, Block, Chart, ChartLine, Document, FactFilter, Item, ReportBasis, Section, Selection, Tone, columns};
use heldto_fact::{Fact, FactId, Kind, Target, Threshold};
use heldto_replay::{AllView, MetricValue, View, series};

/// Returns the figures of all bodies for the newest period of a metric, and the commitments that
/// are judged by the metric; `None` if fewer than two bodies have a share in it.
///
/// Counts are not compared: a large area has more of everything.
#[must_use]
pub fn bodies(all: &AllView<'_>, metric: &FactId, basis: ReportBasis) -> Option<Document> {
    let view: &View<'_> = all;
    let unit = unit_of(view, metric);
    if unit != "%" {
        return None;
    }
    let figures = |party: &FactId| {
        let is_counted = |v: &MetricValue<'_>| !is_owners(v) && v.in_unit(&unit).is_some();
        series(view, metric, party).into_iter().filter(is_counted).collect::<Vec<_>>()
    };
    let mut of_all: Vec<(&FactId, Vec<MetricValue<'_>>)> = all.parties(metric).map(|p| (p, figures(p))).collect();
    of_all.retain(|(_, values)| !values.is_empty());
    let newest =
        of_all.iter().flat_map(|(_, values)| values).map(|v| v.window).max_by_key(|w| (w.latest, w.earliest))?;
    let mut compared: Vec<(&str, &FactId, &MetricValue<'_>)> = Vec::new();
    for (party, values) in &of_all {
        let of_period = values.iter().rev().find(|v| v.window == newest);
        compared.extend(of_period.map(|value| (view.name(party), *party, value)));
    }
    compared.sort_by_key(|(name, party, _)| (*name, *party));
    let (_, _, first) = compared.first().filter(|_| compared.len() > 1)?;
    let bar = |(name, _, value): &(&str, &FactId, &MetricValue<'_>)| Bar {
        label: (*name).to_owned(),
        value: value.in_unit(&unit),
        shown: shown(value, &unit),
        own: false,
        is_cut: false,
    };
    let title = wording::metrics::of_bodies(view.name(metric), &label_of(first));
    let mut document = Document::new(title.clone(), basis, COLUMNS);
    document.summary.push(wording::metrics::number_of_bodies(compared.len(), of_all.len() - compared.len()));
    document.data.rows = compared.iter().map(|(_, party, value)| cells(view, party, value, &unit)).collect();
    let chart = Chart {
        title,
        text: wording::metrics::NO_RANKING.to_owned(),
        bars: compared.iter().map(bar).collect(),
        end: end_of(&unit),
        lines: targets(all, metric, None),
        cites: cited(view, compared.iter().map(|(_, _, value)| value.fact)),
    };
    let facts = FactFilter::default();
    let filter = PledgeFilter::default();
    let judged = Selection::of(*view, &facts).map(|selection| judged(&selection, &filter)).unwrap_or_default();
    let by_it = judged.iter().filter(|j| j.mentions.iter().any(|fact| threshold(fact, metric).is_some()));
    let items = by_it.map(|j| Item { mark: j.status.to_string(), ..item(view, j) }).collect();
    document.list(wording::metrics::JUDGED_BY_IT, Tone::Plain, items);
    document.sections.push(Section::plain(wording::metrics::BODIES, vec![Block::Chart(chart)]));
    Some(document)
}

/// Returns the metrics with the newest figures of a few bodies each; of one metric, if `only` names
/// it, the newest figure of every body.
#[must_use]
pub fn newest(all: &AllView<'_>, only: Option<&FactId>, basis: ReportBasis) -> Document {
    let view: &View<'_> = all;
    let mut document = Document::new(wording::metrics::title(None), basis, COLUMNS);
    let mut of_all = Vec::new();
    for metric in all.measured().filter(|metric| only.is_none_or(|only| only == *metric)) {
        let unit = unit_of(view, metric);
        let newest = |party| Some((view.name(party), party, series(view, metric, party).pop()?));
        let mut found: Vec<(&str, &FactId, MetricValue<'_>)> = all.parties(metric).filter_map(newest).collect();
        found.sort_by_key(|(name, party, _)| (*name, (*party).clone()));
        document.data.rows.extend(found.iter().map(|(_, party, value)| cells(view, party, value, &unit)));
        let line = |(name, _, value): &(&str, &FactId, MetricValue<'_>)| {
            wording::metrics::newest(name, &label_of(value), &shown(value, &unit))
        };
        if only.is_some() {
            let own = found.iter().map(|of| Item {
                id: of.2.fact.id.to_string(),
                mark: label_of(&of.2),
                line: of.0.to_owned(),
                details: vec![shown(&of.2, &unit)],
                cites: cited(view, [of.2.fact]),
            });
            document.list(wording::metrics::NEWEST, Tone::Plain, own.collect());
        } else if !found.is_empty() {
            let rest = found.len().saturating_sub(FEW);
            let details =
                found.iter().take(FEW).map(line).chain((rest > 0).then(|| wording::metrics::more_bodies(rest)));
            let name = view.name(metric).to_owned();
            of_all.push(Item { id: metric.to_string(), line: name, details: details.collect(), ..Item::default() });
        }
    }
    document.list(wording::metrics::NEWEST, Tone::Plain, of_all);
    document
}

/// Number of bodies shown of each metric in the list of all.
const FEW: usize = 3;

/// Returns the targets of the commitments that are judged by a metric, each once, as lines: of all
/// commitments, or of those of one party.
pub(super) fn targets(all: &AllView<'_>, metric: &FactId, party: Option<&FactId>) -> Vec<ChartLine> {
    let pledges = all.of_kind(Kind::Pledge).filter_map(|id| all.fact(id));
    let owned = pledges.filter(|fact| party.is_none_or(|party| fact.by.contains(party)));
    let line = |fact: &Fact| {
        let threshold = threshold(fact, metric)?;
        let (Threshold::AtLeast(goal) | Threshold::AtMost(goal)) = threshold;
        let at = goal.value.filter(|_| goal.unit.to_string() == unit_of(all, metric))?;
        Some(ChartLine { at, label: wording::metrics::target(threshold, &amount(goal)) })
    };
    let mut lines: Vec<ChartLine> = owned.filter_map(line).collect();
    lines.sort_by(|a, b| (a.at, &a.label).cmp(&(b.at, &b.label)));
    lines.dedup();
    lines
}

fn threshold<'f>(fact: &'f Fact, metric: &FactId) -> Option<&'f Threshold> {
    match &terms(fact)?.target {
        Some(Target::Metric { metric: of, threshold, .. }) if of == metric => Some(threshold),
        _ => None,
    }
}

columns!(COLUMNS, fn cells(view: &View<'_>, party: &FactId, value: &MetricValue<'_>, unit: &str) {
    "party" => named(view, [party]),
    "id" => &value.fact.id,
    "when" => label_of(value),
    "low" => value.in_unit(unit).map(|v| v.low.value),
    "high" => value.in_unit(unit).and_then(|v| v.high).map(|high| high.value),
    "shown" => shown(value, unit),
    "sources" => sources(view, [value.fact]),
    "cites" => cited(view, [value.fact]),
});
