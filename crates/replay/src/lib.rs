//! Folds recorded facts into fact histories, and judges commitments from them.
//!
//! Pure: this crate knows facts and their order in the log, but no store, no bytes of entries and
//! no clock; days are arguments. Start with [`AllFacts`], which is folded from a whole log chunk by
//! chunk ([`Chunk`]) or read fact by fact through an index ([`Lookup`]). A [`View`] then shows them
//! by the three clocks, and [`judge()`] judges one commitment in a view.
//!
//! # Examples
//! ```
//! use heldto_fact::{Body, Commitment, Content, Due, Fact, Force, Mode, Recorded};
//! use heldto_replay::{AllFacts, Clock, Status, View, judge};
//!
//! let due = Due { mode: Mode::By, date: Some("2025-06-30".parse()?), rule: None, terms: None };
//! let force = Force::Pledge;
//! let terms = Commitment { force, target: None, due: Some(due), test: None, personal: false };
//! let text = "Open a new special school".to_owned();
//! let pledge = Fact::amending("new-school".parse()?, text, Body::Pledge(Box::new(terms)));
//! let recorded_at = "2024-01-01T12:00:00Z".parse()?;
//! let content = Content::Known(pledge.clone());
//! let facts = AllFacts::of(vec![Recorded { index: 0, recorded_at, content }])?;
//!
//! let day = "2025-07-01".parse()?;
//! let view = View::new(&facts, Clock { as_of: day, known_by: day });
//! let judgement = judge(&view, &pledge.id).ok_or("no pledge")?;
//! assert_eq!(judgement.status, Status::Overdue);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod all_facts;
mod authority;
mod chunk;
mod clock;
mod cluster;
mod disclosure;
mod fulfilment_rate;
mod history;
mod indexed_facts;
mod judge;
mod membership;
mod metrics;
mod money;
mod raw_facts;
mod source;
mod status;
mod succession;
mod view;
mod work;

pub use all_facts::AllFacts;
pub use authority::{Control, administrations, controls};
pub use chunk::Chunk;
pub use clock::Clock;
pub use cluster::Cluster;
pub use fulfilment_rate::{Counted, FulfilmentRate};
pub use history::{Standing, history};
pub use indexed_facts::{IndexedFacts, Lookup};
pub use judge::{
    Direction, Evidence, Finding, Gap, Judgement, Note, Progress, Reason, Remedy, Shown, Timing, Weakening, judge,
    judge_each,
};
pub use membership::{bodies_of, members};
pub use metrics::{Comparison, MetricValue, series};
pub use money::{Total, payouts, totals};
pub use source::{Erasure, Extent, FactSource, Postings};
pub use status::{Class, Grade, Status, Urgency};
pub use succession::{ancestors, predecessors, successors};
pub use view::{AllView, View};
