//! The follower: one thread that reads the log, decodes each event once, and hands it to every view.

use std::{
    mem,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use event_log::{EventLog, Position, RETRY_MS, ReadError, Recorded, StreamName, Version, Waiter};
use rusqlite::ErrorCode;
use supervision::{End, Supervisor, Worker};
use tokio::sync::{Notify, watch};

use super::{
    erase::Erasures,
    found::existing,
    place::RemoveError,
    pool::{Gate, Pool},
    renew::{Ready, Renewals},
    store::{Checkpoint, Store},
};
use crate::{
    event::{self, Fact, Told},
    view::View,
    views::Open,
};

/// Most events of one transaction when a view is behind (design §4, "Views on SQLite"). A lone event is a transaction of
/// its own, at once.
pub(crate) const BATCH_EVENTS_MAX: usize = 2_000;

/// A view as its readers find it.
pub(crate) struct Served {
    pub(crate) view: Arc<dyn View>,
    pub(crate) pool: Pool,
    /// Last position folded and committed; 0 while there is no file.
    pub(crate) position: watch::Sender<Position>,
    is_damaged: AtomicBool,
}

/// What the follower and the handles share.
pub(crate) struct Shared {
    pub(crate) views: Vec<Served>,
    /// Last position folded into files that are being made.
    pub(crate) making: AtomicU64,
    /// Events that could not be read and were passed over, since the views were opened.
    pub(crate) skipped: AtomicU64,
    pub(crate) renewals: Renewals,
    pub(crate) erasures: Erasures,
    stop: AtomicBool,
    pub(crate) wake: Arc<Notify>,
}

impl Served {
    pub(crate) fn new(view: Arc<dyn View>, pool: Pool) -> Served {
        Served {
            view,
            pool,
            position: watch::Sender::new(Position(0)),
            is_damaged: AtomicBool::new(false),
        }
    }

    /// Lets readers into a file, who then find what the position says.
    pub(crate) fn open(&self, store: &Store) {
        self.pool.open(store.shared());
        self.position.send_replace(store.checkpoint().position);
    }
}

impl Shared {
    pub(crate) fn new(views: Vec<Served>) -> Shared {
        Shared {
            views,
            making: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            renewals: Renewals::default(),
            erasures: Erasures::default(),
            stop: AtomicBool::new(false),
            wake: Arc::default(),
        }
    }

    /// Asks the follower to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
    }

    /// Has the follower look at what it has been told.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Asks the follower to give a file up, which a reader found damaged, and to have it made anew.
    pub(crate) fn give_up(&self, served: &Served) {
        served.is_damaged.store(true, Ordering::Release);
        self.wake();
    }
}

/// Why the follower could not take a step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error("the log cannot be read")]
    Log(#[source] ReadError),
    #[error("the file of {view:?} cannot be written")]
    Sqlite {
        view: &'static str,
        #[source]
        source: rusqlite::Error,
    },
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
    /// Says which view SQLite failed on.
    pub(crate) fn of(view: &Arc<dyn View>) -> impl Fn(rusqlite::Error) -> StepError {
        let view = view.name();
        move |source| StepError::Sqlite { view, source }
    }

    /// A code for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            StepError::Log(_) => "log-unreadable",
            StepError::Sqlite { source, .. } if source.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                "disk-full"
            }
            StepError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => "disk-full",
            StepError::Sqlite { .. } | StepError::Io { .. } => "file-unwritable",
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

/// What files are made of.
#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: EventLog,
    pub(crate) open: Open,
    pub(crate) rebuild_bytes_max: usize,
    pub(crate) supervisor: Supervisor,
}

/// A batch of events, decoded, and the place that it reaches.
pub(crate) type Batch = (Vec<Told>, Checkpoint);

impl Feed {
    /// The events after a position, at most `max`; nothing when there is none.
    pub(crate) fn read(&self, after: Position, max: usize) -> Result<Option<Batch>, StepError> {
        let events = match self.log.read(after, max) {
            Ok(events) => events,
            // What is folded can still be read, until the views are closed too.
            Err(ReadError::Closed) => return Ok(None),
            Err(error) => return Err(StepError::Log(error)),
        };
        let reached = events.last().map(|last| Checkpoint {
            position: last.position,
            digest: last.digest(),
        });
        Ok(reached.map(|reached| (events.iter().map(|event| self.told(event)).collect(), reached)))
    }

    /// What all events of a stream tell.
    pub(crate) fn read_stream(&self, stream: &StreamName) -> Result<Vec<Told>, StepError> {
        let events = self.log.read_stream(stream, Version(0), usize::MAX);
        let events = events.map_err(StepError::Log)?;
        Ok(events.iter().map(|event| self.told(event)).collect())
    }

    /// What cannot be read tells nothing: one event must not stop every screen.
    fn told(&self, recorded: &Recorded) -> Told {
        let fact = event::read(recorded.position, &recorded.envelope, &self.open);
        let fact = fact.unwrap_or_else(|error| {
            self.shared.skipped.fetch_add(1, Ordering::Relaxed);
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
    }
}

/// The thread's own things.
pub(crate) struct Follower {
    pub(crate) feed: Feed,
    pub(crate) waiter: Waiter,
    /// The files that serve, in the order of [`Shared::views`].
    pub(crate) stores: Vec<Option<Store>>,
    /// The files were looked for when the views were opened; a run that broke off has to look for them again.
    pub(crate) are_found: bool,
}

impl Follower {
    /// Follows the log until the views are closed.
    pub(crate) fn run(&mut self, worker: &Worker) -> End {
        if !mem::take(&mut self.are_found)
            && let Err(error) = self.find()
        {
            tracing::error!(
                error = &error as &(dyn std::error::Error + 'static),
                "a view cannot be opened"
            );
            return End::Failed("file-unreadable");
        }
        let shared = Arc::clone(&self.feed.shared);
        for (index, served) in shared.views.iter().enumerate() {
            match &self.stores[index] {
                Some(store) => {
                    served.open(store);
                    if !store.is_current {
                        shared.renewals.want(index);
                    }
                }
                None => self.lose(index),
            }
        }
        while !shared.stopped() {
            worker.turn();
            match self.step() {
                Ok(true) => worker.is_well(),
                Ok(false) => self.wait(),
                Err(error) => self.failed(&error, worker),
            }
        }
        // The readers leave before the writer, so that the last to leave may write the log of the file back.
        shared
            .views
            .iter()
            .for_each(|served| served.pool.shut(Gate::Closed));
        End::Done
    }

    fn find(&mut self) -> Result<(), crate::OpenViewsError> {
        for (served, store) in self.feed.shared.views.iter().zip(&mut self.stores) {
            *store = existing(&served.view, &served.pool.path(), &self.feed.log)?;
        }
        Ok(())
    }

    /// Takes what was made anew, and a batch for every view that lacks something; `false` when there was nothing to do.
    fn step(&mut self) -> Result<bool, StepError> {
        let shared = Arc::clone(&self.feed.shared);
        for (index, served) in shared.views.iter().enumerate() {
            if served.is_damaged.swap(false, Ordering::AcqRel) {
                self.lose(index);
            }
        }
        shared.renewals.begin(&self.feed);
        let mut moved = false;
        for ready in shared.renewals.take_ready() {
            self.take_over(ready)?;
            moved = true;
        }
        moved |= !shared.renewals.is_busy() && self.erase()?;
        Ok(self.advance()? || moved)
    }

    /// Gives the file of a view up: it is made anew, and nobody reads meanwhile.
    fn lose(&mut self, index: usize) {
        let shared = &self.feed.shared;
        let Some(served) = shared.views.get(index) else {
            return;
        };
        // The views of a new log have nothing to be made from.
        if self.feed.log.head() > Position(0) {
            tracing::warn!(view = served.view.name(), "the view is made anew from the log");
        }
        served.pool.shut(Gate::Rebuilding);
        served.position.send_replace(Position(0));
        self.stores[index] = None;
        shared.renewals.want(index);
    }

    /// Views that stand at the same place take the same batch, and all of them do but for a moment. One that fails keeps
    /// none of the others.
    fn advance(&mut self) -> Result<bool, StepError> {
        let mut places: Vec<Position> = self
            .stores
            .iter()
            .flatten()
            .map(|store| store.checkpoint().position)
            .collect();
        places.sort_unstable();
        places.dedup();
        let (mut moved, mut failure) = (false, None);
        for place in places {
            let Some((told, reached)) = self.feed.read(place, BATCH_EVENTS_MAX)? else {
                continue;
            };
            for (index, served) in self.feed.shared.views.iter().enumerate() {
                let here = |store: &&mut Store| store.checkpoint().position == place;
                let Some(store) = self.stores[index].as_mut().filter(here) else {
                    continue;
                };
                match store.take(&told, reached) {
                    Ok(()) => {
                        served.position.send_replace(reached.position);
                        moved = true;
                    }
                    Err(error) if is_damage(&error) => self.feed.shared.give_up(served),
                    Err(error) => failure = Some(StepError::of(&served.view)(error)),
                }
            }
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(moved),
        }
    }

    /// Puts a new file in the place of the old one. Whoever reads the old one reads it to the end; whoever comes after this
    /// finds at least what the old one had.
    fn take_over(&mut self, mut ready: Ready) -> Result<(), StepError> {
        let served = &self.feed.shared.views[ready.index];
        let old = self.stores[ready.index].as_ref();
        let reached = old.map_or(Position(0), |store| store.checkpoint().position);
        while ready.store.checkpoint().position < reached {
            let place = ready.store.checkpoint().position;
            let Some((told, to)) = self.feed.read(place, BATCH_EVENTS_MAX)? else {
                return Ok(());
            };
            ready.store.take(&told, to).map_err(StepError::of(&served.view))?;
        }
        let old = served.pool.turn_to(ready.path, ready.store.shared());
        served.position.send_replace(ready.store.checkpoint().position);
        self.stores[ready.index] = Some(ready.store);
        // Nobody listens only when the renewal has panicked; the next start removes the old file.
        let _ = ready.replaced.send(old);
        Ok(())
    }

    fn wait(&self) {
        let places = self
            .stores
            .iter()
            .flatten()
            .map(|store| store.checkpoint().position);
        let position = places.min().unwrap_or_else(|| self.feed.log.head());
        self.waiter.wait(&self.feed.log, position);
    }

    fn failed(&self, error: &StepError, worker: &Worker) {
        worker.is_failing(error.code());
        tracing::error!(
            error = error as &(dyn std::error::Error + 'static),
            retry_ms = RETRY_MS,
            "a view does not follow the log"
        );
        self.waiter.pause();
    }
}
