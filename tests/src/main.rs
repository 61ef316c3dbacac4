//! The program with the clock, the randomness and the terminal injected by a test.
//!
//! Turns the `HELDTO_TEST_*` environment variables into a [`Env`]; the shipped program reads none
//! of them.

use heldto_cli::{Env, NoAnswer, Terminal, run};
use std::io::{Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let variable = |name: &str| std::env::var(name).ok();
    let number = |name: &str, default: i64| variable(name).and_then(|v| v.parse().ok()).unwrap_or(default);
    let now = number("HELDTO_TEST_NOW", 1_795_348_800) * 1_000_000;
    let seed = blake3::derive_key("heldto test randomness", number("HELDTO_TEST_SEED", 1).to_string().as_bytes());
    let mut stream = blake3::Hasher::new_keyed(&seed).finalize_xof();
    let width = usize::try_from(number("HELDTO_TEST_WIDTH", 80)).unwrap_or(80);
    let is_terminal = number("HELDTO_TEST_TERMINAL", 0) == 1;
    let answers = variable("HELDTO_TEST_ANSWER").unwrap_or_default();
    let mut answers = answers.lines();
    let mut env = Env {
        now: &|| now,
        random: &mut |bytes| stream.fill(bytes),
        input: &mut || {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        },
        ask: &mut |prompt| {
            let answer = answers.next().ok_or(NoAnswer::Nobody)?.to_owned();
            drop(writeln!(std::io::stderr(), "{} {answer}", prompt.text));
            Ok(answer)
        },
        eprintln: &mut |line| drop(writeln!(std::io::stderr(), "{line}")),
        progress: &mut |_| {},
        variable: &variable,
        terminal: Terminal { out: is_terminal, err: false, width },
        status_cache_limit: u64::try_from(number("HELDTO_TEST_GLANCE", 1000)).unwrap_or(0),
        whole_limit: u64::try_from(number("HELDTO_TEST_WHOLE", 2000)).unwrap_or(0),
    };
    let outcome = run(&mut env, std::env::args_os());
    let written = std::io::stdout().write_all(&outcome.out);
    let arrived = written.and_then(|()| outcome.write_after());
    ExitCode::from(if arrived.is_ok() { outcome.exit_code } else { 1 })
}
