//! The queue as its view holds it, folded on a thread of its own for its digest.

use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};

use event_log::{Envelope, Position};

use crate::opener;

/// Batches that may wait for the fold: it is the slowest part, and memory is bounded.
const WAITING_BATCHES_MAX: usize = 4;

/// Events with their envelopes, in order.
pub(super) type Envelopes = Vec<(Position, Envelope)>;

/// The queue, being folded.
#[derive(Debug)]
pub(super) struct Queue {
    envelopes: SyncSender<Envelopes>,
    thread: JoinHandle<Option<String>>,
}

impl Queue {
    /// Starts the thread.
    pub(super) fn start() -> Queue {
        let (envelopes, waiting) = mpsc::sync_channel::<Envelopes>(WAITING_BATCHES_MAX);
        let thread = thread::spawn(move || {
            let mut queue = views::digest::Offline::new(opener::without_keys());
            for (position, envelope) in waiting.into_iter().flatten() {
                queue.fold(position, &envelope);
            }
            queue.finish().ok().filter(|_| queue.skipped() == 0)
        });
        Queue { envelopes, thread }
    }

    /// Takes the next events.
    pub(super) fn take(&self, envelopes: Envelopes) {
        // The thread ends only when it is told to, or in a panic, which the end will tell of.
        let _ = self.envelopes.send(envelopes);
    }

    /// The digest, 64 hexadecimal digits; `None` when an event could not be read, which the faults tell of.
    pub(super) fn finish(self) -> Option<String> {
        drop(self.envelopes);
        match self.thread.join() {
            Ok(digest) => digest,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
