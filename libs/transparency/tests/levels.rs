//! The levels that a frontier fills, and the frontier that comes back from them.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use transparency::{Frontier, HASH_BYTES, Hash, MemoryTree, ReadLevelError, leaf_hash, root_at};

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

#[test]
fn each_level_holds_the_roots_of_256_times_as_many_leaves() {
    let mut levels: Vec<Vec<Hash>> = vec![Vec::new(); 8];
    let mut frontier = Frontier::new();
    for index in 0..66_000 {
        frontier.push(leaf(index), |level, hash| levels[usize::from(level)].push(hash));
    }
    let lengths: Vec<usize> = levels.iter().map(Vec::len).collect();
    assert_eq!(lengths, [66_000, 257, 1, 0, 0, 0, 0, 0]);
    let subtree = |leaves: Range<u64>| leaves.map(leaf).collect::<MemoryTree>().root();
    assert_eq!(levels[1][0], subtree(0..256));
    assert_eq!(levels[1][256], subtree(65_536..65_792));
    assert_eq!(levels[2][0], subtree(0..65_536));
}

#[test]
fn the_frontier_restored_at_any_size_is_the_one_that_grew() {
    let whole: MemoryTree = (0..66_000).map(leaf).collect();
    let mut grown = Frontier::new();
    for size in 0..66_000_u64 {
        if size <= 1_100 || size.abs_diff(65_536) <= 260 || size % 997 == 0 {
            let asked = RefCell::new(0);
            let restored = Frontier::restore(size, |level, range: Range<u64>| {
                *asked.borrow_mut() += range.end - range.start;
                whole.read(level, range)
            });
            assert_eq!(restored.as_ref(), Ok(&grown), "{size}");
            assert_eq!(
                restored.unwrap().root(),
                root_at(size, |level, range| whole.read(level, range)).unwrap()
            );
            assert!(*asked.borrow() <= 3 * 255, "only partial tails are read");
        }
        grown.push(leaf(size), |_, _| {});
    }
}

#[test]
fn a_restored_frontier_grows_on_as_if_it_had_never_stopped() {
    for stop in [0, 1, 255, 256, 257, 511, 65_535, 65_536] {
        let before: MemoryTree = (0..stop).map(leaf).collect();
        let mut restored = Frontier::restore(stop, |level, range| before.read(level, range)).unwrap();
        let mut never_stopped = before.clone();
        for index in stop..stop + 300 {
            restored.push(leaf(index), |_, _| {});
            never_stopped.push(leaf(index));
        }
        assert_eq!(restored.root(), never_stopped.root(), "{stop}");
    }
}

#[test]
fn a_frontier_does_not_come_back_from_levels_that_are_too_short() {
    let whole: MemoryTree = (0..300).map(leaf).collect();
    assert_eq!(
        Frontier::restore(400, |level, range| whole.read(level, range)),
        Err(ReadLevelError::<Infallible>::Count {
            level: 0,
            range: 256..400,
            found: 44
        })
    );
}

#[test]
fn levels_may_lie_in_files() {
    let directory = tempfile::tempdir().unwrap();
    let files: Vec<File> = (0..3)
        .map(|level| {
            let path = directory.path().join(level.to_string());
            OpenOptions::new()
                .create_new(true)
                .read(true)
                .write(true)
                .open(path)
                .unwrap()
        })
        .collect();
    let read = |level: u8, range: Range<u64>| -> Result<Vec<Hash>, io::Error> {
        let mut bytes = vec![0; (range.end - range.start) as usize * HASH_BYTES];
        files[usize::from(level)].read_exact_at(&mut bytes, range.start * HASH_BYTES as u64)?;
        Ok(Hash::list(&bytes).unwrap())
    };
    let mut frontier = Frontier::new();
    let mut lengths = [0; 3];
    for index in 0..1_000 {
        frontier.push(leaf(index), |level, hash| {
            let level = usize::from(level);
            files[level]
                .write_all_at(hash.as_bytes(), lengths[level])
                .unwrap();
            lengths[level] += HASH_BYTES as u64;
        });
    }
    assert_eq!(lengths, [32_000, 96, 0]);
    assert_eq!(Frontier::restore(1_000, read).unwrap(), frontier);
    assert_eq!(root_at(1_000, read).unwrap(), frontier.root());
    let Err(ReadLevelError::Read { level, range, source }) = Frontier::restore(1_255, read) else {
        panic!("a file was read past its end");
    };
    assert_eq!((level, range), (1, 0..4));
    assert_eq!(source.kind(), io::ErrorKind::UnexpectedEof);
}
