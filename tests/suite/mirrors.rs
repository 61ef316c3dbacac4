//! Checks that a mirror follows a published ledger, deletes what was erased, and keeps evidence
//! that others can check of what should not have happened.

use crate::proofs::{init, ok_with};
use crate::{heldto, ok, run, text};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

const GROUND: [&str; 5] = ["--ground", "an order", "--by", "the editor", "--yes"];

fn append(dir: &Path, ledger: &str, seed: &str, id: &str) {
    let fact = format!("[[party]]\nid = \"{id}\"\nname = \"Name of {id}\"\nkind = \"council\"\n");
    std::fs::write(dir.join("facts.toml"), fact).expect("written");
    ok_with(dir, seed, &["--ledger", ledger, "append", "facts.toml", "-q"]);
}

/// Makes a ledger of three entries, published in `pub`; returns the folder and its key.
fn ledger() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let key = init(dir.path(), "ledger");
    for (seed, id) in [("2", "first"), ("3", "second"), ("4", "third")] {
        append(dir.path(), "ledger", seed, id);
    }
    ok(dir.path(), &["--ledger", "ledger", "publish", "pub", "-q"]);
    (dir, key)
}

fn copy(from: &Path, to: &Path) {
    drop(std::fs::remove_dir_all(to));
    assert!(std::process::Command::new("cp").arg("-r").args([from, to]).status().expect("runs").success());
}

/// Follows and expects exit code 4; returns the message and the evidence, which another person
/// checks with nothing but the file and the key.
fn shouts(dir: &Path, key: &str, what: &str) -> String {
    let output = run(dir, &["follow", "pub", "mirror", "--key", key]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    let evidence = dir.join(format!("mirror/evidence-{what}-1.json"));
    assert!(said.contains(&format!("evidence-{what}-1.json")), "{said}");
    let elsewhere = tempfile::tempdir().expect("a folder");
    std::fs::copy(&evidence, elsewhere.path().join("evidence.json")).expect("copied");
    let shown = ok(elsewhere.path(), &["verify", "evidence.json", "--key", key]);
    assert!(shown.contains("signed  by the key you gave"), "{shown}");
    let accused = run(elsewhere.path(), &["verify", "evidence.json"]);
    assert_eq!(accused.status.code(), Some(6), "without a key nobody is accused");
    for id in ["first", "second", "third"] {
        let kept = std::fs::read_to_string(&evidence).expect("text");
        assert!(!kept.contains(&format!("Name of {id}")), "no part is in it");
    }
    std::fs::remove_file(evidence).expect("there");
    ok(dir, &["verify", "mirror", "--key", key]);
    format!("{said}{shown}")
}

#[test]
fn a_mirror_follows_and_deletes_what_was_erased() {
    let (dir, key) = ledger();
    let dir = dir.path();
    let said = ok(dir, &["follow", "pub", "mirror"]);
    assert!(said.contains("3 entries are new") && said.contains("The key was taken from the source"), "{said}");
    ok(dir, &["verify", "mirror", "--key", &key]);
    let text_of = |dir: &Path| -> Vec<u8> {
        let mut open = vec![dir.to_owned()];
        let mut all = Vec::new();
        while let Some(path) = open.pop() {
            match path.is_dir() {
                true => open.extend(std::fs::read_dir(path).expect("reads").map(|entry| entry.expect("reads").path())),
                false => all.extend(std::fs::read(path).expect("reads")),
            }
        }
        all
    };
    let has = |bytes: &[u8]| memchr::memmem::find(bytes, b"Name of second").is_some();
    assert!(has(&text_of(&dir.join("mirror"))));
    ok_with(dir, "5", &[&["--ledger", "ledger", "redact", "second"], &GROUND[..]].concat());
    let said = ok(dir, &["follow", "pub", "mirror", "--key", &key]);
    assert!(said.contains("1 entry is new") && said.contains("1 part was erased for good: see entry 3"), "{said}");
    assert!(!has(&text_of(&dir.join("mirror"))), "the mirror deletes it too");
    let again = ok(dir, &["follow", "pub", "mirror"]);
    assert!(again.contains("0 entries are new"), "{again}");
    let other = ok_with(dir, "9", &["init", "other", "--origin", "example.org/other"]);
    let other = other.lines().find_map(|line| line.trim().strip_prefix("public key   ")).expect("a key");
    let refused = run(dir, &["follow", "pub", "mirror", "--key", other]);
    assert!(refused.status.code() == Some(6) && text(&refused.stderr).contains("is not one of its keys"));
}

#[test]
fn a_rewritten_cut_or_forked_ledger_and_a_dropped_part_are_found_with_evidence() {
    let (dir, key) = ledger();
    let dir = dir.path();
    ok(dir, &["follow", "pub", "mirror", "--key", &key]);
    copy(&dir.join("pub"), &dir.join("three"));
    append(dir, "ledger", "5", "fourth");
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    ok(dir, &["follow", "pub", "mirror", "--key", &key]);
    copy(&dir.join("pub"), &dir.join("four"));

    // Cut off: the host shows three entries again.
    copy(&dir.join("three"), &dir.join("pub"));
    let said = shouts(dir, &key, "older");
    assert!(said.contains("the source shows 3 entries of a ledger that had 4 before"), "{said}");

    // Rewritten: another ledger of the same key, longer, shorter or as long.
    for (count, name) in [(6, "longer"), (4, "equal"), (2, "shorter")] {
        assert_eq!(init(dir, name), key, "the keeper's key signs both");
        for number in 0..count {
            append(dir, name, &format!("{}", 20 + number), &format!("other-{number}"));
        }
        drop(std::fs::remove_dir_all(dir.join("pub")));
        ok(dir, &["--ledger", name, "publish", "pub", "-q"]);
        let said = shouts(dir, &key, "fork");
        assert!(
            said.contains("rewritten, or two of it are shown") && said.contains("two histories of"),
            "{name}: {said}"
        );
    }

    // Leaving out the parts hides no fork.
    std::fs::remove_dir_all(dir.join("pub/parts")).expect("there");
    shouts(dir, &key, "fork");

    // A part is dropped, and no record says so.
    copy(&dir.join("four"), &dir.join("pub"));
    let parts = dir.join("pub/parts/000.p/4");
    let bytes = std::fs::read(&parts).expect("reads");
    // The first entry's only part: its count, number, length and bytes.
    let length = 32 + u32::from_be_bytes(bytes[4..8].try_into().expect("four")) as usize - 32;
    let without = [&[0, 0][..], &bytes[8 + length..]].concat();
    std::fs::write(&parts, &without).expect("written");
    std::fs::remove_file(dir.join("pub/parts/000.p/3")).ok();
    let said = shouts(dir, &key, "part-missing");
    assert!(said.contains("entry 0 of") && said.contains("has a part 0 (fact)"), "{said}");
    copy(&dir.join("four"), &dir.join("pub"));
    ok(dir, &["follow", "pub", "mirror", "--key", &key]);
}

#[test]
fn a_mirror_is_written_by_one_process_at_a_time_and_in_no_ledger() {
    let (dir, key) = ledger();
    let dir = dir.path();
    ok(dir, &["follow", "pub", "mirror", "--key", &key]);
    let lock = std::fs::OpenOptions::new().write(true).open(dir.join("mirror/.heldto-lock")).expect("there");
    lock.lock().expect("free");
    let refused = run(dir, &["follow", "pub", "mirror", "--key", &key]);
    assert!(text(&refused.stderr).contains("another command is writing to the mirror"), "{}", text(&refused.stderr));
    drop(lock);
    ok(dir, &["follow", "pub", "mirror", "--key", &key]);
    for (source, mirror) in [("pub", "ledger"), ("pub", "ledger/journal"), ("pub", "pub"), ("ledger", "new")] {
        let refused = run(dir, &["follow", source, mirror]);
        assert_eq!(refused.status.code(), Some(2), "{source} to {mirror}: {}", text(&refused.stderr));
    }
    ok(dir, &["verify", "ledger"]);
    // A checkpoint of an absurd size ends at once.
    let note = std::fs::read_to_string(dir.join("pub/checkpoint")).expect("there");
    std::fs::write(dir.join("pub/checkpoint"), note.replacen("\n3\n", "\n1000000000000000000\n", 1)).expect("written");
    let refused = run(dir, &["follow", "pub", "mirror", "--key", &key]);
    assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
}

/// A host of a folder on this machine, stopped when dropped.
struct Host {
    child: Child,
    address: String,
}

impl Host {
    fn of(dir: &Path, folder: &str) -> Self {
        let mut command = heldto(dir);
        command.args(["site", "serve", folder, "--port", "0"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let mut line = String::new();
        BufReader::new(child.stderr.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        Self { address: address.trim_end_matches('/').to_owned(), child }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn an_address_is_followed_as_a_folder_is() {
    let (dir, key) = ledger();
    let dir = dir.path();
    ok(dir, &["--ledger", "ledger", "site", "build", "pub", "-q"]);
    let host = Host::of(dir, "pub");
    let said = ok(dir, &["follow", &host.address, "mirror", "--key", &key]);
    assert!(said.contains("3 entries are new"), "{said}");
    append(dir, "ledger", "5", "fourth");
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    assert!(ok(dir, &["follow", &host.address, "mirror"]).contains("1 entry is new"));
    ok(dir, &["verify", "mirror", "--key", &key]);
    let none = run(dir, &["follow", &format!("{}/nowhere", host.address), "mirror"]);
    assert!(text(&none.stderr).contains("there is no published ledger at"), "{}", text(&none.stderr));
    let address = host.address.clone();
    drop(host);
    let gone = run(dir, &["follow", &address, "mirror"]);
    assert!(
        gone.status.code() == Some(1) && text(&gone.stderr).contains("cannot reach http://"),
        "{}",
        text(&gone.stderr)
    );
}
