//! The handle.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::append::AppendError;
use crate::commit::{Appended, Commit};
use crate::envelope::Recorded;
use crate::name::StreamName;
use crate::open::{OpenError, OpenReport, Options};
use crate::place::{CommandId, Position, Version};
use crate::read::ReadError;
use crate::tail::{Closed, Tail};

/// Whether the log takes writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogState {
    /// It does.
    Writable,
    /// It lacks what has been seen elsewhere, or part of it cannot be read.
    ReadOnly {
        /// What an operator should know.
        reason: String,
        /// The position that should be there.
        floor: Position,
    },
    /// The disk or the database failed; open it again.
    Poisoned {
        /// What failed.
        reason: String,
    },
}

/// A handle on the log; clones share it.
#[derive(Debug, Clone)]
pub struct EventLog {}

impl EventLog {
    /// Opens the log in a directory, which is made when there is none.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(_dir: &Path, _options: Options) -> Result<EventLog, OpenError> {
        Ok(EventLog {})
    }

    /// What was found and mended while opening.
    #[must_use]
    pub fn open_report(&self) -> OpenReport {
        OpenReport::default()
    }

    /// Enqueues a commit at once, and resolves when it is on disk. Dropping the future cancels nothing.
    pub fn append(&self, _commit: Commit) -> impl Future<Output = Result<Appended, AppendError>> + Send + use<> {
        async { Err(AppendError::Closed) }
    }

    /// Resolves, with the head, once everything enqueued before is on disk.
    pub fn settled(&self) -> impl Future<Output = Result<Position, AppendError>> + Send + use<> {
        async { Err(AppendError::Closed) }
    }

    /// The last position on disk; 0 for an empty log.
    #[must_use]
    pub fn head(&self) -> Position {
        Position(0)
    }

    /// At most `limit` events after a position, ascending.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(&self, _after: Position, _limit: usize) -> Result<Vec<Recorded>, ReadError> {
        Err(ReadError::Closed)
    }

    /// At most `limit` events of a stream after a version, ascending.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_stream(&self, _stream: &StreamName, _after: Version, _limit: usize) -> Result<Vec<Recorded>, ReadError> {
        Err(ReadError::Closed)
    }

    /// All events after a position of the streams whose name is the category or starts with it and a hyphen, ascending.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_category(&self, _category: &str, _after: Position) -> Result<Vec<Recorded>, ReadError> {
        Err(ReadError::Closed)
    }

    /// The version of a stream; 0 when there is none.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn stream_version(&self, _stream: &StreamName) -> Result<Version, ReadError> {
        Err(ReadError::Closed)
    }

    /// The digest and the events of a command that is on disk.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn command(&self, _id: CommandId) -> Result<Option<([u8; 32], Appended)>, ReadError> {
        Err(ReadError::Closed)
    }

    /// The last position whose running maximum of `at` is not later than an instant (design §3, Time).
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn position_at(&self, _at: DateTime<Utc>) -> Result<Position, ReadError> {
        Err(ReadError::Closed)
    }

    /// Resolves, with the head, once the head is past a position.
    pub fn wait_past(&self, _position: Position) -> impl Future<Output = Result<Position, Closed>> + Send + use<> {
        async { Err(Closed) }
    }

    /// Everything after a position, first what is there, then what comes.
    #[must_use]
    pub fn tail(&self, after: Position) -> Tail {
        Tail::new(after)
    }

    /// Whether the log takes writes.
    #[must_use]
    pub fn state(&self) -> LogState {
        LogState::Writable
    }

    /// The epoch of the log (design §4.5).
    #[must_use]
    pub fn epoch(&self) -> u32 {
        0
    }

    /// Writes the `HEAD` file now, as before a checkpoint is signed.
    ///
    /// # Errors
    /// The file could not be written; the log is then poisoned.
    pub fn write_head(&self) -> Result<Position, AppendError> {
        Err(AppendError::Closed)
    }

    /// Stops the writer after what is enqueued, writes `HEAD` and the index, and gives the lock back.
    pub fn close(self) {}
}
