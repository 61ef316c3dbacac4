//! Time and peak memory of whole processes, as a user meets them: on a long log and on one of a
//! thousand facts, each right after an append. Start at [`all`].

use crate::{Results, median, milliseconds, timed};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Returns the path of the release build, if there is one.
pub fn program() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/heldto");
    program.is_file().then_some(program)
}

/// Runs the program on a ledger; returns the time and the peak memory in megabytes.
pub fn heldto(ledger: &Path, arguments: &[&str]) -> (Duration, f64) {
    let mut command = Command::new(program().expect("built"));
    command.arg("--ledger").arg(ledger).args(arguments).stdout(Stdio::null());
    let (took, peak) = timed(|| {
        let child = command.spawn().expect("runs");
        let mut status = 0;
        let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
        let pid = libc::pid_t::try_from(child.id()).expect("a process");
        // The standard library's `wait` does not report the memory of one child.
        unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        assert_eq!(status, 0, "{arguments:?}");
        usage.ru_maxrss as f64 / 1024.0
    });
    (took, peak)
}

/// Commands measured on a ledger of many bodies and on one of a thousand facts on one body.
const COMMANDS: [&[&str]; 5] = [
    &["status"],
    &["report", "pledges", "--about", "council-0"],
    &["report", "authority", "council-0"],
    &["report", "pledges", "--explain", "pledge-0-7"],
    &["show", "fact-450"],
];

pub fn all(long: &Path, thousand: &Path, results: &Results) {
    if program().is_none() {
        println!("  no whole processes: build the program first (cargo build --release)");
        return;
    }
    let file = long.with_file_name("one.toml");
    let mut number = 0;
    let mut append = |ledger: &Path| {
        number += 1;
        let fact = format!("[[party]]\nid = \"process-{number}\"\nname = \"Process {number}\"\nkind = \"other\"\n");
        std::fs::write(&file, fact).expect("writes");
        heldto(ledger, &["append", "-q", file.to_str().expect("a path")])
    };
    println!("  whole processes, the middle of seven; beside the same on a log of a thousand");
    let show = |name: &str, runs: [Vec<(Duration, f64)>; 2]| {
        let [(took, peak), (took_short, _)] = runs.map(|runs| {
            let peak = runs.iter().map(|(_, peak)| *peak).fold(0.0, f64::max);
            (median(runs.iter().map(|(took, _)| *took).collect()), peak)
        });
        let long = milliseconds(took);
        let short = milliseconds(took_short);
        println!("    {long:8.1} ms  {:5.2} times {short:.1} ms  {peak:4.0} MB  heldto {name}", long / short);
        results.put(name, long);
    };
    show("append of one fact", [long, thousand].map(|ledger| (0..7).map(|_| append(ledger)).collect()));
    for command in COMMANDS {
        let mut after_append = |ledger: &Path| {
            append(ledger);
            heldto(ledger, command)
        };
        show(&command.join(" "), [long, thousand].map(|ledger| (0..7).map(|_| after_append(ledger)).collect()));
    }
    if std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok() {
        println!("  the same cold, once: nothing of it in the system's cache");
        for command in COMMANDS {
            drop(std::fs::write("/proc/sys/vm/drop_caches", "3"));
            let (took, _) = heldto(long, command);
            println!("    {:8.1} ms  heldto {}", milliseconds(took), command.join(" "));
        }
        drop(std::fs::write("/proc/sys/vm/drop_caches", "3"));
        let (took, peak) = heldto(long, &["verify"]);
        println!("    {:8.1} ms  {peak:4.0} MB  heldto verify", milliseconds(took));
    }
}
