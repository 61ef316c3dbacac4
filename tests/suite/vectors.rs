//! The vectors: written by this test with `SNAPSHOTS=overwrite`, compared otherwise, and decided by the program either way.

use crate::{golden, ok, root, run, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use heldto_fact::{Body, Fact, Kind};
use heldto_intake::{File, Known, to_json};
use heldto_ledger::{KeyChange, Own, Redaction, decode_fact, encode_fact, kind_code};
use heldto_proof::{Chain, Edge, Entry, Genesis, Hash, NoteSigner, Part, PartRef, Role, chain, leaf_hash};
use serde_json::{Value, json};

type Tweak = fn(&mut Vec<u8>);

/// Seals entries of any shape, sound or not.
struct Builder {
    chain: Chain,
    edge: Edge,
    at: i64,
    lines: Vec<Value>,
}

impl Builder {
    fn new() -> Self {
        let genesis = Genesis { origin: "example.org/vectors".to_owned(), key: signer(7).verifier().key };
        let first =
            json!({ "heldto": "export", "version": 1, "origin": genesis.origin, "key": Hash(genesis.key).to_string() });
        Self { chain: genesis.chain(), edge: Edge::default(), at: 1_700_000_000_000_000, lines: vec![first] }
    }

    /// Seals an entry whose bytes are tweaked before they are chained.
    fn seal(mut self, kind: u8, parts: &[(Part, bool)], tweak: Tweak) -> Self {
        let refs = parts.iter().map(|(p, _)| PartRef { role: p.role, commitment: p.commitment() }).collect();
        let entry = Entry { index: self.edge.size(), previous: self.chain, recorded_at: self.at, kind, parts: refs };
        let mut bytes = entry.encode().expect("short");
        tweak(&mut bytes);
        self.chain = chain(&bytes);
        self.edge.push(leaf_hash(&bytes));
        let shown = parts.iter().enumerate().filter(|(_, (_, keep))| *keep).map(|(n, (p, _))| {
            json!({ "part": n, "role": p.role.word(), "salt": Hash(p.salt).to_string(), "bytes": STANDARD.encode(&p.bytes) })
        });
        let mut line =
            json!({ "index": entry.index, "entry": STANDARD.encode(&bytes), "parts": shown.collect::<Vec<_>>() });
        let fact =
            parts.iter().find(|(p, keep)| p.role == Role::Fact && *keep).and_then(|(p, _)| decode_fact(&p.bytes).ok());
        if let Some(fact) = fact {
            line["fact"] = to_json(&fact);
        }
        self.lines.push(line);
        self.at += 1_000_000;
        self
    }

    fn fact(self, fact: &Fact) -> Self {
        let part = part(Role::Fact, encode_fact(fact).expect("short"), self.edge.size());
        self.seal(kind_code(fact.kind()), &[(part, true)], |_| {})
    }

    fn own(self, own: &Own) -> Self {
        let part = part(Role::Ledger, own.encode().expect("short"), self.edge.size());
        self.seal(kind_code(own.kind()), &[(part, true)], |_| {})
    }

    fn end(mut self) -> Vec<Value> {
        let root = self.edge.root().to_string();
        self.lines.push(json!({ "end": self.edge.size(), "chain": self.chain.0.to_string(), "root": root }));
        self.lines
    }
}

fn signer(seed: u8) -> NoteSigner {
    NoteSigner::new("example.org/vectors", [seed; 32]).expect("a name")
}

/// A change of key, as the entry at this place.
fn key_change(index: u64) -> Own {
    let (old, new) = (signer(7), signer(8));
    let message = KeyChange::message("example.org/vectors", index, &old.verifier().key, &new.verifier().key);
    Own::Key(KeyChange { key: new.verifier().key, by_old: old.sign(&message), by_new: new.sign(&message) })
}

/// A part with a salt that is the same on every machine.
fn part(role: Role, bytes: Vec<u8>, seed: u64) -> Part {
    Part { role, salt: *blake3::hash(&seed.to_be_bytes()).as_bytes(), bytes }
}

fn facts() -> Vec<Fact> {
    let text = std::fs::read_to_string(root().join("tests/suite/every-kind.toml")).expect("facts");
    let file = File { name: "every-kind.toml".to_owned(), text };
    heldto_intake::read(&[file], &Known::new()).unwrap_or_else(|p| panic!("{}", p.render(false)))
}

fn of_kind(kind: Kind) -> Fact {
    facts().into_iter().find(|f| f.kind() == kind).expect("one of every kind")
}

fn three() -> Builder {
    facts().iter().take(3).fold(Builder::new(), Builder::fact)
}

fn erased(redaction: &Redaction, keep: bool) -> Vec<Value> {
    let quotation = part(Role::Quotation, b"as it was said".to_vec(), 99);
    let fact = part(Role::Fact, encode_fact(&of_kind(Kind::Party)).expect("short"), 98);
    let first = Builder::new().seal(kind_code(Kind::Party), &[(fact, true), (quotation, keep)], |_| {});
    first.own(&Own::Redaction(redaction.clone())).end()
}

/// A fact whose bytes are tweaked before they are committed to.
fn odd_fact(tweak: Tweak) -> Vec<Value> {
    let fact = of_kind(Kind::Party);
    let mut bytes = encode_fact(&fact).expect("short");
    tweak(&mut bytes);
    three().seal(kind_code(Kind::Party), &[(part(Role::Fact, bytes, 77), true)], |_| {}).end()
}

fn odd_entry(tweak: Tweak) -> Vec<Value> {
    let bytes = encode_fact(&of_kind(Kind::Pledge)).expect("short");
    three().seal(kind_code(Kind::Pledge), &[(part(Role::Fact, bytes, 76), true)], tweak).end()
}

/// Changes the bytes under a key of a line, and nothing that depends on them.
fn changed(line: usize, pointer: &str, change: Tweak) -> Vec<Value> {
    let mut lines = three().end();
    let value = lines[line].pointer_mut(pointer).expect("a value");
    let mut bytes = STANDARD.decode(value.as_str().expect("text")).expect("base64");
    change(&mut bytes);
    *value = STANDARD.encode(bytes).into();
    lines
}

fn edited(edit: fn(&mut Vec<Value>)) -> Vec<Value> {
    let mut lines = three().end();
    edit(&mut lines);
    lines
}

fn amended() -> Vec<Value> {
    let old = of_kind(Kind::Statement);
    let new = Fact { text: "The council said that it regretted it".to_owned(), ..old.clone() };
    let correction = Body::Correction { of: old.id.clone(), reason: "its word".to_owned(), replacement: Box::new(new) };
    let retraction = Body::Retraction { of: old.id.clone(), reason: "said by another".to_owned() };
    let amend = |what: &str, body| Fact::amending(old.id.numbered(what, 1), format!("A {what}"), body);
    three().fact(&old).fact(&amend("correction", correction)).fact(&amend("retraction", retraction)).end()
}

/// A name, what it shows, the entry to blame where it is broken, the lines.
type Scenario = (&'static str, &'static str, Option<Option<u64>>, Vec<Value>);

fn scenarios() -> Vec<Scenario> {
    let redaction = |entry, part| Redaction { entry, part, ground: "a child".to_owned(), by: "the editor".to_owned() };
    let note = |keep| {
        let fact = part(Role::Fact, encode_fact(&of_kind(Kind::Party)).expect("short"), 55);
        let note = part(Role::PrivateNote, b"who told us".to_vec(), 56);
        Builder::new().seal(kind_code(Kind::Party), &[(fact, true), (note, keep)], |_| {}).end()
    };
    let last = |b: &mut Vec<u8>| {
        if let Some(byte) = b.last_mut() {
            *byte ^= 1;
        }
    };
    vec![
        ("sound-empty", "a ledger without entries", None, Builder::new().end()),
        ("sound-one", "one entry: the root is its leaf", None, Builder::new().fact(&of_kind(Kind::Party)).end()),
        ("sound-three", "three entries: a tree that is not balanced", None, three().end()),
        (
            "sound-every-kind",
            "a fact of every kind, with every field",
            None,
            facts().iter().fold(Builder::new(), Builder::fact).end(),
        ),
        ("sound-amended", "a correction and a retraction", None, amended()),
        ("sound-erased", "a part erased, with its redaction", None, erased(&redaction(0, 1), false)),
        ("sound-private", "a private note that was left out", None, note(false)),
        ("sound-private-given", "a private note that was given", None, note(true)),
        ("sound-key", "a change of key", None, three().own(&key_change(3)).end()),
        ("sound-later-version", "a fact of a later version is unreadable, not broken", None, odd_fact(|b| b[0] = 2)),
        (
            "sound-no-readable-fact",
            "the readable fact may be left out",
            None,
            edited(|l| {
                l[2].as_object_mut().expect("a line").remove("fact");
            }),
        ),
        ("broken-entry-time", "the time of an entry was changed", Some(Some(1)), changed(2, "/entry", |b| b[36] ^= 2)),
        (
            "broken-entry-previous",
            "what an entry says of the one before was changed",
            Some(Some(1)),
            changed(2, "/entry", |b| b[10] ^= 1),
        ),
        ("broken-entry-last", "the last entry's time was changed", Some(Some(2)), changed(3, "/entry", |b| b[36] ^= 2)),
        ("broken-entry-commitment", "a commitment was changed", Some(Some(0)), changed(1, "/entry", last)),
        ("broken-part", "a fact was changed", Some(Some(2)), changed(3, "/parts/0/bytes", last)),
        (
            "broken-part-salt",
            "a salt was changed",
            Some(Some(1)),
            edited(|l| l[2]["parts"][0]["salt"] = Hash([9; 32]).to_string().into()),
        ),
        (
            "broken-part-role",
            "a fact is passed off as a quotation",
            Some(Some(1)),
            edited(|l| l[2]["parts"][0]["role"] = "quotation".into()),
        ),
        (
            "broken-part-missing",
            "a fact is missing, and no redaction accounts for it",
            Some(Some(1)),
            edited(|l| {
                l[2]["parts"] = json!([]);
                l[2].as_object_mut().expect("a line").remove("fact");
            }),
        ),
        (
            "broken-readable",
            "the readable fact is not the one that is hashed",
            Some(Some(0)),
            edited(|l| l[1]["fact"]["party"]["name"] = "Another council".into()),
        ),
        ("broken-readable-erased", "a readable fact beside an erased one", Some(Some(0)), {
            let mut lines = three().end();
            let fact = lines[1]["fact"].clone();
            lines[1]["parts"] = json!([]);
            lines[1]["fact"] = fact;
            lines
        }),
        ("broken-twice", "a second fact under the same id, without a correction", Some(Some(1)), {
            let first = of_kind(Kind::Party);
            let second = Fact { text: "Another council".to_owned(), ..first.clone() };
            Builder::new().fact(&first).fact(&second).end()
        }),
        (
            "broken-origin",
            "the origin was changed",
            Some(None),
            edited(|l| l[0]["origin"] = "example.org/other".into()),
        ),
        (
            "broken-key",
            "the first key was changed",
            Some(None),
            edited(|l| l[0]["key"] = Hash([8; 32]).to_string().into()),
        ),
        ("broken-reordered", "two entries were swapped", Some(Some(0)), edited(|l| l.swap(1, 2))),
        (
            "broken-removed",
            "an entry was removed",
            Some(Some(1)),
            edited(|l| {
                l.remove(2);
            }),
        ),
        (
            "broken-doubled",
            "an entry was put in twice",
            Some(Some(1)),
            edited(|l| {
                let line = l[1].clone();
                l.insert(2, line);
            }),
        ),
        (
            "broken-renumbered",
            "an entry was removed and the rest renumbered",
            Some(Some(1)),
            edited(|l| {
                l.remove(2);
                l[2]["index"] = 1.into();
                l[3]["end"] = 2.into();
            }),
        ),
        (
            "broken-cut",
            "the last line is missing",
            Some(None),
            edited(|l| {
                l.pop();
            }),
        ),
        (
            "broken-tail",
            "the last entry is missing, and the last line is not",
            Some(None),
            edited(|l| {
                l.remove(3);
            }),
        ),
        (
            "broken-tail-size",
            "the last entry is missing, and the size made to fit",
            Some(Some(1)),
            edited(|l| {
                l.remove(3);
                l[3]["end"] = 2.into();
            }),
        ),
        (
            "broken-chain",
            "the last line has another chain value",
            Some(None),
            edited(|l| l[4]["chain"] = Hash([0; 32]).to_string().into()),
        ),
        (
            "broken-root",
            "the last line has another root",
            Some(None),
            edited(|l| l[4]["root"] = Hash([0; 32]).to_string().into()),
        ),
        (
            "broken-spelling",
            "an entry's index in a longer form, chained as if it were right",
            Some(Some(3)),
            odd_entry(|b| {
                b.splice(1..2, [251, 3, 0]);
            }),
        ),
        ("broken-left-over", "a byte left over after an entry", Some(Some(3)), odd_entry(|b| b.push(0))),
        ("broken-version", "an entry of a version that is not known", Some(Some(3)), odd_entry(|b| b[0] = 2)),
        (
            "broken-length",
            "a count of parts far beyond the bytes",
            Some(Some(3)),
            odd_entry(|b| {
                b.truncate(44);
                b.extend([253, 255, 255, 255, 255, 255, 255, 255, 255]);
            }),
        ),
        (
            "broken-role",
            "a role that is not known",
            Some(Some(3)),
            odd_entry(|b| {
                let at = b.len() - 33;
                b[at] = 9;
            }),
        ),
        (
            "broken-kind",
            "a kind that is not known",
            Some(Some(3)),
            odd_entry(|b| {
                let at = b.len() - 35;
                b[at] = 99;
            }),
        ),
        (
            "broken-kind-differs",
            "an entry that calls its pledge a payout",
            Some(Some(3)),
            odd_entry(|b| {
                let at = b.len() - 35;
                b[at] = kind_code(Kind::Payout);
            }),
        ),
        ("broken-clock", "an entry earlier than the one before", Some(Some(3)), {
            let mut b = three();
            b.at = 0;
            b.fact(&of_kind(Kind::Pledge)).end()
        }),
        ("broken-fact-left-over", "a byte left over after a fact", Some(Some(3)), odd_fact(|b| b.push(0))),
        ("broken-fact-text", "a fact's text that is not UTF-8", Some(Some(3)), odd_fact(|b| b[4] = 0xff)),
        (
            "broken-fact-word",
            "a byte that stands for no word",
            Some(Some(3)),
            odd_fact(|b| {
                let at = b.len() - 24;
                b[at] = 200;
            }),
        ),
        ("broken-fact-cut", "a fact cut short", Some(Some(3)), odd_fact(|b| b.truncate(20))),
        (
            "broken-not-erased",
            "a part that a redaction erased and that is there",
            Some(Some(0)),
            erased(&redaction(0, 1), true),
        ),
        (
            "broken-redaction-ledger",
            "a redaction of the ledger's own record",
            Some(Some(1)),
            Builder::new().own(&key_change(0)).own(&Own::Redaction(redaction(0, 0))).end(),
        ),
        ("broken-redaction-later", "a redaction of an entry to come", Some(Some(1)), erased(&redaction(7, 0), true)),
        ("broken-two-facts", "an entry with two facts", Some(Some(3)), {
            let bytes = encode_fact(&of_kind(Kind::Party)).expect("short");
            let two = [(part(Role::Fact, bytes.clone(), 1), true), (part(Role::Fact, bytes, 2), true)];
            three().seal(kind_code(Kind::Party), &two, |_| {}).end()
        }),
    ]
}

#[test]
fn every_vector_is_decided_as_it_says() {
    let dir = tempfile::tempdir().expect("a folder");
    let scenarios = scenarios();
    for (name, what, broken, lines) in &scenarios {
        let expect = if broken.is_some() { "broken" } else { "sound" };
        let vector = json!({ "what": what, "expect": expect, "entry": broken.flatten(), "lines": lines });
        golden(
            &format!("../vectors/{name}.json"),
            &format!("{}\n", serde_json::to_string_pretty(&vector).expect("JSON")),
        );
        let export: String = lines.iter().map(|l| format!("{l}\n")).collect();
        std::fs::write(dir.path().join("vector.jsonl"), export).expect("writes");
        let output = run(dir.path(), &["verify", "vector.jsonl"]);
        let said = text(&output.stderr);
        match broken {
            None => assert!(output.status.success(), "{name}: {said}"),
            Some(entry) => {
                assert_eq!(output.status.code(), Some(4), "{name}: {said}");
                if let Some(entry) = entry {
                    assert!(said.contains(&format!("entry {entry}:")), "{name}: entry {entry} wanted: {said}");
                } else {
                    assert!(!said.contains("broken: entry"), "{name}: no entry wanted: {said}");
                }
            }
        }
    }
    let kept = std::fs::read_dir(root().join("vectors"))
        .expect("vectors")
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "json"));
    assert_eq!(kept.count(), scenarios.len(), "each vector is one of these");
}

#[test]
fn every_sound_vector_can_be_restored_to_the_same_export() {
    for (name, _, broken, lines) in scenarios() {
        // What is withheld is gone, and an index cannot hold what cannot be read.
        if broken.is_some() || ["sound-private", "sound-no-readable-fact"].contains(&name) {
            continue;
        }
        let dir = tempfile::tempdir().expect("a folder");
        let export: String = lines.iter().map(|l| format!("{l}\n")).collect();
        std::fs::write(dir.path().join("vector.jsonl"), &export).expect("writes");
        ok(dir.path(), &["restore", "vector.jsonl", "again", "-q"]);
        let again = ok(dir.path(), &["--ledger", "again", "export", "--private"]);
        assert_eq!(again, export, "{name}");
    }
}
