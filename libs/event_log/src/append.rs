//! The answer to an append.

use crate::block::{Block, BlockFault};
use crate::commit::{Appended, Commit};
use crate::encode;
use crate::envelope::Recorded;
use crate::name::{Prefix, StreamName};
use crate::place::{CommandId, Position, Version};
use crate::queue::Answer;
use crate::read::{self, ReadError};
use crate::shared::{LogState, Shared};

/// Why a commit was not written. Nothing of it is in the log, save after `Stopped`, where the outcome is unknown until the log is
/// opened again: repeat it with the same `command_id`.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not at the version that the author expected.
    #[error("stream {stream} is at version {actual}, not {expected}")]
    Conflict {
        /// The stream.
        stream: StreamName,
        /// The version its author expected.
        expected: Version,
        /// The version it has.
        actual: Version,
    },
    /// The same `command_id` has asked for something else before.
    #[error("command {command_id} has asked for something else before")]
    CommandIdReused {
        /// The command.
        command_id: CommandId,
    },
    /// More events than [`crate::limits::COMMIT_EVENTS_MAX`].
    #[error("a commit of {count} events is larger than {max}")]
    TooManyEvents {
        /// Events found.
        count: usize,
        /// Events allowed.
        max: usize,
    },
    /// More bytes than [`crate::limits::COMMIT_BYTES_MAX`], counted with the longest names and versions there could be.
    #[error("a commit of {bytes} bytes is larger than {max}")]
    CommitTooLarge {
        /// Bytes found.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// One event with more bytes than a record holds, counted with the longest name and version there could be.
    #[error("event {event_index} of the commit has {bytes} bytes, more than {max}")]
    EventTooLarge {
        /// Place of the event in the commit, from 0, over all writes.
        event_index: usize,
        /// Bytes found.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A time that RFC 3339 cannot write: a year before 0 or after 9999.
    #[error("event {event_index} of the commit has a time outside the years 0 to 9999")]
    TimeOutOfRange {
        /// Place of the event in the commit, from 0, over all writes.
        event_index: usize,
    },
    /// No writes, or a write without events.
    #[error("a commit holds at least one write, and each write at least one event")]
    EmptyCommit,
    /// The clock of the author lies more than [`crate::limits::CLOCK_BEHIND_MAX_MS`] behind the log.
    #[error("the clock is {behind_ms} ms behind the log, more than {max_ms}")]
    ClockBehind {
        /// How far behind, in milliseconds.
        behind_ms: i64,
        /// How far is allowed, in milliseconds.
        max_ms: i64,
    },
    /// The prefix has allotted [`crate::limits::KEY_NUMBER_MAX`].
    #[error("prefix {prefix} has no number left")]
    PrefixExhausted {
        /// The prefix.
        prefix: Prefix,
    },
    /// Too much waits for the writer already; try again later with the same `command_id`.
    #[error("the log is busy: {waiting} commits wait")]
    Busy {
        /// Commits that wait.
        waiting: usize,
    },
    /// The file system has less space left than the reserve; try again later with the same `command_id`. Whatever was written before
    /// still gets its answer.
    #[error("the disk is full: {free_bytes} bytes are free, {reserve_bytes} must stay so")]
    DiskFull {
        /// Bytes that are free.
        free_bytes: u64,
        /// Bytes that must stay free.
        reserve_bytes: u64,
    },
    /// The log is read-only, since it lacks what has been seen elsewhere, or differs from it.
    #[error("the log is read-only: {reason}")]
    ReadOnly {
        /// What an operator should know.
        reason: String,
        /// The position that should be there.
        floor: Position,
    },
    /// The disk or the database failed: nothing is written until the log is opened again.
    #[error("the log has stopped: {reason}")]
    Stopped {
        /// What failed.
        reason: String,
    },
    /// The log has been closed.
    #[error("the log is closed")]
    Closed,
    /// The commit is written, or was written before, but what it wrote could not be read back.
    #[error("what the command wrote cannot be read")]
    Unreadable(#[source] ReadError),
}

/// What the caller is told of a commit that the writer has answered.
pub(crate) fn appended(shared: &Shared, commit: Commit, answer: Answer) -> Result<Appended, AppendError> {
    match answer {
        Answer::Written {
            first,
            streams,
            blocks,
            encoded,
        } => {
            drop(encoded);
            written(commit, first, streams, &blocks)
        }
        Answer::Repeated { first, count } => {
            let events = shared
                .opening()
                .and_then(|opening| read::command_events(&opening.store, first, count));
            let events = events.map_err(AppendError::Unreadable)?;
            Ok(Appended {
                first,
                last: Position(first.0 + count - 1),
                events,
                repeated: true,
            })
        }
    }
}

fn written(
    commit: Commit,
    first: Position,
    streams: Vec<(StreamName, Version)>,
    blocks: &[Block],
) -> Result<Appended, AppendError> {
    let command = (commit.command_id, commit.command_digest);
    let mut events: Vec<Recorded> = Vec::new();
    let mut blocks = blocks.iter().peekable();
    let mut next = first;
    for (write, (stream, version)) in commit.writes.into_iter().zip(streams) {
        for (draft, version) in write.events.into_iter().zip((version.0..).map(Version)) {
            while blocks.next_if(|block| block.last() < next).is_some() {}
            let missing = ReadError::Damaged {
                key: next.0,
                position: next,
                fault: BlockFault::Missing,
            };
            let bytes = blocks.peek().and_then(|block| block.event(next));
            let bytes = bytes.ok_or(AppendError::Unreadable(missing))?;
            events.push(encode::recorded(
                draft,
                stream.clone(),
                version,
                command,
                next,
                bytes,
            ));
            next.0 += 1;
        }
    }
    Ok(Appended {
        first,
        last: Position(next.0 - 1),
        events,
        repeated: false,
    })
}

/// Why nobody answers any more.
pub(crate) fn stopped(shared: &Shared) -> AppendError {
    match shared.state() {
        LogState::Poisoned { reason } => AppendError::Stopped { reason },
        LogState::ReadOnly { reason, floor } => AppendError::ReadOnly { reason, floor },
        LogState::Writable | LogState::Full { .. } if shared.queue.is_closed() => AppendError::Closed,
        // A thread panicked and its panic is not noted yet.
        LogState::Writable | LogState::Full { .. } => AppendError::Stopped {
            reason: "a thread that writes the log panicked".to_owned(),
        },
    }
}
