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
