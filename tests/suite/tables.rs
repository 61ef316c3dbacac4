//! Mappings made of tables by questions, and tables that are refused.

use crate::firsthour::promised;
use crate::{ok, text};

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
fn a_draft_asks_or_refuses_where_a_table_has_two_readings() {
    let dir = promised();
    let dir = dir.path();
    let draft = |table: &str, answers: &str| {
        std::fs::write(dir.join("t.csv"), table).expect("writes");
        let start = "A Department, 1 June 2025\nA Department\ndepartment\nrecord\ncode\nname\ngss\ncouncil\n";
        let mut command = crate::heldto(dir);
        command.args(["--ledger", "ledger", "mapping", "--draft", "t.csv"]);
        let output = command.env("HELDTO_TEST_ANSWER", format!("{start}{answers}")).output().expect("runs");
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    let figure = "Places\nthe number\nplaces\n";
    for (years, answer, period) in [
        ("2009-10", "Financial", "{year:0..4}-04/20{year:5..7}-03"),
        ("2023/2024", "school", "{year:0..4}-09/{year:5..9}-08"),
        ("2023/24", "financial", "{year:0..4}-04/20{year:5..7}-03"),
    ] {
        let table = format!("code,name,year,places\nE10000007,Derbyshire,{years},12\n");
        let (done, mapping, said) = draft(&table, &format!("year\n{answer}\nplaces\n{figure}"));
        assert!(done && mapping.contains(period), "{years}: {mapping}{said}");
    }
    let (done, mapping, said) =
        draft("code,name,year,places\nE10000007,Derbyshire,2023-03-31,12\n", &format!("year\nplaces\n{figure}"));
    assert!(done && mapping.contains("day = \"{year}\""), "{mapping}{said}");
    let share = "Share\nthe share\n%\n";
    for (table, answers, wanted) in [
        ("code,name,year,places,places\nE10000007,Derbyshire,2023,12,13\n", String::new(), "two columns are called"),
        (
            "code,name,year,spend (£m)\nE10000007,Derbyshire,2023,12\n",
            "year\nspend (£m)\n".to_owned(),
            "thousands or more",
        ),
        (
            "code,name,year,s\nE10000007,Derbyshire,2023,48.5%\nE10000007,Derbyshire,2024,0.485\n",
            format!("year\ns\n{share}"),
            "shares of one",
        ),
        (
            "code,name,year,s\nE10000007,Derbyshire,2023,0.485\nE10000007,Derbyshire,2024,1\n",
            format!("year\ns\n{share}"),
            "shares of one",
        ),
    ] {
        let (done, mapping, said) = draft(table, &answers);
        assert!(!done && mapping.is_empty() && said.contains(wanted), "{table}: {said}");
    }
}
