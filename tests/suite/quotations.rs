//! Checks that quoted words travel with their fact, count only if they are those of their digest,
//! can be withheld, and are found again in the archived document.

use crate::{ok, run, text};
use std::path::Path;

const DOCUMENT: &str = "The council said\n\n   on Monday:\twe will open 120 places  by spring. It did not say how.\n";
const WORDS: &str = "we will open 120 places by spring";

/// Creates a ledger with one pledge that quotes an archived document.
fn ledger(dir: &Path) {
    std::fs::create_dir_all(dir.join("archive/letters")).expect("a folder");
    std::fs::write(dir.join("archive/letters/letter.txt"), DOCUMENT).expect("written");
    let digest = blake3::hash(DOCUMENT.as_bytes()).to_string();
    let start = heldto_fact::canonical_text(DOCUMENT).find(WORDS).expect("there");
    let facts = format!(
        "[[party]]\nid = \"council\"\nname = \"Testshire Council\"\nkind = \"council\"\n\n\
         [[source]]\nid = \"letter\"\ntitle = \"A letter\"\npublished = \"2025-03-01\"\nblake3 = \"{digest}\"\n\n\
         [[pledge]]\nid = \"places\"\ntext = \"Open 120 places\"\nby = \"council\"\nvoice = \"self\"\nforce = \"pledge\"\n\
         target = {{ amount = \"120 places\" }}\ndue = {{ mode = \"by\", date = \"2026-05-31\" }}\noccurred = \"2025-03-01\"\n\
         cites = [{{ source = \"letter\", at = \"line 3\", quote = {{ start = {start}, words = \"we will open\\n120 places  by spring\" }} }}]\n"
    );
    std::fs::write(dir.join("facts.toml"), facts).expect("written");
    ok(dir, &["init", "ledger", "--origin", "example.org/test"]);
    ok(dir, &["--ledger", "ledger", "append", "facts.toml"]);
}

/// Returns the page of the pledge on one line.
fn shown(dir: &Path, ledger: &str) -> String {
    let printed = ok(dir, &["--ledger", ledger, "show", "places", "--as-of", "2026-11-22"]);
    printed.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn quoted_words_travel_with_their_fact() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    ledger(dir);
    let quoted = format!("\u{201c}{WORDS}\u{201d}");
    assert!(shown(dir, "ledger").contains(&quoted));
    let again = ok(dir, &["--ledger", "ledger", "append", "facts.toml"]);
    assert!(again.contains("already recorded"), "{again}");
    // Exported and restored, with the same bytes.
    ok(dir, &["--ledger", "ledger", "export", "all.jsonl"]);
    ok(dir, &["restore", "all.jsonl", "again"]);
    assert!(shown(dir, "again").contains(&quoted));
    ok(dir, &["--ledger", "again", "export", "more.jsonl"]);
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect("read");
    assert_eq!(read("all.jsonl"), read("more.jsonl"));
    assert!(read("all.jsonl").contains(&format!("\"words\":\"{WORDS}\"")));
    // The words are changed where nobody vouches for them: in the readable fact.
    std::fs::write(dir.join("other.jsonl"), read("all.jsonl").replace("by spring\"", "by autumn\"")).expect("written");
    assert!(!run(dir, &["verify", "other.jsonl"]).status.success());
    // A correction may add or change them.
    let corrected = "[[pledge]]\nid = \"places\"\ntext = \"Open 120 places\"\nby = \"council\"\nvoice = \"self\"\nforce = \"pledge\"\n\
         target = { amount = \"120 places\" }\ndue = { mode = \"by\", date = \"2026-05-31\" }\noccurred = \"2025-03-01\"\n\
         cites = [{ source = \"letter\", at = \"line 3\", quote = { start = 28, words = \"we will open\" } }]\n";
    std::fs::write(dir.join("corrected.toml"), corrected).expect("written");
    ok(dir, &["--ledger", "ledger", "correct", "places", "corrected.toml", "--reason", "shorter"]);
    assert!(shown(dir, "ledger").contains("\u{201c}we will open\u{201d}"));
}

#[test]
fn withheld_words_are_in_no_publication_and_their_fact_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    ledger(dir);
    ok(dir, &["--ledger", "ledger", "publish", "site", "--withhold-quotations"]);
    ok(dir, &["verify", "site"]);
    // Later publications leave them out as well, and so do public exports.
    ok(dir, &["--ledger", "ledger", "publish", "site", "--sensitive"]);
    ok(dir, &["--ledger", "ledger", "export", "--public", "public.jsonl"]);
    ok(dir, &["restore", "site", "copy"]);
    let copy = shown(dir, "copy");
    assert!(copy.contains("A letter") && !copy.contains("by spring"), "{copy}");
    let mut open = vec![dir.join("site"), dir.join("public.jsonl")];
    let mut files = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).expect("read").map(|entry| entry.expect("read").path()));
            continue;
        }
        files += 1;
        let bytes = std::fs::read(&path).expect("read");
        assert!(!bytes.windows(WORDS.len()).any(|w| w == WORDS.as_bytes()), "{}", path.display());
    }
    assert!(files > 4);
    assert!(shown(dir, "ledger").contains("by spring"), "the ledger itself has them");
}

#[test]
fn words_stay_withheld_whatever_is_recorded_later_and_whoever_may_be_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    ledger(dir);
    let secret = "[[statement]]\nid = \"child-said\"\ntext = \"A child waited\"\nby = \"council\"\nvoice = \"self\"\nact = \"claim\"\nsensitive = true\n\
         occurred = \"2025-03-01\"\ncites = [{ source = \"letter\", at = \"letter of a mother\", quote = { start = 0, words = \"zebra words\" } }]\n";
    std::fs::write(dir.join("secret.toml"), secret).expect("written");
    ok(dir, &["--ledger", "ledger", "append", "secret.toml"]);
    ok(dir, &["--ledger", "ledger", "publish", "all", "--sensitive", "--withhold-quotations"]);
    // A correction that repeats the quotation, and a new one.
    let facts = std::fs::read_to_string(dir.join("facts.toml")).expect("read");
    let pledge = &facts[facts.find("[[pledge]]").expect("a pledge")..];
    std::fs::write(dir.join("again.toml"), pledge.replace("Open 120 places", "Open 120 new places")).expect("written");
    ok(dir, &["--ledger", "ledger", "correct", "places", "again.toml", "--reason", "clearer"]);
    for more in
        [["publish", "all", "--sensitive"].as_slice(), &["publish", "site"], &["export", "--public", "site.jsonl"]]
    {
        ok(dir, &[&["--ledger", "ledger"], more].concat());
    }
    let mut open = vec![dir.join("all"), dir.join("site"), dir.join("site.jsonl")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).expect("read").map(|entry| entry.expect("read").path()));
            continue;
        }
        let bytes = std::fs::read(&path).expect("read");
        for words in [WORDS, "zebra words"] {
            assert!(!bytes.windows(words.len()).any(|w| w == words.as_bytes()), "{words}: {}", path.display());
        }
    }
    ok(dir, &["verify", "all"]);
    // Nothing of a sensitive fact is named where its quotation differs.
    let wrong = run(dir, &["verify", "ledger", "--sources", "archive"]);
    let said = text(&wrong.stderr);
    assert!(said.contains("a quotation about a child or a family is not where it was recorded"), "{said}");
    assert!(!said.contains("child-said") && !said.contains("mother"), "{said}");
}

#[test]
fn documents_and_quotations_are_found_again_or_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    ledger(dir);
    ok(dir, &["--ledger", "ledger", "publish", "site"]);
    for target in ["ledger", "site"] {
        let printed = ok(dir, &["verify", target, "--sources", "archive"]);
        assert!(printed.contains("1 document matches its digest, 0 not in the folder"), "{printed}");
        assert!(printed.contains("1 quotation stands as recorded, 0 without"), "{printed}");
    }
    let json = ok(dir, &["verify", "ledger", "--sources", "archive", "--format", "json"]);
    assert!(json.contains("\"quotations-matching\":1"), "{json}");
    // A changed document with the name of its source.
    std::fs::write(dir.join("archive/letters/letter.txt"), DOCUMENT.replace("spring", "autumn")).expect("written");
    let changed = run(dir, &["verify", "ledger", "--sources", "archive"]);
    let said = text(&changed.stderr);
    assert!(!changed.status.success() && said.contains("is not the document that `letter` recorded"), "{said}");
    // Not there at all, which is no error.
    std::fs::rename(dir.join("archive/letters/letter.txt"), dir.join("letter.txt")).expect("moved");
    let printed = ok(dir, &["verify", "ledger", "--sources", "archive"]);
    assert!(printed.contains("0 documents match their digests, 1 not in the folder"), "{printed}");
    assert!(printed.contains("0 quotations stand as recorded, 1 without"), "{printed}");
    // Words that are not at their place.
    let facts = std::fs::read_to_string(dir.join("facts.toml")).expect("read");
    let elsewhere = facts.replace("id = \"places\"", "id = \"places-two\"").replace("Open 120", "Have 120");
    let at = elsewhere.find("start = ").expect("a place") + "start = ".len();
    std::fs::write(dir.join("elsewhere.toml"), format!("{}1{}", &elsewhere[..at], &elsewhere[at + 2..]))
        .expect("written");
    ok(dir, &["--ledger", "ledger", "append", "elsewhere.toml"]);
    std::fs::write(dir.join("archive/x.txt"), DOCUMENT).expect("written");
    let wrong = run(dir, &["verify", "ledger", "--sources", "archive"]);
    let said = text(&wrong.stderr);
    assert!(said.contains("`places-two` quotes letter, line 3, and the words are not there"), "{said}");
}
