//! Reading subtrees from the levels, a tile at a time.

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;

use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// Hashes in a full tile, and leaves of one level under one hash of the next (C2SP tlog-tiles).
pub const TILE_WIDTH: u64 = 256;

/// The height of a tile: 2^8 hashes are one hash of the next level.
pub(crate) const TILE_HEIGHT: u32 = 8;

/// The highest level that a tree of at most 2^64 − 1 leaves has.
pub const LEVEL_MAX: u8 = 7;

/// Why hashes could not be had from a level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadLevelError<E: Error + 'static> {
    /// The caller's reader failed.
    #[error("hashes {} to {} of level {level} cannot be read", range.start, range.end)]
    Read {
        /// The level asked for.
        level: u8,
        /// The hashes asked for.
        range: Range<u64>,
        /// What the reader says.
        #[source]
        source: E,
    },
    /// The caller's reader gave another number of hashes than was asked for: the level is not as long as its tree.
    #[error("{found} hashes found where {} to {} of level {level} were asked for", range.start, range.end)]
    Count {
        /// The level asked for.
        level: u8,
        /// The hashes asked for.
        range: Range<u64>,
        /// How many came.
        found: usize,
    },
}

/// How many hashes a level has in a tree of `size` leaves.
pub(crate) fn level_length(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * TILE_HEIGHT).unwrap_or(0)
}

/// Reads a range and counts what came.
pub(crate) fn read_range<E: Error + 'static>(
    read: &mut impl FnMut(u8, Range<u64>) -> Result<Vec<Hash>, E>,
    level: u8,
    range: Range<u64>,
) -> Result<Vec<Hash>, ReadLevelError<E>> {
    let hashes = match read(level, range.clone()) {
        Ok(hashes) => hashes,
        Err(source) => return Err(ReadLevelError::Read { level, range, source }),
    };
    if u64::try_from(hashes.len()) != Ok(range.end - range.start) {
        return Err(ReadLevelError::Count {
            level,
            range,
            found: hashes.len(),
        });
    }
    Ok(hashes)
}

/// The hash over a complete row of 2^n hashes.
pub(crate) fn fold_complete(hashes: &[Hash]) -> Hash {
    // Whatever is left over would be missing from a root that is signed.
    assert!(hashes.len().is_power_of_two(), "a complete row has 2^n hashes");
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[left, right]| node_hash(left, right))
            .collect();
    }
    row[0]
}

/// The hash over complete subtrees of falling size, largest first: how RFC 6962 joins what is not a power of two.
pub(crate) fn fold_peaks(peaks: &[Hash]) -> Hash {
    let mut from_the_right = peaks.iter().rev();
    match from_the_right.next() {
        Some(last) => from_the_right.fold(*last, |right, left| node_hash(left, &right)),
        None => EMPTY_ROOT,
    }
}

/// The tiles of a tree of a given size, each read once.
pub(crate) struct Tiles<R> {
    size: u64,
    read: R,
    kept: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl<E: Error + 'static, R: FnMut(u8, Range<u64>) -> Result<Vec<Hash>, E>> Tiles<R> {
    pub(crate) fn new(size: u64, read: R) -> Tiles<R> {
        Tiles {
            size,
            read,
            kept: BTreeMap::new(),
        }
    }

    /// The hash over the leaves of `leaves`, which must be a subtree of RFC 6962: it starts at a multiple of the
    /// smallest power of two that it fits into.
    pub(crate) fn hash(&mut self, leaves: Range<u64>) -> Result<Hash, ReadLevelError<E>> {
        let mut peaks = Vec::new();
        let mut start = leaves.start;
        while start < leaves.end {
            let height = (leaves.end - start).ilog2();
            peaks.push(self.complete(start, height)?);
            // In a tree of 2^64 − 1 leaves the last subtree ends at most there.
            start += 1 << height;
        }
        Ok(fold_peaks(&peaks))
    }

    /// The hash of the complete subtree of 2^height leaves from `start` on: within one tile, because it is aligned.
    fn complete(&mut self, start: u64, height: u32) -> Result<Hash, ReadLevelError<E>> {
        let level = height / TILE_HEIGHT;
        let first = start >> (level * TILE_HEIGHT);
        let offset = usize::from((first % TILE_WIDTH) as u8);
        let count = 1_usize << (height % TILE_HEIGHT);
        let tile = self.tile(level as u8, first / TILE_WIDTH)?;
        Ok(fold_complete(&tile[offset..offset + count]))
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], ReadLevelError<E>> {
        let start = index * TILE_WIDTH;
        let end = start
            .saturating_add(TILE_WIDTH)
            .min(level_length(level, self.size));
        match self.kept.entry((level, index)) {
            std::collections::btree_map::Entry::Occupied(kept) => Ok(kept.into_mut()),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                Ok(vacant.insert(read_range(&mut self.read, level, start..end)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;

    #[test]
    fn no_hash_of_a_row_is_left_out_of_its_root() {
        let leaf = leaf_hash(b"a");
        let pair = node_hash(&leaf, &leaf);
        assert_eq!(fold_complete(&[leaf]), leaf);
        assert_eq!(fold_complete(&[leaf; 4]), node_hash(&pair, &pair));
    }

    #[test]
    #[should_panic(expected = "a complete row has 2^n hashes")]
    fn a_row_that_is_not_complete_has_no_root() {
        fold_complete(&[leaf_hash(b"a"); 3]);
    }
}
