//! How a thread that follows the log waits.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::log::EventLog;
use crate::place::Position;

/// How long a follower waits after a failure before it tries again, ms.
pub const RETRY_MS: u64 = 1_000;

/// Lets a thread wait for the log. Others can wake it.
#[derive(Debug)]
pub struct Waiter {
    runtime: Runtime,
    wake: Arc<Notify>,
}

impl Waiter {
    /// A waiter that ends its wait when `wake` is notified.
    ///
    /// # Errors
    /// When the system gives no more timers.
    pub fn new(wake: Arc<Notify>) -> io::Result<Waiter> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        Ok(Waiter { runtime, wake })
    }

    /// Blocks until the log has more than a position. When it has more already, it cannot be read now, since it is being opened
    /// again: then for [`RETRY_MS`].
    pub fn wait(&self, log: &EventLog, position: Position) {
        if log.head() > position {
            return self.pause();
        }
        self.runtime.block_on(async {
            tokio::select! {
                more = log.wait_past(position) => if more.is_err() {
                    self.wake.notified().await;
                },
                () = self.wake.notified() => {}
            }
        });
    }

    /// Blocks for [`RETRY_MS`].
    pub fn pause(&self) {
        let rest = Duration::from_millis(RETRY_MS);
        self.runtime.block_on(async {
            // Either ends it: the time, or who wakes it.
            let _ = tokio::time::timeout(rest, self.wake.notified()).await;
        });
    }
}
