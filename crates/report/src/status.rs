//! Where the ledger stands.

use crate::pledges::{PledgeFilter, judged, summary, text_of};
use crate::{Basis, Block, Cell, Document, Item, Section, Tone, day};
use heldto_fact::{Fact, Kind};
use heldto_replay::View;

/// What only the ledger itself knows.
#[derive(Debug, Clone)]
pub struct About {
    /// How many entries it has, whatever was asked for.
    pub size: u64,
    /// The public key that signs it now.
    pub key: String,
    /// How many entries its last checkpoint signs; `None` where there is none.
    pub signed: Option<u64>,
}

/// Size, head, what is past due, and which sources are oldest.
#[must_use]
pub fn status(view: &View<'_>, about: About, basis: Basis) -> Document {
    let all = judged(view, &PledgeFilter::default());
    let mut document = Document::new(basis.log.origin.clone(), basis, &["name", "value"]);
    let mut pairs = Vec::new();
    let mut put = |name: &str, value: String| {
        document.data.rows.push(vec![name.into(), Cell::from(value.as_str())]);
        pairs.push((name.to_owned(), value));
    };
    let counted = document.basis.log.entries;
    let of = if counted == about.size { String::new() } else { format!("{counted} of ") };
    put("entries", format!("{of}{}", about.size));
    put("tree head", document.basis.log.root.clone());
    put(
        "checkpoint",
        match about.signed {
            None => "none is signed yet: heldto checkpoint".to_owned(),
            Some(n) if n == about.size => "signed, of all entries".to_owned(),
            Some(n) => format!("signed, of the first {n} entries"),
        },
    );
    put("public key", about.key);
    let recorded = document.basis.last_recorded;
    put(
        "last recorded",
        recorded.map_or_else(|| "nothing yet".to_owned(), |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
    );
    let states = view.states();
    for (name, n) in [("erased", states.erased), ("of a later version, unreadable", states.unreadable)] {
        if n > 0 {
            put(name, n.to_string());
        }
    }
    let of = |pick: &dyn Fn(Kind) -> bool| view.facts().filter(|f| pick(f.kind())).count().to_string();
    put("facts known", of(&|k| !matches!(k, Kind::Party | Kind::Source | Kind::Metric)));
    put("parties", of(&|k| k == Kind::Party));
    put("sources", of(&|k| k == Kind::Source));
    document.summary = summary(&all);
    document.sections.push(Section::plain("Ledger", vec![Block::Pairs(pairs)]));
    let past = all.iter().filter(|j| j.status.is_past_due()).map(|j| Item {
        mark: j.status.to_string(),
        line: text_of(j.tellings[0], false),
        details: vec![j.tellings[0].id.to_string()],
    });
    document.list("Past due", Tone::Bad, past.collect());
    document.list("Sources gone stale: nothing newer of theirs for a year", Tone::Care, stale(view));
    document
}

/// The publishers of whom the newest source is more than a year older than the as-of day.
fn stale(view: &View<'_>) -> Vec<Item> {
    let mut newest: Vec<(&str, &Fact, chrono::NaiveDate)> = Vec::new();
    for fact in view.facts() {
        let heldto_fact::Body::Source { publisher, .. } = &fact.body else { continue };
        let Some(known) = fact.source_known_from().filter(|day| *day <= view.clock().known_by) else { continue };
        let publisher = publisher.as_deref().unwrap_or(fact.text.as_str());
        match newest.iter_mut().find(|(name, ..)| *name == publisher) {
            Some(held) if held.2 < known => *held = (publisher, fact, known),
            Some(_) => {}
            None => newest.push((publisher, fact, known)),
        }
    }
    newest.sort_by_key(|(name, _, known)| (*known, *name));
    let old = newest.into_iter().filter(|(.., known)| (view.clock().as_of - *known).num_days() > 365);
    old.map(|(publisher, fact, known)| Item {
        mark: day(known),
        line: publisher.to_owned(),
        details: vec![format!("{} · {} days before", fact.id, (view.clock().as_of - known).num_days())],
    })
    .collect()
}
