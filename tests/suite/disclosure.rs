//! Checks that nothing about an identifiable child or family is disclosed unless asked for: in no
//! sum, id, order, error or published file.

use crate::{every, ledger_of, ok, run, text};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// The difference between two ledgers: the number and the content of their sensitive facts.
struct Secret {
    id: &'static str,
    count: usize,
    text: &'static str,
    money: u32,
    places: u32,
    day: &'static str,
    control: &'static str,
}

const ONE: Secret = Secret {
    id: "zq-child-harm",
    count: 1,
    text: "Zebra was hurt",
    money: 700,
    places: 1,
    day: "2024-02-17",
    control: "party-a",
};
const OTHER: Secret = Secret {
    id: "aq-family",
    count: 7,
    text: "A quagga waited",
    money: 98_765,
    places: 480,
    day: "2023-11-05",
    control: "party-b",
};

/// Returns sensitive facts of every kind that reports count, linked to public facts.
fn secrets(secret: &Secret) -> String {
    let Secret { id, count, text, money, places, day, control } = secret;
    let mut out = String::new();
    for n in 0..*count {
        let common = |what: &str| {
            format!(
                "\n[[{what}]]\nid = \"{id}-{what}-{n}\"\ntext = \"{text} {what} {n}\"\nsensitive = true\noccurred = \"{day}\"\nvoice = \"official\"\ncites = [{{ source = \"s-2024-06-01\", at = \"{text}\" }}]\n"
            )
        };
        let fact = |out: &mut String, what: &str, rest: &str| {
            out.push_str(&common(what));
            writeln!(out, "{rest}").expect("a string");
        };
        fact(
            &mut out,
            "delivery",
            &format!(
                "by = \"council\"\nabout = \"council\"\noutcome = \"part\"\namounts = [{{ value = \"{places} places\", role = \"delivered\" }}]\nlinks = [{{ part-fulfils = \"places\" }}, {{ may-overlap = \"open-delivery\" }}]"
            ),
        );
        fact(
            &mut out,
            "complaint",
            "by = \"watchdog\"\nabout = \"council\"\ndecision = \"upheld\"\nfault = \"neglect\"\ncount = 3\nlinks = [{ supports = \"duty\" }]",
        );
        fact(
            &mut out,
            "payout",
            &format!(
                "by = \"council\"\nsettles = \"{text}\"\namounts = [{{ value = \"{money} GBP\", role = \"paid\" }}]\nlinks = [{{ part-of = \"open-payout\" }}]"
            ),
        );
        fact(&mut out, "change", &format!("about = \"council\"\nwhat = \"control\"\nvalue = \"{control}\""));
        fact(
            &mut out,
            "pledge",
            &format!(
                "by = \"council\"\nforce = \"pledge\"\ntarget = {{ amount = \"{places} places\" }}\ndue = {{ mode = \"by\", date = \"{day}\" }}\nlinks = [{{ same-as = \"places\" }}, {{ part-of = \"notice\" }}]"
            ),
        );
        fact(
            &mut out,
            "question",
            "by = \"critic\"\nto = \"council\"\nanswer = \"silence\"\nlinks = [{ bears-on = \"places\" }]",
        );
        fact(
            &mut out,
            "statement",
            "by = \"critic\"\nabout = \"council\"\nact = \"criticism\"\nlinks = [{ contradicts = \"open-delivery\" }, { disputes = \"open-payout\" }]",
        );
        fact(
            &mut out,
            "measurement",
            &format!(
                "by = \"watchdog\"\nabout = \"council\"\nmetric = \"share\"\nnumerator = {places}\ndenominator = 500\namounts = [{{ value = \"{}.5 %\", role = \"measured\" }}]",
                places % 90
            ),
        );
    }
    out
}

const PUBLIC: &str = r#"
[[party]]
id = "council"
name = "Testshire Council"
kind = "council"

[[party]]
id = "watchdog"
name = "The Watchdog"
kind = "auditor"

[[party]]
id = "critic"
name = "The Critic"
kind = "charity"

[[source]]
id = "s-2024-01-10"
title = "A paper"
published = "2024-01-10"
publisher = "P"

[[source]]
id = "s-2024-06-01"
title = "A later paper"
published = "2024-06-01"
publisher = "P"

[[metric]]
id = "share"
name = "Plans in time"
definition = "Of all"
unit = "%"

[[notice]]
id = "notice"
text = "A notice was given"
by = "watchdog"
to = "council"
voice = "official"
form = "improvement notice"
occurred = "2024-01-05"
cites = [{ source = "s-2024-01-10", at = "p. 1" }]

[[pledge]]
id = "places"
text = "Create 500 places"
by = "council"
voice = "self"
force = "pledge"
occurred = "2024-01-10"
target = { amount = "500 places" }
due = { mode = "by", date = "2025-09" }
cites = [{ source = "s-2024-01-10", at = "p. 1" }]

[[pledge]]
id = "duty"
text = "Issue each plan in time"
by = "council"
voice = "official"
force = "duty"
due = { mode = "every" }
cites = [{ source = "s-2024-01-10", at = "p. 2" }]

[[delivery]]
id = "open-delivery"
text = "20 places were opened"
by = "council"
voice = "self"
outcome = "part"
occurred = "2024-05-01"
amounts = [{ value = "20 places", role = "delivered" }]
links = [{ part-fulfils = "places" }]
cites = [{ source = "s-2024-06-01", at = "p. 3" }]

[[payout]]
id = "open-payout"
text = "The council paid families"
by = "council"
voice = "record"
settles = "complaints"
occurred = "2024-05"
amounts = [{ value = "20000 GBP", role = "paid" }]
cites = [{ source = "s-2024-06-01", at = "p. 4" }]

[[measurement]]
id = "open-figure"
text = "Half of the plans were in time"
by = "watchdog"
about = "council"
voice = "official"
period = "2023"
metric = "share"
amounts = [{ value = "50 %", role = "measured" }]
cites = [{ source = "s-2024-06-01", at = "p. 5" }]
"#;

/// A public fact recorded after the sensitive ones, so that its index differs between ledgers.
const LATER: &str = r#"
[[statement]]
id = "later"
text = "The council is confident"
by = "council"
voice = "self"
act = "claim"
occurred = "2024-06-01"
cites = [{ source = "s-2024-06-01", at = "p. 6" }]
"#;

/// Reports by more than what every report asks for.
const NARROWED: [&str; 23] = [
    "report pledges --by council",
    "report pledges --open --due past",
    "report pledges --explain places",
    "report pledges --explain duty",
    "report pledges --as-of 2024-03-01",
    "report pledges --as-of 2024-05-02",
    "report pledges --unit places",
    "report pledges --made-under party-a",
    "report pledges --text waited",
    "report money --about council",
    "report amounts --unit places",
    "report amounts --totals",
    "report metrics --about council",
    "report contradictions --about council",
    "report deliveries --unpledged",
    "timeline --count",
    "timeline --since 2023-11-01 --until 2024-02-28",
    "timeline --linked places",
    "timeline --kind correction --kind retraction",
    "timeline --clock recorded",
    "show places",
    "show open-payout",
    "calc places.target",
];

/// Returns every report, with and without filters.
fn reports() -> Vec<String> {
    every::reports("council").into_iter().chain(NARROWED.map(str::to_owned)).collect()
}

/// Returns a ledger of the public facts and these secrets, with one more that only a correction
/// marks sensitive.
fn ledger(secret: &Secret) -> tempfile::TempDir {
    let facts = tempfile::tempdir().expect("a folder");
    let write = |name: &str, facts_text: &str| {
        let path = facts.path().join(name);
        std::fs::write(&path, facts_text).expect("writes");
        path.to_str().expect("UTF-8").to_owned()
    };
    let dir = ledger_of(Path::new(&write("public.toml", PUBLIC)));
    let all = secrets(secret);
    let append = |name: &str, facts_text: &str| {
        ok(dir.path(), &["--ledger", "ledger", "append", &write(name, facts_text), "-q"]);
    };
    append("secrets.toml", &all);
    // First recorded as a public fact, and marked sensitive later.
    let id = format!("{}-told", secret.id);
    let told = format!(
        "\n[[statement]]\nid = \"{id}\"\ntext = \"{}\"\nby = \"critic\"\nabout = \"council\"\nvoice = \"critic\"\nact = \"case\"\noccurred = \"{}\"\nlinks = [{{ contradicts = \"open-delivery\" }}]\ncites = [{{ source = \"s-2024-06-01\", at = \"p. 9\" }}]\n",
        secret.text, secret.day
    );
    append("told.toml", &told);
    let marked = write("marked.toml", &format!("{told}sensitive = true\n"));
    ok(dir.path(), &["--ledger", "ledger", "correct", &id, &marked, "--reason", secret.text, "-q"]);
    ok(dir.path(), &["--ledger", "ledger", "retract", &format!("{}-question-0", secret.id), "--reason", secret.text]);
    append("later.toml", LATER);
    dir
}

/// Returns the output of a run without the parts that may differ: the number withheld, indexes,
/// times of recording, head, checkpoint and digest.
fn said(dir: &Path, arguments: &[&str]) -> String {
    let output = run(dir, &[&["--ledger", "ledger"], arguments].concat());
    let said = format!("{} {} {:?}", text(&output.stdout), text(&output.stderr), output.status.code());
    // The last lines of a picture have the number of entries and the tree head.
    let pieces = said.split("</svg>").map(|piece| piece.split(" class=\"caption\">As at ").next().unwrap_or_default());
    let said = pieces.collect::<Vec<_>>().join("</svg>");
    let blank =
        ["Based on", "tree head", "chain ", "digest", "\"tree-head\"", "\"chain\"", "\"digest\"", "\"entries\""];
    let kept = said.lines().filter(|line| !blank.iter().any(|b| line.trim_start().starts_with(b)));
    // A CSV row ends with the number of entries and the tree head.
    let is_table = arguments.ends_with(&["csv"]);
    let kept = kept.map(|line| if is_table { line.rsplitn(3, ',').last().unwrap_or(line) } else { line });
    // Longer numbers change the line breaks.
    let words: Vec<&str> = kept.flat_map(str::split_whitespace).collect();
    let mut out = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let after = |k: usize| n.checked_sub(k).and_then(|n| words.get(n)).copied().unwrap_or_default();
        let is_place = matches!(after(1).trim_start_matches(['(', '"', '>']), "entry" | "first" | "entries");
        let is_count = words.get(n + 1).is_some_and(|next| next.starts_with("entr"));
        let is_row = after(1) == "\"sensitive-entries\":";
        if !(is_place || is_count || is_row || *word == "are" || *word == "is" || word.starts_with("entr")) {
            out.push(word.trim_start_matches("(entry"));
        }
    }
    out.join(" ")
}

#[test]
fn ledgers_that_differ_only_in_what_is_sensitive_print_the_same() {
    let (one, other) = (ledger(&ONE), ledger(&OTHER));
    let mut compared = 0;
    let reports = reports();
    for report in &reports {
        for format in every::formats() {
            let arguments: Vec<&str> = report.split(' ').chain(["--format", format]).collect();
            // Hashes are inline in HTML, and at the end of each CSV row.
            let strip = |text: String| {
                let pieces = text.split(['<', '>', ',', ' ', '"', '|']);
                pieces.filter(|piece| piece.len() < 40).collect::<Vec<_>>().join(" ")
            };
            let (a, b) = (strip(said(one.path(), &arguments)), strip(said(other.path(), &arguments)));
            let differs = a.bytes().zip(b.bytes()).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()));
            let near = |text: &str| text.chars().skip(differs.saturating_sub(80)).take(240).collect::<String>();
            assert!(a == b, "{arguments:?}:\n{}\n-----\n{}", near(&a), near(&b));
            for secret in [&ONE, &OTHER] {
                assert!(!a.contains(secret.id) && !a.contains(secret.text), "{arguments:?}: {a}");
            }
            compared += 1;
        }
    }
    assert_eq!(compared, reports.len() * every::formats().count());
    // With `--sensitive`, the facts are shown.
    let all = ok(one.path(), &["--ledger", "ledger", "timeline", "--sensitive"]);
    assert!(all.contains(ONE.id) && all.contains("counted."), "{all}");
}

/// Checks that retractions, corrections, and logs from before a fact was marked disclose nothing.
#[test]
fn what_was_public_before_it_was_marked_is_not_told() {
    let dir = ledger(&ONE);
    for arguments in [
        "timeline --at 24",
        "show zq-child-harm-told",
        "show zq-child-harm-told --at 24",
        "show zq-child-harm-question-0",
        "show zq-child-harm-told --toml",
        "show zq-child-hram-told",
        "report pledges --explain zq-child-harm-pledge-0",
        "calc zq-child-harm-payout-0",
        "report changes 5",
        "timeline --linked zq-child-harm-told",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let output = run(dir.path(), &[&["--ledger", "ledger"], &arguments[..]].concat());
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        // Arguments are echoed, so they are removed first.
        let said = arguments.iter().fold(said, |said, typed| said.replace(typed, ""));
        assert!(!said.contains("zq-") && !said.contains("Zebra"), "{arguments:?}: {said}");
    }
    // A misspelt id in a file is not completed to that of a sensitive fact.
    let file = dir.path().join("near.toml");
    let fact = LATER.replace("\"later\"", "\"even-later\"") + "links = [{ bears-on = \"zq-child-harm-tolt\" }]\n";
    std::fs::write(&file, fact).expect("writes");
    let output = run(dir.path(), &["--ledger", "ledger", "append", "near.toml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(!text(&output.stderr).contains("zq-child-harm-told"), "{}", text(&output.stderr));
}

/// Checks that a status changed by sensitive evidence has a note with the status by public evidence
/// alone.
#[test]
fn with_sensitive_facts_a_status_says_what_is_public() {
    let dir = ledger(&OTHER);
    let status = |arguments: &[&str]| {
        let said = ok(dir.path(), &[&["--ledger", "ledger", "report", "pledges", "--json"], arguments].concat());
        let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let rows = report["rows"].as_array().expect("rows").clone();
        let row = rows.into_iter().find(|row| row["tellings"].as_array().is_some_and(|t| t.contains(&"places".into())));
        let row = row.expect("the pledge");
        (
            row["status"].as_str().expect("a word").to_owned(),
            row["notes"].to_string(),
            report["sensitive-counted"].clone(),
        )
    };
    let (public, _, counted) = status(&[]);
    let (all, notes, asked) = status(&["--sensitive"]);
    assert_eq!((counted, asked), (false.into(), true.into()));
    assert_ne!(public, all);
    assert!(notes.contains(&format!("by public evidence alone: {public}")), "{notes}");
}

/// Checks that publishing removes what an earlier publication disclosed, and accounts for all that
/// is withheld.
#[test]
fn publishing_leaves_sensitive_parts_out_and_says_so_first() {
    let dir = ledger(&ONE);
    let verify = |arguments: &[&str]| {
        let said = ok(dir.path(), &[&["verify", "public", "--json"], arguments].concat());
        serde_json::from_str::<serde_json::Value>(&said).expect("JSON")
    };
    ok(dir.path(), &["--ledger", "ledger", "publish", "public", "--sensitive"]);
    assert_eq!(verify(&[])["parts-withheld"], 0);
    assert!(holds(&dir.path().join("public"), b"Zebra"), "published with the flag");
    std::fs::copy(dir.path().join("public/checkpoint"), dir.path().join("seen")).expect("copies");
    let said = ok(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    assert!(said.contains("left out"), "{said}");
    assert!(!holds(&dir.path().join("public"), b"Zebra"), "also in what an older checkpoint left");
    let verdict = verify(&["--expect", "seen"]);
    let status = ok(dir.path(), &["--ledger", "ledger", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(verdict["facts-withheld"], status["sensitive-entries"], "a reader counts the same");
    assert_eq!(verdict["withheld-by"].as_array().map(Vec::len), Some(1));
    // The same for an export and a proof.
    ok(dir.path(), &["--ledger", "ledger", "export", "public.jsonl", "--public"]);
    assert!(!holds(dir.path().join("public.jsonl").as_path(), b"Zebra"));
    ok(dir.path(), &["verify", "public.jsonl"]);
    let refused = run(dir.path(), &["--ledger", "ledger", "prove", "zq-child-harm-payout-0"]);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stdout));
    let whole = run(dir.path(), &["--ledger", "ledger", "export", "whole.jsonl"]);
    assert!(text(&whole.stderr).contains("about identifiable children"), "{}", text(&whole.stderr));
    // A ledger restored from the folder verifies, counts the same, and accepts no entries.
    ok(dir.path(), &["restore", "public", "copy"]);
    let copied = ok(dir.path(), &["--ledger", "copy", "status", "--json"]);
    let copied: serde_json::Value = serde_json::from_str(&copied).expect("JSON");
    assert_eq!(copied["sensitive-entries"], status["sensitive-entries"]);
    ok(dir.path(), &["--ledger", "copy", "verify"]);
    std::fs::write(dir.path().join("more.toml"), LATER.replace("\"later\"", "\"more\"")).expect("writes");
    let refused = run(dir.path(), &["--ledger", "copy", "append", "more.toml"]);
    assert!(!refused.status.success(), "a copy with parts left out is not added to");
    // The restored copy judges the same facts as the keeper's ledger.
    let pages = |ledger: &str| ok(dir.path(), &["--ledger", ledger, "report", "pledges", "--format", "csv"]);
    assert_eq!(pages("ledger"), pages("copy"), "both judge the same facts");
}

/// Returns `true` if a file, or any file in a folder, contains these bytes.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    if path.is_dir() {
        let inside: BTreeSet<_> = std::fs::read_dir(path).expect("a folder").flatten().map(|e| e.path()).collect();
        return inside.iter().any(|path| holds(path, bytes));
    }
    std::fs::read(path).is_ok_and(|held| held.windows(bytes.len()).any(|window| window == bytes))
}

/// Checks that a public fact that names a sensitive one gives a warning when it is recorded.
#[test]
fn a_public_fact_that_names_a_sensitive_one_is_warned_of() {
    let dir = ledger(&ONE);
    let fact = LATER.replace("\"later\"", "\"names-it\"") + "links = [{ bears-on = \"zq-child-harm-payout-0\" }]\n";
    std::fs::write(dir.path().join("names.toml"), fact).expect("writes");
    for arguments in [&["append", "names.toml", "--dry-run"][..], &["append", "names.toml"]] {
        let output = run(dir.path(), &[&["--ledger", "ledger"], arguments].concat());
        assert!(output.status.success());
        assert!(text(&output.stderr).contains("whose id is published with it: names-it;"), "{}", text(&output.stderr));
    }
    // The same if the named fact is marked only later, and at every publication.
    let later = LATER.replace("\"later\"", "\"names-later\"") + "links = [{ bears-on = \"open-payout\" }]\n";
    std::fs::write(dir.path().join("later.toml"), later).expect("writes");
    ok(dir.path(), &["--ledger", "ledger", "append", "later.toml", "-q"]);
    let payout = PUBLIC.split("[[payout]]").nth(1).and_then(|rest| rest.split("[[").next()).expect("the payout");
    std::fs::write(dir.path().join("payout.toml"), format!("[[payout]]{payout}sensitive = true\n")).expect("writes");
    let correct = ["--ledger", "ledger", "correct", "open-payout", "payout.toml", "--reason", "about one family"];
    let output = run(dir.path(), &correct);
    assert!(output.status.success() && text(&output.stderr).contains("names-later"), "{}", text(&output.stderr));
    let output = run(dir.path(), &["--ledger", "ledger", "publish", "public"]);
    assert!(text(&output.stderr).contains("names-it, names-later"), "{}", text(&output.stderr));
    // The restored copy and the keeper's ledger print the same reports.
    ok(dir.path(), &["restore", "public", "copy"]);
    for report in reports().iter().filter(|report| !report.contains("open-payout") && !report.contains("--clock")) {
        let arguments: Vec<&str> = report.split(' ').collect();
        let told = |ledger: &str| text(&run(dir.path(), &[&["--ledger", ledger], &arguments[..]].concat()).stdout);
        assert_eq!(told("ledger"), told("copy"), "{report}");
    }
}
