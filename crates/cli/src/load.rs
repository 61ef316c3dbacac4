//! Loads a ledger's facts for reports. Knows no report.
//!
//! Start at [`full`] (a fold of the entries, which releases the lock before anything is rendered)
//! and [`indexed`] (facts read on demand).

use crate::args::{At, Clocks, Global};
use crate::error::{CommandError, FAILED, INPUT, USAGE};
use crate::open::{Access, LocalLedger};
use crate::prompt::Choice;
use crate::store::FolderLog;
use crate::{Env, input, open};
use heldto_exchange::Trust;
use heldto_fact::{FactId, IndexTerm, Kind, Recorded};
use heldto_intake::Known;
use heldto_ledger::{Ledger, decode_quoted};
use heldto_proof::{Checkpoint, SignedNote, Verifier};
use heldto_replay::{AllFacts, AllView, Chunk, Clock, Extent, FactSource, IndexedFacts, Lookup, View};
use heldto_report::{LogPosition, StatusSummary};
use heldto_store::{Checkpoints, Log};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Facts about a ledger that reports print.
pub struct LedgerPosition {
    /// The position in the log up to which entries count.
    pub log: LogPosition,
    /// Number of entries of the whole ledger.
    pub size: u64,
    /// Number of entries signed by the last checkpoint.
    pub signed: Option<u64>,
    /// `true` if the ledger was restored from a copy that leaves parts out.
    pub is_partial: bool,
    /// The public key that signs the ledger now.
    pub key: Verifier,
}

/// A ledger's facts, with the facts about the ledger that reports print.
pub struct Loaded<F> {
    pub facts: F,
    pub position: LedgerPosition,
    /// Number of entries read so far.
    pub read: Arc<AtomicU64>,
}

/// Folds all of an open ledger and marks its sensitive facts.
pub fn all(ledger: &LocalLedger) -> Result<AllFacts, CommandError> {
    let mut facts = fold(ledger, None)?;
    heldto_site::mark(ledger, facts.extent_mut())?;
    Ok(facts)
}

/// Opens the ledger and folds the entries up to `at`; the lock is released on return.
pub fn full(env: &mut Env<'_>, global: &Global, at: Option<&At>) -> Result<Loaded<AllFacts>, CommandError> {
    fold_whole(&open::ledger(env, global, Access::Read)?, at)
}

/// Opens the ledger and folds its first entries, from which a comparison starts.
pub fn first(env: &mut Env<'_>, global: &Global, entries: u64) -> Result<Loaded<AllFacts>, CommandError> {
    let ledger = open::ledger(env, global, Access::Read)?;
    let size = ledger.head().size();
    if entries > size {
        let message = format!("the comparison starts at entry {entries}, but the number of entries is {size}");
        return Err(CommandError::new(USAGE, message));
    }
    fold_whole(&ledger, Some(&At::Entries(entries)))
}

fn fold_whole(ledger: &LocalLedger, at: Option<&At>) -> Result<Loaded<AllFacts>, CommandError> {
    let mut facts = fold(ledger, at)?;
    heldto_site::mark(ledger, facts.extent_mut())?;
    let size = facts.extent().size;
    Ok(Loaded { facts, position: position(ledger, size)?, read: Arc::new(AtomicU64::new(size)) })
}

/// The facts of a small ledger, or those that the index of a larger one finds.
pub enum Reading {
    /// All facts; the lock is released.
    All(Loaded<AllFacts>),
    /// Facts read on demand; the lock is held until the value is dropped.
    Indexed(Loaded<IndexedFacts>),
}

/// Opens the ledger for reading facts on demand, or whole if it has at most
/// [`Env::whole_limit`] entries.
pub fn indexed(env: &mut Env<'_>, global: &Global, at: Option<&At>) -> Result<Reading, CommandError> {
    let ledger = open::ledger(env, global, Access::Read)?;
    let size = size_at(&ledger, at)?;
    if size <= env.whole_limit {
        fold_whole(&ledger, at).map(Reading::All)
    } else {
        on_demand(ledger, size).map(Reading::Indexed)
    }
}

fn on_demand(ledger: LocalLedger, size: u64) -> Result<Loaded<IndexedFacts>, CommandError> {
    let position = position(&ledger, size)?;
    let mut extent = Extent::new(size, ledger.recorded_last(size)?);
    heldto_site::mark(&ledger, &mut extent)?;
    let read = Arc::new(AtomicU64::new(0));
    let index = Index { ledger, size, read: Arc::clone(&read) };
    Ok(Loaded { facts: IndexedFacts::new(extent, Box::new(index)), position, read })
}

fn position(ledger: &LocalLedger, entries: u64) -> Result<LedgerPosition, CommandError> {
    let size = ledger.head().size();
    let chain = ledger.chain_before(entries)?.0.to_string();
    let root = ledger.root_at(entries)?;
    let checkpoint = ledger.store().checkpoint()?.and_then(|bytes| SignedNote::parse(&bytes).ok());
    let signed = checkpoint.and_then(|note| Some(Checkpoint::of(&note).ok()?.size));
    let log = LogPosition { origin: ledger.genesis().origin.clone(), entries, root: root.base64(), chain };
    let key = heldto_exchange::current_key(ledger.genesis(), &ledger.key_changes(size)?);
    Ok(LedgerPosition { log, size, signed, is_partial: ledger.store().is_partial(), key })
}

/// A large ledger's facts, with its cached status if there is one.
pub type Cached = (Loaded<IndexedFacts>, Option<StatusSummary>);

/// Returns a large ledger's facts with its cached status, if the cache belongs to this log.
///
/// Returns `None` for a ledger of at most `env.status_cache_limit` entries, which is judged afresh.
/// The cached status counts if the log still begins with the entries that were judged.
pub fn cached_status(env: &mut Env<'_>, global: &Global) -> Result<Option<Cached>, CommandError> {
    let ledger = open::ledger(env, global, Access::Read)?;
    let size = ledger.head().size();
    if size <= env.status_cache_limit {
        return Ok(None);
    }
    // An unreadable cache is treated as none: it only saves time.
    let kept = ledger.store().status_cache()?.and_then(|text| serde_json::from_str::<StatusSummary>(&text).ok());
    let is_of_this_log = |summary: &StatusSummary| {
        summary.entries <= size
            && ledger.chain_before(summary.entries).is_ok_and(|chain| chain.0.to_string() == summary.chain)
    };
    let kept = kept.filter(is_of_this_log);
    Ok(Some((on_demand(ledger, size)?, kept)))
}

/// Caches a status of the whole ledger; a failed write is ignored, because the cache only saves
/// time.
pub fn cache_status(global: &Global, summary: &StatusSummary) {
    if let Ok(text) = serde_json::to_string(summary) {
        // A server's ledger has no cache: its folder here may not even exist.
        if global.server.is_none() {
            drop(FolderLog::put_status_cache(&open::folder(global), &text));
        }
    }
}

/// A ledger's index, limited to its first `size` entries.
struct Index {
    ledger: LocalLedger,
    size: u64,
    read: Arc<AtomicU64>,
}

impl Lookup for Index {
    fn find(&self, terms: &[IndexTerm<&FactId>], most: usize) -> Result<Vec<Vec<u64>>, String> {
        let mut found = self.ledger.find(terms, most).map_err(|e| e.to_string())?;
        found.iter_mut().for_each(|places| places.retain(|place| *place < self.size));
        Ok(found)
    }

    fn read(&self, places: &[u64]) -> Result<Vec<Recorded>, String> {
        let mut all = Vec::with_capacity(places.len());
        self.ledger.recorded_at(places, &mut |recorded| all.push(recorded)).map_err(|e| e.to_string())?;
        self.read.fetch_add(all.len() as u64, Ordering::Relaxed);
        Ok(all)
    }
}

/// Returns the size of a checkpoint, after checking that this ledger holds its entries unchanged.
pub fn size_of_checkpoint(env: &mut Env<'_>, global: &Global, path: &Path) -> Result<u64, CommandError> {
    let trust = Trust { key: None, expected: Some(input::bytes_of(env, path)?), policy: None };
    let expected = trust.expect(&open::ledger(env, global, Access::Read)?)?;
    Ok(expected.map_or(0, |(_, checkpoint)| checkpoint.size))
}

/// Returns the number of entries up to a position in the log.
fn size_at(ledger: &LocalLedger, at: Option<&At>) -> Result<u64, CommandError> {
    let size = ledger.head().size();
    match at {
        Some(At::Entries(n)) if *n > size => {
            let message = format!("--at is {n}, but the number of entries is {size}");
            Err(CommandError::new(USAGE, message))
        }
        Some(At::Entries(n)) => Ok(*n),
        Some(At::Time(time)) => Ok(ledger.size_at(*time)?),
        None => Ok(size),
    }
}

/// Folds the entries up to a position in the log into states.
///
/// Sensitive facts are not marked yet.
pub fn fold(ledger: &LocalLedger, at: Option<&At>) -> Result<AllFacts, CommandError> {
    fold_first(ledger, size_at(ledger, at)?)
}

/// Folds the first `size` entries of any ledger into states.
pub fn fold_first<S: Log + Sync>(ledger: &Ledger<S>, size: u64) -> Result<AllFacts, CommandError> {
    let mut facts = AllFacts::folded(|bytes, words| decode_quoted(bytes, words).map_err(|e| e.to_string()));
    ledger.replay(0..size, &Chunk::push, &mut |chunk| facts.join(chunk))?;
    Ok(facts)
}

/// Returns the days to judge by: today by default, known by the as-of day.
pub fn clock(env: &Env<'_>, clocks: &Clocks) -> Clock {
    let today = env.today();
    let as_of = clocks.as_of.unwrap_or(today);
    Clock { as_of, known_by: clocks.known_by.unwrap_or(as_of) }
}

impl Loaded<AllFacts> {
    /// Returns the view of all facts for these clocks.
    pub fn view(&self, env: &Env<'_>, clocks: &Clocks) -> AllView<'_> {
        AllView::new(&self.facts, clock(env, clocks)).with_sensitive(clocks.sensitive)
    }
}

impl Loaded<IndexedFacts> {
    /// Returns the view for these clocks of the facts that the index finds.
    pub fn view(&self, env: &Env<'_>, clocks: &Clocks) -> View<'_> {
        View::indexed(&self.facts, clock(env, clocks)).with_sensitive(clocks.sensitive)
    }
}

/// Checks that the view has a fact of this id and kind; otherwise the error explains why not,
/// and suggests the nearest id.
pub fn require(view: &View<'_>, id: &FactId, kind: Option<Kind>) -> Result<(), CommandError> {
    let word = kind.map_or("fact", Kind::as_str);
    match view.fact(id) {
        Some(fact) if kind.is_none_or(|k| fact.kind() == k) => Ok(()),
        Some(fact) => Err(CommandError::new(INPUT, format!("`{id}` is not a {word}: its kind is {}", fact.kind()))),
        None if !id.is_authored() => {
            let message = format!("`{id}` is not a fact: it is the record of a correction or a retraction");
            Err(CommandError::new(INPUT, message)
                .hint(format!("to see the fact that it changes: heldto show {}", id.fact())))
        }
        None if view.version(id).is_some() => {
            let newest = view.versions(id).last();
            let (index, reason) = newest.map_or((0, ""), |v| (v.index, v.reason.as_deref().unwrap_or_default()));
            let message = format!("`{id}` was retracted at entry {index}: {reason}");
            Err(CommandError::new(FAILED, message)
                .hint(format!("to see the fact as it was before: heldto show {id} --at {index}")))
        }
        None if !view.versions(id).is_empty() => {
            let message = format!("nothing about `{id}` was public by {}", heldto_report::day(view.clock().known_by));
            Err(CommandError::new(FAILED, message).hint("give a later day with --known-by or --as-of"))
        }
        None => {
            let all = view.all();
            let standing = all.iter().flat_map(AllView::standing);
            let ids = standing.filter(|(_, k)| kind.is_none_or(|want| want == *k)).map(|(id, _)| id.as_str());
            let withheld = if view.is_sensitive() { 0 } else { view.sensitive_entries() };
            let mut error = unknown(id, word, withheld);
            if !view.erasures().is_empty() {
                error =
                    error.hint("some records were erased, with their ids: heldto status says when and on what ground");
            }
            let named = named(view, id, kind);
            Err(match (&named[..], heldto_intake::did_you_mean(id.as_str(), ids)) {
                ([only], _) => CommandError { meant: Some((id.clone(), only.clone())), ..error },
                ([], None) => error.hint("to list what is recorded: heldto timeline"),
                (several, near) => {
                    let error = near.into_iter().fold(error, CommandError::hint);
                    let several = several.iter().take(MOST_NAMED).map(|choice| format!("it may be {choice}"));
                    several.fold(error, CommandError::hint)
                }
            })
        }
    }
}

/// Maximum number of facts that are listed where a name may mean several.
const MOST_NAMED: usize = 5;

/// Returns the facts whose names have all words of an id: that of the whole name alone, if there is
/// one.
fn named(view: &View<'_>, id: &FactId, kind: Option<Kind>) -> Vec<Choice> {
    let all = view.all();
    let standing = all.iter().flat_map(AllView::standing).filter(|(_, k)| kind.is_none_or(|want| want == *k));
    let choices = standing.filter_map(|(id, _)| Some(Choice::new(id.as_str(), &view.fact(id)?.text)));
    let named: Vec<Choice> = choices.filter(|choice| choice.is_named(id.as_str())).collect();
    let whole: Vec<Choice> = named.iter().filter(|choice| choice.has_name(id.as_str())).cloned().collect();
    if whole.len() == 1 { whole } else { named }
}

/// Returns the error for an unknown id.
///
/// Sensitive ids are reported as unknown too, so the hint gives the number of withheld entries.
pub fn unknown(id: &FactId, word: &str, withheld: u64) -> CommandError {
    let error = CommandError::new(INPUT, format!("no {word} with the id `{id}` is recorded"));
    match withheld {
        0 => error,
        1 => error.hint("1 entry is about an identifiable child or family; add --sensitive to include it"),
        n => error
            .hint(format!("{n} entries are about identifiable children or families; add --sensitive to include them")),
    }
}

/// Checks that no fact read so far is damaged.
pub fn sound(facts: &AllFacts) -> Result<(), CommandError> {
    match facts.damaged() {
        None => Ok(()),
        Some((index, why)) => Err(crate::error::damaged(format!("the fact in entry {index} is damaged: {why}"))),
    }
}

/// Returns the ids, with kinds, that new facts may refer to.
pub fn known(facts: &AllFacts) -> Known {
    facts.standing().map(|(id, kind)| (id.clone(), kind)).collect()
}
