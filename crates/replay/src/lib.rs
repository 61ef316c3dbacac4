//! Folds recorded facts into states, and judges commitments from them.
//!
//! Pure. It knows facts and their order in the log; it knows no store, no bytes of entries, no clock: days come in as arguments. [`States`] are folded from
//! the whole log, [`Stretch`] by stretch, or read fact by fact through an index of it; a [`View`] looks at them by the three clocks.

mod authority;
mod cluster;
mod demand;
mod disclosure;
mod evidence;
mod judge;
mod kept;
mod membership;
mod metrics;
mod money;
mod recurring;
mod share;
mod states;
mod status;
mod stretch;
mod view;
mod work;

pub use authority::{Control, administrations, controls};
pub use cluster::Cluster;
pub use demand::Lookup;
pub use evidence::{Direction, Evidence};
pub use judge::{Judgement, Reason, judge, judge_each};
pub use membership::{bodies_of, members};
pub use metrics::{Value, series};
pub use money::{Total, payouts, totals};
pub use share::{Counted, Share};
pub use states::States;
pub use status::{Grade, Status};
pub use stretch::Stretch;
pub use view::{Clock, View};
