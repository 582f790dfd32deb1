//! Following the log.

use crate::envelope::Recorded;
use crate::place::Position;
use crate::read::ReadError;

/// The log has been closed or has stopped; nothing will be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log is closed")]
pub struct Closed;

/// Why a tail ended.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The log has been closed or has stopped; everything in it has been returned.
    #[error("the log is closed")]
    Closed,
    /// The next events cannot be read.
    #[error("the next events cannot be read")]
    Read(#[source] ReadError),
}

/// Everything after a position, first what is there, then what comes, without a seam.
#[derive(Debug)]
pub struct Tail {
    after: Position,
}

impl Tail {
    pub(crate) fn new(after: Position) -> Tail {
        Tail { after }
    }

    /// The position of the last event returned.
    #[must_use]
    pub fn position(&self) -> Position {
        self.after
    }

    /// The next events, at least one, at most [`crate::limits::TAIL_EVENTS_MAX`]; waits until there are some. Dropping the future
    /// loses nothing.
    pub async fn next(&mut self) -> Result<Vec<Recorded>, TailError> {
        Err(TailError::Closed)
    }
}
