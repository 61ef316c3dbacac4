//! Checking everything.

use super::{meter, plain};
use crate::args::{Global, VerifyArgs};
use crate::error::{CommandError, INTEGRITY, UNSIGNED};
use crate::trust::Trust;
use crate::{Outcome, World, carry, ledger};
use heldto_ledger::{Ledger, Verified};
use heldto_report::Format;
use heldto_store::Store;
use heldto_store_files::Folder;
use heldto_store_sled::Access;
use serde_json::json;
use std::path::Path;

/// Verifies the ledger, or what is given instead of it.
pub fn run(world: &mut World<'_>, global: &Global, args: &VerifyArgs) -> Result<Outcome, CommandError> {
    let trust = Trust::new(world, args.key.as_deref(), args.expect.as_deref())?;
    match found(world, global, args.target.as_deref(), &trust) {
        Ok(out) => Ok(plain(out)),
        Err(error) if error.code == INTEGRITY && global.format == Format::Json => {
            let out = format!("{}\n", json!({ "sound": false, "why": error.message.trim_start_matches("broken: ") }));
            Ok(Outcome { out, page: false, code: INTEGRITY })
        }
        Err(error) => Err(error),
    }
}

fn found(world: &mut World<'_>, global: &Global, target: Option<&Path>, trust: &Trust) -> Result<String, CommandError> {
    let Some(path) = target else {
        let mut open = ledger::open(world, global, Access::Read)?;
        let size = open.head().size();
        let verified = ledger::verify(&mut open, &mut meter(world.terminal, world.progress, "verifying", size))?;
        let checkpoint = open.store().checkpoint()?;
        return finish(global, &open, &verified, checkpoint.as_deref(), trust);
    };
    if heldto_store_sled::is_ledger(path) {
        return found(world, &Global { ledger: Some(path.to_owned()), ..global.clone() }, None, trust);
    }
    if path.is_dir() {
        let folder = Folder::new(path);
        let bytes = folder
            .checkpoint()?
            .ok_or_else(|| CommandError::new(INTEGRITY, format!("broken: {} has no checkpoint", path.display())))?;
        let ledger = carry::from_folder(folder, &bytes)?;
        let verified =
            ledger.verify(true, &mut meter(world.terminal, world.progress, "verifying", ledger.head().size()))?;
        return finish(global, &ledger, &verified, Some(&bytes), trust);
    }
    let bytes = ledger::bytes_of(world, path)?;
    if bytes.starts_with(b"c2sp.org/tlog-proof") {
        return super::prove::verify(trust, &bytes);
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::new(INTEGRITY, format!("broken: {} is not text", path.display())))?;
    let ledger = carry::read(&text, [0; 32])?;
    let verified =
        ledger.verify(true, &mut meter(world.terminal, world.progress, "verifying", ledger.head().size()))?;
    finish(global, &ledger, &verified, None, trust)
}

/// The checkpoint, the key, and the checkpoint seen earlier.
fn finish<S: Store>(
    global: &Global,
    ledger: &Ledger<S>,
    verified: &Verified,
    checkpoint: Option<&[u8]>,
    trust: &Trust,
) -> Result<String, CommandError> {
    let mut out = sound(global, &ledger.genesis().origin, verified);
    let mut say = |line: String| {
        if global.format != Format::Json {
            out.push_str(&line);
        }
    };
    // First what was seen before: a missing signature must not hide a rewritten history.
    if let Some(found) = trust.expect(ledger)? {
        say(format!("  expect  {found}\n"));
    }
    match checkpoint {
        Some(bytes) => {
            let changes = ledger.key_changes(verified.entries)?;
            let (signed, by_key) = trust.open(bytes, ledger.genesis(), &changes)?;
            let own = Trust { key: None, expected: Some(bytes.to_vec()) };
            own.expect(ledger)?;
            let signature = if by_key { "signed by the key given" } else { "signature not checked: give --key" };
            say(format!("  signed  {} of the entries; {signature}\n", signed.size));
        }
        None if trust.key.is_some() => {
            let error = CommandError::new(UNSIGNED, "sound, but there is no checkpoint, and so no signature to check");
            return Err(error.hint("sign one with: heldto checkpoint; an export carries none"));
        }
        None => {}
    }
    Ok(out)
}

fn sound(global: &Global, origin: &str, v: &Verified) -> String {
    if global.format == Format::Json {
        let value = json!({
            "sound": true,
            "origin": origin,
            "entries": v.entries,
            "chain": v.chain.0.to_string(),
            "root": v.root.base64(),
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
        v.entries,
        v.chain.0,
        v.root.base64()
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
