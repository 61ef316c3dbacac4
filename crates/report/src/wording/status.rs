//! Words each status, and the status page: the ledger's checkpoint, and the age of its judgements.
//! Knows no disk. Start at [`meaning`] and [`checkpoint`].

use super::{count, day, entries, grouped};
use chrono::NaiveDate;
use heldto_replay::Status;

pub const LEDGER: &str = "Ledger";
pub const PAST_DUE: &str = "Past due";
/// Command that lists all commitments.
pub const LIST_OF_PLEDGES: &str = "heldto report pledges";
pub const NOTHING_YET: &str = "nothing yet";

/// Returns an explanation of a status, in one line for a reader.
pub const fn meaning(status: Status) -> &'static str {
    match status {
        Status::Breached => "evidence shows that it was not met when it was due",
        Status::PartMet => "a part was delivered, and the rest was not delivered by the due day",
        Status::Overdue => "the due day has passed and the evidence does not settle it; silence is not a breach",
        Status::AnswerOverdue => "a recommendation whose answer was due, and none is on record",
        Status::Inconclusive => "the evidence points both ways, or is not exact enough",
        Status::Reversed => "delivered, then undone",
        Status::Stalled => "work had begun, and the last news is a setback",
        Status::FallingDue => "the day lies within the time in which it falls due",
        Status::Unevidenced => "a period has passed, or cannot be fixed, and there is no evidence either way",
        Status::InProgress => "work has begun",
        Status::Awaiting => "not due, or without a due day, and no work is on record",
        Status::Unanswered => "a recommendation that its addressee has neither accepted nor rejected",
        Status::WindowOpen => "it was not to be done before a day, and that day has come",
        Status::Untestable => "there is nothing to test it by, and no due day",
        Status::MetLate => "met after the due day",
        Status::MetTimingUnknown => "met; whether it was in time is unknown",
        Status::Met => "met in time, or with no day to meet",
        Status::Superseded => "replaced by another commitment before it was due",
        Status::Withdrawn => "withdrawn before it was due, or revoked by the body that imposed it",
        Status::Rejected => "a recommendation that its addressee rejected, which is no breach",
        Status::Lapsed => "a personal undertaking whose office ended",
        Status::NotYetKnown => "nothing on it was published by the day",
    }
}

/// Returns the number of publishers with nothing newer for over a year, as a sentence; the oldest
/// is named with the day of its newest source.
pub fn stale(publishers: usize, oldest: &str, day: &str) -> String {
    let have = count(publishers, "publisher has", "publishers have");
    format!("{have} nothing newer on record for over a year, {oldest} since {day}: heldto list sources.")
}

/// Returns the number of entries counted of all.
pub fn size(counted: u64, all: u64) -> String {
    if counted == all { all.to_string() } else { format!("{counted} of {all}") }
}

/// Returns the reach of the last checkpoint, in entries.
pub fn checkpoint(signed: Option<u64>, size: u64, is_partial: bool) -> String {
    match signed {
        None if is_partial => "none: this copy leaves parts out".to_owned(),
        None => "none yet; to sign one: heldto checkpoint".to_owned(),
        Some(n) if n == size => "signed, covers all entries".to_owned(),
        Some(n) => format!("signed, covers the first {}", entries(n)),
    }
}

/// Returns the server that keeps the ledger.
pub fn server(address: &str, version: &str, is_standby: bool) -> String {
    let standby = if is_standby { ", a standby: it may be behind" } else { "" };
    format!("{address} (PostgreSQL {version}{standby})")
}

/// Returns what it means that the server acknowledged something.
pub fn acknowledgement(standbys: &str, faults: &str) -> String {
    match (standbys, faults) {
        (_, faults) if !faults.is_empty() => format!("little: the server may lose it in a crash ({faults})"),
        ("", _) => "on the disk of one server only; entries that are in no copy are lost with it".to_owned(),
        (standbys, _) => format!("on the disk of the server and of its standbys: {standbys}"),
    }
}

/// Returns how far the copy on this machine is behind the server.
pub fn copy(behind: Option<u64>, address: &str) -> String {
    match behind {
        None => format!("none; to keep one: heldto follow '{address}'"),
        Some(0) => "has all entries".to_owned(),
        Some(n) => format!("{} behind; to bring it up to date: heldto follow '{address}'", entries(n)),
    }
}

/// Returns the advice on a ledger that is not judged.
pub fn too_long(size: u64, as_of: NaiveDate) -> String {
    format!(
        "A ledger of {} is too long to judge for this page. To judge one body: heldto report authority ID. \
         To judge all of it, and show the result here from then on: heldto status --as-of {as_of}.",
        entries(size)
    )
}

/// Returns the age of judgements made on another day or of fewer entries.
pub fn judged_before(judged: NaiveDate, of: u64, since: u64, as_of: NaiveDate) -> String {
    format!(
        "The judgements here are as at {}, of the first {}; {} recorded since. To judge again: heldto status --as-of \
         {as_of}.",
        day(judged),
        entries(of),
        entries(since)
    )
}

/// Returns the number of rows that are not shown; `command` lists all.
pub fn more(rows: usize, command: &str) -> String {
    format!("And {} more: {command}", grouped(rows))
}
