//! Recording facts.

use super::plain;
use crate::args::{AppendArgs, Global};
use crate::error::{CommandError, INPUT};
use crate::ledger;
use crate::{Outcome, World};
use heldto_fact::Fact;
use heldto_intake::{File, Known};
use heldto_ledger::{Appended, Ledger};
use heldto_store_sled::SledStore;

/// Reads, checks and appends: all of it, or nothing.
pub fn run(world: &mut World<'_>, global: &Global, args: &AppendArgs) -> Result<Outcome, CommandError> {
    let files = ledger::files(world, &args.files)?;
    let mut open = ledger::open(world, global)?;
    let facts = facts(global, &mut open, &files)?;
    if args.dry_run {
        let planned = open.plan(&facts)?;
        let said = format!("{} would be recorded{}; nothing was\n", count(planned.new.len()), unchanged(planned.unchanged.len()));
        return Ok(plain(if global.quiet { String::new() } else { said }));
    }
    let appended = record(world, &mut open, &facts)?;
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
    out.push_str(&format!("{} recorded{}; the ledger holds {size} entries\n", count(appended.recorded.len()), unchanged(appended.unchanged.len())));
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
    read(global, files, &known)
}

/// The facts of files, or every problem with them.
pub fn read(global: &Global, files: &[File], known: &Known) -> Result<Vec<Fact>, CommandError> {
    heldto_intake::read(files, known).map_err(|problems| {
        let n = problems.count();
        let message = format!("{}\n\n{n} {}; nothing was appended", problems.render(global.colour_errors), if n == 1 { "problem" } else { "problems" });
        CommandError { as_it_is: true, ..CommandError::new(INPUT, message) }
    })
}

/// Appends facts; they are durable when this returns.
pub fn record(world: &mut World<'_>, open: &mut Ledger<SledStore>, facts: &[Fact]) -> Result<Appended, CommandError> {
    Ok(open.append(facts, (world.now)(), world.random)?)
}
