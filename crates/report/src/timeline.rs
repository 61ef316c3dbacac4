//! What happened when, by any of the three clocks.

use crate::words::{amount, count};
use crate::{Basis, Block, Cell, Document, Item, Section, Table, Tone, pledges::text_of};
use chrono::NaiveDate;
use heldto_fact::{Fact, FactId, Kind, Salience, Truth, Voice, When, Window};
use heldto_replay::{Cluster, View};

/// Which clock orders the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// When it happened.
    #[default]
    Occurred,
    /// When the public could first know it.
    Published,
    /// When the ledger took it in.
    Recorded,
}

/// Which facts to show.
#[derive(Debug, Clone, Default)]
pub struct TimelineFilter {
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
    pub since: Option<NaiveDate>,
    /// On or before this day.
    pub until: Option<NaiveDate>,
    /// Holding these words, whatever the case.
    pub text: Option<String>,
    /// Show facts about an identifiable child or family too.
    pub sensitive: bool,
    /// By which clock.
    pub order: Order,
    /// Only count.
    pub count: bool,
}

struct Line<'a> {
    fact: &'a Fact,
    window: Window,
    certain: bool,
}

/// The facts that match, in order of time. What has a vague day may only possibly match `since` and `until`, and says so.
#[must_use]
pub fn timeline(view: &View<'_>, filter: &TimelineFilter, basis: Basis) -> Document {
    let declares =
        |f: &Fact| matches!(f.kind(), Kind::Party | Kind::Source | Kind::Metric) && !filter.kind.contains(&f.kind());
    let matching = view.facts().filter(|f| !declares(f) && matches(view, f, filter));
    let mut lines: Vec<Line<'_>> = matching.filter_map(|fact| placed(view, fact, filter)).collect();
    let hidden = lines.iter().filter(|l| l.fact.sensitive && !filter.sensitive).count();
    lines.retain(|l| filter.sensitive || !l.fact.sensitive);
    lines.sort_by_key(|l| (l.window.latest.or(l.window.earliest), l.window.earliest, l.fact.id.clone()));
    let mut data = Table::new(&[
        "id", "kind", "when", "earliest", "latest", "match", "text", "by", "about", "voice", "amounts", "sources",
    ]);
    data.rows.extend(lines.iter().map(|l| row(l)));
    let possible = lines.iter().filter(|l| !l.certain).count();
    let things = Cluster::each(view, lines.iter().map(|l| &l.fact.id)).len();
    let mut summary = vec![format!(
        "{}, telling of {}.",
        count(lines.len(), "fact", "facts"),
        count(things, "distinct thing", "distinct things")
    )];
    if possible > 0 {
        summary.push(format!("{possible} match only possibly: their day is not known well enough."));
    }
    if hidden > 0 {
        let is = if hidden == 1 { "is" } else { "are" };
        summary.push(format!(
            "{} about a child or a family {is} not shown; --sensitive shows them.",
            count(hidden, "fact", "facts")
        ));
    }
    let sections = if filter.count { vec![counts(view, &lines)] } else { vec![list(lines)] };
    Document { title: "Timeline".to_owned(), basis, summary, sections, data }
}

fn matches(view: &View<'_>, fact: &Fact, filter: &TimelineFilter) -> bool {
    let names = |p: &FactId| {
        fact.by.contains(p) || fact.about.contains(p) || fact.to.contains(p) || fact.reporter.as_ref() == Some(p)
    };
    let linked = |id: &FactId| {
        fact.links.iter().any(|l| l.to == *id) || view.fact(id).is_some_and(|f| f.links.iter().any(|l| l.to == fact.id))
    };
    let holds = |words: &str| {
        let words = words.to_lowercase();
        [Some(&fact.text), fact.note.as_ref(), fact.place.as_ref()]
            .into_iter()
            .flatten()
            .any(|t| t.to_lowercase().contains(&words))
    };
    filter.about.as_ref().is_none_or(names)
        && filter.by.as_ref().is_none_or(|p| fact.by.contains(p))
        && (filter.kind.is_empty() || filter.kind.contains(&fact.kind()))
        && filter.voice.is_none_or(|v| fact.voice == Some(v))
        && filter.salience.is_none_or(|s| fact.salience == s)
        && filter.linked.as_ref().is_none_or(linked)
        && filter.source.as_ref().is_none_or(|s| fact.cites.iter().any(|c| c.source == *s))
        && filter.text.as_deref().is_none_or(holds)
}

/// The fact at its place by the clock asked for; `None` where it certainly lies outside the days asked for, or after the as-of day.
fn placed<'a>(view: &View<'a>, fact: &'a Fact, filter: &TimelineFilter) -> Option<Line<'a>> {
    let day = |d: Option<NaiveDate>| d.map_or(Window::ANY, Window::day);
    let window = match filter.order {
        Order::Occurred => fact.window(),
        Order::Published => day(view.fact_known_from(&fact.id)),
        Order::Recorded => day(view.version(&fact.id).map(|v| v.recorded_at.date_naive())),
    };
    if filter.order == Order::Occurred && window.earliest.is_some_and(|e| e > view.clock().as_of) {
        return None;
    }
    let until = filter.until.map_or(Truth::Yes, |d| window.by(d));
    let since = match filter.since.and_then(|d| d.pred_opt()) {
        None => Truth::Yes,
        Some(day_before) => match window.by(day_before) {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            Truth::CannotTell => Truth::CannotTell,
        },
    };
    match (since, until) {
        (Truth::No, _) | (_, Truth::No) => None,
        (Truth::Yes, Truth::Yes) => Some(Line { fact, window, certain: true }),
        _ => Some(Line { fact, window, certain: false }),
    }
}

fn list(lines: Vec<Line<'_>>) -> Section {
    let items = lines.into_iter().map(|l| {
        let when = l
            .fact
            .occurred
            .as_ref()
            .or(l.fact.period.as_ref())
            .map_or_else(|| "date unknown".to_owned(), When::in_words);
        let amounts: Vec<String> = l.fact.amounts.iter().map(amount).collect();
        let sure = if l.certain { String::new() } else { " · possible match".to_owned() };
        let amounts = if amounts.is_empty() { String::new() } else { format!(" · {}", amounts.join(", ")) };
        let voice = l.fact.voice.map_or_else(String::new, |v| format!(" · {v}"));
        Item {
            mark: when,
            line: l.fact.text.clone(),
            details: vec![format!("{} · {}{voice}{amounts}{sure}", l.fact.id, l.fact.kind())],
        }
    });
    Section { heading: "By date".to_owned(), tone: Tone::Plain, blocks: vec![Block::Items(items.collect())] }
}

fn counts(view: &View<'_>, lines: &[Line<'_>]) -> Section {
    let pairs = Kind::ALL.iter().filter_map(|kind| {
        let of: Vec<&FactId> = lines.iter().filter(|l| l.fact.kind() == *kind).map(|l| &l.fact.id).collect();
        let things = Cluster::each(view, of.iter().copied()).len();
        (!of.is_empty()).then(|| {
            (
                kind.word().to_owned(),
                format!("{}, {}", count(of.len(), "telling", "tellings"), count(things, "thing", "things")),
            )
        })
    });
    Section { heading: "By kind".to_owned(), tone: Tone::Plain, blocks: vec![Block::Pairs(pairs.collect())] }
}

fn row(line: &Line<'_>) -> Vec<Cell> {
    let fact = line.fact;
    let ids = |ids: &[FactId]| Cell::Words(ids.iter().map(ToString::to_string).collect());
    vec![
        fact.id.as_str().into(),
        fact.kind().word().into(),
        fact.occurred.as_ref().or(fact.period.as_ref()).map_or_else(String::new, ToString::to_string).into(),
        line.window.earliest.into(),
        line.window.latest.into(),
        if line.certain { "certain" } else { "possible" }.into(),
        text_of(fact, true).into(),
        ids(&fact.by),
        ids(&fact.about),
        fact.voice.map_or("", Voice::word).into(),
        Cell::Words(fact.amounts.iter().map(amount).collect()),
        Cell::Words(fact.cites.iter().map(|c| format!("{} {}", c.source, c.at)).collect()),
    ]
}
