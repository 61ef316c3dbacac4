//! `store check`: finds out if a bucket keeps conditions. The races are in `heldto_store_bucket`.
//! Start at [`run`].

use super::plain;
use crate::args::{StoreAction, StoreArgs};
use crate::error::{CommandError, USAGE};
use crate::{Env, RunOutput, bucket};

/// Races writers in a bucket.
pub fn run(env: &mut Env<'_>, args: &StoreArgs) -> Result<RunOutput, CommandError> {
    let StoreAction::Check { url } = &args.action;
    if !bucket::is_address(url) {
        let message = format!("{} is no bucket", url.display());
        return Err(CommandError::new(USAGE, message).hint("give an address such as s3://BUCKET/FOLDER"));
    }
    bucket::check(env, url)?;
    Ok(plain(format!(
        "{} refuses to replace what another wrote first: a ledger can be published there\n",
        url.display()
    )))
}
