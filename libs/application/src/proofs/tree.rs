//! The tree, kept by a thread that follows the log.

use std::{
    io,
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use event_log::{EventLog, Position, ReadError as LogReadError};
use parking_lot::{Mutex, RwLock};
use supervision::{End, Supervisor, Worker};
use tokio::sync::{Notify, watch};
use transparency::{
    Frontier, Hash, ProveConsistencyError, ProveInclusionError, ReadLevelError, leaf_hash, prove_consistency,
    prove_inclusion, root_at,
};

use crate::proofs::levels::Levels;

/// How many events are hashed at once.
const BATCH_EVENTS: usize = 8_192;
/// And how many bytes of them.
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// How long the thread waits after a failure before it tries again, milliseconds.
const RETRY_MS: u64 = 1_000;

/// What was signed last: what the tree must have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// How many events it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// How the tree stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeState {
    /// It follows the log, and what was signed is part of it.
    Following,
    /// It is being made from the log and has not reached what was signed last.
    CatchingUp,
    /// The log is not the one that a checkpoint was signed over.
    Broken {
        /// What an operator must know.
        reason: String,
    },
}

/// A handle on the tree; the last one to go ends its thread.
#[derive(Debug)]
pub struct Tree {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    levels: Levels,
    /// How many leaves are in the files.
    size: watch::Sender<u64>,
    state: RwLock<TreeState>,
    stop: AtomicBool,
    wake: Notify,
}

impl Tree {
    /// Opens the files and starts the thread. `promise` is the last checkpoint signed: leaves up to there are taken from
    /// the files when they give its root, all others are made from the log anew.
    ///
    /// # Errors
    /// When the files cannot be opened or the thread not be started.
    pub fn open(
        dir: &Path,
        log: EventLog,
        promise: Option<Promise>,
        supervisor: &Supervisor,
    ) -> io::Result<Tree> {
        let levels = Levels::open(dir)?;
        let frontier = promise
            .and_then(|promise| kept(&levels, promise))
            .filter(|frontier| frontier.size() <= log.head().0);
        let state = match (&frontier, promise) {
            (None, Some(promise)) if promise.size > 0 => TreeState::CatchingUp,
            (Some(_) | None, _) => TreeState::Following,
        };
        let frontier = frontier.unwrap_or_default();
        let shared = Arc::new(Shared {
            levels,
            size: watch::Sender::new(frontier.size()),
            state: RwLock::new(state),
            stop: AtomicBool::new(false),
            wake: Notify::new(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let mut follower = Follower {
            shared: Arc::clone(&shared),
            log,
            promise,
            frontier,
            runtime,
        };
        let over = Arc::clone(&shared);
        let thread = supervisor.thread(
            "tree",
            move || over.stop.load(Ordering::Acquire),
            // What broke off is done again: the frontier moves only once the files have its leaves.
            move |worker| follower.run(worker),
        )?;
        Ok(Tree {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        *self.shared.size.borrow()
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> TreeState {
        self.shared.state.read().clone()
    }

    /// Waits until the tree has this many leaves; `false` when it has not in time.
    pub async fn at_least(&self, size: u64, timeout: Duration) -> bool {
        let mut sizes = self.shared.size.subscribe();
        let reached = sizes.wait_for(|now| *now >= size);
        matches!(tokio::time::timeout(timeout, reached).await, Ok(Ok(_)))
    }

    /// The root of the tree of the first `size` leaves.
    pub(crate) fn root_at(&self, size: u64) -> Result<Hash, ReadLevelError<io::Error>> {
        root_at(size, |level, range| self.read(level, range))
    }

    /// The inclusion proof of a leaf in the tree of the first `size` leaves.
    pub(crate) fn inclusion(
        &self,
        index: u64,
        size: u64,
    ) -> Result<Vec<Hash>, ProveInclusionError<io::Error>> {
        prove_inclusion(index, size, |level, range| self.read(level, range))
    }

    /// The proof that the tree of the first `from` leaves is a prefix of that of the first `to`.
    pub(crate) fn consistency(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Vec<Hash>, ProveConsistencyError<io::Error>> {
        prove_consistency(from, to, |level, range| self.read(level, range))
    }

    /// Hashes of a level, as tiles show them.
    pub(crate) fn read(&self, level: u8, range: Range<u64>) -> io::Result<Vec<Hash>> {
        self.shared.levels.read(level, range)
    }

    /// Returns when the disk has all leaves that are there now.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.shared.levels.sync()
    }

    /// Ends the thread.
    pub fn close(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the tree panicked");
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.close();
    }
}

/// The frontier of what was signed, when the files still give its root.
fn kept(levels: &Levels, promise: Promise) -> Option<Frontier> {
    let frontier = Frontier::restore(promise.size, |level, range| levels.read(level, range)).ok()?;
    let whole = root_at(promise.size, |level, range| levels.read(level, range)).ok()?;
    (frontier.root() == promise.root && whole == promise.root).then_some(frontier)
}

/// The thread's own things.
struct Follower {
    shared: Arc<Shared>,
    log: EventLog,
    promise: Option<Promise>,
    frontier: Frontier,
    runtime: tokio::runtime::Runtime,
}

/// Why the tree could not take a step.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error("the log cannot be read")]
    Log(#[source] LogReadError),
    #[error("the tree's files cannot be written")]
    Io(#[source] io::Error),
}

impl StepError {
    /// A code for programs.
    fn code(&self) -> &'static str {
        match self {
            StepError::Log(_) => "log-unreadable",
            StepError::Io(error) if error.kind() == io::ErrorKind::StorageFull => "disk-full",
            StepError::Io(_) => "file-unwritable",
        }
    }
}

impl Follower {
    fn run(&mut self, worker: &Worker) -> End {
        while !self.shared.stop.load(Ordering::Acquire) {
            worker.turn();
            match self.step() {
                Ok(true) => worker.is_well(),
                Ok(false) => self.wait(),
                Err(error) => {
                    worker.is_failing(error.code());
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the tree does not follow the log"
                    );
                    self.pause();
                }
            }
        }
        End::Done
    }

    /// Adds what the log has more than the tree; `false` when that is nothing.
    fn step(&mut self) -> Result<bool, StepError> {
        let first = self.frontier.size();
        // What was signed is looked at when exactly that many leaves are there.
        let until = self.promise.map_or(u64::MAX, |promise| promise.size);
        let wanted = match until.checked_sub(first) {
            Some(left) if left > 0 => BATCH_EVENTS.min(usize::try_from(left).unwrap_or(usize::MAX)),
            Some(_) | None => BATCH_EVENTS,
        };
        let events = match self.log.read_stored(Position(first), wanted, BATCH_BYTES) {
            Ok(events) => events,
            Err(LogReadError::Closed) => return Ok(false),
            Err(error) => return Err(StepError::Log(error)),
        };
        if events.is_empty() {
            return Ok(false);
        }
        let mut frontier = self.frontier.clone();
        let mut completed: Vec<Vec<Hash>> = Vec::new();
        for event in &events {
            frontier.push(leaf_hash(&event.bytes), |level, hash| {
                let level = usize::from(level);
                if completed.len() <= level {
                    completed.resize_with(level + 1, Vec::new);
                }
                completed[level].push(hash);
            });
        }
        for (level, hashes) in (0_u8..).zip(&completed) {
            let before = first.checked_shr(u32::from(level) * 8).unwrap_or(0);
            self.shared
                .levels
                .write(level, before, hashes)
                .map_err(StepError::Io)?;
        }
        self.frontier = frontier;
        self.check_promise();
        self.shared.size.send_replace(self.frontier.size());
        Ok(true)
    }

    /// Holds the log when it is not the one that was signed.
    fn check_promise(&mut self) {
        let Some(promise) = self
            .promise
            .filter(|promise| promise.size == self.frontier.size())
        else {
            return;
        };
        self.promise = None;
        if self.frontier.root() == promise.root {
            *self.shared.state.write() = TreeState::Following;
            return;
        }
        let size = promise.size;
        let reason = format!(
            "the first {size} events are not those that the checkpoint of size {size} was signed over: restore the log \
             from the archive, or accept the loss"
        );
        tracing::error!(reason, "the log was changed after it was signed");
        self.log.hold(&reason, Position(size));
        *self.shared.state.write() = TreeState::Broken { reason };
    }

    fn wait(&self) {
        let size = Position(self.frontier.size());
        if self.log.head() > size {
            // It has more and cannot be read now, since it is being opened again.
            self.pause();
            return;
        }
        self.runtime.block_on(async {
            tokio::select! {
                more = self.log.wait_past(size) => if more.is_err() {
                    // Closed, or stopped until it is opened again.
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(RETRY_MS)) => {}
                        () = self.shared.wake.notified() => {}
                    }
                },
                () = self.shared.wake.notified() => {}
            }
        });
    }

    fn pause(&self) {
        self.runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(RETRY_MS)) => {}
                () = self.shared.wake.notified() => {}
            }
        });
    }
}
