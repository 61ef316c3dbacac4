//! Where the ledger stands.

use crate::pledges::{PledgeFilter, judged, summary};
use crate::words::count;
use crate::{Basis, Block, Cell, Document, Item, Section, Table, Tone, day};
use heldto_fact::Kind;
use heldto_replay::View;

/// What only the ledger itself knows.
#[derive(Debug, Clone)]
pub struct About {
    /// The name it goes by.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// Its tree head, in hexadecimal.
    pub root: String,
}

/// Size, head, what is past due, and how old its newest source is.
#[must_use]
pub fn status(view: &View<'_>, about: About, basis: Basis) -> Document {
    let all = judged(view, &PledgeFilter::default());
    let (mut data, mut pairs) = (Table::new(&["name", "value"]), Vec::new());
    let mut put = |name: &str, value: String| {
        data.rows.push(vec![name.into(), Cell::from(value.as_str())]);
        pairs.push((name.to_owned(), value));
    };
    put("entries", about.size.to_string());
    put("tree head", about.root);
    let timeline = &view.states().timeline;
    let recorded = timeline.ids().filter_map(|id| timeline.versions(id).last()).map(|v| v.recorded_at).max();
    put(
        "last recorded",
        recorded.map_or_else(|| "nothing yet".to_owned(), |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
    );
    for (name, n) in [("erased", timeline.erased), ("of a later version, unreadable", timeline.unreadable)] {
        if n > 0 {
            put(name, n.to_string());
        }
    }
    put(
        "facts known",
        view.facts().filter(|f| !matches!(f.kind(), Kind::Party | Kind::Source | Kind::Metric)).count().to_string(),
    );
    put("parties", view.facts().filter(|f| f.kind() == Kind::Party).count().to_string());
    let sources = view.facts().filter(|f| f.kind() == Kind::Source);
    let days: Vec<_> = sources.map(heldto_fact::Fact::source_known_from).collect();
    put("sources", days.len().to_string());
    if let Some(newest) = days.into_iter().flatten().filter(|d| *d <= view.clock().known_by).max() {
        let age = (view.clock().as_of - newest).num_days();
        put(
            "newest source",
            format!("{}, {} old", day(newest), count(usize::try_from(age).unwrap_or(0), "day", "days")),
        );
    }
    let past: Vec<Item> = all
        .iter()
        .filter(|j| j.status.is_past_due())
        .map(|j| Item {
            mark: j.status.to_string(),
            line: crate::pledges::text_of(j.tellings[0], false),
            details: vec![j.tellings[0].id.to_string()],
        })
        .collect();
    let mut sections =
        vec![Section { heading: "Ledger".to_owned(), tone: Tone::Plain, blocks: vec![Block::Pairs(pairs)] }];
    if !past.is_empty() {
        sections.push(Section {
            heading: format!("Past due ({})", past.len()),
            tone: Tone::Bad,
            blocks: vec![Block::Items(past)],
        });
    }
    Document { title: about.origin, basis, summary: summary(&all), sections, data }
}
