//! Finds out if a store keeps the conditions of writes: some accept them and ignore them. Start at
//! [`check()`].

use crate::bucket::Bucket;
use futures_util::future::join_all;
use heldto_store_files::FolderError;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};
use std::time::Duration;

/// Number of writers that race.
const WRITERS: usize = 8;
/// Number of races of each kind.
const RACES: usize = 5;
/// Longest wait for one race.
const RACING: Duration = Duration::from_secs(60);

/// Races writers under a scratch folder, `name`, and returns what the store does wrong; `None` if
/// it keeps every condition. Deletes what it wrote.
///
/// # Errors
/// If the store cannot be reached, or does not allow what the check and a publication need.
pub fn check(bucket: &Bucket, name: &str) -> Result<Option<String>, FolderError> {
    bucket.ready()?;
    let mut wrong = None;
    for race in 0..RACES {
        let file = format!("{name}/{race}");
        let path = bucket.path(&file);
        let failed = |error: Error| bucket.failed(&file, &error);
        if wrong.is_none() {
            wrong = bucket.wait(&file, RACING, race_at(bucket.store().as_ref(), &path))?.map_err(failed)?;
        }
        match bucket.wait(&file, RACING, bucket.store().delete(&path))? {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        if wrong.is_none() && bucket.wait(&file, RACING, bucket.store().get(&path))?.is_ok() {
            wrong = Some("a file can still be read after it was deleted".to_owned());
        }
    }
    Ok(wrong)
}

/// Races writers for one file.
async fn race_at(store: &dyn ObjectStore, path: &Path) -> Result<Option<String>, Error> {
    let put = |bytes: String, mode: PutMode| {
        store.put_opts(path, PutPayload::from(bytes), PutOptions { mode, ..PutOptions::default() })
    };
    let created = join_all((0..WRITERS).map(|n| put(format!("created by {n}"), PutMode::Create))).await;
    let (winner, first) = match winners(created)?.as_slice() {
        [(winner, version)] => (*winner, version.clone()),
        several => return Ok(Some(format!("{} of {WRITERS} writers created the same file", several.len()))),
    };
    if store.get(path).await?.bytes().await? != format!("created by {winner}") {
        return Ok(Some("a file is not the one that was acknowledged".to_owned()));
    }
    let swap = |n: usize| put(format!("swapped by {n}"), PutMode::Update(first.clone()));
    let swapped = winners(join_all((0..WRITERS).map(swap)).await)?;
    let [(winner, _)] = swapped.as_slice() else {
        return Ok(Some(format!("{} of {WRITERS} writers replaced the same version of a file", swapped.len())));
    };
    if store.get(path).await?.bytes().await? != format!("swapped by {winner}") {
        return Ok(Some("a file is not the one that was acknowledged".to_owned()));
    }
    if !winners(vec![put("late".to_owned(), PutMode::Update(first.clone())).await])?.is_empty() {
        return Ok(Some("a version that was replaced long ago could be replaced again".to_owned()));
    }
    if !winners(vec![put("late".to_owned(), PutMode::Create).await])?.is_empty() {
        return Ok(Some("a file could be created that was there".to_owned()));
    }
    Ok(None)
}

/// Returns the writers whose condition held, with the versions that they wrote.
fn winners(results: Vec<Result<object_store::PutResult, Error>>) -> Result<Vec<(usize, UpdateVersion)>, Error> {
    let mut won = Vec::new();
    for (n, result) in results.into_iter().enumerate() {
        match result {
            Ok(version) => won.push((n, version.into())),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(won)
}
