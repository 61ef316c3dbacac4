//! `stamp`: has a time-stamping authority (RFC 3161) stamp the last checkpoint, and finds the
//! checkpoint that a stamp is of. The checks are in `heldto_stamp`. Start at [`run`].

use super::plain;
use crate::args::{Global, StampArgs};
use crate::error::{CommandError, FAILED, INPUT, INTEGRITY, UNSIGNED, io};
use crate::open::Access;
use crate::{Env, RunOutput, http, open, permissions};
use heldto_ledger::Ledger;
use heldto_proof::{Checkpoint, CompactRange, SignedNote, leaf_hash};
use heldto_stamp::{Stamp, StampError};
use heldto_store::{Checkpoints, Log};
use std::path::Path;

/// Maximum length of an answer, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// Requests a stamp of the text of the last checkpoint, and writes the answer to a file.
pub fn run(env: &mut Env<'_>, global: &Global, args: &StampArgs) -> Result<RunOutput, CommandError> {
    let open = open::ledger(env, global, Access::Read)?;
    let none = || CommandError::new(INPUT, "there is no checkpoint to stamp").hint("sign one: heldto checkpoint");
    let bytes = open.store().checkpoint()?.ok_or_else(none)?;
    let note = SignedNote::parse(&bytes).map_err(|e| CommandError::new(INTEGRITY, e.to_string()))?;
    let checkpoint = Checkpoint::of(&note).map_err(|e| CommandError::new(INTEGRITY, e.to_string()))?;
    drop(open);
    let mut nonce = [0; 8];
    (env.random)(&mut nonce);
    let request = heldto_stamp::request(note.text().as_bytes(), nonce)?;
    let (status, answer) = http::post(&args.url, "application/timestamp-query", &request, MAX_ANSWER)?;
    if status != 200 {
        return Err(CommandError::new(FAILED, format!("{} gives no time-stamp: it answers {status}", args.url)));
    }
    if !Stamp::parse(&answer)?.is_of(note.text().as_bytes()) {
        return Err(StampError::OtherBytes.into());
    }
    let path = args.file.clone().unwrap_or_else(|| format!("checkpoint-{}.tsr", checkpoint.size).into());
    if path.exists() {
        let message = format!("{} is there already", path.display());
        return Err(CommandError::new(INPUT, message).hint("name another file; a stamp is never overwritten"));
    }
    permissions::put_whole(&path, &answer).map_err(|e| io(&format!("cannot write {}", path.display()), &e))?;
    Ok(plain(format!(
        "{} is a time-stamp of the checkpoint of size {}, not checked yet\n  to check it: heldto verify --stamp {0} \
         --tsa CERTIFICATE.pem, with the authority's root certificate from elsewhere\n",
        path.display(),
        checkpoint.size
    )))
}

/// A stamp, checked: the size of the checkpoint that it is of, and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamped {
    /// Number of entries of the checkpoint.
    pub size: u64,
    /// Seconds since the Unix epoch.
    pub time: u64,
}

/// Finds the checkpoint of a ledger that a stamp is of, and checks the stamp against the reader's
/// certificate.
///
/// Reads the log.
///
/// # Errors
/// If the stamp is of no checkpoint of this ledger, or is not vouched for.
pub fn check<S: Log>(ledger: &Ledger<S>, stamp: &Path, trusted: &Path) -> Result<Stamped, CommandError> {
    let read = |path: &Path| std::fs::read(path).map_err(|e| io(&format!("cannot read {}", path.display()), &e));
    let stamp = Stamp::parse(&read(stamp)?)?;
    let trusted = read(trusted)?;
    let origin = &ledger.genesis().origin;
    let mut edge = CompactRange::default();
    let mut entries = ledger.store().entries(0..ledger.head().size());
    loop {
        let checkpoint = Checkpoint { origin: origin.clone(), size: edge.size(), root: edge.root() };
        let text = checkpoint.text();
        if stamp.is_of(text.as_bytes()) {
            let time = stamp.check(text.as_bytes(), &trusted)?;
            return Ok(Stamped { size: checkpoint.size, time });
        }
        match entries.try_next()? {
            Some(stored) => edge.push(leaf_hash(&stored.entry)),
            None => break,
        }
    }
    let message = "broken: the time-stamp is of no checkpoint of this ledger";
    Err(CommandError::new(INTEGRITY, message)
        .hint("it may be of another ledger, or of this one before it was rewritten"))
}

impl From<StampError> for CommandError {
    fn from(error: StampError) -> Self {
        let message = error.to_string();
        match error {
            StampError::Form(_) => Self::new(INPUT, message),
            StampError::Refused(_) => Self::new(FAILED, message),
            StampError::Certificate(_) => Self::new(UNSIGNED, format!("sound, but {message}")),
            _ => Self::new(INTEGRITY, format!("broken: {message}")),
        }
    }
}
