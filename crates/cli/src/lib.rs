//! The program's commands, with the world as an argument: clock, randomness, input, terminal. Wiring only.

mod args;
mod carry;
mod commands;
mod error;
mod key;
mod ledger;
mod permissions;
mod screen;
mod trust;

use args::{Arguments, Command, Global};
use clap::Parser;
use error::CommandError;
use std::ffi::OsString;

/// What the program takes from the world.
pub struct World<'a> {
    /// The time: microseconds since the Unix epoch.
    pub now: &'a dyn Fn() -> i64,
    /// Fills bytes at random.
    pub random: &'a mut dyn FnMut(&mut [u8]),
    /// The whole of standard input.
    pub input: &'a mut dyn FnMut() -> std::io::Result<String>,
    /// Puts a question on the terminal and returns the line that is typed; `None` where there is nobody to ask.
    pub ask: &'a mut dyn FnMut(&str) -> Option<String>,
    /// Says a line on standard error.
    pub say: &'a mut dyn FnMut(&str),
    /// Shows how far a long job is, in place of what it showed before; nothing where the text is empty.
    pub progress: &'a mut dyn FnMut(&str),
    /// A variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// What the output goes to.
    pub terminal: Terminal,
    /// Up to how many entries `status` judges a ledger anew whenever it is asked.
    pub at_a_glance: u64,
}

/// What the output goes to.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Whether standard output is a terminal.
    pub out: bool,
    /// Whether standard error is a terminal.
    pub err: bool,
    /// How many columns it has.
    pub width: usize,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What goes to standard output.
    pub out: String,
    /// Whether it is for reading, and may be paged.
    pub page: bool,
    /// The exit code (README, *Exit codes*).
    pub code: u8,
}

/// Runs one command.
pub fn run(world: &mut World<'_>, arguments: impl IntoIterator<Item = OsString>) -> Outcome {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            (world.say)(screen::clean(error.render().to_string().trim_end(), false).as_str());
            return Outcome { out: String::new(), page: false, code: error::USAGE };
        }
        Err(help) => return Outcome { out: help.render().to_string(), page: false, code: 0 },
    };
    let quiet = arguments.quiet;
    let global = arguments.global(world);
    // The one place where anything is said: names of files, reasons and origins cannot steer the terminal.
    let (say, terminal) = (&mut *world.say, world.terminal);
    let colours = global.colour_errors;
    let mut clean_say = |line: &str| say(&screen::clean(line, colours));
    let mut world = World {
        now: world.now,
        random: &mut *world.random,
        input: &mut *world.input,
        ask: &mut *world.ask,
        say: &mut clean_say,
        progress: &mut *world.progress,
        variable: world.variable,
        terminal,
        at_a_glance: world.at_a_glance,
    };
    let done = if (world.now)() < 0 {
        let error = CommandError::new(error::FAILED, "this machine's clock stands before 1970");
        Err(error.hint("set the clock, and run the command again"))
    } else {
        dispatch(&mut world, &global, arguments)
    };
    ledger::say_notices(&mut world, &global);
    match done {
        // What a program reads is as it was recorded.
        Ok(outcome) if !terminal.out => outcome,
        Ok(outcome) => {
            let has_colours =
                outcome.page && global.screen.colour && global.format == heldto_report::Format::TableBlock;
            Outcome { out: screen::clean(&outcome.out, has_colours), ..outcome }
        }
        Err(error) => {
            (world.say)(&error.render());
            if !quiet {
                for hint in &error.hints {
                    (world.say)(&format!("  = help: {}", heldto_report::plain(hint)));
                }
            }
            Outcome { out: String::new(), page: false, code: error.code }
        }
    }
}

fn dispatch(world: &mut World<'_>, global: &Global, arguments: Arguments) -> Result<Outcome, CommandError> {
    match arguments.command.unwrap_or_default() {
        Command::Init(args) => commands::init::run(world, global, &args),
        Command::Append(args) => commands::append::run(world, global, &args),
        Command::Check(args) => commands::check::run(world, global, &args),
        Command::Mapping(args) => commands::append::mapping(&args),
        Command::Correct(args) => commands::amend::correct(world, global, &args),
        Command::Retract(args) => commands::amend::retract(world, global, &args),
        Command::Show(args) => commands::report::show(world, global, &args),
        Command::Timeline(args) => commands::report::timeline(world, global, &args),
        Command::Status(args) => commands::report::status(world, global, &args),
        Command::Report(args) => commands::report::report(world, global, &args),
        Command::Calc(args) => commands::report::calc(world, global, &args),
        Command::Verify(args) => commands::verify::run(world, global, &args),
        Command::Checkpoint(args) => commands::sign::checkpoint(world, global, &args),
        Command::Key(args) => commands::sign::rotate(world, global, &args),
        Command::Prove(args) => commands::prove::run(world, global, &args),
        Command::Publish(args) => commands::publish::run(world, global, &args),
        Command::Export(args) => commands::export::run(world, global, &args),
        Command::Restore(args) => commands::export::restore(world, global, &args),
        Command::Repair(args) => commands::repair::run(world, global, &args),
        Command::Demo(args) => commands::demo::run(world, global, &args),
    }
}
