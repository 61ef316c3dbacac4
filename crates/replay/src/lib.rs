//! Folds recorded facts into states, and judges commitments from them.
//!
//! Pure. It knows facts and their order in the log; it knows no store, no bytes of entries, no clock: days come in as arguments. Five states are folded
//! side by side (timeline, commitments, authorities, metrics, money); a [`View`] looks at them by the three clocks.

mod authority;
mod cluster;
mod evidence;
mod judge;
mod metrics;
mod money;
mod recurring;
mod share;
mod states;
mod status;
mod view;

pub use authority::{Authorities, Control, administrations, controls};
pub use cluster::Cluster;
pub use evidence::{Direction, Evidence};
pub use judge::{Judgement, Reason, judge};
pub use metrics::{Metrics, Value, series};
pub use money::{Money, Total, payouts, totals};
pub use share::Share;
pub use states::{Commitments, SnapshotError, States, Timeline, Version};
pub use status::{Grade, Status};
pub use view::{Clock, View};
