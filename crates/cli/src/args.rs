//! The command line's grammar: turns arguments into commands and global flags. Doc comments of clap
//! items are the help texts. Knows no command's work; start at [`Arguments`].

mod report;

pub use report::{
    At, AuthorityArgs, CalcArgs, ChangesArgs, Clocks, Filters, PledgeFilters, PledgesArgs, Report, ReportArgs,
    ShowArgs, Since, StatusArgs, TimelineArgs,
};

use crate::Env;
use clap::{Args, Parser, Subcommand, ValueEnum};
use heldto_fact::{FactId, Kind};
use heldto_ledger::ClockPolicy;
use heldto_report::{Format, Screen};
use heldto_store::Notices;
use std::path::PathBuf;

/// A ledger of what public bodies promise, are told to do, and do; every fact is dated and sourced,
/// and anyone can check the ledger offline.
#[derive(Parser)]
#[command(name = "heldto", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Folder of the ledger [default: the current folder, or the nearest one above it that holds a
    /// ledger]
    #[arg(long, global = true, value_name = "DIR", env = "HELDTO_LEDGER", hide_env_values = true)]
    pub ledger: Option<PathBuf>,
    /// Format of the output: table, csv, json, md, html or xlsx; also ics or atom if the rows have
    /// days
    #[arg(long, global = true, value_name = "FORMAT", default_value_t = Format::Table)]
    pub format: Format,
    /// Same as --format json
    #[arg(long, global = true)]
    pub json: bool,
    /// Begin CSV with a byte-order mark, so that Excel reads it as UTF-8
    #[arg(long, global = true)]
    pub bom: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// Print only the result: no confirmations and no hints
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print more about what was done; for reports, on standard error
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
    pub bom: bool,
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
            bom: self.bom,
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
    /// Create a ledger, with a signing key and an example facts file
    Init(InitArgs),
    /// Record the facts in files: all of them or none
    Append(AppendArgs),
    /// Record one fact, by questions or from options
    Add(AddArgs),
    /// List facts that are valid but probably wrong, in facts files or in the ledger
    Check(CheckArgs),
    /// Print a built-in mapping; without a name, list the built-in mappings
    Mapping(MappingArgs),
    /// Replace a fact with a corrected version; the earlier version stays in the log
    Correct(CorrectArgs),
    /// Withdraw a fact; it stays in the log
    Retract(RetractArgs),
    /// Show one fact, with every record, version and link of it
    Show(ShowArgs),
    /// List what happened, in order of date
    Timeline(TimelineArgs),
    /// Show the state of the ledger (the default if no command is given)
    Status(StatusArgs),
    /// Print a report
    Report(ReportArgs),
    /// Calculate with fields of facts: a sum, difference, ratio or number of days, with bounds
    Calc(CalcArgs),
    /// Check the whole ledger, a published folder, an export, or the proof of one fact
    Verify(VerifyArgs),
    /// Sign the ledger as it is now, after checking all of it
    Checkpoint(CheckpointArgs),
    /// Replace the signing key; the old key and the new key both sign the change
    Key(KeyArgs),
    /// Print a proof that one fact is in the ledger, which anyone can check offline
    Prove(ProveArgs),
    /// Write the ledger as static files for any web host
    Publish(PublishArgs),
    /// Build a site: the published ledger, with pages for readers
    Site(SiteArgs),
    /// Write every entry and fact as JSON lines
    Export(ExportArgs),
    /// Recreate a ledger, with the same head, from an export or a published folder
    Restore(RestoreArgs),
    /// Check both copies of the ledger, and repair each from the other or from a third copy
    Repair(RepairArgs),
    /// Create a ledger from a folder of facts, verify it, and print the report on its pledges
    Demo(DemoArgs),
}

impl Default for Command {
    fn default() -> Self {
        Self::Status(StatusArgs { clocks: Clocks::default() })
    }
}

#[derive(Args)]
pub struct InitArgs {
    /// Folder to create the ledger in
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Permanent name of the ledger, preferably the address where it will be published, such as
    /// example.org/derbyshire [default: made from the folder's name]
    #[arg(long)]
    pub origin: Option<String>,
}

/// Options that say how far this machine's clock is believed.
#[derive(Args, Default, Clone)]
pub struct ClockArgs {
    /// Record even if this machine's clock is more than 400 days after the last entry; check first
    /// that the clock is right
    #[arg(long, conflicts_with = "clock_behind")]
    pub clock_is_right: bool,
    /// Record with the time of the last entry, which is later than now; use this if the clock was
    /// wrong when that entry was recorded
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
#[derive(Args, Default, Clone)]
pub struct RecorderArgs {
    /// Recorder, as an office or a pseudonym; kept with each entry and not published
    #[arg(long, value_name = "WHO", value_parser = somebody)]
    pub recorder: Option<String>,
    /// Reviewer, as an office or a pseudonym; kept with each entry and not published
    #[arg(long, value_name = "WHO", value_parser = somebody)]
    pub checked_by: Option<String>,
}

/// Parses the name of who records or checks; a blank one is nobody's.
pub fn somebody(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("this names nobody; write an office or a pseudonym, or leave the option out".to_owned()),
        name => Ok(name.to_owned()),
    }
}

#[derive(Args)]
pub struct AppendArgs {
    /// Facts files (TOML or JSON lines), folders of them, or - for standard input; with --mapping,
    /// tables (CSV) or the folder that holds them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Check everything and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Record nothing if anything looks wrong: treat warnings as errors
    #[arg(long)]
    pub strict: bool,
    /// Read tables through a mapping: the name of a built-in one, or a file (see docs/MAPPING.md)
    #[arg(long, value_name = "NAME|FILE")]
    pub mapping: Option<String>,
    #[command(flatten)]
    pub recorder: RecorderArgs,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct AddArgs {
    /// Kind of the fact, such as delivery; asked for if it is left out
    pub kind: Option<Kind>,
    /// Words of the fact, in one short sentence; the name of a body or a metric, the title of a
    /// source
    #[arg(long)]
    pub text: Option<String>,
    /// Body that says, owes, decides or pays: its id, or a part of its name
    #[arg(long, value_name = "BODY")]
    pub by: Option<String>,
    /// Body that the fact is about
    #[arg(long, value_name = "BODY")]
    pub about: Option<String>,
    /// Body that is addressed, paid or asked
    #[arg(long, value_name = "BODY")]
    pub to: Option<String>,
    /// Commitment that it is evidence for: its id, or a part of its words
    #[arg(long = "for", value_name = "COMMITMENT")]
    pub towards: Option<String>,
    /// Amount as people say it, such as "74 places" or "more than £20,000"
    #[arg(long)]
    pub amount: Option<String>,
    /// Day on which it happened, such as "March 2025" or "last month"
    #[arg(long, value_name = "DAY")]
    pub on: Option<String>,
    /// Speaker: record, official, self, government, critic, reporter, second-hand or derived
    #[arg(long)]
    pub voice: Option<String>,
    /// Source on record, by its id or a part of its title; or a new one, such as "Nottingham Post,
    /// 4 Apr 2025"
    #[arg(long)]
    pub source: Option<String>,
    /// Place in the source, such as "para 6"
    #[arg(long, value_name = "PLACE")]
    pub at: Option<String>,
    /// Id of the fact [default: made from its kind, its subject and its day]
    #[arg(long)]
    pub id: Option<FactId>,
    /// Another field of the kind, such as outcome=part
    #[arg(long, value_name = "FIELD=VALUE", value_parser = field)]
    pub set: Vec<(String, String)>,
    /// Write the fact to the end of this facts file, and not to the ledger
    #[arg(long, value_name = "FILE")]
    pub into: Option<PathBuf>,
    /// Check it, show what it would change, and record nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub recorder: RecorderArgs,
    #[command(flatten)]
    pub clock: ClockArgs,
}

/// Parses a field and its value.
fn field(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write a field and its value, such as outcome=part")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

#[derive(Args)]
pub struct CheckArgs {
    /// Facts files (TOML or JSON lines) to check instead of the ledger, folders of them, or - for
    /// standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Exit with code 3 if anything looks wrong
    #[arg(long)]
    pub strict: bool,
    /// Also check facts about identifiable children and families
    #[arg(long)]
    pub sensitive: bool,
}

#[derive(Args)]
pub struct MappingArgs {
    /// Name of the mapping
    pub name: Option<String>,
}

#[derive(Args)]
pub struct CorrectArgs {
    /// Id of the fact to replace
    pub id: FactId,
    /// Facts file with the corrected fact under the same id, or - for standard input
    pub file: PathBuf,
    /// Reason for the correction; recorded with it
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub recorder: RecorderArgs,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct RetractArgs {
    /// Id of the fact to withdraw; or of a retraction made by mistake, to reinstate what it
    /// withdrew
    pub id: FactId,
    /// Reason for the withdrawal; recorded with it
    #[arg(long)]
    pub reason: String,
    /// List the facts that refer to it, and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Withdraw it without asking, even if other facts refer to it
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub recorder: RecorderArgs,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args, Default)]
pub struct VerifyArgs {
    /// Published folder, export or proof to check instead of the ledger, or - for standard input
    pub target: Option<PathBuf>,
    /// Public key that must have signed the checkpoint, or a file that holds the key; get it from
    /// elsewhere, never from what you check
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Checkpoint that you saw earlier; the ledger must hold all of its entries, unchanged
    #[arg(long, value_name = "CHECKPOINT")]
    pub expect: Option<PathBuf>,
    /// Folder of archived documents to compare with the digests of sources and with quotations; a
    /// document belongs to a source by its digest, or by its name: ID.pdf
    #[arg(long, value_name = "DIR")]
    pub sources: Option<PathBuf>,
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
    /// Create a new signing key
    Rotate,
}

#[derive(Args)]
pub struct ProveArgs {
    /// Id of the fact
    pub id: FactId,
    /// Prove the fact even if it is about an identifiable child or family; anyone who has the file
    /// can read it
    #[arg(long)]
    pub sensitive: bool,
    /// Write a page that checks itself in a browser, without a network
    #[arg(long)]
    pub page: bool,
    /// File of the checker that the page runs [default: the one built beside this program]
    #[arg(long, value_name = "FILE", requires = "page")]
    pub module: Option<PathBuf>,
}

#[derive(Args, Clone)]
pub struct PublishArgs {
    /// Folder to publish in
    pub dir: PathBuf,
    /// Also publish facts about identifiable children and families, for everyone to read
    #[arg(long)]
    pub sensitive: bool,
    /// Leave out the words of all quotations, in this and every later publication; their digests
    /// stay
    #[arg(long)]
    pub withhold_quotations: bool,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct SiteArgs {
    #[command(subcommand)]
    pub action: SiteAction,
}

#[derive(Subcommand)]
pub enum SiteAction {
    /// Publish the ledger in a folder, and write pages for readers beside it
    Build(SiteBuildArgs),
    /// Show a site on this machine, and to nobody else
    Serve(SiteServeArgs),
}

#[derive(Args)]
pub struct SiteServeArgs {
    /// Folder of the site
    #[arg(default_value = "site")]
    pub dir: PathBuf,
    /// Port to listen at; 0 takes any free one
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
}

#[derive(Args)]
pub struct SiteBuildArgs {
    #[command(flatten)]
    pub publish: PublishArgs,
    /// Name of the site, for its titles [default: the origin]
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Address or e-mail for challenges, on every page
    #[arg(long, value_name = "CONTACT")]
    pub contact: Option<String>,
    /// Judge as at the end of this day [default: today]
    #[arg(long, value_name = "DAY", value_parser = report::day)]
    pub as_of: Option<chrono::NaiveDate>,
    /// Write one HTML file, named in place of the folder, that carries the ledger and checks itself
    /// in a browser without a network
    #[arg(long)]
    pub single: bool,
    /// File of the checker that pages run in a browser [default: the one built beside this program]
    #[arg(long, value_name = "FILE")]
    pub module: Option<PathBuf>,
}

#[derive(Args)]
pub struct ExportArgs {
    /// File to write, or - for standard output
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// Include private notes, and who recorded each entry
    #[arg(long)]
    pub private: bool,
    /// Leave out facts about identifiable children and families, to give the export to others
    #[arg(long, conflicts_with = "private")]
    pub public: bool,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct RestoreArgs {
    /// Export or published folder to restore from, or - for standard input
    pub file: PathBuf,
    /// Folder to create the ledger in
    pub dir: PathBuf,
    /// Public key that must have signed the checkpoint, or a file that holds the key; get it from
    /// elsewhere
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Checkpoint that you saw earlier; the ledger must hold all of its entries, unchanged
    #[arg(long, value_name = "CHECKPOINT")]
    pub expect: Option<PathBuf>,
}

#[derive(Args)]
pub struct RepairArgs {
    /// Another copy: a published folder, an export, or another folder of this ledger; it is used
    /// only as far as the hashes in this ledger confirm it
    #[arg(long, value_name = "FOLDER|EXPORT")]
    pub from: Option<PathBuf>,
}

#[derive(Args)]
pub struct DemoArgs {
    /// Facts files, or folders of them
    #[arg(default_value = "seeds", value_name = "FACTS")]
    pub files: Vec<PathBuf>,
}
