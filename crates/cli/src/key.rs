//! The signing key's file, in the forms of C2SP signed-note (docs/FORMAT.md, *Keys*).

use crate::error::{CommandError, FAILED, io};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use std::io::Write;
use std::path::Path;

/// Makes a key file that only its owner may read. Durable on return.
pub fn create(path: &Path, origin: &str, seed: [u8; 32]) -> Result<[u8; 32], CommandError> {
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let secret = [&[ED25519][..], &seed].concat();
    let text = format!("PRIVATE+KEY+{origin}+{}+{}\n", hash(origin, &public), STANDARD.encode(secret));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written =
        options.open(path).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    match written {
        Ok(()) => Ok(public),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let message = format!("there is a key at {} already", path.display());
            Err(CommandError::new(FAILED, message)
                .hint("a key is never overwritten: move it away, or name another file in HELDTO_KEY_FILE"))
        }
        Err(error) => Err(io(&format!("writing the key {}", path.display()), &error)),
    }
}

const ED25519: u8 = 1;

/// The public key as strangers are given it.
pub fn verifier(origin: &str, public: &[u8; 32]) -> String {
    format!("{origin}+{}+{}", hash(origin, public), STANDARD.encode([&[ED25519][..], public].concat()))
}

fn hash(origin: &str, public: &[u8; 32]) -> String {
    heldto_proof::key_hash(origin, ED25519, public)
}
