//! The writer: one thread that follows the log, and rebuilds the file when there is no using it.

use std::{
    mem,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use event_log::{EventLog, Position, ReadError, Recorded};
use rusqlite::ErrorCode;
use supervision::{End as Run, Supervisor, Worker};
use tokio::{
    runtime::Runtime,
    sync::{Notify, watch},
};

use crate::{
    open::{Open, existing},
    place::RemoveError,
    pool::{Gate, Pool},
    read_event::{self, Fact, Told},
    rebuild,
    renew::{Ready, Renewals},
    store::{Checkpoint, Store},
};

/// Most events of one transaction when the view is behind (design §4, "Views on SQLite"). A lone event is a
/// transaction of its own, at once.
pub(crate) const BATCH_EVENTS_MAX: usize = 2_000;
/// How long the writer waits after a failure before it tries again, milliseconds.
const RETRY_MS: u64 = 1_000;

/// What the writer and the handles share.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    /// Last position folded and committed.
    pub(crate) position: watch::Sender<Position>,
    /// Last position folded by a rebuild that is under way.
    pub(crate) rebuilding: AtomicU64,
    /// Events that could not be read and were passed over, since the views were opened.
    pub(crate) skipped: AtomicU64,
    pub(crate) renewals: Renewals,
    stop: AtomicBool,
    damaged: AtomicBool,
    wake: Notify,
}

impl Shared {
    pub(crate) fn new(pool: Pool) -> Shared {
        Shared {
            pool,
            position: watch::Sender::new(Position(0)),
            rebuilding: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            renewals: Renewals::default(),
            stop: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// Asks the writer to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
    }

    /// Has the writer look at what it has been told.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Asks the writer to make the file anew: a reader found it damaged, or it says what it must say no more.
    pub(crate) fn rebuild(&self) {
        self.damaged.store(true, Ordering::Release);
        self.wake();
    }
}

/// Why the writer could not take a step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error("the log cannot be read")]
    Log(#[source] ReadError),
    #[error("the file cannot be written")]
    Sqlite(#[source] rusqlite::Error),
    #[error("{what} {path}")]
    Io {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the view that was made anew could not be taken over")]
    NotTaken,
    #[error("the views are being closed")]
    Stopped,
}

impl From<RemoveError> for StepError {
    fn from(error: RemoveError) -> StepError {
        StepError::Io {
            what: "cannot remove",
            path: error.path,
            source: error.source,
        }
    }
}

impl StepError {
    /// A code for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            StepError::Log(_) => "log-unreadable",
            StepError::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => "disk-full",
            StepError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => "disk-full",
            StepError::Sqlite(_) | StepError::Io { .. } => "file-unwritable",
            StepError::NotTaken => "not-taken-over",
            StepError::Stopped => "stopped",
        }
    }
}

/// Does SQLite say that the file is damaged, or gone?
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::CannotOpen)
    )
}

/// Reads the facts of events, each with the place that it reaches. What cannot be read tells nothing: one event must
/// not stop every screen.
pub(crate) fn facts(events: &[Recorded], open: &Open, shared: &Shared) -> Vec<Told> {
    let read = |recorded: &Recorded| {
        let fact = read_event::read(recorded.position, &recorded.envelope, open);
        let fact = fact.unwrap_or_else(|error| {
            shared.skipped.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                position = recorded.position.0,
                event_type = recorded.envelope.event_type,
                error = &error as &(dyn std::error::Error + 'static),
                "an event cannot be read and is missing from the views"
            );
            Fact::Nothing
        });
        Told {
            position: recorded.position.0,
            at: recorded.envelope.at,
            fact,
        }
    };
    events.iter().map(read).collect()
}

/// The place that a batch of events reaches.
pub(crate) fn reached(events: &[Recorded]) -> Option<Checkpoint> {
    events.last().map(|last| Checkpoint {
        position: last.position,
        digest: last.digest(),
    })
}

/// What a file is made of.
#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: EventLog,
    pub(crate) open: Open,
    pub(crate) rebuild_bytes_max: usize,
    pub(crate) supervisor: Supervisor,
}

/// Folds and commits what the log has more than a file, at most one transaction; `false` when that is nothing.
pub(crate) fn advance(feed: &Feed, store: &mut Store) -> Result<bool, StepError> {
    let events = match feed.log.read(store.checkpoint().position, BATCH_EVENTS_MAX) {
        Ok(events) => events,
        // What is folded can still be read, until the views are closed too.
        Err(ReadError::Closed) => return Ok(false),
        Err(error) => return Err(StepError::Log(error)),
    };
    let Some(checkpoint) = reached(&events) else {
        return Ok(false);
    };
    let folded = facts(&events, &feed.open, &feed.shared)
        .into_iter()
        .try_for_each(|told| store.fold(told));
    if let Err(error) = folded {
        store.forget().map_err(StepError::Sqlite)?;
        return Err(StepError::Sqlite(error));
    }
    store.reach(checkpoint);
    store.commit().map_err(StepError::Sqlite)?;
    Ok(true)
}

/// The thread's own things.
pub(crate) struct Writer {
    pub(crate) feed: Feed,
    /// The file that serves.
    pub(crate) path: PathBuf,
    pub(crate) runtime: Runtime,
}

/// Why the writer stopped following.
enum End {
    Stopped,
    Damaged,
}

impl Writer {
    /// Follows the log until the views are closed: from the file that was found when they were opened, or from what a run
    /// that broke off has left.
    pub(crate) fn run(&mut self, found: Option<Option<Store>>, worker: &Worker) -> Run {
        let shared = Arc::clone(&self.feed.shared);
        let mut store = match found {
            Some(found) => found,
            None => match existing(&self.path, &self.feed.log) {
                Ok(found) => found.map(|(store, _)| store),
                Err(error) => {
                    tracing::error!(
                        error = &error as &(dyn std::error::Error + 'static),
                        "the view cannot be opened"
                    );
                    return Run::Failed("file-unreadable");
                }
            },
        };
        while !shared.stopped() {
            worker.turn();
            let mut current = match store.take() {
                Some(store) => store,
                None => match self.rebuilt() {
                    Ok(store) => store,
                    Err(StepError::Stopped) => break,
                    Err(error) => {
                        self.failed(&error, worker);
                        continue;
                    }
                },
            };
            // First the readers: whoever waits for the position reads as soon as it is there.
            shared.pool.open();
            shared.position.send_replace(current.checkpoint().position);
            // The readers leave before the writer, so that the last to leave may write the log of the file back.
            match self.follow(&mut current, worker) {
                End::Stopped => shared.pool.shut(Gate::Closed),
                End::Damaged => {
                    tracing::warn!(path = %self.path.display(), "the view is made anew from the log");
                }
            }
        }
        shared.pool.shut(Gate::Closed);
        Run::Done
    }

    /// The file made anew from the log in its own place. Nobody reads it meanwhile.
    fn rebuilt(&self) -> Result<Store, StepError> {
        let shared = &self.feed.shared;
        shared.pool.shut(Gate::Rebuilding);
        shared.position.send_replace(Position(0));
        shared.damaged.store(false, Ordering::Release);
        rebuild::rebuild(&self.feed, &self.path)
    }

    fn follow(&mut self, store: &mut Store, worker: &Worker) -> End {
        let shared = Arc::clone(&self.feed.shared);
        loop {
            worker.turn();
            if shared.stopped() {
                return End::Stopped;
            }
            if shared.damaged.swap(false, Ordering::AcqRel) {
                return End::Damaged;
            }
            shared.renewals.begin(&self.feed);
            if let Some(ready) = shared.renewals.take_ready()
                && let Err(error) = self.take_over(store, ready)
            {
                self.failed(&error, worker);
            }
            match advance(&self.feed, store) {
                Ok(true) => {
                    shared.position.send_replace(store.checkpoint().position);
                    worker.is_well();
                }
                Ok(false) => self.wait(store.checkpoint().position),
                Err(StepError::Sqlite(error)) if is_damage(&error) => return End::Damaged,
                Err(error) => self.failed(&error, worker),
            }
        }
    }

    /// Puts a new file in the place of the old one. Whoever reads the old one reads it to the end; whoever comes after
    /// this finds at least what the old one had.
    fn take_over(&mut self, store: &mut Store, mut ready: Ready) -> Result<(), StepError> {
        while ready.store.checkpoint().position < store.checkpoint().position {
            if !advance(&self.feed, &mut ready.store)? {
                return Ok(());
            }
        }
        self.feed.shared.pool.turn_to(ready.path.clone());
        *store = ready.store;
        let old = mem::replace(&mut self.path, ready.path);
        self.feed
            .shared
            .position
            .send_replace(store.checkpoint().position);
        // Nobody listens only when the renewal has panicked; the next start removes the old file.
        let _ = ready.replaced.send(old);
        Ok(())
    }

    fn wait(&self, position: Position) {
        if self.feed.log.head() > position {
            // It has more and cannot be read now, since it is being opened again.
            self.pause();
            return;
        }
        self.runtime.block_on(async {
            tokio::select! {
                more = self.feed.log.wait_past(position) => if more.is_err() {
                    self.feed.shared.wake.notified().await;
                },
                () = self.feed.shared.wake.notified() => {}
            }
        });
    }

    fn failed(&self, error: &StepError, worker: &Worker) {
        worker.is_failing(error.code());
        tracing::error!(
            path = %self.path.display(),
            error = error as &(dyn std::error::Error + 'static),
            retry_ms = RETRY_MS,
            "the view does not follow the log"
        );
        self.pause();
    }

    fn pause(&self) {
        self.runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(RETRY_MS)) => {}
                () = self.feed.shared.wake.notified() => {}
            }
        });
    }
}
