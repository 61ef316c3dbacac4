//! Checks that README.md shows the output of the program.

use crate::{ok, root, seeds};

/// Checks that the transcript is the beginning of the report on the seeds, word for word.
#[test]
fn the_transcript_is_real() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a transcript");
    let report = ok(seeds(), &["--ledger", "ledger", "report", "pledges"]);
    let lines = shown.lines().count();
    let printed: String = report.lines().take(lines).map(|l| format!("{l}\n")).collect();
    assert_eq!(shown, printed);
    assert!(lines > 20, "{lines} lines");
}
