//! The derived index: heads of streams, categories, prefixes and commands, behind the log on disk and rebuilt from it when lost.
//!
//! A table in memory takes what is new; when it is full it is frozen and a thread writes it as a sorted, immutable run; runs of one
//! size are merged into a larger one. The manifest names the runs and the position they cover; the log after it is replayed at open.

mod bloom;
mod keeper;
mod manifest;
mod memory;
mod merge;
mod run;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

use crate::key::{Key, Value};
use crate::place::Position;
use keeper::Keeper;
use manifest::Manifest;
pub(crate) use memory::Table;

/// Events after which the table in memory is written even if it is not full, so that little is replayed after a kill.
const REPLAY_EVENTS_MAX: u64 = 200_000;

/// Frozen tables that may wait for the disk before the writer of the log does.
const FROZEN_TABLES_MAX: usize = 8;

/// A position with the digest of the event there, so that an index of another log is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) position: Position,
    pub(crate) digest: [u8; 32],
}

impl Covered {
    pub(crate) const NOTHING: Covered = Covered {
        position: Position(0),
        digest: [0; 32],
    };
}

/// The index of one log.
#[derive(Debug)]
pub(crate) struct Index {
    keeper: Arc<Keeper>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Index {
    /// Opens the index, or an empty one when it is missing, damaged, or when `belongs` says that it is not of this log.
    /// The caller replays what lies after [`Index::covered`].
    pub(crate) fn open(
        dir: &Path,
        entries_max: usize,
        belongs: impl FnOnce(Covered) -> bool,
    ) -> io::Result<Index> {
        let stored = match Manifest::load(dir) {
            Ok(stored) => stored.filter(|(manifest, _)| belongs(manifest.covered())),
            Err(error) => {
                tracing::warn!(%error, "the index is damaged and will be rebuilt");
                None
            }
        };
        let (manifest, runs) = stored.unwrap_or_default();
        std::fs::create_dir_all(dir)?;
        manifest.remove_strangers(dir)?;
        let keeper = Arc::new(Keeper::new(dir.to_owned(), manifest, runs, entries_max));
        let thread = std::thread::Builder::new()
            .name("event-log-index".to_owned())
            .spawn({
                let keeper = Arc::clone(&keeper);
                move || keeper.run()
            })?;
        Ok(Index {
            keeper,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// What the tables hold, in memory and on disk.
    pub(crate) fn covered(&self) -> Covered {
        self.keeper.covered()
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: Key) -> io::Result<Option<Value>> {
        self.keeper.get(key)
    }

    /// Adds what a group changed. Waits while too much waits for the disk.
    pub(crate) fn apply(
        &self,
        changes: impl Iterator<Item = (Key, Value)>,
        covered: Covered,
    ) -> io::Result<()> {
        self.keeper.apply(changes, covered)
    }

    /// Makes the next open rebuild the index, after a lookup has shown that it is wrong.
    pub(crate) fn condemn(&self) {
        self.keeper.condemn();
    }

    /// Writes what is in memory and stops the thread.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.keeper.stop();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            return Err(io::Error::other("the thread of the index panicked"));
        }
        self.keeper
            .failure()
            .map_or(Ok(()), |failure| Err(io::Error::other(failure)))
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "the index could not be written; it is completed from the log at the next open");
        }
    }
}

#[cfg(test)]
mod tests;
