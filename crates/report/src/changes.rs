//! Compares two views of a ledger and lists the differences: the press note. Knows no log, only
//! views. Start at [`changes`].

use crate::amended::{self, amendments};
use crate::fact_line::{bodies, cited, ids, public_by};
use crate::pledges::{PledgeFilter, judged};
use crate::wording::changes::Differences;
use crate::wording::{self, judgement, voice_of};
use crate::{Document, Event, Item, ReportBasis, Selection, Tone, columns};
use chrono::NaiveDate;
use heldto_fact::{Fact, FactId, Kind, Salience, Version};
use heldto_replay::{AllView, Cluster, Grade, Judgement, Status, View, judge_each};
use std::collections::BTreeSet;

/// Returns the differences between two views, each with the entry or the day that explains it.
///
/// `since` describes the earlier view in words.
#[must_use]
pub fn changes(
    earlier: &Selection<'_, '_>,
    later: &Selection<'_, '_>,
    filter: &PledgeFilter,
    since: &str,
    basis: ReportBasis,
) -> Document {
    let before = &earlier.view();
    let after = &later.view();
    let mut document = Document::new(wording::changes::title(since), basis, COLUMNS);
    // The feed goes on, from whatever day it is read.
    document.feed = Some(wording::changes::TITLE.to_owned());
    document.asked = filter.describe();
    document.summary.extend(filter.facts.describe().map(|words| wording::filter::only_facts(&words)));
    let moved: Vec<Moved<'_>> = judged(later, filter).into_iter().filter_map(|j| moved(before, after, j)).collect();
    let (new, changed): (Vec<_>, Vec<_>) = moved.into_iter().partition(|m| m.before.0 == Status::NotYetKnown);
    // A new mention of a known event is not news.
    let new_told = new_facts(before, later);
    let mut told_again: BTreeSet<&FactId> = BTreeSet::new();
    for cluster in Cluster::each(after, new_told.iter().copied()) {
        let mut known = cluster.mentions.iter().filter(|t| before.fact(&t.id).is_some()).map(|t| &t.id);
        match (known.next(), known.next()) {
            (None, _) => {}
            // The only mention that was known is not a repetition.
            (Some(only), None) => told_again.extend(cluster.mentions.iter().map(|t| &t.id).filter(|id| *id != only)),
            _ => told_again.extend(cluster.mentions.iter().map(|t| &t.id)),
        }
    }
    let known = |f: &&Fact| told_again.contains(&f.id);
    let (again, facts): (Vec<&Fact>, Vec<&Fact>) = new_told.into_iter().partition(known);
    // Compared with an earlier day, the log is the same: entries recorded after that day are new.
    let from = before.size();
    let day = before.clock().as_of;
    let is_new = |v: &Version| v.index >= from || (from == after.size() && v.recorded_at.date_naive() > day);
    let amended = amendments(later, is_new);
    let gone: Vec<Judgement<'_>> = judged(earlier, filter)
        .into_iter()
        .filter(|j| j.mentions.iter().all(|t| after.fact(&t.id).is_none()))
        .collect();
    document.summary.push(wording::changes::summary(&Differences {
        changed: changed.len(),
        new: new.len(),
        facts: facts.len(),
        again: again.len(),
        amended: amended.len(),
    }));
    let is_figure = |f: &&Fact| f.kind() == Kind::Measurement && before.fact(&f.id).is_none();
    let figures = later.facts(&|summary| summary.kind == Kind::Measurement).filter(is_figure).count();
    if figures > 0 {
        document.summary.push(wording::changes::figures(figures));
    }
    for m in changed.iter().chain(&new) {
        let fact = m.after.mentions[0];
        document.data.rows.push(cells("commitment", &fact.id, &fact.text, Some(m), m.day));
        document.events.extend(m.day.map(|day| Event {
            id: fact.id.to_string(),
            day,
            title: format!("{}: {}", m.after.status, fact.text.clone()),
            text: m.because.clone(),
        }));
    }
    for a in &amended {
        let recorded = a.version.recorded_at.date_naive();
        document.data.rows.push(cells(a.kind.as_str(), a.of, &a.reason, None, Some(recorded)));
        document.events.push(Event {
            id: format!("{}.{}", a.of, a.version.index),
            day: recorded,
            title: wording::amended::amendment(a.kind, a.of),
            text: a.reason.clone(),
        });
    }
    for fact in &facts {
        let known = after.fact_known_from(&fact.id);
        document.data.rows.push(cells(fact.kind().as_str(), &fact.id, &fact.text, None, known));
        document.events.extend(known.map(|day| Event {
            id: fact.id.to_string(),
            day,
            title: fact.text.clone(),
            text: format!("{} · {}", fact.id, fact.kind()),
        }));
    }
    document.list(wording::changes::CHANGED, Tone::Warning, changed.iter().map(|m| item(after, m)).collect());
    document.list(wording::changes::NEW, Tone::Plain, new.iter().map(|m| item(after, m)).collect());
    let (core, other): (Vec<&Fact>, Vec<&Fact>) = facts.iter().partition(|f| f.salience == Salience::Core);
    document.list(wording::changes::CORE, Tone::Plain, core.iter().map(|f| fact_item(after, f)).collect());
    document.list(wording::changes::OTHER, Tone::Plain, other.iter().map(|f| fact_item(after, f)).collect());
    let again = again.iter().map(|f| fact_item(after, f)).collect();
    document.list(wording::changes::AGAIN, Tone::Plain, again);
    let lost = gone.iter().map(|j| Item { mark: wording::changes::was(j.status), ..crate::pledges::item(before, j) });
    document.list(wording::changes::LOST, Tone::Warning, lost.collect());
    document.list(wording::changes::AMENDED, Tone::Warning, amended.iter().map(amended::item).collect());
    document
}

/// Returns a line for each commitment whose status or evidence differs between two views of one
/// day: those known before first, at most `most` in all. More than three new ones are one line.
#[must_use]
pub fn turned(before: &AllView<'_>, after: &AllView<'_>, most: usize) -> Vec<String> {
    let filter = PledgeFilter::default();
    let Some(later) = Selection::of(**after, &filter.facts) else { return Vec::new() };
    let moved = judged(&later, &filter).into_iter().filter_map(|j| moved(before, after, j));
    let (new, changed): (Vec<_>, Vec<_>) = moved.partition(|m| m.before.0 == Status::NotYetKnown);
    let line = |m: &Moved<'_>| {
        let of = &m.after.mentions[0].id;
        wording::changes::turned(of, (known(m.before.0).is_some(), &mark(m)), &m.after)
    };
    let new = if new.len() > FEW {
        let number = |status: &Status| (*status, new.iter().filter(|m| m.after.status == *status).count());
        vec![wording::changes::new(new.len(), Status::ALL.iter().map(number))]
    } else {
        new.iter().map(line).collect()
    };
    changed.iter().map(line).chain(new).take(most).collect()
}

/// Maximum number of new commitments that [`turned`] lists one by one.
const FEW: usize = 3;

struct Moved<'a> {
    before: (Status, Grade),
    after: Judgement<'a>,
    because: String,
    /// Day from which the public could know the cause; for a correction or retraction, the day of
    /// recording; if only time has passed, the as-of day.
    day: Option<NaiveDate>,
}

columns!(COLUMNS, fn cells(what: &str, id: &FactId, text: &str, moved: Option<&Moved<'_>>, day: Option<NaiveDate>) {
    "what" => what,
    "id" => id,
    "text" => text,
    "before" => moved.and_then(|m| known(m.before.0)),
    "after" => moved.and_then(|m| known(m.after.status)),
    "because" => moved.map(|m| m.because.as_str()),
    "day" => day,
});

/// Returns the word of a status; `None` if the commitment was not yet known.
fn known(status: Status) -> Option<&'static str> {
    (status != Status::NotYetKnown).then(|| status.as_str())
}

fn moved<'a>(before: &View<'_>, after: &View<'a>, j: Judgement<'a>) -> Option<Moved<'a>> {
    // A commitment was known if any of its mentions was.
    let is_same = |e: &Judgement<'_>| e.status != Status::NotYetKnown && e.addressee == j.addressee;
    let known = |t: &&Fact| judge_each(before, &t.id).into_iter().find(is_same);
    let earlier = j.mentions.iter().find_map(known);
    let was = earlier.as_ref().map_or(Status::NotYetKnown, |e| e.status);
    let graded = earlier.as_ref().map_or(Grade::None, |e| e.grade);
    if (was, graded) == (j.status, j.grade) {
        return None;
    }
    let is_new = |fact: &Fact| {
        let version = after.version(&fact.id);
        before.version(&fact.id).map(|v| v.index) != version.map(|v| v.index)
    };
    let facts = || j.mentions.iter().copied().chain(j.reasons.iter().map(|r| r.fact));
    let new: Vec<&Fact> = facts().filter(|f| is_new(f)).collect();
    // Earlier evidence that was retracted or corrected since.
    let rested = earlier.iter().flat_map(|e| e.reasons.iter().map(|r| r.fact).chain(e.mentions.iter().copied()));
    let gone = rested.filter(|f| is_new(f)).find_map(|f| Some((f, after.version(&f.id)?)));
    let newest = new.iter().filter_map(|f| after.fact_known_from(&f.id)).max();
    let (because, day) = match (new.as_slice(), gone) {
        ([], Some((fact, now))) => {
            let because = wording::changes::amended(&fact.id, now.fact.is_some(), now.index, &j);
            (because, Some(now.recorded_at.date_naive()))
        }
        ([], None) => (wording::changes::time_passed(&j), Some(after.clock().as_of)),
        (facts, _) => {
            let entries: Vec<String> = facts.iter().map(|f| entry(after, f)).collect();
            (format!("{}. {}", entries.join(", "), judgement::finding(&j)), newest)
        }
    };
    Some(Moved { before: (was, graded), because, day, after: j })
}

fn entry(view: &View<'_>, fact: &Fact) -> String {
    view.version(&fact.id).map_or_else(|| fact.id.to_string(), |v| wording::changes::in_entry(&fact.id, v.index))
}

/// Returns the facts known now and not before, except pledges, measurements, parties, sources and
/// metrics.
fn new_facts<'a>(before: &View<'_>, later: &Selection<'a, '_>) -> Vec<&'a Fact> {
    let after = later.view();
    let matches =
        |kind: Kind| !matches!(kind, Kind::Party | Kind::Source | Kind::Metric | Kind::Pledge | Kind::Measurement);
    let is_new = |f: &&Fact| matches(f.kind()) && before.fact(&f.id).is_none();
    let mut new: Vec<&'a Fact> = later.facts(&|summary| matches(summary.kind)).filter(is_new).collect();
    new.sort_by_key(|f| (after.fact_known_from(&f.id), f.id.clone()));
    new
}

/// Returns the status, or what it turned into.
fn mark(m: &Moved<'_>) -> String {
    let (was, graded) = m.before;
    match was {
        Status::NotYetKnown => m.after.status.to_string(),
        same if same == m.after.status => format!("{same}, {graded} → {}", m.after.grade),
        other => format!("{other} → {}", m.after.status),
    }
}

fn item(view: &View<'_>, m: &Moved<'_>) -> Item {
    let fact = m.after.mentions[0];
    let mark = mark(m);
    let mut details = vec![format!("{} · {}", fact.id, wording::fact_line::by(&ids(&fact.by).join(", ")))];
    details.extend((m.before.0 != Status::NotYetKnown).then(|| wording::changes::because(&m.because)));
    let cites = cited(view, m.after.mentions.iter().copied());
    Item { id: fact.id.to_string(), mark, line: fact.text.clone(), details, cites }
}

fn fact_item(view: &View<'_>, fact: &Fact) -> Item {
    let details = vec![format!("{} · {}{}{}", fact.id, fact.kind(), bodies(view, fact), voice_of(fact))];
    let mark = public_by(view, fact).unwrap_or_default();
    Item { id: fact.id.to_string(), mark, line: fact.text.clone(), details, cites: cited(view, [fact]) }
}
