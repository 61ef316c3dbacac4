//! Tests of append, read, verify and restore on stores in memory, with every kind of damage.

use heldto_fact::{
    Act, Amount, Attribution, Body, Citation, Commitment, Content, Due, Fact, Force, Kind, Link, LinkKind, Mode,
    Quantity, Role as HowMuch, Salience, Strength, Target, Voice,
};
use heldto_ledger::{
    AppendError, ExportedEntry, ExportedPart, Fault, KeyChange, Ledger, Redaction, SystemRecord, kind_code, restore,
};
use heldto_proof::{Entry, Genesis, Head, MAX_PART, NoteSigner, Part, PartRef, Role, chain, leaf_hash};
use heldto_store::conformance::collect;
use heldto_store::{Faults, FaultyStore, Founding, Log, MemoryStore, NewEntry, StoredEntry, WritableLog};

fn signer(seed: u8) -> NoteSigner {
    NoteSigner::new("example.org/ledger", [seed; 32]).expect("a name")
}

fn founding() -> Founding {
    Founding {
        genesis: Genesis { origin: "example.org/ledger".to_owned(), key: signer(3).verifier().key },
        index_key: [4; 32],
    }
}

/// Returns a signed change of key for the entry at `index`.
fn key_change(from: u8, to: u8, index: u64) -> KeyChange {
    let (old, new) = (signer(from), signer(to));
    let message = KeyChange::message("example.org/ledger", index, &old.verifier().key, &new.verifier().key);
    KeyChange { key: new.verifier().key, by_old: old.sign(&message), by_new: new.sign(&message) }
}

fn fact(id: &str, text: &str) -> Fact {
    let id_of = |s: &str| s.parse().expect("an id");
    Fact {
        id: id_of(id),
        text: text.to_owned(),
        by: vec![id_of("the-council")],
        about: vec![],
        to: vec![],
        reporter: None,
        attribution: Attribution::Stated,
        voice: Some(Voice::Owner),
        occurred: "[..2025-02-12]".parse().ok(),
        period: None,
        place: None,
        sensitive: false,
        salience: Salience::Core,
        amounts: vec![],
        cites: vec![Citation { source: id_of("a-source"), at: "line 3".to_owned(), quote: None }],
        links: vec![Link { kind: LinkKind::BearsOn, to: id_of("other"), strength: Strength::Probable }],
        note: None,
        body: Body::Statement { act: Act::Claim, outcome: None },
    }
}

fn salts() -> impl FnMut(&mut [u8]) {
    let mut n = 0_u8;
    move |bytes| {
        n = n.wrapping_add(1);
        bytes.fill(n);
    }
}

fn ledger(facts: u64) -> Ledger<MemoryStore> {
    let mut ledger = Ledger::open(MemoryStore::new(founding())).expect("new");
    let mut random = salts();
    for n in 0..facts {
        let now = 1_000_000 * i64::try_from(n).expect("small");
        ledger.append(&[fact(&format!("fact-{n}"), "We have begun.")], now, &mut random).expect("room");
    }
    ledger
}

fn verdict(ledger: &Ledger<MemoryStore>) -> Result<u64, (Option<u64>, String)> {
    ledger.verify(false, &mut |_| {}).map(|v| v.parts_checked).map_err(|p| (p.entry, p.fault.to_string()))
}

/// Opens a damaged copy of the ledger.
fn damaged(ledger: &Ledger<MemoryStore>, damage: impl FnOnce(&mut MemoryStore)) -> Ledger<MemoryStore> {
    let mut store = ledger.store().clone();
    damage(&mut store);
    Ledger::open(store).expect("still opens")
}

/// Long enough for several threads. The first damage is named, at chunk borders and elsewhere.
#[test]
fn a_long_ledger_is_checked_in_stretches_and_the_first_damage_is_named() {
    const SIZE: u64 = 3 * 4096 + 100;
    let facts: Vec<Fact> = (0..SIZE).map(|n| fact(&format!("fact-{n}"), "We have begun.")).collect();
    let mut ledger = Ledger::open(MemoryStore::new(founding())).expect("new");
    ledger.append(&facts, 1_000_000, &mut salts()).expect("room");
    let mut done = Vec::new();
    let found = ledger.verify(false, &mut |n| done.push(n)).expect("sound");
    assert_eq!((found.parts_checked, done.last(), done.is_sorted()), (SIZE, Some(&SIZE), true));
    // The index is checked in ranges, too.
    let records: Vec<(u64, u64)> = ledger.store().clone().index_mut().iter().copied().collect();
    for at in [0, records.len() / 3, records.len() / 2, records.len() - 1] {
        let (hash, index) = records[at];
        let gone = damaged(&ledger, |store| assert!(store.index_mut().remove(&(hash, index))));
        assert_eq!(verdict(&gone).expect_err("found").0, Some(index), "record {at} is gone");
        for hash in [hash, hash + 1, u64::MAX] {
            let extra = damaged(&ledger, |store| assert!(store.index_mut().insert((hash, SIZE + 7))));
            let problem = extra.verify(false, &mut |_| {}).expect_err("found");
            assert!(matches!(problem.fault, Fault::IndexExtra(index) if index == SIZE + 7), "{hash}: {problem}");
        }
    }
    for at in [0, 1, 4095, 4096, 4097, 8191, 8192, 12_287, 12_288, SIZE - 1] {
        let part = damaged(&ledger, |store| store.entry_mut(at).expect("there").parts[0].1[40] ^= 1);
        assert!(
            matches!(verdict(&part), Err((Some(n), ref why)) if n == at && why.contains("commitment")),
            "part {at}"
        );
        // The last byte of an entry belongs to its commitment, the 36th from the end to its time.
        for byte in [1, 36] {
            let entry = damaged(&ledger, |store| {
                let bytes = &mut store.entry_mut(at).expect("there").entry;
                let last = bytes.len() - byte;
                bytes[last] ^= 1;
            });
            assert_eq!(verdict(&entry).expect_err("changed").0, Some(at), "byte {byte} of entry {at}");
        }
        let both = damaged(&ledger, |store| {
            store.entry_mut(at).expect("there").parts[0].1[40] ^= 1;
            store.entry_mut(SIZE - 1).expect("there").parts[0].1[41] ^= 1;
        });
        assert_eq!(verdict(&both).expect_err("changed").0, Some(at), "the first of two");
    }
}

/// An index with missing, changed or additional records is found.
#[test]
fn the_index_is_held_against_the_log() {
    let ledger = ledger(3);
    let with = |at: usize, index_hashes: Vec<u64>| {
        let (mut entries, head, _) = ledger.contents(&founding()).expect("sound");
        entries[at].index_hashes = index_hashes;
        let mut store = MemoryStore::new(founding());
        store.append(&Head::empty(&founding().genesis), &entries, &head).expect("memory");
        verdict(&Ledger::open(store).expect("opens")).expect_err("the index is wrong")
    };
    let (entries, ..) = ledger.contents(&founding()).expect("sound");
    let own = entries[1].index_hashes.clone();
    assert!(own.len() > 1, "it names somebody");
    assert_eq!(with(1, Vec::new()).0, Some(1), "all records lost");
    for n in 0..own.len() {
        let (mut fewer, mut other) = (own.clone(), own.clone());
        fewer.remove(n);
        assert_eq!(with(1, fewer).0, Some(1), "record {n} lost");
        other[n] ^= 1;
        let (_, why) = with(1, other);
        assert!(why.contains("the index"), "record {n} changed: {why}");
    }
    let (entry, why) = with(1, [&own[..], &[7]].concat());
    assert!(entry.is_none() && why.contains("entry 1"), "a record too many: {why}");
}

/// Any changed bytes of a fact that still decode are the canonical encoding of the decoded fact.
#[test]
fn no_fact_has_a_second_spelling() {
    let id_of = |s: &str| s.parse().expect("an id");
    let amount = Amount {
        payer: Some(id_of("the-payer")),
        period: "2024-09".parse().ok(),
        ..Amount::exact(Quantity::whole(300).expect("small"), "places".parse().expect("a unit"), HowMuch::Target)
    };
    let due = Due { mode: Mode::By, date: "[2024-03-15..2024-08-31]".parse().ok(), rule: None, terms: None };
    let pledge = Fact {
        occurred: "2025-05~".parse().ok(),
        period: "2024-01-14/2024-02".parse().ok(),
        amounts: vec![amount.clone()],
        body: Body::Pledge(Box::new(Commitment {
            force: Force::Pledge,
            target: Some(Target::Amount(amount)),
            due: Some(due),
            test: Some("it stands".to_owned()),
            personal: true,
        })),
        ..fact("a-pledge", "A promise.")
    };
    let replacement = Box::new(pledge.clone());
    let body = Body::Correction { of: pledge.id.clone(), reason: "an error".to_owned(), replacement };
    let correction = Fact::amending(pledge.id.numbered("correction", 1), "Else".to_owned(), body);
    let mut read = 0;
    for fact in [fact("some-fact", "A claim."), pledge, correction] {
        let bytes = heldto_ledger::encode_fact(&fact).expect("short");
        let mut check = |changed: &[u8]| {
            if let Ok(fact) = heldto_ledger::decode_fact(changed) {
                assert_eq!(heldto_ledger::encode_fact(&fact).expect("short"), changed);
                read += 1;
            }
        };
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            for byte in 0..=u8::MAX {
                changed[at] = byte;
                check(&changed);
            }
            // A number in a longer form, one byte more, one byte less.
            check(&[&bytes[..at], &[251, bytes[at], 0], &bytes[at + 1..]].concat());
            check(&[&bytes[..at], &[0], &bytes[at..]].concat());
            check(&[&bytes[..at], &bytes[at + 1..]].concat());
        }
    }
    assert!(read > 1000, "{read} were read");
}

#[test]
fn the_same_fact_again_is_no_entry_and_another_of_its_id_is_an_error() {
    let mut ledger = ledger(1);
    let mut random = salts();
    let again = ledger.append(&[fact("fact-0", "We have begun.")], 0, &mut random).expect("no error");
    assert_eq!((again.recorded.len(), again.unchanged.len(), ledger.head().size()), (0, 1, 1));
    let other = ledger.append(&[fact("fact-9", "New."), fact("fact-0", "We have not.")], 0, &mut random);
    assert!(matches!(other, Err(AppendError::Differ(which)) if which.len() == 1 && which[0].1 == 0));
    assert_eq!(ledger.head().size(), 1, "all or nothing");
    let twice = ledger.append(&[fact("fact-9", "New."), fact("fact-9", "Newer.")], 0, &mut random);
    assert!(matches!(twice, Err(AppendError::Twice(_))));
}

#[test]
fn a_correction_and_every_earlier_version_count_as_the_same() {
    let mut ledger = ledger(1);
    let old = fact("fact-0", "We have begun.");
    let new = fact("fact-0", "We have begun, said the council.");
    let body =
        Body::Correction { of: old.id.clone(), reason: "attribution".to_owned(), replacement: Box::new(new.clone()) };
    let correction = Fact { id: old.id.numbered("correction", 1), body, ..fact("fact-0", "attribution") };
    ledger.append(&[correction], 2_000_000, &mut salts()).expect("room");
    for version in [old, new] {
        assert_eq!(ledger.append(&[version], 3_000_000, &mut salts()).expect("the same").recorded, vec![]);
    }
    assert_eq!(ledger.versions(&"fact-0".parse().expect("an id")).expect("reads").len(), 2);
}

#[test]
fn time_never_goes_backwards_and_a_wrong_clock_is_refused() {
    let mut ledger = ledger(0);
    let hour = 3_600_000_000;
    ledger.append(&[fact("fact-a", "A.")], hour, &mut salts()).expect("room");
    ledger.append(&[fact("fact-b", "B.")], hour - 60_000_000, &mut salts()).expect("within five minutes");
    assert_eq!(ledger.head().recorded_at, hour);
    let result = ledger.append(&[fact("fact-c", "C.")], hour - 301_000_000, &mut salts());
    assert!(matches!(result, Err(AppendError::Clock { seconds: 301 })));
}

#[test]
fn an_untouched_ledger_verifies() {
    for n in [0, 1, 5] {
        assert_eq!(verdict(&ledger(n)), Ok(n));
    }
}

#[test]
fn every_flipped_bit_of_every_entry_and_part_is_found_at_its_entry() {
    let sound = ledger(4);
    for index in 0..4 {
        let mut copy = sound.store().clone();
        let stored = copy.entry_mut(index).expect("is there").clone();
        for at in 0..stored.entry.len() {
            let broken = damaged(&sound, |s| s.entry_mut(index).expect("is there").entry[at] ^= 1);
            let (named, fault) = verdict(&broken).expect_err("found");
            assert_eq!(named, Some(index), "byte {at} of entry {index}: {fault}");
        }
        for at in 0..stored.parts[0].1.len() {
            let broken = damaged(&sound, |s| s.entry_mut(index).expect("is there").parts[0].1[at] ^= 1);
            assert_eq!(verdict(&broken).expect_err("found").0, Some(index), "byte {at} of the part of entry {index}");
        }
    }
}

#[test]
fn truncated_reordered_and_spliced_ledgers_are_named() {
    let sound = ledger(4);
    let swap = |s: &mut MemoryStore| {
        let (a, b) = (s.entry_mut(1).expect("is there").clone(), s.entry_mut(2).expect("is there").clone());
        s.entry_mut(1).expect("is there").entry = b.entry;
        s.entry_mut(2).expect("is there").entry = a.entry;
    };
    assert_eq!(verdict(&damaged(&sound, swap)).expect_err("reordered").0, Some(1));
    let other = ledger(3);
    let mut donor = other.store().clone();
    let foreign = donor.entry_mut(2).expect("is there").entry.clone();
    assert_eq!(
        verdict(&damaged(&sound, |s| s.entry_mut(3).expect("is there").entry = foreign)).expect_err("spliced").0,
        Some(3)
    );
    let cut = damaged(&sound, |s| *s.head_mut() = other.head().clone());
    assert!(verdict(&cut).expect_err("entries beyond the head").1.contains("beyond"));
    let lost = damaged(&sound, |s| s.entry_mut(2).expect("is there").parts.clear());
    assert!(verdict(&lost).expect_err("a part is gone").1.contains("missing"));
    let head = damaged(&sound, |s| s.head_mut().chain = other.head().chain);
    assert_eq!(verdict(&head).expect_err("the head").0, None);
    let time = damaged(&sound, |s| s.head_mut().recorded_at += 1);
    assert!(verdict(&time).expect_err("the head").1.contains("time"));
}

#[test]
fn a_changed_founding_is_told_apart_from_a_changed_entry() {
    let mut store =
        MemoryStore::new(Founding { genesis: Genesis { key: [8; 32], ..founding().genesis }, ..founding() });
    let (sound, empty) = (ledger(2), store.head().expect("memory"));
    let stored = collect(sound.store().entries(0..2)).expect("memory");
    let entries: Vec<NewEntry> = stored.iter().map(|stored| stored.to_new(Vec::new())).collect();
    store.append(&empty, &entries, sound.head()).expect("memory");
    let ledger = Ledger::open(store).expect("opens");
    assert!(verdict(&ledger).expect_err("found").1.contains("founding"));
}

/// Seals an entry of any shape by hand, to test entries that the program itself does not write.
fn seal(store: &mut MemoryStore, kind: Kind, held: &[(Part, bool)]) {
    let head = store.head().expect("memory");
    let parts = held.iter().map(|(part, _)| PartRef { role: part.role, commitment: part.commitment() }).collect();
    let entry = Entry { index: head.size(), previous: head.chain, recorded_at: 5, kind: kind_code(kind), parts };
    let bytes = entry.encode().expect("short");
    let mut next = Head { chain: chain(&bytes), recorded_at: 5, ..head.clone() };
    next.edge.push(leaf_hash(&bytes));
    let parts = held.iter().map(|(part, keep)| keep.then(|| [&part.salt[..], &part.bytes].concat())).collect();
    let index_hashes = if matches!(kind, Kind::Key | Kind::Redaction) { found_by_of_own() } else { Vec::new() };
    store.append(&head, &[NewEntry { entry: bytes, parts, index_hashes }], &next).expect("memory");
}

/// Returns the hashes under which system records are found.
fn found_by_of_own() -> Vec<u64> {
    let mut ledger = Ledger::open(MemoryStore::new(founding())).expect("opens");
    ledger.append_record(&SystemRecord::Key(key_change(3, 4, 0)), 5, &mut salts()).expect("room");
    let (entries, ..) = ledger.contents(&founding()).expect("sound");
    entries[0].index_hashes.clone()
}

#[test]
fn an_erased_part_needs_its_redaction_and_keeps_every_proof() {
    let mut store = MemoryStore::new(founding());
    let bytes = heldto_ledger::encode_fact(&fact("gone", "A child's name.")).expect("short");
    seal(&mut store, Kind::Statement, &[(Part { role: Role::Fact, salt: [1; 32], bytes }, false)]);
    let missing = Ledger::open(store.clone()).expect("opens").verify(false, &mut |_| {}).expect_err("unaccounted for");
    assert!(matches!(missing.fault, Fault::PartMissing { part: 0, role: Role::Fact }));
    let own = SystemRecord::Redaction(Redaction {
        entry: 0,
        part: 0,
        ground: "a child".to_owned(),
        by: "the-editor".to_owned(),
    });
    let part = Part { role: Role::Ledger, salt: [2; 32], bytes: own.encode().expect("short") };
    seal(&mut store, Kind::Redaction, &[(part, true)]);
    let ledger = Ledger::open(store).expect("opens");
    let found = ledger.verify(false, &mut |_| {}).expect("accounted for");
    assert_eq!((found.parts_checked, found.parts_erased), (1, 1));
    let contents: Vec<_> = ledger.recorded(0..2).map(|recorded| recorded.expect("reads").content).collect();
    assert_eq!(contents, vec![Content::Erased(Kind::Statement), Content::System(Kind::Redaction)]);
}

#[test]
fn a_private_part_may_be_withheld_from_what_is_published_and_nowhere_else() {
    let mut store = MemoryStore::new(founding());
    let own = SystemRecord::Key(key_change(3, 4, 0));
    let key = Part { role: Role::Ledger, salt: [1; 32], bytes: own.encode().expect("short") };
    let note = Part { role: Role::PrivateNote, salt: [2; 32], bytes: b"who told us".to_vec() };
    seal(&mut store, Kind::Key, &[(key, true), (note, false)]);
    let ledger = Ledger::open(store).expect("opens");
    assert_eq!(ledger.verify(true, &mut |_| {}).expect("published").parts_private, 1);
    assert!(ledger.verify(false, &mut |_| {}).is_err());
}

#[test]
fn a_kind_that_differs_from_its_part_is_found() {
    let mut store = MemoryStore::new(founding());
    let bytes = heldto_ledger::encode_fact(&fact("some-fact", "A claim.")).expect("short");
    seal(&mut store, Kind::Payout, &[(Part { role: Role::Fact, salt: [1; 32], bytes }, true)]);
    let problem = Ledger::open(store).expect("opens").verify(false, &mut |_| {}).expect_err("differs");
    assert!(matches!(problem.fault, Fault::Unfound | Fault::KindDiffers { .. }));
}

#[test]
fn a_redaction_that_erased_nothing_or_cannot_erase_is_found() {
    let own =
        |own: &SystemRecord, salt| Part { role: Role::Ledger, salt: [salt; 32], bytes: own.encode().expect("short") };
    let key = own(&SystemRecord::Key(key_change(3, 4, 0)), 1);
    let quotation = Part { role: Role::Quotation, salt: [2; 32], bytes: b"as it was said".to_vec() };
    for (entry, part, named, why) in
        [(0, 1, 0, "all the same"), (0, 0, 1, "none"), (0, 5, 1, "none"), (1, 0, 1, "none"), (9, 0, 1, "none")]
    {
        let redaction = Redaction { entry, part, ground: "a child".to_owned(), by: "the-editor".to_owned() };
        let mut store = MemoryStore::new(founding());
        seal(&mut store, Kind::Key, &[(key.clone(), true), (quotation.clone(), true)]);
        seal(&mut store, Kind::Redaction, &[(own(&SystemRecord::Redaction(redaction), 3), true)]);
        let problem = Ledger::open(store).expect("opens").verify(false, &mut |_| {}).expect_err("found");
        assert_eq!(problem.entry, Some(named), "redaction of part {part} of entry {entry}: {problem}");
        assert!(problem.fault.to_string().contains(why), "{problem}");
    }
}

#[test]
fn a_change_of_key_wants_both_signatures_at_its_place() {
    let own =
        |change| Part { role: Role::Ledger, salt: [1; 32], bytes: SystemRecord::Key(change).encode().expect("short") };
    let none = KeyChange { key: [1; 32], by_old: [0; 64], by_new: [0; 64] };
    for (change, sound) in
        [(key_change(3, 4, 0), true), (key_change(3, 4, 1), false), (key_change(5, 4, 0), false), (none, false)]
    {
        let mut store = MemoryStore::new(founding());
        seal(&mut store, Kind::Key, &[(own(change), true)]);
        let verdict = Ledger::open(store).expect("opens").verify(false, &mut |_| {});
        assert_eq!(verdict.is_ok(), sound, "{verdict:?}");
    }
    // The next change must be signed by the key before it, not by the first.
    for (from, sound) in [(4, true), (3, false)] {
        let mut store = MemoryStore::new(founding());
        seal(&mut store, Kind::Key, &[(own(key_change(3, 4, 0)), true)]);
        seal(&mut store, Kind::Key, &[(own(key_change(from, 5, 1)), true)]);
        assert_eq!(Ledger::open(store).expect("opens").verify(false, &mut |_| {}).is_ok(), sound);
    }
}

#[test]
fn a_part_too_long_is_refused_whatever_its_role() {
    let key = Part {
        role: Role::Ledger,
        salt: [1; 32],
        bytes: SystemRecord::Key(key_change(3, 4, 0)).encode().expect("short"),
    };
    let long = Part { role: Role::Quotation, salt: [2; 32], bytes: vec![7; MAX_PART + 1] };
    let mut store = MemoryStore::new(founding());
    seal(&mut store, Kind::Key, &[(key, true), (long, true)]);
    let problem = Ledger::open(store).expect("opens").verify(false, &mut |_| {}).expect_err("too long");
    assert!(matches!(problem.fault, Fault::PartTooLong { part: 1, .. }));
}

fn exported(ledger: &Ledger<MemoryStore>) -> Vec<ExportedEntry> {
    let stored = collect(ledger.store().entries(0..ledger.head().size())).expect("memory");
    let exported = |s: StoredEntry| {
        let roles = Entry::decode(&s.entry).expect("sound").parts;
        let part = |(number, bytes): (u16, Vec<u8>)| {
            let salt = bytes[..32].try_into().expect("32 bytes");
            ExportedPart {
                number,
                part: Part { role: roles[usize::from(number)].role, salt, bytes: bytes[32..].to_vec() },
            }
        };
        ExportedEntry { entry: s.entry, parts: s.parts.into_iter().map(part).collect() }
    };
    stored.into_iter().map(exported).collect()
}

#[test]
fn restore_brings_back_the_same_head_under_another_index_key() {
    let sound = ledger(3);
    let (chain, root) = (sound.head().chain, sound.head().edge.root());
    let restored = restore(&founding(), &exported(&sound), Some(chain), root).expect("sound");
    let other = Founding { index_key: [9; 32], ..founding() };
    let (entries, head, _) = restored.contents(&other).expect("sound");
    let mut target = MemoryStore::new(other);
    let empty = target.head().expect("memory");
    target.append(&empty, &entries, &head).expect("room");
    let again = Ledger::open(target).expect("opens");
    assert_eq!(again.head(), sound.head());
    assert_eq!(verdict(&again), Ok(3));
    assert!(restore(&founding(), &exported(&sound)[..2], Some(chain), root).is_err(), "a missing tail");
    let mut reordered = exported(&sound);
    reordered.swap(0, 1);
    assert!(restore(&founding(), &reordered, Some(chain), root).is_err(), "reordered");
}

#[test]
fn an_append_that_fails_leaves_a_ledger_that_verifies() {
    let faults = Faults { lost: vec![0], failed_but_kept: vec![1] };
    let mut ledger = Ledger::open(FaultyStore::new(MemoryStore::new(founding()), faults)).expect("opens");
    assert!(ledger.append(&[fact("fact-a", "A.")], 0, &mut salts()).is_err());
    assert!(ledger.append(&[fact("fact-a", "A.")], 0, &mut salts()).is_err());
    let kept = Ledger::open(ledger.store().clone()).expect("opens");
    assert_eq!(kept.verify(false, &mut |_| {}).expect("sound").entries, 1, "failed, and kept whole");
    let facts = [fact("fact-a", "A."), fact("fact-b", "B.")];
    let again = ledger.append(&facts, 0, &mut salts()).expect("planned again, on what was kept");
    assert_eq!((again.recorded.len(), again.unchanged.len()), (1, 1), "what was kept is not recorded twice");
    assert_eq!(ledger.verify(false, &mut |_| {}).expect("sound").entries, 2);
}
