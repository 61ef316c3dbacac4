//! Checks that independent software reads the calendars, the feeds and the pages.

use crate::formats::python;
use crate::{has_file, has_tool, ok, root, seeds, text};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn report(dir: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, ok(seeds(), &[&["--ledger", "ledger"], arguments].concat())).expect("writes");
    path
}

/// Runs a Python script on a file and returns its output.
fn python_says(python: &Path, line: &str, file: &Path) -> String {
    let output = Command::new(python).args(["-B", "-c", line]).arg(file).output().expect("python runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn pythons_icalendar_reads_every_due_day() {
    let Some(python) = python("icalendar") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let file = report(dir.path(), "due.ics", &["report", "pledges", "--format", "ics"]);
    let line = "import icalendar, sys\n\
        events = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read()).walk('VEVENT')\n\
        assert not any(e.errors for e in events) and len({e['UID'] for e in events}) == len(events)\n\
        print('\\n'.join(str(e['UID']) + ' ' + e.decoded('DTSTART').isoformat() for e in events))";
    let read = python_says(&python, line, &file);
    // The days of the rows that are open and fall due once.
    let json: Value =
        serde_json::from_str(&ok(seeds(), &["--ledger", "ledger", "report", "pledges", "--json"])).expect("JSON");
    let closed = ["met", "met-late", "met-timing-unknown", "superseded", "withdrawn", "lapsed"];
    let rows = json["rows"].as_array().expect("rows").iter();
    let dated = rows.filter(|r| {
        let due = r["due"].as_str().unwrap_or_default();
        let once = !due.starts_with("every") && !due.starts_with("ongoing");
        let bound = if due.starts_with("not before") { "due-earliest" } else { "due-latest" };
        once && !r[bound].is_null() && !closed.iter().any(|s| r["status"] == *s)
    });
    let (mut wanted, mut events) = (0, read.lines().count());
    for row in dated {
        let id = row["id"].as_str().expect("an id");
        let due = row["due"].as_str().expect("a due date");
        let bound = if due.starts_with("not before") { "due-earliest" } else { "due-latest" };
        let day = row[bound].as_str().expect("a day");
        assert!(read.lines().any(|l| l.starts_with(&format!("{id}.{day}@")) && l.ends_with(day)), "{id} {day}: {read}");
        wanted += 1;
        events -= 1;
    }
    assert!(wanted > 10 && events == 0, "{wanted} wanted, {events} more: {read}");
}

#[test]
fn pythons_feedparser_reads_what_changed() {
    let Some(python) = python("feedparser") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let file = report(dir.path(), "changes.atom", &["report", "changes", "2025-03-01", "--format", "atom"]);
    let line = "import feedparser, sys\n\
        f = feedparser.parse(open(sys.argv[1], 'rb').read())\n\
        assert f.version == 'atom10' and not f.bozo, f.get('bozo_exception')\n\
        assert len({e.id for e in f.entries}) == len(f.entries) and all(e.title and e.updated_parsed for e in f.entries)\n\
        print(len(f.entries))";
    let entries: usize = python_says(&python, line, &file).trim().parse().expect("a number");
    let csv = ok(seeds(), &["--ledger", "ledger", "report", "changes", "2025-03-01", "--format", "csv"]);
    assert_eq!(entries, csv.lines().count() - 1, "each row has a day");
}

/// Checks the pages with axe-core in a browser, light and dark, with all details open.
#[test]
fn axe_finds_nothing_in_any_page() {
    let axe = std::env::var_os("HELDTO_AXE")
        .map_or_else(|| root().join("target/node/node_modules/axe-core/axe.min.js"), PathBuf::from);
    if !has_tool("chromium", "chromium", &["--version"]) || !has_file("axe", &axe) {
        return;
    }
    let axe = std::fs::read_to_string(axe).expect("reads").replace("</script", "<\\/script");
    let check = "document.querySelectorAll('details').forEach(d => d.open = true);\
        axe.run().then(r => { const p = document.createElement('pre'); p.id = 'axe';\
        p.textContent = JSON.stringify({passes: r.passes.length, violations: r.violations.map(v => [v.id, v.nodes[0].html])});\
        document.body.replaceChildren(p); });";
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["pledges", "authority", "money", "metrics-of-one", "changes"] {
        let golden = root().join(format!("tests/goldens/reports/{name}.html"));
        let page = std::fs::read_to_string(golden).expect("reads");
        let file = dir.path().join(format!("{name}.html"));
        let scripts = format!("<script>{axe}</script><script>{check}</script></body>");
        std::fs::write(&file, page.replace("</body>", &scripts)).expect("writes");
        for mode in [&[][..], &["--force-dark-mode"]] {
            let output = Command::new("chromium")
                .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
                .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
                .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
                .args(["--virtual-time-budget=60000", "--dump-dom"])
                .args(mode)
                .arg(&file)
                .output()
                .expect("chromium runs");
            let dom = text(&output.stdout);
            let found = dom.split("<pre id=\"axe\">").nth(1).and_then(|rest| rest.split("</pre>").next());
            let found = found.unwrap_or_else(|| panic!("{name}: axe did not run: {}", text(&output.stderr)));
            let found: Value = serde_json::from_str(found).expect("JSON");
            assert!(found["passes"].as_u64() > Some(20), "{name}: {found}");
            assert_eq!(found["violations"], Value::Array(Vec::new()), "{name} {mode:?}");
        }
    }
}

#[test]
fn a_feed_and_a_calendar_without_an_item_are_whole() {
    let (Some(python), Some(_)) = (python("feedparser"), python("icalendar")) else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let nothing = ["--text", "zebra crossing"];
    let feed = report(
        dir.path(),
        "empty.atom",
        &[&["report", "changes", "2026-11-21", "--format", "atom"], &nothing[..]].concat(),
    );
    let line = "import feedparser, sys\nfeed = feedparser.parse(open(sys.argv[1], 'rb').read())\n\
        print(feed.bozo, len(feed.entries), bool(feed.feed.id), bool(feed.feed.title), bool(feed.feed.updated))";
    assert_eq!(python_says(&python, line, &feed).trim(), "False 0 True True True");
    let calendar = report(dir.path(), "empty.ics", &[&["report", "pledges", "--format", "ics"], &nothing[..]].concat());
    let line = "import icalendar, sys\n\
        calendar = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read())\n\
        print(calendar.errors, len(calendar.walk('VEVENT')), bool(calendar['PRODID']), calendar['VERSION'])";
    assert_eq!(python_says(&python, line, &calendar).trim(), "[] 0 True 2.0");
}

#[test]
fn a_validator_of_pythons_checks_facts_by_the_schema() {
    let Some(python) = python("jsonschema") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let schema = report(dir.path(), "facts.schema.json", &["schema"]);
    let suite = root().join("tests/suite");
    let mut command = Command::new(python);
    command.arg("-B").arg(root().join("tests/python/schema.py")).arg(schema).arg(suite.join("remedies.toml"));
    command.args([suite.join("every-kind.toml"), suite.join("later-kinds.toml")]);
    for folder in ["seeds", "tests/rules", "crates/intake/mappings"] {
        let files = std::fs::read_dir(root().join(folder)).expect("a folder").flatten().map(|entry| entry.path());
        command.args(files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")));
    }
    let output = command.output().expect("python runs");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    let numbers: Vec<usize> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    // What needs the other facts, the calendar or arithmetic no schema sees.
    assert!(matches!(numbers[..], [refused, whole] if whole > 140 && refused > 95), "{said}");
}
