//! `key`: lists the keys of a ledger, and replaces, reserves and revokes them, each in a crash-safe
//! order. Start at [`run`].

use super::plain;
use super::sign::{finish_change, kept, signer, suffixed};
use crate::args::{Global, KeyAction, KeyArgs, RevokeArgs};
use crate::error::{CommandError, FAILED, INPUT, io};
use crate::open::{Access, LocalLedger};
use crate::{Env, RunOutput, key, open};
use heldto_ledger::{KeyChange, Keys, ReserveKey, Revocation, SystemRecord};
use heldto_proof::{NoteSigner, Verifier};
use heldto_report::Format;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Carries out an action on the keys; without one, lists them.
pub fn run(env: &mut Env<'_>, global: &Global, args: &KeyArgs) -> Result<RunOutput, CommandError> {
    let access = if args.action.is_some() { Access::Write } else { Access::Read };
    let mut open = open::ledger(env, global, access)?;
    open.set_clock_policy(args.clock.policy());
    let said = match &args.action {
        None => return Ok(plain(list(env, global, &open)?)),
        Some(KeyAction::Rotate) => rotate(env, global, &mut open)?,
        Some(KeyAction::Revoke(revoke)) => self::revoke(env, global, &mut open, revoke)?,
        Some(KeyAction::Reserve { file }) => reserve(env, global, &mut open, file)?,
    };
    Ok(plain(if global.quiet { String::new() } else { said }))
}

/// Lists the keys that sign or signed, since which entry, and where they lie.
fn list(env: &Env<'_>, global: &Global, open: &LocalLedger) -> Result<String, CommandError> {
    let keys = open.keys()?;
    let origin = open.genesis().origin.clone();
    let verifier = |key| Verifier { name: origin.clone(), key };
    let file = key::file(env, &open::folder(global));
    let mut held = kept(&file);
    held.extend(key::read(&file).ok().map(|signer| (file.clone(), signer)));
    let place = |key: &[u8; 32]| {
        held.iter().find(|(_, signer)| signer.verifier().key == *key).map(|(path, _)| path.display().to_string())
    };
    let in_force = keys.in_force().key;
    if global.format == Format::Json {
        let term = |term: &heldto_ledger::KeyTerm| {
            json!({
                "key": verifier(term.key).to_string(),
                "since": term.since,
                "in-force": term.key == in_force,
                "revoked-by": term.revoked.as_ref().map(|(entry, _)| *entry),
                "ground": term.revoked.as_ref().map(|(_, ground)| ground),
                "file": place(&term.key),
            })
        };
        let reserve = keys.reserve().map(|(entry, key)| json!({ "key": verifier(key).to_string(), "since": entry }));
        let all: Vec<_> = keys.terms().iter().map(term).collect();
        return Ok(format!("{}\n", json!({ "keys": all, "reserve": reserve })));
    }
    let mut said = format!("Keys of {origin}\n");
    for term in keys.terms().iter().rev() {
        let file = place(&term.key);
        let state = match (&term.revoked, term.key == in_force, &file) {
            (Some((entry, ground)), ..) => format!("revoked by entry {entry}: {ground}"),
            (None, true, Some(_)) => "signs".to_owned(),
            (None, true, None) => "is in force, but cannot sign: it is not on this machine".to_owned(),
            (None, false, Some(_)) => "was replaced, and signs too, for whoever knows the ledger by it".to_owned(),
            (None, false, None) => "was replaced, and signs no more: it is not on this machine".to_owned(),
        };
        let since = term.since.map_or_else(|| "the first entry".to_owned(), |entry| format!("entry {entry}"));
        let belongs = format!("none here; it belongs at {}", key::file(env, &open::folder(global)).display());
        let is_wanted = term.key == in_force && term.revoked.is_none();
        let file = file.or_else(|| is_wanted.then_some(belongs));
        let file = file.map_or_else(String::new, |file| format!("\n  file   {file}"));
        said.push_str(&format!("\n{state}\n  key    {}\n  since  {since}{file}\n", verifier(term.key)));
    }
    said.push_str(&match keys.reserve() {
        Some((entry, key)) => {
            format!("\nis in reserve, as entry {entry} records, and should lie elsewhere\n  key    {}\n", verifier(key))
        }
        None => "\nThere is no reserve key. Should the signing key be lost, nobody can sign this ledger any more. \
                 To make one, on a stick that you keep elsewhere: heldto key reserve FILE\n"
            .to_owned(),
    });
    Ok(said)
}

/// Returns a new signer of the ledger.
fn new_signer(env: &mut Env<'_>, origin: &str) -> Result<NoteSigner, CommandError> {
    let mut seed = [0; 32];
    (env.random)(&mut seed);
    NoteSigner::new(origin, seed).ok_or_else(|| CommandError::new(FAILED, "the origin cannot be used in a signed note"))
}

/// Replaces the signing key as planned; the old key and the new one both sign the change, and both
/// sign later checkpoints.
fn rotate(env: &mut Env<'_>, global: &Global, open: &mut LocalLedger) -> Result<String, CommandError> {
    let old = signer(env, global, open)?;
    let (index, new, kept) = replace(env, global, open, &old.verifier(), &old, None)?;
    Ok(format!(
        "Entry {index} records a new signing key, signed by both keys\n  public key   {new}\n  the old key  {}\n\
         Both sign later checkpoints, so that witnesses and readers who know the old key go on. \
         If the old key was stolen or lost: heldto key revoke\n",
        kept.display()
    ))
}

/// Records that the signing key or an earlier one must not be relied on any more.
///
/// The key in force is replaced first, by the reserve key's signature if a file is given, else by
/// its own.
fn revoke(
    env: &mut Env<'_>,
    global: &Global,
    open: &mut LocalLedger,
    args: &RevokeArgs,
) -> Result<String, CommandError> {
    let ground = &super::redact::stated(&args.ground, "ground")?;
    let keys = open.keys()?;
    let in_force = keys.in_force();
    let revoked = args.key.clone().unwrap_or_else(|| in_force.clone());
    let known = keys.terms().iter().any(|term| term.key == revoked.key && revoked.name == in_force.name);
    if !known || keys.revocation(&revoked.key).is_some() {
        let message = format!("{revoked} is no key of this ledger that could be revoked");
        return Err(CommandError::new(INPUT, message).hint("heldto key lists the keys"));
    }
    let file = key::file(env, &open::folder(global));
    let told = "Tell every witness, and whoever knows the ledger by the old key, by another way than the ledger.\n";
    if revoked.key != in_force.key {
        if args.reserve.is_some() {
            return Err(CommandError::new(
                INPUT,
                "the reserve key is for the key in force, and this is an earlier one",
            )
            .hint("leave out --reserve"));
        }
        let ground = ground.clone();
        let record = SystemRecord::Revocation(Revocation { key: revoked.key, ground });
        let index = open.append_record(&record, (env.now)(), env.random)?;
        set_aside(&file, &revoked, index)?;
        return Ok(format!(
            "Entry {index} records that the key was revoked, and it signs no more\n  {revoked}\n{told}"
        ));
    }
    let by = match &args.reserve {
        Some(path) => {
            finish_change(env, global, open)?;
            if !path.exists() {
                let message = format!("there is no file {} with the reserve key", path.display());
                return Err(CommandError::new(INPUT, message).hint("connect what it is kept on, or name the file"));
            }
            own_file(&file, path, &in_force)?;
            let reserve = key::read_to_sign(env, path)?;
            if keys.reserve().is_none_or(|(_, key)| key != reserve.verifier().key) {
                let message = format!("{} is not the reserve key of this ledger", path.display());
                return Err(CommandError::new(INPUT, message).hint("heldto key names the reserve key"));
            }
            reserve
        }
        None => signer(env, global, open).map_err(|error| {
            error.hint("if the signing key is lost, the reserve key can replace it: add --reserve FILE")
        })?,
    };
    let (index, new, kept) = replace(env, global, open, &in_force, &by, Some(ground))?;
    let others: String = open
        .keys()?
        .terms()
        .iter()
        .filter(|term| term.revoked.is_none() && term.key != new.key)
        .map(|term| {
            let earlier = Verifier { name: in_force.name.clone(), key: term.key };
            format!("  still good    {earlier}\n                if it was taken too: heldto key revoke --ground TEXT --key {earlier}\n")
        })
        .collect();
    let used = if args.reserve.is_some() {
        "The reserve key is used up: make another with heldto key reserve FILE.\n"
    } else {
        ""
    };
    let kept = if kept.exists() { format!("  its file     {}\n", kept.display()) } else { String::new() };
    Ok(format!(
        "Entry {index} records a new signing key, and entry {} that the old one was revoked and signs no more\n  \
         new key      {new}\n  revoked      {in_force}\n{kept}{others}{told}{used}",
        index + 1
    ))
}

/// Refuses to put a key file aside that is the reserve key's, or that holds the key of something
/// else.
fn own_file(file: &Path, reserve: &Path, in_force: &Verifier) -> Result<(), CommandError> {
    let whole = |path: &Path| path.canonicalize().ok();
    let is_reserve = whole(file).is_some() && whole(file) == whole(reserve);
    let is_of_another = key::read(file).is_ok_and(|signer| signer.verifier() != *in_force);
    if is_reserve || is_of_another {
        let message = format!("{} holds another key than the one to be replaced", file.display());
        return Err(CommandError::new(FAILED, message)
            .hint("move it away, or name the right file in HELDTO_KEY_FILE; the new key is written there"));
    }
    Ok(())
}

/// Replaces the key in force by a new one, whose change `by` signs; `revoking` revokes the old one
/// on that ground.
///
/// Returns the entry of the change, the new key, and the file that the old key is kept in.
fn replace(
    env: &mut Env<'_>,
    global: &Global,
    open: &mut LocalLedger,
    in_force: &Verifier,
    by: &NoteSigner,
    revoking: Option<&str>,
) -> Result<(u64, Verifier, PathBuf), CommandError> {
    let file = key::file(env, &open::folder(global));
    let new = new_signer(env, &in_force.name)?;
    let public = new.verifier();
    let index = open.head().size();
    let message = KeyChange::message(&in_force.name, index, &in_force.key, &public.key);
    let change = KeyChange { key: public.key, by_old: by.sign(&message), by_new: new.sign(&message) };
    let next = suffixed(&file, "next");
    if global.server.is_some() {
        // It may have been lost with the key.
        let folder = open::folder(global);
        crate::permissions::create_private(&folder)
            .map_err(|e| io(&format!("cannot create the folder {}", folder.display()), &e))?;
    }
    let suffix = if revoking.is_some() { "revoked" } else { "until" };
    let kept = suffixed(&file, &format!("{suffix}-{index}"));
    // Crash safety: the new key is durable in the `.next` file before the ledger records the
    // change. After a crash from here on it is still in that file, and `signer` finishes the
    // change.
    if next.exists() {
        // Left by a change that the ledger does not hold as far as is known, but whose outcome may
        // still be open on a server: it stays until `finish_change` finds it, or for good.
        let mut aside = (0_u32..).map(|n| suffixed(&next, &n.to_string())).filter(|aside| !aside.exists());
        let aside = aside.next().expect("a free name");
        std::fs::rename(&next, &aside).map_err(|e| io(&format!("cannot rename {}", next.display()), &e))?;
    }
    key::create(&next, &new)?;
    let mut records = vec![SystemRecord::Key(change)];
    records.extend(
        revoking.map(|ground| SystemRecord::Revocation(Revocation { key: in_force.key, ground: ground.to_owned() })),
    );
    open.append_records(&records, (env.now)(), env.random)?;
    if file.exists() {
        std::fs::rename(&file, &kept).map_err(|e| io("cannot keep the old key", &e))?;
    }
    std::fs::rename(&next, &file)
        .and_then(|()| key::sync_folder(&file))
        .map_err(|e| io("cannot move the new key into place", &e))?;
    Ok((index, public, kept))
}

/// Gives the file of a revoked key a name that says so, if it is on this machine.
fn set_aside(file: &Path, revoked: &Verifier, index: u64) -> Result<(), CommandError> {
    let Some((path, _)) = kept(file).into_iter().find(|(_, signer)| signer.verifier() == *revoked) else {
        return Ok(());
    };
    std::fs::rename(&path, suffixed(file, &format!("revoked-{index}")))
        .map_err(|e| io(&format!("cannot rename {}", path.display()), &e))
}

/// Returns `true` if a key is of the ledger of that name, and was never in force there.
fn never_signed(key: &Verifier, name: &str, keys: &Keys) -> bool {
    key.name == name && !keys.terms().iter().any(|term| term.key == key.key)
}

/// Makes a reserve key in a file, and records it.
pub fn reserve(
    env: &mut Env<'_>,
    global: &Global,
    open: &mut LocalLedger,
    file: &Path,
) -> Result<String, CommandError> {
    open::not_of_ledger(env, global, file)?;
    let own = key::file(env, &open::folder(global));
    let folder = |path: &Path| path.parent().map(Path::to_path_buf).and_then(|parent| parent.canonicalize().ok());
    let begins = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if folder(file) == folder(&own) && begins(file).starts_with(&begins(&own)) {
        let message = format!("{} has a name that the signing key's own files have", file.display());
        return Err(CommandError::new(INPUT, message).hint("name another file, such as one on a stick"));
    }
    let current = signer(env, global, open)?;
    let earlier = open.keys()?.reserve();
    let recorded = earlier.map(|(_, key)| key);
    if file.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        let message = format!("there is no folder for {}", file.display());
        return Err(CommandError::new(INPUT, message).hint("connect the stick, or make the folder first"));
    }
    if recorded.is_some() && key::read(file).ok().map(|there| there.verifier().key) == recorded {
        let message = format!("the key in {} is in reserve already", file.display());
        return Err(CommandError::new(INPUT, message).hint("keep it away from this machine"));
    }
    // A key in the file may be that of an attempt whose outcome was not known.
    let terms = open.keys()?;
    let there = key::read(file).ok().filter(|key| never_signed(&key.verifier(), &current.verifier().name, &terms));
    let is_new = there.is_none();
    let reserve = there.map_or_else(|| new_signer(env, &current.verifier().name), Ok)?;
    let (by, key) = (current.verifier(), reserve.verifier());
    let index = open.head().size();
    let message = ReserveKey::message(&by.name, index, &by.key, &key.key);
    let (by_current, by_reserve) = (current.sign(&message), reserve.sign(&message));
    // Durable before the ledger names it.
    if is_new {
        key::create(file, &reserve)?;
    }
    let record = SystemRecord::ReserveKey(ReserveKey { key: key.key, by_current, by_reserve });
    open.append_record(&record, (env.now)(), env.random)?;
    let replaced = earlier.map_or(String::new(), |(entry, earlier)| {
        let earlier = Verifier { name: key.name.clone(), key: earlier };
        format!("  replaced     {earlier}, of entry {entry}: its file is useless now\n")
    });
    Ok(format!(
        "Entry {index} records a reserve key\n  public key   {key}\n  file         {}\n{replaced}\
         Keep it away from this machine. If the signing key is lost or stolen: heldto key revoke --reserve FILE --ground TEXT\n",
        file.display()
    ))
}
