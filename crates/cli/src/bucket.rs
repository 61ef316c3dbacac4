//! Publication in buckets of the clouds. Built with the feature `buckets`; otherwise every address
//! of a bucket is refused. Start at [`open`].

use crate::error::{CommandError, USAGE};
use std::path::Path;

/// Returns `true` if a place is a folder of a bucket, not one of a disk.
pub fn is_address(place: &Path) -> bool {
    place.to_str().is_some_and(|text| ["s3://", "gs://", "az://"].iter().any(|scheme| text.starts_with(scheme)))
}

/// Refuses a bucket where only a folder of a disk will do.
///
/// # Errors
/// If the place is a bucket.
pub fn refuse(place: &Path) -> Result<(), CommandError> {
    if !is_address(place) {
        return Ok(());
    }
    let message = "a site is built in a folder of this machine";
    Err(CommandError::new(USAGE, message).hint("name a folder, and copy it to the bucket; publish writes to buckets"))
}

pub use client::{Files, check, kept_versions, open, ready};

#[cfg(feature = "buckets")]
mod client {
    //! The client of the clouds.

    use crate::Env;
    use crate::error::{CommandError, FAILED, USAGE};
    use heldto_store_bucket::Bucket;
    use heldto_store_files::Folder;
    use std::path::Path;

    /// The files of a bucket.
    pub type Files = Bucket;

    /// Opens a folder of a bucket, with the credentials that the cloud's own programs use.
    ///
    /// # Errors
    /// If the address or the credentials cannot be used.
    pub fn open(_: &Env<'_>, place: &Path) -> Result<Folder<Files>, CommandError> {
        files(place).map(Folder::of)
    }

    fn files(place: &Path) -> Result<Bucket, CommandError> {
        let environment: Vec<(String, String)> = std::env::vars().collect();
        Bucket::open(&place.to_string_lossy(), &environment).map_err(|error| {
            CommandError::new(USAGE, error.0).hint(
                "credentials come from the variables of the cloud: AWS_…, GOOGLE_… or AZURE_…, or from its machine",
            )
        })
    }

    /// Lists the files of a bucket, without which nothing is published in it.
    ///
    /// # Errors
    /// If the bucket does not allow it.
    pub fn ready(files: &Files) -> Result<(), CommandError> {
        Ok(files.ready()?)
    }

    /// Races writers in a scratch folder of the bucket, and refuses a bucket that lets two of them
    /// win.
    ///
    /// # Errors
    /// If the bucket ignores conditions or cannot be used.
    pub fn check(env: &mut Env<'_>, place: &Path) -> Result<(), CommandError> {
        let mut name = [0; 8];
        (env.random)(&mut name);
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        let found = heldto_store_bucket::check(&files(place)?, &format!("heldto-check-{name}"));
        match found? {
            None => Ok(()),
            Some(why) => Err(CommandError::new(
                FAILED,
                format!("{} cannot hold a published ledger, because it ignores conditions: {why}", place.display()),
            )
            .hint("two publishers could fork the ledger there; use a store with conditional writes")),
        }
    }

    /// Returns what a bucket may keep of what was just replaced; `None` if it keeps nothing.
    pub fn kept_versions(place: &Path, files: &Files) -> Option<String> {
        if files.keeps_versions() {
            return Some(format!(
                "{} keeps earlier versions: what was erased stays in them until they are deleted",
                place.display()
            ));
        }
        // Only S3 says if it does.
        (!place.to_string_lossy().starts_with("s3://")).then(|| {
            format!(
                "if {} keeps earlier versions or deleted files, what was erased stays there until they are deleted",
                place.display()
            )
        })
    }
}

#[cfg(not(feature = "buckets"))]
mod client {
    //! A build without buckets.

    use crate::Env;
    use crate::error::{CommandError, FAILED};
    use heldto_store_files::{Directory, Folder};
    use std::path::Path;

    pub type Files = Directory;

    fn none<T>() -> Result<T, CommandError> {
        let message = "this build cannot publish in buckets";
        Err(CommandError::new(FAILED, message)
            .hint("build the program with it: cargo install --path crates/cli --features buckets"))
    }

    pub fn open(_: &Env<'_>, _: &Path) -> Result<Folder<Files>, CommandError> {
        none()
    }

    pub fn check(_: &mut Env<'_>, _: &Path) -> Result<(), CommandError> {
        none()
    }

    pub fn ready(_: &Files) -> Result<(), CommandError> {
        none()
    }

    pub fn kept_versions(_: &Path, _: &Files) -> Option<String> {
        None
    }
}
