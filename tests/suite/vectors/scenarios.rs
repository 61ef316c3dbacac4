//! The scenarios of the test vectors: the purpose of each, and its construction.
//!
//! Start at `scenarios`; the builders are in the parent module.

use super::{
    Builder, amended, changed, edited, erased, facts, facts_of, key_change, key_change_by_reserve, odd_entry, odd_fact,
    of_kind, part, replaced, reserve_key, reserve_key_of, restored, revocation, signer, three, withheld, withholding,
};
use heldto_fact::{Fact, Kind};
use heldto_ledger::{Redaction, SystemRecord, encode_fact, kind_code};
use heldto_proof::{Hash, Role};
use serde_json::{Value, json};

/// Name, purpose, result (`None` if valid, otherwise the entry at fault, if any) and lines of a
/// vector.
pub(super) type Scenario = (&'static str, &'static str, Option<Option<u64>>, Vec<Value>);

pub(super) fn scenarios() -> Vec<Scenario> {
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
            "sound-later-words",
            "a fact of each kind and word that came after the first, with every field",
            None,
            facts_of("later-kinds.toml").iter().fold(Builder::new(), Builder::fact).end(),
        ),
        ("sound-later-kind", "a fact of a later kind is unreadable, not broken", None, {
            let later = part(Role::Fact, vec![1, 200, 7, 7, 7], 31);
            three().seal(200, &[(later, true)], |_| {}).end()
        }),
        (
            "sound-withheld",
            "a fact and its quotation left out, with leave of a withholding",
            None,
            withheld(&[(3, 0), (3, 1)], false),
        ),
        ("sound-withheld-given", "what a withholding names may be given", None, withheld(&[(3, 0), (3, 1)], true)),
        ("sound-reserve-key", "a key kept in reserve", None, three().own(&reserve_key(3, true)).end()),
        (
            "sound-reserve-key-used",
            "a change of key that the reserve key signs",
            None,
            three().own(&reserve_key(3, true)).own(&key_change_by_reserve(4)).own(&revocation(&signer(7))).end(),
        ),
        ("sound-revocation", "an earlier key revoked", None, {
            three().own(&key_change(3)).own(&revocation(&signer(7))).end()
        }),
        ("sound-recorder", "who recorded a fact, left out", None, {
            let fact = part(Role::Fact, encode_fact(&of_kind(Kind::Party)).expect("short"), 57);
            let recorder = part(Role::Recorder, b"\x01\x01\x0athe editor\x00".to_vec(), 58);
            Builder::new().seal(kind_code(Kind::Party), &[(fact, true), (recorder, false)], |_| {}).end()
        }),
        ("sound-restored", "a retraction that is retracted", None, restored()),
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
        ("broken-kind", "a record of the ledger's own of a kind that is not known", Some(Some(3)), {
            let own = part(Role::Ledger, vec![1, 200, 7, 7, 7], 32);
            three().seal(200, &[(own, true)], |_| {}).end()
        }),
        ("broken-kind-other", "a fact of another later kind than its entry says", Some(Some(3)), {
            let later = part(Role::Fact, vec![1, 201, 7, 7, 7], 33);
            three().seal(200, &[(later, true)], |_| {}).end()
        }),
        (
            "broken-withheld",
            "a quotation left out that the withholding does not name",
            Some(Some(3)),
            withheld(&[(3, 0)], false),
        ),
        ("broken-withholding-later", "a withholding of an entry to come", Some(Some(4)), withheld(&[(7, 0)], true)),
        (
            "broken-withholding-ledger",
            "a withholding of a record of the ledger's own",
            Some(Some(4)),
            three().own(&key_change(3)).own(&withholding(&[(3, 0)])).end(),
        ),
        ("broken-withholding-itself", "a withholding of its own entry", Some(Some(4)), withheld(&[(4, 0)], true)),
        (
            "broken-reserve-key-same",
            "a reserve key that is the one that signs",
            Some(Some(3)),
            three().own(&reserve_key_of(&signer(7), 3)).end(),
        ),
        (
            "broken-withholding-none",
            "a withholding of a part that there is not",
            Some(Some(4)),
            withheld(&[(3, 0), (3, 2)], true),
        ),
        (
            "broken-withholding-order",
            "a withholding whose parts do not rise",
            Some(Some(4)),
            withheld(&[(3, 1), (3, 0)], true),
        ),
        ("broken-withholding-empty", "a withholding of nothing", Some(Some(4)), withheld(&[], true)),
        (
            "broken-reserve-key",
            "a reserve key that is not signed for its place",
            Some(Some(3)),
            three().own(&reserve_key(3, false)).end(),
        ),
        (
            "broken-reserve-key-unknown",
            "a change of key signed by a key that was not reserved",
            Some(Some(3)),
            three().own(&key_change_by_reserve(3)).end(),
        ),
        ("broken-revocation", "a revocation of the key that signs", Some(Some(3)), {
            three().own(&revocation(&signer(7))).end()
        }),
        ("broken-revocation-twice", "a second revocation of a key", Some(Some(5)), {
            three().own(&key_change(3)).own(&revocation(&signer(7))).own(&revocation(&signer(7))).end()
        }),
        ("broken-replacement-id", "a correction whose replacement has another id", Some(Some(4)), {
            replaced(|fact| fact.id = "somebody-elses".parse().expect("an id"))
        }),
        ("broken-replacement-kind", "a correction whose replacement is of another kind", Some(Some(4)), {
            replaced(|fact| fact.body = of_kind(Kind::Question).body)
        }),
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
            Builder::new().own(&key_change(0)).own(&SystemRecord::Redaction(redaction(0, 0))).end(),
        ),
        ("broken-redaction-later", "a redaction of an entry to come", Some(Some(1)), erased(&redaction(7, 0), true)),
        ("broken-two-facts", "an entry with two facts", Some(Some(3)), {
            let bytes = encode_fact(&of_kind(Kind::Party)).expect("short");
            let two = [(part(Role::Fact, bytes.clone(), 1), true), (part(Role::Fact, bytes, 2), true)];
            three().seal(kind_code(Kind::Party), &two, |_| {}).end()
        }),
    ]
}
