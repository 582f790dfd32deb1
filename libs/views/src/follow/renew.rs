//! Making files anew beside those that go on serving, and putting them in their place.
//!
//! A thread of its own makes the new files in one pass and catches up; the follower takes each over between two
//! transactions, when it stands no earlier than the old one; the thread then waits for the last reader of the old file, and
//! removes it. A file that is missing or damaged is made in the same way, while nobody reads.

use std::{
    collections::BTreeSet,
    mem,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use parking_lot::Mutex;
use supervision::{End, Worker};

use super::{
    follower::{BATCH_EVENTS_MAX, Feed, StepError},
    place,
    rebuild::{self, Plan},
    store::Store,
    work::{Done, Work},
};

/// A new file that may take the place of the old one.
pub(crate) struct Ready {
    /// Which view it is of.
    pub(crate) index: usize,
    pub(crate) store: Store,
    pub(crate) path: PathBuf,
    /// Takes the path of the old file once nobody is let into it any more.
    pub(crate) replaced: mpsc::Sender<PathBuf>,
}

/// What is asked for and under way.
#[derive(Default)]
struct State {
    /// Counts what was asked for.
    asked: u64,
    /// The views to be made anew, by their index.
    wanted: BTreeSet<usize>,
    running: bool,
    ready: Vec<Ready>,
    thread: Option<JoinHandle<()>>,
}

/// What the handles, the follower and the thread that makes files share.
#[derive(Default)]
pub(crate) struct Renewals {
    state: Mutex<State>,
    pub(crate) done: Done,
}

impl Renewals {
    /// Asks for views to be made anew, beginning from now on.
    pub(crate) fn ask(&self, views: impl IntoIterator<Item = usize>) -> Work {
        let mut state = self.state.lock();
        state.asked += 1;
        state.wanted.extend(views);
        self.done.work(state.asked)
    }

    /// Asks for one view, which nobody waits for.
    pub(crate) fn want(&self, view: usize) {
        drop(self.ask([view]));
    }

    /// The new files that are to be taken over.
    pub(crate) fn take_ready(&self) -> Vec<Ready> {
        mem::take(&mut self.state.lock().ready)
    }

    /// Whether one is asked for, under way, or to be taken over.
    pub(crate) fn is_busy(&self) -> bool {
        let state = self.state.lock();
        state.running || !state.wanted.is_empty() || !state.ready.is_empty()
    }

    /// Waits until the thread that makes files has ended; it does once the views are closed.
    pub(crate) fn join(&self) {
        let thread = self.state.lock().thread.take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the renewal of the views panicked");
        }
    }

    /// Begins what has been asked for since the last one began, unless one is under way.
    pub(crate) fn begin(&self, feed: &Feed) {
        let mut state = self.state.lock();
        if state.running || state.wanted.is_empty() {
            return;
        }
        let (feed, over, supervisor) = (feed.clone(), Arc::clone(&feed.shared), feed.supervisor.clone());
        let (asked, wanted) = (state.asked, state.wanted.clone());
        let spawned = supervisor.thread(
            "views_renewal",
            move || over.stopped(),
            move |worker| run(&feed, asked, &wanted, worker),
        );
        match spawned {
            Ok(thread) => {
                state.running = true;
                state.wanted.clear();
                state.thread = Some(thread);
            }
            Err(error) => tracing::error!(
                error = &error as &(dyn std::error::Error + 'static),
                "the renewal of the views cannot begin"
            ),
        }
    }
}

fn run(feed: &Feed, number: u64, wanted: &BTreeSet<usize>, worker: &Worker) -> End {
    let renewals = &feed.shared.renewals;
    worker.turn();
    match renew(feed, wanted) {
        Ok(()) => renewals.done.through(number),
        Err(StepError::Stopped) => {}
        Err(error) => {
            tracing::error!(
                error = &error as &(dyn std::error::Error + 'static),
                "views are not made anew and it is tried again"
            );
            return End::Failed(error.code());
        }
    }
    renewals.state.lock().running = false;
    feed.shared.wake();
    End::Done
}

/// Makes the files, catches up, hands over, and removes what was before.
fn renew(feed: &Feed, wanted: &BTreeSet<usize>) -> Result<(), StepError> {
    let views = || {
        wanted
            .iter()
            .filter_map(|index| Some((*index, feed.shared.views.get(*index)?)))
    };
    // Beside the file that serves now: one that was broken off may have been taken over.
    let plans: Vec<Plan> = views()
        .map(|(_, served)| Plan {
            view: Arc::clone(&served.view),
            path: place::next(&served.pool.path(), served.view.name()),
        })
        .collect();
    let paths = || plans.iter().map(|plan| &plan.path);
    tracing::info!(paths = ?paths().collect::<Vec<_>>(), head = feed.log.head().0, "views are made anew from the log");
    let mut stores = rebuild::make(feed, &plans)?;
    catch_up(feed, &plans, &mut stores)?;
    let mut old = Vec::new();
    let mut ready = Vec::new();
    for ((index, store), plan) in views().map(|(index, _)| index).zip(stores).zip(&plans) {
        let (replaced, former) = mpsc::channel();
        old.push(former);
        ready.push(Ready {
            index,
            store,
            path: plan.path.clone(),
            replaced,
        });
    }
    feed.shared.renewals.state.lock().ready = ready;
    // A follower that has stopped meanwhile looks there no more, and waits for the end of this thread.
    if feed.shared.stopped() {
        drop(feed.shared.renewals.take_ready());
        return Err(StepError::Stopped);
    }
    feed.shared.wake();
    for ((old, plan), (_, served)) in old.into_iter().zip(&plans).zip(views()) {
        // The follower lets go of the other end without an answer when it stops, or when the new file fails.
        let Ok(old) = old.recv() else {
            return Err(match feed.shared.stopped() {
                true => StepError::Stopped,
                false => StepError::NotTaken,
            });
        };
        served.pool.wait_for_former();
        if old != plan.path {
            place::remove(&old)?;
            place::sync_directory(&old).map_err(|source| StepError::Io {
                what: "cannot sync the directory of",
                path: old.clone(),
                source,
            })?;
        }
    }
    tracing::info!(paths = ?paths().collect::<Vec<_>>(), "the views that were made anew serve");
    Ok(())
}

/// What is left is one transaction, which the follower folds when it takes the files over.
fn catch_up(feed: &Feed, plans: &[Plan], stores: &mut [Store]) -> Result<(), StepError> {
    loop {
        if feed.shared.stopped() {
            return Err(StepError::Stopped);
        }
        let place = stores.iter().map(|store| store.checkpoint().position).min();
        let Some((told, reached)) = feed.read(place.unwrap_or_default(), BATCH_EVENTS_MAX)? else {
            return Ok(());
        };
        for (store, plan) in stores.iter_mut().zip(plans) {
            store.take(&told, reached).map_err(StepError::of(&plan.view))?;
        }
        if told.len() < BATCH_EVENTS_MAX {
            return Ok(());
        }
    }
}
