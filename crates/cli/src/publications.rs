//! The places where a ledger was published from this machine: the file `publications.json` in its
//! folder, never published, from which `redact` knows what to clean. Start at [`remember`].

use crate::args::{ClockArgs, PublishArgs, SiteBuildArgs};
use crate::error::{CommandError, FAILED, INPUT, io};
use chrono::NaiveDate;
use heldto_ledger::Ledger;
use heldto_store::Log;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Name of the file.
const FILE: &str = "publications.json";

/// A folder, or a page in one file, that holds what was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Publication {
    /// Absolute path.
    pub path: PathBuf,
    /// `true` if facts about identifiable children and families are published too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
    /// `true` if it has pages for readers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub site: bool,
    /// `true` if it is one file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub single: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    module: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_of: Option<NaiveDate>,
    /// Number of entries of the ledger when it was last published here whole; 0 before.
    #[serde(default)]
    pub entries: u64,
}

impl Publication {
    /// Returns the publication of a folder.
    pub fn of_folder(args: &PublishArgs) -> Self {
        Self {
            path: whole(&args.dir),
            sensitive: args.sensitive,
            site: false,
            single: false,
            name: None,
            contact: None,
            module: None,
            as_of: None,
            entries: 0,
        }
    }

    /// Returns the publication of a site, or of a page in one file.
    pub fn of_site(args: &SiteBuildArgs) -> Self {
        Self {
            site: true,
            single: args.single,
            name: args.name.clone(),
            contact: args.contact.clone(),
            module: args.module.as_deref().map(whole),
            as_of: args.as_of,
            ..Self::of_folder(&args.publish)
        }
    }

    /// Returns the arguments that publish it again.
    pub fn to_args(&self, clock: &ClockArgs) -> SiteBuildArgs {
        let publish = PublishArgs {
            dir: self.path.clone(),
            sensitive: self.sensitive,
            withhold_quotations: false,
            clock: clock.clone(),
        };
        SiteBuildArgs {
            publish,
            name: self.name.clone(),
            contact: self.contact.clone(),
            as_of: self.as_of,
            single: self.single,
            module: self.module.clone(),
        }
    }
}

/// Returns the absolute path of what exists, or the path as it is; of a bucket, its address.
fn whole(path: &Path) -> PathBuf {
    if crate::bucket::is_address(path) {
        return path.to_owned();
    }
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// Returns the places where the ledger was published.
///
/// # Errors
/// If the file cannot be read.
pub fn read(folder: &Path) -> Result<Vec<Publication>, CommandError> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(&format!("cannot read {}", path.display()), &error)),
    };
    serde_json::from_str(&text).map_err(|error| {
        CommandError::new(INPUT, format!("{}: {error}", path.display()))
            .hint("the program keeps this file: mend it, or move it away and publish again")
    })
}

/// Remembers a place before the ledger is published there.
///
/// A site stays one if it is later published without its pages, because the pages stay too.
///
/// # Errors
/// If the file cannot be read or written.
pub fn remember(folder: &Path, publication: Publication) -> Result<(), CommandError> {
    let mut all = read(folder)?;
    match all.iter_mut().find(|earlier| earlier.path == publication.path) {
        Some(earlier) if earlier.site && !publication.site => earlier.sensitive = publication.sensitive,
        Some(earlier) => *earlier = Publication { entries: earlier.entries, ..publication },
        None => all.push(publication),
    }
    write(folder, &all)
}

/// Remembers that all of a ledger of so many entries is published at a place.
///
/// # Errors
/// If the file cannot be read or written.
pub fn published(folder: &Path, path: &Path, entries: u64) -> Result<(), CommandError> {
    let mut all = read(folder)?;
    if let Some(known) = all.iter_mut().find(|known| known.path == whole(path) && known.entries != entries) {
        known.entries = entries;
        write(folder, &all)?;
    }
    Ok(())
}

/// Returns `true` if a place is known as one with pages.
pub fn is_site(folder: &Path, path: &Path) -> bool {
    read(folder).is_ok_and(|all| all.iter().any(|known| known.site && known.path == whole(path)))
}

/// Returns the places that may still have what an erasure took: those not published since.
///
/// # Errors
/// If the ledger or the file cannot be read.
pub fn unclean<S: Log>(folder: &Path, ledger: &Ledger<S>) -> Result<Vec<Publication>, CommandError> {
    let mut all = read(folder)?;
    let last = if all.is_empty() { None } else { ledger.redactions(ledger.head().size())?.pop() };
    let erased = last.map_or(0, |(index, _)| index + 1);
    all.retain(|known| known.entries < erased);
    Ok(all)
}

fn write(folder: &Path, all: &[Publication]) -> Result<(), CommandError> {
    let path = folder.join(FILE);
    let failed = |why: &str| CommandError::new(FAILED, format!("cannot write {}: {why}", path.display()));
    let text = serde_json::to_string_pretty(all).map_err(|error| failed(&error.to_string()))?;
    crate::permissions::put_whole(&path, format!("{text}\n").as_bytes()).map_err(|error| failed(&error.to_string()))
}
