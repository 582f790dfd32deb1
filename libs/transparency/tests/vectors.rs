//! The tree of eight leaves that implementations of Certificate Transparency publish: its leaves, roots and proofs.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use transparency::{
    EMPTY_ROOT, Frontier, Hash, MemoryTree, leaf_hash, prove_consistency, prove_inclusion, root_at,
    verify_consistency, verify_inclusion,
};

const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn hash(hex: &str) -> Hash {
    Hash(bytes(hex).try_into().unwrap())
}

fn tree() -> MemoryTree {
    LEAVES.iter().map(|leaf| leaf_hash(&bytes(leaf))).collect()
}

#[test]
fn the_roots_of_the_published_tree_come_out() {
    assert_eq!(EMPTY_ROOT, hash(ROOTS[0]));
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), hash(ROOTS[0]));
    for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
        frontier.push(leaf_hash(&bytes(leaf)), |_, _| {});
        assert_eq!(frontier.root(), hash(root));
    }
    let tree = tree();
    for (size, root) in (0..).zip(ROOTS) {
        assert_eq!(
            root_at(size, |level, range| tree.read(level, range)).unwrap(),
            hash(root)
        );
    }
}

#[test]
fn the_inclusion_proofs_of_the_published_tree_come_out() {
    let tree = tree();
    let published: [(u64, u64, &[&str]); 5] = [
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            3,
            &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
        ),
        (
            1,
            5,
            &[
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (index, size, path) in published {
        let path: Vec<Hash> = path.iter().map(|hex| hash(hex)).collect();
        assert_eq!(
            prove_inclusion(index, size, |level, range| tree.read(level, range)).unwrap(),
            path
        );
        let leaf = leaf_hash(&bytes(LEAVES[index as usize]));
        verify_inclusion(&leaf, index, size, &path, &hash(ROOTS[size as usize])).unwrap();
    }
}

#[test]
fn the_consistency_proofs_of_the_published_tree_come_out() {
    let tree = tree();
    let published: [(u64, u64, &[&str]); 4] = [
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (from, to, path) in published {
        let path: Vec<Hash> = path.iter().map(|hex| hash(hex)).collect();
        assert_eq!(
            prove_consistency(from, to, |level, range| tree.read(level, range)).unwrap(),
            path
        );
        let (older, newer) = (hash(ROOTS[from as usize]), hash(ROOTS[to as usize]));
        verify_consistency(from, &older, to, &newer, &path).unwrap();
    }
}
