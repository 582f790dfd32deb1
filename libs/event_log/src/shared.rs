//! What the handles, the futures and the threads of one log share.

use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::watch;

use crate::head_file::HeadKeeper;
use crate::index::Index;
use crate::open::OpenReport;
use crate::place::Position;
use crate::queue::{Ended, Queue};
use crate::read::ReadError;
use crate::store::Store;

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

/// How far the log is on disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    pub(crate) head: Position,
    /// False once nothing will be added.
    pub(crate) open: bool,
}

#[derive(Debug)]
pub(crate) struct Shared {
    store: RwLock<Option<Arc<Store>>>,
    pub(crate) index: Index,
    pub(crate) queue: Queue,
    pub(crate) head_keeper: HeadKeeper,
    pub(crate) report: OpenReport,
    progress: watch::Sender<Progress>,
    state: RwLock<LogState>,
}

impl Shared {
    pub(crate) fn new(
        store: Store,
        index: Index,
        head_keeper: HeadKeeper,
        report: OpenReport,
        head: Position,
        state: LogState,
    ) -> Shared {
        Shared {
            store: RwLock::new(Some(Arc::new(store))),
            index,
            queue: Queue::default(),
            head_keeper,
            report,
            progress: watch::Sender::new(Progress { head, open: true }),
            state: RwLock::new(state),
        }
    }

    pub(crate) fn store(&self) -> Result<Arc<Store>, ReadError> {
        self.store.read().clone().ok_or(ReadError::Closed)
    }

    /// Hands the database to whoever closes it; `None` when it is closed already, or when reads are still under way, which then
    /// close it.
    pub(crate) fn take_store(&self) -> Option<Store> {
        let store = self.store.write().take();
        self.progress.send_modify(|progress| progress.open = false);
        Arc::into_inner(store?)
    }

    pub(crate) fn head(&self) -> Position {
        self.progress.borrow().head
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub(crate) fn publish(&self, head: Position) {
        self.progress.send_modify(|progress| progress.head = head);
    }

    pub(crate) fn state(&self) -> LogState {
        self.state.read().clone()
    }

    /// Stops taking writes for good, since what the disk holds is no longer known, and tells everybody who waits.
    pub(crate) fn poison(&self, reason: &str) {
        {
            let mut state = self.state.write();
            match *state {
                LogState::Writable => {
                    *state = LogState::Poisoned {
                        reason: reason.to_owned(),
                    }
                }
                LogState::ReadOnly { .. } | LogState::Poisoned { .. } => {}
            }
        }
        tracing::error!(
            reason,
            "the log has stopped; it takes writes again once it is opened anew"
        );
        let ended = Ended::Stopped {
            reason: reason.to_owned(),
        };
        for submission in self.queue.abandon(ended.clone()) {
            submission.fail(ended.error());
        }
        self.progress.send_modify(|progress| progress.open = false);
    }

    /// Looks a read error over: a wrong index is rebuilt at the next open.
    pub(crate) fn noticed<T>(&self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        if let Err(ReadError::Index(error)) = &result {
            tracing::error!(%error, "the index is wrong and will be rebuilt at the next open");
            self.index.condemn();
        }
        result
    }
}
