//! `correct` and `retract`: change the current version of a fact by appending a record. Nothing
//! recorded is edited. Start at [`correct`] and [`retract`].

use super::{append, plain};
use crate::args::{CorrectArgs, Global, RetractArgs};
use crate::error::{CommandError, FAILED, INPUT};
use crate::open::{Access, LocalLedger};
use crate::prompt::{Prompt, is_yes};
use crate::{Env, RunOutput, consequences, input, load, open, settings};
use chrono::NaiveDate;
use heldto_fact::{Body, Content, Fact, FactId};
use heldto_intake::MAX_TEXT;
use heldto_replay::{AllView, Clock};
use std::collections::BTreeSet;

/// Replaces a fact by the one in a file, which has the same id.
pub fn correct(env: &mut Env<'_>, global: &Global, args: &CorrectArgs) -> Result<RunOutput, CommandError> {
    let files = input::files(env, std::slice::from_ref(&args.file))?;
    reasoned(&args.reason)?;
    let drafts = heldto_intake::draft(&files);
    let mut open = open::ledger(env, global, Access::Write)?;
    open.set_clock_policy(args.clock.policy());
    open.set_recorder(settings::recorder(env, global, &args.recorder)?);
    let (facts, _) = append::facts(global, &mut open, &drafts)?;
    let (current, fact) = same(&open, &args.id, &facts, &args.file.display().to_string())?;
    replace(env, global, &mut open, (&current, fact), &args.reason)
}

/// Returns the standing fact of an id, and the one fact of a file, which has its id and kind.
///
/// # Errors
/// If the file has another fact, or another number of facts.
pub fn same<'f>(
    open: &LocalLedger,
    id: &FactId,
    facts: &'f [Fact],
    file: &str,
) -> Result<(Fact, &'f Fact), CommandError> {
    let current = standing(open, id)?;
    let [fact] = facts else {
        let message = format!("{file} holds {} facts, but must hold exactly one", facts.len());
        return Err(CommandError::new(INPUT, message));
    };
    if fact.id != *id || fact.kind() != current.kind() {
        let message = format!(
            "the file holds the {} `{}`, but the fact to correct is the {} `{id}`",
            fact.kind(),
            fact.id,
            current.kind()
        );
        return Err(CommandError::new(INPUT, message).hint(format!("start from: heldto show {id} --toml")));
    }
    Ok((current, fact))
}

/// Records a correction of `current` by `fact`, which has its id and kind.
pub fn replace(
    env: &mut Env<'_>,
    global: &Global,
    open: &mut LocalLedger,
    (current, fact): (&Fact, &Fact),
    reason: &str,
) -> Result<RunOutput, CommandError> {
    let id = &current.id;
    if fact == current {
        return Ok(plain(format!("`{id}` already says this. Nothing was recorded.\n")));
    }
    if open.sensitive()?.entities.contains(id) && !fact.sensitive {
        (env.eprintln)(&format!(
            "note: `{id}` stays sensitive: a fact that is sensitive in one version is sensitive in all; \
             to publish it, give it another id"
        ));
    }
    let body = Body::Correction { of: id.clone(), reason: reason.to_owned(), replacement: Box::new(fact.clone()) };
    amend(env, global, open, id, "correction", format!("Corrects {id}"), body)
}

/// Retracts a fact, or a retraction, which reinstates the fact it withdrew.
pub fn retract(env: &mut Env<'_>, global: &Global, args: &RetractArgs) -> Result<RunOutput, CommandError> {
    reasoned(&args.reason)?;
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let mut open = open::ledger(env, global, access)?;
    open.set_clock_policy(args.clock.policy());
    open.set_recorder(settings::recorder(env, global, &args.recorder)?);
    let withdrawn = open.versions(&args.id)?.into_iter().find_map(|recorded| match recorded.content {
        Content::Known(Fact { id, body: Body::Retraction { of, .. }, .. }) if id == args.id => Some(of),
        _ => None,
    });
    if withdrawn.is_none() {
        standing(&open, &args.id)?;
    }
    if withdrawn.is_none() {
        let leaning = leaning_on(&open, &args.id)?;
        if args.dry_run || !leaning.is_empty() {
            if args.dry_run {
                return Ok(plain(format!(
                    "{}\nDry run: nothing was recorded.\n",
                    said_of(&args.id, &leaning, leaning.len())
                )));
            }
            (env.eprintln)(&said_of(&args.id, &leaning, 10));
            consent(env, args)?;
        }
    } else if args.dry_run {
        return Ok(plain(format!("The retraction `{}` would be withdrawn. Dry run: nothing was recorded.\n", args.id)));
    }
    let body = Body::Retraction { of: args.id.clone(), reason: args.reason.clone() };
    // An amending record is named after the fact, even if it amends another record.
    let entity = withdrawn.as_ref().and_then(|of| of.fact().parse().ok()).unwrap_or_else(|| args.id.clone());
    amend(env, global, &mut open, &entity, "retraction", format!("Withdraws {}", args.id), body)
}

/// Returns the facts that name a fact, in the order of ids, with the way they depend on it.
///
/// Sensitive facts are left out unless the fact is sensitive itself.
fn leaning_on(open: &LocalLedger, id: &FactId) -> Result<Vec<(FactId, String)>, CommandError> {
    let all = load::all(open)?;
    // Facts dated in the future depend on it too.
    let view = AllView::new(&all, Clock { as_of: NaiveDate::MAX, known_by: NaiveDate::MAX });
    let view = view.with_sensitive(view.is_about_sensitive(id));
    let named = BTreeSet::from([id.clone()]);
    let facts = view.facts(&|_| true).filter(|fact| fact.id != *id && fact.names_any(&named));
    Ok(facts.map(|fact| (fact.id.clone(), how_it_leans(fact, id))).collect())
}

fn how_it_leans(fact: &Fact, id: &FactId) -> String {
    let mut ways: Vec<String> = Vec::new();
    if fact.cites.iter().any(|cite| cite.source == *id) {
        let alone = fact.cites.iter().all(|cite| cite.source == *id);
        ways.push(if alone { "cites it and nothing else" } else { "cites it" }.to_owned());
    }
    ways.extend(fact.links.iter().filter(|link| link.to == *id).map(|link| format!("links to it by {}", link.kind)));
    if ways.is_empty() { "names it".to_owned() } else { ways.join(", ") }
}

/// Returns the dependent facts as text: their number first, then at most `most` of them.
fn said_of(id: &FactId, leaning: &[(FactId, String)], most: usize) -> String {
    let alone = leaning.iter().filter(|(_, how)| how.starts_with("cites it and nothing else")).count();
    let mut said = match leaning.len() {
        0 => return format!("No fact refers to `{id}`."),
        1 => format!("1 fact refers to `{id}`"),
        n => format!("{n} facts refer to `{id}`"),
    };
    if alone > 0 {
        said.push_str(&format!("; {alone} would be left without a source and would settle nothing"));
    }
    for (fact, how) in leaning.iter().take(most) {
        said.push_str(&format!("\n  {fact}: {how}"));
    }
    if leaning.len() > most {
        said.push_str(&format!("\n  and {} more", leaning.len() - most));
    }
    said
}

/// Asks if a fact that others depend on is to be withdrawn; `--yes` answers for the user.
fn consent(env: &mut Env<'_>, args: &RetractArgs) -> Result<(), CommandError> {
    if args.yes {
        return Ok(());
    }
    match (env.ask)(&Prompt::free(&format!("Withdraw `{}` anyway? [y/N]", args.id))) {
        Ok(answer) if is_yes(&answer) => Ok(()),
        Ok(_) => Err(CommandError::new(FAILED, "nothing was withdrawn".to_owned())),
        Err(none) => {
            let message = format!("other facts refer to `{}`; nothing was withdrawn", args.id);
            let nobody = CommandError::new(INPUT, message);
            Err(none.or(nobody.hint("to withdraw it anyway, add --yes; to list those facts, add --dry-run")))
        }
    }
}

/// Checks that a reason is given and is not longer than [`MAX_TEXT`].
pub fn reasoned(reason: &str) -> Result<(), CommandError> {
    let message = match reason.len() {
        _ if reason.trim().is_empty() => "the reason is empty: say why in a few words".to_owned(),
        n if n > MAX_TEXT => format!("the reason has {n} bytes; it may have at most {MAX_TEXT}"),
        _ => return Ok(()),
    };
    Err(CommandError::new(INPUT, message))
}

pub fn standing(open: &LocalLedger, id: &FactId) -> Result<Fact, CommandError> {
    if let Some(fact) = open.standing(id)? {
        return Ok(fact);
    }
    let last = open.versions(id)?.pop().map(|recorded| recorded.content);
    Err(match (open.history(id)?.last(), last) {
        (Some(version), Some(Content::Known(record))) => {
            CommandError::new(INPUT, format!("`{id}` was retracted at entry {}", version.index))
                .hint(format!("if that was a mistake, undo it: heldto retract {} --reason TEXT", record.id))
        }
        _ => match open.erased_ids([id])?.get(id) {
            Some(by) => CommandError::new(INPUT, format!("`{id}` was erased, as entry {by} records")),
            None => CommandError::new(INPUT, format!("no fact with the id `{id}` is recorded"))
                .hint("to list what is recorded: heldto timeline"),
        },
    })
}

/// Returns the next free id of a record that amends a fact.
pub fn numbered(open: &LocalLedger, entity: &FactId, what: &str) -> Result<FactId, CommandError> {
    let mut number = open.versions(entity)?.len().max(1);
    loop {
        let id = entity.numbered(what, number);
        if open.versions(&id)?.is_empty() && open.erased_ids([&id])?.is_empty() {
            return Ok(id);
        }
        number += 1;
    }
}

fn amend(
    env: &mut Env<'_>,
    global: &Global,
    open: &mut LocalLedger,
    entity: &FactId,
    what: &str,
    text: String,
    body: Body,
) -> Result<RunOutput, CommandError> {
    let fact = Fact::amending(numbered(open, entity, what)?, text, body);
    let changed = if global.quiet { Vec::new() } else { consequences::of(env, open, &[&fact])? };
    let appended = append::record(env, open, std::slice::from_ref(&fact))?;
    append::warn_of_sensitive(env, open, &[&fact])?;
    let index = appended.recorded.first().map_or(0, |(_, index)| *index);
    let said = match open.standing(entity)? {
        Some(_) if what == "retraction" => format!("`{entity}` is reinstated by entry {index}.\n"),
        Some(_) => format!("The {what} of `{entity}` is entry {index}. The earlier version stays in the log.\n"),
        None => format!(
            "The {what} of `{entity}` is entry {index}. The earlier version stays in the log. \
             To undo this: heldto retract {} --reason TEXT\n",
            fact.id
        ),
    };
    Ok(plain(if global.quiet { String::new() } else { said + &append::lines(&changed) }))
}
