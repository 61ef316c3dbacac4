//! `publish`: writes the ledger as static files, without the withheld parts, and records which
//! parts are withheld. The file layout is in `heldto_store_files`. Start at [`run`].

use super::sign::{finish_change, sign};
use super::{counted, meter, plain, site, witness};
use crate::args::{ClockArgs, Global, PublishArgs};
use crate::error::{CommandError, FAILED, INTEGRITY, USAGE};
use crate::open::{Access, LocalLedger};
use crate::publications::{self, Publication};
use crate::{Env, RunOutput, bucket, key, open};
use heldto_fact::{Content, FactId};
use heldto_ledger::{SystemRecord, Withholding};
use heldto_proof::{Checkpoint, SignedNote, Verifier};
use heldto_store::Checkpoints;
use heldto_store_files::{Folder, FolderError, WritableFiles, Written};
use std::collections::BTreeSet;
use std::path::Path;

/// Writes the ledger as static files; never over a ledger that this one does not continue.
pub fn run(env: &mut Env<'_>, global: &Global, args: &PublishArgs) -> Result<RunOutput, CommandError> {
    // A ledger in a read-only folder can be published if its last checkpoint covers all entries.
    let publication = Publication::of_folder(args);
    write(env, global, args, Some(publication))
}

/// Returns the arguments that publish in a folder, without sensitive facts.
pub fn args_of(dir: &Path, clock: &ClockArgs) -> PublishArgs {
    PublishArgs { dir: dir.to_owned(), sensitive: false, withhold_quotations: false, clock: clock.clone() }
}

/// Writes the ledger as static files, and remembers the publication before, so that an erasure
/// reaches what a killed command left.
pub fn write(
    env: &mut Env<'_>,
    global: &Global,
    args: &PublishArgs,
    publication: Option<Publication>,
) -> Result<RunOutput, CommandError> {
    let open = match open::ledger(env, global, Access::Write) {
        Err(error) if error.is_unwritable => open::ledger(env, global, Access::Read)?,
        open => open?,
    };
    if bucket::is_address(&args.dir) {
        let folder = bucket::open(env, &args.dir)?;
        bucket::ready(folder.files())?;
        if folder.checkpoint()?.is_none() {
            bucket::check(env, &args.dir)?;
        }
        let (written, said) = write_in(env, global, args, publication, (&folder, open))?;
        if written.replaced > 0
            && let Some(note) = bucket::kept_versions(&args.dir, folder.files())
        {
            (env.eprintln)(&format!("note: {note}"));
        }
        return Ok(said);
    }
    let folder = Folder::new(&args.dir);
    if ["journal", "hot", "signing.key"].iter().any(|name| args.dir.join(name).exists()) {
        let message =
            format!("{} is a ledger's own folder: its key and its database would be published too", args.dir.display());
        return Err(CommandError::new(USAGE, message).hint("name another folder"));
    }
    if is_inside(&open::folder(global), &args.dir) {
        let message =
            format!("the ledger is inside {}: its key and its database would be published too", args.dir.display());
        return Err(CommandError::new(USAGE, message).hint("name another folder"));
    }
    write_in(env, global, args, publication, (&folder, open)).map(|(_, said)| said)
}

/// Returns `true` if the ledger's last checkpoint covers all entries.
fn is_signed(open: &LocalLedger) -> Result<bool, CommandError> {
    let size = open.head().size();
    let current = heldto_exchange::current_key(open.genesis(), &open.key_changes(size)?);
    let held = open.store().checkpoint()?.unwrap_or_default();
    Ok(Checkpoint::open(&held, &current).is_ok_and(|c| c.size == size && c.root == open.head().edge.root()))
}

/// Writes the ledger in a folder, of a disk or of a bucket.
fn write_in<F: WritableFiles>(
    env: &mut Env<'_>,
    global: &Global,
    args: &PublishArgs,
    publication: Option<Publication>,
    (folder, mut open): (&Folder<F>, LocalLedger),
) -> Result<(Written, RunOutput), CommandError> {
    if let Some(bytes) = folder.checkpoint()? {
        continues(&open, &bytes)?;
    }
    let first = Verifier { name: open.genesis().origin.clone(), key: open.genesis().key };
    if folder.first_key().is_ok_and(|key| key != first) {
        let message = format!("{} holds the first key of another ledger", args.dir.display());
        return Err(CommandError::new(INTEGRITY, message).hint("name another folder, or empty this one"));
    }
    open.set_clock_policy(args.clock.policy());
    // Verified in every run, even if an earlier checkpoint is reused.
    open::verify(&mut open, &mut |_| {})?;
    if !is_signed(&open)? {
        // Without the key nothing is recorded either.
        finish_change(env, global, &open)?;
        key::read(&key::file(env, &open::folder(global)))?;
    }
    if !args.sensitive {
        withhold(env, &mut open)?;
    }
    let quotations = withhold_quotations(env, &mut open, args.withhold_quotations)?;
    let is_site = publication.as_ref().is_some_and(|publication| publication.site);
    let is_kept = publication.is_some();
    let size = open.head().size();
    let note = if is_signed(&open)? {
        let held = open.store().checkpoint()?.unwrap_or_default();
        let note = SignedNote::parse(&held).map_err(|e| CommandError::new(INTEGRITY, e.to_string()))?;
        witness::cosigned(env, global, &mut open, note)?
    } else {
        sign(env, global, &mut open)?
    };
    if let Some(Err(error)) = publication.map(|publication| publications::remember(&open::folder(global), publication))
    {
        said_of(env, args, Err(error));
    }
    let mut withheld = named(&open)?;
    if args.sensitive {
        let sensitive = open.sensitive()?.entries;
        withheld.retain(|part| !sensitive.contains(&part.0) || quotations.contains(part));
    }
    let is_withheld = |entry, part| withheld.contains(&(entry, u64::from(part)));
    let mut progress = meter(env.terminal, env.progress, "publishing", size);
    let note = note.to_string();
    let written = folder.publish(open.store(), size, &first, note.as_bytes(), &is_withheld, &mut progress)?;
    drop(progress);
    if !bucket::is_address(&args.dir) {
        site::put_plain_index(&args.dir, &open.genesis().origin)?;
    }
    // A site is whole only with its pages.
    if is_kept && !is_site && !publications::is_site(&open::folder(global), &args.dir) {
        said_of(env, args, publications::published(&open::folder(global), &args.dir, size));
    }
    if global.quiet {
        return Ok((written, plain("")));
    }
    let mut said = format!(
        "{} published in {}: {} written, {} already there, {} removed as no longer needed\n",
        counted(size, "entry", "entries"),
        args.dir.display(),
        counted(written.new as u64, "file", "files"),
        written.kept,
        written.pruned
    );
    if written.withheld > 0 {
        let parts = counted(written.withheld as u64, "part was", "parts were");
        said.push_str(&format!("{parts} left out, as the ledger records\n"));
    }
    Ok((written, plain(said)))
}

fn said_of(env: &mut Env<'_>, args: &PublishArgs, remembered: Result<(), CommandError>) {
    if let Err(error) = remembered {
        (env.eprintln)(&format!("note: an erasure will not reach {}: {}", args.dir.display(), error.message));
    }
}

/// Returns `true` if a folder is another one, or inside it.
fn is_inside(inner: &Path, outer: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().ok();
    matches!((whole(inner), whole(outer)), (Some(inner), Some(outer)) if inner.starts_with(&outer))
}

/// Appends a withholding record for the parts of sensitive facts that no earlier one names.
///
/// Must precede the checkpoint under which these parts are missing from the published copy. Also
/// warns of public facts that name sensitive ones.
///
/// # Errors
/// If the ledger cannot be read or appended to.
pub fn withhold(env: &mut Env<'_>, open: &mut LocalLedger) -> Result<(), CommandError> {
    let sensitive = open.sensitive()?;
    warn_of(env, &naming(open, &sensitive.entities, &sensitive.entities)?);
    let present: BTreeSet<u64> = sensitive.entries.difference(&sensitive.absent).copied().collect();
    let recorded = named(open)?;
    let mut parts = open.parts_to_withhold(&present)?;
    parts.retain(|part| !recorded.contains(part));
    if parts.is_empty() {
        return Ok(());
    }
    let index = append_withholding(env, open, parts, "about an identifiable child or family")?;
    (env.eprintln)(&format!(
        "entry {index} records which facts are withheld: those about identifiable children or families"
    ));
    Ok(())
}

/// Ground on which the words of quotations are withheld, of all entries once it was given.
const WORDS_OF_DOCUMENTS: &str = "the words of a document";

/// Returns the parts with the words of quotations if they are withheld: if this is `asked`, or was
/// asked before. Appends a withholding record for those that no earlier one names on this ground.
///
/// # Errors
/// If the ledger cannot be read or appended to.
pub fn withhold_quotations(
    env: &mut Env<'_>,
    open: &mut LocalLedger,
    asked: bool,
) -> Result<BTreeSet<(u64, u64)>, CommandError> {
    let withholdings = open.withholdings(open.head().size())?;
    let earlier = || withholdings.iter().filter(|(_, withholding)| withholding.ground == WORDS_OF_DOCUMENTS);
    if !asked && earlier().next().is_none() {
        return Ok(BTreeSet::new());
    }
    let recorded: BTreeSet<(u64, u64)> =
        earlier().flat_map(|(_, withholding)| withholding.parts.iter().copied()).collect();
    let all = open.quotation_parts()?;
    let parts: Vec<(u64, u64)> = all.difference(&recorded).copied().collect();
    if !parts.is_empty() {
        let quotations = counted(parts.len() as u64, "entry", "entries");
        let index = append_withholding(env, open, parts, WORDS_OF_DOCUMENTS)?;
        (env.eprintln)(&format!("entry {index} records that the words quoted in {quotations} are withheld"));
    }
    Ok(all)
}

fn append_withholding(
    env: &mut Env<'_>,
    open: &mut LocalLedger,
    parts: Vec<(u64, u64)>,
    ground: &str,
) -> Result<u64, CommandError> {
    let withholding = Withholding { parts, ground: ground.to_owned(), by: "the keeper of the ledger".to_owned() };
    Ok(open.append_record(&SystemRecord::Withholding(withholding), (env.now)(), env.random)?)
}

/// Returns the public facts that name one of `ids`, which must all be in `sensitive`.
///
/// Reads the whole log unless `ids` is empty.
///
/// # Errors
/// If the ledger cannot be read.
pub fn naming(
    open: &LocalLedger,
    ids: &BTreeSet<FactId>,
    sensitive: &BTreeSet<FactId>,
) -> Result<BTreeSet<FactId>, CommandError> {
    let mut found = BTreeSet::new();
    if !ids.is_empty() {
        for recorded in open.recorded(0..open.head().size()) {
            if let Content::Known(fact) = recorded?.content
                && !sensitive.contains(fact.entity_id())
                && fact.names_any(ids)
            {
                found.insert(fact.id);
            }
        }
    }
    Ok(found)
}

/// Warns of public facts that name sensitive ones, if there are any.
pub fn warn_of(env: &mut Env<'_>, facts: &BTreeSet<FactId>) {
    let shown: Vec<&str> = facts.iter().take(10).map(FactId::as_str).collect();
    let more = facts.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let public = counted(
        facts.len() as u64,
        "public fact names a fact about a child or a family, whose id is published with it",
        "public facts name facts about children or families, whose ids are published with them",
    );
    if !shown.is_empty() {
        (env.eprintln)(&format!(
            "warning: {public}: {}{more}; put the link in the sensitive fact instead",
            shown.join(", ")
        ));
    }
}

/// Returns every part named by a withholding record, as entry and part number.
///
/// # Errors
/// If the ledger cannot be read.
pub fn named(open: &LocalLedger) -> Result<BTreeSet<(u64, u64)>, CommandError> {
    let withholdings = open.withholdings(open.head().size())?;
    Ok(withholdings.into_iter().flat_map(|(_, withholding)| withholding.parts).collect())
}

/// Checks that the published checkpoint is a prefix of this ledger.
fn continues(open: &LocalLedger, bytes: &[u8]) -> Result<(), CommandError> {
    let fail = |e: String| {
        CommandError::new(INTEGRITY, format!("the folder holds a checkpoint that this ledger does not continue: {e}"))
    };
    let note = SignedNote::parse(bytes).map_err(|e| fail(e.to_string()))?;
    let before = Checkpoint::of(&note).map_err(|e| fail(e.to_string()))?;
    if before.size > open.head().size() {
        return Err(fail(format!("its size is {}, and the ledger's size is {}", before.size, open.head().size())));
    }
    if before.origin != open.genesis().origin || open.root_at(before.size)? != before.root {
        return Err(fail("its origin or its entries are different".to_owned()));
    }
    Ok(())
}

impl From<FolderError> for CommandError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Store(error) => error.into(),
            FolderError::Broken { .. } => Self::new(INTEGRITY, format!("broken: {error}")),
            FolderError::Overtaken { .. } => Self::new(FAILED, error.to_string()).hint(
                "run the command again; if the ledger here is behind the other, publish where it is newest, after an \
                       erasure with: heldto redact --clean",
            ),
            other => Self::new(FAILED, other.to_string()),
        }
    }
}
