//! The hashes that hold a ledger together (chain, commitments to parts, Merkle tree, head) and the
//! proofs that convince strangers (audit paths, tiles, signed checkpoints).
//!
//! Pure: knows bytes, never facts; no store, no clock, no disk. `docs/FORMAT.md` is normative;
//! `vectors/` tests it. Start with [`Entry`] and [`Checkpoint`].

mod audit;
mod checkpoint;
mod cosignature;
mod entry;
mod hash;
mod head;
mod note;
mod part;
mod policy;
mod tile;
mod tree;

pub use audit::{
    Leaves, NodeReader, ProofError, TreeNode, consistency, inclusion, root_at, verify_consistency, verify_inclusion,
};
pub use checkpoint::{Checkpoint, CheckpointError, TlogProof};
pub use cosignature::WitnessKey;
pub use entry::{Entry, EntryError, MAX_ENTRY, PartRef};
pub use hash::{Chain, Genesis, Hash, PartCommitment, chain};
pub use head::{Head, HeadError};
pub use note::{NoteError, NoteSigner, SignedNote, Verifier};
pub use part::{MAX_PART, Part, Role, Salt};
pub use policy::{Policy, PolicyError, Witness, Witnessed};
pub use tile::{FromTiles, TILE_WIDTH, Tile, TileReader, entries_path, place, tile_of};
pub use tree::{CompactRange, leaf_hash, naive_root, node_hash};
