//! Grammar of the commands that record facts, take them back, and find what they refer to. Start at
//! [`AddArgs`] and [`AppendArgs`].

use clap::{Args, ValueEnum};
use heldto_fact::{FactId, Kind};
use heldto_ledger::ClockPolicy;
use std::path::PathBuf;

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
    /// Correct each fact that is on record with other content
    #[arg(long, requires = "reason")]
    pub correct: bool,
    /// Reason for these corrections; recorded with each
    #[arg(long, requires = "correct")]
    pub reason: Option<String>,
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
    /// Make a mapping of a table's header, by questions, and show three rows as they would be
    /// recorded
    #[arg(long, value_name = "TABLE.csv", conflicts_with = "name")]
    pub draft: Option<PathBuf>,
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
pub struct EditArgs {
    /// Id of the fact to edit
    pub id: FactId,
    /// Reason for the correction; asked for if it is left out
    #[arg(long)]
    pub reason: Option<String>,
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

#[derive(Args)]
pub struct UndoArgs {
    /// List what would be retracted, and record nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Retract it without asking
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub recorder: RecorderArgs,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct RedactArgs {
    /// Ids of the records to erase: a fact, or a correction or retraction by its own id
    #[arg(required_unless_present = "clean", value_name = "ID")]
    pub ids: Vec<FactId>,
    /// Ground for the erasure, such as "data protection: erasure request"; published for good
    #[arg(long, value_name = "TEXT", required_unless_present = "clean")]
    pub ground: Option<String>,
    /// Author of the decision, as an office; published for good
    #[arg(long, value_name = "WHO", required_unless_present = "clean")]
    pub by: Option<String>,
    /// Erase nothing more, and publish again wherever the ledger was published, as after an erasure
    /// that could not reach a place
    #[arg(long, conflicts_with_all = ["ids", "ground", "by"])]
    pub clean: bool,
    /// Leave this record as it is, although it refers to one that is erased
    #[arg(long, value_name = "ID")]
    pub keep: Vec<FactId>,
    /// Leave every other record as it is
    #[arg(long)]
    pub keep_others: bool,
    /// Erase only the words that the facts quote
    #[arg(long)]
    pub words_only: bool,
    /// Also clean this published folder or page, besides those that were published from here
    #[arg(long, value_name = "DIR")]
    pub published: Vec<PathBuf>,
    /// Also list those about identifiable children and families
    #[arg(long)]
    pub sensitive: bool,
    /// List what would be erased and what refers to it, and erase nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Erase without asking
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct QuoteArgs {
    /// Archived document, as text
    pub file: PathBuf,
    /// Words to quote, 12 characters or more
    pub words: String,
    /// Id of the fact whose citation of the document gets the words, by a correction
    #[arg(long, value_name = "ID")]
    pub fact: Option<FactId>,
    #[command(flatten)]
    pub recorder: RecorderArgs,
    #[command(flatten)]
    pub clock: ClockArgs,
}

#[derive(Args)]
pub struct ListArgs {
    /// Facts to list
    #[arg(value_enum)]
    pub what: Listed,
    /// Also list those about identifiable children and families
    #[arg(long)]
    pub sensitive: bool,
}

/// Facts that are referred to by name.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// Bodies
    Parties,
    /// Sources
    Sources,
    /// Figures
    Metrics,
    /// Pledges, duties, requirements and recommendations
    Commitments,
    /// Kinds of facts
    Kinds,
}
