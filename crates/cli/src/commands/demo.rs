//! The main job in one go.

use super::{append, init, report, verify};
use crate::args::{
    AppendArgs, ClockArgs, Clocks, DemoArgs, Global, PledgeFilters, PledgesArgs, RecorderArgs, Report, ReportArgs,
    VerifyArgs,
};
use crate::error::{CommandError, USAGE};
use crate::{Outcome, World, ledger};
use heldto_store_sled::Access;
use std::path::PathBuf;

/// Makes a ledger where there is none, records the facts, verifies, and prints the report on its pledges.
pub fn run(world: &mut World<'_>, global: &Global, args: &DemoArgs) -> Result<Outcome, CommandError> {
    let dir = global.ledger.clone().unwrap_or_else(|| PathBuf::from("heldto-demo"));
    let global = Global { ledger: Some(dir.clone()), ..global.clone() };
    if !heldto_store_sled::is_ledger(&dir) {
        init::create(world, &global, &dir, &init::default_origin(&dir))?;
    } else if ledger::open(world, &global, Access::Read)?.genesis().origin != init::default_origin(&dir) {
        let message = format!("{} is a ledger of your own, and what is recorded stays", dir.display());
        return Err(CommandError::new(USAGE, message)
            .hint("give the demonstration a folder of its own: heldto demo --ledger heldto-demo"));
    }
    let appended = append::run(
        world,
        &global,
        &AppendArgs {
            files: args.files.clone(),
            dry_run: false,
            strict: false,
            mapping: None,
            recorder: RecorderArgs::default(),
            clock: ClockArgs::default(),
        },
    )?;
    let verified = verify::run(
        world,
        &Global { format: heldto_report::Format::TableBlock, ..global.clone() },
        &VerifyArgs { target: None, key: None, expect: None },
    )?;
    if !global.quiet {
        (world.say)(appended.out.trim_end());
        (world.say)(verified.out.trim_end());
        (world.say)("");
    }
    let pledges = PledgesArgs {
        explain: None,
        fail_on: Vec::new(),
        scale: None,
        filters: PledgeFilters::default(),
        clocks: Clocks::default(),
    };
    report::report(world, &global, &ReportArgs { report: Report::Pledges(pledges) })
}
