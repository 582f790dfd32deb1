//! A tree whose levels lie in memory.

use std::convert::Infallible;
use std::ops::Range;

use crate::frontier::Frontier;
use crate::hash::Hash;

/// A whole tree in memory: 32 bytes for each leaf and little more. For who reads an export and wants to prove from it;
/// a server keeps its levels in files.
///
/// ```
/// use transparency::{MemoryTree, leaf_hash, prove_inclusion, verify_inclusion};
///
/// let mut tree = MemoryTree::default();
/// for stored in ["first", "second", "third"] {
///     tree.push(leaf_hash(stored.as_bytes()));
/// }
/// let proof = prove_inclusion(1, tree.size(), |level, range| tree.read(level, range)).unwrap();
/// verify_inclusion(&leaf_hash(b"second"), 1, 3, &proof, &tree.root()).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    frontier: Frontier,
    levels: Vec<Vec<Hash>>,
}

impl MemoryTree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let levels = &mut self.levels;
        self.frontier.push(leaf, |level, hash| {
            let level = usize::from(level);
            if levels.len() <= level {
                levels.resize(level + 1, Vec::new());
            }
            levels[level].push(hash);
        });
    }

    /// Leaves in the tree.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The hashes `range` of `level`, as many of them as there are: what the functions of this crate read by.
    ///
    /// # Errors
    ///
    /// None.
    pub fn read(&self, level: u8, range: Range<u64>) -> Result<Vec<Hash>, Infallible> {
        let hashes = self.levels.get(usize::from(level)).map_or(&[][..], Vec::as_slice);
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(hashes.len());
        Ok(hashes[place(range.start)..place(range.end)].to_vec())
    }
}

impl FromIterator<Hash> for MemoryTree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> MemoryTree {
        let mut tree = MemoryTree::default();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }
}
