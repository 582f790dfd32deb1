//! What the handles, the futures and the threads of one log share.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use parking_lot::{RwLock, RwLockWriteGuard};
use tokio::sync::watch;

use crate::head_file::HeadKeeper;
use crate::index::Index;
use crate::open::OpenReport;
use crate::place::Position;
use crate::queue::{Ended, Queue};
use crate::read::ReadError;
use crate::space::{Shortage, Space};
use crate::store::Store;
use crate::waypoints::Waypoints;

/// Whether the log takes writes. Reads go on in every state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogState {
    /// It does.
    Writable,
    /// It would, but the file system has less space left than the reserve ([`crate::Options::disk_reserve_bytes`]): commits are
    /// refused until there is space again, and then taken without anything being done.
    Full {
        /// Bytes that are free.
        free_bytes: u64,
        /// Bytes that must stay free.
        reserve_bytes: u64,
    },
    /// It lacks what has been seen elsewhere, or part of it cannot be read, or [`crate::EventLog::hold`] was called.
    ReadOnly {
        /// What an operator should know.
        reason: String,
        /// The position that should be there.
        floor: Position,
    },
    /// The disk or the database failed; see [`crate::EventLog::reopen`].
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

/// One opening of the log, of which there are several when it is opened anew in place.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) store: Store,
    pub(crate) index: Index,
    pub(crate) head_keeper: HeadKeeper,
    pub(crate) space: Space,
    pub(crate) waypoints: Waypoints,
    /// The head that was found.
    pub(crate) head: Position,
}

impl Opening {
    /// Looks a read error over: a wrong index is rebuilt at the next open.
    pub(crate) fn noticed<T>(&self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        if let Err(ReadError::Index(error)) = &result {
            tracing::error!(%error, "the index is wrong and will be rebuilt at the next open");
            self.index.condemn();
        }
        result
    }

    /// Closes the index and the database, and hands over the lock.
    pub(crate) fn close(self) -> File {
        if let Err(error) = self.index.close() {
            tracing::warn!(%error, "the index could not be written at stop; it is completed from the log at the next open");
        }
        self.store.close()
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    /// `None` once closed. Whoever poisons the log still holds the opening that failed, so that a later one is never meant.
    opening: RwLock<Option<Arc<Opening>>>,
    report: RwLock<Arc<OpenReport>>,
    pub(crate) queue: Queue,
    pub(crate) epoch: u32,
    progress: watch::Sender<Progress>,
    state: RwLock<LogState>,
    /// The running maximum of `at` on disk, microseconds.
    last_at_micros: AtomicI64,
}

impl Shared {
    pub(crate) fn new(opening: Opening, report: OpenReport, epoch: u32, state: LogState) -> Shared {
        let head = opening.head;
        Shared {
            opening: RwLock::new(Some(Arc::new(opening))),
            report: RwLock::new(Arc::new(report)),
            queue: Queue::default(),
            epoch,
            progress: watch::Sender::new(Progress { head, open: true }),
            state: RwLock::new(state),
            last_at_micros: AtomicI64::new(i64::MIN),
        }
    }

    /// What to read from. A caller asks once and lets it go soon, since opening anew waits for it.
    pub(crate) fn opening(&self) -> Result<Arc<Opening>, ReadError> {
        self.opening.read().clone().ok_or(ReadError::Closed)
    }

    /// The place of the opening, for whoever exchanges it; readers wait meanwhile.
    pub(crate) fn exchange(&self) -> RwLockWriteGuard<'_, Option<Arc<Opening>>> {
        self.opening.write()
    }

    /// Hands what is open to whoever closes it; `None` when it is closed already, or when reads are still under way, which then
    /// close it.
    pub(crate) fn take_opening(&self) -> Option<Opening> {
        let opening = self.opening.write().take();
        self.progress.send_modify(|progress| progress.open = false);
        Arc::into_inner(opening?)
    }

    pub(crate) fn report(&self) -> Arc<OpenReport> {
        Arc::clone(&self.report.read())
    }

    pub(crate) fn head(&self) -> Position {
        self.progress.borrow().head
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// The latest stamp on disk; `None` for an empty log.
    pub(crate) fn last_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.last_at_micros.load(Ordering::Acquire))
    }

    /// Takes in the latest stamp on disk.
    pub(crate) fn note_at(&self, running_max_micros: i64) {
        self.last_at_micros.store(running_max_micros, Ordering::Release);
    }

    pub(crate) fn publish(&self, head: Position) {
        self.progress.send_modify(|progress| progress.head = head);
    }

    pub(crate) fn state(&self) -> LogState {
        self.state.read().clone()
    }

    /// Takes in that the log was opened anew in place.
    pub(crate) fn opened_anew(&self, report: OpenReport, head: Position, state: LogState) {
        *self.report.write() = Arc::new(report);
        *self.state.write() = state;
        self.publish(head);
    }

    /// Takes in how much space is left. Only a log that is otherwise writable becomes full, and writable again.
    pub(crate) fn note_space(&self, shortage: Option<Shortage>) {
        let noted = match shortage {
            None => LogState::Writable,
            Some(Shortage {
                free_bytes,
                reserve_bytes,
            }) => LogState::Full {
                free_bytes,
                reserve_bytes,
            },
        };
        if *self.state.read() == noted {
            return;
        }
        let mut state = self.state.write();
        let was_full = match &*state {
            LogState::Writable => false,
            LogState::Full { .. } => true,
            LogState::ReadOnly { .. } | LogState::Poisoned { .. } => return,
        };
        match shortage {
            Some(Shortage {
                free_bytes,
                reserve_bytes,
            }) if !was_full => {
                tracing::error!(
                    free_bytes,
                    reserve_bytes,
                    "the disk is full; commits are refused until there is space again"
                );
            }
            None => tracing::info!("there is space on the disk again; commits are taken"),
            Some(_) => {}
        }
        *state = noted;
    }

    /// Stops taking writes, since what the disk holds is no longer known, and tells everybody who waits for an answer.
    pub(crate) fn poison(&self, reason: &str) {
        let first = {
            let mut state = self.state.write();
            let first = match *state {
                LogState::Writable | LogState::Full { .. } => true,
                LogState::ReadOnly { .. } | LogState::Poisoned { .. } => false,
            };
            if first {
                *state = LogState::Poisoned {
                    reason: reason.to_owned(),
                };
            }
            first
        };
        if first {
            tracing::error!(
                reason,
                "the log has stopped; it takes writes again once it is opened anew"
            );
        }
        self.end(Ended::Stopped {
            reason: reason.to_owned(),
        });
    }

    /// Stops taking writes for good, since the log is not what it should be. Says whether it did so before.
    pub(crate) fn hold(&self, reason: &str, floor: Position) -> bool {
        {
            let mut state = self.state.write();
            if let LogState::ReadOnly { .. } = *state {
                return true;
            }
            *state = LogState::ReadOnly {
                reason: reason.to_owned(),
                floor,
            };
        }
        tracing::error!(reason, "the log is read-only");
        self.end(Ended::Held {
            reason: reason.to_owned(),
            floor,
        });
        false
    }

    fn end(&self, ended: Ended) {
        let error = || ended.error();
        for submission in self.queue.abandon(ended.clone()) {
            submission.fail(error());
        }
    }
}
