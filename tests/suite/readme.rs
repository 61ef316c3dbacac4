//! Checks that README.md and the tutorial show the output of the program.

use crate::{heldto, ok, root, text};
use std::path::Path;
use std::process::Command;

/// Checks that the transcript is the beginning of what the demonstration prints, word for word.
#[test]
fn the_transcript_is_real() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a transcript");
    let dir = tempfile::tempdir().expect("a folder");
    let report = ok(dir.path(), &["demo"]);
    let lines = shown.lines().count();
    let printed: String = report.lines().take(lines).map(|l| format!("{l}\n")).collect();
    assert_eq!(shown, printed);
    assert!(lines > 15, "{lines} lines");
}

/// Line that ends the output of a block.
const END: &str = "=== end of a block";

/// Runs the commands of the tutorial to the letter, in one shell, without home, locale or colour,
/// and compares what each block prints with the text after it. `SNAPSHOTS=overwrite` writes the
/// text.
#[test]
fn the_tutorial_is_real() {
    let path = root().join("docs/TUTORIAL.md");
    let tutorial = std::fs::read_to_string(&path).expect("TUTORIAL.md");
    let blocks: Vec<&str> =
        tutorial.split("```sh\n").skip(1).map(|rest| rest.split("```").next().expect("an end")).collect();
    let dir = tempfile::tempdir().expect("a folder");
    // The tests' program, which has a clock and keys of its own, under the name that is typed.
    let program = heldto(dir.path()).get_program().to_owned();
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).expect("a folder");
    let script = format!("#!/bin/sh\nexec {} \"$@\"\n", Path::new(&program).display());
    std::fs::write(bin.join("heldto"), script).expect("writes");
    ok_shell(dir.path(), "chmod +x bin/heldto");
    let commands: String = blocks.iter().map(|block| format!("{block}\necho '{END}'\n")).collect();
    let printed = ok_shell(dir.path(), &commands);
    let printed: Vec<&str> = printed.split(&format!("{END}\n")).collect();
    assert_eq!(printed.len(), blocks.len() + 1, "{printed:?}");
    let mut written = tutorial.clone();
    for (block, printed) in blocks.iter().zip(&printed) {
        let after = tutorial.split(&format!("```sh\n{block}```\n\n")).nth(1).expect("what follows");
        let Some(shown) = after.strip_prefix("```text\n").and_then(|rest| rest.split("```").next()) else { continue };
        if std::env::var("SNAPSHOTS").is_ok_and(|mode| mode == "overwrite") {
            let of = |text: &str| format!("```sh\n{block}```\n\n```text\n{text}```");
            written = written.replace(&of(shown), &of(printed));
            std::fs::write(&path, &written).expect("writes");
        } else {
            assert_eq!(shown, *printed, "{block}");
        }
    }
    assert!(dir.path().join("anyshire/site/index.html").is_file(), "the tutorial ends with a page");
}

/// Runs commands in a shell that stops at the first error; returns what they print.
fn ok_shell(dir: &Path, commands: &str) -> String {
    let output = Command::new("sh")
        .args(["-e", "-c", commands])
        .current_dir(dir)
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", dir.join("bin").display()))
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Records the examples as they stand: one of every kind that is written by hand.
#[test]
fn the_examples_are_facts_of_every_kind() {
    let examples = std::fs::read_to_string(root().join("docs/EXAMPLES.md")).expect("EXAMPLES.md");
    let blocks = examples.split("```toml\n").skip(1).map(|rest| rest.split("```").next().expect("an end"));
    let facts = blocks.collect::<Vec<_>>().join("\n");
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("examples.toml"), &facts).expect("writes");
    ok(dir.path(), &["init", "ledger", "--origin", "example.org/examples", "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "append", "examples.toml", "-q"]);
    for kind in heldto_fact::Kind::ALL.iter().filter(|kind| !kind.is_system()) {
        let is_amending = matches!(kind, heldto_fact::Kind::Correction | heldto_fact::Kind::Retraction);
        assert!(is_amending || facts.contains(&format!("[[{kind}]]")), "no example of a {kind}");
    }
    let report = ok(dir.path(), &["--ledger", "ledger", "report", "pledges"]);
    assert!(report.contains("part-met") && report.contains("74 of 120"), "{report}");
}
