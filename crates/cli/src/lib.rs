//! The program's commands, with their environment as an argument: clock, randomness, input,
//! terminal. Turns arguments into a run output and an exit code. Wiring only: facts, hashes and
//! sentences live in the other crates. Start at [`run`].

mod args;
mod bucket;
mod commands;
mod consequences;
mod copy;
mod error;
mod gitignore;
mod http;
mod input;
mod key;
mod load;
mod open;
mod permissions;
mod prompt;
mod publications;
mod published;
mod screen;
mod server;
mod settings;
mod store;

use args::{Arguments, Command, Global, SiteAction};
use chrono::{DateTime, NaiveDate};
use clap::FromArgMatches;
use error::CommandError;
use heldto_fact::FactId;
use heldto_intake::slug;
use heldto_report::{Format, RowChoice};
pub use prompt::{Choice, NoAnswer, Prompt};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The program's environment: everything it reads from or shows to the outside.
pub struct Env<'a> {
    /// The time, in microseconds since the Unix epoch.
    pub now: &'a dyn Fn() -> i64,
    /// Fills a buffer with random bytes.
    pub random: &'a mut dyn FnMut(&mut [u8]),
    /// Reads all of standard input.
    pub input: &'a mut dyn FnMut() -> std::io::Result<String>,
    /// Asks a question on the terminal and returns the line typed, without spaces around it.
    pub ask: &'a mut dyn FnMut(&Prompt<'_>) -> Result<String, NoAnswer>,
    /// Writes a line to standard error.
    pub eprintln: &'a mut dyn FnMut(&str),
    /// Shows the progress of a long job, replacing the text shown before; an empty text clears it.
    pub progress: &'a mut dyn FnMut(&str),
    /// Reads an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The output's terminal.
    pub terminal: Terminal,
    /// Number of entries up to which `status` judges the ledger afresh on every call.
    pub status_cache_limit: u64,
    /// Largest ledger, in entries, that is read whole for every report, in a few milliseconds.
    pub whole_limit: u64,
}

impl Env<'_> {
    /// Returns the day in UTC.
    fn today(&self) -> NaiveDate {
        DateTime::from_timestamp_micros((self.now)()).unwrap_or_default().date_naive()
    }

    /// Returns the same environment with other messages.
    fn with_messages<'m>(&'m mut self, eprintln: &'m mut dyn FnMut(&str)) -> Env<'m> {
        Env {
            now: self.now,
            random: &mut *self.random,
            input: &mut *self.input,
            ask: &mut *self.ask,
            eprintln,
            progress: &mut *self.progress,
            variable: self.variable,
            terminal: self.terminal,
            status_cache_limit: self.status_cache_limit,
            whole_limit: self.whole_limit,
        }
    }
}

/// Properties of the terminal that receives the output.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// `true` if standard output is a terminal.
    pub out: bool,
    /// `true` if standard error is a terminal.
    pub err: bool,
    /// Number of columns.
    pub width: usize,
}

/// The output of a run, and its exit code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunOutput {
    /// Bytes for standard output; text, except of a workbook.
    pub out: Vec<u8>,
    /// `true` if the text is for reading and may be paged.
    pub page: bool,
    /// The exit code (README, *Exit codes*).
    pub exit_code: u8,
    /// A file and its text, to be written after the output was delivered.
    pub after: Option<(PathBuf, String)>,
}

impl RunOutput {
    /// Writes the file that follows the output, complete or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_after(&self) -> std::io::Result<()> {
        let Some((path, text)) = &self.after else { return Ok(()) };
        permissions::put_whole(path, text.as_bytes())
            .map_err(|error| std::io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display())))
    }
}

/// Runs one command and returns its output; errors, hints and notices go to `env.eprintln`.
///
/// A name in place of an id is replaced by the id, if it means one fact.
pub fn run(env: &mut Env<'_>, arguments: impl IntoIterator<Item = OsString>) -> RunOutput {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    run_with(env, &arguments, MOST_NAMES)
}

/// Options and arguments that take a name in place of an id.
const NAMED: [&str; 7] = ["about", "by", "source", "made-under", "metric", "explain", "authority"];
/// Number of names that one command may have.
const MOST_NAMES: usize = 8;

/// Returns the arguments with the id that is meant in place of a name; `None` if there is no such
/// name.
fn with_id(arguments: &[OsString], (unknown, meant): &(FactId, Choice)) -> Option<Vec<OsString>> {
    let mut is_found = false;
    let mut before = String::new();
    let replaced = arguments.iter().map(|argument| {
        let option = std::mem::replace(&mut before, argument.to_string_lossy().into_owned());
        let takes_name = |name: &str| NAMED.contains(&name.trim_start_matches('-'));
        let text = argument.to_string_lossy();
        let (option_of, value) = match text.split_once('=').filter(|_| text.starts_with("--")) {
            Some((option, value)) => (format!("{option}="), value),
            None => (String::new(), text.as_ref()),
        };
        let is_named = takes_name(if option_of.is_empty() { &option } else { option_of.trim_end_matches('=') });
        // What has the form of an id is an id, and may be misspelt.
        let is_name = is_named && value != unknown.as_str() && slug(value) == unknown.as_str();
        is_found |= is_name;
        if is_name { format!("{option_of}{}", meant.answer).into() } else { argument.clone() }
    });
    let replaced = replaced.collect();
    is_found.then_some(replaced)
}

/// Returns `true` if a file is named twice, so that the output would replace what is read.
fn is_read_too(given: &[OsString], output: &Path) -> bool {
    let whole = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        path.canonicalize().ok().or_else(|| Some(parent.canonicalize().ok()?.join(path.file_name()?)))
    };
    let Some(output) = whole(output) else { return false };
    let grammar = args::command(NaiveDate::MIN);
    let inner = |word: &str| grammar.get_subcommands().any(|command| command.find_subcommand(word).is_some());
    let is_command = |word: &str| grammar.find_subcommand(word).is_some() || inner(word);
    let value = |argument: &OsString| {
        let text = argument.to_string_lossy();
        let path = match (text.split_once('='), text.strip_prefix("-o")) {
            (Some((_, value)), _) if text.starts_with('-') => value,
            (_, Some(value)) => value,
            _ => text.as_ref(),
        };
        // The name of a command may be that of a file, too.
        whole(Path::new(path)).filter(|_| !is_command(path))
    };
    // A folder that is named is read, and the ledger's folder guards its own files.
    let is_in =
        |path: &PathBuf| output.is_file() && path.is_dir() && output.starts_with(path) && !open::is_ledger(path);
    let named: Vec<PathBuf> = given.iter().skip(1).filter_map(value).collect();
    named.iter().filter(|path| **path == output).count() > 1 || named.iter().any(is_in)
}

fn run_with(env: &mut Env<'_>, given: &[OsString], names: usize) -> RunOutput {
    let today = env.today();
    let parsed = args::command(today).try_get_matches_from(given);
    let arguments = match parsed.and_then(|given| Arguments::from_arg_matches(&given)) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            (env.eprintln)(screen::clean(error.render().to_string().trim_end(), false).as_str());
            return RunOutput { exit_code: error::USAGE, ..RunOutput::default() };
        }
        Err(help) => return RunOutput { out: help.render().to_string().into(), ..RunOutput::default() },
    };
    let quiet = arguments.quiet;
    let (output, no_pager) = (arguments.output.clone(), arguments.no_pager);
    let global = arguments.global(env);
    // All messages pass through here, so that file names, reasons and origins in them cannot
    // control the terminal.
    let say = &mut *env.eprintln;
    let terminal = env.terminal;
    let colours = global.colour_errors;
    let mut clean_say = |line: &str| say(&screen::clean(line, colours));
    let ask = &mut *env.ask;
    let mut clean_ask =
        |prompt: &Prompt<'_>| ask(&Prompt { text: &screen::clean(prompt.text, false), choices: prompt.choices });
    let mut env = Env {
        now: env.now,
        random: &mut *env.random,
        input: &mut *env.input,
        ask: &mut clean_ask,
        eprintln: &mut clean_say,
        progress: &mut *env.progress,
        variable: env.variable,
        terminal,
        status_cache_limit: env.status_cache_limit,
        whole_limit: env.whole_limit,
    };
    let placed = global.ledger.as_ref().map(|place| server::of_address(&env, &global, place));
    let (global, misplaced) = match placed {
        Some(Ok(placed)) => (placed, None),
        Some(Err(error)) => (global, Some(error)),
        None => (global, None),
    };
    let has_rows = arguments.command.as_ref().is_none_or(Command::has_rows);
    let is_of_rows = has_rows && matches!(global.format, Format::Csv | Format::Json | Format::Xlsx);
    let done = if global.rows != RowChoice::default() && !is_of_rows {
        let error =
            CommandError::new(error::USAGE, "--columns, --sort and --limit choose rows, and there are none here");
        Err(error.hint("they are for reports with --format csv, json or xlsx"))
    } else if let Some(error) = misplaced {
        Err(error)
    } else if let Some(Err(error)) = output.as_deref().map(|path| open::not_of_ledger(&env, &global, path)) {
        Err(error)
    } else if let Some(path) = output.as_deref().filter(|path| is_read_too(given, path)) {
        let message = format!("{} is read by this command, and would be replaced by its output", path.display());
        Err(CommandError::new(error::USAGE, message).hint("name another file"))
    } else if (env.now)() < 0 {
        let error = CommandError::new(error::FAILED, "this machine's clock is set to a time before 1970");
        Err(error.hint("set the clock, then run the command again"))
    } else {
        dispatch(&mut env, &global, arguments)
    };
    open::say_notices(&mut env, &global);
    let is_workbook = global.format == Format::Xlsx;
    let done = done.and_then(|outcome| {
        if let Some(path) = &output {
            let failed = |error: &std::io::Error| error::io(&format!("cannot write {}", path.display()), error);
            permissions::put_whole(path, &outcome.out).map_err(|e| failed(&e))?;
            return Ok(RunOutput { out: Vec::new(), page: false, ..outcome });
        }
        if terminal.out && is_workbook && !outcome.out.is_empty() && outcome.page {
            let error = CommandError::new(error::USAGE, "a workbook is not text, and is not written to a terminal");
            return Err(error.hint("write it to a file: add -o report.xlsx"));
        }
        Ok(outcome)
    });
    match done {
        // Output for another program is left exactly as recorded.
        Ok(outcome) if !terminal.out => outcome,
        Ok(outcome) => {
            let has_colours = outcome.page && global.screen.colour && global.format == Format::Table;
            let out = screen::clean(&String::from_utf8_lossy(&outcome.out), has_colours).into();
            RunOutput { out, page: outcome.page && !no_pager, ..outcome }
        }
        Err(CommandError { meant: Some(meant), .. })
            if names > 0
                && let Some(arguments) = with_id(given, &meant) =>
        {
            if !quiet {
                (env.eprintln)(&format!("note: {} is taken for {}", meant.0, meant.1));
            }
            run_with(&mut env, &arguments, names - 1)
        }
        Err(mut error) => {
            if global.server.is_some() {
                error::for_server(&mut error);
            }
            if let Some((_, choice)) = error.meant.take() {
                error = error.hint(format!("did you mean {choice}?"));
            }
            (env.eprintln)(&error.render());
            if !quiet {
                for hint in &error.hints {
                    (env.eprintln)(&format!("  = help: {}", heldto_report::plain(hint)));
                }
            }
            RunOutput { exit_code: error.exit_code, ..RunOutput::default() }
        }
    }
}

fn dispatch(env: &mut Env<'_>, global: &Global, arguments: Arguments) -> Result<RunOutput, CommandError> {
    match arguments.command.unwrap_or_default() {
        Command::Init(args) => commands::init::run(env, global, &args),
        Command::Append(args) => commands::append::run(env, global, &args),
        Command::Add(args) => commands::add::run(env, global, &args),
        Command::Check(args) => commands::check::run(env, global, &args),
        Command::Mapping(args) => commands::mapping::run(env, global, &args),
        Command::Correct(args) => commands::amend::correct(env, global, &args),
        Command::Edit(args) => commands::edit::run(env, global, &args),
        Command::Follow(args) => commands::follow::run(env, global, &args),
        Command::Redact(args) => commands::redact::run(env, global, &args),
        Command::Retract(args) => commands::amend::retract(env, global, &args),
        Command::Undo(args) => commands::undo::run(env, global, &args),
        Command::Quote(args) => commands::quote::run(env, global, &args),
        Command::List(args) => commands::report::list(env, global, &args),
        Command::Show(args) => commands::report::show(env, global, &args),
        Command::Timeline(args) => commands::report::timeline(env, global, &args),
        Command::Status(args) => commands::report::status(env, global, &args),
        Command::Report(args) => commands::report::report(env, global, &args),
        Command::Calc(args) => commands::report::calc(env, global, &args),
        Command::Verify(args) => commands::verify::run(env, global, &args),
        Command::Checkpoint(args) => commands::sign::checkpoint(env, global, &args),
        #[cfg(feature = "network")]
        Command::Stamp(args) => commands::stamp::run(env, global, &args),
        #[cfg(not(feature = "network"))]
        Command::Stamp(args) => http::get(&args.url, 0).map(|_| RunOutput::default()),
        Command::Witness(args) => commands::witness::run(env, global, &args),
        Command::Key(args) => commands::keys::run(env, global, &args),
        Command::Prove(args) => commands::prove::run(env, global, &args),
        Command::Publish(args) => {
            if !bucket::is_address(&args.dir) {
                server::refuse_address(&args.dir)?;
            }
            open::not_of_ledger(env, global, &args.dir)?;
            commands::publish::run(env, global, &args)
        }
        Command::Site(args) => match args.action {
            SiteAction::Build(args) => {
                open::not_of_ledger(env, global, &args.publish.dir)?;
                bucket::refuse(&args.publish.dir)?;
                commands::site::build(env, global, &args)
            }
            SiteAction::Serve(args) => commands::serve::serve(env, &args),
        },
        Command::Export(args) => commands::export::run(env, global, &args),
        Command::Store(args) => commands::store::run(env, &args),
        Command::Restore(args) => commands::export::restore(env, global, &args),
        Command::Repair(args) => commands::repair::run(env, global, &args),
        Command::Demo(args) => commands::demo::run(env, global, &args),
        Command::Help(args) => commands::help::help(env, &args),
        Command::Completions(args) => Ok(commands::help::completions(env, &args)),
        Command::Schema => Ok(commands::help::schema()),
        Command::Man(args) => commands::help::man(env, global, &args),
    }
}
