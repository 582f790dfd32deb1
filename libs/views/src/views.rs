//! Opening the views, and the handle on them.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};

use chrono::NaiveDate;
use domain::{DeskKey, policy::Visible};
use event_log::{EventLog, Position, ReadError, StreamName, Waiter};
use parking_lot::Mutex;
use rusqlite::Connection;
use serde_json::Value;
use supervision::Supervisor;
use uuid::Uuid;

use crate::{
    dump,
    follow::{
        follower::{Feed, Follower, Served, Shared, is_damage},
        found::existing,
        place,
        pool::{Gate, LendError, Pool},
        work::Work,
    },
    queue::{self, QueueError, QueuePage, QueueQuery, digest, search::find::Limits},
    series::{self, Series},
    view::{self, View},
};

/// Why the personal values of an event could not be put back: the text is for the log, not for a caller.
#[derive(Debug, thiserror::Error)]
#[error("the personal values of an event could not be opened")]
pub struct OpenError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Puts personal values back into the stored data of the event with this id. A destroyed key is no error: its values
/// are put back as erased (design §6.1).
pub type Open = Arc<dyn Fn(Uuid, &mut Value) -> Result<(), OpenError> + Send + Sync>;

/// How to open the views.
#[derive(Clone)]
pub struct Options {
    /// The views that follow the log.
    pub views: Vec<Arc<dyn View>>,
    /// Most read-only connections to each view; one more reader waits for one of them.
    pub readers_max: usize,
    /// Memory, in bytes, that the fold of a rebuild holds before it writes its rows.
    pub rebuild_bytes_max: usize,
    /// Most tickets that a search lists, to be filtered and sorted afterwards; a search that finds more walks the list
    /// in its order instead. Changes how long an answer takes, never the answer.
    pub search_tickets_max: usize,
    /// Most tickets that are asked one by one for a word. Changes how long an answer takes, never the answer.
    pub search_probes_max: usize,
    /// Keeps the follower alive, and tells how it fares.
    pub supervisor: Supervisor,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            views: view::all(),
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
    /// The log could not be asked for its events.
    #[error("the log cannot be read")]
    Log(#[source] ReadError),
}

impl From<place::RemoveError> for OpenViewsError {
    fn from(error: place::RemoveError) -> OpenViewsError {
        OpenViewsError::Io {
            what: "cannot remove",
            path: error.path,
            source: error.source,
        }
    }
}

/// A handle on the views; clones share it. Dropping the last one stops the follower, as [`Views::close`] does.
#[derive(Clone)]
pub struct Views {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    follower: Mutex<Option<JoinHandle<()>>>,
    limits: Limits,
}

/// Which view is asked, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewState {
    /// Its name.
    pub name: &'static str,
    /// The last position that is folded and committed; 0 while it is made anew and nobody can ask it.
    pub position: Position,
    /// Whether it answers.
    pub is_open: bool,
}

impl Views {
    /// Opens the views in a directory. One whose file is missing, damaged, ahead of the log or of an unknown form is made
    /// from the log; one of a former version serves until a new one, made beside it, takes its place. Returns at once: a
    /// thread catches up from the log and follows it.
    ///
    /// # Errors
    /// See [`OpenViewsError`].
    pub fn open(dir: &Path, log: EventLog, open: Open, options: Options) -> Result<Views, OpenViewsError> {
        let failed = |what| {
            let path = dir.to_owned();
            move |source: io::Error| OpenViewsError::Io { what, path, source }
        };
        fs::create_dir_all(dir).map_err(failed("cannot make"))?;
        let (mut served, mut stores) = (Vec::new(), Vec::new());
        for view in options.views {
            if let Some(former) = view.former_name() {
                place::take_former(dir, former, view.name()).map_err(failed("cannot rename a view in"))?;
                place::remove_others(dir, former)?;
            }
            place::remove_others(dir, view.name())?;
            let path = place::current(dir, view.name());
            stores.push(existing(&view, &path, &log)?);
            served.push(Served::new(view, Pool::new(path, options.readers_max)));
        }
        for (served, store) in served.iter().zip(&stores) {
            if let Some(store) = store {
                served.open(store);
            }
        }
        let shared = Arc::new(Shared::new(served));
        let waiter = Waiter::new(Arc::clone(&shared.wake)).map_err(failed("cannot start the follower of"))?;
        let mut follower = Follower {
            feed: Feed {
                shared: Arc::clone(&shared),
                log,
                open,
                rebuild_bytes_max: options.rebuild_bytes_max,
                supervisor: options.supervisor.clone(),
            },
            waiter,
            stores,
            are_found: true,
        };
        let over = Arc::clone(&shared);
        let follower = options
            .supervisor
            .thread(
                "views",
                move || over.stopped(),
                move |worker| follower.run(worker),
            )
            .map_err(failed("cannot start the follower of"))?;
        let limits = Limits {
            found_max: options.search_tickets_max,
            probes_max: options.search_probes_max,
        };
        Ok(Views {
            inner: Arc::new(Inner {
                shared,
                follower: Mutex::new(Some(follower)),
                limits,
            }),
        })
    }

    /// Where each view stands, in the order of [`Options::views`].
    #[must_use]
    pub fn states(&self) -> Vec<ViewState> {
        let state = |served: &Served| ViewState {
            name: served.view.name(),
            position: *served.position.borrow(),
            is_open: served.pool.is_open(),
        };
        self.inner.shared.views.iter().map(state).collect()
    }

    /// The last position that the queue has; 0 while it is made anew and nobody can ask it.
    #[must_use]
    pub fn position(&self) -> Position {
        self.state(queue::NAME).position
    }

    /// Where a view stands; at nothing when there is none of this name.
    #[must_use]
    pub fn state(&self, view: &'static str) -> ViewState {
        let found = self.states().into_iter().find(|state| state.name == view);
        found.unwrap_or(ViewState {
            name: view,
            position: Position(0),
            is_open: false,
        })
    }

    /// How many events could not be read since the views were opened, and are missing from them. Each is an error in
    /// the log of the process.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.inner.shared.skipped.load(Ordering::Relaxed)
    }

    /// Waits until the queue has this position; `false` when it has not in time.
    pub async fn at_least(&self, position: Position, timeout: Duration) -> bool {
        self.view_is_at(queue::NAME, position, timeout).await
    }

    /// Waits until a view has this position; `false` when it has not in time, and when there is no such view.
    pub async fn view_is_at(&self, view: &str, position: Position, timeout: Duration) -> bool {
        let Some(served) = self.served(view) else {
            return false;
        };
        let mut committed = served.position.subscribe();
        let reached = committed.wait_for(|committed| *committed >= position);
        matches!(tokio::time::timeout(timeout, reached).await, Ok(Ok(_)))
    }

    fn served(&self, view: &str) -> Option<&Served> {
        let mut views = self.inner.shared.views.iter();
        views.find(|served| served.view.name() == view)
    }

    /// One page of the tickets that this viewer may see. Blocks: call it where blocking is allowed.
    ///
    /// # Errors
    /// See [`QueueError`].
    pub fn queue(&self, viewer: &Visible, query: &QueueQuery) -> Result<QueuePage, QueueError> {
        self.ask_sharing(queue::NAME, |connection, shared| {
            queue::page(connection, shared, viewer, query, self.inner.limits)
        })
    }

    /// The position that the queue stands at, and the digest of its rows there in lower-case hexadecimal: see
    /// [`crate::digest`]. Reads every row, some hundred thousand a second.
    ///
    /// # Errors
    /// See [`QueueError`]; never `Invalid` or `BadCursor`.
    pub fn digest(&self) -> Result<(Position, String), QueueError> {
        self.ask(queue::NAME, |connection| {
            digest::digest(connection).map_err(QueueError::Sqlite)
        })
    }

    /// All logical rows of all views in the order of their keys, as text: equal for views kept live and made anew. Full text
    /// is left out (design §4, "A view's digest").
    ///
    /// # Errors
    /// See [`QueueError`]; never `Invalid` or `BadCursor`.
    pub fn dump(&self) -> Result<String, QueueError> {
        let mut out = String::new();
        for served in &self.inner.shared.views {
            self.ask(served.view.name(), |connection| {
                dump::add(connection, served.view.rows(), &mut out).map_err(QueueError::Sqlite)
            })?;
        }
        Ok(out)
    }

    /// Takes persons, whose keys are destroyed, out of every file and leaves nothing of them there: the rows that were made of
    /// streams with values of theirs are made anew. Returns at once; readers are served all along.
    #[must_use = "it says when nothing is left"]
    pub fn erase(&self, streams: BTreeSet<StreamName>) -> Work {
        let shared = &self.inner.shared;
        let work = shared.erasures.ask(streams);
        shared.wake();
        work
    }

    /// Makes new files from the log beside those that serve, and puts them in their place when they have caught up: of the
    /// views that hold texts and names in clear. This is what a release does whose views have another form. Returns at
    /// once; readers are served all along. What is asked for while a renewal is under way is one more afterwards.
    #[must_use = "it says when the old files are gone"]
    pub fn renew(&self) -> Work {
        let shared = &self.inner.shared;
        let views = shared.views.iter().enumerate();
        let renewal = shared.renewals.ask(
            views
                .filter(|(_, served)| served.view.is_personal())
                .map(|(index, _)| index),
        );
        shared.wake();
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
        self.ask(series::NAME, |connection| {
            series::series(connection, viewer, desk, from, to)
        })
    }

    /// Gives every file up and has it made anew from the log: for ones that are damaged. Returns at once; until it is done
    /// readers are answered with [`QueueError::Rebuilding`].
    pub fn rebuild(&self) {
        let shared = &self.inner.shared;
        shared.views.iter().for_each(|served| shared.give_up(served));
    }

    /// Asks a view by its name, on one of its read-only connections. Blocks: call it where blocking is allowed.
    ///
    /// # Errors
    /// See [`QueueError`]; [`QueueError::Closed`] when there is no such view.
    pub fn ask<T>(
        &self,
        view: &str,
        question: impl FnOnce(&mut Connection) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        self.ask_sharing(view, |connection, _| question(connection))
    }

    fn ask_sharing<T>(
        &self,
        view: &str,
        question: impl FnOnce(&mut Connection, &view::Shared) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        let shared = &self.inner.shared;
        let served = self.served(view).ok_or(QueueError::Closed)?;
        let done = served
            .pool
            .with(|connection, shared| question(connection, shared).map_err(AskError::Queue));
        done.map_err(|error| match error {
            AskError::Lend(LendError::Closed) => QueueError::Closed,
            AskError::Lend(LendError::Rebuilding) => self.rebuilding(),
            AskError::Lend(LendError::Sqlite(error)) | AskError::Queue(QueueError::Sqlite(error))
                if is_damage(&error) =>
            {
                tracing::error!(
                    view,
                    error = &error as &(dyn std::error::Error + 'static),
                    "the view is damaged"
                );
                shared.give_up(served);
                self.rebuilding()
            }
            AskError::Lend(LendError::Sqlite(error)) => QueueError::Sqlite(error),
            AskError::Queue(error) => error,
        })
    }

    fn rebuilding(&self) -> QueueError {
        QueueError::Rebuilding {
            position: Position(self.inner.shared.making.load(Ordering::Relaxed)),
        }
    }

    /// Stops the follower and closes the files. Blocks until done; other clones are answered with
    /// [`QueueError::Closed`].
    pub fn close(self) {
        self.inner.stop();
    }
}

enum AskError {
    Lend(LendError),
    Queue(QueueError),
}

impl From<LendError> for AskError {
    fn from(error: LendError) -> AskError {
        AskError::Lend(error)
    }
}

impl Inner {
    fn stop(&self) {
        self.shared.stop();
        let follower = self.follower.lock().take();
        if let Some(follower) = follower
            && follower.join().is_err()
        {
            tracing::error!("the follower of the views panicked");
        }
        // A file that is made anew and not yet taken over is left to the next start.
        drop(self.shared.renewals.take_ready());
        self.shared.renewals.join();
        self.shared
            .views
            .iter()
            .for_each(|served| served.pool.shut(Gate::Closed));
        self.shared.renewals.done.close();
        self.shared.erasures.done.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}
