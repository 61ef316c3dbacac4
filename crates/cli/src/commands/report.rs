//! Everything that is read: reports, timeline, one fact, where the ledger stands.

use crate::args::{AuthorityArgs, Clocks, Global, PledgesArgs, Report, ReportArgs, ShowArgs, StatusArgs, TimelineArgs};
use crate::error::{CommandError, FOUND, INPUT};
use crate::ledger::{self, Loaded};
use crate::{Outcome, World};
use heldto_fact::{FactId, Kind};
use heldto_replay::View;
use heldto_report::{Document, PledgeFilter, TimelineFilter, render};

/// Loads, looks, and writes the document in the format asked for.
fn with_view(
    world: &mut World<'_>,
    global: &Global,
    clocks: &Clocks,
    make: impl FnOnce(&Loaded, &View<'_>) -> Result<Document, CommandError>,
) -> Result<Outcome, CommandError> {
    let loaded = ledger::load(world, global, clocks.at.as_ref())?;
    let view = View::new(&loaded.states, loaded.clock(world, clocks));
    let document = make(&loaded, &view)?;
    Ok(Outcome { out: render(&document, global.format, global.screen), page: true, code: 0 })
}

fn party(loaded: &Loaded, view: &View<'_>, id: Option<&FactId>) -> Result<(), CommandError> {
    id.map_or(Ok(()), |id| loaded.require(view, id, Some(Kind::Party)))
}

/// One fact.
pub fn show(world: &mut World<'_>, global: &Global, args: &ShowArgs) -> Result<Outcome, CommandError> {
    if args.toml {
        let loaded = ledger::load(world, global, args.clocks.at.as_ref())?;
        let view = View::new(&loaded.states, loaded.clock(world, &args.clocks));
        loaded.require(&view, &args.id, None)?;
        let out = view.fact(&args.id).map(|f| heldto_intake::to_toml(std::slice::from_ref(f))).unwrap_or_default();
        return Ok(super::plain(out));
    }
    with_view(world, global, &args.clocks, |loaded, view| {
        loaded.require(view, &args.id, None)?;
        heldto_report::show(view, &args.id, args.clocks.sensitive, loaded.basis(view.clock()))
            .ok_or_else(|| CommandError::new(INPUT, format!("`{}` was retracted", args.id)))
    })
}

/// What happened when.
pub fn timeline(world: &mut World<'_>, global: &Global, args: &TimelineArgs) -> Result<Outcome, CommandError> {
    with_view(world, global, &args.clocks, |loaded, view| {
        party(loaded, view, args.about.as_ref())?;
        party(loaded, view, args.by.as_ref())?;
        for (id, kind) in [(&args.linked, None), (&args.source, Some(Kind::Source))] {
            if let Some(id) = id {
                loaded.require(view, id, kind)?;
            }
        }
        let filter = TimelineFilter {
            about: args.about.clone(),
            by: args.by.clone(),
            kind: args.kind.clone(),
            voice: args.voice,
            salience: args.salience,
            linked: args.linked.clone(),
            source: args.source.clone(),
            since: args.since,
            until: args.until,
            text: args.text.clone(),
            sensitive: args.clocks.sensitive,
            order: args.clock.into(),
            count: args.count,
        };
        Ok(heldto_report::timeline(view, &filter, loaded.basis(view.clock())))
    })
}

/// Where the ledger stands.
pub fn status(world: &mut World<'_>, global: &Global, args: &StatusArgs) -> Result<Outcome, CommandError> {
    with_view(world, global, &args.clocks, |loaded, view| {
        let about =
            heldto_report::About { origin: loaded.origin.clone(), size: loaded.size, root: loaded.root.clone() };
        Ok(heldto_report::status(view, about, loaded.basis(view.clock())))
    })
}

/// A report.
pub fn report(world: &mut World<'_>, global: &Global, args: &ReportArgs) -> Result<Outcome, CommandError> {
    match &args.report {
        Report::Pledges(args) => pledges(world, global, args),
        Report::Authority(AuthorityArgs { id, clocks }) => with_view(world, global, clocks, |loaded, view| {
            party(loaded, view, Some(id))?;
            heldto_report::authority(view, id, clocks.sensitive, loaded.basis(view.clock()))
                .ok_or_else(|| CommandError::new(INPUT, format!("`{id}` is no party")))
        }),
    }
}

fn pledges(world: &mut World<'_>, global: &Global, args: &PledgesArgs) -> Result<Outcome, CommandError> {
    let mut found = None;
    let outcome = with_view(world, global, &args.clocks, |loaded, view| {
        let basis = loaded.basis(view.clock());
        if let Some(id) = &args.explain {
            if view.fact(id).is_some() {
                loaded.require(view, id, Some(Kind::Pledge))?;
            }
            let document = heldto_report::explain(view, id, args.clocks.sensitive, basis);
            return document.ok_or_else(|| {
                loaded
                    .require(view, id, Some(Kind::Pledge))
                    .err()
                    .unwrap_or_else(|| CommandError::new(INPUT, "no such pledge"))
            });
        }
        party(loaded, view, args.about.as_ref())?;
        party(loaded, view, args.by.as_ref())?;
        let filter = PledgeFilter {
            about: args.about.clone(),
            by: args.by.clone(),
            status: args.status.clone(),
            due: args.due.map(Into::into),
            open: args.open,
            sensitive: args.clocks.sensitive,
        };
        found = heldto_report::judged(view, &filter).iter().map(|j| j.status).find(|s| args.fail_on.contains(s));
        Ok(heldto_report::pledges(view, &filter, basis))
    })?;
    Ok(Outcome { code: if found.is_some() { FOUND } else { 0 }, ..outcome })
}
