//! Checks that keys are replaced, reserved and revoked as the ledger records, and that a revoked
//! one never signs again.

use crate::proofs::ok_with;
use crate::{ok, run, text};
use heldto_proof::{Checkpoint, NoteSigner, SignedNote, Verifier};
use std::path::Path;

/// Creates a ledger with a reserve key, and returns its first public key.
fn ledger(dir: &Path) -> Verifier {
    ok(dir, &["init", "ledger", "--origin", "example.org/keys", "--reserve", "reserve.key"]);
    signer(&dir.join("ledger/signing.key")).verifier()
}

fn signer(path: &Path) -> NoteSigner {
    std::fs::read_to_string(path).expect("a key file").parse().expect("a key")
}

/// Signs the ledger, and returns the names of the given keys whose signatures the checkpoint has.
fn signed_by<'k>(dir: &Path, keys: &[(&'k str, &Verifier)]) -> Vec<&'k str> {
    let note = ok(dir, &["--ledger", "ledger", "checkpoint"]);
    let note = SignedNote::parse(note.as_bytes()).expect("a note");
    assert!(Checkpoint::of(&note).is_ok());
    keys.iter().filter(|(_, key)| note.verify(key).is_ok()).map(|(name, _)| *name).collect()
}

#[test]
fn a_replaced_key_goes_on_signing_and_a_missing_one_does_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let first = ledger(dir);
    assert!(ok(dir, &["--ledger", "ledger", "key"]).contains("\nsigns\n"));
    ok_with(dir, "2", &["--ledger", "ledger", "key", "rotate"]);
    let second = signer(&dir.join("ledger/signing.key")).verifier();
    ok_with(dir, "3", &["--ledger", "ledger", "key", "rotate"]);
    let third = signer(&dir.join("ledger/signing.key")).verifier();
    let keys = [("first", &first), ("second", &second), ("third", &third)];
    assert_eq!(signed_by(dir, &keys), ["first", "second", "third"]);
    let listed = ok(dir, &["--ledger", "ledger", "key"]);
    assert_eq!(listed.matches("was replaced, and signs too").count(), 2, "{listed}");
    assert!(listed.contains("signing.key.until-1") && listed.contains("is in reserve, as entry 0 records"), "{listed}");
    std::fs::remove_file(dir.join("ledger/signing.key.until-1")).expect("there");
    assert_eq!(signed_by(dir, &keys), ["second", "third"]);
    for key in [&first, &second, &third] {
        ok(dir, &["verify", "ledger", "--key", &key.to_string()]);
    }
    let prefixed = run(dir, &["--ledger", "ledger", "key", "reserve", "ledger/signing.key.next"]);
    assert!(!prefixed.status.success(), "a name of the key's own files");
    // An earlier key that was stolen stops as well.
    let gone = ["--ledger", "ledger", "key", "revoke", "--key", &second.to_string(), "--ground", "a stick was lost"];
    ok(dir, &gone);
    assert_eq!(signed_by(dir, &keys), ["third"]);
    assert_eq!(run(dir, &gone).status.code(), Some(3), "it is revoked already");
}

#[test]
fn a_stolen_key_is_revoked_and_a_lost_one_replaced_by_the_reserve() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let first = ledger(dir);
    let stolen = ["--ledger", "ledger", "key", "revoke", "--ground", "the laptop was stolen"];
    let said = ok_with(dir, "2", &stolen);
    assert!(said.contains(&format!("revoked      {first}")) && said.contains("Tell every witness"), "{said}");
    let second = signer(&dir.join("ledger/signing.key")).verifier();
    let keys = [("first", &first), ("second", &second)];
    assert_eq!(signed_by(dir, &keys), ["second"]);
    let warned = ok(dir, &["verify", "ledger", "--key", &first.to_string()]);
    assert!(warned.contains("the key you gave was revoked by entry 2: the laptop was stolen"), "{warned}");
    // The second key is lost: only the reserve key can replace it, once.
    std::fs::remove_file(dir.join("ledger/signing.key")).expect("there");
    let refused = run(dir, &["--ledger", "ledger", "key", "revoke", "--ground", "the disk broke"]);
    assert!(text(&refused.stderr).contains("add --reserve FILE"), "{}", text(&refused.stderr));
    let by_reserve = ["--ledger", "ledger", "key", "revoke", "--ground", "the disk broke", "--reserve", "reserve.key"];
    ok_with(dir, "4", &by_reserve);
    let third = signer(&dir.join("ledger/signing.key")).verifier();
    assert_eq!(signed_by(dir, &[("second", &second), ("third", &third)]), ["third"]);
    ok(dir, &["verify", "ledger", "--key", &third.to_string()]);
    ok(dir, &["verify", "ledger", "--key", &first.to_string()]);
    let shown = ok(dir, &["--ledger", "ledger", "key"]);
    assert!(shown.contains("There is no reserve key"), "{shown}");
    let again = run(dir, &by_reserve);
    assert!(text(&again.stderr).contains("is not the reserve key of this ledger"), "{}", text(&again.stderr));
    // A proof goes the same way from the first key.
    ok(dir, &["--ledger", "ledger", "append", "ledger/example.toml", "-q"]);
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    ok(dir, &["--ledger", "ledger", "prove", "example-50-places", "-o", "fact.proof"]);
    ok(dir, &["verify", "fact.proof", "--key", &first.to_string()]);
    ok(dir, &["verify", "pub", "--key", &third.to_string()]);
}
