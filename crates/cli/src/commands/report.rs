//! Everything that is read: reports, timeline, one fact, where the ledger stands.

use crate::args::{
    AuthorityArgs, CalcArgs, ChangesArgs, Clocks, Filters, Global, PledgeFilters, PledgesArgs, Report, ReportArgs,
    ShowArgs, Since, StatusArgs, TimelineArgs,
};
use crate::error::{CommandError, FOUND, INPUT, USAGE};
use crate::ledger::{self, Loaded};
use crate::{Outcome, World, permissions};
use heldto_fact::{FactId, Kind};
use heldto_ledger::Recorder;
use heldto_replay::{Clock, View};
use heldto_report::{
    AmountFilter, Document, FactFilter, PledgeFilter, ReportBasis, Scope, SensitiveEntries, StatusSummary, render,
};
use heldto_store_sled::Access;
use std::collections::BTreeMap;

/// Looks at the ledger: at the facts that are asked for, or, where that does not do, at a fold of the whole of it.
fn looked<T>(
    world: &mut World<'_>,
    global: &Global,
    clocks: &Clocks,
    mut look: impl FnMut(&Loaded, &View<'_>) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let loaded = ledger::look(world, global, clocks.at.as_ref())?;
    let found = look(&loaded, &loaded.view(world, clocks));
    // What is wrong is told by whoever knows everything.
    if found.is_ok() && loaded.history.is_complete() {
        told(world, global, clocks, &loaded);
        return found;
    }
    drop(loaded);
    let loaded = ledger::load(world, global, clocks.at.as_ref())?;
    let found = look(&loaded, &loaded.view(world, clocks));
    told(world, global, clocks, &loaded);
    ledger::sound(&loaded.history)?;
    // Beside whatever comes next: to free what a long log says, fact by fact, takes a fifth of the time, and the process ends soon.
    std::thread::spawn(move || drop(loaded));
    found
}

/// Says how much was read, judged and compared; without what would tell how much of it is sensitive.
fn told(world: &mut World<'_>, global: &Global, clocks: &Clocks, loaded: &Loaded) {
    if !global.verbose {
        return;
    }
    let view = loaded.view(world, clocks);
    let (read, all) = (loaded.read.load(std::sync::atomic::Ordering::Relaxed), loaded.log.entries);
    if view.is_sensitive() || view.sensitive_entries() == 0 {
        let (judged, compared) = view.work_done();
        (world.say)(&format!("read {read} of {all} entries, judged {judged} commitments, compared {compared} facts"));
    } else if read == 0 || read == all {
        (world.say)(&format!("read {read} of {all} entries"));
    }
}

/// Looks, and writes the document in the format asked for.
fn with_view(
    world: &mut World<'_>,
    global: &Global,
    clocks: &Clocks,
    scope: Scope<'_>,
    mut make: impl FnMut(&Loaded, &View<'_>, ReportBasis) -> Result<Document, CommandError>,
) -> Result<Outcome, CommandError> {
    let document = looked(world, global, clocks, |loaded, view| {
        make(loaded, view, ReportBasis::of(view, loaded.log.clone(), scope))
    })?;
    written(global, &document)
}

pub fn written(global: &Global, document: &Document) -> Result<Outcome, CommandError> {
    let out = render(document, global.format, global.screen).map_err(|e| {
        CommandError::new(USAGE, e.to_string()).hint("ics and atom are for report pledges, report changes and timeline")
    })?;
    Ok(Outcome { out, page: true, code: 0 })
}

fn party(loaded: &Loaded, view: &View<'_>, id: Option<&FactId>) -> Result<(), CommandError> {
    id.map_or(Ok(()), |id| loaded.require(view, id, Some(Kind::Party)))
}

/// What the filters name must be on record.
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

/// One fact.
pub fn show(world: &mut World<'_>, global: &Global, args: &ShowArgs) -> Result<Outcome, CommandError> {
    if args.toml {
        let out = looked(world, global, &args.clocks, |loaded, view| {
            loaded.require(view, &args.id, None)?;
            Ok(view.fact(&args.id).map(|f| heldto_intake::to_toml(std::slice::from_ref(f))).unwrap_or_default())
        })?;
        return Ok(super::plain(out));
    }
    let recorders = if args.private { recorders(world, global, &args.id)? } else { BTreeMap::new() };
    with_view(world, global, &args.clocks, Scope::Fact(&args.id), |loaded, view, basis| {
        loaded.require(view, &args.id, None)?;
        heldto_report::show(view, &args.id, &recorders, basis)
            .ok_or_else(|| CommandError::new(INPUT, format!("`{}` was retracted", args.id)))
    })
}

/// Returns who recorded each entry that tells of a fact, in words.
fn recorders(world: &mut World<'_>, global: &Global, id: &FactId) -> Result<BTreeMap<u64, String>, CommandError> {
    let open = ledger::open(world, global, Access::Read)?;
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

/// A report on the facts that a filter lets through.
fn filtered(
    world: &mut World<'_>,
    global: &Global,
    clocks: &Clocks,
    asked: &Filters,
    make: impl Fn(&View<'_>, FactFilter, ReportBasis) -> Document,
) -> Result<Outcome, CommandError> {
    let filter = asked.filter();
    with_view(world, global, clocks, Scope::Filter(&filter), |loaded, view, basis| {
        filters(loaded, view, asked)?;
        Ok(make(view, filter.clone(), basis))
    })
}

/// The same of commitments.
fn filtered_pledges(
    world: &mut World<'_>,
    global: &Global,
    clocks: &Clocks,
    asked: &PledgeFilters,
    make: impl Fn(&View<'_>, &PledgeFilter, ReportBasis) -> Document,
) -> Result<Outcome, CommandError> {
    let filter = asked.filter(None);
    with_view(world, global, clocks, Scope::Filter(&filter.facts), |loaded, view, basis| {
        pledge_filters(loaded, view, asked)?;
        Ok(make(view, &filter, basis))
    })
}

/// What happened when.
pub fn timeline(world: &mut World<'_>, global: &Global, args: &TimelineArgs) -> Result<Outcome, CommandError> {
    filtered(world, global, &args.clocks, &args.filters, |view, filter, basis| {
        heldto_report::timeline(view, &filter, args.clock.into(), args.count, basis)
    })
}

/// Where the ledger stands. A long ledger is judged only when a day is given; else what was kept of the last such judgement is shown.
pub fn status(world: &mut World<'_>, global: &Global, args: &StatusArgs) -> Result<Outcome, CommandError> {
    let Clocks { as_of, known_by, at, sensitive } = &args.clocks;
    let by_no_clock = as_of.is_none() && known_by.is_none() && at.is_none() && !sensitive;
    let glanced = if by_no_clock { ledger::at_a_glance(world, global)? } else { None };
    let (loaded, glance) = match glanced {
        Some(glanced) => glanced,
        None => {
            let loaded = ledger::load(world, global, at.as_ref())?;
            let clock = loaded.clock(world, &args.clocks);
            let glance = StatusSummary::of(&loaded.view(world, &args.clocks), &loaded.log);
            ledger::sound(&loaded.history)?;
            let now = loaded.clock(world, &Clocks::default());
            if loaded.size > world.at_a_glance && loaded.log.entries == loaded.size && clock == now && !sensitive {
                ledger::keep(global, &glance);
            }
            (loaded, Some(glance))
        }
    };
    told(world, global, &args.clocks, &loaded);
    let clock = loaded.clock(world, &args.clocks);
    let about = heldto_report::LedgerFacts {
        size: loaded.size,
        key: loaded.key.to_string(),
        signed: loaded.signed,
        is_partial: loaded.is_partial,
        sensitive: SensitiveEntries::of(&loaded.view(world, &args.clocks)),
        readers: permissions::readers(&ledger::folder(global)),
    };
    let document =
        heldto_report::status(clock, loaded.log.clone(), loaded.history.last_recorded(), about, glance.as_ref());
    written(global, &document)
}

/// Arithmetic over fields of facts.
pub fn calc(world: &mut World<'_>, global: &Global, args: &CalcArgs) -> Result<Outcome, CommandError> {
    with_view(world, global, &args.clocks, Scope::All, |_, view, basis| {
        let calculated = heldto_report::calc(view, &args.expression.join(" "), basis);
        calculated.map_err(|e| CommandError::new(INPUT, e.to_string()))
    })
}

/// A report.
pub fn report(world: &mut World<'_>, global: &Global, args: &ReportArgs) -> Result<Outcome, CommandError> {
    match &args.report {
        Report::Pledges(args) => pledges(world, global, args),
        Report::Authority(AuthorityArgs { id, clocks }) => {
            let about = FactFilter { about: Some(id.clone()), ..FactFilter::default() };
            with_view(world, global, clocks, Scope::Filter(&about), |loaded, view, basis| {
                party(loaded, view, Some(id))?;
                heldto_report::authority(view, id, basis)
                    .ok_or_else(|| CommandError::new(INPUT, format!("`{id}` is no party")))
            })
        }
        Report::Money(args) => filtered(world, global, &args.clocks, &args.filters, |view, facts, basis| {
            let filter = AmountFilter { facts, unit: None, role: args.role, money: true, totals: args.totals };
            heldto_report::amounts(view, &filter, basis)
        }),
        Report::Amounts(args) => {
            filtered(world, global, &args.money.clocks, &args.money.filters, |view, facts, basis| {
                let (unit, role, totals) = (args.unit.clone(), args.money.role, args.money.totals);
                heldto_report::amounts(view, &AmountFilter { facts, unit, role, money: false, totals }, basis)
            })
        }
        Report::Metrics(args) => {
            let filter = args.filters.filter();
            with_view(world, global, &args.clocks, Scope::Filter(&filter), |loaded, view, basis| {
                filters(loaded, view, &args.filters)?;
                if let Some(metric) = &args.metric {
                    loaded.require(view, metric, Some(Kind::Metric))?;
                }
                Ok(heldto_report::metrics(view, &filter, args.metric.as_ref(), basis))
            })
        }
        Report::Questions(args) => filtered(world, global, &args.clocks, &args.filters, |view, filter, basis| {
            heldto_report::questions(view, &filter, basis)
        }),
        Report::Slippage(args) => filtered_pledges(world, global, &args.clocks, &args.filters, heldto_report::slippage),
        Report::Contradictions(args) => filtered(world, global, &args.clocks, &args.filters, |view, filter, basis| {
            heldto_report::contradictions(view, &filter, basis)
        }),
        Report::Deliveries(args) => {
            filtered(world, global, &args.facts.clocks, &args.facts.filters, |view, filter, basis| {
                heldto_report::deliveries(view, &filter, args.unpledged, basis)
            })
        }
        Report::Changes(args) => changes(world, global, args),
        Report::Agenda(args) => filtered_pledges(world, global, &args.clocks, &args.filters, heldto_report::agenda),
    }
}

fn pledges(world: &mut World<'_>, global: &Global, args: &PledgesArgs) -> Result<Outcome, CommandError> {
    let mut found = None;
    let filter = args.filters.filter(args.scale);
    let scope = args.explain.as_ref().map_or(Scope::Filter(&filter.facts), Scope::Fact);
    let outcome = with_view(world, global, &args.clocks, scope, |loaded, view, basis| {
        if let Some(id) = &args.explain {
            let document = heldto_report::explain(view, id, basis);
            return document.ok_or_else(|| {
                let unknown = loaded.require(view, id, Some(Kind::Pledge)).err();
                unknown.unwrap_or_else(|| CommandError::new(INPUT, format!("nothing is owed by `{id}`")))
            });
        }
        pledge_filters(loaded, view, &args.filters)?;
        found = heldto_report::judged(view, &filter).iter().map(|j| j.status).find(|s| args.fail_on.contains(s));
        Ok(heldto_report::pledges(view, &filter, basis))
    })?;
    Ok(Outcome { code: if found.is_some() { FOUND } else { 0 }, ..outcome })
}

/// What is new: against the same log as it was known on an earlier day, or against the log as it was at fewer entries.
fn changes(world: &mut World<'_>, global: &Global, args: &ChangesArgs) -> Result<Outcome, CommandError> {
    let (earlier, words) = match &args.from {
        Since::Day(day) => (None, heldto_report::day(*day)),
        Since::Entries(n) => (Some(*n), format!("entry {n}")),
        Since::Checkpoint(path) => {
            let size = ledger::size_of_checkpoint(world, global, path)?;
            (Some(size), format!("the checkpoint of {size} entries"))
        }
    };
    if let (Some(from), Some(crate::args::At::Entries(at))) = (earlier, &args.clocks.at)
        && from > *at
    {
        let message = format!("entry {from} comes after the {at} entries that --at counts");
        return Err(CommandError::new(USAGE, message));
    }
    let earlier = earlier.map(|n| ledger::load(world, global, Some(&crate::args::At::Entries(n)))).transpose()?;
    let filter = args.filters.filter(None);
    with_view(world, global, &args.clocks, Scope::All, |loaded, view, basis| {
        pledge_filters(loaded, view, &args.filters)?;
        let before = match (&args.from, &earlier) {
            (Since::Day(day), _) => {
                View::new(&loaded.history, Clock { as_of: *day, known_by: *day }).with_sensitive(view.is_sensitive())
            }
            (_, Some(earlier)) => View::new(&earlier.history, view.clock()).with_sensitive(view.is_sensitive()),
            (_, None) => *view,
        };
        let changes = heldto_report::changes(&before, view, &filter, &words, basis);
        earlier.as_ref().map_or(Ok(()), |earlier| ledger::sound(&earlier.history))?;
        Ok(changes)
    })
}
