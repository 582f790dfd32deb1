//! The queue as its view holds it, folded on a thread of its own for its digest.

use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};

use views::digest::{Decoded, Offline};

use crate::opener;

/// Batches that may wait for the fold: memory is bounded.
const WAITING_BATCHES_MAX: usize = 4;

/// Events that the workers have decoded, in order.
pub(super) type Events = Vec<Decoded>;

/// The queue, being folded.
#[derive(Debug)]
pub(super) struct Queue {
    events: SyncSender<Events>,
    thread: JoinHandle<Option<String>>,
}

impl Queue {
    /// Starts the thread.
    pub(super) fn start() -> Queue {
        let (events, waiting) = mpsc::sync_channel::<Events>(WAITING_BATCHES_MAX);
        let thread = thread::spawn(move || {
            let mut queue = Offline::new(opener::without_keys());
            for event in waiting.into_iter().flatten() {
                queue.fold_decoded(event);
            }
            queue.finish().ok().filter(|_| queue.skipped() == 0)
        });
        Queue { events, thread }
    }

    /// Takes the next events.
    pub(super) fn take(&self, events: Events) {
        // The thread ends only when it is told to, or in a panic, which the end will tell of.
        let _ = self.events.send(events);
    }

    /// The digest, 64 hexadecimal digits; `None` when an event could not be read, which the faults tell of.
    pub(super) fn finish(self) -> Option<String> {
        drop(self.events);
        match self.thread.join() {
            Ok(digest) => digest,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
