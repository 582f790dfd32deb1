//! Work on the files that somebody waits for: it is asked for in turn, and done in turn.

use tokio::sync::watch;

/// How far the work of one kind has come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// The last one asked for that is done.
    done: u64,
    /// None will be done any more.
    closed: bool,
}

/// Says when work on the files is done: see [`Views::erase`](crate::Views::erase) and
/// [`Views::renew`](crate::Views::renew).
#[derive(Debug, Clone)]
pub struct Work {
    number: u64,
    progress: watch::Receiver<Progress>,
}

impl Work {
    /// Whether it is done, and nothing is left of what was before.
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

/// Tells those who wait.
#[derive(Default)]
pub(crate) struct Done(watch::Sender<Progress>);

impl Done {
    /// The work of this number.
    pub(crate) fn work(&self, number: u64) -> Work {
        Work {
            number,
            progress: self.0.subscribe(),
        }
    }

    /// Says that everything up to this number is done.
    pub(crate) fn through(&self, number: u64) {
        self.0
            .send_modify(|progress| progress.done = progress.done.max(number));
    }

    /// Says that none will be done any more.
    pub(crate) fn close(&self) {
        self.0.send_modify(|progress| progress.closed = true);
    }
}
