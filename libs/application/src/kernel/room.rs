//! The reading room: where questions are answered that touch the disk or open what is sealed. Never on a thread that serves requests,
//! for all who are served by it would wait; and never more than a few at once, so that who asks much takes a bounded part of
//! processors and memory. Who waits for a turn holds nothing up.
//!
//! What reads is a method of a [`Reader`] of its part, and only the room makes one.

use std::{ops::Deref, sync::Arc, thread};

use tokio::sync::Semaphore;

use crate::kernel::error::ReadError;

/// How many questions are answered at once, for each processor.
pub const READS_PER_PROCESSOR: usize = 2;

/// The turns.
#[derive(Clone)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Room {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Room(Arc::new(Semaphore::new(READS_PER_PROCESSOR * processors)))
    }
}

/// A part of the application for who has a turn in the reading room: on a thread that may wait for the disk.
pub struct Reader<'a, P>(&'a P);

impl<'a, P> Reader<'a, P> {
    /// The same turn with a part of this part.
    pub(crate) fn of<Q>(&self, part: impl FnOnce(&'a P) -> &'a Q) -> Reader<'a, Q> {
        Reader(part(self.0))
    }
}

impl<P> Deref for Reader<'_, P> {
    type Target = P;

    fn deref(&self) -> &P {
        self.0
    }
}

impl Room {
    /// Answers a question to a part, when it is its turn. Who goes away before has not asked; what is begun is ended.
    ///
    /// # Errors
    /// Those of the question; [`ReadError::Internal`] when it panics.
    pub(crate) async fn read<P, T, E>(
        &self,
        part: P,
        question: impl FnOnce(&Reader<'_, P>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        P: Send + 'static,
        T: Send + 'static,
        E: From<ReadError> + Send + 'static,
    {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let turn = turn.map_err(ReadError::internal)?;
        let answer = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            question(&Reader(&part))
        });
        answer.await.map_err(ReadError::internal)?
    }

    /// How many questions could be answered at once more.
    pub(crate) fn places(&self) -> usize {
        self.0.available_permits()
    }
}
