//! Checks that facts and problems from tables point at the right line, for any line ending.

use chrono::NaiveDate;
use heldto_fact::Fact;
use heldto_intake::{ExistingFacts, File, Places, Problems, Tenure, map};

const MAPPING: &str = r#"
[[source]]
id = "release"
title = "A release"
published = "2025"

[[party]]
id = "dept"
name = "A department"
kind = "department"

[[metric]]
id = "places"
name = "Places"
definition = "How many there are"
unit = "places"
better = "higher"

[mapping]
source = "release"
by = "dept"
voice = "record"

[[mapping.place]]
kind = "council"
name = "{name}"
codes = { gss = "{code}" }

[[mapping.file]]
name = "places.csv"
period = "{year}"
measure = [{ metric = "places", value = "{places} places" }]
"#;

fn read(text: &str) -> Result<(Vec<Fact>, Places), Problems> {
    read_beside(text, &ExistingFacts::default())
}

fn read_beside(text: &str, existing: &ExistingFacts) -> Result<(Vec<Fact>, Places), Problems> {
    let file = |name: &str, text: &str| File { name: name.to_owned(), text: text.to_owned() };
    map(&file("mapping.toml", MAPPING), &[file("places.csv", text)], existing)
}

#[test]
fn a_code_names_the_body_that_existed_then() {
    let id = |text: &str| text.parse().expect("an id");
    let day: NaiveDate = "2025-04-01".parse().expect("a day");
    let mut existing = ExistingFacts::default();
    existing.codes.insert(("gss".to_owned(), "E1".to_owned()), vec![id("new"), id("old")]);
    existing.codes.insert(("gss".to_owned(), "E2".to_owned()), vec![id("old")]);
    existing.tenures.insert(id("new"), Tenure { from: Some(day), ..Tenure::default() });
    existing.tenures.insert(id("old"), Tenure { until: Some(day), heirs: vec![id("new")], ..Tenure::default() });
    let of = |row: &str| read_beside(&format!("code,name,year,places\n{row}\n"), &existing);
    for (year, party) in [("2024", "old"), ("2026", "new")] {
        let (facts, _) = of(&format!("E1,One,{year},11")).unwrap_or_else(|p| panic!("{}", p.render(false)));
        assert_eq!(facts.last().map(|figure| figure.about[0].as_str()), Some(party), "{year}");
    }
    let refused = of("E2,Two,2026,11").expect_err("the old body had ended").render(false);
    assert!(refused.contains("`E2` is the code of `old`, which did not exist in 2026"), "{refused}");
    assert!(refused.contains("use the code of the body that followed: `new`"), "{refused}");
}

#[test]
fn a_figure_cites_its_own_line_and_stands_in_its_own_row() {
    for ends in ["\n", "\r\n"] {
        // Contains two empty lines, and a cell that spans two lines.
        let rows =
            ["code,name,year,places", "E1,One,2024,11", "", "", "E2,\"Two,\nnorth\",2024,22", "E3,Three,2024,33"];
        let text = format!("\u{feff}{}{ends}", rows.join(ends));
        let (facts, places) = read(&text).unwrap_or_else(|p| panic!("{}", p.render(false)));
        let at = |code: &str| {
            let id = format!("release-places-{code}-2024");
            let fact = facts.iter().find(|f| f.id.as_str() == id).expect("a figure");
            let (_, span) = places[&fact.id].clone();
            (fact.cites[0].at.clone(), text[span].trim_end().to_owned())
        };
        let expected = |line: u32, row: &str| (format!("places.csv, line {line}"), row.to_owned());
        assert_eq!(at("e1"), expected(2, rows[1]), "{ends:?}");
        assert_eq!(at("e2"), expected(5, rows[4]), "{ends:?}");
        assert_eq!(at("e3"), expected(7, rows[5]), "{ends:?}");
    }
}

#[test]
fn a_row_that_is_too_long_is_pointed_at() {
    for ends in ["\n", "\r\n"] {
        let text = ["code,name,year,places", "E1,One,2024,11", "", "E2,Two,2024,2,200", ""].join(ends);
        let said = read(&text).expect_err("a cell too many").render(false);
        assert!(said.contains("this row has 5 cells, but the rows before it have 4"), "{said}");
        assert!(said.contains("places.csv:4:1"), "{said}");
    }
}

#[test]
fn a_place_and_time_given_twice_is_pointed_at() {
    let text = "code,name,year,places\nE1,One,2024,11\nE1,One,2024,12\n";
    let said = read(text).expect_err("two figures of one name").render(false);
    assert!(said.contains("this row gives `release-places-e1-2024` a second time"), "{said}");
    assert!(said.contains("places.csv:3:1"), "{said}");
}
