//! The sled store keeps the promises of every store, and those of its own.

use heldto_store::conformance::{entry, founding, next_head, race, run};
use heldto_store::{Store, StoreError};
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
    run(|| {
        n += 1;
        create(&root.path().join(n.to_string()))
    });
}

#[test]
fn racing_writers_lose_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    drop(create(root.path()));
    race(|| open(root.path()).expect("waits for its turn"), 3, 6);
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
            parts.push(s.parts);
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
    store.database().expect("open").insert("h", empty.encode()).expect("room");
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
