//! The settings of a ledger: the file `settings.toml` in its folder, kept on this machine and never
//! published. Knows no facts. Start at [`recorder`].

use crate::args::{Global, RecorderArgs};
use crate::error::{CommandError, INPUT, USAGE};
use crate::{Env, open, server};
use heldto_ledger::Recorder;
use serde::Deserialize;
use std::path::Path;

/// Name of the file.
const FILE: &str = "settings.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Settings {
    /// Recorder of all facts, as an office or a pseudonym.
    recorder: Option<String>,
    /// `true` if every fact needs a reviewer other than its recorder.
    four_eyes: bool,
}

fn read(folder: &Path) -> Result<Settings, CommandError> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Settings::default()),
        Err(error) => return Err(crate::error::io(&format!("cannot read {}", path.display()), &error)),
    };
    let mut settings: Settings = toml::from_str(&text).map_err(|error| {
        CommandError::new(INPUT, format!("{}: {}", path.display(), error.message()))
            .hint("it may have: recorder = \"WHO\" and four-eyes = true")
    })?;
    if let Some(name) = &mut settings.recorder {
        *name = name.trim().to_owned();
        if name.is_empty() {
            return Err(CommandError::new(INPUT, format!("{}: `recorder` names nobody", path.display()))
                .hint("write an office or a pseudonym, or take the line out"));
        }
    }
    Ok(settings)
}

/// Returns `true` if two names are those of one office or person: the case does not matter.
pub fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Returns the recorder of new facts, and the reviewer: from the arguments, else from the ledger's
/// settings; on a server the recorder is the role that writes, if neither names one.
///
/// # Errors
/// If the settings name nobody, if a reviewer is given without a recorder, or if the ledger asks
/// for a reviewer and none other than the recorder is given.
pub fn recorder(env: &Env<'_>, global: &Global, args: &RecorderArgs) -> Result<Option<Recorder>, CommandError> {
    let settings = read(&open::folder(global))?;
    let by = match (args.recorder.clone().or(settings.recorder), &global.server) {
        (None, Some(address)) => Some(server::user(env, address)?),
        (named, _) => named,
    };
    let checked_by = args.checked_by.clone();
    let is_checked = matches!((&by, &checked_by), (Some(by), Some(checked)) if !is_same(by, checked));
    match by {
        _ if settings.four_eyes && !is_checked => {
            let message = "this ledger asks for two people: one who records and another who checks";
            Err(CommandError::new(INPUT, message).hint("add --recorder WHO and --checked-by ANOTHER"))
        }
        None if checked_by.is_some() => {
            Err(CommandError::new(USAGE, "--checked-by needs a recorder").hint("add --recorder WHO"))
        }
        by => Ok(by.map(|by| Recorder { by, checked_by })),
    }
}
