//! Checks that each line of a report names its sources and the owner's replies, in every format.

use crate::{ok, run};
use std::path::Path;

const FACTS: &str = r#"
[[party]]
id = "council"
name = "Testshire Council"
kind = "council"

[[party]]
id = "leader"
name = "Leader of Testshire Council"
kind = "office-holder"
links = [{ part-of = "council" }]

[[party]]
id = "ofsted"
name = "Ofsted"
kind = "inspectorate"

[[source]]
id = "letter"
title = "A letter *to* parents"
publisher = "The Testshire Post"
published = "2025-03-01"
url = "https://example.org/letter?a=1&b=2"

[[source]]
id = "trap"
title = "A trap"
published = "2026-07-01"
url = "javascript:alert(1)"

[[pledge]]
id = "places"
text = "Open 120 places"
by = "council"
voice = "self"
force = "pledge"
target = { amount = "120 places" }
due = { mode = "by", date = "2026-05-31" }
occurred = "2025-03-01"
cites = [{ source = "letter", at = "line 3", quote = { start = 10, words = "we will open 120 places" } }]

[[delivery]]
id = "not-open"
text = "No place is open"
by = "ofsted"
voice = "official"
outcome = "not-done"
occurred = "2026-07-01"
links = [{ addresses = "places" }]
cites = [{ source = "trap", at = "p. 1" }]

[[statement]]
id = "answer"
text = "The leader says the places are coming"
by = "leader"
voice = "self"
act = "reply"
occurred = "2026-07-01"
links = [{ bears-on = "not-open" }]
cites = [{ source = "trap", at = "p. 2" }]

[[statement]]
id = "retold"
text = "Ofsted says that the council denies it"
by = "council"
reporter = "ofsted"
attribution = "uncertain"
voice = "second-hand"
act = "reply"
occurred = "2026-07-02"
links = [{ disputes = "not-open" }]
cites = [{ source = "trap", at = "p. 4" }]

[[statement]]
id = "earlier"
text = "The council said in May that all was well"
by = "council"
voice = "self"
act = "claim"
occurred = "2026-05-01"
links = [{ bears-on = "not-open" }]
cites = [{ source = "trap", at = "p. 5" }]

[[statement]]
id = "stranger"
text = "Ofsted says that it is late"
by = "ofsted"
voice = "official"
act = "criticism"
occurred = "2026-07-01"
links = [{ bears-on = "not-open" }]
cites = [{ source = "trap", at = "p. 3" }]
"#;

fn report(dir: &Path, format: &str) -> String {
    let day = ["--as-of", "2026-11-22"];
    let command = ["--ledger", "ledger", "report", "pledges", "--format", format];
    ok(dir, &[command.as_slice(), &day].concat())
}

#[test]
fn a_line_names_its_sources_and_the_owners_replies_in_every_format() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    std::fs::write(dir.join("facts.toml"), FACTS).expect("written");
    ok(dir, &["init", "ledger", "--origin", "example.org/test"]);
    ok(dir, &["--ledger", "ledger", "append", "facts.toml"]);
    let reply = "reply of Leader of Testshire Council, 1 Jul 2026: The leader says the places are coming (answer)";
    let on_one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");

    let table = on_one_line(report(dir, "table"));
    assert!(table.contains("source: letter, line 3: \u{201c}we will open 120 places\u{201d}"), "{table}");
    assert!(table.contains("letter A letter *to* parents, The Testshire Post, https://example.org/letter"), "{table}");
    assert!(table.contains(reply), "{table}");
    assert!(
        !["Ofsted says", "said in May"].iter().any(|other| table.contains(&format!("Council: {other}"))),
        "{table}"
    );
    assert_eq!(table.matches("reply of").count(), 1, "{table}");

    // A source that was not yet public is not told.
    let before =
        ok(dir, &["--ledger", "ledger", "timeline", "--as-of", "2026-11-22", "--known-by", "2026-06-30", "--json"]);
    assert!(before.contains("A letter") && !before.contains("A trap") && !before.contains("trap p."), "{before}");

    let page = report(dir, "html");
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let distinct: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "an id stands twice: {ids:?}");
    let link = "<a href=\"https://example.org/letter?a=1&amp;b=2\" rel=\"noreferrer\">A letter *to* parents</a>";
    assert!(page.contains(link), "{page}");
    assert!(page.contains("<li id=\"places\">") && page.contains(reply));
    assert!(page.contains("A trap (trap), p. 1") && !page.contains("href=\"javascript"));

    let markdown = report(dir, "md");
    assert!(
        markdown.contains("source: [A letter \\*to\\* parents](<https://example.org/letter?a=1&b=2>), The Testshire")
    );
    assert!(!markdown.contains("](<javascript"), "{markdown}");

    let csv = report(dir, "csv");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header = rows.headers().expect("a header").clone();
    let row = rows.records().next().expect("a row").expect("cells");
    let cell = |name: &str| &row[header.iter().position(|column| column == name).expect("a column")];
    assert_eq!((cell("by"), cell("by-names")), ("council", "Testshire Council"));
    let cited = "A letter *to* parents, The Testshire Post, line 3: \u{201c}we will open 120 places\u{201d}, https://example.org/letter?a=1&b=2";
    assert_eq!((cell("cites"), cell("replies")), (cited, reply));

    let json: serde_json::Value = serde_json::from_str(&report(dir, "json")).expect("JSON");
    let cited = &json["rows"][0]["cites"][0];
    assert_eq!(cited["publisher"], "The Testshire Post");
    assert_eq!(cited["places"][0]["words"], "we will open 120 places");
    assert_eq!(json["rows"][0]["by"], serde_json::json!(["council"]));
}

#[test]
fn a_workbook_has_text_as_text_and_the_same_bytes_for_the_same_report() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    std::fs::write(dir.join("facts.toml"), FACTS.replace("Open 120 places", "=1+1 places")).expect("written");
    ok(dir, &["init", "ledger", "--origin", "example.org/test"]);
    ok(dir, &["--ledger", "ledger", "append", "facts.toml"]);
    let command = ["--ledger", "ledger", "report", "pledges", "--as-of", "2026-11-22", "--format", "xlsx"];
    let first = run(dir, &command).stdout;
    assert!(first.starts_with(b"PK") && first == run(dir, &command).stdout);
    let Some(python) = crate::formats::python("zipfile") else { return };
    std::fs::write(dir.join("report.xlsx"), &first).expect("written");
    let script = "import sys, zipfile; book = zipfile.ZipFile(sys.argv[1]); assert book.testzip() is None; \
                  sheet = book.read('xl/worksheets/sheet1.xml'); texts = book.read('xl/sharedStrings.xml'); \
                  assert b'<f>' not in sheet; assert b'=1+1 places' in texts; assert b'Testshire Council' in texts";
    let checked = std::process::Command::new(python).arg("-c").arg(script).arg(dir.join("report.xlsx")).output();
    let checked = checked.expect("python runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_picture_says_what_it_shows_and_its_scale_does_not_mislead() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let figure = |id: &str, period: &str, value: &str| {
        format!(
            "[[measurement]]\nid = \"{id}\"\ntext = \"Plans in time\"\nby = \"ofsted\"\nabout = \"council\"\nvoice = \"official\"\n\
             metric = \"in-time\"\nperiod = \"{period}\"\namounts = [{{ value = \"{value}\", role = \"measured\" }}]\n\
             cites = [{{ source = \"letter\", at = \"t. 1\" }}]\n"
        )
    };
    let metric = "[[metric]]\nid = \"in-time\"\nname = \"Plans in time\"\ndefinition = \"Plans issued in time\"\nunit = \"%\"\nbetter = \"higher\"\n";
    let cut = "[[change]]\nid = \"cut\"\ntext = \"Counted in another way\"\nwhat = \"series-break\"\nby = \"ofsted\"\nvoice = \"official\"\n\
               occurred = \"2024-01-01\"\nlinks = [{ bears-on = \"in-time\" }]\ncites = [{ source = \"letter\", at = \"t. 2\" }]\n";
    let facts = [FACTS, metric, cut, &figure("y-2022", "2022", "12 %"), &figure("y-2024", "2024", "48 %")].concat();
    std::fs::write(dir.join("facts.toml"), facts).expect("written");
    ok(dir, &["init", "ledger", "--origin", "example.org/test"]);
    ok(dir, &["--ledger", "ledger", "append", "facts.toml"]);
    let html =
        |report: &str| ok(dir, &["--ledger", "ledger", "report", report, "--as-of", "2026-11-22", "--format", "html"]);
    let figures = html("metrics");
    let (_, picture) = figures.split_once("<svg").expect("a picture");
    let picture = &picture[..picture.find("</svg>").expect("its end")];
    // A share is drawn against the whole, however small the largest is.
    assert!(picture.contains("width=\"12.00%\"") && picture.contains("width=\"48.00%\""), "{picture}");
    assert!(picture.contains("measured in another way from here"), "{picture}");
    for said in [
        "Plans in time: Testshire Council, over",
        "A letter *to* parents, The",
        "As at 22 Nov 2026",
        "example.org/test",
        "head ",
    ] {
        assert!(picture.contains(said), "{said}: {picture}");
    }
    let standing = html("pledges");
    assert!(standing.contains("Where the commitments stand: 1 not kept."), "{standing}");
    assert!(standing.contains("width=\"100.00%\" height=\"30\" class=\"broken\""), "{standing}");
}

#[test]
fn a_commitment_and_a_body_are_drawn_over_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    std::fs::write(dir.join("facts.toml"), FACTS).expect("written");
    ok(dir, &["init", "ledger", "--origin", "example.org/test"]);
    ok(dir, &["--ledger", "ledger", "append", "facts.toml"]);
    let told = |arguments: &[&str]| {
        ok(dir, &[&["--ledger", "ledger", "report"], arguments, &["--as-of", "2026-11-22"]].concat())
    };
    let words = [
        ("from 1 Mar 2025", "awaiting"),
        ("from 31 May 2026", "falling-due"),
        ("from 1 Jun 2026", "overdue"),
        ("from 1 Jul 2026", "breached, evidence: proven"),
    ];
    let text = told(&["pledges", "--explain", "places"]);
    let page = told(&["pledges", "--explain", "places", "--format", "html"]);
    let picture = page.split("<svg").skip(1).find(|part| part.contains("How it stood over time")).expect("a picture");
    let picture = &picture[..picture.find("</svg>").expect("its end")];
    for (from, status) in words {
        let line = text.lines().find(|line| line.starts_with(from)).unwrap_or_else(|| panic!("{from}: {text}"));
        assert!(line.ends_with(status), "{line}");
        assert!(page.contains(&format!("<dt>{from}</dt><dd>{status}</dd>")), "{page}");
    }
    assert_eq!(picture.matches("<rect").count(), words.len() + 1, "one for each, and the pattern: {picture}");
    assert!(picture.contains("class=\"broken\"") && picture.contains("As at 22 Nov 2026"), "{picture}");
    let body = told(&["authority", "council", "--format", "html"]);
    let picture = body.split("<svg").skip(1).find(|part| part.contains("Commitments made")).expect("a picture");
    assert!(picture.contains("Dark: on that day."), "{picture}");
    assert!(!told(&["authority", "council"]).contains("What is on record over time"), "text has no picture");
}
