//! `init`: creates a ledger's folder, its key, its database and an example facts file. Start at
//! [`run`]; `demo` uses [`create`].

use super::{keys, plain};
use crate::args::{Global, InitArgs};
use crate::error::{CommandError, FAILED, USAGE, io};
use crate::open::Access;
use crate::store::FolderLog;
use crate::{Env, RunOutput, copy, gitignore, key, open, server};
use heldto_proof::{Genesis, Head, NoteSigner, Verifier};
use heldto_store::Founding;
use std::path::{Path, PathBuf};

const EXAMPLE: &str = include_str!("example.toml");

/// Creates the ledger and describes it and the next step.
pub fn run(env: &mut Env<'_>, global: &Global, args: &InitArgs) -> Result<RunOutput, CommandError> {
    let global = match &global.ledger {
        Some(_) if args.dir == Path::new(".") => global,
        _ => &server::of_address(env, global, &args.dir)?,
    };
    let dir = &open::folder(global);
    let origin = args.origin.clone().unwrap_or_else(|| default_origin(dir));
    let (key_file, public) = create(env, global, dir, &origin)?;
    let ledger = match &global.server {
        Some(address) => server::shown(env, address)?,
        None => dir.display().to_string(),
    };
    let reserve = match &args.reserve {
        Some(file) => {
            let mut open = open::ledger(env, global, Access::Write)?;
            keys::reserve(env, global, &mut open, file)?
        }
        None => "  no reserve key: should the signing key be lost, nobody can sign this ledger any more; \
                 to make one: heldto key reserve FILE\n"
            .to_owned(),
    };
    if global.quiet {
        return Ok(plain(""));
    }
    Ok(plain(format!(
        "Created a ledger in {ledger}\n  origin       {origin}\n  signing key  {} (keep it safe and private)\n  \
         public key   {}\n  next         edit {}, then: heldto --ledger {} append {}\n{reserve}",
        key_file.display(),
        public,
        dir.join("example.toml").display(),
        typed(&ledger),
        dir.join("example.toml").display(),
    )))
}

/// Returns the place of a ledger as it is typed in a shell.
fn typed(place: &str) -> String {
    if place.contains('?') { format!("'{place}'") } else { place.to_owned() }
}

/// Creates a ledger and returns the key's file and the public key.
pub fn create(
    env: &mut Env<'_>,
    global: &Global,
    dir: &Path,
    origin: &str,
) -> Result<(PathBuf, Verifier), CommandError> {
    if !Genesis::origin_is_plain(origin) {
        let message = format!(
            "`{origin}` cannot be an origin: give 1 to 255 of a-z, A-Z, 0-9 and . - _ ~ : /, \
             with a letter or a digit first"
        );
        return Err(CommandError::new(USAGE, message)
            .hint("give the address where the ledger will be published: --origin example.org/derbyshire"));
    }
    if let Some(address) = &global.server {
        if server::exists(env, address)? {
            return Err(heldto_store::StoreError::AlreadyThere(server::shown(env, address)?).into());
        }
        if open::is_ledger(&copy::place(global)) {
            let message = format!("{} keeps the copy of another ledger", dir.display());
            return Err(CommandError::new(USAGE, message).hint("name a folder for this one in HELDTO_NODE"));
        }
    }
    if dir.join("acknowledged").exists() || open::is_ledger(dir) {
        return Err(heldto_store::StoreError::AlreadyThere(dir.display().to_string()).into());
    }
    crate::permissions::create_private(dir)
        .map_err(|e| io(&format!("cannot create the folder {}", dir.display()), &e))?;
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        if path.exists() {
            Ok(())
        } else {
            std::fs::write(&path, text).map_err(|e| io(&format!("cannot write {}", path.display()), &e))
        }
    };
    gitignore::complete(dir)?;
    let key_file = key::file(env, dir);
    let mut seed = [0; 32];
    let mut index_key = [0; 32];
    (env.random)(&mut seed);
    (env.random)(&mut index_key);
    key::remove_blank(&key_file)?;
    // Reuses the key of an earlier `init`. A key is never removed, because a ledger may depend on
    // it.
    let signer = if key_file.exists() {
        key::read(&key_file)?
    } else {
        let new = NoteSigner::new(origin, seed)
            .ok_or_else(|| CommandError::new(USAGE, "the origin cannot be used in a signed note"))?;
        key::create(&key_file, &new)?;
        new
    };
    let public = signer.verifier();
    if public.name != origin {
        let message = format!("{} is the key of {}, not of {origin}", key_file.display(), public.name);
        return Err(CommandError::new(FAILED, message)
            .hint("a key is never overwritten: move it away, or name another file in HELDTO_KEY_FILE"));
    }
    let founding = Founding { genesis: Genesis { origin: origin.to_owned(), key: public.key }, index_key };
    match &global.server {
        Some(address) => {
            let empty = Head::empty(&founding.genesis);
            server::create(env, global, address, &founding, (&[], &empty), false)?;
            let ledger = open::ledger(env, global, Access::Read)?;
            copy::follow(env, global, &ledger, &copy::place(global))?;
        }
        None => {
            let waiting = &mut |holder: &str| (env.eprintln)(&format!("waiting for {holder}"));
            FolderLog::create(dir, &founding, open::opening(global, Access::Write, waiting))?;
        }
    }
    write("example.toml", EXAMPLE)?;
    Ok((key_file, public))
}

/// Returns an origin made from the folder's name.
pub fn default_origin(dir: &Path) -> String {
    let full = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let name = full.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let slug: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    format!("heldto.invalid/{}", slug.trim_matches('-'))
}
