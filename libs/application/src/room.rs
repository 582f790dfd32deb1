//! The reading room: where questions are answered that touch the disk or open what is sealed. Never on a thread that serves requests,
//! for all who are served by it would wait; and never more than a few at once, so that who asks much takes a bounded part of
//! processors and memory. Who waits for a turn holds nothing up.
//!
//! What reads is a method of [`Reader`], and only [`Application::read`] has one to give.

use std::{ops::Deref, sync::Arc, thread};

use tokio::sync::Semaphore;

use crate::{error::ReadError, start::Application};

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

impl Room {
    /// How many questions could be answered at once more.
    pub(crate) fn places(&self) -> usize {
        self.0.available_permits()
    }
}

/// Who has a turn in the reading room: on a thread that may wait for the disk.
pub struct Reader(Application);

impl Deref for Reader {
    type Target = Application;

    fn deref(&self) -> &Application {
        &self.0
    }
}

impl Application {
    /// Answers a question in the reading room, when it is its turn. Who goes away before has not asked; what is begun is ended.
    ///
    /// # Errors
    /// Those of the question; [`ReadError::Internal`] when it panics.
    pub async fn read<T, E>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<ReadError> + Send + 'static,
    {
        let turn = Arc::clone(&self.room().0).acquire_owned().await;
        let turn = turn.map_err(ReadError::internal)?;
        let reader = Reader(self.clone());
        let answer = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            question(&reader)
        });
        answer.await.map_err(ReadError::internal)?
    }

    /// How many questions could be answered at once more: none of them all, when nobody reads.
    #[must_use]
    pub fn reading_places(&self) -> usize {
        self.room().places()
    }
}
