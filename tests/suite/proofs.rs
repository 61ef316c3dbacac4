//! Checks proofs to third parties: checkpoints, published folders, proofs of one fact, and each
//! attack that docs/THREATS.md calls detected.

use crate::{heldto, ledger_of, ok, root, run, text};
use heldto_cli::{Env, Terminal};
use heldto_proof::{Hash, ProofError, verify_consistency, verify_inclusion};
use std::path::{Path, PathBuf};

/// Runs the program in this process, for campaigns of many runs; returns code, output and messages.
fn inside(arguments: &[&str]) -> (u8, String, String) {
    let mut said = String::new();
    let mut world = Env {
        now: &|| 1_795_348_800_000_000,
        random: &mut |bytes| bytes.fill(1),
        input: &mut || Ok(String::new()),
        ask: &mut |_| Err(heldto_cli::NoAnswer::Nobody),
        eprintln: &mut |line| said.push_str(&format!("{line}\n")),
        progress: &mut |_| {},
        variable: &|_| None,
        terminal: Terminal { out: false, err: false, width: 80 },
        status_cache_limit: 1000,
        whole_limit: 1000,
    };
    let outcome =
        heldto_cli::run(&mut world, std::iter::once("heldto").chain(arguments.iter().copied()).map(Into::into));
    (outcome.exit_code, String::from_utf8(outcome.out).expect("text"), said)
}

pub fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Runs the program with its own random seed, and expects success.
pub fn ok_with(dir: &Path, seed: &str, arguments: &[&str]) -> String {
    let output = heldto(dir).env("HELDTO_TEST_SEED", seed).args(arguments).output().expect("the program starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

pub fn init(dir: &Path, name: &str) -> String {
    init_with(dir, name, "1")
}

/// Creates a ledger and returns the public key that `init` printed.
fn init_with(dir: &Path, name: &str, seed: &str) -> String {
    let said = ok_with(dir, seed, &["init", name, "--origin", "example.org/proofs"]);
    let line = said.lines().find_map(|l| l.trim().strip_prefix("public key   ")).expect("a public key");
    line.to_owned()
}

/// Returns a folder with a small ledger in `ledger`, published in `public`, and its public key.
pub fn published() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let key = init(dir.path(), "ledger");
    let facts = root().join("tests/errors/base.toml");
    ok(dir.path(), &["--ledger", "ledger", "append", path(&facts), "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    (dir, key)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
        if entry.path().is_dir() { all.extend(files(&entry.path())) } else { all.push(entry.path()) }
    }
    all.sort();
    all
}

/// Returns the public key of the ledger of the seeds, as printed in README.md.
fn key_of_the_readme() -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let at = readme.find("heldto.example/derbyshire-send+").expect("the key");
    readme[at..].split(['"', '\n', '`', '\'', ' ']).next().expect("its end").to_owned()
}

#[test]
fn the_ledger_of_the_seeds_verifies_with_the_key_of_the_readme_and_holds_every_seed() {
    let ledger = root().join("ledger");
    let key = key_of_the_readme();
    let said = ok(&root(), &["verify", path(&ledger), "--key", &key]);
    assert!(said.contains("all verified") && said.contains("signed by the key you gave"), "{said}");
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["restore", path(&ledger), "restored", "-q"]);
    let seeds = root().join("seeds");
    let planned = ok(dir.path(), &["--ledger", "restored", "append", path(&seeds), "--dry-run"]);
    assert!(
        planned.starts_with("0 facts would be recorded"),
        "the seeds hold facts that the ledger does not: {planned}"
    );
}

/// Checks that a flipped bit is detected in every byte of a small published folder, and in every
/// 257th byte of the larger one in `ledger/`.
#[test]
fn every_byte_of_a_published_folder_matters() {
    let (dir, key) = published();
    let copy = tempfile::tempdir().expect("a folder");
    let large = copy.path().join("ledger");
    for file in files(&root().join("ledger")) {
        let target = large.join(file.strip_prefix(root().join("ledger")).expect("inside"));
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("makes");
        std::fs::copy(&file, target).expect("copies");
    }
    // `HELDTO_EXHAUSTIVE` flips every byte of the larger one too: minutes, in a release build.
    let step = if std::env::var_os("HELDTO_EXHAUSTIVE").is_some() { 1 } else { 257 };
    for (folder, key, step) in [(dir.path().join("public"), key, 1), (large, key_of_the_readme(), step)] {
        assert_eq!(inside(&["verify", path(&folder), "--key", &key]).0, 0);
        let mut flipped = 0;
        // The page for readers is no part of what was published.
        for file in files(&folder).into_iter().filter(|file| !file.ends_with("index.html")) {
            let bytes = std::fs::read(&file).expect("reads");
            for at in (flipped % step..bytes.len()).step_by(step) {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << (at % 8);
                std::fs::write(&file, &changed).expect("writes");
                let (code, out, said) = inside(&["verify", path(&folder), "--key", &key]);
                assert!(code == 4 || code == 6, "byte {at} of {}: {code} {out}{said}", file.display());
                flipped += 1;
            }
            std::fs::write(&file, &bytes).expect("writes");
        }
        assert_eq!(inside(&["verify", path(&folder), "--key", &key]).0, 0, "put back, it is sound again");
        assert!(flipped > 500, "{flipped}");
    }
}

#[test]
fn a_fact_is_proved_to_somebody_who_has_the_program_the_file_and_the_key() {
    let (dir, key) = published();
    let proof = ok(dir.path(), &["--ledger", "ledger", "prove", "old-pledge"]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let file = elsewhere.path().join("fact.tlog-proof");
    std::fs::write(&file, &proof).expect("writes");
    let said = ok(elsewhere.path(), &["verify", "fact.tlog-proof", "--key", &key]);
    for words in [
        "entry 3 (out of 4)",
        "Open 50 places",
        "source    Minutes (src-minutes), item 1",
        "shows: ",
        "does not show: ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let other = init_with(elsewhere.path(), "other", "2");
    assert_eq!(
        run(elsewhere.path(), &["verify", "fact.tlog-proof", "--key", &other]).status.code(),
        Some(6),
        "another key signed nothing"
    );
    for at in 0..proof.len() {
        let mut changed = proof.clone().into_bytes();
        changed[at] ^= 1;
        std::fs::write(&file, &changed).expect("writes");
        let (code, out, said) = inside(&["verify", path(&file), "--key", &key]);
        assert!(code != 0, "byte {at} of the proof: {out}{said}");
        assert!(!said.contains("fault in the program"), "{said}");
    }
}

#[test]
fn a_proof_carries_what_was_said_of_the_fact_later() {
    let (dir, key) = published();
    let toml = ok(dir.path(), &["--ledger", "ledger", "show", "old-pledge", "--toml"]);
    std::fs::write(dir.path().join("fixed.toml"), toml.replace("Open 50 places", "Open 60 places")).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "correct", "old-pledge", "fixed.toml", "--reason", "misread"]);
    ok(dir.path(), &["--ledger", "ledger", "retract", "old-pledge", "--reason", "not theirs"]);
    let early = ok(dir.path(), &["--ledger", "ledger", "prove", "old-pledge"]);
    ok(dir.path(), &["--ledger", "ledger", "checkpoint"]);
    let late = ok(dir.path(), &["--ledger", "ledger", "prove", "old-pledge"]);
    for (proof, later) in [(early, false), (late, true)] {
        std::fs::write(dir.path().join("fact.tlog-proof"), proof).expect("writes");
        let said = ok(dir.path(), &["verify", "fact.tlog-proof", "--key", &key]);
        assert_eq!(
            said.contains("corrected (misread): Open 60 places") && said.contains("withdrawn: not theirs"),
            later,
            "{said}"
        );
    }
}

#[test]
fn what_is_not_covered_yet_cannot_be_proved() {
    let (dir, _) = published();
    std::fs::write(
        dir.path().join("one.toml"),
        "[[party]]\nid = \"one-more\"\nname = \"One more\"\nkind = \"council\"\n",
    )
    .expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "one.toml", "-q"]);
    let output = run(dir.path(), &["--ledger", "ledger", "prove", "one-more"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("after the last checkpoint"), "{}", text(&output.stderr));
}

#[test]
fn publishing_again_adds_and_prunes_and_never_replaces_another_history() {
    let (dir, key) = published();
    let before = std::fs::read(dir.path().join("public/checkpoint")).expect("a checkpoint");
    std::fs::write(dir.path().join("seen"), &before).expect("writes");
    let parties: String = (0..300)
        .map(|n| format!("[[party]]\nid = \"party-{n}\"\nname = \"Party {n}\"\nkind = \"council\"\n"))
        .collect();
    std::fs::write(dir.path().join("many.toml"), parties).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "many.toml", "-q"]);
    let said = ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    assert!(said.contains("3 removed as no longer needed"), "{said}");
    let said = ok(dir.path(), &["verify", "public", "--key", &key, "--expect", "seen"]);
    assert!(said.contains("304 entries") && said.contains("holds all 4 entries of the checkpoint you gave"), "{said}");
    // The next run completes an interrupted one.
    std::fs::remove_file(dir.path().join("public/tile/0/000")).expect("removes");
    assert_eq!(run(dir.path(), &["verify", "public"]).status.code(), Some(4));
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    ok(dir.path(), &["verify", "public", "--key", &key]);
    // Another ledger of the same name does not overwrite the folder.
    let other = tempfile::tempdir().expect("a folder");
    init(other.path(), "ledger");
    ok(other.path(), &["--ledger", "ledger", "append", path(&dir.path().join("many.toml")), "-q"]);
    let output = run(other.path(), &["--ledger", "ledger", "publish", path(&dir.path().join("public"))]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stdout));
}

#[test]
fn a_rewritten_or_forked_history_is_found_by_whoever_kept_a_checkpoint() {
    let (dir, key) = published();
    std::fs::copy(dir.path().join("public/checkpoint"), dir.path().join("seen")).expect("copies");
    // The operator rewrites the log with the same key, and changes one fact.
    let rewritten = tempfile::tempdir().expect("a folder");
    let signing = dir.path().join("ledger/signing.key");
    let facts = std::fs::read_to_string(root().join("tests/errors/base.toml"))
        .expect("text")
        .replace("Open 50 places", "Open 5 places");
    std::fs::write(rewritten.path().join("facts.toml"), facts).expect("writes");
    ok(rewritten.path(), &["init", "ledger", "--origin", "example.org/proofs", "-q"]);
    std::fs::copy(&signing, rewritten.path().join("ledger/signing.key")).expect("copies");
    ok(rewritten.path(), &["--ledger", "ledger", "append", "facts.toml", "-q"]);
    ok(rewritten.path(), &["--ledger", "ledger", "publish", "public"]);
    let seen = dir.path().join("seen");
    let output = run(rewritten.path(), &["verify", "public", "--key", &key, "--expect", path(&seen)]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("the log was rewritten, or two versions of it were published"), "{said}");
    // With the key alone, a rewritten log verifies: this is why readers keep a checkpoint.
    ok(rewritten.path(), &["verify", "public", "--key", &key]);
}

#[test]
fn a_cut_off_tail_is_found_by_a_checkpoint_and_by_the_ledger_itself() {
    let (dir, key) = published();
    let backup = dir.path().join("backup");
    let copy = |from: &Path, to: &Path| {
        for file in files(from) {
            let target = to.join(file.strip_prefix(from).expect("inside"));
            std::fs::create_dir_all(target.parent().expect("a folder")).expect("makes");
            std::fs::copy(file, target).expect("copies");
        }
    };
    for folder in ["hot", "journal"] {
        copy(&dir.path().join("ledger").join(folder), &backup.join(folder));
    }
    std::fs::write(
        dir.path().join("one.toml"),
        "[[party]]\nid = \"one-more\"\nname = \"One more\"\nkind = \"council\"\n",
    )
    .expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "one.toml", "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "checkpoint"]);
    std::fs::copy(dir.path().join("ledger/checkpoint"), dir.path().join("seen")).expect("copies");
    let output = run(dir.path(), &["verify", "public", "--key", &key, "--expect", "seen"]);
    assert!(text(&output.stderr).contains("the end of the ledger was cut off"), "{}", text(&output.stderr));
    // Both copies are rolled back; the acknowledged mark and the signed mark each detect this
    // alone.
    for folder in ["hot", "journal"] {
        std::fs::remove_dir_all(dir.path().join("ledger").join(folder)).expect("removes");
        copy(&backup.join(folder), &dir.path().join("ledger").join(folder));
    }
    for (gone, named) in [("none", "acknowledged"), ("acknowledged", "signed")] {
        drop(std::fs::remove_file(dir.path().join("ledger").join(gone)));
        let output = run(dir.path(), &["--ledger", "ledger", "append", "one.toml"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains("the end of the ledger is lost") && said.contains(named), "{said}");
    }
}

#[test]
fn a_new_key_is_signed_by_the_old_and_reached_from_the_first() {
    let (dir, first) = published();
    let said = ok_with(dir.path(), "3", &["--ledger", "ledger", "key", "rotate"]);
    let second = said.lines().find_map(|l| l.trim().strip_prefix("public key   ")).expect("a key").to_owned();
    ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    for (key, signed) in
        [(&first, "a successor of the key you gave, in force since entry 4"), (&second, "signed by the key you gave")]
    {
        let said = ok(dir.path(), &["verify", "public", "--key", key]);
        assert!(said.contains(signed), "{said}");
    }
    std::fs::write(dir.path().join("fact.tlog-proof"), ok(dir.path(), &["--ledger", "ledger", "prove", "old-pledge"]))
        .expect("writes");
    ok(dir.path(), &["verify", "fact.tlog-proof", "--key", &first]);
    // The old key cannot sign any more.
    std::fs::copy(dir.path().join("ledger/signing.key.until-4"), dir.path().join("ledger/signing.key"))
        .expect("copies");
    let output = run(dir.path(), &["--ledger", "ledger", "checkpoint"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}

#[test]
fn a_signature_asked_for_and_missing_has_an_exit_code_of_its_own() {
    let dir = ledger_of(&root().join("tests/errors/base.toml"));
    let (_, key) = published();
    assert_eq!(run(dir.path(), &["--ledger", "ledger", "verify"]).status.code(), Some(0));
    assert_eq!(run(dir.path(), &["--ledger", "ledger", "verify", "--key", &key]).status.code(), Some(6));
}

/// Decides the test cases of transparency-dev/merkle, if they are on this machine.
#[test]
fn every_case_of_the_transparency_worlds_is_decided_right() {
    let folder = root().join("../shared/data/merkle");
    if !folder.is_dir() {
        eprintln!("SKIPPED: the cases of transparency-dev/merkle are not at {}", folder.display());
        return;
    }
    let cases = |name: &str| -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(folder.join(name)).expect("cases");
        text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
    };
    // Roots of another length are hashed, because only their equality matters.
    let hash = |v: &serde_json::Value| -> Option<Hash> {
        let bytes = data_encoding::BASE64.decode(v.as_str()?.as_bytes()).ok()?;
        Some(bytes.as_slice().try_into().map_or_else(|_| Hash(*blake3::hash(&bytes).as_bytes()), Hash))
    };
    let is_hash = |v: &serde_json::Value| v.as_str().is_some_and(|text| text.len() == 44);
    let proof = |case: &serde_json::Value| -> Option<Vec<Hash>> {
        case["proof"].as_array().map_or(Some(Vec::new()), |p| p.iter().map(hash).collect())
    };
    let mut decided = 0;
    for case in cases("inclusion.jsonl") {
        let verify = || -> Option<Result<(), ProofError>> {
            let (leaf, root) = (hash(&case["leafHash"])?, hash(&case["root"])?);
            if !is_hash(&case["leafHash"]) || !is_hash(&case["root"]) {
                return None;
            }
            Some(verify_inclusion(&leaf, case["leafIdx"].as_u64()?, case["treeSize"].as_u64()?, &proof(&case)?, &root))
        };
        assert_eq!(
            verify().is_none_or(|r| r.is_err()),
            case["wantErr"].as_bool().expect("a verdict"),
            "inclusion {}",
            case["name"]
        );
        decided += 1;
    }
    for case in cases("consistency.jsonl") {
        let verify = || -> Option<Result<(), ProofError>> {
            let (old, new) = (hash(&case["root1"])?, hash(&case["root2"])?);
            Some(verify_consistency((case["size1"].as_u64()?, &old), (case["size2"].as_u64()?, &new), &proof(&case)?))
        };
        assert_eq!(
            verify().is_none_or(|r| r.is_err()),
            case["wantErr"].as_bool().expect("a verdict"),
            "consistency {}: {}",
            case["name"],
            case["desc"]
        );
        decided += 1;
    }
    assert_eq!(decided, 196);
}
