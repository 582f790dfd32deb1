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
    thread,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{
    place, rebuild,
    store::Store,
    write::{BATCH_EVENTS_MAX, Feed, StepError, advance},
};

/// How long a renewal that failed waits before it begins anew, in tenths of a second.
const RETRY_TENTHS: u32 = 10;

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

    /// Begins what has been asked for since the last one began, unless one is under way.
    pub(crate) fn begin(&self, feed: &Feed, path: &Path) -> Option<thread::JoinHandle<()>> {
        let asked = self.asked.load(Ordering::Acquire);
        if self.running.load(Ordering::Acquire) || asked == self.begun.load(Ordering::Acquire) {
            return None;
        }
        let (feed, path) = (feed.clone(), place::next(path));
        self.running.store(true, Ordering::Release);
        let spawned = thread::Builder::new()
            .name("views-renewal".to_owned())
            .spawn(move || run(&feed, &path, asked));
        match spawned {
            Ok(thread) => {
                self.begun.store(asked, Ordering::Release);
                Some(thread)
            }
            Err(error) => {
                self.running.store(false, Ordering::Release);
                tracing::error!(
                    error = &error as &(dyn std::error::Error + 'static),
                    "the renewal of the view cannot begin"
                );
                None
            }
        }
    }
}

fn run(feed: &Feed, path: &Path, number: u64) {
    let renewals = &feed.shared.renewals;
    while !feed.shared.stopped() {
        match renew(feed, path) {
            Ok(()) => {
                renewals
                    .progress
                    .send_modify(|progress| progress.done = progress.done.max(number));
                break;
            }
            Err(StepError::Stopped) => break,
            Err(error) => {
                tracing::error!(
                    path = %path.display(),
                    error = &error as &(dyn std::error::Error + 'static),
                    "the view is not renewed and is tried again"
                );
                for _ in 0..RETRY_TENTHS {
                    if !feed.shared.stopped() {
                        thread::sleep(Duration::from_millis(100));
                    }
                }
            }
        }
    }
    renewals.running.store(false, Ordering::Release);
    feed.shared.wake();
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
