//! `verify`: checks a ledger, a published folder, an export or a proof, and reports the result. The
//! hashing is in `heldto_ledger` and `heldto_proof`. Start at [`run`].

use super::{counted, meter, plain, sources};
use crate::args::{Global, VerifyArgs};
use crate::error::{CommandError, INTEGRITY, UNSIGNED, USAGE, for_strangers};
use crate::open::Access;
use crate::published::FileSource;
use crate::{Env, RunOutput, input, load, open, published, server};
use heldto_exchange::{MirrorEvidence, NoEvidence, Signature, Trust, evidence, export, is_beginning, read_checkpoint};
use heldto_fact::FactId;
use heldto_ledger::{Defect, Fault, Ledger, Verified, decode_fact};
use heldto_proof::{Checkpoint, Verifier, Witnessed};
use heldto_report::Format;
use heldto_store::{Checkpoints, Log};
use heldto_store_files::Folder;
use serde_json::{Value, json};
use std::path::Path;

/// Verifies the ledger, or the given target.
pub fn run(env: &mut Env<'_>, global: &Global, args: &VerifyArgs) -> Result<RunOutput, CommandError> {
    let trust = input::trust(env, args.key.as_deref(), args.expect.as_deref(), args.policy.as_deref())?;
    let stamp = args.stamp.as_deref().zip(args.tsa.as_deref());
    let keys = args.key.as_deref().map(input::keys).transpose()?.unwrap_or_default();
    let asked = Asked { trust, keys, sources: args.sources.as_deref(), stamp };
    match found(env, global, args.target.as_deref(), &asked) {
        Ok(out) if args.certificate && global.format != Format::Json => Ok(plain(certificate(env, args, &out))),
        Ok(out) => Ok(plain(out)),
        Err(error) if matches!(error.exit_code, INTEGRITY | UNSIGNED) && global.format == Format::Json => {
            let sound = error.exit_code == UNSIGNED;
            let why = error.message.trim_start_matches("broken: ");
            let out = format!("{}\n", json!({ "sound": sound, "signature-checked": false, "why": why }));
            Ok(RunOutput { exit_code: error.exit_code, ..plain(out) })
        }
        Err(error) => Err(error),
    }
}

/// Returns a successful verification as a page for a file: when, of what, with what result, how to
/// repeat it, and what it does not show.
fn certificate(env: &Env<'_>, args: &VerifyArgs, out: &str) -> String {
    let now = chrono::DateTime::from_timestamp_micros((env.now)()).unwrap_or_default();
    let of = args.target.as_ref().map_or_else(|| "the ledger on this machine".to_owned(), |t| t.display().to_string());
    let path = |option: &str, path: Option<&Path>| path.map(|path| format!(" --{option} {}", quoted(path)));
    let options: String = [
        args.target.as_ref().map(|target| format!(" {}", quoted(target))),
        args.key.as_ref().map(|key| format!(" --key {key}")),
        path("expect", args.expect.as_deref()),
        path("policy", args.policy.as_deref()),
        path("stamp", args.stamp.as_deref()),
        path("tsa", args.tsa.as_deref()),
        path("sources", args.sources.as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let key = match &args.key {
        None if args.policy.is_none() => "No key was given: this does not show whose ledger it is.\n",
        _ => "",
    };
    format!(
        "Certificate of verification\n\nMade on {}, by this machine's clock, with heldto {}.\nVerified: {of}\n\nResult\n{out}\n\
         What this shows: that on that day the copy was as said above, by the hashes and the signatures named there.\n\
         What it does not show: that a fact is true, that nothing was left unrecorded, or what others were shown.\n{key}\n\
         To repeat it: heldto verify{options}\n",
        now.format("%-d %B %Y at %H:%M UTC"),
        env!("CARGO_PKG_VERSION"),
    )
}

/// Returns a path as it is typed: with quotes, if it has spaces.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains(' ') { format!("\"{text}\"") } else { text }
}

/// Questions of the reader besides soundness.
struct Asked<'a> {
    trust: Trust,
    /// All keys that the reader gave; evidence may need several.
    keys: Vec<Verifier>,
    /// Folder of archived documents.
    sources: Option<&'a Path>,
    /// Time-stamp, and the certificate that must vouch for it.
    stamp: Option<(&'a Path, &'a Path)>,
}

fn found(env: &mut Env<'_>, global: &Global, target: Option<&Path>, asked: &Asked<'_>) -> Result<String, CommandError> {
    match target {
        Some(path) if path.to_str().is_some_and(FileSource::is_address) => {
            of_address(env, global, &path.to_string_lossy(), asked).map_err(for_strangers)
        }
        Some(path) if server::is_address(path) => own(env, &server::of_address(env, global, path)?, asked),
        // A published folder stays one even if other files were added to it.
        Some(path) if open::is_publication(path) => published(env, global, path, asked).map_err(for_strangers),
        Some(path) if open::is_ledger(path) => {
            own(env, &Global { ledger: Some(path.to_owned()), server: None, ..global.clone() }, asked)
        }
        Some(path) if path.is_dir() => {
            let message = format!("broken: the folder {} has no checkpoint", path.display());
            Err(for_strangers(CommandError::new(INTEGRITY, message)))
        }
        Some(path) => file(env, global, path, asked).map_err(for_strangers),
        None => own(env, global, asked),
    }
}

/// Verifies a local ledger.
///
/// Opening it may have repaired it, which was reported in a notice.
fn own(env: &mut Env<'_>, global: &Global, asked: &Asked<'_>) -> Result<String, CommandError> {
    let mut open = open::ledger(env, global, Access::Read)?;
    let size = open.head().size();
    let verified = open::verify(&mut open, &mut meter(env.terminal, env.progress, "verifying", size));
    let verified = verified.map_err(|failed| match failed {
        open::Unverified::Defect(problem) => named(&open, problem),
        open::Unverified::Other(error) => error,
    })?;
    let checkpoint = open.store().checkpoint()?;
    finish(global, &open, &verified, checkpoint.as_deref(), asked).map_err(|error| match error.exit_code {
        UNSIGNED => error.hint("the keeper signs all the entries with: heldto checkpoint"),
        _ => error,
    })
}

fn published(env: &mut Env<'_>, global: &Global, path: &Path, asked: &Asked<'_>) -> Result<String, CommandError> {
    published::read_folder(&Folder::new(path), |ledger, checkpoint| {
        let mut meter = meter(env.terminal, env.progress, "verifying", ledger.head().size());
        let verified = ledger.verify(true, &mut meter).map_err(|problem| named(ledger, problem))?;
        finish(global, ledger, &verified, Some(checkpoint), asked)
    })
}

/// Verifies a published ledger by its address, from a copy of its files.
fn of_address(env: &mut Env<'_>, global: &Global, address: &str, asked: &Asked<'_>) -> Result<String, CommandError> {
    let source = FileSource::open(env, address)?;
    source.read_copied(env, |env, copy| published(env, global, copy, asked))
}

/// Verifies a proof or an export.
fn file(env: &mut Env<'_>, global: &Global, path: &Path, asked: &Asked<'_>) -> Result<String, CommandError> {
    let bytes = input::bytes_of(env, path)?;
    if bytes.starts_with(b"c2sp.org/tlog-proof") {
        if asked.sources.is_some() || asked.stamp.is_some() {
            return Err(CommandError::new(USAGE, "--sources and --stamp need a ledger, not the proof of one fact"));
        }
        return super::prove::verify(global, &asked.trust, &bytes);
    }
    if bytes.starts_with(evidence::BEGIN) {
        return of_evidence(global, &bytes, asked);
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::new(INTEGRITY, format!("broken: {} is not a text file", path.display())))?;
    let ledger = export::read(&text, [0; 32])?;
    let mut meter = meter(env.terminal, env.progress, "verifying", ledger.head().size());
    let verified = ledger.verify(true, &mut meter).map_err(|problem| named(&ledger, problem))?;
    finish(global, &ledger, &verified, None, asked).map_err(|error| match error.exit_code {
        UNSIGNED => error.hint("an export has no checkpoint: verify the published folder instead"),
        _ => error,
    })
}

/// Checks evidence that a mirror kept.
fn of_evidence(global: &Global, bytes: &[u8], asked: &Asked<'_>) -> Result<String, CommandError> {
    let Trust { expected, policy, .. } = &asked.trust;
    if expected.is_some() || policy.is_some() || asked.sources.is_some() || asked.stamp.is_some() {
        return Err(CommandError::new(USAGE, "evidence is checked with --key alone"));
    }
    let wrong = |error: NoEvidence| {
        CommandError::new(INTEGRITY, format!("broken: {error}"))
            .hint("if a key of the ledger was replaced, give all of them: --key FILE, with a key on each line")
    };
    let (evidence, found, source) = MirrorEvidence::parse(bytes).map_err(wrong)?;
    let shown = evidence.check(&asked.keys).map_err(wrong)?;
    if asked.keys.is_empty() {
        let message = format!("nothing is shown without a key; if the ledger's key signed it, it shows {shown}");
        return Err(CommandError::new(UNSIGNED, message).hint("add --key with the ledger's key, from elsewhere"));
    }
    if global.format == Format::Json {
        let value = json!({
            "sound": true, "evidence": evidence.what(), "shows": shown, "found": found, "source": source,
            "signature-checked": true,
        });
        return Ok(format!("{value}\n"));
    }
    let keys: Vec<String> = asked.keys.iter().map(ToString::to_string).collect();
    Ok(format!(
        "evidence: {shown}\n  found   {found}, as the mirror says, at {source}\n  signed  by the key you gave, {}\n",
        keys.join(" or ")
    ))
}

/// Returns the error for a broken entry, with the id and the text of its fact, unless that fact is
/// sensitive in any version.
fn named<S: Log + Sync>(ledger: &Ledger<S>, problem: Box<Defect>) -> CommandError {
    // Words that should be gone are not shown.
    let is_erased = matches!(problem.fault, Fault::NotErased(_));
    let fact = problem.entry.filter(|_| !is_erased).and_then(|index| {
        let stored = ledger.store().entry(index).ok()?;
        let (_, bytes) = stored.parts.iter().find(|(number, _)| *number == 0)?;
        decode_fact(bytes.get(32..)?).ok()
    });
    let mut error = CommandError::from(problem);
    if let Some(fact) = fact.filter(|fact| !is_sensitive_anywhere(ledger, fact.entity_id())) {
        error.message.push_str(&format!("; the fact found there is `{}`: {}", fact.id, fact.text));
    }
    error
}

/// Returns `true` if a fact is sensitive in any version, or if an entry cannot be read.
///
/// Reads the log itself, up to the first sensitive version, because the ledger may be broken.
fn is_sensitive_anywhere<S: Log>(ledger: &Ledger<S>, id: &FactId) -> bool {
    let mut entries = ledger.store().entries(0..ledger.head().size());
    loop {
        let stored = match entries.try_next() {
            Ok(Some(stored)) => stored,
            Ok(None) => return false,
            // If some entries cannot be read, assume that the fact is sensitive.
            Err(_) => return true,
        };
        let part = stored.parts.iter().find(|(number, _)| *number == 0);
        let fact = part.and_then(|(_, bytes)| decode_fact(bytes.get(32..)?).ok());
        if fact.is_some_and(|fact| fact.entity_id() == id && fact.marks_sensitive()) {
            return true;
        }
    }
}

/// Compares a sound ledger with the reader's trust anchors: contradictions first, then signatures.
fn finish<S: Log + Sync>(
    global: &Global,
    ledger: &Ledger<S>,
    verified: &Verified,
    checkpoint: Option<&[u8]>,
    asked: &Asked<'_>,
) -> Result<String, CommandError> {
    if let Some((index, of)) = &verified.of_no_effect {
        return Err(of_no_effect(ledger, *index, of));
    }
    let signed = signed(ledger, checkpoint, &asked.trust)?;
    let compare = |dir| sources::check(&load::fold_first(ledger, verified.entries)?, dir)?.or_differs();
    let compared = asked.sources.map(compare).transpose()?;
    let stamped = asked.stamp.map(|(stamp, tsa)| stamp_of(ledger, stamp, tsa)).transpose()?;
    let origin = &ledger.genesis().origin;
    if global.format == Format::Json {
        let mut value = in_json(origin, verified, &signed);
        if let Some((size, time)) = stamped {
            value["stamped"] = json!({ "entries": size, "time": time });
        }
        if let Some(compared) = &compared {
            value["sources"] = compared.in_json();
        }
        return Ok(format!("{value}\n"));
    }
    let compared = compared.map(|compared| compared.describe()).unwrap_or_default();
    let stamped = stamped.map_or_else(String::new, |(size, time)| {
        let entries = counted(size, "entry was", "entries were");
        format!("  stamp   the first {entries} recorded no later than {}, by the certificate you named\n", at(time))
    });
    let signed = describe(&signed, verified.entries, &asked.trust);
    Ok(format!("{}{signed}{stamped}{compared}", sound(origin, verified)))
}

/// Returns the size that a time-stamp is of, and its time in seconds since the Unix epoch.
#[cfg(feature = "network")]
fn stamp_of<S: Log>(ledger: &Ledger<S>, stamp: &Path, tsa: &Path) -> Result<(u64, u64), CommandError> {
    super::stamp::check(ledger, stamp, tsa).map(|stamped| (stamped.size, stamped.time))
}

/// Refuses a time-stamp, which this build cannot check.
#[cfg(not(feature = "network"))]
fn stamp_of<S: Log>(_: &Ledger<S>, _: &Path, _: &Path) -> Result<(u64, u64), CommandError> {
    Err(CommandError::new(USAGE, "this build cannot check time-stamps").hint(crate::http::BUILD))
}

/// Returns a time in seconds since the Unix epoch as text.
fn at(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).ok();
    seconds
        .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0))
        .map_or_else(|| "a time out of range".to_owned(), |time| time.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// The checkpoints of a ledger, with their signatures.
pub struct Signed {
    /// The ledger's own checkpoint and its signature.
    own: Option<(Checkpoint, Signature)>,
    /// The reader's checkpoint and its signature.
    expected: Option<(Checkpoint, Signature)>,
    /// Entry and ground of the revocation of the reader's key.
    revoked: Option<(u64, String)>,
    /// Time of the last entry by the keeper's clock, in microseconds since the Unix epoch.
    recorded_at: i64,
}

/// Compares a ledger with its own checkpoint and the reader's: sizes and roots, then signatures.
///
/// # Errors
/// If anything contradicts, or if a key was given and does not sign all entries.
pub fn signed<S: Log>(ledger: &Ledger<S>, checkpoint: Option<&[u8]>, trust: &Trust) -> Result<Signed, CommandError> {
    let expected = trust.expect(ledger)?;
    let own = checkpoint.map(|bytes| read_checkpoint(bytes, "the ledger's own checkpoint")).transpose()?;
    if let Some((_, own)) = &own {
        is_beginning(own, ledger, "the ledger's own checkpoint")?;
    }
    let size = ledger.head().size();
    let changes = ledger.key_changes(size)?;
    let signature = |(note, checkpoint): (_, Checkpoint)| {
        let signature = trust.signature(&note, &checkpoint, ledger.genesis(), &changes)?;
        Ok::<_, CommandError>((checkpoint, signature))
    };
    let expected = expected.map(signature).transpose()?;
    let own = own.map(signature).transpose()?;
    if let Some((_, signature)) = &own {
        trust.quorum(signature)?;
    }
    let end = own.as_ref().map(|(own, _)| own.size);
    let held = expected.as_ref().map_or(String::new(), |(expected, _)| {
        format!(" (your checkpoint of {} is met)", counted(expected.size, "entry", "entries"))
    });
    match (end, &trust.key) {
        (None, Some(_)) => {
            let message = format!("sound{held}, but there is no checkpoint, so there is no signature to check");
            Err(CommandError::new(UNSIGNED, message))
        }
        (Some(end), Some(_)) if end < size => {
            let unsigned = match size - end {
                1 => "entry is".to_owned(),
                n => format!("{n} entries are"),
            };
            let message = format!("sound{held}, but the last {unsigned} not signed");
            Err(CommandError::new(UNSIGNED, message))
        }
        _ => {
            let keys = ledger.keys()?;
            let revoked = trust.key.as_ref().and_then(|key| keys.revocation(&key.key)).cloned();
            Ok(Signed { own, expected, revoked, recorded_at: ledger.head().recorded_at })
        }
    }
}

/// Returns the error for the first correction that has no effect.
///
/// Sensitive facts are not named.
fn of_no_effect<S: Log + Sync>(ledger: &Ledger<S>, index: u64, of: &FactId) -> CommandError {
    let named = if is_sensitive_anywhere(ledger, of) { "a fact".to_owned() } else { format!("`{of}`") };
    let message = format!(
        "broken: entry {index}: it corrects {named}, but its replacement has another id or kind, so it has no effect"
    );
    CommandError::new(INTEGRITY, message)
        .hint("all hashes are right: it was recorded like this, and nothing has been changed since")
}

fn in_json(origin: &str, v: &Verified, signed: &Signed) -> Value {
    let checked = |s: &Option<(Checkpoint, Signature)>| s.as_ref().is_some_and(|(_, signature)| signature.is_checked);
    json!({
        "sound": true,
        "origin": origin,
        "entries": v.entries,
        "chain": v.chain.0.to_string(),
        "root": v.root.base64(),
        "parts-checked": v.parts_checked,
        "parts-erased": v.parts_erased,
        "erased-by": v.erased_by,
        "parts-withheld": v.parts_withheld,
        "facts-withheld": v.facts_withheld,
        "withheld-by": v.withheld_by,
        "parts-private": v.parts_private,
        "unreadable": v.unreadable,
        "signed": signed.own.as_ref().map(|(own, _)| own.size),
        "signature-checked": checked(&signed.own),
        "signed-by": signed.own.as_ref().map(|(_, signature)| signature.by.to_string()),
        "expected": signed.expected.as_ref().map(|(expected, _)| expected.size),
        "witnessed": signed.own.as_ref().and_then(|(_, signature)| signature.witnessed.as_ref()).map(|witnessed| {
            witnessed.by.iter().map(|(name, time)| json!({ "name": name, "time": time })).collect::<Vec<_>>()
        }),
        "key-revoked-by": signed.revoked.as_ref().map(|(entry, _)| *entry),
    })
}

pub fn sound(origin: &str, v: &Verified) -> String {
    let all = if v.is_partial() || v.unreadable > 0 { "verified as far as can be read" } else { "all verified" };
    let mut out = format!(
        "sound: {}, {all}\n  origin  {origin}\n  chain   {}\n  root    {}\n",
        counted(v.entries, "entry", "entries"),
        v.chain.0,
        v.root.base64()
    );
    out.push_str(&format!(
        "  parts   {} checked, {} erased, {} withheld\n",
        v.parts_checked, v.parts_erased, v.parts_withheld
    ));
    if !v.erased_by.is_empty() {
        let parts = counted(v.parts_erased, "part was", "parts were");
        out.push_str(&format!("  {parts} erased for good: see {}\n", entries_of(&v.erased_by)));
    }
    if !v.withheld_by.is_empty() {
        let withheld = match v.facts_withheld {
            0 => "no fact is withheld by the keeper, only words that facts quote".to_owned(),
            facts => format!("{} withheld by the keeper", counted(facts, "fact is", "facts are")),
        };
        out.push_str(&format!("  {withheld}: see {}\n", entries_of(&v.withheld_by)));
    }
    if v.parts_private > 0 {
        out.push_str(&format!(
            "  private {} not in this copy\n",
            counted(v.parts_private, "private part is", "private parts are")
        ));
    }
    if v.unreadable > 0 {
        out.push_str(&format!(
            "  unread  {} in a later version of the format, which this program cannot read; the hashes are right\n",
            counted(v.unreadable, "fact is", "facts are")
        ));
    }
    out
}

fn entries_of(indexes: &[u64]) -> String {
    let all: Vec<String> = indexes.iter().map(u64::to_string).collect();
    format!("{} {}", if all.len() == 1 { "entry" } else { "entries" }, all.join(", "))
}

/// Returns the reader's checkpoint and the ledger's own as text, a line each.
pub fn describe(signed: &Signed, entries: u64, trust: &Trust) -> String {
    let mut out = String::new();
    if let Some((expected, signature)) = &signed.expected {
        let by = who(signature, trust.key.as_ref());
        out.push_str(&format!(
            "  expect  holds all {} of the checkpoint you gave; {by}\n",
            counted(expected.size, "entry", "entries")
        ));
    }
    match &signed.own {
        Some((own, signature)) => {
            let by = who(signature, trust.key.as_ref());
            out.push_str(&format!(
                "  signed  {} of {}, by the ledger's own checkpoint; {by}\n",
                own.size,
                counted(entries, "entry", "entries")
            ));
        }
        None => out.push_str("  signed  nothing: anybody could have made it\n"),
    }
    if let Some(witnessed) = signed.own.as_ref().and_then(|(_, signature)| signature.witnessed.as_ref()) {
        out.push_str(&format!("  witness {}\n", cosigned(witnessed, signed.recorded_at)));
    }
    if let Some((entry, ground)) = &signed.revoked {
        out.push_str(&format!("  {}", revoked_by(*entry, ground)));
    }
    out
}

/// Returns the warning that the reader's key was revoked, as a line.
pub fn revoked_by(entry: u64, ground: &str) -> String {
    format!(
        "warning the key you gave was revoked by entry {entry}: {ground}. Whoever has it could sign another ledger: \
         get the present key from the keeper by another way\n"
    )
}

/// Difference between two right clocks, in seconds.
const CLOCKS_APART: i64 = 300;

/// Returns the witnesses that cosigned, each with the time, and what that shows of entries that the
/// keeper's clock put at `recorded_at`, in microseconds since the Unix epoch.
pub fn cosigned(witnessed: &Witnessed, recorded_at: i64) -> String {
    let each: Vec<String> = witnessed.by.iter().map(|(name, time)| format!("{name} at {}", at(*time))).collect();
    let last = witnessed.by.iter().map(|(_, time)| *time).max();
    let shows = last.map_or_else(String::new, |last| {
        let is_before = i64::try_from(last).is_ok_and(|last| last < recorded_at.div_euclid(1_000_000) - CLOCKS_APART);
        let say = counted(witnessed.by.len() as u64, "witness says", "witnesses say");
        match at(last) {
            _ if is_before => {
                "; which is before the keeper's clock has the last entry: one of the clocks is wrong, and this shows no time"
                    .to_owned()
            }
            time => format!("; so everything was recorded no later than {time}, {say}"),
        }
    });
    format!(
        "{}{shows}",
        if each.is_empty() { "none, and the policy asks for none".to_owned() } else { each.join(", ") }
    )
}

fn who(signature: &Signature, key: Option<&Verifier>) -> String {
    match (signature.is_checked, signature.since, key) {
        (true, Some(index), _) => {
            format!("signed by {}, a successor of the key you gave, in force since entry {index}", signature.by)
        }
        (true, None, Some(key)) if signature.by == *key => format!("signed by the key you gave, {key}"),
        (true, None, _) => format!("signed by {}, which the key you gave replaced later", signature.by),
        _ => "the signature was not checked: to check it, add --key with a public key that you have from elsewhere"
            .to_owned(),
    }
}
