//! Recording facts.

use super::plain;
use crate::args::{AppendArgs, Global};
use crate::error::{CommandError, INPUT};
use crate::ledger;
use crate::{Outcome, World};
use heldto_fact::{Fact, FactId};
use heldto_intake::{File, Known, Problems};
use heldto_ledger::{AppendError, Appended, Ledger};
use heldto_store_sled::SledStore;

/// Reads, checks and appends: all of it, or nothing.
pub fn run(world: &mut World<'_>, global: &Global, args: &AppendArgs) -> Result<Outcome, CommandError> {
    let files = ledger::files(world, &args.files)?;
    let mut open = ledger::open(world, global)?;
    let facts = facts(global, &mut open, &files)?;
    if args.dry_run {
        let planned = open.plan(&facts).map_err(|e| placed(global, &files, e))?;
        let said = format!(
            "{} would be recorded{}; nothing was\n",
            count(planned.new.len()),
            unchanged(planned.unchanged.len())
        );
        return Ok(plain(if global.quiet { String::new() } else { said }));
    }
    let appended = open.append(&facts, (world.now)(), world.random).map_err(|e| placed(global, &files, e))?;
    let head = open.head().clone();
    drop(open);
    if global.quiet {
        return Ok(plain(""));
    }
    let mut out = String::new();
    if global.verbose {
        appended.recorded.iter().for_each(|(id, index)| out.push_str(&format!("entry {index}: {id}\n")));
    }
    let size = head.size();
    out.push_str(&format!(
        "{} recorded{}; the ledger holds {size} entries\n",
        count(appended.recorded.len()),
        unchanged(appended.unchanged.len())
    ));
    Ok(plain(out))
}

fn count(n: usize) -> String {
    format!("{n} {}", if n == 1 { "fact" } else { "facts" })
}

fn unchanged(n: usize) -> String {
    if n == 0 { String::new() } else { format!(", {n} recorded before and unchanged") }
}

/// The facts of files and folders, checked against what the ledger holds.
pub fn facts(global: &Global, open: &mut Ledger<SledStore>, files: &[File]) -> Result<Vec<Fact>, CommandError> {
    let (states, _) = ledger::fold(open, None)?;
    let known: Known = states.timeline.standing().map(|f| (f.id.clone(), f.kind())).collect();
    heldto_intake::read(files, &known).map_err(|problems| wrong(global, &problems))
}

/// Every problem of the files, as it is read.
fn wrong(global: &Global, problems: &Problems) -> CommandError {
    let n = problems.count();
    let message = format!(
        "{}\n\n{n} {}; nothing was appended",
        problems.render(global.colour_errors),
        if n == 1 { "problem" } else { "problems" }
    );
    CommandError { as_it_is: true, ..CommandError::new(INPUT, message) }
}

/// What only the ledger can tell is wrong with facts, at their places in the files.
fn placed(global: &Global, files: &[File], error: AppendError) -> CommandError {
    let AppendError::Differ(which) = error else { return error.into() };
    let say = |(id, index): &(FactId, u64)| {
        let title = format!("`{id}` is recorded already, with other content, at entry {index}");
        let help = format!(
            "to replace it: heldto correct {id} FILE --reason TEXT; if this is another fact, give it another id"
        );
        (id.clone(), title, help)
    };
    wrong(global, &heldto_intake::point_at(files, &which.iter().map(say).collect::<Vec<_>>()))
}

/// Appends facts; they are durable when this returns.
pub fn record(world: &mut World<'_>, open: &mut Ledger<SledStore>, facts: &[Fact]) -> Result<Appended, CommandError> {
    Ok(open.append(facts, (world.now)(), world.random)?)
}
