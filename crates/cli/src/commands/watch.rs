//! Reads a watch list: a file of the user with facts and bodies to follow. Start at [`watch_list`].

use crate::args::{Clocks, Global};
use crate::error::{CommandError, INPUT};
use crate::{Env, input, load, open};
use heldto_fact::{FactId, Invalid};
use heldto_intake::slug;
use heldto_report::WatchList;
use std::collections::BTreeSet;
use std::path::Path;

/// Reads a watch list: an id or a name a line; what follows a `#` is a comment.
pub fn watch_list(env: &mut Env<'_>, global: &Global, clocks: &Clocks, path: &Path) -> Result<WatchList, CommandError> {
    // A key is no list, and its lines are not for a screen.
    open::not_of_ledger(env, global, path)?;
    let text = input::files(env, &[path.to_path_buf()])?.remove(0).text;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).enumerate();
    let lines: Vec<(usize, &str)> = lines.filter(|(_, line)| !line.is_empty()).collect();
    if lines.is_empty() {
        return Err(CommandError::new(INPUT, format!("{}: the list is empty", path.display()))
            .hint("write an id or a name a line; for those on record: heldto list commitments"));
    }
    let loaded = load::full(env, global, clocks.at.as_ref())?;
    let view = loaded.view(env, clocks);
    let mut ids = BTreeSet::new();
    for (number, line) in lines {
        let at = |error: CommandError| CommandError {
            message: format!("{}: line {}: {}", path.display(), number + 1, error.message),
            ..error
        };
        let id: FactId = line
            .parse()
            .or_else(|_| slug(line).parse())
            .map_err(|e: Invalid| at(CommandError::new(INPUT, e.to_string())))?;
        match load::require(&view, &id, None) {
            Ok(()) => ids.insert(id),
            Err(CommandError { meant: Some((_, choice)), .. }) => {
                (env.eprintln)(&format!("note: {}: line {}: {line} is taken for {choice}", path.display(), number + 1));
                ids.insert(choice.answer.parse().map_err(|e: Invalid| at(CommandError::new(INPUT, e.to_string())))?)
            }
            Err(error) => return Err(at(error)),
        };
    }
    // Not the folder: a report may be published.
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let linked = ids.iter().filter_map(|id| view.fact(id)).flat_map(|fact| fact.links.iter().map(|l| l.to.clone()));
    let linked = linked.collect();
    Ok(WatchList { name, ids, linked })
}
