//! Judges what new facts change, before and after they are recorded. Knows no files. Start at
//! [`of`].

use crate::error::CommandError;
use crate::open::LocalLedger;
use crate::{Env, load};
use chrono::{DateTime, Utc};
use heldto_fact::{Content, Fact, FactId, Recorded};
use heldto_ledger::ReadError;
use heldto_replay::{AllFacts, AllView};
use std::collections::BTreeSet;

/// Returns a line for each commitment whose status or evidence these facts change; at most
/// [`SHOWN`], and the number of the others.
///
/// Sensitive commitments are left out. A ledger of more than [`Env::whole_limit`] entries is not
/// judged: the line names the report that does it.
///
/// # Errors
/// If the ledger cannot be read.
pub fn of(env: &Env<'_>, open: &LocalLedger, new: &[&Fact]) -> Result<Vec<String>, CommandError> {
    let size = open.head().size();
    if new.is_empty() {
        return Ok(Vec::new());
    }
    if size > env.whole_limit {
        return Ok(vec![format!("To see what this changed: heldto report changes {size}")]);
    }
    let earlier: Vec<Recorded> = open.recorded(0..size).collect::<Result<_, ReadError>>()?;
    let now: DateTime<Utc> = DateTime::from_timestamp_micros((env.now)()).unwrap_or_default();
    let mut later = earlier.clone();
    let entry =
        |(index, fact): (u64, &&Fact)| Recorded { index, recorded_at: now, content: Content::Known((*fact).clone()) };
    later.extend((size..).zip(new).map(entry));
    let mut sensitive = open.sensitive()?.entities;
    // What cannot be read is reported by the commands that read; what was recorded is recorded.
    let (Ok(mut before), Ok(mut after)) = (AllFacts::of(earlier), AllFacts::of(later)) else { return Ok(Vec::new()) };
    before.extent_mut().set_sensitive(sensitive.clone(), 0);
    sensitive.extend(marked(new));
    after.extent_mut().set_sensitive(sensitive, 0);
    let clock = load::clock(env, &crate::args::Clocks::default());
    let mut lines = heldto_report::turned(&AllView::new(&before, clock), &AllView::new(&after, clock), SHOWN + 1);
    if lines.len() > SHOWN {
        lines.truncate(SHOWN);
        lines.push(format!("There is more: heldto report changes {size}"));
    }
    Ok(lines)
}

/// Returns the ids of the facts that these mark as sensitive.
pub fn marked(facts: &[&Fact]) -> BTreeSet<FactId> {
    facts.iter().filter(|fact| fact.marks_sensitive()).map(|fact| fact.entity_id().clone()).collect()
}

/// Maximum number of commitments shown: a screen, with what else is said.
const SHOWN: usize = 12;
