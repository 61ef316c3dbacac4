//! Turns the ledger's size, head and last full judgement into a status page. Knows no disk: the
//! ledger's own properties are arguments. Start at [`status`].

use crate::pledges::{PledgeFilter, judged, summary};
use crate::wording::{self, label};
use crate::{
    Block, Document, Item, LogPosition, ReportBasis, Section, Selection, SensitiveEntries, Tone, columns, day,
};
use chrono::{DateTime, NaiveDate, Utc};
use heldto_fact::{Body, Fact, Kind};
use heldto_replay::{AllView, Clock, Erasure, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Properties of the ledger that no view knows.
#[derive(Debug, Clone)]
pub struct LedgerFacts {
    /// Number of entries, whatever was requested.
    pub size: u64,
    /// Current public signing key.
    pub key: String,
    /// Number of entries that the last checkpoint signs; `None` if there is no checkpoint.
    pub signed: Option<u64>,
    /// `true` if the ledger was restored from a copy that leaves parts out.
    pub is_partial: bool,
    /// Entries about an identifiable child or family.
    pub sensitive: SensitiveEntries,
    /// Erasures from the counted entries.
    pub erasures: Vec<Erasure>,
    /// Others than the keeper who may read the ledger's folder, in words; `None` if there are none.
    pub readers: Option<String>,
    /// The server that keeps the ledger; `None` of a ledger in a folder.
    pub server: Option<ServerFacts>,
}

/// Facts about the server that keeps a ledger.
#[derive(Debug, Clone)]
pub struct ServerFacts {
    /// Its address, without secrets.
    pub address: String,
    /// Its version, as it states it.
    pub version: String,
    /// Its setting for the standbys that a commit waits for; empty if there are none.
    pub standbys: String,
    /// `true` if it is a standby itself.
    pub is_standby: bool,
    /// Settings by which it may lose what it acknowledged; empty if there are none.
    pub faults: String,
    /// Number of entries by which the copy on this machine is behind; `None` if there is no copy.
    pub behind: Option<u64>,
}

/// The status summary: the result of judging a whole ledger, small enough to be cached and shown
/// again without judging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusSummary {
    /// Number of entries counted.
    pub entries: u64,
    /// Chain value after the last of these entries, in hexadecimal.
    pub chain: String,
    /// The as-of day of the judgement.
    as_of: String,
    newest_source: Option<String>,
    erased: u64,
    unreadable: u64,
    facts: usize,
    parties: usize,
    sources: usize,
    summary: Vec<String>,
    /// Commitments past due: status, text, id.
    past_due: TopN,
    /// Stale publishers: day of their newest source, name, id and age of that source.
    stale: TopN,
}

/// The first rows of a list, and its full length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TopN {
    count: usize,
    first: Vec<[String; 3]>,
}

/// Number of rows that a list shows, so that the page is one screen.
const SHOWN: usize = 3;

impl TopN {
    fn of(all: impl ExactSizeIterator<Item = [String; 3]>) -> Self {
        Self { count: all.len(), first: all.take(SHOWN).collect() }
    }

    /// Adds the rows to the document; does nothing if there are none.
    fn list(&self, document: &mut Document, heading: &str, tone: Tone, all: &str) {
        let item = |[mark, line, detail]: &[String; 3]| Item {
            mark: mark.clone(),
            line: line.clone(),
            details: vec![detail.clone()],
            ..Item::default()
        };
        let mut blocks = vec![Block::Items(self.first.iter().map(item).collect())];
        if self.count > self.first.len() {
            blocks.push(Block::Text(wording::status::more(self.count - self.first.len(), all)));
        }
        if self.count > 0 {
            document.sections.push(Section { heading: format!("{heading} ({})", self.count), tone, blocks });
        }
    }
}

impl StatusSummary {
    /// Judges the whole ledger.
    #[must_use]
    pub fn of(view: &AllView<'_>, log: &LogPosition) -> Self {
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut sources: Vec<&Fact> = Vec::new();
        for fact in view.facts(&|_| true) {
            *kinds.entry(fact.kind()).or_default() += 1;
            if fact.kind() == Kind::Source {
                sources.push(fact);
            }
        }
        let of = |pick: &dyn Fn(Kind) -> bool| kinds.iter().filter(|(kind, _)| pick(**kind)).map(|(_, n)| n).sum();
        let all = {
            let filter = PledgeFilter::default();
            judged(&Selection::of(**view, &filter.facts).expect("the view has all facts"), &filter)
        };
        let past: Vec<_> = all.iter().filter(|j| j.status.is_past_due()).collect();
        let past = past.iter().map(|j| {
            let first = j.mentions[0];
            [j.status.to_string(), first.text.clone(), first.id.to_string()]
        });
        Self {
            entries: log.entries,
            chain: log.chain.clone(),
            as_of: view.clock().as_of.to_string(),
            newest_source: view.newest_source(sources.iter().copied()).map(|d| d.to_string()),
            erased: view.erased(),
            unreadable: view.unreadable(),
            facts: of(&|k| !matches!(k, Kind::Party | Kind::Source | Kind::Metric)),
            parties: of(&|k| k == Kind::Party),
            sources: of(&|k| k == Kind::Source),
            summary: summary(&all),
            past_due: TopN::of(past),
            stale: stale(view, &sources),
        }
    }
}

/// Returns the size, head, past-due commitments and stale sources of a ledger.
///
/// `glance` is a judgement of the whole ledger; without one, the page has no judgements.
#[must_use]
pub fn status(
    clock: Clock,
    log: LogPosition,
    last_recorded: Option<DateTime<Utc>>,
    about: LedgerFacts,
    glance: Option<&StatusSummary>,
) -> Document {
    let newest_source = glance.and_then(|g| g.newest_source.as_deref()?.parse().ok());
    let basis = ReportBasis {
        clock,
        log,
        last_recorded,
        newest_source,
        of_all_sources: true,
        sensitive: about.sensitive,
        erasures: about.erasures,
    };
    let mut document = Document::new(basis.log.origin.clone(), basis, COLUMNS);
    let mut pairs = Vec::new();
    let mut put = |name: &str, value: String| {
        document.data.rows.push(cells(name, &value));
        pairs.push((name.to_owned(), value));
    };
    let counted = document.basis.log.entries;
    put(label::ENTRIES, wording::status::size(counted, about.size));
    put(label::TREE_HEAD, document.basis.log.root.clone());
    put(label::CHECKPOINT, wording::status::checkpoint(about.signed, about.size, about.is_partial));
    put(label::PUBLIC_KEY, about.key);
    if let Some(readers) = about.readers {
        put(label::READERS, readers);
    }
    if let Some(server) = &about.server {
        put(label::SERVER, wording::status::server(&server.address, &server.version, server.is_standby));
        put(label::ACKNOWLEDGEMENT, wording::status::acknowledgement(&server.standbys, &server.faults));
        put(label::COPY, wording::status::copy(server.behind, &server.address));
    }
    let recorded = document.basis.last_recorded;
    put(
        label::LAST_RECORDED,
        recorded
            .map_or_else(|| wording::status::NOTHING_YET.to_owned(), |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
    );
    let Some(glance) = glance else {
        document.sections.push(Section::plain(wording::status::LEDGER, vec![Block::Pairs(pairs)]));
        document.summary.push(wording::status::too_long(about.size, clock.as_of));
        return document;
    };
    for (name, n) in [(label::ERASED, glance.erased), (label::UNREADABLE, glance.unreadable)] {
        if n > 0 {
            put(name, n.to_string());
        }
    }
    put(label::FACTS_KNOWN, glance.facts.to_string());
    put(label::PARTIES, glance.parties.to_string());
    put(label::SOURCES, glance.sources.to_string());
    let judged = glance.as_of.parse().unwrap_or(clock.as_of);
    if judged != clock.as_of || glance.entries != counted {
        let since = counted.saturating_sub(glance.entries);
        document.summary.push(wording::status::judged_before(judged, glance.entries, since, clock.as_of));
    }
    document.summary.extend(glance.summary.iter().cloned());
    glance.past_due.list(&mut document, wording::status::PAST_DUE, Tone::Bad, wording::status::LIST_OF_PLEDGES);
    if let Some([day, publisher, _]) = glance.stale.first.first() {
        document.summary.push(wording::status::stale(glance.stale.count, publisher, day));
    }
    // The tree head is in the foot, and the numbers of facts are in the data.
    let is_shown = |(name, _): &(String, String)| {
        ![label::TREE_HEAD, label::FACTS_KNOWN, label::PARTIES, label::SOURCES].contains(&name.as_str())
    };
    pairs.retain(is_shown);
    document.sections.push(Section::plain(wording::status::LEDGER, vec![Block::Pairs(pairs)]));
    document
}

columns!(COLUMNS, fn cells(name: &str, value: &str) {
    "name" => name,
    "value" => value,
});

/// Returns the publishers whose newest source is more than a year older than the as-of day.
fn stale(view: &View<'_>, sources: &[&Fact]) -> TopN {
    let mut newest: BTreeMap<&str, (&Fact, NaiveDate)> = BTreeMap::new();
    for fact in sources {
        let Body::Source(from) = &fact.body else { continue };
        let Some(known) = fact.source_known_from().filter(|day| *day <= view.clock().known_by) else { continue };
        let publisher = from.publisher.as_deref().unwrap_or(fact.text.as_str());
        let held = newest.entry(publisher).or_insert((fact, known));
        if held.1 < known {
            *held = (fact, known);
        }
    }
    let age = |known: NaiveDate| (view.clock().as_of - known).num_days();
    let mut old: Vec<_> = newest.into_iter().filter(|(_, (_, known))| age(*known) > 365).collect();
    old.sort_by_key(|(name, (_, known))| (*known, *name));
    let line = |(publisher, (fact, known)): (&str, (&Fact, NaiveDate))| {
        [day(known), publisher.to_owned(), fact.id.to_string()]
    };
    TopN::of(old.into_iter().map(line))
}
