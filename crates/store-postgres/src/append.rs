//! Appends in one transaction that moves the head row, and finds out what became of an append whose
//! answer was lost. Start at `append_all`.

use crate::rows::{CONFIRM, append_few, copy, delete, number};
use crate::session::{Failure, Session, server};
use crate::store::{Open, snapshot};
use crate::{PostgresStore, Purpose};
use heldto_proof::Head;
use heldto_store::{NewEntry, PartPlace, StoreError, StoredEntry, WritableLog};
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio_postgres::types::ToSql;

/// Number of entries up to which one statement appends them; more are copied.
const FEW: usize = 64;
/// Bytes up to which one statement appends.
const SMALL: usize = 1 << 20;

/// Moves the head, if it is still the expected one; waits for whoever is moving it.
const MOVE: &str = "UPDATE head SET size = $1, record = $2 WHERE record = $3";

/// Pause before a server is asked again.
const PAUSE: Duration = Duration::from_millis(50);

impl PostgresStore {
    /// Appends entries and deletes parts in one transaction.
    ///
    /// If the answer is lost, asks every server of the address what became of it, and appends again
    /// what is not there, as long as the patience lasts.
    pub(crate) fn append_all(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        parts: &[PartPlace],
    ) -> Result<(), StoreError> {
        if self.purpose == Purpose::Read {
            return Err(StoreError::ReadOnly);
        }
        if self.is_partial() {
            return Err(StoreError::Partial);
        }
        let known: Vec<PartPlace> = parts.iter().copied().filter(|(index, _)| *index < expected.size()).collect();
        let hidden = self.terms_of(&known)?;
        let mut why = match self.try_append(expected, entries, head, (parts, &hidden)) {
            Ok(done) => return done,
            Err(why) => why,
        };
        let deadline = Instant::now() + self.address.patience;
        while Instant::now() < deadline {
            match self.outcome(expected, entries, head) {
                Ok(Outcome::Stored) => return Ok(()),
                Ok(Outcome::Overtaken(found)) => {
                    return Err(StoreError::Conflict { expected: expected.size(), found });
                }
                Ok(Outcome::Free) => match self.try_append(expected, entries, head, (parts, &hidden)) {
                    Ok(done) => return done,
                    Err(lost) => why = lost,
                },
                Err(lost) => why = lost,
            }
            std::thread::sleep(PAUSE);
        }
        Err(server(
            format!("the server gave no answer, so this may or may not be recorded: {why}"),
            "run the command again when the server answers: what is recorded is not recorded twice",
        ))
    }

    /// Appends once; the outer error is an unknown outcome.
    fn try_append(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        (parts, hidden): (&[PartPlace], &[(u64, u64)]),
    ) -> Result<Result<(), StoreError>, String> {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        let bytes = |new: &NewEntry| new.entry.len() + new.parts.iter().flatten().map(Vec::len).sum::<usize>();
        let is_small = entries.len() <= FEW && entries.iter().map(bytes).sum::<usize>() <= SMALL;
        let moved = (|| {
            open.end_snapshot()?;
            let session = &open.session;
            if is_small && parts.is_empty() {
                return append_few(session, expected, entries, head);
            }
            session.run("BEGIN")?;
            let values: [&(dyn ToSql + Sync); 3] = [&number(head.size()), &head.encode(), &expected.encode()];
            if session.wait(session.client.execute(MOVE, &values))? == 0 {
                session.run("ROLLBACK")?;
                return Ok(false);
            }
            copy(session, expected.size(), entries)?;
            delete(session, parts, hidden)?;
            session.commit(session.client.batch_execute("COMMIT"))?;
            Ok(true)
        })();
        let moved = match moved {
            Ok(moved) => moved,
            Err(Failure::Lost(why)) => return Err(why),
            Err(Failure::Refused(error)) => {
                // The transaction is undone; the session goes on if it can.
                drop(open.session.run("ROLLBACK"));
                return Ok(Err(error));
            }
        };
        if moved {
            open.head = head.clone();
            return Ok(Ok(()));
        }
        if let Err(failure) = open.renew() {
            return Ok(Err(failure.into()));
        }
        Ok(Err(StoreError::Conflict { expected: expected.size(), found: open.head.size() }))
    }

    /// Finds out what became of an append, on whichever server of the address commits now.
    ///
    /// The commit waits for the lock of an append that is still under way, and returns only if what
    /// it saw is durable.
    fn outcome(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<Outcome, String> {
        let mut why = "no server answers".to_owned();
        let servers = self.address.servers();
        // A server that commits nothing any more must not take the time that the others need.
        let share = self.address.patience / (2 * u32::try_from(servers.len()).unwrap_or(1));
        let share = share.max(Duration::from_secs(1));
        for config in servers {
            let asked = Session::open(&self.address, &config).and_then(|mut session| {
                session.set_patience(share);
                session.commit(session.client.batch_execute(CONFIRM))?;
                session.set_patience(self.address.patience);
                let found = snapshot(&session)?;
                Ok(Open { session, head: found, has_snapshot: true })
            });
            match asked {
                Ok(open) => {
                    let found = open.head.clone();
                    self.open = std::sync::Mutex::new(open);
                    return self.compare(expected, entries, head, &found);
                }
                Err(Failure::Lost(lost)) => why = lost,
                Err(Failure::Refused(error)) => why = error.to_string(),
            }
        }
        Err(why)
    }

    fn compare(&self, expected: &Head, entries: &[NewEntry], head: &Head, found: &Head) -> Result<Outcome, String> {
        use heldto_store::Log;
        if found == head {
            return Ok(Outcome::Stored);
        }
        if found == expected {
            return Ok(Outcome::Free);
        }
        // Others may have followed ours. Salts make every entry the only one of its bytes.
        let is_ours = match entries.last() {
            Some(last) if found.size() > head.size() => {
                let there = self.entry(head.size() - 1).map_err(|error| error.to_string())?;
                there.entry == last.entry
            }
            _ => false,
        };
        Ok(if is_ours { Outcome::Stored } else { Outcome::Overtaken(found.size()) })
    }

    /// Returns the index records of the entries whose first part is among these.
    pub(crate) fn terms_of(&self, parts: &[PartPlace]) -> Result<Vec<(u64, u64)>, StoreError> {
        use heldto_store::Log;
        let mut terms = Vec::new();
        for (index, _) in parts.iter().filter(|(_, number)| *number == 0) {
            let stored: StoredEntry = self.entry(*index)?;
            terms.extend((self.hashes)(&stored).into_iter().map(|hash| (hash, *index)));
        }
        Ok(terms)
    }
}

/// The outcome of an append whose answer was lost.
enum Outcome {
    /// The entries are in the log.
    Stored,
    /// The head has not moved.
    Free,
    /// The log has other entries there; its size.
    Overtaken(u64),
}

impl WritableLog for PostgresStore {
    fn append(&mut self, expected: &Head, entries: &[NewEntry], head: &Head) -> Result<(), StoreError> {
        self.append_all(expected, entries, head, &[])
    }

    fn append_and_erase(
        &mut self,
        expected: &Head,
        entries: &[NewEntry],
        head: &Head,
        parts: &[PartPlace],
    ) -> Result<(), StoreError> {
        self.append_all(expected, entries, head, parts)?;
        self.rewrite();
        Ok(())
    }
}
