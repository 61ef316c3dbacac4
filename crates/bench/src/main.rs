//! What Heldto costs on a log of any size, as ratios measured in one run: to the limit of the machine, and to other stores that hold the same bytes.
//!
//!     cargo run --release --manifest-path crates/bench/Cargo.toml -- 100000 1000000

mod log;
mod others;

use heldto_ledger::{Ledger, decode_fact, encode_fact};
use heldto_proof::{Genesis, Part, Role, chain, leaf_hash};
use heldto_replay::States;
use heldto_store::{Founding, Store};
use heldto_store_sled::SledStore;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How many facts are appended at a time, durably.
const BATCH: u64 = 10_000;

/// How many facts are replayed into states at most.
const MOST_REPLAYED: u64 = 2_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, dir, size] = arguments.as_slice()
        && command == "make"
    {
        let size = size.parse().expect("a number of events");
        println!("{:.1} s", append(Path::new(dir), size).as_secs_f64());
        return;
    }
    let sizes: Vec<u64> = arguments.iter().filter_map(|a| a.parse().ok()).collect();
    for size in if sizes.is_empty() { vec![100_000] } else { sizes } {
        run(size);
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let found = work();
    (start.elapsed(), found)
}

/// The middle of some runs.
fn median(mut runs: Vec<Duration>) -> Duration {
    runs.sort();
    runs[runs.len() / 2]
}

fn founding() -> Founding {
    Founding { genesis: Genesis { origin: "example.org/bench".to_owned(), key: [9; 32] }, index_key: [5; 32] }
}

fn salts() -> impl FnMut(&mut [u8]) {
    let mut stream = blake3::Hasher::new().finalize_xof();
    move |bytes| stream.fill(bytes)
}

fn run(size: u64) {
    println!("\n{size} events");
    let root = tempfile::tempdir_in(".").expect("a folder");
    let dir = root.path().join("ledger");
    let ours = append(&dir, size);
    let ledger = Ledger::open(SledStore::open(&dir, &mut |_| {}).expect("opens")).expect("opens");
    // The bytes as they are stored, for everybody to hold.
    let mut stored: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    ledger
        .store()
        .read(0..size, &mut |s| {
            stored.push((s.entry, s.parts.into_iter().flat_map(|(_, bytes)| bytes).collect()));
            true
        })
        .expect("reads");
    let bytes: usize = stored.iter().map(|(e, p)| e.len() + p.len()).sum();
    println!("  {} bytes an event", bytes as u64 / size);
    rate("append in durable batches, ours", ours, size, ours);
    for (name, took, disk) in others::all(root.path(), &stored, usize::try_from(BATCH).expect("small")) {
        rate(name, took, size, ours);
        println!(
            "      on disk {:.0} bytes an event; ours {:.0}",
            disk as f64 / size as f64,
            folder(&dir) as f64 / size as f64
        );
    }
    let (one, _) = timed(|| hash(&stored));
    let half = stored.len() / 2;
    let (two, _) = timed(|| {
        std::thread::scope(|scope| {
            for part in [&stored[..half], &stored[half..]] {
                scope.spawn(|| hash(part));
            }
        });
    });
    let (verified, sound) = timed(|| ledger.verify(false, &mut |_| {}));
    sound.expect("sound");
    rate("verify, ours", verified, size, verified);
    rate("the same functions over the same bytes in memory, one core", one, size, verified);
    rate("the same, two cores", two, size, verified);
    if size <= MOST_REPLAYED {
        replay(&ledger, &stored, size);
    } else {
        println!("  no full replay: the states of so many facts, kept whole in memory, do not fit beside the rest");
    }
    drop((stored, ledger));
    singles(root.path(), &dir, size);
    processes(&dir, size <= MOST_REPLAYED);
}

/// Full replay into all states, beside decoding the same bytes.
fn replay(ledger: &Ledger<SledStore>, stored: &[others::Stored], size: u64) {
    let (replayed, states) = timed(|| {
        let mut states = States::default();
        ledger.recorded(0..size, &mut |recorded| states.apply(recorded)).expect("reads");
        states
    });
    assert_eq!(states.size(), size);
    drop(states);
    let (decoded, n) = timed(|| stored.iter().filter(|(_, part)| decode_fact(&part[32..]).is_ok()).count());
    assert_eq!(n as u64, size);
    rate("full replay into all states, ours", replayed, size, replayed);
    rate("decoding the same facts in memory, one core", decoded, size, replayed);
}

fn rate(name: &str, took: Duration, size: u64, ours: Duration) {
    let (each, ratio) = (took.as_nanos() as f64 / size as f64, ours.as_secs_f64() / took.as_secs_f64());
    println!("  {:8.0} ns an event  ours takes {ratio:5.2} times this  {name}", each);
}

fn append(dir: &Path, size: u64) -> Duration {
    let store = SledStore::create(dir, &founding(), &mut |_| {}).expect("a folder");
    let mut ledger = Ledger::open(store).expect("opens");
    let (mut took, mut random) = (Duration::ZERO, salts());
    for start in (0..size).step_by(usize::try_from(BATCH).expect("small")) {
        let facts: Vec<_> = (start..(start + BATCH).min(size)).map(|n| log::fact(n, log::abreast(size))).collect();
        took += timed(|| ledger.append(&facts, 1_000_000, &mut random).expect("room")).0;
    }
    took
}

/// Commitment, chain and leaf of everything, and the tree over it.
fn hash(stored: &[(Vec<u8>, Vec<u8>)]) {
    let mut edge = heldto_proof::Edge::default();
    let mut last = None;
    for (entry, part) in stored {
        let (salt, bytes) = part.split_first_chunk::<32>().expect("a salt");
        std::hint::black_box(Part::commitment_of(Role::Fact, salt, bytes));
        last = Some(chain(entry));
        edge.push(leaf_hash(entry));
    }
    std::hint::black_box((last, edge.root()));
}

/// One durable append in process, beside a bare fdatasync of the same bytes.
fn singles(root: &Path, dir: &Path, size: u64) {
    use std::io::Write;
    let mut ledger = Ledger::open(SledStore::open(dir, &mut |_| {}).expect("opens")).expect("opens");
    let mut random = salts();
    let mut file = std::fs::File::create(root.join("plain")).expect("a file");
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for n in 0..200 {
        let mut fact = log::fact(999, 1);
        fact.id = format!("single-{n}").parse().expect("an id");
        let bytes = encode_fact(&fact).expect("bytes");
        ours.push(timed(|| ledger.append(&[fact], 2_000_000, &mut random).expect("room")).0);
        bare.push(
            timed(|| {
                file.write_all(&bytes).expect("room");
                file.sync_data().expect("synced");
            })
            .0,
        );
    }
    let (ours, bare) = (median(ours), median(bare));
    println!(
        "  one durable append in process at {size}: {} µs, {:.2} times a bare fdatasync of {} µs",
        ours.as_micros(),
        ours.as_secs_f64() / bare.as_secs_f64(),
        bare.as_micros()
    );
}

/// Whole processes, where the program was built: the middle of seven.
fn processes(dir: &Path, reports: bool) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/heldto");
    if !program.is_file() {
        println!("  no whole processes: build the program first (cargo build --release)");
        return;
    }
    let file = dir.with_file_name("one.toml");
    let mut number = 0;
    let mut append = || {
        number += 1;
        let fact = format!("[[party]]\nid = \"process-{number}\"\nname = \"Process {number}\"\nkind = \"other\"\n");
        std::fs::write(&file, fact).expect("writes");
        timed(|| Command::new(&program).args(["--ledger"]).arg(dir).arg("append").arg(&file).output().expect("runs")).0
    };
    let appended = median((0..7).map(|_| append()).collect());
    println!("  heldto append of one fact, as a process: {:.1} ms", appended.as_secs_f64() * 1000.0);
    for report in if reports { &["status", "report pledges --about council-0"][..] } else { &[] } {
        let run = || {
            let arguments = report.split(' ');
            timed(|| Command::new(&program).arg("--ledger").arg(dir).args(arguments).output().expect("runs")).0
        };
        let first = run();
        let again = median((0..5).map(|_| run()).collect());
        println!(
            "  heldto {report}, as a process: {:.0} ms the first time, {:.0} ms from the snapshot",
            first.as_secs_f64() * 1000.0,
            again.as_secs_f64() * 1000.0
        );
    }
}

/// How many bytes the files in a folder take.
fn folder(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|e| e.metadata().map_or(0, |m| if m.is_dir() { folder(&e.path()) } else { m.len() })).sum()
}
