//! The grammar of the commands that publish a ledger and follow what was published. Doc comments of
//! clap items are the help texts. Start at [`PublishArgs`].

use super::ClockArgs;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args, Clone)]
pub struct PublishArgs {
    /// Folder to publish in, or one of a bucket: s3://…, gs://… or az://…
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
pub struct FollowArgs {
    /// Published folder, or the address of one: https://…, s3://…, gs://… or az://…; or a ledger on
    /// a server: postgres://… [default: the ledger of --ledger or HELDTO_LEDGER, on a server]
    pub source: Option<String>,
    /// Folder of the mirror, or of the copy of a ledger on a server [default for a copy: the one of
    /// this machine]
    pub mirror: Option<PathBuf>,
    /// Public key that must have signed the checkpoint, or a file that holds the key [default: the
    /// one that the mirror saw first]
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// File that names the witnesses who must have cosigned, and the ledger's key (C2SP
    /// tlog-policy)
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

#[derive(Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    pub action: StoreAction,
}

#[derive(Subcommand)]
pub enum StoreAction {
    /// Race writers in a bucket: one of them must win, every time
    Check {
        /// Folder of the bucket: s3://…, gs://… or az://…
        url: PathBuf,
    },
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
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<NaiveDate>,
    /// Write one HTML file, named in place of the folder, that carries the ledger and checks itself
    /// in a browser without a network
    #[arg(long)]
    pub single: bool,
    /// File of the checker that pages run in a browser [default: the one built beside this program]
    #[arg(long, value_name = "FILE")]
    pub module: Option<PathBuf>,
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
