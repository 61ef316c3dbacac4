//! The commands that read: reports, timeline, `show`, `status`, `calc`. Turns arguments into a view
//! and a rendered document; the reports are in `heldto_report`. Start at [`report`].

use crate::args::{
    AuthorityArgs, CalcArgs, ChangesArgs, Clocks, Filters, Global, PledgeFilters, PledgesArgs, Report, ReportArgs,
    ShowArgs, Since, StatusArgs, TimelineArgs,
};
use crate::error::{CommandError, FOUND, INPUT, USAGE};
use crate::load::Loaded;
use crate::{Env, RunOutput, load, open, permissions};
use heldto_fact::{FactId, Kind};
use heldto_ledger::Recorder;
use heldto_replay::{Clock, View};
use heldto_report::{
    AmountFilter, Document, FactFilter, PledgeFilter, ReportBasis, Scope, SensitiveEntries, StatusSummary, render,
};
use heldto_store_sled::Access;
use std::collections::BTreeMap;

/// Runs `open_indexed` on a ledger read on demand, and again on a fold of the whole if that cannot
/// answer.
fn with_report<T>(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    mut open_indexed: impl FnMut(&Loaded, &View<'_>) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let loaded = load::indexed(env, global, clocks.at.as_ref())?;
    let found = open_indexed(&loaded, &loaded.view(env, clocks));
    // An error is reported only by the full fold, which knows every fact.
    if found.is_ok() && loaded.history.is_complete() {
        told(env, global, clocks, &loaded);
        return found;
    }
    drop(loaded);
    let loaded = load::full(env, global, clocks.at.as_ref())?;
    let found = open_indexed(&loaded, &loaded.view(env, clocks));
    told(env, global, clocks, &loaded);
    load::sound(&loaded.history)?;
    // Freeing the states of a long log takes a fifth of the time, and the process ends soon: leave
    // that to another thread.
    std::thread::spawn(move || drop(loaded));
    found
}

/// Prints the numbers of entries read, commitments judged and facts compared, if verbose.
///
/// Omits numbers that would reveal how much of the ledger is sensitive.
fn told(env: &mut Env<'_>, global: &Global, clocks: &Clocks, loaded: &Loaded) {
    if !global.verbose {
        return;
    }
    let view = loaded.view(env, clocks);
    let (read, all) = (loaded.read.load(std::sync::atomic::Ordering::Relaxed), loaded.log.entries);
    if view.is_sensitive() || view.sensitive_entries() == 0 {
        let (judged, compared) = view.work_done();
        (env.eprintln)(&format!(
            "read {read} of {}, judged {}, compared {}",
            super::counted(all, "entry", "entries"),
            super::counted(judged, "commitment", "commitments"),
            super::counted(compared, "fact", "facts")
        ));
    } else if read == 0 || read == all {
        (env.eprintln)(&format!("read {read} of {}", super::counted(all, "entry", "entries")));
    }
}

/// Makes a document from a view and renders it in the chosen format.
fn with_view(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    scope: Scope<'_>,
    mut make: impl FnMut(&Loaded, &View<'_>, ReportBasis) -> Result<Document, CommandError>,
) -> Result<RunOutput, CommandError> {
    let document = with_report(env, global, clocks, |loaded, view| {
        make(loaded, view, ReportBasis::of(view, loaded.log.clone(), scope))
    })?;
    written(global, &document)
}

pub fn written(global: &Global, document: &Document) -> Result<RunOutput, CommandError> {
    let out = render(document, global.format, global.screen).map_err(|e| {
        CommandError::new(USAGE, e.to_string())
            .hint("ics and atom work only with report pledges, report changes and timeline")
    })?;
    Ok(RunOutput { out, page: true, exit_code: 0 })
}

fn party(loaded: &Loaded, view: &View<'_>, id: Option<&FactId>) -> Result<(), CommandError> {
    id.map_or(Ok(()), |id| loaded.require(view, id, Some(Kind::Party)))
}

/// Checks that every id in the filters is recorded, with the right kind.
fn filters(loaded: &Loaded, view: &View<'_>, filters: &Filters) -> Result<(), CommandError> {
    party(loaded, view, filters.about.as_ref())?;
    party(loaded, view, filters.by.as_ref())?;
    for (id, kind) in [(&filters.linked, None), (&filters.source, Some(Kind::Source))] {
        if let Some(id) = id {
            loaded.require(view, id, kind)?;
        }
    }
    Ok(())
}

fn pledge_filters(loaded: &Loaded, view: &View<'_>, pledges: &PledgeFilters) -> Result<(), CommandError> {
    party(loaded, view, pledges.made_under.as_ref())?;
    filters(loaded, view, &pledges.facts)
}

/// Shows one fact, as a document or as a facts file.
pub fn show(env: &mut Env<'_>, global: &Global, args: &ShowArgs) -> Result<RunOutput, CommandError> {
    if args.toml {
        let out = with_report(env, global, &args.clocks, |loaded, view| {
            loaded.require(view, &args.id, None)?;
            Ok(view.fact(&args.id).map(|f| heldto_intake::to_toml(std::slice::from_ref(f))).unwrap_or_default())
        })?;
        return Ok(super::plain(out));
    }
    let recorders = if args.private { recorders(env, global, &args.id)? } else { BTreeMap::new() };
    with_view(env, global, &args.clocks, Scope::Fact(&args.id), |loaded, view, basis| {
        loaded.require(view, &args.id, None)?;
        heldto_report::show(view, &args.id, &recorders, basis)
            .ok_or_else(|| CommandError::new(INPUT, format!("`{}` was retracted", args.id)))
    })
}

/// Returns who recorded each entry of a fact, as text by entry.
fn recorders(env: &mut Env<'_>, global: &Global, id: &FactId) -> Result<BTreeMap<u64, String>, CommandError> {
    let open = open::ledger(env, global, Access::Read)?;
    let mut told = BTreeMap::new();
    for version in open.versions(id)? {
        let words = match open.recorder(version.index)? {
            Some(Recorder { by, checked_by: Some(checked) }) => format!("by {by}, checked by {checked}"),
            Some(Recorder { by, checked_by: None }) => format!("by {by}"),
            None => continue,
        };
        told.insert(version.index, words);
    }
    Ok(told)
}

/// Renders a report on the facts that match a filter.
fn filtered(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    asked: &Filters,
    make: impl Fn(&View<'_>, FactFilter, ReportBasis) -> Document,
) -> Result<RunOutput, CommandError> {
    let filter = asked.filter();
    with_view(env, global, clocks, Scope::Filter(&filter), |loaded, view, basis| {
        filters(loaded, view, asked)?;
        Ok(make(view, filter.clone(), basis))
    })
}

/// Renders a report on the commitments that match a filter.
fn filtered_pledges(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    asked: &PledgeFilters,
    make: impl Fn(&View<'_>, &PledgeFilter, ReportBasis) -> Document,
) -> Result<RunOutput, CommandError> {
    let filter = asked.filter(None);
    with_view(env, global, clocks, Scope::Filter(&filter.facts), |loaded, view, basis| {
        pledge_filters(loaded, view, asked)?;
        Ok(make(view, &filter, basis))
    })
}

/// Renders the timeline.
pub fn timeline(env: &mut Env<'_>, global: &Global, args: &TimelineArgs) -> Result<RunOutput, CommandError> {
    filtered(env, global, &args.clocks, &args.filters, |view, filter, basis| {
        heldto_report::timeline(view, &filter, args.clock.into(), args.count, basis)
    })
}

/// Renders the status of the ledger.
///
/// A large ledger is judged only if a clock or `--sensitive` is given; otherwise the cached status
/// summary is shown.
pub fn status(env: &mut Env<'_>, global: &Global, args: &StatusArgs) -> Result<RunOutput, CommandError> {
    let Clocks { as_of, known_by, at, sensitive } = &args.clocks;
    let by_no_clock = as_of.is_none() && known_by.is_none() && at.is_none() && !sensitive;
    let glanced = if by_no_clock { load::cached_status(env, global)? } else { None };
    let (loaded, glance) = match glanced {
        Some(glanced) => glanced,
        None => {
            let loaded = load::full(env, global, at.as_ref())?;
            let clock = loaded.clock(env, &args.clocks);
            let glance = StatusSummary::of(&loaded.view(env, &args.clocks), &loaded.log);
            load::sound(&loaded.history)?;
            let now = loaded.clock(env, &Clocks::default());
            if loaded.size > env.status_cache_limit && loaded.log.entries == loaded.size && clock == now && !sensitive {
                load::cache_status(global, &glance);
            }
            (loaded, Some(glance))
        }
    };
    told(env, global, &args.clocks, &loaded);
    let clock = loaded.clock(env, &args.clocks);
    let about = heldto_report::LedgerFacts {
        size: loaded.size,
        key: loaded.key.to_string(),
        signed: loaded.signed,
        is_partial: loaded.is_partial,
        sensitive: SensitiveEntries::of(&loaded.view(env, &args.clocks)),
        readers: permissions::readers(&open::folder(global)),
    };
    let document =
        heldto_report::status(clock, loaded.log.clone(), loaded.history.last_recorded(), about, glance.as_ref());
    // Lets go of the ledger and its lock before rendering.
    drop(loaded);
    written(global, &document)
}

/// Evaluates an expression over fields of facts.
pub fn calc(env: &mut Env<'_>, global: &Global, args: &CalcArgs) -> Result<RunOutput, CommandError> {
    with_view(env, global, &args.clocks, Scope::All, |_, view, basis| {
        let calculated = heldto_report::calc(view, &args.expression.join(" "), basis);
        calculated.map_err(|e| CommandError::new(INPUT, e.to_string()))
    })
}

/// Renders the chosen report.
pub fn report(env: &mut Env<'_>, global: &Global, args: &ReportArgs) -> Result<RunOutput, CommandError> {
    match &args.report {
        Report::Pledges(args) => pledges(env, global, args),
        Report::Authority(AuthorityArgs { id, clocks }) => {
            let about = FactFilter { about: Some(id.clone()), ..FactFilter::default() };
            with_view(env, global, clocks, Scope::Filter(&about), |loaded, view, basis| {
                party(loaded, view, Some(id))?;
                heldto_report::authority(view, id, basis)
                    .ok_or_else(|| CommandError::new(INPUT, format!("`{id}` is not a party")))
            })
        }
        Report::Money(args) => filtered(env, global, &args.clocks, &args.filters, |view, facts, basis| {
            let filter = AmountFilter { facts, unit: None, role: args.role, money: true, totals: args.totals };
            heldto_report::amounts(view, &filter, basis)
        }),
        Report::Amounts(args) => {
            filtered(env, global, &args.money.clocks, &args.money.filters, |view, facts, basis| {
                let (unit, role, totals) = (args.unit.clone(), args.money.role, args.money.totals);
                heldto_report::amounts(view, &AmountFilter { facts, unit, role, money: false, totals }, basis)
            })
        }
        Report::Metrics(args) => {
            let filter = args.filters.filter();
            with_view(env, global, &args.clocks, Scope::Filter(&filter), |loaded, view, basis| {
                filters(loaded, view, &args.filters)?;
                if let Some(metric) = &args.metric {
                    loaded.require(view, metric, Some(Kind::Metric))?;
                }
                Ok(heldto_report::metrics(view, &filter, args.metric.as_ref(), basis))
            })
        }
        Report::Questions(args) => filtered(env, global, &args.clocks, &args.filters, |view, filter, basis| {
            heldto_report::questions(view, &filter, basis)
        }),
        Report::Slippage(args) => filtered_pledges(env, global, &args.clocks, &args.filters, heldto_report::slippage),
        Report::Contradictions(args) => filtered(env, global, &args.clocks, &args.filters, |view, filter, basis| {
            heldto_report::contradictions(view, &filter, basis)
        }),
        Report::Deliveries(args) => {
            filtered(env, global, &args.facts.clocks, &args.facts.filters, |view, filter, basis| {
                heldto_report::deliveries(view, &filter, args.unpledged, basis)
            })
        }
        Report::Changes(args) => changes(env, global, args),
        Report::Agenda(args) => filtered_pledges(env, global, &args.clocks, &args.filters, heldto_report::agenda),
    }
}

fn pledges(env: &mut Env<'_>, global: &Global, args: &PledgesArgs) -> Result<RunOutput, CommandError> {
    let mut found = None;
    let filter = args.filters.filter(args.scale);
    let scope = args.explain.as_ref().map_or(Scope::Filter(&filter.facts), Scope::Fact);
    let outcome = with_view(env, global, &args.clocks, scope, |loaded, view, basis| {
        if let Some(id) = &args.explain {
            let document = heldto_report::explain(view, id, basis);
            return document.ok_or_else(|| {
                let unknown = loaded.require(view, id, Some(Kind::Pledge)).err();
                unknown.unwrap_or_else(|| CommandError::new(INPUT, format!("`{id}` is not a commitment")))
            });
        }
        pledge_filters(loaded, view, &args.filters)?;
        found = heldto_report::judged(view, &filter).iter().map(|j| j.status).find(|s| args.fail_on.contains(s));
        Ok(heldto_report::pledges(view, &filter, basis))
    })?;
    Ok(RunOutput { exit_code: if found.is_some() { FOUND } else { 0 }, ..outcome })
}

/// Renders the changes since an earlier day of the same log, or since an earlier size of it.
fn changes(env: &mut Env<'_>, global: &Global, args: &ChangesArgs) -> Result<RunOutput, CommandError> {
    let (earlier, words) = match &args.from {
        Since::Day(day) => (None, heldto_report::day(*day)),
        Since::Entries(n) => (Some(*n), format!("entry {n}")),
        Since::Checkpoint(path) => {
            let size = load::size_of_checkpoint(env, global, path)?;
            (Some(size), format!("the checkpoint of {}", super::counted(size, "entry", "entries")))
        }
    };
    if let (Some(from), Some(crate::args::At::Entries(at))) = (earlier, &args.clocks.at)
        && from > *at
    {
        let message = format!("the comparison starts at entry {from}, but --at stops at entry {at}");
        return Err(CommandError::new(USAGE, message));
    }
    let earlier = earlier.map(|n| load::full(env, global, Some(&crate::args::At::Entries(n)))).transpose()?;
    let filter = args.filters.filter(None);
    with_view(env, global, &args.clocks, Scope::All, |loaded, view, basis| {
        pledge_filters(loaded, view, &args.filters)?;
        let before = match (&args.from, &earlier) {
            (Since::Day(day), _) => {
                View::new(&loaded.history, Clock { as_of: *day, known_by: *day }).with_sensitive(view.is_sensitive())
            }
            (_, Some(earlier)) => View::new(&earlier.history, view.clock()).with_sensitive(view.is_sensitive()),
            (_, None) => *view,
        };
        let changes = heldto_report::changes(&before, view, &filter, &words, basis);
        earlier.as_ref().map_or(Ok(()), |earlier| load::sound(&earlier.history))?;
        Ok(changes)
    })
}
