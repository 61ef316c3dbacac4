//! Notes, checkpoints, keys and proofs: values that parse survive being written and read again.
#![no_main]

use heldto_proof::{Checkpoint, NoteSigner, SignedNote, TlogProof, Verifier};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(note) = SignedNote::parse(data) {
        assert_eq!(SignedNote::parse(note.to_string().as_bytes()).as_ref(), Ok(&note));
        let _ = Checkpoint::of(&note);
    }
    if let Ok(proof) = TlogProof::parse(data) {
        assert_eq!(TlogProof::parse(&proof.to_bytes()), Ok(proof));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(key) = text.parse::<Verifier>() {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        let _ = text.parse::<NoteSigner>();
    }
});
