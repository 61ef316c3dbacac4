//! Arguments of the commands that read: clocks, filters and reports. Turns them into the filters of
//! `heldto_report`. Doc comments of clap items are the help texts.

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use heldto_fact::{Act, Change, Decision, FactId, Invalid, Kind, Role, Ruling, Salience, Unit, Voice, When};
use heldto_intake::{joined, slug};
use heldto_replay::Status;
use heldto_report::{DueFilter, FactFilter, PledgeFilter, Scale, SortOrder};
use std::path::PathBuf;
use std::str::FromStr;

/// The three clocks.
#[derive(Args, Default)]
pub struct Clocks {
    /// Judge as at the end of this day [default: today]
    #[arg(long, value_name = "DAY", help_heading = "Clocks")]
    pub as_of: Option<NaiveDate>,
    /// Count only what the public could know by the end of this day [default: the as-of day]
    #[arg(long, value_name = "DAY", help_heading = "Clocks")]
    pub known_by: Option<NaiveDate>,
    /// Count only the first N entries of the log, or those recorded up to a time such as
    /// 2026-11-22T12:00:00Z
    #[arg(long, value_name = "N|TIME", help_heading = "Clocks")]
    pub at: Option<At>,
    /// Also show facts about identifiable children and families
    #[arg(long)]
    pub sensitive: bool,
}

/// A position in the log.
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
            .ok_or_else(|| "expected a number of entries, or a time such as 2026-11-22T12:00:00Z".to_owned())
    }
}

/// The filters that every report and the timeline have.
#[derive(Args, Default)]
pub struct Filters {
    /// Only facts that name this party in any way
    #[arg(value_parser = named, long, value_name = "PARTY", help_heading = "Filters")]
    pub about: Option<FactId>,
    /// Only what this party said or owes
    #[arg(value_parser = named, long, value_name = "PARTY", help_heading = "Filters")]
    pub by: Option<FactId>,
    /// Only facts of this kind; may be repeated
    #[arg(long, value_parser = word::<Kind>, help_heading = "Filters")]
    pub kind: Vec<Kind>,
    /// Only facts in this voice
    #[arg(long, value_parser = word::<Voice>, help_heading = "Filters")]
    pub voice: Option<Voice>,
    /// Only facts of this salience
    #[arg(long, value_parser = word::<Salience>, help_heading = "Filters")]
    pub salience: Option<Salience>,
    /// Only facts linked to this one, in either direction
    #[arg(long, value_name = "ID", help_heading = "Filters")]
    pub linked: Option<FactId>,
    /// Only facts that cite this source
    #[arg(value_parser = named, long, value_name = "SOURCE", help_heading = "Filters")]
    pub source: Option<FactId>,
    /// Only from this day on
    #[arg(long, value_name = "DAY", help_heading = "Filters")]
    pub since: Option<NaiveDate>,
    /// Only up to this day
    #[arg(long, value_name = "DAY", help_heading = "Filters")]
    pub until: Option<NaiveDate>,
    /// Only facts that contain these words, or name someone whose name contains them; case and
    /// accents do not matter
    #[arg(long, value_name = "WORDS", help_heading = "Filters")]
    pub text: Option<String>,
    /// Only statements of this act: admission, apology, claim, criticism …
    #[arg(long, value_parser = word::<Act>, help_heading = "Filters")]
    pub act: Option<Act>,
    /// Only changes of this kind: appointment, control, review-opened …
    #[arg(long, value_parser = word::<Change>, help_heading = "Filters")]
    pub what: Option<Change>,
    /// Only publications of this form (plan, report, minutes …), or notices whose form contains
    /// these words
    #[arg(long, help_heading = "Filters")]
    pub form: Option<String>,
    /// Only decisions and complaints with this outcome: upheld, accepted, rejected, varied …
    #[arg(long, value_parser = decision, help_heading = "Filters")]
    pub decision: Option<String>,
    /// Only facts that this person or office recorded; kept on this machine, and not published
    #[arg(long, value_name = "WHO", value_parser = super::somebody, help_heading = "Filters")]
    pub recorded_by: Option<String>,
    /// Only the facts and the bodies named in this file, an id or a name a line, and what is linked
    /// to those facts
    #[arg(long, value_name = "FILE", help_heading = "Filters")]
    pub list: Option<PathBuf>,
    /// Treat the members of the body named by --by or --about as that body
    #[arg(long, help_heading = "Filters")]
    pub members: bool,
}

impl Filters {
    /// Returns the report filter for these arguments.
    pub fn filter(&self) -> FactFilter {
        FactFilter {
            about: self.about.clone(),
            by: self.by.clone(),
            kind: self.kind.clone(),
            voice: self.voice,
            salience: self.salience,
            linked: self.linked.clone(),
            source: self.source.clone(),
            since: self.since,
            until: self.until,
            text: self.text.clone(),
            act: self.act,
            what: self.what,
            form: self.form.clone(),
            decision: self.decision.clone(),
            recorded_by: None,
            list: None,
            members: self.members,
        }
    }
}

#[derive(Args)]
pub struct ShowArgs {
    /// Id of the fact
    pub id: FactId,
    /// Print the fact as a facts file, to edit and use with `heldto correct`
    #[arg(long)]
    pub toml: bool,
    /// Also show who recorded and checked it, which is not published
    #[arg(long, conflicts_with = "toml")]
    pub private: bool,
    #[command(flatten)]
    pub clocks: Clocks,
}

#[derive(Args, Default)]
pub struct StatusArgs {
    #[command(flatten)]
    pub clocks: Clocks,
}

#[derive(Args)]
pub struct TimelineArgs {
    /// Day to sort and filter by
    #[arg(long, value_enum, default_value = "occurred")]
    pub clock: OrderBy,
    /// Only count records and distinct things, by kind
    #[arg(long)]
    pub count: bool,
    #[command(flatten)]
    pub filters: Filters,
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
    /// When the ledger recorded it
    Recorded,
}

impl From<OrderBy> for SortOrder {
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
    /// Money by party and role, each pound counted once
    Money(MoneyArgs),
    /// Amounts in any unit by party and role, each thing counted once
    Amounts(AmountsArgs),
    /// Figures over time, their age, and the figures of others for comparison
    Metrics(MetricsArgs),
    /// Questions asked, and whether each was answered
    Questions(FactsArgs),
    /// Every due date that was moved, by whom, and whether it was explained
    Slippage(AgendaArgs),
    /// Facts that disagree, side by side
    Contradictions(FactsArgs),
    /// Deliveries, and the commitment that each goes towards
    Deliveries(DeliveriesArgs),
    /// Changes since a day, a number of entries or a checkpoint
    Changes(ChangesArgs),
    /// Questions for the next meeting
    Agenda(AgendaArgs),
}

/// Filters of commitments.
#[derive(Args, Default)]
pub struct PledgeFilters {
    /// Only commitments with this status; may be repeated
    #[arg(long, value_parser = status, help_heading = "Filters")]
    pub status: Vec<Status>,
    /// Only commitments by due day: past (the last due day has passed), falling (the window is
    /// open), future (the window lies ahead) or none (no due day)
    #[arg(long, value_enum, help_heading = "Filters")]
    pub due: Option<DueWord>,
    /// Only commitments that still require something of their owner
    #[arg(long, help_heading = "Filters")]
    pub open: bool,
    /// Only commitments made while this party controlled their owner
    #[arg(value_parser = named, long, value_name = "PARTY", help_heading = "Filters")]
    pub made_under: Option<FactId>,
    /// Only commitments whose target is counted in this unit
    #[arg(long, value_parser = word::<Unit>, help_heading = "Filters")]
    pub unit: Option<Unit>,
    #[command(flatten)]
    pub facts: Filters,
}

impl PledgeFilters {
    /// Returns the report filter for these arguments.
    pub fn filter(&self, scale: Option<Scale>) -> PledgeFilter {
        PledgeFilter {
            facts: self.facts.filter(),
            status: self.status.clone(),
            due: self.due.map(Into::into),
            open: self.open,
            made_under: self.made_under.clone(),
            unit: self.unit.clone(),
            scale,
        }
    }
}

#[derive(Args)]
pub struct PledgesArgs {
    /// Explain the status of one commitment, down to entries and sources
    #[arg(value_parser = named, long, value_name = "ID")]
    pub explain: Option<FactId>,
    /// Exit with code 5 if any commitment shown has this status; may be repeated
    #[arg(long, value_parser = status, value_name = "STATUS")]
    pub fail_on: Vec<Status>,
    /// Also give each status on another tracker's scale: politifact, polimetre, full-fact, cppp or
    /// iati
    #[arg(long)]
    pub scale: Option<Scale>,
    #[command(flatten)]
    pub filters: PledgeFilters,
    #[command(flatten)]
    pub clocks: Clocks,
}

/// Position of a due day relative to the as-of day.
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
    /// Id or name of the party
    #[arg(value_parser = named)]
    pub id: FactId,
    #[command(flatten)]
    pub clocks: Clocks,
}

#[derive(Args)]
pub struct MoneyArgs {
    /// Only amounts in this role
    #[arg(long, value_parser = word::<Role>, help_heading = "Filters")]
    pub role: Option<Role>,
    /// Only the totals, without the amounts behind them
    #[arg(long)]
    pub totals: bool,
    #[command(flatten)]
    pub filters: Filters,
    #[command(flatten)]
    pub clocks: Clocks,
}

#[derive(Args)]
pub struct AmountsArgs {
    /// Only amounts in this unit: GBP, places, plans …
    #[arg(long, value_parser = word::<Unit>, help_heading = "Filters")]
    pub unit: Option<Unit>,
    #[command(flatten)]
    pub money: MoneyArgs,
}

#[derive(Args)]
pub struct MetricsArgs {
    /// Only this metric
    #[arg(value_parser = named, long, value_name = "ID", help_heading = "Filters")]
    pub metric: Option<FactId>,
    #[command(flatten)]
    pub filters: Filters,
    #[command(flatten)]
    pub clocks: Clocks,
}

/// A report on facts.
#[derive(Args)]
pub struct FactsArgs {
    #[command(flatten)]
    pub filters: Filters,
    #[command(flatten)]
    pub clocks: Clocks,
}

#[derive(Args)]
pub struct DeliveriesArgs {
    /// Only deliveries that nobody had promised
    #[arg(long)]
    pub unpledged: bool,
    #[command(flatten)]
    pub facts: FactsArgs,
}

/// A report on commitments.
#[derive(Args)]
pub struct AgendaArgs {
    #[command(flatten)]
    pub filters: PledgeFilters,
    #[command(flatten)]
    pub clocks: Clocks,
}

#[derive(Args)]
pub struct ChangesArgs {
    /// Start of the comparison: a day such as 2026-11-01, a number of entries, or a checkpoint file
    #[arg(value_name = "DAY|N|CHECKPOINT", required_unless_present = "bookmark")]
    pub start: Option<Since>,
    /// Start where this file says, and let it say afterwards how far was read; if there is no such
    /// file yet, it is made. For a report that is run every day
    #[arg(long, value_name = "FILE", conflicts_with_all = ["start", "as_of", "known_by", "at"])]
    pub bookmark: Option<PathBuf>,
    #[command(flatten)]
    pub filters: PledgeFilters,
    #[command(flatten)]
    pub clocks: Clocks,
}

/// The starting point of a report on changes.
#[derive(Clone)]
pub enum Since {
    Day(NaiveDate),
    Entries(u64),
    Checkpoint(PathBuf),
}

impl Since {
    /// Takes digits for a number of entries, what is a day for a day, and all else for a file.
    pub fn of(text: &str, today: NaiveDate) -> Self {
        let entries = text.parse().map(Self::Entries).ok();
        let day = || day(text, End::First, today).map(Self::Day).ok();
        entries.or_else(day).unwrap_or_else(|| Self::Checkpoint(text.into()))
    }
}

impl FromStr for Since {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::of(text, NaiveDate::MIN))
    }
}

#[derive(Args)]
pub struct CalcArgs {
    /// Fields, dates and numbers with + - * or / between them, separated by spaces:
    /// `dcc-11m-places / dcc-500-places.target`, `idox-go-live.due - 2024-09-01`
    #[arg(required = true, value_name = "EXPRESSION")]
    pub expression: Vec<String>,
    #[command(flatten)]
    pub clocks: Clocks,
}

fn word<T: FromStr<Err = Invalid>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|e: Invalid| e.to_string())
}

/// End of a month, a year or a week that stands for it where one day is wanted.
#[derive(Debug, Clone, Copy)]
pub enum End {
    First,
    Last,
}

/// Parses a day as people say it; of a longer time, takes one end.
pub fn day(text: &str, end: End, today: NaiveDate) -> Result<NaiveDate, String> {
    let expected = "expected a day, such as 2026-11-22, 22 November 2026, yesterday or last month";
    let written = heldto_intake::date_as_said(text, Some(today)).map_err(|why| format!("{expected}: {why}"))?;
    match written.parse::<When>() {
        Ok(said) if !said.is_qualified() => {
            let window = said.window();
            let day = if matches!(end, End::First) { window.earliest } else { window.latest };
            day.ok_or_else(|| expected.to_owned())
        }
        _ => Err(expected.to_owned()),
    }
}

/// Parses an id, or a name, as the id that it would have.
fn named(text: &str) -> Result<FactId, String> {
    if joined(text).is_empty() {
        return Err("give an id or a name".to_owned());
    }
    text.parse().or_else(|_| slug(text).parse()).map_err(|error: Invalid| error.to_string())
}

/// Parses the outcome of a decision or a ruling.
fn decision(text: &str) -> Result<String, String> {
    let words = || Decision::ALL.iter().map(|d| d.as_str()).chain(Ruling::ALL.iter().map(|r| r.as_str()));
    if words().any(|word| word == text) {
        return Ok(text.to_owned());
    }
    let all: std::collections::BTreeSet<&str> = words().collect();
    Err(format!("expected one of {}", all.into_iter().collect::<Vec<_>>().join(", ")))
}

fn status(text: &str) -> Result<Status, String> {
    Status::ALL.iter().copied().find(|s| s.as_str() == text).ok_or_else(|| {
        let words: Vec<&str> = Status::ALL.iter().map(|s| s.as_str()).collect();
        format!("expected one of {}", words.join(", "))
    })
}
