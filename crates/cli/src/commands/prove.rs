//! `prove`: writes a fact and its inclusion proofs to one file (C2SP tlog-proof), and verifies such
//! files without a ledger. Start at [`run`] and [`verify`].

use super::{plain, site};
use crate::args::{Global, ProveArgs};
use crate::error::{CommandError, FAILED};
use crate::open::Access;
use crate::{Env, RunOutput, load, open};
use heldto_exchange::Trust;
use heldto_exchange::proof_file::{self, Amended, CheckedProof};
use heldto_report::Format;
use heldto_store::Checkpoints;
use serde_json::json;
use std::collections::BTreeSet;

/// Writes the proof of a fact: the fact, its corrections and retractions, its sources, and the key
/// changes.
pub fn run(env: &mut Env<'_>, global: &Global, args: &ProveArgs) -> Result<RunOutput, CommandError> {
    let open = open::ledger(env, global, Access::Read)?;
    let sensitive = open.sensitive()?;
    if sensitive.entities.contains(&args.id) && !args.sensitive {
        return Err(load::unknown(&args.id, "fact", sensitive.entries.len() as u64));
    }
    if open.versions(&args.id)?.is_empty() {
        let withheld = if args.sensitive { 0 } else { sensitive.entries.len() as u64 };
        return Err(load::unknown(&args.id, "fact", withheld));
    }
    if open.store().is_partial() {
        return Err(CommandError::new(FAILED, "this is a copy that leaves out parts, and nothing can be signed here")
            .hint("ask the keeper of the ledger for the proof"));
    }
    let Some(bytes) = open.store().checkpoint()? else {
        return Err(
            CommandError::new(FAILED, "the ledger has no checkpoint yet").hint("sign one with: heldto checkpoint")
        );
    };
    let left_out = if args.sensitive { BTreeSet::new() } else { sensitive.entries.clone() };
    let proof = proof_file::make(&open, &args.id, &bytes, &left_out)?;
    drop(open);
    if !args.page {
        return Ok(plain(proof));
    }
    let module = site::required_module(args.module.as_deref())?;
    let checked = proof_file::check(proof.as_bytes(), &Trust::default())?;
    let files = [("proof".to_owned(), proof.into_bytes()), (heldto_site::MODULE.to_owned(), module)];
    Ok(plain(heldto_site::proof_page(&checked, &files.into_iter().collect())))
}

/// Verifies a proof and returns, as text or JSON, the facts it shows; the text also says what a
/// proof does not show.
pub fn verify(global: &Global, trust: &Trust, bytes: &[u8]) -> Result<String, CommandError> {
    let checked = proof_file::check(bytes, trust)?;
    let CheckedProof { checkpoint, signature, fact, entries, revoked } = &checked;
    if global.format == Format::Json {
        let value = json!({
            "sound": true,
            "origin": checkpoint.origin,
            "id": fact.id.as_str(),
            "entry": entries.first().map(|first| first.index),
            "entries": checkpoint.size,
            "root": checkpoint.root.base64(),
            "signed": checkpoint.size,
            "signature-checked": signature.is_checked,
            "signed-by": signature.by.to_string(),
            "expected": trust.expected.as_ref().map(|_| checkpoint.size),
            "key-revoked-by": revoked.as_ref().map(|(entry, _)| *entry),
        });
        return Ok(format!("{value}\n"));
    }
    Ok(describe(&checked))
}

fn describe(checked: &CheckedProof) -> String {
    let CheckedProof { checkpoint, signature, fact, entries, revoked } = checked;
    let Some(main) = entries.first() else { return String::new() };
    let time = |micros| {
        chrono::DateTime::from_timestamp_micros(micros)
            .map_or_else(String::new, |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    };
    let mut out = format!(
        "sound: entry {} (out of {}) of {} holds this {}\n  id        {}\n  it says   {}\n  \
         recorded  {}, by the clock of the ledger's keeper\n",
        main.index,
        checkpoint.size,
        checkpoint.origin,
        fact.kind(),
        fact.id,
        one_line(&fact.text),
        time(main.entry.recorded_at),
    );
    for cite in &fact.cites {
        out.push_str(&format!("  source    {}, {}\n", one_line(&checked.title_of(&cite.source)), one_line(&cite.at)));
    }
    for (index, amended) in checked.amended() {
        let then = match amended {
            Amended::Corrected { reason, text } => format!("corrected ({}): {}", one_line(reason), one_line(text)),
            Amended::Retracted { reason } => format!("withdrawn: {}", one_line(reason)),
            Amended::Reinstated { reason } => format!("reinstated: {}", one_line(reason)),
        };
        out.push_str(&format!("  then      entry {index}: {then}\n"));
    }
    out.push_str(&match (signature.is_checked, signature.since) {
        (true, Some(index)) => format!(
            "shows: the holder of {}, a successor of the key you gave, in force since entry {index}, signed a ledger \
             that holds exactly this fact at this place\n",
            signature.by
        ),
        (true, None) => {
            "shows: the holder of the key signed a ledger that holds exactly this fact at this place\n".to_owned()
        }
        _ => "the signature was not checked: to check it, add --key with a public key that you have from elsewhere\n"
            .to_owned(),
    });
    if let Some((entry, ground)) = revoked {
        out.push_str(&super::verify::revoked_by(*entry, ground));
    }
    let witnessed = signature.witnessed.as_ref().filter(|witnessed| !witnessed.by.is_empty());
    if let Some(witnessed) = witnessed {
        out.push_str(&format!("witnesses: {}\n", super::verify::cosigned(witnessed, main.entry.recorded_at)));
    }
    let when = if witnessed.is_some() { "" } else { " when it was recorded;" };
    out.push_str(&format!(
        "does not show: that the fact is true;{when} that no later entry corrects it \
         (up to size {}, only the maker of the proof says so)\n",
        checkpoint.size
    ));
    out
}

/// Returns the text with spaces for control characters, so that quoted text can neither begin a
/// line nor control the terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
