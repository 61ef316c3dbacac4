//! Compares reports made from the index with those made from the whole log, for every fact of every
//! test log.

use crate::root;
use chrono::NaiveDate;
use heldto_fact::{Content, Fact, FactId, IndexTerm, Kind, Recorded};
use heldto_intake::{File, Known};
use heldto_ledger::{Ledger, decode_header, decode_quoted, encode_fact};
use heldto_proof::{Genesis, Head};
use heldto_replay::{AllFacts, Chunk, Clock, Extent, FactSource, IndexedFacts, Lookup, View};
use heldto_report::{AmountFilter, Document, FactFilter, LogPosition, PledgeFilter, ReportBasis, Scope, Selection};
use heldto_store::{Entries, Founding, Log, MemoryStore, StoreError};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn facts_of(path: &Path) -> Vec<Fact> {
    let inside = |dir: &Path| std::fs::read_dir(dir).expect("a folder").flatten().map(|e| e.path()).collect();
    let mut paths: Vec<PathBuf> = if path.is_dir() { inside(path) } else { vec![path.to_owned()] };
    paths.retain(|p| p.extension().is_some_and(|x| x == "toml"));
    paths.sort();
    let read = |p: &PathBuf| File { name: p.display().to_string(), text: std::fs::read_to_string(p).expect("text") };
    let files: Vec<File> = paths.iter().map(read).collect();
    heldto_intake::draft(&files).facts(&Known::new()).unwrap_or_else(|_| panic!("{}", path.display()))
}

/// Returns a ledger of these facts in which some are corrected and some retracted.
fn ledger(facts: &[Fact]) -> Ledger<MemoryStore> {
    let genesis = Genesis { origin: "example.org/narrow".to_owned(), key: [1; 32] };
    let founding = Founding { genesis, index_key: [2; 32] };
    let mut ledger = Ledger::open(MemoryStore::new(founding)).expect("opens");
    // 22 November 2026, in microseconds.
    let (now, mut salt) = (1_795_348_800_000_000, |bytes: &mut [u8]| bytes.fill(7));
    ledger.append(facts, now, &mut salt).expect("room");
    for (n, fact) in facts.iter().enumerate().filter(|(n, f)| n % 7 == 3 && f.kind() != Kind::Party) {
        let (of, reason) = (fact.id.clone(), "a test".to_owned());
        let body = if n % 3 == 0 {
            heldto_fact::Body::Retraction { of, reason }
        } else {
            // The correction has other subjects and no links.
            let about = facts.iter().filter(|f| f.kind() == Kind::Party).map(|f| f.id.clone()).nth(n % 5);
            let replacement = Box::new(Fact { about: about.into_iter().collect(), links: Vec::new(), ..fact.clone() });
            heldto_fact::Body::Correction { of, reason, replacement }
        };
        let what = if n % 3 == 0 { "retraction" } else { "correction" };
        let amending = Fact::amending(fact.id.numbered(what, 1), "Else".to_owned(), body);
        ledger.append(&[amending], now + 1, &mut salt).expect("room");
    }
    ledger
}

struct Index(Arc<Ledger<MemoryStore>>);

impl Lookup for Index {
    fn find(&self, terms: &[IndexTerm<&FactId>], most: usize) -> Result<Vec<Vec<u64>>, String> {
        self.0.find(terms, most).map_err(|e| e.to_string())
    }

    fn read(&self, places: &[u64]) -> Result<Vec<Recorded>, String> {
        let mut all = Vec::new();
        self.0.recorded_at(places, &mut |r| all.push(r)).map_err(|e| e.to_string())?;
        Ok(all)
    }
}

/// Returns every report on one party or one fact.
fn reports(view: View<'_>, id: &FactId) -> Vec<Document> {
    let log = LogPosition { origin: String::new(), entries: 0, root: String::new(), chain: String::new() };
    let mut all = Vec::new();
    for is_sensitive in [false, true] {
        let view = &view.with_sensitive(is_sensitive);
        let of_fact = || ReportBasis::of(log.clone(), &Scope::Fact(*view, id));
        all.extend(heldto_report::show(view, id, &std::collections::BTreeMap::new(), of_fact()));
        all.extend(heldto_report::explain(view, id, of_fact()));
        let named = |about: Option<&FactId>, by: Option<&FactId>, linked: Option<&FactId>| FactFilter {
            about: about.cloned(),
            by: by.cloned(),
            linked: linked.cloned(),
            ..FactFilter::default()
        };
        let is_party = view.fact(id).is_some_and(|f| f.kind() == Kind::Party);
        let filters = if is_party {
            vec![named(Some(id), None, None), named(None, Some(id), None)]
        } else {
            vec![named(None, None, Some(id))]
        };
        for filter in filters {
            let selection = &Selection::of(*view, &filter).expect("it names a party or a link");
            let basis = || ReportBasis::of(log.clone(), &Scope::Selection(*selection));
            all.extend(heldto_report::authority(view, id, basis()));
            let pledges = PledgeFilter { facts: filter.clone(), ..PledgeFilter::default() };
            let amounts = AmountFilter { facts: filter.clone(), ..AmountFilter::default() };
            all.push(heldto_report::pledges(selection, &pledges, basis()));
            all.push(heldto_report::slippage(selection, &pledges, basis()));
            all.push(heldto_report::agenda(selection, &pledges, basis()));
            all.push(heldto_report::amounts(selection, &amounts, basis()));
            all.push(heldto_report::timeline(selection, heldto_report::SortOrder::Occurred, false, basis()));
            all.push(heldto_report::timeline(selection, heldto_report::SortOrder::Published, true, basis()));
            all.push(heldto_report::questions(selection, basis()));
            all.push(heldto_report::contradictions(selection, basis()));
            all.push(heldto_report::deliveries(selection, true, basis()));
        }
    }
    all
}

fn paths() -> Vec<PathBuf> {
    let mut paths = vec![root().join("seeds"), root().join("tests/suite/every-kind.toml")];
    paths.push(root().join("tests/suite/sensitive.toml"));
    let rules = std::fs::read_dir(root().join("tests/rules")).expect("scenarios").flatten().map(|e| e.path());
    paths.extend(rules);
    paths.sort();
    paths
}

#[test]
fn what_the_bytes_of_a_fact_tell_is_what_the_fact_tells() {
    let mut told = [0; 3];
    for path in paths() {
        let ledger = ledger(&facts_of(&path));
        let each = |recorded: Recorded| {
            let Content::Known(fact) = recorded.content else { return };
            let bytes = encode_fact(&fact).expect("short");
            let tells = decode_header(&bytes);
            assert_eq!(tells, Ok(fact.header(&bytes)), "{}", fact.id);
            match fact.kind() {
                Kind::Correction => told[0] += 1,
                Kind::Retraction => told[1] += 1,
                _ => told[2] += 1,
            }
        };
        ledger.recorded(0..ledger.head().size()).map(|recorded| recorded.expect("reads")).for_each(each);
    }
    assert!(told.iter().all(|n| *n > 10), "{told:?}");
}

#[test]
fn what_the_index_finds_gives_the_same_reports_as_the_whole_log() {
    let mut compared = 0;
    for path in paths() {
        let facts = facts_of(&path);
        let ledger = Arc::new(ledger(&facts));
        let mut folded = AllFacts::folded(|bytes, words| decode_quoted(bytes, words).map_err(|e| e.to_string()));
        ledger.replay(0..ledger.head().size(), &Chunk::push, &mut |chunk| folded.join(chunk)).expect("reads");
        let sensitive = ledger.sensitive().expect("reads");
        folded.extent_mut().set_sensitive(sensitive.entities.clone(), sensitive.entries.len() as u64);
        let days = |text: &str| text.parse::<NaiveDate>().expect("a day");
        for (as_of, known_by) in [("2026-11-22", "2026-11-22"), ("2024-12-01", "2026-01-01")] {
            let clock = Clock { as_of: days(as_of), known_by: days(known_by) };
            for fact in &facts {
                let mut extent = Extent::new(folded.extent().size, folded.extent().last_recorded);
                extent.set_sensitive(sensitive.entities.clone(), sensitive.entries.len() as u64);
                let read = IndexedFacts::new(extent, Box::new(Index(ledger.clone())));
                let narrow = reports(View::indexed(&read, clock), &fact.id);
                let whole = reports(View::new(&folded, clock), &fact.id);
                assert_eq!(read.error(), None, "{}: {}", path.display(), fact.id);
                for (narrow, whole) in narrow.iter().zip(&whole) {
                    assert!(narrow == whole, "{}: {}: {}", path.display(), fact.id, whole.title);
                }
                assert_eq!(narrow.len(), whole.len(), "{}: {}", path.display(), fact.id);
                compared += whole.len();
            }
        }
    }
    assert!(compared > 5000, "{compared} reports");
}

/// A ledger's store without its index, as a published folder has none.
struct Unindexed<'a>(&'a MemoryStore);

impl Log for Unindexed<'_> {
    fn founding(&self) -> Result<Founding, StoreError> {
        self.0.founding()
    }

    fn head(&self) -> Result<Head, StoreError> {
        self.0.head()
    }

    fn entries(&self, range: Range<u64>) -> Entries<'_> {
        self.0.entries(range)
    }

    fn index(&self) -> Option<&dyn heldto_store::Index> {
        None
    }
}

#[test]
fn without_an_index_the_same_sensitive_facts_are_found() {
    let mut found = 0;
    for path in paths() {
        let ledger = ledger(&facts_of(&path));
        let indexed = ledger.sensitive().expect("reads");
        let unindexed = Ledger::open(Unindexed(ledger.store())).expect("opens").sensitive().expect("reads");
        assert_eq!(unindexed, indexed, "{}", path.display());
        found += indexed.entities.iter().filter(|id| !id.is_authored()).count();
    }
    assert!(found > 0, "no sensitive fact was amended");
}
