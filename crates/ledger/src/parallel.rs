//! Processes the chunks of a log on every core and joins the results in order.
//!
//! This module does not know entries: a chunk is a number. Start at [`map_ordered`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

/// Calls `make` for each of `count` chunks on up to 16 cores, and `join` with the results in order.
///
/// Stops at the first error of `join`.
pub fn map_ordered<T: Send, E>(
    count: u64,
    make: &(impl Fn(u64) -> T + Sync),
    mut join: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    // `available_parallelism` reads a dozen files, so a single chunk does without it.
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(16);
    let workers = if count > 1 { cores() } else { 1 };
    if workers == 1 {
        return (0..count).try_for_each(|n| join(make(n)));
    }
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (give, take) = sync_channel::<(u64, T)>(workers);
        for _ in 0..workers {
            let give = give.clone();
            let next = &next;
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count || give.send((n, make(n))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(give);
        // Results that arrive before their turn wait here; one slow chunk lets the later ones pile
        // up.
        let mut early = BTreeMap::new();
        let mut turn = 0;
        for (n, made) in take {
            early.insert(n, made);
            while let Some(made) = early.remove(&turn) {
                turn += 1;
                join(made).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            }
        }
        Ok(())
    })
}
