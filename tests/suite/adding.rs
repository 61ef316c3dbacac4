//! `heldto add`, by questions and from options.

use crate::firsthour::promised;
use crate::{ok, text};
use std::path::Path;

/// Runs `add` with these answers, one a line; returns what was printed, on both streams.
fn added(dir: &Path, arguments: &[&str], answers: &str) -> (bool, String) {
    let mut command = crate::heldto(dir);
    command.args(["--ledger", "ledger", "add"]).args(arguments).env("HELDTO_TEST_ANSWER", answers);
    let output = command.output().expect("runs");
    (output.status.success(), format!("{}{}", text(&output.stderr), text(&output.stdout)))
}

#[test]
fn a_missed_promise_is_recorded_in_under_ten_answers() {
    let dir = promised();
    let dir = dir.path();
    // The voice is asked for again, because it was not understood.
    let answers = "delivery\nspecial school\n74 places\nmarch 2025\nthe council\nself\nplaces opened\npara 6\ny";
    let (done, said) = added(dir, &[], answers);
    assert!(done && answers.lines().count() < 10, "{said}");
    for line in [
        "120-places · Create 120 more special school places",
        "understood as: Mar 2025",
        "none of: record, official, self",
        "a-later-paper · Places opened",
        "[[delivery]]",
        "links = [{ part-fulfils = \"120-places\" }]",
        "120-places: overdue → part-met.",
        "74 of 120",
        "1 fact recorded. The ledger holds 5 entries.",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // A second count says whether it includes the first, and the same fact is not recorded twice.
    let again = [
        "delivery",
        "--for",
        "120-places",
        "--amount",
        "90 places",
        "--voice",
        "self",
        "--source",
        "opened",
        "--at",
        "1",
    ];
    let (done, said) = added(dir, &again, "");
    assert!(!done && said.contains("--set basis="), "{said}");
    let (done, said) = added(dir, &["party", "--text", "a council", "--set", "kind=council"], "");
    assert!(!done && said.contains("on record already, as `a-council`"), "{said}");
    // The same from options, without a question.
    let given = [
        "delivery",
        "--for",
        "120-places",
        "--amount",
        "80 places",
        "--on",
        "1st April 2025",
        "--set",
        "basis=in-total",
        "--voice",
        "self",
    ];
    let (done, said) = added(dir, &[&given[..], &["--source", "Derbyshire Times, 4 April 2025, para 2"]].concat(), "");
    assert!(done && said.contains("2 facts recorded"), "{said}");
    ok(dir, &["--ledger", "ledger", "verify"]);
}

#[test]
fn nothing_is_recorded_before_the_last_answer() {
    let dir = promised();
    let dir = dir.path();
    let answers = ["delivery", "120-places", "74 places", "march 2025", "self", "places opened", "para 6", "n"];
    for most in 0..=answers.len() {
        let (done, said) = added(dir, &[], &answers[..most].join("\n"));
        assert!(!done && !said.contains("recorded. The ledger"), "{most}: {said}");
    }
    let status = ok(dir, &["--ledger", "ledger", "timeline", "--count"]);
    assert!(!status.contains("delivery"), "{status}");
}

#[test]
fn every_kind_can_be_added() {
    let dir = promised();
    let dir = dir.path();
    let sourced = ["--voice", "record", "--source", "a-later-paper", "--at", "para 1"];
    let kinds: &[(&[&str], &[&str])] = &[
        (&["party", "--text", "An Ombudsman", "--set", "kind=ombudsman"], &[]),
        (&["party", "--text", "A New Council", "--set", "kind=council"], &[]),
        (&["source", "--text", "Minutes", "--set", "publisher=A Council", "--set", "published=1 March 2025"], &[]),
        (&["metric", "--text", "Plans in time", "--set", "definition=the share in time", "--set", "unit=%"], &[]),
        (
            &[
                "pledge",
                "--text",
                "Open a school",
                "--by",
                "a council",
                "--set",
                "force=pledge",
                "--set",
                "due=June 2030",
                "--set",
                "target=a school",
            ],
            &sourced,
        ),
        (
            &[
                "pledge",
                "--text",
                "Spend more",
                "--by",
                "a-council",
                "--set",
                "force=pledge",
                "--set",
                "target=about £2.6 million",
            ],
            &sourced,
        ),
        (&["delivery", "--for", "120-places", "--set", "outcome=started", "--on", "2024"], &sourced),
        (
            &[
                "payout",
                "--text",
                "A payment",
                "--by",
                "a-council",
                "--amount",
                "more than £500",
                "--set",
                "settles=a complaint",
            ],
            &sourced,
        ),
        (
            &[
                "complaint",
                "--text",
                "A complaint",
                "--by",
                "ombudsman",
                "--about",
                "a-council",
                "--set",
                "decision=upheld",
            ],
            &sourced,
        ),
        (
            &["statement", "--text", "It said so", "--by", "a-council", "--set", "act=speech", "--on", "2 May 2024"],
            &sourced,
        ),
        (
            &[
                "question",
                "--text",
                "It was asked",
                "--by",
                "ombudsman",
                "--to",
                "a-council",
                "--set",
                "answer=declined",
            ],
            &sourced,
        ),
        (
            &[
                "notice",
                "--text",
                "A notice",
                "--by",
                "ombudsman",
                "--about",
                "a-council",
                "--set",
                "form=improvement notice",
            ],
            &sourced,
        ),
        (
            &[
                "inspection",
                "--text",
                "An inspection",
                "--by",
                "ombudsman",
                "--about",
                "a-council",
                "--set",
                "outcome=failing",
            ],
            &sourced,
        ),
        (&["publication", "--text", "A plan", "--by", "a-council", "--set", "form=plan"], &sourced),
        (
            &[
                "measurement",
                "--set",
                "metric=plans in time",
                "--about",
                "a-council",
                "--amount",
                "48%",
                "--set",
                "period=2024",
            ],
            &sourced,
        ),
        (&["change", "--text", "A new system", "--about", "a-council", "--set", "what=system-launched"], &sourced),
        (&["recommendation", "--text", "Do better", "--by", "ombudsman", "--to", "a-council"], &sourced),
        (
            &[
                "decision",
                "--text",
                "It was deferred",
                "--by",
                "a-council",
                "--for",
                "120-places",
                "--set",
                "decision=deferred",
            ],
            &sourced,
        ),
        (
            &[
                "assessment",
                "--text",
                "It failed",
                "--by",
                "ombudsman",
                "--for",
                "120-places",
                "--set",
                "verdict=failed",
                "--set",
                "scale=ours",
            ],
            &sourced,
        ),
        (
            &[
                "succession",
                "--text",
                "A new council follows",
                "--set",
                "of=a-council",
                "--to",
                "a-new-council",
                "--on",
                "1 April 2028",
            ],
            &sourced,
        ),
    ];
    let mut recorded = std::collections::BTreeSet::new();
    for (arguments, more) in kinds {
        let (done, said) = added(dir, &[*arguments, *more].concat(), "");
        assert!(done && said.contains("1 fact recorded"), "{arguments:?}: {said}");
        recorded.insert(arguments[0]);
    }
    // Every kind that is written by hand.
    assert_eq!(recorded.len(), heldto_fact::Kind::ALL.iter().filter(|kind| !kind.is_system()).count() - 2);
    ok(dir, &["--ledger", "ledger", "verify"]);
}

#[test]
fn what_add_cannot_use_is_refused_with_what_to_say() {
    let dir = promised();
    let dir = dir.path();
    for (arguments, why) in [
        (&["delivery", "--for", "no such thing", "--amount", "1 place"][..], "no commitment called `no such thing`"),
        (&["delivery", "--for", "120-places", "--amount", "74"], "does not say what it counts"),
        (
            &["delivery", "--for", "120-places", "--amount", "1 place", "--on", "01/03/2025"],
            "write \"2025-03-01\" or \"2025-01-03\"",
        ),
        (&["delivery", "--for", "120-places", "--set", "outcome=nearly"], "none of: done, part"),
        (&["payout", "--for", "120-places"], "no field `for`"),
        (&["payout", "--text", "x", "--by", "nobody at all"], "heldto add party"),
        (&["pledge", "--text", "x", "--by", "a-council", "--set", "force"], "outcome=part"),
        (&["delivery", "--for", "120-places"], "--set outcome= is missing"),
        (&["delivery", "--for", "120-places", "--amount", "0 places"], "--set outcome= is missing"),
        (&["party", "--text", "An \u{1b}[31m council", "--set", "kind=council"], "cannot be seen"),
        (&["correction"], "not added by hand"),
        (&[], "the kind of the fact is missing"),
    ] {
        let (done, said) = added(dir, arguments, "");
        assert!(!done && said.contains(why), "{arguments:?}: {said}");
    }
    // A new body and a new source on the way, written to a file that `append` takes.
    let answers =
        "An Audit\ninspectorate\nx\nA Council\nsure\nNottingham Post, soon\nNottingham Post, 4 Apr 2025\npara 1\ny";
    let given = ["inspection", "--text", "It was audited", "--set", "outcome=poor", "--into", "mine.toml"];
    let (done, said) =
        added(dir, &given, &answers.replace("\nx\nA Council", "\na-council").replace("sure", "official"));
    assert!(done && said.contains("new body: an-audit") && said.contains("heldto append mine.toml"), "{said}");
    let said = ok(dir, &["--ledger", "ledger", "append", "mine.toml"]);
    assert!(said.contains("3 facts recorded"), "{said}");
    // A file that `append` does not take is not added to.
    std::fs::write(dir.join("broken.toml"), "garbage [[[").expect("writes");
    for file in ["broken.toml", "facts.jsonl"] {
        let (done, said) = added(dir, &["party", "--text", "B", "--set", "kind=other", "--into", file], "");
        assert!(!done, "{file}: {said}");
    }
    assert_eq!(std::fs::read_to_string(dir.join("broken.toml")).expect("reads"), "garbage [[[");
}

const TABLE: &str = "council,gss,year,in time,share\n\
    Derbyshire County Council,E10000007,202324,302,23.1%\n\
    Nottinghamshire County Council,E10000024,202324,x,x\n";

#[test]
fn a_mapping_is_made_of_a_table_by_questions() {
    let dir = promised();
    let dir = dir.path();
    std::fs::write(dir.join("plans.csv"), TABLE).expect("writes");
    let answers = [
        "A Department, 1 June 2025",
        "A Department",
        "department",
        "record",
        "gss",
        "the names",
        "council",
        "gss",
        "council",
        "year",
        "school",
        "in time, sharing",
        "in time, share",
        "Plans in time",
        "the number within 20 weeks",
        "plans",
        "Share in time",
        "the share within 20 weeks",
        "%",
        "not available",
    ];
    let draft = |number: usize| {
        let mut command = crate::heldto(dir);
        command.args(["--ledger", "ledger", "mapping", "--draft", "plans.csv"]);
        command.env("HELDTO_TEST_ANSWER", answers[..number].join("\n")).output().expect("runs")
    };
    for number in 0..answers.len() {
        let output = draft(number);
        assert!(!output.status.success() && output.stdout.is_empty(), "{number}");
    }
    let output = draft(answers.len());
    let (said, mapping) = (text(&output.stderr), text(&output.stdout));
    for line in [
        "no column is called `the names`; they are council, gss, year, in time, share",
        "no column is called `sharing`",
        "Plans in time: Derbyshire County Council, 2023-09/2024-08: 302 plans",
        "Share in time: Derbyshire County Council, 2023-09/2024-08: 23.1%",
        "Share in time: Nottinghamshire County Council, 2023-09/2024-08: not available",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    std::fs::write(dir.join("mine.toml"), mapping).expect("writes");
    let done = ok(dir, &["--ledger", "ledger", "append", "plans.csv", "--mapping", "mine.toml"]);
    assert!(done.contains("10 facts recorded"), "{done}");
    // One body's table, by the code that it has now.
    let table = "year,in time\n2022,167\n2024-03-31,447\n";
    std::fs::write(dir.join("own.csv"), table).expect("writes");
    let answers = "A Department, 1 June 2025\nA Department\nrecord\nnottinghamshire\nyear\nin time\nPlans in time\n";
    let mut command = crate::heldto(dir);
    command.args(["--ledger", "ledger", "mapping", "--draft", "own.csv", "-o", "own.toml"]);
    let output = command.env("HELDTO_TEST_ANSWER", answers).output().expect("runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let done = ok(dir, &["--ledger", "ledger", "append", "own.csv", "--mapping", "own.toml"]);
    assert!(done.contains("2 facts recorded"), "{done}");
}

#[test]
fn a_file_of_another_program_is_told_to_be_one() {
    let dir = promised();
    let dir = dir.path();
    for (name, magic, said) in [
        ("book.xlsx", &b"PK\x03\x04rest"[..], "an Excel or Word file"),
        ("old.doc", b"\xd0\xcf\x11\xe0rest", "an old Excel or Word file"),
        ("report.pdf", b"%PDF-1.7", "a PDF"),
        ("wide.toml", b"\xff\xfe[\0[\0", "text in UTF-16"),
    ] {
        std::fs::write(dir.join(name), magic).expect("writes");
        for command in [&["append", name][..], &["check", name], &["mapping", "--draft", name]] {
            let refused = crate::run(dir, &[&["--ledger", "ledger"], command].concat());
            let error = text(&refused.stderr);
            assert!(error.contains(&format!("{name} is {said}")) && error.contains("help:"), "{error}");
        }
    }
}

#[test]
fn an_authority_added_by_its_name_has_the_codes_of_the_official_list() {
    let dir = promised();
    let dir = dir.path();
    let (done, said) = added(dir, &["party"], "derbyshire county council\ny");
    assert!(done && said.contains("gss E10000007") && said.contains("CC BY 4.0"), "{said}");
    let fact = ok(dir, &["--ledger", "ledger", "show", "derbyshire-county-council", "--toml"]);
    assert!(fact.contains("\"gss:E10000007\"") && fact.contains("name = \"Derbyshire County Council\""), "{fact}");
    // On the way to another fact, too; a body that is no council has no codes.
    let answers = "statement\nIt said so\nKent County Council\ncouncil\nclaim\nLeeds City Council\nschool\n2025\nrecord\nopened\n1\ny";
    let (done, said) = added(dir, &[], answers);
    assert!(done && said.contains("gss E10000016") && !said.contains("E08000035"), "{said}");
}

#[test]
fn a_body_is_taken_by_whole_words_and_said() {
    let dir = promised();
    let dir = dir.path();
    ok(
        dir,
        &["--ledger", "ledger", "add", "party", "--text", "Nottinghamshire County Council", "--set", "kind=council"],
    );
    let given = |by: &str| {
        let arguments =
            ["statement", "--text", "So", "--set", "act=claim", "--voice", "self", "--source", "opened", "--at", "1"];
        added(dir, &[&arguments[..], &["--dry-run", "--by", by]].concat(), "")
    };
    for part in ["Nottingham", "shire", "Notts"] {
        let (done, said) = given(part);
        assert!(!done && said.contains("no body called"), "{part}: {said}");
    }
    let (done, said) = given("nottinghamshire");
    assert!(done && said.contains("note: --by: nottinghamshire-county-council"), "{said}");
}

#[test]
fn a_table_that_may_be_misread_is_refused() {
    let dir = promised();
    let dir = dir.path();
    std::fs::write(dir.join("plans.csv"), TABLE.replace(",x,x", ",1,2%")).expect("writes");
    let mut answers = vec![
        "A Department, 1 June 2025",
        "A Department",
        "department",
        "record",
        "gss",
        "council",
        "gss",
        "council",
        "year",
        "school",
        "in time",
    ];
    answers.extend(["Plans in time", "the number within 20 weeks", "plans"]);
    let draft = |name: &str| {
        let mut command = crate::heldto(dir);
        command.args(["--ledger", "ledger", "mapping", "--draft", name]).env("HELDTO_TEST_ANSWER", answers.join("\n"));
        command.output().expect("runs")
    };
    let mapping = draft("plans.csv");
    std::fs::write(dir.join("mine.toml"), &mapping.stdout).expect("writes");
    ok(dir, &["--ledger", "ledger", "append", "plans.csv", "--mapping", "mine.toml"]);
    let row = |row: &str| {
        std::fs::write(dir.join("plans.csv"), format!("council,gss,year,in time,share\n{row}\n")).expect("writes");
        let refused = crate::run(dir, &["--ledger", "ledger", "append", "plans.csv", "--mapping", "mine.toml"]);
        assert_eq!(refused.status.code(), Some(3), "{row}: {}", text(&refused.stdout));
        text(&refused.stderr)
    };
    for (given, said) in [
        ("Kent,E10000007,202223,99,5%", "is the code of `derbyshire-county-council`"),
        ("Essex,E1000000,202223,99,5%", "is not a code of the Government Statistical Service"),
        ("Derbyshire,E10000007,199899,99,5%", "longer than ten years"),
        ("Derbyshire,E10000007,202223,12 million,5%", "has its number in words"),
        ("Derbyshire,E10000007,202223,<5,5%", "write the number in digits, or give the cell's meaning"),
    ] {
        let error = row(given);
        assert!(error.contains(said), "{given}: {error}");
    }
    for (given, said) in [
        ("A,E10000007,202325,9,5%", "is no year and the next"),
        ("A,E10000007,199900,9,5%", "is no year and the next"),
        ("A,E10000007,202324,\"£1,200\",5%", "is no number in digits"),
    ] {
        std::fs::write(dir.join("plans.csv"), format!("council,gss,year,in time,share\n{given}\n")).expect("writes");
        let refused = draft("plans.csv");
        assert!(
            !refused.status.success() && text(&refused.stderr).contains(said),
            "{given}: {}",
            text(&refused.stderr)
        );
    }
    // An empty cell is not available, and never nought.
    std::fs::write(dir.join("empty.csv"), "council,gss,year,in time,share\nDerbyshire,E10000007,202021,,5%\n")
        .expect("writes");
    let answers = "A Department, 1 June 2025\nA Department\nrecord\ngss\ncouncil\ngss\ncouncil\nyear\nschool\nin time\n\
        Plans in time\nnot available";
    let mut command = crate::heldto(dir);
    command.args(["--ledger", "ledger", "mapping", "--draft", "empty.csv", "-o", "empty.toml"]);
    let output = command.env("HELDTO_TEST_ANSWER", answers).output().expect("runs");
    assert!(
        output.status.success() && text(&output.stderr).contains("not available (plans)"),
        "{}",
        text(&output.stderr)
    );
}
