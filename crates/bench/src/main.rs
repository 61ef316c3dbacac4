//! Benchmarks of Heldto on logs of any size, as ratios within one run: to the limit of the machine,
//! and to other stores that hold the same bytes. Start at `run`.
//!
//!     cargo run --release --manifest-path crates/bench/Cargo.toml -- 1000 1000000
//!     … -- --peers 1000000       also compare with the stores of peers/peers.py
//!     … -- --money 1000000       a report on this number of payments, against accounting programs
//!     … -- --make DIR 1000000    only create a ledger of this number of events
//!     … -- --site LEDGER         the weight and the time of a ledger's site, beside their bars
//!     … -- --plot growth.tsv     draw growth.svg from the lines written by `--results growth.tsv`

mod log;
mod money;
mod others;
mod plot;
mod process;
mod server;
mod site;

use heldto_fact::Fact;
use heldto_journal::{Journal, advance, write_at};
use heldto_ledger::{Ledger, decode_fact, decode_header, decode_quoted, index_hashes};
use heldto_proof::{Entry, Genesis, Part, Role, chain, leaf_hash};
use heldto_replay::{AllFacts, Chunk, FactSource};
use heldto_store::{Founding, Log, NewEntry, Notices};
use heldto_store_sled::{Access, Opening, SledStore, Waiting};
use others::Stored;
use std::ffi::OsStr;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Maximum number of facts replayed into states; memory then holds the same bytes twice as well.
const MOST_REPLAYED: u64 = 3_000_000;

/// Number of facts in a durable append.
pub const BATCH: u64 = 10_000;

fn main() {
    let mut sizes = Vec::new();
    let mut results = None;
    let mut peers = false;
    let mut payments = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut next = || arguments.next().expect("a value");
        match argument.as_str() {
            "--results" => results = Some(PathBuf::from(next())),
            "--peers" => peers = true,
            "--money" => payments = Some(next().parse().expect("a number of movements")),
            "--processes" => {
                let [long, thousand, size] = [next(), next(), next()];
                let results = Results { size: size.parse().expect("a number of events"), file: results };
                return process::all(Path::new(&long), Path::new(&thousand), &results);
            }
            "--make" => {
                let dir = PathBuf::from(next());
                let size = next().parse().expect("a number of events");
                let took = append(&dir, size, |n| log::fact(n, log::abreast(size)));
                return println!("{:.6} s", took.as_secs_f64());
            }
            "--server" => return server::run(Path::new(&next())),
            "--site" => return site::run(Path::new(&next())),
            "--plot" => return plot::draw(Path::new(&next())),
            size => sizes.push(size.parse().expect("a number of events")),
        }
    }
    for size in sizes {
        run(size, peers, &mut Results { size, file: results.clone() });
    }
    if let Some(movements) = payments {
        money::run(movements);
    }
}

/// The results file for the plot.
struct Results {
    size: u64,
    file: Option<PathBuf>,
}

impl Results {
    fn put(&self, what: &str, value: f64) {
        if let Some(path) = &self.file {
            let mut file = std::fs::File::options().append(true).create(true).open(path).expect("a file");
            writeln!(file, "{}\t{what}\t{value:.3}", self.size).expect("room");
        }
    }
}

pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let found = work();
    (start.elapsed(), found)
}

/// Number of rounds; in each, the candidates run one after another.
const ROUNDS: usize = 5;

/// Returns the number of rounds of appends: one above two million facts, because all stores
/// together take some minutes for ten million.
const fn appends(size: u64) -> usize {
    if size > 2_000_000 { 1 } else { ROUNDS }
}

/// Returns the median.
pub fn median<T: Ord + Copy>(mut runs: Vec<T>) -> T {
    runs.sort();
    runs[runs.len() / 2]
}

pub fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

fn founding() -> Founding {
    Founding { genesis: Genesis { origin: "example.org/bench".to_owned(), key: [9; 32] }, index_key: [5; 32] }
}

fn salts() -> impl FnMut(&mut [u8]) {
    let mut stream = blake3::Hasher::new().finalize_xof();
    move |bytes| stream.fill(bytes)
}

fn opening(waiting: Waiting<'_>) -> Opening<'_> {
    Opening { access: Access::Write, hashes: index_hashes, notices: Notices::default(), waiting, source: None }
}

fn open(dir: &Path) -> Ledger<SledStore> {
    Ledger::open(SledStore::open(dir, opening(&mut |_| {})).expect("opens")).expect("opens")
}

/// Creates a ledger of `size` facts and returns the time that the appends took.
pub fn append(dir: &Path, size: u64, fact: impl Fn(u64) -> Fact) -> Duration {
    let notices = Notices::default();
    let waiting = &mut |_: &str| {};
    let opening = Opening { notices: notices.clone(), ..opening(waiting) };
    let store = SledStore::create(dir, &founding(), opening).expect("a folder");
    let mut ledger = Ledger::open(store).expect("opens");
    let mut took = Duration::ZERO;
    let mut random = salts();
    for start in (0..size).step_by(usize::try_from(BATCH).expect("small")) {
        let facts: Vec<_> = (start..(start + BATCH).min(size)).map(&fact).collect();
        took += timed(|| ledger.append(&facts, 1_000_000, &mut random).expect("room")).0;
    }
    assert_eq!(notices.take(), [], "nothing was to be mended");
    took
}

/// Runs [`append`] in a process of its own, whose memory holds nothing else.
fn apart(dir: &Path, size: u64) -> Duration {
    let made = std::process::Command::new(std::env::current_exe().expect("is there"))
        .args([OsStr::new("--make"), dir.as_os_str(), OsStr::new(&size.to_string())])
        .output()
        .expect("runs");
    let said = String::from_utf8(made.stdout).expect("text");
    Duration::from_secs_f64(said.trim_end_matches(" s\n").parse().expect("seconds"))
}

fn run(size: u64, peers: bool, results: &mut Results) {
    println!("\n{size} events");
    let root = tempfile::tempdir_in(".").expect("a folder");
    let dir = root.path().join("ledger");
    let thousand = root.path().join("thousand");
    append(&dir, size, |n| log::fact(n, log::abreast(size)));
    append(&thousand, 1000, |n| log::fact(n, 1));
    results.put("bytes on the disk", folder(&dir) as f64);
    let ledger = open(&dir);
    // The stored bytes, for every store to hold.
    let mut stored: Vec<Stored> = Vec::new();
    let mut entries = ledger.store().entries(0..size);
    while let Some(s) = entries.try_next().expect("reads") {
        stored.push((s.entry.clone(), s.parts.iter().flat_map(|(_, bytes)| bytes).copied().collect()));
    }
    drop(entries);
    let bytes: usize = stored.iter().map(|(e, p)| e.len() + p.len()).sum();
    println!("  {} bytes an event", bytes as u64 / size);
    let mut ours = Vec::new();
    let mut others = Vec::new();
    for _ in 0..appends(size) {
        // Finishes earlier writes and removals, so that no candidate pays for them.
        std::process::Command::new("sync").status().expect("runs");
        let again = root.path().join("again");
        ours.push(apart(&again, size));
        std::fs::remove_dir_all(&again).expect("removes");
        others.push(others::all(root.path(), &stored, usize::try_from(BATCH).expect("small")));
    }
    let ours = median(ours);
    results.put("append in batches", milliseconds(ours));
    rate("append in durable batches, ours", ours, size, ours);
    for (n, (name, _, disk)) in others[0].iter().enumerate() {
        rate(name, median(others.iter().map(|round| round[n].1).collect()), size, ours);
        let each = |bytes: u64| bytes as f64 / size as f64;
        println!("      on disk {:.0} bytes an event; ours {:.0}", each(*disk), each(folder(&dir)));
    }
    if peers {
        others::peers(root.path(), &stored, ours);
    }
    let [mut hashed, mut read, mut verified] = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        hashed.push(two_cores(&stored, hash));
        let halves = [0..size / 2, size / 2..size];
        read.push(two_cores(&halves, |half| half.iter().for_each(|range| hash_stored(&ledger, range.clone()))));
        let (took, sound) = timed(|| ledger.verify(false, &mut |_| {}));
        sound.expect("sound");
        verified.push(took);
    }
    let hashed = median(hashed);
    let read = median(read);
    let verified = median(verified);
    results.put("verify all", milliseconds(verified));
    rate("verify, ours", verified, size, verified);
    rate("the same hashes over the same bytes in memory, two cores", hashed, size, verified);
    rate("chain, tree and parts checked from the disk, and no fact read, two cores", read, size, verified);
    if size <= MOST_REPLAYED {
        replay(&stored, &ledger, results);
    }
    drop((stored, ledger));
    results.put("one durable append, in process", singles(root.path(), &dir, size));
    processes(&dir, &thousand, results);
}

/// Measures a full replay, against decoding the same facts in memory.
fn replay(stored: &[Stored], ledger: &Ledger<SledStore>, results: &Results) {
    let size = results.size;
    let [mut decoded, mut headers, mut replayed, mut resumed] = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        decoded.push(two_cores(stored, |part| {
            assert!(part.iter().all(|(_, part)| decode_fact(&part[32..]).is_ok()));
        }));
        headers.push(two_cores(stored, |part| {
            assert!(part.iter().all(|(_, part)| decode_header(&part[32..]).is_ok()));
        }));
        let mut history = AllFacts::folded(|bytes, words| decode_quoted(bytes, words).map_err(|e| e.to_string()));
        let mut fold =
            |range| timed(|| ledger.replay(range, &Chunk::push, &mut |chunk| history.join(chunk)).expect("reads")).0;
        replayed.push(fold(0..size - 1));
        resumed.push(fold(size - 1..size));
        assert_eq!(history.extent().size, size);
    }
    let decoded = median(decoded);
    let headers = median(headers);
    let replayed = median(replayed);
    results.put("replay into states", milliseconds(replayed));
    rate("full replay into all states, ours", replayed, size, replayed);
    rate("decoding the same facts in memory, two cores", decoded, size, replayed);
    rate("as much of that as finds them, borrowed, in memory, two cores", headers, size, replayed);
    println!("  taking in one more entry: {} µs", median(resumed).as_micros());
}

/// Measures whole processes from a small parent, because a parent's memory counts as its child's.
fn processes(long: &Path, thousand: &Path, results: &Results) {
    let mut small = std::process::Command::new(std::env::current_exe().expect("is there"));
    if let Some(file) = &results.file {
        small.arg("--results").arg(file);
    }
    small.arg("--processes").arg(long).arg(thousand).arg(results.size.to_string());
    assert!(small.status().expect("runs").success());
}

/// Returns the time of `work` on both halves at once, on two threads.
fn two_cores<T: Sync>(all: &[T], work: impl Fn(&[T]) + Sync) -> Duration {
    let (first, second) = all.split_at(all.len() / 2);
    let both = || {
        std::thread::scope(|scope| {
            scope.spawn(|| work(first));
            work(second);
        });
    };
    timed(both).0
}

fn rate(name: &str, took: Duration, size: u64, ours: Duration) {
    let each = took.as_nanos() as f64 / size as f64;
    let ratio = ours.as_secs_f64() / took.as_secs_f64();
    println!("  {each:8.0} ns an event  ours takes {ratio:5.2} times this  {name}");
}

/// Hashes commitments, chain, leaves and the tree over all entries in memory.
fn hash(stored: &[Stored]) {
    let mut edge = heldto_proof::CompactRange::default();
    let mut last = None;
    for (entry, part) in stored {
        let (salt, bytes) = part.split_first_chunk::<32>().expect("a salt");
        std::hint::black_box(Part::commitment_of(Role::Fact, salt, bytes));
        last = Some(chain(entry));
        edge.push(leaf_hash(entry));
    }
    std::hint::black_box((last, edge.root()));
}

/// Checks commitments and chain of a range of stored entries, and hashes its leaves and tree.
fn hash_stored(ledger: &Ledger<SledStore>, range: Range<u64>) {
    let mut edge = heldto_proof::CompactRange::default();
    let mut last = None;
    let mut entries = ledger.store().entries(range);
    while let Some(stored) = entries.try_next().expect("reads") {
        let entry = Entry::decode(&stored.entry).expect("an entry");
        assert!(last.is_none_or(|last| last == entry.previous), "the chain");
        for (number, bytes) in &stored.parts {
            let (salt, bytes) = bytes.split_first_chunk::<32>().expect("a salt");
            let part = entry.parts[usize::from(*number)];
            assert!(Part::commitment_of(part.role, salt, bytes) == part.commitment, "a part");
        }
        last = Some(chain(&stored.entry));
        edge.push(leaf_hash(&stored.entry));
    }
    std::hint::black_box(edge.root());
}

/// Number of runs, each of [`SINGLES`] single appends.
const SINGLE_RUNS: usize = 15;
const SINGLES: u64 = 100;

/// Measures one durable append in process, against a bare `fdatasync` of the same bytes over zeros
/// and against the journal alone, for which an acknowledgement waits.
///
/// Returns the median in milliseconds.
fn singles(root: &Path, dir: &Path, size: u64) -> f64 {
    let mut ledger = open(dir);
    let mut random = salts();
    let mut journal = Journal::create(&root.join("journal"), &founding()).expect("a journal");
    let plain = std::fs::File::create(root.join("plain")).expect("a file");
    write_at(&plain, &vec![0; 16 << 20], 0).and_then(|()| plain.sync_all()).expect("room");
    let mut done = Vec::new();
    let mut acknowledged = Vec::new();
    let mut times = Vec::new();
    let mut at = 0;
    for run in 0..SINGLE_RUNS {
        let mut ours = Vec::new();
        let mut alone = Vec::new();
        let mut bare = Vec::new();
        for n in 0..SINGLES {
            let mut fact = log::fact(999, 1);
            fact.id = format!("single-{run}-{n}").parse().expect("an id");
            ours.push(timed(|| ledger.append(&[fact], 2_000_000, &mut random).expect("room")).0);
            let last = ledger.head().size() - 1;
            let entry = ledger.store().entry(last).expect("reads").to_new(Vec::new());
            let bytes = [&entry.entry[..], entry.parts[0].as_deref().unwrap_or_default()].concat();
            let plain = || write_at(&plain, &bytes, at).and_then(|()| plain.sync_data()).expect("synced");
            bare.push(timed(plain).0);
            at = (at + bytes.len() as u64) % (15 << 20);
            let mut head = journal.head().clone();
            let own = rechained(&entry, &head);
            advance(&mut head, &own.entry);
            alone.push(timed(|| journal.append(&[own], &head).expect("room")).0);
        }
        let ours = median(ours);
        let alone = median(alone);
        let bare = median(bare);
        done.push((ours.as_secs_f64() / bare.as_secs_f64() * 1000.0) as u64);
        acknowledged.push((alone.as_secs_f64() / bare.as_secs_f64() * 1000.0) as u64);
        times.push(ours);
    }
    let ratio = |runs: Vec<u64>| median(runs) as f64 / 1000.0;
    println!(
        "  one durable append in process at {size}: {} µs; {:.2} times a bare fdatasync over zeros, of which {:.2} until it is acknowledged",
        median(times.clone()).as_micros(),
        ratio(done),
        ratio(acknowledged),
    );
    milliseconds(median(times))
}

/// Returns the entry, with the same parts, re-encoded to follow `head`.
fn rechained(new: &NewEntry, head: &heldto_proof::Head) -> NewEntry {
    let entry = Entry::decode(&new.entry).expect("an entry");
    let entry = Entry { index: head.size(), previous: head.chain, ..entry };
    NewEntry { entry: entry.encode().expect("an entry"), ..new.clone() }
}

/// Returns the total size of the files in a folder, in bytes.
pub fn folder(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|e| e.metadata().map_or(0, |m| if m.is_dir() { folder(&e.path()) } else { m.len() })).sum()
}
