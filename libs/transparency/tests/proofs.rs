//! Proofs of made-up trees: each verifies, and nothing near it does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use proptest::prelude::*;
use transparency::{
    EMPTY_ROOT, Hash, MemoryTree, ProveConsistencyError, ProveInclusionError, ReadLevelError,
    VerifyConsistencyError, VerifyInclusionError, leaf_hash, node_hash, prove_consistency, prove_inclusion,
    root_at, verify_consistency, verify_inclusion,
};

const LEAVES_MAX: u64 = 65_536 + 300;

static LEAVES: LazyLock<Vec<Hash>> = LazyLock::new(|| {
    (0..LEAVES_MAX)
        .map(|index| leaf_hash(&index.to_be_bytes()))
        .collect()
});
static TREE: LazyLock<MemoryTree> = LazyLock::new(|| LEAVES.iter().copied().collect());

fn read(level: u8, range: Range<u64>) -> Result<Vec<Hash>, std::convert::Infallible> {
    TREE.read(level, range)
}

/// The root as RFC 6962 §2.1 defines it.
fn defined_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&defined_root(left), &defined_root(right))
        }
    }
}

fn leaf(index: u64) -> Hash {
    LEAVES[index as usize]
}

fn check_size(size: u64) {
    let root = root_at(size, read).unwrap();
    for index in 0..size {
        let proof = prove_inclusion(index, size, read).unwrap();
        assert_eq!(verify_inclusion(&leaf(index), index, size, &proof, &root), Ok(()));
    }
    for from in 1..=size {
        let proof = prove_consistency(from, size, read).unwrap();
        let older = root_at(from, read).unwrap();
        assert_eq!(verify_consistency(from, &older, size, &root, &proof), Ok(()));
    }
}

#[test]
fn the_root_of_every_size_is_the_one_that_the_rfc_defines() {
    for size in (0..=600).chain([65_535, 65_536, 65_537, LEAVES_MAX]) {
        assert_eq!(
            root_at(size, read).unwrap(),
            defined_root(&LEAVES[..size as usize]),
            "{size}"
        );
    }
}

#[test]
fn every_proof_of_small_trees_and_around_full_tiles_verifies() {
    for size in (1..=80)
        .chain([127, 128, 129])
        .chain(254..=258)
        .chain(511..=514)
        .chain([600])
    {
        check_size(size);
    }
}

/// Sizes up to 600, and close to where a tile or a level is full.
fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        1_u64..=600,
        65_200..=LEAVES_MAX,
        Just(65_535),
        Just(65_536),
        Just(65_537)
    ]
}

fn index_and_size() -> impl Strategy<Value = (u64, u64)> {
    size().prop_flat_map(|size| (0..size, Just(size)))
}

fn from_and_to() -> impl Strategy<Value = (u64, u64)> {
    size().prop_flat_map(|to| (1..=to, Just(to)))
}

fn flipped(hash: &Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash(bytes)
}

/// On which side each hash of an inclusion proof stands, top first, by the definition of RFC 6962 §2.1.1.
fn sides(index: u64, size: u64) -> Vec<bool> {
    if size <= 1 {
        return Vec::new();
    }
    let left = size.next_power_of_two() / 2;
    let (is_right, mut rest) = if index < left {
        (true, sides(index, left))
    } else {
        (false, sides(index - left, size - left))
    };
    rest.insert(0, is_right);
    rest
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, rng_seed: proptest::test_runner::RngSeed::Fixed(6962), ..ProptestConfig::default() })]

    #[test]
    fn an_inclusion_proof_verifies_and_no_single_bit_of_it_may_change((index, size) in index_and_size()) {
        let root = root_at(size, read).unwrap();
        let proof = prove_inclusion(index, size, read).unwrap();
        let verify = |leaf: &Hash, index, size, proof: &[Hash], root: &Hash| {
            verify_inclusion(leaf, index, size, proof, root)
        };
        prop_assert_eq!(verify(&leaf(index), index, size, &proof, &root), Ok(()));
        for bit in 0..256 {
            prop_assert!(verify(&flipped(&leaf(index), bit), index, size, &proof, &root).is_err());
            prop_assert!(verify(&leaf(index), index, size, &proof, &flipped(&root, bit)).is_err());
            // Every bit, and every hash of the proof, though not each of one in each of the other.
            if let Some(step) = bit.checked_rem(proof.len()) {
                let mut changed = proof.clone();
                changed[step] = flipped(&changed[step], bit);
                prop_assert!(verify(&leaf(index), index, size, &changed, &root).is_err());
            }
        }
        for bit in 0..64 {
            prop_assert!(verify(&leaf(index), index ^ (1 << bit), size, &proof, &root).is_err());
        }
        for step in 0..proof.len() {
            let mut shorter = proof.clone();
            shorter.remove(step);
            prop_assert!(verify(&leaf(index), index, size, &shorter, &root).is_err());
        }
        let longer: Vec<Hash> = proof.iter().copied().chain([root]).collect();
        prop_assert!(verify(&leaf(index), index, size, &longer, &root).is_err());
    }

    /// A root does not name its size, so this is as much as any verifier can see: sizes in which the path of the leaf
    /// has the same shape are one to it. The size must be a signed one.
    #[test]
    fn another_size_is_refused_where_the_path_of_the_leaf_is_another((index, size) in index_and_size(), bit in 0_u32..17) {
        let root = root_at(size, read).unwrap();
        let proof = prove_inclusion(index, size, read).unwrap();
        let other = size ^ (1_u64 << bit);
        let is_same = index < other && sides(index, size) == sides(index, other);
        prop_assert_eq!(verify_inclusion(&leaf(index), index, other, &proof, &root).is_ok(), is_same);
    }

    #[test]
    fn a_consistency_proof_verifies_and_no_single_bit_of_it_may_change((from, to) in from_and_to()) {
        let (older, newer) = (root_at(from, read).unwrap(), root_at(to, read).unwrap());
        let proof = prove_consistency(from, to, read).unwrap();
        prop_assert_eq!(verify_consistency(from, &older, to, &newer, &proof), Ok(()));
        for bit in 0..256 {
            prop_assert!(verify_consistency(from, &flipped(&older, bit), to, &newer, &proof).is_err());
            prop_assert!(verify_consistency(from, &older, to, &flipped(&newer, bit), &proof).is_err());
            // Every bit, and every hash of the proof, though not each of one in each of the other.
            if let Some(step) = bit.checked_rem(proof.len()) {
                let mut changed = proof.clone();
                changed[step] = flipped(&changed[step], bit);
                prop_assert!(verify_consistency(from, &older, to, &newer, &changed).is_err());
            }
        }
        for step in 0..proof.len() {
            let mut shorter = proof.clone();
            shorter.remove(step);
            prop_assert!(verify_consistency(from, &older, to, &newer, &shorter).is_err());
        }
        let longer: Vec<Hash> = proof.iter().copied().chain([newer]).collect();
        prop_assert!(verify_consistency(from, &older, to, &newer, &longer).is_err());
        if from < to {
            prop_assert!(verify_consistency(to, &older, from, &newer, &proof).is_err());
        }
    }

    #[test]
    fn a_log_that_changed_one_old_event_is_refused((from, to) in from_and_to(), at in any::<prop::sample::Index>()) {
        let to = to.min(700);
        let from = from.min(to);
        let mut rewritten = LEAVES[..to as usize].to_vec();
        rewritten[at.index(from as usize)] = leaf_hash(b"rewritten");
        let rewritten: MemoryTree = rewritten.into_iter().collect();
        let older = root_at(from, read).unwrap();
        let proof = prove_consistency(from, to, |level, range| rewritten.read(level, range)).unwrap();
        prop_assert!(verify_consistency(from, &older, to, &rewritten.root(), &proof).is_err());
    }

    #[test]
    fn a_proof_reads_at_most_two_tiles_of_each_level((index, size) in index_and_size()) {
        let asked = RefCell::new(BTreeSet::new());
        let counted = |level: u8, range: Range<u64>| {
            assert_eq!(range.start / 256, (range.end - 1) / 256, "a range lies in one tile");
            assert!(range.end <= size >> (8 * u32::from(level)), "and within the tree of that size");
            assert!(asked.borrow_mut().insert((level, range.start)), "and is read once");
            read(level, range)
        };
        prove_inclusion(index, size, counted).unwrap();
        for level in 0..8 {
            assert!(asked.borrow().iter().filter(|(at, _)| *at == level).count() <= 2);
        }
    }
}

#[test]
fn what_cannot_be_proven_is_refused_by_its_reason() {
    assert_eq!(
        prove_inclusion(5, 5, read),
        Err(ProveInclusionError::IndexOutside { index: 5, size: 5 })
    );
    assert_eq!(
        prove_consistency(0, 5, read),
        Err(ProveConsistencyError::FromNothing)
    );
    assert_eq!(
        prove_consistency(6, 5, read),
        Err(ProveConsistencyError::Shrinks { from: 6, to: 5 })
    );
    let root = root_at(5, read).unwrap();
    assert_eq!(
        verify_inclusion(&leaf(0), 0, 0, &[], &EMPTY_ROOT),
        Err(VerifyInclusionError::IndexOutside { index: 0, size: 0 })
    );
    assert_eq!(
        verify_inclusion(&leaf(0), 0, 5, &[], &root),
        Err(VerifyInclusionError::Length {
            found: 0,
            expected: 3
        })
    );
    assert_eq!(
        verify_inclusion(&leaf(0), 0, 1, &[], &root),
        Err(VerifyInclusionError::OtherRoot { computed: leaf(0) })
    );
    assert_eq!(
        verify_consistency(0, &EMPTY_ROOT, 5, &root, &[]),
        Err(VerifyConsistencyError::FromNothing)
    );
    assert_eq!(
        verify_consistency(5, &root, 5, &EMPTY_ROOT, &[]),
        Err(VerifyConsistencyError::OtherNewerRoot { computed: root })
    );
    assert_eq!(
        verify_consistency(5, &root, 5, &root, &[root]),
        Err(VerifyConsistencyError::Length {
            found: 1,
            expected: 0
        })
    );
}

#[test]
fn the_largest_numbers_overflow_nothing() {
    let path = vec![leaf(0); 64];
    let largest = u64::MAX;
    assert!(verify_inclusion(&leaf(0), 0, largest, &path, &leaf(0)).is_err());
    assert!(verify_inclusion(&leaf(0), largest - 1, largest, &path, &leaf(0)).is_err());
    assert!(verify_consistency(1, &leaf(0), largest, &leaf(0), &path).is_err());
    assert!(verify_consistency(1 << 63, &leaf(0), largest, &leaf(0), &path).is_err());
    assert!(verify_consistency(largest - 1, &leaf(0), largest, &leaf(0), &path).is_err());
    let endless = |_: u8, range: Range<u64>| {
        Ok::<_, std::convert::Infallible>(vec![leaf(0); (range.end - range.start) as usize])
    };
    assert_eq!(prove_inclusion(largest - 1, largest, endless).unwrap().len(), 63);
    assert_eq!(prove_consistency(1, largest, endless).unwrap().len(), 64);
}

#[test]
fn a_level_that_is_too_short_is_named() {
    let error = prove_inclusion(65_536, 65_537, |level, range: Range<u64>| {
        read(level, if level == 2 { 0..0 } else { range })
    });
    let short = ReadLevelError::Count {
        level: 2,
        range: 0..1,
        found: 0,
    };
    assert_eq!(error, Err(ProveInclusionError::Read(short)));
}
