//! Checks that the seeds are read without a problem, and that facts written back are read
//! unchanged.

use heldto_fact::Kind;
use heldto_intake::{File, Known, read, to_json, to_toml};
use std::path::Path;

fn seeds() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../seeds");
    let mut files: Vec<File> = std::fs::read_dir(folder)
        .expect("the seeds")
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "toml"))
        .map(|e| File {
            name: e.file_name().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(e.path()).expect("text"),
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

#[test]
fn the_seeds_read_and_round_trip() {
    let facts = read(&seeds(), &Known::new()).unwrap_or_else(|p| panic!("{}", p.render(false)));
    assert!(facts.len() > 150 && facts.iter().filter(|f| f.kind() == Kind::Pledge).count() >= 50);
    let toml = File { name: "again.toml".to_owned(), text: to_toml(&facts) };
    let again = read(&[toml], &Known::new()).unwrap_or_else(|p| panic!("{}", p.render(false)));
    assert_eq!(again, facts);
    let lines: Vec<String> = facts.iter().map(|f| to_json(f).to_string()).collect();
    let json = File { name: "again.jsonl".to_owned(), text: lines.join("\n") };
    assert_eq!(read(&[json], &Known::new()).unwrap_or_else(|p| panic!("{}", p.render(false))), facts);
}
