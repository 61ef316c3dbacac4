//! `undo`: takes back the last append by retractions. Start at [`run`].

use super::{amend, append, counted, plain};
use crate::args::{Global, UndoArgs};
use crate::error::{CommandError, FAILED, INPUT};
use crate::open::{Access, LocalLedger};
use crate::prompt::{Prompt, is_yes};
use crate::{Env, RunOutput, consequences, open, settings};
use heldto_fact::{Body, Content, Fact, FactId, Recorded};
use heldto_ledger::Recorder;

/// Retracts every fact of the last append that still stands, in one append.
///
/// An append that only amended is not taken back: the way to do that is named.
pub fn run(env: &mut Env<'_>, global: &Global, args: &UndoArgs) -> Result<RunOutput, CommandError> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let mut open = open::ledger(env, global, access)?;
    open.set_clock_policy(args.clock.policy());
    let recorder = settings::recorder(env, global, &args.recorder)?;
    open.set_recorder(recorder.clone());
    let (last, by) = last_append(&open)?;
    if let Some(by) = &by
        && recorder.as_ref().is_none_or(|own| !settings::is_same(&own.by, &by.by))
    {
        let you = recorder.as_ref().map_or(String::new(), |own| format!(", not by {}", own.by));
        let message = format!("the last append was recorded by {}{you}", by.by);
        return Err(CommandError::new(INPUT, message).hint(format!(
            "if that is you: heldto undo --recorder '{}'; to withdraw a fact of another: heldto retract ID --reason TEXT",
            by.by
        )));
    }
    if let Some(record) =
        last.iter().find(|fact| matches!(fact.body, Body::Correction { .. } | Body::Retraction { .. }))
    {
        let of = record.entity_id();
        let hint = match record.body {
            Body::Retraction { .. } => format!("to let `{of}` stand again: heldto retract {} --reason TEXT", record.id),
            _ => format!(
                "to correct `{of}` back: heldto show {of} --at N --toml > fact.toml, then heldto correct {of} fact.toml --reason TEXT"
            ),
        };
        return Err(CommandError::new(
            INPUT,
            format!("the last append holds `{}`, which undo does not take back", record.id),
        )
        .hint(hint));
    }
    let mut standing = Vec::new();
    for fact in last.iter().rev() {
        standing.extend(open.standing(&fact.id)?.map(|fact| fact.id));
    }
    if standing.is_empty() {
        return Err(CommandError::new(INPUT, "there is nothing to take back: no fact of the last append stands"));
    }
    let what = counted(standing.len() as u64, "fact", "facts");
    // Ids about children and families are not told.
    let sensitive = open.sensitive()?.entities;
    let named: Vec<&str> = standing.iter().rev().filter(|id| !sensitive.contains(*id)).map(FactId::as_str).collect();
    let ids = &named[..named.len().min(MOST_NAMED)];
    let names = match (ids, standing.len() - ids.len()) {
        ([], _) => String::new(),
        (ids, 0) => format!(": {}", ids.join(", ")),
        (ids, more) => format!(": {} and {more} more", ids.join(", ")),
    };
    if args.dry_run {
        return Ok(plain(format!("{what} would be retracted{names}. Dry run: nothing was recorded.\n")));
    }
    (env.eprintln)(&format!("of the last append, {what} would be retracted{names}"));
    if !args.yes {
        match (env.ask)(&Prompt::free("Retract them? [y/N]")) {
            Ok(answer) if is_yes(&answer) => {}
            Ok(_) => return Err(CommandError::new(FAILED, "nothing was taken back")),
            Err(none) => {
                let nobody = CommandError::new(INPUT, "nothing was taken back");
                return Err(none.or(nobody.hint("to do it without a question, add --yes")));
            }
        }
    }
    let retractions: Vec<Fact> = standing.iter().map(|id| retraction(&open, id)).collect::<Result<_, _>>()?;
    let changed =
        if global.quiet { Vec::new() } else { consequences::of(env, &open, &retractions.iter().collect::<Vec<_>>())? };
    append::record(env, &mut open, &retractions)?;
    let said = format!(
        "{what} retracted. The text stays in the log, and in every copy that was published; \
         to erase it: heldto redact. To let one stand again: heldto retract {} --reason TEXT\n{}",
        retractions.last().map_or("ID", |last| last.id.as_str()),
        append::lines(&changed)
    );
    Ok(plain(if global.quiet { String::new() } else { said }))
}

/// Maximum number of ids shown.
const MOST_NAMED: usize = 10;

/// Returns the facts of the last append that recorded any, in their order, and its recorder.
///
/// The facts are those of one time and one recorder, without the ledger's own records after them.
fn last_append(open: &LocalLedger) -> Result<(Vec<Fact>, Option<Recorder>), CommandError> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut append = None;
    for index in (0..open.head().size()).rev() {
        let recorded: Recorded = match open.recorded(index..index + 1).next() {
            Some(recorded) => recorded?,
            None => break,
        };
        match recorded.content {
            Content::Known(fact) => {
                // Writers on several machines may share a time: the ledger's never goes back.
                let this = (recorded.recorded_at, open.recorder(index)?);
                if append.get_or_insert_with(|| this.clone()) != &this {
                    break;
                }
                facts.push(fact);
            }
            Content::System(_) if append.is_none() => {}
            _ => break,
        }
    }
    facts.reverse();
    Ok((facts, append.and_then(|(_, by)| by)))
}

fn retraction(open: &LocalLedger, id: &FactId) -> Result<Fact, CommandError> {
    let body = Body::Retraction { of: id.clone(), reason: "recorded by mistake, and taken back".to_owned() };
    Ok(Fact::amending(amend::numbered(open, id, "retraction")?, format!("Withdraws {id}"), body))
}
