//! Counters and caches of judging.
//!
//! Counts the commitments judged and the facts compared, neither of which may grow
//! faster than the log. Caches answers that are asked for repeatedly; it does not
//! compute them. Start with [`Work`].

use crate::{Clock, Grade, Status};
use heldto_fact::{FactId, Window};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memberships of a party, from the facts that name it.
#[derive(Debug, Default)]
pub(crate) struct Belonging {
    /// Bodies that the party was appointed to, each with the window of the appointment.
    pub appointed: Vec<(FactId, Window)>,
    /// Bodies that the party left, each with the window of the departure.
    pub left: Vec<(FactId, Window)>,
}

/// A body that directly follows another, with the window of the succession.
#[derive(Debug, Clone)]
pub(crate) struct Heir {
    /// The body that follows.
    pub body: FactId,
    /// Window in which it began to follow.
    pub from: Window,
}

/// A party, the days, and `true` if the view is sensitive.
type PartyKey = (FactId, Clock, bool);

/// The direct heirs of each party: looked up at each act, so that a look-up must not allocate.
type HeirsOf = HashMap<FactId, Arc<[Heir]>>;

/// Cached judgements of parts, by part, depth, days, and `true` if the view is sensitive.
type Judged = HashMap<(FactId, usize, Clock, bool), Option<Begun>>;

/// Status and grade of a part, and `true` if work on it had begun.
type Begun = (Status, Grade, bool);

/// Counts of work done, and answers cached for all views of the same states.
#[derive(Debug, Default)]
pub(crate) struct Work {
    judged: AtomicU64,
    compared: AtomicU64,
    parts: Mutex<Judged>,
    belonging: Mutex<HashMap<PartyKey, Arc<Belonging>>>,
    heirs: Mutex<HashMap<(Clock, bool), HeirsOf>>,
}

impl Work {
    /// Counts one commitment judged.
    pub fn judge(&self) {
        self.judged.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds to the number of facts compared with others.
    pub fn compare(&self, facts: usize) {
        self.compared.fetch_add(facts as u64, Ordering::Relaxed);
    }

    /// Returns the numbers of commitments judged and of facts compared.
    pub fn done(&self) -> (u64, u64) {
        (self.judged.load(Ordering::Relaxed), self.compared.load(Ordering::Relaxed))
    }

    /// Returns the memberships of a party, calling `read` only if they are not cached.
    pub fn belonging(&self, key: PartyKey, read: impl FnOnce() -> Belonging) -> Arc<Belonging> {
        if let Some(known) = cached(&self.belonging).get(&key) {
            return Arc::clone(known);
        }
        let found = Arc::new(read());
        cached(&self.belonging).insert(key, Arc::clone(&found));
        found
    }

    /// Returns the bodies that directly follow a party, calling `read` only if they are not cached.
    pub fn heirs(&self, days: (Clock, bool), party: &FactId, read: impl FnOnce() -> Vec<Heir>) -> Arc<[Heir]> {
        if let Some(known) = cached(&self.heirs).get(&days).and_then(|of| of.get(party)) {
            return Arc::clone(known);
        }
        let found: Arc<[Heir]> = read().into();
        cached(&self.heirs).entry(days).or_default().insert(party.clone(), Arc::clone(&found));
        found
    }

    /// Returns the judgement of a part, calling `judge` only if the judgement is not cached.
    pub fn part(&self, key: (FactId, usize, Clock, bool), judge: impl FnOnce() -> Option<Begun>) -> Option<Begun> {
        if let Some(judged) = cached(&self.parts).get(&key) {
            return *judged;
        }
        let judged = judge();
        cached(&self.parts).insert(key, judged);
        judged
    }
}

/// Locks a cache. Another thread that panicked left it whole: each answer goes in at once.
fn cached<T>(cache: &Mutex<T>) -> MutexGuard<'_, T> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}
