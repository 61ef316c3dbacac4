//! The commands that read: reports, timeline, `show`, `status`, `calc`. Turns arguments into a view
//! and a rendered document; the reports are in `heldto_report`. Start at [`report`].

use super::bookmark::Bookmark;
use super::watch::watch_list;
use crate::args::{
    AuthorityArgs, CalcArgs, ChangesArgs, Clocks, Filters, Global, ListArgs, Listed, PledgeFilters, PledgesArgs,
    Report, ReportArgs, ShowArgs, Since, StatusArgs, TimelineArgs,
};
use crate::error::{CommandError, FOUND, INPUT, USAGE};
use crate::load::{LedgerPosition, Reading};
use crate::open::Access;
use crate::{Env, RunOutput, load, open, permissions, settings};
use heldto_fact::{FactId, Kind};
use heldto_ledger::Recorder;
use heldto_replay::{AllView, Clock, View};
use heldto_report::{
    AmountFilter, Document, FactFilter, Format, LogPosition, PledgeFilter, RecordedBy, RenderError, ReportBasis, Scope,
    Selection, SensitiveEntries, StatusSummary, render,
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes a document from all facts.
fn of_all(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    make: impl FnOnce(LogPosition, AllView<'_>) -> Result<Document, CommandError>,
) -> Result<Document, CommandError> {
    let loaded = load::full(env, global, clocks.at.as_ref())?;
    let made = make(loaded.position.log.clone(), loaded.view(env, clocks));
    report_work(env, global, &loaded.view(env, clocks), &loaded.read, &loaded.position);
    load::sound(&loaded.facts)?;
    // Freeing the facts of a long log takes a fifth of the time, and the process ends soon: leave
    // that to another thread.
    std::thread::spawn(move || drop(loaded));
    made
}

/// Makes something of the facts that the index finds.
///
/// If the index does not read, or if an error wants the nearest of all ids, makes it of all facts.
fn of_found<T>(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    make: impl Fn(LogPosition, View<'_>) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let loaded = match load::indexed(env, global, clocks.at.as_ref())? {
        Reading::All(loaded) => loaded,
        Reading::Indexed(loaded) => {
            let made = make(loaded.position.log.clone(), loaded.view(env, clocks));
            if made.is_ok() && loaded.facts.error().is_none() {
                report_work(env, global, &loaded.view(env, clocks), &loaded.read, &loaded.position);
                return made;
            }
            drop(loaded);
            load::full(env, global, clocks.at.as_ref())?
        }
    };
    let made = make(loaded.position.log.clone(), *loaded.view(env, clocks));
    report_work(env, global, &loaded.view(env, clocks), &loaded.read, &loaded.position);
    load::sound(&loaded.facts)?;
    made
}

/// Makes a document from the facts that a filter selects: through the index if the filter names a
/// party or a link, and otherwise from all facts.
fn of_selected(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    filter: &FactFilter,
    make: impl Fn(&Selection<'_, '_>, ReportBasis) -> Result<Document, CommandError>,
) -> Result<Document, CommandError> {
    let make = |log: LogPosition, view: View<'_>| {
        let selection = Selection::of(view, filter).expect("a filter without a party or a link has all facts");
        make(&selection, ReportBasis::of(log, &Scope::Selection(selection)))
    };
    if filter.is_narrow() {
        of_found(env, global, clocks, make)
    } else {
        of_all(env, global, clocks, |log, view| make(log, *view))
    }
}

/// Prints the numbers of entries read, commitments judged and facts compared, if verbose.
///
/// Omits numbers that would reveal how much of the ledger is sensitive.
fn report_work(env: &mut Env<'_>, global: &Global, view: &View<'_>, read: &AtomicU64, position: &LedgerPosition) {
    if !global.verbose {
        return;
    }
    let read = read.load(Ordering::Relaxed);
    let all = position.log.entries;
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

pub fn written(global: &Global, document: &Document) -> Result<RunOutput, CommandError> {
    let chosen = document.chosen(&global.rows).map_err(|error| CommandError::new(USAGE, error.to_string()))?;
    let mut out = render(&chosen, global.format, global.screen).map_err(|e| {
        let hint = match e {
            RenderError::NoDays(_) => "ics and atom work only with report pledges, report changes and timeline",
            _ => "narrow the report with a filter, or use --format csv",
        };
        CommandError::new(USAGE, e.to_string()).hint(hint)
    })?;
    if global.bom {
        if global.format != Format::Csv {
            return Err(CommandError::new(USAGE, "--bom is for CSV alone").hint("add --format csv"));
        }
        out.splice(0..0, "\u{feff}".bytes());
    }
    Ok(RunOutput { page: true, ..super::plain(out) })
}

fn party(view: &View<'_>, id: Option<&FactId>) -> Result<(), CommandError> {
    id.map_or(Ok(()), |id| load::require(view, id, Some(Kind::Party)))
}

/// Checks that every id in the filters is recorded, with the right kind.
fn filters(view: &View<'_>, filters: &Filters) -> Result<(), CommandError> {
    party(view, filters.about.as_ref())?;
    party(view, filters.by.as_ref())?;
    for (id, kind) in [(&filters.linked, None), (&filters.source, Some(Kind::Source))] {
        if let Some(id) = id {
            load::require(view, id, kind)?;
        }
    }
    Ok(())
}

fn pledge_filters(view: &View<'_>, pledges: &PledgeFilters) -> Result<(), CommandError> {
    party(view, pledges.made_under.as_ref())?;
    filters(view, &pledges.facts)
}

/// Shows one fact, as a document or as a facts file.
pub fn show(env: &mut Env<'_>, global: &Global, args: &ShowArgs) -> Result<RunOutput, CommandError> {
    if args.toml {
        let out = of_found(env, global, &args.clocks, |_, view| {
            load::require(&view, &args.id, None)?;
            Ok(view.fact(&args.id).map(|f| heldto_intake::to_toml(std::slice::from_ref(f))).unwrap_or_default())
        })?;
        return Ok(super::plain(out));
    }
    let recorders = if args.private { recorders(env, global, &args.id)? } else { BTreeMap::new() };
    let document = of_found(env, global, &args.clocks, |log, view| {
        load::require(&view, &args.id, None)?;
        let basis = ReportBasis::of(log, &Scope::Fact(view, &args.id));
        heldto_report::show(&view, &args.id, &recorders, basis)
            .ok_or_else(|| CommandError::new(INPUT, format!("`{}` was retracted", args.id)))
    })?;
    written(global, &document)
}

/// Returns who recorded each entry of a fact, as text by entry.
fn recorders(env: &mut Env<'_>, global: &Global, id: &FactId) -> Result<BTreeMap<u64, String>, CommandError> {
    let open = open::ledger(env, global, Access::Read)?;
    let mut recorders = BTreeMap::new();
    for version in open.versions(id)? {
        let words = match open.recorder(version.index)? {
            Some(Recorder { by, checked_by: Some(checked) }) => format!("by {by}, checked by {checked}"),
            Some(Recorder { by, checked_by: None }) => format!("by {by}"),
            None => continue,
        };
        recorders.insert(version.index, words);
    }
    Ok(recorders)
}

/// Returns the requested recorder with the entries that it made.
fn recorded_by(env: &mut Env<'_>, global: &Global, asked: &Filters) -> Result<Option<RecordedBy>, CommandError> {
    let Some(who) = &asked.recorded_by else { return Ok(None) };
    let open = open::ledger(env, global, Access::Read)?;
    let mut entries = BTreeSet::new();
    // A copy that leaves parts out may still have been made with its recorders.
    let mut is_held = !open.store().is_partial();
    for index in 0..open.head().size() {
        let Some(recorder) = open.recorder(index)? else { continue };
        is_held = true;
        entries.extend(settings::is_same(&recorder.by, who).then_some(index));
    }
    Ok(Some(RecordedBy { who: who.clone(), entries, is_held }))
}

/// Adds to a filter what the ledger's private records and a watch list say.
fn complete(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    asked: &Filters,
    filter: &mut FactFilter,
) -> Result<(), CommandError> {
    filter.recorded_by = recorded_by(env, global, asked)?;
    filter.list = asked.list.as_deref().map(|path| watch_list(env, global, clocks, path)).transpose()?;
    Ok(())
}

/// Renders a report on the facts that match a filter.
fn filtered(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    asked: &Filters,
    make: impl Fn(&Selection<'_, '_>, ReportBasis) -> Document,
) -> Result<RunOutput, CommandError> {
    let mut filter = asked.filter();
    complete(env, global, clocks, asked, &mut filter)?;
    let document = of_selected(env, global, clocks, &filter, |selection, basis| {
        filters(&selection.view(), asked)?;
        Ok(make(selection, basis))
    })?;
    written(global, &document)
}

/// Renders a report on the commitments that match a filter.
fn filtered_pledges(
    env: &mut Env<'_>,
    global: &Global,
    clocks: &Clocks,
    asked: &PledgeFilters,
    make: impl Fn(&Selection<'_, '_>, &PledgeFilter, ReportBasis) -> Document,
) -> Result<RunOutput, CommandError> {
    let mut filter = asked.filter(None);
    complete(env, global, clocks, &asked.facts, &mut filter.facts)?;
    let document = of_selected(env, global, clocks, &filter.facts, |selection, basis| {
        pledge_filters(&selection.view(), asked)?;
        Ok(make(selection, &filter, basis))
    })?;
    written(global, &document)
}

/// Renders the timeline.
pub fn timeline(env: &mut Env<'_>, global: &Global, args: &TimelineArgs) -> Result<RunOutput, CommandError> {
    filtered(env, global, &args.clocks, &args.filters, |selection, basis| {
        heldto_report::timeline(selection, args.clock.into(), args.count, basis)
    })
}

/// Lists facts by their names, or the kinds of facts.
pub fn list(env: &mut Env<'_>, global: &Global, args: &ListArgs) -> Result<RunOutput, CommandError> {
    let kinds: &[Kind] = match args.what {
        Listed::Parties => &[Kind::Party],
        Listed::Sources => &[Kind::Source],
        Listed::Metrics => &[Kind::Metric],
        Listed::Commitments => &[Kind::Pledge, Kind::Recommendation],
        Listed::Kinds => {
            let kinds = Kind::ALL.iter().filter(|kind| !kind.is_system()).map(|kind| format!("{kind}\n"));
            return Ok(super::plain(kinds.collect::<String>()));
        }
    };
    let clocks = Clocks { sensitive: args.sensitive, ..Clocks::default() };
    let document = of_all(env, global, &clocks, |log, view| {
        Ok(heldto_report::list(&view, kinds, ReportBasis::of(log, &Scope::All(view))))
    })?;
    written(global, &document)
}

/// Renders the status of the ledger.
///
/// A large ledger is judged only if a clock or `--sensitive` is given; otherwise the cached status
/// summary is shown.
pub fn status(env: &mut Env<'_>, global: &Global, args: &StatusArgs) -> Result<RunOutput, CommandError> {
    written(global, &status_document(env, global, args)?)
}

/// Returns the status page.
pub fn status_document(env: &mut Env<'_>, global: &Global, args: &StatusArgs) -> Result<Document, CommandError> {
    let Clocks { as_of, known_by, at, sensitive } = &args.clocks;
    let by_no_clock = as_of.is_none() && known_by.is_none() && at.is_none() && !sensitive;
    let cached = if by_no_clock { load::cached_status(env, global)? } else { None };
    let clock = load::clock(env, &args.clocks);
    let (position, last_recorded, (sensitive, erasures), summary) = match cached {
        Some((loaded, summary)) => {
            let view = loaded.view(env, &args.clocks);
            report_work(env, global, &view, &loaded.read, &loaded.position);
            let last = view.last_recorded();
            let entries = (SensitiveEntries::of(&view), view.erasures().to_vec());
            (loaded.position, last, entries, summary)
        }
        None => {
            let loaded = load::full(env, global, at.as_ref())?;
            let view = loaded.view(env, &args.clocks);
            let summary = StatusSummary::of(&view, &loaded.position.log);
            load::sound(&loaded.facts)?;
            let now = load::clock(env, &Clocks::default());
            let is_whole = loaded.position.log.entries == loaded.position.size;
            if loaded.position.size > env.status_cache_limit && is_whole && clock == now && !sensitive {
                load::cache_status(global, &summary);
            }
            report_work(env, global, &view, &loaded.read, &loaded.position);
            let last = view.last_recorded();
            let entries = (SensitiveEntries::of(&view), view.erasures().to_vec());
            (loaded.position, last, entries, Some(summary))
        }
    };
    let server = match global.server {
        Some(_) => crate::copy::facts(global, &open::ledger(env, global, Access::Read)?)?,
        None => None,
    };
    let about = heldto_report::LedgerFacts {
        size: position.size,
        key: position.key.to_string(),
        signed: position.signed,
        is_partial: position.is_partial,
        sensitive,
        erasures,
        readers: permissions::readers(&open::folder(global)),
        server,
    };
    Ok(heldto_report::status(clock, position.log, last_recorded, about, summary.as_ref()))
}

/// Evaluates an expression over fields of facts.
pub fn calc(env: &mut Env<'_>, global: &Global, args: &CalcArgs) -> Result<RunOutput, CommandError> {
    let document = of_all(env, global, &args.clocks, |log, view| {
        let basis = ReportBasis::of(log, &Scope::All(view));
        let calculated = heldto_report::calc(&view, &args.expression.join(" "), basis);
        calculated.map_err(|e| CommandError::new(INPUT, e.to_string()))
    })?;
    written(global, &document)
}

/// Renders the chosen report.
pub fn report(env: &mut Env<'_>, global: &Global, args: &ReportArgs) -> Result<RunOutput, CommandError> {
    match &args.report {
        Report::Pledges(args) => pledges(env, global, args),
        Report::Authority(AuthorityArgs { id, clocks }) => {
            let about = FactFilter { about: Some(id.clone()), ..FactFilter::default() };
            let document = of_selected(env, global, clocks, &about, |selection, basis| {
                let view = selection.view();
                party(&view, Some(id))?;
                heldto_report::authority(&view, id, basis)
                    .ok_or_else(|| CommandError::new(INPUT, format!("`{id}` is not a party")))
            })?;
            written(global, &document)
        }
        Report::Money(args) => filtered(env, global, &args.clocks, &args.filters, |selection, basis| {
            let facts = selection.filter().clone();
            let filter = AmountFilter { facts, unit: None, role: args.role, money: true, totals: args.totals };
            heldto_report::amounts(selection, &filter, basis)
        }),
        Report::Amounts(args) => filtered(env, global, &args.money.clocks, &args.money.filters, |selection, basis| {
            let unit = args.unit.clone();
            let role = args.money.role;
            let totals = args.money.totals;
            let facts = selection.filter().clone();
            heldto_report::amounts(selection, &AmountFilter { facts, unit, role, money: false, totals }, basis)
        }),
        Report::Metrics(args) => {
            let mut filter = args.filters.filter();
            complete(env, global, &args.clocks, &args.filters, &mut filter)?;
            let document = of_all(env, global, &args.clocks, |log, view| {
                filters(&view, &args.filters)?;
                if let Some(metric) = &args.metric {
                    load::require(&view, metric, Some(Kind::Metric))?;
                }
                let selection = Selection::of(*view, &filter).expect("the view has all facts");
                let basis = ReportBasis::of(log, &Scope::Selection(selection));
                Ok(heldto_report::metrics(&view, &filter, args.metric.as_ref(), basis))
            })?;
            written(global, &document)
        }
        Report::Questions(args) => filtered(env, global, &args.clocks, &args.filters, heldto_report::questions),
        Report::Slippage(args) => filtered_pledges(env, global, &args.clocks, &args.filters, heldto_report::slippage),
        Report::Contradictions(args) => {
            filtered(env, global, &args.clocks, &args.filters, heldto_report::contradictions)
        }
        Report::Deliveries(args) => {
            filtered(env, global, &args.facts.clocks, &args.facts.filters, |selection, basis| {
                heldto_report::deliveries(selection, args.unpledged, basis)
            })
        }
        Report::Changes(args) => changes(env, global, args),
        Report::Agenda(args) => filtered_pledges(env, global, &args.clocks, &args.filters, heldto_report::agenda),
    }
}

fn pledges(env: &mut Env<'_>, global: &Global, args: &PledgesArgs) -> Result<RunOutput, CommandError> {
    let mut filter = args.filters.filter(args.scale);
    complete(env, global, &args.clocks, &args.filters.facts, &mut filter.facts)?;
    if let Some(id) = &args.explain {
        let is_unsettled = Cell::new(false);
        let document = of_found(env, global, &args.clocks, |log, view| {
            let of = |j: heldto_replay::Judgement<'_>| j.status.is_open() && !j.status.is_failed();
            is_unsettled.set(heldto_replay::judge_each(&view, id).into_iter().any(of));
            let basis = ReportBasis::of(log, &Scope::Fact(view, id));
            heldto_report::explain(&view, id, basis).ok_or_else(|| {
                let unknown = load::require(&view, id, Some(Kind::Pledge)).err();
                unknown.unwrap_or_else(|| CommandError::new(INPUT, format!("`{id}` is not a commitment")))
            })
        })?;
        let mut output = written(global, &document)?;
        if env.terminal.out && is_unsettled.get() && global.format == Format::Table && !global.quiet {
            let next = format!("\nTo settle it, record what was done:\n  heldto add delivery --for {id}\n");
            output.out.extend_from_slice(next.as_bytes());
        }
        return Ok(output);
    }
    let found = Cell::new(false);
    let document = of_selected(env, global, &args.clocks, &filter.facts, |selection, basis| {
        pledge_filters(&selection.view(), &args.filters)?;
        let judged = heldto_report::judged(selection, &filter);
        found.set(judged.iter().any(|j| args.fail_on.contains(&j.status)));
        Ok(heldto_report::pledges(selection, &filter, basis))
    })?;
    Ok(RunOutput { exit_code: if found.get() { FOUND } else { 0 }, ..written(global, &document)? })
}

/// Renders the changes since an earlier day of the same log, or since an earlier size of it.
fn changes(env: &mut Env<'_>, global: &Global, args: &ChangesArgs) -> Result<RunOutput, CommandError> {
    args.bookmark.as_deref().map_or(Ok(()), |path| open::not_of_ledger(env, global, path))?;
    let bookmark =
        args.bookmark.as_deref().map(|path| Ok::<_, CommandError>((path, Bookmark::read(path)?))).transpose()?;
    let (earlier, day, words) = match (&args.start, &bookmark) {
        (_, Some((_, Some(bookmark)))) => (Some(bookmark.entries), Some(bookmark.day), bookmark.to_string()),
        (Some(Since::Day(day)), _) => (None, Some(*day), heldto_report::day(*day)),
        (Some(Since::Entries(n)), _) => (Some(*n), None, format!("entry {n}")),
        (Some(Since::Checkpoint(path)), _) if path.as_os_str() != "-" && !path.exists() => {
            let message = format!("`{}` is neither a day, an entry number nor a file", path.display());
            return Err(CommandError::new(USAGE, message).hint("a day is written as 2026-11-22"));
        }
        (Some(Since::Checkpoint(path)), _) => {
            let size = load::size_of_checkpoint(env, global, path)?;
            (Some(size), None, format!("the checkpoint of {}", super::counted(size, "entry", "entries")))
        }
        // The first time there is nothing to compare with.
        (None, _) => (None, None, "now".to_owned()),
    };
    if let (Some(from), Some(crate::args::At::Entries(at))) = (earlier, &args.clocks.at)
        && from > *at
    {
        let message = format!("the comparison starts at entry {from}, but --at stops at entry {at}");
        return Err(CommandError::new(USAGE, message));
    }
    let earlier = earlier.map(|n| load::first(env, global, n)).transpose()?;
    let mut filter = args.filters.filter(None);
    complete(env, global, &args.clocks, &args.filters.facts, &mut filter.facts)?;
    let reached = Cell::new(None);
    let document = of_all(env, global, &args.clocks, |log, view| {
        pledge_filters(&view, &args.filters)?;
        let clock = day.map_or(view.clock(), |day| Clock { as_of: day, known_by: day });
        let before = match &earlier {
            Some(earlier) => AllView::new(&earlier.facts, clock).with_sensitive(view.is_sensitive()),
            None => view.at(clock),
        };
        reached.set(Some(Bookmark { day: view.clock().as_of, entries: log.entries }));
        let earlier_facts = Selection::of(*before, &filter.facts).expect("the view has all facts");
        let later_facts = Selection::of(*view, &filter.facts).expect("the view has all facts");
        let basis = ReportBasis::of(log, &Scope::All(view));
        let changes = heldto_report::changes(&earlier_facts, &later_facts, &filter, &words, basis);
        earlier.as_ref().map_or(Ok(()), |earlier| load::sound(&earlier.facts))?;
        Ok(changes)
    })?;
    let after = bookmark.zip(reached.get()).map(|((path, _), reached)| (path.to_owned(), reached.text()));
    Ok(RunOutput { after, ..written(global, &document)? })
}
