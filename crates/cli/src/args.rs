//! The command line's grammar: turns arguments into commands and global flags. Doc comments of clap
//! items are the help texts. Knows no command's work; start at [`Arguments`].

mod grammar;
mod publish;
mod record;
mod report;

pub use grammar::command;
pub use publish::{
    FollowArgs, PublishArgs, SiteAction, SiteArgs, SiteBuildArgs, SiteServeArgs, StoreAction, StoreArgs,
};
pub use record::{
    AddArgs, AppendArgs, CheckArgs, ClockArgs, CorrectArgs, EditArgs, ListArgs, Listed, MappingArgs, QuoteArgs,
    RecorderArgs, RedactArgs, RetractArgs, UndoArgs, somebody,
};
pub use report::{
    At, AuthorityArgs, CalcArgs, ChangesArgs, Clocks, Filters, PledgeFilters, PledgesArgs, Report, ReportArgs,
    ShowArgs, Since, StatusArgs, TimelineArgs,
};

use crate::Env;
use clap::{Args, Parser, Subcommand, ValueEnum};
use heldto_fact::FactId;
use heldto_proof::{Verifier, WitnessKey};
use heldto_report::{Format, RowChoice, Screen};
use heldto_store::Notices;
use std::path::PathBuf;

/// A ledger of what public bodies promise, are told to do, and do; every fact is dated and sourced,
/// and anyone can check the ledger offline.
#[derive(Parser)]
#[command(name = "heldto", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Folder of the ledger, or its address on a server, postgres://… [default: the current folder,
    /// or the nearest one above it that holds a ledger]; of a ledger on a server, HELDTO_NODE names
    /// the folder of this machine
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
    /// Keep only these columns of the rows in csv, json and xlsx
    #[arg(long, global = true, value_name = "COLUMN,…", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Sort the rows in csv, json and xlsx by a column; --sort=-COLUMN begins with the last
    #[arg(long, global = true, value_name = "COLUMN", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Maximum number of rows in csv, json and xlsx
    #[arg(long, global = true, value_name = "N")]
    pub limit: Option<usize>,
    /// Write the output to a file, whole or not at all
    #[arg(short, long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print a long output at once, without a pager
    #[arg(long, global = true)]
    pub no_pager: bool,
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
    /// Folder of the ledger, or of what this machine keeps of a ledger on a server.
    pub ledger: Option<PathBuf>,
    /// Address of the ledger, if it is on a server.
    pub server: Option<String>,
    pub format: Format,
    pub bom: bool,
    /// The chosen rows and columns.
    pub rows: RowChoice,
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
            server: None,
            format: if self.json { Format::Json } else { self.format },
            bom: self.bom,
            rows: RowChoice { columns: self.columns.clone(), sort: self.sort.clone(), limit: self.limit },
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
    /// Print a built-in mapping, or make one of a table by questions; without either, list the
    /// built-in mappings
    Mapping(MappingArgs),
    /// Replace a fact with a corrected version; the earlier version stays in the log
    Correct(CorrectArgs),
    /// Correct a fact in your editor
    Edit(EditArgs),
    /// Withdraw a fact; it stays in the log
    Retract(RetractArgs),
    /// Erase facts for good, here and where they were published, and record that they were erased
    Redact(RedactArgs),
    /// Take back the last append: retract every fact of it that still stands
    Undo(UndoArgs),
    /// Find words in an archived document, once and exactly, and quote them
    Quote(QuoteArgs),
    /// List bodies, sources, figures or commitments by their names, or the kinds of facts
    List(ListArgs),
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
    /// Have a time-stamping authority stamp the last checkpoint (RFC 3161)
    Stamp(StampArgs),
    /// Name the witnesses that cosign this ledger's checkpoints
    Witness(WitnessArgs),
    /// List the keys that sign, replace the signing key, and revoke one that was stolen or lost
    Key(KeyArgs),
    /// Print a proof that one fact is in the ledger, which anyone can check offline
    Prove(ProveArgs),
    /// Write the ledger as static files for any web host
    Publish(PublishArgs),
    /// Keep a mirror of a published ledger, and evidence of what should not have happened to it
    Follow(FollowArgs),
    /// Build a site: the published ledger, with pages for readers
    Site(SiteArgs),
    /// Write every entry and fact as JSON lines
    Export(ExportArgs),
    /// Find out if a bucket can hold a published ledger
    Store(StoreArgs),
    /// Recreate a ledger, with the same head, from an export or a published folder
    Restore(RestoreArgs),
    /// Check both copies of the ledger, and repair each from the other or from a third copy
    Repair(RepairArgs),
    /// Create a ledger of facts about one county, verify it, and print how its pledges stand
    Demo(DemoArgs),
    /// Explain a command, or a topic such as dates, amounts, statuses or scripts
    Help(HelpArgs),
    /// Print the completions of a shell, to be read by it at its start
    Completions(CompletionsArgs),
    /// Print a JSON Schema of facts files, by which an editor completes and checks them
    Schema,
    /// Write the manual pages
    Man(ManArgs),
}

impl Command {
    /// Returns `true` if the command prints rows.
    pub const fn has_rows(&self) -> bool {
        matches!(
            self,
            Self::Show(_) | Self::Timeline(_) | Self::Status(_) | Self::Report(_) | Self::List(_) | Self::Check(_)
        )
    }
}

impl Default for Command {
    fn default() -> Self {
        Self::Status(StatusArgs { clocks: Clocks::default() })
    }
}

#[derive(Args)]
pub struct HelpArgs {
    /// Command or topic
    pub topic: Vec<String>,
}

#[derive(Args)]
pub struct CompletionsArgs {
    /// Shell that reads them
    pub shell: clap_complete::Shell,
}

#[derive(Args)]
pub struct ManArgs {
    /// Folder to write them to
    #[arg(default_value = "man")]
    pub dir: PathBuf,
}

#[derive(Args)]
pub struct InitArgs {
    /// Folder to create the ledger in, or an address on a server: postgres://…
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Permanent name of the ledger, preferably the address where it will be published, such as
    /// example.org/derbyshire [default: made from the folder's name]
    #[arg(long)]
    pub origin: Option<String>,
    /// Also make a reserve key in this file, to be kept elsewhere in case the signing key is lost
    #[arg(long, value_name = "FILE")]
    pub reserve: Option<PathBuf>,
}

#[derive(Args, Default)]
pub struct VerifyArgs {
    /// Published folder or its address, export or proof to check instead of the ledger, or - for
    /// standard input
    pub target: Option<PathBuf>,
    /// Public key that must have signed the checkpoint, or a file that holds the key; get it from
    /// elsewhere, never from what you check
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Checkpoint that you saw earlier; the ledger must hold all of its entries, unchanged
    #[arg(long, value_name = "CHECKPOINT")]
    pub expect: Option<PathBuf>,
    /// File that names the witnesses who must have cosigned, and the ledger's key (C2SP
    /// tlog-policy)
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Print a dated certificate of the result, for the file
    #[arg(long)]
    pub certificate: bool,
    /// Time-stamp of a checkpoint of this ledger (RFC 3161), as `heldto stamp` keeps it
    #[arg(long, value_name = "FILE", requires = "tsa")]
    pub stamp: Option<PathBuf>,
    /// Certificate of the time-stamping authority, or of its issuer, in PEM or DER
    #[arg(long, value_name = "CERTIFICATE", requires = "stamp")]
    pub tsa: Option<PathBuf>,
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
    pub action: Option<KeyAction>,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Subcommand)]
pub enum KeyAction {
    /// Replace the signing key as planned; the old one goes on signing beside it
    Rotate,
    /// Replace a signing key that was stolen or lost; it never signs again
    Revoke(RevokeArgs),
    /// Make a reserve key, to be kept elsewhere in case the signing key is lost or stolen
    Reserve {
        /// File to write the reserve key to, such as one on a stick
        file: PathBuf,
    },
}

#[derive(Args)]
pub struct StampArgs {
    /// Address of the authority, as it gives it: https://…
    pub url: String,
    /// File to write the stamp to [default: checkpoint-SIZE.tsr]
    pub file: Option<PathBuf>,
}

#[derive(Args)]
pub struct WitnessArgs {
    #[command(subcommand)]
    pub action: WitnessAction,
}

#[derive(Subcommand)]
pub enum WitnessAction {
    /// Add a witness, to whom every new checkpoint is sent
    Add {
        /// Public key of the witness, as its operator gives it: name+hash+key
        key: WitnessKey,
        /// Address of the witness, without /add-checkpoint
        url: String,
        /// Number of witnesses that must cosign before anything is published [default: as before,
        /// or 1]
        #[arg(long, value_name = "N")]
        quorum: Option<usize>,
    },
    /// Take a witness off the list; readers then need the new policy
    Remove {
        /// Name of the witness
        name: String,
    },
    /// List the witnesses, and the size that each last cosigned
    List,
    /// Say if other programs read a policy as this one does
    CheckPolicy {
        /// Policy (C2SP tlog-policy)
        file: PathBuf,
    },
}

#[derive(Args)]
pub struct RevokeArgs {
    /// Reason, such as "the laptop was stolen"; published
    #[arg(long, value_name = "TEXT")]
    pub ground: String,
    /// Public key to revoke [default: the one that signs]
    #[arg(long, value_name = "KEY")]
    pub key: Option<Verifier>,
    /// File of the reserve key, which signs the change in place of the old key
    #[arg(long, value_name = "FILE")]
    pub reserve: Option<PathBuf>,
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
    /// Export, published folder or another folder of a ledger to restore from, or - for standard
    /// input
    pub file: PathBuf,
    /// Folder to create the ledger in, or an address on a server: postgres://…; a ledger that is
    /// there gets what it lacks of the one in a folder
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
    /// Facts files, or folders of them, in place of those that are in the program
    #[arg(value_name = "FACTS")]
    pub files: Vec<PathBuf>,
}
