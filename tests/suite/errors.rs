//! The museum of errors: checks each wrong file against a golden file of its messages, kept as
//! prose to be reviewed.

use crate::{golden, ledger_of, root, run, text};

#[test]
fn every_wrong_file_is_told_all_that_is_wrong_and_appends_nothing() {
    let museum = root().join("tests/errors");
    let dir = ledger_of(&museum.join("base.toml"));
    let before = run(dir.path(), &["--ledger", "ledger", "verify"]);
    let mut names: Vec<String> = std::fs::read_dir(&museum)
        .expect("the museum")
        .flatten()
        .filter(|e| e.path().is_dir())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 25, "{} rooms", names.len());
    for name in names {
        let given = std::fs::read_dir(museum.join(&name)).expect("a room").flatten().map(|e| e.path());
        let file = given.into_iter().find(|p| p.file_stem().is_some_and(|s| s == "given")).expect("what was given");
        let local = dir.path().join(file.file_name().expect("a name"));
        std::fs::copy(&file, &local).expect("copies");
        let short = file.file_name().expect("a name").to_string_lossy().into_owned();
        let output = run(dir.path(), &["--ledger", "ledger", "append", &short]);
        assert_eq!(output.status.code(), Some(3), "{name}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{name}: nothing on standard output");
        golden(&format!("errors/{name}/said.txt"), &text(&output.stderr));
        std::fs::remove_file(local).expect("removes");
    }
    let after = run(dir.path(), &["--ledger", "ledger", "verify"]);
    assert_eq!(text(&before.stdout), text(&after.stdout), "nothing was appended");
}

#[test]
fn a_field_that_says_nothing_is_missing() {
    let dir = ledger_of(&root().join("tests/errors/base.toml"));
    let fact = |changed: &str| {
        let base = "id = \"x-1\"\ntext = \"So\"\nby = \"derbyshire-cc\"\nvoice = \"self\"\nforce = \"pledge\"\n\
                    cites = [{ source = \"src-minutes\", at = \"1\" }]\n";
        let key = changed.split(' ').next().expect("a key");
        let kept = base.lines().filter(|line| !line.starts_with(&format!("{key} ")));
        format!("[[pledge]]\n{changed}\n{}\n", kept.collect::<Vec<_>>().join("\n"))
    };
    for (name, written) in [
        ("cites.toml", fact("cites = []")),
        ("by.toml", fact("by = []")),
        ("text.jsonl", r#"{"pledge": {"id": "x-1", "text": null, "by": "derbyshire-cc", "voice": "self", "force": "pledge", "cites": [{"source": "src-minutes", "at": "1"}]}}"#.to_owned()),
        ("id.jsonl", r#"{"pledge": {"id": null, "text": "So", "by": "derbyshire-cc", "voice": "self", "force": "pledge", "cites": [{"source": "src-minutes", "at": "1"}]}}"#.to_owned()),
        ("on.toml", "[[decision]]\nid = \"d-1\"\ntext = \"So\"\nby = \"derbyshire-cc\"\nvoice = \"self\"\ndecision = \"deferred\"\non = []\ncites = [{ source = \"src-minutes\", at = \"1\" }]\n".to_owned()),
    ] {
        std::fs::write(dir.path().join(name), &written).expect("writes");
        let refused = run(dir.path(), &["--ledger", "ledger", "append", name]);
        let key = name.split('.').next().expect("a key");
        let said = text(&refused.stderr);
        assert!(refused.status.code() == Some(3) && said.contains(&format!("has no `{key}`")), "{name}: {said}{}", text(&refused.stdout));
    }
}
