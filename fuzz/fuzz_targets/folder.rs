//! A published folder with one file replaced by arbitrary bytes: no change is accepted as sound,
//! except in the checkpoint. The first input byte chooses the file.
#![no_main]

use heldto_cli::{Env, Terminal, run};
use libfuzzer_sys::fuzz_target;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const FILES: [&str; 5] = ["checkpoint", "first-key", "tile/0/000.p/4", "tile/entries/000.p/4", "parts/000.p/4"];

/// A small sound folder, created once, and its files' contents.
static FOLDER: LazyLock<(PathBuf, Vec<Vec<u8>>)> = LazyLock::new(|| {
    let dir = std::env::temp_dir().join(format!("heldto-fuzz-{}", std::process::id()));
    let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/errors/base.toml");
    let (ledger, public) = (dir.join("ledger"), dir.join("public"));
    let text = |p: &Path| p.to_string_lossy().into_owned();
    heldto(&["init", &text(&ledger), "--origin", "example.org/fuzz"]);
    heldto(&["--ledger", &text(&ledger), "append", &text(&facts)]);
    heldto(&["--ledger", &text(&ledger), "publish", &text(&public)]);
    let files = FILES.iter().map(|f| std::fs::read(public.join(f)).expect("published")).collect();
    (public, files)
});

fn heldto(arguments: &[&str]) -> u8 {
    let mut env = Env {
        now: &|| 1_795_348_800_000_000,
        random: &mut |bytes| bytes.fill(1),
        input: &mut || Ok(String::new()),
        ask: &mut |_| Err(heldto_cli::NoAnswer::Nobody),
        eprintln: &mut |_| {},
        progress: &mut |_| {},
        variable: &|_| None,
        terminal: Terminal { out: false, err: false, width: 80 },
        status_cache_limit: 1000,
        whole_limit: 1000,
    };
    run(&mut env, std::iter::once("heldto").chain(arguments.iter().copied()).map(Into::into)).exit_code
}

fuzz_target!(|data: (u8, &[u8])| {
    let (which, bytes) = (usize::from(data.0) % FILES.len(), data.1);
    let (dir, sound) = &*FOLDER;
    let file = dir.join(FILES[which]);
    std::fs::write(&file, bytes).expect("writes");
    let exit_code = heldto(&["verify", &dir.to_string_lossy()]);
    std::fs::write(&file, &sound[which]).expect("writes");
    // Without a key the signature is not checked, so a changed checkpoint may be accepted.
    let accepted = bytes == sound[which] || FILES[which] == "checkpoint";
    assert!(exit_code == 4 || (exit_code == 0 && accepted), "{exit_code} for {}", FILES[which]);
});
