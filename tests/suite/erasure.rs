//! Checks that nothing of an erased fact is found in any file that the ledger keeps or published,
//! and that everything else still verifies.

use crate::{heldto, root, text};
use data_encoding::{BASE64, HEXLOWER};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Number of kills in CI; `HELDTO_KILLS` sets another.
const KILLS: u64 = 25;
/// Number of facts before the first that is erased: its bundle is closed, and published whole.
const FILLING: usize = 300;

/// Facts of random letters, so that no text is found by chance.
struct Case {
    dir: tempfile::TempDir,
    /// Each command draws other salts.
    seed: Cell<u64>,
}

/// Returns letters that depend on a name alone.
fn letters(name: &str) -> String {
    blake3::hash(name.as_bytes()).as_bytes().iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

impl Case {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        self.seed.set(self.seed.get() + 1);
        let mut command = heldto(self.dir.path());
        command.env("HELDTO_TEST_SEED", self.seed.get().to_string()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).output().expect("starts");
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let (code, out, err) = self.run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {err}");
        out
    }

    fn append(&self, facts: &str) {
        std::fs::write(self.path("facts.toml"), facts).expect("written");
        self.ok(&["--ledger", "ledger", "append", "facts.toml", "-q"]);
    }

    /// Makes a ledger of bodies, a source and two statements that quote it, in a closed bundle and
    /// in the open one, published in between; then corrects one and withdraws the other.
    fn new() -> Self {
        let case = Self { dir: tempfile::tempdir().expect("a folder"), seed: Cell::new(0) };
        case.ok(&["init", "ledger", "--origin", "example.org/erasure", "-q"]);
        case.append(
            "[[party]]\nid = \"council\"\nname = \"Testshire Council\"\nkind = \"council\"\n\n\
             [[source]]\nid = \"letter\"\ntitle = \"A letter\"\npublished = \"2025-03-01\"\n",
        );
        case.ok(&["--ledger", "ledger", "publish", "pub", "-q"]);
        case.append(&statement("first", ""));
        case.ok(&["--ledger", "ledger", "publish", "pub", "-q"]);
        case.append(
            &(0..FILLING)
                .map(|n| format!("[[party]]\nid = \"party-{n}\"\nname = \"Party {n}\"\nkind = \"council\"\n"))
                .collect::<String>(),
        );
        case.append(&statement("second", ""));
        case.ok(&["--ledger", "ledger", "publish", "pub", "-q"]);
        std::fs::write(case.path("corrected.toml"), statement("first", "corrected")).expect("written");
        let id = letters("id of first");
        case.ok(&["--ledger", "ledger", "correct", &id, "corrected.toml", "--reason", &letters("reason")]);
        let id = letters("id of second");
        case.ok(&["--ledger", "ledger", "retract", &id, "--reason", &letters("withdrawal"), "--yes"]);
        case.ok(&["--ledger", "ledger", "publish", "pub", "-q"]);
        case.ok(&["--ledger", "ledger", "site", "build", "site", "-q"]);
        if module().is_file() {
            let module = module();
            let module = module.to_str().expect("UTF-8");
            case.ok(&["--ledger", "ledger", "site", "build", "page.html", "--single", "--module", module, "-q"]);
        }
        case
    }

    fn places(&self) -> Vec<&'static str> {
        let page = Some("page.html").filter(|page| self.path(page).is_file());
        ["ledger", "pub", "site"].into_iter().chain(page).collect()
    }
}

/// Returns the checker of pages, if it was built.
fn module() -> PathBuf {
    root().join("target/wasm32-unknown-unknown/page/heldto_page.wasm")
}

/// Returns a statement of random letters that quotes a letter.
fn statement(name: &str, version: &str) -> String {
    let words = letters(&format!("words of {name}{version}"));
    let text = letters(&format!("text of {name}{version}"));
    format!(
        "[[statement]]\nid = \"{}\"\ntext = \"{text}\"\nby = \"council\"\nvoice = \"self\"\nact = \"claim\"\noccurred = \"2025-03-01\"\n\
         cites = [{{ source = \"letter\", at = \"line 3\", quote = {{ start = 28, words = \"{words}\" }} }}]\n",
        letters(&format!("id of {name}"))
    )
}

/// Returns all texts that are to be gone.
fn secrets() -> Vec<String> {
    let of = |name: &str| {
        let version = |version: &str| [format!("text of {name}{version}"), format!("words of {name}{version}")];
        [vec![format!("id of {name}")], version("").to_vec()].concat()
    };
    let corrected = ["text of firstcorrected", "words of firstcorrected", "reason", "withdrawal"].map(str::to_owned);
    [of("first"), of("second"), corrected.to_vec()].concat().iter().map(|name| letters(name)).collect()
}

/// Returns the salts of the parts in an export whose entries have one of the secrets.
fn salts(export: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for line in export.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let fact = value["fact"].to_string();
        if secrets().iter().any(|secret| fact.contains(secret.as_str())) {
            let parts = value["parts"].as_array().expect("parts");
            let salt = |part: &serde_json::Value| HEXLOWER.decode(part["salt"].as_str().expect("hex").as_bytes());
            found.extend(parts.iter().map(|part| salt(part).expect("hex")));
        }
    }
    found
}

/// Returns the forms in which bytes are searched: raw, in hexadecimal, and in base64 at each of its
/// three alignments.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let in_base64 = |skipped: usize| {
        let inside = &secret[skipped..];
        BASE64.encode(&inside[..inside.len() / 3 * 3]).into_bytes()
    };
    vec![secret.to_vec(), HEXLOWER.encode(secret).into_bytes(), in_base64(0), in_base64(1), in_base64(2)]
}

/// Returns the files below a path, with their bytes, unpacked.
///
/// Random letters and salts stand uncompressed in a block of the database as well: LZ4 only
/// replaces what is repeated.
fn files(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    if path.is_dir() {
        let inside = std::fs::read_dir(path).expect("reads").map(|entry| entry.expect("reads").path());
        return inside.flat_map(|path| files(&path)).collect();
    }
    let bytes = std::fs::read(path).expect("reads");
    let unpacked = if bytes.starts_with(b"PK\x03\x04") { text(&bytes).into_bytes() } else { Vec::new() };
    vec![(path.to_owned(), [bytes, unpacked].concat())]
}

/// Returns the files that have one of the secrets in any form, and the number of the secrets found.
fn found(dir: &Path, places: &[&str], secrets: &[Vec<u8>]) -> (Vec<String>, usize) {
    let all: Vec<_> = places.iter().flat_map(|place| files(&dir.join(place))).collect();
    let mut holders = std::collections::BTreeSet::new();
    let has = |forms: &[Vec<u8>], bytes: &[u8]| forms.iter().any(|form| memchr::memmem::find(bytes, form).is_some());
    let count = secrets
        .iter()
        .filter(|secret| {
            let forms = forms(secret);
            let held: Vec<_> = all.iter().filter(|(_, bytes)| has(&forms, bytes)).collect();
            holders.extend(held.iter().map(|(path, _)| path.display().to_string()));
            !held.is_empty()
        })
        .count();
    (holders.into_iter().collect(), count)
}

/// Returns the ids of everything to be erased, with those of corrections and retractions.
fn ids() -> [String; 4] {
    let (first, second) = (letters("id of first"), letters("id of second"));
    let amending = |id: &str, what| id.parse::<heldto_fact::FactId>().expect("an id").numbered(what, 1).to_string();
    let (corrected, withdrawn) = (amending(&first, "correction"), amending(&second, "retraction"));
    [first, second, corrected, withdrawn]
}

fn copy(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-r").args([from, to]).status().expect("runs");
    assert!(copied.success());
}

const GROUND: [&str; 4] = ["--ground", "data protection: erasure request", "--by", "the data protection officer"];

#[test]
fn nothing_of_an_erased_fact_is_found_anywhere() {
    let case = Case::new();
    let dir = case.dir.path();
    let ids = ids();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let texts: Vec<Vec<u8>> = secrets().into_iter().map(String::into_bytes).collect();
    let salts = salts(&case.ok(&["--ledger", "ledger", "export"]));
    assert_eq!(salts.len(), 7, "two facts and a correction with their words, and a retraction");
    for place in case.places() {
        let all = found(dir, &[place], &texts).1;
        assert!(all == texts.len() || (place != "ledger" && all >= 4), "{place}: {all} of the texts were there before");
    }
    assert_eq!(found(dir, &["ledger"], &salts).1, salts.len());
    assert!(found(dir, &["pub"], &salts).1 >= 6);

    case.ok(&["--ledger", "ledger", "prove", ids[0], "-o", "old.proof"]);
    case.ok(&["--ledger", "ledger", "export", "old.jsonl"]);
    let old = std::fs::read(case.path("pub/checkpoint")).expect("reads");
    std::fs::write(case.path("old-checkpoint"), old).expect("written");
    copy(&case.path("ledger"), &case.path("backup"));
    let key = std::fs::read_to_string(case.path("pub/first-key")).expect("reads").trim().to_owned();

    // Everything that descends from a fact is to be decided first.
    let (code, _, err) = case.run(&[&["--ledger", "ledger", "redact", ids[0]], &GROUND[..]].concat());
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains(&format!("open   {}  is a correction of it", ids[2])), "{err}");
    let told = ["--ledger", "ledger", "redact", ids[0], "--ground", ids[0], "--by", "x", "--keep-others", "--yes"];
    assert!(case.run(&told).2.contains("the ground or the author tells what is to be erased"));
    assert_eq!(found(dir, &["ledger"], &texts).1, texts.len(), "nothing was begun");

    let out = case.ok(&[&["--ledger", "ledger", "redact"], &ids[..], &GROUND[..], &["--yes"]].concat());
    assert!(out.starts_with("4 records erased, as entries "), "{out}");
    for place in case.places() {
        assert!(
            place == "ledger"
                || out.contains(&format!("cleaned      {}", dir.canonicalize().expect("there").join(place).display())),
            "{out}"
        );
    }
    let nothing = (Vec::new(), 0);
    assert_eq!(found(dir, &case.places(), &texts), nothing);
    assert_eq!(found(dir, &case.places(), &salts), nothing);

    // What is left is whole, and says what went.
    let verified = case.ok(&["verify", "ledger", "--key", &key, "--expect", "old-checkpoint"]);
    assert!(
        verified.contains("7 erased") && verified.contains("7 parts were erased for good: see entries "),
        "{verified}"
    );
    for place in ["pub", "site", "old.proof", "old.jsonl"] {
        case.ok(&["verify", place]);
    }
    let page = case.ok(&["verify", "pub", "--key", &key, "--expect", "old-checkpoint", "--certificate"]);
    assert!(page.starts_with("Certificate of verification\n\nMade on 22 November 2026 at "), "{page}");
    assert!(page.contains(&format!("To repeat it: heldto verify pub --key {key} --expect old-checkpoint\n")), "{page}");
    let status = case.ok(&["--ledger", "ledger", "status"]);
    let sentence = "4 records were erased on 22 Nov 2026 (entry ";
    assert!(status.replace('\n', " ").contains(sentence), "{status}");
    let page = std::fs::read_to_string(case.path("site/index.html")).expect("reads");
    assert!(page.contains(sentence), "the page says what was erased");
    // An older copy is known to be older by whoever has a later checkpoint.
    let (code, _, err) = case.run(&["verify", "backup", "--expect", "pub/checkpoint"]);
    assert!(code == Some(4) && err.contains("the end of the ledger was cut off"), "{err}");

    // Nothing is brought back: by the old file, by an export of this ledger restored elsewhere, or
    // by mending.
    std::fs::write(case.path("again.toml"), statement("first", "")).expect("written");
    case.ok(&["--ledger", "ledger", "export", "new.jsonl"]);
    case.ok(&["restore", "new.jsonl", "elsewhere"]);
    for ledger in ["ledger", "elsewhere"] {
        let (code, _, err) = case.run(&["--ledger", ledger, "append", "again.toml"]);
        assert!(code == Some(3) && err.contains("was erased, whole or in part, as entry "), "{err}");
    }
    case.ok(&["--ledger", "ledger", "export", "--public", "public.jsonl"]);
    case.ok(&["verify", "public.jsonl"]);
    let tombstones = |name: &str| std::fs::read_to_string(case.path(name)).expect("reads").matches("tombstone").count();
    assert_eq!((tombstones("new.jsonl"), tombstones("public.jsonl")), (7, 0));
    let segment = case.path("ledger/journal/segment-0");
    let mut bytes = std::fs::read(&segment).expect("reads");
    let middle = bytes.len() - 5000;
    bytes[middle..middle + 9].fill(0x55);
    std::fs::write(&segment, bytes).expect("written");
    for gone in ["hot", "archive", "erased"] {
        let path = case.path("ledger").join(gone);
        drop(std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path)));
    }
    case.ok(&["--ledger", "ledger", "repair", "--from", "backup"]);
    case.ok(&["verify", "ledger"]);
    assert_eq!(found(dir, &case.places(), &texts), nothing);
}

#[test]
fn one_version_is_erased_and_another_stays() {
    let case = Case::new();
    let ids = ids();
    let keep = ["--keep", ids[2].as_str(), "--yes"];
    case.ok(&[&["--ledger", "ledger", "redact", &ids[0]], &GROUND[..], &keep].concat());
    let gone: Vec<Vec<u8>> = ["text of first", "words of first"].map(|name| letters(name).into_bytes()).to_vec();
    assert_eq!(found(case.dir.path(), &case.places(), &gone), (Vec::new(), 0));
    let shown = case.ok(&["--ledger", "ledger", "show", &ids[0]]);
    assert!(shown.contains(&letters("text of firstcorrected")), "{shown}");
    case.ok(&["verify", "ledger"]);
    // The fact as it stands is on record; any other is not taken.
    let out = case.ok(&["--ledger", "ledger", "append", "corrected.toml"]);
    assert!(out.contains("already recorded"), "{out}");
    std::fs::write(case.path("again.toml"), statement("first", "")).expect("written");
    assert_eq!(case.run(&["--ledger", "ledger", "append", "again.toml"]).0, Some(3));
    // Words alone: the fact stays.
    let words = ["--ledger", "ledger", "redact", ids[2].as_str(), "--words-only", "--keep-others", "--yes"];
    case.ok(&[&words[..], &GROUND[..]].concat());
    assert_eq!(found(case.dir.path(), &["ledger", "pub"], &[letters("words of firstcorrected").into_bytes()]).1, 0);
    assert!(case.ok(&["--ledger", "ledger", "show", &ids[0]]).contains(&letters("text of firstcorrected")));
}

#[test]
fn nothing_comes_back_by_an_old_copy_an_old_file_or_a_retraction() {
    let case = Case::new();
    let dir = case.dir.path();
    let ids = ids();
    copy(&case.path("ledger/journal"), &case.path("old-journal"));
    // Without its retraction the second statement would stand again.
    let alone = [&["--ledger", "ledger", "redact", &ids[3]], &GROUND[..], &["--keep-others", "--yes"]].concat();
    assert!(case.run(&alone).2.contains("would stand again without its retraction"));
    // The ground tells nothing of it, in no spelling.
    let words = letters("text of second").to_uppercase();
    for told in [words.as_str(), "a line\nmore", &"x".repeat(201)] {
        let told = ["--ledger", "ledger", "redact", &ids[1], &ids[3], "--ground", told, "--by", "x", "--yes"];
        assert_eq!(case.run(&told).0, Some(3), "{told:?}");
    }
    case.ok(&[&["--ledger", "ledger", "redact", &ids[0], &ids[1], &ids[3]], &GROUND[..], &["--keep-others", "--yes"]]
        .concat());
    std::fs::write(case.path("again.toml"), statement("first", "")).expect("written");
    for more in [&[][..], &["--correct", "--reason", "again"]] {
        let (code, _, err) = case.run(&[&["--ledger", "ledger", "append", "again.toml"], more].concat());
        assert!(code == Some(3) && err.contains("was erased, whole or in part"), "{more:?}: {err}");
    }
    // What is left can be corrected, and proved by its own id.
    std::fs::write(case.path("other.toml"), statement("first", "other")).expect("written");
    case.ok(&["--ledger", "ledger", "correct", &ids[0], "other.toml", "--reason", "again"]);
    case.ok(&["--ledger", "ledger", "checkpoint"]);
    let (_, _, err) = case.run(&["--ledger", "ledger", "prove", &ids[0]]);
    assert!(err.contains(&format!("heldto prove {}", ids[2])), "{err}");
    case.ok(&["--ledger", "ledger", "prove", &ids[2], "-o", "left.proof"]);
    case.ok(&["verify", "left.proof"]);
    // An older journal put back is brought up to date from the database, without what was erased.
    std::fs::remove_dir_all(case.path("ledger/journal")).expect("there");
    copy(&case.path("old-journal"), &case.path("ledger/journal"));
    case.ok(&["--ledger", "ledger", "status"]);
    let gone: Vec<Vec<u8>> =
        ["text of first", "words of first", "text of second"].map(|name| letters(name).into_bytes()).to_vec();
    assert_eq!(found(dir, &["ledger"], &gone), (Vec::new(), 0));
    case.ok(&["verify", "ledger"]);
}

#[test]
fn a_place_that_was_not_reached_is_named_until_it_is_clean() {
    let case = Case::new();
    let dir = case.dir.path();
    let ids = ids();
    let gone = [letters("text of first").into_bytes()];
    let erasing = ["--ledger", "ledger", "redact", ids[0].as_str(), "--keep-others", "--yes"];
    std::fs::create_dir(case.path("docs")).expect("new");
    let (code, _, err) = case.run(&[&erasing[..], &GROUND[..], &["--published", "docs"]].concat());
    assert!(code == Some(3) && err.contains("docs holds no publication of this ledger"), "{err}");
    // The key is not at hand, so nothing can be published.
    std::fs::rename(case.path("ledger/signing.key"), case.path("away.key")).expect("moved");
    let (code, out, _) = case.run(&[&erasing[..], &GROUND[..]].concat());
    assert!(code == Some(1) && out.contains("NOT CLEANED") && out.contains("heldto redact --clean"), "{out}");
    assert_eq!(found(dir, &["ledger"], &gone).1, 0);
    assert_eq!(found(dir, &["pub"], &gone).1, 1);
    let (_, _, err) = case.run(&["--ledger", "ledger", "status"]);
    assert!(err.contains("pub may still have what was erased; to clean it: heldto redact --clean"), "{err}");
    std::fs::rename(case.path("away.key"), case.path("ledger/signing.key")).expect("moved");
    case.ok(&["--ledger", "ledger", "redact", "--clean"]);
    assert_eq!(found(dir, &case.places(), &gone), (Vec::new(), 0));
    let (_, _, err) = case.run(&["--ledger", "ledger", "status"]);
    assert!(!err.contains("may still have"), "{err}");
}

#[test]
fn the_same_words_are_found_in_any_spelling() {
    let case = Case::new();
    let text = letters("text of second");
    let (first, rest) = text.split_at(10);
    let other = statement("third", "").replace(
        &letters("text of third"),
        &format!("They said that {}\u{200d}{} happened", first.to_uppercase(), rest.to_uppercase()),
    );
    case.append(&other);
    let ids = ids();
    let (_, _, err) = case.run(&[&["--ledger", "ledger", "redact", &ids[1], &ids[3]], &GROUND[..]].concat());
    assert!(err.contains(&format!("open   {}  has the same words", letters("id of third"))), "{err}");
}

#[test]
fn a_killed_erasure_is_finished_or_was_not_begun() {
    let case = Case::new();
    let dir = case.dir.path();
    let ids = ids();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let texts: Vec<Vec<u8>> = secrets().into_iter().map(String::into_bytes).collect();
    let erasing = [&["--ledger", "tried", "redact"], &ids[..], &GROUND[..], &["--yes"]].concat();
    let fresh = || {
        drop(std::fs::remove_dir_all(case.path("tried")));
        copy(&case.path("ledger"), &case.path("tried"));
        // The places published to are another test's.
        std::fs::remove_file(case.path("tried/publications.json")).expect("there");
    };
    fresh();
    let start = Instant::now();
    case.ok(&erasing);
    let usual = start.elapsed();
    let kills = std::env::var("HELDTO_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"));
    let (mut killed, mut finished) = (0, 0);
    for number in 0..kills {
        fresh();
        let mut child = case.command(&erasing).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        let share = u32::from(blake3::hash(&number.to_be_bytes()).as_bytes()[0]);
        std::thread::sleep(usual * share / 230);
        drop(child.kill());
        killed += u64::from(!child.wait().expect("ends").success());
        let verified = case.ok(&["verify", "tried"]);
        let is_erased = verified.contains(", 7 erased,");
        assert!(is_erased || verified.contains(", 0 erased,"), "{verified}");
        let there = found(dir, &["tried"], &texts);
        assert_eq!(there.1, if is_erased { 0 } else { texts.len() }, "kill {number}: {there:?}");
        finished += u64::from(is_erased);
    }
    assert!(killed > kills / 4, "{killed} of {kills} runs were killed before their end");
    eprintln!("{kills} runs: {killed} killed, {finished} erasures finished, in {:?} each", usual.max(Duration::ZERO));
}
