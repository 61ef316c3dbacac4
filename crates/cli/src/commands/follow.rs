//! `follow`: keeps a mirror of a published ledger, and evidence of what its host or keeper should
//! not have done. The checks are in `heldto_exchange`. Start at [`run`].

use super::{counted, meter, plain, verify};
use crate::args::{FollowArgs, Global};
use crate::error::{CommandError, FAILED, INTEGRITY, USAGE, for_strangers, io};
use crate::{Env, RunOutput, http, input, published};
use heldto_exchange::{MirrorEvidence, Trust, TrustError, read_checkpoint};
use heldto_ledger::{Fault, Ledger};
use heldto_proof::{Checkpoint, SignedNote};
use heldto_store_files::{Folder, FolderStore, limit_of, paths};
use std::path::{Path, PathBuf};

/// Maximum number of times a source is read again because its checkpoint changed.
const RETRIES: usize = 10;

/// Reads all of a source, checks it against what the mirror saw, and brings the mirror up to date.
///
/// The mirror stays as it is if anything is wrong.
pub fn run(env: &mut Env<'_>, global: &Global, args: &FollowArgs) -> Result<RunOutput, CommandError> {
    if ["journal", "hot", "signing.key"].iter().any(|name| args.mirror.join(name).exists()) {
        let message = format!("{} is a ledger's own folder", args.mirror.display());
        return Err(CommandError::new(USAGE, message).hint("name another folder for the mirror"));
    }
    let mirror = Folder::new(&args.mirror);
    let seen = mirror.checkpoint()?;
    let mut trust = input::trust(env, args.key.as_deref(), None, args.policy.as_deref())?;
    let is_known = trust.key.is_some();
    if seen.is_some() && trust.key.is_none() {
        trust.key = Some(mirror.first_key()?);
    }
    trust.expected = seen;
    let mut tries = RETRIES;
    let (followed, evidence) = loop {
        let snapshot = Snapshot::of(env, &args.source)?;
        let mut evidence = None;
        let mut found = Found { trust: &trust, mirror: &args.mirror, evidence: &mut evidence };
        let followed = published::from_folder(Folder::new(snapshot.dir()), &snapshot.checkpoint)
            .and_then(|ledger| found.follow(env, &ledger, &snapshot.checkpoint));
        tries -= 1;
        // A publication may have changed while it was read.
        if followed.is_ok() || tries == 0 || checkpoint_of(&args.source)? == snapshot.checkpoint {
            break (followed, evidence);
        }
    };
    let followed = followed.map_err(|error| match evidence.as_ref().map(|found| keep(env, args, found)) {
        Some(Ok(path)) => error.hint(format!(
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

/// The files of a source as they were read.
enum Snapshot {
    Local(PathBuf),
    Fetched(tempfile::TempDir),
}

/// A snapshot with its checkpoint.
struct Snapshotted {
    files: Snapshot,
    checkpoint: Vec<u8>,
}

impl Snapshot {
    /// Reads a source: a folder stays where it is, an address is fetched into a folder of its own.
    fn of(env: &mut Env<'_>, source: &str) -> Result<Snapshotted, CommandError> {
        let checkpoint = checkpoint_of(source)?;
        if !http::is_address(source) {
            return Ok(Snapshotted { files: Self::Local(PathBuf::from(source)), checkpoint });
        }
        let (_, stated) = read_checkpoint(&checkpoint, "the checkpoint of the source")?;
        let folder = tempfile::tempdir().map_err(|e| io("cannot make a folder for the copy", &e))?;
        let all: Vec<String> = paths(stated.size).collect();
        let mut progress = meter(env.terminal, env.progress, "fetching", all.len() as u64);
        for (number, path) in (1..).zip(&all) {
            let address = format!("{}/{path}", source.trim_end_matches('/'));
            // A missing file is named by the check, or was replaced by a fuller one meanwhile.
            if let Some(bytes) = http::get(&address, limit_of(path))? {
                let target = folder.path().join(path);
                let parent = target.parent().unwrap_or(folder.path());
                std::fs::create_dir_all(parent)
                    .and_then(|()| std::fs::write(&target, bytes))
                    .map_err(|e| io(&format!("cannot write {}", target.display()), &e))?;
            }
            progress(number);
        }
        Ok(Snapshotted { files: Self::Fetched(folder), checkpoint })
    }
}

impl Snapshotted {
    fn dir(&self) -> &Path {
        match &self.files {
            Snapshot::Local(dir) => dir,
            Snapshot::Fetched(folder) => folder.path(),
        }
    }
}

/// Returns the checkpoint of a source.
fn checkpoint_of(source: &str) -> Result<Vec<u8>, CommandError> {
    let none = || {
        let message = format!("there is no published ledger at {source}: it has no checkpoint");
        CommandError::new(FAILED, message).hint("name the folder or the address that holds the file `checkpoint`")
    };
    if http::is_address(source) {
        let address = format!("{}/checkpoint", source.trim_end_matches('/'));
        return http::get(&address, limit_of("checkpoint"))?.ok_or_else(none);
    }
    Folder::new(Path::new(source)).checkpoint()?.ok_or_else(none)
}

/// A source being compared with its mirror.
struct Found<'f> {
    trust: &'f Trust,
    mirror: &'f Path,
    evidence: &'f mut Option<MirrorEvidence>,
}

impl Found<'_> {
    /// Checks a source, and writes the mirror if all is well.
    fn follow(
        &mut self,
        env: &mut Env<'_>,
        ledger: &Ledger<FolderStore>,
        checkpoint: &[u8],
    ) -> Result<String, CommandError> {
        let (note, served) = read_checkpoint(checkpoint, "the checkpoint of the source")?;
        let changes = ledger.key_changes(ledger.head().size())?;
        // Nobody is accused by a checkpoint that the ledger's key did not sign.
        let signature = self.trust.signature(&note, &served, ledger.genesis(), &changes)?;
        let size = ledger.head().size();
        let mut progress = meter(env.terminal, env.progress, "verifying", size);
        let verified = ledger.verify(true, &mut progress).map_err(|defect| {
            if let (Some(index), Fault::PartMissing { part, .. }) = (defect.entry, &defect.fault)
                && let Ok(part) = u16::try_from(*part)
            {
                *self.evidence = MirrorEvidence::part_missing(ledger, (&note, &served), (index, part)).ok();
            }
            CommandError::from(defect)
        })?;
        drop(progress);
        let seen = self.trust.expected()?;
        match (self.trust.expect(ledger), &seen) {
            (Err(TrustError::CutOff { .. }), Some((seen_note, seen))) => {
                *self.evidence = self.of_older((&note, &served), (seen_note, seen));
                let message = match self.evidence {
                    Some(MirrorEvidence::Fork { .. }) => forked(&served, seen),
                    _ => format!(
                        "the source shows {} of a ledger that had {} before: the host serves an old copy, or the end \
                         was taken away",
                        counted(served.size, "entry", "entries"),
                        seen.size
                    ),
                };
                return Err(CommandError::new(INTEGRITY, message));
            }
            (Err(TrustError::Rewritten { .. }), Some((seen_note, seen))) => {
                *self.evidence = Some(MirrorEvidence::fork(ledger, (&note, &served), (seen_note, seen))?);
                return Err(CommandError::new(INTEGRITY, forked(&served, seen)));
            }
            (expected, _) => drop(expected?),
        }
        self.trust.quorum(&signature)?;
        std::fs::create_dir_all(self.mirror)
            .map_err(|e| io(&format!("cannot create the folder {}", self.mirror.display()), &e))?;
        let first = heldto_proof::Verifier { name: ledger.genesis().origin.clone(), key: ledger.genesis().key };
        Folder::new(self.mirror).publish(ledger.store(), served.size, &first, checkpoint, &|_, _| false)?;
        let before = seen.map_or(0, |(_, seen)| seen.size);
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

    /// Returns the evidence of a source that is older than the mirror: a fork, if the mirror does
    /// not begin with it.
    fn of_older(
        &self,
        (note, served): (&SignedNote, &Checkpoint),
        (seen_note, seen): (&SignedNote, &Checkpoint),
    ) -> Option<MirrorEvidence> {
        let own = published::from_folder(Folder::new(self.mirror), seen_note.to_string().as_bytes()).ok()?;
        if own.root_at(served.size).ok()? == served.root {
            return Some(MirrorEvidence::Older { seen: seen_note.to_string(), served: note.to_string() });
        }
        MirrorEvidence::fork(&own, (seen_note, seen), (note, served)).ok()
    }
}

fn forked(served: &Checkpoint, seen: &Checkpoint) -> String {
    format!(
        "broken: the ledger was rewritten, or two of it are shown: the source has {}, and the mirror saw {}, and one is \
         not the beginning of the other",
        counted(served.size, "entry", "entries"),
        seen.size
    )
}

/// Writes evidence beside the mirror's files; never over another.
fn keep(env: &Env<'_>, args: &FollowArgs, evidence: &MirrorEvidence) -> Result<PathBuf, CommandError> {
    std::fs::create_dir_all(&args.mirror)
        .map_err(|e| io(&format!("cannot create the folder {}", args.mirror.display()), &e))?;
    let text = evidence.to_text(&env.today().to_string(), &args.source);
    let name = |number: usize| args.mirror.join(format!("evidence-{}-{number}.json", evidence.what()));
    for path in (1..).map(name) {
        match std::fs::read(&path) {
            Ok(there) if there == text.as_bytes() => return Ok(path),
            Ok(_) => {}
            Err(_) => {
                crate::permissions::put_whole(&path, text.as_bytes())
                    .map_err(|e| io(&format!("cannot write {}", path.display()), &e))?;
                return Ok(path);
            }
        }
    }
    unreachable!("the names do not end")
}
