//! Exit codes, and errors with hints for the user. Turns the errors of the other crates into
//! [`CommandError`]; hints and exit codes exist only in this crate.

use crate::prompt::{Choice, NoAnswer};
use heldto_exchange::TrustError;
use heldto_exchange::export::ExportError;
use heldto_exchange::proof_file::{CheckError, MakeError};
use heldto_fact::FactId;
use heldto_ledger::{AppendError, Defect, Fault, ReadError, RestoreError};
use heldto_proof::NoteError;
use heldto_store::StoreError;

/// Exit code: the command failed.
pub const FAILED: u8 = 1;
/// Exit code: the arguments are wrong.
pub const USAGE: u8 = 2;
/// Exit code: the input is not valid; nothing was appended.
pub const INPUT: u8 = 3;
/// Exit code: the ledger, or a copy of it, is broken.
pub const INTEGRITY: u8 = 4;
/// Exit code: a status named by `--fail-on` was found.
pub const FOUND: u8 = 5;

/// Exit code: sound, but a required signature is missing.
pub const UNSIGNED: u8 = 6;

/// Exit code: stopped by the user, as a shell gives it.
pub const INTERRUPTED: u8 = 130;

/// A failed command: message, hints and exit code.
#[derive(Debug)]
pub struct CommandError {
    pub exit_code: u8,
    pub message: String,
    pub hints: Vec<String>,
    /// `true` if the message is printed without the prefix `error: `.
    pub rendered: bool,
    /// `true` if the only problem is that the ledger's folder cannot be written to.
    pub is_unwritable: bool,
    /// `true` if there is no ledger at the place.
    pub is_no_ledger: bool,
    /// The id that is unknown and the one that is meant, if it is a name in the form of an id.
    pub meant: Option<(FactId, Choice)>,
}

impl CommandError {
    pub fn new(exit_code: u8, message: impl Into<String>) -> Self {
        Self {
            exit_code,
            message: message.into(),
            hints: Vec::new(),
            rendered: false,
            is_unwritable: false,
            is_no_ledger: false,
            meant: None,
        }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub fn render(&self) -> String {
        if self.rendered { self.message.clone() } else { format!("error: {}", heldto_report::plain(&self.message)) }
    }
}

impl NoAnswer {
    /// Returns the error of a command that was stopped, or else the given one.
    pub fn or(self, error: CommandError) -> CommandError {
        match self {
            Self::Nobody => error,
            Self::Stopped => CommandError::new(INTERRUPTED, "stopped; nothing was recorded"),
        }
    }
}

/// Returns the error for a failed system call; `what` names the operation.
pub fn io(what: &str, error: &std::io::Error) -> CommandError {
    CommandError::new(FAILED, format!("{what}: {error}"))
}

const REBUILD: &str = "repair the ledger from a published folder or an export: heldto repair --from COPY; \
                       or create it again: heldto restore COPY NEW-FOLDER";

const CREATE: &str = "create one with: heldto init DIR, or name one with: --ledger DIR";

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let exit_code = if error.is_integrity() { INTEGRITY } else { FAILED };
        let is_unwritable = matches!(error, StoreError::Unwritable { .. });
        let is_no_ledger = matches!(error, StoreError::NoLedger(_));
        let new = Self { is_unwritable, is_no_ledger, ..Self::new(exit_code, error.to_string()) };
        match error {
            StoreError::NoLedger(_) => new.hint(CREATE),
            StoreError::AlreadyThere(place) => {
                new.hint(format!("to record facts in it: heldto --ledger '{place}' append FILE"))
            }
            StoreError::Locked { .. } => new.hint("wait until it has finished, then run the command again"),
            StoreError::Conflict { .. } => new.hint("run the command again"),
            StoreError::OldLayout(_) => new
                .hint("export it with that version: heldto export FILE; then restore it here: heldto restore FILE DIR"),
            StoreError::NewLayout { .. } => {
                new.hint("install the newest version of heldto, or export the ledger with it: heldto export FILE")
            }
            StoreError::Unwritable { .. } | StoreError::ReadOnly => {
                new.hint("reports and verify still work; to record facts, copy the folder to where you can write")
            }
            StoreError::Server { remedy, .. } => new.hint(remedy),
            StoreError::Partial => new.hint("record the facts in the ledger that this copy was made from"),
            StoreError::Io { source, .. } => new.hint(match source.kind() {
                std::io::ErrorKind::StorageFull => {
                    "everything that was acknowledged is kept; free some disk space, then run the command again"
                }
                std::io::ErrorKind::PermissionDenied => "ask the owner of the folder to let you read and write it",
                _ => {
                    "everything that was acknowledged is kept; run the command again. If it fails again, \
                     the disk may be failing: copy the folder first"
                }
            }),
            _ => new.hint(REBUILD),
        }
    }
}

/// Replaces the hints that are for folders by hints for servers.
pub fn for_server(error: &mut CommandError) {
    for hint in &mut error.hints {
        *hint = match hint.as_str() {
            REBUILD => "restore the ledger from a copy to another schema: heldto restore COPY ADDRESS".to_owned(),
            CREATE => "check the address and its schema; to make a ledger there: heldto init ADDRESS".to_owned(),
            _ => continue,
        };
    }
}

/// Replaces the repair hint, which only the ledger's keeper can follow, by advice to a reader.
pub fn for_strangers(mut error: CommandError) -> CommandError {
    if error.exit_code == INTEGRITY {
        error.hints.retain(|hint| hint != REBUILD);
        if error.hints.is_empty() {
            error.hints.push("keep this copy as it is, and tell its publisher".to_owned());
        }
    }
    error
}

/// Returns the error for ledger content that does not decode.
pub fn damaged(message: String) -> CommandError {
    CommandError::new(INTEGRITY, message).hint("for details: heldto verify").hint(REBUILD)
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            other => damaged(other.to_string()),
        }
    }
}

impl From<AppendError> for CommandError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Store(error) => error.into(),
            AppendError::Read(error) => error.into(),
            AppendError::Clock { .. } => Self::new(FAILED, error.to_string()).hint(
                "set this machine's clock; if the last entry's time is the wrong one, \
                 add --clock-behind to record with that time again",
            ),
            AppendError::ClockLeaps { .. } => Self::new(FAILED, error.to_string())
                .hint("set this machine's clock; if it is right, add --clock-is-right"),
            other => Self::new(INPUT, other.to_string()),
        }
    }
}

impl From<Box<Defect>> for CommandError {
    fn from(problem: Box<Defect>) -> Self {
        // An I/O error is no evidence that the ledger is broken.
        let problem = match *problem {
            Defect { fault: Fault::Store(error), .. } if !error.is_integrity() => return error.into(),
            problem => problem,
        };
        Self::new(INTEGRITY, format!("broken: {problem}")).hint(REBUILD)
    }
}

impl From<RestoreError> for CommandError {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Store(error) => error.into(),
            RestoreError::Read(error) => error.into(),
            RestoreError::Defect(problem) => problem.into(),
            other => Self::new(INTEGRITY, format!("broken: {other}")),
        }
    }
}

impl From<ExportError> for CommandError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Store(error) => error.into(),
            ExportError::Restore(error) => error.into(),
            other => Self::new(INTEGRITY, format!("broken: {other}")),
        }
    }
}

impl From<TrustError> for CommandError {
    fn from(error: TrustError) -> Self {
        let message = error.to_string();
        match error {
            TrustError::Store(error) => error.into(),
            TrustError::NotExpected(_) => Self::new(INPUT, message)
                .hint("give the file `checkpoint` of a published folder, or the output of heldto checkpoint"),
            TrustError::Rewritten { .. } => {
                Self::new(INTEGRITY, format!("broken: {message}")).hint("keep both: together they are the proof")
            }
            TrustError::Quorum { .. } => Self::new(UNSIGNED, format!("sound, but {message}")),
            TrustError::ForeignKey { key, .. } => {
                Self::new(UNSIGNED, message).hint(format!("the key you gave is {key}"))
            }
            TrustError::Signature { error, key, .. } => {
                let exit_code = if matches!(error, NoteError::Unsigned(_)) { UNSIGNED } else { INTEGRITY };
                Self::new(exit_code, message).hint(format!("the key you gave is {key}"))
            }
            _ => Self::new(INTEGRITY, format!("broken: {message}")),
        }
    }
}

impl From<MakeError> for CommandError {
    fn from(error: MakeError) -> Self {
        let message = error.to_string();
        match error {
            MakeError::Read(error) => error.into(),
            MakeError::Store(error) => error.into(),
            MakeError::FirstErased { oldest, .. } => {
                let hint = format!("prove the oldest version that is left: heldto prove {oldest}");
                Self::new(INPUT, message).hint(hint)
            }
            MakeError::NotCovered { .. } | MakeError::Unknown(_) => {
                Self::new(INPUT, message).hint("sign a newer one with: heldto checkpoint")
            }
            MakeError::Mismatch => Self::new(INTEGRITY, message).hint("sign a new one with: heldto checkpoint"),
            _ => Self::new(INTEGRITY, message),
        }
    }
}

impl From<CheckError> for CommandError {
    fn from(error: CheckError) -> Self {
        let message = error.to_string();
        match error {
            CheckError::Trust(error) => error.into(),
            CheckError::OtherSize { .. } => Self::new(USAGE, message).hint("verify the published folder with --expect"),
            CheckError::OtherHistory => {
                Self::new(INTEGRITY, format!("broken: {message}")).hint("keep both: together they are the proof")
            }
            _ => Self::new(INTEGRITY, format!("broken: {message}")),
        }
    }
}
