//! What can be typed.

use crate::World;
use clap::{Args, Parser, Subcommand, ValueEnum};
use heldto_fact::{FactId, Invalid, Kind, Salience, Voice};
use heldto_replay::Status;
use heldto_report::{DueFilter, Format, Order, Screen};
use std::path::PathBuf;
use std::str::FromStr;

/// A ledger of what public bodies promise, are told and do: proved, dated, sourced, and checkable by a stranger offline.
#[derive(Parser)]
#[command(name = "heldto", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The ledger's folder [default: the folder you are in, or the nearest above it that holds one]
    #[arg(long, global = true, value_name = "DIR", env = "HELDTO_LEDGER", hide_env_values = true)]
    pub ledger: Option<PathBuf>,
    /// How to write what is printed: table, csv, json or md
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

/// The flags that every command has.
#[derive(Clone)]
pub struct Global {
    pub ledger: Option<PathBuf>,
    pub format: Format,
    pub screen: Screen,
    pub colour_errors: bool,
    pub quiet: bool,
    pub verbose: bool,
}

impl Arguments {
    pub fn global(&self, world: &World<'_>) -> Global {
        let plain = (world.variable)("NO_COLOR").is_some() || (world.variable)("TERM").as_deref() == Some("dumb");
        let colour = |terminal: bool| match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !plain,
        };
        Global {
            ledger: self.ledger.clone(),
            format: if self.json { Format::Json } else { self.format },
            screen: Screen { width: world.terminal.width, colour: colour(world.terminal.out) },
            colour_errors: colour(world.terminal.err),
            quiet: self.quiet,
            verbose: self.verbose,
        }
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a new ledger, with a signing key and an example of a facts file
    Init(InitArgs),
    /// Record facts from files, all of them or none
    Append(AppendArgs),
    /// Replace a fact by a corrected one; the earlier one stays in the log
    Correct(CorrectArgs),
    /// Withdraw a fact; it stays in the log
    Retract(RetractArgs),
    /// Show one fact: every telling, version and link
    Show(ShowArgs),
    /// What happened when
    Timeline(TimelineArgs),
    /// Where the ledger stands (also without any command)
    Status(StatusArgs),
    /// Print a report
    Report(ReportArgs),
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
    /// The name the ledger goes by for ever: best the address it will be published under, such as example.org/derbyshire [default: made from the folder's name]
    #[arg(long)]
    pub origin: Option<String>,
}

#[derive(Args)]
pub struct AppendArgs {
    /// Facts files (TOML, or JSON lines), folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Check everything and append nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args)]
pub struct CorrectArgs {
    /// The fact to replace
    pub id: FactId,
    /// A facts file that holds the corrected fact under the same id, or - for standard input
    pub file: PathBuf,
    /// Why
    #[arg(long)]
    pub reason: String,
}

#[derive(Args)]
pub struct RetractArgs {
    /// The fact to withdraw
    pub id: FactId,
    /// Why
    #[arg(long)]
    pub reason: String,
}

/// The three clocks.
#[derive(Args, Default)]
pub struct Clocks {
    /// Judge as at the end of this day [default: today]
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<chrono::NaiveDate>,
    /// Count only what the public could know by the end of this day [default: the as-of day]
    #[arg(long, value_name = "DAY")]
    pub known_by: Option<chrono::NaiveDate>,
    /// Count only the log's first entries: so many, or those recorded up to a time such as 2026-11-22T12:00:00Z
    #[arg(long, value_name = "N|TIME")]
    pub at: Option<At>,
    /// Show facts about an identifiable child or family too
    #[arg(long)]
    pub sensitive: bool,
}

/// A place in the log.
#[derive(Clone)]
pub enum At {
    Entries(u64),
    Time(chrono::DateTime<chrono::Utc>),
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().map(Self::Entries).ok();
        let time = || text.parse().map(Self::Time).ok();
        number
            .or_else(time)
            .ok_or_else(|| "neither a number of entries nor a time such as 2026-11-22T12:00:00Z".to_owned())
    }
}

#[derive(Args)]
pub struct ShowArgs {
    /// The fact
    pub id: FactId,
    /// Print it as a facts file, to be edited and given to `correct`
    #[arg(long)]
    pub toml: bool,
    #[command(flatten)]
    pub clocks: Clocks,
}

#[derive(Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub clocks: Clocks,
}

#[derive(Args)]
pub struct TimelineArgs {
    /// Only what names this party in any way
    #[arg(long, value_name = "PARTY")]
    pub about: Option<FactId>,
    /// Only what this party said or owes
    #[arg(long, value_name = "PARTY")]
    pub by: Option<FactId>,
    /// Only facts of this kind; may be given again
    #[arg(long, value_parser = word::<Kind>)]
    pub kind: Vec<Kind>,
    /// Only facts in this voice
    #[arg(long, value_parser = word::<Voice>)]
    pub voice: Option<Voice>,
    /// Only facts of this salience
    #[arg(long, value_parser = word::<Salience>)]
    pub salience: Option<Salience>,
    /// Only facts linked to this one, either way
    #[arg(long, value_name = "ID")]
    pub linked: Option<FactId>,
    /// Only facts that cite this source
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<FactId>,
    /// From this day on
    #[arg(long, value_name = "DAY")]
    pub since: Option<chrono::NaiveDate>,
    /// Up to this day
    #[arg(long, value_name = "DAY")]
    pub until: Option<chrono::NaiveDate>,
    /// Only facts that hold these words
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,
    /// The day to order by and to choose by
    #[arg(long, value_enum, default_value = "occurred")]
    pub clock: OrderBy,
    /// Only count tellings and distinct things, by kind
    #[arg(long)]
    pub count: bool,
    #[command(flatten)]
    pub clocks: Clocks,
}

/// By which clock a timeline goes.
#[derive(Clone, Copy, ValueEnum)]
pub enum OrderBy {
    /// When it happened
    Occurred,
    /// When the public could first know it
    Published,
    /// When the ledger took it in
    Recorded,
}

impl From<OrderBy> for Order {
    fn from(by: OrderBy) -> Self {
        match by {
            OrderBy::Occurred => Self::Occurred,
            OrderBy::Published => Self::Published,
            OrderBy::Recorded => Self::Recorded,
        }
    }
}

#[derive(Args)]
pub struct ReportArgs {
    #[command(subcommand)]
    pub report: Report,
}

#[derive(Subcommand)]
pub enum Report {
    /// Every commitment with its status, evidence, due day and reasons
    Pledges(PledgesArgs),
    /// One authority: control, inspections, notices, commitments, complaints, payouts, figures
    Authority(AuthorityArgs),
}

#[derive(Args)]
pub struct PledgesArgs {
    /// Only what this party owes, is owed, or is spoken of in
    #[arg(long, value_name = "PARTY")]
    pub about: Option<FactId>,
    /// Only what this party owes
    #[arg(long, value_name = "PARTY")]
    pub by: Option<FactId>,
    /// Only commitments of this status; may be given again
    #[arg(long, value_parser = status)]
    pub status: Vec<Status>,
    /// Only those whose last due day has passed, whose window the day lies in, whose window lies ahead, or that have no due day
    #[arg(long, value_enum)]
    pub due: Option<DueWord>,
    /// Only those that still ask something of their owner
    #[arg(long)]
    pub open: bool,
    /// Show why one commitment stands where it does, down to entries and sources
    #[arg(long, value_name = "ID")]
    pub explain: Option<FactId>,
    /// Exit with code 5 if any commitment shown has this status; may be given again
    #[arg(long, value_parser = status, value_name = "STATUS")]
    pub fail_on: Vec<Status>,
    #[command(flatten)]
    pub clocks: Clocks,
}

/// How a commitment stands to the day.
#[derive(Clone, Copy, ValueEnum)]
pub enum DueWord {
    Past,
    Falling,
    Future,
    None,
}

impl From<DueWord> for DueFilter {
    fn from(word: DueWord) -> Self {
        match word {
            DueWord::Past => Self::Past,
            DueWord::Falling => Self::Falling,
            DueWord::Future => Self::Future,
            DueWord::None => Self::None,
        }
    }
}

#[derive(Args)]
pub struct AuthorityArgs {
    /// The party
    pub id: FactId,
    #[command(flatten)]
    pub clocks: Clocks,
}

#[derive(Args)]
pub struct VerifyArgs {
    /// A published folder, an export or a proof, instead of the ledger; - for standard input
    pub target: Option<PathBuf>,
    /// The public key that the checkpoint must be signed with (or a file that holds it): yours from elsewhere, never from what you check
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
}

#[derive(Args)]
pub struct PublishArgs {
    /// The folder to publish in
    pub dir: PathBuf,
}

#[derive(Args)]
pub struct ExportArgs {
    /// The file to write, or - for standard output
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// With private notes
    #[arg(long)]
    pub private: bool,
}

#[derive(Args)]
pub struct RestoreArgs {
    /// The export, the published folder, or - for standard input
    pub file: PathBuf,
    /// The folder to make the ledger in
    pub dir: PathBuf,
}

#[derive(Args)]
pub struct DemoArgs {
    /// Facts files, or folders of them
    #[arg(default_value = "seeds", value_name = "FACTS")]
    pub files: Vec<PathBuf>,
}

fn word<T: FromStr<Err = Invalid>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|e: Invalid| e.to_string())
}

fn status(text: &str) -> Result<Status, String> {
    Status::ALL.iter().copied().find(|s| s.word() == text).ok_or_else(|| {
        let words: Vec<&str> = Status::ALL.iter().map(|s| s.word()).collect();
        format!("one of {}", words.join(", "))
    })
}
