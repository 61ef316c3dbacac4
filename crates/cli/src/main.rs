//! The program `heldto`: gives the library its environment (clock, randomness, terminal, standard
//! streams) and writes the run output. Knows no command; start at `main`, then read `lib.rs`.

mod terminal;

use heldto_cli::{Env, RunOutput, Terminal, run};
use std::io::{IsTerminal, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Message and place of the last panic, printed once at the end of the run.
///
/// Not printed by the hook, because a panic inside sled is caught and becomes an error.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
    }));
    let terminal = Terminal {
        out: std::io::stdout().is_terminal(),
        err: std::io::stderr().is_terminal(),
        width: terminal_size::terminal_size().map_or(80, |(w, _)| usize::from(w.0)),
    };
    let mut env = Env {
        now: &now,
        random: &mut |bytes| {
            getrandom::fill(bytes).unwrap_or_else(|e| panic!("the system did not provide random bytes: {e}"));
        },
        input: &mut || {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        },
        ask: &mut terminal::ask,
        eprintln: &mut |line| drop(writeln!(std::io::stderr(), "{line}")),
        progress: &mut |text| {
            let mut err = std::io::stderr();
            drop(write!(err, "\r{text}\x1b[K").and_then(|()| err.flush()));
        },
        variable: &|name| std::env::var(name).ok().filter(|v| !v.is_empty()),
        terminal,
        // Takes about a second.
        status_cache_limit: 100_000,
        whole_limit: 2_000,
    };
    match catch_unwind(AssertUnwindSafe(|| run(&mut env, std::env::args_os()))) {
        Ok(outcome) => finish(&outcome, terminal),
        Err(_) => {
            let what = LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
            eprintln!("error: this is a fault in the program, not in your input: {what}");
            ExitCode::from(1)
        }
    }
}

/// Returns the time in microseconds since the Unix epoch; negative before 1970.
fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).expect("the clock stands before the year 294,000"),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
    }
}

fn finish(outcome: &RunOutput, terminal: Terminal) -> ExitCode {
    if !(outcome.page && terminal.out && terminal::page(&String::from_utf8_lossy(&outcome.out))) {
        let mut out = std::io::stdout().lock();
        match out.write_all(&outcome.out).and_then(|()| out.flush()) {
            Ok(()) => {}
            // A reader that closes the pipe early is no error, and has not read everything.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return ExitCode::from(outcome.exit_code),
            Err(error) => {
                eprintln!("error: the output could not be written: {error}");
                return ExitCode::from(1);
            }
        }
    }
    if let Err(error) = outcome.write_after() {
        eprintln!("error: {error}");
        return ExitCode::from(1);
    }
    ExitCode::from(outcome.exit_code)
}
