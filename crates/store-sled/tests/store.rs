//! Tests of the sled store: the conformance suite of all stores, and damage to either copy.
//!
//! Start at `sled_conforms`; `open_noting` shows the notices that an opening gives.

use heldto_store::conformance::{collect, entries, founding, index_hashes, race, run};
use heldto_store::{Index, Log, NewEntry, Notice, Notices, StoreError, WritableLog};
use heldto_store_sled::{Access, Opening, SledStore, Waiting};
use std::path::Path;

fn opening<'w>(access: Access, waiting: Waiting<'w>, notices: &Notices) -> Opening<'w> {
    Opening { access, hashes: index_hashes, notices: notices.clone(), waiting, source: None }
}

fn create(dir: &Path) -> SledStore {
    let opening = &mut |_: &str| {};
    SledStore::create(dir, &founding(), self::opening(Access::Write, opening, &Notices::default()))
        .expect("a new ledger")
}

fn open(dir: &Path) -> Result<SledStore, StoreError> {
    SledStore::open(dir, opening(Access::Write, &mut |_| {}, &Notices::default()))
}

/// Opens a store and returns its notices.
fn open_noting(dir: &Path, access: Access) -> (Result<SledStore, StoreError>, Vec<Notice>) {
    let notices = Notices::default();
    let opened = SledStore::open(dir, opening(access, &mut |_| {}, &notices));
    (opened, notices.take())
}

/// Counts the entries of a range, all of them readable.
fn count(store: &SledStore, range: std::ops::Range<u64>) -> u64 {
    collect(store.entries(range)).expect("reads").len() as u64
}

fn add(store: &mut SledStore, lens: &[usize]) -> Vec<NewEntry> {
    let head = store.head().expect("a head");
    let (new, next) = entries(&head, lens);
    store.append(&head, &new, &next).expect("room");
    new
}

#[test]
fn sled_conforms() {
    let root = tempfile::tempdir().expect("a folder");
    let mut n = 0;
    // Sealed at once, sometimes, and never.
    for (tail, part) in [(1, 2), (3, 100), (1024, 1024)] {
        run(|| {
            n += 1;
            create(&root.path().join(n.to_string())).with_lengths(tail, part)
        });
    }
}

#[test]
fn racing_writers_lose_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    drop(create(root.path()));
    race(|| open(root.path()).expect("waits for its turn").with_lengths(5, 7), 3, 6);
}

#[test]
fn what_is_written_is_there_after_closing() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path());
    let batch = add(&mut store, &[20_000, 10]);
    let next = store.head().expect("a head");
    drop(store);
    let store = open(root.path()).expect("opens");
    assert_eq!(store.head().expect("a head"), next);
    assert_eq!(Some(&store.entry(0).expect("an entry").parts[0].1), batch[0].parts[0].as_ref());
    assert!(store.entry(1).is_ok());
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
    let again = SledStore::create(root.path(), &founding(), opening(Access::Write, &mut |_| {}, &Notices::default()));
    assert!(matches!(again, Err(StoreError::AlreadyThere(_))));
    assert!(matches!(open(&root.path().join("nowhere")), Err(StoreError::NoLedger(_))));
}

/// A database that lost its tail, its index or everything is reported and rebuilt with the same
/// content.
#[test]
fn a_database_that_lost_something_is_made_again() {
    let tail = b"t\0\0\0\0\0\0\0\x05\0\0";
    for (database, key) in [(0, &tail[..]), (0, b"s"), (0, b"g"), (1, b"b\0\0\0\0\0\0\0\0"), (2, b"i\0\0\0\0")] {
        let root = tempfile::tempdir().expect("a folder");
        let mut store = create(root.path()).with_lengths(4, 100);
        for n in 0..7 {
            add(&mut store, &[20 + n]);
        }
        let head = store.head().expect("a head");
        drop(store);
        let store = open(root.path()).expect("opens");
        store.databases().expect("open")[database].remove(key).expect("room").expect("it was there");
        drop(store);
        let (store, notices) = open_noting(root.path(), Access::Write);
        let mut store = store.expect("opens");
        assert_eq!(store.head().expect("a head"), head);
        let found = store.find(&[77], usize::MAX).expect("an index");
        assert_eq!(found, (0..7).map(|n| (77, n)).collect::<Vec<_>>(), "{key:?}");
        store.check_database().expect("it is made again");
        drop(store);
        let (store, later) = open_noting(root.path(), Access::Write);
        drop(store.expect("opens"));
        // A missing archive key is noticed only by a look-up or a full check.
        let said = if database == 0 { notices } else { later };
        assert!(database > 0 || said.iter().any(|n| matches!(n, Notice::DatabaseRebuilt { .. })), "{key:?}: {said:?}");
        let (_, none) = open_noting(root.path(), Access::Write);
        assert_eq!(none, [], "{key:?}: it is whole again");
    }
}

/// A journal that lost its end is restored from the database, and the log is whole again.
#[test]
fn a_journal_that_lost_its_end_is_mended_from_the_database() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path()).with_lengths(4, 100);
    for n in 0..7 {
        add(&mut store, &[20 + n]);
    }
    let head = store.head().expect("a head");
    drop(store);
    for marks in [true, false] {
        for damage in [0xff, 0] {
            let path = root.path().join("journal/open-0");
            let mut bytes = std::fs::read(&path).expect("reads");
            let live = bytes.iter().rposition(|byte| *byte != 0).expect("records");
            bytes[live - 300..=live].fill(damage);
            std::fs::write(&path, bytes).expect("writes");
            if !marks {
                std::fs::remove_file(root.path().join("acknowledged")).expect("removes");
            }
            let (store, notices) = open_noting(root.path(), Access::Read);
            let store = store.expect("opens");
            assert_eq!(store.head().expect("a head"), head, "{notices:?}");
            assert!(notices.iter().any(|n| matches!(n, Notice::JournalMended { .. })), "{notices:?}");
            drop(store);
            // The next round must find its entries in the same file.
            std::fs::remove_dir_all(root.path()).expect("removes");
            std::fs::create_dir(root.path()).expect("a folder");
            let mut store = create(root.path()).with_lengths(4, 100);
            for n in 0..7 {
                add(&mut store, &[20 + n]);
            }
        }
    }
}

/// A lost journal, open bundle or founding record is restored from the database.
#[test]
fn a_lost_journal_is_made_again_from_the_database() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path());
    add(&mut store, &[30; 300]);
    let head = store.head().expect("a head");
    drop(store);
    for gone in [&["journal"][..], &["journal/open-0", "journal/open-1"], &["journal/founding"]] {
        for path in gone.iter().map(|path| root.path().join(path)) {
            drop(std::fs::remove_dir_all(&path));
            drop(std::fs::remove_file(&path));
        }
        let (store, notices) = open_noting(root.path(), Access::Read);
        let store = store.unwrap_or_else(|error| panic!("{gone:?}: {error}"));
        assert_eq!(store.head().expect("a head"), head);
        let seen = count(&store, 0..300);
        assert_eq!((seen, notices.len()), (300, 1), "{notices:?}");
    }
}

/// A bundle with more than one wrong bit is mended; an entry damaged in both copies is named.
#[test]
fn a_bundle_is_mended_from_the_database_and_what_both_lost_is_named() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path()).with_lengths(10, 1000);
    add(&mut store, &[30; 700]);
    drop(store);
    let path = root.path().join("journal/segment-0");
    let whole = std::fs::read(&path).expect("reads");
    let hit = |store: &SledStore| collect(store.entries(0..700)).map(|all| all.len());
    let damage = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let middle = (12_288 + bytes.len()) / 2;
        bytes[middle..middle + 50].fill(0xee);
        bytes
    };
    std::fs::write(&path, damage(&whole)).expect("writes");
    let notices = Notices::default();
    let store = SledStore::open(root.path(), opening(Access::Read, &mut |_| {}, &notices)).expect("opens");
    assert_eq!(hit(&store).expect("mended"), 700);
    assert!(matches!(notices.take()[..], [Notice::JournalMended { .. }]));
    drop(store);
    assert_eq!(std::fs::read(&path).expect("reads"), whole, "byte for byte");
    // Damage every block of the archive too.
    let store = open(root.path()).expect("opens");
    let archive = store.databases().expect("open").remove(1);
    let blocks: Vec<_> = archive.scan_prefix(b"b").map(|pair| pair.expect("reads")).collect();
    for (key, value) in &blocks {
        let mut changed = value.to_vec();
        changed[20] ^= 0xff;
        archive.insert(key, changed).expect("room");
    }
    drop((archive, store));
    std::fs::write(&path, damage(&whole)).expect("writes");
    let store = open(root.path()).expect("opens");
    let lost = hit(&store).expect_err("both copies are hit");
    let StoreError::Lost { index, .. } = lost else { panic!("{lost}") };
    assert!((256..512).contains(&index), "{index}");
    drop(store);
    // Another copy has the entry.
    let copy = tempfile::tempdir().expect("a folder");
    let mut other = create(copy.path());
    add(&mut other, &[30; 700]);
    let source = |range: std::ops::Range<u64>| collect(other.entries(range)).expect("reads");
    let mut store = open(root.path()).expect("opens");
    let repaired = store.repair(Some(&source)).expect("repairs");
    assert_eq!((repaired.entries, &repaired.lost[..]), (700, &[][..]));
    drop(store);
    assert_eq!(std::fs::read(&path).expect("reads"), whole, "byte for byte");
    let (store, notices) = open_noting(root.path(), Access::Read);
    assert_eq!(hit(&store.expect("opens")).expect("whole"), 700);
    assert_eq!(notices, []);
}

/// A reader alongside a writer reads the journal alone and finds the same entries.
#[test]
fn a_reader_does_without_the_lock_and_without_the_database() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path());
    add(&mut store, &[30; 300]);
    let (reader, notices) = open_noting(root.path(), Access::Read);
    let reader = reader.expect("opens beside the writer");
    assert!(!reader.uses_database() && matches!(notices[..], [Notice::BesideWriter(_)]));
    let before = store.head().expect("a head");
    assert_eq!(reader.head().expect("a head"), before);
    assert_eq!(reader.find(&[5, 77], 2).expect("an index"), [(5, 5), (77, 0), (77, 1)]);
    add(&mut store, &[30; 300]);
    let seen = count(&reader, 0..300);
    assert_eq!(seen, 300);
    assert_eq!(store.find(&[599], 1).expect("an index"), [(599, 599)]);
}

#[test]
fn the_second_process_is_told_who_has_it() {
    let root = tempfile::tempdir().expect("a folder");
    let store = create(root.path());
    let mut told = Vec::new();
    let waiting = &mut |holder: &str| told.push(holder.to_owned());
    let result = SledStore::open(root.path(), opening(Access::Write, waiting, &Notices::default()));
    let expected = format!("process {}", std::process::id());
    assert_eq!(told, vec![expected.clone()]);
    assert!(matches!(result, Err(StoreError::Locked { holder, .. }) if holder == expected));
    drop(store);
}

/// A later layout is reported, and not taken for damage.
#[test]
fn a_later_layout_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    drop(create(root.path()));
    let path = root.path().join("journal/founding");
    let text = std::fs::read_to_string(&path).expect("reads");
    let (text, _) = text
        .replace("layout 5", "layout 6")
        .rsplit_once("check ")
        .map(|(t, c)| (t.to_owned(), c.to_owned()))
        .expect("a check");
    let check = crc32fast::hash(text.as_bytes());
    std::fs::write(&path, format!("{text}check {check:08x}\n")).expect("writes");
    assert!(matches!(open(root.path()).map(drop), Err(StoreError::NewLayout { found: 6, known: 5 })));
}

/// Tail and batch lengths change neither log nor index, read whole or in pieces.
#[test]
fn where_it_is_sealed_changes_nothing_that_can_be_read() {
    let lens =
        |n: u64| [20, 900, 4000, 8][usize::try_from(n % 4).expect("small")] + usize::try_from(n % 7).expect("small");
    let mut logs = Vec::new();
    for (tail, part, batch) in
        [(1, 1, 1), (7, 50, 3), (64, 64, 10), (100, 7, 300), (1024, 1024, 300), (100_000, 1, 1), (100_000, 1, 40)]
    {
        let root = tempfile::tempdir().expect("a folder");
        let mut store = create(root.path()).with_lengths(tail, part);
        let mut head = store.head().expect("a head");
        while head.size() < 300 {
            let lens: Vec<usize> = (head.size()..(head.size() + batch).min(300)).map(lens).collect();
            add(&mut store, &lens);
            head = store.head().expect("a head");
        }
        drop(store);
        let (store, notices) = open_noting(root.path(), Access::Write);
        let store = store.expect("opens");
        store.compare_database().expect("the same");
        assert!(notices.is_empty() && store.uses_database(), "{notices:?}");
        let read = |range: std::ops::Range<u64>| collect(store.entries(range));
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
            let all: Result<Vec<_>, _> = store.records(hashes).expect("an index").collect();
            all.expect("an index")
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

/// The remains of a sealing killed before its manifest do not count; nothing is lost or doubled.
#[test]
fn a_sealing_cut_short_before_its_manifest_does_not_count() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path()).with_lengths(10, 15);
    for n in 0..25_usize {
        // Manifest and tail from before this append; archive and journal from after it.
        let before: Vec<_> = store.databases().expect("open")[0].iter().map(|p| p.expect("reads")).collect();
        add(&mut store, &[30]);
        let hot = store.databases().expect("open").remove(0);
        hot.clear().expect("room");
        for (key, value) in before {
            hot.insert(key, value).expect("room");
        }
        drop((hot, store));
        std::fs::write(root.path().join("suspect"), b"").expect("writes");
        let (opened, notices) = open_noting(root.path(), Access::Write);
        store = opened.expect("opens").with_lengths(10, 15);
        assert_eq!(store.head().expect("a head").size(), n as u64 + 1, "entry {n} is in the journal: {notices:?}");
        store.compare_database().expect("the same");
        assert_eq!(
            store.find(&[77], usize::MAX).expect("an index"),
            (0..=n as u64).map(|k| (77, k)).collect::<Vec<_>>()
        );
    }
}

/// Every look-up succeeds whatever is missing from the archive, from the journal if need be.
#[test]
fn what_is_missing_from_the_archive_is_never_an_answer() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path()).with_lengths(1, 3);
    for _ in 0..8 {
        add(&mut store, &[30]);
    }
    drop(store);
    let (mut runs, mut noticed) = (0, 0);
    let folders: Vec<_> =
        std::fs::read_dir(root.path().join("archive")).expect("a folder").map(|f| f.expect("reads").path()).collect();
    for folder in folders {
        let copy = tempfile::tempdir().expect("a folder");
        assert!(
            std::process::Command::new("cp")
                .arg("-r")
                .arg(root.path().join("."))
                .arg(copy.path())
                .status()
                .expect("runs")
                .success()
        );
        let gone = copy.path().join("archive").join(folder.file_name().expect("a name"));
        if gone.is_dir() { std::fs::remove_dir_all(&gone) } else { std::fs::remove_file(&gone) }.expect("removes");
        let notices = Notices::default();
        let mut store = SledStore::open(copy.path(), opening(Access::Write, &mut |_| {}, &notices)).expect("opens");
        assert_eq!(store.find(&[77], usize::MAX).expect("an index").len(), 8, "{}", gone.display());
        let seen = count(&store, 0..8);
        assert_eq!(seen, 8);
        let is_run = gone.ends_with("index") || gone.to_string_lossy().contains("run-");
        (runs, noticed) = (runs + u32::from(is_run), noticed + u32::from(!notices.take().is_empty()));
        store.check_database().expect("made again");
        drop(store);
        let (store, notices) = open_noting(copy.path(), Access::Read);
        assert!(store.expect("opens").uses_database() && notices.is_empty(), "{notices:?}");
    }
    assert!(noticed > 0, "{noticed} of {runs} runs");
}

/// An entry with very many index hashes is kept whole.
#[test]
fn an_entry_that_very_much_finds_is_kept() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path());
    let head = store.head().expect("a head");
    let (mut batch, next) = entries(&head, &[30]);
    batch[0].index_hashes = (0..70_000).collect();
    store.append(&head, &batch, &next).expect("room");
    drop(store);
    let store = open(root.path()).expect("opens");
    assert_eq!(store.head().expect("a head"), next);
    assert_eq!(store.find(&[69_999], 1).expect("an index"), [(69_999, 0)]);
}

/// A changed filter rules nothing out; a forged one is detected when the whole index is read.
#[test]
fn what_a_filter_wrongly_rules_out_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    let mut store = create(root.path()).with_lengths(1, 100);
    add(&mut store, &[30; 40]);
    drop(store);
    let path = root.path().join("archive/filter-0");
    let whole = std::fs::read(&path).expect("is there");
    assert_eq!(whole.len(), 512);
    let told = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("writes");
        let store = open(root.path()).expect("opens");
        (
            store.find(&[77], usize::MAX).expect("an index").len(),
            store.records(0..=u64::MAX).and_then(|mut all| all.try_for_each(|record| record.map(drop))).is_err(),
        )
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

#[test]
#[cfg(unix)]
fn a_link_in_the_place_of_a_new_file_is_not_followed() {
    let root = tempfile::tempdir().expect("a folder");
    let (dir, other) = (root.path().join("ledger"), root.path().join("other"));
    let mut store = create(&dir).with_lengths(4, 100);
    std::fs::write(&other, "somebody else's").expect("writes");
    for name in ["suspect", "journal/segment-0"] {
        std::os::unix::fs::symlink(&other, dir.join(name)).expect("links");
    }
    add(&mut store, &[30; 300]);
    store.compare_database().expect("the same");
    assert_eq!(std::fs::read(&other).expect("reads"), b"somebody else's");
}
