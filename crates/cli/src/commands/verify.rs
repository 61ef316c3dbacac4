//! Checking everything.

use super::plain;
use crate::args::{Global, VerifyArgs};
use crate::error::{CommandError, INTEGRITY, io};
use crate::{Outcome, World, carry, ledger};
use heldto_ledger::{Ledger, Verified};
use heldto_replay::States;
use heldto_report::Format;
use heldto_store::Store;
use serde_json::json;
use std::path::Path;

/// Verifies the ledger, or an export.
pub fn run(world: &mut World<'_>, global: &Global, args: &VerifyArgs) -> Result<Outcome, CommandError> {
    let verdict = match &args.target {
        Some(path) => export(world, path),
        None => whole(world, global),
    };
    match verdict {
        Ok((origin, verified)) => Ok(plain(sound(global, &origin, &verified))),
        Err(error) if error.code == INTEGRITY && global.format == Format::Json => {
            let out = format!("{}\n", json!({ "sound": false, "why": error.message.trim_start_matches("broken: ") }));
            Ok(Outcome { out, page: false, code: INTEGRITY })
        }
        Err(error) => Err(error),
    }
}

/// Text of a file, or of standard input.
pub fn text_of(world: &mut World<'_>, path: &Path) -> Result<String, CommandError> {
    if path.as_os_str() == "-" {
        return (world.input)().map_err(|e| io("reading standard input", &e));
    }
    let bytes = std::fs::read(path).map_err(|e| io(&format!("reading {}", path.display()), &e))?;
    String::from_utf8(bytes)
        .map_err(|_| CommandError::new(INTEGRITY, format!("broken: {} is not text", path.display())))
}

fn export(world: &mut World<'_>, path: &Path) -> Result<(String, Verified), CommandError> {
    let text = text_of(world, path)?;
    let ledger = carry::read(&text, [0; 32])?;
    Ok((ledger.genesis().origin.clone(), ledger.verify(true, &mut |_| {})?))
}

fn whole(world: &mut World<'_>, global: &Global) -> Result<(String, Verified), CommandError> {
    let open = ledger::open(world, global)?;
    let verified = open.verify(false, &mut |_| {})?;
    check_snapshot(&open)?;
    Ok((open.genesis().origin.clone(), verified))
}

/// The snapshot of the states must be what a fresh replay of the same entries gives.
fn check_snapshot(open: &Ledger<heldto_store_sled::SledStore>) -> Result<(), CommandError> {
    let Some(kept) = ledger::snapshot(open) else { return Ok(()) };
    let mut fresh = States::default();
    open.recorded(0..kept.size(), &mut |recorded| fresh.apply(&recorded))?;
    if fresh == kept {
        return Ok(());
    }
    let message = "broken: the snapshot of the states is not what the entries come to";
    Err(CommandError::new(INTEGRITY, message)
        .hint("the entries are sound: delete the folder `snapshots`, and they are replayed"))
}

fn sound(global: &Global, origin: &str, v: &Verified) -> String {
    if global.format == Format::Json {
        let value = json!({
            "sound": true,
            "origin": origin,
            "entries": v.entries,
            "chain": v.chain.0.to_string(),
            "root": v.root.to_string(),
            "parts-checked": v.parts_checked,
            "parts-erased": v.parts_erased,
            "parts-withheld": v.parts_withheld,
            "unreadable": v.unreadable,
        });
        return format!("{value}\n");
    }
    let all =
        if v.parts_withheld == 0 && v.unreadable == 0 { "all verified" } else { "verified, as far as it is there" };
    let mut out = format!(
        "sound: {} entries, {all}\n  origin  {origin}\n  chain   {}\n  root    {}\n",
        v.entries, v.chain.0, v.root
    );
    out.push_str(&format!(
        "  parts   {} checked, {} erased, {} withheld\n",
        v.parts_checked, v.parts_erased, v.parts_withheld
    ));
    if v.unreadable > 0 {
        out.push_str(&format!("  unread  {} facts of a later version; their hashes are right\n", v.unreadable));
    }
    out
}

/// Whether a store's ledger is sound, for commands that rest on it.
pub fn check<S: Store>(open: &Ledger<S>) -> Result<Verified, CommandError> {
    Ok(open.verify(false, &mut |_| {})?)
}
