//! Runs the program as a user would, and then as an adversary.
//!
//! Has the helpers that all modules share: [`heldto`] prepares a run, and [`ok`] expects it to
//! succeed.

mod adding;
mod architecture;
mod browser;
mod care;
mod cites;
mod commands;
mod copies;
mod crash;
mod disclosure;
mod durable;
mod erasure;
mod errors;
mod every;
mod firsthour;
mod formats;
mod house;
mod intake;
mod keys;
mod limits;
mod lists;
mod mirrors;
mod narrow;
mod official;
mod proofs;
mod questions;
mod quotations;
mod readers;
mod readme;
mod remedies;
mod reports;
mod rules;
mod sid;
mod site;
mod stamps;
mod strangers;
mod tables;
mod tamper;
mod vectors;
mod verdicts;
mod warnings;
mod witnesses;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Returns the root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Returns the program, to be run in a folder at noon on 22 November 2026.
fn heldto(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heldto-test"));
    command.current_dir(dir).stdin(Stdio::null());
    for name in [
        "HELDTO_LEDGER",
        "HELDTO_KEY_FILE",
        "NO_COLOR",
        "HELDTO_TEST_NOW",
        "HELDTO_TEST_SEED",
        "HELDTO_TEST_WIDTH",
        "HELDTO_TEST_TERMINAL",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs the program and waits for its end.
fn run(dir: &Path, arguments: &[&str]) -> Output {
    heldto(dir).args(arguments).output().expect("the program starts")
}

/// Runs the program, expects success, and returns its standard output.
fn ok(dir: &Path, arguments: &[&str]) -> String {
    let output = run(dir, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Returns output as text: of a workbook, the text of all its parts.
fn text(bytes: &[u8]) -> String {
    if bytes.starts_with(b"PK\x03\x04") {
        let mut book = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a workbook");
        return (0..book.len())
            .map(|n| std::io::read_to_string(book.by_index(n).expect("a part")).expect("UTF-8"))
            .collect();
    }
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Returns the options with which tests open the store of a ledger.
fn opening(waiting: heldto_store_sled::Waiting<'_>) -> heldto_store_sled::Opening<'_> {
    heldto_store_sled::Opening {
        access: heldto_store_sled::Access::Write,
        hashes: heldto_ledger::index_hashes,
        notices: heldto_store::Notices::default(),
        waiting,
        source: None,
    }
}

/// Returns a folder with a ledger in `ledger` of the facts in a file or folder.
fn ledger_of(facts: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "--origin", "example.org/test", "-q"]);
    let facts = facts.to_str().expect("a path in UTF-8");
    ok(dir.path(), &["--ledger", "ledger", "append", facts, "-q"]);
    dir
}

/// Returns a folder with a ledger of the seeds, created once.
fn seeds() -> &'static Path {
    static SEEDS: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
    SEEDS.get_or_init(|| ledger_of(&root().join("seeds"))).path()
}

/// Returns a text with a word in place of each hash: they change with every fact, and say nothing
/// to a reader of goldens. `reports::the_footer_names_the_log_that_verify_checks` holds the real
/// ones.
fn without_hashes(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mut found = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_part) {
        let (before, word) = rest.split_at(begin);
        let end = word.find(|c| !is_part(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        found.push_str(before);
        found.push_str(match word.len() {
            64 if word.bytes().all(|b| b.is_ascii_hexdigit()) => "HASH",
            44 if word.ends_with('=') => "TREE-HEAD",
            _ => word,
        });
        rest = after;
    }
    found + rest
}

/// Compares with a golden file, both without hashes; `SNAPSHOTS=overwrite` rewrites that file.
fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let expected = snapbox::Data::read_from(&path, Some(snapbox::data::DataFormat::Text)).raw();
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(without_hashes(actual), expected);
}

/// Returns `true` if a tool runs on this machine, and otherwise reports that the test is skipped.
///
/// # Panics
///
/// If the tool is missing and named in `HELDTO_REQUIRE`, as in CI.
fn has_tool(name: &str, tool: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    let tool = tool.as_ref();
    let is_found = Command::new(tool).args(arguments).output().is_ok_and(|o| o.status.success());
    is_here(is_found, name, &format!("{} {arguments:?} does not run", tool.to_string_lossy()))
}

/// Returns `true` if a file or folder of a tool is on this machine, as [`has_tool`] does.
fn has_file(name: &str, path: &Path) -> bool {
    is_here(path.exists(), name, &format!("{} is not there", path.display()))
}

/// Reports a tool that is not here; `HELDTO_REQUIRE` is a list of tools, with commas.
fn is_here(is_found: bool, name: &str, why: &str) -> bool {
    if !is_found {
        let required = std::env::var("HELDTO_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|required| required.trim() == name), "{name} is wanted here: {why}");
        eprintln!("SKIPPED, for want of {name}: {why}");
    }
    is_found
}
