//! Keeps a ledger's database and key out of version control. Start at [`complete`].

use crate::error::{CommandError, io};
use std::path::Path;

/// Lines for `.gitignore`: files that must not be committed or copied.
const IGNORED: &str = "# The database, and what only this machine may hold.\nlock\njournal*/\nhot/\narchive/\nrebuilt/\nreplaced/\nupgrade/\nacknowledged\nsigned*\nsuspect\njudged\nerased\npublications.json\nwitnesses.json\nsigning.key*\n";

/// Adds the missing lines to `.gitignore`, so that database and key stay out of version control.
pub fn complete(dir: &Path) -> Result<(), CommandError> {
    let path = dir.join(".gitignore");
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(io(&format!("cannot read {}", path.display()), &error)),
    };
    let missing: String =
        IGNORED.lines().filter(|l| !before.lines().any(|b| b == *l)).map(|l| format!("{l}\n")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    std::fs::write(&path, format!("{before}{gap}{missing}"))
        .map_err(|e| io(&format!("cannot write {}", path.display()), &e))
}
