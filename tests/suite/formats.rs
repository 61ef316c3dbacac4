//! Checks that an independent decoder and verifier, written from docs/FORMAT.md alone, agrees with
//! ours.

use crate::{has_tool, ok, root, seeds, text};
use std::path::PathBuf;
use std::process::Command;

/// Returns the Python that has a package: `HELDTO_PYTHON` if set, otherwise `python3`.
pub fn python(package: &str) -> Option<PathBuf> {
    let python = std::env::var_os("HELDTO_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    has_tool("python", &python, &["-c", &format!("import {package}")]).then_some(python)
}

#[test]
fn a_verifier_in_python_agrees_on_the_export_and_on_every_vector() {
    let Some(python) = python("blake3") else { return };
    let verifier = root().join("tests/python/verify.py");
    let dir = tempfile::tempdir().expect("a folder");
    let export = dir.path().join("seeds.jsonl");
    std::fs::write(&export, ok(seeds(), &["--ledger", "ledger", "export"])).expect("writes");
    let ours = ok(seeds(), &["--ledger", "ledger", "verify", "--json"]);
    let ours: serde_json::Value = serde_json::from_str(&ours).expect("JSON");
    let output = Command::new(&python).arg("-B").arg(&verifier).arg(&export).output().expect("python runs");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    let tree = data_encoding::BASE64.decode(ours["root"].as_str().expect("a root").as_bytes()).expect("base64");
    let tree = heldto_proof::Hash(tree.try_into().expect("32 bytes")).to_string();
    for value in [ours["chain"].as_str().expect("a hash"), &tree] {
        assert!(said.contains(value), "{value} wanted: {said}");
    }
    assert!(said.contains(&format!("{} entries", ours["entries"])), "{said}");
    // The same for an export without its sensitive parts.
    let copy = crate::ledger_of(&root().join("seeds"));
    ok(copy.path(), &["--ledger", "ledger", "export", "public.jsonl", "--public"]);
    let output = Command::new(&python).arg("-B").arg(&verifier).arg(copy.path().join("public.jsonl")).output();
    let output = output.expect("python runs");
    assert!(output.status.success() && text(&output.stdout).contains("10 withheld"), "{}", text(&output.stdout));
    let vectors: Vec<PathBuf> = std::fs::read_dir(root().join("vectors"))
        .expect("vectors")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|x| x == "json"))
        // Only their signatures are wrong, and the Python verifier checks no signatures.
        .filter(|p| {
            p.file_stem().is_none_or(|name| {
                !["broken-reserve-key", "broken-reserve-key-unknown"].contains(&name.to_string_lossy().as_ref())
            })
        })
        .collect();
    assert!(vectors.len() > 60);
    let output = Command::new(&python).arg("-B").arg(&verifier).args(&vectors).output().expect("python runs");
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn the_same_facts_at_the_same_time_with_the_same_salts_are_the_same_bytes() {
    let again = crate::ledger_of(&root().join("seeds"));
    let first = ok(seeds(), &["--ledger", "ledger", "export"]);
    assert_eq!(first, ok(again.path(), &["--ledger", "ledger", "export"]));
}
