//! Following the log.

use std::sync::Arc;

use tokio::sync::watch;

use crate::envelope::Recorded;
use crate::limits::TAIL_EVENTS_MAX;
use crate::place::Position;
use crate::read::{self, ReadError};
use crate::shared::{Progress, Shared};

/// The log has been closed; nothing will be added. A log that has stopped may be opened anew in place, so whoever waits waits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log is closed")]
pub struct Closed;

/// Why a tail ended.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The log has been closed.
    #[error("the log is closed")]
    Closed,
    /// The next events cannot be read.
    #[error("the next events cannot be read")]
    Read(#[source] ReadError),
}

/// Everything after a position, first what is there, then what comes. Both are read from the log, so there is no seam between them,
/// and a slow reader holds up nobody.
#[derive(Debug)]
pub struct Tail {
    after: Position,
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
}

/// Waits until the head is past a position.
pub(crate) async fn wait_past(
    mut progress: watch::Receiver<Progress>,
    position: Position,
) -> Result<Position, Closed> {
    match progress
        .wait_for(|progress| progress.head > position || !progress.open)
        .await
    {
        Ok(progress) if progress.head > position => Ok(progress.head),
        // The log holds the sender until it is gone.
        Ok(_) | Err(_) => Err(Closed),
    }
}

impl Tail {
    pub(crate) fn new(shared: Arc<Shared>, after: Position) -> Tail {
        let progress = shared.progress();
        Tail {
            after,
            shared,
            progress,
        }
    }

    /// The position of the last event returned, or where the tail started.
    #[must_use]
    pub fn position(&self) -> Position {
        self.after
    }

    /// The next events, at least one, at most [`TAIL_EVENTS_MAX`]; waits until there are some. Dropping the future loses nothing.
    ///
    /// # Errors
    /// See [`TailError`].
    pub async fn next(&mut self) -> Result<Vec<Recorded>, TailError> {
        let head = wait_past(self.progress.clone(), self.after)
            .await
            .map_err(|Closed| TailError::Closed)?;
        let events = self
            .shared
            .opening()
            .and_then(|opening| read::range(&opening.store, head, self.after, TAIL_EVENTS_MAX))
            .map_err(|error| match error {
                ReadError::Closed => TailError::Closed,
                ReadError::Damaged { .. }
                | ReadError::ForeignKey { .. }
                | ReadError::Database(_)
                | ReadError::Index(_) => TailError::Read(error),
            })?;
        if let Some(last) = events.last() {
            self.after = last.position;
        }
        Ok(events)
    }
}
