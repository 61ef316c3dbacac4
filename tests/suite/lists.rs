//! Checks lists: their filters, the grouping of mentions, and sums that agree between tables and
//! reports.

use crate::{every, ledger_of, ok, root, run, seeds, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn rows(dir: &Path, arguments: &[&str]) -> Vec<Value> {
    let printed = ok(dir, &[&["--ledger", "ledger"], arguments, &["--json"]].concat());
    let report: Value = serde_json::from_str(&printed).expect("JSON");
    report["rows"].as_array().expect("rows").clone()
}

fn ids(dir: &Path, arguments: &[&str]) -> Vec<String> {
    rows(dir, arguments).iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn facts_are_found_by_what_they_are() {
    let of = |arguments: &[&str]| ids(seeds(), &[&["timeline"], arguments].concat());
    assert!(of(&["--act", "apology"]).contains(&"dcc-apology-2024".to_owned()));
    assert!(!of(&["--act", "apology"]).contains(&"dcc-places-need".to_owned()));
    assert!(of(&["--act", "admission"]).contains(&"dcc-places-need".to_owned()));
    assert!(of(&["--what", "appointment"]).contains(&"siab-chair-in-post".to_owned()));
    assert!(of(&["--form", "plan"]).contains(&"priority-plan-2025".to_owned()));
    assert_eq!(of(&["--form", "improvement notice"]), ["notice-2025-01", "notice-retold-2025"]);
    assert_eq!(of(&["--decision", "upheld"]), ["lgsco-nine-decisions"]);
    let wrong = run(seeds(), &["--ledger", "ledger", "timeline", "--decision", "maybe"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("quashed"), "{}", text(&wrong.stderr));
}

#[test]
fn words_find_the_names_of_speakers_and_bodies() {
    let found = ids(seeds(), &["timeline", "--text", "farnsworth"]);
    assert!(found.len() > 10 && found.contains(&"dcc-16m-unspent".to_owned()), "{found:?}");
    let line = ok(seeds(), &["--ledger", "ledger", "timeline", "--text", "£16m"]);
    assert!(line.contains("Linsey Farnsworth"), "a list says who spoke: {line}");
}

#[test]
fn members_count_as_their_body_where_that_is_asked_for() {
    let alone = ids(seeds(), &["report", "pledges", "--by", "uk-government"]);
    let with_members = ids(seeds(), &["report", "pledges", "--by", "uk-government", "--members"]);
    assert!(with_members.len() > alone.len() && alone.iter().all(|id| with_members.contains(id)));
    let departments = ids(seeds(), &["report", "pledges", "--by", "dfe"]);
    assert!(!departments.is_empty() && departments.iter().all(|id| with_members.contains(id)));
}

#[test]
fn one_thing_told_again_is_one_line_with_its_count() {
    let printed = ok(seeds(), &["--ledger", "ledger", "timeline", "--form", "improvement notice"]);
    assert!(printed.contains("2 facts record 1 distinct thing, from 2 sources."), "{printed}");
    assert!(printed.contains("recorded 2 times, also as notice-retold-2025"), "{printed}");
    assert_eq!(ids(seeds(), &["timeline", "--form", "improvement notice"]).len(), 2, "every telling is a row");
}

#[test]
fn what_finds_nothing_says_what_nearly_matched() {
    let printed = ok(seeds(), &["--ledger", "ledger", "timeline", "--by", "nao", "--voice", "critic"]);
    let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(printed.contains("With one condition left out: ") && printed.contains("without the voice"), "{printed}");
    let found = ok(seeds(), &["--ledger", "ledger", "timeline", "--by", "nao"]);
    assert!(!found.contains("With one condition left out"), "{found}");
}

/// Returns the sum of one column over the rows of one type, by group, in ten-thousandths.
fn added(rows: &[Value], column: &str, such: &str) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in rows.iter().filter(|row| row["row"] == such) {
        let number = match &row[column] {
            Value::Number(n) => n.to_string(),
            Value::String(n) => n.clone(),
            _ => continue,
        };
        let (whole, decimals) = number.split_once('.').unwrap_or((&number, ""));
        let n: i64 = format!("{whole}{decimals:0<4}").parse().expect("a number");
        let group = format!("{} {} {} {}", row["whose"], row["role"], row["per"], row["unit"]);
        *sums.entry(group).or_default() += n;
    }
    sums
}

/// Checks that a spreadsheet that adds up a column gets the total of the report.
///
/// Each event has its own amount, a total is a separate row, and an unknown number is empty.
#[test]
fn a_spreadsheet_adds_up_what_the_report_says() {
    let overlapping = ledger_of(&root().join("tests/rules/may-overlap.toml"));
    for (dir, least) in [(seeds(), 5), (overlapping.path(), 1)] {
        for report in ["money", "amounts"] {
            let rows = rows(dir, &["report", report]);
            let overlaps = |group: &str| {
                rows.iter().any(|row| {
                    format!("{} {} {} {}", row["whose"], row["role"], row["per"], row["unit"]) == group
                        && row["may-overlap"].as_array().is_some_and(|all| !all.is_empty())
                })
            };
            let (things, totals) = (added(&rows, "high", "thing"), added(&rows, "total-high", "total"));
            assert!(report == "money" || totals.len() >= least, "{report}: {totals:?}");
            for (group, total) in &totals {
                assert_eq!(things.get(group), Some(total), "{report}: {group}");
            }
            let (things, totals) = (added(&rows, "low", "thing"), added(&rows, "total-low", "total"));
            for (group, total) in totals.iter().filter(|(group, _)| !overlaps(group)) {
                assert_eq!(things.get(group), Some(total), "{report}: {group}");
            }
            // An unknown number is empty rather than zero.
            let unknown =
                rows.iter().filter(|row| row["told-as"].as_str().is_some_and(|t| t.contains("not quantified")));
            for row in unknown {
                assert!(row["low"].is_null() && row["high"].is_null(), "{row}");
            }
        }
    }
    let of_council = rows(seeds(), &["report", "authority", "derbyshire-cc"]);
    let invested: Vec<&str> = of_council
        .iter()
        .filter(|row| row["section"] == "money" && row["status"] == "invested")
        .filter_map(|row| row["amount"].as_str())
        .collect();
    assert_eq!(invested, ["£11m", "£1m"], "each thing has its own amount, and not the total");
}

/// Checks that inconsistencies within a fact and between parts and whole are found, certain ones
/// apart from possible ones.
#[test]
fn facts_that_do_not_fit_together_are_found() {
    let dir = ledger_of(&root().join("tests/suite/misfits.toml"));
    let found = rows(dir.path(), &["report", "contradictions"]);
    let of = |kind: &str, id: &str| {
        let holds =
            |row: &&Value| row["kind"] == kind && row["ids"].as_array().is_some_and(|all| all.iter().any(|x| x == id));
        found.iter().find(holds).and_then(|row| row["sure"].as_str())
    };
    assert_eq!(of("figures", "share-wrong"), Some("certain"), "{found:?}");
    assert_eq!(of("figures", "share-right"), None);
    assert_eq!(of("sums", "whole"), Some("certain"), "{found:?}");
    assert_eq!(of("sums", "whole-fits"), None);
    assert_eq!(of("days", "opened-1"), Some("certain"), "{found:?}");
    assert_eq!(of("readings", "either-day"), Some("possible"), "{found:?}");
    assert_eq!(of("linked", "says-yes"), Some("possible"), "{found:?}");
    let agenda = ok(dir.path(), &["--ledger", "ledger", "report", "agenda"]);
    let flat = agenda.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("Do these agree? It is said to be open"), "{flat}");
    assert!(flat.contains("Which is right? The share in time"), "{flat}");
}

/// Checks that each column of every table has the same sum as in JSON, and that no event has two
/// rows with numbers.
#[test]
fn the_table_of_every_report_adds_up_to_the_report() {
    // The columns that are the same in every row: the clocks and the state of the log.
    let basis = ["as-of", "known-by", "entries", "tree-head"];
    let mut numbers = 0;
    for report in every::reports("derbyshire-cc") {
        let report: &[&str] = &report.split(' ').collect::<Vec<_>>();
        let table = ok(seeds(), &[&["--ledger", "ledger"], report, &["--format", "csv"]].concat());
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        let lines: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a row")).collect();
        let rows = rows(seeds(), report);
        assert_eq!(lines.len(), rows.len(), "{report:?}");
        for (n, column) in header.iter().enumerate().filter(|(_, c)| !basis.contains(&c.as_str())) {
            let number = |text: &str| text.parse::<f64>().ok();
            let in_table: f64 = lines.iter().filter_map(|l| number(l.get(n)?)).sum();
            let in_report: f64 = rows
                .iter()
                .filter_map(|row| match &row[column] {
                    Value::Number(n) => n.as_f64(),
                    Value::String(text) => number(text),
                    _ => None,
                })
                .sum();
            assert!((in_table - in_report).abs() < 0.001, "{report:?} {column}: {in_table} and {in_report}");
            numbers += usize::from(in_table > 0.0);
        }
        let of_numbers =
            ["low", "high", "total-low", "total-high", "numerator", "denominator", "days-least", "days-most"];
        let mut seen = std::collections::BTreeSet::new();
        for row in rows.iter().filter(|row| of_numbers.iter().any(|column| !row[*column].is_null())) {
            let key = ["row", "whose", "role", "per", "unit", "id", "party", "to"].map(|key| row[key].to_string());
            assert!(seen.insert(key.clone()), "{report:?}: twice: {key:?}");
        }
    }
    assert!(numbers > 10, "{numbers} columns with numbers");
}

#[test]
fn what_a_body_owed_is_shown_as_inherited_on_both_sides() {
    let dir = ledger_of(&root().join("tests/rules/succession.toml"));
    let day = ["--as-of", "2028-06-01"];
    let told = |command: &[&str]| {
        let printed = ok(dir.path(), &[&["--ledger", "ledger"], command, &day].concat());
        printed.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let report = |more: &[&str]| told(&[&["report"], more].concat());
    for body in ["old", "south", "north"] {
        let printed = report(&["pledges", "--by", body]);
        assert!(printed.contains("Open 120 places") && printed.contains("inherited: Old Council"), "{body}: {printed}");
    }
    let south = report(&["pledges", "--by", "south"]);
    assert!(south.contains("3 commitments on record") && south.contains("1 is inherited"), "{south}");
    assert!(!report(&["pledges", "--by", "north"]).contains("library"), "of the town it inherits nothing");
    let before = ok(dir.path(), &["--ledger", "ledger", "report", "pledges", "--by", "south", "--as-of", "2028-01-01"]);
    assert!(!before.contains("Open 120 places"), "{before}");
    let old = report(&["authority", "old"]);
    assert!(old.contains("gss E10000001 (until 1 Apr 2028)"), "{old}");
    assert!(old.contains("succeeded by North Council and South Council, 1 Apr 2028"), "{old}");
    assert!(old.contains("schools to North Council") && old.contains("debts, to which body is not recorded"), "{old}");
    assert!(report(&["authority", "south"]).contains("follows Old Council, 1 Apr 2028 (reorganised)"));
    let both = "reorganised · succession · Old Council, followed by North Council and South Council";
    assert!(report(&["changes", "2028-01-01"]).contains(both));
    assert!(told(&["timeline", "--kind", "succession"]).contains(both));
    let shown = told(&["show", "reorganised"]);
    assert!(shown.contains("of Old Council (old)") && shown.contains("schools to North Council (north)"), "{shown}");
    let figures = report(&["metrics", "--about", "north"]);
    assert!(figures.contains("The series is cut") && figures.contains("Oldest first. Apr 2028 50%"), "{figures}");
}
