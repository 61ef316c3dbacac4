//! What is acknowledged has been made durable: seen from outside, by the calls that the program makes.

use crate::{has_tool, heldto, ok};
use std::process::Command;

/// What an append called, and the place of each call on a file in it.
struct Trace(String);

impl Trace {
    fn of_an_append(facts: &str) -> Option<Self> {
        if !has_tool("strace", &["-V"]) {
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

    /// The last such call on a file before a place.
    fn last(&self, call: &str, file: &str, before: usize) -> usize {
        let lines = self.0.lines().enumerate().take(before);
        let found = lines.filter(|(_, l)| l.contains(call) && l.contains(file)).map(|(n, _)| n).max();
        found.unwrap_or_else(|| panic!("no {call} on {file} before {before}"))
    }

    /// What sled takes for a barrier is none, and the system says that it has no such call: sled then syncs the file at once.
    fn sled_syncs(&self, file: &str) {
        let process = |line: &str| line.split(' ').next().map(str::to_owned);
        let calls = |l: &str| l.contains("sync_file_range(") && l.contains(file);
        let mut asked = 0;
        for (n, line) in self.0.lines().enumerate().filter(|(_, l)| calls(l)) {
            // What it came to stands on the line, or on the next one of the same thread.
            let mut of_thread = self.0.lines().skip(n).filter(|l| process(l) == process(line));
            assert!(of_thread.by_ref().take(2).any(|l| l.contains("ENOSYS")), "{line}");
            let next = of_thread.next();
            assert!(next.is_some_and(|l| l.contains("fsync(") && l.contains(file)), "after {line}: {next:?}");
            asked += 1;
        }
        assert!(asked > 0, "sled wrote nothing to {file}");
    }

    fn acknowledged(&self) -> usize {
        self.0.lines().position(|l| l.contains("write(1<") && l.contains("recorded")).expect("an acknowledgement")
    }
}

/// In the trace of an append: the database file is synced by an `fsync` of its own after the last write to it, and before the line that acknowledges.
#[test]
#[cfg(target_os = "linux")]
fn an_fsync_of_the_database_precedes_every_acknowledgement() {
    let facts = "[[party]]\nid = \"a-party\"\nname = \"A party\"\nkind = \"council\"\n";
    let Some(trace) = Trace::of_an_append(facts) else { return };
    let said = trace.acknowledged();
    let written = trace.last("pwrite64(", "/hot/db>", said);
    let synced = trace.last("fsync(", "/hot/db>", said);
    assert!(written < synced, "written {written}, synced {synced}, said {said}");
    trace.sled_syncs("/hot/db>");
}

/// In the trace of an append that seals: the archive is written and synced before the mark in `hot` is, and that before the acknowledgement.
#[test]
#[cfg(target_os = "linux")]
fn an_fsync_of_the_archive_precedes_the_mark_of_what_is_sealed() {
    let party = |n: u32| format!("[[party]]\nid = \"party-{n}\"\nname = \"Party {n}\"\nkind = \"council\"\n");
    let Some(trace) = Trace::of_an_append(&(0..1100).map(party).collect::<String>()) else { return };
    let said = trace.acknowledged();
    let marked = trace.last("pwrite64(", "/hot/db>", said);
    let committed = trace.last("fsync(", "/hot/db>", said);
    assert!(marked < committed, "mark written {marked}, synced {committed}; said {said}");
    for database in ["/archive/0/db>", "/archive/index/db>"] {
        let sealed = trace.last("fsync(", database, marked);
        let written = trace.last("pwrite64(", database, marked);
        assert!(written < sealed && sealed < marked, "written {written}, synced {sealed}; mark written {marked}");
        trace.sled_syncs(database);
    }
}
