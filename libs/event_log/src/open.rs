//! How a log is opened.

mod database;
mod floor;
mod replay;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use sha2::{Digest, Sha256};

use crate::head_file::{Head, HeadKeeper};
use crate::index::Covered;
use crate::place::Position;
use crate::read::ReadError;
use crate::shared::{LogState, Shared};
use crate::store::{Store, StoreError};
use crate::writer::{self, End, Syncer, chain};
pub(crate) use database::{leave_snapshot, path_in as database_path};
pub use floor::Floor;

/// How to open a log.
#[derive(Debug, Clone)]
pub struct Options {
    /// What others have seen; the log's own `HEAD` file is always asked as well.
    pub floors: Vec<Floor>,
    /// How long to wait, in milliseconds, while another process or a log just closed still holds the lock.
    pub lock_wait_ms: u64,
    /// Cache of the database in bytes.
    pub cache_bytes: u64,
    /// Entries of the index held in memory before they are written as a run.
    pub index_memory_entries: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            floors: Vec::new(),
            lock_wait_ms: 5000,
            cache_bytes: 64 * 1024 * 1024,
            index_memory_entries: 64 * 1024,
        }
    }
}

/// What was found and mended while opening.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Partial snapshots that were deleted before opening (design §4.4).
    pub partial_snapshots_removed: Vec<PathBuf>,
    /// Where the database was set aside because it did not open with its snapshots (design §4.4).
    pub set_aside: Option<PathBuf>,
    /// Keys of blocks of an unfinished group at the end, of which nobody was told; they are left out, and deleted when the log is
    /// writable.
    pub torn_blocks: Vec<u64>,
    /// Whether a log with events had no `HEAD` file, so that a loss at its end could not be noticed by it.
    pub head_file_missing: bool,
    /// Whether the index was completed from the first event on, or only from where it ended.
    pub index_rebuilt: bool,
    /// Events read to complete the index.
    pub index_events_replayed: u64,
}

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file or directory could not be read or written.
    #[error("could not {what} {path}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// Another process holds the log.
    #[error("{path} is in use by another process")]
    Locked {
        /// The file that is locked.
        path: PathBuf,
    },
    /// The database keeps values outside its log, which are never synced (design §4.2).
    #[error(
        "{path} is not empty: the database holds values that no sync covers; restore the log from its archive"
    )]
    Blobs {
        /// The directory of blobs.
        path: PathBuf,
    },
    /// The database refuses to open, its snapshots deleted too.
    #[error("the database in {path} cannot be opened; restore the log from its archive")]
    Database {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: sled::Error,
    },
    /// The database opened, but cannot be read or written.
    #[error("the log cannot be read")]
    Read(#[source] ReadError),
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> OpenError {
        OpenError::Read(error)
    }
}

/// For `map_err`: what was tried on which path.
fn io_error(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { what, path, source }
}

fn store_error(what: &'static str, dir: &Path) -> impl FnOnce(StoreError) -> OpenError {
    let path = dir.to_owned();
    move |error| match error {
        StoreError::Database(source) => OpenError::Database { path, source },
        StoreError::Sync(source) => OpenError::Io { what, path, source },
    }
}

/// SHA-256 of the stored bytes of the event at a position; zeros for position 0.
fn digest_at(store: &Store, position: Position) -> Result<[u8; 32], ReadError> {
    if position == Position(0) {
        return Ok(Covered::NOTHING.digest);
    }
    let block = store.block_at(position)?;
    Ok(Sha256::digest(block.event(position).unwrap_or_default()).into())
}

/// Opens the log and starts its threads.
pub(crate) fn open(dir: &Path, options: &Options) -> Result<(Arc<Shared>, Vec<JoinHandle<()>>), OpenError> {
    let mut report = OpenReport::default();
    fs::create_dir_all(dir).map_err(io_error("create", dir))?;
    let store = database::open(dir, options, &mut report)?;
    let mut end = replay::find_end(&store)?;
    let head_path = dir.join("HEAD");
    let (stored_head, mut state) = floor::judge(&store, &head_path, &options.floors, &end)?;
    report.head_file_missing = stored_head.is_none() && end.head > Position(0);
    report.torn_blocks.clone_from(&end.torn_blocks);
    if !end.torn_blocks.is_empty() && state == LogState::Writable {
        tracing::warn!(keys = ?end.torn_blocks, "the last group was cut off before anybody was told of it; it is removed");
        store.remove(&end.torn_blocks).map_err(store_error("sync", dir))?;
    }
    let index = replay::open_index(&dir.join("index"), options.index_memory_entries, &store, end.head)?;
    let covered = index.covered();
    let replayed = replay::complete(&index, &store, end.head)?;
    report.index_events_replayed = replayed.events;
    report.index_rebuilt = covered == Covered::NOTHING && replayed.events > 0;
    if let Some(damage) = replayed.damage {
        end.head = replayed.head;
        let (reason, floor) = (chain(&damage), Position(replayed.head.0 + 1));
        state = if state == LogState::Writable {
            LogState::ReadOnly { reason, floor }
        } else {
            state
        };
    }
    let digest = digest_at(&store, end.head)?;
    let epoch = stored_head.map_or(0, |head| head.epoch);
    if state == LogState::Writable {
        Head::new(epoch, end.head, digest)
            .write(&head_path)
            .map_err(io_error("write", &head_path))?;
    }
    if let LogState::ReadOnly { reason, .. } = &state {
        tracing::error!(reason, "the log is read-only");
    }
    let head_keeper = HeadKeeper::new(head_path, epoch, (end.head, digest), end.head);
    let writable = state == LogState::Writable;
    let shared = Arc::new(Shared::new(store, index, head_keeper, report, end.head, state));
    let end = End {
        head: end.head,
        running_max_micros: end.running_max_micros,
    };
    let threads = if writable {
        start_threads(&shared, end).map_err(io_error("start the writer of", dir))?
    } else {
        Vec::new()
    };
    Ok((shared, threads))
}

fn start_threads(shared: &Arc<Shared>, end: End) -> std::io::Result<Vec<JoinHandle<()>>> {
    let store = shared.store().map_err(std::io::Error::other)?;
    let (syncer, groups, finished) = Syncer::new();
    let writer = std::thread::Builder::new()
        .name("event-log-writer".to_owned())
        .spawn({
            let (shared, store) = (Arc::clone(shared), Arc::clone(&store));
            move || writer::run(&shared, &store, syncer, end)
        })?;
    let syncer = std::thread::Builder::new()
        .name("event-log-sync".to_owned())
        .spawn({
            let shared = Arc::clone(shared);
            move || writer::run_syncer(&shared, &store, &groups, &finished)
        })?;
    let head = std::thread::Builder::new()
        .name("event-log-head".to_owned())
        .spawn({
            let shared = Arc::clone(shared);
            move || {
                if let Err(error) = shared.head_keeper.run() {
                    shared.poison(&format!("HEAD cannot be written: {error}"));
                }
            }
        })?;
    Ok(vec![writer, syncer, head])
}

/// The database alone, for tests of what stands on it.
#[cfg(test)]
pub(crate) fn database_for_test(dir: &Path) -> Store {
    database::open(dir, &Options::default(), &mut OpenReport::default()).unwrap()
}
