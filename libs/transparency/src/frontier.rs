//! The right edge of a growing tree.

use std::error::Error;
use std::ops::Range;

use crate::hash::{Hash, node_hash};
use crate::level::{
    ReadLevelError, TILE_HEIGHT, TILE_WIDTH, fold_complete, fold_peaks, level_length, read_range,
};

/// What must be kept in memory of a tree to let it grow and to know its root: the hashes of its largest complete
/// subtrees, one for each bit of its size, so 64 at most.
///
/// ```
/// use transparency::{Frontier, leaf_hash};
///
/// let mut levels: Vec<Vec<transparency::Hash>> = vec![Vec::new(); 8];
/// let mut frontier = Frontier::new();
/// for stored in ["first", "second", "third"] {
///     frontier.push(leaf_hash(stored.as_bytes()), |level, hash| levels[usize::from(level)].push(hash));
/// }
/// assert_eq!(frontier.size(), 3);
/// assert_eq!(levels[0].len(), 3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Largest first, as the bits of `size` are.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// That of the tree without leaves.
    #[must_use]
    pub const fn new() -> Frontier {
        Frontier {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// That of a tree of `size` leaves whose levels are stored. `read` gives the hashes `range` of `level`; it is asked
    /// once for each level, for the hashes of the last tile, when that is a partial one: at most 255. Levels that are
    /// longer than `size` asks for do no harm, so a stop between two appends is mended by appending over them.
    ///
    /// # Errors
    ///
    /// [`ReadLevelError`], when hashes cannot be read or are too few.
    pub fn restore<E: Error + 'static>(
        size: u64,
        mut read: impl FnMut(u8, Range<u64>) -> Result<Vec<Hash>, E>,
    ) -> Result<Frontier, ReadLevelError<E>> {
        let mut peaks = Vec::new();
        for level in (0..=crate::LEVEL_MAX).rev() {
            let end = level_length(level, size);
            let width = end % TILE_WIDTH;
            if width == 0 {
                continue;
            }
            let tail = read_range(&mut read, level, end - width..end)?;
            let mut rest = tail.as_slice();
            while !rest.is_empty() {
                let (complete, after) = rest.split_at(1 << rest.len().ilog2());
                peaks.push(fold_complete(complete));
                rest = after;
            }
        }
        Ok(Frontier { size, peaks })
    }

    /// Leaves in the tree.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold_peaks(&self.peaks)
    }

    /// Adds a leaf, and tells `completed` each hash to append to a level, level 0 first: the leaf itself, and where it
    /// completes 256^L leaves, that of level L.
    pub fn push(&mut self, leaf: Hash, mut completed: impl FnMut(u8, Hash)) {
        completed(0, leaf);
        let mut hash = leaf;
        // As in a binary counter: each low bit that is set joins its subtree with the new one.
        for height in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else {
                unreachable!("there is a peak for each bit of the size");
            };
            hash = node_hash(&left, &hash);
            if height % TILE_HEIGHT == 0 {
                completed((height / TILE_HEIGHT) as u8, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }
}
