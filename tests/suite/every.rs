//! Lists every report and every format, for tests that hold for all of them. Start at [`reports`].

use crate::{ok, root};
use heldto_report::Format;

/// The reports: each with the least that it asks for, `BODY` in place of a party.
const REPORTS: [&str; 11] = [
    "report pledges",
    "report authority BODY",
    "report money",
    "report amounts",
    "report metrics",
    "report questions",
    "report slippage",
    "report contradictions",
    "report deliveries",
    "report changes 2024-03-01",
    "report agenda",
];

/// Returns the arguments of every report and of the timeline, on a ledger that names this body.
pub fn reports(body: &str) -> Vec<String> {
    REPORTS.iter().chain(&["timeline"]).map(|report| report.replace("BODY", body)).collect()
}

/// Returns the word of every format.
pub fn formats() -> impl Iterator<Item = &'static str> {
    Format::ALL.into_iter().map(|(_, word)| word)
}

#[test]
fn no_report_is_missing_here() {
    let help = ok(&root(), &["report", "--help"]);
    let commands = help.split("\nCommands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("commands");
    // The second line of a long explanation is further in.
    let names = commands.lines().filter(|line| !line.starts_with("   ")).filter_map(|l| l.split_whitespace().next());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    let here = REPORTS.map(|report| report.split(' ').nth(1).expect("a name"));
    assert_eq!(names, here, "`REPORTS` has every report, in the order of the help");
}
