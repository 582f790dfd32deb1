//! Opening sled with the care it needs (design §4.2, §4.4, §4.6).

use std::fs::{self, File, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{OpenError, OpenReport, Options, io_error, store_error};
use crate::head_file::sync_directory;
use crate::limits::SEGMENT_BYTES;
use crate::store::{self, Store};

/// Pause between two tries for a lock.
const LOCK_PAUSE_MS: u64 = 10;

/// Where the database of a log lies.
pub(crate) fn path_in(dir: &Path) -> PathBuf {
    dir.join("sled")
}

/// Opens the database, and mends it where nothing is lost by it.
pub(super) fn open(
    dir: &Path,
    options: &Options,
    lock: Option<File>,
    report: &mut OpenReport,
) -> Result<Store, OpenError> {
    let deadline = Instant::now() + Duration::from_millis(options.lock_wait_ms);
    let lock = match lock {
        Some(lock) => lock,
        None => take_lock(&dir.join("LOCK"), deadline)?,
    };
    let path = path_in(dir);
    store::finish_setting_aside(&path).map_err(io_error("finish setting aside", &path))?;
    fs::create_dir_all(&path).map_err(io_error("create", &path))?;
    report.partial_snapshots_removed =
        store::remove_partial_snapshots(&path).map_err(io_error("remove partial snapshots in", &path))?;
    if store::remove_torn_settings(&path).map_err(io_error("mend the settings in", &path))? {
        tracing::warn!(path = %path.display(), "the settings of the database were cut off and are written anew");
    }
    let blobs = path.join("blobs");
    if store::has_blobs(&path).map_err(io_error("look into", &blobs))? {
        return Err(OpenError::Blobs { path: blobs });
    }
    let db = match open_sled(&path, options, deadline)? {
        Ok(db) => db,
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "the database does not open; trying a copy without snapshots");
            let aside = store::set_aside(&path).map_err(io_error("set aside", &path))?;
            tracing::error!(path = %aside.display(), "the database that does not open is kept here");
            report.set_aside = Some(aside);
            open_sled(&path, options, deadline)?.map_err(|source| OpenError::Database {
                path: path.clone(),
                source,
            })?
        }
    };
    let data_path = Store::data_path(&path);
    let data = File::open(&data_path).map_err(io_error("open", &data_path))?;
    let store = Store::new(db, data, lock).map_err(store_error("sync", &path))?;
    store::sync_settings(&path).map_err(io_error("sync the settings in", &path))?;
    for directory in [&*path, dir, dir.parent().unwrap_or(Path::new("."))] {
        if !directory.as_os_str().is_empty() {
            sync_directory(directory).map_err(io_error("sync", directory))?;
        }
    }
    Ok(store)
}

/// Opens a closed database once more and closes it, since sled writes its snapshot only when it is opened, and reads everything
/// written after it at the next open. The caller still holds our own lock.
pub(crate) fn leave_snapshot(path: &Path, options: &Options) -> Result<(), OpenError> {
    let deadline = Instant::now() + Duration::from_millis(options.lock_wait_ms);
    open_sled(path, options, deadline)?
        .map(drop)
        .map_err(|source| OpenError::Database {
            path: path.to_owned(),
            source,
        })
}

/// Takes our own lock, which comes before sled's, since partial snapshots may be deleted only when nobody else is starting.
fn take_lock(path: &Path, deadline: Instant) -> Result<File, OpenError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(io_error("open", path))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => pause(),
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(io_error("lock", path)(error)),
        }
    }
}

fn pause() {
    std::thread::sleep(Duration::from_millis(LOCK_PAUSE_MS));
}

/// What a try to open sled came to.
enum Attempt {
    Locked,
    Broken(sled::Error),
    /// The system refuses: nothing is known to be wrong with the database.
    Failed(io::Error),
}

/// Opens sled, waiting for its lock. The inner error says that the database is broken and a copy may be tried.
fn open_sled(
    path: &Path,
    options: &Options,
    deadline: Instant,
) -> Result<Result<sled::Db, sled::Error>, OpenError> {
    loop {
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(options.cache_bytes)
            .flush_every_ms(None)
            .segment_size(SEGMENT_BYTES)
            .mode(sled::Mode::HighThroughput);
        // sled asserts rather than refuses on some damage.
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        let opened = opened.unwrap_or_else(|_| {
            Err(sled::Error::ReportableBug(
                "sled panicked while opening".to_owned(),
            ))
        });
        match opened.map_err(attempt) {
            Ok(db) => return Ok(Ok(db)),
            Err(Attempt::Locked) if Instant::now() < deadline => pause(),
            Err(Attempt::Locked) => {
                return Err(OpenError::Locked {
                    path: path.to_owned(),
                });
            }
            Err(Attempt::Broken(error)) => return Ok(Err(error)),
            Err(Attempt::Failed(source)) => return Err(io_error("open the database in", path)(source)),
        }
    }
}

fn attempt(error: sled::Error) -> Attempt {
    match error {
        sled::Error::Corruption { .. }
        | sled::Error::ReportableBug(_)
        | sled::Error::Unsupported(_)
        | sled::Error::CollectionNotFound(_) => Attempt::Broken(error),
        sled::Error::Io(ref cause) => {
            if matches!(
                cause.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
            ) {
                Attempt::Broken(error)
            } else if cause.to_string().contains("could not acquire lock") {
                // sled tells a lock that is held only in words.
                Attempt::Locked
            } else {
                Attempt::Failed(io::Error::new(cause.kind(), error.to_string()))
            }
        }
    }
}
