//! Checks the durability of acknowledged facts from outside, by the system calls of the program.

use crate::{has_tool, heldto, ok};
use std::process::Command;

/// The system calls of one append, as printed by `strace`.
struct Trace(String);

impl Trace {
    fn of_an_append(facts: &str) -> Option<Self> {
        if !has_tool("strace", "strace", &["-V"]) {
            return None;
        }
        let dir = tempfile::tempdir().expect("a folder");
        ok(dir.path(), &["init", "ledger", "-q"]);
        std::fs::write(dir.path().join("facts.toml"), facts).expect("writes");
        let program = heldto(dir.path());
        let calls = "trace=fsync,fdatasync,sync_file_range,write,pwrite64,pwritev,writev";
        let output = Command::new("strace")
            .args(["-f", "-y", "-e", calls, "-o", "trace"])
            .arg(program.get_program())
            .args(["--ledger", "ledger", "append", "facts.toml"])
            .current_dir(dir.path())
            .output()
            .expect("strace runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(Self(std::fs::read_to_string(dir.path().join("trace")).expect("a trace")))
    }

    /// Returns the line of the last such call on a file before line `before`.
    fn last(&self, call: &str, file: &str, before: usize) -> usize {
        let lines = self.0.lines().enumerate().take(before);
        let found = lines.filter(|(_, l)| l.contains(call) && l.contains(file)).map(|(n, _)| n).max();
        found.unwrap_or_else(|| panic!("no {call} on {file} before {before}"))
    }

    fn acknowledged(&self) -> usize {
        self.0.lines().position(|l| l.contains("write(1<") && l.contains("recorded")).expect("an acknowledgement")
    }
}

/// Checks that an append syncs the journal once: after its last write, and before the
/// acknowledgement.
#[test]
#[cfg(target_os = "linux")]
fn one_sync_of_the_journal_precedes_every_acknowledgement() {
    let facts = "[[party]]\nid = \"a-party\"\nname = \"A party\"\nkind = \"council\"\n";
    let Some(trace) = Trace::of_an_append(facts) else { return };
    let said = trace.acknowledged();
    let written = trace.last("pwrite64(", "/journal/open-0>", said);
    let synced = trace.last("fdatasync(", "/journal/open-0>", said);
    assert!(written < synced, "written {written}, synced {synced}, said {said}");
    let syncs = trace.0.lines().take(said).filter(|line| line.contains("/journal/") && line.contains("sync(")).count();
    assert_eq!(syncs, 1, "{}", trace.0);
}

/// Checks the order of durable steps if an append closes bundles and seals.
///
/// The bundles are synced before the file that counts them, that file before anything in sled, and
/// the archive before the manifest in `hot`.
#[test]
#[cfg(target_os = "linux")]
fn bundles_are_synced_before_they_count_and_the_archive_before_its_manifest() {
    let party = |n: u32| format!("[[party]]\nid = \"party-{n}\"\nname = \"Party {n}\"\nkind = \"council\"\n");
    let Some(trace) = Trace::of_an_append(&(0..1100).map(party).collect::<String>()) else { return };
    let said = trace.acknowledged();
    let counted = trace.last("pwrite64(", "/journal/open-1>", said);
    let committed = trace.last("fdatasync(", "/journal/open-1>", said);
    let written = trace.last("pwrite64(", "/journal/segment-0>", said);
    let synced = trace.last("fdatasync(", "/journal/segment-0>", said);
    assert!(written < synced && synced < counted && counted < committed, "{written}, {synced}, {counted}, {committed}");
    let marked = trace.last("pwrite64(", "/hot/db>", said);
    let sealed = trace.last("fsync(", "/hot/db>", said);
    assert!(committed < marked && marked < sealed, "manifest written {marked}, synced {sealed}; said {said}");
    for database in ["/archive/0/db>", "/archive/index/db>"] {
        let synced = trace.last("fsync(", database, marked);
        let written = trace.last("pwrite64(", database, marked);
        assert!(written < synced && synced < marked, "written {written}, synced {synced}; manifest written {marked}");
    }
}
