//! `prove`: writes a fact and its inclusion proofs to one file (C2SP tlog-proof), and verifies such
//! files without a ledger. Start at [`run`] and [`verify`].

use super::plain;
use crate::args::{Global, ProveArgs};
use crate::error::{CommandError, FAILED};
use crate::open::Access;
use crate::{Env, RunOutput, load, open};
use heldto_exchange::Trust;
use heldto_exchange::proof_file::{self, CheckedProof};
use heldto_fact::{Body, FactId};
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
    Ok(plain(proof_file::make(&open, &args.id, &bytes, &left_out)?))
}

/// Verifies a proof and returns, as text or JSON, the facts it shows; the text also says what a
/// proof does not show.
pub fn verify(global: &Global, trust: &Trust, bytes: &[u8]) -> Result<String, CommandError> {
    let checked = proof_file::check(bytes, trust)?;
    let CheckedProof { checkpoint, signature, fact, entries } = &checked;
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
        });
        return Ok(format!("{value}\n"));
    }
    Ok(describe(&checked))
}

fn describe(checked: &CheckedProof) -> String {
    let CheckedProof { checkpoint, signature, fact, entries } = checked;
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
        let source = entries.iter().filter_map(|p| p.fact.as_ref()).find(|f| f.id == cite.source);
        let title = source.map_or_else(|| cite.source.to_string(), |s| format!("{} ({})", one_line(&s.text), s.id));
        out.push_str(&format!("  source    {title}, {}\n", one_line(&cite.at)));
    }
    let after = || entries.iter().skip(1).filter(|later| later.index > main.index);
    let retractions: BTreeSet<&FactId> = after()
        .filter_map(|later| later.fact.as_ref())
        .filter(|f| matches!(&f.body, Body::Retraction { of, .. } if *of == fact.id))
        .map(|f| &f.id)
        .collect();
    for later in after() {
        let then = match later.fact.as_ref().map(|f| &f.body) {
            // A correction that changes id or kind has no effect.
            Some(Body::Correction { of, reason, replacement })
                if *of == fact.id && replacement.id == fact.id && replacement.kind() == fact.kind() =>
            {
                format!("corrected ({}): {}", one_line(reason), one_line(&replacement.text))
            }
            Some(Body::Retraction { of, reason }) if *of == fact.id => format!("withdrawn: {}", one_line(reason)),
            Some(Body::Retraction { of, reason }) if retractions.contains(of) => {
                format!("reinstated: {}", one_line(reason))
            }
            _ => continue,
        };
        out.push_str(&format!("  then      entry {}: {then}\n", later.index));
    }
    out.push_str(if signature.is_checked {
        "shows: the holder of the key signed a ledger that holds exactly this fact at this place\n"
    } else {
        "the signature was not checked: to check it, add --key with a public key that you have from elsewhere\n"
    });
    out.push_str(&format!(
        "does not show: that the fact is true; when it was recorded; that no later entry corrects it \
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
