//! Exports and proofs, as `heldto verify -` takes them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut world = heldto_cli::World {
        now: &|| 0,
        random: &mut |bytes| bytes.fill(1),
        input: &mut || Ok(text.to_owned()),
        ask: &mut |_| None,
        say: &mut |_| {},
        progress: &mut |_| {},
        variable: &|_| None,
        terminal: heldto_cli::Terminal { out: false, err: false, width: 80 },
        at_a_glance: 1000,
    };
    let outcome = heldto_cli::run(&mut world, ["heldto", "verify", "-"].map(Into::into));
    assert!(matches!(outcome.code, 0 | 4), "{}", outcome.code);
});
