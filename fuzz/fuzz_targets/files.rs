//! Exports and proofs, as `heldto verify -` reads them: any text is found sound or broken.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut env = heldto_cli::Env {
        now: &|| 0,
        random: &mut |bytes| bytes.fill(1),
        input: &mut || Ok(text.to_owned()),
        ask: &mut |_| Err(heldto_cli::NoAnswer::Nobody),
        eprintln: &mut |_| {},
        progress: &mut |_| {},
        variable: &|_| None,
        terminal: heldto_cli::Terminal { out: false, err: false, width: 80 },
        status_cache_limit: 1000,
        whole_limit: 1000,
    };
    let outcome = heldto_cli::run(&mut env, ["heldto", "verify", "-"].map(Into::into));
    assert!(matches!(outcome.exit_code, 0 | 4), "{}", outcome.exit_code);
});
