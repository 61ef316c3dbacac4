//! What is lawful and likely wrong, in files before they are appended and in the ledger.

use super::{append, plain};
use crate::args::{CheckArgs, Clocks, Global};
use crate::error::{CommandError, INPUT};
use crate::ledger;
use crate::{Outcome, World};
use chrono::{DateTime, NaiveDate};
use heldto_fact::{Fact, FactId};
use heldto_intake::{File, Places, Problems};
use heldto_ledger::Ledger;
use heldto_replay::{Clock, FactHistory, View};
use heldto_report::{KnownFacts, ReportBasis, Scope, warnings};
use heldto_store_sled::{Access, SledStore};
use std::collections::BTreeSet;

/// Up to how many entries a ledger is read whole for the warnings of an append: some hundredths of a second.
const READ_WHOLE: u64 = 20_000;

/// How many warnings an append shows.
const MOST_SHOWN: usize = 10;

/// Checks files, or the ledger where none are named.
pub fn run(world: &mut World<'_>, global: &Global, args: &CheckArgs) -> Result<Outcome, CommandError> {
    if args.files.is_empty() {
        return of_ledger(world, global, args);
    }
    let files = ledger::files(world, &args.files)?;
    let drafts = heldto_intake::draft(&files);
    let mut open = ledger::open(world, global, Access::Read)?;
    let (facts, places) = append::facts(global, &mut open, &drafts)?;
    if facts.is_empty() {
        (world.say)(&empty());
    }
    // What `append` would refuse is refused here too.
    open.plan(&facts).map_err(|error| append::placed(global, &files, &places, error))?;
    let found = found(world, &open, &files, &places, &facts.iter().collect::<Vec<_>>())?;
    let code = if args.strict && (!found.problems.is_empty() || facts.is_empty()) { INPUT } else { 0 };
    let out = if found.problems.is_empty() {
        "nothing looks wrong\n".to_owned()
    } else {
        format!("{}\n", found.render_as_warnings(global.screen.colour, usize::MAX))
    };
    Ok(Outcome { code, ..plain(out) })
}

fn of_ledger(world: &mut World<'_>, global: &Global, args: &CheckArgs) -> Result<Outcome, CommandError> {
    let loaded = ledger::load(world, global, None)?;
    let clocks = Clocks { known_by: Some(NaiveDate::MAX), sensitive: args.sensitive, ..Clocks::default() };
    let today = today(world);
    let view = loaded.view(world, &clocks);
    // Whatever day a source gives itself, the ledger holds it.
    let view =
        View::new(&loaded.history, Clock { as_of: NaiveDate::MAX, ..view.clock() }).with_sensitive(args.sensitive);
    let now = loaded.view(world, &Clocks { sensitive: args.sensitive, ..Clocks::default() });
    let document = heldto_report::check(&view, today, ReportBasis::of(&now, loaded.log.clone(), Scope::All));
    ledger::sound(&loaded.history)?;
    let code = if args.strict && !document.data.rows.is_empty() { INPUT } else { 0 };
    Ok(Outcome { code, ..super::report::written(global, &document)? })
}

/// Says what looks wrong with facts that are about to be recorded.
///
/// # Errors
/// Where anything does, and warnings are errors.
pub fn warn(
    world: &mut World<'_>,
    global: &Global,
    open: &Ledger<SledStore>,
    (files, places): (&[File], &Places),
    facts: &[Fact],
    is_strict: bool,
) -> Result<(), CommandError> {
    if facts.is_empty() && !is_strict {
        (world.say)(&empty());
        return Ok(());
    }
    // What is recorded already was warned of before.
    let new: Vec<&Fact> = if facts.len() as u64 > READ_WHOLE {
        facts.iter().collect()
    } else {
        // What cannot be recorded is told as an error.
        let Ok(planned) = open.plan(facts) else { return Ok(()) };
        planned.new
    };
    let found = found(world, open, files, places, &new)?;
    if facts.is_empty() || (is_strict && !found.problems.is_empty()) {
        let shown = if facts.is_empty() { empty() } else { found.render_as_warnings(global.colour_errors, usize::MAX) };
        let message = format!("{shown}; nothing was appended, because of --strict");
        return Err(CommandError { as_it_is: true, ..CommandError::new(INPUT, message) });
    }
    if !found.problems.is_empty() && !global.quiet {
        (world.say)(&found.render_as_warnings(global.colour_errors, MOST_SHOWN));
    }
    Ok(())
}

fn empty() -> String {
    "warning: the files hold no facts".to_owned()
}

fn today(world: &World<'_>) -> NaiveDate {
    DateTime::from_timestamp_micros((world.now)()).unwrap_or_default().date_naive()
}

/// Returns the warnings of facts of files, at their places.
fn found(
    world: &World<'_>,
    open: &Ledger<SledStore>,
    files: &[File],
    places: &Places,
    facts: &[&Fact],
) -> Result<Problems, CommandError> {
    let is_read = open.head().size() <= READ_WHOLE;
    let history: Option<FactHistory> = is_read.then(|| ledger::load_all(open)).transpose()?;
    let all = Clock { as_of: NaiveDate::MAX, known_by: NaiveDate::MAX };
    let mut ground = KnownFacts {
        recorded: history.as_ref().map(|history| View::new(history, all)),
        sensitive: open.sensitive()?.entities,
        today: today(world),
        ..KnownFacts::default()
    };
    ground.sensitive.extend(facts.iter().filter(|f| f.sensitive).map(|f| f.id.clone()));
    if !is_read && facts.len() as u64 <= READ_WHOLE {
        let named: BTreeSet<&FactId> = facts
            .iter()
            .flat_map(|f| f.parties().chain(f.targets()).chain(f.cites.iter().map(|c| &c.source)))
            .collect();
        // What is about a child is told of by nothing that only names it.
        for id in named.into_iter().filter(|id| !ground.sensitive.contains(*id)) {
            ground.named.extend(open.standing(id)?.map(|fact| (id.clone(), fact)));
        }
    }
    let wrong: Vec<(FactId, String, String)> =
        warnings(facts, &ground).into_iter().map(|w| (w.id, w.title, w.help)).collect();
    Ok(heldto_intake::point_at(files, places, &wrong, ""))
}
