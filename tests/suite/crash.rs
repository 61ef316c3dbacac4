//! Checks that a process killed at any point of an append loses no acknowledged fact, and leaves a
//! ledger that opens and verifies.

use crate::{heldto, ok, opening, run, text};
use heldto_ledger::Ledger;
use heldto_store_sled::SledStore;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

const KILLS: u64 = 200;

/// Returns the number of facts in a batch; some batches seal the tail, alone or with earlier
/// entries.
const fn batch(number: u64) -> u64 {
    match number % 4 {
        0 => 1100,
        1 => 500,
        _ => 20,
    }
}

fn facts(number: u64) -> String {
    let party = |n: u64| {
        format!("[[party]]\nid = \"party-{number}-{n}\"\nname = \"Party {n} of batch {number}\"\nkind = \"council\"\n")
    };
    (0..batch(number)).map(party).collect()
}

/// Returns a pseudo-random number, the same on every machine.
fn random(n: u64) -> u64 {
    let hash = blake3::hash(&n.to_be_bytes());
    u64::from_be_bytes(hash.as_bytes()[..8].try_into().expect("8 bytes"))
}

fn open(dir: &Path) -> Ledger<SledStore> {
    let store = SledStore::open(&dir.join("ledger"), opening(&mut |_| {})).expect("opens after any kill");
    Ledger::open(store).expect("opens after any kill")
}

#[test]
fn two_hundred_kills_lose_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "-q"]);
    let file = dir.path().join("facts.toml");
    std::fs::write(&file, facts(1_000_000)).expect("writes");
    let start = Instant::now();
    ok(dir.path(), &["--ledger", "ledger", "append", "facts.toml", "-q"]);
    let usual = start.elapsed();
    let (mut acknowledged, mut killed, mut kept_unasked) = (vec![1_000_000], 0, 0);
    for number in 0..KILLS {
        std::fs::write(&file, facts(number)).expect("writes");
        let mut child = heldto(dir.path())
            .args(["--ledger", "ledger", "append", "facts.toml"])
            .stdout(Stdio::null())
            .spawn()
            .expect("starts");
        let share = u32::try_from(random(number) % 2000).expect("small");
        std::thread::sleep(usual * share / 1000);
        drop(child.kill());
        let done = child.wait().expect("ends").success();
        if done {
            acknowledged.push(number);
        } else {
            killed += 1;
        }
        let ledger = open(dir.path());
        ledger.verify(false, &mut |_| {}).unwrap_or_else(|p| panic!("after kill {number}: {p}"));
        let whole = |n: u64| {
            (0..batch(n))
                .map(|k| format!("party-{n}-{k}"))
                .filter(|id| {
                    let id = id.parse().expect("an id");
                    !ledger.versions(&id).expect("reads").is_empty()
                })
                .count()
        };
        let held = whole(number);
        let all = batch(number) as usize;
        assert!(held == 0 || held == all, "all or nothing: {held} of {all}");
        assert!(!done || held == all, "batch {number} was acknowledged and is gone");
        kept_unasked += u64::from(!done && held == all);
    }
    let ledger = open(dir.path());
    for number in &acknowledged {
        let id = format!("party-{number}-19").parse().expect("an id");
        assert_eq!(ledger.versions(&id).expect("reads").len(), 1, "batch {number} was acknowledged and is gone");
    }
    assert!(killed > KILLS / 10, "the campaign kills in the middle of things: {killed} of {KILLS}");
    eprintln!(
        "{killed} killed, {} acknowledged, {kept_unasked} kept whole without being acknowledged",
        acknowledged.len()
    );
}

#[test]
#[cfg(unix)]
fn a_disk_that_fills_up_loses_nothing_and_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "-q"]);
    let program = env!("CARGO_BIN_EXE_heldto-test");
    let mut refused = None;
    let mut last = 0;
    for number in 0..400 {
        std::fs::write(dir.path().join("facts.toml"), facts(number)).expect("writes");
        // No file may exceed 1.5 MB, so that the next segment of the database fails as on a full
        // disk.
        let script = format!("trap '' XFSZ; ulimit -f 3000; exec {program} --ledger ledger append facts.toml");
        let output =
            std::process::Command::new("sh").args(["-c", &script]).current_dir(dir.path()).output().expect("sh runs");
        if !output.status.success() {
            refused = Some(text(&output.stderr));
            break;
        }
        last = number;
    }
    let refused = refused.expect("the limit is reached");
    assert!(refused.lines().any(|line| line.starts_with("error: ")), "{refused}");
    let ledger = open(dir.path());
    ledger.verify(false, &mut |_| {}).expect("sound");
    let id = format!("party-{last}-19").parse().expect("an id");
    assert_eq!(ledger.versions(&id).expect("reads").len(), 1, "the last batch that was acknowledged is there");
    drop(ledger);
    ok(dir.path(), &["--ledger", "ledger", "append", "facts.toml", "-q"]);
}

#[test]
fn a_writer_waits_and_is_told_who_has_the_ledger_and_a_reader_goes_on() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "-q"]);
    let held = open(dir.path());
    let output = run(dir.path(), &["--ledger", "ledger", "status"]);
    assert!(output.status.success() && text(&output.stderr).contains("another command is writing"), "{output:?}");
    std::fs::write(dir.path().join("facts.toml"), facts(2)).expect("writes");
    let output = run(dir.path(), &["--ledger", "ledger", "append", "facts.toml"]);
    let said = text(&output.stderr);
    let holder = format!("process {}", std::process::id());
    assert!(said.contains(&format!("waiting for {holder}")) && said.contains(&format!("in use by {holder}")), "{said}");
    assert_eq!(output.status.code(), Some(1));
    drop(held);
    ok(dir.path(), &["--ledger", "ledger", "append", "facts.toml"]);
}
