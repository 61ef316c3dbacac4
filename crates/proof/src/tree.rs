//! The Merkle tree of RFC 6962 (section 2.1), with SHA-256.
//!
//! Turns leaf hashes into a root; knows no entries and no proofs. Start with [`CompactRange`].

use crate::Hash;
use sha2::{Digest, Sha256};

/// Returns the leaf hash: SHA-256 of 0x00 and the entry's bytes.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// Returns the hash of an inner node: SHA-256 of 0x01 and both children.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The compact range of a tree: the roots of its perfect subtrees, from the largest to the
/// smallest.
///
/// Invariant: as many hashes as the size has ones in binary.
///
/// # Examples
/// ```
/// use heldto_proof::{CompactRange, Leaves, inclusion, leaf_hash, verify_inclusion};
///
/// let leaves: Vec<_> = ["one", "two", "three"].map(|entry| leaf_hash(entry.as_bytes())).to_vec();
/// let mut range = CompactRange::default();
/// leaves.iter().for_each(|leaf| range.push(*leaf));
/// let path = inclusion(1, 3, &mut Leaves(&leaves))?;
/// assert!(verify_inclusion(&leaves[1], 1, range.size(), &path, &range.root()).is_ok());
/// # Ok::<(), heldto_proof::ProofError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactRange {
    size: u64,
    hashes: Vec<Hash>,
}

impl CompactRange {
    /// Returns a compact range as stored; `None` if the number of hashes does not fit the size.
    #[must_use]
    pub fn new(size: u64, hashes: Vec<Hash>) -> Option<Self> {
        (hashes.len() == size.count_ones() as usize).then_some(Self { size, hashes })
    }

    /// Returns the number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the hashes, from the largest subtree to the smallest.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Adds one leaf.
    ///
    /// Cost: O(1) on average, O(log n) at most.
    pub fn push(&mut self, leaf: Hash) {
        self.push_perfect(1, leaf);
    }

    /// Adds a perfect subtree.
    ///
    /// Its number of leaves must be a power of two that divides the size.
    pub fn push_perfect(&mut self, leaves: u64, root: Hash) {
        let mut hash = root;
        for _ in 0..(self.size / leaves.max(1)).trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.hashes.push(hash);
        self.size += leaves;
    }

    /// Returns the perfect subtrees, from the largest to the smallest, each with its number of
    /// leaves.
    pub fn subtree_roots(&self) -> impl Iterator<Item = (u64, Hash)> {
        let sizes = (0..u64::BITS).rev().map(|bit| 1 << bit).filter(|leaves| self.size & leaves != 0);
        sizes.zip(self.hashes.iter().copied())
    }

    /// Returns the tree head of RFC 6962; for an empty tree, the hash of no bytes.
    #[must_use]
    pub fn root(&self) -> Hash {
        let folded = self.hashes.iter().copied().rev().reduce(|right, left| node_hash(&left, &right));
        folded.unwrap_or_else(|| Hash(Sha256::digest([]).into()))
    }
}

/// Returns the tree head by its definition, without a compact range: the reference for tests and
/// for a full verification.
#[must_use]
pub fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash(Sha256::digest([]).into()),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            node_hash(&naive_root(&leaves[..split]), &naive_root(&leaves[split..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CompactRange, leaf_hash, naive_root};
    use crate::Hash;

    #[test]
    fn the_edge_agrees_with_the_definition_for_every_size_to_300() {
        let mut range = CompactRange::default();
        let mut leaves = Vec::new();
        for n in 0..=300_u32 {
            assert_eq!(range.root(), naive_root(&leaves), "size {n}");
            let leaf = leaf_hash(&n.to_be_bytes());
            range.push(leaf);
            leaves.push(leaf);
            assert_eq!(CompactRange::new(range.size(), range.hashes().to_vec()), Some(range.clone()));
        }
    }

    #[test]
    fn the_empty_tree_and_the_empty_leaf_are_rfc_6962s() {
        let hex = |h: &str| Hash::from_hex(h).expect("64 digits");
        assert_eq!(
            CompactRange::default().root(),
            hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        );
        assert_eq!(leaf_hash(&[]), hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
    }
}
