//! Checks the rules of docs/RULES.md by scenarios: files of facts whose comments state the expected
//! judgements.
//!
//! `tests/rules` has one for each rule, `tests/bodies` five on bodies and fields other than those
//! of the seeds. An expectation is `# expect: DAY [known-by DAY] ID STATUS GRADE`. It may be
//! followed by `# says: WORDS` (in the rule), `# notes: WORDS` (in the notes), `# silent: WORDS`
//! (not in the notes) and `# share: WORD` (the commitment's part in the fulfilment rate).

use crate::{heldto, ledger_of, ok, root, run, text};
use chrono::NaiveDate;
use heldto_fact::{Content, FactId, Recorded};
use heldto_intake::{File, Known};
use heldto_replay::{AllFacts, AllView, Clock, Cluster, Counted, judge_each};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The expected judgement of one commitment on one day.
struct Expectation {
    days: Vec<String>,
    id: String,
    status: String,
    grade: String,
    says: String,
    share: Option<String>,
    notes: String,
    silent: Option<String>,
}

fn expectations(file: &Path) -> Vec<Expectation> {
    let text = std::fs::read_to_string(file).expect("a scenario");
    let lines: Vec<&str> = text.lines().collect();
    let under = |n: usize, mark: &str| {
        let mut lines = lines.iter().skip(n + 1).take_while(|l| !l.starts_with("# expect: "));
        lines.find_map(|l| l.strip_prefix(mark)).map(str::to_owned)
    };
    let line = |(n, l): (usize, &str)| {
        let words: Vec<&str> = l.split_whitespace().collect();
        let (days, rest) = match words.as_slice() {
            [day, "known-by", known, rest @ ..] => (vec!["--as-of", day, "--known-by", known], rest),
            [day, rest @ ..] => (vec!["--as-of", day], rest),
            [] => panic!("{}: an empty expectation", file.display()),
        };
        let [id, status, grade] = rest else { panic!("{}: {l}", file.display()) };
        Expectation {
            days: days.into_iter().map(str::to_owned).collect(),
            id: (*id).to_owned(),
            status: (*status).to_owned(),
            grade: (*grade).to_owned(),
            says: under(n, "# says: ").unwrap_or_default(),
            share: under(n, "# share: "),
            notes: under(n, "# notes: ").unwrap_or_default(),
            silent: under(n, "# silent: "),
        }
    };
    lines.iter().enumerate().filter_map(|(n, l)| Some((n, l.strip_prefix("# expect: ")?))).map(line).collect()
}

#[test]
fn every_scenario_is_judged_as_it_says() {
    let files = |folder| std::fs::read_dir(root().join(folder)).expect("scenarios").flatten().map(|e| e.path());
    let mut files: Vec<_> = files("tests/rules").chain(files("tests/bodies")).collect();
    files.sort();
    let mut wrong = Vec::new();
    let mut judged = 0;
    for file in &files {
        let dir = ledger_of(file);
        for Expectation { days, id, status, grade, says, share, notes, silent } in expectations(file) {
            let mut arguments = vec!["--ledger", "ledger", "report", "pledges", "--json", "--sensitive"];
            arguments.extend(days.iter().map(String::as_str));
            let output = run(dir.path(), &arguments);
            let report: Value = serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|e| panic!("{}: {e}: {}", file.display(), text(&output.stderr)));
            let rows = report["rows"].as_array().expect("rows");
            let row =
                rows.iter().find(|r| r["tellings"].as_array().is_some_and(|t| t.iter().any(|x| x == id.as_str())));
            let word = |key: &str| row.and_then(|r| r[key].as_str()).map(str::to_owned);
            // A commitment not yet known is not listed.
            let found = (
                word("status").unwrap_or_else(|| "not-yet-known".to_owned()),
                word("grade").unwrap_or_else(|| "none".to_owned()),
            );
            judged += 1;
            let rule = word("rule").unwrap_or_default();
            let counted = word("share").filter(|w| !w.is_empty()).unwrap_or_else(|| "none".to_owned());
            let counts = share.is_none_or(|share| share == counted);
            let beside = row.map_or_else(String::new, |r| r["notes"].to_string());
            let noted = beside.contains(&notes) && silent.is_none_or(|words| !beside.contains(&words));
            if found != (status.clone(), grade.clone()) || !rule.contains(&says) || !counts || !noted {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                wrong.push(format!(
                    "{name}: {} {id}: {status} {grade} wanted, {} {} found, counted as {counted} ({rule}; {beside})",
                    days.join(" "),
                    found.0,
                    found.1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {judged}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(files.len() >= 40 && judged > 100, "{} scenarios, {judged} judgements", files.len());
}

/// Checks that a retraction first lists the facts that depend on its subject, and that evidence
/// without any remaining source settles nothing.
#[test]
fn a_withdrawn_source_proves_nothing() {
    let dir = ledger_of(&root().join("tests/rules/met.toml"));
    let facts = std::fs::read_to_string(root().join("tests/rules/met.toml")).expect("a scenario");
    let source = |kind: &str| {
        let fact = facts.split("\n[[").find(|t| t.starts_with(kind)).expect("a fact");
        fact.split("source = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a source").to_owned()
    };
    let (of_pledge, of_delivery) = (source("pledge]]"), source("delivery]]"));
    assert_ne!(of_pledge, of_delivery);
    let judged = || {
        let report = ok(dir.path(), &["--ledger", "ledger", "report", "pledges", "--json"]);
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let row = report["rows"].as_array().and_then(|rows| rows.iter().find(|r| r["id"] == "places-early"));
        let word = |key: &str| row.and_then(|row| row[key].as_str()).unwrap_or_default().to_owned();
        (word("status"), word("grade"))
    };
    let before = judged();
    assert_eq!(before, ("met".to_owned(), "proven".to_owned()));
    let retract = |more: &[&str]| {
        let mut arguments = vec!["--ledger", "ledger", "retract", of_delivery.as_str(), "--reason", "Withdrawn"];
        arguments.extend(more);
        run(dir.path(), &arguments)
    };
    let dry = retract(&["--dry-run"]);
    assert!(dry.status.success() && text(&dry.stdout).contains("refer"), "{}", text(&dry.stdout));
    assert!(text(&dry.stdout).contains("cites it and nothing else"));
    let refused = retract(&[]);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("--yes"));
    assert_eq!(judged(), before, "nothing was recorded");
    let answered = |answer| {
        let arguments = ["--ledger", "ledger", "retract", of_delivery.as_str(), "--reason", "Withdrawn"];
        heldto(dir.path()).env("HELDTO_TEST_ANSWER", answer).args(arguments).output().expect("it starts")
    };
    assert_eq!(answered("n").status.code(), Some(1));
    assert_eq!(judged(), before, "nothing was recorded");
    assert!(answered("y").status.success());
    assert_eq!(judged(), ("overdue".to_owned(), "none".to_owned()));
    let why = ok(dir.path(), &["--ledger", "ledger", "report", "pledges", "--explain", "places-early", "--json"]);
    assert!(why.contains("its source was retracted"), "{why}");
}

/// Returns the facts of a scenario as a log, recorded at the tests' time, an entry each.
fn log_of(file: &Path) -> Vec<Recorded> {
    let text = std::fs::read_to_string(file).expect("a scenario");
    let files = [File { name: file.display().to_string(), text }];
    let facts = heldto_intake::read(&files, &Known::new());
    let facts = facts.unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let recorded_at = "2026-11-22T12:00:00Z".parse().expect("a time");
    let recorded = |(index, fact)| Recorded { index, recorded_at, content: Content::Known(fact) };
    (0..).zip(facts).map(recorded).collect()
}

/// Judges the same scenarios on values, without a ledger and a program: in milliseconds.
#[test]
fn every_scenario_is_judged_alike_on_values() {
    let folders =
        ["tests/rules", "tests/bodies"].map(|folder| std::fs::read_dir(root().join(folder)).expect("scenarios"));
    let mut judged = 0;
    let mut findings = BTreeSet::new();
    for file in folders.into_iter().flatten().flatten().map(|entry| entry.path()) {
        let all = AllFacts::of(log_of(&file)).expect("ids");
        for Expectation { days, id, status, grade, share, .. } in expectations(&file) {
            let day = |at: usize| days.get(at).map(|day| day.parse::<NaiveDate>().expect("a day"));
            let as_of = day(1).expect("an as-of day");
            let view = AllView::new(&all, Clock { as_of, known_by: day(3).unwrap_or(as_of) }).with_sensitive(true);
            let id: FactId = id.parse().expect("an id");
            // A mention other than the first is judged with its cluster.
            let first = view.fact(&id).map_or_else(|| id.clone(), |fact| Cluster::of(&view, fact).first().id.clone());
            let judgements = judge_each(&view, &first);
            let one = judgements.first().unwrap_or_else(|| panic!("{}: {id} is no commitment", file.display()));
            let words = (one.status.as_str(), one.grade.as_str());
            assert_eq!(words, (status.as_str(), grade.as_str()), "{}: {} {id}", file.display(), days.join(" "));
            let counted = Counted::of(one).map_or("none", Counted::as_str);
            assert!(share.is_none_or(|share| share == counted), "{}: {id}: {counted}", file.display());
            findings.insert(one.finding.as_str());
            judged += 1;
        }
    }
    assert!(judged > 400, "{judged} judgements");
    assert!(findings.len() >= 34, "some rules never fire: {findings:?}");
}
