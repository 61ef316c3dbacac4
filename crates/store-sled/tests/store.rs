//! The sled store keeps the promises of every store, and those of its own.

use heldto_store::conformance::{entry, founding, next_head, race, run};
use heldto_store::{NewEntry, Store, StoreError};
use heldto_store_sled::SledStore;
use std::path::Path;

fn create(dir: &Path) -> SledStore {
    SledStore::create(dir, &founding(), &mut |_| {}).expect("a new ledger")
}

fn open(dir: &Path) -> Result<SledStore, StoreError> {
    SledStore::open(dir, &mut |_| {})
}

#[test]
fn sled_conforms() {
    let root = tempfile::tempdir().expect("a folder");
    let mut n = 0;
    // Sealed at once, now and then, and not at all.
    for (tail, part) in [(1, 2), (3, 100), (1024, 1024)] {
        run(|| {
            n += 1;
            create(&root.path().join(n.to_string())).sealing_at(tail, part)
        });
    }
}

#[test]
fn racing_writers_lose_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    drop(create(root.path()));
    race(|| open(root.path()).expect("waits for its turn").sealing_at(5, 7), 3, 6);
}

#[test]
fn what_is_written_is_there_after_closing() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path());
    let head = store.head().expect("a head");
    let batch = [entry(0, 20_000), entry(1, 10)];
    let next = next_head(&head, &batch);
    store.append(&head, &batch, &next).expect("room");
    drop(store);
    let store = open(root.path()).expect("opens");
    assert_eq!(store.head().expect("a head"), next);
    let mut parts = Vec::new();
    store
        .read(0..2, &mut |s| {
            parts.push(s.parts.clone());
            true
        })
        .expect("both are there");
    assert_eq!(Some(&parts[0][0].1), batch[0].parts[0].as_ref());
}

#[test]
fn a_half_written_snapshot_of_sleds_does_no_harm() {
    let root = tempfile::tempdir().expect("a folder");
    drop(create(root.path()));
    let stray = root.path().join("hot/snap.0000000000000000.generating");
    std::fs::write(&stray, b"half").expect("writes");
    drop(open(root.path()).expect("opens all the same"));
    assert!(!stray.exists());
}

#[test]
fn a_second_ledger_in_the_same_folder_is_refused() {
    let root = tempfile::tempdir().expect("a folder");
    drop(create(root.path()));
    assert!(matches!(SledStore::create(root.path(), &founding(), &mut |_| {}), Err(StoreError::AlreadyThere(_))));
    assert!(matches!(open(&root.path().join("nowhere")), Err(StoreError::NoLedger(_))));
}

#[test]
fn a_database_that_lost_its_tail_is_found_out() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path());
    let empty = store.head().expect("a head");
    let batch = [entry(0, 20)];
    store.append(&empty, &batch, &next_head(&empty, &batch)).expect("room");
    store.databases().expect("open")[0].remove(b"t\0\0\0\0\0\0\0\0\0\0").expect("room").expect("it was there");
    drop(store);
    let opened = open(root.path()).map(drop);
    assert!(matches!(opened, Err(StoreError::Behind(_))), "{opened:?}");
}

#[test]
fn the_second_process_is_told_who_has_it() {
    let root = tempfile::tempdir().expect("a folder");
    let store = create(root.path());
    let mut told = Vec::new();
    let result = SledStore::open(root.path(), &mut |holder| told.push(holder.to_owned()));
    let expected = format!("process {}", std::process::id());
    assert_eq!(told, vec![expected.clone()]);
    assert!(matches!(result, Err(StoreError::Locked { holder, .. }) if holder == expected));
    drop(store);
}

/// sled's settings torn by a kill, or blank after a power cut: they are written again, and everything is there.
#[test]
fn torn_settings_of_sleds_do_no_harm() {
    let torn = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 4);
    let blank = |bytes: &mut Vec<u8>| bytes.fill(0);
    for damage in [torn as fn(&mut Vec<u8>), blank, Vec::clear] {
        let root = tempfile::tempdir().expect("a folder");
        let mut store = create(root.path()).sealing_at(1, 100);
        let head = store.head().expect("a head");
        let batch = [entry(0, 30), entry(1, 30)];
        let next = next_head(&head, &batch);
        store.append(&head, &batch, &next).expect("room");
        drop(store);
        for database in ["hot", "archive/index", "archive/0"] {
            let path = root.path().join(database).join("conf");
            let mut bytes = std::fs::read(&path).expect("settings");
            let whole = bytes.clone();
            damage(&mut bytes);
            std::fs::write(&path, bytes).expect("writes");
            let store = open(root.path()).expect("opens");
            assert_eq!(store.head().expect("a head"), next);
            let mut seen = 0;
            store
                .read(0..2, &mut |_| {
                    seen += 1;
                    true
                })
                .expect("reads");
            assert_eq!(seen, 2);
            assert_eq!(store.find(&[77], usize::MAX).expect("an index"), [(77, 0), (77, 1)]);
            drop(store);
            assert_eq!(std::fs::read(&path).expect("settings"), whole);
        }
    }
}

/// A ledger of an earlier layout is told apart from a damaged one.
#[test]
fn an_earlier_layout_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    let store = create(root.path());
    let hot = store.databases().expect("open")[0].clone();
    let mut founding = hot.get(b"g").expect("reads").expect("is there").to_vec();
    for earlier in [1, 2] {
        founding[0] = earlier;
        hot.insert(b"g", founding.clone()).expect("room");
        assert!(matches!(store.founding(), Err(StoreError::Layout)));
    }
}

/// Every length of the tail and of the batches gives the same log and the same index, read whole and from everywhere.
#[test]
fn where_it_is_sealed_changes_nothing_that_can_be_read() {
    let lens =
        |n: u64| [20, 900, 4000, 8][usize::try_from(n % 4).expect("small")] + usize::try_from(n % 7).expect("small");
    let mut logs = Vec::new();
    for (tail, part, batch) in
        [(1, 1, 1), (7, 50, 3), (64, 64, 10), (100, 7, 300), (1024, 1024, 300), (100_000, 1, 1), (100_000, 1, 40)]
    {
        let root = tempfile::tempdir().expect("a folder");
        let mut store = create(root.path()).sealing_at(tail, part);
        let mut head = store.head().expect("a head");
        while head.size() < 300 {
            let batch: Vec<_> = (head.size()..(head.size() + batch).min(300)).map(|n| entry(n, lens(n))).collect();
            let next = next_head(&head, &batch);
            store.append(&head, &batch, &next).expect("room");
            head = next;
        }
        drop(store);
        let store = open(root.path()).expect("opens");
        let read = |range: std::ops::Range<u64>| {
            let mut all = Vec::new();
            store
                .read(range, &mut |s| {
                    all.push(s.clone());
                    true
                })
                .map(|()| all)
        };
        let all = read(0..300).expect("all of it");
        for from in 0..300 {
            let until = (from + 5).min(300);
            assert_eq!(
                read(from..until).expect("a few"),
                all[usize::try_from(from).expect("small")..usize::try_from(until).expect("small")]
            );
        }
        assert!(matches!(read(298..301), Err(StoreError::Missing(300))));
        let records = |hashes: std::ops::RangeInclusive<u64>| {
            let mut records = Vec::new();
            let mut keep = |hash, at| {
                records.push((hash, at));
                true
            };
            store.index(hashes, &mut keep).map(|()| records).expect("an index")
        };
        let index = records(0..=u64::MAX);
        assert!(index.is_sorted());
        let cuts = [0, 1, 77, 78, 200, 310, u64::MAX];
        let parts = cuts.windows(2).flat_map(|cut| records(cut[0]..=cut[1] - 1)).chain(records(u64::MAX..=u64::MAX));
        assert!(parts.eq(index.iter().copied()), "part by part it is the same");
        let many: Vec<u64> = (0..400).collect();
        for hashes in [&[0][..], &[77], &[3, 77, 150, 299, 300], &many] {
            for most in [1, 5, usize::MAX] {
                let few = |hash: &u64| index.iter().filter(|(h, _)| h == hash).take(most).copied().collect::<Vec<_>>();
                let by_scan: Vec<_> = hashes.iter().flat_map(few).collect();
                assert_eq!(store.find(hashes, most).expect("an index"), by_scan, "{hashes:?}");
            }
        }
        logs.push((all, index, store.head().expect("a head")));
    }
    assert!(logs.windows(2).all(|pair| pair[0] == pair[1]));
}

/// A process that died between the archive and the mark: what it left does not count, is written over, and nothing is lost or doubled.
#[test]
fn a_sealing_cut_short_before_its_mark_does_not_count() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path()).sealing_at(10, 15);
    let mut head = store.head().expect("a head");
    for n in 0..25 {
        let batch = [entry(n, 30)];
        let next = next_head(&head, &batch);
        // The mark and the tail as they were before this append; the archive as it is after it.
        let before: Vec<_> = store.databases().expect("open")[0].iter().map(|p| p.expect("reads")).collect();
        store.append(&head, &batch, &next).expect("room");
        let hot = store.databases().expect("open").remove(0);
        hot.clear().expect("room");
        for (key, value) in before {
            hot.insert(key, value).expect("room");
        }
        drop((hot, store));
        std::fs::remove_file(root.path().join("acknowledged")).expect("removes");
        store = open(root.path()).expect("opens").sealing_at(10, 15);
        assert_eq!(store.head().expect("a head"), head, "entry {n} was not committed");
        store.append(&head, &batch, &next).expect("room");
        head = next;
        let mut seen = 0;
        store
            .read(0..n + 1, &mut |s| {
                assert_eq!(s.entry, entry(s.index, 30).entry);
                seen += 1;
                true
            })
            .expect("all of it");
        assert_eq!(seen, n + 1);
        assert_eq!(store.find(&[77], usize::MAX).expect("an index"), (0..=n).map(|k| (77, k)).collect::<Vec<_>>());
    }
}

/// A database of the archive that is not there is told, and not taken for one that holds nothing.
#[test]
fn what_is_missing_from_the_archive_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path()).sealing_at(1, 3);
    let mut head = store.head().expect("a head");
    for n in 0..8 {
        let batch = [entry(n, 30)];
        let next = next_head(&head, &batch);
        store.append(&head, &batch, &next).expect("room");
        head = next;
    }
    drop(store);
    let (mut runs, mut refused) = (0, 0);
    for folder in std::fs::read_dir(root.path().join("archive")).expect("a folder") {
        let (folder, aside) = (folder.expect("reads").path(), root.path().join("aside"));
        std::fs::rename(&folder, &aside).expect("moves");
        let store = open(root.path()).expect("opens");
        let is_filter = folder.to_string_lossy().contains("filter-");
        let is_run = is_filter || folder.ends_with("index") || folder.to_string_lossy().contains("run-");
        let mut seen = 0;
        let count = &mut |_: &heldto_store::StoredEntry| {
            seen += 1;
            true
        };
        let found = if is_run {
            store.find(&[77], usize::MAX).map(|f| f.len())
        } else {
            store.read(0..8, count).map(|()| seen)
        };
        match &found {
            Err(error) => assert!(error.is_integrity(), "{error:?}"),
            // A filter only saves time. A run that was merged into another is there until the next sealing.
            Ok(all) => assert!(is_run && *all == 8, "{}: {all}", folder.display()),
        }
        assert!(found.is_ok() || !is_filter);
        drop(store);
        std::fs::rename(&aside, &folder).expect("moves");
        (runs, refused) = (runs + u32::from(is_run), refused + u32::from(is_run && found.is_err()));
    }
    assert!(refused > 0, "{runs} runs");
    assert_eq!(open(root.path()).expect("opens").find(&[77], usize::MAX).expect("an index").len(), 8);
}

/// However much a fact names, its entry is kept whole.
#[test]
fn an_entry_that_very_much_finds_is_kept() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path());
    let head = store.head().expect("a head");
    let batch = [NewEntry { found_by: (0..70_000).collect(), ..entry(0, 30) }];
    let next = next_head(&head, &batch);
    store.append(&head, &batch, &next).expect("room");
    drop(store);
    let store = open(root.path()).expect("opens");
    assert_eq!(store.head().expect("a head"), next);
    assert_eq!(store.find(&[69_999], 1).expect("an index"), [(69_999, 0)]);
}

/// A filter that was changed rules nothing out; one that was made to rule out what its run holds is told when the index is read through.
#[test]
fn what_a_filter_wrongly_rules_out_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path()).sealing_at(1, 100);
    let head = store.head().expect("a head");
    let batch: Vec<_> = (0..40).map(|n| entry(n, 30)).collect();
    store.append(&head, &batch, &next_head(&head, &batch)).expect("room");
    drop(store);
    let path = root.path().join("archive/filter-0");
    let whole = std::fs::read(&path).expect("is there");
    assert_eq!(whole.len(), 512);
    let told = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("writes");
        let store = open(root.path()).expect("opens");
        (store.find(&[77], usize::MAX).expect("an index").len(), store.index(0..=u64::MAX, &mut |_, _| true).is_err())
    };
    assert_eq!(told(&whole), (40, false));
    let mut empty = whole.clone();
    empty[..480].fill(0);
    assert_eq!(told(&empty), (40, false), "its check fails");
    let check = crc32fast::hash(&empty[..508]);
    empty[508..].copy_from_slice(&check.to_be_bytes());
    assert_eq!(told(&empty), (0, true));
    assert_eq!(told(&[]), (40, false));
}
