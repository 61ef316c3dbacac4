//! Tiles of C2SP tlog-tiles: blocks of hashes, 256 wide and eight levels high, each with its own
//! path.
//!
//! Turns tree positions into tiles and tiles into subtree hashes; knows no disk. Start with
//! [`Tile`].

use crate::{Hash, NodeReader, TreeNode, node_hash};

/// Number of hashes in a full tile, and of entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
const HEIGHT: u8 = 8;

/// The address of a tile: level, position and number of hashes (256 except at the right edge).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Level, from 0; level 0 contains the leaf hashes.
    pub level: u8,
    /// Position in the level, from 0.
    pub index: u64,
    /// Number of hashes: 1 to 256.
    pub width: u64,
}

impl Tile {
    /// Returns the path below the ledger's folder: `tile/0/x001/234`, with `.p/17` if not full.
    #[must_use]
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, place(self.index, self.width))
    }

    /// Returns every tile of a tree, from the lowest level up; none is made before it is asked for.
    pub fn of_tree(size: u64) -> impl Iterator<Item = Self> {
        let level = move |level: u8| {
            let count = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
            let whole = (0..count / TILE_WIDTH).map(move |index| Self { level, index, width: TILE_WIDTH });
            let last = Self { level, index: count / TILE_WIDTH, width: count % TILE_WIDTH };
            whole.chain((last.width > 0).then_some(last))
        };
        (0..8).flat_map(level)
    }
}

/// Returns the path of a bundle of entries: `tile/entries/x001/234`.
#[must_use]
pub fn entries_path(index: u64, width: u64) -> String {
    format!("tile/entries/{}", place(index, width))
}

/// Returns a position as tlog-tiles writes it: in groups of three digits, all but the last prefixed
/// by `x`, followed by `.p/` and the width if not full.
#[must_use]
pub fn place(index: u64, width: u64) -> String {
    let mut groups = vec![index % 1000];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(rest % 1000);
        rest /= 1000;
    }
    let group = |(n, group): (usize, &u64)| if n > 0 { format!("x{group:03}/") } else { format!("{group:03}") };
    let path: String = groups.iter().enumerate().rev().map(group).collect();
    if width < TILE_WIDTH { format!("{path}.p/{width}") } else { path }
}

/// A source of the tiles of one tree.
pub trait TileReader {
    /// The error if a tile cannot be read.
    type Error;

    /// Returns the hashes of a tile: exactly as many as its width.
    ///
    /// # Errors
    /// When the tile cannot be read or has another width.
    fn tile(&mut self, tile: Tile) -> Result<Vec<Hash>, Self::Error>;
}

/// Reads the hashes of subtrees from the tiles of a tree.
///
/// Each hash costs one tile.
pub struct FromTiles<R> {
    /// The source of the tiles.
    pub reader: R,
    /// Number of leaves of the tree.
    pub size: u64,
}

impl<R: TileReader> NodeReader for FromTiles<R> {
    type Error = R::Error;

    fn node(&mut self, node: TreeNode) -> Result<Hash, R::Error> {
        let level = node.level / HEIGHT;
        let below = node.level % HEIGHT;
        let first = node.index << below;
        let index = first / TILE_WIDTH;
        let in_level = self.size >> (u32::from(level) * u32::from(HEIGHT));
        let width = (in_level - index * TILE_WIDTH).min(TILE_WIDTH);
        let hashes = self.reader.tile(Tile { level, index, width })?;
        let start = usize::try_from(first % TILE_WIDTH).unwrap_or(usize::MAX);
        let mut row: Vec<Hash> = hashes.into_iter().skip(start).take(1 << below).collect();
        while row.len() > 1 {
            row = row
                .chunks(2)
                .map(|pair| pair.iter().copied().reduce(|a, b| node_hash(&a, &b)).unwrap_or(pair[0]))
                .collect();
        }
        Ok(row.first().copied().unwrap_or(Hash([0; 32])))
    }
}

/// Returns the hashes of a tile, from all leaf hashes of its tree.
#[must_use]
pub fn tile_of(leaves: &[Hash], tile: Tile) -> Vec<Hash> {
    let span = 1_usize << (u32::from(tile.level) * u32::from(HEIGHT));
    let start = usize::try_from(tile.index * TILE_WIDTH).unwrap_or(usize::MAX).saturating_mul(span);
    let width = usize::try_from(tile.width).unwrap_or(0);
    let hashes = leaves.get(start..).unwrap_or_default().chunks(span).take(width);
    hashes.map(crate::naive_root).collect()
}

#[cfg(test)]
mod tests {
    use super::{FromTiles, Tile, TileReader, place, tile_of};
    use crate::{Hash, Leaves, consistency, inclusion, leaf_hash, naive_root, root_at};
    use std::convert::Infallible;

    #[test]
    fn paths_are_those_of_tlog_tiles() {
        for (index, width, path) in
            [(0, 256, "000"), (5, 17, "005.p/17"), (1_234_067, 256, "x001/x234/067"), (1000, 1, "x001/000.p/1")]
        {
            assert_eq!(place(index, width), path);
        }
        assert_eq!(Tile { level: 2, index: 1234, width: 256 }.path(), "tile/2/x001/234");
        let tiles: Vec<String> =
            Tile::of_tree(70_000).collect::<Vec<_>>().iter().rev().take(4).map(Tile::path).collect();
        assert_eq!(tiles, ["tile/2/000.p/1", "tile/1/001.p/17", "tile/1/000", "tile/0/273.p/112"]);
    }

    struct Made<'a>(&'a [Hash]);

    impl TileReader for Made<'_> {
        type Error = Infallible;
        fn tile(&mut self, tile: Tile) -> Result<Vec<Hash>, Infallible> {
            let hashes = tile_of(self.0, tile);
            assert_eq!(hashes.len() as u64, tile.width, "{}", tile.path());
            Ok(hashes)
        }
    }

    #[test]
    fn proofs_from_tiles_are_proofs_from_leaves() {
        let all: Vec<Hash> = (0..70_000_u32).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        for size in [1_u64, 255, 256, 257, 511, 600, 65_536, 65_537, 70_000] {
            let leaves = &all[..usize::try_from(size).expect("small")];
            let mut tiles = FromTiles { reader: Made(leaves), size };
            assert_eq!(root_at(size, &mut tiles), Ok(naive_root(leaves)), "{size}");
            for index in [0, size / 3, size - 1] {
                assert_eq!(
                    Ok(inclusion(index, size, &mut tiles).expect("made")),
                    inclusion(index, size, &mut Leaves(leaves))
                );
            }
            for old in [1, size / 2, size] {
                assert_eq!(
                    Ok(consistency(old, size, &mut tiles).expect("made")),
                    consistency(old, size, &mut Leaves(leaves))
                );
            }
        }
    }
}
