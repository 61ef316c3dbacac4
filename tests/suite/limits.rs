//! Checks the cost of adversarial files: twice the file takes at most twice the work, within 256 MB
//! of memory.

use crate::{heldto, ok, text};
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = r#"
[[party]]
id = "council"
name = "Testshire Council"
kind = "council"

[[source]]
id = "paper"
title = "A paper"
published = "2024-01-10"

[[pledge]]
id = "whole"
text = "Open schools"
by = "council"
voice = "self"
force = "pledge"
target = { amount = "500 places" }
due = { mode = "by", date = "2025-09" }
cites = [{ source = "paper", at = "p. 1" }]
"#;

fn pledge(id: &str, links: &str) -> String {
    format!(
        "\n[[pledge]]\nid = \"{id}\"\ntext = \"{id}\"\nby = \"council\"\nvoice = \"self\"\nforce = \"pledge\"\ncites = [{{ source = \"paper\", at = \"p. 1\" }}]\nlinks = [{links}]\n"
    )
}

fn delivery(id: &str, links: &str) -> String {
    format!(
        "\n[[delivery]]\nid = \"{id}\"\ntext = \"{id}\"\nby = \"council\"\nvoice = \"official\"\noutcome = \"part\"\noccurred = \"2025-01-10\"\ncites = [{{ source = \"paper\", at = \"p. 1\" }}]\namounts = [{{ value = \"5 places\", role = \"delivered\" }}]\nlinks = [{links}]\n"
    )
}

/// Returns pledges, each of them part of all later ones.
fn parts_of_all(links: usize) -> String {
    let count = (1..).take_while(|n| n * (n - 1) / 2 <= links).last().unwrap_or(1);
    (0..count).fold(HEAD.to_owned(), |mut out, n| {
        let wholes: Vec<String> = (n + 1..count).map(|m| format!("{{ part-of = \"p-{m}\" }}")).collect();
        out.push_str(&pledge(&format!("p-{n}"), &wholes.join(", ")));
        out
    })
}

/// Returns `count` mentions of one delivery, each linked to the one before.
fn told_in_a_row(count: usize) -> String {
    (0..count).fold(HEAD.to_owned(), |mut out, n| {
        let again = if n == 0 { String::new() } else { format!(", {{ same-as = \"d-{}\" }}", n - 1) };
        out.push_str(&delivery(&format!("d-{n}"), &format!("{{ part-fulfils = \"whole\" }}{again}")));
        out
    })
}

/// Returns `count` mentions of one delivery, all linked to the first.
fn told_of_one(count: usize) -> String {
    (0..count).fold(HEAD.to_owned(), |mut out, n| {
        let again = if n == 0 { String::new() } else { ", { same-as = \"d-0\" }".to_owned() };
        out.push_str(&delivery(&format!("d-{n}"), &format!("{{ part-fulfils = \"whole\" }}{again}")));
        out
    })
}

/// Returns `count` mentions of one commitment, each with a delivery of its own.
fn commitments_in_a_row(count: usize) -> String {
    (0..count).fold(HEAD.to_owned(), |mut out, n| {
        let before = if n == 0 { "whole".to_owned() } else { format!("p-{}", n - 1) };
        out.push_str(&pledge(&format!("p-{n}"), &format!("{{ repeats = \"{before}\" }}")));
        out.push_str(&delivery(&format!("d-{n}"), &format!("{{ part-fulfils = \"p-{n}\" }}")));
        out
    })
}

/// Returns deliveries whose text is one word of 16,000 bytes.
fn long_words(count: usize) -> String {
    (0..count).fold(HEAD.to_owned(), |mut out, n| {
        let fact = delivery(&format!("d-{n}"), "{ part-fulfils = \"whole\" }");
        let long = format!("text = \"{}\"", "x".repeat(16_000));
        write!(out, "{}", fact.replacen(&format!("text = \"d-{n}\""), &long, 1)).expect("a string");
        out
    })
}

const REPORTS: [&str; 9] = [
    "report pledges",
    "report pledges --about council",
    "report authority council",
    "report deliveries",
    "report contradictions",
    "report contradictions --about council",
    "report changes 2020-01-01",
    "report agenda",
    "report amounts",
];

/// Returns the work that a report says it did: commitments judged, and facts compared.
fn work(dir: &Path, report: &str) -> (u64, u64) {
    let output = limited(dir, &[&["--ledger", "ledger", "-v"], &report.split(' ').collect::<Vec<_>>()[..]].concat());
    assert!(output.status.success(), "{report}: {}", text(&output.stderr));
    let said = text(&output.stderr);
    let line = said.lines().find(|line| line.contains("judged")).unwrap_or_else(|| panic!("{report}: {said}"));
    let numbers: Vec<u64> = line.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    (numbers[2], numbers[3])
}

/// Runs the program with at most 256 MB of address space, if the system has such limits.
///
/// One malloc arena, because an arena for each thread would reserve address space that it never
/// uses.
fn limited(dir: &Path, arguments: &[&str]) -> std::process::Output {
    let program = heldto(dir).get_program().to_owned();
    let mut command = std::process::Command::new("sh");
    command.current_dir(dir).env("MALLOC_ARENA_MAX", "1").stdin(std::process::Stdio::null());
    command.args(["-c", "ulimit -v 262144; exec \"$0\" \"$@\""]).arg(program).args(arguments);
    command.output().expect("a shell")
}

#[test]
#[cfg(target_os = "linux")]
fn twice_the_file_is_at_most_twice_the_work() {
    type Make = fn(usize) -> String;
    let makers: [(&str, Make, usize); 5] = [
        ("parts of all", parts_of_all, 300),
        ("told in a row", told_in_a_row, 200),
        ("told of one", told_of_one, 200),
        ("commitments in a row", commitments_in_a_row, 120),
        ("long words", long_words, 15),
    ];
    for (name, make, size) in makers {
        let of = |size: usize| {
            let dir = tempfile::tempdir().expect("a folder");
            ok(dir.path(), &["init", "ledger", "-q"]);
            std::fs::write(dir.path().join("facts.toml"), make(size)).expect("writes");
            let output = limited(dir.path(), &["--ledger", "ledger", "append", "facts.toml", "-q"]);
            assert!(output.status.success(), "{name}: {}", text(&output.stderr));
            REPORTS.map(|report| work(dir.path(), report))
        };
        let (once, twice) = (of(size), of(2 * size));
        for (report, (small, large)) in REPORTS.iter().zip(once.iter().zip(&twice)) {
            // The constant allows for work that does not depend on the size.
            let most = |n: u64| 2 * n + n / 10 + 20;
            assert!(large.0 <= most(small.0), "{name}: {report}: judged {} and then {}", small.0, large.0);
            assert!(large.1 <= most(small.1), "{name}: {report}: compared {} and then {}", small.1, large.1);
        }
    }
}
