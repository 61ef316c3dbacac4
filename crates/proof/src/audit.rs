//! Inclusion and consistency proofs of RFC 6962 (verified as in RFC 9162, sections 2.1.3.2 and
//! 2.1.4.2).
//!
//! A proof is planned as a list of perfect subtrees, whose hashes are then read through
//! [`NodeReader`] and joined. Knows no storage. Start with [`inclusion`] and [`verify_inclusion`].

use crate::{Hash, node_hash};

/// A perfect subtree: the `2^level` leaves from `index * 2^level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeNode {
    /// Height of the subtree: 0 for a leaf.
    pub level: u8,
    /// Position in the level, from 0.
    pub index: u64,
}

/// A source of the hashes of perfect subtrees: tiles or leaves.
pub trait NodeReader {
    /// The error if a hash cannot be read.
    type Error;

    /// Returns the hash of one subtree.
    ///
    /// # Errors
    /// When the hash cannot be read.
    fn node(&mut self, node: TreeNode) -> Result<Hash, Self::Error>;
}

/// A proof that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The index lies outside the tree, or the sizes are in the wrong order.
    #[error("the index or a size is out of range")]
    Range,
    /// The proof has too many or too few hashes.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to a different root")]
    Root,
}

/// Returns the Merkle audit path of a leaf: the hashes that join the leaf to the root, from the
/// leaf up.
///
/// # Errors
/// Those of the reader. An index outside the tree gives an empty path, which verifies nothing.
pub fn inclusion<R: NodeReader>(index: u64, size: u64, reader: &mut R) -> Result<Vec<Hash>, R::Error> {
    if index >= size {
        return Ok(Vec::new());
    }
    let mut path = Vec::new();
    let mut range = (0, size);
    while range.1 - range.0 > 1 {
        let middle = range.0 + split(range.1 - range.0);
        if index < middle {
            path.push((middle, range.1));
            range.1 = middle;
        } else {
            path.push((range.0, middle));
            range.0 = middle;
        }
    }
    path.into_iter().rev().map(|(start, end)| subtree(start, end, reader)).collect()
}

/// Returns the Merkle consistency proof that the log of size `old` is the beginning of that of size
/// `new`.
///
/// # Errors
/// Those of the reader. Sizes that are equal, zero or in the wrong order give an empty proof.
pub fn consistency<R: NodeReader>(old: u64, new: u64, reader: &mut R) -> Result<Vec<Hash>, R::Error> {
    if old == 0 || old >= new {
        return Ok(Vec::new());
    }
    let mut path = Vec::new();
    let mut range = (0, new);
    let mut whole = true;
    while range.1 != old {
        let middle = range.0 + split(range.1 - range.0);
        if old <= middle {
            path.push((middle, range.1));
            range.1 = middle;
        } else {
            path.push((range.0, middle));
            range.0 = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(range);
    }
    path.into_iter().rev().map(|(start, end)| subtree(start, end, reader)).collect()
}

/// Returns the root of the first `size` leaves.
///
/// # Errors
/// Those of the reader.
pub fn root_at<R: NodeReader>(size: u64, reader: &mut R) -> Result<Hash, R::Error> {
    if size == 0 { Ok(crate::CompactRange::default().root()) } else { subtree(0, size, reader) }
}

/// Returns the largest power of two less than `leaves`.
///
/// There must be at least two.
const fn split(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}

/// Returns the hash of the leaves from `start` to `end`.
///
/// A subtree of that size must be able to begin at `start`.
fn subtree<R: NodeReader>(start: u64, end: u64, reader: &mut R) -> Result<Hash, R::Error> {
    let mut parts = Vec::new();
    let mut from = start;
    while from < end {
        let level = 63 - (end - from).leading_zeros();
        parts.push(
            reader
                .node(TreeNode { level: u8::try_from(level).expect("a level is at most 63"), index: from >> level })?,
        );
        from += 1 << level;
    }
    let joined = parts.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
    Ok(joined.unwrap_or_else(|| crate::CompactRange::default().root()))
}

/// Checks that a leaf stands at a position in a tree.
///
/// # Errors
/// When the proof does not show it.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let mut place = index;
    let mut last = size - 1;
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    match (last == 0, hash == *root) {
        (false, _) => Err(ProofError::Length),
        (true, false) => Err(ProofError::Root),
        (true, true) => Ok(()),
    }
}

/// Checks that one tree is the beginning of another.
///
/// Nothing can be shown from an empty tree, because every tree begins with it.
///
/// # Errors
/// When the proof does not show it.
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> Result<(), ProofError> {
    let (old_size, old_root) = old;
    let (new_size, new_root) = new;
    if old_size == 0 || old_size > new_size {
        return Err(ProofError::Range);
    }
    if old_size == new_size {
        return match (proof.is_empty(), old_root == new_root) {
            (false, _) => Err(ProofError::Length),
            (true, false) => Err(ProofError::Root),
            (true, true) => Ok(()),
        };
    }
    let first = old_size.is_power_of_two().then_some(*old_root);
    let mut hashes = first.iter().chain(proof);
    let seed = hashes.next().ok_or(ProofError::Length)?;
    if proof.is_empty() {
        return Err(ProofError::Length);
    }
    let mut place = old_size - 1;
    let mut last = new_size - 1;
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let mut from_old = *seed;
    let mut from_new = *seed;
    for hash in hashes {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place & 1 == 1 || place == last {
            from_old = node_hash(hash, &from_old);
            from_new = node_hash(hash, &from_new);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            from_new = node_hash(&from_new, hash);
        }
        place >>= 1;
        last >>= 1;
    }
    match (last == 0, from_old == *old_root && from_new == *new_root) {
        (false, _) => Err(ProofError::Length),
        (true, false) => Err(ProofError::Root),
        (true, true) => Ok(()),
    }
}

/// A source of subtree hashes: leaf hashes in memory.
pub struct Leaves<'a>(pub &'a [Hash]);

impl NodeReader for Leaves<'_> {
    type Error = ProofError;

    fn node(&mut self, node: TreeNode) -> Result<Hash, ProofError> {
        let width = 1_usize.checked_shl(node.level.into()).ok_or(ProofError::Range)?;
        let start = usize::try_from(node.index).ok().and_then(|i| i.checked_mul(width)).ok_or(ProofError::Range)?;
        let leaves = self.0.get(start..start.checked_add(width).ok_or(ProofError::Range)?).ok_or(ProofError::Range)?;
        Ok(crate::naive_root(leaves))
    }
}

#[cfg(test)]
mod tests {
    use super::{Leaves, ProofError, consistency, inclusion, root_at, verify_consistency, verify_inclusion};
    use crate::{Hash, leaf_hash, naive_root};

    fn leaves(n: u32) -> Vec<Hash> {
        (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    /// Computes the path as RFC 6962, section 2.1.1, defines it.
    fn path_by_definition(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let k = leaves.len().next_power_of_two() / 2;
        let (mut path, other) = if m < k {
            (path_by_definition(m, &leaves[..k]), naive_root(&leaves[k..]))
        } else {
            (path_by_definition(m - k, &leaves[k..]), naive_root(&leaves[..k]))
        };
        path.push(other);
        path
    }

    #[test]
    fn every_leaf_of_every_tree_to_130_by_the_definition_and_to_300_by_its_root() {
        let all = leaves(300);
        for size in 1..=300_usize {
            let tree = &all[..size];
            let root = naive_root(tree);
            assert_eq!(root_at(size as u64, &mut Leaves(tree)), Ok(root));
            let step = if size <= 130 { 1 } else { 7 };
            for index in (0..size).step_by(step) {
                let path = inclusion(index as u64, size as u64, &mut Leaves(tree)).expect("in memory");
                if size <= 130 {
                    assert_eq!(path, path_by_definition(index, tree), "{index} of {size}");
                }
                assert_eq!(
                    verify_inclusion(&tree[index], index as u64, size as u64, &path, &root),
                    Ok(()),
                    "{index} of {size}"
                );
                let wrong = (index + 1) % size;
                if wrong != index {
                    assert!(verify_inclusion(&tree[index], wrong as u64, size as u64, &path, &root).is_err());
                }
            }
        }
    }

    #[test]
    fn every_pair_of_sizes_to_300() {
        let all = leaves(300);
        let roots: Vec<Hash> = (0..=300).map(|n| naive_root(&all[..n])).collect();
        for new in 1..=300_usize {
            for old in 1..=new {
                let proof = consistency(old as u64, new as u64, &mut Leaves(&all[..new])).expect("in memory");
                let check = |old_root: &Hash, new_root: &Hash| {
                    verify_consistency((old as u64, old_root), (new as u64, new_root), &proof)
                };
                assert_eq!(check(&roots[old], &roots[new]), Ok(()), "{old} to {new}");
                assert!(check(&roots[old - 1], &roots[new]).is_err(), "{old} to {new}, another old root");
                assert!(check(&roots[old], &roots[new - 1]).is_err(), "{old} to {new}, another new root");
            }
        }
    }

    #[test]
    fn a_flipped_bit_a_lost_hash_and_one_too_many_show_nothing() {
        let all = leaves(37);
        let root = naive_root(&all);
        let path = inclusion(20, 37, &mut Leaves(&all)).expect("in memory");
        for n in 0..path.len() {
            let mut flipped = path.clone();
            flipped[n].0[7] ^= 1;
            assert_eq!(verify_inclusion(&all[20], 20, 37, &flipped, &root), Err(ProofError::Root));
            let mut lost = path.clone();
            lost.remove(n);
            assert!(verify_inclusion(&all[20], 20, 37, &lost, &root).is_err());
        }
        let longer = [path, vec![root]].concat();
        assert_eq!(verify_inclusion(&all[20], 20, 37, &longer, &root), Err(ProofError::Length));
        assert_eq!(verify_inclusion(&all[20], 37, 37, &[], &root), Err(ProofError::Range));
        assert_eq!(verify_consistency((0, &root), (37, &root), &[]), Err(ProofError::Range));
    }
}
