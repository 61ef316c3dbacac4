//! `witness`: names the witnesses of a ledger, and has them cosign its checkpoints (C2SP
//! tlog-witness). Start at [`cosigned`].

use super::{counted, plain};
use crate::args::{Global, WitnessAction, WitnessArgs};
use crate::error::{CommandError, INPUT, UNSIGNED, io};
use crate::open::{Access, LocalLedger};
use crate::{Env, RunOutput, http, input, open, permissions};
use heldto_exchange::{Trust, TrustError};
use heldto_proof::{Checkpoint, Leaves, Policy, SignedNote, Verifier, Witness, WitnessKey, consistency};
use heldto_store::Checkpoints;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Name of the ledger's policy, in its folder.
const POLICY: &str = "witnesses.policy";
/// Name of the file with the last size that each witness cosigned.
const SIZES: &str = "witnesses.json";
/// Maximum length of an answer, in bytes.
const MAX_ANSWER: u64 = 1 << 16;

/// Carries out an action on the witnesses.
pub fn run(env: &mut Env<'_>, global: &Global, args: &WitnessArgs) -> Result<RunOutput, CommandError> {
    match &args.action {
        WitnessAction::Add { key, url, quorum } => add(env, global, key, url, *quorum),
        WitnessAction::Remove { name } => remove(env, global, name),
        WitnessAction::List => list(env, global),
        WitnessAction::CheckPolicy { file } => {
            let policy = input::policy(env, file)?;
            match policy.is_not_plain() {
                Some(why) => Err(CommandError::new(INPUT, format!("{}: {why}", file.display()))
                    .hint("the form that all read: one `log` line, an address with every `witness`, and a `quorum`")),
                None => Ok(plain(format!("{} is in the form that all programs read\n", file.display()))),
            }
        }
    }
}

fn policy_file(global: &Global) -> PathBuf {
    open::folder(global).join(POLICY)
}

/// Returns the ledger's own policy; `None` if it has no witness.
fn own_policy(env: &mut Env<'_>, global: &Global) -> Result<Option<Policy>, CommandError> {
    let path = policy_file(global);
    if path.exists() { input::policy(env, &path).map(Some) } else { Ok(None) }
}

fn add(
    env: &mut Env<'_>,
    global: &Global,
    key: &WitnessKey,
    url: &str,
    quorum: Option<usize>,
) -> Result<RunOutput, CommandError> {
    if !http::is_address(url) {
        return Err(CommandError::new(INPUT, format!("`{url}` is no address"))
            .hint("write the one that the witness's operator gives, such as https://witness.example"));
    }
    let open = open::ledger(env, global, Access::Write)?;
    let own = own_policy(env, global)?;
    let before = own.as_ref().and_then(Policy::quorum).map(|(least, _)| least);
    let mut witnesses = own.map(|policy| policy.witnesses).unwrap_or_default();
    if witnesses.iter().any(|witness| witness.key == *key) {
        return Err(CommandError::new(INPUT, format!("{} is a witness of this ledger already", key.name)));
    }
    // Inside a policy a name is one word, which the name of a key is.
    let url = Some(url.trim_end_matches('/').to_owned());
    witnesses.push(Witness { name: key.name.clone(), key: key.clone(), url });
    let count = witnesses.len();
    let log = Verifier { name: open.genesis().origin.clone(), key: open.genesis().key };
    let policy = put(global, log, witnesses, quorum.or(before).unwrap_or(1))?;
    let path = policy_file(global);
    let least = policy.quorum().map_or(1, |(least, _)| least);
    Ok(plain(format!(
        "{} is a witness now: {least} of {} must cosign before anything is published\n  \
         give its operator the first key of this ledger: {}\n  give readers this policy, for --policy: {}\n",
        key.name,
        counted(count as u64, "witness", "witnesses"),
        policy.logs.first().map(ToString::to_string).unwrap_or_default(),
        path.display()
    )))
}

/// Writes the policy that any `quorum` of these witnesses must cosign.
fn put(global: &Global, log: Verifier, witnesses: Vec<Witness>, quorum: usize) -> Result<Policy, CommandError> {
    let invalid = |why: String| CommandError::new(INPUT, why);
    let policy = Policy::any_of(log, witnesses, quorum).map_err(|error| invalid(error.why))?;
    // What is written must be read as it was meant.
    if policy.to_string().parse::<Policy>().as_ref() != Ok(&policy) {
        return Err(invalid("the address or the name of the witness cannot stand in a policy".to_owned()));
    }
    let path = policy_file(global);
    permissions::put_whole(&path, policy.to_string().as_bytes())
        .map_err(|e| io(&format!("cannot write {}", path.display()), &e))?;
    Ok(policy)
}

fn remove(env: &mut Env<'_>, global: &Global, name: &str) -> Result<RunOutput, CommandError> {
    let open = open::ledger(env, global, Access::Write)?;
    let none =
        || CommandError::new(INPUT, format!("`{name}` is no witness of this ledger")).hint("heldto witness list");
    let mut policy = own_policy(env, global)?.ok_or_else(none)?;
    let before = policy.witnesses.len();
    policy.witnesses.retain(|witness| witness.name != name);
    let left = policy.witnesses.len();
    if left == before {
        return Err(none());
    }
    if left == 0 {
        let path = policy_file(global);
        std::fs::remove_file(&path).map_err(|e| io(&format!("cannot remove {}", path.display()), &e))?;
        return Ok(plain(format!("{name} is no witness any more, and there is none left\n")));
    }
    let least = policy.quorum().map_or(1, |(least, _)| least).min(left);
    let log = Verifier { name: open.genesis().origin.clone(), key: open.genesis().key };
    put(global, log, policy.witnesses, least)?;
    let all = counted(left as u64, "witness", "witnesses");
    Ok(plain(format!("{name} is no witness any more: {least} of {all} must cosign\n")))
}

fn list(env: &mut Env<'_>, global: &Global) -> Result<RunOutput, CommandError> {
    let Some(policy) = own_policy(env, global)? else {
        return Ok(plain("No witnesses. To add one: heldto witness add KEY ADDRESS\n"));
    };
    let sizes = sizes(global)?;
    let (least, all) = policy.quorum().unwrap_or((0, policy.witnesses.len()));
    let mut said = format!("{least} of {} must cosign\n", counted(all as u64, "witness", "witnesses"));
    for witness in &policy.witnesses {
        let size = sizes.get(&witness.key.to_string()).copied().unwrap_or(0);
        let cosigned = if size == 0 { "nothing yet".to_owned() } else { counted(size, "entry", "entries") };
        let url = witness.url.as_deref().unwrap_or("no address");
        said.push_str(&format!(
            "\n{}\n  address   {url}\n  cosigned  {cosigned}\n  key       {}\n",
            witness.name, witness.key
        ));
    }
    Ok(plain(said))
}

fn sizes(global: &Global) -> Result<BTreeMap<String, u64>, CommandError> {
    let path = open::folder(global).join(SIZES);
    match std::fs::read_to_string(&path) {
        // A damaged file costs one more request: each witness says what it has.
        Ok(text) => Ok(serde_json::from_str(&text).unwrap_or_default()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(io(&format!("cannot read {}", path.display()), &error)),
    }
}

/// Returns a checkpoint with the cosignatures of the ledger's witnesses, and keeps it with them.
///
/// A ledger without witnesses keeps the checkpoint as it is; so does one whose quorum is met.
///
/// # Errors
/// [`UNSIGNED`] if fewer cosign than the ledger's policy asks for: then nothing is to be published.
pub fn cosigned(
    env: &mut Env<'_>,
    global: &Global,
    open: &mut LocalLedger,
    note: SignedNote,
) -> Result<SignedNote, CommandError> {
    let Some(policy) = own_policy(env, global)? else { return Ok(note) };
    let checkpoint = Checkpoint::of(&note).map_err(|e| CommandError::new(INPUT, e.to_string()))?;
    if policy.check(&note).is_quorum || checkpoint.size == 0 {
        return Ok(note);
    }
    let mut sizes = sizes(global)?;
    let leaves = open.leaves(checkpoint.size)?;
    let mut note = note;
    let asked: Vec<&Witness> =
        policy.witnesses.iter().filter(|witness| witness.key.cosigned_at(&note).is_none()).collect();
    for witness in asked {
        let Some(url) = &witness.url else { continue };
        let size = sizes.entry(witness.key.to_string()).or_insert(0);
        match submit(url, witness, &note, (&checkpoint, &leaves), size) {
            Ok(with) => note = with,
            Err(why) => (env.eprintln)(&format!("warning: {} did not cosign: {why}", witness.name)),
        }
    }
    let path = open::folder(global).join(SIZES);
    let text = serde_json::to_string(&sizes).unwrap_or_default();
    permissions::put_whole(&path, text.as_bytes()).map_err(|e| io(&format!("cannot write {}", path.display()), &e))?;
    let chain = open.chain_before(checkpoint.size)?;
    open.store_mut().put_checkpoint(checkpoint.size, chain, &note.to_string())?;
    let trust = Trust { key: None, expected: None, policy: Some(policy) };
    let changes = open.key_changes(checkpoint.size)?;
    let signature = trust.signature(&note, &checkpoint, open.genesis(), &changes)?;
    match trust.quorum(&signature) {
        Err(few @ TrustError::Quorum { .. }) => {
            Err(CommandError::new(UNSIGNED, format!("the checkpoint is not to be published: {few}"))
                .hint("run the command again; it asks only the witnesses that did not cosign yet"))
        }
        checked => Ok(checked.map(|()| note)?),
    }
}

/// Submits a checkpoint to a witness, and returns the note with its cosignature; `size` is the last
/// size that the witness has seen, as far as known, and is brought up to date.
///
/// # Errors
/// The reason in words, if the witness does not cosign.
fn submit(
    url: &str,
    witness: &Witness,
    note: &SignedNote,
    (checkpoint, leaves): (&Checkpoint, &[heldto_proof::Hash]),
    size: &mut u64,
) -> Result<SignedNote, String> {
    let address = format!("{url}/add-checkpoint");
    // Once more, with the size that the witness says it has.
    for _ in 0..2 {
        let old = (*size).min(checkpoint.size);
        let proof = consistency(old, checkpoint.size, &mut Leaves(leaves)).map_err(|e| e.to_string())?;
        let hashes: String = proof.iter().map(|hash| format!("{}\n", hash.base64())).collect();
        let body = format!("old {old}\n{hashes}\n{note}");
        let (status, answer) =
            http::post(&address, "text/plain", body.as_bytes(), MAX_ANSWER).map_err(|e| e.message)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        match status {
            200 => {
                let with = witness.key.accept(note, &answer);
                let with = with.ok_or_else(|| "its cosignature is wrong, or by another key".to_owned())?;
                *size = checkpoint.size;
                return Ok(with);
            }
            409 => {
                let told: u64 = answer.trim().parse().map_err(|_| "it does not say which size it has".to_owned())?;
                if told > checkpoint.size {
                    let seen = counted(told, "entry", "entries");
                    return Err(format!(
                        "it has seen {seen} of this ledger, more than there are here: was an old copy restored?"
                    ));
                }
                *size = told;
            }
            403 => {
                return Err(
                    "it knows no key that signed the checkpoint; give its operator the ledger's first key".to_owned()
                );
            }
            404 => {
                return Err("it does not know this ledger; give its operator the origin and the first key".to_owned());
            }
            422 => {
                return Err(format!(
                    "it says that the log was rewritten since it had {}",
                    counted(old, "entry", "entries")
                ));
            }
            status => return Err(format!("it answers {status}")),
        }
    }
    Err("it does not agree on the size that it has seen".to_owned())
}
