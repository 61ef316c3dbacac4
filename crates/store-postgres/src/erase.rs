//! Takes what was erased out of the files of the server: a deleted row stays in them until its
//! table is rewritten. Start at `rewrite`.

use crate::rows::{delete, number};
use crate::schema::cell;
use crate::session::{Failure, Session, server};
use crate::store::connect;
use crate::{PostgresStore, Purpose};
use heldto_store::{Notice, PartPlace, StoreError};
use std::time::{Duration, Instant};

/// Longest time for one rewriting of the table: a table of 100 GB takes some minutes.
const REWRITING: Duration = Duration::from_secs(3600);
/// Pause before the table is rewritten again, when another session still sees what was deleted.
const PAUSE: Duration = Duration::from_secs(1);

impl PostgresStore {
    /// Returns the number of entries whose erasures are gone from the server's files too.
    #[must_use]
    pub const fn rewritten(&self) -> u64 {
        self.rewritten
    }

    /// Returns `true` if the role may erase, and so can finish an erasure.
    #[must_use]
    pub const fn may_erase(&self) -> bool {
        self.may_erase
    }

    /// Deletes parts that are there again, or still, though redactions name them, and rewrites the
    /// table.
    ///
    /// # Errors
    /// If the role may not delete, or the server fails.
    pub fn erase_again(&mut self, parts: &[PartPlace]) -> Result<(), StoreError> {
        let hidden = self.terms_of(parts)?;
        {
            let mut open = self.lock();
            open.end_snapshot()?;
            delete(&open.session, parts, &hidden)?;
            open.renew()?;
        }
        self.rewrite();
        Ok(())
    }

    /// Rewrites the table of parts, so that the server's files no longer have the deleted ones.
    ///
    /// Waits for sessions that still see what was deleted, as long as the patience lasts; adds a
    /// notice if that is not enough.
    pub(crate) fn rewrite(&mut self) {
        let size = self.lock().head.size();
        // The snapshot of this store would be in the way.
        let ended = self.lock().end_snapshot();
        let deadline = Instant::now() + self.address.patience;
        let rewritten = ended.map_err(StoreError::from).and_then(|()| {
            let (mut session, _) = connect(&self.address, Purpose::Write)?;
            session.set_patience(REWRITING);
            loop {
                if rewrite_once(&session, &self.address.schema)? {
                    return Ok(session);
                }
                if Instant::now() > deadline {
                    return Err(server("another session of the server still sees what was deleted", "end it"));
                }
                std::thread::sleep(PAUSE);
            }
        });
        let marked = rewritten.and_then(|session| {
            let mark = "UPDATE erasure SET rewritten = greatest(rewritten, $1) RETURNING rewritten";
            let row = session.commit(session.client.query_one(mark, &[&number(size)]))?;
            Ok(cell::<i64>(&row, 0)?.cast_unsigned())
        });
        match marked {
            Ok(rewritten) => self.rewritten = rewritten,
            Err(error) => self.notices.add(Notice::ServerKeepsErased(error.to_string())),
        }
    }
}

/// Rewrites the table of parts; `false` if rows that somebody still sees were kept.
fn rewrite_once(session: &Session, schema: &str) -> Result<bool, Failure> {
    session.run("SET lock_timeout = '10s'")?;
    // A table that the role does not own is passed over with a warning.
    let said = |why: String| Failure::Refused(server(why, "the owner of the schema can do it"));
    let done = session.commit(session.client.batch_execute(&format!("VACUUM (FULL, VERBOSE) \"{schema}\".parts")));
    done.map_err(|failure| match failure {
        Failure::Lost(why) => said(why),
        refused @ Failure::Refused(_) => refused,
    })?;
    // The detail begins with the number of dead rows that were kept.
    let kept = |detail: &String| detail.split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse::<u64>().ok());
    let details = session.details();
    if details.is_empty() {
        return Err(said("it did not say that the table was rewritten".to_owned()));
    }
    Ok(details.iter().all(|detail| kept(detail) == Some(0)))
}
