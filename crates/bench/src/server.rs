//! Compares a ledger on a PostgreSQL server with the same rows by `COPY`, with one-row transactions
//! of `pgbench`, and with the same ledger in sled. Start at [`run`].

use crate::{BATCH, ROUNDS, median, milliseconds, opening, timed};
use heldto_ledger::{Ledger, index_hashes};
use heldto_proof::{Entry, Head, chain, leaf_hash};
use heldto_store::{Log, NewEntry, Notices, WritableLog};
use heldto_store_postgres::{Purpose, ServerAddress, PostgresStore};
use heldto_store_sled::SledStore;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Number of single appends that are timed.
const SINGLES: usize = 400;

/// Measures on the server at `HELDTO_POSTGRES`, with the ledger in a folder.
pub fn run(dir: &Path) {
    let server = std::env::var("HELDTO_POSTGRES").expect("HELDTO_POSTGRES: run by tests/campaign/postgres.py");
    let data = std::env::var("HELDTO_POSTGRES_DATA").expect("HELDTO_POSTGRES_DATA");
    let address = || ServerAddress::read(&format!("{server}?schema=bench&patience=600"), &|_| None).ok().expect("an address");
    let waiting = &mut |_: &str| {};
    let sled = Ledger::open(SledStore::open(dir, opening(waiting)).expect("opens")).expect("opens");
    let founding = sled.store().founding().expect("reads");
    let empty = Head::empty(&founding.genesis);
    let hashes = index_hashes(&founding);
    let mut batches: Vec<(Vec<NewEntry>, Head)> = Vec::new();
    let mut head = empty.clone();
    let mut entries = sled.store().entries(0..sled.head().size());
    let mut batch = Vec::new();
    while let Some(stored) = entries.try_next().expect("reads") {
        head.chain = chain(&stored.entry);
        head.edge.push(leaf_hash(&stored.entry));
        head.recorded_at = Entry::decode(&stored.entry).expect("an entry").recorded_at;
        batch.push(stored.to_new(hashes(stored)));
        if batch.len() as u64 == BATCH || head.size() == sled.head().size() {
            batches.push((std::mem::take(&mut batch), head.clone()));
        }
    }
    drop(entries);
    let opening = || (index_hashes as heldto_store::IndexHashes, Notices::default());
    let mut store =
        PostgresStore::create(address(), &founding, (&[], &empty), false, opening()).expect("a new schema");
    let mut before = empty;
    let mut took = Duration::ZERO;
    for (entries, head) in &batches {
        took += timed(|| store.append(&before, entries, head).expect("appended")).0;
        before = head.clone();
    }
    let size = sled.head().size();
    let each = |took: Duration| took.as_nanos() / u128::from(size);
    println!("{size} entries, {BATCH} a transaction: {} ns each", each(took));

    let root = server.replace("keeper@", "postgres@");
    let sql = |statement: &str| {
        let done = Command::new("psql").args([&root, "-XAtqc", statement]).output().expect("psql starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let tables = ["entries", "parts", "terms"];
    sql("CREATE SCHEMA raw");
    for table in tables {
        sql(&format!("COPY bench.{table} TO '{data}/{table}.copy' (FORMAT binary)"));
        sql(&format!("CREATE TABLE raw.{table} (LIKE bench.{table} INCLUDING ALL)"));
    }
    let copies: String =
        tables.iter().map(|table| format!("COPY raw.{table} FROM '{data}/{table}.copy' (FORMAT binary);")).collect();
    let (raw, ()) = timed(|| sql(&format!("BEGIN; {copies} COMMIT")));
    println!(
        "  COPY of the same rows into the same tables, by the server from its own files, in one transaction: {} ns \
         each; ours takes {:.2} times this",
        each(raw),
        took.as_secs_f64() / raw.as_secs_f64()
    );

    let last = batches.last().expect("entries").0.last().expect("an entry").clone();
    let script = std::env::temp_dir().join(format!("heldto-bench-{}.sql", std::process::id()));
    std::fs::write(&script, "INSERT INTO raw.one (bytes) VALUES (decode(repeat('ab', 160), 'hex'));\n").expect("written");
    sql("CREATE TABLE raw.one (n bigserial PRIMARY KEY, bytes bytea)");
    let pgbench = std::env::var("HELDTO_PGBENCH").unwrap_or_else(|_| "pgbench".to_owned());
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..ROUNDS {
        let transactions = SINGLES.to_string();
        let done = Command::new(&pgbench)
            .args(["-n", "-t", &transactions, "-M", "prepared", "-f"])
            .arg(&script)
            .arg(&root)
            .output()
            .expect("pgbench starts");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let latency = said.lines().find_map(|line| line.strip_prefix("latency average = ")?.strip_suffix(" ms"));
        theirs.push(Duration::from_secs_f64(latency.expect("a latency").parse::<f64>().expect("a number") / 1000.0));
        let mut each = Vec::new();
        for _ in 0..SINGLES {
            let mut entry = Entry::decode(&last.entry).expect("an entry");
            (entry.index, entry.previous) = (before.size(), before.chain);
            let new = NewEntry { entry: entry.encode().expect("an entry"), ..last.clone() };
            let mut head = before.clone();
            head.chain = chain(&new.entry);
            head.edge.push(leaf_hash(&new.entry));
            each.push(timed(|| store.append(&before, std::slice::from_ref(&new), &head).expect("appended")).0);
            before = head;
        }
        ours.push(median(each));
    }
    std::fs::remove_file(script).expect("there");
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "one durable append: {:.2} ms; a one-row transaction of pgbench {:.2} ms; ours takes {:.2} times this",
        milliseconds(ours),
        milliseconds(theirs),
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
    drop(store);

    // The single appends repeat one fact, and are no part of what is read.
    sql(&format!(
        "DELETE FROM bench.entries WHERE entry_index >= {size}; DELETE FROM bench.parts WHERE entry_index >= {size}; \
         DELETE FROM bench.terms WHERE entry_index >= {size}; ALTER TABLE bench.head DISABLE TRIGGER ALL"
    ));
    let record: String = batches.last().expect("entries").1.encode().iter().map(|byte| format!("{byte:02x}")).collect();
    sql(&format!("UPDATE bench.head SET size = {size}, record = '\\x{record}'; ALTER TABLE bench.head ENABLE TRIGGER ALL"));
    sql("VACUUM ANALYZE");
    drop(batches);
    let mut on_server = Vec::new();
    let mut in_sled = Vec::new();
    for _ in 0..3 {
        let store = PostgresStore::open(address(), Purpose::Read, index_hashes, Notices::default()).expect("opens");
        let ledger = Ledger::open(store).expect("opens");
        on_server.push(timed(|| ledger.verify(false, &mut |_| {}).expect("sound")).0);
        in_sled.push(timed(|| sled.verify(false, &mut |_| {}).expect("sound")).0);
    }
    let (on_server, in_sled) = (median(on_server), median(in_sled));
    println!(
        "verify: {} ns an entry; in sled {} ns; the server takes {:.2} times this",
        each(on_server),
        each(in_sled),
        on_server.as_secs_f64() / in_sled.as_secs_f64()
    );
}
