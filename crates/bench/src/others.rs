//! Stores a user might choose instead, given the same bytes in durable batches, without hashing.
//! Start at [`all`] (in process) and [`peers`] (by a Python script).

use std::path::Path;
use std::time::{Duration, Instant};

/// The bytes of an entry and of its parts.
pub type Stored = (Vec<u8>, Vec<u8>);

/// Returns each store's name, the time it took and the bytes it uses on disk.
pub fn all(root: &Path, stored: &[Stored], batch: usize) -> Vec<(&'static str, Duration, u64)> {
    let run = |name, write: fn(&Path, &[Stored], usize)| {
        let dir = root.join("other");
        std::fs::create_dir_all(&dir).expect("a folder");
        std::process::Command::new("sync").status().expect("runs");
        let start = Instant::now();
        write(&dir, stored, batch);
        let took = start.elapsed();
        let disk = super::folder(&dir);
        std::fs::remove_dir_all(&dir).expect("removes");
        (name, took, disk)
    };
    vec![
        run("the same bytes to a plain file, fsynced a batch", file),
        run("redb, default, durable a batch", redb),
        run("SQLite, WAL, synchronous=FULL", sqlite),
        run("sled, one key an event, flushed and fsynced a batch", sled),
    ]
}

fn file(dir: &Path, stored: &[Stored], batch: usize) {
    use std::io::Write;
    let mut file = std::io::BufWriter::new(std::fs::File::create(dir.join("file")).expect("a file"));
    for few in stored.chunks(batch) {
        for (entry, part) in few {
            file.write_all(entry).and_then(|()| file.write_all(part)).expect("room");
        }
        file.flush().expect("room");
        file.get_ref().sync_data().expect("synced");
    }
}

fn redb(dir: &Path, stored: &[Stored], batch: usize) {
    const TABLE: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("log");
    let db = redb::Database::create(dir.join("db")).expect("a database");
    for (n, few) in stored.chunks(batch).enumerate() {
        let write = db.begin_write().expect("writes");
        {
            let mut table = write.open_table(TABLE).expect("a table");
            for (k, (entry, part)) in few.iter().enumerate() {
                table.insert((n * batch + k) as u64, [&entry[..], part].concat().as_slice()).expect("room");
            }
        }
        write.commit().expect("durable");
    }
}

fn sqlite(dir: &Path, stored: &[Stored], batch: usize) {
    let mut db = rusqlite::Connection::open(dir.join("db")).expect("a database");
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE log (n INTEGER PRIMARY KEY, entry BLOB, part BLOB)")
        .expect("a table");
    for (n, few) in stored.chunks(batch).enumerate() {
        let write = db.transaction().expect("writes");
        {
            let mut insert = write.prepare_cached("INSERT INTO log VALUES (?, ?, ?)").expect("a statement");
            for (k, (entry, part)) in few.iter().enumerate() {
                insert.execute(rusqlite::params![(n * batch + k) as i64, entry, part]).expect("room");
            }
        }
        write.commit().expect("durable");
    }
}

fn sled(dir: &Path, stored: &[Stored], batch: usize) {
    let db = sled::Config::new().path(dir.join("db")).flush_every_ms(None).open().expect("a database");
    let file = std::fs::File::open(dir.join("db/db")).expect("its file");
    for (n, few) in stored.chunks(batch).enumerate() {
        let mut write = sled::Batch::default();
        for (k, (entry, part)) in few.iter().enumerate() {
            write.insert(&((n * batch + k) as u64).to_be_bytes(), [&entry[..], part].concat());
        }
        db.apply_batch(write).expect("room");
        db.flush().expect("flushed");
        file.sync_all().expect("synced");
    }
}

/// Measures the stores of peers/peers.py and prints how much longer our appends take than theirs.
pub fn peers(root: &Path, stored: &[Stored], ours: Duration) {
    use std::io::Write;
    let path = root.join("records");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file"));
    for (entry, part) in stored {
        let length = u32::try_from(entry.len() + part.len()).expect("short");
        file.write_all(&length.to_be_bytes()).expect("room");
        file.write_all(entry).and_then(|()| file.write_all(part)).expect("room");
    }
    file.flush().expect("room");
    let batch = super::BATCH.to_string();
    python(&["records", path.to_str().expect("a path"), "--batch", &batch], root, |line| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        match value["append_ns"].as_f64() {
            Some(each) => {
                let ratio = ours.as_nanos() as f64 / stored.len() as f64 / each;
                println!("  {each:8.0} ns an event  ours takes {ratio:5.2} times this  {line}");
            }
            None => println!("  {line}"),
        }
    });
    std::fs::remove_file(path).expect("removes");
}

/// Runs peers/peers.py and passes each line of its output to `line`.
///
/// `HELDTO_PYTHON` names the interpreter; `HELDTO_PEERS` limits the run to some peers.
pub fn python(arguments: &[&str], scratch: &Path, mut line: impl FnMut(&str)) {
    use std::io::BufRead;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/peers.py");
    let python = std::env::var("HELDTO_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = std::process::Command::new(python);
    command.arg(script).args(arguments).env("TMPDIR", scratch).stdout(std::process::Stdio::piped());
    if let Ok(only) = std::env::var("HELDTO_PEERS") {
        command.args(["--only", &only]);
    }
    match command.spawn() {
        Ok(mut child) => {
            let out = std::io::BufReader::new(child.stdout.take().expect("piped"));
            out.lines().map_while(Result::ok).for_each(|text| line(&text));
            drop(child.wait());
        }
        Err(error) => println!("  no peers: {error}"),
    }
}
