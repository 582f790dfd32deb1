//! Why a command is not carried out or a question not answered. One place of the REST door turns these into problems.

use chrono::TimeDelta;
use domain::{Detail, Fault, Language, ticket::Rejection};
use event_log::{AppendError, Version};

use crate::kernel::clock::ClockFault;

/// Why a command was not carried out. Nothing was written, save after [`ExecuteError::Unavailable`], where the
/// outcome may be unknown: repeat with the same idempotency key.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// There is no such thing for this viewer (design §6: what one may not see does not exist).
    #[error("there is no such ticket for this account")]
    NotFound,
    /// The rules refuse.
    #[error("the command was refused")]
    Rejected(#[source] Rejection),
    /// The ticket moved on since the version that the caller named.
    #[error("it is at version {}, which is not the one expected", actual.0)]
    Stale {
        /// The newest earlier version that the caller named; the one it has when there is none.
        expected: Version,
        /// The version it has.
        actual: Version,
    },
    /// What the command is to take away is not there.
    #[error("{}", why.text(Language::En))]
    Absent {
        /// What is missing.
        why: Detail,
    },
    /// The account is disabled already, for another reason.
    #[error("the account is disabled already")]
    AlreadyDisabled,
    /// After it nobody who can sign in would administer everything.
    #[error("the last administrator stays one")]
    LastAdministrator,
    /// The same idempotency key was used for something else.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The command is too large to be written as one.
    #[error("{}", why.text(Language::En))]
    TooLarge {
        /// Which limit.
        why: Detail,
    },
    /// The uploaded file is larger than allowed.
    #[error("the file is larger than {max_bytes} bytes")]
    FileTooLarge {
        /// The limit, bytes.
        max_bytes: u64,
    },
    /// The caller's upload broke off.
    #[error("the upload did not arrive whole")]
    Upload(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log takes no commands now.
    #[error("no commands are taken now: {reason}")]
    Unavailable {
        /// Why, for an operator.
        reason: String,
    },
    /// The clock cannot be believed.
    #[error("no commands are taken now")]
    Clock(#[source] ClockFault),
    /// Something of ours failed.
    #[error("the command could not be carried out")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ExecuteError {
    /// Wraps a failure of ours.
    pub fn internal(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        ExecuteError::Internal(Box::new(source))
    }

    /// A refusal with faults.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        ExecuteError::Rejected(Rejection::Invalid(faults))
    }
}

impl From<Rejection> for ExecuteError {
    fn from(rejection: Rejection) -> Self {
        ExecuteError::Rejected(rejection)
    }
}

/// A command that panicked, or was cut off by the end of the process.
impl From<tokio::task::JoinError> for ExecuteError {
    fn from(error: tokio::task::JoinError) -> Self {
        ExecuteError::internal(error)
    }
}

impl From<ReadError> for ExecuteError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound => ExecuteError::NotFound,
            other @ (ReadError::Invalid(_) | ReadError::Behind | ReadError::Internal(_)) => {
                ExecuteError::internal(other)
            }
        }
    }
}

/// What the log's refusal means to a caller. Conflicts are handled before: they are decided anew.
impl From<AppendError> for ExecuteError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { expected, actual, .. } => ExecuteError::Stale { expected, actual },
            AppendError::CommandIdReused { .. } => ExecuteError::KeyReused,
            AppendError::TooManyEvents { max, .. } => ExecuteError::TooLarge {
                why: Detail::CommandEventsMax { max },
            },
            AppendError::CommitTooLarge { max, .. } => ExecuteError::TooLarge {
                why: Detail::CommandBytesMax { bytes: max },
            },
            AppendError::EventTooLarge { max, .. } => ExecuteError::TooLarge {
                why: Detail::EventBytesMax { bytes: max },
            },
            // It went back while the command was on its way.
            AppendError::ClockBehind { behind_ms, .. } => ExecuteError::Clock(ClockFault::Behind {
                by: TimeDelta::milliseconds(behind_ms),
            }),
            AppendError::Busy { .. }
            | AppendError::DiskFull { .. }
            | AppendError::ReadOnly { .. }
            | AppendError::Stopped { .. }
            | AppendError::Closed => ExecuteError::Unavailable {
                reason: error.to_string(),
            },
            AppendError::EmptyCommit
            | AppendError::TimeOutOfRange { .. }
            | AppendError::PrefixExhausted { .. }
            | AppendError::Unreadable(_) => ExecuteError::internal(error),
        }
    }
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such thing for this viewer.
    #[error("there is no such thing for this account")]
    NotFound,
    /// The question has faults, all of them listed.
    #[error("the question has {} fault(s)", .0.len())]
    Invalid(Vec<Fault>),
    /// The view has not reached the position that the caller asked to see.
    #[error("the view has not reached that position yet")]
    Behind,
    /// Something of ours failed.
    #[error("the question could not be answered")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ReadError {
    /// Wraps a failure of ours.
    pub fn internal(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        ReadError::Internal(Box::new(source))
    }
}

impl From<event_log::ReadError> for ReadError {
    fn from(error: event_log::ReadError) -> Self {
        ReadError::internal(error)
    }
}

/// Is the end of it, down its causes, that a disk is full? Whatever was to be written: a file, a key, a database.
#[must_use]
pub fn is_disk_full(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    let mut next = Some(error);
    while let Some(error) = next {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| matches!(io.kind(), StorageFull | QuotaExceeded))
            || sessions::is_disk_full(error)
        {
            return true;
        }
        // What an I/O error wraps is no source of its own.
        let wrapped = io.and_then(std::io::Error::get_ref);
        next = wrapped
            .map(|wrapped| wrapped as &(dyn std::error::Error + 'static))
            .or_else(|| error.source());
    }
    false
}

/// An error with its causes in one line, for an operator: each names its own part only.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// Fault S13: whatever could not be written.
    #[test]
    fn a_full_disk_is_seen_however_deep_it_lies() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let wrapped = ExecuteError::internal(ReadError::internal(full()));
        assert!(is_disk_full(&wrapped));
        assert!(is_disk_full(&ExecuteError::internal(io::Error::other(full()))));
        assert!(is_disk_full(&io::Error::from(io::ErrorKind::QuotaExceeded)));
        let other = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(!is_disk_full(&ExecuteError::internal(other)));
        assert!(!is_disk_full(&ExecuteError::NotFound));
    }
}
