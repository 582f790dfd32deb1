//! The writer: one thread that follows the log, and rebuilds the file when there is no using it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use event_log::{EventLog, Position, ReadError, Recorded};
use rusqlite::ErrorCode;
use tokio::{
    runtime::Runtime,
    sync::{Notify, watch},
};

use crate::{
    open::Open,
    pool::{Gate, Pool},
    read_event::{self, Fact},
    rebuild,
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
            stop: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// Asks the writer to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Asks the writer to make the file anew: a reader found it damaged, or it says what it must say no more.
    pub(crate) fn rebuild(&self) {
        self.damaged.store(true, Ordering::Release);
        self.wake.notify_one();
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
    #[error("the views are being closed")]
    Stopped,
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
pub(crate) fn facts(events: &[Recorded], open: &Open, shared: &Shared) -> Vec<Fact> {
    let read = |recorded: &Recorded| {
        read_event::read(recorded, open).unwrap_or_else(|error| {
            shared.skipped.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                position = recorded.position.0,
                event_type = recorded.envelope.event_type,
                error = &error as &(dyn std::error::Error + 'static),
                "an event cannot be read and is missing from the views"
            );
            Fact::Nothing
        })
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

/// The thread's own things.
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: EventLog,
    pub(crate) open: Open,
    pub(crate) path: PathBuf,
    pub(crate) rebuild_bytes_max: usize,
    pub(crate) runtime: Runtime,
}

/// Why the writer stopped following.
enum End {
    Stopped,
    Damaged,
}

impl Writer {
    /// Follows the log until the views are closed, from a file that is good or from none.
    pub(crate) fn run(self, mut store: Option<Store>) {
        while !self.shared.stopped() {
            let mut current = match store.take() {
                Some(store) => store,
                None => {
                    self.shared.damaged.store(false, Ordering::Release);
                    match rebuild::rebuild(&self) {
                        Ok(store) => store,
                        Err(StepError::Stopped) => break,
                        Err(error) => {
                            self.failed(&error);
                            continue;
                        }
                    }
                }
            };
            // First the readers: whoever waits for the position reads as soon as it is there.
            self.shared.pool.open();
            self.shared.position.send_replace(current.checkpoint().position);
            // The readers leave before the writer, so that the last to leave may write the log of the file back.
            match self.follow(&mut current) {
                End::Stopped => self.shared.pool.shut(Gate::Closed),
                End::Damaged => {
                    tracing::warn!(path = %self.path.display(), "the view is made anew from the log");
                    self.shared.pool.shut(Gate::Rebuilding);
                    self.shared.position.send_replace(Position(0));
                }
            }
        }
        self.shared.pool.shut(Gate::Closed);
    }

    fn follow(&self, store: &mut Store) -> End {
        loop {
            if self.shared.stopped() {
                return End::Stopped;
            }
            if self.shared.damaged.swap(false, Ordering::AcqRel) {
                return End::Damaged;
            }
            match self.step(store) {
                Ok(true) => {}
                Ok(false) => self.wait(store.checkpoint().position),
                Err(StepError::Sqlite(error)) if is_damage(&error) => return End::Damaged,
                Err(error) => self.failed(&error),
            }
        }
    }

    /// Folds and commits what the log has more than the view; `false` when that is nothing.
    fn step(&self, store: &mut Store) -> Result<bool, StepError> {
        let events = match self.log.read(store.checkpoint().position, BATCH_EVENTS_MAX) {
            Ok(events) => events,
            // What is folded can still be read, until the views are closed too.
            Err(ReadError::Closed) => return Ok(false),
            Err(error) => return Err(StepError::Log(error)),
        };
        let Some(checkpoint) = reached(&events) else {
            return Ok(false);
        };
        let folded = facts(&events, &self.open, &self.shared)
            .into_iter()
            .try_for_each(|fact| store.fold(fact));
        if let Err(error) = folded {
            store.forget().map_err(StepError::Sqlite)?;
            return Err(StepError::Sqlite(error));
        }
        store.reach(checkpoint);
        store.commit().map_err(StepError::Sqlite)?;
        self.shared.position.send_replace(checkpoint.position);
        Ok(true)
    }

    fn wait(&self, position: Position) {
        self.runtime.block_on(async {
            tokio::select! {
                more = self.log.wait_past(position) => if more.is_err() {
                    self.shared.wake.notified().await;
                },
                () = self.shared.wake.notified() => {}
            }
        });
    }

    fn failed(&self, error: &StepError) {
        tracing::error!(
            path = %self.path.display(),
            error = error as &(dyn std::error::Error + 'static),
            retry_ms = RETRY_MS,
            "the view does not follow the log"
        );
        self.runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(RETRY_MS)) => {}
                () = self.shared.wake.notified() => {}
            }
        });
    }
}
