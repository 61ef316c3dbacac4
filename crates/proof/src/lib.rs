//! The hashes that hold a ledger together: chain, commitments to parts, Merkle tree, head.
//!
//! Pure. It knows bytes, never facts; no store, no clock, no disk. `docs/FORMAT.md` is the norm, and `vectors/` its test.

mod entry;
mod hash;
mod head;
mod part;
mod tree;

pub use entry::{Entry, EntryError, MAX_ENTRY, PartRef};
pub use hash::{Chain, Commitment, Genesis, Hash, chain, key_hash};
pub use head::{Head, HeadError};
pub use part::{MAX_PART, Part, Role, Salt};
pub use tree::{Edge, leaf_hash, naive_root, node_hash};
