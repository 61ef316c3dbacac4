//! Views over states, as documents; and documents as bytes.
//!
//! It knows what readers want to see and how each format writes it. It knows no ledger, no clock, no terminal: width and colour are arguments.

mod authority;
mod document;
mod explain;
mod pledges;
mod render;
mod show;
mod status;
mod timeline;
mod words;

pub use authority::authority;
pub use document::{Basis, Block, Cell, Column, Document, Item, Section, Table, Tone};
pub use explain::explain;
pub use pledges::{DueFilter, PledgeFilter, judged, pledges};
pub use render::{Format, Screen, render};
pub use show::show;
pub use status::{About, status};
pub use timeline::{Order, TimelineFilter, timeline};
pub use words::{amount, day, interval};
