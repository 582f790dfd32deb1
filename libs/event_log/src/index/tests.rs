//! The index against a plain map.

use std::collections::HashMap;

use super::*;
use crate::key;

fn covered(position: u64) -> Covered {
    Covered {
        position: Position(position),
        digest: [7; 32],
    }
}

fn name(number: u64) -> Key {
    key::stream(&format!("s-{number}"))
}

/// Writes `count` groups of which every third changes an old key, and returns what must be found.
fn fill(index: &Index, from: u64, count: u64, model: &mut HashMap<Key, Value>) {
    for number in from..from + count {
        let old = name(number / 3);
        let changes = [(name(number), (number, 1)), (old, (number, 2))];
        index.apply(changes.into_iter(), covered(number)).unwrap();
        model.extend(changes);
    }
}

fn assert_same(index: &Index, model: &HashMap<Key, Value>) {
    for (key, value) in model {
        assert_eq!(index.get(*key).unwrap(), Some(*value));
    }
    assert_eq!(index.get(name(u64::MAX)).unwrap(), None);
}

#[test]
fn what_was_written_last_is_found_through_tables_runs_and_merges() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = HashMap::new();
    let index = Index::open(dir.path(), 100, |_| true).unwrap();
    assert_eq!(index.covered(), Covered::NOTHING);
    fill(&index, 1, 5000, &mut model);
    assert_same(&index, &model);
    index.close().unwrap();
    for round in 0..3 {
        let index = Index::open(dir.path(), 100, |stored| stored == covered(5000 * (round + 1))).unwrap();
        assert_eq!(index.covered(), covered(5000 * (round + 1)));
        assert_same(&index, &model);
        fill(&index, 5000 * (round + 1) + 1, 5000, &mut model);
        assert_same(&index, &model);
    }
    let files = std::fs::read_dir(dir.path()).unwrap().count();
    assert!(files < 60, "merges keep the runs few, not {files}");
}

#[test]
fn an_index_of_another_log_is_emptied() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), 10, |_| true).unwrap();
    fill(&index, 1, 100, &mut HashMap::new());
    drop(index);
    let index = Index::open(dir.path(), 10, |_| false).unwrap();
    assert_eq!(index.covered(), Covered::NOTHING);
    assert_eq!(index.get(name(1)).unwrap(), None);
    drop(index);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_index_with_a_damaged_footer_or_manifest_is_emptied() {
    for victim in ["run-", "MANIFEST"] {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path(), 1000, |_| true).unwrap();
        fill(&index, 1, 100, &mut HashMap::new());
        drop(index);
        let files = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|file| file.unwrap().path());
        for path in files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(victim)) {
            let mut bytes = std::fs::read(&path).unwrap();
            let place = bytes.len() - 20;
            bytes[place] ^= 4;
            std::fs::write(&path, bytes).unwrap();
        }
        let index = Index::open(dir.path(), 1000, |_| true).unwrap();
        assert_eq!(index.covered(), Covered::NOTHING, "{victim}");
    }
}

#[test]
fn a_damaged_page_is_an_error_and_a_condemned_index_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path(), 1000, |_| true).unwrap();
    fill(&index, 1, 100, &mut HashMap::new());
    drop(index);
    let path = dir.path().join("run-00000001");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let index = Index::open(dir.path(), 1000, |_| true).unwrap();
    assert_eq!(index.covered(), covered(100));
    assert_eq!(index.get(name(1)).unwrap_err().kind(), io::ErrorKind::InvalidData);
    index.condemn();
    fill(&index, 101, 10, &mut HashMap::new());
    drop(index);
    let index = Index::open(dir.path(), 1000, |_| true).unwrap();
    assert_eq!(index.covered(), Covered::NOTHING);
}
