//! `edit`: a correction through the user's editor. Start at [`run`].

use super::{amend, append, plain};
use crate::args::{EditArgs, Global};
use crate::error::{CommandError, FAILED, INPUT, INTERRUPTED, io};
use crate::open::Access;
use crate::prompt::{NoAnswer, Prompt, is_yes};
use crate::{Env, RunOutput, open, settings};
use heldto_intake::{File, to_toml};
use std::path::Path;
use std::process::Command;

/// Opens a fact in the editor, and records what was saved as a correction.
///
/// What cannot be recorded is shown, and may be edited again; the ledger is locked only afterwards.
pub fn run(env: &mut Env<'_>, global: &Global, args: &EditArgs) -> Result<RunOutput, CommandError> {
    amend::reasoned(args.reason.as_deref().unwrap_or("asked for"))?;
    let editor = (env.variable)("VISUAL").or_else(|| (env.variable)("EDITOR")).ok_or_else(|| {
        CommandError::new(FAILED, "no editor is set").hint("set EDITOR to the name of one, such as nano")
    })?;
    let before = amend::standing(&open::ledger(env, global, Access::Read)?, &args.id)?;
    let written = to_toml(std::slice::from_ref(&before));
    let folder = tempfile::tempdir().map_err(|e| io("cannot make a folder for the editor", &e))?;
    let path = folder.path().join(format!("{}.toml", args.id));
    std::fs::write(&path, &written).map_err(|e| io("cannot write the fact for the editor", &e))?;
    loop {
        edited(&editor, &path)?;
        let text = std::fs::read_to_string(&path).map_err(|e| io("cannot read what was edited", &e))?;
        if text == written {
            return Ok(plain("Nothing was changed.\n"));
        }
        let error = match replaced(env, global, args, text) {
            Ok(output) => return Ok(output),
            Err(error) => error,
        };
        if error.exit_code != INTERRUPTED {
            (env.eprintln)(&error.render());
        }
        if error.exit_code == INTERRUPTED
            || !(env.ask)(&Prompt::free("Edit it again? [y/N]")).is_ok_and(|answer| is_yes(&answer))
        {
            let kept = folder.keep().join(format!("{}.toml", args.id));
            return Err(error.hint(format!("what you wrote is kept in {}", kept.display())));
        }
    }
}

/// Runs the editor on a file, and waits for its end.
fn edited(editor: &str, path: &Path) -> Result<(), CommandError> {
    // As a shell reads it: with quotation marks and options.
    let status = Command::new("sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(path).status();
    let status = status.map_err(|e| io(&format!("cannot start the editor `{editor}`"), &e))?;
    if status.success() {
        return Ok(());
    }
    Err(CommandError::new(FAILED, format!("the editor `{editor}` failed; nothing was recorded")))
}

/// Records the text as a correction of the fact.
fn replaced(env: &mut Env<'_>, global: &Global, args: &EditArgs, text: String) -> Result<RunOutput, CommandError> {
    let files = [File { name: format!("{}.toml", args.id), text }];
    let drafts = heldto_intake::draft(&files);
    let mut open = open::ledger(env, global, Access::Write)?;
    open.set_clock_policy(args.clock.policy());
    open.set_recorder(settings::recorder(env, global, &args.recorder)?);
    let (facts, _) = append::facts(global, &mut open, &drafts)?;
    let fact = amend::same(&open, &args.id, &facts, &files[0].name)?;
    let reason = match &args.reason {
        Some(reason) => reason.clone(),
        None => match (env.ask)(&Prompt::free("Why is it corrected?")) {
            Err(NoAnswer::Stopped) => return Err(CommandError::new(INTERRUPTED, "stopped; nothing was recorded")),
            answer => answer.unwrap_or_default(),
        },
    };
    if reason.trim().is_empty() {
        return Err(
            CommandError::new(INPUT, "a correction needs a reason; nothing was recorded").hint("add --reason TEXT")
        );
    }
    amend::reasoned(&reason)?;
    amend::replace(env, global, &mut open, (&fact.0, fact.1), &reason)
}
