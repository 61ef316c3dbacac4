//! `demo`: the program's main job in one command. Calls the other commands; knows nothing else.

use super::{append, init, report, verify};
use crate::args::{
    AppendArgs, ClockArgs, Clocks, DemoArgs, Global, PledgeFilters, PledgesArgs, RecorderArgs, Report, ReportArgs,
    VerifyArgs,
};
use crate::error::{CommandError, USAGE};
use crate::open::Access;
use crate::{Env, RunOutput, open};
use std::path::PathBuf;

/// Creates a ledger if there is none, appends the facts, verifies, and renders the pledges report.
pub fn run(env: &mut Env<'_>, global: &Global, args: &DemoArgs) -> Result<RunOutput, CommandError> {
    let dir = global.ledger.clone().unwrap_or_else(|| PathBuf::from("heldto-demo"));
    let global = Global { ledger: Some(dir.clone()), ..global.clone() };
    if !open::is_ledger(&dir) {
        init::create(env, &global, &dir, &init::default_origin(&dir))?;
    } else if open::ledger(env, &global, Access::Read)?.genesis().origin != init::default_origin(&dir) {
        let message =
            format!("{} is a ledger of your own, and recorded facts cannot be removed from it", dir.display());
        return Err(CommandError::new(USAGE, message)
            .hint("give the demonstration a folder of its own: heldto demo --ledger heldto-demo"));
    }
    let appended = append::run(
        env,
        &global,
        &AppendArgs {
            files: args.files.clone(),
            dry_run: false,
            strict: false,
            correct: false,
            reason: None,
            mapping: None,
            recorder: RecorderArgs::default(),
            clock: ClockArgs::default(),
        },
    )?;
    let verified =
        verify::run(env, &Global { format: heldto_report::Format::Table, ..global.clone() }, &VerifyArgs::default())?;
    if !global.quiet {
        (env.eprintln)(String::from_utf8_lossy(&appended.out).trim_end());
        (env.eprintln)(String::from_utf8_lossy(&verified.out).trim_end());
        (env.eprintln)("");
    }
    let pledges = PledgesArgs {
        explain: None,
        fail_on: Vec::new(),
        scale: None,
        filters: PledgeFilters::default(),
        clocks: Clocks::default(),
    };
    report::report(env, &global, &ReportArgs { report: Report::Pledges(pledges) })
}
