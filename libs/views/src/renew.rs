//! Making the file anew beside the one that goes on serving, and putting it in its place.
//!
//! A thread of its own builds the new file and catches up; the writer takes it over between two transactions, when it
//! stands no earlier than the old one; the thread then waits for the last reader of the old file, and removes it.

use std::{
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
};

use parking_lot::Mutex;
use supervision::{End, Worker};
use tokio::sync::watch;

use crate::{
    place, rebuild,
    store::Store,
    write::{BATCH_EVENTS_MAX, Feed, StepError, advance},
};

/// How far renewals have come.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// The last one asked for that is done.
    done: u64,
    /// None will be done any more.
    closed: bool,
}

/// Says when a renewal is done: see [`Views::renew`](crate::Views::renew).
#[derive(Debug, Clone)]
pub struct Renewal {
    number: u64,
    progress: watch::Receiver<Progress>,
}

impl Renewal {
    /// Whether the new file serves and nothing is left of the old one.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.progress.borrow().done >= self.number
    }

    /// Waits until then; `false` when the views were closed before.
    pub async fn done(mut self) -> bool {
        let reached = |progress: &Progress| progress.done >= self.number || progress.closed;
        match self.progress.wait_for(reached).await {
            Ok(progress) => progress.done >= self.number,
            Err(_) => false,
        }
    }
}

/// A new file that may take the place of the old one.
pub(crate) struct Ready {
    pub(crate) store: Store,
    pub(crate) path: PathBuf,
    /// Takes the path of the old file once nobody is let into it any more.
    pub(crate) replaced: mpsc::Sender<PathBuf>,
}

/// What the handles, the writer and the thread that builds share.
#[derive(Default)]
pub(crate) struct Renewals {
    asked: AtomicU64,
    begun: AtomicU64,
    running: AtomicBool,
    ready: Mutex<Option<Ready>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    progress: watch::Sender<Progress>,
}

impl Renewals {
    /// Asks for one that begins from now on.
    pub(crate) fn ask(&self) -> Renewal {
        let number = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        Renewal {
            number,
            progress: self.progress.subscribe(),
        }
    }

    /// The new file, when there is one to be taken over.
    pub(crate) fn take_ready(&self) -> Option<Ready> {
        self.ready.lock().take()
    }

    /// Says that none will be done any more.
    pub(crate) fn close(&self) {
        self.progress.send_modify(|progress| progress.closed = true);
    }

    /// Waits until the thread that builds has ended; it does once the views are closed.
    pub(crate) fn join(&self) {
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the renewal of the views panicked");
        }
    }

    /// Begins what has been asked for since the last one began, unless one is under way.
    pub(crate) fn begin(&self, feed: &Feed) {
        let asked = self.asked.load(Ordering::Acquire);
        if self.running.load(Ordering::Acquire) || asked == self.begun.load(Ordering::Acquire) {
            return;
        }
        let (feed, over, supervisor) = (feed.clone(), feed.clone(), feed.supervisor.clone());
        self.running.store(true, Ordering::Release);
        let spawned = supervisor.thread(
            "views_renewal",
            move || over.shared.stopped(),
            move |worker| run(&feed, asked, worker),
        );
        match spawned {
            Ok(thread) => {
                self.begun.store(asked, Ordering::Release);
                *self.thread.lock() = Some(thread);
            }
            Err(error) => {
                self.running.store(false, Ordering::Release);
                tracing::error!(
                    error = &error as &(dyn std::error::Error + 'static),
                    "the renewal of the view cannot begin"
                );
            }
        }
    }
}

fn run(feed: &Feed, number: u64, worker: &Worker) -> End {
    let renewals = &feed.shared.renewals;
    // Beside the file that serves now: one that was broken off may have been taken over.
    let path = &place::next(&feed.shared.pool.path());
    worker.turn();
    match renew(feed, path) {
        Ok(()) => renewals
            .progress
            .send_modify(|progress| progress.done = progress.done.max(number)),
        Err(StepError::Stopped) => {}
        Err(error) => {
            tracing::error!(
                path = %path.display(),
                error = &error as &(dyn std::error::Error + 'static),
                "the view is not renewed and is tried again"
            );
            return End::Failed(error.code());
        }
    }
    renewals.running.store(false, Ordering::Release);
    feed.shared.wake();
    End::Done
}

/// Builds, catches up, hands over, and removes what was before.
fn renew(feed: &Feed, path: &Path) -> Result<(), StepError> {
    tracing::info!(path = %path.display(), "the view is made anew beside the one that serves");
    let mut store = rebuild::make(feed, path)?;
    loop {
        if feed.shared.stopped() {
            return Err(StepError::Stopped);
        }
        let before = store.checkpoint().position.0;
        advance(feed, &mut store)?;
        // What is left is one transaction, which the writer folds when it takes the file over.
        if store.checkpoint().position.0 - before < BATCH_EVENTS_MAX as u64 {
            break;
        }
    }
    let (replaced, old) = mpsc::channel();
    let ready = Ready {
        store,
        path: path.to_owned(),
        replaced,
    };
    *feed.shared.renewals.ready.lock() = Some(ready);
    // A writer that has stopped meanwhile looks there no more, and waits for the end of this thread.
    if feed.shared.stopped() {
        drop(feed.shared.renewals.take_ready());
        return Err(StepError::Stopped);
    }
    feed.shared.wake();
    // The writer lets go of the other end without an answer when it stops, or when the new file fails.
    let Ok(old) = old.recv() else {
        return Err(if feed.shared.stopped() {
            StepError::Stopped
        } else {
            StepError::NotTaken
        });
    };
    feed.shared.pool.wait_for_former();
    place::remove(&old)?;
    place::sync_directory(&old).map_err(|source| StepError::Io {
        what: "cannot sync the directory of",
        path: old.clone(),
        source,
    })?;
    tracing::info!(path = %path.display(), "the view that was made anew serves");
    Ok(())
}
