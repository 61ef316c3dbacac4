//! Lists facts in order of time, by any of the three clocks. Knows no judgements. Start at
//! [`timeline`].

use crate::amended::{self, Amendment, amendments};
use crate::fact_line::{amounts, bodies, cited, date, ids_of, named, recorded_when, sources, when};
use crate::wording::{self, names};
use crate::{Block, Cell, Document, Event, FactFilter, Item, ReportBasis, Section, Selection, Tone, columns, day};
use chrono::NaiveDate;
use heldto_fact::{Fact, FactId, Kind, Truth, Version, Voice, Window};
use heldto_replay::{Cluster, View};
use std::collections::{BTreeMap, BTreeSet};

/// The clock that orders the timeline and that `since` and `until` refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortOrder {
    /// Time of the event.
    #[default]
    Occurred,
    /// Day from which the public could know the fact.
    Published,
    /// Day of recording.
    Recorded,
}

struct Line<'a> {
    fact: &'a Fact,
    window: Window,
    certain: bool,
}

/// Returns the matching facts in order of time, or only their number by kind.
///
/// A fact with a vague day may match `since` and `until` only possibly; such facts are listed
/// apart.
#[must_use]
pub fn timeline(selection: &Selection<'_, '_>, order: SortOrder, only_count: bool, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let filter = selection.filter();
    let declares =
        |kind: Kind| matches!(kind, Kind::Party | Kind::Source | Kind::Metric) && !filter.kind.contains(&kind);
    let candidates = selection.candidate_facts(&|summary| !declares(summary.kind));
    let matching = candidates.filter(|f| !declares(f.kind()) && filter.matches(view, f));
    let mut lines: Vec<Line<'_>> = matching.filter_map(|fact| placed(view, fact, filter, order)).collect();
    lines.sort_by_key(|l| (l.window.latest.or(l.window.earliest), l.window.earliest, l.fact.id.clone()));
    let mut document = Document::new(wording::timeline::TITLE, basis, COLUMNS);
    let row = |line: &Line<'_>| cells(view, &line.fact.id, line.fact.kind(), &line.fact.text, line.window, Some(line));
    document.data.rows.extend(lines.iter().map(row));
    document.feed = Some(document.title.clone());
    document.events = lines.iter().filter_map(event).collect();
    // Corrections and retractions of matching facts, if their kind is requested.
    let wanted =
        |v: &Version| filter.kind.contains(if v.fact.is_some() { &Kind::Correction } else { &Kind::Retraction });
    let amended = amendments(selection, wanted);
    let recorded = |a: &Amendment<'_>| Window::day(a.version.recorded_at.date_naive());
    document.data.rows.extend(amended.iter().map(|a| cells(view, a.of, a.kind, &a.reason, recorded(a), None)));
    let things = Cluster::each(view, lines.iter().map(|l| l.fact)).len();
    document.asked = filter.describe();
    document.summary.extend(document.asked.iter().map(|words| wording::filter::only_facts(words)));
    if lines.is_empty() && amended.is_empty() {
        let matching = |relaxed: &Selection<'_, '_>| {
            let f = relaxed.filter();
            let candidates = relaxed.candidate_facts(&|summary| !declares(summary.kind));
            candidates
                .filter(|x| !declares(x.kind()) && f.matches(view, x))
                .filter_map(|x| placed(view, x, f, order))
                .count()
        };
        document.summary.extend(selection.nearly(matching));
    }
    let cited: BTreeSet<&FactId> = lines.iter().flat_map(|l| l.fact.cites.iter().map(|c| &c.source)).collect();
    document.summary.push(if lines.is_empty() {
        wording::timeline::NONE.to_owned()
    } else {
        wording::timeline::summary(lines.len(), things, cited.len())
    });
    if !amended.is_empty() {
        document.summary.push(wording::timeline::amendments(amended.len()));
    }
    if only_count {
        document.sections.push(counts(view, &lines));
        return document;
    }
    let heading = match order {
        SortOrder::Occurred => wording::timeline::BY_EVENT,
        SortOrder::Published => wording::timeline::BY_PUBLICATION,
        SortOrder::Recorded => wording::timeline::BY_RECORDING,
    };
    let (certain, possible): (Vec<_>, Vec<_>) = lines.into_iter().partition(|l| l.certain);
    let items =
        |lines: Vec<Line<'_>>| folded(view, lines).iter().map(|group| item(view, group, order)).collect::<Vec<_>>();
    document.list(heading, Tone::Plain, items(certain));
    document.list(wording::timeline::POSSIBLE, Tone::Warning, items(possible));
    document.list(wording::timeline::AMENDMENTS, Tone::Plain, amended.iter().map(amended::item).collect());
    document
}

/// Returns the fact with its window by the chosen clock; `None` if certainly outside the requested
/// days, or after the as-of day.
fn placed<'a>(view: &View<'a>, fact: &'a Fact, filter: &FactFilter, order: SortOrder) -> Option<Line<'a>> {
    let on = |d: Option<NaiveDate>| d.map_or(Window::ANY, Window::day);
    let window = match order {
        SortOrder::Occurred => fact.window(),
        SortOrder::Published => on(view.fact_known_from(&fact.id)),
        SortOrder::Recorded => on(view.version(&fact.id).map(|v| v.recorded_at.date_naive())),
    };
    if order == SortOrder::Occurred && window.earliest.is_some_and(|e| e > view.clock().as_of) {
        return None;
    }
    match filter.in_range(window) {
        Truth::No => None,
        sure => Some(Line { fact, window, certain: sure == Truth::Yes }),
    }
}

/// Groups the lines by cluster, each group at the place of its first line.
fn folded<'a>(view: &View<'a>, lines: Vec<Line<'a>>) -> Vec<Vec<Line<'a>>> {
    let clusters = Cluster::each(view, lines.iter().map(|l| l.fact));
    let of: BTreeMap<&FactId, usize> =
        clusters.iter().enumerate().flat_map(|(n, c)| c.mentions.iter().map(move |t| (&t.id, n))).collect();
    let mut places = BTreeMap::new();
    let mut groups = Vec::<Vec<Line<'a>>>::new();
    for line in lines {
        let place = *places.entry(of.get(&line.fact.id).copied()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(same) => same.push(line),
            None => groups.push(vec![line]),
        }
    }
    groups
}

/// Returns the names of the speakers, or of the reporter if no speaker is named.
fn speakers(view: &View<'_>, fact: &Fact) -> String {
    let who = if fact.by.is_empty() { fact.reporter.as_slice() } else { &fact.by };
    if who.is_empty() { String::new() } else { format!(" · {}", names(view, who)) }
}

fn item(view: &View<'_>, told: &[Line<'_>], order: SortOrder) -> Item {
    let line = &told[0];
    let fact = line.fact;
    let when = date(fact).map_or_else(|| wording::date::UNKNOWN.to_owned(), wording::date::when);
    let amounts = amounts(fact);
    let amounts = if amounts.is_empty() { String::new() } else { format!(" · {}", amounts.join(", ")) };
    // The period that the fact is about, if it differs from the time of the event.
    let about = fact.period.as_ref().filter(|_| fact.occurred.is_some() && fact.occurred != fact.period);
    let about = about.map_or_else(String::new, |period| format!(" · {}", wording::timeline::for_period(period)));
    let voice = fact.voice.map_or_else(String::new, |v| format!(" · {v}"));
    // By the other clocks, the day that determines the place comes first.
    let (mark, happened) = match (order, line.window.latest) {
        (SortOrder::Occurred, _) | (_, None) => (when, String::new()),
        (_, Some(placed)) => (day(placed), format!(" · {}", wording::timeline::happened(&when))),
    };
    let (bodies, who) = (bodies(view, fact), speakers(view, fact));
    let mut details = vec![format!("{} · {}{bodies}{who}{voice}{amounts}{about}{happened}", fact.id, fact.kind())];
    if let [_, again @ ..] = told
        && !again.is_empty()
    {
        details.push(wording::fact_line::recorded_again(told.len(), &ids_of(again.iter().map(|l| l.fact))));
    }
    let cites = cited(view, told.iter().map(|line| line.fact));
    Item { id: fact.id.to_string(), mark, line: fact.text.clone(), details, cites }
}

fn counts(view: &View<'_>, lines: &[Line<'_>]) -> Section {
    let pairs = Kind::ALL.iter().filter_map(|kind| {
        let of: Vec<&Fact> = lines.iter().filter(|l| l.fact.kind() == *kind).map(|l| l.fact).collect();
        let things = Cluster::each(view, of.iter().copied()).len();
        (!of.is_empty()).then(|| (kind.as_str().to_owned(), wording::timeline::of_kind(of.len(), things)))
    });
    Section::plain(wording::timeline::BY_KIND, vec![Block::Pairs(pairs.collect())])
}

fn event(line: &Line<'_>) -> Option<Event> {
    let fact = line.fact;
    let text = format!("{} · {} · {}", fact.id, fact.kind(), when(fact));
    Some(Event { id: fact.id.to_string(), day: line.window.latest?, title: fact.text.clone(), text })
}

columns!(COLUMNS, fn cells(view: &View<'_>, id: &FactId, kind: Kind, text: &str, window: Window, line: Option<&Line<'_>>) {
    "id" => id,
    "kind" => kind.as_str(),
    "when" => line.map_or_else(|| Cell::from(window.earliest), |line| recorded_when(line.fact).into()),
    "earliest" => window.earliest,
    "latest" => window.latest,
    "match" => if line.is_none_or(|line| line.certain) { "certain" } else { "possible" },
    "text" => text,
    "by" => line.map(|line| named(view, &line.fact.by)),
    "about" => line.map(|line| named(view, &line.fact.about)),
    "voice" => line.and_then(|line| line.fact.voice).map(Voice::as_str),
    "amounts" => line.map(|line| amounts(line.fact)),
    "sources" => line.map(|line| sources(view, [line.fact])),
    "cites" => line.map(|line| cited(view, [line.fact])),
});
