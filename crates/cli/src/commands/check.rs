//! `check`, and the warnings of `append`: finds facts that are valid but probably wrong. The rules
//! are in `heldto_report`; this module supplies the existing facts. Start at [`run`].

use super::{append, plain};
use crate::args::{CheckArgs, Clocks, Global};
use crate::error::{CommandError, INPUT};
use crate::open::{Access, LocalLedger};
use crate::{Env, RunOutput, input, load, open};
use chrono::NaiveDate;
use heldto_fact::{Fact, FactId};
use heldto_intake::{File, Places, Problems};
use heldto_replay::{AllFacts, AllView, Clock};
use heldto_report::{KnownFacts, ReportBasis, Scope, warnings};
use std::collections::BTreeSet;

/// Maximum number of entries for which the warnings of an append read the whole ledger.
///
/// Reading that many takes some hundredths of a second. Also the maximum number of new facts that
/// are compared with the ledger one by one.
const READ_WHOLE: u64 = 20_000;

/// Maximum number of warnings shown by an append.
const MOST_SHOWN: usize = 10;

/// Checks files, or the ledger if no file is named.
pub fn run(env: &mut Env<'_>, global: &Global, args: &CheckArgs) -> Result<RunOutput, CommandError> {
    if args.files.is_empty() {
        return of_ledger(env, global, args);
    }
    let files = input::files(env, &args.files)?;
    let drafts = heldto_intake::draft(&files);
    let mut open = open::ledger(env, global, Access::Read)?;
    let (facts, places) = append::facts(global, &mut open, &drafts)?;
    if facts.is_empty() {
        (env.eprintln)(&empty());
    }
    // Reject what `append` would reject.
    open.plan(&facts).map_err(|error| append::placed(global, &files, &places, error))?;
    let found = found(env, &open, &files, &places, &facts.iter().collect::<Vec<_>>())?;
    let exit_code = if args.strict && (!found.problems.is_empty() || facts.is_empty()) { INPUT } else { 0 };
    let out = if found.problems.is_empty() {
        "Nothing looks wrong.\n".to_owned()
    } else {
        format!("{}\n", found.render_as_warnings(global.screen.colour, usize::MAX))
    };
    Ok(RunOutput { exit_code, ..plain(out) })
}

fn of_ledger(env: &mut Env<'_>, global: &Global, args: &CheckArgs) -> Result<RunOutput, CommandError> {
    let loaded = load::full(env, global, None)?;
    let clocks = Clocks { known_by: Some(NaiveDate::MAX), sensitive: args.sensitive, ..Clocks::default() };
    let today = env.today();
    let view = loaded.view(env, &clocks);
    // Includes facts dated in the future, such as sources: the ledger holds them already.
    let view = view.at(Clock { as_of: NaiveDate::MAX, ..view.clock() });
    let now = loaded.view(env, &Clocks { sensitive: args.sensitive, ..Clocks::default() });
    let basis = ReportBasis::of(loaded.position.log.clone(), &Scope::All(now));
    let document = heldto_report::check(&view, today, basis);
    load::sound(&loaded.facts)?;
    let exit_code = if args.strict && !document.data.rows.is_empty() { INPUT } else { 0 };
    Ok(RunOutput { exit_code, ..super::report::written(global, &document)? })
}

/// Warns of facts about to be recorded that look wrong.
///
/// # Errors
/// If there is a warning, or no fact at all, and warnings are errors.
pub fn warn(
    env: &mut Env<'_>,
    global: &Global,
    open: &LocalLedger,
    (files, places): (&[File], &Places),
    facts: &[Fact],
    is_strict: bool,
) -> Result<(), CommandError> {
    if facts.is_empty() && !is_strict {
        (env.eprintln)(&empty());
        return Ok(());
    }
    // Facts recorded already were warned of when they were recorded.
    let new: Vec<&Fact> = if facts.len() as u64 > READ_WHOLE {
        facts.iter().collect()
    } else {
        // The append itself will report the error.
        let Ok(planned) = open.plan(facts) else { return Ok(()) };
        planned.new
    };
    let found = found(env, open, files, places, &new)?;
    if facts.is_empty() || (is_strict && !found.problems.is_empty()) {
        let shown = if facts.is_empty() { empty() } else { found.render_as_warnings(global.colour_errors, usize::MAX) };
        let message = format!("{shown}. Nothing was recorded, because of --strict.");
        return Err(CommandError { rendered: true, ..CommandError::new(INPUT, message) });
    }
    if !found.problems.is_empty() && !global.quiet {
        (env.eprintln)(&found.render_as_warnings(global.colour_errors, MOST_SHOWN));
    }
    Ok(())
}

fn empty() -> String {
    "warning: the files hold no facts".to_owned()
}

/// Returns the warnings about these facts, at their places in the files.
fn found(
    env: &Env<'_>,
    open: &LocalLedger,
    files: &[File],
    places: &Places,
    facts: &[&Fact],
) -> Result<Problems, CommandError> {
    let is_read = open.head().size() <= READ_WHOLE;
    let recorded: Option<AllFacts> = is_read.then(|| load::all(open)).transpose()?;
    let all = Clock { as_of: NaiveDate::MAX, known_by: NaiveDate::MAX };
    let mut ground = KnownFacts {
        recorded: recorded.as_ref().map(|recorded| AllView::new(recorded, all)),
        sensitive: open.sensitive()?.entities,
        today: env.today(),
        ..KnownFacts::default()
    };
    ground.sensitive.extend(facts.iter().filter(|f| f.sensitive).map(|f| f.id.clone()));
    if !is_read && facts.len() as u64 <= READ_WHOLE {
        let named: BTreeSet<&FactId> = facts
            .iter()
            .flat_map(|f| f.parties().chain(f.targets()).chain(f.cites.iter().map(|c| &c.source)))
            .collect();
        // Sensitive facts are left out: warnings about facts that name them must not reveal them.
        for id in named.into_iter().filter(|id| !ground.sensitive.contains(*id)) {
            ground.named.extend(open.standing(id)?.map(|fact| (id.clone(), fact)));
        }
    }
    let wrong: Vec<(FactId, String, String)> =
        warnings(facts, &ground).into_iter().map(|w| (w.id, w.title, w.help)).collect();
    Ok(heldto_intake::point_at(files, places, &wrong, ""))
}
