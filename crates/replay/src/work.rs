//! How much was judged and compared: it must not grow faster than the log.

use crate::{Clock, Grade, Status};
use heldto_fact::{FactId, Window};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// What the facts that name a party tell of where it belongs.
#[derive(Debug, Default)]
pub(crate) struct Belonging {
    /// Bodies that it was appointed to, each with when.
    pub appointed: Vec<(FactId, Window)>,
    /// Bodies that it left, each with when.
    pub left: Vec<(FactId, Window)>,
    /// Bodies that it follows.
    pub follows: Vec<FactId>,
}

/// What a part was judged to be, by what: the part, how deep it lies, the days, and whether with what is sensitive.
type Judged = HashMap<(FactId, usize, Clock, bool), Option<Begun>>;

/// Where a part stands, by whose knowledge, and whether work on it had begun.
type Begun = (Status, Grade, bool);

/// Counts of what was done, and judgements of parts that need not be made again.
#[derive(Debug, Default)]
pub(crate) struct Work {
    judged: Cell<u64>,
    compared: Cell<u64>,
    parts: RefCell<Judged>,
    belonging: RefCell<HashMap<(FactId, Clock, bool), Arc<Belonging>>>,
}

impl Work {
    /// Counts one commitment judged.
    pub fn judge(&self) {
        self.judged.set(self.judged.get() + 1);
    }

    /// Counts so many facts held against others.
    pub fn compare(&self, facts: usize) {
        self.compared.set(self.compared.get() + facts as u64);
    }

    /// Returns how many commitments were judged, and how many facts were held against others.
    pub const fn done(&self) -> (u64, u64) {
        (self.judged.get(), self.compared.get())
    }

    /// Returns where a party belongs, and reads it where that was not done before.
    pub fn belonging(&self, key: (FactId, Clock, bool), read: impl FnOnce() -> Belonging) -> Arc<Belonging> {
        if let Some(known) = self.belonging.borrow().get(&key) {
            return Arc::clone(known);
        }
        let found = Arc::new(read());
        self.belonging.borrow_mut().insert(key, Arc::clone(&found));
        found
    }

    /// Returns what a part was judged to be, and judges it where that was not done before.
    pub fn part(&self, key: (FactId, usize, Clock, bool), judge: impl FnOnce() -> Option<Begun>) -> Option<Begun> {
        if let Some(judged) = self.parts.borrow().get(&key) {
            return *judged;
        }
        let judged = judge();
        self.parts.borrow_mut().insert(key, judged);
        judged
    }
}
