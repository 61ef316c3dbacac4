//! What is acknowledged has been made durable: seen from outside, by the calls that the program makes.

use crate::{has_tool, heldto, ok};
use std::process::Command;

/// In the trace of an append: the database file is synced by an `fsync` of its own after the last write to it, and before the line that acknowledges.
#[test]
#[cfg(target_os = "linux")]
fn an_fsync_of_the_database_precedes_every_acknowledgement() {
    if !has_tool("strace", &["-V"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "-q"]);
    std::fs::write(
        dir.path().join("facts.toml"),
        "[[party]]\nid = \"a-party\"\nname = \"A party\"\nkind = \"council\"\n",
    )
    .expect("writes");
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
    let trace = std::fs::read_to_string(dir.path().join("trace")).expect("a trace");
    let lines: Vec<&str> = trace.lines().collect();
    let on_db = |call: &str| {
        lines
            .iter()
            .enumerate()
            .filter(|(_, l)| l.contains(call) && l.contains("/hot/db>"))
            .map(|(n, _)| n)
            .collect::<Vec<_>>()
    };
    let said = lines.iter().position(|l| l.contains("write(1<") && l.contains("recorded")).expect("an acknowledgement");
    let flushed = on_db("sync_file_range(").into_iter().filter(|n| *n < said).max().expect("sled's own flush");
    let written = on_db("pwrite64(").into_iter().filter(|n| *n < flushed).max().expect("a write to the database");
    let synced = on_db("fsync(").into_iter().filter(|n| *n < said).max().expect("an fsync of the database");
    assert!(
        written < flushed && flushed < synced && synced < said,
        "written {written}, flushed {flushed}, synced {synced}, said {said}"
    );
}
