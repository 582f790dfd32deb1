//! Making proofs (RFC 6962 §2.1.1, §2.1.2). Each walks from the root down and notes the subtrees that the proof names,
//! then reads their hashes bottom first.

use std::error::Error;
use std::ops::Range;

use crate::hash::Hash;
use crate::level::{ReadLevelError, Tiles};

/// Why an inclusion proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveInclusionError<E: Error + 'static> {
    /// There is no such leaf in a tree of that size.
    #[error("a tree of {size} leaves has no leaf {index}")]
    IndexOutside {
        /// The leaf asked for, from 0.
        index: u64,
        /// The size asked for.
        size: u64,
    },
    /// The levels cannot be read.
    #[error(transparent)]
    Read(#[from] ReadLevelError<E>),
}

/// Why a consistency proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveConsistencyError<E: Error + 'static> {
    /// The older tree has no leaf: every tree extends it, so there is nothing to prove (RFC 6962 §2.1.2 starts at 1).
    #[error("there is nothing to prove of the tree without leaves")]
    FromNothing,
    /// The older tree is the larger one.
    #[error("a tree of {from} leaves does not become one of {to}")]
    Shrinks {
        /// Size of the older tree.
        from: u64,
        /// Size of the newer tree.
        to: u64,
    },
    /// The levels cannot be read.
    #[error(transparent)]
    Read(#[from] ReadLevelError<E>),
}

/// The root of the tree as it was when it had `size` leaves. `read` gives the hashes `range` of `level`, always within
/// one tile and within what a tree of `size` leaves has stored.
///
/// # Errors
///
/// [`ReadLevelError`], when hashes cannot be read or are too few.
pub fn root_at<E: Error + 'static>(
    size: u64,
    read: impl FnMut(u8, Range<u64>) -> Result<Vec<Hash>, E>,
) -> Result<Hash, ReadLevelError<E>> {
    Tiles::new(size, read).hash(0..size)
}

/// The proof that the leaf `index` (position − 1) stands in the tree of `size` leaves: the hashes beside its path, bottom
/// first. `read` as for [`root_at`].
///
/// # Errors
///
/// [`ProveInclusionError`].
pub fn prove_inclusion<E: Error + 'static>(
    index: u64,
    size: u64,
    read: impl FnMut(u8, Range<u64>) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, ProveInclusionError<E>> {
    if index >= size {
        return Err(ProveInclusionError::IndexOutside { index, size });
    }
    let mut beside = Vec::new();
    let mut within = 0..size;
    while within.end - within.start > 1 {
        let middle = within.start + split(within.end - within.start);
        if index < middle {
            beside.push(middle..within.end);
            within.end = middle;
        } else {
            beside.push(within.start..middle);
            within.start = middle;
        }
    }
    Ok(bottom_first(beside, Tiles::new(size, read))?)
}

/// The proof that the tree of `to` leaves is that of `from` leaves and something after it, bottom first; empty when both
/// are the same size. `read` as for [`root_at`].
///
/// # Errors
///
/// [`ProveConsistencyError`].
pub fn prove_consistency<E: Error + 'static>(
    from: u64,
    to: u64,
    read: impl FnMut(u8, Range<u64>) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, ProveConsistencyError<E>> {
    if from == 0 {
        return Err(ProveConsistencyError::FromNothing);
    }
    if from > to {
        return Err(ProveConsistencyError::Shrinks { from, to });
    }
    let mut named = Vec::new();
    let mut within = 0..to;
    while within.end != from {
        let middle = within.start + split(within.end - within.start);
        if from <= middle {
            named.push(middle..within.end);
            within.end = middle;
        } else {
            named.push(within.start..middle);
            within.start = middle;
        }
    }
    // Where the older tree is itself a subtree of the newer one, its root is known to the verifier.
    if within.start != 0 {
        named.push(within);
    }
    Ok(bottom_first(named, Tiles::new(to, read))?)
}

/// How many leaves the left subtree has: the largest power of two below `leaves`, which is at least 2.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

fn bottom_first<E: Error + 'static>(
    subtrees: Vec<Range<u64>>,
    mut tiles: Tiles<impl FnMut(u8, Range<u64>) -> Result<Vec<Hash>, E>>,
) -> Result<Vec<Hash>, ReadLevelError<E>> {
    subtrees
        .into_iter()
        .rev()
        .map(|leaves| tiles.hash(leaves))
        .collect()
}
