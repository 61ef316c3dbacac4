//! `append`: turns files into facts and records them. Parsing is in `heldto_intake`,
//! recording in `heldto_ledger`. Start at [`run`].

use super::{amend, check, counted, meter, plain, publish};
use crate::args::{AppendArgs, Global};
use crate::error::{CommandError, INPUT};
use crate::open::{Access, LocalLedger};
use crate::{Env, RunOutput, consequences, input, load, open, settings};
use heldto_fact::{Body, Fact, FactId, Kind, Voice};
use heldto_intake::{Drafts, ExistingFacts, File, Known, Places, Problems};
use heldto_ledger::{AppendError, Appended, encode_fact};
use heldto_replay::FactSource;
use heldto_store::StoreError;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Reads, checks and appends facts: all of them or none.
///
/// Files are read and parsed before the ledger is opened for writing.
pub fn run(env: &mut Env<'_>, global: &Global, args: &AppendArgs) -> Result<RunOutput, CommandError> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let through = args.mapping.as_deref().map(|name| mapping_file(env, name)).transpose()?;
    let (files, mut open, facts, places);
    match &through {
        Some(mapping) => {
            files = tables(env, global, mapping, &args.files)?;
            let ground = ground(&open::ledger(env, global, Access::Read)?)?;
            (facts, places) =
                heldto_intake::map(mapping, &files, &ground).map_err(|problems| wrong(global, &problems))?;
            open = open::ledger(env, global, access)?;
        }
        None => {
            if let Some(table) =
                args.files.iter().find(|path| path.extension().is_some_and(|x| x.eq_ignore_ascii_case("csv")))
            {
                let message = format!("{} is a table, and a table needs a mapping", table.display());
                return Err(CommandError::new(INPUT, message)
                    .hint("add --mapping NAME; to list the built-in mappings: heldto mapping")
                    .hint(format!("to make one by questions: heldto mapping --draft {}", table.display())));
            }
            files = input::files(env, &args.files)?;
            let drafts = heldto_intake::draft(&files);
            open = open::ledger(env, global, access)?;
            (facts, places) = self::facts(global, &mut open, &drafts)?;
        }
    }
    given(env, global, args, open, (&files, &places, &facts))
}

/// Facts that were read, with their files and their places in them.
pub type Given<'a> = (&'a [File], &'a Places, &'a [Fact]);

/// Checks and records facts that were read, as `args` say, beside the files that they name.
pub fn given(
    env: &mut Env<'_>,
    global: &Global,
    args: &AppendArgs,
    mut open: LocalLedger,
    (files, places, facts): Given<'_>,
) -> Result<RunOutput, CommandError> {
    open.set_clock_policy(args.clock.policy());
    open.set_recorder(settings::recorder(env, global, &args.recorder)?);
    let fail = |error| placed(global, files, places, error);
    let corrected = args.reason.as_deref().map(|reason| corrections(&open, facts, reason)).transpose()?;
    let facts = corrected.as_deref().unwrap_or(facts);
    check::warn(env, global, &open, (files, places), facts, args.strict)?;
    if args.dry_run {
        if open.store().is_partial() {
            return Err(StoreError::Partial.into());
        }
        let planned = open.plan(facts).map_err(fail)?;
        for fact in &planned.new {
            encode_fact(fact).map_err(|error| fail(AppendError::Fact { id: fact.id.clone(), error }))?;
        }
        warn_of_sensitive(env, &open, &planned.new)?;
        let said = format!(
            "{} would be recorded{}. Dry run: nothing was recorded.\n{}",
            count(&planned.new),
            unchanged(planned.unchanged.len()),
            lines(&consequences::of(env, &open, &planned.new)?)
        );
        return Ok(plain(if global.quiet { String::new() } else { said }));
    }
    let changed =
        if global.quiet { Vec::new() } else { consequences::of(env, &open, &open.plan(facts).map_err(fail)?.new)? };
    let now = (env.now)();
    let appended = {
        let mut meter = meter(env.terminal, env.progress, "recording", facts.len() as u64);
        open.append_with(facts, now, env.random, &mut meter).map_err(fail)?
    };
    // A fact given twice in the input is recorded once.
    let mut recorded: BTreeSet<&FactId> = appended.recorded.iter().map(|(id, _)| id).collect();
    let new: Vec<&Fact> = facts.iter().filter(|fact| recorded.remove(&fact.id)).collect();
    warn_of_sensitive(env, &open, &new)?;
    let withdrawn = withdrawn(&open, &appended.unchanged)?;
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
        "{} recorded{}. The ledger holds {}.\n",
        count(&new),
        unchanged(appended.unchanged.len()),
        counted(size, "entry", "entries")
    ));
    out.push_str(&lines(&changed));
    out.push_str(&withdrawn);
    Ok(plain(out))
}

/// Maximum number of facts of an append that are looked up one by one once they are recorded.
const MOST_LOOKED_UP: usize = 1_000;

/// Returns a line if a fact that was recorded before is retracted, and stays so.
fn withdrawn(open: &LocalLedger, unchanged: &[FactId]) -> Result<String, CommandError> {
    let sensitive = open.sensitive()?.entities;
    for id in unchanged.iter().filter(|id| id.is_authored() && !sensitive.contains(*id)).take(MOST_LOOKED_UP) {
        if let Err(error) = amend::standing(open, id) {
            let hint = error.hints.first().map(|hint| format!(" ({hint})")).unwrap_or_default();
            return Ok(format!("Not all of it stands: {}{hint}\n", error.message));
        }
    }
    Ok(String::new())
}

/// Returns lines as text.
pub fn lines(of: &[String]) -> String {
    of.iter().map(|line| format!("{line}\n")).collect()
}

/// Returns the facts, with a correction in place of each that is on record with other content.
///
/// A fact of which something was erased stays as it is, and is refused: a file from before would
/// bring that back.
fn corrections(open: &LocalLedger, facts: &[Fact], reason: &str) -> Result<Vec<Fact>, CommandError> {
    let erased = open.erased_ids(facts.iter().map(|fact| &fact.id))?;
    amend::reasoned(reason)?;
    let correction = |fact: &Fact| {
        Ok(match open.standing(&fact.id)? {
            _ if erased.contains_key(&fact.id) => fact.clone(),
            // A retracted fact is not corrected: the error names the way to let it stand again.
            None if !open.versions(&fact.id)?.is_empty() => {
                return Err(amend::standing(open, &fact.id)
                    .err()
                    .unwrap_or_else(|| CommandError::new(INPUT, "it was retracted")));
            }
            Some(current) if current != *fact && current.kind() == fact.kind() => {
                let replacement = Box::new(fact.clone());
                let body = Body::Correction { of: fact.id.clone(), reason: reason.to_owned(), replacement };
                Fact::amending(amend::numbered(open, &fact.id, "correction")?, format!("Corrects {}", fact.id), body)
            }
            _ => fact.clone(),
        })
    };
    facts.iter().map(correction).collect()
}

/// Returns the numbers of facts, corrections and retractions, as text.
fn count(new: &[&Fact]) -> String {
    let of_kind = |kind: Kind| new.iter().filter(|fact| fact.kind() == kind).count() as u64;
    let corrections = of_kind(Kind::Correction);
    let retractions = of_kind(Kind::Retraction);
    let mut words = vec![counted(new.len() as u64 - corrections - retractions, "fact", "facts")];
    words.extend((corrections > 0).then(|| counted(corrections, "correction", "corrections")));
    words.extend((retractions > 0).then(|| counted(retractions, "retraction", "retractions")));
    words.join(", ")
}

fn unchanged(n: usize) -> String {
    match n {
        0 => String::new(),
        1 => "; 1 was already recorded and is unchanged".to_owned(),
        n => format!("; {n} were already recorded and are unchanged"),
    }
}

/// Warns of public facts that name a sensitive one, because its id is published with them.
pub fn warn_of_sensitive(env: &mut Env<'_>, open: &LocalLedger, new: &[&Fact]) -> Result<(), CommandError> {
    let marked = consequences::marked(new);
    let mut sensitive = open.sensitive()?.entities;
    sensitive.extend(marked.iter().cloned());
    if sensitive.is_empty() {
        return Ok(());
    }
    let names = |fact: &&&Fact| !sensitive.contains(fact.entity_id()) && fact.names_any(&sensitive);
    let mut all: BTreeSet<FactId> = new.iter().filter(names).map(|fact| fact.id.clone()).collect();
    // Facts recorded earlier may name a fact that is only now marked sensitive.
    all.extend(publish::naming(open, &marked, &sensitive)?);
    publish::warn_of(env, &all);
    Ok(())
}

/// Returns the facts of the drafts, checked against the ledger, with their places in the files.
pub fn facts(
    global: &Global,
    open: &mut LocalLedger,
    drafts: &Drafts<'_>,
) -> Result<(Vec<Fact>, Places), CommandError> {
    let mut known = Known::new();
    for id in drafts.references() {
        known.extend(open.standing(id)?.map(|fact| (id.clone(), fact.kind())));
        // A retraction that is retracted itself is referenced by its own id.
        if !id.is_authored() && !open.versions(id)?.is_empty() {
            known.insert(id.clone(), Kind::Retraction);
        }
    }
    if let Ok(facts) = drafts.facts(&known) {
        return Ok((facts, drafts.places()));
    }
    // The drafts have a problem. Fold the whole ledger, so that a mistyped id gets the nearest id
    // as a hint; sensitive ids are never suggested.
    let mut all = load::known(&load::fold(open, None)?);
    let sensitive = open.sensitive()?.entities;
    all.retain(|id, _| !sensitive.contains(id));
    all.extend(known);
    let facts = drafts.facts(&all).map_err(|problems| wrong(global, &problems))?;
    Ok((facts, drafts.places()))
}

/// Reads a mapping that ships with the program, or else a mapping file.
fn mapping_file(env: &mut Env<'_>, name: &str) -> Result<File, CommandError> {
    if let Some((name, text)) = heldto_intake::SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        return Ok(File { name: format!("mapping {name}"), text: (*text).to_owned() });
    }
    let path = std::path::Path::new(name);
    if !path.exists() {
        let names: Vec<&str> = heldto_intake::SHIPPED.iter().map(|(name, _)| *name).collect();
        return Err(CommandError::new(
            INPUT,
            format!("`{name}` is not a built-in mapping, and there is no file of that name"),
        )
        .hint(format!("the built-in mappings are {}", names.join(", "))));
    }
    let mut files = input::files(env, &[path.to_path_buf()])?;
    Ok(files.remove(0))
}

/// Reads the tables of a mapping: the named files, and from a folder those the mapping names.
fn tables(env: &mut Env<'_>, global: &Global, mapping: &File, paths: &[PathBuf]) -> Result<Vec<File>, CommandError> {
    let names = heldto_intake::tables(mapping).map_err(|problems| wrong(global, &problems))?;
    let mut wanted = Vec::new();
    for path in paths {
        if path.is_dir() {
            let inside: Vec<PathBuf> = names.iter().map(|n| path.join(n)).filter(|p| p.is_file()).collect();
            if inside.len() < names.len() {
                let gone: Vec<&str> = names.iter().filter(|n| !path.join(n).is_file()).map(String::as_str).collect();
                let message = format!("{} does not hold {}, which the mapping reads", path.display(), gone.join(", "));
                return Err(CommandError::new(INPUT, message).hint("to read only some of the tables, name their files"));
            }
            wanted.extend(inside);
        } else {
            wanted.push(path.clone());
        }
    }
    input::files(env, &wanted)
}

/// Returns the existing facts against which a mapping resolves parties: ids and party codes.
pub fn ground(open: &LocalLedger) -> Result<ExistingFacts, CommandError> {
    let all = load::fold(open, None)?;
    let mut ground = ExistingFacts::default();
    for (id, kind) in all.standing() {
        ground.known.insert(id.clone(), kind);
        let newest = (kind == Kind::Party).then(|| all.versions(id).last()?.fact.as_ref()).flatten();
        if let Some(fact @ Fact { body: Body::Party { identifiers, .. }, .. }) = newest {
            if !identifiers.is_empty() {
                ground.names.insert(id.clone(), fact.text.clone());
            }
            let codes = identifiers.iter().map(|i| (i.scheme.clone(), i.value.clone()));
            codes.for_each(|code| ground.codes.entry(code).or_default().push(id.clone()));
        }
        let newest = (kind == Kind::Succession).then(|| all.versions(id).last()?.fact.as_ref()).flatten();
        if let Some(fact @ Fact { body: Body::Succession { of, .. }, .. }) = newest
            && fact.voice != Some(Voice::Critic)
        {
            let day = fact.window().latest;
            fact.to.iter().for_each(|heir| ground.tenures.entry(heir.clone()).or_default().from = day);
            let ended = ground.tenures.entry(of.clone()).or_default();
            ended.until = day;
            ended.heirs.extend(fact.to.iter().cloned());
        }
    }
    load::sound(&all)?;
    Ok(ground)
}

/// Returns the error that shows every problem of the files.
fn wrong(global: &Global, problems: &Problems) -> CommandError {
    let message = format!("{}. Nothing was recorded.", problems.render(global.colour_errors));
    CommandError { rendered: true, ..CommandError::new(INPUT, message) }
}

/// Places a ledger's rejection of facts at their lines in the files.
///
/// Errors that concern no particular fact are returned without a place.
pub fn placed(global: &Global, files: &[File], places: &Places, error: AppendError) -> CommandError {
    let title = error.to_string();
    let (wrong_of, label) = match error {
        AppendError::Differ(which) => (which.iter().map(differs).collect(), "already recorded"),
        AppendError::Erased(which) => (which.into_iter().map(erased).collect(), "erased before"),
        AppendError::Fact { id, .. } => (vec![(id, title, "split it into several facts".to_owned())], ""),
        AppendError::Amends { id, .. } => {
            (vec![(id, title, "check the id: heldto show ID shows what is recorded under it".to_owned())], "")
        }
        AppendError::Circle { id, .. } => (vec![(id, title, "leave out one of the links".to_owned())], ""),
        error => return error.into(),
    };
    wrong(global, &heldto_intake::point_at(files, places, &wrong_of, label))
}

fn erased((id, by): (FactId, u64)) -> (FactId, String, String) {
    let title = format!("`{id}` was erased, whole or in part, as entry {by} records");
    let help = "take it out of the file; another fact needs another id, and a version that is left is corrected with: \
                heldto edit ID";
    (id, title, help.to_owned())
}

fn differs((id, index): &(FactId, u64)) -> (FactId, String, String) {
    let title = format!("`{id}` is already recorded at entry {index}, with different content");
    let help = format!(
        "to replace it: append again with --correct --reason TEXT; if `{id}` is another fact, give it another id"
    );
    (id.clone(), title, help)
}

/// Appends facts; durable on return.
pub fn record(env: &mut Env<'_>, open: &mut LocalLedger, facts: &[Fact]) -> Result<Appended, CommandError> {
    Ok(open.append(facts, (env.now)(), env.random)?)
}
