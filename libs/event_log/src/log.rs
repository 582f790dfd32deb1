//! The handle.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::append::{self, AppendError};
use crate::commit::{Appended, Commit};
use crate::encode;
use crate::envelope::Recorded;
use crate::key;
use crate::name::StreamName;
use crate::open::{self, OpenError, OpenReport, Options};
use crate::place::{CommandId, Position, Version};
use crate::queue::{Answer, Submission};
use crate::read::{self, ReadError};
use crate::shared::{LogState, Shared};
use crate::store::Store;
use crate::tail::{self, Closed, Tail};

/// Events written since opening from which on closing takes the time to leave a snapshot of the database. sled writes one only when
/// it is opened, and the next start reads what was written since; below this that takes a few hundredths of a second.
const SNAPSHOT_EVENTS_MIN: u64 = 100_000;

/// A handle on the log; clones share it. The log closes with its last handle, or with [`EventLog::close`].
#[derive(Debug, Clone)]
pub struct EventLog {
    inner: Arc<Inner>,
}

/// Ends the threads when the last handle goes. Futures and tails hold only what is shared, so they do not keep the log open.
#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    opened: Opened,
}

/// What closing needs to know of opening.
#[derive(Debug)]
struct Opened {
    dir: PathBuf,
    options: Options,
    head: Position,
}

impl EventLog {
    /// Opens the log in a directory, which is made when there is none. Holds its lock until closed.
    ///
    /// What the disk or another process has spoiled is mended where nothing is lost by it (see [`OpenReport`]); a log that lacks
    /// what has been seen of it opens read-only (see [`EventLog::state`]).
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(dir: &Path, options: Options) -> Result<EventLog, OpenError> {
        let (shared, threads) = open::open(dir, &options)?;
        let opened = Opened {
            dir: dir.to_owned(),
            options,
            head: shared.head(),
        };
        Ok(EventLog {
            inner: Arc::new(Inner {
                shared,
                threads: Mutex::new(threads),
                opened,
            }),
        })
    }

    fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    /// What was found and mended while opening.
    #[must_use]
    pub fn open_report(&self) -> &OpenReport {
        &self.shared().report
    }

    /// Enqueues a commit at once, so that the order of calls is the order of the log, and resolves when it is on disk. Dropping the
    /// future cancels nothing. Every answer, refusals and repetitions included, waits until all that was enqueued before is on disk,
    /// save a refusal for the commit's own form, which comes at once.
    pub fn append(
        &self,
        mut commit: Commit,
    ) -> impl Future<Output = Result<Appended, AppendError>> + Send + 'static + use<> {
        let enqueued = self.enqueue(&mut commit);
        let shared = Arc::clone(&self.inner.shared);
        async move {
            match enqueued?.await {
                Ok(answer) => append::appended(&shared, commit, answer?),
                Err(_gone) => Err(append::stopped(&shared)),
            }
        }
    }

    fn enqueue(
        &self,
        commit: &mut Commit,
    ) -> Result<oneshot::Receiver<Result<Answer, AppendError>>, AppendError> {
        if let LogState::ReadOnly { reason, floor } = self.state() {
            return Err(AppendError::ReadOnly { reason, floor });
        }
        let encoded = encode::encode(commit)?;
        let (sender, receiver) = oneshot::channel();
        self.shared()
            .queue
            .push(Submission::Commit(Box::new(encoded), sender))?;
        Ok(receiver)
    }

    /// Resolves, with the head, once everything enqueued before the call is on disk.
    pub fn settled(&self) -> impl Future<Output = Result<Position, AppendError>> + Send + 'static + use<> {
        let (sender, receiver) = oneshot::channel();
        let read_only = matches!(self.state(), LogState::ReadOnly { .. }).then(|| self.head());
        let enqueued = match read_only {
            Some(_) => Ok(()),
            None => self.shared().queue.push(Submission::Settled(sender)),
        };
        let shared = Arc::clone(&self.inner.shared);
        async move {
            if let Some(head) = read_only {
                return Ok(head);
            }
            enqueued?;
            receiver
                .await
                .unwrap_or_else(|_gone| Err(append::stopped(&shared)))
        }
    }

    /// The last position on disk; 0 for an empty log.
    #[must_use]
    pub fn head(&self) -> Position {
        self.shared().head()
    }

    /// At most `limit` events after a position, ascending.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        read::range(&*self.shared().store()?, self.head(), after, limit)
    }

    /// At most `limit` events of a stream after a version, ascending.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let store = self.shared().store()?;
        self.shared()
            .noticed(read::stream(&store, &self.shared().index, stream, after, limit))
    }

    /// All events after a position of the streams whose name is the category, or starts with it and a hyphen, ascending.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_category(&self, category: &str, after: Position) -> Result<Vec<Recorded>, ReadError> {
        let store = self.shared().store()?;
        self.shared()
            .noticed(read::category(&store, &self.shared().index, category, after))
    }

    /// The version of a stream; 0 when there is none.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn stream_version(&self, stream: &StreamName) -> Result<Version, ReadError> {
        let found = self
            .shared()
            .index
            .get(key::stream(stream.as_str()))
            .map_err(ReadError::Index);
        Ok(Version(
            self.shared().noticed(found)?.map_or(0, |(version, _)| version),
        ))
    }

    /// The digest and the events of a command that is on disk; the answer says `repeated`.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn command(&self, id: CommandId) -> Result<Option<([u8; 32], Appended)>, ReadError> {
        let store = self.shared().store()?;
        self.shared()
            .noticed(read::command(&store, &self.shared().index, id))
    }

    /// The last position whose running maximum of `at` is not later than an instant (design §3, Time); 0 when the first is later.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn position_at(&self, at: DateTime<Utc>) -> Result<Position, ReadError> {
        read::position_at(&*self.shared().store()?, self.head(), at)
    }

    /// Resolves, with the head, once the head is past a position.
    pub fn wait_past(
        &self,
        position: Position,
    ) -> impl Future<Output = Result<Position, Closed>> + Send + 'static + use<> {
        tail::wait_past(self.shared().progress(), position)
    }

    /// Everything after a position, first what is there, then what comes.
    #[must_use]
    pub fn tail(&self, after: Position) -> Tail {
        Tail::new(Arc::clone(&self.inner.shared), after)
    }

    /// Whether the log takes writes.
    #[must_use]
    pub fn state(&self) -> LogState {
        self.shared().state()
    }

    /// How often a loss was accepted (design §4.5).
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.shared().head_keeper.epoch()
    }

    /// Writes `HEAD` now, as before a checkpoint is signed, and returns the position it holds.
    ///
    /// # Errors
    /// `ReadOnly`, `Stopped` or `Closed`; a failure to write the file stops the log.
    pub fn write_head(&self) -> Result<Position, AppendError> {
        match self.state() {
            LogState::ReadOnly { reason, floor } => return Err(AppendError::ReadOnly { reason, floor }),
            LogState::Poisoned { reason } => return Err(AppendError::Stopped { reason }),
            LogState::Writable => {}
        }
        self.shared().store().map_err(|_closed| AppendError::Closed)?;
        self.shared().head_keeper.write().map_err(|error| {
            let reason = format!("HEAD cannot be written: {error}");
            self.shared().poison(&reason);
            AppendError::Stopped { reason }
        })
    }

    /// Writes what is enqueued, then `HEAD` and the index, leaves a snapshot of the database when much was written (seconds after
    /// millions of events), gives the lock back, and returns when all is done. Other handles answer `Closed` from then on.
    pub fn close(self) {
        self.inner.shutdown();
    }
}

impl Inner {
    fn shutdown(&self) {
        let mut threads = self.threads.lock();
        self.shared.queue.end(crate::queue::Ended::Closed);
        self.shared.head_keeper.stop();
        for thread in threads.drain(..) {
            if thread.join().is_err() {
                self.shared.poison("a thread of the log panicked");
            }
        }
        if self.shared.state() == LogState::Writable
            && self.shared.store().is_ok()
            && let Err(error) = self.shared.head_keeper.write()
        {
            tracing::error!(%error, "HEAD could not be written at stop");
        }
        if let Err(error) = self.shared.index.close() {
            tracing::warn!(%error, "the index could not be written at stop; it is completed from the log at the next open");
        }
        if let Some(store) = self.shared.take_store() {
            self.close_store(store);
        }
    }

    fn close_store(&self, store: Store) {
        let lock = store.close();
        let written = self.shared.head().0 - self.opened.head.0;
        if written >= SNAPSHOT_EVENTS_MIN && self.shared.state() == LogState::Writable {
            let path = open::database_path(&self.opened.dir);
            if let Err(error) = open::leave_snapshot(&path, &self.opened.options) {
                tracing::warn!(%error, "no snapshot could be left; the next start takes longer");
            }
        }
        drop(lock);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shutdown();
    }
}
