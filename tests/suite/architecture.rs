//! Holds the workspace to ARCHITECTURE.md: its crates, its imports, its paths, and the length of
//! files.

use crate::root;
use std::collections::{BTreeMap, BTreeSet};

type Imports = BTreeMap<String, BTreeSet<String>>;

/// Returns the import table of ARCHITECTURE.md, whose rows are `| crate | allowed imports |`.
fn allowed() -> Imports {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let table = text.split("## Who may import whom").nth(1).expect("the table").split("\n## ").next().expect("its end");
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let rows = table.lines().filter(|l| l.starts_with("| `")).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        (names(cells[0]).pop_first().expect("a room"), names(cells[1]))
    });
    rows.collect()
}

fn actual() -> Imports {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata");
    let folder = |p: &cargo_metadata::Package| {
        p.manifest_path.parent().and_then(|d| d.file_name()).unwrap_or_default().to_owned()
    };
    let rooms: BTreeMap<String, String> = metadata.packages.iter().map(|p| (p.name.to_string(), folder(p))).collect();
    let imports = |p: &cargo_metadata::Package| {
        p.dependencies.iter().filter(|d| d.name != *p.name).filter_map(|d| rooms.get(&d.name).cloned()).collect()
    };
    metadata.packages.iter().map(|p| (folder(p), imports(p))).collect()
}

#[test]
fn every_import_is_one_that_the_table_allows() {
    let (allowed, actual) = (allowed(), actual());
    assert_eq!(
        allowed.keys().collect::<Vec<_>>(),
        actual.keys().collect::<Vec<_>>(),
        "the table lists every room, and only those"
    );
    for (room, imports) in &actual {
        let extra: Vec<_> = imports.difference(&allowed[room]).collect();
        assert!(extra.is_empty(), "{room} imports {extra:?}, which ARCHITECTURE.md does not allow");
    }
}

#[test]
fn every_path_that_the_code_map_names_is_there() {
    for page in ["ARCHITECTURE.md", "README.md", "docs/FORMAT.md", "docs/RULES.md", "docs/FACTS.md"] {
        let text = std::fs::read_to_string(root().join(page)).expect(page);
        let quoted = text.split('`').skip(1).step_by(2);
        let paths = quoted.filter(|w| {
            ["crates/", "tests/", "docs/", "seeds/", "vectors/", "ledger/", ".ci/"].iter().any(|p| w.starts_with(p))
        });
        for path in paths.filter(|p| !p.contains('*')) {
            assert!(root().join(path).exists(), "{page} names {path}, which is not there");
        }
    }
}

#[test]
fn no_file_of_code_has_grown_a_second_subject() {
    let mut open = vec![root().join("crates"), root().join("tests")];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                // Build output is generated code.
                open.extend((entry.file_name() != "target").then_some(path));
            } else if path.extension().is_some_and(|x| x == "rs") {
                let lines = std::fs::read_to_string(&path).expect("text").lines().count();
                assert!(lines <= 500, "{} has {lines} lines", path.display());
            }
        }
    }
}

/// Checks that the program names its store in one file, so that another store changes no command.
#[test]
fn the_program_names_its_store_in_one_place() {
    let mut open = vec![root().join("crates/cli/src")];
    while let Some(dir) = open.pop() {
        for path in std::fs::read_dir(dir).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("src/store.rs") {
                let text = std::fs::read_to_string(&path).expect("text");
                assert!(!text.contains("store_sled") && !text.contains("SledStore"), "{}", path.display());
            }
        }
    }
}
