//! How fast leaves are hashed into a growing tree, against SHA-256 over the same bytes:
//! `cargo run --release -p transparency --example hashing`.

use std::hint::black_box;
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use transparency::{Frontier, leaf_hash};

const LEAVES: u64 = 1_000_000;
const LEAF_BYTES: usize = 900;

fn main() {
    let mut leaf = vec![b'e'; LEAF_BYTES];
    let started = Instant::now();
    let mut whole = Sha256::new();
    for index in 0..LEAVES {
        leaf[..8].copy_from_slice(&index.to_be_bytes());
        whole.update(&leaf);
    }
    black_box(whole.finalize());
    let whole_s = started.elapsed().as_secs_f64();

    let started = Instant::now();
    let mut frontier = Frontier::new();
    let mut stored: u64 = 0;
    for index in 0..LEAVES {
        leaf[..8].copy_from_slice(&index.to_be_bytes());
        frontier.push(leaf_hash(&leaf), |_, _| stored += 1);
    }
    let root = frontier.root();
    let tree_s = started.elapsed().as_secs_f64();
    let gigabytes = LEAVES as f64 * LEAF_BYTES as f64 / 1e9;
    println!(
        "SHA-256 of {gigabytes:.1} GB: {whole_s:.2} s, {:.2} GB/s",
        gigabytes / whole_s
    );
    println!(
        "tree of {LEAVES} leaves: {tree_s:.2} s, {:.2} of it; root {root}",
        tree_s / whole_s
    );
    println!("{stored} hashes for the levels");
}
