//! How a log is opened.

mod database;
mod floor;
mod replay;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::head_file::{Head, HeadKeeper};
use crate::index::Covered;
use crate::limits::{DISK_RESERVE_BYTES, OPEN_FREE_BYTES_MIN};
use crate::place::Position;
use crate::read::{ReadError, digest_at};
use crate::restore::UNFINISHED;
use crate::shared::{LogState, Opening, Shared};
use crate::space::Space;
use crate::store::{Store, StoreError};
use crate::waypoints::Waypoints;
use crate::writer::{self, End, Syncer, chain};
pub(crate) use database::{leave_snapshot, path_in as database_path};
pub use floor::Floor;
pub(crate) use replay::{last_found, whole_up_to};

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
    /// Space in bytes that must stay free on the file system of the log for commits to be taken.
    pub disk_reserve_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            floors: Vec::new(),
            lock_wait_ms: 5000,
            cache_bytes: 64 * 1024 * 1024,
            index_memory_entries: 64 * 1024,
            disk_reserve_bytes: DISK_RESERVE_BYTES,
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
    /// There is too little space to open a log, or to open one anew that has stopped.
    #[error("the disk is full: {free_bytes} bytes are free, {reserve_bytes} must stay so: make room")]
    DiskFull {
        /// Bytes that are free.
        free_bytes: u64,
        /// Bytes that must stay free.
        reserve_bytes: u64,
    },
    /// The log has been closed, so it cannot be opened anew in place.
    #[error("the log is closed")]
    Closed,
    /// A log was being built here and is not whole: delete the directory and build it again.
    #[error("{path} says that the log is not whole; delete the directory and restore the log again")]
    Unfinished {
        /// The file that says so.
        path: PathBuf,
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
pub(crate) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> OpenError + use<> {
    let path = path.to_owned();
    move |source| OpenError::Io { what, path, source }
}

/// The same for the database in a directory.
pub(crate) fn store_error(what: &'static str, dir: &Path) -> impl FnOnce(StoreError) -> OpenError + use<> {
    let path = dir.to_owned();
    move |error| match error {
        StoreError::Database(source) => OpenError::Database { path, source },
        StoreError::Sync(source) | StoreError::Write(source) => OpenError::Io { what, path, source },
        StoreError::Panicked => OpenError::Io {
            what,
            path,
            source: std::io::Error::other(error),
        },
    }
}

/// What opening came to.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) opening: Opening,
    pub(crate) report: OpenReport,
    pub(crate) epoch: u32,
    pub(crate) state: LogState,
    pub(crate) end: End,
}

/// What an earlier opening in this process leaves to the next.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// Its lock, so that nobody comes between.
    pub(crate) lock: Option<File>,
    /// What it may have told.
    pub(crate) acknowledged: Option<Floor>,
    /// The epoch never goes back, though `HEAD` may have been lost.
    pub(crate) epoch: u32,
}

/// Opens the log; a writable one has no threads yet.
pub(crate) fn open(dir: &Path, options: &Options, before: Before) -> Result<Opened, OpenError> {
    let mut report = OpenReport::default();
    fs::create_dir_all(dir).map_err(io_error("create", dir))?;
    warn_of_features();
    refuse_unfinished(dir)?;
    refuse_full(dir)?;
    let store = database::open(dir, options, before.lock, &mut report)?;
    let mut end = replay::find_end(&store)?;
    let head_path = dir.join("HEAD");
    let floors: Vec<&Floor> = options.floors.iter().chain(&before.acknowledged).collect();
    let (stored_head, mut state) = floor::judge(&store, &head_path, floors, &end)?;
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
        if state == LogState::Writable {
            state = LogState::ReadOnly { reason, floor };
        }
    }
    let digest = digest_at(&store, end.head)?;
    let epoch = stored_head.map_or(0, |head| head.epoch).max(before.epoch);
    match &state {
        LogState::ReadOnly { reason, .. } => tracing::error!(reason, "the log is read-only"),
        LogState::Writable | LogState::Full { .. } | LogState::Poisoned { .. } => {
            let head = Head::new(epoch, end.head, digest);
            // A head that says so already costs no write, which a full disk might refuse.
            if stored_head != Some(head) {
                head.write(&head_path).map_err(io_error("write", &head_path))?;
            }
        }
    }
    let opening = Opening {
        store,
        index,
        head_keeper: HeadKeeper::new(head_path, epoch, (end.head, digest), end.head),
        space: Space::of(dir, options.disk_reserve_bytes).map_err(io_error("open", dir))?,
        waypoints: Waypoints::default(),
        head: end.head,
    };
    let end = End {
        head: end.head,
        running_max_micros: end.running_max_micros,
    };
    Ok(Opened {
        opening,
        report,
        epoch,
        state,
        end,
    })
}

/// Refuses a log that is not whole yet.
pub(crate) fn refuse_unfinished(dir: &Path) -> Result<(), OpenError> {
    let path = dir.join(UNFINISHED);
    if path.exists() {
        return Err(OpenError::Unfinished { path });
    }
    Ok(())
}

/// Refuses a disk on which opening itself would fail, at a place that would look like damage.
fn refuse_full(dir: &Path) -> Result<(), OpenError> {
    let space = Space::of(dir, OPEN_FREE_BYTES_MIN).map_err(io_error("open", dir))?;
    match space.look().map_err(io_error("look for space in", dir))? {
        Some(shortage) => Err(OpenError::DiskFull {
            free_bytes: shortage.free_bytes,
            reserve_bytes: shortage.reserve_bytes,
        }),
        None => Ok(()),
    }
}

/// A build that is not meant for use says so each time.
fn warn_of_features() {
    if cfg!(feature = "unsynced") {
        tracing::warn!(
            "THIS BUILD LOSES ACKNOWLEDGED EVENTS: it was made with the feature `unsynced`, for tests of crashes only, \
             and leaves out the fdatasync of the log"
        );
    }
}

/// Before a log is opened anew after a failure: makes the system read the data file from the disk.
pub(crate) fn forget_cached(dir: &Path) -> Result<(), OpenError> {
    let path = database_path(dir);
    Store::forget_cached(&path).map_err(io_error("read anew", &path))
}

/// Starts the threads of a writable log.
pub(crate) fn start_threads(
    shared: &Arc<Shared>,
    end: End,
    dir: &Path,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let opening = shared.opening()?;
    try_start_threads(shared, &opening, end).map_err(io_error("start the writer of", dir))
}

/// What a thread of the log does.
type Work = Box<dyn FnOnce(&Shared, &Opening) + Send>;

fn try_start_threads(
    shared: &Arc<Shared>,
    opening: &Arc<Opening>,
    end: End,
) -> std::io::Result<Vec<JoinHandle<()>>> {
    let (syncer, groups, finished) = Syncer::new();
    let start = |name: &str, work: Work| {
        let (shared, opening) = (Arc::clone(shared), Arc::clone(opening));
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(&shared, &opening))
    };
    let writer = start(
        "event-log-writer",
        Box::new(move |shared, opening| writer::run(shared, opening, syncer, end)),
    )?;
    let syncer = start(
        "event-log-sync",
        Box::new(move |shared, opening| writer::run_syncer(shared, opening, &groups, &finished)),
    )?;
    let head = start(
        "event-log-head",
        Box::new(|shared, opening| {
            writer::guarded(shared, || {
                let ended = opening.head_keeper.run();
                ended.map_err(|error| format!("HEAD cannot be written: {error}"))
            });
        }),
    )?;
    Ok(vec![writer, syncer, head])
}

/// The database alone, for whoever builds or mends a log.
pub(crate) fn database_alone(dir: &Path, options: &Options) -> Result<Store, OpenError> {
    database::open(dir, options, None, &mut OpenReport::default())
}

/// The database alone, for tests of what stands on it.
#[cfg(test)]
pub(crate) fn database_for_test(dir: &Path) -> Store {
    database_alone(dir, &Options::default()).unwrap()
}
