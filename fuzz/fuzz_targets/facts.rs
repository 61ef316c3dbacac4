//! Facts files, TOML and JSON lines: any text is read or gives problems, and facts that are read
//! survive writing as TOML.
#![no_main]

use heldto_intake::{File, Known, read, to_toml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for name in ["given.toml", "given.jsonl"] {
        let file = |text: String| [File { name: name.to_owned(), text }];
        match read(&file(text.to_owned()), &Known::new()) {
            Ok(facts) if name.ends_with("toml") => {
                let again = read(&file(to_toml(&facts)), &Known::new());
                assert_eq!(again.expect("what was written is read"), facts);
            }
            Ok(_) => {}
            // Each problem is rendered independently, so checking the first one is enough.
            Err(problems) => assert!(problems.render(false).starts_with("error: ")),
        }
    }
});
