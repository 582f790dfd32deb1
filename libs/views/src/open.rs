//! Opening the views, and the handle on them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};

use chrono::NaiveDate;
use domain::{DeskKey, policy::Visible};
use event_log::{EventLog, Floor, Position, ReadError};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use supervision::Supervisor;
use uuid::Uuid;

use crate::{
    digest, dump, place,
    pool::{Gate, LendError, Pool},
    queue::{self, QueueError, QueuePage, QueueQuery, Series},
    rebuild,
    renew::Renewal,
    schema::{self, Use},
    search::find::Limits,
    store::Store,
    write::{Feed, Shared, Writer, is_damage},
};

/// Why the personal values of an event could not be put back: the text is for the log, not for a caller.
#[derive(Debug, thiserror::Error)]
#[error("the personal values of an event could not be opened")]
pub struct OpenError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Puts personal values back into the stored data of the event with this id. A destroyed key is no error: its values
/// are put back as erased (design §6.1).
pub type Open = Arc<dyn Fn(Uuid, &mut Value) -> Result<(), OpenError> + Send + Sync>;

/// How to open the views.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most read-only connections; one more reader waits for one of them.
    pub readers_max: usize,
    /// Memory, in bytes, that the fold of a rebuild holds before it writes its rows.
    pub rebuild_bytes_max: usize,
    /// Most tickets that a search lists, to be filtered and sorted afterwards; a search that finds more walks the list
    /// in its order instead. Changes how long an answer takes, never the answer.
    pub search_tickets_max: usize,
    /// Most tickets that are asked one by one for a word. Changes how long an answer takes, never the answer.
    pub search_probes_max: usize,
    /// Keeps the writer alive, and tells how it fares.
    pub supervisor: Supervisor,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            readers_max: 8,
            rebuild_bytes_max: 128 * 1024 * 1024,
            search_tickets_max: 20_000,
            search_probes_max: 2_000,
            supervisor: Supervisor::default(),
        }
    }
}

/// Why the views could not be opened. A damaged file is no reason: it is rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum OpenViewsError {
    /// A directory or file could not be made or removed.
    #[error("{what} {path}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// SQLite could not make a fresh file.
    #[error("the view in {path} cannot be made")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: rusqlite::Error,
    },
    /// The log could not be asked for its events.
    #[error("the log cannot be read")]
    Log(#[source] ReadError),
}

/// A handle on the views; clones share it. Dropping the last one stops the writer, as [`Views::close`] does.
#[derive(Clone)]
pub struct Views {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    limits: Limits,
}

impl Views {
    /// Opens `<dir>/views.sqlite`, which is made from the log when it is missing, damaged, of another form or ahead of
    /// the log. A file of the form before this one serves until a new one, made beside it, takes its place. Returns at
    /// once: a thread catches up from the log and follows it.
    ///
    /// # Errors
    /// See [`OpenViewsError`].
    pub fn open(dir: &Path, log: EventLog, open: Open, options: Options) -> Result<Views, OpenViewsError> {
        let failed = |what, path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| OpenViewsError::Io { what, path, source }
        };
        fs::create_dir_all(dir).map_err(failed("cannot make", dir))?;
        place::remove_others(dir).map_err(|error| OpenViewsError::Io {
            what: "cannot remove",
            path: error.path,
            source: error.source,
        })?;
        let path = place::current(dir);
        let (store, usable) = existing(&path, &log)?.unzip();
        let shared = Arc::new(Shared::new(Pool::new(path.clone(), options.readers_max)));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(failed("cannot start the writer of", &path))?;
        let mut writer = Writer {
            feed: Feed {
                shared: Arc::clone(&shared),
                log,
                open,
                rebuild_bytes_max: options.rebuild_bytes_max,
                supervisor: options.supervisor.clone(),
            },
            path: path.clone(),
            runtime,
        };
        if let Some(store) = &store {
            shared.pool.open();
            shared.position.send_replace(store.checkpoint().position);
        }
        if usable == Some(Use::ServeMeanwhile) {
            tracing::info!(path = %path.display(), "the view is of the form before, and serves until it is made anew");
            let _ = shared.renewals.ask();
        }
        let over = Arc::clone(&shared);
        let mut begun = Some(store);
        let writer = options
            .supervisor
            .thread(
                "views",
                move || over.stopped(),
                move |worker| writer.run(begun.take(), worker),
            )
            .map_err(failed("cannot start the writer of", &path))?;
        let limits = Limits {
            found_max: options.search_tickets_max,
            probes_max: options.search_probes_max,
        };
        Ok(Views {
            inner: Arc::new(Inner {
                shared,
                writer: Mutex::new(Some(writer)),
                limits,
            }),
        })
    }

    /// The last position that is folded and committed; 0 while the view is being rebuilt.
    #[must_use]
    pub fn position(&self) -> Position {
        *self.inner.shared.position.borrow()
    }

    /// Whether questions are answered: not while the file is made anew in its own place.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.inner.shared.pool.is_open()
    }

    /// How many events could not be read since the views were opened, and are missing from them. Each is an error in
    /// the log of the process.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.inner.shared.skipped.load(Ordering::Relaxed)
    }

    /// Waits until this position is folded and committed; `false` when it is not in time.
    pub async fn at_least(&self, position: Position, timeout: Duration) -> bool {
        let mut committed = self.inner.shared.position.subscribe();
        let reached = committed.wait_for(|committed| *committed >= position);
        matches!(tokio::time::timeout(timeout, reached).await, Ok(Ok(_)))
    }

    /// One page of the tickets that this viewer may see. Blocks: call it where blocking is allowed.
    ///
    /// # Errors
    /// See [`QueueError`].
    pub fn queue(&self, viewer: &Visible, query: &QueueQuery) -> Result<QueuePage, QueueError> {
        self.read(|connection| queue::page(connection, viewer, query, self.inner.limits))
    }

    /// The position that the view stands at, and the digest of its rows there in lower-case hexadecimal: see
    /// [`crate::digest`]. Reads every row, some hundred thousand a second.
    ///
    /// # Errors
    /// See [`QueueError`]; never `Invalid` or `BadCursor`.
    pub fn digest(&self) -> Result<(Position, String), QueueError> {
        self.read(|connection| digest::digest(connection).map_err(QueueError::Sqlite))
    }

    /// All logical rows in the order of their keys, as text: equal for a view kept live and one rebuilt. Full text is
    /// left out (design §4, "A view's digest").
    ///
    /// # Errors
    /// See [`QueueError`]; never `Invalid` or `BadCursor`.
    pub fn dump(&self) -> Result<String, QueueError> {
        self.read(|connection| dump::dump(connection).map_err(QueueError::Sqlite))
    }

    /// Makes a new file from the log beside the one that serves, and puts it in its place when it has caught up. The
    /// views hold texts and names in clear: after a person has been erased, this is what takes theirs out. Returns at
    /// once; readers are served all along. What is asked for while a renewal is under way is one more afterwards.
    #[must_use = "it says when the old file is gone"]
    pub fn renew(&self) -> Renewal {
        let renewal = self.inner.shared.renewals.ask();
        self.inner.shared.wake();
        renewal
    }

    /// How many tickets were in each status at the end of each day, UTC, from a day to another, both included: of those
    /// that this viewer may see now, on one desk or on all. A day ends with the last event recorded before the next
    /// one, by the log's own time, which never goes back (design §3, "Time"). Statuses without tickets are left out.
    ///
    /// # Errors
    /// See [`QueueError`]; `Invalid` when the days are in the wrong order or more than
    /// [`SERIES_DAYS_MAX`](crate::SERIES_DAYS_MAX).
    pub fn series(
        &self,
        viewer: &Visible,
        desk: Option<&DeskKey>,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Series, QueueError> {
        self.read(|connection| queue::series(connection, viewer, desk, from, to))
    }

    /// Makes the file anew from the log in its own place: for one that is damaged. Returns at once; until it is done
    /// readers are answered with [`QueueError::Rebuilding`].
    pub fn rebuild(&self) {
        self.inner.shared.rebuild();
    }

    fn read<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, QueueError>) -> Result<T, QueueError> {
        let shared = &self.inner.shared;
        let done = shared
            .pool
            .with(|connection| work(connection).map_err(ReadViewError::Queue));
        done.map_err(|error| match error {
            ReadViewError::Lend(LendError::Closed) => QueueError::Closed,
            ReadViewError::Lend(LendError::Rebuilding) => self.rebuilding(),
            ReadViewError::Lend(LendError::Sqlite(error))
            | ReadViewError::Queue(QueueError::Sqlite(error))
                if is_damage(&error) =>
            {
                tracing::error!(
                    error = &error as &(dyn std::error::Error + 'static),
                    "the view is damaged"
                );
                shared.rebuild();
                self.rebuilding()
            }
            ReadViewError::Lend(LendError::Sqlite(error)) => QueueError::Sqlite(error),
            ReadViewError::Queue(error) => error,
        })
    }

    fn rebuilding(&self) -> QueueError {
        QueueError::Rebuilding {
            position: Position(self.inner.shared.rebuilding.load(Ordering::Relaxed)),
        }
    }

    /// Stops the writer and closes the file. Blocks until done; other clones are answered with
    /// [`QueueError::Closed`].
    pub fn close(self) {
        self.inner.stop();
    }
}

enum ReadViewError {
    Lend(LendError),
    Queue(QueueError),
}

impl From<LendError> for ReadViewError {
    fn from(error: LendError) -> ReadViewError {
        ReadViewError::Lend(error)
    }
}

impl Inner {
    fn stop(&self) {
        self.shared.stop();
        let writer = self.writer.lock().take();
        if let Some(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the writer of the views panicked");
        }
        // A file that is made anew and not yet taken over is left to the next start.
        drop(self.shared.renewals.take_ready());
        self.shared.renewals.join();
        self.shared.pool.shut(Gate::Closed);
        self.shared.renewals.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the views in a directory have seen of the log: a floor for opening it (design §4.5). `None` when there is no
/// usable file.
#[must_use]
pub fn floor(dir: &Path) -> Option<Floor> {
    let path = place::current(dir);
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let _ = schema::usable(&connection).ok()??;
    let checkpoint = Store::new(connection).ok()?.checkpoint();
    (checkpoint.position.0 > 0).then(|| Floor {
        position: checkpoint.position,
        digest: Some(checkpoint.digest),
        source: "the views".to_owned(),
    })
}

/// The file as it was left, when it can go on from there.
pub(crate) fn existing(path: &Path, log: &EventLog) -> Result<Option<(Store, Use)>, OpenViewsError> {
    if !path.exists() {
        return Ok(None);
    }
    let why = match usable(path) {
        Ok(Some((store, usable))) if follows(&store, log)? => return Ok(Some((store, usable))),
        Ok(Some(_)) => "it has seen events that the log does not have".to_owned(),
        Ok(None) => "it is of another form".to_owned(),
        Err(error) => error.to_string(),
    };
    tracing::warn!(path = %path.display(), why, "the view cannot be used and is rebuilt from the log");
    Ok(None)
}

fn usable(path: &Path) -> rusqlite::Result<Option<(Store, Use)>> {
    let connection = rebuild::live(path)?;
    match schema::usable(&connection)? {
        Some(usable) => Ok(Some((Store::new(connection)?, usable))),
        None => Ok(None),
    }
}

/// Is the last event that the view has folded the one that the log has there?
fn follows(store: &Store, log: &EventLog) -> Result<bool, OpenViewsError> {
    let checkpoint = store.checkpoint();
    if checkpoint.position == Position(0) {
        return Ok(true);
    }
    let before = Position(checkpoint.position.0 - 1);
    let found = log.read(before, 1).map_err(OpenViewsError::Log)?;
    Ok(found
        .first()
        .is_some_and(|event| event.position == checkpoint.position && event.digest() == checkpoint.digest))
}
