//! The tables in memory.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::Covered;
use super::run::Run;
use crate::key::{Key, Value};

/// A key is half a SHA-256 digest: its own low bits are a good hash.
#[derive(Debug, Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

/// Entries by key.
pub(crate) type Table = HashMap<Key, Value, BuildHasherDefault<KeyHasher>>;

/// A table that waits for the disk.
#[derive(Debug)]
pub(super) struct Frozen {
    pub(super) table: Table,
    pub(super) covered: Covered,
}

/// Where a lookup goes, newest first: the table, the frozen ones from the back, the runs from the back.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) active: Table,
    /// What everything here covers.
    pub(super) covered: Covered,
    pub(super) frozen: VecDeque<Arc<Frozen>>,
    /// What `frozen` and `runs` cover.
    pub(super) frozen_covered: Covered,
    pub(super) runs: Arc<Vec<Arc<Run>>>,
}

impl Layers {
    /// The value in memory, if it is there.
    pub(super) fn get(&self, key: Key) -> Option<Value> {
        let frozen = || self.frozen.iter().rev().find_map(|frozen| frozen.table.get(&key));
        self.active.get(&key).or_else(frozen).copied()
    }

    /// Closes the table and starts another.
    pub(super) fn freeze(&mut self) {
        if !self.active.is_empty() {
            let table = std::mem::take(&mut self.active);
            self.frozen.push_back(Arc::new(Frozen {
                table,
                covered: self.covered,
            }));
        }
        self.frozen_covered = self.covered;
    }
}
