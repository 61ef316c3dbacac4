//! Recording facts.

use super::{meter, plain};
use crate::args::{AppendArgs, Global, MappingArgs};
use crate::error::{CommandError, INPUT};
use crate::ledger;
use crate::{Outcome, World};
use heldto_fact::{Body, Fact, FactId, Kind};
use heldto_intake::{File, Ground, Known, Places, Problems};
use heldto_ledger::{AppendError, Appended, Ledger};
use heldto_store_sled::{Access, SledStore};
use std::path::PathBuf;

/// Reads, checks and appends: all of it, or nothing.
pub fn run(world: &mut World<'_>, global: &Global, args: &AppendArgs) -> Result<Outcome, CommandError> {
    let through = args.mapping.as_deref().map(|name| mapping_file(world, name)).transpose()?;
    let files = match &through {
        Some(mapping) => tables(world, global, mapping, &args.files)?,
        None => ledger::files(world, &args.files)?,
    };
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let mut open = ledger::open(world, global, access)?;
    let (facts, places) = match &through {
        Some(mapping) => mapped(global, &mut open, mapping, &files)?,
        None => facts(global, &mut open, &files)?,
    };
    if args.dry_run {
        let planned = open.plan(&facts).map_err(|e| placed(global, &files, &places, e))?;
        let said = format!(
            "{} would be recorded{}; nothing was\n",
            count(planned.new.len()),
            unchanged(planned.unchanged.len())
        );
        return Ok(plain(if global.quiet { String::new() } else { said }));
    }
    let now = (world.now)();
    let mut meter = meter(world.terminal, world.progress, "recording", facts.len() as u64);
    let appended =
        open.append_with(&facts, now, world.random, &mut meter).map_err(|e| placed(global, &files, &places, e))?;
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

/// The facts of files and folders, checked against what the ledger holds, and where they stand.
pub fn facts(
    global: &Global,
    open: &mut Ledger<SledStore>,
    files: &[File],
) -> Result<(Vec<Fact>, Places), CommandError> {
    let drafts = heldto_intake::draft(files);
    let mut known = Known::new();
    for id in drafts.references() {
        known.extend(open.standing(id)?.map(|fact| (id.clone(), fact.kind())));
    }
    if let Ok(facts) = drafts.facts(&known) {
        return Ok((facts, drafts.places()));
    }
    // Only somebody who mistyped a name is told the nearest of all there are.
    let states = ledger::fold(open, None)?;
    let all = ledger::known(&states);
    let facts = drafts.facts(&all).map_err(|problems| wrong(global, &problems))?;
    Ok((facts, drafts.places()))
}

/// A mapping by its name, or from a file.
fn mapping_file(world: &mut World<'_>, name: &str) -> Result<File, CommandError> {
    if let Some((name, text)) = heldto_intake::SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        return Ok(File { name: format!("mapping {name}"), text: (*text).to_owned() });
    }
    let path = std::path::Path::new(name);
    if !path.exists() {
        let names: Vec<&str> = heldto_intake::SHIPPED.iter().map(|(name, _)| *name).collect();
        return Err(CommandError::new(INPUT, format!("there is no mapping `{name}`, and no file of that name"))
            .hint(format!("with the program come {}", names.join(", "))));
    }
    let mut files = ledger::files(world, &[path.to_path_buf()])?;
    Ok(files.remove(0))
}

/// Prints a mapping, or the names of those there are.
pub fn mapping(args: &MappingArgs) -> Result<Outcome, CommandError> {
    let names: Vec<&str> = heldto_intake::SHIPPED.iter().map(|(name, _)| *name).collect();
    match &args.name {
        None => Ok(plain(format!("{}\n", names.join("\n")))),
        Some(name) => match heldto_intake::SHIPPED.iter().find(|(shipped, _)| shipped == name) {
            Some((_, text)) => Ok(plain(*text)),
            None => Err(CommandError::new(INPUT, format!("there is no mapping `{name}`"))
                .hint(format!("with the program come {}", names.join(", ")))),
        },
    }
}

/// The tables that a mapping reads: the files named, and of a folder those that the mapping speaks of.
fn tables(
    world: &mut World<'_>,
    global: &Global,
    mapping: &File,
    paths: &[PathBuf],
) -> Result<Vec<File>, CommandError> {
    let names = heldto_intake::tables(mapping).map_err(|problems| wrong(global, &problems))?;
    let mut wanted = Vec::new();
    for path in paths {
        if path.is_dir() {
            let inside: Vec<PathBuf> = names.iter().map(|n| path.join(n)).filter(|p| p.is_file()).collect();
            if inside.len() < names.len() {
                let gone: Vec<&str> = names.iter().filter(|n| !path.join(n).is_file()).map(String::as_str).collect();
                let message = format!("{} does not hold {}, which the mapping reads", path.display(), gone.join(", "));
                return Err(CommandError::new(INPUT, message).hint("name the tables themselves to read only some"));
            }
            wanted.extend(inside);
        } else {
            wanted.push(path.clone());
        }
    }
    ledger::files(world, &wanted)
}

/// The facts of tables, read through a mapping, and their rows.
fn mapped(
    global: &Global,
    open: &mut Ledger<SledStore>,
    mapping: &File,
    tables: &[File],
) -> Result<(Vec<Fact>, Places), CommandError> {
    let states = ledger::fold(open, None)?;
    let mut ground = Ground::default();
    for (id, kind) in states.standing() {
        ground.known.insert(id.clone(), kind);
        let newest = (kind == Kind::Party).then(|| states.versions(id).last()?.fact.as_ref()).flatten();
        if let Some(Body::Party { identifiers, .. }) = newest.map(|fact| &fact.body) {
            let codes = identifiers.iter().map(|i| (i.scheme.clone(), i.value.clone()));
            ground.codes.extend(codes.map(|code| (code, id.clone())));
        }
    }
    ledger::sound(&states)?;
    heldto_intake::map(mapping, tables, &ground).map_err(|problems| wrong(global, &problems))
}

/// Every problem of the files, as it is read.
fn wrong(global: &Global, problems: &Problems) -> CommandError {
    let message = format!("{}; nothing was appended", problems.render(global.colour_errors));
    CommandError { as_it_is: true, ..CommandError::new(INPUT, message) }
}

/// What only the ledger can tell is wrong with facts, at their places in the files.
fn placed(global: &Global, files: &[File], places: &Places, error: AppendError) -> CommandError {
    let AppendError::Differ(which) = error else { return error.into() };
    let say = |(id, index): &(FactId, u64)| {
        let title = format!("`{id}` is recorded already, with other content, at entry {index}");
        let help = format!(
            "to replace it: heldto correct {id} FILE --reason TEXT; if this is another fact, give it another id"
        );
        (id.clone(), title, help)
    };
    wrong(global, &heldto_intake::point_at(files, places, &which.iter().map(say).collect::<Vec<_>>()))
}

/// Appends facts; they are durable when this returns.
pub fn record(world: &mut World<'_>, open: &mut Ledger<SledStore>, facts: &[Fact]) -> Result<Appended, CommandError> {
    Ok(open.append(facts, (world.now)(), world.random)?)
}
