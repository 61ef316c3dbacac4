//! Weight and time of a ledger's site, beside its bars: its build, its pages, and the check in a
//! browser. Start at [`run`].

use crate::median;
use crate::process::{heldto, program};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Maximum size of a page, compressed, in kilobytes of 1,000 bytes.
const PAGE: f64 = 60.0;

/// Maximum size of the checker's module, compressed, in the same kilobytes.
const MODULE: f64 = 400.0;

/// Builds the site of a ledger twice, weighs it, and checks its front page in Chromium.
pub fn run(ledger: &Path) {
    let program = program().expect("build the program first: cargo build --release");
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("site");
    let build = ["site", "build", site.to_str().expect("UTF-8"), "--as-of", "2026-11-22", "-q"];
    let (first, peak) = heldto(ledger, &build);
    let (again, _) = heldto(ledger, &build);
    let pages = files(&site, "html");
    println!("{}", machine());
    println!(
        "{} pages in {} files, built in {:.2} s and {peak:.0} MB; built again, unchanged, in {:.2} s",
        pages.len(),
        files(&site, "").len(),
        first.as_secs_f64(),
        again.as_secs_f64()
    );
    // The page that checks any ledger is the module.
    let weighed = pages.iter().filter(|path| !path.ends_with("checker.html"));
    let (heaviest, path) =
        weighed.map(|path| (compressed(path), path)).max_by(|a, b| a.0.total_cmp(&b.0)).expect("pages");
    println!(
        "{heaviest:.1} kB compressed: the largest page, {} (bar: {PAGE} kB)",
        path.strip_prefix(&site).expect("inside").display()
    );
    let module = site.join("heldto.wasm");
    if !module.is_file() {
        return println!("no checker: build it first, for its weight and its time");
    }
    println!("{:.0} kB compressed: the checker's module (bar: {MODULE} kB)", compressed(&module));
    let mut server = Command::new(program)
        .args(["site", "serve", site.to_str().expect("UTF-8"), "--port", "0"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("serves");
    let mut line = String::new();
    BufReader::new(server.stderr.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
    let mut checks = checked(url, &site);
    server.kill().expect("stops");
    server.wait().expect("ends");
    checks.sort_unstable();
    println!(
        "{} ms, the middle of {}: the check of the front page in Chromium, from key to verdict ({checks:?})",
        median(checks.clone()),
        checks.len()
    );
}

/// Returns the milliseconds of nine checks of the front page, each in a browser profile of its own.
fn checked(url: &str, site: &Path) -> Vec<u64> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let key = std::fs::read_to_string(site.join("first-key")).expect("a key");
    let steps: Vec<_> = (0..9).map(|_| serde_json::json!({ "path": "index.html", "key": key.trim() })).collect();
    let mut node = Command::new("node")
        .arg(root.join("tests/browser/site.mjs"))
        .args([root.join("target/node/node_modules").as_os_str(), url.as_ref(), site.as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node");
    node.stdin.take().expect("a pipe").write_all(serde_json::json!(steps).to_string().as_bytes()).expect("writes");
    let found: serde_json::Value =
        serde_json::from_slice(&node.wait_with_output().expect("ends").stdout).expect("JSON");
    let check = |found: &serde_json::Value| {
        assert_eq!(found["verdict"], "sound", "{found}");
        found["ms"].as_u64().expect("a time")
    };
    found.as_array().expect("checks").iter().map(check).collect()
}

/// Returns the files below a folder whose names have an ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(files(&entry, ending));
        } else if entry.to_str().is_some_and(|name| name.ends_with(ending)) {
            found.push(entry);
        }
    }
    found
}

/// Returns the size of a file after `gzip -9`, in kilobytes of 1,000 bytes.
fn compressed(path: &Path) -> f64 {
    let mut gzip = Command::new("gzip").args(["-9", "-c"]).arg(path).stdout(Stdio::piped()).spawn().expect("gzip");
    let mut bytes = Vec::new();
    gzip.stdout.take().expect("a pipe").read_to_end(&mut bytes).expect("reads");
    gzip.wait().expect("ends");
    bytes.len() as f64 / 1000.0
}

/// Returns the processor and the number of its cores.
fn machine() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = about.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", name.trim_start_matches(['\t', ':', ' ']))
}
