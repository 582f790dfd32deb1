//! Checking proofs. This shares no code with what makes them: it computes from the bits of index and sizes which side
//! each hash of the proof stands on.
//!
//! A root does not say how many leaves it is over: the sizes must come from signed checkpoints, never from whoever hands
//! over the proof. (The path of leaf 0 has three hashes, all on its right, in trees of 5, 6, 7 and 8 leaves alike.)

use crate::hash::{Hash, node_hash};

/// Why an inclusion proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyInclusionError {
    /// There is no such leaf in a tree of that size.
    #[error("a tree of {size} leaves has no leaf {index}")]
    IndexOutside {
        /// The leaf, from 0.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The proof has another number of hashes than one for that leaf and size.
    #[error("the proof has {found} hashes where {expected} are needed")]
    Length {
        /// Hashes in the proof.
        found: usize,
        /// Hashes that it must have.
        expected: usize,
    },
    /// The proof leads to another root.
    #[error("the proof leads to the root {computed}")]
    OtherRoot {
        /// The root it leads to.
        computed: Hash,
    },
}

/// Why a consistency proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyConsistencyError {
    /// The older tree has no leaf: every tree extends it, so nothing can be proven.
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
    /// The proof has another number of hashes than one for those sizes.
    #[error("the proof has {found} hashes where {expected} are needed")]
    Length {
        /// Hashes in the proof.
        found: usize,
        /// Hashes that it must have.
        expected: usize,
    },
    /// The proof leads to another root of the older tree.
    #[error("the proof leads to the older root {computed}")]
    OtherOlderRoot {
        /// The root it leads to.
        computed: Hash,
    },
    /// The proof leads to another root of the newer tree.
    #[error("the proof leads to the newer root {computed}")]
    OtherNewerRoot {
        /// The root it leads to.
        computed: Hash,
    },
}

/// Checks that the leaf with the hash `leaf` is leaf `index` (position − 1) of the tree of `size` leaves with that
/// `root` (RFC 6962 §2.1.1).
///
/// # Errors
///
/// [`VerifyInclusionError`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), VerifyInclusionError> {
    if index >= size {
        return Err(VerifyInclusionError::IndexOutside { index, size });
    }
    // Below, the path of the leaf has not met that of the last leaf yet, and there is a hash on every step; above, it
    // is the right edge, and there is one only where it stands to the left.
    let below = bits(index ^ (size - 1));
    let above = index.checked_shr(below as u32).unwrap_or(0).count_ones() as usize;
    if proof.len() != below + above {
        return Err(VerifyInclusionError::Length {
            found: proof.len(),
            expected: below + above,
        });
    }
    let (below, above) = proof.split_at(below);
    let computed = climb_edge(climb(*leaf, below, index), above);
    if computed == *root {
        Ok(())
    } else {
        Err(VerifyInclusionError::OtherRoot { computed })
    }
}

/// Checks that the tree of `to` leaves with the root `to_root` is the tree of `from` leaves with the root `from_root`
/// and something after it (RFC 6962 §2.1.2). For the same size, the roots are equal and the proof is empty.
///
/// # Errors
///
/// [`VerifyConsistencyError`].
pub fn verify_consistency(
    from: u64,
    from_root: &Hash,
    to: u64,
    to_root: &Hash,
    proof: &[Hash],
) -> Result<(), VerifyConsistencyError> {
    if from == 0 {
        return Err(VerifyConsistencyError::FromNothing);
    }
    if from > to {
        return Err(VerifyConsistencyError::Shrinks { from, to });
    }
    // The proof starts from the largest complete subtree at the right edge of the older tree: `low` levels up. Where
    // that is the whole older tree, its root is not repeated in the proof.
    let low = from.trailing_zeros();
    let is_whole = from.is_power_of_two();
    let at = (from - 1) >> low;
    let below = bits(at ^ ((to - 1) >> low));
    let above = at.checked_shr(below as u32).unwrap_or(0).count_ones() as usize;
    let seeds = usize::from(!is_whole && from != to);
    let expected = if from == to { 0 } else { seeds + below + above };
    if proof.len() != expected {
        return Err(VerifyConsistencyError::Length {
            found: proof.len(),
            expected,
        });
    }
    if from == to {
        return if from_root == to_root {
            Ok(())
        } else {
            Err(VerifyConsistencyError::OtherNewerRoot { computed: *from_root })
        };
    }
    let (seed, path) = match proof.split_first() {
        Some((first, rest)) if !is_whole => (*first, rest),
        Some(_) | None => (*from_root, proof),
    };
    let (below, above) = path.split_at(below);
    let older = climb_edge(climb_left_only(seed, below, at), above);
    if older != *from_root {
        return Err(VerifyConsistencyError::OtherOlderRoot { computed: older });
    }
    let newer = climb_edge(climb(seed, below, at), above);
    if newer != *to_root {
        return Err(VerifyConsistencyError::OtherNewerRoot { computed: newer });
    }
    Ok(())
}

/// Bits needed to write a number.
fn bits(number: u64) -> usize {
    (u64::BITS - number.leading_zeros()) as usize
}

/// Joins each hash of the path: on the left where the bit of `at` is set, else on the right.
fn climb(seed: Hash, path: &[Hash], at: u64) -> Hash {
    path.iter().enumerate().fold(seed, |hash, (step, beside)| {
        if (at >> step) & 1 == 1 {
            node_hash(beside, &hash)
        } else {
            node_hash(&hash, beside)
        }
    })
}

/// The same, but passes over what stands on the right: it was not there yet in the older tree.
fn climb_left_only(seed: Hash, path: &[Hash], at: u64) -> Hash {
    path.iter().enumerate().fold(seed, |hash, (step, beside)| {
        if (at >> step) & 1 == 1 {
            node_hash(beside, &hash)
        } else {
            hash
        }
    })
}

/// Joins what stands to the left of the right edge.
fn climb_edge(seed: Hash, path: &[Hash]) -> Hash {
    path.iter().fold(seed, |hash, left| node_hash(left, &hash))
}
