//! A new ledger.

use super::plain;
use crate::args::{Global, InitArgs};
use crate::error::{CommandError, USAGE, io};
use crate::{Outcome, World, key};
use heldto_proof::{Genesis, NoteSigner, Verifier};
use heldto_store::Founding;
use heldto_store_sled::SledStore;
use std::path::{Path, PathBuf};

/// What is never to be committed or copied about.
const IGNORED: &str = "# The database, and what only this machine may hold.\nlock\nhot/\nsnapshots/\nacknowledged\nsigned\nsigning.key*\n";

const EXAMPLE: &str = include_str!("example.toml");

/// Makes the folder, the key, the database and an example.
pub fn run(world: &mut World<'_>, global: &Global, args: &InitArgs) -> Result<Outcome, CommandError> {
    let dir = global.ledger.as_ref().filter(|_| args.dir == Path::new(".")).unwrap_or(&args.dir);
    let origin = args.origin.clone().unwrap_or_else(|| default_origin(dir));
    let (key_file, public) = create(world, dir, &origin)?;
    if global.quiet {
        return Ok(plain(""));
    }
    Ok(plain(format!(
        "a new ledger in {}\n  origin       {origin}\n  signing key  {} (keep it safe, and to yourself)\n  public key   {}\n  next         edit {}, then: heldto --ledger {} append {}\n",
        dir.display(),
        key_file.display(),
        public,
        dir.join("example.toml").display(),
        dir.display(),
        dir.join("example.toml").display(),
    )))
}

/// Makes a ledger; gives the key's file and the public key.
pub fn create(world: &mut World<'_>, dir: &Path, origin: &str) -> Result<(PathBuf, Verifier), CommandError> {
    if !Genesis::origin_is_valid(origin) {
        let message = format!("`{origin}` cannot be an origin: 1 to 255 bytes, no white space, no `+`");
        return Err(CommandError::new(USAGE, message)
            .hint("give the address it will be published under: --origin example.org/derbyshire"));
    }
    if dir.join("acknowledged").exists() {
        return Err(heldto_store::StoreError::AlreadyThere(dir.display().to_string()).into());
    }
    std::fs::create_dir_all(dir).map_err(|e| io(&format!("making the folder {}", dir.display()), &e))?;
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        if path.exists() {
            Ok(())
        } else {
            std::fs::write(&path, text).map_err(|e| io(&format!("writing {}", path.display()), &e))
        }
    };
    write(".gitignore", IGNORED)?;
    let key_file = key::file(world, dir);
    let (mut seed, mut index_key) = ([0; 32], [0; 32]);
    (world.random)(&mut seed);
    (world.random)(&mut index_key);
    let signer =
        NoteSigner::new(origin, seed).ok_or_else(|| CommandError::new(USAGE, "the origin cannot stand in a note"))?;
    key::create(&key_file, &signer)?;
    let public = signer.verifier();
    let founding = Founding { genesis: Genesis { origin: origin.to_owned(), key: public.key }, index_key };
    let made = SledStore::create(dir, &founding, &mut |holder| (world.say)(&format!("waiting for {holder}")));
    if let Err(error) = made {
        // The key of a ledger that was not made is of no use, and would bar the next try.
        drop(std::fs::remove_file(&key_file));
        return Err(error.into());
    }
    write("example.toml", EXAMPLE)?;
    Ok((key_file, public))
}

/// A name made from the folder's.
pub fn default_origin(dir: &Path) -> String {
    let full = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let name = full.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let slug: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    format!("heldto.invalid/{}", slug.trim_matches('-'))
}
