//! The command line's grammar: turns arguments into commands and global flags. Doc comments of clap
//! items are the help texts. Knows no command's work; start at [`Arguments`].

mod report;

pub use report::{
    At, AuthorityArgs, CalcArgs, ChangesArgs, Clocks, Filters, PledgeFilters, PledgesArgs, Report, ReportArgs,
    ShowArgs, Since, StatusArgs, TimelineArgs,
};

use crate::Env;
use clap::{Args, Parser, Subcommand, ValueEnum};
use heldto_fact::FactId;
use heldto_ledger::{ClockPolicy, Recorder};
use heldto_report::{Format, Screen};
use heldto_store::Notices;
use std::path::PathBuf;

/// A ledger of what public bodies promise, are told and do: proved, dated, sourced, and checkable
/// by a stranger offline.
#[derive(Parser)]
#[command(name = "heldto", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The ledger's folder [default: the folder you are in, or the nearest above it that holds one]
    #[arg(long, global = true, value_name = "DIR", env = "HELDTO_LEDGER", hide_env_values = true)]
    pub ledger: Option<PathBuf>,
    /// Format of the output: table, csv, json, md or html; ics or atom where rows have days
    #[arg(long, global = true, value_name = "FORMAT", default_value_t = Format::Table)]
    pub format: Format,
    /// Short for --format json
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// Say only what was asked for
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more of what is done, on standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Global flags, resolved against the terminal and the environment.
#[derive(Clone)]
pub struct Global {
    pub ledger: Option<PathBuf>,
    pub format: Format,
    pub screen: Screen,
    pub colour_errors: bool,
    pub quiet: bool,
    pub verbose: bool,
    /// The store's notices about repairs in this run.
    pub notices: Notices,
}

impl Arguments {
    pub fn global(&self, env: &Env<'_>) -> Global {
        let plain = (env.variable)("NO_COLOR").is_some() || (env.variable)("TERM").as_deref() == Some("dumb");
        let colour = |terminal: bool| match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !plain,
        };
        Global {
            ledger: self.ledger.clone(),
            format: if self.json { Format::Json } else { self.format },
            screen: Screen { width: env.terminal.width, colour: colour(env.terminal.out) },
            colour_errors: colour(env.terminal.err),
            quiet: self.quiet,
            verbose: self.verbose,
            notices: Notices::default(),
        }
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a new ledger, with a signing key and an example of a facts file
    Init(InitArgs),
    /// Record facts from files, all of them or none
    Append(AppendArgs),
    /// Say what is lawful and likely wrong, in facts files or in the ledger
    Check(CheckArgs),
    /// Print a mapping that ships with the program; without a name, which there are
    Mapping(MappingArgs),
    /// Replace a fact by a corrected one; the earlier one stays in the log
    Correct(CorrectArgs),
    /// Withdraw a fact; it stays in the log
    Retract(RetractArgs),
    /// Show one fact: every telling, version and link
    Show(ShowArgs),
    /// Timeline of what happened
    Timeline(TimelineArgs),
    /// State of the ledger (also without any command)
    Status(StatusArgs),
    /// Print a report
    Report(ReportArgs),
    /// Work out a difference, a sum, a ratio or the days between fields of facts, in bounds
    Calc(CalcArgs),
    /// Check the whole ledger; or a published folder, an export, or the proof of one fact
    Verify(VerifyArgs),
    /// Sign where the ledger stands, after reading everything back
    Checkpoint(CheckpointArgs),
    /// Replace the signing key; the old one and the new one both sign the change
    Key(KeyArgs),
    /// Print a file that proves one fact to a stranger offline
    Prove(ProveArgs),
    /// Write the ledger as static files for any web host
    Publish(PublishArgs),
    /// Write every entry and fact as JSON lines
    Export(ExportArgs),
    /// Make a ledger again from an export or a published folder, with the same head
    Restore(RestoreArgs),
    /// Check both copies of the ledger, and mend each from the other, or from a third
    Repair(RepairArgs),
    /// Make a ledger from a folder of facts, verify it, and print the report on its pledges
    Demo(DemoArgs),
}

impl Default for Command {
    fn default() -> Self {
        Self::Status(StatusArgs { clocks: Clocks::default() })
    }
}

#[derive(Args)]
pub struct InitArgs {
    /// The folder to make it in
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// The name the ledger goes by for ever: best the address it will be published under, such as
    /// example.org/derbyshire [default: made from the folder's name]
    #[arg(long)]
    pub origin: Option<String>,
}

/// Options that say how far this machine's clock is believed.
#[derive(Args, Default)]
pub struct ClockArgs {
    /// Record although the clock is more than 400 days after the last entry: you have checked that
    /// it is right
    #[arg(long, conflicts_with = "clock_behind")]
    pub clock_is_right: bool,
    /// Record at the last entry's time, which is later than now: the way out after a clock was
    /// wrong
    #[arg(long)]
    pub clock_behind: bool,
}

impl ClockArgs {
    pub const fn policy(&self) -> ClockPolicy {
        match (self.clock_is_right, self.clock_behind) {
            (_, true) => ClockPolicy::Behind,
            (true, false) => ClockPolicy::Right,
            (false, false) => ClockPolicy::Checked,
        }
    }
}

/// Options that name who records, for a private part of each entry.
#[derive(Args, Default)]
pub struct RecorderArgs {
    /// Recorder of this, as an office or a pseudonym: kept with each entry, and not published
    #[arg(long, value_name = "WHO")]
    pub recorder: Option<String>,
    /// Reviewer of this, as an office or a pseudonym: kept and not published likewise
    #[arg(long, value_name = "WHO", requires = "recorder")]
    pub checked_by: Option<String>,
}

impl RecorderArgs {
    pub fn recorder(&self) -> Option<Recorder> {
        self.recorder.clone().map(|by| Recorder { by, checked_by: self.checked_by.clone() })
    }
}

#[derive(Args)]
pub struct AppendArgs {
    /// Facts files (TOML, or JSON lines), folders of them, or - for standard input; with --mapping,
    /// tables (CSV) or the folder that holds them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Check everything and append nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Append nothing where anything looks wrong: warnings are errors
    #[arg(long)]
    pub strict: bool,
    /// Read tables through a mapping: the name of one that ships with the program, or a file
    /// (docs/MAPPING.md)
    #[arg(long, value_name = "NAME|FILE")]
    pub mapping: Option<String>,
    #[command(flatten)]
    pub recorder: RecorderArgs,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct CheckArgs {
    /// Facts files (TOML, or JSON lines) to check instead of the ledger, folders of them, or - for
    /// standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Exit with code 3 where anything looks wrong
    #[arg(long)]
    pub strict: bool,
    /// Check facts about an identifiable child or family too
    #[arg(long)]
    pub sensitive: bool,
}

#[derive(Args)]
pub struct MappingArgs {
    /// Its name
    pub name: Option<String>,
}

#[derive(Args)]
pub struct CorrectArgs {
    /// The fact to replace
    pub id: FactId,
    /// A facts file that holds the corrected fact under the same id, or - for standard input
    pub file: PathBuf,
    /// Reason
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub recorder: RecorderArgs,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct RetractArgs {
    /// The fact to withdraw; or a retraction that was a mistake, so that what it withdrew stands
    /// again
    pub id: FactId,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Say what leans on the fact, and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Withdraw it though other facts lean on it, without a question
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub recorder: RecorderArgs,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct VerifyArgs {
    /// A published folder, an export or a proof, instead of the ledger; - for standard input
    pub target: Option<PathBuf>,
    /// The public key that the checkpoint must be signed with (or a file that holds it): yours from
    /// elsewhere, never from what you check
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// A checkpoint that you saw earlier: the ledger must hold all of it, unchanged
    #[arg(long, value_name = "CHECKPOINT")]
    pub expect: Option<PathBuf>,
}

#[derive(Args)]
pub struct CheckpointArgs {}

#[derive(Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    pub action: KeyAction,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Subcommand)]
pub enum KeyAction {
    /// Make a new signing key
    Rotate,
}

#[derive(Args)]
pub struct ProveArgs {
    /// The fact
    pub id: FactId,
    /// Prove it although it is about an identifiable child or family: whoever gets the file can
    /// read it
    #[arg(long)]
    pub sensitive: bool,
}

#[derive(Args)]
pub struct PublishArgs {
    /// The folder to publish in
    pub dir: PathBuf,
    /// Publish facts about identifiable children and families too, for all to read
    #[arg(long)]
    pub sensitive: bool,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct ExportArgs {
    /// The file to write, or - for standard output
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// With private notes, and who recorded what
    #[arg(long)]
    pub private: bool,
    /// For others: without facts about identifiable children and families
    #[arg(long, conflicts_with = "private")]
    pub public: bool,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct RestoreArgs {
    /// The export, the published folder, or - for standard input
    pub file: PathBuf,
    /// The folder to make the ledger in
    pub dir: PathBuf,
    /// The public key that the checkpoint must be signed with (or a file that holds it): yours from
    /// elsewhere
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// A checkpoint that you saw earlier: the ledger must hold all of it, unchanged
    #[arg(long, value_name = "CHECKPOINT")]
    pub expect: Option<PathBuf>,
}

#[derive(Args)]
pub struct RepairArgs {
    /// Another copy: a published folder, an export, or another ledger's folder. Nothing of it is
    /// believed but what the hashes here prove
    #[arg(long, value_name = "FOLDER|EXPORT")]
    pub from: Option<PathBuf>,
}

#[derive(Args)]
pub struct DemoArgs {
    /// Facts files, or folders of them
    #[arg(default_value = "seeds", value_name = "FACTS")]
    pub files: Vec<PathBuf>,
}
