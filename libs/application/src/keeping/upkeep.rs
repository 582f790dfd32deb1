//! What the server does by itself while it runs: signing checkpoints, and opening the log again after it has stopped.

use chrono::{DateTime, Utc};
use event_log::LogState;

use crate::{keeping::Keeping, kernel::error::ReadError};

/// How often a checkpoint is signed when the log has moved, s.
pub const CHECKPOINT_EVERY_S: u64 = 60;
/// How often a log that has stopped is opened again, s.
pub const REOPEN_EVERY_S: u64 = 5;
/// How often the server looks whether all is as it should be, s.
pub const LOOK_EVERY_S: u64 = 1;

impl Keeping {
    /// Signs a checkpoint over all that is there, if anything is new. To be called now and then, and at stop.
    ///
    /// # Errors
    /// As [`Proofs::checkpoint`](crate::proofs::Proofs::checkpoint).
    pub async fn sign_what_is_new(&self, now: DateTime<Utc>) -> Result<(), ReadError> {
        let Some(signer) = self.proofs.signer() else {
            return Ok(());
        };
        let head = self.kernel.log.head().0;
        if signer.last().is_some_and(|last| last.size >= head) || head == 0 {
            return Ok(());
        }
        if !self.proofs.tree_reaches(head).await {
            return Err(ReadError::Behind);
        }
        signer.sign(None, now).await?;
        Ok(())
    }

    /// Opens the log again when it has stopped after a failure of the disk; says whether it did.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when it still cannot be opened.
    pub async fn reopen_when_stopped(&self) -> Result<bool, ReadError> {
        match self.kernel.log.state() {
            LogState::Writable | LogState::Full { .. } | LogState::ReadOnly { .. } => return Ok(false),
            LogState::Poisoned { .. } => {}
        }
        let log = self.kernel.log.clone();
        tokio::task::spawn_blocking(move || log.reopen())
            .await
            .map_err(ReadError::internal)?
            .map_err(ReadError::internal)?;
        // What was enqueued and answered with an unknown outcome may be there or not: nothing kept in memory is trusted.
        self.kernel.folds.forget();
        self.kernel.refresh()?;
        Ok(true)
    }
}
