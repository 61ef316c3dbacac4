//! A log taken in stretches, on every core, joined in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

/// Makes something of each of so many stretches on every core, and gives what was made to `join` in order, until it fails.
pub fn map_ordered<T: Send, E>(
    count: u64,
    make: &(impl Fn(u64) -> T + Sync),
    mut join: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    // How many cores there are is read from a dozen files: one stretch does not ask.
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(16);
    let workers = if count > 1 { cores() } else { 1 };
    if workers == 1 {
        return (0..count).try_for_each(|n| join(make(n)));
    }
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (give, take) = sync_channel::<(u64, T)>(workers);
        for _ in 0..workers {
            let (give, next, stop) = (give.clone(), &next, &stop);
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
        // What comes before its turn waits: no more than one stretch a worker and one a place in the channel.
        let (mut early, mut turn) = (BTreeMap::new(), 0);
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
