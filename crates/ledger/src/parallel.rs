//! Processes the chunks of a log on every core and joins the results in order.
//!
//! This module does not know entries: a chunk is a number. Start at [`map_ordered`].

use rayon::prelude::*;

/// Number of chunks processed for each core before their results are joined.
const CHUNKS_PER_CORE: usize = 4;

/// Returns the number of chunks that [`map_ordered`] processes at a time.
pub fn chunks() -> usize {
    CHUNKS_PER_CORE * rayon::current_num_threads()
}

/// Calls `make` for each of `count` chunks on every core, and `join` with the results in order.
///
/// Holds the results of four chunks a core. Stops at the first error of `join`.
pub fn map_ordered<T: Send, E>(
    count: u64,
    make: &(impl Fn(u64) -> T + Sync),
    mut join: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    // A single chunk does without the threads.
    if count <= 1 {
        return (0..count).try_for_each(|n| join(make(n)));
    }
    let batch = chunks();
    for first in (0..count).step_by(batch) {
        let made: Vec<T> = (first..(first + batch as u64).min(count)).into_par_iter().map(make).collect();
        made.into_iter().try_for_each(&mut join)?;
    }
    Ok(())
}
