//! Checks the verdicts of `verify` on honest folders, on forged ones, and on unsigned entries.

use crate::proofs::{init, ok_with, published};
use crate::{heldto, ok, run, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Returns a facts file of `count` statements, numbered from `first`.
fn statements(first: usize, count: usize) -> String {
    let mut out = "[[party]]\nid = \"c\"\nname = \"C\"\nkind = \"council\"\n[[source]]\nid = \"s\"\ntitle = \"S\"\n"
        .replace("\"c\"", "\"cc\"")
        .replace("\"s\"", "\"ss\"");
    for n in first..first + count {
        out.push_str(&format!(
            "[[statement]]\nid = \"t-{n}\"\ntext = \"T {n}\"\nby = \"cc\"\nvoice = \"self\"\nact = \"claim\"\ncites = [{{ source = \"ss\", at = \"p. {n}\" }}]\n"
        ));
    }
    out
}

fn append(dir: &Path, first: usize, count: usize) {
    fs::write(dir.join("facts.toml"), statements(first, count)).expect("writes");
    ok(dir, &["--ledger", "ledger", "append", "facts.toml", "-q"]);
}

fn code(dir: &Path, arguments: &[&str]) -> Option<i32> {
    let output = run(dir, arguments);
    assert!(output.status.code() != Some(101), "{}", text(&output.stderr));
    output.status.code()
}

fn json(dir: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(dir, &[&["verify", "--json"], arguments].concat())).expect("JSON")
}

/// Returns every file under a folder with its bytes.
fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("a folder").flatten() {
        if entry.path().is_dir() {
            all.extend(tree(&entry.path()));
        } else {
            all.insert(entry.path().display().to_string(), fs::read(entry.path()).unwrap_or_default());
        }
    }
    all
}

/// Checks that the drafts of a running or killed publish do not affect the published folder.
#[test]
fn drafts_and_wider_partial_tiles_are_no_part_of_what_was_published() {
    let (dir, key) = published();
    let public = dir.path().join("public");
    append(dir.path(), 0, 300);
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    for stray in
        ["tile/0/001.p/140.new", "tile/entries/001.p/140.new", "parts/001.p/140.new", ".heldto-draft", "tile/x"]
    {
        fs::write(public.join(stray), b"half").expect("writes");
    }
    // Wider than the checkpoint, as during a newer publish.
    for wider in ["tile/0/001.p/255", "tile/entries/001.p/255", "parts/001.p/255"] {
        fs::write(public.join(wider), b"\x00").expect("writes");
    }
    ok(dir.path(), &["verify", "public", "--key", &key]);
    // The next publish that fills a tile removes its own drafts, and keeps files it cannot have
    // written.
    append(dir.path(), 300, 300);
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    ok(dir.path(), &["verify", "public", "--key", &key]);
    assert!(!public.join(".heldto-draft").exists() && !public.join("tile/0/001.p").exists());
    assert!(public.join("tile/x").exists());
}

/// Checks that a publish killed at any step leaves a valid folder, by the old checkpoint or the new
/// one.
#[test]
fn every_beginning_of_a_publish_is_sound() {
    let (dir, key) = published();
    append(dir.path(), 0, 250);
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    fs::write(
        dir.path().join("child.toml"),
        statements(900, 1).replace("act =", "sensitive = true\nact =").replace("T 900", "A child's case"),
    )
    .expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "child.toml", "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "publish", "public", "--sensitive"]);
    append(dir.path(), 250, 20);
    let before = tree(&dir.path().join("public"));
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    let after = tree(&dir.path().join("public"));
    // Replays the writes in order, and verifies the folder after each.
    let checkpoint = dir.path().join("public/checkpoint").display().to_string();
    let is_parts = |path: &str| path.contains("/parts/");
    let new: Vec<&String> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    let changed: Vec<&String> =
        after.keys().filter(|path| before.get(*path).is_some_and(|b| *b != after[*path])).collect();
    assert!(changed.iter().any(|path| is_parts(path)), "{changed:?}");
    for (path, bytes) in &before {
        fs::create_dir_all(Path::new(path).parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("writes");
    }
    new.iter().for_each(|path| fs::remove_file(path).expect("is there"));
    ok(dir.path(), &["verify", "public", "--key", &key]);
    let later = changed.iter().filter(|path| is_parts(path));
    for path in new.into_iter().chain([&checkpoint]).chain(later.copied()) {
        fs::write(path, &after[path]).expect("writes");
        ok(dir.path(), &["verify", "public", "--key", &key]);
    }
}

#[test]
#[cfg(unix)]
fn publish_follows_no_link_and_removes_only_its_own() {
    use std::os::unix::fs::symlink;
    let (dir, _) = published();
    let (public, mine) = (dir.path().join("public"), dir.path().join("mine"));
    fs::create_dir(&mine).expect("a folder");
    fs::write(mine.join("1"), b"mine").expect("writes");
    fs::write(dir.path().join("precious"), b"mine").expect("writes");
    append(dir.path(), 0, 300);
    // A folder of partial tiles that is a link to elsewhere.
    symlink(&mine, public.join("tile/0/000.p.link")).expect("links");
    fs::rename(public.join("tile/0/000.p"), public.join("tile/0/000.aside")).expect("moves");
    symlink(&mine, public.join("tile/0/000.p")).expect("links");
    assert!(!run(dir.path(), &["--ledger", "ledger", "publish", "public"]).status.success());
    assert_eq!(fs::read(mine.join("1")).expect("is there"), b"mine");
    fs::remove_file(public.join("tile/0/000.p")).expect("is there");
    // A draft or a checkpoint that is a link to a file.
    symlink(dir.path().join("precious"), public.join(".heldto-draft")).expect("links");
    symlink(dir.path().join("precious"), public.join("checkpoint.new")).expect("links");
    fs::remove_file(public.join("checkpoint")).expect("is there");
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    fs::rename(public.join("checkpoint"), dir.path().join("kept")).expect("moves");
    symlink(dir.path().join("precious"), public.join("first-key.link")).expect("links");
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    assert_eq!(fs::read(dir.path().join("precious")).expect("is there"), b"mine");
}

/// Checks that work is bounded by the files present, despite looping links and absurd sizes.
#[test]
#[cfg(unix)]
fn looping_links_and_a_size_beyond_reason_end_at_once() {
    let (dir, _) = published();
    let public = dir.path().join("public");
    let checkpoint = fs::read_to_string(public.join("checkpoint")).expect("text");
    let huge = checkpoint.replacen("\n4\n", "\n72057594037927936\n", 1);
    assert_ne!(checkpoint, huge);
    for folder in ["tile/entries", "tile/0", "parts"] {
        let bytes = if folder == "tile/0" { vec![0; 8192] } else { vec![0; 512] };
        fs::write(public.join(folder).join("000"), bytes).expect("writes");
        for name in ["x000", "x001"] {
            std::os::unix::fs::symlink(".", public.join(folder).join(name)).expect("links");
        }
    }
    for text in [&huge, &checkpoint] {
        fs::write(public.join("checkpoint"), text).expect("writes");
        let found = code(dir.path(), &["verify", "public"]);
        assert_eq!(found, Some(if text == &checkpoint { 0 } else { 4 }));
    }
}

/// Checks that a contradiction of a known checkpoint is exit code 4, even if a signature is missing
/// too.
#[test]
fn a_contradiction_is_told_before_a_missing_signature() {
    let (dir, first) = published();
    let said = ok_with(dir.path(), "3", &["--ledger", "ledger", "key", "rotate"]);
    let second = said.lines().find_map(|l| l.trim().strip_prefix("public key   ")).expect("a key").to_owned();
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    fs::copy(dir.path().join("public/checkpoint"), dir.path().join("seen")).expect("copies");
    // A ledger of the same name and first key, without the key change.
    let forged = dir.path().join("forged");
    fs::create_dir(&forged).expect("a folder");
    init(&forged, "ledger");
    append(&forged, 0, 5);
    ok(&forged, &["--ledger", "ledger", "publish", "public"]);
    for key in [&first, &second] {
        assert_eq!(code(&forged, &["verify", "public", "--expect", "../seen", "--key", key]), Some(4), "{key}");
    }
    assert_eq!(code(&forged, &["verify", "public", "--key", &second]), Some(6));
    // An old ledger with a newer checkpoint.
    let (old, _) = published();
    fs::write(old.path().join("ledger/checkpoint"), fs::read(dir.path().join("seen")).expect("reads")).expect("writes");
    fs::remove_file(old.path().join("ledger/signed")).expect("is there");
    assert_eq!(code(old.path(), &["--ledger", "ledger", "verify", "--key", &second]), Some(4));
}

/// Checks that a database or journal in a published folder is ignored, and that the keeper's ledger
/// reports unsigned entries.
#[test]
fn a_database_in_a_published_folder_is_not_looked_at() {
    let (dir, key) = published();
    append(dir.path(), 0, 2);
    let copy = |from: &str, to: &str| {
        for (path, bytes) in tree(&dir.path().join(from)) {
            let to = dir.path().join(to).join(Path::new(&path).strip_prefix(dir.path().join(from)).expect("inside"));
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::write(to, bytes).expect("writes");
        }
    };
    copy("ledger/hot", "public/hot");
    copy("ledger/journal", "public/journal");
    let before = tree(&dir.path().join("public"));
    assert_eq!(json(dir.path(), &["public", "--key", &key])["entries"], 4);
    assert_eq!(tree(&dir.path().join("public")), before, "verifying writes nothing");
    // Four entries of the ledger itself are unsigned.
    let output = run(dir.path(), &["--ledger", "ledger", "verify", "--key", &key]);
    assert_eq!(output.status.code(), Some(6));
    assert!(text(&output.stderr).contains("the last 4 entries are not signed"), "{}", text(&output.stderr));
    let own: Value = serde_json::from_str(&ok(dir.path(), &["--ledger", "ledger", "verify", "--json"])).expect("JSON");
    assert_eq!((&own["signed"], &own["entries"]), (&4.into(), &8.into()));
}

#[test]
fn who_signed_and_whether_that_was_checked_is_said() {
    let (dir, key) = published();
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    let (checked, unchecked) = (json(dir.path(), &["public", "--key", &key]), json(dir.path(), &["public"]));
    assert_eq!((&checked["signed"], &checked["signature-checked"]), (&4.into(), &true.into()));
    assert_eq!((&unchecked["signed"], &unchecked["signature-checked"]), (&4.into(), &false.into()));
    assert_eq!(checked["signed-by"], key.as_str());
    let expected = json(dir.path(), &["public", "--expect", "public/checkpoint"]);
    assert_eq!((&expected["expected"], &checked["expected"]), (&4.into(), &Value::Null));
    // The same for the proof of one fact.
    fs::write(dir.path().join("proof"), ok(dir.path(), &["--ledger", "ledger", "prove", "old-pledge"]))
        .expect("writes");
    let proof = json(dir.path(), &["proof", "--key", &key]);
    assert_eq!((&proof["signed"], &proof["signature-checked"]), (&4.into(), &true.into()));
    let unsigned = run(dir.path(), &["verify", "--json", "all.jsonl", "--key", &key]);
    assert_eq!(unsigned.status.code(), Some(6));
    assert!(text(&unsigned.stdout).contains("\"sound\":true"), "{}", text(&unsigned.stdout));
    // An export has no signatures, and `restore` says so.
    let export = json(dir.path(), &["all.jsonl"]);
    assert_eq!((&export["signed"], &export["signature-checked"]), (&Value::Null, &false.into()));
    assert!(ok(dir.path(), &["verify", "all.jsonl"]).contains("anybody could have made it"));
    assert!(ok(dir.path(), &["restore", "all.jsonl", "copy"]).contains("anybody could have made it"));
    assert_eq!(code(dir.path(), &["restore", "all.jsonl", "keyed", "--key", &key]), Some(6));
    assert!(!dir.path().join("keyed").exists());
    assert!(ok(dir.path(), &["restore", "public", "signed", "--key", &key]).contains("signed by the key you gave"));
    let (other, _) = published();
    append(other.path(), 5, 1);
    ok(other.path(), &["--ledger", "ledger", "publish", "public"]);
    fs::copy(other.path().join("public/checkpoint"), dir.path().join("other")).expect("copies");
    assert_eq!(code(dir.path(), &["restore", "public", "forked", "--expect", "other"]), Some(4));
    assert!(!dir.path().join("forked").exists());
}

/// Checks that an export with a duplicate or unknown key is refused.
#[test]
fn an_export_that_says_a_thing_twice_is_refused() {
    let (dir, _) = published();
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    let whole = fs::read_to_string(dir.path().join("all.jsonl")).expect("text");
    let line = whole.lines().nth(3).expect("an entry").to_owned();
    let fact = &line[line.find("\"fact\":").expect("a fact")..line.len() - 1];
    let forged = fact.replace("\"name\":\"", "\"name\":\"Forged: ");
    let inner = line.replacen("\"name\":\"", "\"name\":\"Forged\",\"name\":\"", 1);
    for (what, changed) in [
        ("a forged fact first", line.replacen('{', &format!("{{{forged},"), 1)),
        ("a forged name first", inner),
        ("an unknown key", line.replacen('{', "{\"note\":\"checked\",", 1)),
        ("an entry twice", line.replacen("\"entry\":", "\"entry\":\"\",\"entry\":", 1)),
        ("an unknown key of a part", line.replacen("\"role\":", "\"from\":\"me\",\"role\":", 1)),
    ] {
        assert_ne!(changed, line, "{what}");
        fs::write(dir.path().join("changed.jsonl"), whole.replacen(&line, &changed, 1)).expect("writes");
        assert_eq!(code(dir.path(), &["verify", "changed.jsonl"]), Some(4), "{what}");
        assert_eq!(code(dir.path(), &["restore", "changed.jsonl", "never"]), Some(4), "{what}");
    }
}

/// Checks that a broken entry is named by its fact unless that is sensitive, and that only the
/// keeper is advised to repair.
#[test]
fn a_broken_entry_is_named_by_its_fact_unless_that_is_sensitive() {
    let (dir, _) = published();
    fs::write(
        dir.path().join("child.toml"),
        statements(7, 1).replace("act =", "sensitive = true\nact =").replace("T 7", "A child's case"),
    )
    .expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "child.toml", "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "export", "all.jsonl"]);
    let whole = fs::read_to_string(dir.path().join("all.jsonl")).expect("text");
    let salt = |line: &str| {
        let at = line.find("\"salt\":\"").expect("a salt") + 8;
        let digit = if line.as_bytes()[at] == b'0' { "1" } else { "0" };
        format!("{}{digit}{}", &line[..at], &line[at + 1..])
    };
    for (n, named) in [(3, true), (7, false)] {
        let line = whole.lines().nth(n).expect("an entry");
        let id = line.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id").to_owned();
        fs::write(dir.path().join("changed.jsonl"), whole.replacen(line, &salt(line), 1)).expect("writes");
        let output = run(dir.path(), &["verify", "changed.jsonl"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4));
        assert!(said.contains(&format!("entry {}", n - 1)), "{said}");
        assert_eq!(said.contains(&id), named, "{said}");
        assert!(!said.contains("heldto repair") && !said.contains("A child's case"), "{said}");
    }
}

/// Checks that an invalid correction accepted by an old version is reported, and that the rest of
/// the ledger remains usable.
#[test]
fn a_correction_without_effect_is_named_and_the_ledger_still_carried() {
    let dir = tempfile::tempdir().expect("a folder");
    let vector = fs::read_to_string(crate::root().join("vectors/broken-replacement-kind.json")).expect("a vector");
    let vector: Value = serde_json::from_str(&vector).expect("JSON");
    let export: String = vector["lines"].as_array().expect("lines").iter().map(|l| format!("{l}\n")).collect();
    fs::write(dir.path().join("all.jsonl"), &export).expect("writes");
    assert_eq!(code(dir.path(), &["verify", "all.jsonl"]), Some(4));
    ok(dir.path(), &["restore", "all.jsonl", "ledger"]);
    assert_eq!(ok(dir.path(), &["--ledger", "ledger", "export", "--private"]), export);
    ok(dir.path(), &["--ledger", "ledger", "repair"]);
    let output = run(dir.path(), &["--ledger", "ledger", "verify"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("entry 4: it corrects"), "{}", text(&output.stderr));
    // The correction had no effect.
    let shown =
        heldto(dir.path()).args(["--ledger", "ledger", "timeline", "--kind", "question"]).output().expect("runs");
    assert!(text(&shown.stdout).contains("No fact matches."), "{}", text(&shown.stdout));
}

/// Checks that an endless file is read only to the maximum length of its kind.
#[test]
#[cfg(target_os = "linux")]
fn a_file_without_end_is_read_no_further_than_it_can_be() {
    let (dir, _) = published();
    for name in ["first-key", "checkpoint", "tile/0/000.p/4", "parts/000.p/4"] {
        let path = dir.path().join("public").join(name);
        let bytes = fs::read(&path).expect("is there");
        fs::remove_file(&path).expect("is mine");
        std::os::unix::fs::symlink("/proc/self/pagemap", &path).expect("links");
        // The file is too long, or the system refuses the read.
        for arguments in [&["verify", "public"][..], &["restore", "public", "never"]] {
            assert!(matches!(code(dir.path(), arguments), Some(1 | 4)), "{name}: {arguments:?}");
        }
        fs::remove_file(&path).expect("is mine");
        fs::write(&path, bytes).expect("writes");
    }
    ok(dir.path(), &["verify", "public"]);
}

/// Checks that a proof shows a retraction and the retraction of that.
#[test]
fn a_proof_tells_what_stands() {
    let (dir, key) = published();
    let prove = || {
        ok(dir.path(), &["--ledger", "ledger", "checkpoint", "-q"]);
        fs::write(dir.path().join("proof"), ok(dir.path(), &["--ledger", "ledger", "prove", "old-pledge"]))
            .expect("writes");
        ok(dir.path(), &["verify", "proof", "--key", &key])
    };
    assert!(!prove().contains("then"));
    ok(dir.path(), &["--ledger", "ledger", "retract", "old-pledge", "--reason", "a mistake"]);
    assert!(prove().contains("withdrawn: a mistake"));
    ok(dir.path(), &["--ledger", "ledger", "retract", "old-pledge.retraction-1", "--reason", "it was right"]);
    let said = prove();
    assert!(said.contains("withdrawn: a mistake") && said.contains("reinstated: it was right"), "{said}");
}

/// Checks that an empty ledger verifies, and that an unreadable `--expect` file is an error of the
/// reader.
#[test]
fn an_empty_ledger_and_an_unreadable_expectation_are_not_called_broken() {
    let dir = tempfile::tempdir().expect("a folder");
    let key = init(dir.path(), "ledger");
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    ok(dir.path(), &["verify", "public", "--key", &key]);
    fs::write(dir.path().join("hello"), "hello").expect("writes");
    for arguments in
        [&["verify", "public", "--expect", "hello"][..], &["restore", "public", "never", "--expect", "hello"]]
    {
        assert_eq!(code(dir.path(), arguments), Some(3), "{arguments:?}");
    }
}
