//! Compares every report on the seeds with a golden file in every format, and checks properties of
//! all reports.

use crate::{every, golden, heldto, ledger_of, ok, root, run, seeds, text};
use serde_json::Value;

/// The reports: the name of the golden file, and the arguments.
const REPORTS: [(&str, &[&str]); 13] = [
    ("pledges", &["pledges", "--about", "derbyshire-lap", "--scale", "politifact"]),
    ("authority", &["authority", "derbyshire-cc"]),
    ("money", &["money"]),
    ("money-totals", &["money", "--totals"]),
    ("amounts", &["amounts", "--unit", "places"]),
    ("metrics", &["metrics"]),
    ("metrics-of-one", &["metrics", "--about", "derbyshire-cc"]),
    ("questions", &["questions"]),
    ("slippage", &["slippage"]),
    ("contradictions", &["contradictions"]),
    ("deliveries", &["deliveries", "--unpledged"]),
    ("changes", &["changes", "2025-03-01", "--by", "derbyshire-cc"]),
    ("agenda", &["agenda", "--by", "derbyshire-cc"]),
];

/// Returns the formats that fit a report: a calendar or a feed needs days. A workbook has the rows
/// of CSV.
fn formats(name: &str) -> impl Iterator<Item = &'static str> {
    let has_days = ["pledges", "changes"].contains(&name);
    every::formats().filter(move |format| *format != "xlsx" && (has_days || !["ics", "atom"].contains(format)))
}

#[test]
fn no_report_is_without_a_golden() {
    for report in every::reports("derbyshire-cc").iter().filter_map(|report| report.strip_prefix("report ")) {
        let name = report.split(' ').next();
        assert!(REPORTS.iter().any(|(_, arguments)| arguments.first().copied() == name), "{report}");
    }
}

fn printed(width: &str, report: &[&str], more: &[&str]) -> String {
    let arguments = [&["--ledger", "ledger", "report"], report, more].concat();
    let output = heldto(seeds()).env("HELDTO_TEST_WIDTH", width).args(&arguments).output().expect("starts");
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Holds the hashes that the goldens leave out: each report's footer names the log that `verify`
/// checks.
#[test]
fn the_footer_names_the_log_that_verify_checks() {
    let checked = ok(seeds(), &["--ledger", "ledger", "verify", "--format", "json"]);
    let checked: Value = serde_json::from_str(&checked).expect("JSON");
    let (root, chain) = (checked["root"].as_str().expect("a tree head"), checked["chain"].as_str().expect("a chain"));
    assert_eq!((root.len(), chain.len()), (44, 64));
    let mut digests = std::collections::BTreeSet::new();
    for (name, report) in REPORTS {
        let json: Value = serde_json::from_str(&printed("80", report, &["--format", "json"])).expect("JSON");
        let digest = json["digest"].as_str().expect("a digest").to_owned();
        assert_eq!((json["tree-head"].as_str(), json["chain"].as_str()), (Some(root), Some(chain)), "{name}");
        for format in ["table", "md", "html"] {
            let shown = printed("80", report, &["--format", format]);
            assert!([root, chain, &digest].iter().all(|hash| shown.contains(*hash)), "{name} {format}");
        }
        let rows = printed("80", report, &["--format", "csv"]);
        assert!(rows.lines().skip(1).all(|row| row.contains(root) || !row.contains(',')), "{name}");
        assert!(digests.insert(digest), "{name}: two reports have one digest");
    }
}

#[test]
fn every_report_in_every_format() {
    for (name, report) in REPORTS {
        for format in formats(name) {
            let end = if format == "table" { "txt" } else { format };
            golden(&format!("goldens/reports/{name}.{end}"), &printed("80", report, &["--format", format]));
        }
        golden(&format!("goldens/reports/{name}-200.txt"), &printed("200", report, &[]));
    }
    golden("goldens/reports/timeline.ics", &ok(seeds(), &["--ledger", "ledger", "timeline", "--format", "ics"]));
}

#[test]
fn every_table_keeps_to_its_width_and_colour_says_nothing_alone() {
    for (name, report) in REPORTS {
        for (width, columns) in [("80", 80), ("200", 200)] {
            let plain = printed(width, report, &["--color", "never"]);
            for line in plain.lines().filter(|l| !l.starts_with("tree head") && !l.starts_with("chain ")) {
                assert!(line.chars().count() <= columns, "{name}: {} columns: {line}", line.chars().count());
            }
            let coloured = printed(width, report, &["--color", "always"]);
            assert!(coloured.contains("\u{1b}["), "{name}");
            assert_eq!(uncoloured(coloured), plain, "{name}");
        }
    }
}

fn uncoloured(mut text: String) -> String {
    while let Some(start) = text.find("\u{1b}[") {
        let end = start + text[start..].find('m').expect("its end");
        text.replace_range(start..=end, "");
    }
    text
}

/// Checks that a restored ledger prints the same bytes, and that the digest is the same in every
/// format.
#[test]
fn the_same_ledger_elsewhere_gives_the_same_bytes() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let export = elsewhere.path().join("export.jsonl");
    std::fs::write(&export, ok(seeds(), &["--ledger", "ledger", "export"])).expect("writes");
    ok(elsewhere.path(), &["restore", "export.jsonl", "again", "-q"]);
    for (name, report) in REPORTS {
        let mut digests = std::collections::BTreeSet::new();
        for format in formats(name) {
            let again = [&["--ledger", "again", "report"], report, &["--format", format]].concat();
            let (here, there) = (printed("80", report, &["--format", format]), ok(elsewhere.path(), &again));
            assert_eq!(here, there, "{name} as {format}");
            // A table of rows, a calendar and a feed have no digest.
            if !["csv", "ics", "atom"].contains(&format) {
                let at = here.rfind("digest").expect("a digest");
                let hex = here[at + 6..].trim_start_matches(|c: char| !c.is_ascii_hexdigit());
                digests.insert(hex.chars().take(64).collect::<String>());
            }
        }
        assert_eq!(digests.len(), 1, "{name}: {digests:?}");
    }
}

#[test]
fn a_later_report_on_an_earlier_place_in_the_log_is_the_earlier_report() {
    let dir = ledger_of(&root().join("tests/suite/every-kind.toml"));
    let at = |clocks: &[&str]| {
        ok(dir.path(), &[&["--ledger", "ledger", "report", "pledges", "--as-of", "2026-01-01"], clocks].concat())
    };
    let before = at(&[]);
    let rows: Value = serde_json::from_str(&at(&["--json"])).expect("JSON");
    let (pledge, size) = (rows["rows"][0]["id"].as_str().expect("a pledge"), rows["entries"].to_string());
    ok(dir.path(), &["--ledger", "ledger", "retract", pledge, "--reason", "It was never made", "-q"]);
    assert_ne!(before, at(&[]));
    assert_eq!(before, at(&["--at", &size]));
    assert_eq!(before, at(&["--at", &size, "--known-by", "2026-01-01"]));
}

/// Checks that corrections and measurements after the given day or index are listed as changes.
#[test]
fn what_is_new_holds_corrections_and_counts_figures() {
    let dir = ledger_of(&root().join("tests/suite/every-kind.toml"));
    let changes = |since: &str| {
        let report = ok(dir.path(), &["--ledger", "ledger", "report", "changes", since]);
        report.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let size: Value = serde_json::from_str(&ok(dir.path(), &["--ledger", "ledger", "verify", "--json"])).expect("JSON");
    let size = size["entries"].to_string();
    assert!(changes(&size).contains("0 facts were corrected or retracted"));
    let shown = ok(dir.path(), &["--ledger", "ledger", "timeline", "--kind", "pledge", "--json"]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let id = shown["rows"][0]["id"].as_str().expect("a pledge");
    ok(dir.path(), &["--ledger", "ledger", "retract", id, "--reason", "It was somebody else", "-q"]);
    for since in [size.as_str(), "2020-01-01"] {
        let report = changes(since);
        assert!(
            report.contains("1 fact was corrected or retracted") && report.contains("It was somebody else"),
            "{report}"
        );
    }
    assert!(changes("1").contains("figure"), "{}", changes("1"));
    let other = run(dir.path(), &["--ledger", "ledger", "report", "changes", "no-such-file"]);
    assert!(!other.status.success());
    for (wrong, said) in [
        ("2026-13-01", "`2026-13-01` is neither a day, an entry number nor a file"),
        ("99999", "the comparison starts at entry 99999, but the number of entries is"),
    ] {
        let refused = run(dir.path(), &["--ledger", "ledger", "report", "changes", wrong]);
        let message = text(&refused.stderr);
        assert!(refused.status.code() == Some(2) && message.contains(said) && !message.contains("--at"), "{message}");
    }
    for flag in ["--as-of", "--known-by", "--since", "--until"] {
        let refused = run(dir.path(), &["--ledger", "ledger", "timeline", flag, "2026-13-01"]);
        let message = text(&refused.stderr);
        assert!(refused.status.code() == Some(2) && message.contains("such as 2026-11-22"), "{message}");
    }
}

/// Checks that arithmetic on fields of facts gives bounds, and refuses invalid or sensitive
/// operands.
#[test]
fn arithmetic_prints_bounds_and_says_what_it_rests_on() {
    let calc = |expression: &str| {
        let out = ok(seeds(), &["--ledger", "ledger", "calc", expression]);
        out.lines().skip_while(|line| !line.is_empty()).nth(1).expect("a result").to_owned()
    };
    for (expression, result) in [
        ("2025-01-14 + 2 weeks", "28 Jan 2025"),
        (
            "notice-priority-impact-plan.due - inspection-report-2024.occurred",
            "between 75 days later and 104 days later",
        ),
        ("dcc-11m-places / dcc-500-places.target", "£22,000 for each of the places"),
        ("dcc-11m-places - dcc-1m-service", "£10m"),
        ("dcc-1m-service - lgsco-payout-batch", "less than £980,000"),
        ("lgsco-payout-batch + 500 GBP", "more than £20,500"),
        ("idox-go-live.due - 2024-09-01", "between the same day and 29 days later"),
        // Three mentions count once; a rounded result says so.
        ("dcc-1m-service + dcc-1m-service-2025 + dcc-1m-service-2024-11", "£1m"),
        ("dcc-11m-places + dcc-11m-places", "£11m"),
        ("dcc-11m-places / dcc-500-places.target * 120 places", "£2.64m"),
        ("50 % * 500 places", "250 places"),
        ("22000 GBP * 3", "£66,000"),
        ("1 / 3", "about 0.33 times"),
        ("3600000 GBP / 7 places", "about £514,286 for each of the places"),
    ] {
        assert_eq!(calc(expression), result, "{expression}");
    }
    let mut said = String::new();
    for wrong in
        ["dcc-11m-places + 5 places", "dcc-11m-places +", "nobody", "lgsco-payout-largest", "derbyshire-cc.due"]
    {
        let output = run(seeds(), &["--ledger", "ledger", "calc", wrong]);
        assert_eq!(output.status.code(), Some(3), "{wrong}: {}", text(&output.stdout));
        said.push_str(&format!("$ heldto calc '{wrong}'\n{}\n", text(&output.stderr)));
    }
    golden("goldens/calc-wrong.txt", &said);
}

/// Checks that no report in any format prints facts about an identifiable child or family without
/// `--sensitive`.
#[test]
fn nothing_about_a_child_is_printed_unless_asked_for() {
    let dir = ledger_of(&root().join("tests/suite/sensitive.toml"));
    let secret = |text: &str| {
        ["SECRET", "712.34", "77.77", "7 of 9", "2023-02-17", "17 Feb 2023"]
            .iter()
            .find(|s| text.contains(**s))
            .copied()
    };
    let said = |arguments: &[&str]| {
        let output = run(dir.path(), &[&["--ledger", "ledger"], arguments].concat());
        format!("{}{}", text(&output.stdout), text(&output.stderr))
    };
    let narrowed = [
        "report pledges --explain s-pledge",
        "report metrics --about council",
        "report changes 0",
        "timeline --kind correction",
        "show s-pledge",
        "show m1-sens",
        "show pay-sens",
        "show q-sens",
        "show open-tell",
        "show s-pledge --toml",
        "calc pay-sens",
        "calc m1-sens.numerator",
        "status",
    ];
    let reports = every::reports("council").into_iter().chain(narrowed.map(str::to_owned));
    let mut asked_for = 0;
    for report in reports {
        for format in every::formats() {
            let arguments: Vec<&str> = report.split(' ').chain(["--format", format]).collect();
            let shown = said(&arguments);
            assert_eq!(secret(&shown), None, "{arguments:?}: {shown}");
            asked_for += usize::from(secret(&said(&[&arguments[..], &["--sensitive"]].concat())).is_some());
        }
    }
    assert!(asked_for > 50, "asked for, it is there: {asked_for}");
    // A search does not reveal them either.
    assert_eq!(said(&["timeline", "--text", "SECRETTEXT", "--json"]).matches("\"id\"").count(), 0);
    assert_eq!(said(&["report", "pledges", "--text", "SECRETTARGET", "--json"]).matches("\"id\"").count(), 0);
}

/// Checks that a due date counts as moved only if the two dates cannot be the same.
#[test]
fn a_due_day_told_again_less_exactly_has_not_moved() {
    let moved = |first: &str, again: &str| {
        let facts = format!(
            r#"
[[party]]
id = "council"
name = "Testshire Council"
kind = "council"

[[source]]
id = "paper"
title = "A paper"
published = "2024-01-10"

[[source]]
id = "later"
title = "A later paper"
published = "2024-03-01"

[[pledge]]
id = "places"
text = "Open a school"
by = "council"
voice = "self"
force = "pledge"
target = {{ deliverable = "a school" }}
due = {{ mode = "by", date = "{first}" }}
cites = [{{ source = "paper", at = "p. 1" }}]

[[pledge]]
id = "places-again"
text = "Open a school"
by = "council"
voice = "self"
force = "pledge"
target = {{ deliverable = "a school" }}
due = {{ mode = "by", date = "{again}" }}
links = [{{ same-as = "places" }}]
cites = [{{ source = "later", at = "p. 1" }}]
"#
        );
        let file = tempfile::tempdir().expect("a folder");
        let path = file.path().join("facts.toml");
        std::fs::write(&path, facts).expect("writes");
        let dir = ledger_of(&path);
        let report = ok(dir.path(), &["--ledger", "ledger", "report", "slippage", "--json"]);
        let report: Value = serde_json::from_str(&report).expect("JSON");
        report["rows"].as_array().expect("rows").len()
    };
    for (first, again, moves) in [
        ("2024-09", "2024", 0),
        ("2024", "2024-09", 0),
        ("2024-09", "2024-09-30", 0),
        ("2024-09", "2024-10", 1),
        ("2024", "2025-01-01", 1),
        ("[..2024-09]", "[..2024-12]", 1),
    ] {
        assert_eq!(moved(first, again), moves, "{first}, then {again}");
    }
}
