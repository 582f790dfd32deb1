//! What lives as long as the process: threads and tasks that nobody waits for. One that panics, or ends although it should
//! not, is begun again after a while that doubles, and a [`Supervisor`] tells how each fares. A worker that cannot be kept
//! alive is given up, and then the process is to be begun again by whoever runs it.
//!
//! A worker keeps nothing between two runs but what its closure holds, so each run begins from what is on disk.

mod seat;

use std::{
    future::Future,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use parking_lot::Mutex;

use seat::{Next, Seat};
pub use seat::{State, Status, Worker};

/// The wait before the first restart, ms; doubled by each that follows.
pub const BACK_OFF_FIRST_MS: u64 = 100;
/// The longest wait before a restart, ms.
pub const BACK_OFF_MAX_MS: u64 = 5_000;
/// A run that lasted so long was well, so that the next restart counts as the first, s.
pub const STEADY_S: u64 = 60;
/// Restarts in a row after which a worker is given up.
pub const RESTARTS_MAX: u32 = 100;
/// The code of a worker that panicked.
pub const PANICKED: &str = "panicked";
/// How often a thread that waits for its restart looks whether it is to end, ms.
const LOOK_MS: u64 = 20;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All is done, or it was asked to end.
    Done,
    /// It should not have ended. The code is for programs.
    Failed(&'static str),
}

/// Keeps workers alive and tells of them. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Supervisor {
    seats: Arc<Mutex<Vec<Arc<Seat>>>>,
}

impl Supervisor {
    /// How each worker fares, in the order in which they began.
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        self.seats.lock().iter().map(|seat| seat.status()).collect()
    }

    fn seat(&self, name: &'static str) -> Arc<Seat> {
        let seat = Arc::new(Seat::new(name));
        let mut seats = self.seats.lock();
        match seats.iter_mut().find(|known| known.name() == name) {
            Some(known) => *known = Arc::clone(&seat),
            None => seats.push(Arc::clone(&seat)),
        }
        seat
    }

    /// Runs work on a thread of its own until it says that it is done, or `is_over` says that it need not be begun again.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub fn thread(
        &self,
        name: &'static str,
        is_over: impl Fn() -> bool + Send + 'static,
        mut work: impl FnMut(&Worker) -> End + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        let seat = self.seat(name);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let worker = Worker::new(Arc::clone(&seat));
            loop {
                let begun = Instant::now();
                let run = catch_unwind(AssertUnwindSafe(|| work(&worker)));
                match seat.ended(run.unwrap_or(End::Failed(PANICKED)), begun.elapsed()) {
                    Next::Nothing => return,
                    Next::Again(wait) => pause(wait, &is_over),
                }
                if is_over() {
                    seat.done();
                    return;
                }
                seat.begin_again();
            }
        })
    }

    /// Runs work as a task of its own until it says that it is done. Must be called within a Tokio runtime.
    pub fn task<F, W>(&self, name: &'static str, work: W)
    where
        F: Future<Output = End> + Send + 'static,
        W: FnMut(Worker) -> F + Send + 'static,
    {
        tokio::spawn(self.watch(name, work));
    }

    /// The same for whoever waits for it: resolves once the work is done or given up.
    pub fn watch<F, W>(&self, name: &'static str, mut work: W) -> impl Future<Output = ()> + use<F, W>
    where
        F: Future<Output = End>,
        W: FnMut(Worker) -> F,
    {
        let seat = self.seat(name);
        async move {
            loop {
                let begun = Instant::now();
                let worker = Worker::new(Arc::clone(&seat));
                // Making the future may panic too.
                let run = AssertUnwindSafe(async { work(worker).await })
                    .catch_unwind()
                    .await;
                match seat.ended(run.unwrap_or(End::Failed(PANICKED)), begun.elapsed()) {
                    Next::Nothing => return,
                    Next::Again(wait) => tokio::time::sleep(wait).await,
                }
                seat.begin_again();
            }
        }
    }
}

fn pause(wait: Duration, is_over: impl Fn() -> bool) {
    let until = Instant::now() + wait;
    while !is_over() && Instant::now() < until {
        thread::sleep(Duration::from_millis(LOOK_MS));
    }
}
