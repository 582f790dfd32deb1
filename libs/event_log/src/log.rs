//! The handle.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use crate::append::{self, AppendError};
use crate::archive::{self, SealError};
use crate::commit::{Appended, Commit};
use crate::encode;
use crate::envelope::Recorded;
use crate::key;
use crate::life::Life;
use crate::name::StreamName;
use crate::open::{OpenError, OpenReport, Options};
use crate::place::{CommandId, Position, Version};
use crate::queue::{Answer, Submission};
use crate::read::{self, ReadError, Stored};
use crate::shared::{LogState, Opening, Shared};
use crate::tail::{self, Closed, Tail};

/// A handle on the log; clones share it. The log closes with its last handle, or with [`EventLog::close`].
#[derive(Debug, Clone)]
pub struct EventLog {
    life: Arc<Life>,
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
        let life = Life::begin(dir.to_owned(), options)?;
        Ok(EventLog { life: Arc::new(life) })
    }

    fn shared(&self) -> &Shared {
        &self.life.shared
    }

    fn opening(&self) -> Result<Arc<Opening>, ReadError> {
        self.shared().opening()
    }

    /// What was found and mended while opening, the last time.
    #[must_use]
    pub fn open_report(&self) -> Arc<OpenReport> {
        self.shared().report()
    }

    /// Enqueues a commit at once, so that the order of calls is the order of the log, and resolves when it is on disk. Dropping the
    /// future cancels nothing. Every answer, refusals and repetitions included, waits until all that was enqueued before is on disk,
    /// save a refusal for the commit's own form, which comes at once.
    pub fn append(
        &self,
        mut commit: Commit,
    ) -> impl Future<Output = Result<Appended, AppendError>> + Send + 'static + use<> {
        let enqueued = self.enqueue(&mut commit);
        let shared = Arc::clone(&self.life.shared);
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
        if let LogState::ReadOnly { reason, floor } = self.shared().state() {
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
        let read_only = matches!(self.shared().state(), LogState::ReadOnly { .. }).then(|| self.head());
        let enqueued = match read_only {
            Some(_) => Ok(()),
            None => self.shared().queue.push(Submission::Settled(sender)),
        };
        let shared = Arc::clone(&self.life.shared);
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

    /// The latest `at` on disk, which no event may lie behind by more than [`crate::limits::CLOCK_BEHIND_MAX_MS`]; `None` for an empty
    /// log.
    #[must_use]
    pub fn last_at(&self) -> Option<DateTime<Utc>> {
        self.shared().last_at()
    }

    /// At most `limit` events after a position, ascending.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        read::range(&self.opening()?.store, self.head(), after, limit)
    }

    /// At most `limit` events after a position, ascending, whose stored bytes come to at most `bytes_max`, or the first one alone when
    /// it is larger. Blocks are checked, envelopes are not read: millions of events a second, for the tree, the export and the archive.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_stored(
        &self,
        after: Position,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Vec<Stored>, ReadError> {
        read::stored(&self.opening()?.store, self.head(), after, limit, bytes_max)
    }

    /// The first and the last position of the next segment to seal, when everything up to `archived` is in the archive: from the next
    /// event on [`archive::SEGMENT_EVENTS`], or fewer once their stored bytes reach [`archive::SEGMENT_EVENT_BYTES`]. `None` while the
    /// log has less than that. Reads up to a segment, so it is not for every second.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn next_segment(&self, archived: Position) -> Result<Option<(Position, Position)>, ReadError> {
        archive::next(&self.opening()?.store, self.head(), archived)
    }

    /// The bytes of the segment that holds these positions, for a file named [`archive::segment_name`].
    ///
    /// # Errors
    /// See [`archive::SealError`].
    pub fn segment(&self, first: Position, last: Position) -> Result<Vec<u8>, SealError> {
        archive::seal(&self.opening()?.store, self.epoch(), self.head(), (first, last))
    }

    /// At most `limit` events of a stream after a version, ascending. Costs what is read: the way there is known once it was gone.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let opening = self.opening()?;
        opening.noticed(read::stream(&opening, stream, after, limit))
    }

    /// The version that a stream had after the event at a position of the log, whichever stream that is of; 0 when it had none.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn stream_version_at(&self, stream: &StreamName, position: Position) -> Result<Version, ReadError> {
        let opening = self.opening()?;
        opening.noticed(read::stream_version_at(&opening, stream, position))
    }

    /// All events after a position of the streams whose name is the category, or starts with it and a hyphen, ascending.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_category(&self, category: &str, after: Position) -> Result<Vec<Recorded>, ReadError> {
        let opening = self.opening()?;
        opening.noticed(read::category(&opening.store, &opening.index, category, after))
    }

    /// The version of a stream; 0 when there is none.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn stream_version(&self, stream: &StreamName) -> Result<Version, ReadError> {
        let opening = self.opening()?;
        let found = opening.index.get(key::stream(stream.as_str()));
        let found = opening.noticed(found.map_err(ReadError::Index))?;
        Ok(Version(found.map_or(0, |(version, _)| version)))
    }

    /// The digest and the events of a command that is on disk; the answer says `repeated`.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn command(&self, id: CommandId) -> Result<Option<([u8; 32], Appended)>, ReadError> {
        let opening = self.opening()?;
        opening.noticed(read::command(&opening.store, &opening.index, id))
    }

    /// The last position whose running maximum of `at` is not later than an instant (design §3, Time); 0 when the first is later.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn position_at(&self, at: DateTime<Utc>) -> Result<Position, ReadError> {
        read::position_at(&self.opening()?.store, self.head(), at)
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
        Tail::new(Arc::clone(&self.life.shared), after)
    }

    /// Whether the log takes writes. Asks for the free space at most once per [`crate::limits::SPACE_CHECK_MS`], and each time while
    /// the disk is full.
    #[must_use]
    pub fn state(&self) -> LogState {
        if let Ok(opening) = self.opening()
            && let Ok(shortage) = opening.space.shortage()
        {
            self.shared().note_space(shortage);
        }
        self.shared().state()
    }

    /// Makes a log read-only while it runs, such as when it was found to differ from a signed checkpoint. Returns when what was under
    /// way is on disk and told; what waits is refused as `ReadOnly`. It stays so until the process opens the log again, and a log
    /// that is read-only already keeps its reason. Blocks for as long as a group takes.
    ///
    /// `floor` is the position that should be there or should be another.
    pub fn hold(&self, reason: &str, floor: Position) {
        self.life.hold(reason, floor);
    }

    /// Opens a log that has stopped ([`LogState::Poisoned`]) anew in place, with all the care of [`EventLog::open`]. All handles,
    /// tails and waits go on. What was under way when it stopped may be there or not: whoever was told `Stopped` asks again with the
    /// same `command_id`. A log that lacks something of what was answered is read-only afterwards. Does nothing in any other state.
    ///
    /// Reads go on until the exchange and wait during it: for as long as opening takes. Blocks.
    ///
    /// # Errors
    /// `DiskFull` while there is less space than the reserve, and `Locked` when a read does not end within
    /// [`Options::lock_wait_ms`]: both leave the log as it is, and reads go on. With any other error the log stays stopped and cannot
    /// be read until a later call succeeds.
    pub fn reopen(&self) -> Result<(), OpenError> {
        self.life.reopen()
    }

    /// How often a loss was accepted (design §4.5).
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.shared().epoch
    }

    /// Writes `HEAD` now, as before a checkpoint is signed, and returns the position it holds.
    ///
    /// # Errors
    /// `ReadOnly`, `Stopped` or `Closed`; a failure to write the file stops the log.
    pub fn write_head(&self) -> Result<Position, AppendError> {
        match self.shared().state() {
            LogState::ReadOnly { reason, floor } => return Err(AppendError::ReadOnly { reason, floor }),
            LogState::Poisoned { reason } => return Err(AppendError::Stopped { reason }),
            LogState::Writable | LogState::Full { .. } => {}
        }
        let opening = self.opening().map_err(|_closed| AppendError::Closed)?;
        opening.head_keeper.write().map_err(|error| {
            let reason = format!("HEAD cannot be written: {error}");
            self.shared().poison(&reason);
            AppendError::Stopped { reason }
        })
    }

    /// Writes what is enqueued, then `HEAD` and the index, leaves a snapshot of the database when much was written (seconds after
    /// millions of events), gives the lock back, and returns when all is done. Other handles answer `Closed` from then on.
    pub fn close(self) {
        self.life.shutdown();
    }
}
