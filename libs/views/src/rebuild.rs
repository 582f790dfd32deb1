//! Making the file anew from the whole log: the same fold as live, in memory, each row written once, indexes last.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
    sync::{atomic::Ordering, mpsc},
    thread,
};

use event_log::Position;
use rusqlite::Connection;

use crate::{
    place,
    read_event::Told,
    schema,
    store::{Checkpoint, Store},
    write::{Feed, StepError, facts, reached},
};

/// Events that are read and decoded at a time.
const CHUNK_EVENTS: usize = 4_096;
/// Chunks decoded ahead of the fold.
const CHUNKS_AHEAD: usize = 4;
/// Page cache while rebuilding, KiB: what the full text's pages are merged in and the indexes sorted in.
const CACHE_KIB: i32 = 64 * 1024;
/// Page cache of the live writer, KiB.
const LIVE_CACHE_KIB: i32 = 16 * 1024;
/// Full text that is held in memory before it is written while rebuilding, bytes in each table: three tenths faster than
/// with SQLite's own mebibyte.
const TEXT_BYTES: i64 = 32 * 1024 * 1024;
/// The same for the live writer, as SQLite has it.
const LIVE_TEXT_BYTES: i64 = 1024 * 1024;
/// How large, bytes, the write-ahead log stays after it has been written back.
const WAL_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// Makes the file in its place anew, where nobody reads it.
pub(crate) fn rebuild(feed: &Feed, path: &Path) -> Result<Store, StepError> {
    place::remove(path)?;
    tracing::info!(path = %path.display(), head = feed.log.head().0, "rebuilding the view from the log");
    make(feed, path)
}

/// Makes a file of what the log holds, and gives it its name when it is whole and on disk.
pub(crate) fn make(feed: &Feed, path: &Path) -> Result<Store, StepError> {
    let io = |what, path: &Path| {
        let path = path.to_owned();
        move |source| StepError::Io { what, path, source }
    };
    let beside = place::suffixed(path, "-rebuild");
    place::remove(path)?;
    place::remove(&beside)?;
    feed.shared.rebuilding.store(0, Ordering::Relaxed);
    create_private(&beside).map_err(io("cannot make", &beside))?;
    let connection = Connection::open(&beside).map_err(StepError::Sqlite)?;
    prepare(&connection).map_err(StepError::Sqlite)?;
    let mut store = Store::new(connection).map_err(StepError::Sqlite)?;
    fill(feed, &mut store, feed.log.head())?;
    finish(store).map_err(StepError::Sqlite)?;
    File::open(&beside)
        .and_then(|file| file.sync_all())
        .map_err(io("cannot sync", &beside))?;
    fs::rename(&beside, path).map_err(io("cannot rename to", path))?;
    place::sync_directory(path).map_err(io("cannot sync the directory of", path))?;
    live(path).and_then(Store::new).map_err(StepError::Sqlite)
}

/// An empty file that only its owner reads: what is sealed in the log stands in clear here. SQLite gives the same mode
/// to the files beside it.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// No journal and no sync: a file that is not whole is never put in place.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    schema::create_tables(connection)?;
    schema::text_memory(connection, TEXT_BYTES)
}

/// Folds the log up to a position. Decoding is as much work as folding, so it has a thread of its own.
fn fill(feed: &Feed, store: &mut Store, head: Position) -> Result<(), StepError> {
    thread::scope(|scope| {
        let (sender, chunks) = mpsc::sync_channel(CHUNKS_AHEAD);
        scope.spawn(move || decode(feed, head, &sender));
        for chunk in chunks {
            let (facts, checkpoint): (Vec<Told>, Checkpoint) = chunk?;
            for told in facts {
                store.fold(told).map_err(StepError::Sqlite)?;
            }
            store.reach(checkpoint);
            if store.bytes() > feed.rebuild_bytes_max {
                store.commit().map_err(StepError::Sqlite)?;
            }
            feed.shared
                .rebuilding
                .store(checkpoint.position.0, Ordering::Relaxed);
        }
        store.commit().map_err(StepError::Sqlite)
    })
}

type Chunk = Result<(Vec<Told>, Checkpoint), StepError>;

/// Ends when the head is reached, at the first error, or when nobody takes the chunks any more.
fn decode(feed: &Feed, head: Position, sender: &mpsc::SyncSender<Chunk>) {
    let mut position = Position(0);
    while position < head {
        let chunk = if feed.shared.stopped() {
            Err(StepError::Stopped)
        } else {
            feed.log.read(position, CHUNK_EVENTS).map_err(StepError::Log)
        };
        let chunk =
            chunk.map(|events| reached(&events).map(|to| (facts(&events, &feed.open, &feed.shared), to)));
        match chunk {
            Ok(Some((facts, checkpoint))) => {
                position = checkpoint.position;
                if sender.send(Ok((facts, checkpoint))).is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                // The other side has left when this fails, and needs no reason.
                let _ = sender.send(Err(error));
                return;
            }
        }
    }
}

/// Indexes last, then the mode that readers need.
fn finish(store: Store) -> rusqlite::Result<()> {
    let connection = store.into_connection();
    schema::text_memory(&connection, LIVE_TEXT_BYTES)?;
    schema::create_indexes(&connection)?;
    connection.pragma_update(None, "locking_mode", "NORMAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| error)
}

/// Opens a whole file for the live writer. `NORMAL` may lose the last transactions in a power cut, which the log has.
pub(crate) fn live(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -LIVE_CACHE_KIB)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
