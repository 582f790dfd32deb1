//! What waits for the writer.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::append::AppendError;
use crate::block::Block;
use crate::encode::EncodedCommit;
use crate::limits::{GROUP_BYTES_MAX, QUEUE_BYTES_MAX, QUEUE_COMMITS_MAX};
use crate::name::StreamName;
use crate::place::{Position, Version};

/// What the writer answers to a commit.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It is written.
    Written {
        first: Position,
        /// Per write the stream and the version of its first event.
        streams: Vec<(StreamName, Version)>,
        /// The blocks that hold its events, in order.
        blocks: Vec<Block>,
        /// What was encoded, so that it is freed where it was made and not by the one thread that writes.
        encoded: Box<EncodedCommit>,
    },
    /// The same command wrote these before.
    Repeated { first: Position, count: u64 },
}

/// One thing to do, with whom to tell.
#[derive(Debug)]
pub(crate) enum Submission {
    Commit(Box<EncodedCommit>, oneshot::Sender<Result<Answer, AppendError>>),
    Settled(oneshot::Sender<Result<Position, AppendError>>),
}

impl Submission {
    /// Tells that it will not be done.
    pub(crate) fn fail(self, error: AppendError) {
        match self {
            Submission::Commit(_, to) => {
                to.send(Err(error)).ok();
            }
            Submission::Settled(to) => {
                to.send(Err(error)).ok();
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Submission::Commit(commit, _) => commit.bytes,
            Submission::Settled(_) => 0,
        }
    }
}

#[derive(Debug, Default)]
struct Waiting {
    submissions: VecDeque<Submission>,
    bytes: usize,
    /// Why nothing more is taken.
    ended: Option<Ended>,
}

/// Why the queue takes nothing more.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    Closed,
    Stopped { reason: String },
    Held { reason: String, floor: Position },
}

impl Ended {
    pub(crate) fn error(&self) -> AppendError {
        match self {
            Ended::Closed => AppendError::Closed,
            Ended::Stopped { reason } => AppendError::Stopped {
                reason: reason.clone(),
            },
            Ended::Held { reason, floor } => AppendError::ReadOnly {
                reason: reason.clone(),
                floor: *floor,
            },
        }
    }
}

/// The bounded queue in front of the writer.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

impl Queue {
    /// Adds to the end, or says why not. A full queue refuses commits, never the wait for what is in it.
    pub(crate) fn push(&self, submission: Submission) -> Result<(), AppendError> {
        let mut waiting = self.waiting.lock();
        if let Some(ended) = &waiting.ended {
            return Err(ended.error());
        }
        let bytes = submission.bytes();
        let full = waiting.submissions.len() >= QUEUE_COMMITS_MAX || waiting.bytes + bytes > QUEUE_BYTES_MAX;
        if full && bytes > 0 {
            return Err(AppendError::Busy {
                waiting: waiting.submissions.len(),
            });
        }
        waiting.bytes += bytes;
        waiting.submissions.push_back(submission);
        self.arrived.notify_one();
        Ok(())
    }

    /// Everything that waits, up to the size of a group; waits for something. `None` once the queue has ended and is empty.
    pub(crate) fn take(&self) -> Option<Vec<Submission>> {
        let mut waiting = self.waiting.lock();
        while waiting.submissions.is_empty() {
            if waiting.ended.is_some() {
                return None;
            }
            self.arrived.wait(&mut waiting);
        }
        let mut group = Vec::with_capacity(waiting.submissions.len());
        let mut bytes = 0;
        while let Some(next) = waiting
            .submissions
            .pop_front_if(|next| bytes == 0 || bytes + next.bytes() <= GROUP_BYTES_MAX)
        {
            bytes += next.bytes();
            group.push(next);
        }
        waiting.bytes -= bytes;
        Some(group)
    }

    /// Whether nothing waits at this moment.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.lock().submissions.is_empty()
    }

    /// Takes nothing more; what waits is still handed out.
    pub(crate) fn end(&self, why: Ended) {
        let mut waiting = self.waiting.lock();
        waiting.ended = Some(why);
        self.arrived.notify_one();
    }

    /// Takes nothing more and hands back what waits. What was closed stays closed.
    pub(crate) fn abandon(&self, why: Ended) -> VecDeque<Submission> {
        let mut waiting = self.waiting.lock();
        match &waiting.ended {
            Some(Ended::Closed) => {}
            None | Some(Ended::Stopped { .. } | Ended::Held { .. }) => waiting.ended = Some(why),
        }
        waiting.bytes = 0;
        self.arrived.notify_one();
        std::mem::take(&mut waiting.submissions)
    }

    /// Takes again what comes, after a stop; not after a close.
    pub(crate) fn restart(&self) {
        let mut waiting = self.waiting.lock();
        waiting
            .ended
            .take_if(|ended| matches!(ended, Ended::Stopped { .. }));
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.waiting.lock().ended, Some(Ended::Closed))
    }
}

#[cfg(test)]
pub(crate) mod tests;
