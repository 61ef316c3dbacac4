//! Errors with what to do about them, and exit codes: only here.

use heldto_ledger::{AppendError, Defect, Fault, ReadError, RestoreError};
use heldto_store::StoreError;

/// Something failed.
pub const FAILED: u8 = 1;
/// What was typed cannot be understood.
pub const USAGE: u8 = 2;
/// What was given is not valid; nothing was appended.
pub const INPUT: u8 = 3;
/// The ledger is not what was written.
pub const INTEGRITY: u8 = 4;
/// A status that `--fail-on` names was found.
pub const FOUND: u8 = 5;

/// Sound, but a signature that was asked for is missing.
pub const UNSIGNED: u8 = 6;

/// Why a command stopped.
#[derive(Debug)]
pub struct CommandError {
    pub exit_code: u8,
    pub message: String,
    pub hints: Vec<String>,
    /// Whether the message stands as it is, without a word before it.
    pub rendered: bool,
    /// `true` if the ledger's folder could not be written to, and nothing else is wrong.
    pub is_unwritable: bool,
}

impl CommandError {
    pub fn new(exit_code: u8, message: impl Into<String>) -> Self {
        Self { exit_code, message: message.into(), hints: Vec::new(), rendered: false, is_unwritable: false }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub fn render(&self) -> String {
        if self.rendered { self.message.clone() } else { format!("error: {}", heldto_report::plain(&self.message)) }
    }
}

/// The system said no to something.
pub fn io(what: &str, error: &std::io::Error) -> CommandError {
    CommandError::new(FAILED, format!("{what}: {error}"))
}

const REBUILD: &str = "a published folder or an export has what is missing: heldto repair --from IT; or make the ledger again: heldto restore IT NEW-FOLDER";

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let exit_code = if error.is_integrity() { INTEGRITY } else { FAILED };
        let is_unwritable = matches!(error, StoreError::Unwritable { .. });
        let new = Self { is_unwritable, ..Self::new(exit_code, error.to_string()) };
        match error {
            StoreError::NoLedger(_) => new.hint("make one with: heldto init DIR, or name one with: --ledger DIR"),
            StoreError::AlreadyThere(_) => new.hint("append to it with: heldto append FILE"),
            StoreError::Locked { .. } => new.hint("wait until it is done, and run the command again"),
            StoreError::Conflict { .. } => new.hint("run the command again"),
            StoreError::OldLayout(_) => {
                new.hint("write it out with that version's: heldto export FILE; then here: heldto restore FILE DIR")
            }
            StoreError::NewLayout { .. } => {
                new.hint("install the newest version of heldto, or write it out with that: heldto export FILE")
            }
            StoreError::Unwritable { .. } | StoreError::ReadOnly => {
                new.hint("reports and verify work without; to record, copy the folder to where you may write")
            }
            StoreError::Partial => new.hint("record in the ledger that it was published from"),
            StoreError::Io { source, .. } => new.hint(match source.kind() {
                std::io::ErrorKind::StorageFull => "whatever was acknowledged is kept; make room, and run the command again",
                std::io::ErrorKind::PermissionDenied => "ask whoever keeps the folder to let you read and write it",
                _ => {
                    "whatever was acknowledged is kept; run the command again. If it fails again the disk may be failing: \
                     copy the folder first"
                }
            }),
            _ => new.hint(REBUILD),
        }
    }
}

/// Leaves out the advice that only the keeper of a ledger can follow.
pub fn for_strangers(mut error: CommandError) -> CommandError {
    if error.exit_code == INTEGRITY {
        error.hints.retain(|hint| hint != REBUILD);
        if error.hints.is_empty() {
            error.hints.push("keep this copy as it is, and tell whoever published it".to_owned());
        }
    }
    error
}

/// What the ledger holds does not read.
pub fn damaged(message: String) -> CommandError {
    CommandError::new(INTEGRITY, message).hint("heldto verify tells more").hint(REBUILD)
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
                "set this machine's clock; if the last entry's time is the wrong one, --clock-behind records at that time again",
            ),
            AppendError::ClockLeaps { .. } => {
                Self::new(FAILED, error.to_string()).hint("set this machine's clock; if it is right: --clock-is-right")
            }
            other => Self::new(INPUT, other.to_string()),
        }
    }
}

impl From<Box<Defect>> for CommandError {
    fn from(problem: Box<Defect>) -> Self {
        // That the system refused says nothing of the ledger.
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
            RestoreError::Defect(problem) => problem.into(),
            other => Self::new(INTEGRITY, format!("broken: {other}")),
        }
    }
}
