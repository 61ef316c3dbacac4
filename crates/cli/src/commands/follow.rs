//! `follow`: keeps a mirror of a published ledger, and evidence of what its host or keeper should
//! not have done. The checks are in `heldto_exchange`. Start at [`run`].

use super::{counted, meter, plain, verify};
use crate::args::{FollowArgs, Global};
use crate::error::{CommandError, FAILED, INPUT, INTEGRITY, USAGE, for_strangers, io};
use crate::published::{FileSource, put, shown};
use crate::{Env, RunOutput, copy, input, open, published, server};
use heldto_exchange::{MirrorEvidence, Trust, TrustError, read_checkpoint};
use heldto_ledger::{Fault, Ledger};
use heldto_proof::{Checkpoint, NodeReader, SignedNote, TILE_WIDTH, Verifier, root_at};
use heldto_store::Log;
use heldto_store_files::{Folder, FolderError, FolderStore, paths};
use std::path::{Path, PathBuf};

/// Maximum number of times a source is read again because its checkpoint changed.
const RETRIES: usize = 10;
/// Name of the file by which one process at a time writes to a mirror.
const LOCK: &str = ".heldto-lock";

/// Reads all of a source, checks it against what the mirror saw, and brings the mirror up to date.
///
/// The mirror stays as it is if anything is wrong.
pub fn run(env: &mut Env<'_>, global: &Global, args: &FollowArgs) -> Result<RunOutput, CommandError> {
    let Some(source) = args.source.clone().or_else(|| global.server.clone()) else {
        return Err(CommandError::new(USAGE, "follow needs a source and a folder for the mirror")
            .hint("heldto follow SOURCE FOLDER; the source is a published folder, or the address of one"));
    };
    if server::is_address(Path::new(&source)) {
        return of_server(env, global, args, &source);
    }
    let Some(mirror) = args.mirror.clone() else {
        return Err(CommandError::new(USAGE, "a mirror needs a folder")
            .hint(format!("name it after the source: heldto follow {} FOLDER", shown(&source))));
    };
    let args = &Followed { source, mirror, key: args.key.clone(), policy: args.policy.clone() };
    server::refuse_address(&args.mirror)?;
    refuse_ledgers(env, global, args)?;
    std::fs::create_dir_all(&args.mirror)
        .map_err(|e| io(&format!("cannot create the folder {}", args.mirror.display()), &e))?;
    let _lock = lock(&args.mirror)?;
    let mirror = Folder::new(&args.mirror);
    let seen = mirror.checkpoint()?;
    let own = |why: String| {
        CommandError::new(FAILED, format!("the mirror's own checkpoint cannot be used: {why}"))
            .hint(format!("move {} away, and follow into a new folder", args.mirror.display()))
    };
    let mut trust = input::trust(env, args.key.as_deref(), None, args.policy.as_deref())?;
    let is_known = trust.key.is_some();
    if let Some(bytes) = &seen {
        let (_, seen) = read_checkpoint(bytes, "it").map_err(|error| own(error.to_string()))?;
        let first = mirror.first_key().map_err(|error| own(error.to_string()))?;
        if seen.origin != first.name {
            return Err(own("it is of another ledger than its first key".to_owned()));
        }
        trust.key = trust.key.or(Some(first));
    }
    trust.expected = seen;
    let mut tries = RETRIES;
    let source = FileSource::open(env, &args.source)?;
    let (followed, evidence) = loop {
        let mut following = Following { trust: &trust, mirror: &args.mirror, evidence: None };
        let checkpoint = source.checkpoint()?;
        let followed = following.follow(env, &source, &checkpoint);
        tries -= 1;
        // Only a missing part may be the doing of a publication that changed while it was read:
        // what was signed stays signed.
        let is_signed = following.evidence.as_ref().is_some_and(|found| found.what() != "part-missing");
        let has_changed = || source.checkpoint().is_ok_and(|newest| newest != checkpoint);
        if followed.is_ok() || is_signed || tries == 0 || !has_changed() {
            break (followed, following.evidence);
        }
    };
    let followed = followed.map_err(|error| match evidence.as_ref().map(|found| keep(env, args, found)) {
        Some(Ok(path)) => CommandError { hints: Vec::new(), ..error }.hint(format!(
            "the mirror was not changed. To show it to others, give them {}: heldto verify {0} --key KEY",
            path.display()
        )),
        Some(Err(failed)) => failed,
        None => for_strangers(error),
    })?;
    if global.quiet {
        return Ok(plain(""));
    }
    let mut said = followed;
    if !is_known && trust.expected.is_none() {
        said.push_str(
            "The key was taken from the source. Compare it with one that you have from elsewhere: anybody could have made this one.\n",
        );
    }
    Ok(plain(said))
}

/// Brings a copy of a server's ledger up to date: a ledger of its own kind, with all parts, which
/// only follows.
fn of_server(env: &mut Env<'_>, global: &Global, args: &FollowArgs, source: &str) -> Result<RunOutput, CommandError> {
    if args.key.is_some() || args.policy.is_some() {
        let message = "--key and --policy are for published ledgers";
        return Err(CommandError::new(USAGE, message).hint("verify the copy with them: heldto verify FOLDER --key KEY"));
    }
    let global = &server::of_address(env, global, Path::new(source))?;
    let folder = args.mirror.clone().unwrap_or_else(|| copy::place(global));
    server::refuse_address(&folder)?;
    let mut ledger = open::ledger(env, global, open::Access::Read)?;
    if ledger.store().may_confirm()? {
        ledger.store_mut().confirm()?;
    }
    let new = copy::follow(env, global, &ledger, &folder)?;
    let entries = counted(new, "entry is", "entries are");
    let all = counted(ledger.head().size(), "entry", "entries");
    let said = format!("{entries} new, now {all} in {}\n", folder.display());
    Ok(plain(if global.quiet { String::new() } else { said }))
}

/// A source and its mirror, with the reader's anchors of trust.
struct Followed {
    source: String,
    mirror: PathBuf,
    key: Option<String>,
    policy: Option<PathBuf>,
}

/// Refuses a source or a mirror that is a ledger's own folder, or inside one.
fn refuse_ledgers(env: &Env<'_>, global: &Global, args: &Followed) -> Result<(), CommandError> {
    if open::is_ledger(&args.mirror) || open::not_of_ledger(env, global, &args.mirror.join("tile")).is_err() {
        let message = format!("{} is a ledger's own folder", args.mirror.display());
        return Err(CommandError::new(USAGE, message).hint("name another folder for the mirror"));
    }
    let source = Path::new(&args.source);
    if !FileSource::is_address(&args.source) && open::is_ledger(source) && !open::is_publication(source) {
        let message = format!("{} is a ledger's own folder, and not a published one", args.source);
        return Err(CommandError::new(USAGE, message).hint("name a folder that `heldto publish` wrote"));
    }
    let whole = |path: &Path| path.canonicalize().ok();
    if whole(source).is_some() && whole(source) == whole(&args.mirror) {
        return Err(CommandError::new(USAGE, "the mirror is the source itself").hint("name another folder"));
    }
    Ok(())
}

/// Takes the lock of a mirror, until the returned file is dropped.
fn lock(mirror: &Path) -> Result<std::fs::File, CommandError> {
    let path = mirror.join(LOCK);
    let failed = |e: &std::io::Error| io(&format!("cannot lock the mirror by {}", path.display()), e);
    let file =
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(|e| failed(&e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            let message = format!("another command is writing to the mirror {}", mirror.display());
            Err(CommandError::new(FAILED, message).hint("run the command again when it has finished"))
        }
        Err(std::fs::TryLockError::Error(e)) => Err(failed(&e)),
    }
}

/// A source being compared with its mirror.
struct Following<'f> {
    trust: &'f Trust,
    mirror: &'f Path,
    evidence: Option<MirrorEvidence>,
}

impl Following<'_> {
    /// Copies a source into a folder of its own, checks the copy, and writes the mirror from it if
    /// all is well.
    fn follow(&mut self, env: &mut Env<'_>, source: &FileSource, checkpoint: &[u8]) -> Result<String, CommandError> {
        let (note, served) = read_checkpoint(checkpoint, "the checkpoint of the source")?;
        let copy = tempfile::tempdir().map_err(|e| io("cannot make a folder for the copy", &e))?;
        let bundles = served.size.div_ceil(TILE_WIDTH);
        let mut progress = meter(env.terminal, env.progress, "reading", 2 * bundles);
        // The tiles come first: they show a fork, whatever else is left out.
        let mut is_compared = false;
        for (number, path) in (0..).zip(paths(served.size)) {
            if path.starts_with("tile/entries/") && !is_compared {
                self.compare(copy.path(), (&note, &served))?;
                is_compared = true;
            }
            put(copy.path(), &path, &source.needed(&path)?)?;
            progress(number);
        }
        drop(progress);
        if !is_compared {
            self.compare(copy.path(), (&note, &served))?;
        }
        put(copy.path(), "checkpoint", checkpoint)?;
        let ledger = published::from_folder(Folder::new(copy.path()), checkpoint)?;
        self.check(env, (copy.path(), &ledger), (checkpoint, &note, &served))
    }

    /// Compares a source with what the mirror saw, by their tiles.
    fn compare(&mut self, copy: &Path, (note, served): (&SignedNote, &Checkpoint)) -> Result<(), CommandError> {
        let mut tiles = Folder::new(copy).tiles(served.size);
        if root_at(served.size, &mut tiles)? != served.root {
            return Err(CommandError::new(INTEGRITY, "broken: the tiles have a different root from the checkpoint"));
        }
        let Some((seen_note, seen)) = self.trust.expected()? else { return Ok(()) };
        if seen.origin != served.origin {
            let message = format!("the source is {}, and the mirror is of {}", served.origin, seen.origin);
            return Err(CommandError::new(INPUT, message).hint("name another folder for this ledger"));
        }
        // Nobody is accused by a checkpoint that no key of the mirror's ledger signed.
        let is_signed = self.keys()?.iter().any(|key| note.verify(key).is_ok());
        let own = (&seen_note, &seen);
        if served.size < seen.size {
            let mut of_mirror = Folder::new(self.mirror).tiles(seen.size);
            if root_at(served.size, &mut of_mirror)? == served.root {
                self.evidence =
                    is_signed.then(|| MirrorEvidence::Older { seen: seen_note.to_string(), served: note.to_string() });
                let message = format!(
                    "the source shows {} of a ledger that had {} before: the host serves an old copy, or the end was \
                     taken away",
                    counted(served.size, "entry", "entries"),
                    seen.size
                );
                return Err(CommandError::new(INTEGRITY, message));
            }
            return Err(self.forked(&mut of_mirror, own, (note, served), is_signed));
        }
        if root_at(seen.size, &mut tiles)? != seen.root {
            return Err(self.forked(&mut tiles, (note, served), own, is_signed));
        }
        Ok(())
    }

    /// Keeps the evidence of a fork, if the source's checkpoint is signed, and returns the error.
    fn forked<R: NodeReader<Error = FolderError>>(
        &mut self,
        reader: &mut R,
        longer: (&SignedNote, &Checkpoint),
        shorter: (&SignedNote, &Checkpoint),
        is_signed: bool,
    ) -> CommandError {
        if !is_signed {
            let message =
                "broken: the source is another ledger, or a rewritten one, and no key that the mirror knows signed it";
            return CommandError::new(INTEGRITY, message);
        }
        match MirrorEvidence::fork(reader, longer, shorter) {
            Ok(fork) => self.evidence = Some(fork),
            Err(error) => return error.into(),
        }
        let message = format!(
            "broken: the ledger was rewritten, or two of it are shown: one has {}, the other {}, and one is not the \
             beginning of the other",
            counted(longer.1.size, "entry", "entries"),
            shorter.1.size
        );
        CommandError::new(INTEGRITY, message)
    }

    /// Returns the keys of the ledger that the mirror knows.
    fn keys(&self) -> Result<Vec<Verifier>, CommandError> {
        let mirror = Folder::new(self.mirror);
        let mut keys: Vec<Verifier> = self.trust.key.iter().cloned().collect();
        if let Some(seen) = &self.trust.expected {
            let own = published::from_folder(mirror, seen)?;
            let name = own.genesis().origin.clone();
            keys.extend(own.keys()?.terms().iter().map(|term| Verifier { name: name.clone(), key: term.key }));
        }
        Ok(keys)
    }

    /// Checks a copied source, and writes the mirror if all is well.
    fn check(
        &mut self,
        env: &mut Env<'_>,
        (copy, ledger): (&Path, &Ledger<FolderStore>),
        (checkpoint, note, served): (&[u8], &SignedNote, &Checkpoint),
    ) -> Result<String, CommandError> {
        let changes = ledger.key_changes(ledger.head().size())?;
        let signature = self.trust.signature(note, served, ledger.genesis(), &changes)?;
        let mut tiles = Folder::new(copy).tiles(served.size);
        let mut progress = meter(env.terminal, env.progress, "verifying", served.size);
        let verified = ledger.verify(true, &mut progress).map_err(|defect| {
            if let (Some(index), Fault::PartMissing { part, .. }) = (defect.entry, &defect.fault)
                && let (Ok(part), Ok(stored)) = (u16::try_from(*part), ledger.store().entry(index))
            {
                let of = (index, stored.entry);
                self.evidence = MirrorEvidence::part_missing(&mut tiles, (note, served), of, part).ok();
            }
            CommandError::from(defect)
        })?;
        drop(progress);
        match self.trust.expect(ledger) {
            Err(TrustError::OtherLedger { of, origin, .. }) => {
                let message = format!("the source is {origin}, and the mirror is of {of}");
                return Err(CommandError::new(INPUT, message).hint("name another folder for this ledger"));
            }
            expected => drop(expected?),
        }
        self.trust.quorum(&signature)?;
        let first = Verifier { name: ledger.genesis().origin.clone(), key: ledger.genesis().key };
        Folder::new(self.mirror).publish(
            ledger.store(),
            served.size,
            &first,
            checkpoint,
            &|_, _| false,
            &mut |_| {},
        )?;
        let before = self.trust.expected()?.map_or(0, |(_, seen)| seen.size);
        let trust = Trust { key: self.trust.key.clone(), expected: None, policy: self.trust.policy.clone() };
        let signed = verify::signed(ledger, Some(checkpoint), &trust)?;
        Ok(format!(
            "{} new, now in {}\n{}{}",
            counted(served.size - before, "entry is", "entries are"),
            self.mirror.display(),
            verify::sound(&served.origin, &verified),
            verify::describe(&signed, verified.entries, self.trust)
        ))
    }
}

/// Writes evidence beside the mirror's files; never over another.
fn keep(env: &Env<'_>, args: &Followed, evidence: &MirrorEvidence) -> Result<PathBuf, CommandError> {
    let text = evidence.to_text(&env.today().to_string(), &shown(&args.source));
    let mut number = 1;
    loop {
        let path = args.mirror.join(format!("evidence-{}-{number}.json", evidence.what()));
        match std::fs::symlink_metadata(&path) {
            Ok(about) if about.is_file() && std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) => {
                return Ok(path);
            }
            Ok(_) => number += 1,
            Err(_) => {
                crate::permissions::put_whole(&path, text.as_bytes())
                    .map_err(|e| io(&format!("cannot write {}", path.display()), &e))?;
                return Ok(path);
            }
        }
    }
}
