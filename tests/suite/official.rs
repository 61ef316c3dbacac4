//! Checks the import of the Department for Education's release on EHC plans.
//!
//! The files are not ours to distribute: without them, the tests report that they are skipped.

use crate::{ledger_of, ok, root, run, text};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Returns a folder of real data next to the project, if there is one.
fn data(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data").join(name);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: there is no {}", path.display());
    None
}

/// Returns a ledger of the seeds and the release.
fn with_release(release: &Path) -> tempfile::TempDir {
    let dir = ledger_of(&root().join("seeds"));
    let release = release.to_str().expect("a path");
    let said = ok(dir.path(), &["--ledger", "ledger", "append", release, "--mapping", "dfe-ehc-plans"]);
    assert!(said.contains("11511 facts recorded"), "{said}");
    dir
}

fn rows(dir: &Path, arguments: &[&str]) -> Vec<Value> {
    let report = ok(dir, &[&["--ledger", "ledger", "report"], arguments, &["--json"]].concat());
    let report: Value = serde_json::from_str(&report).expect("JSON");
    report["rows"].as_array().expect("rows").clone()
}

#[test]
fn the_release_gives_derbyshires_and_englands_own_figures() {
    let Some(release) = data("sen2") else { return };
    let dir = with_release(&release);
    let shares = |party: &str| -> Vec<(String, u64, u64)> {
        let number = |v: &Value| v.as_u64().expect("a number");
        let rows = rows(dir.path(), &["metrics", "--about", party, "--metric", "ehcp-20-weeks"]);
        rows.iter()
            .map(|r| {
                (r["when"].as_str().expect("a year").to_owned(), number(&r["numerator"]), number(&r["denominator"]))
            })
            .collect()
    };
    let of = |all: [(&str, u64, u64); 6]| all.map(|(year, n, of)| (year.to_owned(), n, of)).to_vec();
    assert_eq!(
        shares("derbyshire-cc"),
        of([
            ("2019", 260, 519),
            ("2020", 501, 686),
            ("2021", 661, 763),
            ("2022", 167, 534),
            ("2023", 302, 1310),
            ("2024", 447, 1253)
        ])
    );
    // England, compared with the national rows of the release.
    let table = std::fs::read_to_string(release.join("timeliness_20_week.csv")).expect("reads");
    let mut lines = table.trim_start_matches('\u{feff}').lines().map(|l| l.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let column = |name: &str| header.iter().position(|h| *h == name).expect("a column");
    let (level, topic, part) = (column("geographic_level"), column("breakdown_topic"), column("breakdown"));
    let (n, of, year) = (column("plans_issued_within_20_weeks"), column("plans_issued_den"), column("time_period"));
    let all = "All EHC plans issued";
    let national: Vec<(String, u64, u64)> = lines
        .filter(|l| l[level] == "National" && l[topic] == all && l[part] == all)
        .map(|l| (l[year].to_owned(), l[n].parse().expect("a number"), l[of].parse().expect("a number")))
        .collect();
    assert_eq!(national.len(), 6);
    assert_eq!(shares("england"), national);
}

#[test]
fn the_councils_claim_stands_beside_the_official_year_and_neither_is_changed() {
    let Some(release) = data("sen2") else { return };
    let dir = with_release(&release);
    let report = ok(
        dir.path(),
        &["--ledger", "ledger", "report", "metrics", "--about", "derbyshire-cc", "--metric", "ehcp-20-weeks"],
    );
    for line in
        ["2024: 35.7% (447 of 1,253)", "May 2024: 48% (assessments-2024-05 · voice: self)", "England", "East Midlands"]
    {
        assert!(report.contains(line), "{line}: {report}");
    }
    // The duty is judged by the official share, exceptions excluded.
    let duty = rows(dir.path(), &["pledges", "--by", "derbyshire-cc", "--status", "breached"]);
    let duty = duty.iter().find(|r| r["id"] == "duty-20-weeks").expect("breached");
    assert_eq!(duty["grade"], "proven");
    assert!(duty["rule"].as_str().is_some_and(|r| r.contains("37.8% against a target of at least 100%")), "{duty}");
}

#[test]
fn the_release_again_records_nothing_and_what_was_not_given_stays_so() {
    let Some(release) = data("sen2") else { return };
    let dir = with_release(&release);
    let again = ok(
        dir.path(),
        &["--ledger", "ledger", "append", release.to_str().expect("a path"), "--mapping", "dfe-ehc-plans"],
    );
    assert!(again.starts_with("0 facts recorded"), "{again}");
    let rows = rows(dir.path(), &["metrics", "--about", "derbyshire-cc", "--metric", "ehcp-6-weeks"]);
    let of = |year: &str| rows.iter().find(|r| r["when"] == year).expect("a year").clone();
    assert_eq!(of("2022")["value"], "not available (x)");
    assert_eq!((&of("2022")["low"], &of("2022")["high"]), (&Value::Null, &Value::Null));
    assert_eq!(of("2024")["numerator"], 1959);
}

#[test]
fn a_figure_cites_the_line_that_it_stands_on_and_another_figure_in_its_place_is_pointed_at() {
    let Some(release) = data("sen2") else { return };
    let dir = with_release(&release);
    let table = std::fs::read_to_string(release.join("timeliness_20_week.csv")).expect("reads");
    let derbyshire = |line: &str| line.starts_with("2024,") && line.contains(",E10000007,830,Derbyshire,All EHC");
    let (before, line) =
        table.lines().enumerate().find(|(_, l)| derbyshire(l)).map(|(n, l)| (n, l.to_owned())).expect("a row");
    let id = "dfe-ehc-plans-2025-ehcp-20-weeks-e10000007-2024";
    let shown = ok(dir.path(), &["--ledger", "ledger", "show", id, "--json"]);
    let at = format!("timeliness_20_week.csv, line {}", before + 1);
    assert!(shown.contains(&format!("{at}\"")), "{at}: {shown}");
    // A different figure under the same id: the message shows the row, once for each of its
    // figures.
    let revised = table.replacen(&line, &line.replacen(",1253,", ",1254,", 1), 1);
    std::fs::write(dir.path().join("timeliness_20_week.csv"), revised).expect("writes");
    let append = ["--ledger", "ledger", "append", "timeliness_20_week.csv", "--mapping", "dfe-ehc-plans"];
    let refused = run(dir.path(), &append);
    assert_eq!(refused.status.code(), Some(3));
    let said = text(&refused.stderr);
    assert!(said.contains(&format!("`{id}` is already recorded at entry ")), "{said}");
    assert!(said.contains(", with different content"), "{said}");
    assert!(said.contains(&format!("timeliness_20_week.csv:{}:1", before + 1)), "{said}");
    assert!(said.contains("2 problems. Nothing was recorded."), "{said}");
    // All figures differ: 100 messages are shown, with the number of all.
    let whole = ",All EHC plans issued,All EHC plans issued,";
    let every = (1..=9).fold(table, |t, n| t.replace(&format!("{whole}{n}"), &format!("{whole}9{n}")));
    std::fs::write(dir.path().join("timeliness_20_week.csv"), every).expect("writes");
    let refused = run(dir.path(), &append);
    let said = text(&refused.stderr);
    assert_eq!(said.matches("error: ").count(), 100, "{said}");
    assert!(said.contains(" problems (the first 100 are shown). Nothing was recorded."), "{said}");
}

#[test]
fn a_release_with_another_column_is_refused_whole_and_read_by_a_changed_mapping() {
    let Some(release) = data("sen2") else { return };
    let dir = ledger_of(&root().join("tests/errors/base.toml"));
    let table = std::fs::read_to_string(release.join("timeliness_20_week.csv")).expect("reads");
    let later = dir.path().join("timeliness_20_week.csv");
    std::fs::write(&later, table.replacen("pc_plans_issued_within_20_weeks", "plans_in_20_weeks_percent", 1))
        .expect("writes");
    let before = ok(dir.path(), &["--ledger", "ledger", "verify"]);
    let append = |mapping: &str| {
        run(dir.path(), &["--ledger", "ledger", "append", "timeliness_20_week.csv", "--mapping", mapping])
    };
    let refused = append("dfe-ehc-plans");
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("no column `pc_plans_issued_within_20_weeks`"), "{}", text(&refused.stderr));
    assert_eq!(before, ok(dir.path(), &["--ledger", "ledger", "verify"]), "nothing was appended");
    let mapping = ok(dir.path(), &["mapping", "dfe-ehc-plans"]);
    let changed = mapping
        .replace("{pc_plans_issued_within_20_weeks}", "{plans_in_20_weeks_percent|pc_plans_issued_within_20_weeks}");
    std::fs::write(dir.path().join("mine.toml"), changed).expect("writes");
    let taken = append("mine.toml");
    assert!(taken.status.success(), "{}", text(&taken.stderr));
    // One bad cell stops the whole table.
    let bad = table.replacen(",447,", ",44x7,", 1);
    assert_ne!(bad, table);
    std::fs::write(&later, bad).expect("writes");
    let before = ok(dir.path(), &["--ledger", "ledger", "verify"]);
    let refused = append("dfe-ehc-plans");
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("`44x7`"), "{}", text(&refused.stderr));
    assert_eq!(before, ok(dir.path(), &["--ledger", "ledger", "verify"]));
}

#[test]
fn every_local_authority_has_its_codes_and_none_is_declared_twice() {
    let (Some(authorities), Some(release)) = (data("authorities"), data("sen2")) else { return };
    let dir = with_release(&release);
    let parties = || {
        let timeline = ok(dir.path(), &["--ledger", "ledger", "timeline", "--kind", "party", "--json"]);
        let timeline: Value = serde_json::from_str(&timeline).expect("JSON");
        timeline["rows"].as_array().expect("rows").len()
    };
    let before = parties();
    ok(
        dir.path(),
        &["--ledger", "ledger", "append", authorities.to_str().expect("a path"), "--mapping", "uk-authorities"],
    );
    let after = parties();
    let list = std::fs::read_to_string(authorities.join("uk_local_authorities.csv")).expect("reads");
    assert!(after > before && after - before < list.lines().count(), "{before}, then {after}");
    // Derbyshire was already on record, and stays the only party with its code.
    let shown = ok(
        dir.path(),
        &["--ledger", "ledger", "timeline", "--kind", "party", "--text", "derbyshire county council", "--json"],
    );
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let named: Vec<&str> = shown["rows"].as_array().expect("rows").iter().filter_map(|r| r["id"].as_str()).collect();
    assert_eq!(
        named.iter().filter(|id| **id == "derbyshire-cc" || id.starts_with("derbyshire-c")).count(),
        1,
        "{named:?}"
    );
}

/// Returns a mapping for a small table of one source.
fn small_mapping(source: &str, published: &str, more: &str) -> String {
    format!(
        r#"[[source]]
id = "{source}"
title = "A release"
publisher = "A statistics body"
published = "{published}"

[[metric]]
id = "in-time"
name = "Plans in time"
definition = "Share of plans issued in time"
unit = "%"
better = "higher"

[mapping]
source = "{source}"
voice = "record"
not-given = {{ x = "not available" }}

[[mapping.place]]
where = {{ level = "Council" }}
codes = {{ gss = "{{code}}" }}
name = "{{name}}"
kind = "council"

[[mapping.file]]
name = "{source}.csv"
period = "{{year}}"

[[mapping.file.measure]]
metric = "in-time"
value = "{{share}} %"
numerator = "{{n}}"
denominator = "{{of}}"
{more}
"#
    )
}

/// Checks that a figure repeated in a second release is listed once, a revised one with its former
/// value, and that no trend starts from a share of two cases.
#[test]
fn a_figure_in_two_releases_stands_once_and_a_revision_says_what_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), &["init", "ledger", "--origin", "example.org/test", "-q"]);
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("writes");
    let row =
        |year: u32, n: u32, of: u32, share: &str| format!("Council,E10000099,Testshire,{year},{n},{of},{share}\n");
    let header = "level,code,name,year,n,of,share\n";
    let first =
        [header.to_owned(), row(2019, 2, 2, "100"), row(2023, 48, 100, "48.000000000000"), row(2024, 50, 100, "50")];
    let second =
        [header.to_owned(), row(2023, 48, 100, "48.0"), row(2024, 415, 810, "51.2345679"), row(2025, 60, 100, "60")];
    write("first.csv", &first.concat());
    write("second.csv", &second.concat());
    write("first.toml", &small_mapping("first", "2025-06-01", ""));
    write("second.toml", &small_mapping("second", "2026-06-01", ""));
    let append = |name: &str| {
        let (table, mapping) = (format!("{name}.csv"), format!("{name}.toml"));
        run(dir.path(), &["--ledger", "ledger", "append", &table, "--mapping", &mapping])
    };
    let taken = append("first");
    assert!(taken.status.success(), "{}", text(&taken.stderr));
    // Excess decimals are accepted only if the mapping says how to round them.
    let refused = append("second");
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("`decimals = 1`"), "{}", text(&refused.stderr));
    write("second.toml", &small_mapping("second", "2026-06-01", "decimals = 1"));
    let taken = append("second");
    assert!(taken.status.success(), "{}", text(&taken.stderr));
    let rows = rows(dir.path(), &["metrics"]);
    let of = |year: &str| rows.iter().filter(|row| row["when"] == year).collect::<Vec<_>>();
    let [once] = of("2023").try_into().expect("one row of two releases");
    assert_eq!(once["sources"].as_array().map(Vec::len), Some(2), "{once}");
    let [was, now] = of("2024").try_into().expect("what it was, and what it is");
    assert_eq!((was["revised-by"].as_str(), now["revised-by"].as_str()), (now["id"].as_str(), None));
    assert_eq!((was["value"].as_str(), now["value"].as_str()), (Some("50%"), Some("51.2%")));
    let note = ok(dir.path(), &["--ledger", "ledger", "show", now["id"].as_str().expect("an id")]);
    assert!(note.contains("51.2345679"), "the cell's text is kept: {note}");
    let printed = ok(dir.path(), &["--ledger", "ledger", "report", "metrics"]);
    let flat = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("revised 2024: 50% (50 of 100) (first, public by 1 Jun 2025); newer: 51.2%"), "{flat}");
    assert!(flat.contains("up 12 percentage points since 2023 (a share of 100 then and 100 now)"), "{flat}");
}
