//! The sample log of `fixtures/audit`, which `tests/python/verify_export.py` verifies too.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;

use sample::{OLDER_SIZE, Sample};
use serde_json::Value;
use transparency::{
    Checkpoint, Hash, MemoryTree, VerifierKey, leaf_hash, root_at, verify_endorsement, verify_inclusion,
};

const EXPORT: &str = include_str!("../fixtures/audit/export-v1.ndjson");
const OLDER_CHECKPOINT: &str = include_str!("../fixtures/audit/older-checkpoint-v1.txt");
const BUNDLE: &str = include_str!("../fixtures/audit/bundle-v1.json");

/// The stored bytes of an export's events, cut out of its lines, and the note of its last line.
fn cut(export: &str) -> (Vec<&str>, String) {
    let lines: Vec<&str> = export.lines().collect();
    let [_header, events @ .., closing] = lines.as_slice() else {
        panic!("no export");
    };
    let stored = (1..).zip(events).map(|(position, line)| {
        let prefix = format!("{{\"position\":{position},\"event\":");
        line.strip_prefix(&prefix).unwrap().strip_suffix('}').unwrap()
    });
    let closing: Value = serde_json::from_str(closing).unwrap();
    (
        stored.collect(),
        closing["checkpoint"].as_str().unwrap().to_owned(),
    )
}

fn keys_of(events: &[&str]) -> Vec<VerifierKey> {
    let events = events
        .iter()
        .map(|stored| serde_json::from_str::<Value>(stored).unwrap());
    events
        .filter(|event| event["type"] == "log-key-enrolled.v1")
        .map(|event| event["data"]["key"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn the_fixtures_are_what_this_crate_makes_of_the_sample() {
    let sample = Sample::new();
    assert_eq!(sample.export(), EXPORT);
    assert_eq!(sample.checkpoint(OLDER_SIZE), OLDER_CHECKPOINT);
    assert_eq!(format!("{:#}\n", sample.bundle()), BUNDLE);
}

#[test]
fn the_export_leads_to_the_roots_of_both_its_checkpoints() {
    let (events, note) = cut(EXPORT);
    let keys = keys_of(&events);
    let tree: MemoryTree = events.iter().map(|stored| leaf_hash(stored.as_bytes())).collect();
    let opened = Checkpoint::open(&note, &keys[1..]).unwrap().checkpoint;
    assert_eq!((opened.size, opened.root), (9, tree.root()));
    let older = Checkpoint::open(OLDER_CHECKPOINT, &keys[..1]).unwrap().checkpoint;
    assert_eq!(
        Ok(older.root),
        root_at(older.size, |level, range| tree.read(level, range))
    );
    let event: Value = serde_json::from_str(events[7]).unwrap();
    let signature = event["data"]["endorsement"]["signature"].as_str().unwrap();
    verify_endorsement(&keys[0], &keys[1], signature).unwrap();
}

#[test]
fn every_entry_of_the_bundle_is_in_the_log() {
    let bundle: Value = serde_json::from_str(BUNDLE).unwrap();
    let keys = keys_of(&cut(EXPORT).0);
    let opened = Checkpoint::open(bundle["checkpoint"].as_str().unwrap(), &keys)
        .unwrap()
        .checkpoint;
    let mut entries = 0;
    for part in ["keys", "events", "accounts"] {
        for entry in bundle[part].as_array().unwrap() {
            let leaf = match entry["leaf"].as_str() {
                Some(leaf) => leaf.parse().unwrap(),
                None => leaf_hash(entry["event"].as_str().unwrap().as_bytes()),
            };
            let proof = entry["proof"].as_array().unwrap().iter();
            let proof: Vec<Hash> = proof
                .map(|step| step.as_str().unwrap().parse().unwrap())
                .collect();
            let index = entry["position"].as_u64().unwrap() - 1;
            verify_inclusion(&leaf, index, opened.size, &proof, &opened.root).unwrap();
            entries += 1;
        }
    }
    assert_eq!(entries, 8);
}
